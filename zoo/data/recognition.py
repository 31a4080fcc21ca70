"""Which notation of dates the texts of a column have.

It is decided over all distinct texts. Where day and month cannot be told apart, or years have two digits, nothing is
guessed: what is unclear is said, with the notations that it may be.

Months and quarters alone, as 2024-03 and 2024Q1, may be codes as well. They are dates where all years are of this
century or the last, and not all may be seasons, as 2011-12 may.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence

import numpy as np

from zoo.data.notations import BLANK, DAY, MARKS, MONTH, WEEKDAY, days_of, has_days, instants, patterns

# Pairs of formats that only a day beyond 12 tells apart, and formats that nothing is mistaken for.
PAIRED = tuple((f"%d{mark}%m{mark}%Y", f"%m{mark}%d{mark}%Y") for mark in "/.- ")
SINGLE = (
    *("%Y/%m/%d", "%Y.%m.%d", "%Y %m %d", "%Y%m%dT%H%M%S", "%Y%m%dT%H%M%S%z"),
    *("%d %b %Y", "%d-%b-%Y", "%d/%b/%Y", "%d.%b.%Y", "%d. %b %Y", "%d %b, %Y", "%b %d, %Y", "%b %d %Y", "%b-%d-%Y"),
    *("%Y-%b-%d", "%Y %b %d", "%a, %d %b %Y", "%a %d %b %Y", "%a, %b %d, %Y", "%a %b %d %Y", "%a %b %d, %Y"),
    *("%a %b %d %H:%M:%S %Y", "%a %b %d %H:%M:%S %Z %Y", "%d/%b/%Y:%H:%M:%S %z"),
)
MONTHS_ALONE = (
    *("%Y/%m", "%Y.%m", "%Y %m", "%m/%Y", "%m.%Y", "%m-%Y", "%b %Y", "%b-%Y", "%b/%Y", "%b, %Y", "%Y-%b", "%Y %b"),
    *("%YQ%q", "%Y-Q%q", "%Y Q%q", "%Y/Q%q", "Q%q %Y", "Q%q-%Y", "Q%q/%Y", "%qQ%Y", "%qQ %Y"),
)
SHORT_YEARS = (
    *(f"{first}{mark}{second}{mark}%y" for mark in "/.-" for first, second in (("%d", "%m"), ("%m", "%d"))),
    *("%y/%m/%d", "%y-%m-%d", "%d-%b-%y", "%d %b %y", "%b %d, %y", "%b-%y", "%b %y"),
)
MONTH_ALONE = re.compile(r"\s*\d{4}-\d{1,2}\s*", re.ASCII)
FIRST_MONTH, LAST_MONTH = days_of(1900, 1, 1) * DAY, days_of(2101, 1, 1) * DAY  # of months that are no codes
LOOKED_AT = 20  # values by which a column is left alone without trying every notation
LIKELY = re.compile(
    rf"(?i){BLANK}(?:{WEEKDAY},? +)?"
    rf"(?:(?:\d{{1,4}}(?:st|nd|rd|th)?\.?[-/. ]|\d{{8}}T|(?:{MONTH})[-/, ]|[1-4]?Q[1-4]?).*\d|\d{{4}}Q[1-4])"
)
# Texts that say of themselves that they are dates: with the year in full, or weeks of ISO 8601.
UNREAD = re.compile(
    rf"(?i){BLANK}(?:(?:19|20)\d\d(?:[-/.]\d\d?[-/.]\d\d?|-?W[0-5]\d(?:-?[1-7])?{BLANK}$)|\d\d?[-/.]\d\d?[-/.](?:19|20)\d\d)"
    r"(?!\d)",
    re.ASCII,
)
ENOUGH = 0.9  # share of a column's values beyond which it is one of dates


@dataclasses.dataclass(frozen=True)
class Recognised:
    """What the notation of a column of texts is found to be.

    Args:
        format: The notation; None if it cannot be told.
        others: The texts that are no dates.
        reason: Why the notation cannot be told, as a sentence.
        example: A text by which it cannot be told.
        formats: The notations that it may be; none where it is not known.
    """

    format: str | None
    others: tuple[str, ...] = ()
    reason: str = ""
    example: str = ""
    formats: tuple[str, ...] = ()


def recognise(texts: Sequence[str], counts: Sequence[int], format: str = "") -> Recognised | None:
    """Returns the notation of dates that over nine in ten rows have, or None if they are no dates.

    Args:
        texts: The distinct texts of a column.
        counts: In how many rows each of them stands.
        format: The notation that is tried before others, where one is given.
    """
    weights = {text: int(count) for text, count in zip(texts, counts) if text.strip() not in MARKS}
    texts, total = list(weights), sum(weights.values())
    if not texts:
        return None
    few = sorted(weights, key=weights.get, reverse=True)[: LOOKED_AT // 2] + texts[:: -(-2 * len(texts) // LOOKED_AT)]
    likely = sum(weights[text] for text in few if LIKELY.match(text)) > 0.5 * sum(map(weights.get, few))
    if not likely and not format:
        return None
    of_text = np.array(list(weights.values()))
    alone = np.array([bool(MONTH_ALONE.fullmatch(text)) for text in texts])

    def suits(exists) -> bool:
        return exists is not None and of_text[exists].sum() > ENOUGH * total

    def others(exists) -> tuple[str, ...]:
        return tuple(texts[i] for i in np.flatnonzero(~exists))

    def read_as(candidate) -> np.ndarray | None:
        """Returns which texts are dates, or None if no text that was looked at has this notation."""
        own = patterns(candidate)[0].compiled
        if not any(map(own.fullmatch, few)):
            return None
        read, exist = instants(texts, candidate)
        of_months = alone if has_days(candidate) else exist
        return exist if _are_months(read[of_months & exist]) else exist & ~of_months

    if format and suits(read := read_as(format)):
        return Recognised(format, others(read))
    if not likely:
        return None
    for candidate in ("", *SINGLE, *MONTHS_ALONE):
        read = read_as(candidate)
        if suits(read):
            return Recognised(candidate, others(read))
    for pair in PAIRED:
        one, other = map(read_as, pair)
        if one is None or other is None:
            continue
        either = one | other
        if not suits(either):
            continue
        only = [[texts[i] for i in np.flatnonzero(read)] for read in (one & ~other, other & ~one)]
        if bool(only[0]) == bool(only[1]):
            reason = (
                f"Day and month are written in both orders, as in {only[0][0]!r} and {only[1][0]!r}"
                if only[0]
                else "Day and month cannot be told apart, as no day is beyond 12"
            )
            return Recognised(None, (), reason, (only[1] or texts)[0], pair)
        return Recognised(pair[0] if only[0] else pair[1], others(either))
    for candidate in SHORT_YEARS:
        if suits(read_as(candidate)):
            formats = tuple(other for other in SHORT_YEARS if suits(read_as(other)))
            return Recognised(None, (), "These look like dates whose years have two digits", few[0], formats)
    unread = np.array([UNREAD.match(text) is not None for text in texts])
    if suits(unread):
        reason = "These begin like dates, but are not written in one of the known notations"
        return Recognised(None, (), reason, texts[int(np.argmax(unread))])
    return None


def _are_months(read: np.ndarray) -> bool:
    """Returns whether instants of texts without a day are months: of near years, and not all as 2023-24 is written."""
    if not len(read):
        return True
    months = read.view("datetime64[us]").astype("datetime64[M]").astype(int)
    years, months = 1970 + months // 12, months % 12 + 1
    return bool(np.all((read >= FIRST_MONTH) & (read < LAST_MONTH)) and np.any((years + 1) % 100 != months))
