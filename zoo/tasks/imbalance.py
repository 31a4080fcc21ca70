"""A hint where a rare class is hardly recognised, which the accuracy does not show."""

from __future__ import annotations

import numpy as np

from zoo import display

RARE = 0.5  # times 1 / (number of classes) is the share of rows below which a class is rare
POOR = 0.5  # recall


def hint(counts: np.ndarray, classes) -> str:
    """Returns what stands out about a rare class, and what can be done; `""` if there is nothing.

    Args:
        counts: The confusion matrix, true by predicted.
        classes: The classes.
    """
    of_class = counts.sum(axis=1)
    shares = of_class / of_class.sum()
    rare = np.flatnonzero((shares > 0) & (shares < RARE / len(counts)))
    if not len(rare):
        return ""
    recalls = np.diag(counts)[rare] / of_class[rare]
    if recalls.min() >= POOR:
        return ""
    least, most = rare[np.argmin(recalls)], int(np.argmax(shares))
    rate = f"{shares[most]:.0%} of the rows are {display.cut(classes[most], 40)}"
    repair = "train with `class_weight='balanced'`"
    if len(counts) == 2:
        repair += ", or choose a threshold on validation rows, `threshold='f1'`"
    return (
        f"{rate}, and the model recognises {recalls.min():.0%} of those that are {display.cut(classes[least], 40)}: "
        f"{repair}."
    )
