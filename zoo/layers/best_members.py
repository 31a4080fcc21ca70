"""Of several members, those that answer best together on rows that none of them learnt from.

    S_0 = {},   S_{j+1} = S_j + {argmin_m loss(mean of S_j and m)}

R. Caruana, A. Niculescu-Mizil, G. Crew, A. Ksikes, Ensemble Selection from Libraries of Models, ICML 2004.
https://doi.org/10.1145/1015330.1015432. A member is taken once at most: one that counts twice would cost as two.
The line that is added to their outputs may be taken several times, for it costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import keras
import numpy as np


def greedy(outputs: np.ndarray, count: int, loss_of: Callable, beside: np.ndarray | None = None) -> list[int]:
    """Returns the numbers of the members that are chosen, in their order in the network.

    Args:
        outputs: What the members give for rows, `(rows, members, outputs)`.
        count: How many are chosen; fewer where `beside` is.
        loss_of: A function of outputs `(rows, some members, outputs)` that returns the loss of their mean answer.
        beside: What may be chosen in the place of a member, any number of times, `(rows, outputs)`; or None.
    """
    members = outputs.shape[1]
    outputs = outputs if beside is None else np.concatenate([outputs, beside[:, None]], axis=1)
    chosen: list[int] = []
    for _ in range(count):
        others = [m for m in range(outputs.shape[1]) if m not in chosen or m == members]
        losses = np.array([loss_of(outputs[:, [*chosen, m]]) for m in others])
        chosen.append(others[int(np.argmin(np.where(np.isnan(losses), np.inf, losses)))])
    return sorted(m for m in chosen if m < members)


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
