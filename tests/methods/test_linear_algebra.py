import numpy as np
import pytest
import scipy.linalg
import torch

from zsbir_lib.errors import SingularMatrixError
from zsbir_lib.methods.linear_algebra import (
    cholesky,
    cross,
    gram,
    root_mean_square,
    solve_symmetric_sylvester,
)


def positive(n, rank, seed):
    x = torch.randn(rank, n, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return x.T @ x


@pytest.mark.parametrize(("p", "q"), [(40, 40), (30, 50), (1, 7)])
def test_the_solution_is_scipys(p, q):
    a, b = positive(p, 2 * p, 1), positive(q, 2 * q, 2)
    c = torch.randn(p, q, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    ours = solve_symmetric_sylvester(a, b, c).numpy()
    theirs = scipy.linalg.solve_sylvester(a.numpy(), b.numpy(), c.numpy())
    assert np.abs(ours - theirs).max() <= 1e-8 * np.abs(theirs).max()
    np.testing.assert_allclose(a.numpy() @ ours + ours @ b.numpy(), c.numpy(), atol=1e-8)


def test_a_case_worked_by_hand():
    # Diagonal coefficients: each number is divided by the sum of its row's and its column's.
    a, b = torch.diag(torch.tensor([1.0, 2.0])), torch.diag(torch.tensor([3.0, 0.0]))
    c = torch.tensor([[8.0, 5.0], [10.0, 6.0]])
    expected = torch.tensor([[2.0, 5.0], [2.0, 3.0]], dtype=torch.float64)
    torch.testing.assert_close(solve_symmetric_sylvester(a, b, c), expected)


def test_one_singular_coefficient_is_no_obstacle_and_two_are():
    singular, regular = positive(6, 3, 1), positive(5, 20, 2)
    c = torch.ones(6, 5, dtype=torch.float64)
    w = solve_symmetric_sylvester(singular, regular, c)
    torch.testing.assert_close(singular @ w + w @ regular, c)
    with pytest.raises(SingularMatrixError, match=r"3 of 6 directions .* 2 of 5"):
        solve_symmetric_sylvester(singular, positive(5, 3, 2), c)


def test_moments_are_those_of_all_rows_at_once(monkeypatch):
    monkeypatch.setattr("zsbir_lib.methods.linear_algebra._BLOCK_BYTES", 8 * 12 * 7)  # 7 rows of 12
    g = torch.Generator().manual_seed(0)
    few, index = torch.randn(30, 9, generator=g) + 2, torch.randint(30, (80,), generator=g)
    many = torch.randn(80, 12, generator=g)
    x, y = many.double(), few[index].double()
    total, mean = gram(many)
    torch.testing.assert_close(total, x.T @ x)
    torch.testing.assert_close(mean, x.mean(dim=0))
    torch.testing.assert_close(cross(many, few[index]), x.T @ y)
    total, mean = gram(few, index.bincount(minlength=30))
    torch.testing.assert_close(total, y.T @ y)
    torch.testing.assert_close(mean, y.mean(dim=0))


def test_a_factor_is_returned_or_the_matrix_is_singular():
    matrix = positive(6, 20, 0)
    factor = cholesky(matrix)
    torch.testing.assert_close(factor @ factor.T, matrix)
    assert torch.equal(factor, factor.tril())
    with pytest.raises(SingularMatrixError, match="a matrix of 6 x 6 numbers has no inverse"):
        cholesky(positive(6, 3, 0))


def test_the_scale_of_nothing_is_one():
    assert root_mean_square(torch.tensor([[3.0, 4.0]])) == pytest.approx(12.5**0.5)
    assert root_mean_square(torch.zeros(2, 2)) == 1
