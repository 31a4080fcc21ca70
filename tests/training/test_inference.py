"""Outputs by one compiled function, which XLA compiles where a recipe says so."""

import dataclasses

import keras
import numpy as np
import pandas as pd
import pytest

import zoo
from tests.artifacts.conftest import keepers_notes
from zoo import registry
from zoo.training import inference


@pytest.fixture
def compiled_by_xla(monkeypatch):
    """A perceptron whose recipe has XLA compile it."""
    from zoo.models import perceptron

    monkeypatch.setattr(perceptron, "TRAITS", dataclasses.replace(perceptron.TRAITS, jit=True))
    model = zoo.build("perceptron", (np.zeros((4, 2), "float32"), np.array([0, 0, 1, 1])))
    model.network.set_weights([np.array([[1.0], [2.0]]), np.array([-1.0])])
    return model


X = np.array([[1, 1], [0, 0], [1, 0], [-3, 1]], "float32")


def test_what_xla_compiles_answers_as_the_model_does(compiled_by_xla):
    model = compiled_by_xla
    for x in (X, X[:1]):
        expected = keras.ops.convert_to_numpy(model(x))
        np.testing.assert_array_equal(inference.outputs(model, {"inputs": x}), expected)
        np.testing.assert_array_equal(model.predict(x, verbose=0), expected)


def test_what_xla_compiles_sees_weights_that_change(compiled_by_xla):
    model = compiled_by_xla
    assert inference.outputs(model, {"inputs": X})[:, 0].tolist() == [1, 0, 1, 0]
    model.network.set_weights([np.array([[-1.0], [-2.0]]), np.array([0.5])])
    assert inference.outputs(model, {"inputs": X})[:, 0].tolist() == [0, 1, 0, 1]


def test_training_is_compiled_as_it_was(compiled_by_xla):
    model = compiled_by_xla
    before = model.jit_compile
    model.predict(X, verbose=0)
    assert model.jit_compile == before


@pytest.mark.tensorflow
def test_the_functions_are_xla_s(compiled_by_xla, monkeypatch):
    import tensorflow as tf

    asked, function = [], tf.function

    def noted(*arguments, **options):
        asked.append(options.get("jit_compile"))
        return function(*arguments, **options)

    monkeypatch.setattr(tf, "function", noted)
    inference.outputs(compiled_by_xla, {"inputs": X})
    assert True in asked
    asked.clear()
    compiled_by_xla.predict(X, verbose=0)
    assert True in asked


@pytest.fixture(scope="module")
def moods():
    notes = keepers_notes(80)
    return notes, zoo.build("mlp_classifier", notes, target="mood", hidden_units=(8,))


@pytest.mark.tensorflow
def test_a_few_rows_are_answered_as_the_same_rows_among_many(moods):
    notes, model = moods
    many = zoo.predict(model, notes)  # by encoded rows
    for rows in (notes.iloc[[3]], notes.iloc[7:12], notes.drop(columns="mood").iloc[40:72]):
        assert inference.of_few(model, rows) is not None
        found = zoo.predict(model, rows)
        assert found.index.equals(rows.index) and found.dtypes.equals(many.dtypes)
        assert found["label"].equals(many["label"].loc[rows.index])
        np.testing.assert_allclose(found.drop(columns="label"), many.drop(columns="label").loc[rows.index], atol=1e-6)
    one = notes.drop(columns="mood").iloc[3]
    record = {name: [None if pd.isna(value) else value] for name, value in one.astype(object).items()}
    record["arrived"] = [one["arrived"].isoformat()]
    assert inference.of_few(model, record) is not None
    found = zoo.predict(model, record)
    assert found.index.equals(pd.RangeIndex(1))
    np.testing.assert_allclose(found.drop(columns="label"), many.drop(columns="label").iloc[[3]], atol=1e-6)


@pytest.mark.tensorflow
def test_a_few_rows_see_weights_that_change(moods):
    notes, _ = moods
    model = zoo.build("logistic_regression", notes, target="mood")
    rows = notes.iloc[[0]]
    np.testing.assert_allclose(zoo.predict(model, rows)["p_wild"], 1 / 3, atol=1e-6)  # a fresh one has zero weights
    weights = model.network.get_weights()
    model.network.set_weights([np.array([0.0, 0.0, 2.0]) if w.shape == (3,) else w for w in weights])  # the bias
    np.testing.assert_allclose(zoo.predict(model, rows)["p_wild"], np.exp(2) / (2 + np.exp(2)), atol=1e-6)


@pytest.mark.tensorflow
def test_errors_of_a_few_rows_are_those_of_many(moods):
    notes, model = moods
    rows = notes.iloc[[0]].astype({"A": object})
    zoo.predict(model, rows)
    rows.loc[0, "A"] = "nine"
    with pytest.raises(ValueError, match="The column 'A' must hold numbers. Received: 'nine' in row 0"):
        zoo.predict(model, rows)
    with pytest.raises(ValueError, match="The columns class are missing"):
        zoo.predict(model, notes.iloc[[0]].drop(columns="class"))
    unseen = notes.iloc[[0]].assign(**{"class": "dragon"})
    missing = notes.iloc[[0]].assign(**{"class": None})
    assert zoo.predict(model, unseen)["label"].notna().all() and zoo.predict(model, missing)["label"].notna().all()


@pytest.mark.tensorflow
@pytest.mark.usefixtures("quick_proof")
def test_a_network_may_leave_inputs_aside(monkeypatch, tmp_path):
    """Keras takes the tensors of a dict by their order: here the numbers would stand for their ranks."""

    def ranks_alone(spec):
        ranks = spec.inputs()["quantile"]
        return keras.Model({"quantile": ranks}, keras.layers.Dense(1, use_bias=False)(ranks))

    monkeypatch.setattr(registry, "_entries", dict(registry._entries))
    monkeypatch.setitem(globals(), "RECIPE", registry.Recipe(data="and_gate"))
    facts = {"year": 1969, "paper": "A paper.", "summary": "A net"}
    zoo.register("mine/ranks", builder=ranks_alone, task="regression", **facts)
    x = np.random.default_rng(0).normal(size=(60, 4))
    frame = pd.DataFrame(x, columns=list("abcd")).assign(y=x.sum(axis=1))
    model = zoo.build("mine/ranks", frame, target="y")
    many = zoo.predict(model, frame)
    pd.testing.assert_frame_equal(zoo.predict(model, frame.head(3)), many.head(3))
    zoo.export(model, tmp_path / "ranks")  # which proves it


def test_arrays_and_what_xla_compiles_go_the_way_of_many(compiled_by_xla):
    assert inference.of_few(compiled_by_xla, X) is None
    frame = pd.DataFrame({"a": [0.0, 1.0, 0.0, 1.0, 3.0], "b": [5.0, 1.0, 2.0, 3.0, 0.5], "y": [0, 1, 0, 1, 1]})
    model = zoo.build("perceptron", frame, target="y")
    assert model.traits.jit and inference.of_few(model, frame.head(1)) is None
    assert len(zoo.predict(model, frame.head(1))) == 1


@pytest.mark.tensorflow
def test_a_few_rows_take_one_call_of_a_graph(moods, monkeypatch):
    """The rows are neither encoded by a function of its own nor read column by column."""
    notes, model = moods
    zoo.predict(model, notes.iloc[[0]])
    monkeypatch.setattr(type(model.preprocessor), "encode", lambda *_: pytest.fail("encoded"))
    monkeypatch.setattr(pd.DataFrame, "__getitem__", lambda *_: pytest.fail("read column by column"))
    assert len(zoo.predict(model, notes.iloc[[1]])) == 1
    assert len(zoo.predict(model, notes.iloc[[2]].copy())) == 1
