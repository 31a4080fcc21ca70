"""RealMLP: the paper's formulas in numpy, forward and in training, and a small table from end to end."""

import keras
import numpy as np
import pandas as pd
import pytest

import zoo
from tests.engine.test_optimizers import coslog4, flat_cos
from zoo.compiling import compile_model
from zoo.engine.callbacks import has_waited
from zoo.models.realmlp import RECIPES, realmlp
from zoo.registry import Spec

SPEC = Spec("classification", num_outputs=3, num_numeric=4, num_quantile=2, categorical_sizes=(3, 30))
ROWS = {
    "numeric": np.linspace(-1, 1, 20).reshape(5, 4).astype("float32"),
    "quantile": np.linspace(0, 1, 10).reshape(5, 2).astype("float32"),
    "categorical": np.array([[0, 0], [1, 3], [2, 29], [1, 1], [2, 2]], "int32"),
}


def plain(tensor):
    return keras.ops.convert_to_numpy(tensor)


def mish(z):
    return z * np.tanh(np.log1p(np.exp(z)))


def test_the_network_answers_what_the_formulas_say():
    network = realmlp(SPEC, hidden_units=(6, 5), frequencies=7)
    generator = np.random.default_rng(0)
    for weight in network.weights:
        weight.assign(generator.normal(size=weight.shape) * 0.5)
    w = {weight.path: plain(weight).astype("float64") for weight in network.weights}

    def embedded(x, name):
        f, b, v, c = (w[f"embedded_{name}/{part}"] for part in ("frequencies", "phases", "kernel", "bias"))
        waves = np.cos(2 * np.pi * x[:, :, None] * f + b)  # (rows, numbers, frequencies)
        return np.concatenate([x[..., None], np.einsum("rnf,nfd->rnd", waves, v) + c], axis=-1).reshape(len(x), -1)

    ranks = 2 * np.sqrt(3) * (ROWS["quantile"] - 0.5)  # mean 0 and variance 1
    few = (ROWS["categorical"][:, :1] == [1, 2]).astype("float64")
    many = w["levels/table"][ROWS["categorical"][:, 1]]
    parts = {
        "numeric": embedded(ROWS["numeric"], "numeric"),
        "ranks": embedded(ranks, "ranks"),
        "levels": np.concatenate([few, many], axis=1),
    }
    x = np.concatenate([w[f"scale_{name}/scale"] * part for name, part in parts.items()], axis=1)
    for i in (0, 1):
        z = x @ w[f"hidden_{i}/kernel"] + w[f"hidden_{i}/bias"]
        x = z + w[f"activation_{i}/share"] * (mish(z) - z)
    expected = x @ w["outputs/kernel"] + w["outputs/bias"]
    np.testing.assert_allclose(plain(network(ROWS)), expected, rtol=1e-3, atol=1e-3)


def step_by_hand(weights, x, t, moments, number, steps):
    """Returns the weights after a step, by the paper's formulas: y = x W / sqrt(n) + b."""
    s, w, b, a, v, c = (weights[name] for name in ("s", "w", "b", "a", "v", "c"))
    n, units = w.shape
    h = s * x
    z = h @ w / np.sqrt(n) + b
    e = np.exp(z)
    u = e * (e + 2) / (e * (e + 2) + 2)
    phi, slope = z * u, u + z * 4 * e * (e + 1) / (e * (e + 2) + 2) ** 2
    y = z + a * (phi - z)
    d_out = 2 * (y @ v / np.sqrt(units) + c - t) / len(x)
    d_y = d_out @ v.T / np.sqrt(units)
    d_z = d_y * (1 + a * (slope - 1))
    gradients = {
        "s": np.sum(d_z @ w.T / np.sqrt(n) * x, axis=0),
        "w": h.T @ d_z / np.sqrt(n),
        "b": d_z.sum(axis=0),
        "a": np.sum(d_y * (phi - z), axis=0),
        "v": y.T @ d_out / np.sqrt(units),
        "c": d_out.sum(axis=0),
    }
    rate, decay = 0.2 * coslog4(number / steps), 0.02 * flat_cos(number / steps)
    factors = {"s": 6.0, "w": 1.0, "b": 0.1, "a": 0.1, "v": 1.0, "c": 0.1}
    after = {}
    for name, g in gradients.items():
        f = factors[name]
        m, q = moments.setdefault(name, (np.zeros_like(g), np.zeros_like(g)))
        m, q = 0.9 * m + 0.1 * g, 0.95 * q + 0.05 * g**2
        moments[name] = m, q
        corrected = m / (1 - 0.9 ** (number + 1)) / (np.sqrt(q / (1 - 0.95 ** (number + 1))) + 1e-8)
        own_decay = 0.0 if name in "bc" else f * f * rate * decay
        after[name] = weights[name] * (1 - own_decay) - f * rate * corrected
    return after


PATHS = {"s": "scale_numeric/scale", "w": "hidden_0/kernel", "b": "hidden_0/bias"}
PATHS |= {"a": "activation_0/share", "v": "outputs/kernel", "c": "outputs/bias"}


def test_steps_are_those_of_the_paper():
    generator = np.random.default_rng(0)
    frame = pd.DataFrame(generator.normal(size=(40, 3)), columns=list("abc"))
    options = {"hidden_units": (5,), "frequencies": 0, "ranks": False, "dropout": 0.0, "linear": False}
    model = zoo.build("realmlp_regressor", frame.assign(y=frame.a * frame.b), target="y", **options)
    steps = 9
    compile_model(model, model.recipe, total_steps=steps)
    x = generator.normal(size=(16, 3)).astype("float32")
    t = generator.normal(size=(16, 1))
    own = {weight.path: weight for weight in model.network.trainable_weights}
    assert set(own) == set(PATHS.values())
    for path in (PATHS["b"], PATHS["a"], PATHS["s"]):
        own[path].assign(generator.normal(size=own[path].shape))
    weights = {name: plain(own[path]).astype("float64") for name, path in PATHS.items()}
    weights |= {"w": weights["w"] * np.sqrt(3), "v": weights["v"] * np.sqrt(5)}  # y = x W / sqrt(n)
    moments = {}
    for number in range(steps - 2):
        model.train_on_batch({"numeric": x}, model.target.values(t[:, 0]).astype("float32"))
        weights = step_by_hand(weights, x, t, moments, number, steps)
    weights |= {"w": weights["w"] / np.sqrt(3), "v": weights["v"] / np.sqrt(5)}
    for name, path in PATHS.items():
        np.testing.assert_allclose(plain(own[path]), weights[name], rtol=2e-3, atol=2e-4, err_msg=path)


def test_every_weight_has_the_factors_of_the_paper():
    network = realmlp(SPEC, hidden_units=(6,))
    optimizer = zoo.build("realmlp_classifier", "penguins").optimizer
    factors = {v.path: optimizer._factors_by_path(v) for v in network.trainable_variables}
    width = 4 * 6 + 2 + 8
    assert factors["hidden_0/kernel"] == (width**-0.5, 1.0) and factors["outputs/kernel"] == (6**-0.5, 1.0)
    assert factors["levels/table"] == (1.0, 1.0)
    np.testing.assert_allclose(factors["scale_ranks/scale"], (6.0, 36.0))
    for path in ("embedded_numeric/kernel", "embedded_ranks/frequencies", "activation_0/share"):
        np.testing.assert_allclose(factors[path], (0.1, 0.01))
    assert factors["hidden_0/bias"] == factors["outputs/bias"] == (0.1, 0.0)
    for recipe in RECIPES.values():
        assert recipe.schedule == "coslog4" and recipe.optimizer_options["decay_schedule"] == "flat_cos"


def test_numbers_above_the_budget_stay_as_they_are():
    names = [layer.name for layer in realmlp(SPEC, feature_budget=23).layers]
    assert not any(name.startswith("embedded") for name in names)
    names = [layer.name for layer in realmlp(SPEC, feature_budget=24).layers]
    assert {"embedded_numeric", "embedded_ranks"} <= set(names)


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"hidden_units": (0,)}, "`hidden_units` must be positive integers"),
        ({"dropout": 1.0}, "`dropout` must be a share"),
        ({"activation": "mich"}, "Unknown activation 'mich'"),
        ({"frequencies": -1}, "`frequencies` must be at least 1"),
    ],
)
def test_an_option_out_of_its_range_is_refused(option, message):
    with pytest.raises(ValueError, match=message):
        realmlp(SPEC, **option)


SMALL = {"hidden_units": (8, 8), "frequencies": 3, "epochs": 2, "verbose": 0}


def table(rows=80):
    """Numbers with gaps, a column of few levels and one of many, a class and numbers to answer."""
    generator = np.random.default_rng(0)
    frame = pd.DataFrame(generator.normal(size=(rows, 3)).round(3), columns=list("abc"))
    frame.loc[::7, "a"] = np.nan
    frame["few"] = [("x", "y", "z")[i % 3] for i in range(rows)]
    frame["many"] = [f"level {i % 12}" for i in range(rows)]
    frame["mood"] = np.where(frame.b * frame.c > 0, "good", "bad")
    frame["pay"] = 100 * frame.b + 10 * frame.c**2
    return frame


CASES = {
    "classifier": ("realmlp_classifier", table().drop(columns="pay"), "mood"),
    "regressor": ("realmlp_regressor", table().drop(columns="mood"), "pay"),
}


@pytest.fixture(scope="module", params=CASES)
def run(request):
    name, data, target = CASES[request.param]
    return zoo.train(name, data, target=target, **SMALL), data, target


def test_a_table_trains_and_its_artifact_answers_alike(run, tmp_path):
    trained, data, target = run
    assert len(trained.history["loss"]) == 2
    scores = zoo.evaluate(trained, data, verbose=0)
    assert np.isfinite(scores["log_loss" if target == "mood" else "rmse"])
    hidden = plain(trained.model.network.get_layer("hidden_0").bias)
    assert np.all(hidden != 0)  # from rows, before the first step
    trained.save(tmp_path / "artifact")
    again = zoo.load(tmp_path / "artifact")
    pd.testing.assert_frame_equal(zoo.predict(again, data), zoo.predict(trained, data), check_exact=True)
    after = zoo.train(again, data, epochs=1, verbose=0).model  # goes on: the data give no initial weights anew
    assert np.max(np.abs(plain(after.network.get_layer("hidden_0").bias) - hidden)) < 0.5


@pytest.mark.tensorflow
def test_a_column_that_grows_from_indicators_to_vectors_leaves_the_answers():
    frame = pd.DataFrame({"c": [f"level {i % 8}" for i in range(80)], "x": np.arange(80.0), "y": np.arange(80.0) % 7})
    model = zoo.train("realmlp_regressor", frame, target="y", hidden_units=(4,), epochs=1, verbose=0).model
    grown = pd.concat([frame, frame.assign(c="level 8")], ignore_index=True)
    adapted = zoo.adapt(model, grown, columns="extend")
    now, before = (m.predict(frame, verbose=0) for m in (adapted, model))
    np.testing.assert_allclose(now, before, rtol=1e-4, atol=1e-4)


@pytest.mark.tensorflow
def test_numbers_that_would_lose_their_embedding_are_refused():
    frame = pd.DataFrame({"x": np.arange(40.0), "y": np.arange(40.0) % 7})
    model = zoo.build("realmlp_regressor", frame, target="y", hidden_units=(4,), feature_budget=8)
    with pytest.raises(ValueError, match="'embedded_numeric'.*only in the network of the trained model.*Keep about as"):
        zoo.adapt(model, frame.assign(z=np.arange(40.0)[::-1]), columns="extend")
    assert zoo.build("realmlp_regressor", frame, target="y", hidden_units=(4,), feature_budget=None).count_params() > 0


def test_a_new_column_and_level_leave_the_answers_to_old_rows(run):
    trained, data, target = run
    grown = data.assign(new=np.linspace(0, 1, len(data)))
    grown.loc[3, "many"] = "level 99"
    adapted = zoo.adapt(trained, grown, target=target, columns="extend")
    old = data.drop(index=3)
    name = "probabilities" if target == "mood" else "prediction"
    ours, theirs = (m.predict(frame, verbose=0) for m, frame in ((adapted, grown.loc[old.index]), (trained.model, old)))
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4, err_msg=name)
    tuned = zoo.fine_tune(trained, grown, target=target, columns="extend", epochs=2, verbose=0)
    assert np.isfinite(tuned.history["loss"][-1])


@pytest.fixture(scope="module", params=[("classifier", 2), ("regressor", 1)], ids=["members", "one"])
def exported(request):
    case, ensemble = request.param
    name, data, target = CASES[case]
    return zoo.train(name, data, target=target, ensemble=ensemble, **SMALL)


@pytest.mark.tensorflow
@pytest.mark.slow
@pytest.mark.parametrize("format", ["tf_saved_model", "numpy", "onnx", "litert"])
@pytest.mark.usefixtures("quick_proof")
def test_exports_prove_themselves(exported, format, tmp_path):
    if format == "onnx":
        pytest.importorskip("tf2onnx")
    assert zoo.export(exported, tmp_path / "served", format=format, verbose=0).max_difference < 1e-4


@pytest.mark.tensorflow
@pytest.mark.parametrize("case", [pytest.param("classifier", marks=pytest.mark.slow), "regressor"])
def test_folds_are_one_program_and_train_as_one_after_another(case):
    name, _, target = CASES[case]
    how = {"target": target, "folds": 2, **SMALL, "dropout": 0.0}
    data = table(400).drop(columns=["a", "pay" if target == "mood" else "mood"])  # not all folds have the gaps of "a"
    together = zoo.cross_validate(name, data, **how)
    apart = zoo.cross_validate(name, data, engine="keras", **how)
    assert together.attrs["at_once"] and not apart.attrs["at_once"]
    pd.testing.assert_frame_equal(together, apart, rtol=1e-3)


def test_members_differ_and_answer_together():
    name, data, target = CASES["classifier"]
    model = zoo.train(name, data, target=target, ensemble=3, **SMALL).model
    logits = plain(model.network(model.preprocessor.encode(data), training=False))
    assert logits.shape == (80, 3, 1) and not np.allclose(logits[:, 0], logits[:, 1])
    expected = np.mean(1 / (1 + np.exp(-logits[..., 0])), axis=1)
    np.testing.assert_allclose(zoo.predict(model, data)["p_good"], expected, rtol=1e-4)


def test_several_targets_and_labels():
    frame = table().drop(columns="mood").assign(other=lambda d: d.b - d.c)
    run = zoo.train("realmlp_regressor", frame, target=["pay", "other"], **SMALL)
    answers = zoo.predict(run, frame)
    assert list(answers.columns) == ["prediction_pay", "prediction_other"]
    labels = frame.drop(columns=["pay", "other"]).assign(one=frame.b > 0, two=frame.c > 0)
    run = zoo.train("realmlp_classifier", labels, target=["one", "two"], **SMALL)
    assert run.model.task.name == "multilabel" and np.isfinite(run.history["loss"][-1])


def test_answers_are_cut_at_the_ends_of_the_training_s_targets():
    name, data, target = CASES["regressor"]
    run = zoo.train(name, data, target=target, **SMALL)
    far = data.assign(b=[1e3, -1e3] * 40)
    found = zoo.predict(run, far)["prediction"]
    np.testing.assert_allclose([found.min(), found.max()], [data.pay.min(), data.pay.max()], rtol=0.5)
    assert found.min() >= data.pay.min() - 1e-3 and found.max() <= data.pay.max() + 1e-3
    free = zoo.train(name, data, target=target, output_activation=None, **SMALL)
    assert zoo.predict(free, far)["prediction"].max() > data.pay.max()


@pytest.mark.tensorflow
def test_mixed_precision_trains_in_half_and_answers_in_float32():
    name, data, target = CASES["classifier"]
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        run = zoo.train(name, data, target=target, **SMALL)
    finally:
        keras.config.set_dtype_policy("float32")
    layers = {layer.name: layer.compute_dtype for layer in run.model.network.layers}
    assert layers["hidden_0"] == "bfloat16" and layers["embedded_numeric"] == "float32" == layers["outputs"]
    assert np.isfinite(run.history["loss"][-1]) and zoo.predict(run, data)["p_good"].dtype == "float32"


def test_a_constant_target_is_answered_with_it():
    frame = table(40).drop(columns="mood").assign(pay=3.0)
    run = zoo.train("realmlp_regressor", frame, target="pay", **SMALL)
    np.testing.assert_allclose(zoo.predict(run, frame)["prediction"], 3.0, rtol=1e-5)


def test_a_column_that_never_changes_and_five_rows_are_no_obstacle():
    frame = table(5).assign(same=1.0, pay=range(5)).drop(columns="mood")
    run = zoo.train("realmlp_regressor", frame, target="pay", **SMALL)
    assert np.all(np.isfinite(zoo.predict(run, frame)["prediction"]))


def test_many_classes_and_ten_thousand_columns_on_300_rows():
    generator = np.random.default_rng(0)
    x = generator.normal(size=(300, 10_000)).astype("float32")
    y = np.array([f"class {i % 150}" for i in range(300)])
    run = zoo.train("realmlp_classifier", (x, y), hidden_units=(8,), epochs=1, verbose=0, validation=None, linear=False)
    assert np.isfinite(run.history["loss"][-1])
    assert not any(layer.name.startswith("embedded") for layer in run.model.network.layers)


def test_epochs_end_by_themselves_three_times_past_the_best():
    assert not has_waited(39, (40, 2.0), None)
    assert has_waited(40, (40, 2.0), None) and has_waited(60, (40, 2.0), 9) and not has_waited(59, (40, 2.0), 9)
    assert not has_waited(1000, None, 3) and has_waited(16, 16, 300) and not has_waited(15, 16, 300)


def test_keras_s_fit_learns_at_a_constant_rate_a_tenth_of_the_peak():
    generator = np.random.default_rng(0)
    frame = pd.DataFrame({"a": generator.normal(size=256), "b": generator.normal(size=256)})
    frame["pay"] = np.sin(2.0 * frame["a"]) + frame["b"]
    model = zoo.build("realmlp_regressor", frame, target="pay", hidden_units=(32, 32), dropout=0.0)
    assert float(model.optimizer.learning_rate) == pytest.approx(0.02)
    losses = model.fit(frame, epochs=12, verbose=0).history["loss"]
    assert losses[-1] < 0.15  # of a variance of 1
    assert float(model.optimizer.learning_rate) == pytest.approx(0.02)
