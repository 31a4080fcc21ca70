"""Keras's metrics on models of classes: in `compile`, `fit` and `evaluate` on raw rows, and from a file."""

import keras
import numpy as np
import pandas as pd
import pytest
from sklearn import metrics

import zoo
from zoo.layers.class_metrics import ColumnMetric
from zoo.tasks.keras_metrics import of_classes


class Distance(keras.metrics.MeanMetricWrapper):
    """A metric of one's own, which Keras shows indices of classes."""

    def __init__(self, name="distance", **settings):
        super().__init__(lambda y, p: keras.ops.abs(keras.ops.cast(y, p.dtype) - p[:, 1]), name=name)


def error(y_true, y_pred):
    return keras.ops.abs(y_true - y_pred)  # (batch, 1)


def rows(classes):
    generator = np.random.default_rng(classes)
    frame = pd.DataFrame(generator.normal(size=(90, 2)), columns=["a", "b"])
    return frame.assign(y=np.array(list("nyz"))[generator.permutation(np.arange(90) % classes)])


def compiled(frame, asked, entry="mlp_classifier", **options):
    model = zoo.build(entry, frame, target="y", hidden_units=(8,), **options)
    generator = np.random.default_rng(0)
    model.set_weights([0.3 * generator.normal(size=weight.shape).astype("float32") for weight in model.get_weights()])
    loss = "mse" if entry == "mlp_regressor" else "sparse_categorical_crossentropy"
    model.compile("adam", loss, metrics=asked)
    return model


def test_of_two_classes_metrics_are_shown_the_column_of_the_second():
    frame, weight = rows(2), np.linspace(0.1, 1.0, 90)
    own = Distance()
    asked = ["recall", keras.metrics.Precision(thresholds=0.3, name="precision"), "auc", "mse", "f1_score", own]
    model = compiled(frame, [*asked, "accuracy", "sparse_categorical_crossentropy", keras.losses.binary_crossentropy])
    y, p = (frame.y == "y").to_numpy().astype(int), model.predict(frame[["a", "b"]], verbose=0)[:, 1]
    wanted = {
        "recall": metrics.recall_score(y, p > 0.5),
        "precision": metrics.precision_score(y, p > 0.3),
        "mse": metrics.mean_squared_error(y, p),
        "accuracy": metrics.accuracy_score(y, p > 0.5),
        "sparse_categorical_crossentropy": metrics.log_loss(y, p),
        "binary_crossentropy": metrics.log_loss(y, p),
        "distance": np.abs(y - p).mean(),
    }
    found = model.evaluate(frame, verbose=0, return_dict=True)
    assert {name: found[name] for name in wanted} == pytest.approx(wanted, rel=1e-5)
    assert found["auc"] == pytest.approx(metrics.roc_auc_score(y, p), abs=0.01)
    np.testing.assert_allclose(found["f1_score"], metrics.f1_score(y, p > 0.5, average=None), rtol=1e-5)
    history = model.fit(frame, epochs=2, validation_data=(frame[["a", "b"]], frame.y), verbose=0).history
    assert len(history["recall"]) == len(history["val_recall"]) == 2

    weighed = compiled(frame, None)
    weighed.compile("adam", "sparse_categorical_crossentropy", weighted_metrics=["recall", "mse"])
    p = weighed.predict(frame[["a", "b"]], verbose=0)[:, 1]
    found = weighed.evaluate(frame[["a", "b"]], frame.y, sample_weight=weight, verbose=0, return_dict=True)
    assert found["recall"] == pytest.approx(metrics.recall_score(y, p > 0.5, sample_weight=weight), rel=1e-5)
    assert found["mse"] == pytest.approx(metrics.mean_squared_error(y, p, sample_weight=weight), rel=1e-5)


def test_of_more_classes_metrics_are_shown_a_column_for_each():
    frame = rows(3)
    model = compiled(frame, ["recall", "categorical_accuracy", "top_k_categorical_accuracy", "f1_score", "accuracy"])
    y, p = pd.factorize(frame.y, sort=True)[0], model.predict(frame[["a", "b"]], verbose=0)
    found = model.evaluate(frame, verbose=0, return_dict=True)
    assert found["recall"] == pytest.approx(metrics.recall_score(np.eye(3)[y], p > 0.5, average="micro"), rel=1e-5)
    assert found["categorical_accuracy"] == found["accuracy"] == pytest.approx(np.mean(p.argmax(axis=1) == y))
    assert found["top_k_categorical_accuracy"] == 1.0  # k is 5
    np.testing.assert_allclose(found["f1_score"], metrics.f1_score(y, p.argmax(axis=1), average=None), rtol=1e-5)


def test_one_threshold_unit_has_one_column():
    frame = rows(2)
    model = zoo.build("perceptron", frame, target="y")
    model.compile("sgd", "mse", metrics=["recall", "categorical_accuracy"])
    y, fires = (frame.y == "y").to_numpy(), model.predict(frame[["a", "b"]], verbose=0)[:, 0] > 0.5
    found = model.evaluate(frame, verbose=0, return_dict=True)
    assert found["recall"] == pytest.approx(metrics.recall_score(y, fires))
    assert found["categorical_accuracy"] == pytest.approx(np.mean(y == fires))


def test_metrics_of_numbers_compare_columns():
    frame = rows(2).assign(y=lambda rows: rows.a + 0.1 * rows.b)
    model = compiled(frame, ["r2_score", "mae", error], "mlp_regressor")
    values = model.predict(frame[["a", "b"]], verbose=0)
    found = model.evaluate(frame, verbose=0, return_dict=True)
    assert found["r2_score"] == pytest.approx(metrics.r2_score(frame.y, values), rel=1e-4)
    assert found["mae"] == found["error"] == pytest.approx(metrics.mean_absolute_error(frame.y, values), rel=1e-5)


def test_a_compiled_model_comes_back_with_its_metrics(tmp_path):
    frame = rows(2)
    model = compiled(frame, [keras.metrics.Recall(thresholds=0.3, name="found"), "f1_score"])
    wanted = model.evaluate(frame, verbose=0, return_dict=True)
    model.save(tmp_path / "model.keras")
    found = keras.models.load_model(tmp_path / "model.keras").evaluate(frame, verbose=0, return_dict=True)
    assert found["found"] == wanted["found"] and found["f1_score"] == pytest.approx(wanted["f1_score"])


class Found(keras.metrics.Recall):
    """A metric that is not registered with Keras."""


def test_a_metric_that_a_file_cannot_hold_is_named(tmp_path):
    with pytest.warns(UserWarning, match="what the model was compiled with: metrics Found is not registered"):
        compiled(rows(2), [Found()]).save(tmp_path / "model.keras")


def test_a_callback_knows_whether_a_metric_is_to_be_high_or_low():
    assert of_classes("recall", 2)._direction == "up" and of_classes("mse", 2)._direction == "down"


@pytest.mark.parametrize("name", ["accuracy", "sparse_categorical_accuracy", "mean_io_u"])
def test_what_compares_indices_stays_as_it_is(name):
    try:
        assert of_classes(name, 2) == name
    except TypeError:
        assert name == "mean_io_u"  # it needs an argument: how many classes
    own = Distance()
    assert of_classes(own, 2) is own and of_classes(len, 2) is len
    wrapped = of_classes(keras.metrics.Recall, 2)
    assert isinstance(wrapped, ColumnMetric) and of_classes(wrapped, 2) is wrapped
