"""`zoo.train`: what it trains on, when it stops, what it keeps; interrupted, killed and resumed."""

import dataclasses
import json
import os
import signal
import subprocess
import sys
import time

import keras
import numpy as np
import pandas as pd
import pytest

import zoo

pytestmark = pytest.mark.tensorflow
SMALL = {"hidden_units": (16,), "verbose": 0}


def same_weights(first, second):
    return all(np.array_equal(a, b) for a, b in zip(first.model.get_weights(), second.model.get_weights(), strict=True))


@pytest.fixture(scope="module")
def table():
    """400 rows: two numbers, a category, a group, a time, a weight, and a class that follows from them."""
    generator = np.random.default_rng(1)
    frame = pd.DataFrame(generator.normal(size=(400, 2)), columns=["a", "b"])
    frame["kind"] = generator.choice(["x", "y", "z"], 400)
    frame["group"] = generator.integers(0, 20, 400)
    frame["day"] = pd.date_range("2024-01-01", periods=400)[::-1]
    frame["w"] = generator.uniform(0.5, 2.0, 400)
    frame["y"] = np.where(frame.a + (frame.kind == "x") + 0.3 * generator.normal(size=400) > 0.3, "yes", "no")
    return frame


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(table):
    first, second, other = (
        zoo.train("mlp_classifier", table, target="y", epochs=2, seed=seed, **SMALL) for seed in (1, 1, 2)
    )
    assert same_weights(first, second) and not same_weights(first, other)


@pytest.mark.parametrize("engine", ["fused", "xla", "keras"])
def test_a_stored_model_goes_on_to_the_same_weights_by_the_same_seed(table, tmp_path, engine):
    """Keras draws the seeds of dropout anew when a model is loaded."""
    run = zoo.train("mlp_classifier", table, target="y", epochs=1, dropout=0.5, **SMALL)
    run.save(tmp_path / "model")
    how = {"engine": engine, "epochs": 2, "verbose": 0}
    first, second, other = (zoo.train(tmp_path / "model", table, seed=seed, **how) for seed in (1, 1, 2))
    assert same_weights(first, second) and not same_weights(first, other)
    first, second = (zoo.fine_tune(tmp_path / "model", table, seed=3, **how) for _ in range(2))
    assert same_weights(first, second)


def test_a_run_leaves_the_process_s_random_states_alone(table):
    import random

    random.seed(5)
    np.random.seed(5)
    zoo.train("mlp_classifier", table, target="y", epochs=1, **SMALL)
    after = random.random(), np.random.random()
    random.seed(5)
    np.random.seed(5)
    assert after == (random.random(), np.random.random())


def test_the_best_epoch_s_weights_are_kept(table):
    run = zoo.train("mlp_classifier", table, target="y", epochs=30, learning_rate=0.05, **SMALL)
    losses = run.history["val_loss"]
    assert run.metrics["val"]["log_loss"] == pytest.approx(min(losses), abs=1e-5)
    assert len(losses) == 30 or "no better val_loss in 16 epochs" in run.stopped


def test_a_run_is_frozen_and_says_what_it_did(table):
    run = zoo.train("mlp_classifier", table, target="y", epochs=1, seed=7, **SMALL)
    assert run.recipe["epochs"] == 1 and run.recipe["options"] == {"hidden_units": [16]}
    assert run.data["rows"] == {"train": 320, "val": 80, "test": 0} and run.seed == 7
    with pytest.raises(dataclasses.FrozenInstanceError):
        run.seed = 8


def test_validation_rows_are_stratified_and_statistics_come_from_training_rows_alone(table):
    frame = table[["a", "b", "y"]].copy()
    run = zoo.train("logistic_regression", frame, target="y", validation=0.25, verbose=0)
    counts = np.sum(run.metrics["val"]["confusion"]["counts"], axis=1)
    expected = frame.y.value_counts(normalize=True).sort_index() * 100
    np.testing.assert_allclose(counts, expected, atol=1.0)
    center = run.model.preprocessor.layout.features[0]["center"]
    assert center != pytest.approx(frame.a.mean(), abs=1e-9)


def test_validation_data_of_one_s_own_choose_the_epoch(table):
    run = zoo.train("mlp_classifier", table[:300], target="y", validation=table[300:], epochs=2, **SMALL)
    assert run.data["rows"]["train"] == 300 and run.metrics["val"]["rows"] == 100


def test_groups_stay_on_one_side_and_are_no_input(table):
    run = zoo.train("mlp_classifier", table, target="y", groups="group", epochs=1, **SMALL)
    assert "group" not in run.model.schema.names and "by groups of group" in run.data["split"]
    from zoo.training.splitting import held_out

    train, val = held_out(None, 0.2, seed=0, rows=400, groups=table.group)
    assert not set(table.group[train]) & set(table.group[val]) and len(val) == pytest.approx(80, abs=25)


def test_time_holds_out_the_last_rows():
    from zoo.training.splitting import held_out

    day = pd.date_range("2024-01-01", periods=10)[::-1]
    train, val = held_out(None, 0.2, seed=0, rows=10, time=day)
    np.testing.assert_array_equal(val, [0, 1])


def test_rows_too_few_to_hold_one_out_are_refused_before_training():
    frame = pd.DataFrame({"x": [1.0, 2.0, 3.0], "y": ["a", "b", "c"]})
    with pytest.raises(ValueError, match=r"1 row cannot be split.*validation=None"):
        zoo.train("mlp_classifier", frame[:1], target="y", **SMALL)
    with pytest.raises(ValueError, match=r"3 rows, each of another class, cannot be split.*validation=None"):
        zoo.train("mlp_classifier", frame, target="y", **SMALL)


def test_balanced_class_weights_raise_the_recall_of_the_rare_class():
    generator = np.random.default_rng(0)
    y = (generator.random(600) < 0.1).astype(int)
    x = generator.normal(size=(600, 2)) + y[:, None]
    plain = zoo.train("logistic_regression", (x, y), verbose=0)
    balanced = zoo.train("logistic_regression", (x, y), class_weight="balanced", verbose=0)
    by_hand = {0: 600 / (2 * np.sum(y == 0)), 1: 600 / (2 * np.sum(y == 1))}
    equal = zoo.train("logistic_regression", (x, y), class_weight=by_hand, verbose=0)
    counts = [run.metrics["train"]["confusion"]["counts"][1][1] for run in (plain, balanced)]
    assert counts[1] > 1.5 * counts[0]
    np.testing.assert_allclose(balanced.model.coefficients(), equal.model.coefficients(), atol=1e-6)


def test_a_weight_column_is_no_input(table):
    run = zoo.train("mlp_classifier", table, target="y", weight="w", epochs=1, **SMALL)
    assert "w" not in run.model.schema.names


def test_a_trained_model_goes_on_from_its_weights(table):
    run = zoo.train("mlp_classifier", table, target="y", epochs=3, **SMALL)
    again = zoo.train(run, table, epochs=0, verbose=0)
    assert same_weights(run, again)
    with pytest.raises(ValueError, match="options hidden_units shape a fresh model"):
        zoo.train(run, table, hidden_units=(8,))


def test_keras_s_fit_goes_on_where_train_ended(table):
    run = zoo.train("mlp_classifier", table, target="y", epochs=2, **SMALL)
    before = run.model.get_weights()
    losses = run.model.fit(table, epochs=3, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    assert max(np.abs(a - b).max() for a, b in zip(before, run.model.get_weights(), strict=True)) > 1e-3


def test_keras_callbacks_are_called(table):
    seen = []
    callback = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append((epoch, "val_loss" in logs)))
    zoo.train("mlp_classifier", table, target="y", epochs=2, callbacks=[callback], **SMALL)
    assert seen == [(0, True), (1, True)]


def test_an_interrupted_run_keeps_the_best_weights(table):
    class Interrupt(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2:
                raise KeyboardInterrupt

    run = zoo.train("mlp_classifier", table, target="y", epochs=9, callbacks=[Interrupt()], **SMALL)
    assert run.interrupted and run.stopped == "interrupted" and len(run.history["loss"]) == 2
    assert run.metrics["val"]["log_loss"] == pytest.approx(min(run.history["val_loss"]), abs=1e-5)


@pytest.mark.parametrize("validation", [None, 0.2])
def test_a_diverging_run_stops_and_keeps_its_last_finite_weights(table, validation):
    with pytest.warns(UserWarning, match="no longer finite in epoch"):
        run = zoo.train(
            "mlp_classifier", table, target="y", optimizer="sgd", learning_rate=1e20, validation=validation, **SMALL
        )
    assert all(np.isfinite(weight).all() for weight in run.model.get_weights())
    assert len(run.history["loss"]) < 10 and "lower `learning_rate`" in run.stopped


@pytest.mark.slow
def test_the_fused_loop_gives_keras_s_weights(table):
    fused, keras_fit = (
        zoo.train("mlp_classifier", table, target="y", epochs=3, batch_size=50, dropout=0.0, engine=engine, **SMALL)
        for engine in ("fused", "keras")
    )
    for ours, theirs in zip(fused.model.get_weights(), keras_fit.model.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-6)
    for name, values in keras_fit.history.items():
        np.testing.assert_allclose(fused.history[name], values, atol=1e-6)


def test_the_fused_loop_says_what_it_cannot_do(table):
    batches = type("Batches", (keras.callbacks.Callback,), {"on_train_batch_end": lambda self, batch, logs=None: None})
    with pytest.raises(ValueError, match="engine='fused'` needs"):
        zoo.train("mlp_classifier", table, target="y", epochs=1, callbacks=[batches()], engine="fused", **SMALL)


def test_a_checkpoint_of_another_run_is_refused(table, tmp_path):
    zoo.train("mlp_classifier", table, target="y", epochs=1, checkpoint=tmp_path / "c", **SMALL)
    with pytest.raises(ValueError, match="belongs to another run: recipe"):
        zoo.train("mlp_classifier", table, target="y", epochs=2, checkpoint=tmp_path / "c", **SMALL)


def test_a_checkpoint_from_before_encodings_had_their_name_belongs_to_its_run(table, tmp_path):
    def run():
        return zoo.train("mlp_classifier", table, target="y", epochs=1, checkpoint=tmp_path / "c", **SMALL)

    first = run()
    for path in (tmp_path / "c").glob("**/checkpoint*.npz"):
        with np.load(path) as arrays:
            kept = dict(arrays)
        state = json.loads(str(kept["state"]))
        state["identity"]["recipe"] |= {"preprocessing": "tabular", "scaling": "quantile", "arrays": None}
        kept["state"] = np.array(json.dumps(state))
        np.savez(path, **kept)
    assert run().history == first.history


@pytest.mark.parametrize("validation", [None, 0.2])
def test_a_finished_checkpoint_gives_its_run_back(table, tmp_path, validation):
    first, again = (
        zoo.train(
            "mlp_classifier", table, target="y", epochs=3, validation=validation, checkpoint=tmp_path / "c", **SMALL
        )
        for _ in range(2)
    )
    assert same_weights(first, again) and first.history == again.history


KILLED = """
import sys, numpy as np, zoo
run = zoo.train("mlp_classifier", "spirals", hidden_units=(16, 16), dropout=0.2, epochs=40, seed=3, verbose=0,
                checkpoint=sys.argv[1] or None)
np.savez(sys.argv[2], *run.model.get_weights(), losses=run.history["val_loss"])
"""


@pytest.mark.process
@pytest.mark.slow
def test_a_run_killed_at_random_points_ends_with_the_weights_of_an_uninterrupted_one(tmp_path):
    def start(checkpoint, result):
        return subprocess.Popen([sys.executable, "-c", KILLED, str(checkpoint), str(result)], env={**os.environ})

    assert start("", tmp_path / "whole.npz").wait() == 0
    checkpoint = tmp_path / "checkpoint" / "checkpoint.npz"
    generator = np.random.default_rng(0)
    for _ in range(2):
        before = checkpoint.stat().st_mtime if checkpoint.exists() else 0.0
        process = start(checkpoint.parent, tmp_path / "resumed.npz")
        while process.poll() is None and not (checkpoint.exists() and checkpoint.stat().st_mtime > before):
            time.sleep(0.005)
        time.sleep(generator.uniform(0.0, 0.3))
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert start(checkpoint.parent, tmp_path / "resumed.npz").wait() == 0
    with np.load(tmp_path / "whole.npz") as whole, np.load(tmp_path / "resumed.npz") as resumed:
        assert sorted(whole) == sorted(resumed)
        for key in whole:
            np.testing.assert_array_equal(whole[key], resumed[key])


@pytest.mark.slow
def test_a_stream_trains_as_the_whole_table_does(table, tmp_path):
    path = tmp_path / "rows.csv"
    table.drop(columns=["day"]).to_csv(path, index=False)
    data = zoo.data.load(path, target="y", ignore=["group", "w"], stream=True)
    run = zoo.train("mlp_classifier", data, epochs=40, batch_size=32, **SMALL)
    assert run.data["rows"]["train"] + run.data["rows"]["val"] == 400
    assert zoo.evaluate(run, data, verbose=0)["accuracy"] > 0.85
    whole = zoo.predict(run, table.drop(columns=["day"]))
    assert whole.label.tolist() == zoo.predict(run, data).label.tolist()


@pytest.mark.parametrize("form", ["a table", "a file", "a stream", "data loaded before"])
def test_ignored_columns_are_no_inputs(table, tmp_path, form):
    whole = table.drop(columns="day")
    whole.to_csv(tmp_path / "rows.csv", index=False)
    settings, ignored = {"target": "y", "epochs": 2, "batch_size": 32, **SMALL}, {"ignore": ("group", "w")}
    data = whole if form == "a table" else tmp_path / "rows.csv"
    if form == "a stream":
        data = zoo.data.load(data, target="y", stream=True)
    elif form == "data loaded before":
        data, ignored = zoo.data.load(data, target="y", **ignored), {}
    run = zoo.train("mlp_classifier", data, **ignored, **settings)
    assert run.model.schema.names == ["a", "b", "kind"]
    assert run.model.schema.dropped == {"group": "ignored", "w": "ignored"}
    assert run.data["ignore"] == ["group", "w"]
    narrow = whole.drop(columns=["group", "w"])
    assert zoo.predict(run, narrow).equals(zoo.predict(run, whole))  # without a warning of columns not known
    if form != "a stream":
        without = zoo.train("mlp_classifier", narrow, **settings)
        assert same_weights(run, without) and "ignore" not in without.data


def test_validation_data_may_lack_ignored_columns(table):
    settings = {"target": "y", "epochs": 2, "ignore": "group", **SMALL}
    first, second = table.drop(columns=["day", "w"]).iloc[:300], table.drop(columns=["day", "w"]).iloc[300:]
    runs = [
        zoo.train("mlp_classifier", first, validation=held_out, **settings)
        for held_out in (second, second.drop(columns="group"))
    ]
    assert same_weights(*runs) and runs[0].metrics == runs[1].metrics and runs[0].data["ignore"] == ["group"]


def test_ignored_columns_may_have_a_role(table):
    whole = table.drop(columns="w")
    run = zoo.train("mlp_classifier", whole, target="y", time="day", groups=None, ignore="day", epochs=1, **SMALL)
    assert "day" not in run.model.schema.names and run.data["split"].endswith("the last by day")


def test_a_model_goes_on_without_columns_that_it_does_not_take(table):
    whole = table.drop(columns=["day", "w"])
    run = zoo.train("mlp_classifier", whole, target="y", ignore="group", epochs=1, **SMALL)
    more = zoo.train(run, whole, ignore="group", epochs=1, verbose=0)
    assert more.data["ignore"] == ["group"] and more.model.schema.names == ["a", "b", "kind"]
    with pytest.raises(ValueError, match=r"takes the column 'kind', which cannot be ignored .*call zoo.fine_tune with"):
        zoo.train(run, whole, ignore=("group", "kind"), verbose=0)
    with pytest.raises(ValueError, match=r"no column 'grop' to ignore. Did you mean 'group'\?"):
        zoo.train(run, whole, ignore="grop", verbose=0)


@pytest.mark.parametrize(
    ("data", "ignore", "message"),
    [
        ("table", "grop", r"no column 'grop' to ignore. Did you mean 'group'\? The data have: a, b"),
        ("table", ("group", "y"), r"target 'y' must not be ignored"),
        ("arrays", "a", r"An array has no columns to ignore. Received: ignore=\['a'\]. Pass a DataFrame"),
        ("dataset", "a", r"An array has no columns to ignore"),
    ],
)
def test_what_cannot_be_ignored_is_refused(table, data, ignore, message):
    import tensorflow as tf

    arrays = table[["a", "b"]].to_numpy(), (table.y == "yes").to_numpy().astype(int)
    given = {"table": table, "arrays": arrays, "dataset": tf.data.Dataset.from_tensor_slices(arrays)}[data]
    with pytest.raises(ValueError, match=message):
        zoo.train("mlp_classifier", given, target="y" if data == "table" else None, ignore=ignore, **SMALL)


def test_a_full_batch_of_a_stream_is_refused_with_the_repair(table, tmp_path):
    table.to_csv(tmp_path / "rows.csv", index=False)
    data = zoo.data.load(tmp_path / "rows.csv", target="y", stream=True)
    with pytest.raises(ValueError, match="Pass `batch_size=1024`"):
        zoo.train("logistic_regression", data, verbose=0)
    run = zoo.train("logistic_regression", data, batch_size=32, epochs=20, verbose=0)
    assert zoo.evaluate(run, data, verbose=0)["accuracy"] > 0.8


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"batch_size": 0}, "`batch_size` must be a positive integer or 'full'"),
        ({"epochs": -1}, "`epochs` must be an integer, 0 or more"),
        ({"seed": "a"}, "`seed` must be an integer, 0 or more. Received: seed='a'"),
        ({"seed": -1}, "`seed` must be an integer, 0 or more. Received: seed=-1"),
        ({"learning_rate": 0.0}, "`learning_rate` must be positive"),
        ({"validation": 1.5}, "`validation` must be a share"),
        ({"solver": "magic"}, "`solver` must be one of"),
        ({"engine": "warp"}, "`engine` must be one of"),
        ({"groups": "nobody"}, "`groups` must be a column"),
        ({"class_weight": {"yes": 1.0}}, "`class_weight` must be 'balanced' or a factor for each"),
    ],
)
def test_arguments_out_of_range_are_refused(table, arguments, message):
    with pytest.raises(ValueError, match=message):
        zoo.train("mlp_classifier", table, **{"target": "y", "verbose": 0, **arguments})


def test_targets_that_do_not_suit_the_entry_are_refused(table):
    with pytest.raises(ValueError, match="continuous"):
        zoo.train("mlp_classifier", table, target="a", verbose=0)
    with pytest.raises(ValueError, match="must be numbers"):
        zoo.train("mlp_regressor", table, target="y", verbose=0)
    with pytest.raises(ValueError, match="at least two classes"):
        zoo.train("mlp_classifier", table[table.y == "yes"], target="y", verbose=0)
    with pytest.raises(ValueError, match="no missing values"):
        zoo.train("mlp_classifier", table.assign(y=table.y.where(table.index != 3)), target="y", verbose=0)
    with pytest.raises(ValueError, match="needs a target"):
        zoo.train("mlp_classifier", table, verbose=0)
    elsewhere = dataclasses.replace(zoo.data.load(table, target="y").schema, target="z")
    with pytest.raises(ValueError, match="needs a target. The schema's target 'z' is no column of the data"):
        zoo.train("mlp_classifier", table, schema=elsewhere, verbose=0)


def test_an_unknown_model_offers_the_nearest():
    with pytest.raises(ValueError, match="Unknown model 'mpl_classifier'. Did you mean 'mlp_classifier'"):
        zoo.train("mpl_classifier")


def test_unit_without_learning_says_what_to_do():
    with pytest.raises(TypeError, match="learns nothing"):
        zoo.train("mcculloch_pitts")


def test_verbose_zero_is_silent_and_one_says_device_and_reason(table, capsys):
    zoo.train("mlp_classifier", table, target="y", epochs=1, **SMALL)
    assert capsys.readouterr().out == ""
    zoo.train("mlp_classifier", table, target="y", epochs=1, hidden_units=(16,))
    out = capsys.readouterr().out
    assert "CPU" in out or "GPU" in out
    assert "stopped: the limit of 1 epochs" in out and "val_loss" in out


@pytest.mark.parametrize(
    ("asked", "error", "message"),
    [
        ({"callbacks": ["early"]}, TypeError, "`callbacks` must be Keras callbacks. Received: 'early'. Pass objects"),
        ({"callbacks": [print]}, TypeError, "or a function as keras.callbacks.LambdaCallback"),
        (
            {"optimizer": "adm"},
            ValueError,
            "must be a Keras optimizer .* optimizer='adm'. Did you mean 'adam'",
        ),
        ({"loss": "cross"}, ValueError, "`loss` must be a Keras loss or the name of one. Received: loss='cross'"),
        ({"weight": np.ones(400)}, ValueError, "`weight` must be a column of the data, by its name. Received: 400 val"),
        ({"groups": [1, 2]}, ValueError, "`groups` must be a column of the data, by its name. Received: 2 values"),
        ({"class_weight": {"no": 1.0, "yes": np.nan}}, ValueError, "must be finite numbers, 0 or more. Received: nan"),
    ],
)
def test_what_cannot_be_asked_for_is_said_before_training(asked, error, message, table):
    with pytest.raises(error, match=message):
        zoo.train("mlp_classifier", table, target="y", epochs=1, **{**SMALL, **asked})


def test_one_callback_needs_no_list(table):
    history = keras.callbacks.History()
    zoo.train("mlp_classifier", table, target="y", epochs=2, callbacks=history, **SMALL)
    assert len(history.history["loss"]) == 2


@pytest.mark.parametrize("values", ["text", -1.0, np.nan, 0.0])
def test_weights_of_rows_that_are_no_weights_are_refused(values, table):
    with pytest.raises(ValueError, match="The weights in 'w' must"):
        zoo.train("mlp_classifier", table.assign(w=values), target="y", weight="w", epochs=1, **SMALL)


def test_balanced_classes_count_the_weights_of_their_rows(table):
    """The sum of weights of each class is the same, by scikit-learn's factors."""
    from sklearn.utils.class_weight import compute_class_weight

    weighed = table.assign(w=np.where(table.y == table.y.iloc[0], 3.0, 1.0))
    how = {"target": "y", "weight": "w", "epochs": 2, "validation": None, **SMALL}
    balanced = zoo.train("mlp_classifier", weighed, class_weight="balanced", **how)
    classes = np.unique(table.y)
    factors = compute_class_weight("balanced", classes=classes, y=table.y, sample_weight=weighed.w)
    by_hand = zoo.train("mlp_classifier", weighed, class_weight=dict(zip(classes.tolist(), factors)), **how)
    assert same_weights(balanced, by_hand)
