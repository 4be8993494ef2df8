"""Quick, Draw! with the photos of QuickDraw extended, in the layouts that people have."""

import logging
import os
import pickle
from pathlib import Path

import numpy as np
import pytest
from field_samples import line, put_drawings, put_image, put_quickdraw

from zsbir_lib.datasets import QuickDraw, load_dataset
from zsbir_lib.datasets.base import ZeroShotSplit
from zsbir_lib.datasets.quickdraw import SKETCHES_PER_CLASS, UNSEEN_PHOTOS
from zsbir_lib.datasets.quickdraw_forms import FILE_FORMS
from zsbir_lib.datasets.splits import QUICKDRAW_CLASSES, unseen_classes
from zsbir_lib.errors import ZsbirError
from zsbir_lib.features import FeatureSet, extract_features

CLASSES = ("ant", "bee", "cow", "hot-air_balloon", "palm tree", "teddy_bear")
FORMS = ("png", *FILE_FORMS)
SHARED = Path(__file__).resolve().parents[3] / "shared"
SEEN = Path(os.environ.get("ZSBIR_QUICKDRAW_SEEN", SHARED / "quickdraw_seen" / "seen"))


@pytest.fixture
def root(tmp_path):
    put_quickdraw(tmp_path, CLASSES)
    return tmp_path


@pytest.mark.parametrize("form", FORMS)
def test_what_a_data_set_holds(tmp_path, form):
    put_quickdraw(tmp_path, CLASSES, form, photos=3, sketches=2)
    data = load_dataset("quickdraw", root=tmp_path, split=None)
    assert isinstance(data, QuickDraw)
    assert (data.form, data.class_names) == (form, CLASSES)
    assert data.photo_labels.tolist() == np.repeat(range(6), 3).tolist()
    assert data.sketch_labels.tolist() == np.repeat(range(6), 2).tolist()
    assert data.photo_ids[0] == "ant/image_00000"
    assert data.sketch_ids[0].startswith("ant/")
    assert data.photo(0).mode == data.sketch(11).mode == "RGB"
    assert "6 classes, 18 photos, 12 sketches" in repr(data)
    # No sketch was drawn from a photo.
    assert data.sketch_photos.tolist() == [-1] * 12
    assert data.sketch_photos.dtype == np.int64
    assert pickle.loads(pickle.dumps(data)).sketch(3).size == data.sketch(3).size


class TestLayouts:
    @pytest.mark.parametrize(
        ("photos", "sketches"),
        [("images", "sketches"), ("EXTEND_image_quickdraw", "QuickDraw_sketches")],
    )
    def test_folders_that_programs_have_renamed(self, root, photos, sketches):
        (root / "QuickDraw_images_final").rename(root / photos)
        (root / "QuickDraw_sketches_final").rename(root / sketches)
        data = QuickDraw(root, split=None)
        assert len(data.photo_ids) == len(data.sketch_ids) == 12

    @pytest.mark.parametrize("place", ["sketches", ".", "full/binary"])
    def test_files_of_drawings_elsewhere(self, root, tmp_path, place):
        for path in (root / "QuickDraw_sketches_final").rglob("*.png"):
            path.unlink()
        put_drawings(root / place, "cow", "binary")
        data = QuickDraw(root, split=LISTED)
        assert (data.form, list(data.sketch_ids)) == ("binary", ["cow/cow.bin#0", "cow/cow.bin#1"])

    def test_the_form_can_be_chosen(self, root):
        put_drawings(root / "raw", "cow", "raw")
        put_drawings(root / "numpy_bitmap", "cow", "numpy_bitmap")
        assert QuickDraw(root, split=None).form == "png"
        assert QuickDraw(root, split=LISTED, form="raw").sketch_ids[0] == "cow/cow.ndjson:1"
        with pytest.raises(ZsbirError, match="no sketches of the form 'binary', but png and raw"):
            QuickDraw(root, split=None, form="binary")
        with pytest.raises(ZsbirError, match="no sketches of the form 'jpg': use png, simplified"):
            QuickDraw(root, split=None, form="jpg")

    def test_a_wrong_folder_is_explained(self, root, tmp_path):
        with pytest.raises(ZsbirError, match=r"no folder .*nowhere: it should hold QuickDraw\n"):
            QuickDraw(root / "nowhere")
        with pytest.raises(ZsbirError, match=rf"is not QuickDraw: give {root}\n"):
            QuickDraw(root / "QuickDraw_images_final")
        (tmp_path / "outer").mkdir()
        for name in ("QuickDraw_images_final", "QuickDraw_sketches_final"):
            (root / name).rename(tmp_path / "outer" / name)
        with pytest.raises(ZsbirError, match=r"is not QuickDraw: give .*outer\n"):
            QuickDraw(tmp_path)

    @pytest.mark.parametrize("kind", ["images", "sketches"])
    def test_what_is_missing_is_named_beside_the_layout(self, root, kind):
        (root / f"QuickDraw_{kind}_final").rename(root / "other things")
        missing = {"images": "no folder of photos in it", "sketches": "no sketches in it"}[kind]
        with pytest.raises(ZsbirError, match=missing) as caught:
            QuickDraw(root)
        assert "simplified/cow.ndjson, raw/cow.ndjson" in str(caught.value)
        assert "found:\n    " in str(caught.value)
        assert "other things/" in str(caught.value)

    def test_a_file_is_no_folder(self, root):
        (root / "x.zip").write_bytes(b"PK")
        with pytest.raises(ZsbirError, match="is a file; unpack QuickDraw and give its folder"):
            QuickDraw(root / "x.zip")


LISTED = ZeroShotSplit("mine", ("ant", "bee"), ("cow", "teddy_bear"))


class TestClasses:
    def test_words_are_called_as_the_classes_are(self, tmp_path):
        put_quickdraw(tmp_path, ("hot-air_balloon", "motorcycle", "eiffel tower", "crocodilian"))
        words = ("hot air balloon", "motorbike", "The Eiffel Tower", "crocodile")
        for word in words:
            put_drawings(tmp_path / "simplified", word, "simplified")
        data = QuickDraw(tmp_path, split=None, form="simplified")
        assert data.class_names == ("crocodilian", "eiffel tower", "hot-air_balloon", "motorcycle")
        assert np.bincount(data.sketch_labels).tolist() == [2] * 4
        assert data.sketch_ids[0] == "crocodilian/crocodile.ndjson:1"

    def test_words_without_photos_are_left_out_and_named(self, tmp_path, caplog):
        put_quickdraw(tmp_path, ("ant", "bee"), "simplified")
        for word in ("yoga", "zigzag", "cow"):
            put_drawings(tmp_path / "simplified", word, "simplified")
        with caplog.at_level(logging.WARNING):
            data = QuickDraw(tmp_path, split=None)
        # A class of the data set stays, and lacks its photos.
        assert data.class_names == ("ant", "bee", "cow")
        assert data.classes_without_photos == ("cow",)
        messages = [record.getMessage() for record in caplog.records]
        assert messages == [
            "quickdraw: 2 words have no photos and are left out: yoga, zigzag",
            "quickdraw: sketches but no photos, by class: cow",
        ]

    def test_a_class_of_ones_own(self, root):
        put_image(root / "QuickDraw_images_final" / "my thing" / "1.jpg")
        put_drawings(root / "simplified", "My-Thing", "simplified")
        data = QuickDraw(root, split=LISTED, form="simplified")
        assert "my thing" in data.class_names
        assert data.verify().problems["my thing"]["class"] == "not one of the data set"

    def test_what_is_not_read_is_counted(self, root, caplog):
        (root / "QuickDraw_images_final" / "cow" / "a.heic_").write_bytes(b"x")
        put_image(root / "QuickDraw_images_final" / "cow" / "304. cow-calf.jpeg")
        with caplog.at_level(logging.WARNING):
            data = QuickDraw(root, split=None)
        assert "cow/304. cow-calf" in data.photo_ids
        assert "cow (1 .heic_)" in caplog.text
        assert data.verify().problems["cow"]["files that are not read"] == "1"


class TestSplits:
    def test_the_published_split_is_the_default(self, tmp_path):
        put_quickdraw(tmp_path, QUICKDRAW_CLASSES, photos=1, sketches=1)
        data = QuickDraw(tmp_path)
        assert (len(data.split.seen), len(data.split.unseen)) == (80, 30)
        assert set(data.split.unseen) == set(unseen_classes("quickdraw30")[1])
        inner = data.inner_split()
        assert (len(inner.seen), len(inner.unseen)) == (50, 30)
        assert not set(data.split.unseen) & {*inner.seen, *inner.unseen}

    def test_a_part_lacks_classes_of_it(self, root):
        with pytest.raises(ZsbirError, match=r"lacks 28 of the 30 classes .* 'quickdraw30' names"):
            QuickDraw(root)
        data = QuickDraw(root, split=None)
        assert data.split.name == "quickdraw30/inner-2-seed0"
        assert not {"cow", "palm tree"} & {*data.split.seen, *data.split.unseen}
        assert data.with_split(LISTED).split == LISTED


class TestLimit:
    @pytest.mark.parametrize("form", FORMS)
    def test_the_first_of_each_class(self, tmp_path, form):
        put_quickdraw(tmp_path, ("ant", "bee"), form, photos=5, sketches=4)
        whole = QuickDraw(tmp_path, split=None)
        part = QuickDraw(tmp_path, split=None, per_class=3)
        assert np.bincount(part.sketch_labels).tolist() == [3, 3]
        assert len(part.photo_ids) == 10
        assert list(part.sketch_ids) == [*whole.sketch_ids[:3], *whole.sketch_ids[4:7]]
        assert part.fingerprint != whole.fingerprint

    @pytest.mark.parametrize("per_class", [0, -3])
    def test_none_is_no_limit(self, root, per_class):
        with pytest.raises(
            ZsbirError, match=f"per_class must be a whole number, 1 or more, not {per_class}"
        ):
            QuickDraw(root, split=None, per_class=per_class)


class TestVerify:
    def test_published_counts_add_up(self):
        unseen = QuickDraw.published.unseen
        assert set(unseen) == set(UNSEEN_PHOTOS) == set(unseen_classes("quickdraw30")[1])
        assert sum(sketches for sketches, _ in unseen.values()) == 92_291
        assert sum(photos for _, photos in unseen.values()) == 54_151
        assert SKETCHES_PER_CLASS == 3001

    def test_sketches_are_compared_in_the_published_form_only(self, root):
        report = QuickDraw(root, split=None).verify()
        assert not report.ok
        assert report.statistics["Test sketches"] == 4
        assert report.published["Test sketches"] == (92_291,)
        assert report.problems["cow"] == {"photos": "2 of 1576", "sketches": "2 of 3001"}
        assert "ant" not in report.problems
        assert report.problems["bat"] == {"class": "absent"}
        put_drawings(root / "raw", "cow", "raw")
        for options in ({"form": "raw"}, {"per_class": 1}):
            report = QuickDraw(root, split=LISTED, **options).verify()
            assert report.published["Test sketches"] == ()
            assert report.problems["cow"] == {"photos": "2 of 1576"}

    def test_empty_files_and_classes_of_one_kind(self, tmp_path):
        put_quickdraw(tmp_path, ("ant", "bee", "cat"), "binary")
        (tmp_path / "binary" / "ant.bin").write_bytes(b"")
        (tmp_path / "binary" / "bee.bin").unlink()
        split = ZeroShotSplit("mine", ("ant",), ("cat",))
        report = QuickDraw(tmp_path, split=split).verify()
        assert report.problems["ant"] == {"empty files": "1"}
        assert report.problems["bee"] == {"sketches": "none"}


class TestFeatures:
    def test_what_cannot_be_read_stops_or_is_left_out(self, tmp_path, tiny_backbone):
        put_quickdraw(tmp_path, ("ant", "bee", "cat"), "simplified")
        broken = tmp_path / "simplified" / "bee.ndjson"
        broken.write_text(line() + '{"drawing": []}\n' + line() + "[[", encoding="utf-8")
        data = QuickDraw(tmp_path, split=None)
        with pytest.raises(ZsbirError, match=r"sketch bee/bee\.ndjson:2 .*line 2 of .*: nothing"):
            extract_features(data, tiny_backbone, cache=False)
        found = extract_features(data, tiny_backbone, cache=False, on_error="skip")
        assert found.skipped == ("sketch bee/bee.ndjson:2", "sketch bee/bee.ndjson:4")
        assert found.sketch_ids[2:4] == ("bee/bee.ndjson:1", "bee/bee.ndjson:3")
        assert found.sketch_labels.tolist() == [0, 0, 1, 1, 2, 2]

    def test_pairs_are_by_class_where_somebody_says_so(self, tmp_path, tiny_backbone):
        put_quickdraw(tmp_path, CLASSES, "binary", photos=3)
        features = extract_features(QuickDraw(tmp_path, split=None), tiny_backbone, cache=False)
        with pytest.raises(ZsbirError, match=r"there are no pairs: .*pairing='class'"):
            features.pairs()
        pairs = features.pairs(pairing="class")
        assert len(pairs) == 2 * len(features.split.seen)
        assert (pairs.labels == pairs.photo_labels[pairs.photo_index]).all()


@pytest.mark.real_data
def test_real_drawings(tmp_path):
    if not SEEN.exists():
        pytest.skip(f"{SEEN} is not here: set ZSBIR_QUICKDRAW_SEEN to a folder of .ndjson files")
    files = sorted(SEEN.glob("*.ndjson"))[:6]
    (tmp_path / "simplified").mkdir()
    for file in files:
        (tmp_path / "simplified" / file.name).symlink_to(file)
        put_image(tmp_path / "images" / file.stem / "1.jpg")
    data = QuickDraw(tmp_path, split=None)
    assert len(data.class_names) == 6
    lines = [len(file.read_text("utf-8").splitlines()) for file in files]
    assert np.bincount(data.sketch_labels).tolist() == lines
    for index in range(0, len(data.sketch_ids), 10):
        dark = (np.asarray(data.sketch(index)) < 128).mean()
        assert 0.002 < dark < 0.2


def test_a_feature_set_keeps_what_it_was_made_of(tmp_path, tiny_backbone):
    put_quickdraw(tmp_path, ("ant", "bee"), "numpy_bitmap")
    features = extract_features(QuickDraw(tmp_path, split=None), tiny_backbone, cache=False)
    features.save(tmp_path / "features.safetensors")
    again = FeatureSet.load(tmp_path / "features.safetensors")
    assert again.sketch_ids == ("ant/ant.npy#0", "ant/ant.npy#1", "bee/bee.npy#0", "bee/bee.npy#1")
    assert (again.sketch_photos == -1).all()
