"""``zsbir leaderboard``."""

import json

import pytest
from cli_samples import assert_one_line
from PIL import Image


class TestLeaderboard:
    OPTIONS = ("--methods", "cosine,sae", "--k", 3, "--seeds", 1, "--budget", 2, "--workers", 1)

    def test_it_writes_a_table_in_every_form(self, run, data, tmp_path):
        paths = {name: tmp_path / f"board.{name}" for name in ("json", "md", "png")}
        code, out, err = run(
            "leaderboard", *self.OPTIONS, "--out", paths["json"], "--markdown", paths["md"],
            "--figure", paths["png"], *data,
        )  # fmt: skip
        assert code == 0, err
        assert "Cosine baseline" in out
        assert "ZS mAP@3" in out
        values = json.loads(paths["json"].read_text())
        assert list(values["rows"]) == ["cosine", "sae"]
        assert values["settings"]["protocols"] == ["zero-shot", "traditional", "generalised"]
        assert paths["md"].read_text().startswith("| method |")
        assert Image.open(paths["png"]).width > 500
        printed = run("leaderboard", *self.OPTIONS, "--json", *data)[1]
        assert json.loads(printed)["rows"] == values["rows"]

    def test_it_goes_on_from_its_file_and_refuses_another_beginning(self, run, data, tmp_path):
        out = tmp_path / "board.json"
        options = ("--protocol", "zero-shot", "--out", out)
        assert run("leaderboard", *self.OPTIONS, *options, *data)[0] == 0
        values = json.loads(out.read_text())
        values["rows"]["sae"]["title"] = "kept, not run again"
        del values["checksum"]
        out.write_text(json.dumps(values))
        assert "kept, not run again" in run("leaderboard", *self.OPTIONS, *options, *data)[1]
        other = ("--protocol", "traditional", "--out", out)
        assert_one_line(
            run("leaderboard", *self.OPTIONS, *other, *data), "protocols was", "another file"
        )
        out.write_text(out.read_text()[:200])
        assert_one_line(run("leaderboard", *self.OPTIONS, *options, *data), "board.json", "--fresh")
        fresh = run("leaderboard", *self.OPTIONS, *options, "--fresh", *data)[1]
        assert "kept, not run again" not in fresh

    def test_a_file_of_test_classes_is_a_split(self, run, data, root, tmp_path):
        classes = tmp_path / "mine.txt"
        classes.write_text("ape\nbear\n")
        state = tmp_path / "board.json"
        others = [*data]
        others[others.index("--split") + 1] = classes
        others[others.index("--split")] = "--test-classes"
        assert run("leaderboard", *self.OPTIONS, "--out", state, *others)[0] == 0
        row = json.loads(state.read_text())["rows"]["cosine"]["protocols"]["zero-shot"]
        assert row["classes"] == ["ape", "bear"]

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (["--methods", "cosine,magic"], ["unknown method 'magic'", "cvae"]),
            (["--protocol", "sideways"], ["unknown protocol 'sideways'", "all"]),
            (["--methods", "cosine", "--k", 500], ["k is 500", "gallery holds"]),
            (["--figure", "board.txt"], ["board.txt", ".png"]),
            (["--protocol", "traditional", "--figure", "x.png"], ["--figure", "zero-shot"]),
            (["--markdown", "x.png", "--figure", "x.png"], ["x.png", "same file"]),
            (["--json", "board.json"], ["--out board.json"]),
        ],
    )
    def test_bad_input_is_one_line(self, run, data, arguments, words):
        assert_one_line(run("leaderboard", *arguments, *data), *words)
