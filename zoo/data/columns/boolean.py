"""Booleans: bool, or nothing but 0 and 1, read as numbers are, with marks of theirs such as `0 %` and `1,0`.

They are encoded as -1 and 1, 0 where they are missing.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import pandas as pd

from zoo.data.columns.encodings import Encodings, Feature
from zoo.data.columns.kind import Group, Kind, State
from zoo.data.columns.number import KIND as NUMBER
from zoo.data.columns.number import centred
from zoo.data.columns.source_code import NUMBER_CONSTANTS, NUMBER_FUNCTIONS, Source, number_expressions
from zoo.data.columns.strings import series
from zoo.data.columns.table import Table
from zoo.data.columns.values import Values
from zoo.data.raw_values import as_numbers, is_missing
from zoo.data.schema import Column

TRUTH = {"true": 1.0, "false": 0.0, "1": 1.0, "0": 0.0}


class Boolean(Kind):
    """Truth values."""

    name, precedence, order = "boolean", 10, 40
    together, dtype, block_dtype = True, "float32", "float32"

    def suits(self, values: Values) -> bool:
        if values.is_boolean:
            return True
        return values.numbers is not None and len(values.few_numbers) <= 2 and set(values.few_numbers) <= {0.0, 1.0}

    def column(self, values: Values) -> Column:
        if values.numbers is None:
            return dataclasses.replace(super().column(values), missing=values.hints.missing)
        return dataclasses.replace(NUMBER.column(values), kind=self.name)

    def as_number(self, column: Column) -> Column:
        return dataclasses.replace(column, kind=NUMBER.name)

    def read(self, values, column: Column, state: State) -> np.ndarray:
        if not isinstance(values, np.ndarray):
            values = series(values, column)
            if not isinstance(values.dtype, np.dtype) or values.dtype.kind not in "fiub":
                missing = is_missing(values) | values.isin(column.missing).to_numpy()
                if as_numbers(values) is None and not missing.all():
                    codes, uniques = pd.factorize(values)
                    truth = [TRUTH.get(str(value).strip().lower(), np.nan) for value in uniques]
                    found = np.array([*truth, np.nan], "float32")[codes]
                    if not (np.isnan(found) & ~missing).any():
                        return found
                    values = values.astype(object).where(np.isnan(found), found)  # the others have marks of numbers
        return centred(values, column, 0.0, "true or false, 1 or 0")

    def fit_group(
        self, table: Table, columns: Sequence[Column], encodings: Encodings, counts: dict, y: np.ndarray | None = None
    ) -> list[State]:
        read = self.read_group(table, Group(self, self.name, tuple(columns)))
        return [{"missing": bool(missing)} for missing in np.isnan(read).any(axis=0)]

    def prepare(self, group: Group) -> np.ndarray:
        return NUMBER.prepare(group)

    def read_group(self, table: Table, group: Group) -> np.ndarray:
        matrix, filled = table.plain_numbers([column.name for column in group.columns])
        marked = np.array([bool(column.missing) for column in group.columns], bool)
        for i in np.flatnonzero(~filled | marked):
            matrix[:, i] = self.read(table.column(group.columns[i].name), group.columns[i], {})
        return matrix

    def read_cells(self, cells: list[list], group: Group) -> np.ndarray | None:
        return NUMBER.read_cells(cells, group)

    def read_graph_group(self, tensors: Sequence, group: Group, tables: Sequence):
        return NUMBER.read_graph_group(tensors, group, tables)

    def encode_group(self, parsed, group: Group, encodings: Encodings) -> list:
        import tensorflow as tf

        known = tf.math.is_finite(parsed)
        if encodings.raw:
            return [(tf.where(known, parsed, 0.0), "value")]
        encoded = [(tf.where(known, 2.0 * parsed - 1.0, 0.0), "value")]
        if flagged := [i for i, state in enumerate(group.states) if state["missing"]]:
            encoded.append((tf.gather(tf.cast(~known, tf.float32), flagged, axis=1), "missing"))
        return encoded

    def source(self, group: Group, encodings: Encodings) -> Source:
        (truth,) = number_expressions(group)
        if encodings.raw:
            sections = [("value", "np.where(present, truth, 0)")]
        else:
            sections = [("value", "np.where(present, 2 * truth - 1, 0)")]
            if flagged := [i for i, state in enumerate(group.states) if state["missing"]]:
                sections.append(("missing", f"~present[:, {flagged}]"))
        return Source(
            setup=(f"truth = np.stack([{truth}], axis=1)", "present = np.isfinite(truth)"),
            sections=tuple(sections),
            constants=NUMBER_CONSTANTS,
            functions=NUMBER_FUNCTIONS,
        )

    def features(self, column: Column, state: State, encodings: Encodings) -> list[Feature]:
        if encodings.raw:
            return [Feature()]
        return [Feature(center=0.5, scale=0.5), *([Feature("missing", section="missing")] if state["missing"] else [])]

    def sample(self, column, state, rows, generator, *, odd=False):
        return generator.integers(0, 2, rows).astype("float64")

    def cases(self, values: np.ndarray, turn: int) -> dict[str, np.ndarray]:
        return {
            "missing": np.where((np.arange(len(values)) + turn) % 2 == 0, np.nan, values),
            "empty": np.full(len(values), np.nan),
            "extreme": np.resize([np.inf, -np.inf, 1e30, -1e30, 0.0], len(values)),
            "types": values == 1,
        }


KIND = Boolean()
