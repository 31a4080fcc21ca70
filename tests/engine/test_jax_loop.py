"""Epochs as JAX functions against Keras's own `fit` on JAX; run with KERAS_BACKEND=jax."""

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
from tests.benchmarks import train_jax
from tests.engine.fitted import fit
from tests.engine.test_fused import BATCH, OPTIMIZERS, ROWS, assert_same, network, trained
from zoo.data import pipelines
from zoo.engine import loop_compiled, loop_jax, ordering, plan

pytestmark = pytest.mark.jax


@pytest.fixture(scope="module")
def rows():
    generator = np.random.default_rng(0)
    x = generator.normal(size=(ROWS, 6)).astype("float32")
    y = np.argmax(x @ generator.normal(size=(6, 3)), axis=1).astype("int32")
    return x, y, generator.uniform(0.5, 2.0, ROWS).astype("float32")


@pytest.fixture(scope="module")
def table():
    generator = np.random.default_rng(1)
    data = pd.DataFrame(generator.normal(size=(200, 4)), columns=list("abcd"))
    data["y"] = np.where(data["a"] * data["b"] > 0, "yes", "no")
    return data


def both(rows, make, **how):
    """Returns weights and last losses by Keras's `fit` and by the loop."""
    results = []
    for engine in ("fit", "auto"):
        model = make()
        history = trained(model, rows, engine, **how)
        results.append([*model.get_weights(), *(values for name, values in sorted(history.items()))])
    return results


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_gives_the_weights_of_keras_s_fit(rows, name):
    def make():
        model = network(getattr(keras.optimizers, name)())
        model.optimizer.build(model.trainable_variables)
        return model

    fit, ours = both(rows, make)
    assert_same(ours, fit)
    assert np.abs(np.concatenate([w.ravel() for w in fit[:2]])).max() > 0


@pytest.mark.parametrize(
    "settings",
    [
        {"clipnorm": 0.01},
        {"global_clipnorm": 0.01},
        {"use_ema": True, "ema_overwrite_frequency": 2},
        {"gradient_accumulation_steps": 2},
        {"weight_decay": 0.1},
    ],
    ids=str,
)
def test_settings_of_an_optimizer_regularizers_and_dropout_hold(rows, settings):
    def make():
        return network(keras.optimizers.Adam(0.01, **settings), l2=0.01, dropout=0.5)

    fit, ours = both(rows, make, validation=rows)
    assert_same(ours, fit)


def test_mixed_precision_scales_the_loss(rows):
    keras.config.set_dtype_policy("mixed_float16")
    try:
        fit, ours = both(rows, lambda: network("adam"))
    finally:
        keras.config.set_dtype_policy("float32")
    assert_same(ours, fit, 1e-3)  # float16 has three digits


def test_an_epoch_in_several_calls_and_tests_in_blocks_are_those_of_one_call(rows, monkeypatch):
    fit, whole = both(rows, lambda: network("adam"), validation=rows)
    monkeypatch.setattr(loop_jax, "STEPS_PER_CALL", 1)
    monkeypatch.setattr(loop_jax, "TESTED_ROWS", 40)
    _, parts = both(rows, lambda: network("adam"), validation=rows)
    assert_same(parts, whole)
    assert_same(parts, fit)


def test_rows_fewer_than_a_batch_are_one_batch():
    x, y = np.eye(4, 6, dtype="float32"), np.array([0, 1, 2, 0])
    fit, ours = both((x, y, np.ones(4, "float32")), lambda: network("sgd"))
    assert_same(ours, fit)


def test_keras_callbacks_of_epochs_do_what_they_do_in_fit(rows, tmp_path):
    def callbacks(folder):
        return [
            keras.callbacks.EarlyStopping("loss", patience=0, min_delta=1e3),  # stops after the second epoch
            keras.callbacks.ModelCheckpoint(folder / "{epoch}.weights.h5", save_weights_only=True),
            keras.callbacks.LearningRateScheduler(lambda epoch, rate: 0.1 / (epoch + 1)),
            keras.callbacks.CSVLogger(folder / "log.csv"),
            keras.callbacks.ReduceLROnPlateau("loss", factor=0.5, patience=0, min_delta=1e3),
        ]

    logs = {}
    for how in ("fit", "auto"):
        (tmp_path / how).mkdir()
        history = trained(network("sgd"), rows, how, epochs=9, callbacks=callbacks(tmp_path / how))
        assert len(history["loss"]) == 2
        logs[how] = pd.read_csv(tmp_path / how / "log.csv")
        assert {"1.weights.h5", "2.weights.h5"} <= {path.name for path in (tmp_path / how).iterdir()}
    pd.testing.assert_frame_equal(logs["auto"][sorted(logs["fit"])], logs["fit"][sorted(logs["fit"])], atol=1e-5)


def test_weights_that_a_callback_sets_are_trained_on(rows):
    class Zero(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.set_weights([0 * w for w in self.model.get_weights()])

    model = network("sgd")
    trained(model, rows, "auto", epochs=1, callbacks=[Zero()])
    assert all(np.all(w == 0) for w in model.get_weights())
    fit, ours = both(rows, lambda: network("sgd"), epochs=2, callbacks=[Zero()])
    assert_same(ours, fit)


def test_a_callback_of_batches_has_keras_train_on_the_same_rows_in_the_same_order(table, capsys):
    how = {"target": "y", "hidden_units": (8,), "dropout": 0.2, "epochs": 3, "batch_size": 32}
    batches = []
    note = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: batches.append(batch))
    slow = zoo.train("mlp_classifier", table, callbacks=[note], **how)
    assert capsys.readouterr().out.count("Keras's fit trains: LambdaCallback must be told of every batch") == 1
    fast = zoo.train("mlp_classifier", table, verbose=2, **how)
    assert "an epoch is one call, compiled by XLA, as JAX does" in capsys.readouterr().out
    assert batches == 3 * [0, 1, 2, 3, 4]
    assert_same(fast.model.get_weights(), slow.model.get_weights(), 1e-6)
    np.testing.assert_allclose(fast.history["val_loss"], slow.history["val_loss"], atol=1e-6)


def test_orders_are_permutations_that_follow_from_seed_and_epoch():
    orders = [ordering.order(50, shuffle=True, seed=s, epoch=e) for s, e in ((0, 0), (0, 0), (0, 1), (1, 0))]
    assert all(sorted(order) == list(range(50)) for order in orders)
    np.testing.assert_array_equal(orders[0], orders[1])
    assert len({tuple(order) for order in orders}) == 3
    np.testing.assert_array_equal(ordering.order(5, shuffle=False, seed=0, epoch=3), np.arange(5))


def test_an_interrupted_run_goes_on_bit_for_bit(table, tmp_path):
    def run(**how):
        options = {"target": "y", "hidden_units": (8,), "dropout": 0.2, "epochs": 5, "verbose": 0}
        return zoo.train("mlp_classifier", table, **options, **how)

    class Stop(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 3:
                raise KeyboardInterrupt

    whole = run()
    assert run(checkpoint=tmp_path, callbacks=[Stop()]).interrupted
    resumed = run(checkpoint=tmp_path)
    assert_same(resumed.model.get_weights(), whole.model.get_weights(), 0.0)
    assert resumed.history == whole.history


def test_ctrl_c_between_two_calls_leaves_a_model_that_answers(rows, monkeypatch):
    monkeypatch.setattr(loop_jax, "STEPS_PER_CALL", 1)
    calls = []
    call = loop_jax.Steps._call

    def counted(self, *arguments):
        calls.append(1)
        if len(calls) == 6:  # two full batches, the rest, the end; again a full one; then
            raise KeyboardInterrupt
        return call(self, *arguments)

    monkeypatch.setattr(loop_jax.Steps, "_call", counted)
    model = network("adam")
    found = fit(model, rows=rows, num_rows=ROWS, batch_size=BATCH, epochs=9, verbose=0)
    assert found.interrupted and len(found.history["loss"]) == 1
    assert np.isfinite(model.predict(rows[0], verbose=0)).all()
    assert float(model.optimizer.iterations.value) == 3 + 1


def test_ctrl_c_in_keras_s_fit_is_heard_between_batches(rows, monkeypatch):
    """Within a batch its variables hold nothing: the signal comes there."""
    model, steps = network("adam"), []
    make = model.make_train_function

    def pressed(state, iterator, step):
        steps.append(1)
        if len(steps) == 5:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.01)
        return step(state, iterator)

    def made(force=False):
        make(force)
        step = model.train_function
        model.train_function = lambda state, iterator: pressed(state, iterator, step)

    monkeypatch.setattr(model, "make_train_function", made)
    found = fit(
        model, rows=rows, num_rows=ROWS, batch_size=BATCH, epochs=9, engine="keras", verbose=0
    )  # fmt: skip
    assert found.interrupted and len(found.history["loss"]) == 1
    assert float(model.optimizer.iterations.value) == 3 + 2
    assert np.isfinite(model.predict(rows[0], verbose=0)).all()


def test_a_call_that_takes_the_state_with_it_leaves_the_weights_of_the_last_epoch(rows, monkeypatch):
    model, kept = network("adam"), []
    call = loop_jax.Steps._call

    def failing(self, name, *arguments):
        if kept:
            for value in (*self._state[0], *self._state[2]):
                value.delete()  # as donation does
            raise RuntimeError("the device is gone")
        return call(self, name, *arguments)

    monkeypatch.setattr(loop_jax.Steps, "_call", failing)
    keep = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: kept.extend(model.get_weights()))
    with pytest.raises(RuntimeError, match="the device is gone"):
        fit(model, rows=rows, num_rows=ROWS, batch_size=BATCH, epochs=3, verbose=0, callbacks=[keep])
    assert_same(model.get_weights(), kept, 0.0)


def test_a_sweep_compiles_once_and_trains_as_each_would_alone(table):
    def run(seed):
        return zoo.train(
            "mlp_classifier", table, target="y", hidden_units=(8,), epochs=3, seed=seed, verbose=0,
            batch_size=32, learning_rate=0.01 * (seed + 1),
        )  # fmt: skip

    alone = []
    for seed in range(3):
        loop_compiled.clear()
        alone.append(run(seed))
    loop_compiled.clear()
    together = [run(seed) for seed in range(3)]
    (loop,) = loop_compiled._kept.values()
    assert loop.num_traces == 1
    for one, other in zip(alone, together):
        assert_same(other.model.get_weights(), one.model.get_weights(), 0.0)
        assert other.history == one.history
    assert not np.array_equal(alone[0].model.get_weights()[0], alone[1].model.get_weights()[0])
    for count, rows in enumerate((150, 100)):  # other shapes are compiled anew, for the model that trains then
        how = {"hidden_units": (8,), "epochs": 1, "batch_size": 32, "verbose": 0}
        zoo.train("mlp_classifier", table[:rows], target="y", **how)
        assert loop.num_traces == 2 + count
    for units in range(1, 12):
        zoo.train("mlp_classifier", table, target="y", hidden_units=(units,), epochs=0, verbose=0)
    assert len(loop_compiled._kept) <= loop_compiled.MOST_KEPT
    loop_compiled.clear()


def test_blocks_train_as_keras_s_fit_does_on_their_pipeline(rows):
    x, y, weight = rows
    parts = [pipelines.Encoded({"x": x[i : i + 20]}, y[i : i + 20], weight[i : i + 20]) for i in range(0, ROWS, 20)]
    how = {"batch_size": 8, "shuffle": True, "seed": 3, "buffer_rows": 40}
    results = {}
    for engine in ("keras", "auto"):
        inner = network("sgd")
        inputs = keras.Input((6,), name="x")
        model = keras.Model({"x": inputs}, inner(inputs))
        model.compile("sgd", inner.loss, metrics=["accuracy"])
        found = fit(
            model,
            lambda epoch: pipelines.stream(lambda: iter(parts), epoch=epoch, rows=ROWS, **how),
            rows=lambda epoch: pipelines.pools(lambda: iter(parts), epoch=epoch, **how),
            num_rows=ROWS,
            batch_size=8,
            epochs=3,
            engine=engine,
            validation=pipelines.stream(lambda: iter(parts), batch_size=32, rows=ROWS),
            verbose=0,
        )
        results[engine] = [*model.get_weights(), *(found.history[name] for name in sorted(found.history))]
    assert_same(results["auto"], results["keras"])


def test_augmented_images_and_distributions_take_keras_s_fit():
    images = plan.Workload(num_rows=1, batch_size=1, epochs=1, augmentation=lambda images, seed: images)
    assert plan._obstacle_to_compiling(images, ()) == "augmentation computes in TensorFlow"
    assert plan._obstacle_to_own_epochs(()) == ""
    keras.distribution.set_distribution(keras.distribution.DataParallel())
    try:
        assert plan._obstacle_to_own_epochs(()) == "keras.distribution is set"
    finally:
        keras.distribution.set_distribution(None)


ALONE = """
import sys
import numpy as np
import keras
from tests.engine.fitted import fit
inputs = keras.Input((3,))
model = keras.Model(inputs, keras.layers.Dense(1)(inputs))
model.compile("adam", "mse")
rows = np.ones((20, 3), "float32"), np.ones((20, 1), "float32")
note = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: None)
fit(model, rows=rows, batch_size=8, epochs=2, validation=rows, shuffle=True)
assert "tensorflow" not in sys.modules
"""


@pytest.mark.process
@pytest.mark.slow
def test_the_loop_needs_no_tensorflow():
    done = subprocess.run([sys.executable, "-c", ALONE], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_the_benchmark_of_jax_measures_its_rivals():
    assert set(train_jax.measured(512, 1)) == {"zoo", "Keras fit on JAX", "the same in executions of 64 steps"}
