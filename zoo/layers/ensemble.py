"""An ensemble: several networks of one shape as one, whose answer is the mean of what its members say.

    z_m = f(x; theta_m)      classification  p = (1/M) sum_m softmax(z_m)      regression  y = (1/M) sum_m z_m

L. K. Hansen, P. Salamon, Neural Network Ensembles, IEEE Transactions on Pattern Analysis and Machine Intelligence 12,
1990. https://doi.org/10.1109/34.58871. Members that differ by their initial weights alone: B. Lakshminarayanan,
A. Pritzel, C. Blundell, Simple and Scalable Predictive Uncertainty Estimation using Deep Ensembles, NeurIPS 2017.
https://arxiv.org/abs/1612.01474
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

import keras
import numpy as np
from keras import ops

from zoo.layers import members as own
from zoo.layers.feature_wise import FeatureWise


def ensemble(network: keras.Model, members: int) -> keras.Model:
    """Returns several networks such as the given one, side by side, each with initial weights of its own.

    Args:
        network: From encoded tensors to `(batch, outputs)`, as it was built.
        members: How many networks.

    Returns:
        The network itself for one member; else a network to `(batch, members, outputs)`, whose first member is the
        given one, and whose others draw anew.

    Raises:
        ValueError: if `members` is no positive integer, or the network has a layer that members cannot have.
    """
    if isinstance(members, bool) or not isinstance(members, (int, np.integer)) or members < 1:
        raise ValueError(f"`ensemble` must be a positive integer, the number of members. Received: ensemble={members}")
    if members == 1:
        return network
    stacked = _side_by_side(network, int(members))
    for layer in network.layers:
        if layer.weights and not own.is_shared(layer):
            draws = [layer.get_weights(), *_drawn_anew(layer, members - 1)]
            stacked.get_layer(layer.name).set_weights([np.stack(parts) for parts in zip(*draws, strict=True)])
    return stacked


def of_networks(networks: Sequence[keras.Model]) -> keras.Model:
    """Returns networks of any shapes on the same inputs as one network, whose members they are.

    Args:
        networks: From encoded tensors to `(batch, outputs)`. They are parts of the new network, which has their
            weights. Inputs of one name are one input of it.

    Returns:
        A network to `(batch, members, outputs)`, in the order of the networks. It is saved and loaded as any other.

    Raises:
        ValueError: if the networks have other numbers of outputs, or inputs of one name have other shapes or types.
    """
    if len(widths := {network.outputs[0].shape[1:] for network in networks}) != 1:
        raise ValueError(
            "Networks beside each other must have outputs of one shape. Received: "
            f"{', '.join(map(str, sorted(widths))) or 'no network'}. Build them for the same targets."
        )
    inputs: dict[str, keras.KerasTensor] = {}
    outputs = []
    for i, network in enumerate(networks):
        for tensor in network.inputs:
            own_input = keras.Input(tensor.shape[1:], dtype=tensor.dtype, name=tensor.name)
            shared = inputs.setdefault(tensor.name, own_input)
            if (shared.shape, shared.dtype) != (tensor.shape, tensor.dtype):
                raise ValueError(
                    f"Networks beside each other must have inputs of one shape and type by the name {tensor.name!r}. "
                    f"Received: {shared.shape} {shared.dtype} and {tensor.shape} {tensor.dtype}. Encode their rows by "
                    "one preprocessor."
                )
        member = keras.Model({tensor.name: tensor for tensor in network.inputs}, network.outputs[0], name=f"member_{i}")
        outputs.append(member({tensor.name: inputs[tensor.name] for tensor in network.inputs}))
    return keras.Model(inputs, own.StackOutputs(name="members")(outputs), name="networks")


def _drawn_anew(layer, count: int) -> list[list[np.ndarray]]:
    """Returns initial weights as of so many layers that were built anew; one is, since that takes long."""
    fresh = layer.__class__.from_config(layer.get_config())
    initializers = []

    def add_weight(*args, initializer=None, **settings):
        initializer = keras.initializers.get(initializer or "glorot_uniform")
        initializers.append(initializer)
        return type(fresh).add_weight(fresh, *args, initializer=initializer, **settings)

    fresh.add_weight = add_weight
    fresh.build(layer.input.shape)
    drawn = [fresh.get_weights()]
    for _ in range(count - 1):
        again = [type(each).from_config(each.get_config()) for each in initializers]  # of itself each draws the same
        pairs = zip(again, fresh.weights, strict=True)
        drawn.append([ops.convert_to_numpy(draw(weight.shape, weight.dtype)) for draw, weight in pairs])
    return drawn


def size(network: keras.Model) -> int:
    """Returns how many members a network has."""
    is_ensemble = bool(network.layers) and isinstance(network.layers[-1], own.BatchFirst | own.StackOutputs)
    return int(network.outputs[0].shape[1]) if is_ensemble else 1


def is_separable(network: keras.Model) -> bool:
    """Returns whether each member of a network could be a network of its own: they share no layer that learns."""
    learning = [layer for layer in network.layers if layer.weights and not own.is_shared(layer)]
    return size(network) > 1 and all(getattr(layer, "members", None) is not None for layer in learning)


def join(network: keras.Model, networks: Sequence[keras.Model]) -> None:
    """Gives the members of a network the weights of networks that are built as each of them."""
    for layer in networks[0].layers:
        if own.is_shared(layer):
            network.get_layer(layer.name).set_weights(layer.get_weights())
        elif layer.weights:
            values = [single.get_layer(layer.name).get_weights() for single in networks]
            network.get_layer(layer.name).set_weights([np.stack(parts) for parts in zip(*values, strict=True)])


def split(network: keras.Model, networks: Sequence[keras.Model]) -> None:
    """Gives networks, each built as one member, the weights of a network's members: the inverse of `join`."""
    for layer in networks[0].layers:
        if layer.weights:
            values = network.get_layer(layer.name).get_weights()
            for i, single in enumerate(networks):
                own_values = values if own.is_shared(layer) else [value[i] for value in values]
                single.get_layer(layer.name).set_weights(own_values)


def merged(outputs, *, mean: str):
    """Returns the network output that stands for all members, such as the output of one network does.

    Args:
        outputs: `(batch, members, outputs)`.
        mean: Of what the mean is taken: `"values"`; `"softmax"` of the logits (of the logit and 0, where there is one);
            or `"sigmoid"` of each logit by itself.

    Returns:
        `(batch, outputs)`: values, or logits whose softmax or sigmoid is the mean of the members'.
    """
    if mean == "values":
        return ops.mean(outputs, axis=1)
    if mean == "softmax" and outputs.shape[-1] > 1:
        return _log_mean(ops.log_softmax(outputs, axis=-1))
    pairs = ops.stack([ops.zeros_like(outputs), outputs], axis=-1)  # (batch, members, outputs, 2)
    against, for_it = ops.unstack(_log_mean(ops.log_softmax(pairs, axis=-1)), axis=-1)
    return for_it - against


def _log_mean(logarithms):
    """Returns log((1/M) sum_m exp(l_m)), over axis 1."""
    return ops.logsumexp(logarithms, axis=1) - float(np.log(logarithms.shape[1]))


def as_rows(outputs, *of_rows):
    """Returns outputs `(batch, members, outputs)` as `(batch * members, outputs)`, each member of a row as a row.

    Args:
        outputs: What the network gives.
        *of_rows: Tensors `(batch, ...)`, such as targets, or None; each row is repeated for its members.
    """
    members, width = outputs.shape[1:]

    def repeated(tensor):  # `ops.repeat` takes a dozen operations on TensorFlow
        rest = tuple(tensor.shape[1:])
        beside = ops.tile(ops.expand_dims(tensor, 1), (1, members) + (1,) * len(rest))
        return ops.reshape(beside, (-1, *rest))

    return ops.reshape(outputs, (-1, width)), *(None if tensor is None else repeated(tensor) for tensor in of_rows)


def each_member(function: Callable) -> Callable:
    """Returns a loss of outputs `(batch, members, outputs)`, per example the mean over the members.

    Args:
        function: `(y_true, outputs) -> (batch,)`, of outputs `(batch, outputs)`.
    """

    def mean_loss(y_true, outputs):
        return ops.mean(ops.reshape(function(*reversed(as_rows(outputs, y_true))), (-1, outputs.shape[1])), axis=1)

    return mean_loss


def with_gradient_of_sum(mean, members: int):
    """Returns the mean over members, with the gradient of the sum: each member's is then as if it stood alone."""
    return mean + (members - 1) * (mean - ops.stop_gradient(mean))


def _side_by_side(network: keras.Model, members: int) -> keras.Model:
    """Returns `members` networks as one, by going through the operations of one; all weights are zero."""
    made: dict[int, list] = {}  # tensor -> the tensors, beside each other, that take its place
    for operation in network.operations:
        if isinstance(operation, keras.layers.InputLayer):
            made[id(operation.output)] = [operation.output]
            continue
        parts = [part for tensor in keras.tree.flatten(operation.input) for part in made[id(tensor)]]
        made[id(operation.output)] = _for_members(operation, parts, members)
    outputs = made[id(network.outputs[0])]
    if len(outputs) > 1 or not _is_own(outputs[0]):
        raise ValueError(
            "`ensemble` must be 1 for a network that does not give one tensor behind layers with weights. Leave it out."
        )
    inputs = {tensor.name: tensor for tensor in network.inputs}
    return keras.Model(inputs, own.BatchFirst(name="members")(outputs[0]), name=network.name)


def _for_members(layer, parts: list, members: int) -> list:
    """Returns what a layer gives for all members, of what those before it gave."""
    is_random, some_own = hasattr(layer, "seed_generator"), any(map(_is_own, parts))
    if (own.is_shared(layer) or not layer.weights) and not is_random and not some_own:
        return [layer.output]  # made for one network, it is the same for all
    if isinstance(layer, keras.layers.Add) and len(parts) == 2 and _is_own(parts[0]) and not _is_own(parts[1]):
        return [own.AddToMembers(name=layer.name)(parts)]
    if isinstance(layer, keras.layers.Concatenate):
        return _joined(parts, layer)
    form = own.form_of(layer, members)
    if isinstance(form, own.MemberDense):
        outputs = form(parts if len(parts) > 1 else parts[0])
        if layer.activation is keras.activations.linear:
            return [outputs]
        return [keras.layers.Activation(layer.activation, name=f"{layer.name}_activation")(outputs)]
    if isinstance(form, own.MemberLevels):
        return keras.tree.flatten(form(*parts))
    if isinstance(form, FeatureWise):
        joined = own.JoinForMembers(members, name=f"{layer.name}_joined")(parts) if len(parts) > 1 else parts[0]
        return [form(joined)]
    if some_own and len(parts) == 1 and (form is not None or isinstance(layer, own.PER_FEATURE)):
        return [(form or type(layer).from_config(layer.get_config()))(*parts)]
    raise ValueError(
        f"`ensemble` must be 1 for a network with the layer {layer.name!r} ({type(layer).__name__}), of which there is "
        "no form for members. Leave the option out, or take other layers."
    )


def _is_own(tensor) -> bool:
    """Returns whether a tensor is `(members, batch, features)`: it is the batch that has no length."""
    return tensor.shape[0] is not None


def _joined(parts: list, layer: keras.layers.Concatenate) -> list:
    """Returns parts with those that are shared, and stand beside each other, in one."""
    groups = [list(group) for _, group in itertools.groupby(parts, _is_own)]
    joined = []
    for i, group in enumerate(groups):
        if not _is_own(group[0]) and len(group) > 1:
            group = [keras.layers.Concatenate(name=f"{layer.name}_{i}" if i else layer.name)(group)]
        joined += group
    return joined
