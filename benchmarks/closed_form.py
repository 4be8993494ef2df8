"""The closed-form methods: the Sylvester equation against SciPy, and fits at the paper's size.

    python benchmarks/closed_form.py                     # some 5 minutes on two idle cores
    python benchmarks/closed_form.py --pairs 5000 --dim 512 --photos 2000
    python benchmarks/closed_form.py --json closed_form.json

First the equation of SAE is solved by two symmetric eigendecompositions and by
`scipy.linalg.solve_sylvester`, in turns. Then each method is fitted, in a process of its own, on
random features of Sketchy's size, which are made block by block, so that the peak memory is that
of the features and the fit.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import sys
import time
from pathlib import Path
from statistics import median

import scipy.linalg
import torch
from goals import GOALS
from threadpoolctl import threadpool_limits

from zsbir_lib.features import Pairs
from zsbir_lib.files import write_json
from zsbir_lib.methods import create_method
from zsbir_lib.methods.linear_algebra import solve_symmetric_sylvester
from zsbir_lib.progress import progress_bar

METHODS = {
    "SAE": ("sae", {}),
    "ESZSL, class means": ("eszsl", {}),
    "ESZSL, attributes": ("eszsl", {"semantics": "attributes"}),
    "Ours": ("ours", {}),
}


def spd(dim: int, generator: torch.Generator) -> torch.Tensor:
    """Return the second moments of 4 dim random features."""
    x = torch.randn(4 * dim, dim, generator=generator, dtype=torch.float64)
    return x.T @ x / len(x)


def sylvester(dim: int, rounds: int, seed: int) -> dict:
    """Solve one equation by both solvers, in turns."""
    generator = torch.Generator().manual_seed(seed)
    a, b = spd(dim, generator), spd(dim, generator)
    c = torch.randn(dim, dim, generator=generator, dtype=torch.float64)
    ours, theirs = [], []
    solve_symmetric_sylvester(a[:64, :64], b[:64, :64], c[:64, :64])  # warms the libraries up
    for _ in progress_bar(range(rounds), desc="Sylvester equation", unit="round"):
        start = time.perf_counter()
        ours_found = solve_symmetric_sylvester(a, b, c).numpy()
        middle = time.perf_counter()
        theirs_found = scipy.linalg.solve_sylvester(a.numpy(), b.numpy(), c.numpy())
        ours.append(middle - start)
        theirs.append(time.perf_counter() - middle)
    return {
        "dim": dim,
        "rounds": rounds,
        "seconds": median(ours),
        "seconds by SciPy": median(theirs),
        "SciPy / ours": median(t / o for t, o in zip(theirs, ours, strict=True)),
        "largest difference": float(abs(ours_found - theirs_found).max() / abs(theirs_found).max()),
    }


def make_pairs(n: int, n_photos: int, dim: int, seed: int) -> Pairs:
    """Return random features, as those after a ReLU, around one mean for each of 104 classes."""
    from zsbir_lib.datasets.toybox.attributes import ATTRIBUTES
    from zsbir_lib.datasets.toybox.registry import toy_class, toy_classes

    names = [name for name, toy in toy_classes().items() if not toy.pretrain_only][:104]
    generator = torch.Generator().manual_seed(seed)
    means = torch.randn(len(names), dim, generator=generator)

    def features(labels: torch.Tensor) -> torch.Tensor:
        out = torch.empty(len(labels), dim)
        for start in range(0, len(labels), 1024):
            part = out[start : start + 1024]
            part.normal_(generator=generator)
            part += means[labels[start : start + 1024]]
            part.relu_()
        return out

    photo_labels = torch.arange(n_photos) % len(names)
    photo_index = torch.arange(n) % n_photos
    labels = photo_labels[photo_index]
    return Pairs(
        sketches=features(labels),
        photos=features(photo_labels),
        photo_index=photo_index,
        labels=labels,
        photo_labels=photo_labels,
        class_names=tuple(names),
        class_attributes=torch.tensor(
            [[one in toy_class(name).attributes for one in ATTRIBUTES] for name in names],
            dtype=torch.float32,
        ),
        attribute_names=tuple(ATTRIBUTES),
    )


def peak_bytes() -> int:
    """Return the largest memory that this process ever had."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def fit(title: str, options: argparse.Namespace, answer) -> None:
    """Fit one method, and send its time and the peak memory."""
    if options.threads:
        torch.set_num_threads(options.threads)
    name, parameters = METHODS[title]
    pairs = make_pairs(options.pairs, options.photos, options.dim, options.seed)
    before = peak_bytes()
    start = time.perf_counter()
    method = create_method(name, **parameters).fit(pairs, progress=False)
    seconds = time.perf_counter() - start
    finite = torch.isfinite(method.encode_sketches(pairs.sketches[:100])).all()
    answer.send(
        {
            "seconds": seconds,
            "peak bytes": peak_bytes(),
            "peak bytes before": before,
            "finite": bool(finite),
        }
    )


def measure(options: argparse.Namespace) -> dict:
    # Nearly all of SciPy's solver runs on one thread, so both get one.
    with threadpool_limits(1):
        equation = sylvester(options.sylvester, options.rounds, options.seed)
    result = {
        "sylvester": equation,
        "pairs": options.pairs,
        "photos": options.photos,
        "dim": options.dim,
        "threads": options.threads or torch.get_num_threads(),
        "fits": {},
    }
    context = multiprocessing.get_context("spawn")
    for title in progress_bar(METHODS, desc="Fitting", unit="method"):
        here, there = context.Pipe()
        process = context.Process(target=fit, args=(title, options, there))
        process.start()
        there.close()
        try:
            result["fits"][title] = here.recv()
        except EOFError:
            raise SystemExit(f"the fit of {title} failed") from None
        process.join()
    return result


def table(result: dict) -> str:
    equation = result["sylvester"]
    lines = [
        f"Sylvester equation of {equation['dim']} x {equation['dim']} numbers, "
        f"median of {equation['rounds']} rounds, 1 thread",
        f"  two eigendecompositions    {equation['seconds']:8.2f} s",
        f"  SciPy's general solver     {equation['seconds by SciPy']:8.2f} s",
        f"  SciPy / ours               {equation['SciPy / ours']:8.1f}    "
        f"(goal: {GOALS['closed form: Sylvester']})",
        f"  largest difference         {equation['largest difference']:8.1e}    "
        f"(goal: {GOALS['closed form: difference']}, of the largest number)",
        "",
        f"Fits on {result['pairs']} pairs, {result['photos']} photos, {result['dim']} numbers, "
        f"{result['threads']} threads "
        f"(goal at the paper's size: {GOALS['closed form: seconds']}, "
        f"{GOALS['closed form: memory']})",
        f"  {'':22} {'seconds':>8}  {'peak GB':>8}  {'of which before the fit':>24}",
    ]
    for title, row in result["fits"].items():
        peak, before = row["peak bytes"] / 1e9, row["peak bytes before"] / 1e9
        note = "" if row["finite"] else "  NOT FINITE"
        lines.append(f"  {title:22} {row['seconds']:8.1f}  {peak:8.2f}  {before:24.2f}{note}")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--sylvester", type=int, default=1024, help="width of the equation (default: %(default)s)")
    add("--rounds", type=int, default=3, help="rounds of both solvers (default: %(default)s)")
    add("--pairs", type=int, default=62_787, help="training pairs (default: %(default)s)")
    add("--photos", type=int, default=10_400, help="photos of them (default: %(default)s)")
    add("--dim", type=int, default=4_096, help="numbers in a feature (default: %(default)s)")
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
