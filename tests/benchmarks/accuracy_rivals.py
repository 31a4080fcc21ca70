"""What `tests.benchmarks.accuracy` compares with: what others reached on the same rows, and a second setting."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from scipy.stats import rankdata

# By name, the methods of a file of baselines; where the first is absent, the next one stands for it.
RIVALS = {
    "linear": ("linear",),
    "scikit-learn MLP": ("sk_mlp",),
    "HistGradientBoosting": ("hgb",),
    "LightGBM": ("lightgbm",),
    "XGBoost": ("xgboost",),
    "CatBoost": ("catboost",),
    "RealMLP": ("realmlp", "realmlp_e128"),
    "TabM": ("tabm_pwl", "tabm"),
}
SAMPLES = 2_000  # of a bootstrap


def rivals(baselines: Path, data: str, metric: str) -> dict[str, float]:
    """Returns what each rival reached on split 0 of a data set; those that did not measure it are absent.

    Args:
        baselines: A JSON list of rows with `dataset`, `seed` (of the split), `method` and metrics by name.
        data: Name of the data set.
        metric: `"accuracy"` or `"rmse"`.
    """
    rows = json.loads(baselines.read_text(encoding="utf-8"))
    known = {row["method"]: row[metric] for row in rows if row["dataset"] == data and not row["seed"] and metric in row}
    found = {name: [known[method] for method in methods if method in known] for name, methods in RIVALS.items()}
    return {name: values[0] for name, values in found.items() if values}


def rank(own: float, others: Mapping[str, float], metric: str) -> float:
    """Returns the rank of a value among others, from 1; equal values share the mean of their ranks.

    Args:
        own: The value.
        others: Those of the rivals.
        metric: Of `"rmse"` the lower is the better, of any other the higher.
    """
    values = np.array([own, *others.values()])
    return float(rankdata(values if metric == "rmse" else -values)[0])


def difference(ours: Sequence[np.ndarray], theirs: Sequence[np.ndarray], metric: str) -> tuple[float, float, float]:
    """Returns by how much the first setting is better than the second, and a 95 % interval by a paired bootstrap.

    Test rows are drawn with replacement, each split's own, the same ones for both settings.

    Args:
        ours: For each split, the loss of each test row: 1 for a wrong class, or the squared error.
        theirs: The same of the other setting.
        metric: `"accuracy"`, whose difference is returned, or `"rmse"`, by which share it is lower.
    """
    generator = np.random.default_rng(0)
    samples = np.zeros(SAMPLES)
    exact = 0.0
    for own, other in zip(ours, theirs, strict=True):
        drawn = generator.integers(len(own), size=(SAMPLES, len(own)), dtype="int32")
        samples += _better(own[drawn].mean(axis=1), other[drawn].mean(axis=1), metric) / len(ours)
        exact += float(_better(own.mean(), other.mean(), metric)) / len(ours)
    low, high = np.quantile(samples, (0.025, 0.975))
    return exact, float(low), float(high)


def _better(own, other, metric: str):
    return 1.0 - np.sqrt(own / other) if metric == "rmse" else other - own


def said(found: tuple[float, float, float]) -> str:
    """Returns a difference in words: `+.012 (+.003 to +.021)`, and whether it is beyond chance."""
    exact, low, high = (f"{value:+.4f}".replace("0.", ".") for value in found)
    verdict = "better" if found[1] > 0 else "worse" if found[2] < 0 else "alike"
    return f"{exact} ({low} to {high}), {verdict}"
