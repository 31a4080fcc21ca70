"""A network of several members, each with rows of its own, made from the graph of one network.

    inputs  (members, batch, features)   ->   outputs  (members, batch, outputs)

    layers with a form for members   have it, with all members' weights: see `zoo.layers.members`
    other layers with weights        are vectorized over the members
    what has no weights              does the same to all rows, which stand below each other (members * batch, features)
    a line that is solved            is an input: each member's rows come with what its own line gives for them

What looks beyond a row, or draws numbers other than Dropout's, cannot be computed so. `obstacle` names it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence

import keras
from keras import ops

from zoo.engine import keras_internals
from zoo.layers.linear import SolvedLine
from zoo.layers.members import PER_FEATURE, MemberDense, MemberLayer, form_of, is_shared
from zoo.layers.nesting import layers_of
from zoo.layers.scheduled_dropout import ScheduledDropout


def obstacle(network: keras.Model) -> str:
    """Returns why a network cannot be computed so, or `""`."""
    if not keras_internals.has_graph(network):
        return "its network is no graph of layers"
    shared = {id(v) for layer in network.layers if is_shared(layer) for v in layer.weights}
    others = [v for v in network.non_trainable_variables if id(v) not in shared]
    if any(not v.path.endswith("seed_generator_state") for v in others):
        return "a layer gathers statistics, such as batch normalization, and would count the rows that fill a batch"
    for layer in layers_of(network):
        name = f"the layer {layer.name!r} ({type(layer).__name__})"
        if type(layer).__module__.partition(".")[0] not in ("keras", "zoo"):
            return f"{name} might mix the rows of members"
        if getattr(layer, "activity_regularizer", None) or isinstance(layer, keras.layers.ActivityRegularization):
            return f"{name} penalises activities, and would count the rows that fill a batch"
        if isinstance(layer, keras.layers.Embedding):
            return f"{name} is stepped by the rows of a batch"
        if layer.compute_dtype != "float32":
            return f"{name} computes in {layer.compute_dtype}"
        if hasattr(layer, "seed_generator") and (why := _drawn(layer, network)):
            return f"{name} {why}"
    return ""


def _drawn(layer, network) -> str:
    """Returns why masks cannot be drawn for a layer that draws, or `""`."""
    if type(layer) not in (keras.layers.Dropout, ScheduledDropout):
        return "draws random numbers"
    if layer not in network.layers or layer.noise_shape is not None or keras_internals.number_of_calls(layer) != 1:
        return "is part of a layer, or serves twice"
    return "drops rows of no fixed width" if layer.output.shape.count(None) > 1 else ""


def with_own_rows(network: keras.Model, members: int) -> tuple[keras.Model, list[keras.Variable]]:
    """Returns several networks of the shape of one as one, all weights zero, and its trainable variables.

    Args:
        network: A network that has no `obstacle`.
        members: How many stand side by side.

    Returns:
        A network from a dict of tensors `(members, batch, ...)` to `(members, batch, outputs)`. It takes the inputs of
        the network, but for those that a `SolvedLine` alone takes; in place of these it takes what the line gives,
        `line`. And a variable for each trainable variable of the network, in their order, with all members' values.
    """

    def own_input(tensor, name: str) -> keras.KerasTensor:
        return keras.Input(batch_shape=(members, *tensor.shape), dtype=tensor.dtype, name=name)

    inputs = {tensor.name: own_input(tensor, tensor.name) for tensor in network.inputs}
    forms: dict[int, Callable] = {}  # an operation that is called more than once has one
    used: set[int] = set()

    def for_members(operation) -> Callable:
        if isinstance(operation, SolvedLine):
            return lambda *_, **__: inputs.setdefault("line", own_input(operation.output, "line"))

        def call(*args, **kwargs):
            tensors = [part for part in keras.tree.flatten((args, kwargs)) if isinstance(part, keras.KerasTensor)]
            used.update(map(id, tensors))
            if id(operation) not in forms:
                forms[id(operation)] = _form_of(operation, members, args, kwargs, tensors)
            return forms[id(operation)](tensors if len(tensors) > 1 else tensors[0])

        return call

    outputs = keras.tree.flatten(keras_internals.run_graph(network, list(inputs.values()), for_members))[0]
    inputs = {name: tensor for name, tensor in inputs.items() if id(tensor) in used}
    of_members = keras.Model(inputs, outputs, name=network.name)
    variables: dict[int, keras.Variable] = {}
    for layer in network.layers:
        if layer.trainable_variables:
            own = of_members.get_layer(layer.name).trainable_variables
            variables |= {id(v): stacked for v, stacked in zip(layer.trainable_variables, own, strict=True)}
    return of_members, [variables[id(v)] for v in network.trainable_variables]


def _form_of(operation, members: int, args, kwargs, tensors: Sequence) -> Callable:
    """Returns what is called with the tensors of all members in the place of an operation of one network."""
    form = form_of(operation, members)
    if isinstance(form, MemberDense):
        return functools.partial(_dense, operation, form)
    if form is not None and len(tensors) == 1 and len(tensors[0].shape) == 3:
        return form
    if type(operation) is keras.layers.Activation:  # whose function may be no registered one
        return keras.layers.Activation(operation.activation, name=operation.name)
    if type(operation) in PER_FEATURE and not operation.trainable_weights:
        seed = {"seed": 0} if hasattr(operation, "seed_generator") else {}  # else Keras draws one
        return type(operation).from_config({**operation.get_config(), **seed})
    if type(operation) is keras.layers.Concatenate:
        return keras.layers.Concatenate(operation.axis + (operation.axis >= 0), name=operation.name)
    if type(operation) is keras.layers.Add and len({len(tensor.shape) for tensor in tensors}) == 1:
        return keras.layers.Add(name=operation.name)
    return EachMember(members, operation, args, kwargs)


def _dense(layer, form: MemberDense, x):
    """Returns what a dense layer and its activation give for all members."""
    width, before = x.shape[-1], [-1 if size is None else size for size in x.shape[:-1]]
    is_matrix = len(before) == 2
    x = form(x if is_matrix else ops.reshape(x, (before[0], -1, width)))
    x = x if is_matrix else ops.reshape(x, (*before, layer.units))
    return x if layer.activation is keras.activations.linear else keras.layers.Activation(layer.activation)(x)


class EachMember(MemberLayer):
    """What an operation of one network does, done to each member's tensors. It trains, and is not saved.

    Args:
        members: How many networks stand side by side.
        operation: A layer, which is built, or an operation of `keras.ops`.
        args: What it is called with in its network; members' tensors take the places of the tensors.
        kwargs: The same by name.

    Input shape: `(members, batch, ...)`, or a list of such. Output shape: as the operation's, members first.
    """

    def __init__(self, members: int, operation, args, kwargs):
        super().__init__(members, name=operation.name, dtype=getattr(operation, "dtype_policy", None))
        # Functions hold the operation and its arguments: Keras would track a layer, whose weights are not in use here.
        self._arguments, self._spec = lambda: (args, kwargs), operation.compute_output_spec
        variables = getattr(operation, "trainable_variables", ())
        self._call = operation.stateless_call if variables else operation.__call__
        # Of members inside a member, rows are not the first axis, and cannot stand below each other.
        self._rows_first = all(part.shape[0] is None for part in keras.tree.flatten(operation.input))
        self._own = [self.add_weight(shape=(members, *v.shape), initializer="zeros", name=v.name) for v in variables]

    def _with(self, tensors) -> tuple:
        """Returns the arguments with these tensors."""
        given = iter(keras.tree.flatten(tensors))
        return keras.tree.map_structure(
            lambda part: next(given) if isinstance(part, keras.KerasTensor) else part, self._arguments()
        )

    def call(self, tensors):
        def of_one(parts):
            args, kwargs = self._with(parts[1])
            return self._call(parts[0], [], *args, **kwargs)[0] if self._own else self._call(*args, **kwargs)

        if self._own or not self._rows_first:
            return ops.vectorized_map(of_one, ([v.value for v in self._own], tensors))
        args, kwargs = self._with(keras.tree.map_structure(lambda t: ops.reshape(t, (-1, *t.shape[2:])), tensors))
        outputs = self._call(*args, **kwargs)
        return keras.tree.map_structure(lambda t: ops.reshape(t, (self.members, -1, *t.shape[1:])), outputs)

    def compute_output_spec(self, tensors):
        args, kwargs = self._with(keras.tree.map_structure(lambda t: keras.KerasTensor(t.shape[1:], t.dtype), tensors))
        spec = self._spec(*args, **kwargs)
        return keras.tree.map_structure(lambda t: keras.KerasTensor((self.members, *t.shape), t.dtype), spec)
