"""Classification: one of several classes, with their probabilities.

A network gives a logit for each class, or one logit z for two: (0, z) -> softmax.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from zoo.data import targets
from zoo.data.raw_values import as_numbers
from zoo.data.schema import MAX_INT_CLASSES, Schema
from zoo.data.weighting import class_factors
from zoo.scores import Predictions, RowLosses, Scores
from zoo.tasks import calibration, class_sets, imbalance, keras_metrics, measures, target_values, thresholds
from zoo.tasks.classes import Classes as Classes  # imported from here as well
from zoo.tasks.differences import Difference, distances
from zoo.tasks.target import Target
from zoo.tasks.task import Task


class Classification(Task[Classes]):
    """One of several classes."""

    name = "classification"
    target_type = Classes
    supervised = scored = learns_from_targets = separable = True
    is_inferred = class_indices = True
    line = "logistic"
    activations = ("softmax", "sigmoid", None)
    shown = ("accuracy", "log_loss")
    main_scores = ("accuracy", "log_loss", "roc_auc", "precision", "recall", "f1", "f1_macro")
    estimator = "classifier"
    verbs = frozenset({"cross_validate"})

    def suits(self, y) -> str:
        try:
            targets.check_target(y)
        except ValueError as error:
            return str(error)
        return ""

    def described(self, schema: Schema, y) -> Schema:
        targets.check_one_value_a_row(y)
        name = Target(schema).name
        own = y if isinstance(y, pd.Series) else pd.Series(np.asarray(y).reshape(len(y), -1)[:, 0])
        values = targets.with_plain_values(own, name)
        target_values.check_there(values, name)
        numbers = as_numbers(values)
        if pd.api.types.is_float_dtype(values.dtype) and np.any(numbers != np.round(numbers)):
            raise ValueError(
                f"The {name} of a classifier must be classes. Received: numbers with fractions such as "
                f"{numbers[numbers != np.round(numbers)][0]:g}, which are continuous. Take a regressor such as "
                "'mlp_regressor', or make bins of them."
            )
        classes = targets.sorted_classes(own, values)
        targets.check_classes_differ(classes, name)
        numeric, timed = pd.api.types.is_numeric_dtype(values.dtype), own.dtype.kind in "mM"
        if (numeric or timed) and len(classes) > max(MAX_INT_CLASSES, len(values) // 20):
            what = "times" if timed else "numbers"
            raise ValueError(
                f"The {name} of a classifier must be classes. Received: {len(classes)} different {what} in "
                f"{len(values)} rows, which are continuous. Take a regressor such as 'mlp_regressor', or make bins of "
                "them."
            )
        if len(classes) < 2:
            raise ValueError(
                f"The {name} must have at least two classes. Received: only {classes[0]!r}. Add rows of another class, "
                "or name another target."
            )
        return dataclasses.replace(schema, task=self.name, classes=tuple(classes), class_dtype=str(own.dtype))

    def strata(self, y) -> np.ndarray | None:
        return None if y is None else pd.factorize(pd.Series(np.asarray(y)), use_na_sentinel=False)[0]

    def class_factors(self, class_weight, target: Classes, encoded: np.ndarray, weight) -> np.ndarray:
        return class_factors(class_weight, target.schema.classes, encoded, weight)

    def outputs(self, target: Classes | None) -> list[tuple]:
        classes = len(target.schema.classes or ()) if target is not None else 0
        return [(None, classes)] if classes > 2 else [(None, 1), (None, 2)]

    def loss(self, activation) -> Callable | None:
        from zoo.layers.losses import LOSSES

        return LOSSES.get(activation)

    def check_loss(self, loss, target: Classes, activation) -> None:
        if activation != "threshold" or len(target.schema.classes or ()) > 2:  # one threshold unit has one column
            super().check_loss(loss, target, activation)

    def keras_metrics(self, metrics: Sequence, target: Classes) -> list:
        return [keras_metrics.of_classes(metric, len(target.schema.classes or ())) for metric in metrics]

    def mean_of(self, activation) -> str:
        return "sigmoid" if activation == "sigmoid" else "softmax"

    def calibrate(
        self, target: Classes, y: np.ndarray, outputs: np.ndarray, weight: np.ndarray | None, activation
    ) -> tuple[Classes, dict[str, Any]]:
        """Two classes by their log-odds, more by a temperature, and classes that stand each by itself by one parabola
        of all their log-odds: the most probable of several classes stays so. Threshold units have nothing to calibrate.
        """
        if callable(activation) or activation == "threshold":
            return target, {}
        classes, rows = len(target.schema.classes or ()), calibration.sample(len(y), weight)
        y, outputs, weight = y[rows], outputs[rows], None if weight is None else weight[rows]
        z, w = outputs.astype("float64"), calibration.relative(weight, len(y))
        separate = activation == "sigmoid" and z.shape[1] > 1

        def fit(rows):
            e = calibration.uniform_share(w[rows])
            if separate:
                of_each, is_it = z[rows].reshape(-1, 1), (y[rows, None] == np.arange(classes)).reshape(-1, 1)
                return calibration.LogOdds.fitted(of_each, is_it, np.repeat(w[rows], classes), uniform=e)
            if classes > 2:
                return calibration.Temperature.fitted(z[rows], y[rows], w[rows], uniform=e)
            log_odds = z[rows] if z.shape[1] == 1 else z[rows, 1:] - z[rows, :1]
            return calibration.LogOdds.fitted(log_odds, y[rows, None], w[rows], uniform=e)

        def probabilities(fitted, rows):
            of_fitted = Classes(target.schema, calibration.added(target.state, fitted))
            return self._numbers(self.standard(outputs[rows], of_fitted, activation), of_fitted, activation)[
                "probabilities"
            ]

        def measured(p):
            error = measures.calibration_error(p.max(axis=-1), np.argmax(p, axis=-1) == y, weight)
            return measures.log_losses(measures.shares(p), y), error

        fitted, facts = calibration.kept(fit, probabilities, measured, y, weight)
        return Classes(target.schema, calibration.added(target.state, fitted)), facts

    def standard(self, outputs, target: Classes, activation):
        from keras import ops

        if target.calibration is not None:
            separate = activation == "sigmoid" and outputs.shape[-1] > 1
            if len(target.schema.classes or ()) == 2 and outputs.shape[-1] == 2 and not separate:
                outputs = outputs[:, 1:] - outputs[:, :1]  # (batch, 2) -> (batch, 1), the log-odds
            outputs = target.calibration.applied(outputs)
        if not callable(activation) and activation != "threshold" and outputs.shape[-1] == 1:
            outputs = ops.concatenate([ops.zeros_like(outputs), outputs], axis=-1)  # (batch, 1) -> (batch, 2)
            return outputs if activation is None else ops.softmax(outputs)
        return super().standard(outputs, target, activation)

    def probabilities(self, decided, activation):
        """Returns `(batch, classes)` for what the model decided: 0/1 of threshold units and logits included.

        With the activation `"sigmoid"` and more than two classes each stands by itself: rows need not sum to 1.
        """
        from keras import ops

        if activation == "threshold" and decided.shape[-1] == 1:
            return ops.concatenate([1.0 - decided, decided], axis=-1)  # (batch, 1) -> (batch, 2)
        return ops.softmax(decided) if activation is None else decided

    def obstacle_to_intervals(self, activation) -> str:
        if activation != "threshold":
            return ""
        return (
            "`intervals` are made by probabilities; the units of this model answer 0 or 1. Leave them out, or take "
            "an entry such as 'mlp_classifier'."
        )

    def with_intervals(
        self,
        target: Classes,
        y: np.ndarray,
        decided: np.ndarray,
        weight: np.ndarray | None,
        coverage: float,
        activation,
    ) -> Classes:
        """Returns the target with sets of classes."""
        if activation == "threshold":
            raise ValueError(self.obstacle_to_intervals(activation))
        least = class_sets.fitted(self._numbers(decided, target, activation)["probabilities"], y, coverage, weight)
        rows = int(len(y) if weight is None else np.sum(weight > 0))
        state = {"coverage": float(coverage), "rows": rows, "least": least}
        return Classes(target.schema, {**target.state, "intervals": state})

    def answers(self, decided, target: Classes, activation) -> dict[str, Any]:
        p = self.probabilities(decided, activation)
        return {"probabilities": p, **({"set": inside} if (inside := self._set(p, target)) is not None else {})}

    def _set(self, p, target: Classes):
        """Returns the sets for probabilities, Booleans `(batch, classes)`; None without sets."""
        if target.intervals is None:
            return None
        return class_sets.inside(p, target.intervals["least"], target.threshold)

    def decode(self, answers: Mapping[str, np.ndarray], target: Classes) -> dict[str, np.ndarray]:
        p = answers["probabilities"]
        chosen = target.chosen(p)
        probability = np.take_along_axis(p, chosen[:, None], axis=-1)[:, 0]
        found = {"label": target.labels(chosen), "probability": probability, "probabilities": p}
        return {**found, "set": answers["set"]} if "set" in answers else found

    def columns(self, target: Classes, name: str, width: int) -> list[str]:
        of = {"probabilities": "p"}.get(name, name)
        return [f"{of}_{label}" for label in target.schema.classes or ()]

    def table(self, decoded: Mapping[str, np.ndarray], target: Classes, index) -> pd.DataFrame:
        """Returns the table of answers; `set` is a column of tuples of the caller's own classes."""
        others = {name: values for name, values in decoded.items() if name != "set"}
        table = super().table(others, target, index)
        if "set" in decoded:
            classes = target.schema.classes or ()
            sets = [tuple(itertools.compress(classes, row)) for row in decoded["set"].tolist()]
            table.insert(2, "set", pd.Series(sets, index=table.index, dtype=object))
        return table

    def is_single(self, target: Classes, name: str) -> bool:
        return name not in ("probabilities", "set")

    def served(self, answers: Mapping[str, Any], target: Classes) -> dict[str, Any]:
        import tensorflow as tf

        p = answers["probabilities"]
        if target.threshold is None:
            chosen = tf.argmax(p, axis=-1)
        else:
            chosen = tf.cast(p[:, 1] >= tf.constant(target.threshold, p.dtype), "int64")
        found = {
            "label": tf.gather(tf.constant(target.texts), chosen),
            "probability": tf.gather(p, chosen, batch_dims=1),
            "probabilities": p,
        }
        return {**found, "set": answers["set"]} if "set" in answers else found

    def method(self, targets: int) -> str:
        return "classify"

    def source(self, target: Classes, activation, width: int) -> list[str]:
        lines = []
        if target.calibration is not None:
            if len(target.schema.classes or ()) == 2 and width == 2 and activation != "sigmoid":
                lines.append("z = z[:, 1:] - z[:, :1]")
                width = 1
            lines += target.calibration.source()
        if activation == "threshold":
            lines.append(
                "z = (z >= 0).astype('float32')" if width == 1 else f"z = np.eye({width}, dtype='float32')[z.argmax(1)]"
            )
            lines.append("p = np.concatenate([1 - z, z], axis=1)" if width == 1 else "p = z")
        else:
            if width == 1:
                lines.append("z = np.concatenate([np.zeros_like(z), z], axis=1)")
            if activation == "sigmoid" and width > 1:
                lines.append("p = 0.5 * (1 + np.tanh(0.5 * z))")
            else:
                lines.append("e = np.exp(z - z.max(axis=1, keepdims=True))")
                lines.append("p = e / e.sum(axis=1, keepdims=True)")
        best = "p.argmax(axis=1)"
        if target.threshold is not None:
            best = f"(p[:, 1] >= np.float32({target.threshold!r})).astype('int64')"
        answer = '"label": np.array(CLASSES)[best], "probability": probability, "probabilities": p'
        if target.intervals is not None:
            answer += f', "set": {class_sets.source(target.intervals["least"], target.threshold)}'
        chosen = "probability = np.take_along_axis(p, best[:, None], axis=1)[:, 0]"
        return [*lines, f"best = {best}", chosen, f"return {{{answer}}}"]

    def web_answers(self, target: Classes, activation) -> dict[str, Any]:
        constants = None
        if target.calibration is not None:
            constants = calibration.to_config(target.calibration)
            constants |= {"most_logit": calibration.MOST_LOGIT, "farthest": calibration.FARTHEST}
        return {
            "by": "classes",
            "classes": [str(name) for name in target.schema.classes or ()],
            "decision": activation or "softmax",
            "threshold": None if target.threshold is None else float(np.float32(target.threshold)),
            "calibration": constants,
        }

    def differences(
        self, exported: Mapping[str, np.ndarray], decided: np.ndarray, target: Classes, activation, tolerance: float
    ) -> Iterator[Difference]:
        p = exported["probabilities"] if "probabilities" in exported else exported["scores"]
        wanted = self._numbers(decided, target, activation)["probabilities"]
        difference = float(np.max(distances(p, wanted[: len(p)])))
        yield Difference("probabilities", difference, tolerance, difference)
        names = np.array([text.encode() for text in target.texts])
        if "classes" in exported:  # of `classify`
            yield Difference("classes", float(np.any(exported["classes"] != names)), 0.0, 0.0)
            return
        chosen = target.chosen(p)
        labels = names[chosen]
        wrong = np.mean((exported["label"] != labels) & np.all(np.isfinite(p), axis=-1))
        yield Difference("labels", float(wrong), 0.0, 0.0)
        largest = distances(exported["probability"], p[np.arange(len(p)), chosen]).max()
        yield Difference("probabilities of the labels", float(largest), 0.0, 0.0)
        if (sets := self._set(p, target)) is not None:  # as of labels: of the export's own probabilities
            wrong = np.mean(np.any(exported["set"] != sets, axis=-1) & np.all(np.isfinite(p), axis=-1))
            yield Difference("sets", float(wrong), 0.0, 0.0)

    def quality(self, exported: Mapping[str, np.ndarray], decided: np.ndarray, target: Classes, activation, y) -> dict:
        labels = target.chosen(self._numbers(decided, target, activation)["probabilities"])
        others = target.chosen(exported["probabilities"])
        facts: dict[str, Any] = {"agreement": float(np.mean(labels == others))}
        if y is not None:
            before, after = (float(np.mean(chosen == y)) for chosen in (labels, others))
            facts |= {"metric": "accuracy", "before": before, "after": after}
        return facts

    def scores(self, y: np.ndarray, decided: np.ndarray, target: Classes, activation, weight=None) -> Scores:
        p = self._numbers(decided, target, activation)["probabilities"]
        return self.scores_of(y, p, target, weight=weight, hard=activation == "threshold")

    def scores_of(
        self, y: np.ndarray, answers: np.ndarray, target: Classes, *, weight=None, hard=False, threshold=None
    ) -> Scores:
        classes = target.schema.classes or ()
        if threshold is None:
            threshold = target.threshold
        if threshold is not None:
            self.check_threshold(threshold, target, hard)
            threshold = thresholds.chosen(threshold, y == 1, answers[:, 1], weight, f"class {classes[1]!r}")
        found, counts = measures.classification_scores(
            y, answers, len(classes), hard=hard, weight=weight, threshold=threshold
        )
        if (sets := self._set(answers, target)) is not None:
            known = {"coverage": sets[np.arange(len(y)), y], "mean_set_size": sets.sum(axis=-1)}
            found |= {name: float(np.average(values, weights=weight)) for name, values in known.items()}
        of_classes = measures.class_scores(counts).items()
        own_decision = threshold is None and bool(np.all(np.isfinite(answers)))
        return Scores(
            found,
            rows=len(y),
            confusion=pd.DataFrame(counts, index=classes, columns=classes),
            each={name: {k: float(v) for k, v in zip(classes, each) if np.isfinite(v)} for name, each in of_classes},
            positive=classes[1] if len(classes) == 2 else None,
            threshold=threshold,
            predictions=Predictions(self, target, y, answers.astype("float32", copy=False), weight, hard),
            hint=imbalance.hint(counts, classes) if own_decision else "",
        )

    def row_losses(self, y: np.ndarray, answers: np.ndarray, target: Classes) -> RowLosses:
        """Returns 1 for a row whose label is wrong, else 0: accuracy is 1 - their mean."""
        wrong = target.chosen(answers) != y
        return RowLosses("accuracy", wrong.astype("float64"), measures.share_of_rest, is_error=False)

    def check_threshold(self, threshold, target: Classes, hard: bool) -> None:
        if len(classes := target.schema.classes or ()) > 2:
            raise ValueError(
                f"`threshold` is for two classes and for labels. Received: threshold={threshold!r} for {len(classes)} "
                "classes, of which the most probable is the answer. Leave it out."
            )
        thresholds.check_soft(threshold, hard)
        if isinstance(threshold, Mapping):
            positive = classes[-1]
            raise ValueError(
                f"`threshold` must be a number by label for several labels alone. Received: {dict(threshold)!r} for "
                f"two classes. Pass the number of {positive!r} alone: `threshold={threshold.get(positive, 0.5)}`."
            )
        thresholds.check(threshold)

    def pictures(self, target: Classes) -> tuple[str, ...]:
        of_two = ("threshold_curves",) if len(target.schema.classes or ()) == 2 else ()
        return ("confusion_matrix", "roc_curve", "precision_recall_curve", "reliability_diagram", *of_two)

    def outcomes(self, y: np.ndarray, answers: np.ndarray, target: Classes) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        classes = target.schema.classes or ()
        which = [1] if len(classes) == 2 else range(len(classes))
        return {str(classes[k]): (y == k, answers[:, k]) for k in which}

    def terms(self, weights: np.ndarray, intercept: np.ndarray, target: Classes) -> tuple:
        classes = target.schema.classes or ()
        return weights, intercept, list(classes[1:] if len(classes) == 2 else classes)


TASK = Classification()
