"""The one place where a device is chosen."""

import torch

from zsbir_lib.errors import ZsbirError


def choose_device(device: str | torch.device | None = None) -> torch.device:
    """Return the device to compute on.

    Parameters
    ----------
    device
        A device or its name (``"cpu"``, ``"cuda"``, ``"cuda:1"``, ``"mps"``); ``None`` or
        ``"auto"`` takes CUDA, else Apple's MPS, else the CPU.

    Raises
    ------
    ZsbirError
        If the name is unknown or the device is not on this machine.
    """
    if device is None or device == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
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
    return chosen
