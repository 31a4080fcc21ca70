"""Where the labels of a graph's arrows stand: each along its arrow, away from other labels, arrows and units."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

HEIGHT = 0.19  # of a line of text and the space around it, where units of the graph are inches
CHARACTER = 0.071  # width of a digit of 8 points
SHARES = np.linspace(0.2, 0.8, 41)  # of an arrow, at which the middle of its label may stand
PASSES = 4
POINTS = 15  # by which the middle line of a label is told


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
    arrows = np.linalg.norm(ends - begins, axis=1)
    half = 0.5 * CHARACTER * np.asarray(lengths, "float64") / arrows  # as a share of the arrow
    chosen = np.full(len(begins), 0.5)

    def line(i, share):
        return begins[i] + np.array([[share - half[i]], [share + half[i]]]) * (ends[i] - begins[i])

    for _ in range(PASSES):
        for i in range(len(begins)):
            others = [j for j in range(len(begins)) if j != i]
            kept = [line(j, chosen[j]) for j in others] + [np.asarray(obstacle, "float64") for obstacle in obstacles]
            crossing = [np.stack([begins[j], ends[j]]) for j in others]
            costs = []
            for share in SHARES:
                if half[i] > min(share, 1.0 - share) and half[i] < 0.5:  # beyond the arrow's ends
                    costs.append(np.inf)
                    continue
                own = line(i, share)
                covered = sum(max(0.0, HEIGHT - _distance(own, other)) for other in kept)
                crossed = sum(max(0.0, 0.5 * HEIGHT - _distance(own, other)) for other in crossing)
                costs.append(100.0 * covered + crossed + 0.01 * abs(share - 0.5))
            chosen[i] = SHARES[int(np.argmin(costs))]
    return chosen


def _distance(first: np.ndarray, second: np.ndarray) -> float:
    """Returns about how far apart two lines are, `(2, 2)` each: from points of the first to all of the second."""
    points = first[0] + np.linspace(0.0, 1.0, POINTS)[:, None] * (first[1] - first[0])
    way = second[1] - second[0]
    along = np.clip((points - second[0]) @ way / max(float(way @ way), 1e-12), 0.0, 1.0)
    return float(np.min(np.linalg.norm(points - (second[0] + along[:, None] * way), axis=1)))
