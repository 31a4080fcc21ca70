"""Many models as one program: each leaves with the weights that it would have had alone."""

import re
import threading
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest

import zoo
from tests.engine.fitted import fit
from zoo.compiling import compile_model
from zoo.engine.members import fitting_members, own_rows, plan_members, products, program
from zoo.engine.optimizers import GroupedAdamW
from zoo.layers.linear import line_of

pytestmark = pytest.mark.tensorflow

COUNTS = (90, 89, 85)  # of training rows: 3 batches of 32, the last of 26, 25 and 21


def prepared(*, optimizer="adam", rates=(0.01, 0.01, 0.01), schedule=True, levels=0, missing=(0, 0, 0), **options):
    """Returns three compiled models with rows to train on and to choose by."""
    generator = np.random.default_rng(0)
    x = generator.normal(size=(200, 4)).astype("float32")
    y = np.argmax(x @ generator.normal(size=(4, 3)), axis=1)
    if levels:
        x = pd.DataFrame(x, columns=list("abcd")).assign(level=[f"level {i % levels}" for i in range(200)])
    found = []
    for seed, (count, rate, gaps) in enumerate(zip(COUNTS, rates, missing)):
        if any(missing):
            x = pd.DataFrame(generator.normal(size=(200, 4)).astype("float32"), columns=list("abcd"))
            x.iloc[:9, :gaps] = np.nan
        data = zoo.data.load((x, y))
        options = {"hidden_units": (8,), "dropout": 0.0, "num_bins": 2, "l2": 1e-3, "linear": False} | options
        model = zoo.build("mlp_classifier", data, seed=seed, **options)
        compile_model(
            model, model.recipe, optimizer=optimizer, learning_rate=rate, total_steps=90 if schedule else None
        )
        order = generator.permutation(200)
        target = model.preprocessor.target.encode(y)
        weight = generator.uniform(0.5, 2.0, 200).astype("float32")
        encoded = model.preprocessor.encode(x)
        found.append(
            (model, *((({n: a[part] for n, a in encoded.items()}, target[part], weight[part]))
                      for part in (order[:count], order[90 : 90 + 110 - seed])))
        )  # fmt: skip
    return found


def without_decay(optimizer, **which):
    optimizer.exclude_from_weight_decay(**which)
    return optimizer


def obstacle(models, rows, batch_size):
    return plan_members.obstacle_of_models(models, rows, batch_size=batch_size, epochs=30, engine="fused")


def at_once(found, *, epochs=30, patience=None, held=True, **settings):
    models, rows, tested = zip(*found)
    how = {"batch_size": 32, "epochs": epochs, "shuffle": True, "seeds": range(len(models)), "patience": patience}
    return fitting_members.fit(models, rows, tested if held else None, loss=models[0].loss.function, **how | settings)


def alone(found, k, *, epochs=30, patience=None, held=True):
    model, rows, tested = found[k]
    return fit(
        model, rows=rows, num_rows=len(rows[1]), batch_size=32, shuffle=True, seed=k, epochs=epochs,
        patience=patience, validation=tested if held else None, engine="fused", verbose=0, key=id(found),
    )  # fmt: skip


def assert_same(ours, theirs):
    for mine, other in zip(ours.network.trainable_variables, theirs.network.trainable_variables, strict=True):
        np.testing.assert_allclose(mine.numpy(), other.numpy(), atol=1e-5)


def assert_each_is_as_alone(together, single, left, **how):
    for k in range(len(single)):
        fitted = alone(single, k, **how)
        assert_same(together[k][0], single[k][0])
        np.testing.assert_allclose(left[k].losses, fitted.history["loss"], atol=1e-5)
        if how.get("held", True):
            np.testing.assert_allclose(left[k].val_losses, fitted.history["val_loss"], atol=1e-5)
            assert left[k].best_epoch == fitted.best_epoch


@pytest.mark.parametrize("held", [True, False])
@pytest.mark.parametrize("rates", [(0.01, 0.01, 0.01), (0.01, 0.03, 0.001)], ids=["one_rate", "rates"])
def test_members_train_as_each_would_alone(rates, held):
    together, single = prepared(rates=rates, optimizer="adamw"), prepared(rates=rates, optimizer="adamw")
    assert_each_is_as_alone(together, single, at_once(together, held=held), held=held)


@pytest.mark.slow
@pytest.mark.parametrize("name", plan_members.ELEMENTWISE)
def test_every_optimizer_of_single_weights_takes_each_member_s_own_steps(name):
    rates = (0.01, 0.03, 0.02)
    together, single = (prepared(optimizer=name.lower(), rates=rates, schedule=False) for _ in range(2))
    assert_each_is_as_alone(together, single, at_once(together, epochs=3), epochs=3)


def test_an_optimizer_of_the_caller_s_own_keeps_its_schedule_and_momentum():
    def optimizer():
        rate = keras.optimizers.schedules.ExponentialDecay(0.1, 3, 0.9)
        return keras.optimizers.SGD(rate, momentum=0.9, nesterov=True, clipvalue=0.1, weight_decay=0.01)

    together, single = prepared(), prepared()
    for model, *_ in (*together, *single):
        compile_model(model, model.recipe, optimizer=optimizer())
    assert_each_is_as_alone(together, single, at_once(together, epochs=5), epochs=5)


@pytest.mark.parametrize(
    "options", [{"normalization": "layer"}, {"activation": "prelu"}, {"hidden_units": ()}], ids=["layer", "prelu", "()"]
)
def test_layers_of_every_kind_are_each_member_s_own(options):
    together, single = prepared(**options), prepared(**options)
    assert_each_is_as_alone(together, single, at_once(together, epochs=3), epochs=3)


@pytest.mark.parametrize("levels", [0, 3])
def test_lines_are_each_member_s_own(levels):
    together, single = prepared(linear=True, levels=levels), prepared(linear=True, levels=levels)
    for found in (together, single):
        generator = np.random.default_rng(7)
        for model, *_ in found:
            layer = line_of(model.network)
            layer.set_weights([generator.normal(size=weight.shape) for weight in layer.weights])
    lines = [line_of(model.network).get_weights() for model, *_ in together]
    assert_each_is_as_alone(together, single, at_once(together, epochs=3), epochs=3)
    for (model, *_), before in zip(together, lines, strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(line_of(model.network).get_weights(), before, strict=True))


def test_weights_from_before_stay_unless_an_epoch_is_better():
    together = prepared(rates=(0.01, 0.01, 0.01))
    before = [model.get_weights() for model, *_ in together]
    left = at_once(together, epochs=5, patience=2, best_so_far=[0.0, None, 1e9])
    assert [one.best_epoch for one in left][0] == -1 and len(left[0].losses) == 2
    assert all(np.array_equal(a, b) for a, b in zip(together[0][0].get_weights(), before[0], strict=True))
    assert all(one.best_epoch >= 0 for one in left[1:])


@pytest.mark.parametrize("rates", [(0.01, 0.01, 0.01), (0.01, 0.03, 0.001)], ids=["one_rate", "rates"])
def test_vectors_of_levels_are_each_member_s_own(rates):
    together, single = prepared(levels=12, rates=rates), prepared(levels=12, rates=rates)
    assert any("levels" in v.path for v in together[0][0].network.trainable_variables)
    assert_each_is_as_alone(together, single, at_once(together, epochs=3), epochs=3)


def test_more_members_than_are_unrolled_train_as_each_would_alone(monkeypatch):
    monkeypatch.setattr(products, "MOST_MEMBERS", 2)
    together, single = prepared(), prepared()
    assert_each_is_as_alone(together, single, at_once(together, epochs=3), epochs=3)


def test_validation_rows_are_taken_in_parts_where_they_are_many(monkeypatch):
    whole, parts = prepared(), prepared()
    left = at_once(whole, epochs=2)
    monkeypatch.setattr(program, "TESTED_ROWS", 50)  # of 110, 109 and 108
    for one, other in zip(left, at_once(parts, epochs=2), strict=True):
        np.testing.assert_allclose(one.val_losses, other.val_losses, rtol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("patience", [3, (1, 0.5)], ids=["number", "growing"])
def test_members_stop_when_each_would_alone(patience):
    together, single = prepared(rates=(0.1, 0.03, 0.2)), prepared(rates=(0.1, 0.03, 0.2))
    left = at_once(together, epochs=60, patience=patience)
    for k in range(3):
        fitted = alone(single, k, epochs=60, patience=patience)
        assert (len(left[k].losses), left[k].best_epoch) == (len(fitted.history["loss"]), fitted.best_epoch)
        assert_same(together[k][0], single[k][0])
    assert len({len(one.losses) for one in left}) > 1  # not all at the same epoch


def test_a_member_that_diverges_keeps_its_last_finite_weights_and_harms_no_other():
    rates = (0.01, 1e30, 0.01)
    together, single = prepared(rates=rates, optimizer="sgd"), prepared(rates=rates, optimizer="sgd")
    left = at_once(together, epochs=3)
    assert [member.diverged for member in left] == [False, True, False]
    alone(single, 2, epochs=3)
    assert_same(together[2][0], single[2][0])
    assert all(np.all(np.isfinite(v.numpy())) for v in together[1][0].network.trainable_variables)


def test_dropout_draws_for_each_member_by_itself():
    found = prepared(dropout=0.5)
    same = [found[0][1:]] * 3
    models = [found[0][0], *(prepared(dropout=0.5)[0][0] for _ in range(2))]  # equal weights and rows
    at_once([(model, *rows) for model, rows in zip(models, same)], epochs=1, seeds=[0, 0, 0])
    first, second = (model.network.trainable_variables[0].numpy() for model in models[:2])
    assert np.abs(first - second).max() > 1e-4
    again = prepared(dropout=0.5)
    others = [again[0][0], *(prepared(dropout=0.5)[0][0] for _ in range(2))]
    at_once([(model, *rows) for model, rows in zip(others, same)], epochs=1, seeds=[0, 0, 0])
    np.testing.assert_array_equal(others[1].network.trainable_variables[0].numpy(), second)


@pytest.mark.parametrize("cores", [2, 3, 8])
def test_members_leave_the_same_however_many_cores_share_them(monkeypatch, cores):
    one, parts = prepared(dropout=0.5, rates=(0.01, 0.03, 0.001)), prepared(dropout=0.5, rates=(0.01, 0.03, 0.001))
    monkeypatch.setattr(fitting_members, "_cores", lambda: 1)
    left = at_once(one, epochs=5)
    monkeypatch.setattr(fitting_members, "_cores", lambda: cores)
    fitting_members.clear()
    again = at_once(parts, epochs=5, key="parts")
    (programs,) = fitting_members._kept.values()
    assert len(programs) == min(cores, 3)
    assert len({program._function.function for program in programs}) == 1  # traced once
    for (ours, *_), (theirs, *_), mine, other in zip(one, parts, left, again, strict=True):
        assert_same(ours, theirs)
        np.testing.assert_allclose(mine.losses, other.losses, rtol=1e-5)


def test_steps_that_call_further_functions_train_all_members_as_one_program(monkeypatch):
    monkeypatch.setattr(fitting_members, "_cores", lambda: 3)
    monkeypatch.setattr("zoo.engine.traced_functions.calls_within_calls", lambda concrete: True)
    fitting_members.clear()
    together, single = prepared(), prepared()
    left = at_once(together, epochs=3, key="one")
    (programs,) = fitting_members._kept.values()
    assert len(programs) == 1 and not programs[0].single_threaded
    assert_each_is_as_alone(together, single, left, epochs=3)


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_an_error_in_one_part_ends_the_others(monkeypatch, error):
    def see(self, epoch, *result):
        seen.append(epoch)
        if epoch == 2 and (threading.current_thread() is threading.main_thread()) == (error is KeyboardInterrupt):
            raise error("the disk is full")

    seen = []
    monkeypatch.setattr(fitting_members, "_cores", lambda: 2)
    monkeypatch.setattr("zoo.engine.members.program.BestWeights.see", see)
    found = prepared()
    before = [model.get_weights() for model, *_ in found]
    with pytest.raises(error, match="the disk is full"):
        at_once(found, epochs=5_000)
    assert max(seen) < 1_000  # the other part has not gone on to its end
    for (model, *_), weights in zip(found, before, strict=True):
        for ours, theirs in zip(model.get_weights(), weights, strict=True):
            np.testing.assert_array_equal(ours, theirs)


def test_a_kept_program_begins_anew():
    fitting_members.clear()
    at_once(prepared(), key="kept")
    kept = dict(fitting_members._kept)
    second, fresh = prepared(rates=(0.02, 0.02, 0.02)), prepared(rates=(0.02, 0.02, 0.02))
    at_once(second, key="kept")
    assert dict(fitting_members._kept) == kept and len(kept) == 1
    fitting_members.clear()
    at_once(fresh)
    for ours, theirs in zip(second, fresh):
        assert_same(ours[0], theirs[0])


def test_fifty_trainings_trace_once_and_grow_no_memory():
    def resident() -> int:
        return int(re.search(r"VmRSS:\s+(\d+)", Path("/proc/self/status").read_text(encoding="ascii"))[1]) // 1024

    fitting_members.clear()
    found, memory, functions = prepared(), [], set()
    for i in range(50):
        for model, *_ in found:
            compile_model(model, model.recipe, learning_rate=0.001 * (i + 1), total_steps=3)
        at_once(found, epochs=1, key="fifty", seeds=[i, i + 1, i + 2])
        functions |= {program._function.function for programs in fitting_members._kept.values() for program in programs}
        memory.append(resident())
    assert len(functions) == 1
    assert memory[-1] - memory[9] < 10  # MiB


@pytest.mark.parametrize(
    "optimizer, why",
    [
        (keras.optimizers.Adam(clipnorm=1.0), "clipnorm"),
        (keras.optimizers.Lamb(), "Lamb"),
        (keras.optimizers.SGD(use_ema=True), "use_ema"),
        (without_decay(keras.optimizers.AdamW(), var_names=["bias"]), "names of variables"),
    ],
    ids=["clipnorm", "lamb", "use_ema", "names"],
)
def test_optimizers_that_look_at_whole_variables_are_named(optimizer, why):
    models, rows, _ = zip(*prepared(optimizer="adam"))
    models[0].compile(optimizer)
    assert why in obstacle(models, rows, 32)


def test_rates_by_numbers_of_features_are_named_where_members_have_other_inputs():
    optimizer = GroupedAdamW(fan_in_powers={"*/kernel": -0.5})
    for missing, why in (((0, 2, 1), "learning rates depend on the numbers of their features"), ((1, 1, 1), "")):
        models, rows, _ = zip(*prepared(missing=missing, optimizer=optimizer, schedule=False))
        found = obstacle(models, rows, 32)
        assert why in found and (why or found == "")


def test_other_shapes_steps_and_sizes_are_named(monkeypatch):
    models, rows, _ = zip(*prepared())
    other = prepared(hidden_units=(9,))[0][0]
    assert "different shapes" in obstacle([models[0], other], rows[:2], 32)
    assert "numbers of steps" in obstacle(models, rows, 29)
    assert obstacle(models, rows, 32) == ""
    monkeypatch.setattr(plan_members, "MOST_BYTES", 1_000)
    assert "their rows take 0.0 GiB together" in obstacle(models, rows, 32)


@pytest.mark.parametrize(
    "layer, why",
    [
        (keras.layers.BatchNormalization(), "gathers statistics"),
        (keras.layers.GaussianNoise(0.1), "draws random numbers"),
        (keras.layers.Dropout(0.5, noise_shape=(1, 3)), "is part of a layer"),
        (keras.Sequential([keras.layers.Dropout(0.5)]), "is part of a layer"),
        (keras.layers.Embedding(9, 3), "stepped by the rows of a batch"),
        (keras.layers.ActivityRegularization(0.1), "penalises activities"),
        (keras.layers.Dense(3, activity_regularizer="l2"), "penalises activities"),
        (keras.layers.Dense(3, dtype="mixed_bfloat16"), "computes in bfloat16"),
        (type("Mixing", (keras.layers.ReLU,), {"__module__": "other"})(), "might mix the rows"),
    ],
    ids=lambda value: "" if isinstance(value, str) else type(value).__name__,
)
def test_layers_that_look_beyond_a_row_or_draw_are_named(layer, why):
    inputs = keras.Input((3,))
    assert why in own_rows.obstacle(keras.Model(inputs, layer(inputs)))


@pytest.mark.parametrize("options", [{}, {"optimizer": "ftrl"}, {"rates": (0.01, 0.03, 0.02)}], ids=str)
def test_members_of_narrower_inputs_train_as_each_would_alone(options):
    together, single = (prepared(missing=(1, 0, 3), **options) for _ in range(2))
    assert [model.network.inputs[0].shape[1] for model, *_ in together] == [5, 4, 7]
    models, rows, _ = zip(*together)
    assert obstacle(models, rows, 32) == ""
    assert_each_is_as_alone(together, single, at_once(together, epochs=4), epochs=4)
