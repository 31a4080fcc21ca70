"""Levels that a part of the rows did not hold count as not seen."""

import keras
import numpy as np

from zoo.layers.known_levels import KnownLevels, become_known, levels_of, with_known

SIZES = (3, 4)
ROWS = np.array([[1, 3], [1, 0], [2, 1]], "int32")
KNOWN = np.array([1, 1, 1, 1, 1, 0, 1], "float32")  # of the second column, level 2 is in no row


def plain(tensor):
    return keras.ops.convert_to_numpy(tensor)


def built():
    layer = KnownLevels(SIZES, name="known")
    layer.build((None, 2))
    return layer


def test_levels_that_rows_hold_are_known_and_index_0_always():
    assert levels_of(ROWS, SIZES).tolist() == KNOWN.tolist()
    assert levels_of(ROWS[:1], SIZES).tolist() == [1, 1, 0, 1, 0, 0, 1]


def test_at_first_all_levels_are_known():
    every = np.array([[i, j] for i in range(3) for j in range(4)], "int32")
    assert plain(built()(every)).tolist() == every.tolist()


def test_an_unknown_level_becomes_index_0():
    layer = built()
    layer.set_weights([KNOWN])
    found = plain(layer(np.array([[1, 2], [2, 3], [0, 1]], "int32")))
    assert found.tolist() == [[1, 0], [2, 3], [0, 1]] and found.dtype == np.int32
    assert with_known(np.array([[1, 2], [2, 3], [0, 1]], "int32"), SIZES, KNOWN).tolist() == found.tolist()


def test_its_source_in_numpy_does_the_same():
    layer, kept = built(), {}
    layer.set_weights([KNOWN])

    def keep(name, value):
        kept[name] = np.asarray(value)
        return f"kept[{name!r}]"

    x = np.array([[1, 2], [2, 3]], "int64")
    assert eval(layer.numpy_source("x", keep), {"kept": kept, "x": x}).tolist() == [[1, 0], [2, 3]]


def test_it_is_saved_and_stands_still(tmp_path):
    inputs = keras.Input((2,), dtype="int32", name="categorical")
    model = keras.Model(inputs, KnownLevels(SIZES, name="known")(inputs))
    assert not model.trainable_variables
    model.get_layer("known").set_weights([KNOWN])
    model.save(tmp_path / "known.keras")
    again = keras.models.load_model(tmp_path / "known.keras")
    assert plain(again(np.array([[1, 2]], "int32"))).tolist() == [[1, 0]]


def test_levels_of_further_rows_become_known_and_none_is_forgotten():
    inputs = keras.Input((2,), dtype="int32")
    network = keras.Model(inputs, KnownLevels((3, 2), name="known")(inputs))
    network.get_layer("known").set_weights([np.array([1.0, 0.0, 0.0, 1.0, 1.0])])
    become_known(network, np.array([[2, 0], [0, 0]]))
    assert keras.ops.convert_to_numpy(network.get_layer("known").known).tolist() == [1.0, 0.0, 1.0, 1.0, 1.0]
