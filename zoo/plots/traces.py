"""Voltages in time, with the current that makes them below."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from zoo.plots.canvas import COLORS, GREY, legend_beside, numbers, plain, several
from zoo.plots.translations import translated


def voltage_traces(
    time, voltage, current=None, *, labels: Sequence[str] | None = None, offset: float = 0.0, ax=None
) -> Figure:
    """Draws voltages, and below them the currents.

    Args:
        time: `(steps,)`, in ms.
        voltage: `(steps,)`, `(traces, steps)`, or `(traces, steps, 1)` as models return it; in mV from rest.
        current: The same shapes, or one trace for all; in uA/cm2. None for no panel of it.
        labels: A name for each trace.
        offset: What each trace is moved down by against the one before, in mV, so that many do not overlap.
        ax: Two Axes with a current, else one; None for a new Figure.

    Raises:
        ValueError: if the lengths do not fit.
    """
    time = numbers("time", time)
    if time.ndim != 1:
        raise ValueError(f"`time` must have the shape (steps,). Received: {time.shape}.")
    voltages = _traces("voltage", voltage, len(time))
    currents = None if current is None else _traces("current", current, len(time))
    if currents is not None and len(currents) not in (1, len(voltages)):
        raise ValueError(f"There must be 1 current or {len(voltages)}, one a voltage. Received: {len(currents)}.")
    if labels is not None and len(labels) != len(voltages):
        raise ValueError(f"`labels` must name the {len(voltages)} traces. Received: {len(labels)} labels.")
    panels = 1 if currents is None else 2
    layout = {"nrows": panels, "sharex": True, "height_ratios": (3, 1)[:panels]}
    figure, axes = several(ax, panels, (7.0, 3.0 + 1.2 * (panels - 1)), **layout)
    for i, trace in enumerate(voltages):
        label = None if labels is None else translated(labels[i])
        axes[0].plot(time, trace - i * offset, color=COLORS[i % len(COLORS)], linewidth=1.2, label=label)
    axes[0].set_ylabel(translated("voltage from rest (mV)"))
    if currents is not None:
        for i, trace in enumerate(currents):
            color = GREY if len(currents) == 1 else COLORS[i % len(COLORS)]
            axes[1].plot(time, trace, color=color, linewidth=1.2)
        axes[1].set_ylabel(translated("current\n(µA/cm²)"))
    axes[-1].set_xlabel(translated("time (ms)"))
    if labels is not None:
        legend_beside(axes[0])
    for panel in axes:
        plain(panel)
    return figure


def _traces(name: str, values, steps: int) -> np.ndarray:
    """Returns `(traces, steps)`."""
    values = numbers(name, values)
    if values.ndim == 3 and values.shape[-1] == 1:
        values = values[..., 0]
    values = values[None] if values.ndim == 1 else values
    if values.ndim != 2 or values.shape[1] != steps:
        raise ValueError(
            f"`{name}` must have the shape ({steps},), (traces, {steps}) or (traces, {steps}, 1), as long as `time`. "
            f"Received: {values.shape}."
        )
    return values
