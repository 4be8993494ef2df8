"""``zsbir index``."""

from importlib.util import find_spec

import pytest
from cli_samples import assert_one_line, draw

from zsbir_lib.gallery import PhotoIndex, searching


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    (folder / "sea").mkdir(parents=True)
    for number in range(3):
        draw(number, 1, True).save(folder / "sea" / f"{number}.jpg")
    return folder


@pytest.fixture
def network(root):
    return ["--backbone", "tiny", "--weights", root / "tiny.safetensors", "--device", "cpu"]


def test_it_says_what_it_did_and_what_it_passed_over(run, photos, network, tmp_path):
    (photos / "bad.jpg").write_text("no image")
    (photos / "a.heic").touch()
    (photos / "b.mp4").touch()
    (photos / "out.jpg").symlink_to(tmp_path)
    code, out, err = run("index", photos, "--out", tmp_path / "index", *network)
    assert (code, err) == (0, "")
    assert out.startswith(f"3 photos of {photos} in {tmp_path / 'index'}, ")
    for line in (
        "4 read by tiny, 0 known, 0 removed",
        "unreadable  bad.jpg (it is no image; use a PNG or JPEG file)",
        "skipped     1 .heic, 1 .mp4",
        "link        out.jpg",
    ):
        assert line in out.splitlines()


def test_the_second_run_reads_what_is_new(run_json, photos, network, tmp_path):
    arguments = ("index", photos, "--out", tmp_path / "index", *network)
    run_json(*arguments)
    draw(4, 1, True).save(photos / "new.png")
    values = run_json(*arguments)
    assert (values["photos"], values["read"], values["kept"]) == (4, 1, 3)
    assert len(PhotoIndex(tmp_path / "index")) == 4


def test_toynet_is_said_to_know_no_photos(run, photos, tmp_path):
    code, _, err = run("index", photos, "--out", tmp_path / "index", "--backbone", "toynet")
    assert code == 0
    assert err.count("\n") == 1
    assert "toynet learnt from the Toybox's pictures and knows nothing of real photos" in err


def test_bad_input_is_one_line(run, photos, network, tmp_path):
    out = tmp_path / "index"
    assert_one_line(run("index", tmp_path / "no", "--out", out, *network), "no such folder")
    assert_one_line(run("index", photos, "--out", photos, *network), photos, "holds other files")
    run("index", photos, "--out", out, *network)
    result = run("index", photos, "--out", out, "--backbone", "toynet")
    assert result[0] == 2
    assert "was made with tiny (weights" in result[2]
    (photos / "sea").rename(tmp_path / "sea")
    assert_one_line(run("index", photos, "--out", out, *network), "holds no photo")


def needs_faiss():
    pytest.importorskip("faiss", reason='FAISS is missing: pip install -e ".[faiss]"')


def test_an_index_keeps_how_it_is_searched(run, run_json, photos, network, tmp_path):
    needs_faiss()
    out = tmp_path / "index"
    arguments = ("index", photos, "--out", out, *network)
    sketch = draw(1, 1, False)
    sketch.save(tmp_path / "sketch.png")
    ask = ("retrieve", "--index", out, *network[2:], "--sketch", tmp_path / "sketch.png", "--k", 3)
    assert run_json(*arguments)["search"] == "exact"
    exact = run_json(*ask)
    assert run_json(*arguments, "--search", "hnsw")["search"] == "hnsw"
    found = run_json(*ask)
    assert (exact.pop("search"), found.pop("search")) == ("exact", "hnsw")
    assert found == exact
    made = {path: path.stat().st_mtime_ns for path in (out / "search").rglob("*.npy")}
    values = run_json(*arguments)
    assert (values["search"], values["read"]) == ("hnsw", 0)
    assert made == {path: path.stat().st_mtime_ns for path in (out / "search").rglob("*.npy")}
    draw(4, 1, True).save(photos / "new.png")
    assert "searched    by hnsw" in run(*arguments)[1]
    assert len(run_json(*ask[:-1], 4)["photos"]) == 4
    assert len(list((out / "search").iterdir())) == 1  # the one before it is gone
    assert run_json(*arguments, "--search", "exact")["search"] == "exact"
    assert not (out / "search").exists()
    assert run_json(*ask)["search"] == "exact"


def test_damage_of_what_is_searched_is_told_and_mended(run, run_json, photos, network, tmp_path):
    needs_faiss()
    out = tmp_path / "index"
    arguments = ("index", photos, "--out", out, *network)
    run_json(*arguments, "--search", "hnsw")
    draw(1, 1, False).save(tmp_path / "sketch.png")
    ask = ("retrieve", "--index", out, *network[2:], "--sketch", tmp_path / "sketch.png", "--k", 3)
    next((out / "search").rglob("vectors*.npy")).write_bytes(b"")
    assert_one_line(run(*ask), "is damaged", f"`zsbir index {photos.resolve()} --out {out}`")
    assert run_json(*arguments)["search"] == "hnsw"
    assert run_json(*ask)["search"] == "hnsw"


def test_searches_that_cannot_be_are_one_line(run, photos, network, tmp_path, monkeypatch):
    out = tmp_path / "index"
    arguments = ("index", photos, "--out", out, *network)
    assert_one_line(run(*arguments, "--search", "lsh"), "--search is one of exact, ivf, hnsw")
    if find_spec("faiss"):
        result = run(*arguments, "--search", "ivfpq")
        assert_one_line(result, "product codes take 9,984 photos", "give --search hnsw")
        result = run(*arguments, "--search", "ivf")
        assert_one_line(result, "lists take 39 photos", "there are 3", "give --search exact")
        assert len(PhotoIndex(out)) == 3  # indexed nevertheless
        assert run(*arguments, "--search", "hnsw")[0] == 0
        monkeypatch.setattr(searching, "find_spec", lambda name: None)
        draw(1, 1, False).save(tmp_path / "sketch.png")
        ask = ("retrieve", "--index", out, *network[2:], "--sketch", tmp_path / "sketch.png")
        assert_one_line(run(*ask), "is searched by hnsw, which takes FAISS", "--search exact")
    monkeypatch.setattr(searching, "find_spec", lambda name: None)
    missing = ("--search hnsw takes FAISS, which is missing: pip install faiss-cpu",)
    assert_one_line(run(*arguments, "--search", "hnsw"), *missing)
