import importlib.util
import json
import sys

import numpy as np
import pytest
import torch

from zsbir_lib.errors import ZsbirError
from zsbir_lib.metrics import evaluate_retrieval
from zsbir_lib.retrieval import (
    DiffusionIndex,
    Index,
    LargeIndex,
    build_index,
    diffusion,
    iter_rank,
    large,
    neighbour_graph,
    rank,
    shards,
)

APPROXIMATE = ("ivf", "hnsw", "ivfpq")


def needs_faiss(kind):
    if kind != "exact":
        pytest.importorskip("faiss", reason='FAISS is missing: pip install -e ".[faiss]"')


def drawn(count, width, seed, centres=1):
    """Vectors around 40 means, the same for every seed."""
    means = torch.randn(40, width, generator=torch.Generator().manual_seed(0))
    generator = torch.Generator().manual_seed(seed)
    chosen = means[torch.randint(40, (count,), generator=generator)][:, None]
    vectors = chosen + 0.5 * torch.randn(count, centres, width, generator=generator)
    return vectors[:, 0] if centres == 1 else vectors


@pytest.fixture(scope="module")
def gallery():
    return drawn(10_000, 8, 1)


@pytest.fixture(scope="module")
def queries():
    return drawn(20, 8, 2, centres=3)


@pytest.fixture(scope="module")
def made(gallery):
    """Each kind of index once; no test may change them."""
    known = {}

    def make(kind):
        needs_faiss(kind)
        if kind not in known:
            lists = {"n_lists": 16} if kind.startswith("ivf") else {}
            known[kind] = LargeIndex(gallery, kind, shard_size=6000, **lists)
        return known[kind]

    return make


def small(kind="hnsw", folder=None, count=3000, **settings):
    needs_faiss(kind)
    return LargeIndex(drawn(count, 4, 3), kind, folder=folder, **settings)


def share(found, exact):
    pairs = zip(found.indices.tolist(), exact.indices.tolist(), strict=True)
    return np.mean([len({*one} & {*other}) / len(other) for one, other in pairs])


def test_an_exact_search_of_shards_is_the_one_of_the_whole(made, gallery, queries, monkeypatch):
    monkeypatch.setattr(shards, "_PIECE", 700)
    found, exact = made("exact").search(queries, 30), rank(queries, gallery, 30)
    assert torch.equal(found.indices, exact.indices)
    assert torch.equal(found.centres, exact.centres)
    torch.testing.assert_close(found.distances, exact.distances, atol=1e-6, rtol=0)


@pytest.mark.parametrize("kind", APPROXIMATE)
def test_most_photos_are_found_and_stand_in_their_exact_order(made, gallery, queries, kind):
    index = made(kind)
    assert [shard.structure is None for shard in index.shards] == [False, False]
    found, exact = index.search(queries, 20), rank(queries, gallery)
    assert share(found, rank(queries, gallery, 20)) > 0.95
    for row, whole in zip(found.indices.tolist(), exact.indices.tolist(), strict=True):
        places = [whole.index(place) for place in row]
        assert places == sorted(places)
    places = found.indices
    torch.testing.assert_close(
        found.distances,
        exact.distances.gather(1, exact.indices.argsort(dim=1).gather(1, places)),
        atol=1e-6,
        rtol=0,
    )


@pytest.mark.parametrize("kind", APPROXIMATE)
def test_the_nearest_centre_is_told(made, gallery, queries, kind):
    found = made(kind).search(queries, 5)
    unit = torch.nn.functional.normalize
    cosines = torch.einsum(
        "qkd,qtd->qtk", unit(queries, dim=2), unit(gallery[found.indices], dim=2)
    )
    assert torch.equal(found.centres, cosines.argmax(dim=2))


@pytest.mark.parametrize("kind", ["exact", "hnsw"])
def test_photos_at_one_distance_come_in_the_order_of_the_gallery(kind):
    codes = torch.randint(0, 2, (3000, 10), generator=torch.Generator().manual_seed(0)) * 2.0 - 1
    needs_faiss(kind)
    found = LargeIndex(codes, kind, breadth=3000).search(codes[:9], 40)
    for places, distances in zip(found.indices.tolist(), found.distances.tolist(), strict=True):
        pairs = list(zip(distances, places, strict=True))
        assert pairs == sorted(pairs)


def test_a_search_that_finds_too_few_becomes_exact(made, gallery, queries):
    found, exact = made("ivf").search(queries[:2]), rank(queries[:2], gallery)
    assert torch.equal(found.indices.sort().values, exact.indices.sort().values)
    torch.testing.assert_close(found.distances, exact.distances, atol=1e-6, rtol=0)


def test_looking_farther_finds_more(queries, gallery):
    needs_faiss("ivf")
    exact, found = rank(queries, gallery, 50), []
    index = LargeIndex(gallery, "ivf", n_lists=64, breadth=1)
    for index.breadth in (1, 64):
        found.append(share(index.search(queries, 50), exact))
    assert found[0] < found[1] == 1


def test_queries_that_are_searched_exactly_are_counted(queries, gallery):
    needs_faiss("ivf")
    index = LargeIndex(gallery, "ivf", n_lists=64, breadth=64)
    index.search(queries, 50)
    assert index.exact_queries == 0
    index.breadth = 1
    found = index.search(queries, 2000)
    # Three centres look into three lists at most, of some 150 photos each.
    assert index.exact_queries == len(queries)
    assert torch.equal(found.indices, LargeIndex(gallery, "exact").search(queries, 2000).indices)
    exact = LargeIndex(gallery, "exact")
    exact.search(queries, 2000)
    assert exact.exact_queries == 0


def test_a_graph_is_built_with_more_in_view_than_faiss_would(made):
    assert made("hnsw").shards[0].structure.hnsw.efConstruction == 200


def test_rank_takes_every_kind_and_evaluation_takes_the_index(made, gallery, queries):
    needs_faiss("hnsw")
    some = gallery[:3000]
    found = rank(queries, some, 5, search="hnsw")
    assert share(found, rank(queries, some, 5)) > 0.9
    blocks = [part for _, part in iter_rank(queries, some, 5, search="hnsw")]
    assert torch.equal(torch.cat([part.indices for part in blocks]), found.indices)
    labels = np.arange(len(gallery)) % 7
    report = evaluate_retrieval(queries, labels[:20], made("exact"), labels, 10)
    assert (
        report.precision == evaluate_retrieval(queries, labels[:20], gallery, labels, 10).precision
    )


def test_a_plain_index_answers_an_exact_search_in_memory():
    assert type(build_index(torch.ones(2, 2))) is Index
    with pytest.raises(ZsbirError, match=r"an exact search has no n_lists"):
        build_index(torch.ones(2, 2), n_lists=3)
    with pytest.raises(ZsbirError, match="unknown search 'lsh': search is one of exact, ivf"):
        rank(torch.ones(1, 2), torch.ones(2, 2), search="lsh")


@pytest.mark.parametrize("kind", ["exact", "hnsw"])
def test_a_kept_gallery_is_found_again_grown_and_shrunk(tmp_path, kind):
    rows, asked = drawn(3500, 4, 3), drawn(6, 4, 9)
    needs_faiss(kind)
    LargeIndex(rows[:3000], kind, folder=tmp_path / "kept")
    index = LargeIndex.open(tmp_path / "kept")
    files = {path for path in (tmp_path / "kept").rglob("*.npy")}
    assert index.add(rows[3000:3200]) == range(3000, 3200)
    assert files <= {path for path in (tmp_path / "kept").rglob("*.npy")}  # nothing was rebuilt
    index.add(rows[3200:])
    assert [len(shard) for shard in index.shards] == [3000, 500]
    nearest = rank(asked, rows, 1).indices.unique()
    index.remove(nearest)
    assert (len(index), index.size) == (3500, 3500 - len(nearest))
    again = LargeIndex.open(tmp_path / "kept")
    assert again.removed.tolist() == nearest.tolist()
    left = np.setdiff1d(np.arange(3500), nearest)
    expected = left[rank(asked, rows[left], 10).indices.numpy()]
    for one in (index, again):
        found = one.search(asked, 10).indices.numpy()
        assert not np.isin(found, nearest).any()
        assert (found == expected).mean() > 0.9
        whole = one.search(asked[:1]).indices[0]
        assert sorted(whole.tolist()) == left.tolist()


def test_what_is_added_with_structures_goes_through_what_was_trained(tmp_path):
    needs_faiss("ivf")
    LargeIndex(drawn(3000, 4, 3), "ivf", folder=tmp_path / "kept", n_lists=8)
    index = LargeIndex.open(tmp_path / "kept")
    more = drawn(1500, 4, 5)
    index.add(more)
    assert index.shards[-1].structure.nlist == 8
    found = index.search(more[:20], 1).indices.ravel()
    assert found.tolist() == list(range(3000, 3020))


def test_making_goes_on_behind_the_last_whole_shard(tmp_path, monkeypatch):
    rows, made = drawn(3000, 4, 3), []

    def fails_at_third(*arguments):
        if len(made) == 2:
            raise KeyboardInterrupt
        made.append(arguments)
        return make_shard(*arguments)

    make_shard = large.make_shard
    monkeypatch.setattr(large, "make_shard", fails_at_third)
    with pytest.raises(KeyboardInterrupt):
        LargeIndex(rows, "exact", folder=tmp_path, shard_size=1100)
    with pytest.raises(ZsbirError, match="holds a gallery that is not finished"):
        LargeIndex.open(tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.npy")}
    monkeypatch.undo()
    index = LargeIndex(rows, "exact", folder=tmp_path, shard_size=1100)
    assert len(before) == 4
    assert all(path.stat().st_mtime_ns == time for path, time in before.items())
    assert torch.equal(index.search(rows[:3], 4).indices, rank(rows[:3], rows, 4).indices)


def test_a_change_that_fails_changes_nothing(tmp_path):
    index = small("exact", tmp_path / "kept")
    with pytest.raises(ZsbirError, match="gallery: row 1 holds NaN"):
        index.add(np.array([[1.0, 2, 3, 4], [np.nan, 0, 0, 0]]))
    with pytest.raises(ZsbirError, match="cannot remove photo 3000: it is not in the gallery"):
        index.remove([2, 3000])
    assert (len(index), index.size) == (3000, 3000)
    assert LargeIndex.open(tmp_path / "kept").size == 3000


def test_two_processes_do_not_undo_each_other(tmp_path):
    one = small("exact", tmp_path / "kept")
    other = LargeIndex.open(tmp_path / "kept")
    one.remove(0)
    with pytest.raises(ZsbirError, match=r"another process changed the gallery .* open it anew"):
        other.remove(1)
    assert other.size == 3000
    assert LargeIndex.open(tmp_path / "kept").removed.tolist() == [0]


@pytest.mark.parametrize("kind", ["exact", "hnsw"])
def test_damage_is_told(tmp_path, kind):
    small(kind, tmp_path / "kept")
    for path in (tmp_path / "kept").rglob("*~*"):
        whole = path.read_bytes()
        middle = len(whole) // 2
        path.write_bytes(whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :])
        with pytest.raises(ZsbirError, match=r"damaged .* is not what was written"):
            LargeIndex.open(tmp_path / "kept")
        path.write_bytes(whole[:-1])
        with pytest.raises(ZsbirError, match="damaged"):
            LargeIndex.open(tmp_path / "kept", check=False)
        path.write_bytes(whole)
    record = tmp_path / "kept/zsbir-gallery.json"
    text = record.read_text()
    for spoilt in (text[:-20], text.replace('"width": 4', '"width": 5'), "[]", "{}"):
        record.write_text(spoilt)
        with pytest.raises(ZsbirError, match=r"zsbir-gallery.json is damaged"):
            LargeIndex.open(tmp_path / "kept")
    record.write_text(json.dumps({**json.loads(text), "format": 99}))
    with pytest.raises(ZsbirError, match=r"another version"):
        LargeIndex.open(tmp_path / "kept")


def test_places_that_hold_something_else_are_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(ZsbirError, match=r"holds other files \(notes.txt\)"):
        small("exact", tmp_path)
    with pytest.raises(ZsbirError, match="it is a file"):
        small("exact", tmp_path / "notes.txt")
    with pytest.raises(ZsbirError, match="holds no gallery"):
        LargeIndex.open(tmp_path)
    small("exact", tmp_path / "kept")
    with pytest.raises(ZsbirError, match=r"holds a gallery: LargeIndex.open opens it"):
        small("exact", tmp_path / "kept")


@pytest.mark.parametrize(
    ("count", "kind", "settings", "message"),
    [
        (100, "ivf", {"n_lists": 5}, "5 lists take 195 photos .* there are 100: give n_lists=2"),
        (9983, "ivfpq", {}, "product codes take 9,984 photos .* there are 9,983"),
        (9984, "ivfpq", {"code_bytes": 3}, "cannot be cut into 3 parts: .* one of 1, 2, 4"),
        (100, "hnsw", {"links": 0}, "links must be a whole number, 1 or more, not 0"),
        (100, "hnsw", {"breadth": 1.5}, "breadth must be a whole number, 1 or more"),
        (0, "hnsw", {}, "empty gallery"),
    ],
)
def test_galleries_that_cannot_be_made_are_refused(count, kind, settings, message):
    with pytest.raises(ZsbirError, match=message):
        LargeIndex(np.ones((count, 4)), kind, **settings)


def test_searches_that_make_no_sense_are_refused():
    index = small("exact", count=5)
    with pytest.raises(ZsbirError, match="queries have 3 numbers and the gallery 4"):
        index.search(np.ones((1, 3)))
    with pytest.raises(ZsbirError, match="the new photos have 3 numbers and the gallery 4"):
        index.add(np.ones((1, 3)))
    with pytest.raises(ZsbirError, match="queries: row 1 holds NaN"):
        index.search(np.array([[[1.0, 0, 0, 0]] * 2, [[np.nan, 0, 0, 0]] * 2]))
    index.remove([0, 3])
    with pytest.raises(ZsbirError, match="from 1 to the gallery's 3 photos, not 4"):
        index.search(np.ones((1, 4)), 4)
    index.remove([1, 2, 4])
    with pytest.raises(ZsbirError, match="every photo of the gallery was removed"):
        index.search(np.ones((1, 4)))


def test_without_faiss_one_line_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "faiss", None)
    with pytest.raises(
        ZsbirError, match="search='hnsw' takes FAISS, which is missing: pip install"
    ):
        LargeIndex(np.ones((2000, 4)), "hnsw")
    assert LargeIndex(np.ones((2000, 4)), "exact").size == 2000


def test_a_graph_by_lists_is_nearly_the_exact_one():
    needs_faiss("ivf")
    rows = drawn(3000, 8, 4)
    exact, found = neighbour_graph(rows, 8), neighbour_graph(rows, 8, search="ivf")
    common = exact.multiply(found > 0)
    assert common.sum() > 0.95 * exact.sum()


def test_a_large_graph_without_faiss_is_one_line(monkeypatch):
    monkeypatch.setattr(diffusion, "EXACT_GRAPH", 10)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ZsbirError, match="a graph of 11 photos, more than 10, takes FAISS: pip"):
        neighbour_graph(drawn(11, 4, 3), 3)
    assert neighbour_graph(drawn(10, 4, 3), 3).shape == (10, 10)


def test_diffusion_takes_a_graph_by_lists():
    needs_faiss("ivf")
    rows = drawn(3000, 8, 4)
    index = DiffusionIndex(rows, search="ivf")
    assert (index.graph != neighbour_graph(rows, 15, search="ivf")).nnz == 0
