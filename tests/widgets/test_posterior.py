import pytest
import torch
import traitlets
from torch.distributions import Normal, kl_divergence

from zsbir_lib.errors import ZsbirError
from zsbir_lib.widgets import PosteriorExplorer


@pytest.mark.parametrize(
    ("mean", "deviation", "x", "variance"),
    [(0, 1, 1, 0.25), (0.5, 0.4, 1, 0.25), (-2, 1.7, 3, 4.0), (2.5, 0.05, -3, 0.01)],
)
def test_every_term_is_what_torch_computes(mean, deviation, x, variance):
    widget = PosteriorExplorer(mean, deviation, x=x, variance=variance)
    q = Normal(torch.tensor(float(mean)), deviation)
    posterior = Normal(x / (1 + variance), (variance / (1 + variance)) ** 0.5)
    assert widget.price == pytest.approx(float(kl_divergence(q, Normal(0.0, 1.0))), rel=1e-4)
    assert widget.gap == pytest.approx(float(kl_divergence(q, posterior)), rel=1e-4)
    draws = q.sample((200_000,))
    fit = Normal(draws, variance**0.5).log_prob(torch.tensor(float(x))).double()
    assert widget.fit == pytest.approx(float(fit.mean()), rel=0.02)
    # Bound and gap make up the likelihood, whatever the guess.
    likelihood = Normal(0.0, (1 + variance) ** 0.5).log_prob(torch.tensor(float(x)))
    assert widget.bound + widget.gap == pytest.approx(float(likelihood), abs=1e-6)


def test_the_posterior_closes_the_gap_and_nothing_else_does():
    widget = PosteriorExplorer(0.8, 0.2**0.5, x=1, variance=0.25)
    assert widget.posterior == pytest.approx((0.8, 0.2**0.5))
    assert widget.gap == pytest.approx(0, abs=1e-12)
    widget.mean = 0.9
    assert widget.gap > 0.01


def test_the_prior_is_free():
    assert PosteriorExplorer(0, 1).price == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mean": 4}, "mean is 4: it must be from -3.0 to 3.0"),
        ({"deviation": 0}, "deviation is 0"),
        ({"x": float("nan")}, "x is nan"),
        ({"variance": 0.3}, "variance is 0.3: it must be one of"),
        ({"noise": [float("inf")]}, "noise must be finite"),
    ],
)
def test_bad_input_is_named(options, message):
    with pytest.raises(ZsbirError, match=message):
        PosteriorExplorer(**options)


@pytest.mark.parametrize(("trait", "value"), [("mean", 5.0), ("deviation", 0.0), ("variance", 0.3)])
def test_values_out_of_range_are_refused(trait, value):
    widget = PosteriorExplorer()
    before = getattr(widget, trait)
    with pytest.raises(traitlets.TraitError, match=f"{trait} must be"):
        setattr(widget, trait, value)
    assert getattr(widget, trait) == before
