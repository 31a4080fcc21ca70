"""The target of a classification: classes in the caller's own values, and what was learnt of them on held-out rows."""

from __future__ import annotations

import numpy as np
import pandas as pd

from zoo.data.raw_values import level_name
from zoo.tasks import calibration, measures, target_values
from zoo.tasks.calibration import Calibration
from zoo.tasks.target import Target


class Classes(Target):
    """Classes, in the caller's own values.

    With sets the state holds `intervals`: `coverage`, `rows`, and `least`, from which probability on a class is in.
    """

    def encode(self, y) -> np.ndarray:
        """Returns class indices `(rows,)`, int32.

        Raises:
            ValueError: if a value is missing, or no class of training.
        """
        classes = self.schema.classes or ()
        values = target_values.one(y, self.name)
        if not any(target_values.is_word_for_missing(value) for value in classes):
            target_values.check_there(values, self.name)
        codes, uniques = pd.factorize(values)
        known = {value: i for i, value in enumerate(classes)}
        by_text = {level_name(value): i for i, value in enumerate(classes)}
        indices = np.empty(len(uniques), "int32")
        for i, value in enumerate(uniques):
            index = known.get(value, by_text.get(level_name(value)))
            if index is None:
                raise ValueError(
                    f"The {self.name} holds the class {value!r}, which training did not know. The model has: "
                    f"{', '.join(map(repr, classes[:10]))}. Drop these rows, or train on them."
                )
            indices[i] = index
        return indices[codes]

    @property
    def training_spec(self) -> tuple[str, tuple[int, ...]]:
        return "int32", ()

    @property
    def unit_names(self) -> list:
        return list(self.schema.classes or ())

    def labels(self, indices) -> np.ndarray:
        """Returns the caller's own class values, in their dtype, for class indices."""
        classes = self.schema.classes or ()
        if all(isinstance(value, str) for value in classes):
            return np.array(classes, dtype=object)[np.asarray(indices)]
        values = np.array(classes)
        try:
            values = values.astype((self.schema.class_dtype or "").lower())
        except (TypeError, ValueError):  # a dtype of pandas' own
            pass
        return values[np.asarray(indices)]

    @property
    def texts(self) -> list[str]:
        """The classes as they are served."""
        return [str(label) for label in self.schema.classes or ()]

    @property
    def calibration(self) -> Calibration | None:
        """What is done to logits before they are probabilities, or None."""
        return calibration.from_config(self.state.get("calibration"))

    @property
    def threshold(self) -> float | None:
        """Of two classes, the probability of the second from which on it is the label; None for the most probable."""
        return self.state["threshold"]["at"][0] if "threshold" in self.state else None

    def chosen(self, probabilities: np.ndarray) -> np.ndarray:
        """Returns the index of the label of each row, `(rows,)`, for probabilities `(rows, classes)`."""
        if self.threshold is None:
            return np.argmax(probabilities, axis=-1)
        return measures.is_positive(probabilities[:, 1], self.threshold).astype("int64")
