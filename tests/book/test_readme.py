"""The README's pictures of the book: there, described, in both schemes, and able to be retaken."""

from html.parser import HTMLParser

import numpy as np
import pytest
import screenshots
from build_book import pages
from PIL import Image

MOST = 600_000  # bytes, all pictures together


class Pictures(HTMLParser):
    """Every `<picture>` of a page: what each scheme shows, and the `<img>` for all others."""

    def __init__(self, text):
        super().__init__()
        self.found, self.images = [], 0
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "picture":
            self.found.append({})
        elif tag == "source":
            self.found[-1][attributes["media"]] = attributes["srcset"]
        elif tag == "img":
            self.images += 1
            self.found[-1] |= {"": attributes["src"], "alt": attributes.get("alt", "")}


@pytest.fixture(scope="module")
def pictures(root):
    parsed = Pictures((root / "README.md").read_text(encoding="utf-8"))
    assert len(parsed.found) == parsed.images == len(screenshots.SHOTS)
    return parsed.found


def scheme(picture, name):
    return picture[f"(prefers-color-scheme: {name})"]


def test_each_picture_is_there_in_light_and_dark(root, pictures):
    named = set()
    for picture in pictures:
        assert picture[""] == scheme(picture, "light")
        with (
            Image.open(root / scheme(picture, "light")) as light,
            Image.open(root / scheme(picture, "dark")) as dark,
        ):
            assert light.format == dark.format == "PNG"
            assert light.size == dark.size
            paper = [np.median(np.asarray(one.convert("L"))) for one in (light, dark)]
        assert paper[0] > 200
        assert paper[1] < 60
        named |= {root / scheme(picture, name) for name in screenshots.SCHEMES}
    assert named == set(screenshots.PICTURES.iterdir())


def test_each_picture_says_in_words_what_is_seen(pictures):
    for picture in pictures:
        assert len(picture["alt"].split()) >= 10, picture


def test_the_pictures_are_light_to_load():
    assert sum(path.stat().st_size for path in screenshots.PICTURES.iterdir()) < MOST


def test_the_pictures_show_pages_of_the_book():
    assert {shot.page for shot in screenshots.SHOTS} <= set(pages())


@pytest.mark.browser
@pytest.mark.parametrize("shot", screenshots.SHOTS, ids=lambda shot: shot.name)
def test_a_picture_can_be_taken_again(browser, address, shot):
    taken = screenshots.take(browser, address, shot, "dark")
    assert taken.width == screenshots.WINDOW["width"] * screenshots.SCALE
    assert taken.height > taken.width / 2
    red, green, blue = np.asarray(taken.convert("RGB"), int).reshape(-1, 3).T
    assert np.median(red + green + blue) < 180
    # The photos are there: nothing else on these pages has so many colours.
    assert ((abs(red - green) > 10) & (abs(green - blue) > 10)).mean() > 0.01


def test_without_a_built_book_it_says_what_to_do(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(screenshots, "SITE", tmp_path)
    monkeypatch.setattr(screenshots, "PICTURES", tmp_path / "pictures")
    assert screenshots.main() == 1
    assert capsys.readouterr().err == ("error: there is no built book yet: run make book first\n")
    assert not screenshots.PICTURES.exists()
