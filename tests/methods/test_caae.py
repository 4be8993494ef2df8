import math
from dataclasses import replace

import pytest
import torch
from pair_samples import make_turned_pairs
from torch import nn

from zsbir_lib.errors import DivergedError, NotFiniteError, ZsbirError
from zsbir_lib.features import Pairs
from zsbir_lib.methods import load_method
from zsbir_lib.methods.caae import CAAE, CAAENetwork, CodeReport
from zsbir_lib.methods.cvae import CVAENetwork
from zsbir_lib.methods.saving import save_method

# At so small a width the style is most of a photo, and pulls harder on the codes.
SMALL = {
    "adversarial_weight": 1.0,
    "latent_dim": 4,
    "epochs": 30,
    "batch_size": 32,
    "learning_rate": 2e-3,
    "discriminator_learning_rate": 2e-3,
}


@pytest.fixture(scope="module")
def pairs():
    return make_turned_pairs(512, 24, style=0.5)


@pytest.fixture(scope="module")
def fitted(pairs):
    return CAAE(**SMALL).fit(pairs)


class Logit(nn.Module):
    """A discriminator given as a function."""

    def __init__(self, function):
        super().__init__()
        self.forward = function


class Fixed(nn.Module):
    """A network whose output we choose; the logit of D is 2 z_1 - z_2."""

    def __init__(self):
        super().__init__()
        self.discriminator = nn.Linear(2, 1, bias=False)
        self.discriminator.weight.data = torch.tensor([[2.0, -1.0]])

    def encode(self, photos, sketches):
        return torch.tensor([[1.0, 0.5]])

    def decode(self, z, sketches):
        return torch.tensor([[1.0, 2.0, 0.0, 0.0]])

    def to_sketch(self, generated):
        return torch.tensor([[0.0, 0.0, 0.0, 3.0]])


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


# ---- the two losses
def test_the_autoencoders_loss_is_the_hand_worked_one():
    method = CAAE(
        decoder_variance=2.0, adversarial_weight=0.3, reconstruction_weight=0.5, encoder_noise=0.25
    )
    x = torch.zeros(1, 4)
    loss, terms, codes = method.loss(Fixed(), x, x, torch.tensor([[2.0, -4.0]]))
    torch.testing.assert_close(codes, torch.tensor([[1.5, -0.5]]))
    assert terms["reconstruction"].item() == pytest.approx((1 + 4) / (2 * 2.0))
    assert terms["adversarial"].item() == pytest.approx(-math.log(sigmoid(3.5)), rel=1e-5)
    assert terms["regulariser"].item() == pytest.approx(9)
    by_hand = 1.25 - 0.3 * 4 * math.log(sigmoid(3.5)) + 0.5 * 9
    assert loss.item() == pytest.approx(by_hand, rel=1e-5)


def test_the_printed_losses_are_to_be_had_literally():
    """E(x_img), log(1 - D) with the weight 1, no regulariser, no noise: (8.7), minus put in."""
    printed = CAAE(
        encode_sketch=False, saturating=True, adversarial_weight=1 / 4, reconstruction_weight=0.0,
        encoder_noise=0.0,
    )  # fmt: skip
    x = torch.zeros(1, 4)
    loss, terms, codes = printed.loss(Fixed(), x, x, torch.tensor([[2.0, -4.0]]))
    torch.testing.assert_close(codes, torch.tensor([[1.0, 0.5]]))
    log_of_not_d = math.log(1 - sigmoid(1.5))
    assert terms["adversarial"].item() == pytest.approx(log_of_not_d, rel=1e-5)
    assert loss.item() == pytest.approx((1 + 4) + log_of_not_d, rel=1e-5)  # sigma^2 is 1/2


def test_an_encoder_may_be_kept_from_the_sketch(pairs):
    alone, both = (CAAE(encode_sketch=sees, epochs=1).fit(pairs) for sees in (False, True))
    photos, sketches = pairs.photos[:5], pairs.sketches[:5]
    others = sketches.flip(0)
    assert torch.equal(
        alone.network_.encode(photos, sketches), alone.network_.encode(photos, others)
    )
    assert not torch.equal(
        both.network_.encode(photos, sketches), both.network_.encode(photos, others)
    )
    assert not torch.equal(alone.generate(sketches, 2), alone.generate(others, 2))


def test_an_encoder_kept_from_the_sketch_is_saved_so(pairs, tmp_path):
    fitted = CAAE(encode_sketch=False, epochs=1).fit(pairs)
    save_method(fitted, tmp_path / "model.safetensors", {})
    again, _ = load_method(tmp_path / "model.safetensors")
    assert again.code_report(pairs) == fitted.code_report(pairs)


def test_the_discriminators_loss_is_the_hand_worked_one():
    draws = torch.tensor([[1.0, 0.0], [0.0, 1.0]])  # logits 2 and -1
    codes = torch.tensor([[0.0, 3.0]])  # logit -3
    loss, terms = CAAE(gradient_penalty=0.4).discriminator_loss(Fixed(), codes, draws)
    value = (math.log(sigmoid(2)) + math.log(sigmoid(-1))) / 2 + math.log(1 - sigmoid(-3))
    assert terms["discriminator"].item() == pytest.approx(-value, rel=1e-5)
    assert terms["accuracy"].item() == pytest.approx((1 / 2 + 1) / 2)
    # The gradient of the logit is (2, -1) everywhere.
    assert loss.item() == pytest.approx(-value + 0.4 / 2 * 5, rel=1e-5)
    loss, _ = CAAE(gradient_penalty=0.0).discriminator_loss(Fixed(), codes, draws)
    assert loss.item() == pytest.approx(-value, rel=1e-5)


def test_a_discriminator_at_a_loss_has_loss_2_log_2():
    network = CAAENetwork(8, 3)
    for weight in network.discriminator.parameters():
        weight.data.zero_()
    z = torch.randn(2, 5, 3)
    loss, terms = CAAE().discriminator_loss(network, z[0], z[1])
    assert loss.item() == pytest.approx(2 * math.log(2))
    _, terms, _ = CAAE().loss(network, torch.zeros(5, 8), torch.zeros(5, 8), z[0])
    assert terms["adversarial"].item() == pytest.approx(math.log(2))


def test_the_best_discriminator_is_the_ratio_of_densities():
    """Between N(0, 1) and codes of N(1, 1) its logit is 1/2 - z: no gradient is left there."""
    g = torch.Generator().manual_seed(0)
    draws, codes = torch.randn(2, 200_000, 1, generator=g)
    codes = codes + 1

    def gradient(slope, offset):
        network = nn.Module()
        network.discriminator = nn.Linear(1, 1)
        network.discriminator.weight.data.fill_(slope)
        network.discriminator.bias.data.fill_(offset)
        CAAE(gradient_penalty=0.0).discriminator_loss(network, codes, draws)[0].backward()
        return max(weight.grad.abs().max().item() for weight in network.parameters())

    assert gradient(-1.0, 0.5) < 0.005
    assert gradient(-0.8, 0.5) > 0.02
    assert gradient(-1.0, 0.3) > 0.02


def test_where_the_discriminator_is_sure_the_encoder_still_has_a_gradient():
    """The reason for -log D in place of the printed log(1 - D)."""
    logit = torch.tensor([-15.0], requires_grad=True)
    network = Fixed()
    network.discriminator = Logit(lambda z: logit)
    x = torch.zeros(1, 4)
    _, terms, _ = CAAE().loss(network, x, x, torch.zeros(1, 2))
    terms["adversarial"].backward()
    assert logit.grad.item() == pytest.approx(-1, abs=1e-4)
    logit.grad = None
    _, terms, _ = CAAE(saturating=True).loss(network, x, x, torch.zeros(1, 2))
    terms["adversarial"].backward()
    assert logit.grad.item() == pytest.approx(-sigmoid(-15), rel=1e-3)


# ---- who learns from what
def test_each_player_moves_its_own_weights_only(pairs, monkeypatch):
    def moved(**options):
        method = CAAE(**{**SMALL, "epochs": 1, **options})
        start = {}
        real = CAAE.loss

        def spy(self, network, *batch):
            if not start:
                start.update({name: w.cpu().clone() for name, w in network.named_parameters()})
            return real(self, network, *batch)

        monkeypatch.setattr(CAAE, "loss", spy)
        method.fit(pairs)
        monkeypatch.setattr(CAAE, "loss", real)
        end = dict(method.network_.named_parameters())
        return {name.split(".")[0] for name in end if not torch.equal(start[name], end[name])}

    autoencoder = {"encoder", "code", "decoder", "to_sketch"}
    assert moved() == autoencoder | {"discriminator"}
    assert moved(discriminator_steps=0) == autoencoder


def test_all_weights_have_exactly_one_owner():
    network = CAAENetwork(8, 3)
    owned = [*network.autoencoder(), *network.discriminator.parameters()]
    assert len({id(w) for w in owned}) == len(owned) == len(list(network.parameters()))


def test_the_discriminators_gradient_does_not_reach_the_codes():
    codes = torch.randn(6, 2, requires_grad=True)
    CAAE().discriminator_loss(Fixed(), codes, torch.randn(6, 2))[0].backward()
    assert codes.grad is None


def test_the_networks_are_those_of_the_cvae_but_for_head_and_discriminator():
    caae, cvae = CAAENetwork(64), CVAENetwork(64)
    for part in ("encoder", "decoder", "to_sketch"):
        assert [w.shape for w in getattr(caae, part).parameters()] == [
            w.shape for w in getattr(cvae, part).parameters()
        ]
    assert [w.shape for w in caae.discriminator.parameters() if w.ndim == 2] == [
        (32, 16), (32, 32), (1, 32)
    ]  # fmt: skip


# ---- stability
MORE_SEEDS = [pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 10)]


@pytest.mark.parametrize("seed", [0, *MORE_SEEDS])
def test_no_seed_collapses(pairs, seed):
    method = CAAE(**SMALL, seed=seed).fit(pairs)
    report = method.code_report(pairs)
    assert report.faults() == []
    assert report.distance < 0.3
    assert 0.4 < method.history_["accuracy"][-1] < 0.8


@pytest.fixture(scope="module")
def unheard(pairs):
    """Return a method whose encoder does not hear the discriminator."""
    return CAAE(**{**SMALL, "adversarial_weight": 0.0}).fit(pairs)


def test_an_encoder_that_hears_nobody_leaves_the_prior(unheard, pairs):
    report = unheard.code_report(pairs)
    assert any("variance rises" in fault for fault in report.faults())
    assert report.distance > 1


def test_a_winning_discriminator_shows_in_the_history(unheard):
    history = unheard.history_
    assert history["accuracy"][-1] > 0.8
    assert history["discriminator"][-1] < 1.0 < 2 * math.log(2)


@pytest.mark.slow
def test_with_a_discriminator_that_never_learns_the_codes_leave_the_prior(pairs):
    report = CAAE(**{**SMALL, "discriminator_steps": 0}).fit(pairs).code_report(pairs)
    assert any("variance rises" in fault for fault in report.faults())
    assert report.distance > 1


# ---- the report
def planted(pairs, codes, logit=0.0, weight_of_z=1.0):
    """A fitted method whose codes, discriminator and decoder we choose."""
    method = CAAE(encoder_noise=0.0, device="cpu")
    dim = pairs.photos.shape[1]
    network = CAAENetwork(dim, codes.shape[1], non_negative=False).requires_grad_(False)
    network.encode = lambda photos, sketches: codes
    network.discriminator = Logit(lambda z: logit * z[:, :1])
    network.decode = lambda z, sketches: weight_of_z * z[:, :1].expand(-1, dim) + sketches
    method.network_, method.scales_ = network, torch.ones(2)
    method.means_ = torch.zeros(2, pairs.sketches.shape[1])
    return method.code_report(pairs)


def test_codes_that_follow_the_prior_are_reported_sound(pairs):
    codes = torch.randn(512, 4, generator=torch.Generator().manual_seed(3))
    report = planted(pairs, codes)
    assert report.faults() == []
    assert report.distance < 0.02
    assert report.mean < 0.1


def test_the_report_is_the_hand_worked_one(pairs):
    # Two points each way on two axes: mean (3, 0), covariance diag(4, 1/4), up to 512 / 511.
    codes = torch.tensor([[5.0, 0.5], [1.0, 0.5], [5.0, -0.5], [1.0, -0.5]]).repeat(128, 1)
    report = planted(pairs, codes)
    assert report.mean == pytest.approx(3 / math.sqrt(2))
    assert report.smallest == pytest.approx(1 / 4 * 512 / 511)
    assert report.largest == pytest.approx(4 * 512 / 511)
    assert report.distance == pytest.approx((9 + (2 - 1) ** 2 + (0.5 - 1) ** 2) / 2, rel=0.01)


def test_variation_is_the_share_of_the_photos_variance_that_z_makes(pairs):
    codes = torch.randn(512, 4, generator=torch.Generator().manual_seed(3))
    total = pairs.photos.var(dim=0).sum().item()
    draws = torch.randn(32, 4, generator=torch.Generator().manual_seed(0))[:, 0].var().item()
    report = planted(pairs, codes, weight_of_z=0.5)
    assert report.variation == pytest.approx(24 * 0.25 * draws / total, rel=1e-3)


def test_each_way_to_collapse_has_its_fault(pairs):
    g = torch.Generator().manual_seed(3)
    codes = torch.randn(512, 4, generator=g)
    sound = planted(pairs, codes)

    def only_fault(report):
        (fault,) = report.faults()
        return fault

    assert "mean is off" in only_fault(planted(pairs, codes + 1))
    assert "variance rises" in only_fault(planted(pairs, codes * 2.5))
    line = codes.clone()
    line[:, 1] = line[:, 0]  # every number is sound by itself
    assert "variance falls to 0.000" in only_fault(planted(pairs, line))
    assert "z makes 0.0%" in only_fault(planted(pairs, codes, weight_of_z=0.0))
    assert "right on 95%" in only_fault(replace(sound, accuracy=0.95))
    assert isinstance(sound, CodeReport)


def test_accuracy_is_of_codes_and_draws_in_equal_parts(pairs):
    # The logit is z_1: all of these codes are told, and half of the draws.
    report = planted(pairs, -torch.rand(512, 4) - 0.1, logit=1.0)
    assert report.accuracy == pytest.approx(0.75, abs=0.03)


# ---- the method
def test_training_lowers_the_loss_and_generates_what_belongs_to_the_sketch(fitted, pairs):
    history = fitted.history_
    assert {len(values) for values in history.values()} == {30}
    assert history["reconstruction"][-1] < 0.7 * history["reconstruction"][0]
    assert history["regulariser"][-1] < 0.7 * history["regulariser"][0]
    generated = fitted.generate(pairs.sketches).mean(dim=1)
    own = (generated - pairs.photos).norm(dim=1).mean()
    other = (generated - pairs.photos.roll(1, 0)).norm(dim=1).mean()
    assert own < 0.85 * other


def test_units_of_the_features_do_not_matter(pairs):
    scaled = Pairs(**{**vars(pairs), "photos": pairs.photos * 64, "sketches": pairs.sketches * 8})
    one = CAAE(epochs=2).fit(pairs)
    two = CAAE(epochs=2).fit(scaled)
    torch.testing.assert_close(
        two.generate(scaled.sketches[:3]), one.generate(pairs.sketches[:3]) * 64
    )
    assert two.code_report(scaled).distance == pytest.approx(one.code_report(pairs).distance)


def test_a_training_that_diverges_says_where_and_keeps_the_last_good_weights(pairs):
    method = CAAE(learning_rate=1e12, epochs=3)
    with pytest.raises(DivergedError, match=r"CAAE: \w+ became .* lower learning_rate"):
        method.fit(pairs)
    assert all(torch.isfinite(w).all() for w in method.network_.state_dict().values())


def test_a_report_on_features_that_do_not_fit_is_refused(fitted, pairs):
    with pytest.raises(ZsbirError, match="not fitted"):
        CAAE().code_report(pairs)
    narrow = Pairs(**{**vars(pairs), "photos": pairs.photos[:, :5].contiguous()})
    with pytest.raises(ZsbirError, match=r"photo features have shape \(512, 5\)"):
        fitted.code_report(narrow)
    with pytest.raises(NotFiniteError, match="first in row 1"):
        fitted.encode_sketches(pairs.sketches[:3].index_fill(0, torch.tensor([1]), math.nan))
