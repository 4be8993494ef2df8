"""``zsbir doctor``: whether everything is there that the other commands need."""

from __future__ import annotations

import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from zsbir_lib import __version__
from zsbir_lib.cli.cache import size_text
from zsbir_lib.cli.options import AsJson, emit
from zsbir_lib.errors import ZsbirError

_PACKAGES = ("numpy", "PIL", "matplotlib", "sklearn", "safetensors", "ipywidgets", "anywidget")
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
_ENOUGH_SPACE = 2 * 2**30  # bytes: a full Toybox and its features, with room to spare


@dataclass(frozen=True)
class Check:
    """What was looked at, how it is (``"ok"``, ``"note"`` or ``"wrong"``), and what to do."""

    name: str
    state: str
    found: str
    remedy: str = ""


DOCTOR_EXAMPLES = """Examples:

\b
zsbir doctor
zsbir doctor --root sketchy
zsbir doctor --dataset quickdraw --root quickdraw
zsbir doctor --json"""


def doctor(
    root: Annotated[
        Path | None, typer.Option(help="Also compare a data set with the published counts.")
    ] = None,
    dataset: Annotated[
        str, typer.Option(help="Which one lies there: sketchy, quickdraw or tuberlin.")
    ] = "sketchy",
    as_json: AsJson = False,
) -> None:
    """Check the installation, and say what to do.

    Looks at packages, device, cache, Toybox and weights; exits with 1 if a check fails.
    """
    checks = [check for look in LOOKS.values() for check in _carefully(look)]
    report = None
    if root is not None:
        from zsbir_lib.datasets import DATASETS

        opened: Any = DATASETS[dataset]
        if not hasattr(opened, "verify"):
            raise ZsbirError(f"nothing is published to compare --dataset {dataset} with")
        report = opened(root, split=None).verify()
        state = "ok" if report.ok else "wrong"
        checks.append(
            Check(
                opened.__name__,
                state,
                str(root) + (", as published" if report.ok else ", not as published"),
                "" if report.ok else "see what differs below; a part of it serves with --inner",
            )
        )
    wrong = [check for check in checks if check.state == "wrong"]
    width = max(len(check.name) for check in checks)
    lines = []
    for check in checks:
        lines.append(f"{check.state:<5}  {check.name:<{width}}  {check.found}")
        if check.remedy:
            lines.append(f"{'':<5}  {'':<{width}}  -> {check.remedy}")
    if report is not None:
        lines += ["", str(report)]
    lines += ["", f"{len(wrong)} checks failed." if wrong else "All is well."]
    values: dict[str, Any] = {"ok": not wrong, "checks": [asdict(check) for check in checks]}
    if report is not None:
        values[dataset] = {
            "ok": report.ok,
            "statistics": dict(report.statistics),
            "differing": list(report.differing),
            "problems": {name: dict(found) for name, found in report.problems.items()},
        }
    emit(values, "\n".join(lines), as_json)
    if wrong:
        raise typer.Exit(1)


def _carefully(look: Callable[[], Iterator[Check]]) -> Iterator[Check]:
    """Run a check that may itself fail, as one does on a broken installation."""
    try:
        yield from look()
    except Exception as error:
        reason = str(error).strip().split("\n")[0] or type(error).__name__
        yield Check(look.__name__.strip("_"), "wrong", reason, "install zsbir anew, or report this")


def _python() -> Iterator[Check]:
    version = platform.python_version()
    good = sys.version_info >= (3, 10)
    yield Check("Python", "ok" if good else "wrong", f"{version}, zsbir {__version__}",
                "" if good else "install Python 3.10 or newer")  # fmt: skip


def _packages() -> Iterator[Check]:
    for name in ("torch", "torchvision", *_PACKAGES):
        try:
            module = import_module(name)
            if name == "torchvision":
                # Its compiled part fails only when it is used, beside a torch it was not built for.
                torch = import_module("torch")
                module.ops.nms(torch.zeros(1, 4), torch.zeros(1), 0.5)
        except Exception as error:
            reason = str(error).strip().split("\n")[0]
            pair = "torch and torchvision from one source, as one pair"
            remedy = pair if name.startswith("torch") else f"`pip install -U {_pip_name(name)}`"
            yield Check(name, "wrong", f"cannot be imported: {reason}", f"install {remedy}")
        else:
            yield Check(name, "ok", getattr(module, "__version__", "present"))


def _pip_name(name: str) -> str:
    return {"PIL": "pillow", "sklearn": "scikit-learn"}.get(name, name)


def _device() -> Iterator[Check]:
    import torch

    from zsbir_lib.devices import choose_device

    device = choose_device()
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else platform.machine()
    yield Check("device", "ok", f"{device} ({name}), {torch.get_num_threads()} threads")


def _cache() -> Iterator[Check]:
    from zsbir_lib.files import write_text
    from zsbir_lib.paths import cache_dir

    try:
        folder = cache_dir()
        write_text(folder / "doctor", "written to see whether it can be\n")
        (folder / "doctor").unlink()
    except (OSError, ZsbirError) as error:
        reason = str(error) if isinstance(error, ZsbirError) else f"{folder}: {error.strerror}"
        yield Check("cache", "wrong", reason, "set ZSBIR_CACHE to a folder that can be written")
        return
    free = shutil.disk_usage(folder).free
    remedy = "" if free > _ENOUGH_SPACE else "make room, or set ZSBIR_CACHE to another disk"
    state = "ok" if free > _ENOUGH_SPACE else "wrong"
    yield Check("cache", state, f"{folder}, {size_text(free)} free", remedy)
    for part in sorted(entry for entry in folder.iterdir() if entry.is_dir()):
        size = sum(file.stat().st_size for file in part.rglob("*") if file.is_file())
        yield Check(f"cache/{part.name}", "ok", size_text(size))


def _shared_cache() -> Iterator[Check]:
    from zsbir_lib.paths import shared_root
    from zsbir_lib.store import Store

    folder = shared_root()
    if folder is None:
        return
    count = sum(entry.finished for entry in Store(folder).entries())
    remedy = "" if count else ("name a folder in ZSBIR_SHARED_CACHE that was ZSBIR_CACHE when "
                               "`zsbir toybox build` ran, and let all read it")  # fmt: skip
    yield Check("shared cache", "ok" if count else "wrong", f"{folder}, {count} entries", remedy)


def _toybox() -> Iterator[Check]:
    from zsbir_lib.datasets.splits import SKETCHY_CLASSES
    from zsbir_lib.datasets.toybox import toy_classes
    from zsbir_lib.datasets.toybox.generation import Pictures
    from zsbir_lib.datasets.toybox.recipe import SIZES, toybox_recipe

    missing = sorted(set(SKETCHY_CLASSES) - set(toy_classes()))
    if missing:
        yield Check(
            "Toybox", "wrong", f"{len(missing)} classes are missing, {missing[0]} first",
            "install zsbir anew",
        )  # fmt: skip
    for size in SIZES:
        command, name = f"`zsbir toybox build --size {size}`", f"Toybox {size}"
        entry = Pictures(toybox_recipe(size)).find()
        if entry is None:
            yield Check(name, "note", "not drawn yet", f"drawn on first use, or by {command}")
        elif damaged := entry.verify():
            found = f"{len(damaged)} damaged files, {damaged[0].name} first"
            yield Check(name, "wrong", found, f"{command} draws them again")
        else:
            yield Check(name, "ok", "drawn")


def _toynet() -> Iterator[Check]:
    from zsbir_lib.datasets.toybox.recipe import DRAWINGS_VERSION
    from zsbir_lib.features import load_backbone
    from zsbir_lib.toynet import SKETCH_WEIGHTS, TOYNET_WEIGHTS, read_toynet_card

    remedy = "`zsbir toynet train --packaged` makes them"
    for path in (TOYNET_WEIGHTS, SKETCH_WEIGHTS):
        what = f"{path.stem} weights"
        try:
            backbone = load_backbone(path.stem, device="cpu")
            card = read_toynet_card(path)
        except ZsbirError as error:
            yield Check(what, "wrong", str(error), remedy)
            continue
        found = backbone.weights_id
        if "held_out_accuracy" in card:
            found += f", {card['held_out_accuracy']:.1%} of held-out photos named right"
        if card.get("drawings_version") == DRAWINGS_VERSION:
            yield Check(what, "ok", found)
        else:
            found += ", trained on pictures of other drawings"
            yield Check(what, "note", found, f"they serve; {remedy} anew")


def _chromium() -> Iterator[Check]:
    found = next((path for name in _BROWSERS if (path := shutil.which(name))), None)
    if found:
        yield Check("Chromium", "ok", found)
    else:
        yield Check("Chromium", "note", "not found", "only the browser tests need it")


LOOKS = {
    "python": _python,
    "packages": _packages,
    "device": _device,
    "cache": _cache,
    "shared cache": _shared_cache,
    "toybox": _toybox,
    "toynet": _toynet,
    "chromium": _chromium,
}
"""What is looked at, in this order."""
