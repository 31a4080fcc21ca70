"""Weights from one network to another of the same builder, whose inputs or outputs have grown.

Every feature has a name: a column and what of it, a level, a pixel, a unit, a class. Names are passed from the encoded
tensors through both networks, and a weight is copied where the names of its row and column are the same.

    a feature that is new         weight 0: the network answers as before
    a level that is new           the weights of what was not seen, as which it was known until now
    a class that is new           the weights that a fresh network begins with
    images of another size        kernels resized, so that W' x' = W resize(x')
    a map of another size         the same weights at every place; those that belong to places are resized
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from zoo.data.columns import the_picture
from zoo.engine.freezing import heads
from zoo.layers.feature_wise import FeatureWise
from zoo.layers.known_levels import KnownLevels
from zoo.layers.linear import LinearTerms
from zoo.layers.members import AddToMembers, MemberDense, receivers
from zoo.layers.pool import WeightedPool
from zoo.layers.tabular import Levels, PiecewiseLinear

OF_COLUMNS = (Levels, FeatureWise, KnownLevels)  # layers that a network has only where there are such columns


class _Pixels(tuple):
    """The names of the units of an image, or of maps: the shape `(height, width, channels)`."""


class Named:
    """A network with the names of the features of each of its tensors.

    Args:
        network: Functional.
        inputs: Names of each encoded tensor's features; of an image its shape; of categories `(column, levels)`.
        outputs: Names of what is answered: `Target.unit_names`, of two classes both.
    """

    def __init__(self, network: keras.Model, inputs: dict, outputs: Sequence):
        self.network = network
        self.outputs = [("output", name) for name in outputs]
        self.zero_output = None
        if len(self.outputs) == 2 and network.outputs[0].shape[-1] == 1:
            self.zero_output, *self.outputs = self.outputs
        self.columns = {name for names in inputs.values() if not isinstance(names, _Pixels) for name in names}
        self.received: dict[str, Any] = {}  # layer key -> names of what it takes
        self.layers: dict[str, keras.layers.Layer] = {}
        names: dict[int, object] = {}
        seen: Counter = Counter()
        for operation in network.operations:
            tensors = keras.tree.flatten(operation.output)
            if isinstance(operation, keras.layers.InputLayer):
                names[id(tensors[0])] = inputs[tensors[0].name]
                continue
            base = re.sub(r"_\d+$", "", operation.name)  # Keras counts layers without a name over the process
            key = f"{base}:{seen[base]}"
            seen[base] += 1
            taken = [names[id(tensor)] for tensor in keras.tree.flatten(operation.input)]
            received = taken[0] if isinstance(operation.input, keras.KerasTensor) else taken
            if isinstance(operation, LinearTerms):  # Keras keeps the tensors of its dict in the order of their names
                kinds = sorted([*operation._numbers, *(["categorical"] if hasattr(operation, "levels") else [])])
                received = dict(zip(kinds, taken, strict=True))
            self.received[key], self.layers[key] = received, operation
            given = self._given(key, operation, received, tensors[0])
            for tensor in tensors:
                names[id(tensor)] = given

    def _given(self, key, layer, received, tensor):
        if isinstance(layer, KnownLevels):
            return received
        if isinstance(layer, Levels):
            return _level_features(layer, received)
        if isinstance(layer, PiecewiseLinear):
            return [(name, f"bin {k}") for name in received for k in range(layer.num_bins)]
        if isinstance(layer, FeatureWise):
            return layer.features_given(received)
        if isinstance(layer, keras.layers.Concatenate):
            return [name for part in received for name in part]
        if isinstance(layer, keras.layers.Flatten) and isinstance(received, _Pixels):
            return [("pixel", *index) for index in np.ndindex(*received)]
        first = layer.input
        if isinstance(first, keras.KerasTensor) and first.shape == tensor.shape and not _mixes(layer):
            return received
        if len(tensor.shape) == 4 and None not in tensor.shape[1:]:
            return _Pixels(tensor.shape[1:])
        return [(key, i) for i in range(tensor.shape[-1] or 0)]


def _mixes(layer) -> bool:
    """Returns whether a feature behind the layer depends on several in front of it."""
    passing = (
        keras.layers.Activation,
        keras.layers.Dropout,
        keras.layers.Rescaling,
        keras.layers.BatchNormalization,
        keras.layers.PReLU,
        keras.layers.LeakyReLU,
        keras.layers.ReLU,
        keras.layers.GaussianNoise,
    )
    return not isinstance(layer, passing)


def _level_features(layer: Levels, columns) -> list:
    features = []
    for i in layer.small:
        name, levels = columns[i]
        features += [(name, "level", level) for level in levels[1:]]
    for i in layer.large:
        features += [(columns[i][0], "vector", k) for k in range(layer.embedding_size)]
    return features


def input_names(preprocessor) -> dict:
    """Returns the names of the features of each encoded tensor, as `Named` takes them."""
    schema = preprocessor.schema
    if (picture := the_picture(schema.columns)) is not None:
        return {"image": _Pixels(picture.shape)}
    names: dict[str, list] = {}
    for feature in preprocessor.layout.features:
        categorical = feature["tensor"] == "categorical"
        name = (feature["column"], tuple(feature["levels"])) if categorical else (feature["column"], feature["what"])
        names.setdefault(feature["tensor"], []).append(name)
    return names


def transfer(old: Named, new: Named, *, fresh_head: bool = False) -> None:
    """Copies the weights of a network to a fresh one of the same builder.

    Args:
        old: The trained network.
        new: The fresh network.
        fresh_head: Whether the outputs' weights stay as the fresh network begins with them.

    Raises:
        ValueError: if the builder now makes other layers than when the old network was made, or a layer is met whose
            weights cannot be told apart.
    """
    mine = [key for key, layer in new.layers.items() if getattr(layer, "weights", ())]  # operations have none
    theirs = [key for key, layer in old.layers.items() if getattr(layer, "weights", ())]
    if lost := [key for key in theirs if key not in mine and not isinstance(old.layers[key], OF_COLUMNS)]:
        raise ValueError(
            f"The layers {', '.join(lost)} of the trained model are not among those that its builder makes now: "
            f"{', '.join(mine)}. Train a fresh model."
        )
    _check_layers_of_columns(old, new)
    ends = [id(layer) for layer in heads(new.network)]
    beside = receivers(old.network)
    for key in mine:
        layer = new.layers[key]
        if fresh_head and (id(layer) in ends or isinstance(layer, AddToMembers)):
            continue
        if beside is not None and id(layer) in ends and isinstance(layer, MemberDense):
            _zero(layer, beside)
        if isinstance(layer, OF_COLUMNS) and key not in old.layers:
            continue
        if isinstance(layer, Levels):
            _transfer_levels(layer, old.layers[key], new.received[key], old.received[key])
        elif isinstance(layer, KnownLevels):
            _transfer_known_levels(layer, old.layers[key], new.received[key], old.received[key])
        elif isinstance(layer, LinearTerms):
            _transfer_terms(layer, old.layers[key], new, old, key)
        elif isinstance(layer, FeatureWise):
            _transfer_feature_wise(layer, old, new, key)
        elif isinstance(layer, keras.layers.Dense) or (
            isinstance(layer, MemberDense) and old.received[key] == new.received[key]
        ):
            _transfer_dense(layer, old, new, key, id(layer) in ends)
        elif isinstance(layer, AddToMembers | WeightedPool):  # of members and networks, whatever the features are
            layer.set_weights(old.layers[key].get_weights())
        else:
            _transfer_other(layer, old, new, key)


def _check_layers_of_columns(old: Named, new: Named) -> None:
    """Raises ValueError if a layer of columns is in one network alone, and the other one has such a column too."""
    for one, other in ((old, new), (new, old)):
        for key, layer in one.layers.items():
            if isinstance(layer, FeatureWise) and key not in other.layers and other.columns & set(one.received[key]):
                raise ValueError(
                    f"The layer {layer.name!r} ({type(layer).__name__}) is only in the network "
                    f"{'of the trained model' if one is old else 'for the new columns'}, since numbers are embedded up "
                    "to a number of columns. Keep about as many columns, or train a fresh model."
                )


def _zero(layer: MemberDense, members: np.ndarray) -> None:
    """Sets the weights of some members to zero: beside a line, what is new to a head begins so."""
    weights = layer.get_weights()
    for weight in weights:
        weight[members] = 0.0
    layer.set_weights(weights)


def _transfer_dense(layer, old: Named, new: Named, key: str, is_head: bool) -> None:
    before = [weight.numpy() for weight in old.layers[key].weights]
    taken_before, taken = _features(old.received[key]), _features(new.received[key])
    before[0] = _rows(before[0], taken_before, taken, _switched(old, new))
    if is_head and layer.units == len(new.outputs) and old.layers[key].units == len(old.outputs):
        before = [_columns(part, old, new, weight.numpy()) for part, weight in zip(before, layer.weights)]
    layer.set_weights(before)


def _features(received) -> Sequence:
    """Returns the names of what a layer that does the same at every place takes: of maps, of their channels alone."""
    return [("channel", i) for i in range(received[-1])] if isinstance(received, _Pixels) else received


def _switched(old: Named, new: Named) -> dict:
    """Returns, of columns whose indicators became vectors, the name of each vector's part -> the level's indicator."""
    pairs: dict[tuple, tuple] = {}
    for key, layer in new.layers.items():
        if isinstance(layer, Levels) and key in old.layers:
            before, known = old.layers[key], {name: i for i, (name, _) in enumerate(old.received[key])}
            for i in layer.large:
                column = new.received[key][i][0]
                if column in known and known[column] in before.small:
                    levels = old.received[key][known[column]][1]
                    pairs |= {(column, "vector", k): (column, "level", level) for k, level in enumerate(levels[1:])}
    return pairs


def _rows(kernel: np.ndarray, old: Sequence, new: Sequence, switched: dict) -> np.ndarray:
    """Returns the kernel `(new features, units)`: old rows by name, 0 for new ones, images resized."""
    if list(old) == list(new):
        return kernel
    if old and new and old[0][0] == new[0][0] == "pixel":
        return _resized(kernel, old, new)
    place = {name: i for i, name in enumerate(old)}
    grown = np.zeros((len(new), kernel.shape[1]), kernel.dtype)
    for i, name in enumerate(new):
        before = place.get(name, place.get(switched.get(name)))
        if before is not None:
            grown[i] = kernel[before]
    return grown


def _resized(kernel, old, new):
    (h, w, c), (height, width, _) = (tuple(1 + np.array(names[-1][1:])) for names in (old, new))
    down, across = _resize(height, h), _resize(width, w)
    grid = kernel.reshape(h, w, c, -1)
    return np.einsum("ia,jb,ijcu->abcu", down, across, grid).reshape(height * width * c, -1).astype(kernel.dtype)


def _resize(length: int, to: int) -> np.ndarray:
    """Returns the matrix `(to, length)` by which a line of pixels is resized."""
    if length == to:
        return np.eye(to)
    lines = keras.ops.image.resize(
        np.eye(length, dtype="float32")[:, None, :], (to, 1), antialias=True, data_format="channels_last"
    )
    return keras.ops.convert_to_numpy(lines)[:, 0, :]


def _columns(part: np.ndarray, old: Named, new: Named, fresh: np.ndarray) -> np.ndarray:
    """Returns a head's kernel or bias with a column for each new output: old ones by class, else as in `fresh`.

    The one output of two classes is the second's; the first's is 0.
    """
    grown = np.array(fresh)
    for i, name in enumerate(new.outputs):
        if name in old.outputs:
            grown[..., i] = part[..., old.outputs.index(name)]
        elif name == old.zero_output:
            grown[..., i] = 0.0
    return grown


def _transfer_levels(layer: Levels, before: Levels, new: Sequence, old: Sequence) -> None:
    if not layer.large:
        return
    table = layer.table.numpy()
    starts = dict(zip(layer.large, layer._offsets(layer.large)))
    old_starts = dict(zip(before.large, before._offsets(before.large)))
    known = {name: i for i, (name, _) in enumerate(old)}
    for i in layer.large:
        column, levels = new[i]
        if column not in known:
            continue
        j, rows = known[column], slice(starts[i], starts[i] + len(levels))
        place = {level: k for k, level in enumerate(old[j][1])}
        if j in old_starts:
            vectors = before.table.numpy()[old_starts[j] : old_starts[j] + len(place)]
        elif len(place) - 1 <= layer.embedding_size:
            vectors = np.eye(len(place), layer.embedding_size, k=-1, dtype=table.dtype)  # index 0: the zero vector
        else:
            raise ValueError(
                f"The column {column!r} has become too large for indicators, and vectors of {layer.embedding_size} "
                f"cannot stand for its {len(place) - 1} old levels. Train a fresh model with embedding_size="
                f"{len(place) - 1} or more."
            )
        table[rows] = vectors[[place.get(level, 0) for level in levels]]
    layer.set_weights([table])


def _transfer_known_levels(layer: KnownLevels, before: KnownLevels, new: Sequence, old: Sequence) -> None:
    """Keeps which levels are known; those that are new are: as they are learnt, they count."""

    def levels(columns):
        return [(column, level) for column, levels in columns for level in levels]

    flags = dict(zip(levels(old), before.known.numpy(), strict=True))
    known = [flags.get(pair, 1.0) for pair in levels(new)]
    layer.set_weights([np.array(known, "float32")])


def _transfer_terms(layer: LinearTerms, before: LinearTerms, new: Named, old: Named, key: str) -> None:
    taken = {weight.name: weight.numpy() for weight in before.weights}
    own = {weight.name: weight.numpy() for weight in layer.weights}

    def numbers(named):
        received = named.received[key]
        return [name for part in sorted(received) if part != "categorical" for name in received[part]]

    def levels(named):
        return [(column, level) for column, levels in named.received[key].get("categorical", ()) for level in levels]

    grown = {}
    for name, fresh in own.items():
        part = taken.get(name)
        if part is None:
            grown[name] = fresh
            continue
        if name == "kernel":
            part = _rows(part, numbers(old), numbers(new), {})
        elif name == "levels":
            place = {pair: i for i, pair in enumerate(levels(old))}
            unseen = {column: place[column, names[0]] for column, names in old.received[key]["categorical"]}
            rows = [place.get(pair, unseen.get(pair[0])) for pair in levels(new)]
            part = np.stack([np.zeros_like(part[0]) if row is None else part[row] for row in rows])
        grown[name] = _columns(part, old, new, fresh)
    layer.set_weights([grown[weight.name] for weight in layer.weights])


def _transfer_feature_wise(layer: FeatureWise, old: Named, new: Named, key: str) -> None:
    """Gives features that both networks have their weights; others keep those of the fresh one."""
    axis = 0 if layer.members is None else 1  # behind the members
    place, switched = {name: i for i, name in enumerate(old.received[key])}, _switched(old, new)
    if any(name[0] == "pixel" and name not in place for name in new.received[key]):
        raise ValueError(
            f"The layer {layer.name!r} ({type(layer).__name__}) has a weight for each pixel, and takes images of one "
            "size. Received: another one. Pass images of the size before, or train a fresh model."
        )
    before = [place.get(name, place.get(switched.get(name))) for name in new.received[key]]
    pairs = [(i, j) for i, j in enumerate(before) if j is not None]
    grown = [weight.numpy() for weight in layer.weights]
    for part, taken in zip(grown, old.layers[key].weights, strict=True):
        part, taken = (np.moveaxis(values, axis, 0) for values in (part, taken.numpy()))
        for i, j in pairs:
            part[i] = taken[j]
    layer.set_weights(grown)


def _transfer_other(layer, old: Named, new: Named, key: str) -> None:
    if hasattr(layer, "of_places") and old.layers[key].grid != layer.grid:
        _transfer_places(layer, old.layers[key])
        return
    shapes = [[tuple(weight.shape) for weight in named.layers[key].weights] for named in (old, new)]
    if _features(old.received[key]) != _features(new.received[key]) or shapes[0] != shapes[1]:
        raise ValueError(
            f"The layer {layer.name!r} ({type(layer).__name__}) takes other features than before, and which of its "
            "weights stand for which is not known. Keep the columns and classes, or train a fresh model."
        )
    layer.set_weights([weight.numpy() for weight in old.layers[key].weights])


def _transfer_places(layer, before) -> None:
    """Copies weights that belong to the places of a grid to a layer with another grid.

    Args:
        layer: A layer with `grid`, its rows and columns, and `of_places`: by a weight's name the axis that runs over
            the places, and whether the weight takes what is there (True) or gives it (False).
        before: The same for another grid.
    """
    steps = [(_resize(new, old), _resize(old, new)) for old, new in zip(before.grid, layer.grid)]
    weights = []
    for weight, own in zip(before.weights, layer.weights, strict=True):
        value = weight.numpy()
        if own.name in layer.of_places:
            axis, takes = layer.of_places[own.name]
            down, across = (taking.T if takes else giving for taking, giving in steps)  # (new, old)
            grid = np.moveaxis(value, axis, -1).reshape(-1, *before.grid)
            grid = np.einsum("ai,bj,uij->uab", down, across, grid)
            rest = np.moveaxis(value, axis, -1).shape[:-1]
            value = np.moveaxis(grid.reshape(*rest, -1), -1, axis).astype(value.dtype)
        weights.append(value)
    layer.set_weights(weights)


def faithful(network: keras.Model, rebuilt: keras.Model) -> bool:
    """Returns whether two networks have weights of the same shapes in the same order."""

    def shapes(model) -> list[tuple]:
        return [tuple(weight.shape) for weight in model.weights]

    return shapes(network) == shapes(rebuilt)
