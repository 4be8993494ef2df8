"""The Toybox as a data set, drawn into the cache when its first picture is asked for."""

from __future__ import annotations

import copy
import os
from pathlib import Path

import numpy as np
from PIL import Image

from zsbir_lib.datasets.base import SketchPhotoDataset, ZeroShotSplit
from zsbir_lib.datasets.splits import load_split
from zsbir_lib.datasets.toybox.attributes import ATTRIBUTES
from zsbir_lib.datasets.toybox.generation import Pictures
from zsbir_lib.datasets.toybox.instance import Toy
from zsbir_lib.datasets.toybox.recipe import PAPER_SPLIT, toybox_recipe
from zsbir_lib.datasets.toybox.registry import toy_class


class Toybox(SketchPhotoDataset):
    """Pictures and sketches of toys, with the classes and the split of the Sketchy database.

    The first picture that is asked for draws a size, with a progress bar; later uses read it from
    the cache, and check it while they do.

    Parameters
    ----------
    size
        ``"mini"``: 30 photos of each seen class, 40 of each unseen one, two sketches for 20 of
        them; for chapters and tests. ``"full"``: 150 and 200 photos, six sketches for 100 of them,
        which gives the paper's 10,400 training photos.
    split
        Name of a shipped split, path of a text file of unseen classes, or a `ZeroShotSplit`.
        The default is the paper's. The number of pictures of a class is set by the paper's split,
        whatever is passed here.
    image_size, clutter, abstraction, seed
        Side of a picture in pixels, difficulty of the photos and of the sketches, and seed; see
        `zsbir_lib.datasets.toybox.recipe.Recipe`. The shipped ToyNet learnt from photos of seed 1:
        take another one.
    workers
        Processes to draw with, one for each processor by default.
    progress
        Show a progress bar while drawing; by default on a terminal only.

    Attributes
    ----------
    size : str
        The named size.
    recipe : zsbir_lib.datasets.toybox.recipe.Recipe
        What the pictures depend on.

    Raises
    ------
    ZsbirError
        If the size or the split is unknown, or an option is out of range.
    """

    def __init__(
        self,
        size: str = "mini",
        *,
        split: str | os.PathLike | ZeroShotSplit = PAPER_SPLIT,
        image_size: int = 64,
        clutter: float = 0.5,
        abstraction: float = 1.3,
        seed: int = 0,
        workers: int | None = None,
        progress: bool | None = None,
    ) -> None:
        self.size = size
        self.recipe = toybox_recipe(
            size, image_size=image_size, clutter=clutter, abstraction=abstraction, seed=seed
        )
        self.name = f"toybox-{size}"
        self.class_names = tuple(sorted(self.recipe.classes))
        if not isinstance(split, ZeroShotSplit):
            split = load_split(split, self.class_names)
        self.split = self.check_split(split)
        self.fingerprint = self.recipe.identity
        self._pictures = Pictures(self.recipe, size, workers=workers, progress=progress)
        self._number()

    @property
    def folder(self) -> Path:
        """Where the pictures lie in the cache; they are drawn and checked if need be."""
        return self._pictures.draw().folder

    def prepare(self) -> None:
        """Draw and check all pictures now, once for all processes that will read them."""
        self._pictures.draw()

    def _number(self) -> None:
        """Give the images their numbers: by class, then instance, then sketch."""
        counts = [self.recipe.classes[name] for name in self.class_names]
        self.photo_ids = [
            f"{name}/{i:04}"
            for name, c in zip(self.class_names, counts, strict=True)
            for i in range(c.photos)
        ]
        self.sketch_ids = [
            f"{name}/{i:04}-{k + 1}"
            for name, c in zip(self.class_names, counts, strict=True)
            for i in range(c.drawn)
            for k in range(c.sketches)
        ]
        labels = np.arange(len(counts), dtype=np.int64)
        self.photo_labels = labels.repeat([c.photos for c in counts])
        self.sketch_labels = labels.repeat([c.drawn * c.sketches for c in counts])
        first = np.cumsum([0] + [c.photos for c in counts])
        self.sketch_photos = np.concatenate(
            [f + np.arange(c.drawn).repeat(c.sketches) for f, c in zip(first, counts, strict=False)]
        )
        self._first_photo = first
        self._first_sketch = np.cumsum([0] + [c.drawn * c.sketches for c in counts])

    def __repr__(self) -> str:
        return (
            f"Toybox({self.size!r}: {len(self.class_names)} classes, {len(self.photo_ids)} photos, "
            f"{len(self.sketch_ids)} sketches, split {self.split.name!r})"
        )

    def photo(self, index: int) -> Image.Image:
        """Return photo number `index` as an RGB image."""
        label = self.photo_labels[index]
        photos = self._pictures.of(self.class_names[label], "photos")
        return Image.fromarray(photos[index - self._first_photo[label]])

    def photo_alone(self, index: int) -> Image.Image:
        """Return photo number `index`, as `photo` does; where none is kept, it alone is drawn."""
        if self._pictures.find() is not None:
            return self.photo(index)
        drawn = self.toy(index).photo(size=self.recipe.image_size, clutter=self.recipe.clutter)
        return Image.fromarray(drawn)

    def sketch(self, index: int) -> Image.Image:
        """Return sketch number `index` as an RGB image, dark strokes on white."""
        label = self.sketch_labels[index]
        sketches = self._pictures.of(self.class_names[label], "sketches")
        drawn, number = divmod(int(index - self._first_sketch[label]), sketches.shape[1])
        return Image.fromarray(sketches[drawn, number]).convert("RGB")

    def toy(self, photo_index: int) -> Toy:
        """Return the toy in photo number `photo_index`, to render it anew: larger, say."""
        label = int(self.photo_labels[photo_index])
        instance = int(photo_index - self._first_photo[label])
        return Toy(self.class_names[label], instance, self.recipe.seed)

    def photo_arrays(self) -> np.ndarray:
        """Return all photos in memory, uint8 of shape (n_photos, size, size, 3)."""
        return np.concatenate([self._pictures.of(name, "photos") for name in self.class_names])

    def with_split(self, split: ZeroShotSplit) -> Toybox:
        """Return the same images under another split (nothing is copied)."""
        other = copy.copy(self)
        other.split = self.check_split(split)
        return other

    @property
    def attribute_names(self) -> tuple[str, ...]:  # type: ignore[override]  # nothing ever sets it
        """What the attributes are called, as in `zsbir_lib.datasets.toybox.attributes`."""
        return tuple(ATTRIBUTES)

    @property
    def class_attributes(self) -> np.ndarray:  # type: ignore[override]  # nothing ever sets it
        """Which attributes each class has, bool of shape (n_classes, n_attributes)."""
        known = [toy_class(name).attributes for name in self.class_names]
        return np.array([[name in own for name in self.attribute_names] for own in known])
