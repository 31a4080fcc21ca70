"""Arrays of numbers: vectors `(d,)`, encoded as the numbers of a table are, and sequences `(time, d)` as they are.

A vector has an offset for each of its numbers, where float32 cannot resolve the spread of one: see
`zoo.data.columns.number`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from zoo.data import doubts
from zoo.data.columns.arrays import stacked
from zoo.data.columns.encodings import Encodings
from zoo.data.columns.kind import Group, Kind, State
from zoo.data.columns.number import FEWEST_ROWS, note_unresolved, offsets_of
from zoo.data.columns.source_code import ARRAY, Source
from zoo.data.columns.table import Table
from zoo.data.columns.values import Values
from zoo.data.schema import Column

MOST_MOMENTS = 200_000  # of all sequences, of which statistics are taken
SAMPLED_VALUES = 2**20  # of which offsets are taken
STEPS = 10  # of a sampled sequence
STEPS_OF_PROOFS = 50


class Array(Kind):
    """Arrays of numbers."""

    name, precedence, order = "array", 12, 30
    has_numbers = True
    dtype, block_dtype = "float32", "float32"
    array_name = "inputs"

    def suits(self, values: Values) -> bool:
        return values.cells is not None and values.cells.dtype.kind in "biuf" and values.cells.ndim <= 2

    def suits_array(self, array: np.ndarray) -> bool:
        return array.ndim in (2, 3)

    def column(self, values: Values) -> Column:
        cells = values.cells
        if values.hints.missing:
            doubts.note(
                "Values that count as missing in other columns are numbers in its arrays.",
                column=values.name,
                repair="Write NaN into the arrays where a number is missing.",
            )
        return Column(values.name, self.name, str(cells.dtype), (), (None,) * (cells.ndim - 1) + cells.shape[-1:])

    def array_column(self, array: np.ndarray) -> Column:
        """Returns the column of an array `(rows, d)` or `(rows, time, d)`, of any time."""
        shape = (None,) * (array.ndim - 2) + array.shape[-1:]
        return Column(self.array_name, self.name, str(array.dtype), (), shape)

    def check(self, column: Column) -> str:
        is_vector = bool(column.shape) and len(column.shape) <= 2 and column.shape[-1] is not None
        return "" if is_vector else "a shape: of vectors [width], of sequences [null, width]"

    def is_tensor(self, column: Column) -> bool:
        return len(column.shape) > 1

    def with_values(self, column: Column, values: tuple[float, ...]) -> Column:
        return dataclasses.replace(column, values=values)

    def read(self, values, column: Column, state: State) -> np.ndarray:
        offset = state.get("offset")
        array = self._checked(values, column)
        return array.astype("float32", copy=False) if offset is None else (array - offset).astype("float32")

    def served(self, values, column: Column, state: State) -> np.ndarray:
        return self._checked(values, column).astype("float64" if "offset" in state else "float32", copy=False)

    def _checked(self, values, column: Column) -> np.ndarray:
        """Returns a column as one array of numbers."""
        array = stacked(values, column)
        if array.dtype.kind not in "biuf":
            raise ValueError(
                f"{column.name!r} must hold numbers. Received: {array.dtype}. Turn them: x.astype('float32')."
            )
        if column.values:
            allowed = np.isin(array, column.values)
            if not allowed.all():
                shown = ", ".join(f"{value:g}" for value in np.unique(array[~allowed])[:3])
                wanted = " and ".join(f"{value:g}" for value in column.values)
                raise ValueError(
                    f"{column.name!r} must hold {wanted} alone. Received: {shown}, in row "
                    f"{np.argwhere(~allowed)[0][0]}. Turn them: np.where(x > threshold, {column.values[-1]:g}, "
                    f"{column.values[0]:g})."
                )
        elif self.is_tensor(column) and not np.isfinite(array).all():
            row, time = np.argwhere(~np.isfinite(array))[0][:2]
            raise ValueError(
                f"{column.name!r} must be finite. Received: {array[row, time].ravel()[0]} in row {row} at step {time}. "
                "Cut these sequences, or fill them in: a sequence has no median to stand for what is missing."
            )
        return array

    def fit_group(
        self, table: Table, columns: Sequence[Column], encodings: Encodings, counts: dict, y: np.ndarray | None = None
    ) -> list[State]:
        (column,) = columns
        if self.is_tensor(column) or column.values:
            return [{}]
        table = table.spread(max(FEWEST_ROWS, SAMPLED_VALUES // column.shape[-1]))
        offsets = offsets_of(self._checked(table.column(column.name), column).astype("float64"))
        if not encodings.centred:
            note_unresolved(self.number_names(column, {}), offsets)
        return [{"offset": offsets.tolist()} if encodings.centred and offsets.any() else {}]

    def read_graph(self, tensor, column: Column, state: State):
        import tensorflow as tf

        return tf.cast(tensor - state["offset"], tf.float32) if "offset" in state else tensor

    def signature(self, column: Column, state: State):
        import tensorflow as tf

        return tf.TensorSpec((None, *column.shape), tf.float64 if "offset" in state else tf.float32)

    def read_shape(self, column: Column, state: State) -> tuple[int | None, ...]:
        return column.shape

    def training_numbers(self, block: np.ndarray, group: Group) -> np.ndarray:
        if block.ndim == 2:
            return block
        moments = block.reshape(-1, block.shape[-1])
        return moments[:: -(-len(moments) // MOST_MOMENTS)]  # evenly taken

    def numbers(self, read, column: Column, state: State):
        return None if self.is_tensor(column) else read

    def number_names(self, column: Column, state: State) -> list:
        return [f"{column.name}[{i}]" for i in range(column.shape[-1])]

    def offsets(self, column: Column, state: State) -> list[float]:
        return state.get("offset", [0.0] * column.shape[-1])

    def litert_obstacle(self, column: Column, state: State) -> str:
        return "numbers in float64" if "offset" in state else ""

    def web_numbers(self, column: Column, state: State) -> list[dict] | None:
        if self.is_tensor(column):
            return None
        return [{"offset": offset, "absent": []} for offset in self.offsets(column, state)]

    def source(self, group: Group, encodings: Encodings) -> Source:
        column, state = group.only
        if self.is_tensor(column):
            return Source()
        offset = f", {state['offset']!r}" if "offset" in state else ""
        return Source(numbers=(f"*array(rows[{str(column.name)!r}]{offset})",), functions={"array": ARRAY})

    def sample(self, column, state, rows, generator, *, odd=False):
        steps = STEPS_OF_PROOFS if odd else STEPS
        shape = (rows, *(steps if size is None else size for size in column.shape))
        if column.values:
            return generator.choice(np.array(column.values, "float32"), shape)
        center, scale = (np.array(state["scaled"][name]) for name in ("center", "scale"))
        drawn = center + (1.0 if odd else 0.5) * scale * generator.normal(size=shape)
        return drawn + state["offset"] if "offset" in state else drawn.astype("float32")


KIND = Array()
