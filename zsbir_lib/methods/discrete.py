"""Discrete codes by cyclic coordinate descent: the steps of deep sketch hashing without networks.

Shen, Shen, Liu and Shen, *Supervised Discrete Hashing*, CVPR 2015.
"""

from __future__ import annotations

import torch
from torch import Tensor


class HashObjective:
    r"""What DSH minimises, and the steps that minimise it over one unknown at a time.

    Codes are matrices of a row per image here, (n, m), and of a column per image in the equation
    in `DSH`. No matrix of all photos by all sketches is made: likeness depends on classes only.

    Parameters
    ----------
    photo_labels, sketch_labels
        Class of each photo and each sketch, rows of `semantics`.
    semantics
        :math:`\Phi`, one row for each class, shape (C, a).
    n_bits
        m.
    semantic_weight, network_weight
        :math:`\lambda` and :math:`\gamma`.
    """

    def __init__(
        self,
        photo_labels: Tensor,
        sketch_labels: Tensor,
        semantics: Tensor,
        n_bits: int,
        semantic_weight: float,
        network_weight: float,
    ) -> None:
        self.labels = {"photo": photo_labels, "sketch": sketch_labels}
        self.semantics = semantics.double()
        self.n_bits = n_bits
        self.semantic_weight = semantic_weight
        self.network_weight = network_weight

    def _class_sums(self, kind: str, codes: Tensor) -> Tensor:
        sums = codes.new_zeros(len(self.semantics), codes.shape[1])
        return sums.index_add_(0, self.labels[kind], codes)

    def value(
        self, codes: dict[str, Tensor], semantic_map: Tensor, outputs: dict[str, Tensor]
    ) -> float:
        """Return the objective.

        Parameters
        ----------
        codes
            B of ``"photo"`` and of ``"sketch"``: -1 and +1 in float64, shape (n, m) each.
        semantic_map
            D, shape (a, m).
        outputs
            F of ``"photo"`` and of ``"sketch"``, shape (n, m) each.
        """
        photos, sketches = codes["photo"], codes["sketch"]
        sums = {kind: self._class_sums(kind, codes[kind]) for kind in codes}
        # Sum of the inner products over pairs of one class, less that over all others.
        alike = 2 * (sums["photo"] * sums["sketch"]).sum()
        alike -= sums["photo"].sum(dim=0) @ sums["sketch"].sum(dim=0)
        n = len(photos) * len(sketches)
        squares = ((photos.T @ photos) * (sketches.T @ sketches)).sum()
        total = self.n_bits + (squares - 2 * self.n_bits * alike) / (n * self.n_bits)
        for kind in codes:
            predicted = codes[kind] @ semantic_map.T
            errors = (self.semantics[self.labels[kind]] - predicted).pow(2).sum()
            total = total + self.semantic_weight * errors / len(predicted)
            errors = (outputs[kind] - codes[kind]).pow(2).sum()
            total = total + self.network_weight * errors / len(predicted)
        return float(total)

    def best_map(self, codes: dict[str, Tensor]) -> Tensor:
        """Return the D that minimises the objective, the smallest if there are several."""
        moments = torch.zeros(self.n_bits, self.n_bits, dtype=torch.float64)
        right = torch.zeros(len(self.semantics[0]), self.n_bits, dtype=torch.float64)
        for kind, b in codes.items():
            moments += b.T @ b / len(b)
            right += self.semantics.T @ self._class_sums(kind, b) / len(b)
        # Two bits may be equal everywhere, so there may be no inverse.
        return right @ torch.linalg.pinv(moments, hermitian=True)

    def sweep(
        self, kind: str, codes: dict[str, Tensor], semantic_map: Tensor, output: Tensor
    ) -> Tensor:
        """Return the codes of one kind after one discrete step, bit by bit.

        Parameters
        ----------
        kind
            ``"photo"`` or ``"sketch"``: whose codes to improve.
        codes, semantic_map
            As in `value`.
        output
            F of that kind.
        """
        (other,) = set(codes) - {kind}
        b = codes[other]
        quadratic = b.T @ b / (len(b) * self.n_bits)
        quadratic += self.semantic_weight * semantic_map.T @ semantic_map
        # What a class wants: the codes of its own members in the other kind, less all others.
        by_class = (2 * self._class_sums(other, b) - b.sum(dim=0)) / len(b)
        by_class += self.semantic_weight * self.semantics @ semantic_map
        linear = by_class[self.labels[kind]] + self.network_weight * output
        return discrete_descent(codes[kind], quadratic, linear)


def discrete_descent(codes: Tensor, quadratic: Tensor, linear: Tensor) -> Tensor:
    r"""Improve codes by one round of discrete cyclic coordinate descent.

    Lowers :math:`\sum_i b_i^\top G b_i - 2 q_i^\top b_i` over vectors :math:`b_i` of -1 and +1.
    With all other bits fixed, bit k is best at the sign of :math:`q_{ik} - \sum_{j \ne k} G_{kj}
    b_{ij}`; where that is 0 both values are equally good and the bit stays.

    Parameters
    ----------
    codes
        The :math:`b_i`, shape (n, m).
    quadratic
        G, symmetric, shape (m, m).
    linear
        The :math:`q_i`, shape (n, m).

    Returns
    -------
    Tensor
        New codes, shape (n, m).
    """
    # A single code is contiguous both ways, and would be changed in place without the copy.
    columns = codes.T.clone(memory_format=torch.contiguous_format)
    wanted = linear.T.contiguous()
    for k in range(len(columns)):
        others = quadratic[k].clone()
        others[k] = 0
        pull = wanted[k] - others @ columns
        columns[k] = torch.where(pull == 0, columns[k], pull.sign())
    return columns.T.contiguous()
