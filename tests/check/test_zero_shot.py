"""Assignment 2: its data make sense in every variant, and each misconception is told as itself."""

from itertools import combinations

import numpy as np
import pytest

from zsbir_lib.check import open_assignment
from zsbir_lib.check.leaky_code import KINDS
from zsbir_lib.check.zero_shot_functions import ESZSL_MAP, SCORES
from zsbir_lib.datasets.splits import unseen_classes
from zsbir_lib.widgets import AttributeChooser, SplitBuilder


@pytest.fixture(scope="module")
def work():
    return open_assignment("zero_shot", 5)


def test_the_map_is_where_the_loss_is_least():
    (request, *_) = ESZSL_MAP.requests((0, 1))
    x, t, m = (np.array(one) for one in request.arguments[:3])
    gamma, alpha = request.arguments[3:]
    n, n_classes = t.shape

    def loss(w):
        return (
            ((x @ w @ m.T - t) ** 2).sum() / (n * n_classes)
            + gamma / n_classes * ((w @ m.T) ** 2).sum()
            + alpha / n * ((x @ w) ** 2).sum()
            + alpha * gamma * (w**2).sum()
        )

    best = ESZSL_MAP.right(*request.arguments)
    rng = np.random.default_rng(0)
    for _ in range(20):
        step = 1e-4 * rng.normal(size=best.shape)
        assert loss(best + step) > loss(best)
        slope = (loss(best + step) - loss(best - step)) / 2e-4
        assert abs(slope) < 1e-8


def chooser(work, answers):
    made = AttributeChooser(work.table, work.classes, work.attributes, work.priors)
    made.answers = answers
    return made


def test_scores_are_those_of_the_widget(work):
    answers = {work.attributes[0]: True, work.attributes[3]: False}
    shown = chooser(work, answers)
    scores = SCORES.right(work.table.tolist(), work.priors.tolist(), shown.chances.tolist())
    by_class = dict(zip(work.classes, scores, strict=True))
    assert by_class == pytest.approx(shown.scores, abs=1e-4)
    best = [work.classes[i] for i in work._named({0: True, 3: False})]
    assert shown.predicted in best


@pytest.mark.parametrize("variant", range(30))
def test_every_variant_makes_sense(variant):
    work = open_assignment("zero_shot", variant)
    assert not set(work.classes) & set(unseen_classes("sketchy21")[1])
    assert work.table.shape == (12, 16)
    assert 0 < work.priors.min() <= work.priors.max() < 1
    assert work.most in (2, 3)
    assert len(work.code.splitlines()) == 9


def test_variants_have_every_leak():
    kinds = {open_assignment("zero_shot", variant)._leak.kind for variant in range(30)}
    assert kinds == set(KINDS)


def test_answers_in_the_widget(work):
    row = dict(zip(work.attributes, work.table[work.classes.index(work.wanted)], strict=True))
    told = {}
    for asked in combinations(work.attributes, work.most):
        answers = {name: bool(row[name]) for name in asked}
        told.setdefault(work.verdict(kept=answers).text, answers)
    right = "right: no other class fits as well."
    assert chooser(work, told[right]).predicted == work.wanted
    assert len(told) > 1
    assert set(told) == {right, *(text for text in told if "classes fit equally well" in text)}
    false = {name: not yes for name, yes in told[right].items()}
    one_more = next(name for name in work.attributes if name not in told[right])
    many = {**told[right], one_more: bool(row[one_more])}
    for answers, words in ((false, "not true of the class"), (many, "are enough"),
                           ({}, "all classes stand alike"), ({"wheels?": True}, "no attribute"),
                           ({work.attributes[0]: 1}, "True or False"), ([1], "no attribute"),
                           (3, "another form")):  # fmt: skip
        assert words in work.verdict(kept=answers).text
    assert work.verdict(kept=told[right]).share == 1


def test_a_leak_found_in_part(work):
    line, kind = work._leak.line, work._leak.kind
    other = next(one for one in KINDS if one != kind)
    innocent = next(n for n in range(1, 9) if n != line)
    assert work.verdict(leak_line=line, leak_kind=kind).share == 1
    for answer, share, words in (((line, other), 0.5, KINDS[other]),
                                 ((innocent, kind), 0.5, "another line"),
                                 ((innocent, other), 0, "must not know"),
                                 ((9, other), 0, "the test itself"),
                                 ((10, kind), 0, "1 to 9"),
                                 ((line, "data"), 0, "one of")):  # fmt: skip
        verdict = work.verdict(leak_line=answer[0], leak_kind=answer[1])
        assert verdict.share == share
        assert words in verdict.text


def builder(work, unseen):
    return SplitBuilder(work.honest.features, work.honest.candidates, n_sketches=6, n_photos=6,
                        unseen=unseen)  # fmt: skip


def greedily(work):
    """Return six classes as a student finds them: the best of all, then exchanged one by one."""
    scores = builder(work, work.honest.candidates).per_class["ridge"]
    return sorted(scores, key=scores.get)[-6:]


@pytest.mark.parametrize("variant", range(12))
def test_a_split_by_its_score_flatters(variant):
    honest = open_assignment("zero_shot", variant).honest
    assert not set(honest.features.class_names) & set(unseen_classes("sketchy21")[1])
    assert len(honest.candidates) == 16
    lot = np.random.default_rng(honest.lot).choice(honest.candidates, 6, replace=False).tolist()
    assert lot == honest.drawn()
    assert honest.goal - honest.score(lot) >= 0.1


def test_both_splits(work):
    chosen, drawn = greedily(work), work.honest.drawn()
    shown = builder(work, chosen)
    assert work.honest.score(chosen) == pytest.approx(shown.intervals["ridge"].estimate)
    assert work.verdict(chosen=chosen, drawn=drawn).share == 1
    assert work.verdict(chosen=chosen[::-1], drawn=drawn[::-1]).share == 1


def test_splits_that_are_not_what_was_asked(work):
    honest = work.honest
    chosen, drawn = greedily(work), honest.drawn()
    scores = builder(work, honest.candidates).per_class["ridge"]
    hardest = sorted(scores, key=scores.get)[:6]
    middling = [*chosen[2:], *hardest[-2:]]
    for answer, words in (
        (([*chosen[:5]], drawn), "6 different"),
        (([*chosen[:5], chosen[0]], drawn), "6 different"),
        (([*chosen[:5], "giraffe"], drawn), "no candidate"),
        ((chosen, [1, 2, 3, 4, 5, 6]), "list of names"),
        ((hardest, drawn), "finds easy"),
        ((drawn, drawn), "the split by lot"),
        ((middling, drawn), "pulls the mean down"),
        ((chosen, chosen), "chosen by its scores"),
        ((chosen, honest.candidates[:6]), "has an order"),
        ((chosen, honest.drawn(0)), "another seed"),
        ((chosen, hardest), "announced line"),
    ):
        verdict = work.verdict(chosen=answer[0], drawn=answer[1])
        assert words in verdict.text
        assert verdict.share == 0.5
        assert not any(name in verdict.text for name in drawn)
    assert work.verdict(chosen=3, drawn=drawn).share == 0.5
    assert work.verdict(chosen=hardest, drawn=hardest).share == 0
