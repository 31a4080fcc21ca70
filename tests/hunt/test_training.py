"""40 tables are trained on, saved and loaded, and 10 exported and proved: answers and scores are those of the rows."""

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

import zoo
from tests.hunt import options
from tests.hunt.tables import noted, tables
from tests.messages import warned

pytestmark = [pytest.mark.tensorflow, pytest.mark.slow]

ENTRIES = {True: ("logistic_regression", "mlp_classifier"), False: ("linear_regression", "mlp_regressor")}


def trained(table, frame, data):
    """Returns the run of one epoch of a small network on a table."""
    entry = data.draw(st.sampled_from(ENTRIES[has_classes(table)]))
    options = {"hidden_units": (4,)} if entry.startswith("mlp") else {}
    return zoo.train(entry, frame, target=table.name, epochs=1, batch_size=16, validation=None, verbose=0, **options)


def has_classes(table):
    return isinstance(table.target, pd.Series) or table.target.dtype.kind != "f" or set(table.target) == {1.0, 2.0}


@options.tables(40, shortest=False)
@given(table=tables(fewest=12, most=3), data=st.data())
def test_a_model_that_is_saved_and_loaded_answers_alike_and_its_scores_are_those_of_its_answers(table, data):
    with warned() as said, tempfile.TemporaryDirectory() as folder:
        notations = data.draw(noted(table))
        frame, rows = table.frame(notations), table.frame(notations, target=False)
        run = trained(table, frame, data)
        answers = zoo.predict(run, rows)
        pd.testing.assert_index_equal(answers.index, frame.index)
        assert np.isfinite(answers.select_dtypes("number").to_numpy()).all()
        zoo.save(run, Path(folder, "model"))
        loaded = zoo.load(Path(folder, "model"))
        pd.testing.assert_frame_equal(zoo.predict(loaded, rows), answers)
        other = table.frame(data.draw(noted(table, notations)), target=False)
        pd.testing.assert_frame_equal(zoo.predict(loaded, other), answers)
        one = data.draw(st.integers(0, len(frame) - 1))
        pd.testing.assert_frame_equal(zoo.predict(loaded, other.iloc[[one]]), answers.iloc[[one]], atol=1e-5, rtol=1e-5)
        scores = zoo.evaluate(loaded, frame, verbose=0)
    assert said.foreign == []
    check_scores(scores, table, answers)


def check_scores(scores, table, answers):
    """Compares scores with those that scikit-learn computes from the answers and the caller's own target."""
    y = np.asarray(table.target)
    if not has_classes(table):
        values, spread = answers["prediction"].to_numpy("float64"), float(np.std(y))
        assert scores["rmse"] == pytest.approx(metrics.root_mean_squared_error(y, values), abs=1e-4 * spread)
        assert scores["mae"] == pytest.approx(metrics.mean_absolute_error(y, values), abs=1e-4 * spread)
        assert scores["r2"] == pytest.approx(metrics.r2_score(y, values), rel=1e-3, abs=1e-3)
        return
    classes = sorted(set(y.tolist()))
    probabilities = answers[[f"p_{name}" for name in classes]].to_numpy("float64")
    probabilities = probabilities / probabilities.sum(axis=1, keepdims=True)
    assert set(answers["label"]) <= set(classes)
    assert {type(label) for label in answers["label"].tolist()} <= {type(name) for name in classes}
    assert scores["accuracy"] == pytest.approx(np.mean(answers["label"].to_numpy() == y))
    codes = np.searchsorted(np.array(classes), y)
    expected = metrics.log_loss(codes, probabilities, labels=range(len(classes)))
    assert scores["log_loss"] == pytest.approx(expected, rel=1e-4)
    if len(classes) == 2:
        assert scores["roc_auc"] == pytest.approx(metrics.roc_auc_score(codes, probabilities[:, 1]), abs=1e-6)


@options.tables(10, shortest=False)
@given(table=tables(fewest=12, most=3), data=st.data())
def test_an_exported_model_answers_the_rows_as_python_does(quick_proof, table, data):
    with warned() as said, tempfile.TemporaryDirectory() as folder:
        notations = data.draw(noted(table))
        run = trained(table, table.frame(notations), data)
        report = zoo.export(run, Path(folder, "served"))
        rows = table.frame(data.draw(noted(table, notations)), target=False)
        answers = zoo.predict(run, rows)
        tensors = run.model.preprocessor.tensors(rows)
        sent = {
            report.served_names[name]: tf.constant(
                values.tolist(), tf.string if values.dtype == object else values.dtype
            )
            for name, values in tensors.items()
        }
        found = tf.saved_model.load(str(report.path)).signatures["serving_default"](**sent)
    assert said.foreign == []
    if has_classes(table):
        wanted = answers.filter(regex="^p_").to_numpy()
        np.testing.assert_allclose(found["probabilities"].numpy(), wanted, atol=1e-5)
        assert [label.decode() for label in found["label"].numpy()] == [str(label) for label in answers["label"]]
    else:
        spread = float(np.std(np.asarray(table.target)))
        np.testing.assert_allclose(found["prediction"].numpy(), answers["prediction"], atol=1e-5 * spread, rtol=4e-7)
