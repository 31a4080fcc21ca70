"""Cases of `tests.benchmarks.train` that measure whole calls, from raw rows to a trained and scored model.

S-call    `zoo.train("mlp_classifier", (x, y))` on S: 2,000 rows x 20, 64-64, batch 32, 30 epochs
M-call    the same on M: 60,000 x 784, 128-64, batch 128, 8 epochs
parquet   one epoch of a Parquet file of 1,000,000 rows x 20: from the file to a trained and scored model

The zoo's time includes the schema, the statistics of the columns, encoding, building, tracing, compiling, training with
dropout and AdamW (Adam in S), the validation of each epoch and the scores of training and validation rows. The rivals
train a plain network by Adam on the same rows, unscaled, for as many epochs; like the zoo they hold out a fifth of the
rows and test it in each epoch. Imports are not measured.
"""

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

import zoo
from tests.benchmarks import train, train_rivals
from zoo.engine import loop_compiled

PARQUET_ROWS = 1_000_000


def zoo_call(data, **options) -> None:
    """Trains by `zoo.train` as in a new process: compiled loops of earlier calls are discarded first."""
    loop_compiled.clear()
    zoo.train("mlp_classifier", data, verbose=0, **options)


def case_s_call(count: int) -> None:
    x, y = train.table(2_000, 20, 2)
    how = {"hidden": (64, 64), "batch_size": 32, "epochs": 30}
    rivals = {
        "zoo": lambda: zoo_call((x, y), hidden_units=(64, 64), batch_size=32, epochs=30, optimizer="adam"),
        "scikit-learn": lambda: train_rivals.sklearn_run(x, y, **how),
    }
    goals = {"scikit-learn": "at least 1"}
    train.report("S by zoo.train, raw rows to scored model", train.rounds(rivals, count), goals)


def case_m_call(count: int) -> None:
    x, y = train.table(60_000, 784, 10)
    how = {"hidden": (128, 64), "batch_size": 128, "epochs": 8}
    rivals = {
        "zoo": lambda: zoo_call((x, y), hidden_units=(128, 64), batch_size=128, epochs=8),
        "scikit-learn": lambda: train_rivals.sklearn_run(x, y, **how),
        "Keras fit": lambda: train_rivals.keras_run(x, y, **how),
        train_rivals.TUNED: lambda: train_rivals.tuned_keras_run(x, y, **how),
    }
    goals = {"scikit-learn": "at least 2", "Keras fit": "at least 4"}
    train.report("M by zoo.train, raw rows to scored model, 8 epochs", train.rounds(rivals, count), goals)


def case_parquet(count: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.parquet"
        x, y = train.table(PARQUET_ROWS, 20, 2)
        pd.DataFrame(x, columns=[f"x{i}" for i in range(20)]).assign(target=y).to_parquet(path, index=False)
        del x, y

        def ours():
            options = {"hidden_units": (64, 64), "batch_size": 256, "epochs": 1, "validation": None}
            zoo_call(path, target="target", **options)

        rivals = {
            "zoo": ours,
            "pandas and scikit-learn's partial_fit": lambda: sklearn_epoch_of(path),
            "pandas and Keras fit": lambda: keras_epoch_of(path),
        }
        seconds = train.rounds(rivals, min(count, 3))
    title = f"an epoch of a Parquet file, {PARQUET_ROWS:,} rows x 20, 64-64, batch 256"
    train.report(title, seconds, {})
    rates = [f"{who} {PARQUET_ROWS / value:,.0f}" for who, value in seconds.items()]
    train.note("rows of that file a second", "; ".join(rates))


def sklearn_epoch_of(path) -> None:
    """Reads a Parquet file and trains scikit-learn's MLPClassifier on it for an epoch."""
    from sklearn.neural_network import MLPClassifier

    x, y = _columns(path)
    MLPClassifier((64, 64), batch_size=256).partial_fit(x, y, classes=np.unique(y))


def keras_epoch_of(path) -> None:
    """Reads a Parquet file and trains by Keras's `fit` on it for an epoch."""
    x, y = _columns(path)
    train_rivals.mlp(20, (64, 64), 2).fit(x, y, batch_size=256, verbose=0)


def _columns(path) -> tuple[np.ndarray, np.ndarray]:
    frame = pd.read_parquet(path)
    y = frame.pop("target").to_numpy()
    return frame.to_numpy("float32"), y
