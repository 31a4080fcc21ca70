"""`zoo.predict`: the same answers whatever holds the rows, columns that are carried along, and no rows at all."""

import warnings

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import zoo
from zoo.training import prediction

QUICK = {"epochs": 2, "hidden_units": (8,), "verbose": 0}


@pytest.fixture(scope="module")
def visits():
    """300 visits: a number, a category, a key that training ignores, and the target."""
    generator = np.random.default_rng(0)
    minutes = generator.normal(size=300)
    frame = pd.DataFrame({"minutes": minutes, "gate": generator.choice(["north", "river"], 300)})
    frame["id"] = [f"visit {i}" for i in range(300)]
    frame["bought"] = np.where(minutes > 0, "yes", "no")
    return frame.set_index(pd.Index(np.arange(300) * 7))


@pytest.fixture(scope="module")
def model(visits):
    return zoo.train("mlp_classifier", visits, target="bought", ignore="id", **QUICK).model


def arrow(frame):
    return pa.Table.from_pandas(frame, preserve_index=False)


@pytest.mark.parametrize("rows", [3, 300])
def test_every_holder_of_rows_gets_the_answers_of_the_pandas_frame(model, visits, rows):
    inputs = visits[["minutes", "gate"]].head(rows)
    expected = zoo.predict(model, inputs).to_numpy()[:, 1:].astype(float)
    turned = inputs[["gate", "minutes"]]
    held = [
        arrow(turned),
        arrow(turned).to_batches()[0],
        turned.to_dict("list"),
        turned.to_dict("records"),
        turned.to_records(index=False),
        list(turned.itertuples(index=False)),
        (row for row in turned.to_dict("records")),
        (arrow(turned), pa.array(visits["bought"].head(rows))),
    ]
    for data in held:
        found = zoo.predict(model, data)
        np.testing.assert_allclose(found.to_numpy()[:, 1:].astype(float), expected, atol=1e-6)
        assert found.index.tolist() == list(range(rows))


def test_one_record_gets_one_answer(model, visits):
    row = visits[["minutes", "gate"]].iloc[4]
    expected = zoo.predict(model, visits[["minutes", "gate"]].iloc[[4]])
    for record in (row.to_dict(), [row.to_dict()], row, arrow(row.to_frame().T.infer_objects())):
        np.testing.assert_allclose(zoo.predict(model, record)["p_yes"], expected["p_yes"], atol=1e-6)
    assert zoo.predict(model, row).index.tolist() == [28]
    np.testing.assert_allclose(model.predict([row.to_dict()], verbose=0)[:, 1], expected["p_yes"], atol=1e-6)
    np.testing.assert_allclose(model.predict(row, verbose=0)[:, 1], expected["p_yes"], atol=1e-6)


def test_training_on_any_frame_is_training_on_the_pandas_frame(model, visits):
    frame, expected = arrow(visits), zoo.predict(model, visits)["p_yes"].to_numpy()
    inputs, target = frame.select(["minutes", "gate"]), frame.column("bought")
    runs = [
        zoo.train("mlp_classifier", frame, target="bought", ignore="id", **QUICK),
        zoo.train("mlp_classifier", inputs, target=target, **QUICK),
        zoo.train("mlp_classifier", visits.drop(columns="id").to_dict("records"), target="bought", **QUICK),
    ]
    for run in runs:
        np.testing.assert_allclose(zoo.predict(run, inputs)["p_yes"], expected, atol=1e-6)
    assert "target" not in runs[1].data


def test_frames_go_wherever_pandas_frames_go(model, visits, tmp_path):
    frame = arrow(visits.drop(columns="id"))
    inputs, target = frame.select(["gate", "minutes"]), frame.column("bought")
    accuracy = zoo.evaluate(model, visits, verbose=0)["accuracy"]
    assert zoo.evaluate(model, frame, verbose=0)["accuracy"] == accuracy
    assert zoo.evaluate(model, inputs, target=target, verbose=0)["accuracy"] == accuracy
    assert model.evaluate(frame, verbose=0)[1] == pytest.approx(accuracy)
    assert model.evaluate(inputs, target, verbose=0)[1] == pytest.approx(accuracy)
    assert zoo.build("mlp_classifier", frame, target="bought").schema.names == ["minutes", "gate"]
    assert zoo.adapt(model, inputs, target=target).schema == model.schema
    tuned = zoo.fine_tune(model, inputs, target=target, validation=(inputs, target), epochs=1, verbose=0)
    assert tuned.model.schema == model.schema
    tuned.save(tmp_path / "tuned")
    folds = zoo.cross_validate("mlp_classifier", frame, target="bought", folds=2, **QUICK)
    pd.testing.assert_frame_equal(
        folds, zoo.cross_validate("mlp_classifier", visits.drop(columns="id"), target="bought", folds=2, **QUICK)
    )
    batches = list(zoo.data.pipeline(inputs, model, batch_size=100))
    assert len(batches) == 3
    assert model.fit(inputs, target, validation_data=(inputs, target), epochs=0, verbose=0).history == {}


def test_keras_s_own_methods_pair_targets_and_weights_by_index(model, visits):
    inputs, y = visits[["minutes", "gate"]], visits["bought"]
    weight = pd.Series(np.where(y == "yes", 1.0, 0.0), index=y.index)
    expected = model.evaluate(inputs, y.to_numpy(), verbose=0)
    assert model.evaluate(inputs, y.sample(frac=1.0, random_state=0), verbose=0) == pytest.approx(expected)
    expected = model.evaluate(inputs, y.to_numpy(), sample_weight=weight.to_numpy(), verbose=0)
    shuffled = weight.sample(frac=1.0, random_state=0)
    assert model.evaluate(inputs, y, sample_weight=shuffled, verbose=0) == pytest.approx(expected)
    first, second = (zoo.build("mlp_classifier", visits, target="bought", **{"hidden_units": (8,)}) for _ in range(2))
    for one, shuffled in ((first, y), (second, y.sample(frac=1.0, random_state=0))):
        how = {
            "shuffle": False,
            "epochs": 1,
            "verbose": 0,
            "validation_data": (visits, shuffled, weight[shuffled.index]),
        }
        losses = one.fit(visits, shuffled, sample_weight=weight[shuffled.index], **how).history
    assert losses["loss"] == pytest.approx(first.history.history["loss"], rel=1e-3)
    assert losses["val_loss"] == pytest.approx(first.history.history["val_loss"], rel=1e-3)


def test_values_for_the_name_of_a_column_are_refused(visits):
    with pytest.raises(ValueError, match=r"`weight` must be a column.*, by its name.*frame.assign\(weight=values\)"):
        zoo.train("mlp_classifier", visits, target="bought", weight=visits["minutes"], **QUICK)
    with pytest.raises(ValueError, match=r"`groups` must be a column of the data, by its name"):
        zoo.cross_validate("mlp_classifier", visits, target="bought", groups=visits["minutes"].to_numpy(), **QUICK)
    with pytest.raises(ValueError, match=r"`weight` must be a column.*Did you mean 'minutes'"):
        zoo.train("mlp_classifier", visits, target="bought", weight="Minutes", **QUICK)


def test_several_targets_are_refused_in_the_zoo_s_words(visits):
    x, y = visits[["minutes"]].to_numpy(), np.zeros((300, 3))
    with pytest.raises(ValueError, match=r"one value a row. Received: the shape \(300, 3\).*y\[:, 0\], y\[:, 1\]"):
        zoo.train("logistic_regression", (x, y), verbose=0)


def test_a_column_with_a_role_in_training_may_number_the_rows(visits):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        frame = visits.drop(columns="id").assign(day=range(300))
        run = zoo.train("mlp_classifier", frame, target="bought", time="day", **QUICK)
        zoo.cross_validate("mlp_classifier", frame, target="bought", groups="day", folds=2, **QUICK)
    assert run.model.schema.names == ["minutes", "gate", "day"]
    with pytest.warns(zoo.DataWarning, match="'day': It numbers the rows") as caught:
        zoo.train("mlp_classifier", frame, target="bought", **QUICK)
    assert len(caught) == 1


def test_a_model_goes_on_with_an_index_that_it_reads(visits):
    frame = visits[["minutes", "bought"]].assign(day=range(300))
    schema = zoo.data.load(frame, target="bought", ignore="day").schema.to_dict()
    schema["columns"].append({"name": "Unnamed: 0", "kind": "number"})
    frame = frame.rename(columns={"day": "Unnamed: 0"})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run = zoo.train("mlp_classifier", frame, schema=schema, **QUICK)
        tuned = zoo.fine_tune(run, frame, epochs=1, verbose=0)
        assert zoo.predict(tuned, frame).shape == (300, 4)
    assert tuned.model.schema.names == ["minutes", "Unnamed: 0"]


# Columns that are kept.


@pytest.mark.parametrize("rows", [2, 300])
def test_columns_are_carried_into_the_answers(model, visits, rows):
    data = visits.head(rows)
    plain = zoo.predict(model, data[["minutes", "gate"]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # of columns that training did not know
        found = zoo.predict(model, data.assign(till=5), keep=["id", "till", "bought", "minutes", "id"])
    pd.testing.assert_frame_equal(found[["id", "bought", "minutes"]], data[["id", "bought", "minutes"]])
    assert list(found.columns) == ["id", "till", "bought", "minutes", *plain.columns]
    pd.testing.assert_frame_equal(found[plain.columns], plain, check_exact=False)
    for held in (arrow(data), data.to_dict("records"), data.to_dict("list"), data.to_records(index=False)):
        assert zoo.predict(model, held, keep="id")["id"].tolist() == data["id"].tolist()
    pair = (data[["minutes", "gate"]], data["bought"].iloc[::-1])
    assert zoo.predict(model, pair, keep="bought")["bought"].tolist() == data["bought"].tolist()


def test_columns_are_carried_through_a_stream(model, visits, tmp_path):
    visits.drop(columns="bought").to_csv(tmp_path / "visits.csv", index=False)
    stream = zoo.data.load(tmp_path / "visits.csv", schema=model.schema, stream=True)
    blocks = list(prediction.predict_blocks(model, stream, 128, keep=("id",)))
    assert [len(block) for block in blocks] == [128, 128, 44]
    assert pd.concat(blocks)["id"].tolist() == visits["id"].tolist()


def test_a_column_without_a_duplicate_label_is_carried_beside_duplicate_labels(model, visits):
    twice = pd.concat([visits.head(40), visits.head(40)])
    assert zoo.predict(model, twice, keep="id")["id"].tolist() == twice["id"].tolist()


def test_names_of_columns_are_found_by_their_text(model, visits):
    assert list(zoo.predict(model, visits.rename(columns={"id": 7}), keep="7").columns)[0] == 7


def test_columns_that_cannot_be_kept_are_refused(model, visits):
    with pytest.raises(ValueError, match=r"no column 'ID' to keep. Did you mean 'id'\?.*minutes, gate, id, bought"):
        zoo.predict(model, visits, keep="ID")
    with pytest.raises(ValueError, match=r"answers have a column 'label' of their own.*another name"):
        zoo.predict(model, visits.rename(columns={"id": "label"}), keep="label")
    with pytest.raises(ValueError, match=r"no columns to keep. Received: keep=\['id'\]"):
        zoo.predict("image_mlp.mnist_10k", np.zeros((2, 28, 28, 1), "uint8"), keep=("id",))


# No rows.


def test_no_rows_get_an_empty_table_of_the_right_columns(model, visits, tmp_path):
    expected = zoo.predict(model, visits)
    visits.head(0).to_csv(tmp_path / "none.csv", index=False)
    stream = zoo.data.load(tmp_path / "none.csv", schema=model.schema, stream=True)
    for nothing in (
        visits.head(0),
        arrow(visits.head(0)),
        [],
        {"minutes": [], "gate": []},
        tmp_path / "none.csv",
        stream,
    ):
        found = zoo.predict(model, nothing)
        assert len(found) == 0
        assert list(found.columns) == list(expected.columns)
        assert found["p_yes"].dtype == expected["p_yes"].dtype
    assert list(zoo.predict(model, visits.head(0), keep="id").columns) == ["id", *expected.columns]
    assert list(zoo.predict(model, stream, keep="id").columns) == ["id", *expected.columns]
    with pytest.raises(ValueError, match="must have rows to score"):
        zoo.evaluate(model, visits.head(0), verbose=0)
    for settings in ({}, {"validation": visits.head(0)}):
        data = visits if settings else visits.head(0)
        with pytest.raises(ValueError, match="must have rows to train on"):
            zoo.train(model, data, verbose=0, epochs=1, **settings)


def test_what_xla_compiles_gives_no_rows_for_none():
    patterns = np.where(np.random.default_rng(0).random((2, 8)) < 0.5, -1, 1)
    assert zoo.predict(zoo.train("hopfield", patterns, verbose=0), patterns[:0]).shape == (0, 8)


def test_no_images_and_no_values_get_empty_tables_too(visits):
    assert zoo.predict("image_mlp.mnist_10k", np.zeros((0, 28, 28, 1), "uint8")).shape == (0, 12)
    regressor = zoo.train(
        "linear_regression", visits[["minutes"]], target=2.0 * visits["minutes"].rename("double"), verbose=0
    )
    assert list(zoo.predict(regressor, visits[["minutes"]].head(0)).columns) == ["prediction"]
    assert regressor.model.predict(visits[["minutes"]].head(0), verbose=0).shape == (0, 1)
    assert zoo.predict(zoo.build("hodgkin_huxley"), np.zeros((0, 5, 1))).shape == (0, 1)
