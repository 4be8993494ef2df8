"""A gallery of up to many millions of photos: sharded, kept in files, added to and removed from."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import numpy as np
import torch
from torch import Tensor

from zsbir_lib.errors import ZsbirError, check_counts
from zsbir_lib.retrieval.faiss_search import Settings, trained, training_rows
from zsbir_lib.retrieval.index import DEFAULT_MEMORY, Index, Ranking
from zsbir_lib.retrieval.kept_gallery import KeptGallery
from zsbir_lib.retrieval.shards import LEAST, MISSING, Found, Shard, make_shard
from zsbir_lib.retrieval.vectors import as_features, as_floats, prepared, scale_rows

SHARD = 2**20
"""Photos in a shard of a `LargeIndex`, by default."""


class LargeIndex(Index):
    r"""A gallery in shards, searched exactly or by FAISS, in memory or from mapped files.

    An approximate search asks FAISS for photos near to each centre of a query. It then compares the
    photos found with all centres exactly, by

    .. math:: D(x, q) = \min_k \, [1 - \cos(x, C_k)] ,

    so these have the distances and the order of an exact search, ties in the order of the gallery,
    and what can be lost is a photo that FAISS did not find. A query for which it finds fewer than
    were asked for is searched exactly.

    Parameters
    ----------
    gallery
        Shape (m, D). It is read shard by shard, so a mapped file may be larger than memory.
    search
        ``"exact"``; ``"ivf"``: photos in lists around K-means centres (inverted file), of which the
        nearest are looked through; ``"hnsw"``: a graph that is walked towards the query (Malkov and
        Yashunin, 2018); ``"ivfpq"``: lists of product codes (Jégou, Douze and Schmid, 2011), a few
        bytes for each photo. All but the first take the extra ``faiss``.
    folder
        Where to keep it: a new or empty folder. ``None`` keeps it in memory. Where making it is
        interrupted, the same call goes on behind the last shard that was finished.
    n_lists
        Of IVF; about four times the root of m by default.
    code_bytes
        Bytes of a product code; a number that divides D, by default at most D / 4.
    links
        Of each photo in the graph of HNSW; twice as many in its lowest layer.
    breadth
        How far a search looks: lists (32 by default), or photos that HNSW keeps in view (256, and
        never fewer than are asked for). It may be set again at any time, as the attribute of this
        name.
    shard_size
        Most photos of a shard.

    Attributes
    ----------
    kind : str
        How it is searched.
    breadth : int
        See above.
    exact_queries : int
        Queries of an approximate search that were searched exactly, since FAISS found too few
        photos for them: so many since the index was made or opened. Where they are many, searching
        is as slow as exactly, and a larger `breadth` is faster.

    Raises
    ------
    ZsbirError
        As `Index` does; or if FAISS is missing, there are too few photos to train on, or `folder`
        holds anything.
    """

    def __init__(
        self,
        gallery: Any,
        search: str = "hnsw",
        *,
        folder: str | os.PathLike[str] | None = None,
        n_lists: int | None = None,
        code_bytes: int | None = None,
        links: int = 32,
        breadth: int | None = None,
        shard_size: int = SHARD,
    ) -> None:
        settings = Settings(search, n_lists, code_bytes, links)
        check_counts(breadth=breadth, shard_size=shard_size)
        gallery = as_features("gallery", gallery, ndims=(2,))
        settings = settings.for_gallery(*gallery.shape)
        self._begin(settings, gallery.shape[1], shard_size, breadth)
        empty = None
        if search != "exact":
            sample = gallery[training_rows(settings, len(gallery))]
            vectors, inverse_norms = prepared("gallery", sample, self.device)
            empty = trained(settings, (vectors * inverse_norms[:, None]).numpy())
        self._empty: Any = empty
        self._kept = None if folder is None else KeptGallery(folder)
        if self._kept is not None:
            self._kept.check_new()
        with self._changing():
            self._append(gallery)

    def _begin(self, settings: Settings, width: int, shard_size: int, breadth: int | None) -> None:
        self.device = torch.device("cpu")
        self.settings, self.kind = settings, settings.kind
        self.width, self.shard_size = width, shard_size
        self.breadth = settings.breadth if breadth is None else breadth
        self.exact_queries = 0
        self.shards: list[Shard] = []
        self._hidden = np.zeros(0, dtype=bool)

    @classmethod
    def open(cls, folder: str | os.PathLike[str], *, check: bool = True) -> LargeIndex:
        """Open a gallery that is kept in a folder; its files are mapped into memory.

        Parameters
        ----------
        folder
            That was given to `LargeIndex` before.
        check
            Whether to read every file once and compare it with its checksum. Without it only sizes
            are looked at, and opening takes milliseconds.

        Raises
        ------
        ZsbirError
            If there is no gallery, it is damaged or of another version, or FAISS is missing.
        """
        kept = KeptGallery(folder)
        told = kept.read()
        index = cls.__new__(cls)
        settings = Settings(**told["settings"])
        index._begin(settings, told["width"], told["shard_size"], told["breadth"])
        index._kept = kept
        index.shards, index._empty = kept.shards(settings, check)
        index._hidden = np.zeros(sum(map(len, index.shards)), dtype=bool)
        index._hidden[told["removed"]] = True
        return index

    def __len__(self) -> int:
        """Return the number of places, those of removed photos included."""
        return len(self._hidden)

    @property
    def size(self) -> int:
        """Photos that are there.

        ``len`` also counts those that were removed, since every photo keeps its place for ever.
        """
        return len(self._hidden) - int(self._hidden.sum())

    @property
    def removed(self) -> np.ndarray:
        """Places of photos that were removed, in order."""
        return np.flatnonzero(self._hidden)

    def state(self) -> dict[str, Tensor]:
        """Raise a `ZsbirError`: a large gallery is kept in a folder of its own."""
        raise ZsbirError("a large gallery is kept in a folder: give one when it is made")

    def add(self, gallery: Any) -> range:
        """Add photos behind those that are there, and return their places.

        Nothing is trained or built again but a last shard of fewer than 1,024 photos. What a
        structure learnt from the first photos should hold for the new ones: where these are of
        another kind, recall falls, and a new index is better.

        Parameters
        ----------
        gallery
            Shape (n, D).

        Raises
        ------
        ZsbirError
            If they are of another width or hold NaN; or if another process changed the folder.
        """
        gallery = as_features("gallery", gallery, ndims=(2,))
        if gallery.shape[1] != self.width:
            raise ZsbirError(
                f"the new photos have {gallery.shape[1]} numbers and the gallery {self.width}: "
                "both must come from the same method"
            )
        first = len(self)
        with self._changing():
            self._append(gallery)
        return range(first, len(self))

    def remove(self, places: Any) -> None:
        """Remove photos: no search finds them any more, and no other photo gets their places.

        Parameters
        ----------
        places
            Whole numbers, of photos that are there.

        Raises
        ------
        ZsbirError
            If there is no such photo, or it was removed before; nothing is removed then.
        """
        wanted = np.atleast_1d(np.asarray(places))
        if wanted.dtype.kind not in "iu" or wanted.ndim != 1:
            raise ZsbirError("photos are removed by their places, which are whole numbers")
        wrong = wanted[(wanted < 0) | (wanted >= len(self))]
        gone = wrong if len(wrong) else wanted[self._hidden[wanted]]
        if len(gone):
            raise ZsbirError(f"cannot remove photo {gone[0]}: it is not in the gallery")
        with self._changing():
            self._hidden = self._hidden.copy()
            self._hidden[wanted] = True

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Keep a change whole, or bring back what was before."""
        before = self.shards, self._hidden
        with nullcontext() if self._kept is None else self._kept.alone():
            try:
                yield
                if self._kept is not None:
                    self._kept.write(self)
            except BaseException:
                self.shards, self._hidden = before
                raise

    def _append(self, gallery: Tensor | np.ndarray) -> None:
        """Add shards; what is last and small becomes part of the first of them."""
        before: tuple[Tensor, Tensor] | None = None
        shards, start = list(self.shards), 0
        if shards and len(shards[-1]) < min(LEAST, self.shard_size):
            last = shards.pop()
            before = last.vectors, last.inverse_norms
        store = None if self._kept is None else self._kept.store
        while start < len(gallery):
            room = self.shard_size - (0 if before is None else len(before[0]))
            part = prepared("gallery", gallery[start : start + room], self.device, start)
            start += room
            if before is not None:
                part = torch.cat([before[0], part[0]]), torch.cat([before[1], part[1]])
                before = None
            shards.append(make_shard(store, self.settings, self._empty, *part))
        self.shards = shards
        more = sum(map(len, shards)) - len(self._hidden)
        self._hidden = np.concatenate([self._hidden, np.zeros(more, dtype=bool)])

    def iter_search(
        self,
        queries: Any,
        top_k: int | None = None,
        *,
        memory: int = DEFAULT_MEMORY,
        with_centres: bool = True,
    ) -> Iterator[tuple[int, Ranking]]:
        """Rank the gallery for one block of queries after another.

        Parameters
        ----------
        queries, top_k, memory, with_centres
            As for `Index.iter_search`; `top_k` is at most `size`, and `memory` leaves out what the
            system maps of files, and what FAISS takes for itself.

        Yields
        ------
        (int, Ranking)
            As `Index.iter_search` does.

        Raises
        ------
        ZsbirError
            As `Index.iter_search` does.
        """
        if not self.size:
            raise ZsbirError("every photo of the gallery was removed: add some")
        queries, top_k = self._checked(queries, top_k)
        return self._found(queries, top_k, memory, with_centres)

    @torch.no_grad()
    def _found(
        self, queries: Tensor | np.ndarray, top_k: int, memory: int, with_centres: bool
    ) -> Iterator[tuple[int, Ranking]]:
        n_centres = 1 if queries.ndim == 2 else queries.shape[1]
        depth = min(self.settings.depth(top_k), max(map(len, self.shards)))
        # The candidates' vectors and cosines; the keys and centres of two parts.
        per_query = n_centres * depth * (4 * self.width + 4 * n_centres + 48) + 96 * top_k
        step = int(max(1, min(512 // n_centres, memory // 2 // per_query)))
        for start in range(0, len(queries), step):
            part = as_floats(queries[start : start + step], self.device)
            rows = part.reshape(-1, self.width)
            scaled = torch.empty(rows.shape, dtype=torch.float32)
            norms = torch.empty(len(rows), dtype=torch.float32)
            scale_rows("queries", rows, scaled, norms, start, n_centres)
            shape = (len(part), n_centres, self.width)
            found = self._best((scaled.view(shape), norms.view(shape[:2])), top_k, memory)
            keys = torch.from_numpy(found.keys)
            distances = (keys >> 32).to(torch.int32).view(torch.float32)
            centres = torch.from_numpy(found.centres) if with_centres else None
            yield start, Ranking(keys & 0xFFFFFFFF, distances, centres)

    def _best(self, queries: tuple[Tensor, Tensor], top_k: int, memory: int) -> Found:
        """Return the nearest photos of a block of scaled queries, in all shards."""
        found = self._in_shards(queries, top_k, memory, exact=self.kind == "exact")
        short = found.keys[:, -1] == MISSING
        if found.keys.shape[1] < top_k:
            short[:] = True
        if self.kind == "exact" or not short.any():
            return found
        self.exact_queries += int(short.sum())
        left = torch.from_numpy(short)
        whole = self._in_shards((queries[0][left], queries[1][left]), top_k, memory, exact=True)
        if short.all():
            return whole
        found.keys[short], found.centres[short] = whole.keys, whole.centres
        return found

    def _in_shards(
        self, queries: tuple[Tensor, Tensor], top_k: int, memory: int, *, exact: bool
    ) -> Found:
        best: Found | None = None
        first = 0
        for shard in self.shards:
            hidden = self._hidden[first : first + len(shard)]
            some_hidden = hidden if hidden.any() else None
            if exact or shard.structure is None:
                found = shard.exact(queries[0], top_k, first, some_hidden, memory)
            else:
                found = shard.approximate(
                    queries, top_k, first, some_hidden, self.settings, self.breadth
                )
            best = found.best(best, top_k)
            first += len(shard)
        assert best is not None
        return best
