"""Seven works at a small size: what they read, what they leave, and what of it must be the same.

Each is run in `kills.py` in a process that is killed, and again. Everything lies below one folder,
whose path is the same in every run.
"""

import json
import os
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file

TESTS = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS / "cli"))

from cli_samples import CLASSES, UNSEEN, Tiny, draw  # noqa: E402

from zsbir_lib.cli import main  # noqa: E402
from zsbir_lib.datasets.toybox.generation import Pictures  # noqa: E402
from zsbir_lib.datasets.toybox.recipe import Counts  # noqa: E402
from zsbir_lib.datasets.toybox.recipe import Recipe as Toys  # noqa: E402
from zsbir_lib.features import BACKBONES, Recipe  # noqa: E402
from zsbir_lib.paper import PAPER_RENDERING  # noqa: E402
from zsbir_lib.store import Store  # noqa: E402

SOURCE = TESTS.parent / "book" / "assignments" / "sources" / "retrieval.ipynb"
TOYS = Toys({name: Counts(4, 2, 2) for name in ("cow", "pear", "bat", "saw", "door")}, seed=7)


def prepare(inputs: Path) -> None:
    """Write what the works read: a Sketchy of eight classes, photos, a network, submissions."""
    for number, name in enumerate(CLASSES):
        for kind, suffixes in (("photo", (".jpg",)), ("sketch", ("-1.png", "-2.png"))):
            folder = inputs / "256x256" / kind / PAPER_RENDERING / name
            folder.mkdir(parents=True)
            for i in range(4):
                for k, suffix in enumerate(suffixes):
                    draw(number, i + k, kind == "photo").save(folder / f"n01_{i}{suffix}")
    (inputs / "split.txt").write_text("\n".join(UNSEEN))
    torch.manual_seed(0)
    save_file(Tiny().state_dict(), inputs / "tiny.safetensors")


def submissions(inputs: Path) -> None:
    """Write an assignment and two notebooks that were handed in."""
    from zsbir_lib.course import build_assignment
    from zsbir_lib.course.notebooks import Cell, Notebook, notebook_text, read_notebook

    built = build_assignment(SOURCE, inputs / "built", 7, library="https://example.org/zsbir.whl")
    (inputs / "handed-in").mkdir()
    found = read_notebook(built.solution)
    for number in range(2):
        cells = (*found.cells, Cell("code", f"number = {number}"))
        text = notebook_text(Notebook(cells, found.metadata))
        (inputs / "handed-in" / f"{number}.ipynb").write_text(text, encoding="utf-8")
    os.symlink(built.autograder, inputs / "autograder.json")


def run(*arguments) -> None:
    if not hasattr(run, "known"):
        BACKBONES.add("tiny", Recipe(Tiny, dim=12, input_size=8))
        run.known = True
    code = main([str(argument) for argument in arguments])
    if code:
        raise SystemExit(code)


def network(inputs: Path) -> list:
    return ["--backbone", "tiny", "--weights", inputs / "tiny.safetensors", "--device", "cpu"]


def data(inputs: Path) -> list:
    split = ["--split", inputs / "split.txt"]
    return ["--dataset", "sketchy", "--root", inputs, *split, *network(inputs)]


def generation(inputs: Path, now: Path) -> None:
    Pictures(TOYS, root=now / "cache", workers=1).draw()


def extraction(inputs: Path, now: Path) -> None:
    run("features", *data(inputs), "--out", now / "out" / "features.safetensors")


def training(inputs: Path, now: Path) -> None:
    out = now / "out" / "model.safetensors"
    run("train", *data(inputs), "--method", "cvae", "-p", "epochs=6", "--out", out)


def leaderboard(inputs: Path, now: Path) -> None:
    run(
        *("leaderboard", *data(inputs), "--methods", "cosine,sae,regression", "--k", 2),
        *("--seeds", 1, "--budget", 1, "--protocol", "zero-shot", "--workers", 1),
        *("--out", now / "out" / "board.json"),
    )


def index(inputs: Path, now: Path) -> None:
    photos = inputs / "256x256" / "photo" / PAPER_RENDERING
    run("index", photos, "--out", now / "out" / "photos.index", *network(inputs))


def grading(inputs: Path, now: Path) -> None:
    run(
        *("course", "grade", inputs / "handed-in", "--workers", 1),
        *("--autograder", inputs / "autograder.json", "--out", now / "out" / "grades"),
    )


def export(inputs: Path, now: Path) -> None:
    import numpy as np

    from tests.web.conftest import Squares
    from zsbir_lib.features import extract_features, load_backbone
    from zsbir_lib.web import export_web

    squares, toynet = Squares(), load_backbone("toynet")
    features = extract_features(squares, toynet, progress=False)
    photos = [squares.photo(i) for i in (24, 25, 30)]
    export_web(
        now / "out" / "page", features, toynet, photos, ["pear", "pear", "saw"],
        examples={"pear": squares.sketch(48)}, methods=("cosine", "sae"),
    )  # fmt: skip
    assert np.isfinite(features.photos).all()


WORKS = {
    work.__name__: work
    for work in (generation, extraction, training, leaderboard, index, grading, export)
}


def left(now: Path) -> dict[str, object]:
    """Return what a work left that must be the same, whatever happened on the way.

    Locks, what is swept later, and what is only kept to go on from are left out; of JSON, times.
    """
    found: dict[str, object] = {}
    for path in sorted((now / "out").rglob("*")):
        name = path.relative_to(now).as_posix()
        if path.is_file() and not any(part in name for part in (".lock", "partial", "/state/")):
            found[name] = _timeless(json.loads(path.read_text())) if (
                path.suffix == ".json" and "page" not in name
            ) else path.read_bytes()  # fmt: skip
    for entry in Store(now / "cache").entries():
        if entry.finished:
            assert entry.verify() == [], entry.folder
            for piece in entry.pieces:
                content = entry.path(piece).read_bytes()
                found[f"{entry.folder.name}/{piece}"] = None if b"seconds" in content else content
    return found


def _timeless(value):
    if isinstance(value, dict):
        return {k: _timeless(v) for k, v in value.items()
                if not any(word in k for word in ("second", "time", "checksum"))}  # fmt: skip
    return [_timeless(one) for one in value] if isinstance(value, list) else value
