"""Multilabel: several labels a row, each there or not by itself, with a probability each.

A network gives a logit z_l for each label; p_l = 1 / (1 + exp(-z_l)).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from zoo.data import targets
from zoo.data.schema import Schema
from zoo.scores import Predictions, RowLosses, Scores
from zoo.tasks import calibration, measures, target_values, thresholds
from zoo.tasks.calibration import Calibration
from zoo.tasks.differences import Difference, distances
from zoo.tasks.target import Target
from zoo.tasks.task import Task


class Labels(Target):
    """Columns of 0 and 1, one a label."""

    def encode(self, y) -> np.ndarray:
        """Returns 0 and 1, int32 `(rows, labels)`.

        Raises:
            ValueError: if a value is missing, or neither 0 nor 1; the message names the column and the row.
        """
        return self.read(y, self.names)

    @staticmethod
    def read(y, names: list) -> np.ndarray:
        """Returns 0 and 1, int32 `(rows, labels)`, as `encode` does, for labels of these names."""
        columns = target_values.named(y, names)
        read = [target_values.zeros_and_ones(values, f"label {name!r}") for name, values in columns.items()]
        return np.stack(read, axis=1)

    @property
    def unit_names(self) -> list:
        return list(range(len(self.names)))

    @property
    def training_spec(self) -> tuple[str, tuple[int, ...]]:
        return "int32", (len(self.names),)

    @property
    def calibration(self) -> Calibration | None:
        """What is done to log-odds before they are probabilities, or None."""
        return calibration.from_config(self.state.get("calibration"))

    @property
    def thresholds(self) -> np.ndarray | None:
        """The probability of each label from which on it is there, `(labels,)`; None where none is given."""
        return np.array(self.state["threshold"]["at"]) if "threshold" in self.state else None

    def chosen(self, probabilities: np.ndarray) -> np.ndarray:
        """Returns whether each label is there, `(rows, labels)`, for probabilities `(rows, labels)`."""
        return measures.is_positive(probabilities, 0.5 if self.thresholds is None else self.thresholds)


class Multilabel(Task[Labels]):
    """Labels that stand each by itself."""

    name = "multilabel"
    target_type = Labels
    supervised = scored = learns_from_targets = several = separable = True
    line = "labels"
    shown = ("roc_auc", "f1_micro", "log_loss")
    main_scores = ("log_loss", "roc_auc", "average_precision", "precision", "recall", "f1_micro", "f1_macro")
    estimator = "classifier"
    verbs = frozenset({"cross_validate"})

    def suits(self, y) -> str:
        try:
            _check_several(y)
            targets.check_no_shares_of_classes(y)
            Labels.read(y, [])
        except ValueError as error:
            return str(error)
        return ""

    def described(self, schema: Schema, y) -> Schema:
        _check_several(y)
        schema = target_values.described(schema, y, self.name)
        Labels.read(y, schema.targets)
        return schema

    def outputs(self, target: Labels | None) -> list[tuple]:
        return [(None, max(1, len(target.names) if target is not None else 1))]

    def loss(self, activation) -> Callable | None:
        from zoo.layers.losses import binary_cross_entropy

        return binary_cross_entropy

    def metrics(self, names: Sequence[str]) -> list:
        return ["binary_accuracy" if name == "accuracy" else name for name in names]

    def activation(self, wanted, *, given: bool):
        if given and wanted == "softmax":
            raise ValueError(
                "`output_activation` must be 'sigmoid' or None for labels, which do not exclude each other. Received: "
                "output_activation='softmax'. Leave it out, or name one target of several classes."
            )
        return "sigmoid" if wanted == "softmax" else wanted

    def mean_of(self, activation) -> str:
        return "sigmoid"

    def calibrate(
        self, target: Labels, y: np.ndarray, outputs: np.ndarray, weight: np.ndarray | None, activation
    ) -> tuple[Labels, dict[str, Any]]:
        """Each label by its log-odds. Threshold units have nothing to calibrate."""
        if callable(activation) or activation == "threshold":
            return target, {}
        rows = calibration.sample(len(y), weight)
        y, outputs, weight = y[rows], outputs[rows], None if weight is None else weight[rows]
        z, w = outputs.astype("float64"), calibration.relative(weight, len(y))

        def fit(rows):
            e = calibration.uniform_share(w[rows])
            return calibration.LogOdds.fitted(z[rows], y[rows], w[rows], uniform=e)

        def probabilities(fitted, rows):
            of_fitted = Labels(target.schema, calibration.added(target.state, fitted))
            decided = self.standard(outputs[rows], of_fitted, activation)
            return self._numbers(decided, of_fitted, activation)["probabilities"]

        def measured(p):
            errors = [measures.calibration_error(p[:, i], y[:, i], weight) for i in range(p.shape[1])]
            return measures.label_log_losses(p, y), float(np.mean(errors))

        fitted, facts = calibration.kept(fit, probabilities, measured, y.sum(axis=1), weight)
        return Labels(target.schema, calibration.added(target.state, fitted)), facts

    def answers(self, decided, target: Labels, activation) -> dict[str, Any]:
        """The probabilities, and where the target has thresholds `labels`, whether each label is there."""
        from keras import ops

        p = ops.sigmoid(decided) if activation is None else decided
        if target.thresholds is None:
            return {"probabilities": p}
        return {"labels": ops.greater_equal(p, target.thresholds.astype("float32")), "probabilities": p}

    def columns(self, target: Labels, name: str, width: int) -> list[str]:
        return [f"{'label' if name == 'labels' else 'p'}_{label}" for label in target.names]

    def is_single(self, target: Labels, name: str) -> bool:
        return False

    def source(self, target: Labels, activation, width: int) -> list[str]:
        if activation == "threshold":
            return ["z = (z >= 0).astype('float32')", 'return {"probabilities": z}']
        lines = [] if target.calibration is None else target.calibration.source()
        lines.append("p = 0.5 * (1 + np.tanh(0.5 * z))")
        if target.thresholds is None:
            return [*lines, 'return {"probabilities": p}']
        at = f"np.array({target.thresholds.tolist()!r}, 'float32')"
        return [*lines, f'return {{"labels": p >= {at}, "probabilities": p}}']

    def standard(self, outputs, target: Labels, activation):
        from keras import ops

        if activation == "threshold":  # each by itself, where classes exclude each other
            return ops.cast(outputs >= 0, outputs.dtype)
        if target.calibration is not None:
            outputs = target.calibration.applied(outputs)
        return super().standard(outputs, target, activation)

    def differences(
        self, exported: Mapping[str, np.ndarray], decided: np.ndarray, target: Labels, activation, tolerance: float
    ) -> Iterator[Difference]:
        p, wanted = exported["probabilities"], self._numbers(decided, target, activation)["probabilities"]
        largest = float(np.max(distances(p, wanted[: len(p)])))
        yield Difference("probabilities", largest, tolerance, largest)
        if "labels" in exported:
            yield Difference("labels", float(np.mean(exported["labels"] != target.chosen(p))), 0.0, 0.0)

    def quality(self, exported: Mapping[str, np.ndarray], decided: np.ndarray, target: Labels, activation, y) -> dict:
        p = self._numbers(decided, target, activation)["probabilities"]
        labels, others = target.chosen(p), target.chosen(exported["probabilities"])
        facts: dict[str, Any] = {"agreement": float(np.mean(labels == others))}
        if y is not None:
            before, after = (float(np.mean(chosen == y)) for chosen in (labels, others))
            facts |= {"metric": "share of right labels", "before": before, "after": after}
        return facts

    def scores(self, y: np.ndarray, decided: np.ndarray, target: Labels, activation, weight=None) -> Scores:
        p = self._numbers(decided, target, activation)["probabilities"]
        return self.scores_of(y, p, target, weight=weight, hard=activation == "threshold")

    def scores_of(
        self, y: np.ndarray, answers: np.ndarray, target: Labels, *, weight=None, hard=False, threshold=None
    ) -> Scores:
        names = list(map(str, target.names))
        if threshold is None and target.thresholds is not None:
            threshold = dict(zip(names, target.thresholds.tolist()))
        if threshold is not None:
            self.check_threshold(threshold, target, hard)
            of_labels = threshold if isinstance(threshold, Mapping) else dict.fromkeys(names, threshold)
            threshold = {
                name: thresholds.chosen(of_labels[name], y[:, i] == 1, answers[:, i], weight, f"label {name!r}")
                for i, name in enumerate(names)
            }
        at = 0.5 if threshold is None else np.array(list(threshold.values()))
        found, each = measures.label_scores(y, answers, names, hard=hard, weight=weight, threshold=at)
        return Scores(
            found,
            rows=len(y),
            each=each,
            of="label",
            threshold=threshold,
            predictions=Predictions(self, target, y, answers.astype("float32", copy=False), weight, hard),
        )

    def row_losses(self, y: np.ndarray, answers: np.ndarray, target: Labels) -> RowLosses:
        """Returns the mean of -log p over the labels of each row, p the probability of what is true."""
        return RowLosses("log_loss", measures.label_log_losses(answers, y), np.asarray, is_error=True)

    def check_threshold(self, threshold, target: Labels, hard: bool) -> None:
        thresholds.check_soft(threshold, hard)
        names = list(map(str, target.names))
        if isinstance(threshold, Mapping) and set(threshold) != set(names):
            raise ValueError(
                f"`threshold` must have a number for each of the labels {', '.join(names)}. Received: "
                f"{', '.join(map(str, threshold)) or 'none'}."
            )
        for one in threshold.values() if isinstance(threshold, Mapping) else [threshold]:
            thresholds.check(one)

    def pictures(self, target: Labels) -> tuple[str, ...]:
        return ("roc_curve", "precision_recall_curve", "reliability_diagram", "threshold_curves")

    def outcomes(self, y: np.ndarray, answers: np.ndarray, target: Labels) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        return {str(name): (y[:, i] == 1, answers[:, i]) for i, name in enumerate(target.names)}

    def terms(self, weights: np.ndarray, intercept: np.ndarray, target: Labels) -> tuple:
        return weights, intercept, list(map(str, target.names))


def _check_several(y) -> None:
    """Raises ValueError if a target has a single column."""
    if target_values.width(y) < 2:
        raise ValueError(
            "Labels are several columns of 0 and 1. Received: one column. Name several, `target=['a', 'b']`, or take "
            "a classifier's classes."
        )


TASK = Multilabel()
