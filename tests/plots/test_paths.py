"""The chain rule path by path, by hand and against `chain_rule`, which automatic differentiation checks."""

import keras
import numpy as np
import pytest

import zoo


def network_of(*sizes, last="sigmoid", seed=0):
    layers = [keras.layers.Dense(size, activation="tanh") for size in sizes[1:-1]]
    network = keras.Sequential([keras.Input((sizes[0],)), *layers, keras.layers.Dense(sizes[-1], activation=last)])
    generator = np.random.default_rng(seed)
    network.set_weights([generator.normal(size=weight.shape) for weight in network.weights])
    return network


def test_a_weight_of_the_first_layer_has_four_paths_of_which_two_are_0():
    """z4{z3[z2]}: theta_11 leads to one hidden unit, so the paths through the other carry nothing."""
    network = network_of(2, 2, 2, 1)
    table = zoo.plots.chain_paths(network, [1.0, 0.5], weight=("x1", "h1_1"))
    assert table["path"].tolist() == [
        "h1_1 → h2_1 → y1",
        "h1_1 → h2_2 → y1",
        "h1_2 → h2_1 → y1",
        "h1_2 → h2_2 → y1",
    ]
    assert (table["product"] == 0.0).tolist() == [False, False, True, True]
    w1, b1, w2, b2, w3, _ = network.get_weights()
    h1 = np.tanh(np.array([1.0, 0.5]) @ w1 + b1)
    h2 = np.tanh(h1 @ w2 + b2)
    by_hand = [(1 - h1[0] ** 2) * w2[0, k] * (1 - h2[k] ** 2) * w3[k, 0] for k in range(2)]
    np.testing.assert_allclose(table["product"][:2], by_hand, rtol=1e-5)


@pytest.mark.parametrize(
    "weight", [("x1", "h1_1"), ("x2", "h1_2"), ("1", "h1_2"), ("h1_1", "h2_2"), ("h2_1", "y2"), None]
)
def test_products_add_up_to_the_slope_of_the_error(weight):
    network = network_of(2, 2, 2, 2, last="softmax")
    x, y = [1.0, -0.5], [0.0, 1.0]
    edges = zoo.plots.chain_rule(network, x, y).edges.set_index(["from", "to"])["dE/dw"]
    total = zoo.plots.chain_paths(network, x, y, weight=weight)["product"].sum()
    assert total == pytest.approx(edges[weight or ("x1", "h1_1")], rel=1e-9)


def test_factors_are_those_from_the_weight_on():
    columns = list(zoo.plots.chain_paths(network_of(2, 2, 2, 1), [1.0, 0.5], 1.0).columns)
    assert columns == ["path", "dz2/dw", "dz3/dz2", "dz4/dz3", "dE/dz4", "product"]


def test_the_drawing_has_a_line_a_live_path_and_its_product():
    network = network_of(2, 2, 2, 1)
    table = zoo.plots.chain_paths(network, [1.0, 0.5], 1.0)
    ax = zoo.plots.path_graph(network, [1.0, 0.5], 1.0).axes[0]
    drawn = [text.get_text() for text in ax.texts]
    for row in table.to_dict("records"):
        assert any(text.startswith(row["path"]) and text.endswith(f"= {row['product']:.3g}") for text in drawn)
    assert any(f"{table['product'].sum():.3g}" in text for text in drawn if text.startswith("sum of the products"))
    assert sum(len(line.get_xdata()) == 3 for line in ax.lines) == 2  # from the first hidden layer to the output


def test_unknown_weights_and_too_many_paths_are_refused():
    network = network_of(2, 2, 2, 1)
    with pytest.raises(ValueError, match=r"`weight` must be from one unit.*Received: weight=\('x1', 'y1'\)"):
        zoo.plots.chain_paths(network, [1.0, 0.5], 1.0, weight=("x1", "y1"))
    with pytest.raises(ValueError, match="`y` must be given where there are several outputs"):
        zoo.plots.chain_paths(network_of(2, 2, 2), [1.0, 0.5])
    with pytest.raises(ValueError, match="at most 64 paths. Received: 81"):
        zoo.plots.chain_paths(network_of(2, 9, 9, 1), [1.0, 0.5], 1.0)
    with pytest.raises(ValueError, match="At most 12 paths are drawn. Received: 16"):
        zoo.plots.path_graph(network_of(2, 4, 4, 1), [1.0, 0.5], 1.0)
