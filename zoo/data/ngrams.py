"""Character n-grams of strings that hardly repeat, as a few numbers: latent semantic analysis of hashed n-grams.

    n-grams    3 and 4 characters in a row of a word with a blank on either side, in lower case
    bucket     b = hash(n-gram) mod 4096, by a polynomial in the code points
    weight     x_b = count_b idf_b,  idf_b = ln((1 + rows) / (1 + rows with b)) + 1
    features   z = V' x / |x|, V being the right singular vectors of the training rows' x / |x|; less their mean, in
               units of the largest deviation

G. Salton, C. Buckley, Term-weighting Approaches in Automatic Text Retrieval, Information Processing & Management 24(5),
1988. S. Deerwester et al., Indexing by Latent Semantic Analysis, Journal of the American Society for Information
Science 41(6), 1990. Words that are written alike, such as "Smith" and "Smyth", get similar features. What training has
not seen counts in |x| alone: a text of such n-grams has features near those of an empty text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from zoo.data.packing import packed, unpacked
from zoo.data.threads import one_thread

SIZES = (3, 4)  # characters of an n-gram
BUCKETS = 4096
MAX_COMPONENTS = 30
MOST_ROWS = 20_000  # of which singular vectors are taken
FEW = 200  # rows or n-grams of which all singular vectors are computed; of more, the largest alone
LEAST_VALUE = 1e-5  # of a singular value, in units of the largest: less is rounding
FACTOR, PRIME = 1_000_003, 2**31 - 1  # of the hash; products of a hash and the factor fit into int64
SAMPLED_WORDS = 16  # of which plausible texts are made
BLANK = ord(" ")
# What Python's `str.split` takes for blanks. RE2, which reads it in TensorFlow, has no escape \v.
BLANKS = r"[\t-\r\x1c-\x20\x{85}\pZ]+"


def fit(texts: np.ndarray) -> dict:
    """Returns the weights of the buckets, the matrix `(buckets, components)`, means, deviation, and plausible words."""
    import scipy.sparse

    texts = texts[:: -(-len(texts) // MOST_ROWS)]  # evenly taken
    rows, buckets = of_texts(texts)
    ones = np.ones(len(rows))
    counts = scipy.sparse.csr_matrix((ones, (rows, buckets)), (len(texts), BUCKETS))
    seen = np.bincount(counts.indices, minlength=BUCKETS)  # csr_matrix adds up what stands twice
    idf = np.log((1 + len(texts)) / (1 + seen)) + 1
    weighted = counts @ scipy.sparse.diags(idf)
    norms = np.sqrt(weighted.power(2).sum(axis=1)).A1
    weighted = scipy.sparse.diags(1 / np.where(norms > 0, norms, 1.0)) @ weighted
    matrix = _singular_vectors(weighted.tocsr())
    features = weighted @ matrix
    deviation = features.std(axis=0).max(initial=0.0)
    return {
        "idf": packed(idf),
        "matrix": packed(matrix),
        "mean": features.mean(axis=0).tolist(),
        "deviation": float(deviation) if deviation > LEAST_VALUE else 1.0,
        "words": sorted(word for word, _ in Counter(" ".join(texts).split()).most_common(SAMPLED_WORDS)),
    }


def of_texts(texts: Sequence[str] | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns the row and the bucket of each n-gram of texts."""
    padded = [f" {' '.join(text.lower().split())} " for text in texts]
    codes = np.frombuffer("".join(padded).encode("utf-32-le", "surrogatepass"), "<u4").astype("int64")
    row = np.repeat(np.arange(len(padded)), [len(text) for text in padded])
    inner = codes != BLANK
    rows, buckets = [], []
    for size in SIZES:
        last = max(len(codes) - size + 1, 0)
        inside, hashed = np.ones(last, bool), np.full(last, size, "int64")
        for i in range(size):
            part = slice(i, i + last)
            inside &= inner[part] if 0 < i < size - 1 else True  # blanks stand at the ends alone
            hashed = (hashed * FACTOR + codes[part]) % PRIME
        rows.append(row[:last][inside])
        buckets.append(hashed[inside] % BUCKETS)
    return np.concatenate(rows), np.concatenate(buckets)


def _singular_vectors(rows) -> np.ndarray:
    """Returns the right singular vectors of a sparse matrix `(rows, buckets)`, the largest first, in its columns."""
    from scipy.sparse.linalg import svds

    used = np.unique(rows.indices)
    if not len(used):
        return np.zeros((rows.shape[1], 0))
    seen = rows[:, used]
    # Threads would wait for each other longer than they compute, and change the last digits with their number.
    with one_thread():
        if min(seen.shape) <= FEW:
            _, values, vectors = np.linalg.svd(seen.toarray(), full_matrices=False)
        else:
            _, values, vectors = svds(seen, MAX_COMPONENTS, v0=np.ones(min(seen.shape)))
            values, vectors = values[::-1], vectors[::-1]
    kept = (values > LEAST_VALUE * values[0])[:MAX_COMPONENTS]
    vectors = vectors[:MAX_COMPONENTS][kept]
    largest = vectors[np.arange(len(vectors)), np.abs(vectors).argmax(axis=1)]
    found = np.zeros((rows.shape[1], len(vectors)))
    found[used] = (vectors * np.sign(largest)[:, None]).T
    return found


def width(fitted: dict) -> int:
    """Returns how many features a text has."""
    return len(fitted["mean"])


def names(fitted: dict) -> list[str]:
    """Returns what each feature is."""
    return [f"n-grams {i + 1}" for i in range(width(fitted))]


def features(texts, fitted: dict):
    """Returns `(batch, components)` of a tensor of strings `(batch,)`."""
    import tensorflow as tf

    spaced = tf.strings.regex_replace(tf.strings.lower(texts, "utf-8"), BLANKS, " ")
    padded = tf.strings.join([" ", tf.strings.strip(spaced), " "])
    characters = tf.strings.unicode_decode(padded, "UTF-8")
    codes, row = tf.cast(characters.flat_values, tf.int64), tf.cast(characters.value_rowids(), tf.int64)
    inner = codes != BLANK
    keys = []
    for size in SIZES:
        last = tf.maximum(tf.size(codes) - size + 1, 0)
        inside, hashed = tf.ones((last,), tf.bool), tf.fill((last,), tf.constant(size, tf.int64))
        for i in range(size):
            hashed = (hashed * FACTOR + codes[i : i + last]) % PRIME
            if 0 < i < size - 1:  # blanks stand at the ends alone, so that no n-gram reaches into another row
                inside &= inner[i : i + last]
        keys.append(tf.boolean_mask(row[:last] * BUCKETS + hashed % BUCKETS, inside))
    found, _, counts = tf.unique_with_counts(tf.concat(keys, axis=0))
    row, bucket = found // BUCKETS, found % BUCKETS
    batch = tf.size(texts, tf.int64)
    weight = tf.cast(counts, tf.float32) * tf.gather(unpacked(fitted["idf"]), bucket)
    norm = tf.sqrt(tf.math.unsorted_segment_sum(tf.square(weight), row, batch))
    shares = tf.math.divide_no_nan(weight, tf.gather(norm, row))
    rows = tf.SparseTensor(tf.stack([row, bucket], axis=1), shares, tf.stack([batch, BUCKETS]))
    matrix = unpacked(fitted["matrix"], width(fitted)) if width(fitted) else np.zeros((BUCKETS, 0), "float32")
    of_rows = tf.sparse.sparse_dense_matmul(rows, matrix)
    return (of_rows - np.float32(fitted["mean"])) * np.float32(1 / fitted["deviation"])
