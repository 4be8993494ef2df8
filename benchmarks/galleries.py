"""Large galleries: recall, speed, building and memory of every search, and diffusion over them.

    python benchmarks/galleries.py --sizes 10000 100000      # some minutes
    python benchmarks/galleries.py --sizes 5000000 --kinds exact ivf ivfpq
    python benchmarks/galleries.py --diffusion 10000 30000 100000
    python benchmarks/galleries.py --diffusion 1000000 --graph ivf

The photos are vectors with the structure of real ones, since random noise has no neighbours to
find: features of the Toybox's photos through ToyNet, reduced to so many principal components. Each
photo of a large gallery lies between two of them of one class, drawn at random, at a random place,
with noise of a tenth of the spread that the features have around their class. Queries are five
centres for each sketch, features of sketches moved in the same way.

Every kind of search is built in a process of its own, one thread, so that its peak of memory is its
own; the vectors are written to a file first, and mapped. A figure is kept as soon as it is there in
``zsbir_lib/measured/galleries.json``, beside those of other sizes and kinds, and what is there is
not measured again without ``--again``. With ``--folder`` the vectors and the exact order stay there
too, so what was interrupted goes on. Queries for which FAISS finds fewer photos than were asked for
are searched exactly; they are counted, since they cost as much as an exact search and lose nothing.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import platform
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from record import write_record

import zsbir_lib
from zsbir_lib.datasets import load_dataset
from zsbir_lib.features import FeatureSet, extract_features, load_backbone
from zsbir_lib.files import atomic_path
from zsbir_lib.progress import progress_bar
from zsbir_lib.retrieval import KINDS, DiffusionIndex, LargeIndex, Ranking

KEPT = Path(__file__).parents[1] / "zsbir_lib/measured/galleries.json"
DEPTHS = (10, 100)
CENTRES = 5
BREADTHS = {
    "exact": (0,),
    "ivf": (1, 4, 16, 64, 256),
    "hnsw": (100, 128, 256, 512, 1024),  # below the photos asked for, breadth is their number
    "ivfpq": (4, 16, 64, 256),
}


def peak_bytes() -> int:
    """Return the largest memory that this process had, mapped files that were read included."""
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) * 1024


def reduced(features: FeatureSet, dim: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return features of photos and sketches in the photos' first principal components."""
    photos = torch.nn.functional.normalize(features.photos, dim=1)
    sketches = torch.nn.functional.normalize(features.sketches, dim=1)
    mean = photos.mean(dim=0)
    axes = torch.linalg.svd(photos - mean, full_matrices=False)[2][:dim].T
    return (photos - mean) @ axes, (sketches - sketches.mean(dim=0)) @ axes


def drawn(
    rows: torch.Tensor, labels: torch.Tensor, count: int, seed: int
) -> tuple[torch.Tensor, float]:
    """Return vectors between two rows of one class, with noise; and how large the noise is."""
    generator = torch.Generator().manual_seed(seed)
    order = labels.argsort(stable=True)
    sizes = labels.bincount()
    starts = sizes.cumsum(0) - sizes
    means = torch.stack([rows[labels == label].mean(dim=0) for label in range(len(sizes))])
    noise = 0.1 * float((rows - means[labels]).std(dim=0).mean())
    one = torch.randint(len(rows), (count,), generator=generator)
    label = labels[one]
    step = (torch.rand(count, generator=generator) * sizes[label]).long()
    other = order[starts[label] + step]
    share = torch.rand(count, 1, generator=generator)
    vectors = rows[one].lerp(rows[other], share)
    return vectors + noise * torch.randn(vectors.shape, generator=generator), noise


def write_gallery(path: Path, features: FeatureSet, size: int, dim: int) -> None:
    """Write the photos of a gallery, a hundred thousand at a time."""
    photos, _ = reduced(features, dim)
    target = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=(size, dim))
    for number, start in enumerate(range(0, size, 100_000)):
        count = min(100_000, size - start)
        target[start : start + count] = drawn(photos, features.photo_labels, count, number)[0]
    target.flush()


def make_queries(features: FeatureSet, count: int, dim: int) -> torch.Tensor:
    """Return the centres of `count` sketches, shape (count, CENTRES, dim)."""
    _, sketches = reduced(features, dim)
    moved, noise = drawn(sketches, features.sketch_labels, count, 2**20)
    generator = torch.Generator().manual_seed(2**20 + 1)
    return moved[:, None] + 3 * noise * torch.randn(count, CENTRES, dim, generator=generator)


def timed(index: LargeIndex, queries: torch.Tensor, top_k: int) -> tuple[Ranking, float, int]:
    """Return a ranking, queries a second of processor time, and how many were searched exactly."""
    index.search(queries[:2], top_k)  # maps what was not mapped
    before, start = index.exact_queries, time.process_time()
    ranking = index.search(queries, top_k)
    speed = len(queries) / (time.process_time() - start)
    return ranking, speed, index.exact_queries - before


def recall(found: torch.Tensor, exact: torch.Tensor, depth: int) -> float:
    """Return how many of the `depth` nearest photos are among the first `depth` found."""
    pairs = zip(found[:, :depth].tolist(), exact[:, :depth].tolist(), strict=True)
    return float(np.mean([len(set(one) & set(other)) / depth for one, other in pairs]))


def measure(kind: str, gallery: str, queries: torch.Tensor, truth: str) -> list[dict[str, Any]]:
    """Build one kind of search, and return a row for every breadth."""
    torch.set_num_threads(1)
    vectors = np.load(gallery, mmap_mode="r")
    size, dim = vectors.shape
    with tempfile.TemporaryDirectory(dir=Path(gallery).parent) as folder:
        start = time.process_time()
        LargeIndex(vectors, kind, folder=Path(folder) / "gallery")
        built, build_peak = time.process_time() - start, peak_bytes()
        files = [path for path in Path(folder).rglob("*") if path.is_file()]
        on_disk = sum(path.stat().st_size for path in files)
        searched = sum(path.stat().st_size for path in files if path.suffix == ".faiss")
        index = LargeIndex.open(Path(folder) / "gallery", check=False)
        rows = []
        for breadth in BREADTHS[kind]:
            index.breadth = breadth
            ranking, speed, exactly = timed(index, queries, max(DEPTHS))
            if kind == "exact":
                np.save(truth, ranking.indices.numpy())
            exact = torch.from_numpy(np.load(truth))
            rows.append(
                {
                    "kind": kind,
                    "photos": size,
                    "dim": dim,
                    "breadth": breadth,
                    "lists": index.settings.n_lists,
                    "code_bytes": index.settings.code_bytes,
                    "queries": len(queries),
                    "searched_exactly": exactly,
                    **{
                        f"recall@{depth}": round(recall(ranking.indices, exact, depth), 4)
                        for depth in DEPTHS
                    },
                    "queries_a_second": float(f"{speed:.3g}"),
                    "build_seconds": float(f"{built:.3g}"),
                    "bytes_a_photo_in_files": round(on_disk / size, 1),
                    "bytes_a_photo_of_structure": round(searched / size, 1),
                    "build_peak_bytes": build_peak,
                }
            )
    return rows


def measure_diffusion(gallery: str, queries: torch.Tensor, graph: str) -> list[dict[str, Any]]:
    """Make the neighbour graph of a gallery, and spread the scores of a few queries over it."""
    torch.set_num_threads(1)
    vectors = torch.from_numpy(np.load(gallery))
    start = time.process_time()
    index = DiffusionIndex(vectors, search=graph)
    graph_seconds = time.process_time() - start
    queries = queries[:5]
    start = time.process_time()
    for one in queries:
        index.search(one[None], max(DEPTHS))
    return [
        {
            "graph": graph,
            "photos": len(vectors),
            "dim": vectors.shape[1],
            "edges": int(index.graph.nnz),
            "graph_seconds": float(f"{graph_seconds:.3g}"),
            "seconds_a_query": float(f"{(time.process_time() - start) / len(queries):.3g}"),
            "peak_bytes": peak_bytes(),
        }
    ]


def in_a_process(work: Any, *arguments: Any) -> list[dict[str, Any]]:
    """Return what a function returns in a new process."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(work, arguments)


class Record:
    """The figures that are kept, which several runs of this script may add to at a time."""

    def __init__(self, path: Path, about: dict[str, Any]) -> None:
        self.path, self.about = path, {**about, "runs": [], "diffusion": []}

    def read(self) -> dict[str, Any]:
        """Return what is there, if it was made by the same versions from the same data."""
        if self.path.exists():
            kept = json.loads(self.path.read_text(encoding="utf-8"))
            if {**kept, "runs": [], "diffusion": []} == self.about:
                return kept
        return {**self.about, "runs": [], "diffusion": []}

    def has(self, part: str, **about: Any) -> bool:
        """Return whether a figure is there."""
        return any(about.items() <= run.items() for run in self.read()[part])

    def keep(self, part: str, rows: list[dict[str, Any]], *names: str) -> None:
        """Write figures, in place of those that agree with them in `names`, and print them."""
        kept = self.read()
        about = {name: rows[0][name] for name in names}
        kept[part] = [run for run in kept[part] if not about.items() <= run.items()] + rows
        kept[part].sort(key=lambda run: (run["photos"], KINDS.index(run.get("kind", KINDS[0]))))
        write_record(self.path, kept)
        for row in rows:
            print(json.dumps(row), flush=True)


def main() -> None:
    import faiss

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="*", default=[])
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--diffusion", type=int, nargs="*", default=[], help="sizes for it")
    parser.add_argument(
        "--graph",
        choices=KINDS,
        nargs="+",
        default=["exact", "ivf"],
        help="how its neighbours are looked for",
    )
    parser.add_argument("--dim", type=int, default=64)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--folder", type=Path, help="for the vectors (default: a temporary one)")
    parser.add_argument("--again", action="store_true", help="measure what is there, too")
    parser.add_argument("--json", type=Path, default=KEPT)
    options = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    features = extract_features(load_dataset("toybox", size="mini"), load_backbone("toynet"))
    record = Record(
        options.json,
        {
            "made by": "benchmarks/galleries.py",
            "dataset": features.dataset,
            "weights_id": features.weights_id,
            "library": zsbir_lib.__version__,
            "torch": torch.__version__.partition("+")[0],
            "faiss": faiss.__version__,
            "machine": platform.machine(),
            "threads": 1,
            "centres": CENTRES,
            "measure": "recall against the exact order; queries of five centres, the nearest 100, "
            "and building, by processor seconds of one thread; queries that were searched exactly; "
            "bytes of files; peak of memory while building, mapped files included",
        },
    )
    queries = make_queries(features, options.queries, options.dim)
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        for size in sorted({*options.sizes, *options.diffusion}):
            gallery = folder / f"photos-{size}-{options.dim}.npy"
            truth = folder / f"exact-{size}-{options.dim}-{len(queries)}.npy"
            if not gallery.exists():
                with atomic_path(gallery) as path:
                    write_gallery(path, features, size, options.dim)
            kinds = [
                kind
                for kind in KINDS
                if size in options.sizes
                and kind in options.kinds
                and (options.again or not record.has("runs", kind=kind, photos=size))
            ]
            if kinds and "exact" not in kinds and not truth.exists():
                kinds = ["exact", *kinds]
            for kind in progress_bar(kinds, desc=f"{size:,} photos", unit="search"):
                rows = in_a_process(measure, kind, str(gallery), queries, str(truth))
                record.keep("runs", rows, "kind", "photos", "dim")
            for graph in options.graph if size in options.diffusion else ():
                if options.again or not record.has("diffusion", graph=graph, photos=size):
                    rows = in_a_process(measure_diffusion, str(gallery), queries, graph)
                    record.keep("diffusion", rows, "graph", "photos", "dim")


if __name__ == "__main__":
    main()
