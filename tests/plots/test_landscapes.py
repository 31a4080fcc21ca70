"""Energies and U-matrices, by numpy and by hand."""

import numpy as np
import pytest

import zoo
from zoo.plots import energy_landscape, neighbour_distances, u_matrix


def patterns(count=2, units=20, seed=0):
    return np.random.default_rng(seed).choice([-1.0, 1.0], (count, units))


def couplings(x):
    return x.T @ x / x.shape[1] * (1 - np.eye(x.shape[1]))


def test_the_energy_is_lowest_at_the_patterns_and_their_opposites():
    x = patterns()
    figure = energy_landscape(couplings(x), x, resolution=33, reach=1.6)
    ax = figure.axes[0]
    marked = {tuple(np.round(line.get_xydata()[0], 6)) for line in ax.lines}
    assert marked == {(1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0)}


def test_the_energy_of_couplings_is_that_of_the_model():
    x = patterns()
    from zoo.plots.landscapes import _energy_of

    model = zoo.train("hopfield", x, verbose=0).model
    states = np.random.default_rng(1).choice([-1.0, 1.0], (5, 20))
    by_hand = [-0.5 * s @ couplings(x) @ s for s in states]
    np.testing.assert_allclose(_energy_of(couplings(x), 20)(states), by_hand, rtol=1e-12)
    np.testing.assert_allclose(_energy_of(model, 20)(states), by_hand, rtol=1e-5)


def test_wrong_patterns_and_couplings_are_refused():
    with pytest.raises(ValueError, match="at least two rows"):
        energy_landscape(np.eye(3), np.ones((1, 3)))
    with pytest.raises(ValueError, match=r"shape \(3, 3\), as wide as the patterns.*Received: \(2, 2\)"):
        energy_landscape(np.eye(2), np.ones((2, 3)))


def brute_force(codebook, are_neighbours):
    rows, columns, _ = codebook.shape
    units = [(r, c) for r in range(rows) for c in range(columns)]
    found = np.zeros((rows, columns))
    for unit in units:
        others = [o for o in units if o != unit and are_neighbours(unit, o)]
        found[unit] = np.mean([np.linalg.norm(codebook[unit] - codebook[o]) for o in others])
    return found


def hexagonal(unit, other):
    """Neighbours are 1 apart in the plane, odd rows being shifted by a half."""
    place = [np.array([c + 0.5 * (r % 2), r * np.sqrt(3) / 2]) for r, c in (unit, other)]
    return np.linalg.norm(place[0] - place[1]) < 1.01


RULES = {
    "rectangular": lambda u, o: max(abs(u[0] - o[0]), abs(u[1] - o[1])) == 1,
    "hexagonal": hexagonal,
    "torus": lambda u, o: max(min(abs(u[i] - o[i]), (5, 6)[i] - abs(u[i] - o[i])) for i in (0, 1)) == 1,
    "chain": lambda u, o: abs(u[0] - o[0]) + abs(u[1] - o[1]) == 1,
}


@pytest.mark.parametrize("topology", RULES)
def test_distances_are_means_over_the_neighbours_of_each_topology(topology):
    codebook = np.random.default_rng(0).normal(size=(5, 6, 3))
    expected = brute_force(codebook, RULES[topology])
    np.testing.assert_allclose(neighbour_distances(codebook, topology), expected, rtol=1e-12)


def test_a_chain_has_two_neighbours():
    np.testing.assert_allclose(neighbour_distances(np.array([[[0.0], [1.0], [3.0]]]), "chain"), [[1.0, 1.5, 2.0]])


@pytest.mark.parametrize("topology", ["rectangular", "hexagonal"])
def test_the_picture_shows_these_distances(topology):
    codebook = np.random.default_rng(0).normal(size=(4, 5, 3))
    ax = u_matrix(codebook, topology=topology).axes[0]
    image = ax.collections[0] if topology == "hexagonal" else ax.images[0]
    drawn = np.asarray(image.get_array()).ravel()
    np.testing.assert_allclose(drawn, neighbour_distances(codebook, topology).ravel())


def test_a_map_brings_its_own_codebook_and_topology():
    run = zoo.train("kohonen_map", "iris", grid=(3, 4), topology="hexagonal", epochs=2, verbose=0)
    drawn = u_matrix(run).axes[0].collections[0].get_array()
    np.testing.assert_allclose(drawn, neighbour_distances(run.model.codebook, "hexagonal").ravel())


def test_wrong_codebooks_are_refused():
    with pytest.raises(ValueError, match=r"\(rows, columns, inputs\). Received: \(2, 3\)"):
        u_matrix(np.zeros((2, 3)))
    with pytest.raises(ValueError, match="Did you mean 'hexagonal'"):
        u_matrix(np.zeros((2, 3, 1)), topology="hexagon")


def test_a_model_without_a_codebook_or_an_energy_is_told_by_its_name():
    model = zoo.build("hebbian", patterns())
    with pytest.raises(TypeError, match="`.codebook`.*'hebbian'"):
        u_matrix(model)
    with pytest.raises(TypeError, match="`.energy.*'hebbian'"):
        energy_landscape(model, patterns())
    with pytest.raises(TypeError, match="`time` must be numbers. Received: Model"):
        zoo.plots.voltage_traces(model, patterns())
