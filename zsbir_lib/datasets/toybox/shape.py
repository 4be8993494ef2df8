r"""How unlike the shapes of two toys truly are, known because our own code drew them.

Class labels give a photo of any cow full marks for a sketch of this cow. Where a benchmark wants
to know which cow comes nearest, people have had to rank photos by hand. The Toybox can measure.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.ndimage import distance_transform_edt

from zsbir_lib.datasets.toybox.instance import Toy

_GRID = 64  # cells along the longer side of a toy


def shape_distances(toys: Sequence[Toy]) -> np.ndarray:
    r"""Return the chamfer distance of every two toys' visible contours.

    The contours are what a faultless sketch would hold: no colour, no background, no trembling
    hand. Each is moved and scaled to fill a square (place and size do not count), and the second
    is also mirrored, whichever is nearer. With A and B the cells that two contours pass through,

    .. math::

        d(A, B) = \tfrac12 \Big( \frac1{|A|} \sum_{a \in A} \min_{b \in B} \|a - b\|
        + \frac1{|B|} \sum_{b \in B} \min_{a \in A} \|a - b\| \Big) .

    Barrow, Tenenbaum, Bolles and Wolf, *Parametric Correspondence and Chamfer Matching*, 1977.

    Parameters
    ----------
    toys
        n toys, of any classes.

    Returns
    -------
    ndarray of float32, shape (n, n)
        Symmetric, 0 on the diagonal; in units of the toys' longer side.
    """
    cells = np.stack([_cells(toy) for toy in toys])
    flat = cells.reshape(len(cells), -1)
    far = np.stack([distance_transform_edt(~cell) for cell in cells]).astype(np.float32)
    far = far.reshape(len(cells), -1).T / _GRID
    mirrored = cells[:, :, ::-1].reshape(len(cells), -1)
    nearest = []
    for points in (flat, mirrored):
        share = points / points.sum(axis=1, keepdims=True, dtype=np.float32)
        one_way = share.astype(np.float32) @ far
        # Mirroring one contour or the other is the same, so the transpose is the way back.
        nearest.append((one_way + one_way.T) / 2)
    return np.minimum(*nearest)


def _cells(toy: Toy) -> np.ndarray:
    """Return the cells that a toy's visible contour passes through, bool of shape (64, 64)."""
    lines = toy.strokes.lines
    points = np.concatenate([_dense(line) for line in lines])
    low, high = points.min(axis=0), points.max(axis=0)
    place = (points - (low + high) / 2) / max(high - low) * (_GRID - 1) + (_GRID - 1) / 2
    x, y = np.rint(place).astype(int).T
    cells = np.zeros((_GRID, _GRID), dtype=bool)
    cells[y, x] = True
    return cells


def _dense(line: np.ndarray) -> np.ndarray:
    """Return a path with points added, so that no cell along it is missed."""
    steps = np.hypot(*np.diff(line, axis=0).T)
    along = np.concatenate([[0], steps.cumsum()])
    places = np.arange(0, along[-1], 1 / _GRID)
    return np.stack([np.interp(places, along, line[:, c]) for c in (0, 1)], axis=1)
