"""The Sketchy database, in small made-up copies, and in a real one where it is at hand."""

import os
import pickle
import shutil
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from zsbir_lib.datasets import folders, sketchy_counts
from zsbir_lib.datasets.base import ZeroShotSplit
from zsbir_lib.datasets.sketchy import Sketchy
from zsbir_lib.datasets.sketchy_layout import WHOLE_RENDERING
from zsbir_lib.datasets.splits import SKETCHY_CLASSES, load_split, unseen_classes
from zsbir_lib.drawings import read_drawing
from zsbir_lib.errors import ZsbirError
from zsbir_lib.paper import PAPER_RENDERING, PAPER_TABLE_1

CLASSES = ("ant", "car_(sedan)", "cow", "hot-air_balloon", "jack-o-lantern")
PHOTOS = ("n0001_1", "n0001_2")


def write_image(path, color="red", mode="RGB", size=(8, 8)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, color).save(path)


def write_database(base, classes=CLASSES, photos=PHOTOS, hands=2, renderings=(PAPER_RENDERING,)):
    """Write a copy of the database below `base`, the folder that becomes 256x256/."""
    for rendering in renderings:
        for name in classes:
            for photo in photos:
                write_image(base / "photo" / rendering / name / f"{photo}.jpg")
                for hand in range(1, hands + 1):
                    sketch = base / "sketch" / rendering / name / f"{photo}-{hand}.png"
                    write_image(sketch, 0, "L")


@pytest.fixture
def root(tmp_path):
    write_database(tmp_path / "256x256")
    return tmp_path


def add_extended(folder, classes=CLASSES, added=2):
    """Write an extended gallery that repeats the originals, in another colour."""
    for name in classes:
        for photo in PHOTOS:
            write_image(folder / name / f"{photo}.jpg", "blue")
        for number in range(1, added + 1):
            write_image(folder / name / f"ext_{number}.jpg", "green")


def is_color(image, channel):
    """Tell whether the channel is full and the others empty, up to JPEG's losses."""
    pixel = np.asarray(image)[4, 4].astype(int)
    return pixel[channel] > 100 and np.delete(pixel, channel).max() < 20


class TestReading:
    def test_what_a_data_set_holds(self, root):
        data = Sketchy(root, split=None)
        assert data.class_names == CLASSES
        assert len(data.photo_ids) == 10
        assert len(data.sketch_ids) == 20
        assert data.photo_ids[:3] == ("ant/n0001_1", "ant/n0001_2", "car_(sedan)/n0001_1")
        assert data.sketch_ids[:2] == ("ant/n0001_1-1", "ant/n0001_1-2")
        assert data.photo_labels.tolist() == np.repeat(range(5), 2).tolist()
        assert data.sketch_labels.tolist() == np.repeat(range(5), 4).tolist()
        assert data.sketch_photos.tolist() == np.repeat(range(10), 2).tolist()
        assert data.photo_labels.dtype == data.sketch_labels.dtype == np.int64
        assert data.sketch_photos.dtype == np.int64
        assert "5 classes, 10 photos, 20 sketches" in repr(data)

    def test_the_folder_256x256_may_be_given_itself(self, root, monkeypatch):
        data = Sketchy(root / "256x256", split=None)
        assert data.root == root / "256x256"
        assert data.photo_ids == Sketchy(root, split=None).photo_ids
        monkeypatch.chdir(root / "256x256")
        add_extended(root / "EXTEND_image_sketchy")
        assert Sketchy(".", split=None).extended_root == root / "EXTEND_image_sketchy"

    def test_each_id_is_its_file(self, root):
        data = Sketchy(root, split=None)
        for i, photo_id in enumerate(data.photo_ids):
            path = root / "256x256" / "photo" / PAPER_RENDERING / f"{photo_id}.jpg"
            assert data.photo_path(i) == path
        for i, sketch_id in enumerate(data.sketch_ids):
            path = root / "256x256" / "sketch" / PAPER_RENDERING / f"{sketch_id}.png"
            assert data.sketch_path(i) == path

    def test_the_order_is_not_that_of_the_file_system(self, root, monkeypatch):
        expected = Sketchy(root, split=None)
        real = folders.list_entries
        monkeypatch.setattr(
            folders, "list_entries", lambda f: sorted(real(f), key=lambda e: e.name, reverse=True)
        )
        data = Sketchy(root, split=None)
        assert data.photo_ids == expected.photo_ids
        assert data.sketch_ids == expected.sketch_ids
        assert data.fingerprint == expected.fingerprint

    def test_many_hands_pair_with_their_photo(self, tmp_path):
        write_database(tmp_path, photos=("n1_1", "n1_11"), hands=11)
        data = Sketchy(tmp_path, split=None)
        for sketch_id, photo in zip(data.sketch_ids, data.sketch_photos, strict=True):
            assert sketch_id.rsplit("-", 1)[0] == data.photo_ids[photo]

    def test_a_sketch_without_its_photo(self, root):
        (root / "256x256" / "photo" / PAPER_RENDERING / "cow" / "n0001_1.jpg").unlink()
        data = Sketchy(root, split=None)
        absent = [data.sketch_ids[i] for i in np.flatnonzero(data.sketch_photos < 0)]
        assert absent == ["cow/n0001_1-1", "cow/n0001_1-2"]
        assert data.photo_ids[data.sketch_photos[-1]] == "jack-o-lantern/n0001_2"

    def test_a_class_of_one_kind_only(self, root):
        shutil.rmtree(root / "256x256" / "photo" / PAPER_RENDERING / "cow")
        shutil.rmtree(root / "256x256" / "sketch" / PAPER_RENDERING / "ant")
        data = Sketchy(root, split=None)
        assert data.class_names == CLASSES
        assert (data.photo_labels == CLASSES.index("cow")).sum() == 0
        assert (data.sketch_labels == CLASSES.index("ant")).sum() == 0
        assert not {"ant", "cow"} & set(data.split.seen + data.split.unseen)

    def test_other_files_are_left_alone(self, root):
        photos = root / "256x256" / "photo" / PAPER_RENDERING
        for name in ("README.txt", ".DS_Store", "cow/Thumbs.db", "cow/._n0001_1.jpg"):
            (photos / name).write_bytes(b"x")
        (photos / "empty class").mkdir()
        data = Sketchy(root, split=None)
        assert data.class_names == CLASSES
        assert len(data.photo_ids) == 10

    def test_suffixes_in_capitals(self, root):
        photo = root / "256x256" / "photo" / PAPER_RENDERING / "cow" / "n0001_1.jpg"
        photo.rename(photo.with_suffix(".JPG"))
        data = Sketchy(root, split=None)
        assert data.photo_path(data.photo_ids.index("cow/n0001_1")).suffix == ".JPG"

    def test_one_image_in_two_files_is_refused(self, root):
        write_image(root / "256x256" / "photo" / PAPER_RENDERING / "cow" / "n0001_1.png")
        with pytest.raises(ZsbirError, match=r"n0001_1\.(jpg|png) are one image"):
            Sketchy(root, split=None)

    def test_it_can_be_sent_to_a_worker_process(self, root):
        data = pickle.loads(pickle.dumps(Sketchy(root, split=None)))
        assert data.photo(3).size == (8, 8)

    def test_a_cache_is_not_needed_nor_written(self, root):
        before = sorted(root.rglob("*"))
        data = Sketchy(root, split=None)
        data.photo(0), data.fingerprint, str(data.verify())
        assert sorted(root.rglob("*")) == before


class TestClassNames:
    def test_folders_that_another_tool_renamed(self, root):
        for kind in ("photo", "sketch"):
            tree = root / "256x256" / kind / PAPER_RENDERING
            (tree / "hot-air_balloon").rename(tree / "hot_air_balloon")
            (tree / "jack-o-lantern").rename(tree / "jack_o_lantern")
        # The two trees need not agree.
        photos = root / "256x256" / "photo" / PAPER_RENDERING
        (photos / "car_(sedan)").rename(photos / "Car Sedan")
        data = Sketchy(root, split=None)
        assert data.class_names == CLASSES
        assert (data.sketch_photos >= 0).all()
        assert data.photo(data.photo_ids.index("hot-air_balloon/n0001_1")).size == (8, 8)

    def test_two_folders_for_one_class_are_refused(self, root):
        write_image(root / "256x256" / "photo" / PAPER_RENDERING / "hot_air_balloon" / "n1_1.jpg")
        with pytest.raises(ZsbirError, match="are both class hot-air_balloon"):
            Sketchy(root, split=None)

    def test_a_class_that_the_database_does_not_have(self, root):
        write_database(root / "256x256", classes=("my own: class",))
        data = Sketchy(root, split=None)
        assert "my own: class" in data.class_names
        assert data.verify().problems["my own: class"]["class"] == "not one of the database"

    def test_a_split_that_writes_classes_differently(self, root, tmp_path):
        path = tmp_path / "held.txt"
        path.write_text("hot air balloon\ncar_sedan\n", encoding="utf-8")
        assert Sketchy(root, split=path).split.unseen == ("car_(sedan)", "hot-air_balloon")
        split = ZeroShotSplit("mine", ("ant", "jack_o_lantern"), ("hot_air_balloon",))
        assert Sketchy(root, split=split).split == ZeroShotSplit(
            "mine", ("ant", "jack-o-lantern"), ("hot-air_balloon",)
        )


class TestImages:
    def test_photos_and_sketches_are_rgb(self, root):
        data = Sketchy(root, split=None)
        assert data.photo(0).mode == data.sketch(0).mode == "RGB"
        assert is_color(data.photo(0), 0)
        assert np.asarray(data.sketch(0)).max() == 0

    @pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "RGB"])
    def test_transparency_becomes_white(self, root, mode):
        path = root / "256x256" / "sketch" / PAPER_RENDERING / "ant" / "n0001_1-1.png"
        if mode in ("RGBA", "LA"):
            image = Image.new(mode, (4, 1), (0,) * len(mode))  # black, and transparent
            image.putpixel((0, 0), (0,) * (len(mode) - 1) + (255,))
            image.putpixel((1, 0), (0,) * (len(mode) - 1) + (128,))
            image.save(path)
            expected = [0, 127, 255, 255]
        elif mode == "P":
            image = Image.new("P", (2, 1), 0)
            image.putpalette([0, 0, 0, 0, 0, 0])
            image.putpixel((0, 0), 1)
            image.save(path, transparency=0)
            expected = [0, 255]
        else:
            image = Image.new("RGB", (2, 1), (1, 2, 3))
            image.putpixel((0, 0), (0, 0, 0))
            image.save(path, transparency=(1, 2, 3))
            expected = [0, 255]
        pixels = np.asarray(Sketchy(root, split=None).sketch(0))
        assert pixels.shape[2] == 3
        assert pixels[0, :, 1].tolist() == expected

    def test_images_are_opened_only_when_asked_for(self, root):
        data = Sketchy(root, split=None)
        write_image(data.photo_path(0), "blue")
        assert is_color(data.photo(0), 2)

    @pytest.mark.parametrize("damage", ["empty", "text", "cut", "gone"])
    def test_an_unreadable_image_is_named(self, root, damage):
        path = root / "256x256" / "photo" / PAPER_RENDERING / "cow" / "n0001_2.jpg"
        noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
        Image.fromarray(noise).save(path)
        data = Sketchy(root, split=None)
        index = data.photo_ids.index("cow/n0001_2")
        assert data.photo(index).size == (64, 64)
        content = {"empty": b"", "text": b"no image", "cut": path.read_bytes()[:2000]}
        path.unlink()
        if damage != "gone":
            path.write_bytes(content[damage])
        with pytest.raises(ZsbirError, match=r"cannot read the image .*cow.n0001_2\.jpg: ."):
            data.photo(index)
        assert data.photo(index - 1).size == (8, 8)

    def test_a_damaged_png_is_named(self, root):
        path = root / "256x256" / "sketch" / PAPER_RENDERING / "cow" / "n0001_2-1.png"
        content = bytearray(path.read_bytes())
        content[40:50] = b"\xff" * 10
        path.write_bytes(bytes(content))
        data = Sketchy(root, split=None)
        with pytest.raises(ZsbirError, match=r"cannot read the image .*n0001_2-1\.png: ."):
            data.sketch(data.sketch_ids.index("cow/n0001_2-1"))

    @pytest.mark.parametrize("index", [-1, 10, 99])
    def test_a_number_without_photo(self, root, index):
        # -1 above all: it is what sketch_photos holds where a photo is absent.
        data = Sketchy(root, split=None)
        for method in (data.photo, data.photo_path):
            with pytest.raises(IndexError, match="numbered 0 to 9"):
                method(index)

    def test_numpy_integers_number_images(self, root):
        data = Sketchy(root, split=None)
        assert data.photo(data.sketch_photos[5]).size == (8, 8)


class TestWhatOthersBring:
    """Files and folders as they come from other tools and cameras."""

    def photos(self, root):
        return root / "256x256" / "photo" / PAPER_RENDERING

    def sketches(self, root):
        return root / "256x256" / "sketch" / PAPER_RENDERING

    def test_images_are_read_as_drawings_are(self, root):
        ramp = np.tile(np.linspace(0, 255, 64, dtype=np.uint8), (32, 1))
        Image.fromarray(ramp.astype(np.uint16) * 257).save(self.photos(root) / "ant/deep.png")
        exif = Image.Exif()
        exif[0x0112] = 6
        Image.fromarray(ramp).save(self.photos(root) / "ant/turned.jpg", exif=exif)
        chalk = np.dstack([np.full_like(ramp, 255), np.where(ramp > 200, 255, 0).astype(np.uint8)])
        Image.fromarray(chalk, "LA").save(self.sketches(root) / "ant/chalk-1.png")
        Image.fromarray(chalk, "LA").save(self.photos(root) / "ant/clear.png")
        data = Sketchy(root, split=None)

        def photo(name):
            return np.asarray(data.photo(data.photo_ids.index(f"ant/{name}")))[..., 0]

        assert (photo("deep") == ramp).all()
        assert photo("turned").shape == (64, 32)
        assert photo("clear").min() == 255
        sketch = data.sketch(data.sketch_ids.index("ant/chalk-1"))
        assert sketch.tobytes() == read_drawing(self.sketches(root) / "ant/chalk-1.png").tobytes()
        assert np.ptp(np.asarray(sketch)) == 255

    def test_other_formats_are_read(self, root):
        before = Sketchy(root, split=None).photo_ids
        for file in sorted((self.photos(root) / "cow").glob("*.jpg")):
            Image.open(file).save(file.with_suffix(".webp"))
            file.unlink()
        data = Sketchy(root, split=None)
        assert data.photo_ids == before
        assert is_color(data.photo(data.photo_ids.index("cow/n0001_1")), 0)

    def test_what_is_not_read_is_named_once_and_counted(self, root, caplog):
        for name in ("cow/a.heic", "cow/b.heic", "ant/a.svg"):
            (self.photos(root) / name).write_bytes(b"x")
        write_image(self.sketches(root) / "ant/ant/more-1.png")
        data = Sketchy(root, split=None)
        assert [(one.class_name, one.kinds) for one in data.unread] == [
            ("ant", {".svg": 1}), ("cow", {".heic": 2}), ("ant", {"ant/": 1}),
        ]  # fmt: skip
        assert [record.getMessage() for record in caplog.records] == [
            f"photo/{PAPER_RENDERING}: not read, by class: ant (1 .svg), cow (2 .heic)",
            f"sketch/{PAPER_RENDERING}: not read, by class: ant (1 in the folder ant/)",
        ]
        data.with_split(None)
        assert len(caplog.records) == 2
        assert data.verify().problems["cow"]["files that are not read"] == "2"

    def test_classes_on_one_side_only_are_named(self, root, caplog):
        cow = self.photos(root) / "cow"
        for file in list(cow.glob("*.jpg")):
            file.rename(file.with_suffix(".heic"))
        shutil.rmtree(self.sketches(root) / "ant")
        data = Sketchy(root, split=None)
        assert data.classes_without_photos == ("cow",)
        assert data.classes_without_sketches == ("ant",)
        said = [record.getMessage() for record in caplog.records]
        assert said[1:] == [
            "sketchy: sketches but no photos, by class: cow",
            "sketchy: photos but no sketches, by class: ant",
        ]

    def test_where_nothing_is_read_the_message_says_what_is_there(self, root):
        for file in list(self.photos(root).rglob("*.jpg")):
            file.rename(file.with_suffix(".heic"))
        with pytest.raises(ZsbirError, match=r"no photo found .*are: ant \(2 \.heic\), car"):
            Sketchy(root, split=None)

    @pytest.mark.parametrize(
        ("photo", "sketch"),
        [("bottleopener", "bottle opener"), ("b\xe4r", "ba\u0308r"), ("Sea_Lion", "sea lion")],
    )
    def test_a_class_is_one_whatever_its_folders_are_called(self, root, photo, sketch):
        write_image(self.photos(root) / photo / "1.jpg")
        write_image(self.sketches(root) / sketch / "1-1.png")
        add_extended(root / "EXTEND_image_sketchy", classes=(sketch.upper(),))
        data = Sketchy(root, split=None)
        assert len(data.class_names) == 6
        assert photo in data.class_names
        label = data.class_names.index(photo)
        assert (data.photo_labels == label).sum() == 1 + 4
        number = data.sketch_ids.index(f"{photo}/1-1")
        assert data.photo_ids[data.sketch_photos[number]] == f"{photo}/1"

    def test_names_that_are_equal_are_a_pair(self, root):
        for name in ("cat.jpg", "cat-1.jpg"):
            write_image(self.photos(root) / "cow" / name)
        write_image(self.sketches(root) / "cow" / "cat-1.png")
        data = Sketchy(root, split=None)
        pair = data.sketch_photos[data.sketch_ids.index("cow/cat-1")]
        assert data.photo_ids[pair] == "cow/cat-1"

    def test_sets_without_pairs_load(self, root):
        for number, file in enumerate(sorted(self.sketches(root).rglob("*.png"))):
            file.rename(file.with_name(f"{10000 + number}.png"))
        data = Sketchy(root, split=None)
        assert (data.sketch_photos == -1).all()
        assert data.statistics()["Train images"] == 0

    @pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")
    def test_a_pipe_among_the_photos_is_named_at_once(self, root):
        os.mkfifo(self.photos(root) / "cow" / "pipe.jpg")
        data = Sketchy(root, split=None)
        assert len(data.fingerprint) == 64
        with pytest.raises(ZsbirError, match=r"pipe\.jpg: it is a named pipe"):
            data.photo(data.photo_ids.index("cow/pipe"))

    @pytest.mark.parametrize("place", ["{part}/{kind}/{name}", "{kind}/{part}/{name}"])
    def test_a_tree_of_training_and_validation_is_explained(self, tmp_path, place):
        for part, name in (("train", "ant"), ("train", "cow"), ("val", "bat")):
            for kind, file in (("photo", "1.jpg"), ("sketch", "1-1.png")):
                write_image(tmp_path / place.format(part=part, kind=kind, name=name) / file)
        with pytest.raises(ZsbirError, match=r"train.*val.*put the class folders .*split=PATH"):
            Sketchy(tmp_path, split=None)


class TestRenderings:
    def test_the_paper_rendering_is_preferred(self, tmp_path):
        others = ("tx_000000000010", WHOLE_RENDERING, PAPER_RENDERING)
        write_database(tmp_path, renderings=others)
        data = Sketchy(tmp_path, split=None)
        assert (data.photo_rendering, data.sketch_rendering) == (PAPER_RENDERING,) * 2

    def test_then_that_of_whole_photos_then_any(self, tmp_path):
        write_database(tmp_path, renderings=(WHOLE_RENDERING, "tx_000000000010"))
        (tmp_path / "photo" / PAPER_RENDERING).mkdir()  # there, but empty
        shutil.rmtree(tmp_path / "sketch" / WHOLE_RENDERING)
        data = Sketchy(tmp_path, split=None)
        assert data.photo_rendering == WHOLE_RENDERING
        assert data.sketch_rendering == "tx_000000000010"

    def test_each_can_be_chosen(self, tmp_path):
        write_database(tmp_path, renderings=(WHOLE_RENDERING, PAPER_RENDERING))
        data = Sketchy(
            tmp_path, split=None, photo_rendering=WHOLE_RENDERING, sketch_rendering=PAPER_RENDERING
        )
        assert data.photo_path(0).parts[-3] == WHOLE_RENDERING
        assert data.sketch_path(0).parts[-3] == PAPER_RENDERING
        assert data.fingerprint != Sketchy(tmp_path, split=None).fingerprint

    @pytest.mark.parametrize("kind", ["photo", "sketch"])
    def test_one_that_is_absent_lists_those_found(self, tmp_path, kind):
        write_database(tmp_path, renderings=(WHOLE_RENDERING, "tx_000000000010"))
        options = {f"{kind}_rendering": PAPER_RENDERING}
        with pytest.raises(
            ZsbirError,
            match=rf"'{PAPER_RENDERING}' in .*{kind}: found tx_000000000000, tx_000000000010$",
        ):
            Sketchy(tmp_path, split=None, **options)

    def test_class_folders_may_lie_in_photo_and_sketch_themselves(self, tmp_path):
        for name in ("ant", "ape"):
            write_image(tmp_path / "photo" / name / "n1_1.jpg")
            write_image(tmp_path / "sketch" / name / "n1_1-1.png")
        data = Sketchy(tmp_path, split=None)
        assert data.photo_ids == ("ant/n1_1", "ape/n1_1")
        assert data.photo_path(0) == tmp_path / "photo" / "ant" / "n1_1.jpg"
        assert data.sketch_photos.tolist() == [0, 1]

    def test_folders_without_images_are_no_rendering(self, tmp_path):
        for kind in ("photo", "sketch"):
            (tmp_path / kind / "cow").mkdir(parents=True)
        with pytest.raises(ZsbirError, match=r"holds no rendering[\s\S]*found:\s+cow"):
            Sketchy(tmp_path, split=None)

    def test_a_rendering_without_images(self, root):
        tree = root / "256x256" / "sketch" / PAPER_RENDERING
        shutil.rmtree(tree)
        (tree / "cow").mkdir(parents=True)
        with pytest.raises(ZsbirError, match="no sketch found in"):
            Sketchy(root, split=None)


class TestExtendedGallery:
    @pytest.mark.parametrize(
        "place",
        ["EXTEND_image_sketchy", "256x256/EXTEND_image_sketchy", "EXTEND_image_sketchy_ready"],
    )
    def test_originals_are_not_counted_twice(self, root, place):
        add_extended(root / place)
        data = Sketchy(root, split=None)
        assert data.extended_root == root / place
        assert len(data.photo_ids) == len(set(data.photo_ids)) == 5 * (2 + 2)
        assert data.photo_ids[:4] == ("ant/ext_1", "ant/ext_2", "ant/n0001_1", "ant/n0001_2")
        assert is_color(data.photo(0), 1)
        assert is_color(data.photo(2), 0)  # the rendering's, not the gallery's copy
        assert data.photo_ids[data.sketch_photos[0]] == "ant/n0001_1"
        assert data.class_names == CLASSES

    def test_originals_that_only_the_gallery_has(self, root):
        add_extended(root / "EXTEND_image_sketchy")
        (root / "256x256" / "photo" / PAPER_RENDERING / "cow" / "n0001_1.jpg").unlink()
        data = Sketchy(root, split=None)
        assert len(data.photo_ids) == 20
        assert (data.sketch_photos >= 0).all()
        assert is_color(data.photo(data.photo_ids.index("cow/n0001_1")), 2)
        problems = data.verify().problems["cow"]
        assert problems["photos only in the extended gallery"] == "1"

    def test_classes_that_only_the_gallery_has(self, root):
        add_extended(root / "EXTEND_image_sketchy", classes=("window", "hot_air_balloon"))
        data = Sketchy(root, split=None)
        assert data.class_names == (*CLASSES, "window")
        assert (data.photo_labels == CLASSES.index("hot-air_balloon")).sum() == 4

    def test_it_can_be_ignored(self, root):
        alone = Sketchy(root, split=None)
        add_extended(root / "EXTEND_image_sketchy")
        data = Sketchy(root, split=None, extended=False)
        assert data.extended_root is None
        assert data.photo_ids == alone.photo_ids
        assert data.fingerprint == alone.fingerprint
        assert data.fingerprint != Sketchy(root, split=None).fingerprint

    def test_it_can_be_required(self, root):
        with pytest.raises(ZsbirError, match="no extended gallery found: expected a folder EXTEND"):
            Sketchy(root, split=None, extended=True)
        (root / "EXTEND_image_sketchy").mkdir()
        with pytest.raises(ZsbirError, match="no photo in the class folders of"):
            Sketchy(root, split=None, extended=True)
        add_extended(root / "EXTEND_image_sketchy")
        assert len(Sketchy(root, split=None, extended=True).photo_ids) == 20

    def test_table_1_counts_it_in_the_gallery_only(self, root):
        add_extended(root / "EXTEND_image_sketchy")
        split = ZeroShotSplit.from_unseen("s", CLASSES, ["cow"])
        counts = Sketchy(root, split=split).statistics()
        assert counts["Train images"] == 4 * 2
        assert counts["DB images for training"] == 4 * 4
        assert counts["DB images for testing"] == 4


class TestSplits:
    def test_the_default_is_the_paper_split(self, tmp_path):
        write_database(tmp_path, classes=SKETCHY_CLASSES, photos=("n1_1",), hands=1)
        data = Sketchy(tmp_path)
        assert data.split == load_split("sketchy21", SKETCHY_CLASSES)
        assert data.with_split("sketchy25").split == load_split("sketchy25", SKETCHY_CLASSES)
        # None is an inner split of the 104, on the whole database and without its unseen classes.
        inner = data.split.inner(21)
        assert data.with_split(None).split == inner
        for name in unseen_classes("sketchy21")[1]:
            shutil.rmtree(tmp_path / "photo" / PAPER_RENDERING / name)
            shutil.rmtree(tmp_path / "sketch" / PAPER_RENDERING / name)
        assert Sketchy(tmp_path, split=None).split == inner

    def test_absent_classes_are_named_and_a_way_out_is_shown(self, root):
        with pytest.raises(ZsbirError) as raised:
            Sketchy(root)
        message = str(raised.value)
        assert "lacks 20 of the 21 classes that the split 'sketchy21' names" in message
        assert "bat, cabin, dolphin" in message  # cow is there
        assert "split=None" in message
        assert "\n" not in message

    def test_classes_of_a_split_object_are_checked_on_both_sides(self, root):
        for seen, unseen in ((("ant", "yak"), ("cow",)), (("ant",), ("cow", "yak"))):
            with pytest.raises(ZsbirError, match=r"lacks 1 of the 3 classes.*: yak"):
                Sketchy(root, split=ZeroShotSplit("s", seen, unseen))

    def test_an_inner_split_leaves_the_paper_unseen_classes_alone(self, root):
        split = Sketchy(root, split=None).split
        assert len(split.unseen) == 2
        assert len(split.seen) == 2
        assert "cow" not in split.seen + split.unseen

    def test_inner_split_sizes_and_seeds(self, tmp_path):
        write_database(tmp_path, classes=SKETCHY_CLASSES[:12], photos=("n1_1",), hands=1)
        data = Sketchy(tmp_path, split=None)
        n_seen = 12 - len({"bat"})
        assert len(data.split.unseen) == n_seen // 2
        assert len(data.inner_split(3).unseen) == 3
        assert len(data.inner_split(0.2).unseen) == 2
        assert data.inner_split(3, seed=1) == data.inner_split(3, seed=1)
        assert len({data.inner_split(3, seed=seed).unseen for seed in range(8)}) > 4
        with pytest.raises(ZsbirError, match=f"hold out {n_seen} of {n_seen}"):
            data.inner_split(n_seen)

    def test_one_class_cannot_be_split(self, tmp_path):
        write_database(tmp_path, classes=("ant", "cow"))
        with pytest.raises(ZsbirError, match=r"needs two seen classes.* holds 1"):
            Sketchy(tmp_path, split=None)

    def test_with_split_shares_the_images(self, root):
        data = Sketchy(root, split=None)
        before = data.split
        split = ZeroShotSplit.from_unseen("mine", CLASSES, ["ant"])
        other = data.with_split(split)
        assert other.split == split
        assert data.split == before
        assert other.photo_ids is data.photo_ids
        assert other.fingerprint == data.fingerprint

    def test_an_unknown_split(self, root):
        with pytest.raises(ZsbirError, match=r"unknown split 'paper'.*sketchy21"):
            Sketchy(root, split="paper")


class TestFingerprint:
    def test_it_is_stable(self, root):
        first = Sketchy(root, split=None).fingerprint
        assert len(first) == 64
        assert Sketchy(root / "256x256", split=None).fingerprint == first

    def test_it_does_not_change_when_the_folder_moves(self, root, tmp_path_factory):
        add_extended(root / "EXTEND_image_sketchy")
        first = Sketchy(root, split=None).fingerprint
        moved = tmp_path_factory.mktemp("elsewhere") / "sketchy"
        shutil.move(root, moved)
        assert Sketchy(moved, split=None).fingerprint == first

    @pytest.mark.parametrize("change", ["content", "size", "added", "removed", "renamed"])
    @pytest.mark.parametrize("kind", ["photo", "sketch", "extended"])
    def test_it_changes_with_any_image(self, root, change, kind):
        add_extended(root / "EXTEND_image_sketchy")
        first = Sketchy(root, split=None).fingerprint
        if kind == "extended":
            path = root / "EXTEND_image_sketchy" / "cow" / "ext_1.jpg"
        else:
            tree = root / "256x256" / kind / PAPER_RENDERING / "cow"
            path = tree / ("n0001_1.jpg" if kind == "photo" else "n0001_1-1.png")
        stat = path.stat()
        if change == "content":  # same size, later
            path.write_bytes(path.read_bytes()[::-1])
            os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1000))
        elif change == "size":  # same time, longer
            path.write_bytes(path.read_bytes() + b"x")
            os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
        elif change == "added":
            shutil.copy2(path, path.with_stem(path.stem + "9"))
        elif change == "removed":
            path.unlink()
            if kind == "photo":  # the gallery's copy must not pass for it
                assert "cow/n0001_1" in Sketchy(root, split=None).photo_ids
        else:
            path.rename(path.with_stem(path.stem + "9"))
        assert Sketchy(root, split=None).fingerprint != first

    def test_a_link_that_leads_nowhere_is_for_the_reader_to_name(self, root):
        data = Sketchy(root, split=None)
        whole, path = data.fingerprint, data.photo_path(0)
        content = path.read_bytes()
        path.unlink()
        path.symlink_to("/nowhere/to/be/found.jpg")
        data = Sketchy(root, split=None)
        assert data.fingerprint != whole
        with pytest.raises(ZsbirError, match=r"n0001_1\.jpg: it is a link to /nowhere/to/be/found"):
            data.photo(0)
        path.unlink()
        path.write_bytes(content)
        assert Sketchy(root, split=None).fingerprint not in (whole, data.fingerprint)


class TestWrongFolders:
    def check(self, folder, *expected):
        with pytest.raises(ZsbirError) as raised:
            Sketchy(folder)
        message = str(raised.value)
        for text in (str(folder), *expected):
            assert str(text) in message.replace(os.sep, "/")
        # Whatever is wrong, the message draws what was expected.
        for part in ("256x256/", "photo/tx_", "sketch/tx_", "EXTEND_image_sketchy"):
            assert part in message
        return message

    def test_a_missing_path(self, tmp_path):
        self.check(tmp_path / "absent", "no folder")

    def test_a_file(self, tmp_path):
        path = tmp_path / "Sketchy.7z"
        path.write_bytes(b"7z")
        self.check(path, "is a file; unpack")

    def test_an_empty_folder(self, tmp_path):
        self.check(tmp_path, "the folder is empty")

    def test_some_other_folder(self, tmp_path):
        for i in range(12):
            (tmp_path / f"holiday{i:02d}").mkdir()
        (tmp_path / "notes.txt").write_text("x")
        message = self.check(tmp_path, "no photo/ and no sketch/", "holiday00/", "(13 in all)")
        assert "holiday08" not in message

    def test_a_database_without_sketches(self, root):
        shutil.rmtree(root / "256x256" / "sketch")
        message = self.check(root, "no sketch/ in", "256x256/photo")
        assert "no photo/" not in message

    @pytest.mark.parametrize(
        "part", ["photo", "sketch", f"photo/{PAPER_RENDERING}", f"photo/{PAPER_RENDERING}/cow"]
    )
    def test_a_part_of_the_database(self, root, part):
        self.check(root / "256x256" / part, f"a part of it; give {root / '256x256'}")

    def test_photos_alone(self, root, tmp_path_factory):
        alone = tmp_path_factory.mktemp("alone") / "photo"
        shutil.move(root / "256x256" / "photo", alone)
        self.check(alone, "this holds renderings; give the folder that holds photo/ and sketch/")

    @pytest.mark.parametrize("name", ["EXTEND_image_sketchy", "gallery"])
    def test_the_extended_gallery(self, root, tmp_path_factory, name):
        add_extended(root / name)
        self.check(root / name, f"the extended gallery alone; give {root}")
        alone = tmp_path_factory.mktemp("alone") / name
        shutil.move(root / name, alone)
        self.check(alone, "the extended gallery alone; give the folder that holds 256x256/")

    @pytest.mark.parametrize("inner", ["data", "data/256x256"])
    def test_the_folder_above(self, tmp_path, inner):
        write_database(tmp_path / inner, classes=("ant",))
        self.check(tmp_path, f"lies further inside; give {tmp_path / inner}")

    def test_a_folder_that_may_not_be_listed(self, tmp_path, monkeypatch):
        def refuse(folder):
            raise PermissionError(13, "Permission denied", folder)

        monkeypatch.setattr(os, "scandir", refuse)
        with pytest.raises(ZsbirError, match=r"cannot list the folder .*: Permission denied"):
            Sketchy(tmp_path)


def published_counts(missing_sketches=0):
    """Counts by class as published; the missing sketches are of seen classes."""
    seen = [name for name in SKETCHY_CLASSES if name not in sketchy_counts.UNSEEN_COUNTS]
    sketches = np.diff(np.linspace(0, 62_787 - missing_sketches, 105).astype(int)).tolist()
    added = np.diff(np.linspace(0, 62_549 - 10_400, 105).astype(int)).tolist()
    counts = {
        name: sketchy_counts.ClassCounts(photos=100, drawn=100, sketches=s, added=a)
        for name, s, a in zip(seen, sketches, added, strict=True)
    }
    for name, (queries, gallery) in sketchy_counts.UNSEEN_COUNTS.items():
        counts[name] = sketchy_counts.ClassCounts(
            photos=100, drawn=100, sketches=queries, added=gallery - 100
        )
    return counts


def compare(counts, gallery=True, extended=True):
    return sketchy_counts.compare(counts, "made up", gallery, extended)


def change(counts, name, **values):
    return counts | {name: sketchy_counts.ClassCounts(**(vars(counts[name]) | values))}


class TestVerify:
    def test_the_published_counts_agree_with_each_other(self):
        assert sum(q for q, _ in sketchy_counts.UNSEEN_COUNTS.values()) == 12_694
        assert sum(g for _, g in sketchy_counts.UNSEEN_COUNTS.values()) == 10_453
        assert set(sketchy_counts.UNSEEN_COUNTS) == set(unseen_classes("sketchy21")[1])
        assert PAPER_TABLE_1["Avg. sketches per image"] == 75_481 / 12_500

    @pytest.mark.parametrize("missing", [0, 2, 10])
    def test_each_published_total_is_complete(self, missing):
        report = compare(published_counts(missing))
        assert report.ok, str(report)
        assert report.statistics["Sketches"] == 75_481 - missing
        assert "As published." in str(report)
        if not missing:
            table = {name: report.statistics[name] for name in PAPER_TABLE_1}
            assert table == PAPER_TABLE_1

    @pytest.mark.parametrize("missing", [-1, 1, 9, 11, 600])
    def test_any_other_total_is_not(self, missing):
        report = compare(published_counts(missing))
        assert not report.ok
        assert "Sketches" in report.differing
        assert "Train sketches" in report.differing
        assert not report.problems

    def test_sketches_that_a_smaller_total_lacks_may_be_of_unseen_classes(self):
        counts = published_counts()
        assert compare(change(counts, "bat", sketches=633)).ok
        report = compare(change(counts, "bat", sketches=634))
        assert report.problems == {"bat": {"sketches": "634 of 635"}}
        assert "Test sketches" in report.differing

    @pytest.mark.parametrize(
        ("name", "values", "problem"),
        [
            ("cow", {"photos": 99, "drawn": 99, "added": 501}, {"photos": "99 of 100"}),
            ("ant", {"photos": 101, "drawn": 101}, {"photos": "101 of 100"}),
            ("ant", {"drawn": 97}, {"photos without a sketch": "3"}),
            ("ant", {"orphans": 4}, {"sketches without their photo": "4"}),
            ("ant", {"only_extended": 5}, {"photos only in the extended gallery": "5"}),
            ("ant", {"empty": 6}, {"empty files": "6"}),
            ("ant", {"sketches": 0, "drawn": 0}, {"sketches": "none"}),
            ("cow", {"sketches": 700}, {"sketches": "700 of 728"}),
            ("cow", {"added": 400}, {"gallery photos": "500 of 600"}),
            ("ant", {"added": 0}, {"photos that the extended gallery adds": "none"}),
        ],
    )
    def test_each_difference_is_named_with_its_class(self, name, values, problem):
        report = compare(change(published_counts(), name, **values))
        assert report.problems == {name: problem}
        assert not report.ok
        ((kind, figure),) = problem.items()
        assert f"- {kind}: {figure} ({name})" in str(report)

    def test_classes_are_grouped_by_what_they_miss(self):
        counts = published_counts()
        for name, drawn in (("ant", 90), ("ape", 95), ("bear", 90), ("bee", 0)):
            counts = change(counts, name, drawn=drawn)
        line = "- photos without a sketch: 5 (ape); 10 (ant, bear); 100 (bee)"
        assert line in str(compare(counts))

    def test_an_absent_class_and_one_too_many(self):
        counts = published_counts()
        counts["unicorn"] = counts.pop("zebra")
        report = compare(counts)
        assert report.problems == {
            "unicorn": {"class": "not one of the database"},
            "zebra": {"class": "absent"},
        }

    def test_without_the_extended_gallery(self):
        counts = {
            name: sketchy_counts.ClassCounts(**(vars(c) | {"added": 0}))
            for name, c in published_counts().items()
        }
        absent = compare(counts, gallery=True, extended=False)
        assert absent.differing == ("DB images for training", "DB images for testing")
        assert not absent.problems  # said once, not for each class
        refused = compare(counts, gallery=False, extended=False)
        assert refused.ok
        assert str(refused).count("not compared") == 2

    def test_the_counts_of_a_made_up_copy(self, root):
        add_extended(root / "EXTEND_image_sketchy")
        tree = root / "256x256"
        (tree / "photo" / PAPER_RENDERING / "ant" / "n0001_1.jpg").write_bytes(b"")
        write_image(tree / "sketch" / PAPER_RENDERING / "cow" / "n0009_1-1.png")
        shutil.rmtree(tree / "sketch" / PAPER_RENDERING / "jack-o-lantern")
        report = Sketchy(root, split=None).verify()
        assert report.classes == CLASSES
        assert report.problems["ant"] == {"photos": "2 of 100", "empty files": "1"}
        assert report.problems["cow"] == {
            "photos": "2 of 100",
            "sketches": "5 of 728",
            "sketches without their photo": "1",
            "gallery photos": "4 of 600",
        }
        assert report.problems["jack-o-lantern"] == {"photos": "2 of 100", "sketches": "none"}
        assert report.problems["bat"] == {"class": "absent"}
        assert report.statistics["Photos"] == 10
        assert report.statistics["Sketches"] == 17
        assert report.statistics["Train images"] == 6
        assert report.statistics["DB images for training"] == 16
        assert report.statistics["DB images for testing"] == 4
        assert report.statistics["Avg. sketches per image"] == 2.0
        assert not report.ok

    def test_the_extended_gallery_is_told_apart(self, root):
        assert "extended gallery: not found" in str(Sketchy(root, split=None).verify())
        add_extended(root / "EXTEND_image_sketchy")
        assert str(root / "EXTEND_image_sketchy") in str(Sketchy(root, split=None).verify())
        report = Sketchy(root, split=None, extended=False).verify()
        assert "extended gallery: not used" in str(report)
        assert report.published["DB images for testing"] == ()

    def test_it_does_not_depend_on_the_split_in_force(self, root):
        data = Sketchy(root, split=None)
        other = data.with_split(ZeroShotSplit.from_unseen("s", CLASSES, ["ant"]))
        assert data.verify() == other.verify()

    def test_the_report_of_a_part_fits_a_screen(self, root):
        text = str(Sketchy(root, split=None).verify())
        assert len(text.splitlines()) < 40
        assert max(map(len, text.splitlines()[2:])) <= 98
        assert "- photos: 2 of 100 (all 5 classes present)" in text
        assert "car_(sedan)" not in text  # it differs as all others do
        assert "zebra" in text


def real_root():
    given = os.environ.get("ZSBIR_SKETCHY_ROOT")
    if given:
        return Path(given)
    return Path(__file__).resolve().parents[3] / "shared" / "sketchy25"


@pytest.fixture(scope="module")
def real():
    if not real_root().is_dir():
        pytest.skip("no Sketchy database: set ZSBIR_SKETCHY_ROOT to its folder")
    return Sketchy(real_root(), split=None)


@pytest.mark.real_data
class TestRealData:
    def test_every_class_is_one_of_the_database(self, real):
        assert set(real.class_names) <= set(SKETCHY_CLASSES)
        assert {"hot-air_balloon", "jack-o-lantern", "car_(sedan)"} <= set(real.class_names)

    def test_every_sketch_finds_a_photo_of_its_class(self, real):
        assert (real.sketch_photos >= 0).all()
        assert (real.photo_labels[real.sketch_photos] == real.sketch_labels).all()

    def test_images_open(self, real):
        for index in range(0, len(real.photo_ids), len(real.photo_ids) // 20):
            assert real.photo(index).size == (256, 256)
        for index in range(0, len(real.sketch_ids), len(real.sketch_ids) // 20):
            sketch = np.asarray(real.sketch(index))
            assert sketch.shape == (256, 256, 3)
            assert 128 < sketch.mean() < 255  # strokes on white

    def test_deep_and_turned_copies_give_the_same_pixels(self, real, tmp_path):
        names = real.class_names[:3]
        expected = {}
        for index in np.flatnonzero(real.class_mask(real.photo_labels, names))[::8]:
            grey = real.photo(int(index)).convert("L")
            folder, stem = real.photo_ids[index].split("/")
            deep = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257)
            write_image(tmp_path / "photo" / folder / f"{stem}.png")
            deep.save(tmp_path / "photo" / folder / f"{stem}.png")
            exif = Image.Exif()
            exif[0x0112] = 6
            write_image(tmp_path / "sketch" / folder / f"{stem}-1.png")
            turned = grey.transpose(Image.Transpose.ROTATE_90)
            turned.save(tmp_path / "sketch" / folder / f"{stem}-1.png", exif=exif)
            expected[real.photo_ids[index]] = np.asarray(grey.convert("RGB"))
        copies = Sketchy(tmp_path, split=None)
        assert len(copies.photo_ids) == len(copies.sketch_ids) == len(expected) > 8
        for number, photo in enumerate(copies.sketch_photos):
            name = copies.photo_ids[photo]
            assert (np.asarray(copies.photo(photo)) == expected[name]).all()
            assert (np.asarray(copies.sketch(number)) == expected[name]).all()

    def test_the_inner_split_is_that_of_the_whole_database(self, real):
        if len(set(real.class_names) - set(unseen_classes("sketchy21")[1])) < 104:
            pytest.skip("this copy lacks some of the 104 seen classes")
        assert real.split == load_split("sketchy21", SKETCHY_CLASSES).inner(21)

    def test_the_report_says_what_is_missing(self, real):
        report = real.verify()
        if report.ok:
            pytest.skip("this copy is complete")
        text = str(report)
        assert len(text.splitlines()) < 50
        for name in set(SKETCHY_CLASSES) - set(real.class_names):
            assert report.problems[name] == {"class": "absent"}
            assert name in text

    def test_it_is_listed_in_no_time(self, real):
        start = time.perf_counter()
        data = Sketchy(real_root(), split=None)
        assert data.fingerprint == real.fingerprint
        files = len(data.photo_ids) + len(data.sketch_ids)
        # Measured at 6 to 12 microseconds a file; the bound leaves room for a slow disk.
        assert time.perf_counter() - start < 1 + 200e-6 * files
