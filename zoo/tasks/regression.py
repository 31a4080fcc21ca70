"""Regression: a number, or several, in the target's own units.

The network learns z = (y - center) / scale, each target by its own mean and deviation among the training rows, which
are computed in float64 (see `zoo.data.targets`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from zoo.data import doubts, targets
from zoo.data.schema import Schema
from zoo.scores import Predictions, RowLosses, Scores
from zoo.tasks import interval_widths, measures, target_values
from zoo.tasks.target import Target
from zoo.tasks.task import Task

STATISTICS = ("center", "scale", "low", "high")
FAR_BEYOND = 0.1  # of what lies between the ends of a target


class Numbers(Target):
    """One number a row, or several.

    The state holds `center`, `scale`, `low`, `high`: a number each, or a list of several targets; and `dtype`. With
    intervals it holds `intervals`: `coverage`, `rows`, and `knots` and `widths` (see `zoo.tasks.interval_widths`), of
    several targets a list of lists each.
    """

    @classmethod
    def older_state(cls, statistics: Sequence, dtype: str) -> dict[str, Any]:
        return {**dict(zip(STATISTICS, statistics, strict=True)), "dtype": dtype}

    @property
    def several(self) -> bool:
        """Whether there are several targets."""
        return len(self.names) > 1

    @property
    def count(self) -> int:
        """How many targets there are."""
        return max(1, len(self.names))

    @property
    def unit_names(self) -> list:
        return list(range(self.count))

    @property
    def dtype(self) -> str:  # type: ignore[override]  # an attribute where it never differs
        """Dtype of the answers: float64 where float32 cannot resolve the deviation of a target."""
        return self.state.get("dtype", "float32")

    def _statistic(self, name: str, default: float) -> Any:
        value = self.state.get(name, default)
        return np.asarray(value, "float64") if isinstance(value, list) else value

    @property
    def center(self) -> Any:
        """Mean of the training rows: a float, or `(targets,)`."""
        return self._statistic("center", 0.0)

    @property
    def scale(self) -> Any:
        """Deviation of the training rows, 1 where all are equal: a float, or `(targets,)`."""
        return self._statistic("scale", 1.0)

    @property
    def ends(self) -> tuple[Any, Any]:
        """The lowest and the highest value of the training rows: floats, or `(targets,)` each."""
        return self._statistic("low", 0.0), self._statistic("high", 1.0)

    def encode(self, y) -> np.ndarray:
        """Returns values float64 in the target's units, `(rows,)`, or `(rows, targets)` of several.

        Raises:
            ValueError: if a value is missing, no number, not finite, or too large.
        """
        if not self.several:
            return target_values.finite_numbers(target_values.one(y, self.name), self.name)
        columns = target_values.named(y, self.names)
        read = [
            target_values.finite_numbers(target_values.one(values, _called(name)), _called(name))
            for name, values in columns.items()
        ]
        return np.stack(read, axis=1)

    def training(self, encoded: np.ndarray) -> np.ndarray:
        """Returns float32; where that cannot resolve a target, pairs that sum up to the values, `(..., 2)`."""
        return targets.as_pairs(encoded) if self.dtype == "float64" else encoded.astype("float32")

    @property
    def training_spec(self) -> tuple[str, tuple[int, ...]]:
        pair = (2,) if self.dtype == "float64" else ()
        return "float32", ((self.count,) if self.several else ()) + pair

    def is_in_pairs(self, y) -> bool:
        shape: tuple = getattr(y, "shape", ())
        return self.dtype == "float64" and len(shape) == 2 + self.several and shape[-1] == 2

    def nearest(self, y):
        return y[..., 0] if self.is_in_pairs(y) else y

    def for_network(self, y):
        from keras import ops

        if self.is_in_pairs(y):  # large numbers cancel out first, without loss
            pairs = targets.as_pairs(np.atleast_1d(np.asarray(self.center, "float64")))
            nearest, rest = map(self.as_constant, pairs.T if self.several else pairs[0])
            y = self.as_constant(y)
            return ((y[..., 0] - nearest) + (y[..., 1] - rest)) / self.as_constant(self.scale)
        return (ops.cast(y, "float32") - self.as_constant(self.center)) / self.as_constant(self.scale)

    def as_constant(self, value, dtype: str = "float32"):
        """Returns a statistic as it stands beside tensors: of several targets a tensor, as PyTorch needs."""
        from keras import ops

        return ops.convert_to_tensor(value, dtype) if self.several else value

    def standardised(self, values) -> np.ndarray:
        return (np.asarray(values, "float64") - self.center) / self.scale

    def in_float32(self, encoded: np.ndarray, training: np.ndarray) -> np.ndarray:
        if self.dtype == "float64":
            return self.standardised(encoded).astype("float32")
        return (training - np.float32(self.center)) / np.float32(self.scale)

    def values(self, standardised) -> np.ndarray:
        """Returns values in the target's units, float64, for standardised ones."""
        return np.asarray(standardised, "float64") * self.scale + self.center

    @property
    def spread(self) -> str:
        centers, scales = ([f"{value:g}" for value in np.atleast_1d(v)] for v in (self.center, self.scale))
        return f"its mean is {', '.join(centers)}, its deviation {', '.join(scales)}"

    @property
    def constants(self) -> Any:
        return [self.state.get(name) for name in (*STATISTICS, "dtype")]


class Regression(Task[Numbers]):
    """A number, or several."""

    name = "regression"
    target_type = Numbers
    supervised = scored = learns_from_targets = several = answers_numbers = True
    is_inferred = True
    line = "ridge"
    activations = (None, "sigmoid", "clip")
    shown = ("rmse", "r2")
    estimator = "regressor"
    verbs = frozenset({"cross_validate"})

    def suits(self, y) -> str:
        try:
            targets.check_not_one_hot(y)
            columns = target_values.named(y, []).values() if target_values.width(y) > 1 else [y]
            for values in columns:
                targets.check_target(values)
        except ValueError as error:
            return str(error)
        return ""

    def described(self, schema: Schema, y) -> Schema:
        schema = target_values.described(schema, y, self.name)
        if target_values.width(y) == 1:
            target_values.check_numbers(y, Target(schema).name)
        else:
            for name, values in target_values.named(y, schema.targets).items():
                target_values.check_numbers(values, _called(name))
        return schema

    def fit_target(self, schema: Schema, y) -> Numbers:
        target = Numbers(schema)
        if y is None:
            return target
        encoded = target.encode(y)
        columns = encoded.T if encoded.ndim == 2 else [encoded]
        known = [targets.statistics(values) for values in columns]
        dtypes = {targets.dtype_of(*one) for one in known}
        state = {
            name: list(of_all) if target.several else of_all[0]
            for name, of_all in zip(STATISTICS, zip(*known, strict=True), strict=True)
        }
        return Numbers(schema, {**state, "dtype": max(dtypes)})  # float64 where one needs it

    def continued(self, target: Numbers, encoded: np.ndarray, activation) -> Numbers:
        """Returns the target with wider ends where answers are cut at them.

        Ends that cannot widen are warned of where the rows reach beyond them by a tenth of what lies between them.
        """
        low, high = np.minimum(target.ends[0], encoded.min(axis=0)), np.maximum(target.ends[1], encoded.max(axis=0))
        beyond = np.atleast_1d((low < target.ends[0]) | (high > target.ends[1]))
        if not beyond.any():
            return target
        if activation == "clip":
            return Numbers(target.schema, {**target.state, "low": low.tolist(), "high": high.tolist()})
        margin = FAR_BEYOND * np.subtract(target.ends[1], target.ends[0])
        far = np.atleast_1d((low < target.ends[0] - margin) | (high > target.ends[1] + margin))
        if self.bounded(activation) and far.any():
            i = int(np.argmax(far))
            ends, found = (tuple(f"{np.atleast_1d(end)[i]:g}" for end in two) for two in (target.ends, (low, high)))
            doubts.note(
                f"by output_activation={activation!r} the model answers numbers from {ends[0]} to {ends[1]} alone, and "
                f"the training rows reach from {found[0]} to {found[1]}.",
                column=target.names[i] if target.names else "target",
                repair="Train a fresh model on all rows, or one with output_activation='clip' or None.",
            )
        return target

    def outputs(self, target: Numbers | None) -> list[tuple]:
        return [(None, 1 if target is None else target.count)]

    def loss(self, activation) -> Callable | None:
        from zoo.layers.losses import squared_error

        return squared_error

    def bounded(self, activation) -> bool:
        return activation not in (None, "clip")

    def values(self, outputs, target: Numbers, activation):
        """Returns standardised values; by `"sigmoid"` they stay between the ends of the training's targets."""
        if not self.bounded(activation):
            return outputs
        from keras import ops

        low, high = self._ends(target)
        return low + (high - low) * ops.sigmoid(outputs)

    def _ends(self, target: Numbers) -> tuple:
        """Returns the lowest and the highest target of the training rows, standardised."""
        low, high = target.ends
        if target.dtype == "float64":
            low, high = (target.as_constant(target.standardised(end)) for end in (low, high))
            low, high = (low, high) if target.several else (float(low), float(high))
        else:
            low, high = map(target.for_network, (low, high))
        return low, high

    def standard(self, outputs, target: Numbers, activation):
        """Returns standardised values; `"clip"` cuts them at the ends, of answers alone: losses see them whole."""
        if activation != "clip":
            return self.values(outputs, target, activation)
        from keras import ops

        low, high = self._ends(target)
        return ops.minimum(ops.maximum(outputs, low), high)

    def decide(self, outputs, target: Numbers, activation):
        import keras

        values = self.standard(outputs, target, activation)
        if target.dtype == "float64" and keras.backend.backend() != "jax":  # which has none
            values = keras.ops.cast(values, "float64")
        dtype = keras.backend.standardize_dtype(values.dtype)
        return values * target.as_constant(target.scale, dtype) + target.as_constant(target.center, dtype)

    def decided(self, standard: np.ndarray, target: Numbers) -> np.ndarray:
        return target.values(standard)

    def obstacle_to_intervals(self, activation) -> str:
        return ""

    def with_intervals(
        self,
        target: Numbers,
        y: np.ndarray,
        decided: np.ndarray,
        weight: np.ndarray | None,
        coverage: float,
        activation,
    ) -> Numbers:
        """Returns the target with intervals whose width follows the prediction; each target has its own."""
        truth, answers = (target.standardised(of).reshape(len(y), -1) for of in (y, decided))
        columns = zip(answers.T, truth.T, strict=True)
        found = [interval_widths.fitted(answer, true, coverage, weight) for answer, true in columns]
        knots, widths = map(list, zip(*found, strict=True))
        shape = {"knots": knots, "widths": widths} if target.several else {"knots": knots[0], "widths": widths[0]}
        state = {"coverage": float(coverage), "rows": int(len(y) if weight is None else np.sum(weight > 0)), **shape}
        return Numbers(target.schema, {**target.state, "intervals": state})

    def answers(self, decided, target: Numbers, activation) -> dict[str, Any]:
        return {"prediction": decided, **self._ends_of_intervals(decided, target)}

    def _ends_of_intervals(self, decided, target: Numbers) -> dict[str, Any]:
        """Returns `low` and `high` for predictions, arrays or tensors; nothing without intervals."""
        if (intervals := target.intervals) is None:
            return {}
        scale, center = target.scale, target.center
        if not isinstance(decided, np.ndarray):
            import keras

            dtype = keras.backend.standardize_dtype(decided.dtype)
            scale, center = target.as_constant(scale, dtype), target.as_constant(center, dtype)
        z = (decided - center) / scale
        half = interval_widths.half_widths(z, intervals["knots"], intervals["widths"]) * scale
        return {"low": decided - half, "high": decided + half}

    def columns(self, target: Numbers, name: str, width: int) -> list[str]:
        return [f"{name}_{column}" for column in target.names]

    def method(self, targets: int) -> str:
        return "regress" if targets < 2 else ""

    def source(self, target: Numbers, activation, width: int) -> list[str]:
        lines, dtype = [], f"np.{target.dtype}"
        low, high = target.standardised(target.ends[0]), target.standardised(target.ends[1])
        if activation == "clip":
            lines.append(f"z = np.clip(z, {_written(low, 'np.float32')}, {_written(high, 'np.float32')})")
        if activation == "sigmoid":
            low, span = _written(low, "np.float32"), _written(high - low, "np.float32")
            lines.append(f"z = {low} + {span} * 0.5 * (1 + np.tanh(0.5 * z))")
        scale, answers = _written(target.scale, dtype), {"prediction": "z"}
        if target.intervals is not None:
            lines += [*interval_widths.source(target.intervals), f"half = (half * {scale}).astype({dtype})"]
            answers |= {"low": "(z - half)", "high": "(z + half)"}
        lines.append(f"z = z * {scale} + {_written(target.center, dtype)}")
        listed = (f'"{name}": {value if width > 1 else f"{value}[:, 0]"}' for name, value in answers.items())
        return [*lines, f"return {{{', '.join(listed)}}}"]

    def web_answers(self, target: Numbers, activation) -> dict[str, Any]:
        constants: dict[str, Any] = {"scale": target.scale, "center": target.center}
        if activation in ("clip", "sigmoid"):
            constants["low"], constants["high"] = (target.standardised(end) for end in target.ends)
        constants = {name: np.ravel(values).astype("float64").tolist() for name, values in constants.items()}
        return {"by": "numbers", "decision": activation or "", **constants}

    def scale(self, wanted: np.ndarray, target: Numbers, dtype) -> tuple[Any, np.ndarray]:
        if dtype == np.float64:  # what comes to the center is computed in float32
            return target.scale, np.abs(wanted - target.center)
        return target.scale, np.abs(wanted)

    def deviation(self, target: Numbers) -> Any:
        return target.scale

    def scores_of(
        self, y: np.ndarray, answers: np.ndarray, target: Numbers, *, weight=None, hard=False, threshold=None
    ) -> Scores:
        covered = self._covered(y, answers, target, weight)
        if y.ndim == 1:
            scores = super().scores_of(y, answers, target, weight=weight, hard=hard, threshold=threshold)
            return scores.extended({name: float(values[0]) for name, values in covered.items()}) if covered else scores
        if threshold is not None:
            self.check_threshold(threshold, target, hard)
        of_targets = [measures.regression_scores(y[:, i], answers[:, i], weight) for i in range(y.shape[1])]
        known = [one["r2"] for one in of_targets if np.isfinite(one["r2"])]  # a target that never changes has none
        found = {"r2": float(np.mean(known)) if known else float("nan")}  # errors of several units have no mean
        each = {
            name: {column: one[name] for column, one in zip(target.names, of_targets, strict=True)}
            for name in of_targets[0]
        }
        each |= {name: dict(zip(target.names, values.tolist(), strict=True)) for name, values in covered.items()}
        predictions = Predictions(self, target, y, answers, weight)
        return Scores(found, rows=len(y), each=each, of="target", predictions=predictions)

    def _covered(self, y: np.ndarray, answers: np.ndarray, target: Numbers, weight) -> dict[str, np.ndarray]:
        """Returns the share of rows inside their intervals and the mean width, `(targets,)` each; `{}` without any."""
        if not (ends := self._ends_of_intervals(answers.astype("float64"), target)):
            return {}
        low, high = ends["low"], ends["high"]
        inside = (low <= y.reshape(low.shape)) & (y.reshape(low.shape) <= high)
        known = {"coverage": inside, "mean_width": high - low}
        return {name: np.average(values, axis=0, weights=weight) for name, values in known.items()}

    def row_losses(self, y: np.ndarray, answers: np.ndarray, target: Numbers) -> RowLosses:
        """Returns squared errors; of several targets their mean in the variances of these, for the mean of R2."""
        if y.ndim == 1:
            return super().row_losses(y, answers, target)
        variances = np.var(y, axis=0)
        changes = variances > 0  # a target that never changes has no R2
        losses = np.mean((answers - y)[:, changes] ** 2 / variances[changes], axis=1)
        return RowLosses("r2", losses, measures.share_of_rest, is_error=False)

    def outcomes(self, y: np.ndarray, answers: np.ndarray, target: Numbers) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        names = [str(name) for name in target.names] or [""]
        columns = y.reshape(len(y), -1)
        return {name: (columns[:, i], answers[:, i]) for i, name in enumerate(names)}

    def terms(self, weights: np.ndarray, intercept: np.ndarray, target: Numbers) -> tuple:
        names = [str(name) for name in target.names] or ["None"]
        return weights * target.scale, intercept * target.scale + target.center, names


def _called(name) -> str:
    return f"target {name!r}"


def _written(value, dtype: str) -> str:
    """Returns a statistic as Python source."""
    if np.ndim(value):
        return f"np.array({np.asarray(value).tolist()!r}, {dtype})"
    return f"{dtype}({float(value)!r})"


TASK = Regression()
