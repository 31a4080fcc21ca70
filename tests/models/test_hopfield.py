"""Facts of Hopfield (1982)."""

import numpy as np

import zoo


def test_fit_stores_the_outer_products_of_the_patterns():
    patterns = np.random.default_rng(0).choice([-1.0, 1.0], (10, 100))
    model = zoo.build("hopfield", patterns)
    model.fit(patterns, verbose=0)
    expected = patterns.T @ patterns / 100 * (1 - np.eye(100))
    np.testing.assert_allclose(model.get_weights()[0], expected, atol=1e-6)
