"""Drawing a whole Toybox into the cache: in parallel, resumable, and checked whenever it is read.

Each class is two arrays on disk, photos and sketches, and a small record with their checksums,
written last: a class without a valid record is not there. So an interrupted generation goes on
where it stopped, and a damaged file is found, named and drawn again.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict
from pathlib import Path
from queue import Empty, SimpleQueue

import numpy as np

from zsbir_lib.datasets.toybox.instance import Toy
from zsbir_lib.datasets.toybox.recipe import Recipe
from zsbir_lib.files import atomic_path, sha256, write_json
from zsbir_lib.progress import progress_bar

KINDS = ("photos", "sketches")
_WORKER = "zsbir_lib.datasets.toybox.worker"


def draw_class(recipe: Recipe, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Draw all pictures of a class.

    Returns
    -------
    photos : ndarray of uint8, shape (n_photos, size, size, 3)
    sketches : ndarray of uint8, shape (n_drawn, n_sketches, size, size)
    """
    counts, size = recipe.classes[name], recipe.image_size
    photos = np.empty((counts.photos, size, size, 3), dtype=np.uint8)
    sketches = np.empty((counts.drawn, counts.sketches, size, size), dtype=np.uint8)
    for instance in range(counts.photos):
        toy = Toy(name, instance, recipe.seed)
        photos[instance] = toy.photo(size=size, clutter=recipe.clutter)
        if instance < counts.drawn:
            for k in range(counts.sketches):
                sketches[instance, k] = toy.sketch(k, size=size, abstraction=recipe.abstraction)
    return photos, sketches


def array_path(folder: Path, name: str, kind: str) -> Path:
    """Return the file in `folder` that holds one `kind` of the class `name`; see `KINDS`."""
    return folder / f"{name}.{kind}.npy"


def write_class(folder: Path, recipe: Recipe, name: str) -> None:
    """Draw the class `name` of a `recipe` and write its arrays into `folder`, then its record.

    Each file is whole or absent.
    """
    record = {}
    for kind, array in zip(KINDS, draw_class(recipe, name), strict=True):
        path = array_path(folder, name, kind)
        with atomic_path(path) as temporary:
            np.save(temporary, array)
            record[kind] = sha256(temporary)
    write_json(folder / f"{name}.json", record)


def damaged_files(folder: Path, name: str) -> list[Path] | None:
    """Return the files of a class that are not what was written, or None if it was never drawn."""
    record_path = folder / f"{name}.json"
    if not record_path.exists():
        return None
    try:
        record = json.loads(record_path.read_text(encoding="utf-8"))
        expected = {array_path(folder, name, kind): record[kind] for kind in KINDS}
    except (ValueError, KeyError, TypeError, OSError):
        return [record_path]
    return [
        path for path, digest in expected.items() if not path.exists() or sha256(path) != digest
    ]


def generate(
    folder: Path, recipe: Recipe, *, workers: int | None = None, progress: bool | None = None
) -> list[Path]:
    """Make sure that every class of a recipe lies in `folder`, intact.

    Parameters
    ----------
    folder
        Where the arrays are; created if absent.
    recipe
        What to draw.
    workers
        Processes to draw with; by default one for each processor. The pictures do not depend on it.
    progress
        Show a progress bar; by default on a terminal only.

    Returns
    -------
    list of Path
        The files that were found damaged, and are drawn again.
    """
    folder.mkdir(parents=True, exist_ok=True)
    todo: list[str] = []
    damaged: list[Path] = []
    for name in recipe.classes:
        broken = damaged_files(folder, name)
        if broken is None or broken:
            todo.append(name)
            damaged += broken or []
    for path in damaged:
        warnings.warn(f"damaged file in the Toybox cache, drawn again: {path}", stacklevel=3)
    if not todo:
        return damaged
    workers = min(workers or _processors(), len(todo))
    bar = progress_bar(total=len(todo), show=progress, desc="Drawing the Toybox", unit="class")
    with bar:
        if workers == 1:
            for name in todo:
                write_class(folder, recipe, name)
                bar.update()
        else:
            _draw_in_processes(folder, recipe, todo, workers, bar.update)
    return damaged


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _next(queue: SimpleQueue[str]) -> str | None:
    try:
        return queue.get_nowait()
    except Empty:
        return None


def _draw_in_processes(
    folder: Path,
    recipe: Recipe,
    names: Iterable[str],
    workers: int,
    on_class_done: Callable[[], object],
) -> None:
    """Hand class names to worker processes, one at a time.

    The workers are fresh interpreters: unlike `multiprocessing`, that works
    in scripts without a main guard, in notebooks, and beside a library that has threads running.
    """
    queue: SimpleQueue[str] = SimpleQueue()
    for name in names:
        queue.put(name)
    package_root = str(Path(__file__).parents[3])
    paths = [package_root, *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", _WORKER, str(folder), json.dumps(asdict(recipe))]
    processes = [
        subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            text=True,
            encoding="utf-8",
        )
        for _ in range(workers)
    ]

    def feed(process: subprocess.Popen) -> None:
        while (name := _next(queue)) is not None:
            try:
                process.stdin.write(name + "\n")
                process.stdin.flush()
                answer = process.stdout.readline().strip()
            except (BrokenPipeError, ValueError):
                answer = ""
            if answer != name:
                tail = process.stderr.read().strip().splitlines()[-1:]
                reason = tail[0] if tail else "it ended without a word"
                raise RuntimeError(f"a process that draws the Toybox failed at {name!r}: {reason}")
            on_class_done()

    try:
        with ThreadPoolExecutor(workers) as pool:
            try:
                for future in as_completed([pool.submit(feed, p) for p in processes]):
                    future.result()
            except BaseException:
                # An interrupt, or a failed worker: end the others, so that their feeders return.
                while _next(queue) is not None:
                    pass
                for process in processes:
                    process.kill()
                raise
    finally:
        for process in processes:
            process.stdin.close()
            process.wait()
            process.stdout.close()
            process.stderr.close()
