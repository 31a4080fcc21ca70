"""kernels/random.js against the generator's definition, written in numpy's unsigned integers."""

import math

import numpy as np
import pytest
from scipy import stats

from tests.playground.node import run

pytestmark = pytest.mark.node
MASK = 0xFFFFFFFF


def splitmix(seed, words):
    """Yields words of splitmix32: MurmurHash3's finalizer of a Weyl sequence."""
    for i in range(1, words + 1):
        word = (seed + i * 0x9E3779B9) & MASK
        word = (word ^ word >> 16) * 0x85EBCA6B & MASK
        word = (word ^ word >> 13) * 0xC2B2AE35 & MASK
        yield word ^ word >> 16


def xoshiro(seed, count):
    """Returns words of xoshiro128** 1.1, as its authors' C program computes them."""
    with np.errstate(over="ignore"):
        s = np.array(list(splitmix(seed, 4)), "uint32")
        words = []
        for _ in range(count):
            five = s[1] * np.uint32(5)
            words.append((five << np.uint32(7) | five >> np.uint32(25)) * np.uint32(9))
            shifted = s[1] << np.uint32(9)
            s[2] ^= s[0]
            s[3] ^= s[1]
            s[1] ^= s[2]
            s[0] ^= s[3]
            s[2] ^= shifted
            s[3] = s[3] << np.uint32(11) | s[3] >> np.uint32(21)
    return np.array(words)


def drawn(seed, count, method):
    body = (
        f"const g = playground.kernels.random.generator({seed}); return Array.from({{length: {count}}}, () => {method})"
    )
    return np.array(run(body))


@pytest.mark.parametrize("seed", [0, 1, 2**31, 2**32 - 1])
def test_uniform_numbers_are_the_words_of_the_generator(seed):
    np.testing.assert_array_equal(drawn(seed, 200, "g.uniform()"), xoshiro(seed, 200) / 2**32)


def test_normal_numbers_are_those_of_box_and_muller():
    u, v = (xoshiro(7, 200) / 2**32).reshape(100, 2).T
    radius, angle = np.sqrt(-2 * np.log1p(-u)), 2 * math.pi * v
    expected = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1).ravel()
    np.testing.assert_allclose(drawn(7, 200, "g.normal()"), expected, rtol=1e-12, atol=1e-12)


def test_integers_are_floors_and_a_shuffle_is_of_fisher_and_yates():
    words = xoshiro(3, 20) / 2**32
    assert drawn(3, 20, "g.integer(6)").tolist() == [math.floor(6 * word) for word in words]
    order = list(range(8))
    for i, word in zip(range(7, 0, -1), words):
        j = math.floor(word * (i + 1))
        order[i], order[j] = order[j], order[i]
    assert run("return playground.kernels.random.generator(3).shuffle([0, 1, 2, 3, 4, 5, 6, 7])") == order


def test_numbers_of_many_seeds_are_as_uniform_and_as_normal_as_numpy_s():
    body = "return Array.from({length: 4000}, (_, i) => playground.kernels.random.generator(i)[given]())"
    assert stats.kstest(run(body, given="uniform"), "uniform").pvalue > 0.01
    assert stats.kstest(run(body, given="normal"), "norm").pvalue > 0.01
    assert stats.kstest(drawn(0, 20_000, "g.normal()"), "norm").pvalue > 0.01


def test_what_json_cannot_write_comes_back_and_an_error_says_what_node_says():
    assert run("return [-Infinity, new Float32Array([0.5])]") == [-math.inf, [0.5]]
    assert math.isnan(run("return NaN"))
    with pytest.raises(RuntimeError, match="no such kernel"):
        run("throw new Error('no such kernel')")
