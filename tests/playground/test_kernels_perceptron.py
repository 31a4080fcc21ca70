"""The perceptron of the playground and its Mark I: what they learn is what the zoo's networks learn."""

import itertools

import keras
import numpy as np
import pytest
from sklearn.svm import SVC

import zoo
from tests.playground.node import call, run
from zoo.data import retina
from zoo.layers.losses import NetworkLoss
from zoo.layers.separation import separable
from zoo.models.mark_1_perceptron import mark_1_perceptron
from zoo.models.perceptron import perceptron_loss
from zoo.registry import Spec

pytestmark = pytest.mark.node
GATE = [[0, 0], [0, 1], [1, 0], [1, 1]]
AND, OR, XOR = [-1, -1, -1, 1], [-1, 1, 1, 1], [-1, 1, 1, -1]


def clouds(count, gap, seed):
    made = call("perceptron", "clouds", count, gap, seed)
    return np.array(made["points"]), np.array(made["targets"])


def random_points(count, seed):
    """Points on a coarse grid, so that many lie on one line, with random classes."""
    generator = np.random.default_rng(seed)
    places = generator.choice(25, count, replace=False)
    return np.stack(np.divmod(places, 5), axis=1), generator.choice([-1, 1], count)


# The rule.


def test_and_takes_18_mistakes_from_zero_and_ends_with_3_2_and_minus_4():
    trained = call("perceptron", "train", GATE, AND, 1000)
    assert trained["learnt"] and trained["round"] is None
    assert len(trained["mistakes"]) == 18 and trained["mistakes"][-1]["epoch"] == 7
    assert trained["weights"][-1] == [3, 2, -4]


@pytest.mark.parametrize("name, targets", [("and_gate", AND), ("or_gate", OR)])
def test_a_gate_takes_as_many_mistakes_as_the_zoo_s_perceptron_in_each_epoch(name, targets):
    history = zoo.train("perceptron", name, verbose=0).history["mistakes"]
    mistakes = call("perceptron", "train", GATE, targets, 1000)["mistakes"]
    epochs = [mistake["epoch"] for mistake in mistakes]
    assert [epochs.count(epoch) for epoch in range(len(history))] == history


@pytest.mark.parametrize("seed", [1, 2])
def test_clouds_are_learnt_with_the_weights_of_the_zoo_s_perceptron(seed):
    points, targets = clouds(24, 0.4, seed)
    trained = call("perceptron", "train", points, targets, 10_000)
    run = zoo.train("perceptron", (points, (targets > 0).astype(int)), verbose=0)
    assert len(trained["mistakes"]) == sum(run.history["mistakes"]) > 0
    w, b = run.model.get_weights()
    np.testing.assert_allclose(trained["weights"][-1], [*w.ravel(), *b], atol=1e-5)


def test_each_mistake_adds_its_point_to_the_weights():
    points, targets = clouds(12, 0.2, 3)
    trained = call("perceptron", "train", points, targets, 1000)
    z = targets[:, None] * np.c_[points, np.ones(len(points))]
    rows = [mistake["row"] for mistake in trained["mistakes"]]
    weights = np.array(trained["weights"])
    np.testing.assert_allclose(np.diff(weights, axis=0), z[rows])
    assert np.all(np.sum(weights[:-1] * z[rows], axis=1) <= 0)  # each was wrong
    assert np.all(z @ weights[-1] > 0)


def test_a_demand_is_met_exactly_where_the_rule_leaves_the_weights_alone():
    """By hand: on exclusive or 00 and then 01 are mistakes; w = (0, 1), b = 0 gives the sums 0, 1, 0, 1."""
    trained = call("perceptron", "train", GATE, XOR, 10)
    assert trained["weights"][2] == [0, 1, 0] and trained["mistakes"][2]["row"] == 2
    now = call("perceptron", "demands", GATE, XOR, [0, 1, 0])
    assert [row["sum"] for row in now] == [0, 1, 0, 1]
    assert [row["met"] for row in now] == [False, True, False, False]  # 0 is a mistake for either class


@pytest.mark.parametrize("targets", [AND, OR, XOR])
def test_the_next_mistake_is_never_a_row_whose_demand_is_met(targets):
    met = run(
        "const k = playground.kernels.perceptron, {weights, mistakes} = k.train(...given, 40);"
        "return mistakes.map(({row}, step) => k.demands(...given, weights[step])[row].met)",
        "perceptron",
        given=[GATE, targets],
    )
    assert len(met) >= 5 and not any(met)


def test_on_xor_the_weights_come_round_again():
    trained = call("perceptron", "train", GATE, XOR, 200)
    assert not trained["learnt"] and len(trained["mistakes"]) == 200
    begin, end = trained["round"]["from"], trained["round"]["to"]
    weights, rows = np.array(trained["weights"]), [mistake["row"] for mistake in trained["mistakes"]]
    assert begin < end
    np.testing.assert_array_equal(weights[begin], weights[end])
    np.testing.assert_array_equal(weights[begin : begin + 50], weights[end : end + 50])
    assert rows[begin : begin + 50] == rows[end : end + 50]


def test_points_that_are_both_classes_at_one_place_are_never_learnt():
    trained = call("perceptron", "train", [[1, 1], [1, 1]], [1, -1], 50)
    assert not trained["learnt"]
    assert call("perceptron", "margin", [[1, 1], [1, 1]], [1, -1])["gamma"] == 0


# Novikoff's bound.


def test_the_bound_of_and_is_51():
    """By hand: w = (2, 2, -3) / sqrt(17) has the margin 1 / sqrt(17) at 01, 10 and 11, and R^2 = 3."""
    found = call("perceptron", "margin", GATE, AND)
    np.testing.assert_allclose(found["direction"], np.array([2, 2, -3]) / np.sqrt(17))
    assert found["gamma"] == pytest.approx(1 / np.sqrt(17)) and found["radius"] == pytest.approx(np.sqrt(3))
    assert found["bound"] == pytest.approx(51)
    assert found["touching"] == [1, 2, 3]


@pytest.mark.parametrize("seed", range(5))
def test_the_margin_is_that_of_a_support_vector_machine_through_0(seed):
    """Each z and its opposite, of the opposite class: by symmetry the machine's plane passes through 0."""
    points, targets = clouds(20, 0.3, seed)
    z = np.c_[points, np.ones(len(points))]
    machine = SVC(kernel="linear", C=1e9, tol=1e-9).fit(np.r_[z, -z], np.r_[targets, -targets])
    gamma = 1 / np.linalg.norm(machine.coef_)
    found = call("perceptron", "margin", points, targets)
    assert found["gamma"] == pytest.approx(gamma, rel=1e-5)
    assert found["bound"] == pytest.approx(np.max(np.sum(z**2, axis=1)) / gamma**2, rel=1e-5)
    assert np.min(targets * (z @ found["direction"])) == pytest.approx(found["gamma"])
    assert 0 < len(call("perceptron", "train", points, targets, 10_000)["mistakes"]) <= found["bound"]


def test_the_margin_is_zero_exactly_where_no_line_separates():
    said, true = [], []
    for seed in range(12):
        points, targets = random_points(6, seed)
        said.append(call("perceptron", "margin", points, targets)["gamma"] > 0)
        true.append(separable(points, targets > 0))
    assert said == true and {True, False} == set(true)
    assert call("perceptron", "margin", GATE, XOR)["bound"] == np.inf


# The best line.


def test_the_best_line_gets_three_of_the_four_rows_of_xor_right():
    found = call("perceptron", "best", GATE, XOR)
    assert found["right"] == 3
    fires = np.c_[GATE, np.ones(4)] @ found["weights"] >= 0
    assert np.flatnonzero(fires == (np.array(XOR) > 0)).tolist() == found["rows"]


@pytest.mark.parametrize("seed", range(8))
def test_no_line_does_better_than_the_best(seed):
    """All sets of points that linear programming says are separable, with many points on one line."""
    points, targets = random_points(7, seed)
    subsets = (list(rows) for size in range(8) for rows in itertools.combinations(range(7), size))
    most = max(len(rows) for rows in subsets if not rows or separable(points[rows], targets[rows] > 0))
    found = call("perceptron", "best", points, targets)
    assert found["right"] == most
    assert np.all((targets * (np.c_[points, np.ones(7)] @ found["weights"]))[found["rows"]] > 0)


@pytest.mark.parametrize(
    "targets, right", [([1, -1], 2), ([1, 1, -1], 3), ([-1, 1, -1], 2), ([1, 1, -1, -1], 4), ([1, -1, 1, -1], 3)]
)
def test_points_on_one_line_are_divided_between_two_of_them(targets, right):
    points = [[place, 2 * place] for place in range(len(targets))]
    assert call("perceptron", "best", points, targets)["right"] == right


def test_clouds_are_apart_by_their_gap_and_on_the_grid():
    points, targets = clouds(30, 0.5, 7)
    assert np.array_equal(points * 16, np.round(points * 16)) and abs(points).max() <= 1.75
    assert len(np.unique(points, axis=0)) == 30 and set(targets) == {-1, 1}
    assert SVC(kernel="linear", C=1e9).fit(points, targets).score(points, targets) == 1.0
    other, _ = clouds(30, 0.5, 8)
    assert not np.array_equal(points, other)


# Mark I.


def shown(count, seed):
    letters = call("mark_1", "letters", count, seed)
    return [letter["name"] for letter in letters], np.array([letter["lit"] for letter in letters])


@pytest.mark.parametrize("name", retina.LETTERS)
def test_a_letter_lights_the_retina_as_in_the_zoo(name):
    expected = retina.letter(name, row=8.25, column=11.5, height=12.5)
    np.testing.assert_array_equal(call("mark_1", "letter", name, 8.25, 11.5, 12.5), expected.ravel())


def test_letters_come_in_turn_each_drawn_anew_with_a_little_noise():
    names, lit = shown(400, 5)
    assert names == list(retina.LETTERS) * 50
    assert len(np.unique(lit, axis=0)) == 400
    places = np.linspace(7.5, 11.5, 5)
    clean = [retina.letter("L", row=r, column=c, height=h).ravel() for r in places for c in places for h in (11, 14)]
    ever = np.any(clean, axis=0)
    strange = lit[4::8][:, ~ever].mean()  # cells that no L can light
    assert 0.002 < strange < 0.02  # .01 of them, and a few at the edges of letters between those tried


def test_each_association_unit_has_ten_photocells_which_the_seed_decides_on():
    wires = np.array(call("mark_1", "wiring", 3))
    assert wires.shape == (512, 10) and wires.min() == 0 and wires.max() == 399
    assert all(len(set(cells)) == 10 for cells in wires.tolist())
    counts = np.bincount(wires.ravel(), minlength=400)
    assert counts.std() ** 2 == pytest.approx(512 * 0.025 * 0.975, rel=0.3)  # as a binomial number
    np.testing.assert_array_equal(wires, call("mark_1", "wiring", 3))
    assert not np.array_equal(wires, call("mark_1", "wiring", 4))


def zoo_machine(wires):
    """The zoo's network with the playground's wiring."""
    network = mark_1_perceptron(Spec("classification", 8, image_shape=(20, 20, 1)))
    wiring = np.zeros((400, 512))
    for unit, cells in enumerate(wires):
        wiring[cells[:5], unit], wiring[cells[5:], unit] = 1.0, -1.0
    network.get_layer("association_units").set_weights([wiring])
    network.compile(optimizer=keras.optimizers.SGD(1.0), loss=NetworkLoss(perceptron_loss))
    return network


@pytest.mark.parametrize("seed, lessons, tests", [(9, 60, 20), (1, 40, 160)])  # the second is asked about on the page
def test_a_taught_machine_has_the_zoo_s_activities_weights_and_answers(seed, lessons, tests):
    taught_letters, new_letters = shown(lessons, seed), shown(tests, seed + 1_000_000)
    names, lit = (np.concatenate(both) for both in zip(taught_letters, new_letters))
    images = (255 * lit).reshape(-1, 20, 20, 1)
    taught = call("mark_1", "taught", seed, lessons, tests)
    network = zoo_machine(taught["wires"])
    active = keras.ops.convert_to_numpy(network.get_layer("association_units")(images))
    own = run(
        "return given.lit.map(cells => playground.kernels.mark_1.association(given.wires, cells))",
        "mark_1",
        given={"lit": lit, "wires": taught["wires"]},
    )
    np.testing.assert_array_equal(own, active)
    y = np.array([retina.LETTERS.index(name) for name in names])
    for image, label in zip(images[:lessons], y[:lessons]):
        network.train_on_batch({"image": image[None]}, np.array([label]))
    kernel, bias = network.get_layer("response_units").get_weights()
    np.testing.assert_allclose(taught["weights"], kernel.T, atol=1e-5)
    np.testing.assert_allclose(taught["biases"], bias, atol=1e-5)
    sums = network.predict_on_batch({"image": images[lessons:]})
    share = np.mean(sums.argmax(axis=1) == y[lessons:])
    assert taught["share"] == pytest.approx(share)
    assert (seed, lessons) != (1, 40) or 0.5 < share <= 0.75


def test_letters_are_learnt_and_what_was_never_taught_is_not_known():
    assert call("mark_1", "taught", 1, 320, 160)["share"] > 0.8
    assert call("mark_1", "taught", 1, 0, 160)["share"] == pytest.approx(1 / 8)  # all sums are 0: always the first
