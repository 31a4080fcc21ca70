"""The server's addresses and what they take and answer, as an OpenAPI 3.1 document, made from the models that answer.

https://spec.openapis.org/oas/v3.1.0
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from zoo.serving import metrics
from zoo.serving.models import Served, Version

JSON_TYPES = {
    "float32": "number",
    "float64": "number",
    "uint8": "integer",
    "int64": "integer",
    "bool": "boolean",
    "string": "string",
}
TAKEN = ["number", "string", "boolean", "null"]  # as values of any column by --lenient
SERVER = "server"  # the tag of what is no model's
MOST_LEVELS = 50  # of a category that are listed
MOST_EXAMPLE = 4_000  # characters of a request that is shown
ERROR = {"$ref": "#/components/schemas/Error"}
BYTES = {"$ref": "#/components/schemas/Bytes"}
REFUSALS = {
    "400": "The request is not what the model takes.",
    "404": "There is no such model, or this version of it does not answer.",
    "408": "The body did not come in time.",
    "413": "The body or the number of rows is beyond the server's limit.",
    "503": "Too many requests are waiting, or there was no answer in time. `Retry-After` says when to try again.",
}
ABOUT = (
    "The REST interface of TensorFlow Serving, answered by zoo serve. A missing number is the bare token NaN, which "
    "TensorFlow Serving has added to JSON, and a missing text is an empty string."
)
ABOUT_LENIENT = (
    "The REST interface of TensorFlow Serving, answered by zoo serve --lenient: rows may be as training took them. "
    "Columns have their raw names or their served ones, null and absent columns are missing, and others are ignored."
)


def document(models: Iterable[Served], *, lenient: bool) -> dict[str, Any]:
    """Returns the document.

    Args:
        models: What is served.
        lenient: Whether rows may be as training took them.
    """
    import zoo

    answering = [(model.name, model.version) for model in models if model.version is not None]
    schemas = {
        "Error": _object({"error": {"type": "string", "description": "What must be, what came, and the repair."}}),
        "Bytes": _object({"b64": {"type": "string", "contentEncoding": "base64"}}),
    }
    paths: dict[str, Any] = {}
    for place, (name, version) in enumerate(answering):
        plain = re.sub(r"[^A-Za-z0-9._-]", "_", name)
        key = plain if f"{plain}.predict" not in schemas else f"{plain}_{place}"
        paths |= _of_model(name, key, version, schemas, lenient)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "zoo serve",
            "version": zoo.__version__,
            "description": ABOUT_LENIENT if lenient else ABOUT,
        },
        "tags": [{"name": name} for name in dict.fromkeys([*(name for name, _ in answering), SERVER])],
        "paths": {**paths, **_of_server()},
        "components": {"schemas": schemas},
    }


def _of_model(name: str, key: str, version: Version, schemas: dict, lenient: bool) -> dict:
    """Returns the paths of a model, and adds what they take and answer to the schemas."""
    schemas[f"{key}.predict"] = {"oneOf": [_request(version, one, lenient) for one in _by_form(version)]}
    schemas[f"{key}.predictions"] = {"anyOf": [_response(version, one) for one in _by_form(version)]}
    calls = {"predict": ("predict", "predictions", version.sample)}
    if version.method:
        schemas[f"{key}.{version.method}"] = _examples(version, lenient)
        schemas[f"{key}.results"] = _results(version)
        calls[version.method] = (version.method, "results", None)
    paths = {}
    for where, parameters in (("", []), ("/versions/{version}", [_version(version)])):
        base, by_version = f"/v1/models/{quote(name, safe='')}{where}", "_version" if where else ""
        for method, (asked, answered, sample) in calls.items():
            content: dict[str, Any] = {"schema": {"$ref": f"#/components/schemas/{key}.{asked}"}}
            if sample is not None and (shown := _shown(sample)) is not None:
                content["example"] = shown
            paths[f"{base}:{method}"] = {
                "parameters": parameters,
                "post": {
                    "operationId": f"{key}_{method}{by_version}",
                    "summary": f"Answers rows by {name}.",
                    "tags": [name],
                    "requestBody": {"required": True, "content": {"application/json": content}},
                    "responses": {
                        "200": _json("The answers.", {"$ref": f"#/components/schemas/{key}.{answered}"}),
                        **{status: _json(about, ERROR) for status, about in REFUSALS.items()},
                    },
                },
            }
        for rest, about in (("", "Which versions answer, and which cannot be loaded."), ("/metadata", "The columns.")):
            operation = _get(f"{key}_{rest[1:] or 'status'}{by_version}", about, name, {"type": "object"})
            operation["responses"]["404"] = _json(REFUSALS["404"], ERROR)
            paths[f"{base}{rest}"] = {"parameters": parameters, "get": operation}
    return paths


def _version(version: Version) -> dict:
    return {
        "name": "version",
        "in": "path",
        "required": True,
        "description": "The number of a version.",
        "schema": {"type": "integer", "examples": [version.number]},
    }


def _by_form(version: Version) -> list[tuple[str, str]]:
    """Returns each signature in each form of a request, the one that need not be named first."""
    ordered = sorted(version.signatures, key=lambda name: (name != "serving_default", name))
    return [(signature, form) for signature in ordered for form in ("instances", "inputs")]


def _request(version: Version, asked: tuple[str, str], lenient: bool) -> dict:
    """Returns what a request to a signature holds, in rows or in columns."""
    signature, form = asked
    inputs = version.signatures[signature][0]
    is_default = signature == "serving_default"
    lenient = lenient and is_default
    described = {column["served"]: column for column in version.schema.get("columns", ())} if is_default else {}
    values = {
        name: _column(described.get(name, {}), facts, lenient) if is_default or facts[0] != "string" else BYTES
        for name, facts in inputs.items()
    }
    named = {str(described.get(name, {}).get("name", name)): value for name, value in values.items()}
    if form == "inputs":
        named, values = ({name: _list(value) for name, value in some.items()} for some in (named, values))
    row = _object(named, strict=False) if lenient else _object(values)
    if len(values) == 1:
        row = {"anyOf": [row, next(iter(values.values()))]}
    if form == "instances":
        row = {"type": "array", "minItems": 1, "items": row}
    names = {"const": signature} if not is_default else {"enum": [signature, ""]}
    named_signature = {"signature_name": {"type": "string", **names}}
    return _object({form: row, **named_signature}, required=[form] if is_default else [form, "signature_name"])


def _column(column: Mapping, facts: Sequence, lenient: bool) -> dict:
    """Returns what a value of a column is.

    Args:
        column: The column of schema.json, empty where it is none.
        facts: Type and shape of the served tensor.
        lenient: Whether it may be as training had it.
    """
    dtype, shape = facts
    found = _tensor(dtype, shape[1:])
    if lenient and len(shape) == 1:
        found["type"] = TAKEN
    if column:
        known = "; a text that training has not seen is taken too" if column.get("categories") else ""
        written = f", written as {column['format']} or in ISO 8601" if column.get("format") else ""
        found["description"] = f"{column['name']} ({column['kind']}{written}{known})"
    if levels := column.get("categories"):
        found["examples"] = list(levels[:MOST_LEVELS])
    return found


def _tensor(dtype: str, sizes: Sequence) -> dict:
    """Returns what a tensor's nested lists are, without the rows."""
    found: dict[str, Any] = {"type": JSON_TYPES.get(dtype, "number")}
    if dtype == "uint8":
        found |= {"minimum": 0, "maximum": 255}
    for size in reversed(sizes):
        found = _list(found) | ({} if size is None else {"minItems": size, "maxItems": size})
    return found


def _response(version: Version, asked: tuple[str, str]) -> dict:
    """Returns what answers a request to a signature."""
    signature, form = asked
    answers = {name: _answer(version, name, *facts) for name, facts in version.signatures[signature][1].items()}
    if form == "inputs":
        answers = {name: _list(answer) for name, answer in answers.items()}
    answer = _object(answers) if len(answers) > 1 else next(iter(answers.values()))
    return _object({"outputs": answer} if form == "inputs" else {"predictions": _list(answer)})


def _answer(version: Version, name: str, dtype: str, shape: Sequence) -> dict:
    found = BYTES if dtype == "string" and name.endswith("_bytes") else _tensor(dtype, shape[1:])
    if name == "label" and version.classes and found == {"type": "string"}:
        return {**found, "examples": version.classes[:MOST_LEVELS]}
    return found


def _examples(version: Version, lenient: bool) -> dict:
    """Returns what a request of `:classify` or `:regress` holds."""
    _, features = version.of_examples
    values = {raw: _feature(dtype, lenient) for raw, (_, dtype, _) in features.items()}
    example = _object(values, strict=False)
    listed = {"type": "array", "minItems": 1, "items": example}
    name = {"type": "string", "enum": [version.method, *(["serving_default", ""] if lenient else [])]}
    return _object(
        {"examples": listed, "context": example, "signature_name": name},
        required=["examples"] if lenient else ["examples", "signature_name"],
    )


def _feature(dtype: str, lenient: bool) -> dict:
    """Returns what a feature of an example is: a value, a list of its values, or a text as bytes."""
    value = {"type": TAKEN if lenient else "number" if dtype == "float32" else "string"}
    return {"anyOf": [value, _list(value), *([BYTES] if dtype == "string" else [])]}


def _results(version: Version) -> dict:
    """Returns what `:classify` answers, the score of each class, or `:regress`, a number a row."""
    pair = {"type": "array", "prefixItems": [{"type": "string"}, {"type": "number"}], "minItems": 2, "maxItems": 2}
    return _object({"results": _list(_list(pair) if version.method == "classify" else {"type": "number"})})


def _of_server() -> dict:
    """Returns the paths that are no model's."""
    text = {"text/plain": {"schema": {"type": "string"}}}
    found = {
        "/healthz": {"get": _get("health", "Whether the server runs.", SERVER, _object({"status": {"const": "ok"}}))},
        "/zoo/models": {
            "get": _get("models", "The models and their schemas, for the page.", SERVER, {"type": "object"})
        },
        "/openapi.json": {"get": _get("openapi", "This document.", SERVER, {"type": "object"})},
    }
    for place, path in enumerate(metrics.PATHS):
        found[path] = {"get": _get(f"metrics_{place + 1}", "What was counted, for Prometheus.", SERVER, {})}
        found[path]["get"]["responses"]["200"]["content"] = text
    page = _get("page", "A page to try the models.", SERVER, {})
    page["responses"]["200"]["content"] = {"text/html": {"schema": {"type": "string"}}}
    return {**found, "/": {"get": page}}


def _get(name: str, about: str, tag: str, schema: dict) -> dict:
    return {"operationId": name, "summary": about, "tags": [tag], "responses": {"200": _json(about, schema)}}


def _json(about: str, schema: dict) -> dict:
    return {"description": about, "content": {"application/json": {"schema": schema}}}


def _list(items: dict) -> dict:
    return {"type": "array", "items": items}


def _object(properties: dict, *, strict: bool = True, required: Sequence[str] | None = None) -> dict:
    """Returns the schema of an object; a strict one has all its properties and no others."""
    found = {"type": "object", "properties": properties, "additionalProperties": not strict}
    required = list(properties) if required is None and strict else required
    return {**found, "required": required} if required else found


def _shown(sample) -> Any:
    """Returns a request to show; None of one that is long, or holds NaN, which OpenAPI's JSON does not have."""
    try:
        return sample if len(json.dumps(sample, allow_nan=False)) <= MOST_EXAMPLE else None
    except ValueError:
        return None
