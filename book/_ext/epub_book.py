"""Sphinx extension of the EPUB: readers there run no scripts, so formulae are MathML."""

import html
import re
from pathlib import Path

from docutils import nodes
from latex2mathml.converter import convert
from offline import disconnect_thebe
from sphinx.application import Sphinx
from sphinx.util import logging

# What the book writes and the converter does not know, and what it knows instead.
REPLACED = {
    r"\lVert": r"\|",
    r"\rVert": r"\|",
    r"\lvert": "|",
    r"\rvert": "|",
    r"\arg": r"\operatorname{arg}",
    r"\cr": r"\\",
    "{aligned}": "{align*}",
}
TAG = re.compile(r"\\tag\{([^{}]*)\}")
# A command, or a column's mark, in the result is one that the converter did not know.
UNKNOWN = re.compile(r">[^<]*(\\[a-zA-Z]|&<)")
# The converter would make it slanted, like a variable.
LETTER = re.compile(r"\\mathrm\{(\w)\}")
SHORT_LINE = ('<mo accent="true">&#x02015;</mo>', '<mo stretchy="true">&#x000AF;</mo>')
LIMITS = re.compile(
    r"<msub><mo>(max|min)</mo>(<mi>[^<]*</mi>|<mrow>(?:<m[ion]>[^<]*</m[ion]>)*</mrow>)</msub>"
)
OPEN = re.compile(r"<(img|br|hr|input|link|meta|source)((?:\s[^<>]*[^<>/])?)>")
STYLES = {"epub.css", "pygments.css"}
INSTEAD = "Here the page on the web has a part that is alive: a drawing pad that answers you."


def mathml(source: str, display: str) -> str:
    """Return a formula as MathML, with a warning, and as its source, where that cannot be done."""
    plain = source
    if "&" in source and r"\begin" not in source:
        plain = rf"\begin{{aligned}}{source}\end{{aligned}}"  # as Sphinx does for the pages
    for old, new in REPLACED.items():
        plain = re.sub(re.escape(old) + r"(?![a-zA-Z])", lambda _, new=new: new, plain)
    plain = LETTER.sub(r"\\text{\1}", plain)
    try:
        made = convert(plain, display=display)
        if not UNKNOWN.search(made):
            return mended(made, display)
        problem = UNKNOWN.search(made).group()[1:]
    except Exception as error:  # the converter raises many kinds
        problem = repr(error)
    logging.getLogger(__name__).warning("no MathML for %r: %s", source, problem)
    return f"<code>{html.escape(source)}</code>"


def mended(made: str, display: str) -> str:
    """Return MathML with its limits below `max` and `min`, and lines as long as what is below."""
    made = made.replace(*SHORT_LINE)
    return LIMITS.sub(r"<munder><mo>\1</mo>\2</munder>", made) if display == "block" else made


def visit_inline(self: object, node: nodes.math) -> None:
    """Write a formula in the text."""
    self.body.append(mathml(node.astext(), "inline"))
    raise nodes.SkipNode


def visit_block(self: object, node: nodes.math_block) -> None:
    """Write a formula that stands for itself, with its number beside it."""
    source = node.astext()
    number = TAG.search(source)
    made = mathml(TAG.sub("", source).strip(), "block")
    beside = f'<span class="eqno">({html.escape(number[1])})</span>' if number else ""
    self.body.append(f'<div class="math">{beside}{made}</div>')
    raise nodes.SkipNode


def mend_raw(app: Sphinx, document: nodes.document, name: str) -> None:
    """Close the tags of raw HTML, as XML demands, and put a sentence in the place of a script."""
    for node in list(document.findall(nodes.raw)):
        source = node.astext()
        if "<script" in source:
            node.replace_self(nodes.paragraph("", INSTEAD))
        elif OPEN.search(source):
            closed = nodes.raw("", OPEN.sub(r"<\1\2/>", source), format=node["format"])
            node.replace_self(closed)


def own_styles(app: Sphinx, page: str, template: str, context: dict, tree: object) -> None:
    """Keep the style sheets that a book has a use for.

    Those of other extensions dress buttons that are not there, and some are written only after the
    archive.
    """
    context["css_files"] = [
        sheet for sheet in context["css_files"] if Path(str(sheet.filename)).name in STYLES
    ]


def setup(app: Sphinx) -> dict:
    """Register with Sphinx; the configuration of the EPUB chooses the renderer."""
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_block, None))
    app.connect("doctree-resolved", mend_raw)
    app.connect("html-page-context", own_styles, priority=900)
    app.connect("config-inited", disconnect_thebe)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
