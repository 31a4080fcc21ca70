"""Grids of units: who is whose neighbour, how far apart, and the products that stand for h."""

import numpy as np
import pytest

from zoo.layers.grids import TOPOLOGIES, Grid, kernels, smoothed


def neighbours(grid):
    return [len(grid.neighbours(i)) for i in range(grid.units)]


def test_a_rectangle_s_inner_units_have_eight_neighbours_its_edges_five_and_its_corners_three():
    assert neighbours(Grid(3, 4)) == [3, 5, 5, 3, 5, 8, 8, 5, 3, 5, 5, 3]


def test_a_hexagonal_grid_s_inner_units_have_six_neighbours_all_at_distance_one():
    grid = Grid(5, 6, "hexagonal")
    assert neighbours(grid)[7:11] == [6] * 4 and neighbours(grid)[13:17] == [6] * 4
    apart = np.linalg.norm(grid.positions[:, None] - grid.positions, axis=-1)
    i, j = np.indices(apart.shape)
    np.testing.assert_array_equal(grid.steps(i, j) == 1, np.isclose(apart, 1.0))


def test_steps_on_a_hexagonal_grid_are_the_shortest_paths():
    grid = Grid(5, 6, "hexagonal")
    i, j = np.indices((grid.units, grid.units))
    paths = np.where(i == j, 0, np.where(grid.steps(i, j) == 1, 1, 99))
    for k in range(grid.units):  # Floyd and Warshall
        paths = np.minimum(paths, paths[:, k : k + 1] + paths[k])
    np.testing.assert_array_equal(grid.steps(i, j), paths)


def test_on_a_torus_all_units_have_eight_neighbours_and_opposite_edges_touch():
    grid = Grid(4, 5, "torus")
    assert neighbours(grid) == [8] * 20
    assert (
        grid.steps(0, 19) == 1 and grid.steps(0, 4) == 1 and grid.steps(0, 12) == 2
    )  # (0, 0) and (3, 4), (0, 4), (2, 2)
    rows, columns = grid.tables("gaussian")
    np.testing.assert_array_equal(rows[0], [0, 1, 4, 1])
    np.testing.assert_array_equal(columns[0], [0, 1, 4, 4, 1])


def test_a_chain_s_units_have_the_one_before_and_the_one_behind():
    grid = Grid(1, 5, "chain")
    assert [grid.neighbours(i).tolist() for i in range(5)] == [[1], [0, 2], [1, 3], [2, 4], [3]]


@pytest.mark.parametrize("topology", TOPOLOGIES)
@pytest.mark.parametrize("neighbourhood", ["gaussian", "bubble"])
def test_the_products_equal_the_whole_matrix_of_h(topology, neighbourhood):
    grid = Grid(1, 7, "chain") if topology == "chain" else Grid(4, 5, topology)
    i, j = np.indices((grid.units, grid.units))
    if neighbourhood == "bubble":
        h = (grid.steps(i, j) <= 2).astype("float64")
    else:
        apart = np.abs(grid.positions[:, None] - grid.positions)
        if topology == "torus":
            apart = np.minimum(apart, np.array([4, 5]) - apart)
        h = np.exp(-(apart**2).sum(axis=-1) / (2 * 1.5**2))
    values = np.random.default_rng(0).normal(size=(grid.units, 3)).astype("float32")
    radius = 2.0 if neighbourhood == "bubble" else 1.5
    found = smoothed(np, kernels(np, grid.tables(neighbourhood), neighbourhood, radius), values)
    np.testing.assert_allclose(found, h @ values, rtol=1e-4, atol=1e-5)
