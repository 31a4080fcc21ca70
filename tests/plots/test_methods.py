"""Gradient descent, momentum and Newton's method against closed forms."""

import numpy as np
import pytest

import zoo
from zoo.plots.surfaces import SURFACES

START = np.array([3.0, -2.0])


@pytest.mark.parametrize("eta", [0.1, 0.25, 0.5, 0.9])
def test_gradient_descent_on_a_bowl_contracts_by_1_minus_2_eta(eta):
    path = zoo.plots.descent_paths(methods=["gradient descent"], start=START, learning_rate=eta, steps=10)
    expected = START * (1 - 2 * eta) ** np.arange(11)[:, None]
    np.testing.assert_allclose(path["gradient descent"][:2], expected[:2], rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(
        path["gradient descent"], expected[: len(path["gradient descent"])], rtol=1e-5, atol=1e-6
    )


def test_above_eta_1_gradient_descent_diverges_and_the_path_ends_with_the_numbers():
    path = zoo.plots.descent_paths(methods=["gradient descent"], start=START, learning_rate=1.5, steps=6)
    np.testing.assert_allclose(path["gradient descent"], START * (-2.0) ** np.arange(7)[:, None], rtol=1e-6)
    far = zoo.plots.descent_paths("rosenbrock", methods=["gradient descent"], learning_rate=1.0, steps=50)
    assert len(far["gradient descent"]) < 20 and np.all(np.isfinite(far["gradient descent"]))


def test_momentum_on_a_bowl_obeys_its_linear_recursion():
    """theta_t+1 = (1 + alpha - 2 eta) theta_t - alpha theta_t-1, with v_0 = 0."""
    path = zoo.plots.descent_paths(methods=["momentum"], start=START, learning_rate=0.25, momentum=0.5, steps=12)
    expected = [START, 0.5 * START]
    for _ in range(11):
        expected.append((1 + 0.5 - 0.5) * expected[-1] - 0.5 * expected[-2])
    np.testing.assert_allclose(path["momentum"], expected, rtol=1e-5, atol=1e-6)


def test_newton_is_at_the_bottom_of_a_bowl_in_one_step():
    path = zoo.plots.descent_paths(methods=["Newton"], start=START)["Newton"]
    assert np.array_equal(path, [START, [0.0, 0.0]])  # and the path ends there


def test_newton_on_rosenbrock_s_function_lands_beside_the_valley_by_the_square_of_its_step_in_a():
    """The second row of H d = -g gives b + db = (a + da)^2 - da^2."""
    path = zoo.plots.descent_paths("rosenbrock", methods=["Newton"])["Newton"]
    step = np.diff(path[:, 0])
    np.testing.assert_allclose(path[1:, 1], path[1:, 0] ** 2 - step**2, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(
        path[1], [-1.1752809, 1.3806742], rtol=1e-7
    )  # the classical start, by hand: -1.2 + 2.2/89
    np.testing.assert_allclose(path[6], [1.0, 1.0], atol=1e-8)  # quadratic convergence


def test_gradient_descent_goes_down_into_the_valley_of_rosenbrock_s_function():
    path = zoo.plots.descent_paths("rosenbrock", methods=["gradient descent"], steps=100)["gradient descent"]
    heights = SURFACES["rosenbrock"].value(*path.T)
    assert heights[0] == pytest.approx(24.2) and np.all(np.diff(heights) < 0)
    eta, (a, b) = 1e-3, (-1.2, 1.0)
    gradient = np.array([-2 * (1 - a) - 400 * a * (b - a * a), 200 * (b - a * a)])
    np.testing.assert_allclose(path[1], [a, b] - eta * gradient, rtol=1e-6)


@pytest.mark.parametrize("name", SURFACES)
def test_derivatives_of_the_surfaces_are_limits_of_differences(name):
    surface, h = SURFACES[name], 1e-5
    assert not np.any(surface.gradient(*surface.minimum))
    for a, b in [(-1.2, 1.0), (0.3, -0.7), (1.0, 1.0)]:
        steps = h * np.eye(2)
        at = np.array([a, b])
        gradient = [(surface.value(*(at + d)) - surface.value(*(at - d))) / (2 * h) for d in steps]
        hessian = [(surface.gradient(*(at + d)) - surface.gradient(*(at - d))) / (2 * h) for d in steps]
        np.testing.assert_allclose(surface.gradient(a, b), gradient, rtol=1e-6, atol=1e-6)
        np.testing.assert_allclose(surface.hessian(a, b), hessian, rtol=1e-6, atol=1e-6)


def test_the_picture_has_the_paths_over_contour_lines():
    settings = {"start": START, "steps": 5}
    ax = zoo.plots.descent(limits=((-4, 4), (-4, 4)), **settings).axes[0]
    paths = zoo.plots.descent_paths(**settings)
    drawn = {line.get_label().split(":")[0]: line.get_xydata() for line in ax.lines if ":" in line.get_label()}
    assert set(drawn) == {"gradient descent", "momentum", "Newton"}
    for name, path in paths.items():
        assert np.array_equal(drawn[name], path)
    (contours,) = [c for c in ax.collections if hasattr(c, "levels")]
    for level, line in zip(contours.levels, contours.get_paths()):
        np.testing.assert_allclose(np.sum(line.vertices**2, axis=1), level, rtol=0.01, atol=2e-3)


def test_wrong_settings_are_refused():
    with pytest.raises(ValueError, match="Unknown surface 'rosenbrok'. Did you mean 'rosenbrock'"):
        zoo.plots.descent("rosenbrok")
    with pytest.raises(ValueError, match="Unknown method 'newton'. Did you mean 'Newton'"):
        zoo.plots.descent_paths(methods=["newton"])
    with pytest.raises(ValueError, match=r"`momentum` must be in \[0, 1\)"):
        zoo.plots.descent_paths(momentum=1.0)
    with pytest.raises(ValueError, match="`start` must be two finite numbers"):
        zoo.plots.descent_paths(start=[1.0])
    with pytest.raises(ValueError, match="Hessian with an inverse"):
        zoo.plots.descent_paths("rosenbrock", methods=["Newton"], start=(0.0, 0.005))
