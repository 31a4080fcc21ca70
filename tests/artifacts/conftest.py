"""A table with every kind of column, a model trained on it, its artifact and its export, made once."""

import contextlib

import numpy as np
import pandas as pd
import pytest

import zoo
from zoo.artifacts import proof


def keepers_notes(rows=120, seed=0):
    """A zoo keeper's notes: numbers with gaps, a boolean, categories, dates, texts, and names that no graph takes."""
    generator = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "weight in kg": generator.gamma(2.0, 30.0, rows).round(1),
            "Größe": generator.normal(1.5, 0.4, rows),
            "class": generator.choice(["bird", "fish", "mammal"], rows),
            "2nd visit": generator.random(rows) < 0.5,
            "arrived": pd.Timestamp("2020-02-27") + pd.to_timedelta(generator.integers(0, 900, rows), unit="D"),
            "note": [f"eats {a} and {b}, seen {i} times" for i, (a, b) in enumerate(zip(*_food(generator, rows)))],
            "A": generator.integers(0, 9, rows),
            "a": generator.choice(["x", "y"], rows),
        }
    )
    frame.loc[::7, "weight in kg"] = np.nan
    frame.loc[::11, "class"] = None
    frame["mood"] = np.where(frame["Größe"] > 1.8, "wild", np.where(frame["A"] > 4, "lazy", "kind"))
    return frame


def _food(generator, rows):
    return generator.choice(["hay", "fish", "nuts", "leaves"], (2, rows))


@pytest.fixture(scope="session")
def notes():
    return keepers_notes()


@pytest.fixture(scope="session")
def run(notes):
    return zoo.train("mlp_classifier", notes, target="mood", hidden_units=(8,), epochs=2, verbose=0)


@pytest.fixture(scope="session")
def artifact(run, tmp_path_factory):
    folder = tmp_path_factory.mktemp("artifact") / "moods"
    run.save(folder)
    return folder


@pytest.fixture(scope="session")
def exported(run, tmp_path_factory):
    """The report of an export, with the whole proof, to a relative folder; its path made absolute."""
    import dataclasses

    folder = tmp_path_factory.mktemp("export")
    with contextlib.chdir(folder):
        report = zoo.export(run, "served/moods")
    return dataclasses.replace(report, path=folder / report.path)


@pytest.fixture
def no_proof(monkeypatch):
    """Spares the proof, where a test is about folders and numbers."""
    monkeypatch.setattr(proof, "prove", lambda *_, **__: 0.0)
