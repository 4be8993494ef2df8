import itertools
import warnings

import numpy as np
import pytest

from zsbir_lib.datasets.splits import SKETCHY_CLASSES, unseen_classes
from zsbir_lib.datasets.toybox.attributes import ATTRIBUTES
from zsbir_lib.datasets.toybox.drawing import draw_object
from zsbir_lib.datasets.toybox.instance import distractor
from zsbir_lib.datasets.toybox.registry import register, toy_class, toy_classes
from zsbir_lib.datasets.toybox.sketch import visible_strokes
from zsbir_lib.errors import ZsbirError

UNSEEN = set(unseen_classes("sketchy21")[1])
# What a person would call an unseen class, or could mistake for one.
TWINS = {"house", "barn", "shed", "cottage", "pine", "palm", "rat", "tower", "dagger", "gate"}


def test_the_retrieval_classes_are_sketchys():
    drawn = {toy.name for toy in toy_classes().values() if not toy.pretrain_only}
    assert drawn == set(SKETCHY_CLASSES)


def test_there_are_enough_other_classes_and_none_is_a_twin_of_an_unseen_one():
    others = {toy.name for toy in toy_classes().values() if toy.pretrain_only}
    assert len(others) >= 48
    assert not others & (UNSEEN | TWINS)


@pytest.mark.parametrize("name", sorted(toy_classes()))
def test_every_class_draws_sound_parts(name):
    toy = toy_class(name)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for seed in range(12):
            parts = draw_object(toy.draw, np.random.default_rng(seed))
            assert 1 <= len(parts) <= 90
            for part in parts:
                assert part.points.ndim == 2
                assert part.points.shape[1] == 2
                assert len(part.points) >= 2
                assert np.isfinite(part.points).all()
                assert part.width >= 0
                assert part.colour.shape == (3,)
            assert visible_strokes(parts).lines


def test_instances_of_a_class_differ_in_shape():
    for toy in toy_classes().values():
        shapes = [
            np.concatenate([p.points for p in draw_object(toy.draw, np.random.default_rng(s))])
            for s in range(6)
        ]
        for a, b in itertools.combinations(shapes, 2):
            assert a.shape != b.shape or np.abs(a - b).max() > 0.02, toy.name


def test_attributes_tell_the_unseen_classes_apart():
    for a, b in itertools.combinations(sorted(UNSEEN), 2):
        assert toy_class(a).attributes != toy_class(b).attributes, (a, b)


def test_every_class_has_attributes_and_every_attribute_a_seen_class():
    counts = dict.fromkeys(ATTRIBUTES, 0)
    for toy in toy_classes().values():
        assert 4 <= len(toy.attributes) <= 20, toy.name
        if not toy.pretrain_only and toy.name not in UNSEEN:
            for attribute in toy.attributes:
                counts[attribute] += 1
    # One example cannot teach an attribute.
    assert {name for name, n in counts.items() if n < 2} == set()


def test_distractors_are_never_of_a_retrieval_class(monkeypatch):
    from zsbir_lib.datasets.toybox import instance

    chosen = set()
    real = instance._distractor_parts
    monkeypatch.setattr(instance, "_distractor_parts", lambda n, v: chosen.add(n) or real(n, v))
    rng = np.random.default_rng(0)
    for _ in range(100):
        distractor(rng)
    names = {instance._distractor_classes()[n].name for n in chosen}
    assert len(names) > 20
    assert not names & set(SKETCHY_CLASSES)


def test_mistakes_in_registering_are_refused():
    with pytest.raises(ZsbirError, match="unknown attributes: shiny"):
        register("blob", "none", print, ["shiny"])
    with pytest.raises(ZsbirError, match="drawn twice"):
        register("cow", "none", print, ["animal"])
    with pytest.raises(ZsbirError, match="did you mean giraffe"):
        toy_class("girafe")
