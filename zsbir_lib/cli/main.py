"""The root of the command line: the commands, and what becomes of errors.

Exit codes: 0, done; 1, the check failed (``doctor``, ``cache verify``); 2, bad input or usage; 130,
interrupted; 143, terminated; 70, an error of this program itself.
"""

from __future__ import annotations

import errno
import io
import logging
import os
import signal
import sys
import threading
import traceback
import warnings
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from typing import Annotated, Any

import typer
import typer.core
import typer.main

from zsbir_lib import __version__
from zsbir_lib.cli import (
    cache,
    course,
    doctor,
    export,
    features,
    finetune,
    index,
    leaderboard,
    models,
    retrieve,
    serve,
    toybox,
    toynet,
)  # fmt: skip
from zsbir_lib.distributed import is_first_to_fail, joined, launched, says_lost
from zsbir_lib.errors import ZsbirError, speaking_command_line
from zsbir_lib.reading import printable

# The commands that several processes, as torchrun starts them, can share.
_SHARED = ("features", "train")
OK, CHECK_FAILED, BAD_INPUT, OWN_ERROR, INTERRUPTED, TERMINATED = 0, 1, 2, 70, 130, 143


EXAMPLES = """Examples:

\b
zsbir toybox build
zsbir evaluate --method cvae
zsbir leaderboard
zsbir retrieve --sketch drawing.png --out answer.png
zsbir doctor

Exit codes: 0 done; 1 the check failed (doctor); 2 bad input; 130 interrupted; 70 an error of zsbir
itself. `zsbir COMMAND --help` says more."""


class _InOrder(typer.core.TyperGroup):
    """Lists the commands in the order in which one uses them."""

    def list_commands(self, ctx: Any) -> list[str]:
        return [
            "toybox",
            "toynet",
            "features",
            "finetune",
            "train",
            "evaluate",
            "leaderboard",
            "retrieve",
            "index",
            "serve",
            "export",
            "course",
            "cache",
            "doctor",
        ]


app = typer.Typer(
    name="zsbir",
    cls=_InOrder,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=EXAMPLES,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"zsbir {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    debug: Annotated[
        bool, typer.Option("--debug", help="Show tracebacks, as ZSBIR_DEBUG=1 does.")
    ] = False,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Zero-shot sketch-based image retrieval: from drawings to ranked photos."""
    if debug:
        os.environ["ZSBIR_DEBUG"] = "1"


app.add_typer(toybox.app, name="toybox")
app.add_typer(toynet.app, name="toynet")
app.command("features", epilog=features.FEATURES_EXAMPLES)(features.features)
app.command("finetune", epilog=finetune.FINETUNE_EXAMPLES)(finetune.finetune)
app.command("train", epilog=models.TRAIN_EXAMPLES)(models.train)
app.command("evaluate", epilog=models.EVALUATE_EXAMPLES)(models.evaluate)
app.command("leaderboard", epilog=leaderboard.LEADERBOARD_EXAMPLES)(leaderboard.leaderboard)
app.command("retrieve", epilog=retrieve.RETRIEVE_EXAMPLES)(retrieve.retrieve)
app.command("index", epilog=index.INDEX_EXAMPLES)(index.index)
app.command("serve", epilog=serve.SERVE_EXAMPLES)(serve.serve)
app.add_typer(export.app, name="export")
app.add_typer(course.app, name="course")
app.add_typer(cache.app, name="cache")
app.command("doctor", epilog=doctor.DOCTOR_EXAMPLES)(doctor.doctor)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Parameters
    ----------
    arguments
        Without the program's name; the process's own by default.
    """
    with _on_terminal(), speaking_command_line():
        return _run(sys.argv[1:] if arguments is None else list(arguments))


def _run(arguments: list[str]) -> int:
    # What a group says when it is called without a command is its help.
    if (
        arguments
        and arguments[0] in ("toybox", "toynet", "export", "course", "cache")
        and len(arguments) == 1
    ):
        arguments = [*arguments, "--help"]
    before = os.environ.get("ZSBIR_DEBUG")
    try:
        command = typer.main.get_command(app)
        with _one_of_many(arguments):
            code = command.main(arguments or ["--help"], prog_name="zsbir", standalone_mode=False)
            if sys.stdout is not None:
                sys.stdout.flush()  # here, where it can be told that nothing more can be written
        # Some versions of typer turn an interrupt into a code.
        if code == INTERRUPTED:
            return _fail("interrupted", INTERRUPTED)
        return code if isinstance(code, int) else OK
    except SystemExit as error:
        # What typer makes of a closed pipe.
        if getattr(error.__context__, "errno", None) == errno.EPIPE:
            return _nobody_reads()
        raise
    except (KeyboardInterrupt, typer.Abort):
        return _fail("interrupted", INTERRUPTED)
    except ZsbirError as error:
        return _fail(str(error), BAD_INPUT)
    except BrokenPipeError:
        return _nobody_reads()
    except OSError as error:
        if not _can_be_flushed():
            _nobody_reads()
        where = f"{error.filename}: " if error.filename else ""
        return _fail(f"{where}{error.strerror or error}", BAD_INPUT)
    except Exception as error:
        if says_lost(error):
            return _fail(
                "another process of this job has ended: start the job again, and it goes on "
                "where it stopped",
                BAD_INPUT,
            )
        if isinstance(error, MemoryError) or _says_no_memory(error):
            return _fail("out of memory: use a smaller --batch-size or data set", BAD_INPUT)
        # typer raises errors of usage by classes of click, of its own copy in new versions.
        if (say := getattr(error, "format_message", None)) is not None:
            context = getattr(error, "ctx", None)
            hint = f" (see `{context.command_path} --help`)" if context is not None else ""
            return _fail(say().rstrip(".") + hint, BAD_INPUT)
        reason = str(error).strip().split("\n")[0]
        return _fail(
            f"an error of zsbir itself, {type(error).__name__}: {reason} "
            "(ZSBIR_DEBUG=1 shows where)",
            OWN_ERROR,
        )
    finally:
        if before is None:
            os.environ.pop("ZSBIR_DEBUG", None)


@contextmanager
def _one_of_many(arguments: list[str]) -> Iterator[None]:
    """Share the work with the processes that torchrun started, of which the first one speaks.

    Raises
    ------
    ZsbirError
        If there are others, and the command is for one.
    """
    if launched() == 1:
        yield
        return
    command = next((word for word in arguments if not word.startswith("-")), None)
    if command is not None and command not in _SHARED:
        raise ZsbirError(
            f"`zsbir {command}` is for one process: start it without torchrun, which is for "
            f"{' and '.join(_SHARED)}"
        )
    with joined() as processes, ExitStack() as quiet:
        if processes.rank > 0:
            nowhere = quiet.enter_context(open(os.devnull, "w"))
            quiet.enter_context(redirect_stdout(nowhere))
            quiet.enter_context(redirect_stderr(nowhere))
        yield


def _nobody_reads() -> int:
    """End in order when the reader (head, less) has what it wanted, or output cannot be written."""
    if sys.__stdout__ is not None:
        # Spare it Python's complaint at exit.
        sys.stdout = sys.__stdout__
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.__stdout__.fileno())
    return OK


def _can_be_flushed() -> bool:
    """Tell whether standard output takes what is still to be written."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:
        return False
    return True


def _says_no_memory(error: Exception) -> bool:
    """Tell whether PyTorch says, in an error of no kind of its own, that memory is at an end."""
    return isinstance(error, RuntimeError) and any(
        words in str(error).lower() for words in ("can't allocate memory", "out of memory")
    )


def _fail(message: str, code: int) -> int:
    """Print one error, with its traceback if that was asked for; of many processes, one prints."""
    if not is_first_to_fail():
        return code
    if os.environ.get("ZSBIR_DEBUG", "0") not in ("", "0"):
        traceback.print_exc()
    print(f"zsbir: {printable(message)}", file=sys.stderr)
    return code


class _Handler(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        print(f"zsbir: {printable(record.getMessage())}", file=sys.stderr)


@contextmanager
def _on_terminal() -> Iterator[None]:
    """Send warnings and log messages to standard error; end in order when told to terminate."""

    def show(message: Warning | str, *_: Any, **__: Any) -> None:
        print(f"zsbir: {printable(str(message))}", file=sys.stderr)

    def terminate(number: int, _: Any) -> None:
        # Raised, not obeyed at once, so that temporary files are removed on the way out.
        raise SystemExit(TERMINATED)

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal of few letters shows the others as codes.
            stream.reconfigure(errors="backslashreplace")
    logger, handler = logging.getLogger("zsbir_lib"), _Handler(logging.WARNING)
    in_main_thread = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGTERM, terminate) if in_main_thread else None
    logger.addHandler(handler)
    with warnings.catch_warnings():
        warnings.showwarning = show
        # Only what this library says is meant for its users.
        warnings.simplefilter("ignore")
        warnings.filterwarnings("always", module=r"zsbir_lib(\.|$)")
        try:
            yield
        finally:
            logger.removeHandler(handler)
            if in_main_thread:
                signal.signal(signal.SIGTERM, before)
