"""TensorFlow's tensors of what is read."""

from __future__ import annotations

import numpy as np
import pandas as pd

from zoo import notices

MANY_STRINGS = 1_000  # from so many strings on it is quicker to convert each distinct one once


def tensor_of(values: np.ndarray):
    """Returns what was read as a tf.Tensor; repeated strings are converted once."""
    tf = notices.import_module("tensorflow")
    if values.dtype != object:
        return tf.constant(values)
    if values.size > MANY_STRINGS:
        codes, uniques = pd.factorize(values.ravel())
        if len(uniques) <= values.size // 2:
            return tf.gather(tf.constant(uniques, tf.string), codes.reshape(values.shape))
    return tf.constant(values, tf.string) if len(values) else tf.zeros(values.shape, tf.string)
