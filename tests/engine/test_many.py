"""Many models as one program: each leaves with the weights that it would have had alone."""

import keras
import numpy as np
import pytest

import zoo
from zoo.engine import fitting, many
from zoo.model import compile_model

pytestmark = pytest.mark.tensorflow

COUNTS = (90, 89, 85)  # of training rows: 3 batches of 32, the last of 26, 25 and 21


def prepared(*, optimizer="adam", rates=(0.01, 0.01, 0.01), schedule=True, name="mlp_classifier", **options):
    """Returns three compiled models with rows to train on and to choose by."""
    generator = np.random.default_rng(0)
    x = generator.normal(size=(200, 4)).astype("float32")
    y = np.argmax(x @ generator.normal(size=(4, 3)), axis=1) if name == "mlp_classifier" else x[:, 0] * 2 + x[:, 1]
    data = zoo.data.load((x, y))
    found = []
    for seed, (count, rate) in enumerate(zip(COUNTS, rates)):
        options = {"hidden_units": (8,), "dropout": 0.0, "num_bins": 2, "l2": 1e-3} | options
        model = zoo.build(name, data, seed=seed, **options)
        compile_model(
            model, model.recipe, optimizer=optimizer, learning_rate=rate, total_steps=90 if schedule else None
        )
        order = generator.permutation(200)
        target = model.preprocessor.encode_target(y)
        if name == "mlp_regressor":
            target = ((target - model.preprocessor.target_center) / model.preprocessor.target_scale).astype("float32")
        weight = generator.uniform(0.5, 2.0, 200).astype("float32")
        encoded = model.preprocessor.encode(x)
        found.append(
            (model, *((({n: a[part] for n, a in encoded.items()}, target[part], weight[part]))
                      for part in (order[:count], order[90 : 90 + 110 - seed])))
        )  # fmt: skip
    return found


def at_once(found, *, epochs=30, patience=None, held=True, **settings):
    models, rows, tested = zip(*found)
    how = {"batch_size": 32, "epochs": epochs, "shuffle": True, "seeds": range(len(models)), "patience": patience}
    return many.fit(models, rows, tested if held else None, loss=models[0].loss.function, **how | settings)


def alone(found, k, *, epochs=30, patience=None, held=True):
    model, rows, tested = found[k]
    return fitting.fit(
        model, None, rows=rows, num_rows=len(rows[1]), batch_size=32, shuffle=True, seed=k, epochs=epochs,
        patience=patience, validation=tested if held else None, engine="fused", verbose=0,
    )  # fmt: skip


def assert_same(ours, theirs):
    for mine, other in zip(ours.network.trainable_variables, theirs.network.trainable_variables, strict=True):
        np.testing.assert_allclose(mine.numpy(), other.numpy(), atol=1e-5)


@pytest.mark.parametrize(
    "settings",
    [{}, {"optimizer": "sgd"}, {"optimizer": "adamw"}, {"schedule": False}, {"rates": (0.01, 0.03, 0.001)},
     {"rates": (0.01, 0.03, 0.001), "optimizer": "adamw"}, {"rates": (0.1, 0.3, 0.01), "optimizer": "sgd"}],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize("held", [True, False])
def test_members_train_as_each_would_alone(settings, held):
    together, single = prepared(**settings), prepared(**settings)
    left = at_once(together, held=held)
    for k in range(3):
        fitted = alone(single, k, held=held)
        assert_same(together[k][0], single[k][0])
        np.testing.assert_allclose(left[k].losses, fitted.history["loss"], atol=1e-5)
        if held:
            np.testing.assert_allclose(left[k].val_losses, fitted.history["val_loss"], atol=1e-5)
            assert left[k].best_epoch == fitted.best_epoch


def test_members_stop_when_each_would_alone():
    together, single = prepared(rates=(0.1, 0.03, 0.2)), prepared(rates=(0.1, 0.03, 0.2))
    left = at_once(together, epochs=60, patience=3)
    for k in range(3):
        fitted = alone(single, k, epochs=60, patience=3)
        assert (len(left[k].losses), left[k].best_epoch) == (len(fitted.history["loss"]), fitted.best_epoch)
        assert_same(together[k][0], single[k][0])
    assert len({len(one.losses) for one in left}) > 1  # not all at the same epoch


def test_a_member_that_diverges_keeps_its_last_finite_weights_and_harms_no_other():
    rates = (0.01, 1e30, 0.01)
    together, single = prepared(rates=rates, optimizer="sgd"), prepared(rates=rates, optimizer="sgd")
    at_once(together, epochs=3)
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


def test_a_kept_program_begins_anew():
    at_once(prepared(), key="kept")
    kept = dict(many._kept)
    second, fresh = prepared(rates=(0.02, 0.02, 0.02)), prepared(rates=(0.02, 0.02, 0.02))
    at_once(second, key="kept")
    assert dict(many._kept) == kept and len(kept) == 1
    many.clear()
    at_once(fresh)
    for ours, theirs in zip(second, fresh):
        assert_same(ours[0], theirs[0])


@pytest.mark.parametrize(
    "optimizer, why",
    [
        (keras.optimizers.Adam(clipnorm=1.0), "clipnorm"),
        (keras.optimizers.Lamb(), "Lamb"),
        (keras.optimizers.SGD(use_ema=True), "use_ema"),
    ],
    ids=["clipnorm", "lamb", "use_ema"],
)
def test_optimizers_that_look_at_whole_variables_are_named(optimizer, why):
    models, rows, _ = zip(*prepared(optimizer="adam"))
    models[0].compile(optimizer)
    assert why in many.obstacle(models, rows, 32)


def test_other_shapes_steps_and_batch_statistics_are_named():
    models, rows, _ = zip(*prepared())
    other = prepared(hidden_units=(9,))[0][0]
    assert "different shapes" in many.obstacle([models[0], other], rows[:2], 32)
    assert "numbers of steps" in many.obstacle(models, rows, 29)
    normal = [model for model, _, _ in prepared(normalization="batch")]
    assert "batch normalization" in many.obstacle(normal, rows, 32)
    assert many.obstacle(models, rows, 32) == ""
    models[0].network.layers[-1].activity_regularizer = keras.regularizers.L2(0.1)
    assert "penalty on activities" in many.obstacle(models, rows, 32)
