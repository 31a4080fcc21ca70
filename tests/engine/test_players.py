"""Objectives, players, what follows a step: gradients by hand, and runs that go on to equal weights."""

import dataclasses

import keras
import numpy as np
import pandas as pd
import pytest
from keras import ops

import zoo
from tests.engine.toys import Stop, registered
from zoo import registry
from zoo.engine import objectives
from zoo.engine.optimizers import GroupedAdamW
from zoo.engine.players import Players
from zoo.engine.refusals import check_traits
from zoo.engine.schedules import WarmupCosine
from zoo.engine.workers.devices import Placement
from zoo.layers import seeds
from zoo.registry import Player, Traits

RATES = {"critic": 0.1, "generator": 0.2}  # of PLAYERS
MOMENTUM = 0.5
X = np.random.default_rng(0).normal(2.0, 0.5, (24, 1)).astype("float32")


@keras.saving.register_keras_serializable(package="tests")
class Pair(keras.layers.Layer):
    """A generator g(z) = a z + b and a critic d(x) = w x + v; answers the critic's value of a row."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.generator = keras.layers.Dense(1, name="generator", kernel_initializer="ones")
        self.critic = keras.layers.Dense(1, name="critic", kernel_initializer="ones")

    def build(self, shape):
        self.generator.build((None, 1))
        self.critic.build(shape)

    def call(self, x):
        return self.critic(x)


def drawn(x, seed):
    return keras.random.normal(ops.shape(x), seed=seeds.generator(seed))


def of_critic(network, x, y, target, seed):
    """-log sigmoid(d(x)) - log sigmoid(-d(g(z)))"""
    pair = network.get_layer("pair")
    real, false = pair.critic(x["inputs"]), pair.critic(pair.generator(drawn(x["inputs"], seed)))
    return ops.squeeze(ops.softplus(-real) + ops.softplus(false), -1)


def of_generator(network, x, y, target, seed):
    """-log sigmoid(d(g(z)))"""
    pair = network.get_layer("pair")
    return ops.squeeze(ops.softplus(-pair.critic(pair.generator(drawn(x["inputs"], seed)))), -1)


def gan(spec):
    """Builds a generative adversarial network of lines."""
    inputs = spec.inputs()
    return keras.Model(inputs, Pair(name="pair")(inputs["inputs"]))


def noisy(network, x, y, target, seed):
    """Squared error of a network that is shown its inputs with noise."""
    return ops.mean(ops.square(network({"inputs": x["inputs"] + drawn(x["inputs"], seed)}) - x["inputs"]), -1)


def autoencoder(spec):
    """Builds an autoencoder, and a copy of its last layer that follows it."""
    inputs = spec.inputs()
    hidden = keras.layers.Dense(3, "tanh", name="encoder")(inputs["inputs"])
    outputs = keras.layers.Dense(1, name="decoder")(keras.layers.Dropout(0.3)(hidden))
    slow = keras.layers.Dense(1, name="slow", trainable=False)(hidden)
    return keras.Model(inputs, keras.layers.Add()([outputs, 0.0 * slow]))


def follow(network, step):
    """Moves the copy a tenth of the way in each step, and all of it in the first."""
    rate = ops.where(step == 1, 1.0, 0.1)
    for slow, fast in zip(network.get_layer("slow").weights, network.get_layer("decoder").weights, strict=True):
        slow.assign(slow + rate * (fast - slow))


def squares(y, outputs):
    return ops.mean(ops.square(outputs), -1)


PLAYERS = (
    Player("critic", "critic", of_critic, {"name": "sgd", "learning_rate": 0.1, "momentum": 0.5}),
    Player("generator", "gen*", of_generator, {"name": "sgd", "learning_rate": 0.2, "momentum": 0.5}, every=2),
)


@pytest.fixture
def entry(monkeypatch):
    """A function that registers a builder with traits and returns the entry's name."""
    return lambda *args, **how: registered(monkeypatch, *args, **how)


def sigmoid(a):
    return 1.0 / (1.0 + np.exp(-a))


def assert_equal(ours, theirs):
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(one, other)


def numbers(variables):
    return [float(np.squeeze(variable.numpy())) for variable in variables]


def test_two_players_move_by_their_own_gradients_in_turn(entry):
    """The critic in each step; the generator in each second, by a critic that has moved."""
    model = zoo.build(entry(gan, Traits(players=PLAYERS)), X, seed=7)
    pair, x = model.network.get_layer("pair"), X[:8]
    critic, generator = model.optimizer.turns
    a, b, w, v = numbers([*pair.generator.weights, *pair.critic.weights])
    speeds = np.zeros(4)
    for step in range(4):
        z, again = (np.asarray(drawn(x, np.array([7, 2 * step + i], "int32"))) for i in range(2))
        logs = model.train_on_batch(x, return_dict=True)
        real, false = w * x + v, w * (a * z + b) + v
        loss = np.mean(np.log1p(np.exp(-real)) + np.log1p(np.exp(false)))
        of_w = np.mean(-sigmoid(-real) * x + sigmoid(false) * (a * z + b))
        of_v = np.mean(-sigmoid(-real) + sigmoid(false))
        speeds[2:] = MOMENTUM * speeds[2:] - RATES["critic"] * np.array([of_w, of_v])
        w, v = w + speeds[2], v + speeds[3]
        if step % 2:
            slope = -sigmoid(-(w * (a * again + b) + v)) * w
            moved = np.array([np.mean(slope * again), np.mean(slope)])
            speeds[:2] = MOMENTUM * speeds[:2] - RATES["generator"] * moved
            a, b = a + speeds[0], b + speeds[1]
        if step == 0:
            np.testing.assert_allclose(logs["critic_loss"], loss, rtol=1e-5)
            np.testing.assert_allclose(logs["loss"], loss, rtol=1e-5)  # of who moves
        np.testing.assert_allclose(numbers(pair.critic.weights), [w, v], rtol=1e-5)
        np.testing.assert_allclose(numbers(pair.generator.weights), [a, b], rtol=1e-5, atol=1e-7)
        assert int(critic.optimizer.iterations.value) == step + 1
        assert int(generator.optimizer.iterations.value) == (step + 1) // 2
        momenta = [v for v in generator.optimizer.variables if v.path.endswith("momentum")]
        np.testing.assert_allclose(numbers(momenta), speeds[:2], rtol=1e-5, atol=1e-7)


CASES = {
    "players": (gan, Traits(players=PLAYERS), None),
    "objective": (autoencoder, Traits(objective=noisy, after_step=follow), 0.3),
}


@pytest.mark.parametrize("engine", ["auto", "keras"])
@pytest.mark.parametrize("case", CASES)
def test_an_interrupted_run_goes_on_to_equal_weights(entry, case, engine, tmp_path):
    builder, traits, share = CASES[case]
    name = entry(builder, traits, validation=share, optimizer="adam", learning_rate=0.05, batch_size=12, epochs=3)

    def run(**how):
        return zoo.train(name, X, engine=engine, verbose=0, seed=3, **how)

    whole = run()
    assert run(checkpoint=tmp_path, callbacks=[Stop(1)]).interrupted
    resumed = run(checkpoint=tmp_path)
    assert_equal(resumed.model.get_weights(), whole.model.get_weights())
    assert resumed.history == whole.history and len(whole.history["loss"]) == 3
    assert resumed.recipe == whole.recipe
    if case == "players":  # the generator's over the steps in which it moves
        np.testing.assert_allclose(
            np.add(whole.history["critic_loss"], whole.history["generator_loss"]), whole.history["loss"], rtol=1e-5
        )


@pytest.mark.tensorflow
def test_the_zoo_s_loop_keras_s_fit_and_xla_train_players_alike(entry):
    def fixed(network, x, y, target, seed):
        pair = network.get_layer("pair")
        return ops.squeeze(ops.square(pair.critic(pair.generator(x["inputs"])) - 1.0), -1)

    players = [player._replace(objective=fixed) for player in PLAYERS]
    name = entry(gan, Traits(players=tuple(players)))
    runs = {engine: zoo.train(name, X, engine=engine, verbose=0) for engine in ("fused", "keras", "xla")}
    for engine in ("keras", "xla"):
        for ours, theirs in zip(runs[engine].model.get_weights(), runs["fused"].model.get_weights(), strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-5)


def network_of(spec):
    """Builds a network of one hidden layer."""
    inputs = spec.inputs()
    hidden = keras.layers.Dense(4, "tanh", kernel_initializer=keras.initializers.GlorotNormal(spec.seed))
    return keras.Model(inputs, keras.layers.Dense(spec.num_outputs)(hidden(inputs["inputs"])))


def squared(network, x, y, target, seed):
    """What a regression's loss is: the squared error in units of the target's deviation."""
    return ops.mean(ops.square(network(x) - ops.expand_dims(target.for_network(y), -1)), -1)


@pytest.mark.parametrize("engine", ["auto", "keras"])
def test_an_objective_that_is_the_loss_gives_the_weights_of_the_loss(entry, engine):
    generator = np.random.default_rng(1)
    table = pd.DataFrame(generator.normal(size=(40, 3)).astype("float32"), columns=list("abc"))
    table["y"] = 3.0 * table["a"] + table["b"] ** 2
    table["w"] = generator.uniform(0.5, 2.0, len(table))
    found = []
    for traits in (Traits(), Traits(objective=squared)):
        name = entry(network_of, traits, task="regression", metrics=("mae",), optimizer="adam", learning_rate=0.05)
        run = zoo.train(name, table, target="y", weight="w", validation=0.25, engine=engine, epochs=2, verbose=0)
        found.append([*run.model.get_weights(), *(values for _, values in sorted(run.history.items()))])
        assert set(run.history) == {"loss", "mae", "val_loss", "val_mae"} and "rmse" in run.metrics["val"]
    training_mae = len(found[0]) - 3  # of outputs before a step's weights move, and after
    for place, (ours, theirs) in enumerate(zip(*found, strict=True)):
        if place != training_mae:
            np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)


def test_folds_of_an_entry_with_steps_of_its_own_are_trained_one_by_one(entry, capsys):
    def settled(network, step):
        network.layers[-1].bias.assign(ops.zeros_like(network.layers[-1].bias.value))

    rows = np.random.default_rng(1).normal(size=(40, 3)).astype("float32"), np.arange(40.0)
    name = entry(network_of, Traits(after_step=settled), task="regression", epochs=1)
    table = zoo.cross_validate(name, rows, folds=2)
    assert not table.attrs["at_once"]
    assert "not as one program, for the trait 'after_step' changes its steps" in capsys.readouterr().out


def test_what_follows_a_step_sees_its_weights_and_number(entry):
    """Of the usual loss too: the mean of the squared difference."""
    traits = Traits(loss=squares, after_step=follow)
    model = zoo.build(entry(autoencoder, traits, optimizer="sgd", learning_rate=0.1), X)
    slow, decoder = model.network.get_layer("slow"), model.network.get_layer("decoder")
    model.train_on_batch(X)
    for ours, theirs in zip(slow.get_weights(), decoder.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6)
    before = decoder.get_weights()
    model.train_on_batch(X)
    for ours, old, new in zip(slow.get_weights(), before, decoder.get_weights(), strict=True):
        np.testing.assert_allclose(ours, 0.9 * old + 0.1 * new, rtol=1e-5)
    assert any(np.any(old != new) for old, new in zip(before, decoder.get_weights(), strict=True))


def test_validation_rows_are_tested_with_one_noise_and_without_dropout(entry):
    model = zoo.build(entry(autoencoder, CASES["objective"][1]), X)
    first = model.evaluate(X, verbose=0)
    model.seeds.state.assign([0, 5])
    assert model.evaluate(X, verbose=0) == first
    noise = np.asarray(drawn(X, np.array([0, objectives.TESTED_SEED], "int32")))
    shown = np.asarray(model.network({"inputs": X + noise}, training=False))
    np.testing.assert_allclose(first, np.mean((shown - X) ** 2), rtol=1e-5)


def test_weights_of_rows_and_losses_of_layers_count(entry):
    def regular(spec):
        inputs = spec.inputs()
        layer = keras.layers.Dense(1, kernel_initializer="ones", kernel_regularizer=keras.regularizers.L2(0.5))
        return keras.Model(inputs, layer(inputs["inputs"]))

    def error(network, x, y, target, seed):
        return ops.squeeze(ops.square(network(x)), -1)

    weight = np.linspace(0.0, 1.0, len(X)).astype("float32")
    for reduction, reduce in (("mean", np.mean), ("sum", np.sum)):
        model = zoo.build(entry(regular, Traits(objective=error), reduction=reduction), X)
        loss = model.test_on_batch(X, sample_weight=weight)
        np.testing.assert_allclose(loss, reduce(weight * X[:, 0] ** 2) + 0.5, rtol=1e-5)


@pytest.mark.parametrize("case", CASES)
def test_a_saved_model_goes_on_with_its_optimizers(entry, case, tmp_path):
    builder, traits, _ = CASES[case]
    model = zoo.build(entry(builder, traits), X)
    for _ in range(3):
        model.train_on_batch(X[:8])
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert type(loaded.optimizer) is type(model.optimizer)
    ours, theirs = loaded.optimizer.variables, model.optimizer.variables
    assert_equal([v.numpy() for v in ours], [v.numpy() for v in theirs])
    assert any(np.any(v.numpy() != 0) for v in ours[2:])
    if case == "players":
        assert [dataclasses.replace(turn, optimizer=None) for turn in loaded.optimizer.turns] == [
            dataclasses.replace(turn, optimizer=None) for turn in model.optimizer.turns
        ]
    loaded.seeds.state.assign(model.seeds.state.numpy())
    for dropout, other in zip(loaded.network.layers, model.network.layers, strict=True):
        if hasattr(dropout, "seed_generator"):
            dropout.seed_generator.state.assign(other.seed_generator.state.numpy())
    for _ in range(2):
        model.train_on_batch(X[8:16])
        loaded.train_on_batch(X[8:16])
    assert_equal(loaded.get_weights(), model.get_weights())


def test_a_rate_that_a_player_does_not_name_is_the_recipe_s_with_its_schedule(entry):
    def made(rate):
        return keras.optimizers.RMSprop(rate)

    players = (
        Player("critic", "critic", of_critic, {"name": "adam", "learning_rate": 0.5}),
        Player("generator", "generator", of_generator, made, 2),
    )
    name = entry(gan, Traits(players=players), schedule="cosine", learning_rate=0.25)
    rates = []
    note = keras.callbacks.LambdaCallback(on_train_begin=lambda logs: rates.extend(note.model.optimizer.turns))
    run = zoo.train(name, X, callbacks=[note], verbose=0)
    critic, generator = rates
    assert float(critic.optimizer.learning_rate.value) == 0.5
    assert type(generator.optimizer) is keras.optimizers.RMSprop
    schedule = WarmupCosine(0.25, 6)  # 3 steps in each of 4 epochs, every second of them the generator's
    at_end = generator.optimizer.learning_rate
    np.testing.assert_allclose(float(at_end), float(schedule(6)), rtol=1e-5)
    assert float(run.model.optimizer.turns[1].optimizer.learning_rate.value) == 0.25  # `fit` goes on from here
    again = zoo.train(name, X, learning_rate=0.125, epochs=0, verbose=0)
    assert float(again.model.optimizer.turns[1].optimizer.learning_rate.value) == 0.125


def test_a_player_may_have_an_optimizer_of_the_zoo(entry):
    own = {"name": "grouped_adamw", "weight_decay": 0.1, "decay_factors": {"*/bias": 0.0}, "decay_schedule": "flat_cos"}
    players = (Player("critic", "critic", of_critic, own), Player("generator", "generator", of_generator, "SGD", 2))
    name = entry(gan, Traits(players=players), schedule="constant", learning_rate=0.25)
    seen = []
    note = keras.callbacks.LambdaCallback(on_train_begin=lambda logs: seen.extend(note.model.optimizer.turns))
    zoo.train(name, X, callbacks=[note], verbose=0)
    critic, generator = (turn.optimizer for turn in seen)
    assert type(critic) is GroupedAdamW and (critic.name, generator.name) == ("critic_grouped_adamw", "generator_sgd")
    kernel, bias = note.model.network.get_layer("pair").critic.weights
    assert critic.factors_of(kernel)[1] == 1 and critic.factors_of(bias)[1] == 0
    assert (critic.decay_schedule.steps, float(critic.learning_rate)) == (12, 0.25)  # 3 steps in each of 4 epochs


def test_averages_of_weights_are_put_in_by_each_optimizer(entry):
    averaging = {"name": "sgd", "learning_rate": 0.1, "use_ema": True, "ema_momentum": 0.5}
    players = (
        Player("critic", "critic", of_critic, averaging),
        Player("generator", "generator", of_generator, "sgd"),
    )
    model = zoo.build(entry(gan, Traits(players=players)), X)
    model.train_on_batch(X)
    before, optimizer = model.get_weights(), model.optimizer
    averages = [v.numpy() for v in optimizer.turns[0].optimizer.variables if v.path.endswith("average")]
    optimizer.finalize_variable_values(model.trainable_weights)
    assert optimizer.use_ema
    assert_equal(model.get_weights(), [*before[:2], *averages])


def test_the_noise_of_a_run_follows_from_its_seed(entry):
    name = entry(autoencoder, CASES["objective"][1], shuffle=False)
    model, noises = zoo.build(name, X, seed=5), []
    for seed in (3, 3, 4):
        noises.append(zoo.train(model, X, epochs=0, seed=seed, verbose=0).model.evaluate(X, verbose=0))
    assert noises[0] == noises[1] != noises[2]


def test_seeds_give_each_draw_numbers_of_its_own():
    generator = seeds.generator(np.array([3, 4], "int32"))
    first, second = (np.asarray(keras.random.normal((1000,), seed=generator)) for _ in range(2))
    again = keras.random.normal((1000,), seed=seeds.generator(np.array([3, 4], "int32")))
    assert_equal([first], [again])
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.1


# What is refused.


@pytest.mark.parametrize(
    ("players", "message"),
    [
        ([("critic", "critic", of_critic)], "must belong to one player. Received: '.*generator.*' of none"),
        ([("both", "*", of_critic), ("critic", "critic", of_critic)], "'.*critic.*' of both and critic"),
        ([("critic", "pair", of_critic), ("none", "inputs", of_critic)], "'none', whose layers have none"),
        ([("critic", "critics", of_critic)], "must name layers .*'critics'.* are: pair, critic, generator"),
    ],
)
def test_players_share_out_the_weights(entry, players, message):
    name = entry(gan, Traits(players=tuple(players)))
    with pytest.raises(ValueError, match=message):
        zoo.build(name, X)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"players": (("a", "a", None),)}, r"must be Player\(name, layers, objective, optimizer, every\).*None"),
        ({"players": (("a", "a", noisy, "adam", 0),)}, "`every` an integer, 1 or more"),
        ({"players": (("a", "a", noisy), ("a", "b", noisy))}, r"different names. Received: \['a', 'a'\]"),
        (
            {"players": (("a", "a", noisy),), "objective": noisy},
            r"each of which has its own. Received: players=\['a'\]",
        ),
    ],
)
def test_players_are_checked_where_they_are_written(fields, message):
    with pytest.raises(ValueError, match=message):
        Traits(**fields)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"optimizer": "adam"}, "`optimizer` cannot be asked of 'toys/gan': each of its players"),
        ({"freeze": 1}, "`freeze` cannot be asked of 'toys/gan': each of its players .*. Pass `freeze=None`."),
        ({"loss": "mse"}, "`loss` cannot be asked of 'toys/gan': it learns by an objective"),
        ({"learning_rate": 0.1}, "names no rate of its own. Received: learning_rate=0.1, where critic, generator"),
        ({"callbacks": [keras.callbacks.ReduceLROnPlateau("loss")]}, "ReduceLROnPlateau sets one learning rate"),
    ],
)
def test_what_players_cannot_follow_is_refused_by_name(entry, how, message):
    name = entry(gan, Traits(players=PLAYERS))
    with pytest.raises(ValueError, match=message):
        zoo.train(name, X, verbose=0, **how)


@pytest.mark.parametrize(
    ("traits", "why"),
    [
        (Traits(objective=squared), "it learns by an objective"),
        (Traits(after_step=follow), "it has something to do after each step of an optimizer"),
    ],
)
def test_solvers_are_refused_whoever_asks(entry, traits, why):
    rows = np.random.default_rng(1).normal(size=(40, 3)).astype("float32"), np.arange(40.0)
    for asked, recipe in ({"solver": "lbfgs"}, {}), ({}, {"solver": "newton"}):
        name = entry(network_of, traits, task="regression", **recipe)
        with pytest.raises(ValueError, match=f"`solver` cannot be asked of 'toys/network_of': {why}"):
            zoo.train(name, rows, verbose=0, **asked)


def test_several_devices_are_refused(entry, monkeypatch):
    two = Placement(True, ("CPU:0", "CPU:1"), "2 CPUs", "asked for", forced=True)
    monkeypatch.setattr("zoo.training.trainer.place", lambda devices: two)
    with pytest.raises(ValueError, match="cannot train this way: the trait 'players' changes its steps"):
        zoo.train(entry(gan, Traits(players=PLAYERS)), X, devices=2, verbose=0)


def test_a_rate_for_all_players_is_refused(entry):
    model = zoo.build(entry(gan, Traits(players=PLAYERS)), X)
    assert isinstance(model.optimizer, Players)
    with pytest.raises(ValueError, match="Each player has a learning rate of its own. Received: learning_rate=0.1"):
        model.optimizer.learning_rate = 0.1
    with pytest.raises(TypeError, match="Players move one by one"):
        model.optimizer.apply([0.0])
    with pytest.raises(ValueError, match="The players move 4 weights. Received: 3 trainable ones"):
        Players(model.optimizer.turns).build(model.trainable_variables[:3])
    model.compile("adam")
    with pytest.raises(TypeError, match="was compiled with Adam. Take the model as"):
        model.train_on_batch(X)


def test_pytorch_is_refused(entry, monkeypatch):
    name = entry(gan, Traits(players=PLAYERS))
    monkeypatch.setattr(keras.backend, "backend", lambda: "torch")
    with pytest.raises(TypeError, match="on the backends tensorflow and jax: the trait 'players' .* Received: torch"):
        check_traits(registry.info(name), Traits(players=PLAYERS))


def test_an_objective_returns_a_number_a_row(entry):
    def wide(network, x, y, target, seed):
        return network(x)

    model = zoo.build(entry(autoencoder, Traits(objective=wide)), X)
    with pytest.raises(ValueError, match=r"of the shape \(batch,\). Received: the shape \(24, 1\) of 'wide'"):
        model.train_on_batch(X)
