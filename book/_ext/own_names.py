"""Sphinx extension: the library's names link to where they are documented.

The API pages document a thing where readers import it from, such as ``zsbir_lib.methods.CVAE``.
Type hints and docstrings name it as the code around them does: by the module that defines it, or
by no module at all.
"""

import inspect
import pydoc

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.nodes import make_refnode


def meant(node: pending_xref) -> object | None:
    """Return what a reference names, as the code around it would understand it."""
    module, holder = node.get("py:module"), node.get("py:class")
    for around in filter(None, (module and holder and f"{module}.{holder}", module, "")):
        if (found := pydoc.locate(f"{around}.{node['reftarget']}")) is not None:
            return found
    return pydoc.locate(node["reftarget"])


def link(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, text: nodes.TextElement
) -> nodes.Element | None:
    """Return a link to the page that documents the thing, or None if there is none."""
    if node.get("refdomain") != "py":
        return None
    found = meant(node)
    if inspect.ismodule(found):
        return text  # a word, such as a parameter's name, that is a module's name too
    name, parts = getattr(found, "__qualname__", None), getattr(found, "__module__", "").split(".")
    if name is None or parts[0] != "zsbir_lib":
        return None
    documented = env.get_domain("py").objects
    while parts:
        if (entry := documented.get(f"{'.'.join(parts)}.{name}")) is not None:
            here = node["refdoc"]
            return make_refnode(app.builder, here, entry.docname, entry.node_id, text, name)
        parts.pop()
    return None


def setup(app: Sphinx) -> dict:
    """Register with Sphinx."""
    app.connect("missing-reference", link)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
