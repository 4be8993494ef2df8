"""Run a program of Python, and its child processes, as if this machine had an NVIDIA card.

python tests/pretend -m pytest tests/methods       # see pretend_cuda/__init__.py
"""

import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def environment() -> dict[str, str]:
    """Return the environment in which Python pretends."""
    paths = [str(HERE), *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    return os.environ | {
        "PRETEND_CUDA": "1",
        "PYTHONPATH": os.pathsep.join(paths),
        "CUDA_VISIBLE_DEVICES": "",  # a real card would not be asked
    }


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    os.execve(sys.executable, [sys.executable, *sys.argv[1:]], environment())
