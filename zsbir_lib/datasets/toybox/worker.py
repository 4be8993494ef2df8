"""A process that draws classes of the Toybox; `generation` starts it, nobody else needs it."""

import json
import sys
from pathlib import Path

from zsbir_lib.datasets.toybox.generation import write_class
from zsbir_lib.datasets.toybox.recipe import Counts, Recipe


def main() -> None:
    """Draw the classes named on standard input, answering each name when it is done."""
    folder, fields = Path(sys.argv[1]), json.loads(sys.argv[2])
    fields["classes"] = {name: Counts(**counts) for name, counts in fields["classes"].items()}
    recipe = Recipe(**fields)
    for line in sys.stdin:
        write_class(folder, recipe, line.strip())
        print(line.strip(), flush=True)


if __name__ == "__main__":
    main()
