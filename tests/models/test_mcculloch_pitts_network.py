"""McCulloch and Pitts 1943, Kleene 1956: figure 1 by its formulas, circles that remember, every finite automaton."""

import itertools
import operator

import hypothesis
import keras
import numpy as np
import pytest
from hypothesis import strategies

import zoo
from zoo.models.mcculloch_pitts_network import CellsOfOneTick, compiled, mcculloch_pitts_network
from zoo.registry import Spec

FEW = hypothesis.settings(max_examples=15, deadline=None, derandomize=True)
ONE = {"inputs": ["a"], "cells": {"c": {"excitatory": ["a"], "threshold": 1}}}
PARITY = {
    "start": 0,
    "transitions": {0: {"0": 0, "1": 1}, 1: {"0": 1, "1": 0}},
    "accepting": [1],
}


def build(net):
    return mcculloch_pitts_network(Spec("logic"), net=net)


def run(network, x):
    """The outputs `(batch, time, outputs)` for trains, as whole numbers."""
    return keras.ops.convert_to_numpy(network({"inputs": np.asarray(x, "float32")})).astype(int)


def trains(rows, ticks, fibres, seed=0):
    return np.random.default_rng(seed).integers(0, 2, (rows, ticks, fibres)).astype(bool)


def ago(train, ticks):
    """The train so many ticks ago; nothing was active before the first."""
    return np.concatenate([np.zeros_like(train[:, :ticks]), train], axis=1)[:, : train.shape[1]]


def simulated(automaton, words):
    """What an automaton with bits by state and symbol gives, symbol by symbol."""
    answers = []
    for word in words:
        q, said = automaton["start"], []
        for a in word:
            said.append([int(bit) for bit in automaton["outputs"][q][a]])
            q = automaton["transitions"][q][a]
        answers.append(said)
    return np.array(answers)


FIGURE_1 = {
    "delay": lambda a: ago(a, 1),
    "or": lambda a, b: ago(a, 1) | ago(b, 1),
    "and": lambda a, b: ago(a, 1) & ago(b, 1),
    "and_not": lambda a, b: ago(a, 1) & ~ago(b, 1),
    "heat_illusion": lambda a, b: (ago(a, 1) | ago(b, 3) & ~ago(b, 2), ago(b, 2) & ago(b, 1)),
    "relative_inhibition": lambda a, b, c: ~ago(a, 2) & (ago(b, 2) | ago(c, 2)) | ago(a, 2) & ago(b, 2) & ago(c, 2),
    "extinction": lambda a, b: ago(b, 2) & ~ago(a, 3),
    "temporal_summation": lambda a: ago(a, 1) & ago(a, 2),
    "alterable_synapse": lambda a, b: ago(b, 1) | ago(a, 1) & np.maximum.accumulate(ago(a & b, 1), axis=1),
}


@pytest.mark.parametrize("name", FIGURE_1)
def test_a_net_of_figure_1_obeys_its_formula(name):
    network = build(name)
    x = trains(20, 30, network.inputs[0].shape[-1])
    if name == "alterable_synapse":
        x &= trains(20, 30, 2, seed=1)  # rarer, so that some rows learn late
    expected = FIGURE_1[name](*np.moveaxis(x, -1, 0))
    expected = np.stack(expected, axis=-1) if isinstance(expected, tuple) else expected[..., None]
    assert np.array_equal(run(network, x), expected)


def test_a_touch_of_cold_feels_hot_and_lasting_cold_feels_cold_without_heat_before():
    network = build("heat_illusion")
    x = np.zeros((3, 9, 2), int)  # heat, cold
    x[0, 0, 1] = 1  # a touch of cold
    x[1, :, 1] = 1  # cold to the end
    x[2, 4, 0] = 1  # a touch of heat
    hot, cold = np.moveaxis(run(network, x), -1, 0)
    assert hot.tolist() == [[0, 0, 0, 1, 0, 0, 0, 0, 0], [0] * 9, [0, 0, 0, 0, 0, 1, 0, 0, 0]]
    assert cold.tolist() == [[0] * 9, [0, 0, 1, 1, 1, 1, 1, 1, 1], [0] * 9]


def test_the_net_of_the_heat_illusion_has_four_cells_and_nine_endings():
    model = zoo.build("mcculloch_pitts_network")
    endings = [(len(cell["excitatory"]), len(cell["inhibitory"])) for cell in model.net["cells"].values()]
    assert endings == [(1, 0), (1, 1), (2, 0), (2, 0)]
    assert (model.net["inputs"], model.net["outputs"]) == (["heat", "cold"], ["feels_hot", "feels_cold"])


def test_one_inhibitory_ending_silences_a_cell_however_many_excite_it():
    fibres = [f"x_{i}" for i in range(9)]
    cell = {"excitatory": fibres[:8], "inhibitory": fibres[8:], "threshold": 1}
    network = build({"inputs": fibres, "cells": {"y": cell}})
    x = np.ones((2, 2, 9))
    x[0, :, 8] = 0
    assert run(network, x)[:, 1, 0].tolist() == [1, 0]


def test_a_cell_fires_where_as_many_endings_as_its_threshold_are_active():
    names = ["a", "b", "c"]
    cells = {f"at_{k}": {"excitatory": names, "threshold": k} for k in (0, 1, 2, 3, 4)}
    x = np.array(list(itertools.product((0, 1), repeat=3)))[:, None].repeat(2, axis=1)
    y = run(build({"inputs": names, "cells": cells}), x)[:, 1]
    assert np.array_equal(y, x[:, 0].sum(axis=1)[:, None] >= np.arange(5))


def test_a_name_that_stands_twice_has_two_endings():
    cell = {"excitatory": ["a", "a", "b"], "threshold": 2}
    y = run(build({"inputs": ["a", "b"], "cells": {"y": cell}}), [[[1, 0], [0, 1], [1, 1], [0, 0]]])
    assert y[0, :, 0].tolist() == [0, 1, 0, 1]


def test_all_cells_are_at_rest_at_the_first_tick():
    """Even one of threshold 0, which fires where nothing silences it: a "not"."""
    network = build({"inputs": ["a"], "cells": {"not": {"inhibitory": ["a"], "threshold": 0}}})
    assert run(network, [[[0], [1], [0], [0]]])[0, :, 0].tolist() == [0, 1, 0, 1]


def test_a_cell_that_excites_itself_remembers_a_bit():
    x = np.array([[[0, 0], [1, 0], [0, 0], [0, 0], [0, 1], [0, 0], [1, 1], [0, 0], [0, 0]]])  # set, reset
    assert run(build("latch"), x)[0, :, 0].tolist() == [0, 0, 1, 1, 1, 0, 0, 0, 0]


def test_three_cells_in_a_circle_pass_a_spike_round_for_ever():
    circle = {
        "a": {"excitatory": ["x", "c"], "threshold": 1},
        "b": {"excitatory": ["a"], "threshold": 1},
        "c": {"excitatory": ["b"], "threshold": 1},
    }
    x = np.zeros((1, 12, 1))
    x[0, 0] = 1
    y = run(build({"inputs": ["x"], "cells": circle}), x)[0]
    assert y.tolist() == [[0, 0, 0], *[[int(t % 3 == i) for i in range(3)] for t in range(11)]]


def test_the_serial_adder_adds():
    a, b = np.random.default_rng(0).integers(0, 2**30, (2, 100))
    x = np.stack([a, b], axis=-1)[:, None] >> np.arange(33)[:, None] & 1  # the lowest bit first
    y = run(build("binary_adder"), x)[:, 2:, 0]
    assert (y @ (1 << np.arange(31))).tolist() == (a + b).tolist()


def test_parity_is_that_of_the_ones_two_ticks_ago():
    x = trains(10, 40, 1)
    assert np.array_equal(run(build("parity"), x)[..., 0], ago(np.cumsum(x[..., 0], axis=1), 2) % 2)


@strategies.composite
def automata(draw, symbols):
    states = [f"q{i}" for i in range(draw(strategies.integers(1, 5)))]
    lines = draw(strategies.integers(1, 3))
    bits = strategies.text("01", min_size=lines, max_size=lines)
    return {
        "start": draw(strategies.sampled_from(states)),
        "transitions": {q: {a: draw(strategies.sampled_from(states)) for a in symbols} for q in states},
        "outputs": {q: {a: draw(bits) for a in symbols} for q in states},
    }


def check_against_simulation(automaton, encoded):
    symbols = list(encoded)
    words = np.random.default_rng(0).integers(0, len(symbols), (8, 20))
    expected = simulated(automaton, [[symbols[i] for i in word] for word in words])
    x = np.array([encoded[a] for a in symbols])[words]
    y = run(build(automaton), x)
    assert not y[:, :2].any()
    assert np.array_equal(y[:, 2:], expected[:, :-2])


@hypothesis.given(automata(["00", "01", "10", "11"]))
@FEW
def test_every_automaton_that_reads_bits_is_reproduced_two_ticks_later(automaton):
    check_against_simulation(automaton, {a: [int(bit) for bit in a] for a in automaton["transitions"]["q0"]})


@hypothesis.given(automata(["left", "right", "stay"]))
@FEW
def test_every_automaton_that_reads_symbols_is_reproduced_two_ticks_later(automaton):
    symbols = list(automaton["transitions"]["q0"])
    check_against_simulation(automaton, dict(zip(symbols, np.eye(len(symbols), dtype=int))))


def test_outputs_by_state_are_those_of_the_state_that_is_entered():
    thirds = {
        "start": "0",
        "transitions": {str(r): {b: str((2 * r + int(b)) % 3) for b in "01"} for r in range(3)},
        "outputs": {"0": "00", "1": "01", "2": "10"},
    }
    x = trains(10, 20, 1)
    y = run(build(thirds), x)
    remainders = np.stack(
        [[int("".join(map(str, map(int, row[: t + 1]))), 2) % 3 for t in range(18)] for row in x[..., 0]]
    )
    assert np.array_equal(2 * y[:, 2:, 0] + y[:, 2:, 1], remainders)


@pytest.mark.parametrize("symbols", [["00", "01", "10", "11"], ["a", "b", "c"]])
def test_an_automaton_takes_a_cell_for_each_state_and_symbol_one_for_each_first_symbol_and_one_an_output(symbols):
    states = ["p", "q", "r", "s"]
    table = {q: dict.fromkeys(symbols, "p") for q in states}
    net = compiled({"start": "p", "transitions": table, "outputs": dict.fromkeys(states, "01")})
    assert len(net["cells"]) == (len(states) + 1) * len(symbols) + 2
    assert all(len(set(cell["excitatory"])) == len(cell["excitatory"]) for cell in net["cells"].values())


def test_of_the_reading_cells_of_an_automaton_exactly_one_is_active_from_the_second_tick():
    net = compiled(PARITY)
    reading = list(net["cells"])[:-1]
    y = run(build({**net, "outputs": reading}), trains(5, 30, 1))
    assert y.sum(axis=-1).tolist() == [[0] + [1] * 29] * 5


def test_a_tick_without_a_symbol_begins_anew():
    toggle = {
        "start": "off",
        "transitions": {"off": {"press": "on", "wait": "off"}, "on": {"press": "off", "wait": "on"}},
        "accepting": ["on"],
    }
    press, wait, nothing = [1, 0], [0, 1], [0, 0]
    y = run(build(toggle), [[press, wait, wait, nothing, wait, press, nothing, nothing]])[0, :, 0]
    assert y.tolist() == [0, 0, 1, 1, 1, 0, 0, 1]


@pytest.mark.parametrize(("name", "ticks"), [("delay", 1), ("heat_illusion", 1), ("extinction", 2), ("parity", 2)])
def test_the_delay_is_that_of_the_shortest_path(name, ticks):
    assert zoo.build("mcculloch_pitts_network", net=name).delay == ticks


def test_a_net_that_no_input_reaches_has_no_delay():
    cells = {"a": {"excitatory": ["x"], "threshold": 1}, "b": {"threshold": 0}}
    model = zoo.build("mcculloch_pitts_network", net={"inputs": ["x"], "cells": cells, "outputs": ["b"]})
    with pytest.raises(ValueError, match="No input reaches an output"):
        operator.attrgetter("delay")(model)


def test_nothing_is_trainable():
    assert build("parity").trainable_variables == []


def test_states_may_be_numbers_and_survive_a_file(tmp_path):
    model = zoo.build("mcculloch_pitts_network", net=PARITY)
    model.save(tmp_path / "parity.keras")
    again = keras.models.load_model(tmp_path / "parity.keras")
    x = trains(4, 10, 1)
    assert np.array_equal(again.predict(x, verbose=0), model.predict(x, verbose=0))
    assert again.net == model.net and again.delay == 2


def test_the_layer_survives_its_config():
    layer = CellsOfOneTick(3, (2, 0))
    assert CellsOfOneTick.from_config(layer.get_config()).get_config() == layer.get_config()


@pytest.mark.tensorflow
def test_the_data_may_be_given_and_predictions_are_by_row_and_step():
    x = trains(3, 7, 2).astype(int)
    model = zoo.build("mcculloch_pitts_network", x, net="and")
    answers = zoo.predict(model, x)["prediction"]
    assert answers.index.names == ["row", "step"]
    assert answers.to_numpy().reshape(3, 7)[:, 1:].tolist() == x.all(axis=-1)[:, :-1].tolist()
    expected = np.concatenate([np.zeros((3, 1, 1)), x.all(axis=-1, keepdims=True)[:, :-1]], axis=1)
    assert zoo.evaluate(model, (x, expected), verbose=0)["rmse"] == 0.0


@pytest.mark.usefixtures("quick_proof")
@pytest.mark.slow
@pytest.mark.tensorflow
def test_an_exported_net_answers_trains_of_any_length(tmp_path):
    model = zoo.build("mcculloch_pitts_network", net="binary_adder")
    report = zoo.export(model, tmp_path / "adder")
    assert report.max_difference == 0.0
    again = zoo.load(report.path)
    for ticks in (1, 3, 90):
        x = trains(4, ticks, 2)
        assert np.array_equal(again.predict(x, verbose=0), model.predict(x, verbose=0))


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.full((2, 5, 2), 0.5), "'inputs' must hold 0 and 1 alone. Received: 0.5"),
        (np.full((2, 5, 2), -1.0), "must hold 0 and 1 alone. Received: -1, in row 0"),
        (np.zeros((2, 5, 3)), r"'inputs' must have the shape \(rows, time, 2\). Received: \(2, 5, 3\)"),
    ],
)
def test_trains_of_other_values_or_fibres_are_refused(x, message):
    with pytest.raises(ValueError, match=message):
        zoo.build("mcculloch_pitts_network").predict(x)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.zeros((2, 5, 3)), r"sequences \(rows, time, 2\) of heat, cold. Received: sequences of 3 inputs"),
        (np.zeros((2, 2)), r"Received: rows without time, of 2 inputs"),
    ],
)
def test_data_of_other_shapes_are_refused(x, message):
    with pytest.raises(ValueError, match=message):
        zoo.build("mcculloch_pitts_network", x)


def cell(**parts):
    return {"inputs": ["a"], "cells": {"c": {"excitatory": ["a"], "threshold": 1, **parts}}}


def table(**parts):
    return {**PARITY, **parts}


@pytest.mark.parametrize(
    ("net", "message"),
    [
        ("pariti", "Unknown net 'pariti'. Did you mean 'parity'"),
        ({"cells": {}}, "`net` must be a name; or have `inputs` and `cells`.*Received: cells"),
        ({**ONE, "weights": []}, "`net` must be a name;.*Received: inputs, cells, weights"),
        ({"transitions": {}}, "`net` must be a name"),
        (["a"], "`net` must be a name"),
        (5, "`net` must be a name"),
        ({"inputs": [], "cells": ONE["cells"]}, "must have inputs and cells"),
        ({"inputs": ["c"], "cells": ONE["cells"]}, "names of their own. Received twice: c"),
        ({**ONE, "outputs": ["d"]}, "`outputs` must be cells. Received: 'd'; the cells are: c"),
        ({**ONE, "outputs": ["a"]}, "let a cell listen to it"),
        (cell(excitatory=["b"]), "'c' listens to 'b', which is neither an input nor a cell.*There are: a, c"),
        (cell(inhibitory=["aa"]), "'c' listens to 'aa'.* Did you mean 'a'?"),
        (cell(excitatory="a"), r"`excitatory` of the cell 'c' must be a list of names. Received: 'a'. Write \['a'\]"),
        (cell(threshold=1.5), "threshold of 'c' must be a number of endings, 0 or more. Received: 1.5"),
        (cell(threshold=-1), "threshold of 'c' must be a number of endings"),
        (cell(weights=[2]), "'c' must have `excitatory` and `inhibitory`, lists of names, and `threshold`"),
        (table(start=2), "`start` must be a state. Received: start='2'; the states are: 0, 1"),
        (table(transitions={0: {"0": 0, "1": 1}, 1: {"0": 1}}), "must be complete: the state '1' has none for '1'"),
        (table(transitions={0: {"0": 0, "1": 7}, 1: {"0": 1, "1": 0}}), "'0' goes to '7' at '1', which is no state"),
        (table(transitions={0: {}, 1: {}}), "must read symbols"),
        (table(outputs={0: "1", 1: "0"}), "must have either `accepting`"),
        (table(accepting=[2]), "`accepting` must be a list of states"),
        (table(accepting={1}), "`accepting` must be a list of states"),
        (table(accepting="1"), "`accepting` must be a list of states"),
        ({"start": 0, "transitions": PARITY["transitions"]}, "must have either `accepting`"),
        ({"start": 0, "transitions": PARITY["transitions"], "outputs": {0: "1"}}, "`outputs` must have bits"),
        ({"start": 0, "transitions": PARITY["transitions"], "outputs": {0: "1", 1: "01"}}, "`outputs` must have bits"),
    ],
)
def test_descriptions_that_make_no_sense_are_refused(net, message):
    with pytest.raises(ValueError, match=message):
        build(net)


@pytest.mark.parametrize(
    "net, told",
    [
        ({"inputs": ["a"], "cells": ["c"]}, "`cells` must be a dict"),
        ({"inputs": "a", "cells": {"c": {"excitatory": ["a"]}}}, r"Write \['a'\]"),
        ({"start": "s", "transitions": ["s"], "accepting": ["s"]}, "`transitions` must be a dict"),
        ({"start": "s", "transitions": {"s": ["s"]}, "accepting": ["s"]}, "`transitions` must be a dict"),
    ],
)
def test_lists_in_the_place_of_tables_are_told_by_name(net, told):
    with pytest.raises(ValueError, match=told):
        zoo.build("mcculloch_pitts_network", net=net)
