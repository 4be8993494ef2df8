"""Pairs that the tests of methods learn from."""

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


def class_sketches(n, dim, n_classes, g):
    """Return labels, and rectified sketches about a centre for each class."""
    labels = torch.arange(n) % n_classes
    centres = torch.randn(n_classes, dim, generator=g)
    return labels, (centres[labels] + 0.5 * torch.randn(n, dim, generator=g)).relu()


def make_turned_pairs(n, dim, style, n_classes=6):
    """Photos are their sketches, rotated, with a style of three numbers that no sketch shows."""
    g = torch.Generator().manual_seed(0)
    labels, sketches = class_sketches(n, dim, n_classes, g)
    turn = torch.linalg.qr(torch.randn(dim, dim, generator=g))[0]
    details = style * torch.randn(n, 3, generator=g) @ torch.randn(3, dim, generator=g)
    photos = (sketches @ turn + details).relu()
    return Pairs(sketches, photos, torch.arange(n), labels, labels, tuple("abcdef"[:n_classes]))


def make_linear_pairs(
    n_photos, dim, photo_dim, class_names, *, between=1.0, spread=0.7, noise=0.1, origin=4
):
    """Both views are noisy linear maps of six hidden numbers; every other photo was drawn twice.

    `between` and `spread` are how far classes, and photos of a class, lie apart; photos lie
    about `origin`.
    """
    g = torch.Generator().manual_seed(0)
    photo_labels = torch.arange(n_photos) % len(class_names)
    hidden = between * torch.randn(len(class_names), 6, generator=g)[photo_labels]
    hidden = hidden + spread * torch.randn(n_photos, 6, generator=g)
    photos = hidden @ torch.randn(6, photo_dim, generator=g) + origin
    photos += noise * torch.randn(photos.shape, generator=g)
    index = torch.arange(n_photos).repeat_interleave(1 + torch.arange(n_photos) % 2)
    sketches = hidden[index] @ torch.randn(6, dim, generator=g) + 3
    sketches += noise * torch.randn(sketches.shape, generator=g)
    return Pairs(sketches, photos, index, photo_labels[index], photo_labels, class_names)
