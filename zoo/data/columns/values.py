"""Raw values of a column, as the kinds look at them when a schema is inferred."""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from zoo import display
from zoo.data import doubts, notations, recognition
from zoo.data.columns import number_doubts, number_formats
from zoo.data.columns.natural import check_utf8, clocks, natural, original
from zoo.data.raw_values import MISSING, as_numbers, is_stringlike, level_name
from zoo.data.schema import Column

SCALARS = (str, bytes, int, float, bool, np.generic, pd.Timestamp)
SHOWN = 5  # of the values that count as missing
LEADING_ZERO = re.compile(r"0\d+")


@dataclasses.dataclass(frozen=True)
class Hints:
    """What a caller says of how values are written.

    Args:
        na_values: Values that count as missing, beside the known marks.
        decimal: The decimal mark of numbers in strings; None to find it.
        thousands: The mark between thousands; `""` for none, None to find it.
        date_format: The notation of dates, as strptime has it; None to find it.
    """

    na_values: tuple = ()
    decimal: str | None = None
    thousands: str | None = None
    date_format: str | None = None

    @property
    def missing(self) -> tuple[str, ...]:
        """The values that count as missing, as strings."""
        return tuple(level_name(value) for value in self.na_values)


NO_HINTS = Hints()


class Values:
    """The values of a column.

    Args:
        name: The column's name.
        values: The values.
        hints: What the caller says of how they are written.

    Raises:
        ValueError: if no kind can read their type.
    """

    def __init__(self, name, values: pd.Series, hints: Hints = NO_HINTS):
        if isinstance(values, pd.DataFrame):
            raise ValueError(f"Column names must differ. Received twice: {name}. Rename one of each.")
        self.name, self.dtype, self.hints = name, original(values), hints
        self.date_format = hints.date_format or ""
        self.series = values = natural(values, name)
        self.is_categorical = isinstance(values.dtype, pd.CategoricalDtype)
        texts = is_stringlike(values.dtype) and not self.is_categorical
        if texts and (found := clocks(values, hints.missing)) is not None:
            self.dtype, self.series = found
            values = self.series
        self.is_date = pd.api.types.is_datetime64_any_dtype(values.dtype)
        self.is_boolean = pd.api.types.is_bool_dtype(values.dtype)
        self.is_number = not self.is_boolean and pd.api.types.is_numeric_dtype(values.dtype)
        self.cells = None if values.dtype != object else first_array(values)
        if self.is_number and pd.api.types.is_complex_dtype(values.dtype):
            raise ValueError(f"The column {name!r} holds complex numbers. Split it into real and imaginary parts.")
        if self.is_date or self.is_boolean or self.is_number or self.cells is not None:
            return
        if not is_stringlike(values.dtype):
            self._refuse(values.dtype)
        check_utf8(self.uniques, name)
        strange = next((value for value in self.uniques if not isinstance(value, SCALARS)), None)
        if strange is not None:
            self._refuse(type(strange).__name__)
        self.is_boolean = bool(self.uniques) and all(isinstance(value, (bool, np.bool_)) for value in self.uniques)

    def _refuse(self, received) -> None:
        raise ValueError(
            f"The column {self.name!r} must hold numbers, strings, booleans or dates. Received: {received}. Ignore it."
        )

    @functools.cached_property
    def _factorized(self) -> tuple[np.ndarray, list]:
        codes, uniques = pd.factorize(self.series)
        return codes, list(uniques)

    @property
    def uniques(self) -> list:
        """The distinct values, without missing ones that pandas knows."""
        return self._factorized[1]

    @functools.cached_property
    def numbers(self) -> np.ndarray | None:
        """The values as float64, NaN where they are missing; None if they are no numbers, or codes such as `007`."""
        if self.is_number:
            values = self.series.to_numpy("float64", na_value=np.nan)
            marks = number_formats.numeric(self.hints.missing)
            return np.where(np.isin(values, marks), np.nan, values) if marks else values
        if self.is_date or self.is_boolean or self.is_categorical or self.cells is not None:
            return None
        if any(LEADING_ZERO.fullmatch(str(value).strip()) for value in self.uniques):
            return None
        if self.hints == NO_HINTS and self._plain_numbers is not None:
            return self._plain_numbers
        if self.number_format is None:
            return None
        codes, uniques = self._factorized
        numbers, _ = number_formats.numbers_of(uniques, self.number_column)
        return np.append(numbers, np.nan)[codes]

    @functools.cached_property
    def _plain_numbers(self) -> np.ndarray | None:
        """The strings as numbers, if all are written as Python writes them."""
        return as_numbers(self.series)

    @functools.cached_property
    def number_format(self) -> number_formats.Recognised | None:
        """How the strings hold numbers; None if they do not, or are no strings."""
        if self.is_number or self.is_date or self.is_boolean or self.is_categorical or self.cells is not None:
            return None
        if self.hints == NO_HINTS and self._plain_numbers is not None:
            return None
        hints = self.hints
        return number_formats.recognise(
            self._texts, decimal=hints.decimal, thousands=hints.thousands, missing=hints.missing
        )

    @property
    def _texts(self) -> dict[str, int]:
        """In how many rows each distinct text stands."""
        codes, uniques = self._factorized
        rows = np.bincount(codes[codes >= 0], minlength=len(uniques))
        return {(value if isinstance(value, str) else level_name(value)): int(n) for value, n in zip(uniques, rows)}

    def number_doubt(self) -> tuple[str, str, str] | None:
        """Returns what keeps texts that are nearly numbers from being such, as `number_doubts.doubt` does."""
        if self.is_date or self.is_boolean or self.is_categorical or self.cells is not None or self.dates is not None:
            return None
        marks = {*number_formats.MISSING_MARKS, *self.hints.missing}
        return number_doubts.doubt({text: n for text, n in self._texts.items() if text.strip() not in marks})

    @property
    def number_column(self) -> Column:
        """The column of numbers, with its marks and what counts as missing."""
        found = self.number_format
        if found is None:
            return Column(self.name, "number", self.dtype, missing=self.hints.missing)
        missing = (*self.hints.missing, *found.missing)
        marks: dict[str, Any] = dict(found.marks)
        return Column(self.name, "number", self.dtype, missing=missing, **marks)

    @functools.cached_property
    def _levels(self) -> tuple[list[str], list[int]]:
        """The distinct strings that are not missing (some may be equal once stripped), and in how many rows each."""
        codes, uniques = self._factorized
        counts = np.bincount(codes[codes >= 0], minlength=len(uniques))
        absent = {*MISSING, *self.hints.missing}
        named = [(level, count) for level, count in zip(map(level_name, uniques), counts) if level not in absent]
        return [level for level, _ in named], [int(count) for _, count in named]

    @property
    def levels(self) -> list[str]:
        """The strings that are not missing."""
        return self._levels[0]

    @property
    def num_filled(self) -> int:
        """How many rows hold a string that is not missing."""
        return sum(self._levels[1])

    @functools.cached_property
    def dates(self) -> recognition.Recognised | None:
        """The notation of dates in strings; None if they are no dates."""
        if self.cells is not None or self.is_date or self.is_boolean:
            return None
        if self.is_number and not notations.has_digits_alone(self.date_format):
            return None
        return recognition.recognise(*self._levels, self.date_format)

    def note_missing(self, others: Sequence[str], what: str) -> str:
        """Notes as doubtful that strings count as missing, and returns what the schema says of it.

        Args:
            others: The strings.
            what: What nine in ten values are, such as `"numbers"`.
        """
        listed = ", ".join(map(repr, others[:SHOWN])) + (", ..." if len(others) > SHOWN else "")
        rows = display.count(self.count_of(others), "row")
        doubts.note(
            f"Nine in ten values are {what}; {listed} in {rows} count as missing.",
            column=self.name,
            value=others[0],
            row=self.row_of(others[0]),
            repair="List them in `na_values` if they mark missing values; else repair them, or give the column another "
            "kind in the schema.",
        )
        return f"Of its values, {listed} in {rows} are no {what} and count as missing."

    def row_of(self, level: str):
        """Returns the label of the first row that holds a string."""
        return self.series.index[int(np.argmax(self._holds([level])))]

    def count_of(self, levels) -> int:
        """Returns how many rows hold one of some strings."""
        return int(self._holds(levels).sum())

    def _holds(self, levels) -> np.ndarray:
        codes, uniques = self._factorized
        names = {level_name(level) for level in levels}
        places = [i for i, value in enumerate(uniques) if level_name(value) in names]
        return np.isin(codes, places)

    @property
    def num_levels(self) -> int:
        """How many distinct values there are."""
        if self.numbers is not None:
            return len(self.few_numbers)
        if self.is_date or self.is_boolean:
            return self.series.dropna().nunique()
        return len(self.levels) if self.cells is None else len(self.series)

    @functools.cached_property
    def few_numbers(self) -> np.ndarray:
        """The distinct finite numbers, of the first thousand if those are more than two."""
        finite = self.numbers[np.isfinite(self.numbers)]
        different = np.unique(finite[:1000])
        return np.unique(finite) if len(different) <= 2 else different

    @property
    def has_missing(self) -> bool:
        """Whether values are missing."""
        if self.numbers is not None:
            return not bool(np.isfinite(self.numbers).all())
        if self.is_date or self.is_boolean or self.cells is not None:
            return bool(self.series.isna().any())
        return self.num_filled < len(self.series)


def has_arrays(values: pd.Series) -> bool:
    """Returns whether the values of a column are arrays."""
    return first_array(values) is not None


def first_array(values: pd.Series) -> np.ndarray | None:
    """Returns the first array in a column of arrays, or None."""
    first = next((value for value in values if value is not None), None)
    return first if isinstance(first, np.ndarray) and first.ndim > 0 else None
