"""Python imports this at its start: where ``PRETEND_CUDA`` is set, `torch` pretends to have a GPU.

See `pretend_cuda`. Nothing is imported here that a program would not import itself.
"""

import importlib.abc
import importlib.machinery
import os
import sys


class _AfterTorch(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Loads `torch` as it is, and then lets it pretend."""

    def find_spec(self, name, path=None, target=None):
        if name != "torch":
            return None
        sys.meta_path.remove(self)
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        if spec is not None:
            self.loader, spec.loader = spec.loader, self
        return spec

    def create_module(self, spec):
        return self.loader.create_module(spec)

    def exec_module(self, module):
        # Beginning with the module's own loader, which it keeps.
        module.__spec__.loader = module.__loader__ = self.loader
        self.loader.exec_module(module)
        from pretend_cuda import activate

        activate()


if os.environ.get("PRETEND_CUDA") == "1":
    sys.meta_path.insert(0, _AfterTorch())
