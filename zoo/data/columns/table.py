"""A raw table as it is read: a DataFrame or a dict of columns, by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

ROWS = 65_536  # rows of numbers that are copied at a time


class Table:
    """The columns of a DataFrame, or of a dict of columns.

    Args:
        x: A DataFrame or a mapping.
        places: Position of each column of the DataFrame by its name.
    """

    def __init__(self, x, places: Mapping | None = None):
        self._x, self._places = x, places

    @property
    def rows(self) -> int:
        """The number of rows."""
        return len(self._x) if isinstance(self._x, pd.DataFrame) else len(next(iter(self._x.values())))

    def column(self, name):
        """Returns a column: a Series, or what the dict holds."""
        return self._x[name] if self._places is None else self._x.iloc[:, self._places[name]]

    def spread(self, rows: int) -> Table:
        """Returns at most so many rows, evenly taken; the table itself if it has no more."""
        step = -(-self.rows // rows)
        if step < 2:
            return self
        if isinstance(self._x, pd.DataFrame):
            return Table(self._x.iloc[::step], self._places)
        return Table({name: values[::step] for name, values in self._x.items()}, self._places)

    def plain_numbers(self, names: Sequence, dtype: str = "float32") -> tuple[np.ndarray, np.ndarray]:
        """Returns a matrix `(rows, columns)`, and which of its columns are filled: those of numpy's own numbers."""
        if self._places is None:
            filled = np.array([is_plain(self._x[name]) for name in names], bool)
            matrix = np.empty((self.rows, len(names)), dtype)
            with np.errstate(over="ignore"):
                for i in np.flatnonzero(filled):
                    matrix[:, i] = self._x[names[i]]
            return matrix, filled
        chosen = np.array([self._places[name] for name in names], int)
        dtypes = self._x.dtypes.array[chosen]
        filled = np.array([isinstance(kind, np.dtype) and kind.kind in "fiub" for kind in dtypes], bool)
        matrix = np.empty((self.rows, len(names)), dtype)
        into = slice(None) if filled.all() else filled
        with np.errstate(over="ignore"):
            for start in range(0, self.rows, ROWS):
                rows = slice(start, start + ROWS)
                matrix[rows, into] = self._x.iloc[rows, chosen[filled]].to_numpy(dtype)
        return matrix, filled


def is_plain(values) -> bool:
    """Returns whether a column is an array of numpy's own numbers, one a row."""
    return isinstance(values, np.ndarray) and values.ndim == 1 and values.dtype.kind in "fiub"
