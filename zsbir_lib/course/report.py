"""The page that a student gets back: points and one line for each question, no answer."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from zsbir_lib.reading import printable

if TYPE_CHECKING:
    from zsbir_lib.course.grading import Autograder, Grade

_STYLE = """
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 48rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid #8888; padding: 0.4rem 0.3rem; text-align: left;
  vertical-align: top; hyphens: auto; }
td:last-child { min-width: 8rem; overflow-wrap: anywhere; }
tbody th { white-space: nowrap; }
"""


def report_page(student: str, autograder: Autograder, grade: Grade) -> str:
    """Return the page as HTML, which loads nothing from elsewhere.

    Parameters
    ----------
    student
        Whose it is.
    autograder
        What was asked.
    grade
        What came of it.
    """
    rows = []
    for about, mark in zip(autograder.questions, grade.marks, strict=True):
        points = (
            f"{mark.out_of} to be read"
            if mark.points is None
            else (f"{mark.points:g} of {mark.out_of}")
        )
        rows.append(
            f"<tr><th scope=row>{_text(mark.key)}</th><td>{_text(about['goal'])}</td>"
            f"<td>{points}</td><td>{_text(mark.text)}</td></tr>"
        )
    settled = grade.out_of - grade.to_read
    more = (f" {grade.to_read} more are given by your teacher, who reads what you wrote."
            if grade.to_read else "")  # fmt: skip
    remarks = "".join(f"<li>{_text(one)}</li>" for one in grade.remarks
                      if not one.startswith("for the teacher"))  # fmt: skip
    about_file = f"<h2>About your notebook</h2><ul>{remarks}</ul>" if remarks else ""
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{_text(autograder.title)}: {_text(student)}</title>
<style>{_STYLE}</style>
</head>
<body>
<main>
<h1>{_text(autograder.title)}</h1>
<p>{_text(student)}: <strong>{grade.points:g} of {settled} points</strong>.{more}</p>
<table>
<thead><tr><th scope=col>No.</th><th scope=col>What it is about</th>
<th scope=col>Points</th><th scope=col>What the grader says</th></tr></thead>
<tbody>
{chr(10).join(rows)}
</tbody>
</table>
{about_file}
</main>
</body>
</html>
"""


def _text(text: str) -> str:
    return html.escape(printable(text))
