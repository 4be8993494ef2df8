"""Assignments for a course, built from one source and graded in a sandbox, and an exam."""

from zsbir_lib.course.build import Built, build_assignment, public_number
from zsbir_lib.course.classes import ClassGrades, Submission, find_submissions, grade_folder
from zsbir_lib.course.confine import Limits, landlock_version
from zsbir_lib.course.exam import BuiltExam, ExamQuestion, build_exam, exam_questions
from zsbir_lib.course.gradebooks import PLATFORMS, Filled, Gradebook
from zsbir_lib.course.grading import (
    Autograder,
    Grade,
    Mark,
    grade_submission,
    read_autograder,
)
from zsbir_lib.course.links import pull_link
from zsbir_lib.course.notebooks import Cell, Notebook
from zsbir_lib.course.otter import has_otter, write_otter
from zsbir_lib.course.sandbox import Outcome, Sandbox
from zsbir_lib.course.scores import score_table
from zsbir_lib.course.source import Asked, Source, read_source

__all__ = [
    "PLATFORMS",
    "Asked",
    "Autograder",
    "Built",
    "BuiltExam",
    "Cell",
    "ClassGrades",
    "ExamQuestion",
    "Filled",
    "Grade",
    "Gradebook",
    "Limits",
    "Mark",
    "Notebook",
    "Outcome",
    "Sandbox",
    "Source",
    "Submission",
    "build_assignment",
    "build_exam",
    "exam_questions",
    "find_submissions",
    "grade_folder",
    "grade_submission",
    "has_otter",
    "landlock_version",
    "public_number",
    "pull_link",
    "read_autograder",
    "read_source",
    "score_table",
    "write_otter",
]
