"""Members of different shapes: each answers as it does alone, in memory, from a file and in an export."""

import keras
import numpy as np
import pytest

import zoo
from zoo.layers import ensemble
from zoo.model import Model

ROWS = 30


def built(x, **options):
    """Returns a model whose weights are random, those that a builder sets to zero too."""
    model = zoo.build("mlp_classifier", (x, np.arange(ROWS) % 3), linear=False, **options)
    generator = np.random.default_rng(len(model.network.weights))
    model.network.set_weights([generator.uniform(0.1, 1.0, weight.shape) for weight in model.network.weights])
    return model


@pytest.fixture(scope="module")
def models():
    """Returns rows, models of two shapes, and the model whose members they are."""
    x = np.random.default_rng(0).normal(size=(ROWS, 4)).astype("float32")
    one, other = built(x, hidden_units=(8,)), built(x, hidden_units=(5, 6), normalization="batch", activation="prelu")
    together = ensemble.of_networks([one.network, other.network])
    return x, (one, other), Model(together, entry="mlp_classifier", preprocessor=one.preprocessor, decision="softmax")


def plain(tensor):
    return keras.ops.convert_to_numpy(tensor)


def test_networks_of_different_shapes_answer_beside_each_other_as_each_does_alone(models):
    x, alone, model = models
    encoded = model.preprocessor.encode(x)
    outputs = plain(model.network(encoded))
    assert outputs.shape == (ROWS, 2, 3) and ensemble.size(model.network) == 2
    for m, single in enumerate(alone):
        np.testing.assert_allclose(outputs[:, m], plain(single.network(encoded)), rtol=1e-5, atol=1e-5)
    mean = (plain(alone[0](encoded)) + plain(alone[1](encoded))) / 2
    np.testing.assert_allclose(plain(model(encoded)), mean, rtol=1e-4, atol=1e-6)


def test_networks_of_different_shapes_survive_a_file(models, tmp_path):
    x, _, model = models
    zoo.save(model, tmp_path / "both")
    again = zoo.load(tmp_path / "both")
    assert again.members == 2
    np.testing.assert_array_equal(zoo.predict(again, x), zoo.predict(model, x))


@pytest.mark.slow
@pytest.mark.parametrize("format", ["tf_saved_model", "onnx", "litert", "numpy"])
@pytest.mark.usefixtures("quick_proof")
def test_networks_of_different_shapes_are_exported(models, tmp_path, format):
    zoo.export(models[-1], tmp_path / "both", format=format)


def network(width: int, outputs: int):
    inputs = keras.Input((width,), name="x")
    return keras.Model({"x": inputs}, keras.layers.Dense(outputs, "tanh", name="outputs")(inputs))


def test_networks_that_do_not_fit_beside_each_other_are_refused():
    with pytest.raises(ValueError, match=r"outputs of one shape. Received: \(2,\), \(3,\). Build them for the same"):
        ensemble.of_networks([network(4, 2), network(4, 3)])
    with pytest.raises(ValueError, match=r"by the name 'x'. Received: \(None, 4\) float32 and \(None, 5\) float32"):
        ensemble.of_networks([network(4, 2), network(5, 2)])


def test_members_keep_the_activation_of_a_dense_layer(tmp_path):
    alone, x = [network(4, 2) for _ in range(3)], np.ones((ROWS, 4), "float32")
    together = ensemble.ensemble(network(4, 2), 3)
    ensemble.join(together, alone)
    together.save(tmp_path / "network.keras")
    outputs = plain(keras.models.load_model(tmp_path / "network.keras")({"x": x}))
    for m, single in enumerate(alone):
        np.testing.assert_allclose(outputs[:, m], plain(single({"x": x})), rtol=1e-5, atol=1e-6)
