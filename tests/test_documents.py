"""docs/schema.md and docs/extending.md say what the code does."""

import dataclasses
import inspect
import json
import re
from pathlib import Path

import pytest

from zoo.data import columns
from zoo.data.columns.kind import Kind
from zoo.data.schema import KINDS, Column, Schema
from zoo.data.schema_file import FIELDS
from zoo.tasks.task import Target, Task

ROOT = Path(__file__).resolve().parent.parent
EXTENDING = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
TASK = EXTENDING.partition("## A task")[2].partition("## A kind of column")[0]
SCHEMA = (ROOT / "docs" / "schema.md").read_text(encoding="utf-8")
QUOTED = re.findall(r"^```(?:python|ini)\n# (\S+)\n(.*?)\n```", EXTENDING, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize(("file", "code"), QUOTED, ids=lambda value: value.splitlines()[0])
def test_the_code_of_the_document_is_that_of_a_package_that_the_tests_run(file, code):
    assert code in (ROOT / file).read_text(encoding="utf-8")


def test_all_code_of_the_document_is_quoted():
    assert len(QUOTED) == EXTENDING.count("```") // 2 >= 8


def explained(protocol):
    """Yields what the document must say of a protocol: attributes by name, methods of one column with arguments."""
    for name, attribute in inspect.getmembers_static(protocol):
        function = getattr(attribute, "__func__", attribute)
        if name.startswith("_"):
            continue
        taken = list(inspect.signature(function).parameters) if inspect.isfunction(function) else []
        if not taken or {"group", "table", "cells"} & set(taken):
            yield f"`{name}"
        else:
            yield f"`{name}({', '.join(taken if isinstance(attribute, staticmethod) else taken[1:])})`"


def test_the_protocol_of_kinds_is_explained_whole():
    in_groups = {"`read_tables(column, state)`", "`parse_tables(column, state)`"}
    assert {text for text in explained(Kind) if text not in EXTENDING} - in_groups == set()
    assert {name for name in vars(Kind) if not name.startswith("_") and f"`{name}" not in EXTENDING} == set()


def test_the_encodings_of_the_zoo_s_own_kinds_are_listed_with_the_sets_in_which_they_are_on():
    table = re.findall(r"^\| `(\w+)` \| `(\w+)` \| (`expanded`|both|neither) \|", EXTENDING, re.MULTILINE)
    sets = {"`expanded`": ("expanded",), "both": ("standard", "expanded"), "neither": ()}
    own = [columns.kind(name) for name in KINDS if "/" not in name]
    offered = [(one.name, name, on) for one in own for name, on in one.encodings.items()]
    assert sorted((kind, name, sets[on]) for kind, name, on in table) == sorted(offered)


@pytest.mark.parametrize("protocol", [Task, Target])
def test_the_protocol_of_tasks_is_explained_whole(protocol):
    assert {text for text in explained(protocol) if text not in TASK} == set()


def test_every_field_of_a_schema_is_explained():
    fields = {field.name for field in dataclasses.fields(Column)} | {field.name for field in dataclasses.fields(Schema)}
    assert {name for name in fields | {"ignore", "version"} if f"`{name}`" not in SCHEMA} == set()
    assert FIELDS.keys() <= {field.name for field in dataclasses.fields(Column)}


def test_the_file_of_the_document_is_read():
    (plain,) = re.findall(r"^```json\n(.*?)\n```", SCHEMA, re.DOTALL | re.MULTILINE)
    schema = Schema.from_dict(json.loads(plain))
    assert (schema.names, schema.dropped) == (["price", "ordered", "plan"], {"id": "ignored"})
    price = schema.column("price")
    assert (price.decimal, price.thousands, price.suffix, price.missing) == (",", ".", "€", ("on request",))


@pytest.mark.parametrize("document", ["extending.md", "schema.md"])
def test_every_link_of_the_documents_leads_somewhere(document):
    links = re.findall(r"\]\(([^)]+)\)", (ROOT / "docs" / document).read_text(encoding="utf-8"))
    assert links
    for link in links:
        assert (ROOT / "docs" / link).exists(), link
