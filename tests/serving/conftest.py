"""A small table's model, exported; and a client that calls the ASGI application without a socket."""

import asyncio
import json
import shutil

import numpy as np
import pandas as pd
import pytest

import zoo
from zoo.artifacts import proof
from zoo.serving.app import App
from zoo.serving.models import open_folders

ROW = {"age": 22.0, "fare_paid": 7.25, "sex": "male", "class_": "third", "alone": 1.0}


def passengers(rows=160, seed=0):
    """Passengers with awkward column names, of whom the young and the rich survive."""
    generator = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "age": generator.uniform(1, 70, rows).round(1),
            "fare paid": generator.gamma(2.0, 15.0, rows).round(2),
            "sex": generator.choice(["male", "female"], rows),
            "class?": generator.choice(["first", "second", "third"], rows),
            "alone": generator.random(rows) < 0.5,
        }
    )
    frame.loc[::9, "age"] = np.nan
    frame.loc[::13, "class?"] = None
    frame["survived"] = np.where((frame["age"] < 30) | (frame["fare paid"] > 45), "yes", "no")
    return frame


@pytest.fixture(scope="session")
def frame():
    return passengers()


@pytest.fixture(scope="session")
def trained(frame):
    return zoo.train("mlp_classifier", frame, target="survived", hidden_units=(16,), epochs=8, verbose=0)


def exported(model, folder, **options):
    """Exports without the proof, which is tested elsewhere."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(proof, "prove", lambda *_, **__: 0.0)
        return zoo.export(model, folder, **options)


@pytest.fixture(scope="session")
def served(trained, tmp_path_factory):
    """A folder with the version 1 of the model `ship`."""
    folder = tmp_path_factory.mktemp("served") / "ship"
    exported(trained, folder)
    return folder


@pytest.fixture
def own(served, tmp_path):
    """A copy of that folder, to be changed."""
    return shutil.copytree(served, tmp_path / "ship")


@pytest.fixture(scope="session")
def models(served):
    opened = open_folders([served], "tensorflow")
    yield opened
    for model in opened.values():
        model.close()


@pytest.fixture(scope="session")
def ask(models):
    return client(App(models))


def client(app):
    """Returns `ask(method, path, body) -> (status, content, headers)`; JSON is parsed."""

    def ask(method, path, body=b"", headers=()):
        return asyncio.run(call(app, method, path, body, headers))

    return ask


async def call(app, method, path, body=b"", headers=()):
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    sent, messages = [], [{"type": "http.request", "body": body, "more_body": False}]

    async def receive():
        return messages.pop(0) if messages else {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": method, "path": path, "headers": list(headers)}
    await app(scope, receive, send)
    kinds = dict(sent[0]["headers"])
    content = sent[1]["body"]
    parsed = json.loads(content) if content and kinds[b"content-type"] == b"application/json" else content
    return sent[0]["status"], parsed, kinds


def requests_of(frame):
    """Returns rows of a frame as JSON has them: by served names, NaN for missing numbers, "" for missing strings."""
    table = frame.drop(columns="survived", errors="ignore").rename(
        columns={"fare paid": "fare_paid", "class?": "class_"}
    )
    rows = table.astype(object).where(table.notna(), None).to_dict("records")
    for row in rows:
        row["class_"] = row["class_"] or ""
        row["age"] = float("nan") if row["age"] is None else row["age"]
        row["alone"] = float(row["alone"])
    return rows
