"""Drawing the pictures of a recipe into the store, in parallel, when the first is asked for.

Each class is two pieces of the entry, photos and sketches. So an interrupted drawing goes on where
it stopped, and a damaged file is found when it is opened, named, and drawn again.
"""

from __future__ import annotations

import os
from functools import partial
from typing import Any

import numpy as np

from zsbir_lib.datasets.toybox.instance import Toy
from zsbir_lib.datasets.toybox.recipe import Recipe
from zsbir_lib.progress import progress_bar
from zsbir_lib.store import Draft, Entry, Store

KINDS = ("photos", "sketches")
STORE_KIND = "toybox"


def draw_class(recipe: Recipe, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Draw all pictures of a class.

    Returns
    -------
    photos : ndarray of uint8, shape (n_photos, size, size, 3)
    sketches : ndarray of uint8, shape (n_drawn, n_sketches, size, size)
    """
    counts, size = recipe.classes[name], recipe.image_size
    photos = np.empty((counts.photos, size, size, 3), dtype=np.uint8)
    sketches = np.empty((counts.drawn, counts.sketches, size, size), dtype=np.uint8)
    for instance in range(counts.photos):
        toy = Toy(name, instance, recipe.seed)
        photos[instance] = toy.photo(size=size, clutter=recipe.clutter)
        if instance < counts.drawn:
            for k in range(counts.sketches):
                sketches[instance, k] = toy.sketch(k, size=size, abstraction=recipe.abstraction)
    return photos, sketches


def piece_name(name: str, kind: str) -> str:
    """Return what the piece of the store is called that holds one `kind` of the class `name`."""
    return f"{name}.{kind}.npy"


class Pictures:
    """The pictures of a recipe, drawn into the cache when the first of them is asked for.

    Parameters
    ----------
    recipe
        What to draw.
    label
        What the folder in the cache is called.
    workers
        Processes to draw with; by default one for each processor. The pictures do not depend on it.
    progress
        Show a progress bar while drawing; by default on a terminal only.
    root
        Folder of the store; the library's cache by default.
    """

    def __init__(
        self,
        recipe: Recipe,
        label: str = "",
        *,
        root: str | os.PathLike | None = None,
        workers: int | None = None,
        progress: bool | None = None,
    ) -> None:
        self.recipe = recipe
        self._label, self._workers, self._progress = label, workers, progress
        self._store = Store(root)
        self._entry: Entry | None = None
        self._checked = False
        self._open: dict[tuple[str, str], np.ndarray] = {}

    def __getstate__(self) -> dict[str, Any]:
        # What other processes need is the files' names, not a copy of all pictures.
        return {**self.__dict__, "_open": {}}

    def of(self, name: str, kind: str) -> np.ndarray:
        """Return all photos or sketches of a class, as `draw_class` does, from the disk.

        Parameters
        ----------
        name
            The class.
        kind
            One of `KINDS`.

        Raises
        ------
        ZsbirError
            If they have to be drawn, and cannot be kept.
        """
        if (name, kind) not in self._open:
            piece = piece_name(name, kind)
            entry = self._entry or self.draw(check=False)
            if not (self._checked or entry.is_intact(piece)):
                entry = self.draw()
            self._open[name, kind] = np.load(entry.path(piece), mmap_mode="r", allow_pickle=False)
        return self._open[name, kind]

    def draw(self, *, check: bool = True) -> Entry:
        """Make sure that all pictures are drawn, and return where they are kept.

        Parameters
        ----------
        check
            Look for damage in all files that are there, and draw again what is damaged.
        """
        key = self.recipe.key
        self._entry = self._store.get(STORE_KIND, key, self._make, label=self._label, check=check)
        self._checked = self._checked or check
        return self._entry

    def find(self) -> Entry | None:
        """Return where the pictures are kept if all are drawn, damaged or not; draw nothing."""
        return self._store.find(STORE_KIND, self.recipe.key, check=False)

    def _make(self, draft: Draft) -> None:
        from zsbir_lib.parallel import run_all

        classes = list(self.recipe.classes)
        todo = [
            name
            for name in classes
            if any(draft.find(piece_name(name, kind)) is None for kind in KINDS)
        ]
        bar = progress_bar(
            total=len(todo), show=self._progress, desc="Drawing the Toybox", unit="class"
        )
        shared = (draft, self.recipe)
        with bar, run_all(_keep_class, todo, shared=shared, workers=self._workers) as done:
            for _ in done:
                bar.update()
        for name in classes:  # what other processes wrote is known to them only
            _keep_class(name, draft, self.recipe)


def _keep_class(name: str, draft: Draft, recipe: Recipe) -> None:
    """Draw the pictures of a class into an entry of the store, unless they are there."""
    pieces = [piece_name(name, kind) for kind in KINDS]
    if all(draft.find(piece) is not None for piece in pieces):
        return
    for piece, array in zip(pieces, draw_class(recipe, name), strict=True):
        draft.piece(piece, partial(np.save, arr=array))
