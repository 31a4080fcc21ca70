"""Folders and versions: the highest answers, a new one takes over live, a broken one is left alone."""

import asyncio
import logging
import shutil

import numpy as np
import pytest
import tensorflow as tf

import zoo
from tests.serving.conftest import ROW, call, client, exported
from zoo.serving import models as serving_models
from zoo.serving.app import App
from zoo.serving.models import Watcher, open_folders


@pytest.fixture
def opened(own):
    models = open_folders([own], "tensorflow")
    yield models["ship"]
    models["ship"].close()


@pytest.fixture
def logged(caplog, monkeypatch):
    monkeypatch.setattr(logging.getLogger("zoo.serving"), "propagate", True)
    with caplog.at_level(logging.INFO, "zoo.serving"):
        yield caplog


def test_a_new_version_takes_over_and_frees_the_old(opened, own):
    old = opened.version
    shutil.copytree(own / "1", own / "2")
    assert opened.refresh() and opened.version.number == 2
    assert not old.batcher._open and not old.batcher._thread.is_alive()
    assert not opened.refresh()


def test_a_broken_version_is_logged_and_the_old_goes_on(opened, own, logged):
    shutil.copytree(own / "1", own / "2")
    (own / "2" / "saved_model.pb").write_bytes(b"half of i")
    assert not opened.refresh()
    assert opened.version.number == 1
    assert "ship: version 2 cannot be served; version 1 goes on" in logged.text
    before = len(logged.records)
    assert not opened.refresh() and len(logged.records) == before  # it is not tried again until it changes
    shutil.copy(own / "1" / "saved_model.pb", own / "2" / "saved_model.pb")
    assert opened.refresh() and opened.version.number == 2


def test_weights_that_are_cut_off_are_a_broken_version(opened, own, logged):
    shutil.copytree(own / "1", own / "3")
    data = next((own / "3" / "variables").glob("*.data*"))
    data.write_bytes(data.read_bytes()[:100])
    assert not opened.refresh() and "version 3 cannot be served" in logged.text


def test_a_version_that_has_no_serving_default_is_broken(opened, own, logged):
    (own / "4").mkdir()
    assert not opened.refresh() and "version 4 cannot be served" in logged.text


def test_a_saved_model_of_others_that_takes_other_types_is_refused(own, logged):
    module = tf.Module()
    module.double = tf.function(lambda x: {"y": 2 * x}, input_signature=[tf.TensorSpec([None], tf.int64, "x")])
    tf.saved_model.save(module, str(own / "2"), signatures={"serving_default": module.double})
    tf.saved_model.save(module, str(own / "3"), signatures={"double": module.double})
    models = open_folders([own], "tensorflow")
    models["ship"].close()
    assert models["ship"].version.number == 1
    assert "must be float32, float64, string, uint8. Received: int64 for 'x' of serving_default" in logged.text
    assert "must have the signature serving_default. Received: double" in logged.text


def test_the_status_tells_of_broken_versions(opened, own):
    shutil.copytree(own / "1", own / "2")
    (own / "2" / "saved_model.pb").write_bytes(b"")
    opened.refresh()
    states = opened.status()
    assert states[1] == ("AVAILABLE", "") and states[2][0] == "END" and states[2][1]


def test_a_version_that_is_taken_away_goes_on_until_a_lower_one_can(opened, own):
    shutil.copytree(own / "1", own / "2")
    opened.refresh()
    shutil.rmtree(own / "1")
    shutil.rmtree(own / "2")
    assert not opened.refresh() and opened.version.number == 2
    ask = client(App({"ship": opened}))
    assert ask("POST", "/v1/models/ship:predict", {"instances": [ROW]})[0] == 200


def test_an_older_version_answers_again_when_the_new_is_taken_away(opened, own):
    shutil.copytree(own / "1", own / "2")
    opened.refresh()
    shutil.rmtree(own / "2")
    assert opened.refresh() and opened.version.number == 1


@pytest.fixture(scope="module")
def worse(frame, tmp_path_factory):
    """A version of the model `ship` that has not learnt, and answers .5 always."""
    folder = tmp_path_factory.mktemp("worse")
    model = zoo.build("mlp_classifier", frame, target="survived", hidden_units=(16,))
    exported(model, folder)
    return folder / "1"


def test_a_version_that_is_replaced_under_its_number_is_taken_up(opened, own, worse):
    old = opened.version
    (own / "1").rename(own / "1.better")
    shutil.copytree(worse, own / "1")
    assert opened.refresh() and opened.version.number == 1
    assert not old.batcher._thread.is_alive() and not opened.refresh()
    ask = client(App({"ship": opened}))
    assert ask("POST", "/v1/models/ship:predict", {"instances": [ROW]})[1]["predictions"][0]["probability"] == 0.5
    (own / "1" / "saved_model.pb").write_bytes(b"half of i")
    assert not opened.refresh() and opened.status() == {1: ("AVAILABLE", "")}
    assert ask("POST", "/v1/models/ship:predict", {"instances": [ROW]})[0] == 200


def test_the_status_may_be_asked_while_a_version_is_loaded(opened, own, monkeypatch):
    """A dict that changes while another thread iterates it raises RuntimeError."""
    asked, load = [], serving_models.load_version

    def load_and_ask(*args, **limits):
        asked.append(iter(opened.failed.items()))
        return load(*args, **limits)

    monkeypatch.setattr(serving_models, "load_version", load_and_ask)
    (own / "2").mkdir()
    assert not opened.refresh() and set(opened.failed) == {2}
    shutil.copytree(own / "1", own / "2", dirs_exist_ok=True)
    assert opened.refresh() and opened.failed == {}
    assert [[number for number, _ in one] for one in asked] == [[], [2]]


def test_rolling_back_is_a_rename_and_fails_no_request(opened, own, worse):
    """Version 2 is taken up, is worse, and is renamed; whoever asks meanwhile is answered by the one or the other."""
    app, watcher = App({"ship": opened}), Watcher([opened], 0.02)

    async def timeline():
        async def until(number):
            while opened.version.number != number:
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.1)

        async def operate():
            await until(1)
            await asyncio.to_thread(shutil.copytree, worse, own / "beside")
            (own / "beside").rename(own / "2")
            await until(2)
            (own / "2").rename(own / "2.worse")
            await until(1)
            done.set()

        async def one():
            answers = []
            while not done.is_set():
                answers.append(await call(app, "POST", "/v1/models/ship:predict", {"instances": [ROW]}))
            return answers

        done = asyncio.Event()
        asking = [asyncio.create_task(one()) for _ in range(3)]
        await asyncio.wait_for(operate(), 60)
        return [await task for task in asking]

    try:
        answers = asyncio.run(timeline())
    finally:
        watcher.close()
    for answered in answers:
        assert {status for status, _, _ in answered} == {200}
        unsure = [content["predictions"][0]["probability"] == 0.5 for _, content, _ in answered]
        changes = [way for way, before in zip(unsure, [None, *unsure]) if way != before]
        assert changes == [False, True, False]
    assert opened.status() == {1: ("AVAILABLE", "")}


def test_a_version_that_is_served_alone_answers_whatever_others_come(own, worse):
    shutil.copytree(worse, own / "2")
    (served,) = open_folders([own / "1"], "tensorflow").values()
    assert (served.name, served.version.number, served.numbers()) == ("ship", 1, [1])
    assert not served.refresh() and served.status() == {1: ("AVAILABLE", "")}
    ask = client(App({"ship": served}))
    assert ask("POST", "/v1/models/ship:predict", {"instances": [ROW]})[0] == 200
    assert ask("POST", "/v1/models/ship/versions/2:predict", {"instances": [ROW]})[0] == 404
    served.close()
    with pytest.raises(ValueError, match="Two folders have the name 'ship'"):
        open_folders([own / "1", own / "2"], "tensorflow")


def test_no_request_is_dropped_while_versions_change(opened, own):
    """Requests while five versions come; each is answered, whatever batch it came into.

    Batches are of different sizes, and so the same row's last digits differ.
    """
    app = App({"ship": opened})

    async def clients():
        async def swap():
            for number in range(2, 7):
                await asyncio.to_thread(shutil.copytree, own / "1", own / str(number))
                await asyncio.to_thread(opened.refresh)

        async def one():
            answers = []
            while not done.is_set():
                answers.append(await call(app, "POST", "/v1/models/ship:predict", {"instances": [ROW] * 3}))
            return answers

        done = asyncio.Event()
        asking = [asyncio.create_task(one()) for _ in range(8)]
        await swap()
        done.set()
        return [answer for task in asking for answer in await task]

    answers = asyncio.run(clients())
    assert opened.version.number == 6
    assert len(answers) > 50 and {status for status, _, _ in answers} == {200}
    rows = [row for _, content, _ in answers for row in content["predictions"]]
    assert len(rows) == 3 * len(answers) and len({row["label"] for row in rows}) == 1
    for row in rows:
        np.testing.assert_allclose(row["probabilities"], rows[0]["probabilities"], rtol=1e-5)
        assert row["probability"] == max(row["probabilities"])


def test_the_watcher_looks_by_itself(opened, own):
    watcher = Watcher([opened], 0.02)
    shutil.copytree(own / "1", own.parent / "beside")
    (own.parent / "beside").rename(own / "2")
    for _ in range(500):
        if opened.version.number == 2:
            break
        import time

        time.sleep(0.02)
    watcher.close()
    assert opened.version.number == 2


def test_folders_that_cannot_be_served_are_told(own, tmp_path, trained):
    def refused(error, match, *folders):
        with pytest.raises(error, match=match):
            open_folders(folders, "tensorflow")

    refused(FileNotFoundError, "There is no folder .*zoo export MODEL", tmp_path / "x")
    (tmp_path / "empty").mkdir()
    refused(FileNotFoundError, "holds no version yet", tmp_path / "empty")
    trained.save(tmp_path / "artifact")
    refused(ValueError, "is an artifact.*Export it first", tmp_path / "artifact")
    (tmp_path / "b").mkdir()
    shutil.copytree(own, tmp_path / "b" / "ship")
    refused(FileNotFoundError, r"holds models, not versions. Serve those: zoo serve .*b.ship$", tmp_path / "b")
    refused(ValueError, "Two folders have the name 'ship'", own, tmp_path / "b" / "ship")
    (tmp_path / "a:b").mkdir()
    refused(ValueError, "'a:b' cannot be called", tmp_path / "a:b")
    (tmp_path / "broken" / "1").mkdir(parents=True)
    refused(ValueError, "No version in .* can be served. version 1:", tmp_path / "broken")


def test_onnx_answers_the_same(trained, frame, tmp_path):
    exported(trained, tmp_path / "ship", format="onnx")
    models = open_folders([tmp_path / "ship"], "onnx")
    from tests.serving.conftest import requests_of

    ask = client(App(models))
    status, content, _ = ask("POST", "/v1/models/ship:predict", {"instances": requests_of(frame)})
    assert status == 200
    wanted = zoo.predict(trained, frame)
    np.testing.assert_allclose([p["probabilities"][1] for p in content["predictions"]], wanted["p_yes"], atol=1e-5)
    assert ask("GET", "/v1/models/ship/metadata")[1]["metadata"]["signature_def"]["signature_def"].keys() == {
        "serving_default"
    }
    models["ship"].close()


def test_a_saved_model_has_no_onnx(own):
    with pytest.raises(ValueError, match="There is no .*model.onnx.*Export the model with `format='onnx'`"):
        open_folders([own], "onnx")
