"""A kind of column of someone else's: points on the globe, "48.1, 11.6", as unit vectors from the earth's centre.

    x = cos(latitude) cos(longitude)    y = cos(latitude) sin(longitude)    z = sin(latitude)

Two points are as near as vectors as they are on the globe, also across the poles and the date line.
"""

import re

import numpy as np
import pandas as pd

from zoo.data.columns.kind import Feature, Kind

NUMBER = r"-?\d{1,3}(?:\.\d+)?"
POINT = rf"\s*({NUMBER})\s*,\s*({NUMBER})\s*"


class Point(Kind):
    """Latitude and longitude in degrees, in one string."""

    name, precedence, order = "madaline_demo/point", 5, 100
    dtype, block_dtype = "string", "float32"

    def suits(self, values) -> bool:
        if values.cells is not None or values.numbers is not None or not values.levels:
            return False
        return all(re.fullmatch(POINT, level) for level in values.levels)

    def read(self, values, column, state) -> np.ndarray:
        degrees = np.full((len(values), 2), np.nan, "float32")
        for row, value in enumerate(values):
            if value is None or value != value or value == "":
                continue
            found = re.fullmatch(POINT, str(value))
            if found is None or abs(float(found[1])) > 90 or abs(float(found[2])) > 180:
                raise ValueError(
                    f"The column {column.name!r} must hold latitude, longitude in degrees. Received: {value!r} in row "
                    f"{row}. Repair the value, or leave it empty."
                )
            degrees[row] = float(found[1]), float(found[2])
        return degrees

    def read_shape(self, column, state):
        return (2,)

    def served(self, values, column, state) -> np.ndarray:
        self.read(values, column, state)  # raises what Python raises
        return np.array(["" if pd.isna(value) else str(value) for value in values], dtype=object)

    def read_graph(self, tensor, column, state):
        import tensorflow as tf

        known = tf.strings.regex_full_match(tensor, POINT)
        safe = tf.where(known, tensor, "0, 0")
        degrees = [tf.strings.to_number(tf.strings.regex_replace(safe, POINT, part)) for part in (r"\1", r"\2")]
        return tf.where(known[:, None], tf.stack(degrees, axis=1), np.float32(np.nan))

    def encode(self, read, column, state, encodings):
        import tensorflow as tf

        known = tf.reduce_all(tf.math.is_finite(read), axis=1, keepdims=True)
        latitude, longitude = tf.unstack(tf.where(known, read, 0.0) * np.float32(np.pi / 180), axis=1)
        across = tf.cos(latitude)
        vector = tf.stack([across * tf.cos(longitude), across * tf.sin(longitude), tf.sin(latitude)], axis=1)
        return tf.where(known, vector, 0.0)

    def features(self, column, state, encodings):
        return [Feature(axis) for axis in "xyz"]

    def sample(self, column, state, rows, generator, *, odd=False):
        latitude, longitude = generator.uniform(-90, 90, rows), generator.uniform(-180, 180, rows)
        points = [f"{a:.2f}, {b:.2f}" for a, b in zip(latitude, longitude)]
        if odd:
            points = ["" if i % 5 == 0 else point for i, point in enumerate(points)]
        return np.array(points, dtype=object)

    def cases(self, values, turn):
        return {"empty": np.full(len(values), "", object)}


POINT_COLUMN = Point()
