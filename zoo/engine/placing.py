"""Puts arrays into TensorFlow's tensors without a second copy, which `tf.constant` holds while it copies."""

from __future__ import annotations

import numpy as np

LARGE = 2**20  # bytes; below them nobody sees the second copy
ALIGNMENT = 64  # bytes; TensorFlow's kernels take no tensor that begins elsewhere


def place(rows):
    """Returns a nest of arrays as tensors on the device. They are copies: the arrays may change or go."""
    import tensorflow as tf

    if tf.config.list_logical_devices("GPU"):
        return tf.nest.map_structure(tf.constant, rows)
    return tf.nest.map_structure(_once, rows)


def _once(values):
    import tensorflow as tf

    numbers = isinstance(values, np.ndarray) and values.dtype.kind in "fiu" and values.dtype.isnative
    if not numbers or values.nbytes < LARGE:
        return tf.constant(values)
    return tf.experimental.dlpack.from_dlpack(_aligned(values).__dlpack__())  # the tensor alone holds the copy's memory


def _aligned(values: np.ndarray) -> np.ndarray:
    """Returns a copy, rows first, that begins at a multiple of `ALIGNMENT`."""
    memory = np.empty(values.nbytes + ALIGNMENT, "uint8")
    first = -memory.ctypes.data % ALIGNMENT
    copy = memory[first : first + values.nbytes].view(values.dtype).reshape(values.shape)
    copy[...] = values
    return copy
