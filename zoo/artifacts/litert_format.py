"""LiteRT (once TensorFlow Lite): `model.tflite`, one file for phones and small devices.

    litert           float32: answers as Python does, within the proof's tolerance
    litert_float16   weights as float16, arithmetic as float32: half the size
    litert_int8      weights of matrices as int8, a scale a unit; what meets them is quantized row by row as it comes:
                     no rows are needed to calibrate it

The file holds builtin operations alone, so that every runtime takes it. The two smaller ones do not answer as Python
does: `measure` says how often the label is another one, and what that costs.
"""

from __future__ import annotations

import contextlib
import copy
import re
import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path

import keras
import numpy as np
import pandas as pd

from zoo import notices
from zoo.artifacts import proof, proof_process
from zoo.data.columns import kind_of
from zoo.data.targets import of_frame
from zoo.engine import keras_internals
from zoo.training.resolving import load_for

FILE = "model.tflite"
LEAST = 256  # weights of a matrix that is worth it
MOST_ROWS = 10_000
CASE = "quality"
_KEY = f"serving_default:{CASE}"


def write(model, folder: Path, *, weights: str = "float32") -> dict[str, tuple[dict, dict]]:
    """Writes the LiteRT file of a model on the TensorFlow backend to a folder.

    Categories are looked up as they come, for LiteRT has no operation that strips blanks from strings: they must have
    none around them, as they have none in the zoo's own server and clients.

    Args:
        model: A `zoo.Model`.
        folder: An empty folder.
        weights: `"float32"`, `"float16"` or `"int8"`.

    Returns:
        Inputs and outputs of `serving_default`, as `{name: [dtype, shape]}`.

    Raises:
        ImportError: if the extra `litert` is not installed.
        ValueError: if a column or a layer cannot be converted.
    """
    _check(model)
    import tensorflow as tf

    from zoo.data.convertible import Convertible, facts

    convertible = Convertible(model, lookups=True)
    with tempfile.TemporaryDirectory() as scratch, warnings.catch_warnings(), notices.silent(), notices.unlogged():
        warnings.simplefilter("ignore")  # that tf.lite moves to another package
        tf.saved_model.save(convertible, scratch, signatures={"serving_default": convertible.serving_default()})
        converter = tf.lite.TFLiteConverter.from_saved_model(scratch, signature_keys=["serving_default"])
        try:
            content = converter.convert()
        except Exception as error:  # the converter's own class, which TensorFlow does not show
            raise ValueError(_explained(model, str(error))) from error
    (folder / FILE).write_bytes(content if weights == "float32" else _smaller(content, weights))
    return {"serving_default": facts(convertible)}


def _smaller(content: bytes, weights: str) -> bytes:
    """Returns the file with the matrices of fully connected layers as float16 or int8.

    The converter's own option takes every constant: the knots of the ranks too, among which neighbours then fall
    together, and the model answers otherwise altogether.
    """
    schema, flatbuffer_utils = keras_internals.litert_files()
    file = flatbuffer_utils.convert_bytearray_to_object(bytearray(content))
    codes = file.operatorCodes
    dense = [i for i, code in enumerate(codes) if code.builtinCode == schema.BuiltinOperator.FULLY_CONNECTED]
    for graph in file.subgraphs:
        first = []
        for operator in [operator for operator in graph.operators if operator.opcodeIndex in dense]:
            tensor = graph.tensors[operator.inputs[1]]
            stored = file.buffers[tensor.buffer].data
            if tensor.type != schema.TensorType.FLOAT32 or stored is None:
                continue  # computed, or shared with a layer that was before
            matrix = np.frombuffer(bytes(stored), "float32").reshape(tensor.shape)  # (outputs, inputs)
            if matrix.size < LEAST:
                continue
            if weights == "int8":
                scale = np.maximum(np.abs(matrix).max(axis=1), np.finfo("float32").tiny) / 127
                _store(file, tensor, np.round(matrix / scale[:, None]).astype("int8"), schema.TensorType.INT8, schema)
                tensor.quantization = schema.QuantizationParametersT()
                tensor.quantization.scale = scale.astype("float32")
                tensor.quantization.zeroPoint = np.zeros(len(scale), "int64")
                tensor.quantization.quantizedDimension = 0
                operator.builtinOptions.asymmetricQuantizeInputs = True
                codes[operator.opcodeIndex].version = max(codes[operator.opcodeIndex].version, 12)  # a scale a unit
                continue
            half = copy.deepcopy(tensor)
            half.name = tensor.name + b"/float16"
            _store(file, half, matrix.astype("float16"), schema.TensorType.FLOAT16, schema)
            graph.tensors.append(half)
            tensor.buffer = 0  # the empty one: what follows fills it
            unpack = schema.OperatorT()
            unpack.opcodeIndex = _dequantize(codes, schema)
            unpack.inputs, unpack.outputs = np.array([len(graph.tensors) - 1]), np.array([operator.inputs[1]])
            unpack.builtinOptionsType = schema.BuiltinOptions.DequantizeOptions
            unpack.builtinOptions = schema.DequantizeOptionsT()
            first.append(unpack)
        graph.operators = [*first, *graph.operators]
    return bytes(flatbuffer_utils.convert_object_to_bytearray(file))


def _store(content, tensor, values, kind, schema) -> None:
    """Gives a tensor other values: in the place of its own, where no other tensor has them."""
    buffer = schema.BufferT()
    buffer.data = np.frombuffer(values.tobytes(), "uint8")
    users = [other for graph in content.subgraphs for other in graph.tensors if other.buffer == tensor.buffer]
    tensor.type = kind
    if len(users) <= 1:
        content.buffers[tensor.buffer] = buffer
        return
    content.buffers.append(buffer)
    tensor.buffer = len(content.buffers) - 1


def _dequantize(codes, schema) -> int:
    """Returns the index of the operation float16 -> float32, which is added where it is not there."""
    kind = schema.BuiltinOperator.DEQUANTIZE
    for i, code in enumerate(codes):
        if code.builtinCode == kind:
            return i
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = kind
    code.version = 3
    codes.append(code)
    return len(codes) - 1


def _check(model) -> None:
    """Raises what `write` raises of columns and of what is not installed."""
    try:
        import ai_edge_litert.interpreter  # noqa: F401 (the proof needs it)
    except ImportError as error:
        raise ImportError(
            f'An export to LiteRT needs {error.name!r}, which is not installed: pip install "keras-zoo[litert]"'
        ) from error
    if model.target.dtype == "float64":
        raise ValueError(
            f"LiteRT computes in float32, which cannot resolve the target: {model.target.spread}. Export as "
            "tf_saved_model, onnx or numpy, or subtract the mean from the target and train again."
        )
    obstacles: dict[str, list] = {}
    for column, state in zip(model.schema.columns, model.preprocessor.states, strict=True):
        obstacles.setdefault(kind_of(column).litert_obstacle(column, state), []).append(column.name)
    for what, names in obstacles.items():
        if what:
            left_out = ", ".join(map(repr, names))
            columns = f"the column {left_out}" if len(names) == 1 else f"the columns {left_out}"
            raise ValueError(
                f"LiteRT has no operation for {what}. Received: a model that reads them from {columns}. Export "
                f"as tf_saved_model, or train a model without: zoo.data.load(..., ignore=[{left_out}])."
            )


def _explained(model, said: str) -> str:
    from zoo.data.convertible import layer_named

    operations = ", ".join(sorted(set(re.findall(r"'tf\.(\w+)' op", said)))) or said[-300:]
    return (
        f"{layer_named(model, said)} cannot be converted to LiteRT, which has no operation for {operations}. Take "
        "another layer or activation, or export as tf_saved_model."
    )


def measuring_rows(model, card: Mapping, data=None) -> dict[str, np.ndarray]:
    """Returns what `measure` needs, as arrays: requests, Python's answers, and the targets where they are known.

    Args:
        model: A `zoo.Model` on any backend.
        card: Its card, which names the data of its training.
        data: Rows to measure on; left out, the test rows of the card's data, its validation rows, or all of them;
            where they cannot be loaded, rows drawn from what the preprocessor knows, which have no targets.
    """
    _check(model)
    x, y, source = _rows(model, card, data)
    tensors = model.preprocessor.tensors(x)
    x = x if isinstance(x, np.ndarray) else pd.DataFrame({name: list(values) for name, values in tensors.items()})
    found = {
        key: values for key, values in proof.requests(model, {CASE: x}).items() if key.startswith("serving_default:")
    }
    found["expected"] = proof.answers(model, {CASE: x})[CASE]
    found["source"] = np.array(source)
    if y is not None:
        found["y"] = model.preprocessor.target.encode(y)
    return found


def _rows(model, card, data):
    known = card.get("data") or {}
    loaded = None
    if data is not None:
        loaded = load_for(model, data)
    elif "://" not in (source := known.get("source") or "://"):
        with contextlib.suppress(OSError, ValueError, TypeError):  # data that were in memory, or are no longer there
            loaded = load_for(model, source)
            loaded = loaded if loaded.sha256 == known.get("sha256") else None
    if loaded is None:
        return proof.sample_rows(model, proof.ROWS), None, "rows drawn from the preprocessor's statistics"
    if loaded.streaming:
        frame = next(loaded.blocks(MOST_ROWS))[1]
        targets = model.schema.targets
        y = of_frame(frame, targets) if targets and all(name in frame for name in targets) else None
        return frame[model.schema.names], y, f"{loaded.source} (the first {len(frame):,} rows)"
    part = next((part for part in ("test", "val") if part in loaded.splits), None) if data is None else None
    what = f"{loaded.source} ({part or 'all'} rows)"
    loaded = loaded.take(loaded.splits[part]) if part else loaded
    if len(loaded.x) > MOST_ROWS:
        chosen = np.sort(np.random.default_rng(0).permutation(len(loaded.x))[:MOST_ROWS])
        loaded, what = loaded.take(chosen), f"{MOST_ROWS:,} of {what}"
    return loaded.x, loaded.y, what


def measure(model, folder: Path, rows: Mapping[str, np.ndarray], format: str) -> dict:
    """Returns how a version that answers otherwise than Python compares with it.

    Returns:
        `rows` and `source`; for classes the share of the same labels (`agreement`), else the largest difference in
        standard deviations of the target (`difference`); with targets also `metric` (accuracy or rmse), `before` in
        Python and `after` in the version.
    """
    sent = {key: values for key, values in rows.items() if key.startswith(_KEY)}
    with notices.quiet():
        found, before = proof_process.answer(format, str(folder.resolve()), sent), rows["expected"]
    told = {"rows": len(keras.tree.flatten(before)[0]), "source": str(rows["source"])}
    answered = {key.partition("/")[2]: values for key, values in found.items() if key.startswith(f"{_KEY}/")}
    return told | model.task.quality(answered, before, model.target, model.decision, rows.get("y"))


def said(quality: Mapping) -> str:
    """Returns what `measure` found as a line."""
    told = (
        f"the same label in {quality['agreement']:.2%}"
        if "agreement" in quality
        else f"at most {quality['difference']:.2g} standard deviations apart"
    )
    if "metric" in quality:
        told += f", {quality['metric']} {quality['before']:.5g} -> {quality['after']:.5g}"
    return f"compared with Python on {quality['rows']:,} rows: {told}; {quality['source']}"
