"""The graph of a preprocessor: a tf.Module from raw columns to encoded tensors, in training and when served.

Each group of columns is read, parsed and encoded by its kind. The numbers of all groups are scaled, ranked and flagged
together. An encoded tensor holds the values of all groups first, then what says that values are missing, then further
parts, each in the order of the groups.
"""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from zoo.data.columns.encodings import FARTHEST, SECTIONS

SCALED = ("median", "center", "scale")


class _Scaling:
    """Constants by which numbers are scaled and ranked. A plain object: TensorFlow tracks no part of it."""

    def __init__(self, preprocessor):
        own = {column.name for column in preprocessor.layout.own_tensors.values()}
        scaled = [
            state["scaled"]
            for group in preprocessor.groups
            for column, state in zip(group.columns, group.states)
            if group.kind.has_numbers and column.name not in own
        ]
        encodings = preprocessor.encodings
        self.raw, self.ranks_too, self.linear = encodings.raw, encodings.ranks, encodings.linear

        def joined(name):
            return [value for one in scaled for value in one[name]]

        self.missing = np.flatnonzero(joined("missing"))
        self.median, self.center, self.scale = (np.array(joined(name), "float32") for name in SCALED)
        with tf.device("CPU"):
            # TensorFlow's graph optimizer replaces x / constant by x times this reciprocal. With the product written
            # out, a graph and eager operations agree to the last bit.
            self.inverse_scale = tf.math.reciprocal(self.scale).numpy()
            if self.linear:
                self.mean = np.array(joined("mean"), "float32")
                self.inverse_deviation = tf.math.reciprocal(np.array(joined("deviation"), "float32")).numpy()
        knots, ranks = joined("knots"), joined("ranks")
        self.ranked = [i for i, column in enumerate(knots) if len(column) > 2] if self.ranks_too else []
        if self.ranked:
            self.knots, self.ranks, self.last = _padded(
                [knots[i] for i in self.ranked], [ranks[i] for i in self.ranked]
            )


class Encoder(tf.Module):
    """Encodes raw columns in their served types by the state of a fitted preprocessor.

    Args:
        preprocessor: A fitted preprocessor.
        served: Whether it encodes served tensors. If not, only `of_blocks` can be called.
    """

    def __init__(self, preprocessor, *, served: bool = True):
        super().__init__(name="encoder")
        self._columns = _Untracked(preprocessor)
        self._scaling = _Scaling(preprocessor)
        self.read_tables = self._tables("read_tables") if served else {}
        self.parse_tables = self._tables("parse_tables")

    def _tables(self, what: str) -> dict:
        found = {}
        for group in self._groups:
            contents = [getattr(group.kind, what)(c, s) for c, s in zip(group.columns, group.states)]
            if any(content is not None for content in contents):
                found[group.key] = [None if content is None else _table(content) for content in contents]
        return found

    @property
    def _groups(self):
        return self._columns.groups

    def __call__(self, columns: dict) -> dict:
        """Encodes a dict of raw columns, each `(batch,)` or of its own shape."""
        parsed = {}
        for group in self._groups:
            tensors = [columns[column.name] for column in group.columns]
            parsed[group.key] = self._parsed(group, tensors)
        return self._encoded(parsed)

    def _parsed(self, group, tensors):
        """Returns what a group's kind encodes, from the served tensors of its columns."""
        block = group.kind.read_graph_group(tensors, group, self.read_tables.get(group.key, ()))
        return group.kind.parse_group(block, group, self.parse_tables.get(group.key, ()))

    def of_blocks(self, blocks: dict) -> dict:
        """Encodes blocks, what `Preprocessor.blocks` reads."""
        parsed = {
            group.key: group.kind.parse_group(blocks[group.key], group, self.parse_tables.get(group.key, ()))
            for group in self._groups
        }
        return self._encoded(parsed)

    def _encoded(self, parsed: dict) -> dict:
        """Returns the encoded tensors of what was parsed, by group."""
        encodings, own = self._columns.encodings, self._columns.own_names
        encoded = {own[g.columns[0].name]: parsed[g.key] for g in self._groups if g.columns[0].name in own}
        groups = [group for group in self._groups if group.columns[0].name not in own]
        if not groups:
            return encoded
        sections: dict[str, list] = {section: [] for section in SECTIONS}
        numbers = [group.kind.numbers_group(parsed[group.key], group) for group in groups if group.kind.has_numbers]
        numbers = [part for part in numbers if part is not None]
        quantile = standardised = None
        if numbers:
            joined = _joined(numbers)
            quantile = self._scaled(joined, sections)
            standardised = [self._standardised(joined)] if encodings.linear else None
        positions = []
        for group in groups:
            for features, section in group.kind.encode_group(parsed[group.key], group, encodings):
                sections[section].append(features)
            positions += group.kind.positions_group(parsed[group.key], group)
        parts = [part for section in SECTIONS for part in sections[section]]
        if encodings.raw:
            return {**encoded, "inputs": _joined(parts)} if parts else encoded
        if parts:
            encoded["numeric"] = _joined(parts)
            if encodings.linear:
                encoded["linear"] = encoded["numeric"] if standardised is None else _joined([*standardised, *parts[1:]])
        if quantile is not None:
            encoded["quantile"] = quantile
        if positions:
            encoded["categorical"] = tf.cast(tf.stack(positions, axis=1), tf.int32)
        return {name: tensor for name, tensor in encoded.items() if tensor.shape[1] != 0}

    def _scaled(self, numbers, sections: dict):
        """Adds the features of numbers `(batch, n)`, NaN where missing, and returns their ranks, None for none."""
        scaling = self._scaling
        finite = tf.math.is_finite(numbers)
        filled = tf.where(finite, numbers, scaling.median)
        if scaling.raw:
            sections["value"].append(filled)
            return None
        scaled = (filled - scaling.center) * scaling.inverse_scale
        if scaling.ranks_too:
            scaled = scaled * tf.math.rsqrt(1.0 + tf.square(scaled * np.float32(1 / 3)))
        sections["value"].append(scaled)
        if len(scaling.missing):
            sections["missing"].append(tf.gather(tf.cast(~finite, tf.float32), scaling.missing, axis=1))
        if not scaling.ranked:
            return None
        if len(scaling.ranked) < len(scaling.median):
            finite, filled = (tf.gather(part, scaling.ranked, axis=1) for part in (finite, filled))
        return tf.where(finite, self._rank(filled), 0.5)

    def _standardised(self, numbers):
        """Returns numbers `(batch, n)` in standard deviations from their mean, 0 where missing."""
        scaling = self._scaling
        scaled = tf.where(tf.math.is_finite(numbers), (numbers - scaling.mean) * scaling.inverse_deviation, 0.0)
        return tf.clip_by_value(scaled, -FARTHEST, FARTHEST)

    def _rank(self, values):
        """Returns the piecewise linear interpolation of the knots' ranks at `values` `(batch, columns)`."""
        scaling = self._scaling
        values = tf.transpose(values)  # (columns, batch): one sorted sequence a column
        above = tf.raw_ops.UpperBound(sorted_inputs=scaling.knots, values=values)  # a quicker tf.searchsorted
        lower = tf.clip_by_value(above - 1, 0, scaling.last[:, None] - 1)
        left, start = (tf.gather(part, lower, batch_dims=1) for part in (scaling.knots, scaling.ranks))
        right, end = (tf.gather(part, lower + 1, batch_dims=1) for part in (scaling.knots, scaling.ranks))
        share = tf.clip_by_value((values - left) / (right - left), 0.0, 1.0)
        return tf.transpose(start + share * (end - start))


class _Untracked:
    """What an encoder needs of a preprocessor, out of sight of TensorFlow's tracking."""

    def __init__(self, preprocessor):
        self.groups, self.encodings = tuple(preprocessor.groups), preprocessor.encodings
        self.own_names = {column.name: name for name, column in preprocessor.layout.own_tensors.items()}


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
