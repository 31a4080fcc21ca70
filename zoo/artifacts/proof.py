"""The proof of an export: a fresh process without the zoo answers raw rows as Python does.

    many, one    rows like those of training             types      whole numbers, booleans and numbers in strings
    missing      every other number is absent            extreme    infinite and huge numbers
    unseen       categories and words never seen         empty      a row without anything
    jpeg         images that are turned by EXIF data     resized    images of another size, where the model resizes

Python encodes the raw rows with its own checks and repairs; the requests are cast by numpy alone, so that both ways
are compared, not one with itself. Tolerance: probabilities 1e-5; values 1e-5 of the target's standard deviation plus 4
units in the last place of float32; what has no target, 1e-5 of the range of the answers.
"""

from __future__ import annotations

import base64
import itertools
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd

from zoo import notices
from zoo.artifacts import proof_process
from zoo.data import exif, resizing
from zoo.data.columns import kind_of, pictures, takes_examples, the_array, the_picture
from zoo.data.raw_values import BLANKS
from zoo.model import Model
from zoo.progress import Progress
from zoo.tasks.differences import TOLERANCE
from zoo.training import inference

ROWS = 1000
FEW = 16
ORIENTATIONS = (*range(1, 9), *range(1, 9))  # of FEW photographs
CASES = ("missing", "unseen", "empty", "types", "extreme")


def prove(
    model: Model,
    folder: Path,
    expected: Mapping[str, np.ndarray] | None = None,
    *,
    format: str = "tf_saved_model",
    exact: bool = True,
    verbose: int = 0,
) -> float:
    """Proves an exported version: in this process, where a fault shows at once, then in a fresh one.

    Args:
        model: The model that was exported.
        folder: The version's folder.
        expected: What Python answers, by case, where that was on another Keras backend.
        format: The version's format, one of `proof_process.RUNTIMES`.
        exact: Whether answers must be within the tolerance; else they must be there and be numbers.
        verbose: 0 shows no progress.

    Returns:
        The largest difference: of probabilities, or of values in standard deviations of the target (of a value beyond
        one deviation: as a share of it).

    Raises:
        ValueError: if the model's own answers are not finite.
        RuntimeError: if the process fails, or an answer differs beyond the tolerance.
    """
    rows = cases(model)
    if format.startswith("litert"):
        rows = {case: _without_blanks(values) for case, values in rows.items()}  # which it cannot strip
    expected = answers(model, rows) if expected is None else expected
    numbers = [values for values in keras.tree.flatten(expected["many"]) if values.dtype.kind == "f"]
    if not all(np.isfinite(values).all() for values in numbers):
        raise ValueError(
            "The model's own answers to rows like those of training are not finite: there is nothing to serve. Its "
            "training diverged; train again with a smaller `learning_rate`."
        )
    sent = requests(model, rows, raw_names=format in ("numpy", "web"))
    if format in proof_process.PLAIN:
        sent = {key: values for key, values in sent.items() if key.startswith("serving_default:")}
    from zoo.data.served import answer_facts

    dtypes = {name: dtype for name, (dtype, _) in answer_facts(model).items()}
    differences, tolerance = [], TOLERANCE if exact else np.inf
    keys = _requests_of(sent)
    ways = {"in this process": proof_process.answer, "in a fresh process": _answer_in_a_fresh_process}
    with Progress(len(ways) * len(keys), "answer", verbose=verbose) as progress:
        for way, answer in ways.items():
            progress.advance(0, way)
            with notices.quiet():
                found = answer(format, str(folder.resolve()), sent)
            try:
                _check_outputs(sent, found, dtypes)
                for key in keys:
                    differences.append(_compare(model, key, found, expected[key.split(":")[1]], tolerance))
                    progress.advance(1, way)
            except RuntimeError as error:
                raise RuntimeError(f"{error} {_repair(model)}") from None
    return max(differences)


def answers(model: Model, rows: Mapping) -> dict[str, np.ndarray]:
    """Returns the model's outputs in Python by case, computed on a CPU as the fresh process does."""
    with keras.device("cpu:0"):
        return {case: inference.outputs(model, model.preprocessor.encode(values)) for case, values in rows.items()}


def flattened(arrays: Mapping[str, Any]) -> dict[str, Any]:
    """Returns arrays and dicts of arrays as arrays alone, which one file holds; `nested` gives them back."""
    found: dict[str, Any] = {}
    for key, values in arrays.items():
        parts = {f"{key}::{name}": part for name, part in values.items()} if isinstance(values, Mapping) else {}
        found |= parts or {key: values}
    return found


def nested(arrays: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """Returns what `flattened` was given."""
    found: dict[str, Any] = {}
    for key, values in arrays.items():
        of, _, name = key.partition("::")
        if name:
            found.setdefault(of, {})[name] = values
        else:
            found[of] = values
    return found


def cases(model: Model) -> dict:
    """Returns the raw rows to prove on, by case: DataFrames, or arrays."""
    many = sample_rows(model, ROWS)
    found = {"many": many, "one": many[:1]}
    if isinstance(many, np.ndarray):
        picture = the_picture(model.schema.columns)
        if picture is not None and many.shape[-1] in (1, 3):
            found["jpeg"] = np.stack(_through_jpeg(many[:FEW]))
        if picture is not None and picture.resized:
            size = (picture.shape[0], picture.shape[1])
            found["resized"] = np.stack([resizing.resized(image, size) for image in _larger(picture.shape)])
        return found
    more: dict[str, pd.DataFrame] = {case: many[:FEW].copy() for case in CASES}
    dtypes = itertools.cycle(("int64", "Int32", "str"))
    for i, column in enumerate(model.schema.columns):
        kind = kind_of(column)
        for case, values in kind.cases(many[column.name][:FEW].to_numpy(), i).items():
            more[case][column.name] = pd.Series(values, index=more[case].index)
            if case == "types" and kind.has_numbers:
                more[case][column.name] = more[case][column.name].astype(next(dtypes))
    images = [column for column in pictures(model.schema.columns) if column.shape[-1] in (1, 3)]
    if images:
        more["jpeg"] = many[:FEW].copy()
        for column in images:
            more["jpeg"][column.name] = pd.Series(_through_jpeg(many[column.name][:FEW]), dtype=object)
    return {**found, **more, "empty": more["empty"][:1]}


def sample_rows(model: Model, rows: int, seed: int = 0):
    """Returns raw rows like those of training, drawn from what the preprocessor knows: a DataFrame, or an array."""
    generator = np.random.default_rng(seed)
    alone = the_array(model.schema.columns)
    if any(None in (column.shape or ()) for column in model.schema.columns):
        rows = FEW  # of sequences, which are long
    drawn = {
        column.name: kind_of(column).sample(column, state, rows, generator, odd=True)
        for column, state in zip(model.schema.columns, model.preprocessor.states, strict=True)
    }
    if alone is not None:
        return drawn[alone.name]
    return pd.DataFrame({name: list(values) if values.ndim > 1 else values for name, values in drawn.items()})


def _without_blanks(rows):
    if isinstance(rows, np.ndarray):
        return rows
    return rows.map(lambda value: value.strip(BLANKS) if isinstance(value, str) else value)


def requests(model: Model, rows: Mapping, *, raw_names: bool = False) -> dict[str, np.ndarray]:
    """Returns the requests for the cases, as `proof_process` takes them."""
    alone, specs = the_array(model.schema.columns), model.preprocessor.signature()
    picture = the_picture(model.schema.columns)
    images = [column.name for column in pictures(model.schema.columns)]
    served = {name: str(name) for name in specs} if raw_names else model.schema.served_names
    found: dict[str, np.ndarray] = {}
    for case, values in rows.items():
        columns = {alone.name: values} if isinstance(values, np.ndarray) else {name: values[name] for name in specs}
        tensors = {
            name: _encoded(column) if specs[name].dtype.name == "string" else _cast(column, specs[name].dtype.name)
            for name, column in columns.items()
        }
        for name, tensor in tensors.items():
            found[f"serving_default:{case}/{served[name]}"] = tensor
        if not takes_examples(model.schema.columns):
            continue
        few = {name: column[:FEW] for name, column in columns.items()}
        for name in images:
            if case == "jpeg" and few[name][0].shape[-1] in (1, 3):
                few[name] = _jpegs((rows["many"] if picture is not None else rows["many"][name])[:FEW])
                continue
            few[name] = [_png(image) for image in (_larger(picture.shape) if case == "resized" else few[name])]
        if picture is not None:
            found[f"serve_image_bytes:{case}/image_bytes"] = _encoded(few[picture.name])
        examples = _encoded(_examples(few, specs))
        found[f"serve_examples:{case}/examples"] = examples
        if method := model.task.method(len(model.target.names)):
            found[f"{method}:{case}/inputs"] = examples
    return found


def _cast(column, dtype: str) -> np.ndarray:
    """Returns a column in a served type, by numpy alone; a Series of arrays as one array."""
    of_arrays = isinstance(column, pd.Series) and len(column) and isinstance(column.iloc[0], np.ndarray)
    return np.stack([np.asarray(value, dtype) for value in column]) if of_arrays else np.asarray(column, dtype)


def _encoded(strings) -> np.ndarray:
    return np.array([base64.b64encode(value if isinstance(value, bytes) else value.encode()) for value in strings])


def _jpegs(images: np.ndarray) -> list[bytes]:
    """Returns images as JPEG files that are to be turned by their EXIF data, each in another of the eight ways."""
    import tensorflow as tf

    found = []
    for image, turn in zip(images, ORIENTATIONS):
        image = image.transpose(1, 0, 2) if turn in exif.SWAPPED else image
        content = tf.io.encode_jpeg(image).numpy()
        found.append(content[:2] + exif.segment(turn) + content[2:])
    return found


def _through_jpeg(images) -> list[np.ndarray]:
    """Returns the images that `_jpegs` writes, decoded and turned."""
    return [exif.turned(_decoded(content), turn) for content, turn in zip(_jpegs(images), ORIENTATIONS)]


def _larger(shape) -> np.ndarray:
    """Returns images of other sides than a shape `(height, width, channels)`."""
    height, width, channels = shape
    sides = (FEW, 2 * height + 1, width + 3, channels)
    return np.random.default_rng(0).integers(0, 256, sides, dtype="uint8")


def _decoded(content: bytes) -> np.ndarray:
    import tensorflow as tf

    return tf.io.decode_jpeg(content, dct_method="INTEGER_ACCURATE").numpy()


def _png(image: np.ndarray) -> bytes:
    import tensorflow as tf

    return tf.io.encode_png(image).numpy()


def _examples(columns: dict, specs) -> list[bytes]:
    """Returns each row as a serialized tf.train.Example, without the features that are missing."""
    from tensorflow.train import BytesList, Example, Feature, Features, FloatList

    found = []
    for row in range(len(next(iter(columns.values())))):
        features = {}
        for name, values in columns.items():
            value = values.iloc[row] if isinstance(values, pd.Series) else values[row]
            if isinstance(value, bytes):
                features[str(name)] = Feature(bytes_list=BytesList(value=[value]))
            elif specs[name].dtype.name == "string":
                if value != "":
                    features[str(name)] = Feature(bytes_list=BytesList(value=[value.encode()]))
            elif specs[name].dtype.name == "float64":
                numbers = ["" if np.isnan(number) else repr(float(number)) for number in np.ravel(np.float64(value))]
                features[str(name)] = Feature(bytes_list=BytesList(value=[number.encode() for number in numbers]))
            elif not np.all(np.isnan(numbers := np.ravel(np.float32(value)))):
                features[str(name)] = Feature(float_list=FloatList(value=numbers))
        found.append(Example(features=Features(feature=features)).SerializeToString())
    return found


def _requests_of(sent) -> list[str]:
    """Returns `<signature>:<case>` of each request."""
    return list(dict.fromkeys(key.partition("/")[0] for key in sent))


def _answer_in_a_fresh_process(format: str, folder: str, sent: dict[str, Any]) -> dict[str, np.ndarray]:
    """Answers as `proof_process.answer`, in a process of its own, where the zoo is not imported, on the CPU."""
    with tempfile.TemporaryDirectory() as scratch:
        requests_file, answers_file = Path(scratch, "requests.npz"), Path(scratch, "answers.npz")
        np.savez(requests_file, **sent)
        # -P: the script's own folder, where modules of the zoo stand, is not searched for what it imports.
        done = subprocess.run(
            [sys.executable, "-P", proof_process.__file__, format, folder, str(requests_file), str(answers_file)],
            capture_output=True,
            text=True,
            cwd=scratch,
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"},
        )
        if done.returncode != 0:
            said = done.stderr[-2000:]
            raise RuntimeError(f"The export does not answer in a fresh process. Nothing was left. It said:\n{said}")
        with np.load(answers_file, allow_pickle=False) as stored:
            return {key: stored[key] for key in stored}


def _repair(model: Model) -> str:
    """Returns what to do about an export that answers otherwise: where to look, if others have a part in the model."""
    from zoo.artifacts.saving import packages

    provided = [f"{name!r} of {package}" for package, own in packages(model).items() for name in own["provides"]]
    if not provided:
        return "Please report it."
    return f"Compare what these compute in Python and in the export, or report it: {', '.join(provided)}."


def _check_outputs(sent: Mapping[str, np.ndarray], found: Mapping[str, np.ndarray], dtypes: Mapping[str, str]) -> None:
    """Raises RuntimeError where an output has another number of rows than its request, or another dtype.

    Args:
        sent: The requests.
        found: The answers.
        dtypes: Of each answer of `serving_default`; TensorFlow Serving's methods answer strings and float32.
    """
    rows = {key.partition("/")[0]: len(values) for key, values in sent.items()}
    for key, values in found.items():
        wanted = rows[key.partition("/")[0]]
        if np.shape(values)[:1] != (wanted,):
            raise RuntimeError(
                f"The export does not answer as Python does: {key!r} has the shape {np.shape(values)} for {wanted} "
                "rows. Nothing was left."
            )
        dtype = "string" if values.dtype.kind == "S" else values.dtype.name
        of_methods = dtype if dtype in ("string", "float32") else "float32"
        if dtype != (must := dtypes.get(key.rpartition("/")[2], of_methods)):
            raise RuntimeError(
                f"The export does not answer as Python does: {key!r} is {dtype}, and must be {must}. Nothing was left."
            )


def _compare(
    model: Model, key: str, found: Mapping[str, np.ndarray], outputs: np.ndarray, tolerance: float = TOLERANCE
) -> float:
    """Returns the largest difference of one request's answers from the model's outputs `(rows, classes or units)`."""
    answered = {name.partition("/")[2]: values for name, values in found.items() if name.startswith(f"{key}/")}
    largest = 0.0
    for difference in model.task.differences(answered, outputs, model.target, model.decision, tolerance):
        if not difference.largest <= difference.allowed:
            raise RuntimeError(
                f"The export does not answer as Python does: {difference.what} of the request {key!r} differ by "
                f"{difference.largest:.3g}, beyond {difference.allowed:.3g}. Nothing was left."
            )
        largest = max(largest, difference.reported)
    return largest
