"""Assignment 1: its data make sense in every variant, and each misconception is told as itself."""

import math
from itertools import combinations, permutations

import numpy as np
import pytest
from asking import judged

from zsbir_lib.check import FunctionQuestion, open_assignment
from zsbir_lib.check.published import METHOD_NAMES
from zsbir_lib.check.retrieval_functions import AVERAGES, CHANCE, EXTREMES
from zsbir_lib.datasets.splits import unseen_classes
from zsbir_lib.errors import ZsbirError
from zsbir_lib.metrics import average_precision


@pytest.fixture(scope="module")
def work():
    return open_assignment("retrieval", 5)


def test_typical_code_is_told_what_is_wrong_with_it():
    """As students write it, not as the list of mistakes does."""

    def by_scikit(rel, n_relevant, k):  # what a library's function does to a list that is cut
        from sklearn.metrics import average_precision_score

        cut = rel[:k]
        value = average_precision_score(cut, -np.arange(k)) if any(cut) else 0.0
        return dict.fromkeys(("k", "min", "hits", "relevant"), value)

    verdict = judged(AVERAGES, by_scikit, (0, 1))
    assert verdict.share == 0.25
    assert verdict.text.startswith("right: hits. k: not yet")

    def divides_by_zero(rel, n_relevant, k):
        total = sum(sum(rel[:i]) / i for i in range(1, k + 1) if rel[i - 1])
        return {"k": total / k, "min": total / min(n_relevant, k), "hits": total / sum(rel[:k]),
                "relevant": total / n_relevant}  # fmt: skip

    assert "a ranking without a hit" in judged(AVERAGES, divides_by_zero, (0, 1)).text
    simulated = judged(CHANCE, lambda n, r, k: round(CHANCE.right(n, r, k), 3), (0, 1))
    assert simulated.share == 0  # a simulation comes near, and no nearer


def test_chance_is_the_mean_over_all_orders():
    for n, r, k in ((5, 2, 3), (6, 3, 6), (6, 1, 2)):
        rel = np.array([[i in hits for i in range(n)] for hits in combinations(range(n), r)])
        assert math.isclose(CHANCE.right(n, r, k), average_precision(rel, r, k, "k").mean())


def test_extremes_are_reached_by_some_order_of_ties():
    cases = (([1, 0, 1, 1], [1, 0, 0, 1], 2), ([2, 2, 1, 2, 3], [0, 1, 1, 0, 1], 3))
    for distances, rel, k in cases:
        found = []
        for order in permutations(range(len(rel))):
            sorted_ = [distances[i] for i in order]
            if sorted_ == sorted(sorted_):
                found.append(sum(rel[i] for i in order[:k]) / k)
        assert EXTREMES.right(distances, rel, k) == [min(found), max(found)]


@pytest.mark.parametrize("variant", range(40))
def test_every_variant_makes_sense(variant):
    work = open_assignment("retrieval", variant)
    assert work.class_name not in unseen_classes("sketchy21")[1]
    assert sum(work.relevance()) == 4
    assert sorted(work.start) == list(range(12))
    table = work._table
    broken = [row.name for row in table.rows if row.mean_average_precision > row.precision]
    assert broken == [table.flawed]
    assert table.flawed != max(table.rows, key=lambda row: row.mean_average_precision).name
    assert table.flawed != min(table.rows, key=lambda row: row.precision).name
    assert work.verdict(kept={"order": list(range(12)), "k": 8}).share == 0


def test_variants_differ():
    one, other = (open_assignment("retrieval", variant) for variant in (1, 2))
    assert (one.table, one.names, one.target) != (other.table, other.names, other.target)
    assert open_assignment("retrieval", 1).table == one.table


def test_ranking_by_hand(work):
    right = [i for i, hit in enumerate(work.relevance()) if hit]
    wrong = [i for i in range(12) if i not in right]
    told = {
        "right": [*right, *wrong],
        "count from 1": [i + 1 for i in [*right, *wrong]],
        "best photos come last": [*wrong, *right],
        "each photo once": [*right, *right, *wrong[:4]],
        "outlines": [*wrong[:4], *right, *wrong[4:]],
        "another form": "the first",
    }
    for words, ranking in told.items():
        assert words in work.verdict(my_ranking=ranking).text
    assert work.verdict(my_ranking=told["right"]).share == 1


def orders(work, above):
    """Yield orders for the widget by the ranks of their hits above the cut."""
    hit = [i for i, right in enumerate(work.relevance(work.start)) if right]
    miss = [i for i in range(12) if i not in hit]
    for ranks in combinations(range(work.k), above):
        hits, misses = iter(hit), iter(miss)
        head = [next(hits) if rank in ranks else next(misses) for rank in range(work.k)]
        yield ranks, [*head, *hits, *misses]


def test_a_kept_ranking(work):
    def told(order, k=None):
        return work.verdict(kept={"order": order, "k": k or work.k})

    three = {ranks: told(order) for ranks, order in orders(work, 3)}
    assert any(verdict.share == 1 for verdict in three.values())
    assert "too early" in three[0, 1, 2].text
    assert "too late" in three[5, 6, 7].text
    assert any("another count" in told(order).text or "P@K differs" in told(order).text
               for _, order in orders(work, 2))  # fmt: skip
    (_, good) = next((r, o) for r, o in orders(work, 3) if told(o).share == 1)
    assert "leave the cut" in told(good, k=3).text
    assert "each photo once" in told([0] * 12).text
    assert "from which you started" in told(list(range(12))).text
    assert "another form" in work.verdict(kept=good).text


def test_a_table_read(work):
    rows = {row.name: row for row in work._table.rows}
    flawed = work._table.flawed
    best = max(rows.values(), key=lambda row: row.mean_average_precision).name
    worst = min(rows.values(), key=lambda row: row.precision).name
    (other,) = [name for name in rows if name not in (flawed, best, worst)][:1]
    assert work.verdict(flawed=flawed, counted_by="hits").share == 1
    told = {"k": "caption claims", "min": "min(R, K) is K", "relevant": "smaller"}
    for count, words in told.items():
        verdict = work.verdict(flawed=flawed, counted_by=count)
        assert verdict.share == pytest.approx(2 / 3)
        assert words in verdict.text
    assert "high mAP" in work.verdict(flawed=best, counted_by="hits").text
    assert "low P@K" in work.verdict(flawed=worst, counted_by="hits").text
    assert "keeps the bound" in work.verdict(flawed=other, counted_by="hits").text
    assert "as it is written" in work.verdict(flawed="Quil", counted_by="hits").text
    assert "one of" in work.verdict(flawed=flawed, counted_by="the hits").text


def test_no_feedback_tells_an_answer(work):
    """Neither the flawed row's name nor a number that a question asks for."""
    texts = [mistake.text for question in work.questions if isinstance(question, FunctionQuestion)
             for mistake in question.mistakes]  # fmt: skip
    texts += [work.verdict(flawed=name, counted_by=by).text
              for name in METHOD_NAMES for by in ("k", "min")]  # fmt: skip
    for text in texts:
        assert work._table.flawed not in text
        assert "hits found" not in text


def test_check_prints_one_line_and_never_stops(work, capsys):
    work.check(precision_at=lambda rel, k: 1 / 0)
    work.check(precision_at=...)
    work.check(precison_at=max)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert "ZeroDivisionError" in lines[0]
    assert lines[1] == "1.2  not answered yet."
    assert "no question asks for precison_at" in lines[2]


@pytest.mark.parametrize("variant", [-1, 1.5, True, "1"])
def test_variants_are_whole_numbers(variant):
    with pytest.raises(ZsbirError, match="whole number"):
        open_assignment("retrieval", variant)


def test_an_unknown_assignment_is_named():
    with pytest.raises(ZsbirError, match="no assignment 'retreival': use one of retrieval"):
        open_assignment("retreival")
