"""The Chromium of this machine, and how tests and benchmarks start it."""

import shutil

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


def browser_path() -> str | None:
    """Return the path of the Chromium of this machine, or None."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)
