"""Rows from a model's own acts: a corridor of five cells, learnt with a replay memory and a target network."""

import keras
import numpy as np
import pytest
from keras import ops

import zoo
from tests.engine.toys import Stop, registered
from zoo.engine import experience
from zoo.registry import Traits

CELLS, GOAL = 5, 4
DISCOUNT = 0.9
BATCH = 16


class Corridor:
    """Five cells in a row: action 1 goes right, 0 left; the last one is the goal, which is worth 1."""

    actions = 2

    def __init__(self):
        self.cell = None

    def reset(self, seed):
        self.cell = int(np.random.default_rng(seed).integers(GOAL))
        return self.seen()

    def seen(self):
        return np.eye(CELLS, dtype="float32")[self.cell]

    def step(self, action):
        self.cell = max(0, self.cell + (1 if action == 1 else -1))
        return self.seen(), float(self.cell == GOAL), self.cell == GOAL


@keras.saving.register_keras_serializable(package="tests")
class Values(keras.layers.Layer):
    """The value of each action in a cell, and the values of a while ago, which the others are learnt from."""

    def build(self, shape):
        how = {"shape": (shape[-1], 2), "initializer": "zeros"}
        self.values = self.add_weight(**how, name="values")
        self.before = self.add_weight(**how, name="before", trainable=False)

    def call(self, x):
        return x @ self.values


def q_table(spec):
    """Builds a table of values."""
    inputs = spec.inputs()
    return keras.Model(inputs, Values(name="q")(inputs["inputs"]))


def wanders(environment, network, state, seed):
    """One act, at random in three of ten cases; a batch of what was seen in up to 200 acts."""
    generator = np.random.default_rng(seed)
    if state is None:
        state = {name: np.zeros((200, CELLS), "float32") for name in ("seen", "after")}
        state |= {name: np.zeros(200, "float32") for name in ("reward", "done")}
        state |= {"action": np.zeros(200, "int32"), "acts": 0}
    seen, place = environment.observation, state["acts"] % 200
    values = keras.ops.convert_to_numpy(network({"inputs": seen[None]}))[0]
    undecided = generator.random() < 0.3 or values[0] == values[1]
    action = int(generator.integers(2) if undecided else np.argmax(values))
    after, reward, done = environment.step(action)
    known = {"seen": seen, "after": after, "action": action, "reward": reward, "done": done}
    for name, value in known.items():
        state[name][place] = value
    state["acts"] += 1
    rows = generator.integers(min(state["acts"], 200), size=BATCH)
    batch = {name: state[name][rows] for name in known}
    return (batch.pop("seen"), batch), state


def difference(network, x, y, target, seed):
    """The squared temporal difference."""
    table = network.get_layer("q")
    best = ops.max(y["after"] @ ops.convert_to_tensor(table.before), -1)
    wanted = y["reward"] + DISCOUNT * (1.0 - y["done"]) * best
    value = ops.sum(network(x) * ops.one_hot(y["action"], 2), -1)
    return ops.square(value - wanted)


def renew(network, step):
    """Gives the values of a while ago those of now, each tenth step."""
    table = network.get_layer("q")
    table.before.assign(ops.where(step % 10 == 0, table.values.value, table.before.value))


TRAITS = Traits(experience=wanders, objective=difference, after_step=renew)
LEARNS = {"batch_size": BATCH, "steps_per_epoch": 50, "optimizer": "sgd", "learning_rate": 0.9}


@pytest.fixture
def entry(monkeypatch):
    """The name of an entry that learns the corridor."""
    return registered(monkeypatch, q_table, TRAITS, **LEARNS)


def test_a_table_learns_the_way_and_its_values(entry):
    run = zoo.train(entry, Corridor(), epochs=8, verbose=0, seed=1)
    values = np.asarray(run.model.network.get_layer("q").values)
    assert np.all(np.argmax(values[:GOAL], axis=1) == 1)
    np.testing.assert_allclose(values[:GOAL, 1], DISCOUNT ** np.arange(GOAL - 1, -1, -1), atol=0.02)
    np.testing.assert_array_equal(run.model.network.get_layer("q").before, values)  # 400 steps, renewed in the last
    assert len(run.history["loss"]) == 8 and run.metrics == {}
    assert run.history["episode_return"][-1] == 1.0  # each that ended was worth the goal
    assert run.data["source"] == "Corridor" and run.data["rows"]["train"] == 50 * BATCH
    assert run.recipe["experience"] == "wanders" and run.recipe["steps_per_epoch"] == 50


@pytest.mark.parametrize("engine", ["auto", pytest.param("xla", marks=pytest.mark.tensorflow)])
def test_a_killed_run_goes_on_to_equal_weights(entry, engine, tmp_path):
    def run(**how):
        return zoo.train(entry, Corridor(), epochs=4, engine=engine, verbose=0, **how)

    whole = run()
    assert run(checkpoint=tmp_path, callbacks=[Stop(2)]).interrupted
    resumed = run(checkpoint=tmp_path)
    for ours, theirs in zip(resumed.model.get_weights(), whole.model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert resumed.history == whole.history
    assert np.any(whole.model.get_weights()[0] != 0)


def test_the_rows_that_are_encoded_before_any_act_are_counted_without_those_of_acts(entry, capsys, monkeypatch):
    monkeypatch.setattr("zoo.progress._is_terminal", lambda: True)
    zoo.train(entry, Corridor(), epochs=1)
    line = next(text for text in capsys.readouterr().out.replace("\n", "\r").split("\r") if text.startswith("row "))
    done, total = line.split()[1].split("/")
    assert done == total


def test_a_trained_model_goes_on_in_an_environment(entry):
    model = zoo.train(entry, Corridor(), epochs=2, verbose=0).model
    before = model.get_weights()
    zoo.train(model, Corridor(), epochs=2, verbose=0)
    assert any(np.any(old != new) for old, new in zip(before, model.get_weights(), strict=True))
    assert zoo.predict(model, np.eye(CELLS, dtype="float32")).shape == (CELLS, 2)


def test_an_act_sees_the_weights_that_the_last_batch_left(monkeypatch):
    shown = []

    def shows(environment, network, state, seed):
        shown.append(float(np.asarray(network.get_layer("q").values)[0, 0]))
        environment.step(1)
        x = np.ones((BATCH, CELLS), "float32")
        return (x,), None

    def one(network, x, y, target, seed):
        return ops.sum(network(x), -1) / 10.0  # of which the gradient by each weight is 1 / 10

    name = registered(monkeypatch, q_table, Traits(experience=shows, objective=one), **{**LEARNS, "steps_per_epoch": 3})
    zoo.train(name, Corridor(), epochs=2, learning_rate=1.0, optimizer="sgd", verbose=0)
    first, *shown = shown  # the example by which variables are made
    steps = np.array(shown) - first
    np.testing.assert_allclose(steps, -0.1 * np.arange(6), atol=1e-6)


def test_episodes_follow_each_other_and_begin_anew_with_an_epoch():
    episodes = experience.Episodes(Corridor(), 0, 3)
    first = episodes.observation
    again = experience.Episodes(Corridor(), 0, 3).observation
    np.testing.assert_array_equal(first, again)
    starts = {experience.Episodes(Corridor(), 0, epoch).observation.argmax() for epoch in range(20)}
    assert len(starts) == GOAL
    done = False
    while not done:
        after, reward, done = episodes.step(1)
    assert after.argmax() == GOAL and reward == 1.0 and episodes.returns == [1.0]
    assert episodes.observation.argmax() < GOAL
    assert episodes.mean_return == 1.0 and experience.Episodes(Corridor(), 0, 3).mean_return == 0.0


def test_a_state_comes_back_as_it_was():
    state = {"memory": [np.arange(3, dtype="int16"), (1, 2.5, "a", None, True)], 4: {"n": np.float32(0.1)}}
    plain, arrays = experience.packed(state)
    found = experience.unpacked(plain, arrays)
    assert found["memory"][1] == (1, 2.5, "a", None, True) and type(found["memory"][1]) is tuple
    np.testing.assert_array_equal(found["memory"][0], state["memory"][0])
    assert found["memory"][0].dtype == "int16" and found[4]["n"] == np.float32(0.1)
    with pytest.raises(TypeError, match="must hold numpy arrays, numbers, .* Received: deque"):
        import collections

        experience.packed({"memory": collections.deque()})


# What is refused.


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"engine": "keras"}, "by the zoo's own loop alone, which cannot run here: engine='keras' is asked for"),
        ({"validation": 0.5}, "`validation` cannot be asked of 'toys/q_table': its rows come from its own acts"),
        ({"weight": "w"}, "`weight` cannot be asked of 'toys/q_table'"),
        ({"solver": "lbfgs"}, "`solver` is for networks that minimise a loss over rows"),
        ({"batch_size": "full"}, "`batch_size` must be an integer, of an entry that learns from its own acts"),
    ],
)
def test_what_acts_cannot_follow_is_refused_by_name(entry, how, message):
    with pytest.raises(ValueError, match=message):
        zoo.train(entry, Corridor(), verbose=0, **how)


def test_folds_are_refused(monkeypatch):
    name = registered(monkeypatch, q_table, TRAITS, task="regression")
    with pytest.raises(ValueError, match="`folds` cannot be asked of 'toys/q_table': its rows come from its own acts"):
        zoo.cross_validate(name, (np.eye(CELLS), np.arange(CELLS)), verbose=0)


def test_callbacks_of_batches_are_refused(entry):
    note = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: None)
    with pytest.raises(ValueError, match="cannot run here: LambdaCallback must be told of every batch"):
        zoo.train(entry, Corridor(), callbacks=[note], verbose=0)


def test_rows_in_place_of_an_environment_are_refused(entry):
    with pytest.raises(TypeError, match="must be an environment, .* Received: ndarray, which has no `actions`"):
        zoo.train(entry, np.eye(CELLS), verbose=0)
    model = zoo.build(entry, np.eye(CELLS, dtype="float32"))
    with pytest.raises(TypeError, match="learns from its own acts, in an environment that cannot change it"):
        zoo.fine_tune(model, Corridor())
    with pytest.raises(TypeError, match="learns from its own acts, for which `fit` has no environment"):
        model.fit(np.eye(CELLS))


def test_an_encoding_of_observations_is_refused(monkeypatch):
    name = registered(monkeypatch, q_table, TRAITS, **{**LEARNS, "centred": True})

    class Far(Corridor):
        def seen(self):
            return super().seen().astype("float64") + 1e9

    with pytest.raises(ValueError, match="must be given observations as they are. Received: a recipe that encodes"):
        zoo.train(name, Far(), verbose=0)


def test_an_experience_returns_a_batch_and_a_state(monkeypatch):
    def forgets(environment, network, state, seed):
        return environment.observation

    name = registered(monkeypatch, q_table, Traits(experience=forgets, objective=difference), **LEARNS)
    with pytest.raises(ValueError, match=r"must return \(batch, state\), .* Received: ndarray of 'forgets'"):
        zoo.train(name, Corridor(), verbose=0)
