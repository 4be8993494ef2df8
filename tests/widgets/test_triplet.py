import numpy as np
import pytest
import torch
import traitlets

from zsbir_lib.errors import ZsbirError
from zsbir_lib.methods.triplet import triplet_loss
from zsbir_lib.widgets import TripletPlayground


@pytest.mark.parametrize(
    ("negative", "kind"), [((0.5, 0.0), "hard"), ((1.2, 0.0), "semi-hard"), ((1.9, 0), "easy")]
)
def test_kinds_losses_and_gradients_agree_with_autograd(negative, kind):
    widget = TripletPlayground((0, 0), (1, 0), negative, margin=0.6)
    assert widget.kind == kind
    s, p, n = (
        torch.tensor([place], dtype=torch.float64, requires_grad=True)
        for place in (widget.sketch, widget.positive, widget.negative)
    )
    loss = triplet_loss(s, p, n, 0.6).sum()
    loss.backward()
    assert widget.loss == pytest.approx(float(loss.detach()))
    for name, point in (("sketch", s), ("positive", p), ("negative", n)):
        np.testing.assert_allclose(widget.gradients[name], point.grad[0].numpy(), atol=1e-12)
    article = "An" if kind == "easy" else "A"
    assert f"{article} {kind} triplet" in widget.figure().alt_text


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sketch": (0, 3)}, "sketch must be two numbers"),
        ({"positive": (0, 1, 2)}, "positive must be two numbers"),
        ({"negative": (0, np.nan)}, "negative must be finite"),
        ({"margin": -1}, "margin is -1"),
        ({"rate": 0}, "rate is 0"),
    ],
)
def test_bad_input_is_named(options, message):
    with pytest.raises(ZsbirError, match=message):
        TripletPlayground(**options)


@pytest.mark.parametrize("place", [[0], [0, 9], [0, float("nan")]])
def test_a_point_that_is_none_is_refused(place):
    widget = TripletPlayground()
    with pytest.raises(traitlets.TraitError, match="sketch must be two numbers"):
        widget.sketch = place
    assert widget.sketch == [-0.6, -0.2]
