"""How ToyNet learns: to name photos, and nothing else.

It is shown no sketch and no photo of an unseen class. Nor does it see photos made grey or inverted:
with these it would half know sketches already, and the gap between sketches and photos, which
retrieval has to bridge, would be gone.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from zsbir_lib.devices import choose_device
from zsbir_lib.errors import ZsbirError
from zsbir_lib.progress import progress_bar
from zsbir_lib.toynet.network import INPUT_SIZE, ToyNet, normalise


def augment(photos: Tensor, generator: torch.Generator | None = None) -> Tensor:
    """Return photos as another camera might have seen them, normalised.

    Each photo is turned by up to 14 degrees, scaled by 0.78 to 1.28, moved by up to an eighth of
    half its side, mirrored or not; then contrast, brightness and the balance of colours change.

    Parameters
    ----------
    photos
        uint8, shape (n, s, s, 3).
    generator
        On the CPU; ``None`` is PyTorch's global one.

    Returns
    -------
    Tensor of float32, shape (n, 3, s, s), channels last in memory
        In the range of `zsbir_lib.toynet.normalise`, jitter aside.
    """
    n = len(photos)

    def uniform(half_width: float) -> Tensor:
        return (torch.rand(n, generator=generator) * 2 - 1) * half_width

    def normal(*shape: int) -> Tensor:
        return torch.randn(n, *shape, generator=generator)

    angle, scale = uniform(0.25), torch.exp(uniform(0.25))
    mirror = torch.where(uniform(1) < 0, -1.0, 1.0)
    cos, sin = torch.cos(angle) * scale, torch.sin(angle) * scale
    top = torch.stack([cos * mirror, -sin, uniform(0.125)], dim=1)
    bottom = torch.stack([sin * mirror, cos, uniform(0.125)], dim=1)
    affine = torch.stack([top, bottom], dim=1).to(photos.device)
    gain = torch.exp(normal(3, 1, 1) * 0.15 + normal(1, 1, 1) * 0.2).to(photos.device)
    shift = (normal(1, 1, 1) * 0.3).to(photos.device)

    x = photos.permute(0, 3, 1, 2)
    grid = F.affine_grid(affine, list(x.shape), align_corners=False)
    x = F.grid_sample(x.float(), grid, padding_mode="reflection", align_corners=False)
    # normalise(x) * gain + shift in a single pass: normalise is itself a gain and a shift.
    zero, one = normalise(torch.tensor([0.0, 1.0]))
    x = torch.addcmul(shift + gain * zero, x, gain * (one - zero))
    return x.contiguous(memory_format=torch.channels_last)


def train_toynet(
    photos: np.ndarray,
    labels: np.ndarray,
    held_out_photos: np.ndarray,
    held_out_labels: np.ndarray,
    *,
    epochs: int = 16,
    batch_size: int = 128,
    lr: float = 3e-3,
    seed: int = 0,
    threads: int | None = None,
    precision: str = "auto",
    device: str | torch.device | None = "cpu",
    progress: bool | None = None,
) -> tuple[ToyNet, list[dict[str, float]]]:
    """Train ToyNet to name photos.

    AdamW (Loshchilov and Hutter, 2019; weight decay 0.02) under a one-cycle learning rate (Smith
    and Topin, 2019), cross-entropy with label smoothing 0.1, and `augment`. The same arguments
    give the same weights on the same machine's CPU; another processor or version of PyTorch
    rounds otherwise.

    Parameters
    ----------
    photos, held_out_photos
        uint8, shape (n, 64, 64, 3). The held-out ones are only looked at to report the accuracy.
    labels, held_out_labels
        Integers from 0, shape (n,).
    epochs
        Times that every photo is seen.
    batch_size
        Photos in a step; the last ``n % batch_size`` of an epoch's shuffle sit that epoch out.
    lr
        The highest learning rate of the cycle, reached after a fifth of all steps.
    seed
        Of the first weights, the order of the photos, the augmentation and the dropout.
    threads
        CPU threads to compute with; ``None`` leaves PyTorch's setting. The sums' last digits, and
        with them the weights, depend on it.
    precision
        ``"bfloat16"`` computes convolutions in half precision (weights stay float32),
        ``"float32"`` does not; ``"auto"`` takes bfloat16 where the processor or GPU computes it
        natively, which halves the time.
    device
        See `zsbir_lib.devices.choose_device`.
    progress
        Whether to show a bar on standard error; ``None`` shows it on a terminal.

    Returns
    -------
    network : ToyNet
        On the CPU, in evaluation mode, with its classifier.
    history : list of dict
        For each epoch: ``epoch`` (from 1), ``loss`` and ``accuracy`` (means over the epoch's
        steps), ``held_out_accuracy`` (after it, with float32), ``seconds`` (since the beginning).

    Raises
    ------
    ZsbirError
        If an array has the wrong shape or type, a label is out of range, or training diverges.
    """
    _check(photos, labels, "photos")
    _check(held_out_photos, held_out_labels, "held-out photos")
    n_classes = int(labels.max()) + 1
    if len(np.unique(labels)) < 2:
        raise ZsbirError(
            "the photos are of one class only: ToyNet learns to tell two or more apart"
        )
    if int(held_out_labels.max()) >= n_classes:
        raise ZsbirError(f"a held-out label is above the highest of training, {n_classes - 1}")
    if epochs < 1 or batch_size < 2 or not lr > 0:
        raise ZsbirError("epochs must be 1 or more, batch_size 2 or more, lr above 0")
    if precision not in ("auto", "float32", "bfloat16"):
        raise ZsbirError(f"precision must be auto, float32 or bfloat16, not {precision!r}")
    device = choose_device(device)
    half = precision == "bfloat16" or (precision == "auto" and computes_bfloat16(device))
    batch_size = min(batch_size, len(photos))
    x, y = torch.from_numpy(photos), torch.from_numpy(np.asarray(labels, dtype=np.int64))
    with reproducible(seed, threads):
        network = ToyNet(n_classes).to(device).to(memory_format=torch.channels_last)
        optimiser = torch.optim.AdamW(network.parameters(), lr, weight_decay=0.02, fused=True)
        steps = len(x) // batch_size
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimiser, lr, total_steps=epochs * steps, pct_start=0.2
        )
        history, began = [], time.perf_counter()
        with progress_bar(show=progress, total=epochs * steps, desc="toynet", unit="step") as bar:
            for epoch in range(1, epochs + 1):
                network.train()
                order = torch.randperm(len(x))
                total_loss, correct = 0.0, 0
                for step in range(steps):
                    chosen = order[step * batch_size : (step + 1) * batch_size]
                    batch = augment(x[chosen].to(device))
                    target = y[chosen].to(device)
                    with torch.autocast(device.type, torch.bfloat16, enabled=half):
                        scores = network(batch)
                    scores = scores.float()
                    loss = F.cross_entropy(scores, target, label_smoothing=0.1)
                    optimiser.zero_grad()
                    loss.backward()
                    optimiser.step()
                    schedule.step()
                    total_loss += loss.item()
                    correct += int((scores.argmax(1) == target).sum())
                    bar.update()
                if not np.isfinite(total_loss):
                    raise ZsbirError(
                        f"training diverged in epoch {epoch}: use a smaller lr than {lr}"
                    )
                history.append(
                    {
                        "epoch": epoch,
                        "loss": total_loss / steps,
                        "accuracy": correct / (steps * batch_size),
                        "held_out_accuracy": accuracy(network, held_out_photos, held_out_labels),
                        "seconds": time.perf_counter() - began,
                    }
                )
                bar.set_postfix(held_out=f"{history[-1]['held_out_accuracy']:.3f}")
    return network.cpu().eval(), history


def accuracy(network: ToyNet, photos: np.ndarray, labels: np.ndarray) -> float:
    """Return the fraction of photos that `network` names as `labels` do.

    `photos` are uint8 of shape (n, 64, 64, 3), `labels` integers of shape (n,).
    """
    network.eval()
    device = next(network.parameters()).device
    correct = 0
    with torch.inference_mode():
        for start in range(0, len(photos), 256):
            batch = torch.from_numpy(photos[start : start + 256]).to(device)
            named = network(normalise(batch.permute(0, 3, 1, 2))).argmax(1).cpu().numpy()
            correct += int((named == labels[start : start + 256]).sum())
    return correct / len(photos)


def _check(photos: np.ndarray, labels: np.ndarray, name: str) -> None:
    size = (INPUT_SIZE, INPUT_SIZE, 3)
    if photos.dtype != np.uint8 or photos.shape[1:] != size or len(photos) == 0:
        raise ZsbirError(
            f"{name} must be uint8 of shape (n, {', '.join(map(str, size))}), n at least 1, "
            f"not {photos.dtype} of shape {photos.shape}"
        )
    labels = np.asarray(labels)
    if labels.shape != (len(photos),) or not np.issubdtype(labels.dtype, np.integer):
        raise ZsbirError(f"{len(photos)} {name} need as many integer labels, not {labels.shape}")
    if labels.min() < 0:
        raise ZsbirError(f"labels of {name} start at 0, not {labels.min()}")


def computes_bfloat16(device: torch.device) -> bool:
    """Tell whether bfloat16 saves time on this device (emulated, it costs time)."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device.type == "cpu":
        return getattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)()
    return False


@contextmanager
def reproducible(seed: int, threads: int | None) -> Iterator[None]:
    """Seed PyTorch's generator of the CPU and set its threads; put both back afterwards.

    Everything random is drawn on the CPU, so that a seed means the same on every device, and the
    generators of accelerators are left alone.
    """
    before = torch.get_num_threads()
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        if threads is not None:
            torch.set_num_threads(threads)
        try:
            yield
        finally:
            torch.set_num_threads(before)
