"""Where the book is at home: its repository, the tag that readers install, and its address.

The home is what `home.json` holds, and nothing else decides it. While it is unset, nothing that the
project publishes names an address to install from: whoever took such a name could run code on
readers' machines::

    python tools/home.py                                            # say what it is
    python tools/home.py --url https://github.com/OWNER/NAME        # and put it everywhere
    python tools/home.py --url none                                 # take it out again
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[1]
FILE = Path("tools", "home.json")
COLAB = "https://colab.research.google.com"
# What is rewritten lies between these, with the file's own sign of a comment around them.
BEGIN, END = "home: written by `make home`", "home: until here"


@dataclass(frozen=True)
class Home:
    """Repository on GitHub, tag and address of the book; None where there is none yet."""

    repository: str | None = None
    tag: str | None = None
    site: str | None = None

    @classmethod
    def read(cls, root: Path = ROOT) -> Home:
        """Read the home of the project in a folder."""
        return cls(**json.loads((root / FILE).read_text(encoding="utf-8")))

    @property
    def name(self) -> str | None:
        """Owner and name of the repository, as Colab's addresses have them."""
        return urlsplit(self.repository).path.strip("/") if self.repository else None

    def colab(self, page: str) -> str:
        """Return the address that opens a notebook, such as ``book/tour``, in Colab."""
        return f"{COLAB}/github/{self.name}/blob/{self.tag}/{page}.ipynb"


def checked(url: str, tag: str | None, site: str | None) -> Home:
    """Return a home of what was typed.

    Raises
    ------
    ValueError
        If it cannot be one.
    """
    if not re.fullmatch(r"https://github\.com/[\w.-]+/[\w.-]+?", url.removesuffix("/")):
        raise ValueError(
            f"URL={url}: it must be https://github.com/OWNER/NAME, since Colab opens that"
        )
    if not tag:
        raise ValueError("TAG is missing: readers install that tag, not what was written since")
    if not re.fullmatch(r"[\w.-]+(/[\w.-]+)*", tag):
        raise ValueError(f"TAG={tag}: no name of a tag")
    if site and not re.fullmatch(r"https://[^\s\"'<>]+", site):
        raise ValueError(f"SITE={site}: it must begin with https://")
    return Home(url.removesuffix("/").removesuffix(".git"), tag, site or None)


def config_lines(home: Home) -> list[str]:
    """Return what Jupyter Book is told: the buttons that lead to the repository and to Colab.

    They stand at the end of the part ``html:``.
    """
    if home.repository is None:
        return []
    return [
        "  use_repository_button: true", "  use_issues_button: true",
        "repository:", f"  url: {home.repository}", f"  branch: {home.tag}",
        "launch_buttons:", f"  colab_url: {COLAB}", "  notebook_interface: jupyterlab",
    ]  # fmt: skip


def citation_lines(home: Home) -> list[str]:
    """Return the addresses for those who cite."""
    lines = [f"repository-code: {home.repository}"] if home.repository else []
    return lines + ([f"url: {home.site}"] if home.site else [])


# The chapters that the README opens in Colab, and what it calls them.
BADGES = {
    "book/tour": "the tour",
    "book/finding_pictures": "the first chapter",
    "book/cvae": "the paper's method",
    "book/sketchy": "the real data",
}


def readme_lines(home: Home) -> list[str]:
    """Return the book's address and the badges that open chapters in Colab."""
    lines = [f"Read it at <{home.site}>."] if home.site else []
    if home.repository:
        badge = f"{COLAB}/assets/colab-badge.svg"
        lines += [
            f"[![Open {title} in Colab]({badge})]({home.colab(page)}) {title}"
            for page, title in BADGES.items()
        ]
    return ["", *"\n\n".join(lines).split("\n"), ""] if lines else []


PLACES = {"_config.yml": config_lines, "CITATION.cff": citation_lines, "README.md": readme_lines}


def rewritten(text: str, lines: list[str]) -> str:
    """Return a text with these lines between its two marks."""
    before, begin, rest = text.partition(BEGIN)
    mark, _, rest = rest.partition("\n")
    _, end, after = rest.partition(END)
    if not end:
        raise ValueError(f"the marks {BEGIN!r} and {END!r} are gone: put them back")
    # The line of the second mark begins with the file's sign of a comment.
    opening = before[before.rfind("\n") + 1 :]
    middle = "".join(line + "\n" for line in lines)
    return f"{before}{begin}{mark}\n{middle}{opening}{end}{after}"


def write(home: Home, root: Path = ROOT) -> None:
    """Put a home where it belongs: all texts are made before the first is written."""
    from colab_cell import notebooks, with_cell

    texts = {root / FILE: json.dumps(asdict(home), indent=2) + "\n"}
    for name, lines in PLACES.items():
        texts[root / name] = rewritten((root / name).read_text(encoding="utf-8"), lines(home))
    for path in notebooks(root / "book"):
        texts[path] = with_cell(path, home)
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8")


def main() -> int:
    """Say what the home is, or set it."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--url", help="the repository on GitHub; none: take it out")
    parser.add_argument("--tag", help="what readers open and install")
    parser.add_argument("--site", help="the address of the built book")
    asked = parser.parse_args()
    if asked.url is None:
        known = Home.read().repository
        print(f"home: {known or 'none yet'}")
        if known is None:
            print("make home URL=https://github.com/OWNER/NAME TAG=v1.0 SITE=https://... sets it")
        return 0
    try:
        home = Home() if asked.url == "none" else checked(asked.url, asked.tag, asked.site)
        write(home)
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(f"home: {home.repository or 'none'}: {len(PLACES)} files and all notebooks say so")
    return 0


if __name__ == "__main__":
    sys.exit(main())
