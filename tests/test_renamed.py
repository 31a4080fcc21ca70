"""A renamed entry: its former name and the artifacts that were saved under it keep working, with one warning."""

import json
import shutil
import sys
import warnings

import keras
import numpy as np
import pytest

import zoo
from zoo import package_data, plugins, registry
from zoo.artifacts import inspection
from zoo.cli import main
from zoo.model import Model

FACTS = {
    "builder": "zoo.models.perceptron:perceptron",
    "task": "classification",
    "year": 1969,
    "paper": "A paper.",
    "summary": "A threshold unit",
}
SAID = "The model 'old_net' is now called 'new_net'"


@pytest.fixture(scope="module")
def artifact(tmp_path_factory):
    """The folder of a model that was saved while its entry was called `old_net`."""
    folder = tmp_path_factory.mktemp("renamed") / "artifact"
    zoo.list_models()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "_entries", dict(registry._entries))
        zoo.register("old_net", **FACTS)
        zoo.train("old_net", "and_gate", encodings="raw", verbose=0).save(folder)
    assert zoo.list_models("old_net") == []
    assert json.loads((folder / "artifact.json").read_text())["entry"] == "old_net"
    return folder


@pytest.fixture
def renamed(monkeypatch):
    """The entry under its new name."""
    zoo.list_models()
    monkeypatch.setattr(registry, "_entries", dict(registry._entries))
    return zoo.register("new_net", **FACTS, formerly=("old_net",))


def warned(function, *arguments, **settings):
    """Calls a function that must warn once, of the new name, at the line of this file; returns what it returns."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", FutureWarning)
        result = function(*arguments, **settings)
    assert [warning.filename for warning in caught] == [__file__]
    assert str(caught[0].message).startswith(SAID)
    return result


def answers(model):
    return zoo.predict(model, zoo.data.load("and_gate"))["label"].tolist()


def test_an_artifact_loads_and_carries_the_new_name_when_it_is_saved_again(artifact, renamed, tmp_path):
    model = warned(zoo.load, artifact)
    assert model.entry == renamed
    assert answers(model) == [0, 0, 0, 1]
    zoo.save(model, tmp_path / "again")
    facts, card = (json.loads((tmp_path / "again" / f"{n}.json").read_text()) for n in ("artifact", "card"))
    assert (facts["entry"], card["entry"], card["metrics"]["train"]["accuracy"]) == ("new_net", "new_net", 1.0)
    assert (tmp_path / "again" / "README.md").read_text().startswith("# new_net\n")
    again = zoo.load(tmp_path / "again")  # a warning would be an error
    assert (again.name, again.get_config()["entry"], again.card["entry"]) == ("new_net", "new_net", "new_net")


def test_an_artifact_goes_on_learning_under_its_new_name(artifact, renamed):
    run = warned(zoo.train, str(artifact), "or_gate", verbose=0)
    assert run.model.entry == renamed
    assert answers(run) == [0, 1, 1, 1]


def test_without_the_former_name_the_artifact_is_refused(artifact):
    with pytest.raises(ValueError, match="holds the model 'old_net', which this zoo does not have"):
        zoo.load(artifact)


@pytest.mark.parametrize("load", [zoo.load, keras.saving.load_model])
def test_a_lone_file_of_keras_loads(artifact, renamed, load):
    assert warned(load, artifact / "model.keras").entry == renamed


def test_the_artifact_inside_an_exported_version_loads(artifact, renamed, tmp_path):
    shutil.copytree(artifact, tmp_path / "1" / "assets.extra" / "zoo")
    assert answers(warned(zoo.load, tmp_path / "1")) == [0, 0, 0, 1]


def test_a_model_of_another_name_in_keras_keeps_it(artifact, renamed):
    config = {**warned(zoo.load, artifact).get_config(), "entry": "old_net", "name": "mine"}
    assert warned(Model.from_config, config).name == "mine"


@pytest.mark.parametrize("folder", ["old_net.and", "new_net.and"])
def test_a_preset_loads_by_both_names_wherever_its_folder_is(artifact, renamed, tmp_path, monkeypatch, folder):
    shutil.copytree(artifact, tmp_path / folder)
    if folder == "new_net.and":  # as one that was saved again
        zoo.save(warned(zoo.load, artifact), tmp_path / folder, overwrite=True)
    monkeypatch.setattr(package_data, "package_folder", lambda name: tmp_path)
    assert (renamed.presets, zoo.list_models("*_net.*", pretrained=True)) == (["and"], ["new_net.and"])
    assert warned(zoo.info, "old_net.and") == renamed
    for use in (zoo.load, zoo.build):
        assert answers(warned(use, "old_net.and")) == [0, 0, 0, 1]
    weights = warned(zoo.build, "new_net", "and_gate", weights="old_net.and").get_weights()
    np.testing.assert_array_equal(weights[0], warned(zoo.load, artifact).get_weights()[0])
    if folder == "new_net.and":
        assert answers(zoo.load("new_net.and")) == [0, 0, 0, 1]
    with pytest.raises(ValueError, match=r"Unknown preset 'old_net\.nand'\. The presets of 'new_net' are: new_net\."):
        zoo.info("old_net.nand")


def test_the_former_name_is_looked_up_built_and_trained(renamed):
    assert warned(zoo.info, "old_net") == renamed
    assert warned(zoo.build, "old_net").entry == renamed
    run = warned(zoo.train, "old_net", "and_gate", verbose=0)
    assert (run.model.entry, run.model.name) == (renamed, "new_net")
    assert answers(run) == [0, 0, 0, 1]


def test_folds_are_made_by_a_former_name(renamed):
    scores = warned(zoo.cross_validate, "old_net", "two_moons", folds=2, epochs=1)
    assert len(scores) == 2


def test_only_the_new_name_is_listed(renamed):
    assert zoo.list_models("*_net") == ["new_net"]
    with pytest.raises(ValueError, match="Unknown model 'old_ne'") as caught:
        zoo.info("old_ne")
    assert "old_net" not in str(caught.value)
    with pytest.raises(FileNotFoundError, match="'old_net' is the name of an entry"):
        zoo.load("old_net")


def test_the_command_line_warns_once(artifact, renamed, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    def printed(*words):
        warnings.simplefilter("ignore")
        warnings.simplefilter("default", FutureWarning)
        assert main(list(words)) == 0
        out, err = capsys.readouterr()
        assert err.count("warning") == err.count(SAID) == 1, err
        return out

    with warnings.catch_warnings():
        assert printed("info", "old_net").startswith("name      new_net\n")
        assert "runs/new_net-1" in printed("train", "old_net", "and_gate", "--encodings", "raw")
        assert "accuracy" in printed("evaluate", str(artifact), "and_gate")
        printed("train", "--config", str(artifact / "card.json"), "-o", "again")
    assert json.loads((tmp_path / "again" / "card.json").read_text())["entry"] == "new_net"


@pytest.mark.parametrize(
    ("name", "formerly", "message"),
    [
        ("net", "older_net", r"`formerly` must be names, such as \('old_net',\)\. Received: formerly='older_net'"),
        ("net", ("Older Net",), "`formerly` must be names"),
        ("net", (7,), "`formerly` must be names"),
        ("net", ("perceptron",), "The former name 'perceptron' of 'net' is the name of zoo.models.perceptron:percept"),
        ("net", ("net",), "The former name 'net' of 'net' is the name of zoo.models.perceptron:perceptron. Leave it"),
        ("net", ("old_net",), "The former name 'old_net' of 'net' is a former name of 'new_net' too. One of the two"),
        ("old_net", (), "The name 'old_net' is a former name of 'new_net', whose artifacts load by it. Choose another"),
    ],
)
def test_a_former_name_means_one_entry(renamed, name, formerly, message):
    with pytest.raises(ValueError, match=message):
        zoo.register(name, **FACTS, formerly=formerly)
    assert zoo.list_models("net") == []


def test_the_same_registered_twice_is_no_clash(renamed):
    assert zoo.register("new_net", **FACTS, formerly=["old_net"]) == renamed
    assert renamed.formerly == ("old_net",)


def test_of_two_plugins_that_claim_one_former_name_the_second_is_left_out(monkeypatch, tmp_path):
    zoo.list_models()
    monkeypatch.setattr(registry, "_entries", dict(registry._entries))
    monkeypatch.setattr(plugins, "_loaded", False)
    monkeypatch.syspath_prepend(tmp_path)
    for package in ("first_plugin", "second_plugin"):
        register = f"import zoo\nzoo.register('{package}/net', **{FACTS!r}, formerly=['lone_net'])\n"
        (tmp_path / f"{package}.py").write_text(register)
        (tmp_path / f"{package}-1.0.dist-info").mkdir()
        (tmp_path / f"{package}-1.0.dist-info" / "METADATA").write_text(f"Name: {package}\nVersion: 1.0\n")
        entry_point = f"[zoo.models]\n{package} = {package}\n"
        (tmp_path / f"{package}-1.0.dist-info" / "entry_points.txt").write_text(entry_point)
        monkeypatch.delitem(sys.modules, package, raising=False)
    with pytest.warns(UserWarning, match="plugin '(first|second)_plugin' .* 'lone_net' of .* is a former name of"):
        assert len(zoo.list_models("*_plugin/net")) == 1


def test_layers_from_a_package_s_former_name_are_its_own(monkeypatch):
    monkeypatch.setattr(registry, "_entries", dict(registry._entries))
    assert "old_package" not in inspection._known_packages()
    zoo.register("new_package/net", **FACTS, formerly=("old_package/net",))
    assert "old_package" in inspection._known_packages()
