"""From a data set's images to features, once: computed block by block, and read from the store."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import torch
from torch import Tensor

from zsbir_lib.datasets.base import SketchPhotoDataset
from zsbir_lib.distributed import world
from zsbir_lib.errors import ZsbirError, check_counts, check_on_error
from zsbir_lib.features.backbones import Backbone
from zsbir_lib.features.blocks import Extraction, skipped
from zsbir_lib.features.featureset import FeatureSet
from zsbir_lib.features.precision import choose_precision
from zsbir_lib.files import digest_of
from zsbir_lib.store import Entry, Store


def extract_features(
    dataset: SketchPhotoDataset,
    backbone: Backbone,
    *,
    batch_size: int = 64,
    cache: bool | str | os.PathLike = True,
    on_error: str = "raise",
    workers: int | None = None,
    progress: bool | None = None,
    device: str | torch.device | None = None,
    mixed_precision: bool = False,
    tf32: bool = False,
) -> FeatureSet:
    """Return the features of all photos and sketches of a data set.

    The first call computes them, the next one reads them from the cache. They are kept under a
    key made of the data set's fingerprint, the precision, and the backbone's name, weights,
    transform and output for a picture; so features of anything else are never read. A second
    process that wants the same features waits for the first one's, or, where the file system has
    no locks, computes them too. Processes that `torchrun` started share the work within
    `zsbir_lib.distributed.joined`, and all return all features.

    Parameters
    ----------
    dataset
        Where the images come from.
    backbone
        What maps them to features.
    batch_size
        Images that go through the network at once. A run that continues an interrupted one with
        another batch size starts over: sums may be rounded otherwise.
    cache
        ``True``: the library's cache folder; a path: that folder; ``False``: compute, keep
        nothing.
    on_error
        What an unreadable image does: ``"raise"`` stops the run, naming the image (what is
        computed by then is kept); ``"skip"`` leaves the image out and lists it in
        ``FeatureSet.skipped``.
    workers
        Processes that decode images ahead of the network (threads where the system cannot fork
        safely); 1 for none; None chooses.
    progress
        Whether to show a bar on standard error; ``None`` shows it on a terminal.
    device
        Where to compute, with a copy of the backbone if it is elsewhere; None is where it is.
    mixed_precision
        Let the network compute in half precision where that is safe (``torch.autocast``; bfloat16
        where the device has it, else float16). Several times faster on recent hardware; features
        then differ from the others from the third digit on. CUDA and CPU only.
    tf32
        Let a card compute products and convolutions in TF32, of 10 bits of the mantissa in place
        of 23. Without it, features are computed in float32, whatever the process is set to.

    Returns
    -------
    FeatureSet
        Under the data set's split; features are float32 on the CPU.

    Raises
    ------
    ZsbirError
        If an argument is out of range, an image cannot be read (with ``on_error="raise"``), the
        network returns NaN or was fine-tuned on a class that the split holds out, or the cache
        cannot be written.
    """
    check_on_error(on_error)
    check_counts(batch_size=batch_size, workers=workers)
    if known := sorted(set(backbone.learnt_from) & set(dataset.split.unseen)):
        raise ZsbirError(
            f"{backbone.name} was fine-tuned on {', '.join(known[:3])}, which the split "
            f"{dataset.split.name!r} holds out: that would not be zero-shot"
        )
    if device is not None:
        backbone = backbone.to(device)
    precision = choose_precision(mixed_precision, tf32, backbone.device)
    job = Extraction(dataset, backbone, batch_size, on_error, workers, progress, precision)
    if cache is False:
        return _feature_set(job, _computed(job))
    return _feature_set(job, _kept(Store(None if cache is True else cache), job))


def kept_features(
    dataset: SketchPhotoDataset,
    backbone: Backbone,
    *,
    cache: str | os.PathLike | None = None,
    mixed_precision: bool = False,
    tf32: bool = False,
) -> Entry | None:
    """Return where features are kept, in whichever cache, without reading them; None if nowhere.

    Parameters
    ----------
    dataset, backbone, mixed_precision, tf32
        As for `extract_features`.
    cache
        A folder; the library's cache folder by default.
    """
    recipe = features_recipe(dataset, backbone, mixed_precision=mixed_precision, tf32=tf32)
    return Store(cache).find("features", recipe, check=False)


def kept_features_id(entry: Entry) -> str:
    """Return a digest that names kept features: of their key, and of their recorded checksums.

    Parameters
    ----------
    entry
        What `kept_features` returned. Images and features are not looked at.
    """
    pieces = {name: piece.sha256 for name, piece in entry.pieces.items()}
    return digest_of([entry.key, pieces])


def features_recipe(
    dataset: SketchPhotoDataset,
    backbone: Backbone,
    *,
    mixed_precision: bool = False,
    tf32: bool = False,
) -> dict[str, Any]:
    """Return what features are made of: it names them up to the last digits, wherever computed.

    Parameters
    ----------
    dataset, backbone, mixed_precision, tf32
        As for `extract_features`.

    Returns
    -------
    dict
        JSON values: versions, checksums of images and weights, shape.
    """
    precision = choose_precision(mixed_precision, tf32, backbone.device)
    return Extraction(dataset, backbone, 1, "raise", None, None, precision).key


def _computed(job: Extraction) -> np.ndarray:
    """Return all features, with nothing kept."""
    rows = np.empty(job.shape, dtype=np.float32)
    own: dict[int, np.ndarray] = {}
    job.share(list(job.starts), own.__setitem__)
    for blocks in world().gather(own):
        for start, block in blocks.items():
            rows[start : start + job.block] = block
    return rows


def _kept(store: Store, job: Extraction) -> np.ndarray:
    """Return all features from the store, computed if need be.

    Of several processes, number 0 alone deals with the store; the others help it to fill an entry,
    and read that.
    """
    if world().rank > 0:
        job.help()
        entry = store.find("features", job.key)
        if entry is None:
            raise ZsbirError(
                f"{store.root} does not hold the features that another process keeps there: set "
                "ZSBIR_CACHE to a folder that all machines of the job share"
            )
        return _read(job, entry)[0]
    try:
        rows = _made(store, job)
    except ZsbirError as error:
        job.dismiss(str(error))
        raise
    job.dismiss()
    return rows


def _made(store: Store, job: Extraction) -> np.ndarray:
    label = f"{job.dataset.name}-{job.backbone.name}"
    while True:
        entry = store.get("features", job.key, job.fill, label=label)
        rows, blocks = _read(job, entry)
        readable = {
            name
            for name, start in blocks.items()
            if not job.holds(start, rows[start : start + job.block])
        }
        if not readable:
            return rows
        store.discard(entry, readable)


def _read(job: Extraction, entry: Entry) -> tuple[np.ndarray, dict[str, int]]:
    """Return all features of an entry, and the first row of each of its pieces."""
    rows = np.empty(job.shape, dtype=np.float32)
    blocks = {name: int(name.partition("-")[0]) for name in entry.pieces}
    for name, start in blocks.items():
        rows[start : start + job.block] = np.load(entry.path(name), allow_pickle=False)
    return rows, blocks


def _feature_set(job: Extraction, rows: np.ndarray) -> FeatureSet:
    """Give the rows their labels, without those that were skipped."""
    dataset, attributes = job.dataset, job.dataset.class_attributes
    photos = len(dataset.photo_labels)
    kept = ~skipped(rows)
    keep_photo, keep_sketch = kept[:photos], kept[photos:]
    drawn_from = np.asarray(dataset.sketch_photos)[keep_sketch]
    number = np.where(keep_photo, np.cumsum(keep_photo) - 1, -1)
    # The appended -1 is what index -1, "photo absent", reads.
    sketch_photos = np.append(number, -1)[drawn_from]
    features = torch.from_numpy(rows)
    return FeatureSet(
        photos=features[:photos] if keep_photo.all() else features[:photos][keep_photo],
        sketches=features[photos:] if keep_sketch.all() else features[photos:][keep_sketch],
        photo_labels=_int64(np.asarray(dataset.photo_labels)[keep_photo]),
        sketch_labels=_int64(np.asarray(dataset.sketch_labels)[keep_sketch]),
        sketch_photos=_int64(sketch_photos),
        photo_ids=tuple(dataset.photo_ids[i] for i in np.flatnonzero(keep_photo).tolist()),
        sketch_ids=tuple(dataset.sketch_ids[i] for i in np.flatnonzero(keep_sketch).tolist()),
        class_names=dataset.class_names,
        split=dataset.split,
        dataset=dataset.name,
        backbone=job.backbone.name,
        weights_id=job.backbone.weights_id,
        class_attributes=None if attributes is None else torch.tensor(attributes).float(),
        attribute_names=tuple(dataset.attribute_names),
        skipped=tuple(job.images.identity(row) for row in np.flatnonzero(~kept).tolist()),
    )


def _int64(values: np.ndarray) -> Tensor:
    return torch.from_numpy(values.astype(np.int64))
