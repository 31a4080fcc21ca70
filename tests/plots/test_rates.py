"""Learning rates against 2 / lambda_max, by the closed form of a quadratic."""

import numpy as np
import pytest

import zoo
from zoo.plots.rates import largest_rate


def test_the_largest_rate_is_2_over_the_largest_curvature():
    assert largest_rate("trough") == pytest.approx(2 / 10)
    assert largest_rate("bowl") == pytest.approx(2 / 2)


def test_a_step_multiplies_each_direction_by_1_minus_eta_lambda():
    paths = zoo.plots.learning_rate_paths("trough", start=(-2.0, 0.7), steps=6)
    assert list(paths) == pytest.approx([0.01, 0.1, 0.19, 0.21])
    for rate, path in paths.items():
        expected = np.array([-2.0, 0.7]) * (1 - rate * np.array([1.0, 10.0])) ** np.arange(7)[:, None]
        np.testing.assert_allclose(path, expected, rtol=1e-5, atol=1e-6)


def test_below_the_largest_rate_heights_fall_and_above_it_they_grow():
    figure = zoo.plots.learning_rates(multiples=(0.95, 1.05), steps=60)
    below, above = (line.get_ydata() for line in figure.axes[1].lines)
    assert below[-1] < below[0] and above[-1] > above[0]
    assert [line.get_label() for line in figure.axes[1].lines] == ["0.19 = 0.95 · 2/λmax", "0.21 = 1.05 · 2/λmax"]


def test_a_rate_of_0_is_refused():
    with pytest.raises(ValueError, match="`multiples` must be above 0"):
        zoo.plots.learning_rate_paths(multiples=(0.5, 0.0))
