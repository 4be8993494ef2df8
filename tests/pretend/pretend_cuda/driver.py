"""The answers of `torch.cuda`, in place of those of a driver."""

from __future__ import annotations

import sys
import types
from typing import Any

import torch

MEMORY = 80 * 2**30


class Stream:
    """Stands for a stream or an event: all work is done when it is asked for."""

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    def __exit__(self, *_: Any) -> None:
        pass

    def elapsed_time(self, other: Stream) -> float:
        """Return no time."""
        return 0.0

    __enter__ = query = lambda self: self
    record = wait = wait_stream = wait_event = record_event = synchronize = __exit__


def _answers() -> dict[str, Any]:
    """Return what stands for functions and classes of `torch.cuda`."""
    facts = {"name": "Pretended GPU", "major": 9, "minor": 0, "total_memory": MEMORY,
             "multi_processor_count": 132, "warp_size": 32}  # fmt: skip
    values = {
        "is_available": True, "is_initialized": True, "device_count": 1, "current_device": 0,
        "get_device_name": facts["name"], "get_device_capability": (9, 0),
        "get_device_properties": types.SimpleNamespace(**facts), "get_arch_list": ["sm_90"],
        "is_bf16_supported": True, "is_tf32_supported": True, "memory_stats": {},
        "mem_get_info": (MEMORY - 2**30, MEMORY), "memory_summary": "", "memory_allocated": 0,
        "max_memory_allocated": 0, "memory_reserved": 0, "max_memory_reserved": 0,
        "_exchange_device": 0, "_maybe_exchange_device": 0,
    }  # fmt: skip
    values |= dict.fromkeys(
        ["init", "_lazy_init", "synchronize", "empty_cache", "ipc_collect", "set_device",
         "set_stream", "reset_peak_memory_stats", "reset_accumulated_memory_stats",
         "reset_max_memory_allocated", "set_per_process_memory_fraction"]
    )  # fmt: skip
    answers = {name: lambda *_, _value=value, **__: _value for name, value in values.items()}
    streams = ["Stream", "Event", "current_stream", "default_stream", "stream"]
    return answers | dict.fromkeys(streams, Stream)


def install() -> None:
    """Let `torch.cuda` and `torch.accelerator` answer for a device that nobody has."""
    answers = {id(getattr(torch.cuda, name, None)): one for name, one in _answers().items()}
    for module in [one for name, one in sys.modules.items() if name.startswith("torch.cuda")]:
        for name, value in list(vars(module).items()):
            if value is not None and id(value) in answers:
                setattr(module, name, answers[id(value)])
    torch.backends.cudnn.enabled = False  # asked by recurrent layers
    accelerator = torch.accelerator
    accelerator.is_available = torch.cuda.is_available
    accelerator.synchronize = torch.cuda.synchronize
    # Asked by the thread of a DataLoader that pins.
    accelerator.set_device_index = torch.cuda.set_device
    accelerator.current_device_index = torch.cuda.current_device
