"""Dot-matrix figures of one stroke's width, as Fukushima's simulations were shown: made, not stored; 255 on 0, uint8.

numerals      0 to 4 on 16 x 16 pixels, 20 times each in turn, at random places (1980)
numerals_12   0 to 4 on 12 x 12 pixels, 20 times each in turn, at one place (1975)
xytz          X, Y, T, Z on 16 x 16 pixels, 20 times each in turn, at random places: patterns that share strokes (1980)

The papers print their figures; these are drawn like them. `distorted` gives the numerals bent, resized, cut and with
noise.
"""

from __future__ import annotations

import numpy as np

TIMES = 20  # that each figure is shown
FIGURES = {
    "0": "..####..|.#....#.|#......#|#......#|#......#|#......#|#......#|#......#|#......#|.#....#.|..####..",
    "1": "...#...|..##...|.#.#...|...#...|...#...|...#...|...#...|...#...|...#...|...#...|#######",
    "2": "..####..|.#....#.|#......#|.......#|......#.|.....#..|....#...|...#....|..#.....|.#......|########",
    "3": "..####..|.#....#.|#......#|.......#|......#.|...###..|......#.|.......#|#......#|.#....#.|..####..",
    "4": ".....#..|....##..|...#.#..|..#..#..|.#...#..|#....#..|########|.....#..|.....#..|.....#..|.....#..",
    "X": "#.......#|.#.....#.|..#...#..|...#.#...|....#....|...#.#...|..#...#..|.#.....#.|#.......#",
    "Y": "#.......#|.#.....#.|..#...#..|...#.#...|....#....|....#....|....#....|....#....|....#....",
    "T": "#########|....#....|....#....|....#....|....#....|....#....|....#....|....#....|....#....",
    "Z": "#########|.......#.|......#..|.....#...|....#....|...#.....|..#......|.#.......|#########",
}


# 0 to 4 of the first experiment of 1975, each of its own size.
FIGURES_12 = (
    "..####..|.#....#.|#......#|#......#|#......#|#......#|.#....#.|..####..",
    "#|#|#|#|#|#|#|#|#|#|#|#",
    "..#######..|.#.......#.|#.........#|..........#|.........#.|.......##..|.....##....|...##......|.##........|#..........|"
    "###########",
    "..####..|.#....#.|......#.|......#.|..####..|......#.|.......#|.......#|#......#|.######.",
    ".......#....|......##....|.....#.#....|....#..#....|...#...#....|..#....#....|.#.....#....|############|.......#....|"
    ".......#....|.......#....|.......#....",
)


def _dots(rows: str) -> np.ndarray:
    return np.array([[255 * (dot == "#") for dot in row] for row in rows.split("|")], "uint8")


def figure(name: str) -> np.ndarray:
    """Returns a figure's own box of pixels, 255 on 0."""
    return _dots(FIGURES[name])


def placed(box: np.ndarray, top: int, left: int, size: int = 16) -> np.ndarray:
    """Returns an image `(size, size)` with a box of pixels at a place."""
    image = np.zeros((size, size), "uint8")
    image[top : top + box.shape[0], left : left + box.shape[1]] = box
    return image


def distorted(name: str) -> dict[str, np.ndarray]:
    """Returns a figure at the centre of 16 x 16 pixels, changed as those of the paper's figure 6 are."""
    box = figure(name)
    height, width = box.shape
    rows, columns = np.arange(height), np.arange(width)
    slanted = np.zeros((height, width + 1), "uint8")
    slanted[height // 2 :, :width] = box[height // 2 :]
    slanted[: height // 2, 1:] = box[: height // 2]
    cut = box.copy()
    cut[tuple(np.argwhere(box)[len(np.argwhere(box)) // 3])] = 0
    boxes = {
        "wider": box[:, np.sort([*columns, 2])],
        "taller": box[np.sort([*rows, 8])],
        "lower": np.delete(box, 8, axis=0),
        "slanted": slanted,
        "cut": cut,
    }
    images = {kind: placed(b, (16 - b.shape[0]) // 2, (16 - b.shape[1]) // 2) for kind, b in boxes.items()}
    images["noise"] = placed(box, (16 - height) // 2, (16 - width) // 2)
    images["noise"][[0, 15], [1, 14]] = 255
    return images


def _shown(names: str, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns figures in turn, `TIMES` each, at random places of 16 x 16 pixels, and their names."""
    generator = np.random.default_rng(seed)
    images, labels = [], []
    for _ in range(TIMES):
        for name in names:
            box = figure(name)
            top, left = (generator.integers(0, 17 - side) for side in box.shape)
            images.append(placed(box, top, left))
            labels.append(int(name) if name.isdigit() else name)
    return np.stack(images), np.array(labels)


def numerals(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Returns the presentations of the first experiment of 1980: images `(100, 16, 16)` and 0 to 4."""
    return _shown("01234", seed)


def xytz(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Returns the presentations of the second experiment of 1980: images `(80, 16, 16)` and X, Y, T, Z."""
    return _shown("XYTZ", seed)


def numerals_12() -> tuple[np.ndarray, np.ndarray]:
    """Returns the presentations of 1975: images `(100, 12, 12)`, each numeral at its one place, and 0 to 4."""
    images = []
    for rows in FIGURES_12:
        box = _dots(rows)
        images.append(placed(box, (12 - box.shape[0]) // 2, (12 - box.shape[1]) // 2, 12))
    return np.stack(images * TIMES), np.array(list(range(5)) * TIMES)
