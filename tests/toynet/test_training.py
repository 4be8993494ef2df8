import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from zsbir_lib.errors import ZsbirError
from zsbir_lib.features import load_backbone
from zsbir_lib.toynet import accuracy, augment, normalise, save_toynet, train_toynet


def striped_photos(n, seed):
    """Three classes that only a pattern tells apart: stripes across, stripes down, a disc."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 3, n)
    y, x = np.mgrid[:64, :64]
    shapes = [(y // 8) % 2, (x // 8) % 2, ((x - 32) ** 2 + (y - 32) ** 2 < 400) * 1]
    photos = np.stack([shapes[c] for c in labels])[..., None] * rng.uniform(90, 150, (n, 1, 1, 3))
    return (photos + rng.integers(0, 90, photos.shape)).astype(np.uint8), labels


@pytest.fixture(scope="module")
def trained():
    photos, labels = striped_photos(192, 0)
    held_out = striped_photos(60, 1)
    settings = {"epochs": 3, "batch_size": 32, "seed": 5, "threads": 1, "precision": "float32"}
    return train_toynet(photos, labels, *held_out, **settings), held_out, (photos, labels, settings)


def test_it_learns_to_name_held_out_photos(trained):
    (network, history), held_out, _ = trained
    assert [row["epoch"] for row in history] == [1, 2, 3]
    assert history[-1]["held_out_accuracy"] > 0.9
    assert history[-1]["held_out_accuracy"] == accuracy(network, *held_out)
    assert history[-1]["loss"] < history[0]["loss"]
    assert history[-1]["seconds"] > history[0]["seconds"] > 0
    assert not network.training


def test_the_seed_decides_and_the_global_state_is_left_alone(trained):
    _, held_out, (photos, labels, settings) = trained
    settings = {**settings, "epochs": 1}
    torch.manual_seed(1)
    first, _ = train_toynet(photos[:64], labels[:64], *held_out, **settings)
    drawn = torch.rand(1)
    torch.manual_seed(2)
    again, _ = train_toynet(photos[:64], labels[:64], *held_out, **settings)
    other, _ = train_toynet(photos[:64], labels[:64], *held_out, **{**settings, "seed": 6})
    for a, b in zip(first.state_dict().values(), again.state_dict().values(), strict=True):
        assert torch.equal(a, b)
    assert not torch.equal(first.stem[0].weight, other.stem[0].weight)
    torch.manual_seed(1)
    assert torch.equal(drawn, torch.rand(1))


def test_threads_are_put_back(trained):
    _, held_out, (photos, labels, settings) = trained
    before = torch.get_num_threads()
    train_toynet(photos[:32], labels[:32], *held_out, **{**settings, "epochs": 1, "threads": 2})
    assert torch.get_num_threads() == before


def test_a_saved_network_is_the_backbone(trained, tmp_path):
    (network, _), (photos, _), _ = trained
    path = tmp_path / "toynet.safetensors"
    save_toynet(path, network, {"classes": ["a", "b"], "seconds": 1.5})
    assert {t.dtype for t in load_file(path).values()} == {torch.float16}
    assert path.stat().st_size < 2.4e6
    backbone = load_backbone("toynet", path, device="cpu")
    batch = torch.from_numpy(photos).permute(0, 3, 1, 2)
    with torch.no_grad():
        wanted = network.features(normalise(batch))
        found = backbone.module(batch)
    assert found.dtype == torch.float32
    # float16 keeps about three digits of each weight.
    torch.testing.assert_close(found, wanted, rtol=0.02, atol=0.02)


def test_augment_keeps_a_plain_photo_plain_and_moves_a_structured_one():
    generator = torch.Generator().manual_seed(0)
    plain = torch.full((64, 64, 64, 3), 200, dtype=torch.uint8)
    out = augment(plain, generator)
    assert out.shape == (64, 3, 64, 64)
    assert out.is_contiguous(memory_format=torch.channels_last)
    assert out.flatten(2).std(dim=2).max() < 1e-4
    # Brightness and colour balance do change, around the plain value.
    level = out.mean(dim=(2, 3))
    assert level.std() > 0.1
    assert abs(level.mean() - normalise(torch.tensor(200.0))) < 0.25
    # Nothing is inverted, and colours stay colours: the photos are neither negated nor made grey.
    colour = torch.zeros(64, 64, 64, 3, dtype=torch.uint8)
    colour[..., 0] = 255
    out = augment(colour, generator).mean(dim=(2, 3))
    assert (out[:, 0] - out[:, 1] > 1).all()


def test_augment_differs_from_photo_to_photo():
    photos = torch.from_numpy(striped_photos(1, 0)[0]).expand(8, -1, -1, -1)
    out = augment(photos, torch.Generator().manual_seed(0))
    shapes = out.mean(1).flatten(1)
    correlation = torch.corrcoef(shapes)
    assert correlation[~torch.eye(8, dtype=torch.bool)].max() < 0.99
    again = augment(photos, torch.Generator().manual_seed(0))
    assert torch.equal(out, again)


GOOD = np.zeros((4, 64, 64, 3), dtype=np.uint8), np.array([0, 1, 0, 1])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"photos": GOOD[0].astype(np.float32)}, "must be uint8 of shape"),
        ({"photos": GOOD[0][:, :32]}, "must be uint8 of shape"),
        ({"labels": GOOD[1][:3]}, "4 photos need as many integer labels"),
        ({"labels": GOOD[1] * 1.5}, "integer labels"),
        ({"labels": GOOD[1] - 1}, "start at 0"),
        ({"labels": GOOD[1] * 0}, "one class only"),
        ({"held_out_labels": GOOD[1] + 5}, "above the highest"),
        ({"epochs": 0}, "epochs must be 1 or more"),
        ({"precision": "half"}, "precision must be"),
        ({"lr": 1e30}, "training diverged in epoch"),
    ],
)
def test_bad_input_gets_one_clear_line(change, message):
    good = {"photos": GOOD[0], "labels": GOOD[1], "held_out_photos": GOOD[0]}
    good |= {"held_out_labels": GOOD[1], "epochs": 4, "precision": "float32"}
    with pytest.raises(ZsbirError, match=message) as caught:
        train_toynet(**{**good, **change})
    assert "\n" not in str(caught.value)
