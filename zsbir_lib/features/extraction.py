"""From a data set's images to features, once: in blocks, to disk, and on from where it stopped.

A *block* is a fixed run of ``batch_size`` images that go through the network together. Blocks are
appended to ``partial.npy`` in order, and each one's checksum to a journal beside it. What a killed
run left is therefore the first blocks of the result, perhaps with half a block behind them; the
next run keeps every block that its checksum vouches for and computes the others. Since blocks
begin at the same images whatever happened before, the finished file has the same bytes as that of
a run that was never interrupted.
"""

from __future__ import annotations

import errno
import hashlib
import io
import json
import logging
import os
import struct
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from zsbir_lib.datasets.base import SketchPhotoDataset
from zsbir_lib.errors import ZsbirError
from zsbir_lib.features.backbones import Backbone
from zsbir_lib.features.featureset import FeatureSet
from zsbir_lib.files import sha256, write_json
from zsbir_lib.paths import cache_dir
from zsbir_lib.progress import progress_bar

logger = logging.getLogger(__name__)

# What Pillow raises for a damaged image, and what a data set may raise for a missing one.
_UNREADABLE = (OSError, SyntaxError, ValueError, struct.error, Image.DecompressionBombError)

# Part of every cache key: raise it when the meaning of a cached file changes.
_FORMAT = 1

# Images that a background thread decodes as one piece of work: enough to hide what handing over
# a piece costs, few enough to share a block among several threads.
_CHUNK = 16


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
) -> FeatureSet:
    """Return the features of all photos and sketches of a data set.

    The first call computes them, the next one reads them from the cache. They are kept under a
    key made of the data set's fingerprint, the backbone's name, its weights, its transform and
    the precision, so features of anything else are never read. A second process that wants the
    same features waits for the first one's.

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
        Threads that decode images ahead of the network; ``None`` chooses.
    progress
        Whether to show a bar on standard error; ``None`` shows it on a terminal.
    device
        Moves the backbone there first; ``None`` leaves it where it is.
    mixed_precision
        Let the network compute in half precision where that is safe (``torch.autocast``; bfloat16
        where the device has it, else float16). Several times faster on recent hardware; features
        then differ from the others from the third digit on. CUDA and CPU only.

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
    if batch_size < 1:
        raise ZsbirError(f"batch_size must be 1 or more, not {batch_size}")
    if workers is not None and workers < 1:
        raise ZsbirError(f"workers must be 1 or more, not {workers}")
    if device is not None:
        backbone = backbone.to(device)
    if mixed_precision and backbone.device.type not in ("cpu", "cuda"):
        raise ZsbirError(f"mixed_precision is for CUDA and the CPU, not {backbone.device.type}")
    job = _Job(dataset, backbone, batch_size, on_error, workers, progress, mixed_precision)
    if cache is False:
        memory = io.BytesIO()
        skipped = job.run(memory, None, 0, [])
        rows = np.frombuffer(memory.getbuffer(), dtype="<f4").reshape(job.shape)
    else:
        parent = cache_dir("features") if cache is True else Path(cache)
        rows, skipped = _Cache(parent, job).rows()
    return job.feature_set(rows, skipped)


@dataclass(frozen=True)
class _Job:
    """One extraction: the images in order, and how they are computed."""

    dataset: SketchPhotoDataset
    backbone: Backbone
    batch_size: int
    on_error: str
    workers: int | None
    progress: bool | None
    mixed_precision: bool

    @property
    def shape(self) -> tuple[int, int]:
        """Rows (photos, then sketches) and numbers a row."""
        count = len(self.dataset.photo_labels) + len(self.dataset.sketch_labels)
        return count, self.backbone.dim

    @property
    def blocks(self) -> int:
        return -(-self.shape[0] // self.batch_size)

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
            "precision": "mixed" if self.mixed_precision else "float32",
            "shape": list(self.shape),
        }

    @property
    def rounding(self) -> dict[str, Any]:
        """What the last digit depends on too. A run continues another only if these agree."""
        return {
            "batch_size": self.batch_size,
            "device": self.backbone.device.type,
            "threads": torch.get_num_threads(),
            "torch": torch.__version__,
        }

    def image(self, row: int) -> Image.Image:
        photos = len(self.dataset.photo_labels)
        return self.dataset.photo(row) if row < photos else self.dataset.sketch(row - photos)

    def image_id(self, row: int) -> str:
        """Name an image, such as ``photo cow/n01887787_1010``."""
        photos = len(self.dataset.photo_labels)
        if row < photos:
            return f"photo {self.dataset.photo_ids[row]}"
        return f"sketch {self.dataset.sketch_ids[row - photos]}"

    def run(
        self, rows: io.BufferedIOBase, journal: Any | None, done: int, skipped: Sequence[int]
    ) -> list[int]:
        """Compute block `done` and all after it, append them to `rows`; return the skipped rows."""
        skipped = list(skipped)
        first = done * self.batch_size
        bar = progress_bar(
            show=self.progress,
            total=self.shape[0],
            initial=min(first, self.shape[0]),
            desc=f"{self.backbone.name} features of {self.dataset.name}",
            unit="image",
        )
        loader = _Loader(self, first)
        with bar, loader, torch.inference_mode(), self._autocast():
            for start, images, failures in loader:
                if failures and self.on_error == "raise":
                    row, error = failures[0]
                    raise ZsbirError(
                        f"cannot read {self.image_id(row)} ({error}): repair it, or pass "
                        "on_error='skip' to leave it out"
                    )
                images = images.to(self.backbone.device, non_blocking=True)
                features = self.backbone.module(images).float().cpu().numpy()
                for row, _ in failures:
                    features[row - start] = 0
                bad = ~np.isfinite(features).all(axis=1)
                if bad.any():
                    name = self.image_id(start + int(bad.argmax()))
                    raise ZsbirError(f"{self.backbone.name} returns NaN or infinity for {name}")
                block = np.ascontiguousarray(features, dtype="<f4").data
                rows.write(block)
                failed = [row for row, _ in failures]
                skipped += failed
                if journal is not None:
                    rows.flush()
                    entry = {"sha256": hashlib.sha256(block).hexdigest(), "skipped": failed}
                    journal.write(json.dumps(entry) + "\n")
                    journal.flush()
                bar.update(len(features))
        return skipped

    def _autocast(self) -> Any:
        if not self.mixed_precision:
            return nullcontext()
        kind = self.backbone.device.type
        bfloat16 = kind == "cpu" or torch.cuda.is_bf16_supported(including_emulation=False)
        return torch.autocast(kind, dtype=torch.bfloat16 if bfloat16 else torch.float16)

    def feature_set(self, rows: np.ndarray, skipped: Sequence[int]) -> FeatureSet:
        """Give the rows their labels, without those that were skipped."""
        dataset = self.dataset
        photos = len(dataset.photo_labels)
        kept = np.ones(len(rows), dtype=bool)
        kept[list(skipped)] = False
        keep_photo, keep_sketch = kept[:photos], kept[photos:]
        drawn_from = np.asarray(dataset.sketch_photos)[keep_sketch]
        number = np.where(keep_photo, np.cumsum(keep_photo) - 1, -1)
        # The appended -1 is what index -1, "photo absent", reads.
        sketch_photos = np.append(number, -1)[drawn_from]
        features = torch.from_numpy(rows.astype(np.float32, copy=not rows.flags.writeable))
        return FeatureSet(
            photos=features[:photos] if keep_photo.all() else features[:photos][keep_photo],
            sketches=features[photos:] if keep_sketch.all() else features[photos:][keep_sketch],
            photo_labels=_int64(np.asarray(dataset.photo_labels)[keep_photo]),
            sketch_labels=_int64(np.asarray(dataset.sketch_labels)[keep_sketch]),
            sketch_photos=_int64(sketch_photos),
            photo_ids=tuple(dataset.photo_ids[i] for i in np.flatnonzero(keep_photo)),
            sketch_ids=tuple(dataset.sketch_ids[i] for i in np.flatnonzero(keep_sketch)),
            class_names=dataset.class_names,
            split=dataset.split,
            dataset=dataset.name,
            backbone=self.backbone.name,
            weights_id=self.backbone.weights_id,
            skipped=tuple(self.image_id(row) for row in sorted(skipped)),
        )


class _Loader:
    """Blocks of decoded images, in order, made ahead of time by background threads.

    Iterating yields ``(first row, images, failures)``: a tensor (block, 3, s, s) and a list of
    ``(row, error)``. A tensor's memory is used again: it holds until the next one is asked for.
    """

    def __init__(self, job: _Job, first: int) -> None:
        self._job = job
        self._starts = range(first, job.shape[0], job.batch_size)
        accelerated = job.backbone.device.type != "cpu"
        cores = os.cpu_count() or 1
        # On the CPU the network itself uses every core, and one block ahead keeps it fed.
        self._workers = job.workers or (min(cores, 16) if accelerated else min(cores, 4))
        self._ahead = 4 if accelerated else 1
        self._pinned = job.backbone.device.type == "cuda"
        self._buffers: list[Tensor] = []

    def __enter__(self) -> _Loader:
        self._pool = ThreadPoolExecutor(self._workers, thread_name_prefix="zsbir-decode")
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def __iter__(self) -> Iterator[tuple[int, Tensor, list[tuple[int, Exception]]]]:
        waiting: deque[tuple[int, Tensor, list[Future]]] = deque()
        for start in self._starts:
            waiting.append(self._submit(start))
            if len(waiting) > self._ahead:
                yield from self._collect(waiting.popleft())
        while waiting:
            yield from self._collect(waiting.popleft())

    def _collect(
        self, block: tuple[int, Tensor, list[Future]]
    ) -> Iterator[tuple[int, Tensor, list[tuple[int, Exception]]]]:
        start, buffer, futures = block
        failures = [failure for future in futures for failure in future.result()]
        yield start, buffer[: min(self._job.batch_size, self._job.shape[0] - start)], failures
        self._buffers.append(buffer)

    def _submit(self, start: int) -> tuple[int, Tensor, list[Future]]:
        stop = min(start + self._job.batch_size, self._job.shape[0])
        buffer = self._buffers.pop() if self._buffers else self._new_buffer()
        pixels = buffer.numpy()
        futures = [
            self._pool.submit(self._decode, row, min(row + _CHUNK, stop), pixels[row - start :])
            for row in range(start, stop, _CHUNK)
        ]
        return start, buffer, futures

    def _new_buffer(self) -> Tensor:
        size = self._job.backbone.input_size
        blank = self._job.backbone.transform(Image.new("RGB", (size, size)))
        return torch.empty(
            (self._job.batch_size, *blank.shape),
            dtype=blank.dtype,
            memory_format=torch.channels_last,
            pin_memory=self._pinned,
        )

    def _decode(self, first: int, stop: int, pixels: np.ndarray) -> list[tuple[int, Exception]]:
        failures = []
        for place, row in enumerate(range(first, stop)):
            try:
                tensor = self._job.backbone.transform(self._job.image(row))
            except _UNREADABLE as error:
                # Zeros, not what the buffer held before: a block's numbers may depend on all of
                # its images in the last digit.
                pixels[place] = 0
                failures.append((row, error))
            else:
                # Copied by numpy, which would not start PyTorch's threads from this one.
                pixels[place] = tensor.numpy()
        return failures


class _Cache:
    """The folder of one extraction: ``features.npy`` and ``features.json`` once it is finished."""

    def __init__(self, parent: Path, job: _Job) -> None:
        self.job = job
        digest = hashlib.sha256(json.dumps(job.key, sort_keys=True).encode()).hexdigest()
        self.folder = parent / f"{job.dataset.name}-{job.backbone.name}-{digest[:12]}"
        self.finished = self.folder / "features.npy"
        self.metadata = self.folder / "features.json"
        self.partial = self.folder / "partial.npy"
        self.journal = self.folder / "partial.jsonl"

    def rows(self) -> tuple[np.ndarray, list[int]]:
        """Return all features and the numbers of the skipped rows, computed if need be."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with _only_one(self.folder / "lock"):
                skipped = self._read()
                if skipped is None:
                    skipped = self._compute()
                return np.load(self.finished), skipped
        except OSError as error:
            raise ZsbirError(f"cannot use the feature cache {self.folder}: {error}") from None

    def _read(self) -> list[int] | None:
        """Check the finished file; return its skipped rows, or None if it is not to be used."""
        if not (self.finished.exists() and self.metadata.exists()):
            return None
        try:
            metadata = json.loads(self.metadata.read_text(encoding="utf-8"))
            intact = metadata["key"] == self.job.key and metadata["sha256"] == sha256(self.finished)
            skipped = [int(row) for row in metadata["skipped"]]
        except (ValueError, KeyError, TypeError):
            intact = False
        if not intact:
            logger.warning(
                "%s is damaged (its checksum is not that of %s): computing the features again",
                self.finished,
                self.metadata.name,
            )
            return None
        for row in skipped:
            try:
                self.job.backbone.transform(self.job.image(row))
            except _UNREADABLE as error:
                if self.job.on_error == "raise":
                    raise ZsbirError(
                        f"cannot read {self.job.image_id(row)} ({error}): repair it, or pass "
                        "on_error='skip' to leave it out"
                    ) from None
            else:
                logger.warning(
                    "%s was skipped and can be read now: computing the features again",
                    self.job.image_id(row),
                )
                return None
        return skipped

    def _compute(self) -> list[int]:
        """Continue or begin the partial file, and move it to its place when all is there."""
        done, skipped = self._resume()
        with open(self.partial, "ab") as rows, open(self.journal, "a", encoding="utf-8") as journal:
            skipped = self.job.run(rows, journal, done, skipped)
        # The metadata first: with it alone, an interruption here only means to come back.
        write_json(
            self.metadata,
            {
                "key": self.job.key,
                "rounding": self.job.rounding,
                "sha256": sha256(self.partial),
                "skipped": skipped,
            },
        )
        os.replace(self.partial, self.finished)
        self.journal.unlink()
        return skipped

    def _resume(self) -> tuple[int, list[int]]:
        """Cut the partial file behind its last good block; return the blocks and skipped rows."""
        header = _npy_header(self.job.shape)
        about = {"key": self.job.key, "rounding": self.job.rounding}
        lines, skipped, size = [], [], len(header)
        try:
            first, *entries = self.journal.read_text(encoding="utf-8").splitlines()
            with open(self.partial, "rb") as rows:
                if json.loads(first) == about and rows.read(size) == header:
                    for entry in entries:
                        block = rows.read(4 * self._block_rows(len(lines)) * self.job.shape[1])
                        entry = json.loads(entry)
                        if hashlib.sha256(block).hexdigest() != entry["sha256"]:
                            break
                        skipped += entry["skipped"]
                        lines.append(json.dumps(entry))
                        size += len(block)
        except (OSError, ValueError, KeyError, TypeError):
            pass  # Whatever was read until then is good; the rest is computed again.
        if self.job.on_error == "raise" and skipped:
            # The run that was interrupted left images out. This one must meet them again.
            keep = min(skipped) // self.job.batch_size
            lines, skipped = lines[:keep], []
            size = len(header) + 4 * keep * self.job.batch_size * self.job.shape[1]
        with open(self.partial, "r+b" if lines else "wb") as rows:
            rows.write(header)
            rows.truncate(size)
        self.journal.write_text("\n".join([json.dumps(about), *lines]) + "\n", encoding="utf-8")
        return len(lines), skipped

    def _block_rows(self, block: int) -> int:
        return max(0, min(self.job.batch_size, self.job.shape[0] - block * self.job.batch_size))


def _npy_header(shape: tuple[int, int]) -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        stream, {"descr": "<f4", "fortran_order": False, "shape": shape}
    )
    return stream.getvalue()


@contextmanager
def _only_one(path: Path) -> Iterator[None]:
    """Let one process (or thread) at a time into the block; the others wait.

    The operating system takes the lock back from a process that dies. Where the file system knows
    no locks (some network drives), the block is entered without one.
    """
    with open(path, "a+b") as stream:
        announced = False
        while True:
            try:
                _lock(stream)
                break
            except OSError as error:
                if error.errno not in (errno.EACCES, errno.EAGAIN, errno.EDEADLK):
                    break
            if not announced:
                logger.info("another process computes %s: waiting for it", path.parent)
                announced = True
            time.sleep(0.2)
        yield
        # Closing the file gives the lock back.


def _lock(stream: Any) -> None:
    if os.name == "nt":
        import msvcrt

        stream.seek(0)
        msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _int64(values: np.ndarray) -> Tensor:
    return torch.from_numpy(values.astype(np.int64))
