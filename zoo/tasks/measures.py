"""The formulas of scores, in numpy and with sample weights, as scikit-learn's metrics have them.

classification  accuracy, log_loss, brier, roc_auc and average_precision (two classes, or the mean of one against the
                rest), f1_macro, ece: the expected calibration error, sum_b n_b/n |accuracy_b - confidence_b| over 15
                bins
labels          log_loss, brier, roc_auc and average_precision of each label, and their means; f1_micro of all labels
                together, f1_macro the mean of theirs; exact_match, the share of rows whose labels are all right
regression      rmse, mae, r2
"""

from __future__ import annotations

import numpy as np

BINS = 15


def mean(values, weight) -> float:
    return float(np.average(np.asarray(values, "float64"), weights=weight))


def regression_scores(y, values, weight=None) -> dict[str, float]:
    y = np.asarray(y, "float64")
    errors = np.asarray(values, "float64") - y
    spread = mean((y - mean(y, weight)) ** 2, weight)
    r2 = 1.0 - mean(errors**2, weight) / spread if spread > 0 else float("nan")
    return {"rmse": mean(errors**2, weight) ** 0.5, "mae": mean(np.abs(errors), weight), "r2": r2}


def classification_scores(
    y, probabilities, size: int, *, hard: bool, weight=None
) -> tuple[dict[str, float], np.ndarray]:
    predicted = np.argmax(probabilities, axis=-1)
    values = {"accuracy": mean(predicted == y, weight)}
    soft = not hard and bool(np.all(np.isfinite(probabilities)))  # a diverged model has no probabilities to score
    if soft:
        p = probabilities.astype("float64")
        p = p / p.sum(axis=-1, keepdims=True)
        values["log_loss"] = mean(-np.log(np.maximum(p[np.arange(len(y)), y], 1e-15)), weight)
        values["brier"] = brier(p, y, weight)
        if np.bincount(y, weight, minlength=size).all():
            which = [1] if size == 2 else range(size)
            values["roc_auc"] = float(np.mean([roc_auc(p[:, k], y == k, weight) for k in which]))
            values["average_precision"] = float(np.mean([average_precision(p[:, k], y == k, weight) for k in which]))
    counts = np.bincount(y * size + predicted, weight, minlength=size**2).reshape(size, -1)
    values["f1_macro"] = f1_macro(counts)
    if soft:
        values["ece"] = calibration_error(p.max(axis=-1), predicted == y, weight)
    return values, counts


def label_scores(y, probabilities, names, *, hard: bool, weight=None) -> dict[str, float]:
    """Returns the scores of labels, 0/1 `(rows, labels)`, by their probabilities."""
    y = np.asarray(y)
    predicted = probabilities >= 0.5
    right = np.average(predicted & (y == 1), axis=0, weights=weight)
    wrong = np.average(predicted != (y == 1), axis=0, weights=weight)
    f1 = np.divide(2 * right, 2 * right + wrong, out=np.zeros(len(names)), where=right + wrong > 0)
    found = {
        "exact_match": mean(np.all(predicted == (y == 1), axis=1), weight),
        "f1_micro": float(2 * right.sum() / max(2 * right.sum() + wrong.sum(), 1e-300)),
        "f1_macro": float(f1.mean()),
    }
    each: dict[str, list[float]] = {"f1": f1.tolist()}
    if not hard and np.all(np.isfinite(probabilities)):
        p = np.clip(probabilities.astype("float64"), 1e-15, 1 - 1e-15)
        each["log_loss"] = [
            mean(-np.log(np.where(y[:, i] == 1, p[:, i], 1 - p[:, i])), weight) for i in range(len(names))
        ]
        each["brier"] = [mean((probabilities[:, i] - y[:, i]) ** 2, weight) for i in range(len(names))]
        for name, area in (("roc_auc", roc_auc), ("average_precision", average_precision)):
            both = [_has_both(y[:, i], weight) for i in range(len(names))]
            each[name] = [
                area(probabilities[:, i], y[:, i] == 1, weight) if both[i] else float("nan") for i in range(len(names))
            ]
        for name in ("log_loss", "brier", "roc_auc", "average_precision"):
            known = [value for value in each[name] if np.isfinite(value)]
            if known:
                found[name] = float(np.mean(known))
    of_all = frozenset(found)
    for name, values in each.items():
        keys = [f"{name}_{label}" for label in names]
        keys = [f"{name}_label_{label}" if key in of_all else key for key, label in zip(keys, names, strict=True)]
        found |= {key: value for key, value in zip(keys, values, strict=True) if np.isfinite(value)}
    return found


def _has_both(y, weight) -> bool:
    return bool(np.bincount(y, weight, minlength=2).all())


def brier(p: np.ndarray, y: np.ndarray, weight) -> float:
    """Returns the mean of (p_1 - y)^2 for two classes, of sum_k (p_k - [y = k])^2 for more."""
    if p.shape[1] == 2:
        return mean((p[:, 1] - y) ** 2, weight)
    return mean(np.sum(p**2, axis=1) - 2 * p[np.arange(len(y)), y] + 1, weight)


def roc_auc(scores: np.ndarray, positive: np.ndarray, weight=None) -> float:
    """Returns the area under the ROC curve: the share of pairs in which the positive row scores higher; ties half."""
    weight = np.ones(len(scores)) if weight is None else weight
    order = np.argsort(scores[~positive], kind="stable")
    ordered = scores[~positive][order]
    sums = np.concatenate([[0.0], np.cumsum(weight[~positive][order])])
    below, up_to = (sums[np.searchsorted(ordered, scores[positive], side)] for side in ("left", "right"))
    area = np.average(below + up_to, weights=weight[positive]) / (2 * sums[-1])
    return float(min(area, 1.0))  # sums of weights are rounded


def average_precision(scores: np.ndarray, positive: np.ndarray, weight=None) -> float:
    """Returns sum_n (R_n - R_{n-1}) P_n over the thresholds n, from recall R and precision P of what scores as high."""
    weight = np.ones(len(scores)) if weight is None else weight
    order = np.argsort(-scores, kind="stable")
    last = np.append(np.diff(scores[order]) != 0, True)  # of the rows that score the same
    right = np.cumsum((weight * positive)[order])[last]
    chosen = np.cumsum(weight[order])[last]
    precision = np.divide(right, chosen, out=np.zeros_like(right), where=chosen > 0)
    return float(np.sum(np.diff(right, prepend=0.0) * precision) / right[-1])


def f1_macro(counts: np.ndarray) -> float:
    """Returns the mean of F1 = 2 tp / (2 tp + fp + fn) over the classes that occur, from the confusion matrix."""
    total = counts.sum(axis=0) + counts.sum(axis=1)
    occurs = total > 0
    return float(np.mean(2 * np.diag(counts)[occurs] / total[occurs]))


def calibration_error(confidence, correct, weight=None) -> float:
    weight = np.ones(len(confidence)) if weight is None else weight
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    gaps = np.bincount(bins, correct * weight, BINS) - np.bincount(bins, confidence * weight, BINS)
    return float(np.sum(np.abs(gaps)) / np.sum(weight))
