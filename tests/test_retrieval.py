from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.cluster import KMeans

from zsbir_lib import retrieval
from zsbir_lib.errors import ZsbirError
from zsbir_lib.retrieval import Index, iter_rank, kmeans, rank


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


# --- kmeans ------------------------------------------------------------------------------------


def test_kmeans_equals_sklearn_from_the_same_start():
    samples = blobs(n_sketches=6, spread=2.0)
    init = samples[:, :4].clone()
    centres, assignment = kmeans(samples, 4, init=init, tolerance=0, iterations=300)
    for sketch in range(len(samples)):
        theirs = KMeans(4, init=init[sketch].numpy(), n_init=1, tol=0, max_iter=300)
        theirs.fit(samples[sketch].numpy())
        np.testing.assert_array_equal(assignment[sketch], theirs.labels_)
        np.testing.assert_allclose(centres[sketch], theirs.cluster_centers_, atol=1e-9)


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


# --- ranking -----------------------------------------------------------------------------------


def naive_rank(queries, gallery, top_k):
    """Rank one pair after another in double precision, ties in gallery order."""
    queries, gallery = np.asarray(queries, dtype=float), np.asarray(gallery, dtype=float)
    if queries.ndim == 2:
        queries = queries[:, None]

    def cosine(a, b):
        norms = np.sqrt((a @ a) * (b @ b))
        return a @ b / norms if norms else 0.0

    rows = []
    for centres in queries:
        distances = []
        for place, photo in enumerate(gallery):
            cosines = [cosine(centre, photo) for centre in centres]
            # Equal up to the rounding of this reference means equal.
            nearest = next(i for i, c in enumerate(cosines) if c > max(cosines) - 1e-12)
            distances.append((round(1 - max(cosines), 12), place, nearest))
        rows.append(sorted(distances)[:top_k])
    return tuple(np.array([[row[i] for row in rows_] for rows_ in rows]) for i in (1, 0, 2))


@pytest.mark.parametrize("shape", [(17, 6), (17, 1, 6), (17, 3, 6)])
@pytest.mark.parametrize("top_k", [1, 10, 40, None])
def test_rank_equals_the_naive_one(shape, top_k):
    queries = torch.randn(shape, generator=seeded(1))
    gallery = torch.randn(40, 6, generator=seeded(2))
    found = rank(queries, gallery, top_k)
    indices, distances, centres = naive_rank(queries, gallery, top_k or 40)
    np.testing.assert_array_equal(found.indices, indices)
    np.testing.assert_allclose(found.distances, distances, atol=1e-6)
    np.testing.assert_array_equal(found.centres, centres)
    assert found.indices.dtype == found.centres.dtype == torch.int64
    assert found.distances.dtype == torch.float32
    assert len(found) == 17


@given(
    seed=st.integers(0, 10_000),
    n_centres=st.sampled_from([1, 2, 3]),
    n_photos=st.integers(1, 40),
    data=st.data(),
)
@settings(max_examples=60, deadline=None)
def test_ties_come_in_gallery_order(seed, n_centres, n_photos, data):
    """Binary codes of few bits: nearly every distance is a tie, at the cut as well."""
    g = seeded(seed)
    queries = torch.randint(0, 2, (9, n_centres, 6), generator=g) * 2 - 1
    gallery = torch.randint(0, 2, (n_photos, 6), generator=g) * 2 - 1
    top_k = data.draw(st.integers(1, n_photos))
    found = rank(queries, gallery, top_k)
    indices, _, centres = naive_rank(queries, gallery, top_k)
    np.testing.assert_array_equal(found.indices, indices)
    np.testing.assert_array_equal(found.centres, centres)


@pytest.mark.parametrize("width", [48, 100, 513])
@pytest.mark.parametrize("n_queries", [1, 3, 40])
def test_long_codes_and_repeated_photos_tie_exactly(width, n_queries):
    g = seeded(width)
    queries = torch.randint(0, 2, (n_queries, width), generator=g) * 2 - 1
    codes = torch.randint(0, 2, (500, width), generator=g) * 2 - 1
    hamming = (queries[:, None] != codes[None]).sum(dim=2)
    expected = torch.sort(hamming, dim=1, stable=True).indices
    assert torch.equal(rank(queries, codes).indices, expected)
    # A photo that is in the gallery three times, once at another scale.
    photos = torch.rand(500, width, generator=g)
    photos[250], photos[499] = photos[7], 4 * photos[7]
    found = rank(torch.rand(n_queries, width, generator=g), photos)
    for row, distances in zip(found.indices.tolist(), found.distances, strict=True):
        first = row.index(7)
        assert row[first : first + 3] == [7, 250, 499]
        assert distances[first] == distances[first + 2]


def test_equal_distances_are_in_order_in_every_ranking():
    found = rank(torch.rand(50, 3, generator=seeded()), torch.rand(3000, 3, generator=seeded(1)))
    same = found.distances[:, 1:] == found.distances[:, :-1]
    assert same.any()
    assert (found.indices[:, 1:] > found.indices[:, :-1])[same].all()
    assert (found.distances[:, 1:] >= found.distances[:, :-1]).all()


@pytest.mark.parametrize("width", [24, 1000])
@pytest.mark.parametrize("n_centres", [1, 5])
def test_the_result_does_not_depend_on_the_blocks(n_centres, width):
    queries = torch.rand(700, n_centres, width, generator=seeded(3))
    gallery = torch.rand(301, width, generator=seeded(4))
    index = Index(gallery)
    whole = index.search(queries)
    with pytest.raises(ZsbirError) as error:
        index.iter_search(queries, 50, memory=0)
    least = int(str(error.value).split()[-1])
    for memory in (least, least + 20_000, least + 300_000, 2**40):
        blocks = list(index.iter_search(queries, 50, memory=memory))
        sizes = [len(block) for _, block in blocks]
        assert [start for start, _ in blocks] == list(np.cumsum([0, *sizes[:-1]]))
        for field in ("indices", "distances", "centres"):
            joined = torch.cat([getattr(block, field) for _, block in blocks])
            assert torch.equal(joined, getattr(whole, field)[:, :50]), (memory, field)
        if memory == least:
            assert sizes == [1] * 700
    # One sketch asked alone gets what it gets among others.
    alone = index.search(queries[123:124])
    torch.testing.assert_close(alone.distances, whole.distances[123:124], atol=2e-6, rtol=0)


def test_products_shrink_for_a_large_gallery(monkeypatch):
    queries = torch.rand(50, 3, 8, generator=seeded())
    gallery = torch.rand(100, 8, generator=seeded(1))
    usual = rank(queries, gallery)
    monkeypatch.setattr(retrieval, "_PRODUCT_BYTES", 20_000)
    index = Index(gallery)
    assert index._queries_in_product(50, 3) == 10
    found = index.search(queries)
    torch.testing.assert_close(found.distances, usual.distances, atol=2e-6, rtol=0)


def peak_bytes(reset=False):
    """Return the largest memory of this process so far, or since the last reset."""
    try:
        if reset:
            Path("/proc/self/clear_refs").write_text("5")
        status = Path("/proc/self/status").read_text()
    except OSError as error:
        pytest.skip(f"the peak of this process's memory cannot be read here: {error}")
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


def test_memory_bounds_the_block():
    queries = torch.rand(2000, 4, 16, generator=seeded())
    index = Index(torch.rand(20_000, 16, generator=seeded(1)))
    limit = 64 * 2**20
    list(index.iter_search(queries[:2], memory=limit))  # warms the libraries up
    before = peak_bytes(reset=True)
    count = sum(len(part) for _, part in index.iter_search(queries, memory=limit))
    used = peak_bytes() - before
    assert count == 2000
    # All at once would take 2000 x 4 x 20,000 products of 4 bytes = 640 MB, and more to sort.
    assert limit / 2 < used < limit + 24 * 2**20


def test_zero_vectors_have_cosine_zero():
    gallery = torch.tensor([[0.0, 0], [1, 0], [-1, 0]])
    found = rank(torch.tensor([[2.0, 0], [0, 0]]), gallery)
    assert found.indices.tolist() == [[1, 0, 2], [0, 1, 2]]
    assert found.distances.tolist() == [[0, 1, 2], [1, 1, 1]]


def test_scale_does_not_matter():
    g = seeded()
    queries, gallery = torch.rand(5, 8, generator=g), torch.rand(30, 8, generator=g)
    usual = rank(queries, gallery)
    for scale in (2.0**-100, 2.0**100):
        assert torch.equal(rank(queries * scale, gallery * scale).distances, usual.distances)
    for scale in (1e-300, 1e300):
        found = rank(queries.double() * scale, gallery.numpy().astype(float) * scale)
        assert torch.equal(found.indices, usual.indices)
    found = rank(queries * 1e-42, gallery)
    assert torch.isfinite(found.distances).all()


def test_arrays_tensors_and_other_types_agree():
    queries = np.random.default_rng(0).integers(0, 9, (4, 2, 6))
    gallery = np.random.default_rng(1).integers(0, 9, (20, 6))
    usual = rank(torch.tensor(queries), torch.tensor(gallery)).indices
    frozen = gallery.astype(np.float32)
    frozen.flags.writeable = False
    assert torch.equal(rank(queries.astype(np.uint8), frozen).indices, usual)
    assert torch.equal(rank(queries[::-1].astype(float), gallery).indices, usual.flip(0))
    assert torch.equal(rank(queries.tolist(), gallery.astype(np.float16)).indices, usual)
    half = torch.tensor(gallery).to(torch.bfloat16).requires_grad_()
    found = rank(torch.tensor(queries), half)
    assert torch.equal(found.indices, usual)
    assert not found.distances.requires_grad


def test_an_index_keeps_its_own_copy():
    gallery = torch.rand(10, 4, generator=seeded())
    queries = torch.rand(2, 4, generator=seeded(1))
    index = Index(gallery, device="cpu")
    before = index.search(queries).distances
    gallery.zero_()
    assert torch.equal(index.search(queries).distances, before)
    assert len(index) == 10
    assert index.search(queries, 3).indices.shape == (2, 3)
    assert next(index.iter_search(queries, 3, with_centres=False))[1].centres is None


def test_iter_rank_gives_the_blocks_of_rank():
    queries, gallery = torch.rand(30, 4, generator=seeded()), torch.rand(9, 4, generator=seeded(1))
    blocks = list(iter_rank(queries, gallery, 5, memory=5_000))
    assert len(blocks) > 1
    indices = torch.cat([block.indices for _, block in blocks])
    assert torch.equal(indices, rank(queries, gallery, 5).indices)


@pytest.mark.parametrize("top_k", [1, 7, 30])
def test_selection_on_an_accelerator_is_the_same(top_k):
    """The selection that CUDA uses, on tensors of the CPU."""
    distances = torch.randint(0, 4, (20, 30), generator=seeded()).float() / 2
    indices, smallest = retrieval._select(distances, torch.arange(30), top_k)
    keys = distances.view(torch.int32).long() << 32 | torch.arange(30)
    keys = retrieval._smallest_sorted(keys, top_k)
    assert torch.equal(keys & 0xFFFFFFFF, indices)
    assert torch.equal(indices, torch.sort(distances, stable=True).indices[:, :top_k])
    assert torch.equal(smallest, torch.sort(distances).values[:, :top_k])


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device on this machine")
def test_cuda_agrees_with_the_cpu():
    queries = torch.randn(300, 3, 64, generator=seeded())
    gallery = torch.randn(2000, 64, generator=seeded(1))
    gallery[1500:] = gallery[:500]
    here, there = rank(queries, gallery, 100), rank(queries, gallery, 100, device="cuda")
    torch.testing.assert_close(here.distances, there.distances, atol=2e-6, rtol=0)
    assert (here.indices == there.indices).float().mean() > 0.99


@pytest.mark.parametrize(
    ("queries", "gallery", "top_k", "message"),
    [
        (np.ones((2, 3)), np.ones((4, 3)), 5, "K must be .* from 1 to the gallery's 4 photos, not"),
        (np.ones((2, 3)), np.ones((4, 3)), 0, "K must be .* not 0"),
        (np.ones((2, 3)), np.ones((4, 3)), 1.5, "K must be .* not 1.5"),
        (np.ones((2, 3)), np.ones((4, 5)), 1, "queries have 3 numbers and the gallery 5"),
        (np.ones((0, 3)), np.ones((4, 3)), 1, r"empty queries: shape \(0, 3\)"),
        (np.ones((2, 3)), np.ones((0, 3)), 1, r"empty gallery: shape \(0, 3\)"),
        (np.ones(3), np.ones((4, 3)), 1, r"queries must have shape \(rows, numbers\) or"),
        (np.ones((2, 3)), np.ones((4, 2, 3)), 1, r"gallery must have shape \(rows, numbers\), not"),
        ([["a", "b"]], np.ones((4, 2)), 1, "queries must be real numbers, not <U1"),
        (np.ones((2, 3)), torch.ones(4, 3) * 1j, 1, "gallery must be real numbers"),
    ],
)
def test_rank_refuses(queries, gallery, top_k, message):
    with pytest.raises(ZsbirError, match=message):
        rank(queries, gallery, top_k)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("as_type", [np.float32, np.float64, torch.tensor])
def test_rank_names_the_row_of_a_bad_number(bad, as_type):
    good, spoilt = np.ones((900, 3)), np.ones((900, 3))
    spoilt[700, 2] = bad
    with pytest.raises(ZsbirError, match="queries: row 700 holds NaN or infinite"):
        rank(as_type(spoilt), as_type(good), 1)
    with pytest.raises(ZsbirError, match="gallery: row 700 holds NaN or infinite"):
        rank(as_type(good), as_type(spoilt), 1)
    centres = as_type(spoilt).reshape(300, 3, 3)
    with pytest.raises(ZsbirError, match="queries: row 233 holds NaN or infinite"):
        rank(centres, as_type(good), 1)


def test_too_little_memory_says_how_much_is_needed():
    queries, gallery = torch.ones(2, 3), torch.ones(50, 3)
    with pytest.raises(ZsbirError, match="memory of 100 bytes is too small") as error:
        rank(queries, gallery, 1, memory=100)
    needed = int(str(error.value).split()[-1])
    assert len(rank(queries, gallery, 1, memory=needed)) == 2
    with pytest.raises(ZsbirError, match="too small"):
        rank(queries, gallery, 1, memory=needed - 1)


def test_unknown_device_is_refused():
    with pytest.raises(ZsbirError, match="unknown device"):
        Index(torch.ones(2, 2), device="abacus")
