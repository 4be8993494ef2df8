"""K-means of many small sets at once: the samples of every sketch, each set for itself."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from zsbir_lib.errors import ZsbirError


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
    n_sketches, _, width = samples.shape
    # Distances are differences of large numbers where features lie far from 0: cluster around it.
    origin = samples.mean(dim=1, keepdim=True)
    points = samples - origin
    if init is None:
        centres = _kmeans_plus_plus(points, k, generator)
    else:
        init = torch.as_tensor(init)
        if tuple(init.shape) != (n_sketches, k, width):
            raise ZsbirError(
                f"init must have shape {(n_sketches, k, width)}, not {tuple(init.shape)}"
            )
        centres = init.to(points) - origin
        if not bool(torch.isfinite(centres).all()):
            raise ZsbirError("init holds NaN or infinite numbers")
    # The mean of each coordinate is 0, so the squares are the variances.
    enough = tolerance * torch.linalg.vector_norm(points, dim=(1, 2)).square() / points[0].numel()
    assignment = torch.full(points.shape[:2], -1, dtype=torch.int64, device=points.device)
    # The sketches that are computed, and which of them still run. Most stop long before the last
    # one does; the others are left behind when they are half, as copying costs a round's time.
    kept = torch.arange(n_sketches, device=points.device)
    rest, running = points, torch.ones_like(kept, dtype=torch.bool)
    for _ in range(iterations):
        before = centres[kept]
        found = _nearest(rest, before)
        changed = (found != assignment[kept]).any(dim=1)
        found = torch.where(running[:, None], found, assignment[kept])
        assignment[kept] = found
        running &= changed
        if not bool(running.any()):
            break
        moved = torch.where(running[:, None, None], _means(rest, before, found), before)
        centres[kept] = moved
        running &= (moved - before).square().sum(dim=(1, 2)) > enough[kept]
        if 2 * int(running.sum()) <= len(kept):
            kept, rest, running = kept[running], rest[running], running[running]
    return Clusters(centres + origin, _nearest(points, centres))


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
    # Whatever is not finite makes a sum so, and a sum is ten times faster than a look at each.
    if not bool(torch.isfinite(samples.sum())):
        bad = ~torch.isfinite(samples).flatten(1).all(dim=1)
        if bool(bad.any()):
            first = int(bad.nonzero()[0])
            raise ZsbirError(f"samples of sketch {first} hold NaN or infinite numbers")
    return samples


def _kmeans_plus_plus(points: Tensor, k: int, generator: torch.Generator | None) -> Tensor:
    """Draw each next centre among the samples, with chances in proportion to D^2."""
    n_sketches, n_samples, _ = points.shape
    if generator is None:
        generator = torch.Generator().manual_seed(0)
    draws = torch.rand(
        (n_sketches, k), generator=generator, device=generator.device, dtype=torch.float64
    ).to(points)
    sketch = torch.arange(n_sketches, device=points.device)
    chosen = (draws[:, 0] * n_samples).long().clamp_(max=n_samples - 1)
    centres = [points[sketch, chosen]]
    nearest = _squared_distance(points, centres[0])
    for step in range(1, k):
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


def _nearest(points: Tensor, centres: Tensor) -> Tensor:
    """Return the nearest centre of each point: |x|^2 is common to all, so it is left out."""
    offsets = centres.square().sum(dim=2)
    distances = torch.baddbmm(offsets[:, None], points, centres.mT, alpha=-2)
    # Not argmin, which does not promise the first of equals and is slow over so few columns.
    best, *others = distances.unbind(dim=2)
    nearest = torch.zeros(points.shape[:2], dtype=torch.int64, device=points.device)
    for number, distance in enumerate(others, start=1):
        nearest.masked_fill_(distance < best, number)
        best = torch.minimum(best, distance)
    return nearest


def _means(points: Tensor, centres: Tensor, assignment: Tensor) -> Tensor:
    """Return the mean of each cluster, after emptied clusters were given a sample."""
    k = centres.shape[1]
    members = torch.nn.functional.one_hot(assignment, k).to(points.dtype)
    counts = members.sum(dim=1)
    stand_ins = centres
    if bool((counts == 0).any()):
        assignment, stand_ins = _fill_empty(points, centres, assignment)
        members = torch.nn.functional.one_hot(assignment, k).to(points.dtype)
        counts = members.sum(dim=1)
    sums = torch.bmm(members.mT, points)
    return torch.where(counts[..., None] > 0, sums / counts.clamp(min=1)[..., None], stand_ins)


def _fill_empty(points: Tensor, centres: Tensor, assignment: Tensor) -> tuple[Tensor, Tensor]:
    """Move the farthest samples to empty clusters; put unfillable centres on a sample."""
    n_sketches, k, _ = centres.shape
    sketch = torch.arange(n_sketches, device=points.device)
    assignment, stand_ins = assignment.clone(), centres.clone()
    own = torch.gather(centres, 1, assignment[..., None].expand_as(points))
    distance = (points - own).square().sum(dim=2)
    counts = torch.nn.functional.one_hot(assignment, k).sum(dim=1)
    for cluster in range(k):
        empty = counts[:, cluster] == 0
        spare = torch.gather(counts, 1, assignment) > 1
        far = torch.where(spare, distance, -1.0).argmax(dim=1)
        stand_ins[:, cluster] = torch.where(
            empty[:, None], points[sketch, far], stand_ins[:, cluster]
        )
        moves = empty & spare[sketch, far] & (distance[sketch, far] > 0)
        donor = assignment[sketch, far]
        counts[sketch, donor] -= moves.long()
        counts[:, cluster] += moves.long()
        assignment[sketch, far] = torch.where(moves, cluster, donor)
        distance[sketch, far] = torch.where(moves, 0.0, distance[sketch, far])
    return assignment, stand_ins
