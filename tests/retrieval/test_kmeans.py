"""K-means of many sets at once, beside scikit-learn's."""

import sys

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.cluster import KMeans

from zsbir_lib.errors import ZsbirError
from zsbir_lib.retrieval import kmeans


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def blobs(n_sketches=3, n_samples=60, width=8, n_blobs=4, seed=0, spread=0.6):
    """Overlapping blobs far from the origin, where careless distances lose their digits."""
    g = seeded(seed)
    means = 3 * torch.randn(n_sketches, n_blobs, width, generator=g, dtype=torch.float64) + 50
    which = torch.randint(n_blobs, (n_sketches, n_samples), generator=g)
    noise = torch.randn(n_sketches, n_samples, width, generator=g, dtype=torch.float64)
    return torch.gather(means, 1, which[..., None].expand_as(noise)) + spread * noise


def inertia(samples, centres):
    return torch.cdist(samples, centres).square().amin(dim=2).sum(dim=1)


def test_kmeans_equals_sklearn_from_the_same_start():
    samples = blobs(n_sketches=6, spread=2.0)
    init = samples[:, :4].clone()
    centres, assignment = kmeans(samples, 4, init=init, tolerance=0, iterations=300)
    for sketch in range(len(samples)):
        theirs = KMeans(4, init=init[sketch].numpy(), n_init=1, tol=0, max_iter=300)
        theirs.fit(samples[sketch].numpy())
        np.testing.assert_array_equal(assignment[sketch], theirs.labels_)
        np.testing.assert_allclose(centres[sketch], theirs.cluster_centers_, atol=1e-9)


@pytest.mark.parametrize("n_blocks", [1, 3])
def test_fewer_samples_than_numbers_take_another_way_to_the_same(monkeypatch, n_blocks):
    """Then inner products of samples are found once; and a CPU takes some sketches at a time."""
    samples = blobs(n_sketches=6, n_samples=30, width=80, spread=4.0)
    module = sys.modules[kmeans.__module__]
    monkeypatch.setattr(module, "CPU_BYTES", samples.nbytes // n_blocks)
    init = samples[:, :4].clone()
    init[1, 3] = 1e4  # nearest to nobody: it takes over the farthest sample
    centres, assignment = kmeans(samples, 4, init=init, tolerance=0, iterations=300)
    monkeypatch.setattr(module._Products, "__init__", lambda self, rows: vars(self).update(
        rows=rows, table=None))  # fmt: skip
    by_numbers = kmeans(samples, 4, init=init, tolerance=0, iterations=300)
    assert torch.equal(assignment, by_numbers.assignment)
    torch.testing.assert_close(centres, by_numbers.centres, rtol=0, atol=1e-9)
    assert (assignment[1] == 3).any()
    for sketch in (0, *range(2, 6)):
        theirs = KMeans(4, init=init[sketch].numpy(), n_init=1, tol=0, max_iter=300)
        theirs.fit(samples[sketch].numpy())
        np.testing.assert_array_equal(assignment[sketch], theirs.labels_)
        np.testing.assert_allclose(centres[sketch], theirs.cluster_centers_, atol=1e-9)
    samples[4, 2, 1] = float("nan")
    with pytest.raises(ZsbirError, match="sketch 4 hold NaN"):
        kmeans(samples, 4)


def test_kmeans_start_is_as_good_as_sklearns():
    samples = blobs(n_sketches=20, n_samples=100, n_blobs=5, spread=1.5)
    ours = np.mean(
        [inertia(samples, kmeans(samples, 5, generator=seeded(s)).centres) for s in range(5)]
    )
    theirs = np.mean(
        [
            KMeans(5, n_init=1, random_state=s).fit(sketch.numpy()).inertia_
            for s in range(5)
            for sketch in samples
        ]
    )
    # sklearn tries several candidates for each centre, which gains it a few percent.
    assert ours < 1.1 * theirs


@given(st.integers(0, 10_000), st.integers(1, 6), st.integers(6, 30), st.sampled_from([1, 2, 5]))
@settings(max_examples=40, deadline=None)
def test_kmeans_is_a_local_optimum(seed, k, n_samples, width):
    g = seeded(seed)
    # Whole numbers: many samples coincide, and many distances are equal.
    samples = torch.randint(-3, 4, (4, n_samples, width), generator=g).double()
    centres, assignment = kmeans(samples, k, tolerance=0, iterations=500, generator=g)
    distances = torch.cdist(samples, centres, compute_mode="donot_use_mm_for_euclid_dist")
    own = distances.gather(2, assignment[..., None])[..., 0]
    torch.testing.assert_close(own, distances.amin(dim=2), atol=1e-7, rtol=0)
    for sketch in range(len(samples)):
        for cluster in range(k):
            members = samples[sketch][assignment[sketch] == cluster]
            if len(members):
                torch.testing.assert_close(centres[sketch, cluster], members.mean(dim=0))
            else:
                # A centre that nobody needs still lies on a sample.
                nearest = (samples[sketch] - centres[sketch, cluster]).abs().sum(dim=1).min()
                assert nearest < 1e-9
        distinct = len(samples[sketch].unique(dim=0))
        assert len(assignment[sketch].unique()) == min(k, distinct)


def test_kmeans_is_determined_by_its_generator_and_not_by_the_batch():
    samples = blobs(n_sketches=9, spread=3.0)
    together = kmeans(samples, 4, generator=seeded(5))
    again = kmeans(samples, 4, generator=seeded(5))
    assert torch.equal(together.centres, again.centres)
    g = seeded(5)
    parts = [kmeans(part, 4, generator=g) for part in samples.split((1, 5, 3))]
    assert torch.equal(torch.cat([p.assignment for p in parts]), together.assignment)
    torch.testing.assert_close(torch.cat([p.centres for p in parts]), together.centres)
    other = kmeans(samples, 4, generator=seeded(6))
    assert not torch.equal(other.assignment, together.assignment)
    assert torch.equal(kmeans(samples, 4).centres, kmeans(samples, 4).centres)


def test_kmeans_leaves_the_global_generator_alone():
    before = torch.get_rng_state()
    kmeans(blobs(), 3)
    assert torch.equal(before, torch.get_rng_state())


def test_one_centre_is_the_mean():
    samples = blobs()
    centres, assignment = kmeans(samples, 1)
    torch.testing.assert_close(centres[:, 0], samples.mean(dim=1))
    assert assignment.eq(0).all()


def test_as_many_centres_as_samples_are_the_samples():
    samples = blobs(n_samples=7)
    centres, assignment = kmeans(samples, 7)
    torch.testing.assert_close(centres.gather(1, assignment[..., None].expand_as(samples)), samples)


def test_fewer_distinct_samples_than_centres():
    samples = torch.tensor([[[0.0, 1], [4, 4], [0, 1], [4, 4], [4, 4], [9, 0]]])
    centres, _ = kmeans(samples, 5)
    assert {tuple(c) for c in centres[0].round(decimals=4).tolist()} == {(0, 1), (4, 4), (9, 0)}
    same = torch.full((2, 6, 3), 7.0)
    centres, assignment = kmeans(same, 3)
    assert torch.equal(centres, torch.full((2, 3, 3), 7.0))
    assert assignment.eq(0).all()


def test_an_emptied_cluster_takes_the_farthest_sample():
    samples = torch.tensor([[[0.0], [1.0], [2.0], [40.0]]])
    init = torch.tensor([[[1.0], [-500.0]]])
    centres, assignment = kmeans(samples, 2, init=init)
    assert assignment.tolist() == [[0, 0, 0, 1]]
    torch.testing.assert_close(centres, torch.tensor([[[1.0], [40.0]]]))


def test_tolerance_and_iterations_stop_early():
    samples = blobs(n_samples=300, n_blobs=8, spread=4.0)
    init = samples[:, :8]
    exact = inertia(samples, kmeans(samples, 8, init=init, tolerance=0, iterations=500).centres)
    loose = inertia(samples, kmeans(samples, 8, init=init, tolerance=0.5).centres)
    short = inertia(samples, kmeans(samples, 8, init=init, iterations=1).centres)
    assert (exact < loose).all()
    assert (exact < short).all()


def test_half_precision_samples_are_computed_in_single():
    samples = blobs().half()
    assert kmeans(samples, 2).centres.dtype == torch.float32


@pytest.mark.parametrize(
    ("samples", "k", "options", "message"),
    [
        (torch.zeros(2, 5, 3), 6, {}, "from 1 to the 5 samples, not 6"),
        (torch.zeros(2, 5, 3), 0, {}, "not 0"),
        (torch.zeros(2, 5, 3), 2.0, {}, "not 2.0"),
        (torch.zeros(5, 3), 2, {}, r"\(sketches, samples, numbers\), not \(5, 3\)"),
        (torch.zeros(0, 5, 3), 2, {}, r"not \(0, 5, 3\)"),
        (torch.zeros(2, 5, 3), 2, {"iterations": 0}, "iterations .* not 0"),
        (torch.zeros(2, 5, 3), 2, {"tolerance": float("nan")}, "tolerance .* not nan"),
        (torch.zeros(2, 5, 3), 2, {"init": torch.zeros(2, 3, 3)}, r"\(2, 2, 3\), not \(2, 3, 3\)"),
        (torch.zeros(2, 5, 3), 2, {"init": torch.full((2, 2, 3), np.inf)}, "init holds NaN"),
    ],
)
def test_kmeans_refuses(samples, k, options, message):
    with pytest.raises(ZsbirError, match=message):
        kmeans(samples, k, **options)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_kmeans_names_the_sketch_of_a_bad_sample(bad):
    samples = torch.zeros(4, 5, 3)
    samples[2, 1, 0] = bad
    with pytest.raises(ZsbirError, match="sketch 2 hold NaN or infinite"):
        kmeans(samples, 2)
