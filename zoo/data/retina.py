"""What a retina of 20 x 20 photocells is shown: letters and shapes, drawn here, always the same by seed.

retina_letters   A C E H L O T X, a class a response unit of the Mark I: 40 of each to learn from, 20 to test with
retina_shapes    squares, circles and triangles: 100 of each to learn from, 50 to test with

Images are uint8 `(20, 20, 1)`: 160 to 255 in the light, 0 to 95 in the dark, and a share of the cells the other way.
Positions and sizes are drawn at random, so that an image of a class has few cells in common with another.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

SIZE = 20  # cells a side: the Mark I had 400
LETTERS = tuple("ACEHLOTX")
SHAPES = ("square", "circle", "triangle")
NOISE = 0.01  # share of the cells that see the other way

# Strokes through the points of a grid, a b c / d e f / g h i / j k l / m n o, from the upper left corner.
STROKES = {
    "A": "mdbfo gi", "B": "mabfhg hlnm", "C": "cbdjno", "D": "mabflnm", "E": "camo gi", "F": "cam gi",
    "G": "cbdjnoih", "H": "am co gi", "I": "ac bn mo", "J": "clnj", "K": "am cgo", "L": "amo", "M": "mahco",
    "N": "maoc", "O": "bdjnlfb", "P": "mabfhg", "Q": "bdjnlfb ko", "R": "mabfhg ho", "S": "cbdhlnm", "T": "ac bn",
    "U": "ajnlc", "V": "anc", "W": "amhoc", "X": "ao cm", "Y": "ahc hn", "Z": "acmo",
}  # fmt: skip

_ROWS, _COLUMNS = np.mgrid[:SIZE, :SIZE]


def letter(name: str, *, row: float = 9.5, column: float = 9.5, height: float = 14.0, width: float = 2.0) -> np.ndarray:
    """Returns where a letter lights the retina `(20, 20)`, booleans.

    Args:
        name: One of `STROKES`.
        row: Its centre, counted from the upper edge in cells.
        column: Its centre, counted from the left.
        height: In cells; it is 3/4 as wide.
        width: Of its strokes, in cells.

    Raises:
        ValueError: if there is no such letter.
    """
    if name not in STROKES:
        raise ValueError(f"The retina's letters are {''.join(STROKES)}. Received: {name!r}. Take one of them.")
    lit = np.zeros((SIZE, SIZE), bool)
    for stroke in STROKES[name].split():
        places = np.array([divmod(ord(point) - ord("a"), 3) for point in stroke], "float64")  # in steps of the grid
        points = np.array([row, column]) + (places - [2.0, 1.0]) * np.array([height / 4, 0.75 * height / 2])
        for begin, end in zip(points[:-1], points[1:]):
            lit |= _distance(begin, end) <= width / 2
    return lit


def _distance(begin, end) -> np.ndarray:
    """Returns how far each cell's centre is from a line between two points."""
    step, offset = end - begin, np.stack([_ROWS, _COLUMNS], axis=-1) - begin
    share = np.clip(offset @ step / (step @ step), 0.0, 1.0)
    return np.linalg.norm(offset - share[..., None] * step, axis=-1)


def shape(name: str, *, row: float = 9.5, column: float = 9.5, radius: float = 5.0) -> np.ndarray:
    """Returns where a filled shape lights the retina `(20, 20)`, booleans.

    Args:
        name: One of `SHAPES`.
        row: Its centre, counted from the upper edge in cells.
        column: Its centre, counted from the left.
        radius: Half of its height, in cells.

    Raises:
        ValueError: if there is no such shape.
    """
    if name not in SHAPES:
        raise ValueError(f"The retina's shapes are {', '.join(SHAPES)}. Received: {name!r}. Take one of them.")
    down, right = _ROWS - row, _COLUMNS - column
    if name == "circle":
        return down**2 + right**2 <= radius**2
    if name == "square":
        return np.maximum(abs(down), abs(right)) <= radius
    return (abs(down) <= radius) & (abs(right) <= (down + radius) / 2)


def seen(lit: np.ndarray, generator: np.random.Generator, noise: float = NOISE) -> np.ndarray:
    """Returns the image uint8 `(20, 20, 1)` of what is lit, a share of the cells seeing the other way."""
    lit = lit ^ (generator.random(lit.shape) < noise)
    image = np.where(lit, generator.integers(160, 256, lit.shape), generator.integers(0, 96, lit.shape))
    return image[..., None].astype("uint8")


def letters(names: Sequence[str] = LETTERS, *, train: int = 40, test: int = 20, seed: int = 0, noise: float = NOISE):
    """Returns images and names of letters, at most two cells from the middle, and the rows of each split."""

    def draw(name, generator):
        row, column = 9.5 + generator.uniform(-2.0, 2.0, 2)
        return letter(name, row=row, column=column, height=generator.uniform(11.0, 14.0))

    return _drawn(draw, names, train, test, seed, noise)


def shapes(names: Sequence[str] = SHAPES, *, train: int = 100, test: int = 50, seed: int = 0, noise: float = NOISE):
    """Returns images and names of shapes, anywhere on the retina, and the rows of each split."""

    def draw(name, generator):
        radius = generator.uniform(4.0, 6.5)
        row, column = generator.uniform(radius, SIZE - 1 - radius, 2)
        return shape(name, row=row, column=column, radius=radius)

    return _drawn(draw, names, train, test, seed, noise)


def _drawn(draw, names, train, test, seed, noise):
    generator = np.random.default_rng(seed)
    y = np.tile(np.array(names, dtype=object), train + test)  # one of each in turn
    x = np.stack([seen(draw(name, generator), generator, noise) for name in y])
    rows = np.arange(len(y))
    return x, y, {"train": rows[: train * len(names)], "test": rows[train * len(names) :]}
