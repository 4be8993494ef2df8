"""TU-Berlin with the photos of its extension, in the layouts of the two archives."""

import numpy as np
import pytest
from field_samples import SVG, put_image, put_tuberlin

from zsbir_lib.datasets import TUBerlin, load_dataset
from zsbir_lib.datasets.base import ZeroShotSplit
from zsbir_lib.datasets.splits import TUBERLIN_CLASSES, unseen_classes
from zsbir_lib.datasets.tuberlin import UNSEEN_PHOTOS
from zsbir_lib.errors import ZsbirError
from zsbir_lib.features import extract_features

# The class, as folders of sketches are called, and what the folder of its photos is called.
CLASSES = {
    "airplane": "airplane",
    "alarm clock": "alarmclock",
    "ant": "ant",
    "bear (animal)": "bearanimal",
    "computer-mouse": "computermouse",
    "giraffe": "griaffe",
    "mouse (animal)": "mouse",
    "pipe (for smoking)": "pipe",
    "space shuttle": "spacesshuttle",
    "wrist-watch": "wristwatching",
}
LISTED = ZeroShotSplit("mine", ("airplane", "alarm clock"), ("ant",))


@pytest.fixture
def root(tmp_path):
    put_tuberlin(tmp_path, CLASSES)
    return tmp_path


def test_photos_and_sketches_meet_whatever_their_folders_are_called(root):
    data = load_dataset("tuberlin", root=root, split=None)
    assert isinstance(data, TUBerlin)
    assert data.class_names == tuple(sorted(CLASSES))
    assert data.form == "png"
    assert data.photo_labels.tolist() == data.sketch_labels.tolist() == [*np.repeat(range(10), 2)]
    assert data.photo_ids[-1] == "wrist-watch/n02782093_1"
    assert data.sketch_ids[:2] == ("airplane/1", "airplane/2")
    assert data.photo_path(10).parent.name == "griaffe"
    assert data.sketch(0).size == (1111, 1111)
    assert data.sketch_photos.tolist() == [-1] * 20
    assert data.unread == ()


@pytest.mark.parametrize("style", ["png", "ready", "underscores"])
def test_layouts_of_programs_of_the_field(root, style):
    if style == "ready":
        (root / "png").rename(root / "png_ready")
        (root / "ImageResized").rename(root / "ImageResized_ready")
    if style == "underscores":
        (root / "png").rename(root / "sketches")
        (root / "ImageResized").rename(root / "images")
        (root / "images" / "alarmclock").rename(root / "images" / "alarm_clock")
        (root / "sketches" / "alarm clock").rename(root / "sketches" / "alarm_clock")
        (root / "images" / "pipe").rename(root / "images" / "pipe_(for_smoking)")
    assert TUBerlin(root, split=None).class_names == tuple(sorted(CLASSES))


class TestVectors:
    def test_they_are_drawn_as_thin_dark_lines(self, tmp_path):
        put_tuberlin(tmp_path, CLASSES, "svg")
        data = TUBerlin(tmp_path, split=None)
        assert (data.form, data.sketch_ids[0]) == ("svg", "airplane/1")
        grey = np.asarray(data.sketch(0))[:, :, 0]
        assert grey.shape == (256, 256)
        assert 0.005 < (grey < 128).mean() < 0.05
        assert grey[0, 0] == 255

    def test_how_they_are_drawn_is_part_of_their_identity(self, root, monkeypatch):
        put_tuberlin(root, CLASSES, "svg")

        def identities():
            return [TUBerlin(root, split=None, form=f).fingerprint for f in ("png", "svg")]

        before = identities()
        monkeypatch.setattr("zsbir_lib.datasets.quickdraw_forms.DRAWING_VERSION", 99)
        after = identities()
        assert [a == b for a, b in zip(before, after, strict=True)] == [True, False]

    def test_the_form_can_be_chosen_where_both_are(self, root):
        put_tuberlin(root, CLASSES, "svg")
        assert TUBerlin(root, split=None).sketch(0).size == (1111, 1111)
        assert TUBerlin(root, split=None, form="svg").sketch(0).size == (256, 256)
        with pytest.raises(ZsbirError, match="no sketches of the form 'raw': use png, svg"):
            TUBerlin(root, form="raw")

    def test_a_damaged_one_is_named_and_left_out(self, tmp_path, tiny_backbone):
        put_tuberlin(tmp_path, {"ant": "ant", "bee": "bee", "cat": "cat"}, "svg")
        (tmp_path / "svg" / "bee" / "3.svg").write_text(SVG[:150], encoding="utf-8")
        (tmp_path / "svg" / "bee" / "4.svg").write_text("<svg></svg>", encoding="utf-8")
        data = TUBerlin(tmp_path, split=ZeroShotSplit("mine", ("ant", "bee"), ("cat",)))
        with pytest.raises(ZsbirError, match=r"sketch bee/3 .*3\.svg: it is no SVG, or is damaged"):
            extract_features(data, tiny_backbone, cache=False)
        found = extract_features(data, tiny_backbone, cache=False, on_error="skip")
        assert found.skipped == ("sketch bee/3", "sketch bee/4")


def test_the_first_sketches_of_each_class(root):
    data = TUBerlin(root, split=None, per_class=1)
    assert np.bincount(data.sketch_labels).tolist() == [1] * 10
    assert len(data.photo_ids) == 20


class TestSplits:
    def test_the_published_split_is_the_default(self, tmp_path):
        classes = {name: name.replace(" ", "") for name in TUBERLIN_CLASSES}
        for name, folder in classes.items():
            put_image(tmp_path / "png" / name / "1.png")
            put_image(tmp_path / "ImageResized" / folder / "n1_1.JPEG")
        data = TUBerlin(tmp_path)
        assert data.class_names == TUBERLIN_CLASSES
        assert (len(data.split.seen), len(data.split.unseen)) == (220, 30)
        assert set(data.split.unseen) == set(unseen_classes("tuberlin30")[1])

    def test_a_part_lacks_classes_of_it(self, root):
        with pytest.raises(ZsbirError, match=r"lacks 28 of the 30 classes .* 'tuberlin30' names"):
            TUBerlin(root)
        assert not {"ant", "space shuttle"} & {*TUBerlin(root, split=None).split.seen}
        assert TUBerlin(root, split=LISTED).split == LISTED


class TestVerify:
    def test_published_counts_add_up(self):
        published = TUBerlin.published
        assert set(UNSEEN_PHOTOS) == set(unseen_classes("tuberlin30")[1])
        assert sum(UNSEEN_PHOTOS.values()) == 27_989
        assert sum(sketches for sketches, _ in published.unseen.values()) == 2_400
        assert (published.photos, published.sketches) == (204_489, 20_000)
        # Drawn from classes with 400 photos or more.
        assert min(UNSEEN_PHOTOS.values()) >= 400

    def test_a_part_differs_class_by_class(self, root):
        (root / "png" / "ant" / "5.png").write_bytes(b"")
        report = TUBerlin(root, split=None).verify()
        assert not report.ok
        assert set(report.differing) == set(report.statistics)
        assert report.problems["ant"] == {
            "photos": "2 of 424", "sketches": "2 of 80", "empty files": "1",
        }  # fmt: skip
        assert report.problems["airplane"] == {"sketches": "2 of 80"}
        assert report.problems["banana"] == {"class": "absent"}
        text = str(report)
        assert "photos ImageResized, sketches png (png)" in text
        assert "204,489  (differs)" in text

    def test_vectors_are_published_too(self, tmp_path):
        put_tuberlin(tmp_path, CLASSES, "svg")
        assert TUBerlin(tmp_path, split=None).verify().published["Sketches"] == (20_000,)
