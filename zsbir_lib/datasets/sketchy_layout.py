"""Finding the parts of the Sketchy database on a disk, and saying what a wrong folder is."""

from __future__ import annotations

import os
from pathlib import Path

from zsbir_lib.datasets.folders import check_folder, clean_name, list_entries
from zsbir_lib.drawings.images import readable_suffixes
from zsbir_lib.errors import ZsbirError, argument
from zsbir_lib.paper import PAPER_RENDERING

WHOLE_RENDERING = "tx_000000000000"
"""Whole photos, and sketches placed as in the photo. Most later papers read these."""
NO_RENDERING = "."
"""The class folders lie in ``photo/`` and ``sketch/`` themselves."""

EXTENDED_NAMES = ("EXTEND_image_sketchy", "EXTEND_image_sketchy_ready")
"""Names of the extended gallery's folder; the second is that of copies prepared for SAKE."""
_EXTENDED_PREFIX = "ext_"
# Folders that hold a part of the classes each, as other collections are laid out.
_PARTS = {"train", "val", "valid", "validation", "test"}
_MERGE = "put the class folders of all into"
_NAME_UNSEEN = "and name the unseen classes in a file for"

LAYOUT = """\
expected:
    ROOT/                          (give this folder, or 256x256/ itself)
    ├── 256x256/
    │   ├── photo/tx_000100000000/cow/n01887787_1010.jpg
    │   └── sketch/tx_000100000000/cow/n01887787_1010-1.png
    └── EXTEND_image_sketchy/cow/ext_1.jpg         (optional)
(the folders tx_000100000000/ may be left out)"""
"""What the folders look like, for messages."""


def is_added(photo_id: str) -> bool:
    """Tell whether a photo is one that the extended gallery added to the originals."""
    return photo_id.rpartition("/")[2].startswith(_EXTENDED_PREFIX)


def _is_root(folder: Path) -> bool:
    # os.path, because Path.is_dir raises where a folder may not be entered.
    return all(os.path.isdir(folder / kind) for kind in ("photo", "sketch"))


def find_root(given: Path) -> Path:
    """Return the folder that holds photo/ and sketch/, or explain what the given one is."""
    # Absolute, because the extended gallery is looked for beside it.
    folder = check_folder(given, "the Sketchy database", LAYOUT)
    for candidate in (folder / "256x256", folder):
        if _is_root(candidate):
            return candidate
    raise ZsbirError(f"{folder} is not the Sketchy database: {_diagnose(folder)}")


def _diagnose(folder: Path) -> str:
    """Say what a wrong folder is, where the right one may be, what was expected and found."""
    entries = sorted(list_entries(folder), key=lambda entry: entry.name)
    names = [clean_name(entry.name) + ("/" if entry.is_dir() else "") for entry in entries]
    if not entries:
        return f"the folder is empty\n{LAYOUT}"
    ancestors = [parent for parent in folder.parents[:3] if _is_root(parent)]
    inside = [
        candidate
        for entry in entries
        if entry.is_dir()
        for candidate in (Path(entry.path), Path(entry.path) / "256x256")
        if _is_root(candidate)
    ]
    if _is_extended(folder, entries):
        beside = _is_root(folder.parent) or _is_root(folder.parent / "256x256")
        right = folder.parent if beside else "the folder that holds 256x256/"
        what = f"this is the extended gallery alone; give {right}"
    elif ancestors:
        what = f"this is a part of it; give {ancestors[0]}"
    elif len(parts := [path for path in inside if {path.name, path.parent.name} & _PARTS]) > 1:
        what = (
            f"it lies in {len(parts)} parts, {' and '.join(map(str, parts))}; {_MERGE} one photo/ "
            f"and one sketch/, {_NAME_UNSEEN} {argument('split', placeholder='PATH')}"
        )
    elif inside:
        what = f"that lies further inside; give {inside[0]}"
    elif any(name.startswith("tx_") for name in names):
        what = "this holds renderings; give the folder that holds photo/ and sketch/"
    else:
        base = folder / "256x256" if os.path.isdir(folder / "256x256") else folder
        absent = [f"{kind}/" for kind in ("photo", "sketch") if not os.path.isdir(base / kind)]
        what = f"no {' and no '.join(absent)} in {base}"
        if base != folder:
            names = [f"256x256/{entry.name}" for entry in list_entries(base)] or names
    more = f", ... ({len(names)} in all)" if len(names) > 8 else ""
    return f"{what}\n{LAYOUT}\nfound:\n    {', '.join(sorted(names)[:8])}{more}"


def _is_extended(folder: Path, entries: list[os.DirEntry[str]]) -> bool:
    if folder.name in EXTENDED_NAMES:
        return True
    # One class folder tells; one that may not be entered (lost+found) must not hide the message.
    first = next((e for e in entries if e.is_dir() and os.access(e.path, os.R_OK | os.X_OK)), None)
    return first is not None and any(
        entry.name.startswith(_EXTENDED_PREFIX) for entry in list_entries(first.path)
    )


def find_extended(root: Path) -> Path | None:
    """Return the folder of the extended gallery, beside `root` or inside it, if it is there."""
    for parent in (root.parent, root):
        for name in EXTENDED_NAMES:
            if os.path.isdir(parent / name):
                return parent / name
    return None


def choose_rendering(folder: Path, wanted: str | None) -> str:
    """Return the rendering to read: the one asked for, or the preferred one of those there."""
    if wanted and os.path.isdir(folder / wanted):
        return wanted
    found = sorted(
        entry.name
        for entry in list_entries(folder)
        if entry.name.startswith("tx_") and entry.is_dir() and any(list_entries(entry.path))
    )
    if wanted is not None:
        raise ZsbirError(f"no rendering {wanted!r} in {folder}: found {', '.join(found) or 'none'}")
    for name in (PAPER_RENDERING, WHOLE_RENDERING, *found):
        if name in found:
            return name
    folders = [entry for entry in list_entries(folder) if entry.is_dir()]
    if any(_holds_images(entry) for entry in folders):
        return NO_RENDERING
    parts = sorted(entry.name for entry in folders if entry.name in _PARTS)
    if parts:
        raise ZsbirError(
            f"{folder} is divided into {', '.join(parts)}: {_MERGE} {folder} itself, "
            f"{_NAME_UNSEEN} {argument('split', placeholder='PATH')}"
        )
    names = sorted(clean_name(entry.name) for entry in list_entries(folder))
    raise ZsbirError(
        f"{folder} holds no rendering: expected a folder such as {PAPER_RENDERING} between it and "
        f"the class folders\n{LAYOUT}\nfound:\n    {', '.join(names[:8]) or 'nothing'}"
    )


def _holds_images(folder: os.DirEntry[str]) -> bool:
    # One that may not be entered (lost+found) must not hide the message.
    return os.access(folder.path, os.R_OK | os.X_OK) and any(
        os.path.splitext(entry.name)[1].lower() in readable_suffixes() and not entry.is_dir()
        for entry in list_entries(folder.path)
    )
