"""Run a notebook as Colab would, and write it down with its outputs: called by `colab_check.py`.

It runs in the environment of the recorded image, whose own kernel and IPython do the work::

    python run_notebook.py NOTEBOOK FOLDER OUT
"""

import os
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

STUB = Path(__file__).resolve().parent / "stub"
CELL_SECONDS = 1800

# What Colab's kernel finds in its environment, as far as programs look at it.
VARIABLES = {
    "COLAB_RELEASE_TAG": "release-colab-external-images",
    "COLAB_BACKEND_VERSION": "next",
    "COLAB_GPU": "",
    "COLAB_JUPYTER_IP": "172.28.0.12",
    "CLICOLOR": "1",
    "GIT_PAGER": "cat",
    "PAGER": "cat",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
}


def environment() -> dict[str, str]:
    """Return what the kernel finds: no trace of the repository, the stub, and Colab's variables."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ZSBIR_")}
    kept.pop("VIRTUAL_ENV", None)
    here = str(Path(sys.executable).parent)
    return kept | VARIABLES | {
        "PYTHONPATH": str(STUB),
        "PATH": os.pathsep.join([here, kept.get("PATH", "")]),
        "ZSBIR_CACHE": os.environ.get("ZSBIR_CACHE", ""),
    }  # fmt: skip


class Client(NotebookClient):
    """Start the kernel of this environment, whichever kernels are known on the machine."""

    def create_kernel_manager(self):
        """Return a manager that starts this Python with the stub as an extension."""
        manager = super().create_kernel_manager()
        spec = manager.kernel_spec
        spec.argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}",
                     "--ext=google.colab"]  # fmt: skip
        return manager


def main() -> int:
    """Run, write, and say in which cell it ended if it did not reach the last one."""
    notebook, folder, out = map(Path, sys.argv[1:])
    book = nbformat.read(notebook, as_version=4)
    for cell in book.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    client = Client(
        book,
        timeout=CELL_SECONDS,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
    )
    failed = False
    try:
        client.execute(env=environment())
    except CellExecutionError as error:
        print(error, file=sys.stderr)
        failed = True
    finally:
        nbformat.write(book, out)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
