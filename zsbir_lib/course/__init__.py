"""Assignments for a course: built from one source, graded where a submission can do no harm."""

from zsbir_lib.course.build import Built, build_assignment
from zsbir_lib.course.source import Asked, Source, read_source

__all__ = ["Asked", "Built", "Source", "build_assignment", "read_source"]
