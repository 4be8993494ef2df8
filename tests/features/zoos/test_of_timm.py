"""timm's networks: the features and the preparation that timm itself has."""

import pytest
import torch
from PIL import Image

timm = pytest.importorskip("timm", reason='timm is missing: pip install -e ".[backbones]"')

from zsbir_lib.errors import ZsbirError  # noqa: E402
from zsbir_lib.features import load_backbone  # noqa: E402
from zsbir_lib.features.zoos import find_recipe, of_timm  # noqa: E402

# One of each way that timm prepares an image: cropped, cropped after another filter, squashed.
SMALL = ["test_vit.r160_in1k", "test_resnet.r160_in1k", "test_efficientnet.r160_in1k"]


def theirs(name, backbone, picture):
    """What timm makes of a picture with the weights of a backbone, by its own few lines."""
    network = timm.create_model(name, pretrained=False, num_classes=0).eval()
    network.load_state_dict(backbone.module.network.state_dict())
    settings = timm.data.resolve_model_data_config(network)
    transform = timm.data.create_transform(**settings, is_training=False)
    with torch.no_grad():
        return network(transform(picture)[None])


@pytest.mark.parametrize("name", SMALL)
def test_features_are_those_of_timms_own_transform(name, random_weights, picture):
    backbone = load_backbone(f"timm:{name}", random_weights(f"timm:{name}"), device="cpu")
    wanted = theirs(name, backbone, picture)
    assert (backbone.name, backbone.dim) == (f"timm:{name}", wanted.shape[1])
    torch.testing.assert_close(backbone.features([picture]), wanted, rtol=1e-4, atol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        "beit_base_patch16_224.in22k_ft_in22k_in1k",
        "eva02_tiny_patch14_224.mim_in22k",
        "maxvit_nano_rw_256.sw_in1k",
        "swin_tiny_patch4_window7_224.ms_in1k",
        "vit_small_patch14_dinov2.lvd142m",
        "vit_small_patch16_dinov3.lvd1689m",
        "vit_base_patch16_siglip_224.webli",
    ],
)
def test_networks_with_numbers_beside_their_weights(name, random_weights):
    """Positions, windows and rotations that no state dict holds are those of timm."""
    picture = Image.effect_mandelbrot((300, 200), (-2, -1, 1, 1), 60).convert("RGB")
    backbone = load_backbone(f"timm:{name}", random_weights(f"timm:{name}"), device="cpu")
    wanted = theirs(name, backbone, picture)
    torch.testing.assert_close(backbone.features([picture]), wanted, rtol=1e-3, atol=1e-3)


def test_every_name_says_how_its_images_are_prepared():
    """As timm itself prepares them, for every way that a network of the package has."""
    seen, refused = {}, []
    for name in of_timm.names():
        try:
            recipe = find_recipe(f"timm:{name}")[1]
        except ZsbirError:
            refused.append(name)
        else:
            seen.setdefault(recipe.resize.transform_id, (name, recipe.resize))
    assert all("sapiens2" in name for name in refused)  # images that are higher than wide
    picture = Image.effect_mandelbrot((300, 200), (-2, -1, 1, 1), 60).convert("RGB")
    small = [one for one in seen.values() if one[1].size <= 512]
    assert {resize.shape for _, resize in small} == {"squash", "shorter", "longer"}
    for name, resize in small:
        about = timm.get_pretrained_cfg(name)
        settings = timm.data.resolve_data_config(pretrained_cfg=about.to_dict())
        transform = timm.data.create_transform(**settings, is_training=False, normalize=False)
        assert torch.equal(resize(picture), transform(picture)), name


def test_a_name_without_weights_is_timms_default():
    assert find_recipe("timm:resnet50")[0] == "timm:resnet50.a1_in1k"


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("timm:vit_small_patch14_dinov2.lvd142", "timm:vit_small_patch14_dinov2.lvd142m"),
        ("timm:vit_smal_patch14_dinov2", "timm:vit_small_patch14_dinov2"),
        ("timm:resnet50.imagenet", "timm:resnet50."),
    ],
)
def test_a_misspelt_name_gets_the_name_that_was_meant(name, hint):
    with pytest.raises(ZsbirError) as caught:
        load_backbone(name)
    assert hint in str(caught.value)


def test_without_a_network_the_error_says_to_pass_a_file(monkeypatch):
    def fail(*_, pretrained=False, **__):
        raise OSError("no network" if pretrained else "not asked for weights")

    monkeypatch.setattr(timm, "create_model", fail)
    with pytest.raises(ZsbirError, match=r"cannot fetch .*timm:test_vit.*no network.*weights=PATH"):
        load_backbone("timm:test_vit")


def test_weights_by_name_are_those_that_timm_hands_out(monkeypatch, picture):
    built = timm.create_model

    def create(name, *, pretrained, num_classes):
        torch.manual_seed(5 if pretrained else 6)
        return built(name, pretrained=False, num_classes=num_classes)

    monkeypatch.setattr(timm, "create_model", create)
    backbone = load_backbone("timm:test_vit", device="cpu")
    wanted = create("test_vit", pretrained=True, num_classes=0).state_dict()
    found = backbone.module.network.state_dict()
    assert all(torch.equal(found[key], wanted[key]) for key in wanted)


def test_a_network_without_weights_wants_a_file():
    with pytest.raises(ZsbirError, match="has no default weights: pass a file"):
        load_backbone("timm:vit_small_patch16_36x1_224")


def test_images_that_are_no_squares_are_refused():
    with pytest.raises(ZsbirError, match="3 x 1024 x 768: backbones take squares"):
        load_backbone("timm:vit_base_patch16_sapiens2")
