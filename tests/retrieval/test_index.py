"""Ranking by the nearest centre, exactly, in blocks, with ties in the order of the gallery."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils._python_dispatch import TorchDispatchMode

from zsbir_lib.errors import ZsbirError
from zsbir_lib.retrieval import Index, iter_rank, rank
from zsbir_lib.retrieval.selection import select_smallest, smallest_sorted


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


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


class Largest(TorchDispatchMode):
    """Notes the bytes of the largest tensor that is made or written."""

    bytes = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        made = func(*args, **(kwargs or {}))
        for one in made if isinstance(made, (tuple, list)) else [made]:
            if isinstance(one, torch.Tensor):
                self.bytes = max(self.bytes, one.nbytes)
        return made


def test_products_shrink_for_a_large_gallery():
    queries = torch.rand(100, 3, 8, generator=seeded())
    index = Index(torch.rand(150_000, 8, generator=seeded(1)))
    with Largest() as largest:
        found = index.search(queries, 5)
    # All products at once would be 180 MB.
    assert 2**20 < largest.bytes < 2**27
    for start in range(0, 100, 25):
        some = index.search(queries[start : start + 25], 5)
        rows = found.distances[start : start + 25]
        torch.testing.assert_close(some.distances, rows, atol=2e-6, rtol=0)


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
    # (It may take less than it grew by: what earlier tests gave back is used again.)
    assert used < limit + 24 * 2**20


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
    indices, smallest = select_smallest(distances, torch.arange(30), top_k)
    keys = distances.view(torch.int32).long() << 32 | torch.arange(30)
    keys = smallest_sorted(keys, top_k)
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


@pytest.mark.parametrize("values", [4, 60, 2**20], ids=["many ties", "some ties", "few ties"])
@pytest.mark.parametrize("top_k", [1, 10, 100])
def test_few_of_many_are_selected_as_a_stable_sort_does(values, top_k):
    """A large gallery is looked through by minima of groups, which must change nothing."""
    distances = torch.randint(0, values, (9, 5003), generator=seeded()).float() / values
    distances[3] = 0.5
    indices, smallest = select_smallest(distances, torch.arange(5003), top_k)
    assert torch.equal(indices, torch.sort(distances, stable=True).indices[:, :top_k])
    assert torch.equal(smallest, torch.sort(distances).values[:, :top_k])


def test_copies_of_a_photo_tie_wherever_they_stand():
    """Photos are multiplied in runs of 1,024; the last run overlaps the one before it."""
    generator = torch.Generator().manual_seed(5)
    some = torch.randn(701, 37, generator=generator)
    gallery = some[torch.arange(2500) % 701]
    found = rank(some[:40], gallery)
    copies = torch.stack([torch.arange(2500)[torch.arange(2500) % 701 == one][:3]
                          for one in range(40)])  # fmt: skip
    assert torch.equal(found.indices[:, :3], copies)
    first = found.distances[:, 0]
    assert torch.equal(found.distances[:, 2], first)
    exact = 1 - torch.nn.functional.cosine_similarity(some[:40, None], gallery[None, :700], dim=2)
    ours = torch.empty(40, 2500).scatter_(1, found.indices, found.distances)
    torch.testing.assert_close(ours[:, :700], exact, atol=1e-5, rtol=0)
    torch.testing.assert_close(ours[:, 2103:], ours[:, :397], atol=0, rtol=0)
