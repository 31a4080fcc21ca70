"""Stored answers: whose they are, and what a killed run leaves."""

import dataclasses
import os
import sys

import keras
import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeClassifier

from zoo import registry
from zoo.data.raw import Data
from zoo.data.sources import load
from zoo.tasks.classification import TASK
from zoo.training import identities
from zoo.training.answers_store import AnswersStore
from zoo.training.candidates import EntryCandidate, EstimatorCandidate, FoldAnswers, FoldedRows
from zoo.training.rivals import Rival

ANSWERS = FoldAnswers(np.full((2, 2), 0.5), False, 1.0)
TREE = EstimatorCandidate(Rival(DecisionTreeClassifier()), 0)


def entry(**settings):
    return EntryCandidate(registry.info("mlp_classifier"), settings, {"hidden_units": (8,)}, 0)


@pytest.fixture
def rows():
    loaded = load((pd.DataFrame({"n": [1.0, 2.0, 3.0, 4.0], "who": [1, 1, 2, 2]}), ["a", "b", "a", "b"]))
    splits = [(np.array([0, 1]), np.array([2, 3])), (np.array([2, 3]), np.array([0, 1]))]
    return FoldedRows(loaded, TASK, None, np.array([0, 1, 0, 1]), splits)


def test_what_is_written_is_read_by_the_same_model_on_the_same_rows(rows, tmp_path):
    for candidate in (TREE, entry(optimizer=keras.optimizers.Adam(0.01))):
        AnswersStore(tmp_path, rows, 2).write(candidate, 1, ANSWERS)
        again = dataclasses.replace(candidate)
        (found,) = AnswersStore(tmp_path, rows, 2).read(again).items()
        assert found[0] == 1 and found[1].answers.tolist() == ANSWERS.answers.tolist()


@pytest.mark.parametrize(
    "other",
    [
        Rival(DecisionTreeClassifier(max_depth=3)),
        Rival(DecisionTreeClassifier(), is_tree=True),
        Rival(DecisionTreeClassifier(), takes_raw=True),
        Rival(type("DecisionTreeClassifier", (DecisionTreeClassifier,), {"__module__": "sklearn.other"})()),
    ],
    ids=["parameters", "tree", "raw", "module"],
)
def test_another_estimator_has_other_answers(other, rows, tmp_path):
    store = AnswersStore(tmp_path, rows, 2)
    store.write(TREE, 0, ANSWERS)
    assert store.read(EstimatorCandidate(other, 0)) == {}


def test_a_class_inside_an_estimator_is_part_of_it():
    own = type("LogisticRegression", (LogisticRegression,), {})
    for around in (make_pipeline, MultiOutputClassifier):
        assert identities.of_rival(Rival(around(LogisticRegression()))) != identities.of_rival(Rival(around(own())))


def test_another_version_or_backend_has_other_answers(monkeypatch):
    tree, network = TREE.identity, entry().identity
    with monkeypatch.context() as changed:
        changed.setattr(sys.modules["sklearn"], "__version__", "0.1")
        assert TREE.identity != tree and entry().identity == network
    with monkeypatch.context() as changed:
        changed.setattr(keras.backend, "backend", lambda: "other")
        assert entry().identity != network
    monkeypatch.setattr(identities, "version", lambda package: "0.1" if package == "tensorflow" else "")
    assert entry().identity != network and TREE.identity == tree
    assert entry(epochs=2).identity != entry().identity


def test_other_folds_groups_or_weights_have_other_answers(rows, tmp_path):
    array = load((np.arange(8.0).reshape(4, 2), ["a", "b", "a", "b"]))
    beside = [
        dataclasses.replace(rows, loaded=array.beside(pd.DataFrame({"who": who})), groups="who")
        for who in ([1, 1, 2, 2], [1, 2, 1, 2])
    ]
    swapped = dataclasses.replace(rows, splits=[(np.array([0, 2]), np.array([1, 3])), rows.splits[1]])
    other = dataclasses.replace(rows, loaded=Data(rows.loaded.x.iloc[::-1], rows.loaded.y))
    for number, one in enumerate((rows, swapped, other, *beside)):
        store = AnswersStore(tmp_path, one, 2)
        assert store.read(TREE) == {}, number
        store.write(TREE, 0, ANSWERS)


def test_files_that_a_killed_run_left_are_removed(rows, tmp_path):
    store = AnswersStore(tmp_path, rows, 2)
    store.write(TREE, 0, ANSWERS)
    (stored,) = tmp_path.iterdir()
    old, young, other = stored.with_suffix(".1.tmp"), stored.with_suffix(".2.tmp"), tmp_path / "notes.tmp"
    for path in (old, young, other):
        path.write_text("half")
    for path in (old, other):
        os.utime(path, (0, 0))
    AnswersStore(tmp_path, rows, 2)
    assert sorted(tmp_path.iterdir()) == sorted([stored, young, other])
