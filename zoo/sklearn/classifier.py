"""`ZooClassifier`: classes with their probabilities, or several labels of 0 and 1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import pandas as pd
from sklearn.base import ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets

from zoo.sklearn.estimator import RECIPE, ZooEstimator


class ZooClassifier(ClassifierMixin, ZooEstimator):
    """A network of the zoo as a classifier of scikit-learn.

    What is left None follows the entry's recipe. Parameters are read when `fit` is called.

    Args:
        entry: The name of an entry that answers classes or labels. Or `"auto"`: the one that docs/auto.md names for the
            rows of `fit`; it is `model_.entry`, and with `warm_start` it stays.
        epochs, batch_size, learning_rate, optimizer, loss, solver, class_weight: As for `zoo.train`.
        validation: Share of the rows of `fit` to choose the best epoch by, None to train on all of them, or data;
            `"recipe"` is the recipe's share.
        groups, time, schema, ignore, image_size: As for `zoo.train`; columns are those of `X`.
        devices, engine, quality, budget: As for `zoo.train`.
        calibration, threshold: As for `zoo.train`; `predict` follows the threshold.
        intervals: The share of new rows whose class is to be in the set of `predict_set`, such as 0.9, or None.
        random_state: A seed, as `seed` of `zoo.train`; a `RandomState`, or None for numpy's, of which a seed is drawn.
        warm_start: Whether `fit` goes on from the weights of the last one, by `zoo.fine_tune`.
        verbose: 0 is silent, 1 shows one line of progress, 2 a line an epoch.
        **options: The builder's, such as `hidden_units` or `dropout`. Unknown ones are refused by `fit`.

    Attributes:
        classes_: The classes in sorted order; of several labels, their numbers.
        n_features_in_, feature_names_in_: Of `X`; the names where all are strings.
        model_: The trained `zoo.Model`.
        run_: The `zoo.Run`.
        n_iter_: How many epochs were trained.
    """

    _name = "classifier"
    classes_: np.ndarray

    def __init__(
        self,
        entry: str = "auto",
        *,
        epochs: int | None = None,
        batch_size: int | str | None = None,
        learning_rate: float | None = None,
        optimizer=None,
        loss=None,
        solver: Literal["lbfgs", "newton"] | None = None,
        class_weight: Literal["balanced"] | Mapping[Any, float] | None = None,
        validation=RECIPE,
        groups: str | None = None,
        time: str | None = None,
        schema=None,
        ignore=(),
        image_size=None,
        devices="auto",
        engine: Literal["auto", "fused", "xla", "keras"] = "auto",
        quality: Literal["fast", "good", "best"] | None = None,
        budget: float | None = None,
        calibration: bool = True,
        threshold: float | str | Mapping | None = None,
        intervals: float | None = None,
        random_state=0,
        warm_start: bool = False,
        verbose: int = 0,
        **options,
    ):
        super().__init__(
            entry,
            epochs=epochs,
            batch_size=batch_size,
            learning_rate=learning_rate,
            optimizer=optimizer,
            loss=loss,
            solver=solver,
            validation=validation,
            groups=groups,
            time=time,
            schema=schema,
            ignore=ignore,
            image_size=image_size,
            devices=devices,
            engine=engine,
            quality=quality,
            budget=budget,
            intervals=intervals,
            random_state=random_state,
            warm_start=warm_start,
            verbose=verbose,
            **options,
        )
        self.class_weight = class_weight
        self.calibration = calibration
        self.threshold = threshold

    def predict(self, X) -> np.ndarray:
        """Returns the class of each row `(rows,)`, or 0 and 1 `(rows, labels)`.

        Args:
            X: Rows, with the columns of `fit`.
        """
        decoded = self._decoded(X)
        if "label" in decoded:
            return decoded["label"]
        return self._there(decoded).astype("int64")

    def predict_proba(self, X) -> np.ndarray:
        """Returns a probability for each of `classes_`, `(rows, classes)`; of labels, that each is there.

        Args:
            X: Rows, with the columns of `fit`.
        """
        return self._decoded(X)["probabilities"]

    def decision_function(self, X) -> np.ndarray:
        """Returns how sure the answer is, from log-probabilities, in float64.

        Of two classes the log-odds `(rows,)` of the second one; of more the log-probability of each class `(rows,
        classes)`; of labels the log-odds of each `(rows, labels)`. From log-odds those of the model's threshold are
        subtracted, so that they are above 0 where `predict` answers the second class, or that a label is there.
        Probabilities are float32: a label's closer to 1 than about 6e-8 are 1, and their log-odds all the same, 87.

        Args:
            X: Rows, with the columns of `fit`.
        """
        decoded = self._decoded(X)
        p = decoded["probabilities"].astype("float64")
        logs = _log(p)
        if "label" in decoded and p.shape[1] != 2:
            return logs
        odds = logs[:, 1] - logs[:, 0] if "label" in decoded else logs - _log(1.0 - p)
        state = self.model_.target.get_config().get("threshold")
        if state is not None:
            at = np.asarray(state["at"], "float32").astype("float64")  # as probabilities are compared to it
            odds = odds - (_log(at) - _log(1.0 - at))
        positive = decoded["label"] == self.classes_[1] if "label" in decoded else self._there(decoded)
        # At the threshold itself, rounding and `>=` decide: the sign is that of `predict`.
        return np.where(positive, np.maximum(odds, np.finfo("float64").tiny), np.minimum(odds, 0.0))

    def predict_set(self, X) -> np.ndarray:
        """Returns whether each of `classes_` is in the set of a row, Booleans `(rows, classes)`.

        Args:
            X: Rows, with the columns of `fit`.

        Raises:
            ValueError: if the estimator was fitted without `intervals`.
        """
        return self._covering(X, "set")["set"]

    @staticmethod
    def _there(decoded: Mapping[str, np.ndarray]) -> np.ndarray:
        """Returns whether each label is there, by the threshold of each, by default .5."""
        return decoded["labels"] if "labels" in decoded else decoded["probabilities"] >= 0.5

    def _check_targets(self, y) -> None:
        if not np.any(pd.isna(y)):  # of missing ones, the zoo names the row
            check_classification_targets(y)

    def _set_fitted(self, run) -> None:
        super()._set_fitted(run)
        classes = run.model.schema.classes
        self.classes_ = (
            np.arange(len(run.model.target.names))
            if classes is None
            else run.model.target.labels(np.arange(len(classes)))
        )

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = self._takes_several()
        return tags


def _log(p: np.ndarray) -> np.ndarray:
    """Returns logarithms of probabilities, of 0 that of the smallest number of float32: finite, as tools want them."""
    return np.log(np.maximum(p, np.finfo("float32").tiny))
