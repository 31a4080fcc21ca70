"""Strings that hardly repeat (names, tickets, remarks): their frequent words, length and number of words.

A learned vector a level would only memorise them. Words are runs of letters or of digits, in lower case; those in at
least 1 % of the training rows (and 5) are kept, the 64 most frequent of them.
"""

from __future__ import annotations

import re
from collections import Counter

import numpy as np

MAX_WORDS = 64
MIN_ROWS = 5
MIN_SHARE = 0.01
_WORD = re.compile(r"[^\W\d_]+|\d+")


def fit(texts: np.ndarray) -> dict:
    """Returns the frequent words and the mean and deviation of the two lengths."""
    rows: Counter = Counter()
    for text in texts:
        rows.update(set(_WORD.findall(text.lower())))
    least = max(MIN_ROWS, MIN_SHARE * len(texts))
    frequent = [(word, count) for word, count in rows.items() if least <= count < len(texts)]
    words = sorted(word for word, _ in sorted(frequent, key=lambda item: (-item[1], item[0]))[:MAX_WORDS])
    lengths = np.log1p([[len(text) for text in texts], [len(_WORD.findall(text)) for text in texts]])
    # Of equal values numpy's deviation may be 1e-16 for rounding, by which another length would become enormous.
    deviation = np.where(np.ptp(lengths, axis=1) > 0, lengths.std(axis=1), 1.0)
    return {
        "words": words,
        "mean": lengths.mean(axis=1).tolist(),
        "deviation": deviation.tolist(),
    }


def names(fitted: dict) -> list[str]:
    """Returns what each feature of a text column is."""
    return ["length", "words", *(f"has {word!r}" for word in fitted["words"])]


def width(fitted: dict) -> int:
    """Returns how many numbers stand for a text in graphs without strings: characters, words, 1 for each word known."""
    return 2 + len(fitted.get("words", ()))


def features_of_numbers(numbers, fitted: dict):
    """Returns what `features` returns, from the numbers in each text `(batch, 2 + words)`."""
    import tensorflow as tf

    lengths, words = numbers[:, :2], numbers[:, 2:]
    scaled = (tf.math.log(1.0 + lengths) - fitted["mean"]) / fitted["deviation"]
    return tf.concat([scaled, words], axis=1) if fitted["words"] else scaled


def features(texts, fitted: dict, table):
    """Returns `(batch, 2 + words)`: the scaled lengths, and 1 for each frequent word in the text.

    Args:
        texts: Strings `(batch,)`.
        fitted: What `fit` returned.
        table: A lookup table, word -> its position from 1, 0 for others.
    """
    import tensorflow as tf

    apart = tf.strings.regex_replace(tf.strings.lower(texts, "utf-8"), r"(\p{Nd}+)", r" \1 ")
    tokens = tf.strings.split(tf.strings.regex_replace(apart, r"[^\p{L}\p{Nd}]+", " "))
    lengths = [tf.strings.length(texts, "UTF8_CHAR"), tf.cast(tokens.row_lengths(), tf.int32)]
    scaled = (tf.math.log1p(tf.cast(tf.stack(lengths, axis=1), tf.float32)) - fitted["mean"]) / fitted["deviation"]
    if not fitted["words"]:
        return scaled
    size = len(fitted["words"]) + 1
    found = table.lookup(tokens.flat_values)
    rows = tf.cast(tokens.value_rowids(), tf.int64)
    seen = tf.math.unsorted_segment_max(
        tf.ones_like(found, tf.float32), rows * size + found, tf.size(texts, tf.int64) * size
    )
    return tf.concat([scaled, tf.maximum(tf.reshape(seen, (-1, size)), 0.0)[:, 1:]], axis=1)
