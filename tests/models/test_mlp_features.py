"""The features of a table have a budget: few columns are expanded, many are not."""

import json

import numpy as np
import pandas as pd
import pytest

import zoo
from zoo.data.preprocessing import Preprocessor


def table(columns, rows=60):
    generator = np.random.default_rng(columns)
    return generator.normal(size=(rows, columns)).astype("float32"), np.arange(rows) % 2


def frame(columns, rows=60):
    x, y = table(columns, rows)
    return pd.DataFrame(x, columns=[f"x{i}" for i in range(columns)]).assign(y=y)


def width(model) -> int:
    """Returns how many features the first hidden layer takes."""
    return model.network.get_layer("hidden_0").kernel.shape[0]


@pytest.mark.parametrize(
    "columns, features",
    [
        (20, 20 + 20 * 16),
        (64, 64 + 64 * 16),  # 64 x 16 = 1,024, the whole budget
        (65, 65 + 65 * 15),  # 1,024 // 65 = 15
        (100, 100 + 100 * 10),
        (512, 512 + 512 * 2),
        (513, 513),  # less than two bins a column: no ranks
    ],
)
def test_more_columns_get_fewer_bins_each(columns, features):
    assert width(zoo.build("mlp_classifier", table(columns), hidden_units=(4,))) == features


def test_columns_of_two_values_take_nothing_of_the_budget():
    x, y = table(520)
    x[:, 20:] = x[:, 20:] > 0
    assert width(zoo.build("mlp_classifier", (x, y), hidden_units=(4,))) == 520 + 20 * 16


@pytest.mark.parametrize("budget, features", [(40, 10 + 40), (39, 10 + 30), (0, 10), (None, 10 + 160)])
def test_the_budget_is_an_option(budget, features):
    model = zoo.build("mlp_regressor", table(10), hidden_units=(4,), feature_budget=budget)
    assert width(model) == features
    assert model.preprocessor.get_config()["feature_budget"] == budget


@pytest.mark.parametrize("budget", [-1, 2.5, True, "all"])
def test_a_budget_that_is_no_number_of_features_is_refused(budget):
    with pytest.raises(ValueError, match="`feature_budget` must be a number of features, 0 or more, or None"):
        zoo.build("mlp_classifier", table(3), feature_budget=budget)


def test_linear_models_and_their_coefficients_know_no_budget():
    model = zoo.build("logistic_regression", frame(600), target="y")
    assert list(model.coefficients().index) == [*(f"x{i}" for i in range(600)), "intercept"]


@pytest.mark.slow
@pytest.mark.tensorflow
@pytest.mark.usefixtures("quick_proof")
def test_a_wide_array_trains_and_its_export_proves_itself(tmp_path):
    x, y = table(600)
    run = zoo.train("mlp_classifier", (x, y), hidden_units=(4,), epochs=1, verbose=0)
    assert run.recipe["feature_budget"] == 1024
    zoo.save(run, tmp_path / "saved")
    loaded = zoo.load(tmp_path / "saved")
    pd.testing.assert_frame_equal(zoo.predict(loaded, x), zoo.predict(run, x))
    assert zoo.export(run, tmp_path / "served").version == 1


def test_a_preprocessor_of_before_the_budget_encodes_as_it_did():
    data = frame(70)
    model = zoo.build("mlp_classifier", data, target="y", feature_budget=None)
    config = model.preprocessor.get_config()
    del config["feature_budget"]
    old = Preprocessor.from_config(config)
    assert "max_bins" not in old.layout.sizes
    for name, values in model.preprocessor.encode(data).items():
        np.testing.assert_array_equal(old.encode(data)[name], values)


@pytest.mark.parametrize("columns, bins", [(70, 14), (600, 0)])
def test_a_column_that_comes_later_gets_the_bins_of_the_others(columns, bins):
    data = frame(columns)
    model = zoo.build("mlp_classifier", data, target="y", hidden_units=(4,))
    more = data.assign(late=np.linspace(0.0, 1.0, len(data)))
    adapted = zoo.adapt(model, more, columns="extend")
    assert width(adapted) == (columns + 1) * (1 + bins)
    pd.testing.assert_frame_equal(zoo.predict(adapted, more), zoo.predict(model, data), rtol=1e-5)


def test_a_checkpoint_from_before_the_budget_is_still_known(tmp_path):
    how = {"hidden_units": (4,), "epochs": 1, "verbose": 0, "checkpoint": tmp_path}
    zoo.train("mlp_classifier", table(3), **how)
    with np.load(next(tmp_path.glob("checkpoint*.npz"))) as arrays:
        recipe = json.loads(str(arrays["state"]))["identity"]["recipe"]
    assert recipe["batch_size"] == 256 and "feature_budget" not in recipe


@pytest.fixture(scope="module")
def curve():
    """A parabola with noise, which no line is."""
    x = np.linspace(-3.0, 5.0, 200)
    return pd.DataFrame({"x": x, "y": x**2 + np.random.default_rng(0).normal(size=200)})


def of_identities(curve, **options):
    """Returns what a network without a curve in its units answers from -10 to 10, outside of its training too."""
    run = zoo.train(
        "mlp_regressor",
        curve,
        target="y",
        activation="linear",
        linear=False,
        dropout=0.0,
        validation=None,
        epochs=60,
        verbose=0,
        **options,
    )
    return run.model.predict(pd.DataFrame({"x": np.linspace(-10.0, 10.0, 41)}), verbose=0)[:, 0]


def test_a_network_of_identities_on_plain_numbers_draws_the_line_of_least_squares(curve):
    found = of_identities(curve, encodings="standard", hidden_units=(16,), solver="lbfgs")
    assert np.abs(np.diff(found, 2)).max() < 1e-4  # straight
    slope, intercept = np.polyfit(curve.x, curve.y, 1)
    np.testing.assert_allclose(found, slope * np.linspace(-10.0, 10.0, 41) + intercept, atol=1e-3)


def test_by_default_the_ramps_of_the_ranks_bend_it(curve):
    found = of_identities(curve, hidden_units=(16,))
    assert np.abs(np.diff(found, 2)).max() > 0.1
