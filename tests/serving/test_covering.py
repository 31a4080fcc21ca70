"""`zoo serve` answers intervals and sets as JSON has them, and describes them in /openapi.json."""

import json

import numpy as np
import pandas as pd
import pytest

import zoo
from tests.serving.conftest import client, exported
from zoo.serving.app import App
from zoo.serving.models import open_folders

GENERATOR = np.random.default_rng(0)
FRAME = pd.DataFrame({"a": GENERATOR.normal(size=300)})
FRAME["y"] = 10 * FRAME["a"] + GENERATOR.normal(size=300)
FRAME["c"] = np.where(FRAME["a"] + GENERATOR.normal(size=300) > 0, "yes", "no")


@pytest.fixture(scope="module")
def runs():
    how = {"intervals": 0.9, "epochs": 2, "hidden_units": (8,), "verbose": 0}
    return {
        "numbers": zoo.train("mlp_regressor", FRAME[["a", "y"]], target="y", **how),
        "classes": zoo.train("mlp_classifier", FRAME[["a", "c"]], target="c", **how),
    }


@pytest.fixture(scope="module")
def ask(runs, tmp_path_factory):
    root = tmp_path_factory.mktemp("served")
    for name, run in runs.items():
        exported(run, root / name)
    opened = open_folders([root / name for name in runs], "tensorflow")
    yield client(App(opened))
    for model in opened.values():
        model.close()


def test_ends_are_numbers_and_a_set_is_a_list_of_booleans(ask, runs):
    rows = [{"a": -1.5}, {"a": 0.0}, {"a": 2.0}]
    status, answered, _ = ask("POST", "/v1/models/numbers:predict", {"instances": rows})
    assert status == 200
    table = zoo.predict(runs["numbers"], pd.DataFrame(rows))
    found = pd.DataFrame(answered["predictions"])[["prediction", "low", "high"]]
    np.testing.assert_allclose(found, table, rtol=1e-5, atol=1e-5)
    status, answered, _ = ask("POST", "/v1/models/classes:predict", {"instances": rows})
    assert status == 200
    sets = [tuple(np.array(["no", "yes"])[one["set"]]) for one in answered["predictions"]]
    assert sets == zoo.predict(runs["classes"], pd.DataFrame(rows))["set"].tolist()
    assert all(isinstance(inside, bool) for one in answered["predictions"] for inside in one["set"])


def test_the_document_says_that_a_set_is_of_booleans(ask):
    _, document, _ = ask("GET", "/openapi.json")
    assert '"set": {"type": "array", "items": {"type": "boolean"}' in json.dumps(document)
