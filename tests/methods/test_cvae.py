import math

import numpy as np
import pytest
import torch
from pair_samples import make_turned_pairs

from zsbir_lib.errors import ZsbirError
from zsbir_lib.features import Pairs
from zsbir_lib.methods import CVAE, CVAENetwork


@pytest.fixture(scope="module")
def pairs():
    return make_turned_pairs(240, 16, style=0.3)


@pytest.fixture(scope="module")
def fitted(pairs):
    return CVAE(epochs=150, batch_size=32, learning_rate=3e-3).fit(pairs)


def linear_counts(network):
    return [m.weight.shape for m in network.modules() if isinstance(m, torch.nn.Linear)]


def test_layer_sizes_are_those_of_the_released_code_at_4096():
    with torch.device("meta"):
        network = CVAENetwork(4096)
    assert linear_counts(network) == [
        (4096, 8192), (2048, 4096),  # encoder
        (1024, 2048), (1024, 2048),  # mean, log-variance
        (2048, 5120), (4096, 2048),  # decoder: z and sketch to photo
        (2048, 4096), (4096, 2048),  # photo back to sketch
    ]  # fmt: skip


def test_layer_sizes_scale_with_the_features():
    assert linear_counts(CVAENetwork(64))[:3] == [(64, 128), (32, 64), (16, 32)]
    assert CVAENetwork(64, latent_dim=5).latent_dim == 5


def hand_worked(method):
    """The loss of one pair, by a network whose output we choose."""

    class Fixed(torch.nn.Module):
        def encode(self, photos, sketches):
            return torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, math.log(2)]])

        def decode(self, z, sketches):
            self.z = z
            return torch.tensor([[1.0, 2.0, 0.0, 0.0]])

        def to_sketch(self, generated):
            return torch.tensor([[0.0, 0.0, 0.0, 3.0]])

    network = Fixed()
    photos, sketches = torch.tensor([[0.0, 0.0, 0.0, 0.0]]), torch.zeros(1, 4)
    noise = torch.tensor([[0.5, 1.0]])
    loss, terms = method.loss(network, sketches, photos, noise)
    return loss.item(), {k: v.item() for k, v in terms.items()}, network.z


def test_the_loss_is_the_hand_worked_one():
    loss, terms, z = hand_worked(
        CVAE(decoder_variance=2.0, kl_weight=3.0, reconstruction_weight=0.5)
    )
    # z = mean + exp(log_variance / 2) * noise
    np.testing.assert_allclose(z, [[1.5, math.sqrt(2)]], rtol=1e-6)
    assert terms["reconstruction"] == pytest.approx((1 + 4) / (2 * 2.0))
    # KL of N(1, 1) and of N(0, 2) from N(0, 1)
    kl = 0.5 * 1 + 0.5 * (2 - 1 - math.log(2))
    assert terms["kl"] == pytest.approx(kl)
    assert terms["regulariser"] == pytest.approx(9)
    assert loss == pytest.approx(1.25 + 3 * kl + 0.5 * 9)


def test_the_divergence_is_that_of_torch():
    g = torch.Generator().manual_seed(0)
    mean, log_variance = torch.randn(2, 5, 7, generator=g)
    expected = torch.distributions.kl_divergence(
        torch.distributions.Normal(mean, torch.exp(log_variance / 2)),
        torch.distributions.Normal(0.0, 1.0),
    ).sum(dim=1).mean()  # fmt: skip

    class Given(torch.nn.Module):
        def encode(self, photos, sketches):
            return mean, log_variance

        def decode(self, z, sketches):
            return sketches

        to_sketch = torch.nn.Identity()

    x = torch.zeros(5, 3)
    _, terms = CVAE().loss(Given(), x, x, torch.zeros(5, 7))
    assert terms["kl"].item() == pytest.approx(expected.item(), rel=1e-5)


def test_mean_reconstruction_divides_two_terms_by_the_width_and_leaves_the_divergence():
    _, right, _ = hand_worked(CVAE())
    _, fault, _ = hand_worked(CVAE(mean_reconstruction=True))
    assert fault["reconstruction"] == pytest.approx(right["reconstruction"] / 4)
    assert fault["regulariser"] == pytest.approx(right["regulariser"] / 4)
    assert fault["kl"] == right["kl"]


@pytest.mark.slow
def test_mean_reconstruction_collapses_the_posterior():
    wide = make_turned_pairs(240, 64, style=1.5)
    settings = {"epochs": 60, "batch_size": 32, "learning_rate": 3e-3}
    bound = CVAE(**settings).fit(wide).history_["kl"][-1]
    collapsed = CVAE(mean_reconstruction=True, **settings).fit(wide).history_["kl"][-1]
    assert collapsed < 0.2 * bound


def test_shared_noise_gives_the_whole_batch_one_vector(pairs, monkeypatch):
    seen = []
    real = CVAE.loss

    def spy(self, network, sketches, photos, noise):
        seen.append((noise - noise[0]).abs().max().item())
        return real(self, network, sketches, photos, noise)

    monkeypatch.setattr(CVAE, "loss", spy)
    CVAE(epochs=1, shared_noise=True).fit(pairs)
    assert max(seen) == 0
    seen.clear()
    CVAE(epochs=1).fit(pairs)
    assert min(seen) > 0


def test_average_samples_gives_one_query_the_mean(fitted, pairs):
    average = CVAE(average_samples=True)
    average.network_, average.scales_ = fitted.network_, fitted.scales_
    average.means_ = fitted.means_
    queries = average.encode_sketches(pairs.sketches[:5])
    assert queries.shape == (5, 1, 16)
    samples = fitted.generate(pairs.sketches[:5])
    torch.testing.assert_close(queries[:, 0] + fitted.means_[0], samples.mean(dim=1))


def test_training_lowers_the_loss_and_generates_what_belongs_to_the_sketch(fitted, pairs):
    history = fitted.history_
    assert len(history["kl"]) == 150
    assert history["reconstruction"][-1] < 0.7 * history["reconstruction"][0]
    assert history["regulariser"][-1] < 0.7 * history["regulariser"][0]
    generated = fitted.generate(pairs.sketches).mean(dim=1)
    own = (generated - pairs.photos).norm(dim=1).mean()
    other = (generated - pairs.photos.roll(1, 0)).norm(dim=1).mean()
    assert own < 0.7 * other


def test_centres_are_one_for_each_cluster_and_independent_of_the_company(fitted, pairs):
    centres = fitted.encode_sketches(pairs.sketches)
    assert centres.shape == (240, 5, 16)
    alone = fitted.encode_sketches(pairs.sketches[7:8])
    torch.testing.assert_close(alone[0], centres[7], rtol=1e-4, atol=1e-5)
    # Photos of the pair are nearer to a centre than photos of another class.
    similarity = torch.cosine_similarity(centres, pairs.photos[:, None], dim=2).amax(dim=1)
    shifted = torch.cosine_similarity(centres, pairs.photos.roll(1, 0)[:, None], dim=2).amax(dim=1)
    assert similarity.mean() > shifted.mean() + 0.1


def test_units_of_the_features_do_not_matter(pairs):
    scaled = Pairs(**{**vars(pairs), "photos": pairs.photos * 100, "sketches": pairs.sketches * 7})
    one = CVAE(epochs=2).fit(pairs).generate(pairs.sketches[:3])
    two = CVAE(epochs=2).fit(scaled).generate(scaled.sketches[:3])
    torch.testing.assert_close(two, one * 100, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("switch", [{"adam_beta1": 0.5}, {"cosine": False}])
def test_the_optimiser_of_the_released_code_is_to_be_had(pairs, switch, monkeypatch):
    made = []
    real = torch.optim.Adam

    def adam(*args, **settings):
        made.append(real(*args, **settings))
        return made[-1]

    monkeypatch.setattr(torch.optim, "Adam", adam)
    CVAE(epochs=1, **switch).fit(pairs)
    (group,) = made[0].param_groups
    assert group["betas"][0] == switch.get("adam_beta1", 0.9)
    left = 0.0 if switch.get("cosine", True) else 1e-3
    assert group["lr"] == pytest.approx(left, abs=1e-9)


def test_features_with_negative_numbers_get_a_linear_decoder(pairs):
    shifted = Pairs(**{**vars(pairs), "photos": pairs.photos - 1})
    method = CVAE(epochs=20, centre=False).fit(shifted)
    assert method.generate(pairs.sketches).min() < -0.3
    same = CVAE(epochs=1, centre=False).fit(pairs)
    assert same.generate(pairs.sketches).min() >= 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_samples": 3, "n_centres": 4}, "only 3 samples are clustered"),
        ({"learning_rate": 1e6}, "became .* the weights kept are .*: lower learning_rate"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(pairs, options, message):
    with pytest.raises(ZsbirError, match=message):
        CVAE(**options).fit(pairs)
