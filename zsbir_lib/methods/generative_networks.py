"""The networks of the generative methods: encoder, decoder, and the way back to the sketch."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

from zsbir_lib.methods.layers import BatchNorm, Dropout, linear


class GenerativeNetwork(nn.Module, ABC):
    """Encoder, decoder, and the regulariser's way back to the sketch.

    A subclass adds the heads of the encoder: what a photo and its sketch say about z.

    Layer sizes are those of the paper's released code at 4,096 numbers, and keep their proportion
    to the width of the features at any other.

    Parameters
    ----------
    dim
        Width d of the features.
    latent_dim
        Width of z; a quarter of d by default.
    non_negative
        End the decoder in a ReLU: features taken after a ReLU are never negative.
    generator
        Of first weights and dropout; None for PyTorch's common state.
    """

    def __init__(
        self,
        dim: int,
        latent_dim: int | None = None,
        non_negative: bool = True,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        hidden = max(1, dim // 2)
        self.latent_dim = latent_dim or max(1, dim // 4)
        self.encoder = nn.Sequential(  # of the photo beside its sketch
            linear(2 * dim, dim, generator), nn.ReLU(), BatchNorm(dim),
            Dropout(0.3, generator),
            linear(dim, hidden, generator), nn.ReLU(), BatchNorm(hidden),
        )  # fmt: skip
        self._make_heads(hidden, generator)
        self.decoder = nn.Sequential(  # p(x_img | z, x_sketch)
            linear(self.latent_dim + dim, hidden, generator), nn.ReLU(),
            linear(hidden, dim, generator), nn.ReLU() if non_negative else nn.Identity(),
        )  # fmt: skip
        self.to_sketch = nn.Sequential(  # f_NN, the regulariser's way back to the sketch
            linear(dim, hidden, generator), nn.ReLU(), linear(hidden, dim, generator)
        )
        self._make_more(hidden, generator)

    def _make_more(self, hidden: int, generator: torch.Generator | None) -> None:
        """Make what a subclass has beside the three networks; its weights are drawn last."""

    @abstractmethod
    def _make_heads(self, hidden: int, generator: torch.Generator | None) -> None:
        """Make what turns the encoder's `hidden` numbers into the distribution of z."""

    def decode(self, z: Tensor, sketches: Tensor) -> Tensor:
        """Return the mean of p(x_img | z, x_sketch), shape (n, d)."""
        return self.decoder(torch.cat([z, sketches], dim=1))


class Generator(nn.Module):
    """The decoder, from a sketch's feature and latent vectors to photo features about their mean.

    Parameters
    ----------
    decoder
        Of a `GenerativeNetwork`.
    sketch_mean, sketch_scale
        What is subtracted from the feature, and what it is divided by then.
    photo_scale
        What generated features are multiplied with.
    """

    sketch_mean: Tensor
    sketch_scale: Tensor
    photo_scale: Tensor

    def __init__(
        self, decoder: nn.Module, sketch_mean: Tensor, sketch_scale: Tensor, photo_scale: Tensor
    ) -> None:
        super().__init__()
        self.decoder = decoder
        self.register_buffer("sketch_mean", sketch_mean)
        self.register_buffer("sketch_scale", sketch_scale)
        self.register_buffer("photo_scale", photo_scale)

    def forward(self, feature: Tensor, z: Tensor) -> Tensor:
        """Map (1, d) and (n, latent_dim) to (n, d)."""
        scaled = (feature - self.sketch_mean) / self.sketch_scale
        both = torch.cat([z, scaled.expand(z.shape[0], -1)], dim=1)
        return self.decoder(both) * self.photo_scale
