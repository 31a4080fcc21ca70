"""Fukushima's cells: division by inhibition, and who sees what, by hand."""

import keras
import numpy as np

from zoo.layers.cells import falling, shunting, windows

array = keras.ops.convert_to_numpy


def test_shunting_inhibition_divides_and_never_falls_below_zero():
    e, h = np.array([0.0, 1.0, 3.0, 1.0], "float32"), np.array([0.0, 0.0, 1.0, 2.0], "float32")
    np.testing.assert_allclose(array(shunting(e, h)), [0.0, 1.0, 1.0, 0.0])  # (1 + 3) / (1 + 1) - 1 = 1


def test_a_large_excitation_and_inhibition_leave_their_ratio():
    assert abs(float(shunting(3e4, 1e4)) - 2.0) < 1e-3  # e / h - 1


def test_synapses_fall_with_the_distance_from_the_centre():
    weights = falling(3, 0.5).reshape(3, 3)
    corner = 0.5 ** np.sqrt(2.0)
    np.testing.assert_allclose(weights, [[corner, 0.5, corner], [0.5, 1.0, 0.5], [corner, 0.5, corner]], rtol=1e-6)


def test_as_many_windows_as_cells_are_centred_on_them_and_see_0_outside():
    u = np.arange(1.0, 17.0, dtype="float32").reshape(1, 4, 4, 1)
    seen = array(windows(u, 3, (4, 4)))
    assert seen.shape == (1, 4, 4, 9, 1)
    np.testing.assert_array_equal(seen[0, 1, 2, :, 0], [2, 3, 4, 6, 7, 8, 10, 11, 12])
    np.testing.assert_array_equal(seen[0, 0, 0, :, 0], [0, 0, 0, 0, 1, 2, 0, 5, 6])


def test_fewer_windows_lie_in_the_middle_and_strides_leave_cells_out():
    u = np.arange(10.0, dtype="float32").reshape(1, 1, 10, 1)
    row = array(windows(np.repeat(u, 10, axis=1), 3, (1, 4), stride=2))[0, 0, :, 3:6, 0]
    np.testing.assert_array_equal(row, [[0, 1, 2], [2, 3, 4], [4, 5, 6], [6, 7, 8]])
    row = array(windows(np.repeat(u, 10, axis=1), 3, (1, 6), stride=2))[0, 0, :, 3:6, 0]
    np.testing.assert_array_equal(row[[0, -1]], [[0, 0, 1], [9, 0, 0]])
