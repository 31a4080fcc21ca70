"""What `--lenient` takes beside what a signature takes: rows as training took them.

    a raw name for its served name           null for a missing value
    a missing key for a missing value        true, false and numbers for the texts that training made of them
    keys that are no columns                 numbers, true and false in strings, as files hold them
                                             whole numbers that the served type has not

A value of another type than the served tensor's is read by the kind of its column, as `zoo.predict` reads it. So a
request with such values is slower than a strict one, and a request without them is not.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from zoo.registry import suggest

FLOATS = ("float32", "float64")
FLOAT64_MAX = int(1.7976931348623157e308)
OTHERS = (str, bool, int, float)  # types that a kind may read; lists and objects it does not


class Lenient:
    """Reads rows of a version by its schema.

    Args:
        columns: The columns in schema.json; none for a SavedModel of others.
        inputs: Name -> `[dtype, shape]` of the signature `serving_default`.

    Attributes:
        ignored: Number of keys that were no columns, in all rows so far.
        absent: Number of columns that rows did not have.
    """

    def __init__(self, columns: Sequence[Mapping[str, Any]], inputs: Mapping[str, Sequence]):
        self._inputs = inputs
        self._served = {str(column["name"]): column["served"] for column in columns}
        self._raw = {served: raw for raw, served in self._served.items()}
        self._columns = {column["served"]: found for column in columns if (found := _column(column)) is not None}
        self.ignored = self.absent = 0

    def row(self, row: Mapping[str, Any], place: int) -> dict[str, Any]:
        """Returns a row by the names of the inputs; None where it has no value.

        The served name of a column may be the raw name of another, as `a_b` is where the raw names are `a b` and
        `a_b`. A row that has all served names and no other key is taken by them, as a strict request is; in every other
        row such a name is the raw one.

        Args:
            row: A row of a request, by raw or served names.
            place: Its number, for the message.

        Raises:
            ValueError: if it has keys, but none of them is a column, or if two of them are the same column.
        """
        if row.keys() == self._inputs.keys():
            return {name: row[name] for name in self._inputs}
        named = {self._served.get(name, name): value for name, value in row.items()}
        if len(named) < len(row):
            raise self._twice(row, place)
        found = {name: named[name] for name in self._inputs if name in named}
        if named and not found:
            known = list(self._served or self._inputs)
            raise ValueError(
                f"A row must have at least one of the columns {', '.join(known)}. Received in row {place}: "
                f"{', '.join(row)[:200]}.{suggest(next(iter(row)), known)}"
            )
        self.ignored += len(row) - len(found)
        self.absent += len(self._inputs) - len(found)
        return {name: found.get(name) for name in self._inputs}

    def served(self, raw: str) -> str:
        """Returns the served name of a column."""
        return self._served[raw]

    def _twice(self, row: Mapping[str, Any], place: int) -> ValueError:
        """Returns the error of a row that has a column by its raw and by its served name."""
        name, served = next(
            (raw, served)
            for raw, served in self._served.items()
            if raw != served and raw in row and served in row and served not in self._served
        )
        return ValueError(
            f"A row must have each column once. Received in row {place}: {name!r} and {served!r}, which are the raw "
            "and the served name of the same column. Leave one of them out."
        )

    def columns(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Returns columns of a request by the names of the inputs; those that are not there are missing throughout.

        Raises:
            ValueError: if none is there.
        """
        rows = max((len(values) for values in given.values() if type(values) is list), default=0)
        return {name: [None] * rows if values is None else values for name, values in self.row(given, 0).items()}

    def values(self, name: str, values: list) -> list:
        """Returns the values of an input as a strict request holds them.

        Raises:
            ValueError: if a value is none that the column had in training; the message names it and its row.
        """
        if name not in self._inputs:  # the files of images, of which nothing is missing
            return values
        dtype, shape = self._inputs[name]
        if len(shape) > 1:
            return self._arrays(name, values, dtype, shape)
        missing: Any = math.nan if dtype in FLOATS else ""
        taken = {float, int} if dtype in FLOATS else {str}
        if taken.issuperset(map(type, values)) and (dtype not in FLOATS or not any(map(_is_beyond, values))):
            return values
        values, others = list(values), []
        for i, value in enumerate(values):
            if value is None:
                values[i] = missing
            elif (type(value) not in taken or _is_beyond(value)) and type(value) in OTHERS:
                others.append(i)
        if others and name in self._columns:
            for i, value in zip(others, self._read(name, {i: values[i] for i in others}), strict=True):
                values[i] = value
        elif dtype in FLOATS:  # of others' models, whose columns nobody has described
            values = [float(value) if type(value) is bool else value for value in values]
        return values

    def _read(self, name: str, values: dict[int, Any]) -> list:
        """Returns values by their rows as the kind of their column reads them, floats or strings."""
        import pandas as pd

        from zoo.data.columns import kind_of

        column = self._columns[name]
        series = pd.Series(list(values.values()), index=list(values), dtype=object)
        return kind_of(column).of_request(series, column, self._inputs[name][0]).tolist()

    def _arrays(self, name: str, values: list, dtype: str, shape: Sequence) -> list:
        """Returns vectors with NaN for null; other arrays must have all their values."""
        is_vector = dtype in FLOATS and len(shape) == 2
        if not is_vector:
            for i, value in enumerate(values):
                if value is None:
                    raise ValueError(
                        f"Each row must have the column {self._raw.get(name, name)!r}, for images and sequences are "
                        f"never missing. Received: none in row {i}. Add it, or leave the row out."
                    )
            return values
        absent = [math.nan] * shape[1]
        return [
            absent
            if value is None
            else [math.nan if number is None else number for number in value]
            if type(value) is list
            else value
            for value in values
        ]


def _is_beyond(value) -> bool:
    """Returns whether a value is a whole number that no float64 is near to."""
    return type(value) is int and not -FLOAT64_MAX <= value <= FLOAT64_MAX


def _column(plain: Mapping[str, Any]):
    """Returns the column that schema.json describes; None if its kind is of a package that is not here."""
    from zoo.data.schema_file import column_of

    try:
        return column_of({name: value for name, value in plain.items() if name != "served"})
    except ValueError:
        return None
