"""The same questions for otter-grader, which Gradescope and many a JupyterHub run.

Each question becomes a test file that asks `zsbir_lib.check`: once with the notebook's own data,
for no points, and then with hidden data, for all of them. Otter runs such tests in the student's
own process, so a submission that tampers with the library can forge them. What
`zsbir_lib.course.grade_folder` gives cannot be forged in this way.
"""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from zsbir_lib.check import FunctionQuestion, Question, TextQuestion, open_assignment
from zsbir_lib.course.source import Source
from zsbir_lib.errors import ZsbirError, argument
from zsbir_lib.files import atomic_path, check_outputs, write_json, write_text

CPU_WHEELS = "--extra-index-url https://download.pytorch.org/whl/cpu"
"""The option of pip that prefers PyTorch's build for the CPU, on Linux."""
_SETTINGS = {
    # What hidden data show, a student sees when the grades are published, as in our own reports.
    "show_hidden": True,
    "print_summary": False,
}
_TEST = '''\
"""Question {key}. Written by `zsbir course build`: change the assignment's source instead."""

from otter.test_files import test_case

from zsbir_lib.check import open_assignment

OK_FORMAT = False
HIDDEN = {hidden}
name = "{key}"
points = {points}
work = open_assignment("{assignment}", variant={variant})


@test_case(name="{key}, the notebook's own data", points=0, hidden=False)
def own(env):
    work.require("{key}", env)
'''
_HIDDEN = """

@test_case(name="{key}, graded, part {part} of {parts}", hidden=True)
def hidden_{part}(env):
    work.require("{key}", env, hidden=HIDDEN, share={part} / {parts})
"""


def write_otter(
    source: Source, variant: int, hidden: int, folder: Path, library: str | None = None
) -> list[Path]:
    """Write what otter needs to grade an assignment.

    These are ``tests/``, with one file for each question; ``otter_config.json``;
    where it is known from where Gradescope's machine can install this library,
    ``requirements.txt``; and then, where otter-grader is installed, ``autograder.zip``, to be
    uploaded there.

    Parameters
    ----------
    source
        The assignment.
    variant, hidden
        The number that the notebook shows, and the one that chooses the hidden data.
    folder
        To be written.
    library
        The address of its wheel, of an archive or of a repository, as pip takes it.

    Returns
    -------
    list of Path
        The files.

    Raises
    ------
    ZsbirError
        If something cannot be written, or otter-grader does not make the archive.
    """
    texts = {}
    if library is not None:
        if not re.match(r"(git\+)?https?://\S+$", library):
            raise ZsbirError(
                f"{argument('library', library)} is no address that pip can install from: give "
                "one that begins with https:// or git+https://"
            )
        texts[folder / "requirements.txt"] = f"{CPU_WHEELS}\nzsbir @ {library}\n"
    work = open_assignment(source.name, variant)
    for asked, question in zip(source.questions, work.questions, strict=True):
        about: dict[str, Any] = {
            "assignment": source.name, "variant": variant, "hidden": hidden, "key": asked.key,
            "points": 0 if isinstance(question, TextQuestion) else asked.points,
        }  # fmt: skip
        parts = _parts(question, asked.points)
        cases = (_HIDDEN.format(part=part, parts=parts, **about) for part in range(1, parts + 1))
        path = folder / "tests" / f"q{asked.key.replace('.', '_')}.py"
        texts[path] = _TEST.format(**about) + "".join(cases)
    settings, archive = folder / "otter_config.json", folder / "autograder.zip"
    check_outputs(*texts, settings, archive)
    for path, text in texts.items():
        write_text(path, text)
    write_json(settings, _SETTINGS)
    made = [*texts, settings]
    if library is not None and has_otter():
        _write_archive(folder, archive)
        made.append(archive)
    return made


def has_otter() -> bool:
    """Tell whether otter-grader is installed."""
    return find_spec("otter") is not None


def _parts(question: Question, points: int) -> int:
    """Return in how many equal parts otter counts the points: a test of its passes or fails."""
    if isinstance(question, TextQuestion):
        return 0
    if isinstance(question, FunctionQuestion):
        return len(question.parts) or 1
    return points


def _write_archive(folder: Path, archive: Path) -> None:
    """Have otter make the archive that Gradescope takes."""
    from otter.generate import main as generate

    with atomic_path(archive) as temporary:
        try:
            generate(
                tests_dir=str(folder / "tests"), output_path=str(temporary),
                config=str(folder / "otter_config.json"),
                requirements=str(folder / "requirements.txt"), no_environment=True,
            )  # fmt: skip
        except (OSError, TypeError, ValueError) as error:
            raise ZsbirError(f"otter-grader could not make {archive}: {error}") from None
