"""Weights as images: what each unit of a layer looks for in a picture."""

from __future__ import annotations

import math
from collections.abc import Sequence

import keras
import numpy as np
from matplotlib.figure import Figure

from zoo.data.columns import the_array
from zoo.model import Model
from zoo.plots.canvas import SIGNED, one
from zoo.plots.translations import translated
from zoo.training.resolving import resolve_model

LEAST_WIDTH = 5.0  # inches: a single picture is to be seen from the last row of a lecture hall


def weights_as_images(
    model,
    layer: str | int | None = None,
    *,
    shape: Sequence[int] | None = None,
    most: int = 64,
    member: int = 0,
    ax=None,
) -> Figure:
    """Draws the weights of each unit at the place of the pixel that they weigh: blue negative, white 0, red positive.

    Args:
        model: A `zoo.Model`, a `Run`, a folder or a preset; a keras.Model; or weights `(units, inputs)`.
        layer: The name, or the number among the layers with a kernel, of a model's layer; None for the first, or for
            the `.components` or the `.codebook` of a model that has them.
        shape: Height and width of the pictures, and 3 for colours; None for the model's images, else a square.
        most: Units that are drawn, from the first on.
        member: Whose weights, of an ensemble.
        ax: Axes, or None for a new Figure.

    Returns:
        A Figure with all pictures in one Axes, row by row, on one scale.

    Raises:
        ValueError: if there is no such layer, or its inputs are no picture.
    """
    if most < 1:
        raise ValueError(f"`most` must be at least 1. Received: most={most}")
    if isinstance(model, np.ndarray | list | tuple):
        weights, name = np.asarray(model, "float64"), "units"
        if weights.ndim != 2:
            raise ValueError(f"Weights must have the shape (units, inputs). Received: {weights.shape}.")
    else:
        model = model if isinstance(model, keras.Model) else resolve_model(model)
        weights, name = _kernel(model, layer, member)
        column = the_array(model.schema.columns) if isinstance(model, Model) else None
        if (
            shape is None
            and column is not None
            and len(column.shape or ()) > 1
            and math.prod(column.shape) == weights.shape[1]
        ):
            shape = column.shape
    height, width, *channels = _picture_shape(shape, weights.shape[1])
    drawn = weights[:most]
    mosaic, columns = _mosaic(drawn.reshape(len(drawn), height, width, *channels))
    rows = math.ceil(len(drawn) / columns)
    side = min(max(0.8 * columns, LEAST_WIDTH), 8.0)  # of all pictures together, in inches
    figure, ax = one(ax, (1.0 + side, 0.4 + max(side * rows * height / columns / width, 1.0)))
    largest = float(np.max(np.abs(drawn))) or 1.0
    if channels and channels[0] == 3:
        ax.imshow(np.nan_to_num(0.5 + mosaic / (2.0 * largest), nan=1.0), interpolation="nearest")
    else:
        image = ax.imshow(
            mosaic.reshape(mosaic.shape[:2]), cmap=SIGNED, vmin=-largest, vmax=largest, interpolation="nearest"
        )
        figure.colorbar(image, ax=ax, label=translated("weight"), shrink=0.8)
    ax.set_axis_off()
    title = translated(name)
    if len(drawn) < len(weights):
        title = translated("{name}: {drawn} of {count} units", name=title, drawn=len(drawn), count=len(weights))
    ax.set_title(title, fontsize=10)
    return figure


def _kernel(model, layer, member) -> tuple[np.ndarray, str]:
    """Returns a layer's weights `(units, inputs)` and its name."""
    network = model.network if isinstance(model, Model) else model
    for name in ("components", "codebook") if layer is None and isinstance(model, Model) else ():
        if hasattr(model, name):  # of units that learn by a rule, under the field's name
            found = np.asarray(getattr(model, name), "float64")
            return found.reshape(-1, found.shape[-1]), name
    layers = [each for each in network.layers if len(getattr(each, "kernel", np.zeros(0)).shape) >= 2]
    names = [each.name for each in layers]
    if isinstance(layer, str):
        chosen = names.index(layer) if layer in names else None
    else:
        chosen = (layer or 0) if -len(layers) <= (layer or 0) < len(layers) else None
    if chosen is None:
        raise ValueError(
            f"`layer` must be one of the layers with a kernel, {', '.join(names) or 'of which there are none'}, or its "
            f"number. Received: layer={layer!r}. Draw other weights as an array (units, inputs) in place of the "
            "model."
        )
    kernel = keras.ops.convert_to_numpy(layers[chosen].kernel).astype("float64")
    if (getattr(layers[chosen], "members", None) or 1) > 1:
        if not 0 <= member < len(kernel):
            raise ValueError(f"`member` must be in 0 to {len(kernel) - 1}. Received: member={member}")
        kernel = kernel[member]
    if kernel.ndim > 2:  # of a convolution: (height, width, channels, filters)
        kernel = kernel.reshape(-1, kernel.shape[-1])
    return kernel.T, names[chosen]


def _picture_shape(shape, inputs: int) -> tuple[int, ...]:
    if shape is None:
        side = math.isqrt(inputs)
        if side * side != inputs:
            raise ValueError(
                f"{inputs} inputs a unit are no square picture. Pass shape=(height, width), whose product they are."
            )
        return side, side
    shape = tuple(int(size) for size in shape)
    if len(shape) not in (2, 3) or shape[2:] not in ((), (1,), (3,)) or math.prod(shape) != inputs:
        raise ValueError(
            f"`shape` must be (height, width), or with 3 for colours, with the product {inputs}. Received: "
            f"shape={shape}"
        )
    return shape


def _mosaic(pictures: np.ndarray) -> tuple[np.ndarray, int]:
    """Returns pictures `(n, height, width, ...)` side by side with a gap of NaN, and how many stand in a row."""
    n, height, width, *rest = pictures.shape
    columns = math.ceil(math.sqrt(n * height / width))
    columns = min(max(columns, 1), n)
    rows = math.ceil(n / columns)
    gap = max(1, min(height, width) // 12)
    mosaic = np.full((rows * (height + gap) - gap, columns * (width + gap) - gap, *rest), np.nan)
    for i, picture in enumerate(pictures):
        top, left = i // columns * (height + gap), i % columns * (width + gap)
        mosaic[top : top + height, left : left + width] = picture
    return mosaic, columns
