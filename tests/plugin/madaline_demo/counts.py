"""A task of someone else's: counts, such as the calls of an hour, answered by the rate that a row expects.

    rate = r exp(z),  r the mean of the training rows        loss  exp(z) - (y / r) z        (Poisson, less a constant)

A network returns z, so that one which knows nothing, z = 0, answers the mean.
"""

from __future__ import annotations

import keras
import numpy as np
from keras import ops

from zoo.scores import Scores
from zoo.tasks import target_values
from zoo.tasks.task import Target, Task

LARGEST = 20.0  # of z in answers: exp(20) times the mean is no answer, and beyond exp(88) float32 is infinite


@keras.saving.register_keras_serializable(package="madaline_demo")
def poisson_loss(y_true, z):
    """Returns exp(z) - (y / r) z, per example: `(batch,)` of y / r and `(batch, 1)` of z."""
    z = ops.squeeze(z, -1)
    return ops.exp(z) - ops.reshape(ops.cast(y_true, z.dtype), (-1,)) * z


class Rates(Target):
    """Counts of training rows. The state holds `rate`, their mean."""

    @property
    def rate(self) -> float:
        """The mean; 1 where all are 0, or nothing was fitted."""
        return self.state.get("rate") or 1.0

    def encode(self, y) -> np.ndarray:
        values = target_values.one(y, self.name)
        counts = target_values.finite_numbers(values, self.name)
        wrong = np.flatnonzero((counts < 0) | (counts != np.round(counts)))
        if len(wrong):
            raise ValueError(
                f"The {self.name} must be counts, whole numbers from 0. Received: {counts[wrong[0]]:g}, in row "
                f"{values.index[wrong[0]]}. Correct it, or take a regressor such as 'mlp_regressor'."
            )
        return counts

    def for_network(self, y):
        return y / self.rate


class Counts(Task):
    """Rates of whole numbers."""

    name = "madaline_demo/counts"
    target_type = Rates
    supervised = scored = learns_from_targets = answers_numbers = True
    shown = ("poisson_deviance", "rmse")
    verbs = frozenset({"cross_validate"})

    def fit_target(self, schema, y):
        target = Rates(schema)
        return target if y is None else Rates(schema, {"rate": float(np.mean(target.encode(y)))})

    def outputs(self, target):
        return [(None, 1)]

    def loss(self, activation):
        return poisson_loss

    def standard(self, outputs, target, activation):
        return ops.exp(ops.minimum(outputs, LARGEST))

    def decided(self, standard, target):
        return standard * target.rate

    def source(self, target, activation, width):
        return [f'return {{"prediction": np.exp(np.minimum(z[:, 0], {LARGEST})) * np.float32({target.rate})}}']

    def scale(self, wanted, target, dtype):
        return np.fmax(target.rate, np.where(np.isfinite(wanted), wanted, 0.0)), wanted  # exp: errors grow with rates

    def deviation(self, target):
        return target.rate

    def scores(self, y, decided, target, activation, weight=None):
        rate = np.maximum(decided[:, 0], 1e-300)
        logs = np.log(np.where(y > 0, y, 1.0) / np.where(y > 0, rate, 1.0))
        found = {
            "poisson_deviance": 2.0 * np.average(y * logs - y + rate, weights=weight),
            "rmse": np.sqrt(np.average((y - rate) ** 2, weights=weight)),
        }
        return Scores({name: float(value) for name, value in found.items()}, rows=len(y))


COUNTS = Counts()
