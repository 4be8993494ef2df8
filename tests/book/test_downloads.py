"""The book as EPUB and PDF: whole, and asking nothing of any other place."""

import io
import shutil
import zipfile

import nbformat
import pytest
from jupyter_cache import get_cache
from pypdf import PdfReader, PdfWriter
from pypdf.annotations import Link
from pypdf.generic import (
    ArrayObject,
    DictionaryObject,
    NameObject,
    NumberObject,
    TextStringObject,
)

XHTML = '<html xmlns="http://www.w3.org/1999/xhtml"><body>{}</body></html>'


@pytest.fixture
def tool(root):
    import build_downloads

    return build_downloads


def archive(path, pages, css="", kind=b"application/epub+zip"):
    with zipfile.ZipFile(path, "w") as book:
        book.writestr("mimetype", kind)
        book.writestr("_static/book.css", css)
        book.writestr("_images/one.png", b"")
        for name, body in pages.items():
            book.writestr(f"book/{name}.xhtml", body)
    return path


GOOD = {
    "a": XHTML.format('<p id="here"><img src="../_images/one.png" alt="One"/></p>'),
    "b": XHTML.format('<a href="a.xhtml#here">a</a> <a href="https://example.org/">far</a>'),
}


def test_a_good_archive_has_no_problems(tool, tmp_path):
    path = archive(tmp_path / "good.epub", GOOD, "p { background: url('../_images/one.png') }")
    assert tool.epub_problems(path) == []


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("<p>", "b.xhtml is not well-formed"),
        ('<img src="../_images/two.png" alt="Two"/>', "../_images/two.png is not in the book"),
        ('<img src="https://example.org/x.png" alt="X"/>', "loads https://example.org/x.png"),
        ('<link href="//example.org/x.css"/>', "loads //example.org/x.css"),
        ('<img src="../_images/one.png" alt=" "/>', "_images/one.png has no words"),
        ("<script>1</script>", "b.xhtml has a script"),
        ('<a href="c.xhtml">c</a>', "the link c.xhtml leads nowhere"),
        ('<a href="a.xhtml#there">a</a>', "the link a.xhtml#there leads nowhere"),
        ('<a href="#there">b</a>', "the link #there leads nowhere"),
    ],
)
def test_what_is_wrong_with_a_page_is_named(tool, tmp_path, body, problem):
    pages = GOOD | {"b": XHTML.format(body)}
    (found,) = tool.epub_problems(archive(tmp_path / "bad.epub", pages))
    assert problem in found


@pytest.mark.parametrize("css", ["@import 'https://example.org/x.css'", "p { x: url(gone.png) }"])
def test_what_is_wrong_with_a_style_sheet_is_named(tool, tmp_path, css):
    (found,) = tool.epub_problems(archive(tmp_path / "bad.epub", GOOD, css))
    assert found.startswith("_static/book.css")


def test_an_archive_of_another_kind_is_none(tool, tmp_path):
    path = archive(tmp_path / "bad.epub", GOOD, kind=b"application/zip")
    assert tool.epub_problems(path) == ["it does not say what it is"]


def paper(pages, links):
    """Return a PDF of empty pages; the first of them links to `links`."""
    writer = PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(595, 842)
    for uri in links:
        writer.add_annotation(0, Link(rect=(0, 0, 9, 9), url=uri))
    writer.add_named_destination("deep", pages - 1)
    inside = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Annot"),
            NameObject("/Subtype"): NameObject("/Link"),
            NameObject("/Rect"): ArrayObject(map(NumberObject, (0, 0, 9, 9))),
            NameObject("/Dest"): TextStringObject("deep"),
        }
    )
    writer.add_annotation(0, inside)
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def test_links_between_printed_pages_stay_in_the_file(tool):
    address = "http://127.0.0.1:1234"
    links = [f"{address}/book/b.html#deep", f"{address}/book/b.html#unknown",
             f"{address}/draw/index.html", "https://example.org/"]  # fmt: skip
    joined = io.BytesIO()
    tool.join([("book/a", "A", paper(2, links)), ("book/b", "B", paper(3, []))], address).write(
        joined
    )
    reader = PdfReader(joined)
    assert [(one.title, reader.get_destination_page_number(one)) for one in reader.outline] == [
        ("A", 0),
        ("B", 2),
    ]

    def leads_to(number):
        found = []
        for link in reader.pages[number]["/Annots"]:
            link = link.get_object()
            if "/Dest" in link:
                page = list.__getitem__(link["/Dest"], 0)
                numbers = [one.indirect_reference for one in reader.pages]
                found.append(numbers.index(page))
            else:
                found.append(str(link["/A"]["/URI"]))
        return found

    # The same name is a place of its own in each of them; what is no page is no link.
    assert leads_to(0) == [4, 2, "https://example.org/", 1]
    assert leads_to(2) == [4]


@pytest.mark.parametrize("tag", [r"\frac{1}{2}", r"\begin{aligned} a &= b \\ &+ c \end{aligned}"])
def test_formulae_become_mathml(root, tag, monkeypatch):
    monkeypatch.syspath_prepend(root / "book" / "_ext")
    from epub_book import mathml

    made = mathml(tag, "block")
    assert made.startswith("<math")
    assert "\\" not in made
    assert "&<" not in made


@pytest.mark.parametrize(
    ("source", "display", "part"),
    [
        (r"\arg\max_{c \in C} f", "block", "<munder><mo>max</mo>"),
        (r"\min_k f", "inline", "<msub><mo>min</mo>"),
        (r"\overline{a + b}", "block", '<mo stretchy="true">&#x000AF;</mo>'),
        (r"\mathrm{P}@K", "inline", "<mtext>P</mtext>"),
    ],
)
def test_formulae_look_as_on_the_pages(root, monkeypatch, source, display, part):
    monkeypatch.syspath_prepend(root / "book" / "_ext")
    from epub_book import mathml

    assert part in mathml(source, display)


def test_a_formula_that_cannot_be_converted_is_reported(root, monkeypatch, caplog):
    monkeypatch.syspath_prepend(root / "book" / "_ext")
    from epub_book import mathml

    with caplog.at_level("WARNING"):
        assert mathml(r"\unknown{a}", "inline") == r"<code>\unknown{a}</code>"
    assert "no MathML for" in caplog.text


@pytest.fixture
def small_book(tool, tmp_path, monkeypatch):
    """A book of one chapter, and nothing executed."""
    monkeypatch.setattr(tool, "ROOT", tmp_path)
    monkeypatch.setattr(tool, "BUILD", tmp_path / "_build")
    monkeypatch.setattr(tool, "pages", lambda: ["book/a", "book/b"])
    (tmp_path / "book").mkdir()
    cells = [nbformat.v4.new_code_cell("1 + 1", id="one")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "book" / "a.ipynb")
    (tmp_path / "book" / "b.md").write_text("# B")
    return tmp_path


def test_a_chapter_that_would_be_executed_again_is_named(tool, small_book, monkeypatch, capsys):
    monkeypatch.setattr(tool, "run", lambda command: pytest.fail("it was built"))
    assert tool.make_epub(small_book / "book.epub") == 1
    assert capsys.readouterr().err == (
        "error: not as the built book has them: book/a; run make book first\n"
    )
    chapter = small_book / "book" / "a.ipynb"
    get_cache(small_book / "_build" / ".jupyter_cache").cache_notebook_file(
        chapter, check_validity=False
    )
    assert tool.chapters_to_execute() == []
    chapter.write_text(chapter.read_text().replace("1 + 1", "1 + 2"))
    assert tool.chapters_to_execute() == ["book/a"]


def test_the_epub_is_built_in_an_empty_folder(tool, root, small_book, monkeypatch):
    """Nothing that an earlier build left there hides what is missing in this one."""
    left = small_book / "_build" / "epub" / "_build" / "epub" / "_static" / "left.css"
    left.parent.mkdir(parents=True)
    left.touch()
    (small_book / "book" / "a.ipynb").unlink()
    shutil.copy(root / "_config.yml", small_book)
    seen = []
    monkeypatch.setattr(tool, "run", lambda command: seen.append(left.exists()) or 1)
    assert tool.make_epub(small_book / "book.epub") == 1
    assert seen == [False]


WORDS_ONLY = (
    "book/draw",
    "book/intro",
    "book/own_photos",
    "book/assignments/index",
    "book/assignments/capstone",
)  # on paper


@pytest.fixture(scope="module")
def downloads(site):
    import os

    folder = site / "downloads"
    if not folder.is_dir():
        reason = "the book has no downloads: make downloads"
        if os.environ.get("ZSBIR_REQUIRE_DOWNLOADS"):
            pytest.fail(reason)
        pytest.skip(reason)
    return folder


def test_the_epub_holds_every_page_in_order_with_its_pictures(downloads, tool):
    from build_book import pages

    path = downloads / "zsbir.epub"
    assert tool.epub_problems(path) == []
    with zipfile.ZipFile(path) as book:
        contents = book.read("content.opf").decode()
        places = [contents.index(f'href="{page}.xhtml"') for page in pages()]
        assert 'properties="mathml"' in contents
        for page in pages():
            text = book.read(f"{page}.xhtml").decode()
            assert "<h1" in text, page
            assert "widget-view" not in text, page
            if "/appendix/" not in page and page not in WORDS_ONLY:
                few = "/assignments/" in page or page == "book/five_words"
                assert text.count("<img") >= (1 if few else 2), page
                assert "<math" in text or page in ("book/tour", "book/five_words"), page
    assert len(places) == len(set(places))


def test_the_pdf_holds_every_page_in_order_and_no_address_of_this_machine(downloads):
    from build_book import pages

    reader = PdfReader(downloads / "zsbir.pdf")
    assert len(reader.outline) == len(pages())
    starts = [reader.get_destination_page_number(one) for one in reader.outline]
    assert starts == sorted(set(starts))
    assert starts[0] == 0
    inside = 0
    for number, page in enumerate(reader.pages, start=1):
        assert str(number) in page.extract_text().split("\n"), "the page has no number"
        for link in page.get("/Annots", ()):
            link = link.get_object()
            inside += "/Dest" in link
            assert "127.0.0.1" not in str(link.get("/A", ""))
    assert inside > 200


def test_the_landing_page_offers_both(downloads, site):
    text = (site / "book" / "intro.html").read_text(encoding="utf-8")
    for path in downloads.iterdir():
        assert f'href="../downloads/{path.name}"' in text


def test_a_build_of_the_book_begins_without_old_downloads(tmp_path, monkeypatch):
    import build_book

    page = tmp_path / "book" / "intro.html"
    page.parent.mkdir()
    page.write_text('<p>a</p><p id="zsbir-downloads" hidden="hidden"></p><p>b</p>')
    monkeypatch.setattr(build_book, "SITE", tmp_path)
    monkeypatch.setattr(build_book, "BUILD", tmp_path)
    made = tmp_path / "downloads" / "zsbir.epub"
    made.parent.mkdir()
    made.write_bytes(bytes(3_000_000))
    build_book.fill_downloads([made])
    assert '<a href="../downloads/zsbir.epub" download>EPUB</a> (3 MB).' in page.read_text()
    build_book.fill_downloads([])
    assert not made.exists()
    assert page.read_text() == '<p>a</p><p id="zsbir-downloads" hidden></p><p>b</p>'
