"""Questions of the third part: models that generate, from samples to a ranking, and reading."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch.distributions import Normal, kl_divergence

from zsbir_lib.course.exam.paper import ExamQuestion, listed, table
from zsbir_lib.retrieval import kmeans
from zsbir_lib.vae import kl_to_standard_normal, log_gaussian


def price(rng: np.random.Generator) -> ExamQuestion:
    """Ask for the divergence of a Gaussian encoder from the prior."""
    mean = torch.tensor([float(rng.choice([0.5, 1.0, 1.5, -1.0])), 0.0, 0.0])
    width = torch.tensor([1.0, float(rng.choice([0.1, 0.2, 0.5])), 1.0])
    place = torch.from_numpy(rng.permutation(3))
    mean, width = mean[place], width[place]
    each = [float(kl_to_standard_normal(m.view(1, 1), 2 * w.log().view(1, 1)))
            for m, w in zip(mean, width, strict=True)]  # fmt: skip
    total = float(kl_to_standard_normal(mean[None], 2 * width.log()[None]))
    silent = int(np.argmin(each)) + 1
    return ExamQuestion(
        "vae",
        "compute the divergence of an encoder from the prior, and read it as a price",
        f"For one picture an encoder gives three numbers of $z$ the means {listed(mean, 1)} and "
        f"the standard deviations {listed(width, 1)}.\n\n"
        "(a) What is the divergence from the prior $\\mathcal{N}(0, I)$, number by number and in "
        "all?\n\n(b) Which number says nothing about the picture?\n\n"
        "(c) How many bits is that in all?",
        (
            (2, f"(a) {listed(each, 3)}, in all {total:.3f} nats"),
            (1, f"(b) Number {silent}"),
            (1, f"(c) {total / math.log(2):.2f} bits"),
        ),
    )


def gap(rng: np.random.Generator) -> ExamQuestion:
    """Ask for a bound, the likelihood and the gap where all three are known."""
    x, noise = float(rng.choice([0.5, 1.0, 1.5, 2.0])), float(rng.choice([0.25, 0.5, 1.0]))
    mean, width = float(rng.choice([0.0, 0.5, 1.0])), float(rng.choice([0.5, 1.0]))
    point = torch.tensor([[x]])
    likelihood = float(log_gaussian(point, 0 * point, 1 + noise))
    q = Normal(mean, width)
    posterior = Normal(x / (1 + noise), (noise / (1 + noise)) ** 0.5)
    apart = float(kl_divergence(q, posterior))
    fit = float(log_gaussian(point, torch.tensor([[mean]]), noise)) - width**2 / (2 * noise)
    paid = float(kl_divergence(q, Normal(0.0, 1.0)))
    return ExamQuestion(
        "vae",
        "compute the bound and its gap, and say which of the two training changes",
        f"Let $z \\sim \\mathcal{{N}}(0, 1)$ and $x = z$ + noise of variance {noise}. Somebody "
        f"takes $q(z) = \\mathcal{{N}}({mean}, {width}^2)$ for $x = {x}$.\n\n"
        "(a) What is $\\log p(x)$?\n\n(b) What is the bound (6.4)?\n\n"
        "(c) What is the gap, and of which two distributions is it the divergence?\n\n"
        "(d) Which $q$ makes the gap 0?",
        (
            (1, f"(a) {likelihood:.3f}"),
            (1, f"(b) {fit:.3f} - {paid:.3f} = {fit - paid:.3f}"),
            (1, f"(c) {apart:.3f}, of q from the posterior p(z | x)"),
            (1, f"(d) The posterior: mean {float(posterior.mean):.3f}, standard deviation "
                f"{float(posterior.stddev):.3f}"),
        ),
    )  # fmt: skip


def paying(rng: np.random.Generator) -> ExamQuestion:
    """Ask which directions are worth a number of z."""
    variance, beta = 0.5, int(rng.choice([1, 2, 3]))
    while True:
        kappa = np.sort(rng.uniform(0.1, 4.0, 5).round(1))[::-1]
        used = kappa > beta * variance
        if 1 <= used.sum() <= 4 and np.abs(kappa - beta * variance).min() > 0.05:
            break
    squares = np.maximum(0, kappa - beta * variance)
    width = int(rng.choice([192, 512, 4096]))
    return ExamQuestion(
        "cvae",
        "say when a number of z pays, and what an average for a sum does to it",
        f"What a sketch leaves open has the variances {listed(kappa, 1)} in five directions. The "
        f"decoder is linear with the variance {variance}, and the divergence has the weight "
        f"{beta}.\n\n"
        "(a) Which directions are worth a number of $z$, and what is $w^2$ for each?\n\n"
        f"(b) The features have {width} numbers. A program averages the squared errors over them, "
        "and sums the divergence. Which weight of the divergence is that?\n\n"
        "(c) Which of the five directions are used then?",
        (
            (2, f"(a) The first {int(used.sum())}: w² = {listed(squares[used], 1)}"),
            (1, f"(b) {width} times as large: {beta * width}"),
            (1, f"(c) None: none has a variance above {beta * width * variance:g}."),
        ),
    )


def discriminator(rng: np.random.Generator) -> ExamQuestion:
    """Ask for the best discriminator at a code."""
    middle, width = float(rng.choice([1.0, 1.5, 2.0])), float(rng.choice([0.5, 1.0]))
    while True:
        z = round(float(rng.uniform(-1, 3)), 1)
        prior, codes = Normal(0.0, 1.0), Normal(middle, width)
        logit = float(prior.log_prob(torch.tensor(z)) - codes.log_prob(torch.tensor(z)))
        slope = -z + (z - middle) / width**2
        if 0.2 < abs(logit) < 4 and abs(slope) > 0.05:
            break
    best = 1 / (1 + math.exp(-logit))
    return ExamQuestion(
        "adversary",
        "derive the best discriminator, and say which way it sends a code",
        f"The codes have the distribution $\\mathcal{{N}}({middle}, {width}^2)$, and the prior is "
        "$\\mathcal{N}(0, 1)$.\n\n"
        f"(a) What are the logit and the value of the best discriminator at $z = {z}$?\n\n"
        "(b) Which way does an encoder move a code there, to the left or to the right?\n\n"
        "(c) What is the best discriminator once the codes have the distribution of the prior?",
        (
            (2, f"(a) Logit {logit:.3f}, D* = {best:.3f}"),
            (1, f"(b) To the {'right' if slope > 0 else 'left'}: the slope of the logit is "
                f"{slope:.2f}."),
            (1, "(c) One half everywhere."),
        ),
    )  # fmt: skip


def information(rng: np.random.Generator) -> ExamQuestion:
    """Ask how much a code can tell."""
    while True:
        noise, width = float(rng.choice([0.3, 0.5, 0.7, 0.9])), int(rng.choice([4, 8, 16, 32]))
        pairs = int(rng.choice([500, 2000, 4000, 60000]))
        by_noise, by_count = -width * math.log(noise), math.log(pairs)
        if abs(by_noise - by_count) > 0.3:
            break
    tighter = "the noise" if by_noise < by_count else "the number of pairs"
    return ExamQuestion(
        "adversary",
        "bound what a code tells, and say what bounds it when the noise is gone",
        f"A code has {width} numbers, is a point plus noise of standard deviation {noise}, and the "
        f"aggregate posterior has the covariance $I$. There are {pairs} pairs.\n\n"
        "(a) How many nats can a code tell about its pair at most, by its noise?\n\n"
        "(b) How many at most, because a code can do no more than say which pair it belongs "
        "to?\n\n(c) Which of the two holds here?",
        (
            (1, f"(a) -{width} log {noise} = {by_noise:.2f}"),
            (1, f"(b) log {pairs} = {by_count:.2f}"),
            (1, f"(c) The smaller one, by {tighter}"),
        ),
    )


def centres(rng: np.random.Generator) -> ExamQuestion:
    """Ask for K-means on a line, from two starts."""
    while True:
        points = np.sort(rng.choice(np.arange(0, 31), 6, replace=False)).astype(float)
        starts = [points[np.sort(rng.choice(6, 3, replace=False))] for _ in range(2)]
        ends = [end for start in starts if (end := _halt(points, start)) is not None]
        if len(ends) == 2 and abs(ends[0][1] - ends[1][1]) > 1:
            break
    told = [f"{listed(places)}, distortion {distortion:.2f}" for places, distortion in ends]
    better = "first" if ends[0][1] < ends[1][1] else "second"
    return ExamQuestion(
        "retrieval",
        "carry out K-means, and say what its end depends on",
        f"Six samples on a line: {listed(points, 0)}. K-means looks for three centres.\n\n"
        f"(a) Begin with the centres {listed(starts[0], 0)}. Where does it halt, and with what "
        f"distortion (9.2)?\n\n(b) The same from {listed(starts[1], 0)}.\n\n"
        "(c) Neither step ever raises the distortion. How can the two ends differ?",
        (
            (1, f"(a) {told[0]}"),
            (1, f"(b) {told[1]}; the {better} is better"),
            (1, "(c) It halts where neither step alone can improve, which need not be the lowest "
                "point; the start decides which of these is reached."),
        ),
    )  # fmt: skip


def _halt(points: np.ndarray, start: np.ndarray) -> tuple[np.ndarray, float] | None:
    """Return where K-means halts on a line, and its distortion; None if a step meets a tie."""
    samples = torch.from_numpy(points)[None, :, None]
    places = torch.from_numpy(start)[None, :, None]
    while True:
        nearest = (samples - places.mT).abs()[0].sort(dim=1).values
        if float((nearest[:, 1] - nearest[:, 0]).min()) < 1e-6:
            return None
        found = kmeans(samples, len(start), init=places, iterations=1, tolerance=0)
        if torch.equal(found.centres, places):
            return places[0, :, 0].numpy(), float(nearest[:, 0].square().sum())
        places = found.centres


def generalised(rng: np.random.Generator) -> ExamQuestion:
    """Ask for harmonic means of seen and unseen scores."""
    while True:
        seen, unseen = rng.uniform(0.2, 0.7, 3).round(2), rng.uniform(0.08, 0.3, 3).round(2)
        harmonic = 2 * seen * unseen / (seen + unseen)
        order, plain = np.sort(harmonic), np.sort(seen + unseen)
        clear = order[2] - order[1] > 0.005 and plain[2] - plain[1] > 0.02
        if clear and harmonic.argmax() != (seen + unseen).argmax():
            break
    rows = [("ABC"[i], f"{seen[i]:.2f}", f"{unseen[i]:.2f}") for i in range(3)]
    return ExamQuestion(
        "what_came_after",
        "judge a method in a gallery of seen and unseen classes",
        "Three methods in one gallery of seen and unseen classes:\n\n"
        f"{table(('method', 'mAP of seen', 'mAP of unseen'), rows)}\n\n"
        "(a) What is the harmonic mean $H$ of each, and which method is best by it?\n\n"
        "(b) Which is best by the ordinary mean? Why is $H$ preferred?\n\n"
        "(c) Why must the gallery's photos of seen classes be held out from training?",
        (
            (1, f"(a) A, B, C: {listed(harmonic, 3)}; {'ABC'[harmonic.argmax()]}"),
            (1, f"(b) {'ABC'[(seen + unseen).argmax()]}. H is high only if both are: a method that "
                "answers everything with seen photos gets little."),
            (1, "(c) Otherwise to find them again is a test of memory."),
        ),
    )  # fmt: skip


QUESTIONS = (price, gap, paying, discriminator, information, centres, generalised)
