"""Half widths of intervals: lines between knots as numpy's, coverage and width on rows of known deviations."""

import numpy as np
import pytest

from zoo.tasks import interval_widths

Z_OF_90 = 1.6448536269514722  # the normal distribution holds 90 % within as many deviations (scipy.stats.norm.ppf(.95))


def rows_of_growing_errors(rows, seed=0):
    """Predictions from 0 to 3, and true values whose deviation is .2 + .6 of the prediction."""
    generator = np.random.default_rng(seed)
    z = generator.uniform(0, 3, rows)
    return z, z + (0.2 + 0.6 * z) * generator.normal(size=rows)


def test_of_few_rows_the_width_is_the_conformal_quantile_of_the_errors():
    z, y = rows_of_growing_errors(99)
    assert interval_widths.fitted(z, y, 0.9) == ([0.0], [np.sort(np.abs(y - z))[89]])


def test_the_width_follows_the_deviation_of_the_errors():
    knots, widths = interval_widths.fitted(*rows_of_growing_errors(4_000), 0.9)
    assert len(knots) == len(widths) == 10
    at = np.array([0.3, 1.5, 2.7])
    np.testing.assert_allclose(interval_widths.half_widths(at, knots, widths), Z_OF_90 * (0.2 + 0.6 * at), rtol=0.12)


def test_new_rows_are_covered_as_stated_and_by_narrower_intervals_than_of_one_width():
    inside, ratios = [], []
    z, y = rows_of_growing_errors(5_000, seed=1)
    for seed in range(60):
        known = rows_of_growing_errors(200, seed=100 + seed)
        half = interval_widths.half_widths(z, *interval_widths.fitted(*known, 0.9))
        inside.append(np.mean(np.abs(y - z) <= half))
        constant = np.sort(np.abs(known[1] - known[0]))[180]  # ceil(201 * .9) = 181
        ratios.append(half.mean() / constant)
    assert 0.895 < np.mean(inside) < 0.92
    assert np.mean(ratios) < 0.95


def test_errors_that_do_not_depend_on_the_prediction_keep_the_constant_width():
    z = np.linspace(0, 3, 400)
    y = z + np.tile([0.5, -0.5, 1.0, -1.0], 100)  # the same errors everywhere
    assert interval_widths.fitted(z, y, 0.9) == ([0.0], [1.0])


def test_a_model_that_is_never_wrong_has_intervals_without_width():
    z = np.linspace(0, 3, 400)
    assert interval_widths.fitted(z, z, 0.9) == ([0.0], [0.0])


def test_rows_of_weight_zero_do_not_count():
    z, y = rows_of_growing_errors(300)
    weight = np.repeat([1.0, 0.0], 150)
    assert interval_widths.fitted(z, y, 0.9, weight) == interval_widths.fitted(z[:150], y[:150], 0.9)


def test_answers_that_are_not_finite_are_refused():
    with pytest.raises(ValueError, match="`intervals` need finite answers. Received: some that are no finite numbers."):
        interval_widths.fitted(np.array([np.nan] * 20), np.zeros(20), 0.9)


def test_half_widths_are_numpy_s_line_between_knots_and_constant_beyond():
    knots, widths = [-1.0, 0.5, 2.0], [0.3, 0.1, 0.9]
    z = np.array([[-1e30], [-3.0], [-1.0], [-0.2], [0.5], [1.9], [2.0], [7.0], [1e30]])
    np.testing.assert_allclose(interval_widths.half_widths(z, knots, widths), np.interp(z, knots, widths), rtol=1e-12)
    assert interval_widths.half_widths(z, [0.0], [0.7]).tolist() == [[0.7]] * 9


def test_each_of_several_targets_has_its_own_knots():
    knots, widths = [[0.0, 1.0, 2.0], [0.0]], [[1.0, 3.0, 4.0], [0.5]]
    z = np.array([[0.5, 9.0], [1.5, -9.0]])
    assert interval_widths.half_widths(z, knots, widths).tolist() == [[2.0, 0.5], [3.5, 0.5]]


@pytest.mark.parametrize(("knots", "widths"), [([-1.0, 0.5, 2.0], [0.3, 0.1, 0.9]), ([0.0], [0.7])])
def test_tensors_and_written_source_give_what_arrays_give(knots, widths):
    import keras

    z = np.linspace(-3, 3, 25, dtype="float32")[:, None]
    wanted = interval_widths.half_widths(z.astype("float64"), knots, widths)
    tensors = interval_widths.half_widths(keras.ops.convert_to_tensor(z), knots, widths)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(tensors), wanted, atol=1e-6)
    names = {"np": np, "z": z}
    exec("\n".join(interval_widths.source({"knots": knots, "widths": widths})), names)
    np.testing.assert_allclose(names["half"], wanted, atol=1e-6)
