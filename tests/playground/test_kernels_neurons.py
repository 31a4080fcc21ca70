"""kernels/neurons.js beside `mcculloch_pitts_network`, and the functions of two inputs beside linear programming."""

import itertools

import keras
import numpy as np
import pytest

import zoo
from tests.playground.node import call, run
from zoo.models.mcculloch_pitts import threshold_unit
from zoo.models.mcculloch_pitts_network import NETS

pytestmark = pytest.mark.node
PRESETS = ("heat_illusion", "and", "or", "and_not", "delay", "loop", "xor", "not", "alterable_synapse")
IN_THE_ZOO = {"loop": "latch"}  # the zoo's name, where it differs; x_1 there is x1 here
FUNCTIONS = list(range(16))


def preset(name):
    """Returns a preset of the page as a net, read by the kernel."""
    return run(
        "const k = playground.kernels; return k.neurons.read(k.nets.nets[given].net)", "neurons", "nets", given=name
    )


def described(net):
    """Returns a net of the page in the form of `zoo.build("mcculloch_pitts_network", net=...)`."""
    cells = {}
    for cell in net["cells"]:
        endings = [link for link in net["links"] if link["to"] == cell["name"]]
        cells[cell["name"]] = {
            "excitatory": [link["from"] for link in endings if link["kind"] == "e"],
            "inhibitory": [link["from"] for link in endings if link["kind"] == "i"],
            "threshold": cell["threshold"],
        }
    return {"inputs": [one["name"] for one in net["inputs"]], "cells": cells}


def in_python(net, tape):
    """Returns all cells at each tick of a tape `(ticks, inputs)`, by the zoo."""
    network = zoo.build("mcculloch_pitts_network", net=described(net)).network
    x = np.asarray(tape, "float32")[None]
    return keras.ops.convert_to_numpy(network({"inputs": x}))[0].astype(int)


def net_of(cells, inputs=("a", "b"), links=()):
    """Returns a net of the page: cells as {name: threshold}, links as (kind, from, to)."""
    return {
        "inputs": [{"name": name, "x": 0, "y": 0} for name in inputs],
        "cells": [{"name": name, "x": 0, "y": 0, "threshold": threshold} for name, threshold in cells.items()],
        "links": [dict(zip(("kind", "from", "to"), link)) for link in links],
    }


def random_net(seed):
    """Returns a net of two inputs and five cells that are wired at random, circles and double endings included."""
    rng = np.random.default_rng(seed)
    cells = {f"c{i}": int(rng.integers(0, 4)) for i in range(5)}
    fibres = ["a", "b", *cells]
    links = [("eei"[rng.integers(3)], fibres[rng.integers(7)], f"c{rng.integers(5)}") for _ in range(18)]
    return net_of(cells, links=links)


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_does_tick_by_tick_what_the_zoo_s_network_does(name):
    net = preset(name)
    tape = np.random.default_rng(3).integers(0, 2, (40, len(net["inputs"])))
    assert np.array_equal(call("neurons", "run", net, tape)[:-1], in_python(net, tape))


@pytest.mark.parametrize("name", ["heat_illusion", "and", "or", "and_not", "loop", "alterable_synapse"])
def test_a_preset_is_wired_as_in_the_zoo(name):
    wanted = NETS[IN_THE_ZOO.get(name, name)]
    found = described(preset(name))
    assert found["inputs"] == [input.replace("_", "") for input in wanted["inputs"]]
    assert list(found["cells"]) == list(wanted["cells"])
    for cell, endings in wanted["cells"].items():
        for kind in ("excitatory", "inhibitory"):
            names = sorted(fibre.replace("x_", "x") for fibre in endings.get(kind, ()))
            assert sorted(found["cells"][cell][kind]) == names, (cell, kind)
        assert found["cells"][cell]["threshold"] == endings["threshold"]


@pytest.mark.parametrize("seed", range(4))
def test_a_net_wired_at_random_does_what_the_zoo_s_network_does(seed):
    net = random_net(seed)
    tape = np.random.default_rng(seed).integers(0, 2, (40, 2))
    assert np.array_equal(call("neurons", "run", net, tape)[:-1], in_python(net, tape))


def test_a_cold_touch_of_one_tick_feels_hot_and_one_of_two_feels_cold():
    """The paper: N_3(t) = N_1(t-1) or [N_2(t-3) and not N_2(t-2)],  N_4(t) = N_2(t-2) and N_2(t-1)."""
    net = preset("heat_illusion")
    hot, cold = (np.array(call("neurons", "run", net, tape))[:, 2:].T.tolist() for tape in TOUCHES)
    assert hot == [[0, 0, 0, 1, 0, 0, 0], [0, 0, 0, 0, 0, 0, 0]]  # feels_hot at tick 3 alone; feels_cold never
    assert cold == [[0, 0, 0, 0, 0, 0, 0], [0, 0, 1, 1, 1, 1, 1]]  # no heat at all; cold from tick 2 on


TOUCHES = ([[0, 1], *[[0, 0]] * 5], [[0, 1]] * 6)


# What a cell of a net of figure 1 does at tick t, by the paper's "expression for the figures", from the inputs' past.
FIGURES = {
    "delay": {"y": lambda x1, t: x1(t - 3)},  # three of figure 1a in a row
    "or": {"y": lambda x1, x2, t: x1(t - 1) or x2(t - 1)},
    "and": {"y": lambda x1, x2, t: x1(t - 1) and x2(t - 1)},
    "and_not": {"y": lambda x1, x2, t: x1(t - 1) and not x2(t - 1)},
    "heat_illusion": {
        "feels_hot": lambda heat, cold, t: heat(t - 1) or (cold(t - 3) and not cold(t - 2)),
        "feels_cold": lambda heat, cold, t: cold(t - 2) and cold(t - 1),
    },
    "alterable_synapse": {
        "y": lambda x1, x2, t: x2(t - 1) or (x1(t - 1) and any(x1(s) and x2(s) for s in range(t))),
    },
}


@pytest.mark.parametrize("name", FIGURES)
def test_a_net_of_figure_1_does_what_the_paper_s_formula_says(name):
    net = preset(name)
    tape = np.random.default_rng(7).random((60, len(net["inputs"]))) < 0.4
    past = [lambda t, values=values: bool(t >= 0 and values[t]) for values in tape.T]
    rows = np.array(call("neurons", "run", net, tape.astype(int)))
    cells = [cell["name"] for cell in net["cells"]]
    for cell, formula in FIGURES[name].items():
        # The paper has no beginning; here the net begins at rest, and nothing was felt before tick 0.
        expected = [formula(*past, t) for t in range(3, len(tape))]
        assert rows[3 : len(tape), cells.index(cell)].tolist() == expected
        assert {True, False} == set(expected)


def test_exclusive_or_answers_after_two_ticks():
    rows = call("neurons", "truthTable", preset("xor"))
    assert [row["inputs"] for row in rows] == [[0, 0], [0, 1], [1, 0], [1, 1]]
    assert [row["values"] for row in rows] == [[0], [1], [1], [0]]
    assert [row["ticks"] for row in rows] == [0, 2, 2, 0]


def test_a_cell_that_silences_itself_never_settles():
    net = net_of({"c": 1}, inputs=["a"], links=[("e", "a", "c"), ("i", "c", "c")])
    assert [row["values"] for row in call("neurons", "truthTable", net)] == [[0], [None]]


def test_circles_are_seen_where_there_are_some():
    assert call("neurons", "hasCircle", preset("loop"))
    assert not call("neurons", "hasCircle", preset("heat_illusion"))
    ring = net_of({"a1": 1, "b1": 1, "c1": 1}, links=[("e", "a1", "b1"), ("e", "b1", "c1"), ("e", "c1", "a1")])
    assert call("neurons", "hasCircle", ring)


def test_a_net_goes_into_the_link_and_back():
    net = random_net(1)
    line = call("neurons", "write", net)
    assert set(line) <= set("abcdefghijklmnopqrstuvwxyz0123456789._~")
    assert call("neurons", "read", line) == net


def test_a_damaged_link_leaves_out_what_names_nothing():
    net = call("neurons", "read", "x.a.1.2~c.b.3.4.1~c.b.9.9.9~e.a.b~e.gone.b~i.b.a~c.<p>.1.1.1~what~")
    assert [input["name"] for input in net["inputs"]] == ["a"]
    assert [cell["threshold"] for cell in net["cells"]] == [1]
    assert net["links"] == [{"kind": "e", "from": "a", "to": "b"}]


def table(code):
    return np.array([code >> 3 & 1, code >> 2 & 1, code >> 1 & 1, code & 1])


def test_weights_do_14_of_the_16_functions_as_linear_programming_finds():
    found = call("neurons", "functions")
    wanted = [threshold_unit(table(code)) is not None for code in FUNCTIONS]
    assert sum(wanted) == 14
    assert [one["weights"] is not None for one in found] == wanted
    for code, one in zip(FUNCTIONS, found):
        if one["weights"]:
            *w, w_0 = one["weights"]
            assert [int(np.dot(w, x) >= w_0) for x in itertools.product((0, 1), repeat=2)] == table(code).tolist()


def test_a_cell_of_1943_does_11_of_them_and_7_without_firing_of_its_own_accord():
    """By hand: an inhibited x leaves 0 wherever x is 1, and without inhibition a cell never falls as inputs rise."""
    found = call("neurons", "functions")
    able = {one["code"]: one["cell"]["threshold"] for one in found if one["cell"]}
    assert sorted(set(FUNCTIONS) - set(able)) == [0b0110, 0b1001, 0b1011, 0b1101, 0b1110]
    assert sorted(code for code, threshold in able.items() if threshold > 0) == [c for c in range(8) if c != 0b0110]


@pytest.mark.parametrize("code", FUNCTIONS)
def test_the_net_of_a_function_computes_it_in_the_zoo_too(code):
    net = call("neurons", "netFor", code)
    assert [row["values"] for row in call("neurons", "truthTable", net)] == [[value] for value in table(code)]
    for pattern in range(4):
        answered = in_python(net, [[pattern >> 1, pattern & 1]] * 4)
        assert answered[-1, -1] == table(code)[pattern]
