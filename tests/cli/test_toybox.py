"""``zsbir toybox``."""

from pathlib import Path

import pytest
from cli_samples import assert_one_line
from PIL import Image

from zsbir_lib.datasets.toybox import recipe
from zsbir_lib.datasets.toybox.recipe import Counts


class TestToybox:
    def test_the_table_of_a_size_needs_no_drawing(self, run, run_json):
        code, out, err = run("toybox", "table", "--size", "full")
        assert (code, err) == (0, "")
        lines = {line[:23].strip(): line[23:].split() for line in out.splitlines()}
        assert lines["Train images"] == ["10,400", "10,400"]
        assert lines["Test classes"] == ["21", "21"]
        mini = run_json("toybox", "table")["statistics"]
        assert mini["Test sketches"] == 21 * 40
        other = run_json("toybox", "table", "--split", "sketchy25")["statistics"]
        assert other["Test classes"] == 25

    def test_classes_can_be_searched(self, run, run_json):
        rows = run_json("toybox", "classes", "--attribute", "animal", "--attribute", "four legs")
        names = {row["name"] for row in rows["classes"]}
        assert {"cow", "giraffe"} <= names
        assert "car_(sedan)" not in names
        assert all("animal" in row["attributes"] for row in rows["classes"])
        unseen = run_json("toybox", "classes", "--role", "unseen")["classes"]
        assert "giraffe" in {row["name"] for row in unseen}
        code, out, _ = run("toybox", "classes")
        assert code == 0
        assert out.splitlines()[-1].endswith(" classes")

    @pytest.mark.parametrize("option", ["--family", "--attribute", "--role"])
    def test_an_unknown_word_is_refused_with_the_known_ones(self, run, option):
        assert_one_line(run("toybox", "classes", option, "nonsense"), "'nonsense'", "use ")

    def test_a_sheet_is_drawn(self, run_json, tmp_path):
        out = tmp_path / "sheet.png"
        values = run_json(
            *("toybox", "sheet", "--classes", "cow,pear", "--instances", 2, "--sketches", 1),
            *("--columns", 1, "--size", 32, "--scale", 2, "--out", out),
        )
        assert Image.open(out).size == (values["width"], values["height"])
        assert values["height"] == 2 * (64 + 2)

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (["--classes", "cow,yeti", "--out", "a.png"], ["'yeti'"]),
            (["--out", "a.xyz"], ["a.xyz", ".png"]),
            (["--clutter", 9, "--out", "a.png"], ["--clutter"]),
        ],
    )
    def test_a_sheet_that_cannot_be_drawn_leaves_nothing(
        self, run, tmp_path, monkeypatch, arguments, words
    ):
        monkeypatch.chdir(tmp_path)
        assert_one_line(run("toybox", "sheet", *arguments), *words)
        assert list(tmp_path.iterdir()) == []

    def test_build_draws_once(self, run, run_json, monkeypatch):
        counts = {"seen": Counts(1, 1, 1), "unseen": Counts(2, 1, 1)}
        monkeypatch.setitem(recipe.SIZES, "mini", counts)
        arguments = ("toybox", "build", "--workers", 1)
        values = run_json(*arguments)
        assert (values["photos"], values["sketches"]) == (104 + 42, 125)
        assert len(list(Path(values["folder"]).glob("*.npy"))) == 2 * 125
        monkeypatch.setattr("zsbir_lib.datasets.toybox.generation.draw_class", pytest.fail)
        code, out, _ = run(*arguments)
        assert code == 0
        assert values["folder"] in out
        assert "Train classes" in out

    def test_an_unknown_size_is_refused(self, run):
        assert_one_line(run("toybox", "build", "--size", "huge"), "'huge'", "mini or full")
