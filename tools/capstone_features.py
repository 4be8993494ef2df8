"""Write the features on which the capstone is done: pairs of each seen class of the Toybox.

    python tools/capstone_features.py

They ship with the library, so that neither the notebook nor the grader needs the data set or a
network. Write them anew when the Toybox's drawings or ToyNet's weights change;
`tests/check/test_capstone_data.py` tells. No unseen class of the paper's split is in them.
"""

from __future__ import annotations

import json
import sys

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor

from zsbir_lib.check.capstone_data import FEATURES, PAIRS
from zsbir_lib.datasets import load_dataset
from zsbir_lib.datasets.toybox.recipe import DRAWINGS_VERSION
from zsbir_lib.features import FeatureSet, extract_features, load_backbone
from zsbir_lib.files import atomic_path


def first_pairs(features: FeatureSet, name: str) -> tuple[Tensor, Tensor]:
    """Return a sketch and the photo it was drawn from, for the first objects of a class."""
    label = features.class_names.index(name)
    rows = ((features.sketch_labels == label) & (features.sketch_photos >= 0)).nonzero().flatten()
    _, first = np.unique(features.sketch_photos[rows].numpy(), return_index=True)
    rows = rows[np.sort(first)][:PAIRS]
    return features.sketches[rows], features.photos[features.sketch_photos[rows]]


def main() -> None:
    """Extract and write."""
    features = extract_features(load_dataset("toybox", progress=False), load_backbone("toynet"),
                                progress=False)  # fmt: skip
    seen = features.split.seen
    sketches, photos = (
        torch.stack(part).half()
        for part in zip(*(first_pairs(features, name) for name in seen), strict=True)
    )
    about = {"classes": json.dumps(seen), "weights": features.weights_id,
             "drawings": str(DRAWINGS_VERSION)}  # fmt: skip
    with atomic_path(FEATURES) as temporary:
        save_file({"sketches": sketches, "photos": photos}, temporary, metadata=about)


if __name__ == "__main__":
    sys.exit(main())
