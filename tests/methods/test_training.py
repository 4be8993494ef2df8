import pytest
import torch
from torch import nn

from zsbir_lib.errors import ConstantFeaturesError, DivergedError, SinglePairError, ZsbirError
from zsbir_lib.features import Pairs
from zsbir_lib.methods import DSH, Ours
from zsbir_lib.methods.training import batches, seeded, train


def step_for(network, loss_of, learning_rate=0.1):
    optimiser = torch.optim.SGD(network.parameters(), learning_rate)

    def step(rows):
        loss = loss_of(network, rows)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        return {"loss": loss.detach()}

    return step


def run(network, step, **options):
    options = {"epochs": 3, "batch_size": 4, "name": "Test"} | options
    generator = torch.Generator().manual_seed(0)
    return train(network, step, 10, generator=generator, **options)


def test_batches_hold_every_row_once_but_for_what_is_left_over():
    found = batches(10, 4, torch.Generator().manual_seed(0))
    assert [len(rows) for rows in found] == [4, 4]
    assert len(set(torch.cat(found).tolist())) == 8
    assert [len(rows) for rows in batches(3, 4, torch.Generator())] == [3]


def test_the_history_holds_the_mean_of_each_epoch():
    network = nn.Linear(1, 1)
    seen = []

    def step(rows):
        seen.append(float(len(seen)))
        return {"place": torch.tensor(seen[-1]), "size": torch.tensor(float(len(rows)))}

    history = run(network, step)
    assert history == {"place": [0.5, 2.5, 4.5], "size": [4.0, 4.0, 4.0]}
    assert not network.training
    assert not any(p.requires_grad for p in network.parameters())


def test_it_learns():
    with seeded(0):
        network = nn.Linear(1, 1)
    x = torch.linspace(-1, 1, 10)[:, None]
    step = step_for(network, lambda net, rows: ((net(x[rows]) - 3 * x[rows]) ** 2).mean(), 0.5)
    history = run(network, step, epochs=60)
    assert history["loss"][-1] < 1e-3 < history["loss"][0]
    assert network.weight.item() == pytest.approx(3, abs=0.05)


def test_a_nan_stops_the_run_says_where_and_keeps_the_last_good_weights():
    network = nn.Linear(1, 1)
    states = []

    def loss_of(net, rows):
        states.append({k: v.clone() for k, v in net.state_dict().items()})
        loss = net.weight.sum() ** 2
        return loss / 0 if len(states) == 6 else loss  # the second batch of the third epoch

    message = r"Test: loss became inf in epoch 3, batch 2; the weights kept .* end of epoch 2"
    with pytest.raises(DivergedError, match=message) as caught:
        run(network, step_for(network, loss_of), epochs=5)
    assert caught.value.what == "Test: loss became inf in epoch 3, batch 2"
    assert len(caught.value.history["loss"]) == 2
    # The third epoch begins with the fifth batch: those are the last good weights.
    assert torch.equal(network.weight, states[4]["weight"])
    assert not network.training


def test_randomness_leaves_no_trace():
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    with seeded(1) as generator:
        first = torch.rand(2), torch.rand(2, generator=generator)
    assert torch.equal(torch.rand(3), expected)
    with seeded(1) as generator:
        assert torch.equal(torch.rand(2), first[0])
        assert torch.equal(torch.rand(2, generator=generator), first[1])


@pytest.mark.parametrize("value", [0, 1.5, float("nan"), "three", None, True])
def test_whole_numbers_are_asked_for(value):
    with pytest.raises(ZsbirError, match=r"epochs is .*: it must be a whole number, 1 or more"):
        DSH(epochs=value).fit(make_pairs())


def test_weights_that_a_last_step_makes_infinite_are_an_error_and_not_kept():
    network = nn.Linear(1, 1)
    steps = []

    def step(rows):
        steps.append(network.weight.item())
        with torch.no_grad():
            network.weight.add_(1 if len(steps) < 6 else float("inf"))
        return {"loss": torch.tensor(1.0)}  # which says nothing of the last step

    message = r"Test: a weight became NaN or infinite in epoch 3; the weights kept .* of epoch 2"
    with pytest.raises(DivergedError, match=message) as caught:
        run(network, step)
    assert network.weight.item() == steps[4]
    assert caught.value.history == {"loss": [1.0, 1.0]}


def make_pairs(sketches=None, photos=None, labels=(0, 0, 1, 1)):
    labels = torch.tensor(labels)
    n = len(labels)
    g = torch.Generator().manual_seed(0)
    sketches = torch.rand(n, 3, generator=g) if sketches is None else sketches
    photos = torch.rand(n, 3, generator=g) if photos is None else photos
    return Pairs(sketches, photos, torch.arange(n), labels, labels, ("cat", "dog"))


def test_pairs_that_nothing_can_be_learnt_from_are_refused():
    with pytest.raises(ConstantFeaturesError, match="features of all 4 photos are the same"):
        Ours().fit(make_pairs(photos=torch.ones(4, 3)))
    with pytest.raises(ConstantFeaturesError, match="features of all 4 sketches are the same"):
        Ours().fit(make_pairs(sketches=torch.zeros(4, 3)))
    with pytest.raises(SinglePairError, match="one pair only in dog"):
        Ours().fit(make_pairs(labels=(0, 0, 0, 1)))
