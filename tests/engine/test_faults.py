"""What goes wrong in a training, and what is left: interruptions, damaged checkpoints, full disks, callbacks."""

import os
import shutil
import signal
import threading
import time

import keras
import numpy as np
import pandas as pd
import pytest

import zoo
from zoo.engine import interruption
from zoo.engine.callbacks import BestWeights, Diverged
from zoo.engine.checkpoints import Checkpoint

ENGINES = ("fused", "xla", "keras") if keras.backend.backend() == "tensorflow" else ("auto", "keras")
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
    saver = Checkpoint(tmp_path, BestWeights("val_loss", None), Diverged(), {"run": 1})
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
    with pytest.raises(OSError, match="`checkpoint` must be a folder that can be written to.*Choose another"):
        train(table, checkpoint=tmp_path / "file")


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


@pytest.mark.parametrize("engine", ENGINES)
def test_a_callback_that_raises_leaves_the_best_weights_and_its_error_passes(table, engine):
    def fail():
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
