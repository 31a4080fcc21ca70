"""Columns that say nothing about rows but which they are: an index that a file brings along, and ids that count.

pandas calls the index in a CSV file nothing or `Unnamed: 0`, R `rownames`. Such columns are no inputs. Other columns
that number the rows may be what the caller wants: they stay, and are said to be doubtful.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pandas as pd

from zoo.data import doubts

INDEX = "the index of the rows"  # the reason in a schema
CELLS = 2**20  # the most numbers that are looked at together
FEWEST_ROWS = 20  # of fewer rows, whole numbers may follow each other by chance
_INDEX_NAME = re.compile(r"(Unnamed: \d+(_level_\d+)?|rownames)?")


def is_index(name) -> bool:
    """Returns whether a column has the name of an index that a file brings along."""
    return isinstance(name, str) and _INDEX_NAME.fullmatch(name) is not None


def numbers_rows(values: pd.Series) -> bool:
    """Returns whether whole numbers are as many as the rows, each once and without a gap, in any order."""
    if len(values) < FEWEST_ROWS or values.dtype.kind not in "iu" or values.hasnans:
        return False
    numbers = values.to_numpy()
    return int(numbers.max()) - int(numbers.min()) == len(numbers) - 1 and len(np.unique(numbers)) == len(numbers)


def note_index(name) -> None:
    """Notes that a column is left out."""
    doubts.note(
        "It is taken for the index of the rows, and is no input.",
        column=name,
        repair=f"To use it, give it another name; to say that it is none, pass `ignore={name!r}`.",
    )


def note(frame: pd.DataFrame, known) -> None:
    """Notes which columns of a table are left out as its index, and which others number its rows.

    Args:
        frame: The rows.
        known: Columns of which the caller has said what they are.
    """
    unknown = [(place, name) for place, name in enumerate(frame.columns) if name not in known]
    for place, name in unknown:
        if is_index(name) and not frame.iloc[:, place].isna().all():
            note_index(name)
    for place, name in _of_a_span(frame, [(place, name) for place, name in unknown if not is_index(name)]):
        values = frame.iloc[:, place]
        if numbers_rows(values):
            _note_numbers(name, values.min(), values.max())


class Counting:
    """Which columns of a stream number its rows in their order, block by block.

    Args:
        known: Columns of which the caller has said what they are.
    """

    def __init__(self, known):
        self._known, self._starts, self._rows = set(known), None, 0

    def watched(self, blocks: Iterable[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        """Yields the blocks, having looked at each."""
        for block in blocks:
            self._look(block)
            yield block

    def _look(self, block: pd.DataFrame) -> None:
        if self._starts is None:
            names = [name for name in block.columns if name not in self._known and not is_index(name)]
            self._starts = dict.fromkeys(names)
        left = {}
        for name, start in self._starts.items():
            values = block[name]
            if values.dtype.kind not in "iu":
                continue
            numbers = values.to_numpy().astype("int64") - np.arange(self._rows, self._rows + len(block))
            start = int(numbers[0]) if start is None and len(numbers) else start
            if (numbers == start).all():
                left[name] = start
        self._starts, self._rows = left, self._rows + len(block)

    def note(self) -> None:
        """Notes the columns that number the rows."""
        if self._rows >= FEWEST_ROWS:
            for name, start in (self._starts or {}).items():
                _note_numbers(name, start, start + self._rows - 1)


def _note_numbers(name, first, last) -> None:
    doubts.note(
        f"It numbers the rows, from {first} to {last}, which says nothing about other rows.",
        column=name,
        repair=f"If it is an id, leave it out with `ignore={name!r}`.",
    )


def _of_a_span(frame: pd.DataFrame, columns: list[tuple[int, Any]]) -> list[tuple[int, Any]]:
    """Returns the columns of whole numbers that may number the rows: from the first to the last are as many."""
    if len(frame) < FEWEST_ROWS:
        return []
    dtypes = frame.dtypes.array
    whole = [(place, name) for place, name in columns if pd.api.types.is_integer_dtype(dtypes[place])]
    at_once = max(1, CELLS // len(frame))  # pandas takes longer for a call than for some thousand numbers
    found = []
    for start in range(0, len(whole), at_once):
        some = whole[start : start + at_once]
        if all(isinstance(dtypes[place], np.dtype) for place, _ in some):
            numbers = frame.iloc[:, [place for place, _ in some]].to_numpy()
            spans = numbers.max(axis=0) - numbers.min(axis=0)
            some = [column for column, span in zip(some, spans) if span == len(frame) - 1]
        found += some
    return found
