"""The one place where a device is chosen, and how many threads compute on it."""

import platform
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from zsbir_lib.distributed import local_rank, world
from zsbir_lib.errors import ZsbirError, argument


def choose_device(device: str | torch.device | None = None) -> torch.device:
    """Return the device to compute on.

    Parameters
    ----------
    device
        A device or its name (``"cpu"``, ``"cuda"``, ``"cuda:1"``, ``"mps"``); ``None`` or
        ``"auto"`` takes CUDA, else Apple's MPS, else the CPU. Of processes that share the work
        (`zsbir_lib.distributed`), each takes a card of its own for ``"cuda"``.

    Raises
    ------
    ZsbirError
        If the name is unknown or the device is not on this machine.
    """
    if device is None or device == "auto":
        if torch.cuda.is_available():
            return _own_card()
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        chosen = torch.device(device)
    except RuntimeError:
        raise ZsbirError(f"unknown device {device!r}: use cpu, cuda, cuda:N, mps or auto") from None
    present = {
        "cpu": True,
        "cuda": torch.cuda.is_available() and (chosen.index or 0) < torch.cuda.device_count(),
        "mps": torch.backends.mps.is_available(),
    }
    if not present.get(chosen.type, False):
        raise ZsbirError(f"device {device!r} is not on this machine: use cpu or auto")
    return _own_card() if chosen == torch.device("cuda") else chosen


def _own_card() -> torch.device:
    """Return the card that is meant by ``"cuda"``: with other processes, the one of this one."""
    if world().size == 1:
        return torch.device("cuda")
    if local_rank() >= (cards := torch.cuda.device_count()):
        raise ZsbirError(
            f"process {local_rank()} of this machine has no card to itself, as there are {cards}: "
            f"use torchrun --nproc-per-node {cards}, or {argument('device', 'cpu')}"
        )
    return torch.device("cuda", local_rank())


def describe_runtime(*, wants_card: bool = False) -> str:
    """Return in a line or two what computes here: versions and device, as a notebook begins.

    Parameters
    ----------
    wants_card
        Say how to switch a card on where there is none.
    """
    import torchvision

    device = choose_device()
    card = f" ({torch.cuda.get_device_name(device)})" if device.type == "cuda" else ""
    text = (
        f"Python {platform.python_version()}, torch {torch.__version__}, "
        f"torchvision {torchvision.__version__}, device {device}{card}"
    )
    if wants_card and device.type == "cpu":
        text += (
            "\nThis chapter wants a GPU: in Colab choose Runtime, Change runtime type, T4 GPU, and "
            "run this cell again."
        )
    return text


@contextmanager
def threads(count: int | None) -> Iterator[None]:
    """Let PyTorch compute with so many threads within the block; None leaves it as it is.

    Small networks are faster with one: on a busy machine two threads that wait for each other at
    every layer were measured to take ten times as long, all of it processor time.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(count or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)
