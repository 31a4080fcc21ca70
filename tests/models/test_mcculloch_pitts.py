"""McCulloch and Pitts 1943: gates, absolute inhibition; what one unit computes, and that two layers compute all."""

import keras
import numpy as np
import pandas as pd
import pytest

import zoo
from zoo.models.mcculloch_pitts import ThresholdUnits, mcculloch_pitts, threshold_unit
from zoo.registry import Spec

XOR = (0, 1, 1, 0)


def build(num_inputs=None, **options):
    return mcculloch_pitts(Spec("logic", num_inputs=num_inputs), **options)


def patterns(num_inputs):
    """All patterns of 0 and 1, counting up in binary."""
    return np.array([[int(bit) for bit in f"{i:0{num_inputs}b}"] for i in range(2**num_inputs)], "float32")


def outputs(network):
    x = patterns(network.inputs[0].shape[-1])
    return keras.ops.convert_to_numpy(network({"inputs": x}))


def tables(num_inputs):
    """All truth tables of so many inputs, one a row."""
    return patterns(2**num_inputs).astype(int)


@pytest.mark.parametrize(
    ("gate", "table"),
    [
        ("and", [0, 0, 0, 1]),
        ("or", [0, 1, 1, 1]),
        ("nand", [1, 1, 1, 0]),
        ("nor", [1, 0, 0, 0]),
        ("implies", [1, 1, 0, 1]),
        ("not", [1, 0]),
        ("majority", [0, 0, 0, 1, 0, 1, 1, 1]),
    ],
)
def test_a_gate_computes_its_table(gate, table):
    assert outputs(build(truth_table=gate))[:, 0].tolist() == table


def test_without_options_it_is_and_with_the_textbook_s_weights():
    network = build()
    assert outputs(network)[:, 0].tolist() == [0, 0, 0, 1]
    w, w_0 = network.get_weights()
    assert (w[:, 0].tolist(), w_0.tolist()) == ([1, 1], [2])


def test_a_gate_takes_as_many_inputs_as_the_data_have():
    assert outputs(build(3, truth_table="and"))[:, 0].tolist() == [0] * 7 + [1]
    assert outputs(build(3, truth_table="nor"))[:, 0].tolist() == [1] + [0] * 7
    assert outputs(build(3, truth_table="xor", layers=2))[:, 0].tolist() == [0, 1, 1, 0, 1, 0, 0, 1]


def test_14_of_the_16_functions_of_two_inputs_are_threshold_functions_but_not_xor_and_xnor():
    impossible = [table.tolist() for table in tables(2) if threshold_unit(table) is None]
    assert impossible == [[0, 1, 1, 0], [1, 0, 0, 1]]


def test_104_of_the_256_functions_of_three_inputs_are_threshold_functions_each_with_whole_weights():
    found = [(table, threshold_unit(table)) for table in tables(3)]
    found = [(table, *unit) for table, unit in found if unit is not None]
    assert len(found) == 104
    for table, w, w_0 in found:
        assert np.array_equal(patterns(3) @ w >= w_0, table == 1)
        assert np.array_equal(w, np.round(w)) and w_0 == round(w_0)


@pytest.mark.parametrize("table", ["xor", "xnor", XOR, np.array(XOR)])
def test_where_no_single_unit_can_the_error_offers_two_layers(table):
    with pytest.raises(ValueError, match=r"No single threshold unit computes truth_table=.* Pass layers=2"):
        build(truth_table=table)


def test_two_layers_compute_all_256_functions_of_three_inputs():
    every = tables(3).T
    assert np.array_equal(outputs(build(truth_table=every, layers=2)), every)


@pytest.mark.parametrize("table", [XOR, (0, 0, 0, 0), (1, 1, 1, 1), (1, 1, 0, 1)])
def test_two_layers_compute_a_single_function(table):
    network = build(truth_table=table, layers=2)
    assert outputs(network)[:, 0].tolist() == list(table)
    assert network.layers[1].units <= 2  # a hidden unit for each row of the rarer output


def test_several_outputs_have_a_unit_each():
    """A half adder: carry and sum."""
    adder = build(truth_table=[[0, 0], [0, 1], [0, 1], [1, 0]], layers=2)
    assert outputs(adder).tolist() == [[0, 0], [0, 1], [0, 1], [1, 0]]
    both = build(truth_table=[[0, 0], [0, 1], [0, 1], [1, 1]])
    assert outputs(both).tolist() == [[0, 0], [0, 1], [0, 1], [1, 1]]


def test_the_unit_fires_where_the_sum_equals_the_threshold():
    network = build(weights=(0.5, -1.0, 2.0), threshold=1.5)
    expected = [float(0.5 * a - b + 2.0 * c >= 1.5) for a, b, c in patterns(3)]
    assert expected[5] == 1.0 and expected[7] == 1.0  # 2.5; and 1.5, the threshold itself
    assert outputs(network)[:, 0].tolist() == expected


def test_an_inhibitory_input_silences_the_cell_whatever_the_sum():
    """Unit excitatory weights, as in 1943: "a or b, but not c"."""
    network = build(3, threshold=1.0, inhibitory=(2,))
    assert outputs(network)[:, 0].tolist() == [0, 0, 1, 0, 1, 0, 1, 0]
    strong = build(weights=(9.0, 9.0, 0.0), threshold=1.0, inhibitory=[2])
    assert outputs(strong)[:, 0].tolist() == [0, 0, 1, 0, 1, 0, 1, 0]


def test_weights_that_are_not_whole_keep_a_distance_from_the_threshold():
    generator = np.random.default_rng(0)
    x = patterns(6)
    table = (x @ generator.normal(size=6) >= 0.1).astype(int)
    network = build(truth_table=table)
    w, w_0 = network.get_weights()
    assert outputs(network)[:, 0].tolist() == table.tolist()
    assert np.min((x @ w - w_0)[table == 1]) >= 0.0 and np.max((x @ w - w_0)[table == 0]) <= -0.5


def test_nothing_is_trainable():
    assert build().trainable_variables == []


def test_the_layer_survives_its_config():
    layer = ThresholdUnits(2, (1,))
    assert ThresholdUnits.from_config(layer.get_config()).get_config() == layer.get_config()
    assert layer.compute_output_shape((None, 3)) == (None, 2)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"truth_table": "nad"}, r"Unknown gate 'nad'\. Did you mean 'nand'\? There are: and, or"),
        ({"truth_table": (0, 1, 1)}, "`truth_table` must be a gate's name or 2\\^n outputs"),
        ({"truth_table": (0, 2)}, "`truth_table` must be a gate's name or 2\\^n outputs"),
        ({"truth_table": ()}, "`truth_table` must be a gate's name or 2\\^n outputs"),
        ({"truth_table": np.zeros(2**13)}, "at most 4096 rows. Received: 8192"),
        ({"truth_table": "and", "num_inputs": 13}, "at most 12 inputs. Received: 13"),
        ({"layers": 3}, "`layers` must be 1 or 2"),
        ({"truth_table": "and", "threshold": 1.0}, "Received both: threshold beside truth_table='and'"),
        ({"layers": 2, "weights": (1, 1), "threshold": 1.0}, "Received both: weights, threshold"),
        ({"weights": (1, 1)}, "`threshold` must go with `weights`"),
        ({"threshold": 1.0}, "`weights` must be given"),
        ({"weights": (1, float("nan")), "threshold": 1.0}, "`weights` must be a finite number an input"),
        ({"weights": ((1, 1),), "threshold": 1.0}, "`weights` must be a finite number an input"),
        ({"weights": (1, 1), "threshold": 1.0, "inhibitory": (2,)}, "`inhibitory` must be indices of the 2 inputs"),
        ({"weights": (1, 1), "threshold": 1.0, "inhibitory": (1,)}, "`weights` must be 0 for the inhibitory inputs"),
        ({"truth_table": "implies", "num_inputs": 3}, "for 2 inputs, the data have 3"),
    ],
)
def test_options_that_make_no_sense_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        build(**options)


@pytest.mark.tensorflow
def test_a_model_without_data_answers_patterns():
    model = zoo.build("mcculloch_pitts", truth_table="xor", layers=2)
    assert model.predict(patterns(2), verbose=0)[:, 0].tolist() == [0, 1, 1, 0]
    assert zoo.predict(model, patterns(2))["prediction"].tolist() == [0, 1, 1, 0]


@pytest.mark.tensorflow
def test_a_model_of_a_table_takes_its_columns():
    frame = pd.DataFrame(patterns(3), columns=["wings", "beak", "scales"])
    model = zoo.build("mcculloch_pitts", frame, threshold=2, inhibitory=(2,))
    assert zoo.predict(model, frame)["prediction"].tolist() == [0, 0, 0, 0, 0, 0, 1, 0]


def test_zoo_build_takes_the_weights_of_a_unit():
    model = zoo.build("mcculloch_pitts", weights=(1.0, 1.0, 0.0), threshold=1.0, inhibitory=[2])
    answers = model.predict(np.array([[1, 0, 0], [0, 0, 0], [1, 1, 1]], "float32"), verbose=0)
    assert answers.ravel().tolist() == [1.0, 0.0, 0.0]
