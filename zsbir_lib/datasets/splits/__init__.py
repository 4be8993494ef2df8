"""The class splits that papers report on, and how a split is read from a file of class names.

The text files beside this module name the *unseen* classes of each split, one a line; their headers
say where the split comes from. Those that end in ``_classes.txt`` are no splits: they name all
classes of a data set.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from importlib import resources
from pathlib import Path

from zsbir_lib.datasets.base import ZeroShotSplit, read_class_list
from zsbir_lib.errors import ZsbirError

_FILES = {
    "sketchy21": "sketchy21_eccv2018.txt",
    "sketchy25": "sketchy25_random.txt",
    "tuberlin30": "tuberlin30_random.txt",
    "quickdraw30": "quickdraw30_cvpr2019.txt",
}


def _read_shipped(file_name: str) -> tuple[str, list[str]]:
    """Return the first header line, without its ``#``, and the class names of a shipped file."""
    # as_file, because the package may be imported from a zip archive.
    with resources.as_file(resources.files(__name__) / file_name) as path:
        names = read_class_list(path)
        with open(path, encoding="utf-8") as stream:
            return stream.readline().lstrip("# ").strip(), names


SKETCHY_CLASSES: tuple[str, ...] = tuple(_read_shipped("sketchy125_classes.txt")[1])
"""The 125 class names of the Sketchy database, sorted, with the punctuation of its folders."""

TUBERLIN_CLASSES: tuple[str, ...] = tuple(_read_shipped("tuberlin250_classes.txt")[1])
"""The 250 class names of TU-Berlin, sorted, as the folders of its sketches are called."""

QUICKDRAW_CLASSES: tuple[str, ...] = tuple(_read_shipped("quickdraw110_classes.txt")[1])
"""The 110 class names of QuickDraw extended, sorted, with the punctuation of its folders."""


def available_splits() -> dict[str, str]:
    """Return the splits that ship with the library.

    Returns
    -------
    dict of str to str
        From the name that `load_split` takes to one line that describes the split.
    """
    return {name: _read_shipped(file_name)[0] for name, file_name in _FILES.items()}


def plain_class_name(name: str) -> str:
    """Reduce a class name to lower case, without blanks and punctuation, composed (Unicode's NFC).

    Tools rename classes as their file systems or word lists demand: ``hot-air_balloon``,
    ``hot_air_balloon`` and ``hot air balloon`` are one class, and equal in this form.
    """
    name = unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
    # Marks (M) and symbols (S) tell names apart: Devanagari's vowels, C and C++.
    plain = "".join(letter for letter in name if unicodedata.category(letter)[0] not in "PZC")
    return plain or name


def match_class_names(
    names: Iterable[str], class_names: Iterable[str]
) -> tuple[list[str], list[str]]:
    """Find classes although their names may be punctuated differently.

    An identical name wins; otherwise names match if `plain_class_name` makes them equal. A number
    behind a name is left out where the name with it is no class: lists of this field hold lines
    such as ``bear 0``.

    Parameters
    ----------
    names
        The classes looked for.
    class_names
        The classes of a data set.

    Returns
    -------
    found : list of str
        The matches, as `class_names` writes them, in the order of `names`.
    missing : list of str
        Those of `names` without a match.

    Raises
    ------
    ZsbirError
        If a name matches two classes, or two names match one.
    """
    class_names = list(class_names)
    exact = set(class_names)
    by_plain: dict[str, list[str]] = {}
    for class_name in class_names:
        by_plain.setdefault(plain_class_name(class_name), []).append(class_name)
    found: list[str] = []
    missing: list[str] = []
    for name in names:
        candidates = [name] if name in exact else by_plain.get(plain_class_name(name), [])
        if not candidates and (numbered := re.fullmatch(r"(.*\S)\s+\d+", name)):
            candidates = by_plain.get(plain_class_name(numbered[1]), [])
        if len(candidates) > 1:
            raise ZsbirError(f"class {name!r} may be any of: {', '.join(candidates)}; rename one")
        (found if candidates else missing).extend(candidates or [name])
    twice = [name for name, count in Counter(found).items() if count > 1]
    if twice:
        raise ZsbirError(f"a class is named twice, punctuated differently: {', '.join(twice)}")
    return found, missing


def unseen_classes(name_or_path: str | os.PathLike) -> tuple[str, list[str]]:
    """Return the name and the unseen classes of a shipped split, or of a file.

    Parameters
    ----------
    name_or_path
        A name from `available_splits`, or the path of a text file that names the unseen classes,
        one a line (`zsbir_lib.datasets.base.read_class_list`). A file's split is called as the
        file is, without its suffix.

    Raises
    ------
    ZsbirError
        If no split and no file is called so, or the file is not a list of class names.
    """
    if isinstance(name_or_path, str) and name_or_path in _FILES:
        return name_or_path, _read_shipped(_FILES[name_or_path])[1]
    path = Path(name_or_path)
    # A bare word that is no file is a misspelt name; anything else was meant as a path.
    if len(path.parts) <= 1 and not path.suffix and not path.is_file():
        raise ZsbirError(
            f"unknown split {str(name_or_path)!r}: give one of {', '.join(_FILES)}, "
            "or the path of a text file that names the unseen classes, one a line"
        )
    return path.stem, read_class_list(path)


def load_split(name_or_path: str | os.PathLike, class_names: Iterable[str]) -> ZeroShotSplit:
    """Split the classes of a data set as a shipped split or a file says.

    Parameters
    ----------
    name_or_path
        See `unseen_classes`.
    class_names
        All classes of the data set. Those that the split does not name are seen. Class names
        match although they are punctuated differently (`match_class_names`); the split has them
        as they are written here.

    Raises
    ------
    ZsbirError
        If the split is unknown, its file is not a list of class names, or it names classes that
        the data set lacks, or all that it has.
    """
    class_names = list(class_names)
    name, unseen = unseen_classes(name_or_path)
    found, missing = match_class_names(unseen, class_names)
    # `missing` is handed on so that the one error message for absent classes names them.
    return ZeroShotSplit.from_unseen(name, class_names, found + missing)
