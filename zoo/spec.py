"""What a builder sees: the inputs and outputs to build for, neither data nor schema."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras


@dataclasses.dataclass(frozen=True)
class Spec:
    """The inputs and outputs that a builder builds for.

    Args:
        task: The name of a task.
        num_outputs: Network outputs, as the task has them: 1 for two classes, otherwise the number of classes, of
            targets or of labels.
        num_inputs: Width of the one tensor `inputs` (raw preprocessing). None where no data were given and the
            options decide.
        sequences: Whether `inputs` has an axis of time before that of its width.
        input_offsets: What was subtracted from each of `inputs`, in float64, since float32 does not resolve the
            differences of such large numbers (`Recipe.centred`); empty where nothing was.
        num_numeric: Width of the tensor `numeric` (tabular): scaled numbers and 0/1 flags.
        linear: Whether a line that is solved before the training may stand beside the network (`Recipe.linear`).
        num_linear: Width of the tensor `linear` (tabular): standardised numbers and 0/1 flags.
        num_quantile: Width of the tensor `quantile` (tabular): ranks in [0, 1].
        max_bins: The most bins that each rank may be expanded to, by the recipe's `feature_budget`; None for no limit.
        categorical_sizes: Levels of each column of the tensor `categorical` (tabular). Index 0 is what was not seen.
        image_shape: `(height, width, channels)` of the tensor `image`.
        tensors: Further encoded tensors, of a table that holds several images or arrays: `(shape, dtype)` by name.
        num_rows: Rows of the data that are built for, where that is known.
        num_targets: Width of the numbers beside the data, of an entry that learns pairs (`Recipe.targets`).
        seed: Seed of the initial weights.
    """

    task: str
    num_outputs: int = 1
    num_inputs: int | None = None
    sequences: bool = False
    input_offsets: tuple[float, ...] = ()
    num_numeric: int = 0
    linear: bool = False
    num_linear: int = 0
    num_quantile: int = 0
    max_bins: int | None = None
    categorical_sizes: tuple[int, ...] = ()
    image_shape: tuple[int, int, int] | None = None
    tensors: Mapping[str, tuple[tuple[int | None, ...], str]] = dataclasses.field(default_factory=dict)
    num_rows: int | None = None
    num_targets: int | None = None
    seed: int = 0

    def refuse_sequences(self) -> None:
        """Raises ValueError for sequences: for builders of what takes one vector a row."""
        if self.sequences:
            raise ValueError(
                "This model takes one vector a row. Received: sequences (rows, time, inputs). Pass each as one row, "
                "x.reshape(len(x), -1); images must be uint8."
            )

    def refuse_tensors(self) -> None:
        """Raises ValueError for a table of images and arrays alone: for builders of what takes none of `tensors`."""
        if self.tensors:
            raise ValueError(
                "This model takes numbers, categories and at most one image a row. Received: the images and arrays "
                f"{', '.join(self.tensors)} alone. Leave all but one image out, `ignore=[...]`, or take a network that "
                "combines them."
            )

    def inputs(self) -> dict[str, keras.KerasTensor]:
        """Returns the named Keras inputs: inputs, numeric, linear, quantile, ..., `tensors`, as they exist."""
        import keras

        inputs = {}
        if self.num_inputs:
            shape = (None, self.num_inputs) if self.sequences else (self.num_inputs,)
            inputs["inputs"] = keras.Input(shape, name="inputs")
        if self.num_numeric:
            inputs["numeric"] = keras.Input((self.num_numeric,), name="numeric")
        if self.num_linear:
            inputs["linear"] = keras.Input((self.num_linear,), name="linear")
        if self.num_quantile:
            inputs["quantile"] = keras.Input((self.num_quantile,), name="quantile")
        if self.categorical_sizes:
            inputs["categorical"] = keras.Input((len(self.categorical_sizes),), name="categorical", dtype="int32")
        if self.image_shape:
            inputs["image"] = keras.Input(self.image_shape, name="image", dtype="uint8")
        for name, (shape, dtype) in self.tensors.items():
            inputs[name] = keras.Input(shape, name=name, dtype=dtype)
        return inputs
