"""`budget=`: the epoch in which the seconds pass is the last, and the best weights so far are kept."""

import numpy as np
import pandas as pd
import pytest

import zoo
from zoo.engine import budget as of_time

HOW = {"epochs": 5, "hidden_units": (4,), "verbose": 0}


@pytest.fixture(scope="module")
def rows():
    generator = np.random.default_rng(0)
    x = generator.normal(size=(80, 3))
    return x, (x[:, 0] + generator.normal(size=80) > 0).astype(int)


@pytest.fixture
def clock(monkeypatch):
    """A clock of the budget that says that more seconds have passed each time that it is asked."""

    class Clock:
        now = 0.0

        def monotonic(self):
            self.now += 1.0
            return self.now

    clock = Clock()
    monkeypatch.setattr(of_time, "time", clock)
    monkeypatch.setattr("zoo.training.trainer.clock", clock)
    return clock


def test_the_epoch_in_which_the_seconds_pass_is_the_last(rows, clock):
    run = zoo.train("mlp_classifier", rows, budget=3, **HOW)  # begun at 1: over at 4, which is the end of epoch 3
    assert run.stopped == "the budget of 3 s" and len(run.history["loss"]) == 3
    assert not run.interrupted and run.recipe["budget"] == 3.0 and run.metrics["val"]["rows"] > 0


def test_the_weights_are_the_best_so_far(rows, clock):
    cut = zoo.train("mlp_classifier", rows, budget=2, linear=False, **HOW)
    assert cut.best_epoch == int(np.argmin(cut.history["val_loss"]))
    assert cut.metrics["val"]["log_loss"] == pytest.approx(min(cut.history["val_loss"]), rel=1e-4)


def test_time_that_is_enough_changes_nothing(rows):
    one = zoo.train("mlp_classifier", rows, **HOW)
    other = zoo.train("mlp_classifier", rows, budget=1_000, **HOW)
    assert other.stopped == one.stopped == "the limit of 5 epochs"
    for ours, theirs in zip(one.model.get_weights(), other.model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert {name: value for name, value in other.recipe.items() if name != "budget"} == one.recipe


def test_the_last_epoch_ends_a_training_as_ever(rows, clock):
    run = zoo.train("mlp_classifier", rows, budget=5, **HOW)
    assert run.stopped == "the limit of 5 epochs" and len(run.history["loss"]) == 5


@pytest.mark.parametrize("engine", ["fused", "keras"])
def test_every_loop_heeds_it(rows, engine):
    run = zoo.train("mlp_classifier", rows, budget=1e-6, engine=engine, **HOW)
    assert run.stopped == "the budget of 1e-06 s" and len(run.history["loss"]) == 1


@pytest.mark.parametrize("solver", ["lbfgs", "newton"])
def test_solvers_heed_it(rows, solver):
    run = zoo.train("logistic_regression", rows, solver=solver, budget=1e-6, verbose=0)
    assert run.stopped == "the budget of 1e-06 s, after 1 steps" and len(run.history["loss"]) == 1


def test_learning_by_rules_heeds_it(rows):
    run = zoo.train("kohonen_map", rows[0], epochs=5, budget=1e-6, verbose=0)
    assert run.stopped == "the budget of 1e-06 s" and len(run.history["loss"]) == 1


def test_a_second_phase_is_not_begun(rows):
    run = zoo.train("mlp_classifier", rows, **HOW)
    tuned = zoo.fine_tune(run, rows, epochs=3, budget=1e-6, verbose=0)  # the first phase has one epoch
    assert tuned.stopped == "the budget of 1e-06 s" and len(tuned.history["loss"]) == 1


def test_the_same_call_goes_on_by_the_checkpoint_to_equal_weights(rows, tmp_path, capsys):
    whole = zoo.train("mlp_classifier", rows, dropout=0.3, **HOW)
    how = {**HOW, "dropout": 0.3, "checkpoint": tmp_path, "verbose": 1}
    for epochs in (1, 2):
        cut = zoo.train("mlp_classifier", rows, budget=1e-6, **how)
        assert len(cut.history["loss"]) == epochs
        assert f"the same call goes on from epoch {epochs + 1} by the checkpoint" in capsys.readouterr().out
    rest = zoo.train("mlp_classifier", rows, **how)
    assert rest.history == whole.history
    for ours, theirs in zip(whole.model.get_weights(), rest.model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("budget", [0, -1, "60", True, float("nan")])
def test_what_is_no_number_of_seconds_is_refused(rows, budget):
    with pytest.raises(ValueError, match="`budget` must be seconds, more than 0, or None. Received: budget="):
        zoo.train("mlp_classifier", rows, budget=budget)


def test_the_command_line_reads_it(tmp_path, rows, capsys):
    from zoo.cli import main

    pd.DataFrame(rows[0], columns=["a", "b", "c"]).assign(y=rows[1]).to_csv(tmp_path / "rows.csv", index=False)
    words = ["train", "mlp_classifier", str(tmp_path / "rows.csv"), "--target", "y", "-o", str(tmp_path / "out")]
    assert main([*words, "--epochs", "3", "--budget", "0.001"]) == 0
    assert "stopped: the budget of 0.001 s; " in capsys.readouterr().out
    words.append("--overwrite")
    assert main([*words, "--budget", "0"]) == 2
    assert "--budget must be seconds, more than 0, or None" in capsys.readouterr().err
    assert main([*words, "--budget", "soon"]) == 2
    assert "argument --budget: must be a number. Received: 'soon'" in capsys.readouterr().err
