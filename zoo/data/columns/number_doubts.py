"""Columns of texts that are nearly numbers: what keeps them from being read as such, and what to do about it.

    12 kg   3 kg          numbers of one unit, which a schema can name
    12      unknown       numbers among few other texts, which may be marks of missing values
    $ 3     € 4           numbers of several units; 12 % beside 0.12; 1.234,5 beside 1,234.5

Nothing is guessed: such columns are read as texts are, and said to be doubtful.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping

from zoo.data.columns.number_formats import CORE, GROUPS, SHARE, affixes, cleaned, core_of, pattern, starts_like_numbers

FEWEST_NUMBERS = 8  # distinct numbers that a column must have for others to be marks
MOST_MARKS = 5
HALF = 0.5
LOOKED_AT = 8  # texts by which most columns are left alone
# A unit has few letters: 12 km/h is a number, 12 Broadway an address.
_WITH_UNIT = re.compile(rf"[+-]?(?:{CORE})\s*(?P<unit>[^\d\s.,()+%‰-][^\d\s]{{0,4}})")


def doubt(counts: Mapping[str, int]) -> tuple[str, str, str] | None:
    """Returns what is doubtful of a column that is none of numbers, an example, and the repair; None for most columns.

    Args:
        counts: In how many rows each text stands, without those that count as missing.
    """
    rows = sum(counts.values())
    if not rows:
        return None
    if not starts_like_numbers(counts):
        return _of_one_unit(counts, rows)
    cores = {text: core for text in counts if (core := core_of(text)) is not None}
    share = sum(counts[text] for text in cores) / rows
    if share >= SHARE:
        return _written_in_several_ways(cores)
    if len(cores) >= FEWEST_NUMBERS and share >= HALF:
        return _among_others(counts, cores, share)
    return None


def _written_in_several_ways(cores: Mapping[str, str]) -> tuple[str, str, str] | None:
    for side in ("prefix", "suffix"):
        found = affixes(cores, side)
        if len(found) > 1:
            signs = " and ".join(repr(sign) if sign else "none" for sign in sorted(found))
            example = next(text for text in cores if affixes([text], side) == {max(found)})
            return (
                f"Its numbers are written with several signs, {signs}, so they are not read as numbers.",
                example,
                "Turn them into one unit, and write all with one sign.",
            )
    known = [pattern(point, group) for point in ".," for group in GROUPS if point != group]
    if all(any(one.fullmatch(core) for one in known) for core in cores.values()):
        example = next((text for text, core in cores.items() if "," in core), next(iter(cores)))
        reason = "Its numbers are written with several decimal marks, so they are not read as numbers."
        return None if _has_codes(cores) else (reason, example, "Write them with one.")
    return None


def _has_codes(cores: Mapping[str, str]) -> bool:
    return any(re.fullmatch(r"0\d+", core) for core in cores.values())


def _among_others(counts: Mapping[str, int], cores, share: float) -> tuple[str, str, str] | None:
    others = [text for text in counts if text not in cores]
    if len(others) > MOST_MARKS or any(re.search(r"\d", text) for text in others) or _has_codes(cores):
        return None
    shown = ", ".join(map(repr, others))
    return (
        f"{100 * share:.3g} % of its values are numbers, {shown} are not, so it is not read as numbers.",
        others[0],
        f"If they mark missing values, pass `na_values=[{shown}]`.",
    )


def _of_one_unit(counts: Mapping[str, int], rows: int) -> tuple[str, str, str] | None:
    units: dict[str, int] = {}
    first = itertools.islice(counts, LOOKED_AT)
    likely = sum(_WITH_UNIT.fullmatch(cleaned(text)) is not None for text in first)
    if len(counts) < FEWEST_NUMBERS or likely < LOOKED_AT // 2:
        return None
    for text, count in counts.items():
        if match := _WITH_UNIT.fullmatch(cleaned(text)):
            units[match["unit"]] = units.get(match["unit"], 0) + count
    unit = max(units, key=lambda name: units[name], default="")
    if units.get(unit, 0) < SHARE * rows:
        return None
    example = next(text for text in counts if text.strip().endswith(unit))
    return (
        f"Its values are numbers with {unit!r} behind them, which are not read as numbers.",
        example,
        f'If that is their unit, set "kind": "number" and "suffix": "{unit}" in the schema.',
    )
