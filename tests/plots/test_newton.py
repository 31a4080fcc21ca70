"""Newton's quadratic model: Taylor's polynomial, whose lowest point is Newton's next."""

import numpy as np
import pytest

import zoo


def curves(figure):
    return {line.get_label(): line for line in figure.axes[1].lines}


def test_the_model_touches_the_function_at_the_point_and_is_lowest_at_newton_s_step():
    lines = curves(zoo.plots.quadratic_model("rosenbrock", point=(-1.1752809, 1.3806742)))
    shares = lines["quadratic model"].get_xdata()
    model, function = lines["quadratic model"].get_ydata(), lines["the function"].get_ydata()
    at, near = np.argmin(np.abs(shares)), np.abs(shares) < 0.02
    assert model[at] == pytest.approx(function[at])
    np.testing.assert_allclose(model[near], function[near], rtol=0.05)
    assert shares[np.argmin(model)] == pytest.approx(1.0)
    np.testing.assert_allclose(np.diff(model, 3), 0.0, atol=1e-9)  # a parabola
    assert abs(function[np.argmin(model)] - model.min()) > 1000  # the function at (0.763, -3.175): beside the valley


def test_on_a_quadratic_model_and_function_are_one():
    lines = curves(zoo.plots.quadratic_model("trough", point=(1.0, 1.0)))
    np.testing.assert_allclose(lines["quadratic model"].get_ydata(), lines["the function"].get_ydata(), atol=1e-12)


def test_the_picture_tells_what_the_step_gives_from_what_the_model_expects_of_it():
    """From (-1.2, 1) the second step leads to (0.763, -3.175), where f is 1412 and not the model's 0.06."""
    point = (-1.1752809, 1.3806742)
    figure = zoo.plots.quadratic_model("rosenbrock", point=point)
    figure.draw_without_rendering()
    ax = figure.axes[1]
    marks = [line for line in ax.lines if len(line.get_xdata()) == 1]
    (start,), (function,), (model,) = (line.get_ydata() for line in marks)
    assert [line.get_xdata()[0] for line in marks] == [0.0, 1.0, 1.0]
    assert start == pytest.approx(4.7319, abs=1e-3) and function == pytest.approx(1411.8, abs=0.5) and model < start
    heights = [ax.transData.transform([0.0, height])[1] for height in (start, function, model)]
    assert min(abs(a - b) for i, a in enumerate(heights) for b in heights[:i]) > 12  # pixels: twice a mark's radius
    shares = ax.lines[0].get_xdata()
    assert shares[0] < 0.0 and shares[-1] == pytest.approx(1.1)


def test_the_picture_marks_where_newton_s_method_goes():
    figure = zoo.plots.quadratic_model("rosenbrock")
    path = zoo.plots.descent_paths("rosenbrock", methods=["Newton"])["Newton"]
    marked = [line.get_xydata()[0] for line in figure.axes[0].lines]
    np.testing.assert_allclose(marked[:2], path[:2])


def test_a_point_without_a_model_is_refused():
    with pytest.raises(ValueError, match="`point` must be two finite numbers"):
        zoo.plots.quadratic_model(point=(1.0, np.nan))
    with pytest.raises(ValueError, match="`point` must be where the Hessian has an inverse"):
        zoo.plots.quadratic_model("rosenbrock", point=(0.0, 0.005))  # 2 - 400 b = 0
