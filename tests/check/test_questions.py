"""Questions judge replies: points, one line, no answer, and no trust."""

import pytest

from zsbir_lib.check import (
    Case,
    FunctionQuestion,
    Mistake,
    Reply,
    TextQuestion,
    ValueQuestion,
    Verdict,
)

DOUBLE = FunctionQuestion(
    "1",
    "double",
    lambda rng: [Case((int(n),), f"the number {n}") for n in rng.integers(3, 99, 4)],
    lambda n: 2 * n,
    (Mistake("you square.", lambda n: n * n),),
)
PARTS = FunctionQuestion(
    "2",
    "both",
    lambda rng: [Case((3,), "three"), Case((5,), "five")],
    lambda n: {"sum": n + n, "square": n * n},
    (Mistake("you add one.", lambda n: {"sum": n + n + 1}),),
    parts=("sum", "square"),
)


def answer(question, function, seed=(0,)):
    replies = [Reply(function(*request.arguments)) for request in question.requests(seed)]
    return question.judge(seed, replies)


def test_right_answers_get_all():
    assert answer(DOUBLE, lambda n: n + n) == Verdict(1.0, "right in all 4 cases.")


def test_a_mistake_is_named():
    verdict = answer(DOUBLE, lambda n: n**2)
    assert (verdict.share, verdict.text) == (0.0, "not yet: you square.")


def test_an_unknown_mistake_is_told_by_its_case():
    verdict = answer(DOUBLE, lambda n: 7)
    assert verdict.share == 0
    assert "right in 0 of 4 cases, but not for the number" in verdict.text


def test_the_seed_chooses_the_data():
    assert DOUBLE.requests((0, 1)) == DOUBLE.requests((0, 1))
    assert DOUBLE.requests((0, 1)) != DOUBLE.requests((0, 2))


def test_an_answer_that_knows_the_public_data_only_fails_on_others():
    known = {request.arguments: 2 * request.arguments[0] for request in DOUBLE.requests((1,))}
    assert answer(DOUBLE, lambda n: known.get((n,)), (1,)).share == 1
    assert answer(DOUBLE, lambda n: known.get((n,)), (2,)).share == 0


def test_parts_share_the_points():
    verdict = answer(PARTS, lambda n: {"sum": n + n + 1, "square": n * n})
    assert verdict == Verdict(0.5, "right: square. sum: not yet: you add one.")
    assert answer(PARTS, lambda n: {"sum": n + n}).share == 0.5
    assert answer(PARTS, lambda n: [n]).share == 0


def test_what_is_raised_is_told():
    verdict = DOUBLE.judge((0,), [Reply(error="ZeroDivisionError")] + [Reply(6)] * 3)
    assert verdict.share == 0
    assert "stops with ZeroDivisionError" in verdict.text


@pytest.mark.parametrize("question", [DOUBLE, ValueQuestion("3", ("a",), lambda a: None),
                                      TextQuestion("4", "why", 3)])  # fmt: skip
def test_blank_is_no_mistake(question):
    replies = [Reply()] * len(question.requests((0,)))
    assert question.judge((0,), replies) == Verdict(0.0, "not answered yet.")


def test_values_of_another_form_are_told():
    question = ValueQuestion("3", ("a",), lambda a: Verdict(float(a["k"] > 0), "right."))
    assert question.judge((0,), [Reply({"k": 1})]).share == 1
    for strange in (3, "k", {"k": "x"}, [1]):
        assert "another form" in question.judge((0,), [Reply(strange)]).text


def test_a_text_is_for_a_person():
    question = TextQuestion("4", "why", 3)
    assert question.judge((0,), [Reply("P is less")]).share is None
    assert question.judge((0,), [Reply("no")]).share == 0
    assert question.judge((0,), [Reply(7)]).share == 0
