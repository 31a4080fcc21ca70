"""Training on a GPU by the JAX backend: against Keras's `fit` and PyTorch there, and scikit-learn on the host.

    KERAS_BACKEND=jax python -m tests.benchmarks.train_gpu --images FOLDER
    KERAS_BACKEND=jax python -m tests.benchmarks.train_gpu --cases rates S M --write

S, M, XS, L, ensemble and sweep are the cases of `tests.benchmarks.train`.

rates     of the device: products of matrices of 8,192 x 8,192 and copies
large     Fashion-MNIST's 60,000 images, 2000-2000-10, batch 1,024, Adam, accuracy; an epoch, and its share of the rates
image_mlp the same by `zoo.train`, a fifth of the images held out, against itself through `fit`
memory    on the device, of M: what training takes at most, beside the data

--images names a folder with train-images-idx3-ubyte.gz and train-labels-idx1-ubyte.gz; --write puts the table into
tests/benchmarks/train_gpu.md.
"""

import argparse
import gzip
import importlib
import subprocess
import sys
import time
from pathlib import Path

import keras
import numpy as np

import zoo
from tests.benchmarks import train, train_jax
from zoo.engine.workers import devices

HIDDEN, BATCH, SIZE = (2000, 2000), 1024, 8192
POLICIES = {"float32": "float32", "bfloat16": "mixed_bfloat16"}
rates: dict[str, float] = {}  # floating-point operations a second, of a type


def images(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Returns pixels `(images, 28, 28)` and classes."""
    with gzip.open(folder / "train-images-idx3-ubyte.gz") as file:
        pixels = np.frombuffer(file.read(), "uint8", offset=16).reshape(-1, 28, 28)
    with gzip.open(folder / "train-labels-idx1-ubyte.gz") as file:
        return pixels, np.frombuffer(file.read(), "uint8", offset=8).astype("int32")


def operations(rows: int) -> float:
    """Returns the floating-point operations of an epoch of `large`: none for the gradient of the pixels."""
    sizes = (784, *HIDDEN, 10)
    weights = [n * m for n, m in zip(sizes[:-1], sizes[1:])]
    return 2.0 * rows * (3 * sum(weights) - weights[0])


def case_rates(count: int) -> None:
    import jax
    import jax.numpy as jnp

    def seconds(function, *arguments) -> float:
        jax.block_until_ready(function(*arguments))
        taken = []
        for _ in range(count):
            begin = time.perf_counter()
            for _ in range(10):
                result = function(*arguments)
            jax.block_until_ready(result)
            taken.append((time.perf_counter() - begin) / 10)
        return float(np.median(taken))

    for name in POLICIES:
        a, b = (jax.random.normal(jax.random.key(i), (SIZE, SIZE), name) for i in range(2))
        rates[name] = 2.0 * SIZE**3 / seconds(jax.jit(jnp.matmul), a, b)
        train.note(f"products of {SIZE} x {SIZE} matrices, {name}", f"{rates[name] / 1e12:.0f} TFLOP/s")
    values = jnp.ones(2**30, "float32")
    bytes_moved = 2 * values.nbytes
    train.note("copies of 4 GiB", f"{bytes_moved / seconds(jax.jit(lambda v: v + 1), values) / 1e12:.2f} TB/s")


def case_s(count: int) -> None:
    train.s_of_engine(count)
    train.s_epoch(count)


def case_m(count: int) -> None:
    x, y = train.table(60_000, 784, 10)
    others = {"scikit-learn": lambda: train.sklearn_epoch(x, y, (128, 64), 128, 1)}
    if train.torch_run(x[:128], y[:128], (128, 64), 128, 1) is not None:
        others["PyTorch"] = lambda: train.torch_run(x, y, (128, 64), 128, 2) / 2
    train.report("M, an epoch once compiled", train_jax.measured(60_000, count, others), {})


def case_large(count: int, folder: Path) -> None:
    pixels, y = images(folder)
    x = pixels.reshape(len(pixels), -1).astype("float32") / 255
    for name in POLICIES:
        large(count, name, x, y)


def large(count: int, name: str, x: np.ndarray, y: np.ndarray) -> None:
    def model() -> keras.Model:
        keras.config.set_dtype_policy(POLICIES[name])
        try:
            return train.mlp(784, HIDDEN, 10)
        finally:
            keras.config.set_dtype_policy("float32")

    def ours() -> float:
        seconds = train.EpochSeconds()
        train.engine_fit(model(), (x, y), batch_size=BATCH, epochs=6, callbacks=[seconds])
        return seconds.steady()

    def fit() -> float:
        seconds = train.EpochSeconds()
        model().fit(x, y, batch_size=BATCH, epochs=3, verbose=0, callbacks=[seconds])
        return seconds.steady()

    rivals = {"zoo": ours, "Keras fit": fit}
    if train.torch_run(x[:BATCH], y[:BATCH], HIDDEN, BATCH, 1) is not None:
        rivals["PyTorch"] = lambda: train.torch_run(x, y, HIDDEN, BATCH, 3, mixed=name != "float32") / 3
    taken = train.rounds(rivals, count)
    train.report(f"784-2000-2000-10, batch {BATCH}, an epoch, {name}", taken, {})
    rate = operations(len(x)) / taken["zoo"]
    share = f", {100 * rate / rates[name]:.0f} % of the rate of large products" if rates else ""
    train.note(f"784-2000-2000-10, batch {BATCH}, {name}", f"{rate / 1e12:.0f} TFLOP/s{share}")


def case_image_mlp(count: int, folder: Path) -> None:
    data = images(folder)

    def run(engine: str, epochs: int) -> float:
        seconds = train.EpochSeconds()
        options = {"hidden_units": HIDDEN, "dropout": 0.0, "augmentation": False, "batch_size": BATCH}
        zoo.train(
            "image_mlp", data, epochs=epochs, engine=engine, optimizer="adam", verbose=0, callbacks=[seconds], **options
        )
        return seconds.steady()

    rivals = {"zoo": lambda: run("auto", 6), "Keras fit": lambda: run("keras", 3)}
    train.report(f"image_mlp 2000-2000, batch {BATCH}, an epoch of zoo.train", train.rounds(rivals, count), {})


MEMORY = """
import jax
from tests.benchmarks import train
def peak():
    return jax.local_devices()[0].memory_stats()["peak_bytes_in_use"] / 2**20
x, y = train.table(60_000, 784, 10)
how = {"batch_size": 128, "epochs": 2}
train.engine_fit(train.mlp(784, (128, 64), 10), (x[:1000], y[:1000]), **how)
before = peak()
train.engine_fit(train.mlp(784, (128, 64), 10), (x, y), **how)
print(peak() - before, x.nbytes / 2**20)
"""


def case_memory(count: int) -> None:
    done = subprocess.run([sys.executable, "-c", MEMORY], stdout=subprocess.PIPE, text=True, check=True)
    taken, size = map(float, done.stdout.split()[-2:])
    train.note(
        "M, memory on the device", f"{taken:.0f} MiB, {taken / size:.2f} of the data's {size:.0f}", "at most 1.3"
    )


CASES = {"rates": case_rates, "S": case_s, "M": case_m, "XS": train.case_xs}
OF_IMAGES = {"large": case_large, "image_mlp": case_image_mlp}
CASES |= {"memory": case_memory, "L": train.case_l, "sweep": train.case_sweep, **OF_IMAGES}
CASES["ensemble"] = lambda count: importlib.import_module("tests.benchmarks.train_ensemble").case_ensemble(count)


def main(arguments=None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", nargs="+", default=list(CASES), choices=CASES)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--images", type=Path, metavar="FOLDER")
    parser.add_argument("--write", action="store_true", help="the table into train_gpu.md")
    options = parser.parse_args(arguments)
    if options.images is None and (asked := [name for name in options.cases if name in OF_IMAGES]):
        parser.error(f"--images must name the folder of Fashion-MNIST for {' and '.join(asked)}")
    print(devices.describe(), train.machine(), sep="; ")
    for name in options.cases:
        CASES[name](options.rounds, *([options.images] if name in OF_IMAGES else []))
    text = f"On {devices.describe()}. {train.written()}\n"
    if options.write:
        Path(__file__).with_suffix(".md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    from tests.benchmarks.train_gpu import main as run  # one module `train` for all that report

    run()
