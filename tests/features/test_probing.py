import torch

from zsbir_lib.features.probing import probe_id


def test_the_probe_overlooks_the_last_digits():
    feature = torch.randn(1, 192, generator=torch.Generator().manual_seed(0)).relu()
    assert probe_id(feature) == probe_id(feature * (1 + 1e-6))
    assert probe_id(feature) != probe_id(feature.flip(1))
    assert probe_id(torch.zeros(1, 5)) == probe_id(-torch.zeros(1, 5))
