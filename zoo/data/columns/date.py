"""Dates: datetime64, or ISO 8601 strings, as days since 1970-01-01 and turns of the year, the week and the day.

The days are a number like any other. Sine and cosine of the day in the year, of the weekday and, where times occur in
training, of the hour stand beside it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from zoo.data import dates
from zoo.data.columns.kind import Encodings, Feature, Group, Kind, Source, State
from zoo.data.columns.number import is_absent
from zoo.data.columns.source_code import DATE, STRING_CONSTANTS, STRING_FUNCTIONS
from zoo.data.columns.strings import of_strings, series, string_cases
from zoo.data.columns.table import Table
from zoo.data.columns.values import Values
from zoo.data.schema import ISO_DATE, Column

TAILS = ("", "", "T08:30", " 23:59:59", "T12:00:00Z", "T12:00:00+02:00", "x")  # of the dates that prove an export


class Date(Kind):
    """Dates."""

    name, precedence, order = "date", 30, 20
    has_numbers = True
    together, dtype, block_dtype = True, "string", "object"

    def suits(self, values: Values) -> bool:
        if values.is_date:
            return True
        return values.cells is None and bool(values.levels) and all(map(ISO_DATE.fullmatch, values.levels))

    def read(self, values, column: Column, state: State) -> np.ndarray:
        return dates.as_iso(series(values, column))

    def number_names(self, column: Column, state: State) -> list:
        return [column.name]

    def fit_group(self, table: Table, columns: Sequence[Column], encodings: Encodings, counts: dict) -> list[State]:
        read = [self.read(table.column(column.name), column, {}) for column in columns]
        return [{"times": dates.has_times(values)} for values in read]

    def read_group(self, table: Table, group: Group) -> np.ndarray:
        return np.stack([self.read(table.column(c.name), c, {}) for c in group.columns], axis=1)

    def read_cells(self, cells: list[list], group: Group) -> np.ndarray | None:
        read = [[_cell(value) for value in values] for values in cells]
        if any(None in values for values in read):
            return None
        return np.array(read, object).T

    def read_graph_group(self, tensors: Sequence, group: Group, tables: Sequence):
        import tensorflow as tf

        return tf.stack(list(tensors), axis=1)

    def parse_group(self, block, group: Group, tables: Sequence) -> list:
        import tensorflow as tf

        return [dates.fields(values) for values in tf.unstack(block, num=len(group.columns), axis=1)]

    def numbers_group(self, parsed, group: Group):
        import tensorflow as tf

        days = [tf.where(valid, days, np.float32(np.nan))[:, None] for days, valid, _, _ in parsed]
        return days[0] if len(days) == 1 else tf.concat(days, axis=1)

    def encode_group(self, parsed, group: Group, encodings: Encodings) -> list:
        if encodings.raw:
            return []
        return [
            (dates.parts(fields, state["times"]), "part") for fields, state in zip(parsed, group.states, strict=True)
        ]

    def converted_shape(self, column: Column, state: State) -> tuple[int, ...]:
        return (len(dates.FIELDS),)

    def parse_converted(self, tensors: Sequence, group: Group, tables: Sequence) -> list:
        return [dates.fields_of_numbers(tensor) for tensor in tensors]

    def onnx_numbers(self, nodes, name: str, column: Column, state: State) -> str:
        return nodes.date(name)

    def litert_obstacle(self, column: Column, state: State) -> str:
        return "dates"

    def source(self, group: Group, encodings: Encodings) -> Source:
        names = [str(column.name) for column in group.columns]
        turns = [f"turns(*dates[{i}], {bool(state['times'])})" for i, state in enumerate(group.states)]
        return Source(
            setup=(f"dates = [date(rows[name]) for name in {names!r}]  # days, shares of year and day",),
            numbers=("*(days for days, _, _ in dates)",),
            sections=() if encodings.raw else tuple(("part", turn) for turn in turns),
            constants={**STRING_CONSTANTS, "ISO": repr(dates.ISO[1:-1])},
            functions={**STRING_FUNCTIONS, "date": DATE},
            modules=("re",),
        )

    def features(self, column: Column, state: State, encodings: Encodings) -> list[Feature]:
        if encodings.raw:
            return []
        return [Feature(what, section="part") for what in dates.PARTS + (dates.TIME_PARTS if state["times"] else ())]

    def sample(self, column, state, rows, generator, *, odd=False):
        scaled = state["scaled"]
        center, scale, knots = scaled["center"][0], scaled["scale"][0], scaled["knots"][0]
        days = generator.choice(knots or [center], rows)
        if odd:
            around = center + scale * generator.normal(size=rows)
            days = np.clip(np.where(generator.random(rows) < 0.5, days, around), -25_000, 100_000)
        texts = np.floor(days).astype("int64").astype("datetime64[D]").astype(str)
        if odd:
            texts = [f"{text}{tail}" for text, tail in zip(texts, generator.choice(TAILS, rows))]
        return of_strings(texts)

    def cases(self, values: np.ndarray, turn: int) -> dict[str, np.ndarray]:
        return string_cases(values, turn)


def _cell(value) -> str | None:
    """Returns a date as a string, `""` if it is missing; None if the value has another type."""
    if type(value) is pd.Timestamp and value.tzinfo is None:
        return value.isoformat(timespec="seconds")
    return value if type(value) is str else "" if is_absent(value) else None


KIND = Date()
