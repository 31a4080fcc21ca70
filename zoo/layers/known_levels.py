"""Levels of categories that some rows held: all others count as not seen.

    c -> c where a row had the level c of the column, else 0

One preprocessor knows the levels of all training rows. A network that was trained on a part of them, such as a fold,
has learnt nothing of a level that its own rows did not hold: in front of it, such a level becomes index 0.
"""

from __future__ import annotations

import itertools

import keras
import numpy as np
from keras import ops


@keras.saving.register_keras_serializable(package="zoo")
class KnownLevels(keras.layers.Layer):
    """Sets the levels that are not known to index 0. Which ones are known are constants, at first all.

    Args:
        sizes: Levels of each column, index 0 included.

    Input and output shape: `(batch, columns)`, integers.
    """

    learns = False  # whether gradients change the weights
    in_float32 = True  # under a policy of mixed precision: there is nothing to compute

    def __init__(self, sizes, **kwargs):
        super().__init__(**kwargs)
        self.sizes = tuple(int(size) for size in sizes)
        self.starts = np.fromiter(itertools.accumulate(self.sizes[:-1], initial=0), "int32")  # of each column's levels

    def build(self, input_shape):
        levels = (sum(self.sizes),)
        self.known = self.add_weight(shape=levels, initializer="ones", trainable=False, name="known")

    def call(self, indices):
        indices = ops.cast(indices, "int32")
        known = ops.take(self.known, indices + ops.convert_to_tensor(self.starts), axis=0)
        return indices * ops.cast(known, "int32")

    def compute_output_spec(self, indices):
        return keras.KerasTensor(indices.shape, "int32")

    def numpy_source(self, x: str, keep) -> str:
        """Returns what the layer gives for x, as an expression of numpy."""
        known = keep("known", ops.convert_to_numpy(self.known).astype("int64"))
        return f"{x} * {known}[{x} + {self.starts.tolist()}]"

    def get_config(self):
        return {**super().get_config(), "sizes": self.sizes}


def levels_of(indices: np.ndarray, sizes) -> np.ndarray:
    """Returns for each level of each column, beside each other, 1 where rows hold it, else 0; index 0 is known.

    Args:
        indices: Levels of rows, `(rows, columns)`.
        sizes: Levels of each column, index 0 included.
    """
    found = [np.bincount(column, minlength=size) > 0 for column, size in zip(indices.T, sizes, strict=True)]
    for column in found:
        column[0] = True
    return np.concatenate(found).astype("float32")


def become_known(network: keras.Model, indices: np.ndarray) -> None:
    """Makes the levels that rows hold known to all networks of a committee: before a training, in which they learn.

    Args:
        network: Any.
        indices: Levels of the rows, `(rows, columns)`.
    """
    for layer in network.layers:
        if isinstance(layer, KnownLevels):
            layer.set_weights([np.maximum(ops.convert_to_numpy(layer.known), levels_of(indices, layer.sizes))])


def known_to(network: keras.Model, layer: keras.layers.Layer) -> KnownLevels | None:
    """Returns what tells a layer of a network which levels are known, or None."""
    taken = {id(tensor) for tensor in keras.tree.flatten(layer.input)}
    known = (layer for layer in network.layers if isinstance(layer, KnownLevels))
    return next((layer for layer in known if id(layer.output) in taken), None)


def with_known(indices: np.ndarray, sizes, known: np.ndarray) -> np.ndarray:
    """Returns levels of rows `(rows, columns)`, those that are not known set to 0, as `KnownLevels` does.

    Args:
        indices: Levels of rows, `(rows, columns)`.
        sizes: Levels of each column, index 0 included.
        known: What `levels_of` returned.
    """
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype("int64")
    return (indices * (known[indices.astype("int64") + starts] > 0)).astype(indices.dtype)
