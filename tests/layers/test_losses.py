"""Losses on network outputs equal numpy's formulas, also where a probability has rounded to 0 or 1."""

import keras
import numpy as np
import pytest

from zoo.layers.losses import Count, NetworkLoss, cross_entropy, one_vs_rest, squared_error


def as_numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)


def test_cross_entropy_of_one_logit_equals_that_of_two():
    z = np.array([[-3.0], [0.5], [2.0]], "float32")
    y = np.array([0, 1, 0])
    two = np.concatenate([np.zeros_like(z), z], axis=1)
    np.testing.assert_allclose(
        as_numpy(cross_entropy(y, keras.ops.convert_to_tensor(z))),
        as_numpy(cross_entropy(y, keras.ops.convert_to_tensor(two))),
        rtol=1e-6,
    )


def test_cross_entropy_equals_numpy():
    z = np.random.default_rng(0).normal(size=(5, 3)).astype("float32")
    y = np.array([0, 1, 2, 1, 0])
    expected = np.log(np.exp(z).sum(axis=1)) - z[np.arange(5), y]
    np.testing.assert_allclose(as_numpy(cross_entropy(y, keras.ops.convert_to_tensor(z))), expected, rtol=1e-5)


def test_cross_entropy_is_exact_where_the_probability_has_underflown():
    z = keras.ops.convert_to_tensor(np.array([[-500.0]], "float32"))
    assert as_numpy(cross_entropy(np.array([1]), z))[0] == pytest.approx(500.0)


def test_one_vs_rest_sums_binary_cross_entropies():
    z = np.array([[1.0, -2.0, 0.5]], "float32")
    p = 1 / (1 + np.exp(-z[0]))
    expected = -np.log(1 - p[0]) - np.log(p[1]) - np.log(1 - p[2])
    assert as_numpy(one_vs_rest(np.array([1]), keras.ops.convert_to_tensor(z)))[0] == pytest.approx(expected, rel=1e-5)


def test_squared_error_does_not_broadcast_a_column_against_a_row():
    y, value = np.array([1.0, 2.0], "float32"), np.array([[1.0], [4.0]], "float32")
    found = as_numpy(squared_error(y, keras.ops.convert_to_tensor(value)))
    np.testing.assert_allclose(found, [0.0, 4.0])


def test_network_loss_and_count_survive_their_configs():
    loss = NetworkLoss.from_config(NetworkLoss(cross_entropy).get_config())
    assert loss.function is cross_entropy
    assert Count.from_config(Count(squared_error).get_config()).function is squared_error


def test_a_loss_of_one_value_for_all_rows_is_refused_by_its_name():
    def mean_error(y_true, value):
        return keras.ops.mean(squared_error(y_true, value))

    rows = np.ones(2, "float32"), keras.ops.ones((2, 1))
    with pytest.raises(ValueError, match="The loss 'mean_error' must return a value for each row"):
        NetworkLoss(mean_error)(*rows)
    assert NetworkLoss(lambda y_true, value: squared_error(y_true, value)).name == "lambda"


def test_count_sums_over_batches():
    count = Count(squared_error)
    for _ in range(2):
        count.update_state(
            np.array([1.0, 2.0], "float32"), keras.ops.convert_to_tensor(np.array([[0.0], [0.0]], "float32"))
        )
    assert float(count.result()) == 10.0
