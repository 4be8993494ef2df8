"""Exact search: the library's own against FAISS's flat index, on the same vectors, in turns.

    python benchmarks/exact.py                       # the paper's gallery, 10,453 photos
    python benchmarks/exact.py --gallery 100000 --dim 64

The 200 nearest photos of every query by the cosine, on one thread, by processor seconds. Both must
find the same photos; where two are as near as each other to six digits, either may come first.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path
from typing import Any

import torch
from goals import GOALS

from zsbir_lib.files import write_json
from zsbir_lib.retrieval import Index


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Return the seconds of both, their ratio, and the share of places where they agree."""
    import faiss

    faiss.omp_set_num_threads(1)
    generator = torch.Generator().manual_seed(options.seed)
    gallery = torch.randn(options.gallery, options.dim, generator=generator).relu()
    queries = torch.randn(options.queries, options.dim, generator=generator).relu()
    ours = Index(gallery)
    theirs = faiss.IndexFlatIP(options.dim)
    theirs.add(torch.nn.functional.normalize(gallery, dim=1).numpy())
    seconds: dict[str, list[float]] = {"ours": [], "FAISS": []}
    for number in range(options.rounds + 1):
        start = time.process_time()
        found = ours.search(queries, options.k)
        middle = time.process_time()
        normed = torch.nn.functional.normalize(queries, dim=1).numpy()
        similarity, indices = theirs.search(normed, options.k)
        end = time.process_time()
        if number:  # the first one warms up
            seconds["ours"].append(middle - start)
            seconds["FAISS"].append(end - middle)
    torch.testing.assert_close(found.distances, 1 - torch.from_numpy(similarity), rtol=0, atol=1e-5)
    return {
        "queries": options.queries,
        "gallery": options.gallery,
        "dim": options.dim,
        "k": options.k,
        "seconds": {name: statistics.median(taken) for name, taken in seconds.items()},
        "FAISS / ours": statistics.median(
            b / a for a, b in zip(seconds["ours"], seconds["FAISS"], strict=True)
        ),
        "same place": float((found.indices == torch.from_numpy(indices)).double().mean()),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--queries", type=int, default=1000)
    add("--gallery", type=int, default=10_453, help="photos (default: %(default)s)")
    add("--dim", type=int, default=4_096, help="numbers in a feature (default: %(default)s)")
    add("--k", type=int, default=200, help="photos to find (default: %(default)s)")
    add("--rounds", type=int, default=3)
    add("--seed", type=int, default=0)
    add("--json", type=Path, metavar="FILE", help="write the figures there")
    options = parser.parse_args()
    torch.set_num_threads(1)
    result = measure(options)
    for name, taken in result["seconds"].items():
        print(f"{name:6} {taken:8.2f} s for {options.queries} queries")
    print(f"FAISS / ours {result['FAISS / ours']:.2f} ({GOALS['exact: FAISS / ours']})")
    if options.json:
        write_json(options.json, result)


if __name__ == "__main__":
    main()
