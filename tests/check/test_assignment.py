"""Whatever comes back from a submission is judged, in one line, and stops nobody's grading."""

import math

import pytest

from zsbir_lib.check import ASSIGNMENTS, Reply, Verdict, open_assignment

JUNK = [
    True, -1, 10**400, math.inf, math.nan, "", "x" * 1000, [], [[]], [None], [1, "a"], ["a", None],
    list(range(12)), [float("nan")] * 12, [10**400] * 12, {}, {"k": 1}, {"order": [], "k": None},
    {"order": list(range(12)), "k": 10**400}, {"order": [math.inf] * 12, "k": 8},
    {"k": [], "min": {}, "hits": None, "relevant": "x"}, [[[[1]]]], {"a": {"b": {"c": []}}},
]  # fmt: skip


@pytest.fixture(params=sorted(ASSIGNMENTS))
def work(request):
    return open_assignment(request.param, 3)


@pytest.mark.parametrize("junk", JUNK, ids=lambda value: str(value)[:20])
def test_junk_is_judged(work, junk):
    for question in work.questions:
        seed = (3, 2, 1)
        replies = [Reply(junk)] * len(question.requests(seed))
        verdict = question.judge(seed, replies)
        assert isinstance(verdict, Verdict)
        assert verdict.share is None or 0 <= verdict.share < 1
        assert "\n" not in verdict.text
        assert len(verdict.text) < 300


def test_questions_are_numbered_by_their_order(work):
    numbers = [question.key.split(".") for question in work.questions]
    assert [int(minor) for _, minor in numbers] == list(range(1, len(numbers) + 1))
    assert len({major for major, _ in numbers}) == 1


def test_names_are_asked_for_once(work):
    names = [name for question in work.questions for name in question.names]
    assert len(set(names)) == len(names)
