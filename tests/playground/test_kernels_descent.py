"""Descent on the playground: paths are those of Keras and of the zoo's solver, limits those of linear algebra."""

import keras
import numpy as np
import pandas as pd
import pytest
import scipy.optimize
import scipy.special

import zoo
from tests.playground.node import call, run

pytestmark = pytest.mark.node

A = np.array([[3.0, 1.2], [1.2, 1.0]])
DATA = np.array([[-1.0, 0.1], [0.3, 0.2], [0.9, 1.9], [1.7, 1.4], [2.4, 2.9]])


def keras_path(start, gradient, optimizer, steps):
    theta = keras.Variable(np.asarray(start, "float32"))
    optimizer.build([theta])
    path = [theta.numpy()]
    for _ in range(steps):
        optimizer.apply([keras.ops.convert_to_tensor(gradient(theta.numpy()), "float32")], [theta])
        path.append(theta.numpy())
    return np.array(path)


@pytest.mark.parametrize("momentum", [0.0, 0.8])
def test_path_is_that_of_keras(momentum):
    optimizer = keras.optimizers.SGD(0.1, momentum=momentum)
    expected = keras_path([2.0, -1.5], lambda theta: A @ theta, optimizer, 30)
    found = call("descent", "descend", A, [2.0, -1.5], 0.1, momentum, 30)
    assert np.abs(found - expected).max() < 1e-5


@pytest.mark.parametrize("momentum", [0.0, 0.5])
def test_largest_rate_parts_what_falls_from_what_grows(momentum):
    largest = np.linalg.eigvalsh(A).max()
    limit = call("descent", "largestRate", largest, momentum)
    if momentum == 0.0:
        assert limit == pytest.approx(2.0 / largest)
    ends = [
        np.linalg.norm(call("descent", "descend", A, [2, -1], rate * limit, momentum, 800)[-1]) for rate in (0.98, 1.02)
    ]
    assert ends[0] < 1e-3 < 1e3 < ends[1]


@pytest.mark.parametrize(("rate", "momentum"), [(0.1, 0.0), (0.7, 0.0), (0.3, 0.6), (0.9, 0.2)])
def test_factor_is_the_spectral_radius_of_a_step(rate, momentum):
    step = np.array([[1.0 + momentum - 2.5 * rate, -momentum], [1.0, 0.0]])
    expected = np.abs(np.linalg.eigvals(step)).max()
    assert call("descent", "factor", 2.5, rate, momentum) == pytest.approx(expected)


@pytest.mark.parametrize("with_momentum", [False, True])
def test_best_rate_makes_the_slowest_direction_as_fast_as_it_can_be(with_momentum):
    best = call("descent", "best", 5.0, 0.4, with_momentum)

    def slowest(rate, momentum):
        steps = [np.array([[1 + momentum - rate * curvature, -momentum], [1, 0]]) for curvature in (5.0, 0.4)]
        return max(np.abs(np.linalg.eigvals(step)).max() for step in steps)

    assert slowest(best["rate"], best["momentum"]) == pytest.approx(best["factor"], abs=1e-6)
    rates, momenta = np.linspace(0.01, 0.9, 60), np.linspace(0, 0.95, 40) if with_momentum else [0.0]
    assert best["factor"] <= min(slowest(rate, momentum) for rate in rates for momentum in momenta) + 1e-9


def test_matrix_has_the_curvatures_that_were_asked_for():
    found = np.array(call("descent", "matrix", 4.0, 0.5, 30.0))
    values, vectors = np.linalg.eigh(found)
    assert np.allclose(values, [0.5, 4.0])
    assert abs(vectors[:, 1] @ [np.cos(np.pi / 6), np.sin(np.pi / 6)]) == pytest.approx(1.0)
    taken = call("descent", "eigen", found)
    assert taken["values"] == pytest.approx([4.0, 0.5])
    assert taken["angle"] == pytest.approx(np.pi / 6)
    assert call("descent", "height", A, [1, 2]) == pytest.approx(0.5 * np.array([1, 2]) @ A @ [1, 2])


@pytest.fixture(scope="module")
def points():
    return np.array(run("return playground.kernels.descent.POINTS", "descent"))


def loss(theta, points):
    z = points[:, 0] * theta[0] + theta[1]
    return np.mean(np.logaddexp(0.0, z) - points[:, 1] * z)


def test_likelihood_has_the_derivatives_of_its_differences(points):
    theta, h = np.array([1.3, -0.4]), 1e-5
    found = call("descent", "likelihood", points, theta)
    assert found["value"] == pytest.approx(loss(theta, points), abs=1e-12)
    assert np.allclose(found["gradient"], scipy.optimize.approx_fprime(theta, loss, 1e-7, points), atol=1e-6)
    ahead = [np.array(call("descent", "likelihood", points, theta + step)["gradient"]) for step in h * np.eye(2)]
    assert np.allclose(found["hessian"], [(g - found["gradient"]) / h for g in ahead], atol=1e-5)


@pytest.mark.parametrize("halving", [True, False])
def test_newton_comes_to_the_minimum_of_the_zoo_and_of_scipy(points, halving):
    path = call("descent", "newton", points, [0.0, 0.0], 30, halving)
    expected = scipy.optimize.minimize(loss, [0.0, 0.0], args=(points,), method="BFGS", tol=1e-10).x
    assert path[-1]["theta"] == pytest.approx(expected, abs=1e-5)
    table = pd.DataFrame(points, columns=["x", "y"]).astype({"y": int})
    run = zoo.train(
        "logistic_regression", table, target="y", encodings="raw", solver="newton", validation=None, verbose=0
    )
    weights = np.concatenate([weight.ravel() for weight in run.model.network.get_weights()])
    assert path[-1]["theta"] == pytest.approx(weights, abs=1e-5)


def test_each_step_of_newton_goes_to_the_lowest_point_of_the_quadratic_model(points):
    path = call("descent", "newton", points, [-0.6, 0.9], 30, False)
    for now, after in zip(path[:3], path[1:4], strict=True):
        hessian, gradient = np.array(now["hessian"]), np.array(now["gradient"])
        lowest = np.array(now["theta"]) - np.linalg.solve(hessian, gradient)
        assert after["theta"] == pytest.approx(lowest)
        of_page = call("descent", "model", now, [0.2, -0.1])
        d = np.array([0.2, -0.1])
        assert of_page == pytest.approx(now["value"] + gradient @ d + 0.5 * d @ hessian @ d)
        assert call("descent", "model", now, now["direction"]) < min(of_page, now["value"])


def test_halved_steps_fall_where_full_ones_run_away(points):
    full = call("descent", "newton", points, [-3.0, 2.0], 8, False)
    halved = call("descent", "newton", points, [-3.0, 2.0], 30, True)
    assert max(step["value"] if np.isfinite(step["value"]) else np.inf for step in full) > 10 * full[0]["value"]
    values = [step["value"] for step in halved]
    assert values == sorted(values, reverse=True)
    assert min(step["share"] for step in halved) < 1
    assert halved[-1]["value"] == pytest.approx(scipy.optimize.minimize(loss, [0, 0], args=(points,)).fun, abs=1e-8)


def test_squares_have_the_minimum_of_lstsq():
    found = call("descent", "squares", DATA)
    x = np.column_stack([DATA[:, 0], np.ones(5)])
    minimum, residual, *_ = np.linalg.lstsq(x, DATA[:, 1])
    assert found["minimum"] == pytest.approx(minimum)
    assert found["value"] == pytest.approx(residual[0] / 10)
    assert np.allclose(found["hessian"], x.T @ x / 5)


def fed(batch, **others):
    how = {"batch": batch, "rate": 0.05, "epochs": 4, "sign": 1, "seed": 2, **others}
    return np.array(call("descent", "feed", DATA, [-1.0, 2.0], how))


def test_all_rows_at_once_are_the_offline_step_of_keras():
    inputs = keras.Input((1,))
    model = keras.Model(inputs, keras.layers.Dense(1)(inputs))
    model.compile(keras.optimizers.SGD(0.05), lambda y, p: keras.ops.square(y - p) / 2)
    model.set_weights([np.array([[-1.0]]), np.array([2.0])])
    model.fit(DATA[:, :1], DATA[:, 1:], batch_size=5, epochs=4, verbose=0)
    assert np.abs(fed(5)[-1] - np.concatenate([w.ravel() for w in model.get_weights()])).max() < 1e-5


@pytest.mark.parametrize("batch", [1, 2])
def test_each_step_is_eta_times_the_mean_over_some_rows_and_each_epoch_takes_every_row(batch):
    path = fed(batch)
    parts = [[*range(5)][i : i + batch] for i in range(0, 5, batch)]
    assert len(path) == 1 + 4 * len(parts)
    for epoch in range(4):
        taken = []
        for before, after in zip(
            path[epoch * len(parts) :][: len(parts)], path[epoch * len(parts) + 1 :], strict=False
        ):
            x = np.column_stack([DATA[:, 0], np.ones(5)])
            steps = x * (DATA[:, 1] - x @ before)[:, None]
            sizes = [batch, 5 % batch or batch]
            rows = [
                rows
                for size in sizes
                for rows in ([[i] for i in range(5)] if size == 1 else [[i, j] for i in range(5) for j in range(i)])
                if np.allclose(after - before, 0.05 * steps[rows].mean(axis=0), atol=1e-12)
            ]
            assert rows
            taken += rows[0]
        assert sorted(taken) == [*range(5)]


def test_minus_in_place_of_plus_makes_the_error_grow():
    errors = {sign: [call("descent", "error", DATA, theta) for theta in fed(5, sign=sign)] for sign in (1, -1)}
    assert errors[1] == sorted(errors[1], reverse=True)
    assert errors[-1] == sorted(errors[-1])


def test_offline_feeding_is_stable_below_two_over_the_largest_curvature():
    x = np.column_stack([DATA[:, 0], np.ones(5)])
    limit = 2.0 / np.linalg.eigvalsh(x.T @ x / 5).max()
    ends = [call("descent", "error", DATA, fed(5, rate=share * limit, epochs=300)[-1]) for share in (0.95, 1.05)]
    assert ends[0] < 0.2 < 1e3 < ends[1]


def test_rows_are_drawn_about_their_line_by_a_seed():
    drawn = np.array(call("descent", "rows", 2000, 0.5, 8))
    assert np.allclose(np.polyfit(*drawn.T, 1), [0.8, 0.5], atol=0.05)
    assert np.std(drawn[:, 1] - 0.8 * drawn[:, 0] - 0.5) == pytest.approx(0.5, abs=0.03)
    assert call("descent", "rows", 3, 0.5, 8) == drawn[:3].tolist()
