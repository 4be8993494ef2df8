import numpy as np
import pytest
import torch
from scipy.stats import spearmanr

from zsbir_lib.errors import NoRelevantPhotoError, ZsbirError
from zsbir_lib.features import RetrievalTask
from zsbir_lib.methods import Cosine
from zsbir_lib.protocols import fine_grained


def make_task(query_photo=None, seed=0):
    """Two classes of 6 and 4 photos; queries 0-2 are drawn from photos 1, 4 and 7."""
    g = torch.Generator().manual_seed(seed)
    labels = torch.tensor([0] * 6 + [1] * 4)
    gallery = torch.randn(10, 5, generator=g)
    own = torch.tensor([1, 4, 7]) if query_photo is None else torch.tensor(query_photo)
    queries = gallery[own] + 0.8 * torch.randn(3, 5, generator=g)
    return RetrievalTask(
        queries=queries,
        gallery=gallery,
        query_labels=torch.tensor([0, 0, 1]),
        gallery_labels=labels,
        class_names=("a", "b"),
        query_ids=("q0", "q1", "q2"),
        gallery_ids=tuple(f"p{i}" for i in range(10)),
        query_photo=own,
    )


def cosines(task):
    unit = torch.nn.functional.normalize
    return (unit(task.queries, dim=1) @ unit(task.gallery, dim=1).T).numpy()


@pytest.mark.parametrize("seed", range(5))
def test_recall_agrees_with_counting(seed):
    task = make_task(seed=seed)
    found = fine_grained(Cosine(), task)
    similarity, own = cosines(task), task.query_photo.numpy()
    of_class = task.gallery_labels.numpy() == task.query_labels.numpy()[:, None]
    better = similarity > similarity[np.arange(3), own][:, None]
    rank, rank_class = better.sum(axis=1), (better & of_class).sum(axis=1)
    for k in (1, 5, 10):
        per_class = [(rank[:2] < k).mean(), (rank[2:] < k).mean()]
        assert found.recall[k] == pytest.approx(np.mean(per_class))
        per_class = [(rank_class[:2] < k).mean(), (rank_class[2:] < k).mean()]
        assert found.recall_in_class[k] == pytest.approx(np.mean(per_class))
    assert found.chance_in_class[1] == pytest.approx((1 / 6 + 1 / 4) / 2)
    assert found.chance_in_class[5] == pytest.approx((5 / 6 + 1) / 2)
    assert found.recall[10] == 1.0
    assert found.shape_correlation is None


def test_shape_correlation_is_spearmans_over_the_other_photos_of_the_class():
    task = make_task()
    shapes = np.random.default_rng(0).random((10, 10))
    found = fine_grained(Cosine(), task, shapes)
    values = []
    for query, own in enumerate(task.query_photo.tolist()):
        others = np.flatnonzero(task.gallery_labels.numpy() == int(task.query_labels[query]))
        others = others[others != own]
        values.append(spearmanr(-cosines(task)[query, others], shapes[own, others]).statistic)
    assert found.per_class["a"]["shape_correlation"] == pytest.approx(np.mean(values[:2]))
    assert found.shape_correlation == pytest.approx((np.mean(values[:2]) + values[2]) / 2)


def test_an_order_by_shape_correlates_fully():
    """Photos on a quarter of a circle, whose true distance is the angle between them."""
    angles = torch.linspace(0, 1.5, 8)
    points = torch.stack([angles.cos(), angles.sin()], dim=1)
    task = RetrievalTask(
        points, points, torch.zeros(8).long(), torch.zeros(8).long(), ("a",),
        tuple("qwertyui"), tuple("asdfghjk"), torch.arange(8),
    )  # fmt: skip
    shapes = (angles[:, None] - angles).abs().numpy() + 1e-4 * np.arange(8)
    found = fine_grained(Cosine(), task, shapes)
    assert found.shape_correlation > 0.97
    assert fine_grained(Cosine(), task, -shapes).shape_correlation < -0.97


def test_queries_whose_photo_is_absent_are_left_out():
    task = make_task(query_photo=[1, 4, 7])
    part = RetrievalTask(**{**vars(task), "query_photo": torch.tensor([1, -1, -1])})
    found = fine_grained(Cosine(), part)
    assert found.n_queries == 1
    assert list(found.per_class) == ["a"]
    none = RetrievalTask(**{**vars(task), "query_photo": torch.tensor([-1, -1, -1])})
    with pytest.raises(NoRelevantPhotoError, match="no sketch has the photo"):
        fine_grained(Cosine(), none)


def test_shapes_of_another_gallery_are_refused():
    with pytest.raises(ZsbirError, match=r"shapes must have shape \(10, 10\)"):
        fine_grained(Cosine(), make_task(), np.zeros((3, 3)))
