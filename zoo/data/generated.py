"""Small data sets that are made, not stored: boolean gates, and three shapes in the plane.

<gate>_gate   all patterns of 0 and 1 in the order 00, 01, 10, 11 (the first input is the most significant bit)
two_moons, circles, spirals   1,000 noisy points of two classes, always the same
random_patterns               10 random patterns of 100 units, -1 or +1
pattern_pairs                 8 orthonormal keys of 16 numbers, and for each a random value of 4 units, -1 or +1
symmetry                      all 64 patterns of 6 bits, and whether each reads the same from both ends
spike_trains                  64 rows of 32 moments of two fibres, 0 or 1
"""

from __future__ import annotations

import numpy as np

GATES = {
    "not": (1, 0),
    "false": (0, 0, 0, 0),
    "and": (0, 0, 0, 1),
    "first_and_not_second": (0, 0, 1, 0),
    "first": (0, 0, 1, 1),
    "second_and_not_first": (0, 1, 0, 0),
    "second": (0, 1, 0, 1),
    "xor": (0, 1, 1, 0),
    "or": (0, 1, 1, 1),
    "nor": (1, 0, 0, 0),
    "xnor": (1, 0, 0, 1),
    "not_second": (1, 0, 1, 0),
    "implied": (1, 0, 1, 1),
    "not_first": (1, 1, 0, 0),
    "implies": (1, 1, 0, 1),
    "nand": (1, 1, 1, 0),
    "true": (1, 1, 1, 1),
    "majority": (0, 0, 0, 1, 0, 1, 1, 1),
}
ROWS = 1000


def patterns(num_inputs: int) -> np.ndarray:
    """Returns all patterns of 0 and 1 `(2^num_inputs, num_inputs)`, counting up, as float32."""
    rows = np.arange(2**num_inputs)[:, None]
    return (rows >> np.arange(num_inputs - 1, -1, -1) & 1).astype("float32")


def gate(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Returns patterns `(2^n, n)` and outputs `(2^n,)` of a gate."""
    outputs = np.array(GATES[name])
    return patterns(len(outputs).bit_length() - 1), outputs


def two_moons(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Returns points `(1000, 2)` on two interleaved half circles, and their class."""
    from sklearn.datasets import make_moons

    x, y = make_moons(ROWS, noise=0.15, random_state=seed)
    return x.astype("float32"), y


def circles(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Returns points `(1000, 2)` on two concentric circles, and their class."""
    from sklearn.datasets import make_circles

    x, y = make_circles(ROWS, noise=0.08, factor=0.5, random_state=seed)
    return x.astype("float32"), y


def spirals(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Returns points `(1000, 2)` on two spirals of one and a half turns, radius 0 to 1, and their class."""
    generator = np.random.default_rng(seed)
    y = np.arange(ROWS) % 2
    radius = np.sqrt(generator.uniform(0.02, 1.0, ROWS))
    angle = 3.0 * np.pi * radius + np.pi * y
    x = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1) + generator.normal(0, 0.02, (ROWS, 2))
    return x.astype("float32"), y


def random_patterns(seed: int = 0) -> np.ndarray:
    """Returns 10 patterns of -1 and +1 `(10, 100)`."""
    return np.random.default_rng(seed).choice(np.array([-1.0, 1.0], "float32"), (10, 100))


def pattern_pairs(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Returns keys `(8, 16)`, half of the rows of a Hadamard matrix at length 1, and values of -1 and +1 `(8, 4)`."""
    keys = np.ones((1, 1), "float32")
    for _ in range(4):  # Sylvester's construction
        keys = np.kron(np.array([[1.0, 1.0], [1.0, -1.0]], "float32"), keys)
    values = np.random.default_rng(seed).choice(np.array([-1.0, 1.0], "float32"), (8, 4))
    return keys[:8] / 4.0, values


def symmetry() -> tuple[np.ndarray, np.ndarray]:
    """Returns all patterns of 6 bits `(64, 6)`, and 1 for the 8 that are their own mirror image."""
    x = patterns(6)
    return x, np.all(x == x[:, ::-1], axis=1).astype(int)


def spike_trains(seed: int = 0) -> np.ndarray:
    """Returns trains of 0 and 1 `(64, 32, 2)`, each fibre active in about a third of the moments."""
    return (np.random.default_rng(seed).random((64, 32, 2)) < 1 / 3).astype("float32")


SHAPES = {"two_moons": two_moons, "circles": circles, "spirals": spirals}
