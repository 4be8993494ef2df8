"""What the paper prints: Yelamarthi et al., *A Zero-Shot Framework for SBIR*, ECCV 2018.

Figures that this library is compared with, and the choices behind them that it follows.
"""

from __future__ import annotations

PAPER_SPLIT = "sketchy21"
"""The shipped split that holds out the paper's 21 unseen classes of Sketchy."""

PAPER_RENDERING = "tx_000100000000"
"""The rendering of Sketchy that its code reads, with photos cropped and sketches centred."""

PAPER_TABLE_1: dict[str, int | float] = {
    "Train classes": 104,
    "Test classes": 21,
    "Train images": 10400,
    "Train sketches": 62787,
    # Over all 125 classes: 75,481 / 12,500. Over the 104 seen ones it would be 6.03721.
    "Avg. sketches per image": 6.03848,
    "Test sketches": 12694,
    "DB images for training": 62549,
    "DB images for testing": 10453,
}
"""The split of the Sketchy database, as in Table 1."""

PAPER_RESULTS: dict[str, dict[str, tuple[float, float]]] = {
    "cosine": {"zero-shot": (0.106, 0.054)},
    "siamese-1": {"zero-shot": (0.243, 0.134)},
    "siamese-2": {"zero-shot": (0.251, 0.149), "traditional": (0.690, 0.518)},
    "triplet-coarse": {"zero-shot": (0.169, 0.083), "traditional": (0.761, 0.573)},
    "triplet-fine": {"zero-shot": (0.155, 0.081)},
    "dsh": {"zero-shot": (0.153, 0.059), "traditional": (0.866, 0.783)},
    "regression": {"zero-shot": (0.066, 0.022)},
    "eszsl": {"zero-shot": (0.187, 0.117)},
    "sae": {"zero-shot": (0.238, 0.136)},
    "caae": {"zero-shot": (0.260, 0.156)},
    "cvae": {"zero-shot": (0.333, 0.225)},
}
"""Precision and mAP at 200 (divided by 200) of Tables 2 and 3, on Sketchy with VGG-16.

The traditional figures of Table 2 are not the paper's own measurements but quoted, those of ``dsh``
"using 128 bit hash codes". Where there are none, "the authors do not present results on that
metric", says its caption.
"""
