"""What ``zsbir retrieve`` says about one drawing, and the pictures that it writes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zsbir_lib.cli.sketches import Sketch, Sketches
from zsbir_lib.errors import ZsbirError
from zsbir_lib.files import check_outputs, write_json

if TYPE_CHECKING:
    from PIL import Image

    from zsbir_lib.cli.galleries import Gallery

PICTURE_SUFFIXES = (".png", ".svg", ".pdf")
_MARKER, _FORMAT = "zsbir-pictures.json", "zsbir-pictures-1"


class Pictures:
    """Where the picture of each drawing goes: one file, a file each in a folder, or nowhere.

    Parameters
    ----------
    out
        What ``--out`` names.
    sketches
        The drawings.

    Raises
    ------
    ZsbirError
        If nothing can be written there, something else lies there, or it is a drawing itself.
    """

    def __init__(self, out: Path | None, sketches: Sketches) -> None:
        self._folder: Path | None = None
        self._targets: dict[int, Path] = {}
        if out is None:
            return
        if not sketches.many and not out.is_dir():
            from zsbir_lib.plots import check_picture_path

            check_outputs(check_picture_path(out))
            self._targets = {id(sketches.all[0]): out}
        else:
            if out.suffix.lower() in PICTURE_SUFFIXES and not out.is_dir():
                raise ZsbirError(
                    f"--out {out} is one picture, for {len(sketches.all):,} drawings: name a folder"
                )
            self._folder = out
            names = _distinct([sketch.stem for sketch in sketches.all])
            for sketch, name in zip(sketches.all, names, strict=True):
                self._targets[id(sketch)] = out / f"{name}.png"
            check_outputs(out / _MARKER)
            self._ours = self._read_marker()
            for target in self._targets.values():
                if target.name not in self._ours and target.exists():
                    raise ZsbirError(
                        f"{target} is no picture that `zsbir retrieve` wrote: move it, or name "
                        "another folder"
                    )
        for sketch in sketches.all:
            for target in self._targets.values() if self._folder is None else ():
                if target.exists() and sketch.path.exists() and target.samefile(sketch.path):
                    raise ZsbirError(
                        f"--out {target} is the drawing itself: give the picture another name"
                    )

    def _read_marker(self) -> set[str]:
        """Return the names of the pictures that an earlier run wrote into the folder."""
        assert self._folder is not None
        try:
            told = json.loads((self._folder / _MARKER).read_text(encoding="utf-8"))
            if told["format"] == _FORMAT:
                return set(map(str, told["pictures"]))
        except FileNotFoundError:
            return set()
        except (OSError, ValueError, KeyError, TypeError):
            pass
        raise ZsbirError(f"{self._folder / _MARKER} is damaged or of another kind: delete it, and "
                         "the pictures beside it, or name another folder")  # fmt: skip

    def begin(self) -> None:
        """Write down what will be written, so that a later run knows it for its own."""
        if self._folder is not None:
            names = self._ours | {target.name for target in self._targets.values()}
            target = self._folder / _MARKER
            write_json(target, {"format": _FORMAT, "pictures": sorted(names)})

    def save(
        self, sketch: Sketch, drawing: Image.Image, answer: dict[str, Any], gallery: Gallery
    ) -> None:
        """Draw the answer to one drawing, if pictures are asked for, and note it in the answer."""
        target = self._targets.get(id(sketch))
        if target is None:
            return
        from zsbir_lib.plots import Retrieved, plot_retrieval

        photos = [gallery.photo(row["row"]) for row in answer["photos"]]
        classes = [row["class"] or "" for row in answer["photos"]]
        figure = plot_retrieval([Retrieved(drawing, photos, classes, answer["class"])])
        figure.save(target)
        answer |= {"alt": figure.alt_text, "out": str(target)}


def _distinct(names: Sequence[str]) -> list[str]:
    """Return names that differ, also where capitals count for nothing: cat, cat-2."""
    taken: set[str] = set()
    found = []
    for name in names:
        new, count = name or "drawing", 1
        while new.casefold() in taken:
            count += 1
            new = f"{name or 'drawing'}-{count}"
        taken.add(new.casefold())
        found.append(new)
    return found


def answer_of(
    sketch: Sketch, rows: Sequence[int], distances: Sequence[float], gallery: Gallery
) -> dict[str, Any]:
    """Return the photos found for a drawing, nearest first, as JSON values."""
    photos = [
        {
            "rank": rank,
            "row": row,
            "class": gallery.class_name(row),
            "id": gallery.photo_id(row),
            "distance": round(distance, 6),
        }
        for rank, (row, distance) in enumerate(zip(rows, distances, strict=True), start=1)
    ]
    right = first = None
    if sketch.class_name is not None:
        right = sum(photo["class"] == sketch.class_name for photo in photos)
        first = photos[0]["class"] == sketch.class_name
    return {
        "sketch": str(sketch.path),
        "number": sketch.number,
        "class": sketch.class_name,
        "photos": photos,
        "right": right,
        "first_right": first,
        "alt": None,
        "out": None,
    }


def answer_text(answer: dict[str, Any], name: str | None) -> str:
    """Return an answer as lines, below the drawing's name where there are several."""
    width = max(len(photo["class"] or "") for photo in answer["photos"])
    lines = [
        f"{photo['rank']:>4}  {photo['class'] or '':<{width}}  {photo['distance']:.4f}  "
        f"{photo['id']}" + "  (another class)" * (answer["class"] not in (None, photo["class"]))
        for photo in answer["photos"]
    ]
    if name is not None:
        lines.insert(0, f"{name}:")
    if answer["out"] is not None:
        lines.append(f"picture: {answer['out']}")
    return "\n".join(lines)
