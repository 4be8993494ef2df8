"""What solutions to exercises print can be true: finite, and of a size that such figures have.

A solution runs after all cells of its chapter, and a name that one of them has used in between is
then another thing. Nothing stops at that: the solution prints another number.
"""

import copy
import math
import re

import nbformat
import pytest
from colab_cell import chapters

NUMBER = re.compile(
    r"(?<![\w.,])[-+\u2212]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:e[-+]?\d+)?(?![\w.]*\d)"
)
MEASURE = re.compile(rf"(?:\bmAP|\bP)@\w+[:, ]+({NUMBER.pattern})")
NOT_FINITE = re.compile(r"(?<![\w-])[-+]?(?:nan|inf)(?![\w-])", re.I)

# What a number with decimals may be, and a whole one; times, errors and nats lie well within.
FRACTIONS, WHOLE = 200.0, 2_000.0
# Where the exercise itself sets closer bounds, or asks for greater numbers.
BOUNDS = {
    ("adversary", 1): (-math.log(4) - 1e-3, 8),  # the value of the game; m goes to 8
    ("adversary", 2): (-10, 10),  # slopes of losses that are some units high
    ("closed_form", 2): (0, 1e7),  # the weight of a penalty, up to 1e7
}


def solutions(notebook):
    """Return (number, what it printed) of every solution."""
    found = []
    for cell in notebook.cells:
        title = re.match(r"#@title Solution to exercise (\d+)\n", cell.source)
        if cell.cell_type == "code" and title:
            texts = [one.get("text", "") for one in cell.outputs]
            texts += [one.get("data", {}).get("text/plain", "") for one in cell.outputs]
            found.append((int(title[1]), "\n".join(texts)))
    return found


def value(text):
    return float(text.replace(",", "").replace("\u2212", "-"))


def implausible(chapter, exercise, text):
    """Return what was printed and cannot be true."""
    found = NOT_FINITE.findall(text)
    for number in NUMBER.findall(text):
        bound = WHOLE if re.fullmatch(r"[-+]?[\d,]+", number) else FRACTIONS
        low, high = BOUNDS.get((chapter, exercise), (-bound, bound))
        if not low <= value(number) <= high:
            found.append(number)
    return found + [number for number in MEASURE.findall(text) if not -1 <= value(number) <= 1]


CHAPTERS = [path for path in chapters() if solutions(nbformat.read(path, as_version=4))]


@pytest.fixture(params=CHAPTERS, ids=lambda path: path.stem)
def path(request):
    return request.param


def check(path, notebook):
    wrong = {
        number: found
        for number, text in solutions(notebook)
        if (found := implausible(path.stem, number, text))
    }
    assert wrong == {}


def test_committed_solutions_are_plausible(path):
    check(path, nbformat.read(path, as_version=4))


def test_solutions_of_the_built_book_are_plausible(path, cache):
    committed = nbformat.read(path, as_version=4)
    check(path, cache.merge_match_into_notebook(copy.deepcopy(committed))[1])


def test_every_bound_is_of_a_solution():
    exercises = {
        (path.stem, number)
        for path in CHAPTERS
        for number, _ in solutions(nbformat.read(path, as_version=4))
    }
    assert set(BOUNDS) <= exercises


@pytest.mark.parametrize(
    ("printed", "found"),
    [
        ("m = 0: value -170077.0874\nm = 8: value -0.2397", ["-170077.0874"]),
        ("loss: 129351.2155", ["129351.2155"]),
        ("error: nan, then -inf", ["nan", "-inf"]),
        ("mAP@20 1.337 after 12 epochs", ["1.337"]),
        ("P@20: -3", ["-3"]),
        ("12 million: 12,000,000", ["12,000,000"]),
        ("infinite nano steps of information: 1,024 numbers, mAP@20 0.337 [0.2, 0.4]", []),
        ("file tx_000100000000, 1e-07 to 103.0, 25%", []),
    ],
)
def test_what_cannot_be_true_is_found(printed, found):
    assert implausible("a chapter", 1, printed) == found


def test_close_bounds_hold_for_their_exercise():
    assert implausible("adversary", 1, "m = 0: value -1.2756") == []
    assert implausible("adversary", 1, "m = 0: value -1.9") == ["-1.9"]
