"""The programs of the later stations, in states beside the defaults: what they print is what the page shows."""

import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from tests.browser.process import ROOT
from tests.playground.node import call, run
from tests.playground.test_stations import FILES
from zoo.playground.points import points, split

pytestmark = [pytest.mark.node, pytest.mark.slow, pytest.mark.process, pytest.mark.tensorflow]
PROGRAM = """
const station = playground.stations.find(one => one.name === given[0]);
return station.python({...station.defaults, ...given[1]});
"""


def printed(station, state, folder, more=""):
    """Returns what a station's program prints in a state, and what the lines in `more` print after it."""
    program = run(PROGRAM, files=FILES, given=[station, state])
    (folder / "copied.py").write_text(f"{program}\n{more}", encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, "copied.py"]
    ended = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=600)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


@pytest.mark.parametrize("activation", ["tanh", "prelu"])
def test_back_propagation_has_the_slopes_of_the_page(activation, tmp_path):
    state = {"net": "2-2-1", "activation": activation, "weights": [0.5, -0.2, 0.1, 0.3, 0.8, -0.4, 1.1, -0.7, 0.2]}
    said = printed("backpropagation", state, tmp_path, "print('SLOPES', *numbers.edges['dE/dw'])\n")
    network = {"sizes": [2, 2, 1], "softmax": False, "activation": activation, "weights": state["weights"]}
    found = call("backpropagation", "backward", network, [1, -0.5], [1], files=["activations"])
    slopes = np.array(said.rpartition("SLOPES")[2].split(), "float64")
    np.testing.assert_allclose(slopes, found["gradient"], rtol=1e-5)


def test_behind_a_softmax_too(tmp_path):
    said = printed("backpropagation", {"net": "2-3-2"}, tmp_path, "print('E', float(error))\n")
    weights = run(
        "const {facts} = playground.backpropagation, {defaults} = playground.stations.find(s => s.name === given);"
        "return facts({...defaults, net: '2-3-2'}).weights",
        files=FILES,
        given="backpropagation",
    )
    network = {"sizes": [2, 3, 2], "softmax": True, "activation": "logistic", "weights": weights}
    found = call("backpropagation", "forward", network, [1, -0.5], [1, 0], files=["activations"])
    assert float(said.rpartition("E ")[2]) == pytest.approx(found["error"], rel=1e-5)


def test_a_training_is_of_the_page_s_rows_and_features_and_network(tmp_path):
    state = {"data": "circles", "count": 80, "f3": True, "f4": True, "hidden": [3], "penalty": "l2", "steps": 30}
    said = printed(
        "your_data", state, tmp_path, "print('ROWS', len(train), *[layer.name for layer in run.model.network.layers])\n"
    )
    train, test = split(points("circles", count=80, noise=0.15, seed=1), share=0.3, seed=1)
    rows, *layers = said.rpartition("ROWS")[2].split()
    assert int(rows) == len(train) == 56
    assert layers == ["numeric", "hidden_0", "activation_0", "outputs"]  # standardised features, dense layers, no line


def test_a_table_of_one_s_own_is_in_the_program(tmp_path):
    frame = pd.DataFrame({"Länge": np.linspace(0, 3, 24), "b": np.cos(np.arange(24)), "Art": ["p", "q", "r"] * 8})
    text = frame.round(2).to_csv(index=False, sep=";", decimal=",")
    state = {"data": "own", "table": text, "steps": 10, "optimizer": "momentum", "batch": 0}
    said = printed("your_data", state, tmp_path, "print('TABLE', table.shape, *table.columns, table['x'].dtype)\n")
    assert said.rpartition("TABLE")[2].split() == ["(24,", "3)", "x", "y", "label", "float64"]


def test_a_table_without_a_header_of_numbers_is_regressed(tmp_path):
    text = "\n".join(f"{i},{i * i % 7},{i / 3:.2f}" for i in range(24))
    state = {"data": "own", "table": text, "steps": 10, "hidden": []}
    said = printed("your_data", state, tmp_path, "print('ENTRY', run.model.entry.name)\n")
    assert said.rpartition("ENTRY")[2].split() == ["mlp_regressor"]


@pytest.mark.parametrize("momentum", [0, 0.6])
def test_a_descent_ends_where_the_page_s_does(momentum, tmp_path):
    state = {"rate": 0.3, "momentum": momentum, "steps": 12, "angle": 40}
    said = printed("descent", state, tmp_path, "print('THETA', *theta.numpy())\n")
    path = run(
        "const {defaults} = playground.stations.find(one => one.name === 'descent');"
        "return playground.views.bowl.path({...defaults, ...given})",
        files=FILES,
        given=state,
    )
    assert len(path) == 13
    found = np.array(said.rpartition("THETA ")[2].split("\n")[0].split(), "float64")
    np.testing.assert_allclose(found, path[-1], rtol=1e-4, atol=1e-6)


def test_a_map_has_the_errors_of_the_page(tmp_path):
    """Other samples of the same figure: the errors agree as closely as the means of 400 points do."""
    state = {"side": 6, "radius": 3, "total": 3000}
    said = printed("maps", state, tmp_path, "print('ERRORS', *list(run.metrics['train'].values())[:2])\n")
    body = """
    const {defaults} = playground.stations.find(one => one.name === "maps"), {kohonen_map} = playground.kernels;
    const {side, radius, last_radius, rate, last_rate, kind, figure, total, seed, topology} = {...defaults, ...given};
    const grid = {rows: side, columns: side, topology};
    const settings = {grid, kind, radius: [radius, last_radius], rate: [rate, last_rate], figure, total, seed};
    return kohonen_map.errors(kohonen_map.trained(settings, total), grid, kohonen_map.samples(figure, 2000, 7));
    """
    page = run(body, files=FILES, given=state)
    quantization, topographic = map(float, said.rpartition("ERRORS ")[2].split())
    assert quantization == pytest.approx(page["quantization"], rel=0.05)
    assert topographic == pytest.approx(page["topographic"], abs=0.05)


def test_the_neocognitron_has_the_responses_of_the_page(tmp_path):
    more = "print('CELLS', *model.cells(image[None])[0])\nprint('SHARES', *model.predict(image[None], verbose=0)[0])\n"
    said = printed("neocognitron", {"damage": 3}, tmp_path, more)
    body = """
    const {network, seen, figure} = playground.neocognitron;
    return playground.kernels.neocognitron.respond(network(), seen({image: figure("3"), damage: 3, seed: 1}));
    """
    page = run(body, files=FILES)
    cells, shares = (np.array(said.rpartition(name)[2].split("\n")[0].split(), float) for name in ("CELLS", "SHARES"))
    assert cells.max() > 0.1
    np.testing.assert_allclose(cells, page["c3"]["u"], atol=1e-4)
    np.testing.assert_allclose(shares, page["probabilities"], atol=1e-4)
