"""What a task learns of the data: the target, read from the caller's values and brought to the network's units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

if TYPE_CHECKING:
    from zoo.data.schema import Schema


class Target:
    """What is answered, as training rows show it: here numbers `(rows, units)`, as they are.

    Args:
        schema: The schema, with the target's columns and the classes.
        state: What `Task.fit_target` learnt, as `get_config` returns it.
    """

    dtype = "float32"  # of the values that are answered
    held_out_state: tuple[str, ...] = ("calibration", "threshold", "intervals")  # of the state, what held-out rows gave

    @classmethod
    def older_state(cls, statistics: Sequence, dtype: str) -> dict[str, Any]:
        """Returns the state of artifacts of earlier versions.

        Args:
            statistics: Mean, deviation, lowest and highest, which they had for all targets.
            dtype: Dtype of the answers.
        """
        return {}

    def __init__(self, schema: Schema, state: Mapping[str, Any] | None = None):
        self.schema = schema
        self.state = dict(state or {})

    @property
    def names(self) -> list:
        """Names of the columns that are answered; of arrays without names, their numbers."""
        return self.schema.targets

    @property
    def name(self) -> str:
        """What messages call it."""
        return f"target {self.schema.target!r}" if self.schema.target is not None else "target"

    @property
    def unit_names(self) -> list:
        """Names of the network's outputs, by which weights find their place in a network of other outputs."""
        return ["value"]

    def get_config(self) -> dict[str, Any]:
        """Returns the state as JSON has it."""
        return self.state

    def without_held_out(self) -> Target:
        """Returns the target without what was learnt from held-out rows, which other weights make void."""
        state = self.get_config()
        kept = {name: value for name, value in state.items() if name not in self.held_out_state}
        return self if len(kept) == len(state) else type(self)(self.schema, kept)

    @property
    def intervals(self) -> Mapping[str, Any] | None:
        """What `Task.with_intervals` learnt: `coverage`, `rows`, and what intervals or sets are made by; or None."""
        return self.state.get("intervals")

    def encode(self, y) -> np.ndarray:
        """Returns targets as scores compare them.

        Args:
            y: Values as the caller has them.

        Raises:
            ValueError: if a value is missing, or cannot be a target.
        """
        recorded = np.asarray(y)
        if recorded.dtype.kind not in "biuf":
            such = f", such as {recorded.flat[0]!r}" if recorded.size else ""
            raise ValueError(
                f"The {self.name} must be finite numbers. Received: {recorded.dtype}{such}. Turn it into numbers, or "
                "name another one."
            )
        if not np.isfinite(recorded).all():
            raise ValueError(
                f"The {self.name} must be finite numbers. Received: {recorded.dtype}, not all of them finite. Cut "
                "these sequences, or fill them in."
            )
        recorded = recorded[:, None] if recorded.ndim == 1 else recorded  # of one unit, as a table's column gives it
        return recorded.astype("float32")

    def training(self, encoded: np.ndarray) -> np.ndarray:
        """Returns what a training takes for the result of `encode`, by default the same in the type of `training_spec`.

        Args:
            encoded: What `encode` returned.
        """
        return encoded.astype(self.training_spec[0], copy=False)

    @property
    def training_spec(self) -> tuple[str, tuple[int, ...]]:
        """Dtype and shape, without the rows, of what a training takes."""
        return "float32", ()

    def is_in_pairs(self, y) -> bool:
        """Returns whether values are pairs of float32 that sum up to them, as `training` may give them."""
        return False

    def nearest(self, y):
        """Returns a training's values for metrics: of pairs, the first of each."""
        return y

    def for_network(self, y):
        """Returns a training's values, tensors or arrays, in the units of the network's outputs."""
        return y

    def standardised(self, values) -> np.ndarray:
        """Returns encoded values in the units of the network's outputs, for solvers and folds of one program."""
        return np.asarray(self.for_network(np.asarray(values)))

    def in_float32(self, encoded: np.ndarray, training: np.ndarray) -> np.ndarray:
        """Returns a training's values in the units of the network's outputs, as `for_network` computes them.

        Args:
            encoded: What `encode` returned.
            training: What `training` returned for it.
        """
        return np.asarray(self.for_network(training))

    @property
    def spread(self) -> str:
        """Mean and deviation in words, for messages."""
        return "it has neither mean nor deviation"

    @property
    def constants(self) -> Any:
        """What a compiled training holds of the target: two models train by one function only if it is equal."""
        return self.get_config()


T = TypeVar("T", bound=Target)  # the target of a task
