"""Whatever is sent, what can be answered is answered as offline, and the rest is refused as a client's mistake."""

import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.serving import fuzzing
from zoo.serving.models import Version

PREDICT = "/v1/models/ship:predict"
QUICK = settings(
    max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module")
def schema(models):
    version: Version = models["ship"].version
    return version.schema


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
def test_broken_requests_are_refused_and_never_an_error_of_the_server(ask, schema, data):
    body = data.draw(fuzzing.broken(schema))
    for method in ("predict", "classify"):
        status, content, _ = ask("POST", f"/v1/models/ship:{method}", body)
        assert status == 200 or (400 <= status < 500 and content.keys() == {"error"})


@QUICK
@given(path=st.text(max_size=30), method=st.sampled_from(["GET", "POST", "PUT", "HEAD"]))
def test_any_address_is_answered(ask, path, method):
    status, _, _ = ask(method, f"/{path}")
    assert status in (200, 400, 404)
