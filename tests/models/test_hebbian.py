"""Hebb 1949 and after: how synapses grow, weaken, vanish, and what they find in the data."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris

import zoo
from zoo.models.hebbian import A_MINUS, A_PLUS, TAU, hebbian
from zoo.registry import Spec

IRIS = load_iris().data
IRIS = ((IRIS - IRIS.mean(axis=0)) / IRIS.std(axis=0)).astype("float32")
OJA = np.array([0.5211, -0.2693, 0.5804, 0.5649])  # the published first component of these rows


def with_weights(model, w):
    layer = model.network.layers[-1]
    layer.w.assign(np.asarray(w, "float32"))
    return model


def test_hebb_s_rule_adds_eta_y_x_row_by_row():
    model = zoo.build("hebbian", IRIS, units=2)
    w = model.components.astype("float64")
    model.fit(IRIS[:10], shuffle=False, verbose=0)
    for x in IRIS[:10].astype("float64"):
        w += 1e-3 * np.outer(w @ x, x)
    np.testing.assert_allclose(model.components, w, rtol=1e-5)


def test_a_step_on_several_rows_takes_the_mean_of_y_x():
    model = zoo.build("hebbian", IRIS, units=3)
    w = model.components.astype("float64")
    model.fit(IRIS, batch_size=150, verbose=0)
    np.testing.assert_allclose(model.components, w + 1e-3 * w @ IRIS.T @ IRIS / 150, rtol=1e-5)


def test_hebb_s_rule_grows_without_bound_along_the_first_component():
    run = zoo.train("hebbian", IRIS, learning_rate=0.02, batch_size="full", epochs=200, verbose=0)
    activity = np.array(run.history["loss"])  # y^2
    assert np.all(np.diff(activity) > 0) and activity[-1] > 1e8
    np.testing.assert_allclose(activity[-1] / activity[-2], (1 + 0.02 * 2.9185) ** 2, rtol=1e-4)
    w = run.model.components[0] / np.linalg.norm(run.model.components)
    np.testing.assert_allclose(w * np.sign(w[0]), OJA, atol=1e-3)


def test_the_covariance_rule_strengthens_what_is_active_together_and_weakens_what_is_active_apart():
    """The third input is silent when the first two are active; means other than 0 do not matter."""
    together = np.random.default_rng(0).random((400, 1))
    x = np.concatenate([together, together, 1.0 - together, np.full((400, 1), 3.0)], axis=1).astype("float32")
    model = with_weights(zoo.build("hebbian", x, rule="covariance"), [[0.5, 0.2, 0.3, 0.4]])
    model.fit(x, epochs=1, verbose=0)
    w = np.array([[0.5, 0.2, 0.3, 0.4]])
    centered = x - x.mean(axis=0)
    change = 1e-3 * ((x @ w.T - (x @ w.T).mean(axis=0)).T @ centered) / 400
    np.testing.assert_allclose(model.components - w, change, atol=1e-7)
    assert change[0, 0] > 0 and change[0, 1] > 0 and change[0, 2] < 0 and abs(change[0, 3]) < 1e-9
    hebb = with_weights(zoo.build("hebbian", x), w)
    hebb.fit(x, batch_size=400, verbose=0)
    assert np.all(hebb.components > w)  # the postulate alone strengthens all that is active


def test_the_covariance_rule_online_takes_the_means_of_the_rows_so_far():
    model = zoo.build("hebbian", IRIS, rule="covariance")
    w, mean = model.components.astype("float64"), np.zeros(4)
    model.fit(IRIS[:20] + 5.0, batch_size=4, shuffle=False, verbose=0)
    for i, x in enumerate((IRIS[:20].astype("float64") + 5.0).reshape(5, 4, 4)):
        mean += (x.mean(axis=0) - mean) / (i + 1)
        w += 1e-3 * (w @ (x - mean).T @ (x - mean)) / 4
    np.testing.assert_allclose(model.components, w, rtol=1e-5)


@pytest.mark.parametrize("source", ["iris", IRIS])
def test_oja_s_rule_finds_the_first_component_of_iris_with_norm_one(source):
    w = zoo.train("hebbian", source, rule="oja", verbose=0).model.components[0]
    np.testing.assert_allclose(w * np.sign(w[0]), OJA, atol=5e-5)
    assert np.linalg.norm(w) == pytest.approx(1.0, abs=1e-5)


def test_oja_s_rule_online_comes_as_near_as_its_rate_allows():
    how = {"learning_rate": 2e-3, "batch_size": 1, "epochs": 20}
    w = zoo.train("hebbian", IRIS, rule="oja", verbose=0, **how).model.components[0]
    np.testing.assert_allclose(w * np.sign(w[0]), OJA, atol=0.03)
    assert np.linalg.norm(w) == pytest.approx(1.0, abs=0.03)


def test_a_step_of_oja_s_and_of_sanger_s_rule_against_numpy():
    for rule, lower in (("oja", np.eye(3)), ("sanger", np.tril(np.ones((3, 3))))):
        model = with_weights(zoo.build("hebbian", IRIS, rule=rule, units=3, encodings="raw"), np.ones((3, 4)) / 3)
        model.optimizer.learning_rate = 0.01
        w = np.ones((3, 4)) / 3
        model.fit(IRIS[:8], batch_size=1, shuffle=False, verbose=0)
        for x in IRIS[:8].astype("float64"):
            y = w @ x
            w = w + 0.01 * (np.outer(y, x) - (lower * np.outer(y, y)) @ w)
        np.testing.assert_allclose(model.components, w, rtol=1e-4, atol=1e-6)


def test_sanger_s_rule_finds_all_components_in_their_order():
    run = zoo.train("hebbian", "iris", rule="sanger", verbose=0)
    _, s, v = np.linalg.svd(IRIS.astype("float64"), full_matrices=False)
    w = run.model.components
    np.testing.assert_allclose(w * np.sign(w[:, :1]), v * np.sign(v[:, :1]), atol=1e-3)
    np.testing.assert_allclose(w @ w.T, np.eye(4), atol=1e-3)
    frame = load_iris(as_frame=True).data.set_axis(run.model.schema.names, axis=1)
    np.testing.assert_allclose(run.model.variances(frame), s**2 / 150, rtol=1e-3)
    np.testing.assert_allclose(run.model.variances(frame) / 4, [0.7296, 0.2285, 0.0367, 0.0052], atol=1e-4)
    assert run.metrics["train"]["unexplained"] < 1e-4


def test_the_stable_rates_end_at_one_over_the_largest_eigenvalue():
    """In numpy: just below, Oja's rule on all rows converges; just above, it does not."""
    c = IRIS.T.astype("float64") @ IRIS / 150
    largest = np.linalg.eigvalsh(c)[-1]

    def distance(rate):
        w = np.full(4, 0.4)
        for _ in range(20_000):
            w = w + rate * (c @ w - (w @ c @ w) * w)
        return abs(np.linalg.norm(w) - 1.0)

    assert distance(0.99 / largest) < 1e-6 < 1e-2 < distance(1.02 / largest)


@pytest.mark.parametrize("rule", ["oja", "sanger"])
def test_an_unstable_rate_is_refused_with_the_largest_stable_one(rule):
    with pytest.raises(ValueError, match=r"below 1 / lambda_1 = 0.3426.*Received: learning_rate=0.35. Pass .*=0.34`,"):
        zoo.train("hebbian", "iris", rule=rule, learning_rate=0.35, verbose=0)
    zoo.train("hebbian", "iris", rule=rule, learning_rate=0.34, epochs=1, verbose=0)
    model = zoo.build("hebbian", 100.0 * IRIS, rule=rule)
    model.optimizer.learning_rate = 0.05
    with pytest.raises(ValueError, match=r"Pass `learning_rate=3.4e-05`, or standardise"):
        model.fit(100.0 * IRIS, verbose=0)


@pytest.mark.slow
def test_of_an_array_it_finds_the_components_of_its_own_covariance_at_a_rate_that_suits_it():
    """Of a table those of its correlations: columns in other units are standardised."""
    generator = np.random.default_rng(1)
    x = generator.normal(size=(400, 3)) * [9.0, 3.0, 1.0] @ np.linalg.qr(generator.normal(size=(3, 3)))[0]
    x = (x - x.mean(axis=0)).astype("float32")
    first = np.linalg.svd(x.astype("float64"), full_matrices=False)[2][:1]
    model = zoo.build("hebbian", x, rule="oja")
    model.fit(x, epochs=100, verbose=0)
    for w in (model.components, zoo.train("hebbian", x, rule="oja", verbose=0).model.components):
        np.testing.assert_allclose(w * np.sign(w @ first.T), first, atol=1e-4)
    correlated = np.linalg.svd((x / x.std(axis=0)).astype("float64"), full_matrices=False)[2][:1]
    for data, options in ((pd.DataFrame(x, columns=list("abc")), {}), (x, {"encodings": "standard"})):
        w = zoo.train("hebbian", data, rule="oja", verbose=0, **options).model.components
        np.testing.assert_allclose(w * np.sign(w @ correlated.T), correlated, atol=1e-4)
    assert abs(first @ correlated.T) < 0.99


def test_pruned_synapses_stay_removed():
    model = with_weights(zoo.build("hebbian", IRIS, prune_below=0.3), [[0.9, 0.31, -0.2, -0.8]])
    assert np.count_nonzero(model.components) == 4  # nothing is removed before it has learnt
    model.fit(np.zeros((2, 4), "float32"), verbose=0)
    np.testing.assert_allclose(model.components, [[0.9, 0.31, 0.0, -0.8]], rtol=1e-6)
    x = np.tile(np.array([[1.0, 0.0, -5.0, 0.0]], "float32"), (50, 1))
    model.fit(x, epochs=3, verbose=0)
    grown = model.components
    assert grown[0, 2] == 0.0 and grown[0, 0] > 0.9
    assert model.predict(np.array([[0.0, 0.0, 1.0, 0.0]], "float32"), verbose=0).item() == 0.0


def test_a_synapse_that_shrinks_below_the_threshold_is_removed():
    x = np.array([[1.0, -1.0], [-1.0, 1.0]], "float32")
    model = with_weights(zoo.build("hebbian", x, rule="covariance", prune_below=0.05), [[1.0, 0.3]])
    model.optimizer.learning_rate = 0.1
    seen = []
    for _ in range(12):
        model.fit(x, verbose=0)
        seen.append(model.components[0, 1])
    first = seen.index(0.0)
    assert all(np.diff(seen[:first]) < 0) and first > 1 and set(seen[first:]) == {0.0}


def test_keys_that_are_orthonormal_recall_their_values_exactly():
    generator = np.random.default_rng(0)
    keys = np.linalg.qr(generator.normal(size=(8, 8)))[0][:5].astype("float32")
    values = generator.choice([-1.0, 1.0], (5, 3)).astype("float32")
    run = zoo.train("hebbian", (keys, values), rule="outer_product", units=3, verbose=0)
    np.testing.assert_allclose(run.model.components, values.T @ keys, atol=1e-6)
    np.testing.assert_allclose(run.model.predict(keys, verbose=0), values, atol=1e-5)
    assert run.metrics["train"]["recall_error"] < 1e-5
    np.testing.assert_allclose(zoo.predict(run.model, keys).to_numpy(), values, atol=1e-5)


def test_the_outer_product_s_own_pairs_are_recalled_exactly():
    run = zoo.train("hebbian", rule="outer_product", verbose=0)
    pairs = zoo.data.load("pattern_pairs")
    assert run.data["source"] == "pattern_pairs" and run.metrics["train"]["recall_error"] < 1e-6
    np.testing.assert_allclose(zoo.predict(run, pairs.x).to_numpy(), pairs.y, atol=1e-6)


def test_other_keys_recall_their_values_and_the_cross_talk_of_the_others():
    generator = np.random.default_rng(1)
    keys, values = generator.normal(size=(6, 10)).astype("float32"), generator.normal(size=(6, 4)).astype("float32")
    model = zoo.build("hebbian", (keys, values), rule="outer_product", units=4)
    model.fit(keys, values, verbose=0)
    crosstalk = (keys @ keys.T) @ values  # sum_k (x_j . x_k) y_k
    np.testing.assert_allclose(model.predict(keys, verbose=0), crosstalk, rtol=1e-4, atol=1e-4)


def test_units_of_the_outer_product_are_as_wide_as_y_or_as_x_alone():
    x, y = np.eye(3, dtype="float32"), np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], "float32")
    model = zoo.build("hebbian", (x, y), rule="outer_product")
    model.fit(x, y, verbose=0)
    np.testing.assert_allclose(model.components, y.T)
    completes = zoo.build("hebbian", x, rule="outer_product")
    completes.fit(x, x, verbose=0)
    np.testing.assert_allclose(completes.components, np.eye(3))


def test_the_outer_product_says_what_pairs_must_be():
    x = np.eye(3, dtype="float32")
    model = zoo.build("hebbian", x, rule="outer_product", units=2)
    with pytest.raises(ValueError, match=r"learns pairs.*x alone.*Pass \(x, x\)"):
        model.fit(x, verbose=0)
    with pytest.raises(ValueError, match=r"shape \(rows, 2\).*\(3, 3\). Build with units=3"):
        model.fit(x, np.eye(3), verbose=0)


def train_of(*spikes, steps=60, inputs=3):
    """Returns one train: pairs (step, input)."""
    train = np.zeros((1, steps, inputs), "float32")
    for step, index in spikes:
        train[0, step, index] = 1.0
    return train


def spiking(train, w, **options):
    """Returns the change of the weights of a unit that the last input makes fire, one step after it."""
    model = zoo.build("hebbian", train, rule="stdp", threshold=0.9, **options)
    with_weights(model, [w])
    model.fit(train, verbose=0)
    return model.components[0].astype("float64") - w


@pytest.mark.parametrize("lead", [1, 7, 30])
def test_a_spike_before_the_unit_s_strengthens_and_one_after_it_weakens_by_exponential_windows(lead):
    """The last input fires at step 35 and the unit at 36, once, for it is reset."""
    w = np.array([0.125, 0.125, 0.96875])
    before = spiking(train_of((36 - lead, 0), (35, 2), steps=80), w)
    np.testing.assert_allclose(before[0], A_PLUS * np.exp(-lead / TAU), rtol=1e-3)
    after = spiking(train_of((36 + lead, 1), (35, 2), steps=80), w)
    np.testing.assert_allclose(after[1], -A_MINUS * np.exp(-lead / TAU), rtol=1e-3)
    assert before[1] == 0.0 and after[0] == 0.0
    np.testing.assert_allclose(before[2], A_PLUS * np.exp(-1 / TAU), rtol=1e-3)  # the cause itself


def test_the_windows_are_those_of_song_miller_and_abbott():
    assert (A_PLUS, TAU) == (0.005, 20.0) and A_MINUS == pytest.approx(0.00525)


def test_spikes_of_one_step_change_nothing_and_windows_scale_with_time_step_and_largest_weight():
    w = np.array([0.125, 0.125, 0.96875])
    assert spiking(train_of((36, 0), (35, 2)), w)[0] == 0.0
    half = spiking(train_of((30, 0), (35, 2)), w, dt=0.5)
    np.testing.assert_allclose(half[0], A_PLUS * np.exp(-6 * 0.5 / TAU), rtol=1e-3)
    double = spiking(train_of((30, 0), (35, 2)), w, w_max=2.0, tau=10.0)
    np.testing.assert_allclose(double[0], 2.0 * A_PLUS * np.exp(-6 / 10.0), rtol=1e-3)


def reference(trains, w, threshold):
    """All pairs of spikes, one by one, in double precision; returns the weights and the unit's spikes."""
    w, fired = w.astype("float64").copy(), []
    for train in trains:
        v, spikes = 0.0, []
        for t, now in enumerate(train):
            v = v * np.exp(-1.0 / 20.0) + (w @ train[t - 1] if t else 0.0)
            fires = v >= threshold
            change = np.zeros_like(w)
            if fires:
                v = 0.0
                for s in range(t):
                    change += train[s] * A_PLUS * np.exp(-(t - s) / TAU)
            for s in spikes:
                change -= now * A_MINUS * np.exp(-(t - s) / TAU)
            w = np.clip(w + change, 0.0, 1.0)
            if fires:
                spikes.append(t)
        fired.append(spikes)
    return w, fired


def test_many_spikes_change_the_weights_as_the_sum_over_all_pairs_within_bounds():
    trains = (np.random.default_rng(0).random((3, 120, 6)) < 0.1).astype("float32")
    start = np.array([0.0, 0.2, 0.5, 0.8, 1.0, 0.999])
    w, _ = reference(trains, start, 1.013)  # a threshold that no sum meets by rounding
    model = with_weights(zoo.build("hebbian", trains, rule="stdp", threshold=1.013), [start])
    model.fit(trains, shuffle=False, verbose=0)
    np.testing.assert_allclose(model.components[0], w, atol=2e-5)
    _, fired = reference(trains[:1], model.components[0] * 1.0, 1.013)
    silent = model.predict(trains[:1], verbose=0)
    assert silent.shape == (1, 120, 1) and 0 < silent.sum() and set(np.unique(silent)) == {0.0, 1.0}
    assert fired[0][0] == int(np.argmax(silent[0, :, 0]))  # until then nothing is learnt that could differ


def test_inputs_that_fire_together_win():
    w = zoo.train("hebbian", rule="stdp", verbose=0).model.components[0]
    assert w[:10].min() > 0.95 and w[10:].mean() < 0.6 and 0.0 <= w.min() and w.max() <= 1.0


def test_spike_trains_are_sequences_of_0_and_1():
    with pytest.raises(ValueError, match="must hold 0 and 1 alone. Received: 0.5"):
        zoo.build("hebbian", np.full((2, 5, 3), 0.5), rule="stdp")
    with pytest.raises(ValueError, match="learns from spike trains.*rows of numbers for rule='stdp'"):
        zoo.build("hebbian", np.eye(3), rule="stdp")
    with pytest.raises(ValueError, match="Received: sequences for rule='hebb'. Pass rule='stdp'"):
        zoo.build("hebbian", np.ones((2, 5, 3)))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rule": "oya"}, "`rule` must be one of .*Did you mean 'oja'.*Received: rule='oya'"),
        ({"encodings": "image"}, "`encodings` must be 'raw', 'standard', or a dict"),
        ({"units": 0}, "`units` must be a whole number from 1. Received: units=0"),
        ({"prune_below": -1.0}, "`prune_below` must be finite, 0 or more"),
        ({"tau": 0.0}, "`tau` must be positive and finite"),
        ({"rule": "sanger", "units": 5}, "as many principal components as inputs, 4. Received: units=5"),
    ],
)
def test_wrong_options_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        hebbian(Spec("features", num_inputs=4), **options)


@pytest.mark.parametrize("option", ["dt", "tau", "w_max", "threshold", "prune_below"])
def test_an_option_that_is_no_number_is_told_by_name(option):
    with pytest.raises(ValueError, match=f"`{option}` must be"):
        zoo.build("hebbian", np.eye(3), **{option: "a"})
