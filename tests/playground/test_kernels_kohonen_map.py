"""The map of the playground: it takes the steps of the zoo's map, and its measures are those of the zoo."""

import numpy as np
import pytest

import zoo
from tests.playground.node import call, run
from zoo.layers.grids import Grid
from zoo.models.kohonen_map import quantization, topographic

pytestmark = pytest.mark.node

GRIDS = {"rectangular": (4, 5), "hexagonal": (5, 4), "chain": (1, 7)}


def of_page(topology, rows=None, columns=None):
    rows, columns = (rows, columns) if rows else GRIDS[topology]
    return {"rows": rows, "columns": columns, "topology": topology}


@pytest.mark.parametrize("kind", ["gaussian", "bubble"])
@pytest.mark.parametrize("topology", GRIDS)
def test_same_samples_lead_to_the_weights_of_python(topology, kind):
    generator = np.random.default_rng(7)
    rows, columns = GRIDS[topology]
    x = generator.uniform(0.0, 1.0, (200, 2)).astype("float32").astype("float64")
    first = generator.uniform(0.4, 0.6, (rows, columns, 2)).astype("float32").astype("float64")
    schedules = {"radius": [2.5, 0.5], "rate": [0.6, 0.05]}
    model = zoo.build(
        "kohonen_map", x, grid=columns if topology == "chain" else (rows, columns), topology=topology, rule="online",
        neighbourhood=kind, initial=first, **{name: tuple(pair) for name, pair in schedules.items()},
    )  # fmt: skip
    model.fit(x, batch_size=200, shuffle=False, verbose=0)
    settings = {"grid": of_page(topology), "kind": kind, **schedules}
    w = np.reshape(call("kohonen_map", "learn", first.ravel(), x, settings, 200), (rows, columns, 2))
    assert np.abs(w - first).max() > 0.1
    assert np.abs(w - model.codebook).max() < 1e-5


def test_chain_of_five_comes_to_its_stationary_weights():
    settings = {
        "grid": of_page("chain", 1, 5), "kind": "bubble", "radius": [1, 1], "rate": [0.5, 0.001], "figure": "line",
        "total": 200_000, "seed": 3,
    }  # fmt: skip
    w = np.reshape(call("kohonen_map", "trained", settings, 200_000), (5, 2))
    assert np.all(w[:, 1] == 0.5)
    found = w[:, 0] if w[0, 0] < w[-1, 0] else w[::-1, 0]
    # Each weight is the mean of the samples that it or a unit beside it wins (T. Kohonen, 1982).
    assert np.abs(found - [0.2, 0.3, 0.5, 0.7, 0.8]).max() < 0.01


@pytest.mark.parametrize("topology", GRIDS)
def test_measures_are_those_of_the_zoo(topology):
    generator = np.random.default_rng(1)
    w, x = generator.uniform(size=(*GRIDS[topology], 2)), generator.uniform(size=(500, 2))
    errors = call("kohonen_map", "errors", w.ravel(), of_page(topology), x)
    assert errors["quantization"] == pytest.approx(quantization(w, x), abs=1e-9)
    assert 0.1 < errors["topographic"] == pytest.approx(topographic(w, x, topology), abs=1e-9)


@pytest.mark.parametrize("topology", GRIDS)
def test_positions_and_steps_are_those_of_the_zoo(topology):
    grid = Grid(*GRIDS[topology], topology)
    assert np.allclose(call("kohonen_map", "positions", of_page(topology)), grid.positions)
    found = [call("kohonen_map", "steps", of_page(topology), 2, j) for j in (0, grid.units // 2, grid.units - 1)]
    assert found == [grid.steps(2, j) for j in (0, grid.units // 2, grid.units - 1)]


@pytest.mark.parametrize(
    ("topology", "lines", "meshes"), [("rectangular", 31, 12), ("hexagonal", 43, 24), ("chain", 6, 0)]
)
def test_pictures_join_neighbours(topology, lines, meshes):
    # 4 x 5 units: 4 * 4 + 3 * 5 lines and 3 * 4 squares. Hexagonal, 5 x 4: 5 * 3 + 4 * 7 lines and 4 * 6 triangles.
    assert len(call("kohonen_map", "edges", of_page(topology))) == lines
    assert len(call("kohonen_map", "meshes", of_page(topology))) == meshes


@pytest.mark.parametrize("topology", ["rectangular", "hexagonal"])
def test_map_that_lies_flat_has_no_twist_and_a_folded_one_has(topology):
    grid = Grid(5, 5, topology)
    flat = grid.positions
    mirrored, folded = flat * [1, -1], np.minimum(flat, 4 - flat[:, :1] * [1, 0] + [0, 9])
    counted = 16 if topology == "rectangular" else 32
    for w, turned in ((flat, 0), (mirrored, 0), (folded, counted // 2)):
        if topology == "hexagonal" and w is folded:
            w = np.minimum(flat, 2 * flat[10, 0] - flat[:, :1] * [1, 0] + [0, 99])
        assert call("kohonen_map", "twists", w.ravel(), of_page(topology, 5, 5)) == {
            "turned": turned,
            "meshes": counted,
        }


@pytest.mark.parametrize(
    ("figure", "share"), [("square", 0.81), ("triangle", 0.405), ("ring", np.pi * 0.45**2 * (1 - 0.55**2))]
)
def test_samples_fill_their_figure_evenly(figure, share):
    x = np.array(call("kohonen_map", "samples", figure, 4000, 5))
    assert all(call("kohonen_map", "inside", figure, *point) for point in x[:20])
    assert not call("kohonen_map", "inside", figure, 0.01, 0.99)
    # A quarter of the figure's area about its middle in x holds as many samples as its share of the area says.
    cells = np.histogram2d(x[:, 0], x[:, 1], bins=20, range=[[0, 1], [0, 1]])[0]
    full = cells[cells > 0.6 * 4000 * 0.0025 / share]
    assert full.mean() == pytest.approx(4000 * 0.0025 / share, rel=0.08)
    assert np.all(np.abs(x - 0.5) <= 0.45 + 1e-12)


def test_training_advances_in_parts_as_in_one():
    settings = {
        "grid": of_page("rectangular", 6, 6), "kind": "gaussian", "radius": [3, 0.4], "rate": [0.5, 0.02],
        "figure": "triangle", "total": 600, "seed": 9,
    }  # fmt: skip
    body = "const t = playground.kernels.kohonen_map.training(given); t.advance(100); t.advance(150); return t.w"
    assert run(body, "kohonen_map", given=settings) == call("kohonen_map", "trained", settings, 250)
