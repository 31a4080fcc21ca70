"""Numbers in strings: decimal commas, marks between thousands, currency and percent signs, marks for missing values.

    1.234,50   1,234.50   1 234,5   1'234.5   1,23,456   $ 3   3 €   12 %   (1,234)   $(5)   −5   5-

How a column is written is decided over all its distinct strings. Marks that can be read in two ways, as `1,234`, are
read as English is written, and said to be doubtful.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import itertools
import numbers
import re
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from zoo.data.raw_values import MISSING
from zoo.data.schema import Column

# What pandas takes for missing in a file, and what databases and spreadsheets write.
MISSING_MARKS = frozenset(
    [*MISSING, "-", "--", ".", "..", "\\N", "\u2013", "\u2014", "(null)"]
    + "#N/A,#N/A N/A,#NA,#DIV/0!,#VALUE!,#REF!,#NUM!,#NAME?,#NULL!,-1.#IND,-1.#QNAN,1.#IND,1.#QNAN".split(",")
    + "-NaN -nan NAN NaT NULL Null null None none NONE N/a n/a na N.A. n.a. nil NIL".split()
)
CURRENCIES = "$€£¥₹₽₩₺₫₴₦฿₱₪"
CODES = (
    "USD EUR GBP CHF JPY CNY INR CAD AUD NZD SEK NOK DKK PLN CZK HUF BRL MXN RUB TRY ZAR KRW kr Fr. zł Kč Rs. Rs "
    "Eur eur Euro euro EURO usd gbp US$ R$ A$ C$ HK$ NZ$ S$"
)
SHARES = ("%", "‰")
SHARE = 0.9  # of the rows that must hold numbers; the others count as missing
FIRST = 200  # distinct strings that are looked at first
MOST_STRANGE = 50  # the most distinct values that may count as missing
SPACES = "\u00a0\u202f\u2009\u2007 "
APOSTROPHES = "'’"
GROUPS = ("", ",", ".", " ", "'")  # marks between thousands

_AFFIX = "|".join([f"[{re.escape(CURRENCIES)}]", *map(re.escape, CODES.split())])
CORE = rf"\d[\d.,{APOSTROPHES}{SPACES}]*(?:[eE][+-]?\d+)?|[.,]\d+(?:[eE][+-]?\d+)?"
_DASHES = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2212\ufe63\uff0d", "-"))


@functools.lru_cache(maxsize=64)
def _expression(prefix: str, suffix: str) -> re.Pattern:
    """Returns the expression of a number, with the signs and brackets that may stand around it."""
    return re.compile(
        rf"(?P<outer>{prefix})?\s*(?P<open>\()?(?P<sign>[+-])?(?P<prefix>{prefix})?\s*(?P<sign2>[+-])?(?P<core>{CORE})"
        rf"(?P<sign3>-)?\s*(?P<suffix>{suffix})?(?P<close>\))?"
    )


_NUMBER = _expression(_AFFIX, f"{_AFFIX}|[%‰]")
_LEADING_ZERO = re.compile(r"0\d+")


@dataclasses.dataclass(frozen=True)
class Recognised:
    """How a column of strings holds numbers.

    Args:
        marks: `decimal`, `thousands`, `prefix` and `suffix`, as fields of a `Column`; those that are not the default.
        missing: Strings that are neither numbers nor known marks, and count as missing.
        doubtful: A string whose marks can be read in two ways, `""` if there is none.
    """

    marks: Mapping[str, str]
    missing: tuple[str, ...] = ()
    doubtful: str = ""

    @property
    def is_plain(self) -> bool:
        """Whether the strings are numbers as Python writes them."""
        return not self.marks and not self.missing


def recognise(
    counts: Mapping[str, int], *, decimal: str | None = None, thousands: str | None = None, missing: Sequence[str] = ()
) -> Recognised | None:
    """Returns how distinct strings hold numbers, or None if they do not.

    Args:
        counts: In how many rows each string stands, without those that `MISSING` lists.
        decimal: The decimal mark, where the caller knows it.
        thousands: The mark between thousands, where the caller knows it; `""` for none.
        missing: Strings that count as missing, as the caller says.
    """
    counts = {text: n for text, n in counts.items() if cleaned(text) not in MISSING_MARKS and text not in missing}
    rows = sum(counts.values())
    if not rows:
        return None
    if not starts_like_numbers(counts):
        return None
    found = {text: match for text in counts if (match := _NUMBER.fullmatch(cleaned(text))) and _is_balanced(match)}
    if sum(counts[text] for text in found) < SHARE * rows:
        return None
    prefix, suffix = (_affix(found, side) for side in ("prefix", "suffix"))
    if prefix is None or suffix is None or any(_LEADING_ZERO.fullmatch(match["core"]) for match in found.values()):
        return None
    marks = _marks([match["core"] for match in found.values()], decimal, thousands)
    if marks is None:
        return None
    column = Column("", "number", decimal=marks[0], thousands=marks[1], prefix=prefix, suffix=suffix)
    strange = tuple(text for text in counts if text not in found or np.isnan(number_of(text, column)))
    if len(strange) > MOST_STRANGE or sum(counts[text] for text in strange) > (1 - SHARE) * rows:
        return None
    plain = Column("", "number")
    used = {name: getattr(column, name) for name in ("decimal", "thousands", "prefix", "suffix")}
    marked = {name: mark for name, mark in used.items() if mark != getattr(plain, name)}
    return Recognised(marked, tuple(sorted(strange)), marks[2])


def starts_like_numbers(counts: Mapping[str, int]) -> bool:
    """Returns whether most of the first strings are numbers; spares many texts a closer look."""
    first = list(itertools.islice(counts, FIRST))
    return sum(_NUMBER.fullmatch(cleaned(text)) is not None for text in first) >= len(first) / 2


def cleaned(text: str) -> str:
    """Returns a string without surrounding blanks, with an ASCII minus before digits."""
    text = text.strip(SPACES + "\t\n\v\f\r")
    return text if text.isascii() or not any(map(str.isdigit, text)) else text.translate(_DASHES)


def _is_balanced(match: re.Match) -> bool:
    signs = [match["open"], match["sign"], match["sign2"], match["sign3"]]
    if match["outer"] and match["prefix"]:
        return False
    return bool(match["open"]) == bool(match["close"]) and sum(sign is not None for sign in signs) <= 1


def _affix_of(match: re.Match, side: str) -> str:
    return match[side] or (match["outer"] if side == "prefix" else "") or ""


def _affix(found: Mapping[str, re.Match], side: str) -> str | None:
    """Returns what stands before or behind all numbers, `""` if nothing; None if they differ.

    A currency may be absent from some; a percent sign must not, since 12 % and 0.12 are the same.
    """
    all_of_them = affixes(found, side)
    return None if len(all_of_them) > 1 else all_of_them.pop() if all_of_them else ""


def affixes(texts: Iterable[str], side: str) -> set[str]:
    """Returns what stands before or behind numbers; `""` among it where a percent sign is absent from some."""
    found = {_affix_of(match, side) for text in texts if (match := _NUMBER.fullmatch(cleaned(text)))}
    return found if found <= {""} or found & set(SHARES) else found - {""}


def core_of(text: str) -> str | None:
    """Returns the digits of a number and the marks among them; None for other texts."""
    match = _NUMBER.fullmatch(cleaned(text))
    return _spaced(match["core"]) if match and _is_balanced(match) else None


def _marks(cores: Sequence[str], decimal: str | None, thousands: str | None) -> tuple[str, str, str] | None:
    """Returns decimal mark, mark of thousands and a doubtful string; None if no pair of marks reads all numbers."""
    cores = [_spaced(core) for core in cores]
    pairs = [(point, group) for point in (".", ",") for group in GROUPS if point != group]
    if decimal is not None:
        pairs = [(decimal, group) for group in GROUPS if group != decimal]
    if thousands is not None:
        pairs = [(point, thousands) for point in dict.fromkeys(point for point, _ in pairs) if point != thousands]
    read = {pair: sum(pattern(*pair).fullmatch(core) is not None for core in cores) for pair in pairs}
    most = max(read.values(), default=0)
    if most < SHARE * len(cores):
        return None
    best = [pair for pair in pairs if read[pair] == most]  # the plainest first: the mark of thousands may be absent
    # 1,234 may be a thousand or a little more than one: nothing but groups of three stands behind the mark.
    if (".", ",") in best and (",", "") in best and (".", "") not in best:
        return ".", ",", next(core for core in cores if "," in core)
    return (*min(best, key=lambda pair: (len(pair[1]), pair[0] != ".")), "")


def _spaced(core: str) -> str:
    for space in SPACES:
        core = core.replace(space, " ")
    return core.replace("’", "'").strip()


def pattern(decimal: str, thousands: str) -> re.Pattern:
    point, group = re.escape(decimal), re.escape(thousands)
    indian = r"[1-9]\d?(?:,\d{2})+,\d{3}|" if thousands == "," else ""
    whole = rf"(?:{indian}[1-9]\d{{0,2}}(?:{group}\d{{3}})+|\d+)" if thousands else r"\d+"
    return re.compile(rf"(?:{whole}(?:{point}\d*)?|{point}\d+)(?:[eE][+-]?\d+)?")


def number_of(text: str, column: Column) -> float:
    """Returns the number that a string stands for, by the marks of its column; NaN if it is none."""
    match = _NUMBER.fullmatch(cleaned(text)) if not column.prefix and not column.suffix else _of_affixes(text, column)
    if match is None:
        try:
            return float(cleaned(text)) if cleaned(text).lower().strip("+-") in ("inf", "infinity") else np.nan
        except ValueError:
            return np.nan
    core = _spaced(match["core"])
    if not _is_balanced(match) or not pattern(column.decimal, column.thousands).fullmatch(core):
        return np.nan
    prefix, suffix = (_affix_of(match, side) for side in ("prefix", "suffix"))
    if prefix not in ("", column.prefix) or suffix not in ("", column.suffix):
        return np.nan
    if column.suffix in SHARES and not suffix:
        return np.nan
    if column.thousands:
        core = core.replace(column.thousands, "")
    negative = match["open"] or "-" in (match["sign"], match["sign2"], match["sign3"])
    return (-1.0 if negative else 1.0) * float(core.replace(column.decimal, "."))


def _of_affixes(text: str, column: Column) -> re.Match | None:
    """Returns the parts of a number whose prefix and suffix a schema names, whatever they are."""
    prefix, suffix = re.escape(column.prefix.strip()), re.escape(column.suffix.strip())
    return _expression(prefix or "(?!)", suffix or "(?!)").fullmatch(cleaned(text))


def numeric(marks: Sequence[str]) -> list[float]:
    """Returns the numbers among marks of missing values, such as -999."""
    plain = Column("", "number")
    return [number for mark in marks if not np.isnan(number := number_of(mark, plain))]


def numbers_of(texts: Sequence, column: Column) -> tuple[np.ndarray, np.ndarray]:
    """Returns the numbers of distinct values, and which of them are neither numbers nor missing.

    Args:
        texts: Strings, or numbers of Python that stand among them.
        column: The column, with its marks and what counts as missing.
    """
    found = np.full(len(texts), np.nan)
    strange = np.zeros(len(texts), bool)
    for i, text in enumerate(texts):
        if isinstance(text, str):
            if text in column.missing or cleaned(text) in MISSING_MARKS:
                continue
            found[i] = number_of(text, column)
        elif isinstance(text, numbers.Real):
            with contextlib.suppress(OverflowError):  # an integer beyond float64
                found[i] = float(text)
        strange[i] = np.isnan(found[i])
    return found, strange
