"""Folders of images: nothing in them is lost without a word, whatever their names are."""

import logging
import os

import pytest

from zsbir_lib.datasets.folders import ImageFiles, Unread, list_images, match_folders
from zsbir_lib.errors import ZsbirError


def put(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x")


def test_all_formats_that_are_read_are_listed(tmp_path):
    names = ["a.jpg", "b.JPEG", "c.png", "d.webp", "e.bmp", "f.TIF", "g.tiff", "h.gif"]
    put(tmp_path / "bear", *names)
    tree = list_images(tmp_path)
    assert sorted(tree.images["bear"]) == list("abcdefgh")
    assert tree.unread == []


def test_what_is_not_read_is_counted_by_class(tmp_path):
    put(tmp_path, "ant/a.jpg", "ant/b.svg", "ant/c.SVG", "ant/d.xyz", "ant/e", "bear/bear/a.jpg")
    put(tmp_path, "bear/bear/b.png", "cow/a.heic.part", "yak/a.jpg")
    # Beside images lie files that are none, and nobody misses them.
    put(tmp_path, "ant/Thumbs.db", "ant/list.txt", "ant/.DS_Store", "ant/._a.jpg", "README.md")
    tree = list_images(tmp_path)
    place = f"{tmp_path.parent.name}/{tmp_path.name}"
    assert tree.unread == [
        Unread(place, "ant", {".svg": 2, ".xyz": 1, "without an ending": 1}),
        Unread(place, "bear", {"bear/": 2}),
        Unread(place, "cow", {".part": 1}),
    ]
    assert str(tree.unread[0]) == "ant (2 .svg, 1 .xyz, 1 without an ending)"
    assert str(tree.unread[1]) == "bear (2 in the folder bear/)"
    assert tree.unread[0].count == 4
    assert tree.images.keys() == {"ant", "yak"}
    assert tree.class_names == {"ant", "bear", "cow", "yak"}


def test_a_folder_with_an_images_name_is_no_image(tmp_path):
    put(tmp_path, "bear/a.jpg/b.jpg", "bear/c.jpg")
    tree = list_images(tmp_path)
    assert tree.images["bear"].keys() == {"c"}
    assert tree.unread[0].kinds == {"a.jpg/": 1}


class TestNames:
    @pytest.mark.skipif(os.name == "nt", reason="Windows stores no such names")
    def test_names_that_are_no_text_can_be_shown(self, tmp_path):
        folder = os.fsencode(tmp_path)
        for name in (b"caf\xe9", b"\x1b[31mred", b"two\nlines"):
            os.makedirs(os.path.join(folder, name))
            with open(os.path.join(folder, name, b"\xff1.jpg"), "wb"):
                pass
        tree = list_images(tmp_path)
        assert tree.images.keys() == {r"caf\xe9", r"\x1b[31mred", r"two\nlines"}
        for images in tree.images.values():
            [(stem, path)] = images.items()
            assert stem == r"\xff1"
            assert os.path.exists(path)
        files = ImageFiles.collect(tuple(sorted(tree.images)), tree.images)
        assert len(files.digest) == 64
        assert files.sizes.tolist() == [0, 0, 0]

    def test_composed_and_decomposed_names_are_the_same(self, tmp_path):
        put(tmp_path, "ba\u0308r/e\u0301.jpg")
        assert list_images(tmp_path).images.keys() == {"b\xe4r"}
        assert list_images(tmp_path).images["b\xe4r"].keys() == {"\xe9"}
        put(tmp_path, "b\xe4r/x.jpg")
        if len(os.listdir(tmp_path)) == 2:  # some file systems compose by themselves
            with pytest.raises(ZsbirError, match="are both class b\xe4r: merge them"):
                list_images(tmp_path)

    def test_two_files_of_one_name_are_refused(self, tmp_path):
        put(tmp_path, "bear/a.jpg", "bear/a.webp")
        with pytest.raises(ZsbirError, match=r"a\.(jpg|webp) are one image: remove one"):
            list_images(tmp_path)

    @pytest.mark.parametrize(
        ("names", "known", "found"),
        [
            (["bottle opener"], ["bottleopener"], ["bottleopener"]),
            (["Sea_Lion"], ["sea lion", "ant"], ["sea lion"]),
            (["ba\u0308r"], ["B\xc4R"], ["B\xc4R"]),
            (["a", "A"], ["a", "A"], ["a", "A"]),  # letters by hand, say
            (["a", "A"], ["a"], ["a", "A"]),
            (["sea-lion"], ["sea lion", "sea_lion"], ["sea-lion"]),
            (["c++"], ["c"], ["c++"]),
            (["\N{BEAR FACE}"], ["\N{CAT FACE}"], ["\N{BEAR FACE}"]),
            (["\u0915\u093f"], ["\u0915\u0940"], ["\u0915\u093f"]),  # Devanagari: ki, kii
        ],
    )
    def test_folders_match_though_they_are_punctuated_differently(self, names, known, found):
        assert match_folders(names, known) == dict(zip(names, found, strict=True))


class TestFiles:
    def test_a_broken_link_has_a_state_of_its_own(self, tmp_path):
        put(tmp_path, "bear/a.jpg")
        whole = ImageFiles.collect(("bear",), list_images(tmp_path).images).digest
        (tmp_path / "bear/b.jpg").symlink_to("/nowhere")
        files = ImageFiles.collect(("bear",), list_images(tmp_path).images)
        assert files.ids == ("bear/a", "bear/b")
        assert files.sizes.tolist() == [1, -1]
        assert files.digest != whole

    def test_how_images_are_read_is_part_of_their_identity(self, tmp_path, monkeypatch):
        put(tmp_path, "bear/a.jpg")
        images = list_images(tmp_path).images
        before = ImageFiles.collect(("bear",), images).digest
        monkeypatch.setattr("zsbir_lib.drawings.images.VERSION", 99)
        assert ImageFiles.collect(("bear",), images).digest != before


def test_nothing_is_said_of_whole_folders(tmp_path, caplog):
    put(tmp_path, "bear/a.jpg")
    with caplog.at_level(logging.DEBUG):
        list_images(tmp_path)
    assert not caplog.records
