"""Fukushima 1980: the equations, the representatives, and what the simulation of section 5 found."""

import itertools

import keras
import numpy as np
import pytest

import zoo
from zoo.data.numerals import distorted, figure, numerals, xytz
from zoo.layers.shifts import everywhere
from zoo.models.neocognitron import CPlanes, SPlanes, plane_sizes

array = keras.ops.convert_to_numpy
SIZES = {"s1": (16, 24), "c1": (10, 24), "s2": (8, 24), "c2": (6, 24), "s3": (2, 24), "c3": (1, 24)}  # section 5
R, Q = (4.0, 1.5, 1.5), (1.0, 16.0, 16.0)


def organized(data, **options):
    x, y = data
    model = zoo.build("neocognitron", (x, y), **options)
    model.fit(x, y, batch_size=len(x), epochs=3, shuffle=False, verbose=0)
    return model


@pytest.fixture(scope="module")
def model():
    return organized(numerals())


def synapses_of(model, layer):
    return model.network.get_layer(layer).get_weights()[0]


def everywhere_shown(name):
    """Returns a figure at each of its places in 16 x 16 pixels, and the number of the centre."""
    image = np.zeros((16, 16, 1), "uint8")
    box = figure(name)
    image[: box.shape[0], : box.shape[1], 0] = box
    return everywhere(image)


def synapses(window, planes, before, seed=0):
    generator = np.random.default_rng(seed)
    return generator.uniform(0, 2, (window**2, before, planes)), generator.uniform(0, 3, planes)


@pytest.mark.slow
def test_the_layers_have_the_sizes_of_the_simulation(model):
    x = numerals()[0][:2]
    for layer, (side, planes) in SIZES.items():
        assert model.planes(x, layer).shape == (2, side, side, planes)
    assert model.cells(x).shape == (2, 24)
    assert model.network.get_layer("s1").a.shape == (25, 1, 24)
    assert model.network.get_layer("s3").a.shape == (25, 24, 24)


def test_the_constants_are_those_of_the_simulation(model):
    assert tuple(model.network.get_layer(f"s{i}").r for i in (1, 2, 3)) == R
    assert tuple(model.network.get_layer(f"s{i}").q for i in (1, 2, 3)) == Q
    assert {model.network.get_layer(f"c{i}").alpha for i in (1, 2, 3)} == {0.5}
    assert [model.network.get_layer(f"s{i}").column for i in (1, 2, 3)] == [5, 5, 2]
    assert [model.network.get_layer(f"c{i}").window for i in (1, 2, 3)] == [5, 5, 2]


def test_every_layer_s_c_sums_to_1_and_falls_with_the_distance():
    for before, base in ((1, 0.7), (24, 0.9)):
        layer = SPlanes(24, (4, 4), base=base)
        layer.build((None, 8, 8, before))
        assert abs(before * layer.c.sum() - 1.0) < 1e-6
        c = layer.c.reshape(5, 5)
        assert c[2, 2] > c[2, 1] > c[2, 0] > c[0, 0]


def s_cells(u, a, b, c, r, places):
    """Returns u_S and v_C by equations (1) and (3), cell by cell."""
    rows, columns = places
    size = int(np.sqrt(len(c)))
    edge_y, edge_x = (u.shape[0] - rows - size + 1) // 2, (u.shape[1] - columns - size + 1) // 2
    u_s, v_c = np.zeros((rows, columns, a.shape[-1])), np.zeros((rows, columns))
    for n_y, n_x in np.ndindex(rows, columns):
        e = np.zeros(a.shape[-1])
        for i, (d_y, d_x) in enumerate(np.ndindex(size, size)):
            y, x = n_y + d_y + edge_y, n_x + d_x + edge_x
            if 0 <= y < u.shape[0] and 0 <= x < u.shape[1]:
                v_c[n_y, n_x] += np.sum(c[i] * u[y, x] ** 2)
                e += u[y, x] @ a[i]
        v_c[n_y, n_x] = np.sqrt(v_c[n_y, n_x])
        h = 2 * r / (1 + r) * b * v_c[n_y, n_x]
        u_s[n_y, n_x] = r * np.maximum((1 + e) / (1 + h) - 1, 0)
    return u_s, v_c


@pytest.mark.parametrize("places, before", [((7, 8), 1), ((5, 6), 3), ((3, 4), 2)])
def test_s_cells_follow_equations_1_and_3(places, before):
    layer = SPlanes(4, places, r=1.5)
    u = np.random.default_rng(1).uniform(0, 1, (2, 7, 8, before)).astype("float32")
    layer.build(u.shape)
    a, b = synapses(5, 4, before)
    layer.a.assign(a)
    layer.b.assign(b)
    for row, found in zip(u, array(layer(u))):
        np.testing.assert_allclose(found, s_cells(row, a, b, layer.c, 1.5, places)[0], rtol=1e-4, atol=1e-5)


def test_c_cells_follow_equations_4_to_6():
    u = np.random.default_rng(2).uniform(0, 1, (1, 8, 8, 3)).astype("float32")
    found = array(CPlanes((6, 6), window=5, stride=2, centre=2.0, base=0.7, alpha=0.5)(u))[0]
    padded = np.pad(u[0], ((3, 8), (3, 8), (0, 0)))
    for n_y, n_x in np.ndindex(6, 6):
        d = np.array([[2.0 * 0.7 ** np.hypot(y - 2, x - 2) for x in range(5)] for y in range(5)])
        e = np.sum(d[..., None] * padded[2 * n_y : 2 * n_y + 5, 2 * n_x : 2 * n_x + 5], axis=(0, 1))
        x = (1 + e) / (1 + np.mean(e)) - 1  # v_S: the mean over planes
        expected = np.where(x > 0, x / (0.5 + x), 0)
        np.testing.assert_allclose(found[n_y, n_x], expected, rtol=1e-4, atol=1e-6)


def representatives(u_s, column):
    """Returns the cell that represents each plane, by section 3 of the paper: candidates of S-columns, then planes."""
    rows, columns, planes = u_s.shape
    candidates = {}
    for top, left in itertools.product(range(rows - column + 1), range(columns - column + 1)):
        part = u_s[top : top + column, left : left + column]
        y, x, plane = np.unravel_index(np.argmax(part), part.shape)
        if part[y, x, plane] > 0:
            candidates.setdefault(int(plane), []).append((part[y, x, plane], (top + int(y), left + int(x))))
    return {plane: max(found)[1] for plane, found in candidates.items()}


@pytest.mark.parametrize("places, before, column, q", [((8, 8), 1, 5, 1.0), ((6, 6), 3, 5, 16.0), ((2, 2), 3, 2, 16.0)])
def test_a_presentation_reinforces_the_planes_of_representatives_alone(places, before, column, q):
    size = places[0] + (4 if places == (2, 2) else 0)
    layer = SPlanes(6, places, column=column, r=1.5, q=q)
    inputs = keras.Input((size, size, before))
    network = keras.Model(inputs, keras.layers.Flatten()(layer(inputs)))
    network.compile(keras.optimizers.SGD(1.0), lambda y_true, y_pred: 0.0 * keras.ops.sum(y_pred, axis=-1))
    u = np.random.default_rng(3).uniform(0, 1, (3, size, size, before)).astype("float32")
    a, b = array(layer.a).astype("float64"), array(layer.b).astype("float64")
    silent = 0
    for row in u:
        u_s, v_c = s_cells(row, a, b, layer.c, 1.5, places)
        found = representatives(u_s, column)
        silent += 6 - len(found)
        for plane, (n_y, n_x) in found.items():
            edge = (size - places[0] - 4) // 2
            padded = np.pad(row, ((5, 5), (5, 5), (0, 0)))
            seen = padded[n_y + edge + 5 : n_y + edge + 10, n_x + edge + 5 : n_x + edge + 10].reshape(25, before)
            a[..., plane] += q * layer.c[:, None] * seen
            b[plane] += q / 2 * v_c[n_y, n_x]
    network.fit(u, np.zeros(3), batch_size=3, shuffle=False, verbose=0)
    assert silent > 0  # planes without a representative are left alone
    np.testing.assert_allclose(array(layer.a), a, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(array(layer.b), b, rtol=1e-4, atol=1e-6)


@pytest.mark.slow
def test_a_batch_is_presented_row_by_row():
    x, y = numerals()
    models = [zoo.build("neocognitron", (x, y), organization="together") for _ in range(2)]
    for model, size in zip(models, (1, 10)):
        model.fit(x[:10], y[:10], batch_size=size, shuffle=False, verbose=0)
    for one, many in zip(*(model.network.get_layer("s2").get_weights()[:2] for model in models)):
        np.testing.assert_allclose(one, many, rtol=1e-3, atol=1e-5)


@pytest.mark.slow
def test_layers_learn_one_after_another():
    x, y = numerals()
    model = zoo.build("neocognitron", (x, y))
    model.begin_training(None, None, rows=15, steps=3)
    learnt = []
    for _ in range(3):
        before = {name: synapses_of(model, name) for name in ("s1", "s2", "s3")}
        model.train_on_batch(x[:15], y[:15])
        learnt.append([name for name, a in before.items() if not np.array_equal(a, synapses_of(model, name))])
    assert learnt == [["s1"], ["s2"], ["s3"]]


def test_too_few_steps_to_part_make_all_layers_learn():
    x, y = numerals()
    model = zoo.build("neocognitron", (x, y))
    model.fit(x[:20], y[:20], batch_size=20, verbose=0)
    assert all(model.network.get_layer(name).get_weights()[1].any() for name in ("s1", "s2", "s3"))


def test_all_layers_may_learn_at_every_presentation_as_in_the_paper():
    x, y = numerals()
    model = zoo.build("neocognitron", (x, y), organization="together")
    assert model.recipe.epochs == 1
    model.fit(x, y, batch_size=100, shuffle=False, verbose=0)
    centred = [shown[centre] for shown, centre in map(everywhere_shown, "01234")]
    assert len(set(np.argmax(model.cells(np.stack(centred)), axis=-1))) == 5


def test_a_cell_answers_where_its_input_resembles_its_synapses_by_more_than_r_over_1_plus_r():
    for r in (1.0, 1.5, 4.0):
        layer = SPlanes(2, (1, 1), r=r, base=1.0)
        layer.build((None, 5, 5, 1))
        pattern = np.zeros(25)
        pattern[:10] = 1.0
        layer.a.assign(np.stack([1e6 * layer.c * pattern] * 2, axis=-1)[:, None])
        layer.b.assign(np.full(2, 1e6 / 2 * np.sqrt(layer.c[0] * 10)))  # as after many presentations
        for shared in range(1, 11):  # of 10 lit cells each; the cosine is shared / 10
            u = np.zeros(25)
            u[10 - shared : 20 - shared] = 1.0
            response = float(array(layer(u.reshape(1, 5, 5, 1).astype("float32")))[0, 0, 0, 0])
            expected = r * max((1 + r) / r * shared / 10 - 1, 0)
            assert abs(response - expected) < 1e-3, (r, shared)


def test_synapses_begin_small_positive_without_chance_and_with_an_orientation_of_each_plane_s_own():
    models = [zoo.build("neocognitron", seed=seed) for seed in (0, 1)]
    for name in ("s1", "s2", "s3"):
        a, b = models[0].network.get_layer(name).get_weights()[:2]
        assert 0 < a.min() and a.max() < 0.01 and not b.any()
        assert np.array_equal(a, models[1].network.get_layer(name).get_weights()[0])
    a = array(models[0].network.get_layer("s1").a)[:, 0].reshape(5, 5, 24)
    assert a[0, 2, 0] > a[2, 0, 0] and a[2, 0, 12] > a[0, 2, 12]  # plane 0 prefers | and plane 12, at 90 degrees, -
    assert len({plane.tobytes() for plane in a.transpose(2, 0, 1)}) == 24


def test_each_numeral_drives_exactly_one_cell_of_the_last_layer_wherever_it_is_shown_and_each_another(model):
    cells = []
    for name in "01234":
        shown, _ = everywhere_shown(name)
        assert len(shown) >= 54
        fires = model.cells(shown) > 0
        assert fires.any(axis=0).sum() == 1 and fires.any(axis=1).all()
        cells.append(int(np.argmax(fires.any(axis=0))))
    assert len(set(cells)) == 5


def test_labels_are_read_off_the_cells(model):
    for label, name in enumerate("01234"):
        shown, _ = everywhere_shown(name)
        p = model.predict(shown, verbose=0)
        assert p.shape == (len(shown), 5) and np.min(p[:, label]) > 0.98
        np.testing.assert_allclose(p.sum(axis=-1), 1.0, rtol=1e-5)


def test_a_blank_image_has_no_answer(model):
    blank = np.zeros((1, 16, 16), "uint8")
    assert not model.cells(blank).any()
    np.testing.assert_allclose(model.predict(blank, verbose=0), 0.2, rtol=1e-5)


@pytest.mark.slow
def test_it_organizes_itself_without_any_labels(model):
    x, _ = numerals()
    other = zoo.build("neocognitron")
    history = other.fit(x, epochs=3, verbose=0).history
    assert set(history) == {"loss"}
    for name in ("s1", "s2", "s3"):
        assert np.array_equal(synapses_of(other, name), synapses_of(model, name))
    np.testing.assert_allclose(other.predict(x[:2], verbose=0), 0.2, rtol=1e-5)  # it was told of no class
    assert model.shift_tolerance(x) == 1.0
    assert model.shift_chance(x) == pytest.approx(1 / 5)  # five numerals, as often at any place


def test_slightly_distorted_numerals_drive_the_same_cell(model):
    same = {}
    for name in "01234":
        shown, centre = everywhere_shown(name)
        cell = int(np.argmax(model.cells(shown[centre : centre + 1])[0]))
        images = distorted(name)
        responses = model.cells(np.stack(list(images.values())))
        for kind, response in zip(images, responses):
            same.setdefault(kind, []).append(int(np.argmax(response)) == cell and response.max() > 0)
    assert {kind: sum(right) for kind, right in same.items()} == dict.fromkeys(same, 5)


@pytest.mark.slow
def test_letters_that_share_strokes_are_told_apart_too():
    """The second experiment. A letter may drive more than one cell, but none of another letter."""
    model = organized(xytz())
    assert model.classes == ("T", "X", "Y", "Z")
    driven = []
    for name in "XYTZ":
        shown, _ = everywhere_shown(name)
        responses = model.cells(shown)
        driven.append(set(np.flatnonzero(responses.max(axis=0)).tolist()))
        assert np.all(np.argmax(model.predict(shown, verbose=0), axis=-1) == model.classes.index(name))
    assert all(not one & other for one, other in itertools.combinations(driven, 2))


@pytest.mark.slow
def test_other_orders_of_places_lead_to_a_cell_for_each_numeral_too():
    x, y = numerals(seed=1)
    model = organized((x, y))
    strongest = []
    for name in "01234":
        shown, centre = everywhere_shown(name)
        responses = model.cells(shown)
        strongest.append(int(np.argmax(responses[centre])))
        assert np.all(np.argmax(responses, axis=-1) == strongest[-1])
    assert len(set(strongest)) == 5


@pytest.mark.parametrize(
    "options, message",
    [
        ({"planes": 1}, "`planes` must be at least 2: cells compete. Received: planes=1"),
        ({"window": 4}, "`window` must be an odd number from 3"),
        ({"r": (4.0, 1.5)}, "`r` must be 3 positive numbers, one an S-layer"),
        ({"q": (1.0, 16.0, -1.0)}, "`q` must be 3 positive numbers"),
        ({"alpha": 0.0}, "`alpha` must be positive and finite"),
        ({"organization": "random"}, "`organization` must be 'layer_by_layer' or 'together'"),
        ({"window": 7}, "at least 20 x 20 pixels for windows of 7. Received: 16 x 16"),
    ],
)
def test_options_out_of_range_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        zoo.build("neocognitron", **options)


def test_images_too_small_for_three_layers_are_refused():
    assert plane_sizes((12, 12))[0][-1] == (1, 1)
    assert plane_sizes((20, 20), window=7)[0][-1] == (1, 1)
    with pytest.raises(ValueError, match="at least 12 x 12 pixels for windows of 5. Received: 11 x 16. Enlarge"):
        plane_sizes((11, 16))


@pytest.mark.slow
def test_other_images_make_other_planes_and_two_classes_do_too():
    x = np.zeros((4, 20, 28), "uint8")
    x[:2, 4:16, 10] = x[2:, 8, 4:20] = 255
    y = np.array(["|", "|", "-", "-"])
    model = zoo.build("neocognitron", (x, y), planes=6)
    model.fit(x, y, batch_size=4, epochs=9, shuffle=False, verbose=0)
    assert model.planes(x, "s1").shape == (4, 20, 28, 6)
    assert model.cells(x).shape == (4, 6)
    p = model.predict(x, verbose=0)
    assert p.shape == (4, 2) and [model.classes[i] for i in np.argmax(p, axis=-1)] == y.tolist()


def test_images_of_another_size_are_refused_with_the_repair(model):
    with pytest.raises(ValueError, match=r"shape \(rows, 16, 16, 1\). Received: .*12, 12.*zoo.build\(name, data\)"):
        model.predict(np.zeros((2, 12, 12), "uint8"), verbose=0)
    with pytest.raises(ValueError, match="`layer` must be one of .*s1, c1, s2, c2, s3, c3"):
        model.planes(numerals()[0][:1], "s4")


@pytest.mark.slow
@pytest.mark.tensorflow
@pytest.mark.parametrize("engine", ["auto", "keras"])
def test_the_recipe_gives_the_published_result_and_reports_the_tolerance_of_shifts(engine):
    run = zoo.train("neocognitron", engine=engine, verbose=0)
    assert run.metrics["train"]["shift_tolerance"] == 1.0
    assert run.metrics["train"]["accuracy"] == 1.0
    scores = zoo.evaluate(run.model, numerals(seed=5), verbose=0)
    assert scores["accuracy"] == 1.0 and scores["shift_tolerance"] == 1.0
