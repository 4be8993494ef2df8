import numpy as np
import pytest
import torch
from scipy import sparse

from zsbir_lib.errors import ZsbirError
from zsbir_lib.retrieval import DiffusionIndex, Index, neighbour_graph, rank, whiten_neighbours


@pytest.fixture
def gallery():
    return torch.randn(60, 8, generator=torch.Generator().manual_seed(0))


def dense(graph):
    assert sparse.issparse(graph)
    return graph.toarray().astype(float)


def test_the_graph_is_symmetric_without_loops_and_its_eigenvalues_are_at_most_one(gallery):
    graph = dense(neighbour_graph(gallery, 5))
    assert np.allclose(graph, graph.T, atol=1e-7)
    assert not graph.diagonal().any()
    assert np.abs(np.linalg.eigvalsh(graph)).max() <= 1 + 1e-6
    assert (graph > 0).sum(axis=1).min() >= 1


def test_the_graph_joins_nearest_neighbours():
    line = torch.tensor([[np.cos(a), np.sin(a)] for a in (0.0, 0.1, 0.25, 1.2, 1.3)])
    edges = {tuple(pair) for pair in np.argwhere(dense(neighbour_graph(line.float(), 1)) > 0)}
    assert edges == {(0, 1), (1, 0), (1, 2), (2, 1), (3, 4), (4, 3)}


def test_an_edge_weighs_the_cosine_times_the_share_of_common_neighbours():
    # Three photos close together and one apart; with one neighbour each, 3 chooses 2.
    angles = np.array([0.0, 0.1, 0.25, 0.6])
    photos = torch.from_numpy(np.stack([np.cos(angles), np.sin(angles)], axis=1)).float()
    members = [{0, 1}, {1, 0}, {2, 1}, {3, 2}]
    raw = np.zeros((4, 4))
    for i, j, chosen_by in ((0, 1, 2), (1, 2, 1), (2, 3, 1)):
        share = len(members[i] & members[j]) / len(members[i] | members[j])
        raw[i, j] = raw[j, i] = np.cos(angles[i] - angles[j]) * chosen_by / 2 * share
    scale = 1 / np.sqrt(raw.sum(axis=1))
    expected = scale[:, None] * raw * scale
    assert np.allclose(dense(neighbour_graph(photos, 1)), expected, atol=1e-6)


def test_copies_of_a_photo_are_joined_and_never_with_themselves():
    photos = torch.ones(4, 3)
    graph = dense(neighbour_graph(photos, 2))
    assert not graph.diagonal().any()
    assert (graph > 0).any(axis=1).all()


def test_whitened_neighbours_differ_alike_in_every_direction(gallery):
    stretched = gallery * torch.logspace(-1, 1, 8)
    graph = neighbour_graph(stretched, 6)
    whitened = whiten_neighbours(stretched, graph, 1e-9).numpy().astype(float)
    weights = dense(graph)
    by_hand = np.zeros((8, 8))
    for i, j in np.argwhere(weights > 0):
        difference = whitened[i] - whitened[j]
        by_hand += 0.5 * weights[i, j] * np.outer(difference, difference)
    assert np.allclose(by_hand / by_hand[0, 0], np.eye(8), atol=1e-3)


def test_full_shrinkage_whitens_nothing(gallery):
    same = whiten_neighbours(gallery, neighbour_graph(gallery, 6), 1.0)
    assert torch.allclose(same @ same.T, gallery @ gallery.T, atol=1e-5)


def test_scores_solve_the_linear_system(gallery):
    index = DiffusionIndex(gallery, n_neighbours=6, diffusion=0.95, tolerance=1e-6)
    first = np.random.default_rng(0).random((3, 60)).astype(np.float32)
    exact = np.linalg.solve(np.eye(60) - 0.95 * dense(index.graph), first.T).T
    assert np.allclose(index.spread(first), exact, rtol=2e-5)


@pytest.mark.parametrize("tolerance", [1e-1, 1e-3])
def test_the_error_stays_within_the_tolerance(gallery, tolerance):
    index = DiffusionIndex(gallery, diffusion=0.9, tolerance=tolerance)
    first = np.eye(60, dtype=np.float32)[:5]
    exact = np.linalg.solve(np.eye(60) - 0.9 * dense(index.graph), first.T).T
    error = np.linalg.norm(index.spread(first) - exact, axis=1)
    assert (error <= tolerance * np.linalg.norm(exact, axis=1)).all()


def test_without_diffusion_the_order_is_that_of_the_cosine(gallery):
    queries = torch.randn(7, 8, generator=torch.Generator().manual_seed(1))
    spread = DiffusionIndex(gallery, diffusion=0.0).search(queries)
    assert torch.equal(spread.indices, rank(queries, gallery).indices)
    assert (spread.distances[:, 0] == 0).all()


def test_a_neighbour_of_what_was_found_rises():
    # The query is near photo 0. Photo 1 resembles photo 0; photo 2 is as far from the query as 1.
    query = torch.tensor([[1.0, 0.0, 0.0]])
    photos = torch.tensor([[0.9, 0.3, 0.0], [0.5, 0.8, 0.0], [0.55, -0.4, 0.7], [-1.0, 0.2, 0.1]])
    assert Index(photos).search(query).indices[0].tolist()[:3] == [0, 2, 1]
    options = {"n_neighbours": 1, "temperature": 0.1}
    assert DiffusionIndex(photos, **options).search(query).indices[0].tolist()[:2] == [0, 1]


def test_another_embedding_can_make_the_graph(gallery):
    graph = torch.randn(60, 3, generator=torch.Generator().manual_seed(2))
    index = DiffusionIndex(gallery, graph, n_neighbours=4)
    assert np.array_equal(dense(index.graph), dense(neighbour_graph(graph, 4)))


def test_a_query_does_not_depend_on_the_others(gallery):
    queries = torch.randn(9, 8, generator=torch.Generator().manual_seed(3))
    index = DiffusionIndex(gallery)
    assert torch.equal(index.search(queries).indices[4:5], index.search(queries[4:5]).indices)


def test_every_way_to_multiply_gives_the_same(gallery, monkeypatch):
    first = np.random.default_rng(0).random((3, len(gallery)), dtype=np.float32)
    usual = DiffusionIndex(gallery).spread(first)
    monkeypatch.setattr(torch.backends.mkl, "is_available", lambda: False)
    np.testing.assert_allclose(DiffusionIndex(gallery).spread(first), usual, rtol=1e-5)


def test_photos_without_neighbours_keep_their_order():
    alone = DiffusionIndex(torch.tensor([[1.0, 2.0]]))
    assert alone.search(torch.tensor([[1.0, 0.0]]), 1).indices.tolist() == [[0]]
    opposite = torch.tensor([[1.0, 0.0], [-1.0, 0.0]])
    found = DiffusionIndex(opposite).search(torch.tensor([[-1.0, 0.1]]), 2)
    assert found.indices.tolist() == [[1, 0]]


def test_centres_are_spread_too(gallery):
    queries = torch.randn(2, 3, 8, generator=torch.Generator().manual_seed(4))
    ranking = DiffusionIndex(gallery).search(queries, 5)
    assert ranking.indices.shape == ranking.centres.shape == (2, 5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"graph": torch.rand(5, 2)}, "the graph has 5 photos and the gallery 60"),
        ({"diffusion": 1.0}, "diffusion from 0 to below 1"),
        ({"n_neighbours": 0}, "neighbours must be 1 or more"),
        ({"temperature": 0.0}, "temperature and tolerance above 0"),
    ],
)
def test_bad_options_are_refused(gallery, options, message):
    with pytest.raises(ZsbirError, match=message):
        DiffusionIndex(gallery, **options)
