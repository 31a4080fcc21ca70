"""Rows on the device: what is placed is the array's, is a copy of its own, and is freed."""

import gc
import weakref

import keras
import numpy as np
import pytest

from tests.engine.fitted import fit
from zoo.engine import placing

pytestmark = pytest.mark.tensorflow

LARGE = (placing.LARGE // 8, 2)  # rows of float32 or wider


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "uint8", "int32", "int64", "bool", ">f4"])
@pytest.mark.parametrize("shape", [(3, 2), (placing.LARGE, 2)])
def test_placed_rows_are_the_array_s_whatever_its_type_and_size(dtype, shape):
    if dtype == ">f4":
        values = np.arange(np.prod(shape)).reshape(shape).astype("float32").astype(dtype)
    else:
        values = (np.arange(np.prod(shape)) % 3).reshape(shape).astype(dtype)
    (placed,) = placing.place((values,))
    assert placed.shape == shape
    assert placed.dtype.as_numpy_dtype == values.dtype.newbyteorder("=")
    np.testing.assert_array_equal(placed.numpy(), values)


@pytest.mark.parametrize("view", [lambda a: a[::-1], lambda a: a[:, ::-1], lambda a: a[1:], np.asfortranarray])
def test_rows_of_any_layout_are_placed_in_order_where_tensorflow_can_compute(view):
    import tensorflow as tf

    values = view(np.random.default_rng(0).normal(size=(placing.LARGE // 2, 4)).astype("float32"))
    placed = placing.place(values)
    np.testing.assert_array_equal(placed[-1].numpy(), values[-1])  # a kernel that ends the process if not aligned
    np.testing.assert_allclose(tf.reduce_sum(placed, 0), values.astype("float64").sum(0), rtol=1e-3, atol=1)


def test_placed_rows_do_not_change_with_the_array_and_outlive_it():
    values = np.ones(LARGE, "float32")
    placed = placing.place(values)
    values[...] = 7
    del values
    gc.collect()
    other = np.full(LARGE, 5, "float32")  # would take freed memory
    assert float(placed.numpy().min()) == float(placed.numpy().max()) == 1
    assert other.all()


def test_read_only_rows_are_placed():
    values = np.ones(LARGE, "float32")
    values.flags.writeable = False
    assert placing.place(values).shape == LARGE


def test_the_memory_of_placed_rows_is_freed_with_the_last_tensor_that_holds_it(monkeypatch):
    import tensorflow as tf

    freed = []
    aligned = placing._aligned

    def watched(values):
        copy = aligned(values)
        weakref.finalize(copy, freed.append, 1)
        return copy

    monkeypatch.setattr(placing, "_aligned", watched)
    placed = placing.place(np.ones(LARGE, "float32"))
    held = tf.identity(placed)
    del placed
    gc.collect()
    assert not freed
    assert float(held[-1, -1]) == 1
    del held
    gc.collect()
    assert freed == [1]


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["fused", "xla"])
def test_training_goes_on_when_the_caller_s_array_is_gone(engine):
    def trained(lose: bool):
        x = np.random.default_rng(0).normal(size=(4_096, 128)).astype("float32")
        given = [x, (x[:, 0] > 0).astype("int32")]
        assert x.nbytes >= placing.LARGE
        keras.utils.set_random_seed(0)
        model = keras.Sequential([keras.Input((128,)), keras.layers.Dense(8, activation="relu"), keras.layers.Dense(2)])
        model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))

        def overwrite(epoch, logs):
            x[...] = np.nan
            gc.collect()

        fit(
            model, lambda epoch: None, rows=tuple(given), num_rows=len(x), batch_size=512, epochs=3, shuffle=True,
            engine=engine, verbose=0, callbacks=[keras.callbacks.LambdaCallback(on_epoch_begin=overwrite)] * lose,
        )  # fmt: skip
        return model.get_weights()

    for kept, lost in zip(trained(False), trained(True), strict=True):
        np.testing.assert_array_equal(kept, lost)
