"""Sphinx extension of the EPUB: readers there run no scripts, so formulae are MathML."""

import html
import re

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
OPEN = re.compile(r"<(img|br|hr|input|link|meta|source)((?:\s[^<>]*[^<>/])?)>")
INSTEAD = "Here the page on the web has a part that is alive: a drawing pad that answers you."


def mathml(source: str, display: str) -> str:
    """Return a formula as MathML, with a warning, and as its source, where that cannot be done."""
    plain = source
    if "&" in source and r"\begin" not in source:
        plain = rf"\begin{{aligned}}{source}\end{{aligned}}"  # as Sphinx does for the pages
    for old, new in REPLACED.items():
        plain = re.sub(re.escape(old) + r"(?![a-zA-Z])", lambda _, new=new: new, plain)
    try:
        made = convert(plain, display=display)
        if not UNKNOWN.search(made):
            return made
        problem = UNKNOWN.search(made).group()[1:]
    except Exception as error:  # the converter raises many kinds
        problem = repr(error)
    logging.getLogger(__name__).warning("no MathML for %r: %s", source, problem)
    return f"<code>{html.escape(source)}</code>"


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


def setup(app: Sphinx) -> dict:
    """Register with Sphinx; the configuration of the EPUB chooses the renderer."""
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_block, None))
    app.connect("doctree-resolved", mend_raw)
    app.connect("config-inited", disconnect_thebe)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
