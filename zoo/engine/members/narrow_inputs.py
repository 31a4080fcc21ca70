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


def places(network: keras.Model, wide: keras.Model) -> list[np.ndarray | None] | None:
    """Returns which rows of each trainable variable of another network are this one's, None for all of them.

    Inputs may be wider there: zeros fill them, by which the weights of rows in between stay zero.

    Args:
        network: One of few inputs.
        wide: The other.

    Returns:
        A list as long as the trainable variables, or None if their difference is another.
    """
    if [type(layer) for layer in network.layers] != [type(layer) for layer in wide.layers]:
        return None
    found: dict[int, np.ndarray | None] = {}
    for layer, other in zip(network.layers, wide.layers, strict=True):
        for v, w in zip(layer.trainable_variables, other.trainable_variables, strict=True):
            found[id(v)] = None
            if v.shape != w.shape:
                rows = (
                    _rows(layer, network, other, wide)
                    if type(layer) is keras.layers.Dense and v is layer.kernel
                    else None
                )
                if rows is None or v.shape[1:] != w.shape[1:]:
                    return None
                found[id(v)] = rows
    return [found[id(v)] for v in network.trainable_variables]


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
