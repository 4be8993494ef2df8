"""Direct attribute prediction by hand: answer questions, and see which class they name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import ipywidgets
import numpy as np
import traitlets
from PIL import Image

from zsbir_lib.errors import ZsbirError
from zsbir_lib.plots import COLOURS, INK, Plot, new_plots
from zsbir_lib.widgets.live import LiveWidget, data_url, finite, module_text

MOST_SHOWN = 6
"""Classes in the ranking."""

_LEAST = 1e-6  # a probability is kept so far from 0 and 1


def _grouped(
    attributes: Sequence[str], groups: Mapping[str, Iterable[str]]
) -> list[tuple[str, list[str]]]:
    """Return the attributes by the titles of their groups, and the others by an empty one."""
    lists = {title: list(names) for title, names in groups.items()}
    named = [name for names in lists.values() for name in names]
    if twice := sorted({name for name in named if named.count(name) > 1}):
        raise ZsbirError(f"groups name {twice[0]!r} twice: an attribute stands in one group")
    found = [(title, [name for name in names if name in attributes])
             for title, names in lists.items()]  # fmt: skip
    grouped = {name for _, names in found for name in names}
    found.append(("others" if grouped else "", [one for one in attributes if one not in grouped]))
    return [(title, names) for title, names in found if names]


class AttributeChooser(LiveWidget):
    r"""Attributes to answer with yes or no, and the classes by how well their lists fit.

    The score of class c, by direct attribute prediction (Lampert, Nickisch and Harmeling, CVPR
    2009), is

    .. math::

        \sum_m \log p(a_m^c \mid x) - \log p(a_m^c) ,

    where :math:`p(a_m = 1 \mid x)` is the certainty for an answer of yes and 1 minus it for one
    of no; else what the classifiers say of the chosen photo; and without a photo the prior, which
    adds nothing. With classes equally likely before, their probabilities are the softmax of the
    scores.

    Parameters
    ----------
    table
        Which class has which attribute, 0 or 1, shape (c, a).
    classes, attributes
        Their names.
    priors
        :math:`p(a_m = 1)`, between 0 and 1, shape (a,).
    photos
        By a name, what the classifiers say of a photo: probabilities, shape (a,).
    pictures
        The photos, by the same names; some may be missing.
    photo
        The photo chosen at first; empty for none.
    certainty
        Of an answer, above 0.5 and below 1.
    groups
        What to show together: names of attributes, by a title. Names that are no attribute here
        are left out, and attributes that no group names come last. By default all stand together;
        the Toybox's groups are `ATTRIBUTE_GROUPS`.
    caption
        Below the widget.

    Attributes
    ----------
    answers : dict of str to bool
        The reader's answers, by attribute.
    photo : str
        The chosen photo, empty for none.

    Raises
    ------
    ZsbirError
        If shapes do not fit, a number is out of range or a name stands twice.
    """

    _esm = module_text("attributes")
    table: traitlets.List[Any] = traitlets.List().tag(sync=True)
    classes = traitlets.List(traitlets.Unicode()).tag(sync=True)
    attributes = traitlets.List(traitlets.Unicode()).tag(sync=True)
    priors = traitlets.List(traitlets.Float()).tag(sync=True)
    photos = traitlets.Dict().tag(sync=True)
    pictures = traitlets.Dict().tag(sync=True)
    certainty = traitlets.Float(0.95).tag(sync=True)
    groups: traitlets.List[Any] = traitlets.List().tag(sync=True)
    most = traitlets.Int(MOST_SHOWN).tag(sync=True)
    answers = traitlets.Dict(
        key_trait=traitlets.Unicode(), value_trait=traitlets.Bool()
    ).tag(sync=True)  # fmt: skip
    photo = traitlets.Unicode("").tag(sync=True)

    def __init__(
        self,
        table: Any,
        classes: Sequence[str],
        attributes: Sequence[str],
        priors: Any,
        *,
        photos: Mapping[str, Any] | None = None,
        pictures: Mapping[str, Image.Image] | None = None,
        photo: str = "",
        certainty: float = 0.95,
        groups: Mapping[str, Iterable[str]] | None = None,
        caption: str = "",
    ) -> None:
        has = finite(table, "table", ndim=2)
        if has.shape != (len(classes), len(attributes)) or not np.isin(has, (0, 1)).all():
            raise ZsbirError(
                f"table must hold 0 and 1 and have shape {(len(classes), len(attributes))}, one "
                f"row for each class, not {has.shape}"
            )
        for what, names in (("class", classes), ("attribute", attributes)):
            if len(set(names)) < len(names):
                raise ZsbirError(f"a {what} is named twice")
        prior = finite(priors, "priors", ndim=1)
        if prior.shape != (len(attributes),) or prior.min() <= 0 or prior.max() >= 1:
            raise ZsbirError(
                f"priors must be {len(attributes)} numbers between 0 and 1: leave out attributes "
                "that all seen classes have, or none"
            )
        said = {}
        for name, values in (photos or {}).items():
            chances = finite(values, f"photos[{name!r}]", ndim=1)
            if chances.shape != prior.shape or chances.min() < 0 or chances.max() > 1:
                raise ZsbirError(f"photos[{name!r}] must be {len(prior)} numbers from 0 to 1")
            said[str(name)] = chances.round(4).tolist()
        if not 0.5 < certainty < 1:
            raise ZsbirError(f"certainty is {certainty}: it must be above 0.5 and below 1")
        if photo and photo not in said:
            raise ZsbirError(f"photo is {photo!r}: it must be one of {', '.join(said) or 'none'}")
        super().__init__(
            table=has.astype(int).tolist(),
            classes=[str(name) for name in classes],
            attributes=[str(name) for name in attributes],
            priors=prior.round(6).tolist(),
            photos=said,
            pictures={str(name): data_url(picture, 160)
                      for name, picture in (pictures or {}).items()},
            certainty=float(certainty),
            groups=_grouped(attributes, groups or {}),
            photo=photo,
            caption=caption,
        )  # fmt: skip

    @traitlets.validate("answers")
    def _check_answers(self, proposal: traitlets.Bunch) -> dict[str, bool]:
        unknown = set(proposal["value"]) - set(self.attributes)
        if unknown:
            raise traitlets.TraitError(f"no such attribute: {', '.join(sorted(unknown))}")
        return proposal["value"]

    @traitlets.validate("photo")
    def _check_photo(self, proposal: traitlets.Bunch) -> str:
        if proposal["value"] and proposal["value"] not in self.photos:
            raise traitlets.TraitError(f"photo must be one of {', '.join(self.photos)}, or empty")
        return proposal["value"]

    @property
    def chances(self) -> np.ndarray:
        """The probability of each attribute, given answers and photo, shape (a,)."""
        chances = np.array(self.photos[self.photo] if self.photo else self.priors)
        for m, name in enumerate(self.attributes):
            if name in self.answers:
                chances[m] = self.certainty if self.answers[name] else 1 - self.certainty
        return np.clip(chances, _LEAST, 1 - _LEAST)

    @property
    def scores(self) -> dict[str, float]:
        """The score of each class, in nats, the best first."""
        has, prior = np.asarray(self.table), np.asarray(self.priors)
        fits = np.where(has, self.chances, 1 - self.chances)
        before = np.where(has, prior, 1 - prior)
        values = (np.log(fits) - np.log(before)).sum(axis=1)
        return {self.classes[c]: float(values[c]) for c in np.argsort(-values, kind="stable")}

    @property
    def probabilities(self) -> dict[str, float]:
        """The probability of each class, the most probable first."""
        scores = self.scores
        values = np.exp(np.array(list(scores.values())) - max(scores.values()))
        return dict(zip(scores, (values / values.sum()).tolist(), strict=True))

    @property
    def predicted(self) -> str:
        """The class with the best score, the first of equals."""
        return next(iter(self.scores))

    def figure(self) -> Plot:
        """Return the classes that fit best, and what moves the first one ahead of the second."""
        shown = dict(list(self.probabilities.items())[:MOST_SHOWN])
        figure, axes = new_plots(1, 2, width=6.4, height=2.8)
        left, right = axes[0]
        places = range(len(shown))
        left.barh(places, list(shown.values()), color=COLOURS[0])
        left.set_yticks(places, list(shown))
        left.set(xlim=(0, 1), ylim=(len(shown) - 0.4, -0.6), xlabel="probability")
        chances = self.chances
        unusual = np.argsort(-np.abs(chances - self.priors), kind="stable")[:8]
        rows = range(len(unusual))
        right.plot(np.asarray(self.priors)[unusual], rows, "|", color=INK, markersize=12)
        right.plot(chances[unusual], rows, "o", color=COLOURS[1])
        right.set_yticks(rows, [self.attributes[m] for m in unusual])
        right.set(xlim=(-0.02, 1.02), ylim=(len(unusual) - 0.4, -0.6), xlabel="p (bar: prior)")
        said = ", ".join(f"{name}: {'yes' if yes else 'no'}" for name, yes in self.answers.items())
        listed = ", ".join(f"{name} {value:.0%}" for name, value in shown.items())
        figure.alt_text = (
            f"Named {self.predicted}; photo: {self.photo or 'none'}; answers: {said or 'none'}. "
            f"Probabilities: {listed}."
        )
        return figure

    def controls(self) -> dict[str, ipywidgets.Widget]:
        """Return a choice of the photo, and lists of the attributes with yes and with no."""
        photos = [("none", ""), *((name, name) for name in self.photos)]
        return {
            "photo": ipywidgets.Dropdown(options=photos, description="photo"),
            "answers": _Answers(self.attributes),
        }


class _Answers(ipywidgets.HBox):
    """Two lists of attributes: those that are answered with yes, and those with no."""

    value = traitlets.Dict()

    def __init__(self, attributes: Sequence[str]) -> None:
        self._lists = {
            yes: ipywidgets.SelectMultiple(options=attributes, description=word, rows=8)
            for yes, word in ((True, "yes"), (False, "no"))
        }
        super().__init__(list(self._lists.values()))
        for one in self._lists.values():
            one.observe(self._read, names="value")
        self.observe(self._show, names="value")

    def _read(self, change: traitlets.Bunch) -> None:
        # What was just chosen in one list is taken out of the other.
        new = change["owner"] is self._lists[True]
        other = self._lists[not new]
        other.value = [name for name in other.value if name not in change["new"]]
        self.value = {name: yes for yes, one in self._lists.items() for name in one.value}

    def _show(self, change: traitlets.Bunch) -> None:
        for yes, one in self._lists.items():
            one.value = [name for name, answer in change["new"].items() if answer is yes]
