"""``zsbir retrieve``."""

import json
import os
import shutil

import pytest
from cli_samples import UNSEEN, assert_one_line
from PIL import Image
from safetensors.torch import load_file, save_file

from zsbir_lib.datasets import Sketchy
from zsbir_lib.files import sha256
from zsbir_lib.paper import PAPER_RENDERING
from zsbir_lib.store import Store


@pytest.fixture
def own_cache(tmp_path, monkeypatch):
    """A cache that no other test has filled."""
    monkeypatch.setenv("ZSBIR_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


class TestRetrieve:
    def test_photos_are_ranked_and_shown(self, run, run_json, data, drawing, tmp_path):
        out = tmp_path / "answer.png"
        arguments = ["retrieve", "--sketch", drawing, "--out", out, "--k", 5, *data]
        arguments += ["--method", "cvae", "-p", "epochs=2", "-p", "n_samples=10"]
        values = run_json(*arguments, "--class", "fan")
        photos = values["photos"]
        assert [photo["rank"] for photo in photos] == [1, 2, 3, 4, 5]
        distances = [photo["distance"] for photo in photos]
        assert distances == sorted(distances)
        assert {photo["class"] for photo in photos} <= set(UNSEEN)
        assert all(photo["id"].startswith(photo["class"] + "/") for photo in photos)
        assert values["right"] == sum(photo["class"] == "fan" for photo in photos)
        assert values["gallery_photos"] == 12
        assert f"{values['right']} of them right" in values["alt"]
        assert Image.open(out).info["Description"] == values["alt"]

        code, text, err = run(*arguments)
        assert (code, err) == (0, "")  # the method was kept, so nothing is fitted and said
        assert [line.split()[1] for line in text.splitlines()[:5]] == [p["class"] for p in photos]
        assert "(another class)" not in text

    def test_it_finds_what_the_library_finds(self, run_json, data, root, tmp_path):
        from zsbir_lib.features import load_backbone
        from zsbir_lib.retrieval import rank

        dataset = Sketchy(root, split=root / "split.txt")
        number = dataset.sketch_ids.index("geyser/n01_1-1")
        path = dataset.sketch_path(number)
        out = tmp_path / "a.svg"
        values = run_json(
            *("retrieve", "--sketch", path, "--out", out, "--as-is", "--gallery", "all"),
            *("--method", "cosine", "--k", 10, *data),
        )
        backbone = load_backbone("tiny", root / "tiny.safetensors", "cpu")
        query = backbone.features([dataset.sketch(number)])
        gallery = backbone.features([dataset.photo(i) for i in range(32)])
        ranking = rank(query, gallery, 10)
        expected = [dataset.photo_ids[i] for i in ranking.indices[0].tolist()]
        assert [photo["id"] for photo in values["photos"]] == expected
        assert out.read_text(encoding="utf-8").startswith("<?xml")

    def test_the_style_of_the_drawing_does_not_matter(self, run_json, data, drawing, tmp_path):
        with Image.open(drawing) as image:
            ink = image.convert("L")
        strange = Image.new("RGBA", (900, 900), (0, 0, 0, 0))
        strange.paste((255, 255, 255, 255), (500, 100), ink.point(lambda v: 255 - v))
        strange.save(tmp_path / "strange.png")
        found = []
        for name in ("drawing.png", "strange.png"):
            arguments = ("--sketch", tmp_path / name, "--out", tmp_path / "a.png", "--k", 12)
            values = run_json("retrieve", *arguments, "--method", "cosine", *data)
            found.append({photo["id"]: photo["distance"] for photo in values["photos"]})
        assert found[0].keys() == found[1].keys()
        assert all(found[0][i] == pytest.approx(found[1][i], abs=0.02) for i in found[0])

    @pytest.mark.parametrize("method", ["ours+gallery", "cosine"])
    def test_a_later_run_reads_no_feature_and_no_photo(
        self, run, data, drawing, method, own_cache, monkeypatch
    ):
        arguments = ["retrieve", "--sketch", drawing, "--method", method, "--json", *data]
        code, first, _ = run(*arguments)
        assert code == 0
        pieces = list((own_cache / "features").rglob("*.npy"))
        assert pieces
        for piece in pieces:  # whoever read or checked one would notice
            piece.write_bytes(b"not a feature")
        hashed = []
        monkeypatch.setattr(
            "zsbir_lib.store.sha256", lambda path: hashed.append(path) or sha256(path)
        )
        monkeypatch.setattr(Sketchy, "photo", lambda *_: pytest.fail("a photo was read"))
        assert run(*arguments) == (0, first, "")
        assert {path.parent.parent.name for path in hashed} == {"galleries"}

    def test_what_the_kept_gallery_depends_on_is_in_its_key(self, run_json, data, drawing):
        arguments = ["retrieve", "--sketch", drawing, "--k", 12, *data]
        few = run_json(*arguments)
        assert run_json(*arguments, "--gallery", "all")["gallery_photos"] == 32
        other = run_json(*arguments, "-p", "diffusion=0.2")
        assert other["photos"] != few["photos"]
        assert run_json(*arguments, "--pairing", "class")["photos"] != few["photos"]
        assert run_json(*arguments)["photos"] == few["photos"]

    def test_a_damaged_gallery_is_made_again(self, run, data, drawing, own_cache):
        arguments = ["retrieve", "--sketch", drawing, "--json", *data]
        _, first, _ = run(*arguments)
        (path,) = (own_cache / "galleries").rglob("index~*.safetensors")
        path.write_bytes(path.read_bytes()[:-1] + b"?")
        code, again, _ = run(*arguments)
        assert (code, again) == (0, first)
        assert run(*arguments)[1] == first

    def test_a_drawing_may_be_strokes(self, run, run_json, data, tmp_path):
        lines = [[[0, 90, 90, 0, 0], [0, 0, 90, 90, 0]], [[0, 90, 45], [0, 0, 80]]]
        for number, stroke in enumerate(lines):
            text = json.dumps({"word": "fan", "drawing": [stroke]}) + "\n"
            with (tmp_path / "fans.ndjson").open("a") as stream:
                stream.write(text)
            (tmp_path / f"{number}.json").write_text(text)
        points = " ".join(f"{x},{y}" for x, y in zip(*lines[1], strict=True))
        (tmp_path / "1.svg").write_text(
            f'<svg xmlns="http://www.w3.org/2000/svg"><polyline points="{points}" fill="none" '
            'stroke="black"/></svg>'
        )
        options = ["--out", tmp_path / "a.png", "--method", "cosine", *data]
        files = (["1.json"], ["1.svg"], ["fans.ndjson", "--number", 1], ["0.json"])
        a, b, c, other = (
            run_json("retrieve", "--sketch", tmp_path / name, *more, *options)["photos"]
            for name, *more in files
        )
        assert a == b == c != other
        several = run("retrieve", "--sketch", tmp_path / "fans.ndjson", *options)
        assert_one_line(several, "a.png is one picture, for 2 drawings: name a folder")

    def test_the_drawing_is_read_once_and_its_ink_found_once(
        self, run_json, data, drawing, tmp_path, monkeypatch
    ):
        from zsbir_lib import drawings

        seen = []
        for name in ("read_drawing", "find_ink"):
            real = getattr(drawings, name)
            monkeypatch.setattr(
                drawings, name, lambda *a, real=real, **k: (seen.append(real), real(*a, **k))[1]
            )
        arguments = ["--sketch", drawing, "--out", tmp_path / "a.png", "--method", "cosine", *data]
        run_json("retrieve", *arguments)
        assert len(seen) == 2

    def test_with_a_model_no_photo_is_read_but_those_of_the_gallery(
        self, run_json, data, drawing, tmp_path, monkeypatch
    ):
        model = tmp_path / "sae.safetensors"
        run_json("train", "--method", "sae", "--out", model, *data)
        arguments = ["retrieve", "--sketch", drawing, "--model", model, *data]
        kept = run_json(*arguments)  # of the features that it learnt from
        monkeypatch.setenv("ZSBIR_CACHE", str(tmp_path / "another"))
        read, real = set(), Sketchy.photo

        def photo(self, number):
            read.add(self.photo_ids[number].split("/")[0])
            return real(self, number)

        monkeypatch.setattr(Sketchy, "photo", photo)
        assert run_json(*arguments) == kept
        assert read == set(UNSEEN)

    def test_unreadable_images_are_left_out_everywhere(
        self, run, run_json, data, root, drawing, tmp_path
    ):
        copy = tmp_path / "copy"
        shutil.copytree(root, copy)
        [photos, sketches] = (copy / "256x256" / k / PAPER_RENDERING for k in ("photo", "sketch"))
        for path in (photos / "fan/n01_0.jpg", sketches / "ape/n01_0-1.png"):
            path.unlink()
            path.symlink_to("/nowhere")
        (photos / "ape/n01_0.jpg").unlink()
        os.mkfifo(photos / "ape/n01_0.jpg")
        data = [str(copy) if part == str(root) else part for part in data]
        arguments = ["--sketch", drawing, "--out", tmp_path / "a.png", "--method", "cosine", *data]
        result = run("retrieve", *arguments)
        assert_one_line(result, "ape", "it is a named pipe", "skip")
        arguments += ["--on-error", "skip", "--gallery", "all", "--k", 30]
        values = run_json("retrieve", *arguments)
        assert values["gallery_photos"] == 30
        assert not {"fan/n01_0", "ape/n01_0"} & {photo["id"] for photo in values["photos"]}

    def test_class_names_are_shown_as_text(self, run, data, root, drawing, tmp_path):
        copy = tmp_path / "copy"
        shutil.copytree(root, copy)
        for kind in ("photo", "sketch"):
            tree = copy / "256x256" / kind / PAPER_RENDERING
            for old, new in (("fan", rb"$\frac$"), ("geyser", b"\x1b[31mred"), ("hat", b"caf\xe9")):
                os.rename(os.fsencode(tree / old), os.path.join(os.fsencode(tree), new))
        (copy / "split.txt").write_text("$\\frac$\n\\x1b[31mred\ncaf\\xe9\n")
        data = [part.replace(str(root), str(copy)) for part in data]
        data[data.index("--weights") + 1] = str(root / "tiny.safetensors")
        arguments = ["--sketch", drawing, "--out", tmp_path / "a.svg", "--method", "cosine", *data]
        code, out, _ = run("retrieve", *arguments, "--k", 12, "--class", r"$\frac$")
        assert code == 0
        assert "\x1b" not in out
        shown = {line.split()[1] for line in out.splitlines()[:12]}
        assert shown == {r"$\frac$", r"\x1b[31mred", r"caf\xe9"}
        assert r"$\frac$" in (tmp_path / "a.svg").read_text(encoding="utf-8")

    def test_a_damaged_cached_model_is_fitted_again(self, run, run_json, data, drawing, tmp_path):
        arguments = ["retrieve", "--sketch", drawing, "--out", tmp_path / "a.png", *data]
        arguments += ["--method", "cvae", "-p", "epochs=1", "-p", "n_samples=7"]
        before = {entry.folder for entry in Store().entries()}
        first = run_json(*arguments)
        # It is kept by itself, and with the gallery that it has prepared.
        new = [entry for entry in Store().entries() if entry.folder not in before]
        models = [e.path("model.safetensors") for e in new if e.kind in ("models", "galleries")]
        assert len(models) == 2
        for model in models:
            damaged = bytearray(model.read_bytes())
            damaged[-5] ^= 1
            model.write_bytes(damaged)
        code, _, err = run(*arguments)
        assert code == 0
        for model in models:
            assert f"{model} is damaged or gone: making it again" in err
        assert run_json(*arguments)["photos"] == first["photos"]

    def test_a_changed_model_is_refused(self, run, data, drawing, tmp_path):
        from safetensors import safe_open

        model = tmp_path / "m.safetensors"
        settings = ["--method", "cvae", "-p", "epochs=1", "-p", "n_samples=10"]
        assert run("train", "--method", "cvae", *settings, "--out", model, *data)[0] == 0
        with safe_open(model, framework="pt") as file:
            metadata = file.metadata()
        state = load_file(model)
        state["decoder.0.weight"][0, 0] = float("nan")
        save_file(state, model, metadata=metadata)
        answer = tmp_path / "a.png"
        result = run("retrieve", "--sketch", drawing, "--out", answer, "--model", model, *data)
        assert_one_line(result, "damaged")
        assert_one_line(run("evaluate", "--model", model, *data), "damaged")
        assert not answer.exists()

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (None, ["no such file"]),
            (b"", ["0 bytes"]),
            (b"not an image", ["no image"]),
            (Image.new("RGB", (50, 50), "white"), ["empty"]),
            (Image.new("RGBA", (50, 50), (0, 0, 0, 0)), ["empty"]),
        ],
        ids=["missing", "0 bytes", "text", "white", "transparent"],
    )
    def test_a_bad_drawing(self, run, data, tmp_path, content, words):
        sketch = tmp_path / "bad.png"
        if isinstance(content, bytes):
            sketch.write_bytes(content)
        elif content is not None:
            content.save(sketch)
        answer = tmp_path / "out" / "answer.png"
        assert_one_line(
            run("retrieve", "--sketch", sketch, "--out", answer, *data), "bad.png", *words
        )
        assert not answer.parent.exists()

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (["--k", 13], ["--k is 13", "12 photos"]),
            (["--k", 0], ["--k"]),
            (["--class", "yeti"], ["'yeti'"]),
            (["--class", "geysir"], ["did you mean geyser"]),
            (["--class", "ape"], ["--gallery all"]),
            (["--gallery", "some"], ["'some'"]),
            (["--method", "nope"], ["'nope'"]),
            (["-p", "epochs=0"], ["epochs"]),
            (["--model", "m.safetensors", "--method", "cvae"], ["not both"]),
            (["--out", "answer.gif"], ["answer.gif", ".svg"]),
            (["--out", "file/answer.png"], ["cannot write"]),
            (["--out", "drawing.png"], ["the drawing itself"]),
        ],
        ids=lambda value: " ".join(map(str, value)) if str(value[0]).startswith("-") else "",
    )
    def test_bad_input_leaves_nothing(
        self, run, data, drawing, tmp_path, monkeypatch, arguments, words
    ):
        monkeypatch.chdir(tmp_path)
        (tmp_path / "file").write_text("")
        before = {path: path.read_bytes() for path in tmp_path.iterdir()}
        if "--out" not in arguments:
            arguments = [*arguments, "--out", "answer.png"]
        assert_one_line(run("retrieve", "--sketch", drawing, *data, *arguments), *words)
        assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before

    def test_class_names_may_be_punctuated_otherwise(self, run_json, data, drawing, tmp_path):
        arguments = ["--sketch", drawing, "--out", tmp_path / "a.png", "--method", "cosine", *data]
        assert run_json("retrieve", *arguments, "--class", "Fan")["class"] == "fan"
