"""K-means of many small sets at once: the samples of every sketch, each set for itself."""

from __future__ import annotations

import copy
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from zsbir_lib.errors import ZsbirError

# Of samples that a CPU clusters at once: its caches hold them, and the next ones use their memory.
CPU_BYTES = 2**24
# Of a symmetric product: more of them spare more of it, and are slower each.
GRAM_STRIPES = 4


class Clusters(NamedTuple):
    """What `kmeans` found: `centres` (B, K, D) and `assignment` (B, N), int64."""

    centres: Tensor
    assignment: Tensor


def kmeans(
    samples: Tensor,
    k: int,
    *,
    iterations: int = 100,
    tolerance: float = 1e-4,
    init: Tensor | None = None,
    generator: torch.Generator | None = None,
) -> Clusters:
    """Cluster the samples of every sketch into `k` centres, all sketches in one computation.

    Lloyd's algorithm from a k-means++ start (Arthur and Vassilvitskii, 2007). Each sketch stops
    for itself, so its centres do not depend on the sketches computed beside it; and the random
    numbers are drawn sketch after sketch, so cutting a batch in consecutive parts that share one
    generator changes nothing but roundings.

    A cluster that loses its last sample takes over the sample farthest from its own centre,
    unless that would empty another cluster or all samples sit on centres already. A sketch with
    fewer than `k` distinct samples therefore gets each of them as a centre, some more than once:
    a distance to the nearest centre is not changed by that.

    Parameters
    ----------
    samples
        Shape (B, N, D): N samples of D numbers for each of B sketches. Half precision is
        computed in float32.
    k
        Number of centres, 1 to N. One centre is the mean of the samples.
    iterations
        Most rounds of Lloyd's algorithm, at least 1.
    tolerance
        A sketch stops when no sample changes its cluster, or when the squared movement of its
        centres is at most `tolerance` times the mean variance of its samples' coordinates.
    init
        First centres, shape (B, K, D), in place of k-means++.
    generator
        Source of the random numbers, on the CPU or on the device of `samples`; ``None`` takes one
        with seed 0. Not used with `init`.

    Returns
    -------
    Clusters
        `centres`, shape (B, K, D), in the type of the computation; `assignment`, int64, shape
        (B, N): the nearest centre of each sample, the first of several equally near.

    Raises
    ------
    ZsbirError
        If a shape is wrong, `k` is not in 1..N, `iterations` or `tolerance` is out of range, or
        a sample is NaN or infinite.
    """
    samples = _check_samples(samples, k, iterations, tolerance)
    n_sketches, n_samples, width = samples.shape
    if init is None:
        if generator is None:
            generator = torch.Generator().manual_seed(0)
        starts = torch.rand(
            (n_sketches, k), generator=generator, device=generator.device, dtype=torch.float64
        ).to(samples)
    else:
        starts = torch.as_tensor(init)
        if tuple(starts.shape) != (n_sketches, k, width):
            raise ZsbirError(
                f"init must have shape {(n_sketches, k, width)}, not {tuple(starts.shape)}"
            )
        starts = starts.to(samples)
        if not bool(torch.isfinite(starts).all()):
            raise ZsbirError("init holds NaN or infinite numbers")
    block = n_sketches
    if samples.device.type == "cpu":
        block = min(block, max(1, CPU_BYTES // (samples[0].numel() * samples.element_size())))
    # Of every block in turn: fresh memory costs more time than what is computed in it.
    rows = samples.new_empty(block, n_samples + k, width)
    found = []
    for first in range(0, n_sketches, block):
        part, start = samples[first : first + block], starts[first : first + block]
        # Distances are differences of large numbers where features lie far from 0: cluster around
        # their mean. It is also the cheapest look at each: what is not finite makes it so.
        origin = part.mean(dim=1, keepdim=True)
        if not bool(torch.isfinite(origin.sum())):
            _check_finite(part, first)
        found.append(_lloyd(part, origin, start, rows[: len(part)], iterations, tolerance))
    return found[0] if len(found) == 1 else Clusters(*map(torch.cat, zip(*found, strict=True)))


def _lloyd(
    samples: Tensor, origin: Tensor, starts: Tensor, rows: Tensor, iterations: int, tolerance: float
) -> Clusters:
    """Cluster samples (B, N, D) from first centres (B, K, D), or from K numbers drawn for each.

    `rows`, shape (B, N + K, D), is overwritten: with samples and first centres about the origin.
    """
    n_samples, k = samples.shape[1], starts.shape[1]
    points = torch.sub(samples, origin, out=rows[:, :n_samples])
    rows[:, n_samples:] = _kmeans_plus_plus(points, starts) if starts.ndim == 2 else starts - origin
    # Every centre is a combination of rows: at first it is one of the last K of them, then a mean.
    weights = rows.new_zeros(len(rows), k, n_samples + k)
    weights[:, range(k), range(n_samples, n_samples + k)] = 1
    products = everything = _Products(rows)
    inner = products(weights)
    # The mean of each coordinate is 0, so the squares are the variances.
    enough = tolerance * products.squares()[:, :n_samples].mean(dim=1) / rows.shape[2]
    assignment = torch.full(samples.shape[:2], -1, dtype=torch.int64, device=rows.device)
    # The sketches that are computed, and which of them still run. Most stop long before the last
    # one does; the others are left behind when they are half, as copying costs a round's time.
    kept = torch.arange(len(rows), device=rows.device)
    running = torch.ones_like(kept, dtype=torch.bool)
    for _ in range(iterations):
        before = weights[kept]
        found = _nearest((before * inner).sum(dim=2), inner[..., :n_samples])
        changed = (found != assignment[kept]).any(dim=1)
        found = torch.where(running[:, None], found, assignment[kept])
        assignment[kept] = found
        running &= changed
        if not bool(running.any()):
            break
        moved = torch.where(running[:, None, None], _means(rows, kept, before, found), before)
        weights[kept] = moved
        after = products(moved)
        running &= ((moved - before) * (after - inner)).sum(dim=(1, 2)) > enough[kept]
        inner = after
        if 2 * int(running.sum()) <= len(kept):
            products, inner = products.of(running), inner[running]
            kept, running = kept[running], running[running]
    centres = torch.bmm(weights, rows) + origin
    inner = everything(weights)
    return Clusters(centres, _nearest((weights * inner).sum(dim=2), inner[..., :n_samples]))


class _Products:
    """Inner products of the rows (B, R, D) of some sketches with combinations of them."""

    def __init__(self, rows: Tensor) -> None:
        self.rows = rows
        # Fewer rows than numbers: their own inner products, found once, spare each round D.
        self.table = _gram(rows) if rows.shape[1] <= rows.shape[2] else None

    def __call__(self, weights: Tensor) -> Tensor:
        """Return the inner products, shape (B, K, R), for weights of shape (B, K, R)."""
        if self.table is not None:
            return torch.bmm(weights, self.table)
        return torch.bmm(torch.bmm(weights, self.rows), self.rows.mT)

    def squares(self) -> Tensor:
        """Return the inner product of each row with itself, shape (B, R)."""
        if self.table is not None:
            return self.table.diagonal(dim1=1, dim2=2)
        return self.rows.square().sum(dim=2)

    def of(self, sketches: Tensor) -> _Products:
        """Return those of some of the sketches."""
        some = copy.copy(self)
        if self.table is None:
            some.rows = self.rows[sketches]
        else:
            some.table = self.table[sketches]
        return some


def _gram(rows: Tensor) -> Tensor:
    """Return rows @ rows.mT, shape (B, R, R), computing most of the equal halves once."""
    size = rows.shape[1]
    table = rows.new_empty(len(rows), size, size)
    step = -(-size // GRAM_STRIPES)
    for start in range(0, size, step):
        stripe = slice(start, start + step)
        table[:, stripe, : start + step] = torch.bmm(rows[:, stripe], rows[:, : start + step].mT)
        table[:, :start, stripe] = table[:, stripe, :start].mT
    return table


def is_integer(value: object) -> bool:
    """Tell whether a value is a whole number, and no bool."""
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def _check_samples(samples: Tensor, k: int, iterations: int, tolerance: float) -> Tensor:
    if not isinstance(samples, Tensor):
        samples = torch.as_tensor(np.asarray(samples))
    if samples.ndim != 3 or 0 in samples.shape:
        raise ZsbirError(
            f"samples must have shape (sketches, samples, numbers), not {tuple(samples.shape)}"
        )
    if samples.dtype != torch.float64:
        samples = samples.to(torch.float32)
    n_samples = samples.shape[1]
    if not is_integer(k) or not 1 <= k <= n_samples:
        raise ZsbirError(f"k must be a whole number from 1 to the {n_samples} samples, not {k!r}")
    if not is_integer(iterations) or iterations < 1:
        raise ZsbirError(f"iterations must be a whole number from 1 on, not {iterations!r}")
    if not tolerance >= 0:
        raise ZsbirError(f"tolerance must be 0 or more, not {tolerance!r}")
    return samples


def _check_finite(samples: Tensor, first: int) -> None:
    bad = ~torch.isfinite(samples).flatten(1).all(dim=1)
    if bool(bad.any()):
        number = first + int(bad.nonzero()[0])
        raise ZsbirError(f"samples of sketch {number} hold NaN or infinite numbers")


def _kmeans_plus_plus(points: Tensor, draws: Tensor) -> Tensor:
    """Choose each next centre among the samples, with chances in proportion to D^2."""
    n_sketches, n_samples, _ = points.shape
    sketch = torch.arange(n_sketches, device=points.device)
    chosen = (draws[:, 0] * n_samples).long().clamp_(max=n_samples - 1)
    centres = [points[sketch, chosen]]
    nearest = _squared_distance(points, centres[0])
    for step in range(1, draws.shape[1]):
        heights = nearest.cumsum(dim=1)
        mark = draws[:, step, None] * heights[:, -1:]
        # "right" never stops on a sample of distance 0, unless all of them are at 0.
        chosen = torch.searchsorted(heights, mark, right=True)[:, 0].clamp_(max=n_samples - 1)
        centres.append(points[sketch, chosen])
        nearest = torch.minimum(nearest, _squared_distance(points, centres[-1]))
    return torch.stack(centres, dim=1)


def _squared_distance(points: Tensor, centre: Tensor) -> Tensor:
    """Squared distance of points (B, N, D) to one centre each (B, D), exactly 0 for equals."""
    return torch.cdist(points, centre[:, None], compute_mode="donot_use_mm_for_euclid_dist")[
        ..., 0
    ].square()


def _nearest(squares: Tensor, inner: Tensor) -> Tensor:
    """Return the nearest centre of each point, from |c|^2 (B, K) and the products x c (B, K, N).

    |x|^2 is common to all centres, so it is left out.
    """
    # Not argmin, which does not promise the first of equals and is slow over so few columns.
    best, *others = (squares[..., None] - 2 * inner).unbind(dim=1)
    nearest = torch.zeros_like(best, dtype=torch.int64)
    for number, distance in enumerate(others, start=1):
        nearest.masked_fill_(distance < best, number)
        best = torch.minimum(best, distance)
    return nearest


def _means(rows: Tensor, kept: Tensor, weights: Tensor, assignment: Tensor) -> Tensor:
    """Return the weights of each cluster's mean, after emptied clusters were given a sample."""
    k = weights.shape[1]
    members = torch.nn.functional.one_hot(assignment, k).mT
    counts = members.sum(dim=2, keepdim=True)
    stand_ins = weights
    if bool((counts == 0).any()):
        assignment, stand_ins = _fill_empty(rows[kept], weights, assignment)
        members = torch.nn.functional.one_hot(assignment, k).mT
        counts = members.sum(dim=2, keepdim=True)
    means = torch.zeros_like(weights)
    means[..., : assignment.shape[1]] = members / counts.clamp(min=1)
    return torch.where(counts > 0, means, stand_ins)


def _fill_empty(rows: Tensor, weights: Tensor, assignment: Tensor) -> tuple[Tensor, Tensor]:
    """Move the farthest samples to empty clusters; put unfillable centres on a sample."""
    n_sketches, k, _ = weights.shape
    points = rows[:, : assignment.shape[1]]
    sketch = torch.arange(n_sketches, device=rows.device)
    assignment, stand_ins = assignment.clone(), weights.clone()
    own = torch.gather(torch.bmm(weights, rows), 1, assignment[..., None].expand_as(points))
    distance = (points - own).square().sum(dim=2)
    counts = torch.nn.functional.one_hot(assignment, k).sum(dim=1)
    for cluster in range(k):
        empty = counts[:, cluster] == 0
        spare = torch.gather(counts, 1, assignment) > 1
        far = torch.where(spare, distance, -1.0).argmax(dim=1)
        alone = torch.nn.functional.one_hot(far, rows.shape[1]).to(rows.dtype)
        stand_ins[:, cluster] = torch.where(empty[:, None], alone, stand_ins[:, cluster])
        moves = empty & spare[sketch, far] & (distance[sketch, far] > 0)
        donor = assignment[sketch, far]
        counts[sketch, donor] -= moves.long()
        counts[:, cluster] += moves.long()
        assignment[sketch, far] = torch.where(moves, cluster, donor)
        distance[sketch, far] = torch.where(moves, 0.0, distance[sketch, far])
    return assignment, stand_ins
