"""``zsbir features``: from images to features."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from zsbir_lib.cli.options import AsJson, FeatureOptions, emit, with_options
from zsbir_lib.files import check_outputs

FEATURES_EXAMPLES = """Examples:

\b
zsbir features
zsbir features --size full --device cuda --mixed-precision
zsbir features --dataset sketchy --root sketchy --backbone vgg16 --out sketchy.safetensors
zsbir features --dataset sketchy --root part --inner --backbone squeezenet1_1 --on-error skip
torchrun --nproc-per-node 4 -m zsbir_lib features --size full --device cuda"""


@with_options
def features(
    options: FeatureOptions,
    out: Annotated[
        Path | None, typer.Option(help="Also write them, with labels and split, to this file.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Compute the features of a data set.

    Those in the cache are not computed again. An interrupted run goes on where it stopped.
    Several processes that torchrun started share the images.
    """
    from zsbir_lib.distributed import world
    from zsbir_lib.features.extraction import kept_features

    if out is not None:
        check_outputs(out)
    start = time.perf_counter()
    where: list[str] = []
    if options.from_file is None:
        backbone, dataset = options.load_backbone(), options.load()
        found = options.extract(dataset, backbone)
        if (entry := kept_features(dataset, backbone, **options.precision)) is not None:
            where.append(str(entry.folder))
    else:
        found = options.features()
    seconds = time.perf_counter() - start
    if out is not None and world().rank == 0:
        found.save(out)
    cache = where[0] if where else None
    where += [str(out)] if out else []
    values = {
        "dataset": found.dataset,
        "backbone": found.backbone,
        "weights": found.weights_id,
        "split": found.split.name,
        "photos": list(found.photos.shape),
        "sketches": list(found.sketches.shape),
        "skipped": list(found.skipped),
        "cache": cache,
        "out": str(out) if out else None,
        "seconds": round(seconds, 2),
    }
    lines = [
        f"{found.backbone} features of {found.dataset} (split {found.split.name}), {seconds:.1f} s",
        f"photos    {found.photos.shape[0]:,} x {found.dim}",
        f"sketches  {found.sketches.shape[0]:,} x {found.dim}",
        *(f"in        {place}" for place in where),
        *(f"skipped   {name}" for name in found.skipped),
    ]
    emit(values, "\n".join(lines), as_json)
