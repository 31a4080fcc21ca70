"""/openapi.json: the addresses that there are, and schemas that what is asked and answered satisfies."""

import json
import re
from urllib.parse import quote

import numpy as np
import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

import zoo
from tests.serving.conftest import ROW, client, exported
from zoo.serving.app import App
from zoo.serving.models import open_folders

ADDRESS = "urn:openapi"
METHODS = {"get", "post"}


@pytest.fixture(scope="module")
def fleet(served, tmp_path_factory):
    """A table's classifier, a regressor of one number, a perceptron of an array, a network of images."""
    root = tmp_path_factory.mktemp("fleet")
    x = np.random.default_rng(0).integers(0, 256, (30, 6, 5, 1), dtype="uint8")
    seconds = np.linspace(-1.0, 1.0, 40)
    models = {
        "time of day": zoo.build("linear_regression", {"x": 1.7e9 + 600 * seconds, "y": seconds}, target="y"),
        "time_of_day": zoo.build("perceptron", "and_gate"),
        "dots": zoo.build("image_mlp", (x, np.arange(30) % 3), hidden_units=(8,)),
    }
    for name, model in models.items():
        exported(model, root / name)
    opened = open_folders([served, *(root / name for name in models)], "tensorflow")
    yield opened
    for model in opened.values():
        model.close()


@pytest.fixture(params=[False, True], ids=["strict", "lenient"])
def ask(request, fleet):
    return client(App(fleet, lenient=request.param))


@pytest.fixture
def document(ask):
    status, content, headers = ask("GET", "/openapi.json")
    assert (status, headers[b"content-type"]) == (200, b"application/json")
    return content


def validator(document, pointer):
    """Returns what validates values by the schema at a place of the document."""
    resource = Resource(contents=document, specification=DRAFT202012)
    registry = Registry().with_resource(ADDRESS, resource)
    return Draft202012Validator({"$ref": f"{ADDRESS}#{pointer}"}, registry=registry)


def pointer(*parts):
    return quote("".join(f"/{part.replace('~', '~0').replace('/', '~1')}" for part in parts))


def asked_by(document, path):
    return validator(document, pointer("paths", path, "post", "requestBody", "content", "application/json", "schema"))


def answered_by(document, path, status="200", method="post"):
    parts = ("paths", path, method, "responses", status, "content", "application/json", "schema")
    return validator(document, pointer(*parts))


def test_the_document_has_the_form_of_openapi_3_1(document):
    assert re.fullmatch(r"3\.1\.\d+", document["openapi"])
    assert {"title", "version"} <= document["info"].keys()
    assert document.keys() == {"openapi", "info", "tags", "paths", "components"}
    tags, names = {tag["name"] for tag in document["tags"]}, []
    for path, item in document["paths"].items():
        assert path.startswith("/") and item.keys() <= METHODS | {"parameters"}
        declared = {one["name"] for one in item.get("parameters", ()) if one["in"] == "path" and one["required"]}
        assert declared == set(re.findall(r"\{(\w+)\}", path))
        for method in METHODS & item.keys():
            operation = item[method]
            assert operation.keys() <= {"operationId", "summary", "tags", "requestBody", "responses"}
            assert set(operation["tags"]) <= tags and operation["summary"].endswith(".")
            names.append(operation["operationId"])
            for status, response in operation["responses"].items():
                assert re.fullmatch(r"[1-5]\d\d", status) and response.keys() == {"description", "content"}
    assert len(names) == len(set(names))
    for name, schema in document["components"]["schemas"].items():
        assert re.fullmatch(r"[a-zA-Z0-9._-]+", name)
        Draft202012Validator.check_schema(schema)
    references = set(re.findall(r'"\$ref": "#([^"]+)"', json.dumps(document)))
    for reference in references:
        assert validator(document, reference).is_valid({}) in (True, False)  # it leads somewhere


def test_every_address_is_there_and_answers(ask, document):
    models = ("ship", "time%20of%20day", "time_of_day", "dots")
    wanted = {f"/v1/models/{name}{part}" for name in models for part in ("", "/metadata", ":predict")}
    assert wanted <= document["paths"].keys()
    for path, item in document["paths"].items():
        real = path.replace("{version}", "1").replace("%20", " ")  # as a server unpacks it
        if "get" in item:
            assert ask("GET", real)[0] == 200, path
        if "post" in item:
            assert ask("POST", real, {})[0] == 400, path
    mentioned = re.findall(r"(?:GET|POST|  ) +(/\S*)", __import__("zoo.serving.app", fromlist=["app"]).__doc__)
    fixed = {path for path in mentioned if "NAME" not in path}
    assert fixed == {path for path in document["paths"] if not path.startswith("/v1/")}


REQUESTS = [
    ("/v1/models/ship:predict", {"instances": [ROW, ROW]}),
    ("/v1/models/ship/versions/{version}:predict", {"inputs": {name: [value] for name, value in ROW.items()}}),
    ("/v1/models/ship:predict", {"instances": [ROW], "signature_name": "serving_default"}),
    ("/v1/models/ship:predict", {"instances": [{"b64": ""}], "signature_name": "serve_examples"}),
    ("/v1/models/ship:classify", {"signature_name": "classify", "examples": [{"age": 22.5, "sex": "male"}, {}]}),
    ("/v1/models/time%20of%20day:predict", {"instances": [{"x": 1_700_000_000.5}]}),
    ("/v1/models/time%20of%20day:predict", {"instances": [1_700_000_000.5]}),
    ("/v1/models/time%20of%20day:predict", {"inputs": {"x": [1_700_000_000.5]}}),
    ("/v1/models/time%20of%20day:regress", {"signature_name": "regress", "examples": [{"x": "1700000000.5"}]}),
    ("/v1/models/time_of_day:predict", {"instances": [[1.0, 1.0], [0.0, 1.0]]}),
    ("/v1/models/time_of_day:classify", {"signature_name": "classify", "examples": [{"inputs": [1.0, 0.0]}]}),
    ("/v1/models/dots:predict", {"instances": [[[[7]] * 5] * 6]}),
]


@pytest.mark.parametrize(("path", "body"), REQUESTS)
def test_what_is_asked_and_answered_is_as_described(ask, document, path, body):
    status, content, _ = ask("POST", path.replace("{version}", "1").replace("%20", " "), body)
    assert status == 200, content
    asked_by(document, path).validate(body)
    answered_by(document, path).validate(content)
    assert not answered_by(document, path, "400").is_valid(content)


@pytest.mark.parametrize(
    ("path", "body", "lenient_too"),
    [
        ("/v1/models/ship:predict", {"instances": [{**ROW, "age": None}]}, True),
        ("/v1/models/ship:predict", {"instances": [{**ROW, "age": "22"}]}, True),
        ("/v1/models/ship:predict", {"instances": [{**ROW, "sex": True}]}, True),
        ("/v1/models/ship:predict", {"instances": [{"age": 22.0, "fare paid": 7.25, "more": []}]}, True),
        ("/v1/models/ship:predict", {"instances": [{**ROW, "age": [1.0]}]}, False),
        ("/v1/models/ship:predict", {"instances": []}, False),
        ("/v1/models/ship:predict", {}, False),
        ("/v1/models/ship:predict", {"instances": [ROW], "inputs": {}}, False),
        ("/v1/models/ship:predict", {"instances": [ROW], "signature_name": "other"}, False),
        ("/v1/models/ship:classify", {"examples": [{"age": 1}]}, True),
        ("/v1/models/dots:predict", {"instances": [[[[7]] * 5] * 5]}, False),
        ("/v1/models/dots:predict", {"instances": [[[[256]] * 5] * 6]}, False),
        ("/v1/models/time_of_day:predict", {"instances": [[1.0, 1.0, 1.0]]}, False),
    ],
)
def test_what_is_refused_is_not_as_described(fleet, path, body, lenient_too):
    for lenient in (False, True):
        ask = client(App(fleet, lenient=lenient))
        document = ask("GET", "/openapi.json")[1]
        status, content, _ = ask("POST", path, body)
        assert (status == 200) == (lenient and lenient_too), content
        assert asked_by(document, path).is_valid(body) == (status == 200)
        if status != 200:
            answered_by(document, path, str(status)).validate(content)


def test_columns_are_described_by_name_kind_and_levels(ask, document):
    ship = document["components"]["schemas"]["ship.predict"]["oneOf"][0]["properties"]["instances"]["items"]
    lenient = ship["additionalProperties"]
    raw = {"age", "alone", "class?", "fare paid", "sex"}
    assert ship["properties"].keys() == (raw if lenient else ROW.keys())
    column = ship["properties"]["class?" if lenient else "class_"]
    assert column["examples"] == ["first", "second", "third"] and column["description"].startswith("class? (category")
    assert ship.get("required", []) == ([] if lenient else sorted(ROW))


def test_the_example_is_the_sample_request_and_is_answered(ask, document):
    for path in ("/v1/models/ship:predict", "/v1/models/time_of_day:predict", "/v1/models/dots:predict"):
        example = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["example"]
        assert ask("POST", path, example)[0] == 200
        asked_by(document, path).validate(example)


def test_large_examples_and_those_with_nan_are_left_out(fleet, document):
    from zoo.serving import openapi

    assert openapi._shown({"instances": [float("nan")]}) is None
    assert openapi._shown({"instances": [1.5] * 10_000}) is None
    assert "NaN" not in json.dumps(document["paths"])
