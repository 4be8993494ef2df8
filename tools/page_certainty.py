"""Count when the page "Draw it, find it" has to say "not sure", on drawings by people.

    python tools/page_certainty.py FOLDER

FOLDER has ``seen/CLASS.ndjson``, drawings of seen classes in the form of Quick, Draw!, and may
have ``others/WORD.ndjson``, of things that are no class. Neither is part of this project; what was
counted is, in ``zsbir_lib/web/certainty.json``, and holds for the backbone that ships: count again
when its weights change. Where the record is of other weights, pages count on the Toybox's own
sketches.

A network that was trained on drawings of FOLDER is surer of them than of new ones: count with one
that was trained without, ``--backbone NAME``, and name the one that the page has, ``--page NAME``.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from zsbir_lib.datasets import load_dataset
from zsbir_lib.defaults import TOYBOX_NETWORK
from zsbir_lib.features import extract_features, load_backbone
from zsbir_lib.files import write_text
from zsbir_lib.web.certainty import RECORD, count_certainty, read_drawings
from zsbir_lib.web.export import PAGE_METHODS

PLACE = Path(__file__).resolve().parents[1] / "zsbir_lib" / "web" / RECORD
OTHERS = 2  # drawings of each other word: there are many words


def main(arguments: list[str] | None = None) -> None:
    """Count, write, and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument(
        "--backbone", default=TOYBOX_NETWORK, help="that sketches and photos go through"
    )
    parser.add_argument("--page", help="backbone of the page; by default the same")
    parser.add_argument("--methods", nargs="+", default=[m for m in PAGE_METHODS if m != "cvae"])
    options = parser.parse_args(arguments)
    backbone = load_backbone(options.backbone)
    page = load_backbone(options.page or options.backbone)
    features = extract_features(load_dataset("toybox", progress=False), backbone, progress=False)
    drawings, classes = read_drawings(options.folder / "seen", backbone)
    others = None
    if (options.folder / "others").is_dir():
        others, _ = read_drawings(options.folder / "others", backbone, OTHERS)
    counted = {}
    for method in options.methods:
        counted[method] = asdict(
            count_certainty(method, features, drawings, classes, others=others)
        )
        print(method, json.dumps(counted[method]), flush=True)
    record = {"weights": page.weights_id, "counted_with": backbone.weights_id, "methods": counted}
    write_text(PLACE, json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    sys.exit(main())
