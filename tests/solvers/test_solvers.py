"""Solvers of all rows at once: Newton's steps and second derivatives, their limits, and what callbacks see."""

import logging

import keras
import numpy as np
import pandas as pd
import pytest

import zoo
from zoo.solvers.newton import MOST_WEIGHTS, newton
from zoo.solvers.objective import Objective

DOUBLE = keras.backend.backend() == "tensorflow"


def never(theta, loss):
    return False


class Rosenbrock:
    """f = 100 (b - a^2)^2 + (1 - a)^2, whose Hessian is indefinite above the parabola."""

    start, epsilon = np.array([-1.2, 1.0]), np.finfo(float).eps

    def value_and_gradient(self, theta):
        a, b = theta
        slope = [-400 * a * (b - a * a) - 2 * (1 - a), 200 * (b - a * a)]
        return 100 * (b - a * a) ** 2 + (1 - a) ** 2, np.array(slope)

    def hessian(self, theta):
        a, b = theta
        return np.array([[1200 * a * a - 400 * b + 2, -400 * a], [-400 * a, 200]])


@pytest.mark.parametrize("start", [(-1.2, 1.0), (0.0, 2.0), (3.0, -7.0)])
def test_newton_finds_rosenbrock_s_minimum_also_from_where_the_hessian_is_indefinite(start):
    problem = Rosenbrock()
    problem.start = np.array(start)
    found, minimum = newton(problem, 100, never)
    np.testing.assert_allclose(found, [1.0, 1.0], atol=1e-9)
    assert minimum.converged
    assert all(after <= before for before, after in zip(minimum.losses, minimum.losses[1:]))


def test_newton_says_that_there_is_no_minimum():
    class Falling:
        start, epsilon = np.zeros(1), np.finfo(float).eps

        def value_and_gradient(self, theta):
            return -np.sinh(theta[0]), -np.cosh(theta)

        def hessian(self, theta):
            return -np.sinh(theta)[None]

    found, minimum = newton(Falling(), 20, never)
    assert not minimum.converged


@pytest.mark.tensorflow
@pytest.mark.parametrize("encodings", ["raw", "standard"])
def test_newton_takes_six_steps_to_the_coefficients_of_spector_and_mazzeo(encodings):
    import statsmodels.api as sm

    data = sm.datasets.spector.load_pandas()
    columns = data.exog.astype("float32").astype("float64")  # as they are encoded: 2e-8 of the loss hang on it
    theirs = sm.Logit(data.endog, sm.add_constant(columns)).fit(method="newton", tol=1e-12, disp=0)
    run = zoo.train("logistic_regression", "spector", encodings=encodings, solver="newton", verbose=0)
    assert len(run.history["loss"]) == 6 and run.stopped == "converged in 6 steps of Newton's method"
    assert run.history["loss"][-1] == pytest.approx(-theirs.llf / 32, abs=1e-12 if encodings == "raw" else 1e-8)
    found = run.model.coefficients()[1]
    for name, theirs_name in {"GPA": "GPA", "TUCE": "TUCE", "PSI": "PSI", "intercept": "const"}.items():
        assert found[name] == pytest.approx(theirs.params[theirs_name], rel=1e-6)


@pytest.mark.tensorflow
def test_one_step_of_newton_is_least_squares():
    generator = np.random.default_rng(0)
    data = pd.DataFrame(generator.normal(size=(300, 3)), columns=list("abc"))
    data["y"] = data.a * 2 - data.b * 0.5 + 3 + generator.normal(size=300)
    run = zoo.train("linear_regression", data, target="y", solver="newton", validation=None, verbose=0)
    wanted = np.linalg.lstsq(np.c_[data[list("abc")], np.ones(300)], data.y, rcond=None)[0]
    np.testing.assert_allclose(run.model.coefficients().iloc[:, 0], wanted, atol=1e-6)
    assert len(run.history["loss"]) == 1


def objective_of(network, x, y, weight=None):
    def loss(y_true, outputs):
        return keras.losses.binary_crossentropy(
            keras.ops.cast(y_true, outputs.dtype)[:, None], outputs, from_logits=True
        )

    return Objective(network, {"x": x}, y, loss, weight)


def test_the_hessian_of_a_logistic_regression_is_that_of_iteratively_reweighted_least_squares(monkeypatch):
    generator = np.random.default_rng(0)
    x = generator.normal(size=(50, 3)).astype("float32")
    y, weight = generator.integers(0, 2, 50), generator.uniform(0.5, 2.0, 50)
    inputs = keras.Input((3,), name="x")
    network = keras.Model({"x": inputs}, keras.layers.Dense(1, kernel_regularizer=keras.regularizers.L2(0.1))(inputs))
    theta = generator.normal(size=4)
    design = np.c_[x, np.ones(50)].astype("float64")
    p = 1 / (1 + np.exp(-design @ theta))
    share = weight / weight.sum()
    wanted = (design * (p * (1 - p) * share)[:, None]).T @ design + 0.2 * np.diag([1, 1, 1, 0])
    slope = design.T @ (share * (p - y)) + 0.2 * theta * [1, 1, 1, 0]
    tolerance = 1e-12 if DOUBLE else 1e-6
    for at_once in (2**24, 200):  # all rows, and a few at a time
        monkeypatch.setattr("zoo.solvers.objective.NUMBERS_AT_ONCE", at_once)
        objective = objective_of(network, x, y, weight)
        np.testing.assert_allclose(objective.hessian(theta), wanted, atol=tolerance)
    np.testing.assert_allclose(objective.value_and_gradient(theta)[1], slope, atol=tolerance)


def test_the_hessian_of_a_network_is_the_slope_of_its_gradient():
    keras.utils.set_random_seed(0)
    generator = np.random.default_rng(0)
    x = generator.normal(size=(20, 3)).astype("float32")
    inputs = keras.Input((3,), name="x")
    hidden = keras.layers.Dropout(0.5)(keras.layers.Dense(4, activation="tanh")(inputs))
    network = keras.Model({"x": inputs}, keras.layers.Dense(1)(hidden))
    objective = objective_of(network, x, generator.integers(0, 2, 20))
    theta = objective.start
    step = 1e-6 if DOUBLE else 3e-3
    slopes = [
        (objective.value_and_gradient(theta + move)[1] - objective.value_and_gradient(theta - move)[1]) / (2 * step)
        for move in step * np.eye(len(theta))
    ]
    np.testing.assert_allclose(objective.hessian(theta), slopes, atol=1e-8 if DOUBLE else 1e-3)


@pytest.mark.tensorflow
def test_newton_trains_a_network_that_is_not_convex():
    # y = b1 / (1 + exp(b2 - b3 x)) is one logistic unit; with the output's bias the fit can only be better than NIST's.
    options = {"hidden_units": (1,), "activation": "logistic", "dropout": 0.0, "num_bins": 1, "linear": False}
    run = zoo.train("mlp_regressor", "rat42", solver="newton", epochs=200, validation=None, verbose=0, **options)
    data = zoo.data.load("rat42")
    residuals = zoo.predict(run, data)["prediction"].to_numpy() - data.y.to_numpy()
    assert np.sum(residuals**2) <= 8.0565229338 * 1.001 and run.stopped.startswith("converged")


def test_newton_refuses_more_weights_than_it_can_hold():
    with pytest.raises(ValueError, match=rf"takes at most {MOST_WEIGHTS:,} weights. The model has .*solver='lbfgs'"):
        zoo.train("mlp_classifier", "penguins", solver="newton", hidden_units=(64, 64), verbose=0)


def test_a_solver_needs_all_rows(tmp_path):
    pd.DataFrame({"a": [0.0, 1.0] * 50, "y": ["n", "y"] * 50}).to_csv(tmp_path / "rows.csv", index=False)
    rows = zoo.data.load(str(tmp_path / "rows.csv"), target="y", stream=True)
    with pytest.raises(ValueError, match="solver='newton'` needs all rows in memory"):
        zoo.train("logistic_regression", rows, solver="newton", verbose=0)


@pytest.mark.tensorflow
@pytest.mark.parametrize("solver", ["newton", "lbfgs"])
def test_callbacks_see_a_step_as_an_epoch_and_may_stop_it(solver):
    class Watch(keras.callbacks.Callback):
        seen: list = []

        def on_epoch_end(self, epoch, logs=None):
            self.seen.append((epoch, logs["loss"], float(np.abs(self.model.get_weights()[0]).sum())))
            self.model.stop_training = epoch == 2

    watch = Watch()
    watch.seen = []
    run = zoo.train("logistic_regression", "spector", solver=solver, callbacks=[watch], verbose=0)
    assert [epoch for epoch, _, _ in watch.seen] == [0, 1, 2]
    assert [loss for _, loss, _ in watch.seen] == run.history["loss"]
    assert len({weight for _, _, weight in watch.seen}) == 3 and run.stopped == "a callback, after 3 steps"


@pytest.mark.tensorflow
def test_ctrl_c_keeps_the_last_step():
    class Interrupt(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 1:
                raise KeyboardInterrupt

    run = zoo.train("logistic_regression", "spector", solver="newton", callbacks=[Interrupt()], verbose=0)
    two = zoo.train("logistic_regression", "spector", solver="newton", callbacks=[Stop(1)], verbose=0)
    assert run.interrupted and run.stopped == "interrupted" and len(run.history["loss"]) == 2
    np.testing.assert_array_equal(run.model.get_weights()[0], two.model.get_weights()[0])


class Stop(keras.callbacks.Callback):
    def __init__(self, epoch):
        super().__init__()
        self.epoch = epoch

    def on_epoch_end(self, epoch, logs=None):
        self.model.stop_training = epoch == self.epoch


@pytest.mark.tensorflow
def test_newton_logs_nothing_of_the_sparse_derivatives_of_a_column_of_words(monkeypatch, caplog):
    monkeypatch.setattr(logging.getLogger("tensorflow"), "propagate", True)
    data = pd.DataFrame({"color": ["red", "green", "blue", "red"] * 8, "y": ["a", "b", "a", "b"] * 8})
    settings = {"target": "y", "l2": 0.1, "solver": "newton", "validation": None, "verbose": 0}
    zoo.train("logistic_regression", data, **settings)
    assert caplog.messages == []
