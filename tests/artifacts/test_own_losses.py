"""A model that was compiled with a loss, metric or optimizer of the caller's own is saved, and never locked."""

import json
import zipfile

import keras
import numpy as np
import pandas as pd
import pytest

import zoo


def own_loss(y_true, y_pred):
    return keras.ops.mean(keras.ops.square(y_true - y_pred), axis=-1)


@keras.saving.register_keras_serializable(package="visitors")
def registered_loss(y_true, y_pred):
    return keras.ops.mean(keras.ops.square(y_true - y_pred), axis=-1)


class OwnLoss(keras.losses.Loss):
    def call(self, y_true, y_pred):
        return own_loss(y_true, y_pred)


class OwnOptimizer(keras.optimizers.SGD):
    pass


@pytest.fixture(scope="module")
def table():
    x = np.random.default_rng(0).normal(size=60)
    return pd.DataFrame({"x": x, "y": 2 * x + 1})


@pytest.fixture
def model(table):
    return zoo.build("mlp_regressor", table, target="y", hidden_units=(4,))


def mse(y_true, y_pred):  # has the name of one of Keras's, which a file would give back
    return own_loss(y_true, y_pred)


@pytest.mark.parametrize(
    ("compiled", "said"),
    [
        ({"loss": own_loss}, "loss own_loss is not registered with Keras"),
        ({"loss": lambda y_true, y_pred: own_loss(y_true, y_pred)}, "loss <lambda>"),
        ({"loss": OwnLoss()}, "loss OwnLoss"),
        ({"loss": "mae", "metrics": ["mse", own_loss]}, "metrics own_loss"),
        ({"loss": mse}, "loss mse"),
        ({"loss": "mae", "optimizer": OwnOptimizer(0.1)}, "optimizer OwnOptimizer"),
    ],
)
def test_what_a_file_cannot_hold_is_said_on_saving_and_the_model_loads_uncompiled(
    compiled, said, table, model, tmp_path, recwarn
):
    model.compile(**{"optimizer": "sgd", **compiled})
    model.fit(table, epochs=1, verbose=0)
    with pytest.warns(UserWarning, match=f"(?s)The file does not hold what the model was compiled with: {said}"):
        zoo.save(model, tmp_path / "own")
    loaded = zoo.load(tmp_path / "own")
    assert not loaded.compiled and len(loaded.unsaved) == 1
    pd.testing.assert_frame_equal(zoo.predict(loaded, table), zoo.predict(model, table))
    assert zoo.evaluate(loaded, table, verbose=0) == zoo.evaluate(model, table, verbose=0)


def test_it_is_exported_saved_again_and_trained_further(table, tmp_path, quick_proof):
    run = zoo.train("mlp_regressor", table, target="y", loss=own_loss, epochs=1, hidden_units=(4,), verbose=0)
    with pytest.warns(UserWarning, match="zoo.train compiles it as its recipe says"):
        run.save(tmp_path / "own")
    model = zoo.load(tmp_path / "own")
    assert json.loads((tmp_path / "own" / "card.json").read_text())["recipe"]["loss"] == "own_loss"
    zoo.export(model, tmp_path / "served")
    zoo.save(model, tmp_path / "again")  # without a warning: it has none any more
    assert not zoo.load(tmp_path / "again").compiled
    further = zoo.train(model, table, target="y", loss=registered_loss, epochs=1, verbose=0)
    further.save(tmp_path / "further")
    assert zoo.load(tmp_path / "further").loss is registered_loss


def test_what_is_registered_loads_compiled(table, model, tmp_path):
    model.compile("sgd", registered_loss, metrics=["mae"])
    zoo.save(model, tmp_path / "known")
    loaded = zoo.load(tmp_path / "known")
    assert loaded.compiled and loaded.loss is registered_loss and loaded.unsaved == ()


def test_what_is_not_registered_where_it_is_loaded_leaves_the_model_uncompiled(table, model, tmp_path):
    """Files of before, and those of another program, name a loss that this one does not have."""
    model.compile("sgd", registered_loss)
    model.save(tmp_path / "known.keras")
    with zipfile.ZipFile(tmp_path / "known.keras") as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    content["config.json"] = content["config.json"].replace(b"visitors>registered_loss", b"their_loss")
    with zipfile.ZipFile(tmp_path / "theirs.keras", "w") as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    with pytest.warns(UserWarning, match="was compiled with 'their_loss', which is not registered with Keras here"):
        loaded = zoo.load(tmp_path / "theirs.keras")
    assert not loaded.compiled
    np.testing.assert_array_equal(zoo.predict(loaded, table).prediction, zoo.predict(model, table).prediction)
