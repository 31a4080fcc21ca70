"""Spike trains that are made, not stored: trains of which some fire together.

S. Song, K. D. Miller, L. F. Abbott, Competitive Hebbian Learning through Spike-Timing-Dependent Synaptic Plasticity,
Nature Neuroscience 3, 2000, figure 4: inputs that are correlated win over those that are not.
"""

from __future__ import annotations

import numpy as np

ROWS, STEPS, INPUTS = 50, 200, 20  # steps of 1 ms
RATE = 0.02  # spikes a ms, 20 Hz
TOGETHER = 0.8  # share of the spikes of the first half of the inputs that are common to them


def correlated_spikes(seed: int = 0) -> np.ndarray:
    """Returns trains of 0 and 1 `(50, 200, 20)` of 20 Hz; the first ten inputs share most of their spikes."""
    generator = np.random.default_rng(seed)
    own = generator.random((ROWS, STEPS, INPUTS)) < RATE
    common = generator.random((ROWS, STEPS, 1)) < RATE
    follows = generator.random((ROWS, STEPS, INPUTS)) < TOGETHER
    follows[:, :, INPUTS // 2 :] = False
    return np.where(follows, common, own).astype("float32")
