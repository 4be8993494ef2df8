"""Questions of the second part: classes that were never shown, leaks, and learnt distances."""

from __future__ import annotations

import numpy as np
import torch

from zsbir_lib.check.leaky_code import leaky_code
from zsbir_lib.check.zero_shot_functions import SCORES
from zsbir_lib.course.exam.paper import ExamQuestion, counted, listed, table
from zsbir_lib.methods.linear_algebra import solve_symmetric_sylvester
from zsbir_lib.methods.losses import triplet_loss
from zsbir_lib.metrics import average_precision, precision_at_k
from zsbir_lib.retrieval.hamming import hamming_rank, pack_codes

_WORDS = ("wings", "wheels", "four legs")
# What each leak of an evaluation does, and how it is mended.
_LEAKS = {
    "backbone": ("The network is trained on photos of the unseen classes.",
                 "Train it on the seen classes only."),
    "statistics": ("The mean is taken of the sketches that are to be tested, too.",
                   "Take the mean of the seen sketches only."),
    "choice": ("The setting is chosen by its score on the unseen classes.",
               "Choose it on seen classes that are held out."),
    "gallery": ("Every photo stands in the gallery twice.", "Rank every photo once."),
}  # fmt: skip


def naming(rng: np.random.Generator) -> ExamQuestion:
    """Ask for the class that direct attribute prediction names, with and without priors."""
    while True:
        lists = rng.permutation([[i >> 2 & 1, i >> 1 & 1, i & 1] for i in range(8)])[:3]
        priors = rng.uniform(0.05, 0.6, 3).round(2)
        chances = rng.uniform(0.1, 0.9, 3).round(2)
        arguments = (lists.tolist(), priors.tolist(), chances.tolist())
        evidence = SCORES.right(*arguments)
        alone = SCORES.right(lists.tolist(), [0.5] * 3, chances.tolist()) + 3 * np.log(0.5)
        gaps = [np.sort(one)[-1] - np.sort(one)[-2] for one in (evidence, alone)]
        if min(gaps) > 0.1 and evidence.argmax() != alone.argmax():
            break
    rows = [
        *((f"class {'ABC'[i]}", *one) for i, one in enumerate(lists)),
        ("share of the seen classes", *(f"{p:.2f}" for p in priors)),
        ("probability for the photo", *(f"{p:.2f}" for p in chances)),
    ]
    return ExamQuestion(
        "zero_shot_learning",
        "compute the evidence of attributes for a class, and say what priors are for",
        "Three unseen classes with three attributes, how many of the seen classes have each, and "
        "what three classifiers say about a photo:\n\n"
        f"{table(('', *_WORDS), rows)}\n\n"
        "(a) What is the logarithm of the product in (3.3) for each class, and which is named?\n\n"
        "(b) Which would be named if nothing were divided by the shares?\n\n"
        "(c) What are the shares for?",
        (
            (2, f"(a) A, B, C: {listed(evidence)}; class {'ABC'[evidence.argmax()]}"),
            (1, f"(b) Class {'ABC'[alone.argmax()]}; A, B, C: {listed(alone)}"),
            (1, "(c) An answer counts by how far it is from what one would have said without "
                "looking: that something common is there is no news."),
        ),
    )  # fmt: skip


def rotated(rng: np.random.Generator) -> ExamQuestion:
    """Ask for the solution of a Sylvester equation whose matrices are diagonal."""
    xi, eta = rng.integers(1, 6, 2), rng.integers(0, 5, 2)
    right = rng.integers(-9, 10, (2, 2))
    a, b, c = (torch.from_numpy(one).double() for one in (np.diag(xi), np.diag(eta), right))
    solved = solve_symmetric_sylvester(a, b, c).numpy()
    shown = "; ".join(listed(row, 3) for row in solved)
    return ExamQuestion(
        "closed_form",
        "solve the equation of the semantic autoencoder, and say when it has no solution",
        "The semantic autoencoder solves $A W + W B = C$. Let "
        f"$A = \\mathrm{{diag}}({counted(xi)})$, $B = \\mathrm{{diag}}({counted(eta)})$, and let "
        f"the rows of $C$ be ({counted(right[0])}) and ({counted(right[1])}).\n\n"
        "(a) What is $W$?\n\n(b) For which $A$ and $B$, both without negative eigenvalues, is "
        "there no unique solution, and what does the library do about it?",
        (
            (2, f"(a) Each number of C over the sum of the two eigenvalues; rows {shown}"),
            (1, "(b) Where an eigenvalue of A and one of B are both 0; A gets a small ridge."),
        ),
    )  # fmt: skip


def leak(rng: np.random.Generator) -> ExamQuestion:
    """Ask for the line of a program that knows what it must not know."""
    code = leaky_code(rng)
    breach, mended = _LEAKS[code.kind]
    return ExamQuestion(
        "benchmark",
        "find a leak in code that looks innocent, and close it",
        f"An evaluation on unseen classes:\n\n```python\n{code.text}\n```\n\n"
        "(a) Which line breaks the promise of the benchmark?\n\n(b) In what way?\n\n"
        "(c) How is it mended?",
        (
            (1, f"(a) Line {code.line}"),
            (1, f"(b) {breach}"),
            (1, f"(c) {mended}"),
        ),
    )


def doubled(rng: np.random.Generator) -> ExamQuestion:
    """Ask what a gallery that holds every photo twice makes of a ranking."""
    while True:
        early = rng.random(5) < 0.8
        late = rng.random(5) < 0.35
        once = np.concatenate([early, late])[None]
        twice = np.repeat(once, 2, axis=1)[:, :10]
        if early.sum() >= 3 and precision_at_k(twice, 10)[0] > precision_at_k(once, 10)[0]:
            break
    values = [(precision_at_k(one, 10)[0], average_precision(one, relevant, 10)[0])
              for one, relevant in ((once, 20), (twice, 40))]  # fmt: skip
    return ExamQuestion(
        "benchmark",
        "say what a gallery that holds photos twice does to a score",
        "The right photos among the first ten of a ranking stand at the places "
        f"{counted(np.flatnonzero(once) + 1)}. Then every photo of the gallery is put into it "
        "twice. A copy stands directly behind its photo in the ranking.\n\n"
        "(a) What are P@10 and AP@10, divided by 10, before?\n\n(b) What are they after?\n\n"
        "(c) Which measure of the first gallery is P@10 of the second?",
        (
            (1, f"(a) {values[0][0]:.1f} and {values[0][1]:.3f}"),
            (1, f"(b) {values[1][0]:.1f} and {values[1][1]:.3f}"),
            (1, "(c) P@5: the first ten places hold the first five photos, twice."),
        ),
    )


def choosing(rng: np.random.Generator) -> ExamQuestion:
    """Ask which score may be reported when a setting was chosen."""
    while True:
        inner, unseen = (rng.uniform(low, low + 0.12, 6).round(3) for low in (0.36, 0.28))
        chosen, best = int(inner.argmax()), int(unseen.argmax())
        gaps = [np.sort(one)[-1] - np.sort(one)[-2] for one in (inner, unseen)]
        if chosen != best and min(gaps) > 0.005:
            break
    rows = [(f"{i + 1}", f"{a:.3f}", f"{b:.3f}")
            for i, (a, b) in enumerate(zip(inner, unseen, strict=True))]  # fmt: skip
    return ExamQuestion(
        "benchmark",
        "choose a setting without looking at the answer",
        "Six settings of a method were measured:\n\n"
        f"{table(('setting', 'held-out seen classes', 'unseen classes'), rows)}\n\n"
        "(a) Which figure may be reported as the method's score on unseen classes?\n\n"
        "(b) By how much would a report of the best one be too good?\n\n"
        "(c) Why are the scores on held-out seen classes no result either?",
        (
            (1, f"(a) {unseen[chosen]:.3f}, of setting {chosen + 1}, which the held-out seen "
                "classes chose"),
            (1, f"(b) {unseen[best] - unseen[chosen]:.3f}"),
            (1, "(c) The setting was chosen for them; and the backbone has met these classes."),
        ),
    )  # fmt: skip


def triplet(rng: np.random.Generator) -> ExamQuestion:
    """Ask for the loss of a triplet, its kind and the force on its negative."""
    wanted, margin = str(rng.choice(["semi-hard", "hard"])), float(rng.choice([0.4, 0.6, 1.0]))
    while True:
        points = torch.from_numpy(rng.uniform(-1, 1, (3, 2)).round(1))
        s, p, n = points.clone().requires_grad_()
        near, far = (float((points[0] - one).square().sum()) for one in points[1:])
        kind = "hard" if far < near else "semi-hard" if far < near + margin else "easy"
        clear = min(abs(far - near), abs(far - near - margin), near) > 0.05
        if kind == wanted and clear:
            break
    loss = triplet_loss(s[None], p[None], n[None], margin).sum()
    (force,) = torch.autograd.grad(loss, n)
    rows = [(name, listed(one, 1)) for name, one in
            zip(("sketch s", "positive p", "negative n"), points, strict=True)]  # fmt: skip
    return ExamQuestion(
        "metric_learning",
        "compute the triplet loss and its gradient, and tell the kinds of triplets",
        f"Embedded points in the plane, and the margin {margin}:\n\n"
        f"{table(('', 'place'), rows)}\n\n"
        "(a) What is the triplet loss (5.7)?\n\n(b) Is the triplet easy, semi-hard or hard?\n\n"
        "(c) What is the gradient of the loss by $n$, and which way does a step of descent move "
        "the negative?",
        (
            (1, f"(a) {margin} + {near:.2f} - {far:.2f} = {float(loss.detach()):.2f}"),
            (1, f"(b) {kind}"),
            (1, f"(c) {listed(force, 1)}; away from the sketch"),
        ),
    )


def codes(rng: np.random.Generator) -> ExamQuestion:
    """Ask for an order by Hamming distance, with ties."""
    while True:
        query = rng.integers(0, 2, (1, 6))
        photos = rng.integers(0, 2, (5, 6))
        order, distances = hamming_rank(pack_codes(2 * query - 1.0), pack_codes(2 * photos - 1.0))
        kinds = np.unique(distances, return_counts=True)[1]
        if len(kinds) == 3 and distances[0, 0] > 0:
            break
    rows = [("ABCDE"[i], "".join(map(str, one))) for i, one in enumerate(photos)]
    told = ", ".join(f"{'ABCDE'[i]} ({h})" for i, h in zip(order[0], distances[0], strict=True))
    first = int(distances[0, 0])
    return ExamQuestion(
        "table_2",
        "rank by binary codes, and say who decides between equals",
        f"A sketch has the code {''.join(map(str, query[0]))} (0 stands for $-1$), and the photos "
        f"of a gallery have these:\n\n{table(('photo', 'code'), rows)}\n\n"
        "(a) Rank the photos by the Hamming distance, with the library's rule for ties.\n\n"
        "(b) What is the cosine distance of the first one?\n\n"
        "(c) What should a paper that ranks by codes say about its evaluator?",
        (
            (1, f"(a) {told}; ties by the place in the gallery"),
            (1, f"(b) 2 h / B = 2 * {first} / 6 = {2 * first / 6:.3f}"),
            (1, "(c) How ties are broken, since the cut at K goes through them."),
        ),
    )


QUESTIONS = (naming, rotated, leak, doubled, choosing, triplet, codes)
