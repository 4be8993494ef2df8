"""Fine-tuning SqueezeNet on people's sketches of seen classes, measured on held-out ones."""

import pytest

from tests.test_real_data import SKETCHY, SQUEEZENET
from zsbir_lib.datasets import Sketchy, SomeClasses, ZeroShotSplit
from zsbir_lib.features import extract_features, load_backbone
from zsbir_lib.finetune import FineTuning, fine_tune
from zsbir_lib.metrics import evaluate_retrieval

N_CLASSES = 24


def measure(dataset, backbone, names):
    """mAP of cosine, and the part of as many photos as a class has that are right."""
    found = extract_features(SomeClasses(dataset, names), backbone, cache=False)
    k = len(found.photos) // len(names)
    report = evaluate_retrieval(
        found.sketches, found.sketch_labels, found.photos, found.photo_labels, k=k
    )
    return report.macro.map_all, report.macro.precision, k


@pytest.mark.slow
@pytest.mark.real_data
def test_held_out_classes_are_found_better_than_by_the_frozen_network(tmp_path):
    for path in (SKETCHY, SQUEEZENET):
        if not path.exists():
            pytest.skip(f"{path} is not here: set ZSBIR_SKETCHY_ROOT and ZSBIR_SQUEEZENET_WEIGHTS")
    dataset = Sketchy(SKETCHY, split=None)
    names = dataset.class_names[:: len(dataset.class_names) // N_CLASSES][:N_CLASSES]
    others = [name for name in dataset.class_names if name not in names]
    dataset = dataset.with_split(ZeroShotSplit("few", names, others))
    frozen = load_backbone("squeezenet1_1", SQUEEZENET, device="cpu")
    settings = FineTuning(epochs=1, batch_size=16, learning_rate=1e-4, held_out=0.25)
    done = fine_tune(dataset, frozen, tmp_path / "tuned.safetensors", settings)
    assert (len(done.learnt_from), len(done.held_out)) == (18, 6)
    tuned = load_backbone(str(tmp_path / "tuned.safetensors"), device="cpu")
    before, after = (measure(dataset, one, done.held_out) for one in (frozen, tuned))
    print(f"mAP, P@k, k: frozen {before}, fine-tuned {after}; {done.history}")
    assert after[0] == pytest.approx(done.best, abs=1e-4)
    assert after[0] > before[0] + 0.03
    assert after[1] > before[1] + 0.03
