import math

import pytest
import torch

from zsbir_lib.methods import Siamese1, Siamese2


def test_the_loss_of_hadsell_by_hand():
    distance = torch.tensor([0.5, 0.5, 1.2, 1.2])
    same = torch.tensor([True, False, True, False])
    expected = torch.tensor([0.25, (0.8 - 0.5) ** 2, 1.44, 0.0])
    assert torch.allclose(Siamese1(margin=0.8).loss(distance, same), expected)


def test_the_loss_of_chopra_by_hand():
    distance = torch.tensor([0.5, 0.5])
    same = torch.tensor([True, False])
    expected = torch.tensor([2 / 3 * 0.25, 2 * 3 * math.exp(-2.77 / 3 * 0.5)])
    assert torch.allclose(Siamese2(margin=3.0).loss(distance, same), expected)


@pytest.mark.parametrize("kind", [Siamese1, Siamese2])
def test_pairs_of_a_class_are_pulled_and_others_pushed(kind):
    distance = torch.tensor([0.4, 0.4], requires_grad=True)
    kind().loss(distance, torch.tensor([True, False])).sum().backward()
    assert distance.grad[0] > 0 > distance.grad[1]


def test_beyond_the_margin_hadsell_pushes_no_more_and_chopra_still_does():
    for kind, pushes in ((Siamese1, False), (Siamese2, True)):
        distance = torch.tensor([1.9], requires_grad=True)
        kind(margin=1.0).loss(distance, torch.tensor([False])).sum().backward()
        assert (distance.grad[0] < -1e-3) == pushes
