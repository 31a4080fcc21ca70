"""Rosenblatt 1958, Block 1962, Cover 1965: what random association units see, and how much can be learnt from them."""

import keras
import numpy as np
import pytest
from scipy.optimize import linprog
from scipy.stats import binom, hypergeom

import zoo
from zoo.data import retina
from zoo.models.mark_1_perceptron import AssociationUnits, mark_1_perceptron, wired
from zoo.registry import Spec


def build(classes=2, shape=(20, 20, 1), seed=0, **options):
    spec = Spec("classification", classes if classes > 2 else 1, image_shape=shape, seed=seed)
    return mark_1_perceptron(spec, **options)


def random_images(rows, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (rows, 20, 20, 1)).astype("uint8")


def active(network, images):
    """The association units `(rows, units)` of a network, by its wiring, in numpy."""
    layer = network.get_layer("association_units")
    cells = images.reshape(len(images), -1).astype(int) >= layer.light
    return (cells @ np.asarray(layer.get_weights()[0]) >= layer.threshold).astype(float)


def is_separable(features, y):
    """Whether rows have lambda >= 0 with sum lambda t x = 0 (Gordan 1873): the contrary of a plane between them."""
    rows = np.where(y, 1.0, -1.0)[:, None] * np.c_[features, np.ones(len(features))]
    sums, wanted = np.r_[rows.T, np.ones((1, len(rows)))], np.r_[np.zeros(rows.shape[1]), 1.0]
    return linprog(np.zeros(len(rows)), A_eq=sums, b_eq=wanted).status == 2


def test_each_unit_has_so_many_photocells_of_either_sign_and_none_twice():
    wiring = wired(400, 512, 7, 3, seed=0)
    assert wiring.shape == (400, 512)
    assert set(np.unique(wiring)) == {-1.0, 0.0, 1.0}
    assert np.all((wiring == 1).sum(axis=0) == 7) and np.all((wiring == -1).sum(axis=0) == 3)
    per_cell = (wiring != 0).sum(axis=1)  # 12.8 each on average
    assert abs(per_cell.mean() - 12.8) < 1e-9 and 5 <= per_cell.std() ** 2 <= 20  # about as a binomial number


def test_the_seed_decides_on_the_wiring():
    first, again, other = (build(seed=seed).get_layer("association_units").get_weights()[0] for seed in (0, 0, 1))
    assert np.array_equal(first, again) and not np.array_equal(first, other)


def test_the_machine_of_1958_has_400_photocells_and_512_association_units():
    network = build(classes=8)
    assert [weight.shape for weight in network.weights] == [(400, 512), (512, 8), (8,)]
    assert [weight.shape for weight in network.trainable_weights] == [(512, 8), (8,)]


def test_a_unit_is_active_where_its_sum_of_lights_reaches_the_threshold():
    layer = AssociationUnits(2, threshold=1.0, light=100)
    layer.build((None, 20, 20, 1))
    wiring = np.zeros((400, 2))
    wiring[[0, 1], 0], wiring[2, 0], wiring[399, 1] = 1.0, -1.0, 1.0
    layer.set_weights([wiring])
    images = np.zeros((5, 20, 20, 1), "uint8")
    images[1, 0, 0] = 100
    images[2, 0, 0], images[2, 0, 2] = 255, 255
    images[3, 0, :3] = 255
    images[4, 19, 19], images[4, 0, 0] = 100, 99
    assert keras.ops.convert_to_numpy(layer(images)).tolist() == [[0, 0], [1, 0], [0, 0], [1, 0], [0, 1]]


@pytest.mark.parametrize(("excitatory", "inhibitory", "threshold"), [(5, 5, 1), (10, 0, 4), (6, 2, 2)])
def test_the_share_of_active_units_is_the_paper_s(excitatory, inhibitory, threshold):
    """Equation 1: P_a = sum over e - i >= theta of P(e, i), here without putting photocells back."""
    lit, units = 120, 20_000
    image = np.zeros(400)
    image[np.random.default_rng(1).permutation(400)[:lit]] = 1.0
    share = np.mean(image @ wired(400, units, excitatory, inhibitory, seed=2) >= threshold)

    def expected(first, second):
        return sum(
            first(e) * second(i, e) for e in range(excitatory + 1) for i in range(inhibitory + 1) if e - i >= threshold
        )

    exact = expected(
        hypergeom(400, lit, excitatory).pmf, lambda i, e: hypergeom(400 - excitatory, lit - e, inhibitory).pmf(i)
    )
    published = expected(binom(excitatory, lit / 400).pmf, lambda i, e: binom(inhibitory, lit / 400).pmf(i))
    assert share == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / units))
    assert published == pytest.approx(exact, abs=0.01)


def test_a_higher_threshold_and_more_inhibition_leave_fewer_units_active():
    image = random_images(50)
    shares = [
        active(build(excitatory=5, inhibitory=inhibitory, threshold=threshold), image).mean()
        for inhibitory, threshold in ((0, 1.0), (5, 1.0), (5, 2.0), (5, 4.0))
    ]
    assert shares == sorted(shares, reverse=True) and shares[0] > 0.9 and shares[-1] < 0.05


@pytest.fixture(scope="module")
def letters():
    return zoo.train("mark_1_perceptron", verbose=0)


def test_letters_are_learnt_without_a_mistake_and_known_again_elsewhere_on_the_retina(letters):
    assert letters.stopped.startswith("mistakes reached 0")
    assert letters.metrics["train"]["accuracy"] == 1.0
    assert letters.metrics["test"]["rows"] == 160 and letters.metrics["test"]["accuracy"] > 0.9


def test_the_model_shows_which_association_units_images_activate(letters):
    x = retina.letters()[0][:20]
    assert np.array_equal(letters.model.association(x[..., 0]), active(letters.model.network, x))


def test_association_units_stay_as_they_were_wired(letters):
    found = letters.model.network.get_layer("association_units").get_weights()[0]
    assert np.array_equal(found, wired(400, 512, 5, 5, seed=0))


def test_the_first_sweep_is_that_of_the_perceptron_s_rule():
    x, y, parts = retina.letters(("E", "X"), train=15, test=0)
    run = zoo.train("mark_1_perceptron", (x, y), epochs=1, verbose=0)
    w, b, made = np.zeros(512), 0.0, 0
    for features, name in zip(active(run.model.network, x), y):
        t = 1.0 if name == "X" else -1.0
        if t * (w @ features + b) <= 0.0:
            w, b, made = w + t * features, b + t, made + 1
    kernel, bias = run.model.network.get_layer("response_units").get_weights()
    np.testing.assert_array_equal(kernel[:, 0], w)
    assert (float(bias[0]), run.history["mistakes"]) == (b, [made])


def test_e_and_x_take_one_response_unit_and_are_told_apart_with_shifts_and_noise():
    x, y, parts = retina.letters(("E", "X"), train=40, test=100)
    train, test = parts["train"], parts["test"]
    run = zoo.train("mark_1_perceptron", (x[train], y[train]), verbose=0)
    assert run.model.network.output_shape == (None, 1)
    assert is_separable(active(run.model.network, x[train]), y[train] == "X")
    assert run.history["mistakes"][-1] == 0
    assert zoo.evaluate(run, (x[test], y[test]), verbose=0)["accuracy"] > 0.9


def test_shapes_anywhere_are_learnt_by_heart_and_generalize_little():
    """What shifts change, association units without weights of their own do not bring together."""
    run = zoo.train("mark_1_perceptron", "retina_shapes", verbose=0)
    assert run.metrics["train"]["accuracy"] == 1.0
    assert 0.5 < run.metrics["test"]["accuracy"] < 0.9


def test_all_26_letters_take_26_response_units():
    x, y, parts = retina.letters(tuple(retina.STROKES), train=10, test=5)
    train, test = parts["train"], parts["test"]
    run = zoo.train("mark_1_perceptron", (x[train], y[train]), verbose=0)
    assert run.model.network.output_shape == (None, 26)
    assert run.history["mistakes"][-1] == 0
    assert zoo.evaluate(run, (x[test], y[test]), verbose=0)["accuracy"] > 0.5


def test_of_dichotomies_half_again_as_large_as_the_units_most_are_separable_and_of_three_times_none():
    """Cover: of m patterns in general position in N + 1 dimensions, half of all dichotomies at m = 2 (N + 1)."""
    network, generator = build(association_units=40), np.random.default_rng(0)
    for rows, low, high in ((60, 18, 20), (82, 3, 17), (120, 0, 0)):
        features = active(network, random_images(rows))
        found = sum(is_separable(features, generator.random(rows) < 0.5) for _ in range(20))
        assert low <= found <= high, rows


def test_more_association_units_separate_more():
    x, y = random_images(60), np.random.default_rng(1).integers(0, 2, 60)
    answers = [is_separable(active(build(association_units=units), x), y) for units in (10, 20, 40, 80)]
    assert answers == [False, False, True, True]


@pytest.mark.parametrize("learnable", [True, False])
def test_the_rule_learns_what_is_separable_and_says_of_the_rest_that_it_will_not_converge(learnable):
    rows = 30 if learnable else 60
    x, y = random_images(rows), np.random.default_rng(2).integers(0, 2, rows)
    epochs = 1000 if learnable else 20
    run = zoo.train("mark_1_perceptron", (x, y), association_units=20, epochs=epochs, verbose=0)
    assert is_separable(active(run.model.network, x), y) == learnable
    if learnable:
        assert run.history["mistakes"][-1] == 0 and run.stopped.startswith("mistakes reached 0")
    else:
        assert len(run.history["mistakes"]) == 20
        assert run.stopped.startswith("the limit of 20 epochs, with mistakes at ")
        assert "not separable, for no single unit tells 0 from 1" in run.stopped
        assert "it will not converge" in run.stopped


def test_images_without_an_axis_of_channels_are_taken():
    x, y, _ = retina.letters(("E", "X"), train=5, test=0)
    model = zoo.build("mark_1_perceptron", (x[..., 0], y))
    assert model.predict(x[..., 0], verbose=0).shape == (10, 1)


@pytest.mark.usefixtures("quick_proof")
@pytest.mark.slow
@pytest.mark.tensorflow
def test_an_exported_machine_answers_as_python_does(letters, tmp_path):
    report = zoo.export(letters, tmp_path / "mark_1")
    x, y, parts = retina.letters()
    again = zoo.load(report.path)
    assert report.max_difference == 0.0
    assert np.array_equal(again.predict(x, verbose=0), letters.model.predict(x, verbose=0))


@pytest.mark.parametrize("shape", [(28, 28, 1), (20, 20, 3), (10, 20, 1)])
def test_images_of_other_sizes_are_refused_with_the_repair(shape):
    x = np.zeros((4, *shape), "uint8")
    said = " x ".join(map(str, shape))
    with pytest.raises(ValueError, match=f"images must be 20 x 20 x 1. Received: {said}. Make them grey and of that"):
        zoo.build("mark_1_perceptron", (x, [0, 1, 0, 1]))


def test_a_model_of_images_has_no_coefficients(letters):
    with pytest.raises(TypeError, match="Coefficients are those of columns. Received: a model of images"):
        letters.model.coefficients()


def test_a_table_is_refused():
    with pytest.raises(ValueError, match="This model takes images. Received: columns"):
        zoo.build("mark_1_perceptron", "iris")
    with pytest.raises(ValueError, match="images must be 20 x 20 x 1. Received: none"):
        mark_1_perceptron(Spec("classification", num_inputs=400))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"association_units": 0}, "`association_units` must be an integer, 1 or more. Received: association_units=0"),
        ({"association_units": 12.5}, "`association_units` must be an integer"),
        ({"excitatory": -1}, "`excitatory` must be an integer, 0 or more"),
        ({"inhibitory": True}, "`inhibitory` must be an integer, 0 or more"),
        ({"excitatory": 0, "inhibitory": 0}, "must have 1 to 400 photocells. Received: excitatory=0, inhibitory=0"),
        ({"excitatory": 300, "inhibitory": 101}, "must have 1 to 400 photocells"),
        ({"threshold": 6.0}, "`threshold` must be above -5 and at most 5: else the units are active always or never"),
        ({"threshold": -5.0}, "`threshold` must be above -5"),
        ({"threshold": float("nan")}, "`threshold` must be above -5"),
        ({"light": 0}, "`light` must be a pixel value, 1 to 255. Received: light=0"),
        ({"light": 0.5}, "`light` must be a pixel value"),
    ],
)
def test_options_out_of_range_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        build(**options)
