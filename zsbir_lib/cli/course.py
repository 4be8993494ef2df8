"""``zsbir course``: assignments built from their sources, exams, and a class graded."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import typer

from zsbir_lib.cli.options import AsJson, emit
from zsbir_lib.errors import ZsbirError
from zsbir_lib.files import check_outputs

app = typer.Typer(
    rich_markup_mode=None,
    no_args_is_help=True,
    help="Build assignments and exams, and grade a class.",
)
SOURCES = Path("book") / "assignments" / "sources"


class Platform(str, Enum):
    """Whose tables of grades are known; a test holds it to `zsbir_lib.course.PLATFORMS`."""

    CANVAS = "canvas"
    MOODLE = "moodle"


@app.command(
    epilog="""Examples:

    \b
    zsbir course build --out _build/course
    zsbir course build --variant 2027 --out autumn
    zsbir course build --out autumn --library https://example.org/zsbir-0.1.0-py3-none-any.whl
    zsbir course build book/assignments/sources/retrieval.ipynb --out autumn

    student/ may be given away; solution/, autograder/, otter/ and instructor/ hold answers."""
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
    library: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="Where Gradescope's machine may install the library from: the address of the "
            "wheel that `make wheel` builds, or git+https://... Makes autograder.zip, too.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make student's notebook, solution, autograders and notes of each assignment."""
    from zsbir_lib.course import build_assignment, has_otter

    paths = sources or sorted(SOURCES.glob("*.ipynb"))
    if not paths:
        raise ZsbirError(f"no sources of assignments in {SOURCES}: run this in a copy of the "
                         "book's repository, or name them")  # fmt: skip
    built = [build_assignment(path, out, variant, library=library) for path in paths]
    values = {
        "out": str(out),
        "variant": variant,
        "assignments": [one.name for one in built],
        "gradescope": library is not None and has_otter(),
    }
    lines = [f"{one.name}: {one.student}" for one in built]
    lines.append(f"answers, not to be handed out, are in {out} too")
    if library is not None and not has_otter():
        lines.append("no autograder.zip for Gradescope: otter-grader is not installed "
                     "(pip install otter-grader)")  # fmt: skip
    emit(values, "\n".join(lines), as_json)


@app.command(
    epilog="""Examples:

    \b
    zsbir course exam --variant 480213 --out autumn
    zsbir course exam --variant 480214 --out second-date --json

    Whoever knows the variant can compute the answers: take a large number, and keep it."""
)
def exam(
    out: Annotated[Path, typer.Option(help="The folder to write.")] = Path("_build/course"),
    variant: Annotated[
        int, typer.Option(min=0, help="Another number gives other numbers and data.")
    ] = 0,
    as_json: AsJson = False,
) -> None:
    """Make an exam of twenty questions, and a copy with answers and points."""
    from zsbir_lib.course import build_exam, exam_questions

    built = build_exam(out, variant)
    questions = exam_questions(variant)
    values = {
        "paper": str(built.paper),
        "answers": str(built.answers),
        "variant": variant,
        "questions": len(questions),
        "points": sum(question.points for question in questions),
    }
    text = f"{values['questions']} questions, {values['points']} points: {built.paper}"
    emit(values, f"{text}\nanswers, not to be handed out: {built.answers}", as_json)


@app.command(
    epilog="""Examples:

    \b
    zsbir course grade handed-in --autograder _build/course/autograder/retrieval.json --out grades
    zsbir course grade handed-in --autograder retrieval.json --out grades --workers 8 --json
    zsbir course grade submissions --autograder retrieval.json --out grades \\
        --platform canvas --students gradebook.csv
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
    platform: Annotated[
        Platform | None,
        typer.Option(help="Write PLATFORM.csv too, for that platform to import."),
    ] = None,
    students: Annotated[
        Path | None,
        typer.Option(help="What the platform exported: Canvas' gradebook, Moodle's worksheet."),
    ] = None,
    column: Annotated[
        str | None,
        typer.Option(help="The column for the grades. [default: the assignment's title; Grade]"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Grade every notebook in a folder, each in a process of its own."""
    from zsbir_lib.course import Gradebook, grade_folder, landlock_version, read_autograder

    if (platform is None) != (students is None) or (column is not None and platform is None):
        raise ZsbirError("--platform, --students and --column belong together: name the platform "
                         "and the list of students that it exported")  # fmt: skip
    gradebook = None
    if platform is not None and students is not None:
        gradebook = Gradebook(platform.value, students, column)
        check_outputs(out / f"{platform.value}.csv", students)
    graded = grade_folder(folder, autograder, out, workers=workers, drawings=drawings)
    confined = landlock_version() > 0
    values: dict[str, Any] = {
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
    if gradebook is not None:
        title = read_autograder(autograder).title
        filled = gradebook.fill(graded.grades, title, out / f"{gradebook.platform}.csv")
        values |= {"platform": str(filled.table), "entered": filled.entered,
                   "remarks": list(filled.remarks)}  # fmt: skip
        text += f"\n{filled.entered} grades for {gradebook.platform}: {filled.table}"
        text += "".join(f"\n- {remark}" for remark in filled.remarks)
    emit(values, text, as_json)


@app.command(
    epilog="""Examples:

    \b
    zsbir course link --hub https://hub.example.edu --repo https://github.com/me/course \\
        --path autumn/retrieval.ipynb
    zsbir course link --hub https://hub.example.edu --repo https://github.com/me/course

    The repository must hold what may be handed out and nothing else: student/ of a build."""
)
def link(
    hub: Annotated[str, typer.Option(help="Address of the JupyterHub, which has nbgitpuller.")],
    repo: Annotated[str, typer.Option(help="Address of the repository.")],
    path: Annotated[
        str, typer.Option(help="The file to open, within the repository. [default: its folder]")
    ] = "",
    branch: Annotated[str, typer.Option(help="Of the repository.")] = "main",
    as_json: AsJson = False,
) -> None:
    """Print a link that brings a repository to a student's server and opens a notebook."""
    from zsbir_lib.course import pull_link

    made = pull_link(hub, repo, path, branch)
    emit({"link": made}, made, as_json)
