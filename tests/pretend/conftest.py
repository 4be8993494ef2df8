"""The tests of the pretended device are collected only where it is pretended."""

import os

if os.environ.get("PRETEND_CUDA") != "1":
    collect_ignore_glob = ["test_*.py"]
