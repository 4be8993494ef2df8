"""``zsbir cache``: what the library keeps because it can make it again."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zsbir_lib.cli.options import AsJson, emit
from zsbir_lib.errors import ZsbirError

if TYPE_CHECKING:
    from zsbir_lib.store import Entry, Store

app = typer.Typer(
    rich_markup_mode=None,
    no_args_is_help=True,
    help="List, check and clear what is kept because it can be made again.",
)
Kinds = Annotated[
    list[str] | None,
    typer.Option("--kind", help="Only entries of this kind (features, ...); may be repeated."),
]
_DAY = 24 * 3600.0


@app.command(
    "list",
    epilog="""Examples:

    \b
    zsbir cache list
    zsbir cache list --kind features --json""",
)
def list_entries(kind: Kinds = None, as_json: AsJson = False) -> None:
    """List what is kept, and how large it is."""
    store, entries = _entries(kind)
    rows = [_describe(entry) for entry in entries]
    total = sum(row["bytes"] for row in rows)
    width = max((len(row["folder"]) for row in rows), default=0)
    lines = [
        f"{row['folder']:<{width}}  {size_text(row['bytes']):>8}  {row['changed']}"
        + ("" if row["finished"] else "  unfinished")
        for row in rows
    ]
    lines.append(f"{len(rows)} entries, {size_text(total)}, in {store.root}")
    emit({"root": str(store.root), "bytes": total, "entries": rows}, "\n".join(lines), as_json)


@app.command(
    epilog="""Examples:

    \b
    zsbir cache verify
    zsbir cache verify --kind toybox --json

    Exits with 1 if something is damaged."""
)
def verify(kind: Kinds = None, as_json: AsJson = False) -> None:
    """Compare every file that is kept with its checksum; nothing is changed."""
    store, entries = _entries(kind)
    finished = [entry for entry in entries if entry.finished]
    damaged = [str(path) for entry in finished for path in entry.verify()]
    lines = [f"damaged  {path}" for path in damaged]
    if damaged:
        lines.append(f"{len(damaged)} files are damaged; they are made again when they are needed")
    else:
        files = sum(len(entry.pieces) for entry in finished)
        lines.append(f"{files} files of {len(finished)} entries are as they were written")
    emit({"root": str(store.root), "damaged": damaged}, "\n".join(lines), as_json)
    if damaged:
        raise typer.Exit(1)


@app.command(
    epilog="""Examples:

    \b
    zsbir cache clear --kind models --dry-run
    zsbir cache clear --older-than 30
    zsbir cache clear --unfinished
    zsbir cache clear --all"""
)
def clear(
    kind: Kinds = None,
    older_than: Annotated[
        float | None, typer.Option(min=0, metavar="DAYS", help="Only what was made before that.")
    ] = None,
    unfinished: Annotated[
        bool, typer.Option("--unfinished", help="Only what interrupted runs left unfinished.")
    ] = False,
    everything: Annotated[bool, typer.Option("--all", help="All entries.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be removed, and remove nothing.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Remove entries, and what killed runs left behind more than a day ago.

    Only what zsbir made is removed. It is made again when it is needed. An entry that a process is
    making at the moment stays.
    """
    chosen = bool(kind or unfinished or older_than is not None)
    if chosen == everything:
        raise ZsbirError(
            "say what to clear: --all, or some of --kind, --older-than and --unfinished"
        )
    store, entries = _entries(kind)
    before = time.time() - (older_than or 0) * _DAY
    entries = [
        entry
        for entry in entries
        if not (unfinished and entry.finished) and (older_than is None or entry.changed < before)
    ]
    removed, in_use, freed = [], [], 0
    for entry in entries:
        size = entry.size
        if dry_run or store.remove(entry):
            removed.append(str(entry.folder))
            freed += size
        else:
            in_use.append(str(entry.folder))
    freed += 0 if dry_run else store.sweep()
    lines = [f"{'would remove' if dry_run else 'removed'}  {folder}" for folder in removed]
    lines += [f"in use, kept  {folder}" for folder in in_use]
    lines.append(f"{size_text(freed)} {'would be' if dry_run else 'are'} free again")
    values = {"removed": removed, "in_use": in_use, "bytes": freed, "dry_run": dry_run}
    emit(values, "\n".join(lines), as_json)


def _entries(kinds: list[str] | None) -> tuple[Store, list[Entry]]:
    from zsbir_lib.store import Store

    store = Store()
    entries = list(store.entries())
    known = sorted({entry.kind for entry in entries})
    if wrong := sorted(set(kinds or ()) - set(known)):
        there = f"there are {', '.join(known)}" if known else "the cache is empty"
        raise ZsbirError(f"nothing of the kind {wrong[0]!r} is kept in {store.root}: {there}")
    return store, [entry for entry in entries if not kinds or entry.kind in kinds]


def _describe(entry: Entry) -> dict[str, Any]:
    return {
        "kind": entry.kind,
        "folder": str(Path(entry.kind, entry.folder.name)),
        "bytes": entry.size,
        "changed": time.strftime("%Y-%m-%d", time.localtime(entry.changed)),
        "finished": entry.finished,
        "key": entry.key,
    }


def size_text(count: int) -> str:
    """Return a number of bytes for people."""
    size = float(count)
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"
