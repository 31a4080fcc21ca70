"""The shipped presets: each is whole, and its card's metrics are those of the test rows, computed anew."""

import json

import pytest

import zoo
from zoo.package_data import package_folder

pytestmark = pytest.mark.tensorflow
PRESETS = {
    "image_mlp.mnist_10k": "mnist_10k",
    "mlp_classifier.titanic": "titanic",
    "mlp_classifier.adult": "adult",
    "mlp_regressor.california_housing": "california_housing",
    "logistic_regression.penguins": "penguins",
    "perceptron.and": "and_gate",
}


def test_the_presets_are_those_of_the_table():
    assert sorted(zoo.list_models(pretrained=True)) == sorted(PRESETS)


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_carries_the_name_that_its_entry_has_now(name):
    artifact = json.loads((package_folder("saved_models") / name / "artifact.json").read_text(encoding="utf-8"))
    assert artifact["entry"] == name.partition(".")[0]
    assert artifact["entry"] in zoo.list_models()


@pytest.mark.parametrize(("name", "data"), PRESETS.items())
def test_a_preset_s_card_holds_its_metrics(name, data):
    card = json.loads((package_folder("saved_models") / name / "card.json").read_text(encoding="utf-8"))
    split = "test" if "test" in card["metrics"] else "train"
    found = zoo.evaluate(name, data, verbose=0)
    assert found.rows == card["metrics"][split]["rows"]
    recorded = {metric: value for metric, value in card["metrics"][split].items() if isinstance(value, float)}
    assert recorded
    for metric, value in recorded.items():  # later versions have more scores than a preset's card
        assert found[metric] == pytest.approx(value, rel=1e-4, abs=1e-4)


@pytest.mark.parametrize("name", PRESETS)
def test_the_readme_states_the_command_of_each_preset(name):
    commands = (package_folder("saved_models") / "README.md").read_text(encoding="utf-8")
    assert f"-o saved_models/{name}\n" in commands


def test_a_preset_is_built_by_name_and_goes_on_learning():
    model = zoo.build("perceptron.and")
    assert zoo.predict(model, zoo.data.load("and_gate"))["label"].tolist() == [0, 0, 0, 1]
    run = zoo.train("perceptron.and", "or_gate", verbose=0)
    assert zoo.predict(run, zoo.data.load("or_gate"))["label"].tolist() == [0, 1, 1, 1]
    with pytest.raises(ValueError, match="has its own data and options"):
        zoo.build("perceptron.and", "or_gate")
