"""Vectors of ranks: bent at the edges of bins, by hand."""

import keras
import numpy as np
import pytest

from zoo.layers.number_embeddings import RankEmbedding


def test_a_vector_is_a_line_in_the_rank_that_bends_at_the_edges_of_bins():
    layer = RankEmbedding(1, 2)
    layer.build((None, 1))
    layer.set_weights([np.array([[2.0]]), np.array([[5.0]]), np.array([[[10.0], [100.0]]])])
    found = keras.ops.convert_to_numpy(layer(np.array([[0.0], [0.25], [0.5], [1.0]], "float32")))
    line = 2.0 * 12**0.5 * np.array([-0.5, -0.25, 0.0, 0.5]) + 5.0
    bends = 10.0 * np.array([-0.5, 0.0, 0.5, 0.5]) + 100.0 * np.array([-0.5, -0.5, -0.5, 0.5])
    np.testing.assert_allclose(found[:, 0], line + bends, rtol=1e-6)


def test_vectors_begin_as_lines_and_no_column_sees_another():
    layer = RankEmbedding(3, 4)
    ranks = np.random.default_rng(0).random((5, 2)).astype("float32")
    found = keras.ops.convert_to_numpy(layer(ranks))
    assert found.shape == layer.compute_output_shape((5, 2)) == (5, 6)
    slopes, bias = (keras.ops.convert_to_numpy(w) for w in (layer.slopes, layer.bias))
    x = 12**0.5 * (ranks - 0.5)
    np.testing.assert_allclose(found, (x[:, :, None] * slopes + bias).reshape(5, 6), rtol=1e-5, atol=1e-6)
    assert np.abs(slopes).max() <= 3**-0.5 and len(np.unique(slopes)) == 6 and not np.any(slopes == bias)


@pytest.mark.parametrize("own", [False, True])
def test_each_member_has_the_vectors_of_a_layer_of_its_own(own):
    generator = np.random.default_rng(0)
    ranks = generator.random((2, 5, 3) if own else (5, 3)).astype("float32")
    layer, single = RankEmbedding(4, 6, members=2), RankEmbedding(4, 6)
    layer.build(ranks.shape)
    single.build((5, 3))
    layer.set_weights([generator.normal(size=weight.shape) for weight in layer.weights])
    found = keras.ops.convert_to_numpy(layer(ranks))
    assert found.shape == layer.compute_output_shape(ranks.shape) == (2, 5, 12)
    for m in range(2):
        single.set_weights([weight[m] for weight in layer.get_weights()])
        alone = keras.ops.convert_to_numpy(single(ranks[m] if own else ranks))
        np.testing.assert_allclose(found[m], alone, rtol=1e-5, atol=1e-5)


def test_a_layer_survives_its_config():
    layer = RankEmbedding(3, 4)
    assert RankEmbedding.from_config(layer.get_config()).get_config() == layer.get_config()


@pytest.mark.parametrize("sizes", [(0, 4), (3, 0)])
def test_no_width_and_no_bins_are_refused(sizes):
    with pytest.raises(ValueError, match="must be at least 1. Received: .*=0"):
        RankEmbedding(*sizes)
