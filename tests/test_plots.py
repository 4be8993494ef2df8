import base64
import io
import sys
from dataclasses import replace

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.colors import to_hex
from PIL import Image

from tests.leaderboard.boards import make_board
from zsbir_lib.datasets.base import SketchPhotoDataset, ZeroShotSplit
from zsbir_lib.errors import ZsbirError
from zsbir_lib.leaderboard import Leaderboard
from zsbir_lib.plots import (
    COLOURS,
    INK,
    WRONG,
    Plot,
    Retrieved,
    describe_retrieval,
    new_plot,
    plot_leaderboard,
    plot_pairs,
    plot_retrieval,
    plot_training,
)

GREY = Image.new("RGB", (32, 32), "gray")
ROW = Retrieved(GREY, [GREY] * 4, ["cow", "car_(sedan)", "cow", "pig"], "cow")
UNKNOWN = Retrieved(GREY, [GREY] * 2, ["cow", "pig"])


def luminance(colour):
    c = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(c <= 0.03928, c / 12.92, ((c + 0.055) / 1.055) ** 2.4) @ [
        0.2126,
        0.7152,
        0.0722,
    ]


def contrast(a, b):
    light, dark = sorted((luminance(a), luminance(b)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("page", ["#ffffff", "#121212"])
def test_colours_are_readable_on_a_light_and_on_a_dark_page(page):
    # 4.33 is the most that one colour can have on both of these pages.
    assert contrast(INK, page) > 4.3
    assert all(contrast(colour, page) > 3 for colour in (WRONG, *COLOURS))


def frames(figure):
    return [p for axes in figure.axes for p in axes.patches if p.get_gid() == "wrong"]


def test_only_photos_of_another_class_are_framed_and_crossed():
    figure = plot_retrieval([ROW])
    assert ROW.wrong == [False, True, False, True]
    marked = [i for i, axes in enumerate(figure.axes) if axes.patches]
    assert marked == [2, 4]  # the first place is the query's
    assert len(frames(figure)) == 2
    for place in marked:
        frame = figure.axes[place].patches[0]
        assert to_hex(frame.get_edgecolor()) == WRONG
        assert frame.get_linewidth() >= 3
        assert len(figure.axes[place].lines) == 2  # the cross, for those who see no red


def test_without_a_known_class_nothing_is_framed():
    assert frames(plot_retrieval([UNKNOWN])) == []


def test_a_red_frame_can_be_seen_in_the_file(tmp_path):
    def red_pixels(row, name):
        plot_retrieval([row]).save(tmp_path / name)
        pixels = np.asarray(Image.open(tmp_path / name).convert("RGB")).astype(int)
        return (np.abs(pixels - [214, 39, 40]).max(axis=2) < 8).sum()

    assert red_pixels(ROW, "wrong.png") > 1000
    assert red_pixels(UNKNOWN, "unknown.png") == 0


def test_class_names_stand_below_the_photos():
    figure = plot_retrieval([ROW, UNKNOWN], title="Two queries")
    labels = [axes.get_xlabel() for axes in figure.axes]
    assert labels == ["cow", "cow", "car (sedan)", "cow", "pig", "", "cow", "pig"]
    assert figure.get_suptitle() == "Two queries"


def test_the_alternative_text_says_what_is_right():
    text = describe_retrieval([ROW])
    assert "class cow" in text
    assert "2 of them right: cow, car (sedan) (wrong), cow, pig (wrong)." in text
    assert plot_retrieval([ROW]).alt_text == text
    assert "unknown class; the 2 photos found, nearest first: cow, pig." in describe_retrieval(
        [UNKNOWN]
    )
    both = describe_retrieval([ROW, UNKNOWN])
    assert both.startswith("Query 1 ")
    assert "Query 2 " in both


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
def test_the_same_figure_gives_the_same_file_with_its_text(tmp_path, suffix):
    paths = [tmp_path / f"{name}.{suffix}" for name in ("a", "b")]
    for path in paths:
        plot_retrieval([ROW]).save(path)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    if suffix == "png":
        assert Image.open(paths[0]).info["Description"] == describe_retrieval([ROW])
    if suffix == "svg":
        assert "2 of them right" in paths[0].read_text(encoding="utf-8")


def test_the_background_is_transparent(tmp_path):
    plot_training({"loss": [2, 1]}).save(tmp_path / "a.png")
    assert Image.open(tmp_path / "a.png").getpixel((0, 0))[3] == 0


@pytest.mark.parametrize("name", ["picture.gif", "picture", "folder.png", "file/picture.png"])
def test_a_picture_that_cannot_be_written_leaves_nothing(tmp_path, name):
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "file").write_text("")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(ZsbirError, match="cannot write"):
        plot_retrieval([UNKNOWN]).save(tmp_path / name)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_notebook_can_show_it():
    assert plot_retrieval([UNKNOWN])._repr_png_().startswith(b"\x89PNG")


def test_no_global_state_is_touched():
    before = dict(mpl.rcParams)
    plot_retrieval([ROW])._repr_png_()
    plot_training({"loss": [1, 2]})
    assert dict(mpl.rcParams) == before
    if "matplotlib.pyplot" in sys.modules:
        assert sys.modules["matplotlib.pyplot"].get_fignums() == []


def test_rows_that_do_not_fit_are_refused():
    with pytest.raises(ZsbirError, match="2 photos with 1 class names"):
        Retrieved(GREY, [GREY] * 2, ["cow"])
    with pytest.raises(ZsbirError, match="a photo or more"):
        Retrieved(GREY, [], [])
    with pytest.raises(ZsbirError, match="nothing to plot"):
        plot_retrieval([])


class TestTraining:
    def test_each_quantity_has_its_axes(self):
        figure = plot_training({"reconstruction": [3, 2, 1.5], "kl": [0.1, 0.2, 0.3]}, title="CVAE")
        assert isinstance(figure, Plot)
        assert [axes.get_title() for axes in figure.axes] == ["reconstruction", "kl"]
        np.testing.assert_array_equal(figure.axes[0].lines[0].get_xdata(), [1, 2, 3])
        np.testing.assert_array_equal(figure.axes[1].lines[0].get_ydata(), [0.1, 0.2, 0.3])
        assert "over 3 epochs: reconstruction from 3 to 1.5; kl from 0.1 to 0.3" in figure.alt_text

    def test_a_list_of_epochs_does_as_well(self):
        epochs = [{"epoch": i, "loss": 1 / i, "seconds": 2.0 * i} for i in (1, 2)]
        figure = plot_training(epochs)
        assert [axes.get_title() for axes in figure.axes] == ["loss"]
        np.testing.assert_array_equal(figure.axes[0].lines[0].get_ydata(), [1, 0.5])

    @pytest.mark.parametrize("history", [{}, [], {"loss": []}])
    def test_nothing_is_refused(self, history):
        with pytest.raises(ZsbirError, match="history is empty"):
            plot_training(history)


class Album(SketchPhotoDataset):
    name = "album"
    class_names = ("ant", "bat", "cow")
    split = ZeroShotSplit("s", ("ant", "bat"), ("cow",))
    photo_labels = np.array([0, 0, 1, 1, 2, 2])
    sketch_photos = np.array([1, 1, 1, 2, 4, -1])
    sketch_labels = np.array([0, 0, 0, 1, 2, 2])

    def photo(self, index):
        return Image.new("RGB", (8, 8), (index, 0, 0))

    def sketch(self, index):
        return Image.new("RGB", (8, 8), (0, index, 0))

    with_split = None


def shown(figure):
    return [
        tuple(image.get_array()[0, 0])
        for axes in figure.axes
        if axes.axison
        for image in axes.images
    ]


class TestPairs:
    def test_sketches_stand_below_their_photo(self):
        figure = plot_pairs(Album(), [1, 2], n_sketches=2)
        assert shown(figure) == [(1, 0, 0), (2, 0, 0), (0, 0, 0), (0, 3, 0), (0, 1, 0)]
        assert figure.alt_text.startswith("Photos of ant, bat;")

    def test_photos_with_sketches_are_chosen_of_different_classes(self):
        assert [c[0] for c in shown(plot_pairs(Album(), n_sketches=1))[:3]] == [1, 2, 4]

    def test_a_photo_that_is_not_there_is_refused(self):
        with pytest.raises(ZsbirError, match="album has no photo 17"):
            plot_pairs(Album(), [17])


def test_a_figure_becomes_an_image_with_its_words(tmp_path):
    figure = plot_training({"loss": [2.0, 1.0]})
    figure.alt_text = 'A "quoted" <fall>'
    markup = figure.to_html()
    assert markup.startswith('<img alt="A &quot;quoted&quot; &lt;fall&gt;" src="data:image/png;')
    data = base64.b64decode(markup.rpartition(",")[2][:-2])
    assert Image.open(io.BytesIO(data)).width > 100


def test_a_chapters_own_figure_has_the_projects_style():
    figure, axes = new_plot(3, 2)
    assert isinstance(figure, Plot)
    assert tuple(figure.get_size_inches()) == (3, 2)
    assert figure.get_facecolor()[3] == 0  # see-through, for light pages and dark ones
    assert to_hex(axes.xaxis.label.get_color()) == INK


HOSTILE = r"$\frac$"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (HOSTILE, HOSTILE),
        ("$", "$"),
        ("$a$ $b", "$a$ $b"),
        ("bell\x07\x1b[31m", r"bell\x07\x1b[31m"),
        ("not \udcff UTF-8", r"not \xff UTF-8"),
    ],
)
def test_names_are_shown_as_they_are_and_begin_no_formula(tmp_path, name, text):
    picture = Image.new("RGB", (8, 8))
    row = Retrieved(picture, [picture], [name], name)
    plot_retrieval([row]).save(tmp_path / "retrieval.png")
    board = make_board()
    rows = {"sae": replace(board.rows["sae"], title=name)}
    origin = replace(board.origin, dataset=name)
    figure = plot_leaderboard(Leaderboard(origin, board.settings, rows))
    figure.save(tmp_path / "board.pdf")
    assert figure.alt_text.isprintable()
    shown = figure.axes[0].get_yticklabels()[0].get_text().replace(r"\$", "$")
    assert shown == text


def test_the_leaderboard_is_drawn_as_its_table_says():
    board = make_board()
    figure = plot_leaderboard(board)
    for name, row in board.rows.items():
        assert f"{row.title} {board.interval(name)}" in figure.alt_text
    one = Leaderboard(
        board.origin, board.settings,
        {name: one_class(row) for name, row in board.rows.items()},
    )  # fmt: skip
    assert "[undefined]" in plot_leaderboard(one).alt_text
    with pytest.raises(ZsbirError, match="nothing to plot"):
        plot_leaderboard(Leaderboard(board.origin, board.settings, {}))


def one_class(row):
    found = row.protocols["zero-shot"]
    first = {
        name: tuple(seed[:1] for seed in getattr(found, name)) for name in ("map", "precision")
    }
    return replace(row, protocols={"zero-shot": replace(found, classes=found.classes[:1], **first)})
