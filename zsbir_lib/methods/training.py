"""The loop that all trained methods share: epochs, batches, progress, a halt at the first NaN."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from zsbir_lib.errors import DivergedError, ZsbirError
from zsbir_lib.progress import progress_bar

Step = Callable[[Tensor], dict[str, Tensor]]
"""From the rows of a batch to the terms of its loss, by name."""


@contextmanager
def seeded(seed: int, device: torch.device) -> Iterator[torch.Generator]:
    """Make everything random within the block a function of `seed`, and leave no trace after it.

    Initial weights and dropout draw from torch's global state: it is forked here, so that the
    caller's is left as it was.

    Yields
    ------
    torch.Generator
        On the CPU, for batches and noise: the same numbers on every device.
    """
    forked = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=forked):
        torch.manual_seed(seed)
        yield torch.Generator().manual_seed(seed)


def batches(n: int, batch_size: int, generator: torch.Generator) -> tuple[Tensor, ...]:
    """Return the rows 0 to n - 1, shuffled by `generator` and cut into batches of `batch_size`.

    What is left over is dropped, as batch norm cannot learn from a batch of one; a single batch
    is kept whole, however small.
    """
    order = torch.randperm(n, generator=generator)
    whole = max(1, n // batch_size)
    return order[: whole * batch_size].split(batch_size)


def train(
    network: nn.Module,
    step: Step,
    n: int,
    *,
    epochs: int,
    batch_size: int,
    generator: torch.Generator,
    name: str,
    progress: bool | None = None,
) -> dict[str, list[float]]:
    """Run a training, and leave the network ready to use: in evaluation mode, without gradients.

    Parameters
    ----------
    network
        Everything that learns, as one module.
    step
        Is given the rows of a batch, improves the network on them (its own optimisers and
        schedules included), and returns the terms of its loss, each a detached scalar.
    n
        Number of rows to learn from.
    epochs, batch_size
        Of the training; see `batches`.
    generator
        Shuffles the batches.
    name
        What to call the method in messages.
    progress
        Show a progress bar; by default on a terminal only.

    Returns
    -------
    dict of str to list of float
        The mean of each term over every epoch.

    Raises
    ------
    DivergedError
        If a term becomes NaN or infinite. The network has then the weights it had at the end of
        the last epoch without one.
    """
    network.train()
    history: dict[str, list[float]] = {}
    good = {key: value.clone() for key, value in network.state_dict().items()}
    shown = progress_bar(range(epochs), show=progress, desc=name, unit="epoch")
    try:
        for epoch in shown:
            terms = [step(rows) for rows in batches(n, batch_size, generator)]
            names = list(terms[0])
            # One copy from the device per epoch: a look at every batch would make a GPU wait.
            table = torch.stack([torch.stack([t[key] for key in names]) for t in terms]).cpu()
            if not torch.isfinite(table).all():
                _halt(name, epoch, names, table, history)
            for key, value in zip(names, table.double().mean(dim=0).tolist(), strict=True):
                history.setdefault(key, []).append(value)
            shown.set_postfix({key: f"{values[-1]:.3g}" for key, values in history.items()})
            good = {key: value.clone() for key, value in network.state_dict().items()}
    except DivergedError:
        network.load_state_dict(good)
        raise
    finally:
        network.eval().requires_grad_(False)
    return history


def _halt(
    name: str, epoch: int, names: list[str], table: Tensor, history: dict[str, list[float]]
) -> None:
    """Say where a training went wrong."""
    bad = ~torch.isfinite(table)
    batch = int(bad.any(dim=1).nonzero()[0])
    term = names[int(bad[batch].nonzero()[0])]
    kept = f"those at the end of epoch {epoch}" if epoch else "the untrained ones"
    raise DivergedError(
        f"{name}: {term} became {table[batch, names.index(term)]:g} in epoch {epoch + 1}, batch "
        f"{batch + 1}; the weights kept are {kept}: lower learning_rate",
        history,
    )


def check_positive(method: object, *names: str) -> None:
    """Raise a `ZsbirError` unless these `names` of `method` are finite and above 0."""
    _check(method, names, "above 0", lambda value: value > 0)


def check_not_negative(method: object, *names: str) -> None:
    """Raise a `ZsbirError` unless these `names` of `method` are finite and 0 or more."""
    _check(method, names, "0 or more", lambda value: value >= 0)


def check_at_least(method: object, lowest: int, *names: str) -> None:
    """Raise a `ZsbirError` unless these `names` of `method` are whole numbers from `lowest`."""
    _check(
        method, names, f"a whole number, {lowest} or more",
        lambda value: value >= lowest and value == int(value),
    )  # fmt: skip


def _check(
    method: object, names: tuple[str, ...], rule: str, holds: Callable[[float], bool]
) -> None:
    for name in names:
        value = getattr(method, name)
        good = isinstance(value, (int, float)) and math.isfinite(value) and holds(value)
        if not good:
            raise ZsbirError(f"{name} is {value!r}: it must be {rule}")
