"""An epoch on 1, 2 and 4 workers of this machine: 784-2048-64-10, batches of 1,024 rows over all workers.

All workers share the machine's cores, of which each is given its part as Slurm and Kubernetes would (or its GPUs, given
to them in turn), so that what adding up gradients costs is what is seen; on several machines each has its own.
"""

from __future__ import annotations

import json
import os
import socket
import statistics
import subprocess
import sys
import time

BATCH, EPOCHS = 1_024, 4
ROWS = int(os.environ.get("ZOO_BENCHMARK_ROWS", "20480"))
COUNTS = (1, 2, 4)
SHARE = 0.8  # of the throughput of one process, that two workers on two cores must keep


def worker() -> None:
    """Trains, as one of the workers that TF_CONFIG names; the chief prints the seconds of a steady epoch."""
    import keras
    import numpy as np

    from tests.engine.fitted import fit
    from zoo.engine.workers.devices import place

    placement = place("auto")  # before anything computes
    generator = np.random.default_rng(0)
    x = generator.normal(size=(ROWS, 784)).astype("float32")
    y = np.argmax(x[:, :10], axis=1).astype("int32")
    keras.utils.set_random_seed(0)
    inputs = keras.Input((784,), name="rows")
    hidden = inputs
    for units in (2048, 64):
        hidden = keras.layers.Dense(units, activation="relu")(hidden)
    model = keras.Model({"rows": inputs}, keras.layers.Dense(10)(hidden))
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])

    class Seconds(keras.callbacks.Callback):
        def __init__(self):
            super().__init__()
            self.spent = []

        def on_epoch_begin(self, epoch, logs=None):
            self._begin = time.perf_counter()

        def on_epoch_end(self, epoch, logs=None):
            self.spent.append(time.perf_counter() - self._begin)

    def batches(epoch):  # for Keras's own fit, where no loop of the zoo's trains
        import tensorflow as tf

        return tf.data.Dataset.from_tensor_slices(({"rows": x}, y)).batch(BATCH)

    seconds = Seconds()
    fit(
        model, batches, placement=placement, rows=({"rows": x}, y), num_rows=ROWS, batch_size=BATCH, epochs=EPOCHS,
        shuffle=True, callbacks=[seconds], verbose=0,
    )  # fmt: skip
    if placement.chief:
        print(json.dumps(statistics.median(seconds.spent[1:])), flush=True)


def seconds_an_epoch(count: int) -> float:
    """Returns the seconds of a steady epoch on so many workers."""
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    addresses = [f"127.0.0.1:{listener.getsockname()[1]}" for listener in listeners]
    for listener in listeners:
        listener.close()
    processes = []
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    gpus = [gpu for gpu in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if gpu]
    for rank in range(count):
        task = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": rank}}
        names = {"TF_CONFIG": json.dumps(task) if count > 1 else "", "TF_CPP_MIN_LOG_LEVEL": "3"}
        if len(gpus) >= count > 1:
            names["CUDA_VISIBLE_DEVICES"] = gpus[rank]
        names["ZOO_BENCHMARK_CORES"] = ",".join(map(str, cores[rank::count]))  # none where they are fewer than workers
        command = [sys.executable, "-m", "tests.benchmarks.train_workers"]
        processes.append(
            subprocess.Popen(command, env={**os.environ, **names}, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        )
    said = [process.communicate() for process in processes]
    if any(process.returncode for process in processes):
        raise RuntimeError(said[0][1].decode()[-2000:])
    return float(said[0][0].decode().strip().splitlines()[-1])


def case_workers(count: int) -> None:
    """Prints the table of scaling: alternating rounds, medians."""
    from tests.benchmarks.train import note

    rounds: dict[int, list[float]] = {workers: [] for workers in COUNTS}
    for _ in range(count):
        for workers in COUNTS:
            rounds[workers].append(seconds_an_epoch(workers))
    seconds = {workers: statistics.median(values) for workers, values in rounds.items()}
    for workers, value in seconds.items():
        note(
            f"784-2048-64-10, batch {BATCH} over {workers} worker(s), an epoch of {ROWS} rows",
            f"{value:.3g} s, {ROWS / value:,.0f} rows/s, {seconds[1] / value:.2f} times the throughput of one",
            f"at least {SHARE:g} on two cores" if workers == 2 else "",
        )


if __name__ == "__main__":
    if own := os.environ.get("ZOO_BENCHMARK_CORES"):
        os.sched_setaffinity(0, {int(core) for core in own.split(",")})
    worker()
