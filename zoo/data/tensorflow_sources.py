"""Rows from TensorFlow: a tf.data.Dataset, or a set of TensorFlow Datasets by its name."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from zoo import notices
from zoo.data import image_arrays
from zoo.data.files import ahead
from zoo.data.names import as_target, names_of
from zoo.data.shipped import Rows
from zoo.data.target_columns import check_has_all, has_several, named, numbered
from zoo.registry import suggest

BATCH_ROWS = 1024


def _spec(dataset):
    """Returns the specs of x and y (None without), and whether the elements are batches of rows."""
    spec = dataset.element_spec
    x, y = (spec[0], spec[1] if len(spec) > 1 else None) if isinstance(spec, tuple) else (spec, None)
    table = isinstance(x, Mapping)
    if (table and not x) or (not table and not hasattr(x, "shape")):
        raise ValueError(
            f"A tf.data.Dataset must give x, (x, y) or a dict of columns. Received: {spec}. Map it to one of these."
        )
    rank = next(iter(x.values())).shape.rank if table else x.shape.rank
    if y is not None:
        return x, y, y.shape.rank > 0 and _are_batches(next(iter(x.values())) if table else x, y)
    return x, y, rank > 0 if table else x.shape[0] is None and rank > 1


def _are_batches(x, y) -> bool:
    """Returns whether elements are batches, not a row each whose `y` are several targets."""
    if x.shape.rank == 0 or y.shape.rank > 1:
        return x.shape.rank > 0
    return x.shape[0] is None or y.shape[0] in (None, x.shape[0])


def _name_of_y(x: Mapping, y, target):
    """Returns the name of `y` beside columns, or a list of names where it has several values a row."""
    if y is None or target is not None:
        return target
    column = next(iter(x.values()))
    size = y.shape[-1] if y.shape.rank > column.shape.rank else 1
    return as_target(numbered(size, x)) if size is not None and size > 1 else "target"


def _of_batches(dataset, rows):
    _, _, batched = _spec(dataset)
    if int(dataset.cardinality()) == -1:
        raise ValueError(
            "A tf.data.Dataset must end. Received: an endless one. Remove repeat(), or end it with take(n)."
        )
    return (dataset.unbatch() if batched else dataset).batch(rows)


def dataset_rows(dataset, target) -> Rows:
    """Returns all rows of a tf.data.Dataset of rows or of batches.

    Args:
        dataset: Of x, (x, y), dicts of columns, or (dict, y).
        target: Name of `y` beside a dict, a list of several names, or None.

    Raises:
        ValueError: if it is empty, endless, or of another structure.
    """
    x, y, batched = _spec(dataset)
    elements = dataset if batched and int(dataset.cardinality()) != -1 else _of_batches(dataset, BATCH_ROWS)
    parts = list(elements.as_numpy_iterator())
    if not parts:
        raise ValueError("A tf.data.Dataset must hold rows. Received: none. Check how it was made.")
    if isinstance(x, Mapping):
        name = _name_of_y(x, y, target)
        frame = pd.concat([_frame(part, name) for part in parts], ignore_index=True)
        return Rows(frame, target=name)
    if y is None:
        return Rows(np.concatenate([part[0] if isinstance(part, tuple) else part for part in parts]))
    xs, ys = zip(*(part[:2] for part in parts))
    return Rows(np.concatenate(xs), _text(np.concatenate(ys)))


def _frame(part, target) -> pd.DataFrame:
    columns, y = (part[0], part[1] if len(part) > 1 else None) if isinstance(part, tuple) else (part, None)
    if y is not None:
        check_has_all(y, target)
    if y is not None and has_several(y):
        columns = {**columns, **named(y, target)}
    elif y is not None:
        columns = {**columns, target: y}
    for name, values in columns.items():
        if np.ndim(values) != 1:
            raise ValueError(
                f"The column {name!r} must have one value a row. Received: the shape {np.shape(values)}. Map it to one "
                "column a component, or give x as one tensor."
            )
    return pd.DataFrame({name: _text(np.asarray(values)) for name, values in columns.items()})


def _text(values: np.ndarray):
    """Returns strings for TensorFlow's bytes, and other values as they are."""
    if values.dtype != object:
        return values
    return pd.Series([value.decode("utf-8") if isinstance(value, bytes) else value for value in values], dtype="str")


class DatasetStream:
    """A tf.data.Dataset of dicts of columns, block by block.

    Args:
        dataset: Of dicts of columns, or (dict, y).
        target: Name of `y`, a list of several names, or None.
    """

    sha256 = None

    def __init__(self, dataset, target):
        x, y, _ = _spec(dataset)
        if not isinstance(x, Mapping):
            raise ValueError(
                "Only tables stream. Received: a tf.data.Dataset of tensors. Load it with `stream=False`, or "
                "give dicts."
            )
        self.dataset, self.target = dataset, _name_of_y(x, y, target) or "target"
        self.columns = [*x, *([] if y is None else names_of(self.target))]
        self._rows: int | None = None

    @property
    def rows(self) -> int:
        """Number of rows, counted once."""
        if self._rows is None:
            self._rows = sum(len(block) for block in self.blocks(65_536))
        return self._rows

    def blocks(self, rows: int) -> Iterator[pd.DataFrame]:
        """Yields tables of `rows` rows in order."""
        batches = _of_batches(self.dataset, rows).as_numpy_iterator()
        return ahead(_frame(part, self.target) for part in batches)


def tfds_rows(name: str, target, image_size: tuple[int, int] | None = None) -> Rows:
    """Returns a set of TensorFlow Datasets, read by its own code, downloaded where it is not there yet.

    Its supervised keys say what is x and y; otherwise features are columns. Classes have their names.

    Args:
        name: `"name"`, `"name/config"`, `"name:version"`.
        target: The target's feature, or a list of several, instead of the supervised key.
        image_size: `(height, width)` to resize images to, or None.

    Raises:
        ValueError: if there is none of that name, or a feature is no single value and no image.
    """
    tfds = notices.import_module("tensorflow_datasets")
    try:
        builder = tfds.builder(name, data_dir=os.environ.get("TFDS_DATA_DIR"))
    except tfds.core.registered.DatasetNotFoundError as error:
        known = tfds.list_builders(with_community_datasets=False)
        raise ValueError(
            f"TensorFlow Datasets has no set {name!r}.{suggest(name, known)} Import the module that defines it, or see "
            "tfds.list_builders()."
        ) from error
    builder.download_and_prepare()
    features, keys = builder.info.features, builder.info.supervised_keys
    wanted = target if target is not None or not keys else keys[1]
    image = _image(tfds, features, keys, wanted)
    columns: dict = {key: [] for key in ((image, *names_of(wanted)) if image else features)}
    if unknown := [key for key in columns if key not in features]:
        raise ValueError(
            f"There is no feature {unknown[0]!r}.{suggest(unknown[0], features)} {name!r} has: {', '.join(features)}."
        )
    splits, start = {}, 0
    for part in builder.info.splits:
        rows = list(tfds.as_numpy(builder.as_dataset(split=part, shuffle_files=False)))
        for key, column in columns.items():
            column += [row[key] for row in rows]
        splits["val" if part == "validation" else part] = np.arange(start, start + len(rows))
        start += len(rows)
    if image is not None:
        if image_size is not None:
            columns[image] = list(image_arrays.each_resized(columns[image], image_size))
        if len(shapes := sorted({picture.shape for picture in columns[image]})) > 1:
            raise ValueError(
                f"All images must have the same size. Received: {shapes[0]} and {shapes[-1]} in {name!r}. Resize them "
                "by `image_size`, which is (height, width)."
            )
        pixels = np.stack(columns.pop(image))
        values = {key: _values(features[key], column, key) for key, column in columns.items()}
        if isinstance(wanted, list):
            return Rows(pixels, pd.DataFrame(values), splits=splits)
        return Rows(pixels, None if wanted is None else np.asarray(values[wanted]), splits=splits)
    frame = pd.DataFrame({key: _values(features[key], column, key) for key, column in columns.items()})
    return Rows(frame, target=wanted, splits=splits)


def _image(tfds, features, keys, wanted) -> str | None:
    """Returns the one feature that is an image: the supervised input, or the only one."""
    images = [key for key in features if isinstance(features[key], tfds.features.Image) and key not in names_of(wanted)]
    if keys and keys[0] in images:
        return keys[0]
    return images[0] if len(images) == 1 else None


def _values(feature, column: list, name: str):
    if getattr(feature, "names", None) is not None and hasattr(feature, "int2str"):  # a ClassLabel; -1 is missing
        if all(label.isdigit() for label in feature.names):
            return np.array([int(feature.int2str(int(v))) if v >= 0 else np.nan for v in column])
        return pd.Series([feature.int2str(int(v)) if v >= 0 else None for v in column], dtype="str")
    if np.ndim(column[0]) != 0:
        raise ValueError(
            f"The feature {name!r} must have one value a row. Received: {feature}. Load it with tfds.load and map it."
        )
    return _text(np.array(column, dtype=object if isinstance(column[0], bytes) else None))
