"""Images of another size: the bilinear filter, widened where it shrinks, in whole numbers.

    w_ij = max(0, 2 max(n, m) - |(2j + 1) m - (2i + 1) n|)        the weight of input j of n for output i of m
    y_i  = round(sum_j w_ij x_j / sum_j w_ij)                     along the height, then along the width

Up to its factor, w is the triangle that Pillow's BILINEAR and TensorFlow's antialiased bilinear take at the centres of
pixels, and both results are rounded as Pillow's are. All sums are whole numbers that float64 holds exactly, so that
Python and the served graph (`zoo.data.image_graph`) give the same pixels on every machine, in whatever order they add.
"""

from __future__ import annotations

import numpy as np

BLOCK = 2**19  # about how many values are float64 at once: they fit into a processor's cache


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
    lines = np.empty((size[0], width, channels))
    rows = max(1, BLOCK * size[0] // image.size)  # of the result; of the image it takes only those with weights
    for start in range(0, size[0], rows):
        filter = down[start : start + rows]
        first, last = span(height, size[0], start, min(start + rows, size[0]) - 1)
        block = image[first:last].reshape(-1, width * channels).astype("float64")
        lines[start : start + rows] = rounded(filter[:, first:last] @ block, filter).reshape(-1, width, channels)
    columns = across @ lines.transpose(1, 0, 2).reshape(width, -1)  # (width, height * channels)
    columns = rounded(columns, across).reshape(size[1], size[0], channels)
    return np.ascontiguousarray(columns.transpose(1, 0, 2), dtype="uint8")


def span(length, wanted, first, last):
    """Returns where the weights of some pixels begin and end that are not 0, or a little outside; in whole numbers."""
    reach = 2 * max(length, wanted) + wanted
    begin = ((2 * first + 1) * length - reach) // (2 * wanted)
    return max(begin, 0), min(((2 * last + 1) * length + reach) // (2 * wanted) + 1, length)


def rounded(sums: np.ndarray, filter: np.ndarray) -> np.ndarray:
    """Returns weighted sums over the sum of their weights, halves rounded up."""
    total = filter.sum(axis=1, keepdims=True)
    return np.floor((2.0 * sums + total) / (2.0 * total))
