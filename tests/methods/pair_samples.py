"""Pairs that the tests of trained methods learn from."""

import torch

from zsbir_lib.features import Pairs


def make_pairs(
    n_photos=90, dim=12, photo_dim=12, n_classes=6, seed=0, *, spread=0.5, drawing_noise=0.0
):
    """Return pairs whose sketches and photos show the same six hidden numbers.

    Each side shows them through a map of its own and a ReLU. `spread` of the hidden numbers is a
    photo's own, beside its class's; `drawing_noise` is a sketch's own. There are two sketches of
    every photo.
    """
    g = torch.Generator().manual_seed(seed)
    photo_labels = torch.arange(n_photos) % n_classes
    hidden = 2 * torch.randn(n_classes, 6, generator=g)[photo_labels]
    hidden = hidden + spread * torch.randn(n_photos, 6, generator=g)
    photos = (hidden @ torch.randn(6, photo_dim, generator=g)).relu()
    index = torch.arange(n_photos).repeat_interleave(2)
    drawn = hidden[index]
    if drawing_noise:
        drawn = drawn + drawing_noise * torch.randn(2 * n_photos, 6, generator=g)
    return Pairs(
        sketches=(drawn @ torch.randn(6, dim, generator=g)).relu(),
        photos=photos,
        photo_index=index,
        labels=photo_labels[index],
        photo_labels=photo_labels,
        class_names=tuple("abcdef"[:n_classes]),
    )
