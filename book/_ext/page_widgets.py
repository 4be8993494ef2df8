"""Sphinx extension: a widget's model, and the pictures in it, lie beside the page and not in it.

A page used to hold the models of all its widgets, up to 5 MB of them, which every reader had to
load before the first word could be used. Now each lies in a script of its own, which
``_static/widgets.js`` loads when a reader comes near; a figure with sliders loads its pictures one
by one. Names are made of contents, so that what has not changed is not loaded again.
"""

import base64
import hashlib
import html
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from light import web_picture
from sphinx.application import Sphinx
from sphinx.util import logging

FOLDER = "_widgets"
STATE = re.compile(
    r'<script type="application/vnd\.jupyter\.widget-state\+json">(.*?)</script>\s*', re.S
)
VIEW = re.compile(r'<script type="application/vnd\.jupyter\.widget-view\+json">(\{.*?\})</script>')
# What Jupyter's own manager would need to know.
UNUSED = ("_anywidget_id", "_dom_classes", "_model_module", "_model_module_version", "_model_name",
          "_view_count", "_view_module", "_view_module_version", "_view_name", "layout", "tabbable",
          "tooltip")  # fmt: skip


def written(site: Path, name: str, content: bytes) -> str:
    """Write a file that is named by its contents; return its place below the site."""
    stem, suffix = name.split(".")
    place = f"{FOLDER}/{stem}.{hashlib.sha256(content).hexdigest()[:16]}.{suffix}"
    path = site / place
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    return place


def split_frames(site: Path, frames: Iterable[dict[str, str]], up: str) -> list[dict[str, Any]]:
    """Write the pictures of a figure with sliders; return frames that name them."""
    found = []
    for frame in frames:
        if "png" not in frame:
            found.append(frame)
            continue
        picture = web_picture(base64.b64decode(frame["png"]))
        place = written(site, f"frame.{picture.suffix}", picture.content)
        found.append({"src": up + place, "alt": frame["alt"], "size": list(picture.size),
                      "photos": picture.photos or picture.panels})  # fmt: skip
    return found


def model_script(model_id: str, state: dict[str, Any]) -> bytes:
    """Return the script that hands a model to the page."""
    return f"zsbirWidget({json.dumps(model_id)}, {json.dumps(state)});\n".encode()


def read_model(script: str) -> tuple[str, dict[str, Any]]:
    """Return name and traits from what `model_script` wrote."""
    model_id, state = json.loads(f"[{script.strip()[len('zsbirWidget(') : -len(');')]}]")
    return model_id, state


def take_out(site: Path, page: Path) -> list[str]:
    """Move the models of a page's widgets into files; return the kinds that cannot be shown."""
    text = page.read_text(encoding="utf-8")
    if (found := STATE.search(text)) is None:
        return []
    models = json.loads(found[1])["state"]
    up = "../" * len(page.relative_to(site).parent.parts)
    unknown = []

    def place(view: re.Match) -> str:
        model_id = json.loads(view[1])["model_id"]
        model = models[model_id]
        state = {key: value for key, value in model["state"].items() if key not in UNUSED}
        if "_esm" not in state or model.get("buffers"):
            unknown.append(f"{model['model_module']} {model['model_name']}")
            return view[0]
        waiting = ""
        if {"frames", "values", "position"} <= state.keys():  # a figure with sliders
            state["frames"] = split_frames(site, state["frames"], up)
            first = state["frames"][start(state)]
            if "src" in first:
                width, height = first["size"]
                waiting = (f'<img class="zsbir-waiting" src="{first["src"]}" loading="lazy" '
                           f'width="{width}" height="{height}" '
                           f'alt="{html.escape(first["alt"])}" />')  # fmt: skip
        file = up + written(site, "model.js", model_script(model_id, state))
        opening = view[0].replace(">", f' data-file="{file}">', 1)
        return f'{opening}<div class="zsbir-widget">{waiting}</div>'

    text = VIEW.sub(place, STATE.sub("", text, count=1))
    if not unknown:
        page.write_text(text, encoding="utf-8")
    return unknown


def start(state: dict[str, Any]) -> int:
    """Return the number of the frame that a figure with sliders shows first."""
    number = 0
    for place, values in zip(state["position"], state["values"], strict=True):
        number = number * len(values) + place
    return number


def take_all_out(app: Sphinx, exception: Exception | None) -> None:
    """Do so on every page, and warn of widgets that the pages have no script for."""
    if exception is None and app.builder.format == "html":
        site = Path(app.outdir)
        for page in sorted(site.rglob("*.html")):
            for kind in take_out(site, page):
                text = "%s: no script of the book shows the widget %s: use an anywidget"
                logging.getLogger(__name__).warning(text, page.relative_to(site), kind)


def setup(app: Sphinx) -> dict:
    """Register with Sphinx; before pages are made lighter otherwise."""
    app.connect("build-finished", take_all_out, priority=400)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
