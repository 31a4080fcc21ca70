"""Fukushima's analog cells (1975, 1980), in layers of two dimensions: never negative, with an inhibition that divides.

    u = phi[(1 + e) / (1 + h) - 1],  phi[x] = max(x, 0);   e: sum of excitatory inputs, h: of inhibitory ones

A cell sees a square window of the layer before it, whose weight falls with the distance from its centre.
"""

import numpy as np
from keras import ops


def shunting(e, h):
    """Returns phi[(1 + e) / (1 + h) - 1]: a large e and h leave e / h - 1, which does not grow with both."""
    return ops.relu((1.0 + e) / (1.0 + h) - 1.0)


def falling(window: int, base: float) -> np.ndarray:
    """Returns base^|v| for the cells v of a window, row by row, `(window * window,)`."""
    steps = np.arange(window) - (window - 1) / 2
    return (base ** np.hypot(steps[:, None], steps)).ravel().astype("float32")


def windows(u, window: int, places, stride: int = 1):
    """Returns what cells see whose windows lie evenly over a layer; outside of it there is 0.

    Args:
        u: `(batch, height, width, planes)`.
        window: Side of a window.
        places: `(rows, columns)` of the cells that look.
        stride: Steps from a window to the next.

    Returns:
        `(batch, rows, columns, window * window, planes)`.
    """
    before, after, first = [], [], []
    for size, count in zip(u.shape[1:3], places):
        reach = stride * (count - 1) + window
        start = int((size - reach) / 2)  # towards 0: where it cannot be even, one step more stays outside at the end
        before.append(max(0, -start))
        after.append(max(0, start + reach - size))
        first.append(max(0, start))
    u = ops.pad(u, [(0, 0), (before[0], after[0]), (before[1], after[1]), (0, 0)])
    spans = [stride * (count - 1) + 1 for count in places]
    seen = [
        u[:, top : top + spans[0] : stride, left : left + spans[1] : stride]
        for top in range(first[0], first[0] + window)
        for left in range(first[1], first[1] + window)
    ]
    return ops.stack(seen, axis=3)
