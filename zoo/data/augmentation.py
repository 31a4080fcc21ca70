"""Shifts and elastic distortions of image batches, in the training pipeline only.

    displacement = shift + alpha * (Gaussian of width sigma) * (uniform noise in [-1, 1])

P. Y. Simard, D. Steinkraus, J. C. Platt, Best Practices for Convolutional Neural Networks Applied to Visual Document
Analysis, ICDAR 2003. https://doi.org/10.1109/ICDAR.2003.1227801: sigma 4, alpha 34 on 29 x 29 pixels.
"""

from __future__ import annotations

import numpy as np

SIGMA = 4.0 / 29.0  # of the image's side
ALPHA = 34.0 / 29.0
SHIFT = 1.5 / 29.0


def distort(images, seed, *, sigma: float = SIGMA, alpha: float = ALPHA, shift: float = SHIFT):
    """Distorts each image by a smooth random field and a random shift; what comes from outside is the edge's value.

    Args:
        images: uint8 `(batch, height, width, channels)`.
        seed: Two integers `(2,)`; the same seed gives the same distortions.
        sigma: Width of the Gaussian that smooths the field, as a share of the image's side.
        alpha: Factor of the smoothed field, as a share of the image's side.
        shift: Largest shift, as a share of the image's side.

    Returns:
        uint8 `(batch, height, width, channels)`.
    """
    import tensorflow as tf

    height, width, channels = images.shape[1:]
    batch = tf.shape(images)[0]
    noise = tf.random.stateless_uniform((batch, 2, height, width), seed, -1.0, 1.0)
    rows, columns = (tf.constant(_gaussian(size, sigma * size)) for size in (height, width))
    field = tf.einsum("bkij,hi,wj->bkhw", noise, rows, columns)  # a separable Gaussian
    moves = tf.random.stateless_uniform((batch, 2, 1, 1), seed + 1, -shift, shift)
    scale = tf.reshape(tf.constant([height, width], tf.float32), (1, 2, 1, 1))
    field = scale * (alpha * field + moves)
    grid = tf.stack(tf.meshgrid(tf.range(height), tf.range(width), indexing="ij"))
    place = tf.cast(grid, tf.float32) + field
    y = tf.clip_by_value(place[:, 0], 0.0, height - 1.0)
    x = tf.clip_by_value(place[:, 1], 0.0, width - 1.0)
    top, left = tf.floor(y), tf.floor(x)
    down, right = (y - top)[..., None], (x - left)[..., None]
    pixels = tf.reshape(tf.cast(images, tf.float32), (batch, height * width, channels))

    def at(i, j):
        i = tf.minimum(tf.cast(i, tf.int32), height - 1)
        j = tf.minimum(tf.cast(j, tf.int32), width - 1)
        found = tf.gather(pixels, tf.reshape(i * width + j, (batch, -1)), batch_dims=1)
        return tf.reshape(found, (batch, height, width, channels))

    upper = at(top, left) * (1.0 - right) + at(top, left + 1) * right
    lower = at(top + 1, left) * (1.0 - right) + at(top + 1, left + 1) * right
    return tf.cast(tf.round(upper * (1.0 - down) + lower * down), tf.uint8)


def _gaussian(size: int, sigma: float) -> np.ndarray:
    """Returns the matrix `(size, size)` that smooths a line by a normalised Gaussian, zero outside."""
    distance = np.arange(size)[:, None] - np.arange(size)[None, :]
    total = np.exp(-0.5 * (np.arange(-4 * size, 4 * size + 1) / sigma) ** 2).sum()
    return (np.exp(-0.5 * (distance / sigma) ** 2) / total).astype("float32")
