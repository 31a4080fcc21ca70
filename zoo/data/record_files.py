"""TFRecord files of tf.train.Example, at any address. The features are those of the first records.

A record is its length (uint64, little-endian), a checksum of that, the bytes, a checksum of these. A feature of d
numbers becomes d columns, `name_0` and so on.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from zoo import notices
from zoo.data import addresses
from zoo.data.tables import ColumnType, find, merge, stored

FIRST_RECORDS = 1000
BATCH_ROWS = 16_384
ABSENT = -(2**63)  # stands for a missing integer while a batch is parsed


def _batches(path: str, size: int) -> Iterator[list[bytes]]:
    with addresses.explained(path, "a TFRecord file"), addresses.opened(path) as file:
        batch: list[bytes] = []
        while head := file.read(12):
            length = struct.unpack("<Q", head[:8])[0] if len(head) == 12 else 0
            body = file.read(length + 4) if len(head) == 12 and length < 2**31 else b""
            if len(body) != length + 4:
                raise ValueError(
                    f"{path!r} must hold whole TFRecords. Received: a truncated file, or none of that type. Fetch it "
                    "again, or name its type with `format`."
                )
            batch.append(body[:-4])
            if len(batch) == size:
                yield batch
                batch = []
        if batch:
            yield batch


def _features(path: str) -> dict[str, tuple[str, int]]:
    """Returns each feature's kind and its number of values, from the first records of a file."""
    from google.protobuf.message import DecodeError
    from tensorflow.core.example.example_pb2 import Example

    features: dict[str, tuple[str, int]] = {}
    for record in next(_batches(path, FIRST_RECORDS), []):
        try:
            example = Example.FromString(record)
        except DecodeError as error:
            raise ValueError(
                f"{path!r} must hold tf.train.Example records. Received: other bytes. Write it as such."
            ) from error
        for name, feature in example.features.feature.items():
            kind = feature.WhichOneof("kind")
            length = len(getattr(feature, kind).value) if kind else 0
            if length and features.setdefault(name, (kind, length)) != (kind, length):
                raise ValueError(
                    f"The feature {name!r} of {path!r} must have as many values, of one kind, in all records. "
                    f"Received: {features[name][1]} ({features[name][0]}) and {length} ({kind}). Write it with one "
                    "length."
                )
    return dict(sorted(features.items()))


def _parsed(path: str, features) -> Iterator[pa.Table]:
    tf = notices.import_module("tensorflow")
    kinds = {"bytes_list": (tf.string, b""), "float_list": (tf.float32, float("nan")), "int64_list": (tf.int64, ABSENT)}
    wanted = {}
    for name, (kind, length) in features.items():
        dtype, absent = kinds[kind]
        wanted[name] = tf.io.FixedLenFeature((length,), dtype, [absent] * length)
    for batch in _batches(path, BATCH_ROWS):
        try:
            with tf.device("CPU"):
                values = tf.io.parse_example(tf.constant(batch), wanted)
        except tf.errors.InvalidArgumentError as error:
            raise ValueError(
                f"The records of {path!r} must have the features of the first {FIRST_RECORDS}. Received: "
                f"{error.message[:200]}. Write all records alike."
            ) from error
        columns = {}
        for name, tensor in values.items():
            array = tensor.numpy()
            for i in range(array.shape[1]):
                columns[name if array.shape[1] == 1 else f"{name}_{i}"] = _column(array[:, i], name, path)
        yield pa.table(columns)


def _column(values: np.ndarray, name: str, path: str) -> pa.Array:
    if values.dtype == np.int64:
        return pa.array(values, mask=values == ABSENT)
    if values.dtype != object:
        return pa.array(values, mask=np.isnan(values))
    try:
        return pa.array([value.decode("utf-8") or None for value in values], pa.string())
    except UnicodeDecodeError as error:
        raise ValueError(
            f"The feature {name!r} of {path!r} must be text in UTF-8. Received: other bytes. Pass images as a folder "
            "(`format='images'`) or as arrays."
        ) from error


def scan(paths: list[str]) -> tuple[dict[str, ColumnType], int]:
    """Returns what the columns of all files need, and the number of rows, from one pass."""
    found: dict[str, ColumnType] = {}
    rows, features = 0, _features(paths[0])
    for path in paths:
        for table in _parsed(path, features):
            found = merge(found, {name: find(table.column(name)) for name in table.column_names})
            rows += table.num_rows
    return found, rows


def tables(paths: list[str], found: dict[str, ColumnType]) -> Iterator[pa.Table]:
    """Yields the rows of all files, in the types of `scan`."""
    features = _features(paths[0])
    for path in paths:
        for table in _parsed(path, features):
            yield stored(table, found)
