"""Models of other packages: how they see raw columns, and what they answer."""

import importlib.util
import sys
import types

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator
from sklearn.compose import TransformedTargetRegressor
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import (
    AdaBoostClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import Lasso, LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.multioutput import MultiOutputClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

import zoo
from zoo.data.schema import Column, Schema
from zoo.data.sources import load
from zoo.tasks.classification import TASK
from zoo.training import rivals
from zoo.training.candidates import FoldedRows
from zoo.training.rivals import Rival, encoder, numbers_and_texts


def test_columns_are_read_as_numbers_dates_and_texts():
    frame = pd.DataFrame(
        {
            "price": ["1.5", "?", "2"],
            "member": [True, False, True],
            "day": ["2024-01-01", "2024-01-02", None],
            "time": pd.to_datetime(["2024-01-01", None, "2024-01-03"]),
            "gate": ["north", " ", "south"],
            "level": pd.Categorical([3, 1, None]),
            "far": [np.inf, 1.0, -1.0],
            "empty": [None, None, None],
        }
    )
    kinds = ["number", "boolean", "date", "date", "category", "category", "number", "number"]
    read = numbers_and_texts(frame, [Column(name, kind) for name, kind in zip(frame, kinds, strict=True)])
    assert [dtype.kind for dtype in read.dtypes] == ["f", "f", "f", "f", "O", "O", "f", "f"]
    np.testing.assert_array_equal(read["0"], [1.5, np.nan, 2.0])
    np.testing.assert_array_equal(read["1"], [1.0, 0.0, 1.0])
    day = read["2"]
    assert np.isnan(day[2]) and day[1] > day[0]
    assert read["3"][2] - read["3"][0] == 2 * (day[1] - day[0]), "dates count alike, however they are written"
    assert read["4"].isna().tolist() == [False, True, False] and read["4"][2] == "south"
    assert read["5"].fillna("").tolist() == ["3", "1", ""], "levels stay levels"
    np.testing.assert_array_equal(read["6"], [np.nan, 1.0, -1.0])
    assert read["7"].isna().all()


@pytest.mark.parametrize(
    ("estimator", "is_tree", "is_linear"),
    [
        (HistGradientBoostingClassifier(), True, False),
        (RandomForestRegressor(), True, False),
        (MultiOutputClassifier(HistGradientBoostingClassifier()), True, False),
        (GridSearchCV(HistGradientBoostingClassifier(), {"max_iter": [1]}), True, False),
        (Ridge(), False, True),
        (LogisticRegression(), False, True),
        (LinearSVC(), False, True),
        (TransformedTargetRegressor(Lasso()), False, True),
        (KNeighborsClassifier(), False, False),
        (AdaBoostClassifier(DecisionTreeClassifier()), False, False),
        (make_pipeline(StandardScaler(), LogisticRegression()), False, False),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseEstimator) else "",
)
def test_a_caller_s_estimator_counts_as_the_rival_of_its_kind(estimator, is_tree, is_linear):
    found = rivals.rival_of(estimator)
    assert (found.is_tree, found.is_linear, found.takes_raw) == (is_tree, is_linear, isinstance(estimator, Pipeline))


def test_a_caller_s_estimator_answers_as_the_same_rival():
    generator = np.random.default_rng(0)
    x = pd.DataFrame({"n": generator.normal(size=60), "t": generator.choice(["a", "b", "c"], 60)})
    x.loc[::7, "n"] = np.nan
    y = (x.n.fillna(1.0) + (x.t == "b") > 0.3).astype(int).to_numpy()
    own = {"tree": HistGradientBoostingClassifier(random_state=3), "line": LogisticRegression(max_iter=1_000)}
    for estimator in own.values():
        (same,) = (one for one in rivals.rivals("classifier", False, 3) if type(one.estimator) is type(estimator))
        found = [one.answers(one.fitted(x, y, None), x, 2)[0] for one in (same, rivals.rival_of(estimator))]
        np.testing.assert_array_equal(*found)
    comparison = zoo.compare((x, y), models={**own, "other": KNeighborsClassifier()}, rivals=False, folds=2, verbose=0)
    assert comparison.simple == {"line"}


def test_columns_are_read_as_the_schema_says():
    frame = pd.DataFrame({"price": ["1.250,5", "n.a.", "3,0"], "zip": [10115, 80331, 10115], "note": ["a", "none", ""]})
    frame["gate"] = ["north", "closed", "?"]
    columns = (
        Column("price", "number", decimal=",", thousands=".", missing=("n.a.",)),
        Column("zip", "category"),
        Column("note", "text", missing=("none",)),
        Column("gate", "category", missing=("closed",)),
    )
    read = numbers_and_texts(frame, columns)
    np.testing.assert_array_equal(read["0"], [1250.5, np.nan, 3.0])
    assert read["1"].tolist() == ["10115", "80331", "10115"] and read["2"].isna().tolist() == [False, True, True]
    assert read["3"].isna().tolist() == [False, True, True]
    pixels = numbers_and_texts(
        np.arange(12, dtype="uint8").reshape(2, 2, 3, 1), [Column("image", "image", shape=(2, 3, 1))]
    )
    np.testing.assert_array_equal(pixels, np.arange(12.0).reshape(2, 6))


def test_the_rows_of_a_comparison_are_read_by_the_schema_of_the_caller():
    x = pd.DataFrame({"w": [1.0] * 4, "code": [3, 1, 3, 1], "price": ["1,5", "2,25", "0,5", "7,0"]})
    own = Schema((Column("w", "number"), Column("code", "category"), Column("price", "number", decimal=",")))
    rows = FoldedRows(load((x, list("abab")), schema=own), TASK, None, np.arange(4) % 2, [], weight="w")
    read, _ = rows.read()
    assert read["0"].tolist() == ["3", "1", "3", "1"] and read["1"].tolist() == [1.5, 2.25, 0.5, 7.0]
    assert read.shape == (4, 2), "a weight is no input"


def test_the_columns_of_linear_models_are_filled_standardised_and_one_hot():
    names = [f"name {i}" for i in range(30)]
    many = np.repeat([f"level {i:02}" for i in range(30)], 10)
    x = pd.DataFrame({"n": [1.0, 3.0, np.nan] * 100, "few": ["a", "b", None] * 100, "name": names * 10, "many": many})
    x.loc[:270, "name"] = [f"own {i}" for i in range(271)]
    fitted = encoder(is_tree=False).fit(x)
    shown = fitted.transform(x)
    assert shown.shape == (300, 2 + 3 + 1 + 20), "a name is in fewer than 10 rows, and 20 levels are one-hot"
    np.testing.assert_allclose(shown[:, 0].mean(), 0.0, atol=1e-12)
    np.testing.assert_allclose(shown[:, 0].std(), 1.0)
    np.testing.assert_array_equal(shown[:3, 2:5], np.eye(3))
    assert shown[:, 5].all() and shown[:, 6:].sum(axis=1).tolist() == [1.0] * 300
    assert sorted(shown[:, 6:].sum(axis=0)) == [10.0] * 19 + [110.0]
    unknown = fitted.transform(pd.DataFrame({"n": [np.nan], "few": ["z"], "name": ["z"], "many": ["z"]}))
    assert unknown[0, 2:].tolist() == [0, 0, 0, 1, *[0] * 19, 1]


def test_the_columns_of_trees_keep_gaps_and_number_levels():
    x = pd.DataFrame({"n": [1.0, np.nan, 3.0] * 10, "t": ["b", None, "a"] * 10, "name": [f"{i} x" for i in range(30)]})
    fitted = encoder(is_tree=True).fit(x)
    shown = fitted.transform(x)
    np.testing.assert_array_equal(shown[:3, :2], [[1.0, 1.0], [np.nan, -2.0], [3.0, 0.0]])
    assert len(np.unique(shown[:, 2])) == 1, "rows are not told by their names"
    assert fitted.transform(pd.DataFrame({"n": [0.0], "t": ["z"], "name": ["z"]}))[0, 1:].tolist() == [-1.0, -1.0]


def test_a_class_that_the_training_rows_lack_has_probability_0():
    x, y = pd.DataFrame({"n": np.arange(6.0)}), np.array([0, 2, 0, 2, 0, 2])
    rival = Rival(LogisticRegression())
    p, hard = rival.answers(rival.fitted(x, y, None), x, 4)
    assert p.shape == (6, 4) and not hard and not p[:, [1, 3]].any()
    np.testing.assert_allclose(p.sum(axis=1), 1.0)


def test_a_label_that_is_the_same_in_all_training_rows():
    x, y = pd.DataFrame({"n": np.arange(4.0)}), np.array([[0, 1], [0, 0], [0, 1], [0, 0]])
    rival = Rival(DummyClassifier(strategy="prior"))
    p, _ = rival.answers(rival.fitted(x, y, None), x, 2)
    np.testing.assert_allclose(p, [[0.0, 0.5]] * 4)


@pytest.mark.parametrize("kind", ["classifier", "regressor"])
def test_those_of_other_packages_are_there_where_they_are_installed(kind, monkeypatch):
    """Where the package is not here, a forest of scikit-learn stands in for it."""
    y = np.arange(40) % 2
    x = pd.DataFrame({"n": y + np.linspace(0.0, 0.4, 40), "t": ["a", None] * 20})
    forest = RandomForestClassifier if kind == "classifier" else RandomForestRegressor
    expected = []
    for module, name, parameters in rivals.FROM_OTHER_PACKAGES[kind]:
        if importlib.util.find_spec(module) is None:
            made = types.ModuleType(module)
            made.__spec__ = importlib.util.spec_from_loader(module, None)

            def stand_in(taken=parameters, **given):
                assert given == {"random_state": 3, **taken}
                return forest(n_estimators=3, random_state=given["random_state"])

            setattr(made, name, stand_in)
            monkeypatch.setitem(sys.modules, module, made)
            name = forest.__name__
        expected.append(name)
    found = [rival for rival in rivals.rivals(kind, False, 3) if rival.is_tree][1:]
    assert [rival.label for rival in found] == expected
    for rival in found:
        answers, hard = rival.answers(rival.fitted(x, y, np.ones(40)), x, 2 if kind == "classifier" else 1)
        assert not hard and answers.shape == (40, 2 if kind == "classifier" else 1)


def test_lightgbm_has_the_threads_that_openmp_is_limited_to():
    """By default it asks for one a processor, and takes a minute in place of a second where processors are busy."""
    pytest.importorskip("lightgbm")
    x = pd.DataFrame({"n": np.arange(40.0)})
    (rival,) = (one for one in rivals.rivals("classifier", False, 3) if one.label == "LGBMClassifier")
    trained = rival.fitted(x, np.arange(40) % 2, None)[-1]
    assert trained.booster_.params["num_threads"] == 0, "0: as many as OpenMP has"


def test_a_package_that_cannot_be_imported_is_listed_and_the_others_go_on(tmp_path, monkeypatch):
    (tmp_path / "half_installed.py").write_text("raise OSError('libgomp.so.1: cannot open shared object file')\n")
    monkeypatch.syspath_prepend(tmp_path)
    broken = (("half_installed", "HalfClassifier", {}),)
    monkeypatch.setattr(rivals, "FROM_OTHER_PACKAGES", {"classifier": broken})
    x = pd.DataFrame({"n": np.arange(20.0)})
    found = zoo.compare(
        (x, ["a", "b"] * 10), models=LogisticRegression(), folds=2, verbose=0, checkpoint=tmp_path / "c"
    )
    assert found.table.index[-1] == "HalfClassifier"
    assert found.table.loc["HalfClassifier", "error"] == "OSError: libgomp.so.1: cannot open shared object file"
    assert set(found.scores) >= {"LogisticRegression", "HistGradientBoostingClassifier", "MLPClassifier"}
