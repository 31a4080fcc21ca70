"""The JSON of a schema as people edit it: what it takes, and how a mistake is told."""

import json

import numpy as np
import pandas as pd
import pytest

import zoo
from zoo.data.infer import infer
from zoo.data.schema import Column, Schema


def schema_of(*columns, **fields):
    return Schema.from_dict({"columns": list(columns), **fields})


def test_every_field_is_read_back():
    plain = {
        "name": "price",
        "served": "price",
        "kind": "number",
        "dtype": "str",
        "decimal": ",",
        "thousands": ".",
        "prefix": "€",
        "suffix": "/kg",
        "missing": ["-", "unknown"],
        "notes": ["Decimal commas."],
    }
    others = [
        {"name": "day", "served": "day", "kind": "date", "dtype": "str", "format": "%d/%m/%Y"},
        {"name": "plan", "served": "plan", "kind": "category", "dtype": "str", "categories": ["basic", "pro"]},
        {"name": "photo", "served": "photo", "kind": "image", "dtype": "uint8", "shape": [4, 4, 3]},
        {
            "name": "spins",
            "served": "spins",
            "kind": "array",
            "dtype": "float32",
            "shape": [None, 2],
            "values": [-1, 1],
        },
    ]
    schema = schema_of(plain, *others, target="y", task="regression")
    assert schema.to_dict()["columns"] == [plain, *others]
    assert Schema.from_dict(json.loads(json.dumps(schema.to_dict()))) == schema


def test_a_column_that_is_ignored_is_no_input():
    schema = schema_of(
        {"name": "id", "kind": "number", "ignore": True}, {"name": "x", "kind": "number", "ignore": False}
    )
    assert (schema.names, schema.dropped) == (["x"], {"id": "ignored"})
    frame = pd.DataFrame({"id": [1, 2, 3], "x": [1.0, 2.0, 4.0]})
    assert zoo.data.load(frame, schema=schema.to_dict()).schema.names == ["x"]


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("kind", "numbr", r"kind must be one of number, .*'a': 'numbr'\. Did you mean 'number'\?"),
        ("kind", 3, r"kind must be one of .*'a': 3"),
        ("knid", "number", r"The column 'a' has an unknown field 'knid'\. Did you mean 'kind'\? Known: name, kind, "),
        ("categories", "red", r"The column 'a' of the schema: \"categories\" must be a list of texts.*Received: 'red'"),
        ("categories", [1, 2], r"\"categories\" must be a list of texts.*Received: \[1, 2\]"),
        (
            "categories",
            ["a", "b", "a"],
            r"\"categories\" must be a list of texts, each once.*Received: \['a', 'b', 'a'\]",
        ),
        ("shape", [0, 2], r"\"shape\" must be a list of sizes.*null for any size. Received: \[0, 2\]"),
        ("values", ["a"], r"\"values\" must be a list of numbers"),
        (
            "format",
            "%d/%m",
            r"\"format\" must be the notation of dates with their year, such as %d/%m/%Y. Received: '%d/%m'",
        ),
        ("decimal", ",,", r"\"decimal\" must be one mark, such as \".\" or \",\". Received: ',,'"),
        ("decimal", "", r"\"decimal\" must be one mark"),
        ("thousands", "3", r"\"thousands\" must be one mark.*or \"\" for none. Received: '3'"),
        ("thousands", ".", r"\"thousands\" must be another mark than \"decimal\". Received: '.'"),
        ("prefix", 1, r"\"prefix\" must be text"),
        ("suffix", None, r"\"suffix\" must be text"),
        ("missing", "-", r"\"missing\" must be a list of texts, such as \[\"-\", \"unknown\"\]. Received: '-'"),
        ("notes", "done", r"\"notes\" must be a list of sentences"),
        ("served", 1, r"\"served\" must be text"),
        ("dtype", 1, r"\"dtype\" must be text"),
        ("ignore", "yes", r"\"ignore\" must be true or false. Received: 'yes'"),
        ("name", ["a"], r"\"name\" must be text, a number"),
    ],
)
def test_a_mistake_is_named_by_column_field_and_repair(field, value, message):
    with pytest.raises(ValueError, match=message):
        schema_of({"name": "a", "kind": "number", field: value})


@pytest.mark.parametrize(
    ("column", "message"),
    [
        (
            {"name": "a", "kind": "image", "shape": [4, 4, 1, 1]},
            "'a' of the schema is of the kind 'image', which must have a shape of three sizes",
        ),
        ({"name": "a", "kind": "image", "shape": [4, 4]}, "must have a shape of three sizes: height, width, channels"),
        ({"name": "a", "kind": "array", "shape": [4, None]}, r"'array', which must have a shape: of vectors \[width\]"),
        ("a", 'A column must have "name" and "kind". Received: \'a\''),
    ],
)
def test_a_kind_says_what_its_columns_lack(column, message):
    with pytest.raises(ValueError, match=message):
        schema_of(column)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"colums": []}, "The schema has an unknown field 'colums'. Did you mean 'columns'"),
        ({"classes": "yes"}, "\"classes\" of a schema must be a list, or null. Received: 'yes'"),
        ({"task": "regresion"}, "\"task\" of a schema must be null or one of .*'regresion'. Did you mean 'regression'"),
        ({"dropped": ["id"]}, '"dropped" of a schema must hold objects with "name" and "reason". Received: \'id\''),
        ({"version": "new"}, "reads schemas up to version 1. Received: version 'new'"),
        ({"columns": {"a": "number"}}, 'must be a JSON object with a list of "columns"'),
    ],
)
def test_a_mistake_beside_the_columns_is_named_too(fields, message):
    with pytest.raises(ValueError, match=message):
        Schema.from_dict({"columns": [{"name": "a", "kind": "number"}], **fields})


@pytest.mark.parametrize("content", [b"{columns: []}", b"\xff\xfe\x00", b""])
def test_a_file_that_is_no_json_is_told_with_the_place_of_the_mistake(content, tmp_path):
    (tmp_path / "schema.json").write_bytes(content)
    with pytest.raises(ValueError, match=r"schema.json' must be JSON. Received: .*zoo schema SOURCE -o FILE"):
        Schema.load(tmp_path / "schema.json")


@pytest.mark.parametrize(
    "name",
    ["a", 7, 2.5, True, np.int64(3), pd.Timestamp("2024-01-31"), np.datetime64("2024-01-31"), ("a", 1), ("b", ("c",))],
)
def test_names_of_other_types_survive_the_file(name, tmp_path):
    schema = Schema((Column(name, "number"),), target="y", dropped={(name, "id"): "ignored"})
    schema.save(tmp_path / "schema.json")
    loaded = Schema.load(tmp_path / "schema.json")
    assert loaded == schema
    assert infer(pd.DataFrame({str(name): [1.0, 2.0, 4.0]})).names == [str(name)]


def test_a_name_that_json_has_no_form_for_is_refused():
    with pytest.raises(ValueError, match="name must be text, a number, a time stamp or a tuple.*frozenset.*rename"):
        Schema((Column(frozenset("a"), "number"),)).to_dict()
