"""What is left of a data set once its images are features: pairs to learn from, a task to solve.

`FeatureSet` holds everything; `Pairs` is the part that a method's ``fit`` may see (seen classes
only), and `RetrievalTask` is the part it is tested on (unseen classes).
"""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from zsbir_lib.datasets.base import ZeroShotSplit
from zsbir_lib.errors import LabelError, NotFiniteError, UnknownNameError, ZsbirError
from zsbir_lib.files import atomic_path

_FORMAT = "zsbir-features-1"


@dataclass(frozen=True, eq=False)
class Pairs:
    """Sketches, the photo that each was drawn from, and the classes of both.

    Attributes
    ----------
    sketches : Tensor of float32, shape (n, d)
        Features of the sketches.
    photos : Tensor of float32, shape (m, d')
        Features of the photos, each once, however many sketches were drawn from it.
    photo_index : Tensor of int64, shape (n,)
        The row of `photos` that each sketch was drawn from.
    labels, photo_labels : Tensor of int64, shape (n,), (m,)
        Class of each sketch and each photo: an index into `class_names`.
    class_names : tuple of str
        All classes of the data set, also those that no row belongs to.

    Raises
    ------
    ZsbirError
        If shapes disagree, an index is out of range, a sketch and its photo differ in class, a
        feature is NaN or infinite, or there are no pairs, or pairs of one class only.
    """

    sketches: Tensor
    photos: Tensor
    photo_index: Tensor
    labels: Tensor
    photo_labels: Tensor
    class_names: tuple[str, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "class_names", tuple(self.class_names))
        check_features("sketches", self.sketches)
        check_features("photos", self.photos)
        n, m = len(self.sketches), len(self.photos)
        for name, length in (("photo_index", n), ("labels", n), ("photo_labels", m)):
            _check_integers(name, getattr(self, name), length)
        if n == 0:
            raise ZsbirError("there are no pairs: no sketch comes with the photo it was drawn from")
        if not ((self.photo_index >= 0) & (self.photo_index < m)).all():
            raise ZsbirError(f"photo_index must be a row of the photos, 0 to {m - 1}")
        for name in ("labels", "photo_labels"):
            _check_labels(name, getattr(self, name), self.class_names)
        differs = self.labels != self.photo_labels[self.photo_index]
        if differs.any():
            raise LabelError(
                f"{int(differs.sum())} sketches are of another class than the photo they were "
                f"drawn from, the first in row {int(differs.nonzero()[0])}"
            )
        classes = self.labels.unique()
        if len(classes) < 2:
            raise ZsbirError(
                f"the pairs are of one class only ({self.class_names[int(classes[0])]}): "
                "learning to retrieve needs two or more"
            )

    def __len__(self) -> int:
        return len(self.sketches)

    def paired_photos(self) -> Tensor:
        """Return the photo of each sketch, shape (n, d'), row by row beside `sketches`."""
        return self.photos[self.photo_index]

    def subset(self, names: Iterable[str]) -> Pairs:
        """Return the pairs of some classes.

        Raises
        ------
        ZsbirError
            If a name is not among `class_names`, or fewer than two of the classes have pairs.
        """
        wanted = _class_mask(names, self.class_names)
        sketches = wanted[self.labels]
        photos = wanted[self.photo_labels]
        return Pairs(
            sketches=self.sketches[sketches],
            photos=self.photos[photos],
            photo_index=_renumber(photos)[self.photo_index[sketches]],
            labels=self.labels[sketches],
            photo_labels=self.photo_labels[photos],
            class_names=self.class_names,
        )


@dataclass(frozen=True, eq=False)
class RetrievalTask:
    """Queries to answer from a gallery.

    Attributes
    ----------
    queries : Tensor of float32, shape (q, d)
        Features of the sketches.
    gallery : Tensor of float32, shape (g, d)
        Features of the photos.
    query_labels, gallery_labels : Tensor of int64, shape (q,), (g,)
        Classes: indices into `class_names`. A photo is relevant to a query of the same class.
    class_names : tuple of str
        All classes of the data set.
    query_ids, gallery_ids : tuple of str
        Identities of the images, as in the data set.
    query_photo : Tensor of int64, shape (q,)
        The row of the gallery that each query was drawn from; -1 where it is not in the gallery.

    Raises
    ------
    ZsbirError
        If there are no queries or no photos, shapes disagree, or a feature is NaN or infinite.
    """

    queries: Tensor
    gallery: Tensor
    query_labels: Tensor
    gallery_labels: Tensor
    class_names: tuple[str, ...]
    query_ids: tuple[str, ...]
    gallery_ids: tuple[str, ...]
    query_photo: Tensor

    def __post_init__(self) -> None:
        for name in ("class_names", "query_ids", "gallery_ids"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        q, g = len(self.queries), len(self.gallery)
        if not q or not g:
            raise ZsbirError(
                f"nothing to retrieve: {q} sketches of the unseen classes, {g} photos in the "
                "gallery; choose a split whose unseen classes have both"
            )
        check_features("queries", self.queries)
        check_features("gallery", self.gallery)
        for name, length in (("query_labels", q), ("gallery_labels", g), ("query_photo", q)):
            _check_integers(name, getattr(self, name), length)
        for name in ("query_labels", "gallery_labels"):
            _check_labels(name, getattr(self, name), self.class_names)
        for name, length in (("query_ids", q), ("gallery_ids", g)):
            if len(getattr(self, name)) != length:
                raise ZsbirError(f"{len(getattr(self, name))} {name} for {length} features")
        if not ((self.query_photo >= -1) & (self.query_photo < g)).all():
            raise ZsbirError(f"query_photo must be -1 or a row of the gallery, 0 to {g - 1}")


@dataclass(frozen=True, eq=False)
class FeatureSet:
    """The features of a data set under a split.

    Attributes
    ----------
    photos, sketches : Tensor of float32, shape (n, d), (m, d)
        Features.
    photo_labels, sketch_labels : Tensor of int64, shape (n,), (m,)
        Classes: indices into `class_names`.
    sketch_photos : Tensor of int64, shape (m,)
        The row of `photos` that each sketch was drawn from; -1 where that photo is absent.
    photo_ids, sketch_ids : tuple of str
        Identities of the images, as in the data set.
    class_names : tuple of str
        All classes, sorted.
    split : ZeroShotSplit
        The split in force; see `with_split`.
    dataset, backbone, weights_id : str
        What the features were computed from, and by what.
    skipped : tuple of str
        Identities of the images that could not be read; none of the rows above is theirs.

    Raises
    ------
    ZsbirError
        If shapes disagree, an index is out of range, or a feature is NaN or infinite.
    """

    photos: Tensor
    sketches: Tensor
    photo_labels: Tensor
    sketch_labels: Tensor
    sketch_photos: Tensor
    photo_ids: tuple[str, ...]
    sketch_ids: tuple[str, ...]
    class_names: tuple[str, ...]
    split: ZeroShotSplit
    dataset: str
    backbone: str
    weights_id: str
    skipped: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("photo_ids", "sketch_ids", "class_names", "skipped"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        n, m = len(self.photos), len(self.sketches)
        check_features("photos", self.photos)
        check_features("sketches", self.sketches)
        lengths = (("photo_labels", n), ("sketch_labels", m), ("sketch_photos", m))
        for name, length in lengths:
            _check_integers(name, getattr(self, name), length)
        for name in ("photo_labels", "sketch_labels"):
            _check_labels(name, getattr(self, name), self.class_names)
        for name, length in (("photo_ids", n), ("sketch_ids", m)):
            if len(getattr(self, name)) != length:
                raise ZsbirError(f"{len(getattr(self, name))} {name} for {length} features")
        if not ((self.sketch_photos >= -1) & (self.sketch_photos < n)).all():
            raise ZsbirError(f"sketch_photos must be -1 or a row of the photos, 0 to {n - 1}")

    @property
    def dim(self) -> int:
        """Numbers in a feature."""
        return self.photos.shape[1]

    def with_split(self, split: ZeroShotSplit) -> FeatureSet:
        """Return the same features under another split (nothing is copied).

        Raises
        ------
        ZsbirError
            If the split names a class that is not among `class_names`.
        """
        _class_mask((*split.seen, *split.unseen), self.class_names)
        other = copy.copy(self)  # not made anew: the features need not be looked at again
        object.__setattr__(other, "split", split)
        return other

    def pairs(self, split: ZeroShotSplit | None = None) -> Pairs:
        """Return what a method may learn from: the sketches of seen classes, and their photos.

        A sketch whose photo is absent, and a photo that nobody drew, are left out.

        Parameters
        ----------
        split
            Another split than the one in force.
        """
        if split is not None:
            return self.with_split(split).pairs()
        return self.select_pairs(_class_mask(self.split.seen, self.class_names)[self.sketch_labels])

    def select_pairs(self, sketches: Tensor) -> Pairs:
        """Return some sketches, and the photos they were drawn from.

        Parameters
        ----------
        sketches
            Which, shape (m,), bool. One whose photo is absent is left out.
        """
        sketches = sketches & (self.sketch_photos >= 0)
        photos = torch.zeros(len(self.photos), dtype=torch.bool)
        photos[self.sketch_photos[sketches]] = True
        return Pairs(
            sketches=self.sketches[sketches],
            photos=self.photos[photos],
            photo_index=_renumber(photos)[self.sketch_photos[sketches]],
            labels=self.sketch_labels[sketches],
            photo_labels=self.photo_labels[photos],
            class_names=self.class_names,
        )

    def task(
        self, split: ZeroShotSplit | None = None, *, generalised: bool = False
    ) -> RetrievalTask:
        """Return the zero-shot task: every unseen sketch is a query.

        Parameters
        ----------
        split
            Another split than the one in force.
        generalised
            The gallery holds the photos of the seen classes too (generalised zero-shot), not
            those of the unseen classes only.
        """
        if split is not None:
            return self.with_split(split).task(generalised=generalised)
        unseen = _class_mask(self.split.unseen, self.class_names)
        gallery_classes = unseen
        if generalised:
            gallery_classes = unseen | _class_mask(self.split.seen, self.class_names)
        return self.select_task(unseen[self.sketch_labels], gallery_classes[self.photo_labels])

    def select_task(self, queries: Tensor, in_gallery: Tensor) -> RetrievalTask:
        """Return the task of finding some photos with some sketches.

        Parameters
        ----------
        queries
            Which sketches ask, shape (m,), bool.
        in_gallery
            Which photos may be found, shape (n,), bool.
        """
        queries = queries.nonzero().flatten()
        drawn_from = self.sketch_photos[queries]
        gallery_row = torch.where(in_gallery, _renumber(in_gallery), -1)
        # Index -1, for "absent", would read the last photo: it is put right afterwards.
        query_photo = torch.full_like(drawn_from, -1)
        present = drawn_from >= 0
        query_photo[present] = gallery_row[drawn_from[present]]
        return RetrievalTask(
            queries=self.sketches[queries],
            gallery=self.photos[in_gallery],
            query_labels=self.sketch_labels[queries],
            gallery_labels=self.photo_labels[in_gallery],
            class_names=self.class_names,
            query_ids=tuple(self.sketch_ids[i] for i in queries.tolist()),
            gallery_ids=tuple(self.photo_ids[i] for i in in_gallery.nonzero().flatten().tolist()),
            query_photo=query_photo,
        )

    def save(self, path: str | os.PathLike) -> None:
        """Write everything to one safetensors file; its header holds names and the split as JSON.

        Raises
        ------
        ZsbirError
            If the file cannot be written. A file that was there before is then untouched.
        """
        tensors, header = {}, {}
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, Tensor):
                tensors[field.name] = value.contiguous()
            elif isinstance(value, ZeroShotSplit):
                header[field.name] = dict(value.__dict__)
            else:
                header[field.name] = value
        try:
            with atomic_path(path) as temporary:
                metadata = {"format": _FORMAT, "features": json.dumps(header)}
                save_file(tensors, temporary, metadata=metadata)
        except (OSError, SafetensorError) as error:
            raise ZsbirError(f"cannot write the features to {path}: {error}") from None

    @classmethod
    def load(cls, path: str | os.PathLike) -> FeatureSet:
        """Read what `save` wrote.

        Raises
        ------
        ZsbirError
            If the file is missing, damaged, or holds something else.
        """
        path = Path(path)
        if not path.is_file():
            raise ZsbirError(f"there is no feature file {path}")
        try:
            with safe_open(path, framework="pt") as stream:
                metadata = stream.metadata() or {}
                tensors = {key: stream.get_tensor(key) for key in stream.keys()}  # noqa: SIM118
        except (SafetensorError, OSError) as error:
            raise ZsbirError(f"the feature file {path} is damaged: {error}") from None
        if metadata.get("format") != _FORMAT:
            raise ZsbirError(f"{path} is not a feature file of this library (format {_FORMAT})")
        try:
            header = json.loads(metadata["features"])
            header["split"] = ZeroShotSplit(**header["split"])
            return cls(**tensors, **header)
        except (KeyError, TypeError, json.JSONDecodeError) as error:
            raise ZsbirError(f"the feature file {path} is damaged: {error}") from None


def check_features(name: str, features: Tensor) -> None:
    """Raise unless `features` is a float32 matrix of finite numbers.

    Raises
    ------
    ZsbirError
        Naming `name`, how many rows are wrong and the first of them.
    """
    if not isinstance(features, Tensor) or features.dtype != torch.float32 or features.ndim != 2:
        found = type(features).__name__
        if isinstance(features, Tensor):
            found = f"{features.dtype} of shape {tuple(features.shape)}"
        raise ZsbirError(f"{name} must be a float32 tensor (images, numbers), not {found}")
    # One pass without a second matrix: NaN and infinity survive every sum.
    if torch.isfinite(features.sum()):
        return
    bad = ~torch.isfinite(features).all(dim=1)
    if bad.any():
        raise NotFiniteError(
            f"{name} hold NaN or infinite numbers in {int(bad.sum())} of {len(features)} rows, "
            f"the first in row {int(bad.nonzero()[0])}"
        )


def _check_integers(name: str, values: Tensor, length: int) -> None:
    if not isinstance(values, Tensor) or values.dtype != torch.int64 or values.shape != (length,):
        found = type(values).__name__
        if isinstance(values, Tensor):
            found = f"{values.dtype} of shape {tuple(values.shape)}"
        raise LabelError(f"{name} must be an int64 tensor of {length} numbers, not {found}")


def _check_labels(name: str, labels: Tensor, class_names: Sequence[str]) -> None:
    if not ((labels >= 0) & (labels < len(class_names))).all():
        raise LabelError(f"{name} must be 0 to {len(class_names) - 1}: there is no other class")


def _class_mask(names: Iterable[str], class_names: Sequence[str]) -> Tensor:
    """Tell, for each class, whether it is among `names`; shape (classes,), bool."""
    wanted = set(names)
    unknown = sorted(wanted - set(class_names))
    if unknown:
        more = f" and {len(unknown) - 5} more" if len(unknown) > 5 else ""
        raise UnknownNameError(f"the features hold no class {', '.join(unknown[:5])}{more}")
    return torch.tensor([name in wanted for name in class_names], dtype=torch.bool)


def _renumber(kept: Tensor) -> Tensor:
    """Return, for each row that is kept, its number among the kept rows."""
    return kept.cumsum(0) - 1
