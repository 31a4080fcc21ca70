"""Dates: datetime64, or strings, as days since 1970-01-01 and turns of the year, the week and the day.

Strings have the notation of the column's `format`, or that of ISO 8601: see `zoo.data.notations`. Anything else is an
error, in Python and in the served graph. The days are a number like any other. Beside it stand sine and cosine:

    circles   of the day in the year, of the weekday and, where times occur in training, of the hour
    months    of the day in the month
"""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Sequence

import numpy as np
import pandas as pd

from zoo.data import dates, doubts, notations, recognition
from zoo.data.columns.encodings import Encodings, Feature
from zoo.data.columns.kind import Group, Kind, State
from zoo.data.columns.number import is_absent
from zoo.data.columns.source_code import DATE, STRING_CONSTANTS, STRING_FUNCTIONS, Source
from zoo.data.columns.strings import of_strings, series, string_cases
from zoo.data.columns.table import Table
from zoo.data.columns.values import Values
from zoo.data.notations import DAY, MARKS, UNKNOWN
from zoo.data.raw_values import BLANKS
from zoo.data.schema import Column

OF_PERIODS = {"period[Q-DEC]": "%YQ%q"}  # as pandas writes periods that are not in ISO 8601
# Of the dates that prove an export: times of day and zones.
TAILS = ("", "", "T08:30", " 23:59:59", "T12:00:00Z", "T12:00:00.25+02:00", " 1:05 PM", "T23:30:00-01:30", " 07:00 UTC")


class Date(Kind):
    """Dates."""

    name, precedence, order = "date", 30, 20
    encodings = {"circles": ("standard", "expanded"), "months": ()}
    has_numbers = True
    together, dtype, block_dtype = True, "string", "int64"

    def suits(self, values: Values) -> bool:
        if values.is_date:
            return True
        found = values.dates
        if found is not None and found.format is None:
            doubts.note(
                f"{found.reason}, so they are not read as dates.",
                column=values.name,
                value=found.example,
                row=values.row_of(found.example),
                repair=(
                    f"Say how they are written: `date_format={' or '.join(map(repr, found.formats))}`, or the same as "
                    '"format" of the column in a schema.'
                    if found.formats
                    else "Write them as ISO 8601 has it, such as 2024-12-31T23:59:59Z, to have them read as dates."
                ),
            )
        return found is not None and found.format is not None

    def column(self, values: Values) -> Column:
        column = dataclasses.replace(super().column(values), missing=values.hints.missing)
        if values.is_date:
            return dataclasses.replace(column, format=OF_PERIODS.get(values.dtype, ""))
        found = values.dates
        notes = [f"Read as dates written {found.format}, or as ISO 8601 has it."] if found.format else []
        if not notations.has_days(found.format) or any(map(recognition.MONTH_ALONE.fullmatch, values.levels)):
            notes.append("What names no day is read as the first one of its month or quarter.")
        if found.others:
            notes.append(values.note_missing(found.others, "dates"))
        missing = (*values.hints.missing, *found.others)
        return dataclasses.replace(column, format=found.format, missing=missing, notes=tuple(notes))

    def check(self, column: Column) -> str:
        try:
            notations.patterns(column.format)
        except ValueError as error:
            raise ValueError(f'"format" of the column {column.name!r} in the schema cannot be read. {error}') from error
        return ""

    def of_state(self, state: State) -> Kind:
        from zoo.data.columns.older_dates import OLDER

        return OLDER if state and "offset" not in state else self

    def read(self, values, column: Column, state: State) -> np.ndarray:
        values = series(values, column)
        reading = _Reading(column)
        if pd.api.types.is_datetime64_any_dtype(values.dtype):
            found = dates.of_datetimes(values)
            return np.where(np.isin(found, reading.missing), UNKNOWN, found) if reading.missing else found
        codes, uniques = pd.factorize(values)
        found, exists = reading.instants(list(uniques))
        if not exists.all():
            row = int(np.flatnonzero(codes == np.argmin(exists))[0])
            raise ValueError(reading.error(values.iloc[row], values.index[row]))
        return np.append(found, UNKNOWN)[codes]

    def served(self, values, column: Column, state: State) -> np.ndarray:
        kind = self.of_state(state)
        if kind is not self:
            return kind.served(values, column, state)
        return dates.written(self.read(values, column, state))

    def plain(self, values, column: Column) -> np.ndarray:
        read = self.read(values, column, {})
        return np.where(read == UNKNOWN, np.nan, read)

    def number_names(self, column: Column, state: State) -> list:
        return [column.name]

    def offsets(self, column: Column, state: State) -> list[float]:
        return [float(state.get("offset", 0))]

    def fit_group(
        self, table: Table, columns: Sequence[Column], encodings: Encodings, counts: dict, y: np.ndarray | None = None
    ) -> list[State]:
        return [self.fit(self.read(table.column(c.name), c, {}), c, encodings) for c in columns]

    def fit(self, read: np.ndarray, column: Column, encodings: Encodings, y: np.ndarray | None = None) -> State:
        known = read[read != UNKNOWN]
        middle = 0 if encodings.raw or not len(known) else int(np.median(known // DAY))
        months = {"months": True} if "months" in encodings.of(self.name) else {}
        return {"times": bool(np.any(known % DAY)), "offset": middle, **months}

    def _turns(self, state: State, encodings: Encodings) -> list[int]:
        """Returns the places of the angles that count: of the year, the week, the day, the month."""
        circles = ([0, 1, 2] if state["times"] else [0, 1]) if "circles" in encodings.of(self.name) else []
        return [*circles, *([3] if state.get("months") else [])]

    def prepare(self, group: Group) -> list[_Reading]:
        return [_Reading(column) for column in group.columns]

    def read_group(self, table: Table, group: Group) -> np.ndarray:
        return np.stack([self.read(table.column(c.name), c, {}) for c in group.columns], axis=1)

    def read_cells(self, cells: list[list], group: Group) -> np.ndarray | None:
        read = [[one.instant(value) for value in values] for values, one in zip(cells, group.prepared, strict=True)]
        if any(None in values for values in read):
            return None
        return np.array(read, "int64").T

    def read_graph_group(self, tensors: Sequence, group: Group, tables: Sequence):
        import tensorflow as tf

        read = [self.read_graph(tensor, column, {}) for tensor, column in zip(tensors, group.columns, strict=True)]
        return tf.stack(read, axis=1)

    def read_graph(self, tensor, column: Column, state: State):
        import tensorflow as tf

        instants, valid = dates.instants(tensor, notations.patterns(column.format), column.missing)
        wrong = tf.boolean_mask(tensor, ~valid)[:1]
        check = tf.debugging.Assert(tf.reduce_all(valid), [_must(column) + " Received:", wrong])
        with tf.control_dependencies([check]):
            return tf.identity(instants)

    def parse_group(self, block, group: Group, tables: Sequence) -> tuple:
        states: Sequence[State] = group.states or [{}] * len(group.columns)
        months = any(state.get("months") for state in states)
        return dates.fields(block, [state.get("offset", 0) for state in states], months=months)

    def numbers_group(self, parsed, group: Group):
        import tensorflow as tf

        days, known, *_ = parsed
        return tf.where(known, days, np.float32(np.nan))

    def encode_group(self, parsed, group: Group, encodings: Encodings) -> list:
        turns = [self._turns(state, encodings) for state in group.states]
        return [(dates.parts(parsed, turns), "part")] if any(turns) else []

    def converted_shape(self, column: Column, state: State) -> tuple[int, ...] | None:
        return (len(dates.FIELDS),) if all(one.date for one in notations.patterns(column.format)) else None

    def parse_converted(self, tensors: Sequence, group: Group, tables: Sequence) -> tuple:
        import tensorflow as tf

        short = [notations.patterns(column.format)[0].short_year for column in group.columns]
        instants = [dates.instants_of_numbers(tensor, one) for tensor, one in zip(tensors, short, strict=True)]
        return self.parse_group(tf.stack(instants, axis=1), group, tables)

    def onnx_numbers(self, nodes, name: str, column: Column, state: State) -> str:
        return nodes.date(name, notations.patterns(column.format))

    def litert_obstacle(self, column: Column, state: State) -> str:
        return "dates"

    def source(self, group: Group, encodings: Encodings) -> Source:
        described = [
            (
                state["offset"],
                [
                    (one.expression, one.groups, one.short_year, one.quarters)
                    for one in notations.patterns(column.format)
                ],
                [*MARKS, *column.missing],
            )
            for column, state in zip(group.columns, group.states, strict=True)
        ]
        names = [str(column.name) for column in group.columns]
        lines = [f"    {name!r}: {one!r}," for name, one in zip(names, described, strict=True)]
        turns = [
            f"turns(*dates[{i}][{[0, *(place + 1 for place in places)]}])"
            for i, state in enumerate(group.states)
            if (places := self._turns(state, encodings))
        ]
        return Source(
            setup=("dates = [date(rows[name], name, *known) for name, known in DATES.items()]",),
            numbers=("*(days for days, *_ in dates)",),
            sections=tuple(("part", turn) for turn in turns),
            constants={
                **STRING_CONSTANTS,
                "MONTHS": repr(notations.MONTHS),
                "DATES": "\n".join(["{  # offset, notations, marks of missing values", *lines, "}"]),
            },
            functions={**STRING_FUNCTIONS, "date": DATE},
            modules=("re",),
        )

    def features(self, column: Column, state: State, encodings: Encodings) -> list[Feature]:
        names = [*dates.PARTS, *dates.TIME_PARTS, *dates.MONTH_PARTS]
        places = self._turns(state, encodings)
        return [Feature(names[2 * place + wave], section="part") for place in places for wave in (0, 1)]

    def sample(self, column, state, rows, generator, *, odd=False):
        scaled, offset = state["scaled"], state.get("offset", 0)
        center, scale, knots = scaled["center"][0], scaled["scale"][0], scaled["knots"][0]
        days = offset + generator.choice(knots or [center], rows)
        if odd:
            around = offset + center + scale * generator.normal(size=rows)
            days = np.where(generator.random(rows) < 0.5, days, around)
        days = np.clip(days, -25_000, 100_000)
        moments = np.floor(days).astype("int64").astype("datetime64[D]")
        texts = moments.astype(str)
        if odd and column.format:
            at_noon = [datetime.datetime(d.year, d.month, d.day, 12, tzinfo=datetime.UTC) for d in moments.tolist()]
            written = [notations.written(moment, column.format) for moment in at_noon]
            texts = np.where(generator.random(rows) < 0.5, texts, written)
        if odd:
            own = notations.patterns(column.format)[0]
            tails = generator.choice(TAILS if "zone" in own.parts else TAILS[:1], rows)
            texts = [f"{text}{tail}" for text, tail in zip(texts, tails)]
        return of_strings(texts)

    def cases(self, values: np.ndarray, turn: int) -> dict[str, np.ndarray]:
        cases = string_cases(values, turn)
        return {name: cases[name] for name in ("missing", "empty")}  # what is no date fails a request


class _Reading:
    """How the values of a column are read, one by one.

    Args:
        column: The column.
    """

    def __init__(self, column: Column):
        self._column, self._patterns = column, notations.patterns(column.format)
        self._marks = {*MARKS, *column.missing}
        self._digits = notations.has_digits_alone(column.format)
        known = (notations.instant(mark, column.format) for mark in column.missing)
        self.missing = [instant for instant in known if instant is not None]  # of datetimes that count as missing

    def instant(self, value) -> int | None:
        """Returns the instant of a value, `UNKNOWN` if it is missing; None if it is no date."""
        if type(value) is str:
            if value.strip(BLANKS) in self._marks:
                return UNKNOWN
            return notations.instant(value, self._column.format)
        if is_absent(value):
            return UNKNOWN
        if isinstance(value, datetime.date):
            instant = dates.of_date(value)
            return UNKNOWN if instant in self.missing else instant
        if self._digits and isinstance(value, (int, float, np.number)) and float(value).is_integer():
            return notations.instant(str(int(value)), self._column.format)
        return None

    def instants(self, values: Sequence) -> tuple[np.ndarray, np.ndarray]:
        """Returns the instants of distinct values, and which of them are dates or missing."""
        values = np.asarray(values, dtype=object).tolist()
        if len(values) > notations.FEW_TEXTS and set(map(type, values)) == {str}:
            found, exists = notations.instants(values, self._column.format)
            marked = np.array([value.strip(BLANKS) in self._marks for value in values])
            return np.where(marked, UNKNOWN, found), exists | marked
        read = [self.instant(value) for value in values]
        return np.array([UNKNOWN if one is None else one for one in read], "int64"), np.array(
            [one is not None for one in read], bool
        )

    def error(self, value, row) -> str:
        """Returns what must be, what came, and the repair."""
        value = value.item() if isinstance(value, np.generic) else value
        other = recognition.recognise([str(value)], [1])
        formats = () if other is None else (other.format,) if other.format else other.formats
        may_be = "" if not formats else f", such as {formats[0]!r} in new training"
        return (
            f"{_must(self._column)} Received: {value!r} in row {row}. Write it as 2024-12-31 or 2024-12-31T23:59:59Z, "
            f'leave it empty, or say the notation by `date_format`, or as the column\'s "format" in a schema{may_be}.'
        )


def _must(column: Column) -> str:
    also = f"{column.format} or " if column.format else ""
    return f"The column {column.name!r} must hold dates in the notation {also}ISO 8601."


KIND = Date()
