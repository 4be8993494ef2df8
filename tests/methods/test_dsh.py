import numpy as np
import pytest
import torch
from pair_samples import make_pairs

from zsbir_lib.errors import ZsbirError
from zsbir_lib.features import Pairs
from zsbir_lib.methods.dsh import (
    DSH,
    HashObjective,
    discrete_descent,
    hamming_distances,
    hamming_rank,
    pack_codes,
)
from zsbir_lib.retrieval import rank


@pytest.fixture(scope="module")
def pairs():
    return make_pairs(n_photos=120, dim=14, photo_dim=10)


@pytest.fixture(scope="module")
def fitted(pairs):
    return DSH(n_bits=24, batch_size=32, learning_rate=3e-3).fit(pairs)


def random_codes(n, bits, seed):
    values = torch.randn(n, bits, generator=torch.Generator().manual_seed(seed))
    return torch.where(values >= 0, 1.0, -1.0).double()


def problem(n_photos=9, n_sketches=13, bits=6, semantic_weight=0.7, network_weight=0.4):
    g = torch.Generator().manual_seed(5)
    labels = {"photo": torch.arange(n_photos) % 3, "sketch": torch.arange(n_sketches) % 3}
    semantics = torch.randn(3, 4, generator=g).double()
    codes = {"photo": random_codes(n_photos, bits, 1), "sketch": random_codes(n_sketches, bits, 2)}
    outputs = {k: torch.randn(b.shape, generator=g).double() for k, b in codes.items()}
    objective = HashObjective(
        labels["photo"], labels["sketch"], semantics, bits, semantic_weight, network_weight
    )
    return objective, codes, torch.randn(4, bits, generator=g).double(), outputs


def test_the_objective_is_the_equation_written_out():
    objective, codes, d, outputs = problem()
    photos, sketches = codes["photo"], codes["sketch"]
    alike = objective.labels["photo"][:, None] == objective.labels["sketch"]
    sigma = torch.where(alike, 1.0, -1.0).double()
    expected = (6 * sigma - photos @ sketches.T).pow(2).sum() / (9 * 13 * 6)
    for kind, n in (("photo", 9), ("sketch", 13)):
        phi = objective.semantics[objective.labels[kind]]
        expected += 0.7 / n * (phi - codes[kind] @ d.T).pow(2).sum()
        expected += 0.4 / n * (outputs[kind] - codes[kind]).pow(2).sum()
    assert objective.value(codes, d, outputs) == pytest.approx(expected.item(), rel=1e-12)


def test_a_case_worked_by_hand():
    # One photo and one sketch of each of two classes, codes of one bit: all of them right.
    labels, semantics = torch.tensor([0, 1]), torch.tensor([[2.0], [-1.0]])
    objective = HashObjective(labels, labels, semantics, 1, 10.0, 100.0)
    b = torch.tensor([[1.0], [-1.0]], dtype=torch.float64)
    codes = {"photo": b, "sketch": b}
    zero = torch.zeros(1, 1, dtype=torch.float64)
    assert objective.value(codes, zero, codes) == pytest.approx(10 * 2 * (4 + 1) / 2)
    # D = (2 + 1) / 2, and (0.5^2 + 0.5^2) / 2 is left of each kind.
    d = objective.best_map(codes)
    assert d.item() == pytest.approx(1.5)
    assert objective.value(codes, d, codes) == pytest.approx(10 * 2 * 0.25)
    # Both sketches wrong: all four products differ from Sigma by 2.
    wrong = {"photo": b, "sketch": -b}
    assert objective.value(wrong, zero, wrong) == pytest.approx(50 * 2 + 4 - 50)


def test_the_semantic_map_is_optimal():
    objective, codes, _, outputs = problem()
    d = objective.best_map(codes)
    best = objective.value(codes, d, outputs)
    g = torch.Generator().manual_seed(0)
    for _ in range(20):
        other = d + 0.01 * torch.randn(d.shape, generator=g).double()
        assert objective.value(codes, other, outputs) > best


def test_every_bit_is_optimal_given_the_others():
    g = torch.Generator().manual_seed(3)
    half = torch.randn(5, 5, generator=g).double()
    quadratic, linear = half @ half.T, torch.randn(40, 5, generator=g).double()

    def energy(b):
        return ((b @ quadratic) * b).sum(dim=1) - 2 * (b * linear).sum(dim=1)

    codes = random_codes(40, 5, 4)
    while not torch.equal(codes, after := discrete_descent(codes, quadratic, linear)):
        assert energy(after).sum() < energy(codes).sum()
        codes = after
    for k in range(5):
        flipped = codes.clone()
        flipped[:, k] *= -1
        assert (energy(flipped) >= energy(codes)).all()


def test_a_bit_that_makes_no_difference_stays():
    codes = random_codes(6, 3, 0)
    zero = torch.zeros(3, 3, dtype=torch.float64)
    after = discrete_descent(codes, zero, torch.zeros(6, 3, dtype=torch.float64))
    assert torch.equal(after, codes)


def test_a_single_code_is_not_changed_in_place():
    code = -torch.ones(1, 3, dtype=torch.float64)
    after = discrete_descent(code, torch.eye(3, dtype=torch.float64), torch.ones_like(code))
    assert code.tolist() == [[-1, -1, -1]]
    assert after.tolist() == [[1, 1, 1]]


def test_discrete_steps_never_raise_the_objective():
    objective, codes, d, outputs = problem(60, 90, 16)
    values = [objective.value(codes, d, outputs)]
    for _ in range(3):
        d = objective.best_map(codes)
        values.append(objective.value(codes, d, outputs))
        for kind in ("photo", "sketch"):
            codes[kind] = objective.sweep(kind, codes, d, outputs[kind])
            assert set(codes[kind].unique().tolist()) == {-1.0, 1.0}
            values.append(objective.value(codes, d, outputs))
    assert (np.diff(values) <= 1e-9).all()
    assert values[-1] < 0.7 * values[1]


def test_the_objective_falls_in_every_round_of_a_fit(fitted):
    assert len(fitted.objective_) == 5
    for values in fitted.objective_:
        assert (np.diff(values) <= 1e-9 * values[0]).all()
        assert values[-1] < values[1]
    # From the second round on, the networks' output is part of it.
    assert fitted.objective_[-1][-1] < fitted.objective_[1][-1]


def test_networks_learn_the_codes(fitted):
    assert set(fitted.history_) == {"photo", "sketch"}
    for errors in fitted.history_.values():
        assert len(errors) == 25
        assert errors[-1] < 0.6 * errors[0]


def test_codes_are_signs_and_classes_share_them(fitted, pairs):
    sketches, photos = fitted.encode_sketches(pairs.sketches), fitted.encode_photos(pairs.photos)
    for codes, n in ((sketches, 240), (photos, 120)):
        assert codes.shape == (n, 24)
        assert codes.dtype == torch.float32
        assert set(codes.unique().tolist()) == {-1.0, 1.0}
    likeness = sketches @ photos.T / 24
    same = pairs.labels[:, None] == pairs.photo_labels
    assert likeness[same].mean() > 0.7
    assert likeness[~same].mean() < 0.3


def test_photos_of_a_class_without_sketches_change_nothing(pairs):
    more = Pairs(
        sketches=pairs.sketches,
        photos=torch.cat([50 * torch.ones(3, 10), pairs.photos]),
        photo_index=pairs.photo_index + 3,
        labels=pairs.labels,
        photo_labels=torch.cat([torch.full((3,), 6), pairs.photo_labels]),
        class_names=(*pairs.class_names, "unseen"),
    )
    settings = {"n_bits": 8, "rounds": 1, "epochs": 1}
    one, two = DSH(**settings).fit(pairs), DSH(**settings).fit(more)
    assert torch.equal(one.encode_photos(pairs.photos), two.encode_photos(pairs.photos))


# ---- packed bits


def test_bits_are_packed_from_the_highest_place_on():
    codes = torch.tensor([[1.0, -1, -1, -1, -1, -1, 1, 1, 1, -1], [-1.0] * 9 + [1]])
    np.testing.assert_array_equal(pack_codes(codes), [[0b10000011, 0b10000000], [0, 0b01000000]])


@pytest.mark.parametrize("bits", [1, 12, 64, 128, 200])
def test_distances_are_the_bits_that_differ(bits):
    queries, gallery = random_codes(7, bits, 1), random_codes(11, bits, 2)
    expected = (queries[:, None] != gallery).sum(dim=2)
    found = hamming_distances(pack_codes(queries), pack_codes(gallery))
    np.testing.assert_array_equal(found, expected)


def test_distances_need_no_bit_count_of_numpy(monkeypatch):
    queries, gallery = pack_codes(random_codes(7, 128, 1)), pack_codes(random_codes(11, 128, 2))
    expected = hamming_distances(queries, gallery)
    monkeypatch.delattr(np, "bitwise_count", raising=False)
    np.testing.assert_array_equal(hamming_distances(queries, gallery), expected)


@pytest.mark.parametrize("bits", [6, 24, 100, 128])
def test_hamming_order_is_cosine_order_with_all_its_ties(bits, monkeypatch):
    queries, gallery = random_codes(33, bits, 1).float(), random_codes(500, bits, 2).float()
    cosine = rank(queries, gallery)
    monkeypatch.setattr("zsbir_lib.retrieval.hamming._BLOCK_BYTES", 8 * 500 * 10)  # 10 queries
    indices, distances = hamming_rank(pack_codes(queries), pack_codes(gallery))
    np.testing.assert_array_equal(indices, cosine.indices)
    np.testing.assert_allclose(1 - (1 - 2 * distances / bits), cosine.distances, atol=1e-5)
    ties = np.diff(distances.astype(int), axis=1) == 0
    assert ties.mean() > 0.5
    assert (np.diff(indices, axis=1)[ties] > 0).all()
    top, _ = hamming_rank(pack_codes(queries), pack_codes(gallery), top_k=20)
    np.testing.assert_array_equal(top, indices[:, :20])


def test_codes_of_a_fit_rank_the_same_packed(fitted, pairs):
    queries, gallery = fitted.encode_sketches(pairs.sketches), fitted.encode_photos(pairs.photos)
    indices, _ = hamming_rank(pack_codes(queries), pack_codes(gallery))
    np.testing.assert_array_equal(indices, rank(queries, gallery).indices)


# ---- errors


def test_codes_that_do_not_fit_are_refused(fitted, pairs):
    with pytest.raises(ZsbirError, match=r"matrix of -1 and [+]1 only"):
        pack_codes(pairs.photos)
    packed = pack_codes(fitted.encode_photos(pairs.photos))
    with pytest.raises(ZsbirError, match="not float32"):
        hamming_distances(packed, np.zeros((3, 3), np.float32))
    with pytest.raises(ZsbirError, match="queries have 3 bytes and the gallery 2"):
        hamming_distances(packed, packed[:, :2])
    with pytest.raises(ZsbirError, match=r"K must be .* 1 to the gallery's 120"):
        hamming_rank(packed, packed, top_k=121)
