import pytest
import torch
from pair_samples import make_pairs

from zsbir_lib.methods.adversarial_metric import AdversarialMetric, NegativeGenerator
from zsbir_lib.methods.embedding import Partners, squared_distance
from zsbir_lib.methods.triplet import CoarseTriplet

SETTINGS = {"epochs": 30, "batch_size": 32, "learning_rate": 2e-3}


@pytest.fixture(scope="module")
def pairs():
    return make_pairs()


@pytest.fixture(scope="module")
def fitted(pairs):
    return AdversarialMetric(**SETTINGS).fit(pairs)


@torch.no_grad()
def negatives(fitted, pairs, seed=5):
    """Squared distances of positives, real and synthetic negatives; scaled negatives of both."""
    partners = Partners(pairs.photo_labels, torch.Generator().manual_seed(seed))
    rows = torch.arange(len(pairs))
    positive, negative = fitted.draw(rows, pairs, partners)
    network = fitted.network_
    p, n = ((pairs.photos[i] - network.photo_mean) / network.photo_scale
            for i in (positive, negative))  # fmt: skip
    s = (pairs.sketches - network.sketch_mean) / network.sketch_scale
    made = fitted.generator_(s, p, n)
    anchor = network.embed_sketches(pairs.sketches)
    features = made * network.photo_scale + network.photo_mean
    return (
        squared_distance(network.embed_photos(pairs.photos[positive]), anchor),
        squared_distance(network.embed_photos(pairs.photos[negative]), anchor),
        squared_distance(network.embed_photos(features), anchor),
        n, made,
    )  # fmt: skip


# ---- the loss of the generator
def hand_worked(**weights):
    """The generator's loss of two triplets, in numbers that we choose."""
    method = AdversarialMetric(margin=0.5, **weights)
    anchor = torch.zeros(2, 2)
    positive = torch.tensor([[0.0, 0.5], [1.0, 0.0]])  # 0.25 and 1 from the sketch
    embedded = torch.tensor([[1.0, 0.0], [1.0, 0.2]])  # 1 and 1.04
    made, real = torch.tensor([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]]), torch.zeros(2, 3)
    return method.generator_loss(anchor, positive, embedded, made, real).item()


def test_each_term_of_the_generator_is_the_hand_worked_one():
    none = {"hard_weight": 0, "real_weight": 0, "violation_weight": 0}
    assert hand_worked(**none) == 0
    assert hand_worked(**{**none, "hard_weight": 2}) == pytest.approx(2 * (1 + 1.04) / 2)
    assert hand_worked(**{**none, "real_weight": 3}) == pytest.approx(3 * (14 / 3) / 2)
    # 1 - 0.25 - 0.5 is outside the margin; 1.04 - 1 - 0.5 is inside, and costs nothing.
    assert hand_worked(**{**none, "violation_weight": 4}) == pytest.approx(4 * 0.25 / 2)
    assert hand_worked(hard_weight=2, real_weight=3, violation_weight=4) == pytest.approx(
        2.04 + 7 + 0.5
    )


def test_a_negative_that_already_violates_the_margin_gets_no_push_from_the_last_term():
    method = AdversarialMetric(margin=0.5, hard_weight=0, real_weight=0, violation_weight=1)
    positive = torch.tensor([[1.0, 0.0]])
    for place, pushed in ((1.1, False), (1.3, True)):  # squared: 1.21 and 1.69, limit 1.5
        embedded = torch.tensor([[place, 0.0]], requires_grad=True)
        x = torch.zeros(1, 3)
        method.generator_loss(torch.zeros(1, 2), positive, embedded, x, x).backward()
        assert bool(embedded.grad.abs().max() > 0) == pushed


# ---- the generator
def test_the_generator_adds_to_the_real_negative_and_looks_at_all_three():
    generator = NegativeGenerator(4, 3)
    g = torch.Generator().manual_seed(0)
    triplet = [torch.randn(7, width, generator=g).requires_grad_() for width in (4, 3, 3)]
    made = generator(*triplet)
    assert made.shape == (7, 3)
    for gradient in torch.autograd.grad(made.sum(), triplet, retain_graph=True):
        assert gradient.abs().max() > 0
    torch.nn.init.zeros_(generator.layers[-1].weight)
    torch.nn.init.zeros_(generator.layers[-1].bias)
    assert torch.equal(generator(*triplet), triplet[2])


def test_generated_negatives_are_harder_than_the_real_ones(fitted, pairs):
    positive, real, made, _, _ = negatives(fitted, pairs)
    assert (made < real).float().mean() > 0.9
    margin = fitted.margin
    active_real = (margin + positive - real > 0).float().mean()
    active_made = (margin + positive - made > 0).float().mean()
    assert active_real < 0.5
    assert active_made > 2 * active_real
    # The history says the same of the training.
    assert fitted.history_["active_synthetic"][-1] > 0.15 + fitted.history_["active"][-1]


def test_generated_negatives_stay_nearer_to_their_own_real_one_than_to_others(fitted, pairs):
    _, _, _, real, made = negatives(fitted, pairs)
    own = (made - real).pow(2).mean(dim=1)
    others = torch.cdist(made, real).pow(2).mean(dim=1) / real.shape[1]
    assert own.mean() < 0.7 * others.mean()


def test_the_weight_of_the_real_negative_keeps_the_generated_one_close(pairs):
    def moved(weight):
        _, _, _, real, made = negatives(
            AdversarialMetric(real_weight=weight, **SETTINGS).fit(pairs), pairs
        )
        return (made - real).pow(2).mean().item()

    loose, tight = moved(0.1), moved(30.0)
    assert tight < 0.1
    assert loose > 3 * tight


def test_without_the_two_terms_that_harden_it_the_generator_copies_the_real_negative(pairs):
    copies = AdversarialMetric(hard_weight=0, violation_weight=0, **SETTINGS).fit(pairs)
    _, real, made, features, copied = negatives(copies, pairs)
    assert (copied - features).pow(2).mean() < 0.02
    assert (made - real).abs().mean() < 0.1


# ---- the two together
def test_without_synthetic_negatives_it_is_the_coarse_grained_triplet(pairs):
    settings = {"epochs": 3, "batch_size": 32, "margin": 0.6, "dropout": 0.0, "embedding_dim": 5}
    settings["learning_rate"] = 1e-3
    plain = CoarseTriplet(**settings).fit(pairs)
    without = AdversarialMetric(synthetic_weight=0, **settings).fit(pairs)
    with_them = AdversarialMetric(synthetic_weight=1, **settings).fit(pairs)
    expected = plain.encode_sketches(pairs.sketches)
    torch.testing.assert_close(
        without.encode_sketches(pairs.sketches), expected, rtol=1e-2, atol=1e-3
    )
    torch.testing.assert_close(
        torch.tensor(without.history_["loss"]), torch.tensor(plain.history_["loss"]),
        rtol=1e-3, atol=1e-4,
    )  # fmt: skip
    assert (with_them.encode_sketches(pairs.sketches) - expected).abs().max() > 0.005


def test_the_metric_learns_where_the_generator_has_no_loss_and_leaves_it_alone(pairs):
    settings = {"batch_size": 32, "hard_weight": 0, "real_weight": 0, "violation_weight": 0}
    early, late = (AdversarialMetric(epochs=n, **settings).fit(pairs) for n in (1, 3))
    for key, value in early.generator_.state_dict().items():
        assert torch.equal(value, late.generator_.state_dict()[key])
    moved = early.encode_photos(pairs.photos) - late.encode_photos(pairs.photos)
    assert moved.abs().max() > 1e-3


def test_the_history_names_both_sides(fitted):
    assert set(fitted.history_) == {"loss", "generator", "active", "active_synthetic"}
    assert all(len(values) == SETTINGS["epochs"] for values in fitted.history_.values())
    assert fitted.history_["generator"][-1] < fitted.history_["generator"][0]
