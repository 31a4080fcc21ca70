"""Weights as images: each unit's weights stand at their pixels, on one symmetric scale."""

import keras
import numpy as np
import pytest

import zoo


def test_units_stand_row_by_row_with_gaps_on_a_scale_that_is_white_at_0():
    weights = np.arange(-18.0, 18.0).reshape(4, 9)
    ax = zoo.plots.weights_as_images(weights).axes[0]
    drawn = np.ma.filled(ax.images[0].get_array(), np.nan)
    assert drawn.shape == (7, 7)  # 2 x 2 pictures of 3 x 3 with a gap of one
    for i, (top, left) in enumerate([(0, 0), (0, 4), (4, 0), (4, 4)]):
        assert np.array_equal(drawn[top : top + 3, left : left + 3].ravel(), weights[i])
    assert np.isnan(drawn[3]).all() and np.isnan(drawn[:, 3]).all()
    assert ax.images[0].get_clim() == (-18.0, 18.0)


def test_the_first_layer_of_an_image_model_has_the_shape_of_its_images():
    model = zoo.load("image_mlp.mnist_10k")
    figure = zoo.plots.weights_as_images(model, most=4)
    kernel = model.network.get_layer("hidden_0").get_weights()[0]
    drawn = figure.axes[0].images[0].get_array()
    np.testing.assert_allclose(drawn[:28, :28], kernel[:, 0].reshape(28, 28), rtol=1e-6)
    assert figure.axes[0].get_title() == f"hidden_0: 4 of {kernel.shape[1]} units"
    assert figure.axes[1].get_ylabel() == "weight"


def test_a_layer_is_chosen_by_name_or_number_and_members_by_theirs():
    x, y = np.zeros((4, 4, 4, 1), "uint8"), np.array([0, 1, 0, 1])
    model = zoo.build("image_mlp", (x, y), hidden_units=(9, 4), ensemble=3)
    for layer in ("hidden_1", 1):
        drawn = zoo.plots.weights_as_images(model, layer, member=2).axes[0].images[0].get_array()
        kernel = keras.ops.convert_to_numpy(model.network.get_layer("hidden_1").kernel)
        np.testing.assert_allclose(drawn[:3, :3], kernel[2, :, 0].reshape(3, 3), rtol=1e-6)
    with pytest.raises(ValueError, match=r"`member` must be in 0 to 2. Received: member=3"):
        zoo.plots.weights_as_images(model, member=3)
    with pytest.raises(ValueError, match="hidden_0, hidden_1, outputs, or its number. Received: layer='hiden_0'"):
        zoo.plots.weights_as_images(model, "hiden_0")


def test_colours_are_grey_at_weight_0():
    weights = np.zeros((1, 12))
    weights[0, 0], weights[0, 11] = 2.0, -2.0
    drawn = zoo.plots.weights_as_images(weights, shape=(2, 2, 3)).axes[0].images[0].get_array()
    assert drawn[0, 0].tolist() == [1.0, 0.5, 0.5]
    assert drawn[1, 1].tolist() == [0.5, 0.5, 0.0]


def test_inputs_that_are_no_picture_are_refused():
    with pytest.raises(ValueError, match=r"12 inputs a unit are no square picture. Pass shape="):
        zoo.plots.weights_as_images(np.zeros((2, 12)))
    with pytest.raises(ValueError, match=r"with the product 12. Received: shape=\(5, 2\)"):
        zoo.plots.weights_as_images(np.zeros((2, 12)), shape=(5, 2))
    with pytest.raises(ValueError, match=r"shape \(units, inputs\). Received: \(3,\)"):
        zoo.plots.weights_as_images(np.zeros(3))
    with pytest.raises(ValueError, match="`most` must be at least 1"):
        zoo.plots.weights_as_images(np.zeros((2, 4)), most=0)


@pytest.mark.parametrize("name, attribute", [("hebbian", "components"), ("kohonen_map", "codebook")])
def test_units_that_learn_by_a_rule_are_drawn_by_what_they_hold(name, attribute):
    model = zoo.build(name, np.random.default_rng(0).uniform(size=(5, 9)).astype("float32"))
    drawn = np.ma.filled(zoo.plots.weights_as_images(model).axes[0].images[0].get_array(), np.nan)
    first = getattr(model, attribute).reshape(-1, 9)[0]
    np.testing.assert_allclose(drawn[:3, :3].ravel(), first)
