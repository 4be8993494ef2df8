"""The command ``zsbir``: every part of the library from a terminal.

Nothing heavy is imported before a command needs it, so that ``zsbir --help`` answers at once.
"""

from zsbir_lib.cli.main import main

__all__ = ["main"]
