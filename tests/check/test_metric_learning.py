"""Assignment 3: its data make sense in every variant, and each misconception is told as itself."""

from itertools import pairwise, permutations, product

import numpy as np
import pytest
import torch
from asking import judged

from zsbir_lib.check import open_assignment
from zsbir_lib.check.metric_learning import SIDE
from zsbir_lib.check.metric_learning_codes import FOUR_BITS, TIED_AVERAGE
from zsbir_lib.check.metric_learning_falls import FALL, SEEN, UNSEEN
from zsbir_lib.check.metric_learning_losses import CONTRASTIVE, SCALED_TRIPLET
from zsbir_lib.datasets.splits import unseen_classes
from zsbir_lib.methods import Siamese1
from zsbir_lib.methods.dsh import discrete_descent
from zsbir_lib.methods.triplet import triplet_loss
from zsbir_lib.metrics import average_precision
from zsbir_lib.protocols import class_bootstrap
from zsbir_lib.widgets import TripletPlayground, triplet


@pytest.fixture(scope="module")
def work():
    return open_assignment("metric_learning", 5)


def test_gradients_of_pairs_are_those_of_autograd():
    for request in CONTRASTIVE.requests((0, 1)):
        u, v = (torch.tensor(x, dtype=torch.float64, requires_grad=True)
                for x in request.arguments[:2])  # fmt: skip
        same, margin = request.arguments[2:]
        loss = Siamese1(margin=margin).loss((u - v).norm(), torch.tensor(same))
        loss.backward()
        made = CONTRASTIVE.right(*request.arguments)
        assert made["loss"] == pytest.approx(loss.item())
        np.testing.assert_allclose(made["sketch"], u.grad, atol=1e-9)
        np.testing.assert_allclose(made["photo"], v.grad, atol=1e-9)


def test_gradients_of_scaled_triplets_are_those_of_autograd():
    kinds = set()
    for request in SCALED_TRIPLET.requests((0, 1)):
        vectors = [torch.tensor(x, dtype=torch.float64, requires_grad=True)
                   for x in request.arguments[:3]]  # fmt: skip
        margin = request.arguments[3]
        loss = triplet_loss(*((x / x.norm())[None] for x in vectors), margin).sum()
        loss.backward()
        made = SCALED_TRIPLET.right(*request.arguments)
        assert made["loss"] == pytest.approx(loss.item())
        for name, x in zip(("sketch", "positive", "negative"), vectors, strict=True):
            np.testing.assert_allclose(made[name], x.grad, atol=1e-9)
        kinds.add("easy" if loss == 0 else "hard" if loss > margin else "semi-hard")
    assert kinds == {"easy", "semi-hard", "hard"}


def test_the_descent_is_that_of_the_library():
    for request in FOUR_BITS.requests((0, 1)):
        g, q = (torch.tensor(x, dtype=torch.float64) for x in request.arguments)
        made = FOUR_BITS.right(*request.arguments)
        code = torch.tensor(made["start"], dtype=torch.float64)[None]
        for _ in range(10):
            code = discrete_descent(code, g, q[None])
        assert code[0].tolist() == list(made["rest"])
        every = [torch.tensor(one, dtype=torch.float64) for one in product((-1, 1), repeat=4)]
        values = [float(one @ g @ one - 2 * q @ one) for one in every]
        assert every[int(np.argmin(values))].tolist() == list(made["best"])


def test_the_expected_average_is_the_mean_over_all_orders_of_ties():
    for distances, rel, k in (([1, 0, 1, 1, 2], [1, 0, 0, 1, 1], 3), ([2] * 5, [1, 1, 0, 0, 1], 4),
                              ([0, 1, 1, 1, 1, 3], [1, 1, 0, 0, 1, 1], 6)):  # fmt: skip
        orders = [order for order in permutations(range(len(rel)))
                  if all(distances[a] <= distances[b] for a, b in pairwise(order))]  # fmt: skip
        rankings = [[rel[i] for i in order] for order in orders]
        mean = average_precision(np.array(rankings, dtype=bool), 9, k, "k").mean()
        assert TIED_AVERAGE.right(distances, rel, k) == pytest.approx(mean)


def test_typical_code_is_told_what_is_wrong_with_it():
    """As students write it, not as the list of mistakes does."""

    def from_the_chapter(sketch, positive, negative, margin):  # (5.8), and nothing of the scaling
        s, p, n = map(np.array, (sketch, positive, negative))
        loss = margin + (s - p) @ (s - p) - (s - n) @ (s - n)
        on = loss > 0
        return {"loss": max(0, loss), "sketch": on * 2 * (n - p), "positive": on * 2 * (p - s),
                "negative": on * 2 * (s - n)}  # fmt: skip

    assert "leave the scaling" in judged(SCALED_TRIPLET, from_the_chapter, (0, 1)).text

    def simulated(distances, rel, k):
        rng, found = np.random.default_rng(0), []
        for _ in range(300):
            order = np.lexsort((rng.random(len(rel)), distances))
            marks = np.array(rel)[order]
            found.append(average_precision(marks[None].astype(bool), 1, k, "k")[0])
        return np.mean(found)

    assert judged(TIED_AVERAGE, simulated, (0, 1)).share == 0

    def one_round(G, q):  # the cell of the chapter, once
        code = [1 if x >= 0 else -1 for x in q]
        start = list(code)
        for k in range(4):
            code[k] = 1 if q[k] > sum(G[k][j] * code[j] for j in range(4) if j != k) else -1
        return {"start": start, "rest": code, "best": code}

    verdict = judged(FOUR_BITS, one_round, (0, 1))
    assert verdict.share == pytest.approx(1 / 3)
    assert "one round" in verdict.text


@pytest.mark.parametrize("variant", range(12))
def test_every_variant_makes_sense(variant):
    work = open_assignment("metric_learning", variant)
    assert not {work.class_name, *work.negatives} & set(unseen_classes("sketchy21")[1])
    assert len(work.negatives) == 8
    assert sorted(set(work._distances)) == [1, 2, 3, 4]
    measured = work._measured
    falls = {name: class_fall(one) for name, one in work.scores.items()}
    assert [name for name, (_, low, high) in falls.items() if low < 0 < high] == [
        measured.unresolved
    ]
    assert all(fall > 0 for fall, _, _ in falls.values())
    rises = [name for name, one in work.scores.items() if one["unseen"].mean() > one["wide"].mean()]
    assert rises == [measured.masked]
    assert min(falls, key=lambda name: falls[name][0]) != measured.unresolved


def class_fall(one, seed=8):
    rng = np.random.default_rng(seed)
    rows = [rng.integers(0, n, (2000, n)) for n in (SEEN, UNSEEN)]
    return tuple(FALL.right(one["seen"], one["unseen"], *rows).values())


def test_the_interval_is_a_bootstrap_over_classes(work):
    """Of one group alone, where the other has no spread, it is the library's."""
    seen = next(iter(work.scores.values()))["seen"]
    rows = np.random.default_rng(0).integers(len(seen), size=(10_000, len(seen)))
    found = FALL.right(seen, [0.0], rows, np.zeros((10_000, 1), dtype=int))
    wanted = class_bootstrap(seen)
    assert tuple(found.values()) == pytest.approx((wanted.estimate, wanted.low, wanted.high))


def test_variants_differ():
    one, other = (open_assignment("metric_learning", variant) for variant in (1, 2))
    assert one.negatives != other.negatives
    assert one.claim != other.claim
    again = open_assignment("metric_learning", 1)
    assert (again.negatives, again.claim) == (one.negatives, one.claim)
    np.testing.assert_array_equal(again.outputs, one.outputs)


def kept_after(work, name, steps):
    """Return what the playground keeps after steps downhill, as its button takes them."""
    shown = TripletPlayground(work.sketch, work.positive, work.negatives[name],
                              margin=work.margin, rate=work.rate)  # fmt: skip
    for _ in range(steps):
        moved = {point: np.array(getattr(shown, point)) - shown.rate * slope
                 for point, slope in shown.gradients.items()}  # fmt: skip
        for point, place in moved.items():
            setattr(shown, point, place.tolist())
    kept = {key: np.round(getattr(shown, key), 4).tolist()
            for key in ("sketch", "positive", "negative", "margin")}  # fmt: skip
    return shown, kept


@pytest.mark.parametrize("variant", range(3))
def test_mining_in_the_playground(variant):
    work = open_assignment("metric_learning", variant)
    assert triplet.SIDE == SIDE
    kinds = {name: kept_after(work, name, 0)[0] for name in work.negatives}
    semi = [name for name, shown in kinds.items() if shown.kind == "semi-hard"]
    mined = min(semi, key=lambda name: kinds[name].distances[1])
    needed = next(n for n in range(50) if kept_after(work, mined, n)[0].loss == 0)
    assert needed >= 4
    end = kept_after(work, mined, needed)[1]
    assert kept_after(work, mined, needed + 3)[1] == end
    assert work.verdict(mined=mined, kept=end).share == 1
    told = {
        "now go downhill": (mined, kept_after(work, mined, 0)[1]),
        "still has a loss": (mined, kept_after(work, mined, needed - 1)[1]),
        "leave the margin": (mined, {**end, "margin": end["margin"] + 0.2}),
        "no number of steps": (mined, {**end, "negative": [1.9, -1.9]}),
    }
    for words, (name, kept) in told.items():
        verdict = work.verdict(mined=name, kept=kept)
        assert verdict.share == 0.5
        assert words in verdict.text
    for name, shown in kinds.items():
        if name != mined:
            words = {"hard": "nearer than the positive", "semi-hard": "another such one is nearer",
                     "easy": "beyond the margin"}[shown.kind]  # fmt: skip
            verdict = work.verdict(mined=name, kept=end)
            assert verdict.share == 0
            assert words in verdict.text
    assert "name of a photo" in work.verdict(mined="C", kept=end).text
    assert "another form" in work.verdict(mined=mined, kept={"sketch": 3}).text


def test_codes_by_pencil(work):
    code = np.where(work.outputs[0] >= 0, 1, -1)
    distances = np.array([(np.where(row >= 0, 1, -1) != code).sum() for row in work.outputs[1:]])
    first = [i for i, d in enumerate(distances) if d == distances.min()]
    others = [i for i in range(7) if i not in first]

    def verdict(a=code, b=distances, c=first):
        return work.verdict(my_code=list(map(int, a)), my_distances=np.array(b).tolist(),
                            may_be_first=c)  # fmt: skip

    assert verdict().share == 1
    assert verdict(c=first[::-1]).share == 1
    once = distances.copy()
    once[0] += 1
    for words, answer in (
        ("not 0 and 1", {"a": (code + 1) // 2}), ("however small", {"a": -code}),
        ("for each of the 4", {"a": code[:3]}), ("bits that are equal", {"b": 4 - distances}),
        ("product of the codes", {"b": 4 - 2 * distances}),
        ("cosine distance", {"b": distances / 2}), ("cosine of the", {"b": 1 - distances / 2}),
        ("counts 1", {"b": 2 * distances}), ("6 of 7", {"b": once}),
        ("each of the 7", {"b": distances[:3]}), ("just as near", {"c": first[:1]}),
        ("farther", {"c": [*first, others[0]]}), ("by its code", {"c": others[:1]}),
        ("count from 1", {"c": [i + 1 for i in first]}), ("numbers 0 to 6", {"c": [70]}),
    ):  # fmt: skip
        made = verdict(**answer)
        assert made.share == pytest.approx(2 / 3)
        assert words in made.text


def test_by_the_numbers_another_photo_is_nearest(work):
    """So that somebody who compares numbers, not signs, is found out."""
    asked, photos = work.outputs[0], work.outputs[1:]
    by_numbers = int(((photos - asked) ** 2).sum(axis=1).argmin())
    assert by_numbers not in work._first


def test_reading_the_table(work):
    made = work._measured
    right = (made.masked, made.unresolved)
    falls = {name: class_fall(one)[0] for name, one in work.scores.items()}
    smallest = min(falls, key=lambda name: falls[name])
    other = next(name for name in work.scores if name not in (*right, smallest))
    assert work.verdict(masked=right[0], unresolved=right[1]).share == 1
    for answer, share, words in (((right[0], other), 0.5, "leaves 0 out"),
                                 ((right[0], smallest), 0.5, "smallest fall"),
                                 ((other, right[1]), 0.5, "above its third already"),
                                 ((other, other), 0, "three means"),
                                 ((right[0], "SAE"), 0, "method of the table"),
                                 ((3, right[1]), 0, "method of the table")):  # fmt: skip
        verdict = work.verdict(masked=answer[0], unresolved=answer[1])
        assert verdict.share == share
        assert words in verdict.text
