import numpy as np
import pytest
import torch
from torch import nn
from torch.distributions import Bernoulli, MultivariateNormal, Normal, kl_divergence

from zsbir_lib.errors import DivergedError, ZsbirError
from zsbir_lib.vae import VAE, VAENetwork, kl_to_standard_normal, log_bernoulli, log_gaussian


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.fixture
def images():
    """Squares and bars, each at a few places."""
    pictures = torch.zeros(24, 6, 5)
    for i in range(12):
        pictures[i, i % 3 : i % 3 + 3, 1:4] = 1
        pictures[12 + i, :, i % 5] = 0.8
    return pictures


@pytest.fixture
def fitted(images):
    return VAE(epochs=40, hidden=32, batch_size=8, learning_rate=1e-2, device="cpu").fit(images)


class LinearNetwork(nn.Module):
    """Probabilistic principal components, W with orthogonal columns: q can be the posterior."""

    def __init__(self, variance, shift=0.0):
        super().__init__()
        self.W = torch.linalg.qr(normal(6, 2, seed=3)).Q * torch.tensor([1.0, 0.5])
        self.precision = 1 + (self.W**2).sum(dim=0) / variance
        self.variance, self.shift = variance, shift

    def encode(self, x):
        mean = x @ self.W / self.variance / self.precision + self.shift
        return mean, -self.precision.log().expand_as(mean)

    def decode(self, z):
        return z @ self.W.T

    def log_likelihood(self, x):
        covariance = self.W @ self.W.T + self.variance * torch.eye(6)
        return MultivariateNormal(torch.zeros(6), covariance).log_prob(x)


def linear_vae(shift=0.0):
    model = VAE(likelihood="gaussian", decoder_variance=0.3, device="cpu")
    model.network_, model.shape_ = LinearNetwork(0.3, shift), (2, 3)
    return model


def test_the_divergence_is_that_of_torch():
    mean, log_variance = normal(7, 3), normal(7, 3, seed=1)
    q = Normal(mean, torch.exp(log_variance / 2))
    expected = kl_divergence(q, Normal(0.0, 1.0)).sum(dim=1)
    assert torch.allclose(kl_to_standard_normal(mean, log_variance), expected, atol=1e-5)


def test_the_divergence_of_the_prior_from_itself_is_zero():
    assert not kl_to_standard_normal(torch.zeros(2, 3), torch.zeros(2, 3)).any()


def test_the_laws_of_the_decoder_are_those_of_torch():
    x, output = normal(5, 4), normal(5, 4, seed=1)
    expected = Normal(output, 0.7**0.5).log_prob(x).sum(dim=1)
    assert torch.allclose(log_gaussian(x, output, 0.7), expected, atol=1e-5)
    ink = (x > 0).float()
    expected = Bernoulli(logits=output).log_prob(ink).sum(dim=1)
    assert torch.allclose(log_bernoulli(ink, output), expected, atol=1e-5)


def test_with_the_exact_posterior_the_bound_is_the_likelihood():
    model, x = linear_vae(), torch.rand(5, 2, 3, generator=torch.Generator().manual_seed(0))
    exact = model.network_.log_likelihood(x.flatten(1))
    assert torch.allclose(model.elbo(x, n_samples=4000), exact, atol=0.06)


def test_another_encoder_loses_its_divergence_from_the_posterior():
    shift = 0.6
    model, x = linear_vae(shift), torch.rand(5, 2, 3, generator=torch.Generator().manual_seed(0))
    bound = model.elbo(x, n_samples=4000)
    exact = model.network_.log_likelihood(x.flatten(1))
    gap = 0.5 * shift**2 * model.network_.precision.sum()
    assert (bound < exact).all()
    assert torch.allclose(exact - bound, gap.expand(5), atol=0.12)


@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian"])
def test_the_gradient_goes_through_the_draw_to_every_weight(images, likelihood):
    model = VAE(likelihood=likelihood)
    torch.manual_seed(0)
    network = VAENetwork(30, 16, 2).double()
    x, noise = images.flatten(1).double(), normal(24, 2).double()

    def loss():
        return sum(term.sum() for term in model.terms(network, x, noise).values())

    loss().backward()
    assert all(p.grad.abs().sum() > 0 for p in network.parameters())
    weight, step = network.mean.bias, 1e-5
    with torch.no_grad():
        weight[0] += step
        up = loss()
        weight[0] -= 2 * step
        down = loss()
    assert torch.isclose((up - down) / (2 * step), weight.grad[0], rtol=1e-4)


def test_training_raises_the_bound(images, fitted):
    short = VAE(epochs=1, hidden=32, batch_size=8, device="cpu").fit(images)
    assert fitted.elbo(images, 20).mean() > short.elbo(images, 20).mean() + 1
    assert set(fitted.history_) == {"reconstruction", "kl"}
    assert len(fitted.history_["kl"]) == 40


def test_shapes(images, fitted):
    mean, log_variance = fitted.encode(images)
    assert mean.shape == log_variance.shape == (24, 2)
    assert fitted.decode(mean).shape == images.shape
    assert fitted.sample(3).shape == (3, 6, 5)
    assert fitted.elbo(images).shape == (24,)
    assert ((fitted.sample(9) >= 0) & (fitted.sample(9) <= 1)).all()


def test_is_a_function_of_its_seed(images):
    settings = {"epochs": 2, "hidden": 8, "batch_size": 8, "device": "cpu"}
    before = torch.get_rng_state()
    one, two = (VAE(**settings).fit(images) for _ in range(2))
    other = VAE(**settings, seed=1).fit(images)
    assert one.history_ == two.history_ != other.history_
    assert torch.equal(one.sample(4), two.sample(4))
    assert not torch.equal(one.sample(4), one.sample(4, seed=1))
    assert torch.equal(before, torch.get_rng_state())


def test_a_heavy_divergence_silences_the_latent_vector(images):
    model = VAE(kl_weight=100, epochs=60, hidden=16, batch_size=8, learning_rate=1e-2).fit(images)
    assert kl_to_standard_normal(*model.encode(images)).mean() < 0.05


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"likelihood": "poisson"}, "likelihood is 'poisson'"),
        ({"latent_dim": 0}, "latent_dim is 0"),
        ({"decoder_variance": 0}, "decoder_variance is 0"),
        ({"kl_weight": -1}, "kl_weight is -1"),
    ],
)
def test_settings_that_make_no_sense(images, settings, message):
    with pytest.raises(ZsbirError, match=message):
        VAE(**settings).fit(images)


@pytest.mark.parametrize(
    ("pictures", "message"),
    [
        (torch.zeros(4, 9), "must be \\(n, height, width\\)"),
        (torch.zeros(0, 3, 3), "must be \\(n, height, width\\)"),
        (torch.full((4, 3, 3), 255.0), "outside 0 to 1"),
        (torch.full((4, 3, 3), np.nan), "NaN or outside"),
    ],
)
def test_what_is_no_picture(pictures, message):
    with pytest.raises(ZsbirError, match=message):
        VAE().fit(pictures)


def test_an_unfitted_model_says_so(images):
    for use in (lambda m: m.encode(images), lambda m: m.sample(1), lambda m: m.elbo(images)):
        with pytest.raises(ZsbirError, match="not fitted"):
            use(VAE())


def test_what_does_not_fit_the_fitted_model(images, fitted):
    with pytest.raises(ZsbirError, match="learnt from"):
        fitted.encode(torch.zeros(2, 5, 6))
    with pytest.raises(ZsbirError, match="z has shape"):
        fitted.decode(torch.zeros(2, 3))
    with pytest.raises(ZsbirError, match="n_samples is 0"):
        fitted.elbo(images, n_samples=0)


def test_a_training_that_diverges_says_where(images):
    with pytest.raises(DivergedError, match="VAE: "):
        VAE(learning_rate=1e6, epochs=20, likelihood="gaussian").fit(images)
