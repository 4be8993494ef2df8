"""Options that several commands share, each defined once.

A command that takes a data set declares one parameter of type `DatasetOptions` or `FeatureOptions`
and is decorated with `with_options`: its command line then has an option for each field.
"""

from __future__ import annotations

import functools
import inspect
import json
import os
import sys
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zsbir_lib.errors import ZsbirError

if TYPE_CHECKING:
    from zsbir_lib.datasets import SketchPhotoDataset
    from zsbir_lib.features import Backbone, FeatureSet

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]
Parameters = Annotated[
    list[str],
    typer.Option("--param", "-p", metavar="NAME=VALUE", help="A hyper-parameter of the method."),
]
Clutter = Annotated[
    float, typer.Option(min=0, max=1.5, help="Toybox: difficulty of the photos' background.")
]
Abstraction = Annotated[
    float, typer.Option(min=0, max=3, help="Toybox: difficulty of the sketches.")
]
Workers = Annotated[
    int | None, typer.Option(min=1, help="Processes to draw with; one a processor by default.")
]


@dataclass(frozen=True)
class DatasetOptions:
    """Which images, under which split."""

    dataset: Annotated[str, typer.Option(help="toybox (drawn on first use) or sketchy.")] = "toybox"
    size: Annotated[str, typer.Option(help="Toybox: mini or full.")] = "mini"
    clutter: Clutter = 0.5
    abstraction: Abstraction = 1.3
    data_seed: Annotated[int, typer.Option(min=0, help="Toybox: seed of the pictures.")] = 0
    root: Annotated[Path | None, typer.Option(help="Sketchy: the folder that holds 256x256/.")] = (
        None
    )
    photo_rendering: Annotated[
        str | None,
        typer.Option(help="Sketchy: the folder below photo/, such as tx_000000000000."),
    ] = None
    sketch_rendering: Annotated[
        str | None, typer.Option(help="Sketchy: the folder below sketch/.")
    ] = None
    split: Annotated[
        str | None,
        typer.Option(
            "--split",
            "--test-classes",
            help="A shipped split, or a file of unseen classes. [default: sketchy21]",
        ),
    ] = None
    inner: Annotated[
        bool,
        typer.Option(
            "--inner",
            help="Hold out some of the seen classes, and leave the unseen ones alone: for choices, "
            "and for a part of Sketchy.",
        ),
    ] = False

    def check(self) -> None:
        """Raise a `ZsbirError` if the options cannot be right, before anything is computed."""
        from zsbir_lib.datasets import DATASETS
        from zsbir_lib.datasets.splits import unseen_classes

        if self.dataset not in DATASETS:
            raise ZsbirError(f"unknown data set {self.dataset!r}: use {' or '.join(DATASETS)}")
        if self.dataset == "sketchy" and self.root is None:
            raise ZsbirError("--dataset sketchy needs --root, the folder that holds 256x256/")
        for name in ("root", "photo_rendering", "sketch_rendering"):
            if self.dataset != "sketchy" and getattr(self, name) is not None:
                raise ZsbirError(f"--{name.replace('_', '-')} is for --dataset sketchy")
        if self.inner and self.split:
            raise ZsbirError("--inner makes a split of its own: leave out --split, or --inner")
        if self.split is not None:
            unseen_classes(self.split)

    def load(self) -> SketchPhotoDataset:
        """Open the data set."""
        from zsbir_lib.datasets import load_dataset

        self.check()
        options: dict[str, Any] = {} if self.split is None else {"split": self.split}
        if self.dataset == "sketchy":
            options |= {"root": self.root} | ({"split": None} if self.inner else {})
            options |= {"photo_rendering": self.photo_rendering}
            options |= {"sketch_rendering": self.sketch_rendering}
            return load_dataset("sketchy", **options)
        options |= {"size": self.size, "clutter": self.clutter}
        options |= {"abstraction": self.abstraction, "seed": self.data_seed}
        dataset = load_dataset("toybox", **options)
        return dataset.with_split(dataset.split.inner()) if self.inner else dataset


@dataclass(frozen=True)
class FeatureOptions(DatasetOptions):
    """Which images, and the network that turns them into features."""

    backbone: Annotated[
        str | None,
        typer.Option(
            help="toynet, vgg16, squeezenet1_1. [default: toynet for the Toybox, else vgg16]"
        ),
    ] = None
    weights: Annotated[Path | None, typer.Option(help="The backbone's weights, from a file.")] = (
        None
    )
    device: Annotated[str, typer.Option(help="cpu, cuda, cuda:N, mps or auto.")] = "auto"
    batch_size: Annotated[int, typer.Option(min=1, help="Images at once.")] = 64
    on_error: Annotated[
        str, typer.Option(help="What an unreadable image does: raise, or skip.")
    ] = "raise"
    mixed_precision: Annotated[
        bool, typer.Option("--mixed-precision", help="Compute in half precision where safe.")
    ] = False

    def load_backbone(self) -> Backbone:
        """Load the network."""
        from zsbir_lib.features import load_backbone

        self.check()
        if self.on_error not in ("raise", "skip"):
            raise ZsbirError(f"--on-error is raise or skip, not {self.on_error!r}")
        name = self.backbone or ("toynet" if self.dataset == "toybox" else "vgg16")
        return load_backbone(name, self.weights, self.device)

    def extract(self, dataset: SketchPhotoDataset, backbone: Backbone) -> FeatureSet:
        """Return the features, from the cache where they are there already."""
        from zsbir_lib.features import extract_features

        return extract_features(
            dataset,
            backbone,
            batch_size=self.batch_size,
            on_error=self.on_error,
            mixed_precision=self.mixed_precision,
        )

    def features(self) -> FeatureSet:
        """Load the network and the data set, and return the features."""
        # The weights first: a wrong file is then found before a Toybox is drawn.
        backbone = self.load_backbone()
        return self.extract(self.load(), backbone)


def with_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command an option for each field of the options that its first parameter takes."""
    parameter, *others = inspect.signature(command, eval_str=True).parameters.values()
    group = parameter.annotation
    hints = typing.get_type_hints(group, include_extras=True)
    names = [field.name for field in fields(group)]
    shared = [
        inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=field.default,
            annotation=hints[field.name],
        )
        for field in fields(group)
    ]
    own = [other.replace(kind=inspect.Parameter.KEYWORD_ONLY) for other in others]

    @functools.wraps(command)
    def wrapped(**values: Any) -> Any:
        options = group(**{name: values.pop(name) for name in names})
        return command(options, **values)

    wrapped.__signature__ = inspect.Signature([*own, *shared])
    wrapped.__annotations__ = {p.name: p.annotation for p in [*own, *shared]}
    return wrapped


def parse_parameters(method: str, settings: list[str]) -> dict[str, Any]:
    """Turn ``["epochs=5", ...]`` into hyper-parameters of a method, with the types that it takes.

    Raises
    ------
    ZsbirError
        If the method or one of its hyper-parameters is unknown, or a value has the wrong type.
    """
    return {name: value for name, (value,) in _parse(method, settings, several=False).items()}


def parse_grid(method: str, settings: list[str]) -> dict[str, list[Any]]:
    """Turn ``["epochs=5,10", ...]`` into the values to try for each hyper-parameter.

    Raises
    ------
    ZsbirError
        As `parse_parameters` does.
    """
    return _parse(method, settings, several=True)


def _parse(method: str, settings: list[str], several: bool) -> dict[str, list[Any]]:
    from zsbir_lib.methods import METHODS, create_method

    values: dict[str, list[Any]] = {}
    for setting in settings:
        name, equals, text = setting.partition("=")
        if not (name and equals):
            raise ZsbirError(f"{setting!r} is no hyper-parameter: write name=value")
        if name in values:
            raise ZsbirError(f"the hyper-parameter {name} is given twice")
        values[name] = text.split(",") if several else [text]
    # Unknown names are found by the method itself, which lists those that it has.
    create_method(method, **dict.fromkeys(values))
    known = METHODS[method].hyper_parameters()
    return {name: [known[name].parse(text) for text in texts] for name, texts in values.items()}


def check_out(path: Path) -> Path:
    """Return `path` if a file can be written there; found out before hours of work, not after.

    Raises
    ------
    ZsbirError
        If not.
    """
    if path.is_dir():
        raise ZsbirError(f"cannot write {path}: it is a folder; give a file name")
    parent = path.absolute().parent
    while not os.path.lexists(parent):
        parent = parent.parent
    if not parent.is_dir():
        raise ZsbirError(f"cannot write {path}: {parent} is not a folder")
    if not os.access(parent, os.W_OK | os.X_OK):
        raise ZsbirError(f"cannot write {path}: no permission to write in {parent}")
    return path


def emit(values: Mapping[str, Any], text: str, as_json: bool) -> None:
    """Print a result for a machine or for a person, on standard output."""
    if as_json:
        json.dump(values, sys.stdout, indent=2, default=str, allow_nan=False)
        print()
    else:
        print(text)
