"""Python source of readings, for exports that need numpy alone."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING

from zoo.data.columns import number_formats
from zoo.data.raw_values import BLANKS, MISSING

if TYPE_CHECKING:
    from zoo.data.columns.kind import Group

NUMBER = '''
def number(values, offset=0.0, absent=()):
    """Returns values less an offset as float32; missing is NaN."""
    truth = {"true": 1.0, "false": 0.0}
    strings_ = [v.strip() if isinstance(v, str) else v for v in values]
    with np.errstate(over="ignore"):
        numbers = [np.nan if v is None or v in MISSING else float(truth.get(str(v).lower(), v)) for v in strings_]
        numbers = np.array(numbers, "float64")
        return (np.where(np.isin(numbers, absent), np.nan, numbers) - offset).astype("float32")
'''
ARRAY = '''
def array(values, offset=0.0):
    """Returns arrays of numbers less an offset as float32, a row for each number of a row's array."""
    values = values if isinstance(values, np.ndarray) and values.ndim > 1 else list(values)
    return (np.asarray(values, "float64") - offset).astype("float32").T
'''
STRINGS = '''
def strings(values, strip=False):
    """Returns values as strings; missing is empty, whole numbers have no point."""
    found = []
    for v in values:
        if isinstance(v, (float, np.floating)):
            v = "" if v != v else int(v) if float(v).is_integer() else float(v)
        v = str(v).lower() if isinstance(v, (bool, np.bool_)) else "" if v is None else str(v)
        found.append(v.strip(BLANKS) if strip else v)
    return found
'''
WORDS = '''
def words(values, known, mean, deviation, absent):
    """Returns scaled lengths of texts, and 1 for each known word that is there."""
    found = np.zeros((len(values), 2 + len(known)), "float32")
    for row, text in zip(found, strings(values)):
        text = "" if text.strip(BLANKS) in absent else text
        letters = (c if category(c)[0] == "L" or category(c) == "Nd" else " " for c in text.lower())
        tokens = re.findall(r"\\d+|[^\\W\\d]+", "".join(letters))
        row[:2] = (np.log1p(np.float32([len(text), len(tokens)])) - np.float32(mean)) / np.float32(deviation)
        row[2:] = [word in tokens for word in known]
    return found
'''
MEANS = '''
def means(places, table, width):
    """Returns the features of levels."""
    table = unpacked(table, width)
    return table[np.where(places < len(table), places, 0)]
'''
NGRAMS = '''
def ngrams(values, idf, matrix, mean, deviation, absent):
    """Returns the features of the character n-grams of texts."""
    idf, matrix = unpacked(idf, 1)[:, 0], unpacked(matrix, len(mean))
    found = np.zeros((len(values), len(mean)), "float32")
    for row, text in zip(found, strings(values)):
        text = "" if text.strip(BLANKS) in absent else text
        codes = [ord(c) for c in " " + " ".join(text.lower().split()) + " "]
        weights = np.zeros(BUCKETS, "float32")
        for size in SIZES:
            for i in range(len(codes) - size + 1):
                gram, bucket = codes[i : i + size], size
                if 32 not in gram[1:-1]:
                    for code in gram:
                        bucket = (bucket * FACTOR + code) % PRIME
                    weights[bucket % BUCKETS] += idf[bucket % BUCKETS]
        row[:] = weights / (np.sqrt(np.square(weights).sum()) or 1) @ matrix
    return (found - np.float32(mean)) / np.float32(deviation)
'''
DATE = '''
def date(values, column, offset, patterns, missing):
    """Returns days since 1970-01-01 less an offset, NaN where missing, and angles of year, week, day and month."""
    of_year, of_week, of_day, of_month = (np.float32(2 * np.pi / turn) for turn in (365.25, 7, 86_400_000_000, 31))
    found = np.full((5, len(values)), np.nan, "float32")
    for i, text in enumerate(strings(values)):
        if text.strip(BLANKS) in missing:
            continue
        days, microseconds = divmod(instant(text, column, patterns), 86_400_000_000)
        whole = np.float32(days - offset) + np.float32(microseconds) * np.float32(1 / 86_400_000_000)
        day = np.datetime64(days, "D")
        year, month = ((day - day.astype(f"datetime64[{unit}]")).astype(int) for unit in "YM")
        turned = (year * of_year, (days + 3) % 7 * of_week, np.float32(microseconds) * of_day, month * of_month)
        found[:, i] = whole, *turned
    return found


def instant(text, column, patterns):
    """Returns microseconds since 1970-01-01 UTC of a date."""
    for expression, groups, short, quarters in patterns:
        if match := re.fullmatch(expression, text, re.ASCII):
            parts = [(match[group] or "") if group else "" for group in groups]
            month = parts[1] if parts[1].isdigit() else MONTHS.index(parts[1][:3].lower()) + 1
            month = 3 * int(month) - 2 if quarters else month
            numbers = [int(part or 0) for part in (parts[0], month, parts[2] or 1, *parts[3:6])]
            year, month, day, hour, minute, second = numbers
            year += (1900 if year >= 69 else 2000) if short else 0
            right = month in range(1, 13) and minute < 60 and second < 60
            right = right and hour in (range(1, 13) if parts[7] else range(24))
            hour = hour % 12 + 12 * (parts[7][0] in "pP") if parts[7] else hour
            east = re.sub("[^0-9]", "", parts[8]).ljust(4, "0")
            right = right and int(east[:2]) < 24 and int(east[2:]) < 60
            minutes = (int(east[:2]) * 60 + int(east[2:])) * (-1 if parts[8].startswith("-") else 1)
            if right:
                first = np.datetime64(f"{year:04d}-{month:02d}", "M")
                start, end = ((first + i).astype("datetime64[D]").astype(int).item() for i in (0, 1))
                if 1 <= day <= end - start:
                    days = start + day - 1
                    clock = (hour * 60 + minute - minutes) * 60 + second
                    return (days * 86_400 + clock) * 1_000_000 + int((parts[6] + "000000")[:6])
            break
    raise ValueError(f"The column {column!r} must hold dates. Received: {text!r}. Write it as 2024-12-31.")


def turns(days, *angles):
    """Returns sine and cosine of angles, 0 where the date is missing."""
    waves = [wave(angle) for angle in angles for wave in (np.sin, np.cos)]
    return np.where(np.isnan(days)[:, None], 0, np.stack(waves, axis=1))
'''

NUMBER_CONSTANTS = {"MISSING": repr(MISSING)}
NUMBER_FUNCTIONS = {"number": NUMBER}
STRING_CONSTANTS = {"BLANKS": repr(BLANKS)}
STRING_FUNCTIONS = {"strings": STRINGS}


@dataclasses.dataclass(frozen=True)
class Source:
    """How a group of columns is read and encoded, as lines of Python.

    Expressions may use `rows`, a dict of columns by name, and what `setup` assigns.

    Args:
        setup: Lines that come first.
        numbers: Expressions of arrays `(rows,)`, float32 with NaN where missing; one may be starred.
        sections: Expressions of arrays `(rows, n)`, as `Kind.encode_group` gives them.
        positions: Expression of an integer array `(rows, columns)`, of kinds that have levels.
        constants: Assignments at the top of the module, by name.
        functions: Source of functions, by name; each is written once.
        modules: Modules to import, or lines that import.
    """

    setup: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    sections: tuple[tuple[str, str], ...] = ()
    positions: str = ""
    constants: Mapping[str, str] = dataclasses.field(default_factory=dict)
    functions: Mapping[str, str] = dataclasses.field(default_factory=dict)
    modules: tuple[str, ...] = ()


def number_expressions(group: Group) -> tuple[str, ...]:
    """Returns the expressions of columns of numbers, less their offsets."""
    names = [str(column.name) for column in group.columns]
    more = {}  # arguments of `number` beside the values, by column
    for column, state in zip(group.columns, group.states, strict=True):
        absent = tuple(number_formats.numeric(column.missing))
        if state.get("offset") or absent:
            more[str(column.name)] = (state.get("offset", 0.0), absent)
    if len(names) == 1:
        return (f"number(rows[{names[0]!r}]{''.join(f', *{arguments!r}' for arguments in more.values())})",)
    also = f", *{more!r}.get(name, ())" if more else ""
    return (f"*(number(rows[name]{also}) for name in {names!r})",)
