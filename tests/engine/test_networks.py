"""The network that a builder returns is checked: every entry passes with all its options, and mistakes are refused."""

import keras
import numpy as np
import pandas as pd
import pytest

import zoo
from zoo import registry
from zoo.engine.networks import check_network
from zoo.registry import Recipe, Spec

RECIPE = Recipe(data="and_gate", encodings="raw")
ROWS = np.random.default_rng(0).normal(size=(60, 4)).astype("float32")
SPIKES = (ROWS[:, None, :2] > np.zeros((1, 8, 1))).astype("float32")  # (rows, time, inputs)
IMAGES = np.random.default_rng(0).integers(0, 256, (12, 16, 16, 1), dtype="uint8")
VARIED = {  # options of other values than their defaults, beside the data that they need
    "mcculloch_pitts": [{"truth_table": "xor", "layers": 2}, {"weights": (1, -1), "threshold": 1, "inhibitory": ()}],
    "mcculloch_pitts_network": [{"net": "latch"}],
    "hebbian": [
        {"rule": "oja", "units": 1, "encodings": "standard"},
        {"rule": "sanger", "data": ROWS},
        {"rule": "outer_product", "data": (ROWS, ROWS[:, :2])},
        {"rule": "stdp", "data": SPIKES},
    ],
    "hodgkin_huxley": [{"outputs": "state", "method": "exponential_euler"}, {"compartments": 3}],
    "logistic_regression": [{"encodings": "raw", "data": (ROWS, np.arange(60) % 4)}],
    "mark_1_perceptron": [{"association_units": 64, "excitatory": 3, "inhibitory": 2, "light": 100}],
    "perceptron": [{"encodings": "standard", "data": "titanic"}, {"data": (ROWS, np.arange(60) % 3)}],
    "linear_regression": [{"encodings": "raw", "data": (ROWS, ROWS[:, 0])}],
    "cognitron": [{"layers": 2, "window": 3, "vicinity": 1, "lateral": 0, "branches": 2}],
    "neocognitron": [
        {"planes": 4, "window": 3, "r": (2.0, 1.0, 1.0), "q": (1.0, 8.0, 8.0), "organization": "together"}
    ],
    "hopfield": [{"rule": "storkey", "update": "synchronous", "sweeps": 2}],
    "kohonen_map": [
        {"grid": (5, 4), "topology": "hexagonal", "rule": "online", "neighbourhood": "bubble", "decay": "linear"},
        {
            "grid": 7,
            "topology": "chain",
            "initial": "pca",
            "radius": 2.0,
            "rate": 0.1,
            "encodings": "standard",
            "data": "penguins",
        },
    ],
    "backprop_1986": [{"problem": "xor", "hidden_units": 3}],
    "mlp_classifier": [
        {"linear": False, "encodings": {"text": "ngrams"}},
        {"ensemble": 3, "hidden_units": (4,), "output_activation": "sigmoid"},
        {"ensemble": 2, "hidden_units": (), "data": (ROWS, np.arange(60) % 3)},
        {"activation": "tanh", "normalization": "batch", "embedding_size": 2, "num_bins": 4, "feature_budget": 8},
    ],
    "mlp_regressor": [
        {"linear": False, "encodings": "standard"},
        {"ensemble": 3, "hidden_units": (4,), "output_activation": "sigmoid"},
        {"activation": "tanh", "normalization": "layer", "embedding_size": 2, "num_bins": 4, "feature_budget": 8},
    ],
    "restricted_boltzmann_machine": [{"units": 3, "steps": 2, "persistent": True, "chains": 7}, {"data": ROWS > 0}],
    "image_mlp": [
        {"hidden_units": (4,), "activation": "tanh", "normalization": "batch", "augmentation": False, "ensemble": 2},
        {"output_activation": "sigmoid", "data": (IMAGES, np.arange(12) % 2)},
    ],
    "lenet": [{"modern": True, "augmentation": False, "data": (IMAGES, np.arange(12) % 2)}],
    "mlp_mixer": [
        {"patch_size": 8, "hidden_size": 6, "blocks": 1, "tokens_mlp": 3, "channels_mlp": 5, "augmentation": "shift"},
    ],
    "committee_classifier": [
        {"members": ("mlp", "linear"), "bags": 2, "weights": (0.25, 0.75)},
        {"members": ("tabm",), "output_activation": "sigmoid", "data": (ROWS, np.arange(60) % 3)},
    ],
    "committee_regressor": [
        {"members": ("realmlp", "mlp"), "bags": 3, "weights": (1.0, 2.0), "output_activation": None},
        {"output_activation": "sigmoid"},
    ],
    "realmlp_classifier": [
        {"linear": False, "ranks": False, "feature_budget": 8},
        {"ensemble": 3, "hidden_units": (4,), "output_activation": "sigmoid", "frequencies": 0},
        {"ensemble": 2, "hidden_units": (), "data": (ROWS, np.arange(60) % 3), "activation": "tanh"},
        {"embedding_size": 2, "encodings": "standard"},
    ],
    "realmlp_regressor": [
        {"linear": False, "ranks": False, "feature_budget": 8, "encodings": "standard"},
        {"ensemble": 3, "hidden_units": (4,), "output_activation": "sigmoid", "frequencies": 0},
        {"activation": "selu", "embedding_size": 2, "output_activation": None},
    ],
    "tabm_classifier": [
        {"members": 3, "kept_members": 2, "linear": True, "encodings": "standard"},
        {"hidden_units": (4,), "embedding_size": 2, "num_bins": 4, "feature_budget": 8, "output_activation": "sigmoid"},
        {"members": 2, "data": (ROWS, np.arange(60) % 3)},
    ],
    "tabm_regressor": [
        {"members": 3, "kept_members": 2, "encodings": "standard", "output_activation": "sigmoid"},
        {"hidden_units": (4,), "embedding_size": 2, "num_bins": 4, "feature_budget": 8, "linear": True},
    ],
    "modern_hopfield": [{"beta": 2.0, "capacity": 200, "steps": 1}],
}


@pytest.mark.parametrize("name", zoo.list_models())
def test_no_entry_is_refused_with_any_option(name):
    varied = {option for options in VARIED[name] for option in options}
    entry = zoo.info(name)
    assert {n for n, default in entry.options.items() if not isinstance(default, float)} - varied == set()
    for options in ({}, *VARIED[name]):
        assert zoo.build(name, **options).entry == entry


@pytest.fixture
def build(monkeypatch):
    """A function that builds an entry for a data frame, of a builder that a test gives."""
    zoo.list_models()
    monkeypatch.setattr(registry, "_entries", dict(registry._entries))

    def built(builder, data, task="classification", **settings):
        builder.__module__ = __name__
        facts = {"year": 1969, "paper": "A paper.", "summary": "A net", "learning": "gradient"}
        zoo.register("mine/net", builder=builder, task=task, **{**facts, **settings})
        return zoo.build("mine/net", data)

    return built


def classes(number):
    return ROWS, np.arange(60) % number


def dense(units, *, name="inputs", output=lambda x: x):
    """Returns a builder of one layer of so many units."""

    def net(spec):
        x = keras.Input((4,), name=name)
        return keras.Model({name: x}, output(keras.layers.Dense(units)(x)))

    return net


@pytest.mark.parametrize(
    ("task", "data", "units", "expected"),
    [
        ("classification", classes(3), 1, r"\(batch, 3\)"),
        ("classification", classes(3), 4, r"\(batch, 3\)"),
        ("classification", classes(2), 3, r"\(batch, 1\) or \(batch, 2\)"),
        ("regression", (ROWS, ROWS[:, 0]), 2, r"\(batch, 1\)"),
    ],
)
def test_a_wrong_number_of_outputs_is_refused_with_the_one_that_must_be(build, task, data, units, expected):
    message = (
        r"The network of the builder 'tests\.engine\.test_networks:dense\.<locals>\.net' must have an output of the "
        rf"shape {expected} for the task '{task}'\. Received: \(batch, {units}\)\. Give the last layer `spec\.num_outp"
    )
    with pytest.raises(ValueError, match=message):
        build(dense(units), data, task)


@pytest.mark.parametrize(("number", "units"), [(2, 1), (2, 2), (3, 3)])
def test_a_right_number_of_outputs_is_built_and_trained(build, number, units):
    model = build(dense(units), classes(number))
    assert zoo.predict(zoo.train(model, classes(number), epochs=1, verbose=0), ROWS).shape == (60, 2 + number)


@pytest.mark.parametrize(
    ("output", "shape"),
    [
        (lambda x: keras.layers.Reshape((1, 3))(x), r"\(batch, 1, 3\)"),
        (lambda x: keras.ops.mean(x, axis=0), r"\(3,\)"),
        (lambda x: keras.ops.mean(x), r"\(\)"),
        (lambda x: keras.ops.max(x, axis=-1), r"\(batch,\)"),
    ],
)
def test_an_output_of_another_rank_is_refused(build, output, shape):
    with pytest.raises(ValueError, match=rf"must have an output of the shape \(batch, 3\).* Received: {shape}\."):
        build(dense(3, output=output), classes(3))


@pytest.mark.parametrize(
    ("task", "output", "message"),
    [
        ("dynamics", lambda x: x, r"\(batch, time, values\) for the task 'dynamics'\. Received: \(batch, 3\)\.$"),
        (
            "map",
            lambda x: keras.ops.max(x, axis=-1),
            r"\(batch, values\) or \(batch, time, values\) for the task 'map'",
        ),
        (
            "features",
            lambda x: keras.layers.Reshape((1, 1, 3))(x),
            r"for the task 'features'\. Received: \(batch, 1, 1, 3",
        ),
        ("logic", lambda x: keras.ops.mean(x), r"for the task 'logic'\. Received: \(\)"),
    ],
)
def test_a_table_of_answers_cannot_be_made_of_other_shapes(build, task, output, message):
    with pytest.raises(ValueError, match=message):
        build(dense(3, output=output), ROWS, task)


@pytest.mark.parametrize(
    ("returned", "received"),
    [
        (lambda inputs: None, "None"),
        (lambda inputs: keras.layers.Dense(3)(inputs["inputs"]), "an object of the class KerasTensor"),
        (lambda inputs: keras.layers.Dense(3), "an object of the class Dense"),
        (lambda inputs: keras.Sequential([keras.layers.Dense(3)]), "a Sequential without inputs, which is not built"),
        (lambda inputs: keras.Model(), "a Model without inputs, which is not built"),
    ],
)
def test_what_is_no_network_is_refused(build, returned, received):
    def net(spec):
        return returned(spec.inputs())

    message = (
        rf"The builder 'tests.*:.*net' must return a network, keras\.Model\(inputs, outputs\) .* Received: {received}"
    )
    with pytest.raises(TypeError, match=message):
        build(net, classes(3))


@pytest.mark.parametrize(
    ("output", "received"),
    [(lambda x: [x], "a list of 1"), (lambda x: {"a": x, "b": x}, "a dict of 2"), (lambda x: (x, x), "a tuple of 2")],
)
def test_several_outputs_are_refused(build, output, received):
    with pytest.raises(TypeError, match=f"must return one tensor. Received: {received}. Return keras.Model"):
        build(dense(3, output=output), classes(3))


def test_a_sequential_with_its_input_is_a_network(build):
    def net(spec):
        return keras.Sequential([keras.Input((4,), name="inputs"), keras.layers.Dense(spec.num_outputs)])

    assert build(net, classes(3)).network.outputs[0].shape == (None, 3)


def test_inputs_of_other_names_are_refused(build):
    with pytest.raises(
        ValueError, match=r"inputs of `spec\.inputs\(\)`: inputs \(batch, 4\)\. Received: x \(batch, 4\)\."
    ):
        build(dense(3, name="x"), classes(3))


def test_inputs_of_other_widths_are_refused(build):
    with pytest.raises(
        ValueError, match=r"inputs of `spec\.inputs\(\)`: inputs \(batch, 2\)\. Received: inputs \(batch, 4"
    ):
        build(dense(3), (ROWS[:, :2], np.arange(60) % 3))


def test_a_network_may_leave_inputs_aside():
    spec = Spec("regression", num_numeric=3, categorical_sizes=(2, 3))
    inputs = spec.inputs()
    network = keras.Model({"numeric": inputs["numeric"]}, keras.layers.Dense(1)(inputs["numeric"]))
    task = registry.load_task("regression")
    check_network(network, zoo.info("mlp_regressor"), task, task.outputs(None), spec)


def test_a_builder_that_is_named_by_its_address_is_named_so(build, monkeypatch, tmp_path):
    (tmp_path / "nets_of_no_network.py").write_text(
        "from zoo.registry import Recipe\nRECIPE = Recipe(data='and_gate')\n\n\ndef net(spec):\n    spec.inputs()\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    zoo.register("mine/net", builder="nets_of_no_network:net", task="regression", year=1969, paper="A.", summary="A")
    frame = pd.DataFrame({"a": ROWS[:, 0], "y": ROWS[:, 1]})
    for use in (zoo.build, zoo.train):
        with pytest.raises(TypeError, match="The builder 'nets_of_no_network:net' must return a network.* None"):
            use("mine/net", frame, target="y")
