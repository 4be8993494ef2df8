"""Two networks with one feature space, and how well drawings find photos through them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from zsbir_lib.drawings.hands import StrokeAugmentation, draw_lines
from zsbir_lib.toynet.network import ToyNet, normalise
from zsbir_lib.toynet.sketch_material import SketchMaterial


@dataclass(frozen=True, eq=False)
class Towers:
    """Two networks with one feature space.

    Attributes
    ----------
    photo, sketch : ToyNet
        What photos, and sketches, go through.
    """

    photo: ToyNet
    sketch: ToyNet


@torch.inference_mode()
def sketch_accuracy(
    towers: Towers, material: SketchMaterial, k: int = 12
) -> dict[str, tuple[float, float]]:
    """Measure how often the photos nearest to a drawing, by cosine, are of its class.

    Parameters
    ----------
    towers
        What drawings and photos go through, on the CPU.
    material
        Of classes that `towers` did not learn from; its photos are what is retrieved.
    k
        Photos that are looked at.

    Returns
    -------
    dict of str to tuple of float
        For ``"drawings"`` and ``"toys"``, where there are any: how often the first photo is right,
        and the mean share of the first `k` that are; for ``"photos"`` the same of photos as
        queries, which do not find themselves: what a sketch that says as much would reach.
    """
    photos = photo_features(towers.photo, material)
    mean = photos.mean(dim=0)
    photos = F.normalize(photos - mean, dim=1)
    itself = (photos @ photos.T).fill_diagonal_(-2)
    hand = StrokeAugmentation()
    found = {"photos": _right(itself, material.toy_labels, material.toy_labels, k)}
    for kind, drawings, labels in (
        ("drawings", material.drawings, material.drawing_labels),
        ("toys", material.toys, material.toy_labels),
    ):
        if not len(drawings):
            continue
        rng = np.random.default_rng(0)
        # People's are drawn as they are; the lines of a toy are a tracing, until a hand draws them.
        pictures = torch.from_numpy(
            np.stack(
                [
                    draw_lines(one.strokes) if kind == "drawings" else hand.picture(one, rng)
                    for one in drawings
                ]
            )
        )
        queries = torch.cat(
            [towers.sketch.features(sketch_input(part)) for part in pictures.split(128)]
        )
        scores = F.normalize(queries - mean, dim=1) @ photos.T
        found[kind] = _right(scores, labels, material.toy_labels, k)
    return found


def _right(
    scores: Tensor, labels: np.ndarray, photo_labels: np.ndarray, k: int
) -> tuple[float, float]:
    nearest = scores.topk(min(k, scores.shape[1]), dim=1).indices.numpy()
    right = photo_labels[nearest] == labels[:, None]
    return float(right[:, 0].mean()), float(right.mean())


def photo_features(network: ToyNet, material: SketchMaterial) -> Tensor:
    """Return the features of all photos, on the CPU, with the network in evaluation mode."""
    network.eval()
    place = next(network.parameters()).device
    with torch.no_grad():
        photos = torch.from_numpy(material.photos).permute(0, 3, 1, 2)
        parts = [network.features(normalise(part.to(place))).cpu() for part in photos.split(128)]
    return torch.cat(parts)


def sketch_input(pictures: Tensor) -> Tensor:
    """Map grey pictures (n, 64, 64) to what the network takes."""
    colours = normalise(pictures[:, None].expand(-1, 3, -1, -1))
    return colours.contiguous(memory_format=torch.channels_last)
