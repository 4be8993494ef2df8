"""An index is searched by drawings."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from zsbir_lib.drawings import TOYBOX_STYLE, DrawingStyle, read_image
from zsbir_lib.errors import ZsbirError
from zsbir_lib.features import Pairs
from zsbir_lib.gallery import PhotoGallery
from zsbir_lib.methods import SAE


def test_a_photo_finds_itself(index, folder, backbone):
    gallery = PhotoGallery(index, backbone)
    for row in range(len(index)):
        query = backbone.features([read_image(folder / index.name(row))])
        ranking = gallery.search(gallery.method.encode_sketches(query), 3)
        assert ranking.indices[0, 0] == row
        assert ranking.distances[0, 0] < 1e-5


def test_a_fitted_method_answers_in_its_own_space(index, backbone):
    torch.manual_seed(0)
    photos, sketches = torch.rand(40, 12), torch.rand(40, 12)
    labels = torch.arange(4).repeat_interleave(10)
    pairs = Pairs(sketches, photos, torch.arange(40), labels, labels, tuple("abcd"))
    method = SAE().fit(pairs)
    query = method.encode_sketches(sketches[:1])
    found = PhotoGallery(index, backbone, method).search(query, 7)
    wanted = method.index(torch.tensor(np.array(index.features))).search(query, 7)
    assert found.indices.tolist() == wanted.indices.tolist()
    plain = PhotoGallery(index, backbone).search(sketches[:1], 7)
    assert plain.distances[0].tolist() != found.distances[0].tolist()


def test_another_network_is_refused(index, backbone):
    with pytest.raises(ZsbirError, match=r"was made with corners .* give the same backbone"):
        PhotoGallery(index, replace(backbone, weights_id="0123456789ab"))


def test_folders_are_classes(index, backbone):
    gallery = PhotoGallery(index, backbone)
    rows = range(len(gallery))
    assert {gallery.class_name(row) for row in rows} == {"-rf", "photos", "sea", "2019"}
    assert gallery.find_class("sea") == "sea"
    with pytest.raises(ZsbirError, match="has no folder 'see': did you mean sea"):
        gallery.find_class("see")
    assert gallery.photo_id(4) == index.name(4)


def test_drawings_are_made_as_the_page_makes_them_unless_a_method_learnt_from_others(
    index, backbone
):
    assert PhotoGallery(index, backbone).pen() == (16, TOYBOX_STYLE)
    pen = (256, DrawingStyle(fill=0.9, line_width=0.008))
    assert PhotoGallery(index, backbone, pen=pen).pen() == pen
