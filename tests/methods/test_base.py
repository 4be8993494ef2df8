import json

import pytest
import torch
from safetensors.torch import save_file

from zsbir_lib.errors import ZsbirError
from zsbir_lib.methods import CVAE, METHODS, Cosine, create_method, load_method


def test_methods_are_found_by_name():
    assert METHODS["cosine"] is Cosine
    method = create_method("cvae", epochs=3)
    assert isinstance(method, CVAE)
    assert method.get_params()["epochs"] == 3
    assert repr(method) == "CVAE(epochs=3)"


@pytest.mark.parametrize("name", list(METHODS))
def test_every_method_keeps_its_parameters_under_their_names(name):
    method = METHODS[name]()
    assert set(method.get_params()) <= set(vars(method))
    assert type(method)(**method.get_params()).get_params() == method.get_params()
    assert method.name == name


def test_unknown_names_are_refused_with_the_known_ones():
    with pytest.raises(ZsbirError, match=r"unknown method 'magic': use one of .*cvae"):
        create_method("magic")
    with pytest.raises(ZsbirError, match=r"no hyper-parameter depth: it has .*batch_size"):
        create_method("cvae", depth=3)


def test_the_baseline_passes_features_through():
    features = torch.rand(3, 4)
    method = Cosine()
    assert method.encode_sketches(features) is features
    assert method.encode_photos(features) is features


def test_the_baseline_can_be_saved(tmp_path):
    Cosine().save(tmp_path / "m.safetensors", backbone="toynet")
    method, metadata = load_method(tmp_path / "m.safetensors")
    assert isinstance(method, Cosine)
    assert metadata == {"backbone": "toynet"}


def test_files_that_hold_no_model_are_refused(tmp_path):
    with pytest.raises(ZsbirError, match="there is no model"):
        load_method(tmp_path / "none.safetensors")
    (tmp_path / "empty.safetensors").write_bytes(b"")
    with pytest.raises(ZsbirError, match="cannot read the model"):
        load_method(tmp_path / "empty.safetensors")
    save_file({"x": torch.zeros(1)}, tmp_path / "other.safetensors")
    with pytest.raises(ZsbirError, match="holds no model"):
        load_method(tmp_path / "other.safetensors")


def test_a_model_that_lacks_weights_is_refused(tmp_path):
    path = tmp_path / "m.safetensors"
    header = {"method": "cvae", "parameters": {}}
    save_file({"scales": torch.ones(2)}, path, metadata={"zsbir": json.dumps(header)})
    with pytest.raises(ZsbirError, match="does not fit this version"):
        load_method(path)
