"""The ground of the capstone: classes to learn from, to rehearse on, and hidden ones.

All are seen classes of the paper's split. The variant divides them in three. Features come with
the library, and each division turns them by a rotation of its own, the same for sketches and
photos: cosines stay what they are, and what was learnt elsewhere, or written down, fits nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from zsbir_lib.datasets import ZeroShotSplit
from zsbir_lib.drawings import (
    normalise_drawing,
    read_all_strokes,
    read_drawing,
    render_strokes,
)
from zsbir_lib.drawings.stroke_files import holds_strokes
from zsbir_lib.errors import ZsbirError
from zsbir_lib.features import FeatureSet, Pairs, RetrievalTask, load_backbone
from zsbir_lib.files import load_tensors

FEATURES = Path(__file__).with_name("capstone.safetensors")
"""Features of pairs, as ``tools/capstone_features.py`` writes them."""
PAIRS = 6
"""Objects of each class, with a sketch and a photo each; also K, the depth of mAP@K."""
HELD = 24
"""Classes to rehearse on, and as many hidden ones; the others are to learn from."""
LEARN_FEW, ASK_FEW = 16, 8
"""Classes of the round that shows how a method behaves."""
FIELDS = ("sketches", "photos", "photo_index", "labels", "photo_labels")
"""Of `zsbir_lib.features.Pairs`, which a method is given."""
MOST_DRAWINGS = 8
"""Drawings of each class, where a course brings them."""
_DECIMALS = 3  # the same numbers, whether they travel as text or not


@dataclass(frozen=True)
class Packaged:
    """The file of features.

    Attributes
    ----------
    classes : tuple of str
        Names.
    sketches, photos : Tensor of float32, shape (classes, `PAIRS`, d)
        A sketch, and the photo that it was drawn from.
    weights, drawings : str
        Which weights of ToyNet, and which version of the Toybox's drawings, they are of.
    """

    classes: tuple[str, ...]
    sketches: Tensor
    photos: Tensor
    weights: str
    drawings: str


@lru_cache(maxsize=1)
def packaged() -> Packaged:
    """Return the features that ship with the library."""
    tensors, about = load_tensors(FEATURES, "capstone's features")
    sketches, photos = (tensors[name].float() for name in ("sketches", "photos"))
    classes = tuple(json.loads(about["classes"]))
    return Packaged(classes, sketches, photos, about["weights"], about["drawings"])


@dataclass(frozen=True)
class Round:
    """One time that a method is asked: what it learns from, and what it then has to find.

    Attributes
    ----------
    pairs : Pairs
        Of the classes to learn from.
    task : RetrievalTask
        Sketches and photos of other classes, in an order that tells nothing.
    """

    pairs: Pairs
    task: RetrievalTask

    @cached_property
    def arguments(self) -> tuple[dict[str, Any], list, list]:
        """What the student's function is called with, in which is no label of what is asked."""
        train = {name: _numbers(getattr(self.pairs, name)) for name in FIELDS}
        return train, _numbers(self.task.queries), _numbers(self.task.gallery)


class Ground:
    """The classes of a variant, divided in three.

    Parameters
    ----------
    variant
        Chooses which classes are which.

    Attributes
    ----------
    learn, rehearse, hidden : tuple of str
        Names of classes.
    """

    def __init__(self, variant: int) -> None:
        names = packaged().classes
        order = [names[i] for i in np.random.default_rng([variant, 0]).permutation(len(names))]
        self.hidden, self.rehearse, self.learn = (
            tuple(sorted(part))
            for part in (order[:HELD], order[HELD : 2 * HELD], order[2 * HELD :])
        )
        self._seed = [variant, 1]
        self._made: dict[tuple, Round] = {}

    @cached_property
    def features(self) -> FeatureSet:
        """What a student has, with `learn` as the seen classes and `rehearse` as unseen ones."""
        return turned_features(self.learn, self.rehearse, np.random.default_rng(self._seed))

    @cached_property
    def rehearsal(self) -> Round:
        """The round on the classes to rehearse on."""
        return Round(self.features.pairs(), self.features.task())

    @cached_property
    def held_out(self) -> Round:
        """The round of the first inner split of `zsbir_lib.protocols.choose`."""
        inner = self.features.with_split(self.features.split.inner(0.15, 0))
        return Round(inner.pairs(), inner.task())

    def final(self, seed: tuple[int, ...], drawings: Mapping[str, Tensor] | None = None) -> Round:
        """Return the round on the hidden classes.

        Parameters
        ----------
        seed
            Of the rotation and the order.
        drawings
            Features of drawings by people, by class, which then ask in place of the sketches.
        """
        key = (seed, None if drawings is None else id(drawings))
        if key not in self._made:
            features = turned_features(self.learn, self.hidden, np.random.default_rng(list(seed)),
                                    drawings)  # fmt: skip
            self._made[key] = Round(features.pairs(), features.task())
        return self._made[key]

    def small(self, seed: tuple[int, ...]) -> Round:
        """Return a round on few of the classes to learn from, to see how a method behaves.

        Parameters
        ----------
        seed
            Chooses the classes.
        """
        if (seed, "small") not in self._made:
            rng = np.random.default_rng([*seed, 3])
            few = rng.choice(self.learn, LEARN_FEW + ASK_FEW, replace=False).tolist()
            features = turned_features(few[:LEARN_FEW], few[LEARN_FEW:], rng)
            self._made[seed, "small"] = Round(features.pairs(), features.task())
        return self._made[seed, "small"]


def _numbers(tensor: Tensor) -> list:
    if not tensor.is_floating_point():
        return tensor.tolist()
    return tensor.double().numpy().round(_DECIMALS).tolist()


def turned_features(
    seen: Sequence[str],
    unseen: Sequence[str],
    rng: np.random.Generator,
    drawings: Mapping[str, Tensor] | None = None,
) -> FeatureSet:
    """Return features of some classes, turned by one rotation, their rows mixed.

    Parameters
    ----------
    seen, unseen
        Names of classes, as the split of the features has them.
    rng
        Draws the rotation and the order.
    drawings
        Features of people's drawings by class, in place of the sketches of `unseen` classes.
    """
    known = packaged()
    turn, signs = np.linalg.qr(rng.normal(size=(known.photos.shape[2],) * 2))
    turn = turn * np.sign(np.diag(signs))  # as the mathematics has it, whatever the library
    names = sorted([*seen, *unseen])
    places = [known.classes.index(name) for name in names]
    n = len(names) * PAIRS
    labels = np.repeat(np.arange(len(names)), PAIRS)
    photos = known.photos[places].reshape(n, -1).double().numpy()
    sketches = known.sketches[places].reshape(n, -1).double().numpy()
    drawn_from, of_sketch = np.arange(n), labels
    if drawings is not None:
        keep = np.isin(labels, [names.index(name) for name in seen])
        brought = [name for name in names if name in drawings and name in set(unseen)]
        more = np.concatenate([drawings[name].double().numpy() for name in brought])
        counts = [len(drawings[name]) for name in brought]
        sketches = np.concatenate([sketches[keep], more])
        drawn_from = np.concatenate([drawn_from[keep], np.full(len(more), -1)])
        own = np.repeat([names.index(name) for name in brought], counts)
        of_sketch = np.concatenate([labels[keep], own])
    photo_order, sketch_order = rng.permutation(n), rng.permutation(len(sketches))
    place_of = np.append(np.argsort(photo_order), -1)  # -1 stays -1
    return FeatureSet(
        photos=_turned(photos[photo_order], turn),
        sketches=_turned(sketches[sketch_order], turn),
        photo_labels=torch.from_numpy(labels[photo_order]),
        sketch_labels=torch.from_numpy(of_sketch[sketch_order]),
        sketch_photos=torch.from_numpy(place_of[drawn_from[sketch_order]]),
        photo_ids=tuple(f"photo {i}" for i in range(n)),
        sketch_ids=tuple(f"sketch {i}" for i in range(len(sketches))),
        class_names=tuple(names),
        split=ZeroShotSplit("capstone", tuple(seen), tuple(unseen)),
        dataset="toybox",
        backbone="toynet",
        weights_id=known.weights,
    )


def _turned(rows: np.ndarray, turn: np.ndarray) -> Tensor:
    return torch.from_numpy((rows @ turn).round(_DECIMALS)).float()


@lru_cache(maxsize=4)
def brought_drawings(folder: Path) -> Mapping[str, Tensor]:
    """Return features of people's drawings by class, for the classes of `packaged`.

    Parameters
    ----------
    folder
        Holds ``CLASS.ndjson``, in the form of Quick, Draw!, or folders ``CLASS/`` of images or
        stroke files. The first `MOST_DRAWINGS` of each class count.

    Raises
    ------
    ZsbirError
        If there is no drawing of any of these classes, or one cannot be read.
    """
    if not folder.is_dir():
        raise ZsbirError(f"{folder} is no folder of drawings")
    backbone = load_backbone("toynet")
    found = {}
    for name in packaged().classes:
        files = [folder / f"{name}.ndjson", *sorted((folder / name).glob("[!.]*"))]
        drawn = chain.from_iterable(_pictures(file, backbone.input_size) for file in files
                                    if file.is_file())  # fmt: skip
        if pictures := list(islice(drawn, MOST_DRAWINGS)):
            found[name] = backbone.for_sketches().features(pictures)
    if not found:
        raise ZsbirError(
            f"{folder} has no drawing of a seen class: it must hold CLASS.ndjson, or folders "
            f"CLASS/ of drawings, with names such as {', '.join(packaged().classes[:3])}"
        )
    return found


def _pictures(file: Path, size: int) -> Iterator[Image.Image]:
    """Give the drawings of a file as the Toybox's sketches are: of their size, with their pen."""
    if not holds_strokes(file):
        yield normalise_drawing(read_drawing(file), size=size, what=f"the drawing {file}")
        return
    for stored in read_all_strokes(file):
        if stored.error is not None:
            raise stored.error
        yield render_strokes(stored.strokes, size=size)
