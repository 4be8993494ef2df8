"""What chapters read of long measurements says where it is from."""

from importlib import resources
from pathlib import Path

import pytest

from zsbir_lib.errors import ZsbirError
from zsbir_lib.measured import measurement

ROOT = Path(__file__).resolve().parents[1]
FOLDER = resources.files("zsbir_lib.measured")
NAMES = sorted(path.name[:-5] for path in FOLDER.iterdir() if path.name.endswith(".json"))


@pytest.mark.parametrize("name", NAMES)
def test_a_measurement_says_what_made_it_and_of_what(name):
    record = measurement(name)
    assert (ROOT / record["made by"]).is_file()
    for key in ("dataset", "weights_id", "measure", "library", "torch", "runs"):
        assert record[key]


def test_a_measurement_that_is_not_there_is_said():
    with pytest.raises(ZsbirError, match="there are"):
        measurement("swiches")
