"""The page's data sets in Python: the same points for the same seed, to train one of the zoo's networks on.

    moons      t in [0, pi):  class 0 at (cos t, sin t),  class 1 at (1 - cos t, 1/2 - sin t)
    circles    an angle in [0, 2 pi) on the radius 1 (class 0) or 1/2 (class 1)
    spirals    t in [0, 1):  the angle 3 pi t + pi class on the radius t
    gaussians  normal around (-1, -1) and (1, 1), with the noise as the standard deviation
    xor        uniform in [-1, 1]^2; class 1 where exactly one coordinate is positive
    plane      uniform in [-1, 1]^2; the number (x + y) / 2

Noise is normal: it is added to both coordinates, or to the number of `plane`. Random numbers are those of xoshiro128**
1.1, as in page/kernels/random.js: D. Blackman, S. Vigna, Scrambled Linear Pseudorandom Number Generators, ACM Trans.
Math. Softw. 47(4), 2021.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pandas as pd

from zoo.registry import suggest

KINDS = ("moons", "circles", "spirals", "gaussians", "xor", "plane")
FEATURES = {
    "x": lambda u, v: u,
    "y": lambda u, v: v,
    "x^2": lambda u, v: u * u,
    "y^2": lambda u, v: v * v,
    "xy": lambda u, v: u * v,
    "sin x": lambda u, v: np.sin(np.pi * u),
    "sin y": lambda u, v: np.sin(np.pi * v),
}
_MASK = 0xFFFFFFFF


def points(kind: str, count: int, noise: float, seed: int) -> pd.DataFrame:
    """Returns the columns `x`, `y` and `label` of a data set of the page.

    Args:
        kind: One of `KINDS`.
        count: How many points.
        noise: The standard deviation of the noise.
        seed: The page's seed.

    Raises:
        ValueError: if there is no such data set.
    """
    if kind not in KINDS:
        raise ValueError(f"Unknown data {kind!r}.{suggest(kind, KINDS)} The page has: {', '.join(KINDS)}.")
    uniform = _uniform(seed)
    normal = _normal(uniform)
    rows = []
    for i in range(count):
        x, y = _place(kind, i % 2, uniform)
        if kind == "plane":
            label = (x + y) / 2 + noise * next(normal)
        else:
            label = str(int((x > 0) != (y > 0)) if kind == "xor" else i % 2)
            x, y = x + noise * next(normal), y + noise * next(normal)
        rows.append((x, y, label))
    return pd.DataFrame(rows, columns=["x", "y", "label"])


def split(table: pd.DataFrame, share: float, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Returns the rows of training and of the test as the page holds them out: a share of the rows, at least one.

    Args:
        table: Rows of at least two points.
        share: The test's share of the rows.
        seed: The page's seed.
    """
    uniform, order = _uniform(seed), list(range(len(table)))
    for i in range(len(order) - 1, 0, -1):
        j = math.floor(next(uniform) * (i + 1))
        order[i], order[j] = order[j], order[i]
    test = min(len(order) - 1, max(1, math.floor(len(order) * share + 0.5)))
    return table.iloc[order[test:]], table.iloc[order[:test]]


def featured(train: pd.DataFrame, test: pd.DataFrame, names) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Returns both tables with features of the coordinates, which the training's rows standardise, instead of x and y.

    Args:
        train: The rows of training, with the columns `x`, `y` and `label`.
        test: The rows of the test.
        names: Which of `FEATURES`.
    """
    means, deviations = train[["x", "y"]].mean(), train[["x", "y"]].std(ddof=0).replace(0.0, 1.0)

    def of(table):
        u, v = ((table[["x", "y"]] - means) / deviations).to_numpy().T
        return pd.DataFrame({name: FEATURES[name](u, v) for name in names} | {"label": table["label"].to_numpy()})

    return of(train), of(test)


def _place(kind: str, label: int, uniform: Iterator[float]) -> tuple[float, float]:
    if kind == "moons":
        t = math.pi * next(uniform)
        return (1 - math.cos(t), 0.5 - math.sin(t)) if label else (math.cos(t), math.sin(t))
    if kind == "circles":
        t, radius = 2 * math.pi * next(uniform), 0.5 if label else 1.0
        return radius * math.cos(t), radius * math.sin(t)
    if kind == "spirals":
        t = next(uniform)
        angle = 3 * math.pi * t + math.pi * label
        return t * math.cos(angle), t * math.sin(angle)
    if kind == "gaussians":
        return (1.0, 1.0) if label else (-1.0, -1.0)
    return 2 * next(uniform) - 1, 2 * next(uniform) - 1


def _uniform(seed: int) -> Iterator[float]:
    """Yields numbers in [0, 1): xoshiro128** 1.1, its state filled by splitmix32."""
    s = []
    for i in range(1, 5):
        word = (seed + i * 0x9E3779B9) & _MASK
        word = (word ^ word >> 16) * 0x85EBCA6B & _MASK
        word = (word ^ word >> 13) * 0xC2B2AE35 & _MASK
        s.append(word ^ word >> 16)
    while True:
        yield _rotated(s[1] * 5 & _MASK, 7) * 9 % 2**32 / 2**32
        shifted = s[1] << 9 & _MASK
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= shifted
        s[3] = _rotated(s[3], 11)


def _rotated(word: int, bits: int) -> int:
    return (word << bits | word >> 32 - bits) & _MASK


def _normal(uniform: Iterator[float]) -> Iterator[float]:
    """Yields normal numbers of mean 0 and variance 1, by Box and Muller."""
    while True:
        radius = math.sqrt(-2 * math.log(1 - next(uniform)))
        angle = 2 * math.pi * next(uniform)
        yield radius * math.cos(angle)
        yield radius * math.sin(angle)
