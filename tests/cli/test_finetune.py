"""``zsbir finetune``, and that every command takes its file as a backbone."""

import pytest
from cli_samples import UNSEEN, assert_one_line


@pytest.fixture
def images(root):
    return ["--dataset", "sketchy", "--root", root, "--split", root / "split.txt"]


@pytest.fixture
def weights(root):
    return ["--weights", root / "tiny.safetensors"]


@pytest.fixture
def tune(run_json, images, weights, tmp_path):
    def tune_(*options):
        out = tmp_path / "tuned.safetensors"
        return out, run_json(
            "finetune", *images, "--backbone", "tiny", *weights, "--device", "cpu", "--out", out,
            "--epochs", 2, "--batch-size", 8, "--learning-rate", 0.01, *options,
        )  # fmt: skip

    return tune_


def test_methods_are_fitted_on_its_features_and_an_index_is_searched_by_them(
    run, run_json, tune, images, root, drawing, tmp_path
):
    out, values = tune()
    assert values["name"] == "tiny+full"
    assert values["bytes"] == out.stat().st_size
    assert not {*values["learnt_from"], *values["held_out"]} & set(UNSEEN)
    network = ["--backbone", out, "--device", "cpu"]
    scores = run_json("evaluate", *images, *network, "--method", "sae")
    assert scores["backbone"] == "tiny+full"
    photos = root / "256x256" / "photo"
    run("index", photos, "--out", tmp_path / "index", *network)
    look = ["retrieve", "--index", tmp_path / "index", "--sketch", drawing, "--k", 4]
    assert len(run_json(*look, *network)["photos"]) == 4
    assert_one_line(run(*look), "'tiny+full': it is fine-tuned from tiny", "--backbone PATH")


@pytest.mark.slow
def test_a_fine_tuned_network_is_a_line_of_the_leaderboard(run_json, tune, images):
    out, _ = tune()
    network = ["--backbone", out, "--device", "cpu"]
    board = run_json("leaderboard", *images, *network, "--methods", "cosine,sae")
    assert board["origin"]["backbone"] == "tiny+full"


def test_lora_is_loaded_beside_the_weights_that_it_was_trained_from(
    run, run_json, tune, images, weights
):
    out, values = tune("--recipe", "lora", "--rank", 2, "--alpha", 4, "--towers", "two")
    assert (values["name"], values["settings"]["rank"]) == ("tiny+lora", 2)
    assert values["trained"] == 2 * 2 * (3 * 8 * 8 + 12)
    network = ["--backbone", out, "--device", "cpu"]
    command = ["evaluate", *images, "--method", "cosine", *network]
    assert run_json(*command, *weights)["backbone"] == "tiny+lora"
    assert_one_line(run(*command), "tiny+lora has no default weights", "--weights PATH")


def test_a_network_that_never_did_better_is_said_to_be_as_it_was(
    run, images, weights, tmp_path, monkeypatch
):
    monkeypatch.setattr("zsbir_lib.finetune.run._Run.score", lambda self: 0.5)
    code, out, err = run(
        "finetune", *images, "--backbone", "tiny", *weights, "--out", tmp_path / "t.safetensors",
        "--epochs", 1, "--device", "cpu",
    )  # fmt: skip
    assert code == 0
    assert "0.500 after epoch 0, 0.500 before" in out
    assert "no epoch was better" in err


def test_what_is_wrong_is_said_before_anything_is_computed(run, images, weights, tmp_path):
    start = ["finetune", *images, "--backbone", "tiny", *weights, "--device", "cpu"]
    out = ["--out", tmp_path / "t.safetensors"]
    for options, *words in (
        (["--out", tmp_path / "t.pt"], "must end in .safetensors"),
        ([*out, "--margin", 5], "--margin must be above 0 and below 4"),
        ([*out, "--recipe", "lora", "--layers", "attn"], "--layers attn", "layer.weight is one"),
        ([*out, "--recipe", "prompts"], "prompts"),
        ([*out, "--size", "full"], "--size is not for --dataset sketchy"),
    ):
        assert_one_line(run(*start, *options), *words)
    assert list(tmp_path.iterdir()) == []


def test_files_of_other_kinds_are_named_for_what_they_are(run, tune, images, root, tmp_path):
    command = ["features", *images, "--device", "cpu", "--backbone"]
    assert_one_line(run(*command, "none.safetensors"), "there is no fine-tuned network none")
    plain = root / "tiny.safetensors"
    assert_one_line(run(*command, plain), "holds no fine-tuned network", "--weights PATH")
    out, _ = tune()
    assert_one_line(run(*command, out, "--weights", plain), "leave out --weights")
    as_weights = run(*command, "tiny", "--weights", out)
    assert_one_line(as_weights, "is a fine-tuned network", "--backbone PATH")
    data = bytearray(out.read_bytes())
    data[-1] ^= 1
    (tmp_path / "bad.safetensors").write_bytes(data)
    assert_one_line(run(*command, tmp_path / "bad.safetensors"), "is damaged")
    other = out.read_bytes().replace(b"sketchy", b"sketchi", 1)  # of what is said about it
    (tmp_path / "said.safetensors").write_bytes(other)
    assert_one_line(run(*command, tmp_path / "said.safetensors"), "is damaged")
    newer = out.read_bytes().replace(b"zsbir-finetuned-1", b"zsbir-finetuned-2")
    (tmp_path / "newer.safetensors").write_bytes(newer)
    assert_one_line(run(*command, tmp_path / "newer.safetensors"), "newer version")
    (tmp_path / "cut.safetensors").write_bytes(data[:100])
    assert_one_line(run(*command, tmp_path / "cut.safetensors"), "cannot read the fine-tuned")
