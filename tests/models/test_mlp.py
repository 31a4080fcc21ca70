"""The multilayer perceptron: its options, back-propagation's own examples, and a certified regression."""

import keras
import numpy as np
import pytest

import zoo
from zoo.layers.activations import NAMES
from zoo.models.mlp import mlp_classifier, mlp_regressor
from zoo.registry import Spec

SPEC = Spec("classification", num_outputs=3, num_numeric=4, num_quantile=2, categorical_sizes=(3, 30))
ROWS = {
    "numeric": np.linspace(-1, 1, 20).reshape(5, 4).astype("float32"),
    "quantile": np.linspace(0, 1, 10).reshape(5, 2).astype("float32"),
    "categorical": np.array([[0, 0], [1, 3], [2, 29], [1, 1], [2, 2]], "int32"),
}


@pytest.mark.parametrize("activation", NAMES)
def test_every_activation_of_the_lecture_builds_and_answers(activation):
    network = mlp_classifier(SPEC, hidden_units=(8,), activation=activation)
    assert np.all(np.isfinite(keras.ops.convert_to_numpy(network(ROWS))))


@pytest.mark.parametrize("normalization", [None, "batch", "layer"])
def test_normalization_and_dropout_act_in_training(normalization):
    network = mlp_classifier(SPEC, hidden_units=(16, 16), dropout=0.5, normalization=normalization)
    quiet = keras.ops.convert_to_numpy(network(ROWS, training=False))
    np.testing.assert_array_equal(quiet, keras.ops.convert_to_numpy(network(ROWS, training=False)))
    assert np.any(quiet != keras.ops.convert_to_numpy(network(ROWS, training=True)))


def test_l2_is_the_sum_of_squared_hidden_weights():
    network = mlp_classifier(SPEC, hidden_units=(4,), l2=0.5)
    kernel = network.get_layer("hidden_0").kernel.numpy()
    assert float(sum(network.losses)) == pytest.approx(0.5 * np.sum(kernel**2), rel=1e-5)


def test_embedding_size_is_the_width_of_a_large_column_s_vectors():
    assert mlp_classifier(SPEC, embedding_size=5).get_layer("levels").table.shape == (30, 5)


def test_a_network_without_hidden_units_is_linear():
    network = mlp_regressor(Spec("regression", num_numeric=4), hidden_units=())
    assert [layer.name for layer in network.layers] == ["numeric", "outputs"]


@pytest.mark.parametrize(
    "option",
    [
        {"hidden_units": (0,)},
        {"dropout": 1.0},
        {"l2": -0.1},
        {"normalization": "group"},
        {"activation": "rellu"},
        {"output_activation": "tanh"},
    ],
)
def test_an_option_out_of_its_range_is_refused(option):
    with pytest.raises(ValueError, match="Received|Unknown"):
        mlp_classifier(SPEC, **option)


@pytest.mark.parametrize("output_activation", ["softmax", "sigmoid", None])
def test_output_activations_give_what_they_say(output_activation):
    x = np.random.default_rng(0).normal(size=(60, 2)).astype("float32")
    y = np.arange(60) % 3
    model = zoo.build("mlp_classifier", (x, y), hidden_units=(8,), output_activation=output_activation)
    encoded = model.preprocessor.encode(x)
    logits = keras.ops.convert_to_numpy(model.network(encoded))
    expected = {
        "softmax": np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True),
        "sigmoid": 1 / (1 + np.exp(-logits)),
        None: logits,
    }[output_activation]
    np.testing.assert_allclose(keras.ops.convert_to_numpy(model(encoded)), expected, rtol=1e-4, atol=1e-6)
    labels = zoo.predict(model, x)["label"]
    np.testing.assert_array_equal(labels, logits.argmax(axis=1))


@pytest.mark.tensorflow
def test_back_propagation_learns_xor_in_a_few_hundred_sweeps():
    # 2-2-1 logistic units, all patterns a step, eps 0.5 and alpha 0.9, as in 1986. Some starts end in a local minimum
    # (the paper says so too), hence a few seeds.
    sgd = keras.optimizers.SGD(0.5, momentum=0.9)
    solved = []
    for seed in range(4):
        run = zoo.train(
            "mlp_classifier",
            "xor_gate",
            hidden_units=(2,),
            activation="tanh",
            dropout=0.0,
            num_bins=1,
            optimizer=keras.optimizers.SGD.from_config(sgd.get_config()),
            batch_size="full",
            epochs=300,
            validation=None,
            seed=seed,
            verbose=0,
        )
        solved.append(zoo.evaluate(run, "xor_gate", verbose=0)["accuracy"] == 1.0)
    assert sum(solved) >= 2


@pytest.mark.tensorflow
def test_one_hidden_unit_fits_rat42_to_its_certified_residuals():
    # y = b1 / (1 + exp(b2 - b3 x)) is one logistic unit; with the output's bias the fit can only be better.
    network_options = {"hidden_units": (1,), "activation": "logistic", "dropout": 0.0, "num_bins": 1}
    run = zoo.train(
        "mlp_regressor", "rat42", solver="lbfgs", epochs=3000, validation=None, verbose=0, **network_options
    )
    data = zoo.data.load("rat42")
    residuals = zoo.predict(run, data)["prediction"].to_numpy() - data.y.to_numpy()
    assert np.sum(residuals**2) <= 8.0565229338 * 1.001
