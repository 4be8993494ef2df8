"""Make slides of the chapters of the built book: ``python tools/build_slides.py``.

A slide begins at each heading. On it stand a figure or a widget, or some formulae, tables and
printed results, each with the sentence before it; when it is full, the next begins under the same
heading. What else is written goes into the speaker's notes (press S), and code is folded away.
Widgets are as alive as in the book. A deck is one file beside a folder of scripts, and asks nothing
of any other machine, so it works without a network.
"""

from __future__ import annotations

import argparse
import base64
import json
import mimetypes
import re
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path

import yaml
from bs4 import BeautifulSoup, NavigableString, Tag

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "book" / "_ext"))

from page_widgets import read_model  # noqa: E402

SITE = ROOT / "_build" / "html"
OUT = ROOT / "_build" / "course" / "slides"
HERE = Path(__file__).resolve().parent / "slides"
# Of the site's folder of scripts, what a deck loads.
STATICS = ("vendor", "widgets.js", "pygments.css", "favicon.svg")
NO_SLIDES = ("Start here", "Assignments", "Appendix")
SHORT = 45  # words of a paragraph that is shown whole; of a longer one, its last sentence
EXERCISE = re.compile(r"\d+\. .+\((?:easy|medium|hard)\)")
FULL = 3  # what a figure or a widget takes of a slide, which is all; a formula takes 1

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}: slides</title>
<link rel="icon" href="_static/favicon.svg">
<link rel="stylesheet" href="_static/reveal/reveal.css">
<link rel="stylesheet" href="_static/pygments.css">
<link rel="stylesheet" href="_static/slides.css">
<script>window.MathJax = {{"options": {{"processHtmlClass": "math", "ignoreHtmlClass": "reveal"}},
"chtml": {{"matchFontHeight": false}}}}</script>
<script defer src="_static/vendor/mathjax/tex-chtml-full.js"></script>
{state}
</head>
<body>
<div class="reveal"><div class="slides">
{slides}
</div></div>
<script src="_static/reveal/reveal.js"></script>
<script src="_static/reveal/notes.js"></script>
<script src="_static/slides.js"></script>
{widgets}
</body>
</html>
"""
WIDGETS = '<script src="_static/widgets.js"></script>'
STATE = "application/vnd.jupyter.widget-state+json"
VIEW = "application/vnd.jupyter.widget-view+json"


@dataclass
class Slide:
    """What is shown below a heading, and what the speaker may say.

    Attributes
    ----------
    heading : str
        HTML.
    above : str
        The title of the part to which it belongs; empty on the first slide of a part.
    taken : int
        How much of it is taken, up to `FULL`.
    whole : bool
        Whether all that follows is shown: an exercise is not cut.
    shown, notes, code : list of str
        HTML, in its order.
    """

    heading: str
    above: str = ""
    taken: int = 0
    whole: bool = False
    shown: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    code: list[str] = field(default_factory=list)

    def html(self) -> str:
        """Return the slide for reveal.js."""
        folded = "".join(f'<details class="code"><summary>Code</summary>{one}</details>'
                         for one in self.code)  # fmt: skip
        notes = f'<aside class="notes">{"".join(self.notes)}</aside>' if self.notes else ""
        above = f'<p class="of">{self.above}</p>' if self.above else ""
        body = f"{above}{self.heading}{''.join(self.shown)}{folded}{notes}"
        return f'<section class="slide">{body}</section>'


def classes(element: Tag) -> set[str]:
    """Return the classes of an element."""
    return set(element.get("class") or ())


def room(element: Tag) -> int:
    """Return how much of a slide an element takes."""
    if element.find(["img", "svg", "script", "details"]) or element.name in ("ol", "ul"):
        return FULL
    if element.name == "div" and "math" in classes(element):
        return 1 if element.get_text().count(r"\\") < 2 else 2
    rows = len(element.find_all("tr"))
    if rows:
        return 2 if rows <= 5 else FULL
    output = element.find(class_="cell_output") or element
    lines = output.get_text().strip().count("\n") + 1
    return 1 if lines <= 4 else 2 if lines <= 8 else FULL


def lead(paragraph: Tag) -> tuple[str, list[Tag]]:
    """Return what of a paragraph stands before what follows it, and what is for the notes."""
    if len(paragraph.get_text().split()) > SHORT:
        pieces = list(paragraph.contents)
        for place in reversed(range(len(pieces))):
            if isinstance(pieces[place], NavigableString):
                _, stop, last = str(pieces[place]).replace("\n", " ").rpartition(". ")
                last += "".join(map(str, pieces[place + 1 :]))
                if stop and len(last.split()) > 2:
                    return f"<p>{last.strip()}</p>", [paragraph]
    return str(paragraph), []


def parts_of(child: Tag) -> tuple[str, str]:
    """Return what an element shows, and its code; the cell that installs in Colab shows nothing."""
    if "cell" not in classes(child):
        return str(child), ""
    text = child.get_text()
    if "google.colab" in text:
        return "", ""
    output = child.find(class_="cell_output")
    code = "".join(map(str, child.select(".cell_input pre")))
    shown = str(output) if output is not None else ""
    if shown and "#@title Solution" in text:
        shown = f"<details><summary>Solution</summary>{shown}</details>"
    return shown, f'<div class="highlight">{code}</div>' if code else ""


class Deck:
    """The slides of a chapter: parts, each a column of slides."""

    def __init__(self, article: Tag) -> None:
        self.parts: list[list[Slide]] = []
        self.part = ""
        self._read(article.find("section"))

    def _read(self, section: Tag) -> None:
        heading = section.find(["h1", "h2", "h3", "h4"], recursive=False)
        above = self.part
        if heading.name in ("h1", "h2"):
            self.part, above = heading.get_text().removesuffix("#").strip(), ""
            self.parts.append([])
        slide = self._new(heading, above)
        waiting: list[Tag] = []  # paragraphs that nothing has followed yet
        for child in section.find_all(recursive=False):
            if child is heading or child.name in ("script", "span"):
                continue
            if child.name == "p" and EXERCISE.match(child.get_text()):
                self._rest(slide, waiting)
                slide, waiting = self._new(heading, above), []
                slide.shown.append(str(child))
                slide.whole = True
            elif child.name == "p":
                waiting.append(child)
            elif child.name == "section":
                self._rest(slide, waiting)
                waiting = []
                self._read(child)
            elif slide.whole:
                result, code = parts_of(child)
                slide.shown += [*map(str, waiting), result]
                slide.code += [code] if code else []
                waiting = []
            else:
                slide = self._show(slide, child, waiting)
                waiting = []
        self._rest(slide, waiting)

    def _new(self, heading: Tag, above: str) -> Slide:
        slide = Slide(str(heading), above)
        self.parts[-1].append(slide)
        return slide

    def _show(self, slide: Slide, child: Tag, waiting: list[Tag]) -> Slide:
        """Put what an element shows, and the sentence before it, onto this slide or a new one."""
        result, code = parts_of(child)
        if result:
            size = room(child)
            if slide.taken and slide.taken + size > FULL:
                slide = Slide(slide.heading, slide.above)
                self.parts[-1].append(slide)
            slide.taken += size
            if waiting:
                said, left = lead(waiting.pop())
                slide.shown.append(said)
                waiting += left
            slide.shown.append(result)
        slide.code += [code] if code else []
        slide.notes += map(str, waiting)
        return slide

    @staticmethod
    def _rest(slide: Slide, waiting: list[Tag]) -> None:
        """Put paragraphs after which nothing is to be seen onto a slide, or into its notes."""
        if slide.whole:
            slide.shown += map(str, waiting)
        else:
            shown = 0 if slide.shown else 1
            slide.shown += map(str, waiting[:shown])
            slide.notes += map(str, waiting[shown:])

    def html(self) -> str:
        """Return all slides for reveal.js."""
        columns = ("".join(slide.html() for slide in part) for part in self.parts)
        return "\n".join(f"<section>{column}</section>" for column in columns)


def chapters() -> list[str]:
    """Return the names of the chapters, and the tour, in the book's order."""
    parts = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))["parts"]
    found = [entry["file"] for part in parts for entry in part["chapters"]
             if part["caption"] not in NO_SLIDES]  # fmt: skip
    return [Path(name).name for name in ("book/tour", *found)]


def address_of(file: Path) -> str:
    """Return an address that holds a file."""
    kind = mimetypes.guess_type(file.name)[0]
    return f"data:{kind};base64,{base64.b64encode(file.read_bytes()).decode('ascii')}"


def widget_state(page: Path, article: Tag) -> str:
    """Return a script that holds the models of a page's widgets, which lie beside the page."""
    models = {}
    for view in article.find_all("script", type=VIEW):
        model, state = read_model((page.parent / view["data-file"]).read_text(encoding="utf-8"))
        for frame in state.get("frames", ()):
            if "src" in frame:
                frame["src"] = address_of((page.parent / frame["src"]).resolve())
        models[model] = {"state": state}
        view.find_next_sibling("div").decompose()
        del view["data-file"]
    # A closing tag inside a text would end the script.
    told = json.dumps({"state": models}).replace("</", "<\\/")
    return f'<script type="{STATE}">{told}</script>' if models else ""


def make_deck(page: Path) -> str:
    """Return the slides of a built page of the book as one HTML file."""
    soup = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
    article = soup.find("article")
    for one in article.select(".headerlink, .caption-number"):
        one.decompose()
    for link in article.select("a.internal, a[href^='#']"):
        link.unwrap()  # other pages of the book are not beside the slides
    state = widget_state(page, article)
    for image in article.find_all("img"):
        source = image["src"]
        if not source.startswith("data:"):
            file = (page.parent / source.partition("?")[0]).resolve()
            image["src"] = address_of(file)
        image.attrs.pop("loading", None)
    deck = Deck(article)
    title = article.find("h1").get_text().removesuffix("#").strip()
    return PAGE.format(
        title=title,
        slides=deck.html(),
        state=state,
        widgets=WIDGETS if state else "",
    )


def build(site: Path, out: Path, names: list[str]) -> list[Path]:
    """Write the decks of chapters and what they load; return the decks."""
    statics = out / "_static"
    shutil.rmtree(out, ignore_errors=True)
    statics.mkdir(parents=True)
    for name in STATICS:
        source = site / "_static" / name
        copy = shutil.copytree if source.is_dir() else shutil.copyfile
        copy(source, statics / name)
    shutil.copytree(HERE / "vendor" / "reveal", statics / "reveal")
    for name in ("slides.css", "slides.js"):
        shutil.copyfile(HERE / name, statics / name)
    decks = []
    for name in names:
        deck = out / f"{name}.html"
        deck.write_text(make_deck(site / "book" / f"{name}.html"), encoding="utf-8")
        decks.append(deck)
    return decks


def main() -> int:
    """Make the slides of all chapters of the built book."""
    argparse.ArgumentParser(description=__doc__.split(":")[0]).parse_args()
    names = chapters()
    missing = [name for name in names if not (SITE / "book" / f"{name}.html").is_file()]
    if missing:
        print(f"error: {', '.join(missing)} is not built: run make book first", file=sys.stderr)
        return 1
    decks = build(SITE, OUT, names)
    print(f"The slides of {len(decks)} chapters are in {OUT.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
