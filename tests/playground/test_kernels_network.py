"""kernels/network.js against Keras: answers, gradients, and steps of its optimizers."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.playground.node import run
from zoo.layers import activations

pytestmark = [pytest.mark.node, pytest.mark.tensorflow]
OUTPUTS = {"logistic": 1, "softmax": 3, "identity": 1}
CASES = [
    ([2, 5, 4], "tanh", "logistic"),
    ([3, 4, 3], "relu", "softmax"),
    ([2, 6], "elu", "identity"),
    ([2, 3, 3], "prelu", "logistic"),
    ([4, 5], "softplus", "softmax"),
    ([3], "tanh", "logistic"),
]
OF_NODE = """
const kernel = playground.kernels.network, {sizes, activation, output, parameters, x, y, options} = given;
const net = () => kernel.network(sizes, activation, output, parameters);
const {loss, gradient} = kernel.gradients(net(), x, y, options);
const stepped = ["sgd", "momentum", "adam"].map(kind => {
  const changed = net(), rule = kernel.optimizer(kind, 0.05, parameters.length);
  return [1, 2, 3].map(() => {
    rule.step(changed.parameters, kernel.gradients(changed, x, y, options).gradient);
    return Array.from(changed.parameters);
  });
});
const {loss: plain, accuracy} = kernel.measure(net(), x, y);
return {answers: kernel.predict(net(), x), loss, gradient, stepped, plain, accuracy};
"""


@pytest.fixture
def float64():
    """Keras computes as the page does, whose numbers have 64 bits."""
    floatx, policy = keras.config.floatx(), keras.config.dtype_policy()
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")  # Keras takes it from floatx once, for the first layer of the process
    yield
    keras.config.set_dtype_policy(policy)
    keras.config.set_floatx(floatx)


def in_keras(sizes, activation, output, generator, l2):
    """Returns a network in Keras as the zoo's `mlp` builds it, with logits, its weights drawn at random."""
    model = keras.Sequential([keras.Input((sizes[0],))])
    for i, units in enumerate(sizes[1:]):
        penalised = i < len(sizes) - 2 or len(sizes) == 2
        model.add(keras.layers.Dense(units, kernel_regularizer=keras.regularizers.L1L2(*l2) if penalised else None))
        if i < len(sizes) - 2:
            model.add(activations.activation(activation))
    for weight in model.weights:
        weight.assign(generator.normal(size=weight.shape) * 0.7)
    return model


def loss_of(output):
    if output == "identity":
        return keras.losses.MeanSquaredError()
    if output == "logistic":
        return keras.losses.BinaryCrossentropy(from_logits=True)
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def flat(arrays):
    return np.concatenate([np.ravel(array) for array in arrays])


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize(("widths", "activation", "output"), CASES)
def test_answers_gradients_and_steps_are_those_of_keras(widths, activation, output):
    generator, (l1, l2) = np.random.default_rng(3), (0.01, 0.02)
    sizes = [*widths, OUTPUTS[output]]
    model, loss = in_keras(sizes, activation, output, generator, (l1, l2)), loss_of(output)
    x = generator.normal(size=(40, sizes[0]))
    y = generator.normal(size=40) if output == "identity" else generator.integers(0, max(2, sizes[-1]), 40)
    first = [weight.numpy() for weight in model.weights]
    given = {"sizes": sizes, "activation": activation, "output": output, "parameters": flat(first)}
    found = run(
        OF_NODE, "activations", "network", given={**given, "x": x.ravel(), "y": y, "options": {"l1": l1, "l2": l2}}
    )

    def gradients():
        with tf.GradientTape() as tape:
            total = loss(y[:, None], model(x)) + sum(model.losses)
        return total, tape.gradient(total, model.trainable_variables)

    z, (total, gradient) = model(x).numpy(), gradients()
    answers = {"logistic": tf.sigmoid, "softmax": tf.nn.softmax, "identity": tf.identity}[output](z)
    np.testing.assert_allclose(found["answers"], np.ravel(answers), rtol=1e-5)
    np.testing.assert_allclose(found["loss"], total, rtol=1e-5)
    np.testing.assert_allclose(found["plain"], loss(y[:, None], z), rtol=1e-5)
    np.testing.assert_allclose(found["gradient"], flat(gradient), rtol=1e-5, atol=1e-9)
    if output != "identity":
        chosen = z.argmax(axis=1) if output == "softmax" else z[:, 0] >= 0
        assert found["accuracy"] == pytest.approx(np.mean(chosen == y))
    rules = [
        keras.optimizers.SGD(0.05),
        keras.optimizers.SGD(0.05, momentum=0.9),
        keras.optimizers.Adam(0.05),
    ]
    for rule, steps in zip(rules, found["stepped"]):
        for weight, value in zip(model.weights, first):
            weight.assign(value)
        for step in steps:
            rule.apply(gradients()[1], model.trainable_variables)
            # Keras keeps Adam's 0.999 with 32 bits, from which 1 - 0.999 is right to 1e-5 alone.
            np.testing.assert_allclose(step, flat(weight.numpy() for weight in model.weights), rtol=1e-5, atol=1e-6)


def test_initial_weights_have_the_variances_of_he_and_glorot():
    body = """
    const {create} = playground.kernels.network;
    return [1, 1].map(seed => create([50, 400, 1], "relu", "logistic", seed).parameters);
    """
    first, again = map(np.array, run(body, "activations", "network"))
    np.testing.assert_array_equal(first, again)
    hidden, bias, outputs = first[:20_000], first[20_000:20_400], first[20_400:20_800]
    assert np.std(hidden) == pytest.approx(np.sqrt(2 / 50), rel=0.02)
    assert not bias.any() and first[-1] == 0
    assert np.max(np.abs(outputs)) <= np.sqrt(6 / 401) and np.std(outputs) == pytest.approx(np.sqrt(2 / 401), rel=0.1)


@pytest.mark.parametrize(("kind", "least"), [("moons", 0.97), ("circles", 0.97), ("spirals", 0.95), ("xor", 0.95)])
def test_a_training_learns_what_a_line_cannot(kind, least):
    body = """
    const {network, data} = playground.kernels;
    const {points, targets} = data.generate(given, 200, given === "spirals" ? 0 : 0.05, 1);
    const x = data.features(points, points, ["x", "y"]);
    const accuracy = hidden => {
      const net = network.create([2, ...hidden, 1], "tanh", "logistic", 1);
      const training = network.trainer(net, x, targets, {optimizer: "adam", rate: 0.03, batchSize: 20, seed: 1});
      while (training.epochs() < 300) training.step();
      return network.measure(net, x, targets).accuracy;
    };
    return [accuracy([8, 8]), accuracy([])];
    """
    deep, line = run(body, "activations", "network", "data", given=kind)
    assert deep >= least and line < 0.94


def test_wrong_sizes_and_names_are_refused():
    for body, message in [
        ("network([2, 1], 'tanh', 'logistic', [1])", "must have 3 parameters. Received: 1"),
        ("network([2, 1], 'tanh', 'hinge', [1, 2, 3])", "An output must be one of logistic, .*Received: hinge"),
        ("optimizer('lion', 1, 2)", "An optimizer must be one of sgd, momentum, adam. Received: lion"),
    ]:
        with pytest.raises(RuntimeError, match=message):
            run(f"playground.kernels.network.{body}", "network")
