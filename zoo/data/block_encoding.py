"""Encodes rows in blocks: the graph of a preprocessor, traced once and run on as many rows as a cache holds."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from zoo.data.columns.tensors import tensor_of
from zoo.data.encoding import Encoder

BLOCK = 65_536  # the most rows that are encoded at once
BLOCK_VALUES = 2**21  # the most values that are encoded at once: so many fit into a processor's cache
UNTRACED_CALLS = 3  # the first calls of one block each run without tracing, which takes as long as ten of them


class BlockEncoder:
    """Encodes the arrays that `Preprocessor.blocks` reads.

    Args:
        preprocessor: A fitted preprocessor.
    """

    def __init__(self, preprocessor):
        self.graph = Encoder(preprocessor, served=False)
        self._groups = preprocessor.groups
        self._function: Any = None
        self._calls = 0  # of `encode`

    def signature(self) -> dict[str, tf.TensorSpec]:
        """Returns the tf.TensorSpec of each block, by the group's key."""
        dtypes = {"object": tf.string}
        return {
            group.key: tf.TensorSpec(
                (None, *group.kind.block_shape(group)),
                dtypes.get(group.kind.block_dtype, group.kind.block_dtype),
                re.sub(r"\W", "_", group.key),
            )
            for group in self._groups
        }

    def encode(self, blocks: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Returns the encoded tensors of all rows.

        Args:
            blocks: One array `(rows, ...)` for each group of columns, by the group's key.
        """
        graph, keys = self.graph, list(blocks)

        def of_tensors(*tensors):
            return graph.of_blocks(dict(zip(keys, tensors)))

        rows = len(next(iter(blocks.values())))
        step = max(1, min(BLOCK, BLOCK_VALUES // sum(math.prod(values.shape[1:]) for values in blocks.values())))
        self._calls += 1
        strings = any(values.dtype == object for values in blocks.values())
        if self._function is None and (rows > step or self._calls > UNTRACED_CALLS or strings):
            signature = list(self.signature().values())
            self._function = tf.function(of_tensors, input_signature=signature, autograph=False).get_concrete_function()
        function = self._function or of_tensors
        encoded: dict[str, np.ndarray] = {}
        with tf.device("CPU"):
            for start in range(0, max(rows, 1), step):
                block = [tensor_of(values[start : start + step]) for values in blocks.values()]
                parts = {name: tensor.numpy() for name, tensor in function(*block).items()}
                if rows <= step:
                    return parts
                for name, part in parts.items():
                    if name not in encoded:
                        encoded[name] = np.empty((rows, *part.shape[1:]), part.dtype)
                    encoded[name][start : start + step] = part
        return encoded
