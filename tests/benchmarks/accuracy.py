"""Accuracy of the default recipes on the shipped tables: fit on train, choose the epoch on val, report test.

python -m tests.benchmarks.accuracy                          the split that each data set ships
python -m tests.benchmarks.accuracy --splits FOLDER          <data set>_seed<k>.npz with train, val, test: their mean
python -m tests.benchmarks.accuracy --only titanic mpg --part val
"""

import argparse
import ast
import time
from pathlib import Path

import numpy as np

import zoo

CASES = {
    "titanic": ("mlp_classifier", ("accuracy", "log_loss", "roc_auc")),
    "penguins": ("logistic_regression", ("accuracy", "log_loss")),
    "adult": ("mlp_classifier", ("accuracy", "log_loss", "roc_auc")),
    "california_housing": ("mlp_regressor", ("rmse", "r2")),
    "diamonds": ("mlp_regressor", ("rmse", "r2")),
    "mpg": ("mlp_regressor", ("rmse", "r2")),
    "hpc_jobs": ("mlp_classifier", ("accuracy", "log_loss")),
    "mnist_10k": ("image_mlp", ("accuracy", "log_loss")),
}


def splits(name: str, folder: Path | None) -> list[dict]:
    """Returns the splits of a data set: those in `folder`, or the one it ships."""
    files = sorted(folder.glob(f"{name}_seed*.npz")) if folder else []
    if not files:
        return [zoo.data.load(name).splits]
    return [dict(np.load(file)) for file in files]


def measure(name: str, split: dict, part: str, seed: int, entry: str, options: dict) -> tuple[dict, float, int]:
    """Trains on one split; returns the scores on `part`, seconds, and epochs run."""
    data = zoo.data.load(name)
    train, val = data.take(split["train"]), data.take(split["val"] if "val" in split else split["test"])
    begin = time.perf_counter()
    run = zoo.train(entry, train, validation=val, seed=seed, verbose=0, **options)
    seconds = time.perf_counter() - begin
    scores = zoo.evaluate(run, data.take(split[part]), verbose=0)
    return dict(scores), seconds, len(run.history["loss"])


def main(arguments: list[str] | None = None) -> None:
    """Prints one line a split and the mean of each data set."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--splits", type=Path)
    parser.add_argument("--only", nargs="*", default=list(CASES))
    parser.add_argument("--part", default="test", choices=("val", "test"))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--set", nargs="*", default=[], help="options of train, as name=value")
    chosen = parser.parse_args(arguments)
    options = {key: ast.literal_eval(value) for key, _, value in (item.partition("=") for item in chosen.set)}
    for name in chosen.only:
        entry, shown = CASES[name]
        rows = []
        for split in splits(name, chosen.splits):
            scores, seconds, epochs = measure(name, split, chosen.part, chosen.seed, entry, options)
            rows.append(scores)
            line = "  ".join(f"{key} {scores[key]:.4f}" for key in shown if key in scores)
            print(f"  {name:20} {line}  {seconds:.1f} s  {epochs} epochs", flush=True)
        means = "  ".join(f"{key} {np.mean([row[key] for row in rows]):.4f}" for key in shown if key in rows[0])
        print(f"{name:20} {entry:20} {chosen.part}: {means}", flush=True)


if __name__ == "__main__":
    main()
