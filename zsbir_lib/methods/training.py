"""The loop that all trained methods share: epochs, batches, progress, a halt at the first NaN."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from zsbir_lib.distributed import world
from zsbir_lib.errors import DivergedError, ZsbirError, hyper_parameter
from zsbir_lib.methods.checkpoints import current_checkpoints
from zsbir_lib.methods.estimator import Estimator, hyper
from zsbir_lib.progress import progress_bar

ModuleT = TypeVar("ModuleT", bound=nn.Module)

Step = Callable[[Any], dict[str, Tensor]]
"""From the rows of a batch, or what is made of them ahead, to the terms of its loss, by name.

Of several processes, each is given all rows, draws what is random for all, and computes on its
share of them (`zsbir_lib.distributed.World.share`): so the average of their gradients, which
`data_parallel` takes, is the gradient of the batch.
"""


def generators(seed: int) -> tuple[torch.Generator, torch.Generator]:
    """Return two generators on the CPU, each begun with `seed`.

    The first is for first weights and dropout, the second for batches and noise: what one draws
    does not move the other.
    """
    return torch.Generator().manual_seed(seed), torch.Generator().manual_seed(seed)


@contextmanager
def seeded(seed: int) -> Iterator[torch.Generator]:
    """Make what draws from PyTorch's common state on the CPU a function of `seed` within the block.

    It is for PyTorch's own layers, with which one thread at a time can do so: this library's
    methods draw from `generators`. The common state is afterwards as it was.

    Yields
    ------
    torch.Generator
        On the CPU, begun with `seed`: for batches and noise.
    """
    before = torch.default_generator.get_state()
    try:
        torch.default_generator.manual_seed(seed)
        yield torch.Generator().manual_seed(seed)
    finally:
        torch.default_generator.set_state(before)


def batches(n: int, batch_size: int, generator: torch.Generator) -> tuple[Tensor, ...]:
    """Return the rows 0 to n - 1, shuffled by `generator` and cut into batches of `batch_size`.

    What is left over is dropped, as batch norm cannot learn from a batch of one; a single batch
    is kept whole, however small.
    """
    order = torch.randperm(n, generator=generator)
    whole = max(1, n // batch_size)
    return order[: whole * batch_size].split(batch_size)


def cosine_schedule(
    optimiser: torch.optim.Optimizer, n: int, epochs: int, batch_size: int
) -> torch.optim.lr_scheduler.CosineAnnealingLR:
    """Return the schedule that lets a learning rate fall to 0 along a cosine, batch by batch.

    Parameters
    ----------
    optimiser
        Whose rate.
    n, epochs, batch_size
        Of the training, as in `train`.
    """
    steps = epochs * max(1, n // batch_size)
    return torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)


class _Calling(nn.Module):
    """Calls what it is given, so that any function of a network is a pass of this module."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Return what the function does."""
        return function(*arguments)


def data_parallel(network: nn.Module, *, several_losses: bool = False) -> Callable[..., Any]:
    """Return what calls a loss, ``shared(loss, *arguments)``, so that all processes descend it.

    It is PyTorch's `DistributedDataParallel`: gradients are averaged over the processes while the
    loss is differentiated. A process alone just calls the function.

    Parameters
    ----------
    network
        All that learns.
    several_losses
        Whether there are several, each of a part of the weights.
    """
    if world().size == 1:
        return lambda function, *arguments: function(*arguments)
    return nn.parallel.DistributedDataParallel(
        _Calling(network), broadcast_buffers=False, find_unused_parameters=several_losses
    )


def descend(
    loss: Tensor,
    optimiser: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler | None = None,
) -> None:
    """Take one step of an optimiser, and of its schedule, down the gradient of a loss.

    Parameters
    ----------
    loss
        A scalar.
    optimiser, schedule
        Of the weights that learn; the schedule may be None.
    """
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    optimiser.step()
    if schedule is not None:
        schedule.step()


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
    keep: Sequence[Any] = (),
    ahead: Callable[[Sequence[Tensor]], Iterable[Any]] | None = None,
    after: Callable[[], Mapping[str, float]] | None = None,
) -> dict[str, list[float]]:
    """Run a training, and leave the network ready to use.

    It is then on the CPU, in evaluation mode and without gradients. Processes that share the work
    make the same steps (see `Step`). Where checkpoints are kept, it goes on from the last one.

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
    keep
        What else changes in a step and belongs into a checkpoint: optimisers, schedules, and
        generators of what is drawn.
    ahead
        Makes what the steps of an epoch are given of the rows of its batches, before they ask for
        it: decoded images, say. None gives them the rows.
    after
        Looks at the network after each epoch; what it returns goes into the history.

    Returns
    -------
    dict of str to list of float
        The mean of each term over every epoch, and what `after` returned.

    Raises
    ------
    ZsbirError
        If the processes cannot share a batch equally, or a checkpoint does not fit.
    DivergedError
        If a term or a weight becomes NaN or infinite. The network has then the weights it had at
        the end of the last epoch after which all of them were finite.
    """
    _check_shares(min(n, batch_size))
    network.train()
    history: dict[str, list[float]] = {}
    done, kept = 0, current_checkpoints()
    parts = {"network": network, "batches": generator}
    parts |= {f"part {number}": part for number, part in enumerate(keep)}
    if kept is not None:
        done, history = kept.load(parts)
    good = _copy_of(network)
    shown = progress_bar(
        range(done, epochs), show=progress, desc=name, unit="epoch", initial=done, total=epochs
    )
    try:
        for epoch in shown:
            drawn = batches(n, batch_size, generator)
            terms = [step(given) for given in (drawn if ahead is None else ahead(drawn))]
            names = list(terms[0])
            # One copy from the device per epoch: a look at every batch would make a GPU wait.
            table = torch.stack([torch.stack([t[key] for key in names]) for t in terms]).cpu()
            table = torch.stack(world().gather(table)).mean(dim=0)
            if fault := _fault(names, table, network):
                which = f"those at the end of epoch {epoch}" if epoch else "the untrained ones"
                what = f"{name}: {fault[0]} in epoch {epoch + 1}{fault[1]}"
                raise DivergedError(
                    f"{what}; the weights kept are {which}: lower "
                    f"{hyper_parameter('learning_rate')}",
                    history,
                    what=what,
                )
            found = dict(zip(names, table.double().mean(dim=0).tolist(), strict=True))
            for key, value in (found | dict(after() if after else {})).items():
                history.setdefault(key, []).append(value)
            shown.set_postfix({key: f"{values[-1]:.3g}" for key, values in history.items()})
            good = _copy_of(network)
            if kept is not None:
                kept.save(epoch + 1, parts, history)
    except DivergedError:
        network.load_state_dict(good)
        raise
    finally:
        network.cpu().eval().requires_grad_(False)
    return history


def _check_shares(batch: int) -> None:
    if batch % (size := world().size):
        raise ZsbirError(
            f"{size} processes cannot share a batch of {batch} equally: set "
            f"{hyper_parameter('batch_size')} to a multiple of {size}, of no more than there is "
            "to learn from"
        )


def _copy_of(network: nn.Module) -> dict[str, Tensor]:
    return {key: value.clone() for key, value in network.state_dict().items()}


def _fault(names: list[str], table: Tensor, network: nn.Module) -> tuple[str, str] | None:
    """Say what went wrong in an epoch, and in which batch, if that is known."""
    bad = ~torch.isfinite(table)
    if bad.any():
        batch = int(bad.any(dim=1).nonzero()[0])
        term = int(bad[batch].nonzero()[0])
        return f"{names[term]} became {table[batch, term]:g}", f", batch {batch + 1}"
    # A loss says nothing about the step that follows it.
    finite = [torch.isfinite(value).all() for value in network.state_dict().values()]
    if not torch.stack(finite).all():
        return "a weight became NaN or infinite", ""
    return None


def restored(network: ModuleT, state: dict[str, Tensor]) -> ModuleT:
    """Return a network with the weights of a file, as `train` leaves one."""
    network.load_state_dict(state)
    return network.eval().requires_grad_(False)


class TrainedEstimator(Estimator):
    """An estimator that is trained by Adam: the settings that all such have.

    Attributes
    ----------
    history_ : dict of str to list of float
        Mean of each term per epoch.
    """

    history_: dict[str, list[float]]

    epochs: int = hyper(default=20, least=1, help="Of the training by Adam.")
    batch_size: int = hyper(default=128, least=1, help="Of the training by Adam.")
    learning_rate: float = hyper(
        default=1e-3, above=0, help="Of the training by Adam; it falls to 0 along a cosine."
    )
    seed: int = hyper(default=0, help="Of weights, batches and noise.")
    device: str | torch.device | None = hyper(
        default=None, help="Where to compute; see `zsbir_lib.devices.choose_device`."
    )

    @property
    def _all_epochs(self) -> int:
        return self.epochs

    def _adam(
        self, network: nn.Module, n: int
    ) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]:
        """Return the optimiser of a training on `n` rows, and its schedule."""
        optimiser = torch.optim.Adam(network.parameters(), self.learning_rate)
        return optimiser, cosine_schedule(optimiser, n, self._all_epochs, self.batch_size)

    def _train(
        self,
        network: nn.Module,
        step: Step,
        n: int,
        generator: torch.Generator,
        progress: bool | None,
        keep: Sequence[Any] = (),
    ) -> None:
        """Train on `n` rows, and keep the history; see `train`."""
        self.history_ = train(
            network, step, n, epochs=self._all_epochs, batch_size=self.batch_size,
            generator=generator, name=getattr(self, "title", type(self).__name__),
            progress=progress, keep=keep,
        )  # fmt: skip
