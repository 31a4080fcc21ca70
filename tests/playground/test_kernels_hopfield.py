"""The Hopfield network of the playground: what it stores and recalls is what the zoo's network stores and recalls."""

import warnings

import numpy as np
import pytest

import zoo
from tests.playground.node import call, run
from zoo.data.drawn import drawn_letters
from zoo.models.hopfield import capacity

pytestmark = pytest.mark.node
RULES = ("hebb", "projection", "storkey")


def random_patterns(count, units, seed=0):
    return np.random.default_rng(seed).choice([-1.0, 1.0], (count, units))


def zoo_memory(patterns, **options):
    model = zoo.build("hopfield", patterns.astype("float32"), **options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # more patterns than Hebb's rule holds are stored on purpose
        model.fit(patterns.astype("float32"), verbose=0)
    return model


def memory_of(w):
    """A network of given weights."""
    return {"units": len(w), "rule": "hebb", "stored": 0, "w": w.ravel(), "diagonal": np.zeros(len(w))}


def flipped(patterns, count, seed=1):
    generator, probes = np.random.default_rng(seed), patterns.copy()
    for probe in probes:
        probe[generator.choice(len(probe), count, replace=False)] *= -1
    return probes


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_stores_what_the_zoo_s_network_stores(rule):
    patterns = random_patterns(7, 60)
    memory = call("hopfield", "store", patterns, rule)
    model = zoo_memory(patterns, rule=rule)
    np.testing.assert_allclose(np.reshape(memory["w"], (60, 60)), model.couplings, atol=1e-5)
    assert memory["stored"] == model.stored == 7


def test_projection_is_the_pseudo_inverse_and_passes_over_what_it_holds():
    patterns = random_patterns(5, 40)
    memory = call("hopfield", "store", np.r_[patterns, -patterns[:2]], "projection")
    expected = np.linalg.pinv(patterns) @ patterns
    np.testing.assert_allclose(np.reshape(memory["w"], (40, 40)) + np.diag(memory["diagonal"]), expected, atol=1e-10)
    assert memory["stored"] == 5


@pytest.mark.parametrize("rule", RULES)
def test_the_energy_is_the_zoo_s(rule):
    patterns, states = random_patterns(6, 50), random_patterns(5, 50, seed=3)
    memory, model = call("hopfield", "store", patterns, rule), zoo_memory(patterns, rule=rule)
    for state, energy in zip(states, model.energy(states)):
        assert call("hopfield", "energy", memory, state) == pytest.approx(energy, abs=1e-5)


@pytest.mark.parametrize("rule", RULES)
def test_recall_ends_where_the_zoo_s_network_ends_and_its_energy_never_rises(rule):
    patterns = random_patterns(12, 80)
    probes = flipped(patterns, 24)
    memory, model = call("hopfield", "store", patterns, rule), zoo_memory(patterns, rule=rule)
    layer = model.network.get_layer("units")
    orders = call("hopfield", "orders", 80, 5, len(layer.orders))
    layer.orders = np.array(orders, "int32")
    recalls = [call("hopfield", "recall", memory, probe, orders) for probe in probes]
    ends = np.array([found["state"] for found in recalls])
    np.testing.assert_array_equal(ends, model.predict(probes.astype("float32"), verbose=0))
    for found, begin, end in zip(recalls, model.energy(probes), model.energy(ends)):
        assert max(np.diff(found["energies"])) <= 0.0
        assert found["energies"][0] == pytest.approx(begin, abs=1e-4)
        assert found["energies"][-1] == pytest.approx(end, abs=1e-4)
        assert len(found["energies"]) == len(found["asked"]) + 1 == len(found["flipped"]) + 1
        assert np.sum(found["flipped"]) > 0 and not np.any(found["flipped"][-80:])  # the last sweep moves none


def test_a_unit_whose_field_is_zero_stays():
    w = np.zeros((3, 3))
    w[0, 1] = w[1, 0] = w[0, 2] = w[2, 0] = 0.5
    for state in ([1, 1, -1], [-1, 1, -1]):
        assert call("hopfield", "recall", memory_of(w), state, [[0, 1, 2]])["state"][0] == state[0]
        assert call("hopfield", "alternate", memory_of(w), state)["states"][1][0] == state[0]


def test_half_of_a_stored_pattern_alternates_if_all_units_are_updated_at_once():
    """With m = 0, h_i = -s_i / N: every unit turns over, for ever, and E = N w_ii / 2 = 1/2 does not fall."""
    pattern = random_patterns(1, 60)
    memory = call("hopfield", "store", pattern, "hebb")
    probe = flipped(pattern, 30)[0]
    found = call("hopfield", "alternate", memory, probe)
    assert found["end"] == "alternates"
    np.testing.assert_array_equal(found["states"], [probe, -probe, probe])
    np.testing.assert_allclose(found["energies"], [0.5] * 3)
    end = np.array(call("hopfield", "recall", memory, probe, call("hopfield", "orders", 60, 0))["state"])
    assert abs(end @ pattern[0]) == 60  # one after another they fall into it, or into its reverse


@pytest.mark.parametrize("seed", [3, 4])
def test_all_at_once_ends_as_the_zoo_s_synchronous_network(seed):
    patterns = random_patterns(14, 60, seed)
    probes = flipped(patterns, 20)
    memory, model = call("hopfield", "store", patterns, "hebb"), zoo_memory(patterns, update="synchronous")
    ends = model.predict(probes.astype("float32"), verbose=0)
    kinds = set()
    for probe, end in zip(probes, ends):
        found = call("hopfield", "alternate", memory, probe)
        kinds.add(found["end"])
        assert any(np.array_equal(state, end) for state in found["states"][-2:])
    assert "still" in kinds


def test_states_that_were_not_stored_have_names():
    patterns = random_patterns(6, 101)

    def identify(state):
        return call("hopfield", "identify", state, patterns)

    assert identify(patterns[4]) == {"kind": "pattern", "rows": [4], "signs": [1]}
    assert identify(-patterns[2]) == {"kind": "reversed", "rows": [2], "signs": [-1]}
    mixed = np.sign(patterns[0] - patterns[3] + patterns[5])
    assert identify(mixed) == {"kind": "mixture", "rows": [0, 3, 5], "signs": [1, -1, 1]}
    five = np.sign(patterns[[0, 1, 2, 4, 5]].sum(axis=0))
    assert identify(five) == {"kind": "mixture", "rows": [0, 1, 2, 4, 5], "signs": [1] * 5}
    near = flipped(patterns[1:2], 7)[0]
    assert identify(-near) == {"kind": "other", "rows": [1], "signs": [-1]}


def test_the_mixture_of_three_patterns_is_stable_and_has_half_of_their_overlap():
    """D. J. Amit, H. Gutfreund, H. Sompolinsky 1985: each m is 1/2 on average, and E = -N/2 sum m^2 + 3/2."""
    patterns = random_patterns(3, 301)
    memory = call("hopfield", "store", patterns, "hebb")
    mixed = np.sign(patterns.sum(axis=0))
    m = np.array([call("hopfield", "overlap", mixed, pattern) for pattern in patterns])
    assert m.mean() == pytest.approx(0.5, abs=0.05)
    found = call("hopfield", "recall", memory, mixed, call("hopfield", "orders", 301, 0))
    assert sum(found["flipped"]) == 0
    assert found["energies"][0] == pytest.approx(-301 / 2 * np.sum(m**2) + 1.5)


def test_damage_turns_over_so_many_units_and_more_of_it_the_same_and_others():
    pattern = random_patterns(1, 100)[0]
    states = [np.array(call("hopfield", "damaged", pattern, flips, 6)) for flips in (0, 15, 40)]
    assert [np.sum(state != pattern) for state in states] == [0, 15, 40]
    assert set(np.flatnonzero(states[1] != pattern)) < set(np.flatnonzero(states[2] != pattern))
    assert not np.array_equal(states[1], call("hopfield", "damaged", pattern, 15, 7))


def test_capacities_are_the_zoo_s():
    assert [call("hopfield", "capacity", rule, 200) for rule in RULES] == [capacity(rule, 200) for rule in RULES]


def test_an_experiment_recalls_what_the_zoo_s_network_recalls():
    settings = {"units": 100, "rule": "hebb", "seed": 2, "step": 10, "flips": [0, 0.2], "tried": 10}
    found = call("hopfield", "errors", settings, 2)
    assert [(point["count"], point["load"]) for point in found] == [(10, 0.1), (20, 0.2)]
    patterns = np.array(call("hopfield", "randomPatterns", 100, 100, 2))
    for point in found:
        model = zoo_memory(patterns[: point["count"]])
        layer = model.network.get_layer("units")
        layer.orders = np.array(call("hopfield", "orders", 100, 2, len(layer.orders)), "int32")
        probes = [call("hopfield", "damaged", patterns[p], 20, 2 + p) for p in range(10)]
        for starts, wrong in zip((patterns[:10], np.array(probes)), point["wrong"]):
            ends = model.predict(starts.astype("float32"), verbose=0)
            assert wrong == pytest.approx(np.mean(ends != patterns[:10]), abs=1e-5)
    assert found[1]["wrong"][1] > 0.02


def test_recall_breaks_down_past_138_thousandths_of_the_units():
    """Below, few of the units are wrong (AGS 1985: .016 at the critical load); far above, the memory is lost."""
    settings = {"units": 500, "rule": "hebb", "seed": 1, "step": 25, "flips": [0], "tried": 10}
    wrong = {point["load"]: point["wrong"][0] for point in call("hopfield", "errors", settings, 10)}
    assert wrong[0.05] < 0.001 and wrong[0.1] < 0.02
    assert wrong[0.25] > 0.2


def test_the_letters_are_all_of_the_zoo_s():
    letters = run("return playground.kernels.drawn.LETTERS.map(playground.kernels.drawn.letter)", "drawn")
    stretched = drawn_letters().reshape(26, 7, 5).repeat([1, 2, 1, 2, 1, 2, 1], axis=1).repeat(2, axis=2)
    np.testing.assert_array_equal(letters, stretched.reshape(26, 100))


def test_the_order_of_the_units_has_nothing_to_do_with_the_damage_of_the_same_seed():
    pattern = random_patterns(1, 100)[0]
    damage = np.flatnonzero(np.array(call("hopfield", "damaged", pattern, 25, 3)) != pattern)
    first = call("hopfield", "orders", 100, 3, 1)[0][:25]
    assert len(set(first) & set(damage.tolist())) < 15  # 6.25 on average
