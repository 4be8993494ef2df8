"""``python -m zsbir_lib`` is the command ``zsbir``."""

import sys

from zsbir_lib.cli import main

if __name__ == "__main__":
    sys.exit(main())
