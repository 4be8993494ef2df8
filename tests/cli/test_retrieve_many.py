"""``zsbir retrieve`` of several drawings: files, files of several, folders."""

import json
import os
import sys
from subprocess import run as run_process

import pytest
from cli_samples import assert_one_line, draw

STROKES = [[[0, 90, 90, 0, 0], [0, 0, 90, 90, 0]], [[0, 90, 45], [0, 0, 80]]]
TIMED = [[*stroke, list(range(0, 20 * len(stroke[0]), 20))] for stroke in STROKES]


def ndjson(path, *drawings):
    lines = [d if isinstance(d, str) else json.dumps(d) for d in drawings]
    path.write_text("\n".join(lines) + "\n")
    return path


def fan(strokes=STROKES, word="fan"):
    return {"word": word, "recognized": True, "drawing": strokes}


@pytest.fixture
def ask(run, data):
    """Run the command with ``--json``; return its exit code, a value for each line, and stderr."""

    def ask_(*arguments):
        options = ("--method", "cosine", "--k", 3, *data, "--json")
        code, out, err = run("retrieve", *arguments, *options)
        # Whichever test comes first has the method fitted, and is told so.
        said = [line for line in err.splitlines(keepends=True) if "fitted, and kept" not in line]
        return code, [json.loads(line) for line in out.splitlines()], "".join(said)

    return ask_


@pytest.fixture
def folder(tmp_path):
    """Two classes of drawings, of all kinds, and what is no drawing."""
    for name, number in (("fan", 5), ("hat", 7)):
        (tmp_path / "all" / name).mkdir(parents=True)
        draw(number, 0, False).save(tmp_path / "all" / name / "one.png")
    ndjson(tmp_path / "all/fan/two.ndjson", fan(), fan(TIMED))
    (tmp_path / "all/hat/three.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg"><line x2="9" y2="9" stroke="black"/></svg>'
    )
    (tmp_path / "all/notes.txt").write_text("hello")
    (tmp_path / "all/fan/photo.heicx").write_text("hello")
    (tmp_path / "all/.hidden.png").write_text("hello")
    return tmp_path / "all"


class TestManyDrawings:
    def test_a_file_of_several_is_as_many_answers(self, ask, tmp_path):
        path = ndjson(tmp_path / "fans.ndjson", fan(), fan(TIMED), fan(STROKES[1:]))
        code, found, err = ask("--sketch", path)
        assert (code, err) == (0, "")
        assert [one["number"] for one in found] == [0, 1, 2]
        assert found[0]["photos"] == found[1]["photos"] != found[2]["photos"]
        assert [len(one["photos"]) for one in found] == [3, 3, 3]
        for number, one in enumerate(found):
            [alone] = ask("--sketch", path, "--number", number)[1]
            for here, there in zip(alone["photos"], one["photos"], strict=True):
                assert here == {**there, "distance": pytest.approx(there["distance"], abs=1e-5)}

    def test_a_folder_and_what_is_not_read_in_it(self, ask, folder):
        code, found, err = ask("--sketch", folder, "--class-from", "folder")
        assert code == 0
        names = [os.path.relpath(one["sketch"], folder) for one in found]
        assert names == ["fan/one.png", *["fan/two.ndjson"] * 2, "hat/one.png", "hat/three.svg"]
        assert [one["class"] for one in found] == ["fan"] * 3 + ["hat"] * 2
        right = sum(one["photos"][0]["class"] == one["class"] for one in found)
        assert sum(one["first_right"] for one in found) == right
        assert f"{folder}: not read: 1 .heicx, 1 .txt" in err
        assert f"the first photo is right for {right} of 5 drawings" in err

    def test_classes_by_word(self, ask, tmp_path):
        words = ("Fan", "hat", "yeti", "ape")
        path = ndjson(tmp_path / "a.ndjson", *(fan(word=word) for word in words))
        code, found, err = ask("--sketch", path, "--class-from", "word")
        assert [one["class"] for one in found] == ["fan", "hat", None, None]
        assert [one["first_right"] is None for one in found] == [False, False, True, True]
        assert "of 2 drawings; 2 of a class that the gallery does not have" in err
        assert code == 0

    def test_pictures_go_into_a_folder_and_never_into_each_other(self, run, data, folder, tmp_path):
        out = tmp_path / "answers"
        (folder / "fan/one.svg").write_bytes((folder / "hat/three.svg").read_bytes())
        (folder / "fan-one.png").write_bytes((folder / "fan/one.png").read_bytes())
        arguments = ("retrieve", "--sketch", folder, "--out", out, "--k", 2, *data)
        arguments += ("--method", "cosine")
        code, text, _ = run(*arguments)
        names = {
            "fan-one",
            "fan-one-2",
            "fan-one-3",
            "fan-two-0",
            "fan-two-1",
            "hat-one",
            "hat-three",
        }
        assert code == 0
        assert {path.stem for path in out.glob("*.png")} == names
        assert text.count("picture: ") == 7
        # A second run knows them for its own; what it did not make is left alone.
        assert run(*arguments)[0] == 0
        (out / "zsbir-pictures.json").unlink()
        before = {path: path.stat().st_mtime_ns for path in out.iterdir()}
        assert_one_line(run(*arguments), "is no picture that `zsbir retrieve` wrote")
        assert {path: path.stat().st_mtime_ns for path in out.iterdir()} == before

    def test_without_out_no_figure_is_drawn_and_little_is_imported(self, data, folder, tmp_path):
        """In a process of its own, since others have imported everything by now."""
        tests = os.path.dirname(__file__)
        code = (
            "import sys; sys.path.insert(0, sys.argv.pop(1))\n"
            "from cli_samples import Tiny\n"
            "from zsbir_lib.features import Recipe, register_backbone\n"
            "register_backbone('tiny', Recipe(Tiny, dim=12, input_size=8))\n"
            "from zsbir_lib.cli import main\n"
            "code = main(sys.argv[1:])\n"
            "heavy = {'matplotlib', 'sklearn', 'torchvision', 'pandas'} & set(sys.modules)\n"
            "sys.exit(f'imported {heavy}' if heavy else code)"
        )
        sketch = folder / "fan/two.ndjson"
        arguments = [sys.executable, "-c", code, tests, "retrieve", "--sketch", str(sketch), *data]
        arguments += ["--method", "sae", "--k", "2"]
        done = run_process(arguments, capture_output=True, text=True, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert "two.ndjson, number 1:" in done.stdout

    def test_only_photos_that_are_shown_are_opened(self, ask, folder, tmp_path, monkeypatch):
        from zsbir_lib.datasets import Sketchy

        ask("--sketch", folder)
        opened = []
        real = Sketchy.photo
        monkeypatch.setattr(Sketchy, "photo", lambda self, i: (opened.append(i), real(self, i))[1])
        code, found, _ = ask("--sketch", folder)
        assert (code, len(found), opened) == (0, 5, [])
        ask("--sketch", folder / "fan/one.png", "--out", tmp_path / "a.png")
        assert len(opened) == 3


BAD = {
    "no JSON": '{"drawing": [[',
    "no JSON at all": "hello",
    "one point": {"drawing": [[[5], [5]]]},
    "one point, many times": {"drawing": [[[5, 5, 5], [5, 5, 5]]]},
    "NaN": '{"drawing": [[[NaN, NaN], [NaN, 1]]]}',
    "no strokes": {"drawing": []},
    "no drawing": {"word": "fan"},
    "times": [[[0, 0, 0], [9, 9, 120], [30, 9, 170], [30, 40, 190]]],
}
WORDS = {
    "no JSON": "no JSON",
    "no JSON at all": "no JSON",
    "one point": "it has one point only",
    "one point, many times": "it has one point only",
    "NaN": "no point with two finite numbers",
    "no strokes": "empty",
    "no drawing": "no 'drawing' in it",
    "times": "if it is a time, leave it out",
}


class TestBadDrawings:
    @pytest.mark.parametrize("kind", BAD)
    def test_one_among_others(self, ask, tmp_path, kind):
        path = ndjson(tmp_path / "a.ndjson", fan(), BAD[kind], fan(TIMED))
        code, found, err = ask("--sketch", path)
        assert code == 2
        assert ["error" in one for one in found] == [False, True, False]
        assert WORDS[kind] in found[1]["error"]
        assert "a.ndjson, number 1" in found[1]["error"]
        assert err.splitlines() == [
            f"zsbir: {found[1]['error']}",
            "zsbir: 2 of 3 drawings answered, the others cannot be read",
        ]
        assert ask("--sketch", path, "--on-error", "skip")[0] == 0

    @pytest.mark.parametrize("kind", BAD)
    def test_one_alone(self, run, data, tmp_path, kind):
        path = ndjson(tmp_path / "a.ndjson", BAD[kind])
        assert_one_line(run("retrieve", "--sketch", path, *data), "a.ndjson", WORDS[kind])

    def test_told_to_raise_it_answers_nothing(self, run, data, tmp_path):
        path = ndjson(tmp_path / "a.ndjson", fan(), BAD["NaN"])
        result = run("retrieve", "--sketch", path, "--on-error", "raise", *data)
        assert_one_line(result, "a.ndjson, number 1")

    def test_the_first_line_may_be_the_bad_one(self, ask, tmp_path):
        path = ndjson(tmp_path / "a.ndjson", "{broken", fan(), fan())
        assert ["error" in one for one in ask("--sketch", path)[1]] == [True, False, False]

    def test_a_point_that_is_no_number_is_left_out(self, ask, tmp_path):
        path = ndjson(
            tmp_path / "a.ndjson",
            fan([[[0, 90], [0, 90]]]),
            '{"drawing": [[[0, NaN, 90], [0, 5, 90]]]}',
        )
        first, second = ask("--sketch", path)[1]
        assert first["photos"] == second["photos"]

    @pytest.mark.slow
    def test_ten_thousand_strokes(self, ask, tmp_path):
        many = [[[i % 100, (i * 7) % 100], [i // 100, (i * 3) % 100]] for i in range(10_000)]
        code, [found], err = ask("--sketch", ndjson(tmp_path / "a.ndjson", fan(many)))
        assert (code, err, len(found["photos"])) == (0, "", 3)

    @pytest.mark.parametrize(("text", "words"), [("", "0 bytes"), ("\n \n", "no drawing is in it")])
    def test_an_empty_file(self, run, data, tmp_path, text, words):
        (tmp_path / "a.ndjson").write_text(text)
        assert_one_line(
            run("retrieve", "--sketch", tmp_path / "a.ndjson", *data), "a.ndjson", words
        )

    def test_a_folder_with_nothing_to_read(self, run, data, tmp_path):
        (tmp_path / "some").mkdir()
        result = run("retrieve", "--sketch", tmp_path / "some", *data)
        assert_one_line(result, "some holds no drawing", ".ndjson")
        (tmp_path / "some/a.docx").write_text("")
        result = run("retrieve", "--sketch", tmp_path / "some", *data)
        assert_one_line(result, "holds no drawing, only 1 .docx")

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (["--class-from", "name"], ["folder or word", "'name'"]),
            (["--class-from", "word", "--class", "fan"], ["not both"]),
            (["--number", 2], ["no number 2"]),
            (["--sketch", "drawing.png", "--number", 0], ["--number chooses from one file"]),
            (["--out", "answer.pdf"], ["one picture, for 2 drawings"]),
            (["--out", "file/answers"], ["cannot write"]),
            (["--on-error", "stop"], ["raise or skip, not 'stop'"]),
            (["--class", "yeti"], ["'yeti'"]),
        ],
    )
    def test_bad_input_leaves_nothing(
        self, run, data, drawing, tmp_path, monkeypatch, arguments, words
    ):
        monkeypatch.chdir(tmp_path)
        ndjson(tmp_path / "fans.ndjson", fan(), fan())
        (tmp_path / "file").write_text("")
        before = {path: path.read_bytes() for path in tmp_path.iterdir()}
        assert_one_line(run("retrieve", "--sketch", "fans.ndjson", *data, *arguments), *words)
        assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before
