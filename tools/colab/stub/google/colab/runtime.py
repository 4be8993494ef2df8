"""The machine that was lent."""


def unassign() -> None:
    """Give it back: whatever comes after that does not run."""
    raise SystemExit("the runtime was given back")
