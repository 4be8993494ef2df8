"""Strokes of others: Quick, Draw!, pen rows and SVG are read as what they are, or refused."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from zsbir_lib.drawings import read_all_strokes, read_drawing, read_strokes, render_strokes
from zsbir_lib.errors import ZsbirError, speaking_command_line

POINTS = [
    [(10.0, 10.0), (200.0, 10.0), (200.0, 200.0), (5.0, 90.0)],
    [(10.0, 200.0), (60.0, 60.0)],
]
LISTS = [[list(axis) for axis in zip(*stroke, strict=True)] for stroke in POINTS]
TIMED = [[*stroke, list(range(0, 30 * len(stroke[0]), 30))] for stroke in LISTS]
ROWS = [(*p, float(p == stroke[-1])) for stroke in POINTS for p in stroke]
OFFSETS = np.diff([[0, 0], *[p[:2] for p in ROWS]], axis=0)


def five_wide():
    lifted = np.array(ROWS)[:, 2]
    body = np.column_stack([OFFSETS, 1 - lifted, lifted, np.zeros(len(ROWS))])
    return np.vstack([body, [[0, 0, 0, 0, 1]] * 3])  # padded, as sketch-rnn does


@pytest.mark.parametrize(
    ("source", "form"),
    [
        (POINTS, None),
        (POINTS, "points"),
        (LISTS, None),
        (LISTS, "quickdraw"),
        (TIMED, None),
        ({"word": "cat", "drawing": LISTS}, None),
        ({"drawing": TIMED}, None),
        (ROWS, "rows"),
        (np.column_stack([OFFSETS, np.array(ROWS)[:, 2]]), "offsets"),
        (five_wide(), None),
        (five_wide().tolist(), "offsets"),
    ],
)
def test_every_form_gives_the_same_points(source, form):
    assert read_strokes(source, form=form) == POINTS


@pytest.mark.parametrize(
    ("source", "form", "reason"),
    [
        (ROWS, None, "may be places or offsets: say form='rows' or form='offsets'"),
        ([[[1, 2], [3, 4]]], None, "may be points or the lists of Quick, Draw!: say form='points'"),
        ([[1, 2], [3, 4]], None, "one row of points"),
        ([], None, "the list is empty"),
        ([[[1, 2, 3, 4], [1, 2]]], None, "of no form that is known"),
        ([[[1, 2, 7], [1, 2]]], None, "of no form that is known"),
        (ROWS, "points", "are not strokes of points"),
        (POINTS, "quickdraw", "are not strokes"),
        ([(1, 2, 7)], "rows", "are not rows"),
        ("cat.svg", "svg", "unknown form of strokes 'svg'"),
        ({"strokes": LISTS}, None, "no 'drawing' in it"),
        (7, None, "of no form that is known"),
    ],
)
def test_a_form_that_is_not_certain_is_refused(source, form, reason):
    with pytest.raises(ZsbirError, match=reason) as raised:
        read_strokes(source, form=form)
    assert "\n" not in str(raised.value)


def drawing(strokes=LISTS):
    return json.dumps({"word": "cat", "recognized": True, "drawing": strokes})


class TestJson:
    def test_one_drawing(self, tmp_path):
        path = tmp_path / "cat.json"
        for text in (
            drawing(),
            f"\ufeff\n{drawing()}\n",
            json.dumps(json.loads(drawing()), indent=2),
        ):
            path.write_text(text, encoding="utf-8")
            assert read_strokes(path) == POINTS
            image = read_drawing(path)
            assert image.tobytes() == render_strokes(POINTS, size=512).tobytes()

    @pytest.mark.parametrize("join", [lambda d: "\n".join(d), lambda d: f"[{', '.join(d)}]"])
    def test_of_several_one_is_chosen(self, tmp_path, join):
        path = tmp_path / "cats.ndjson"
        path.write_text(join([drawing([[[0, 9, n], [0, 9, n]]]) for n in range(3)]))
        assert read_strokes(path, number=2)[0][-1] == (2.0, 2.0)
        with pytest.raises(ZsbirError, match=r"cats\.ndjson is several: choose one by number=0"):
            read_drawing(path)
        with speaking_command_line(), pytest.raises(ZsbirError, match="by --number 0"):
            read_drawing(path)
        with pytest.raises(ZsbirError, match="has no number 3"):
            read_drawing(path, number=3)

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ('{"drawing": [[', "no JSON, or is damaged"),
            ("[", "no JSON, or is damaged"),
            ("[]", "the list is empty"),
            ("[{}]", "no 'drawing'"),
            ('{"drawing": "cat"}', "are not strokes"),
            ('{"drawing": {"a": 1}}', "are not strokes"),
            ('{"drawing": [[[1, 1e999], [2, null]]]}', "are not strokes"),
            ("[" * 100_000, "no JSON, or is damaged"),
            ('{"drawing": [[[' + "1," * 2_100_000, "more than 4,000,000 letters"),
        ],
    )
    def test_what_is_no_drawing(self, tmp_path, text, reason):
        path = tmp_path / "cat.json"
        path.write_text(text)
        with pytest.raises(ZsbirError, match=reason) as raised:
            read_drawing(path)
        assert "\n" not in str(raised.value)
        assert "cat.json" in str(raised.value)

    @pytest.mark.parametrize("lines", [3, 60_000], ids=["short", "longer than a drawing may be"])
    def test_a_first_line_that_is_none_does_not_end_the_file(self, tmp_path, lines):
        path = tmp_path / "cats.ndjson"
        whole = [drawing([[[0, 9, n], [0, 9, n]]]) for n in range(lines)]
        path.write_text("\n".join(["", "{broken", *whole[:-1], "", "{too", whole[-1], ""]))
        assert (path.stat().st_size > 4_000_000) == (lines > 3)
        found = list(read_all_strokes(path))
        assert [one.number for one in found] == list(range(lines + 2))
        assert [one.line for one in found] == [*range(2, lines + 2), lines + 3, lines + 4]
        broken = [one for one in found if one.error is not None]
        assert [one.number for one in broken] == [0, lines]
        assert [str(one.error) for one in broken] == [
            f"cannot read the drawing {path}, number {one.number} (line {one.line}): it is no "
            "JSON, or is damaged"
            for one in broken
        ]
        assert found[-1].strokes[0][-1] == (lines - 1, lines - 1)

    def test_an_image_has_no_numbers(self, tmp_path):
        render_strokes(POINTS).save(tmp_path / "cat.png")
        assert read_drawing(tmp_path / "cat.png", number=0).size == (64, 64)
        with pytest.raises(ZsbirError, match="one drawing: leave out number"):
            read_drawing(tmp_path / "cat.png", number=1)


def svg(body, head='viewBox="0 0 100 100"'):
    return (
        f'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" '
        f'xmlns:xlink="http://www.w3.org/1999/xlink" {head}>{body}</svg>'
    )


PEN = 'fill="none" stroke="black"'
NESTED = [f'<g id="g{n}">' + f'<use href="#g{n + 1}"/>' * 10 + "</g>" for n in range(9)]


class TestSvg:
    def read(self, tmp_path, text, encoding="utf-8"):
        path = tmp_path / "cat.svg"
        path.write_text(text, encoding=encoding)
        return read_strokes(path)

    @pytest.mark.parametrize(
        ("body", "points"),
        [
            (f'<path {PEN} d="M 10 20 L 30 20 v 5 z"/>', [(10, 20), (30, 20), (30, 25), (10, 20)]),
            (f'<line {PEN} x1="1" y1="2" x2="3" y2="4"/>', [(1, 2), (3, 4)]),
            (f'<polyline {PEN} points="1,2 3,4 5,2"/>', [(1, 2), (3, 4), (5, 2)]),
            (f'<polygon {PEN} points="1,2 3,4 5,2"/>', [(1, 2), (3, 4), (5, 2), (1, 2)]),
            (f'<g transform="translate(10 0) scale(2)"><line {PEN} x2="3" y2="4"/></g>',
             [(10, 0), (16, 8)]),
            ('<style>.a{fill:none;stroke:red}</style><line class="a" x2="3" y2="4"/>',
             [(0, 0), (3, 4)]),
            (f'<defs><line id="l" x2="3" y2="4"/></defs><g {PEN}><use xlink:href="#l" x="5"/></g>',
             [(5, 0), (8, 4)]),
            ('<path d="M 1 2 L 3 4 L 5 2"/>', [(1, 2), (3, 4), (5, 2)]),
        ],
        ids=["path", "line", "polyline", "polygon", "transform", "style", "use", "filled"],
    )  # fmt: skip
    def test_straight_lines(self, tmp_path, body, points):
        strokes = self.read(tmp_path, svg(body))
        assert strokes == [[pytest.approx(point) for point in points]]

    def test_two_parts_of_a_path_are_two_strokes(self, tmp_path):
        strokes = self.read(tmp_path, svg(f'<path {PEN} d="M0 0L1 1M5 5L6 6"/>'))
        assert strokes == [[(0, 0), (1, 1)], [(5, 5), (6, 6)]]

    def test_circles_and_curves(self, tmp_path):
        [circle] = self.read(tmp_path, svg(f'<circle {PEN} cx="50" cy="40" r="20"/>'))
        radii = np.hypot(*(np.array(circle) - (50, 40)).T)
        assert radii == pytest.approx(np.full(len(circle), 20))
        assert len(circle) > 30
        [curve] = self.read(tmp_path, svg(f'<path {PEN} d="M0 0C0 10 10 10 10 0"/>'))
        assert curve[len(curve) // 2] == pytest.approx((5, 7.5))

    def test_the_paper_and_the_invisible_are_not_drawn(self, tmp_path):
        line = f'<line {PEN} x1="1" y1="2" x2="3" y2="4"/>'
        others = (
            '<rect width="100%" height="100%" fill="black"/>'
            '<path d="M0 0H100V100H0z" fill="navy"/><rect width="20" height="20" fill="#fefefe"/>'
            f'<g display="none"><circle {PEN} r="9"/></g><circle r="9" fill="none"/>'
            '<image href="http://example.org/a.png" width="9" height="9"/><text>cat</text>'
        )
        assert self.read(tmp_path, svg(others + line)) == self.read(tmp_path, svg(line))

    def test_utf_16(self, tmp_path):
        text = svg(f'<line {PEN} x2="3" y2="4"/>').replace('"1.0"', '"1.0" encoding="UTF-16"')
        assert self.read(tmp_path, text, "utf-16") == [[(0, 0), (3, 4)]]

    def test_it_is_a_drawing_like_any_other(self, tmp_path):
        (tmp_path / "cat").write_text(svg(f'<polyline {PEN} points="1,2 3,4 5,2"/>'))
        assert read_drawing(tmp_path / "cat").size == (512, 512)

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            (svg(""), "it has no lines"),
            (svg("<text>cat</text>"), "it has no lines"),
            (svg("<path"), "no SVG, or is damaged"),
            ('<!DOCTYPE svg [<!ENTITY a "b">]>' + svg("&a;"), "defines entities"),
            (svg('<g id="a"><use href="#a"/></g>'), "more than 20,000 elements"),
            (svg("".join(NESTED) + '<g id="g9"><line x2="1"/></g>'), "more than 20,000 elements"),
            (svg("<g>" * 5000 + "</g>" * 5000), "no SVG, or is damaged"),
            (svg(" " * 4_000_000), "more than the 4,000,000"),
        ],
        ids=["empty", "text", "cut", "entities", "circle", "bomb", "deep", "large"],
    )  # fmt: skip
    def test_what_is_refused(self, tmp_path, text, reason):
        with pytest.raises(ZsbirError, match=reason) as raised:
            self.read(tmp_path, text)
        assert "\n" not in str(raised.value)
        assert "cat.svg" in str(raised.value)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")
def test_a_pipe_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "cat.svg")
    for read in (read_strokes, read_drawing):
        with pytest.raises(ZsbirError, match="it is a named pipe"):
            read(tmp_path / "cat.svg")


@pytest.mark.real_data
def test_real_drawings_of_quick_draw():
    given = os.environ.get("ZSBIR_QUICKDRAW_ROOT")
    root = Path(given) if given else Path(__file__).resolve().parents[3] / "shared/quickdraw_seen"
    if not root.is_dir():
        pytest.skip("no drawings of Quick, Draw!: set ZSBIR_QUICKDRAW_ROOT to their folder")
    for path in sorted(root.glob("seen/*.ndjson"))[::20]:
        lines = path.read_text(encoding="utf-8").splitlines()
        for number, line in enumerate(lines[:5]):
            stored = json.loads(line)["drawing"]
            strokes = read_strokes(path, number=number)
            assert [[len(x), len(y)] for x, y in stored] == [[len(s)] * 2 for s in strokes]
            assert strokes[0][0] == (stored[0][0][0], stored[0][1][0])


@pytest.mark.parametrize("content", [b"hello", b"\xff\x00\x81\x02 no text"])
@pytest.mark.parametrize(
    ("ending", "words"),
    [
        (".ndjson", "it is no JSON, or is damaged"),
        (".json", "it is no JSON, or is damaged"),
        (".svg", "it is no SVG, or is damaged"),
        (".bin", "it is no image and no file of strokes"),
        ("", "it is no image and no file of strokes"),
    ],
)
def test_what_is_no_drawing_is_refused_for_what_it_is_called(tmp_path, content, ending, words):
    path = tmp_path / f"a{ending}"
    path.write_bytes(content)
    with pytest.raises(ZsbirError, match=words):
        read_drawing(path)


def test_an_image_that_is_called_strokes_is_read_as_an_image(tmp_path):
    Image.new("RGB", (30, 20), "white").save(tmp_path / "a.svg", format="PNG")
    assert read_drawing(tmp_path / "a.svg").size == (30, 20)
