"""Assignment 4: formulas are right, the collapse is as predicted, mistakes are told apart."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from asking import judged
from torch.distributions import Normal, kl_divergence

from zsbir_lib.check import open_assignment
from zsbir_lib.check.capstone_data import packaged
from zsbir_lib.check.cvae_functions import LOSS
from zsbir_lib.check.generating_functions import BOUND, DRAW, KL
from zsbir_lib.check.linear_cvae import VARIANCE, best_numbers, fit_linear
from zsbir_lib.errors import ZsbirError
from zsbir_lib.methods import CVAE
from zsbir_lib.widgets import CollapseExplorer, LatentRun, PosteriorExplorer


@pytest.fixture(scope="module")
def work():
    return open_assignment("generating", 5)


def cases(question):
    return [request.arguments for request in question.requests((0, 1))]


def test_typical_code_is_told_what_is_wrong_with_it():
    """As students write it, not as the list of mistakes does."""

    def by_library(m1, s1, m2, s2):  # calls a variance what is a deviation
        m1, s1, m2, s2 = (torch.tensor(one, dtype=torch.float64) for one in (m1, s1, m2, s2))
        m1.requires_grad_(), s1.requires_grad_()
        kl = kl_divergence(Normal(m1, s1.sqrt()), Normal(m2, s2.sqrt())).sum()
        by_mean, by_deviation = torch.autograd.grad(kl, (m1, s1))
        return {"kl": kl, "by_mean": by_mean, "by_deviation": by_deviation}

    assert "variances for deviations" in judged(KL, by_library).text

    def sampled(x, mean, deviation, W, b, variance):  # near, and no nearer
        z = np.asarray(mean) + deviation * np.random.default_rng(0).normal(size=(999, len(mean)))
        square = ((np.asarray(x) - z @ np.asarray(W) - b) ** 2).sum(axis=1).mean()
        price = KL.right(mean, deviation, [0.0] * len(mean), [1.0] * len(mean))["kl"]
        return -0.5 * (square / variance + len(x) * np.log(2 * np.pi * variance)) - price

    assert judged(BOUND, sampled).share == 0

    def by_means(mean, log_variance, made, photos, read, sketches, variance, beta, weight):
        mean, log_variance, made, photos, read, sketches = (
            torch.tensor(one, dtype=torch.float64)
            for one in (mean, log_variance, made, photos, read, sketches)
        )
        mse = torch.nn.functional.mse_loss
        kl = 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance).sum(dim=1).mean()
        error, back = mse(made, photos) / (2 * variance), mse(read, sketches)
        return {"reconstruction": error, "divergence": kl, "regulariser": back,
                "total": error + beta * kl + weight * back}  # fmt: skip

    verdict = judged(LOSS, by_means)
    assert verdict.share == 0.25
    assert "released code" in verdict.text


def test_the_slopes_of_the_divergence_are_those_of_autograd():
    for arguments in cases(KL):
        m1, s1, m2, s2 = (torch.tensor(one, dtype=torch.float64) for one in arguments)
        m1.requires_grad_(), s1.requires_grad_()
        kl = kl_divergence(Normal(m1, s1), Normal(m2, s2)).sum()
        by_mean, by_deviation = torch.autograd.grad(kl, (m1, s1))
        right = KL.right(*arguments)
        assert right["kl"] == pytest.approx(float(kl.detach()))
        assert right["by_mean"] == pytest.approx(by_mean.numpy())
        assert right["by_deviation"] == pytest.approx(by_deviation.numpy())


def test_the_bound_lies_below_the_likelihood_and_reaches_it_at_the_posterior():
    for x, mean, deviation, W, b, variance in cases(BOUND):
        w = torch.tensor(W, dtype=torch.float64)
        law = torch.distributions.MultivariateNormal(
            torch.tensor(b, dtype=torch.float64),
            w.T @ w + variance * torch.eye(len(x), dtype=torch.float64),
        )
        likelihood = float(law.log_prob(torch.tensor(x, dtype=torch.float64)))
        assert BOUND.right(x, mean, deviation, W, b, variance) < likelihood
    # With one number of z the posterior is in the family of guesses.
    x, w, b, variance = [1.3], [[0.8]], [0.2], 0.3
    spread = 1 / (1 + 0.8**2 / variance)
    best = BOUND.right(x, [spread * 0.8 * 1.1 / variance], [spread**0.5], w, b, variance)
    likelihood = Normal(0.2, (0.8**2 + variance) ** 0.5).log_prob(torch.tensor(1.3))
    assert best == pytest.approx(float(likelihood), abs=1e-6)


def test_the_gradient_through_a_draw_is_that_of_autograd():
    for arguments in cases(DRAW):
        mean, log_variance, noise, target = (torch.tensor(one, dtype=torch.float64)
                                             for one in arguments)  # fmt: skip
        mean.requires_grad_(), log_variance.requires_grad_()
        z = mean + torch.exp(log_variance / 2) * noise
        h = ((z - target) ** 2).sum(dim=1).mean()
        by_mean, by_log_variance = torch.autograd.grad(h, (mean, log_variance))
        right = DRAW.right(*arguments)
        assert right["z"] == pytest.approx(z.detach().numpy())
        assert right["by_mean"] == pytest.approx(by_mean.numpy())
        assert right["by_log_variance"] == pytest.approx(by_log_variance.numpy())


def test_the_loss_is_the_librarys():
    for *batch, variance, beta, weight in cases(LOSS):
        mean, log_variance, made, photos, read, sketches = map(torch.tensor, batch)
        network = SimpleNamespace(encode=lambda *_, m=mean, v=log_variance: (m, v),
                                  decode=lambda *_, made=made: made,
                                  to_sketch=lambda *_, read=read: read)  # fmt: skip
        model = CVAE(decoder_variance=variance, kl_weight=beta, reconstruction_weight=weight)
        loss, _ = model.loss(network, sketches, photos, torch.zeros_like(mean))
        assert LOSS.right(*batch, variance, beta, weight)["total"] == pytest.approx(
            float(loss), rel=1e-5
        )


@pytest.mark.parametrize("kappa", [0.3, 0.9, 2.0, 7.0])
def test_nothing_near_the_best_number_is_better(kappa):
    beta, variance = 1.6, 0.5
    found = {name: float(value[0]) for name, value in best_numbers([kappa], beta, variance).items()}
    w = found["squared_weights"] ** 0.5
    mean_square, rest = found["variances"], 1 - found["variances"]

    def objective(w, a, s):
        error = ((1 - w * a) ** 2 * kappa + w**2 * s**2) / (2 * variance)
        return -error - beta * 0.5 * (a**2 * kappa + s**2 - 1 - np.log(s**2))

    here = np.array([w, (mean_square / kappa) ** 0.5, rest**0.5])
    nats = 0.5 * (mean_square + rest - 1 - np.log(rest))
    assert found["nats"] == pytest.approx(nats, abs=1e-9)
    rng = np.random.default_rng(0)
    for _ in range(50):
        assert objective(*(here + 0.05 * rng.normal(size=3))) < objective(*here)


@pytest.mark.parametrize("variant", range(20))
def test_every_variant_makes_sense(variant):
    work = open_assignment("generating", variant)
    counts = [int((work.pairs.kappa > beta * VARIANCE).sum()) for beta in work.weights]
    assert counts[0] == 6
    assert counts[-1] == 0
    assert counts == sorted(set(counts), reverse=True)
    assert 0 < work.few < 6
    reached = {noise: PosteriorExplorer(0, 1, x=work.x, variance=noise).gap < work.limit
               for noise in (0.01, 0.04, 0.25, 1.0, 4.0)}  # fmt: skip
    assert reached[4.0]
    assert not reached[0.25]
    mean, deviation = PosteriorExplorer(x=work.x, variance=work.noise).posterior
    near = {"mean": round(mean * 20) / 20, "deviation": round(deviation * 20) / 20}
    assert work.verdict(closed={**near, "x": work.x, "variance": work.noise}).share == 1


def test_what_remains_of_the_photos_varies_as_said(work):
    pairs = work.pairs
    told = pairs.sketches @ np.linalg.lstsq(pairs.sketches, pairs.photos, rcond=None)[0]
    rest = pairs.photos - told
    found = np.linalg.eigvalsh(rest.T @ rest / len(rest))[::-1]
    assert found == pytest.approx(pairs.kappa)
    # The mean over the pairs is the expectation, whatever the noise multiplies.
    noise = pairs.noise[3]
    seen = np.hstack([pairs.photos, pairs.sketches])
    assert np.abs(noise.T @ seen / len(seen)).max() < 1e-9
    assert noise.T @ noise / len(noise) == pytest.approx(np.eye(6), abs=1e-9)


@pytest.fixture(scope="module")
def models(work):
    return {f"weight of the {term}": work.sweep(lambda *arguments: None, of=term)
            for term in ("divergence", "regulariser")}  # fmt: skip


def test_the_collapse_that_is_trained_is_the_one_predicted(work, models):
    for beta, model in models["weight of the divergence"].items():
        nats, variances = work.pairs.posterior(model)
        predicted = best_numbers(work.pairs.kappa[:6], beta, VARIANCE)
        assert np.sort(nats)[::-1] == pytest.approx(predicted["nats"], abs=0.06)
        active = int((variances > work.threshold).sum())
        assert active == int((predicted["nats"] > 0).sum())
    spread = [work.pairs.spread(model) for model in models["weight of the regulariser"].values()]
    assert spread == sorted(spread, reverse=True)


def test_the_widget_counts_as_the_question_does(work, models):
    pairs = work.pairs
    runs = {term: {weight: LatentRun(*pairs.posterior(model), np.zeros((2, 2)))
                   for weight, model in of_term.items()}
            for term, of_term in models.items()}  # fmt: skip
    explorer = CollapseExplorer(runs, np.zeros((2, 2)), [True, False])
    explorer.threshold = work.threshold
    few = []
    for place in range(len(work.weights)):
        explorer.place = place
        few.append(explorer.active <= work.few)
    kept = {"sweep": explorer.sweep, "place": few.index(True), "threshold": explorer.threshold}
    assert work.verdict(kept=kept).share == 1
    place = kept["place"]
    for change, words in (({"place": place + 1}, "smaller weight"),
                          ({"place": place - 1}, "more numbers"),
                          ({"threshold": 0.01}, "another threshold"),
                          ({"sweep": list(runs)[1]}, "the other term"),
                          ({"sweep": "weight"}, "printed below")):  # fmt: skip
        verdict = work.verdict(kept={**kept, **change})
        assert verdict.share == 0
        assert words in verdict.text
    assert "another form" in work.verdict(kept=[1]).text


@pytest.fixture(scope="module")
def toybox_models(work):
    return work.sweep(lambda *arguments: None, pairs=work.toybox)


def test_evidence_has_a_row_for_each_model(work, toybox_models):
    text = work.evidence(toybox_models).splitlines()
    assert [float(line.split()[0]) for line in text[1:]] == list(work.toybox.weights)
    assert text[1].endswith("0.000 [0.000, 0.000]")
    assert [float(line.split()[1]) for line in text[1:]] == sorted(
        (float(line.split()[1]) for line in text[1:]), reverse=True
    )


def test_the_toybox_collapses_as_the_closed_form_says(work, toybox_models):
    """The last model is the regression on the sketch, and finds photos far above chance."""
    pairs = work.toybox
    seen = packaged().classes
    assert set(pairs.held_out) < set(seen)
    latent_dim = pairs.noise.shape[2]
    for beta, model in toybox_models.items():
        nats, _ = pairs.posterior(model)
        predicted = best_numbers(pairs.kappa[:latent_dim], beta, VARIANCE)["nats"]
        assert nats.sum() == pytest.approx(predicted.sum(), abs=0.25)
    regression = np.linalg.lstsq(pairs.sketches, pairs.photos, rcond=None)[0]
    assert np.abs(toybox_models[5.0]["V"] - regression).max() < 0.05
    assert pairs.precision(toybox_models[5.0]).shape == (24,)
    assert pairs.precision(toybox_models[5.0]).mean() > 4 / 24


def test_how_many_numbers_pay_on_the_toybox(work):
    pairs = work.toybox
    noises = np.array(pairs.weights) * VARIANCE
    photos = np.linalg.eigvalsh(pairs.photos.T @ pairs.photos / len(pairs.photos))

    def counts(sizes, limits):
        return [min(16, int((sizes > limit).sum())) for limit in limits]

    told = {
        "right": counts(pairs.kappa, noises),
        "weight alone": counts(pairs.kappa, pairs.weights),
        "whatever the weight is": counts(pairs.kappa, [VARIANCE] * 4),
        "need not go through z": counts(photos, noises),
        "more than a threshold": counts(pairs.kappa, noises / 0.9),
        "no more can be active": [int((pairs.kappa > noise).sum()) for noise in noises],
        "one count for each": [16, 0],
        "count the variances": [4, 3, 2, 1],
        "another form": "many",
    }
    for words, active in told.items():
        verdict = work.verdict(active=active)
        assert words in verdict.text
        assert verdict.share == (words == "right")


@pytest.mark.parametrize("variant", range(8))
def test_every_variant_divides_the_toybox_in_steps(variant):
    pairs = open_assignment("generating", variant).toybox
    counts = [min(16, int((pairs.kappa > beta * VARIANCE).sum())) for beta in pairs.weights]
    assert counts[0] == 16
    assert counts[-1] == 0
    assert counts == sorted(set(counts), reverse=True)


def test_a_sweep_is_trained_by_the_students_function(work):
    given = []

    def fit(*arguments):
        given.append(arguments[5:7])
        arguments[2]["A"][:] = 0  # what one call changes, the next one must not see
        return {name: torch.tensor(value, requires_grad=True)
                for name, value in work.pairs.first.items()}  # fmt: skip

    made = work.sweep(fit)
    assert given == [(beta, 0.0) for beta in work.weights]
    work.sweep(fit, of="regulariser")
    assert given[len(work.weights) :] == [(0.6, weight) for weight in work.regularisers]
    assert np.abs(work.pairs.first["A"]).max() > 0
    with pytest.raises(ZsbirError, match="of is 'z'"):
        work.sweep(fit, of="z")
    assert np.array_equal(made[0.6]["W"], work.pairs.first["W"])


def test_training_is_the_same_each_time(work):
    given = (work.pairs.sketches, work.pairs.photos, work.pairs.first, work.pairs.noise[:3],
             VARIANCE, 1.0, 1.0, 0.05)  # fmt: skip
    one, other = fit_linear(*given), fit_linear(*given)
    assert all(np.array_equal(one[name], other[name]) for name in one)


def test_a_guess_closed(work):
    x, noise = work.x, work.noise
    mean, deviation = PosteriorExplorer(x=x, variance=noise).posterior
    told = {
        "right": (mean, deviation, x, noise),
        "leave the observation": (mean, deviation, x + 0.1, noise),
        "from which you started": (0.0, 1.0, x, noise),
        "observation alone": (x, noise**0.5, x, noise),
        "too wide": (mean, 1.5 * deviation, x, noise),
        "too narrow": (mean, 0.6 * deviation, x, noise),
        "the mean is not": (mean + 0.3, deviation, x, noise),
        "both off": (mean - 0.5, 2 * deviation, x, noise),
        "another form": (mean, -1.0, x, noise),
    }
    for words, (m, s, at, of) in told.items():
        verdict = work.verdict(closed={"mean": m, "deviation": s, "x": at, "variance": of})
        assert words in verdict.text
        assert verdict.share == (words == "right")


def test_a_silence(work):
    noises = (0.01, 0.04, 0.25, 1.0, 4.0)
    free = {"mean": 0.0, "deviation": 1.0, "x": work.x}
    texts = [work.verdict(silent={**free, "variance": noise}).text for noise in noises]
    enough = next(place for place, text in enumerate(texts) if text.startswith("right"))
    assert all("loses more" in text for text in texts[:enough])
    assert all("less noise" in text for text in texts[enough + 1 :])
    for change, words in (({"mean": 0.5}, "pays for it"), ({"x": work.x + 1}, "leave")):
        assert words in work.verdict(silent={**free, "variance": noises[enough], **change}).text


def test_variants_differ():
    one, other = (open_assignment("generating", variant) for variant in (1, 2))
    assert (one.x, one.limit) != (other.x, other.limit)
    assert not np.allclose(one.pairs.kappa, other.pairs.kappa)
