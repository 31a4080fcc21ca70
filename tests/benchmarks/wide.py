"""Benchmarks of tables with many columns, and of predictions of few rows.

    python -m tests.benchmarks.wide                                     all cases
    python -m tests.benchmarks.wide --cases numbers --columns 1000 3000
    python -m tests.benchmarks.wide --write                             and the table into docs/benchmarks.md

numbers     1,000, 3,000 and 10,000 columns of normal numbers: each call once, after a training of 5 columns
categories  2,000 columns of 4 levels
mixture     100 and 300 columns: dates, texts, ISO dates, booleans and categories in turn
export      300, 1,000 and 3,000 numbers: the export of a linear model with its proof
predict     titanic's network on 1, 100 and 10,000 rows, against its served signature and Keras's `predict`; the three
            run in turn, and figures are medians of the rounds

All tables have 1,000 rows and a target of two classes. `train` is the whole call for one epoch, from raw rows to the
run; `predict` takes five rows, the first time and again.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import pandas as pd

import zoo
from tests.benchmarks import train

ENTRY = "mlp_classifier"
GOALS = {
    ("numbers", 3_000): "save under 3 s",
    ("numbers", 10_000): "train under 20 s, predict under 0.2 s",
}
WIDTHS = {
    "numbers": (1_000, 3_000, 10_000),
    "categories": (2_000,),
    "mixture": (100, 300),
    "export": (300, 1_000, 3_000),
}


def column(kind: str, rows: int, generator: np.random.Generator):
    """Returns a column of a kind: `date`, `text`, `iso`, `boolean`, `category` or `number`."""
    days = np.datetime64("2020-01-01") + generator.integers(0, 900, rows)
    if kind == "date":
        return days.astype("datetime64[s]")
    if kind == "iso":
        return days.astype(str)
    if kind == "text":
        return [f"seen {a} times near gate {b}" for a, b in generator.integers(0, (100_000, 9), (rows, 2))]
    if kind == "boolean":
        return generator.random(rows) < 0.5
    return (
        generator.choice(["north", "south", "river", "hill"], rows)
        if kind == "category"
        else generator.normal(size=rows)
    )


def table(case: str, columns: int, rows: int) -> pd.DataFrame:
    """Returns a table of a case, with the target `y`."""
    kinds = {"categories": ["category"], "mixture": ["date", "text", "iso", "boolean", "category"]}.get(
        case, ["number"]
    )
    generator = np.random.default_rng(0)
    made = {f"x{i}": column(kinds[i % len(kinds)], rows, generator) for i in range(columns)}
    return pd.DataFrame({**made, "y": np.where(generator.random(rows) < 0.5, "yes", "no")})


def seconds(call: Callable):
    """Returns the wall time of a call, and what it returned."""
    begin = time.perf_counter()
    found = call()
    return time.perf_counter() - begin, found


def case_of_columns(case: str, columns: int, rows: int) -> None:
    """Notes the seconds of each call on a table."""
    frame = table(case, columns, rows)
    options = {"target": "y", "hidden_units": (8,)}
    zoo.train(ENTRY, frame[["y", *frame.columns[:5]]], epochs=1, verbose=0, **options)  # TensorFlow starts
    taken = {}
    taken["build"], model = seconds(lambda: zoo.build(ENTRY, frame, **options))
    taken["str(schema)"], _ = seconds(lambda: str(model.schema))
    taken["train"], run = seconds(lambda: zoo.train(ENTRY, frame, epochs=1, verbose=0, **options))
    with tempfile.TemporaryDirectory() as folder:
        taken["save"], _ = seconds(lambda: run.save(Path(folder, "wide")))
        taken["load"], model = seconds(lambda: zoo.load(Path(folder, "wide")))
    five = frame.head(5).drop(columns="y")
    taken["predict, first"], _ = seconds(lambda: zoo.predict(model, five))
    taken["predict"] = min(seconds(lambda: zoo.predict(model, five))[0] for _ in range(3))
    taken["evaluate"], _ = seconds(lambda: zoo.evaluate(model, frame, verbose=0))
    measured = ", ".join(f"{name} {value:.3g} s" for name, value in taken.items())
    train.note(f"{columns:,} {case} x {rows:,} rows", measured, GOALS.get((case, columns), ""))


def case_export(columns: int, rows: int) -> None:
    """Notes the seconds of saving and of exporting a linear model."""
    run = zoo.train("logistic_regression", table("numbers", columns, rows), target="y", epochs=1, verbose=0)
    with tempfile.TemporaryDirectory() as folder:
        saved, _ = seconds(lambda: run.save(Path(folder, "wide")))
        exported, _ = seconds(lambda: zoo.export(run, Path(folder, "served")))
    train.note(f"{columns:,} numbers, a linear model", f"save {saved:.3g} s, export with its proof {exported:.3g} s")


def case_predict(count: int) -> None:
    """Reports predictions of titanic's network against its served signature and Keras's `predict`."""
    import tensorflow as tf

    from zoo.data.served import save_served

    model, frame = zoo.load("mlp_classifier.titanic"), zoo.data.load("titanic").frame()
    names = model.schema.served_names
    with tempfile.TemporaryDirectory() as folder:
        save_served(model, Path(folder, "1"))
        served = tf.saved_model.load(str(Path(folder, "1")))
    for rows in (1, 100, 10_000):
        x = frame.iloc[np.arange(rows) % len(frame)]
        tensors = model.preprocessor.tensors(x)
        feed = {names[name]: tf.constant(values.tolist()) for name, values in tensors.items()}
        record = {name: x[name].astype(object).tolist() for name in model.schema.names}
        rivals: dict[str, Callable] = {
            "zoo": lambda x=x: zoo.predict(model, x),
            "a dict of lists": lambda record=record: zoo.predict(model, record),
            "the served signature": lambda feed=feed: served.signatures["serving_default"](**feed)["label"].numpy(),
        }
        if rows <= 100:
            rivals["Keras's predict"] = lambda x=x: model.predict(x, verbose=0)
        taken = in_turn(rivals, count * (20 if rows <= 100 else 1))
        goals = {"the served signature": "at least 0.33"} if rows == 1 else {}
        train.report(f"predict, {rows:,} row{'s' * (rows > 1)} of titanic", taken, goals)


def in_turn(rivals: dict[str, Callable], count: int) -> dict[str, float]:
    """Returns the median seconds of each rival, run in turn, after two rounds that do not count."""
    taken: dict[str, list] = {name: [] for name in rivals}
    for _ in range(count + 2):
        for name, call in rivals.items():
            taken[name].append(seconds(call)[0])
    return {name: float(np.median(values[2:])) for name, values in taken.items()}


def main(arguments=None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    cases = [*WIDTHS, "predict"]
    parser.add_argument("--cases", nargs="+", default=cases, choices=cases)
    parser.add_argument("--columns", nargs="+", type=int, help="numbers of columns, instead of each case's own")
    parser.add_argument("--rows", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--write", action="store_true", help="the table into docs/benchmarks.md")
    options = parser.parse_args(arguments)
    train.rows.clear()
    print(train.machine())
    for case in options.cases:
        if case == "predict":
            case_predict(options.rounds)
        for columns in () if case == "predict" else options.columns or WIDTHS[case]:
            if case == "export":
                case_export(columns, options.rows)
            else:
                case_of_columns(case, columns, options.rows)
    if options.write:
        train.write("wide")


if __name__ == "__main__":
    main()
