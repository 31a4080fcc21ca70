"""The layers of `zoo.layers.members` as expressions of numpy, for `numpy_format`."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from zoo.layers import members


def expression(layer, taken: Sequence[str], weight: Callable[[str], str]) -> str | None:
    """Returns what a layer of several members gives, as an expression; None for any other layer.

    Args:
        layer: A layer.
        taken: Expressions of what it takes.
        weight: From a weight's name to its expression.
    """
    x = taken[0]
    if isinstance(layer, members.MemberDense):
        terms, first = [], 0
        for part, width in zip(taken, layer._widths, strict=True):
            kernel = weight("kernel") + ("" if len(taken) == 1 else f"[:, {first}:{first + width}]")
            terms.append(f"{part} @ {kernel}")
            first += width
        return " + ".join([*terms, *([f"{weight('bias')}[:, None]"] if layer.use_bias else [])])
    if isinstance(layer, members.MemberBatchNormalization):
        scale = f"{weight('gamma')} / np.sqrt({weight('moving_variance')} + np.float32({layer.epsilon}))"
        return f"({x} - {weight('moving_mean')}[:, None]) * ({scale})[:, None] + {weight('beta')}[:, None]"
    if isinstance(layer, members.MemberLayerNormalization):
        middle, spread = f"{x}.mean(-1, keepdims=True)", f"{x}.var(-1, keepdims=True)"
        scaled = f"({x} - {middle}) / np.sqrt({spread} + np.float32({layer.epsilon}))"
        return f"{scaled} * {weight('gamma')}[:, None] + {weight('beta')}[:, None]"
    if isinstance(layer, members.MemberPReLU):
        return f"np.where({x} > 0, {x}, {weight('alpha')}[:, None] * {x})"
    if isinstance(layer, members.MemberLevels):
        rows = f"{x}[:, {layer.large}] + {layer._offsets(layer.large)}"
        vectors = f"{weight('table')}[:, {rows}].reshape({layer.members}, len({x}), -1)"
        if not layer.small:
            return vectors
        parts = ", ".join(f"{x}[:, [{i}]] == np.arange(1, {layer.sizes[i]})" for i in layer.small)
        return f"np.concatenate([{parts}], axis=1, dtype='float32'), {vectors}"
    if isinstance(layer, members.JoinForMembers):
        parts = [f"np.broadcast_to({part}, ({layer.members}, *{part}.shape[-2:]))" for part in taken]
        return f"np.concatenate([{', '.join(parts)}], axis=-1)"
    if isinstance(layer, members.AddToMembers):
        if layer.members is None:
            return " + ".join(taken)
        return f"{taken[0]} + {weight('receives')}[:, None, None] * {taken[1]}"
    if isinstance(layer, members.StackOutputs):
        return f"np.stack([{', '.join(taken)}], axis=1)"
    return f"{x}.transpose(1, 0, 2)" if isinstance(layer, members.BatchFirst) else None


def merge(model) -> list[str]:
    """Returns the lines from `z`, `(rows, members, outputs)`, to the output that stands for all of them."""
    mean = model.task.mean_of(model.decision)
    if mean == "values":
        return ["z = z.mean(axis=1)"]
    pairs = mean == "sigmoid" or model.network.outputs[0].shape[-1] == 1
    lines = ["z = np.stack([np.zeros_like(z), z], axis=-1)"] if pairs else []
    lines += [
        "z = z - np.logaddexp.reduce(z, axis=-1, keepdims=True)",
        f"z = np.logaddexp.reduce(z, axis=1) - np.float32({math.log(model.members)!r})",
    ]
    return [*lines, "z = z[..., 1] - z[..., 0]"] if pairs else lines
