"""In every assignment, what is right is right, and each misconception is told as itself."""

import pytest
from asking import judged

from zsbir_lib.check import FunctionQuestion, open_assignment
from zsbir_lib.check.assignment import ASSIGNMENTS

SEEDS = [(0, 1), (3, 2, 123456)]
FUNCTIONS = [question for name in ASSIGNMENTS for question in open_assignment(name).questions
             if isinstance(question, FunctionQuestion)]  # fmt: skip
MISTAKES = [(question, number) for question in FUNCTIONS
            for number in range(len(question.mistakes))]  # fmt: skip


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("question", "number"), MISTAKES,
                         ids=[f"{q.name}-{n}" for q, n in MISTAKES])  # fmt: skip
def test_each_mistake_gets_its_own_feedback(question, number, seed):
    mistake = question.mistakes[number]

    def answer(*arguments):
        made = mistake.function(*arguments)
        return question.right(*arguments) | made if question.parts else made

    verdict = judged(question, answer, seed)
    assert verdict.share < 1
    assert verdict.text.endswith(f"not yet: {mistake.text}")


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("question", FUNCTIONS, ids=lambda one: one.name)
def test_what_is_right_is_right(question, seed):
    assert judged(question, question.right, seed).share == 1


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_every_assignment_knows_six_mistakes(name):
    asked = open_assignment(name).questions
    known = {one.text for question in asked for one in getattr(question, "mistakes", ())}
    assert len(known) >= 6
