"""Files of drawings: each drawing is found where it is, and what is wrong is said of its place."""

import json
import pickle
import re
from itertools import pairwise

import numpy as np
import pytest
from field_samples import STROKES, bitmaps, line, put_drawings, record

from zsbir_lib.datasets import quickdraw_forms
from zsbir_lib.datasets.quickdraw_files import DrawingFiles, list_drawing_files
from zsbir_lib.datasets.quickdraw_forms import FILE_FORMS, SKETCH_SIZE, word_of
from zsbir_lib.drawings import find_ink
from zsbir_lib.errors import ZsbirError
from zsbir_lib.store import Store

FORMS = tuple(FILE_FORMS)


@pytest.fixture
def opened(tmp_path):
    """Open what lies in a folder as a form."""

    def open_(form, per_class=None, folder=tmp_path / "files"):
        tree = list_drawing_files(folder, form, lambda word: word)
        store = Store(tmp_path / "cache")
        return DrawingFiles(sorted(tree.images), tree.images, form, per_class, store)

    return open_


@pytest.fixture
def of_lines(tmp_path, opened):
    """Open one file of lines, given as bytes."""

    def of(content, **options):
        (tmp_path / "files").mkdir(exist_ok=True)
        (tmp_path / "files" / "cow.ndjson").write_bytes(content)
        return opened("simplified", **options)

    return of


class TestForms:
    @pytest.mark.parametrize("form", FORMS)
    def test_drawings_are_numbered_class_by_class(self, tmp_path, opened, form):
        put_drawings(tmp_path / "files", "cow", form, 3)
        put_drawings(tmp_path / "files", "palm tree", form, 2)
        drawings = opened(form)
        assert len(drawings) == len(drawings.ids) == 5
        assert drawings.labels.tolist() == [0, 0, 0, 1, 1]
        assert drawings.labels.dtype == np.int64
        first, last = (1, 2) if form in ("simplified", "raw") else (0, 1)
        mark, ending = FILE_FORMS[form].mark, FILE_FORMS[form].ending
        assert drawings.ids[0] == f"cow/cow{ending}{mark}{first}"
        assert drawings.ids[-1] == f"palm tree/palm tree{ending}{mark}{last}"
        assert list(drawings.ids) == list(drawings.ids[:]) == [drawings.ids[i] for i in range(5)]
        assert len(set(drawings.ids)) == 5
        assert drawings.path(3) == str(tmp_path / "files" / f"palm tree{ending}")

    @pytest.mark.parametrize("form", ["simplified", "raw", "binary"])
    def test_strokes_become_thin_dark_lines_on_white(self, tmp_path, opened, form):
        put_drawings(tmp_path / "files", "cow", form)
        image = opened(form).read(1)
        assert (image.mode, image.size) == ("RGB", (SKETCH_SIZE, SKETCH_SIZE))
        grey = np.asarray(image)[:, :, 0]
        assert grey[0, 0] == 255
        assert grey.min() < 64
        assert 0.005 < (grey < 128).mean() < 0.03
        # The first stroke goes along the top and down the right side, whatever its units.
        ink = np.argwhere(find_ink(image) > 0.5)
        assert ink.min() < 30
        assert ink.max() > 225
        assert (grey[:40, 100] < 128).any()
        assert (grey[128, 200:] < 128).any()

    def test_all_forms_of_strokes_give_the_same_drawing(self, tmp_path, opened):
        images = {}
        for form in ("simplified", "raw", "binary"):
            folder = tmp_path / form
            put_drawings(folder, "cow", form)
            images[form] = np.asarray(opened(form, folder=folder).read(0)).astype(int)
        assert np.array_equal(images["simplified"], images["binary"])
        assert np.abs(images["simplified"] - images["raw"]).max() <= 1

    def test_bitmaps_are_ink_on_paper_as_large_as_they_are(self, tmp_path, opened):
        put_drawings(tmp_path / "files", "cow", "numpy_bitmap")
        image = opened("numpy_bitmap").read(0)
        assert (image.mode, image.size) == ("RGB", (28, 28))
        assert np.asarray(image)[14, 14].tolist() == [0, 0, 0]
        assert np.asarray(image)[0, 0].tolist() == [255, 255, 255]

    @pytest.mark.parametrize("form", FORMS)
    def test_no_more_of_a_class_than_asked_for(self, tmp_path, opened, form):
        put_drawings(tmp_path / "files", "cow", form, 5)
        put_drawings(tmp_path / "files", "pig", form, 1)
        whole, part = opened(form), opened(form, 2)
        assert part.labels.tolist() == [0, 0, 1]
        assert list(part.ids) == [*whole.ids[:2], whole.ids[5]]
        assert np.array_equal(np.asarray(part.read(2)), np.asarray(whole.read(5)))
        assert part.digest != whole.digest

    @pytest.mark.parametrize(
        ("name", "form", "word"),
        [
            ("palm tree.ndjson", "simplified", "palm tree"),
            ("palm tree.ndjson", "raw", "palm tree"),
            ("palm tree.ndjson", "binary", None),
            ("cow.BIN", "binary", "cow"),
            ("full_numpy_bitmap_alarm clock.npy", "numpy_bitmap", "alarm clock"),
            ("full_simplified_cow.ndjson", "raw", None),
            ("full%2Fraw%2Fpalm%20tree.ndjson", "raw", "palm tree"),
            ("notes.txt", "simplified", None),
        ],
    )
    def test_which_files_are_of_a_form(self, name, form, word):
        assert word_of(name, form) == word

    def test_two_files_of_one_class_are_refused(self, tmp_path, opened):
        put_drawings(tmp_path / "files", "cow", "simplified")
        put_drawings(tmp_path / "files", "full_simplified_cow", "simplified")
        with pytest.raises(ZsbirError, match="are both class cow: remove one"):
            opened("simplified")


class TestLines:
    def test_blank_lines_are_none_and_the_last_needs_no_end(self, of_lines):
        content = f"\n{line()}\r\n\n{line()}{line()}".rstrip("\n").encode()
        drawings = of_lines(content)
        assert list(drawings.ids) == [f"cow/cow.ndjson:{n}" for n in (2, 5, 6)]
        assert [drawings.read(i).size for i in range(3)] == [(256, 256)] * 3

    def test_a_byte_order_mark_is_no_part_of_a_drawing(self, of_lines):
        assert of_lines(b"\xef\xbb\xbf" + line().encode()).read(0).size == (256, 256)

    @pytest.mark.parametrize("limit", [None, 1, 2, 3, 4, 99])
    @pytest.mark.parametrize("block", [1, 7, 100, 1 << 20])
    @pytest.mark.parametrize("end", ["", "\n", "\n\n"])
    def test_where_lines_begin_does_not_depend_on_how_they_are_read(
        self, tmp_path, monkeypatch, limit, block, end
    ):
        lines = ["{'a'}", "", "{'bbbbbbbbbb'}", "\r", "[", "{'c'}", "{'ddd'}", "[["]
        path = tmp_path / "some.ndjson"
        path.write_bytes(("\n".join(lines) + end).encode())
        monkeypatch.setattr(quickdraw_forms, "_BLOCK", block)
        places = FILE_FORMS["simplified"].index(str(path), limit).tolist()
        data = path.read_bytes()
        found = [
            (number, data[start:stop].decode().split("\n")[0])
            for (start, number), (stop, _) in pairwise(places)
        ]
        expected = [(n, text) for n, text in enumerate(lines, 1) if text.strip()]
        assert found == expected[:limit]

    @pytest.mark.parametrize(
        ("bad", "reason"),
        [
            ('{"drawing": [[[1, 2', "it is no JSON, or is damaged"),
            ("[" * 100_000, "it is no JSON, or is damaged"),
            ('"cow"', "it is JSON, but no drawing of Quick, Draw!"),
            ('{"word": "cow"}', "there is no 'drawing' in it"),
            ('{"drawing": []}', "nothing is drawn"),
            ('{"drawing": [[[], []]]}', "nothing is drawn"),
            ('{"drawing": [[[NaN], [1]]]}', "nothing is drawn"),
            ('{"drawing": [[[1, 2], [1]]]}', "are not strokes"),
            ('{"drawing": [[[1e999999], [' + "1" * 400 + "]]]}", "are not strokes"),
            ("\xff\xfe{}", "it is no JSON, or is damaged"),
        ],
    )
    def test_a_bad_line_is_named_and_the_others_are_read(self, tmp_path, of_lines, bad, reason):
        content = line().encode() + bad.encode("latin-1") + b"\n" + line().encode()
        drawings = of_lines(content)
        place = re.escape(f"line 2 of {tmp_path / 'files' / 'cow.ndjson'}")
        with pytest.raises(ZsbirError, match=rf"cannot read {place}: .*{reason}") as caught:
            drawings.read(1)
        assert "\n" not in str(caught.value)
        assert drawings.read(0).size == drawings.read(2).size == (256, 256)

    def test_a_line_without_end_is_not_read(self, of_lines):
        drawings = of_lines(b"[" + b"1," * 2_500_000)
        with pytest.raises(ZsbirError, match=r"line 1 of .*more than 4,000,000 bytes"):
            drawings.read(0)

    @pytest.mark.parametrize("content", [b"", b"\n\n\n"])
    def test_a_file_without_lines_is_one_bad_drawing(self, of_lines, content):
        drawings = of_lines(content)
        assert len(drawings) == 1
        with pytest.raises(ZsbirError, match=r"cow\.ndjson: (the file is empty|it is no JSON)"):
            drawings.read(0)
        assert drawings.empty_by_class(1).tolist() == [int(not content)]


class TestRecords:
    @pytest.fixture
    def of_bytes(self, tmp_path, opened):
        def of(content, **options):
            (tmp_path / "files").mkdir()
            (tmp_path / "files" / "cow.bin").write_bytes(content)
            return opened("binary", **options)

        return of

    @pytest.mark.parametrize("left", [1, 16, 18, 20, 25])
    def test_what_is_cut_off_is_the_last_drawing_only(self, of_bytes, left):
        drawings = of_bytes(record() + record() + record()[:left])
        assert len(drawings) == 3
        assert drawings.read(1).size == (256, 256)
        with pytest.raises(ZsbirError, match=r"drawing 2 \(counted from 0\) of .*cow\.bin: the fi"):
            drawings.read(2)

    def test_a_file_that_is_something_else(self, of_bytes):
        drawings = of_bytes(record() + b"<!DOCTYPE html><title>Not found</title>")
        assert drawings.read(0).size == (256, 256)
        with pytest.raises(ZsbirError, match=r"drawing 1 .*: it is no drawing of Quick, Draw!"):
            drawings.read(1)

    def test_a_drawing_without_strokes(self, of_bytes):
        drawings = of_bytes(record() + record(()) + record((((), ()),)) + record())
        assert len(drawings) == 4
        for i in (1, 2):
            with pytest.raises(ZsbirError, match=f"drawing {i} .*: nothing is drawn"):
                drawings.read(i)
        assert drawings.read(3).size == (256, 256)

    def test_an_empty_file(self, of_bytes):
        drawings = of_bytes(b"")
        with pytest.raises(ZsbirError, match=r"cow\.bin: the file is empty"):
            drawings.read(0)


class TestBitmaps:
    @pytest.fixture
    def of_array(self, tmp_path, opened):
        def of(write):
            (tmp_path / "files").mkdir()
            write(tmp_path / "files" / "cow.npy")
            return opened("numpy_bitmap")

        return of

    @pytest.mark.parametrize(
        ("array", "found"),
        [
            (np.zeros((3, 784)), r"float64 of shape \(3, 784\)"),
            (np.zeros((3, 28, 28), dtype=np.uint8), r"uint8 of shape \(3, 28, 28\)"),
            (np.zeros((3, 783), dtype=np.uint8), r"uint8 of shape \(3, 783\)"),
            (np.asfortranarray(bitmaps(3)), "in Fortran's order"),
            (np.array([{}, {}]), "no .npy file, or is damaged"),
        ],
    )
    def test_an_array_of_another_kind_is_one_bad_drawing(self, of_array, array, found):
        drawings = of_array(lambda path: np.save(path, array, allow_pickle=True))
        assert len(drawings) == 1
        with pytest.raises(ZsbirError, match=rf"bitmap 0 .* of .*cow\.npy: .*{found}") as caught:
            drawings.read(0)
        assert "\n" not in str(caught.value)

    def test_a_head_that_numpy_trips_over_is_one_bad_drawing(self, of_array):
        def write(path):
            np.save(path, bitmaps(3))
            data = bytearray(path.read_bytes())
            data[data.index(b"}")] = ord("{")  # NumPy raises an error of its tokenizer
            path.write_bytes(data)

        with pytest.raises(ZsbirError, match=r"no \.npy file, or is damaged"):
            of_array(write).read(0)

    @pytest.mark.parametrize("left", [0, 5, 100, 1000])
    def test_a_file_that_is_cut_off(self, of_array, left):
        def write(path):
            np.save(path, bitmaps(3))
            path.write_bytes(path.read_bytes()[:left])

        with pytest.raises(ZsbirError, match=r"cow\.npy: (the file is empty|it is no \.npy)"):
            of_array(write).read(0)

    def test_an_archive_of_arrays(self, of_array):
        def write(path):
            with path.open("wb") as stream:
                np.savez(stream, train=bitmaps(3))

        with pytest.raises(ZsbirError, match="it is an archive of arrays, not uint8 of shape"):
            of_array(write).read(0)

    def test_a_bitmap_without_ink(self, of_array):
        rows = bitmaps(3)
        rows[1] = 0
        drawings = of_array(lambda path: np.save(path, rows))
        with pytest.raises(ZsbirError, match=r"bitmap 1 .*: nothing is drawn"):
            drawings.read(1)
        assert drawings.read(2).size == (28, 28)


class TestIndex:
    def test_a_file_is_gone_through_once(self, tmp_path, opened, monkeypatch):
        put_drawings(tmp_path / "files", "cow", "simplified", 3)
        before = opened("simplified")
        lines = quickdraw_forms.Form(".ndjson", "", ":", None, FILE_FORMS["simplified"].read)
        monkeypatch.setitem(FILE_FORMS, "simplified", lines)  # going through it again would fail
        again = opened("simplified")
        assert list(again.ids) == list(before.ids)
        assert again.digest == before.digest
        assert isinstance(again._places, np.memmap)

    def test_a_file_that_has_changed_is_gone_through_again(self, tmp_path, opened):
        path = put_drawings(tmp_path / "files", "cow", "simplified", 3)
        before = opened("simplified")
        path.write_text(line() + line(), encoding="utf-8")
        after = opened("simplified")
        assert (len(before), len(after)) == (3, 2)
        assert after.digest != before.digest
        with pytest.raises(ZsbirError, match="has become shorter: open the data set again"):
            before.read(2)
        path.unlink()
        with pytest.raises(ZsbirError, match=r"cow\.ndjson: there is no such file"):
            after.read(0)

    def test_moving_the_folder_changes_nothing(self, tmp_path, opened):
        put_drawings(tmp_path / "files", "cow", "binary", 3)
        before = opened("binary")
        (tmp_path / "files").rename(tmp_path / "moved")
        assert opened("binary", folder=tmp_path / "moved").digest == before.digest

    def test_a_large_file_is_found_quickly_and_read_in_parts(self, tmp_path, opened):
        (tmp_path / "files").mkdir()
        whole = [line(key_id=str(i)) for i in range(20_000)]
        whole[12_345] = line((((0, 255), (0, 255)),))
        (tmp_path / "files" / "cow.ndjson").write_text("".join(whole), encoding="utf-8")
        drawings = opened("simplified")
        assert len(drawings) == 20_000
        assert drawings.ids[12_345] == "cow/cow.ndjson:12346"
        assert np.asarray(drawings.read(12_345))[20:60, 180:].min() == 255
        start, stop = drawings._places[12_345:12_347, 0]
        assert stop - start == len(whole[12_345])

    def test_it_can_be_sent_to_a_worker_process(self, tmp_path, opened):
        put_drawings(tmp_path / "files", "cow", "binary", 3)
        drawings = pickle.loads(pickle.dumps(opened("binary")))
        assert drawings.ids[2] == "cow/cow.bin#2"
        assert drawings.read(2).size == (256, 256)

    @pytest.mark.parametrize("index", [-1, 2])
    def test_there_is_no_drawing_of_that_number(self, tmp_path, opened, index):
        put_drawings(tmp_path / "files", "cow", "binary", 2)
        with pytest.raises(IndexError, match=f"no sketch {index}: they are numbered 0 to 1"):
            opened("binary").read(index)

    def test_how_drawings_are_drawn_is_part_of_their_identity(self, tmp_path, opened, monkeypatch):
        put_drawings(tmp_path / "files", "cow", "binary", 2)
        before = opened("binary").digest
        monkeypatch.setattr("zsbir_lib.datasets.quickdraw_forms.DRAWING_VERSION", 99)
        assert opened("binary").digest != before


def test_samples_are_what_quick_draw_publishes():
    # Figures of the format's description: 17 bytes before the strokes, then counts and bytes.
    assert len(record()) == 17 + (2 + 6) + (2 + 4)
    assert json.loads(line())["drawing"] == [list(map(list, stroke)) for stroke in STROKES]
    assert len(json.loads(line(raw=True))["drawing"][0]) == 3
