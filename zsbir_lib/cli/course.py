"""``zsbir course``: assignments built from their sources, and a class graded."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zsbir_lib.cli.options import AsJson, emit
from zsbir_lib.errors import ZsbirError

app = typer.Typer(
    rich_markup_mode=None, no_args_is_help=True, help="Build assignments, and grade a class."
)
SOURCES = Path("book") / "assignments" / "sources"


@app.command(
    epilog="""Examples:

    \b
    zsbir course build --out _build/course
    zsbir course build --variant 2027 --out autumn
    zsbir course build book/assignments/sources/retrieval.ipynb --out autumn

    student/ may be given away; solution/, autograder/ and instructor/ hold answers."""
)
def build(
    sources: Annotated[
        list[Path] | None,
        typer.Argument(help="Solution notebooks. [default: all of book/assignments/sources]"),
    ] = None,
    out: Annotated[Path, typer.Option(help="The folder to write.")] = Path("_build/course"),
    variant: Annotated[
        int, typer.Option(min=0, help="Another number gives other data, numbers and classes.")
    ] = 0,
    as_json: AsJson = False,
) -> None:
    """Make student's notebook, solution, autograder and notes of each assignment."""
    from zsbir_lib.course import build_assignment

    paths = sources or sorted(SOURCES.glob("*.ipynb"))
    if not paths:
        raise ZsbirError(f"no sources of assignments in {SOURCES}: run this in a copy of the "
                         "book's repository, or name them")  # fmt: skip
    built = [build_assignment(path, out, variant) for path in paths]
    values = {"out": str(out), "variant": variant, "assignments": [one.name for one in built]}
    lines = [f"{one.name}: {one.student}" for one in built]
    emit(values, "\n".join([*lines, f"answers, not to be handed out, are in {out} too"]), as_json)


@app.command(
    epilog="""Examples:

    \b
    zsbir course grade handed-in --autograder _build/course/autograder/retrieval.json --out grades
    zsbir course grade handed-in --autograder retrieval.json --out grades --workers 8 --json
    zsbir course grade handed-in --autograder capstone.json --out grades --drawings people

    Run again, it goes on where it was stopped. Submissions are programs of strangers: run it as a
    user who owns nothing else, best in a container without a network."""
)
def grade(
    folder: Annotated[Path, typer.Argument(help="Notebooks, or a folder for each student.")],
    autograder: Annotated[Path, typer.Option(help="The file that `zsbir course build` made.")],
    out: Annotated[Path, typer.Option(help="The folder to write: grades.csv, reports/, state/.")],
    drawings: Annotated[
        Path | None,
        typer.Option(help="For the capstone: people's drawings, CLASS.ndjson or folders CLASS/."),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(min=1, max=1024, help="Submissions at once; one a processor by default."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Grade every notebook in a folder, each in a process of its own."""
    from zsbir_lib.course import grade_folder, landlock_version

    graded = grade_folder(folder, autograder, out, workers=workers, drawings=drawings)
    confined = landlock_version() > 0
    values = {
        "out": str(out),
        "table": str(graded.table),
        "scores": None if graded.scores is None else str(graded.scores),
        "submissions": len(graded.grades),
        "kept": graded.kept,
        "to_read": sum(one.to_read > 0 for one in graded.grades.values()),
        "confined": confined,
    }
    text = f"{len(graded.grades)} submissions ({graded.kept} graded before): {graded.table}"
    if graded.scores is not None:
        text += f"\nscores of the methods, with intervals: {graded.scores}"
    if values["to_read"]:
        text += f"\nanswers of {values['to_read']} have to be read by a person"
    if not confined:
        text += "\nthis system has no Landlock: submissions could read and write what you can"
    emit(values, text, as_json)
