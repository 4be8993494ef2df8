"""What other papers on zero-shot sketch-based image retrieval print, and where we read it.

The paper of this book is in `zsbir_lib.paper`. Here are the systems that came with it and after it,
what their public code computes as far as it was read, and the rows of published tables that name
them. No figure is from memory: each stands in the published table that its row names. The addresses
of the works are those of the book's references.
"""

from __future__ import annotations

from dataclasses import dataclass

from zsbir_lib.paper import PAPER_RESULTS

EVALUATORS: dict[str, str] = {
    "K": "mAP@200 divided by 200",
    "min": "mAP@200 divided by min(R, 200)",
    "hits": "mAP@200 divided by the hits",
    "all": "mAP over the whole ranking only",
    "": "evaluator not known to us",
}
"""What a system's public code computes where a table says ``mAP@200``."""


@dataclass(frozen=True)
class System:
    """A published system.

    Parameters
    ----------
    name : str
        What the literature calls it.
    year : int
        Of the publication, or of the preprint where there is no other.
    work : str
        The address of the paper, as in the references.
    backbone : str
        The network below it; empty where we could not check it.
    evaluator : str
        A key of `EVALUATORS`: what the code computes, if it can have made the figures in print.
    code : str
        The address of the code that was read for this; empty where none was.
    gallery : bool
        Whether it looks at the unlabelled gallery before it answers.
    """

    name: str
    year: int
    work: str
    backbone: str = ""
    evaluator: str = ""
    code: str = ""
    gallery: bool = False


@dataclass(frozen=True)
class Printed:
    """One row of a published table, on the extended Sketchy.

    Parameters
    ----------
    system : str
        The name of a `System`.
    table : str
        Whose table it stands in, a key of `TABLES`.
    unseen : int
        How many classes the column holds out: 21, the split of the paper of this book, or 25.
    average : float or None
        mAP as printed: headed ``mAP@200`` for 21 classes, mAP or ``mAP@all`` for 25.
    precision : float or None
        ``P@200`` for 21 classes, ``P@100`` for 25.
    """

    system: str
    table: str
    unseen: int
    average: float | None = None
    precision: float | None = None


_GITHUB = "https://github.com/"

FIELD: tuple[System, ...] = (
    System("ZSIH", 2018, "https://arxiv.org/abs/1803.02284", "AlexNet", "all",
           _GITHUB + "ymcidence/Zero-Shot-Sketch-Image-Hashing"),
    System("CVAE", 2018, "https://arxiv.org/abs/1807.11724", "VGG-16", "K",
           _GITHUB + "ShivaKrishnaM/ZS-SBIR"),
    System("SEM-PCYC", 2019, "https://arxiv.org/abs/1903.03372", "VGG-16", "hits",
           _GITHUB + "AnjanDutta/sem-pcyc"),
    System("Doodle2Search", 2019, "https://arxiv.org/abs/1904.03451", "VGG-16", "all",
           _GITHUB + "sounakdey/doodle2search"),
    System("Verma et al.", 2019, "https://arxiv.org/abs/1904.08542"),
    System("SAKE", 2019, "https://arxiv.org/abs/1904.03208", "CSE-ResNet-50", "min",
           _GITHUB + "qliu24/SAKE"),
    System("IIAE", 2020, "https://arxiv.org/abs/2012.04251", "VGG-16", "K",
           _GITHUB + "gr8joo/IIAE"),
    System("TVT", 2022, "https://doi.org/10.1609/aaai.v36i2.20136", "DINO ViT-S/8"),
    System("Sketch3T", 2022, "https://arxiv.org/abs/2203.14691"),
    System("PSKD", 2022, "https://doi.org/10.1145/3503161.3548382", "ViT-S/8"),
    System("ClusterRetri", 2023, "https://arxiv.org/abs/2301.06685", gallery=True),
    System("CLIP-AT", 2023, "https://arxiv.org/abs/2303.13440", "CLIP ViT-B/32", "",
           _GITHUB + "aneeshan95/Sketch_LVM"),
    System("ZSE-SBIR", 2023, "https://arxiv.org/abs/2303.14348", "ViT-B/16", "min",
           _GITHUB + "buptLinfy/ZSE-SBIR"),
    System("Sketch-an-Anchor", 2023, "https://arxiv.org/abs/2303.16769", "DINO ViT-S/8"),
    System("ICFRR", 2023, "https://arxiv.org/abs/2303.17703", "ViT", "hits",
           _GITHUB + "finlay-hudson/ICFRR", gallery=True),
    System("MA-SBIR", 2024, "https://arxiv.org/abs/2401.04860", "CLIP ViT-B/32", "min",
           _GITHUB + "eunyi-lyou/MA-ZS-SBIR"),
    System("SD-PL", 2024, "https://arxiv.org/abs/2403.07214", "Stable Diffusion"),
    System("SpLIP", 2024, "https://arxiv.org/abs/2407.04207", "CLIP"),
    System("SketchFusion", 2025, "https://arxiv.org/abs/2503.14129", "Stable Diffusion, CLIP", "",
           _GITHUB + "TapasKumarDutta1/SketchFusion"),
    System("DM-WAN", 2025, "https://arxiv.org/abs/2511.00925", "ViT, CLIP's text"),
    System("COP", 2026, "https://openreview.net/forum?id=FENSR2l5S0", "ImageNet's or CLIP's"),
)  # fmt: skip
"""The systems, by year."""

SKETCHY_TEST: dict[int, tuple[int, int, int]] = {
    21: (12694, 10453, 12553),
    25: (15229, 14601, 17101),
}
"""Sketches and photos of the unseen classes, by their number, in the lists of ZSE-SBIR's code.

The third number is of the same photos where those that were drawn are listed twice, once from the
database and once from its extension, as these lists and SAKE's do."""

LISTED_TWICE = ("SAKE", "ZSE-SBIR")
"""The systems in whose galleries the photos that were drawn stand twice."""

TABLES: dict[str, str] = {
    "the paper": "https://arxiv.org/abs/1807.11724",
    "IIAE": _GITHUB + "gr8joo/IIAE",
    "Sketch3T": "https://aneeshan95.github.io/Sketch3T/",
    "CLIP-AT": "https://aneeshan95.github.io/Sketch_LVM/",
    "ZSE-SBIR": _GITHUB + "buptLinfy/ZSE-SBIR/blob/main/docs/index.html",
    "ICFRR": "https://finlay-hudson.github.io/icfrr/",
    "SpLIP": "https://mainaksingha01.github.io/SpLIP/",
    "SketchFusion": "https://subhadeepkoley.github.io/SketchFusion/",
}
"""The tables that were read, by whose they are, with the address of each."""

_CVAE_PRECISION, _CVAE_AVERAGE = PAPER_RESULTS["cvae"]["zero-shot"]

PRINTED: tuple[Printed, ...] = (
    Printed("CVAE", "the paper", 21, _CVAE_AVERAGE, _CVAE_PRECISION),
    # The table of IIAE, and its row for itself, are on the 25 classes.
    Printed("ZSIH", "IIAE", 25, 0.258, 0.342),
    Printed("SEM-PCYC", "IIAE", 25, 0.349, 0.463),
    Printed("IIAE", "IIAE", 25, 0.573, 0.659),
    # Heads its columns mAP@all and P@200, and does not say which classes are held out.
    Printed("Sketch3T", "Sketch3T", 25, 0.575),
    Printed("Doodle2Search", "CLIP-AT", 21, 0.369, 0.370),
    Printed("SAKE", "CLIP-AT", 21, 0.497, 0.598),
    Printed("IIAE", "CLIP-AT", 21, 0.373, 0.485),
    Printed("TVT", "CLIP-AT", 21, 0.531, 0.618),
    Printed("PSKD", "CLIP-AT", 21, 0.560, 0.645),
    Printed("Sketch3T", "CLIP-AT", 21, 0.579, 0.648),
    Printed("CLIP-AT", "CLIP-AT", 21, 0.723, 0.725),
    Printed("ZSIH", "ZSE-SBIR", 25, 0.254, 0.340),
    Printed("Doodle2Search", "ZSE-SBIR", 25, 0.369),
    Printed("SEM-PCYC", "ZSE-SBIR", 25, 0.349, 0.463),
    Printed("SAKE", "ZSE-SBIR", 25, 0.547, 0.692),
    Printed("SAKE", "ZSE-SBIR", 21, 0.497, 0.598),
    Printed("Sketch3T", "ZSE-SBIR", 25, 0.575),
    Printed("TVT", "ZSE-SBIR", 25, 0.648, 0.796),
    Printed("TVT", "ZSE-SBIR", 21, 0.531, 0.618),
    Printed("ZSE-SBIR", "ZSE-SBIR", 25, 0.736, 0.808),
    # Of its two ways to match, the one that is better on these classes.
    Printed("ZSE-SBIR", "ZSE-SBIR", 21, 0.525, 0.624),
    Printed("SAKE", "ICFRR", 21, 0.356, 0.477),
    Printed("TVT", "ICFRR", 21, 0.531, 0.618),
    Printed("PSKD", "ICFRR", 21, 0.560, 0.645),
    Printed("MA-SBIR", "ICFRR", 21, 0.691, 0.755),
    Printed("ICFRR", "ICFRR", 21, 0.790, 0.776),
    Printed("Doodle2Search", "SpLIP", 21, 0.461, 0.370),
    Printed("SEM-PCYC", "SpLIP", 25, 0.349, 0.463),
    Printed("SEM-PCYC", "SpLIP", 21, 0.459, 0.370),
    Printed("SAKE", "SpLIP", 21, 0.497, 0.598),
    Printed("Sketch3T", "SpLIP", 21, 0.579, 0.648),
    Printed("TVT", "SpLIP", 21, 0.531, 0.618),
    Printed("PSKD", "SpLIP", 21, 0.560, 0.645),
    Printed("Sketch-an-Anchor", "SpLIP", 21, 0.535, 0.630),
    Printed("ZSE-SBIR", "SpLIP", 21, 0.525, 0.624),
    Printed("CLIP-AT", "SpLIP", 21, 0.723, 0.725),
    Printed("MA-SBIR", "SpLIP", 21, 0.691, 0.755),
    Printed("SpLIP", "SpLIP", 25, 0.802, 0.867),
    Printed("SpLIP", "SpLIP", 21, 0.764, 0.773),
    Printed("SAKE", "SketchFusion", 21, 0.497, 0.598),
    Printed("IIAE", "SketchFusion", 21, 0.373, 0.485),
    Printed("Doodle2Search", "SketchFusion", 21, 0.369, 0.370),
    Printed("CLIP-AT", "SketchFusion", 21, 0.723, 0.725),
    Printed("SD-PL", "SketchFusion", 21, 0.746, 0.747),
    Printed("SketchFusion", "SketchFusion", 21, 0.761, 0.763),
)
"""Rows of published tables, as printed; a system stands in as many as we read."""
