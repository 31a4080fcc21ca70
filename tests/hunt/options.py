"""How much the hunt tries, and which kinds of values it includes, by two environment variables.

    HUNT_TABLES=20000 pytest tests/hunt          ten times as many tables of each test, drawn at random
    HUNT_ALSO=decimal_commas pytest tests/hunt   with a kind of values that is not part of every run; `all` for all

Without `HUNT_TABLES` each run draws the same tables: 2,000 are read and encoded, 40 trained, 10 exported.
"""

import os

from hypothesis import HealthCheck, Phase, settings

READ = 2_000  # tables in a run without HUNT_TABLES

# Kinds of values that are drawn where EVERY_RUN or HUNT_ALSO names them.
KINDS = {
    "date_notations": "dates as day/month/year, day.month.year, year/month/day, and without leading zeros",
    "zones": "dates with an offset from UTC, beside the same instants without one",
    "decimal_commas": "numbers as text with a decimal comma, marks of thousands, or signs of currency",
    "missing_marks": "`null`, `None`, `n/a`, `-`, `\\N` and `.` where a number is missing",
    "float64": "numbers whose spread is too small for float32, such as seconds since 1970",
    "padded_codes": "codes with leading zeros that have a blank before them throughout the training rows",
    "dictionaries": "categories as Arrow's dictionaries in a DataFrame",
    "strange_cells": "single cells that are lists, dicts, bytes or text that is no UTF-8, complex or enormous numbers",
    "python_objects": "dates and Decimals of Python",
    "carriage_returns": "a carriage return in the name of a column of a file",
    "any_names": "columns whose names are numbers of numpy or pandas's Timestamps",
}
EVERY_RUN: tuple[str, ...] = ()


def included(kind: str) -> bool:
    """Returns whether a kind of values is drawn.

    Raises:
        ValueError: if HUNT_ALSO names a kind that there is not.
    """
    asked = set(os.environ.get("HUNT_ALSO", "").replace(",", " ").split())
    if unknown := sorted(asked - {*KINDS, "all"}):
        raise ValueError(f"HUNT_ALSO must name some of {', '.join(KINDS)}, or all. Received: {', '.join(unknown)}")
    return kind in EVERY_RUN or bool(asked & {kind, "all"})


def tables(share: int, *, shortest: bool = True) -> settings:
    """Returns hypothesis's settings of a test.

    Args:
        share: Tables that it draws in a run of 2,000.
        shortest: Whether the shortest example of a failure is sought, for which a test is run hundreds of times.
    """
    asked = os.environ.get("HUNT_TABLES")
    phases = [Phase.explicit, Phase.reuse, Phase.generate, *([Phase.shrink] if shortest else [])]
    return settings(
        max_examples=max(1, share * int(asked or READ) // READ),
        deadline=None,
        derandomize=asked is None,
        phases=phases,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
    )
