"""`ZooRegressor`: a number, or several, in the target's own units."""

from __future__ import annotations

from typing import Literal

import numpy as np
from sklearn.base import RegressorMixin

from zoo.sklearn.estimator import RECIPE, ZooEstimator


class ZooRegressor(RegressorMixin, ZooEstimator):
    """A network of the zoo as a regressor of scikit-learn.

    What is left None follows the entry's recipe. Parameters are read when `fit` is called.

    Args:
        entry: The name of an entry that answers numbers. Or `"auto"`: the one that docs/auto.md names for the
            rows of `fit`; it is `model_.entry`, and with `warm_start` it stays.
        epochs, batch_size, learning_rate, optimizer, loss, solver: As for `zoo.train`.
        validation: Share of the rows of `fit` to choose the best epoch by, None to train on all of them, or data;
            `"recipe"` is the recipe's share.
        groups, time, schema, ignore, image_size: As for `zoo.train`; columns are those of `X`.
        devices, engine, quality, budget: As for `zoo.train`.
        intervals: The share of new rows that `predict_interval` is to cover, such as 0.9, or None for no intervals.
        random_state: A seed, as `seed` of `zoo.train`; a `RandomState`, or None for numpy's, of which a seed is drawn.
        warm_start: Whether `fit` goes on from the weights of the last one, by `zoo.fine_tune`.
        verbose: 0 is silent, 1 shows one line of progress, 2 a line an epoch.
        **options: The builder's, such as `hidden_units` or `dropout`. Unknown ones are refused by `fit`.

    Attributes:
        n_features_in_, feature_names_in_: Of `X`; the names where all are strings.
        model_: The trained `zoo.Model`.
        run_: The `zoo.Run`.
        n_iter_: How many epochs were trained.
    """

    _name = "regressor"

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

    def predict(self, X) -> np.ndarray:
        """Returns the number of each row `(rows,)`, or several `(rows, targets)`, in float64.

        Args:
            X: Rows, with the columns of `fit`.
        """
        values = np.asarray(self._decoded(X)["prediction"], "float64")
        return values[:, 0] if values.ndim == 2 and values.shape[1] == 1 else values

    def predict_interval(self, X) -> np.ndarray:
        """Returns the ends of the interval of each row, `(rows, 2)`, or `(rows, targets, 2)`, in float64.

        Args:
            X: Rows, with the columns of `fit`.

        Raises:
            ValueError: if the estimator was fitted without `intervals`.
        """
        answers = self._covering(X, "low")
        ends = np.stack([np.asarray(answers[name], "float64") for name in ("low", "high")], axis=-1)
        return ends[:, 0] if ends.ndim == 3 and ends.shape[1] == 1 else ends

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = self._takes_several()
        return tags
