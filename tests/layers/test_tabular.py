"""Table features: ramps by hand, indicators and vectors by hand."""

import keras
import numpy as np
import pytest

from zoo.layers.tabular import Levels, PiecewiseLinear


def test_piecewise_linear_fills_one_bin_after_the_other():
    ranks = np.array([[0.0], [0.375], [1.0]], "float32")
    found = keras.ops.convert_to_numpy(PiecewiseLinear(4)(ranks)) + 0.5
    np.testing.assert_allclose(found, [[0, 0, 0, 0], [1, 0.5, 0, 0], [1, 1, 1, 1]], atol=1e-6)


def test_few_levels_give_indicators_and_nothing_for_the_unseen():
    found = keras.ops.convert_to_numpy(Levels([3])(np.array([[0], [1], [2]], "int32")))
    np.testing.assert_array_equal(found, [[0, 0], [1, 0], [0, 1]])


def test_many_levels_give_vectors_of_their_own_table_rows_and_zero_for_the_unseen():
    layer = Levels([20, 3, 30], embedding_size=4)
    x = np.array([[0, 1, 0], [5, 2, 7]], "int32")
    found = keras.ops.convert_to_numpy(layer(x))
    table = layer.table.numpy()
    assert found.shape == (2, 2 + 2 * 4) and table.shape == (50, 4)
    np.testing.assert_array_equal(found[0], [1, 0, *np.zeros(8)])
    np.testing.assert_array_equal(found[1], [0, 1, *table[5], *table[20 + 7]])


def test_indicators_are_those_of_each_column_and_one_operation_for_all():
    """By hand: column by column, each level in turn; the work of Python does not grow with the columns."""
    sizes = [3, 1, 5, 2, 9, 4]
    x = np.random.default_rng(0).integers(0, sizes, (50, 6)).astype("int32")
    wanted = [x[:, i] == level for i, size in enumerate(sizes) for level in range(1, size)]
    layer = Levels(sizes)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(layer(x)), np.stack(wanted, axis=1).astype("float32"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keras.ops, "one_hot", lambda *_, **__: pytest.fail("an operation a column"))
        layer(x)


@pytest.mark.parametrize("layer", [PiecewiseLinear(8), Levels([3, 40], 5)])
def test_layers_survive_their_configs_and_know_their_output_shape(layer):
    again = type(layer).from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    x = np.zeros((4, 2), "int32" if isinstance(layer, Levels) else "float32")
    assert tuple(layer(x).shape) == tuple(layer.compute_output_shape(x.shape))
