"""What is left of a data set once its images are features: pairs to learn from, a task to solve.

`FeatureSet` holds everything; `Pairs` is the part that a method's ``fit`` may see (seen classes
only), and `RetrievalTask` is the part it is tested on (unseen classes).
"""

from __future__ import annotations

import copy
import hashlib
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from zsbir_lib.datasets.base import ZeroShotSplit
from zsbir_lib.datasets.pairing import describe_no_pairs
from zsbir_lib.errors import UnknownNameError, ZsbirError, argument
from zsbir_lib.features.arrays import (
    as_labels,
    as_matrix,
    as_split,
    number_classes,
    number_photos,
)
from zsbir_lib.features.checks import (
    check_attributes,
    check_ids,
    check_integers,
    check_labels,
    check_matrix,
    check_rows,
    class_mask,
    freeze,
    renumber,
)
from zsbir_lib.features.pairs import Pairs
from zsbir_lib.features.task import RetrievalTask
from zsbir_lib.files import atomic_path, load_tensors

if TYPE_CHECKING:
    from zsbir_lib.methods import RetrievalMethod

_FORMAT = "zsbir-features-1"

PAIRINGS = ("drawn", "class")
"""A sketch is paired with the photo it was drawn from, or with any of its class."""


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
    class_attributes : Tensor of float32, shape (classes, attributes), or None
        What is known of each of `class_names`, where it is known.
    attribute_names : tuple of str
        What the columns of `class_attributes` say.
    pairing : str
        One of ``PAIRINGS``; see `with_pairing`.
    pairing_seed : int
        Of the draw where `pairing` is ``"class"``.

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
    class_attributes: Tensor | None = None
    attribute_names: tuple[str, ...] = ()
    pairing: str = "drawn"
    pairing_seed: int = 0

    def __post_init__(self) -> None:
        names = ("photo_ids", "sketch_ids", "class_names", "skipped", "attribute_names")
        freeze(self, ("photos", "sketches"), names)
        n, m = len(self.photos), len(self.sketches)
        check_matrix("photos", self.photos)
        check_matrix("sketches", self.sketches)
        check_integers(self, photo_labels=n, sketch_labels=m, sketch_photos=m)
        check_labels(self, "photo_labels", "sketch_labels")
        check_ids(self, photo_ids=n, sketch_ids=m)
        check_rows("sketch_photos", self.sketch_photos, n, "photos")
        check_attributes(self.class_attributes, self.attribute_names, self.class_names)
        _check_pairing(self.pairing)

    @property
    def dim(self) -> int:
        """Numbers in a feature."""
        return self.photos.shape[1]

    def with_split(self, split: ZeroShotSplit) -> FeatureSet:
        """Return the same features under another split (nothing is copied, or looked at again).

        Raises
        ------
        ZsbirError
            If the split names a class that is not among `class_names`.
        """
        class_mask((*split.seen, *split.unseen), self.class_names)
        return self._with(split=split)

    def with_pairing(self, pairing: str, seed: int = 0) -> FeatureSet:
        """Return the same features with sketches paired otherwise (nothing is copied).

        Parameters
        ----------
        pairing
            ``"drawn"``: with the photo that each was drawn from. ``"class"``: with a photo of its
            class, drawn at random so that all of them are taken about equally often; for data
            sets that do not know from which photo a sketch was drawn, such as TU-Berlin.
        seed
            Of the draw.

        Raises
        ------
        ZsbirError
            If there is no such pairing.
        """
        _check_pairing(pairing)
        return self._with(pairing=pairing, pairing_seed=seed)

    def _with(self, **changes: Any) -> FeatureSet:
        """Return a copy with fields that need no look at the others."""
        other = copy.copy(self)
        for name, value in changes.items():
            object.__setattr__(other, name, value)
        return other

    def pairs(self, split: ZeroShotSplit | None = None, *, pairing: str | None = None) -> Pairs:
        """Return what a method may learn from: the sketches of seen classes, and their photos.

        A sketch whose photo is absent, and a photo that nobody drew, are left out.

        Parameters
        ----------
        split
            Another split than the one in force.
        pairing
            Another pairing than the one in force; see `with_pairing`.

        Raises
        ------
        ZsbirError
            If there are none, or they are of one class only.
        """
        found = self if split is None else self.with_split(split)
        if pairing is not None:
            found = found.with_pairing(pairing, self.pairing_seed)
        seen = class_mask(found.split.seen, self.class_names)
        return found.select_pairs(seen[self.sketch_labels])

    def pairs_for(
        self, method: RetrievalMethod, split: ZeroShotSplit | None = None
    ) -> Pairs | None:
        """Return the pairs that a method learns from, None for one that needs none."""
        return self.pairs(split) if getattr(method, "needs_pairs", True) else None

    def select_pairs(self, sketches: Tensor, photos: Tensor | None = None) -> Pairs:
        """Return some sketches, and the photo that each is paired with.

        Parameters
        ----------
        sketches
            Which, shape (m,), bool. One whose photo is absent is left out.
        photos
            Which may be paired, shape (n,), bool; all by default.

        Raises
        ------
        ZsbirError
            As `pairs` does.
        """
        partners = self.sketch_photos if self.pairing == "drawn" else self._drawn_partners(photos)
        paired = sketches & (partners >= 0)
        if photos is not None:
            paired &= photos[partners]
        if sketches.any() and not paired.any():
            example = self.sketch_ids[int(sketches.nonzero()[0])]
            raise ZsbirError(
                f"{describe_no_pairs([example])}; pair sketches with photos of their class by "
                f"{argument('pairing', 'class')}, or use a method that needs no pairs (cosine)"
            )
        chosen = torch.zeros(len(self.photos), dtype=torch.bool)
        chosen[partners[paired]] = True
        return Pairs(
            sketches=self.sketches[paired],
            photos=self.photos[chosen],
            photo_index=renumber(chosen)[partners[paired]],
            labels=self.sketch_labels[paired],
            photo_labels=self.photo_labels[chosen],
            class_names=self.class_names,
            class_attributes=self.class_attributes,
            attribute_names=self.attribute_names,
        )

    def _drawn_partners(self, photos: Tensor | None) -> Tensor:
        """Draw a photo of its class for each sketch, -1 where there is none; shape (m,)."""
        partners = torch.full_like(self.sketch_labels, -1)
        for label in self.sketch_labels.unique().tolist():
            candidates = self.photo_labels == label
            if photos is not None:
                candidates &= photos
            candidates = candidates.nonzero().flatten()
            if not len(candidates):
                continue
            # Of each class by itself, so that pairs are the same in every split.
            generator = torch.Generator().manual_seed(self.pairing_seed * 1_000_003 + label)
            candidates = candidates[torch.randperm(len(candidates), generator=generator)]
            rows = (self.sketch_labels == label).nonzero().flatten()
            partners[rows] = candidates[torch.arange(len(rows)) % len(candidates)]
        return partners

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
        unseen = class_mask(self.split.unseen, self.class_names)
        gallery_classes = unseen
        if generalised:
            gallery_classes = unseen | class_mask(self.split.seen, self.class_names)
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
        gallery_row = torch.where(in_gallery, renumber(in_gallery), -1)
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

    def content_id(self) -> str:
        """Return twelve hexadecimal digits that identify everything in this set."""
        tensors, header = self._parts()
        digest = hashlib.sha256(json.dumps(header, sort_keys=True).encode("utf-8", "replace"))
        for name in sorted(tensors):
            tensor = tensors[name]
            digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
            digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
        return digest.hexdigest()[:12]

    def _parts(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Return what is kept as tensors, and what as JSON."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        tensors = {k: v.cpu().contiguous() for k, v in values.items() if isinstance(v, Tensor)}
        header = {k: v for k, v in values.items() if k not in tensors and v is not None}
        return tensors, header | {"split": asdict(self.split)}

    def save(self, path: str | os.PathLike) -> None:
        """Write everything to one safetensors file; its header holds names and the split as JSON.

        Raises
        ------
        ZsbirError
            If the file cannot be written. A file that was there before is then untouched.
        """
        tensors, header = self._parts()
        metadata = {"format": _FORMAT, "features": json.dumps(header), "id": self.content_id()}
        with atomic_path(path) as temporary:
            save_file(tensors, temporary, metadata=metadata)

    @classmethod
    def load(cls, path: str | os.PathLike) -> FeatureSet:
        """Read what `save` wrote, or ``zsbir features --out``.

        Raises
        ------
        ZsbirError
            If the file is missing, damaged, or holds something else.
        """
        tensors, metadata = load_tensors(path, "feature file")
        if metadata.get("format") != _FORMAT:
            raise ZsbirError(f"{path} is not a feature file of this library (format {_FORMAT})")
        try:
            header = json.loads(metadata["features"])
            header["split"] = ZeroShotSplit(**header["split"])
            found = cls(**tensors, **header)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise ZsbirError(f"the feature file {path} is damaged: {error}") from None
        # Files of earlier versions do not say what they hold.
        if metadata.get("id", found_id := found.content_id()) != found_id:
            raise ZsbirError(f"the feature file {path} is damaged: it has another checksum")
        return found

    @classmethod
    def from_arrays(
        cls,
        photos: Any,
        photo_labels: Any,
        sketches: Any,
        sketch_labels: Any,
        *,
        unseen: str | os.PathLike | ZeroShotSplit | Iterable[str | int],
        sketch_photos: Any = None,
        class_names: Sequence[str] | None = None,
        photo_ids: Sequence[str] | None = None,
        sketch_ids: Sequence[str] | None = None,
        class_attributes: Any = None,
        attribute_names: Sequence[str] = (),
        dataset: str = "mine",
        backbone: str = "given",
        weights_id: str = "",
    ) -> FeatureSet:
        """Make a feature set of arrays that were computed elsewhere.

        Parameters
        ----------
        photos, sketches
            Features, shape (n, d), (m, d): NumPy's, PyTorch's or Python's, of any kind of number.
        photo_labels, sketch_labels
            Classes, shape (n,), (m,): names, or whole numbers, the same in both.
        unseen
            The classes to hold out, as the labels name them; or a split, the name of a shipped
            one, or the file of one (`zsbir_lib.datasets.load_split`).
        sketch_photos
            The row of `photos` that each sketch was drawn from, -1 where it is absent; or that
            photo's name in `photo_ids`. None where that is not known: see `with_pairing`.
        class_names
            What the classes are called where labels are numbers from 0; by default, classes are
            called as their labels are.
        photo_ids, sketch_ids
            What the images are called; by default, their numbers.
        class_attributes, attribute_names
            What is known of each of the classes in `class_names`, shape (classes, attributes),
            and what the columns say.
        dataset, backbone, weights_id
            What the features were computed from, and by what; for tables and messages.

        Raises
        ------
        ZsbirError
            If shapes disagree, labels are not of one kind, or a number is NaN or infinite.

        Examples
        --------
        >>> import numpy as np
        >>> x = np.eye(6, dtype=np.float16)
        >>> labels = ["ant", "ant", "bat", "bat", "cow", "cow"]
        >>> features = FeatureSet.from_arrays(x, labels, x, labels, unseen=["cow"])
        >>> len(features.pairs(pairing="class"))
        4
        """
        photos, sketches = as_matrix("photos", photos), as_matrix("sketches", sketches)
        names, of_photos, of_sketches = number_classes(
            as_labels("photo_labels", photo_labels, len(photos)),
            as_labels("sketch_labels", sketch_labels, len(sketches)),
            class_names,
        )
        if class_attributes is not None and class_names is None:
            raise ZsbirError("class_attributes need class_names: whose row is which?")
        photo_ids = tuple(map(str, range(len(photos)) if photo_ids is None else photo_ids))
        sketch_ids = tuple(map(str, range(len(sketches)) if sketch_ids is None else sketch_ids))
        return cls(
            photos=photos,
            sketches=sketches,
            photo_labels=of_photos,
            sketch_labels=of_sketches,
            sketch_photos=number_photos(sketch_photos, photo_ids, len(sketches)),
            photo_ids=photo_ids,
            sketch_ids=sketch_ids,
            class_names=names,
            split=as_split(unseen, names, numbered=class_names is not None),
            dataset=dataset,
            backbone=backbone,
            weights_id=weights_id,
            class_attributes=(
                None
                if class_attributes is None
                else as_matrix("class_attributes", class_attributes)
            ),
            attribute_names=tuple(attribute_names),
        )


def _check_pairing(pairing: str) -> None:
    if pairing not in PAIRINGS:
        raise UnknownNameError(
            f"unknown {argument('pairing')} {pairing!r}: use {' or '.join(PAIRINGS)}"
        )
