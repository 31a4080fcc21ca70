"""Reads raw tables into blocks: one array for all columns of a group, so that wide tables need few operations.

What a block holds is said by the kind of its columns. Small tables, such as a single row, are read value by value: one
call of pandas takes longer than a thousand cells.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from zoo.data import doubts
from zoo.data.columns.kind import Group
from zoo.data.columns.strings import FEW_ROWS
from zoo.data.columns.table import Table
from zoo.data.raw_values import plain_values
from zoo.data.schema import Schema
from zoo.registry import suggest

FEW_CELLS = 16_384  # of tables of at most `FEW_ROWS` rows that are read value by value


class Reader:
    """Reads tables by a schema.

    Args:
        schema: The columns of a table.
        groups: The columns that are read together, fitted.
    """

    def __init__(self, schema: Schema, groups: Sequence[Group]):
        self.schema, self.groups = schema, groups
        self._expected = {*schema.names, *schema.targets, *schema.dropped}
        self._warned = False
        self._last_columns: tuple[Any, dict] = (None, {})  # the columns of the last table, and the position of each

    def table(self, x) -> Table:
        """Returns a table that has all columns.

        Raises:
            ValueError: if a column is missing.
        """
        self.check(x)
        return Table(x, self._column_positions(x) if isinstance(x, pd.DataFrame) else None)

    def check(self, x) -> None:
        """Raises ValueError if a column is missing; warns once of columns that the schema does not have."""
        if not isinstance(x, (pd.DataFrame, Mapping)):
            raise ValueError(
                f"The data must be a DataFrame or a dict of the columns {', '.join(map(str, self.schema.names))}. "
                f"Received: {type(x).__name__}. Give each value the name of its column."
            )
        given = self._column_positions(x) if isinstance(x, pd.DataFrame) else list(x)
        present = given if isinstance(given, dict) else set(given)
        if missing := [name for name in self.schema.names if name not in present]:
            hints = "".join(suggest(name, map(str, given)) for name in missing[:1])
            raise ValueError(
                f"The columns {', '.join(map(str, missing))} are missing.{hints} The data have: "
                f"{', '.join(map(str, given))}. Add them (empty where unknown), or build on these data: "
                "zoo.build(name, data, target=...)."
            )
        extra = [] if self._warned else [str(name) for name in given if name not in self._expected]
        if extra:
            self._warned = True
            doubts.note(f"Columns that training did not know are ignored: {', '.join(extra)}.")
        if isinstance(x, Mapping):
            rows = {
                column.name: len(x[column.name]) if np.ndim(x[column.name]) else 1 for column in self.schema.columns
            }
            if len(set(rows.values())) > 1:
                shown = ", ".join(f"{name}: {length}" for name, length in rows.items())
                raise ValueError(
                    f"All columns must have the same number of rows. Received: {shown}. Fill the shorter ones in, or "
                    "cut the longer ones."
                )

    def _column_positions(self, x: pd.DataFrame) -> dict:
        """Returns the position of each column of a table by its name; remembers it if the table has all columns."""
        names, places = self._last_columns
        if not _same(x.columns, names):
            if not x.columns.is_unique:
                twice = ", ".join(sorted({str(name) for name in x.columns[x.columns.duplicated()]}))
                raise ValueError(f"Column names must differ. Received twice: {twice}. Rename one of each.")
            places = {name: place for place, name in enumerate(x.columns)}
            if all(name in places for name in self.schema.names):
                self._last_columns = (x.columns, places)
        return places

    def blocks(self, x) -> dict[str, np.ndarray]:
        """Returns the blocks of a table by the key of their group.

        Args:
            x: A DataFrame, or a dict of columns.

        Raises:
            ValueError: if a column is missing, or has a value that its kind does not allow.
        """
        table = self.table(x)
        return {group.key: group.kind.read_group(table, group) for group in self.groups}

    def few(self, x) -> dict[str, np.ndarray] | None:
        """Returns the blocks of a small table, or None if `blocks` must read it.

        `blocks` reads large tables, tables of other columns, and values that need pandas, such as numbers in strings.

        Args:
            x: A DataFrame, or a dict of lists.
        """
        values = self._values(x)
        if values is None:
            return None
        blocks: dict[str, np.ndarray] = {}
        for group in self.groups:
            block = group.kind.read_cells([values[column.name] for column in group.columns], group)
            if block is None:
                return None
            blocks[group.key] = block
        return blocks

    def _values(self, x) -> dict[Any, list] | None:
        """Returns the values of each column as Python objects, or None if they are many or columns are missing."""
        if isinstance(x, pd.DataFrame):
            if not 0 < len(x) <= FEW_ROWS or len(x) * x.shape[1] > FEW_CELLS:
                return None
            names, places = self._last_columns
            if not _same(x.columns, names):
                if not x.columns.is_unique or not set(x.columns).issuperset(self.schema.names):
                    return None
                self.check(x)
                places = self._column_positions(x)  # another thread may have read another table meanwhile
            cells = x.to_numpy(dtype=object).T.tolist()
            return {column.name: cells[places[column.name]] for column in self.schema.columns}
        columns = [x.get(name) for name in self.schema.names]
        if not all(isinstance(column, list) for column in columns) or not self._expected.issuperset(x):
            return None
        rows = {len(column) if isinstance(column, list) else 0 for column in x.values()}  # the target's too
        if len(rows) != 1 or not 0 < max(rows) <= FEW_ROWS or max(rows) * len(columns) > FEW_CELLS:
            return None
        return {column.name: plain_values(values) for column, values in zip(self.schema.columns, columns)}


def _same(columns: pd.Index, others: pd.Index | None) -> bool:
    return others is not None and (columns.is_(others) or columns.equals(others))
