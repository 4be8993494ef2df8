"""How many pictures a second one core draws, beside the prototype that the Toybox grew out of.

    python benchmarks/toybox.py --reference FOLDER

FOLDER holds the prototype (``gen.py``, ``fams.py``, ``hard.py``), which is not part of this
project; without it only the Toybox is timed. Both draw the same number of instances of the classes
that both know, a photo and `--sketches` sketches each, at the same size and difficulty, taking
turns class by class in one process, so that a change in the machine's speed meets both.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from goals import GOALS

from zsbir_lib.datasets.toybox.generation import Pictures
from zsbir_lib.datasets.toybox.instance import Toy
from zsbir_lib.datasets.toybox.recipe import SIZES, toybox_recipe
from zsbir_lib.datasets.toybox.registry import toy_classes
from zsbir_lib.files import write_json

SIZE, CLUTTER, ABSTRACTION = 64, 0.5, 1.3


def toybox(name: str, instance: int, sketches: int) -> None:
    toy = Toy(name, instance)
    toy.photo(size=SIZE, clutter=CLUTTER)
    for number in range(sketches):
        toy.sketch(number, size=SIZE, abstraction=ABSTRACTION)


class Prototype:
    """The prototype's own way to draw an instance, as its generator does it."""

    def __init__(self, folder: Path) -> None:
        sys.path.insert(0, str(folder))
        import fams
        import gen
        import hard

        self.fams, self.gen, self.hard = fams, gen, hard

    @property
    def names(self) -> set[str]:
        return set(self.fams.CL)

    def __call__(self, name: str, instance: int, sketches: int) -> None:
        rng = np.random.default_rng([0, instance])
        parts = self.gen.make(self.fams.CL[name][1], rng)
        self.hard.hphoto(parts, rng, SIZE, CLUTTER)
        if sketches:
            strokes = self.gen.strokes(parts, self.gen.masks(parts, 2 * SIZE), 2 * SIZE)
            for number in range(sketches):
                rng = np.random.default_rng([0, instance, number + 1])
                self.gen.sketch(self.hard.recentre(strokes, rng), rng, SIZE, ABSTRACTION)


def build(size: str) -> float:
    """Draw a whole size into an empty folder, with all processors; return the seconds."""
    with tempfile.TemporaryDirectory() as folder:
        pictures = Pictures(toybox_recipe(size), root=folder, progress=True)
        start = time.perf_counter()
        pictures.draw()
        return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--reference", type=Path, help="folder of the prototype")
    parser.add_argument("--instances", type=int, default=10, help="of each class")
    parser.add_argument("--sketches", type=int, default=6, help="of each instance")
    parser.add_argument("--classes", type=int, help="only so many (default: all)")
    parser.add_argument("--build", choices=sorted(SIZES), help="also time a build of this size")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    contenders = {"toybox": toybox}
    names = sorted(toy_classes())[: options.classes]
    if options.reference:
        contenders["prototype"] = prototype = Prototype(options.reference)
        names = [name for name in names if name in prototype.names]
    seconds = dict.fromkeys(contenders, 0.0)
    for instance in range(-2, options.instances):  # two rounds to warm up
        for name in names:
            for contender, draw in contenders.items():
                start = time.process_time()
                draw(name, instance % 1000, options.sketches)
                seconds[contender] += (time.process_time() - start) * (instance >= 0)
    pictures = len(names) * options.instances * (1 + options.sketches)
    rates = {contender: pictures / s for contender, s in seconds.items()}
    print(f"{len(names)} classes, {pictures} pictures of {SIZE} pixels each, one process")
    for contender, rate in rates.items():
        print(f"{contender:10} {rate:8.1f} pictures per second and core")
    if len(rates) == 2:
        rates["ratio"] = rates["toybox"] / rates["prototype"]
        print(f"{'ratio':10} {rates['ratio']:8.2f}  (goal: {GOALS['toybox: prototype']})")
    if options.build:
        rates[f"{options.build} seconds"] = seconds = build(options.build)
        print(f"{options.build} drawn in {seconds:.1f} s by all processors")
    if options.json:
        write_json(options.json, {"pictures": pictures, **rates})


if __name__ == "__main__":
    main()
