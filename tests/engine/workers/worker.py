"""One worker of a training, for the tests of several: `python -m tests.engine.workers.worker FOLDER CASE...`.

The environment says where: TF_CONFIG names the workers, LOGICAL how many devices to make of the CPU, PAUSE for how many
seconds an epoch of the case `killed` waits to be killed. Each case leaves
`<case>.<rank>.npz` in the folder, the weights by number and `history` as JSON.
"""

import json
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import pandas as pd

import zoo
from tests.engine.fitted import fit
from zoo.data import pipelines
from zoo.engine.workers import cluster
from zoo.engine.workers.devices import place

ROWS, BATCH = 151, 29  # the last of five batches has 5 rows, or 6: workers get unequal parts
LOGICAL = int(os.environ.get("LOGICAL", "0"))
EPOCHS = 80


def rank() -> int:
    return cluster.named().rank if cluster.named() else 0


def devices():
    return [f"CPU:{i}" for i in range(LOGICAL)] if LOGICAL else "auto"


def frame() -> pd.DataFrame:
    generator = np.random.default_rng(0)
    x = generator.normal(size=(ROWS, 4)).astype("float32")
    made = pd.DataFrame(x, columns=list("abcd"))
    made["y"] = np.argmax(x @ generator.normal(size=(4, 3)) + generator.normal(size=(ROWS, 3)), axis=1)
    made["w"] = generator.uniform(0.5, 2.0, ROWS).astype("float32")
    return made


def train(folder: Path, **settings) -> zoo.Run:
    how = {"hidden_units": (16,), "dropout": 0.0, "batch_size": BATCH, "epochs": 6, "weight": "w", "target": "y"}
    return zoo.train("mlp_classifier", frame(), **{**how, "devices": devices(), **settings})


def shuffled(folder: Path):
    """Sample weights, validation, uneven batches; files that callbacks, checkpoints and a caller's `save` write."""
    saver = keras.callbacks.ModelCheckpoint(folder / f"saver.{rank()}" / "{epoch}.weights.h5", save_weights_only=True)
    run = train(folder, checkpoint=folder / f"checkpoint.{rank()}", callbacks=[saver])
    run.save(folder / f"run.{rank()}")
    return run.model, {**run.history, "scores": run.metrics["val"]["log_loss"]}


def members(folder: Path):
    """An ensemble, whose members learn by their own."""
    run = train(folder, ensemble=3, epochs=3)
    return run.model, run.history


def steered(folder: Path):
    """Callbacks that change weights, the rate, and when to stop."""
    stop = keras.callbacks.EarlyStopping("loss", patience=1, min_delta=1e3, restore_best_weights=True)
    rate = keras.callbacks.LearningRateScheduler(lambda epoch, rate: 0.02 / (1 + epoch))
    run = train(folder, callbacks=[rate, stop], optimizer=keras.optimizers.SGD(0.1), validation=None)
    return run.model, run.history


def streamed(folder: Path):
    """A stream of blocks, of which a part is held out."""
    path = folder / f"rows.{rank()}.csv"
    frame().to_csv(path, index=False)
    data = zoo.data.load(path, target="y", stream=True)
    run = zoo.train(
        "mlp_classifier", data, target="y", hidden_units=(8,), dropout=0.0, batch_size=BATCH, epochs=2, weight="w",
        devices=devices(),
    )  # fmt: skip
    return run.model, run.history


def tuned(folder: Path):
    """Two phases: the last layer, then all."""
    begun = train(folder, epochs=1, verbose=0)
    run = zoo.fine_tune(begun, frame(), target="y", weight="w", epochs=2, batch_size=BATCH, devices=devices())
    return run.model, run.history


def sliced(folder: Path):
    """Rows that another worker has to read are not numbers here."""
    data = frame()
    x, y = data[list("abcd")].to_numpy("float32"), data["y"].to_numpy("int32")
    keras.utils.set_random_seed(0)
    inputs = keras.Input((4,), name="rows")
    model = keras.Model({"rows": inputs}, keras.layers.Dense(3, kernel_regularizer="l2")(inputs))
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    placement = place(devices())
    workers = len(placement.cluster.addresses) if placement.cluster else 1
    poisoned = x.copy()
    for first in range(0, ROWS, BATCH):
        size = min(BATCH, ROWS - first)
        begin, end = size * rank() // workers, size * (rank() + 1) // workers
        poisoned[first : first + begin] = np.nan
        poisoned[first + end : first + size] = np.nan
    how = {"num_rows": ROWS, "batch_size": BATCH, "epochs": 3, "verbose": 0}
    rows = pipelines.Encoded({"rows": poisoned}, y)

    def batches(epoch):  # for Keras's fit
        return pipelines.batches(rows, batch_size=BATCH, epoch=epoch)

    found = fit(model, batches, placement=placement, rows=rows.tensors(), **how)
    return model, found.history


def settings(folder: Path):
    """Optimizers and what they do to gradients, on one device and on those of LOGICAL."""
    optimizers = [
        keras.optimizers.SGD(0.1, global_clipnorm=0.01),
        keras.optimizers.Adam(0.01, clipnorm=0.01),
        keras.optimizers.AdamW(0.01, weight_decay=0.1),
        keras.optimizers.Adam(0.01, use_ema=True, ema_overwrite_frequency=None),
        keras.optimizers.Muon(0.01),
        keras.optimizers.Ftrl(0.1),
    ]
    for optimizer in optimizers:
        ways = []
        for where in ("cpu", devices()):
            fresh = type(optimizer).from_config(optimizer.get_config())
            run = train(folder, optimizer=fresh, epochs=2, devices=where, engine="fused", verbose=0)
            state = [np.asarray(variable.numpy(), "float64") for variable in fresh.variables]
            ways.append([*run.model.get_weights(), *state, run.history["val_loss"]])
        for mine, other in zip(*ways, strict=True):
            np.testing.assert_allclose(mine, other, atol=1e-5, err_msg=type(optimizer).__name__)
    dropped = [train(folder, epochs=3, dropout=0.5, verbose=0).history["loss"] for _ in range(2)]
    np.testing.assert_allclose(*dropped, rtol=1e-6)  # the same seed draws the same
    return run.model, run.history


class Slow(keras.callbacks.Callback):
    """Leaves time to be killed in."""

    def on_epoch_end(self, epoch, logs=None):
        time.sleep(float(os.environ.get("PAUSE", "0")))


def killed(folder: Path):
    """A training that goes on from its checkpoint, if there is one."""
    run = train(folder, checkpoint=folder / "checkpoint", callbacks=[Slow()], epochs=EPOCHS)
    return run.model, run.history


def main(folder: str, *cases: str) -> None:
    if LOGICAL and keras.backend.backend() == "jax":
        import jax

        jax.config.update("jax_num_cpu_devices", LOGICAL)
    elif LOGICAL:
        import tensorflow as tf

        cpu = tf.config.list_physical_devices("CPU")[0]
        tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * LOGICAL)
    if cluster.named():
        if "killed" in cases:
            cluster.LOST_AFTER = 10  # seconds, as TensorFlow's: a test waits for it after each death
        cluster.join()
    for case in cases:
        model, history = globals()[case](Path(folder))
        weights = {str(i): weight for i, weight in enumerate(model.get_weights())}
        np.savez(Path(folder) / f"{case}.{rank()}.npz", history=np.array(json.dumps(history)), **weights)


if __name__ == "__main__":
    main(*sys.argv[1:])
