"""JSON to tensors and back, as TensorFlow Serving's REST interface has them.

    row form       {"instances": [{"age": 22.0, ...}, ...]}     {"predictions": [{"label": ...}, ...]}
    columnar form  {"inputs": {"age": [22.0, ...], ...}}        {"outputs": {"label": [...], ...}}
    examples       {"examples": [{"age": 22.0}, ...]}           {"results": [[["0", 0.9], ["1", 0.1]], ...]}

NaN and Infinity are bare tokens, {"b64": "..."} are bytes. The interface and its messages:
https://www.tensorflow.org/tfx/serving/api_rest
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from zoo.serving.lenient import Lenient

FLOATS = ("float32", "float64")
FLOAT_MAX = {dtype: float(np.finfo(dtype).max) for dtype in FLOATS}
WHOLE_MAX = {"float32": 2**24 - 1, "float64": 2**53 - 1}  # the largest whole number below which each has all
TYPES = {"float32": "float", "float64": "double", "string": "string", "uint8": "uint8"}
FEATURES = {"float32": "float", "float64": "string", "string": "string", "uint8": "uint8"}  # in a tf.Example
JSON_TYPES = {dict: "Object", list: "Array", str: "String", bool: "True", type(None): "Null", int: "Number"}
NUMBERS = {int, float}
HUGE = re.compile(rb"[eE]\+?[0-9]{3}|[0-9]{300}")  # what numbers beyond a double have
WRITE = json.JSONEncoder(ensure_ascii=False).encode


class Refused(Exception):
    """A request that is answered with an error: its HTTP status and what TensorFlow Serving would say."""

    def __init__(self, status: int, said: str):
        super().__init__(said)
        self.status, self.said = status, said


def parse(body: bytes) -> dict[str, Any]:
    """Returns the object in a request's body.

    Raises:
        Refused: if it is no JSON, or no object.
    """
    if not body:
        raise Refused(400, "JSON Parse error: The document is empty at offset: 0")
    try:
        text = body.decode("utf-8")  # json.loads would guess the encoding
        request = json.loads(text, parse_float=_finite) if HUGE.search(body) else json.loads(text)
    except json.JSONDecodeError as error:
        raise Refused(400, f"JSON Parse error: {error.msg} at offset: {error.pos}") from None
    except (ValueError, RecursionError) as error:  # wrong UTF-8, a number of thousands of digits, too many brackets
        raise Refused(400, f"JSON Parse error: {error}") from None
    if type(request) is not dict:
        raise Refused(400, f"JSON Value: {_shown(request)} Is not object")
    return request


def _finite(text: str) -> float:
    if math.isinf(value := float(text)):
        raise ValueError("Number too big to be stored in double.")
    return value


def signature_name(request: Mapping[str, Any]) -> str:
    """Returns the signature that a request names, `""` for none.

    Raises:
        Refused: if it is no string.
    """
    name = request.get("signature_name", "")
    if type(name) is not str:
        raise Refused(400, "JSON Value: not formatted correctly. 'signature_name' key must be a string value.")
    return name


def tensors(
    request: Mapping[str, Any], inputs: Mapping[str, Sequence], *, most_rows: int, lenient: Lenient | None = None
) -> tuple[dict[str, np.ndarray], int, bool]:
    """Returns the tensors of a predict request, the number of rows, and whether they came row by row.

    Args:
        request: From `parse`.
        inputs: Name -> `[dtype, shape]` of the signature.
        most_rows: Limit of rows.
        lenient: What reads rows as training took them; None where the signature decides what is taken.

    Raises:
        Refused: if it is not what the signature takes.
    """
    by_row, by_column = "instances" in request, "inputs" in request
    if by_row and by_column:
        raise Refused(400, "Not formatted correctly expecting only one of 'inputs' or 'instances' keys to exist")
    if by_row:
        columns, rows = _from_instances(request["instances"], inputs, most_rows, lenient)
    elif by_column:
        columns, rows = _from_inputs(request["inputs"], inputs, most_rows, lenient)
    else:
        raise Refused(400, "Missing 'inputs' or 'instances' key")
    return columns, rows, by_row


def _from_instances(instances, inputs, most_rows, lenient):
    if type(instances) is not list:
        raise Refused(400, "Excepting 'instances' to be an list/array")
    if not instances:
        raise Refused(400, "No values in 'instances' array")
    rows = len(instances)
    _check_rows(rows, most_rows)
    if _is_object(instances[0]):
        for i, row in enumerate(instances):
            if not _is_object(row):
                raise Refused(400, f"Expecting object but got list at item {i} of input list")
            if lenient is None and row.keys() != inputs.keys():
                raise _other_keys(i, row, inputs)
        if lenient is not None:
            instances = [_read(lenient.row, row, i) for i, row in enumerate(instances)]
        columns = {name: [row[name] for row in instances] for name in inputs}
    else:
        if len(inputs) > 1:
            raise Refused(
                400,
                "instances is a plain list, but expecting list of objects as multiple input tensors required as per "
                "tensorinfo_map",
            )
        for i, row in enumerate(instances):
            if _is_object(row):
                raise Refused(400, f"Expecting value/list but got object at item {i} of input list")
        columns = {next(iter(inputs)): instances}
    return {name: _tensor(name, columns[name], *inputs[name], lenient, rows=True) for name in inputs}, rows


def _from_inputs(given, inputs, most_rows, lenient):
    if not _is_object(given):
        if len(inputs) > 1:
            raise Refused(
                400,
                "inputs is a plain value/list, but expecting an object as multiple input tensors required as per "
                "tensorinfo_map",
            )
        given = {next(iter(inputs)): given}
    elif lenient is not None:
        given = _read(lenient.columns, given)
    found = {}
    for name, (dtype, shape) in inputs.items():
        if name not in given:
            raise Refused(400, f"Missing named input: {name} in 'inputs' object.")
        values = given[name]
        if type(values) is not list:
            raise Refused(400, f"The input {name!r} must have the rank {len(shape)}. Received: the rank 0.")
        _check_rows(len(values), most_rows)
        found[name] = _tensor(name, values, dtype, shape, lenient, rows=False)
    lengths = {len(values) for values in found.values()}
    if len(lengths) > 1:
        shown = ", ".join(f"{name}: {len(values)}" for name, values in found.items())
        raise Refused(400, f"All inputs must have the same number of rows. Received: {shown}")
    if lengths == {0}:
        raise Refused(400, "The inputs must have at least one row. Received: none")
    return found, lengths.pop()


def _check_rows(rows: int, most: int) -> None:
    if rows > most:
        raise Refused(413, f"A request must have at most {most} rows. Received: {rows}. Send them in parts.")


def _is_object(value) -> bool:
    return type(value) is dict and not _is_bytes(value)


def _is_bytes(value) -> bool:
    return type(value) is dict and len(value) == 1 and type(value.get("b64")) is str


def _read(reader, *given):
    """Returns what a method of `Lenient` returns.

    Raises:
        Refused: with its message.
    """
    try:
        return reader(*given)
    except ValueError as error:
        raise Refused(400, str(error)) from None


def _other_keys(i, row, inputs) -> Refused:
    for name in row:
        if name not in inputs:
            said = f"JSON object: does not have named input: {name}"
            return Refused(
                400, f"Failed to process element: {i} key: {name} of 'instances' list. Error: INVALID_ARGUMENT: {said}"
            )
    return Refused(
        400,
        f"Failed to process element: {i} of 'instances' list. JSON object: {_shown(row)} keys must be equal to: "
        f"{','.join(sorted(inputs))}",
    )


def _tensor(
    name, values: list, dtype: str, shape: Sequence, lenient: Lenient | None = None, *, rows: bool
) -> np.ndarray:
    """Returns values `(rows, ...)` as a tensor of the signature's type.

    Raises:
        Refused: if a value has another type or the values another shape.
    """
    if lenient is not None:
        values = _read(lenient.values, name, values)
    exact = lenient is None
    try:
        if len(shape) > 1:
            return _nested(values, dtype, shape, exact)
        return _strings(values) if dtype == "string" else _numbers(values, dtype, exact)
    except _Wrong as wrong:
        place = f"Failed to process element: {wrong.place} key: {name} of 'instances' list. Error: INVALID_ARGUMENT: "
        raise Refused(400, (place if rows and wrong.place is not None else f"Input {name}: ") + str(wrong)) from None


class _Wrong(Exception):
    def __init__(self, said: str, place: int | None = None):
        super().__init__(said)
        self.place = place


def _numbers(values: list, dtype: str, exact: bool) -> np.ndarray:
    """Returns numbers as an array; where it need not be exact, the nearest ones, and infinite ones beyond the type."""
    known = NUMBERS if dtype in FLOATS else {int}
    if not known.issuperset(map(type, values)):
        i = next(i for i, value in enumerate(values) if type(value) not in known)
        raise _type_error(values[i], dtype, i)
    if len(values) <= 16 and dtype in FLOATS:  # quicker than numpy; NaN is not within
        most = WHOLE_MAX[dtype]
        if all(-most <= value <= most for value in values):
            return np.array(values, dtype)
    try:
        found = np.array(values, "float64")
    except OverflowError:  # a whole number of hundreds of digits
        found = None
    if dtype in FLOATS:
        if found is None or exact and np.any(np.abs(found) > WHOLE_MAX[dtype]):
            for i, value in enumerate(values):
                limit = WHOLE_MAX[dtype] if type(value) is int and exact else FLOAT_MAX[dtype]
                if not -limit <= value <= limit and (type(value) is int or math.isfinite(value)):
                    what = TYPES[dtype]
                    raise _Wrong(f"Cannot convert JSON value: {_shown(value)} to {what} without loss of precision.", i)
        with np.errstate(over="ignore"):
            return found.astype(dtype)
    if found is None or np.any(found < 0) or np.any(found > 255):
        i = next(i for i, value in enumerate(values) if not 0 <= value <= 255)
        raise _Wrong(f"JSON Value: {_shown(values[i])} must be from 0 to 255", i)
    return found.astype("uint8")


def _strings(values: list) -> np.ndarray:
    found = np.empty(len(values), object)
    for i, value in enumerate(values):
        if type(value) is str:
            try:
                found[i] = value.encode()
            except UnicodeEncodeError:  # half of a surrogate pair
                raise _Wrong(f"JSON Value: {_shown(value)} is no valid Unicode", i) from None
        elif _is_bytes(value):
            try:
                found[i] = base64.b64decode(value["b64"], validate=True)
            except (binascii.Error, ValueError):
                raise _Wrong("Unable to base64 decode", i) from None
        elif type(value) is dict:
            raise _Wrong(f"JSON Value: {_shown(value)} not formatted correctly for base64 data", i)
        else:
            raise _type_error(value, "string", i)
    return found


def _nested(values: list, dtype: str, shape: Sequence, exact: bool) -> np.ndarray:
    """Returns nested lists as a tensor: of images and arrays."""
    flat, level, sizes = values, 0, []
    for size in shape[1:]:
        level += 1
        if size is None and flat and type(flat[0]) is list:
            size = len(flat[0])  # of time: all sequences of a request are as long as its first
        sizes.append(size or 0)
        for i, item in enumerate(flat):
            if type(item) is not list:
                raise _Wrong(
                    f"JSON Value: {_shown(item)} found at incorrect level: {level} in the JSON DOM. Expected at level: "
                    f"{len(shape) - 1}",
                    i if level == 1 else None,
                )
            if size is not None and len(item) != size:
                raise _Wrong(
                    f"Encountered list at unexpected size: {len(item)} at level: {level - 1} expected size: {size}",
                    i if level == 1 else None,
                )
        flat = [value for item in flat for value in item]
    if flat and type(flat[0]) is list:
        raise _Wrong(f"Encountered list at unexpected level: {level} expected < {level}")
    try:
        found = _strings(flat) if dtype == "string" else _numbers(flat, dtype, exact)
    except _Wrong as wrong:
        raise _Wrong(str(wrong), wrong.place * len(values) // len(flat)) from None
    return found.reshape(len(values), *sizes)


def _type_error(value, dtype: str, place: int) -> _Wrong:
    kind = JSON_TYPES.get(type(value), "Number") if value is not False else "False"
    return _Wrong(f"JSON Value: {_shown(value)} Type: {kind} is not of expected type: {TYPES[dtype]}", place)


def _shown(value) -> str:
    text = json.dumps(value)
    return text if len(text) <= 200 else f"{text[:200]}..."


def examples(
    request: Mapping[str, Any],
    columns: Mapping[Any, tuple[str, str, tuple]],
    *,
    most_rows: int,
    method: str,
    lenient: Lenient | None = None,
) -> tuple[dict[str, np.ndarray], int]:
    """Returns the tensors of a classify or regress request, and the number of rows.

    Args:
        request: From `parse`.
        columns: Raw name -> served name, dtype, and shape without the rows.
        most_rows: Limit of rows.
        method: For messages.
        lenient: As for `tensors`.

    Raises:
        Refused: if they are no examples of these columns. A feature may be missing, others are ignored.
    """
    if "examples" not in request:
        raise Refused(400, f"When method is {method}, key 'examples' is expected and was not found")
    given = request["examples"]
    if type(given) is not list:
        raise Refused(400, "Expecting 'examples' value to be an list/array")
    if not given:
        raise Refused(400, "'examples' value is an empty array")
    _check_rows(len(given), most_rows)
    context = request.get("context", {})
    for example in (context, *given):
        if type(example) is not dict:
            kind = JSON_TYPES.get(type(example), "Number")
            raise Refused(400, f"Example must be JSON object but got JSON {kind}")
    found = {}
    if lenient is not None:
        read = [_read(lenient.row, {**context, **example}, i) for i, example in enumerate(given)]
        for raw, (served, dtype, shape) in columns.items():
            features = _unlisted([row[lenient.served(str(raw))] for row in read], shape)
            found[served] = _tensor(served, features, dtype, (None, *shape), lenient, rows=False)
        return found, len(given)
    for raw, (served, dtype, shape) in columns.items():
        name, features = str(raw), [example.get(str(raw), context.get(str(raw))) for example in given]
        values = [value for feature in features for value in _feature(name, feature, dtype, shape)]
        try:
            flat = np.array(values, dtype) if dtype in FLOATS else _strings(values)
            found[served] = flat.reshape(len(given), *shape)
        except _Wrong as wrong:
            raise Refused(400, f"Feature: {name}: {wrong}") from None
    return found, len(given)


def _unlisted(features: list, shape: tuple) -> list:
    """Returns features as the values of an input: of a list of one value that value, None of an empty list."""
    alone = [None if value == [] else value for value in features]
    return alone if shape else [value[0] if type(value) is list and len(value) == 1 else value for value in alone]


def _feature(name: str, value, dtype: str, shape: tuple) -> list:
    """Returns a feature's values, as many as its shape has: missing are NaN or "". Errors are a tf.Example's."""
    given = value if type(value) is list else [] if value is None else [value]
    size, absent = math.prod(shape), math.nan if dtype in FLOATS else ""
    if not given:
        return [absent] * size
    if len(given) != size:
        raise Refused(
            400,
            f"Name: <unknown>, Key: {name}, Index: 0.  Number of {FEATURES[dtype]} values != expected.  Values size: "
            f"{len(given)} but output shape: [{','.join(map(str, shape))}]",
        )
    return [_element(name, item, dtype) for item in given]


def _element(name: str, value, dtype: str):
    if value is None or type(value) is list or (type(value) is dict and not _is_bytes(value)):
        kind = JSON_TYPES[type(value)]
        raise Refused(400, f"Feature: {name} has element with unexpected JSON type: {kind}")
    if dtype == "float64" and type(value) is str:
        return _double(name, value)
    kind = "float" if type(value) is float else "int64" if type(value) in (int, bool) else "string"
    if kind != FEATURES[dtype]:
        raise Refused(
            400,
            f"Name: <unknown>, Key: {name}, Index: 0.  Data types don't match. Expected type: {FEATURES[dtype]}, "
            f"actual type: {kind}",
        )
    if kind == "float" and not abs(value) <= FLOAT_MAX[dtype] and math.isfinite(value):
        raise Refused(400, f"Cannot convert JSON value: {_shown(value)} to {TYPES[dtype]} without loss of precision.")
    return value


def _double(name: str, value: str) -> float:
    """Returns the number in a feature that is served as float64: a string, for an Example has float32 alone."""
    try:
        return float(value.strip() or "nan")
    except ValueError:
        raise Refused(400, f"Feature: {name}: StringToNumberOp could not correctly convert string: {value}") from None


def answer(outputs: Mapping[str, np.ndarray], by_row: bool) -> bytes:
    """Returns the body that answers a predict request."""
    lists = {name: _plain(name, values) for name, values in sorted(outputs.items())}
    if not by_row:
        return _written({"outputs": lists if len(lists) > 1 else next(iter(lists.values()))})
    if len(lists) == 1:
        return _written({"predictions": next(iter(lists.values()))})
    names = list(lists)
    return _written({"predictions": [dict(zip(names, row)) for row in zip(*lists.values())]})


def results(outputs: Mapping[str, np.ndarray], classes: Sequence[str] | None) -> bytes:
    """Returns the body that answers a classify request, or, without classes, a regress request."""
    if classes is None:
        return _written({"results": _plain("", outputs["prediction"])})
    scores = _plain("", outputs["probabilities"])
    return _written({"results": [[list(pair) for pair in zip(classes, row)] for row in scores]})


def error(said: str) -> bytes:
    """Returns the body of an error."""
    return _written({"error": said})


def _plain(name: str, values: np.ndarray):
    if values.dtype == object:
        flat = values.ravel().tolist()
        if name.endswith("_bytes"):
            flat = [{"b64": base64.b64encode(value).decode()} for value in flat]
        else:
            flat = [value.decode("utf-8", "replace") if type(value) is bytes else value for value in flat]
        return flat if values.ndim == 1 else _folded(flat, values.shape)
    if values.dtype == np.float32:
        # The shortest decimal that is this float32: as float64, 0.2 would read 0.20000000298023224.
        flat = [float(str(value)) for value in values.ravel()]
        return flat if values.ndim == 1 else _folded(flat, values.shape)
    return values.tolist()


def _folded(flat: list, shape: tuple[int, ...]) -> list:
    for size in reversed(shape[1:]):
        flat = [flat[i : i + size] for i in range(0, len(flat), size)] if size else [[] for _ in range(shape[0])]
    return flat


def _written(value) -> bytes:
    return WRITE(value).encode("utf-8", "replace")
