"""The formulas of scores, in numpy and with sample weights, as scikit-learn's metrics have them.

classification  accuracy, and majority_accuracy, that of the most frequent class as every row's answer; log_loss, brier,
                roc_auc and average_precision (two classes, or the mean of one against the rest); precision and recall
                of each class, of two classes together those of the second, of more their means; f1 of two classes;
                f1_macro, f1_micro; balanced_accuracy, the mean recall; ece: the expected calibration error,
                sum_b n_b/n |accuracy_b - confidence_b| over 15 bins
labels          log_loss, brier, roc_auc, average_precision, precision and recall of each label, and their means;
                f1_micro of all labels together, f1_macro the mean of theirs; exact_match, the share of rows whose
                labels are all right
regression      rmse, mae, median_error (the median of |error|), r2

Means over classes or labels count a precision or recall that has nothing to divide by as 0, as scikit-learn does; of a
single class or label it is left out.
"""

from __future__ import annotations

import numpy as np

BINS = 15


def mean(values, weight) -> float:
    return float(np.average(np.asarray(values, "float64"), weights=weight))


def share_of_rest(losses):
    """Returns 1 - the mean loss: accuracy for the share of wrong rows, R2 for errors in variances."""
    return 1.0 - losses


def regression_scores(y, values, weight=None) -> dict[str, float]:
    y = np.asarray(y, "float64")
    errors = np.asarray(values, "float64") - y
    spread = mean((y - mean(y, weight)) ** 2, weight)
    r2 = 1.0 - mean(errors**2, weight) / spread if spread > 0 else float("nan")
    sizes = np.abs(errors)
    middle = median(sizes, weight)
    return {"rmse": mean(errors**2, weight) ** 0.5, "mae": mean(sizes, weight), "median_error": middle, "r2": r2}


def median(values: np.ndarray, weight=None) -> float:
    """Returns the value up to which half of the weight stands; between two of them, their mean."""
    if weight is None or not np.all(np.isfinite(values)):
        return float(np.median(values))
    values, weight = values[weight > 0], weight[weight > 0]
    order = np.argsort(values, kind="stable")
    sums = np.cumsum(weight[order])
    half = sums[-1] / 2
    place = min(int(np.searchsorted(sums, half * (1 - 1e-12))), len(order) - 1)
    is_between = abs(sums[place] - half) <= 1e-12 * sums[-1]  # sums of weights are rounded
    return float(np.mean(values[order[place : place + 1 + is_between]]))


def classification_scores(
    y, probabilities, size: int, *, hard: bool, weight=None, threshold: float | None = None
) -> tuple[dict[str, float], np.ndarray]:
    """Returns the scores of all rows, and the confusion matrix.

    Args:
        y: Class indices `(rows,)`.
        probabilities: `(rows, size)`.
        size: How many classes there are.
        hard: Whether the probabilities are decisions, 0 or 1.
        weight: Sample weights `(rows,)`, or None.
        threshold: The probability of the second of two classes from which on it is decided for; None for the class of
            the highest probability.
    """
    highest = np.argmax(probabilities, axis=-1)
    predicted = highest if threshold is None else is_positive(probabilities[:, 1], threshold).astype("int64")
    of_class = np.bincount(y, weight, minlength=size)
    values = {"accuracy": mean(predicted == y, weight), "majority_accuracy": float(of_class.max() / of_class.sum())}
    soft = not hard and bool(np.all(np.isfinite(probabilities)))  # a diverged model has no probabilities to score
    if soft:
        p = shares(probabilities)
        values["log_loss"] = mean(log_losses(p, y), weight)
        values["brier"] = brier(p, y, weight)
        if of_class.all():
            which = [1] if size == 2 else range(size)
            values["roc_auc"] = float(np.mean([roc_auc(p[:, k], y == k, weight) for k in which]))
            values["average_precision"] = float(np.mean([average_precision(p[:, k], y == k, weight) for k in which]))
    counts = np.bincount(y * size + predicted, weight, minlength=size**2).reshape(size, -1)
    values |= _decision_scores(counts)
    if soft:
        values["ece"] = calibration_error(p.max(axis=-1), highest == y, weight)
    return values, counts


def shares(probabilities: np.ndarray) -> np.ndarray:
    """Returns probabilities `(rows, classes)` in float64, of which each row sums to 1."""
    p = probabilities.astype("float64")
    return p / p.sum(axis=-1, keepdims=True)


def log_losses(p: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Returns -log of the probability of each row's class, `(rows,)`."""
    return -np.log(np.maximum(p[np.arange(len(y)), y], 1e-15))


def label_log_losses(p: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Returns the mean of -log p over the labels of each row, p the probability of what is true, `(rows,)`."""
    p = np.clip(p.astype("float64"), 1e-15, 1 - 1e-15)
    return -np.log(np.where(y == 1, p, 1 - p)).mean(axis=1)


def is_positive(probabilities: np.ndarray, threshold) -> np.ndarray:
    """Returns whether probabilities reach a threshold, which is first rounded to their dtype: 0.7 reaches 0.7."""
    return probabilities >= np.asarray(threshold, probabilities.dtype)


def _decision_scores(counts: np.ndarray) -> dict[str, float]:
    """Returns the scores of decisions over all classes, from the confusion matrix."""
    each = np.stack(list(class_scores(counts).values()))  # (3, classes)
    occurs = np.isfinite(each[2])
    if len(counts) == 2:
        values = {name: float(value) for name, value in zip(SCORES_OF_CLASSES, each[:, 1]) if np.isfinite(value)}
    else:
        means = np.nan_to_num(each[:, occurs]).mean(axis=1)
        values = {"precision": float(means[0]), "recall": float(means[1])}
    values |= {"f1_macro": f1_macro(counts), "f1_micro": float(np.trace(counts) / counts.sum())}
    return values | {"balanced_accuracy": float(np.nanmean(each[1]))}


SCORES_OF_CLASSES = ("precision", "recall", "f1")
F1_OF_ALL_CLASSES = ("f1_macro", "f1_micro")


def class_scores(counts: np.ndarray) -> dict[str, np.ndarray]:
    """Returns precision, recall and F1 of each class, `(classes,)`, from the confusion matrix.

    Precision is 0 of a class that has rows and is never predicted. Where else there is nothing to divide by they are
    NaN: the recall of a class without rows, and all three of one that is not predicted either.
    """
    right, true, predicted = np.diag(counts), counts.sum(axis=1), counts.sum(axis=0)
    return dict(zip(SCORES_OF_CLASSES, _ratios(right, true, predicted)))


def _ratios(right, true, predicted) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns precision, recall and F1, NaN where there is nothing to divide by.

    Args:
        right: True positives, `(classes,)`.
        true: The rows of each class.
        predicted: The rows that are decided to be of each class.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        precision = np.where((predicted == 0) & (true > 0), 0.0, right / predicted)
        return precision, right / true, 2 * right / (true + predicted)


def label_scores(
    y, probabilities, names, *, hard: bool, weight=None, threshold: float | np.ndarray = 0.5
) -> tuple[dict[str, float], dict[str, dict[str, float]]]:
    """Returns the scores over all labels, and those of each label by the name of the score.

    Args:
        y: 0 and 1, `(rows, labels)`.
        probabilities: `(rows, labels)`.
        names: What the labels are called.
        hard: Whether the probabilities are decisions, 0 or 1.
        weight: Sample weights `(rows,)`, or None.
        threshold: From which probability on a label is decided for, one number or `(labels,)`.
    """
    y = np.asarray(y)
    predicted = is_positive(probabilities, threshold)
    right, true, chosen = (np.average(of == 1, axis=0, weights=weight) for of in (predicted & (y == 1), y, predicted))
    precision, recall, f1 = _ratios(right, true, chosen)
    f1 = np.nan_to_num(f1)
    found = {
        "exact_match": mean(np.all(predicted == (y == 1), axis=1), weight),
        "precision": float(np.nan_to_num(precision).mean()),
        "recall": float(np.nan_to_num(recall).mean()),
        "f1_micro": float(2 * right.sum() / max(true.sum() + chosen.sum(), 1e-300)),
        "f1_macro": float(f1.mean()),
    }
    each: dict[str, list[float]] = {"f1": f1.tolist(), "precision": precision.tolist(), "recall": recall.tolist()}
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
    return found, {name: _finite(dict(zip(names, values, strict=True))) for name, values in each.items()}


def _finite(numbers: dict) -> dict:
    return {name: float(value) for name, value in numbers.items() if np.isfinite(value)}


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
