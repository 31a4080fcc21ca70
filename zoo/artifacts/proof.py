"""The proof of an export: a fresh process without the zoo answers raw rows as Python does.

    many, one    rows like those of training             types      whole numbers, booleans and numbers in strings
    missing      every other number is absent            extreme    infinite and huge numbers
    unseen       categories and words never seen         empty      a row without anything

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
from zoo.data.schema import BLANKS
from zoo.model import Model
from zoo.training import inference

TOLERANCE = 1e-5
ROWS = 1000
FEW = 16
STEPS = 50  # of sequences
METHODS = {"classification": "classify", "regression": "regress"}


def prove(
    model: Model,
    folder: Path,
    expected: Mapping[str, np.ndarray] | None = None,
    *,
    format: str = "tf_saved_model",
    exact: bool = True,
) -> float:
    """Proves an exported version: in this process, where a fault shows at once, then in a fresh one.

    Args:
        model: The model that was exported.
        folder: The version's folder.
        expected: What Python answers, by case, where that was on another Keras backend.
        format: The version's format, one of `proof_process.RUNTIMES`.
        exact: Whether answers must be within the tolerance; else they must be there and be numbers.

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
    if not np.all(np.isfinite(expected["many"])):
        raise ValueError(
            "The model's own answers to rows like those of training are not finite: there is nothing to serve. Its "
            "training diverged; train again with a smaller `learning_rate`."
        )
    sent = requests(model, rows, raw_names=format == "numpy")
    if format in proof_process.PLAIN:
        sent = {key: values for key, values in sent.items() if key.startswith("serving_default:")}
    differences, tolerance = [], TOLERANCE if exact else np.inf
    for answer in (proof_process.answer, _answer_in_a_fresh_process):
        with notices.quiet():
            found = answer(format, str(folder.resolve()), sent)
        _check_outputs(sent, found)
        differences += [
            _compare(model, key, found, expected[key.split(":")[1]], tolerance) for key in _requests_of(sent)
        ]
    return max(differences)


def answers(model: Model, rows: Mapping) -> dict[str, np.ndarray]:
    """Returns the model's outputs in Python by case, computed on a CPU as the fresh process does."""
    with keras.device("cpu:0"):
        return {case: inference.outputs(model, model.preprocessor.encode(values)) for case, values in rows.items()}


def cases(model: Model) -> dict:
    """Returns the raw rows to prove on, by case: DataFrames, or arrays."""
    many = sample_rows(model, ROWS)
    found = {"many": many, "one": many[:1]}
    if isinstance(many, np.ndarray):
        if model.schema.columns[0].kind == "image" and many.shape[-1] in (1, 3):
            found["jpeg"] = np.stack([_decoded(content) for content in _jpegs(many[:FEW])])
        return found
    kinds = {column.name: column.kind for column in model.schema.columns}
    missing, unseen, empty, types, extreme = (many[:FEW].copy() for _ in range(5))
    turn, dtypes = np.arange(FEW), itertools.cycle(("int64", "Int32", "str"))
    for i, (name, kind) in enumerate(kinds.items()):
        if kind in ("number", "boolean"):
            missing[name] = missing[name].mask((turn + i) % 2 == 0)
            empty[name] = np.nan
            extreme[name] = np.resize([np.inf, -np.inf, 1e30, -1e30, 0.0], FEW)
            whole = many[name][:FEW].round().clip(-(2**30), 2**30).astype("int32")
            types[name] = whole == 1 if kind == "boolean" else whole.astype(next(dtypes))
        else:
            missing[name] = missing[name].mask((turn + i) % 2 == 0, "")
            empty[name] = ""
            unseen[name] = "Никогда не видано"
    return {**found, "missing": missing, "unseen": unseen, "empty": empty[:1], "types": types, "extreme": extreme}


def sample_rows(model: Model, rows: int, seed: int = 0):
    """Returns raw rows like those of training, drawn from what the preprocessor knows: a DataFrame, or an array."""
    generator = np.random.default_rng(seed)
    first, state = model.schema.columns[0], model.preprocessor.get_config()["state"]
    if first.kind == "image":
        return generator.integers(0, 256, (rows, *first.shape), dtype="uint8")
    if first.kind == "array":
        shape = (rows if None not in first.shape else FEW, *(STEPS if size is None else size for size in first.shape))
        if first.values:
            return generator.choice(np.array(first.values, "float32"), shape)
        noise = generator.normal(size=shape)
        return (np.array(state["center"]) + np.array(state["scale"]) * noise).astype("float32")
    kinds = [column.kind for column in model.schema.columns]
    place = {kind: iter(range(kinds.count(kind))) for kind in kinds}  # where in the state the columns of a kind stand
    columns = {}
    for column in model.schema.columns:
        i = next(place[column.kind])
        if column.kind == "boolean":
            columns[column.name] = generator.integers(0, 2, rows).astype("float64")
        elif column.kind == "category":
            levels = [*state["levels"][i], *(f" {level}\t" for level in state["levels"][i][:3]), "?", "\xa0?"]
            columns[column.name] = generator.choice(np.array(levels, dtype=object), rows)
        elif column.kind == "text":
            words = state["texts"][i]["words"] if i < len(state["texts"]) else ()
            columns[column.name] = _texts(generator, [*words, "Ärger", "x1", "4-5", "(Mrs.)", " "], rows)
        else:
            i += kinds.count("number") if column.kind == "date" else 0
            center, scale = state["center"][i], state["scale"][i]
            drawn = center + scale * generator.normal(size=rows)
            known = generator.choice(state["knots"][i] or [center], rows)
            drawn = np.where(generator.random(rows) < 0.5, known, drawn)
            columns[column.name] = _dates(generator, drawn) if column.kind == "date" else drawn
    return pd.DataFrame(columns)


def _without_blanks(rows):
    if isinstance(rows, np.ndarray):
        return rows
    return rows.map(lambda value: value.strip(BLANKS) if isinstance(value, str) else value)


def _texts(generator, words, rows):
    return np.array([" ".join(generator.choice(words, generator.integers(1, 6))) for _ in range(rows)], dtype=object)


def _dates(generator, days):
    """Returns days since 1970 as ISO 8601 strings: some with a time, some with a zone, a few that are no dates."""
    days = np.clip(np.floor(days), -25_000, 100_000).astype("int64").astype("datetime64[D]")
    tails = generator.choice(["", "", "T08:30", " 23:59:59", "T12:00:00Z", "T12:00:00+02:00", "x"], len(days))
    return np.array([f"{day}{tail}" for day, tail in zip(days, tails)], dtype=object)


def requests(model: Model, rows: Mapping, *, raw_names: bool = False) -> dict[str, np.ndarray]:
    """Returns the requests for the cases, as `proof_process` takes them."""
    first, specs = model.schema.columns[0], model.preprocessor.signature()
    served = {name: str(name) for name in specs} if raw_names else model.schema.served_names
    found: dict[str, np.ndarray] = {}
    for case, values in rows.items():
        columns = {first.name: values} if isinstance(values, np.ndarray) else {name: values[name] for name in specs}
        tensors = {
            name: _encoded(column) if specs[name].dtype.name == "string" else np.asarray(column, specs[name].dtype.name)
            for name, column in columns.items()
        }
        for name, tensor in tensors.items():
            found[f"serving_default:{case}/{served[name]}"] = tensor
        few = {name: column[:FEW] for name, column in columns.items()}
        if first.kind == "array" and None in first.shape:
            continue
        if first.kind == "image":
            if first.shape[-1] not in (1, 3, 4):
                continue
            pictures = _jpegs(rows["many"][:FEW]) if case == "jpeg" else [_png(image) for image in values[:FEW]]
            found[f"serve_image_bytes:{case}/image_bytes"] = _encoded(pictures)
            few = {first.name: pictures}
        examples = _encoded(_examples(few, specs))
        found[f"serve_examples:{case}/examples"] = examples
        if model.entry.task in METHODS:
            found[f"{METHODS[model.entry.task]}:{case}/inputs"] = examples
    return found


def _encoded(strings) -> np.ndarray:
    return np.array([base64.b64encode(value if isinstance(value, bytes) else value.encode()) for value in strings])


def _jpegs(images: np.ndarray) -> list[bytes]:
    import tensorflow as tf

    return [tf.io.encode_jpeg(image).numpy() for image in images]


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


def _check_outputs(sent: Mapping[str, np.ndarray], found: Mapping[str, np.ndarray]) -> None:
    """Raises RuntimeError where an output has another number of rows than its request, or is no float32 or string."""
    rows = {key.partition("/")[0]: len(values) for key, values in sent.items()}
    for key, values in found.items():
        wanted = rows[key.partition("/")[0]]
        if np.shape(values)[:1] != (wanted,):
            raise RuntimeError(
                f"The export does not answer as Python does: {key!r} has the shape {np.shape(values)} for {wanted} "
                "rows. Nothing was left. Please report it."
            )
        exact = key.endswith("/prediction") and values.dtype == np.float64  # of a target beyond float32's resolution
        if values.dtype.kind != "S" and values.dtype != np.float32 and not exact:
            raise RuntimeError(
                f"The export does not answer as Python does: {key!r} is {values.dtype}, and must be float32. Nothing "
                "was left. Please report it."
            )


def _compare(
    model: Model, key: str, found: Mapping[str, np.ndarray], outputs: np.ndarray, tolerance: float = TOLERANCE
) -> float:
    """Returns the largest difference of one request's answers from the model's outputs `(rows, classes or units)`."""

    def refuse(what, difference, allowed):
        raise RuntimeError(
            f"The export does not answer as Python does: {what} of the request {key!r} differ by {difference:.3g}, "
            f"beyond {allowed:.3g}. Nothing was left. Please report it."
        )

    if model.entry.task != "classification":
        served = found.get(f"{key}/prediction", found.get(f"{key}/outputs"))
        values = served.astype("float64")
        outputs = outputs.astype("float64").reshape(len(outputs), -1)[: len(values)].reshape(values.shape)
        known = outputs[np.isfinite(outputs)]
        scale = float(np.ptp(known)) or 1.0 if known.size else 1.0
        scale = model.preprocessor.target_scale if model.entry.task == "regression" else scale
        sizes = np.abs(outputs)
        if served.dtype == np.float64:  # what comes to the center is computed in float32
            sizes = np.abs(outputs - model.preprocessor.target_center)
        allowed = tolerance * scale + 4 * np.spacing(
            np.where(np.isfinite(outputs), sizes, 0.0).astype("float32")
        ).astype("float64")
        difference = _difference(values, outputs)
        if not np.all(difference <= allowed):
            worst = np.argmax(difference - allowed)
            refuse("values", difference.flat[worst], allowed.flat[worst])
        return float(np.max(difference / np.fmax(scale, np.where(np.isfinite(outputs), np.abs(outputs), 0.0))))
    probabilities = found.get(f"{key}/probabilities", found.get(f"{key}/scores"))
    wanted = keras.ops.convert_to_numpy(model.probabilities(keras.ops.convert_to_tensor(outputs)))[: len(probabilities)]
    difference = float(np.max(_difference(probabilities, wanted)))
    if not difference <= tolerance:
        refuse("probabilities", difference, tolerance)
    if f"{key}/classes" in found:
        names = np.array([str(label).encode() for label in model.classes])
        if np.any(found[f"{key}/classes"] != names):
            refuse("classes", 1.0, 0.0)
        return difference
    chosen = np.argmax(probabilities, axis=-1)
    labels = np.array([str(label).encode() for label in model.classes])[chosen]
    wrong = np.mean((found[f"{key}/label"] != labels) & np.all(np.isfinite(probabilities), axis=-1))
    if wrong:
        refuse("labels", wrong, 0.0)
    largest = _difference(found[f"{key}/probability"], np.max(probabilities, axis=-1)).max()
    if largest:
        refuse("probabilities of the labels", largest, 0.0)
    return difference


def _difference(found: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Returns how far apart two arrays are: 0 where both are NaN or the same infinity, as huge numbers make them."""
    same = (found == wanted) | (np.isnan(found) & np.isnan(wanted))
    return np.abs(np.subtract(found, wanted, out=np.zeros(np.shape(found), "float64"), where=~same))
