"""The images of triplets, decoded ahead of the network that learns from them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass

import torch
from torch import Tensor

from zsbir_lib.datasets import SketchPhotoDataset
from zsbir_lib.errors import ZsbirError
from zsbir_lib.features import Backbone
from zsbir_lib.features.decoding import Images, decoded
from zsbir_lib.methods.partners import Partners


@dataclass(frozen=True)
class TripletImages:
    """The images of a batch.

    Attributes
    ----------
    images : Tensor, shape (3n, 3, s, s)
        The sketches, then a photo of the class of each, then one of another class.
    mirrored : Tensor of bool, shape (3n,)
        Which of them are to be seen in a mirror.
    """

    images: Tensor
    mirrored: Tensor

    def on(self, device: torch.device) -> Tensor:
        """Return the images on a device, mirrored where they are to be."""
        images = self.images.to(device, non_blocking=True)
        return torch.where(self.mirrored.to(device)[:, None, None, None], images.flip(3), images)


class Triplets:
    """Draws triplets for the sketches of a data set, and reads their images.

    Parameters
    ----------
    dataset
        Of two classes or more, each with photos and sketches.
    backbone
        Says how images are prepared.
    generator
        On the CPU; draws photos and mirrors.
    workers
        Processes that decode; None chooses.
    """

    def __init__(
        self,
        dataset: SketchPhotoDataset,
        backbone: Backbone,
        generator: torch.Generator,
        workers: int | None,
    ) -> None:
        self.images = Images(dataset, backbone.transform, backbone.input_size)
        self.labels = torch.as_tensor(dataset.sketch_labels, dtype=torch.int64)
        photo_labels = torch.as_tensor(dataset.photo_labels, dtype=torch.int64)
        self.partners = Partners(photo_labels, generator)
        self.generator, self.workers = generator, workers

    def __len__(self) -> int:
        """Return the number of sketches, each of which is an anchor once in an epoch."""
        return len(self.labels)

    def ahead(self, batches: Sequence[Tensor], device: torch.device) -> Iterator[TripletImages]:
        """Yield the images of batches of sketches.

        Parameters
        ----------
        batches
            The sketches of each, as numbers of the data set.
        device
            Where they go.

        Raises
        ------
        ZsbirError
            If an image cannot be read; it is named.
        """
        rows, mirrors = [], []
        for sketches in batches:
            labels = self.labels[sketches]
            drawn = self.partners.same_class(labels), self.partners.other_class(labels)
            rows.append(torch.cat([sketches + self.images.photos, *drawn]).tolist())
            mirrors.append(torch.rand(len(rows[-1]), generator=self.generator) < 0.5)
        with closing(decoded(self.images, rows, device, self.workers)) as decoding:
            for mirrored, batch in zip(mirrors, decoding, strict=True):
                for row, reason in batch.failures:
                    raise ZsbirError(
                        f"cannot read {self.images.identity(row)} ({reason}): repair it, or take "
                        "it out of the data set"
                    )
                yield TripletImages(batch.images, mirrored)
