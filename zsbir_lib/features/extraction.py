"""From a data set's images to features, once: block by block into the store.

A *block* is a fixed run of batches, and a piece of the store's entry: an interrupted run goes on
behind the blocks that it finished. Since blocks and batches begin at the same images whatever
happened before, the result has the same bytes as that of a run that was never interrupted. The row
of an image that could not be read holds NaN, which no network may return.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from zsbir_lib.datasets.base import SketchPhotoDataset
from zsbir_lib.errors import ZsbirError, argument
from zsbir_lib.features.backbones import Backbone
from zsbir_lib.features.decoding import Batch, Images, decoded
from zsbir_lib.features.featureset import FeatureSet
from zsbir_lib.features.precision import choose_precision, computing
from zsbir_lib.progress import progress_bar
from zsbir_lib.store import Draft, Store

logger = logging.getLogger(__name__)

# Part of every cache key: raise it when the meaning of a cached file changes.
_FORMAT = 2
# Images that a block holds at least: few enough to lose little, enough for files of some size.
_BLOCK = 256


def extract_features(
    dataset: SketchPhotoDataset,
    backbone: Backbone,
    *,
    batch_size: int = 64,
    cache: bool | str | os.PathLike = True,
    on_error: str = "raise",
    workers: int | None = None,
    progress: bool | None = None,
    device: str | torch.device | None = None,
    mixed_precision: bool = False,
    tf32: bool = False,
) -> FeatureSet:
    """Return the features of all photos and sketches of a data set.

    The first call computes them, the next one reads them from the cache. They are kept under a
    key made of the data set's fingerprint, the precision, and the backbone's name, weights,
    transform and output for a picture; so features of anything else are never read. A second
    process that wants the same features waits for the first one's, or, where the file system has
    no locks, computes them too.

    Parameters
    ----------
    dataset
        Where the images come from.
    backbone
        What maps them to features.
    batch_size
        Images that go through the network at once. A run that continues an interrupted one with
        another batch size starts over: sums may be rounded otherwise.
    cache
        ``True``: the library's cache folder; a path: that folder; ``False``: compute, keep
        nothing.
    on_error
        What an unreadable image does: ``"raise"`` stops the run, naming the image (what is
        computed by then is kept); ``"skip"`` leaves the image out and lists it in
        ``FeatureSet.skipped``.
    workers
        Processes that decode images ahead of the network (threads where the system cannot fork
        safely); 1 for none; None chooses.
    progress
        Whether to show a bar on standard error; ``None`` shows it on a terminal.
    device
        Where to compute, with a copy of the backbone if it is elsewhere; None is where it is.
    mixed_precision
        Let the network compute in half precision where that is safe (``torch.autocast``; bfloat16
        where the device has it, else float16). Several times faster on recent hardware; features
        then differ from the others from the third digit on. CUDA and CPU only.
    tf32
        Let a card compute products and convolutions in TF32, of 10 bits of the mantissa in place
        of 23. Without it, features are computed in float32, whatever the process is set to.

    Returns
    -------
    FeatureSet
        Under the data set's split; features are float32 on the CPU.

    Raises
    ------
    ZsbirError
        If an argument is out of range, an image cannot be read (with ``on_error="raise"``), the
        network returns NaN, or the cache cannot be written.
    """
    if on_error not in ("raise", "skip"):
        raise ZsbirError(f"on_error must be 'raise' or 'skip', not {on_error!r}")
    for name, value in (("batch_size", batch_size), ("workers", workers)):
        if value is not None and value < 1:
            raise ZsbirError(f"{argument(name)} must be 1 or more, not {value}")
    if device is not None:
        backbone = backbone.to(device)
    precision = choose_precision(mixed_precision, tf32, backbone.device)
    job = _Job(dataset, backbone, batch_size, on_error, workers, progress, precision)
    if cache is False:
        blocks = {start: block for start, block in job.compute(job.starts)}
        return job.feature_set(np.concatenate([blocks[start] for start in job.starts]))
    return job.feature_set(_kept(Store(None if cache is True else cache), job))


def kept_features_id(
    dataset: SketchPhotoDataset,
    backbone: Backbone,
    *,
    cache: str | os.PathLike | None = None,
    mixed_precision: bool = False,
) -> str | None:
    """Return a digest that names features in the cache, without reading them; None if not there.

    It is made of their key and of the checksums that were recorded when they were written. Images
    and features are not looked at.

    Parameters
    ----------
    dataset, backbone, mixed_precision
        As for `extract_features`.
    cache
        A folder; the library's cache folder by default.
    """
    precision = choose_precision(mixed_precision, False, backbone.device)
    job = _Job(dataset, backbone, 1, "raise", None, None, precision)
    entry = Store(cache).find("features", job.key, check=False)
    if entry is None:
        return None
    pieces = {name: piece.sha256 for name, piece in entry.pieces.items()}
    text = json.dumps([entry.key, pieces], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _kept(store: Store, job: _Job) -> np.ndarray:
    """Return all features from the store, computed if need be."""
    label = f"{job.dataset.name}-{job.backbone.name}"
    while True:
        entry = store.get("features", job.key, job.fill, label=label)
        rows = np.empty(job.shape, dtype=np.float32)
        readable = set()
        for name in entry.pieces:
            start = int(name.partition("-")[0])
            block = rows[start : start + job.block]
            block[:] = np.load(entry.path(name), allow_pickle=False)
            if not job.holds(start, block):
                readable.add(name)
        if not readable:
            return rows
        store.discard(entry, readable)


@dataclass(frozen=True)
class _Job:
    """One extraction: the images in order, and how they are computed."""

    dataset: SketchPhotoDataset
    backbone: Backbone
    batch_size: int
    on_error: str
    workers: int | None
    progress: bool | None
    precision: str

    @cached_property
    def sketches(self) -> Backbone:
        """What sketches go through."""
        return self.backbone.for_sketches()

    @cached_property
    def images(self) -> Images:
        return Images(self.dataset, self.backbone.transform, self.backbone.input_size)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows (photos, then sketches) and numbers a row."""
        return len(self.images), self.backbone.dim

    @property
    def block(self) -> int:
        """Rows of a block, which are whole batches."""
        return -(-_BLOCK // self.batch_size) * self.batch_size

    @property
    def starts(self) -> range:
        """The first row of each block."""
        return range(0, len(self.images), self.block)

    @property
    def key(self) -> dict[str, Any]:
        """Everything that a feature's value depends on, but for the last digit."""
        return {
            "format": _FORMAT,
            "dataset": self.dataset.name,
            "fingerprint": self.dataset.fingerprint,
            "backbone": self.backbone.name,
            "weights": self.backbone.weights_id,
            "transform": self.backbone.transform_id,
            "probe": self.backbone.probe_id,
            "precision": self.precision,
            "shape": list(self.shape),
        }

    @cached_property
    def rounding(self) -> str:
        """A digest of what the last digit depends on; a run continues another if these agree."""
        about = [self.batch_size, self.backbone.device.type, torch.get_num_threads()]
        text = json.dumps([*about, torch.__version__])
        return hashlib.sha256(text.encode()).hexdigest()[:8]

    def fill(self, draft: Draft) -> None:
        """Compute the blocks that are not in a draft yet, and put them there."""
        names = {start: f"{start:09}-{self.rounding}.npy" for start in self.starts}
        missing = []
        for start, name in names.items():
            path = draft.find(name)
            if path is not None and not self.holds(start, np.load(path, allow_pickle=False)):
                draft.discard(name)
                path = None
            if path is None:
                missing.append(start)
        with closing(self.compute(missing)) as blocks:
            for start, block in blocks:
                draft.piece(names[start], partial(np.save, arr=block))

    def holds(self, start: int, block: np.ndarray) -> bool:
        """Tell whether a block that was kept is still right: what was left out is unreadable.

        Raises
        ------
        ZsbirError
            If an image cannot be read, and is not to be skipped.
        """
        for row in (start + np.flatnonzero(_skipped(block))).tolist():
            reason = self.images.reason(row)
            if reason is None:
                logger.warning(
                    "%s was skipped and can be read now: computing it", self.images.identity(row)
                )
                return False
            self.meet(row, reason)
        return True

    def meet(self, row: int, reason: str) -> None:
        """Raise a `ZsbirError` about an image that cannot be read, unless it is to be skipped."""
        if self.on_error == "raise":
            raise ZsbirError(
                f"cannot read {self.images.identity(row)} ({reason}): repair it, or pass "
                f"{argument('on_error', 'skip')} to leave it out"
            )

    def compute(self, starts: range | list[int]) -> Generator[tuple[int, np.ndarray], None, None]:
        """Yield the first row and the features of some blocks, in order."""
        total = len(self.images)
        stops = {start: min(start + self.block, total) for start in starts}
        batches = [
            list(range(row, min(row + self.batch_size, stop)))
            for start, stop in stops.items()
            for row in range(start, stop, self.batch_size)
        ]
        left = sum(map(len, batches))
        bar = progress_bar(
            show=self.progress,
            total=total,
            initial=total - left,
            desc=f"{self.backbone.name} features of {self.dataset.name}",
            unit="image",
        )
        if not batches:
            return
        self.dataset.prepare()
        # Closed at once when something fails: no worker process waits for a traceback to go.
        with bar, closing(self._features(batches, bar)) as results:
            for start, stop in stops.items():
                block = np.empty((stop - start, self.backbone.dim), dtype="<f4")
                for row in range(0, len(block), self.batch_size):
                    block[row : row + self.batch_size] = next(results)
                yield start, block

    def _features(self, batches: list[list[int]], bar: tqdm) -> Generator[np.ndarray, None, None]:
        device = self.backbone.device
        with closing(decoded(self.images, batches, device, self.workers)) as decoding:
            for rows, batch in zip(batches, decoding, strict=True):
                features = self._apply(rows, batch)
                bar.update(len(rows))
                yield features

    def _apply(self, rows: list[int], batch: Batch) -> np.ndarray:
        """Return the features of a batch, NaN for images that were left out."""
        for row, reason in batch.failures:
            self.meet(row, reason)
        device = self.backbone.device
        with torch.inference_mode(), computing(self.precision, device):
            images = batch.images.to(device, non_blocking=True)
            features = self._forward(rows, images).float().cpu().numpy()
        if features.shape != (len(rows), self.backbone.dim):
            raise ZsbirError(
                f"{self.backbone.name} returns features of shape {features.shape} for "
                f"{len(rows)} images, not ({len(rows)}, {self.backbone.dim}): correct its "
                f"{argument('dim')}"
            )
        left_out = [row - rows[0] for row, _ in batch.failures]
        features[left_out] = 0
        bad = ~np.isfinite(features).all(axis=1)
        if bad.any():
            name = self.images.identity(rows[int(bad.argmax())])
            raise ZsbirError(f"{self.backbone.name} returns NaN or infinity for {name}")
        features[left_out] = np.nan
        return features

    def _forward(self, rows: list[int], images: Tensor) -> Tensor:
        """Let photos, then sketches, through their networks; through one at once if it is one."""
        photo, sketch = self.backbone.module, self.sketches.module
        photos = sum(row < len(self.dataset.photo_labels) for row in rows)
        if sketch is photo or photos == len(rows):
            return photo(images)
        if photos == 0:
            return sketch(images)
        return torch.cat([photo(images[:photos]), sketch(images[photos:])])

    def feature_set(self, rows: np.ndarray) -> FeatureSet:
        """Give the rows their labels, without those that were skipped."""
        dataset, attributes = self.dataset, self.dataset.class_attributes
        photos = len(dataset.photo_labels)
        kept = ~_skipped(rows)
        keep_photo, keep_sketch = kept[:photos], kept[photos:]
        drawn_from = np.asarray(dataset.sketch_photos)[keep_sketch]
        number = np.where(keep_photo, np.cumsum(keep_photo) - 1, -1)
        # The appended -1 is what index -1, "photo absent", reads.
        sketch_photos = np.append(number, -1)[drawn_from]
        features = torch.from_numpy(rows)
        return FeatureSet(
            photos=features[:photos] if keep_photo.all() else features[:photos][keep_photo],
            sketches=features[photos:] if keep_sketch.all() else features[photos:][keep_sketch],
            photo_labels=_int64(np.asarray(dataset.photo_labels)[keep_photo]),
            sketch_labels=_int64(np.asarray(dataset.sketch_labels)[keep_sketch]),
            sketch_photos=_int64(sketch_photos),
            photo_ids=tuple(dataset.photo_ids[i] for i in np.flatnonzero(keep_photo).tolist()),
            sketch_ids=tuple(dataset.sketch_ids[i] for i in np.flatnonzero(keep_sketch).tolist()),
            class_names=dataset.class_names,
            split=dataset.split,
            dataset=dataset.name,
            backbone=self.backbone.name,
            weights_id=self.backbone.weights_id,
            class_attributes=None if attributes is None else torch.tensor(attributes).float(),
            attribute_names=tuple(dataset.attribute_names),
            skipped=tuple(self.images.identity(row) for row in np.flatnonzero(~kept).tolist()),
        )


def _skipped(rows: np.ndarray) -> np.ndarray:
    """Tell which rows are of images that could not be read, bool of shape (n,)."""
    return np.isnan(rows[:, 0])


def _int64(values: np.ndarray) -> Tensor:
    return torch.from_numpy(values.astype(np.int64))
