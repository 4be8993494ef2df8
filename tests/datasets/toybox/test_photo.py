import numpy as np
import pytest

from zsbir_lib.datasets.toybox.drawing import draw_object
from zsbir_lib.datasets.toybox.geometry import ellipse
from zsbir_lib.datasets.toybox.photo import background, render_photo


def ball(drawing):
    drawing.fill(ellipse(0, 0, 1), (220, 30, 30))


def redness(photo):
    photo = photo.astype(float)
    return photo[..., 0] - photo[..., 1:].mean(axis=-1)


@pytest.mark.parametrize("size", [32, 64, 200])
def test_a_photo_shows_the_object_at_any_size(size):
    parts = draw_object(ball, np.random.default_rng(0))
    photo = render_photo(parts, np.random.default_rng(1), size=size, clutter=0)
    assert photo.shape == (size, size, 3)
    assert photo.dtype == np.uint8
    middle = redness(photo)[size // 3 : -size // 3, size // 3 : -size // 3]
    corner = redness(photo)[: size // 16, : size // 16]
    assert middle.mean() > 80
    assert corner.mean() < 60


def test_a_photo_depends_on_its_seed_alone():
    parts = draw_object(ball, np.random.default_rng(0))
    first, second, other = (
        render_photo(parts, np.random.default_rng(seed), clutter=1.0) for seed in (5, 5, 6)
    )
    np.testing.assert_array_equal(first, second)
    assert (first != other).mean() > 0.5


def test_light_comes_from_above():
    parts = draw_object(ball, np.random.default_rng(0))
    brighter = 0
    for seed in range(40):
        photo = render_photo(parts, np.random.default_rng(seed), clutter=0).astype(float)
        rows = np.where(redness(photo) > 60, photo[..., 0], np.nan)
        brighter += np.nanmean(rows[:28]) > np.nanmean(rows[36:])
    assert brighter >= 34


def test_clutter_makes_backgrounds_busier():
    def roughness(clutter):
        pictures = [background(np.random.default_rng(s), 64, clutter) for s in range(30)]
        return np.mean([np.abs(np.diff(p, axis=0)).mean() for p in pictures])

    assert roughness(0) < roughness(0.5) < roughness(1.2)


def test_distractors_appear_only_with_clutter():
    asked = []

    def distractor(rng):
        asked.append(1)
        return draw_object(ball, rng)

    background(np.random.default_rng(0), 64, 0, distractor)
    assert not asked
    for seed in range(20):
        background(np.random.default_rng(seed), 64, 1, distractor)
    assert 5 < len(asked) < 60
