"""Python source of readings, for exports that need numpy alone."""

from __future__ import annotations

from zoo.data.columns import number_formats
from zoo.data.columns.kind import Group
from zoo.data.schema import BLANKS, MISSING

NUMBER = '''
def number(values, offset=0.0, absent=()):
    """Returns values less an offset as float32; missing is NaN."""
    truth = {"true": 1.0, "false": 0.0}
    strings_ = [v.strip() if isinstance(v, str) else v for v in values]
    with np.errstate(over="ignore"):
        told = [np.nan if v is None or v in MISSING else float(truth.get(str(v).lower(), v)) for v in strings_]
        told = np.array(told, "float64")
        return (np.where(np.isin(told, absent), np.nan, told) - offset).astype("float32")
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
def words(values, known, mean, deviation):
    """Returns scaled lengths of texts, and 1 for each known word that is there."""
    found = np.zeros((len(values), 2 + len(known)), "float32")
    for row, text in zip(found, strings(values)):
        letters = (c if category(c)[0] == "L" or category(c) == "Nd" else " " for c in text.lower())
        tokens = re.findall(r"\\d+|[^\\W\\d]+", "".join(letters))
        row[:2] = (np.log1p(np.float32([len(text), len(tokens)])) - np.float32(mean)) / np.float32(deviation)
        row[2:] = [word in tokens for word in known]
    return found
'''
DATE = '''
def date(values):
    """Returns days since 1970-01-01 (NaN where there is no date), and the shares of the year and of the day."""
    f, found = np.float32, np.zeros((3, len(values)), "float32")
    for i, text in enumerate(strings(values)):
        match = re.fullmatch(ISO, text, re.ASCII)
        year, month, day, hour, minute, second = [int(part or 0) for part in match.groups()[:6]] if match else [0] * 6
        if not (1 <= month <= 12 and 1 <= day <= 31 and hour < 24 and minute < 60):
            found[0, i] = np.nan
            continue
        east = f((match[7] or "") + (match[8] or "0")) + f((match[7] or "") + (match[9] or "0")) / f(60)
        share = (f(hour) - east + f(minute) / f(60) + f(second) / f(3600)) / f(24)
        whole, start = f(day_number(year, month, day)), f(day_number(year, 1, 1))
        found[:, i] = whole + share, (whole - start) / f(365.25), share
    return found


def day_number(year, month, day):
    """Returns days since 1970-01-01; years are counted from March."""
    year -= month <= 2
    of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    return year // 400 * 146097 + year % 400 * 365 + year % 400 // 4 - year % 400 // 100 + of_year - 719468


def turns(days, year, share, times):
    """Returns sine and cosine of the day in the year, of the weekday, and of the hour."""
    week = np.mod(np.floor(days) + 3, 7) / 7
    parts = [2 * np.float32(np.pi) * turn for turn in ([year, week, share] if times else [year, week])]
    waves = np.stack([wave(part) for part in parts for wave in (np.sin, np.cos)], axis=1)
    return np.where(np.isnan(days)[:, None], 0, waves)
'''

NUMBER_CONSTANTS = {"MISSING": repr(MISSING)}
NUMBER_FUNCTIONS = {"number": NUMBER}
STRING_CONSTANTS = {"BLANKS": repr(BLANKS)}
STRING_FUNCTIONS = {"strings": STRINGS}


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
