"""Random changes of image batches, in the training pipeline only.

    distort    output(p) = input(p + d(p)),   d = shift + elastic * G_sigma(noise) / deviation(G_sigma(noise))
    shift      each image moves by whole pixels, up to 2 of 28 in each direction
    flip       each image is mirrored, left and right, with probability 1/2: where mirrored images mean the same
    erase      noise in a rectangle of each image, with probability 1/2

Each is a function `(images, seed) -> images`, whose result is a function of both alone. `of_option` gives the function
that an entry's option `augmentation` names.

distort, a field of random displacements smoothed by a Gaussian: P. Y. Simard, D. Steinkraus, J. C. Platt, Best
Practices for Convolutional Neural Networks Applied to Visual Document Analysis, ICDAR 2003.
https://doi.org/10.1109/ICDAR.2003.1227801. shift and flip are older than their papers; with erase, Z. Zhong, L. Zheng,
G. Kang, S. Li, Y. Yang, Random Erasing Data Augmentation, AAAI 2020. https://arxiv.org/abs/1708.04896
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from zoo.importing import suggest

SIGMA = 4.0 / 29.0  # of a side: 4 of the paper's 29 pixels
ELASTIC = 0.03  # of a side. The paper's alpha of 34 is 0.048: too much for a few thousand digits
SHIFT = 0.05  # of a side

MOVED = 2 / 28  # of a side, at least a pixel
ERASED = 0.5  # probability
AREA = (0.02, 0.4)  # of the image, that a rectangle has; the paper's
ASPECT = (0.3, 1 / 0.3)  # its height over its width; the paper's


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


def shift(images, seed, *, most: float = MOVED):
    """Moves each image by whole pixels, up or down and left or right; what comes from outside is the nearest edge.

    Args:
        images: uint8 `(batch, height, width, channels)`.
        seed: Two integers `(2,)`.
        most: The most that an image moves, as a share of its side; a pixel at least.

    Returns:
        uint8 `(batch, height, width, channels)`.
    """
    import tensorflow as tf

    height, width = images.shape[1:3]
    batch = tf.shape(images)[0]

    def places(side, seed):
        reach = max(1, round(most * side))
        moved = tf.random.stateless_uniform((batch, 1), seed, -reach, reach + 1, dtype=tf.int32)
        return tf.clip_by_value(tf.range(side) + moved, 0, side - 1)  # (batch, side)

    seeds = tf.random.split(seed, 2)
    moved = tf.gather(images, places(height, seeds[0]), axis=1, batch_dims=1)
    return tf.gather(moved, places(width, seeds[1]), axis=2, batch_dims=1)


def flip(images, seed):
    """Mirrors each image, left and right, with probability 1/2.

    Args:
        images: uint8 `(batch, height, width, channels)`.
        seed: Two integers `(2,)`.

    Returns:
        uint8 `(batch, height, width, channels)`.
    """
    import tensorflow as tf

    mirrored = tf.random.stateless_uniform((tf.shape(images)[0], 1, 1, 1), seed) < 0.5
    return tf.where(mirrored, images[:, :, ::-1], images)


def erase(images, seed, *, probability: float = ERASED):
    """Fills a rectangle of an image, somewhere inside it, with noise.

    Args:
        images: uint8 `(batch, height, width, channels)`.
        seed: Two integers `(2,)`.
        probability: Share of the images that lose a rectangle.

    Returns:
        uint8 `(batch, height, width, channels)`.
    """
    import tensorflow as tf

    height, width, channels = images.shape[1:]
    batch = tf.shape(images)[0]
    seeds = tf.random.split(seed, 2)
    chance, area, aspect, top, left = tf.unstack(tf.random.stateless_uniform((5, batch), seeds[0]))
    area = height * width * (AREA[0] + (AREA[1] - AREA[0]) * area)
    root = tf.exp(0.5 * (np.log(ASPECT[0]) + np.log(ASPECT[1] / ASPECT[0]) * aspect))  # of the aspect
    rows = tf.minimum(tf.round(tf.sqrt(area) * root), float(height))
    columns = tf.minimum(tf.round(tf.sqrt(area) / root), float(width))
    top, left = tf.floor(top * (height - rows + 1.0)), tf.floor(left * (width - columns + 1.0))

    def within(side, first, length):
        place = tf.range(side, dtype=tf.float32)
        return (place >= first[:, None]) & (place < (first + length)[:, None])  # (batch, side)

    inside = within(height, top, rows)[:, :, None] & within(width, left, columns)[:, None, :]
    inside &= (chance < probability)[:, None, None]
    bits = tf.random.stateless_uniform((batch, height * width * channels), seeds[1], 0, 256, dtype=tf.int32)
    noise = tf.cast(tf.reshape(bits, tf.shape(images)), tf.uint8)
    return tf.where(inside[..., None], noise, images)


AUGMENTATIONS: Mapping[str, Callable] = {"distort": distort, "shift": shift, "flip": flip, "erase": erase}


def names_of(option: bool | str | Sequence[str] | None) -> tuple[str, ...] | None:
    """Returns the names in an entry's option `augmentation`; None for True, which is the entry's own augmentation.

    Raises:
        ValueError: if it is none of True, False, None, a name, or names.
    """
    if option is True:
        return None
    if option is None or option is False:
        return ()
    names = tuple(option.split(",")) if isinstance(option, str) else option
    known = ", ".join(AUGMENTATIONS)
    if not isinstance(names, Sequence) or any(name not in AUGMENTATIONS for name in names):
        unknown = [name for name in names if name not in AUGMENTATIONS] if isinstance(names, Sequence) else []
        offered = suggest(unknown[0], AUGMENTATIONS) if unknown and isinstance(unknown[0], str) else ""
        raise ValueError(
            f"`augmentation` must be True, False, or names of {known}, such as ('shift', 'flip'). Received: "
            f"augmentation={option!r}.{offered}"
        )
    return tuple(names)


def of_option(option: bool | str | Sequence[str] | None, own: Callable | None) -> Callable | None:
    """Returns the function `(images, seed) -> images` that an entry's option `augmentation` asks for, or None.

    Args:
        option: The option's value. Another package's entry may have one of that name with values of its own, by which
            its own augmentation is used, or none.
        own: What True stands for.
    """
    try:
        names = names_of(option)
    except ValueError:
        names = None if option else ()
    if names is None:
        return own
    return in_turn(names) if names else None


@functools.cache
def in_turn(names: tuple[str, ...]) -> Callable:
    """Returns the augmentations of these names, one after another, as one function; of the same names the same one."""
    if len(names) == 1:
        return AUGMENTATIONS[names[0]]

    def augmented(images, seed):
        import tensorflow as tf

        for place, name in enumerate(names):
            images = AUGMENTATIONS[name](images, tf.random.fold_in(seed, place))
        return images

    augmented.__name__ = "_".join(names)
    return augmented
