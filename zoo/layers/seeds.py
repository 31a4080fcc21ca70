"""Random numbers from a seed that is a tensor: `keras.random` takes an integer or a generator alone.

noise = keras.random.normal(ops.shape(x), seed=seeds.generator(seed))
"""

from __future__ import annotations

import keras
from keras import ops

STRIDE = 1_640_531_527  # an odd number far from 0: the draws of neighbouring seeds do not meet


def generator(seed) -> keras.random.SeedGenerator:
    """Returns a generator that any function of `keras.random` takes.

    It has no variable, so that it may be made inside a traced function. Each draw from it differs from those before.

    Args:
        seed: Two integers `(2,)`, a tensor.
    """
    return _OfTensor(seed)


class _OfTensor(keras.random.SeedGenerator):
    """A generator of the seeds `(a, b), (a + STRIDE, b), (a + 2 STRIDE, b), ...`, modulo 2^32."""

    def __init__(self, seed):  # Keras's own would create a variable
        seed = ops.convert_to_tensor(seed)
        self._seed = ops.cast(seed, "uint32") if keras.backend.backend() == "jax" else seed  # which JAX takes alone
        self._drawn = 0

    def next(self, ordered=True):
        first, second = self._seed[0], self._seed[1]
        drawn = ops.convert_to_tensor(self._drawn, self._seed.dtype)
        self._drawn += 1
        return ops.stack([first + STRIDE * drawn, second])
