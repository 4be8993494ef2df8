"""Questions of the first part: comparing pictures, and measuring a ranking."""

from __future__ import annotations

import math

import numpy as np
import torch

from zsbir_lib.course.exam.paper import ExamQuestion, counted, table
from zsbir_lib.metrics import DEFINITIONS, average_precision, precision_at_k
from zsbir_lib.protocols import class_bootstrap
from zsbir_lib.retrieval import rank


def pixels(rng: np.random.Generator) -> ExamQuestion:
    """Ask when a blank page is nearer to a line than the line itself, moved."""
    height, shift = int(rng.integers(15, 30)), int(rng.integers(2, 5))
    width = int(rng.choice([w for w in range(2, 12) if w != 2 * shift]))
    drawing = np.zeros((height + 10, 40))
    drawing[5 : 5 + height, 10 : 10 + width] = 1
    moved = np.roll(drawing, shift, axis=1)
    apart, blank = (int(((drawing - one) ** 2).sum()) for one in (moved, 0 * drawing))
    nearer = "the moved copy" if apart < blank else "the blank page"
    return ExamQuestion(
        "finding_pictures",
        "say what a distance of pixels measures, and why it fails for drawings",
        f"A drawing is one vertical line, {width} pixels wide and {height} high: ink is 1, paper "
        f"is 0. A copy is moved to the right by {shift} pixels.\n\n"
        "(a) What is the squared distance of the drawing from its copy, and from a blank page?\n\n"
        "(b) Which of the two is nearer? For which widths of the line would it be the other?",
        (
            (1, f"(a) {apart} from the copy"),
            (1, f"(a) {blank} from the blank page"),
            (1, f"(b) {nearer}. The copy is nearer for lines wider than {2 * shift} pixels, twice "
                f"the movement, and the page for narrower ones; at {2 * shift} both are equal."),
        ),
    )  # fmt: skip


def cosine(rng: np.random.Generator) -> ExamQuestion:
    """Ask for an order by cosine and by Euclidean distance."""
    while True:
        query = torch.from_numpy(rng.integers(1, 6, 2)).float()
        photos = torch.from_numpy(rng.integers(0, 10, (3, 2))).float()
        if (photos.norm(dim=1) == 0).any():
            continue
        ranking = rank(query[None], photos)
        order, distances = ranking.indices[0].tolist(), ranking.distances[0]
        euclid = (photos - query).norm(dim=1)
        other = euclid.argsort().tolist()
        clear = min(float(distances.diff().min()), float(euclid.sort().values.diff().min())) > 0.02
        if clear and order[0] != other[0]:
            break
    names = "ABC"
    rows = [(names[i], f"({counted(photo)})") for i, photo in enumerate(photos)]
    by_cosine = ", ".join(f"{names[i]} ({d:.3f})" for i, d in zip(order, distances, strict=True))
    by_length = ", ".join(f"{names[i]} ({euclid[i]:.2f})" for i in other)
    return ExamQuestion(
        "finding_pictures",
        "rank by the cosine distance, and say how it differs from the Euclidean one",
        f"A sketch has the feature ({counted(query)}), and three photos have these:\n\n"
        f"{table(('photo', 'feature'), rows)}\n\n"
        "(a) Rank the photos by the cosine distance, the nearest first.\n\n"
        "(b) Rank them by the Euclidean distance.\n\n"
        "(c) What would have to be true of photos for both orders to be the same for every sketch?",
        (
            (1, f"(a) {by_cosine}"),
            (1, f"(b) {by_length}"),
            (1, "(c) All photos have features of one length. The length of the sketch's own "
                "feature does not matter."),
        ),
    )  # fmt: skip


def marks(rng: np.random.Generator) -> ExamQuestion:
    """Ask for P@10 and the four definitions of AP@10 on one ranking."""
    hits = np.sort(rng.choice(np.arange(1, 11), int(rng.integers(3, 6)), replace=False))
    relevant = int(rng.choice([len(hits) + 1, len(hits) + 2, 16, 20, 25]))
    ranking = np.isin(np.arange(1, 11), hits)[None]
    values = {one: average_precision(ranking, relevant, 10, definition=one)[0]
              for one in DEFINITIONS}  # fmt: skip
    told = "; ".join(f"{DEFINITIONS[one]} {value:.3f}" for one, value in values.items())
    same = "divided by K" if relevant >= 10 else "divided by R"
    terms = " + ".join(f"{i}/{place}" for i, place in enumerate(hits, start=1))
    return ExamQuestion(
        "measuring",
        "compute P@K and AP@K by its four definitions, and tell them apart",
        f"The right photos of a ranking stand at the places {counted(hits)}. In the whole gallery "
        f"there are $R = {relevant}$ right ones.\n\n"
        "(a) What is P@10?\n\n(b) What is AP@10 by each of its four definitions?\n\n"
        "(c) Which two of the four agree here, and why?",
        (
            (1, f"(a) {precision_at_k(ranking, 10)[0]:.1f}"),
            (2, f"(b) The sum of precisions is {terms} = {values['k'] * 10:.3f}; {told}."),
            (1, f"(c) Divided by min(R, K) and {same}: with R = {relevant} and K = 10 the smaller "
                f"of the two is {min(relevant, 10)}."),
        ),
    )  # fmt: skip


def audit(rng: np.random.Generator) -> ExamQuestion:
    """Ask which rows of a table cannot have divided by K."""
    too_high = rng.permutation([True, False, False, bool(rng.random() < 0.5)])
    precision = rng.uniform(0.2, 0.6, 4).round(3)
    factor = np.where(too_high, rng.uniform(1.1, 1.5, 4), rng.uniform(0.55, 0.9, 4))
    printed = (precision * factor).round(3)
    rows = [("ABCD"[i], f"{printed[i]:.3f}", f"{precision[i]:.3f}") for i in range(4)]
    wrong = ", ".join("ABCD"[i] for i in np.flatnonzero(printed > precision))
    return ExamQuestion(
        "measuring",
        "test a published table against a bound, and know what a bound does not show",
        "A table of a benchmark in which every class has more than 200 photos:\n\n"
        f"{table(('system', 'mAP@200', 'P@200'), rows)}\n\n"
        "(a) Which rows cannot have divided by $K = 200$? Derive the bound that you use.\n\n"
        "(b) Could they have divided by $\\min(R, K)$, or by $R$?\n\n"
        "(c) What do you know of the other rows?",
        (
            (2, f"(a) {wrong}. Each precision is at most 1, so the sum of the precisions at the "
                "hits is at most the number of hits; divided by K, AP@K is at most P@K."),
            (1, "(b) No: with R > K the first is K, and R is larger still."),
            (1, "(c) Nothing: by the hits found, too, a mAP may lie below P@200."),
        ),
    )  # fmt: skip


def uncertainty(rng: np.random.Generator) -> ExamQuestion:
    """Ask for the standard error of a mean over classes, and what lowers it."""
    classes, sketches = int(rng.choice([16, 20, 25, 36])), int(rng.choice([10, 20, 50]))
    between, within = float(rng.choice([0.02, 0.03, 0.04])), float(rng.choice([0.05, 0.06, 0.08]))

    def error(c: int, n: int) -> float:
        return math.sqrt(between / c + within / (c * n))

    return ExamQuestion(
        "measuring",
        "say how sure a mean is whose sample is the classes",
        f"Scores of {classes} classes with {sketches} sketches each have the variance "
        f"{between} between classes ($\\sigma_A^2$) and {within} within them ($\\sigma_e^2$).\n\n"
        "(a) What is the standard error of the mean over all scores?\n\n"
        "(b) What is it with ten times as many sketches of each class?\n\n"
        "(c) What is it with four times as many classes?\n\n"
        "(d) Somebody computes it as if all scores were independent. What do they get?",
        (
            (1, f"(a) {error(classes, sketches):.4f}"),
            (1, f"(b) {error(classes, 10 * sketches):.4f}"),
            (1, f"(c) {error(4 * classes, sketches):.4f}, half of it"),
            (1, f"(d) {math.sqrt((between + within) / (classes * sketches)):.4f}, too little"),
        ),
    )  # fmt: skip


def paired(rng: np.random.Generator) -> ExamQuestion:
    """Ask what intervals of two methods and of their difference say."""
    wanted = bool(rng.random() < 0.5)
    while True:
        ease = rng.normal(0.35, 0.15, 10)
        first, second = (np.clip(ease + rng.normal(shift, 0.06, 10), 0.02, 0.95).round(2)
                         for shift in (0.0, 0.05))  # fmt: skip
        own, other, change = (class_bootstrap(*scores, n_resamples=2000)
                              for scores in ((first,), (second,), (second, first)))  # fmt: skip
        clear = min(abs(change.low), abs(change.high)) > 0.004
        if clear and change.resolved == wanted and other.low < own.high:
            break
    rows = [("A", *(f"{x:.2f}" for x in first)), ("B", *(f"{x:.2f}" for x in second))]
    verdict = "resolved: its interval leaves out 0" if wanted else "open: its interval holds 0"
    return ExamQuestion(
        "measuring",
        "compare two methods by a paired interval over classes",
        "Two methods were measured on the same ten classes:\n\n"
        f"{table(('', *map(str, range(1, 11))), rows)}\n\n"
        f"A bootstrap over classes gives A: {own}, B: {other}, B minus A, paired: {change}.\n\n"
        "(a) Is B better than A, beyond what the choice of classes explains?\n\n"
        "(b) The intervals of A and B overlap. Why does that not answer (a)?\n\n"
        "(c) What was drawn again and again for these intervals?",
        (
            (1, f"(a) The difference of {change.estimate:.3f} is {verdict}."),
            (1, "(b) What makes a class easy or hard for both methods is in both scores, and "
                "cancels in the difference; the two intervals contain it."),
            (1, "(c) Ten classes with repetition; for the difference the same classes of both."),
        ),
    )  # fmt: skip


QUESTIONS = (pixels, cosine, marks, audit, uncertainty, paired)
