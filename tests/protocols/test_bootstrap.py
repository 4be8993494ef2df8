import numpy as np
import pytest

from zsbir_lib.errors import ZsbirError
from zsbir_lib.protocols import class_bootstrap


def test_the_bootstrap_covers_the_mean_about_as_often_as_it_says():
    rng = np.random.default_rng(0)
    covered = 0
    for seed in range(300):
        interval = class_bootstrap(rng.normal(0.3, 0.1, 21), n_resamples=500, seed=seed)
        covered += interval.low <= 0.3 <= interval.high
    assert 0.88 <= covered / 300 <= 0.98


def test_pairing_removes_what_classes_share():
    rng = np.random.default_rng(1)
    difficulty = rng.uniform(0, 1, 21)
    better = difficulty + 0.02 + rng.normal(0, 0.005, 21)
    paired = class_bootstrap(better, difficulty)
    assert paired.low > 0
    assert paired.estimate == pytest.approx(0.02, abs=0.005)
    assert paired.high - paired.low < 0.01
    alone = class_bootstrap(better)
    assert alone.high - alone.low > 0.1
    assert str(paired) == f"{paired.estimate:.3f} [{paired.low:.3f}, {paired.high:.3f}]"


def test_a_bootstrap_needs_matching_classes():
    with pytest.raises(ZsbirError, match="cannot pair 3 classes with 2"):
        class_bootstrap([1, 2, 3], [1, 2])
    with pytest.raises(ZsbirError, match="a class or more"):
        class_bootstrap([])


def test_one_class_has_a_mean_and_no_interval():
    alone = class_bootstrap([0.25])
    assert alone.estimate == 0.25
    assert not alone.defined
    assert not alone.resolved
    assert str(alone) == "0.250 [undefined]"
    assert class_bootstrap([0.2, 0.3]).defined
    assert class_bootstrap([0.2, 0.3], [0.1, 0.1]).resolved
