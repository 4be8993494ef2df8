"""Several processes that work on one job, as `torchrun` starts them.

.. code-block:: bash

    torchrun --nproc-per-node 2 -m zsbir_lib features

The processes are PyTorch's (`torch.distributed`): each knows its *rank*, and how many there are,
the *world size*. Within `joined`, extraction and training share out their work; every process has
to make the same calls, and they must share a file system, where the cache lies.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from zsbir_lib.errors import ZsbirError

if TYPE_CHECKING:
    from torch import Tensor

Rows = TypeVar("Rows", bound="Sequence[Any] | Tensor")

# What PyTorch's `env://` reads.
_ENVIRONMENT = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")
# One process may draw a data set while the others wait; torchrun ends them all if it dies.
_PATIENCE = timedelta(days=1)
_WORDS_OF_LOSS = ("gloo", "connection closed", "connection reset", "broken pipe", "socket")


@dataclass(frozen=True)
class World:
    """The processes that work on a job, as one of them sees them; by default it is alone.

    Attributes
    ----------
    rank : int
        Number of this process, from 0.
    size : int
        How many there are.
    """

    rank: int = 0
    size: int = 1

    def share(self, rows: Rows) -> Rows:
        """Return every `size`-th of some rows, as `torch.utils.data.DistributedSampler` deals."""
        return rows[self.rank :: self.size]  # type: ignore[return-value]

    def gather(self, value: Any) -> list[Any]:
        """Return what each process passes, by rank; all have to call."""
        if self.size == 1:
            return [value]
        import torch.distributed as dist

        found: list[Any] = [None] * self.size
        dist.all_gather_object(found, value)
        return found

    def broadcast(self, value: Any = None) -> Any:
        """Return what process 0 passes; all have to call."""
        if self.size == 1:
            return value
        import torch.distributed as dist

        box = [value]
        dist.broadcast_object_list(box, src=0)
        return box[0]


_world: ContextVar[World | None] = ContextVar("_world", default=None)


def world() -> World:
    """Return the processes that share the work at present: this one alone outside of `joined`."""
    return _world.get() or World()


def launched() -> int:
    """Return how many processes were started together, as the environment says; 1 for no others."""
    if not all(name in os.environ for name in _ENVIRONMENT):
        return 1
    return int(os.environ["WORLD_SIZE"])


def local_rank() -> int:
    """Return the number of this process on its machine, as the environment says, from 0."""
    return int(os.environ.get("LOCAL_RANK", "0"))


@contextmanager
def joined() -> Iterator[World]:
    """Share the work of the block with the processes that were started together with this one.

    A process group that the program has made itself is used; otherwise one is made: gloo on the
    CPU, NCCL between cards. Without others, nothing is changed.

    Yields
    ------
    World
        The processes.

    Raises
    ------
    ZsbirError
        If the others cannot be reached.
    """
    if launched() == 1:
        yield World()
        return
    import torch
    import torch.distributed as dist

    if own := not dist.is_initialized():
        cards = torch.cuda.is_available() and dist.is_nccl_available()
        backend = "cpu:gloo,cuda:nccl" if cards else "gloo"
        try:
            dist.init_process_group(backend, timeout=_PATIENCE)
        except (RuntimeError, ValueError) as error:
            raise ZsbirError(
                f"cannot reach the other processes of this job ({str(error).splitlines()[0]}): "
                "start them all by one torchrun"
            ) from None
    token = _world.set(World(dist.get_rank(), dist.get_world_size()))
    try:
        yield world()
    finally:
        _world.reset(token)
    if own:  # after an error the others may not answer, and the process ends
        dist.destroy_process_group()


def is_first_to_fail() -> bool:
    """Tell whether no other process of the job has failed yet: the first one says why.

    Those that fail because of it would only repeat it, or hide it.
    """
    if launched() == 1:
        return True
    import torch.distributed as dist

    try:
        store = dist.TCPStore(
            os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"]), is_master=False,
            wait_for_workers=False, timeout=timedelta(seconds=10),
        )  # fmt: skip
        attempt = os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")
        return store.add(f"zsbir/failures/{attempt}", 1) == 1
    except RuntimeError:  # the process that kept the store is the one that failed
        return int(os.environ["RANK"]) == 0


def says_lost(error: Exception) -> bool:
    """Tell whether PyTorch says by an error that another process of the job has ended."""
    words = str(error).lower()
    return (
        launched() > 1
        and isinstance(error, RuntimeError)
        and any(word in words for word in _WORDS_OF_LOSS)
    )
