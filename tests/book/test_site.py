"""The built book: complete, readable everywhere, and asking nothing of any other machine."""

import re
from html.parser import HTMLParser
from urllib.error import HTTPError
from urllib.parse import unquote, urldefrag, urlparse
from urllib.request import urlopen

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


HEAVIEST = 2_600_000  # bytes of a chapter and all that it loads before anybody scrolls
EVERYWHERE = r"fontawesome\.js|embed-amd|require\.js|searchindex\.js|fa-solid-900\.(ttf|woff2)"


def test_pages_load_what_they_use_and_once(site, built):
    """No script that draws icons beside the font, no manager of all widgets, no search."""
    for page in PAGES:
        loads = built[site / f"{page}.html"].loads
        assert [one for one in loads if re.search(EVERYWHERE, one)] == [], page
        html = (site / f"{page}.html").read_text(encoding="utf-8")
        scripts = re.findall(r'<script[^>]* src="([^"]+)"', html)
        assert len(scripts) == len(set(scripts)), page
    sheet = (site / "_static/styles/pydata-sphinx-theme.css").read_text(encoding="utf-8")
    assert not re.search(EVERYWHERE, sheet)
    for font in (site / "_static/vendor/fontawesome/webfonts").glob("*.woff"):
        assert font.stat().st_size < 10_000, font.name


def test_a_lost_address_shows_the_way_back(site, address):
    with pytest.raises(HTTPError) as failed:
        urlopen(f"{address}/book/no_such_page.html")
    assert failed.value.code == 404
    text = failed.value.read().decode()
    assert "There is no such page" in text
    base = re.search(r'<base href="([^"]*)"', text)[1]
    known = {"/", urlparse(Home.read().site or "").path.rstrip("/") + "/"}
    assert base in known
    for link in re.findall(r'(?:<a href|action)="([^"]*)"', text):
        assert (site / link).is_file(), link


def test_pages_can_be_edited_where_the_book_has_a_home(site, root):
    repository = Home.read(root).repository
    for page in PAGES:
        html = (site / f"{page}.html").read_text(encoding="utf-8")
        assert ("Edit this page</a>" in html) is (repository is not None), page


def test_no_page_is_heavy(site, built):
    heavy = {}
    for page in PAGES:
        path = site / f"{page}.html"
        files = {(path.parent / unquote(one.split("?")[0])).resolve()
                 for one in built[path].loads if not one.startswith("data:")}  # fmt: skip
        lazy = {(path.parent / image["src"]).resolve() for image in built[path].images
                if image.get("loading") == "lazy"}  # fmt: skip
        total = path.stat().st_size + sum(one.stat().st_size for one in files - lazy)
        if total > HEAVIEST:
            heavy[page] = total
    assert heavy == {}


def test_pictures_of_pages_have_a_size_and_no_photograph_is_a_png(built):
    for path, page in built.items():
        for image in page.images:
            if "_images/" in image["src"]:
                assert {"width", "height"} <= image.keys(), f"{path.name}: {image['src']}"
                if "data-photos" in image:
                    assert image["src"].endswith(".webp"), f"{path.name}: {image['src']}"


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


@pytest.mark.browser
@pytest.mark.parametrize("page", PAGES)
def test_no_formula_is_cut(seen, page):
    """On a desktop each fits its column; on a phone what cannot be broken scrolls in its box."""
    assert seen(page)["wide"] == []
    assert [one["text"] for one in seen(page)["phone"]["wide"] if not one["scrolls"]] == []


@pytest.mark.browser
@pytest.mark.parametrize("page", PAGES)
def test_no_table_and_no_code_is_cut_on_a_desktop(seen, page):
    assert seen(page)["behind"] == []


@pytest.mark.browser
@pytest.mark.parametrize("page", PAGES)
def test_words_below_photographs_can_be_read_on_a_phone(seen, page):
    assert seen(page)["phone"]["squeezed"] == []


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
