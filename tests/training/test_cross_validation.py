"""`zoo.cross_validate`: every row is predicted once, by models that did not see it."""

import copy
import dataclasses

import keras
import numpy as np
import pandas as pd
import pytest

import zoo
from zoo import registry
from zoo.engine import costs
from zoo.engine.members import plan_members
from zoo.training.folds import folds_of

SMALL = {"hidden_units": (16,), "epochs": 4, "verbose": 0}


@pytest.fixture(scope="module")
def table():
    generator = np.random.default_rng(0)
    frame = pd.DataFrame(generator.normal(size=(203, 3)), columns=list("abc"), index=np.arange(203) * 7)
    frame["kind"] = generator.choice(["x", "y", "z"], 203)
    frame["who"] = generator.integers(0, 20, 203)
    frame["y"] = np.where(frame.a + (frame.kind == "x") + 0.3 * generator.normal(size=203) > 0.3, "yes", "no")
    return frame


@pytest.fixture(scope="module")
def scores(table):
    return zoo.cross_validate("mlp_classifier", table.drop(columns="who"), target="y", seeds=2, **SMALL)


def test_a_row_a_fold_and_seed(scores):
    assert list(scores.columns[:4]) == ["fold", "seed", "rows", "accuracy"]
    assert list(zip(scores.fold, scores.seed)) == [(f, s) for s in (0, 1) for f in range(5)]
    assert scores.groupby("seed")["rows"].sum().tolist() == [203, 203]
    assert {"log_loss", "roc_auc", "best_epoch", "epochs"} <= set(scores.columns)


def test_ignored_columns_are_no_inputs(scores, table):
    ignoring = zoo.cross_validate("mlp_classifier", table, target="y", seeds=2, ignore="who", **SMALL)
    pd.testing.assert_frame_equal(ignoring, scores, check_flags=False)
    with pytest.raises(ValueError, match=r"no column 'hwo' to ignore. Did you mean 'who'\?"):
        zoo.cross_validate("mlp_classifier", table, target="y", ignore=["hwo"], **SMALL)


def test_every_row_is_predicted_in_the_data_s_own_index(scores, table):
    predictions = scores.attrs["predictions"]
    pd.testing.assert_index_equal(predictions.index, table.index)
    assert list(predictions.columns) == ["label", "probability", "p_no", "p_yes"]
    mean = np.average(scores.accuracy, weights=scores.rows)
    assert np.mean(predictions.label == table.y) == pytest.approx(mean, abs=0.05)  # two seeds together, not one by one


@pytest.mark.tensorflow
def test_scores_are_those_of_training_each_fold_alone(table):
    options = {**SMALL, "dropout": 0.0}
    together = zoo.cross_validate("mlp_classifier", table.drop(columns="who"), target="y", **options)
    assert together.attrs["at_once"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plan_members, "obstacle_of_models", lambda *a, **k: "this test wants it so")
        alone = zoo.cross_validate("mlp_classifier", table.drop(columns="who"), target="y", **options)
    assert not alone.attrs["at_once"]
    pd.testing.assert_frame_equal(together, alone, atol=1e-4, check_flags=False)
    ours, theirs = together.attrs["predictions"], alone.attrs["predictions"]
    np.testing.assert_allclose(ours.p_yes, theirs.p_yes, atol=1e-5)


@pytest.mark.tensorflow
def test_no_row_is_predicted_by_a_model_that_saw_it():
    """Labels are noise, and a net that can learn them by heart would be right where it saw them."""
    generator = np.random.default_rng(0)
    x, y = generator.normal(size=(200, 5)), generator.integers(0, 2, 200)
    found = zoo.cross_validate(
        "mlp_classifier", (x, y), hidden_units=(128,), dropout=0.0, epochs=60, validation=None, learning_rate=0.01,
        verbose=0,
    )  # fmt: skip
    assert 0.3 < found.accuracy.mean() < 0.7


def test_a_regression_s_statistics_are_the_fold_s_own():
    generator = np.random.default_rng(0)
    x = generator.normal(size=(300, 2))
    y = 1000.0 + 50 * x[:, 0]
    found = zoo.cross_validate(
        "mlp_regressor", (x, y), folds=3, hidden_units=(16,), dropout=0.0, epochs=60, learning_rate=0.01,
        batch_size=16, verbose=0,
    )  # fmt: skip
    assert found.r2.min() > 0.9
    assert np.corrcoef(found.attrs["predictions"]["prediction"], y)[0, 1] > 0.95


def test_several_rates_are_told_apart(table):
    found = zoo.cross_validate(
        "mlp_classifier", table[["a", "b", "y"]], target="y", folds=2, learning_rate=[1e-4, 1e-2], **SMALL
    )
    assert found.learning_rate.tolist() == [1e-4, 1e-4, 1e-2, 1e-2]
    assert (
        found.groupby("learning_rate").log_loss.mean().is_monotonic_decreasing
    )  # four epochs: the larger gets further
    assert len(found.attrs["predictions"]) == 2 * len(table)


@pytest.mark.slow
@pytest.mark.tensorflow
def test_folds_of_which_some_miss_no_value_are_one_program_all_the_same(table):
    gaps = table[["a", "b", "kind", "y"]].copy()
    gaps.iloc[:1, 0] = np.nan  # one fold trains without a flag for it
    options = {**SMALL, "dropout": 0.0}
    together = zoo.cross_validate("mlp_classifier", gaps, target="y", **options)
    assert together.attrs["at_once"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plan_members, "obstacle_of_models", lambda *a, **k: "this test wants it so")
        alone = zoo.cross_validate("mlp_classifier", gaps, target="y", **options)
    pd.testing.assert_frame_equal(together, alone, atol=1e-4, check_flags=False)


@pytest.mark.tensorflow
def test_an_optimizer_of_the_caller_s_serves_every_fold_and_is_left_alone(table):
    options = {**SMALL, "folds": 2, "optimizer": keras.optimizers.SGD(1e25), "learning_rate": None}
    with pytest.warns(UserWarning, match="The loss of 2 of 2 trainings was no longer finite"):
        found = zoo.cross_validate("mlp_classifier", table[["a", "b", "y"]], target="y", **options)
    assert found.attrs["at_once"]
    assert not options["optimizer"].built and float(options["optimizer"].learning_rate) == pytest.approx(1e25)


@pytest.mark.tensorflow
def test_networks_that_xla_trains_faster_go_one_by_one(table, capsys):
    options = {"hidden_units": (900, 900), "batch_size": "full", "folds": 2, "epochs": 0}
    frame = table[["a", "b", "y"]]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(costs, "xla_pays_off", lambda model, **sizes: True)
        zoo.cross_validate("mlp_classifier", frame, target="y", **options)
        assert "for networks of this size train faster by XLA" in capsys.readouterr().out
        zoo.cross_validate("mlp_classifier", frame, target="y", engine="fused", **options)
        assert "as one program" in capsys.readouterr().out


def test_groups_stay_in_one_fold_and_are_no_input(table):
    found = zoo.cross_validate("mlp_classifier", table, target="y", folds=3, groups="who", **SMALL)
    assert found["rows"].sum() == len(table)
    data = zoo.data.load(table, target="y")
    for rest, test in folds_of(data, registry.load_task("classification"), 3, "who", 0):
        assert not set(table.who.iloc[rest]) & set(table.who.iloc[test])


def test_what_cannot_be_one_program_is_said_and_trains_all_the_same(capsys):
    found = zoo.cross_validate("logistic_regression", "penguins", folds=3, l2=1e-3)
    assert "not as one program, for the solver 'lbfgs' trains" in capsys.readouterr().out
    assert found.accuracy.mean() > 0.95 and not found.attrs["at_once"]
    assert found.best_epoch.isna().all()


def test_the_table_can_be_copied_and_joined(scores, table):
    assert copy.deepcopy(scores).attrs["predictions"] is scores.attrs["predictions"]
    other = zoo.cross_validate("mlp_classifier", table[["a", "y"]], target="y", folds=2, **SMALL)
    assert len(pd.concat([scores, other])) == len(scores) + 2
    assert str(scores.head()) and scores.groupby("fold").accuracy.mean().shape == (5,)


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"folds": 1}, "`folds` must be an integer, 2 or more"),
        ({"folds": 2.0}, "`folds` must be an integer"),
        ({"seeds": 0}, "`seeds` must be an integer, 1 or more"),
        ({"folds": 300}, "`folds` must be at most the number of rows"),
        ({"folds": 120}, "rarest class"),
        ({"groups": "nobody"}, "`groups` must be a column"),
        ({"groups": "kind", "folds": 5}, "at most the number of groups, 3"),
        ({"learning_rate": []}, "`learning_rate` must be a number or several"),
        ({"learning_rate": [0.1, -1.0]}, "`learning_rate` must be positive"),
        ({"hiden_units": (3,)}, "Unknown option 'hiden_units'"),
        ({"target": None}, "needs a target"),
        ({"engine": "fast"}, "`engine` must be one of"),
    ],
    ids=str,
)
def test_wrong_arguments_are_refused(table, changes, message):
    with pytest.raises(ValueError, match=message):
        zoo.cross_validate("mlp_classifier", table, **{"target": "y", "verbose": 0} | changes)


def test_rows_without_a_target_are_counted(table):
    frame = table[["a", "y"]].astype({"y": object})
    frame.iloc[[3, 5], 1] = None
    with pytest.raises(ValueError, match="Received: 2 of 203 without"):
        zoo.cross_validate("mlp_classifier", frame, target="y", **SMALL)


def test_a_trained_model_is_refused():
    with pytest.raises(TypeError, match="must be an entry's name: each fold trains a fresh model"):
        zoo.cross_validate(zoo.build("mlp_classifier"), "titanic")
    with pytest.raises(
        TypeError, match=r"models of these tasks: classification, .*'mcculloch_pitts', which does logic"
    ):
        zoo.cross_validate("mcculloch_pitts", "and_gate")


def test_an_interrupted_fold_ends_all(table, monkeypatch):
    from zoo.training import cross_validation

    trained = []

    def interrupted(*args, **kwargs):
        trained.append(dataclasses.replace(zoo.train(*args, **kwargs), interrupted=True, stopped="interrupted"))
        return trained[-1]

    monkeypatch.setattr(cross_validation, "train", interrupted)
    with pytest.raises(KeyboardInterrupt, match="interrupted"):
        zoo.cross_validate("logistic_regression", table.drop(columns="who"), target="y", folds=2, verbose=0)
    assert len(trained) == 1


def test_folds_of_a_committee_are_trained_by_its_procedure(capsys):
    generator = np.random.default_rng(0)
    x = generator.normal(size=(90, 2))
    how = {"folds": 2, "members": ("linear",), "bags": 2}
    table = zoo.cross_validate("committee_regressor", (x, x @ [2.0, -1.0]), **how)
    assert "not as one program, for a procedure of its own trains it" in capsys.readouterr().out
    assert not table.attrs["at_once"] and table["r2"].min() > 0.95
