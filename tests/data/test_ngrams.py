"""Character n-grams of texts: scikit-learn's n-grams, weights and singular vectors, and the same in TensorFlow."""

import numpy as np
import pytest
import tensorflow as tf
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer

from zoo.data import ngrams
from zoo.data.packing import unpacked

TEXTS = [
    "Smith, Mr. John",
    "Ärger  x\tÜber",
    "",
    "a",
    "ab\n",
    "日本 語テキスト",
    "Smyth's İstanbul ΣΑΣ",
    " x y\u2003z\x85q\x1fa ",
]
GRAMS = CountVectorizer(analyzer="char_wb", ngram_range=(3, 4)).build_analyzer()


def bucket(gram):
    """Returns the bucket of an n-gram, by Python's own integers."""
    found = len(gram)
    for character in gram:
        found = (found * 1_000_003 + ord(character)) % (2**31 - 1)
    return found % 4096


def counted(texts):
    """Returns how often each bucket is met in each text, `(rows, 4096)`."""
    counts = np.zeros((len(texts), 4096))
    for row, text in zip(counts, texts):
        np.add.at(row, [bucket(gram) for gram in GRAMS(text)], 1)
    return counts


@pytest.fixture(scope="module")
def streets():
    draw = np.random.default_rng(0)
    return np.array([" ".join(draw.choice(["Lake", "Lane", "Road", "Sea", "Hill"], 3)) + f" {i}" for i in range(300)])


def test_the_n_grams_are_those_of_scikit_learn_inside_word_boundaries():
    rows, buckets = ngrams.of_texts(TEXTS)
    for i, text in enumerate(TEXTS):
        assert sorted(buckets[rows == i]) == sorted(map(bucket, GRAMS(text)))


def test_features_are_the_truncated_singular_vectors_of_weighted_n_grams(streets):
    fitted = ngrams.fit(streets)
    counts = counted(streets)
    used = counts.any(axis=0)
    weighted = TfidfTransformer().fit_transform(counts[:, used])  # smooth, rows of length 1
    theirs = TruncatedSVD(30, algorithm="arpack", random_state=0).fit_transform(weighted)
    theirs = (theirs - theirs.mean(axis=0)) / theirs.std(axis=0).max()
    ours = ngrams.features(tf.constant(streets), fitted).numpy()
    assert ours.shape == (300, 30) and ngrams.names(fitted)[-1] == "n-grams 30"
    for mine, other in zip(ours.T, theirs.T):  # a singular vector has no sign of its own
        np.testing.assert_allclose(mine * np.sign(mine @ other), other, atol=2e-4)


def test_the_graph_weighs_texts_of_any_length_and_alphabet_as_numpy_does(streets):
    fitted = ngrams.fit(np.array([*TEXTS, *streets]))
    idf, matrix = unpacked(fitted["idf"]), unpacked(fitted["matrix"], ngrams.width(fitted))
    weighted = counted(TEXTS) * idf
    norms = np.linalg.norm(weighted, axis=1, keepdims=True)
    wanted = (weighted / np.where(norms > 0, norms, 1) @ matrix - fitted["mean"]) / fitted["deviation"]
    graph = tf.function(lambda texts: ngrams.features(texts, fitted), [tf.TensorSpec((None,), tf.string)])
    np.testing.assert_allclose(graph(tf.constant(TEXTS)), wanted, atol=5e-6)
    for text, row in zip(TEXTS, wanted):  # a row does not depend on those beside it
        np.testing.assert_allclose(graph(tf.constant([text]))[0], row, atol=5e-6)
    assert graph(tf.zeros((0,), tf.string)).shape == (0, ngrams.width(fitted))


def test_n_grams_that_training_has_not_seen_say_nothing(streets):
    fitted, seen = ngrams.fit(streets), counted(streets).any(axis=0)
    strange = next(word for word in ("ЖЖЖЖ", "ЩЩЩЩ", "ЯЯЯЯ", "ЮЮЮЮ") if not counted([word])[0][seen].any())
    texts = tf.constant(["", strange, "Lake", f"Lake {strange}"])
    nothing, unseen, known, both = ngrams.features(texts, fitted).numpy()
    np.testing.assert_array_equal(unseen, nothing)
    weights = counted(["Lake", f"Lake {strange}"]) * unpacked(fitted["idf"])
    share = np.divide(*np.linalg.norm(weights, axis=1))  # less than 1: what is strange lengthens the text
    np.testing.assert_allclose(both - nothing, share * (known - nothing), atol=1e-6)


@pytest.mark.parametrize("texts", [["", ""], ["same", "same"], ["x"]])
def test_texts_that_do_not_differ_have_finite_features(texts):
    fitted = ngrams.fit(np.array(texts))
    found = ngrams.features(tf.constant(texts), fitted).numpy()
    assert found.shape == (len(texts), ngrams.width(fitted)) and not found.any()
