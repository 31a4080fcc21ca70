"""Requests that go with an export: one to copy, and those by which TensorFlow Serving warms a version up.

sample_request.json                          two rows, as the REST interface takes them
assets.extra/tf_serving_warmup_requests      PredictionLogs that TensorFlow Serving replays when it loads the version

The warm-up file holds protocol buffers of TensorFlow Serving's API, whose package would bring a second TensorFlow: the
few fields are written here by hand. https://www.tensorflow.org/tfx/serving/saved_model_warmup
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from zoo.data.columns import kind_of
from zoo.model import Model

WARMUP = Path("assets.extra", "tf_serving_warmup_requests")
WARMUP_ROWS = (1, 32)


def sample(model: Model, rows: int, seed: int = 0) -> dict[str, np.ndarray]:
    """Returns plausible rows by served name, nothing missing, in the served types; strings are objects."""
    generator, served = np.random.default_rng(seed), model.schema.served_names
    columns = {}
    for column, state in zip(model.schema.columns, model.preprocessor.states, strict=True):
        values = kind_of(column).sample(column, state, rows, generator)
        columns[served[column.name]] = kind_of(column).served(values, column, state)
    return columns


def sample_request(model: Model, rows: int = 2) -> dict:
    """Returns a predict request in row form."""
    columns = {name: _listed(values) for name, values in sample(model, rows).items()}
    if not model.preprocessor.takes_columns:
        instances = next(iter(columns.values()))
    else:
        instances = [dict(zip(columns, row)) for row in zip(*columns.values())]
    return {"signature_name": "serving_default", "instances": instances}


def _listed(values: np.ndarray) -> list:
    if values.dtype != np.float32:
        return values.tolist()
    shortest = np.array([float(str(value)) for value in values.ravel()])  # 0.2, not 0.20000000298023224
    return shortest.reshape(values.shape).tolist()


def write_warmup(model: Model, folder: Path, name: str) -> None:
    """Writes the warm-up requests of a SavedModel.

    Args:
        model: The model.
        folder: The version's folder.
        name: The model's name, as it is served.
    """
    import tensorflow as tf

    (folder / WARMUP).parent.mkdir(parents=True, exist_ok=True)
    with tf.io.TFRecordWriter(str(folder / WARMUP)) as writer:
        for rows in WARMUP_ROWS:
            tensors = {
                key: tf.make_tensor_proto(
                    [value.encode() for value in values] if values.dtype == object else values
                ).SerializeToString()
                for key, values in sample(model, rows).items()
            }
            writer.write(_prediction_log(name, tensors))


def _prediction_log(name: str, tensors: dict[str, bytes]) -> bytes:
    """Returns a serialized PredictionLog of a PredictRequest.

    PredictionLog.predict_log = 6, PredictLog.request = 1, PredictRequest.model_spec = 1 and inputs = 2 (a map: key = 1,
    value = 2), ModelSpec.name = 1 and signature_name = 3.
    """
    spec = _field(1, name.encode()) + _field(3, b"serving_default")
    request = _field(1, spec)
    for key, tensor in tensors.items():
        request += _field(2, _field(1, key.encode()) + _field(2, tensor))
    return _field(6, _field(1, request))


def _field(number: int, content: bytes) -> bytes:
    """Returns a length-delimited field of a protocol buffer."""
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    parts = bytearray()
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*parts, value])
