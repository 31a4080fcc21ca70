"""`zoo.compare`: the same folds and scores for all, what is listed of those that fail, and how it goes on."""

import re
import time

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.dummy import DummyRegressor
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, log_loss
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

import zoo
from zoo.data.sources import load
from zoo.tasks.classification import TASK
from zoo.training import candidates, comparing, one_program
from zoo.training.comparison import NOT_RUN
from zoo.training.folds import folds_of
from zoo.training.paired import intervals
from zoo.training.settings import DEFAULT_SHARE, RecipeShare

TINY = ("mlp_classifier", {"epochs": 2, "hidden_units": (8,)})
LINE = "logistic_regression"


@pytest.fixture(scope="module")
def table():
    generator = np.random.default_rng(0)
    frame = pd.DataFrame({"minutes": generator.normal(size=120), "gate": generator.choice(["n", "s", "r"], 120)})
    frame["who"] = generator.integers(0, 12, 120)
    frame["w"] = generator.uniform(0.5, 2.0, 120)
    likely = frame.minutes + (frame.gate == "r") + generator.normal(0.0, 0.5, 120) > 0.5
    frame["bought"] = np.where(likely, "yes", "no")
    frame.loc[:19, "minutes"] = np.nan  # of both classes in every fold
    return frame


@pytest.fixture(scope="module")
def found(table):
    return zoo.compare(
        table[["minutes", "gate", "bought"]], target="bought", models=[LINE, TINY], folds=3, seed=1, verbose=0
    )


def test_a_row_a_model_the_best_first(found):
    labels = {LINE, "mlp_classifier", "DummyClassifier", "LogisticRegression", "HistGradientBoostingClassifier",
              "MLPClassifier"}  # fmt: skip
    assert set(found.table.index) >= labels and found.table.index.name == "model"
    assert list(found.table.columns[:4]) == ["accuracy", "accuracy_spread", "log_loss", "roc_auc"]
    assert list(found.table.columns[-7:]) == [
        "difference", "low", "high", "train_seconds", "latency_ms", "size", "error"
    ]  # fmt: skip
    of_all_rows = [found.scores[label]["accuracy"] for label in found.table.index]
    assert of_all_rows == sorted(of_all_rows, reverse=True) and (found.table.error == "").all()
    assert (found.table[["train_seconds", "latency_ms", "size"]] > 0).all(axis=None)
    assert found.table.difference.iloc[0] == 0 and set(found.table.index) == set(found.scores)


def test_zoo_entries_are_scored_as_cross_validate_scores_them(found, table):
    for name, options in ((LINE, {}), TINY):
        expected = zoo.cross_validate(
            name, table[["minutes", "gate", "bought"]], target="bought", folds=3, seed=1, verbose=0, **options
        )
        own = found.folds[found.folds.model == name]
        np.testing.assert_array_equal(own.rows, expected.rows)
        for score in ("accuracy", "log_loss", "roc_auc"):
            np.testing.assert_allclose(own[score], expected[score], rtol=1e-6)
            assert found.table.loc[name, score] == pytest.approx(expected[score].mean())
        assert found.table.loc[name, "accuracy_spread"] == pytest.approx(expected.accuracy.std())


def test_folds_hold_out_as_many_rows_as_the_recipe_asks_for(monkeypatch):
    """Of 30 rows TabM holds out a third, for its recipe asks for 80 where a fifth is fewer."""
    generator = np.random.default_rng(0)
    x = pd.DataFrame(generator.normal(size=(60, 2)), columns=["a", "b"])
    held_out, alone = [], []
    prepared, train_jobs = one_program._prepared, candidates.train_jobs

    def recorded(*arguments):
        held_out.append(len(prepared(*arguments)[0].val))
        return prepared(*arguments)

    def jobs(entry, recipe, jobs, alike, options, settings, **rest):
        alone.append(settings["validation"])
        return train_jobs(entry, recipe, jobs, alike, options, settings, **rest)

    monkeypatch.setattr(one_program, "_prepared", recorded)
    monkeypatch.setattr(candidates, "train_jobs", jobs)
    small = {"epochs": 1, "hidden_units": (4,), "members": 2}
    asked = {"folds": 2, "rivals": False, "verbose": 0}
    found = zoo.compare((x, x.a + x.b), models=("tabm_regressor", small), **asked)
    assert list(found.table.error) == [""] and held_out == [10, 10]
    assert alone == [DEFAULT_SHARE] and isinstance(alone[0], RecipeShare), "a caller's share would stay a fifth"
    found = zoo.compare((x, x.a + x.b), models=("tabm_regressor", {**small, "validation": 0.2}), **asked)
    assert list(found.table.error) == [""] and held_out[2:] == [6, 6]


def test_a_rival_s_scores_are_those_of_scikit_learn_on_the_same_folds(table):
    x = table[["minutes"]].fillna(0.0)
    found = zoo.compare((x, table.bought), models=DecisionTreeClassifier(max_depth=2), folds=3, rivals=False, verbose=0)
    loaded = load((x, table.bought))
    expected = []
    for train, test in folds_of(loaded, TASK, 3, None, 0):
        model = DecisionTreeClassifier(max_depth=2).fit(x.iloc[train], table.bought.iloc[train])
        p, y = model.predict_proba(x.iloc[test]), table.bought.iloc[test]
        expected.append((accuracy_score(y, model.predict(x.iloc[test])), log_loss(y, np.clip(p, 1e-15, 1))))
    np.testing.assert_allclose(found.folds[["accuracy", "log_loss"]], expected, rtol=1e-5)


def test_differences_are_those_of_all_rows(found):
    for label, scores in found.scores.items():
        own = scores["accuracy"] - found.scores[found.table.index[0]]["accuracy"]
        assert found.table.loc[label, "difference"] == pytest.approx(own)
        assert found.table.loc[label, "low"] <= own <= found.table.loc[label, "high"]
        assert scores.rows == 120


def test_nothing_is_learnt_from_the_rows_that_are_answered(table, monkeypatch):
    """A level, a median and a deviation of the answered rows alone must not reach the columns of a rival."""
    from zoo.training import rivals

    x = pd.DataFrame({"n": np.r_[np.zeros(50), np.full(50, 1e6)], "t": ["a"] * 50 + ["b"] * 50})
    fitted = rivals.rival_of(LogisticRegression()).fitted(x.iloc[:50], np.arange(50) % 2, None)
    columns = fitted.named_steps["columns"]
    assert columns.named_transformers_["numbers"][-1].mean_.tolist() == [0.0]
    assert columns.named_transformers_["texts"].categories_[0].tolist() == ["a"]
    seen = []
    original = rivals.Rival.fitted
    monkeypatch.setattr(rivals.Rival, "fitted", lambda self, x, *rest: seen.append(len(x)) or original(self, x, *rest))
    zoo.compare(table, target="bought", ignore=["who", "w"], models=LogisticRegression(), rivals=False, folds=4,
                verbose=0)  # fmt: skip
    assert seen == [90] * 4


def test_one_that_crashes_is_listed_and_the_others_go_on(table):
    broken = LogisticRegression(C=-1.0)
    found = zoo.compare(
        table, target="bought", ignore=["who", "w"], models={"broken": broken, "svm": LinearSVC(), "line": LINE},
        folds=2, rivals=False, verbose=0,
    )  # fmt: skip
    assert found.table.index[-1] == "broken" and set(found.scores) == {"svm", "line"}
    assert found.table.loc["broken", "error"].startswith("InvalidParameterError: The 'C' parameter")
    assert np.isnan(found.table.loc["broken", "accuracy"])
    assert "log_loss" not in found.scores["svm"], "LinearSVC decides, and has no probabilities"
    assert np.isnan(found.table.loc["svm", "log_loss"]) and found.table.loc["line", "log_loss"] > 0


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (
            lambda x: np.where(np.arange(len(x)) == 3, np.nan, 0.0),
            "are not finite. Received: 1 such numbers in fold 0.",
        ),
        (lambda x: np.full(len(x), -np.inf), "are not finite. Received: 30 such numbers in fold 0."),
        (lambda x: np.zeros((len(x), 2)), "must have the shape (30, 1). Received: the shape (30, 2)."),
        (lambda x: np.zeros(7), "cannot reshape array"),
    ],
)
def test_answers_that_cannot_be_scored_are_listed_and_not_ranked(answer, said):
    class Broken(Ridge):
        def predict(self, x):
            return answer(x)

    x = pd.DataFrame(np.random.default_rng(0).normal(size=(60, 2)), columns=["a", "b"])
    models = {"broken": Broken(), "good": Ridge(), "mean": DummyRegressor()}
    found = zoo.compare((x, x.a + x.b), models=models, rivals=False, folds=2, verbose=0)
    assert list(found.table.index) == ["good", "mean", "broken"] and set(found.scores) == {"good", "mean"}
    assert found.table.error.iloc[2].startswith("ValueError: ") and said in found.table.error.iloc[2]


def test_a_network_s_answers_that_are_not_finite_are_listed(table, monkeypatch, tmp_path):
    def answers(self, rows, folds, *rest):
        for fold in folds:
            found = np.full((len(rows.splits[fold][1]), 2), 0.5)
            found[3] = np.nan if fold and self.entry.name == LINE else 0.5
            yield fold, candidates.FoldAnswers(found, False, 1.0)

    monkeypatch.setattr(candidates.EntryCandidate, "answer_folds", answers)
    found = zoo.compare(table, target="bought", models=[LINE, TINY], folds=2, rivals=False, verbose=0)
    assert list(found.table.index) == ["mlp_classifier", LINE] and set(found.scores) == {"mlp_classifier"}
    assert found.table.error[LINE] == "ValueError: The answers are not finite. Received: 2 such numbers in fold 1."


def test_the_order_is_that_of_the_score_of_all_rows(monkeypatch):
    """Folds of 100 and 10 rows: one model is right in the large one, the other in half of it and in the small one."""
    rows = pd.DataFrame({"x": np.arange(110.0), "who": np.r_[np.zeros(100, int), np.ones(10, int)]})
    rows["y"] = np.where(np.arange(110) % 2, "yes", "no")
    right = {LINE: np.arange(110) < 100, "mlp_classifier": (np.arange(110) % 4 < 2) | (np.arange(110) >= 100)}

    def answers(self, rows, folds, *rest):
        for fold in folds:
            test = rows.splits[fold][1]
            yield fold, candidates.FoldAnswers(np.eye(2)[(rows.y == right[self.entry.name])[test] * 1], False, 1.0)

    monkeypatch.setattr(candidates.EntryCandidate, "answer_folds", answers)
    found = zoo.compare(rows, target="y", groups="who", models=[TINY, LINE], folds=2, rivals=False, verbose=0)
    assert list(found.table.index) == [LINE, "mlp_classifier"]
    np.testing.assert_allclose(found.table.accuracy, [0.5, 0.75])
    np.testing.assert_allclose(found.table.difference, [0.0, 60 / 110 - 100 / 110])


def test_columns_that_no_model_has_are_there_and_shown(table):
    class Unpicklable(LogisticRegression):
        pass

    found = zoo.compare(table, target="bought", ignore=["who", "w"], models=Unpicklable(), folds=2, rivals=False,
                        verbose=0)  # fmt: skip
    assert list(found.table.columns[-7:]) == [
        "difference", "low", "high", "train_seconds", "latency_ms", "size", "error"
    ]  # fmt: skip
    assert np.isnan(found.table["size"].iloc[0]) and (found.table.error == "").all()
    assert repr(found).splitlines()[1].endswith(" ms") and found.plot().axes


def test_the_estimators_of_a_large_seed_take_a_smaller_one(table):
    found = zoo.compare(table, target="bought", ignore=["who", "w"], models=LINE, folds=2, seed=2**40 + 1, verbose=0)
    assert (found.table.error == "").all()


def test_pipelines_and_the_zoo_s_estimators_take_raw_columns(table):
    own = make_pipeline(make_column_transformer((OneHotEncoder(), ["gate"])), LogisticRegression())
    network = zoo.sklearn.ZooClassifier("mlp_classifier", epochs=1, hidden_units=(4,))
    models = {"gate alone": own, "boosting": HistGradientBoostingClassifier(max_iter=2), "network": network}
    found = zoo.compare(table, target="bought", ignore=["who", "w"], models=models, folds=2, rivals=False, verbose=0)
    assert (found.table.error == "").all()


def test_groups_stay_in_a_fold_and_weights_are_trained_with(table):
    seen = {}

    class Recording(DecisionTreeClassifier):
        def fit(self, x, y, sample_weight=None):
            seen.setdefault("weights", []).append(sample_weight)
            seen["columns"] = x.shape[1]
            return super().fit(x, y, sample_weight=sample_weight)

    found = zoo.compare(table, target="bought", groups="who", weight="w", models=[Recording(), LINE], folds=3,
                        rivals=False, verbose=0)  # fmt: skip
    assert (found.table.error == "").all() and len(seen["weights"]) == 3
    assert np.isnan(found.table.loc["Recording", "size"]), "a class of a function cannot be pickled"
    assert seen["columns"] == 2, "a tree takes gaps, and numbers of levels"
    loaded = load(table, target="bought")
    for weights, (train, test) in zip(seen["weights"], folds_of(loaded, TASK, 3, "who", 0), strict=True):
        np.testing.assert_allclose(weights, table.w.iloc[train])
        assert set(table.who.iloc[train]).isdisjoint(table.who.iloc[test])
    answers = {label: scores.predictions for label, scores in found.scores.items()}
    who = np.concatenate([table.who.iloc[test] for _, test in folds_of(loaded, TASK, 3, "who", 0)])
    wrong = np.stack([answers[label].answers.argmax(1) != answers[label].y for label in found.table.index], axis=1)
    _, low, high = intervals(wrong, 0, lambda losses: 1 - losses, seed=0, groups=pd.factorize(who)[0])
    np.testing.assert_allclose(found.table[["low", "high"]], np.stack([low, high], axis=1))
    expected = zoo.cross_validate(LINE, table, target="bought", groups="who", weight="w", folds=3, verbose=0)
    np.testing.assert_allclose(found.folds[found.folds.model == LINE].accuracy, expected.accuracy)


NUMBERS = ["accuracy", "accuracy_spread", "log_loss", "roc_auc", "difference", "low", "high"]


def test_an_interrupted_comparison_goes_on_with_equal_numbers(table, tmp_path, monkeypatch):
    asked = {"target": "bought", "ignore": ["who", "w"], "folds": 2, "verbose": 0,
             "models": [LINE, TINY, DecisionTreeClassifier(max_depth=3, random_state=0)], "rivals": False}  # fmt: skip
    whole = zoo.compare(table, **asked)
    answer, trained = candidates.EntryCandidate.answer_folds, []

    def interrupted(self, rows, folds, *rest):
        if trained == [LINE]:
            raise KeyboardInterrupt
        trained.append(self.entry.name)
        yield from answer(self, rows, folds, *rest)

    monkeypatch.setattr(candidates.EntryCandidate, "answer_folds", interrupted)
    with pytest.raises(KeyboardInterrupt):
        zoo.compare(table, **asked, checkpoint=tmp_path / "state")
    stored = sorted((tmp_path / "state").glob("*.npz"))
    assert len(stored) == 4, "two folds of the line and of the tree"
    for path in stored:
        if path.stem.endswith("-1"):
            path.write_bytes(b"half a file")

    def counted(self, rows, folds, *rest):
        trained.append((self.entry.name, tuple(folds)))
        yield from answer(self, rows, folds, *rest)

    trained.clear()
    monkeypatch.setattr(candidates.EntryCandidate, "answer_folds", counted)
    resumed = zoo.compare(table, **asked, checkpoint=tmp_path / "state")
    assert trained == [(LINE, (1,)), ("mlp_classifier", (0, 1))]
    pd.testing.assert_frame_equal(resumed.table[NUMBERS], whole.table[NUMBERS], check_exact=True)
    trained.clear()
    zoo.compare(table, **asked, checkpoint=tmp_path / "state")
    assert trained == []
    other = table.assign(minutes=table.minutes.to_numpy()[::-1])
    zoo.compare(other, **{**asked, "models": [LINE]}, checkpoint=tmp_path / "state")
    assert trained == [(LINE, (0, 1))], "other data are other answers"


def test_the_budget_lists_those_whose_turn_did_not_come(table, monkeypatch):
    clock = iter([0.0, 1.0, 2.0, 6.0, 7.0])
    monkeypatch.setattr(comparing, "monotonic", lambda: next(clock))
    found = zoo.compare(table, target="bought", ignore=["who", "w"], models=[TINY, DecisionTreeClassifier(), LINE],
                        folds=2, rivals=False, budget=5, verbose=0)  # fmt: skip
    assert list(found.table.index) == [LINE, "DecisionTreeClassifier", "mlp_classifier"]
    assert list(found.table.error) == ["", NOT_RUN, NOT_RUN]


def test_the_budget_ends_between_folds_that_train_one_by_one(table, monkeypatch, tmp_path):
    asked = {"target": "bought", "ignore": ["who", "w"], "models": [DecisionTreeClassifier(random_state=0), LINE],
             "folds": 2, "rivals": False, "verbose": 0, "checkpoint": tmp_path}  # fmt: skip
    counted = []

    class Counted(comparing.Progress):
        def __init__(self, total, unit, *, first=0, verbose):
            counted.append((total, first))
            super().__init__(total, unit, first=first, verbose=verbose)

        def __exit__(self, *error):
            assert self.done == 4
            super().__exit__(*error)

    monkeypatch.setattr(comparing, "Progress", Counted)
    clock = iter([0.0, 1.0, 6.0, 7.0])
    with monkeypatch.context() as patched:
        patched.setattr(comparing, "monotonic", lambda: next(clock))
        found = zoo.compare(table, **asked, budget=5)
    cut_off = "cut off after 1 of 2 folds: the budget was used up"
    assert dict(found.table.error) == {LINE: cut_off, "DecisionTreeClassifier": NOT_RUN}
    assert len(list(tmp_path.glob("*.npz"))) == 1
    clock = iter([0.0, 1.0, 2.0, 6.0])
    with monkeypatch.context() as patched:
        patched.setattr(comparing, "monotonic", lambda: next(clock))
        found = zoo.compare(table, **asked, budget=5)
    assert dict(found.table.error) == {LINE: "", "DecisionTreeClassifier": cut_off}
    assert (zoo.compare(table, **asked).table.error == "").all()
    assert counted == [(4, 0), (4, 1), (4, 3)], "folds of an earlier call are no work of this one"


def test_folds_of_one_program_are_not_cut_off(table, monkeypatch):
    clock = iter([0.0, 1.0])
    monkeypatch.setattr(comparing, "monotonic", lambda: next(clock, 9.0))
    found = zoo.compare(table, target="bought", ignore=["who", "w"], models=TINY, folds=2, rivals=False, budget=5,
                        verbose=0)  # fmt: skip
    assert list(found.table.error) == [""]


def test_an_estimator_s_times_hold_the_reading_of_its_rows(table, monkeypatch):
    read = candidates.rivals.numbers_and_texts

    def slow(x, columns):
        time.sleep(0.02 if len(x) == 1 else 0.6)
        return read(x, columns)

    monkeypatch.setattr(candidates.rivals, "numbers_and_texts", slow)
    found = zoo.compare(table, target="bought", ignore=["who", "w"], models=DecisionTreeClassifier(), folds=3,
                        rivals=False, verbose=0)  # fmt: skip
    assert found.table.latency_ms.iloc[0] >= 20
    assert found.table.train_seconds.iloc[0] >= 1.2, "each of three folds reads two thirds of the rows"


def test_a_line_a_model_is_printed_and_then_the_table(table, capsys):
    found = zoo.compare(table, target="bought", ignore=["who", "w"], models={"tree": DecisionTreeClassifier()}, folds=2,
                        rivals=False)  # fmt: skip
    printed = capsys.readouterr().out
    assert re.match(r"tree: accuracy 0\.\d+, trained in 0\.\d s\n", printed)
    assert printed.endswith(f"{found!r}\n")


def test_numbers_several_and_labels():
    generator = np.random.default_rng(0)
    x = pd.DataFrame(generator.normal(size=(60, 2)), columns=["a", "b"])
    one = zoo.compare((x, 10 * x.a + x.b), models=[Ridge(), "linear_regression"], rivals=False, folds=2, verbose=0)
    assert one.score == "rmse" and one.table.rmse.is_monotonic_increasing
    assert list(one.table.index) == ["Ridge", "linear_regression"] and one.table.loc["Ridge", "r2"] > 0.99
    rows = x.assign(p=x.a, q=100 * x.b)
    several = zoo.compare(rows, target=["p", "q"], models=("mlp_regressor", {"epochs": 1, "hidden_units": (4,)}),
                          folds=2, verbose=0)  # fmt: skip
    assert several.score == "r2" and (several.table.error == "").all() and several.table.index[0] != "DummyRegressor"
    for label, scores in several.scores.items():  # variances are those of all rows, not of each fold's
        of_all = scores["r2"] - several.scores[several.table.index[0]]["r2"]
        assert several.table.loc[label, "difference"] == pytest.approx(of_all, abs=1e-9)
    labels = x.assign(p=(x.a > 0).astype(int), q=(x.b > 0.5).astype(int))
    several = zoo.compare(labels, target=["p", "q"], models=TINY, folds=2, verbose=0)
    assert several.score == "log_loss" and (several.table.error == "").all()
    for label, scores in several.scores.items():
        of_all = scores["log_loss"] - several.scores[several.table.index[0]]["log_loss"]
        assert several.table.loc[label, "difference"] == pytest.approx(of_all, abs=1e-6)


def test_the_zoo_s_entries_for_tables_are_compared_by_default(table, monkeypatch):
    def answers(self, rows, folds, *rest):
        for fold in folds:
            yield fold, candidates.FoldAnswers(np.full((len(rows.splits[fold][1]), 2), 0.5), False, 1.0)

    options = {}

    def noted(self, *given):
        options[self.entry.name] = self.options
        return answers(self, *given)

    monkeypatch.setattr(candidates.EntryCandidate, "answer_folds", noted)
    found = zoo.compare(table, target="bought", folds=2, rivals=False, verbose=0)
    assert options.pop("logistic_regression") == {"l2": 1 / (2 * len(table))}, "C = 1 of scikit-learn"
    assert options == {"mlp_classifier": {}, "realmlp_classifier": {}, "tabm_classifier": {}}
    assert sorted(found.table.index) == ["logistic_regression", "mlp_classifier", "realmlp_classifier",
                                         "tabm_classifier"]  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"folds": 60}, r"`folds` must be at most the number of rows of the rarest class, \d+ of"),
        ({"folds": 1}, "`folds` must be an integer, 2 or more. Received: folds=1"),
        ({"seed": -1}, "`seed` must be an integer, 0 or more. Received: seed=-1"),
        ({"budget": 0}, "`budget` must be seconds, more than 0, or None. Received: budget=0"),
        ({"models": []}, "`models` must name a model or several. Received: none."),
        ({"models": "mlp_clasifier"}, "Unknown model 'mlp_clasifier'. Did you mean 'mlp_classifier'"),
        (
            {"models": ["mlp_classifier", "mlp_regressor"], "target": "who"},
            "must all do the same to be compared. Received: mlp_classifier does classification, mlp_regressor does reg",
        ),
        ({"models": [LINE, 3]}, "A model to compare must be an entry's name.*Received: int."),
        ({"models": "mcculloch_pitts"}, "Received: 'mcculloch_pitts', which does logic."),
        ({"models": "logistic_regression.penguins"}, "Folds are for entries that learn, by their names."),
        ({"models": [("mlp_classifier", {"hidden_unit": 3})]}, "hidden_unit.*Did you mean 'hidden_units'"),
        ({"models": [("mlp_classifier", {"epochs": -1})]}, "`epochs` must be .* Received: epochs=-1"),
        ({"weight": "v"}, "`weight` must be a column of the data. Received: weight='v'"),
        ({"weight": "gate"}, "weights in 'gate' must be finite numbers"),
        ({"groups": "hwo"}, "`groups` must be a column of the data. Received: groups='hwo'"),
        ({"target": None}, "A comparison needs a target. Pass `target=` with a column's name"),
        ({"checkpoint": __file__}, "`checkpoint` must be a folder. Received the file"),
    ],
)
def test_a_mistake_is_told_before_anything_is_trained(table, asked, said):
    with pytest.raises((ValueError, TypeError), match=said):
        zoo.compare(table, **{"target": "bought", "models": LINE, "rivals": False, "verbose": 0, **asked})


def test_images_have_no_models_by_default():
    x, y = np.zeros((20, 8, 8, 1), "uint8"), np.arange(20) % 2
    with pytest.raises(ValueError, match=r"for tables. Received: an array of \d dimensions. Pass `models="):
        zoo.compare((x, y), verbose=0)


def test_models_of_other_things_are_not_compared(table, monkeypatch):
    monkeypatch.setattr(type(TASK), "estimator", "")
    with pytest.raises(ValueError, match="Models of classes, labels or numbers are compared. Received: models of cla"):
        zoo.compare(table, target="bought", models=LINE, verbose=0)
    with pytest.raises(TypeError, match="Received: 'kohonen_map', which does map."):
        zoo.compare("penguins", models="kohonen_map", verbose=0)
