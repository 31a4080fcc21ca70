"""Whether a threshold unit can tell classes apart at all: a linear program says so for certain.

find w, b with  t_p (w . x_p + b) >= 1  for all rows p,  t_p = +1 or -1:    separable exactly where there are such
"""

import keras
import numpy as np
from scipy.optimize import linprog

LARGEST = 500_000  # rows times features, some seconds of linear programming


def separable(features: np.ndarray, true: np.ndarray) -> bool | None:
    """Returns whether a plane separates rows; None where there are too many to say, or the numbers are too unlike.

    Args:
        features: `(rows, width)`.
        true: Which rows belong on its one side, booleans `(rows,)`.
    """
    if features.size > LARGEST:
        return None
    t = np.where(true, 1.0, -1.0)[:, None]
    sums = t * np.concatenate([features, np.ones((len(features), 1))], axis=1, dtype="float64")
    found = linprog(np.zeros(sums.shape[1]), A_ub=-sums, b_ub=-np.ones(len(sums)), bounds=(None, None))
    return {0: True, 2: False}.get(found.status)


def why_not_learnt(model, x, y) -> str:
    """Returns why output units still make mistakes at the end of a training.

    Args:
        model: A `zoo.Model` whose network ends in `LinearTerms`.
        x: Encoded training rows, by the tensor's name.
        y: Their class indices.
    """
    said: dict[int | None, bool | None] = {None: None}
    if len(y) * sum(w.shape[0] for w in model.network.layers[-1].weights) <= LARGEST:
        activation = keras.ops.convert_to_numpy(model.network(x, training=False))
        classes = [1] if activation.shape[-1] == 1 else range(activation.shape[-1])
        wrong = [c for c, a in zip(classes, activation.T) if np.any(np.where(y == c, a, -a) <= 0.0)]
        if not wrong:
            return "the last of them were mended, and all rows are right now"
        features = _features(model.network, x)
        said = {}
        for c in wrong:
            said[c] = separable(features, y == c)
            if said[c] is False:  # one is enough, and each takes its time
                break
    if False in said.values():
        hopeless = list(said)[-1]
        names = [repr(name) for name in model.classes]
        apart = " from ".join(names) if len(names) == 2 else f"{names[hopeless]} from the rest"
        return (
            f"not separable, for no single unit tells {apart} (linear programming): it will not converge, however long "
            "it trains. Give it other features, or hidden units"
        )
    if None not in said.values():
        return "separable (linear programming), but not learnt yet: give it more epochs"
    return "not separable by one unit, or not yet: these are too many rows for linear programming to tell"


def _features(network, x) -> np.ndarray:
    """Returns what the last layer of a network, `LinearTerms`, adds up: numbers, and 0 or 1 for a level of a column."""
    last = network.layers[-1]
    names = [*last._numbers, *(["categorical"] if last.categorical_sizes else [])]
    names = keras.tree.flatten({name: name for name in names})  # in the order of the layer's tensors
    tensors = keras.tree.flatten(keras.Model(network.input, last.input)(x))
    terms = {name: keras.ops.convert_to_numpy(tensor) for name, tensor in zip(names, tensors, strict=True)}
    levels = terms.pop("categorical", np.zeros((len(next(iter(x.values()))), 0), "int32"))
    columns = [np.eye(size)[level] for size, level in zip(last.categorical_sizes, levels.T)]
    return np.concatenate([*terms.values(), *columns], axis=1)
