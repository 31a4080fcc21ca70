"""When XLA pays off: the measurements to which constants of `zoo.engine.costs` are fitted.

`python -m tests.benchmarks.xla` prints them.

For each network the seconds of a steady epoch, traced and compiled by XLA, what they are a step and a FLOP, the seconds
that compiling takes beyond tracing, and after how many epochs it pays off: by these seconds, and by the estimate.
"""

import time

import keras

from tests.benchmarks import train
from zoo.engine import costs

EPOCHS = 6
CASES = [  # rows, columns, hidden units, rows a step, dropout
    (2_000, 20, (64, 64), 32, 0.0),
    (2_000, 20, (64, 64), 32, 0.25),
    (10_000, 20, (128, 128), 128, 0.0),
    (10_000, 20, (128, 128), 128, 0.3),
    (20_000, 150, (256, 256), 256, 0.0),
    (20_000, 150, (256, 256), 256, 0.25),
    (20_000, 784, (128, 64), 128, 0.0),
    (20_000, 784, (128, 64), 128, 0.25),
    (10_000, 100, (512, 512), 256, 0.1),
]


def network(columns: int, hidden: tuple, dropout: float) -> keras.Model:
    """Returns a compiled classifier of three classes."""
    inputs = x = keras.Input((columns,))
    for units in hidden:
        x = keras.layers.Dense(units, activation="relu")(x)
        x = keras.layers.Dropout(dropout)(x) if dropout else x
    model = keras.Model(inputs, keras.layers.Dense(3)(x))
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    return model


def seconds_of(model, rows, batch_size: int, engine: str) -> tuple[float, float]:
    """Returns the seconds of a steady epoch, and those that the first one takes beyond it, with tracing."""
    spent = train.EpochSeconds()
    begin = time.perf_counter()
    train.engine_fit(model, rows, batch_size=batch_size, epochs=EPOCHS, engine=engine, callbacks=[spent])
    whole, steady = time.perf_counter() - begin, spent.steady()
    return steady, whole - EPOCHS * steady


def main() -> None:
    print(train.machine())
    for count, columns, hidden, batch_size, dropout in CASES:
        rows = train.table(count, columns, 3)
        model = network(columns, hidden, dropout)
        (traced, tracing), (xla, compiling) = (seconds_of(model, rows, batch_size, how) for how in ("fused", "xla"))
        steps, flops = -(-count // batch_size), costs.training_flops(model, count)
        sizes = {"rows": count, "batch_size": batch_size}
        estimate = next((n for n in range(1, 2_000) if costs.xla_pays_off(model, **sizes, epochs=n)), None)
        measured = round((compiling - tracing) / (traced - xla)) if traced > xla else None
        print(
            f"{count} x {columns}, {hidden}, batch {batch_size}, dropout {dropout}: "
            f"a step {traced / steps * 1e6:.0f} us traced, {xla / steps * 1e6:.0f} us by XLA; "
            f"{flops / traced / 1e9:.0f} and {flops / xla / 1e9:.0f} GFLOP/s; compiling {compiling - tracing:.2f} s; "
            f"pays off after {measured} epochs, estimated {estimate}",
            flush=True,
        )


if __name__ == "__main__":
    main()
