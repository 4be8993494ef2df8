"""Two networks into one space of features: photos go through one, sketches through the other."""

from __future__ import annotations

from torch import Tensor, nn


class TwoTowers(nn.Module):
    """A network for photos, and a network for sketches whose features lie among theirs.

    Let the `build` of a `Recipe` return one, and every command takes sketches through the second
    network. In a weight file, names begin with ``photo.`` and ``sketch.``.

    Parameters
    ----------
    photo, sketch
        Each maps normalised images (n, 3, s, s) to features (n, dim).
    """

    def __init__(self, photo: nn.Module, sketch: nn.Module) -> None:
        super().__init__()
        self.photo, self.sketch = photo, sketch

    def forward(self, images: Tensor) -> Tensor:
        """Map photos (n, 3, s, s) to features (n, dim)."""
        return self.photo(images)
