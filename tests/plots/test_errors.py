"""Residuals, and predicted over true values."""

import numpy as np
import pandas as pd
import pytest

import zoo


@pytest.fixture(scope="module")
def frame():
    generator = np.random.default_rng(0)
    frame = pd.DataFrame(generator.normal(size=(50, 2)), columns=["a", "b"])
    return frame.assign(price=1000 + 10 * frame.a, weeks=frame.a - frame.b)


def points(panel):
    return np.asarray(panel.collections[0].get_offsets())


def test_rows_are_drawn_with_what_is_predicted(frame):
    rows = frame.drop(columns="weeks")
    model = zoo.build("linear_regression", rows, target="price")
    predicted = zoo.predict(model, rows).prediction
    scores = zoo.evaluate(model, rows, verbose=0)
    (ax,) = zoo.plots.residuals(scores).axes
    np.testing.assert_allclose(points(ax), np.stack([predicted, frame.price - predicted], axis=1), rtol=1e-6)
    (ax,) = zoo.plots.predicted_against_true(model, rows).axes
    np.testing.assert_allclose(points(ax), np.stack([frame.price, predicted], axis=1), rtol=1e-6)
    diagonal = ax.lines[0]
    np.testing.assert_array_equal(diagonal.get_xdata(), diagonal.get_ydata())
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("true price", "predicted price")
    assert set(zoo.plots.of_scores(scores)) == {"predicted_against_true", "residuals"}


def test_each_target_has_a_panel_and_many_rows_are_thinned(frame):
    many = pd.concat([frame] * 60, ignore_index=True)
    model = zoo.build("mlp_regressor", many, target=["price", "weeks"], hidden_units=(2,))
    figure = zoo.plots.residuals(model, many)
    assert [ax.get_xlabel() for ax in figure.axes] == ["predicted price", "predicted weeks"]
    assert len(points(figure.axes[0])) == 2_000


def test_classes_have_no_residuals():
    for name in ("residuals", "predicted_against_true"):
        with pytest.raises(ValueError, match=f"`{name}` does not suit what this model answers: it does classification"):
            getattr(zoo.plots, name)("logistic_regression.penguins", "penguins")
