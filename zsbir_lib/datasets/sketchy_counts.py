"""What the Sketchy database is known to hold, and how a copy of it differs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from zsbir_lib.datasets.splits import SKETCHY_CLASSES
from zsbir_lib.datasets.verification import VerificationReport, damaged_files
from zsbir_lib.paper import PAPER_TABLE_1

PHOTOS_PER_CLASS = 100
"""Original photos that sketches were drawn from."""

SKETCH_TOTALS = (75_481, 75_479, 75_471)
"""Numbers of sketches in all that publications report."""

UNSEEN_COUNTS = {
    "bat": (635, 443),
    "cabin": (546, 392),
    "cow": (728, 600),
    "dolphin": (590, 613),
    "door": (578, 600),
    "giraffe": (673, 600),
    "helicopter": (746, 750),
    "mouse": (670, 345),
    "pear": (575, 385),
    "raccoon": (735, 600),
    "rhinoceros": (556, 663),
    "saw": (532, 600),
    "scissors": (558, 639),
    "seagull": (666, 600),
    "skyscraper": (545, 161),
    "songbird": (529, 600),
    "sword": (605, 276),
    "tree": (533, 495),
    "wheelchair": (542, 278),
    "windmill": (598, 393),
    "window": (554, 420),
}
"""Sketches and gallery photos of the unseen classes, from the file lists published with ZSE-SBIR
(Lin et al., CVPR 2023) for the same split. They add up to Table 1."""


@dataclass(frozen=True)
class ClassCounts:
    """What was found of one class: numbers of files.

    Attributes
    ----------
    photos : int
        Originals.
    drawn : int
        Originals with a sketch.
    only_extended : int
        Originals that the rendering lacks and the extended gallery has.
    added : int
        Photos that only the extended gallery has.
    sketches : int
        All of them.
    orphans : int
        Sketches whose photo is absent.
    empty : int
        Files of 0 bytes.
    unread : int
        Files of formats that are not read.
    """

    photos: int = 0
    drawn: int = 0
    only_extended: int = 0
    added: int = 0
    sketches: int = 0
    orphans: int = 0
    empty: int = 0
    unread: int = 0


def compare(
    counts: Mapping[str, ClassCounts], source: str, gallery: bool, extended: bool
) -> VerificationReport:
    """Compare counts by class with the published ones.

    Parameters
    ----------
    counts
        What was found of each class.
    source
        Where, for the report's heading.
    gallery
        Whether to compare the gallery at all.
    extended
        Whether its added photos were found, so that the lack of the whole gallery is not repeated
        for each class.
    """
    unseen = set(UNSEEN_COUNTS)
    test = [n for name, n in counts.items() if name in unseen]
    train = [n for name, n in counts.items() if name not in unseen]
    everything = test + train
    photos = sum(n.photos for n in everything)
    drawn = sum(n.drawn for n in everything)
    sketches = sum(n.sketches for n in everything)
    paired = sketches - sum(n.orphans for n in everything)
    statistics = {
        "Photos": photos,
        "Sketches": sketches,
        "Train classes": len(train),
        "Test classes": len(test),
        "Train images": sum(n.drawn for n in train),
        "Train sketches": sum(n.sketches for n in train),
        "Avg. sketches per image": round(paired / drawn, 5) if drawn else 0.0,
        "Test sketches": sum(n.sketches for n in test),
        "DB images for training": sum(n.photos + n.added for n in train),
        "DB images for testing": sum(n.photos + n.added for n in test),
    }
    n_photos = PHOTOS_PER_CLASS * len(SKETCHY_CLASSES)
    published: dict[str, tuple[int | float, ...]] = {
        "Photos": (n_photos,),
        "Sketches": SKETCH_TOTALS,
        **{name: (value,) for name, value in PAPER_TABLE_1.items()},
    }
    if not gallery:
        published |= {"DB images for training": (), "DB images for testing": ()}
    # How many sketches a source that counts as complete lacks; which ones, nobody says.
    slack = max(SKETCH_TOTALS) - sketches if sketches in SKETCH_TOTALS else 0
    tolerance = {
        "Train sketches": slack,
        "Test sketches": slack,
        "Avg. sketches per image": slack / n_photos + 1e-5,
    }
    differing = tuple(
        name
        for name, value in statistics.items()
        if published[name]
        and not any(0 <= p - value <= tolerance.get(name, 0) for p in published[name])
    )
    problems = {
        name: found
        for name in sorted({*SKETCHY_CLASSES, *counts})
        if (found := _class_problems(name, counts.get(name), slack, gallery and extended))
    }
    return VerificationReport(
        source, tuple(sorted(counts)), statistics, published, differing, problems
    )


def _class_problems(
    name: str, counts: ClassCounts | None, slack: int, gallery: bool
) -> dict[str, str]:
    """Say how one class differs: {kind: figure}."""
    if counts is None:
        return {"class": "absent"}
    problems = {}
    if name not in SKETCHY_CLASSES:
        problems["class"] = "not one of the database"
    if counts.photos != PHOTOS_PER_CLASS:
        problems["photos"] = f"{counts.photos} of {PHOTOS_PER_CLASS}"
    queries, gallery_photos = UNSEEN_COUNTS.get(name, (None, None))
    if queries is not None and not 0 <= queries - counts.sketches <= slack:
        problems["sketches"] = f"{counts.sketches} of {queries}"
    elif not counts.sketches:
        problems["sketches"] = "none"
    if counts.sketches and counts.drawn < counts.photos:
        problems["photos without a sketch"] = str(counts.photos - counts.drawn)
    if counts.orphans:
        problems["sketches without their photo"] = str(counts.orphans)
    if counts.only_extended:
        problems["photos only in the extended gallery"] = str(counts.only_extended)
    if gallery and gallery_photos not in (None, counts.photos + counts.added):
        problems["gallery photos"] = f"{counts.photos + counts.added} of {gallery_photos}"
    elif gallery and not counts.added:
        problems["photos that the extended gallery adds"] = "none"
    return problems | damaged_files(counts.empty, counts.unread)
