"""Fukushima 1975: who is reinforced, by how much, and that cells of the last layer come to know a pattern each."""

import keras
import numpy as np
import pytest

import zoo
from zoo.data.numerals import figure, numerals, numerals_12, placed
from zoo.layers.shifts import shift_tolerance
from zoo.models.cognitron import CognitronCells

array = keras.ops.convert_to_numpy


def organized(x, y, **options):
    model = zoo.build("cognitron", (x, y), **options)
    model.fit(x, y, batch_size=len(x), shuffle=False, verbose=0)
    return model


@pytest.fixture(scope="module")
def model():
    return organized(*numerals_12())


def network_of(layer, size):
    """Returns a compiled network of one layer, which its rule alone trains."""
    inputs = keras.Input((size, size, 1))
    network = keras.Model(inputs, keras.layers.Flatten()(layer(inputs)))
    network.compile(keras.optimizers.SGD(1.0), lambda y_true, y_pred: 0.0 * keras.ops.sum(y_pred, axis=-1))
    return network


def present(u, a, b, *, vicinity=2, q0=2.0, q1=16.0, lateral=0):
    """Returns the responses to one pattern and reinforces a and b, cell by cell, by the equations of 1975."""
    rows, columns = u.shape
    padded = np.pad(u, 2)
    seen = {n: padded[n[0] : n[0] + 5, n[1] : n[1] + 5].ravel() for n in np.ndindex(rows, columns)}
    v = {n: seen[n].sum() / 25 for n in seen}
    w = np.array(
        [
            [max((1 + a[y, x] @ seen[y, x]) / (1 + b[y, x] * v[y, x]) - 1, 0) for x in range(columns)]
            for y in range(rows)
        ]
    )
    if lateral:
        reach = lateral // 2
        around = np.pad(w, reach)
        sums = np.array([[around[y : y + lateral, x : x + lateral].sum() for x in range(columns)] for y in range(rows)])
        w = np.maximum((1 + w) / (1 + (sums - w) / (lateral**2 - 1)) - 1, 0)
    for y, x in seen:
        near = [w[m] for m in seen if abs(m[0] - y) + abs(m[1] - x) <= vicinity]
        if w[y, x] < max(near):
            continue
        q = q1 if w[y, x] > 0 else q0
        a[y, x] += q / 25 * seen[y, x]
        if w[y, x] > 0:
            b[y, x] += np.sum(q / 25 * seen[y, x] ** 2) / (2 * v[y, x])
        else:
            b[y, x] += q * v[y, x]
    return w


@pytest.mark.parametrize("lateral", [0, 5])
def test_presentations_follow_the_equations(lateral):
    layer = CognitronCells(lateral=lateral, branches=0)
    network = network_of(layer, 6)
    rows = np.random.default_rng(0).uniform(0, 1, (5, 6, 6)).astype("float32")
    a, b = np.zeros((6, 6, 25)), np.zeros((6, 6))
    expected = [present(u, a, b, lateral=lateral) for u in rows]
    found = array(network(rows[..., None], training=True)).reshape(5, 6, 6)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)
    network.fit(rows[..., None], np.zeros(5), batch_size=5, shuffle=False, verbose=0)
    np.testing.assert_allclose(array(layer.a)[..., 0], a, rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(array(layer.b), b, rtol=1e-3, atol=1e-5)


def test_a_cell_answers_a_pattern_shown_often_by_almost_1():
    """h is e / 2 then, and (1 + e) / (1 + e / 2) - 1 tends to 1."""
    layer = CognitronCells(lateral=0, branches=0)
    network = network_of(layer, 5)
    u = np.zeros((1, 5, 5, 1), "float32")
    u[0, :, 2] = 1.0
    strongest = []
    for _ in range(60):
        network.fit(u, np.zeros(1), verbose=0) if not strongest else network.train_on_batch(u, np.zeros(1))
        strongest.append(float(array(network(u)).max()))
    assert 0.9 < strongest[-1] < 1.01 and strongest[-1] > strongest[5]


def test_half_of_the_input_inside_the_synapses_makes_a_cell_respond():
    """e / h is 2 overlap / v' for a pattern learnt often: the arithmetic mean in v does not see what is missing."""
    layer = CognitronCells(lateral=0, branches=0)
    layer.build((None, 5, 5, 1))
    learnt = np.zeros(25)
    learnt[:10] = 1.0
    a = np.zeros((5, 5, 25, 1))
    a[2, 2, :, 0] = 1e6 / 25 * learnt
    b = np.zeros((5, 5))
    b[2, 2] = 1e6 / 2
    layer.a.assign(a)
    layer.b.assign(b)
    for inside in range(1, 11):
        u = np.zeros(25)
        u[10 - inside : 20 - inside] = 1.0
        response = float(array(layer(u.reshape(1, 5, 5, 1).astype("float32")))[0, 2, 2, 0])
        assert abs(response - max(2 * inside / 10 - 1, 0)) < 1e-3


def test_synapses_begin_at_0_and_each_cell_has_its_own():
    network = zoo.build("cognitron").network
    layers = [network.get_layer(name) for name in ("u1", "u2", "u3")]
    assert [layer.a.shape for layer in layers] == [(12, 12, 25, 2)] * 3  # 5 x 5, of the direct and the displaced branch
    assert not any(array(layer.a).any() or array(layer.b).any() for layer in layers)
    assert all(layer.q0 == 2.0 and layer.q1 == 16.0 and layer.near.sum() == 13 for layer in layers)


def test_displaced_branches_come_from_near_and_differ_between_layers():
    layers = [zoo.build("cognitron").network.get_layer(name) for name in ("u1", "u2")]
    y, x = np.divmod(np.arange(144), 12)
    for layer in layers:
        row, column = np.divmod(layer.ends[0], 12)
        assert abs(row - y).max() <= 2 and abs(column - x).max() <= 2
    assert not np.array_equal(layers[0].ends[0], layers[1].ends[0])


def test_the_strongest_cell_of_the_last_layer_is_another_for_each_numeral(model):
    u = model.cells(numerals_12()[0][:5])
    assert u.shape == (5, 144)
    assert len(set(np.argmax(u, axis=-1))) == 5


def test_most_cells_of_the_last_layer_respond_to_one_numeral_alone(model):
    """Cells of U1 see parts, which numerals share."""
    x = numerals_12()[0][:5]
    shares = []
    for layer in ("u1", "u3"):
        known = (model.planes(x, layer).reshape(5, -1) > 0).sum(axis=0)
        shares.append(np.sum(known == 1) / np.sum(known > 0))
    assert shares[1] > 0.9 > shares[0]


def test_labels_are_read_off_the_cells(model):
    p = model.predict(numerals_12()[0][:5], verbose=0)
    assert np.argmax(p, axis=-1).tolist() == [0, 1, 2, 3, 4]


@pytest.mark.slow
def test_letters_that_share_strokes_are_told_apart():
    """The second experiment: X, Y, T, Z."""
    x = np.stack([placed(figure(name), 1, 1, 12) for name in "XYTZ"] * 20)
    y = np.array(list("XYTZ") * 20)
    model = organized(x, y)
    answers = np.argmax(model.predict(x[:4], verbose=0), axis=-1)
    assert [model.classes[i] for i in answers] == ["X", "Y", "T", "Z"]


def test_it_does_not_stand_up_to_shifts_even_if_it_is_organized_by_shifted_patterns(model):
    """The neocognitron's shift_tolerance on the latter is 1. Of the former one numeral fits in one position only."""
    tolerance = shift_tolerance(model, {"image": numerals_12()[0][..., None]})
    assert tolerance < 0.35
    assert 0.0 < model.shift_chance(numerals_12()[0]) < 0.25  # of five classes
    x, y = numerals()
    assert shift_tolerance(organized(x, y), {"image": x[..., None]}) < 0.6


@pytest.mark.parametrize(
    "options, message",
    [
        ({"layers": 0}, "`layers` must be at least 1. Received: layers=0"),
        ({"vicinity": 0}, "`vicinity` must be at least 1"),
        ({"branches": -1}, "`branches` must be at least 0"),
        ({"window": 4}, "`window` must be an odd number from 3"),
        ({"lateral": 2}, "`lateral` must be an odd number from 3, or 0 for none"),
        ({"q0": 16.0}, "`q0` and `q1` must be 0 < q0 < q1"),
        ({"q1": float("inf")}, "both finite"),
    ],
)
def test_options_out_of_range_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        zoo.build("cognitron", **options)


def test_images_of_another_size_are_refused_with_the_repair(model):
    with pytest.raises(ValueError, match=r"shape \(rows, 12, 12, 1\). Received: .*16, 16.*zoo.build\(name, data\)"):
        model.predict(numerals()[0], verbose=0)


@pytest.mark.slow
@pytest.mark.tensorflow
def test_the_recipe_reports_the_tolerance_of_shifts():
    run = zoo.train("cognitron", verbose=0)
    assert run.metrics["train"]["accuracy"] == 1.0
    assert run.metrics["train"]["shift_tolerance"] == pytest.approx(run.metrics["train"]["shift_chance"], abs=0.05)
    assert 0.1 < run.metrics["train"]["shift_chance"] < 0.3  # of five classes


@pytest.mark.tensorflow
def test_folds_are_trained_one_by_one_since_the_rule_stands_in_the_layers(capsys):
    found = zoo.cross_validate("cognitron", numerals_12(), folds=2)
    assert "not as one program, for it learns by a rule" in capsys.readouterr().out
    assert found["accuracy"].tolist() == [1.0, 1.0]
