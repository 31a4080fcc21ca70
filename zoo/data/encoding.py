"""The graph of a preprocessor: a tf.Module from raw columns to encoded tensors, in training and when served."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from zoo.data import dates, texts
from zoo.data.reading import level_positions


class _Constants:
    """What the graph of a fitted preprocessor is made of. A plain object: TensorFlow tracks no part of it."""

    def __init__(self, preprocessor):
        state = preprocessor._state
        self.kind, self.scaling = preprocessor.kind, preprocessor.scaling
        self.columns: dict[str, list] = {}
        for column in preprocessor.schema.columns:
            self.columns.setdefault(column.kind, []).append(column.name)
        self.is_sequence = preprocessor._is_sequence
        self.times = list(state.get("times", ()))
        self.texts = list(state.get("texts", ()))
        self.levels = list(state.get("levels", ()))
        self.missing = np.flatnonzero(state.get("missing", ()))
        self.boolean_missing = np.flatnonzero(state.get("boolean_missing", ()))
        self.median, self.center, self.scale = (
            np.array(state.get(name, ()), "float32") for name in ("median", "center", "scale")
        )
        with tf.device("CPU"):
            # TensorFlow's graph optimizer replaces x / constant by x times this reciprocal. With the product written
            # out, a graph and eager operations agree to the last bit.
            self.inverse_scale = tf.math.reciprocal(self.scale).numpy()
        knots = state.get("knots", ())
        self.ranked = [i for i, column in enumerate(knots) if len(column) > 2]
        if self.ranked:
            self.knots, self.ranks, self.last = _padded(
                [knots[i] for i in self.ranked], [state["ranks"][i] for i in self.ranked]
            )


class Encoder(tf.Module):
    """Encodes raw columns in their served types by the state of a fitted preprocessor.

    Args:
        preprocessor: A fitted preprocessor.
        level_tables: Whether the graph looks up the levels of categories. If not, only `of_blocks` can be called.
    """

    def __init__(self, preprocessor, *, level_tables: bool = True):
        super().__init__(name="encoder")
        self._constants = constants = _Constants(preprocessor)
        self.level_tables = [_table(level_positions(levels)) for levels in constants.levels] if level_tables else []
        self.word_tables = [
            _table({word: i + 1 for i, word in enumerate(fitted["words"])}) for fitted in constants.texts
        ]

    def __call__(self, columns: dict) -> dict:
        """Encodes a dict of raw columns, each `(batch,)`."""
        constants = self._constants
        if "image" in constants.columns:
            return {"image": columns[constants.columns["image"][0]]}
        if constants.is_sequence:
            return {"inputs": columns[constants.columns["array"][0]]}
        times = [self._date_fields(columns[name]) for name in constants.columns.get("date", ())]
        return self._encoded(
            self._numbers(columns, times),
            self._stack(columns, "boolean") if "boolean" in constants.columns else None,
            self._positions(columns),
            times,
            self._text_features(columns),
        )

    def of_blocks(self, blocks: dict) -> dict:
        """Encodes blocks, one tensor `(batch, columns)` for each kind of column; categories as positions of levels."""
        constants = self._constants
        columns: dict = {}
        for kind in blocks.keys() & {"date", "text"}:
            columns |= zip(constants.columns[kind], tf.unstack(blocks[kind], axis=1))
        times = [self._date_fields(columns[name]) for name in constants.columns.get("date", ())]
        numbers = [blocks["number"]] if "number" in blocks else []
        numbers += [*self._days(times), *([blocks["array"]] if "array" in blocks else [])]
        if not numbers:
            numbers = [tf.zeros((tf.shape(next(iter(blocks.values())))[0], 0))]
        positions = tf.unstack(blocks["category"], axis=1) if "category" in blocks else []
        return self._encoded(_joined(numbers), blocks.get("boolean"), positions, times, self._text_features(columns))

    def _encoded(self, numbers, booleans, positions, times, text_features) -> dict:
        """Returns the encoded tensors.

        Args:
            numbers: `(batch, columns)`, NaN where missing: numbers, days of dates, arrays.
            booleans: `(batch, columns)`, NaN where missing; None if there are no such columns.
            positions: Positions of levels `(batch,)`, for each column of categories.
            times: What `dates.fields` returned, for each column of dates.
            text_features: `(batch, features)`, for each column of texts.
        """
        constants = self._constants
        finite = tf.math.is_finite(numbers)
        filled = tf.where(finite, numbers, constants.median)
        known = None if booleans is None else tf.math.is_finite(booleans)
        if constants.kind == "raw":
            parts = [filled] if booleans is None else [filled, tf.where(known, booleans, 0.0)]
            parts += [tf.one_hot(at - 1, len(levels)) for at, levels in zip(positions, constants.levels)]
            return {"inputs": _joined(parts)}
        scaled = (filled - constants.center) * constants.inverse_scale
        if constants.scaling == "quantile":
            scaled = scaled * tf.math.rsqrt(1.0 + tf.square(scaled * np.float32(1 / 3)))
        parts = [scaled] if booleans is None else [scaled, tf.where(known, 2.0 * booleans - 1.0, 0.0)]
        if len(constants.missing):
            parts.append(tf.gather(tf.cast(~finite, tf.float32), constants.missing, axis=1))
        if len(constants.boolean_missing):
            parts.append(tf.gather(tf.cast(~known, tf.float32), constants.boolean_missing, axis=1))
        parts += [dates.parts(fields, hours) for fields, hours in zip(times, constants.times)]
        parts += text_features
        encoded = {"numeric": _joined(parts)}
        if constants.ranked:
            if len(constants.ranked) < len(constants.median):
                finite, filled = (tf.gather(part, constants.ranked, axis=1) for part in (finite, filled))
            encoded["quantile"] = tf.where(finite, self._rank(filled), 0.5)
        if positions:
            encoded["categorical"] = tf.cast(tf.stack(positions, axis=1), tf.int32)
        return {name: tensor for name, tensor in encoded.items() if tensor.shape[1] != 0}

    _date_fields = staticmethod(dates.fields)

    def _positions(self, columns) -> list:
        """Returns for each category, `(batch,)`, the position of its level from 1; 0 for others."""
        names = self._constants.columns.get("category", ())
        return [table.lookup(tf.strings.strip(columns[name])) for name, table in zip(names, self.level_tables)]

    def _text_features(self, columns) -> list:
        constants = self._constants
        described = zip(constants.columns.get("text", ()), constants.texts, self.word_tables)
        return [texts.features(columns[name], fitted, table) for name, fitted, table in described]

    def _stack(self, columns, kind):
        constants = self._constants
        names = constants.columns.get(kind, ())
        if names:
            return tf.stack([columns[name] for name in names], axis=1)
        some = next(iter(columns.values()))
        return tf.zeros((tf.shape(some)[0], 0))

    def _numbers(self, columns, times):
        parts = [self._stack(columns, "number")]
        parts += self._days(times)
        parts += [columns[name] for name in self._constants.columns.get("array", ())]
        return _joined(parts)

    @staticmethod
    def _days(times):
        return [tf.where(valid, days, np.float32(np.nan))[:, None] for days, valid, _, _ in times]

    def _rank(self, values):
        """Returns the piecewise linear interpolation of the knots' ranks at `values` `(batch, columns)`."""
        constants = self._constants
        values = tf.transpose(values)  # (columns, batch): one sorted sequence a column
        above = tf.raw_ops.UpperBound(sorted_inputs=constants.knots, values=values)  # a quicker tf.searchsorted
        lower = tf.clip_by_value(above - 1, 0, constants.last[:, None] - 1)
        left, start = (tf.gather(part, lower, batch_dims=1) for part in (constants.knots, constants.ranks))
        right, end = (tf.gather(part, lower + 1, batch_dims=1) for part in (constants.knots, constants.ranks))
        share = tf.clip_by_value((values - left) / (right - left), 0.0, 1.0)
        return tf.transpose(start + share * (end - start))


def _joined(parts):
    """Returns the parts side by side; without the empty ones, over which converters stumble."""
    filled = [part for part in parts if part.shape[1] != 0] or parts[:1]
    return tf.concat(filled, axis=1) if len(filled) > 1 else filled[0]


def _padded(knots, ranks):
    """Returns knots and ranks `(columns, most)`, padded behind their ends, and the index of each last knot."""
    width = max(map(len, knots))
    padded = np.full((len(knots), width), np.inf, "float32")
    values = np.ones((len(knots), width), "float32")
    for i, (knot, rank) in enumerate(zip(knots, ranks)):
        padded[i, : len(knot)], values[i, : len(rank)] = knot, rank
    return padded, values, np.array([len(knot) - 1 for knot in knots], "int32")


def _table(positions):
    keys = list(positions) or ["\0"]
    values = list(positions.values()) or [0]
    initializer = tf.lookup.KeyValueTensorInitializer(keys, values, tf.string, tf.int64)
    return tf.lookup.StaticHashTable(initializer, default_value=0)
