"""Learning curves and confusion matrices: what is drawn is what was given."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

import zoo
from zoo.scores import Scores

HISTORY = {"accuracy": [0.5, 0.7, 0.8], "loss": [0.9, 0.5, 0.4], "val_loss": [1.0, 0.6, 0.7], "val_accuracy": [0.4] * 3}
COUNTS = pd.DataFrame([[8, 2, 0], [1, 3, 0], [0, 0, 0]], index=["a", "b", "c"], columns=["a", "b", "c"])


class Trained:
    """What `Run` and Keras's History have in common."""

    history = HISTORY


@pytest.mark.parametrize("given", [HISTORY, Trained()], ids=["dict", "object"])
def test_each_quantity_has_a_panel_with_its_values_by_epoch_validation_beside_training(given):
    figure = zoo.plots.learning_curves(given)
    assert isinstance(figure, Figure)
    assert [ax.get_ylabel() for ax in figure.axes] == ["loss", "accuracy"]
    train, val = figure.axes[0].lines
    assert train.get_xdata().tolist() == [1, 2, 3]
    assert (train.get_ydata().tolist(), val.get_ydata().tolist()) == ([0.9, 0.5, 0.4], [1.0, 0.6, 0.7])
    assert (train.get_label(), val.get_label()) == ("training", "validation")
    assert train.get_linestyle() != val.get_linestyle()  # told apart in black and white too


def test_a_history_without_validation_has_one_line_a_panel_and_one_epoch_is_a_point():
    (ax,) = zoo.plots.learning_curves({"loss": [0.3]}).axes
    (line,) = ax.lines
    assert line.get_marker() == "o"
    assert ax.get_legend() is None


def test_a_history_is_asked_for():
    with pytest.raises(TypeError, match="Run, of Keras's History or of a dict"):
        zoo.plots.learning_curves(3)
    with pytest.raises(ValueError, match="history is empty"):
        zoo.plots.learning_curves({})


def test_cells_hold_counts_and_shades_are_shares_of_the_true_class():
    figure = zoo.plots.confusion_matrix(COUNTS)
    ax = figure.axes[0]
    expected = [[0.8, 0.2, 0.0], [0.25, 0.75, 0.0], [0.0, 0.0, 0.0]]
    np.testing.assert_allclose(ax.images[0].get_array(), expected, rtol=1e-12)
    assert [text.get_text() for text in ax.texts] == list("820130000")
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["a", "b", "c"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("predicted class", "true class")


def test_scores_and_a_model_with_data_give_the_matrix_of_evaluate():
    ax = zoo.plots.confusion_matrix("perceptron.and", "and_gate").axes[0]
    assert [text.get_text() for text in ax.texts] == ["3", "0", "0", "1"]  # AND: three rows of 0, one of 1, all right
    scores = Scores({"accuracy": 1.0}, rows=14, confusion=COUNTS)
    assert [text.get_text() for text in zoo.plots.confusion_matrix(scores).axes[0].texts] == list("820130000")


def test_a_matrix_needs_classes_and_a_model_needs_data():
    with pytest.raises(ValueError, match="needs classes"):
        zoo.plots.confusion_matrix(Scores({"rmse": 1.0}, rows=3))
    with pytest.raises(TypeError, match="Pass `data`"):
        zoo.plots.confusion_matrix("perceptron.and")
