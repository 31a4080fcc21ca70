"""Predicates of Minsky and Papert (1969), and their order: how many pixels a perceptron's units must see at once.

    psi(x) = 1  where  sum over masks A of w_A prod_{i in A} x_i >= threshold;   order = least possible largest |A|

Order 1 is the single unit. Parity of n pixels has the order n, and the order of connectedness grows with the retina.
Found by linear programming over all masks of at most k pixels, which also proves that fewer do not suffice.

M. Minsky, S. Papert, Perceptrons: An Introduction to Computational Geometry, MIT Press, 1969.
https://doi.org/10.7551/mitpress/11301.001.0001
"""

from __future__ import annotations

import itertools

import numpy as np
from scipy.optimize import linprog

from zoo.data.generated import patterns

MOST_PIXELS = 9  # 512 rows and as many masks
SOLVED, INFEASIBLE = 0, 2  # the states of SciPy's HiGHS that are an answer; others tell that it gave up


def parity(pixels: int) -> np.ndarray:
    """Returns whether an odd number of pixels is 1, for each pattern `(2^pixels,)`, in the order of a truth table."""
    return patterns(pixels).sum(axis=1).astype("int64") % 2


def connected(rows: int, columns: int) -> np.ndarray:
    """Returns whether the pixels that are 1 hang together side by side, for each image `(2^(rows * columns),)`.

    An empty image counts as connected.
    """
    images = patterns(rows * columns).astype(bool).reshape(-1, rows, columns)
    reached = np.zeros_like(images)
    first = images.reshape(len(images), -1).argmax(axis=1)
    reached.reshape(len(images), -1)[np.arange(len(images)), first] = True
    reached &= images
    while True:
        grown = reached.copy()
        grown[:, 1:] |= reached[:, :-1]
        grown[:, :-1] |= reached[:, 1:]
        grown[:, :, 1:] |= reached[:, :, :-1]
        grown[:, :, :-1] |= reached[:, :, 1:]
        grown &= images
        if np.array_equal(grown, reached):
            return (reached == images).all(axis=(1, 2)).astype("int64")
        reached = grown


def order(table) -> int:
    """Returns the order of a predicate, from 0 for a constant to the number of pixels.

    Args:
        table: Its values 0 and 1, `(2^pixels,)`, the first pixel being the most significant bit; at most 9 pixels.

    Raises:
        ValueError: if the table is no truth table, or too large.
        RuntimeError: if the solver of linear programs gives no answer.
    """
    table = np.asarray(table)
    pixels = table.size.bit_length() - 1
    if table.ndim != 1 or table.size != 2**pixels or not np.isin(table, (0, 1)).all() or not 0 < pixels <= MOST_PIXELS:
        raise ValueError(
            f"`table` must have 2^n values, each 0 or 1, for n from 1 to {MOST_PIXELS} pixels. Received: the shape "
            f"{table.shape}."
        )
    x = patterns(pixels).astype("float64")
    signs = np.where(table == 1, 1.0, -1.0)
    masks = np.ones((len(x), 1))
    for size in range(pixels + 1):
        if size:
            more = [x[:, list(mask)].prod(axis=1) for mask in itertools.combinations(range(pixels), size)]
            masks = np.column_stack([masks, *more])
        found = linprog(
            np.zeros(masks.shape[1]), A_ub=-signs[:, None] * masks, b_ub=-np.ones(len(x)), bounds=(None, None)
        )
        if found.status not in (SOLVED, INFEASIBLE):
            raise RuntimeError(
                f"The linear program of masks of at most {size} pixels must have an answer. Received from SciPy's "
                f"solver: {found.message} Try another version of SciPy, or a predicate of fewer pixels."
            )
        if found.status == SOLVED:
            break
    return size
