"""The mathematics of calibration, compared with statsmodels, scipy and formulas by hand."""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize
from scipy.special import expit, log_softmax, logit

from zoo.data.infer import infer
from zoo.tasks import calibration
from zoo.tasks.calibration import LogOdds, Temperature
from zoo.tasks.classification import Classes, Classification

NO_SHARE = 1e-12


def drawn(rows=4000, curve=lambda x: x, seed=0, spread=1.5):
    """Returns log-odds `(rows, 1)` and 0/1 `(rows, 1)` of which `curve` gives the true log-odds."""
    generator = np.random.default_rng(seed)
    log_odds = generator.normal(0.3, spread, rows)
    return log_odds[:, None], (generator.random(rows) < expit(curve(log_odds))).astype("int32")[:, None]


def applied(fitted, z):
    return np.asarray(fitted.applied(np.asarray(z, "float32")), "float64")


def by_source(fitted, z):
    """Returns what the lines of `source` compute."""
    names = {"np": np, "z": np.asarray(z, "float32")}
    exec("\n".join(fitted.source()), names)
    assert names["z"].dtype == np.float32
    return names["z"]


def test_without_a_prior_the_parabola_is_that_of_a_logistic_regression_on_l_and_its_square(monkeypatch):
    statsmodels = pytest.importorskip("statsmodels.api")
    monkeypatch.setattr(calibration, "PRIOR", 0.0)
    z, y = drawn(curve=lambda x: 0.2 + 0.6 * x + 0.05 * x**2)
    weight = np.random.default_rng(1).uniform(0.2, 1.8, len(y))
    fitted = LogOdds.fitted(z, y, weight, uniform=NO_SHARE)
    basis = np.column_stack([np.ones(len(y)), z[:, 0], z[:, 0] ** 2])
    model = statsmodels.GLM(y[:, 0], basis, family=statsmodels.families.Binomial(), freq_weights=weight).fit()
    assert [*fitted.b, *fitted.w1, *fitted.w2] == pytest.approx(model.params, abs=2e-4)


def test_with_few_rows_the_slopes_at_both_ends_are_drawn_to_1_and_the_shift_to_0():
    z, y = drawn(60, curve=lambda x: -2.0 + 3.0 * x)
    low, high = z.min(), z.max()

    def objective(parameters):
        b, w1, w2 = parameters
        margin = np.where(y == 1, 1, -1) * (b + w1 * z + w2 * z**2)
        slopes = w1 + 2 * w2 * np.array([low, high])
        return np.logaddexp(0, -margin).sum() + 50.0 * (b**2 + np.sum((slopes - 1) ** 2))

    wanted = minimize(objective, [0.0, 1.0, 0.0], method="BFGS", options={"gtol": 1e-8}).x
    fitted = LogOdds.fitted(z, y, np.ones(60), uniform=NO_SHARE)
    assert [*fitted.b, *fitted.w1, *fitted.w2] == pytest.approx(wanted, abs=1e-5)
    assert (fitted.low, fitted.high) == ((low,), (high,))


def test_the_parabola_rises_everywhere_also_where_that_of_the_rows_would_fall():
    z, y = drawn(20_000, curve=lambda x: 2.0 - x**2, spread=2.0)
    fitted = LogOdds.fitted(z, y, np.ones(len(y)), uniform=NO_SHARE)
    values = np.linspace(-300, 300, 100_001)[:, None]
    assert np.all(np.diff(applied(fitted, values)[:, 0]) >= 0)
    inside = np.linspace(fitted.low[0], fitted.high[0], 500)[:, None]
    assert np.all(np.diff(applied(fitted, inside)[:, 0]) > 0)
    slopes = np.array(fitted.w1) + 2 * np.array(fitted.w2) * np.array([fitted.low[0], fitted.high[0]])
    assert slopes.min() == pytest.approx(calibration.LEAST_SLOPE)


def test_beyond_the_rows_it_goes_on_along_its_tangents_and_infinite_log_odds_stay_numbers():
    fitted = LogOdds((0.1,), (0.9,), (0.05,), (-2.0,), (3.0,), NO_SHARE)
    curve = np.polynomial.Polynomial([0.1, 0.9, 0.05])
    inside = np.array([-2.0, 0.0, 1.5, 3.0])
    assert applied(fitted, inside[:, None])[:, 0] == pytest.approx(curve(inside), abs=1e-5)
    above, below = curve(3.0) + (0.9 + 0.3) * 2.0, curve(-2.0) - (0.9 - 0.2) * 4.0
    assert applied(fitted, [[5.0], [-6.0]])[:, 0] == pytest.approx([above, below], abs=1e-4)
    for computed in (applied, by_source):
        assert np.isfinite(computed(fitted, [[np.inf], [-np.inf], [3e38], [-3e38]])).all()


def test_a_share_of_the_uniform_distribution_is_mixed_in():
    fitted = LogOdds((0.0,), (1.0,), (0.0,), (-1.0,), (1.0,), 0.02)
    x = np.array([-30.0, -1.0, 0.0, 2.0, 30.0])
    assert applied(fitted, x[:, None])[:, 0] == pytest.approx(logit(0.98 * expit(x) + 0.01), abs=1e-4)
    several = Temperature(2.0, 0.03)
    z = np.array([[1.0, 5.0, -2.0], [60.0, 0.0, -60.0]])
    wanted = 0.97 * np.exp(log_softmax(z / 2.0, axis=1)) + 0.01
    assert np.exp(applied(several, z)) == pytest.approx(wanted, abs=1e-6)


def test_the_temperature_minimises_the_penalised_log_loss_and_finds_by_how_much_logits_are_too_large():
    generator = np.random.default_rng(3)
    z = generator.normal(size=(6000, 4)) * 2
    y = np.array([generator.choice(4, p=np.exp(row)) for row in log_softmax(z, axis=1)])
    weight = generator.uniform(0.5, 1.5, len(y))
    weight /= weight.mean()
    fitted = Temperature.fitted(3.0 * z, y, weight, uniform=NO_SHARE)

    def objective(scale):
        losses = -log_softmax(3.0 * z * scale, axis=1)[np.arange(len(y)), y]
        return weight @ losses + 50.0 * (scale - 1) ** 2

    scales = np.linspace(0.2, 1.2, 4001)
    assert 1 / fitted.temperature == pytest.approx(scales[np.argmin([objective(s) for s in scales])], abs=3e-4)
    assert fitted.temperature == pytest.approx(3.0, rel=0.05)


def test_labels_are_calibrated_each_by_itself():
    (z, y), (other, of_other) = drawn(300, seed=1), drawn(300, curve=lambda x: 2 * x - 1, seed=2)
    both = LogOdds.fitted(np.hstack([z, other]), np.hstack([y, of_other]), np.ones(300), uniform=0.01)
    alone = LogOdds.fitted(other, of_other, np.ones(300), uniform=0.01)
    assert (both.b[1], both.w1[1], both.w2[1]) == (alone.b[0], alone.w1[0], alone.w2[0])
    assert applied(both, np.hstack([z, other]))[:, 1] == pytest.approx(applied(alone, other)[:, 0], abs=1e-6)


@pytest.mark.parametrize(
    "fitted",
    [
        LogOdds((0.3, -1.0), (0.8, 1.2), (0.02, -0.03), (-4.0, -2.0), (5.0, 2.0), 0.01),
        LogOdds((0.3,), (0.8,), (0.02,), (-4.0,), (5.0,), 0.001),
        Temperature(1.7, 0.004),
    ],
)
def test_the_lines_of_numpy_compute_the_same_and_the_config_gives_it_back(fitted):
    z = np.random.default_rng(0).normal(0, 8, (500, 2))
    assert by_source(fitted, z) == pytest.approx(applied(fitted, z), abs=2e-5)
    assert calibration.from_config(calibration.to_config(fitted)) == fitted


def test_a_model_that_answers_all_rows_alike_is_shifted_towards_the_share():
    y = np.array([1] * 300 + [0] * 700)[:, None]
    fitted = LogOdds.fitted(np.zeros((1000, 1)), y, np.ones(1000), uniform=NO_SHARE)
    share = expit(applied(fitted, [[0.0]]))[0, 0]
    assert 0.3 < share < 0.4 and np.isfinite(fitted.w2[0])


def test_rows_count_by_their_weights_and_their_number_is_kish_s():
    assert calibration.uniform_share(np.ones(99)) == pytest.approx(0.01)
    assert calibration.uniform_share(np.array([3.0, 1.0])) == pytest.approx(1 / (16 / 10 + 1))
    assert calibration.relative(np.array([2.0, 6.0]), 2) == pytest.approx([0.5, 1.5])
    assert calibration.relative(None, 3).tolist() == calibration.relative(np.zeros(3), 3).tolist() == [1.0] * 3


def test_checking_folds_part_all_rows_with_as_many_of_a_class_in_each():
    y = np.array([1] * 20 + [0] * 83)
    checked = [rows for _, rows in calibration.checking_folds(y)]
    assert sorted(np.concatenate(checked)) == list(range(103))
    assert [int(y[rows].sum()) for rows in checked] == [4] * 5
    assert all(len(np.intersect1d(fit, rows)) == 0 for fit, rows in calibration.checking_folds(y))


def test_many_rows_are_drawn_from(monkeypatch):
    assert calibration.sample(30).tolist() == list(range(30))
    monkeypatch.setattr(calibration, "MOST_ROWS", 10)
    rows = calibration.sample(30)
    assert len(rows) == 10 == len(set(rows)) and rows.tolist() == sorted(rows) and rows.max() > 10


def tried(z, y, fit):
    """Returns what `kept` decides about a fit of log-odds."""

    def probabilities(fitted, rows):
        logits = z[rows] if fitted is None else applied(fitted, z[rows])
        return expit(logits)

    def measured(p):
        return -np.log(np.where(y == 1, p, 1 - p))[:, 0], 0.0

    return calibration.kept(lambda rows: fit(z[rows], y[rows]), probabilities, measured, y[:, 0], None)


def fitted_on(z, y):
    return LogOdds.fitted(z, y, np.ones(len(y)), uniform=1 / (len(y) + 1))


def test_it_is_kept_unless_rows_that_it_was_not_fitted_on_speak_against_it():
    z, y = drawn(400, curve=lambda x: 0.3 * x)
    found, facts = tried(z, y, fitted_on)
    assert found is not None and facts["log_loss"]["after"] < facts["log_loss"]["before"] - 0.02
    assert facts["log_loss"]["before"] == pytest.approx(np.mean(np.logaddexp(0, np.where(y == 1, -z, z))))
    worse, facts = tried(z, y, lambda z, y: LogOdds((3.0,), (1.0,), (0.0,), (-1.0,), (1.0,), NO_SHARE))
    assert worse is None and facts["why"] == "the log loss of the held-out rows would rise"
    assert facts["log_loss"]["after"] > facts["log_loss"]["before"]


def tried_losses(old, new, weight):
    """Returns whether `kept` keeps a calibration by which the losses of rows go from old to new."""

    def probabilities(fitted, rows):
        return old[rows] if fitted is None else new[rows]

    line = LogOdds((0.0,), (1.0,), (0.0,), (-1.0,), (1.0,), NO_SHARE)
    fitted, _ = calibration.kept(lambda rows: line, probabilities, lambda p: (p, 0.0), np.zeros(len(old)), weight)
    return fitted is not None


def test_the_standard_error_of_the_rise_counts_weights_as_statsmodels_does():
    statsmodels = pytest.importorskip("statsmodels.api")
    positive = np.arange(400) < 20  # 5 % of the rows, by class_weight="balanced"
    weight = np.where(positive, 10.0, 10.0 / 19)
    old, change = np.ones(400), np.random.default_rng(0).normal(0, np.where(positive, 0.2, 0.05))
    change -= np.average(change, weights=weight)
    error = statsmodels.WLS(change, np.ones(400), weights=weight).fit(cov_type="HC0").bse[0]
    assert calibration.standard_error(change, weight) == pytest.approx(error)
    assert calibration.standard_error(change, None) == pytest.approx(change.std() / 20)
    assert tried_losses(old, old + change + 1.9 * error, weight)
    assert not tried_losses(old, old + change + 2.1 * error, weight)


def test_what_is_not_finite_after_it_is_not_kept():
    after = np.ones(60)
    after[::5] = np.nan  # a comparison with which is false
    assert not tried_losses(np.ones(60), after, None)


def classes_of(truth, weight):
    """Returns the target and the facts of two classes that 60 rows calibrate."""
    schema = infer(pd.DataFrame({"a": [0.5, 1.5, 2.5], "y": ["no", "yes", "no"]}), "y")
    return Classification().calibrate(Classes(schema, {}), truth, Z60, weight, "softmax")


Z60 = np.random.default_rng(4).normal(size=(60, 1)).astype("float32")
Y60 = (Z60[:, 0] + np.random.default_rng(5).normal(size=60) > 0).astype("int32")


def test_rows_of_weight_0_neither_count_nor_set_the_ends_of_the_parabola():
    weight = np.zeros(60, "float32")
    assert classes_of(Y60, weight)[1] == {"rows": 0, "why": "fewer than 25 held-out rows"}
    weight[[3, 40]] = 1.0
    assert classes_of(Y60, weight)[1] == {"rows": 2, "why": "fewer than 25 held-out rows"}
    weight = (np.abs(Z60[:, 0]) < 1).astype("float32")
    target, facts = classes_of(Y60, weight)
    inside = Z60[weight > 0, 0]
    assert facts["rows"] == len(inside) < 60
    assert (target.calibration.low, target.calibration.high) == ((inside.min(),), (inside.max(),))


def test_rows_count_as_kish_has_it_where_one_has_nearly_all_the_weight():
    weight = np.full(60, 0.01, "float32")
    weight[7] = 100.0
    target, facts = classes_of(Y60, weight)
    assert target.calibration is None
    assert facts == {"rows": 60, "why": "the held-out rows weigh as much as fewer than 25 of equal weights"}


def test_few_rows_and_rows_without_probabilities_calibrate_nothing():
    z, y = drawn(24)
    assert tried(z, y, fitted_on) == (None, {"rows": 24, "why": "fewer than 25 held-out rows"})
    z, y = drawn(30)
    z[3] = np.nan
    assert tried(z, y, fitted_on)[1]["why"] == "the probabilities of the held-out rows are not finite"
