"""How far answers stand up to shifts: a score of models of images whose network has a layer `cells`.

    shift_tolerance = mean over images of the share of positions off the centre with the answer of the centre
    shift_chance    = the same if answers did not depend on the image: sum over answers of share_off * share_centre

The pattern is the smallest box that holds all pixels that are not 0, and is shown wherever it fits into the image;
patterns that fit in one position only cannot move and are left out. The answer is the most probable class; where no
cell responds there is none, which is never the same.
"""

from collections.abc import Callable, Mapping

import keras
import numpy as np

PATTERNS = 200  # at most; of more, evenly picked ones
CHUNK = 256


def pattern(image: np.ndarray) -> np.ndarray:
    """Returns the smallest box of an image `(height, width, channels)` that holds all pixels that are not 0."""
    rows, columns = np.flatnonzero(image.any(axis=(1, 2))), np.flatnonzero(image.any(axis=(0, 2)))
    return image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def everywhere(image: np.ndarray) -> tuple[np.ndarray, int]:
    """Returns an image's pattern at every position `(positions, height, width, channels)`, and which is the centre."""
    box = pattern(image)
    height, width = box.shape[:2]
    free = image.shape[0] - height, image.shape[1] - width
    shown = np.zeros((free[0] + 1, free[1] + 1, *image.shape), image.dtype)
    for top in range(free[0] + 1):
        for left in range(free[1] + 1):
            shown[top, left, top : top + height, left : left + width] = box
    return shown.reshape(-1, *image.shape), free[0] // 2 * (free[1] + 1) + free[1] // 2


def activity(model, images, layer: str) -> np.ndarray:
    """Returns the outputs of one of a network's layers.

    Args:
        model: A `zoo.Model` of images.
        images: uint8 `(batch, height, width)` or `(batch, height, width, channels)`.
        layer: The layer's name.

    Raises:
        ValueError: if there is no such layer.
    """
    names = [known.name for known in model.network.layers if not isinstance(known, keras.layers.InputLayer)]
    if layer not in names:
        raise ValueError(f"`layer` must be one of {', '.join(names)}. Received: layer={layer!r}")
    (x,) = model.preprocessor.encode(np.asarray(images)).values()
    return _outputs(keras.Model(model.network.inputs, model.network.get_layer(layer).output), x)


def cells(model, images) -> np.ndarray:
    """Returns the responses of the last layer's cells to images, `(batch, cells)`."""
    return activity(model, images, "cells")


def planes(model, images, layer: str) -> np.ndarray:
    """Returns the responses of a layer's cells to images, `(batch, rows, columns, planes)`."""
    return activity(model, images, layer)


def _outputs(network, x):
    """Calls a network on parts of one size, which backends compile once."""
    found = []
    for start in range(0, len(x), CHUNK):
        part = x[start : start + CHUNK]
        full = np.concatenate([part, np.zeros((CHUNK - len(part), *x.shape[1:]), x.dtype)]) if len(x) > CHUNK else part
        found.append(keras.ops.convert_to_numpy(network([full], training=False))[: len(part)])
    return np.concatenate(found)


def shift_tolerance(model, x, y=None) -> float:
    """Returns the share of positions off the centre in which images get the answer that they get there.

    Args:
        model: A `zoo.Model` of images whose network has a layer `cells` before its `classes`.
        x: Images uint8 `(rows, height, width)`, with channels or not; or encoded, `{"image": ...}`.
        y: Their labels, which do not matter.

    Returns:
        From 0 to 1. Where no pattern can move it is 1, and so is the chance: each keeps its answer in its only place.
    """
    shown = _answers(model, x)
    shares = [np.mean(off == at) if at >= 0 else 0.0 for off, at, _ in shown]
    return float(np.average(shares, weights=[images for _, _, images in shown])) if shown else 1.0


def shift_chance(model, x, y=None) -> float:
    """Returns the tolerance of answers that do not depend on what is shown, but are as frequent as the model's.

    Arguments: as for `shift_tolerance`. It is 1 where no pattern can move.
    """
    shown = _answers(model, x)
    if not shown:
        return 1.0
    # An image counts as often as its positions do in the tolerance: each image once, whatever its number of positions.
    weights = np.concatenate([np.full(len(off), images / len(off)) for off, _, images in shown])
    off = np.concatenate([answers for answers, _, _ in shown])
    centres = np.array([at for _, at, _ in shown]), np.array([images for _, _, images in shown], "float64")
    kinds = np.unique(np.concatenate([off[off >= 0], centres[0][centres[0] >= 0]]))
    by_position = [weights[off == kind].sum() / weights.sum() for kind in kinds]
    by_centre = [centres[1][centres[0] == kind].sum() / centres[1].sum() for kind in kinds]
    return float(np.dot(by_position, by_centre))


def _answers(model, x) -> list[tuple[np.ndarray, int, int]]:
    """Returns for each pattern that can move: its answers off the centre, the one there, and how many images have it.

    An answer is the number of a class, or -1.
    """
    x = x if isinstance(x, Mapping) else model.preprocessor.encode(np.asarray(x))
    (images,) = (np.asarray(value) for value in x.values())
    distinct: dict[tuple, list] = {}
    for image in images:
        if image.any() and (box := pattern(image)).shape[:2] != image.shape[:2]:
            distinct.setdefault((box.shape, box.tobytes()), []).append(image)
    if not distinct:
        return []
    alike = list(distinct.values())
    alike = [alike[i] for i in np.linspace(0, len(alike) - 1, min(PATTERNS, len(alike))).astype(int)]
    shown, centres = zip(*(everywhere(first) for first, *_ in alike))
    network = model.network
    cells = keras.Model(network.inputs, network.get_layer("cells").output)
    u = _outputs(cells, np.concatenate(shown))
    logits = keras.ops.convert_to_numpy(network.get_layer("classes")(keras.ops.convert_to_tensor(u)))
    answers = np.where(u.max(axis=-1) > 0, np.argmax(logits, axis=-1), -1)
    ends = np.cumsum([len(positions) for positions in shown])[:-1]
    return [
        (np.delete(own, centre), int(own[centre]), len(images))
        for own, centre, images in zip(np.split(answers, ends), centres, alike)
    ]


# Of Traits of every model whose network has a layer `cells`.
SCORES = (shift_tolerance, shift_chance)
METHODS: dict[str, Callable] = {
    "cells": cells,
    "planes": planes,
    "shift_tolerance": shift_tolerance,
    "shift_chance": shift_chance,
}
