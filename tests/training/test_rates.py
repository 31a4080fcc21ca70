"""Callbacks that set the learning rate, beside recipes that have a schedule: the callback wins, and it is said."""

import keras
import numpy as np
import pandas as pd
import pytest

import zoo
from zoo.engine.schedules import callbacks_that_set_rates


@pytest.fixture(scope="module")
def table():
    x = np.random.default_rng(0).normal(size=80)
    return pd.DataFrame({"x": x, "y": np.where(x > 0, "yes", "no")})


class Halved(keras.callbacks.Callback):
    """Sets the rate without being one of Keras's."""

    def on_epoch_begin(self, epoch, logs=None):
        self.model.optimizer.learning_rate = 0.1 / 2**epoch


class Assigned(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        self.model.optimizer.learning_rate.assign(0.1)


class Reads(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        self.rate = float(self.model.optimizer.learning_rate)


SMALL = {"target": "y", "epochs": 3, "hidden_units": (4,), "batch_size": 16}


@pytest.mark.parametrize("engine", ["auto", "keras"])
def test_the_callback_takes_the_place_of_the_recipe_s_schedule(engine, table, capsys):
    rates = []
    scheduler = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rates.append(rate) or rate / 2)
    run = zoo.train("mlp_classifier", table, callbacks=[scheduler], engine=engine, **SMALL)
    assert rates == pytest.approx([1e-3, 5e-4, 2.5e-4])  # the recipe's, then what the callback made of it
    said = "LearningRateScheduler sets the learning rate: it begins at 0.001, without the recipe's schedule 'cosine'"
    assert said in capsys.readouterr().out
    assert run.recipe["schedule"] == "constant"


def test_reduce_on_plateau_and_own_callbacks_win_too(table):
    plateau = keras.callbacks.ReduceLROnPlateau(monitor="loss", patience=0, min_delta=10.0, factor=0.1)
    callbacks = [plateau, Reads()]
    run = zoo.train("mlp_classifier", table, callbacks=callbacks, verbose=0, **SMALL)
    assert callbacks[1].rate == pytest.approx(1e-5)  # the first epoch is the best, the two others reduce it
    fine = zoo.fine_tune(run.model, table, callbacks=[Halved(), Reads()], epochs=2, verbose=0)
    assert fine.recipe["schedule"] == "constant"


def test_without_such_a_callback_the_schedule_stays(table):
    assert zoo.train("mlp_classifier", table, callbacks=[Reads()], verbose=0, **SMALL).recipe["schedule"] == "cosine"


def test_a_schedule_as_learning_rate_is_refused_with_the_repair(table):
    schedule = keras.optimizers.schedules.CosineDecay(0.1, 10)
    with pytest.raises(ValueError, match="`learning_rate` must be a number.*optimizer=keras.optimizers.Adam.schedule"):
        zoo.train("mlp_classifier", table, learning_rate=schedule, verbose=0, **SMALL)


def test_callbacks_that_set_the_rate_are_told_from_those_that_read_it():
    by_function = keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: None)
    known = [Halved(), Assigned(), Reads(), by_function, keras.callbacks.EarlyStopping()]
    assert callbacks_that_set_rates(known) == ["Halved", "Assigned"]


def test_an_optimizer_with_a_schedule_or_a_solver_beside_it_is_refused_before_training(table):
    optimizer = keras.optimizers.SGD(keras.optimizers.schedules.CosineDecay(0.1, 10))
    with pytest.raises(ValueError, match="Halved sets the learning rate, which the schedule CosineDecay of `optimiz"):
        zoo.train("mlp_classifier", table, optimizer=optimizer, callbacks=[Halved()], verbose=0, **SMALL)
    with pytest.raises(ValueError, match="Halved sets the learning rate, which the solver 'lbfgs' does not have"):
        zoo.train("logistic_regression", table, target="y", callbacks=[Halved()], verbose=0)
    own = zoo.train("mlp_classifier", table, optimizer="sgd", callbacks=[Halved()], verbose=0, **SMALL)
    assert own.recipe["schedule"] == "constant"
