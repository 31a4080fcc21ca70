"""Images in arrays: what `image_size=` may be, arrays in another size, and one image as one row."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from zoo.data import resizing
from zoo.data.image_pixels import most_pixels
from zoo.data.schema import Column
from zoo.data.threads import one_thread


def checked_size(size) -> tuple[int, int] | None:
    """Returns `image_size` as `(height, width)`; None stays None.

    Raises:
        ValueError: if it is neither two lengths nor one, or too large.
    """
    if size is None:
        return None
    lengths = tuple(size) if isinstance(size, (Sequence, np.ndarray)) and not isinstance(size, str) else (size, size)
    whole = all(isinstance(n, (int, np.integer)) and not isinstance(n, bool) and n > 0 for n in lengths)
    if len(lengths) != 2 or not whole:
        raise ValueError(f"`image_size` must be (height, width), or one length for both. Received: image_size={size!r}")
    height, width = map(int, lengths)
    if height * width > most_pixels():
        raise ValueError(
            f"`image_size` must have at most {most_pixels()} pixels. Received: image_size={size!r}. Take a smaller one."
        )
    return height, width


def check_shape(x: np.ndarray, column: Column) -> None:
    """Raises ValueError where images `(rows, height, width, channels)` have another height or width than a column."""
    height, width, _ = column.shape
    if x.shape[1:3] != (height, width):
        raise ValueError(
            f"Images must have {height} x {width} pixels (height x width), as those of training. Received: "
            f"{x.shape[1]} x {x.shape[2]}. Resize them by `image_size`, here ({height}, {width})."
        )


def resized(x: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Returns images uint8 `(rows, height, width, channels)` in another size."""
    if x.shape[1:3] == tuple(size) or len(x) == 0:
        return x
    with one_thread():
        return np.stack([resizing.resized(image, size) for image in x])


def each_resized(x, size: tuple[int, int]):
    """Returns a list of images uint8 `(height, width[, channels])` as one array of one size; else `x` as it is."""
    if not isinstance(x, (list, tuple)) and not (isinstance(x, np.ndarray) and x.dtype == object):
        return x
    images = [np.asarray(image) for image in x]
    if not all(image.dtype == np.uint8 and image.ndim in (2, 3) for image in images):
        return x
    images = [image[..., None] if image.ndim == 2 else image for image in images]
    with one_thread():
        return np.stack([resizing.resized(image, size) for image in images])


def as_rows(x: np.ndarray, column: Column | None) -> np.ndarray:
    """Returns one image `(height, width[, channels])` as one row, where a schema of images tells it from rows."""
    if column is None or column.shape is None or x.dtype != np.uint8 or x.ndim not in (2, 3):
        return x
    *size, channels = column.shape
    shape = x.shape if x.ndim == 3 else (*x.shape, 1)
    is_one = shape[-1] == channels and (column.resized or list(shape[:2]) == size)
    return x.reshape(1, *shape) if is_one else x
