"""What an answer may be made of, and when two agree."""

import numpy as np
import pytest
import torch

from zsbir_lib.check.plain import plain, same


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.float32(0.5), 0.5),
        (np.array([[1, 2]]), [[1, 2]]),
        (torch.tensor([1.5]), [1.5]),
        (np.bool_(True), True),
        ({"k": np.int64(3), 4: (1,)}, {"k": 3, "4": [1]}),
        (..., None),
    ],
    ids=str,
)
def test_numbers_arrays_and_tensors_become_plain(value, expected):
    assert plain(value) == expected
    assert type(plain(value)) is type(expected)


def test_what_is_no_value_is_refused():
    with pytest.raises(TypeError, match="set"):
        plain({1, 2})
    endless = []
    endless.append(endless)
    for large in (np.zeros(200_000), "x" * 200_000, range(0), endless):
        with pytest.raises((TypeError, ValueError)):
            plain(large)


@pytest.mark.parametrize(
    ("one", "other", "agree"),
    [
        (0.1 + 0.2, 0.3, True),
        (1, True, True),
        (1e9, 1e9 + 1, True),
        (0.5, 0.5001, False),
        (float("nan"), float("nan"), True),
        (float("nan"), 0.0, False),
        (float("inf"), 1e300, False),
        (10**400, 1.0, False),
        ([1, 2], [1, 2, 3], False),
        ({"a": 1}, {"b": 1}, False),
        ("1", 1, False),
        (None, 0, False),
    ],
    ids=lambda value: str(value)[:12],
)
def test_agreement(one, other, agree):
    assert same(one, other) is agree
    assert same(other, one) is agree
