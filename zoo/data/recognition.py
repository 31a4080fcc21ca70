"""Which notation of dates the texts of a column have.

It is decided over all distinct texts. Where day and month cannot be told apart, or years have two digits, nothing is
guessed: what is unclear is said, with the notations that it may be.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence

import numpy as np

from zoo.data.notations import BLANK, MARKS, MONTH, WEEKDAY, instants, patterns

# Pairs of formats that only a day beyond 12 tells apart, and formats that nothing is mistaken for.
PAIRED = tuple((f"%d{mark}%m{mark}%Y", f"%m{mark}%d{mark}%Y") for mark in "/.- ")
SINGLE = (
    *("%Y/%m/%d", "%Y.%m.%d", "%Y %m %d", "%Y%m%dT%H%M%S", "%Y%m%dT%H%M%S%z"),
    *("%d %b %Y", "%d-%b-%Y", "%d/%b/%Y", "%d.%b.%Y", "%d. %b %Y", "%d %b, %Y", "%b %d, %Y", "%b %d %Y", "%b-%d-%Y"),
    *("%Y-%b-%d", "%Y %b %d", "%a, %d %b %Y", "%a %d %b %Y", "%a, %b %d, %Y", "%a %b %d %Y", "%a %b %d, %Y"),
    *("%a %b %d %H:%M:%S %Y", "%a %b %d %H:%M:%S %Z %Y", "%d/%b/%Y:%H:%M:%S %z"),
)
SHORT_YEARS = (
    *(f"{first}{mark}{second}{mark}%y" for mark in "/.-" for first, second in (("%d", "%m"), ("%m", "%d"))),
    *("%y/%m/%d", "%y-%m-%d", "%d-%b-%y", "%d %b %y", "%b %d, %y"),
)
MONTH_ALONE = re.compile(r"\s*\d{4}-\d{1,2}\s*", re.ASCII)  # read as its first day, but it may be a code as well
LOOKED_AT = 20  # values by which a column is left alone without trying every notation
LIKELY = re.compile(rf"(?i){BLANK}(?:{WEEKDAY},? +)?(?:\d{{1,4}}\.?[-/. ]|\d{{8}}T|(?:{MONTH})[ -]).*\d")
ENOUGH = 0.9  # share of a column's values beyond which it is one of dates


@dataclasses.dataclass(frozen=True)
class Recognised:
    """What the notation of a column of texts is found to be.

    Args:
        format: The notation; None if it cannot be told.
        others: The texts that are no dates.
        reason: Why the notation cannot be told, as a sentence.
        example: A text by which it cannot be told.
        formats: The notations that it may be.
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
        return instants(texts, candidate)[1] & ~alone

    if format and suits(read := read_as(format)):
        return Recognised(format, others(read))
    if not likely:
        return None
    for candidate in ("", *SINGLE):
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
    return None
