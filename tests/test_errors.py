"""Advice is given in the words of the interface that its reader uses."""

import pytest

from zsbir_lib.errors import argument, hyper_parameter, speaking_command_line

CASES = [
    (("on_error", "skip"), {}, "on_error='skip'", "--on-error skip"),
    (("workers", 1), {}, "workers=1", "--workers 1"),
    (("weights",), {"placeholder": "PATH"}, "weights=PATH", "--weights PATH"),
    (("k",), {}, "k", "--k"),
    (("fresh", True), {}, "fresh=True", "--fresh"),
    (("split", None), {}, "split=None", "--inner"),
]


@pytest.mark.parametrize(("names", "options", "python", "command"), CASES)
def test_an_argument_is_named_as_its_reader_writes_it(names, options, python, command):
    assert argument(*names, **options) == python
    with speaking_command_line():
        assert argument(*names, **options) == command
    assert argument(*names, **options) == python


def test_a_hyper_parameter_is_named_as_its_reader_writes_it():
    assert hyper_parameter("learning_rate") == "learning_rate"
    assert hyper_parameter("epochs", 5) == "epochs=5"
    with speaking_command_line():
        assert hyper_parameter("learning_rate") == "-p learning_rate=..."
        assert hyper_parameter("epochs", 5) == "-p epochs=5"
