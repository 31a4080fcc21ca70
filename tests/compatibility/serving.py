"""Requests to an export, made from raw rows without the zoo, and the answers of a process that has TensorFlow alone."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tests.compatibility import archive, served


def requests(x, inputs: Mapping[str, list], served_names: Mapping, signatures) -> dict[str, np.ndarray]:
    """Returns the same rows as requests to each signature.

    Args:
        x: Raw rows without a target: a DataFrame, or an array.
        inputs: Name -> dtype and shape of what `serving_default` takes.
        served_names: Raw name -> name in the signature.
        signatures: Names of all signatures.

    Returns:
        Arrays `<signature>/<input>`; strings are in base 64, since numpy cuts zero bytes off.
    """
    raw_names = {name: raw for raw, name in served_names.items()}
    columns = {
        name: _column(x[raw_names[name]] if isinstance(x, pd.DataFrame) else x, dtype)
        for name, (dtype, _) in inputs.items()
    }
    found = {f"serving_default/{name}": _sent(values) for name, values in columns.items()}
    first = next(iter(columns.values()))
    if first.dtype == np.uint8:
        columns = {name: np.array([_png(image) for image in values], dtype=object) for name, values in columns.items()}
        if "serve_image_bytes" in signatures:
            found["serve_image_bytes/image_bytes"] = _sent(next(iter(columns.values())))
    examples = [_example({raw_names[name]: values[row] for name, values in columns.items()}) for row in range(len(x))]
    names = {"serve_examples": "examples", "classify": "inputs", "regress": "inputs"}
    for signature in names.keys() & set(signatures):
        found[f"{signature}/{names[signature]}"] = _sent(np.array(examples, dtype=object))
    return found


def answered(version: Path, requests_file: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Returns what an exported version answers in a process without the zoo, and what its signatures take and give."""
    with tempfile.TemporaryDirectory() as scratch:
        files = [version.resolve(), requests_file.resolve(), Path(scratch, "answers.npz"), Path(scratch, "facts.json")]
        done = subprocess.run(
            [sys.executable, "-P", served.__file__, *map(str, files)], capture_output=True, text=True, cwd=scratch
        )
        assert done.returncode == 0, done.stderr
        facts = json.loads(files[-1].read_text(encoding="utf-8"))
        return archive.read_arrays(Path(scratch), "answers"), facts


def _column(values, dtype: str) -> np.ndarray:
    """Returns a raw column, or an array, in the dtype that is served; what is missing is NaN or an empty string."""
    if not isinstance(values, pd.Series):
        return np.asarray(values, dtype)
    if dtype == "string":
        return np.array(["" if pd.isna(value) else _text(value) for value in values.tolist()], dtype=object)
    return pd.to_numeric(values, errors="coerce").to_numpy(dtype, na_value=np.nan)


def _text(value) -> str:
    return value.isoformat() if isinstance(value, pd.Timestamp) else str(value)


def _sent(values: np.ndarray) -> np.ndarray:
    if values.dtype != object:
        return values
    return np.array([base64.b64encode(value if isinstance(value, bytes) else value.encode()) for value in values])


def _png(image: np.ndarray) -> bytes:
    import tensorflow as tf

    return tf.io.encode_png(image).numpy()


def _example(row: Mapping[str, Any]) -> bytes:
    """Returns a row as a serialized tf.train.Example under the raw names, without what is missing."""
    from tensorflow.train import BytesList, Example, Feature, Features, FloatList

    features = {}
    for name, value in row.items():
        if isinstance(value, (str, bytes)):
            content = value if isinstance(value, bytes) else value.encode()
            if content:
                features[str(name)] = Feature(bytes_list=BytesList(value=[content]))
        elif not np.all(np.isnan(value)):
            features[str(name)] = Feature(float_list=FloatList(value=np.ravel(value)))
    return Example(features=Features(feature=features)).SerializeToString()
