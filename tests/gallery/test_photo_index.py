"""An index is opened, and copied to another place."""

import shutil

import numpy as np
import pytest
import torch

from zsbir_lib.errors import ZsbirError
from zsbir_lib.gallery import PhotoGallery, PhotoIndex


def test_names_and_folders_are_those_of_the_photos(index):
    names = [index.name(row) for row in range(len(index))]
    assert names == sorted(names)
    assert index.label(names.index("sea/2019/e.jpg")) == "2019"
    assert index.label(names.index("a.jpg")) == "photos"


def test_copied_elsewhere_it_answers_and_shows_small_pictures(index, folder, backbone, tmp_path):
    shutil.copytree(index.path, tmp_path / "copy" / "index")
    assert PhotoIndex(tmp_path / "copy" / "index").photo(0).size == (40, 30)
    shutil.rmtree(folder)
    copy = PhotoIndex(tmp_path / "copy" / "index")
    assert copy.photo(0).size == (96, 96)
    assert PhotoGallery(copy, backbone).search(torch.ones(1, 12), 2).indices.shape == (1, 2)


def test_nothing_is_read_when_it_is_opened(index):
    assert all(isinstance(array, np.memmap) for array in (index.features, index.states))


@pytest.mark.parametrize("name", ["absent", "empty", "file"])
def test_no_index_is_one_line(tmp_path, name):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(ZsbirError, match=f"{name} holds no index of photos: `zsbir index FOLDER"):
        PhotoIndex(tmp_path / name)


@pytest.mark.parametrize("damage", ["shortened", "removed", "flipped"])
def test_damage_is_one_line(index, damage):
    path = next(index.path.rglob("thumbnails.data*"))
    data = path.read_bytes()
    changed = {"shortened": data[:-5], "flipped": data.replace(b"}", b"{", 1)}
    path.write_bytes(changed[damage]) if damage in changed else path.unlink()
    with pytest.raises(ZsbirError, match=r"is damaged .*: index the photos anew"):
        PhotoIndex(index.path)
