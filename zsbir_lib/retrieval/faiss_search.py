"""What FAISS does for a large gallery: it finds candidates, which are then compared exactly.

Johnson, Douze and Jégou, *Billion-scale similarity search with GPUs*, 2017; Douze et al., *The
Faiss library*, 2024. Unit vectors are compared by inner product, which is their cosine. Nothing
else in the library knows FAISS.
"""

from __future__ import annotations

import hashlib
import importlib
import math
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch

from zsbir_lib.errors import ZsbirError, argument, check_counts

KINDS = ("exact", "ivf", "hnsw", "ivfpq")
"""How a gallery can be searched, exactly or by one of three approximate structures of FAISS."""

LEAST = 1024  # photos: fewer are searched exactly as fast as by any structure
_PER_CENTRE = 39  # photos that K-means needs for each of its centres: FAISS's own advice
_PQ_CENTRES = 256  # of each part of a product code: one byte
# Photos for each list to train on: four times as many find no more, and take four times as long.
_SAMPLE = 64
# Photos in view while a graph is built: with the 40 of FAISS, recall falls short as galleries grow.
_CONSTRUCTION = 200
_REFINE = 10  # candidates for each photo asked for, where distances are those of codes
# Among a million photos a graph finds .90 of the ten nearest with 128 in view, .96 with 256.
_BREADTH = {"exact": 0, "ivf": 32, "hnsw": 256, "ivfpq": 32}


@dataclass(frozen=True)
class Settings:
    """How a gallery is searched.

    Attributes
    ----------
    kind
        One of `KINDS`.
    n_lists, code_bytes, links
        As for `zsbir_lib.retrieval.LargeIndex`.
    """

    kind: str
    n_lists: int | None = None
    code_bytes: int | None = None
    links: int = 32

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ZsbirError(
                f"unknown search {self.kind!r}: {argument('search')} is one of {', '.join(KINDS)}"
            )
        check_counts(**{name: value for name, value in asdict(self).items() if name != "kind"})

    def for_gallery(self, size: int, width: int) -> Settings:
        """Return the settings with what was left open chosen for a gallery to train on.

        Raises
        ------
        ZsbirError
            If it has too few photos, or vectors that cannot be cut into so many parts.
        """
        settings = self
        if self.kind == "ivfpq" and size < _PER_CENTRE * _PQ_CENTRES:
            raise ZsbirError(
                f"product codes take {_PER_CENTRE * _PQ_CENTRES:,} photos to be trained on, "
                f"and there are {size:,}: give {argument('search', 'hnsw')}"
            )
        if self.is_trained and self.n_lists is None and size < _PER_CENTRE:
            raise ZsbirError(
                f"lists take {_PER_CENTRE} photos to be trained on, and there are {size}: give "
                f"{argument('search', 'exact')}"
            )
        if self.is_trained:
            most = max(1, size // _PER_CENTRE)
            n_lists = self.n_lists or min(most, round(4 * math.sqrt(size)))
            if size < _PER_CENTRE * n_lists:
                raise ZsbirError(
                    f"{n_lists} lists take {_PER_CENTRE * n_lists:,} photos to be trained on, and "
                    f"there are {size:,}: give {argument('n_lists', most)} or less, or "
                    f"{argument('search', 'exact')}"
                )
            settings = replace(settings, n_lists=n_lists)
        if self.kind == "ivfpq":
            divisors = [one for one in range(1, width + 1) if width % one == 0]
            code_bytes = self.code_bytes or max(one for one in divisors if one <= max(1, width / 4))
            if code_bytes not in divisors:
                raise ZsbirError(
                    f"vectors of {width} numbers cannot be cut into {code_bytes} parts: "
                    f"{argument('code_bytes')} must be one of {', '.join(map(str, divisors))}"
                )
            settings = replace(settings, code_bytes=code_bytes)
        return settings

    @property
    def factory(self) -> str:
        """What FAISS calls it."""
        return {
            "ivf": f"IVF{self.n_lists},Flat",
            "hnsw": f"HNSW{self.links},Flat",
            "ivfpq": f"IVF{self.n_lists},PQ{self.code_bytes}np",  # no polysemous codes
        }[self.kind]

    @property
    def is_trained(self) -> bool:
        """Whether it learns from photos before it takes any."""
        return self.kind in ("ivf", "ivfpq")

    @property
    def breadth(self) -> int:
        """How far a search looks if nobody says."""
        return _BREADTH[self.kind]

    def depth(self, top_k: int) -> int:
        """Return how many candidates to ask for, of each centre, where `top_k` are wanted."""
        return top_k * (_REFINE if self.kind == "ivfpq" else 1)


def load_faiss(kind: str) -> ModuleType:
    """Return FAISS, with as many threads as PyTorch takes, or raise a `ZsbirError`."""
    try:
        faiss = importlib.import_module("faiss")
    except ImportError:
        raise ZsbirError(
            f"{argument('search', kind)} takes FAISS, which is missing: pip install faiss-cpu, or "
            f"give {argument('search', 'exact')}"
        ) from None
    faiss.omp_set_num_threads(torch.get_num_threads())
    return faiss


def trained(settings: Settings, sample: np.ndarray) -> Any:
    """Return an empty structure, trained on unit vectors of shape (n, d) where it takes training.

    FAISS itself draws a sample of it, with a seed of its own, so the same vectors train the same.
    """
    faiss = load_faiss(settings.kind)
    structure = faiss.index_factory(sample.shape[1], settings.factory, faiss.METRIC_INNER_PRODUCT)
    if settings.kind == "hnsw":
        structure.hnsw.efConstruction = _CONSTRUCTION
    if settings.is_trained:
        structure.train(sample)
    return structure


def training_rows(settings: Settings, size: int) -> np.ndarray:
    """Return the rows of a gallery to train on, in order: all, or a sample that is large enough."""
    most = max(_SAMPLE * (settings.n_lists or 1), 256 * _PQ_CENTRES)
    if size <= most:
        return np.arange(size)
    return np.sort(np.random.default_rng(0).choice(size, most, replace=False))


def filled(settings: Settings, empty: Any, unit: np.ndarray) -> Any:
    """Return a copy of an empty structure that holds unit vectors.

    Parameters
    ----------
    settings
        Of the gallery.
    empty
        The structure, trained where it takes training; it stays as it is.
    unit
        Shape (n, d).
    """
    structure = load_faiss(settings.kind).clone_index(empty)
    structure.add(unit)
    return structure


def write_structure(structure: Any, path: Path) -> None:
    """Write a structure to a file; what FAISS cannot write is an `OSError`."""
    faiss = importlib.import_module("faiss")
    try:
        faiss.write_index(structure, str(path))
    except RuntimeError as error:
        raise OSError(0, f"FAISS: {_reason(error)}") from None


def read_structure(
    settings: Settings, path: Path, ntotal: int, width: int, *, mapped: bool = True
) -> Any:
    """Map a structure into memory from its file, or, if it is to be copied, read it.

    Parameters
    ----------
    settings
        Of the gallery.
    path
        The file that `write_structure` wrote.
    ntotal, width
        How many vectors it must hold, and of how many numbers each.
    mapped
        Whether it stays in its file.

    Raises
    ------
    ValueError
        If it is damaged, or not of so many vectors of this width.
    """
    faiss = load_faiss(settings.kind)
    # Lists are mapped by one way, vectors and graphs (by newer versions) by another.
    flags = faiss.IO_FLAG_MMAP if mapped else 0
    if mapped and settings.kind == "hnsw":
        flags = getattr(faiss, "IO_FLAG_MMAP_IFC", flags)
    try:
        structure = faiss.read_index(str(path), flags)
    except RuntimeError as error:
        raise ValueError(f"FAISS: {_reason(error)}") from None
    if (structure.ntotal, structure.d) != (ntotal, width):
        raise ValueError(f"{structure.ntotal} vectors of {structure.d} numbers")
    return structure


def structure_digest(settings: Settings, empty: Any) -> str:
    """Return what tells a trained structure from others; nothing for none."""
    if empty is None:
        return ""
    return hashlib.sha256(load_faiss(settings.kind).serialize_index(empty).data).hexdigest()


def candidates(
    settings: Settings,
    structure: Any,
    unit: np.ndarray,
    n_centres: int,
    depth: int,
    breadth: int,
    hidden: np.ndarray | None,
) -> np.ndarray:
    """Return the photos that are near to any centre of each query.

    Parameters
    ----------
    settings
        Of the gallery.
    structure
        That holds its photos.
    unit
        Centres of unit length, shape (n * n_centres, d), those of a query one after the other.
    n_centres
        Of each query.
    depth
        How many to look for, for each centre.
    breadth
        Lists to look into (IVF), or photos to keep in view (HNSW).
    hidden
        Photos that are passed over, a mask of shape (m,); None for none.

    Returns
    -------
    ndarray of int64, shape (n, c)
        Rows in ascending order, each once; where there are fewer than c, -1 before them.
    """
    faiss = load_faiss(settings.kind)
    chosen: dict[str, Any] = {}
    if hidden is not None:
        bits = np.packbits(~hidden, bitorder="little")
        chosen["sel"] = faiss.IDSelectorBitmap(bits)
    if settings.kind == "hnsw":
        parameters = faiss.SearchParametersHNSW(efSearch=max(breadth, depth), **chosen)
    else:
        parameters = faiss.SearchParametersIVF(nprobe=min(breadth, structure.nlist), **chosen)
    _, found = structure.search(unit, min(depth, structure.ntotal), params=parameters)
    found = np.sort(found.reshape(len(unit) // n_centres, -1), axis=1)
    if n_centres > 1:
        found[:, 1:][found[:, 1:] == found[:, :-1]] = -1
        found.sort(axis=1)
    most = max(1, int((found >= 0).sum(axis=1).max()))
    return found[:, -most:]


def _reason(error: RuntimeError) -> str:
    """Return what FAISS says went wrong, without the place in its source."""
    return str(error).rpartition("failed: ")[2].splitlines()[0][:200]
