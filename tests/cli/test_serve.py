"""``zsbir serve``, ``zsbir retrieve --index`` and ``zsbir export web --index``."""

import http.client
import json
import threading

import pytest
from cli_samples import assert_one_line, draw
from PIL import Image

from zsbir_lib.web import PageServer


@pytest.fixture
def index(run, root, tmp_path):
    """An index of six photos in two folders, and what names its network."""
    for number in range(6):
        path = tmp_path / "photos" / ("fans" if number < 3 else "hats") / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        draw(number, 1, True).save(path)
    weights = ["--weights", root / "tiny.safetensors"]
    out = tmp_path / "index"
    code, _, err = run("index", tmp_path / "photos", "--out", out, "--backbone", "tiny", *weights)
    assert (code, err) == (0, "")
    return ["--index", out, *weights]


class TestServe:
    def test_it_answers_until_it_is_interrupted(self, run, index, monkeypatch):
        pytest.importorskip("onnxscript")
        serve, answers = PageServer.serve_forever, {}

        def asked(server):
            thread = threading.Thread(target=serve, args=(server, 0.02))
            thread.start()
            for path in ("/model.json", "/index/entry.json", "/../index"):
                connection = http.client.HTTPConnection("127.0.0.1", server.server_port)
                connection.request("GET", path)
                answer = connection.getresponse()
                answers[path] = (answer.status, answer.read())
                connection.close()
            server.shutdown()
            thread.join()
            raise KeyboardInterrupt

        monkeypatch.setattr(PageServer, "serve_forever", asked)
        code, out, err = run("serve", *index, "--port", 0)
        assert (code, err) == (0, "")
        assert out.startswith("6 photos, searched by Cosine baseline: http://127.0.0.1:")
        assert json.loads(answers["/model.json"][1])["photos"] == 6
        assert answers["/index/entry.json"][0] == answers["/../index"][0] == 404

    def test_a_port_in_use_is_one_line_before_anything_is_read(self, run, index):
        with PageServer({}) as server:
            result = run("serve", "--index", "nowhere", "--port", server.server_port)
            assert_one_line(result, server.server_port, "another process listens there", "--port")

    def test_bad_input_is_one_line(self, run, index, root, tmp_path):
        assert_one_line(run("serve", "--index", tmp_path, "--port", 0), "holds no index of photos")
        both = ("--model", "x", "--method", "sae")
        assert_one_line(run("serve", *index, "--port", 0, *both), "give --model, or --method")


class TestRetrieve:
    def test_own_photos_are_found_named_and_shown(self, run_json, index, drawing, tmp_path):
        out = tmp_path / "answer.png"
        arguments = ("retrieve", "--sketch", drawing, "--out", out, "--k", 4, *index)
        values = run_json(*arguments, "--class", "fans")
        assert (values["method"], values["backbone"]) == ("cosine", "tiny")
        assert values["gallery_photos"] == 6
        assert {photo["id"].split("/")[0] for photo in values["photos"]} <= {"fans", "hats"}
        assert values["right"] == sum(photo["class"] == "fans" for photo in values["photos"])
        assert Image.open(out).info["Description"] == values["alt"]

    def test_a_photo_as_a_drawing_finds_itself(self, run_json, index, tmp_path):
        photo = tmp_path / "photos" / "hats" / "4.png"
        arguments = ("retrieve", "--sketch", photo, "--as-is", "--out", tmp_path / "a.png", *index)
        first = run_json(*arguments)["photos"][0]
        assert first["id"] == "hats/4.png"
        assert first["distance"] < 1e-5

    def test_a_method_is_fitted_on_a_data_set(self, run_json, index, data, drawing, tmp_path):
        arguments = ("retrieve", "--sketch", drawing, "--out", tmp_path / "a.png", *index[:2])
        values = run_json(*arguments, *data, "--method", "sae")
        assert (values["method"], values["gallery_photos"]) == ("sae", 6)

    def test_bad_input_is_one_line(self, run, index, drawing, tmp_path):
        def ask(*more):
            return run("retrieve", "--sketch", drawing, "--out", tmp_path / "a.png", *index, *more)

        assert_one_line(ask("--k", 7), "--k is 7", "6 photos only")
        assert_one_line(ask("--class", "fanz"), "did you mean fans")
        assert_one_line(ask("--gallery", "all"), "--gallery is for data sets")


class TestExport:
    def test_the_page_is_written(self, run_json, index, tmp_path):
        pytest.importorskip("onnxscript")
        values = run_json("export", "web", *index, "--out", tmp_path / "page")
        assert values["photos"] == 6
        files = (tmp_path / "page").iterdir()
        assert values["bytes"] == sum(file.stat().st_size for file in files)
        assert len(list((tmp_path / "page").glob("photo*.webp"))) == 6

    def test_options_of_one_page_are_refused_for_the_other(self, run, index, tmp_path):
        out = ("--out", tmp_path / "page")
        result = run("export", "web", *index, *out, "--per-class", 3)
        assert_one_line(result, "--per-class is for the Toybox")
        assert_one_line(run("export", "web", *out, *index[2:]), "--weights is for --index")
