"""The served graph in operations that ONNX and LiteRT have: the same numbers as `Encoder`, made otherwise.

rank        the knots at or below a value are counted, not searched for
category    a position, looked up outside of this graph (ONNX), or a table without the strip of blanks (LiteRT)
date, text  numbers (`DATE_FIELDS`, `text_width`), read from the string outside of this graph
"""

from __future__ import annotations

import re

import numpy as np
import tensorflow as tf

from zoo.data import dates
from zoo.data.encoding import Encoder
from zoo.data.served import Served, _facts, _Untracked

# A date is 1 and these numbers, or zeros where the string is no date; the sign is that of the zone, 0 for Greenwich.
DATE_FIELDS = ("is date", "year", "month", "day", "hour", "minute", "second", "sign", "zone hours", "zone minutes")


def text_width(fitted: dict) -> int:
    """Returns how many numbers stand for a text: its characters, its words, and 1 for each frequent word it has."""
    return 2 + len(fitted["words"])


class ConvertibleEncoder(Encoder):
    """Encodes a dict of columns, each `(batch,)`, but dates and texts `(batch, numbers)`.

    Args:
        preprocessor: Fitted.
        lookups: Whether categories come as strings without surrounding blanks; else as positions of their levels.
    """

    def __init__(self, preprocessor, *, lookups: bool):
        super().__init__(preprocessor, level_tables=lookups)
        self._lookups = lookups
        self.word_tables = []

    @staticmethod
    def _date_fields(fields):
        """Returns what `dates.fields` returns, from the numbers in a date `(batch, 10)`."""
        found, year, month, day, hour, minute, second, sign, zone_hours, zone_minutes = tf.unstack(fields, axis=1)
        valid = (found > 0) & (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31) & (hour < 24.0) & (minute < 60.0)
        first = tf.ones_like(year)
        year, month, day = (tf.where(valid, part, value) for part, value in ((year, 1970.0), (month, 1.0), (day, 1.0)))
        year, month, day, first = (tf.cast(part, tf.int32) for part in (year, month, day, first))
        share = (hour - sign * (zone_hours + zone_minutes / 60.0) + minute / 60.0 + second / 3600.0) / 24.0
        whole = tf.cast(dates._days(year, month, day), tf.float32)
        start = tf.cast(dates._days(year, first, first), tf.float32)
        return whole + share, valid, (whole - start) / 365.25, share

    def _positions(self, columns) -> list:
        names = self._constants.columns.get("category", ())
        if not self._lookups:
            return [columns[name] for name in names]
        # The converter to LiteRT does not know the rank of what a table gives.
        return [tf.reshape(table.lookup(columns[name]), (-1,)) for name, table in zip(names, self.level_tables)]

    def _text_features(self, columns) -> list:
        """Returns what `texts.features` returns, from the numbers in each text."""
        features = []
        for name, fitted in zip(self._constants.columns.get("text", ()), self._constants.texts):
            lengths, words = columns[name][:, :2], columns[name][:, 2:]
            scaled = (tf.math.log(1.0 + lengths) - fitted["mean"]) / fitted["deviation"]
            features.append(tf.concat([scaled, words], axis=1) if fitted["words"] else scaled)
        return features

    def _rank(self, values):
        constants = self._constants
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
        kinds = {column.name: column.kind for column in model.schema.columns}
        widths = self._widths(model)
        specs = {}
        for name, spec in self._specs.value.items():
            if name in widths:
                spec = tf.TensorSpec((None, widths[name]), tf.float32)
            elif kinds[name] == "category" and not lookups:
                spec = tf.TensorSpec((None,), tf.int64)
            specs[name] = tf.TensorSpec(spec.shape, spec.dtype, self._names.value[name])
        self._function = _Untracked(tf.function(self._answer, input_signature=list(specs.values()), autograph=False))

    @staticmethod
    def _widths(model) -> dict:
        texts = iter(model.preprocessor.get_config()["state"].get("texts", ()))
        widths = {}
        for column in model.schema.columns:
            if column.kind == "date":
                widths[column.name] = len(DATE_FIELDS)
            elif column.kind == "text":
                widths[column.name] = text_width(next(texts, {"words": ()}))
        return widths

    def _decide(self, outputs):
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
    """Returns which part of a model a converter's message speaks of: the layer in the first path that names one."""
    layers = {layer.name for layer in model.network._flatten_layers(include_self=False)}
    for path in re.findall(r"\w+(?:/\w+)+", said):
        for part in reversed(path.split("/")):
            # TensorFlow numbers a scope that it enters again.
            if named := {part, re.sub(r"_\d+$", "", part)} & layers:
                return f"The layer {max(named, key=len)!r}"
    return f"The network of {model.entry.name!r}"


def facts(convertible: Convertible) -> tuple[dict, dict]:
    """Returns raw inputs and outputs, as `{name: [dtype, shape]}`."""
    specs, names = convertible._specs.value, convertible._names.value
    outputs = convertible._function.value.get_concrete_function().structured_outputs
    return _facts({names[name]: spec for name, spec in specs.items()}), _facts(outputs)
