"""What `make bench` takes from which script: the rows of its table, and what is left out of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from goals import GOALS, Goal

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"
SKETCHY = Path(os.environ.get("ZSBIR_SKETCHY_ROOT", SHARED / "sketchy25"))
SQUEEZENET = Path(
    os.environ.get(
        "ZSBIR_SQUEEZENET_WEIGHTS",
        SHARED / "weights" / "squeezenet1_1_imagenet_features.safetensors",
    )
)


@dataclass(frozen=True)
class Row:
    """A row of the table.

    Attributes
    ----------
    what, against : str
        What is measured, and the reference; nothing for none.
    find : callable
        Takes the figure out of what the script writes; None, `KeyError` or `IndexError` if it has
        not measured it.
    goal, card : str
        Keys of ``GOALS``, on a processor and on a card.
    unit : str
        Of the figure; nothing for a ratio.
    whole : bool
        Whether the goal is one for the full size only.
    absent : str
        What stands in the table if the script has run and not measured it.
    """

    what: str
    against: str
    find: Callable[[Any], float | None]
    goal: str = ""
    card: str = ""
    unit: str = ""
    whole: bool = False
    absent: str = "none"

    @property
    def key(self) -> str:
        """Name the row in the record."""
        return f"{self.what} | {self.against}" if self.against else self.what

    def aim(self, card: bool = False) -> Goal | None:
        """Return the goal, on a card or not."""
        return GOALS.get((card and self.card) or self.goal)


@dataclass(frozen=True)
class Benchmark:
    """A script, and how it is run.

    Attributes
    ----------
    name, script : str
        In the table, and below ``benchmarks``.
    rows : tuple of Row
        What is taken from it.
    size : callable
        Says from what the script writes how large it was.
    usual, full, smallest : str
        Its options: for a run of a few minutes, at its own size, and to try it out.
    always : tuple of str
        Options of every run.
    device : bool
        Whether it knows ``--device``.
    """

    name: str
    script: str
    rows: tuple[Row, ...]
    size: Callable[[Any], str]
    usual: str = ""
    full: str = ""
    smallest: str = ""
    always: tuple[str, ...] = ()
    device: bool = False


def _at(*path: Any) -> Callable[[Any], float]:
    """Return what walks down a value of JSON."""

    def find(value: Any) -> float:
        for key in path:
            value = value[key]
        return float(value)

    return find


def _case(backbone: str) -> Callable[[Any], float | None]:
    return lambda found: next((row["ratio"] for row in found if row["backbone"] == backbone), None)


def _gigabytes(found: Mapping[str, Any]) -> float | None:
    peak = found["peak bytes above inputs"]
    return None if peak is None else peak / 1e9


def _fit(title: str) -> Row:
    return Row(f"fit of {title}", "", _at("fits", title, "seconds"), "closed form: seconds",
               unit="s", whole=True)  # fmt: skip


def _faiss(kind: str) -> Row:
    """Return the row of the fastest search of a kind that finds nearly all."""

    def find(found: Mapping[str, Any]) -> float | None:
        size = max(run["photos"] for run in found["runs"])
        runs = [run for run in found["runs"] if run["photos"] == size]
        exact = next(run["queries_a_second"] for run in runs if run["kind"] == "exact")
        speeds = [run["queries_a_second"] for run in runs
                  if run["kind"] == kind and run["recall@10"] >= 0.95]  # fmt: skip
        return max(speeds) / exact if speeds else None

    names = {"ivf": "lists (IVF)", "hnsw": "graph (HNSW)", "ivfpq": "product codes (IVFPQ)"}
    what = f"queries a second by FAISS's {names[kind]}, recall@10 of 0.95 or more"
    return Row(what, "exact search, ours", find)


def _part(name: str, words: str) -> Row:
    return Row(f"`ours` {words}, mAP@K on held-out seen classes", "the whole method",
               lambda found: found["ablation"][name] / found["ablation"]["ours"])  # fmt: skip


def _ours(title: str, always: tuple[str, ...], smallest: str) -> Benchmark:
    parts = (
        _part("without whitening the sketches", "without whitening the sketches"),
        _part("without the aligned prior", "without the aligned prior"),
        Row("`ours+gallery` without diffusion, mAP@K on held-out seen classes",
            "the whole method",
            lambda found: found["ablation"]["without diffusion"]
            / found["ablation"]["ours+gallery"]),
    )  # fmt: skip
    times = tuple(
        Row(f"`{name}`: one new sketch, 10,000 photos", "", _at("milliseconds", name),
            "ours: milliseconds", unit="ms")
        for name in ("ours", "ours+gallery")
    )  # fmt: skip
    return Benchmark(
        title, "ours.py", (*times, *parts), lambda found: f"features of {found['features']}",
        usual="--splits 1", smallest=smallest, always=always,
    )  # fmt: skip


def _worst(key: str, scale: float) -> Callable[[Any], float]:
    return lambda found: max(page[key] for page in found["pages"].values()) / scale


BENCHMARKS: tuple[Benchmark, ...] = (
    Benchmark(
        "ranking", "ranking.py",
        (
            Row("the nearest K", "bare matrix product", _at("rank / product"),
                "ranking: nearest", "ranking: nearest, card"),
            Row("ranking, P@K, mAP@K by four definitions", "bare matrix product",
                _at("at K / product"), "ranking: nearest", "ranking: nearest, card"),
            Row("ranking, all of these and mAP@all", "bare matrix product",
                _at("every metric / product"), "ranking: nearest", "ranking: nearest, card"),
            Row("the whole order", "bare matrix product", _at("full ranking / product"),
                "ranking: whole order"),
            Row("mAP@all from ready distances, times as fast", "scikit-learn, query by query",
                _at("scikit-learn / ours"), "ranking: mAP@all"),
            Row("memory above the inputs", "", _gigabytes, "ranking: memory", unit="GB"),
        ),
        lambda found: f"{found['queries']:,} sketches of {found['centres']} centres, "
        f"{found['gallery']:,} photos, {found['dim']:,} numbers, K = {found['k']}",
        smallest="--queries 42 --gallery 210 --dim 32 --sklearn 21 --k 20",
        device=True,
    ),
    Benchmark(
        "exact", "exact.py",
        (Row("the nearest K by exact search, times as fast", "FAISS, flat index",
             _at("FAISS / ours"), "exact: FAISS / ours"),),
        lambda found: f"{found['queries']:,} queries, {found['gallery']:,} photos, "
        f"{found['dim']:,} numbers, K = {found['k']}",
        smallest="--queries 20 --gallery 300 --dim 32 --k 10 --rounds 1",
    ),
    Benchmark(
        "galleries", "galleries.py", tuple(map(_faiss, ("ivf", "hnsw", "ivfpq"))),
        lambda found: f"{max(run['photos'] for run in found['runs']):,} photos, "
        f"{found['runs'][0]['dim']} numbers, queries of {found['centres']} centres",
        usual="--sizes 100000", full="--sizes 1000000",
        smallest="--sizes 2000 --queries 5 --kinds exact ivf",
    ),
    Benchmark(
        "kmeans", "kmeans.py",
        (
            Row("K-means, all sketches at once, times as fast", "scikit-learn, same start",
                _at("scikit-learn / ours, all at once"),
                "kmeans: scikit-learn / ours, all at once"),
            Row("K-means, all sketches at once, times as fast", "FAISS, same start and rounds",
                _at("FAISS / ours, all at once"), "kmeans: FAISS / ours, all at once"),
            Row("K-means, one sketch, times as fast", "scikit-learn, same start",
                _at("scikit-learn / ours, one by one")),
            Row("largest difference of inertia", "scikit-learn and FAISS",
                _at("largest difference of inertia"), "kmeans: inertia"),
        ),
        lambda found: f"{found['sketches']} sketches of {found['samples']} samples of "
        f"{found['dim']:,} numbers, {found['k']} centres",
        smallest="--sketches 2 --samples 40 --dim 16 --rounds 1",
    ),
    Benchmark(
        "closed form", "closed_form.py",
        (
            Row("the Sylvester equation of SAE, times as fast", "SciPy's solve_sylvester",
                _at("sylvester", "SciPy / ours"), "closed form: Sylvester"),
            Row("the largest difference of its solution", "SciPy's solve_sylvester",
                _at("sylvester", "largest difference"), "closed form: difference"),
            *map(_fit, ("SAE", "ESZSL, class means", "ESZSL, attributes", "Ours")),
            Row("most memory of a fit", "",
                lambda found: max(one["peak bytes"] for one in found["fits"].values()) / 1e9,
                "closed form: memory", unit="GB", whole=True),
        ),
        lambda found: f"equation of {found['sylvester']['dim']:,}²; {found['pairs']:,} pairs of "
        f"{found['dim']:,} numbers",
        usual="--pairs 5000 --dim 512 --photos 2000",
        smallest="--sylvester 64 --rounds 1 --pairs 2080 --dim 96 --photos 1040",
    ),
    Benchmark(
        "extraction", "extraction.py",
        (
            Row("images a second of `extract_features`, toynet", "bare forward loop",
                _case("toynet"), "extraction"),
            Row("images a second of `extract_features`, squeezenet1_1 on files of Sketchy",
                "bare forward loop", _case("squeezenet1_1"), "extraction",
                absent="needs Sketchy and weights"),
        ),
        lambda found: ", ".join(f"{one['count']:,} {one['images']}" for one in found),
        usual="--toynet-images 2048 --file-images 256 --rounds 3",
        smallest="--toynet-images 32 --file-images 8 --rounds 1 --batch-size 8",
        always=("--sketchy-root", str(SKETCHY), "--squeezenet-weights", str(SQUEEZENET)),
        device=True,
    ),
    Benchmark(
        "Toybox", "toybox.py",
        (
            Row("pictures of 64 pixels a second and core", "", _at("toybox"), unit="a second"),
            Row("pictures a second, times as many", "the prototype, in turns", _at("ratio"),
                "toybox: prototype", absent="needs `--prototype FOLDER`"),
            Row("the size `mini`, all processors", "", _at("mini seconds"), "toybox: mini",
                unit="s"),
        ),
        lambda found: f"{found['pictures']:,} pictures",
        usual="--instances 2 --build mini", full="--build mini",
        smallest="--instances 1 --sketches 1 --classes 3",
    ),
    _ours("ours", (), "--size mini --splits 1 --queries 3"),
    _ours("ours, Sketchy", ("--root", str(SKETCHY), "--weights", str(SQUEEZENET)),
          "--splits 1 --queries 3"),
    Benchmark(
        "retrieve", "retrieve.py",
        (Row("processor seconds of a later `zsbir retrieve`", "`import torch`, in turns",
             _at("ratio"), "retrieve"),),
        lambda found: "Toybox `mini`", smallest="--repeats 1",
    ),
    Benchmark(
        "CAAE", "caae_stability.py",
        (Row("seeds that collapsed", "",
             lambda found: sum(bool(one["faults"]) for one in found), "caae: collapsed",
             unit="seeds"),),
        lambda found: f"{len(found)} seeds",
        usual="--seeds 3", smallest="--seeds 1 --set epochs=1",
    ),
    Benchmark(
        "grading", "grading.py",
        (
            Row("a submission, one in five of which loops for ever", "",
                lambda found: found["seconds"] / found["students"], "grading: seconds",
                unit="s"),
            Row("processor seconds of a submission", "the bare solution",
                _at("processor seconds a submission, in bare solutions")),
            Row("submissions that are not graded as they should be", "",
                lambda found: len(found["not graded as they should be"]), "grading: wrong",
                unit="submissions"),
        ),
        lambda found: f"{found['students']} submissions, {found['workers']} processes",
        usual="--students 30", smallest="--students 2",
    ),
    Benchmark(
        "chapters", "chapters.py",
        (
            Row("the longest chapter", "", lambda found: max(found["seconds"].values()),
                "chapters: seconds", unit="s"),
            Row("all chapters", "", lambda found: sum(found["seconds"].values()), unit="s"),
        ),
        lambda found: f"{len(found['seconds'])} of {found['chapters']} chapters",
    ),
    Benchmark(
        "pages", "pages.py",
        (
            Row("the heaviest page", "", _worst("bytes", 1e6), unit="MB"),
            Row("the latest moment from which buttons answer, 10 Mbit/s", "",
                _worst("ready", 1000), "pages: ready", unit="s"),
            Row("the longest that a page's thread is held up, a processor 4 times slower", "",
                _worst("blocked", 1000), "pages: blocked", unit="s"),
        ),
        lambda found: f"{len(found['pages'])} pages",
        usual="book/intro book/tour book/draw book/measuring book/cvae book/retrieval",
        smallest="book/intro",
    ),
    Benchmark(
        "draw page", "draw_page.py",
        (
            Row("from a stroke's end to the photos", "",
                _at("stroke to results, ms, 1 times slower"), "draw page: answer", unit="ms"),
            Row("from a stroke's end to the photos, a processor 4 times slower", "",
                _at("stroke to results, ms, 4 times slower"), "draw page: answer, slower",
                unit="ms"),
            Row("until one can draw, 10 Mbit/s", "",
                _at("seconds until one can draw at 10 Mbit/s"), "draw page: ready", unit="s"),
            Row("page, networks and gallery", "", _at("megabytes of page and retrieval"),
                "draw page: weight", unit="MB"),
        ),
        lambda found: "a first visit", smallest="--strokes 3",
    ),
)  # fmt: skip

LEFT_OUT = {
    "backbones.py": "what networks cost: kept in `zsbir_lib/measured/backbones.json`, whose table "
    "`--page` writes into *Which network?*",
    "caae_choices.py": "what the CAAE's open choices are worth: kept in "
    "`zsbir_lib/measured/caae_choices.json`, which the chapter on the CAAE reads",
    "cvae_sweep.py": "the CVAE's two weights: kept in `zsbir_lib/measured/cvae_sweep.json`, which "
    "*The conditional VAE* reads",
    "sketchy.py": "P@K and mAP@K on the Sketchy database or a part of it: how well, not how fast",
    "switches.py": "each difference between the paper's equations and its program: kept in "
    "`zsbir_lib/measured/switches.json`, which *Paper against code* reads",
}
PARTS = {
    "bench.py": "runs them", "goals.py": "goals", "measures.py": "rows", "record.py": "records",
    "results.py": "the table",
}  # fmt: skip
