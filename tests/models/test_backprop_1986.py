"""Rumelhart, Hinton and Williams 1986: the learning rule, and the weights that find mirror symmetry."""

import keras
import numpy as np
import pytest

import zoo
from zoo.layers.losses import NetworkLoss
from zoo.models.backprop_1986 import backprop_1986, half_squared_error, misses
from zoo.registry import Spec

XOR = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], "float32"), np.array([0, 1, 1, 0])


def build(num_inputs=6, num_outputs=1, seed=0, **options):
    return backprop_1986(Spec("classification", num_outputs, num_inputs=num_inputs, seed=seed), **options)


def symmetric():
    """The 64 patterns, counting up, and whether each reads the same from both ends."""
    texts = [f"{i:06b}" for i in range(64)]
    return np.array([[int(bit) for bit in t] for t in texts], "float32"), np.array([int(t == t[::-1]) for t in texts])


def logistic(x):
    return 1.0 / (1.0 + np.exp(-x))


def error(weights, x, d):
    """E = 1/2 sum (y - d)^2 over cases and output units, in double precision."""
    w, b, v, c = weights
    return 0.5 * np.sum((logistic(logistic(x @ w + b) @ v + c) - d) ** 2)


def slopes(weights, x, d):
    """The gradient of E by the equations of the paper."""
    w, b, v, c = weights
    hidden = logistic(x @ w + b)
    y = logistic(hidden @ v + c)
    upper = (y - d) * y * (1.0 - y)
    lower = upper @ v.T * hidden * (1.0 - hidden)
    return [x.T @ lower, lower.sum(axis=0), hidden.T @ upper, upper.sum(axis=0)]


def double(weights):
    return [np.asarray(weight, "float64") for weight in weights]


def test_the_loss_is_half_the_squared_error_of_logistic_units():
    x = np.array([[0.5, -1.0, 2.0], [0.0, 3.0, -0.5]], "float32")
    d = np.array([[0, 1, 0], [0, 0, 1]])
    found = keras.ops.convert_to_numpy(half_squared_error(np.array([1, 2]), x))
    np.testing.assert_allclose(found, 0.5 * np.sum((logistic(x) - d) ** 2, axis=1), rtol=1e-6)
    one = keras.ops.convert_to_numpy(half_squared_error(np.array([1, 0]), x[:, :1]))
    np.testing.assert_allclose(one, 0.5 * (logistic(x[:, 0]) - [1, 0]) ** 2, rtol=1e-6)


def test_an_output_is_missed_where_it_is_more_than_a_tenth_away():
    x = np.log([[0.85 / 0.15], [0.95 / 0.05], [0.15 / 0.85], [0.05 / 0.95]]).astype(
        "float32"
    )  # outputs .85 .95 .15 .05
    assert keras.ops.convert_to_numpy(misses(np.array([1, 1, 0, 0]), x.astype("float32"))).tolist() == [1, 0, 1, 0]


def test_the_gradient_is_that_of_central_differences():
    x, y = symmetric()
    weights, d, step = double(build(seed=5).get_weights()), y[:, None], 1e-5
    for weight, slope in zip(weights, slopes(weights, x, d)):
        for place in np.ndindex(weight.shape):
            kept = weight[place]
            weight[place] = kept + step
            above = error(weights, x, d)
            weight[place] = kept - step
            below = error(weights, x, d)
            weight[place] = kept
            assert (above - below) / (2 * step) == pytest.approx(slope[place], rel=1e-6, abs=1e-8)


@pytest.mark.parametrize("num_outputs", [1, 3])
def test_ten_sweeps_follow_the_learning_rule_of_the_paper(num_outputs):
    x, y = symmetric()
    y = y if num_outputs == 1 else np.arange(64) % 3
    d = y[:, None] if num_outputs == 1 else np.eye(3)[y]
    network = build(6, num_outputs, seed=3, hidden_units=4)
    weights = double(network.get_weights())
    steps = [np.zeros_like(weight) for weight in weights]
    network.compile(keras.optimizers.SGD(0.1, momentum=0.9), NetworkLoss(half_squared_error, reduction="sum"))
    shown = network.fit({"inputs": x}, y, batch_size=64, epochs=10, shuffle=False, verbose=0).history["loss"]
    for sweep in range(10):
        assert shown[sweep] == pytest.approx(error(weights, x, d), rel=1e-5)
        steps = [0.9 * s - 0.1 * slope for s, slope in zip(steps, slopes(weights, x, d))]
        weights = [weight + s for weight, s in zip(weights, steps)]
    for found, expected in zip(network.get_weights(), weights):
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_initial_weights_are_uniform_in_three_tenths_either_way_by_the_seed():
    values = np.concatenate([weight.ravel() for weight in build(50, hidden_units=200).get_weights()])
    assert np.all(np.abs(values) <= 0.3)
    shares = np.histogram(values, bins=6, range=(-0.3, 0.3))[0] / len(values)
    np.testing.assert_allclose(shares, 1 / 6, atol=0.02)
    again, other = (build(50, hidden_units=200, seed=seed).get_weights()[0] for seed in (0, 1))
    assert np.array_equal(again, build(50, hidden_units=200).get_weights()[0]) and not np.array_equal(again, other)


def test_the_output_is_the_logistic_unit_s():
    x, _ = symmetric()
    model = zoo.build("backprop_1986")
    w, b, v, c = double(model.network.get_weights())
    y = logistic(logistic(x @ w + b) @ v + c)
    np.testing.assert_allclose(model.predict(x, verbose=0), np.concatenate([1 - y, y], axis=1), rtol=1e-5)


@pytest.mark.parametrize(("problem", "inputs", "rate"), [("symmetry", 6, 0.1), ("xor", 2, 0.5)])
def test_the_problem_chooses_data_net_and_constants(problem, inputs, rate):
    model = zoo.build("backprop_1986", problem=problem)
    assert [weight.shape for weight in model.network.get_weights()] == [(inputs, 2), (2,), (2, 1), (1,)]
    assert (float(model.optimizer.learning_rate), model.optimizer.momentum) == (pytest.approx(rate), 0.9)
    assert model.recipe.data == {"symmetry": "symmetry", "xor": "xor_gate"}[problem]


@pytest.fixture(scope="module")
def symmetry_run():
    return zoo.train("backprop_1986", verbose=0)


@pytest.mark.tensorflow
def test_all_64_patterns_are_learnt_in_about_as_many_sweeps_as_in_the_paper(symmetry_run):
    x, y = symmetric()
    assert 1425 / 3 < len(symmetry_run.history["loss"]) < 1425 * 3
    assert symmetry_run.stopped.startswith("misses reached 0")
    assert np.max(np.abs(symmetry_run.model.predict(x, verbose=0)[:, 1] - y)) <= 0.1
    assert symmetry_run.metrics["train"]["accuracy"] == 1.0


@pytest.mark.tensorflow
def test_weights_are_antisymmetric_about_the_middle_in_the_ratio_1_2_4(symmetry_run):
    w = double(symmetry_run.model.network.get_weights())[0]  # (inputs, hidden units)
    np.testing.assert_allclose(w[3:], -w[2::-1], atol=0.01 * np.abs(w).max())
    sizes = np.sort(np.abs(w[:3]), axis=0)
    assert np.round(sizes / sizes[0]).tolist() == [[1, 1], [2, 2], [4, 4]]
    np.testing.assert_allclose(sizes / sizes[0], [[1, 1], [2, 2], [4, 4]], rtol=0.02)


@pytest.mark.tensorflow
def test_the_two_hidden_units_have_the_same_weights_with_opposite_signs(symmetry_run):
    w, b, v, c = double(symmetry_run.model.network.get_weights())
    np.testing.assert_allclose(w[:, 0], -w[:, 1], atol=0.02 * np.abs(w).max())
    assert np.all(b < 0) and np.all(v < 0) and c > 0  # off for symmetric patterns, which leaves the output on


@pytest.mark.tensorflow
def test_symmetric_patterns_send_nothing_to_the_hidden_units_and_each_other_pattern_turns_one_on(symmetry_run):
    x, y = symmetric()
    w, b, _, _ = double(symmetry_run.model.network.get_weights())
    np.testing.assert_allclose((x @ w)[y == 1], 0.0, atol=0.05)
    assert np.all(logistic((x @ w + b)[y == 0]).max(axis=1) > 0.5)


@pytest.mark.slow
@pytest.mark.tensorflow
def test_from_other_seeds_symmetry_ends_in_the_ratio_2_3_4_or_stays_on_a_plateau():
    """2 : 3 : 4 tells the eight halves apart too: no two of the sums of +-2, +-3, +-4 are equal."""
    other = zoo.train("backprop_1986", seed=5, epochs=3000, verbose=0)
    assert other.stopped.startswith("misses reached 0")
    w = double(other.model.network.get_weights())[0]
    sizes = np.sort(np.abs(w[:3]), axis=0)
    np.testing.assert_allclose(2 * sizes / sizes[0], [[2, 2], [3, 3], [4, 4]], rtol=0.03)
    stuck = zoo.train("backprop_1986", seed=2, verbose=0)
    assert len(stuck.history["loss"]) == 5000 and stuck.history["misses"][-1] == 8
    assert stuck.metrics["train"]["accuracy"] == 56 / 64  # all but the 8 symmetric rows


@pytest.mark.tensorflow
def test_exclusive_or_is_learnt_in_a_few_hundred_sweeps_from_most_seeds():
    seeds = (0, *range(10, 15))
    runs = [zoo.train("backprop_1986", problem="xor", seed=seed, epochs=800, verbose=0) for seed in seeds]
    assert len(runs[0].history["loss"]) == pytest.approx(265, abs=3)  # of a simulation in numpy
    sweeps = [len(run.history["loss"]) for run in runs if run.stopped.startswith("misses reached 0")]
    assert len(sweeps) >= 4 and 200 <= np.median(sweeps) <= 600


@pytest.mark.tensorflow
def test_a_table_of_several_classes_trains_with_as_many_hidden_units_as_wished():
    run = zoo.train("backprop_1986", "iris", hidden_units=4, learning_rate=0.005, epochs=1500, verbose=0)
    assert run.model.network.output_shape == (None, 3)
    assert run.metrics["train"]["accuracy"] > 0.95


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"problem": "parity"}, "`problem` must be one of 'symmetry', 'xor'. Received: problem='parity'"),
        ({"hidden_units": 0}, "`hidden_units` must be a positive integer.*Received: hidden_units=0"),
        ({"hidden_units": (2, 2)}, "`hidden_units` must be a positive integer"),
    ],
)
def test_options_out_of_range_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        build(**options)
