"""What holds for every method alike."""

import copy
import json
import pickle
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import sklearn
import torch
from sklearn.exceptions import NotFittedError as SklearnNotFittedError
from sklearn.utils import estimator_checks

from zsbir_lib.errors import DivergedError, UnknownNameError, ZsbirError
from zsbir_lib.methods import METHODS, RetrievalMethod, create_method, load_method

OWN = [name for name, one in METHODS.items() if one.__module__.startswith("zsbir_lib.")]
QUICK = {"epochs": 2, "batch_size": 32, "n_samples": 20, "rounds": 2}
GOLDEN = Path(__file__).with_name("golden.json")
DEVICES = ["cpu", *["cuda"] * torch.cuda.is_available()]
LEARN = [name for name in OWN if METHODS[name].needs_pairs]


INF, NAN = float("inf"), float("nan")
METRIC = ["siamese-1", "siamese-2", "triplet-coarse", "triplet-fine", "adversarial-metric"]
TRAINED = [*METRIC, "regression", "cvae", "caae", "dsh"]
OUT_OF_RANGE = [
    *((name, "epochs", [0]) for name in TRAINED),
    *((name, "learning_rate", [0, -1]) for name in TRAINED),
    *((name, "batch_size", [0, 1.5]) for name in TRAINED),
    *((name, "batch_size", [1]) for name in ("cvae", "caae", "dsh")),
    *((name, "margin", [0, NAN]) for name in METRIC),
    *((name, "embedding_dim", [0, 2.5]) for name in METRIC),
    *((name, "dropout", [1.0, NAN]) for name in METRIC),
    *(("adversarial-metric", f"{one}_weight", [-1, INF])
      for one in ("hard", "real", "violation", "synthetic")),
    ("triplet-fine", "same_class", [-0.1, 1.5, NAN]),
    ("regression", "hidden", [0]),
    ("cvae", "reconstruction_weight", [-1, NAN]),
    ("cvae", "kl_weight", [NAN]),
    ("cvae", "decoder_variance", [0]),
    ("caae", "adversarial_weight", [-1]),
    ("caae", "encoder_noise", [1.0, -0.1]),
    ("caae", "gradient_penalty", [-0.1]),
    ("caae", "discriminator_steps", [-1]),
    ("caae", "discriminator_learning_rate", [0]),
    ("dsh", "n_bits", [0]),
    ("dsh", "rounds", [0]),
    ("dsh", "semantic_weight", [-1]),
    ("dsh", "network_weight", [NAN]),
    ("eszsl", "feature_ridge", [-1]),
    ("eszsl", "semantic_ridge", [INF]),
    ("eszsl", "semantics", ["words"]),
    ("sae", "encoder_weight", [0]),
    ("sae", "ridge", [-1]),
    ("sae", "space", ["photos"]),
    ("dap", "ridge", [-1]),
    ("ours", "power", [0]),
    ("ours", "sketch_shrinkage", [1.5]),
    ("ours", "class_weight", [-1]),
    ("ours", "n_components", [0]),
    ("ours", "alignment", [NAN]),
    ("ours+gallery", "diffusion", [1]),
    ("ours+gallery", "temperature", [0]),
    ("ours+gallery", "n_neighbours", [0]),
    ("ours+gallery", "graph_rounds", [-1]),
    ("ours+gallery", "graph_shrinkage", [0, 1.5]),
]  # fmt: skip
# Settings with which a fitted method holds something else, or is told apart by its file only.
OTHERWISE = [
    *((name, {}) for name in OWN),
    *((name, {"shared_weights": False}) for name in METRIC),
    *((name, {"centre": False}) for name in ("cvae", "caae")),
    ("eszsl", {"semantics": "attributes"}),
    ("sae", {"space": "photo", "encoder_weight": 1.0}),
    ("ours", {"power": 0.7}),
]


def quick(name, **settings):
    known = METHODS[name].hyper_parameters()
    return create_method(name, **{k: v for k, v in QUICK.items() if k in known}, **settings)


@pytest.fixture(scope="module")
def fitted(small_pairs):
    return {name: quick(name).fit(small_pairs, progress=False) for name in OWN}


def distances(method, pairs):
    """Distances of three sketches from six photos, in the order of the gallery."""
    found = method.index(pairs.photos).search(method.encode_sketches(pairs.sketches[[0, 50, 100]]))
    table = torch.empty(3, len(pairs.photos)).scatter_(1, found.indices, found.distances)
    return table[:, ::20]


# ---- as scikit-learn expects
@pytest.mark.parametrize("name", OWN)
def test_a_clone_has_the_settings_and_nothing_learnt(fitted, name, small_pairs):
    twin = sklearn.clone(fitted[name])
    assert twin.get_params(deep=True) == fitted[name].get_params()
    assert repr(twin) == repr(fitted[name])
    if name in LEARN:
        with pytest.raises(SklearnNotFittedError, match="is not fitted: call fit") as caught:
            twin.encode_sketches(small_pairs.sketches)
        assert isinstance(caught.value, ZsbirError)


@pytest.mark.parametrize("name", OWN)
@pytest.mark.parametrize(
    "check",
    [
        "check_no_attributes_set_in_init",
        "check_parameters_default_constructible",
        "check_get_params_invariance",
        "check_set_params",
    ],
)
def test_the_checks_of_scikit_learn_that_need_no_arrays(name, check):
    getattr(estimator_checks, check)(name, METHODS[name]())


@pytest.mark.parametrize("name", OWN)
def test_settings_are_set_by_name_and_unknown_ones_refused(name):
    method = METHODS[name]()
    for parameter, known in method.hyper_parameters().items():
        assert method.set_params(**{parameter: known.default}) is method
        known.check(known.default)
        assert known.help.endswith("."), f"{parameter} has no help"
        assert parameter in METHODS[name].__doc__
    with pytest.raises(UnknownNameError, match="has no hyper-parameter depth: it has"):
        method.set_params(depth=3)
    for parameter, values in method.search_space.items():
        assert getattr(method, parameter) in values
        for value in values:
            assert method.hyper_parameters()[parameter].parse(str(value)) == value


@pytest.mark.parametrize(("name", "parameter", "values"), OUT_OF_RANGE)
def test_values_out_of_range_are_refused(name, parameter, values, small_pairs):
    for value in values:
        with pytest.raises(ZsbirError, match=rf"^{parameter} is {value!r}: it must be "):
            METHODS[name](**{parameter: value}).fit(small_pairs)


@pytest.mark.parametrize("name", OWN)
def test_every_range_is_held_in_one_line(name, small_pairs):
    for parameter, known in METHODS[name].hyper_parameters().items():
        if parameter == "device":
            continue
        with pytest.raises(ZsbirError, match=rf"^{parameter} is .*: it must be ") as caught:
            METHODS[name](**{parameter: object()}).fit(small_pairs)
        assert "\n" not in str(caught.value)
        assert known.rule in str(caught.value)


def test_a_name_is_taken_once_and_a_cell_may_run_again(own_registries):
    cell = (
        "from zsbir_lib.methods import Cosine\n"
        "class Mine(Cosine):\n    name, title = {name!r}, 'Mine'\n"
    )
    for _ in range(2):
        exec(cell.format(name="mine"), {"__name__": "__main__"})
    assert METHODS["mine"].title == "Mine"
    with pytest.raises(ZsbirError, match=r"the method name 'cvae' is taken by zsbir_lib\.methods"):
        exec(cell.format(name="cvae"), {"__name__": "__main__"})
    assert METHODS["cvae"].__name__ == "CVAE"


def test_a_method_with_its_own_constructor_is_described_and_fitted_too(small_pairs):
    class Own(RetrievalMethod):
        def __init__(self, alpha: float = 0.5, kind="a"):
            self.alpha, self.kind = alpha, kind

        def _fit(self, pairs, progress):
            self.mean = pairs.photos.mean(dim=0)

        def encode_sketches(self, x):
            return x

        encode_photos = encode_sketches

    found = Own.hyper_parameters()
    assert found["alpha"].parse("2") == 2.0
    assert found["kind"].parse("b") == "b"
    fitted = sklearn.clone(Own(0.1)).fit(small_pairs)
    assert fitted.alpha == 0.1
    assert len(fitted.index(small_pairs.photos)) == 120


# ---- the same numbers everywhere
@pytest.mark.parametrize("name", OWN)
def test_results_are_those_on_record(fitted, name, small_pairs):
    """If they are not, and should not be: raise the method's `version`, and run this file."""
    golden = json.loads(GOLDEN.read_text())[name]
    assert golden["version"] == METHODS[name].version, f"run python {Path(__file__).name}"
    found = distances(fitted[name], small_pairs)
    # A bit of a code may fall either way.
    atol = 0.05 if name == "dsh" else 0.01
    torch.testing.assert_close(found, torch.tensor(golden["distances"]), atol=atol, rtol=0.01)


@pytest.mark.parametrize("name", LEARN)
def test_fits_in_threads_are_the_fit_alone_and_leave_the_common_state(fitted, name, small_pairs):
    before = torch.get_rng_state()
    with ThreadPoolExecutor(4) as pool:
        fits = list(pool.map(lambda _: quick(name).fit(small_pairs, progress=False), range(4)))
    assert torch.equal(torch.get_rng_state(), before)
    for fit in fits:
        found, expected = distances(fit, small_pairs), distances(fitted[name], small_pairs)
        torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("name", OWN)
def test_results_are_where_the_features_are(fitted, name, small_pairs, device):
    there = small_pairs.sketches[:3].to(device), small_pairs.photos[:3].to(device)
    method = fitted[name]
    assert method.encode_sketches(there[0]).device.type == device
    assert method.encode_photos(there[1]).device.type == device
    for learnt in vars(method).values():
        held = learnt.parameters() if isinstance(learnt, torch.nn.Module) else [learnt]
        assert all(one.device.type == "cpu" for one in held if isinstance(one, torch.Tensor))
    if hasattr(method, "generate"):
        assert method.generate(there[0], 3).device.type == device


@pytest.mark.parametrize(("name", "settings"), OTHERWISE)
def test_saved_and_loaded_it_is_the_same(name, settings, small_pairs, tmp_path):
    method = quick(name, **settings).fit(small_pairs, progress=False)
    method.save(tmp_path / "model.safetensors", backbone="toynet")
    loaded, metadata = load_method(tmp_path / "model.safetensors")
    assert type(loaded) is type(method)
    assert metadata == {"backbone": "toynet"}
    assert loaded.get_params() == method.get_params()
    assert torch.equal(distances(loaded, small_pairs), distances(method, small_pairs))
    if name == "dap":
        assert loaded.attributes_ == method.attributes_
        few = small_pairs.sketches[:9], ["ape", "fox"]
        assert loaded.classify(*few) == method.classify(*few)


@pytest.mark.parametrize("name", TRAINED)
def test_another_seed_is_another_result(fitted, name, small_pairs):
    other = quick(name, seed=4).fit(small_pairs, progress=False)
    expected = fitted[name].encode_sketches(small_pairs.sketches)
    assert (other.encode_sketches(small_pairs.sketches) - expected).abs().max() > 1e-3


@pytest.mark.parametrize("name", OWN)
def test_fitted_methods_can_be_copied_and_pickled(fitted, name, small_pairs):
    expected = fitted[name].encode_sketches(small_pairs.sketches[:2])
    for twin in (copy.deepcopy(fitted[name]), pickle.loads(pickle.dumps(fitted[name]))):
        assert torch.equal(twin.encode_sketches(small_pairs.sketches[:2]), expected)


# ---- what people bring
@pytest.mark.parametrize("name", OWN)
def test_features_that_require_gradients_are_taken_as_numbers(fitted, name, small_pairs):
    live = copy.copy(small_pairs)
    object.__setattr__(live, "sketches", small_pairs.sketches.clone().requires_grad_())
    object.__setattr__(live, "photos", small_pairs.photos.clone().requires_grad_())
    method = quick(name).fit(live, progress=False)
    queries = method.encode_sketches(live.sketches[:3])
    expected = fitted[name].encode_sketches(small_pairs.sketches[:3])
    torch.testing.assert_close(queries.detach(), expected)
    assert method.index(live.photos).search(queries, 3).indices.shape == (3, 3)


@pytest.mark.parametrize("name", LEARN)
def test_no_features_are_encoded_to_none_and_other_widths_refused(fitted, name):
    assert len(fitted[name].encode_sketches(torch.empty(0, 16))) == 0
    assert len(fitted[name].encode_photos(torch.empty(0, 16))) == 0
    with pytest.raises(ZsbirError, match=r"sketch features have shape \(2, 5\)"):
        fitted[name].encode_sketches(torch.zeros(2, 5))
    with pytest.raises(ZsbirError, match=r"photo features have shape \(2, 5\)"):
        fitted[name].encode_photos(torch.zeros(2, 5))


@pytest.mark.parametrize("name", LEARN)
def test_photos_of_another_width_are_learnt_from_or_refused_in_one_line(name, small_pairs):
    other = replace(small_pairs, photos=small_pairs.photos[:, :9].contiguous())
    views_of_two_backbones = {"shared_weights": False, "alignment": 0}
    known = METHODS[name].hyper_parameters()
    settings = {k: v for k, v in views_of_two_backbones.items() if k in known}
    if settings or name in ("cvae", "caae"):
        with pytest.raises(ZsbirError, match=r"^sketches have 16 numbers and photos 9: [^\n]*$"):
            quick(name).fit(other, progress=False)
    if name not in ("cvae", "caae"):
        method = quick(name, **settings).fit(other, progress=False)
        assert len(method.encode_photos(other.photos)) == 120


@pytest.mark.parametrize("name", TRAINED)
def test_what_diverges_says_so_and_keeps_the_last_good_weights(name, small_pairs):
    method = quick(name, learning_rate=1e30)
    with pytest.raises(DivergedError, match=r"became .* lower learning_rate"):
        method.fit(small_pairs, progress=False)
    assert torch.isfinite(method.encode_sketches(small_pairs.sketches)).all()


def test_what_overflows_is_said_to_diverge(small_pairs):
    huge = replace(small_pairs, sketches=small_pairs.sketches * 1e38, photos=small_pairs.photos)
    with pytest.raises(DivergedError):
        quick("regression", learning_rate=1e30).fit(huge, progress=False)


if __name__ == "__main__":
    from conftest import make_small_pairs

    pairs, record = make_small_pairs(), {}
    for name in OWN:
        method = quick(name).fit(pairs, progress=False)
        rows = [[round(x, 4) for x in row] for row in distances(method, pairs).tolist()]
        record[name] = {"version": method.version, "distances": rows}
    lines = [f"{json.dumps(name)}: {json.dumps(entry)}" for name, entry in record.items()]
    GOLDEN.write_text("{\n" + ",\n".join(lines) + "\n}\n")
