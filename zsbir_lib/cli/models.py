"""``zsbir train`` and ``zsbir evaluate``: retrieval methods under the zero-shot protocol."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zsbir_lib import __version__
from zsbir_lib.cli.class_scores import class_rows, class_table, summarise
from zsbir_lib.cli.embeddings import EmbeddingOptions
from zsbir_lib.cli.options import (
    AsJson,
    FeatureOptions,
    Parameters,
    emit,
    parse_grid,
    with_options,
)
from zsbir_lib.distributed import world
from zsbir_lib.errors import ZsbirError
from zsbir_lib.files import check_outputs

if TYPE_CHECKING:
    from zsbir_lib.features import FeatureSet, RetrievalTask
    from zsbir_lib.gallery import PhotoIndex
    from zsbir_lib.methods import RetrievalMethod
    from zsbir_lib.protocols import Choice

Method = Annotated[str, typer.Option(help="cosine, cvae, ...: a name of the leaderboard.")]


TRAIN_EXAMPLES = """Examples:

\b
zsbir train --method cvae --out cvae.safetensors
zsbir train --method cvae -p epochs=5 -p latent_dim=64 --size full --out cvae.safetensors
torchrun --nproc-per-node 4 -m zsbir_lib train --method cvae --checkpoint s --out m.safetensors"""


@with_options
def train(
    options: FeatureOptions,
    method: Method,
    out: Annotated[Path, typer.Option(help="The model: .safetensors.")],
    param: Parameters = [],  # noqa: B006
    checkpoint: Annotated[
        Path | None,
        typer.Option(help="A folder for the state after each epoch, to go on from."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Fit a method on the pairs of the seen classes, and save it.

    Several processes that torchrun started share each batch.
    """
    from zsbir_lib.methods import create_method

    check_outputs(out)
    fitted = create_method(method, **options.method_parameters(method, param))
    found = options.features()
    seconds = fit_and_save(fitted, found, out, checkpoint)
    pairs = found.pairs_for(fitted) or ()
    values = {
        "method": method,
        "parameters": fitted.get_params(),
        "dataset": found.dataset,
        "backbone": found.backbone,
        "split": found.split.name,
        "pairs": len(pairs),
        "seconds": round(seconds, 2),
        "history": getattr(fitted, "history_", None),
        "out": str(out),
    }
    text = (
        f"{fitted!r} fitted on {len(pairs):,} pairs of {len(found.split.seen)} seen classes in "
        f"{seconds:.1f} s\n{out}"
    )
    emit(values, text, as_json)


def fit_and_save(
    method: RetrievalMethod, features: FeatureSet, out: Path, checkpoint: Path | None
) -> float:
    """Fit a method on the seen classes, save it with its origin, and return the seconds."""
    start = time.perf_counter()
    method.fit(features.pairs_for(method), checkpoint=checkpoint)
    seconds = time.perf_counter() - start
    if world().rank == 0:
        method.save(out, **origin(features))
    return seconds


def origin(features: FeatureSet) -> dict[str, Any]:
    """Return what a saved model has to know about the features that it was fitted on."""
    return {
        "dataset": features.dataset,
        "backbone": features.backbone,
        "weights_id": features.weights_id,
        "split": features.split.name,
        "seen": list(features.split.seen),
        "zsbir": __version__,
    }


def check_origin(path: Path, metadata: dict[str, Any], features: FeatureSet | PhotoIndex) -> None:
    """Raise a `ZsbirError` if a model and features do not belong together."""
    fitted_on = (metadata.get("backbone"), metadata.get("weights_id"))
    if fitted_on[0] is not None and fitted_on != (features.backbone, features.weights_id):
        raise ZsbirError(
            f"the model {path} was fitted on features of {fitted_on[0]} (weights {fitted_on[1]}), "
            f"these are of {features.backbone} (weights {features.weights_id}): give the same "
            "--backbone and --weights"
        )


def print_note(message: str) -> None:
    """Say something on standard error that is no error."""
    typer.echo(f"zsbir: {message}", err=True)


EVALUATE_EXAMPLES = """Examples:

\b
zsbir evaluate --method cosine
zsbir evaluate --method cvae --k 20 -p epochs=5 --per-class
zsbir evaluate --method cvae --choose epochs=5,10,20 --choose reconstruction_weight=0.3,1,3
zsbir evaluate --model cvae.safetensors --json
zsbir evaluate --features mine.safetensors --method sae
zsbir evaluate --dataset tuberlin --root tu-berlin --pairing class --method triplet
zsbir evaluate --queries q.npy --gallery g.npy --query-labels q.txt --gallery-labels g.txt"""


@with_options
def evaluate(
    options: EmbeddingOptions,
    method: Annotated[str | None, typer.Option(help="Fit and evaluate this method.")] = None,
    model: Annotated[
        Path | None, typer.Option(help="Evaluate what `zsbir train` saved instead.")
    ] = None,
    param: Parameters = [],  # noqa: B006
    k: Annotated[
        int | None, typer.Option("--k", min=1, help="Depth. [default: what the gallery fills]")
    ] = None,
    choose: Annotated[
        list[str],
        typer.Option(
            metavar="NAME=V1,V2,...",
            help="Choose a hyper-parameter on held-out seen classes first; may be repeated.",
        ),
    ] = [],  # noqa: B006
    inner_splits: Annotated[int, typer.Option(min=1, help="Splits that a choice is made on.")] = 2,
    per_class: Annotated[bool, typer.Option("--per-class", help="Also print each class.")] = False,
    compare: Annotated[
        list[str],
        typer.Option(
            metavar="SYSTEM|FILE",
            help="Set embeddings beside a system in print, or beside what --json wrote of others, "
            "where the comparison holds; may be repeated.",
        ),
    ] = [],  # noqa: B006
    as_json: AsJson = False,
) -> None:
    """Measure a method on the unseen classes, or embeddings that were made elsewhere.

    For every sketch of the unseen classes their photos are ranked. The interval is a 95% bootstrap
    over classes: which classes a method meets matters far more than which seed it had.

    Embeddings are ranked as they are, and measured in every convention of the field.
    """
    from zsbir_lib.methods import create_method
    from zsbir_lib.protocols import check_depth
    from zsbir_lib.protocols import evaluate as measure

    if (table := options.table(k)) is not None:
        if method or model or param or choose:
            raise ZsbirError("embeddings are measured as they are: leave out --method and --model")
        text, values = options.shown(table, per_class, compare)
        emit(values, text, as_json)
        return
    if compare:
        raise ZsbirError("--compare is for embeddings: give --queries and --gallery, or --ranking")
    if (method is None) == (model is None):
        raise ZsbirError("say what to evaluate: --method NAME, --model FILE, or --queries FILE")
    if model is not None and (param or choose):
        raise ZsbirError("a saved model has its hyper-parameters: -p and --choose are for --method")
    name = method or ""  # none for a saved model
    parameters = options.method_parameters(name, param) if name else {}
    grid = parse_grid(name, choose) if choose else {}
    if both := sorted(set(parameters) & set(grid)):
        raise ZsbirError(f"{both[0]} is given and to be chosen: leave out one")
    fitted, metadata = options.load_method(model) if model else (None, {})
    found = options.features()
    if model:
        check_origin(model, metadata, found)
        if known := sorted(set(metadata.get("seen", ())) & set(found.split.unseen)):
            raise ZsbirError(
                f"the model {model} was fitted on {', '.join(known[:3])}, which the split "
                f"{found.split.name!r} holds out: that would not be zero-shot"
            )
    task = check_task(found.task())
    k = check_depth(k, task)
    chosen = None
    if grid:
        chosen = choose_settings(name, grid, parameters, found, inner_splits)
        parameters |= chosen.parameters
    start = time.perf_counter()
    if fitted is None:
        fitted = create_method(name, **parameters)
        fitted.fit(found.pairs_for(fitted))
    fit_seconds = time.perf_counter() - start
    report = measure(fitted, task, k)
    scores, text = summarise(report, task)
    rows = class_rows(report, task)
    values = {
        "method": fitted.name,
        "parameters": fitted.get_params(),
        "model": str(model) if model else None,
        "dataset": found.dataset,
        "backbone": found.backbone,
        "split": found.split.name,
        "k": k,
        "queries": len(task.queries),
        "gallery": len(task.gallery),
        "queries_without_match": report.n_without_match,
        "fit_seconds": None if model else round(fit_seconds, 2),
        "scores": scores,
        "chosen": None if chosen is None else describe_choice(chosen),
        "per_class": rows,
    }
    head = (
        f"{fitted!r} on {found.dataset} with {found.backbone}, split {found.split.name}:\n"
        f"{len(task.queries):,} sketches of {len(found.split.unseen)} unseen classes, "
        f"{len(task.gallery):,} photos"
    )
    if report.n_without_match:
        head += (
            f"\n{report.n_without_match:,} of the sketches have no photo of their class in the "
            "gallery: they score 0"
        )
    parts = [head, text]
    if chosen is not None:
        parts.insert(1, choice_text(chosen))
    if per_class:
        parts.append(class_table(rows, k))
    emit(values, "\n\n".join(parts), as_json)


def check_task(task: RetrievalTask) -> RetrievalTask:
    """Return the task if there is anything to tell apart in its gallery."""
    classes = task.gallery_labels.unique()
    if len(classes) < 2:
        raise ZsbirError(
            f"the gallery is of one class only ({task.class_names[int(classes[0])]}): every "
            "ranking of it is right; choose a split with two unseen classes or more"
        )
    return task


def choose_settings(
    method: str,
    grid: dict[str, list[Any]],
    fixed: dict[str, Any],
    features: FeatureSet,
    inner_splits: int,
) -> Choice:
    """Choose on held-out seen classes, with the other hyper-parameters as they were given."""
    from zsbir_lib.protocols import choose

    whole = grid | {name: [value] for name, value in fixed.items()}
    return choose(method, whole, features, inner_splits=inner_splits)


def describe_choice(choice: Choice) -> dict[str, Any]:
    """Return a choice as JSON values."""
    return {
        "parameters": choice.parameters,
        "k": choice.k,
        "candidates": [
            {"parameters": row.parameters, "mAP@K": list(row.scores), "error": row.error}
            for row in choice.candidates
        ],
    }


def choice_text(choice: Choice) -> str:
    """Return a choice as a table: the mean mAP@K of every candidate, the chosen one marked."""
    lines = [f"mAP@{choice.k} (divided by K) on held-out seen classes:"]
    for row in choice.candidates:
        settings = ", ".join(f"{name}={value}" for name, value in row.parameters.items())
        if row.error is not None:
            lines.append(f"  failed  {settings}: {row.error}")
            continue
        mark = "  <- chosen" if row.parameters == choice.parameters else ""
        lines.append(f"  {sum(row.scores) / len(row.scores):.4f}  {settings}{mark}")
    return "\n".join(lines)
