"""Tables as the world makes them: columns of every kind under names of every kind, an index, and a target."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from tests.hunt import columns
from tests.hunt.columns import LETTERS, Column

PLAIN = [f"x{i}" for i in range(6)]
ODD = ["class", "self", "Größe", " BMI ", "hours per week", "a", "A", "2nd", "_x", "é", "p_yes", "label", "index", 0, 7]
ODD += [np.int64(3), pd.Timestamp("2020-01-01"), 2.5, True]
MANY = 45  # rows: more are not read value by value


@dataclasses.dataclass(frozen=True)
class Table:
    """Columns and a target of as many rows.

    Args:
        columns: The inputs, one of them a number that tells its rows apart.
        target: The target's values, in the caller's dtype.
        name: Its name.
        index: Of the rows.
    """

    columns: tuple[Column, ...]
    target: Any
    name: Any
    index: pd.Index

    def _repr_pretty_(self, printer, cycle) -> None:
        """Prints what a table holds, for the shortest example that hypothesis shows."""
        columns = [f"{column.name!r}: {column.kind} {column.values[: MANY // 2]}" for column in self.columns]
        kind = type(self.index).__name__
        printer.text(f"Table of {len(self.index)} rows, {kind}, target {self.name!r}: {'; '.join(columns)}")

    def frame(self, notations: dict | None = None, *, target: bool = True) -> pd.DataFrame:
        """Returns the table with each column in a notation: of `notations` by name, or the first it is trained in."""
        chosen = notations or {}
        made = {c.name: as_array(c.notations[chosen.get(c.name, c.trained[0])](c.values)) for c in self.columns}
        if target:
            made[self.name] = as_array(self.target)
        frame = pd.DataFrame(made)
        return frame.set_axis(self.index, axis=0)


def as_array(values):
    """Returns what a DataFrame takes without regard to an index."""
    return values.array if isinstance(values, pd.Series) else values


def names():
    """Returns a strategy of names of columns, which differ as strings too. A column without one is an index."""
    return st.sampled_from(PLAIN) | st.sampled_from(ODD) | st.text(LETTERS, min_size=1, max_size=6)


def indices(rows: int):
    """Returns a strategy of indices: of numbers, of strings, with repetitions, of two levels."""
    return st.sampled_from(
        [
            pd.RangeIndex(rows),
            pd.Index(np.arange(rows)[::-1] * 3),
            pd.Index([f"row {i // 2}" for i in range(rows)]),
            pd.MultiIndex.from_arrays([np.arange(rows) // 2, np.arange(rows) % 2], names=["a", None]),
            pd.date_range("2024-01-01", periods=rows),
        ]
    )


@st.composite
def tables(draw, *, classes: bool | None = None, fewest: int = 6, most: int = 4) -> Table:
    """Returns a strategy of tables that the zoo must take.

    Args:
        draw: Of a composite strategy.
        classes: Whether the target has classes; None for either.
        fewest: The least rows.
        most: The most columns beside the one that tells rows apart.
    """
    rows = draw(st.integers(fewest, fewest + 8) | st.just(MANY))
    count = draw(st.integers(0, most))
    chosen = draw(st.lists(names(), min_size=count + 2, max_size=count + 2, unique_by=str))
    made = [draw(draw(st.sampled_from(columns.KINDS))(name, rows)) for name in chosen[:count]]
    made.insert(draw(st.integers(0, count)), _rising(chosen[count], rows))
    classes = draw(st.booleans()) if classes is None else classes
    target = draw(_classes(rows) if classes else _amounts(rows))
    return Table(tuple(made), target, chosen[-1], draw(indices(rows)))


def _rising(name, rows: int) -> Column:
    values = [row + 0.5 for row in range(rows)]
    return Column(name, "number", values, {"float64": np.array}, ("float64",), (1.25, -3.0, None))


@st.composite
def _classes(draw, rows: int):
    """Returns the classes of the rows, in one of the dtypes that they come in; two rows of each at least."""
    pool = draw(
        st.sampled_from(
            [["no", "yes"], [False, True], [0, 1], [3, 5, 9], ["Ä", "b c", "<d>"], [1.0, 2.0], ["1", "2"], [-1, 1]]
        )
    )
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    places = generator.permutation(np.arange(rows) % len(pool))
    values = [pool[place] for place in places]
    as_categories = draw(st.booleans())
    return pd.Series(pd.Categorical(values)) if as_categories else np.array(values)


@st.composite
def _amounts(draw, rows: int):
    """Returns a number for each row."""
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    scale = draw(st.sampled_from([1.0, 1e-3, 1e3]))
    offset = draw(st.sampled_from([0.0, 100.0 * scale, 1.7e9]))
    return offset + scale * np.round(generator.normal(size=rows), 6)  # as on machines with another libm


@st.composite
def noted(draw, table: Table, trained: dict | None = None) -> dict:
    """Returns a notation of each column by its name: one to train in, or one to read after a training in others.

    Args:
        draw: Of a composite strategy.
        table: The table.
        trained: The notations of the training; None for one to train in.
    """
    chosen = {}
    for column in table.columns:
        known = column.trained
        if trained is not None:
            own = trained[column.name]
            known = [name for name in column.notations if name not in (*column.alone, *column.refused.get(own, ()))]
            known += [own] if own in column.alone else []
        chosen[column.name] = draw(st.sampled_from(known))
    return chosen
