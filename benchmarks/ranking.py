"""Ranking and metrics at the paper's size, against the bare matrix product and scikit-learn.

    python benchmarks/ranking.py                 # the paper's size: 1-2 minutes on two idle cores
    python benchmarks/ranking.py --scale 0.1     # a tenth of the queries
    python benchmarks/ranking.py --device cuda   # on a card, products in larger blocks
    python benchmarks/ranking.py --json ranking.json

Queries are taken in portions, and every contender works on a portion before the next one comes:
what else the machine does meanwhile then slows all of them alike. All features are random, around
one mean for each class, with the class sizes of Sketchy's 21 unseen classes.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from goals import GOALS
from sklearn.metrics import average_precision_score

from zsbir_lib.files import write_json
from zsbir_lib.metrics import evaluate_retrieval
from zsbir_lib.metrics.evaluation import Scores
from zsbir_lib.metrics.inputs import Labels
from zsbir_lib.progress import progress_bar
from zsbir_lib.retrieval import Index
from zsbir_lib.retrieval.selection import select_smallest

# Photos and sketches of each of the 21 unseen classes of Sketchy and its extended gallery.
PHOTOS = """443 392 600 613 600 600 750 345 385 600 663 600 639 600 161 600 276 495 278 393 420"""
SKETCHES = """635 546 728 590 578 673 746 670 575 735 556 532 558 666 545 529 605 533 542 598 554"""


def labels(sizes: str, count: int) -> np.ndarray:
    """Return `count` labels with the proportions of the class sizes."""
    sizes_of = np.array(sizes.split(), dtype=int)
    every = np.repeat(np.arange(len(sizes_of)), sizes_of)
    return every[np.arange(count) * len(every) // count]


def features(
    classes: np.ndarray, centres: int, dim: int, noise: float, generator: torch.Generator
) -> torch.Tensor:
    """Return non-negative features, as those after a ReLU: shape (n, centres, dim)."""
    means = torch.randn(21, dim, generator=torch.Generator().manual_seed(0))
    out = torch.empty(len(classes), centres, dim)
    for start in range(0, len(classes), 256):
        part = out[start : start + 256]
        part.normal_(0, noise, generator=generator)
        part += means[torch.from_numpy(classes[start : start + 256])][:, None]
        part.relu_()
    return out


def bare_product(queries: torch.Tensor, gallery: torch.Tensor, out: torch.Tensor) -> None:
    """Multiply the vectors of all queries with the gallery, in blocks, and nothing else."""
    vectors = queries.view(-1, queries.shape[-1])
    for start in range(0, len(vectors), len(out)):
        part = vectors[start : start + len(out)]
        torch.mm(part, gallery.T, out=out[: len(part)])


def our_average_precision(distances: torch.Tensor, known: Labels) -> np.ndarray:
    """Return the average precision of each row over the whole gallery, ties in its order."""
    n_gallery = distances.shape[1]
    scores = Scores(known, n_gallery, with_map_all=True)
    for start in range(0, len(distances), 512):
        part, places = distances[start : start + 512], torch.arange(n_gallery)
        indices, _ = select_smallest(part, places, n_gallery)
        scores.add(start, indices.numpy())
    return scores.per_query["all"]


def peak_bytes(reset: bool = False) -> int | None:
    """Return the largest memory of this process since the last reset, where Linux tells it."""
    try:
        if reset:
            Path("/proc/self/clear_refs").write_text("5")
        status = Path("/proc/self/status").read_text()
    except OSError:
        return None
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


class Stopwatch:
    """Sums of seconds by name, of work on a device."""

    def __init__(self, device: torch.device) -> None:
        self.seconds: dict[str, float] = {}
        self.device = device

    def _wait(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)

    def time(self, name: str, work: Callable[[], object]) -> object:
        self._wait()
        start = time.perf_counter()
        result = work()
        self._wait()
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start
        return result

    def ratio(self, name: str, reference: str) -> float:
        return self.seconds[name] / self.seconds[reference]


def measure(options: argparse.Namespace) -> dict:
    generator = torch.Generator().manual_seed(options.seed)
    n_queries = max(21, round(options.queries * options.scale))
    sketches, photos = labels(SKETCHES, n_queries), labels(PHOTOS, options.gallery)
    sketches = sketches[np.random.default_rng(options.seed).permutation(n_queries)]
    device = torch.device(options.device)
    queries = features(sketches, options.centres, options.dim, 8.0, generator).to(device)
    gallery = features(photos, 1, options.dim, 8.0, generator)[:, 0].to(device)
    k = min(options.k, options.gallery)
    block = 512 if device.type == "cpu" else 8192
    per_product = max(1, block // options.centres) * options.centres
    out = torch.empty(per_product, options.gallery, device=device)
    watch = Stopwatch(device)

    bare_product(queries[:200], gallery, out)  # warms the libraries up
    before = peak_bytes(reset=True)
    watch.time("index", lambda: Index(gallery))
    index = Index(gallery)
    portion = 10 * (per_product // options.centres)
    sums = np.zeros(3)
    for start in progress_bar(range(0, n_queries, portion), desc="ranking", unit="portion"):
        rows = slice(start, start + portion)
        centres, single = queries[rows], queries[rows, 0].contiguous()
        known = sketches[rows]

        def evaluate(vectors: torch.Tensor, with_map_all: bool, known: np.ndarray = known):
            return evaluate_retrieval(vectors, known, index, photos, k, with_map_all=with_map_all)

        watch.time("product", lambda: bare_product(centres, gallery, out))  # noqa: B023
        watch.time("rank", lambda: index.search(centres, k))  # noqa: B023
        watch.time("full ranking", lambda: index.search(centres))  # noqa: B023
        watch.time("at K", lambda: evaluate(centres, False))  # noqa: B023
        report = watch.time("every metric", lambda: evaluate(centres, True))  # noqa: B023
        watch.time("product, one vector", lambda: bare_product(single, gallery, out))  # noqa: B023
        watch.time("every metric, one vector", lambda: evaluate(single, True))  # noqa: B023
        found = [report.precision, report.mean_average_precision["k"], report.map_all]
        sums += np.array(found) * report.n_queries
    peak = peak_bytes()

    n_sample = min(options.sklearn, n_queries)
    sample = np.arange(n_sample) * n_queries // n_sample
    distances = index_distances(queries[sample, 0].cpu(), gallery.cpu())
    known = Labels(sketches[sample], photos)
    ours = watch.time("ours", lambda: our_average_precision(distances, known))
    # The same order for both: 1 - distance would round other photos to ties, and scikit-learn
    # counts ties together, where ours come in the gallery's order.
    order = 1e-15 * np.arange(options.gallery)
    closeness = -distances.double().numpy() - order
    theirs = watch.time(
        "scikit-learn",
        lambda: [
            average_precision_score(photos == label, row)
            for label, row in zip(sketches[sample], closeness, strict=True)
        ],
    )
    np.testing.assert_allclose(ours, theirs, atol=1e-6)

    for name in ("at K", "every metric", "every metric, one vector"):
        watch.seconds[name] += watch.seconds["index"]
    return {
        "queries": n_queries,
        "centres": options.centres,
        "gallery": options.gallery,
        "dim": options.dim,
        "k": k,
        "threads": torch.get_num_threads(),
        "device": device.type if device.type == "cpu" else torch.cuda.get_device_name(device),
        "seconds": watch.seconds,
        "rank / product": watch.ratio("rank", "product"),
        "full ranking / product": watch.ratio("full ranking", "product"),
        "at K / product": watch.ratio("at K", "product"),
        "every metric / product": watch.ratio("every metric", "product"),
        "every metric / product, one vector": watch.ratio(
            "every metric, one vector", "product, one vector"
        ),
        "sampled queries": len(sample),
        "scikit-learn / ours": watch.ratio("scikit-learn", "ours"),
        "peak bytes above inputs": None if peak is None or before is None else peak - before,
        "scores": dict(
            zip((f"P@{k}", f"mAP@{k} (divided by K)", "mAP@all"), sums / n_queries, strict=True)
        ),
    }


def index_distances(queries: torch.Tensor, gallery: torch.Tensor) -> torch.Tensor:
    """Return the cosine distances of all pairs."""
    normalise = torch.nn.functional.normalize
    return (1 - normalise(queries, dim=1) @ normalise(gallery, dim=1).T).clamp_(min=0)


def table(result: dict) -> str:
    seconds, k, centres = result["seconds"], result["k"], result["centres"]
    lines = [
        f"{result['queries']} queries x {centres} centres, {result['gallery']} photos, "
        f"{result['dim']} numbers, {result['threads']} threads, {result['device']}",
        "scores of these random features: "
        + ", ".join(f"{name} {value:.4f}" for name, value in result["scores"].items()),
        "",
        f"{'':46}  {'seconds':>8}  {'ratio':>6}  goal",
    ]

    def row(title: str, name: str, ratio: float | None, goal: str = "none") -> None:
        text = f"{title:46}  {seconds[name]:8.2f}"
        lines.append(text if ratio is None else f"{text}  {ratio:6.2f}  {goal}")

    limit = str(GOALS["ranking: nearest" + ("" if result["device"] == "cpu" else ", card")])
    row(f"bare product, {centres} centres", "product", None)
    row(f"the nearest {k}", "rank", result["rank / product"], limit)
    row(
        "the whole order", "full ranking", result["full ranking / product"],
        str(GOALS["ranking: whole order"]),
    )  # fmt: skip
    row(f"ranking, P@{k}, four mAP@{k}", "at K", result["at K / product"], limit)
    row("... and mAP@all", "every metric", result["every metric / product"], limit)
    row("bare product, one vector", "product, one vector", None)
    row(
        f"ranking, P@{k}, four mAP@{k}, mAP@all",
        "every metric, one vector",
        result["every metric / product, one vector"],
    )
    n = result["sampled queries"]
    row(f"mAP@all of {n} ready rows of distances", "ours", None)
    row(
        "... by scikit-learn, row by row",
        "scikit-learn",
        result["scikit-learn / ours"],
        str(GOALS["ranking: mAP@all"]),
    )
    whole = seconds["scikit-learn"] / n * result["queries"]
    lines.append(f"scikit-learn on all {result['queries']} queries, extrapolated: {whole:.1f} s")
    peak = result["peak bytes above inputs"]
    told = "not told by this system" if peak is None else f"{peak / 1e9:.2f} GB"
    lines.append(f"peak memory above the inputs: {told} (goal: {GOALS['ranking: memory']})")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--queries", type=int, default=12_694, help="sketches (default: %(default)s)")
    add("--gallery", type=int, default=10_453, help="photos (default: %(default)s)")
    add("--dim", type=int, default=4_096, help="numbers in a feature (default: %(default)s)")
    add("--centres", type=int, default=5, help="centres of a sketch (default: %(default)s)")
    add("--k", type=int, default=200, help="photos to look at (default: %(default)s)")
    add("--scale", type=float, default=1.0, help="share of the queries to take")
    add("--sklearn", type=int, default=1000, help="queries given to scikit-learn")
    add("--device", default="cpu", help="cpu, cuda or cuda:N (default: %(default)s)")
    add("--threads", type=int, help="threads of torch (default: as many as it takes)")
    add("--seed", type=int, default=0)
    add("--json", type=Path, metavar="FILE", help="write the figures there")
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    result = measure(options)
    print(table(result))
    if options.json:
        write_json(options.json, result)


if __name__ == "__main__":
    main()
