"""What answers in place of the network's outputs: in predictions, in the served graph, not in training."""

import keras
import numpy as np
import pytest
from keras import ops

import zoo
from tests.engine.toys import registered
from zoo.registry import Traits

X = np.random.default_rng(0).normal(size=(20, 2)).astype("float32")


def mirror(spec):
    """Builds a network that answers twice its inputs, turned round."""
    inputs = spec.inputs()
    return keras.Model(inputs, keras.layers.Dense(2, use_bias=False, name="turn")(inputs["inputs"]))


def twice(network, x, target):
    """The network's outputs for its own outputs, beside their sum `(batch, 3)`."""
    outputs = network({"inputs": network(x)})
    return ops.concatenate([outputs, ops.sum(outputs, -1, keepdims=True)], -1)


@keras.saving.register_keras_serializable(package="tests")
def of_two(y, outputs):
    assert outputs.shape[-1] == 2
    return ops.mean(ops.square(outputs), -1)


def wanted(w):
    answers = X @ w @ w
    return np.concatenate([answers, answers.sum(-1, keepdims=True)], -1)


def model_of(monkeypatch, **traits):
    model = zoo.build(registered(monkeypatch, mirror, Traits(respond=twice, loss=of_two, **traits)), X)
    model.network.set_weights([np.array([[0.0, 2.0], [1.0, 1.0]], "float32")])
    return model


@pytest.mark.parametrize("jit", [False, "inference"])
def test_every_prediction_is_what_responds(monkeypatch, jit):
    model = model_of(monkeypatch, jit=jit)
    (w,) = model.network.get_weights()
    for answers in (zoo.predict(model, X), model.predict(X, verbose=0), model(X), model.network_outputs({"inputs": X})):
        np.testing.assert_allclose(np.asarray(answers), wanted(w), rtol=1e-5)


def test_training_takes_the_network_s_outputs(monkeypatch):
    model = model_of(monkeypatch)
    (w,) = model.network.get_weights()
    np.testing.assert_allclose(model.evaluate(X, verbose=0), np.mean((X @ w) ** 2), rtol=1e-5)
    zoo.train(model, X, epochs=1, verbose=0)
    assert np.any(model.network.get_weights()[0] != w)


@pytest.mark.tensorflow
def test_the_served_graph_responds_and_numpy_refuses(monkeypatch, quick_proof, tmp_path):
    import tensorflow as tf

    from zoo.data.served import answer_facts

    model = model_of(monkeypatch)
    assert list(answer_facts(model).values()) == [["float32", [None, 3]]]
    zoo.export(model, tmp_path / "served")
    served = tf.saved_model.load(str(tmp_path / "served" / "1")).signatures["serving_default"]
    ((_, answers),) = served(inputs=tf.constant(X)).items()
    np.testing.assert_allclose(answers, wanted(*model.network.get_weights()), rtol=1e-5)
    with pytest.raises(ValueError, match="'toys/mirror', which `respond` of its traits computes, cannot be written"):
        zoo.export(model, tmp_path / "numpy", format="numpy")
