"""Adam with factors of rate and decay by groups of weights, and schedules over the steps, against their formulas."""

import keras
import numpy as np
import pandas as pd
import pytest

import zoo
from tests.engine.toys import Stop, registered
from zoo.engine.optimizers import GroupedAdamW
from zoo.engine.schedules import SCHEDULES, scheduled
from zoo.registry import Traits

STEPS = 8  # of the whole training: 4 epochs of 2 steps
FACTORS = {
    "weight_decay": 0.5,
    "rate_factors": {"hidden/*": 3.0, "*/bias": 0.25},
    "decay_factors": {"*/bias": 0.0, "hidden/*": 2.0},
    "decay_schedule": "flat_cos",
}


def flat_cos(t):
    return 1.0 if t <= 0.5 else 0.5 * (1 + np.cos(np.pi * (2 * t - 1)))


def coslog4(t):
    return 0.5 * (1 - np.cos(2 * np.pi * np.log2(1 + 15 * t)))


@pytest.mark.parametrize(
    ("name", "formula", "constant"),
    [("coslog4", coslog4, 0.03), ("flat_cos", flat_cos, 0.3)],
    ids=["coslog4", "flat_cos"],
)
def test_a_schedule_follows_its_formula_at_every_step(name, formula, constant):
    schedule, expected = scheduled(name, 0.3, 60), [0.3 * formula(i / 60) for i in range(61)]
    np.testing.assert_allclose([float(schedule(i)) for i in range(61)], expected, rtol=1e-5, atol=1e-6)
    assert scheduled(name, 0.3, None) == pytest.approx(constant)
    again = keras.optimizers.schedules.deserialize(keras.optimizers.schedules.serialize(schedule))
    assert type(again) is SCHEDULES[name] and again.get_config() == {"peak": 0.3, "steps": 60}


def test_coslog4_ends_a_cycle_at_a_fifteenth_a_fifth_and_seven_fifteenths():
    schedule = scheduled("coslog4", 1.0, 15)
    np.testing.assert_allclose([float(schedule(i)) for i in (0, 1, 3, 7, 15)], np.zeros(5), atol=1e-5)


def test_a_schedule_of_another_name_is_refused_with_those_that_there_are():
    with pytest.raises(ValueError, match="one of 'constant', 'cosine', 'coslog4', 'flat_cos'.* Received: 'cos'"):
        scheduled("cos", 0.1, 10)


def adam_by_hand(weights, gradients, rate, *, factors, decays, decay, steps, beta_2=0.95, epsilon=1e-8):
    """Returns weights after a step for each list of gradients, by the formulas in float64."""
    weights = [w.astype("float64") for w in weights]
    m, v = ([np.zeros_like(w) for w in weights] for _ in range(2))
    for i, step in enumerate(gradients):
        for k, g in enumerate(step):
            own_rate, own_decay = factors[k] * rate, decays[k] * decay * flat_cos(i / steps)
            weights[k] = weights[k] * (1 - own_rate * own_decay)
            m[k], v[k] = 0.9 * m[k] + 0.1 * g, beta_2 * v[k] + (1 - beta_2) * g**2
            corrected = (1 - beta_2 ** (i + 1)) ** 0.5 / (1 - 0.9 ** (i + 1))
            weights[k] = weights[k] - own_rate * corrected * m[k] / (np.sqrt(v[k]) + epsilon)
    return weights


def test_steps_are_those_of_the_formulas():
    generator = np.random.default_rng(0)
    layers = keras.layers.Dense(4, name="hidden"), keras.layers.Dense(2, name="outputs")
    keras.Sequential([keras.Input((3,)), *layers])
    variables = [layer.kernel for layer in layers] + [layer.bias for layer in layers]
    for variable in variables:
        variable.assign(generator.normal(size=variable.shape))
    before = [keras.ops.convert_to_numpy(v) for v in variables]
    gradients = [[generator.normal(size=v.shape) for v in variables] for _ in range(STEPS)]
    optimizer = GroupedAdamW(0.1, beta_2=0.95, epsilon=1e-8, total_steps=STEPS, **FACTORS)
    for step in gradients:
        optimizer.apply([keras.ops.convert_to_tensor(g.astype("float32")) for g in step], variables)
    expected = adam_by_hand(
        before, gradients, 0.1, factors=(3.0, 1.0, 3.0, 0.25), decays=(2.0, 1.0, 0.0, 0.0), decay=0.5, steps=STEPS
    )
    for variable, weights in zip(variables, expected, strict=True):
        np.testing.assert_allclose(keras.ops.convert_to_numpy(variable), weights, rtol=1e-4, atol=1e-6)


def network(spec):
    """Builds a network of one hidden layer.

    Args:
        spec: The inputs and outputs to build for.
    """
    inputs = spec.inputs()
    x = keras.layers.Dense(4, "tanh", name="hidden")(inputs["inputs"])
    return keras.Model(inputs, keras.layers.Dense(spec.num_outputs, name="outputs")(x))


@pytest.fixture
def entry(monkeypatch):
    """An entry whose recipe names the optimizer with its factors, and a schedule."""
    how = {"optimizer": "grouped_adamw", "optimizer_options": FACTORS, "learning_rate": 0.1, "schedule": "coslog4"}
    return registered(monkeypatch, network, Traits(), task="regression", metrics=(), batch_size=16, **how)


@pytest.fixture(scope="module")
def table():
    x = np.random.default_rng(1).normal(size=(32, 3)).astype("float32")
    return pd.DataFrame(x, columns=list("abc")).assign(y=x[:, 0] - x[:, 1] * x[:, 2])


def assert_alike(ours, theirs, **close):
    for mine, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(mine, other, **close)


@pytest.mark.tensorflow
def test_the_zoo_s_loop_xla_and_keras_s_fit_take_the_same_steps(entry, table):
    runs = {e: zoo.train(entry, table, target="y", engine=e, verbose=0).model for e in ("keras", "fused", "xla")}
    assert type(runs["keras"].optimizer) is GroupedAdamW
    for engine in ("fused", "xla"):
        assert_alike(runs[engine], runs["keras"], rtol=1e-4, atol=1e-6)
    plain = zoo.train(entry, table, target="y", optimizer=keras.optimizers.AdamW(0.1), verbose=0).model
    assert not np.allclose(plain.get_weights()[0], runs["keras"].get_weights()[0], atol=1e-2)


def test_a_stopped_run_goes_on_to_equal_weights(entry, table, tmp_path):
    how = {"target": "y", "verbose": 0}
    whole = zoo.train(entry, table, **how)
    assert zoo.train(entry, table, checkpoint=tmp_path, callbacks=[Stop(2)], **how).interrupted
    assert_alike(zoo.train(entry, table, checkpoint=tmp_path, **how).model, whole.model, rtol=0, atol=0)


@pytest.mark.tensorflow
@pytest.mark.parametrize("rates", [None, [0.1, 0.02]], ids=["one_rate", "rates"])
def test_folds_train_as_one_program_as_they_do_one_after_another(entry, table, rates):
    how = {"target": "y", "folds": 2, "learning_rate": rates, "verbose": 0}
    together = zoo.cross_validate(entry, table, engine="auto", **how)
    apart = zoo.cross_validate(entry, table, engine="keras", **how)
    assert together.attrs["at_once"] and not apart.attrs["at_once"]
    pd.testing.assert_frame_equal(together, apart, rtol=1e-4)


def test_a_saved_model_goes_on_with_its_optimizer(entry, table, tmp_path):
    model = zoo.build(entry, table, target="y")
    model.train_on_batch(table[["a", "b", "c"]], table["y"])
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert loaded.optimizer.get_config() == model.optimizer.get_config()
    for each in (model, loaded):
        each.train_on_batch(table[["a", "b", "c"]], table["y"])
    assert_alike(loaded, model, rtol=0, atol=0)


def test_a_caller_may_name_it(table):
    run = zoo.train("linear_regression", table, target="y", optimizer="grouped_adamw", epochs=1, verbose=0)
    assert run.recipe["optimizer"] == "grouped_adamw" and type(run.model.optimizer) is GroupedAdamW


@pytest.mark.parametrize(
    ("options", "received"),
    [
        ({"rate_factors": {"*": -1.0}}, "`rate_factors` must hold finite.* Received: -1.0 for '\\*'"),
        ({"decay_factors": {"a": "b"}}, "`decay_factors` must hold finite.* Received: 'b' for 'a'"),
        ({"weight_decay": float("nan")}, "`weight_decay` must hold finite.* Received: nan"),
        ({"decay_schedule": "cos", "total_steps": 3}, "A recipe.s schedule must be one of .* Received: 'cos'"),
    ],
)
def test_what_is_no_factor_is_refused(options, received):
    with pytest.raises(ValueError, match=received):
        GroupedAdamW(**options)


def test_weights_are_excluded_from_decay_by_patterns_alone():
    with pytest.raises(TypeError, match="Pass `decay_factors="):
        GroupedAdamW().exclude_from_weight_decay(var_names=["bias"])
