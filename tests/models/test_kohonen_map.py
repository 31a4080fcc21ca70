"""Kohonen 1982: what a map learns, how it orders itself, and how good it is; by all rules and engines."""

import keras
import numpy as np
import pandas as pd
import pytest

import zoo
from zoo.layers import map_units
from zoo.models import kohonen_map as module
from zoo.models.kohonen_map import kohonen_map, quantization, topographic
from zoo.registry import Spec

UNIFORM = ((np.arange(2000) + 0.5) / 2000).reshape(-1, 1).astype("float32")
STATIONARY = [0.2, 0.3, 0.5, 0.7, 0.8]
CHAIN = {"grid": 5, "topology": "chain", "neighbourhood": "bubble", "radius": 1}
GENERATOR = np.random.default_rng(0)
SQUARE = GENERATOR.random((1000, 2)).astype("float32")
FIRST = GENERATOR.normal(size=(3, 4, 2)).astype("float32")


def of_steps(model, x, **how):
    """Trains by Keras's steps: a callback that asks for batches."""
    asks = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: None)
    return model.fit(x, callbacks=[asks], verbose=0, **how)


def nearest(w, x):
    return np.argmin(((x[:, None] - w) ** 2).sum(axis=-1), axis=1)


def gaussian(rows, columns, radius):
    at = np.stack(np.divmod(np.arange(rows * columns), columns), axis=1)
    return np.exp(-((at[:, None] - at) ** 2).sum(axis=-1) / (2.0 * radius**2))


def test_the_stationary_weights_of_a_chain_of_five_follow_from_the_borders_of_its_cells():
    """Each unit is the mean of its own cell and its neighbours': of uniform x, the middle of their borders."""
    w = np.array(STATIONARY)
    borders = np.concatenate([[0.0], (w[1:] + w[:-1]) / 2.0, [1.0]])
    low, high = borders[np.maximum(np.arange(5) - 1, 0)], borders[np.minimum(np.arange(5) + 2, 5)]
    np.testing.assert_allclose((low + high) / 2.0, w, atol=1e-12)


def test_the_batch_rule_reaches_the_stationary_weights():
    model = zoo.build("kohonen_map", UNIFORM, rule="batch", **CHAIN)
    model.fit(UNIFORM, epochs=60, verbose=0)
    assert model.codebook.shape == (1, 5, 1)
    w = model.codebook.ravel()
    np.testing.assert_allclose(w if w[0] < w[-1] else w[::-1], STATIONARY, atol=2e-3)


def test_the_online_rule_reaches_the_stationary_weights():
    model = zoo.build("kohonen_map", UNIFORM, rule="online", initial="random", **CHAIN)
    model.fit(UNIFORM, epochs=10, verbose=0)
    w = model.codebook.ravel()
    np.testing.assert_allclose(w if w[0] < w[-1] else w[::-1], STATIONARY, atol=0.015)


@pytest.mark.parametrize("rule", ["online", "minibatch"])
def test_a_chain_in_disorder_orders_itself(rule):
    disorder = np.random.default_rng(3).random((1, 10, 1)).astype("float32")
    model = zoo.build("kohonen_map", UNIFORM, grid=10, topology="chain", rule=rule, initial=disorder, radius=(5, 0.5))
    model.fit(UNIFORM, epochs=5, verbose=0)
    signs = np.sign(np.diff(model.codebook.ravel()))
    assert abs(np.sign(np.diff(disorder.ravel())).sum()) < 9
    assert abs(signs.sum()) == 9


def test_an_ordered_chain_stays_ordered():
    """Kohonen's absorbing state: with h = 1 to the neighbours, order is never lost again."""
    ordered = np.sort(np.random.default_rng(4).random(6)).reshape(1, 6, 1).astype("float32")
    options = {**CHAIN, "grid": 6}
    model = zoo.build("kohonen_map", UNIFORM, rule="online", rate=0.5, initial=ordered, **options)
    for first in range(0, 2000, 200):
        model.fit(UNIFORM[np.random.default_rng(first).permutation(2000)[:50]], verbose=0)
        assert np.all(np.diff(model.codebook.ravel()) > 0)


def test_an_epoch_of_the_batch_rule_is_sum_h_x_by_sum_h():
    for train in (lambda m, **how: m.fit(SQUARE, verbose=0, **how), lambda m, **how: of_steps(m, SQUARE, **how)):
        model = zoo.build("kohonen_map", SQUARE, grid=(3, 4), rule="batch", radius=0.9, initial=FIRST)
        train(model, epochs=1, batch_size=300)  # which a rule of all rows does not see
        h = gaussian(3, 4, 0.9)[:, nearest(FIRST.reshape(12, 2), SQUARE)]  # (units, rows)
        np.testing.assert_allclose(model.codebook.reshape(12, 2), h @ SQUARE / h.sum(axis=1)[:, None], rtol=1e-4)


def test_the_batch_rule_ends_in_its_fixed_point():
    model = zoo.build("kohonen_map", SQUARE, grid=(3, 4), rule="batch", radius=0.9)
    model.fit(SQUARE, epochs=200, verbose=0)
    w = model.codebook.reshape(12, 2)
    h = gaussian(3, 4, 0.9)[:, nearest(w, SQUARE)]
    np.testing.assert_allclose(w, h @ SQUARE / h.sum(axis=1)[:, None], atol=1e-5)


@pytest.mark.parametrize("neighbourhood", ["gaussian", "bubble"])
def test_a_step_of_the_online_rule_is_eta_h_x_minus_w(neighbourhood):
    model = zoo.build(
        "kohonen_map", SQUARE, grid=(3, 4), rule="online", radius=1.0, rate=0.3, initial=FIRST,
        neighbourhood=neighbourhood,
    )  # fmt: skip
    model.fit(SQUARE[:20], batch_size=8, shuffle=False, verbose=0)  # any batch: its rows come one after the other
    w = FIRST.reshape(12, 2).astype("float64")
    at = np.stack(np.divmod(np.arange(12), 4), axis=1)
    square = (np.abs(at[:, None] - at).max(axis=-1) <= 1.0).astype("float64")
    h = gaussian(3, 4, 1.0) if neighbourhood == "gaussian" else square
    for x in SQUARE[:20]:
        w += 0.3 * h[nearest(w, x[None])[0]][:, None] * (x - w)
    np.testing.assert_allclose(model.codebook.reshape(12, 2), w, rtol=1e-4, atol=1e-5)


def test_a_step_on_some_rows_goes_towards_their_means_by_one_minus_eta_to_the_sum_of_h():
    for train in (
        lambda m, **how: m.fit(SQUARE[:30], verbose=0, **how),
        lambda m, **how: of_steps(m, SQUARE[:30], **how),
    ):
        model = zoo.build("kohonen_map", SQUARE, grid=(3, 4), radius=1.0, rate=0.3, initial=FIRST)
        train(model, batch_size=10, shuffle=False)
        w = FIRST.reshape(12, 2).astype("float64")
        for x in SQUARE[:30].reshape(3, 10, 2):
            h = gaussian(3, 4, 1.0)[:, nearest(w, x)]
            heard = h.sum(axis=1)[:, None]
            w += (1.0 - 0.7**heard) * (h @ x / heard - w)
        np.testing.assert_allclose(model.codebook.reshape(12, 2), w, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("decay", ["exponential", "linear", "inverse"])
def test_schedules_go_from_the_first_to_the_last_value(decay):
    layer = kohonen_map(Spec("map", num_inputs=2), decay=decay, radius=(4.0, 0.5)).layers[-1]
    values = [float(layer._scheduled(np, (4.0, 0.5), t)) for t in (0.0, 0.5, 1.0)]
    middle = {"exponential": np.sqrt(4.0 * 0.5), "linear": 2.25, "inverse": 1 / ((1 / 4.0 + 1 / 0.5) / 2)}
    np.testing.assert_allclose(values, [4.0, middle[decay], 0.5], rtol=1e-6)


@pytest.fixture(scope="module")
def square():
    return zoo.train("kohonen_map", SQUARE, epochs=40, verbose=0)


def test_a_map_of_a_square_keeps_its_topology(square):
    w = square.model.codebook
    assert square.metrics["train"]["topographic_error"] < 0.03
    steps = np.diff(w, axis=1)[..., np.argmax(np.abs(np.diff(w, axis=1)).mean(axis=(0, 1)))]
    assert abs(np.sign(steps).sum()) == steps.size  # one side of the square along the columns, never folded


def test_the_loss_is_the_quantization_error_and_falls(square):
    losses = square.history["loss"]
    assert len(losses) == 40 and losses[-1] < losses[0] / 3
    np.testing.assert_allclose(losses[-1], square.metrics["train"]["quantization_error"], rtol=0.2)
    evaluated = zoo.evaluate(square.model, SQUARE, verbose=0)
    assert evaluated["quantization_error"] == square.metrics["train"]["quantization_error"]
    np.testing.assert_allclose(square.model.evaluate(SQUARE, verbose=0), evaluated["quantization_error"], rtol=1e-5)


@pytest.mark.slow
def test_more_units_stand_where_more_rows_are():
    """Ritter 1991: of a chain the density of units is p^(2/3 - 1 / (3 N^2 + 3 (N + 1)^2)), N neighbours a side."""
    x = np.sqrt((np.arange(20_000) + 0.5) / 20_000).reshape(-1, 1)  # density 2 x
    options = {"grid": 50, "topology": "chain", "neighbourhood": "bubble", "rule": "batch"}
    model = zoo.build("kohonen_map", x, radius=2, **options)
    model.fit(x, epochs=300, verbose=0)
    w = np.sort(model.codebook.ravel())
    exponent = 2 / 3 - 1 / (3 * 2**2 + 3 * 3**2)
    inner = w[8:42]
    share = (np.arange(8, 42) - 8) / 33  # of the units between two places, by the density
    low, high = inner[0] ** (1 + exponent), inner[-1] ** (1 + exponent)
    np.testing.assert_allclose(inner, (low + share * (high - low)) ** (1 / (1 + exponent)), atol=0.005)


def test_metrics_of_maps_of_a_hand_s_size():
    chain = np.array([[[0.0], [1.0], [2.0]]])
    rows = np.array([[0.1], [0.7], [2.4]])
    assert quantization(chain, rows) == pytest.approx((0.1 + 0.3 + 0.4) / 3)
    assert topographic(chain, rows, "chain") == 0.0
    folded = np.array([[[0.0], [5.0], [1.0]]])  # from 0.4 the first and the last unit are nearest
    assert topographic(folded, np.array([[0.4], [4.0]]), "chain") == 0.5
    assert topographic(folded, np.array([[0.4], [4.0]]), "torus") == 0.0
    assert topographic(np.zeros((1, 1, 2)), np.zeros((3, 2))) == 0.0


def test_metrics_equal_those_of_all_distances(square):
    w, x = square.model.codebook.reshape(100, 2).astype("float64"), SQUARE.astype("float64")
    apart = np.sqrt(((x[:, None] - w) ** 2).sum(axis=-1))
    order = np.argsort(apart, axis=1)[:, :2]
    assert square.model.quantization_error(SQUARE) == pytest.approx(apart.min(axis=1).mean(), rel=1e-6)
    far = np.abs(np.stack(np.divmod(order[:, 0], 10)) - np.stack(np.divmod(order[:, 1], 10))).max(axis=0) > 1
    assert square.model.topographic_error(SQUARE) == pytest.approx(far.mean())
    np.testing.assert_allclose(square.model.distances(SQUARE), apart, atol=1e-6)


def test_predict_gives_the_winner_in_the_flattened_grid(square):
    model = square.model
    rows = nearest(model.codebook.reshape(100, 2), SQUARE[:50])
    predicted = model.predict(SQUARE[:50], verbose=0)
    assert predicted.shape == (50, 1)
    np.testing.assert_array_equal(predicted[:, 0], rows)
    np.testing.assert_array_equal(model.winners(SQUARE[:50]), np.stack(np.divmod(rows, 10), axis=1))
    assert zoo.predict(model, SQUARE[:50])["prediction"].tolist() == rows.tolist()


def test_the_u_matrix_is_the_mean_distance_from_the_neighbours():
    codebook = np.array([[[0.0], [1.0], [3.0]]])
    model = zoo.build("kohonen_map", UNIFORM, grid=3, topology="chain", initial=codebook)
    np.testing.assert_allclose(model.u_matrix, [[1.0, 1.5, 2.0]])


def test_a_chain_may_stand_upright():
    model = zoo.build("kohonen_map", UNIFORM, rule="batch", **{**CHAIN, "grid": (5, 1)})
    model.fit(UNIFORM, epochs=60, verbose=0)
    assert model.codebook.shape == (5, 1, 1)
    w = model.codebook.ravel()
    np.testing.assert_allclose(w if w[0] < w[-1] else w[::-1], STATIONARY, atol=2e-3)
    assert model.topographic_error(UNIFORM) == 0.0 and model.u_matrix.shape == (5, 1)


def test_a_hexagonal_map_keeps_the_topology_of_a_square():
    scores = zoo.train("kohonen_map", SQUARE, epochs=40, topology="hexagonal", verbose=0).metrics["train"]
    assert scores["quantization_error"] < 0.04 and scores["topographic_error"] < 0.05


def test_a_torus_keeps_the_topology_of_a_torus_which_a_rectangle_cannot():
    angles = 2.0 * np.pi * np.random.default_rng(0).random((1000, 2))
    x = np.concatenate([np.cos(angles), np.sin(angles)], axis=1).astype("float32")
    torn, whole = (
        zoo.train("kohonen_map", x, epochs=40, topology=topology, verbose=0).metrics["train"]["topographic_error"]
        for topology in ("rectangular", "torus")
    )
    assert whole < 0.01 and torn > 0.05


def test_tables_with_categories_are_mapped():
    frame = pd.DataFrame({"size": [1.0, 2.0, 3.0, 4.0] * 5, "kind": ["a", "b"] * 10})
    run = zoo.train("kohonen_map", frame, grid=(2, 2), encodings="standard", epochs=20, verbose=0)
    assert run.model.codebook.shape == (2, 2, 3)  # a number, two levels
    assert set(run.model.preprocessor.encode(frame)) == {"numeric", "categorical"}
    assert run.model.winners(frame).shape == (20, 2) and run.model.distances(frame).shape == (20, 4)
    raw = zoo.build("kohonen_map", frame, grid=(2, 2))
    assert raw.codebook.shape == (2, 2, 3)


def test_images_are_mapped_by_their_pixels():
    images = np.random.default_rng(0).integers(0, 256, (20, 4, 4), dtype="uint8")
    run = zoo.train("kohonen_map", images, grid=(2, 2), encodings="image", epochs=5, verbose=0)
    assert run.model.codebook.shape == (2, 2, 16) and 0.0 <= run.model.codebook.min() <= run.model.codebook.max() <= 1.0


def test_training_again_goes_on_from_the_weights():
    model = zoo.build("kohonen_map", SQUARE, grid=(3, 3))
    untrained = model.codebook
    model.fit(SQUARE, epochs=5, verbose=0)
    assert not np.array_equal(untrained, model.codebook)
    before = model.codebook
    model.fit(SQUARE, epochs=0, verbose=0)
    np.testing.assert_array_equal(model.codebook, before)


def test_first_weights_are_a_plane_samples_or_given():
    x = np.random.default_rng(0).normal(size=(500, 3)) * [5.0, 2.0, 0.1] + 7.0
    plane = zoo.build("kohonen_map", x, grid=(4, 6))
    plane.fit(x, epochs=0, verbose=0)
    u, s, v = np.linalg.svd(x - x.mean(axis=0), full_matrices=False)
    along = (plane.codebook.reshape(24, 3) - x.mean(axis=0)) @ v.T / (s / np.sqrt(500))
    np.testing.assert_allclose(np.abs(along).max(axis=0), [np.sqrt(3), np.sqrt(3), 0.0], atol=1e-3)
    drawn = zoo.build("kohonen_map", x, grid=(4, 6), initial="samples")
    drawn.fit(x, epochs=0, verbose=0)
    assert all(np.isclose(x, w, atol=1e-5).all(axis=1).any() for w in drawn.codebook.reshape(24, 3))
    given = zoo.build("kohonen_map", x, grid=(4, 6), initial=drawn.codebook)
    np.testing.assert_array_equal(given.codebook, drawn.codebook)


def test_winners_come_block_by_block_where_distances_are_many(monkeypatch, square):
    whole = square.model.predict(SQUARE, verbose=0)
    monkeypatch.setattr(map_units, "AT_ONCE_TRACED", 700)  # 7 rows
    monkeypatch.setattr(module, "AT_ONCE", 700)
    again = zoo.build("kohonen_map", SQUARE)
    again.set_weights(square.model.get_weights())
    np.testing.assert_array_equal(again.predict(SQUARE, verbose=0), whole)
    assert again.quantization_error(SQUARE) == pytest.approx(square.model.quantization_error(SQUARE))
    np.testing.assert_allclose(again.distances(SQUARE), square.model.distances(SQUARE))


def test_validation_rows_are_measured():
    history = zoo.build("kohonen_map", SQUARE).fit(SQUARE, epochs=2, validation_data=(SQUARE[:100],), verbose=0).history
    assert set(history) == {"loss", "val_loss"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rule": "bach"}, "`rule` must be one of .*Did you mean 'batch'.*Received: rule='bach'"),
        ({"topology": "hexagon"}, "`topology` must be one of .*Did you mean 'hexagonal'"),
        ({"neighbourhood": "cone"}, "`neighbourhood` must be one of 'gaussian', 'bubble'"),
        ({"decay": "quadratic"}, "`decay` must be one of"),
        ({"encodings": "none"}, "`encodings` must be 'raw', 'standard', 'image', or a dict"),
        ({"initial": "zeros"}, "`initial` must be one of"),
        ({"initial": np.zeros((2, 2, 5))}, r"finite codebook of the shape \(10, 10, 2\).*\(2, 2, 5\)"),
        ({"grid": 5}, r"`grid` must be \(rows, columns\).*topology='chain'"),
        ({"grid": (0, 5)}, "`grid` must be"),
        ({"grid": (3, 5), "topology": "chain"}, "`grid` of a chain must be its length"),
        ({"radius": (1.0, 3.0)}, r"`radius` must be .*first >= last > 0.*\(1.0, 3.0\)"),
        ({"radius": (1.0, 0.0)}, "`radius` must be"),
        ({"radius": float("nan")}, "`radius` must be"),
        ({"rate": 1.5}, "`rate` must be .*1 >= first"),
        ({"rate": (0.5, 0.1, 0.0)}, "`rate` must be"),
        ({"rule": "batch", "rate": 0.5}, "The batch rule has no rate"),
        ({"grid": (300_000, 300_000)}, r"300,000 x 300,000 units of 2 inputs takes about [\d,.]+ GiB .*smaller `grid`"),
        ({"grid": (2_000, 2_000), "topology": "hexagonal"}, r"GiB.*or topology='rectangular'"),
    ],
)  # fmt: skip
def test_wrong_options_are_refused_with_the_repair(options, message):
    with pytest.raises(ValueError, match=message):
        kohonen_map(Spec("map", num_inputs=2), **options)


def test_sequences_are_refused():
    with pytest.raises(ValueError, match="one vector a row.*x.reshape"):
        zoo.build("kohonen_map", np.zeros((4, 5, 2)))


@pytest.mark.tensorflow
def test_all_engines_train_the_same_batch_map():
    found = [
        zoo.train("kohonen_map", SQUARE, grid=(3, 4), rule="batch", epochs=6, engine=engine, verbose=0).model.codebook
        for engine in ("auto", "fused", "xla", "keras")
    ]
    for other in found[1:]:
        np.testing.assert_allclose(other, found[0], atol=1e-4)
