"""The preprocessor: raw columns to the encoded tensors of a network.

    raw        inputs       (batch, d)  numbers as they are, a 0/1 a level
               inputs       (batch, time, d)  sequences, as they are
    standard,  numeric      (batch, n)  scaled numbers, flags, parts of dates, words of texts
    expanded,  linear       (batch, n)  the same, but numbers standardised and not squashed: see `zoo.layers.linear`
    by kind    quantile     (batch, q)  the rank of each number among the training rows, in [0, 1]
               categorical  (batch, m)  level of each category; 0 is what training has not seen
    image      image        (batch, height, width, channels) uint8

One graph of TensorFlow operations encodes data for training and stands in the exported model, so that both give the
same. Its constants come from training rows alone. The scaling of numbers is that of RealMLP, (x - median) / (q75 - q25)
and then z / sqrt(1 + (z/3)^2): https://arxiv.org/abs/2407.04491.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from zoo import notices
from zoo.data import columns
from zoo.data.columns import older_states
from zoo.data.columns.encodings import Encodings
from zoo.data.columns.kind import Group
from zoo.data.columns.table import Table
from zoo.data.layout import Layout
from zoo.data.names import named_as
from zoo.data.number_statistics import number_statistics
from zoo.data.reading import Reader
from zoo.data.sampling import SIZE, Sample, sample
from zoo.data.schema import Schema
from zoo.data.targets import of_frame
from zoo.registry import load_task

if TYPE_CHECKING:
    from zoo.data.block_encoding import BlockEncoder
    from zoo.tasks.target import Target

FORMS = ("raw", "image")  # of encodings that no kind of column chooses
MOST_RAW_COLUMNS = 1024  # of which knots are kept though nothing is ranked, for samples of plausible values


class Preprocessor:
    """Encodes raw columns. Not a Keras layer: a tracked lookup table would turn XLA off.

    Args:
        schema: The raw columns.
        encodings: As in `zoo.registry.Recipe`: `"raw"`, `"image"`, `"standard"`, `"expanded"`, or a dict by kind.
        feature_budget: The most features that the ranks of all numbers may be expanded to; None for no limit. If it
            leaves fewer than two bins a column, numbers are scaled and not ranked.
        centred: Whether `"raw"` subtracts the middle of numbers whose spread float32 does not resolve. The other
            encodings do so always.
        linear: Whether the tensor `linear` is made too, by others than `"raw"` and `"image"`.

    Raises:
        ValueError: if encodings are unknown, or do not suit the schema.
    """

    def __init__(
        self,
        schema: Schema,
        encodings: str | Mapping[str, str | Sequence[str]] = "expanded",
        feature_budget: int | None = None,
        centred: bool = False,
        linear: bool = False,
    ):
        form = encodings if encodings in FORMS else ""
        if not isinstance(linear, bool):
            raise ValueError(f"`linear` must be True or False. Received: linear={linear!r}")
        if form == "image":
            _check_images(schema)
        whole = isinstance(feature_budget, int) and not isinstance(feature_budget, bool)
        if feature_budget is not None and not (whole and feature_budget >= 0):
            raise ValueError(
                "`feature_budget` must be a number of features, 0 or more, or None for no limit. Received: "
                f"feature_budget={feature_budget!r}"
            )
        self.schema, self.form, self.feature_budget = schema, form, feature_budget
        by_kind = {} if form else columns.encodings_by_kind(encodings, schema.columns)
        self.encodings = Encodings(
            raw=form == "raw",
            ranks=form == "image" or "ranks" in by_kind.get("number", ()),
            centred=centred or form != "raw",
            linear=linear and not form,
            by_kind=by_kind,
        )
        self._target_state: dict[str, Any] = {}
        self._target: Target | None = None
        self._states: list[dict[str, Any]] = []
        self._groups: list[Group] = []
        self._max_bins: int | None = None
        self._layout: Layout | None = None
        self._module: Any = None
        self._block_encoder: BlockEncoder | None = None
        self._reader: Reader | None = None
        self.num_rows: int | None = None  # of the data it was fitted to
        self.num_targets: int | None = None  # of pairs

    def fit(self, x, y=None) -> Preprocessor:
        """Takes the statistics from training rows.

        Args:
            x: A DataFrame, an array for a schema of arrays or images, or a `Sample` of a stream.
            y: The target `(rows,)`, or several `(rows, targets)`; the task keeps what it learns of them.

        Raises:
            ValueError: if a column is missing, or holds what its kind does not allow.
        """
        counts, self.num_rows = None, x.rows if isinstance(x, Sample) else len(x)
        self.num_targets = np.shape(y)[1] if np.ndim(y) == 2 else None
        if isinstance(x, Sample):
            counts, x = x.counts, x.frame
            if y is None and self.schema.targets:
                y = of_frame(x, self.schema.targets)
        elif isinstance(x, pd.DataFrame) and len(x) > SIZE:
            drawn = sample([x])
            x, counts = drawn.frame, drawn.counts
            if y is not None:
                y = y.iloc[drawn.index] if isinstance(y, (pd.Series, pd.DataFrame)) else np.asarray(y)[drawn.index]
        if len(x) == 0:
            raise ValueError("There are no rows to take statistics from. The data must have at least one.")
        self._target_state = load_task(self.schema.task).fit_target(self.schema, y).get_config()
        self._target = None
        self._fit_columns(self._table(x), counts or {}, y)
        self._module = self._block_encoder = None
        return self

    def _fit_columns(self, table: Table, counts, y) -> None:
        """Learns the state of each column: by its kind, and for its numbers how they are scaled and ranked."""
        states: dict[Any, dict] = {}
        numbers: list[tuple[Group, np.ndarray]] = []
        for group in columns.grouped(self.schema.columns):
            used = y is not None and group.kind.sees_target(self.encodings)
            target = self.target.encode(y) if used else None
            fitted = group.kind.fit_group(table, group.columns, self.encodings, counts, target)
            states |= {column.name: state for column, state in zip(group.columns, fitted, strict=True)}
            group = dataclasses.replace(group, states=tuple(fitted))
            if group.kind.has_numbers:
                read = group.kind.training_numbers(group.kind.read_group(table, group), group)
                numbers.append((group, read))
        parts = [read for _, read in numbers]
        of_raw = self.encodings.raw and sum(part.shape[1] for part in parts) <= MOST_RAW_COLUMNS
        scaling = "quantile" if self.encodings.ranks or of_raw else "standard"
        scaled = number_statistics(parts, scaling, self.feature_budget, linear=self.linear)
        self._max_bins = scaled.pop("max_bins", None)
        start = 0
        for group, _ in numbers:
            for column, state in zip(group.columns, group.states, strict=True):
                stop = start + len(group.kind.number_names(column, state))
                state["scaled"] = {name: values[start:stop] for name, values in scaled.items()}
                start = stop
        self._set_states([states[column.name] for column in self.schema.columns])

    def _set_states(self, states: list[dict]) -> None:
        self._states = states
        self._groups = columns.grouped(self.schema.columns, states)

    @property
    def groups(self) -> list[Group]:
        """The columns that are read and encoded together, in the order of their features."""
        return self._groups

    @property
    def states(self) -> list[dict[str, Any]]:
        """What was learnt of each column, in the order of the schema."""
        return self._states

    @property
    def sees_target(self) -> bool:
        """Whether the features of rows that are trained on depend on their targets."""
        return any(group.kind.sees_target(self.encodings) for group in self._groups)

    @property
    def linear(self) -> bool:
        """Whether the tensor `linear` is made."""
        return self.encodings.linear

    @property
    def max_bins(self) -> int | None:
        """The most bins that each rank may be expanded to; None for no limit."""
        return self._max_bins

    @property
    def layout(self) -> Layout:
        """The encoded tensors."""
        if self._layout is None or self._layout.schema is not self.schema or self._layout.groups is not self._groups:
            self._layout = Layout(self.schema, self._groups, self.encodings, self._max_bins)
        return self._layout

    # Raw data -> tensors of the served types.

    def signature(self) -> dict:
        """Returns the tf.TensorSpec of each raw column: `(batch,)`, or the tensor's own shape."""
        notices.import_module("tensorflow")
        return {
            column.name: columns.kind_of(column).signature(column, state)
            for column, state in zip(self.schema.columns, self._states, strict=True)
        }

    def tensors(self, x) -> dict[Any, np.ndarray]:
        """Returns raw data in the served types: float32 or float64, strings (objects), uint8.

        Args:
            x: A DataFrame, a dict of columns, or an array for a schema of one array or image.

        Raises:
            ValueError: if a column is missing, has another shape, or holds what its kind does not allow.
        """
        table = self._table(x)
        return {
            column.name: columns.kind_of(column).served(table.column(column.name), column, state)
            for column, state in zip(self.schema.columns, self._states, strict=True)
        }

    @property
    def takes_columns(self) -> bool:
        """Whether the raw data are tables, not one array or one image a row."""
        return columns.the_array(self.schema.columns) is None

    @property
    def reader(self) -> Reader:
        """The reader of tables of this schema."""
        if self._reader is None or self._reader.schema is not self.schema or self._reader.groups is not self._groups:
            self._reader = Reader(self.schema, self._groups)
        return self._reader

    def _table(self, x) -> Table:
        """Returns raw data by column, checked for the columns that must be there."""
        alone = columns.the_array(self.schema.columns)
        if alone is None:
            return self.reader.table(self._named_as_here(x))
        if isinstance(x, (pd.DataFrame, Mapping)):
            if alone.name not in x:
                raise ValueError(
                    f"This model was built for one array {alone.name!r} of shape (rows, "
                    f"{', '.join(map(str, alone.shape))}). "
                    f"Received: {_shown_names(x)}. Pass them as an array, `frame.to_numpy()`, or for columns, "
                    "build with zoo.build(name, data, target=...)."
                )
            x = x[alone.name]
        return Table({alone.name: x})

    def _named_as_here(self, x):
        return named_as(x, self.schema.known_names) if isinstance(x, (pd.DataFrame, Mapping)) else x

    def blocks(self, x) -> dict[str, np.ndarray]:
        """Returns raw data as one array for each group of columns.

        Raises:
            ValueError: as for `tensors`.
        """
        table = self._table(x)
        return {group.key: group.kind.read_group(table, group) for group in self._groups}

    # Tensors of the served types -> encoded tensors.

    def module(self):
        """Returns the tf.Module that encodes: from a dict of raw columns to a dict of encoded tensors."""
        if self._module is None:
            from zoo.data.encoding import Encoder

            self._module = Encoder(self)
        return self._module

    def encode(self, x, *, after_rows: Callable[[int], object] | None = None) -> dict[str, np.ndarray]:
        """Encodes raw data: `module()` on `tensors(x)`, as numpy arrays; `after_rows` as for `BlockEncoder.encode`."""
        blocks = self.blocks(x)
        own = {column.name: name for name, column in self.layout.own_tensors.items()}
        if len(own) == len(self.schema.columns):
            return {own[group.columns[0].name]: blocks[group.key] for group in self._groups}
        return self.block_encoder().encode(blocks, after_rows)

    def encode_training(
        self, x, y, seed: int = 0, *, after_rows: Callable[[int], object] | None = None
    ) -> dict[str, np.ndarray]:
        """Encodes rows to train on: as `encode`, but by `Kind.encode_training` where encodings use the target.

        Args:
            x: Raw data.
            y: Their targets, as the caller has them, or None.
            seed: Seed of the training.
            after_rows: As for `encode`.
        """
        encoded = self.encode(x, after_rows=after_rows)
        groups = [group for group in self._groups if group.kind.sees_target(self.encodings)]
        if not groups or y is None:
            return encoded
        names = ["inputs" if self.encodings.raw else "numeric", *(["linear"] if self.linear else [])]
        table, target = self._table(x), self.target.encode(y)
        encoded, features = {**encoded, **{name: np.array(encoded[name]) for name in names}}, self.layout.features
        for group in groups:
            for column, state in zip(group.columns, group.states, strict=True):
                parts = {feature.what for feature in group.kind.features(column, state, self.encodings)}
                if not parts:
                    continue
                read = group.kind.read(table.column(column.name), column, state)
                values = group.kind.encode_training(read, target, column, state, self.encodings, seed)
                of_column = [one for one in features if one["column"] == column.name and one["what"] in parts]
                for name in names:
                    encoded[name][:, [one["index"] for one in of_column if one["tensor"] == name]] = values
        return encoded

    def block_encoder(self) -> BlockEncoder:
        """Returns what encodes the blocks of `blocks`."""
        if self._block_encoder is None:
            notices.import_module("tensorflow")
            from zoo.data.block_encoding import BlockEncoder

            self._block_encoder = BlockEncoder(self)
        return self._block_encoder

    @contextlib.contextmanager
    def with_schema(self, schema: Schema):
        """Replaces the schema by another one of the same columns while the `with` block runs."""
        own, self.schema = self.schema, schema
        try:
            yield
        finally:
            self.schema = own

    # The target.

    @property
    def target(self) -> Target:
        """The fitted target."""
        if self._target is None or self._target.schema is not self.schema:
            self._target = load_task(self.schema.task).target_type(self.schema, self._target_state)
        return self._target

    # Configuration: schema and state, with floats that round-trip.

    def get_config(self) -> dict[str, Any]:
        """Returns the schema and the fitted state as plain values."""
        return {
            "schema": self.schema.to_dict(),
            "encodings": self.form or {kind: list(names) for kind, names in self.encodings.by_kind.items()},
            "feature_budget": self.feature_budget,
            "centred": self.encodings.centred,
            "linear": self.linear,
            "target": self._target_state,
            "columns": self._states,
            "max_bins": self._max_bins,
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Preprocessor:
        """Returns the preprocessor of `get_config`."""
        preprocessor = cls(
            Schema.from_dict(config["schema"]),
            older_states.encodings(config),
            config.get("feature_budget"),
            config.get("centred", False),
            config.get("linear", False),
        )
        preprocessor._target_state = older_states.target(config)
        if "state" in config:
            states, preprocessor._max_bins = older_states.by_column(preprocessor.schema, config)
        else:
            states, preprocessor._max_bins = config["columns"], config["max_bins"]
        preprocessor._set_states([dict(state) for state in states])
        return preprocessor


def _check_images(schema: Schema) -> None:
    """Raises ValueError unless the one column of a schema is an image."""
    if columns.the_picture(schema.columns) is not None:
        return
    if images := columns.pictures(schema.columns):
        others = [column.name for column in schema.columns if column is not images[0]]
        raise ValueError(
            f"This model takes one image a row and no other columns. Received: the image {images[0].name!r} and "
            f"{_shown_names(others)}. Leave them out: `ignore={others[:10]!r}`."
        )
    if (sequence := columns.the_vector(schema.columns)) is not None and len(sequence.shape) > 1:
        raise ValueError(
            f"Images must be uint8, from 0 to 255. Received: {sequence.dtype}. Turn them: "
            "x.astype('uint8'), or (255 * x).astype('uint8') if they are from 0 to 1."
        )
    raise ValueError("This model takes images. Received: columns. Take a table's model, such as 'mlp_classifier'.")


def _shown_names(columns) -> str:
    names = list(map(str, columns))
    return ", ".join(names if len(names) <= 10 else [*names[:3], "...", f"{names[-1]} ({len(names)} columns)"])
