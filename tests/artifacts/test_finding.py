"""What `zoo runs` finds in folders."""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from zoo import package_data
from zoo.artifacts.finding import LARGEST_IS_BEST, LEAST_IS_BEST, ArtifactSummary, artifacts, best_first
from zoo.tasks import measures

PERCEPTRON = package_data.package_folder("saved_models") / "perceptron.and"


@pytest.fixture
def runs(tmp_path):
    """A folder with two artifacts, one of them exported, and other files."""
    shutil.copytree(PERCEPTRON, tmp_path / "first")
    shutil.copytree(PERCEPTRON, tmp_path / "served" / "gates" / "1" / "assets.extra" / "zoo")
    (tmp_path / "served" / "gates" / "1" / "saved_model.pb").write_bytes(b"12345")
    (tmp_path / "rows.csv").write_text("a,b\n")
    return tmp_path


def changed(folder: Path, name: str, change) -> None:
    facts = json.loads((folder / name).read_text())
    change(facts)
    (folder / name).write_text(json.dumps(facts))


def test_artifacts_and_exported_versions_are_found_wherever_they_are(runs):
    first, version = artifacts(runs)
    assert (first.folder, version.folder) == (runs / "first", runs / "served" / "gates" / "1")
    assert (first.exported, version.exported) == (False, True)
    card = json.loads((PERCEPTRON / "card.json").read_text())
    for one in (first, version):
        assert (one.entry, one.task, one.date, one.rows) == ("perceptron", "classification", card["date"], 4)
        assert one.split == "train" and one.scores["accuracy"] == 1.0 and not one.wrong
        assert "rows" not in one.scores and "confusion" not in one.scores
    assert first.size == sum(file.stat().st_size for file in PERCEPTRON.iterdir())
    assert version.size == first.size + 5


def test_what_save_has_not_finished_is_not_looked_at(runs):
    (runs / "first").rename(runs / ".first.1a2b3c4d")
    assert [one.exported for one in artifacts(runs)] == [True]


def test_an_artifact_itself_may_be_named(runs):
    (one,) = artifacts(runs / "first")
    assert one.folder == runs / "first"


BREAKS = {
    "model.keras is missing": lambda folder: (folder / "model.keras").unlink(),
    "is no artifact. It holds README.md, card.json": lambda folder: (folder / "artifact.json").unlink(),
    "artifact.json' must be whole": lambda folder: (folder / "artifact.json").write_text('{"format": 1'),
    "must be whole. Received: a damaged file ('entry')": lambda folder: changed(
        folder, "artifact.json", lambda facts: facts.pop("entry")
    ),
    "has the artifact format 99": lambda folder: changed(
        folder, "artifact.json", lambda facts: facts.update(format=99)
    ),
    "card.json must be as it was written": lambda folder: changed(
        folder, "card.json", lambda card: card.update(seed=1)
    ),
    "must have at most 268,435,456 bytes": lambda folder: os.truncate(folder / "artifact.json", 2**40),
    "This zoo has no entry 'its/own'. Install": lambda folder: changed(
        folder, "artifact.json", lambda facts: facts.update(entry="its/own")
    ),
}


@pytest.mark.parametrize("said", BREAKS)
def test_a_broken_artifact_is_found_with_what_is_wrong(runs, said):
    BREAKS[said](runs / "first")
    first, version = artifacts(runs)
    assert said in first.wrong and first.folder == runs / "first"
    assert not version.wrong


def test_a_folder_must_be_one(tmp_path):
    with pytest.raises(FileNotFoundError, match="There is no folder '.*nowhere'. Pass the one that `zoo train -o`"):
        list(artifacts(tmp_path / "nowhere"))
    (tmp_path / "file").write_text("")
    with pytest.raises(NotADirectoryError, match="must be a folder. Received: a file"):
        list(artifacts(tmp_path / "file"))


def test_the_best_comes_first():
    found = [
        ArtifactSummary(Path(name), metrics={"train": {"accuracy": 1.0}, "val": scores})
        for name, scores in {
            "a": {"accuracy": 0.7, "log_loss": 0.5},
            "b": {"accuracy": 0.9, "log_loss": 0.6},
            "c": {"rmse": 3.0},
        }.items()
    ]
    assert [str(one.folder) for one in best_first(found, "accuracy")] == ["b", "a", "c"]
    assert [str(one.folder) for one in best_first(found, "log_loss")] == ["a", "b", "c"]
    assert [str(one.folder) for one in best_first(found, "rmse")] == ["c", "a", "b"]
    with pytest.raises(ValueError, match="no score 'acuracy'. Did you mean 'accuracy'\\? There are: accuracy, log"):
        best_first(found, "acuracy")


@pytest.mark.parametrize(
    ("score", "order"),
    [
        ("recall_Greece", "bac"),  # "ece" is in the name of the class
        ("f1_loss", "bac"),
        ("precision_error", "bac"),
        ("r2_mae", "bac"),
        ("roc_auc_loss", "bac"),
        ("average_precision_ece", "bac"),
        ("ece", "abc"),
        ("brier_accuracy", "abc"),
        ("log_loss_recall", "abc"),
        ("median_error_r2", "abc"),
        ("mean_squared_error", "abc"),  # of others' tasks
        ("poisson_deviance", "abc"),
        ("recency", "bac"),
    ],
)
def test_a_score_is_sorted_by_its_own_name_and_not_by_that_of_a_class_and_nan_comes_last(score, order):
    values = {"c": float("nan"), "a": 0.2, "b": 0.8}
    found = [ArtifactSummary(Path(name), metrics={"test": {score: value}}) for name, value in values.items()]
    assert "".join(str(one.folder) for one in best_first(found, score)) == order


def test_every_score_of_the_measures_is_known_to_be_an_error_or_not():
    y, p = np.array([0, 1, 1, 0]), np.array([[0.8, 0.2], [0.3, 0.7], [0.6, 0.4], [0.9, 0.1]])
    of_classes, counts = measures.classification_scores(y, p, 2, hard=False)
    of_labels, of_each = measures.label_scores(np.eye(2, dtype=int)[y], p, ["a", "b"], hard=False)
    names = {*of_classes, *measures.class_scores(counts), *of_labels, *of_each, *measures.regression_scores(y, p[:, 1])}
    assert names == {*LEAST_IS_BEST, *LARGEST_IS_BEST}
