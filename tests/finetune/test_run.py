"""Fine-tuning: what is read, what learns, which epoch is kept, and what the file gives back."""

from dataclasses import replace

import pytest
import torch

from tests.finetune.conftest import SEEN, UNSEEN
from zsbir_lib.datasets import SomeClasses, ZeroShotSplit
from zsbir_lib.errors import DivergedError, ZsbirError, speaking_command_line
from zsbir_lib.features import extract_features, load_backbone
from zsbir_lib.finetune import RECIPES, TOWERS, FineTuning, fine_tune
from zsbir_lib.metrics import evaluate_retrieval

QUICK = FineTuning(epochs=2, batch_size=16, learning_rate=1e-3, held_out=0.25)


def held_out_map(dataset, backbone, names):
    features = extract_features(SomeClasses(dataset, names), backbone, cache=False)
    report = evaluate_retrieval(
        features.sketches, features.sketch_labels, features.photos, features.photo_labels, k=1
    )
    return report.macro.map_all


def tuned_from(path, recipe, weights):
    return load_backbone(str(path), weights if recipe == "lora" else None, device="cpu")


def test_toys_of_held_out_classes_are_found_better_than_by_the_frozen_network(
    toys, toynet, tmp_path
):
    out = tmp_path / "tuned.safetensors"
    settings = FineTuning(epochs=2, learning_rate=3e-4, held_out=0.34, seed=1)
    done = fine_tune(toys, toynet, out, settings)
    assert done.history["loss"][-1] < 0.8 * done.history["loss"][0]
    assert min(done.history["held_out_map"]) > done.frozen + 0.05
    # What the file holds, measured anew, and the network that it began with.
    assert not set(done.held_out) & set(done.learnt_from)
    tuned = load_backbone(str(out), device="cpu")
    assert held_out_map(toys, toynet, done.held_out) == pytest.approx(done.frozen, abs=1e-3)
    assert held_out_map(toys, tuned, done.held_out) == pytest.approx(done.best, abs=1e-3)


@pytest.mark.slow
def test_the_mean_over_seeds_is_better_whatever_classes_are_held_out(toys, toynet, tmp_path):
    gains = []
    for seed in range(3):
        settings = FineTuning(epochs=2, learning_rate=1e-4, held_out=0.34, seed=seed)
        done = fine_tune(toys, toynet, tmp_path / "tuned.safetensors", settings)
        gains.append(done.history["held_out_map"][-1] - done.frozen)
    assert sum(gains) / 3 > 0.02, gains


@pytest.mark.parametrize("recipe", RECIPES)
def test_no_image_of_an_unseen_class_is_read(stripes, two_layers, tmp_path, recipe):
    stripes.forbidden = frozenset(UNSEEN)
    settings = replace(QUICK, recipe=recipe)
    done = fine_tune(stripes, two_layers, tmp_path / "tuned.safetensors", settings)
    assert stripes.read == set(SEEN)
    assert {*done.learnt_from, *done.held_out} == set(SEEN)
    # The trap works.
    with pytest.raises(AssertionError, match="an image of cow is read"):
        stripes.photo(list(stripes.photo_labels).index(stripes.class_names.index("cow")))


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("towers", TOWERS)
def test_the_file_gives_the_features_of_the_epoch_that_was_kept(
    stripes, two_layers, two_layers_file, tmp_path, measured, recipe, towers
):
    out = tmp_path / "tuned.safetensors"
    done = fine_tune(stripes, two_layers, out, replace(QUICK, recipe=recipe, towers=towers))
    assert done.epoch == 2
    tuned = tuned_from(out, recipe, two_layers_file)
    assert tuned.name == done.name == f"two-layers+{recipe}"
    torch.testing.assert_close(measured(tuned), measured.found[-1])
    image = [stripes.photo(0)]
    same = torch.equal(tuned.features(image), tuned.for_sketches().features(image))
    assert same == (towers == "shared")
    assert not torch.allclose(tuned.features(image), two_layers.features(image), atol=1e-3)
    # Cached under a key of its own, in the extraction as in every index.
    assert tuned.weights_id != two_layers.weights_id
    assert tuned.probe_id != two_layers.probe_id


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_seed_gives_the_same_file_and_another_one_another(stripes, two_layers, tmp_path, recipe):
    written = []
    for number, seed in enumerate((3, 3, 4)):
        out = tmp_path / f"{number}.safetensors"
        torch.manual_seed(number)  # nobody else's random numbers matter
        fine_tune(stripes, two_layers, out, replace(QUICK, recipe=recipe, seed=seed), workers=1)
        written.append(out.read_bytes())
    assert written[0] == written[1]
    assert written[0] != written[2]


@pytest.mark.parametrize("recipe", RECIPES)
def test_the_backbone_that_it_began_with_stays_as_it_was(stripes, two_layers, tmp_path, recipe):
    before = {name: tensor.clone() for name, tensor in two_layers.module.state_dict().items()}
    fine_tune(stripes, two_layers, tmp_path / "t.safetensors", replace(QUICK, recipe=recipe))
    after = two_layers.module.state_dict()
    assert set(before) == set(after)
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert not any(parameter.requires_grad for parameter in two_layers.module.parameters())


def test_batch_norm_keeps_its_statistics(stripes, two_layers, two_layers_file, tmp_path):
    fine_tune(stripes, two_layers, tmp_path / "t.safetensors", QUICK)
    tuned = load_backbone(str(tmp_path / "t.safetensors"), device="cpu").module.state_dict()
    first = two_layers.module.state_dict()
    for name in ("network.norm.running_mean", "network.norm.running_var"):
        assert torch.equal(tuned[name], first[name])
    assert not torch.equal(tuned["network.norm.weight"], first["network.norm.weight"])


def test_the_epoch_that_is_best_on_held_out_classes_is_kept(
    stripes, two_layers, tmp_path, monkeypatch
):
    scores = iter([0.3, 0.4, 0.6, 0.5])
    monkeypatch.setattr("zsbir_lib.finetune.run._Run.score", lambda self: next(scores))
    out = tmp_path / "three.safetensors"
    done = fine_tune(stripes, two_layers, out, replace(QUICK, epochs=3))
    assert (done.epoch, done.frozen, done.best) == (2, 0.3, 0.6)
    assert done.history["held_out_map"] == [0.4, 0.6, 0.5]
    scores = iter([0.3, 0.2, 0.1])
    none = fine_tune(stripes, two_layers, tmp_path / "none.safetensors", QUICK)
    assert (none.epoch, none.best) == (0, 0.3)
    kept = load_backbone(str(tmp_path / "none.safetensors"), device="cpu")
    assert kept.weights_id == two_layers.weights_id


class Stop(Exception):
    pass


@pytest.mark.parametrize("recipe", RECIPES)
def test_an_interrupted_run_goes_on_and_ends_in_the_same_file(
    stripes, two_layers, tmp_path, monkeypatch, recipe
):
    from zsbir_lib.finetune.run import _Run

    settings = replace(QUICK, recipe=recipe, epochs=3)
    fine_tune(stripes, two_layers, tmp_path / "whole.safetensors", settings, workers=1)
    score, calls = _Run.score, []

    def stopping(run):
        calls.append(1)
        if len(calls) == 3:  # the frozen network's, the first epoch's, and then
            raise Stop
        return score(run)

    monkeypatch.setattr(_Run, "score", stopping)
    again = {"checkpoint": tmp_path / "state", "workers": 1}
    with pytest.raises(Stop):
        fine_tune(stripes, two_layers, tmp_path / "two.safetensors", settings, **again)
    assert not (tmp_path / "two.safetensors").exists()
    monkeypatch.setattr(_Run, "score", score)
    fine_tune(stripes, two_layers, tmp_path / "two.safetensors", settings, **again)
    whole, two = ((tmp_path / f"{name}.safetensors").read_bytes() for name in ("whole", "two"))
    assert whole == two
    with pytest.raises(ZsbirError, match="checkpoints of another training"):
        fine_tune(
            stripes, two_layers, tmp_path / "x.safetensors", replace(settings, margin=0.5), **again
        )


def test_a_split_that_holds_out_what_it_learnt_from_is_refused(stripes, two_layers, tmp_path):
    out = tmp_path / "t.safetensors"
    done = fine_tune(stripes, two_layers, out, QUICK)
    tuned = load_backbone(str(out), device="cpu")
    extract_features(stripes, tuned, cache=False)
    known = done.learnt_from[0]
    other = stripes.with_split(ZeroShotSplit.from_unseen("other", stripes.class_names, [known]))
    with pytest.raises(ZsbirError, match=rf"fine-tuned on {known}, which the split 'other'"):
        extract_features(other, tuned, cache=False)
    with pytest.raises(ZsbirError, match=r"two-layers\+full is fine-tuned already"):
        fine_tune(stripes, tuned, tmp_path / "again.safetensors", QUICK)


def test_too_few_classes_and_pictures_without_sketches_are_one_line(stripes, two_layers, tmp_path):
    out = tmp_path / "t.safetensors"
    few = ZeroShotSplit("few", SEEN[:3], SEEN[3:])
    with pytest.raises(ZsbirError, match=r"3 of the 3 seen classes of toys have photos and"):
        fine_tune(stripes.with_split(few), two_layers, out, QUICK)
    lonely = stripes.class_names.index(SEEN[0])
    kept = stripes.sketch_labels != lonely
    stripes.sketch_labels, stripes.sketch_pixels = (
        stripes.sketch_labels[kept], stripes.sketch_pixels[kept],
    )  # fmt: skip
    stripes.sketch_photos = stripes.sketch_photos[kept]
    stripes.sketch_ids = [name for name, keep in zip(stripes.sketch_ids, kept, strict=True) if keep]
    done = fine_tune(stripes, two_layers, out, QUICK)
    assert SEEN[0] not in {*done.learnt_from, *done.held_out}
    out.unlink()
    stripes.split = ZeroShotSplit("four", SEEN[:4], UNSEEN)
    with pytest.raises(ZsbirError, match=r"3 of the 4 seen classes .* \(1 lack some\).* needs 4"):
        fine_tune(stripes, two_layers, out, QUICK)
    assert list(tmp_path.iterdir()) == []


def test_an_image_that_cannot_be_read_is_named(stripes, two_layers, tmp_path, monkeypatch):
    def unreadable(index):
        raise OSError("it is cut off")

    monkeypatch.setattr(stripes, "sketch", unreadable)
    with pytest.raises(ZsbirError, match=r"cannot read sketch .*it is cut off.*repair it"):
        fine_tune(stripes, two_layers, tmp_path / "t.safetensors", QUICK)


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_training_that_diverges_says_so_and_writes_nothing(
    stripes, two_layers, tmp_path, monkeypatch, recipe
):
    monkeypatch.setattr("zsbir_lib.finetune.run._Run.score", lambda self: 0.5)
    settings = replace(QUICK, recipe=recipe, learning_rate=1e30)
    with speaking_command_line(), pytest.raises(DivergedError) as caught:
        fine_tune(stripes, two_layers, tmp_path / "t.safetensors", settings)
    assert caught.value.what.startswith("fine-tuning: ")
    assert "in epoch 1" in caught.value.what
    assert str(caught.value) == f"{caught.value.what}: lower --learning-rate"
    assert list(tmp_path.iterdir()) == []


def test_places_that_cannot_be_written_are_found_first(stripes, two_layers, tmp_path):
    for out, words in ((tmp_path / "t.pt", "must end in .safetensors"), (tmp_path, "must end")):
        with pytest.raises(ZsbirError, match=words):
            fine_tune(stripes, two_layers, out, QUICK)
    (tmp_path / "folder.safetensors").mkdir()
    with pytest.raises(ZsbirError, match="it is a folder"):
        fine_tune(stripes, two_layers, tmp_path / "folder.safetensors", QUICK)
    assert stripes.read == set()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no card, and none is pretended")
@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("towers", TOWERS)
def test_it_learns_on_a_card_and_the_file_is_of_no_device(
    stripes, two_layers, two_layers_file, tmp_path, recipe, towers
):
    settings = replace(QUICK, recipe=recipe, towers=towers)
    for place in ("cpu", "cuda"):
        fine_tune(stripes, two_layers, tmp_path / f"{place}.safetensors", settings, device=place)
    image = [stripes.sketch(3)]
    on_cpu, on_card = (
        tuned_from(tmp_path / f"{place}.safetensors", recipe, two_layers_file).features(image)
        for place in ("cpu", "cuda")
    )
    # Random numbers are drawn on the CPU, so that only rounding differs.
    torch.testing.assert_close(on_cpu, on_card, rtol=1e-2, atol=1e-2)
    assert two_layers.device.type == "cpu"
