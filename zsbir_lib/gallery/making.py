"""From a folder of photos to an index, or from an index to one that is up to date.

A run reads what the index does not hold as it is now, in blocks of some hundred photos. Each block
is written when it is done, so an interrupted run goes on behind those that it finished. In the end
all rows come to lie in one set of arrays, in the order of the photos' names, and the blocks go.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch

from zsbir_lib.errors import ZsbirError, check_counts
from zsbir_lib.features import Backbone
from zsbir_lib.features.decoding import Batch, decoded
from zsbir_lib.features.precision import FLOAT32, computing
from zsbir_lib.files import digest_of, list_own_folder
from zsbir_lib.gallery.listing import Listing, State, check_some, list_photos
from zsbir_lib.gallery.photo_index import BLOCKS, KIND, SEARCH, PhotoIndex, find_entries, settings
from zsbir_lib.gallery.pictures import PhotoImages
from zsbir_lib.gallery.rows import Rows, merge, newest, save_block
from zsbir_lib.gallery.searching import check_search, keep_search
from zsbir_lib.progress import progress_bar
from zsbir_lib.store import Draft, Store

logger = logging.getLogger(__name__)

_BLOCK = 256  # photos that a block holds at least: few enough to lose little
_IS_GONE = "there is no such file"


@dataclass(frozen=True)
class IndexReport:
    """What a run of `index_photos` did.

    Attributes
    ----------
    photos : int
        How many the index holds now.
    read : int
        Photos that were read in this run, those that cannot be read included.
    kept : int
        Photos that were not read again: the index, or an interrupted run, had read them.
    removed : int
        Photos that the index held before and does not hold now.
    unreadable : dict of str to str
        Photos that cannot be read, and why.
    listing : Listing
        What else is in the folder: files of other kinds, links, folders that cannot be listed.
    search : str
        How the index is searched.
    """

    photos: int
    read: int
    kept: int
    removed: int
    unreadable: Mapping[str, str]
    listing: Listing
    search: str = "exact"


def index_photos(
    folder: str | os.PathLike,
    out: str | os.PathLike,
    backbone: Backbone,
    *,
    search: str | None = None,
    follow_links: bool = False,
    batch_size: int = 64,
    workers: int | None = None,
    progress: bool | None = None,
) -> IndexReport:
    """Read a folder of photos into an index, or bring the index up to date.

    A photo is read if the index does not hold its path with its size and time. Those that cannot
    be read are left out, and tried again by the next run.

    Parameters
    ----------
    folder
        Of photos, with folders in it to any depth.
    out
        The index: a folder of its own, made if need be. It can be copied to any place.
    backbone
        What maps photos to features.
    search
        How the index is to be searched, one of `zsbir_lib.retrieval.KINDS`; None keeps what it
        has, which is an exact search where nothing was said. A structure is made anew when photos
        were added, changed or removed.
    follow_links
        Whether to follow links that lead out of the folder.
    batch_size
        Photos that go through the network at once.
    workers
        Processes that decode photos ahead of the network; None chooses.
    progress
        Whether to show a bar on standard error; ``None`` shows it on a terminal.

    Raises
    ------
    ZsbirError
        If the folder holds no photo, `out` holds anything else, an index made with another
        network, or one of another folder that is still there, or it cannot be written; or if
        FAISS is missing or there are too few photos for such a search: then the photos are indexed
        nevertheless.
    """
    check_search(search)
    check_counts(batch_size=batch_size, workers=workers)
    out = Path(out)
    check_place(out)
    listing = list_photos(folder, follow_links=follow_links, leave_out=out)
    # The lock lies in the cache: an index holds nothing of the machine that made it.
    with Store().alone(out):
        report = _Run(listing, out, backbone, batch_size, workers, progress).go()
        return replace(report, search=keep_search(PhotoIndex(out), search))


def check_place(out: str | os.PathLike) -> None:
    """Raise a `ZsbirError` unless an index can be, or is, at a place."""
    list_own_folder(out, (KIND, BLOCKS, SEARCH), "an index")


@dataclass
class _Run:
    """One run of `index_photos`."""

    listing: Listing
    out: Path
    backbone: Backbone
    batch_size: int
    workers: int | None
    progress: bool | None
    unreadable: dict[str, str] = field(default_factory=dict)

    def go(self) -> IndexReport:
        before = self._before()
        if before is None:
            check_some(self.listing)
        wanted = self._wanted(before)
        digest = digest_of(settings(self.backbone))
        draft = Draft(self.out / BLOCKS / digest[:16])
        sources = [] if before is None else [before]
        for name in draft.names():
            if (path := draft.find(name)) is not None:
                sources.append(Rows.in_block(path))
        known = newest(sources, wanted)
        left = [name for name in wanted if name not in known]
        sources += map(Rows.in_block, self._read(left, len(wanted), draft))
        rows = newest(sources, wanted)
        self._check_some_left(rows)
        self._write(sources, rows)
        self._clear(draft)
        removed = 0 if before is None else len(set(before.names) - set(rows))
        return IndexReport(len(rows), len(left), len(known), removed, self.unreadable, self.listing)

    def _before(self) -> Rows | None:
        """Return what the index holds, None if there is none or it is to be made anew."""
        store = Store(self.out)
        for entry in find_entries(self.out):
            if entry.verify():
                logger.warning("the index %s is damaged: its photos are read again", self.out)
                store.remove(entry)
        if not find_entries(self.out):
            return None
        index = PhotoIndex(self.out)
        index.check_backbone(self.backbone)
        if index.folder != self.listing.folder and index.folder.is_dir():
            raise ZsbirError(
                f"{self.out} is the index of {index.folder}, not of {self.listing.folder}: give "
                "another folder for the index"
            )
        if dict(index.settings) != settings(self.backbone):
            logger.warning("%s is of an older version: its photos are read again", self.out)
            return None
        return index.rows()

    def _wanted(self, before: Rows | None) -> dict[str, State]:
        """Return the photos to have: those listed, and known ones that are out of reach now."""
        wanted = dict(self.listing.photos)
        closed = tuple(f"{name}/" for name in self.listing.unlisted)
        if before is not None and closed:
            known = zip(before.names, before.states, strict=True)
            wanted |= {name: state for name, state in known if name.startswith(closed)}
        return wanted

    def _check_some_left(self, rows: Mapping[str, object]) -> None:
        """Raise unless there is a photo: an index is not emptied because a disk is not there."""
        if not rows:
            check_some(self.listing)
            name, reason = next(iter(self.unreadable.items()), ("all", _IS_GONE))
            raise ZsbirError(f"no photo of {self.listing.folder} can be read: {name} ({reason})")

    def _read(self, names: Sequence[str], total: int, draft: Draft) -> list[Path]:
        """Read some photos, and return the blocks; note those that cannot be read."""
        if not names:
            return []
        photos, size = PhotoImages(self.listing.folder, names, self.backbone), self.batch_size
        batches = [list(range(i, min(i + size, len(names)))) for i in range(0, len(names), size)]
        bar = progress_bar(
            show=self.progress,
            total=total,
            initial=total - len(names),
            desc=f"{self.backbone.name} index of {self.listing.folder.name}",
            unit="photo",
        )
        blocks, block = [], _Block(self, photos)
        with bar, closing(decoded(photos, batches, self.backbone.device, self.workers)) as decoding:
            for rows, batch in zip(batches, decoding, strict=True):
                block.add(rows, batch)
                bar.update(len(rows))
                if len(block.names) >= _BLOCK or rows is batches[-1]:
                    blocks += block.write(draft)
                    block = _Block(self, photos)
        return blocks

    def meet(self, name: str, reason: str) -> None:
        """Note a photo that cannot be read."""
        if reason == _IS_GONE:
            self.listing.gone.append(name)
        else:
            self.unreadable[name] = reason

    def _write(self, sources: Sequence[Rows], rows: Mapping[str, tuple[int, int]]) -> None:
        """Write the index, and remove the one before it."""
        states = [sources[number].states[row] for number, row in rows.values()]
        key = {
            "settings": settings(self.backbone),
            "folder": str(self.listing.folder),
            "photos": digest_of([list(rows), states]),
        }
        store = Store(self.out)
        make = partial(merge, sources, rows, self.backbone.dim)
        entry = store.get(KIND, key, make, label=self.backbone.name, check=False)
        for other in find_entries(self.out):
            if other.folder != entry.folder:
                store.remove(other)

    def _clear(self, draft: Draft) -> None:
        for name in draft.names():
            draft.discard(name)
        for place in (draft.folder, draft.folder.parent):
            with suppress(OSError):  # it holds the blocks of another network, or is not there
                place.rmdir()


class _Block:
    """Photos that are being read, until they are written."""

    def __init__(self, run: _Run, photos: PhotoImages) -> None:
        self.run, self.photos = run, photos
        self.names: list[str] = []
        self.states: list[State] = []
        self._features: list[np.ndarray] = []
        self._thumbnails: list[bytes] = []

    def add(self, rows: list[int], batch: Batch) -> None:
        """Add a batch, but for what cannot be read."""
        bad = dict(batch.failures)
        for row, reason in bad.items():
            self.run.meet(self.photos.names[row], reason)
        features = self._apply(batch)
        for place, row in enumerate(rows):
            if row in bad:
                continue
            name = self.photos.names[row]
            if not np.isfinite(features[place]).all():
                backbone = self.run.backbone.name
                raise ZsbirError(f"{backbone} returns NaN or infinity for {name}")
            self.names.append(name)
            self.states.append(self.run.listing.photos[name])
            self._features.append(features[place])
            self._thumbnails.append(self.photos.thumbnail(batch.images, place))

    def _apply(self, batch: Batch) -> np.ndarray:
        backbone = self.run.backbone
        with torch.inference_mode(), computing(FLOAT32, backbone.device):
            images = self.photos.for_network(batch.images).to(backbone.device, non_blocking=True)
            return backbone.module(images).float().cpu().numpy()

    def write(self, draft: Draft) -> list[Path]:
        """Write what was added, and return the file, in a list; an empty one if there is none."""
        if not self.names:
            return []
        digest = digest_of([self.names, self.states])
        write = partial(
            save_block,
            names=self.names,
            states=self.states,
            features=np.stack(self._features),
            thumbnails=self._thumbnails,
        )
        return [draft.piece(f"{digest[:16]}.npz", write)]
