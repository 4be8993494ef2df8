"""Fitted methods are kept under all that they depend on, and checked when they are read."""

import logging
from dataclasses import replace

import pytest
import torch

from zsbir_lib.datasets import ZeroShotSplit
from zsbir_lib.features import FeatureSet
from zsbir_lib.methods import create_method
from zsbir_lib.methods.kept import kept_method

METADATA = {"backbone": "means"}


@pytest.fixture
def features():
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(3).repeat_interleave(4)
    return FeatureSet(
        photos=torch.randn(12, 5, generator=generator),
        sketches=torch.randn(12, 5, generator=generator),
        photo_labels=labels,
        sketch_labels=labels,
        sketch_photos=torch.arange(12),
        photo_ids=[f"p{i}" for i in range(12)],
        sketch_ids=[f"s{i}" for i in range(12)],
        class_names=("a", "b", "c"),
        split=ZeroShotSplit("test", ("a", "b"), ("c",)),
        dataset="drawer",
        backbone="means",
        weights_id="w0",
    )


def kept(root, features, name="sae", **parameters):
    """Return whether the method was fitted now, its file, and what it makes of the sketches."""
    method, path, now = kept_method(
        create_method(name, **parameters), features, METADATA, root=root
    )
    return now, path, method.encode_sketches(features.sketches)


def test_it_is_fitted_once(features, tmp_path):
    now, path, queries = kept(tmp_path, features)
    assert now
    again, same, others = kept(tmp_path, features)
    assert (again, same) == (False, path)
    torch.testing.assert_close(others, queries)


def test_all_that_changes_it_is_in_the_key(features, tmp_path, monkeypatch):
    kept(tmp_path, features)
    pixel = features.photos.clone()
    pixel[0, 0] += 1
    swapped = features.sketch_photos.clone()
    swapped[:2] = swapped[:2].flip(0)
    other_split = ZeroShotSplit("test", ("a", "c"), ("b",))
    for other in (
        replace(features, photos=pixel),
        replace(features, sketch_photos=swapped),
        replace(features, split=other_split),
    ):
        assert kept(tmp_path, other)[0]
    assert kept(tmp_path, features, encoder_weight=7.0)[0]
    assert kept(tmp_path, features, "regression")[0]
    monkeypatch.setattr(type(create_method("sae")), "version", 99)
    assert kept(tmp_path, features)[0]
    monkeypatch.undo()
    assert not kept(tmp_path, features)[0]


def test_a_flipped_bit_is_named_and_the_method_fitted_again(features, tmp_path, caplog):
    _, path, queries = kept(tmp_path, features)
    damaged = bytearray(path.read_bytes())
    damaged[-3] ^= 4
    path.write_bytes(damaged)
    with caplog.at_level(logging.WARNING):
        now, same, others = kept(tmp_path, features)
    assert (now, same) == (True, path)
    assert f"{path} is damaged" in caplog.text
    torch.testing.assert_close(others, queries)


def test_a_method_that_needs_no_pairs_is_kept_too(features, tmp_path):
    assert kept(tmp_path, features, "cosine")[0]
    assert not kept(tmp_path, features, "cosine")[0]
