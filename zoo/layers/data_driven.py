"""Initial weights of dense layers that follow from the training rows, layer by layer from the inputs on.

    z = x W;   W_j <- W_j / std(z_j)                       every unit begins with variance 1
    b_j = -sum_k p_k z_j(x_{r_k}),   k = 1..5              its kink lies among the rows: r_k random rows,
                                                           p_k random shares (exponential, divided by their sum)

D. Holzmueller, L. Grinsztajn, I. Steinwart, Better by Default: Strong Pre-Tuned MLPs and Boosted Trees on Tabular Data,
NeurIPS 2024. https://arxiv.org/abs/2407.04491
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping

import keras
import numpy as np
from keras import ops

from zoo.layers.members import MemberDense

ROWS = 4096  # the most rows that the deviations are of
CORNERS = 5  # the rows that a unit's bias is made of


def initialise(network: keras.Model, x: Mapping[str, np.ndarray]) -> None:
    """Sets kernels and biases of a fresh network's dense layers from rows; those whose bias is not 0 are left alone.

    What is random follows from the kernels: members, whose kernels differ, draw other rows. The last dense layer keeps
    its bias, and one of zeros its kernel.

    Args:
        network: Functional, of one network or of members that see the same rows.
        x: Encoded training rows by the names of the network's inputs.
    """
    layers = [layer for layer in network.layers if isinstance(layer, (keras.layers.Dense, MemberDense))]
    if not layers or any(np.any(ops.convert_to_numpy(layer.bias)) for layer in layers):
        return
    seed = _seed(ops.convert_to_numpy(layers[0].kernel))
    count = len(next(iter(x.values())))
    rows = np.sort(np.random.default_rng(seed).permutation(count)[:ROWS])
    sample = {tensor.name: x[tensor.name][rows] for tensor in network.inputs}
    for layer in layers:
        before = keras.Model(network.inputs, layer.input)
        features = keras.tree.map_structure(_plain, before([sample[tensor.name] for tensor in network.inputs]))
        members = getattr(layer, "members", None)
        kernels = ops.convert_to_numpy(layer.kernel)
        found = [
            dense_weights(_of_member(features, m), kernel, with_bias=layer is not layers[-1])
            for m, kernel in enumerate(kernels if members else [kernels])
        ]
        kernel, bias = (np.stack(parts) if members else parts[0] for parts in zip(*found, strict=True))
        layer.kernel.assign(kernel)
        layer.bias.assign(bias)


def dense_weights(x: np.ndarray, kernel: np.ndarray, *, with_bias: bool) -> tuple[np.ndarray, np.ndarray]:
    """Returns the kernel and the bias that a dense layer begins with.

    Args:
        x: What the layer takes, `(rows, features)`.
        kernel: Its random kernel, `(features, units)`.
        with_bias: Whether it has a bias other than 0.
    """
    z = x @ kernel
    deviation = z.std(axis=0)
    factor = 1.0 / np.where(deviation > 1e-6, deviation, 1.0)  # of a unit that says the same for all rows, 1
    if not with_bias:
        return kernel * factor, np.zeros(len(factor), kernel.dtype)
    generator = np.random.default_rng(_seed(kernel))
    chosen = generator.integers(len(x), size=(CORNERS, len(factor)))
    shares = generator.exponential(size=(CORNERS, len(factor)))
    shares /= shares.sum(axis=0)
    of_rows = np.take_along_axis(z * factor, chosen, axis=0)
    return kernel * factor, -np.sum(shares * of_rows, axis=0).astype(kernel.dtype)


def _of_member(features, m: int) -> np.ndarray:
    """Returns what a member's layer takes `(rows, features)`, of one tensor or of several beside each other."""
    parts = [part[m] if part.ndim == 3 else part for part in keras.tree.flatten(features)]
    return np.concatenate(parts, axis=-1)


def _plain(tensor) -> np.ndarray:
    return ops.convert_to_numpy(ops.cast(tensor, "float32"))


def _seed(kernel: np.ndarray) -> int:
    return zlib.crc32(np.ascontiguousarray(kernel, "float32").tobytes())
