r"""Sphinx extension: a formula of several lines may have a number of its own, by ``\tag``.

Sphinx puts such a formula into an environment in which ``\tag`` is an error, whenever it sees the
line break ``\\``. TeX's older name for the same, ``\cr``, it does not see.
"""

import re

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

BREAK = re.compile(r"\\\\(\[[^\]]*\])?")


class NumberedLines(SphinxTransform):
    """Rewrite the line breaks of formulae that carry a number."""

    default_priority = 400

    def apply(self, **options: object) -> None:
        """Rewrite them all."""
        for node in self.document.findall(nodes.math_block):
            source = node.astext()
            if r"\tag" in source and BREAK.search(source):
                node.clear()
                node += nodes.Text(BREAK.sub(r"\\cr ", source))


def setup(app: Sphinx) -> dict:
    """Register with Sphinx."""
    app.add_transform(NumberedLines)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
