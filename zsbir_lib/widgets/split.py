"""A split of classes to choose by hand, and the scores that it would give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import ipywidgets
import traitlets

from zsbir_lib.errors import UnknownNameError
from zsbir_lib.features import FeatureSet
from zsbir_lib.plots import COLOURS, INK, Plot, new_plots
from zsbir_lib.protocols import Interval, SplitScores, class_bootstrap
from zsbir_lib.widgets.live import LiveWidget, module_text

TITLES = {"cosine": "cosine", "ridge": "ridge regression"}
"""The two methods that run in the page, and their titles."""


class SplitBuilder(LiveWidget):
    """Choose which classes are unseen; two methods are trained on the others and asked at once.

    The scores are those of `zsbir_lib.protocols.SplitScores`: mAP@K, with K the number of photos of
    each class in the gallery.

    Parameters
    ----------
    features, candidates, dim, n_sketches, n_photos, ridge
        As for `zsbir_lib.protocols.SplitScores.of`.
    presets
        By a name that a button can bear, classes to make unseen at once.
    unseen
        At first; by default the first preset's, or else none.
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
        made = SplitScores.of(
            features, candidates, dim=dim, n_sketches=n_sketches, n_photos=n_photos, ridge=ridge
        )
        names = list(made.candidates)
        presets = {str(title): list(chosen) for title, chosen in (presets or {}).items()}
        if unseen is None:
            unseen = next(iter(presets.values()), [])
        for chosen in (*presets.values(), unseen):
            if strangers := set(chosen) - set(names):
                raise UnknownNameError(f"no candidate: {', '.join(sorted(strangers))}")
        super().__init__(
            candidates=names,
            presets=presets,
            sketches=made.sketches,
            photos=made.photos,
            sums=made.sums,
            ridge=made.ridge,
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
        kept = (self.sketches, self.photos, self.sums, self.ridge)
        return SplitScores(tuple(self.candidates), *kept).per_class(self.unseen)

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
        left.set_yticks(range(len(TITLES)), TITLES.values())
        left.set(ylim=(-0.6, 1.6), xlim=(0, 1), xlabel="mAP@K and 95% interval")
        right.set(xlim=(0, 1), xlabel="mAP@K of each unseen class")
        right.axvline(0, color=INK, linewidth=0.8)
        said = "; ".join(f"{TITLES[name]} {value}" for name, value in intervals.items())
        figure.alt_text = (
            f"{len(self.unseen)} of {len(self.candidates)} classes unseen: "
            f"{said or 'too few to score'}. Unseen: {', '.join(self.unseen) or 'none'}."
        )
        return figure

    def controls(self) -> dict[str, ipywidgets.Widget]:
        """Return a list of the candidates, from which the unseen ones are chosen."""
        return {"unseen": ipywidgets.SelectMultiple(options=self.candidates, rows=12,
                                                    description="unseen")}  # fmt: skip
