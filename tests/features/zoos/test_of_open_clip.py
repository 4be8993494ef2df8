"""CLIP and SigLIP: the image tower's features and preparation as open_clip itself has them."""

import json
import logging

import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

open_clip = pytest.importorskip("open_clip", reason='pip install -e ".[backbones]"')

from open_clip.transform import PreprocessCfg, image_transform_v2  # noqa: E402

from zsbir_lib.errors import ZsbirError  # noqa: E402
from zsbir_lib.features import load_backbone  # noqa: E402
from zsbir_lib.features.zoos import find_recipe  # noqa: E402
from zsbir_lib.features.zoos.of_open_clip import ImageTower  # noqa: E402

TEXT = {"context_length": 8, "vocab_size": 64, "width": 16, "heads": 2, "layers": 1}
TINY = {
    "tiny-clip": {"image_size": 32, "layers": 2, "width": 64, "patch_size": 8},
    "tiny-siglip": {
        "image_size": 160,
        "timm_model_name": "test_vit",
        "timm_model_pretrained": False,
        "timm_pool": "avg",
        "timm_proj": "linear",
    },
    "tiny-coca": {
        "image_size": 32, "layers": 2, "width": 64, "patch_size": 8,
        "attentional_pool": True, "attn_pooler_heads": 4, "output_tokens": True,
    },
}  # fmt: skip


@pytest.fixture(autouse=True)
def tiny_networks(tmp_path_factory, monkeypatch):
    """Networks of a few layers among open_clip's own."""
    monkeypatch.setattr(open_clip.factory, "_MODEL_CONFIGS", {**open_clip.factory._MODEL_CONFIGS})
    paths = open_clip.factory._MODEL_CONFIG_PATHS
    monkeypatch.setattr(open_clip.factory, "_MODEL_CONFIG_PATHS", [*paths])
    folder = tmp_path_factory.mktemp("networks")
    for name, vision in TINY.items():
        about = {"embed_dim": 48, "vision_cfg": vision, "text_cfg": TEXT}
        (folder / f"{name}.json").write_text(json.dumps(about))
    open_clip.add_model_config(folder)


def whole(name):
    """Build both towers with random weights."""
    torch.manual_seed(0)
    about = open_clip.get_model_config(name)
    return open_clip.CLIP(**about).eval()


@pytest.mark.parametrize("name", ["tiny-clip", "tiny-siglip"])
def test_features_are_those_of_open_clips_own_transform(name, tmp_path, picture):
    network = whole(name)
    save_file(network.state_dict(), tmp_path / "whole.safetensors")
    backbone = load_backbone(f"clip:{name}", tmp_path / "whole.safetensors", device="cpu")
    prepare = image_transform_v2(PreprocessCfg(size=backbone.input_size), is_train=False)
    with torch.no_grad():
        wanted = network.encode_image(prepare(picture)[None])
    assert backbone.dim == wanted.shape[1] == 48
    torch.testing.assert_close(backbone.features([picture]), wanted, rtol=1e-4, atol=1e-4)


def test_a_file_of_the_image_tower_alone_is_enough(tmp_path):
    network = whole("tiny-clip")
    save_file(network.state_dict(), tmp_path / "whole.safetensors")
    save_file(network.visual.state_dict(), tmp_path / "tower.safetensors")
    both = [
        load_backbone("clip:tiny-clip", tmp_path / f"{name}.safetensors", device="cpu")
        for name in ("whole", "tower")
    ]
    assert both[0].weights_id == both[1].weights_id
    assert both[0].probe_id == both[1].probe_id


def test_a_captioner_gives_its_embedding(random_weights):
    backbone = load_backbone("clip:tiny-coca", random_weights("clip:tiny-coca"), device="cpu")
    assert backbone.dim == 48


@pytest.mark.parametrize(("network", "tag"), open_clip.list_pretrained()[::9])
def test_images_are_prepared_as_open_clip_does_for_each_weights(network, tag, picture):
    recipe = find_recipe(f"clip:{network}/{tag}")[1]
    about = open_clip.get_pretrained_cfg(network, tag)
    known = {key: about[key] for key in ("mean", "std", "interpolation", "resize_mode")}
    theirs = image_transform_v2(PreprocessCfg(size=recipe.input_size, **known), is_train=False)
    pixels = recipe.resize(picture) / 255
    mean, std = (torch.tensor(values).view(3, 1, 1) for values in (recipe.mean, recipe.std))
    torch.testing.assert_close((pixels - mean) / std, theirs(picture), rtol=0, atol=1e-5)


def test_the_activation_is_the_one_of_the_weights():
    """open_clip only warns where its network's differs from what the weights learnt with."""
    kinds = {}
    for tag in ("openai", "laion2b_s34b_b79k"):
        with torch.device("meta"):
            network = find_recipe(f"clip:ViT-B-32/{tag}")[1].build()
        kinds[tag] = type(network.visual.transformer.resblocks[0].mlp.gelu).__name__
    assert kinds == {"openai": "QuickGELU", "laion2b_s34b_b79k": "GELU"}


def test_weights_have_to_be_named_where_there_are_several():
    with pytest.raises(ZsbirError, match=r"weights of several names: say which, clip:ViT-B-32/ope"):
        load_backbone("clip:ViT-B-32")
    with pytest.raises(ZsbirError, match="has no default weights: pass a file"):
        load_backbone("clip:tiny-clip")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("clip:ViT-B32/openai", "clip:ViT-"),
        ("clip:ViT-B-32/openia", "clip:ViT-B-32/openai"),
        ("clip:vit-b-32/openai", "clip:ViT-B-32/openai"),
        ("clip:ViT-B-16-SigLIP/webly", "clip:ViT-B-16-SigLIP/webli"),
    ],
)
def test_a_misspelt_name_gets_the_name_that_was_meant(name, hint):
    with pytest.raises(ZsbirError) as caught:
        load_backbone(name)
    assert hint in str(caught.value)
    assert "\n" not in str(caught.value)


def test_without_a_network_the_error_says_to_pass_a_file(monkeypatch, caplog):
    def fail(*_, **__):
        logging.error("what the package tells the root logger")
        raise RuntimeError("no network")

    monkeypatch.setattr(open_clip, "create_model", fail)
    before = list(logging.getLogger().handlers)
    with pytest.raises(ZsbirError, match=r"cannot fetch .*ViT-B-32/openai.*no network.*weights=PA"):
        load_backbone("clip:ViT-B-32/openai")
    assert logging.getLogger().handlers == before


def test_weights_by_name_are_those_that_open_clip_hands_out(monkeypatch):
    network = whole("tiny-clip")
    monkeypatch.setattr(open_clip, "list_pretrained_tags_by_model", lambda name: ["mine"])
    monkeypatch.setattr(
        open_clip, "get_pretrained_cfg", lambda name, tag: {"mean": (0.1, 0.2, 0.3)}
    )
    asked = []

    def create(name, **options):
        asked.append((name, options))
        return network

    monkeypatch.setattr(open_clip, "create_model", create)
    backbone = load_backbone("clip:tiny-clip/mine", device="cpu")
    assert asked == [("tiny-clip", {"pretrained": "mine", "force_quick_gelu": False})]
    assert backbone.module.mean == (0.1, 0.2, 0.3)
    found, wanted = backbone.module.network.state_dict(), ImageTower(network.visual).state_dict()
    assert all(torch.equal(found[key], wanted[key]) for key in wanted)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["ViT-B-32/openai", "ViT-B-16-SigLIP/webli"])
def test_whole_networks(name, random_weights):
    picture = Image.effect_mandelbrot((300, 200), (-2, -1, 1, 1), 60).convert("RGB")
    backbone = load_backbone(f"clip:{name}", random_weights(f"clip:{name}"), device="cpu")
    network, _, tag = name.partition("/")
    about = open_clip.get_model_config(network)
    about = {key: about[key] for key in ("embed_dim", "vision_cfg", "text_cfg")}
    theirs = open_clip.CLIP(**about, quick_gelu=tag == "openai").eval()
    theirs.load_state_dict(backbone.module.network.state_dict(), strict=False)
    known = open_clip.get_pretrained_cfg(network, tag)
    known = {key: known[key] for key in ("mean", "std", "interpolation", "resize_mode")}
    prepare = image_transform_v2(PreprocessCfg(size=224, **known), is_train=False)
    with torch.no_grad():
        wanted = theirs.encode_image(prepare(picture)[None])
    torch.testing.assert_close(backbone.features([picture]), wanted, rtol=1e-3, atol=1e-3)
