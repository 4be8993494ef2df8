"""The page that answers drawings from one's own photos."""

import json
import re

import numpy as np
import pytest
from chromium import note_errors
from PIL import Image

from zsbir_lib.drawings import read_image
from zsbir_lib.errors import ZsbirError
from zsbir_lib.features import load_backbone
from zsbir_lib.gallery import PhotoGallery, PhotoIndex, index_photos
from zsbir_lib.methods import create_method
from zsbir_lib.web import PageServer, PhotoPage, export_photo_page, photos
from zsbir_lib.web.folder import PageFolder

NAMES = ("<b>.jpg", "a.png", "sea/ü.jpg")


@pytest.fixture(scope="module")
def gallery(tmp_path_factory, session_cache):
    folder = tmp_path_factory.mktemp("photos")
    for number, name in enumerate(NAMES):
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        noise = np.random.default_rng(number).integers(0, 256, (4, 4, 3), dtype=np.uint8)
        Image.fromarray(noise).resize((80, 60)).save(path)
    backbone = load_backbone("toynet", device="cpu")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZSBIR_CACHE", str(session_cache))
        index_photos(folder, folder.with_name("index"), backbone)
    return PhotoGallery(PhotoIndex(folder.with_name("index")), backbone)


@pytest.fixture(scope="module")
def page(gallery):
    pytest.importorskip("onnxscript")
    return PhotoPage(gallery)


def test_it_holds_what_the_scripts_ask_for(page, gallery):
    model = json.loads(page["model.json"])
    assert (model["photos"], model["thumbnail"], model["side"]) == (3, 96, 64)
    assert json.loads(page[model["names"]]) == list(NAMES)
    rows = np.frombuffer(page[model["methods"]["cosine"]["gallery"]], np.int8).reshape(3, 192)
    wanted = np.array(gallery.index.features)
    cosine = (rows * wanted).sum(1) / np.linalg.norm(rows, axis=1) / np.linalg.norm(wanted, axis=1)
    assert cosine.min() > 0.999
    for name in (model["backbone"], model["thumbnails"], model["methods"]["cosine"]["network"],
                 "draw.js", "worker.js", "photos.js", "index.html"):  # fmt: skip
        assert page[name]
    for row in range(3):
        picture = page[model["pictures"].replace("{}", str(row))]
        assert read_image(picture).size == (96, 96)


def test_its_own_page_asks_nothing_of_other_machines(page):
    for name in ("index.html", "photos.js"):
        text = re.sub(r"^ *//.*$", "", page[name].decode(), flags=re.M)
        assert "//" not in text
    assert b'src="photos.js"' in page["index.html"]


@pytest.mark.parametrize("row", ["3", "-1", "00", "9" * 5000, "²", "٣", ""])
def test_there_are_no_other_pictures(page, row):
    with pytest.raises(KeyError):
        page[page.model["pictures"].replace("{}", row)]


def test_the_folder_of_the_photos_is_not_told(page, gallery):
    secret = str(gallery.index.folder).encode()
    assert not any(secret in page[name] for name in page)


def test_any_host_serves_what_is_written(page, gallery, tmp_path):
    written = export_photo_page(tmp_path / "page", gallery)
    assert PageFolder(tmp_path / "page").files() == dict(written) == dict(page)
    files = [file for file in (tmp_path / "page").iterdir() if file.name != "zsbir-page.json"]
    assert sum(file.stat().st_size for file in files) == written.size


def test_a_page_too_large_for_a_host_is_refused_with_the_number(gallery, tmp_path, monkeypatch):
    pytest.importorskip("onnxscript")
    monkeypatch.setattr(photos, "MOST_BYTES", 1000)
    size = gallery.index.thumbnail_bytes + 3 * 192
    with pytest.raises(
        ZsbirError, match=rf"would have {size:,} bytes, more than the 1,000 .*serve"
    ):
        export_photo_page(tmp_path / "page", gallery)
    monkeypatch.setattr(photos, "MOST_BYTES", size + 10)
    with pytest.raises(ZsbirError, match="the page would have"):
        export_photo_page(tmp_path / "page", gallery)
    assert not (tmp_path / "page").exists()


@pytest.mark.parametrize("name", ["dap", "cvae"])
def test_a_method_that_no_page_of_photos_can_run_is_refused(gallery, squares_fitted, name):
    pytest.importorskip("onnxscript")
    gallery = PhotoGallery.__new__(PhotoGallery) if name == "dap" else gallery
    method = create_method(name) if name == "dap" else squares_fitted(name)
    with pytest.raises(ZsbirError, match="cannot run"):
        PhotoPage(gallery, [method]) if name == "cvae" else photos.check_runs_in_page(name)


@pytest.fixture
def squares_fitted(features):
    return lambda name: create_method(name, epochs=1).fit(features.pairs(), progress=False)


@pytest.mark.browser
def test_in_a_browser_photos_have_their_own_pictures_and_names(page, browser):
    import threading

    with PageServer(page) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        tab = browser.new_page()
        asked, errors = [], []
        tab.on("request", lambda request: asked.append(request.url))
        note_errors(tab, errors)
        tab.goto(server.address)
        box = tab.locator(".zsbir-draw-pad canvas").bounding_box()
        tab.mouse.move(box["x"] + 40, box["y"] + 40)
        tab.mouse.down()
        tab.mouse.move(box["x"] + 160, box["y"] + 120, steps=5)
        tab.mouse.up()
        found = tab.locator(".zsbir-draw-results button[data-photo]")
        found.nth(2).wait_for(timeout=60_000)
        assert sorted(found.locator("span").all_text_contents()) == ["<b>.jpg", "a.png", "ü.jpg"]
        painted = (
            "all => all.every((one) => one.getContext('2d').getImageData(48, 48, 1, 1).data[3] > 0)"
        )
        for _ in range(100):  # by the page's own rules nothing may be evaluated in it to wait
            if tab.locator(".zsbir-draw-results canvas").evaluate_all(painted):
                break
            tab.wait_for_timeout(100)
        assert tab.locator(".zsbir-draw-results canvas").evaluate_all(painted)
        tab.locator(".zsbir-draw-results button", has_text="ü.jpg").click()
        assert tab.locator(".zsbir-draw-why").text_content().startswith("sea/ü.jpg, ")
        assert all(url.startswith((server.address, "blob:", "data:")) for url in asked)
        assert errors == []
        tab.close()
        server.shutdown()
        thread.join()
