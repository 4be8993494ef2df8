"""An index is opened, searched, and copied to another place."""

import shutil

import numpy as np
import pytest
import torch

from zsbir_lib.drawings import read_image
from zsbir_lib.errors import ZsbirError
from zsbir_lib.features import Pairs
from zsbir_lib.gallery import PhotoIndex, index_photos
from zsbir_lib.methods import SAE


@pytest.fixture
def index(folder, backbone, tmp_path):
    index_photos(folder, tmp_path / "index", backbone)
    return PhotoIndex(tmp_path / "index")


def test_a_photo_finds_itself(index, folder, backbone):
    for row in range(len(index)):
        query = backbone.features([read_image(folder / index.name(row))])
        ranking = index.search(query, 3)
        assert ranking.indices[0, 0] == row
        assert ranking.distances[0, 0] < 1e-5


def test_a_fitted_method_answers_in_its_own_space(index, backbone):
    torch.manual_seed(0)
    method = SAE()
    photos, sketches = torch.rand(40, 12), torch.rand(40, 12)
    labels = torch.arange(4).repeat_interleave(10)
    method.fit(Pairs(sketches, photos, torch.arange(40), labels, labels, tuple("abcd")))
    ranking = index.search(sketches[:1], 7, method)
    expected = method.index(torch.tensor(np.array(index.features)))
    wanted = expected.search(method.encode_sketches(sketches[:1]), 7)
    assert ranking.indices.tolist() == wanted.indices.tolist()
    assert index.search(sketches[:1], 7).distances[0].tolist() != ranking.distances[0].tolist()


def test_names_and_folders_are_those_of_the_photos(index):
    names = [index.name(row) for row in range(len(index))]
    assert names == sorted(names)
    assert index.label(names.index("sea/2019/e.jpg")) == "sea/2019"
    assert index.label(names.index("a.jpg")) == "photos"


def test_copied_elsewhere_it_answers_and_shows_small_pictures(index, folder, tmp_path):
    shutil.copytree(index.path, tmp_path / "copy" / "index")
    assert PhotoIndex(tmp_path / "copy" / "index").photo(0).size == (40, 30)
    shutil.rmtree(folder)
    copy = PhotoIndex(tmp_path / "copy" / "index")
    assert copy.photo(0).size == (96, 96)
    assert copy.search(torch.ones(1, 12), 2).indices.shape == (1, 2)


def test_nothing_is_read_when_it_is_opened(index):
    assert all(isinstance(array, np.memmap) for array in (index.features, index.states))


@pytest.mark.parametrize("name", ["absent", "empty", "file"])
def test_no_index_is_one_line(tmp_path, name):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(ZsbirError, match=f"{name} holds no index of photos: `zsbir index FOLDER"):
        PhotoIndex(tmp_path / name)


@pytest.mark.parametrize("damage", ["shortened", "removed"])
def test_damage_is_one_line(index, damage):
    path = next(index.path.rglob("thumbnails.data*"))
    path.write_bytes(path.read_bytes()[:-5]) if damage == "shortened" else path.unlink()
    with pytest.raises(ZsbirError, match=r"is damaged .*: index the photos anew"):
        PhotoIndex(index.path)
