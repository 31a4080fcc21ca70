"""Where the labels of a graph stand: those of its arrows along them, those of its units below, away from all else."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

HEIGHT = 0.19  # of a line of text and the space around it, where units of the graph are inches
CHARACTER = 0.071  # width of a digit of 8 points
SHARES = np.linspace(0.2, 0.8, 41)  # of an arrow, at which the middle of its label may stand
PASSES = 4
POINTS = 15  # by which the middle line of a label is told
SIDEWAYS = np.linspace(-0.9, 0.9, 37)  # from the middle of a unit to that of its label, in inches
UPWARDS = (-0.56, -0.74, 0.74, 0.92)  # below its circle, or above its name


def shares_of_labels(begins, ends, lengths: Sequence[int], obstacles=()) -> np.ndarray:
    """Returns at which share of each arrow its label stands, `(arrows,)`.

    Each label in turn moves to where it covers least: other labels and obstacles before arrows that cross. A few
    rounds are enough for the graphs that are drawn with labels.

    Args:
        begins, ends: Of the arrows, `(arrows, 2)`, in inches.
        lengths: Characters of each label.
        obstacles: Further lines `(2, 2)` that no label should cover, such as the names of units.
    """
    begins, ends = np.asarray(begins, "float64"), np.asarray(ends, "float64")
    ways = ends - begins
    half = 0.5 * CHARACTER * np.asarray(lengths, "float64") / np.linalg.norm(ways, axis=1)  # as a share of the arrow
    chosen = np.full(len(begins), 0.5)
    fixed = np.asarray(obstacles, "float64").reshape(-1, 2, 2)
    arrows = np.stack([begins, ends], axis=1)  # (arrows, 2, 2): where each line begins and ends
    for _ in range(PASSES):
        for i in range(len(begins)):
            own = _lines(begins[[i]], ways[[i]], SHARES, half[i])
            others = np.arange(len(begins)) != i
            labels = _lines(begins[others], ways[others], chosen[others], half[others])
            covered = np.maximum(0.0, HEIGHT - _distances(own, np.concatenate([labels, fixed]))).sum(axis=1)
            crossed = np.maximum(0.0, 0.5 * HEIGHT - _distances(own, arrows[others])).sum(axis=1)
            cost = 100.0 * covered + crossed + 0.01 * np.abs(SHARES - 0.5)
            beyond = (half[i] > np.minimum(SHARES, 1.0 - SHARES)) & (half[i] < 0.5)  # the arrow's ends
            chosen[i] = SHARES[np.argmin(np.where(beyond, np.inf, cost))]
    return chosen


def places_beside_units(units, lengths: Sequence[int], arrows, obstacles, within: tuple[float, float]) -> np.ndarray:
    """Returns the middle of each unit's label, `(units, 2)`: where it covers no arrow, below the unit if possible.

    Args:
        units: Their middles `(units, 2)`, in inches.
        lengths: Characters of each label.
        arrows: Lines `(arrows, 2, 2)`.
        obstacles: Further lines `(2, 2)`, such as the names of units.
        within: The lowest and the highest x that a label may reach.
    """
    chosen: list[np.ndarray] = []
    fixed = np.concatenate([np.asarray(lines, "float64").reshape(-1, 2, 2) for lines in (arrows, obstacles)])
    taken = [*fixed]
    way = np.stack(np.meshgrid(SIDEWAYS, UPWARDS), axis=-1).reshape(-1, 2)
    for unit, length in zip(np.asarray(units, "float64"), lengths):
        half = 0.5 * CHARACTER * length
        middles = unit + way
        lines = middles[:, None] + half * np.array([[-1.0, 0.0], [1.0, 0.0]])
        covered = np.maximum(0.0, 0.8 * HEIGHT - _distances(lines, np.stack(taken))).sum(axis=1)
        away = np.abs(np.maximum(np.abs(way[:, 0]) - half, 0.0))  # so that it is seen whose label it is
        cost = 100.0 * covered + away + 0.02 * np.abs(way[:, 0]) + 0.2 * (np.abs(way[:, 1]) - 0.56) + (way[:, 1] > 0)
        outside = (lines[:, 0, 0] < within[0]) | (lines[:, 1, 0] > within[1])
        best = int(np.argmin(np.where(outside, np.inf, cost)))
        chosen.append(middles[best])
        taken.append(lines[best])
    return np.array(chosen).reshape(-1, 2)


def _lines(begins, ways, shares, half) -> np.ndarray:
    """Returns the middle lines of labels at shares of arrows, `(labels, 2, 2)`."""
    shares = np.asarray(shares)[:, None] + np.asarray(half).reshape(-1, 1) * [-1.0, 1.0]
    return begins[:, None] + shares[..., None] * ways[:, None]


def _distances(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Returns about how far apart lines are, `(first, second)`: from points of the first to all of the second."""
    along_first = np.linspace(0.0, 1.0, POINTS)[:, None]
    points = first[:, None, :1] + along_first * (first[:, None, 1:] - first[:, None, :1])  # (first, 1, points, 2)
    begins, ways = second[None, :, :1], second[None, :, 1:] - second[None, :, :1]  # (1, second, 1, 2)
    squares = np.maximum(np.sum(ways * ways, axis=-1), 1e-12)
    along = np.clip(np.sum((points - begins) * ways, axis=-1) / squares, 0.0, 1.0)
    return np.linalg.norm(points - begins - along[..., None] * ways, axis=-1).min(axis=-1)
