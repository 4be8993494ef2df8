"""Comparing what was found with what is published."""

import pytest

from zsbir_lib.datasets.verification import ClassFiles, Published, compare_classes

PUBLISHED = Published(("ant", "bee", "cat"), {"cat": (80, 400)}, photos=900, sketches=240,
                      sketches_per_class=80)  # fmt: skip
WHOLE = {
    "ant": ClassFiles(300, 80),
    "bee": ClassFiles(200, 80),
    "cat": ClassFiles(400, 80),
}


def compare(sketches=True, **changes):
    return compare_classes({**WHOLE, **changes}, PUBLISHED, "somewhere", sketches=sketches)


def test_a_whole_copy_is_as_published():
    report = compare()
    assert report.ok
    assert str(report).endswith("As published.")
    assert report.statistics == {
        "Classes": 3, "Photos": 900, "Sketches": 240,
        "Test classes": 1, "Test photos": 400, "Test sketches": 80,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "problems", "differing"),
    [
        ({"ant": ClassFiles(299, 80)}, {}, ("Photos",)),
        ({"ant": ClassFiles(300, 79)}, {"ant": {"sketches": "79 of 80"}}, ("Sketches",)),
        ({"cat": ClassFiles(401, 80)}, {"cat": {"photos": "401 of 400"}},
         ("Photos", "Test photos")),
        ({"bee": ClassFiles(200, 80, 2, 5)},
         {"bee": {"empty files": "2", "files that are not read": "5"}}, ()),
        ({"dog": ClassFiles(1, 80)}, {"dog": {"class": "not one of the data set"}},
         ("Classes", "Photos", "Sketches")),
    ],
)  # fmt: skip
def test_what_differs_is_named(changes, problems, differing):
    report = compare(**changes)
    assert not report.ok
    assert report.problems == problems
    assert report.differing == differing


def test_sketches_that_are_not_the_published_ones_are_not_compared():
    report = compare(sketches=False, ant=ClassFiles(300, 7), bee=ClassFiles(200, 0))
    assert report.problems == {"bee": {"sketches": "none"}}
    assert report.published["Sketches"] == report.published["Test sketches"] == ()
    assert "not compared" in str(report)
