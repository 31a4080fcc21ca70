"""The preprocessor: raw columns to the encoded tensors of a network.

    raw       inputs       (batch, d)  numbers as they are, a 0/1 a level
              inputs       (batch, time, d)  sequences, as they are
    tabular   numeric      (batch, n)  scaled numbers, flags, parts of dates, words of texts
              quantile     (batch, q)  the rank of each number among the training rows, in [0, 1]
              categorical  (batch, m)  level of each category; 0 is what training has not seen
    image     image        (batch, height, width, channels) uint8

One graph of TensorFlow operations encodes data for training and stands in the exported model, so that both give the
same. Its constants come from training rows alone. The scaling of numbers is that of RealMLP, (x - median) / (q75 - q25)
and then z / sqrt(1 + (z/3)^2): https://arxiv.org/abs/2407.04491.
"""

from __future__ import annotations

import contextlib
import warnings
from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from zoo import notices
from zoo.data import dates, targets, texts
from zoo.data.names import named_as
from zoo.data.number_statistics import number_statistics
from zoo.data.reading import NUMBERS, Reader, level_positions
from zoo.data.sampling import Sample, sample
from zoo.data.schema import MISSING, Schema, as_numbers, is_missing, level_name
from zoo.registry import SUPERVISED

KINDS = ("raw", "tabular", "image")
SCALINGS = ("standard", "quantile")
BLOCK = 65_536  # the most rows that are encoded at once
BLOCK_VALUES = 2**21  # the most values that are encoded at once: so many fit into a processor's cache
UNTRACED_CALLS = 3  # the first calls of one block each run without tracing, which takes as long as ten of them
MANY_STRINGS = 1_000  # from so many strings on it is quicker to convert each distinct one once


class Preprocessor:
    """Encodes raw columns. Not a Keras layer: a tracked lookup table would turn XLA off.

    Args:
        schema: The raw columns.
        kind: `"raw"`, `"tabular"` or `"image"`.
        scaling: What `"tabular"` does to numbers: `"standard"` (zero mean, unit variance) or `"quantile"`.
        feature_budget: The most features that the ranks of all numbers may be expanded to; None for no limit. If it
            leaves fewer than two bins a column, numbers are scaled and not ranked.

    Raises:
        ValueError: if the kind or the scaling are unknown, or do not suit the schema.
    """

    def __init__(
        self, schema: Schema, kind: str = "tabular", scaling: str = "quantile", feature_budget: int | None = None
    ):
        if kind not in KINDS:
            raise ValueError(f"`kind` must be one of {', '.join(KINDS)}. Received: kind={kind!r}")
        if scaling not in SCALINGS:
            raise ValueError(f"`scaling` must be one of {', '.join(SCALINGS)}. Received: scaling={scaling!r}")
        is_image = any(column.kind == "image" for column in schema.columns)
        if kind == "image" and not is_image:
            if (sequence := schema.columns[0].shape) is not None and len(sequence) > 1:
                raise ValueError(
                    f"Images must be uint8, from 0 to 255. Received: {schema.columns[0].dtype}. Turn them: "
                    "x.astype('uint8'), or (255 * x).astype('uint8') if they are from 0 to 1."
                )
            raise ValueError(
                "This model takes images. Received: columns. Take a table's model, such as 'mlp_classifier'."
            )
        whole = isinstance(feature_budget, int) and not isinstance(feature_budget, bool)
        if feature_budget is not None and not (whole and feature_budget >= 0):
            raise ValueError(
                "`feature_budget` must be a number of features, 0 or more, or None for no limit. Received: "
                f"feature_budget={feature_budget!r}"
            )
        self.schema, self.kind, self.scaling, self.feature_budget = schema, kind, scaling, feature_budget
        self.target_center, self.target_scale = 0.0, 1.0
        self.target_low, self.target_high = 0.0, 1.0
        self.target_dtype = "float32"  # of a regression's answers; artifacts of before float64 have this one
        self._state: dict[str, Any] = {}
        self._module: Any = None
        self._block_encoder: Any = None
        self._function: Any = None
        self._reader: Reader | None = None
        self._level_positions: list[dict[str, int]] | None = None
        self._calls = 0  # of `encode`
        self.num_rows: int | None = None  # of the data it was fitted to
        self.num_targets: int | None = None  # of pairs

    # What the columns are, in the order of the schema.

    def _named(self, kind: str) -> list:
        return [column.name for column in self.schema.columns if column.kind == kind]

    def fit(self, x, y=None) -> Preprocessor:
        """Takes the statistics from training rows.

        Args:
            x: A DataFrame, an array for a schema of arrays or images, or a `Sample` of a stream.
            y: The target `(rows,)`; its mean and deviation are kept for a regression.

        Raises:
            ValueError: if a column is missing, or holds what its kind does not allow.
        """
        counts, self.num_rows = None, x.rows if isinstance(x, Sample) else len(x)
        self.num_targets = np.shape(y)[1] if np.ndim(y) == 2 else None
        if isinstance(x, Sample):
            counts, x = x.counts, x.frame
            if y is None and self.schema.target is not None:
                y = x[self.schema.target]
        elif isinstance(x, pd.DataFrame):
            extra = (
                {} if y is None else {"__target__": np.asarray(y, object) if len(x) > 200_000 else np.arange(len(x))}
            )
            if len(x) > 200_000:
                drawn = sample([x.assign(**extra)])
                x, counts = drawn.frame, drawn.counts
                y = None if y is None else pd.Series(x.pop("__target__").tolist())
        if len(x) == 0:
            raise ValueError("There are no rows to take statistics from. The data must have at least one.")
        if self.schema.task == "regression" and y is not None:
            known = targets.statistics(self.encode_target(y))
            self.target_center, self.target_scale, self.target_low, self.target_high = known
            self.target_dtype = targets.dtype_of(*known)
        if self._image_or_array("image") is None:
            self._fit_columns(self.tensors(x), counts)
        self._module = self._block_encoder = self._function = self._level_positions = None
        return self

    def _image_or_array(self, kind):
        names = self._named(kind)
        return names[0] if names else None

    def _fit_columns(self, tensors, counts):
        state: dict[str, Any] = {}
        state["times"] = [bool(dates.has_times(tensors[name])) for name in self._named("date")]
        numbers = [tensors[name] for name in self._named("number")]
        if written := [tensors[name] for name in self._named("date")]:
            days, valid = dates.parse(np.concatenate(written))
            numbers += np.split(np.where(valid, days, np.nan).astype("float32"), len(written))
        arrays = [_as_rows(tensors[name]) for name in self._named("array")]
        columns = [np.stack(numbers).T] if numbers else []
        state.update(number_statistics(columns + arrays, self.scaling, self.feature_budget))
        if self.kind == "raw" and arrays:
            state["missing"] = [False] * len(state["missing"])
        booleans = [tensors[name] for name in self._named("boolean")]
        state["boolean_missing"] = [bool(np.isnan(values).any()) for values in booleans]
        state["levels"] = [
            _levels(tensors[name], self.schema.column(name).categories, _named_counts(counts, name), self.kind)
            for name in self._named("category")
        ]
        state["texts"] = [texts.fit(tensors[name]) for name in self._named("text")] if self.kind == "tabular" else []
        self._state = state
        if self.kind == "raw" and self._named("text"):
            warnings.warn(
                f"The text columns {', '.join(map(str, self._named('text')))} are no numbers and are left out.",
                stacklevel=3,
            )

    @property
    def sizes(self) -> dict[str, Any]:
        """Widths of the encoded tensors, as arguments of `zoo.registry.Spec`."""
        if (name := self._image_or_array("image")) is not None:
            return {"image_shape": tuple(self.schema.column(name).shape)}
        widths: dict[str, Any] = {"inputs": 0, "numeric": 0, "quantile": 0, "categorical": 0}
        for feature in self.features:
            widths[feature["tensor"]] += 1
        if self._is_sequence:
            return {"num_inputs": widths["inputs"], "sequences": True}
        sizes = {f"num_{tensor}": width for tensor, width in widths.items() if width and tensor != "categorical"}
        if "max_bins" in self._state and widths["quantile"]:
            sizes["max_bins"] = self._state["max_bins"]
        if widths["categorical"]:
            sizes["categorical_sizes"] = tuple(len(levels) + 1 for levels in self._state["levels"])
        return sizes

    @property
    def features(self) -> list[dict[str, Any]]:
        """What each encoded column is: tensor, index, raw column, what of it, centre, scale, levels."""
        found: list[dict[str, Any]] = []
        counts: Counter = Counter()

        def add(tensor, column, what="value", center=0.0, scale=1.0, levels=None):
            index, counts[tensor] = counts[tensor], counts[tensor] + 1
            keys = ("tensor", "index", "column", "what", "center", "scale", "levels")
            found.append(dict(zip(keys, (tensor, index, column, what, center, scale, levels))))

        state = self._state
        numeric = "inputs" if self.kind == "raw" else "numeric"
        names = self._number_names()
        for i, name in enumerate(names):
            if self.kind == "raw":
                add(numeric, name)
            else:
                add(numeric, name, center=state["center"][i], scale=state["scale"][i])
        for name in self._named("boolean"):
            add(numeric, name, center=0.0 if self.kind == "raw" else 0.5, scale=1.0 if self.kind == "raw" else 0.5)
        if self.kind == "raw":
            for name, levels in zip(self._named("category"), state["levels"]):
                for level in levels:
                    add(numeric, name, f"= {level}")
            return found
        flagged = [name for name, missing in zip(names, state["missing"]) if missing]
        flagged += [name for name, missing in zip(self._named("boolean"), state["boolean_missing"]) if missing]
        for name in flagged:
            add(numeric, name, "missing")
        for name, times in zip(self._named("date"), state["times"]):
            for what in dates.PARTS + (dates.TIME_PARTS if times else ()):
                add(numeric, name, what)
        for name, words in zip(self._named("text"), state["texts"]):
            for what in texts.names(words):
                add(numeric, name, what)
        if self.scaling == "quantile":
            for i, name in enumerate(names):
                if len(state["knots"][i]) > 2:
                    add("quantile", name, "rank")
        for name, levels in zip(self._named("category"), state["levels"]):
            add("categorical", name, levels=["(unseen)", *levels])
        return found

    def _number_names(self) -> list:
        names = [*self._named("number"), *self._named("date")]
        for name in self._named("array"):
            names += [f"{name}[{i}]" for i in range(self.schema.column(name).shape[-1])]
        return names

    @property
    def _is_sequence(self) -> bool:
        first = self.schema.columns[0]
        return first.kind == "array" and len(first.shape) > 1

    # Raw data -> tensors of the served types.

    def signature(self) -> dict:
        """Returns the tf.TensorSpec of each raw column: float32 or string `(batch,)`, or the tensor's own shape."""
        tf = notices.import_module("tensorflow")
        specs = {}
        for column in self.schema.columns:
            if column.kind == "image":
                specs[column.name] = tf.TensorSpec((None, *column.shape), tf.uint8)
            elif column.kind == "array":
                specs[column.name] = tf.TensorSpec((None, *column.shape), tf.float32)
            else:
                specs[column.name] = tf.TensorSpec(
                    (None,), tf.float32 if column.kind in ("number", "boolean") else tf.string
                )
        return specs

    def tensors(self, x) -> dict[Any, np.ndarray]:
        """Returns raw data in the served types: float32, strings (objects), uint8.

        Args:
            x: A DataFrame, a dict of columns, or an array for a schema of arrays or images.

        Raises:
            ValueError: if a column is missing, has another shape, or holds what its kind does not allow.
        """
        first = self.schema.columns[0]
        if first.kind in ("array", "image"):
            return {first.name: self._array(x, first)}
        x, reader = self._named_as_here(x), self.reader
        reader.check(x)
        found: dict[Any, np.ndarray] = {}
        for kind, columns in reader.columns.items():
            read = np.ascontiguousarray(reader.numbers(x, kind).T) if kind in NUMBERS else reader.strings(x, kind)
            found |= {column.name: values for column, values in zip(columns, read)}
        return {name: found[name] for name in self.schema.names}

    @property
    def takes_columns(self) -> bool:
        """Whether the raw data are tables, not arrays or images."""
        return self.schema.columns[0].kind not in ("array", "image")

    @property
    def reader(self) -> Reader:
        """The reader of tables of this schema."""
        if self._reader is None or self._reader.schema is not self.schema:
            self._reader = Reader(self.schema)
        return self._reader

    def blocks(self, x) -> dict[str, np.ndarray]:
        """Returns raw data as one array for each kind of column; see `zoo.data.reading`. Arrays stay as they are.

        Raises:
            ValueError: as for `tensors`.
        """
        if not self.takes_columns:
            return {self.schema.columns[0].kind: next(iter(self.tensors(x).values()))}
        return self.reader.blocks(self._named_as_here(x), self.level_positions)

    def _named_as_here(self, x):
        return named_as(x, self.schema.known_names) if isinstance(x, (pd.DataFrame, Mapping)) else x

    @property
    def level_positions(self) -> list[dict[str, int]]:
        """The position of each level, counted from 1, for each column of categories."""
        if self._level_positions is None:
            self._level_positions = [level_positions(levels) for levels in self._state.get("levels", ())]
        return self._level_positions

    def _array(self, x, column):
        if isinstance(x, (pd.DataFrame, Mapping)):
            if column.name not in x:
                raise ValueError(
                    f"This model was built for one array {column.name!r} of shape (rows, "
                    f"{', '.join(map(str, column.shape))}). "
                    f"Received: {_shown_names(x)}. Pass them as an array, `frame.to_numpy()`, or for columns, "
                    "build with zoo.build(name, data, target=...)."
                )
            x = x[column.name]
        array = np.asarray(x)
        ones = (array[None], array[None, ..., None])  # without an axis of rows
        is_one = self._is_sequence and any(_has_shape(one, column.shape) for one in ones)
        if not _has_shape(array, column.shape) and _has_shape(array[..., None], column.shape) and not is_one:
            array = array[..., None]
        if not _has_shape(array, column.shape):
            shape = ", ".join("time" if size is None else str(size) for size in column.shape)
            repair = (
                f"For one sequence, pass x.reshape(1, -1, {column.shape[-1]})"
                if is_one
                else "For another shape, build with zoo.build(name, data)"
            )
            raise ValueError(f"{column.name!r} must have the shape (rows, {shape}). Received: {array.shape}. {repair}.")
        if column.kind == "array":
            return self._checked(array, column)
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

    def _checked(self, array, column):
        """Returns an array as float32; raises ValueError where it holds what it must not."""
        if array.dtype.kind not in "biuf":
            raise ValueError(f"{column.name!r} must hold numbers. Received: {array.dtype}.")
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
        elif self._is_sequence and not np.isfinite(array).all():
            row, time = np.argwhere(~np.isfinite(array))[0][:2]
            raise ValueError(
                f"{column.name!r} must be finite. Received: {array[row, time].ravel()[0]} in row {row} at step {time}. "
                "Cut these sequences, or fill them in: a sequence has no median to stand for what is missing."
            )
        return array.astype("float32", copy=False)

    # Tensors of the served types -> encoded tensors.

    def module(self):
        """Returns the tf.Module that encodes: from a dict of raw columns to a dict of encoded tensors."""
        if self._module is None:
            from zoo.data.encoding import Encoder

            self._module = Encoder(self)
        return self._module

    def encode(self, x) -> dict[str, np.ndarray]:
        """Encodes raw data: `module()` on `tensors(x)`, as numpy arrays."""
        blocks = self.blocks(x)
        if "image" in blocks:
            return {"image": blocks["image"]}
        if self._is_sequence:
            return {"inputs": blocks["array"]}
        tf = notices.import_module("tensorflow")
        encoder, kinds = self.block_encoder(), list(blocks)

        def of_tensors(*tensors):
            return encoder.of_blocks(dict(zip(kinds, tensors)))

        rows = len(next(iter(blocks.values())))
        step = max(1, min(BLOCK, BLOCK_VALUES // sum(values.shape[1] for values in blocks.values())))
        self._calls += 1
        if self._function is None and (rows > step or self._calls > UNTRACED_CALLS or {"date", "text"} & set(kinds)):
            signature = list(self.block_signature().values())
            self._function = tf.function(of_tensors, input_signature=signature, autograph=False).get_concrete_function()
        function = self._function or of_tensors
        encoded: dict[str, np.ndarray] = {}
        with tf.device("CPU"):
            for start in range(0, max(rows, 1), step):
                block = [block_tensor(values[start : start + step]) for values in blocks.values()]
                parts = {name: tensor.numpy() for name, tensor in function(*block).items()}
                if rows <= step:
                    return parts
                for name, part in parts.items():
                    if name not in encoded:
                        encoded[name] = np.empty((rows, *part.shape[1:]), part.dtype)
                    encoded[name][start : start + step] = part
        return encoded

    def block_encoder(self):
        """Returns the tf.Module whose `of_blocks` encodes the blocks of `blocks`."""
        if self._block_encoder is None:
            from zoo.data.encoding import Encoder

            self._block_encoder = Encoder(self, level_tables=False)
        return self._block_encoder

    def block_signature(self) -> dict:
        """Returns the tf.TensorSpec of each block of `blocks`, by kind."""
        import tensorflow as tf

        if self.schema.columns[0].kind == "array":
            return {"array": tf.TensorSpec((None, *self.schema.columns[0].shape), tf.float32, "array")}
        dtypes = {"number": tf.float32, "boolean": tf.float32, "category": tf.int64}
        return {
            kind: tf.TensorSpec((None, len(columns)), dtypes.get(kind, tf.string), kind)
            for kind, columns in self.reader.columns.items()
        }

    @contextlib.contextmanager
    def with_schema(self, schema: Schema):
        """Replaces the schema by another one of the same columns while the `with` block runs."""
        own, self.schema = self.schema, schema
        try:
            yield
        finally:
            self.schema = own

    # The target.

    def encode_target(self, y) -> np.ndarray:
        """Returns class indices int32, or values float64 in the target's units, `(rows,)`; of sequences, sequences.

        Raises:
            ValueError: if a value is missing, no number, or no class of training.
        """
        if self.schema.task not in SUPERVISED:
            recorded = np.asarray(y)
            if recorded.dtype.kind not in "biuf" or not np.isfinite(recorded).all():
                raise ValueError(
                    f"The target must be finite numbers. Received: {recorded.dtype}, not all of them finite. Cut "
                    "these sequences, or fill them in."
                )
            recorded = (
                recorded[:, None] if recorded.ndim == 1 else recorded
            )  # of one unit, as a table's column gives it
            return recorded.astype("float32")
        values = y if isinstance(y, pd.Series) else pd.Series(_rank_one(y))
        name = f"target {self.schema.target!r}" if self.schema.target is not None else "target"
        values = targets.with_plain_values(values, name)
        missing = is_missing(values)
        if missing.any() and not (
            self.schema.classes and any(isinstance(c, str) and c in MISSING for c in self.schema.classes)
        ):
            row = values.index[np.flatnonzero(missing)[0]]
            raise ValueError(
                f"The {name} must have no missing values. Received: {int(missing.sum())} missing, the first at row "
                f"{row}. Drop "
                "these rows, or fill them in."
            )
        if self.schema.classes is None:
            numbers = as_numbers(values)
            if numbers is None:
                raise ValueError(
                    f"The {name} must be finite numbers. Received: {values.dtype}, such as {values.iloc[0]!r}."
                )
            if not np.all(np.isfinite(numbers)):
                row = np.flatnonzero(~np.isfinite(numbers))[0]
                raise ValueError(
                    f"The {name} must be finite numbers. Received: {numbers[row]:g}, at row {values.index[row]}. Drop "
                    "these rows, or fill them in."
                )
            if (large := np.abs(numbers) > targets.LARGEST).any():
                row = np.flatnonzero(large)[0]
                raise ValueError(
                    f"The {name} must be numbers of at most {targets.LARGEST:g} in size, whose squares float64 holds. "
                    f"Received: {numbers[row]:g}, at row {values.index[row]}. Drop these rows, or take a logarithm."
                )
            return numbers
        codes, uniques = pd.factorize(values)
        known = {value: i for i, value in enumerate(self.schema.classes)}
        by_text = {level_name(value): i for i, value in enumerate(self.schema.classes)}
        indices = np.empty(len(uniques), "int32")
        for i, value in enumerate(uniques):
            index = known.get(value, by_text.get(level_name(value)))
            if index is None:
                shown = ", ".join(map(repr, self.schema.classes[:10]))
                raise ValueError(
                    f"The {name} holds the class {value!r}, which training did not know. The model has: {shown}. "
                    "Drop these rows, "
                    "or train on them."
                )
            indices[i] = index
        return indices[codes]

    def training_target(self, encoded: np.ndarray) -> np.ndarray:
        """Returns what a training takes for the result of `encode_target`: of a regression float32.

        Where that cannot resolve the target: pairs of float32 that sum up to it, `(rows, 2)`.
        """
        if self.schema.task != "regression":
            return encoded
        return targets.as_pairs(encoded) if self.target_dtype == "float64" else encoded.astype("float32")

    def standardised_target(self, values) -> np.ndarray:
        """Returns (y - center) / scale in float64, for values in the target's units."""
        return (np.asarray(values, "float64") - self.target_center) / self.target_scale

    def target_values(self, standardised) -> np.ndarray:
        """Returns values in the target's units, float64, for standardised ones: the inverse."""
        return np.asarray(standardised, "float64") * self.target_scale + self.target_center

    def decode_labels(self, indices) -> np.ndarray:
        """Returns the caller's own class values, in their dtype, for class indices."""
        classes = self.schema.classes
        if all(isinstance(value, str) for value in classes):
            return np.array(classes, dtype=object)[np.asarray(indices)]
        values = np.array(classes)
        try:
            values = values.astype(self.schema.class_dtype.lower())
        except (TypeError, ValueError, AttributeError):  # a dtype of pandas' own
            pass
        return values[np.asarray(indices)]

    # Configuration: schema and state, with floats that round-trip.

    def get_config(self) -> dict[str, Any]:
        """Returns the schema and the fitted state as plain values."""
        return {
            "schema": self.schema.to_dict(),
            "kind": self.kind,
            "scaling": self.scaling,
            "feature_budget": self.feature_budget,
            "target": [self.target_center, self.target_scale, self.target_low, self.target_high],
            "target_dtype": self.target_dtype,
            "state": self._state,
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Preprocessor:
        """Returns the preprocessor of `get_config`."""
        preprocessor = cls(
            Schema.from_dict(config["schema"]), config["kind"], config["scaling"], config.get("feature_budget")
        )
        for name, value in zip(("center", "scale", "low", "high"), config["target"], strict=True):
            setattr(preprocessor, f"target_{name}", value)
        preprocessor.target_dtype = config.get("target_dtype", "float32")
        preprocessor._state = dict(config["state"])
        return preprocessor


def _shown_names(columns) -> str:
    names = list(map(str, columns))
    return ", ".join(names if len(names) <= 10 else [*names[:3], "...", f"{names[-1]} ({len(names)} columns)"])


def _has_shape(array, shape) -> bool:
    """Returns whether rows have a shape; None in it is any length."""
    return array.ndim == len(shape) + 1 and all(want in (None, got) for got, want in zip(array.shape[1:], shape))


def _as_rows(array: np.ndarray, most: int = 200_000) -> np.ndarray:
    """Returns `(rows, d)` as it is, and of sequences `(rows, time, d)` at most so many moments, evenly taken."""
    if array.ndim == 2:
        return array
    moments = array.reshape(-1, array.shape[-1])
    return moments[:: -(-len(moments) // most)]


def _rank_one(y):
    array = np.asarray(y)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise ValueError(f"The target must have one value a row. Received: the shape {array.shape}.")
    return array


def block_tensor(values: np.ndarray):
    """Returns a block as a tf.Tensor; repeated strings are converted once."""
    import tensorflow as tf

    if values.dtype != object:
        return tf.constant(values)
    if values.size > MANY_STRINGS:
        codes, uniques = pd.factorize(values.ravel())
        if len(uniques) <= values.size // 2:
            return tf.gather(tf.constant(uniques, tf.string), codes.reshape(values.shape))
    return tf.constant(values, tf.string) if len(values) else tf.zeros(values.shape, tf.string)


def _named_counts(counts, name):
    return None if counts is None or name not in counts else counts[name]


def _levels(values: np.ndarray, allowed: tuple[str, ...], counts, kind: str) -> list[str]:
    """Returns the levels of a category, sorted, `""` (missing) first where it occurs.

    Of more than 8 levels those seen once are left to index 0, so that the vector of what was not seen is trained.
    """
    if counts is None:
        codes, uniques = pd.factorize(values)
        found = dict(zip(uniques, np.bincount(codes, minlength=len(uniques))))
    else:
        found = {}
        for value, count in counts.items():
            key = level_name(value)
            found[key] = found.get(key, 0) + int(count)
        if (blank := int(np.sum(values == ""))) > 0:
            found[""] = found.get("", 0) + blank
    empty = [level for level in found if level in MISSING]
    has_missing = sum(found.pop(level) for level in empty) > 0
    if allowed:
        found = {level: count for level, count in found.items() if level in set(allowed)}
    if len(found) > 8 and kind == "tabular":
        found = {level: count for level, count in found.items() if count > 1} or found
    return ([""] if has_missing else []) + sorted(found)
