"""What goes wrong in a training, and what is left: interruptions, damaged checkpoints, full disks, callbacks."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest

import zoo
from zoo.engine import costs, interruption, loop_compiled, loop_jax, loop_tensorflow, memory
from zoo.engine.callbacks import BestWeights, Diverged
from zoo.engine.checkpoints import Checkpoint, identifying, unwritable
from zoo.solvers.objective import Objective

ENGINES = ("fused", "xla", "keras") if keras.backend.backend() == "tensorflow" else ("auto", "keras")
LOOPS = {"tensorflow": loop_tensorflow, "jax": loop_jax}.get(keras.backend.backend())
of_a_loop = pytest.mark.skipif(LOOPS is None, reason="Keras's fit trains: it takes batches from rows in memory")
LAST, PREVIOUS = "checkpoint.npz", "checkpoint.previous.npz"


@pytest.fixture(scope="module")
def table():
    """120 rows of two numbers, and a class that follows from them."""
    generator = np.random.default_rng(1)
    frame = pd.DataFrame(generator.normal(size=(120, 2)), columns=["a", "b"])
    frame["y"] = np.where(frame.a + 0.3 * generator.normal(size=120) > 0.3, "yes", "no")
    return frame


def train(table, **settings):
    usual = {"target": "y", "hidden_units": (8,), "dropout": 0.2, "batch_size": 32, "epochs": 5, "verbose": 0}
    return zoo.train("mlp_classifier", table, **{**usual, **settings})


class At(keras.callbacks.Callback):
    """Does something at the end of an epoch, from 0."""

    def __init__(self, epoch, action):
        super().__init__()
        self.epoch, self.action = epoch, action

    def on_epoch_end(self, epoch, logs=None):
        if epoch == self.epoch:
            self.action()


def press_ctrl_c():
    raise KeyboardInterrupt


def assert_same_run(one, other):
    for mine, theirs in zip(one.model.get_weights(), other.model.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert one.history == other.history


@pytest.fixture(scope="module")
def whole(table):
    """A run that nothing went wrong in."""
    return train(table)


@pytest.fixture
def stopped(table, tmp_path):
    """The folder of a run that was interrupted in its fourth epoch."""
    run = train(table, checkpoint=tmp_path / "c", callbacks=[At(3, press_ctrl_c)])
    assert run.interrupted
    return tmp_path / "c"


def test_a_resumed_run_is_compiled_as_the_whole_one(table, tmp_path, monkeypatch):
    monkeypatch.setattr(costs, "xla_pays_off", lambda model, *, epochs, **sizes: epochs > 3)
    whole = train(table)  # XLA's dropout draws other numbers
    assert train(table, checkpoint=tmp_path / "c", callbacks=[At(3, press_ctrl_c)]).interrupted
    assert_same_run(train(table, checkpoint=tmp_path / "c"), whole)


def test_how_a_run_is_executed_is_no_part_of_what_it_is():
    """A run goes on from its checkpoint on another machine, whose plan may be another one."""
    recipe = {"epochs": 3, "plan": {"loop": "tensorflow", "xla": False, "devices": "CPU, 2 cores", "why": "small"}}
    assert identifying(recipe) == {"epochs": 3}


def damage(path, how):
    content = path.read_bytes()
    if how == "truncated":
        path.write_bytes(content[: len(content) // 2])
    elif how == "empty":
        path.write_bytes(b"")
    elif how == "garbage":
        path.write_bytes(np.random.default_rng(0).bytes(len(content)))
    elif how == "a flipped bit":
        path.write_bytes(content[:1500] + bytes([content[1500] ^ 1]) + content[1501:])
    else:
        with np.load(path) as arrays:
            kept = dict(arrays)
        if how == "another shape":
            kept["variable_0"] = kept["variable_0"][:1]
        else:
            del kept["variable_1"]
        np.savez(path, **kept)


DAMAGES = ["truncated", "empty", "garbage", "a flipped bit", "another shape", "a missing array"]


def test_an_interrupted_run_goes_on_bit_for_bit(table, whole, stopped):
    assert_same_run(train(table, checkpoint=stopped), whole)


@pytest.mark.parametrize("how", DAMAGES)
def test_a_damaged_checkpoint_gives_way_to_the_one_before_it(table, whole, stopped, how):
    damage(stopped / LAST, how)
    with pytest.warns(UserWarning, match=r"checkpoint.npz' is damaged \(.+\). The one before it is used, of epoch 2"):
        resumed = train(table, checkpoint=stopped)
    assert_same_run(resumed, whole)


def test_a_missing_checkpoint_gives_way_to_the_one_before_it(table, whole, stopped):
    (stopped / LAST).unlink()
    assert_same_run(train(table, checkpoint=stopped), whole)


def test_two_damaged_checkpoints_are_an_error_that_says_what_to_do(table, stopped):
    damage(stopped / LAST, "truncated")
    damage(stopped / PREVIOUS, "empty")
    with pytest.raises(ValueError, match="No checkpoint in .*: checkpoint.npz: .*; checkpoint.previous.npz"):
        train(table, checkpoint=stopped)
    shutil.rmtree(stopped)
    assert not train(table, checkpoint=stopped, epochs=1).interrupted


def test_every_flipped_byte_is_found_or_harmless(table, tmp_path):
    model = train(table, epochs=1).model
    saver = Checkpoint(tmp_path, BestWeights(None), Diverged(), {"run": 1})
    saver.resume(model)
    saver.write()
    path = tmp_path / LAST
    state, variables, _ = saver._read(path)
    content, found = path.read_bytes(), 0
    for place in np.random.default_rng(0).integers(0, len(content), 150):
        path.write_bytes(content[:place] + bytes([content[place] ^ 0x55]) + content[place + 1 :])
        try:
            again = saver._read(path)
        except Exception:
            found += 1
            continue
        assert again[0] == state
        for mine, theirs in zip(again[1], variables, strict=True):
            np.testing.assert_array_equal(mine, theirs)
    assert found > 50


def test_a_checkpoint_that_is_no_place_to_write_to_is_refused_before_training(table, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(OSError, match="`checkpoint` must be a folder that can be written to.*another name: a file"):
        train(table, checkpoint=tmp_path / "file")


@pytest.mark.parametrize(
    ("error", "repair"),
    [(OSError(28, "No space left"), "make room there"), (PermissionError(13, "No"), "writable")],
)
def test_a_folder_that_cannot_be_written_to_is_refused_with_its_repair(error, repair):
    assert repair in str(unwritable(Path("run"), error)) and error.strerror in str(unwritable(Path("run"), error))


def test_the_folder_of_a_committee_is_refused(table, tmp_path):
    (tmp_path / "committee.json").write_text("{}")
    with pytest.raises(ValueError, match="belongs to another run: it holds the networks of a committee"):
        train(table, checkpoint=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["committee.json"]


def test_a_disk_that_is_full_for_a_while_costs_no_weights(table, whole, tmp_path, monkeypatch):
    written, savez = [], np.savez

    def full(file, **arrays):
        written.append(str(arrays["state"]))
        if len(written) in (2, 3):
            file.write(b"half of it")
            raise OSError(28, "No space left on device")
        savez(file, **arrays)

    monkeypatch.setattr(np, "savez", full)
    with pytest.warns(UserWarning, match="of epoch 2 could not be written.*No space left.*tries again") as warned:
        run = train(table, checkpoint=tmp_path / "c")
    assert len([w for w in warned if "could not be written" in str(w.message)]) == 1
    assert_same_run(run, whole)
    assert sorted(path.name for path in (tmp_path / "c").iterdir()) == [LAST, PREVIOUS]
    assert_same_run(train(table, checkpoint=tmp_path / "c"), whole)


def test_what_a_killed_process_left_half_written_is_cleared_away(table, stopped):
    (stopped / ".checkpoint.1.new.npz").write_bytes(b"half")
    train(table, checkpoint=stopped)
    assert sorted(path.name for path in stopped.iterdir()) == [LAST, PREVIOUS]


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES)
def test_a_callback_that_raises_leaves_the_best_weights_and_its_error_passes(table, engine):
    def fail():
        model.set_weights([w + 5.0 for w in model.get_weights()])
        raise RuntimeError("the dashboard is down")

    model = train(table, epochs=0).model
    seen = []
    note = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(logs["val_loss"]))
    with pytest.raises(RuntimeError, match="the dashboard is down"):
        zoo.train(model, table, epochs=5, engine=engine, verbose=0, callbacks=[note, At(1, fail)])
    assert all(np.isfinite(w).all() for w in model.get_weights())
    again = zoo.train(model, table, epochs=0, verbose=0)
    assert again.metrics["val"]["log_loss"] == pytest.approx(min(seen), abs=1e-5) and len(seen) == 2


def test_sigterm_is_ctrl_c_while_training_and_what_it_was_afterwards(table):
    before = signal.getsignal(signal.SIGTERM)
    run = train(table, callbacks=[At(2, lambda: os.kill(os.getpid(), signal.SIGTERM))])
    assert (run.interrupted, run.stopped) == (True, "terminated") and len(run.history["loss"]) in (2, 3)
    assert signal.getsignal(signal.SIGTERM) is before is signal.SIG_DFL


def test_a_handler_of_one_s_own_is_left_alone(table):
    came = []
    before = signal.signal(signal.SIGTERM, lambda *_: came.append(1))
    try:
        run = train(table, callbacks=[At(2, lambda: os.kill(os.getpid(), signal.SIGTERM))])
    finally:
        signal.signal(signal.SIGTERM, before)
    assert came == [1] and not run.interrupted


def test_in_another_thread_nothing_is_installed():
    seen = []

    def look():
        with interruption.terminable(), interruption.uninterrupted():
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen == [signal.SIG_DFL]


def test_what_must_not_be_left_halfway_ends_before_ctrl_c_is_heard():
    done = []
    with pytest.raises(KeyboardInterrupt), interruption.uninterrupted():
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.01)
        done.append(True)
    assert done


@pytest.mark.tensorflow
@pytest.mark.parametrize("solver", ["lbfgs", "newton"])
def test_solvers_are_terminated_too(table, solver):
    def end():
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(0.01)

    run = zoo.train("logistic_regression", table, target="y", solver=solver, verbose=0, callbacks=[At(1, end)])
    assert run.stopped == "terminated" and len(run.history["loss"]) == 2


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("validation", [None, 0.2])
def test_a_loss_that_is_no_longer_finite_ends_the_run_with_the_weights_before(table, engine, validation, tmp_path):
    """The rate becomes 1e30 after the second epoch."""
    model = train(table, epochs=0).model
    kept = []

    def keep():
        kept.extend(w.copy() for w in model.get_weights())
        model.optimizer.learning_rate = 1e30

    def run():
        return zoo.train(
            model, table, epochs=9, engine=engine, verbose=0, validation=validation, batch_size=32,
            optimizer=keras.optimizers.SGD(0.1), checkpoint=tmp_path / "c", callbacks=[At(1, keep)],
        )  # fmt: skip

    with pytest.warns(UserWarning, match="no longer finite in epoch .*lower `learning_rate`.*clipnorm"):
        found = run()
    assert "no longer finite in epoch" in found.stopped
    assert len(found.history["loss"]) <= 5
    assert all(np.isfinite(w).all() for w in model.get_weights())
    with np.load(tmp_path / "c" / LAST) as arrays:
        assert all(np.isfinite(arrays[name]).all() for name in arrays.files if name != "state")


def test_weights_of_a_stream_that_are_no_numbers_are_refused(table, tmp_path):
    weighted = table.assign(w=np.where(table.index == 7, np.nan, 1.0))
    weighted.to_csv(tmp_path / "rows.csv", index=False)
    data = zoo.data.load(tmp_path / "rows.csv", target="y", stream=True)
    with pytest.raises(ValueError, match="The weights in 'w' must be finite numbers, 0 or more.*: nan in row 7"):
        train(data, weight="w")


@pytest.mark.tensorflow
@pytest.mark.parametrize("solver", ["lbfgs", "newton"])
def test_a_solver_whose_loss_becomes_nan_leaves_finite_weights_and_says_so(table, solver, monkeypatch):
    calls, evaluate = [], Objective.value_and_gradient

    def broken(self, theta):
        calls.append(1)
        value, gradient = evaluate(self, theta)
        return (float("nan"), np.nan * gradient) if len(calls) > 2 else (value, gradient)

    monkeypatch.setattr(Objective, "value_and_gradient", broken)
    with pytest.warns(UserWarning, match="did not converge"):
        run = zoo.train("logistic_regression", table, target="y", solver=solver, verbose=0)
    assert all(np.isfinite(w).all() for w in run.model.get_weights())


@pytest.mark.parametrize(
    ("error", "asked"),
    [
        (MemoryError("Unable to allocate 381. MiB for an array with shape (400000, 250)"), "381 MiB"),
        (MemoryError(), "more memory"),
        (RuntimeError("RESOURCE_EXHAUSTED: Out of memory allocating 400000000 bytes."), "381 MiB"),
        (RuntimeError("OOM when allocating tensor with shape[1000,1024] and type float on CPU:0"), "3.91 MiB"),
        (RuntimeError("Out of memory while trying to allocate 2048 bytes."), "2 KiB"),
        (RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has"), "2.00 GiB"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 4294967296 bytes."), "4 GiB"),
        (RuntimeError("the dashboard is down"), None),
        (ValueError("shapes do not fit"), None),
    ],
    ids=str,
)
def test_what_an_error_says_of_memory_is_understood(error, asked):
    assert memory.shortage(error) == asked


class Device:
    """A device that holds so many rows."""

    def __init__(self, monkeypatch, rows):
        self.tried = []
        place = LOOPS.place

        def limited(nest):
            count = max(len(values) for values in keras.tree.flatten(nest))
            self.tried.append(count)
            if count > rows:
                raise RuntimeError(f"RESOURCE_EXHAUSTED: Out of memory allocating {count * 2**20} bytes.")
            return place(nest)

        monkeypatch.setattr(LOOPS, "place", limited)


@pytest.mark.parametrize("capacity", [70, 40])
@of_a_loop
def test_rows_that_do_not_fit_on_the_device_go_there_in_blocks_and_train_the_same(table, whole, capacity, monkeypatch):
    device = Device(monkeypatch, capacity)
    with pytest.warns(UserWarning, match="96 MiB could not be had. Rows go to the device in blocks") as warned:
        run = train(table)
    assert len([w for w in warned if "blocks" in str(w.message)]) == 1
    assert max(device.tried[3:]) <= capacity
    for mine, theirs in zip(run.model.get_weights(), whole.model.get_weights(), strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-6)
    np.testing.assert_allclose(run.history["val_loss"], whole.history["val_loss"], atol=1e-6)


@of_a_loop
def test_a_device_too_small_for_a_batch_is_an_error_with_its_repair(table, monkeypatch):
    Device(monkeypatch, 20)
    with (
        pytest.warns(UserWarning, match="in blocks"),
        pytest.raises(MemoryError, match="32 MiB.*`batch_size` below 32"),
    ):
        train(table)


@of_a_loop
def test_validation_rows_that_do_not_fit_are_tested_in_batches(table, monkeypatch):
    held = pd.concat([table] * 2)
    whole = train(table, validation=held)
    monkeypatch.setattr(loop_compiled, "TESTED_ROWS", 100)
    Device(monkeypatch, 150)
    run = train(table, validation=held)
    np.testing.assert_allclose(run.history["val_loss"], whole.history["val_loss"], atol=1e-6)


@of_a_loop
def test_an_epoch_that_runs_short_after_some_steps_begins_again_in_blocks(table, whole, monkeypatch):
    epoch, failed = LOOPS.Steps.epoch, []

    def short(self, *arguments):
        epoch(self, *arguments)
        failed.append(True)
        raise MemoryError

    monkeypatch.setattr(LOOPS.Steps, "epoch", short)
    with pytest.warns(UserWarning, match="in blocks from now on, of 32"):
        run = train(table)
    assert failed == [True]
    for mine, theirs in zip(run.model.get_weights(), whole.model.get_weights(), strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-6)


LIMITED = """
import re, resource, warnings
import numpy as np, keras
from tests.engine import fitted
def fit(rows, batch_size):
    inputs = keras.Input((250,))
    model = keras.Model(inputs, keras.layers.Dense(3)(inputs))
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return fitted.fit(model, rows=rows, num_rows=len(rows[1]), batch_size=batch_size, epochs=1, verbose=0)
x, y = np.ones((400_000, 250), "float32"), np.zeros(400_000, "int32")
fit((x[:1000], y[:1000]), 256)
size = 1024 * int(re.search(r"VmSize:\\s+(\\d+)", open("/proc/self/status").read())[1])
resource.setrlimit(resource.RLIMIT_AS, (size + 330 * 2**20, -1))
with warnings.catch_warnings(record=True) as warned:
    warnings.simplefilter("always")
    try:
        fit((x, y), 399_999)
    except MemoryError as error:
        print(error)
    assert np.isfinite(fit((x, y), 256).history["loss"][0])
    print([str(w.message) for w in warned if "blocks" in str(w.message)])
"""


@pytest.mark.process
@pytest.mark.slow
@of_a_loop
def test_under_a_limit_of_the_process_s_memory_rows_go_in_blocks():
    done = subprocess.run([sys.executable, "-c", LIMITED], capture_output=True, text=True, env={**os.environ})
    assert done.returncode == 0, done.stderr
    second, first = done.stdout.splitlines()
    assert "Memory is short: 381 MiB could not be had. Rows go to the device in blocks from now on" in first
    assert "Memory is short: 381 MiB could not be had. Pass a `batch_size` below 399,999" in second
