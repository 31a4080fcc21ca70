"""Images: uint8 `(height, width, channels)`, an encoded tensor as they are."""

from __future__ import annotations

import numpy as np

from zoo.data.columns.arrays import stacked
from zoo.data.columns.encodings import Encodings
from zoo.data.columns.kind import Group, Kind, State
from zoo.data.columns.source_code import Source
from zoo.data.columns.values import Values
from zoo.data.schema import Column


class Image(Kind):
    """Images."""

    name, precedence, order = "image", 11, 35
    dtype, block_dtype = "uint8", "uint8"
    is_picture, array_name = True, "image"

    def suits(self, values: Values) -> bool:
        cells = values.cells
        return cells is not None and cells.dtype == np.uint8 and cells.ndim in (2, 3)

    def suits_array(self, array: np.ndarray) -> bool:
        return array.ndim == 4

    def column(self, values: Values) -> Column:
        shape = values.cells.shape
        return Column(values.name, self.name, "uint8", (), shape if len(shape) == 3 else (*shape, 1))

    def array_column(self, array: np.ndarray) -> Column:
        """Returns the column of an array `(rows, height, width, channels)`."""
        return Column(self.array_name, self.name, str(array.dtype), (), tuple(array.shape[1:]))

    def check(self, column: Column) -> str:
        whole = column.shape is None or len(column.shape) == 3 and None not in column.shape  # None: the files decide
        return "" if whole else "a shape of three sizes: height, width, channels"

    def is_tensor(self, column: Column) -> bool:
        return True

    def read(self, values, column: Column, state: State) -> np.ndarray:
        array = stacked(values, column)
        if array.dtype == np.uint8:
            return array
        if (
            array.dtype.kind not in "iuf"
            or np.any(array < 0)
            or np.any(array > 255)
            or np.any(array != np.round(array))
        ):
            raise ValueError(
                f"{column.name!r} must be uint8, from 0 to 255. Received: {array.dtype}. Scale the images."
            )
        return array.astype("uint8")

    def signature(self, column: Column, state: State):
        import tensorflow as tf

        return tf.TensorSpec((None, *column.shape), tf.uint8)

    def read_shape(self, column: Column, state: State) -> tuple[int | None, ...]:
        return column.shape

    def web_numbers(self, column: Column, state: State) -> list[dict]:
        return []

    def source(self, group: Group, encodings: Encodings) -> Source:
        return Source()

    def sample(self, column, state, rows, generator, *, odd=False):
        if odd:
            return generator.integers(0, 256, (rows, *column.shape), dtype="uint8")
        return np.stack([_disc(column.shape)] * rows)


def _disc(shape) -> np.ndarray:
    """Returns a bright disc on black, uint8."""
    height, width, _ = shape
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    return np.broadcast_to((255 * (x**2 + y**2 < 0.25))[..., None], shape).astype("uint8")


KIND = Image()
