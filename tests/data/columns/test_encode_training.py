"""A toy encoding that sees the target: its mean over a level's rows, out of fold for the rows that are trained on."""

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

import zoo
from zoo.data import columns, pipelines
from zoo.data.columns.category import level_positions
from zoo.data.columns.kind import Feature, Kind
from zoo.data.preprocessing import Preprocessor
from zoo.data.schema import KINDS, Column, Schema

FOLDS = 5


def means(read, y, levels):
    """Returns the mean of y for each position of a level, and of all rows for position 0."""
    return np.array(
        [y.mean(), *(y[read == i + 1].mean() if (read == i + 1).any() else y.mean() for i in range(levels))]
    )


class Means(Kind):
    """Levels as means of the target."""

    name, order, dtype, block_dtype, uses_target = "toy/means", 100, "string", "int64", True

    def read(self, values, column, state):
        return np.array([level_positions(column.categories).get(value, 0) for value in values], "int64")

    def served(self, values, column, state):
        return np.asarray(values, object)

    def fit(self, read, column, encodings, y=None):
        return {"means": means(read, y, len(column.categories)).tolist()}

    def read_tables(self, column, state):
        return level_positions(column.categories)

    def read_graph_group(self, tensors, group, tables):
        return tables[0].lookup(tensors[0])

    def encode(self, read, column, state, encodings):
        return tf.gather(tf.constant(state["means"], tf.float32), read)[:, None]

    def encode_training(self, read, y, column, state, encodings, seed):
        fold = np.random.default_rng(seed).permutation(len(read)) % FOLDS
        found = np.empty((len(read), 1))
        for one in range(FOLDS):
            rest = fold != one
            found[~rest, 0] = means(read[rest], y[rest], len(column.categories))[read[~rest]]
        return found

    def features(self, column, state, encodings):
        return [Feature("mean of the target")]


TOY = Means()


@pytest.fixture
def data(monkeypatch):
    monkeypatch.setitem(KINDS, "toy/means", f"{__name__}:TOY")
    monkeypatch.setattr(columns, "_loaded", dict(columns._loaded))
    draw = np.random.default_rng(0)
    city = draw.choice(["a", "b", "c"], 60)
    frame = pd.DataFrame({"x": draw.normal(size=60), "city": city, "y": draw.normal(size=60) + (city == "b")})
    schema = Schema((Column("x", "number"), Column("city", "toy/means", "str", ("a", "b", "c"))), "y", "regression")
    return zoo.data.load(frame, schema=schema)


def test_rows_to_predict_have_the_means_of_all_training_rows(data):
    preprocessor = Preprocessor(data.schema).fit(data.x, data.y)
    encoded = preprocessor.encode(data.x)["numeric"]
    np.testing.assert_allclose(encoded[:, 1], data.y.groupby(data.x["city"]).transform("mean"), rtol=1e-6)
    served = {name: tf.constant(values) for name, values in preprocessor.tensors(data.x).items()}
    np.testing.assert_array_equal(preprocessor.module()(served)["numeric"].numpy(), encoded)


def test_rows_to_train_on_have_means_without_their_own_fold(data):
    preprocessor = Preprocessor(data.schema).fit(data.x, data.y)
    encoded = pipelines.encode(data, preprocessor, training_seed=3).x["numeric"]
    fold = np.random.default_rng(3).permutation(60) % FOLDS
    for row in (0, 17, 59):
        others = (fold != fold[row]) & (data.x["city"] == data.x["city"].iloc[row])
        assert encoded[row, 1] == pytest.approx(data.y[others].mean(), rel=1e-6)
    plain = preprocessor.encode(data.x)["numeric"]
    np.testing.assert_array_equal(encoded[:, 0], plain[:, 0])
    assert not np.allclose(encoded[:, 1], plain[:, 1])


def test_a_training_sees_the_out_of_fold_features(data, monkeypatch):
    seen = []
    own = Preprocessor.encode_training

    def encode_training(self, *rows, **settings):
        seen.append(own(self, *rows, **settings))
        return seen[-1]

    monkeypatch.setattr(Preprocessor, "encode_training", encode_training)
    run = zoo.train("mlp_regressor", data, epochs=1, hidden_units=(4,), verbose=0, seed=3)
    ((trained),) = seen
    assert len(trained["numeric"]) == 48
    assert zoo.predict(run, data.x).shape == (60, 1)


@pytest.mark.tensorflow
def test_the_line_of_a_stream_is_solved_from_the_out_of_fold_features(data, monkeypatch, tmp_path):
    data.frame().to_csv(tmp_path / "rows.csv", index=False)
    rows = zoo.data.load(tmp_path / "rows.csv", schema=data.schema, stream=True)
    seen = []
    own = Preprocessor.encode_training

    def encode_training(self, *rows, **settings):
        seen.append(own(self, *rows, **settings))
        return seen[-1]

    monkeypatch.setattr(Preprocessor, "encode_training", encode_training)
    run = zoo.train("mlp_regressor", rows, epochs=1, hidden_units=(4,), verbose=0, validation=None, batch_size=60)
    known, fold = run.model.preprocessor, np.random.default_rng(0).permutation(60) % FOLDS
    others = (fold != fold[0]) & (data.x["city"] == data.x["city"].iloc[0])
    assert len(seen[0]["linear"]) == 60
    assert seen[0]["linear"][0, 1] == pytest.approx(known.target.encode(data.y[others]).mean(), rel=1e-5)
