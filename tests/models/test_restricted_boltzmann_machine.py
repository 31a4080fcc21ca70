"""Smolensky 1986 and Hinton 2002, against machines so small that every state can be counted out."""

import itertools

import keras
import numpy as np
import pytest

import zoo
from zoo.data.drawn import bars_and_stripes
from zoo.models.restricted_boltzmann_machine import HiddenUnits, restricted_boltzmann_machine
from zoo.registry import Spec

NAME = "restricted_boltzmann_machine"


def states(units):
    """Returns all states `(2^units, units)`."""
    return np.array(list(itertools.product((0.0, 1.0), repeat=units)), "float32")


def machine(x, **options):
    return zoo.build(NAME, np.asarray(x, "float32"), **options)


def tiny(seed=0, visible=4, hidden=3, scale=1.0):
    """Returns a machine of 4 visible and 3 hidden units, and its weights W, b, c."""
    generator = np.random.default_rng(seed)
    weights = [generator.normal(0, scale, shape) for shape in ((visible, hidden), visible, hidden)]
    model = machine(states(visible), units=hidden)
    for variable, value in zip(model.network.get_layer("hidden").trainable_variables, weights, strict=True):
        variable.assign(value)
    return model, [value.astype("float32").astype("float64") for value in weights]


def joint(w, b, c):
    """Returns p(v, h) `(2^visible, 2^hidden)` by Boltzmann's formula, every pair of states on its own."""
    p = np.array([[np.exp(b @ v + c @ h + v @ w @ h) for h in states(len(c))] for v in states(len(b))])
    return p / p.sum()


def log_probabilities(model, x):
    """Returns ln p `(rows,)` with Z counted out."""
    everything = states(x.shape[1])
    return -model.free_energy(x) - np.logaddexp.reduce(-model.free_energy(everything))


@pytest.fixture(scope="module")
def trained():
    """A machine trained by CD-1 on the 14 bars and stripes of 3 x 3, at 0.1 on average: the rate falls to 0."""
    return zoo.train(NAME, bars_and_stripes(3), units=12, epochs=1000, batch_size=5, learning_rate=0.2, verbose=0)


# What it says of states.


def test_the_free_energy_gives_the_probabilities_of_visible_states():
    model, weights = tiny()
    np.testing.assert_allclose(np.exp(log_probabilities(model, states(4))), joint(*weights).sum(axis=1), rtol=1e-6)


def test_z_is_the_sum_over_visible_and_hidden_states():
    model, (w, b, c) = tiny()
    z = sum(np.exp(b @ v + c @ h + v @ w @ h) for v in states(4) for h in states(3))
    assert np.exp(-model.free_energy(states(4))).sum() == pytest.approx(z, rel=1e-6)


def test_the_log_likelihood_is_exact_whichever_layer_is_the_smaller():
    for visible, hidden in ((4, 3), (3, 5)):
        model, weights = tiny(visible=visible, hidden=hidden)
        expected = np.log(joint(*weights).sum(axis=1))
        np.testing.assert_allclose(model.log_likelihood(states(visible)), expected, rtol=1e-6)
    model, weights = tiny(visible=15, hidden=14)  # more states than are summed at a time
    expected = log_probabilities(model, states(15))
    np.testing.assert_allclose(model.log_likelihood(states(15)), expected, rtol=1e-9)


def test_the_log_likelihood_of_too_many_units_is_refused_with_the_repair():
    with pytest.raises(ValueError, match="30 visible and 21 hidden units. Build fewer hidden units, units=20"):
        machine(np.zeros((2, 30)), units=21).log_likelihood(np.zeros((2, 30)))


def test_predict_gives_the_probabilities_of_hidden_units():
    model, weights = tiny()
    p = joint(*weights)
    expected = p @ states(3) / p.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(model.predict(states(4), verbose=0), expected, atol=1e-6)
    np.testing.assert_array_equal(model.predict(states(4), verbose=0), model.predict(states(4), verbose=0))


def test_reconstructions_are_probabilities_of_visible_units_given_those_of_the_hidden():
    model, (w, b, c) = tiny()
    h = 1 / (1 + np.exp(-(states(4) @ w + c)))
    np.testing.assert_allclose(model.reconstruct(states(4)), 1 / (1 + np.exp(-(h @ w.T + b))), atol=1e-6)
    assert model.reconstruct(states(4)[0]).shape == (1, 4)


def test_samples_have_the_probabilities_of_the_machine():
    model, weights = tiny(scale=0.7)
    drawn = model.sample(20_000, 50, seed=1)
    counts = np.bincount((drawn @ [8, 4, 2, 1]).astype(int), minlength=16) / 20_000
    np.testing.assert_allclose(counts, joint(*weights).sum(axis=1), atol=0.012)  # three standard deviations
    np.testing.assert_array_equal(drawn[:9], model.sample(20_000, 50, seed=1)[:9])
    assert not np.array_equal(drawn, model.sample(20_000, 50, seed=2))
    assert set(np.unique(drawn)) == {0.0, 1.0} and drawn.dtype == np.float32


def test_components_are_the_weights_of_each_hidden_unit():
    model, (w, _, _) = tiny()
    np.testing.assert_allclose(model.components, w.T)


def test_the_pseudo_likelihood_is_that_of_each_unit_given_the_others():
    """For a machine without weights every unit is on its own: sum_i ln p(v_i) with p = sigmoid(b_i)."""
    model, (w, b, c) = tiny()
    layer, rows = model.network.get_layer("hidden"), np.tile(states(4)[[5]], (20_000, 1))
    layer.w.assign(np.zeros_like(w))
    p = 1 / (1 + np.exp(-b))
    expected = np.sum(np.log(np.where(states(4)[5] > 0, p, 1 - p)))
    assert zoo.evaluate(model, rows, verbose=0)["pseudo_log_likelihood"] == pytest.approx(expected, abs=0.05)


# How it learns.


def exact_gradient(w, b, c, rows):
    """Returns d mean ln p / d (W, b, c), the expectations counted out."""
    p, v, h = joint(w, b, c), states(len(b)), states(len(c))
    active = 1 / (1 + np.exp(-(rows @ w + c)))
    data = [rows.T @ active / len(rows), rows.mean(axis=0), active.mean(axis=0)]
    model = [v.T @ p @ h, p.sum(axis=1) @ v, p.sum(axis=0) @ h]
    return [a - b for a, b in zip(data, model)]


def test_the_gradient_is_that_of_the_log_likelihood():
    """What contrastive divergence stands for, against differences of the exact ln p."""
    model, weights = tiny()
    rows, layer = states(4)[[3, 5, 5, 12]], model.network.get_layer("hidden")
    gradient = exact_gradient(*weights, rows)
    for variable, weight, expected in zip(layer.trainable_variables, weights, gradient):
        change = np.zeros_like(weight)
        change.flat[0] = 1e-2
        values = []
        for sign in (1, -1):
            variable.assign(weight + sign * change)
            values.append(np.mean(log_probabilities(model, rows)))
        variable.assign(weight)
        assert (values[0] - values[1]) / 2e-2 == pytest.approx(expected.flat[0], abs=1e-4)


def changes(model, rows, repeats=4000):
    found, _ = model.network.get_layer("hidden").divergence(np.tile(rows, (repeats, 1)))
    return [keras.ops.convert_to_numpy(change) for _, change in found]


def test_long_chains_give_the_exact_gradient_and_one_step_its_direction():
    model, weights = tiny(scale=0.7)
    rows, layer = states(4)[[3, 5, 5, 12]], model.network.get_layer("hidden")
    exact = exact_gradient(*weights, rows)
    layer.steps = 40
    for found, expected in zip(changes(model, rows), exact):
        np.testing.assert_allclose(found, expected, atol=0.02)
    layer.steps = 1
    one = np.concatenate([part.ravel() for part in changes(model, rows)])
    exact = np.concatenate([part.ravel() for part in exact])
    assert one @ exact > 0.8 * np.linalg.norm(one) * np.linalg.norm(exact)
    assert np.linalg.norm(one) < np.linalg.norm(exact)  # the chain has not yet left the data


def test_persistent_chains_reach_the_model_and_give_the_exact_gradient():
    model, weights = tiny(scale=0.7)
    rows = states(4)[[3, 5, 5, 12]]
    layer = HiddenUnits(3, steps=40, chains=16_000)
    layer.build((None, 4))
    for variable, value in zip(layer.trainable_variables, weights):
        variable.assign(value)
    before = keras.ops.convert_to_numpy(layer.chain)
    found, _ = layer.divergence(rows)
    for (_, change), expected in zip(found, exact_gradient(*weights, rows)):
        np.testing.assert_allclose(keras.ops.convert_to_numpy(change), expected, atol=0.02)
    after = keras.ops.convert_to_numpy(layer.chain)
    assert not np.array_equal(before, after) and set(np.unique(after)) == {0.0, 1.0}


@pytest.mark.parametrize("options", [{}, {"persistent": True, "chains": 1}])
def test_a_step_of_training_adds_the_rate_times_the_change(options):
    """A machine whose weights are so large that nothing is left to chance. Both forms begin at the same rate."""
    rows = np.array([[1.0, 1.0, 0.0]], "float32")
    model = machine(rows, units=2, **options)
    layer = model.network.get_layer("hidden")
    b, c = np.array([-200.0, 200.0, 200.0]), np.array([200.0, -200.0])
    for variable, value in zip(layer.trainable_variables, (np.zeros((3, 2)), b, c)):
        variable.assign(value)
    model.fit(rows, verbose=0)  # the chain ends at v = 0 1 1, h = 1 0
    np.testing.assert_allclose(layer.w, 0.05 * np.array([[1, 0], [0, 0], [-1, 0]]), atol=1e-6)
    np.testing.assert_allclose(layer.b - b, [0.05, 0.0, -0.05], atol=1e-4)
    np.testing.assert_allclose(layer.c - c, [0.0, 0.0], atol=1e-4)


def test_bars_and_stripes_become_far_more_likely_than_by_units_on_their_own(trained):
    """Of the pixels alone, each black in half of the pictures, a picture has ln p = -9 ln 2 = -6.24; at best -ln 14."""
    x = bars_and_stripes(3)
    found = np.mean(log_probabilities(trained.model, x))
    np.testing.assert_allclose(x.mean(axis=0), 0.5)
    assert -np.log(14) > found > -9 * np.log(2) + 2.0
    assert np.exp(log_probabilities(trained.model, x)).sum() > 0.5  # 14 of 512 states


def test_samples_of_a_trained_machine_are_mostly_bars_and_stripes(trained):
    known = {tuple(row) for row in bars_and_stripes(3)}
    drawn = trained.model.sample(400, 200, seed=0)
    share = np.mean([tuple(row) in known for row in drawn])
    exact = np.exp(log_probabilities(trained.model, bars_and_stripes(3))).sum()
    assert share == pytest.approx(exact, abs=0.1)


def test_the_error_of_reconstruction_falls(trained):
    losses = trained.history["loss"]
    assert losses[-1] < 0.2 * losses[0]
    assert trained.metrics["train"]["reconstruction_error"] < 0.02
    assert trained.metrics["train"]["pseudo_log_likelihood"] > -9 * np.log(2) + 4.0


@pytest.mark.parametrize("options", [{"persistent": True, "chains": 50}, {"steps": 5}])
def test_persistent_chains_and_more_steps_learn_too(options):
    x = bars_and_stripes(3)
    run = zoo.train(NAME, x, units=12, epochs=800, batch_size=5, learning_rate=0.1, verbose=0, **options)
    assert np.mean(log_probabilities(run.model, x)) > -9 * np.log(2) + 1.5


@pytest.mark.slow
@pytest.mark.parametrize("patterns", [[12, 3], [12, 3, 15, 0]])
def test_by_persistent_chains_the_likelihood_rises_with_the_epochs_for_the_rate_decays(patterns):
    """At a constant rate chains stay behind: the pseudo-likelihood rises, and the likelihood falls after a while."""
    x = states(4)[np.array(patterns)[np.random.default_rng(0).integers(0, len(patterns), 200)]]
    found = []
    for epochs in (30, 300, 1000, 3000):
        run = zoo.train(NAME, x, units=4, persistent=True, epochs=epochs, verbose=0)
        found.append(float(np.mean(run.model.log_likelihood(x))))
    assert np.all(np.diff(found) > -0.05)
    assert found[-1] > -np.log(len(patterns)) - 0.1  # the best there is, less a little


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["fused", "keras", pytest.param("xla", marks=pytest.mark.tensorflow)])
def test_every_way_of_training_learns_and_the_seed_decides(engine):
    runs = [
        zoo.train(
            NAME,
            bars_and_stripes(3),
            units=8,
            epochs=60,
            batch_size=5,
            learning_rate=0.5,
            engine=engine,
            seed=seed,
            verbose=0,
        )
        for seed in (0, 0, 1)
    ]
    first, same, other = (run.model.components for run in runs)
    np.testing.assert_array_equal(first, same)
    assert not np.array_equal(first, other)
    assert runs[0].history["loss"][-1] < runs[0].history["loss"][0]


def test_images_are_learnt_as_grey_levels():
    run = zoo.train(NAME, "digits", epochs=12, verbose=0)
    images = zoo.data.load("digits").x[:10]
    assert run.model.components.shape == (64, 64)
    assert run.model.predict(images, verbose=0).shape == (10, 64)
    pixels = images.reshape(10, -1) / 255.0
    np.testing.assert_allclose(run.model.free_energy(images), run.model.free_energy(pixels))
    assert np.mean((run.model.reconstruct(images) - pixels) ** 2) < np.mean((pixels - pixels.mean(axis=0)) ** 2)
    assert run.metrics["train"]["reconstruction_error"] == pytest.approx(run.history["loss"][-1], abs=0.01)


def test_the_first_weights_are_small_and_the_biases_zero():
    layer = machine(np.zeros((2, 500)), units=200).network.get_layer("hidden")
    assert np.std(layer.w) == pytest.approx(0.01, rel=0.02)
    assert not np.any(layer.b) and not np.any(layer.c)


# At the door.


@pytest.mark.parametrize(
    "options, message",
    [
        ({"units": 0}, "`units` must be an integer, 1 or more. Received: units=0"),
        ({"steps": 0}, "`steps` must be an integer, 1 or more"),
        ({"chains": 2.0}, "`chains` must be an integer, 1 or more"),
        ({"persistent": 3}, "`persistent` must be True or False. Received: persistent=3"),
    ],
)
def test_an_option_out_of_its_range_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        zoo.build(NAME, **options)


def test_rows_that_are_no_probabilities_are_refused():
    model = machine(np.zeros((2, 5)))
    with pytest.raises(ValueError, match="Visible units must be 0 and 1, .* Received: from -1 to 2"):
        model.fit(np.array([[0, -1, 2, 0, 0]], "float32"), verbose=0)


def test_sequences_rows_of_another_width_and_no_samples_are_refused():
    with pytest.raises(ValueError, match="takes rows or images. Received: sequences"):
        restricted_boltzmann_machine(Spec("features", num_inputs=3, sequences=True))
    model = machine(np.zeros((2, 5)))
    with pytest.raises(ValueError, match=r"5 visible units. Received: the shape \(2, 3\)"):
        model.free_energy(np.zeros((2, 3)))
    with pytest.raises(ValueError, match="`rows` must be an integer, 1 or more. Received: rows=0"):
        model.sample(0)


# As any model of the zoo.


@pytest.mark.usefixtures("quick_proof")
@pytest.mark.tensorflow
def test_an_export_answers_as_python_does_and_trains_on(tmp_path):
    x = bars_and_stripes(3)
    run = zoo.train(NAME, x, units=6, epochs=5, persistent=True, verbose=0)
    zoo.export(run, tmp_path / "machine")
    again = zoo.load(tmp_path / "machine" / "1")
    np.testing.assert_allclose(again.predict(x, verbose=0), run.model.predict(x, verbose=0), atol=1e-6)
    again.fit(x, verbose=0)
    assert not np.array_equal(again.components, run.model.components)


def test_the_layer_says_how_it_was_made():
    again = HiddenUnits.from_config(HiddenUnits(5, 2, 7, 3).get_config())
    assert (again.units, again.steps, again.chains, again.seed) == (5, 2, 7, 3)
