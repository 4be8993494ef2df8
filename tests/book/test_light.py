"""What is done to finished pages: less to load, models beside them, words of the search."""

import base64
import io
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "book" / "_ext"))

import home_links
import page_widgets
import search_words
from light import Picture, lighten, lighter_page, web_picture

HEAD = (
    '<script defer src="_static/scripts/fontawesome.js?digest=1"></script>\n'
    '<script src="_static/searchtools.js"></script>\n'
    '<script defer="defer" src="_static/vendor/mathjax/tex-chtml-full.js?v=1"></script>'
)


def png(pixels):
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def noise():
    return png(np.random.default_rng(0).integers(0, 255, (200, 500, 3), dtype=np.uint8))


def test_a_photograph_becomes_webp_and_a_drawing_stays_exact(noise):
    photo = web_picture(noise)
    assert (photo.suffix, photo.size, photo.photos) == ("webp", (500, 200), True)
    assert len(photo.content) < len(noise)
    flat = png(np.zeros((200, 500, 3), np.uint8))
    assert web_picture(flat) == Picture(flat, "png", (500, 200), False)


def test_scripts_that_a_page_has_no_use_for_go_and_a_second_time_changes_nothing():
    once = lighter_page(HEAD, {}, search=False)
    assert "fontawesome" not in once
    assert "searchtools" not in once
    assert once.index("math.js") < once.index("tex-chtml-full.js")
    assert lighter_page(once, {}, search=False) == once
    assert "searchtools" in lighter_page(HEAD, {}, search=True)


def test_a_full_stop_after_a_formula_begins_no_line():
    formula = '<span class="math notranslate nohighlight">\\(x\\)</span>'
    once = lighter_page(f"<p>{formula}, so {formula} is</p>", {}, search=False)
    assert once == f'<p><span class="zsbir-held">{formula},</span> so {formula} is</p>'
    assert lighter_page(once, {}, search=False) == once


def test_pictures_say_how_large_they_are(noise):
    page = lighter_page('<img alt="Noise all over" src="../_images/a.png" />',
                        {"a.png": web_picture(noise)}, search=False)  # fmt: skip
    for part in ('src="../_images/a.webp"', 'width="500"', 'height="200"', 'loading="lazy"',
                 "data-photos", 'alt="Noise all over"'):  # fmt: skip
        assert part in page


def test_plots_side_by_side_are_not_squeezed_onto_a_phone():
    wide, high = (web_picture(png(np.zeros((h, 900, 3), np.uint8))) for h in (300, 500))
    page = lighter_page('<img src="a.png" /><img src="../_images/a.png" />',
                        {"a.png": wide}, search=False)  # fmt: skip
    assert wide.panels
    assert page.count(" data-panels") == 1
    assert not high.panels
    assert "data-panels" not in lighter_page(
        '<img src="../_images/a.png" />', {"a.png": high}, search=False
    )


def test_a_signature_keeps_its_words_and_links():
    name = '<span class="sig-name descname"><span class="pre">f</span></span>'
    part = (
        '<em class="sig-param"><span class="n"><span class="pre">k</span></span>'
        '<span class="p"><span class="pre">:</span></span><span class="w"> </span>'
        '<span class="n"><a href="#x"><span class="pre">int</span></a></span></em>'
    )
    page = lighter_page(
        f'<dt class="sig sig-object py" id="f">{name}({part})</dt>', {}, search=False
    )
    assert page == ('<dt class="sig sig-object py" id="f"><span class="sig-name descname">f</span>('
                    '<em class="sig-param">k: <a href="#x">int</a></em>)</dt>')  # fmt: skip


def explorer(noise, count=2):
    frame = {"png": base64.b64encode(noise).decode(), "alt": 'Noise, "loud"'}
    return {"labels": ["a"], "values": [[str(i) for i in range(count)]], "position": [1],
            "frames": [frame] * count, "_esm": "export default {}", "_view_name": "x"}  # fmt: skip


def page_with(state, module="anywidget"):
    told = json.dumps({"state": {"one": {"model_module": module, "model_name": "AnyModel",
                                         "state": state}}})  # fmt: skip
    return (
        f'<script type="application/vnd.jupyter.widget-state+json">{told}</script>\n<main>'
        '<script type="application/vnd.jupyter.widget-view+json">{"model_id": "one"}</script>'
        "</main>"
    )


def test_a_widgets_model_lies_beside_the_page(tmp_path, noise):
    (tmp_path / "book").mkdir()
    page = tmp_path / "book" / "one.html"
    page.write_text(page_with(state := explorer(noise)))
    assert page_widgets.take_out(tmp_path, page) == []
    text = page.read_text()
    assert "widget-state" not in text
    assert len(text) < 1000
    (model,) = (tmp_path / "_widgets").glob("model.*.js")
    assert f'data-file="../_widgets/{model.name}"' in text
    name, kept = page_widgets.read_model(model.read_text())
    assert name == "one"
    assert kept["values"] == state["values"]
    assert "_view_name" not in kept
    frame = kept["frames"][1]
    assert (frame["alt"], frame["size"]) == ('Noise, "loud"', [500, 200])
    assert (page.parent / frame["src"]).resolve().is_file()
    assert f'src="{frame["src"]}"' in text  # what is shown until the widget is there
    assert "Noise, &quot;loud&quot;" in text
    assert page_widgets.take_out(tmp_path, page) == []
    assert page.read_text() == text


def test_a_widget_that_no_script_of_the_book_shows_is_told(tmp_path):
    page = tmp_path / "one.html"
    page.write_text(before := page_with({}, "@jupyter-widgets/controls"))
    assert page_widgets.take_out(tmp_path, page) == ["@jupyter-widgets/controls AnyModel"]
    assert page.read_text() == before


def test_a_picture_handed_on_from_another_page_becomes_a_file(tmp_path, noise):
    data = base64.b64encode(noise).decode()
    styles = tmp_path / "_static" / "styles"
    styles.mkdir(parents=True)
    (styles / "pydata-sphinx-theme.css").write_text("")
    page = tmp_path / "one.html"
    page.write_text(f'<img alt="Noise" src="data:image/png;base64,{data}">')
    lighten(tmp_path)
    (file,) = (tmp_path / "_images").iterdir()
    assert f'src="_images/{file.name}"' in page.read_text()
    assert "base64" not in page.read_text()


def test_words_of_readers_stand_first_and_a_lost_place_is_told(tmp_path):
    (tmp_path / "a.html").write_text('<section id="how">')
    index = 'Search.setIndex({"docnames": ["b", "a"], "indexentries": {"k": [[0, "x", false]]}})'
    words = {"a#how": ["k", "install"], "a#gone": ["z"], "c": ["z"]}
    text, missing = search_words.with_words(index, words, tmp_path)
    told = json.loads(search_words.INDEX.match(text)[1])["indexentries"]
    assert told == {"k": [[1, "how", True], [0, "x", False]], "install": [[1, "how", True]]}
    assert missing == ["a#gone", "c"]
    again, _ = search_words.with_words(text, words, tmp_path)
    assert again == text


def test_the_link_that_edits_a_page_goes_to_the_main_branch():
    assert home_links.edit_address("https://github.com/a/b", "book/vae.ipynb") == (
        "https://github.com/a/b/edit/HEAD/book/vae.ipynb"
    )
