"""The served graph in operations that ONNX and LiteRT have: the same numbers as `Encoder`, made otherwise.

rank        the knots at or below a value are counted, not searched for
category    a position, looked up outside of this graph (ONNX), or a table without the strip of blanks (LiteRT)
date, text  numbers (`Kind.converted_shape`), read from the string outside of this graph
"""

from __future__ import annotations

import re

import numpy as np
import tensorflow as tf

from zoo.data.columns import kind_of
from zoo.data.encoding import Encoder
from zoo.data.served import Served, _facts, _Untracked
from zoo.layers.nesting import layers_of

MOST_LOGIT = 64.0  # its sigmoid differs from 1 by less than float32 can tell


class ConvertibleEncoder(Encoder):
    """Encodes a dict of columns, each `(batch,)`, but what `Kind.converted_shape` says of some.

    Args:
        preprocessor: Fitted.
        lookups: Whether categories come as strings without surrounding blanks; else as positions of their levels.
    """

    def __init__(self, preprocessor, *, lookups: bool):
        super().__init__(preprocessor, served=lookups)
        self.parse_tables = {}

    def _parsed(self, group, tensors):
        return group.kind.parse_converted(tensors, group, self.read_tables.get(group.key, ()))

    def _rank(self, values):
        constants = self._scaling
        width = constants.knots.shape[1]
        at_or_below = tf.cast(constants.knots <= values[:, :, None], tf.float32)  # (batch, columns, knots)
        above = tf.cast(tf.reduce_sum(at_or_below, axis=2), tf.int32)
        lower = tf.minimum(tf.maximum(above - 1, 0), constants.last - 1) + width * np.arange(len(constants.last))
        left, right = (tf.gather(constants.knots.reshape(-1), lower + i) for i in (0, 1))
        start, end = (tf.gather(constants.ranks.reshape(-1), lower + i) for i in (0, 1))
        share = tf.minimum(tf.maximum((values - left) / (right - left), 0.0), 1.0)
        return start + share * (end - start)


class Convertible(Served):
    """A model as a tf.Module of columns that a converter takes.

    Args:
        model: A `zoo.Model` on the TensorFlow backend.
        lookups: As for `ConvertibleEncoder`.
    """

    def __init__(self, model, *, lookups: bool):
        super().__init__(model)
        self.encoder = ConvertibleEncoder(model.preprocessor, lookups=lookups)
        specs = {}
        for column, state in zip(model.schema.columns, model.preprocessor.states, strict=True):
            spec, kind = self._specs.value[column.name], kind_of(column)
            shape = kind.converted_shape(column, state)
            if shape is not None and not (lookups and kind.read_tables(column, state) is not None):
                dtype = tf.float32 if shape else tf.int64  # numbers in a string, or the position of a level
                spec = tf.TensorSpec((None, *shape), dtype)
            elif lookups and spec.dtype == tf.float64:  # which LiteRT has not; what it must have, it refused before
                spec = self._specs.value[column.name] = tf.TensorSpec(spec.shape, tf.float32)
            specs[column.name] = tf.TensorSpec(spec.shape, spec.dtype, self._names.value[column.name])
        self._function = _Untracked(tf.function(self._answer, input_signature=list(specs.values()), autograph=False))

    def _decide(self, outputs):
        if self._model.value.decision == "sigmoid":  # LiteRT's gives NaN for huge values, whose sigmoid is 0 or 1
            outputs = tf.clip_by_value(outputs, -MOST_LOGIT, MOST_LOGIT)
        if self._model.value.decision != "threshold" or outputs.shape[-1] == 1:
            return super()._decide(outputs)
        # Keras's argmax looks at bits, to have -0 below 0, and no converter can; a sum with a bias is never -0.
        return tf.one_hot(tf.argmax(outputs, axis=-1), outputs.shape[-1])

    @property
    def function(self):
        """The tf.function of the columns in the order of the schema, and the specs of its inputs."""
        function = self._function.value
        return function, function.input_signature

    def serving_default(self):
        """Returns the concrete function with the raw columns by name, for `tf.saved_model.save`."""
        names, function = list(self._names.value.values()), self._function.value
        specs = {spec.name: spec for spec in function.input_signature}
        return tf.function(
            lambda **columns: function(*(columns[name] for name in names)), autograph=False
        ).get_concrete_function(**specs)


def layer_named(model, said: str) -> str:
    """Returns which part of a model a converter's message speaks of: the layer in the first path that names one.

    A message that names none may be about the network or about what the task makes of its outputs.
    """
    layers = {layer.name for layer in layers_of(model.network)}
    for path in re.findall(r"\w+(?:/\w+)+", said):
        for part in reversed(path.split("/")):
            # TensorFlow numbers a scope that it enters again.
            if named := {part, re.sub(r"_\d+$", "", part)} & layers:
                return f"The layer {max(named, key=len)!r}"
    return f"The network of {model.entry.name!r}, or the answers of its task {model.task.name!r},"


def facts(convertible: Convertible) -> tuple[dict, dict]:
    """Returns raw inputs and outputs, as `{name: [dtype, shape]}`."""
    specs, names = convertible._specs.value, convertible._names.value
    outputs = convertible._function.value.get_concrete_function().structured_outputs
    return _facts({names[name]: spec for name, spec in specs.items()}), _facts(outputs)
