"""Hopfield 1982 and the rules after him: what is stored, how much, what recall does and where it goes wrong."""

import math
from contextlib import nullcontext

import keras
import numpy as np
import pytest
from scipy.special import erfc

import zoo
from zoo.data.drawn import signs
from zoo.models.hopfield import HopfieldUnits, capacity, hopfield
from zoo.registry import Spec


def random_patterns(count, units, seed=0):
    return np.random.default_rng(seed).choice(np.array([-1.0, 1.0], "float32"), (count, units))


def flipped(patterns, share, seed=1):
    """Returns patterns with exactly this share of their units turned over."""
    generator, probes = np.random.default_rng(seed), patterns.copy()
    for probe in probes:
        probe[generator.choice(len(probe), round(share * len(probe)), replace=False)] *= -1
    return probes


def memory(patterns, batch_size=None, **options):
    """Returns a network that holds patterns."""
    model = zoo.build("hopfield", patterns, **options)
    model.fit(patterns, batch_size=batch_size, verbose=0)
    return model


def with_weights(w, **options):
    """Returns a network of given weights, its diagonal or count as it was."""
    model = zoo.build("hopfield", random_patterns(2, len(w)), **options)
    model.network.get_layer("units").w.assign(w)
    return model


def recall(model, probes):
    return model.predict(np.asarray(probes, "float32"), verbose=0)


def symmetric(units, seed=0):
    """Returns random weights on a grid of 1/64: sums are exact in float32 and float64 alike, and some are 0."""
    w = np.round(np.random.default_rng(seed).normal(size=(units, units)) * 64) / 64
    return np.triu(w, 1) + np.triu(w, 1).T


# Storing.


def hebb(patterns):
    n = patterns.shape[1]
    return sum(np.outer(x, x) for x in patterns.astype("float64")) / n * (1 - np.eye(n))


def storkey(patterns):
    """The formula as Storkey has it, unit by unit."""
    n = patterns.shape[1]
    w = np.zeros((n, n))
    for x in patterns.astype("float64"):
        h = np.array([[sum(w[i, k] * x[k] for k in range(n) if k not in (i, j)) for j in range(n)] for i in range(n)])
        w = w + np.array(
            [[(x[i] * x[j] - x[i] * h[j, i] - h[i, j] * x[j]) / n * (i != j) for j in range(n)] for i in range(n)]
        )
    return w


def projection(patterns):
    n = patterns.shape[1]
    return np.linalg.pinv(patterns.astype("float64")) @ patterns * (1 - np.eye(n))


RULES = {"hebb": hebb, "storkey": storkey, "projection": projection}


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("batch_size", [1, 3, 8])
def test_a_rule_stores_what_its_formula_says_at_any_batch_size(rule, batch_size):
    patterns = random_patterns(8, 30 if rule == "storkey" else 60)
    model = memory(patterns, batch_size, rule=rule)
    np.testing.assert_allclose(model.couplings, RULES[rule](patterns), atol=1e-6)
    assert model.stored == 8
    assert np.array_equal(model.couplings, model.couplings.T)
    assert not np.diag(model.couplings).any()


@pytest.mark.slow
@pytest.mark.parametrize("rule", RULES)
def test_storing_again_keeps_what_is_there(rule):
    patterns = random_patterns(8, 200)
    model = memory(patterns[:3], rule=rule)
    model.fit(patterns[3:], verbose=0)
    model2 = memory(patterns, rule=rule)
    np.testing.assert_allclose(model.couplings, model2.couplings, atol=1e-6)
    assert np.array_equal(recall(model, patterns), patterns)


@pytest.mark.parametrize(
    "engine",
    [
        "fused",
        pytest.param("keras", marks=pytest.mark.slow),
        pytest.param("xla", marks=[pytest.mark.slow, pytest.mark.tensorflow]),
    ],
)
@pytest.mark.parametrize("rule", RULES)
def test_every_way_of_training_stores_the_same(rule, engine):
    patterns = random_patterns(8, 200)
    run = zoo.train("hopfield", patterns, rule=rule, batch_size=3, engine=engine, verbose=0)
    np.testing.assert_allclose(run.model.couplings, memory(patterns, rule=rule).couplings, atol=1e-6)
    assert run.metrics["train"]["stable"] == 1.0 and run.metrics["train"]["mean_overlap"] == 1.0
    assert zoo.evaluate(run.model, patterns, verbose=0)["stable"] == 1.0


def test_the_loss_is_the_energy_that_the_patterns_have_once_stored():
    patterns = random_patterns(5, 60)
    model = zoo.build("hopfield", patterns)
    history = model.fit(patterns, verbose=0).history
    assert history["loss"][0] == pytest.approx(np.mean(model.energy(patterns)), rel=1e-5)


def test_projection_stays_exact_pattern_by_pattern_and_passes_over_what_it_holds():
    patterns = random_patterns(150, 300)
    model = memory(patterns, 1, rule="projection")
    np.testing.assert_allclose(model.couplings, projection(patterns), atol=2e-6)
    before = model.couplings
    model.fit(np.concatenate([patterns[:5], -patterns[:5]]), verbose=0)
    assert model.stored == 150
    np.testing.assert_allclose(model.couplings, before, atol=2e-6)


# Recalling.


def one_after_another(w, states, orders, sweeps):
    """Updates unit by unit in numpy; returns the states and every energy on the way `(rows, updates + 1)`."""
    ends, energies = [], []
    for s in states.astype("float64"):
        path = [-0.5 * s @ w @ s]
        for sweep in range(sweeps):
            for i in orders[sweep % len(orders)]:
                field = w[i] @ s
                s[i] = np.sign(field) if field else s[i]
                path.append(-0.5 * s @ w @ s)
        ends.append(s)
        energies.append(path)
    return np.array(ends), np.array(energies)


@pytest.mark.parametrize("units, sweeps", [(30, 1), (30, 2), (100, 1), (100, 6)])
def test_units_are_updated_one_after_another_and_the_energy_never_rises(units, sweeps):
    """30 units do not fill a block of 32, and 100 no four."""
    w, states = symmetric(units), random_patterns(20, units)
    model = with_weights(w, sweeps=sweeps)
    ends, energies = one_after_another(w, states, model.network.get_layer("units").orders, sweeps)
    assert np.diff(energies, axis=1).max() <= 0.0
    assert np.array_equal(recall(model, states), ends)
    np.testing.assert_allclose(model.energy(states), energies[:, 0])
    np.testing.assert_allclose(model.energy(ends), energies[:, -1])
    assert model.energy(states[0]) == pytest.approx(energies[0, 0])


def test_recall_ends_in_a_state_that_no_unit_wants_to_leave():
    w, states = symmetric(100), random_patterns(20, 100)
    ends = recall(with_weights(w), states)
    assert np.all(ends * (ends @ w) >= 0.0)


def test_each_sweep_has_an_order_of_its_own_which_the_seed_decides_on():
    orders = [zoo.build("hopfield", seed=seed).network.get_layer("units").orders for seed in (0, 0, 1)]
    assert all(np.array_equal(np.sort(order), np.arange(100)) for order in orders[0])
    assert len({tuple(order) for order in orders[0]}) == len(orders[0])
    assert np.array_equal(orders[0], orders[1]) and not np.array_equal(orders[0], orders[2])


@pytest.mark.parametrize("update", ["asynchronous", "synchronous"])
def test_a_unit_whose_sum_is_zero_stays(update):
    w = np.zeros((3, 3))
    w[0, 1] = w[1, 0] = w[0, 2] = w[2, 0] = 0.5
    states = np.array([[1, 1, -1], [-1, 1, -1]])
    ends = recall(with_weights(w, sweeps=1, update=update), states)
    assert ends[:, 0].tolist() == [1.0, -1.0]


def test_a_state_that_has_stored_nothing_stays():
    states = random_patterns(5, 100)
    assert np.array_equal(recall(zoo.build("hopfield"), states), states)


@pytest.mark.parametrize("sweeps, end", [(100, [1, -1]), (99, [-1, 1]), (1, [-1, 1]), (2, [1, -1])])
def test_synchronous_units_may_alternate_until_the_limit(sweeps, end):
    """Two units that want to be alike and are not: at once, each takes the other's state."""
    w = np.array([[0.0, 0.5], [0.5, 0.0]])
    assert recall(with_weights(w, update="synchronous", sweeps=sweeps), [[1, -1]])[0].tolist() == end
    ends = recall(with_weights(w, sweeps=sweeps), [[1, -1]])[0]
    assert ends[0] == ends[1]


@pytest.mark.parametrize("sweeps", [1, 2, 5, 100])
def test_synchronous_updates_are_those_of_numpy(sweeps):
    w, s = symmetric(50), random_patterns(20, 50)
    found = recall(with_weights(w, update="synchronous", sweeps=sweeps), s)
    for _ in range(sweeps):
        s = np.where(s @ w > 0, 1.0, np.where(s @ w < 0, -1.0, s))
    assert np.array_equal(found, s)


def test_fields_of_hebb_s_rule_tie_exactly_where_sums_of_integers_do():
    """7 units, so that 1/7 is no number of float32; x.s = 1 of 2 patterns each makes many sums zero."""
    patterns, states = random_patterns(2, 7), random_patterns(128, 7, seed=3)
    model = memory(patterns, sweeps=1, update="synchronous")
    fields = states @ (7 * hebb(patterns)).round()
    assert (fields == 0).any()
    assert np.array_equal(recall(model, states), np.where(fields == 0, states, np.sign(fields)))


# What the memory does.


@pytest.mark.slow
@pytest.mark.parametrize("update", ["asynchronous", "synchronous"])
@pytest.mark.parametrize("rule", RULES)
def test_a_pattern_with_15_per_cent_of_its_units_flipped_is_recalled(rule, update):
    patterns = random_patterns(12, 200)
    model = memory(patterns, rule=rule, update=update)
    assert np.array_equal(recall(model, flipped(patterns, 0.15)), patterns)


@pytest.mark.slow
def test_hebb_recalls_up_to_0_138_n_patterns_and_then_forgets_all():
    """Amit, Gutfreund, Sompolinsky 1985: the overlap with what is recalled drops from 0.97 at once."""
    units, found = 500, {}
    model = zoo.build("hopfield", random_patterns(2, units))
    layer = model.network.get_layer("units")
    for load in (0.05, 0.1, 0.2):
        overlaps = []
        for seed in range(3):
            layer.set_weights([np.zeros(weight.shape) for weight in layer.weights])
            patterns = random_patterns(round(load * units), units, seed)
            with pytest.warns(UserWarning, match="about 69 random patterns") if load > 0.138 else nullcontext():
                model.fit(patterns, batch_size=25, verbose=0)
            overlaps.append(np.mean(recall(model, patterns[:25]) * patterns[:25]))
        found[load] = np.mean(overlaps)
    assert found[0.05] > 0.999 and found[0.1] > 0.98
    assert found[0.2] < 0.7


@pytest.mark.slow
@pytest.mark.parametrize("load, error", [(0.138, 0.0036), (0.185, 0.01), (0.37, 0.05)])
def test_the_share_of_unstable_units_is_that_of_a_gaussian_crosstalk(load, error):
    """P = 1/2 erfc(sqrt(N / 2p)); the values in Hertz, Krogh and Palmer 1991, table 2.1."""
    units = 1000
    assert erfc(math.sqrt(1 / (2 * load))) / 2 == pytest.approx(error, rel=0.05)
    patterns = random_patterns(round(load * units), units)
    with pytest.warns(UserWarning, match="about 138 random patterns") if load > 0.138 else nullcontext():
        model = memory(patterns, update="synchronous", sweeps=1)
    assert np.mean(recall(model, patterns) != patterns) == pytest.approx(error, rel=0.15)


@pytest.mark.slow
def test_storkey_holds_more_than_hebb():
    """At 0.2 N, beyond 0.138 N and below N / sqrt(2 ln N) = 0.28 N."""
    patterns = random_patterns(100, 500)
    assert 100 < capacity("storkey", 500) < 142
    model = memory(patterns, rule="storkey")
    assert np.mean(recall(model, patterns) * patterns) > 0.999
    assert np.array_equal(recall(model, flipped(patterns, 0.05)), patterns)


@pytest.mark.slow
def test_projection_stores_half_as_many_random_patterns_as_units_exactly():
    patterns = random_patterns(100, 200)
    model = memory(patterns, rule="projection")
    assert np.array_equal(recall(model, patterns), patterns)
    assert np.array_equal(recall(model, flipped(patterns, 0.02)), patterns)


@pytest.mark.slow
def test_projection_stores_correlated_patterns_and_hebb_does_not():
    """The 26 letters, which share most of their paper."""
    letters = signs("ABCDEFGHIJKLMNOPQRSTUVWXYZ", scale=2)
    model = memory(letters, rule="projection")
    assert np.array_equal(recall(model, letters), letters)
    with pytest.warns(UserWarning, match="26"):
        model = memory(letters, rule="hebb")
    assert np.mean(np.all(recall(model, letters) == letters, axis=1)) < 0.2


@pytest.mark.slow
def test_projection_holds_one_pattern_less_than_there_are_units():
    patterns = random_patterns(39, 40)
    with pytest.warns(UserWarning, match=r"Beyond N/2 = 20 patterns .* Received: 39"):
        model = memory(patterns, rule="projection")
    assert model.stored == 39
    assert np.array_equal(recall(model, patterns), patterns)


@pytest.mark.slow
@pytest.mark.parametrize("rule", RULES)
def test_the_reverse_of_a_pattern_is_stored_with_it(rule):
    patterns = random_patterns(5, 200)
    model = memory(patterns, rule=rule)
    assert np.array_equal(recall(model, -patterns), -patterns)
    np.testing.assert_allclose(model.energy(-patterns), model.energy(patterns))


def test_a_mixture_of_three_patterns_is_stable_though_nobody_stored_it():
    patterns = random_patterns(3, 1000)
    model = memory(patterns)
    mixture = np.sign(patterns.sum(axis=0, keepdims=True))
    end = recall(model, mixture)
    assert np.mean(end * mixture) > 0.99
    np.testing.assert_allclose(model.overlap(end, patterns), [[0.5, 0.5, 0.5]], atol=0.06)
    assert model.energy(end)[0] > model.energy(patterns).max()  # and shallower than they are


def test_the_energy_of_one_stored_pattern_is_known():
    """E = -1/2 sum_ij (1/N) x_i x_j x_i x_j without the diagonal = -(N - 1) / 2."""
    patterns = random_patterns(1, 50)
    model = memory(patterns)
    np.testing.assert_allclose(model.energy(patterns), [-24.5], rtol=1e-6)
    np.testing.assert_allclose(model.overlap(patterns[0], [patterns[0], -patterns[0]]), [[1.0, -1.0]])


# At the door.


@pytest.mark.parametrize(
    "options, message",
    [
        ({"rule": "hebbian"}, "`rule` must be one of 'hebb', 'projection', 'storkey'. Did you mean 'hebb'"),
        ({"update": "parallel"}, "`update` must be one of 'asynchronous', 'synchronous'"),
        ({"sweeps": 0}, "`sweeps` must be an integer, 1 or more. Received: sweeps=0"),
    ],
)
def test_an_unknown_option_s_value_is_refused_with_the_known(options, message):
    with pytest.raises(ValueError, match=message):
        zoo.build("hopfield", **options)


def test_inputs_that_are_no_patterns_are_refused():
    with pytest.raises(ValueError, match="Patterns must be an array"):
        hopfield(Spec("association", image_shape=(8, 8, 1)))
    with pytest.raises(ValueError, match="at least 2 units"):
        hopfield(Spec("association", num_inputs=1))


def test_patterns_that_are_not_plus_or_minus_one_are_refused():
    with pytest.raises(ValueError, match="must hold -1 and 1 alone. Received: 0, in row 0"):
        zoo.build("hopfield", np.zeros((2, 5)))
    model = zoo.build("hopfield")
    for call in (model.fit, model.predict):
        with pytest.raises(ValueError, match="must hold -1 and 1 alone. Received: 0.5"):
            call(np.full((2, 100), 0.5), verbose=0)
    import pandas as pd

    frame = pd.DataFrame({"a": [0, 1, 1], "b": [1, 0, 1], "c": [2.0, 3.0, 1.0]})
    model = zoo.build("hopfield", frame)
    with pytest.raises(ValueError, match="Patterns must be -1 and .1. Received: 0, 2, 3. Turn 0 and 1 into them"):
        model.fit(frame, verbose=0)


@pytest.mark.slow
def test_more_patterns_than_a_rule_holds_are_told_with_the_number():
    patterns = random_patterns(40, 100)
    with pytest.warns(UserWarning, match=r"rule='hebb' holds about 13.8 random patterns in 100 units.*Received: 40"):
        memory(patterns)
    with pytest.warns(UserWarning, match=r"rule='storkey' holds about 32.95 random patterns.*Received: 40"):
        memory(patterns, rule="storkey")
    model = memory(patterns[:10])
    with pytest.warns(UserWarning, match="Received: 10 beside 10 stored"):
        model.fit(patterns[10:20], verbose=0)
    with pytest.warns(UserWarning, match="holds about 13.8"):
        zoo.train("hopfield", patterns, verbose=0)


def test_as_many_independent_patterns_as_units_are_refused_by_projection():
    patterns = random_patterns(100, 60)
    model = zoo.build("hopfield", patterns, rule="projection")
    with pytest.raises(ValueError, match="60 units hold at most 59 .* Received: 100, 60 of them independent"):
        model.fit(patterns, verbose=0)
    model.fit(patterns[:25], verbose=0)
    with pytest.raises(ValueError, match="Received: 75 beside 25 stored, 60 of them independent"):
        model.fit(patterns[25:], verbose=0)
    model.fit(np.tile(patterns[:25], (4, 1)), verbose=0)  # which are no more than 25
    assert model.stored == 25


def test_states_of_another_width_are_refused():
    with pytest.raises(ValueError, match=r"States must have the shape \(rows, 100\), or \(100,\). Received: \(2, 3\)"):
        zoo.build("hopfield").energy(np.ones((2, 3)))


# As any model of the zoo.


@pytest.mark.slow
@pytest.mark.usefixtures("quick_proof")
@pytest.mark.tensorflow
def test_an_export_recalls_as_python_does_and_stores_on(tmp_path):
    patterns = random_patterns(10, 100)
    model = memory(patterns[:6], rule="projection")
    report = zoo.export(model, tmp_path / "memory")
    assert report.max_difference == 0.0
    again = zoo.load(tmp_path / "memory" / "1")
    probes = flipped(patterns, 0.15)
    assert np.array_equal(recall(again, probes), recall(model, probes))
    again.fit(patterns[6:], verbose=0)
    np.testing.assert_allclose(again.couplings, projection(patterns), atol=1e-6)


def test_the_layer_says_how_it_was_made():
    layer = HopfieldUnits("storkey", "synchronous", 7, 3)
    again = HopfieldUnits.from_config(layer.get_config())
    assert (again.rule, again.update, again.sweeps, again.seed) == ("storkey", "synchronous", 7, 3)
    assert keras.Sequential([keras.Input((5,)), layer]).output_shape == (None, 5)


@pytest.mark.tensorflow
def test_zoo_predict_gives_what_predict_gives():
    patterns = random_patterns(10, 100)
    model = memory(patterns)
    assert np.array_equal(zoo.predict(model, flipped(patterns, 0.1)).to_numpy(), patterns)


def test_in_few_units_patterns_beyond_0_138_n_that_are_stable_all_the_same_are_stored_without_a_word():
    """Two orthogonal patterns of 4 units have no crosstalk."""
    patterns = np.array([[1, 1, 1, 1], [1, -1, 1, -1]], "float32")
    assert len(patterns) > capacity("hebb", 4)
    model = memory(patterns)
    assert np.array_equal(recall(model, patterns), patterns)
