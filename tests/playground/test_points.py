"""zoo.playground.points: the page's data sets in Python, point for point."""

import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler

from tests.playground.node import call
from zoo.playground.points import KINDS, featured, points, split


@pytest.mark.node
@pytest.mark.parametrize("kind", KINDS)
def test_points_are_those_of_the_page(kind):
    table, found = points(kind, 50, 0.3, 7), call("data", "generate", kind, 50, 0.3, 7)
    np.testing.assert_allclose(table[["x", "y"]], np.reshape(found["points"], (50, 2)), rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(table["label"].astype("float64"), found["targets"], rtol=1e-12, atol=1e-14)


@pytest.mark.node
@pytest.mark.parametrize(("count", "share"), [(50, 0.3), (5, 0.5), (2, 0.0)])
def test_a_split_is_that_of_the_page(count, share):
    train, test = split(points("moons", count, 0.1, 1), share, 3)
    found = call("data", "split", count, share, 3)
    assert list(train.index) == found["train"] and list(test.index) == found["test"]


def test_noise_has_the_deviation_that_was_asked_for():
    table = points("gaussians", 20_000, 0.5, 1)
    of_class = table[table["label"] == "1"][["x", "y"]]
    np.testing.assert_allclose(of_class.mean(), 1, atol=0.03)
    np.testing.assert_allclose(of_class.std(), 0.5, atol=0.02)


def test_features_are_of_coordinates_standardised_by_the_training():
    train, test = split(points("moons", 60, 0.1, 1), 0.3, 1)
    names = ["x", "xy", "sin y"]
    features = featured(train, test, names)[1]
    u, v = StandardScaler().fit(train[["x", "y"]]).transform(test[["x", "y"]]).T
    np.testing.assert_allclose(features[names], np.stack([u, u * v, np.sin(np.pi * v)], axis=1), atol=1e-12)
    assert list(features["label"]) == list(test["label"])


def test_unknown_data_are_named():
    with pytest.raises(ValueError, match="Unknown data 'moon'. Did you mean 'moons'"):
        points("moon", 10, 0.1, 1)
