"""Widrow and Hoff 1960: the delta rule by hand, and its optimum, least squares, by numpy."""

import keras
import numpy as np
import pandas as pd
import pytest

import zoo
from zoo.layers.losses import NetworkLoss, squared_error
from zoo.models.linear_regression import linear_regression
from zoo.registry import Spec


def untrained(rate, **sizes):
    network = linear_regression(Spec("regression", **sizes))
    network.compile(optimizer=keras.optimizers.SGD(rate), loss=NetworkLoss(squared_error))
    return network


@pytest.fixture
def rows():
    """30 rows of two numbers and a category of three levels, with noise."""
    generator = np.random.default_rng(0)
    numeric = generator.normal(size=(30, 2)).astype("float32")
    level = generator.integers(0, 3, (30, 1)).astype("int32")
    y = numeric @ [1.5, -0.5] + np.array([0.0, 1.0, 3.0])[level[:, 0]] + generator.normal(0, 0.3, 30)
    return {"numeric": numeric, "categorical": level}, y.astype("float32")


def test_online_steps_are_the_delta_rule():
    x, t, eta = np.array([[1.0, 2.0], [0.5, -1.0], [-1.0, 1.0]], "float32"), [1.0, -1.0, 0.5], 0.1
    w, b = np.zeros(2), 0.0
    network = untrained(eta / 2, num_numeric=2)
    for row, target in zip(x, t):
        error = target - (w @ row + b)
        w, b = w + eta * error * row, b + eta * error
        network.train_on_batch({"numeric": row[None]}, np.array([target], "float32"))
    kernel, bias = network.get_weights()
    np.testing.assert_allclose([*kernel[:, 0], *bias], [*w, b], rtol=1e-6)


def test_an_offline_step_is_the_mean_of_the_rows_steps(rows):
    x, y = rows
    network = untrained(0.1, num_numeric=2, categorical_sizes=(3,))

    def step_from_zero(rows):
        network.set_weights([np.zeros_like(w) for w in network.get_weights()])
        network.train_on_batch({name: values[rows] for name, values in x.items()}, y[rows])
        return np.concatenate([w.ravel() for w in network.get_weights()])

    steps = [step_from_zero(slice(i, i + 1)) for i in range(30)]
    np.testing.assert_allclose(step_from_zero(slice(None)), np.mean(steps, axis=0), rtol=1e-5, atol=1e-7)


def test_the_optimum_is_least_squares(rows):
    x, y = rows
    design = np.c_[x["numeric"], np.eye(3)[x["categorical"][:, 0]]].astype("float64")
    best = design @ np.linalg.lstsq(design, y, rcond=None)[0]
    network = untrained(0.3, num_numeric=2, categorical_sizes=(3,))
    for _ in range(300):
        network.train_on_batch(x, y)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(network(x))[:, 0], best, rtol=1e-3, atol=1e-3)


def test_with_l2_the_optimum_is_ridge_regression():
    generator = np.random.default_rng(1)
    x = generator.normal(size=(40, 3)).astype("float32")
    y = (x @ [1.0, 2.0, -1.0] + 0.5 + generator.normal(0, 0.1, 40)).astype("float32")
    network = linear_regression(Spec("regression", num_numeric=3), l2=0.5)
    network.compile(optimizer=keras.optimizers.SGD(0.1), loss=NetworkLoss(squared_error))
    for _ in range(200):
        network.train_on_batch({"numeric": x}, y)
    centred = x - x.mean(0)
    w = np.linalg.solve(centred.T @ centred / 40 + 0.5 * np.eye(3), centred.T @ (y - y.mean()) / 40)
    kernel, bias = network.get_weights()
    np.testing.assert_allclose(kernel[:, 0], w, rtol=1e-3)
    np.testing.assert_allclose(bias[0], y.mean() - x.mean(0) @ w, rtol=1e-3)


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"l2": -0.1}, "`l2` must not be negative"),
        ({"encodings": "image"}, "`encodings` must be 'standard', 'raw', or a dict"),
    ],
)
def test_options_out_of_range_are_refused(option, message):
    with pytest.raises(ValueError, match=message):
        linear_regression(Spec("regression", num_numeric=3), **option)


@pytest.mark.tensorflow
def test_trained_to_the_optimum_its_coefficients_are_least_squares_in_raw_units(trees):
    run = zoo.train("linear_regression", trees, target="cubic metres", solver="lbfgs", validation=None, verbose=0)
    design = np.c_[trees["girth"], trees["height"], np.ones(len(trees))]
    best = np.linalg.lstsq(design, trees["cubic metres"], rcond=None)[0]
    np.testing.assert_allclose(run.model.coefficients()["cubic metres"], best, rtol=1e-3)
    assert run.stopped.startswith("converged")


@pytest.mark.tensorflow
@pytest.mark.parametrize(("batch_size", "learning_rate"), [("full", 0.3), (20, 0.1), (1, 0.02)])
def test_offline_online_and_mini_batches_come_near_the_optimum(trees, batch_size, learning_rate):
    options = {"batch_size": batch_size, "learning_rate": learning_rate, "epochs": 20, "validation": None}
    run = zoo.train("linear_regression", trees, target="cubic metres", verbose=0, **options)
    assert run.recipe["batch_size"] == batch_size
    assert run.metrics["train"]["r2"] > 0.9


@pytest.fixture
def trees():
    """60 trees: two numbers of unlike scales, and a volume that is nearly linear in them."""
    generator = np.random.default_rng(0)
    girth, height = generator.normal(30, 5, 60), generator.normal(2000, 300, 60)
    volume = 0.05 * girth + 0.001 * height - 2.0 + generator.normal(0, 0.05, 60)
    return pd.DataFrame({"girth": girth, "height": height, "cubic metres": volume})
