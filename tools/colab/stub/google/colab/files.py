"""Files from and to the reader's own computer: nobody sits there, so nothing is uploaded."""

from pathlib import Path


def upload() -> dict[str, bytes]:
    """Return the files that the reader chose: none."""
    return {}


def download(filename: str) -> None:
    """Take a file that is there."""
    if not Path(filename).exists():
        raise FileNotFoundError(f"Cannot find file: {filename}")
