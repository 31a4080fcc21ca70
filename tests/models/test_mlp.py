"""The multilayer perceptron: its options, back-propagation's own examples, and a certified regression."""

import keras
import numpy as np
import pytest

import zoo
from zoo.building import assemble
from zoo.engine.costs import xla_pays_off
from zoo.layers import ensemble
from zoo.layers.activations import NAMES
from zoo.models.mlp import mlp
from zoo.registry import Spec

SPEC = Spec("classification", num_outputs=3, num_numeric=4, num_quantile=2, categorical_sizes=(3, 30))
ROWS = {
    "numeric": np.linspace(-1, 1, 20).reshape(5, 4).astype("float32"),
    "quantile": np.linspace(0, 1, 10).reshape(5, 2).astype("float32"),
    "categorical": np.array([[0, 0], [1, 3], [2, 29], [1, 1], [2, 2]], "int32"),
}


@pytest.mark.parametrize("activation", NAMES)
def test_every_activation_of_the_lecture_builds_and_answers(activation):
    network = mlp(SPEC, hidden_units=(8,), activation=activation)
    assert np.all(np.isfinite(keras.ops.convert_to_numpy(network(ROWS))))


@pytest.mark.parametrize("normalization", [None, "batch", "layer"])
def test_normalization_and_dropout_act_in_training(normalization):
    network = mlp(SPEC, hidden_units=(16, 16), dropout=0.5, normalization=normalization)
    quiet = keras.ops.convert_to_numpy(network(ROWS, training=False))
    np.testing.assert_array_equal(quiet, keras.ops.convert_to_numpy(network(ROWS, training=False)))
    assert np.any(quiet != keras.ops.convert_to_numpy(network(ROWS, training=True)))


def test_l2_is_the_sum_of_squared_hidden_weights():
    network = mlp(SPEC, hidden_units=(4,), l2=0.5)
    kernel = network.get_layer("hidden_0").kernel.numpy()
    assert float(sum(network.losses)) == pytest.approx(0.5 * np.sum(kernel**2), rel=1e-5)


def test_embedding_size_is_the_width_of_a_large_column_s_vectors():
    assert mlp(SPEC, embedding_size=5).get_layer("levels").table.shape == (30, 5)


def test_a_network_without_hidden_units_is_linear():
    network = mlp(Spec("regression", num_numeric=4), hidden_units=())
    assert [layer.name for layer in network.layers] == ["numeric", "outputs"]


@pytest.mark.parametrize(
    "option",
    [
        {"hidden_units": (0,)},
        {"dropout": 1.0},
        {"l2": -0.1},
        {"normalization": "group"},
        {"activation": "rellu"},
    ],
)
def test_an_option_out_of_its_range_is_refused(option):
    with pytest.raises(ValueError, match="Received|Unknown"):
        mlp(SPEC, **option)


@pytest.mark.parametrize(
    ("name", "data", "known"),
    [("mlp_classifier", "penguins", "'softmax', 'sigmoid', None"), ("mlp_regressor", "mpg", "None, 'sigmoid', 'clip'")],
)
def test_an_activation_that_gives_no_answer_is_refused(name, data, known):
    with pytest.raises(ValueError, match=f"`output_activation` must be one of {known}. Received: .*'tanh'"):
        zoo.build(name, data, output_activation="tanh")


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
    network_options = {"hidden_units": (1,), "activation": "logistic", "dropout": 0.0, "num_bins": 1, "linear": False}
    run = zoo.train(
        "mlp_regressor", "rat42", solver="lbfgs", epochs=3000, validation=None, verbose=0, **network_options
    )
    data = zoo.data.load("rat42")
    residuals = zoo.predict(run, data)["prediction"].to_numpy() - data.y.to_numpy()
    assert np.sum(residuals**2) <= 8.0565229338 * 1.001


def members_alone(model, **options):
    """Returns the members of a model as models of one network each."""
    alone = [assemble(model.entry, model.preprocessor, {**model.options, **options, "ensemble": 1}) for _ in range(3)]
    ensemble.split(model.network, [single.network for single in alone])
    return alone


def targets_of(name, x):
    score = x @ np.array([1.0, -2.0, 0.5, 0.0, 0.3])
    return score if name == "mlp_regressor" else np.digitize(score, [-1.0, 1.0])


# A bias before a batch normalization has no gradient but rounding's, which Adam makes as large as any.
HOW = [
    ("mlp_classifier", "auto", "adam", "layer"),
    ("mlp_classifier", "keras", "sgd", "batch"),
    pytest.param("mlp_classifier", "xla", "sgd", "batch", marks=pytest.mark.tensorflow),
    ("mlp_regressor", "auto", "adam", None),
]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "engine", "optimizer", "normalization"), HOW)
def test_a_member_trains_as_it_would_alone(name, engine, optimizer, normalization):
    x = np.random.default_rng(0).normal(size=(90, 5)).astype("float32")
    data = (x, targets_of(name, x))
    options = {"hidden_units": (8,), "dropout": 0.0, "l2": 0.01, "normalization": normalization}
    model = zoo.build(name, data, ensemble=3, **options)
    alone = members_alone(model)
    how = {"batch_size": 32, "epochs": 3, "optimizer": optimizer, "learning_rate": 0.01, "engine": engine}
    how["class_weight"] = "balanced" if name == "mlp_classifier" else None
    run = zoo.train(model, data, validation=None, verbose=0, **how)
    losses = [zoo.train(single, data, validation=None, verbose=0, **how).history["loss"] for single in alone]
    np.testing.assert_allclose(run.history["loss"], np.mean(losses, axis=0), rtol=1e-4)
    found = members_alone(model)
    for member, single in zip(found, alone, strict=True):
        for mine, theirs in zip(member.get_weights(), single.get_weights(), strict=True):
            np.testing.assert_allclose(mine, theirs, rtol=1e-5, atol=1e-5)


def test_a_member_trains_as_it_would_alone_with_a_loss_of_the_caller():
    x = np.random.default_rng(0).normal(size=(64, 5)).astype("float32")
    model = zoo.build(
        "mlp_classifier", (x, targets_of("mlp_classifier", x)), ensemble=3, hidden_units=(8,), dropout=0.0
    )
    alone = members_alone(model)
    encoded, one_hot = model.preprocessor.encode(x), np.eye(3, dtype="float32")[targets_of("mlp_classifier", x)]
    for each in (model, *alone):
        each.compile(keras.optimizers.SGD(0.01), keras.losses.CategoricalCrossentropy(reduction="sum"))
        each.fit(encoded, one_hot, batch_size=32, epochs=2, shuffle=False, verbose=0)
    for member, single in zip(members_alone(model), alone, strict=True):
        for mine, theirs in zip(member.get_weights(), single.get_weights(), strict=True):
            np.testing.assert_allclose(mine, theirs, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("output_activation", ["softmax", "sigmoid", None])
@pytest.mark.parametrize("classes", [2, 3])
def test_an_ensemble_answers_the_mean_of_its_members_probabilities(output_activation, classes):
    x = np.random.default_rng(0).normal(size=(60, 2)).astype("float32")
    y = np.arange(60) % classes
    model = zoo.build("mlp_classifier", (x, y), ensemble=3, hidden_units=(8,), output_activation=output_activation)
    z = keras.ops.convert_to_numpy(model.network(model.preprocessor.encode(x))).astype("float64")
    assert z.shape == (60, 3, classes if classes > 2 else 1)
    if classes == 2:
        z = np.concatenate([np.zeros_like(z), z], axis=-1)
    one_against_the_rest = output_activation == "sigmoid" and classes > 2
    p = 1 / (1 + np.exp(-z)) if one_against_the_rest else np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True)
    answers = zoo.predict(model, x)
    np.testing.assert_allclose(answers.filter(like="p_"), p.mean(axis=1), rtol=1e-4, atol=1e-6)
    scores = zoo.evaluate(model, (x, y), verbose=0)
    assert scores["accuracy"] == np.mean(p.mean(axis=1).argmax(axis=1) == y)


@pytest.mark.parametrize("output_activation", [None, "sigmoid"])
def test_an_ensemble_of_regressions_answers_the_mean_of_its_members_values(output_activation):
    x = np.random.default_rng(0).normal(size=(60, 5)).astype("float32")
    y = 100.0 + 10.0 * targets_of("mlp_regressor", x)
    model = zoo.build("mlp_regressor", (x, y), ensemble=3, hidden_units=(8,), output_activation=output_activation)
    z = keras.ops.convert_to_numpy(model.network(model.preprocessor.encode(x))).astype("float64")[..., 0]
    values = y.mean() + y.std() * z if output_activation is None else y.min() + np.ptp(y) / (1 + np.exp(-z))
    np.testing.assert_allclose(zoo.predict(model, x)["prediction"], values.mean(axis=1), rtol=1e-4)


def test_the_validation_loss_of_an_ensemble_is_that_of_its_answer():
    x = np.random.default_rng(0).normal(size=(60, 5)).astype("float32")
    y = targets_of("mlp_classifier", x)
    model = zoo.build("mlp_classifier", (x, y), ensemble=3, hidden_units=(8,), dropout=0.0)
    expected = -np.log(zoo.predict(model, x).filter(like="p_").to_numpy()[np.arange(60), y]).mean()
    assert model.evaluate(x, y, verbose=0)[0] == pytest.approx(expected, rel=1e-4)


def test_the_first_member_begins_as_the_network_alone():
    x = np.random.default_rng(0).normal(size=(60, 5)).astype("float32")
    data = (x, targets_of("mlp_classifier", x))
    how = {"seed": 3, "linear": False}
    alone, together = zoo.build("mlp_classifier", data, **how), zoo.build("mlp_classifier", data, **how, ensemble=2)
    for one, both in zip(alone.get_weights(), together.get_weights(), strict=True):
        np.testing.assert_array_equal(one, both[0])
    assert np.any(together.get_weights()[0][0] != together.get_weights()[0][1])
    again = zoo.build("mlp_classifier", data, **how, ensemble=2)
    assert all(np.array_equal(a, b) for a, b in zip(together.get_weights(), again.get_weights(), strict=True))


@pytest.mark.parametrize("ensemble", [0, -1, 2.5, True])
def test_an_ensemble_of_no_whole_number_is_refused(ensemble):
    with pytest.raises(ValueError, match="`ensemble` must be a positive integer"):
        mlp(SPEC, ensemble=ensemble)


def test_an_ensemble_has_no_coefficients():
    x = np.random.default_rng(0).normal(size=(60, 5)).astype("float32")
    options = {"ensemble": 2, "hidden_units": (), "linear": False}
    model = zoo.build("mlp_regressor", (x, targets_of("mlp_regressor", x)), **options)
    with pytest.raises(TypeError, match="an ensemble of 2 members"):
        model.coefficients()


@pytest.mark.tensorflow
def test_xla_is_chosen_for_an_ensemble_by_its_arithmetic(monkeypatch):
    monkeypatch.setattr("tensorflow.config.list_logical_devices", lambda kind: [])
    x = np.random.default_rng(0).normal(size=(60, 5)).astype("float32")
    data, how = (x, targets_of("mlp_classifier", x)), {"rows": 60_000, "batch_size": 128, "epochs": 100}
    model = zoo.build("mlp_classifier", data, dropout=0.0, ensemble=2)
    assert xla_pays_off(model, **how)
    assert not xla_pays_off(model, rows=60, batch_size=32, epochs=30)
