"""K-means of the samples of many sketches: the library's, scikit-learn's, and FAISS's, in turns.

    python benchmarks/kmeans.py                       # 32 sketches of 200 samples of 4,096 numbers
    python benchmarks/kmeans.py --sketches 4 --dim 512 --rounds 1

Samples are made as a generative method makes them: a random network with ReLUs decodes latent
vectors, 200 for each sketch. Every contender begins with the same five centres and goes on until no
sample changes its cluster; FAISS, which does not look whether one does, is given the rounds that
scikit-learn took. Then all have found the same: the script compares their inertia (the sum of
squared distances to the nearest centre), and fails if one differs by more than a ten-thousandth.
The library computes all sketches at once, or one at a time; the others know one set at a time.
All on one thread, by processor seconds.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from goals import GOALS
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_limits

from zsbir_lib.files import write_json
from zsbir_lib.retrieval import kmeans

LATENT, HIDDEN = 64, 512
CAP = 300  # rounds, more than any set takes


def generated(sketches: int, samples: int, dim: int, seed: int) -> torch.Tensor:
    """Return samples that a random network decodes: shape (sketches, samples, dim)."""
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=generator)

    of_latent, of_sketch = normal(LATENT, HIDDEN), normal(LATENT, HIDDEN)
    out = normal(HIDDEN, dim) / HIDDEN**0.5
    hidden = normal(sketches, samples, LATENT) @ of_latent + normal(sketches, 1, LATENT) @ of_sketch
    return ((hidden / LATENT**0.5).relu() @ out).relu()


def inertia(samples: np.ndarray, centres: np.ndarray) -> float:
    """Return the sum of squared distances to the nearest centre, in double precision."""
    squares = np.stack(
        [((samples - centre) ** 2).sum(axis=1, dtype=np.float64) for centre in centres]
    )
    return float(squares.min(axis=0).sum())


def by_sklearn(samples: np.ndarray, start: np.ndarray) -> tuple[np.ndarray, int]:
    """Return centres and rounds of scikit-learn, for one sketch."""
    model = KMeans(len(start), init=start, n_init=1, max_iter=CAP, tol=0, algorithm="lloyd")
    model.fit(samples)
    return model.cluster_centers_, model.n_iter_


def by_faiss(samples: np.ndarray, start: np.ndarray, rounds: int) -> np.ndarray:
    """Return centres of FAISS, for one sketch."""
    import faiss

    model = faiss.Kmeans(
        samples.shape[1], len(start), niter=rounds, min_points_per_centroid=1,
        max_points_per_centroid=len(samples),
    )  # fmt: skip
    model.train(samples, init_centroids=start)
    model.assign(samples)
    return model.centroids


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """Return what a function returns, and its processor seconds."""
    start = time.process_time()
    found = work()
    return found, time.process_time() - start


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Return seconds a sketch, ratios and the largest difference of inertia."""
    samples = generated(options.sketches, options.samples, options.dim, options.seed)
    start = samples[:, :: options.samples // options.k][:, : options.k].contiguous()
    arrays, starts = samples.numpy(), start.numpy()
    rounds: list[int] = []

    def ours() -> np.ndarray:
        return kmeans(samples, options.k, iterations=CAP, tolerance=0, init=start).centres.numpy()

    def ours_one_by_one() -> np.ndarray:
        found = [
            kmeans(one[None], options.k, iterations=CAP, tolerance=0, init=first[None]).centres
            for one, first in zip(samples, start, strict=True)
        ]
        return torch.cat(found).numpy()

    def sklearn() -> np.ndarray:
        found = [by_sklearn(one, first) for one, first in zip(arrays, starts, strict=True)]
        rounds[:] = [taken for _, taken in found]
        return np.stack([centres for centres, _ in found])

    def faiss() -> np.ndarray:
        found = zip(arrays, starts, rounds, strict=True)
        return np.stack([by_faiss(one, first, taken) for one, first, taken in found])

    contenders: dict[str, Callable[[], np.ndarray]] = {
        "ours, all at once": ours, "ours, one by one": ours_one_by_one, "scikit-learn": sklearn,
    }  # fmt: skip
    try:
        import faiss as package

        package.omp_set_num_threads(1)
        contenders["FAISS"] = faiss
    except ImportError:
        print("FAISS is not here: pip install faiss-cpu", file=sys.stderr)
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    found: dict[str, np.ndarray] = {}
    for number in range(options.rounds + 1):
        for name, contender in contenders.items():
            found[name], taken = timed(contender)
            if number:  # the first one warms up
                seconds[name].append(taken)
    inertias = {
        name: np.array([inertia(*one) for one in zip(arrays, centres, strict=True)])
        for name, centres in found.items()
    }
    reference = inertias["scikit-learn"]
    result: dict[str, Any] = {
        "sketches": options.sketches,
        "samples": options.samples,
        "dim": options.dim,
        "k": options.k,
        "rounds of Lloyd, mean": float(np.mean(rounds)),
        "milliseconds a sketch": {
            name: 1000 * statistics.median(taken) / options.sketches
            for name, taken in seconds.items()
        },
        "largest difference of inertia": max(
            float((abs(one - reference) / reference).max()) for one in inertias.values()
        ),
    }
    for other in ("scikit-learn", "FAISS"):
        for mine in ("all at once", "one by one"):
            if other in seconds:
                pairs = zip(seconds[other], seconds[f"ours, {mine}"], strict=True)
                result[f"{other} / ours, {mine}"] = statistics.median(a / b for a, b in pairs)
    return result


def main() -> int:
    """Measure and print; fail if the contenders found different clusters."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--sketches", type=int, default=32)
    add("--samples", type=int, default=200, help="of each sketch (default: %(default)s)")
    add("--dim", type=int, default=4096, help="numbers in a sample (default: %(default)s)")
    add("--k", type=int, default=5, help="centres (default: %(default)s)")
    add("--rounds", type=int, default=5)
    add("--seed", type=int, default=0)
    add("--json", type=Path, metavar="FILE", help="write the figures there")
    options = parser.parse_args()
    torch.set_num_threads(1)
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        result = measure(options)
    print(
        f"{result['sketches']} sketches of {result['samples']} samples of {result['dim']} numbers, "
        f"{result['k']} centres, {result['rounds of Lloyd, mean']:.1f} rounds of Lloyd, 1 thread"
    )
    for name, value in result["milliseconds a sketch"].items():
        print(f"  {name:24} {value:8.2f} ms a sketch")
    for key, value in result.items():
        if " / " in key:
            print(f"  {key:34} {value:6.2f}  ({GOALS.get(f'kmeans: {key}', 'no goal')})")
    difference = result["largest difference of inertia"]
    print(f"  largest difference of inertia      {difference:.1e}  ({GOALS['kmeans: inertia']})")
    if options.json:
        write_json(options.json, result)
    return int(not GOALS["kmeans: inertia"].reached(difference))


if __name__ == "__main__":
    sys.exit(main())
