"""The protocol of a task: what a model answers, from the target in the data to the table that `zoo.predict` returns.

    network outputs --decide--> what model(x) returns --answers--> numbers by name --decode--> the caller's values
                                                                                  --served--> tensors of the export

A `Task` is stateless and has a file of its own. What it learns of the data is a `Target` (`zoo.tasks.target`), which
the preprocessor holds. Keras is imported where a method computes with tensors: a schema is read without it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from zoo import overrides
from zoo.tasks import keras_losses, thresholds
from zoo.tasks.differences import Difference as Difference  # imported from here as well
from zoo.tasks.differences import distances as distances
from zoo.tasks.proved import Proved
from zoo.tasks.target import T
from zoo.tasks.target import Target as Target

if TYPE_CHECKING:
    from zoo.data.schema import Schema


class Task(Proved[T]):
    """What a model answers. Here units, whose outputs are the answers: the base of all tasks.

    A task is one object, `zoo.register_task(name, "module:OBJECT")`. What a subclass leaves out is as it is here.
    """

    name = ""
    target_type: type[Any] = Target
    supervised = False  # an entry is built and trained with a target, and its outputs are compared with it
    learns_from_targets = False  # a training needs them
    several = False  # a target may have several columns
    is_inferred = False  # schemas are inferred with it, by the values of a single target
    line: str | None = None  # which line is solved beside the network: one of `zoo.training.line_methods.METHODS`
    class_indices = False  # targets are indices of classes `(rows,)`, which Keras's sparse losses take
    answers_numbers = False  # a target's texts are read as numbers, wherever they can be
    separable = False  # the likelihood of classes that a line separates has no maximum
    activations: tuple = ()  # what a caller's `output_activation` may be; empty for any that the entry knows
    estimator = ""  # which estimator of zoo.sklearn answers it: "classifier" or "regressor"
    verbs: frozenset[str] = frozenset()  # what can be done with its models beside what can be done with all

    def __repr__(self) -> str:
        return f"<task {self.name}>"

    # The target.

    def suits(self, y) -> str:
        """Returns `""` if these targets can be answered, else why not. Picks among the tasks of an entry.

        Args:
            y: Values as the caller has them, or None.
        """
        return ""

    def described(self, schema: Schema, y) -> Schema:
        """Returns the schema with this task, and with what it knows of the target, such as the classes.

        By default a supervised task refuses what the `Target.encode` of a fitted target refuses.

        Args:
            schema: The schema of the raw columns.
            y: Values as the caller has them.

        Raises:
            TypeError: if `fit_target` returns no target, or `encode` no array.
            ValueError: if `y` has missing values, or cannot be answered.
        """
        import dataclasses

        schema = dataclasses.replace(schema, task=self.name, classes=None, class_dtype=None)
        if self.supervised:
            target = self.fit_target(schema, y)
            overrides.returned(target, self.target_type, f"`fit_target` of the task {self.name!r}")
            overrides.returned(target.encode(y), np.ndarray, f"`encode` of the target of the task {self.name!r}")
        return schema

    def fit_target(self, schema: Schema, y) -> T:
        """Returns the target as training rows show it, of the type `target_type`. Its state is what a model keeps.

        Args:
            schema: What `described` returned.
            y: Values of the training rows as the caller has them, or None.
        """
        return self.target_type(schema)

    def continued(self, target: T, encoded: np.ndarray, activation) -> T:
        """Returns the target of a trained model that goes on with other training rows; by default it stays as it is.

        Args:
            target: As the earlier training left it.
            encoded: What its `encode` returned for the training rows.
            activation: As for `standard`.
        """
        return target

    def strata(self, y) -> np.ndarray | None:
        """Returns a number for each row by which rows are split evenly, or None."""
        return None

    def class_factors(self, class_weight, target: T, encoded: np.ndarray, weight) -> np.ndarray:
        """Returns the factor of each class, for a caller's `class_weight`.

        Raises:
            ValueError: if there are no classes.
        """
        raise ValueError(f"`class_weight` is for classifiers; this model does {self.name}. Leave it out.")

    # The network and its training.

    def outputs(self, target: T | None) -> list[tuple]:
        """Returns the shapes that a network's output may have, `(None, units)`, the one of `Spec.num_outputs` first.

        A string stands for any size.
        """
        return [(None, "values"), (None, "time", "values")]

    def loss(self, activation) -> Callable | None:
        """Returns the loss `(y_true, network_output) -> (batch,)` of a recipe that names none; None for none."""
        return None

    def check_loss(self, loss, target: T, activation) -> None:
        """Checks a loss on the model's outputs that a caller gives in place of the recipe's.

        By default a loss of Keras must take targets of the task's kind: indices of classes, or columns.

        Args:
            loss: A Keras loss, its name, or a function `(y_true, y_pred)`; None for the recipe's.
            target: The target.
            activation: As for `standard`.

        Raises:
            ValueError: if it does not.
        """
        keras_losses.check(loss, self.name, class_indices=self.class_indices)

    def activation(self, wanted, *, given: bool):
        """Returns the activation of the outputs.

        Args:
            wanted: What the recipe or the caller's option `output_activation` says.
            given: Whether the caller gave it.

        Raises:
            ValueError: if the caller gave one by which this cannot be answered.
        """
        if given and self.activations and wanted not in self.activations:
            names = ", ".join(map(repr, self.activations))
            raise ValueError(f"`output_activation` must be one of {names}. Received: output_activation={wanted!r}")
        return wanted

    def bounded(self, activation) -> bool:
        """Returns whether `values` depends on the training's targets, as answers do that stay between their ends.

        Folds then train one after another: beside each other they would share one function.
        """
        return type(self).values is not Task.values

    def mean_of(self, activation) -> str:
        """Returns of what the answers of members are the mean: `"softmax"`, `"sigmoid"` or `"values"`."""
        return "sigmoid" if activation == "sigmoid" else "values"

    def values(self, outputs, target: T, activation):
        """Returns what losses on network outputs take for network outputs `(batch, units)`."""
        return outputs

    # What is learnt from held-out rows, when the training has ended.

    def calibrate(
        self, target: T, y: np.ndarray, outputs: np.ndarray, weight: np.ndarray | None, activation
    ) -> tuple[T, dict[str, Any]]:
        """Returns the target with what brings probabilities nearer to what happens, and facts about it.

        `standard` applies it; losses on network outputs do not see it. By default nothing is calibrated.

        Args:
            target: Without an earlier calibration.
            y: Encoded targets of rows that no weight was fitted on.
            outputs: What the network gives for these rows, `(rows, units)`; of members, merged.
            weight: Sample weights `(rows,)`, or None.
            activation: As for `standard`.

        Returns:
            The target, as it was where nothing is calibrated, and plain values for the run and the card.
        """
        return target, {}

    def with_threshold(self, target: T, threshold, y: np.ndarray, answers: np.ndarray) -> T:
        """Returns the target with the probability from which on an answer is positive, `threshold` of its state.

        The state has what was given, `by`, and `at`, a number for each of `outcomes`. Rows count alike, as in scores.

        Args:
            target: Calibrated.
            threshold: What `check_threshold` takes.
            y: Encoded targets of rows that trained nothing; none are needed for numbers.
            answers: Probabilities of these rows, as for `scores_of`.

        Raises:
            ValueError: if the task has no threshold, or a score is named that these rows do not have.
        """
        self.check_threshold(threshold, target, False)
        names = self.outcomes(y, answers, target)
        of = threshold if isinstance(threshold, Mapping) else dict.fromkeys(names, threshold)
        at = [thresholds.chosen(of[name], yes, p, None, f"answer {name!r}") for name, (yes, p) in names.items()]
        by = dict(threshold) if isinstance(threshold, Mapping) else threshold
        return self.target_type(target.schema, {**target.state, "threshold": {"by": by, "at": at}})

    def check_threshold_rows(self, threshold, target: T, y: np.ndarray) -> None:
        """Raises ValueError if a score that names a threshold is one that rows of these encoded targets do not have."""
        for name, (positive, _) in self.outcomes(y, np.zeros((len(y), max(2, np.size(y[:1])))), target).items():
            of = threshold[name] if isinstance(threshold, Mapping) else threshold
            thresholds.check_rows(of, positive, None, f"answer {name!r}")

    def obstacle_to_intervals(self, activation) -> str:
        """Returns `""` if `with_intervals` suits these answers, else why not and what to do, in sentences.

        Args:
            activation: As for `standard`.
        """
        return (
            f"`intervals` are for numbers and for one of several classes; this model does {self.name}. Leave them out."
        )

    def with_intervals(
        self, target: T, y: np.ndarray, decided: np.ndarray, weight: np.ndarray | None, coverage: float, activation
    ) -> T:
        """Returns the target with what `answers` makes intervals or sets by, under the name `intervals` of its state.

        Args:
            target: Calibrated.
            y: Encoded targets of rows that trained nothing.
            decided: What the calibrated model decided for these rows.
            weight: Sample weights `(rows,)`, or None.
            coverage: The share of new rows whose truth is to be inside.
            activation: As for `standard`.

        Raises:
            ValueError: if there are too few rows, answers are not finite, or the task has no intervals.
        """
        raise ValueError(self.obstacle_to_intervals(activation))

    # From outputs to answers.

    def standard(self, outputs, target: T, activation):
        """Returns answers without the target's units for network outputs `(batch, units)`, by `keras.ops`.

        It may return several tensors as a dict; `decide`, `decided` and all that follow then take and give such dicts.

        Args:
            outputs: Of one network, or merged of all members.
            target: The target.
            activation: `"softmax"`, `"sigmoid"`, `"threshold"`, None, or a function of the outputs.
        """
        from keras import ops

        if callable(activation):
            return activation(outputs)
        if activation == "threshold":
            if outputs.shape[-1] == 1:
                return ops.cast(outputs >= 0, outputs.dtype)
            return ops.one_hot(ops.argmax(outputs, axis=-1), outputs.shape[-1], dtype=outputs.dtype)
        functions = {"softmax": ops.softmax, "sigmoid": ops.sigmoid}
        return functions[activation](outputs) if activation else outputs

    def decide(self, outputs, target: T, activation):
        """Returns what `model(x)` returns for network outputs `(batch, units)`, by `keras.ops`.

        Args:
            outputs, target, activation: As for `standard`.
        """
        return self.decided(self.standard(outputs, target, activation), target)

    def decided(self, standard, target: T):
        """Returns answers in the target's units for the result of `standard`: what predictions and scores take.

        Args:
            standard: An array; of a task that leaves `decide` as it is also a tensor, so that it is written by
                arithmetic that both have.
            target: The target.
        """
        return standard

    def checked(self, decided: np.ndarray, options: Mapping[str, Any]) -> np.ndarray:
        """Returns what the model decided, as it is.

        Args:
            decided: What `decided` returned.
            options: Of the entry, by which a message can name a repair.

        Raises:
            ValueError: if it is no answer.
        """
        return decided

    def columns(self, target: T, name: str, width: int) -> list[str]:
        """Returns the columns of a table for an answer `(rows, width)` by its name."""
        return [f"{name}_{i}" for i in range(width)]

    def table(self, decoded: Mapping[str, np.ndarray], target: T, index) -> pd.DataFrame:
        """Returns the table of answers that `predict` returns.

        Args:
            decoded: What `decode` returned, each `(rows,)`, `(rows, columns)` or `(rows, time, columns)`.
            target: The target.
            index: The caller's index of the rows.
        """
        parts: dict[str, np.ndarray] = {}
        for name, values in decoded.items():
            if values.ndim == 3:  # (rows, time, units) -> (rows * time, units)
                index = pd.MultiIndex.from_product([index, range(values.shape[1])], names=[index.name or "row", "step"])
                values = values.reshape(-1, values.shape[-1])
            if values.ndim == 1 or values.shape[1] == 1 and self.is_single(target, name):
                parts[name] = values.reshape(len(values))
            else:
                parts |= dict(zip(self.columns(target, name, values.shape[1]), values.T, strict=True))
        return pd.DataFrame(parts, index=index)

    def is_single(self, target: T, name: str) -> bool:
        """Returns whether an answer of one column has its bare name in a table and in the export."""
        return True

    # The export.

    def served(self, answers: Mapping[str, Any], target: T) -> dict[str, Any]:
        """Returns the tensors of the served graph for the result of `answers`. TensorFlow."""
        return {
            name: values[:, 0] if values.shape[1:] == (1,) and self.is_single(target, name) else values
            for name, values in answers.items()
        }

    def method(self, targets: int) -> str:
        """Returns the method of TensorFlow Serving that answers examples: `"classify"`, `"regress"` or `""`.

        Args:
            targets: How many columns the target has.
        """
        return ""

    def source(self, target: T, activation, width: int) -> list[str]:
        """Returns lines of numpy from the output `z`, `(rows, width)`, to `return {...}` of `served`.

        Where they are empty, the export to numpy is refused: by default of tasks with other answers than outputs.
        """
        if self._answers_by_its_own:
            return []
        lines = []
        if activation == "threshold":
            one_hot = f"z = np.eye({width}, dtype='float32')[z.argmax(1)]"
            lines.append("z = (z >= 0).astype('float32')" if width == 1 else one_hot)
        if activation == "sigmoid":
            lines.append("z = 0.5 * (1 + np.tanh(0.5 * z))")
        return [*lines, f'return {{"prediction": {"z[:, 0]" if width == 1 else "z"}}}']

    def web_answers(self, target: T, activation) -> dict[str, Any] | None:
        """Returns by which constants the web format makes answers of the outputs, as values of JSON; None for none.

        `"by"` names the function of `zoo/artifacts/web_predict.js` that takes them. By default the format is refused.

        Args:
            target: The target, without intervals.
            activation: As for `standard`.
        """
        return None

    @property
    def _answers_by_its_own(self) -> bool:
        """Whether the task has a way of its own from outputs to answers."""
        names = ("standard", "decide", "decided", "answers", "served")
        return any(getattr(type(self), name) is not getattr(Task, name) for name in names)

    def terms(self, weights: np.ndarray, intercept: np.ndarray, target: T) -> tuple:
        """Returns weights `(features, outputs)` and intercepts of a line in the target's units, and their columns."""
        return weights, intercept, list(range(len(intercept)))


TASK: Task[Target] = Task()
