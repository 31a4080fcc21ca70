"""Kohonen's map against MiniSom, for the same number of presentations: seconds, quantization and topographic error.

    pip install minisom

iris     150 x 4 on 10 x 10, 100 passes
blobs    100,000 x 50 on 30 x 30, one pass

"fit" is `model.fit` of a built model, "whole" `zoo.train` from raw rows to a scored model. Nothing is compiled by the
default rule, which is in numpy. Of the online rule the first run compiles, and counts apart. MiniSom has its defaults,
sigma 1 and rate 0.5, and rows for its first weights; its building does not count. It is left out where it is missing.
"""

import time

import numpy as np

import zoo
from tests.benchmarks import train
from zoo.models.kohonen_map import quantization, topographic


def blobs(rows: int, columns: int, seed: int = 0) -> np.ndarray:
    """Returns points around 20 centers."""
    generator = np.random.default_rng(seed)
    centers = 3.0 * generator.normal(size=(20, columns))
    return (centers[generator.integers(0, 20, rows)] + generator.normal(size=(rows, columns))).astype("float32")


def errors(codebook, x) -> str:
    some = x[:10_000]
    return f"quantization error {quantization(codebook, some):.4f}, topographic {topographic(codebook, some):.4f}"


def compare(title: str, x, grid: tuple, passes: int, count: int) -> None:
    """Reports seconds and errors of the zoo's map and of MiniSom."""
    found: dict[str, list] = {}

    def fit(**options):
        model = zoo.build("kohonen_map", x, grid=grid, seed=len(found), **options)
        begin = time.perf_counter()
        model.fit(x, epochs=passes, verbose=0)
        seconds = time.perf_counter() - begin
        found[options.get("rule", "zoo")] = model.codebook
        return seconds

    def whole():
        zoo.train("kohonen_map", x, grid=grid, epochs=passes, verbose=0)

    def online():
        run = zoo.train("kohonen_map", x, grid=grid, epochs=passes, rule="online", verbose=0)
        found["zoo, online rule"] = run.model.codebook

    rivals = {"zoo": fit, "zoo, whole": whole, "zoo, online rule, compiled before": online}
    begin = time.perf_counter()
    online()
    first = time.perf_counter() - begin
    goals = {}
    try:
        from minisom import MiniSom
    except ImportError:
        print("MiniSom is missing: pip install minisom")
    else:

        def random(method="train_random"):
            som = MiniSom(*grid, x.shape[1], sigma=1.0, learning_rate=0.5, random_seed=0)
            som.random_weights_init(x)
            begin = time.perf_counter()
            getattr(som, method)(x, passes * len(x))
            seconds = time.perf_counter() - begin
            found[f"MiniSom {method}"] = som.get_weights()
            return seconds

        rivals |= {"MiniSom train_random": random, "MiniSom train_batch": lambda: random("train_batch")}
        goals = {"MiniSom train_random": "at least 10", "MiniSom train_batch": "at least 10"}
    train.report(f"kohonen_map, {title}, fit", train.rounds(rivals, count), goals)
    train.note(f"kohonen_map, {title}, online rule with compiling", f"{first:.2f} s")
    for name, codebook in found.items():
        train.note(f"kohonen_map, {title}, {name}", errors(codebook, x))


def case_iris(count: int) -> None:
    x = zoo.data.load("iris").x.to_numpy("float32")
    compare("iris on 10 x 10, 100 passes", x, (10, 10), 100, count)


def case_blobs(count: int, rows: int = 100_000) -> None:
    compare(f"{rows:,} x 50 on 30 x 30, one pass", blobs(rows, 50), (30, 30), 1, min(count, 1))
