"""Images of another size: the bilinear filter, widened where it shrinks, in whole numbers.

    w_ij = max(0, 2 max(n, m) - |(2j + 1) m - (2i + 1) n|)        the weight of input j of n for output i of m
    y_i  = round(sum_j w_ij x_j / sum_j w_ij)                     along the height, then along the width

Up to its factor, w is the triangle that Pillow's BILINEAR and TensorFlow's antialiased bilinear take at the centres of
pixels, and both results are rounded as Pillow's are. All sums are whole numbers that float64 holds exactly, so that
Python and the served graph (`zoo.data.image_graph`) give the same pixels on every machine, in whatever order they add.
"""

from __future__ import annotations

import numpy as np

BLOCK = 2**20  # the most values that are float64 at once


def weights(length: int, wanted: int) -> np.ndarray:
    """Returns the weights `(wanted, length)` of the pixels of one axis, whole numbers as float64."""
    centres = (2 * np.arange(length) + 1) * wanted - (2 * np.arange(wanted)[:, None] + 1) * length
    return np.maximum(2 * max(length, wanted) - np.abs(centres), 0).astype("float64")


def resized(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Returns an image uint8 `(height, width, channels)` in another size `(height, width)`."""
    height, width, channels = image.shape
    if (height, width) == tuple(size):
        return image
    down, across = weights(height, size[0]), weights(width, size[1])
    rows = max(1, BLOCK // (width * channels))
    sums = np.zeros((size[0], width * channels))
    for start in range(0, height, rows):
        block = image[start : start + rows].reshape(-1, width * channels).astype("float64")
        sums += down[:, start : start + rows] @ block
    lines = rounded(sums, down).reshape(size[0], width, channels)
    columns = across @ lines.transpose(1, 0, 2).reshape(width, -1)  # (width, height * channels)
    columns = rounded(columns, across).reshape(size[1], size[0], channels)
    return np.ascontiguousarray(columns.transpose(1, 0, 2), dtype="uint8")


def rounded(sums: np.ndarray, filter: np.ndarray) -> np.ndarray:
    """Returns weighted sums over the sum of their weights, halves rounded up."""
    total = filter.sum(axis=1, keepdims=True)
    return np.floor((2.0 * sums + total) / (2.0 * total))
