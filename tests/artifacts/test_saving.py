import errno
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

import zoo
from zoo import package_data
from zoo.artifacts import saving
from zoo.model import Model

from .conftest import keepers_notes


def copy(artifact, tmp_path):
    import shutil

    return Path(shutil.copytree(artifact, tmp_path / "copy"))


def change(folder, **facts):
    """Rewrites artifact.json."""
    stored = json.loads((folder / "artifact.json").read_text())
    (folder / "artifact.json").write_text(json.dumps({**stored, **facts}))


def test_an_artifact_is_five_files_with_their_hashes(artifact):
    facts = json.loads((artifact / "artifact.json").read_text())
    names = {"model.keras", "schema.json", "card.json", "README.md"}
    assert {path.name for path in artifact.iterdir()} == names | {"artifact.json"}
    assert facts["sha256"] == {name: hashlib.sha256((artifact / name).read_bytes()).hexdigest() for name in names}
    assert (facts["format"], facts["entry"], facts["options"]) == (1, "mlp_classifier", {"hidden_units": [8]})
    assert {"keras-zoo", "keras", "tensorflow", "python", "backend"} <= set(facts["versions"])


def test_no_artifact_holds_the_optimizer_s_slots(artifact, tmp_path):
    """Adam's are twice as large as the weights."""
    model = zoo.load(artifact)
    model.optimizer.build(model.trainable_variables)
    model.save(tmp_path / "whole.keras")
    zoo.save(model, tmp_path / "again")
    weights = 4 * sum(np.size(w) for w in model.get_weights())
    saved = (tmp_path / "whole.keras").stat().st_size - (tmp_path / "again" / "model.keras").stat().st_size
    assert saved > 1.9 * weights
    assert model.optimizer.built


@pytest.mark.slow
@pytest.mark.process
def test_a_fresh_process_predicts_bit_equal(run, artifact, tmp_path):
    rows = keepers_notes(50, seed=1)
    code = (
        "import sys, numpy, zoo; from tests.artifacts.conftest import keepers_notes; "
        "answers = zoo.predict(sys.argv[1], keepers_notes(50, seed=1)); "
        "numpy.save(sys.argv[2], answers[[c for c in answers if c.startswith('p_')]].to_numpy())"
    )
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-c", code, str(artifact), str(tmp_path / "p.npy")], check=True, cwd=root)
    expected = zoo.predict(run, rows)
    np.testing.assert_array_equal(np.load(tmp_path / "p.npy"), expected.filter(like="p_").to_numpy())


def test_a_loaded_model_knows_its_card_and_trains_on(artifact, notes):
    model = zoo.load(artifact)
    assert type(model.card) is dict
    assert model.card["entry"] == "mlp_classifier"
    assert zoo.train(model, notes, target="mood", epochs=1, verbose=0).model is model
    model.fit(notes, epochs=1, verbose=0)


def test_a_lone_keras_file_loads(run, tmp_path):
    run.model.save(tmp_path / "model.keras")
    model = zoo.load(tmp_path / "model.keras")
    assert model.card == {}
    assert all(np.array_equal(a, b) for a, b in zip(model.get_weights(), run.model.get_weights()))
    zoo.save(model, tmp_path / "artifact")
    assert zoo.load(tmp_path / "artifact").card["ancestry"] == []


def test_an_uncompiled_model_comes_back_compiled_as_its_recipe_says(run, tmp_path):
    config = run.model.get_config()
    zoo.save(Model.from_config(config), tmp_path / "artifact")
    model = zoo.load(tmp_path / "artifact")
    assert model.get_config()["preprocessor"] == config["preprocessor"]
    assert type(model.optimizer) is type(run.model.optimizer)


def test_a_preset_is_an_artifact_by_name(artifact, tmp_path, monkeypatch):
    monkeypatch.setattr(package_data, "package_folder", lambda name: tmp_path)
    copy(artifact, tmp_path).rename(tmp_path / "mlp_classifier.moods")
    assert zoo.load("mlp_classifier.moods").classes == ("kind", "lazy", "wild")
    with pytest.raises(FileNotFoundError, match=r"Did you mean 'mlp_classifier.moods'\?"):
        zoo.load("mlp_classifier.mood")
    with pytest.raises(FileNotFoundError):  # a slash makes it a path
        zoo.load("./mlp_classifier.moods")


def test_what_is_not_there_is_said_with_what_could_be_meant(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"Pass an artifact's folder, an exported version, a .keras file"):
        zoo.load(tmp_path / "absent")
    with pytest.raises(FileNotFoundError, match=r"zoo.build or zoo.train makes a model of it"):
        zoo.load("mlp_classifier")
    with pytest.raises(TypeError, match=r"must be a path or a preset's name. Received: int"):
        zoo.load(3)


@pytest.mark.parametrize("name", ["model.keras", "schema.json", "card.json"])
def test_a_truncated_changed_or_missing_file_is_named(artifact, tmp_path, name):
    folder = copy(artifact, tmp_path)
    content = (folder / name).read_bytes()
    for damaged in (content[:-7], bytes([content[0] ^ 1]) + content[1:]):
        (folder / name).write_bytes(damaged)
        with pytest.raises(ValueError, match=f"{name}' must be as it was written"):
            zoo.load(folder)
    (folder / name).unlink()
    with pytest.raises(ValueError, match=f"{name}' must be as it was written. Received: a missing"):
        zoo.load(folder)


def test_people_may_write_in_the_readme(artifact, tmp_path):
    folder = copy(artifact, tmp_path)
    (folder / "README.md").write_text("Ask Anna before you use it.")
    assert zoo.load(folder).entry.name == "mlp_classifier"


def test_a_newer_format_asks_for_an_upgrade(artifact, tmp_path):
    folder = copy(artifact, tmp_path)
    change(folder, format=2)
    with pytest.raises(ValueError, match=r"has the artifact format 2. .*pip install -U keras-zoo"):
        zoo.load(folder)


def test_a_model_that_the_zoo_does_not_have_asks_for_its_package(artifact, tmp_path):
    folder = copy(artifact, tmp_path)
    change(folder, entry="aquarium/net")
    with pytest.raises(ValueError, match=r"'aquarium/net', which this zoo does not have. Install the package"):
        zoo.load(folder)


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"format": "1", "entry": "x", "sha256": {}}', "\udc80"])
def test_a_damaged_artifact_json_is_named(artifact, tmp_path, text):
    folder = copy(artifact, tmp_path)
    (folder / "artifact.json").write_text(text, errors="surrogateescape")
    with pytest.raises(ValueError, match=r"artifact.json' must be whole"):
        zoo.load(folder)


def test_a_hash_that_is_left_out_is_no_way_around_the_check(artifact, tmp_path):
    folder = copy(artifact, tmp_path)
    change(folder, sha256={})
    with pytest.raises(ValueError, match=r"model.keras' must be as it was written"):
        zoo.load(folder)


def test_a_folder_that_is_no_artifact_is_told_from_what_it_holds(tmp_path):
    with pytest.raises(ValueError, match=r"is no artifact. It holds nothing"):
        zoo.load(tmp_path)
    (tmp_path / "rows.csv").write_text("a,b")
    with pytest.raises(ValueError, match=r"It holds rows.csv. An artifact is what zoo.save writes"):
        zoo.load(tmp_path)
    (tmp_path / "saved_model.pb").write_bytes(b"")
    with pytest.raises(ValueError, match=r"a SavedModel that zoo.export did not write"):
        zoo.load(tmp_path)
    for version in ("2", "10"):
        (tmp_path / version / "assets.extra" / "zoo").mkdir(parents=True)
    with pytest.raises(ValueError, match=r"It holds exported versions: load '.*10'"):
        zoo.load(tmp_path)


def test_a_file_that_is_no_keras_file_is_said(artifact, run, tmp_path):
    (tmp_path / "text.keras").write_text("no archive")
    with pytest.raises(ValueError, match=r"must be a .keras file. Received: other or truncated content"):
        zoo.load(tmp_path / "text.keras")
    (tmp_path / "cut.keras").write_bytes((artifact / "model.keras").read_bytes()[:2000])
    with pytest.raises(ValueError, match=r"must be a .keras file. Received: other or truncated content"):
        zoo.load(tmp_path / "cut.keras")
    keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)]).save(tmp_path / "other.keras")
    with pytest.raises(ValueError, match=r"must hold a model of the zoo. Received: Sequential"):
        zoo.load(tmp_path / "other.keras")


@pytest.mark.parametrize("content", ["{", "[]", "{}", "[" * 100_000])
def test_a_damaged_card_is_told(artifact, tmp_path, content):
    folder = copy(artifact, tmp_path)
    (folder / "card.json").write_text(content)
    facts = json.loads((folder / "artifact.json").read_text())
    facts["sha256"]["card.json"] = hashlib.sha256(content.encode()).hexdigest()
    (folder / "artifact.json").write_text(json.dumps(facts))
    with pytest.raises(ValueError, match=r"card.json' must be whole. Received: a damaged file"):
        zoo.load(folder)


@pytest.mark.parametrize("name", ["artifact.json", "card.json", "schema.json"])
def test_a_file_of_gigabytes_is_refused_before_it_is_read(artifact, tmp_path, monkeypatch, name):
    folder = copy(artifact, tmp_path)
    os.truncate(folder / name, 2**40)  # without a byte on the disk
    monkeypatch.setattr(saving, "sha256", lambda path: pytest.fail("it was read"))
    with pytest.raises(ValueError, match=rf"{name}' must have at most 268,435,456 bytes. Received: 1,099,511,627,776"):
        zoo.load(folder)


def test_a_stranger_s_code_is_not_run(run, tmp_path):
    """A Lambda layer holds Python bytecode; Keras's safe mode refuses it."""
    network = run.model.network
    outputs = keras.layers.Lambda(lambda x: x + 1.0)(network.outputs[0])
    changed = Model(
        keras.Model(network.inputs, outputs),
        entry="mlp_classifier",
        preprocessor=run.model.preprocessor,
        decision="softmax",
    )
    zoo.save(changed, tmp_path / "artifact")
    with pytest.raises(Exception, match=r"(?i)lambda"):
        zoo.load(tmp_path / "artifact")


def test_saving_takes_models_and_runs_alone(tmp_path):
    with pytest.raises(TypeError, match=r"must be a zoo.Model or a Run. Received: str"):
        zoo.save("mlp_classifier", tmp_path / "artifact")


def test_a_folder_of_something_else_is_not_written_over(run, tmp_path):
    (tmp_path / "thesis.tex").write_text("three years")
    for overwrite in (False, True):
        with pytest.raises(FileExistsError, match=r"must be a new folder or an artifact"):
            zoo.save(run, tmp_path, overwrite=overwrite)
        with pytest.raises(FileExistsError):
            run.save(tmp_path / "thesis.tex", overwrite=overwrite)
    assert (tmp_path / "thesis.tex").read_text() == "three years"


def test_a_model_is_replaced_only_where_that_is_said(artifact, run, tmp_path):
    folder = copy(artifact, tmp_path)
    model = zoo.load(folder)
    model.set_weights([0 * weight for weight in model.get_weights()])
    said = r"holds a trained mlp_classifier, .*Pass `overwrite=True` to replace it, or choose another folder"
    for save in (lambda: zoo.save(model, folder), lambda: run.save(folder)):
        with pytest.raises(FileExistsError, match=said):
            save()
    assert zoo.load(folder).card == zoo.load(artifact).card
    zoo.save(model, folder, overwrite=True)
    assert not any(np.any(weight) for weight in zoo.load(folder).network.get_weights())
    run.save(folder, overwrite=True)
    assert zoo.load(folder).card["weights_sha256"] == zoo.load(artifact).card["weights_sha256"]
    assert [path.name for path in tmp_path.iterdir()] == ["copy"]


def test_a_damaged_artifact_and_one_between_two_renames_are_models_too(artifact, run, tmp_path):
    folder = copy(artifact, tmp_path)
    (folder / "artifact.json").write_text("{")
    with pytest.raises(FileExistsError, match=r"holds a trained model, "):
        run.save(folder)
    folder.rename(tmp_path / ".moods.old")
    with pytest.raises(FileExistsError, match=r"holds a trained model, "):
        run.save(tmp_path / "moods")
    run.save(tmp_path / "moods", overwrite=True)
    assert [path.name for path in tmp_path.iterdir()] == ["moods"]


def test_a_model_that_another_process_saved_meanwhile_stays(artifact, run, tmp_path, monkeypatch):
    def meanwhile(model, card, beside):
        write(model, card, beside)
        copy(artifact, tmp_path)

    write = saving.write_artifact
    monkeypatch.setattr(saving, "write_artifact", meanwhile)
    with pytest.raises(FileExistsError, match=r"was written by another process meanwhile"):
        run.save(tmp_path / "copy")
    assert zoo.load(tmp_path / "copy").card == zoo.load(artifact).card
    assert [path.name for path in tmp_path.iterdir()] == ["copy"]


def test_a_full_disk_leaves_the_old_artifact(artifact, run, tmp_path, monkeypatch):
    folder = copy(artifact, tmp_path)

    def full(*args, **kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(saving, "page", full)
    with pytest.raises(OSError, match=r"There is no space to write"):
        zoo.save(run, folder, overwrite=True)
    assert [path.name for path in tmp_path.iterdir()] == ["copy"]
    assert zoo.load(folder).card["seed"] == 0


def test_an_artifact_between_two_renames_loads(artifact, tmp_path):
    copy(artifact, tmp_path).rename(tmp_path / ".moods.old")
    assert zoo.load(tmp_path / "moods").entry.name == "mlp_classifier"


def test_a_link_to_a_folder_stays_a_link(artifact, run, tmp_path):
    folder = copy(artifact, tmp_path)
    os.symlink(folder, tmp_path / "latest")
    zoo.save(run, tmp_path / "latest", overwrite=True)
    assert (tmp_path / "latest").is_symlink()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy", "latest"]
