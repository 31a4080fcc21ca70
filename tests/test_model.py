"""`zoo.Model` is a Keras model: raw or encoded data, Keras's own methods, losses and callbacks."""

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

import zoo
from zoo import feeding
from zoo.data.schema import Column, Schema

pytestmark = pytest.mark.tensorflow


@pytest.fixture
def model(visits):
    return zoo.build("mlp_classifier", visits, target="bought", hidden_units=(8,), dropout=0.0)


def test_fit_takes_a_frame_with_the_target_inside(model, visits):
    history = model.fit(visits, epochs=2, verbose=0, validation_data=(visits, visits["bought"]))
    assert isinstance(history, keras.callbacks.History)
    assert sorted(history.history) == ["accuracy", "loss", "val_accuracy", "val_loss"]


def test_raw_and_encoded_rows_give_the_same(model, visits):
    x = model.preprocessor.encode(visits)
    y = model.preprocessor.target.encode(visits["bought"])
    np.testing.assert_array_equal(model.predict(visits, verbose=0), model.predict(x, verbose=0))
    assert model.evaluate(visits, verbose=0) == model.evaluate(x, y, verbose=0)
    assert model.evaluate(x, visits["bought"], verbose=0) == model.evaluate(x, y, verbose=0)
    columns = {name: visits[name].to_numpy() for name in visits if name != "bought"}
    np.testing.assert_array_equal(model.predict(columns, verbose=0), model.predict(x, verbose=0))


def test_a_dataset_of_raw_columns_is_read_as_a_table_is(capfd):
    """Whole seconds were rounded to float32, 2.0 was the level "2.000000", and AutoGraph asked for a report."""
    seconds = 1_700_000_000 + np.arange(60) * 7 % 60
    frame = pd.DataFrame({"at": seconds, "code": np.tile([1.0, 2.0], 30), "t": np.tile([1.5, 2.5, 3.5], 20)})
    columns = (Column("at", "number", "int64"), Column("code", "category", "float64"), Column("t", "number"))
    y = np.where(seconds % 2, "odd", "even")
    built = zoo.build("mlp_classifier", (frame, y), schema=Schema(columns), hidden_units=(4,))
    assert built.preprocessor.signature()["at"].dtype == tf.float64
    texts = frame["t"].astype(str).to_numpy(object)
    given = {"at": seconds, "code": frame["code"].to_numpy(), "t": texts}
    dataset = tf.data.Dataset.from_tensor_slices(given).batch(60)
    (encoded,) = feeding.encoded_dataset(built, dataset)
    for name, tensor in built.preprocessor.encode(frame).items():
        np.testing.assert_allclose(encoded[name], tensor, atol=1e-6)
    assert "AutoGraph" not in capfd.readouterr().err


def test_fit_takes_a_dataset_of_raw_columns(model, visits):
    columns = {"minutes": visits["minutes"].to_numpy("float32"), "member": visits["member"].to_numpy()}
    columns["gate"] = visits["gate"].to_numpy(object)
    dataset = tf.data.Dataset.from_tensor_slices((columns, visits["bought"].to_numpy(object))).batch(50)
    expected = model.evaluate(visits, verbose=0)
    np.testing.assert_allclose(model.evaluate(dataset, verbose=0), expected, rtol=1e-5)
    model.fit(dataset, epochs=1, verbose=0)
    assert model.predict(dataset, verbose=0).shape == (200, 2)


def test_on_batch_methods_take_raw_rows(model, visits):
    assert np.isfinite(model.train_on_batch(visits[:32])).all()
    assert np.isfinite(model.test_on_batch(visits[:32])).all()
    assert model.predict_on_batch(visits[:32]).shape == (32, 2)


def test_a_keras_loss_gets_probabilities_and_the_zoo_s_gets_logits(model, visits):
    ours = model.evaluate(visits, verbose=0)[0]
    model.compile("adam", loss="sparse_categorical_crossentropy")
    assert model.evaluate(visits, verbose=0)[0] == pytest.approx(ours, rel=1e-5)


def test_keras_s_callbacks_work_in_fit_and_in_train(visits, tmp_path):
    callbacks = [
        keras.callbacks.TensorBoard(tmp_path / "logs"),
        keras.callbacks.CSVLogger(str(tmp_path / "log.csv")),
        keras.callbacks.ModelCheckpoint(str(tmp_path / "best.keras"), save_best_only=True),
    ]
    zoo.train("mlp_classifier", visits, target="bought", epochs=2, hidden_units=(8,), callbacks=callbacks, verbose=0)
    assert list(pd.read_csv(tmp_path / "log.csv")["epoch"]) == [0, 1]
    assert list((tmp_path / "logs").rglob("events*"))
    assert zoo.load(tmp_path / "best.keras").classes == ("no", "yes")


def test_the_pipeline_gives_every_row_once_in_an_order_of_its_seed(model, visits):
    def numeric(seed):
        batches = zoo.data.pipeline(visits, model, batch_size=64, seed=seed)
        return np.concatenate([x["numeric"] for x, _ in batches.as_numpy_iterator()])

    first, again, other = numeric(0), numeric(0), numeric(1)
    np.testing.assert_array_equal(first, again)
    assert np.any(first != other)
    expected = model.preprocessor.encode(visits)["numeric"]
    np.testing.assert_array_equal(np.sort(first, axis=0), np.sort(expected, axis=0))


def test_other_columns_than_those_of_build_are_refused_with_the_repair(visits):
    with pytest.raises(ValueError, match="zoo.build\\(name, data, target=...\\)"):
        zoo.build("mlp_classifier").predict(visits)


def test_a_regression_with_a_sigmoid_stays_within_the_targets():
    x = np.linspace(-3, 3, 200)[:, None]
    y = np.clip(np.tanh(x[:, 0]) * 50 + 100, 60, 140)
    run = zoo.train("mlp_regressor", (x, y), output_activation="sigmoid", epochs=30, dropout=0.0, verbose=0)
    answers = zoo.predict(run, np.linspace(-30, 30, 50)[:, None])["prediction"]
    assert answers.min() >= y.min() - 1e-3 and answers.max() <= y.max() + 1e-3
    assert run.metrics["val"]["r2"] > 0.9


def test_weights_of_another_shape_are_refused(model, visits, tmp_path):
    other = zoo.build("mlp_classifier", visits, target="bought", hidden_units=(9,))
    with pytest.raises(ValueError, match="must have the shape"):
        zoo.build("mlp_classifier", visits, target="bought", hidden_units=(8,), weights=other)
    same = zoo.build("mlp_classifier", visits, target="bought", hidden_units=(8,), seed=5)
    loaded = zoo.build("mlp_classifier", visits, target="bought", hidden_units=(8,), weights=same)
    np.testing.assert_array_equal(loaded.predict(visits, verbose=0), same.predict(visits, verbose=0))
    with pytest.raises(FileNotFoundError, match="There is no"):
        zoo.build("mlp_classifier", visits, target="bought", weights=tmp_path / "none.weights.h5")


def test_predict_keeps_the_caller_s_index_and_classes(visits):
    frame = visits.set_index(pd.Index([f"v{i}" for i in range(200)]))
    model = zoo.build("mlp_classifier", frame, target="bought")
    answers = zoo.predict(model, frame.drop(columns="bought"))
    assert list(answers.columns) == ["label", "probability", "p_no", "p_yes"]
    assert list(answers.index) == list(frame.index)
    assert set(answers.label) <= {"no", "yes"}
    np.testing.assert_allclose(answers[["p_no", "p_yes"]].sum(axis=1), 1.0, rtol=1e-5)


def test_model_export_writes_raw_columns(model, visits, tmp_path):
    model.export(tmp_path / "m")
    signature = tf.saved_model.load(str(tmp_path / "m")).signatures["serving_default"]
    answer = signature(minutes=tf.constant([12.5]), member=tf.constant([1.0]), gate=tf.constant(["north"]))
    row = pd.DataFrame({"minutes": [12.5], "member": [True], "gate": ["north"]})
    np.testing.assert_allclose(answer["probabilities"], model.predict(row, verbose=0), atol=1e-6)


def test_images_in_fractions_are_no_images_for_a_network_of_images():
    with pytest.raises(ValueError, match=r"uint8, from 0 to 255.*float64.*255 \* x"):
        zoo.build("image_mlp", (np.zeros((4, 8, 8)), [0, 1, 0, 1]))


def test_inputs_outside_the_values_of_the_recipe_are_refused_by_name():
    with pytest.raises(ValueError, match=r"must hold -1 and 1 alone.*Received: 0, in row 0.*np.where"):
        zoo.build("hopfield", np.zeros((2, 3)))


def test_what_an_entry_has_beside_keras_is_an_attribute_of_its_models():
    model = zoo.build("hopfield")
    assert model.energy(np.ones((2, 100))).shape == (2,)
    assert not hasattr(model, "codebook")


def test_what_learns_without_targets_leaves_the_target_out(tmp_path):
    patterns = np.random.default_rng(0).choice([-1.0, 1.0], (4, 9))
    run = zoo.train("hopfield", (patterns, [0, 1, 0, 1]), rule="projection", verbose=0)
    assert run.model.schema.target is None and run.model.classes is None
    run.save(tmp_path / "model")
    again = zoo.load(tmp_path / "model")
    assert again.schema.columns[0].values == (-1.0, 1.0)


@pytest.mark.parametrize("name", ["hopfield", "restricted_boltzmann_machine", "modern_hopfield", "hebbian"])
def test_networks_whose_columns_are_units_keep_columns_of_one_value(name):
    patterns = np.sign(np.random.default_rng(0).normal(size=(3, 12)))
    patterns[:, [0, 5, 11]] = [1.0, -1.0, 1.0]
    patterns = (patterns + 1) / 2 if name == "restricted_boltzmann_machine" else patterns
    frame = pd.DataFrame(patterns, columns=list("abcdefghijkl"))
    model = zoo.build(name, frame)
    assert model.schema.names == list(frame.columns)
    model.fit(frame, epochs=1, verbose=0)
    values = zoo.predict(model, frame).to_numpy()
    if name.endswith("hopfield"):
        assert values.shape == (3, 12)
    by_array = zoo.build(name, patterns)
    by_array.set_weights(model.get_weights())
    np.testing.assert_allclose(values, zoo.predict(by_array, patterns).to_numpy(), atol=1e-6)


def test_one_pattern_in_a_table_is_stored_and_recalled():
    frame = pd.DataFrame(np.sign(np.random.default_rng(0).normal(size=(1, 12)))).rename(columns=str)
    run = zoo.train("hopfield", frame, verbose=0)
    np.testing.assert_array_equal(zoo.predict(run.model, frame).to_numpy(), frame.to_numpy())


def test_other_networks_leave_columns_of_one_value_out(visits):
    frame = visits.assign(shop="one")
    assert zoo.build("mlp_classifier", frame, target="bought").schema.dropped == {"shop": "constant"}


def test_compile_takes_keras_s_arguments_by_their_places():
    model = zoo.build("perceptron", "and_gate")
    model.compile("sgd", "mse", None, ["mae"], None, True, 3, False)
    assert (model.run_eagerly, model.steps_per_execution, model.jit_compile) == (True, 3, False)
