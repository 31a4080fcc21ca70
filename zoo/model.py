"""`zoo.Model`: a Keras model that knows its raw columns.

    raw columns --preprocessor--> encoded tensors --network--> logits or values --decide--> what predict returns

`model(x)` takes encoded tensors, as any Keras model does. `fit`, `evaluate` and `predict` take those or raw data.
Inside a training or test step the call returns the network's outputs, on which the zoo's losses are defined.
"""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from keras import ops

from zoo import coefficients, entries, feeding, model_config, notices, overrides, registry
from zoo.compiling import resolve_recipe, resolve_traits
from zoo.data.schema import Schema
from zoo.engine import keras_internals, numpy_fit, objectives
from zoo.engine.jitted import jitted
from zoo.engine.precision import check_floatx, in_float32
from zoo.engine.refusals import check_rule, check_traits
from zoo.layers import ensemble
from zoo.layers.losses import Count, NetworkLoss
from zoo.layers.nesting import layers_of
from zoo.registry import Recipe, Traits
from zoo.tasks.target import Target

JIT_ROWS = 1024  # of a batch of `predict` that XLA compiles


@keras.saving.register_keras_serializable(package="zoo")
@keras_internals.creating_variables_in(lambda model: model._network_outputs())
class Model(keras.Model):
    """A network with the schema and the preprocessor of the raw data it takes.

    Args:
        network: From encoded tensors to logits or values.
        entry: The entry of the zoo, or its name.
        preprocessor: Fitted on training rows; holds the schema.
        options: The builder's options that the caller gave.
        decision: What turns network outputs into the model's: `"softmax"`, `"sigmoid"`, `"threshold"`, None, or a
            registered function of them.
        name: Name of the Keras model; None for the network's.
        counts: Functions `(y_true, network_output) -> (batch,)`, summed over an epoch and shown under their names.
    """

    def __init__(self, network, *, entry, preprocessor, options=None, decision=None, counts=(), name=None):
        check_floatx()
        super().__init__(name=name or network.name, dtype="float32")  # its layers have policies of their own
        self.network = network
        self.entry = registry.info(entry) if isinstance(entry, str) else entry
        self.preprocessor = preprocessor
        task = preprocessor.schema.task
        self.task = registry.load_task(self.entry.task if task is None else task)
        self.decision = decision
        self._options = dict(options or {})
        self._counts = [Count(function) for function in counts]
        self._jit = self.traits.jit
        self.seeds = objectives.seed_generator(self.traits)
        self.player_losses = objectives.trackers(self.traits)
        self._unsaved: tuple[str, ...] = ()
        self._step = threading.local()  # MirroredStrategy runs one thread a replica
        self.built = True

    @property
    def schema(self) -> Schema:
        """The contract of the raw data."""
        return self.preprocessor.schema

    @property
    def target(self) -> Target:
        """What the preprocessor knows of the target."""
        return self.preprocessor.target

    @property
    def classes(self) -> tuple | None:
        """The classes in the caller's own values, sorted; None where there are none."""
        return self.schema.classes

    @property
    def options(self) -> dict[str, Any]:
        """The builder's options that were given."""
        return dict(self._options)

    @property
    def recipe(self) -> Recipe:
        """The entry's recipe, with the options that stand above it."""
        return resolve_recipe(self.entry, self._options)

    @property
    def traits(self) -> Traits:
        """The functions beside the recipe, with what the options change in them."""
        return resolve_traits(self.entry, self._options)

    @property
    def members(self) -> int:
        """How many networks answer together."""
        return ensemble.size(self.network)

    def __getattr__(self, name):
        """Looks up what models of the entry have beside Keras's attributes (see `Traits`)."""
        if inherited := getattr(super(), "__getattr__", None):  # of torch.nn.Module, which stores layers in a dict
            with contextlib.suppress(AttributeError):
                return inherited(name)
        if not name.startswith("_") and "entry" in self.__dict__ and "preprocessor" in self.__dict__:
            traits = entries.load_traits(self.entry)
            if name in traits.properties:
                return traits.properties[name](self)
            if name in traits.methods:
                return functools.partial(traits.methods[name], self)
        raise AttributeError(f"{type(self).__name__!r} has no attribute {name!r}.")

    def call(self, inputs, training=None):
        inputs, in_step = feeding.by_name(self, inputs), getattr(self._step, "active", False)
        if function := getattr(self._step, "function", None):
            return function(inputs)
        if self.traits.respond is not None and not in_step:
            return self.decide(self._response(inputs))
        network = jitted(self.network) if self._jit and not training else self.network
        outputs = network(inputs, training=training)
        return outputs if in_step else self.decide(outputs)

    @contextlib.contextmanager
    def calling(self, function):
        """Replaces what a call of the model returns during the block.

        Args:
            function: Of the encoded tensors by name.
        """
        self._step.function = function
        try:
            yield
        finally:
            self._step.function = None

    def _response(self, inputs):
        """Returns the network's outputs, or what the traits answer with in their place."""
        respond = self.traits.respond
        return self.network(inputs, training=False) if respond is None else respond(self.network, inputs, self.target)

    def network_outputs(self, x):
        """Returns the network's outputs, computed in float32: what predictions and exports take.

        Args:
            x: Encoded tensors by name, each `(batch, ...)`.

        Returns:
            `(batch, num_outputs)`, or `(batch, members, num_outputs)`.
        """
        with in_float32(self.network):
            return self._response(x)

    def decide(self, outputs):
        """Returns the model's outputs for the network's.

        Args:
            outputs: `(batch, num_outputs)`, or `(batch, members, num_outputs)`.

        Returns:
            Probabilities `(batch, classes)`, values in the target's units `(batch, targets)`, or 0/1 `(batch, units)`.
        """
        return self._decided(self.merged(outputs))

    def _decided(self, outputs):
        return self.task.decide(outputs, self.target, self.decision)

    def merged(self, outputs):
        """Returns the network output `(batch, num_outputs)` that stands for all members.

        Args:
            outputs: `(batch, members, num_outputs)`, or of one network, which stay as they are.
        """
        if not self._is_of_members(outputs):
            return outputs
        return ensemble.merged(outputs, mean=self.task.mean_of(self.decision))

    def _is_of_members(self, outputs) -> bool:
        return self.members > 1 and len(outputs.shape) == 3

    def answers(self, decided) -> dict[str, Any]:
        """Returns the answers as numbers, by name, such as `probabilities` `(batch, classes)`.

        Args:
            decided: What `model(x)` returns.
        """
        answers = self.task.answers(decided, self.target, self.decision)
        return overrides.returned(answers, dict, f"`answers` of the task {self.task.name!r}")

    def coefficients(self):
        """Returns the coefficients of a linear model in the units of the raw columns.

        Of a network with a line beside its hidden layers they are those of the line.

        Returns:
            A DataFrame, one row a column (and level, or derived feature) and `intercept` last; one column a logit: the
            second class's for two classes, every class's for more; of numbers and labels one for each.

        Raises:
            TypeError: if the network is not linear in its encoded tensors, there are several members, or no columns.
        """
        return coefficients.coefficients(self)

    @contextlib.contextmanager
    def _network_outputs(self):
        self._step.active = True
        try:
            yield
        finally:
            self._step.active = False

    def train_step(self, *args, **kwargs):
        with self._network_outputs():
            return objectives.train_step(self, super().train_step, *args, **kwargs)

    def test_step(self, *args, **kwargs):
        with self._network_outputs():
            return objectives.test_step(self, super().test_step, *args, **kwargs)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Returns the loss. Members learn by their own each, of which it is the mean; without training, their answer's.

        A member's gradient is what it would be if it stood alone.
        """
        shared = {"x": x, "y": y, "sample_weight": sample_weight, "training": training}
        if not training or not self._is_of_members(y_pred):
            return self._loss_of(self.merged(y_pred), **shared)
        if isinstance(self.loss, NetworkLoss) and self.loss.reduction == "sum_over_batch_size":
            outputs, shared["y"], shared["sample_weight"] = ensemble.as_rows(y_pred, y, sample_weight)
            mean = self._loss_of(outputs, **shared)
        else:  # no mean over rows, or the caller's own, of which that is not known
            mean = sum(self._loss_of(y_pred[:, m], **shared) for m in range(self.members)) / self.members
        return ensemble.with_gradient_of_sum(mean, self.members)

    def _loss_of(self, outputs, *, y, **rest):
        if y is None and self.loss is None and not self.losses:  # of a rule, in a test
            return ops.zeros(())
        if isinstance(self.loss, NetworkLoss):
            target = outputs if y is None else self.target.for_network(y)
            return super().compute_loss(y=target, y_pred=self.values(outputs), **rest)
        self.check_loss(self.loss)
        return super().compute_loss(y=y, y_pred=self._decided(outputs), **rest)

    def check_loss(self, loss) -> None:
        """Checks a loss that the caller gives.

        Args:
            loss: A loss on the model's outputs, or None for the zoo's own.

        Raises:
            ValueError: if float32, in which such a loss computes, cannot resolve the target.
        """
        if loss is not None and not isinstance(loss, NetworkLoss) and self.target.dtype == "float64":
            raise ValueError(
                f"`loss` compares float32 values, which cannot resolve this target: {self.target.spread}. Subtract the "
                "mean from the target, or leave `loss` out: the zoo's own loss is on standardised values."
            )

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        if y is None and self.entry.learning == "rule" and self.task.supervised:  # nothing to compare
            loss, *others = self.metrics  # the mean of the loss, then a metric that holds the metrics of `compile`
            for metric in others:
                if hasattr(metric, "metrics") and not metric.built:
                    metric.build(ops.zeros_like(y_pred[:, 0]), self._decided(self.merged(y_pred)))
            return {"loss": loss.result()}
        y_pred = self.merged(y_pred)
        y = self.target.nearest(y)
        for count in self._counts:
            count.update_state(y, y_pred)
        decided = self._decided(y_pred)
        shapes = [tuple(getattr(part, "shape", ())) for part in (y, decided)]
        if not self.task.class_indices and len(shapes[0]) == 1 and shapes[1][1:] == (1,):
            y = ops.expand_dims(y, -1)  # (batch,) -> (batch, 1): metrics compare columns of one shape
        return super().compute_metrics(x, y, decided, sample_weight)

    def compile(
        self, optimizer="rmsprop", loss=None, loss_weights=None, metrics=None, weighted_metrics=None, *args, **kwargs
    ) -> None:
        """Keras's `compile`. Of classes, Keras's metrics of columns, such as "recall", are shown columns."""
        metrics, weighted_metrics = (
            keras.tree.map_structure(lambda metric: self.task.keras_metrics([metric], self.target)[0], of)
            for of in (metrics, weighted_metrics)
        )
        super().compile(optimizer, loss, loss_weights, metrics, weighted_metrics, *args, **kwargs)

    def values(self, outputs):
        """Returns what losses on network outputs take, such as a regression's standardised values.

        Args:
            outputs: Network outputs `(batch, num_outputs)`.
        """
        return self.task.values(outputs, self.target, self.decision)

    @notices.unlogged()
    def fit(self, x=None, y=None, batch_size=None, *args, sample_weight=None, validation_data=None, **kwargs):
        """Keras's `fit`. `x` may also be a DataFrame, a dict of raw columns, or a tf.data.Dataset of them.

        What learns by a rule sees the rows in their order unless its recipe, or the caller, says otherwise.

        The learning rate is constant, as Keras has it: the recipe's schedule is one of `zoo.train`. Where that is
        `"coslog4"`, as of RealMLP, it is a tenth of the peak.

        A DataFrame may hold the target's column; `y` is then None. Beside raw data, targets are in the caller's own
        values; beside encoded tensors, they are class indices (or strings), or values.

        Raises:
            TypeError: if the entry has nothing to train.
            ValueError: if there are sample weights that its rule does not heed.
        """
        self.check_trainable()
        if self.traits.experience is not None:
            raise TypeError(
                f"{self.entry.name!r} learns from its own acts, for which `fit` has no environment. Call "
                "zoo.train(model, environment), or `train_on_batch` with rows of yours."
            )
        check_rule(self.entry, self.recipe, weight=sample_weight)
        sample_weight = feeding.in_order_of(x, sample_weight)
        x, y = feeding.encoded(self, x, y, training=True)
        if hasattr(x, "element_spec"):
            kwargs.setdefault("shuffle", False)  # a dataset has its own order; Keras warns of its default
        elif self.entry.learning == "rule" and len(args) < 6:  # the sixth after `batch_size` is `shuffle`
            kwargs.setdefault("shuffle", self.recipe.shuffle)
        if validation_data is not None:
            validation_data = feeding.encoded_validation(self, validation_data)
        weight = None if sample_weight is None else np.asarray(sample_weight)
        if x is not None and not hasattr(x, "element_spec") and not isinstance(x, keras.utils.PyDataset):
            rows = len(next(iter(x.values())) if isinstance(x, Mapping) else x)
            if batch_size is None and self.entry.learning == "rule":
                batch_size = self.recipe.rows_a_step(rows)
            epochs = kwargs.get("epochs", args[0] if args else 1)
            self.begin_training(x, y, rows=rows, steps=epochs * -(-rows // (batch_size or 32)))
            if not args and y is None and weight is None:
                sizes = {"num_rows": rows, "batch_size": batch_size or 32, "validation": validation_data}
                if (history := numpy_fit.fit(self, x, **sizes, **kwargs)) is not None:
                    return history
        return super().fit(x, y, batch_size, *args, sample_weight=weight, validation_data=validation_data, **kwargs)

    def begin_training(self, x, y, *, rows: int, steps: int) -> None:
        """Calls the traits' `check` and `start`, and tells layers that have a schedule that a training begins.

        Args:
            x: Encoded training rows, or None for a stream.
            y: Their encoded targets, or None.
            rows: How many they are.
            steps: Of the whole training.
        """
        traits = self.traits
        for function in (traits.check, traits.start):
            if function is not None and x is not None:
                function(self, x if isinstance(x, Mapping) else {self.network.inputs[0].name: x}, y)
        for layer in layers_of(self.network):
            if hasattr(layer, "begin_training"):
                layer.begin_training(rows=rows, steps=steps)

    @notices.unlogged()
    def evaluate(self, x=None, y=None, *args, **kwargs):
        """Keras's `evaluate`, on encoded or raw data as `fit` takes them."""
        if kwargs.get("sample_weight") is not None:
            kwargs["sample_weight"] = np.asarray(feeding.in_order_of(x, kwargs["sample_weight"]))
        return super().evaluate(*feeding.encoded(self, x, y), *args, **kwargs)

    @notices.unlogged()
    def predict(self, x, batch_size=None, *args, **kwargs):
        """Keras's `predict`, on encoded or raw data as `fit` takes them. `zoo.predict` gives labels.

        Where the traits have XLA compile it, which takes seconds for each number of rows, a batch has up to 1,024 rows.
        """
        x = feeding.encoded(self, x, None, target=False)[0]
        if isinstance(x, Mapping) and not len(next(iter(x.values()))):  # Keras fails without a batch
            one_row = {name: np.zeros((1, *values.shape[1:]), values.dtype) for name, values in x.items()}
            return super().predict(one_row, None, *args, **kwargs)[:0]
        is_in_memory = isinstance(x, Mapping) or ops.is_tensor(x) or hasattr(x, "dtype")
        if batch_size is None and self.traits.jit and is_in_memory:
            batch_size = JIT_ROWS
        return self.task.checked(super().predict(x, batch_size, *args, **kwargs), self.entry.options)

    def make_predict_function(self, force=False):
        """As in Keras, but compiled by XLA if the traits say so and the backend has XLA."""
        jit = self.jit_compile
        if keras.backend.backend() != "torch":
            self.jit_compile = jit or bool(self.traits.jit)
        try:
            return super().make_predict_function(force)
        finally:
            self.jit_compile = jit

    def train_on_batch(self, x, y=None, *args, **kwargs):
        """Keras's `train_on_batch`, on encoded or raw data as `fit` takes them.

        Raises:
            ValueError: if the data are raw and their encodings see the target, for which a batch has too few rows.
        """
        self.check_trainable()
        feeding.check_batch(self, x)
        return super().train_on_batch(*feeding.encoded(self, x, y, training=True), *args, **kwargs)

    def test_on_batch(self, x, y=None, *args, **kwargs):
        """Keras's `test_on_batch`, on encoded or raw data as `fit` takes them."""
        return super().test_on_batch(*feeding.encoded(self, x, y), *args, **kwargs)

    def predict_on_batch(self, x):
        """Keras's `predict_on_batch`, on encoded or raw data as `fit` takes them."""
        return super().predict_on_batch(feeding.encoded(self, x, None, target=False)[0])

    def export(self, filepath, format="tf_saved_model", verbose=None, **kwargs):
        """Writes a SavedModel whose signatures take raw columns. `zoo.export` adds versions and the proof."""
        if format != "tf_saved_model" or kwargs:
            return super().export(filepath, format=format, verbose=verbose, **kwargs)
        from zoo.data.served import save_served

        save_served(self, filepath)
        return None

    def check_trainable(self) -> None:
        """Checks that there is something to train.

        Raises:
            TypeError: if the entry has nothing to train, or trains as the engine cannot yet.
        """
        if self.entry.learning == "none":
            raise TypeError(
                f"{self.entry.name!r} learns nothing: its weights follow from its options. Build it with others, "
                f"zoo.build({self.entry.name!r}, ...), and call `predict`."
            )
        check_traits(self.entry, self.traits)

    @property
    def unsaved(self) -> tuple[str, ...]:
        """What it is compiled with that a file cannot hold, or its file lacked, such as `("loss my_loss",)`."""
        return model_config.unsaved_parts_of(self) if self.compiled else self._unsaved

    def get_compile_config(self):
        unsaved = self.unsaved
        if unsaved and self.compiled:
            model_config.warn_of_unsaved(unsaved)
        return None if unsaved else model_config.compile_config(self, super().get_compile_config())

    def compile_from_config(self, config):
        model_config.compile_from(self, config)

    @notices.importing()
    def get_config(self):
        return model_config.config_of(self)

    @classmethod
    def from_config(cls, config):
        model = cls(**model_config.arguments_of(config))
        model._unsaved = tuple(config.get("unsaved", ()))
        return model
