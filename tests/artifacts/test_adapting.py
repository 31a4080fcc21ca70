"""`zoo.adapt`: what was learned stays where it was, and what is new gets a place."""

import dataclasses

import keras
import numpy as np
import pandas as pd
import pytest

import zoo


@pytest.fixture(scope="module")
def plants():
    """Three classes told apart by a number, with a small and a large category."""
    generator = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "height": generator.normal(size=240),
            "soil": generator.choice(["clay", "loam", "sand"], 240),
            "town": generator.choice([f"town {i}" for i in range(12)], 240),
            "wet": generator.integers(0, 2, 240),
        }
    )
    frame["kind"] = np.where(frame["height"] > 0.4, "tree", np.where(frame["wet"] == 1, "reed", "herb"))
    return frame


def trained(entry, frame, **options):
    epochs = 100 if entry == "logistic_regression" else 3
    return zoo.train(entry, frame, target="kind", epochs=epochs, verbose=0, **options).model


@pytest.fixture(scope="module")
def model(plants):
    return trained("mlp_classifier", plants, hidden_units=(16, 8))


@pytest.fixture(scope="module")
def two_classes(plants):
    return trained("mlp_classifier", plants[plants["kind"] != "reed"], hidden_units=(8,))


def probabilities(model, frame):
    return zoo.predict(model, frame).filter(regex="^p_")


def test_the_same_data_give_the_same_answers_by_another_model(model, plants):
    adapted = zoo.adapt(model, plants)
    assert adapted is not model and adapted.network is not model.network
    pd.testing.assert_frame_equal(zoo.predict(adapted, plants), zoo.predict(model, plants))
    assert adapted.compiled and adapted.trainable


def test_adapting_leaves_the_given_model_alone(model, plants):
    before = [weight.numpy() for weight in model.weights]
    zoo.fine_tune(model, plants, epochs=1, freeze="none", verbose=0)
    for weight, old in zip(model.weights, before, strict=True):
        np.testing.assert_array_equal(weight.numpy(), old)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"kind": "moss"}, r"classes 'moss', which the model has not; it has 'herb', 'reed', 'tree'.*classes='extend'"),
        ({"soil": "peat"}, r"'soil' holds what training did not know: 'peat'.*columns='extend'"),
        ({"age": 1.0}, r"column 'age' is new.*columns='extend'"),
    ],
)
def test_strict_names_the_difference_and_the_repair(model, plants, change, said):
    other = plants.copy()
    for column, value in change.items():
        other.loc[:5, column] = value
    with pytest.raises(ValueError, match=said):
        zoo.adapt(model, other)


def test_strict_names_a_missing_column(model, plants):
    with pytest.raises(ValueError, match="the column 'wet' is missing.*columns='new'"):
        zoo.adapt(model, plants.drop(columns="wet"))
    with pytest.raises(ValueError, match="columns wet are missing.*columns='new'"):
        zoo.adapt(model, plants.drop(columns="wet"), columns="extend")


def test_a_fraction_of_the_classes_is_no_difference(model, plants):
    assert zoo.adapt(model, plants[plants["kind"] == "tree"]).classes == ("herb", "reed", "tree")


def test_new_classes_come_behind_the_old_whose_odds_stay(model, plants):
    more = plants.copy()
    more.loc[::9, "kind"] = "alga"
    adapted = zoo.adapt(model, more, classes="extend")
    assert adapted.classes == ("herb", "reed", "tree", "alga")
    old, new = probabilities(model, plants), probabilities(adapted, plants)
    for one, other in (("p_herb", "p_tree"), ("p_reed", "p_tree")):
        np.testing.assert_allclose(new[one] / new[other], old[one] / old[other], rtol=1e-4)


def test_a_third_class_beside_two_keeps_their_odds(two_classes, plants):
    adapted = zoo.adapt(two_classes, plants, classes="extend")
    assert adapted.classes == ("herb", "tree", "reed")
    assert [two_classes.network.output_shape[-1], adapted.network.output_shape[-1]] == [1, 3]
    new = probabilities(adapted, plants)  # without the calibration of two classes, as the network has them
    log_odds = keras.ops.convert_to_numpy(two_classes.network_outputs(two_classes.preprocessor.encode(plants)))[:, 0]
    np.testing.assert_allclose(new["p_herb"] / new["p_tree"], np.exp(-log_odds), rtol=1e-4)
    assert "calibration" in two_classes.target.state and adapted.target.state == {}


@pytest.mark.parametrize("entry", ["logistic_regression", "perceptron"])
def test_linear_models_grow_too(entry, plants):
    few = plants[plants["kind"] != "reed"]
    model = trained(entry, few, **({"encodings": "standard"} if entry == "perceptron" else {"l2": 1e-2}))
    more = plants.assign(age=np.arange(240.0), soil=plants["soil"].mask(plants.index % 5 == 0, "peat"))
    adapted = zoo.adapt(model, more, classes="extend", columns="extend")
    outputs = [
        keras.ops.convert_to_numpy(m.network(m.preprocessor.encode(rows)))
        for m, rows in ((model, plants), (adapted, more))
    ]
    known = (more["soil"] != "peat").to_numpy()
    assert outputs[1].shape == (240, 3)
    np.testing.assert_allclose((outputs[1][:, 1] - outputs[1][:, 0])[known], outputs[0][known, 0], atol=1e-5)


def test_a_new_head_keeps_what_is_below_it(model, plants):
    other = plants.assign(kind=np.where(plants["height"] > 0, 7, 3))
    adapted = zoo.adapt(model, other, classes="new")
    assert adapted.classes == (3, 7) and zoo.predict(adapted, other)["label"].isin([3, 7]).all()
    for layer in model.network.layers:
        for old, new in zip(layer.get_weights(), adapted.network.get_layer(layer.name).get_weights(), strict=True):
            assert layer.name in ("outputs", "line") or np.array_equal(old, new)


def test_new_columns_and_levels_leave_the_answers_as_they_were(model, plants):
    more = plants.assign(age=np.random.default_rng(1).normal(size=240), river=np.tile(["Elbe", "Main"], 120))
    more["seen"] = pd.Timestamp("2024-05-01") + pd.to_timedelta(np.arange(240) % 60, unit="D")
    more.loc[::4, "soil"], more.loc[::6, "town"] = "peat", "Ulm"
    adapted = zoo.adapt(model, more, columns="extend")
    assert adapted.schema.names == ["height", "soil", "town", "wet", "age", "river", "seen"]
    assert adapted.schema.column("soil").categories == ("clay", "loam", "sand", "peat")
    np.testing.assert_allclose(probabilities(adapted, more), probabilities(model, more[plants.columns]), atol=1e-6)


def test_new_columns_are_read_as_the_caller_says_and_doubted_once(model, plants):
    """They were inferred anew, without `date_format=`, `na_values=` or the schema, with a warning each time."""
    written = ["03/04/2024", "05/06/2024", "07/08/2023", "09/10/2023"]
    more = plants.assign(seen=np.resize(written, 240), age=np.resize([-999.0, 1.5, 2.5], 240))
    known = zoo.data.load(more, target="kind", date_format="%d/%m/%Y", na_values=[-999])
    seen, age = zoo.adapt(model, known, columns="extend").schema.columns[-2:]
    assert (seen.kind, seen.format, age.kind, age.missing) == ("date", "%d/%m/%Y", "number", ("-999",))
    with pytest.warns(zoo.DataWarning, match="Day and month cannot be told apart") as said:
        zoo.adapt(model, more, columns="extend")
    assert len(said) == 1
    categories = {"kind": "category", "categories": tuple(sorted(written))}
    columns = [dataclasses.replace(c, **categories) if c.name == "seen" else c for c in known.schema.columns]
    given = zoo.data.load(more, schema=dataclasses.replace(known.schema, columns=tuple(columns)))
    assert zoo.adapt(model, given, columns="extend").schema.column("seen").kind == "category"


def test_old_statistics_are_kept_beside_new_columns(model, plants):
    more = plants.assign(age=np.arange(240.0), height=plants["height"] * 100)
    old, new = (
        {f["column"]: (f["center"], f["scale"]) for f in m.preprocessor.layout.features if f["what"] == "value"}
        for m in (model, zoo.adapt(model, more, columns="extend"))
    )
    assert new["height"] == old["height"]
    assert new["age"][0] == pytest.approx(np.median(np.arange(240.0)))


def test_new_levels_learn_and_old_vectors_stay_until_then(model, plants):
    more = plants.copy()
    more.loc[::3, "town"] = "Ulm"
    adapted = zoo.adapt(model, more, columns="extend")
    old, new = (m.network.get_layer("levels").table.numpy() for m in (model, adapted))
    np.testing.assert_array_equal(new[: len(old)], old)
    np.testing.assert_array_equal(new[-1], old[0])  # as which it was known until now: what was not seen
    run = zoo.fine_tune(model, more, columns="extend", epochs=6, verbose=0)
    assert np.any(run.model.network.get_layer("levels").table.numpy()[-1] != old[0])


def test_indicators_that_become_too_many_turn_into_vectors_that_answer_the_same(model, plants):
    more = plants.copy()
    for i in range(9):
        more.loc[i * 12 : i * 12 + 5, "soil"] = f"soil {i}"
    adapted = zoo.adapt(model, more, columns="extend")
    assert adapted.network.get_layer("levels").small == []
    np.testing.assert_allclose(probabilities(adapted, plants), probabilities(model, plants), atol=1e-6)


def test_columns_of_the_data_alone(model, plants):
    other = plants.drop(columns=["wet", "town"]).assign(age=np.arange(240.0))
    adapted = zoo.adapt(model, other, columns="new")
    assert adapted.schema.names == ["height", "soil", "age"]
    assert zoo.predict(adapted, other)["label"].isin(["herb", "reed", "tree"]).all()


def test_a_number_model_takes_its_first_category(plants):
    numbers = plants[["height", "wet", "kind"]]
    model = trained("mlp_classifier", numbers, hidden_units=(8,))
    adapted = zoo.adapt(model, plants, columns="extend")
    np.testing.assert_allclose(probabilities(adapted, plants), probabilities(model, numbers), atol=1e-6)


def test_a_regressor_takes_columns_and_refuses_classes(plants):
    model = zoo.train("mlp_regressor", plants, target="height", hidden_units=(8,), epochs=2, verbose=0).model
    more = plants.assign(age=np.arange(240.0))
    adapted = zoo.adapt(model, more, columns="extend")
    np.testing.assert_allclose(zoo.predict(adapted, more), zoo.predict(model, plants), atol=1e-5)
    with pytest.raises(ValueError, match="`classes` is for classifiers"):
        zoo.adapt(model, plants, classes="extend")


@pytest.fixture(scope="module")
def pictures():
    generator = np.random.default_rng(0)
    return generator.integers(0, 256, (40, 8, 6, 1), dtype="uint8"), np.arange(40) % 3


def test_images_of_another_size_are_seen_as_if_resized(pictures):
    x, y = pictures
    model = zoo.train("image_mlp", (x, y), hidden_units=(8,), epochs=1, verbose=0).model
    larger = np.random.default_rng(1).integers(0, 256, (5, 12, 9, 1), dtype="uint8")
    with pytest.raises(ValueError, match=r"8 x 6. Received: 12 x 9. Pass `image_size=\(12, 9\)`"):
        zoo.adapt(model, (larger, y[:5]))
    adapted = zoo.adapt(model, (larger, y[:5]), image_size=(12, 9))
    resized = keras.ops.image.resize(larger.astype("float32"), (8, 6), antialias=True, data_format="channels_last")
    found = adapted.network({"image": larger})
    flat = keras.ops.reshape(resized, (5, -1)) / 255.0
    wanted = keras.Model(model.network.get_layer("flatten").output, model.network.output)(flat)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(found), keras.ops.convert_to_numpy(wanted), atol=1e-4)


def test_sets_that_were_fitted_on_images_of_another_size_are_set_aside_with_a_warning(pictures):
    model = zoo.train("image_mlp", pictures, hidden_units=(8,), epochs=1, intervals=0.5, verbose=0).model
    larger = np.random.default_rng(1).integers(0, 256, (5, 12, 9, 1), dtype="uint8")
    with pytest.warns(zoo.DataWarning, match="earlier size of images, and are set aside. Train it with `intervals=0.5"):
        adapted = zoo.adapt(model, (larger, pictures[1][:5]), image_size=(12, 9))
    assert "intervals" in model.target.state and adapted.target.state == {}


def test_image_size_is_refused_where_it_does_not_belong(model, plants, pictures):
    with pytest.raises(ValueError, match="is for models of images"):
        zoo.adapt(model, plants, image_size=(8, 8))
    digits = zoo.build("image_mlp", pictures, hidden_units=(4,))
    with pytest.raises(ValueError, match=r"must be \(height, width\)"):
        zoo.adapt(digits, pictures, image_size=(8,))
    with pytest.raises(ValueError, match="`columns` is for tables; this model takes one image"):
        zoo.adapt(digits, pictures, columns="extend")
    assert zoo.adapt(digits, pictures, image_size=tuple(np.array([8, 6]))).schema == digits.schema
    with pytest.raises(ValueError, match=r"must be images \(height, width, 1\).*images of the shape \(8, 6, 3\)"):
        zoo.adapt(digits, (np.zeros((3, 8, 6, 3), "uint8"), [0, 1, 2]))


def test_arrays_must_be_as_wide_as_those_of_training():
    gate = zoo.load("perceptron.and")
    assert zoo.adapt(gate, "and_gate").classes == gate.classes
    with pytest.raises(ValueError, match=r"rows of the shape \(2,\). Received: rows of the shape \(3,\)"):
        zoo.adapt(gate, (np.zeros((4, 3), "float32"), np.arange(4) % 2))
    with pytest.raises(ValueError, match=r"rows of the shape \(2,\). Received: other data"):
        zoo.adapt(gate, pd.DataFrame({"a": [0, 1], "b": [1, 0], "target": [0, 1]}))


def test_unknown_choices_are_refused(model, plants):
    with pytest.raises(ValueError, match="`classes` must be one of 'strict', 'extend', 'new'"):
        zoo.adapt(model, plants, classes="more")
    with pytest.raises(ValueError, match="`columns` must be one of"):
        zoo.adapt(model, plants, columns="more")


def test_what_learns_nothing_cannot_be_adapted():
    with pytest.raises(TypeError, match="learns nothing"):
        zoo.adapt(zoo.build("mcculloch_pitts"), np.zeros((2, 2)))


def test_an_adapted_model_is_saved_and_served(model, plants, tmp_path):
    more = plants.assign(age=np.arange(240.0))
    adapted = zoo.adapt(model, more, columns="extend")
    zoo.save(adapted, tmp_path / "m")
    pd.testing.assert_frame_equal(zoo.predict(zoo.load(tmp_path / "m"), more), zoo.predict(adapted, more))
