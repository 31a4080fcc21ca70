"""Whatever is sent, what can be answered is answered as offline, and the rest is refused as a client's mistake."""

import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.serving import fuzzing
from tests.serving.conftest import client
from zoo.serving.app import App
from zoo.serving.models import Version

PREDICT = "/v1/models/ship:predict"
QUICK = settings(
    max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module")
def schema(models):
    version: Version = models["ship"].version
    return version.schema


@pytest.mark.slow
@QUICK
@given(data=st.data())
def test_valid_requests_are_answered_as_offline(ask, schema, trained, data):
    request, rows = data.draw(fuzzing.valid(schema))
    status, content, _ = ask("POST", PREDICT, json.dumps(request).encode())
    assert status == 200, content
    if "predictions" in content:
        found = [row["probabilities"] for row in content["predictions"]]
    else:
        found = content["outputs"]["probabilities"]
    np.testing.assert_allclose(found, fuzzing.offline(trained.model, rows), atol=1e-5)


@QUICK
@given(data=st.data())
def test_broken_requests_are_refused_and_never_an_error_of_the_server(ask, models, schema, data):
    body = data.draw(fuzzing.broken(schema))
    for asked in (ask, client(App(models, lenient=True))):
        for method in ("predict", "classify", "regress"):
            status, content, _ = asked("POST", f"/v1/models/ship:{method}", body)
            assert status == 200 or (400 <= status < 500 and content.keys() == {"error"})


@QUICK
@given(data=st.data())
def test_examples_are_answered_as_offline(ask, schema, trained, data):
    request = data.draw(fuzzing.examples(schema).filter(lambda body: body["signature_name"] == "classify"))
    served = {str(column["name"]): column["served"] for column in schema["columns"]}
    wanted = [{served[raw]: value for raw, value in row.items()} for row in request["examples"]]
    status, content, _ = ask("POST", "/v1/models/ship:classify", json.dumps(request).encode())
    if status == 400:  # an example says of each value whether it is whole
        assert "whole" in content["error"] or "type" in content["error"], content
        return
    found = [[score for _, score in row] for row in content["results"]]
    np.testing.assert_allclose(found, fuzzing.offline(trained.model, wanted), atol=1e-5)


@QUICK
@given(path=st.text(max_size=30), method=st.sampled_from(["GET", "POST", "PUT", "HEAD"]))
def test_any_address_is_answered(ask, path, method):
    status, _, _ = ask(method, f"/{path}")
    assert status in (200, 400, 404)
