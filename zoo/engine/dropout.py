"""Dropout by 8 or 16 random bits a number: the 32 that Keras draws take as long as a small layer's product.

    kept = bits >= rate 2^n,   y = x kept / (1 - rate),   n = 8 where the rate is a multiple of 1/256, else 16

A rate of 16 bits is rounded to a multiple of 1/65536; one that follows a schedule takes 8, and is rounded to 1/256.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import keras

from zoo.layers.scheduled_dropout import ScheduledDropout


def suits(layer: keras.layers.Layer) -> bool:
    """Returns whether a layer is a dropout of single numbers."""
    return type(layer) in (keras.layers.Dropout, ScheduledDropout) and layer.rate > 0 and layer.noise_shape is None


def of_few_bits(layer: keras.layers.Dropout, *, hashed: bool) -> Callable:
    """Returns what a dropout can call in the place of its own `call`, with the seeds that it has.

    Args:
        layer: One that `suits`.
        hashed: As for `words`.
    """

    def call(inputs, training=False):
        import tensorflow as tf

        if not training or inputs.shape.rank is None or None in inputs.shape[1:]:
            return type(layer).call(layer, inputs, training=training)
        width = math.prod(inputs.shape[1:])
        seed = tf.cast(layer.seed_generator.next(), tf.int32)
        rows = tf.shape(inputs)[0] if inputs.shape[0] is None else inputs.shape[0]  # a number takes fewer operations
        rate = layer.next_rate() if isinstance(layer, ScheduledDropout) else layer.rate
        mask = mask_of(words(rows, width, rate, seed, hashed=hashed), width, rate)
        mask = mask if inputs.shape.rank == 2 else tf.reshape(mask, tf.shape(inputs))
        return inputs * tf.cast(mask, inputs.dtype)

    return call


def of_members(layer: keras.layers.Dropout, place: int, keys, step, total_steps) -> Callable:
    """Returns what a dropout on `(members, rows, ...)` can call in the place of its own `call`, a draw for each member.

    Args:
        layer: One that `suits`.
        place: Its number in the network.
        keys: Two numbers of each member, by which it draws, `(members, 2)`.
        step: The step's number.
        total_steps: Steps of the whole training, a tensor: a rate by a schedule follows the share that is done.
    """

    def call(inputs, training=False):
        import tensorflow as tf

        if not training:
            return inputs
        _, rows, *shape = inputs.shape
        width = math.prod(shape)
        seeds = tf.unstack(keys + tf.stack([step, place]))
        is_scheduled = isinstance(layer, ScheduledDropout)
        rate = layer.rate_after(tf.cast(step, tf.float32) / total_steps) if is_scheduled else layer.rate
        drawn = tf.concat([words(rows, width, rate, seed) for seed in seeds], 0)
        return inputs * tf.reshape(mask_of(drawn, width, rate), inputs.shape)

    return call


def words(rows, width: int, rate, seed, *, hashed: bool = False):
    """Returns the random words of a mask, uint32 `(rows, words of a row)`.

    Args:
        rows: How many, a number or a tensor.
        width: Numbers of a row.
        rate: Their share that is dropped, a number, or a tensor where it follows a schedule.
        seed: Two numbers, int32.
        hashed: Whether bits are hashed instead of drawn by TensorFlow's kernel, for XLA, which computes the rounds of
            that generator again for each of its four words, and of words for each that follows.
    """
    import tensorflow as tf

    shape = [rows, -(-width * _bits(rate) // 32)]
    if hashed:
        return _hashed(seed, shape)
    return tf.random.stateless_uniform(shape, seed, minval=None, maxval=None, dtype=tf.uint32)


def mask_of(words, width: int, rate):
    """Returns the mask of such words, float32 `(rows, width)`: 0, or 1 over the share that is kept."""
    import tensorflow as tf

    bits = _bits(rate)
    least = tf.round(rate * 2**bits) if tf.is_tensor(rate) else round(rate * 2**bits)
    if not tf.is_tensor(rate) and least == 2**bits:
        return tf.zeros([tf.shape(words)[0], width])
    numbers = tf.reshape(tf.bitcast(words, tf.uint8 if bits == 8 else tf.uint16), [-1, words.shape[1] * 32 // bits])
    numbers = numbers if numbers.shape[1] == width else numbers[:, :width]
    return tf.cast(numbers >= tf.cast(least, numbers.dtype), tf.float32) * (1 / (1 - least / 2**bits))


def _bits(rate) -> int:
    return 8 if not isinstance(rate, float) or (rate * 256).is_integer() else 16


def _hashed(seed, shape):
    """Returns words of random bits: hash(hash(place + key_0) ^ key_1), the keys hashed from the seed."""
    import tensorflow as tf

    key_0, key_1 = tf.unstack(tf.bitcast(seed, tf.uint32))
    key_0, key_1 = hash_of(key_0 ^ hash_of(key_1)), hash_of(key_1 + hash_of(~key_0))
    places = tf.reshape(tf.cast(tf.range(shape[0] * shape[1]), tf.uint32), shape)
    return hash_of(hash_of(places + key_0) ^ key_1)


def hash_of(x):
    """Flips half of the output bits per input bit (MurmurHash3), uint32 to uint32."""
    import tensorflow as tf

    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35), (16, None)):  # the end of MurmurHash3
        x = x ^ tf.bitwise.right_shift(x, tf.constant(shift, tf.uint32))
        x = x if factor is None else x * tf.constant(factor, tf.uint32)
    return x
