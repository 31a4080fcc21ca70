"""Patterns drawn by hand: letters and digits in dots, and bars and stripes.

drawn_letters      A to Z    26 patterns of 7 x 5 dots, +1 where there is ink and -1 elsewhere
drawn_digits       0 to 9    10 of the same
bars_and_stripes   the 30 pictures of 4 x 4 pixels, 0 and 1, whose rows are all alike or whose columns are: the set on
                   which the likelihood of a small model can be counted out. D. J. C. MacKay, Information Theory,
                   Inference, and Learning Algorithms, 2003, chapter 43
"""

from __future__ import annotations

import numpy as np

HEIGHT, WIDTH = 7, 5

# Seven rows of each sign; # is ink.
SIGNS = {
    "A": ".###. #...# #...# ##### #...# #...# #...#",
    "B": "####. #...# #...# ####. #...# #...# ####.",
    "C": ".###. #...# #.... #.... #.... #...# .###.",
    "D": "####. #...# #...# #...# #...# #...# ####.",
    "E": "##### #.... #.... ####. #.... #.... #####",
    "F": "##### #.... #.... ####. #.... #.... #....",
    "G": ".###. #...# #.... #.### #...# #...# .###.",
    "H": "#...# #...# #...# ##### #...# #...# #...#",
    "I": ".###. ..#.. ..#.. ..#.. ..#.. ..#.. .###.",
    "J": "..### ...#. ...#. ...#. ...#. #..#. .##..",
    "K": "#...# #..#. #.#.. ##... #.#.. #..#. #...#",
    "L": "#.... #.... #.... #.... #.... #.... #####",
    "M": "#...# ##.## #.#.# #.#.# #...# #...# #...#",
    "N": "#...# ##..# #.#.# #..## #...# #...# #...#",
    "O": ".###. #...# #...# #...# #...# #...# .###.",
    "P": "####. #...# #...# ####. #.... #.... #....",
    "Q": ".###. #...# #...# #...# #.#.# #..#. .##.#",
    "R": "####. #...# #...# ####. #.#.. #..#. #...#",
    "S": ".#### #.... #.... .###. ....# ....# ####.",
    "T": "##### ..#.. ..#.. ..#.. ..#.. ..#.. ..#..",
    "U": "#...# #...# #...# #...# #...# #...# .###.",
    "V": "#...# #...# #...# #...# #...# .#.#. ..#..",
    "W": "#...# #...# #...# #.#.# #.#.# ##.## #...#",
    "X": "#...# #...# .#.#. ..#.. .#.#. #...# #...#",
    "Y": "#...# #...# .#.#. ..#.. ..#.. ..#.. ..#..",
    "Z": "##### ....# ...#. ..#.. .#... #.... #####",
    "0": ".###. #..## #.#.# #.#.# #.#.# ##..# .###.",
    "1": "..#.. .##.. ..#.. ..#.. ..#.. ..#.. .###.",
    "2": ".###. #...# ....# ...#. ..#.. .#... #####",
    "3": "##### ...#. ..#.. ...#. ....# #...# .###.",
    "4": "...#. ..##. .#.#. #..#. ##### ...#. ...#.",
    "5": "##### #.... ####. ....# ....# #...# .###.",
    "6": "..##. .#... #.... ####. #...# #...# .###.",
    "7": "##### ....# ...#. ..#.. .#... .#... .#...",
    "8": ".###. #...# #...# .###. #...# #...# .###.",
    "9": ".###. #...# #...# .#### ....# ...#. .##..",
}
LETTERS, DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789"


def signs(text: str, scale: int = 1) -> np.ndarray:
    """Returns the signs of a text as patterns of -1 and +1 `(len(text), 35 scale^2)`, row of dots by row.

    Args:
        text: Capital letters and digits.
        scale: How many units high and wide a dot is.

    Raises:
        ValueError: if a sign has not been drawn, or the scale is below 1.
    """
    if missing := sorted(set(text) - set(SIGNS)):
        raise ValueError(f"`text` must be of capital letters and digits. Received: {''.join(missing)!r} among them.")
    if scale < 1:
        raise ValueError(f"`scale` must be 1 or more. Received: scale={scale}")
    dots = np.array([[dot == "#" for dot in SIGNS[sign].replace(" ", "")] for sign in text])
    dots = dots.reshape(len(text), HEIGHT, WIDTH).repeat(scale, axis=1).repeat(scale, axis=2)
    return np.where(dots, 1.0, -1.0).reshape(len(text), HEIGHT * WIDTH * scale**2).astype("float32")


def drawn_letters() -> np.ndarray:
    """Returns A to Z `(26, 35)`."""
    return signs(LETTERS)


def drawn_digits() -> np.ndarray:
    """Returns 0 to 9 `(10, 35)`."""
    return signs(DIGITS)


def bars_and_stripes(side: int = 4) -> np.ndarray:
    """Returns the 2^(side + 1) - 2 different pictures `(30, 16)` of 0 and 1, stripes first."""
    lines = (np.arange(2**side)[:, None] >> np.arange(side - 1, -1, -1) & 1).astype("float32")
    stripes = lines.repeat(side, axis=1)  # each row of a picture is alike
    bars = np.tile(lines, side)[1:-1]  # the empty and the full picture are stripes too
    return np.concatenate([stripes, bars])
