"""Columns as the world makes them: what their cells mean, and notations in which each meaning may be written.

A column's `values` are Python floats, bools, strings, numpy datetime64[s], or None where a value is missing. Each of
its notations writes all of them into what pandas holds, so that a model must answer alike whichever is taken.
"""

from __future__ import annotations

import dataclasses
import decimal
import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from hypothesis import strategies as st

Notation = Callable[[list], Any]


@dataclasses.dataclass(frozen=True)
class Column:
    """One column.

    Args:
        name: Its name.
        kind: What its values are.
        values: What its cells mean.
        notations: Name -> what writes the values.
        trained: The notations by which training knows the kind; the others are only read later.
        strange: Values of the same kind that may not be among the column's own; None is missing.
        alone: Notations that are only read where training had them.
        refused: Notation of a training -> notations that are not read after it.
    """

    name: Any
    kind: str
    values: list
    notations: dict[str, Notation]
    trained: tuple[str, ...]
    strange: tuple
    alone: tuple[str, ...] = ()
    refused: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)

    @property
    def schema_name(self) -> Any:
        """The name that a schema gives it: a number of numpy as Python's, a time stamp as its date, as in a CSV."""
        if isinstance(self.name, pd.Timestamp):
            return self.name.date().isoformat()
        return self.name.item() if isinstance(self.name, np.generic) else self.name


MARKS = ("", "?", "NA", "N/A", "nan")  # of missing values
OF_NUMBERS = (*MARKS, "null", "None", "n/a", "-", "\\N", ".")
BLANKS = " \t\n\v\f\r"
# Blocks of Unicode that are full, so that another version of Python draws the same: Latin to Cyrillic, Hiragana to the
# characters of China, Hangul, Gothic, mathematical letters, pictures.
BLOCKS = [(0x1, 0x377), (0x400, 0x52F), (0x2010, 0x2027), (0x3041, 0x3096), (0x4E00, 0x9FA5), (0xAC00, 0xD7A3)]
BLOCKS += [(0x10330, 0x1034A), (0x1D4C5, 0x1D505), (0x1F300, 0x1F5FF)]
LETTERS = st.one_of(*[st.characters(min_codepoint=first, max_codepoint=last) for first, last in BLOCKS])


def objects(values: list) -> pd.Series:
    return pd.Series(list(values), dtype=object)


def _strings(write: Callable, marks: Sequence = (None,)) -> Notation:
    """Returns the notation that writes each value by itself, as objects, and missing ones by some marks in turn."""

    def written(values):
        turn = itertools.cycle(marks)
        return objects([next(turn) if value is None else write(value) for value in values])

    return written


def _rotated(draw, marks: Sequence[str]) -> list[str]:
    """Returns marks in their order, from any of them on."""
    first = draw(st.integers(0, len(marks) - 1))
    return [*marks[first:], *marks[:first]]


def _series(dtype, convert: Callable = lambda value: value) -> Notation:
    """Returns the notation of a dtype of pandas that knows missing values."""
    return lambda values: pd.Series([None if v is None else convert(v) for v in values], dtype=dtype)


def placed(draw, pool: list, rows: int, *, gaps: bool) -> list:
    """Returns `rows` values of a pool in some order, each of the pool's at least once where there are enough rows.

    Args:
        draw: Of a composite strategy.
        pool: The values.
        rows: Their number.
        gaps: Whether a few of the values are missing.
    """
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    order = [*range(min(len(pool), rows)), *generator.integers(0, len(pool), max(0, rows - len(pool)))]
    values = [pool[i] for i in generator.permutation(order)]
    for row in np.flatnonzero(generator.random(rows) < 0.2) if gaps else ():
        values[row] = None
    return values


WHOLE = st.integers(-(2**24), 2**24).map(float)
SINGLE = st.floats(-(2.0**99), 2.0**99, allow_nan=False, width=32, allow_subnormal=False)
CENTS = st.integers(-10_000_000, 10_000_000).map(lambda cents: cents / 100)


@st.composite
def numbers(draw, name, rows: int) -> Column:
    """Numbers: whole ones, prices, or any of float32."""
    one = draw(st.sampled_from([WHOLE, CENTS, SINGLE, st.sampled_from([1.0, 2.0, 3.0])]))
    pool = draw(st.lists(one, min_size=2, max_size=6, unique=True))
    if set(pool) <= {0.0, 1.0}:  # these are booleans
        pool.append(2.0)
    if draw(st.integers(0, 3)) == 0:  # their spread is too small for float32, as that of seconds since 1970 is
        pool = [1.7e9 + 1e-3 * (value % 1e3) for value in pool]
    values = placed(draw, pool, rows, gaps=draw(st.booleans()))
    marks = _rotated(draw, OF_NUMBERS)
    notations: dict[str, Notation] = {
        "float64": lambda values: np.array([math.nan if v is None else v for v in values]),
        "Float64": _series("Float64"),
        "arrow": _series(pd.ArrowDtype(pa.float64())),
        "sparse": lambda values: pd.Series(pd.arrays.SparseArray([math.nan if v is None else v for v in values])),
        "objects": objects,
        "text": _strings(repr, marks),
        "padded text": _strings(lambda value: f" {value!r} ", [" "]),
        "exponents": _strings(lambda value: f"{value:.17e}", marks),
    }
    if all(value is None or float(np.float32(value)) == value for value in values):
        notations["float32"] = lambda values: np.array([math.nan if v is None else v for v in values], "float32")
    if all(value is None or value.is_integer() and abs(value) < 2**31 for value in values):
        notations |= {"Int64": _series("Int64", int), "arrow of int": _series(pd.ArrowDtype(pa.int64()), int)}
        notations |= {"whole text": _strings(lambda value: str(int(value)), marks)}
        notations["objects of int"] = _strings(int)
        if None not in values:
            notations["int32"] = lambda values: np.array(values, "int32")
    notations["Decimal"] = _strings(lambda value: decimal.Decimal(repr(value)))
    trained, marked = tuple(notations), {}
    if all(value is None or _is_price(value) for value in values):
        marked = {
            "thousands": _strings(lambda value: f"{value:,.2f}"),
            "currency": _strings(lambda value: f"$ {value:,.2f}"),
            "comma": _strings(lambda value: f"{value:.2f}".replace(".", ",")),
            "comma and points": _strings(lambda value: f"{value:,.2f}".translate(str.maketrans(",.", ".,"))),
        }
    strange = (0.0, -1e6, 3.5, None)
    points = ("text", "padded text", "exponents")
    refused = {"comma": points, "comma and points": points}
    return Column(name, "number", values, notations | marked, (*trained, *marked), strange, tuple(marked), refused)


def _is_price(value: float) -> bool:
    return abs(value) < 1e9 and round(value, 2) == value


@st.composite
def booleans(draw, name, rows: int) -> Column:
    """Booleans, or nothing but 0 and 1."""
    values = placed(draw, [False, True], rows, gaps=draw(st.booleans()))
    notations: dict[str, Notation] = {
        "boolean": _series("boolean"),
        "arrow": _series(pd.ArrowDtype(pa.bool_())),
        "float64": lambda values: np.array([math.nan if v is None else float(v) for v in values]),
        "Int64": _series("Int64", int),
        "objects": objects,
        "digits": _strings(lambda value: str(int(value)), _rotated(draw, OF_NUMBERS)),
        "words": _strings(lambda value: str(value).lower()),
        "Words": _strings(str),
    }
    if None not in values:
        notations |= {"bool": lambda values: np.array(values, bool), "uint8": lambda values: np.array(values, "uint8")}
    trained = tuple(name for name in notations if "ords" not in name)  # words are levels
    return Column(name, "boolean", values, notations, trained, (False, True, None))


def _is_word(text: str) -> bool:
    """Returns whether a text is a level as it stands: no number, no date, not missing, without blanks around it."""
    try:
        float(text)
        return False
    except ValueError:
        return (
            any(map(str.isalpha, text)) and text == text.strip() and text.lower() not in ("na", "n/a", "null", "none")
        )


WORDS = st.sampled_from(["hay", "Äpfel", "a, b", 'say "x"', "x;y", "two\nlines", "x1", "été", "Ж", "猫", "e", "A", "a"])
WORD = WORDS | st.text(LETTERS, min_size=1, max_size=8).map(lambda text: text.strip()).filter(_is_word)


@st.composite
def categories(draw, name, rows: int) -> Column:
    """Strings that repeat."""
    pool = draw(st.lists(WORD, min_size=2, max_size=9, unique=True))
    values = placed(draw, pool, rows, gaps=draw(st.booleans()))
    notations: dict[str, Notation] = {
        "objects": objects,
        "str": _series("str"),
        "string": _series("string"),
        "arrow": _series(pd.ArrowDtype(pa.string())),
        "categorical": lambda values: pd.Series(pd.Categorical(values)),
        "marks": _strings(str, _rotated(draw, MARKS)),
        "padded": _strings(lambda value: f" {value}\t"),
        "bytes": _strings(str.encode),
        "numpy": lambda values: np.array(["" if value is None else value for value in values]),
    }
    notations["dictionary"] = _series(pd.ArrowDtype(pa.dictionary(pa.int32(), pa.string())))
    return Column(name, "category", values, notations, tuple(notations), ("never seen", pool[0], None))


@st.composite
def codes(draw, name, rows: int) -> Column:
    """Digits with leading zeros, such as postal codes: levels, not numbers."""
    pool = draw(st.lists(st.integers(0, 999).map("{:05}".format), min_size=2, max_size=6, unique=True))
    values = placed(draw, pool, rows, gaps=draw(st.booleans()))
    notations: dict[str, Notation] = {"objects": objects, "str": _series("str"), "padded": _strings(lambda v: f" {v}")}
    return Column(name, "category", values, notations, tuple(notations), ("00000", "99999", None))


@st.composite
def versions(draw, name, rows: int) -> Column:
    """Texts that would lose what they say if some of them were read as numbers or booleans: levels."""
    pool = draw(
        st.lists(st.sampled_from(["1.10", "2.0", "1e3", "True", "FALSE", "1_0", "007"]), min_size=2, unique=True)
    )
    values = placed(draw, pool, rows, gaps=draw(st.booleans()))
    values[::3] = ["beta"] * len(values[::3])
    notations: dict[str, Notation] = {"objects": objects, "str": _series("str"), "padded": _strings(lambda v: f"{v} ")}
    return Column(name, "category", values, notations, tuple(notations), ("1.1", "1000", "true", None))


MIDNIGHTS = st.integers(-60_000, 60_000).map(lambda day: np.datetime64(day, "D").astype("datetime64[s]"))
MOMENTS = st.integers(-5_000_000_000, 5_000_000_000).map(lambda second: np.datetime64(second, "s"))


@st.composite
def dates(draw, name, rows: int) -> Column:
    """Dates between 1805 and 2134, with a time of day or without."""
    days = draw(st.booleans())
    pool = draw(st.lists(MIDNIGHTS if days else MOMENTS, min_size=2, max_size=6, unique=True))
    values = placed(draw, pool, rows, gaps=draw(st.booleans()))

    def stamps(unit):
        return lambda values: np.array(["NaT" if v is None else v for v in values], f"datetime64[{unit}]")

    notations: dict[str, Notation] = {
        **{unit: stamps(unit) for unit in ("s", "ms", "us", "ns")},
        "ISO": _strings(lambda moment: str(moment), _rotated(draw, MARKS)),
        "ISO with a blank": _strings(lambda moment: str(moment).replace("T", " ")),
        "Timestamps": _strings(pd.Timestamp),
        "arrow": _series(pd.ArrowDtype(pa.timestamp("us")), lambda moment: moment.item()),
    }
    if days:
        notations["ISO days"] = _strings(lambda moment: str(moment)[:10])
        notations["date"] = _strings(lambda moment: moment.item().date())
    notations |= {
        "Z": _strings(lambda moment: f"{moment}Z"),
        "offset": _strings(lambda moment: f"{moment + np.timedelta64(7_200, 's')}+02:00"),
        "UTC": lambda values: pd.Series(stamps("s")(values)).dt.tz_localize("UTC"),
        "datetime": _strings(lambda moment: moment.item()),
    }
    forms: dict[str, Notation] = {}
    if days and any(value is not None and value.item().day > 12 for value in values):
        for form in ("%d/%m/%Y", "%d.%m.%Y", "%Y/%m/%d"):
            forms[form] = _strings(lambda moment, form=form: moment.item().strftime(form))
        forms["without zeros"] = _strings(lambda moment: "{0.year}-{0.month}-{0.day}".format(moment.item()))
    strange = (np.datetime64("2024-02-29", "s"), np.datetime64("1999-12-31", "s"), None)
    return Column(name, "date", values, notations | forms, (*notations, *forms), strange, tuple(forms))


@st.composite
def texts(draw, name, rows: int) -> Column:
    """Strings that hardly repeat; of few rows they are levels like others."""
    some = draw(st.lists(st.text(LETTERS, max_size=20).filter(lambda t: t == t.strip() and t), max_size=3))
    pool = [f"note {i}: {word} seen near gate {i % 3}" for i, word in zip(range(rows), [*some, *["eagle"] * rows])]
    values = placed(draw, pool, rows, gaps=False)
    notations: dict[str, Notation] = {"objects": objects, "str": _series("str"), "bytes": _strings(str.encode)}
    return Column(name, "text", values, notations, tuple(notations), ("another eagle", "x", None))


@st.composite
def silent(draw, name, rows: int) -> Column:
    """Columns that say nothing: one value, or none."""
    value = draw(st.sampled_from([None, 7.0, "same", True]))
    notations = {"objects": objects} if value is None else {"plain": lambda values: np.array(values)}
    return Column(name, "silent", [value] * rows, notations, tuple(notations), (value,))


KINDS = (numbers, numbers, booleans, categories, categories, codes, versions, dates, texts, silent)
