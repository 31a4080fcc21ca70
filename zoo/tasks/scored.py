"""What scores the answers of a task: the part of the protocol that compares them with targets.

    y, decided --scores--> what runs, `zoo.evaluate` and `zoo.cross_validate` show
    y, answers of any model --scores_of, row_losses--> what `zoo.compare` compares

`Task` in `zoo.tasks.task` is a subclass, so that a task has these methods beside those that make the answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic

import numpy as np

from zoo.scores import Predictions, RowLosses, Scores
from zoo.tasks.target import T


class Scored(Generic[T]):
    """How the answers of a task are scored. Here as numbers, by their errors."""

    name: str
    scored = False  # outputs can be compared with targets
    shown: tuple[str, ...] = ()  # the scores that a run ends with
    main_scores: tuple[str, ...] = ("rmse", "mae", "r2")  # the scores by which groups of rows and models are compared

    def scores(self, y: np.ndarray, decided: np.ndarray, target: T, activation, weight=None) -> Scores:
        """Returns the scores of what a model decided.

        Args:
            y: Encoded targets.
            decided: What the model decided, in float64.
            target: The target.
            activation: As for `Task.standard`.
            weight: Sample weights `(rows,)`, or None: every row counts the same.
        """
        return self.scores_of(y, decided, target, weight=weight)

    def scores_of(
        self, y: np.ndarray, answers: np.ndarray, target: T, *, weight=None, hard=False, threshold=None
    ) -> Scores:
        """Returns the `Scores` of answers, whatever gave them.

        Args:
            y: Encoded targets.
            answers: Probabilities of classes or labels, a column each; else values in the target's units.
            target: The target.
            weight: Sample weights `(rows,)`, or None.
            hard: Whether the probabilities are decisions, 0 or 1.
            threshold: From which probability on an answer is positive, as `Scores.at` takes it; None for the most
                probable.

        Raises:
            ValueError: if there is no such threshold.
        """
        from zoo.tasks.measures import regression_scores

        if threshold is not None:
            self.check_threshold(threshold, target, hard)
        of_each, values = weight, answers.reshape(-1) if y.ndim > 1 else answers[:, 0]
        if weight is not None and y.ndim > 1:  # each moment or unit of a row counts as its row
            of_each = np.repeat(weight, y[0].size)
        predictions = Predictions(self, target, y, answers, weight)
        return Scores(regression_scores(y.reshape(-1), values, of_each), rows=len(y), predictions=predictions)

    def row_losses(self, y: np.ndarray, answers: np.ndarray, target: T) -> RowLosses:
        """Returns the loss of each row, for the score by which models are compared.

        By default squared errors, for the root of their mean.

        Args:
            y: Encoded targets.
            answers: As for `scores_of`.
            target: The target.
        """
        errors = answers.reshape(len(y), -1).astype("float64") - y.reshape(len(y), -1)
        return RowLosses("rmse", np.mean(errors**2, axis=1), np.sqrt, is_error=True)

    def check_threshold(self, threshold, target: T, hard: bool) -> None:
        """Checks from which probability on an answer is to be positive.

        Args:
            threshold: As for `scores_of`, not None.
            target: The target.
            hard: Whether the answers are decisions, 0 or 1.

        Raises:
            ValueError: if there is no such threshold.
        """
        raise ValueError(
            f"`threshold` is for two classes and for labels; this model does {self.name}. Leave it out. Received: "
            f"threshold={threshold!r}"
        )

    def pictures(self, target: T) -> tuple[str, ...]:
        """Returns the names of the pictures of `zoo.plots` that are drawn of the outcomes."""
        return ("predicted_against_true", "residuals")

    def outcomes(self, y: np.ndarray, answers: np.ndarray, target: T) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """Returns what pictures are drawn of, by name: true and predicted values, or 0/1 and its probability.

        Args:
            y: Encoded targets.
            answers: As for `scores_of`.
            target: The target.
        """
        return {"": (y.reshape(-1), answers.reshape(-1) if y.ndim > 1 else answers[:, 0])}

    def metrics(self, names: Sequence[str]) -> list:
        """Returns the Keras metrics for those that a recipe names."""
        return list(names)

    def keras_metrics(self, metrics: Sequence, target: T) -> list:
        """Returns what Keras takes for a caller's metrics, where they are shown targets and what the model decided.

        By default they stay as they are: targets and decisions are columns of one shape.

        Args:
            metrics: Keras's metrics, their names, or functions `(y_true, y_pred)`.
            target: The target.
        """
        return list(metrics)
