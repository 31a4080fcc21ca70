"""Shifts and elastic distortions of image batches, in the training pipeline only.

    output(p) = input(p + d(p)),   d = shift + elastic * G_sigma(noise) / deviation(G_sigma(noise))

A field of random displacements, smoothed by a Gaussian: P. Y. Simard, D. Steinkraus, J. C. Platt, Best Practices for
Convolutional Neural Networks Applied to Visual Document Analysis, ICDAR 2003.
https://doi.org/10.1109/ICDAR.2003.1227801
"""

from __future__ import annotations

import numpy as np

SIGMA = 4.0 / 29.0  # of a side: 4 of the paper's 29 pixels
ELASTIC = 0.03  # of a side. The paper's alpha of 34 is 0.048: too much for a few thousand digits
SHIFT = 0.05  # of a side


def distort(images, seed, *, elastic: float = ELASTIC, sigma: float = SIGMA, shift: float = SHIFT):
    """Shifts and bends each image, each in a way of its own.

    Lengths are shares of the image's sides. What comes from outside has the value of the nearest edge.

    Args:
        images: uint8 `(batch, height, width, channels)`.
        seed: Two integers `(2,)`; the same seed gives the same distortions.
        elastic: Standard deviation of the displacement's smooth part.
        sigma: Width of the Gaussian, the distance over which neighbours move alike.
        shift: The most that an image moves as a whole, up, down, left or right.

    Returns:
        uint8 `(batch, height, width, channels)`.
    """
    import tensorflow as tf

    height, width, channels = images.shape[1:]
    batch = tf.shape(images)[0]
    seeds = tf.random.split(seed, 2)
    noise = tf.random.stateless_uniform((batch, 2, height, width), seeds[0], -(3.0**0.5), 3.0**0.5)  # deviation 1
    down, across = _smoothing(height, sigma * height), _smoothing(width, sigma * width)
    field = elastic * tf.einsum("bkij,hi,wj->bkhw", noise, down, across)
    field += tf.random.stateless_uniform((batch, 2, 1, 1), seeds[1], -shift, shift)

    rows, columns = np.meshgrid(np.arange(height), np.arange(width), indexing="ij")
    y = tf.clip_by_value(rows.astype("float32") + height * field[:, 0], 0.0, height - 1.0)
    x = tf.clip_by_value(columns.astype("float32") + width * field[:, 1], 0.0, width - 1.0)
    top, left = tf.floor(y), tf.floor(x)
    below, right = (y - top)[..., None], (x - left)[..., None]  # shares of the next row and column
    top, left = tf.cast(top, tf.int32), tf.cast(left, tf.int32)
    bottom, beside = tf.minimum(top + 1, height - 1), tf.minimum(left + 1, width - 1)
    pixels = tf.reshape(tf.cast(images, tf.float32), (batch, height * width, channels))

    def at(row, column):
        found = tf.gather(pixels, tf.reshape(row * width + column, (batch, -1)), batch_dims=1)
        return tf.reshape(found, (batch, height, width, channels))

    upper = at(top, left) * (1.0 - right) + at(top, beside) * right
    lower = at(bottom, left) * (1.0 - right) + at(bottom, beside) * right
    return tf.cast(tf.round(upper * (1.0 - below) + lower * below), tf.uint8)


def _smoothing(size: int, sigma: float) -> np.ndarray:
    """Returns a matrix `(size, size)` that smooths noise on a line by a Gaussian and keeps its deviation."""
    distance = np.arange(size)[:, None] - np.arange(size)[None, :]
    weights = np.exp(-0.5 * (distance / sigma) ** 2)
    return (weights / np.sqrt(np.sum(weights**2, axis=1, keepdims=True))).astype("float32")
