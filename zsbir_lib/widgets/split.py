"""A split of classes to choose by hand, and the scores that it would give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import ipywidgets
import numpy as np
import traitlets

from zsbir_lib.errors import UnknownNameError, ZsbirError
from zsbir_lib.features import FeatureSet
from zsbir_lib.plots import COLOURS, INK, Plot, new_plots
from zsbir_lib.protocols import Interval, class_bootstrap
from zsbir_lib.widgets.live import LiveWidget, module_text

METHODS = {"cosine": "cosine", "ridge": "ridge regression"}
"""The two methods that run in the page, and their titles."""


class SplitBuilder(LiveWidget):
    r"""Choose which classes are unseen; two methods are trained on the others and asked at once.

    Features are reduced to the ``dim`` main axes of the photos of classes that are always seen.
    Both methods centre sketches x and photos y at the means of the training pairs and rank by the
    cosine: the baseline takes x as it is, ridge regression takes :math:`W^\top x` with

    .. math::

        W = \Big(\tfrac1n X^\top X + \lambda I\Big)^{-1} \tfrac1n X^\top Y ,

    features being in units of their root mean square. A score is mAP@K, with K the number of
    photos of each class in the gallery, so that all definitions of mAP@K agree.

    Parameters
    ----------
    features
        Of a data set in which every candidate has ``n_photos`` photos, ``n_sketches`` of them
        with a sketch.
    candidates
        Classes that may be unseen; those of the others that have sketches are always seen.
    presets
        By a name that a button can bear, classes to make unseen at once.
    unseen
        At first; by default the first preset's, or else none.
    dim
        Numbers that a feature is reduced to.
    n_sketches, n_photos
        Of each candidate: pairs to learn from, or queries and gallery if it is unseen.
    ridge
        :math:`\lambda`.
    caption
        Below the widget.

    Attributes
    ----------
    unseen : list of str
        The reader's choice, in any order.

    Raises
    ------
    UnknownNameError
        If a class is not in the data set, or not a candidate.
    ZsbirError
        If a candidate has too few photos or sketches, fewer than two classes are always seen, or a
        number is out of range.
    """

    _esm = module_text("split")
    candidates = traitlets.List(traitlets.Unicode()).tag(sync=True)
    presets = traitlets.Dict().tag(sync=True)
    sketches = traitlets.Dict().tag(sync=True)
    photos = traitlets.Dict().tag(sync=True)
    sums = traitlets.Dict().tag(sync=True)
    ridge = traitlets.Float(0.03).tag(sync=True)
    unseen = traitlets.List(traitlets.Unicode()).tag(sync=True)

    def __init__(
        self,
        features: FeatureSet,
        candidates: Sequence[str],
        *,
        presets: Mapping[str, Sequence[str]] | None = None,
        unseen: Sequence[str] | None = None,
        dim: int = 32,
        n_sketches: int = 8,
        n_photos: int = 12,
        ridge: float = 0.03,
        caption: str = "",
    ) -> None:
        names = [str(name) for name in candidates]
        unknown = [name for name in names if name not in features.class_names]
        if unknown or len(set(names)) < len(names):
            raise UnknownNameError(
                f"candidates must be different classes of {features.dataset}"
                + (f", which has no {', '.join(unknown)}" if unknown else "")
            )
        if not 1 <= n_sketches <= n_photos:
            raise ZsbirError(f"n_sketches is {n_sketches}: it must be from 1 to n_photos, "
                             f"{n_photos}")  # fmt: skip
        if not ridge > 0:
            raise ZsbirError(f"ridge is {ridge}: it must be above 0")
        numbers = {name: features.class_names.index(name) for name in names}
        paired = (features.sketch_photos >= 0).numpy()
        labels = features.sketch_labels.numpy()
        always = paired & ~np.isin(labels, list(numbers.values()))
        if len(np.unique(labels[always])) < 2:
            raise ZsbirError("fewer than two classes with sketches are no candidates: leave some")
        owner = features.sketch_photos.numpy()
        base = np.isin(features.photo_labels.numpy(), np.unique(labels[always]))
        if not 1 <= dim <= min(features.dim, base.sum() - 1):
            raise ZsbirError(f"dim is {dim}: it must be from 1 to {features.dim}")
        x, y = _reduce(features, base, dim)
        sketches, photos = {}, {}
        for name, number in numbers.items():
            rows = np.flatnonzero(paired & (labels == number))
            _, first = np.unique(owner[rows], return_index=True)
            rows = rows[np.sort(first)]  # one sketch of each photo
            own = np.flatnonzero(features.photo_labels.numpy() == number)
            # Photos that were drawn come first, in the order of their sketches.
            own = np.concatenate([owner[rows], np.setdiff1d(own, owner[rows])])[:n_photos]
            if len(rows) < n_sketches or len(own) < n_photos:
                raise ZsbirError(
                    f"{name} has {len(own)} photos, {len(rows)} of them with a sketch: n_photos, "
                    f"{n_photos}, and n_sketches, {n_sketches}, may not be more"
                )
            sketches[name] = x[rows[:n_sketches]].round(3).tolist()
            photos[name] = y[own].round(3).tolist()
        u, v = x[always], y[owner[always]]
        sums = {"n": len(u), "x": u.sum(axis=0), "y": v.sum(axis=0), "xx": u.T @ u, "xy": u.T @ v}
        presets = {str(title): list(chosen) for title, chosen in (presets or {}).items()}
        if unseen is None:
            unseen = next(iter(presets.values()), [])
        for chosen in (*presets.values(), unseen):
            if strangers := set(chosen) - set(names):
                raise UnknownNameError(f"no candidate: {', '.join(sorted(strangers))}")
        super().__init__(
            candidates=names,
            presets=presets,
            sketches=sketches,
            photos=photos,
            sums={name: np.round(value, 4).tolist() for name, value in sums.items()},
            ridge=float(ridge),
            unseen=list(unseen),
            caption=caption,
        )

    @traitlets.validate("unseen")
    def _check_unseen(self, proposal: traitlets.Bunch) -> list[str]:
        strangers = set(proposal["value"]) - set(self.candidates)
        if strangers or len(set(proposal["value"])) < len(proposal["value"]):
            raise traitlets.TraitError(
                f"unseen must name different candidates, not {', '.join(proposal['value'])}"
            )
        return proposal["value"]

    @property
    def per_class(self) -> dict[str, dict[str, float]]:
        """mAP@K of each unseen class, by the method's name and the class's."""
        asked = [name for name in self.candidates if name in self.unseen]
        if not asked:
            return {name: {} for name in METHODS}
        total = {name: np.asarray(value) for name, value in self.sums.items()}
        for name in self.candidates:
            if name not in self.unseen:
                x = np.asarray(self.sketches[name])
                y = np.asarray(self.photos[name])[: len(x)]
                for key, value in (("n", len(x)), ("x", x.sum(axis=0)), ("y", y.sum(axis=0)),
                                   ("xx", x.T @ x), ("xy", x.T @ y)):  # fmt: skip
                    total[key] = total[key] + value
        n, mx, my = total["n"], total["x"] / total["n"], total["y"] / total["n"]
        left = total["xx"] / n - np.outer(mx, mx) + self.ridge * np.eye(len(mx))
        weights = np.linalg.solve(left, total["xy"] / n - np.outer(mx, my))
        queries = np.concatenate([self.sketches[name] for name in asked]) - mx
        gallery = np.concatenate([self.photos[name] for name in asked]) - my
        return {
            "cosine": _scores(queries, gallery, asked),
            "ridge": _scores(queries @ weights, gallery, asked),
        }

    @property
    def intervals(self) -> dict[str, Interval]:
        """mAP@K of each method with its interval over classes; empty for fewer than two classes."""
        if len(self.unseen) < 2:
            return {}
        return {
            name: class_bootstrap(list(scores.values())) for name, scores in self.per_class.items()
        }

    def figure(self) -> Plot:
        """Return both scores with their intervals, and each class's own."""
        intervals, per_class = self.intervals, self.per_class
        figure, axes = new_plots(1, 2, width=6.4, height=0.8 + 0.15 * max(10, len(self.unseen)))
        left, right = axes[0]
        for i, (name, interval) in enumerate(intervals.items()):
            left.plot([interval.low, interval.high], [i, i], color=COLOURS[i], linewidth=2)
            left.plot(interval.estimate, i, "os"[i], color=COLOURS[i], markersize=8)
            scores = sorted(per_class["ridge"], key=per_class["ridge"].__getitem__)
            right.plot([per_class[name][k] for k in scores], range(len(scores)), "os"[i],
                       color=COLOURS[i], markersize=4)  # fmt: skip
            right.set_yticks(range(len(scores)), scores, fontsize=7)
        left.set_yticks(range(len(METHODS)), METHODS.values())
        left.set(ylim=(-0.6, 1.6), xlim=(0, 1), xlabel="mAP@K and 95% interval")
        right.set(xlim=(0, 1), xlabel="mAP@K of each unseen class")
        right.axvline(0, color=INK, linewidth=0.8)
        said = "; ".join(f"{METHODS[name]} {value}" for name, value in intervals.items())
        figure.alt_text = (
            f"{len(self.unseen)} of {len(self.candidates)} classes unseen: "
            f"{said or 'too few to score'}. Unseen: {', '.join(self.unseen) or 'none'}."
        )
        return figure

    def controls(self) -> dict[str, ipywidgets.Widget]:
        """Return a list of the candidates, from which the unseen ones are chosen."""
        return {"unseen": ipywidgets.SelectMultiple(options=self.candidates, rows=12,
                                                    description="unseen")}  # fmt: skip


def _reduce(features: FeatureSet, base: np.ndarray, dim: int) -> tuple[np.ndarray, np.ndarray]:
    """Return sketches and photos on the main axes of the base photos, in units of their RMS."""
    photos = features.photos.double().numpy()
    middle = photos[base].mean(axis=0)
    _, _, axes = np.linalg.svd(photos[base] - middle, full_matrices=False)
    axes = axes[:dim].T
    # The sign of an axis is arbitrary: let its largest number be positive.
    axes = axes * np.sign(axes[np.abs(axes).argmax(axis=0), range(dim)])
    unit = np.sqrt((((photos[base] - middle) @ axes) ** 2).mean())
    if not unit > 0:
        raise ZsbirError("the photos of the classes that are always seen are all alike")
    sketches = features.sketches.double().numpy()
    return (sketches - middle) @ axes / unit, (photos - middle) @ axes / unit


def _scores(queries: np.ndarray, gallery: np.ndarray, names: Sequence[str]) -> dict[str, float]:
    """Return mAP@K of each class; rows stand by class, equally many of each."""
    count = len(names)
    depth = len(gallery) // count
    queries, gallery = (
        rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
        for rows in (queries, gallery)
    )
    found = np.argsort(-(queries @ gallery.T), axis=1, kind="stable")[:, :depth] // depth
    hits = found == np.repeat(np.arange(count), len(queries) // count)[:, None]
    precision = hits.cumsum(axis=1) / np.arange(1, depth + 1)
    values = (hits * precision).sum(axis=1) / depth
    return dict(zip(names, values.reshape(count, -1).mean(axis=1).tolist(), strict=True))
