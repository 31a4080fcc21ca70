"""Notations of dates: formats of strptime as regular expressions, and what texts in them say.

A column's notation is its `format`, such as `"%d/%m/%Y"`; ISO 8601 is read beside each of them, and alone where the
format is "". Behind a date may stand a time of day, with a fraction, AM or PM, and a zone.

The expressions are of RE2 and of Python's `re` alike, since the exported graph reads by the same ones. Each has groups
for at most these nine parts, as many as RE2 has references for:

    year month day hour minute second fraction half zone
"""

from __future__ import annotations

import dataclasses
import datetime
import functools
import itertools
import re
from collections.abc import Callable, Sequence

import numpy as np

from zoo.data.columns.number_formats import MISSING_MARKS
from zoo.registry import suggest

PARTS = ("year", "month", "day", "hour", "minute", "second", "fraction", "half", "zone")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
MARKS = tuple(sorted({*MISSING_MARKS, "NaT"}))  # texts that count as missing in a column of dates
UNKNOWN = -(2**63)  # the instant of a missing date, which is also that of numpy's NaT
SECOND = 1_000_000  # microseconds
MINUTE, HOUR, DAY = 60 * SECOND, 3_600 * SECOND, 86_400 * SECOND
FIRST_SHORT_YEAR = 69  # two digits from here on are of 19.., as POSIX has it

BLANK = r"[ \t\n\v\f\r]*"
MONTH = (
    r"jan(?:uary)?\.?|feb(?:ruary)?\.?|mar(?:ch)?\.?|apr(?:il)?\.?|may|june?\.?|july?\.?|aug(?:ust)?\.?|"
    r"sept?(?:ember)?\.?|oct(?:ober)?\.?|nov(?:ember)?\.?|dec(?:ember)?\.?"
)
WEEKDAY = r"(?:mon|tue(?:s)?|wed(?:nes)?|thu(?:r|rs)?|fri|sat(?:ur)?|sun)(?:day)?\.?"
HALF = r"[ap]\.?m\.?"
ZONE = r"Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?"
CLOCK = rf"(?:T|,? +)(\d{{1,2}}):(\d{{2}})(?::(\d{{2}})(?:\.(\d{{1,9}}))?)?(?: *({HALF}))?"
ISO = rf"(?i){BLANK}(\d{{4}})-(\d{{1,2}})(?:-(\d{{1,2}})(?:{CLOCK})?(?: *({ZONE}))?)?{BLANK}"
TIME_PARTS = PARTS[3:]
# The end of a format that says no more than the time of day that may stand behind every date.
FORMAT_CLOCK = re.compile(r"[T ]%[HI]:%M(?::%S(?:\.%f)?)?(?: ?%p)?(?: ?%[zZ]| ?Z)?$")
EXPANDED = {"%F": "%Y-%m-%d", "%D": "%m/%d/%y", "%T": "%H:%M:%S", "%R": "%H:%M", "%e": "%d", "%h": "%b", "%B": "%b"}
DIRECTIVES = {
    "%Y": ("year", r"\d{4}"),
    "%y": ("year", r"\d{2}"),
    "%m": ("month", r"\d{1,2}"),
    "%b": ("month", MONTH),
    "%q": ("month", "[1-4]"),
    "%d": ("day", r"\d{1,2}"),
    "%H": ("hour", r"\d{1,2}"),
    "%I": ("hour", r"\d{1,2}"),
    "%M": ("minute", r"\d{1,2}"),
    "%S": ("second", r"\d{1,2}"),
    "%f": ("fraction", r"\d{1,9}"),
    "%p": ("half", HALF),
    "%z": ("zone", ZONE),
    "%Z": ("zone", "Z|UTC|GMT"),
}
FEW_TEXTS = 64  # so many texts are read one by one
MOST_LAYOUTS = 256


@dataclasses.dataclass(frozen=True)
class Pattern:
    """One way to write dates.

    Args:
        expression: Regular expression of a whole text.
        parts: The part of each group, in the order of the groups.
        date: Regular expression of the date at the beginning, where marks stand between its parts and a time of day may
            follow; else `""`.
        short_year: Whether years have two digits.
        quarters: Whether a quarter stands for its first month.
    """

    expression: str
    parts: tuple[str, ...]
    date: str = ""
    short_year: bool = False
    quarters: bool = False

    @functools.cached_property
    def compiled(self) -> re.Pattern:
        """The expression for Python."""
        return re.compile(self.expression, re.ASCII)

    @functools.cached_property
    def groups(self) -> tuple[int, ...]:
        """The number of the group of each of `PARTS`, 0 where there is none."""
        return tuple(self.parts.index(part) + 1 if part in self.parts else 0 for part in PARTS)

    @property
    def named_months(self) -> bool:
        """Whether months are written as words."""
        return MONTH in self.expression

    @property
    def rewrite(self) -> str:
        """What rewrites a matching text to its parts in the order of `PARTS`, with `|` between them."""
        return "|".join(f"\\{group}" if group else "" for group in self.groups)

    def texts(self, match: re.Match) -> list[str]:
        """Returns the text of each of `PARTS` in a match, `""` where there is none."""
        return [(match[group] or "") if group else "" for group in self.groups]


ISO_PATTERN = Pattern(ISO, PARTS, rf"^{BLANK}\d{{4}}-\d{{1,2}}(?:-\d{{1,2}})?")


@functools.lru_cache(maxsize=256)
def patterns(format: str) -> tuple[Pattern, ...]:
    """Returns the patterns of a column of dates, its own before ISO 8601.

    Args:
        format: Its notation, as strptime has it; `""` for ISO 8601 alone.

    Raises:
        ValueError: if the format is none.
    """
    return (ISO_PATTERN,) if not format else (pattern(format), ISO_PATTERN)


def has_digits_alone(format: str) -> bool:
    """Returns whether a notation has digits alone, as `"%Y%m%d"`, so that its dates may be stored as numbers."""
    return bool(format) and set(format) <= set("%YmdHMSy")


def has_days(format: str) -> bool:
    """Returns whether a notation names days, and not months or quarters alone."""
    return "day" in patterns(format)[0].parts


def written(moment: datetime.datetime, format: str) -> str:
    """Returns a moment in a notation."""
    return moment.strftime(format.replace("%q", str((moment.month + 2) // 3)))


def pattern(format: str) -> Pattern:
    """Returns the pattern of a format of strptime.

    Raises:
        ValueError: if it has a directive that is unknown or stands twice, lacks the year, or lacks the month, or has a
            time of day without a day.
    """
    whole = format
    for short, long in EXPANDED.items():
        whole = whole.replace(short, long)
    clock = FORMAT_CLOCK.search(whole)
    date = whole[: clock.start()] if clock else whole
    expression, parts = _expression(date, format)
    with_clock = not set(parts) & set(TIME_PARTS)
    if clock and not with_clock:
        date, clock = whole, None
        expression, parts = _expression(date, format)
    needed = ("year", "month", "day") if clock or {"day", *TIME_PARTS} & set(parts) else ("year", "month")
    if lacking := [part for part in needed if part not in parts]:
        raise ValueError(
            "A format of dates must have a year, a month and, unless months are meant, a day. Received: "
            f"{format!r}, without the "
            f"{' and the '.join(lacking)}. Write it as '%d/%m/%Y'."
        )
    apart = not any(one in DIRECTIVES and other in DIRECTIVES for one, other in itertools.pairwise(_pieces(date)))
    short, quarters = "%y" in date, "%q" in date
    if not with_clock or "day" not in parts:
        alone = f"(?i)^{BLANK}{_without_groups(expression)}" if apart and with_clock and not quarters else ""
        return Pattern(f"(?i){BLANK}{expression}{BLANK}", parts, alone, short, quarters)
    tail = rf"(?:{CLOCK}(?: *({ZONE}))?)?"
    alone = f"(?i)^{BLANK}{_without_groups(expression)}" if apart else ""
    return Pattern(f"(?i){BLANK}{expression}{tail}{BLANK}", (*parts, *TIME_PARTS), alone, short)


def _without_groups(expression: str) -> str:
    return re.sub(r"\((?!\?)", "(?:", expression)


def _expression(format: str, whole: str) -> tuple[str, tuple[str, ...]]:
    """Returns the expression of a format, and the part of each group."""
    pieces = _pieces(format)
    expression, parts = "", []
    for i, piece in enumerate(pieces):
        if not piece.startswith("%") or piece == "%%":
            expression += re.sub(r"(?:\\ )+", " +", re.escape(piece.replace("%%", "%")))
        elif piece in ("%a", "%A"):
            expression += WEEKDAY
        elif piece in DIRECTIVES:
            part, digits = DIRECTIVES[piece]
            if part in parts:
                raise ValueError(
                    f"A format of dates must have each part once. Received: {whole!r}, with two of the {part}. "
                    "Write it as '%d/%m/%Y'."
                )
            beside = [other for other in (*pieces[max(i - 1, 0) : i], *pieces[i + 1 : i + 2]) if other in DIRECTIVES]
            if digits == r"\d{1,2}" and any(DIRECTIVES[other][1].startswith(r"\d") for other in beside):
                digits = r"\d{2}"  # nothing else tells where a number ends
            expression += f"({digits})"
            if piece == "%d" and "%b" in pieces:
                expression += "(?:st|nd|rd|th)?"
            parts.append(part)
        else:
            known = (*DIRECTIVES, "%a", "%A", "%B", "%F", "%T")
            raise ValueError(
                f"A format of dates must have the directives {', '.join(known)}. Received: {piece!r} in "
                f"{whole!r}.{suggest(piece, known)} Write it as '%d/%m/%Y'."
            )
    return expression, tuple(parts)


def _pieces(format: str) -> list[str]:
    """Returns the directives of a format and what stands between them."""
    return re.findall(r"%.|[^%]+|%", format)


def days_of(year, month, day):
    """Returns days since 1970-01-01 in the proleptic Gregorian calendar, of whole numbers or arrays of them."""
    year = year - (month <= 2)  # years are counted from March
    of_year = (153 * (month + 9 - 12 * (month > 2)) + 2) // 5 + day - 1
    return year // 400 * 146_097 + year % 400 * 365 + year % 400 // 4 - year % 400 // 100 + of_year - 719_468


def _instant(year, month, day, hour, minute, second, microsecond, half: int, east) -> tuple:
    """Returns microseconds since 1970-01-01 UTC, and whether there is such a day and hour, of numbers or arrays.

    Args:
        year, month, day, hour, minute, second, microsecond: The parts.
        half: 1 for AM, 2 for PM, else 0.
        east: Hours and minutes of the zone, as in 230 for 2:30, negative west of Greenwich.
    """
    exists = (1 <= month) & (month <= 12) & (minute < 60) & (second < 60)
    if half:
        exists &= (1 <= hour) & (hour <= 12)
        hour = hour % 12 + 12 * (half - 1)
    exists &= (hour < 24) & (abs(east) < 2_400) & (abs(east) % 100 < 60)
    first = days_of(year, month, 1)
    exists &= (1 <= day) & (day <= days_of(year + (month == 12), month % 12 + 1, 1) - first)
    clock = hour * HOUR + minute * MINUTE + second * SECOND + microsecond
    sign = 1 - 2 * (east < 0)
    zone = sign * (abs(east) // 100 * HOUR + abs(east) % 100 * MINUTE)
    return (first + day - 1) * DAY + clock - zone, exists


def _read(parts: Sequence[str], pattern: Pattern, number: Callable) -> tuple:
    """Returns what `_instant` returns, of the texts of parts.

    Args:
        parts: The text of each of `PARTS`.
        pattern: The way in which the date is written.
        number: Function from the place of a part to its number, of which there may be an array.
    """
    texts = dict(zip(PARTS, parts, strict=True))
    year, day = number(0), number(2) if texts["day"] else 1
    if pattern.short_year:
        year = year + 1900 + 100 * (year < FIRST_SHORT_YEAR)
    month = number(1) if texts["month"].isdigit() else MONTHS.index(texts["month"][:3].lower()) + 1
    if pattern.quarters:
        month = 3 * month - 2
    zone, half = texts["zone"], 0 if not texts["half"] else 1 + (texts["half"][0] in "pP")
    east = 0 if zone[:1] not in ("+", "-") else number(8) * (-1 if zone[0] == "-" else 1)
    clock = [number(place) if parts[place] else 0 for place in range(3, 7)]
    hour, minute, second, microsecond = clock
    return _instant(year, month, day, hour, minute, second, microsecond, half, east)


def _digits(part: str, place: int) -> str:
    """Returns the digits of a part as a number's: six of a fraction, hours and minutes of a zone."""
    if PARTS[place] == "fraction":
        return f"{part}000000"[:6]
    if PARTS[place] == "zone":
        return part[1:].replace(":", "").ljust(4, "0")
    return part


def instant(text: str, format: str = "") -> int | None:
    """Returns microseconds since 1970-01-01 UTC of a date in a notation or ISO 8601; None if the text is no date."""
    for one in patterns(format):
        match = one.compiled.fullmatch(text)
        if match is not None:
            parts = one.texts(match)
            found, exists = _read(parts, one, lambda place, parts=parts: int(_digits(parts[place], place)))
            return found if exists else None
    return None


def instants(texts: Sequence[str], format: str = "") -> tuple[np.ndarray, np.ndarray]:
    """Returns what `instant` returns of many texts, and which of them are dates.

    Texts of one layout, in which only the digits differ, match alike and are read together.
    """
    found, exists = np.full(len(texts), UNKNOWN, "int64"), np.zeros(len(texts), bool)
    left = np.arange(len(texts))
    if len(texts) > FEW_TEXTS and all(map(str.isascii, texts)):
        letters = np.array(texts, "S")
        letters = letters.view("uint8").reshape(len(texts), -1)
        digits = letters - ord("0")
        layouts = np.where(digits < 10, ord("0"), letters)
        for _ in range(MOST_LAYOUTS):
            if len(left) <= FEW_TEXTS:
                break
            alike = (layouts[left] == layouts[left[0]]).all(axis=1)
            rows, left = left[alike], left[~alike]
            _read_layout(texts[rows[0]], format, digits, rows, found, exists)
    for row in left.tolist():
        one = instant(texts[row], format)
        if one is not None:
            found[row], exists[row] = one, True
    return found, exists


def _read_layout(text: str, format: str, digits: np.ndarray, rows: np.ndarray, found, exists) -> None:
    """Reads texts of one layout.

    Args:
        text: One of them.
        format: The notation.
        digits: The digits of all texts, by their places.
        rows: Those that have the layout.
        found, exists: What `instants` returns, to be filled in.
    """
    for one in patterns(format):
        match = one.compiled.fullmatch(text)
        if match is None:
            continue

        def number(place, match=match, one=one):
            start, stop = match.span(one.groups[place])
            places = [i for i in range(start, stop) if text[i].isdigit()]
            total = np.zeros(len(rows), "int64")
            wanted = {"fraction": 6, "zone": 4}.get(PARTS[place], len(places))
            for i in places[:wanted]:
                total = total * 10 + digits[rows, i]
            return total * 10 ** max(0, wanted - len(places))

        with np.errstate(all="ignore"):
            instant, exist = _read(one.texts(match), one, number)
        found[rows], exists[rows] = np.where(exist, instant, UNKNOWN), exist
        return
