"""The built book: complete, readable everywhere, and asking nothing of any other machine."""

import re
from html.parser import HTMLParser
from urllib.parse import unquote, urldefrag, urlparse

import pytest
from build_book import pages
from home import COLAB, Home
from visits import PHONE, nothing_wrong

PAGES = pages()
# Attributes by which a page makes the browser load something, as opposed to offering a link.
LOADING = {("script", "src"), ("img", "src"), ("iframe", "src"), ("source", "src")}
LOADING_LINKS = {"stylesheet", "preload", "modulepreload", "icon", "preconnect", "dns-prefetch"}


class Page(HTMLParser):
    """What a page loads, links to, shows and can be linked to."""

    def __init__(self, path):
        super().__init__()
        self.loads, self.links, self.images, self.anchors = [], [], [], {""}
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.anchors.update(filter(None, (found.get("id"), found.get("name"))))
        self.loads += [found[key] for name, key in LOADING if name == tag and found.get(key)]
        if tag == "link" and LOADING_LINKS & set((found.get("rel") or "").split()):
            self.loads.append(found["href"])
        if tag == "a" and found.get("href"):
            self.links.append(found["href"])
        if tag == "img":
            self.images.append(found)


def is_external(address):
    return bool(urlparse(address).netloc)


@pytest.fixture(scope="module")
def built(site):
    return {path: Page(path) for path in sorted(site.rglob("*.html"))}


def test_every_page_of_the_contents_is_built(site):
    assert [page for page in PAGES if not (site / f"{page}.html").is_file()] == []


def test_no_page_loads_anything_from_elsewhere(built):
    found = {path.name: list(filter(is_external, page.loads)) for path, page in built.items()}
    assert {name: loads for name, loads in found.items() if loads} == {}


def test_no_style_sheet_of_ours_loads_anything_from_elsewhere(site):
    for path in site.glob("_static/*.css"):
        assert not re.search(r"(url\(|@import)\s*['\"]?(https?:)?//", path.read_text()), path.name


def test_thebe_is_gone(built):
    signs = re.compile(r"sphinx-thebe\.js|x-thebe-config|THEBE_JS_URL")
    assert [path.name for path in built if signs.search(path.read_text())] == []


def test_internal_links_lead_somewhere(site, built):
    broken = []
    for path, page in built.items():
        for link in page.links:
            if is_external(link) or re.match(r"(mailto|javascript|data):", link):
                continue
            address, anchor = urldefrag(link)
            target = (path.parent / unquote(address.split("?")[0])).resolve() if address else path
            if not target.is_file() or not target.is_relative_to(site.resolve()):
                broken.append(f"{path.name}: {link}")
            elif target.suffix == ".html" and unquote(anchor) not in built[target].anchors:
                broken.append(f"{path.name}: {link} has no such place")
    assert broken == []


def test_pictures_say_in_words_what_they_show(built):
    """Sphinx puts the file's name where a picture has no alt text; that says nothing."""
    silent = []
    for path, page in built.items():
        for image in page.images:
            words = image.get("alt") or ""
            if len(words.split()) < 2 or re.search(r"\.(png|jpe?g|svg|webp|gif)$", words):
                silent.append(f"{path.name}: {image.get('src')} ({words!r})")
    assert silent == []


def test_the_rocket_is_there_where_the_book_has_a_home(site, root):
    home = Home.read(root)
    for page in PAGES:
        html = (site / f"{page}.html").read_text(encoding="utf-8")
        if (root / f"{page}.ipynb").exists() and home.repository:
            assert home.colab(page) in html, page
        else:
            assert f'href="{COLAB}' not in html, page


@pytest.mark.browser
@pytest.mark.parametrize("page", PAGES)
def test_page_opens_without_complaint(seen, page):
    found = seen(page)
    for place in ("wrong on a phone", "wrong on a desktop"):
        assert found[place] == nothing_wrong(), place
    for fault in ("unseen", "untypeset", "faults"):
        assert found[fault] == [], fault


@pytest.mark.browser
@pytest.mark.parametrize("page", PAGES)
def test_widgets_show_themselves_without_a_kernel(seen, page):
    widgets = seen(page)["widgets"]
    assert min(widgets["shown"], len(widgets["heights"])) >= widgets["count"]
    assert all(height > 0 for height in widgets["heights"])


@pytest.mark.browser
@pytest.mark.parametrize("page", PAGES)
def test_phone_needs_no_sideways_scrolling(seen, page):
    phone = seen(page)["phone"]
    assert phone["width"] <= PHONE["width"]
    assert phone["lost"] == []


def luminance(colour):
    red, green, blue = (int(part) for part in re.findall(r"\d+", colour)[:3])
    return (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255


@pytest.mark.browser
@pytest.mark.parametrize("page", PAGES)
def test_light_and_dark_mode_follow_the_reader(seen, page):
    for scheme, dark in (("light", False), ("dark", True)):
        theme, *colours = seen(page)[scheme]
        paper, ink = map(luminance, colours)
        assert theme == scheme
        assert (paper < 0.2) is dark
        assert abs(paper - ink) > 0.5
