"""Ramsauer and others 2020: what one update retrieves, how many patterns, and what the energy does."""

import numpy as np
import pytest
from scipy.special import logsumexp, softmax

import zoo
from zoo.models.modern_hopfield import PatternStore, modern_hopfield
from zoo.registry import Spec


def on_sphere(count, units, radius=1.0, seed=0):
    x = np.random.default_rng(seed).normal(size=(count, units))
    return (radius * x / np.linalg.norm(x, axis=1, keepdims=True)).astype("float32")


def memory(patterns, batch_size=None, **options):
    model = zoo.build("modern_hopfield", patterns, **options)
    model.fit(patterns, batch_size=batch_size, verbose=0)
    return model


def recall(model, states):
    return model.predict(np.asarray(states, "float32"), verbose=0)


def energy(patterns, states, beta):
    """Equation (2) of the paper."""
    x, s = patterns.astype("float64"), states.astype("float64")
    largest = np.max(np.linalg.norm(x, axis=1))
    lse = logsumexp(beta * s @ x.T, axis=1) / beta
    return -lse + 0.5 * np.sum(s**2, axis=1) + np.log(len(x)) / beta + 0.5 * largest**2


# Storing.


@pytest.mark.parametrize("batch_size", [1, 7, 30])
def test_fit_stores_each_row_once_in_its_order(batch_size):
    patterns = on_sphere(30, 10)
    model = zoo.build("modern_hopfield", patterns)
    model.fit(np.concatenate([patterns, patterns[::-1]]), batch_size=batch_size, epochs=3, verbose=0)
    np.testing.assert_array_equal(model.patterns, patterns)


def test_rows_that_are_stored_already_leave_no_gap_and_no_trace():
    a, b, c, d = patterns = on_sphere(4, 10)
    model = zoo.build("modern_hopfield", patterns)
    for rows in ([a, a, b, a], [b, c, a, c], [c, d, d]):
        model.train_on_batch(np.stack(rows))
    np.testing.assert_array_equal(model.patterns, patterns)
    assert np.count_nonzero(model.get_weights()[0].any(axis=1)) == 4


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["fused", "keras", pytest.param("xla", marks=pytest.mark.tensorflow)])
def test_every_way_of_training_stores_the_same_and_goes_on_storing(engine):
    patterns = on_sphere(30, 10)
    run = zoo.train("modern_hopfield", patterns[:20], beta=50.0, batch_size=7, epochs=2, engine=engine, verbose=0)
    zoo.train(run.model, patterns[15:], engine=engine, verbose=0)
    np.testing.assert_array_equal(run.model.patterns, patterns)
    assert run.metrics["train"]["retrieval_error"] < 0.05
    assert zoo.evaluate(run.model, patterns, verbose=0)["retrieval_error"] < 0.05


def test_there_is_room_for_the_rows_of_the_data_and_for_at_least_1024():
    assert zoo.build("modern_hopfield", on_sphere(30, 10)).network.get_layer("store").capacity == 1024
    assert zoo.build("modern_hopfield", on_sphere(2000, 10)).network.get_layer("store").capacity == 2000


def test_the_loss_is_how_far_an_update_moves_the_rows_stored():
    patterns = on_sphere(20, 10)
    model = zoo.build("modern_hopfield", patterns, beta=5.0)
    loss = model.fit(patterns, verbose=0).history["loss"][0]
    expected = np.mean((softmax(5.0 * patterns @ patterns.T, axis=1) @ patterns - patterns) ** 2)
    assert loss == pytest.approx(expected, rel=1e-4)


# Recalling.


def test_an_update_is_the_attention_of_transformers():
    """softmax(beta q k') v, with keys and values both the stored patterns and beta = 1 / sqrt(d)."""
    keys, queries = on_sphere(40, 16, radius=4.0), on_sphere(9, 16, radius=4.0, seed=1)
    model = memory(keys, beta=1 / 4, steps=1)
    weights = softmax(queries @ keys.T / np.sqrt(16), axis=1)
    np.testing.assert_allclose(recall(model, queries), weights @ keys, atol=1e-5)
    np.testing.assert_allclose(model.attention(queries), weights, atol=1e-6)


@pytest.mark.parametrize("steps", [1, 2, 5])
def test_updates_follow_one_another_and_the_energy_never_rises(steps):
    patterns, states = on_sphere(40, 8, radius=2.0), on_sphere(30, 8, radius=2.0, seed=1)
    model, beta = memory(patterns, beta=2.0, steps=steps), 2.0
    path = [states.astype("float64")]
    for _ in range(steps):
        path.append(softmax(beta * path[-1] @ patterns.T, axis=1) @ patterns)
    np.testing.assert_allclose(recall(model, states), path[-1], atol=1e-5)
    energies = np.array([model.energy(s) for s in path])
    np.testing.assert_allclose(energies, [energy(patterns, s, beta) for s in path], rtol=1e-6)
    assert np.diff(energies, axis=0).max() < 0.0


def test_the_energy_lies_between_0_and_2_m_squared():
    """As the paper has it, for states of no greater length than the longest pattern."""
    patterns = on_sphere(40, 8, radius=2.0)
    model = memory(patterns)
    states = np.concatenate([on_sphere(200, 8, radius, seed=1) for radius in (0.1, 1.0, 2.0)] + [patterns, -patterns])
    found = model.energy(states)
    assert found.min() >= 0.0 and found.max() <= 8.0
    assert model.energy(patterns[0]) == pytest.approx(energy(patterns, patterns[:1], 1.0)[0], rel=1e-6)


def test_recall_ends_at_a_fixed_point():
    patterns = on_sphere(40, 8, radius=2.0)
    model = memory(patterns, beta=1.5)
    ends = recall(model, on_sphere(30, 8, radius=2.0, seed=1)).astype("float64")
    np.testing.assert_allclose(softmax(1.5 * ends @ patterns.T, axis=1) @ patterns, ends, atol=2e-5)


def test_one_update_retrieves_well_separated_patterns():
    """Theorem 5: the error is exponentially small in the separation Delta: 2 (K - 1) exp(-beta Delta) M at most."""
    patterns = on_sphere(50, 64, radius=8.0)
    model = memory(patterns, beta=1.0, steps=1)
    inner = patterns @ patterns.T
    separation = np.min(np.diag(inner)[:, None] - inner + 1e9 * np.eye(50), axis=1)
    found = recall(model, patterns)
    errors = np.linalg.norm(found - patterns, axis=1)
    assert np.all(errors <= 2 * 49 * np.exp(-separation) * 8.0 + 1e-5)
    assert errors.max() < 1e-4
    noisy = patterns + np.random.default_rng(1).normal(0, 0.3, patterns.shape)
    assert np.linalg.norm(recall(model, noisy) - patterns, axis=1).max() < 1e-3


def test_many_more_patterns_than_units_are_retrieved():
    """Theorem 3: exponentially many random patterns on a sphere of radius K sqrt(d - 1); here 4,000 in 20 units."""
    patterns = on_sphere(4000, 20, radius=3 * np.sqrt(19))
    model = memory(patterns, steps=1)
    noisy = patterns[:500] + np.random.default_rng(1).normal(0, 0.5, (500, 20))
    assert np.linalg.norm(recall(model, noisy) - patterns[:500], axis=1).max() < 0.01 * np.linalg.norm(patterns[0])


def test_discrete_patterns_are_retrieved_far_beyond_0_138_n():
    patterns = np.random.default_rng(0).choice(np.array([-1.0, 1.0], "float32"), (1000, 100))
    model, probes = memory(patterns), patterns.copy()
    for i, probe in enumerate(probes):
        probe[np.random.default_rng(i).choice(100, 15, replace=False)] *= -1
    np.testing.assert_allclose(recall(model, probes), patterns, atol=1e-5)


def test_at_a_low_beta_all_patterns_share_one_fixed_point_near_their_mean():
    patterns = on_sphere(30, 8)
    ends = recall(memory(patterns, beta=0.01), on_sphere(20, 8, seed=1))
    np.testing.assert_allclose(ends, np.tile(patterns.mean(axis=0), (20, 1)), atol=0.01)
    np.testing.assert_allclose(ends, ends[:1].repeat(20, axis=0), atol=1e-5)


def test_similar_patterns_share_a_metastable_state_at_their_mean():
    """Two clusters, far apart: a state ends at the mean of its own."""
    generator = np.random.default_rng(0)
    centers = np.array([[5.0, 0, 0, 0], [-5.0, 0, 0, 0]])
    patterns = np.concatenate([c + generator.normal(0, 0.05, (20, 4)) for c in centers]).astype("float32")
    ends = recall(memory(patterns), patterns[[0, 25]])
    means = np.stack([patterns[:20].mean(axis=0), patterns[20:].mean(axis=0)])
    np.testing.assert_allclose(ends, means, atol=0.02)


def test_a_network_that_has_stored_nothing_leaves_states_as_they_are():
    states = on_sphere(5, 100)
    np.testing.assert_array_equal(recall(zoo.build("modern_hopfield"), states), states)


# At the door.


@pytest.mark.parametrize(
    "options, message",
    [
        ({"beta": 0.0}, "`beta` must be positive and finite. Received: beta=0.0"),
        ({"beta": float("inf")}, "`beta` must be positive and finite"),
        ({"beta": "high"}, "`beta` must be positive and finite"),
        ({"capacity": 0}, "`capacity` must be an integer, 1 or more"),
        ({"steps": 1.5}, "`steps` must be an integer, 1 or more. Received: steps=1.5"),
    ],
)
def test_an_option_out_of_its_range_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        zoo.build("modern_hopfield", **options)


def test_images_are_refused():
    with pytest.raises(ValueError, match="Patterns must be an array .rows, units.. Received: images"):
        modern_hopfield(Spec("association", image_shape=(8, 8, 1)))


def test_more_patterns_than_there_is_room_for_are_refused_with_the_numbers():
    patterns = on_sphere(30, 10)
    model = zoo.build("modern_hopfield", patterns, capacity=20)
    model.fit(patterns[:15], verbose=0)
    with pytest.raises(ValueError, match=r"room for 20 .* 15 new ones beside 15 stored.*capacity=30"):
        model.fit(patterns, verbose=0)
    model.fit(patterns[:15], verbose=0)
    model.fit(patterns[10:20], verbose=0)
    np.testing.assert_array_equal(model.patterns, patterns[:20])


def test_what_a_stream_brings_beyond_the_room_leaves_the_stored_alone():
    patterns = on_sphere(30, 10)
    model = zoo.build("modern_hopfield", patterns, capacity=20)
    for start in (0, 15):
        model.train_on_batch(patterns[start : start + 15])
    np.testing.assert_array_equal(model.patterns, patterns[:20])


def test_patterns_that_are_not_finite_are_refused():
    model = zoo.build("modern_hopfield")
    with pytest.raises(ValueError, match="Patterns must be finite. Received: inf"):
        model.fit({"inputs": np.full((2, 100), np.inf, "float32")}, verbose=0)


def test_states_that_cannot_be_compared_are_refused():
    model = zoo.build("modern_hopfield")
    with pytest.raises(ValueError, match=r"States must have the shape \(rows, 100\)"):
        model.energy(np.ones((2, 3)))
    with pytest.raises(ValueError, match="No patterns are stored"):
        model.energy(np.ones((2, 100)))


# As any model of the zoo.


@pytest.mark.usefixtures("quick_proof")
@pytest.mark.tensorflow
def test_an_export_recalls_as_python_does_and_stores_on(tmp_path):
    patterns = on_sphere(30, 10, radius=3.0)
    model = memory(patterns[:20])
    zoo.export(model, tmp_path / "memory")
    again = zoo.load(tmp_path / "memory" / "1")
    again.fit(patterns[20:], verbose=0)
    np.testing.assert_array_equal(again.patterns, patterns)


def test_the_layer_says_how_it_was_made():
    again = PatternStore.from_config(PatternStore(5, 2.0, 3).get_config())
    assert (again.capacity, again.beta, again.steps) == (5, 2.0, 3)
