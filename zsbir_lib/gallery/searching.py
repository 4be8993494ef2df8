"""How an index of photos is searched: exactly, or by a structure that is kept beside its photos.

The structure is a large gallery (`zsbir_lib.retrieval.LargeIndex`) of the features as they are. It
lies in the index's folder ``search``, in a folder that names its kind and the photos it is of. So a
structure of other photos is never searched; it is made anew by the next run that indexes them.
"""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path

from zsbir_lib.errors import DamagedError, ZsbirError, argument
from zsbir_lib.gallery.photo_index import SEARCH, PhotoIndex
from zsbir_lib.retrieval import KINDS, LargeIndex


def check_search(kind: str | None) -> None:
    """Raise a `ZsbirError` unless photos can be searched so on this machine.

    Parameters
    ----------
    kind
        One of `zsbir_lib.retrieval.KINDS`; None for what an index has.
    """
    if kind is None:
        return
    if kind not in KINDS:
        raise ZsbirError(
            f"unknown search {kind!r}: {argument('search')} is one of {', '.join(KINDS)}"
        )
    if kind != "exact" and find_spec("faiss") is None:
        raise ZsbirError(
            f"{argument('search', kind)} takes FAISS, which is missing: pip install faiss-cpu, or "
            f"give {argument('search', 'exact')}"
        )


def search_kind(index: PhotoIndex) -> str:
    """Return how an index is searched: one of `zsbir_lib.retrieval.KINDS`."""
    place = _found(index)
    return "exact" if place is None else place.name.partition("-")[0]


def keep_search(index: PhotoIndex, kind: str | None = None) -> str:
    """Make the structure that an index is searched by, unless it is there, and remove others.

    Parameters
    ----------
    index
        Of the photos.
    kind
        One of `zsbir_lib.retrieval.KINDS`; None for the one that the index has, or had before its
        photos changed.

    Returns
    -------
    str
        The kind.

    Raises
    ------
    ZsbirError
        As `zsbir_lib.retrieval.LargeIndex` does, or if what is there cannot be read: a structure is
        made anew only where it is damaged or of another version. The index itself is whole then,
        and what it was searched by before is still there.
    """
    there = _places(index)
    if kind is None:
        kind = there[-1].name.partition("-")[0] if there else "exact"
    check_search(kind)
    wanted = index.path / SEARCH / f"{kind}-{index.entry.folder.name}"
    if kind != "exact":
        finished = wanted in there
        try:
            if finished:
                LargeIndex.open(wanted)
        except DamagedError:
            shutil.rmtree(wanted)
            finished = False
        if not finished:
            LargeIndex(index.features, kind, folder=wanted)
    for place in there:
        if place != wanted:
            shutil.rmtree(place)
    if kind == "exact":
        shutil.rmtree(index.path / SEARCH, ignore_errors=True)
    return kind


def open_search(index: PhotoIndex) -> LargeIndex | None:
    """Return the structure that an index is searched by, mapped into memory; None for none.

    Raises
    ------
    ZsbirError
        If FAISS is missing, or the structure is damaged or cannot be read.
    """
    place = _found(index)
    if place is None:
        return None
    again = f"`zsbir index {index.folder} --out {index.path}`"
    kind = place.name.partition("-")[0]
    if find_spec("faiss") is None:
        raise ZsbirError(
            f"{index.path} is searched by {kind}, which takes FAISS: pip install faiss-cpu, or "
            f"search it exactly from now on, by {again[:-1]} --search exact`"
        )
    try:
        return LargeIndex.open(place, check=False)
    except DamagedError as error:
        raise DamagedError(f"{str(error).rpartition(': ')[0]}: {again} makes it anew") from None


def _places(index: PhotoIndex) -> list[Path]:
    """Return the finished structures, that of the index as it is now last."""
    places = (index.path / SEARCH).glob("*/zsbir-gallery.json")
    current = f"-{index.entry.folder.name}"
    return sorted((path.parent for path in places), key=lambda place: place.name.endswith(current))


def _found(index: PhotoIndex) -> Path | None:
    return next(
        (place for place in _places(index) if place.name.endswith(f"-{index.entry.folder.name}")),
        None,
    )
