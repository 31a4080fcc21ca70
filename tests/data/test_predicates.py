"""Minsky and Papert 1969: what no perceptron of few pixels a unit can tell."""

import itertools

import numpy as np
import pytest
from scipy.optimize import OptimizeResult

from zoo.data import predicates
from zoo.data.predicates import connected, order, parity


def test_parity_is_of_the_order_of_its_pixels():
    """Theorem 3.1.1 of the book."""
    assert [order(parity(n)) for n in range(1, 6)] == [1, 2, 3, 4, 5]
    assert parity(2).tolist() == [0, 1, 1, 0]


def test_14_of_16_and_104_of_256_functions_are_of_order_one_at_most():
    for pixels, single in ((2, 14), (3, 104)):
        orders = [order(table) for table in itertools.product((0, 1), repeat=2**pixels)]
        assert sum(found <= 1 for found in orders) == single
        assert orders.count(0) == 2 and max(orders) == pixels


def test_more_than_half_of_the_pixels_is_of_order_one_whatever_their_number():
    ones = np.array([bin(i).count("1") for i in range(2**7)])
    assert order(ones >= 4) == 1
    assert order(ones == 3) == 2  # "exactly so many": a parabola of the count


def test_images_hang_together_side_by_side():
    """Of 2 x 2 images only the two diagonals do not."""
    assert np.flatnonzero(connected(2, 2) == 0).tolist() == [0b0110, 0b1001]
    ring = int("111101111", 2)
    far = int("100010001", 2)
    assert connected(3, 3)[ring] == 1 and connected(3, 3)[far] == 0 and connected(3, 3)[0] == 1
    runs = [len(list(filter(None, "".join(bits).split("0")))) <= 1 for bits in itertools.product("01", repeat=5)]
    assert connected(1, 5).tolist() == [int(run) for run in runs]


def test_the_order_of_connectedness_grows_with_the_retina():
    """In a row of pixels, pieces are pixels less pairs side by side: masks of two tell. A ring needs more."""
    assert order(connected(1, 2)) == 0  # nothing of two pixels falls apart
    assert order(connected(1, 3)) == 1  # 101 alone does: x1 - x2 + x3 < 2
    assert order(connected(1, 4)) == order(connected(1, 6)) == 2
    assert order(connected(3, 3)) > 2


def test_a_table_that_is_none_is_refused():
    for table in ([0, 1, 1], [0, 2], np.zeros((2, 2)), np.zeros(1024, int), [1]):
        with pytest.raises(ValueError, match="`table` must have 2\\^n values"):
            order(table)


@pytest.mark.parametrize("status", [1, 3, 4])
def test_a_solver_that_gives_up_has_not_proved_that_no_weights_exist(status, monkeypatch):
    """SciPy's states: 1 is the limit of iterations, 3 unbounded, 4 trouble with numbers. Only 2 is infeasible."""
    answer = OptimizeResult(status=status, success=False, message="It gave up.")
    monkeypatch.setattr(predicates, "linprog", lambda *arguments, **options: answer)
    with pytest.raises(RuntimeError, match="masks of at most 0 pixels must have an answer.*It gave up.*fewer pixels"):
        order(parity(2))
