"""Where ``zsbir retrieve`` finds its photos: a data set, or whatever else can be searched."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Protocol

from zsbir_lib.errors import ZsbirError

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image
    from torch import Tensor

    from zsbir_lib.datasets import SketchPhotoDataset
    from zsbir_lib.drawings import DrawingStyle
    from zsbir_lib.features import Backbone, FeatureSet
    from zsbir_lib.methods import RetrievalMethod
    from zsbir_lib.retrieval import Index, Ranking

_STYLE_SAMPLE = 48  # sketches that a data set's style is measured on


class Gallery(Protocol):
    """Photos that drawings are answered with, and what turns a drawing into a query.

    Attributes
    ----------
    name : str
        What it is called in results.
    backbone : Backbone
        The network whose features the photos have.
    method : RetrievalMethod
        Fitted: its queries are what `search` takes.
    """

    name: str
    backbone: Backbone
    method: RetrievalMethod

    def __len__(self) -> int:
        """Return the number of photos."""
        ...

    def pen(self) -> tuple[int, DrawingStyle]:
        """Return side, in pixels, and style of the sketches that the method learnt from."""
        ...

    def search(self, queries: Tensor, k: int) -> Ranking:
        """Return the `k` nearest photos of each query; its indices are rows of this gallery."""
        ...

    def photo(self, row: int) -> Image.Image:
        """Return a photo, read now."""
        ...

    def photo_id(self, row: int) -> str:
        """Return what a photo is called."""
        ...

    def class_name(self, row: int) -> str | None:
        """Return the class of a photo, None where nobody knows."""
        ...

    def find_class(self, name: str) -> str:
        """Return a class of the gallery as it is spelt there.

        Raises
        ------
        ZsbirError
            If the gallery has no photos of it.
        """
        ...


class DatasetGallery:
    """The photos of some classes of a data set.

    Parameters
    ----------
    dataset
        Where the photos come from.
    class_names
        Of which classes.
    on_error
        What an unreadable sketch does when the style of all is measured: ``"raise"`` or ``"skip"``.
    """

    backbone: Backbone
    method: RetrievalMethod

    def __init__(
        self, dataset: SketchPhotoDataset, class_names: tuple[str, ...], on_error: str = "raise"
    ) -> None:
        self.name, self.dataset, self.class_names = dataset.name, dataset, class_names
        self._on_error = on_error
        self._rows: np.ndarray = dataset.class_mask(dataset.photo_labels, class_names).nonzero()[0]

    def __len__(self) -> int:
        """Return the number of photos; once it is prepared, of those that could be read."""
        return len(self._rows)

    def prepare(self, features: FeatureSet, backbone: Backbone, method: RetrievalMethod) -> None:
        """Take the features of the data set, and the fitted method that compares them."""
        import numpy as np

        self.backbone, self.method = backbone, method
        mask = self.dataset.class_mask(features.photo_labels.numpy(), self.class_names)
        self._index = method.index(features.photos[mask.nonzero()[0]])
        # By their ids, since unreadable photos may have been left out of the features.
        kept = {features.photo_ids[place] for place in mask.nonzero()[0].tolist()}
        ids = self.dataset.photo_ids
        self._rows = np.array([row for row in self._rows.tolist() if ids[row] in kept])

    @property
    def index(self) -> Index:
        """Its photos, as the method prepared them."""
        return self._index

    def restore(self, index: Index, backbone: Backbone, method: RetrievalMethod) -> None:
        """Take the fitted method and `index` as they were kept, of photos all of which were read.

        No feature is needed then, and no image is looked at.
        """
        self.backbone, self.method, self._index = backbone, method, index

    def pen(self) -> tuple[int, DrawingStyle]:
        """Return side and style of the data set's own sketches."""
        return measured_pen(self.dataset, skip=self._on_error == "skip")

    def search(self, queries: Tensor, k: int) -> Ranking:
        """Return the `k` nearest photos of each query."""
        return self._index.search(queries, k)

    def photo(self, row: int) -> Image.Image:
        """Return a photo, read now."""
        return self.dataset.photo_alone(int(self._rows[row]))

    def photo_id(self, row: int) -> str:
        """Return what a photo is called: its class and its name."""
        return self.dataset.photo_ids[int(self._rows[row])]

    def class_name(self, row: int) -> str:
        """Return the class of a photo."""
        return self.dataset.class_names[int(self.dataset.photo_labels[int(self._rows[row])])]

    def find_class(self, name: str) -> str:
        """Return a class as the data set spells it, if the gallery has photos of it."""
        from zsbir_lib.datasets.splits import match_class_names

        found, _ = match_class_names([name], self.dataset.class_names)
        if not found:
            near = get_close_matches(name, self.dataset.class_names, n=3)
            hint = (
                f"did you mean {', '.join(near)}?" if near else "leave out --class if it has none"
            )
            raise ZsbirError(f"{self.name} has no class {name!r}: {hint}")
        if found[0] not in self.class_names:
            raise ZsbirError(
                f"{found[0]} is not among the {len(self.class_names)} classes of the gallery: "
                "use --gallery all, or leave out --class"
            )
        return found[0]


def measured_pen(dataset: SketchPhotoDataset, skip: bool) -> tuple[int, DrawingStyle]:
    """Return the side of the data set's sketches, in pixels, and their style.

    A sketch that cannot be read is passed over if `skip` says so.
    """
    import numpy as np

    from zsbir_lib.datasets import Toybox
    from zsbir_lib.drawings import TOYBOX_STYLE, measure_style

    if isinstance(dataset, Toybox):
        return max(16, dataset.recipe.image_size), TOYBOX_STYLE
    count = len(dataset.sketch_labels)
    sample = min(count, _STYLE_SAMPLE)
    sketches = []
    for place in np.unique(np.linspace(0, count - 1, sample).astype(int)).tolist():
        try:
            sketches.append(dataset.sketch(place))
        except ZsbirError:
            if not skip:
                raise
    if not sketches:
        raise ZsbirError(
            f"{dataset.name} has no sketch to draw alike: take the drawing as it is, with --as-is"
        )
    return min(1024, max(16, *sketches[0].size)), measure_style(sketches)
