"""Networks that differ by the widths of their inputs: the weights of a narrower one have places in the widest one's.

Folds of one table differ so where a column has missing values in some of them alone, and an input that says so.
"""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np


def widest(networks: Sequence[keras.Model]) -> int:
    """Returns which of the networks has the most weights: those of the others have places in it."""
    return int(np.argmax([network.count_params() for network in networks]))


def weights_in(network: keras.Model, wide: keras.Model) -> list[np.ndarray]:
    """Returns the trainable weights of a network at their places in the shapes of the widest one's, zeros elsewhere."""
    weights = [np.zeros(v.shape, "float32") for v in wide.trainable_variables]
    for wide_values, rows, variable in zip(weights, places(network, wide), network.trainable_variables, strict=True):
        wide_values[rows] = variable.numpy()
    return weights


def assign(network: keras.Model, wide: keras.Model, weights: Sequence[np.ndarray]) -> None:
    """Gives a network its part of weights of as many numbers as the widest one's: the inverse of `weights_in`."""
    pairs = zip(network.trainable_variables, places(network, wide), wide.trainable_variables, weights, strict=True)
    for variable, rows, wide_variable, values in pairs:
        variable.assign(np.reshape(values, wide_variable.shape)[rows])


def places(network: keras.Model, wide: keras.Model) -> list[np.ndarray | slice] | None:
    """Returns which rows of each trainable variable of another network are this one's.

    Inputs may be wider there: zeros fill them, by which the weights of rows in between stay zero.

    Args:
        network: One of few inputs.
        wide: The other.

    Returns:
        A list as long as the trainable variables, or None if their difference is another.
    """
    if [type(layer) for layer in network.layers] != [type(layer) for layer in wide.layers]:
        return None
    rows_of: dict[int, np.ndarray | slice] = {}
    for layer, other in zip(network.layers, wide.layers, strict=True):
        for v, w in zip(layer.trainable_variables, other.trainable_variables, strict=True):
            rows_of[id(v)] = slice(None)
            if v.shape != w.shape:
                rows = (
                    _rows(layer, network, other, wide)
                    if type(layer) is keras.layers.Dense and v is layer.kernel
                    else None
                )
                if rows is None or v.shape[1:] != w.shape[1:]:
                    return None
                rows_of[id(v)] = rows
    return [rows_of[id(v)] for v in network.trainable_variables]


def _rows(layer, network, other, wide_network) -> np.ndarray | None:
    """Returns which rows of a wider kernel stand for a layer's inputs, beside each other in the same order."""
    parts, others = _joined(layer.input, network), _joined(other.input, wide_network)
    rows, first = [], 0
    for part, wide in zip(parts, others, strict=True):
        missing = wide.shape[-1] - part.shape[-1]
        if missing < 0 or (missing and not any(part is tensor for tensor in network.inputs)):
            return None
        rows.append(first + np.arange(part.shape[-1]))
        first += wide.shape[-1]
    return np.concatenate(rows)


def _joined(tensor, network) -> list:
    """Returns the tensors of a network that stand beside each other in one."""
    joins = [layer for layer in network.layers if isinstance(layer, keras.layers.Concatenate)]
    return next((list(layer.input) for layer in joins if layer.output is tensor), [tensor])
