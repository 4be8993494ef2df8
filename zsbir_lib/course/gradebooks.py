"""Grades as Canvas and Moodle import them: entered into the list of students that they export.

Canvas knows a student by the column ``ID`` of its exported gradebook, and by the same number in the
names of the files of "Download submissions": ``doejane_LATE_ID_FILE_retrieval.ipynb``. Moodle's
grading worksheet has ``Participant NUMBER`` in its first column, and its folders of submissions are
called ``Jane Doe_NUMBER_assignsubmission_file``. Where there is no such number, names and
addresses are compared. What the platform exported is kept as it is but for the grades entered.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from zsbir_lib.course.grading import Grade
from zsbir_lib.errors import ZsbirError, argument
from zsbir_lib.files import atomic_path
from zsbir_lib.reading import check_file, printable

PLATFORMS = ("canvas", "moodle")
"""The platforms whose tables are known."""
_LARGEST = 2**26
_CANVAS_FILE = re.compile(r".+?_(?:LATE_)?(\d+)_\d+_.")
_MOODLE_FILE = re.compile(r"(.+)_(\d+)_assignsubmission_")
_PARTICIPANT = re.compile(r"\D+\d+")
_CANVAS_NUMBER = re.compile(r" \(\d+\)$")  # behind the title of an assignment
# Columns by which somebody is known, in the tables of both platforms.
_NAMES = ("student", "sis user id", "sis login id", "integration id", "full name", "username",
          "email address", "id number")  # fmt: skip


@dataclass(frozen=True)
class Filled:
    """What came of entering grades.

    Attributes
    ----------
    table : Path
        The file to be imported.
    entered : int
        How many grades it holds.
    remarks : tuple of str
        What a person has to look at, a line each.
    """

    table: Path
    entered: int
    remarks: tuple[str, ...]


class Gradebook:
    """The list of students that a platform exported.

    Parameters
    ----------
    platform
        One of `PLATFORMS`.
    students
        The file: Canvas' gradebook, Moodle's grading worksheet or a table of Moodle's gradebook.
    column
        The column for the grades. By default, the assignment's title in Canvas and in Moodle's
        gradebook, and "Grade" in a worksheet.

    Raises
    ------
    ZsbirError
        If it cannot be read, or is no such list.
    """

    def __init__(self, platform: str, students: Path, column: str | None = None) -> None:
        if platform not in PLATFORMS:
            raise ZsbirError(f"no platform {platform!r}: use one of {', '.join(PLATFORMS)}")
        self.platform, self.students, self.column = platform, students, column
        self._rows, self._separator = _read(students)
        self._header = self._rows[0]
        lower = self._lower = [_folded(name) for name in self._header]
        self._is_worksheet = False
        if platform == "canvas":
            first = lower[:1] == ["student"] or lower[:2] == ["lastname", "firstname"]
            if not (first and "id" in lower and "section" in lower):
                raise ZsbirError(
                    f"{printable(students)} is no gradebook of Canvas, which begins with the "
                    "columns Student, ID, SIS Login ID, Section: export it there by Gradebook, "
                    "Export"
                )
        else:
            self._is_worksheet = all(_PARTICIPANT.fullmatch(row[0]) for row in self._rows[1:])
            if not self._is_worksheet and not {"email address", "username"} & set(lower):
                raise ZsbirError(
                    f"{printable(students)} is no list of Moodle: neither a grading worksheet, "
                    "whose first column is Identifier, nor a table with the column Email address"
                )
        if column is not None and not self._places(column):
            raise ZsbirError(
                f"{printable(students)} has no column {column!r} ({argument('column')}): use one "
                f"of {', '.join(map(printable, self._header))}"
            )

    def fill(self, grades: Mapping[str, Grade], title: str, out: Path) -> Filled:
        """Enter grades, and write the table that the platform imports.

        A student without a submission keeps what the table has.

        Parameters
        ----------
        grades
            By student, as `zsbir_lib.course.find_submissions` names them.
        title
            Of the assignment.
        out
            The file to write.

        Raises
        ------
        ZsbirError
            If the column is not clear, or the file cannot be written.
        """
        remarks: list[str] = []
        owners = self._owners(grades, remarks)
        out_of = max((grade.out_of for grade in grades.values()), default=0)
        rows = [list(row) for row in self._rows]
        place = self._column(rows, title, out_of)
        for number, owner in owners.items():
            rows[number][place] = f"{grades[owner].points:g}"
        remarks += self._limits(rows, place, out_of)
        if unread := sum(grade.to_read > 0 for grade in grades.values()):
            remarks.append(f"{unread} grades lack the points of texts, which a person has to read")
        kept = list(range(len(rows[0])))
        if self.platform == "canvas":
            # Other assignments stay out: importing their old grades could undo newer ones.
            section = self._lower.index("section")
            kept = [*range(section + 1), place]
        with atomic_path(out) as temporary, temporary.open("w", encoding="utf-8", newline="") as to:
            writer = csv.writer(to, delimiter=self._separator, lineterminator="\n")
            writer.writerows([row[n] for n in kept] for row in rows)
        return Filled(out, len(owners), tuple(remarks))

    def _places(self, column: str) -> list[int]:
        wanted = _folded(column)
        exact = [n for n, name in enumerate(self._header) if _folded(name) == wanted]
        return exact or [n for n, name in enumerate(self._header)
                         if _folded(_CANVAS_NUMBER.sub("", name)) == wanted]  # fmt: skip

    def _column(self, rows: list[list[str]], title: str, out_of: int) -> int:
        """Return where the grades go; a column that is not there is added."""
        wanted = self.column or ("Grade" if self._is_worksheet else title)
        places = self._places(wanted)
        if len(places) > 1:
            raise ZsbirError(
                f"{printable(self.students)} has {len(places)} columns {wanted!r}: name one with "
                f"its number ({argument('column')})"
            )
        if places:
            return places[0]
        if self._is_worksheet:
            raise ZsbirError(
                f"{printable(self.students)} has no column Grade: say how it is called there "
                f"({argument('column')})"
            )
        for row in rows:
            row.append(str(out_of) if _says_points(row) else "")
        rows[0][-1] = wanted
        return len(rows[0]) - 1

    def _owners(self, grades: Mapping[str, Grade], remarks: list[str]) -> dict[int, str]:
        """Return whose submission belongs into which row; say of the others why into none."""
        numbers: dict[str, list[int]] = {}
        names: dict[str, list[int]] = {}
        for place, row in enumerate(self._rows[1:], start=1):
            number = self._number_of(row)
            if self.platform == "canvas" and (_says_points(row) or not number):
                continue  # how an assignment is graded
            if number:
                numbers.setdefault(number, []).append(place)
            for name in _known_as(self._lower, row):
                names.setdefault(name, []).append(place)
        taken: dict[int, list[str]] = {}
        for owner in grades:
            number, name = self._read_owner(owner)
            found = numbers.get(number) or names.get(_folded(name)) or []
            if len(found) == 1:
                taken.setdefault(found[0], []).append(owner)
            else:
                why = "fits several students" if found else "is in no row"
                remarks.append(f"{printable(owner)} {why} of {printable(self.students.name)}")
        for several in (owners for owners in taken.values() if len(owners) > 1):
            remarks.append(f"{' and '.join(map(printable, several))} are by one student: no grade "
                           "was entered")  # fmt: skip
        return {place: owners[0] for place, owners in taken.items() if len(owners) == 1}

    def _number_of(self, row: list[str]) -> str:
        if self.platform == "canvas":
            return _number(row[self._lower.index("id")])
        return _number(row[0]) if self._is_worksheet else ""

    def _read_owner(self, owner: str) -> tuple[str, str]:
        """Return the platform's number of a student, if any, and the name, from a submission's."""
        owner = owner.partition("/")[0]  # of several notebooks in a folder
        if self.platform == "canvas":
            found = _CANVAS_FILE.match(owner)
            return (found[1] if found else "", owner)
        found = _MOODLE_FILE.match(owner)
        number = found[2] if found and self._is_worksheet else ""
        return number, found[1] if found else owner

    def _limits(self, rows: list[list[str]], place: int, out_of: int) -> Iterator[str]:
        """Say where the platform counts other points than the assignment."""
        if self.platform == "canvas":
            for row in filter(_says_points, rows):
                if _points(row[place]) != out_of:
                    yield (f"Canvas counts {row[place]} points, the assignment {out_of}: change it "
                           "there")  # fmt: skip
        elif "maximum grade" in self._lower:
            most = self._lower.index("maximum grade")
            limits = {_points(row[most]) for row in rows[1:]}
            for limit in sorted(one for one in limits if one is not None and one < out_of):
                yield (f"Moodle's maximum is {limit:g} points, the assignment's {out_of}: set it "
                       "there first, since Moodle passes over what is above it")  # fmt: skip


def _read(path: Path) -> tuple[list[list[str]], str]:
    """Return the rows of a table, all of one length, and what separates its columns."""
    what = f"the list of students {printable(path)}"
    check_file(path, what, limit=_LARGEST)
    try:
        text = path.read_bytes().decode("utf-8-sig")
        header = text.partition("\n")[0]
        separator = max(",;\t", key=lambda one: len(next(csv.reader([header], delimiter=one), [])))
        rows = [row for row in csv.reader(io.StringIO(text), delimiter=separator) if any(row)]
    except UnicodeDecodeError:
        raise ZsbirError(f"cannot read {what}: it is no text in UTF-8") from None
    except (csv.Error, OSError) as error:
        raise ZsbirError(f"cannot read {what}: {error}") from None
    if len(rows) < 2:
        raise ZsbirError(f"cannot read {what}: it has no rows below its header")
    width = max(map(len, rows))
    return [row + [""] * (width - len(row)) for row in rows], separator


def _known_as(columns: list[str], row: list[str]) -> set[str]:
    """Return all that somebody is called in a row."""
    cells = {name: cell.strip() for name, cell in zip(columns, row, strict=True)}
    found = {cells.get(name, "") for name in _NAMES}
    for first, last in (("firstname", "lastname"), ("first name", "last name"),
                        ("first name", "surname")):  # fmt: skip
        found.add(f"{cells.get(first, '')} {cells.get(last, '')}")
    last, comma, first = cells.get("student", "").partition(",")
    if comma:
        found.add(f"{first} {last}")
    return {_folded(name) for name in found} - {""}


def _says_points(row: list[str]) -> bool:
    """Tell whether this is Canvas' row of what each assignment is worth."""
    return "points possible" in _folded(row[0])


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()


def _number(text: str) -> str:
    """Return the number at a text's end, as in "Participant 1234"; nothing if there is none."""
    found = re.search(r"(?:^|\D)(\d+)$", text.strip())
    return found[1] if found else ""


def _points(text: str) -> float | None:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return None
