"""A walk through a latent space of two numbers, with the decoder in the page."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

import ipywidgets
import numpy as np
import traitlets
from torch import nn

from zsbir_lib.errors import ZsbirError
from zsbir_lib.plots import COLOURS, INK, Plot, new_plot
from zsbir_lib.vae import VAE
from zsbir_lib.widgets.live import LiveWidget, coordinates, finite, in_square, module_text

STEPS = 8
"""Pictures on the straight way from the start to the present place, both ends included."""

MOST_CLASSES = 5
_MARKS = "o^sPx"  # as in walker.js
_SHADES = (*COLOURS, INK)


class LatentWalker(LiveWidget):
    r"""Every place of a two-dimensional latent space, decoded; and the straight way between two.

    The decoder of a Bernoulli `VAE` travels with the widget: its weights as 8-bit integers, with a
    scale for each row. What it draws differs from the VAE's own pictures by about a hundredth.

    Parameters
    ----------
    model
        Fitted, with ``latent_dim=2`` and the Bernoulli likelihood.
    points
        Where pictures are encoded, shape (n, 2), to find one's way.
    labels
        The class of each point, an index of ``names``, shape (n,).
    names
        At most `MOST_CLASSES`.
    z, start
        Where the walker stands at first, and where the walk began, each (2,).
    caption
        Below the widget.

    Attributes
    ----------
    z, start : list of float
        The two ends of the way.
    side : float
        The plane goes from -side to side in both directions.

    Raises
    ------
    ZsbirError
        If the model is another, shapes do not fit, or a place is outside the plane.
    """

    _esm = module_text("walker")
    layers: traitlets.List[Any] = traitlets.List().tag(sync=True)
    shape = traitlets.List(traitlets.Int()).tag(sync=True)
    points: traitlets.List[Any] = traitlets.List().tag(sync=True)
    labels = traitlets.List(traitlets.Int()).tag(sync=True)
    names = traitlets.List(traitlets.Unicode()).tag(sync=True)
    steps = traitlets.Int(STEPS).tag(sync=True)
    side = traitlets.Float().tag(sync=True)
    z = traitlets.List(traitlets.Float()).tag(sync=True)
    start = traitlets.List(traitlets.Float()).tag(sync=True)

    def __init__(
        self,
        model: VAE,
        points: Any,
        labels: Any,
        names: Sequence[str],
        *,
        z: Sequence[float] = (0.0, 0.0),
        start: Sequence[float] = (-1.0, -1.0),
        caption: str = "",
    ) -> None:
        if getattr(model, "network_", None) is None:
            raise ZsbirError("the VAE is not fitted: call fit(images) first")
        if model.latent_dim != 2 or model.likelihood != "bernoulli":
            raise ZsbirError(
                f"the VAE has latent_dim={model.latent_dim} and likelihood={model.likelihood!r}: "
                "only two latent numbers and the Bernoulli likelihood can be walked through"
            )
        flat = finite(points, "points", ndim=2)
        marks = finite(labels, "labels", ndim=1).astype(int).tolist()
        if flat.shape[1] != 2 or len(marks) != len(flat):
            raise ZsbirError(
                f"points must have shape (n, 2) and labels (n,), not {flat.shape} and "
                f"{(len(marks),)}"
            )
        if len(names) > MOST_CLASSES or min(marks) < 0 or max(marks) >= len(names):
            raise ZsbirError(
                f"there are {len(names)} names: give at most {MOST_CLASSES}, and labels from 0 to "
                f"{len(names) - 1}"
            )
        side = float(np.ceil(max(3.0, np.abs(flat).max() + 0.25) * 2) / 2)
        places = {}
        for name, place in (("z", z), ("start", start)):
            values = finite(place, name, ndim=1)
            if values.shape != (2,) or np.abs(values).max() > side:
                raise ZsbirError(f"{name} must be two numbers from {-side} to {side}")
            places[name] = values.tolist()
        self._decoder = [
            _quantised(layer) for layer in model.network_.decoder if isinstance(layer, nn.Linear)
        ]
        super().__init__(
            layers=[
                {name: _base64(values) for name, values in layer.items()} for layer in self._decoder
            ],
            shape=list(model.shape_),
            points=flat.round(3).tolist(),
            labels=marks,
            names=[str(name) for name in names],
            side=side,
            caption=caption,
            **places,
        )

    _check_place = in_square("z", "start", side=lambda self: self.side)

    def decode(self, z: Any) -> np.ndarray:
        """Return the probability of ink that the page computes too.

        Parameters
        ----------
        z
            Places, shape (n, 2).

        Returns
        -------
        ndarray of float32, shape (n, height, width)
        """
        values = finite(z, "z", ndim=2).astype(np.float32)
        for i, layer in enumerate(self._decoder):
            values = values @ layer["weight"].T.astype(np.float32) * layer["scale"] + layer["bias"]
            if i < len(self._decoder) - 1:
                values = np.maximum(values, 0)
        return (1 / (1 + np.exp(-values))).reshape(-1, *self.shape)

    @property
    def nearest(self) -> str:
        """The class of the encoded picture that is nearest to ``z``."""
        squared = ((np.asarray(self.points) - self.z) ** 2).sum(axis=1)
        return self.names[self.labels[int(squared.argmin())]]

    @property
    def decided(self) -> float:
        """How far the pixels at ``z`` are from grey, 0, towards black or white, 1, on average."""
        return float(np.abs(2 * self.decode([self.z])[0] - 1).mean())

    def figure(self) -> Plot:
        """Return the plane with both ends of the way, and the pictures at ``z`` and on the way."""
        figure, axis = new_plot(6.4, 5.2)
        axis.remove()
        grid = figure.add_gridspec(2, 2, height_ratios=(4, 1), width_ratios=(3, 2))
        plane, picture, strip = (
            figure.add_subplot(place) for place in (grid[0, 0], grid[0, 1], grid[1, :])
        )
        points, labels = np.asarray(self.points), np.asarray(self.labels)
        for k, name in enumerate(self.names):
            x, y = points[labels == k].T
            plane.scatter(x, y, s=12, marker=_MARKS[k], color=_SHADES[k],
                          label=name)  # fmt: skip
        (x, y), (to_x, to_y) = self.start, self.z
        plane.plot([x, to_x], [y, to_y], color=INK, linestyle="--")
        plane.scatter(x, y, s=60, marker="s", facecolors="none", edgecolors=INK)
        plane.scatter(to_x, to_y, s=110, marker="o", facecolors="none", edgecolors=INK,
                      linewidths=2)  # fmt: skip
        plane.set(xlim=(-self.side, self.side), ylim=(-self.side, self.side), aspect="equal")
        plane.legend(frameon=False, labelcolor=INK, fontsize=7, loc="upper left")
        share = np.linspace(0, 1, self.steps)[:, None]
        way = self.decode((1 - share) * self.start + share * np.asarray(self.z))
        for shown, axes in ((way[-1], picture), (np.concatenate(list(way), axis=1), strip)):
            axes.imshow(shown, cmap="gray_r", vmin=0, vmax=1)
            axes.set(xticks=[], yticks=[])
        figure.alt_text = (
            f"At {coordinates(self.z)} the nearest encoded picture is of the class {self.nearest}, "
            f"and pixels are {self.decided:.0%} decided; the walk began at "
            f"{coordinates(self.start)}."
        )
        return figure

    def controls(self) -> dict[str, ipywidgets.Widget]:
        """Return boxes with the coordinates of both ends of the way."""
        return {
            name: ipywidgets.FloatsInput(value=getattr(self, name), format=".2f")
            for name in ("z", "start")
        }


def _quantised(layer: nn.Linear) -> dict[str, np.ndarray]:
    """Return the weight (out, in) as integers from -127 to 127, the scale of each row, the bias."""
    weight = layer.weight.detach().cpu().numpy()
    scale = np.abs(weight).max(axis=1) / 127
    whole = np.round(weight / np.where(scale > 0, scale, 1)[:, None]).astype(np.int8)
    return {"weight": whole, "scale": scale.astype("<f4"),
            "bias": layer.bias.detach().cpu().numpy().astype("<f4")}  # fmt: skip


def _base64(values: np.ndarray) -> str:
    return base64.b64encode(values.tobytes()).decode()
