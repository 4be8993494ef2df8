"""One latent number where everything is known: an approximate posterior, its price and its gap."""

from __future__ import annotations

import math
from collections.abc import Sequence

import ipywidgets
import numpy as np
import traitlets
from matplotlib.patches import Rectangle

from zsbir_lib.errors import ZsbirError
from zsbir_lib.plots import COLOURS, INK, Plot, new_plot
from zsbir_lib.widgets.live import LiveWidget, finite, module_text, one_of, within

RANGES = {"mean": (-3.0, 3.0), "deviation": (0.05, 2.0), "x": (-3.0, 3.0)}
"""Least and largest value of each slider."""

VARIANCES = (0.01, 0.04, 0.25, 1.0, 4.0)
"""Variances of the noise to choose from."""

_SPAN = 5.0  # nats below log p(x) that the bar of the bound shows, as in posterior.js


class PosteriorExplorer(LiveWidget):
    r"""A guess :math:`q(z) = \mathcal{N}(\mu, s^2)` at the cause z of an observation x.

    The model is :math:`z \sim \mathcal{N}(0, 1)` and :math:`x \mid z \sim \mathcal{N}(z,
    \sigma^2)`, so that the posterior is :math:`\mathcal{N}(x / (1 + \sigma^2), \sigma^2 / (1 +
    \sigma^2))`, and every term of

    .. math::

        \log p(x) = \underbrace{\mathbb{E}_q[\log p(x \mid z)]
        - D_{KL}(q \,\|\, p(z))}_{\text{bound}} + \underbrace{D_{KL}(q \,\|\, p(z \mid
        x))}_{\text{gap}}

    has a closed form (Kingma and Welling, ICLR 2014, appendix B).

    Parameters
    ----------
    mean, deviation
        :math:`\mu` and s, in `RANGES`.
    x
        The observation, in `RANGES`.
    variance
        :math:`\sigma^2`, one of `VARIANCES`.
    noise
        Draws :math:`\varepsilon` of a standard Gaussian, which the guess turns into draws
        :math:`\mu + s \varepsilon`; by default 20 fixed ones.
    caption
        Below the widget.

    Attributes
    ----------
    mean, deviation, x, variance : float
        The reader's choices.
    noise : list of float
        The draws.

    Raises
    ------
    ZsbirError
        If an argument is out of range.
    """

    _esm = module_text("posterior")
    mean = traitlets.Float(0.0).tag(sync=True)
    deviation = traitlets.Float(1.0).tag(sync=True)
    x = traitlets.Float(1.0).tag(sync=True)
    variance = traitlets.Float(0.25).tag(sync=True)
    noise = traitlets.List(traitlets.Float()).tag(sync=True)
    ranges = traitlets.Dict({name: list(ends) for name, ends in RANGES.items()}).tag(sync=True)
    variances = traitlets.List(traitlets.Float(), list(VARIANCES)).tag(sync=True)

    def __init__(
        self,
        mean: float = 0.0,
        deviation: float = 1.0,
        *,
        x: float = 1.0,
        variance: float = 0.25,
        noise: Sequence[float] | None = None,
        caption: str = "",
    ) -> None:
        if noise is None:
            noise = np.random.default_rng(0).normal(size=20).round(3)
        values = {"mean": mean, "deviation": deviation, "x": x}
        for name, value in values.items():
            low, high = RANGES[name]
            if not low <= value <= high:
                raise ZsbirError(f"{name} is {value}: it must be from {low} to {high}")
        if variance not in VARIANCES:
            raise ZsbirError(f"variance is {variance}: it must be one of {VARIANCES}")
        super().__init__(
            **{name: float(value) for name, value in values.items()},
            variance=float(variance),
            noise=finite(noise, "noise", ndim=1).tolist(),
            caption=caption,
        )

    _check_range = within("mean", "deviation", "x", bounds=lambda self, name: RANGES[name])
    _check_variance = one_of("variance", lambda self: VARIANCES)

    @property
    def posterior(self) -> tuple[float, float]:
        """Mean and standard deviation of the true posterior."""
        return self.x / (1 + self.variance), math.sqrt(self.variance / (1 + self.variance))

    @property
    def fit(self) -> float:
        """The mean of log p(x | z) under the guess, in nats."""
        squared = (self.x - self.mean) ** 2 + self.deviation**2
        return -0.5 * (squared / self.variance + math.log(2 * math.pi * self.variance))

    @property
    def price(self) -> float:
        """The divergence of the guess from the prior, in nats."""
        return _divergence(self.mean, self.deviation, 0.0, 1.0)

    @property
    def bound(self) -> float:
        """`fit` less `price`."""
        return self.fit - self.price

    @property
    def gap(self) -> float:
        """The divergence of the guess from the posterior, in nats."""
        return _divergence(self.mean, self.deviation, *self.posterior)

    def figure(self) -> Plot:
        """Return prior, posterior and guess, and below them the bound under the likelihood."""
        figure, axis = new_plot(5.6, 3.8)
        axis.remove()
        grid = figure.add_gridspec(2, 1, height_ratios=(6, 1))
        above, below = (figure.add_subplot(place) for place in (grid[0], grid[1]))
        z = np.linspace(-4, 4, 401)
        curves = {
            "prior": (0.0, 1.0, ":"),
            "posterior": (*self.posterior, "--"),
            "guess q": (self.mean, self.deviation, "-"),
        }
        for (name, (mean, deviation, style)), shade in zip(
            curves.items(), (INK, COLOURS[1], COLOURS[0]), strict=True
        ):
            above.plot(z, _density(z, mean, deviation), style, color=shade, label=name)
        draws = self.mean + self.deviation * np.asarray(self.noise)
        above.plot(draws, np.zeros(len(draws)), "|", color=COLOURS[0], markersize=12)
        above.set(xlim=(-4, 4), ylim=(-0.03, 1.08 * _density(0, 0, self.posterior[1])), xlabel="z")
        above.legend(frameon=False, labelcolor=INK, fontsize=8)
        likelihood = self.bound + self.gap
        low = likelihood - _SPAN
        reach = max(self.bound, low)
        below.add_patch(Rectangle((low, 0), reach - low, 1, color=COLOURS[0]))
        below.add_patch(Rectangle((reach, 0), likelihood - reach, 1, facecolor="none",
                                  edgecolor=COLOURS[1], hatch="//"))  # fmt: skip
        below.axvline(likelihood, color=INK)
        below.set(xlim=(low, likelihood + 0.2), ylim=(-0.1, 1.1), yticks=[], xlabel="nats")
        figure.alt_text = (
            f"A guess with mean {self.mean:.2f} and deviation {self.deviation:.2f} for x = "
            f"{self.x:.1f} and noise of variance {self.variance:g}: fit {self.fit:.2f}, price "
            f"{self.price:.2f}, bound {self.bound:.2f}, gap {self.gap:.2f}, log p(x) "
            f"{likelihood:.2f}."
        )
        return figure

    def controls(self) -> dict[str, ipywidgets.Widget]:
        """Return a slider for each choice."""
        return {
            **{name: ipywidgets.FloatSlider(getattr(self, name), min=low, max=high, step=0.05,
                                            description=name)
               for name, (low, high) in RANGES.items()},
            "variance": ipywidgets.SelectionSlider(options=VARIANCES, value=self.variance,
                                                   description="variance"),
        }  # fmt: skip


def _divergence(mean: float, deviation: float, other: float, wide: float) -> float:
    """Return the divergence of one Gaussian from another, in nats."""
    squared = deviation**2 + (mean - other) ** 2
    return math.log(wide / deviation) + squared / (2 * wide**2) - 0.5


def _density(z: float | np.ndarray, mean: float, deviation: float) -> float | np.ndarray:
    scale = deviation * math.sqrt(2 * math.pi)
    return np.exp(-0.5 * ((z - mean) / deviation) ** 2) / scale
