"""One of each live widget, small, for the tests that all of them must pass."""

from collections.abc import Callable

import numpy as np
import torch
from PIL import Image

from zsbir_lib.datasets import ZeroShotSplit
from zsbir_lib.features import FeatureSet
from zsbir_lib.vae import VAE
from zsbir_lib.widgets import (
    AdversarialReplay,
    AttributeChooser,
    CollapseExplorer,
    GameFrame,
    KMeansStepper,
    LatentRun,
    LatentWalker,
    LinkedFigure,
    LiveWidget,
    PosteriorExplorer,
    RankingComparison,
    RankingExplorer,
    SplitBuilder,
    TripletPlayground,
)


def ranking() -> RankingExplorer:
    return RankingExplorer(
        [1, 0, 1, 0, 0, 1, 0, 0, 0, 0], 40, names=["cow"] * 10, caption="Move K."
    )


def comparison() -> RankingComparison:
    photos = [Image.new("RGB", (32, 32), (60 * i, 90, 160)) for i in range(4)]
    return RankingComparison(
        photos,
        photos[0],
        {"outline": [0, 1, 2, 3], "</script><b>": [3, 2, 1, 0]},
        caption="Rank the photos.",
    )


def collapse() -> CollapseExplorer:
    rng = np.random.default_rng(0)

    def run(scale: float) -> LatentRun:
        nats = scale * rng.random(6)
        found = rng.permutation(30)[:6].tolist()
        return LatentRun(nats, nats / 20, scale * rng.normal(size=(20, 2)), found)

    sweeps = {
        "divergence": {0.1: run(1.0), 1.0: run(0.3), 16.0: run(0.001)},
        "regulariser": {0.0: run(1.1), 1.0: run(0.4)},
    }
    photos = 3 * rng.normal(size=(30, 2))
    return CollapseExplorer(
        sweeps, photos, photos[:, 0] > 0,
        picture=lambda number: Image.new("RGB", (32, 32), (8 * number, 90, 160)),
        sketch=Image.new("RGB", (32, 32), "white"), caption="Raise the weight.",
    )  # fmt: skip


def replay() -> AdversarialReplay:
    rng = np.random.default_rng(0)
    side = np.linspace(-3, 3, 13)

    def frame(step: int, away: float) -> GameFrame:
        codes = 0.5 * rng.normal(size=(20, 2)) + away
        return GameFrame(step, codes, 1 / (1 + np.exp(side[None] + side[:, None] - away)))

    games = {name: [frame(step, away - step / 10) for step in (0, 5, 20)]
             for name, away in (("one", 2.0), ("two", 2.5))}  # fmt: skip
    return AdversarialReplay(games, (-3, 3), caption="Press play.")


def linked() -> LinkedFigure:
    margins = np.linspace(0, 2, 41)
    return LinkedFigure(
        margins,
        {"square": margins**2, "</script><b>": 4 - margins},
        TripletPlayground(margin=0.6),
        "margin",
        xlabel="margin",
        ylabel="height",
        caption="Move the mark.",
    )


def kmeans() -> KMeansStepper:
    points = np.random.default_rng(0).normal(size=(12, 2))
    return KMeansStepper(points, caption="Step.")


def bars() -> tuple[torch.Tensor, torch.Tensor]:
    """Return pictures of 8 x 8, of an upright and of a lying bar, and which they are."""
    images = torch.zeros(40, 8, 8)
    for i in range(20):
        images[i, :, i % 6 : i % 6 + 2] = 1
        images[20 + i, i % 6 : i % 6 + 2] = 1
    return images, torch.arange(2).repeat_interleave(20)


def walker() -> LatentWalker:
    images, labels = bars()
    model = VAE(hidden=32, epochs=40, batch_size=8, device="cpu").fit(images)
    points = model.encode(images)[0]
    return LatentWalker(model, points, labels, ["upright", "lying"], caption="Walk.")


def attributes() -> AttributeChooser:
    table = [[1, 0, 1, 0], [1, 1, 0, 0], [0, 0, 0, 1]]
    photos = {"photo of an owl": [0.8, 0.3, 0.6, 0.1], "photo of a car": [0.1, 0.2, 0.1, 0.7]}
    return AttributeChooser(
        table, ["owl", "bat", "car"], ["wings", "fur", "beak", "wheels"], [0.3, 0.4, 0.1, 0.2],
        photos=photos, pictures={"photo of an owl": Image.new("RGB", (8, 8), "green")},
        caption="Answer.",
    )  # fmt: skip


def features() -> FeatureSet:
    """Return 8 classes of 6 photos and 12 sketches, which are noisy photos turned around."""
    rng = torch.Generator().manual_seed(0)
    labels = torch.arange(8).repeat_interleave(6)
    photos = 0.7 * torch.randn(48, 7, generator=rng) + torch.randn(8, 7, generator=rng)[labels]
    owner = torch.arange(48).repeat_interleave(2)
    noise = 0.3 * torch.randn(96, 7, generator=rng)
    names = tuple(f"class {letter}" for letter in "abcdefgh")
    return FeatureSet(
        photos=photos, sketches=photos[owner].flip(1) + noise, photo_labels=labels,
        sketch_labels=labels[owner], sketch_photos=owner,
        photo_ids=tuple(map(str, range(48))), sketch_ids=tuple(map(str, range(96))),
        class_names=names, split=ZeroShotSplit("test", names[:5], names[5:]),
        dataset="test", backbone="none", weights_id="none",
    )  # fmt: skip


def split() -> SplitBuilder:
    names = [f"class {letter}" for letter in "abcdef"]
    presets = {"First three": names[:3], "Last two": names[4:]}
    return SplitBuilder(features(), names, presets=presets, dim=4, n_sketches=3, n_photos=5,
                        caption="Choose.")  # fmt: skip


# What is made, and for each trait that a reader chooses another value than the first one.
SAMPLES: dict[str, tuple[Callable[[], LiveWidget], dict]] = {
    "attributes": (
        attributes,
        {"photo": "photo of a car", "answers": {"wings": True, "fur": False}},
    ),
    "collapse": (collapse, {"place": 2, "sweep": "regulariser", "threshold": 0.1}),
    "kmeans": (kmeans, {"assignment": [0, 1, 2] * 4, "centres": [[0.0, 0.5], [1.0, 1.0]]}),
    "linked": (linked, {"at": 30}),
    "replay": (replay, {"place": 2, "game": "two"}),
    "triplet": (
        TripletPlayground,
        {"margin": 1.5, "sketch": [0.5, 0.5], "positive": [1.0, -1.0], "negative": [0.0, 1.5]},
    ),
    "posterior": (
        PosteriorExplorer,
        {"mean": 0.8, "deviation": 0.45, "x": -1.0, "variance": 1.0},
    ),
    "split": (split, {"unseen": ["class b", "class d", "class f"]}),
    "walker": (walker, {"z": [1.5, -1.0], "start": [0.5, 2.0]}),
    "comparison": (comparison, {"order": [1, 0, 3, 2], "compared": True}),
    "ranking": (ranking, {"k": 4, "order": [1, 0, *range(2, 10)]}),
}
