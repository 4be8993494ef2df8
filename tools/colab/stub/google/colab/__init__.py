"""What a notebook of the book meets of Colab's own package, imitated for `make colab-check`.

It is written anew from what is public in the repository googlecolab/colabtools, and does as little
as the chapters can notice: the kernel loads it as an extension, so that it is in ``sys.modules``
before the first cell; ``%pip`` is a command of the shell, whose failure raises nothing; widgets of
others appear only where the custom widget manager was enabled; a mounted Drive is a folder.
"""

from google.colab import drive, files, output, runtime, userdata

__all__ = ["drive", "files", "output", "runtime", "userdata"]
__version__ = "0.0.1a2"


def load_ipython_extension(shell) -> None:
    """Give the shell Colab's ``%pip``."""

    def pip(line: str) -> None:
        shell.system(f"pip {line}")

    shell.register_magic_function(pip, magic_kind="line", magic_name="pip")
