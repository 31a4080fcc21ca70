"""Arrays of numbers as text in a model's file: float32 in base64, a third as long as digits."""

from __future__ import annotations

import base64

import numpy as np


def packed(values: np.ndarray) -> str:
    """Returns numbers as text."""
    return base64.b64encode(np.ascontiguousarray(values, "<f4").tobytes()).decode("ascii")


def unpacked(text: str, width: int | None = None) -> np.ndarray:
    """Returns the numbers of a text, `(numbers,)`, or `(rows, width)`."""
    numbers = np.frombuffer(base64.b64decode(text), "<f4")
    return numbers if width is None else numbers.reshape(-1, width)


SOURCE = '''
def unpacked(text, width):
    """Returns the numbers of a text, float32 (rows, width)."""
    return np.frombuffer(base64.b64decode(text), "<f4").reshape(-1, width)
'''
