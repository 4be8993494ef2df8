"""``zsbir index``."""

import pytest
from cli_samples import assert_one_line, draw

from zsbir_lib.gallery import PhotoIndex


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
