"""Assignments for a course: built from one source, graded where a submission can do no harm."""

from zsbir_lib.course.build import Built, build_assignment, public_number
from zsbir_lib.course.classes import ClassGrades, Submission, find_submissions, grade_folder
from zsbir_lib.course.confine import Limits, landlock_version
from zsbir_lib.course.grading import (
    Autograder,
    Grade,
    Mark,
    grade_submission,
    read_autograder,
)
from zsbir_lib.course.notebooks import Cell, Notebook
from zsbir_lib.course.sandbox import Outcome, Sandbox
from zsbir_lib.course.scores import score_table
from zsbir_lib.course.source import Asked, Source, read_source

__all__ = [
    "Asked",
    "Autograder",
    "Built",
    "Cell",
    "ClassGrades",
    "Grade",
    "Limits",
    "Mark",
    "Notebook",
    "Outcome",
    "Sandbox",
    "Source",
    "Submission",
    "build_assignment",
    "find_submissions",
    "grade_folder",
    "grade_submission",
    "landlock_version",
    "public_number",
    "read_autograder",
    "read_source",
    "score_table",
]
