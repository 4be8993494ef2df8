"""A network of timm on real sketches and photos: features are kept, and methods learn from them."""

import numpy as np
import pytest

from zsbir_lib.datasets import Sketchy
from zsbir_lib.features import extract_features, load_backbone
from zsbir_lib.methods import create_method
from zsbir_lib.protocols import zero_shot

pytest.importorskip("timm", reason='timm is missing: pip install -e ".[backbones]"')


@pytest.mark.real_data
@pytest.mark.parametrize("method", ["cosine", "sae"])
def test_methods_take_the_features_of_real_sketches(method, random_weights, sketchy, tmp_path):
    whole = Sketchy(sketchy, split=None)
    for label in range(0, len(whole.class_names), 17):
        sketches = np.flatnonzero(whole.sketch_labels == label)[:4]
        photos = np.unique(whole.sketch_photos[sketches])
        for path in [*map(whole.photo_path, photos), *map(whole.sketch_path, sketches)]:
            target = tmp_path / "256x256" / path.relative_to(whole.root)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.symlink_to(path)
    dataset = Sketchy(tmp_path, split=None)
    dataset = dataset.with_split(dataset.inner_split(3))
    path = random_weights("timm:test_vit")
    backbone = load_backbone("timm:test_vit", path, device="cpu")
    features = extract_features(dataset, backbone, cache=tmp_path / "cache")
    assert features.backbone == "timm:test_vit.r160_in1k"
    assert features.dim == 64
    report = zero_shot(create_method(method), features, k=3).report
    assert 0 < report.precision <= 1
    # The second time they are read.
    again = extract_features(dataset, backbone, cache=tmp_path / "cache", progress=False)
    assert np.array_equal(again.photos.numpy(), features.photos.numpy())
