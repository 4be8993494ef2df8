"""The Chromium of this machine: how tests and benchmarks start it, and what a page complains of."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

# anywidget says this when a model was not ready within two seconds. On a busy machine it is ready
# later, and a page without a kernel shows it all the same; what is shown is tested by itself.
LATE = "[anywidget] Failed to initialize model."


def browser_path() -> str | None:
    """Return the path of the Chromium of this machine, or None."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def note_errors(page: Page, errors: list[str], *, console: bool = True) -> None:
    """Add to `errors` what the page's scripts fail with, and what its console is told of errors.

    Without `console`, requests that fail on purpose, and what JupyterLab tells, are left out.
    """

    def note(text: str) -> None:
        if LATE not in text:
            errors.append(text)

    page.on("pageerror", lambda error: note(str(error)))
    if console:
        page.on("console", lambda said: note(said.text) if said.type == "error" else None)
