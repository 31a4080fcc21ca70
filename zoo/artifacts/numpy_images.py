"""Keras's layers of images as expressions of numpy, for `numpy_format`."""

from __future__ import annotations

from collections.abc import Callable

import keras


def expression(layer, x: str, keep: Callable) -> str | None:
    """Returns what a layer gives before its activation, as an expression; None for any other layer.

    Args:
        layer: A layer.
        x: The expression of what it takes.
        keep: From the name and the value of an array to its expression.
    """
    if getattr(layer, "data_format", "channels_last") != "channels_last":
        return None
    if type(layer) is keras.layers.Conv2D:
        return _convolution(layer, x, keep)
    if type(layer) is keras.layers.ZeroPadding2D:
        return f"np.pad({x}, ((0, 0), {layer.padding[0]}, {layer.padding[1]}, (0, 0)))"
    if type(layer) is keras.layers.GlobalAveragePooling2D and not layer.keepdims:
        return f"{x}.mean((1, 2))"
    if type(layer) is keras.layers.MaxPooling2D and tuple(layer.pool_size) == tuple(layer.strides) == (2, 2):
        (height, width), (rows, columns) = layer.input.shape[1:3], layer.output.shape[1:3]
        missing = f"((0, 0), (0, {max(0, 2 * rows - height)}), (0, {max(0, 2 * columns - width)}), (0, 0))"
        whole = f"np.pad({x}, {missing}, constant_values=-np.inf)[:, :{2 * rows}, :{2 * columns}]"
        return f"{whole}.reshape(len({x}), {rows}, 2, {columns}, 2, -1).max((2, 4))"
    return None


def _convolution(layer, x: str, keep: Callable) -> str | None:
    if layer.groups > 1 or set(layer.strides) | set(layer.dilation_rate) != {1}:
        return None
    height, width = layer.kernel_size
    rows, columns = layer.output.shape[1:3]
    if layer.padding == "same":
        margins = [((size - 1) // 2, size // 2) for size in (height, width)]
        x = f"np.pad({x}, ((0, 0), {margins[0]}, {margins[1]}, (0, 0)))"
    kernel = keep("kernel", layer.kernel)
    seen = f"image[:, i:i + {rows}, j:j + {columns}] @ {kernel}[i, j]"
    sums = f"(lambda image: sum({seen} for i in range({height}) for j in range({width})))({x})"
    return f"{sums} + {keep('bias', layer.bias)}" if layer.use_bias else sums
