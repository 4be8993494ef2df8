"""Options that several commands share, each defined once.

A command that takes a data set declares one parameter of type `DatasetOptions` or `FeatureOptions`
and is decorated with `with_options`: its command line then has an option for each field.
"""

from __future__ import annotations

import functools
import inspect
import json
import sys
import typing
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zsbir_lib.cli.imports import import_modules
from zsbir_lib.errors import ZsbirError, check_on_error
from zsbir_lib.reading import check_file, printable

if TYPE_CHECKING:
    from zsbir_lib.datasets import SketchPhotoDataset
    from zsbir_lib.features import Backbone, FeatureSet
    from zsbir_lib.methods import RetrievalMethod

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]
Parameters = Annotated[
    list[str],
    typer.Option("--param", "-p", metavar="NAME=VALUE", help="A hyper-parameter of the method."),
]
Model = Annotated[Path | None, typer.Option(help="What `zsbir train` saved, in place of --method.")]
Clutter = Annotated[
    float, typer.Option(min=0, max=1.5, help="Toybox: difficulty of the photos' background.")
]
Abstraction = Annotated[
    float, typer.Option(min=0, max=3, help="Toybox: difficulty of the sketches.")
]
Workers = Annotated[
    int | None,
    typer.Option(min=1, max=1024, help="Processes to draw with; one a processor by default."),
]
LARGEST_SEED = 2**63 - 1


@dataclass(frozen=True)
class DatasetOptions:
    """Which images, under which split."""

    imports: Annotated[
        list[str],
        typer.Option(
            "--import",
            metavar="MODULE",
            help="Import this first, a module or a .py file: methods, backbones and data sets that "
            "it registers are known. May be repeated.",
        ),
    ] = field(default_factory=list)
    dataset: Annotated[
        str,
        typer.Option(
            help="toybox (drawn on first use), sketchy, quickdraw, tuberlin, or one registered."
        ),
    ] = "toybox"
    size: Annotated[str, typer.Option(help="Toybox: mini or full.")] = "mini"
    clutter: Clutter = 0.5
    abstraction: Abstraction = 1.3
    data_seed: Annotated[
        int, typer.Option(min=0, max=LARGEST_SEED, help="Toybox: seed of the pictures.")
    ] = 0
    root: Annotated[
        Path | None,
        typer.Option(
            help="All but the Toybox: the folder of photos and sketches; for sketchy, the one that "
            "holds 256x256/."
        ),
    ] = None
    form: Annotated[
        str | None,
        typer.Option(
            help="quickdraw: png, simplified, raw, binary or numpy_bitmap; tuberlin: png or svg. "
            "[default: the first that is there]"
        ),
    ] = None
    sketches_per_class: Annotated[
        int | None,
        typer.Option(
            min=1, help="quickdraw, tuberlin: the first sketches of each class, at most so many."
        ),
    ] = None
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
            help="A shipped split, or a file of unseen classes. [default: the data set's own: "
            "sketchy21, quickdraw30, tuberlin30]",
        ),
    ] = None
    inner: Annotated[
        bool,
        typer.Option(
            "--inner",
            help="Hold out some of the seen classes, and leave the unseen ones alone: for choices, "
            "and for a part of a data set.",
        ),
    ] = False

    def check(self) -> None:
        """Raise a `ZsbirError` if the options cannot be right, before anything is computed."""
        from zsbir_lib.datasets import DATASETS, needs_root
        from zsbir_lib.datasets.splits import unseen_classes

        opened = DATASETS[self.dataset]
        taken = inspect.signature(opened).parameters
        anything = any(one.kind is one.VAR_KEYWORD for one in taken.values())
        for one in fields(DatasetOptions):
            name = _KEYWORDS.get(one.name, one.name)
            given = getattr(self, one.name) != _default(one)
            if given and name not in taken and not anything and one.name not in _OF_EVERY:
                raise ZsbirError(f"{_option(one)} is not for --dataset {self.dataset}")
            if not given and name in taken and taken[name].default is inspect.Parameter.empty:
                holds = needs_root(opened) if name == "root" else None
                what = f", {holds}" if holds else ""
                raise ZsbirError(f"--dataset {self.dataset} needs {_option(one)}{what}")
        if self.inner and self.split:
            raise ZsbirError("--inner makes a split of its own: leave out --split, or --inner")
        if self.split is not None:
            unseen_classes(self.split)

    def load(self) -> SketchPhotoDataset:
        """Open the data set."""
        from zsbir_lib.datasets import DATASETS, needs_root

        self.check()
        opened = DATASETS[self.dataset]
        taken = inspect.signature(opened).parameters
        options: dict[str, Any] = {}
        for one in fields(DatasetOptions):
            name, value = _KEYWORDS.get(one.name, one.name), getattr(self, one.name)
            if value != _default(one) or (name in taken and one.name in _OF_TOYBOX):
                options[name] = value
        for name in ("imports", "dataset", "inner"):
            options.pop(name, None)
        if self.inner and needs_root(opened):
            # A part of it may hold none of the unseen classes.
            return opened(**options, split=None)
        dataset = opened(**options)
        return dataset.with_split(dataset.split.inner()) if self.inner else dataset


_KEYWORDS = {
    "data_seed": "seed",
    "sketches_per_class": "per_class",
}  # what data sets call an option of another name
_OF_TOYBOX = ("size", "clutter", "abstraction", "data_seed")
_OF_EVERY = ("imports", "dataset", "split", "inner")


def _default(one: Field[Any]) -> Any:
    return one.default if one.default_factory is MISSING else one.default_factory()


def _option(one: Field[Any]) -> str:
    """Return the name of a field's option on the command line."""
    return "--" + {"from_file": "features"}.get(one.name, one.name).replace("_", "-")


class PrecisionOptions(typing.TypedDict):
    """How exactly features are computed, as `extract_features` takes it."""

    mixed_precision: bool
    tf32: bool


@dataclass(frozen=True)
class FeatureOptions(DatasetOptions):
    """Which images, and the network that turns them into features; or a file of features."""

    from_file: Annotated[
        Path | None,
        typer.Option(
            "--features",
            help="Take features from this file, which `zsbir features --out` or FeatureSet.save "
            "wrote, in place of images.",
        ),
    ] = None
    backbone: Annotated[
        str | None,
        typer.Option(
            help="toynet, vgg16, squeezenet1_1, one registered, one of a package: "
            "torchvision:resnet50, timm:NAME, clip:NAME/WEIGHTS; or a file of `zsbir finetune`. "
            "[default: toynet for the Toybox, else vgg16]"
        ),
    ] = None
    weights: Annotated[Path | None, typer.Option(help="The backbone's weights, from a file.")] = (
        None
    )
    device: Annotated[
        str, typer.Option(help="Where to compute: cpu, cuda, cuda:N, mps or auto.")
    ] = "auto"
    batch_size: Annotated[int, typer.Option(min=1, max=2**31 - 1, help="Images at once.")] = 64
    on_error: Annotated[
        str | None,
        typer.Option(help="What an unreadable image does: raise, or skip. [default: raise]"),
    ] = None
    mixed_precision: Annotated[
        bool, typer.Option("--mixed-precision", help="Compute in half precision where safe.")
    ] = False
    tf32: Annotated[
        bool,
        typer.Option("--tf32", help="Compute with 10 bits of the mantissa, on a card that can."),
    ] = False
    pairing: Annotated[
        str,
        typer.Option(
            help="What a sketch is paired with for learning: drawn, the photo that it was drawn "
            "from; class, any photo of its class."
        ),
    ] = "drawn"

    def check(self) -> None:
        """Raise a `ZsbirError` if the options cannot be right, before anything is computed."""
        from zsbir_lib.devices import choose_device
        from zsbir_lib.features import PAIRINGS

        check_on_error(self.on_error or "raise")
        if self.pairing not in PAIRINGS:
            raise ZsbirError(f"--pairing is {' or '.join(PAIRINGS)}, not {self.pairing!r}")
        choose_device(self.device)
        if self.from_file is None:
            super().check()
            return
        for one in fields(self):
            if one.name not in _OF_FEATURES and getattr(self, one.name) != _default(one):
                raise ZsbirError(
                    f"--features {self.from_file} holds features already: leave out {_option(one)}"
                )
        if self.inner and self.split:
            raise ZsbirError("--inner makes a split of its own: leave out --split, or --inner")

    def load_backbone(self, default: str | None = None) -> Backbone:
        """Load the network; `default` in place of the data set's own if none is named."""
        from zsbir_lib.features import load_backbone

        self.check()
        if self.from_file is not None:
            raise ZsbirError(f"--features {self.from_file} holds no images: leave it out here")
        own = "toynet" if self.dataset == "toybox" else "vgg16"
        name = self.backbone or default or own
        return load_backbone(name, self.weights, self.device)

    def extract(self, dataset: SketchPhotoDataset, backbone: Backbone) -> FeatureSet:
        """Return the features, from the cache where they are there already."""
        from zsbir_lib.features import extract_features

        found = extract_features(
            dataset,
            backbone,
            batch_size=self.batch_size,
            on_error=self.on_error or "raise",
            **self.precision,
        )
        return found.with_pairing(self.pairing)

    def about_features(
        self, dataset: SketchPhotoDataset, backbone: Backbone, names: tuple[str, ...]
    ) -> dict[str, Any] | None:
        """Return what a gallery of some classes depends on, None if features are not kept yet.

        It takes milliseconds: features are named by their recorded checksums, and not read.
        """
        from zsbir_lib.features.extraction import kept_features, kept_features_id

        entry = kept_features(dataset, backbone, **self.precision)
        return None if entry is None else self._about(dataset, names, kept_features_id(entry))

    def about_recipe(
        self, dataset: SketchPhotoDataset, backbone: Backbone, names: tuple[str, ...]
    ) -> dict[str, Any]:
        """Return the same, with features named by what they are made of, up to the last digits."""
        from zsbir_lib.features.extraction import features_recipe

        return self._about(dataset, names, features_recipe(dataset, backbone, **self.precision))

    @property
    def precision(self) -> PrecisionOptions:
        """The options of `extract_features` that say how exactly is computed."""
        return {"mixed_precision": self.mixed_precision, "tf32": self.tf32}

    def _about(
        self, dataset: SketchPhotoDataset, names: tuple[str, ...], features: str | dict[str, Any]
    ) -> dict[str, Any]:
        attributes = dataset.class_attributes
        return {
            "features": features,
            "classes": names,
            "class_names": dataset.class_names,
            "seen": dataset.split.seen,
            "unseen": dataset.split.unseen,
            "attributes": None if attributes is None else attributes.tolist(),
            "attribute_names": tuple(dataset.attribute_names),
            "pairing": self.pairing,
        }

    def dataset_and_features(self) -> tuple[SketchPhotoDataset | None, FeatureSet]:
        """Return the images and their features; None and features where these were given."""
        if self.from_file is not None:
            return None, self._read_features(self.from_file)
        # The weights first: a wrong file is then found before a Toybox is drawn.
        backbone = self.load_backbone()
        dataset = self.load()
        return dataset, self.extract(dataset, backbone)

    def features(self) -> FeatureSet:
        """Load the network and the data set, and return the features."""
        return self.dataset_and_features()[1]

    def _read_features(self, path: Path) -> FeatureSet:
        from zsbir_lib.datasets import load_split
        from zsbir_lib.features import FeatureSet

        self.check()
        found = FeatureSet.load(path)
        if self.pairing != found.pairing and self.pairing != "drawn":
            found = found.with_pairing(self.pairing)
        if self.split is not None:
            return found.with_split(load_split(self.split, found.class_names))
        return found.with_split(found.split.inner()) if self.inner else found

    def method_parameters(self, method: str, settings: list[str]) -> dict[str, Any]:
        """Return a method's hyper-parameters as ``-p`` gave them, and the device of the options."""
        from zsbir_lib.methods import METHODS

        parameters = parse_parameters(method, settings)
        if "device" in METHODS[method].hyper_parameters():
            parameters.setdefault("device", self.device)
        return parameters

    def load_method(self, path: Path) -> tuple[RetrievalMethod, dict[str, Any]]:
        """Read a saved method, which then computes on the device of the options."""
        from zsbir_lib.methods import load_method

        check_file(path, f"the model {path}")
        return load_method(path, self.device)


_OF_FEATURES = ("imports", "from_file", "split", "inner", "device", "pairing")


def with_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command an option for each field of the options that its first parameter takes."""
    parameter, *others = inspect.signature(command, eval_str=True).parameters.values()
    group = parameter.annotation
    hints = typing.get_type_hints(group, include_extras=True)
    names = [one.name for one in fields(group)]
    shared = [
        inspect.Parameter(
            one.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=_default(one),
            annotation=hints[one.name],
        )
        for one in fields(group)
    ]
    own = [other.replace(kind=inspect.Parameter.KEYWORD_ONLY) for other in others]

    @functools.wraps(command)
    def wrapped(**values: Any) -> Any:
        options = group(**{name: values.pop(name) for name in names})
        import_modules(options.imports)
        return command(options, **values)

    wrapped.__signature__ = inspect.Signature([*own, *shared])  # type: ignore[attr-defined]
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
    from zsbir_lib.methods import METHODS

    known = METHODS[method].hyper_parameters()
    values: dict[str, list[Any]] = {}
    for setting in settings:
        name, equals, text = setting.partition("=")
        if not (name and equals):
            raise ZsbirError(f"{setting!r} is no hyper-parameter: write name=value")
        if name in values:
            raise ZsbirError(f"the hyper-parameter {name} is given twice")
        METHODS[method].refuse_unknown([name])
        values[name] = [
            known[name].parse(part) for part in (text.split(",") if several else [text])
        ]
    return values


def emit(values: Mapping[str, Any], text: str, as_json: bool, *, indent: int | None = 2) -> None:
    """Print a result for a machine or for a person, on standard output.

    Without an indent, JSON takes one line.

    Raises
    ------
    ZsbirError
        If standard output is closed.
    """
    if sys.stdout is None:
        raise ZsbirError("standard output is closed, so the result cannot be printed")
    if as_json:
        print(json.dumps(values, indent=indent, default=str, allow_nan=False))
    else:
        print(printable(text))
