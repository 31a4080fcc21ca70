"""Calibration: probabilities that are right as often as they say, fitted on rows that trained nothing.

    LogOdds       l' = b + w1 l + w2 l^2    of each log-odds l by itself: of one of two classes, of a label
    Temperature   l'_k = l_k / T            of the logits of several classes
    both, then    p = (1 - e) p' + e / K    e = 1 / (n + 1) for n rows and K classes, 2 for a log-odds

Beyond the least and the largest l of the rows, the parabola goes on along its tangents. Its slope is positive
everywhere if it is at these two ends, which bounds of the fit see to: so rows keep their order, and of several classes
the most probable one stays so.

The fewer the rows, the less they change: the fit is that of the log loss with `PRIOR` / 2 times the squared distance of
b from 0, and of the slopes at both ends, or of 1 / T, from 1. The share e of the uniform distribution keeps a few rows
without a mistake from making the model sure of everything.

J. Platt, Probabilistic Outputs for Support Vector Machines, 1999. C. Guo et al., On Calibration of Modern Neural
Networks, ICML 2017, https://arxiv.org/abs/1706.04599. E. Berta et al., Rethinking Early Stopping: Refine, Then
Calibrate, 2025, https://arxiv.org/abs/2501.19195.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from zoo.tasks.measures import mean

LEAST_ROWS = 25
MOST_ROWS = 50_000  # that are fitted on; three numbers need no more
PRIOR = 100.0
LEAST_SLOPE = 0.05
FOLDS = 5
MOST_LOGIT = 64.0  # its sigmoid differs from 1 by less than float32 can tell
FARTHEST = 1e4  # log-odds beyond which every parabola is beyond MOST_LOGIT, and no product overflows before


@dataclasses.dataclass(frozen=True)
class LogOdds:
    """A parabola of log-odds, one for all columns of the outputs or one for each.

    Args:
        b, w1, w2: Its coefficients.
        low, high: The log-odds between which it is one.
        uniform: The share e of the uniform distribution.
    """

    b: tuple[float, ...]
    w1: tuple[float, ...]
    w2: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    uniform: float
    kind = "log_odds"

    @classmethod
    def fitted(cls, log_odds: np.ndarray, y: np.ndarray, weight: np.ndarray, *, uniform: float) -> LogOdds:
        """Returns the parabola of each column.

        Args:
            log_odds: Float64 `(rows, columns)`.
            y: 0 and 1, `(rows, columns)`.
            weight: Weights of the rows `(rows,)`, with the mean 1.
            uniform: The share e.
        """
        columns = [_parabola(log_odds[:, i], y[:, i], weight) for i in range(log_odds.shape[1])]
        b, w1, w2, low, high = zip(*columns, strict=True)
        return cls(b, w1, w2, low, high, uniform)

    def applied(self, z):
        """Returns log-odds for log-odds `(batch, columns)`, by `keras.ops`."""
        from keras import ops

        z = ops.clip(z, -FARTHEST, FARTHEST)
        # As tensors: PyTorch multiplies no array of numpy by a tensor.
        b, w1, w2, low, high = (ops.convert_to_tensor(value, z.dtype) for value in dataclasses.astuple(self)[:5])
        within = ops.clip(z, low, high)
        z = ops.clip(b + (w1 + 2.0 * w2 * within) * z - w2 * within * within, -MOST_LOGIT, MOST_LOGIT)
        half, rest = 0.5 * self.uniform, 1.0 - self.uniform
        return ops.log(half + rest * ops.sigmoid(z)) - ops.log(half + rest * ops.sigmoid(-z))

    def source(self) -> list[str]:
        """Returns lines of numpy from `z` to `z`, as `applied` computes it."""
        parts = (f"np.array({list(value)!r}, 'float32')" for value in dataclasses.astuple(self)[:5])
        half, rest = 0.5 * self.uniform, 1.0 - self.uniform
        return [
            f"b, w1, w2, low, high = {', '.join(parts)}",
            f"z = np.clip(z, -{FARTHEST!r}, {FARTHEST!r})",
            "within = np.clip(z, low, high)",
            f"z = np.clip(b + (w1 + 2 * w2 * within) * z - w2 * within * within, -{MOST_LOGIT!r}, {MOST_LOGIT!r})",
            f"z = np.log({half!r} + {rest!r} / (1 + np.exp(-z))) - np.log({half!r} + {rest!r} / (1 + np.exp(z)))",
        ]


@dataclasses.dataclass(frozen=True)
class Temperature:
    """A temperature of the logits of several classes.

    Args:
        temperature: What they are divided by.
        uniform: The share e of the uniform distribution.
    """

    temperature: float
    uniform: float
    kind = "temperature"

    @classmethod
    def fitted(cls, logits: np.ndarray, y: np.ndarray, weight: np.ndarray, *, uniform: float) -> Temperature:
        """Returns the temperature.

        Args:
            logits: Float64 `(rows, classes)`.
            y: Class indices `(rows,)`.
            weight, uniform: As for `LogOdds.fitted`.
        """
        own = logits[np.arange(len(y)), y]

        def loss(scale):
            z = scale[0] * logits
            largest = z.max(axis=1)
            e = np.exp(z - largest[:, None])
            total = e.sum(axis=1)
            value = weight @ (largest + np.log(total) - scale[0] * own)
            return value, np.array([weight @ ((e * logits).sum(axis=1) / total - own)])

        (scale,) = _minimum(loss, np.ones(1), [(LEAST_SLOPE, None)], prior=np.ones(1))
        return cls(float(1.0 / scale), uniform)

    def applied(self, z):
        """Returns logits for logits `(batch, classes)`, by `keras.ops`."""
        from keras import ops

        p = ops.softmax(z / self.temperature)
        return ops.log((1.0 - self.uniform) * p + self.uniform / z.shape[-1])

    def source(self) -> list[str]:
        """Returns lines of numpy from `z` to `z`, as `applied` computes it."""
        return [
            f"e = np.exp((z - z.max(axis=1, keepdims=True)) / np.float32({self.temperature!r}))",
            "p = e / e.sum(axis=1, keepdims=True)",
            f"z = np.log({1.0 - self.uniform!r} * p + {self.uniform!r} / z.shape[1])",
        ]


Calibration = LogOdds | Temperature
KINDS: dict[str, Any] = {cls.kind: cls for cls in (LogOdds, Temperature)}


def to_config(calibration: Calibration) -> dict[str, Any]:
    """Returns a calibration in plain values that JSON holds."""
    plain = {name: list(v) if isinstance(v, tuple) else v for name, v in dataclasses.asdict(calibration).items()}
    return {"kind": calibration.kind, **plain}


def from_config(config: Mapping[str, Any] | None) -> Calibration | None:
    """Returns the calibration that `to_config` wrote, or None for None."""
    if config is None:
        return None
    values = {name: tuple(value) if isinstance(value, list) else value for name, value in config.items()}
    del values["kind"]
    return KINDS[config["kind"]](**values)


def kept(
    fit: Callable[[np.ndarray], Calibration],
    probabilities: Callable[[Calibration | None, np.ndarray], np.ndarray],
    measured: Callable[[np.ndarray], tuple[np.ndarray, float]],
    strata: np.ndarray,
    weight: np.ndarray | None,
) -> tuple[Calibration | None, dict[str, Any]]:
    """Returns the calibration of held-out rows, or None where it is none, and facts that say how good it is and why.

    Log loss and calibration error after it are cross-validated: each row is calibrated by what the other rows say. It
    is kept unless the log loss of the rows rises by more than twice the standard error of the rise.

    Args:
        fit: From the indices of rows to their calibration.
        probabilities: From a calibration, or None, and the indices of rows to their probabilities.
        measured: From the probabilities of all rows to the loss of each `(rows,)` and the calibration error.
        strata: A number for each row, by which rows are spread evenly among those that check.
        weight: Weights of the rows `(rows,)`, none of them 0, or None.
    """
    rows = np.arange(len(strata))
    facts: dict[str, Any] = {"rows": len(rows)}
    if len(rows) < LEAST_ROWS:
        return None, {**facts, "why": f"fewer than {LEAST_ROWS} held-out rows"}
    if weight is not None and effective_rows(weight) < LEAST_ROWS:
        return None, {**facts, "why": f"the held-out rows weigh as much as fewer than {LEAST_ROWS} of equal weights"}
    before = probabilities(None, rows)
    if not np.all(np.isfinite(before)):
        return None, {**facts, "why": "the probabilities of the held-out rows are not finite"}
    after = np.empty_like(before)
    for others, checked in checking_folds(strata):
        after[checked] = probabilities(fit(others), checked)
    if not np.all(np.isfinite(after)):
        return None, {**facts, "why": "the calibrated probabilities of the held-out rows are not finite"}
    (old, old_error), (new, new_error) = measured(before), measured(after)
    facts |= {"log_loss": {"before": mean(old, weight), "after": mean(new, weight)}}
    facts |= {"ece": {"before": old_error, "after": new_error}}
    rise = mean(new - old, weight)
    if rise > 2.0 * standard_error(new - old, weight):
        return None, {**facts, "why": "the log loss of the held-out rows would rise"}
    calibration = fit(rows)
    return calibration, {"kind": calibration.kind, **facts}


def added(state: Mapping[str, Any], calibration: Calibration | None) -> dict[str, Any]:
    """Returns the state of a target with a calibration, or as it was with None."""
    return dict(state) if calibration is None else {**state, "calibration": to_config(calibration)}


def relative(weight: np.ndarray | None, rows: int) -> np.ndarray:
    """Returns weights in float64 `(rows,)` with the mean 1; of None, and where all are 0, ones."""
    if weight is None or not weight.sum() > 0:
        return np.ones(rows)
    return weight.astype("float64") / np.mean(weight, dtype="float64")


def uniform_share(weight: np.ndarray) -> float:
    """Returns 1 / (n + 1), n the effective number of weighted rows."""
    return 1.0 / (effective_rows(weight) + 1.0)


def effective_rows(weight: np.ndarray) -> float:
    """Returns how many rows of equal weights say as much, (sum w)^2 / sum w^2 (Kish)."""
    return float(np.sum(weight, dtype="float64") ** 2 / np.sum(np.square(weight, dtype="float64")))


def standard_error(values: np.ndarray, weight: np.ndarray | None) -> float:
    """Returns that of the weighted mean of values `(rows,)`: the root of sum w^2 (v - mean)^2 / (sum w)^2."""
    w = relative(weight, len(values))
    return float(np.sqrt(np.sum(np.square(w * (values - mean(values, weight))))) / w.sum())


def sample(rows: int, weight: np.ndarray | None = None) -> np.ndarray:
    """Returns the indices of the rows to fit on, in order: those with a weight, at most `MOST_ROWS`, which are drawn.

    Args:
        rows: How many there are.
        weight: Their weights `(rows,)`, or None. Rows of weight 0 have no say, and none in the ends of a parabola.
    """
    counted = np.arange(rows) if weight is None else np.flatnonzero(weight > 0)
    if len(counted) <= MOST_ROWS:
        return counted
    return np.sort(counted[np.random.default_rng(0).permutation(len(counted))[:MOST_ROWS]])


def checking_folds(strata: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yields indices of rows to fit on and of rows to check by, `FOLDS` times, with as many of a stratum in each.

    Args:
        strata: A number for each row `(rows,)`.
    """
    order = np.random.default_rng(0).permutation(len(strata))
    order = order[np.argsort(strata[order], kind="stable")]
    folds = np.empty(len(strata), "int64")
    folds[order] = np.arange(len(strata)) % FOLDS
    for fold in range(FOLDS):
        yield np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)


def _parabola(log_odds: np.ndarray, y: np.ndarray, weight: np.ndarray) -> tuple[float, float, float, float, float]:
    """Returns b, w1, w2, and the ends between which they hold, for log-odds and 0/1 `(rows,)`."""
    low, high = float(log_odds.min()), float(log_odds.max())
    if high - low < 1e-6:  # of a model that answers all rows alike, whose slope no row can tell
        low, high = low - 0.5, high + 0.5
    # The parabola by its slopes s at the ends: b + s_low l + (s_high - s_low) bend(l), so that bounds are on numbers.
    bend = (0.5 * log_odds * log_odds - low * log_odds) / (high - low)
    sign = np.where(y == 1, 1.0, -1.0)
    basis = np.stack([np.ones_like(log_odds), log_odds - bend, bend])

    def loss(parameters):
        margin = sign * (parameters @ basis)
        return weight @ np.logaddexp(0.0, -margin), basis @ (-weight * sign * _sigmoid(-margin))

    bounds = [(None, None), (LEAST_SLOPE, None), (LEAST_SLOPE, None)]
    b, at_low, at_high = map(float, _minimum(loss, np.array([0.0, 1.0, 1.0]), bounds, prior=np.array([0.0, 1.0, 1.0])))
    w2 = 0.5 * (at_high - at_low) / (high - low)
    return b, at_low - 2.0 * w2 * low, w2, low, high


def _minimum(loss: Callable, start: np.ndarray, bounds: list, *, prior: np.ndarray) -> np.ndarray:
    """Returns where a convex loss and `PRIOR` / 2 times the squared distance from `prior` are least."""
    from scipy.optimize import minimize

    def penalised(parameters):
        value, gradient = loss(parameters)
        apart = parameters - prior
        return value + 0.5 * PRIOR * apart @ apart, gradient + PRIOR * apart

    options = {"gtol": 1e-8, "ftol": 1e-15, "maxiter": 500}
    return minimize(penalised, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options).x


def _sigmoid(values: np.ndarray) -> np.ndarray:
    return 0.5 * (1.0 + np.tanh(0.5 * values))
