"""`zoo.Model`: a Keras model that knows its raw columns, and `zoo.build`, which makes one by name.

    raw columns --preprocessor--> encoded tensors --network--> logits or values --decide--> what predict returns

`model(x)` takes encoded tensors, as any Keras model does. `fit`, `evaluate` and `predict` take those or raw data.
Inside a training or test step the call returns the network's outputs, on which the zoo's losses are defined.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import random
import threading
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
from keras import ops

from zoo import notices, registry
from zoo.data import columns as kinds
from zoo.data import frames
from zoo.data.infer import infer
from zoo.data.preprocessing import Preprocessor
from zoo.data.raw import Data
from zoo.data.sampling import Sample
from zoo.data.schema import Schema
from zoo.data.sources import load as load_data
from zoo.engine import fused, keras_internals
from zoo.engine.asked import check_asked, check_served
from zoo.engine.jitted import jitted
from zoo.engine.linear import linear_terms
from zoo.engine.networks import check_network
from zoo.engine.precision import check_floatx, in_float32, keep_ends_in_float32, policy_for
from zoo.engine.registration import unsaved_parts
from zoo.engine.schedules import WarmupCosine
from zoo.layers import ensemble
from zoo.layers.linear import line_beside
from zoo.layers.losses import Count, NetworkLoss
from zoo.layers.nesting import layers_of
from zoo.recipes import changed_by_options, decision_of
from zoo.registry import Entry, Recipe, Spec, Traits
from zoo.tasks.task import Target, Task

FITTED = ("preprocessing", "scaling", "feature_budget", "linear")  # builders' options passed to the preprocessor
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
        counts: Functions `(y_true, network_output) -> (batch,)`, summed over an epoch and shown under their names.
    """

    def __init__(self, network, *, entry, preprocessor, options=None, decision=None, counts=(), name=None):
        check_floatx()
        super().__init__(name=name or network.name, dtype="float32")  # its layers have policies of their own
        self.network = network
        self.entry = registry.info(entry) if isinstance(entry, str) else entry
        self.preprocessor = preprocessor
        known = preprocessor.schema.task
        self.task = registry.load_task(known if known is not None else self.entry.task)
        self.decision = decision
        self._options = dict(options or {})
        self._counts = [Count(function) for function in counts]
        self._jit = self.traits.jit
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
            traits = registry.load_traits(self.entry)
            if name in traits.properties:
                return traits.properties[name](self)
            if name in traits.methods:
                return functools.partial(traits.methods[name], self)
        raise AttributeError(f"{type(self).__name__!r} has no attribute {name!r}.")

    def call(self, inputs, training=None):
        network = jitted(self.network) if self._jit and not training else self.network
        outputs = network(self._named(inputs), training=training)
        return outputs if getattr(self._step, "active", False) else self.decide(outputs)

    def _named(self, inputs):
        names = [tensor.name for tensor in self.network.inputs]
        if not isinstance(inputs, Mapping):
            if len(names) > 1:
                raise ValueError(
                    f"A model of {self.entry.name!r} takes a dict of the encoded tensors {', '.join(names)}. Received: "
                    f"{type(inputs).__name__}. Encode raw data with `model.preprocessor.encode(data)`, or call "
                    "`predict`."
                )
            return {names[0]: inputs}
        if missing := [name for name in names if name not in inputs]:
            raise ValueError(
                f"The encoded tensors {', '.join(missing)} are missing. Received: {', '.join(map(str, inputs))}. "
                "Encode raw columns with `model.preprocessor.encode(data)`, or call `predict`."
            )
        return {name: inputs[name] for name in names}

    def network_outputs(self, x):
        """Returns the network's outputs for encoded tensors, computed in float32: what predictions and exports take."""
        with in_float32(self.network):
            return self.network(x, training=False)

    def decide(self, outputs):
        """Returns the model's outputs for the network's.

        Args:
            outputs: `(batch, num_outputs)`, or `(batch, members, num_outputs)`.

        Returns:
            Probabilities `(batch, classes)`, values in the target's units `(batch, 1)`, or 0/1 `(batch, units)`.
        """
        return self._decided(self.merged(outputs))

    def _decided(self, outputs):
        return self.task.decide(outputs, self.target, self.decision)

    def merged(self, outputs):
        """Returns the network output `(batch, num_outputs)` that stands for all members; such an output as it is."""
        return ensemble.merged(outputs, mean=self.mean_of) if self._is_of_members(outputs) else outputs

    def _is_of_members(self, outputs) -> bool:
        return self.members > 1 and len(outputs.shape) == 3

    @property
    def mean_of(self) -> str:
        """Of what members' answers are the mean: `"softmax"` or `"sigmoid"` of their logits, or `"values"`."""
        return self.task.mean_of(self.decision)

    def answers(self, decided) -> dict[str, Any]:
        """Returns the answers as numbers, by name, for what the model returns, such as `probabilities`."""
        return self.task.answers(decided, self.target, self.decision)

    def coefficients(self):
        """Returns the coefficients of a linear model in the units of the raw columns.

        Of a network with a line beside its hidden layers they are those of the line.

        Returns:
            A DataFrame, one row a column (and level, or derived feature) and `intercept` last; one column a logit: the
            second class's for two classes, every class's for more; the target's for a regression.

        Raises:
            TypeError: if the network is not linear in its encoded tensors, there are several members, or no columns.
        """
        if not self.task.supervised:
            raise TypeError(
                f"Coefficients are those of a classifier or a regression. Received: {self.entry.name!r}, which does "
                f"{self.task.name}. Take `model.network.get_weights()`."
            )
        if kinds.pictures(self.schema.columns):
            raise TypeError(
                "Coefficients are those of columns. Received: a model of images. Take `model.network.get_weights()`."
            )
        line = line_beside(self.network)
        if self.members > 1 and line is None:
            raise TypeError(
                f"Coefficients are those of one linear model. Received: an ensemble of {self.members} members. Build "
                "it with ensemble=1."
            )
        names, weights, intercept = linear_terms(line or self.network, self.preprocessor.features)
        weights, intercept, columns = self.task.terms(weights, intercept, self.target)
        values = np.concatenate([weights, intercept[None]])
        return pd.DataFrame(values, index=[*names, "intercept"], columns=columns)

    @contextlib.contextmanager
    def _network_outputs(self):
        self._step.active = True
        try:
            yield
        finally:
            self._step.active = False

    def train_step(self, *args, **kwargs):
        with self._network_outputs():
            return super().train_step(*args, **kwargs)

    def test_step(self, *args, **kwargs):
        with self._network_outputs():
            return super().test_step(*args, **kwargs)

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
        """Raises ValueError if a loss on outputs is asked for, and float32 cannot resolve the target."""
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
        return super().compute_metrics(x, y, self._decided(y_pred), sample_weight)

    def values(self, outputs):
        """Returns what losses on network outputs take, such as a regression's standardised values."""
        return self.task.values(outputs, self.target, self.decision)

    @notices.unlogged()
    def fit(self, x=None, y=None, batch_size=None, *args, sample_weight=None, validation_data=None, **kwargs):
        """Keras's `fit`. `x` may also be a DataFrame, a dict of raw columns, or a tf.data.Dataset of them.

        What learns by a rule sees the rows in their order unless its recipe, or the caller, says otherwise.

        A DataFrame may hold the target's column; `y` is then None. Beside raw data, targets are in the caller's own
        values; beside encoded tensors, they are class indices (or strings), or values.

        Raises:
            TypeError: if the entry has nothing to train.
            ValueError: if there are sample weights that its rule does not heed.
        """
        self.check_trainable()
        check_asked(self.entry, self.recipe, weight=sample_weight)
        sample_weight = _in_order_of(x, sample_weight)
        x, y = self._encode(x, y)
        if hasattr(x, "element_spec"):
            kwargs.setdefault("shuffle", False)  # a dataset has its own order; Keras warns of its default
        elif self.entry.learning == "rule" and len(args) < 6:  # the sixth after `batch_size` is `shuffle`
            kwargs.setdefault("shuffle", self.recipe.shuffle)
        if validation_data is not None:
            validation_data = self._encode_validation(validation_data)
        weight = None if sample_weight is None else np.asarray(sample_weight)
        if x is not None and not hasattr(x, "element_spec") and not isinstance(x, keras.utils.PyDataset):
            rows = len(next(iter(x.values())) if isinstance(x, Mapping) else x)
            if batch_size is None and self.entry.learning == "rule":
                batch_size = self.recipe.rows_a_step(rows)
            epochs = kwargs.get("epochs", args[0] if args else 1)
            self.begin_training(x, y, rows=rows, steps=epochs * -(-rows // (batch_size or 32)))
            if not args and y is None and weight is None and fused.fits_in_passes(self, x, validation_data, kwargs):
                return fused.fit_in_passes(self, x, batch_size or 32, validation_data, **kwargs)
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
            kwargs["sample_weight"] = np.asarray(_in_order_of(x, kwargs["sample_weight"]))
        return super().evaluate(*self._encode(x, y), *args, **kwargs)

    @notices.unlogged()
    def predict(self, x, batch_size=None, *args, **kwargs):
        """Keras's `predict`, on encoded or raw data as `fit` takes them. `zoo.predict` gives labels.

        Where the traits have XLA compile it, which takes seconds for each number of rows, a batch has up to 1,024 rows.
        """
        x = self._encode(x, None, target=False)[0]
        if isinstance(x, Mapping) and not len(next(iter(x.values()))):  # Keras fails without a batch
            one_row = {name: np.zeros((1, *values.shape[1:]), values.dtype) for name, values in x.items()}
            return super().predict(one_row, None, *args, **kwargs)[:0]
        if (
            batch_size is None
            and self.traits.jit
            and (isinstance(x, Mapping) or ops.is_tensor(x) or hasattr(x, "dtype"))
        ):
            batch_size = JIT_ROWS
        return self.checked(super().predict(x, batch_size, *args, **kwargs))

    def checked(self, outputs):
        """Returns what the model decided, as it is; raises ValueError if it is no answer."""
        return self.task.checked(outputs, self.entry.options)

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
        """Keras's `train_on_batch`, on encoded or raw data as `fit` takes them."""
        self.check_trainable()
        return super().train_on_batch(*self._encode(x, y), *args, **kwargs)

    def test_on_batch(self, x, y=None, *args, **kwargs):
        """Keras's `test_on_batch`, on encoded or raw data as `fit` takes them."""
        return super().test_on_batch(*self._encode(x, y), *args, **kwargs)

    def predict_on_batch(self, x):
        """Keras's `predict_on_batch`, on encoded or raw data as `fit` takes them."""
        return super().predict_on_batch(self._encode(x, None, target=False)[0])

    def export(self, filepath, format="tf_saved_model", verbose=None, **kwargs):
        """Writes a SavedModel whose signatures take raw columns. `zoo.export` adds versions and the proof."""
        if format != "tf_saved_model" or kwargs:
            return super().export(filepath, format=format, verbose=verbose, **kwargs)
        from zoo.data.served import save_served

        save_served(self, filepath)
        return None

    def check_trainable(self) -> None:
        """Raises TypeError if the entry has nothing to train, or trains as the engine cannot yet."""
        if self.entry.learning == "none":
            raise TypeError(
                f"{self.entry.name!r} learns nothing: its weights follow from its options. Build it with others, "
                f"zoo.build({self.entry.name!r}, ...), and call `predict`."
            )
        check_served(self.entry, self.traits)

    def is_encoded(self, x) -> bool:
        """Returns whether `x` are encoded tensors rather than raw data."""
        names = {tensor.name for tensor in self.network.inputs}
        if isinstance(x, Mapping):
            return set(x) >= names and all(np.ndim(x[name]) > 1 for name in names)
        if isinstance(x, np.ndarray) and x.dtype.names is None and kinds.the_vector(self.schema.columns) is not None:
            return self.preprocessor.encodings.raw and not self.preprocessor.has_offsets
        return not isinstance(x, (pd.DataFrame, pd.Series)) and type(x).__module__ != "builtins"

    def _encode(self, x, y, target=True):
        if type(x).__name__.endswith("Dataset") and hasattr(x, "element_spec"):
            return self._encode_dataset(x), y
        if x is None or isinstance(x, keras.utils.PyDataset):
            return x, y
        y = frames.in_order_of(x.index, y) if isinstance(x, pd.DataFrame) else y
        if self.preprocessor.takes_columns and not isinstance(x, (pd.DataFrame, Mapping)):
            frame = frames.as_frame(x, self.schema.names)
            x, y = (x, y) if frame is None else (frame, frames.as_values(y))
        names = self.schema.targets if target and y is None and isinstance(x, (pd.DataFrame, Mapping)) else []
        if names and not self.is_encoded(x):
            if absent := [name for name in names if name not in x]:
                raise ValueError(
                    f"`y` must be given where the data have no column {absent[0]!r}, the target. Received: "
                    f"{', '.join(map(str, x))}. Pass `y`, or data with that column."
                )
            y = x[names[0]] if len(names) == 1 else {name: x[name] for name in names}
        if not self.is_encoded(x):
            return self.preprocessor.encode(x), self._encode_target(y)
        if isinstance(x, np.ndarray) and (alone := kinds.the_array(self.schema.columns)) is not None:
            x = self.preprocessor.tensors(x)[alone.name]
        in_pairs = self.target.dtype == "float64" and not self.target.is_in_pairs(y)
        return x, self._encode_target(y) if _is_named(y) or in_pairs else y

    def _encode_target(self, y):
        if y is None or self.schema.task is None:
            return y
        if ops.is_tensor(y):
            y = ops.convert_to_numpy(y)
        return self.target.training(self.target.encode(y))

    def _encode_validation(self, data):
        if isinstance(data, (tuple, list)):
            x, y = self._encode(data[0], data[1] if len(data) > 1 else None)
            return (x, y, *(_in_order_of(data[0], weight) for weight in data[2:]))
        return self._encode(data, None)[0]

    def _encode_dataset(self, dataset):
        """Encodes a tf.data.Dataset of batches of raw columns, with or without targets."""
        import tensorflow as tf

        spec = dataset.element_spec
        first = spec[0] if isinstance(spec, tuple) else spec
        names = {tensor.name for tensor in self.network.inputs}
        if not isinstance(first, Mapping) or set(first) >= names:
            return dataset
        module, signature = self.preprocessor.module(), self.preprocessor.signature()
        if missing := [name for name in signature if name not in first]:
            raise ValueError(
                f"The columns {', '.join(missing)} are missing. Received: {', '.join(first)}. Add them to the dataset."
            )

        states = dict(zip(signature, self.preprocessor.states, strict=True))

        def served(name, value):
            spec, column = signature[name], self.schema.column(name)
            if value.dtype == spec.dtype:
                return value
            if spec.dtype.is_floating and value.dtype != tf.string:
                return tf.cast(value, spec.dtype)

            def read(values):  # as a table's: the number 2.0 is the level "2"
                return kinds.kind_of(column).served(values, column, states[name])

            return tf.ensure_shape(tf.numpy_function(read, [value], spec.dtype), spec.shape)

        def labels(y):
            dtype, shape = self.target.training_spec
            columns = y if isinstance(y, Mapping) else {None: y}

            def read(*values):
                named = {name: _text(column) for name, column in zip(columns, values, strict=True)}
                return self._encode_target(named if isinstance(y, Mapping) else named[None])

            return tf.ensure_shape(tf.numpy_function(read, list(columns.values()), dtype), [None, *shape])

        def encode(columns, *rest):
            x = module({name: served(name, columns[name]) for name in signature})
            names = self.schema.targets
            if not rest and names and all(name in columns for name in names):
                return x, labels(columns[names[0]] if len(names) == 1 else {name: columns[name] for name in names})
            return (x, labels(rest[0]), *rest[1:]) if rest else x

        return dataset.map(tf.autograph.experimental.do_not_convert(encode), num_parallel_calls=tf.data.AUTOTUNE)

    @property
    def unsaved(self) -> tuple[str, ...]:
        """What the model was compiled with that a file cannot hold, such as `("loss my_loss",)`; of a loaded model, it
        was saved without, and is not compiled."""
        if not self.compiled:
            return self._unsaved
        compiled = keras_internals.compiled_with(self)
        parts = {name: compiled.get(name) for name in ("loss", "metrics", "weighted_metrics")}
        parts["optimizer"] = self.optimizer
        with notices.importing():
            return tuple(unsaved_parts(parts))

    def get_compile_config(self):
        if unsaved := self.unsaved:
            if self.compiled:
                warnings.warn(
                    f"The file does not hold what the model was compiled with: {', '.join(unsaved)} is not registered "
                    "with Keras. It loads without, not compiled: it predicts, is exported, and zoo.train compiles it "
                    "as its recipe says. Put @keras.saving.register_keras_serializable() above the definition to keep "
                    "it.",
                    stacklevel=2,
                )
            return None
        config = super().get_compile_config()
        if config and keras.backend.backend() == "torch":
            config = {**_portable(config), "jit_compile": self.traits.jit is True}
        return config and {**config, "optimizer_built": self.optimizer is not None and self.optimizer.built}

    def compile_from_config(self, config):
        """Compiles as saved. Keras would build an optimizer that was saved without slots, and warn that it has none."""
        config = dict(config)
        built = config.pop("optimizer_built", True)
        if keras.backend.backend() == "torch":  # Keras on PyTorch has no XLA, and runs one step at a time
            config |= {"jit_compile": False, "steps_per_execution": 1}
        self.compile(**keras.saving.deserialize_keras_object(config))
        if built:
            self.optimizer.build(self.trainable_variables)

    @notices.importing()
    def get_config(self):
        return {
            "name": self.name,
            "network": keras.saving.serialize_keras_object(self.network),
            "entry": self.entry.name,
            "preprocessor": self.preprocessor.get_config(),
            "options": _plain(self._options),
            "decision": self.decision
            if self.decision is None or isinstance(self.decision, str)
            else keras.saving.serialize_keras_object(self.decision),
            "counts": [keras.saving.serialize_keras_object(count.function) for count in self._counts],
            **({"unsaved": list(unsaved)} if (unsaved := self.unsaved) else {}),
        }

    @classmethod
    def from_config(cls, config):
        entry = registry.info(config["entry"])  # by a former name too, with a warning
        registry.load_builder(entry)  # its module registers the layers and losses of the network
        network = keras.saving.deserialize_keras_object(config["network"])
        counts = [keras.saving.deserialize_keras_object(function) for function in config["counts"]]
        model = cls(
            network,
            entry=entry,
            preprocessor=Preprocessor.from_config(config["preprocessor"]),
            options=config["options"],
            decision=_deserialized(config["decision"]),
            counts=counts,
            name=_renamed(config["name"], entry),
        )
        model._unsaved = tuple(config.get("unsaved", ()))
        return model


def _name_in_keras(entry_name: str) -> str:
    """Returns an entry's name as the name of a Keras model, in which `/` would separate scopes."""
    return entry_name.replace("/", "_")


def _renamed(name: str, entry: Entry) -> str:
    """Returns a model's name, replaced by the entry's current name if it is a former name of the entry."""
    return _name_in_keras(entry.name) if name in map(_name_in_keras, entry.formerly) else name


def _deserialized(decision):
    return keras.saving.deserialize_keras_object(decision) if isinstance(decision, Mapping) else decision


def _in_order_of(x, weight):
    """Returns sample weights in the order of the rows of `x`, if both have an index of pandas."""
    return frames.in_order_of(x.index, weight, "sample_weight") if isinstance(x, pd.DataFrame) else weight


def _is_named(y) -> bool:
    """Returns whether a target is in strings or in pandas' hands, so that it cannot be class indices."""
    return isinstance(y, pd.Series) or (isinstance(y, np.ndarray) and y.dtype.kind in "OUS")


def _text(values):
    return np.array([v.decode() for v in values.ravel()], dtype=object) if values.dtype == object else values


def _portable(config):
    """Returns a config that loads on every backend: Keras's subclasses of optimizers for PyTorch are replaced."""
    if isinstance(config, (list, tuple)):
        return [_portable(item) for item in config]
    if not isinstance(config, Mapping):
        return config
    config = {key: _portable(item) for key, item in config.items()}
    if str(config.get("module")).startswith("keras.src.backend.torch.optimizers"):
        config |= {"module": "keras.optimizers", "registered_name": None}
    return config


def _plain(value):
    """Returns options as JSON has them: tuples and arrays as lists."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return value.tolist()
    return [_plain(item) for item in value] if isinstance(value, (list, tuple)) else value


def resolve_recipe(entry: Entry, options: Mapping[str, Any]) -> Recipe:
    """Returns the entry's recipe, with what options change in it; an option of a field's name stands above others."""
    recipe = registry.load_recipe(entry)
    known = {**entry.options, **options}
    by_value = changed_by_options(recipe.by_option, known)
    asked = {**{name: value for name, value in entry.options.items() if name not in by_value}, **options}
    changes = {name: asked[name] for name in FITTED if asked.get(name) is not None}
    if "preprocessing" in changes:
        changes["arrays"] = None
    if "output_activation" in known:
        changes["decision"] = known["output_activation"]
    return dataclasses.replace(recipe, **{**by_value, **changes})


def resolve_traits(entry: Entry, options: Mapping[str, Any]) -> Traits:
    """Returns the entry's traits, with what options change in them."""
    traits = registry.load_traits(entry)
    changes: dict[str, Any] = {"decision": None} if "output_activation" in entry.options else {}
    if traits.by_option:
        changes |= changed_by_options(traits.by_option, {**entry.options, **options})
    return dataclasses.replace(traits, **changes) if changes else traits


def check_options(entry: Entry, options: Mapping[str, Any]) -> None:
    """Raises ValueError if the entry's builder has no such option."""
    for name in options:
        if name not in entry.options:
            raise ValueError(
                f"Unknown option {name!r} of {entry.name!r}.{registry.suggest(name, entry.options)} "
                f"It has: {', '.join(entry.options) or 'none'}."
            )


@contextlib.contextmanager
def seeded(seed: int):
    """Seeds Python's and numpy's random states, from which Keras draws its seeds, and restores them."""
    states = random.getstate(), np.random.get_state()
    random.seed(seed)
    np.random.seed(seed % 2**32)
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])


def build(
    name: str,
    data=None,
    *,
    target: str | None = None,
    schema: Schema | None = None,
    weights=None,
    image_size: int | Sequence[int] | None = None,
    seed: int = 0,
    **options,
) -> Model:
    """Builds a model by name, compiled, with fresh weights; or a preset with its own.

    Args:
        name: An entry's name, or a preset's such as `"image_mlp.mnist_10k"`.
        data: Anything that `zoo.data.load` takes; None for the entry's own data set. The preprocessor's statistics
            come from its training rows.
        target: The target's column.
        schema: A schema, or the path of one, instead of the inferred one.
        weights: A `.weights.h5` file of Keras, a `.keras` file of the zoo, a preset's name, or a model of the same
            shapes; else the entry's option of that name.
        image_size: `(height, width)` that all images are resized to, here and by the model.
        seed: Seed of the initial weights.
        **options: The builder's, see `zoo.info(name).options`.

    Returns:
        A compiled model.

    Raises:
        ValueError: if the name, an option or the target are unknown, or weights have other shapes.
    """
    entry = registry.resolve(name)
    if "." in name:
        return _build_preset(name, data, options if image_size is None else {**options, "image_size": image_size})
    registry.warn_renamed(name, entry)
    if "weights" in entry.options and weights is not None and not isinstance(weights, (str, Path, keras.Model)):
        options, weights = {**options, "weights": weights}, None  # a threshold unit's, by the paper
    check_options(entry, options)
    recipe = resolve_recipe(entry, options)
    given = data is not None
    if not given and entry.learning == "none":
        preprocessor = None
    else:
        loaded = load_data(data if given else recipe.data, target=target, schema=schema, image_size=image_size)
        if "train" in loaded.splits:
            loaded = loaded.take(loaded.splits["train"])
        preprocessor = fit_preprocessor(entry, recipe, resolve_traits(entry, options), loaded)
    model = assemble(entry, preprocessor, options, seed=seed)
    if weights is not None:
        load_weights(model, weights)
    return model


def fit_preprocessor(
    entry: Entry, recipe: Recipe, traits: Traits, data: Data, sample: Sample | None = None
) -> Preprocessor:
    """Returns the preprocessor of the recipe.

    Args:
        entry: The entry to build.
        recipe: Its recipe.
        traits: Its traits.
        data: Training rows; all of them give the statistics.
        sample: Of a stream, the rows that give the statistics instead.
    """
    supervised = registry.load_task(entry.task).supervised
    if supervised and data.target is None and data.y is None:
        is_array = kinds.the_array(data.schema.columns) is not None
        named = f"`target=` with a column's name: {', '.join(map(str, data.schema.names))}"
        wanted = data.schema.target
        absent = "" if wanted is None else f" The schema's target {wanted!r} is no column of the data."
        raise ValueError(f"{entry.name!r} needs a target.{absent} Pass {'(x, y)' if is_array else named}.")
    if data.streaming and sample is None:
        sample = data.sample()
    x, y = (data.x, data.y) if sample is None else (sample, sample.frame[data.target] if supervised else None)
    task = task_for(entry, y)
    frame = data.x if sample is None else sample.frame
    if isinstance(frame, pd.DataFrame) and not data.schema_given and (sample is not None or traits.keep_constants):
        table = data.frame() if sample is None else frame
        how: dict[str, Any] = {"known": data.known(), "hints": data.hints, "keep_constants": traits.keep_constants}
        schema = infer(table, data.target, ignore=data.ignore, **how)
        schema = _as_units(schema) if traits.keep_constants else schema
    else:
        schema = data.schema
    if supervised and (schema.task != task.name or sample is None):
        schema = task.described(schema, y)
    elif not supervised:
        y = y if task.learns_from_targets or recipe.targets else None
        recorded = y is not None or task.learns_from_targets  # built from inputs alone, it may yet be fitted
        schema = task.described(schema, y) if recorded else schema.without_target()
    if traits.values is not None:
        inputs = [kinds.kind_of(column).with_values(column, traits.values) for column in schema.columns]
        schema = dataclasses.replace(schema, columns=tuple(inputs))
    has_arrays = any(kinds.the_vector([column]) is not None for column in schema.columns)
    kind = recipe.arrays if recipe.arrays and has_arrays else recipe.preprocessing
    fields = ("scaling", "feature_budget", "centred", "linear")
    return Preprocessor(schema, kind, **{name: getattr(recipe, name) for name in fields}).fit(x, y)


def task_for(entry: Entry, y) -> Task:
    """Returns which of an entry's tasks suits targets.

    Args:
        entry: The entry.
        y: Values as the caller has them, or None.

    Raises:
        ValueError: if none does.
    """
    tasks = [registry.load_task(name) for name in entry.tasks]
    if y is None:
        return tasks[0]
    reasons = []
    for task in tasks:
        reason = task.suits(y)
        if not reason:
            return task
        reasons.append(reason)
    of_several = np.ndim(y) == 2 and np.shape(y)[1] > 1
    raise ValueError(next((why for why, task in zip(reasons, tasks) if task.several == of_several), reasons[0]))


def _as_units(schema: Schema) -> Schema:
    """Returns a schema whose columns are encoded in their order: booleans beside numbers would stand behind them."""
    return dataclasses.replace(schema, columns=kinds.as_units(schema.columns))


def assemble(entry: Entry, preprocessor: Preprocessor | None, options: Mapping[str, Any], *, seed: int = 0) -> Model:
    """Returns the compiled model of an entry for a fitted preprocessor.

    Without one (nothing to train, no data) the builder's options decide on the inputs.
    """
    recipe, traits = resolve_recipe(entry, options), resolve_traits(entry, options)
    network = build_network(entry, preprocessor, options, seed=seed)
    if preprocessor is None:
        shape = [1 if size is None else size for size in network.inputs[0].shape[1:]]
        patterns = np.full((2, *shape), 0.0 if traits.values is None else traits.values[0], "float32")
        preprocessor = fit_preprocessor(entry, recipe, traits, load_data(patterns))
    task = registry.load_task(preprocessor.schema.task or entry.task)
    model = Model(
        network,
        entry=entry,
        preprocessor=preprocessor,
        options=options,
        decision=task.activation(decision_of(recipe, traits), given="output_activation" in options),
        counts=traits.counts,
        name=_name_in_keras(entry.name),
    )
    compile_model(model, recipe)
    return model


def build_network(
    entry: Entry, preprocessor: Preprocessor | None, options: Mapping[str, Any], *, seed: int = 0
) -> keras.Model:
    """Returns the network that an entry's builder makes for a fitted preprocessor, with fresh weights.

    Raises:
        TypeError: if the builder does not return a network.
        ValueError: if its inputs are not those of the spec, or its output has another shape than the task's.
    """
    sizes = {} if preprocessor is None else preprocessor.sizes
    task, target = registry.load_task(entry.task), None
    if preprocessor is not None:
        task, target = registry.load_task(preprocessor.schema.task or entry.task), preprocessor.target
    shapes = task.outputs(target)
    outputs = shapes[0][-1] if isinstance(shapes[0][-1], int) else 1
    with seeded(seed), policy_for(entry):
        fitted = {} if preprocessor is None else {n: getattr(preprocessor, n) for n in ("num_rows", "num_targets")}
        spec = Spec(task.name, outputs, seed=seed, **fitted, **sizes)
        network = registry.load_builder(entry)(spec, **options)
    own = {} if preprocessor is None else preprocessor.own_tensors
    check_network(network, entry, task, shapes, spec, {name: column.name for name, column in own.items()})
    keep_ends_in_float32(network)
    return network


def compile_model(
    model: Model, recipe: Recipe, *, optimizer=None, loss=None, learning_rate=None, total_steps=None, **kwargs
) -> None:
    """Compiles a model as its recipe says, or with the optimizer and loss given."""
    if optimizer is None or isinstance(optimizer, str):
        options = dict(recipe.optimizer_options) if optimizer in (None, recipe.optimizer) else {}
        rate = recipe.learning_rate if learning_rate is None else learning_rate
        if recipe.schedule == "cosine" and total_steps:
            rate = WarmupCosine(rate, total_steps)
        name = optimizer or recipe.optimizer
        # Keras numbers optimizers, and TensorFlow keeps 30 KB for each name that a variable ever had.
        config = {"learning_rate": rate, "name": name.lower(), **options}
        optimizer = keras.optimizers.get({"class_name": name, "config": config})
    elif learning_rate is not None:
        optimizer.learning_rate = learning_rate
    traits = model.traits
    if loss is None:
        function = traits.loss or model.task.loss(model.decision)
        reduction = {"mean": "sum_over_batch_size", "sum": "sum"}[recipe.reduction]
        loss = NetworkLoss(function, reduction=reduction) if function else None
    backend = keras.backend.backend()
    kwargs.setdefault("jit_compile", backend == "jax" or (traits.jit is True and backend != "torch"))
    if backend == "torch":
        kwargs.pop("steps_per_execution", None)  # Keras takes 1 alone there
    model.compile(optimizer=optimizer, loss=loss, metrics=model.task.metrics(recipe.metrics), **kwargs)


def load_weights(model: Model, weights) -> None:
    """Loads weights of the same shapes: a `.weights.h5` or `.keras` file, a preset's name, or another model.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if shapes differ; the message names the first.
    """
    if isinstance(weights, (str, Path)):
        path = Path(weights)
        if not path.exists():
            path = registry.preset_folder(str(weights)) or path
        path = path / "model.keras" if path.is_dir() else path
        if not path.is_file():
            raise FileNotFoundError(
                f"`weights` must be a weights file, a .keras file or a preset. There is no {str(weights)!r}."
            )
        if path.suffix != ".keras":
            try:
                model.load_weights(path)
            except Exception as error:
                raise ValueError(
                    f"The weights in {str(weights)!r} do not fit this {model.entry.name!r}: {error}"
                ) from error
            return
        import zoo

        weights = zoo.load(path)  # which inspects the file before anything of it is built
    ours, theirs = ([*model.weights, *[None] * len(weights.weights)], [*weights.weights, *[None] * len(model.weights)])
    for mine, other in zip(ours, theirs, strict=False):
        shapes = [None if variable is None else tuple(variable.shape) for variable in (mine, other)]
        if shapes[0] != shapes[1]:
            path = (mine if mine is not None else other).path
            raise ValueError(
                f"The weights do not fit: {path!r} must have the shape {shapes[0]}. Received: {shapes[1]}. Build with "
                "the data and the options of the model that the weights come from."
            )
    model.set_weights(weights.get_weights())


def _build_preset(name, data, options):
    if data is not None or options:
        raise ValueError(
            f"The preset {name!r} has its own data and options. Build it alone, zoo.build({name!r}), or build the "
            "entry "
            f"{name.partition('.')[0]!r} fresh."
        )
    import zoo

    return zoo.load(name)
