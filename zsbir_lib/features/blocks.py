"""The features of a data set, block by block: what an extraction computes, and what it keeps.

A *block* is a fixed run of batches, and a piece of the store's entry: an interrupted run goes on
behind the blocks that it finished. Since blocks and batches begin at the same images whatever
happened before, the result has the same bytes as that of a run that was never interrupted. The row
of an image that could not be read holds NaN, which no network may return.

Processes that share the work (`zsbir_lib.distributed`) deal the blocks out among them, and meet
after each: so one that fails stops the others, and none waits long.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from zsbir_lib.datasets.base import SketchPhotoDataset
from zsbir_lib.distributed import World, world
from zsbir_lib.errors import ZsbirError, argument, explain
from zsbir_lib.features.backbones import Backbone
from zsbir_lib.features.decoding import Batch, Images, decoded
from zsbir_lib.features.precision import computing
from zsbir_lib.files import digest_of
from zsbir_lib.progress import progress_bar
from zsbir_lib.store import Draft

logger = logging.getLogger(__name__)

# Part of every cache key: raise it when the meaning of a cached file changes.
_FORMAT = 2
# Images that a block holds at least: few enough to lose little, enough for files of some size.
_BLOCK = 256


@dataclass(frozen=True)
class Extraction:
    """One extraction: the images in order, and how they are computed.

    Attributes
    ----------
    dataset, backbone, batch_size, on_error, workers, progress
        As for `zsbir_lib.features.extract_features`.
    precision
        As `zsbir_lib.features.precision.choose_precision` names it.
    """

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
        """All photos, then all sketches, as the network wants them."""
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
        return digest_of([*about, torch.__version__])[:8]

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
        work = {start: names[start] for start in missing}
        world().broadcast((draft.folder, work))
        self._fill(draft, work)
        for name in work.values():
            if draft.find(name) is None:
                raise ZsbirError(
                    f"{draft.folder} does not hold what another process wrote there: set "
                    "ZSBIR_CACHE to a folder that all machines of the job share"
                )

    def help(self) -> None:
        """Compute a share of what process 0 is to `fill`, until it says by `dismiss` to stop.

        Raises
        ------
        ZsbirError
            What process 0 has raised.
        """
        while not isinstance(task := world().broadcast(), _Dismissal):
            folder, work = task
            with suppress(ZsbirError):  # process 0 hears of it too, and tells what becomes of it
                self._fill(Draft(Path(folder)), work)
        if task.error:
            raise ZsbirError(task.error)

    @staticmethod
    def dismiss(error: str = "") -> None:
        """End the `help` of the other processes; an error is raised there."""
        world().broadcast(_Dismissal(error))

    def _fill(self, draft: Draft, work: Mapping[int, str]) -> None:
        def keep(start: int, block: np.ndarray) -> None:
            draft.piece(work[start], partial(np.save, arr=block))

        self.share(list(work), keep)

    def share(self, starts: list[int], keep: Callable[[int, np.ndarray], object]) -> None:
        """Compute this process's share of some blocks, and keep each.

        Raises
        ------
        ZsbirError
            If a process cannot compute or keep one of its own.
        """
        here = world()
        with closing(self.compute(here.share(starts), here)) as blocks:
            for _ in range(0, len(starts), here.size):
                failure: Exception | None = None
                try:
                    for start, block in blocks:
                        keep(start, block)
                        break
                except Exception as error:
                    if here.size == 1:
                        raise
                    failure = error
                reasons = here.gather(failure and explain(failure))
                if failure is not None:
                    raise failure
                if any(reasons):
                    raise ZsbirError(next(filter(None, reasons)))

    def holds(self, start: int, block: np.ndarray) -> bool:
        """Tell whether a block that was kept is still right: what was left out is unreadable.

        Raises
        ------
        ZsbirError
            If an image cannot be read, and is not to be skipped.
        """
        for row in (start + np.flatnonzero(skipped(block))).tolist():
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

    def compute(
        self, starts: list[int], here: World
    ) -> Generator[tuple[int, np.ndarray], None, None]:
        """Yield the first row and the features of some blocks, in order.

        The bar counts as many images for each of the processes `here` as for this one.
        """
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
            initial=max(0, total - left * here.size),
            desc=f"{self.backbone.name} features of {self.dataset.name}",
            unit="image",
        )
        if not batches:
            return
        self.dataset.prepare()
        # Closed at once when something fails: no worker process waits for a traceback to go.
        with bar, closing(self._features(batches, bar, here.size)) as results:
            for start, stop in stops.items():
                block = np.empty((stop - start, self.backbone.dim), dtype="<f4")
                for row in range(0, len(block), self.batch_size):
                    block[row : row + self.batch_size] = next(results)
                yield start, block

    def _features(
        self, batches: list[list[int]], bar: tqdm, processes: int
    ) -> Generator[np.ndarray, None, None]:
        device = self.backbone.device
        with closing(decoded(self.images, batches, device, self.workers)) as decoding:
            for rows, batch in zip(batches, decoding, strict=True):
                features = self._apply(rows, batch)
                bar.update(min(len(rows) * processes, bar.total - bar.n))
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


@dataclass(frozen=True)
class _Dismissal:
    """What process 0 sends in the end: nothing is left to do, or something went wrong."""

    error: str


def skipped(rows: np.ndarray) -> np.ndarray:
    """Tell which rows are of images that could not be read, bool of shape (n,)."""
    return np.isnan(rows[:, 0])
