"""Several processes that share their work, as torchrun would start them, forked to be quick."""

import multiprocessing
import os
import pickle
import socket
import sys

import pytest
import torch

from zsbir_lib.distributed import joined


def in_processes(function, size=2, timeout=60):
    """Call ``function(rank)`` in processes that have joined; return what each returns or raises."""
    if sys.platform != "linux" or torch.cuda.is_initialized():
        pytest.skip("processes are forked here, which is safe on Linux without a card in use")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    context = multiprocessing.get_context("fork")
    running = []
    for rank in range(size):
        ours, theirs = context.Pipe()
        process = context.Process(target=_run, args=(function, rank, size, port, theirs))
        process.start()
        theirs.close()
        running.append((process, ours))
    try:
        found = []
        for process, pipe in running:
            assert pipe.poll(timeout), "a process does not answer: do all make the same calls?"
            try:
                found.append(pickle.loads(pipe.recv_bytes()))
            except EOFError:
                process.join(timeout)
                found.append(process.exitcode)
        return found
    finally:
        for process, _ in running:
            process.kill()
            process.join()


def _run(function, rank, size, port, pipe):
    torch.set_num_threads(1)
    os.environ.update(
        RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE=str(size),
        MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port),
    )  # fmt: skip
    try:
        with joined():
            # Pickled here: torch's way of sending a tensor asks the sender to live on.
            pipe.send_bytes(pickle.dumps(function(rank)))
    except Exception as error:
        pipe.send_bytes(pickle.dumps(error))
