"""``zsbir evaluate --queries ... --gallery ...``: embeddings and rankings of others, from files."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

import typer

from zsbir_lib.cli.options import FeatureOptions
from zsbir_lib.errors import ZsbirError
from zsbir_lib.reading import check_file

if TYPE_CHECKING:
    import numpy as np

    from zsbir_lib.protocols.embeddings import RetrievalTable

_HEADS = ("label", "labels", "class", "class_name", "category", "id", "ids", "name", "file")


def _file(text: str) -> Any:
    return typer.Option(metavar="FILE", help=text)


@dataclass(frozen=True)
class EmbeddingOptions(FeatureOptions):
    """Features of images, or embeddings that are only to be ranked and measured."""

    queries: Annotated[
        Path | None, _file("Embeddings of sketches made elsewhere: .npy, .npz, .csv or .txt.")
    ] = None
    gallery: Annotated[Path | None, _file("Embeddings of photos made elsewhere.")] = None
    ranking: Annotated[
        Path | None,
        _file("In place of both: places in the gallery, a row for each query; -1 for none."),
    ] = None
    query_labels: Annotated[
        Path | None, _file("Classes of the queries: .npy, .npz, .csv, or .txt with one a line.")
    ] = None
    gallery_labels: Annotated[Path | None, _file("Classes of the photos.")] = None
    distance: Annotated[
        str | None,
        typer.Option(
            help="cosine, euclidean or hamming. [default: hamming for binary codes, else cosine]"
        ),
    ] = None
    exclude_same_id: Annotated[
        bool,
        typer.Option(
            "--exclude-same-id",
            help="Leave each query itself out of its gallery: by the ids, else by row.",
        ),
    ] = False
    query_ids: Annotated[Path | None, _file("What the queries are called, as labels are.")] = None
    gallery_ids: Annotated[Path | None, _file("What the photos are called.")] = None

    def table(self, k: int | None) -> RetrievalTable | None:
        """Return what was measured on embeddings or a ranking; None where none were given."""
        files = ("queries", "gallery", "ranking", "query_labels", "gallery_labels")
        others = ("query_ids", "gallery_ids", "distance", "exclude_same_id")
        given = [name for name in (*files, *others) if getattr(self, name) not in (None, False)]
        if not given:
            return None
        needed = ["query_labels", "gallery_labels"]
        needed = (["ranking"] if self.ranking else ["queries", "gallery"]) + needed
        if missing := [name for name in needed if name not in given]:
            raise ZsbirError(f"--{_dashed(given[0])} needs --{_dashed(missing[0])} beside it")
        if self.ranking and (extra := [name for name in given if name not in needed]):
            raise ZsbirError(f"--ranking is a result already: leave out --{_dashed(extra[0])}")
        from zsbir_lib.protocols.embeddings import evaluate_embeddings, evaluate_rankings

        labels = {name: read_column(getattr(self, name)) for name in needed[-2:]}
        if self.ranking:
            return evaluate_rankings(read_matrix(self.ranking), **labels, k=k)
        ids = {
            name: read_column(path)
            for name in ("query_ids", "gallery_ids")
            if (path := getattr(self, name)) is not None
        }
        queries, gallery = (read_matrix(getattr(self, name)) for name in needed[:2])
        return evaluate_embeddings(
            queries, gallery, **labels, k=k,
            distance=self.distance, exclude_same_id=self.exclude_same_id, **ids,
        )  # fmt: skip

    def shown(
        self, table: RetrievalTable, per_class: bool, compare: list[str]
    ) -> tuple[str, dict[str, Any]]:
        """Return what is printed of a table, and its values for ``--json``."""
        from zsbir_lib.protocols.published import compare as set_beside

        beside = [set_beside(table, other) for other in compare]
        parts = [str(table), *[table.class_table()] * per_class, *map(str, beside)]
        values = table.to_dict()
        if beside:
            values["compared"] = [one.to_dict() for one in beside]
        return "\n\n".join(parts), values


def read_matrix(path: Path) -> np.ndarray:
    """Read rows of numbers.

    Raises
    ------
    ZsbirError
        If the file is missing, or holds something else.
    """
    import numpy as np

    found = _read_numpy(path)
    if found is None:
        rows = _read_rows(path)
        try:
            found = np.array([[float(value) for value in row] for row in rows])
        except ValueError:
            raise ZsbirError(f"{path} must hold rows of numbers, as many in each") from None
        # Whole numbers stay so: a ranking may be written like this.
        if np.isfinite(found).all() and (whole := found.astype(np.int64) == found).all():
            found = found.astype(np.int64) if whole.size else found
    if found.ndim != 2:
        raise ZsbirError(f"{path} must hold rows of numbers, not an array of shape {found.shape}")
    return found


def read_column(path: Path) -> np.ndarray:
    """Read labels or ids: one for each row.

    In a text file that is the only column, or the one whose head says ``label`` or ``class``.

    Raises
    ------
    ZsbirError
        If the file is missing, or holds something else.
    """
    import numpy as np

    found = _read_numpy(path)
    if found is None:
        rows = _read_rows(path)
        head = [value.strip().lower() for value in rows[0]]
        column = next((head.index(name) for name in _HEADS if name in head), None)
        if column is None and len(head) > 1:
            raise ZsbirError(
                f"{path} has {len(head)} columns: give one, or a first line that calls one 'label'"
            )
        body = rows if column is None else rows[1:]
        if len({len(row) for row in body}) > 1:
            raise ZsbirError(f"{path} does not have as many columns in every line")
        values = [row[column or 0].strip() for row in body]
        whole = all(value.lstrip("-").isdecimal() for value in values)
        found = np.array([int(value) for value in values] if whole else values)
    if found.ndim == 2 and 1 in found.shape:
        found = found.reshape(-1)
    if found.ndim != 1 or not len(found):
        raise ZsbirError(f"{path} must hold one label for each row, not shape {found.shape}")
    return found


def _read_numpy(path: Path) -> np.ndarray | None:
    """Return the array in an .npy or .npz file; None for a file of another kind."""
    check_file(path, f"the file {path}")
    with open(path, "rb") as stream:
        head = stream.read(6)
        if head != b"\x93NUMPY" and head[:4] != b"PK\x03\x04":
            return None
        stream.seek(0)
        return _load_numpy(path, stream)


def _load_numpy(path: Path, stream: BinaryIO) -> np.ndarray:
    import numpy as np

    try:
        found = np.load(stream, allow_pickle=False)
        if isinstance(found, np.ndarray):
            return found
        if len(found.files) != 1:
            names = ", ".join(found.files[:5])
            raise ZsbirError(f"{path} holds several arrays ({names}): give a file of one")
        return found[found.files[0]]
    except ZsbirError:
        raise
    except Exception as error:  # what NumPy raises for damaged files is of many kinds
        if "pickle" in str(error):
            raise ZsbirError(f"{path} holds Python objects: save plain numbers or text") from None
        raise ZsbirError(f"{path} is no file of NumPy's, or is damaged") from None


def _read_rows(path: Path) -> list[list[str]]:
    """Return the lines of a text file, cut at commas, tabs or, without either, not at all."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ZsbirError(f"{path} is neither a NumPy file nor text") from None
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    if not lines:
        raise ZsbirError(f"{path} holds nothing")
    cut = "," if "," in lines[0] else "\t" if "\t" in lines[0] else None
    if cut is not None:
        return list(csv.reader(io.StringIO("\n".join(lines)), delimiter=cut))
    numbers = all(_is_number(word) for word in lines[0].split())
    return [line.split() if numbers else [line] for line in lines]


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _dashed(name: str) -> str:
    return name.replace("_", "-")
