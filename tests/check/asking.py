"""How tests ask a question: a function stands for the student's."""

from zsbir_lib.check.assignment import reply_to


def judged(question, function, seed=(0, 1)):
    """Return what is made of a function as the answer to a question."""
    replies = [reply_to(one, {question.name: function}) for one in question.requests(seed)]
    return question.judge(seed, replies)
