r"""Fine-tuning a backbone: triplets of images, and the epoch that is best on held-out seen classes.

A sketch is to lie nearer to a photo of its class than to one of another, by a margin: the triplet
loss (`zsbir_lib.methods.losses.triplet_loss`) on features of length 1, of which the network itself
learns. Batch norm and dropout stay as they are in use: the statistics of batches that are half
sketches would be those of neither kind.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from zsbir_lib.datasets import SketchPhotoDataset
from zsbir_lib.devices import choose_device
from zsbir_lib.errors import DivergedError, ZsbirError, argument
from zsbir_lib.features import Backbone, extract_features
from zsbir_lib.features.backbones import Normalised
from zsbir_lib.features.precision import MIXED, choose_precision, computing
from zsbir_lib.features.towers import TwoTowers
from zsbir_lib.features.tuned import LORA, TunedNetwork, check_name, in_towers
from zsbir_lib.files import check_outputs
from zsbir_lib.finetune.classes import seen_parts
from zsbir_lib.finetune.lora import Adapters
from zsbir_lib.finetune.settings import FineTuning
from zsbir_lib.finetune.triplets import TripletImages, Triplets
from zsbir_lib.methods.checkpoints import checkpointing
from zsbir_lib.methods.losses import triplet_loss
from zsbir_lib.methods.training import cosine_schedule, descend, generators, train
from zsbir_lib.metrics import evaluate_retrieval
from zsbir_lib.progress import progress_bar

HELD_OUT = "held_out_map"
"""What the history calls the mAP on held-out classes."""


@dataclass(frozen=True)
class FineTuned:
    """What a fine-tuning came to.

    Attributes
    ----------
    path : Path
        The file, which `zsbir_lib.features.load_backbone` takes as a name.
    name : str
        Of the backbone that it holds.
    epoch : int
        After which epoch the network was kept; 0 where it was never better than at first.
    frozen, best : float
        mAP of cosine on the held-out classes, the mean over classes: of the network as it was, and
        of the one that was kept.
    history : dict of str to list of float
        Of each epoch: mean ``"loss"``, the part of triplets that are ``"active"``, with a loss
        above 0, and ``"held_out_map"``.
    learnt_from, held_out : tuple of str
        The classes that it learnt from, and those that the epoch was chosen on.
    trained : int
        Numbers that were trained.
    """

    path: Path
    name: str
    epoch: int
    frozen: float
    best: float
    history: Mapping[str, list[float]]
    learnt_from: tuple[str, ...]
    held_out: tuple[str, ...]
    trained: int


def fine_tune(
    dataset: SketchPhotoDataset,
    backbone: Backbone,
    out: str | os.PathLike,
    settings: FineTuning | None = None,
    *,
    device: str | torch.device | None = None,
    mixed_precision: bool = False,
    tf32: bool = False,
    workers: int | None = None,
    checkpoint: str | os.PathLike | None = None,
    progress: bool | None = None,
) -> FineTuned:
    """Fine-tune a backbone on the seen classes of a data set, and write what was trained.

    Images of the unseen classes are not read. Some of the seen classes are held out, and the
    network is kept as it was after the epoch with the highest mAP on these. The same seed gives
    the same file on one machine's CPU.

    Parameters
    ----------
    dataset
        Under a split.
    backbone
        As `zsbir_lib.features.load_backbone` returns it; it stays as it is.
    out
        The file, ``.safetensors``: LoRA's is small, and is loaded beside the weights that it was
        trained from.
    settings
        See `FineTuning`.
    device
        Where to learn; None is where the backbone is.
    mixed_precision, tf32
        As for `zsbir_lib.features.extract_features`. Mixed precision needs bfloat16.
    workers
        Processes that decode images ahead of the network; None chooses.
    checkpoint
        A folder for the state after each epoch. A run that is started again with the same
        arguments goes on from there.
    progress
        Whether to show a bar on standard error; ``None`` shows it on a terminal.

    Raises
    ------
    ZsbirError
        If an argument cannot be right, the network was fine-tuned already, there are too few
        classes, an image cannot be read, or the file cannot be written.
    DivergedError
        If the loss or a weight becomes NaN or infinite. Nothing is written then.
    """
    settings = settings or FineTuning()
    check_name(out)
    check_outputs(out)
    if backbone.learnt_from:
        raise ZsbirError(
            f"{backbone.name} is fine-tuned already: start from the network that it was tuned from"
        )
    learning, choosing = seen_parts(dataset, settings.held_out, settings.seed)
    run = _Run(learning, choosing, backbone, settings, device, mixed_precision, tf32, workers)
    about = run.about(dataset)
    with checkpointing(Path(checkpoint), about) if checkpoint is not None else nullcontext():
        history = run.train(progress)
    best = run.best
    tuned = TunedNetwork(
        base=backbone.name,
        base_weights=backbone.weights_id,
        recipe=settings.recipe,
        two_towers=isinstance(run.module.network, TwoTowers),
        scale=settings.scale,
        learnt_from=run.learnt_from,
        about={**about, "epoch": best.epoch, "frozen": best.frozen, "best": best.score},
        tensors=best.tensors,
    )
    tuned.save(out)
    return FineTuned(
        path=Path(out), name=tuned.name, epoch=best.epoch, frozen=best.frozen, best=best.score,
        history=history, learnt_from=run.learnt_from, held_out=run.held_out,
        trained=sum(part.numel() for part in run.learning),
    )  # fmt: skip


class _Best:
    """What was trained, as it was after the epoch with the highest score."""

    def __init__(self) -> None:
        self.seen, self.epoch, self.frozen, self.score = 0, 0, 0.0, -1.0
        self.tensors: dict[str, Tensor] = {}

    def offer(self, score: float, tensors: Mapping[str, Tensor]) -> None:
        """Keep the tensors if there was none as good before; the first are those of no epoch."""
        if not self.tensors:
            self.frozen = score
        else:
            self.seen += 1
        if score > self.score:
            self.epoch, self.score = self.seen, score
            self.tensors = {
                name: tensor.detach().to("cpu", copy=True).contiguous()
                for name, tensor in tensors.items()
            }

    def state_dict(self) -> dict[str, Any]:
        """Return all of it, for a checkpoint."""
        return dict(vars(self))

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take all of it from a checkpoint."""
        vars(self).update(state)


class _Learner(nn.Module):
    """What learns, in evaluation mode all the time."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def train(self, mode: bool = True) -> _Learner:
        """Stay in evaluation mode."""
        return super().train(False)


class _Run:
    """One fine-tuning: two parts of a data set, and a copy of a backbone on a device."""

    def __init__(
        self,
        learning: SketchPhotoDataset,
        choosing: SketchPhotoDataset,
        backbone: Backbone,
        settings: FineTuning,
        device: str | torch.device | None,
        mixed_precision: bool,
        tf32: bool,
        workers: int | None,
    ) -> None:
        self.choosing, self.settings, self.workers = choosing, settings, workers
        self.device = backbone.device if device is None else choose_device(device)
        self.precision = choose_precision(mixed_precision, tf32, self.device)
        if self.precision == MIXED and self.device.type == "cuda":
            _check_bfloat16()
        if not isinstance(backbone.module, Normalised):
            raise ZsbirError(f"{backbone.name} was not loaded by load_backbone: load it so")
        self.backbone = replace(backbone, module=self._copied(backbone.module))
        self.module: Normalised = self.backbone.module  # type: ignore[assignment]
        weights, noise = generators(settings.seed)
        self.adapters: Adapters | None = None
        if settings.recipe == LORA:
            network = self.module.network
            self.adapters = Adapters(
                network, settings.layers, settings.rank, settings.scale, weights
            )
        else:
            self.module.requires_grad_(True)
        self.learner = _Learner(self.adapters or self.module)
        self.learning = [part for part in self.learner.parameters() if part.requires_grad]
        self.noise = noise
        self.triplets = Triplets(learning, backbone, noise, workers)
        self.best = _Best()
        self.learnt_from, self.held_out = map(_classes, (learning, choosing))

    def _copied(self, module: Normalised) -> Normalised:
        """Return a copy of the backbone's network on the device, with a tower more if need be."""
        network = in_towers(copy.deepcopy(module.network), self.settings.towers == "two")
        made = Normalised(network, module.mean, module.std, module.memory_format)
        return made.to(self.device).eval().requires_grad_(False)

    def about(self, dataset: SketchPhotoDataset) -> dict[str, Any]:
        """Return everything that the outcome depends on, as JSON values."""
        return {
            "settings": asdict(self.settings),
            "dataset": dataset.name,
            "fingerprint": dataset.fingerprint,
            "split": dataset.split.name,
            "held_out": list(self.held_out),
            "learnt_from": list(self.learnt_from),
            "backbone": self.backbone.name,
            "weights": self.backbone.weights_id,
            "transform": self.backbone.transform_id,
            "precision": self.precision,
        }

    def train(self, progress: bool | None) -> dict[str, list[float]]:
        """Train, and return the history; what was best is in `best` then."""
        settings, count = self.settings, len(self.triplets)
        optimiser = torch.optim.Adam(self.learning, settings.rate)
        schedule = cosine_schedule(optimiser, count, settings.epochs, settings.batch_size)
        self.best.offer(self.score(), self.tensors())
        steps = max(1, count // settings.batch_size)
        bar = progress_bar(
            show=progress, total=settings.epochs * steps, desc=self.backbone.name, unit="batch"
        )

        def step(batch: TripletImages) -> dict[str, Tensor]:
            with computing(self.precision, self.device):
                losses = self.losses(batch.on(self.device))
                loss = losses.mean()
                descend(loss, optimiser, schedule)
            bar.update()
            return {"loss": loss.detach(), "active": (losses.detach() > 0).float().mean()}

        def ahead(batches: Any) -> Any:
            bar.n = self.best.seen * steps  # more than before where a checkpoint was read
            return self.triplets.ahead(batches, self.device)

        def after() -> dict[str, float]:
            score = self.score()
            self.best.offer(score, self.tensors())
            bar.set_postfix({"held-out mAP": f"{score:.3f}", "frozen": f"{self.best.frozen:.3f}"})
            return {HELD_OUT: score}

        try:
            with bar:
                return train(
                    self.learner, step, count, epochs=settings.epochs,
                    batch_size=settings.batch_size, generator=self.noise, name="fine-tuning",
                    progress=False, keep=(optimiser, schedule, self.best),
                    ahead=ahead, after=after,
                )  # fmt: skip
        except DivergedError as error:
            # No weights are kept here, and the rate is an option of the command.
            text = f"{error.what}: lower {argument('learning_rate')}"
            raise DivergedError(text, error.history, what=error.what) from None

    def losses(self, images: Tensor) -> Tensor:
        """Return the loss of each triplet, of images as `Triplets.ahead` has them."""
        sketch = self.module.for_sketches()
        if sketch is self.module:
            features = self.module(images)
        else:
            n = len(images) // 3
            features = torch.cat([sketch(images[:n]), self.module(images[n:])])
        anchor, positive, negative = functional.normalize(features.float(), dim=1).chunk(3)
        return triplet_loss(anchor, positive, negative, self.settings.margin)

    def score(self) -> float:
        """Return the mAP of cosine on the held-out classes, the mean over classes."""
        features = extract_features(
            self.choosing, self.backbone, cache=False, workers=self.workers, progress=False,
            mixed_precision=self.precision == MIXED, tf32=self.precision == "tf32",
            batch_size=max(1, 2 * self.settings.batch_size),
        )  # fmt: skip
        report = evaluate_retrieval(
            features.sketches, features.sketch_labels, features.photos, features.photo_labels,
            k=1, device=self.device,
        )  # fmt: skip
        return float(report.macro.map_all or 0.0)

    def tensors(self) -> dict[str, Tensor]:
        """Return what was trained, by the names of the file."""
        if self.adapters is not None:
            return self.adapters.tensors()
        return self.module.network.state_dict()


def _classes(part: SketchPhotoDataset) -> tuple[str, ...]:
    return tuple(part.class_names[label] for label in sorted(set(part.photo_labels.tolist())))


def _check_bfloat16() -> None:
    if not torch.cuda.is_bf16_supported(including_emulation=False):
        raise ZsbirError(
            f"{argument('mixed_precision', True)} learns in bfloat16, which this card does not "
            "compute: leave it out"
        )
