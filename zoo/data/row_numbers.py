"""Columns that say nothing about rows but which they are: an index that a file brings along, and ids that count.

pandas calls the index in a CSV file nothing or `Unnamed: 0`, R `rownames`. Such columns are no inputs. Other columns
that number the rows may be what the caller wants: they stay, and are said to be doubtful.
"""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from zoo.data import doubts

INDEX = "the index of the rows"  # the reason in a schema
FEWEST_ROWS = 20  # of fewer rows, whole numbers may follow each other by chance
_INDEX_NAME = re.compile(r"(Unnamed: \d+(_level_\d+)?|rownames)?")


def is_index(name) -> bool:
    """Returns whether a column has the name of an index that a file brings along."""
    return isinstance(name, str) and _INDEX_NAME.fullmatch(name.strip()) is not None


def numbers_rows(values: pd.Series) -> bool:
    """Returns whether whole numbers are as many as the rows, each once and without a gap, in any order."""
    if len(values) < FEWEST_ROWS or not pd.api.types.is_integer_dtype(values.dtype) or values.hasnans:
        return False
    low, high = int(values.min()), int(values.max())
    return high - low == len(values) - 1 and len(np.unique(values)) == len(values)


def note_index(name) -> None:
    """Notes that a column is left out."""
    doubts.note(
        "It is taken for the index of the rows, and is no input.",
        column=name,
        repair=f"To use it, give it another name; to say that it is none, pass ignore={name!r}.",
    )


def note(frame: pd.DataFrame, known) -> None:
    """Notes which columns of a table are left out as its index, and which others number its rows.

    Args:
        frame: The rows.
        known: Columns of which the caller has said what they are.
    """
    for place, name in enumerate(frame.columns):
        if name in known:
            continue
        values = frame.iloc[:, place]
        if is_index(name):
            if not values.isna().all():
                note_index(name)
        elif numbers_rows(values):
            doubts.note(
                f"It numbers the rows, from {values.min()} to {values.max()}, which says nothing about other rows.",
                column=name,
                repair=f"If it is an id, leave it out with ignore={name!r}.",
            )
