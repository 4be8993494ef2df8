import pytest
import torch

from zsbir_lib.toynet.network import FEATURE_DIM, INPUT_SIZE, Dropout, Residual, ToyNet, normalise


def test_features_have_the_documented_shape_and_sign():
    features = ToyNet().eval()(torch.randn(3, 3, INPUT_SIZE, INPUT_SIZE))
    assert features.shape == (3, FEATURE_DIM) == (3, 192)
    assert (features >= 0).all()
    assert features.std() > 0


def test_it_stays_small():
    assert 1_000_000 < sum(p.numel() for p in ToyNet().parameters()) < 1_200_000


def test_the_classifier_stands_on_the_features():
    network = ToyNet(n_classes=7).eval()
    x = torch.randn(2, 3, INPUT_SIZE, INPUT_SIZE)
    linear = network.classifier[1]
    torch.testing.assert_close(network(x), linear(network.features(x)))
    assert network(x).shape == (2, 7)


def test_a_residual_whose_branch_is_nought_is_a_relu():
    block = Residual(4, 2).eval()
    torch.nn.init.zeros_(block.second[1].weight)
    x = torch.randn(1, 4, 5, 5)
    torch.testing.assert_close(block(x), x.relu())


def test_normalise_maps_bytes_to_minus_two_and_two():
    values = normalise(torch.tensor([0, 255], dtype=torch.uint8))
    torch.testing.assert_close(values, torch.tensor([-2.0, 2.0]))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_dropout_drops_what_pytorchs_own_drops_on_the_cpu(dtype):
    x = torch.randn(128, FEATURE_DIM, generator=torch.Generator().manual_seed(0)).to(dtype)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        found = Dropout(0.2)(x)
        torch.manual_seed(1)
        wanted = torch.nn.functional.dropout(x, 0.2)
    assert torch.equal(found, wanted)
    assert torch.equal(Dropout(0.2).eval()(x), x)
