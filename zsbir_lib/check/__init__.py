"""The questions of the assignments: their data, and checks that say what is misunderstood.

A notebook opens its assignment and hands over what it has made::

    work = open_assignment("retrieval", variant=0)
    work.check(precision_at=precision_at)

The same questions, with other data, are what `zsbir_lib.course` grades by. Nothing here needs a
network, and no check prints an answer.
"""

from zsbir_lib.check.assignment import ASSIGNMENTS, Assignment, open_assignment
from zsbir_lib.check.questions import (
    Case,
    FunctionQuestion,
    Mistake,
    Question,
    Reply,
    Request,
    TextQuestion,
    ValueQuestion,
    Verdict,
)

__all__ = [
    "ASSIGNMENTS",
    "Assignment",
    "Case",
    "FunctionQuestion",
    "Mistake",
    "Question",
    "Reply",
    "Request",
    "TextQuestion",
    "ValueQuestion",
    "Verdict",
    "open_assignment",
]
