"""Of several members, those that answer best together on rows that none of them learnt from.

    S_1 = {argmin_m loss(m)},   S_{j+1} = S_j + {argmin_m loss(mean of S_j and m)}

R. Caruana, A. Niculescu-Mizil, G. Crew, A. Ksikes, Ensemble Selection from Libraries of Models, ICML 2004.
https://doi.org/10.1145/1015330.1015432. A member is taken once at most: one that counts twice would cost as two.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import keras
import numpy as np


def greedy(outputs: np.ndarray, count: int, loss_of: Callable) -> list[int]:
    """Returns the numbers of so many members, in their order in the network.

    Args:
        outputs: What the members give for rows, `(rows, members, outputs)`.
        count: How many are chosen.
        loss_of: A function of outputs `(rows, some members, outputs)` that returns the loss of their mean answer.
    """
    chosen: list[int] = []
    while len(chosen) < count:
        others = [m for m in range(outputs.shape[1]) if m not in chosen]
        losses = np.array([loss_of(outputs[:, [*chosen, m]]) for m in others])
        chosen.append(others[int(np.argmin(np.where(np.isnan(losses), np.inf, losses)))])
    return sorted(chosen)


def of_chosen(network: keras.Model, chosen: Sequence[int]) -> keras.Model:
    """Returns a network of members with some of them alone; it has the weights that all of them share."""

    def with_fewer(layer):
        config = layer.get_config()
        return type(layer).from_config({**config, "members": len(chosen)} if config.get("members") else config)

    fewer = keras.models.clone_model(network, clone_function=with_fewer)
    for layer, before in zip(fewer.layers, network.layers, strict=True):
        weights = before.get_weights()
        layer.set_weights([weight[list(chosen)] for weight in weights] if getattr(layer, "members", None) else weights)
    return fewer


def keep_best(model, x, y, weight, *, option: str, count: int | None):
    """Returns a model's network with its best members alone, and its options: for `Traits.finish`.

    Args:
        model: A `zoo.Model` of several members.
        x: Encoded rows that were not trained on.
        y: Their encoded targets.
        weight: Their sample weights `(rows,)`, or None.
        option: The builder's option that says how many members there are.
        count: How many are kept; None, or as many as there are, for all.
    """
    if count is None or count >= model.members or y is None:
        return None
    chosen = greedy(_outputs(model, x), count, _loss_of(model, y, weight))
    return of_chosen(model.network, chosen), {**model.options, option: count}


def _outputs(model, x, rows: int = 4096) -> np.ndarray:
    total = len(next(iter(x.values())))
    parts = [{name: values[i : i + rows] for name, values in x.items()} for i in range(0, total, rows)]
    return np.concatenate([keras.ops.convert_to_numpy(model.network_outputs(part)) for part in parts])


def _loss_of(model, y, weight) -> Callable:
    """Returns the loss, as validation rows have it, of outputs of some of a model's members."""
    y, weight = (None if part is None else keras.ops.convert_to_tensor(part) for part in (y, weight))

    def loss(outputs) -> float:
        y_pred = keras.ops.convert_to_tensor(outputs)
        return float(model.compute_loss(y=y, y_pred=y_pred, sample_weight=weight, training=False))

    return loss
