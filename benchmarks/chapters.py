"""How long each chapter ran in the last `make book`, on one core, rounded to ten seconds.

    make book && python benchmarks/chapters.py

The seconds are those that the build recorded for outputs that are of these very chapters.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))

from build_book import BUILD
from chapter_facts import chapters, measured_seconds

from zsbir_lib.files import write_json


def main() -> None:
    """Print, and fail if no chapter was built."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    options = parser.parse_args()
    built = (BUILD / ".jupyter_cache").is_dir()
    if not built or not (seconds := measured_seconds()):
        sys.exit("error: the book is not built of these chapters: make book")
    for name, taken in seconds.items():
        print(f"{name:24} {taken:4} s")
    if options.json:
        write_json(options.json, {"seconds": seconds, "chapters": len(chapters())})


if __name__ == "__main__":
    main()
