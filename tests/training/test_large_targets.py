"""Targets that lie far from 0 for their spread, such as time stamps: nothing of them is lost on the way to float32."""

import numpy as np
import pandas as pd
import pytest

import zoo

CENTER, SCALE = 1.7e9, 600.0  # seconds since 1970: float32 has every 128th of them alone


def seconds(rows=300, seed=0):
    """A time stamp that is a line of x but for noise of 60 seconds."""
    generator = np.random.default_rng(seed)
    x = generator.normal(size=rows)
    return pd.DataFrame({"x": x, "y": CENTER + SCALE * x + 60.0 * generator.normal(size=rows)})


@pytest.fixture(scope="module")
def line():
    return zoo.train("linear_regression", seconds(), target="y", verbose=0)


def least_squares(frame):
    """Returns the line's values by numpy, in float64."""
    design = np.stack([frame.x, np.ones(len(frame))], axis=1)
    weights, *_ = np.linalg.lstsq(design, frame.y - CENTER, rcond=None)
    return design @ weights + CENTER


def test_a_line_through_time_stamps_is_that_of_least_squares():
    frame = seconds()
    model = zoo.train("linear_regression", frame, target="y", validation=None, verbose=0).model
    table = zoo.predict(model, frame)
    assert table.prediction.dtype == "float64"
    np.testing.assert_allclose(table.prediction - CENTER, least_squares(frame) - CENTER, atol=0.05)
    np.testing.assert_array_equal(zoo.predict(model, frame[:3]).prediction, table.prediction[:3])  # of few rows too
    assert model.coefficients().loc["intercept", "y"] == pytest.approx(frame.y.mean(), abs=SCALE)


def test_scores_are_those_of_the_caller_s_own_values(line):
    frame = seconds(seed=1)
    errors = zoo.predict(line.model, frame).prediction.to_numpy() - frame.y.to_numpy()
    scores = zoo.evaluate(line.model, frame, verbose=0)
    assert scores["rmse"] == pytest.approx(np.sqrt(np.mean(errors**2)), rel=1e-12)
    assert scores["mae"] == pytest.approx(np.mean(np.abs(errors)), rel=1e-12)
    assert scores["r2"] == pytest.approx(1 - np.mean(errors**2) / np.var(frame.y.to_numpy()), rel=1e-9)
    assert 50 < scores["rmse"] < 75
    assert 50 < line.metrics["val"]["rmse"] < 75


@pytest.mark.parametrize("engine", ["fused", "keras", "xla"])
def test_every_loop_learns_the_target_as_if_its_center_were_subtracted(engine):
    frame = seconds()
    how = {"target": "y", "epochs": 2, "engine": engine, "hidden_units": (4,), "verbose": 0}
    far = zoo.train("mlp_regressor", frame, **how)
    near = zoo.train("mlp_regressor", frame.assign(y=frame.y - CENTER), **how)
    for ours, theirs in zip(far.model.get_weights(), near.model.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)
    assert far.metrics["val"]["rmse"] == pytest.approx(near.metrics["val"]["rmse"], rel=1e-4)


def test_keras_s_own_methods_train_on_and_give_float64(line):
    frame = seconds()
    model = zoo.build("mlp_regressor", frame, target="y", hidden_units=(4,))
    first = model.fit(frame, epochs=1, verbose=0).history["loss"]
    other = zoo.build("mlp_regressor", frame, target="y", hidden_units=(4,))
    encoded = other.fit(other.preprocessor.encode(frame[["x"]]), frame.y.to_numpy(), epochs=1, verbose=0)
    assert encoded.history["loss"] == pytest.approx(first, rel=0.2)
    assert model.evaluate(frame, verbose=0) == pytest.approx(
        np.mean((zoo.predict(model, frame).prediction - frame.y) ** 2) / np.var(frame.y.to_numpy()), rel=1e-3
    )
    values = model.predict(frame[["x"]], verbose=0)[:, 0]
    assert values.dtype == np.float64
    np.testing.assert_allclose(values, zoo.predict(model, frame).prediction, atol=1e-3)


def test_folds_score_the_caller_s_values_and_train_at_once():
    table = zoo.cross_validate("mlp_regressor", seconds(), target="y", folds=3, epochs=20, verbose=0)
    assert table.attrs["at_once"]
    predictions = table.attrs["predictions"].prediction
    assert predictions.dtype == "float64"
    squares = (predictions - seconds().y) ** 2
    assert np.mean(table.rmse**2) == pytest.approx(squares.mean(), rel=1e-9)
    assert table.r2.between(0.2, 1.0).all()


def test_a_loss_on_float32_values_is_refused_with_the_repair():
    with pytest.raises(ValueError, match="`loss` compares float32 values, which cannot resolve this target: its mean"):
        zoo.train("mlp_regressor", seconds(), target="y", loss="mae", epochs=1, verbose=0)
    model = zoo.build("mlp_regressor", seconds(), target="y")
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match="Subtract the mean from the target"):
        model.fit(seconds(), verbose=0)


def test_it_is_saved_and_served_as_float64(line, tmp_path, quick_proof):
    import tensorflow as tf

    zoo.save(line, tmp_path / "line")
    model, frame = zoo.load(tmp_path / "line"), seconds(20, seed=2)
    expected = zoo.predict(line.model, frame).prediction
    np.testing.assert_array_equal(zoo.predict(model, frame).prediction, expected)
    report = zoo.export(model, tmp_path / "served")
    assert report.outputs == {"prediction": ["float64", [None]]}
    served = tf.saved_model.load(str(report.path))
    answered = served.signatures["serving_default"](x=tf.constant(frame.x, tf.float32))["prediction"].numpy()
    np.testing.assert_allclose(answered, expected, atol=1e-3)
    with tf.device("CPU"):
        rows = [tf.train.Example(features=tf.train.Features(feature={"x": _float(value)})) for value in frame.x]
        by_method = served.signatures["regress"](tf.constant([row.SerializeToString() for row in rows]))["outputs"]
    assert by_method.dtype == tf.float32  # which TensorFlow Serving's method of that name wants
    assert zoo.export(model, tmp_path / "numpy", format="numpy").outputs == report.outputs
    with pytest.raises(ValueError, match="LiteRT computes in float32, which cannot resolve the target"):
        zoo.export(model, tmp_path / "litert", format="litert")


def _float(value):
    import tensorflow as tf

    return tf.train.Feature(float_list=tf.train.FloatList(value=[value]))


def test_other_targets_are_served_as_float32():
    frame = seconds()
    for y, dtype in ((frame.y - CENTER, "float32"), (frame.y, "float64"), (1e300 * frame.x, "float64")):
        with np.errstate(over="raise"):
            values = y.clip(-1e149, 1e149)
        assert zoo.build("linear_regression", frame.assign(y=values), target="y").target.dtype == dtype


def test_artifacts_of_before_answer_in_float32():
    from zoo.data.preprocessing import Preprocessor

    config = zoo.build("linear_regression", seconds(), target="y").preprocessor.get_config()
    assert config["target"].pop("dtype") == "float64"
    assert Preprocessor.from_config(config).target.dtype == "float32"
    statistics = [config["target"][name] for name in ("center", "scale", "low", "high")]
    older = Preprocessor.from_config({**config, "target": statistics, "target_dtype": "float64"}).target
    assert (older.dtype, older.center, older.ends[1]) == ("float64", statistics[0], statistics[3])


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (1e300, "must be numbers of at most 1e[+]150 in size.*Received: 1e[+]300, at row 7"),
        (np.inf, "must be finite"),
        (np.nan, "must have no missing values. Received: 1 missing, the first at row 7"),
    ],
)
def test_a_target_without_a_square_is_refused_before_training(value, message):
    frame = seconds()
    frame.loc[7, "y"] = value
    with pytest.raises(ValueError, match=message):
        zoo.train("linear_regression", frame, target="y", validation=None, verbose=0)


def test_a_target_of_one_value_is_predicted():
    frame = seconds(50).assign(y=CENTER)
    run = zoo.train("linear_regression", frame, target="y", verbose=0)
    np.testing.assert_allclose(zoo.predict(run.model, frame).prediction, CENTER, atol=1e-6)
    assert run.metrics["val"]["rmse"] == pytest.approx(0.0, abs=1e-6)
