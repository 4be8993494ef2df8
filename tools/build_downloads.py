"""Make the book as EPUB and as PDF from the built book, and link both from its landing page.

    python tools/build_downloads.py

The EPUB is written by Sphinx from the outputs that `make book` kept: no chapter is executed again.
The PDF is printed, page by page, by Chromium; where there is none, it is left out, and said so.
"""

import io
import posixpath
import re
import shutil
import sys
import threading
import zipfile
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit
from uuid import NAMESPACE_OID, uuid5
from xml.etree import ElementTree

import yaml
from build_book import BUILD, ROOT, SITE, Outputs, fill_downloads, jupyter_book, pages, run
from chromium import FLAGS, browser_path
from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, DictionaryObject, FloatObject, NameObject, NullObject
from serve import make_server

TITLE = "Zero-shot sketch-based image retrieval"
# Lines of code are longer than a reader's page is wide; so are some formulae.
STYLE = """
pre { white-space: pre-wrap; background-color: #f6f6f6; color: #000; }
div.math { overflow-x: auto; overflow-y: hidden; }
/* Browsers do not know the attribute by which MathML lines its columns up. */
mtd[columnalign="left"] { text-align: left; }
mtd[columnalign="right"] { text-align: right; padding-right: 0; }
mtd[columnalign="right"] + mtd { padding-left: 0; }
/* What is run, as opposed to what it says. */
div.cell_input pre { border-left: 0.2em solid #2b7a3d; padding-left: 0.5em; }
"""
# Each page of the book is printed by itself, and counts on from the one before it.
PAPER = """
@page { size: A4; margin: 18mm; @bottom-center { content: counter(page); font: 9pt sans-serif; } }
html { counter-reset: page %d; }
"""
LOADED = re.compile(r"""url\(\s*['"]?([^'")]+)|@import\s+['"]([^'"]+)""")


def epub_config() -> dict:
    """Return the book's configuration, without what only a web page can use."""
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    config.pop("launch_buttons", None)
    config["execute"]["cache"] = str(BUILD / ".jupyter_cache")
    sphinx = config["sphinx"]
    own = str(ROOT / "book" / "_ext")
    sphinx["local_extensions"] = {"epub_book": own, "own_names": own}
    for key in ("nb_ipywidgets_js", "mathjax_path", "html_css_files", "html_theme_options"):
        sphinx["config"].pop(key)
    sphinx["config"] |= {
        "project": TITLE,
        "html_static_path": [],
        "html_math_renderer": "mathml",
        # Widgets show their picture.
        "nb_mime_priority_overrides": [
            ["epub", "application/vnd.jupyter.widget-view+json", None],
        ],
        "epub_show_urls": "no",
        "epub_basename": "zsbir",
        "epub_identifier": uuid5(NAMESPACE_OID, TITLE).urn,  # the same for every build
        "epub_scheme": "UUID",
        "epub_uid": "book",
        "epub_description": "Retrieve photos of things never seen, by drawing them.",
        "epub_use_index": False,
        "version": "1",
        "release": "1",
        # Neither loads anything, and both warn about what EPUB has no place for.
        "suppress_warnings": ["epub.unknown_project_files", "mystnb.unknown_mime_type",
                              "design.grid"],
    }  # fmt: skip
    return config


def chapters_to_execute() -> list[str]:
    """Return the chapters whose outputs `make book` did not keep, or kept of other code."""
    outputs = Outputs(BUILD / ".jupyter_cache")
    notebooks = [(page, ROOT / f"{page}.ipynb") for page in pages()]
    return [page for page, path in notebooks if path.exists() and not outputs.has(path)]


def make_epub(target: Path) -> int:
    """Write the EPUB; return 0, or 1 after saying what is wrong."""
    if changed := chapters_to_execute():
        print(f"error: not as the built book has them: {', '.join(changed)}; run make book first",
              file=sys.stderr)  # fmt: skip
        return 1
    folder = BUILD / "epub"
    # What an earlier build left there would come into the archive too.
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    config = folder / "_config.yml"
    config.write_text(yaml.safe_dump(epub_config(), sort_keys=False), encoding="utf-8")
    if run(jupyter_book(
        "build", str(ROOT), "--config", str(config), "--path-output", str(folder), "--builder",
        "custom", "--custom-builder", "epub", "--all", "--quiet", "-n", "-W", "--keep-going",
    )):  # fmt: skip
        print("error: the EPUB was not built cleanly; see the lines above", file=sys.stderr)
        return 1
    (made,) = folder.rglob("zsbir.epub")
    finish(made, target)
    if wrong := epub_problems(target):
        target.unlink()
        print("\n".join(f"error: the EPUB: {line}" for line in wrong[:10]), file=sys.stderr)
        return 1
    return 0


def finish(source: Path, target: Path) -> None:
    """Copy an EPUB and mend in it what Sphinx leaves wrong.

    The list of files has to say which pages hold MathML. The contents, which lie at the top, link
    to the pages as if they lay beside the first page of the book. The style sheet names fonts that
    only one reader of books has.
    """
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        names = set(old.namelist())
        with_math = {name for name in names
                     if name.endswith(".xhtml") and b"<math" in old.read(name)}  # fmt: skip
        folder = posixpath.dirname(pages()[0])

        def beside_contents(match: re.Match) -> str:
            place = posixpath.join(folder, match[2])
            return f'{match[1]}="{place}' if urldefrag(place)[0] in names else match[0]

        for entry in old.infolist():
            data = old.read(entry)
            if entry.filename == "content.opf":
                text = data.decode("utf-8")
                for name in with_math:
                    text = text.replace(f'href="{name}"', f'href="{name}" properties="mathml"')
                data = text.encode("utf-8")
            elif entry.filename in ("nav.xhtml", "toc.ncx"):
                text = re.sub(r'(href|src)="([^"]+)', beside_contents, data.decode("utf-8"))
                data = text.encode("utf-8")
            elif entry.filename.endswith("epub.css"):
                data = re.sub(rb"@font-face\s*{[^}]*}", b"", data) + STYLE.encode()
            # The first entry says what the file is, and is not compressed.
            new.writestr(entry, data, compress_type=entry.compress_type)


def epub_problems(path: Path) -> list[str]:
    """Return what is wrong with an EPUB: what is no XML, not there, silent, or elsewhere."""
    found, anchors, links = [], {}, []
    with zipfile.ZipFile(path) as book:
        names = set(book.namelist())
        if "mimetype" not in names or book.read("mimetype") != b"application/epub+zip":
            found.append("it does not say what it is")

        def loads(name: str, place: str) -> None:
            if place.startswith("data:"):
                return
            if urlsplit(place).netloc:
                found.append(f"{name} loads {place}")
            elif within(name, place)[0] not in names:
                found.append(f"{name}: {place} is not in the book")

        for name in sorted(names):
            if name.endswith(".css"):
                for places in LOADED.findall(book.read(name).decode("utf-8")):
                    loads(name, "".join(places).strip())
            if not name.endswith(".xhtml"):
                continue
            try:
                page = ElementTree.fromstring(book.read(name))
            except ElementTree.ParseError as error:
                found.append(f"{name} is not well-formed: {error}")
                continue
            anchors[name] = {""}
            for element in page.iter():
                tag = element.tag.rpartition("}")[2]
                anchors[name].update(filter(None, (element.get("id"), element.get("name"))))
                if tag == "script":
                    found.append(f"{name} has a script")
                if tag == "img" and not (element.get("alt") or "").strip():
                    found.append(f"{name}: {element.get('src')} has no words")
                if element.get("src"):
                    loads(name, element.get("src"))
                if tag == "link" and element.get("href"):
                    loads(name, element.get("href"))
                if tag == "a" and element.get("href"):
                    links.append((name, element.get("href")))
    for name, link in links:
        if urlsplit(link).scheme:
            continue
        target, anchor = within(name, link)
        if target not in names or anchor not in anchors.get(target, {""}):
            found.append(f"{name}: the link {link} leads nowhere")
    return found


def within(page: str, link: str) -> tuple[str, str]:
    """Return the file of the same archive, and the place in it, to which a page's link leads."""
    address, anchor = urldefrag(link)
    address = unquote(address.split("?")[0])
    folder = posixpath.dirname(page)
    return posixpath.normpath(posixpath.join(folder, address)) if address else page, unquote(anchor)


def print_pages(address: str) -> list[tuple[str, str, bytes]]:
    """Return name, title and PDF of every page, from a server of the built book."""
    from playwright.sync_api import sync_playwright

    printed, count = [], 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path(), args=FLAGS)
        tab = browser.new_page(viewport={"width": 820, "height": 1160}, color_scheme="light")
        tab.set_default_timeout(300_000)  # nobody waits for it, and the machine may be busy
        for page in pages():
            tab.goto(f"{address}/{page}.html", wait_until="load")
            tab.evaluate("window.MathJax?.startup?.promise")
            tab.wait_for_load_state("networkidle")
            # What is folded away on the screen is there on paper.
            tab.evaluate("document.querySelectorAll('details').forEach((one) => one.open = true)")
            tab.evaluate("document.querySelectorAll('img').forEach((one) => one.loading = 'eager')")
            tab.wait_for_function("[...document.images].every((one) => one.complete)")
            title = tab.locator("h1").first.evaluate("one => one.firstChild.textContent")
            tab.add_style_tag(content=PAPER % count)
            data = tab.pdf(prefer_css_page_size=True)
            count += len(PdfReader(io.BytesIO(data)).pages)
            printed.append((page, title.strip(), data))
        browser.close()
    return printed


def join(printed: list[tuple[str, str, bytes]], address: str) -> PdfWriter:
    """Join printed pages: an entry in the outline for each, and links that stay in the file.

    Parameters
    ----------
    printed
        Name, title and PDF of each page.
    address
        Of the server from which they were printed: what links there leads to another page.
    """
    writer = PdfWriter()
    start, places, length = {}, {}, {}
    for name, title, data in printed:
        reader = PdfReader(io.BytesIO(data))
        start[name], length[name] = len(writer.pages), len(reader.pages)
        places[name] = {
            key: (reader.get_destination_page_number(place), float(place.top or 0))
            for key, place in reader.named_destinations.items()
        }
        for page in reader.pages:
            writer.add_page(page)
        writer.add_outline_item(title=title, page_number=start[name])

    def goto(name: str, place: str) -> ArrayObject:
        number, top = places[name].get(place, (0, 842.0))
        page = writer.pages[start[name] + number].indirect_reference
        return ArrayObject([page, NameObject("/XYZ"), NullObject(), FloatObject(top), NullObject()])

    for name, *_ in printed:
        for page in writer.pages[start[name] : start[name] + length[name]]:
            kept = ArrayObject()
            for reference in page.get("/Annots", ArrayObject()):
                link = reference.get_object()
                target = link.get("/A", DictionaryObject()).get("/URI")
                if "/Dest" in link:
                    link[NameObject("/Dest")] = goto(name, str(link["/Dest"]).lstrip("/"))
                elif target and str(target).startswith(address):
                    where, place = urldefrag(str(target).removeprefix(f"{address}/"))
                    where = where.removesuffix(".html")
                    if where not in start:
                        continue  # a file of the site that is no page
                    del link["/A"]
                    link[NameObject("/Dest")] = goto(where, unquote(place))
                kept.append(reference)
            page[NameObject("/Annots")] = kept
    writer.add_metadata({"/Title": TITLE, "/Author": "the zsbir authors"})
    writer.compress_identical_objects()
    return writer


def make_pdf(target: Path) -> None:
    """Write the PDF."""
    with make_server(SITE) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        join(print_pages(address), address).write(target)
        server.shutdown()


def main() -> int:
    """Make both."""
    if not (SITE / "book" / "intro.html").exists():
        print("error: build the book first: make book", file=sys.stderr)
        return 1
    fill_downloads([])
    folder = SITE / "downloads"
    folder.mkdir(exist_ok=True)
    epub, pdf = folder / "zsbir.epub", folder / "zsbir.pdf"
    print("Writing the EPUB", flush=True)
    if status := make_epub(epub):
        return status
    made = [epub]
    if browser_path():
        print("Printing the PDF", flush=True)
        make_pdf(pdf)
        made.append(pdf)
    else:
        print("there is no Chromium here to print the PDF with: it is left out")
    fill_downloads(made)
    print("They are in", ", ".join(str(path.relative_to(ROOT)) for path in made))
    return 0


if __name__ == "__main__":
    sys.exit(main())
