"""Artifacts, exported versions and lone .keras files of the archive load without a warning and answer as before."""

import json

import keras
import numpy as np
import pytest

import zoo
from tests.compatibility import archive
from tests.compatibility.answers import answers, compare, compare_plain

pytestmark = pytest.mark.tensorflow

CASES = archive.cases()


@pytest.mark.parametrize("name", CASES)
def test_an_artifact_answers_as_it_did(name, unpacked):
    facts, folder = CASES[name], unpacked / name
    model = zoo.load(folder / "artifact")
    arrays, plain = answers(model, archive.read_rows(folder, "rows"), facts["attributes"])
    compare_plain(plain, facts)
    compare(arrays, archive.read_arrays(folder, "answers"), task=facts["task"], scale=facts["scale"])


@pytest.mark.parametrize("name", CASES)
def test_a_loaded_model_knows_its_entry_its_options_and_its_card(name, unpacked):
    facts, folder = CASES[name], unpacked / name
    model = zoo.load(folder / "artifact")
    card = json.loads((folder / "artifact" / "card.json").read_text(encoding="utf-8"))
    assert isinstance(model, zoo.Model) and isinstance(model, keras.Model) and model.compiled
    assert model.entry == zoo.info(facts["entry"])
    assert json.loads(json.dumps(model.options)) == facts["options"]
    assert {key: model.card[key] for key in card} == card
    assert model.schema == zoo.data.Schema.load(folder / "artifact" / "schema.json")
    assert {tensor.name for tensor in model.network.inputs} <= {
        key.removeprefix("encoded/") for key in archive.read_arrays(folder, "answers") if key.startswith("encoded/")
    }


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["an exported version", "a lone .keras file"])
@pytest.mark.parametrize("name", CASES)
def test_the_other_forms_of_a_model_answer_as_its_artifact(name, kind, unpacked):
    facts, folder = CASES[name], unpacked / name
    if kind == "an exported version":
        model = zoo.load(folder / "export" / "1")
    else:
        assert issubclass(zoo.Model, keras.Model)  # the zoo's classes are registered when its model is first used
        model = keras.models.load_model(folder / "model.keras")
    wanted = archive.read_arrays(folder, "answers")
    table = zoo.predict(model, archive.inputs_of(archive.read_rows(folder, "rows"), facts["target"]))
    found = {f"predict/{i}": table[column].to_numpy() for i, column in enumerate(facts["columns"])}
    compare(
        found,
        {key: values for key, values in wanted.items() if key.startswith("predict/")},
        task=facts["task"],
        scale=facts["scale"],
    )
    if facts["labels"] is not None:
        assert table["label"].tolist() == facts["labels"]
    assert json.loads(json.dumps(model.options)) == facts["options"]


def test_every_entry_and_every_kind_of_column_has_a_case():
    """Entries that are newer than the archives have their own tests."""
    entries = {facts["entry"] for facts in CASES.values()}
    assert entries <= set(zoo.list_models())
    assert len(entries) >= 18
    kinds = {kind for facts in CASES.values() for kind in facts["kinds"]}
    assert kinds == {"number", "boolean", "category", "date", "text", "array", "image"}
    classes = {type(label) for facts in CASES.values() for label in facts["classes"] or ()}
    assert classes == {str, int, bool}


def test_answers_that_differ_are_seen():
    """0.3 is 1e-5 of a deviation of 20,000 and 4 units in the last place of 200,000: 0.2 and 0.0625."""
    compare({"outputs": np.array([200_000.25])}, {"outputs": np.array([200_000.0])}, task="regression", scale=2e4)
    with pytest.raises(AssertionError, match="outputs differs by up to 0.3, beyond the tolerance by 0.037"):
        compare({"outputs": np.array([200_000.3])}, {"outputs": np.array([200_000.0])}, task="regression", scale=2e4)
    with pytest.raises(AssertionError, match="predict/0 differs by up to 2e-05"):
        compare({"predict/0": np.array([0.50002])}, {"predict/0": np.array([0.5])}, task="classification", scale=1.0)
    with pytest.raises(AssertionError, match="no longer given: outputs"):
        compare({}, {"outputs": np.zeros(1)}, task="map", scale=1.0)
    with pytest.raises(AssertionError, match="encoded/categorical differs"):
        compare({"encoded/categorical": np.array([2])}, {"encoded/categorical": np.array([1])}, task="map", scale=1.0)
    plain = {"labels": [True], "classes": [False, True]}
    with pytest.raises(AssertionError, match="labels"):
        compare_plain({**plain, "labels": [1]}, plain)
