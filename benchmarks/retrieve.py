"""How long `zsbir retrieve` takes once everything is kept, against `import torch` alone.

Processes of their own, in turns, each on one thread; processor seconds, since another program on
the machine does not change these much. The first run, which makes what is kept, is not measured::

    python benchmarks/retrieve.py
    python benchmarks/retrieve.py --repeats 9 --json retrieve.json
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from goals import GOALS
from PIL import Image, ImageDraw

from zsbir_lib.files import write_json


def processor_seconds(*arguments: str) -> float:
    """Run Python with some arguments, and return the seconds that it computed for."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    subprocess.run(
        [sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL, env=environment
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def draw(path: Path) -> None:
    """Draw a table."""
    image = Image.new("L", (200, 200), 255)
    pen = ImageDraw.Draw(image)
    pen.ellipse((40, 60, 160, 140), outline=0, width=4)
    for x in (60, 140):
        pen.line((x, 130, x, 190), fill=0, width=4)
    image.save(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--size", default="mini", help="of the Toybox")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        drawing = Path(folder) / "drawing.png"
        draw(drawing)
        command = ("-m", "zsbir_lib", "retrieve", "--sketch", str(drawing), "--json",
                   "--size", options.size)  # fmt: skip
        first = processor_seconds(*command)
        bare, whole, ratios = [], [], []
        for _ in range(options.repeats):
            bare.append(processor_seconds("-c", "import torch"))
            whole.append(processor_seconds(*command))
            ratios.append(whole[-1] / bare[-1])
    figures = {
        "processor seconds of the run that may make what is kept": round(first, 2),
        "processor seconds of `import torch`": round(statistics.median(bare), 2),
        "processor seconds of a later run": round(statistics.median(whole), 2),
        "ratio": round(statistics.median(ratios), 2),
        "lowest and highest ratio": [round(min(ratios), 2), round(max(ratios), 2)],
    }
    for name, value in figures.items():
        print(f"{name:56} {value}")
    print(f"goal of the ratio: {GOALS['retrieve']}")
    if options.json:
        write_json(options.json, figures)


if __name__ == "__main__":
    main()
