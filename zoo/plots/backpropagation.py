"""Back-propagation in numbers: every value, slope and product of the chain rule of a small network.

    forwards     z_j = sum_i w_ij y_i + b_j,   y_j = f(z_j);   y of the inputs is x
    error        E = 1/2 sum_j (y_j - d_j)^2 over the outputs, or the cross-entropy E = -sum_j d_j ln y_j
    backwards    delta_j = dE/dz_j:  f'(z_j) (y_j - d_j) at an output, y_j - d_j by the cross-entropy;
                 f'(z_j) sum_k w_jk delta_k elsewhere, the deltas being those of the layer after
    slopes       dE/dw_ij = delta_j y_i,   dE/db_j = delta_j

D. E. Rumelhart, G. E. Hinton, R. J. Williams, Learning Representations by Back-propagating Errors, Nature 323, 1986.
https://doi.org/10.1038/323533a0. Computed by these formulas from the layers' weights, not by a framework.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd

from zoo.plots.activations import ACTIVATIONS
from zoo.plots.chains import Chain, Step, chain_of
from zoo.registry import suggest

LOSSES = ("half_squared", "cross_entropy")
ADDED = ("1", "line")  # from which biases come, and what a line beside the hidden layers adds


@dataclasses.dataclass(frozen=True)
class ChainRule:
    """What `chain_rule` computes.

    Args:
        units: A row a unit, inputs included: its layer (0 for inputs), name, sum z, value y, slope f'(z) and delta. Of
            softmax the slope is that of a unit's value by its own sum, y (1 - y).
        edges: A row a weight: from which unit to which, the weight, and dE/dw; biases come from "1". What a line beside
            the hidden layers adds to an output comes from "line".
        error: E; None without a target.
        activations: The activation of each layer, from 1 on.
        loss: What E is, `"half_squared"` or `"cross_entropy"`.
        wanted: What the outputs should be, d `(outputs,)`; None without a target.
    """

    units: pd.DataFrame
    edges: pd.DataFrame
    error: float | None
    activations: tuple[str, ...]
    loss: str
    wanted: np.ndarray | None


def chain_rule(model, x, y=None, *, loss: str | None = None) -> ChainRule:
    """Computes the values and slopes of a network of dense layers for one row.

    Args:
        model: A `zoo.Model`, a `Run`, a folder or a preset, or a keras.Model: dense layers, one after another, with
            activations of the lecture's table, softmax at the end. A classifier's own softmax or logistic function
            counts as its last layer's.
        x: The encoded inputs of one row `(inputs,)`; or a row of the model's data, a dict by column or a DataFrame.
        y: What the outputs should be `(outputs,)`, or a number; for a row of the data its target, as the data have it.
            None for values alone.
        loss: `"half_squared"` or `"cross_entropy"`; None for the cross-entropy after a softmax, else the other.

    Returns:
        Units, edges and the error. Without a target, deltas and slopes of weights are NaN. A regression's network
        answers in units of the target's deviation, and so is its error.

    Raises:
        ValueError: if the network has other layers, x or y other sizes, or the loss does not suit its outputs.
    """
    chain = chain_of(model, x, y)
    loss = chain.loss if loss is None else loss
    if loss not in LOSSES:
        raise ValueError(
            f"`loss` must be one of {', '.join(map(repr, LOSSES))}.{suggest(str(loss), LOSSES)} Received: {loss!r}"
        )
    steps = chain.steps
    sums, values, slopes = forwards(chain)
    error, deltas = None, [np.full(len(value), np.nan) for value in values]
    if chain.y is not None:
        error, deltas[-1] = _at_the_outputs(steps[-1], sums[-1], values[-1], slopes[-1], chain.y, loss)
        for layer in range(len(steps) - 1, 0, -1):
            deltas[layer] = slopes[layer] * (steps[layer].weights @ deltas[layer + 1])
    names = names_of_units([len(value) for value in values])
    columns = ("layer", "unit", "z", "y", "slope", "delta")
    units = [
        row
        for layer, parts in enumerate(zip(names, sums, values, slopes, deltas))
        for row in zip([layer] * len(parts[0]), *parts)
    ]
    edges = []
    for layer, step in enumerate(steps, 1):
        for j, unit in enumerate(names[layer]):
            delta = deltas[layer][j]
            for i, source in enumerate(names[layer - 1]):
                edges.append((layer, source, unit, step.weights[i, j], delta * values[layer - 1][i] + 0.0))  # no -0
            edges.append((layer, "1", unit, step.biases[j], delta))
            if layer == len(steps) and chain.line is not None:
                edges.append((layer, "line", unit, chain.line[j], delta))
    return ChainRule(
        pd.DataFrame(units, columns=columns).set_index("unit"),
        pd.DataFrame(edges, columns=("layer", "from", "to", "weight", "dE/dw")),
        error,
        tuple(step.activation for step in steps),
        loss,
        chain.y,
    )


def forwards(chain: Chain) -> tuple[list[np.ndarray], list[np.ndarray], list[np.ndarray]]:
    """Returns the sums, values and slopes of each layer's units, `(units,)` each; inputs have a value alone."""
    nothing = np.full(len(chain.x), np.nan)
    sums, values, slopes = [nothing], [chain.x], [nothing]
    for i, step in enumerate(chain.steps):
        z = values[-1] @ step.weights + step.biases
        if i == len(chain.steps) - 1 and chain.line is not None:
            z = z + chain.line
        if step.activation == "softmax":
            y = np.exp(z - z.max())
            y /= y.sum()
            slope = y * (1.0 - y)
        else:
            rule = ACTIVATIONS[step.activation]
            y, slope = rule.value(z, step.slope), rule.derivative(z, step.slope) * np.ones_like(z)
        sums.append(z)
        values.append(y)
        slopes.append(slope)
    return sums, values, slopes


def _at_the_outputs(step: Step, z, y, slope, d, loss: str) -> tuple[float, np.ndarray]:
    """Returns E and its slopes by the sums of the outputs."""
    if loss == "half_squared":
        by_value = y - d
        if step.activation == "softmax":  # each value depends on all sums
            return float(0.5 * np.sum(by_value**2)), y * (by_value - by_value @ y)
        return float(0.5 * np.sum(by_value**2)), slope * by_value
    if step.activation == "softmax":
        return float(d.sum() * np.logaddexp.reduce(z) - d @ z), d.sum() * y - d
    if step.activation == "logistic":
        return float(np.sum(np.logaddexp(0.0, z) - d * z)), y - d
    raise ValueError(
        f"`loss` may be 'cross_entropy' for logistic or softmax outputs. Received: outputs of the activation "
        f"{step.activation!r}."
    )


def names_of_units(sizes: list[int]) -> list[list[str]]:
    """Returns names of units: x for inputs, h for hidden ones (h1_ for the first of several layers), y for outputs."""
    hidden = len(sizes) - 2
    found = []
    for layer, size in enumerate(sizes):
        letter = "x" if layer == 0 else "y" if layer == len(sizes) - 1 else "h" if hidden == 1 else f"h{layer}_"
        found.append([f"{letter}{i + 1}" for i in range(size)])
    return found
