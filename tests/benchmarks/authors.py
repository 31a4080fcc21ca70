"""RealMLP and TabM beside the PyTorch packages of their authors: the same rows, sizes and epochs, on one core.

    pip install torch pytabkit
    python -m tests.benchmarks.authors
    python -m tests.benchmarks.authors --only tabm --data mpg --seeds 1 --epochs 4
    python -m tests.benchmarks.authors --write        and the table into docs/benchmarks.md

What is timed is the whole call from raw rows to a trained model: `zoo.train` on one side, `fit` of pytabkit's
estimator, which holds both networks, on the other; each is called once before, so that nothing is imported meanwhile.
Validation rows choose the epoch; TabM stops 16 epochs after the best one on both sides. Rows are those of the split
that each data set ships, of the training rows the first `ROWS`; both see the same validation rows. Seeds alternate
between the two.

realmlp       both as published but for the loss of classes, which is the plain cross-entropy, since log loss is scored
tabm          members and units as published (mini, 32 of 2 x 512, vectors of 16), batches shared among members; but
              pytabkit's of regressors by batches of each member's own, since sharing them, its 1.8.0 compares each
              member of each row with the targets of all rows, and learns the mean alone
tabm, ours    the same by the zoo's recipe: 16 members of 2 x 128, of which the best 8 stay
"""

import argparse
import os
import time
from collections.abc import Callable
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")

import numpy as np
import pandas as pd

import zoo
from tests.benchmarks import train
from tests.benchmarks.accuracy import number

DATA = ("mpg", "hpc_jobs", "california_housing")
ROWS = 4_000
EPOCHS = 32
SIZES = {"members": 32, "kept_members": None, "hidden_units": (512, 512), "embedding_size": 16}
AS_PUBLISHED = {"learning_rate": 2e-3, "batch_size": 256}
OURS: dict[str, tuple[str, dict]] = {  # a case: the family of entries, and options of `zoo.train`
    "realmlp": ("realmlp", {"batch_size": 256}),
    "tabm": ("tabm", {**SIZES, **AS_PUBLISHED}),
    "tabm, ours": ("tabm", {}),
}
THEIRS: dict[str, dict] = {
    "realmlp": {"use_ls": False, "val_metric_name": None},
    "tabm": {
        "arch_type": "tabm-mini",
        "num_emb_type": "pwl",
        "weight_decay": 3e-4,
        "n_blocks": 2,
        "gradient_clipping_norm": 1.0,
    },
}


def parts_of(name: str) -> dict[str, Any]:
    """Returns the rows of a data set by part, of the training rows the first `ROWS`."""
    data = zoo.data.load(name)
    rows = {**data.splits, "train": data.splits["train"][:ROWS]}
    return {part: data.take(chosen) for part, chosen in rows.items()}


def trained_here(case: str, parts: dict, epochs: int, seed: int) -> Callable:
    """Trains an entry of the zoo. Returns a function that scores it."""
    family, options = OURS[case]
    entry = f"{family}_{'regressor' if is_regression(parts) else 'classifier'}"
    run = zoo.train(entry, parts["train"], validation=parts["val"], epochs=epochs, seed=seed, verbose=0, **options)
    return lambda rows: dict(zoo.evaluate(run, rows, verbose=0))


def trained_there(case: str, parts: dict, epochs: int, seed: int) -> Callable:
    """Trains the estimator of the authors' package. Returns a function that scores it."""
    import pytabkit

    regression = is_regression(parts)
    kind = "Regressor" if regression else "Classifier"
    options = {**THEIRS[case], "val_metric_name": "rmse" if regression else "cross_entropy"}
    if case == "tabm":
        chosen, options = f"TabM_D_{kind}", {**options, "patience": 16, "share_training_batches": not regression}
    else:
        chosen = f"RealMLP_TD_{kind}"
        if regression:
            del options["use_ls"]
    model = getattr(pytabkit, chosen)(n_epochs=epochs, random_state=seed, n_threads=1, device="cpu", **options)
    x, y = frame_of(parts["train"]), np.asarray(parts["train"].y)
    held_x, held_y = frame_of(parts["val"]), np.asarray(parts["val"].y)
    texts = [column for column in x if not pd.api.types.is_numeric_dtype(x[column])]
    model.fit(x, y, held_x, held_y, cat_col_names=texts)

    def scores(rows) -> dict[str, float]:
        truth, frame = np.asarray(rows.y), frame_of(rows)
        if regression:
            errors = np.ravel(model.predict(frame)) - truth.astype("float64")
            return {"rmse": float(np.sqrt(np.mean(errors**2)))}
        p = model.predict_proba(frame)[np.arange(len(truth)), np.searchsorted(model.classes_, truth)]
        right = model.predict(frame) == truth
        return {"accuracy": float(np.mean(right)), "log_loss": float(-np.mean(np.log(np.maximum(p, 1e-15))))}

    return scores


def is_regression(parts: dict) -> bool:
    return parts["train"].schema.task == "regression"


def frame_of(rows) -> pd.DataFrame:
    """Returns rows as the authors' estimators take them: texts as strings, no number missing."""
    frame = rows.x.copy()
    for column in frame:
        if pd.api.types.is_numeric_dtype(frame[column]):
            values = frame[column].astype("float64")
            frame[column] = values.fillna(values.median())
        else:
            frame[column] = frame[column].astype(object).where(frame[column].notna(), "").astype(str)
    return frame


def measure(case: str, parts: dict, epochs: int, seeds: int) -> dict[str, list[tuple[float, dict]]]:
    """Returns CPU seconds and test scores of each seed, by who trained."""
    found: dict[str, list] = {"zoo": [], "authors": []}
    trainers = {"zoo": trained_here, "authors": trained_there}
    for who, trainer in trainers.items():  # imports, and what a process compiles once
        theirs = case if who == "zoo" else case.partition(",")[0]
        trainer(theirs, parts, 1, 0)
    for seed in range(seeds):
        for who, trainer in trainers.items():
            theirs = case if who == "zoo" else case.partition(",")[0]
            begin = time.process_time()
            scores = trainer(theirs, parts, epochs, seed)
            seconds = time.process_time() - begin
            found[who].append((seconds, scores(parts["test"])))
    return found


def said(values: list[float]) -> str:
    """Returns a mean and its spread over the seeds."""
    return f"{number(float(np.mean(values)))} ({number(min(values))} to {number(max(values))})"


def main(arguments: list[str] | None = None) -> None:
    """Prints a line a case, and the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", default=list(OURS), choices=list(OURS))
    parser.add_argument("--data", nargs="*", default=DATA)
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--write", action="store_true", help="the table into docs/benchmarks.md")
    chosen = parser.parse_args(arguments)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    lines = ["| data | network | metric | the zoo | authors' package | CPU seconds: the zoo | authors' | ratio |"]
    lines.append("|---" * 8 + "|")
    for name in chosen.data:
        parts = parts_of(name)
        for case in chosen.only:
            found = measure(case, parts, chosen.epochs, chosen.seeds)
            ours, theirs = (np.array([seconds for seconds, _ in found[who]]) for who in ("zoo", "authors"))
            for metric in found["authors"][0][1]:
                cells = [said([scores[metric] for _, scores in found[who]]) for who in ("zoo", "authors")]
                cells += [f"{np.median(ours):.1f}", f"{np.median(theirs):.1f}", f"{np.median(ours / theirs):.2f}"]
                lines.append(f"| {name} | {case} | {metric} | {' | '.join(cells)} |")
                print(lines[-1], flush=True)
    import pytabkit
    import torch

    versions = f"PyTorch {torch.__version__}, pytabkit {getattr(pytabkit, '__version__', '')}"
    text = f"Measured on {train.machine()}, {versions}; {chosen.epochs} epochs, {chosen.seeds} seeds.\n\n"
    text += "\n".join(lines)
    print(f"\n{text}")
    if chosen.write:
        train.put("authors", text)


if __name__ == "__main__":
    main()
