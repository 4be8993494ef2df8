"""ToyNet: a residual network small enough to read in a minute and to train in two.

It is to the Toybox what VGG-16 is to Sketchy: a network that learnt to name *photos*, has seen
neither a sketch nor a photo of an unseen class, and is used frozen from then on.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

INPUT_SIZE = 64
FEATURE_DIM = 192


def conv_bn(n_in: int, n_out: int, kernel: int = 3, stride: int = 1) -> nn.Sequential:
    """Return a convolution that keeps the picture's size (over `stride`), then batch norm.

    It maps `n_in` channels to `n_out`, and looks at squares of `kernel` pixels.
    """
    return nn.Sequential(
        nn.Conv2d(n_in, n_out, kernel, stride, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(n_out),
    )


class Residual(nn.Module):
    """Two convolutions whose result is added to their input: ``relu(x + f(x))`` (He et al., 2016).

    Parameters
    ----------
    width
        Channels of the input and of the output.
    inner
        Channels between the two convolutions.
    """

    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.first = conv_bn(width, inner)
        self.second = conv_bn(inner, width)

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, width, h, w) to the same shape."""
        return F.relu(x + self.second(F.relu(self.first(x))))


class Dropout(nn.Dropout):
    """Dropout that draws on the CPU: a seed then drops the same numbers on every device."""

    def forward(self, x: Tensor) -> Tensor:
        """Map any shape to the same shape."""
        if not self.training or not self.p:
            return x
        kept = torch.empty(x.shape, dtype=x.dtype).bernoulli_(1 - self.p).div_(1 - self.p)
        return x * kept.to(x.device)


class ToyNet(nn.Module):
    """Photos of 64 x 64 pixels to 192 non-negative numbers, with 1.1 million weights.

    A 5 x 5 convolution halves the picture to 32 x 32; three stages halve it again and widen it
    (64, 128, 192 channels), each ending in a `Residual`; the average over the 4 x 4 places that
    remain is the feature.

    Parameters
    ----------
    n_classes
        0: `forward` returns features. Otherwise it returns the scores of a linear classifier on
        them, which training needs and retrieval never uses.
    """

    def __init__(self, n_classes: int = 0) -> None:
        super().__init__()
        self.stem = conv_bn(3, 32, kernel=5, stride=2)
        self.stage1 = nn.Sequential(conv_bn(32, 64, stride=2), nn.ReLU(), Residual(64, 64))
        self.stage2 = nn.Sequential(conv_bn(64, 128, stride=2), nn.ReLU(), Residual(128, 128))
        # The last residual is narrow inside: it would hold half of all the weights otherwise.
        self.stage3 = nn.Sequential(
            conv_bn(128, FEATURE_DIM, stride=2), nn.ReLU(), Residual(FEATURE_DIM, 128)
        )
        self.classifier: nn.Module = nn.Identity()
        if n_classes:
            self.classifier = nn.Sequential(Dropout(0.2), nn.Linear(FEATURE_DIM, n_classes))

    def features(self, x: Tensor) -> Tensor:
        """Map normalised photos (n, 3, 64, 64) to features (n, 192)."""
        x = F.relu(self.stem(x))
        x = self.stage3(self.stage2(self.stage1(x)))
        return x.mean(dim=(2, 3))

    def forward(self, x: Tensor) -> Tensor:
        """Return features, or class scores (n, n_classes) if the network has a classifier."""
        return self.classifier(self.features(x))


def normalise(photos: Tensor) -> Tensor:
    """Map pixel values 0..255 to -2..2, the range that ToyNet is trained on."""
    return (photos.float() - 127.5) / 63.75
