"""A data set's images, decoded ahead of the network by PyTorch's own `DataLoader`.

Worker processes decode where that pays: beside a card, or many cores. They are forked, so that they
know the data set of a plain script or a notebook as it is. Where a system cannot fork safely, or
there are few images, threads of this process decode one batch ahead.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import struct
import sys
import warnings
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from zsbir_lib.datasets.base import SketchPhotoDataset
from zsbir_lib.errors import ZsbirError, argument

# What Pillow raises for a damaged image, and what a data set may raise for a missing one.
UNREADABLE = (OSError, SyntaxError, ValueError, struct.error, Image.DecompressionBombError)

Transform = Callable[[Image.Image], Tensor]

_PREFETCH = 2  # batches that each worker process decodes ahead
_WORTH_PROCESSES = 1024  # images; below, starting processes takes longer than decoding


@dataclass(frozen=True)
class Batch:
    """Some images, decoded.

    Attributes
    ----------
    images : Tensor, shape (n, 3, s, s)
        As the backbone takes them; zeros for an image that cannot be read.
    failures : list of (int, str)
        The row of each image that cannot be read, and the reason.
    """

    images: Tensor
    failures: list[tuple[int, str]]

    def pin_memory(self) -> Batch:
        """Return the batch in memory that a card reads without a copy in between."""
        return Batch(self.images.pin_memory(), self.failures)


class Images(Dataset):
    """The images of a data set by row: its photos, then its sketches.

    Parameters
    ----------
    dataset
        Where the images come from.
    transform
        Maps an image to the tensor that a network takes.
    size
        Side of the blank image that stands for those that cannot be read.
    """

    def __init__(self, dataset: SketchPhotoDataset, transform: Transform, size: int) -> None:
        self.dataset, self.transform = dataset, transform
        self.photos = len(dataset.photo_labels)
        self.threads = 1
        self._blank = torch.zeros_like(transform(Image.new("RGB", (size, size))))

    def __len__(self) -> int:
        return self.photos + len(self.dataset.sketch_labels)

    @property
    def image_bytes(self) -> int:
        """Bytes of one decoded image."""
        return self._blank.numel() * self._blank.element_size()

    def __getitem__(self, row: int) -> Tensor:
        photo = row < self.photos
        image = self.dataset.photo(row) if photo else self.dataset.sketch(row - self.photos)
        return self.transform(image)

    def __getitems__(self, rows: Sequence[int]) -> Batch:
        """Return the images of some rows; PyTorch's `DataLoader` asks for them."""
        images = torch.empty(
            (len(rows), *self._blank.shape),
            dtype=self._blank.dtype,
            memory_format=torch.channels_last if self._blank.ndim == 3 else torch.contiguous_format,
        )
        # Copied by numpy, which would not start PyTorch's threads from this one.
        pixels, failures = images.numpy(), {}

        def decode(place: int) -> None:
            try:
                pixels[place] = self[rows[place]].numpy()
            except UNREADABLE as error:
                # Zeros, not what the memory held before: a batch's numbers may depend on all of
                # its images in the last digit.
                pixels[place] = 0
                failures[rows[place]] = str(error) or type(error).__name__

        if self.threads == 1:
            for place in range(len(rows)):
                decode(place)
        else:
            with ThreadPoolExecutor(self.threads, thread_name_prefix="zsbir-decode") as pool:
                list(pool.map(decode, range(len(rows))))
        return Batch(images, sorted(failures.items()))

    def reason(self, row: int) -> str | None:
        """Return why an image cannot be read, None if it can."""
        try:
            self[row]
        except UNREADABLE as error:
            return str(error) or type(error).__name__
        return None

    def identity(self, row: int) -> str:
        """Name an image, such as ``photo cow/n01887787_1010``."""
        if row < self.photos:
            return f"photo {self.dataset.photo_ids[row]}"
        return f"sketch {self.dataset.sketch_ids[row - self.photos]}"


def decoded(
    images: Images, batches: Sequence[list[int]], device: torch.device, workers: int | None
) -> Generator[Batch, None, None]:
    """Yield batches of images in the order given, made ahead of time.

    However the iteration ends, no process and no thread stays behind.

    Parameters
    ----------
    images
        What to decode.
    batches
        The rows of each batch.
    device
        Where the network is: the batches for a card lie in pinned memory.
    workers
        Processes that decode (threads where processes cannot be had); None chooses.

    Raises
    ------
    ZsbirError
        If a worker process dies.
    """
    processes, images.threads = _share(images, batches, device, workers)
    with warnings.catch_warnings():
        # Of more workers than cores, which is the caller's choice, and of forking beside threads,
        # none of which the workers use.
        warnings.simplefilter("ignore")
        loader = DataLoader(
            images,
            batch_sampler=batches,
            collate_fn=_as_it_is,
            num_workers=processes,
            pin_memory=device.type == "cuda",
            prefetch_factor=_PREFETCH if processes else None,
            multiprocessing_context="fork" if processes else None,
            # The seed of the workers must not be drawn from the caller's random numbers.
            generator=torch.Generator(),
        )
        iterator: Any = iter(loader)  # only with processes can it be shut down
    if not processes:
        yield from _one_ahead(iterator)
        return
    try:
        yield from iterator
    except RuntimeError as error:
        if "DataLoader worker (pid" not in str(error):
            raise
        raise ZsbirError(
            f"a process that decodes images died ({str(error).splitlines()[0]}): try again with "
            f"{argument('workers', 1)} or less memory in use elsewhere"
        ) from None
    finally:
        iterator._shutdown_workers()


def _one_ahead(batches: Iterator[Batch]) -> Iterator[Batch]:
    """Yield what an iterator gives, having a thread make the next one meanwhile."""
    with ThreadPoolExecutor(1, thread_name_prefix="zsbir-ahead") as pool:
        following = pool.submit(next, batches, None)
        while (batch := following.result()) is not None:
            following = pool.submit(next, batches, None)
            yield batch


def _as_it_is(batch: Any) -> Any:
    return batch


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _share(
    images: Images, batches: Sequence[Sequence[int]], device: torch.device, workers: int | None
) -> tuple[int, int]:
    """Return how many processes should decode, and how many threads in each, or in this one."""
    cores, count = _cores(), sum(map(len, batches))
    if workers is not None:
        wanted = workers
    elif count < _WORTH_PROCESSES:
        wanted = 1
    else:
        # On the CPU the network itself uses every core.
        wanted = min(cores, 16) if device.type != "cpu" else cores // 4
    # Forking is safe where it is the system's own way; a worker of somebody's pool may not.
    if sys.platform != "linux" or multiprocessing.current_process().daemon:
        return 0, max(1, wanted)
    # Batches travel in shared memory, of which containers often have little.
    batch_bytes = images.image_bytes * max(map(len, batches), default=0)
    room = shutil.disk_usage("/dev/shm").free // max(1, (_PREFETCH + 1) * batch_bytes)
    processes = min(wanted, len(batches), room)
    return (processes, 1) if processes > 1 else (0, max(1, wanted))
