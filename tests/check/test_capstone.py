"""The capstone: what a method is asked, what each misconception is told, and what is hidden."""

import json
from functools import cache

import numpy as np
import pytest
import torch

from zsbir_lib.check import Reply, open_assignment
from zsbir_lib.check.assignment import reply_to
from zsbir_lib.check.capstone_choice import judge_choice
from zsbir_lib.check.capstone_contract import PARTS
from zsbir_lib.check.capstone_functions import INTERVAL, RIDGE
from zsbir_lib.check.capstone_scores import BASELINES
from zsbir_lib.errors import ZsbirError
from zsbir_lib.methods import Cosine, RetrievalMethod
from zsbir_lib.protocols import class_bootstrap

HIDDEN = (5, 2, 99)


@pytest.fixture
def work():
    return open_assignment("capstone", 5)


def question(work, key):
    return next(one for one in work.questions if one.key == key)


def judged(question, names, seed=HIDDEN):
    return question.judge(seed, [reply_to(one, names) for one in question.requests(seed)])


def test_the_interval_is_the_librarys():
    mine, other, _ = INTERVAL.requests((0, 1))[0].arguments
    draws = np.random.default_rng(0).integers(len(mine), size=(10_000, len(mine)))
    found, wanted = INTERVAL.right(mine, other, draws), class_bootstrap(mine, other)
    assert [found["low"], found["high"]] == pytest.approx([wanted.low, wanted.high])


def test_the_map_is_where_the_loss_is_least():
    x, y, prior, weight = (np.array(one) for one in RIDGE.requests((0, 1))[0].arguments)

    def loss(w):
        return ((x @ w - y) ** 2).sum() / len(x) + weight * ((w - prior) ** 2).sum()

    best = RIDGE.right(x, y, prior, float(weight))
    rng = np.random.default_rng(0)
    for _ in range(20):
        step = 1e-4 * rng.normal(size=best.shape)
        assert loss(best + step) > loss(best)
        assert abs(loss(best + step) - loss(best - step)) / 2e-4 < 1e-8


# ---- methods that students write


class Simple(RetrievalMethod):
    """Centres both sides, and keeps to the contract."""

    title = "Simple"
    _learnt = ("mean_", "photo_mean_")

    def _fit(self, pairs, progress):
        self.mean_, self.photo_mean_ = pairs.sketches.mean(dim=0), pairs.photos.mean(dim=0)

    def encode_sketches(self, features):
        """Centre."""
        return features - self.mean_

    def encode_photos(self, features):
        """Centre."""
        return features - self.photo_mean_


class Good(Simple):
    """The map between the two baselines."""

    _learnt = (*Simple._learnt, "map_")

    def _fit(self, pairs, progress):
        super()._fit(pairs, progress)
        x = pairs.sketches - self.mean_
        y = pairs.paired_photos() - self.photo_mean_
        pull = 3 * (x.T @ x / len(x)).diagonal().mean() * torch.eye(x.shape[1])
        self.map_ = torch.linalg.solve(x.T @ x / len(x) + pull, x.T @ y / len(x) + pull)

    def encode_sketches(self, features):
        """Centre and map."""
        return super().encode_sketches(features) @ self.map_


class Noisy(Simple):
    """Draws anew each time."""

    def encode_sketches(self, features):
        """Add noise."""
        return features - self.mean_ + 0.1 * torch.randn(features.shape)


class OfTheBatch(Simple):
    """Centres at the mean of what is asked."""

    def encode_photos(self, features):
        """Centre."""
        return features - features.mean(dim=0)


class InPlace(Simple):
    """Writes into what it was given."""

    def encode_photos(self, features):
        """Centre."""
        features -= self.photo_mean_
        return features.clone()


class Lost(Simple):
    """Turns sketches to where no photo lies."""

    def encode_sketches(self, features):
        """Turn."""
        generator = torch.Generator().manual_seed(0)
        return features @ torch.randn(features.shape[1], features.shape[1], generator=generator)


class Narrow(Simple):
    """Forgets the photos' side."""

    def encode_sketches(self, features):
        """Cut."""
        return features[:, :8]


class Blind(Simple):
    """Gives all photos one code."""

    def encode_photos(self, features):
        """Forget."""
        return torch.ones_like(features)


class Broken(Simple):
    """Divides by nothing."""

    def encode_sketches(self, features):
        """Divide."""
        return features / 0 * 0


class OneRow(Simple):
    """Returns the mean of all."""

    def encode_sketches(self, features):
        """Average."""
        return features.mean(dim=0, keepdim=True)


class Blank(RetrievalMethod):
    """As it is handed out."""

    title = "Blank"

    def _fit(self, pairs, progress): ...
    def encode_sketches(self, features):
        """Do nothing."""

    def encode_photos(self, features):
        """Do nothing."""


def calling(work, method, settings=None, name="encode"):
    settings = {} if settings is None else settings
    return {name: lambda *data: work.encode(method, settings, *data)}


@pytest.mark.parametrize(
    ("method", "share", "words"),
    [
        (Good, 1, "takes each picture by itself"),
        (Cosine, 1, "takes each picture by itself"),
        (Noisy, 0.5, PARTS["repeats itself"]),
        (OfTheBatch, 0.75, PARTS["one at a time"]),
        (Lost, 0, PARTS["finds"]),
        (Narrow, 0, "must lie in one space"),
        (Blind, 0, "all photos get the same code"),
        (Broken, 0, "NaN or infinity"),
        (OneRow, 0, "1 codes come back for 48 sketches"),
        (Blank, 0, "not answered yet"),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
@pytest.mark.parametrize("seed", [(5, 1), HIDDEN])
def test_the_contract(work, method, share, words, seed):
    verdict = judged(question(work, "6.3"), calling(work, method), seed)
    assert (verdict.share, words in verdict.text) == (share, True), verdict.text


def test_a_method_that_writes_into_its_inputs(work):
    verdict = judged(question(work, "6.3"), calling(work, InPlace))
    assert verdict.share == 0.75
    assert PARTS["leaves inputs alone"] in verdict.text


@cache
def final(method, seed=HIDDEN):
    work = open_assignment("capstone", 5)
    return judged(question(work, "6.5"), calling(work, method, name="embed"), seed)


def test_points_are_for_beating_the_baselines():
    assert (final(Good).share, final(Cosine).share) == (1, 0)
    assert final(Simple).share == pytest.approx(2 / 3)
    assert "surely above cosine" in final(Good).text
    assert "not above cosine" in final(Cosine).text
    assert "not above centred cosine" in final(Simple).text
    assert set(final(Good).figures["hidden"]) == {"method", *BASELINES}
    assert {len(scores) for scores in final(Good).figures["hidden"].values()} == {24}
    work = open_assignment("capstone", 5)
    assert final(Good) == judged(question(work, "6.5"), calling(work, Good, name="embed"))


def test_what_was_learnt_elsewhere_does_not_fit(work):
    elsewhere = Good().fit(work.features.pairs())

    class Memorised(Simple):
        """Has its map from another round."""

        def encode_sketches(self, features):
            """Map."""
            return elsewhere.encode_sketches(features)

    assert final(Memorised).share == 0
    means = {name: np.mean(one) for name, one in final(Memorised).figures["hidden"].items()}
    assert means["method"] < means["cosine"]
    # Where it was learnt it does well, so that it is the rotation that takes it away.
    assert np.mean(final(Memorised, (5, 1)).figures["hidden"]["method"]) > 0.25


def test_no_method_and_no_settings(work):
    for names, words in (({}, "not answered yet"), (calling(work, Good, ..., "embed"), "not answ"),
                         ({"embed": 3}, "embed is no function"),
                         ({"embed": lambda *data: {"sketches": []}}, "was changed")):  # fmt: skip
        assert words in judged(question(work, "6.5"), names).text


# ---- settings


def table(*rows):
    return Reply([[{"weight": weight}, list(scores)] for weight, scores in rows])


TRIED = ((0.1, (0.2, 0.3, 0.2)), (1, (0.3, 0.4, 0.3)), (3, (0.4, 0.5, 0.4)), (9, (0.3, 0.4, 0.2)))


@pytest.mark.parametrize(
    ("tried", "settings", "again", "words"),
    [
        (Reply(3), {"weight": 3}, 0.4, "must be a list of"),
        (Reply([[{"weight": 3}, ["a"]]]), {"weight": 3}, 0.4, "must be a list of"),
        (table(*TRIED), 3, 0.4, "must be a mapping"),
        (table(*TRIED[:3]), {"weight": 3}, 0.4, "3 settings were tried"),
        (table(*TRIED[:3], TRIED[2]), {"weight": 3}, 0.4, "3 settings were tried"),
        (table(*((w, s[:1]) for w, s in TRIED)), {"weight": 3}, 0.4, "on one split"),
        (table(*TRIED[:3], (9, (0.3,) * 4)), {"weight": 3}, 0.4, "same inner splits"),
        (table(*TRIED[:3], (9, (0.3, 4, 0.3))), {"weight": 3}, 0.4, "between 0 and 1"),
        (table(*((w, (0.3, 0.4, 0.5)) for w, _ in TRIED)), {"weight": 3}, 0.4, "same scores"),
        (table(*TRIED), {"weight": 2}, 0.4, "none of those that were tried"),
        (table(*TRIED), {"weight": 1}, 0.3, "did better on the held-out classes"),
        (table(*TRIED), {"weight": 3}, 0.5, "does not reach the score"),
    ],
)
def test_a_choice_that_does_not_hold(tried, settings, again, words):
    with pytest.raises(ZsbirError, match=words):
        judge_choice(tried, Reply(settings), lambda: again)


def test_a_choice():
    best = judge_choice(table(*TRIED), Reply({"weight": 3}), lambda: 0.403)
    assert (best.share, best.text) == (1, "right: 4 settings on 3 inner splits.")
    at_end = judge_choice(table(*TRIED[:3], (0.01, (0.1, 0.1, 0.1))), Reply({"weight": 3}),
                          lambda: None)  # fmt: skip
    assert (at_end.share, "weight is at the end" in at_end.text) == (0.5, True)
    near = table(*TRIED[:3], (2, (0.5, 0.3, 0.38)), (9, (0.3, 0.4, 0.2)))
    assert judge_choice(near, Reply({"weight": 2}), lambda: 0.5).share == 1


def test_the_grader_runs_the_chosen_settings_again(work):
    asked, scores = question(work, "6.4"), [0.1, 0.3, 0.3]
    rows = [[{"weight": weight}, [score * weight for score in scores]] for weight in (1, 2, 3)]
    names = {"tried": [*rows, [{"weight": 0}, [0, 0, 0.1]]], "settings": {"weight": 3}}
    assert "`embed` has to be there" in judged(asked, names).text
    assert "does not reach" in judged(asked, {**names, **calling(work, Good, name="embed")}).text
    # In the notebook it has just been run, and is not run again.
    assert judged(asked, names, (5, 1)).share == 0.5


# ---- prediction


@pytest.mark.parametrize(
    ("expected", "share", "words"),
    [
        ({"low": 0.25, "high": 0.49}, 1, "it came out so"),
        ({"low": 0.6, "high": 0.7}, 0, "came out below"),
        ({"low": 0.0, "high": 0.05}, 0, "came out above"),
        ({"low": 0.1, "high": 0.9}, 0, "what would it exclude"),
        ({"low": 0.4, "high": 0.3}, 0, "low below high"),
        ({"low": 0.4}, 0, "two numbers"),
        (0.4, 0, "must be"),
        (..., 0, "not answered yet"),
    ],
)
def test_a_prediction(work, expected, share, words):
    names = {"expected": expected, **calling(work, Good, name="embed")}
    verdict = judged(question(work, "6.6"), names)
    assert (verdict.share, words in verdict.text) == (share, True), verdict.text


def test_a_prediction_is_noted_in_the_notebook(work):
    assert work.verdict(expected={"low": 0.1, "high": 0.3}).figures == {"expected": [0.1, 0.3]}


def test_what_is_sent_holds_no_label_of_what_is_asked(work):
    (request,) = question(work, "6.5").requests(HIDDEN)
    train, sketches, photos = request.arguments
    assert set(train) == {"sketches", "photos", "photo_index", "labels", "photo_labels"}
    assert (len(sketches), len(photos)) == (144, 144)
    sent = json.dumps(request.arguments)
    assert not [name for name in (*work.features.class_names, *work._ground.hidden)
                if name in sent]  # fmt: skip
    labels = work._ground.final(HIDDEN).task.query_labels.tolist()
    assert labels != sorted(labels)
