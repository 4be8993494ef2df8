"""Minimum-cosine ranking of a gallery, exactly and block by block.

A sketch is a query of one vector, or of K centres of the features that a generative method made
for it. The gallery is ranked by the distance to the nearest centre,

    D(photo, sketch) = min_k [1 - cos(photo, C_k)],

exactly, block by block, so that no matrix of all queries by all photos ever exists. Photos at the
same distance come in the order of the gallery.

Two choices make such ties exact. Vectors are scaled by powers of two, which rounds nothing, and
divided by their norms only after the product: binary codes at the same Hamming distance then get
the same number. And a photo is selected by one integer, its distance's bits followed by its place
in the gallery: these integers all differ, so no selection can order them in two ways.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from zsbir_lib.devices import choose_device
from zsbir_lib.errors import ZsbirError
from zsbir_lib.retrieval.kmeans import is_integer
from zsbir_lib.retrieval.selection import nearest_centre, select_smallest, selection_device
from zsbir_lib.retrieval.vectors import as_features, as_floats, prepared, scale_rows

if TYPE_CHECKING:
    from typing_extensions import Self

DEFAULT_MEMORY = 512 * 2**20
"""Bytes that ranking may use beside its inputs, its index and its result."""

# One matrix product takes at most this many rows (nearly its full speed) and bytes. Its shape
# depends on the inputs alone, since products of other shapes may add in another order.
_PRODUCT_ROWS = 512
_PRODUCT_BYTES = 128 * 2**20
# Photos multiplied at once on a CPU: one product of 10,453 takes half as long again.
_RUN = 512
# Products of fewer rows take a path of their own in most BLAS, with other roundings.
_ROW_STEP = 16


@dataclass(frozen=True, eq=False)
class Ranking:
    """The nearest photos of each query, nearest first.

    Attributes
    ----------
    indices : Tensor of int64, shape (n, top_k)
        Places in the gallery. Photos at the same distance come in the order of the gallery.
    distances : Tensor of float32, shape (n, top_k)
        Cosine distance to the nearest centre, 0 (same direction) to 2 (opposite).
    centres : Tensor of int64, shape (n, top_k), or None
        Which centre was the nearest, the first of several equally near; all 0 for queries of one
        vector; ``None`` where it was not asked for.
    """

    indices: Tensor
    distances: Tensor
    centres: Tensor | None = None

    def __len__(self) -> int:
        """Return the number of queries."""
        return len(self.indices)


class Index:
    """A gallery prepared once, to be searched many times.

    Parameters
    ----------
    gallery
        Embeddings of the photos, shape (m, D): a tensor or an array of real numbers. They are
        copied as float32, so the index takes ``4 m D`` bytes.
    device
        Where to compute: any argument of `choose_device`. ``None`` stays where the gallery is.

    Notes
    -----
    The cosine with a vector of zeros, which has no direction, is 0 by definition: such a photo is
    at distance 1 of every query, and such a query at distance 1 of every photo.

    Raises
    ------
    ZsbirError
        If the gallery is empty, not a matrix, or holds NaN or infinite numbers; the message names
        the first such row.
    """

    def __init__(self, gallery: Any, *, device: str | torch.device | None = None) -> None:
        gallery = as_features("gallery", gallery, ndims=(2,))
        here = gallery.device if isinstance(gallery, Tensor) else torch.device("cpu")
        self.device = here if device is None else choose_device(device)
        self.size, self.width = gallery.shape
        self._gallery, self._inverse_norms = prepared("gallery", gallery, self.device)

    def __len__(self) -> int:
        """Return the number of photos."""
        return self.size

    def state(self) -> dict[str, Tensor]:
        """Return all that a search needs, as tensors on the CPU; see `from_state`."""
        return {"gallery": self._gallery.cpu(), "inverse_norms": self._inverse_norms.cpu()}

    @classmethod
    def from_state(cls, state: Mapping[str, Tensor], device: torch.device) -> Self:
        """Return the index whose `state` it was, to the last bit, without preparing it again."""
        index = cls.__new__(cls)
        index.device = device
        index._gallery = state["gallery"].to(device)
        index._inverse_norms = state["inverse_norms"].to(device)
        index.size, index.width = index._gallery.shape
        return index

    def search(self, queries: Any, top_k: int | None = None, **options: Any) -> Ranking:
        """Rank the gallery for every query and return the whole result.

        Parameters
        ----------
        queries, top_k, **options
            As in `iter_search`.

        Returns
        -------
        Ranking
            On the CPU.
        """
        centres = None
        for start, part in self.iter_search(queries, top_k, **options):
            if start == 0:
                shape = (len(queries), part.indices.shape[1])
                indices = torch.empty(shape, dtype=torch.int64)
                distances = torch.empty(shape, dtype=torch.float32)
                if part.centres is not None:
                    centres = torch.empty(shape, dtype=torch.int64)
            rows = slice(start, start + len(part))
            indices[rows] = part.indices
            distances[rows] = part.distances
            if centres is not None and part.centres is not None:
                centres[rows] = part.centres
        return Ranking(indices, distances, centres)

    def iter_search(
        self,
        queries: Any,
        top_k: int | None = None,
        *,
        memory: int = DEFAULT_MEMORY,
        with_centres: bool = True,
    ) -> Iterator[tuple[int, Ranking]]:
        """Rank the gallery for one block of queries after another.

        The results do not depend on `memory`, which only sets how many queries are sorted at
        once. Between calls of different numbers of queries a distance may differ in its last bit.

        Parameters
        ----------
        queries
            Shape (n, D), or (n, K, D) for K centres each: a tensor or an array.
        top_k
            How many photos to return for a query; ``None`` for all of them.
        memory
            Most bytes to use: for the matrix product (up to 128 MiB), and for the distances and
            the result of one block. What the matrix library and the allocator keep for
            themselves, some 10 MiB, comes on top.
        with_centres
            Whether to tell which centre was the nearest.

        Yields
        ------
        (int, Ranking)
            The number of the block's first query, and the block's ranking, on the CPU.

        Raises
        ------
        ZsbirError
            If the queries are empty, of another width than the gallery, or hold NaN or infinite
            numbers (the message names the first such query); if `top_k` is not in 1..m; or if
            `memory` cannot hold the product and a block of one query; the message says how many
            bytes can.
        """
        queries, top_k = self._checked(queries, top_k)
        n_centres = 1 if queries.ndim == 2 else queries.shape[1]
        in_product = self._queries_in_product(len(queries), n_centres)
        rows = _rows(in_product * n_centres)
        # Vectors as given, converted and scaled, and their products.
        fixed = self._row_bytes() * rows
        # The smallest distances and the keys; the result in work and the one before it, which
        # the caller may still hold.
        per_query = 12 * self.size + (44 + 29 * bool(with_centres)) * top_k
        in_block = int(min(in_product, (memory - fixed) // per_query))
        if in_block < 1:
            raise ZsbirError(
                f"memory of {memory} bytes is too small for {self.size} photos of {self.width} "
                f"numbers: it takes at least {fixed + per_query}"
            )
        return self._blocks(queries, n_centres, top_k, in_product, in_block, with_centres)

    def _checked(self, queries: Any, top_k: int | None) -> tuple[Tensor | np.ndarray, int]:
        """Return queries and how many photos are asked for, or raise a `ZsbirError`."""
        queries = as_features("queries", queries, ndims=(2, 3))
        if queries.shape[-1] != self.width:
            raise ZsbirError(
                f"queries have {queries.shape[-1]} numbers and the gallery {self.width}: "
                "both must come from the same method"
            )
        top_k = self.size if top_k is None else top_k
        if not is_integer(top_k) or not 1 <= top_k <= self.size:
            raise ZsbirError(
                f"K must be a whole number from 1 to the gallery's {self.size} photos, not {top_k}"
            )
        return queries, int(top_k)

    def _rescore(self, distances: Tensor) -> Tensor:
        """Return what to rank a block of queries by, given their distances (n, m)."""
        return distances

    def _row_bytes(self) -> int:
        return 16 * self.width + 4 * self.size + (4 * _RUN if self._in_runs else 0)

    @property
    def _in_runs(self) -> bool:
        """Whether photos are multiplied a run at a time, which takes a buffer."""
        return self.device.type == "cpu" and self.size > _RUN

    def _queries_in_product(self, n: int, n_centres: int) -> int:
        rows = min(_PRODUCT_ROWS, _PRODUCT_BYTES // self._row_bytes() // _ROW_STEP * _ROW_STEP)
        return min(n, max(1, rows // n_centres))

    def _multiply(self, vectors: Tensor, products: Tensor) -> None:
        """Write the products of some vectors with all photos.

        MKL is slower where the rows of a result lie far apart, so photos are taken a run at a time,
        whose products are then copied. All runs are of one length, the last overlaps the one before
        it: products of another shape may add in another order, and copies of a photo would get
        other distances.
        """
        if not self._in_runs:
            torch.mm(vectors, self._gallery.T, out=products)
            return
        near = torch.empty((len(vectors), _RUN), dtype=products.dtype)
        for start in range(0, self.size, _RUN):
            first = min(start, self.size - _RUN)
            run = slice(first, first + _RUN)
            torch.mm(vectors, self._gallery[run].T, out=near)
            products[:, run] = near

    @torch.no_grad()
    def _blocks(
        self,
        queries: Tensor | np.ndarray,
        n_centres: int,
        top_k: int,
        in_product: int,
        in_block: int,
        with_centres: bool,
    ) -> Iterator[tuple[int, Ranking]]:
        """Multiply `in_product` queries at once, and sort `in_block` of them at once."""
        rows = _rows(in_product * n_centres)
        vectors = torch.zeros((rows, self.width), dtype=torch.float32, device=self.device)
        inverse_norms = torch.zeros(rows, dtype=torch.float32, device=self.device)
        products = torch.empty((rows, self.size), dtype=torch.float32, device=self.device)
        minus_inverse_norms = -self._inverse_norms
        places = torch.arange(self.size, dtype=torch.int64, device=selection_device(self.device))
        for first in range(0, len(queries), in_product):
            part = as_floats(queries[first : first + in_product], self.device)
            count = len(part)
            used = count * n_centres
            scale_rows(
                "queries",
                part.reshape(used, self.width),
                vectors[:used],
                inverse_norms[:used],
                first,
                n_centres,
            )
            del part
            # The rows beyond those in use, in the last product, are not looked at.
            self._multiply(vectors, products)
            products[:used].mul_(inverse_norms[:used, None])
            cosines = products[:used].view(count, n_centres, self.size)
            for start in range(0, count, in_block):
                block = cosines[start : start + in_block]
                distances = block[:, 0] if n_centres == 1 else block.amax(dim=1)
                # Not fused: fused operations round otherwise where a row's last numbers are left.
                distances.mul_(minus_inverse_norms).add_(1).clamp_(min=0)
                distances = self._rescore(distances)
                indices, smallest = select_smallest(distances, places, top_k)
                del distances
                nearest = nearest_centre(block, indices) if with_centres else None
                yield first + start, Ranking(indices, smallest, nearest)


def _rows(used: int) -> int:
    """Return the rows of a product that holds `used` vectors."""
    return -(-used // _ROW_STEP) * _ROW_STEP
