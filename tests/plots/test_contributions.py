"""Hidden units add up to the prediction."""

import numpy as np
import pandas as pd
import pytest

import zoo

TABLE = pd.DataFrame({"x": np.linspace(-2, 2, 60)})
TABLE["y"] = 100 + 20 * np.sin(2 * TABLE["x"])


@pytest.fixture(scope="module", params=[False, True], ids=["alone", "beside a line"])
def run(request):
    settings = {"encodings": "standard", "linear": request.param, "hidden_units": (5,), "dropout": 0.0, "epochs": 5}
    return zoo.train("mlp_regressor", TABLE, target="y", verbose=0, **settings)


def test_the_parts_are_the_units_weighted_and_their_sum_is_the_prediction(run):
    parts = zoo.plots.hidden_unit_parts(run, TABLE)
    np.testing.assert_allclose(parts["sum"], zoo.predict(run, TABLE)["prediction"], rtol=1e-5)
    np.testing.assert_allclose(parts["sum"], parts.drop(columns="sum").sum(axis=1))
    assert ("line" in parts) == run.model.recipe.linear
    w, b, v, _ = (
        np.asarray(weight)
        for name in ("hidden_0", "outputs")
        for weight in run.model.network.get_layer(name).get_weights()
    )
    standard = (TABLE["x"] - TABLE["x"].mean()) / TABLE["x"].std(ddof=0)
    train = run.model.preprocessor.encode(TABLE[["x"]])["numeric"][:, 0]
    assert np.corrcoef(standard, train)[0, 1] == pytest.approx(1.0)
    unit = np.maximum(train * w[0, 2] + b[2], 0.0) * v[2, 0] * run.model.target.scale
    np.testing.assert_allclose(parts["h3"], unit, rtol=1e-4, atol=1e-5)


def test_the_picture_has_a_line_a_unit_and_the_sum_through_the_rows(run):
    left, right = zoo.plots.hidden_units(run, TABLE).axes
    units = [line for line in left.lines if str(line.get_label()).startswith("h")]
    assert len(units) == 5
    total = next(line for line in right.lines if line.get_label() == "sum = prediction")
    expected = zoo.predict(run, pd.DataFrame({"x": total.get_xdata()}))["prediction"]
    np.testing.assert_allclose(total.get_ydata(), expected, rtol=1e-5)
    np.testing.assert_array_equal(right.lines[0].get_ydata(), TABLE["y"])


def test_other_models_are_refused():
    flowers = zoo.build("mlp_classifier", "iris")
    with pytest.raises(ValueError, match="`model` must be a regression of one target.*'mlp_classifier'"):
        zoo.plots.hidden_unit_parts(flowers, "iris")
    two = zoo.build("mlp_regressor", TABLE.assign(z=1.0 * TABLE["x"] ** 2), target="y", hidden_units=(2,))
    with pytest.raises(ValueError, match="over one numeric column. 'mlp_regressor' has: x, z"):
        zoo.plots.hidden_units(two, TABLE)
