"""The case `jax` of `python -m tests.benchmarks.train`: M on the JAX backend, the zoo's loop against Keras's `fit`.

Keras has one backend a process: the case starts one with KERAS_BACKEND=jax, which runs this file.
"""

import json
import os
import subprocess
import sys

import keras

from tests.benchmarks.train import EpochSeconds, engine_fit, mlp, report, rounds, table


def case_jax(count: int) -> None:
    """Reports seconds of an epoch of M on JAX."""
    words = [sys.executable, "-m", "tests.benchmarks.train_jax", str(count)]
    env = {**os.environ, "KERAS_BACKEND": "jax"}
    done = subprocess.run(words, env=env, stdout=subprocess.PIPE, text=True, check=True)
    goals = dict.fromkeys(["Keras fit on JAX", "the same in executions of 64 steps"], "at least 1.0")
    report("M on JAX, an epoch once compiled", json.loads(done.stdout.splitlines()[-1]), goals)


def measured(rows: int, count: int, others: dict | None = None) -> dict[str, float]:
    """Returns the median seconds of an epoch, of other rivals too: functions that return their seconds."""
    x, y = table(rows, 784, 10)

    def ours() -> float:
        seconds = EpochSeconds()
        engine_fit(mlp(784, (128, 64), 10), (x, y), batch_size=128, epochs=4, callbacks=[seconds])
        return seconds.steady()

    def fit(steps: int) -> float:
        seconds, model = EpochSeconds(), mlp(784, (128, 64), 10)
        optimizer = keras.optimizers.Adam(1e-3)
        model.compile(optimizer, model.loss, metrics=["accuracy"], jit_compile=True, steps_per_execution=steps)
        model.fit(x, y, batch_size=128, epochs=4, verbose=0, callbacks=[seconds])
        return seconds.steady()

    rivals = {"zoo": ours, "Keras fit on JAX": lambda: fit(1), "the same in executions of 64 steps": lambda: fit(64)}
    return rounds({**rivals, **(others or {})}, count)


if __name__ == "__main__":
    print(json.dumps(measured(60_000, int(sys.argv[1]))))
