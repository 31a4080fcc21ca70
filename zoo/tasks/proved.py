"""What gives the answers their names and values, and compares those of an export with them: the proof of an export.

    decided --answers--> numbers by name --decode--> the caller's values
    exported, decided --differences--> how far they are apart, and how far they may be
                      --quality--> what an export with smaller weights loses

`Task` in `zoo.tasks.task` is a subclass, so that a task has these methods beside those that make the answers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from zoo.tasks.differences import Difference, of_values
from zoo.tasks.scored import Scored
from zoo.tasks.target import T


class Proved(Scored[T]):
    """Answers, and how those of an export are compared with Python's. Here name by name, numbers by their spread."""

    def answers(self, decided, target: T, activation) -> dict[str, Any]:
        """Returns the answers as numbers, by name, for what `decide` returned, by `keras.ops`."""
        return {"prediction": decided}

    def decode(self, answers: Mapping[str, np.ndarray], target: T) -> dict[str, np.ndarray]:
        """Returns the answers in the caller's own values, by name: what `predict` shows. numpy.

        Args:
            answers: What `answers` returned, as arrays.
            target: The target.
        """
        return dict(answers)

    def differences(
        self, exported: Mapping[str, np.ndarray], decided: np.ndarray, target: T, activation, tolerance: float
    ) -> Iterator[Difference]:
        """Yields how far the answers of an export are from Python's: the proof.

        By default each answer is compared with what `decode` gives under its name: texts must be equal, numbers may
        differ by a share of `scale`.

        Args:
            exported: What an export answered, by name; of `classify` and `regress` by TensorFlow Serving's names.
            decided: What the model decided for these rows, or for more.
            target: The target.
            activation: As for `standard`.
            tolerance: `zoo.tasks.differences.TOLERANCE`, or infinite where answers are only looked at.
        """
        all_wanted = self._decoded(decided, target, activation)
        if "outputs" in exported:  # of `regress`, which has one number a row
            exported, all_wanted = {"prediction": exported["outputs"]}, {"prediction": all_wanted["prediction"]}
        if all_wanted.keys() != exported.keys():
            raise TypeError(
                f"The task {self.name!r} must serve the answers that it decodes, {', '.join(all_wanted)}. Received: "
                f"{', '.join(exported)}. Give `served` and `decode` the same names, or write `differences`."
            )
        for name, wanted in all_wanted.items():
            served, what = exported[name], "values" if len(all_wanted) == 1 else f"{name!r} values"
            wanted = wanted.reshape(len(wanted), -1)[: len(served)].reshape(served.shape)
            if served.dtype.kind == "S":
                wanted = np.array([str(value).encode() for value in wanted.ravel()]).reshape(wanted.shape)
                yield Difference(what, float(np.mean(served != wanted)), 0.0, 0.0)
            else:
                values, wanted = served.astype("float64"), wanted.astype("float64")
                yield self.of_values(values, wanted, *self.scale(wanted, target, served.dtype), tolerance, what)

    def _decoded(self, decided, target: T, activation) -> dict[str, np.ndarray]:
        """Returns the answers as `zoo.predict` shows them, for what the model decided."""
        answers = self._numbers(decided, target, activation)
        return {name: np.asarray(values) for name, values in self.decode(answers, target).items()}

    def _numbers(self, decided, target: T, activation) -> dict[str, np.ndarray]:
        """Returns the answers as numbers, by name, for what the model decided."""
        import keras

        return {
            name: values if isinstance(values, np.ndarray) else keras.ops.convert_to_numpy(values)
            for name, values in self.answers(decided, target, activation).items()
        }

    def scale(self, wanted: np.ndarray, target: T, dtype) -> tuple[Any, np.ndarray]:
        """Returns by what differences of values are measured, and the size of what is computed in float32.

        Args:
            wanted: Python's values, in the shape of an answer of the export.
            target: The target.
            dtype: Of the export's values.
        """
        known = wanted[np.isfinite(wanted)]
        return float(np.ptp(known)) or 1.0 if known.size else 1.0, np.abs(wanted)

    of_values = staticmethod(of_values)

    def quality(self, exported: Mapping[str, np.ndarray], decided: np.ndarray, target: T, activation, y) -> dict:
        """Returns how an export that answers otherwise than Python compares with it: LiteRT's with smaller weights.

        Args:
            exported: What the export answered, by name.
            decided: What the model decided.
            target: The target.
            activation: As for `standard`.
            y: Encoded targets, or None.

        Returns:
            `agreement`, a share of equal labels, or `difference` in the target's deviations; with targets also
            `metric`, `before` (Python) and `after` (the export).
        """
        wanted = self._decoded(decided, target, activation)
        numbers = {name: values.astype("float64") for name, values in wanted.items() if values.dtype.kind in "biuf"}
        apart = [np.abs(exported[name].reshape(values.shape) - values) for name, values in numbers.items()]
        facts: dict[str, Any] = {"difference": float(max(np.max(one / self.deviation(target)) for one in apart))}
        before = numbers.get("prediction")
        if y is not None and before is not None and before.size == np.size(y):
            after, truth = (np.asarray(of, "float64").reshape(before.shape) for of in (exported["prediction"], y))
            errors = [float(np.sqrt(np.mean((part - truth) ** 2))) for part in (before, after)]
            facts |= {"metric": "rmse", "before": errors[0], "after": errors[1]}
        return facts

    def deviation(self, target: T) -> Any:
        """Returns the deviation of the target among the training rows; 1 where it has none."""
        return 1.0
