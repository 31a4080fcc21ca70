"""Several targets of a regression: each by its own scale, with scores, columns and answers under its name."""

import functools
import json

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score

import zoo
from zoo import entries
from zoo.artifacts import proof
from zoo.artifacts.card import card_of, page
from zoo.layers.linear import line_outputs
from zoo.serving.app import App
from zoo.serving.models import open_folders

TARGETS = ["price", "weeks"]
INPUTS = ["small", "large"]
QUICK = {"epochs": 1, "hidden_units": (4,), "verbose": 0}


def table(rows=100, seed=0):
    """Returns two numbers, and two targets whose means and deviations are far apart."""
    generator = np.random.default_rng(seed)
    small, large = generator.normal(size=rows), 50.0 + 10.0 * generator.normal(size=rows)
    return pd.DataFrame(
        {
            "small": small,
            "large": large,
            "price": 1000.0 + 80.0 * small + large + generator.normal(size=rows),
            "weeks": 0.01 * (large - 50.0) - 0.02 * small + 0.001 * generator.normal(size=rows),
        },
        index=[f"r{i}" for i in range(rows)],
    )


@pytest.fixture(scope="module")
def frame():
    return table()


@pytest.fixture(scope="module")
def run(frame):
    return zoo.train("mlp_regressor", frame, target=TARGETS, validation=table(40, seed=1), **QUICK)


def standardised(values):
    return (values - values.mean()) / values.std(ddof=0)


# Training.


def test_the_line_of_each_target_is_scikit_learn_s_ridge(run, frame):
    x = standardised(frame[INPUTS]).to_numpy()
    found = line_outputs(run.model.network, run.model.preprocessor.encode(frame[INPUTS]))
    for i, name in enumerate(TARGETS):
        penalty = run.recipe["linear"]["penalty"][i]
        wanted = Ridge(alpha=penalty).fit(x, standardised(frame[name]))
        np.testing.assert_allclose(found[:, i], wanted.predict(x), atol=2e-5)


def test_each_target_is_scaled_by_itself_and_the_loss_is_their_mean(frame):
    model = zoo.build("mlp_regressor", frame, target=TARGETS, hidden_units=(4,), linear=False)
    z = np.asarray(model.network(model.preprocessor.encode(frame[INPUTS])))
    y, mean, deviation = (
        values.to_numpy() for values in (frame[TARGETS], frame[TARGETS].mean(), frame[TARGETS].std(ddof=0))
    )
    np.testing.assert_allclose(model.predict(frame[INPUTS], verbose=0), z * deviation + mean, rtol=1e-5)
    squares = np.mean((z - (y - mean) / deviation) ** 2, axis=1)
    assert model.evaluate(frame[INPUTS], frame[TARGETS], verbose=0) == pytest.approx(squares.mean(), rel=1e-5)
    weight = np.linspace(0.0, 2.0, len(frame))
    found = model.evaluate(frame[INPUTS], frame[TARGETS], sample_weight=weight, batch_size=len(frame), verbose=0)
    assert found == pytest.approx(np.average(squares, weights=weight), rel=1e-5)


@pytest.mark.parametrize("solver", ["lbfgs", "newton"])
def test_a_linear_regression_of_several_targets_is_scikit_learn_s(frame, solver):
    weighted = frame.assign(w=np.linspace(0.1, 2.0, len(frame)))
    how = {"target": TARGETS, "weight": "w", "validation": None, "solver": solver, "verbose": 0}
    found = zoo.train("linear_regression", weighted, **how).model.coefficients()
    wanted = LinearRegression().fit(frame[INPUTS], frame[TARGETS], sample_weight=weighted["w"])
    assert list(found.columns) == TARGETS
    np.testing.assert_allclose(found.loc[INPUTS].to_numpy(), wanted.coef_.T, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(found.loc["intercept"].to_numpy(), wanted.intercept_, rtol=1e-4, atol=1e-4)


def test_a_target_far_from_zero_beside_a_small_one_is_answered_in_full(frame):
    moved = frame.assign(price=1.7e9 + frame["price"])
    plain, far = (zoo.build("linear_regression", one, target=TARGETS) for one in (frame, moved))
    far.set_weights(plain.get_weights())
    assert far.target.dtype == "float64"
    answers, wanted = zoo.predict(far, frame), zoo.predict(plain, frame)
    np.testing.assert_allclose(answers["prediction_price"] - 1.7e9, wanted["prediction_price"], atol=1e-3)
    np.testing.assert_allclose(answers["prediction_weeks"], wanted["prediction_weeks"], atol=1e-7)
    loss = plain.evaluate(frame[INPUTS], frame[TARGETS], verbose=0)
    assert far.evaluate(moved[INPUTS], moved[TARGETS], verbose=0) == pytest.approx(loss, rel=1e-4)


def test_with_sigmoid_each_target_stays_between_its_own_ends(frame):
    how = {"target": TARGETS, "hidden_units": (4,), "output_activation": "sigmoid"}
    for shift in (0.0, 1.7e9):
        model = zoo.build("mlp_regressor", frame.assign(price=frame["price"] + shift), **how)
        model.set_weights([40.0 * weight for weight in model.get_weights()])
        answers = zoo.predict(model, table(500, seed=2)).to_numpy() - [shift, 0.0]
        low, high = frame[TARGETS].min().to_numpy(), frame[TARGETS].max().to_numpy()
        slack = 1e-5 * (high - low)
        assert (answers >= low - slack).all() and (answers <= high + slack).all()
        assert (answers.max(axis=0) - answers.min(axis=0) > 0.5 * (high - low)).all()


def test_more_targets_than_rows_and_a_constant_one():
    generator = np.random.default_rng(3)
    y = generator.normal(size=(8, 12))
    y[:, 4] = 3.0
    rows = generator.normal(size=(8, 2)), y
    run = zoo.train("mlp_regressor", rows, validation=None, **QUICK)
    answers, scores = zoo.predict(run, np.zeros((2, 2))), zoo.evaluate(run, rows, verbose=0)
    assert run.metrics["train"].keys() == {"r2", "rows"}  # of many targets a run has the scores of all rows alone
    assert list(answers.columns) == [f"prediction_{i}" for i in range(12)]
    assert answers["prediction_4"].tolist() == [3.0, 3.0] and np.isnan(scores["r2_4"])
    assert scores["r2"] == pytest.approx(np.mean([scores[f"r2_{i}"] for i in range(12) if i != 4]))


def test_an_ensemble_answers_the_mean_of_its_members(frame):
    how = {"target": TARGETS, "hidden_units": (4,), "ensemble": 3}
    model = zoo.build("mlp_regressor", frame, **how)
    z = np.asarray(model.network(model.preprocessor.encode(frame[INPUTS]))).reshape(len(frame), 3, 2)
    wanted = z.mean(axis=1) * frame[TARGETS].std(ddof=0).to_numpy() + frame[TARGETS].mean().to_numpy()
    np.testing.assert_allclose(zoo.predict(model, frame), wanted, rtol=1e-5)


def test_keras_s_fit_takes_raw_targets_in_every_form(frame):
    import tensorflow as tf

    model = zoo.build("mlp_regressor", frame, target=TARGETS, hidden_units=(4,))
    x, y = frame[INPUTS], frame[TARGETS]
    wanted = model.evaluate(x, y, verbose=0)
    renamed = y.set_axis(["p", "w"], axis=1)  # values, as an array's, in the order of the model's
    named = tf.data.Dataset.from_tensor_slices((dict(x), dict(y[["weeks", "price"]]))).batch(32)
    inside = tf.data.Dataset.from_tensor_slices(dict(frame)).batch(32)
    valued = tf.data.Dataset.from_tensor_slices((dict(x), y.to_numpy())).batch(32)
    others = [(x, y.to_numpy()), (x, y[["weeks", "price"]]), (x, dict(y)), (x, renamed), (frame,)]
    for data in [*others, (frame.to_dict("list"),), (named,), (inside,), (valued,)]:
        assert model.evaluate(*data, verbose=0) == pytest.approx(wanted, rel=1e-6)
    assert np.isfinite(model.fit(frame, epochs=1, verbose=0).history["loss"][0])


def test_keras_s_fit_refuses_other_targets(frame):
    model = zoo.build("mlp_regressor", frame, target=TARGETS, hidden_units=(4,))
    with pytest.raises(ValueError, match="have no column 'weeks', the target"):
        model.fit(frame[[*INPUTS, "price"]], verbose=0)
    with pytest.raises(ValueError, match="The target 'weeks' is missing. Received: price, w. Name the targets as in"):
        model.fit(frame[INPUTS], frame[TARGETS].set_axis(["price", "w"], axis=1), verbose=0)
    with pytest.raises(ValueError, match="must have 2 values a row, for price, weeks. .* Pass a table or an array"):
        model.fit(frame[INPUTS], frame["price"], verbose=0)


# Scores.


def test_scores_are_scikit_learn_s_of_each_target_and_the_mean_r2(run, frame):
    answers, weight = zoo.predict(run, frame), np.linspace(0.0, 2.0, len(frame))
    for sample_weight in (None, weight):
        found = zoo.evaluate(run, frame, weight=sample_weight, verbose=0)
        how = {"sample_weight": sample_weight}
        assert found["r2"] == pytest.approx(r2_score(frame[TARGETS], answers, **how), abs=1e-9)
        assert "rmse" not in found  # errors in several units have no mean
        for name in TARGETS:
            pair = frame[name], answers[f"prediction_{name}"]
            assert found[f"rmse_{name}"] == pytest.approx(mean_squared_error(*pair, **how) ** 0.5, rel=1e-6)
            assert found[f"mae_{name}"] == pytest.approx(mean_absolute_error(*pair, **how), rel=1e-6)
            assert found[f"r2_{name}"] == pytest.approx(r2_score(*pair, **how), abs=1e-9)


def test_groups_have_the_scores_of_each_target(run, frame):
    table = zoo.evaluate(run, frame.assign(half=np.arange(len(frame)) % 2), by="half", verbose=0).by
    odd = frame[1::2]
    wanted = mean_absolute_error(odd["weeks"], zoo.predict(run, odd)["prediction_weeks"])
    assert table.mae_weeks[1] == pytest.approx(wanted, rel=1e-6) and table.rows.tolist() == [50, 50]


def test_targets_are_found_by_name_or_renamed(run, frame, tmp_path):
    wanted = dict(zoo.evaluate(run, frame, verbose=0))
    assert dict(zoo.evaluate(run, frame[["weeks", "large", "price", "small"]], verbose=0)) == wanted
    assert dict(zoo.evaluate(run, frame, target=["weeks", "price"], verbose=0)) == wanted
    renamed = frame.rename(columns={"price": "p", "weeks": "w"})
    assert dict(zoo.evaluate(run, renamed, target=["p", "w"], verbose=0)) == wanted
    frame.to_parquet(tmp_path / "rows.parquet")
    streamed = zoo.evaluate(run, zoo.data.load(tmp_path / "rows.parquet", target=TARGETS, stream=True), verbose=0)
    assert dict(streamed) == pytest.approx(wanted)


@pytest.mark.parametrize("streaming", [False, True])
def test_absent_targets_are_named(run, frame, tmp_path, streaming):
    frame.drop(columns="weeks").to_csv(tmp_path / "rows.csv", index=False)
    with pytest.raises(ValueError, match="no target column 'weeks', and there is nothing to score against"):
        zoo.evaluate(run, zoo.data.load(tmp_path / "rows.csv", stream=streaming), verbose=0)


def test_a_training_that_lacks_one_of_the_targets_names_it(run, frame):
    for begin in (run.model, "mlp_regressor"):
        with pytest.raises(ValueError, match="needs a target. The .* 'weeks'"):
            zoo.train(begin, frame.drop(columns="weeks"), schema=run.model.schema, verbose=0)


def test_missing_targets_are_refused_by_name(frame):
    gaps = frame.assign(weeks=frame["weeks"].where(frame.index != "r7"))
    with pytest.raises(ValueError, match="target 'weeks' must have no missing values. Received: 1 missing, .* row r7"):
        zoo.train("mlp_regressor", gaps, target=TARGETS, **QUICK)
    with pytest.raises(ValueError, match="The target 'weeks' must be there in every row. Received: 1 of 100 without"):
        zoo.cross_validate("mlp_regressor", gaps, target=TARGETS, **QUICK)


def test_what_does_not_answer_several_targets_says_what_does(frame):
    labels = (frame[TARGETS] > frame[TARGETS].mean()).astype(int)
    with pytest.raises(ValueError, match="must have one value a row. .* 'mlp_regressor' answers several numbers a row"):
        zoo.train("logistic_regression", (frame[INPUTS], labels), verbose=0)
    one_hot = np.eye(2, dtype=int)[np.arange(len(frame)) % 2]
    with pytest.raises(ValueError, match="For one-hot rows: y.argmax"):
        zoo.train("mlp_regressor", (frame[INPUTS], one_hot), **QUICK)
    with pytest.raises(ValueError, match="`class_weight` is for classifiers; this model does regression"):
        zoo.train("mlp_regressor", frame, target=TARGETS, class_weight="balanced", **QUICK)


# Answers.


def test_few_and_many_rows_have_the_same_columns_and_index(run, frame):
    many = zoo.predict(run, pd.concat([frame] * 20))
    few = zoo.predict(run, frame.iloc[:3], keep=["large", "price"])
    assert list(few.columns) == ["large", "price", "prediction_price", "prediction_weeks"]
    assert list(few.index) == ["r0", "r1", "r2"]
    np.testing.assert_allclose(few.iloc[:, 2:], many.iloc[:3], rtol=1e-6)
    assert list(zoo.predict(run, frame[:0]).columns) == ["prediction_price", "prediction_weeks"]
    with pytest.raises(ValueError, match="answers have a column 'prediction_price' of their own"):
        zoo.predict(run, frame.assign(prediction_price=1.0), keep="prediction_price")


@pytest.mark.parametrize("names", [["a b", "Größe"], ["0", "1"], [3, 4], ["prediction", "r2"], [("t", 1), ("t", 2)]])
def test_odd_names_of_targets_go_through(names, tmp_path):
    frame = table(30)
    named = frame.set_axis(pd.Index([*INPUTS, *names], tupleize_cols=False), axis=1)
    model = zoo.build("linear_regression", named, target=names)
    answers = zoo.predict(model, frame[INPUTS])
    assert list(answers.columns) == [f"prediction_{name}" for name in names]
    assert {f"rmse_{name}" for name in names} <= set(zoo.evaluate(model, named, verbose=0))
    zoo.save(model, tmp_path / "model")
    pd.testing.assert_frame_equal(zoo.predict(zoo.load(tmp_path / "model"), frame[INPUTS]), answers)


def test_cross_validation_predicts_each_target_of_each_row(frame):
    table = zoo.cross_validate("mlp_regressor", frame, target=TARGETS, folds=2, **QUICK)
    assert {"r2", "rmse_price", "rmse_weeks"} <= set(table.columns)
    answers = table.attrs["predictions"]
    assert list(answers.columns) == ["prediction_price", "prediction_weeks"] and answers.index.equals(frame.index)
    fold = r2_score(frame[TARGETS], answers)
    assert fold == pytest.approx(table["r2"].mean(), abs=0.05)


def test_the_card_the_page_and_the_schema_name_the_targets(run, tmp_path):
    zoo.save(run, tmp_path / "model")
    assert json.loads((tmp_path / "model" / "schema.json").read_text())["target"] == TARGETS
    assert zoo.build("mlp_regressor", table(), schema=tmp_path / "model" / "schema.json").schema.targets == TARGETS
    text = (tmp_path / "model" / "README.md").read_text()
    assert "targets: price, weeks (regression)" in text and "| rows | r2 | rmse_price | rmse_weeks |" in text
    assert "rmse_weeks" in run._repr_html_() and "rmse_weeks" in repr(run)
    assert list(run.model.coefficients().columns) == TARGETS


def test_many_targets_do_not_fill_the_page():
    generator = np.random.default_rng(0)
    names = [f"t{i}" for i in range(60)]
    frame = pd.DataFrame(generator.normal(size=(20, 61)), columns=["x", *names])
    run = zoo.train("mlp_regressor", frame, target=names, validation=None, **QUICK)
    text = page(card_of(run.model, run), run.model.schema)
    assert "| | rows | r2 |\n" in text and "60 targets: t0, " in text and "t30" not in text
    shown = str(zoo.evaluate(run, frame, verbose=0))
    assert "the first 20 of 60 targets" in shown and "\nt19 " in shown and "t20" not in shown


# Other data.


@pytest.mark.parametrize("ensemble", [1, 2])
def test_adapted_targets_keep_their_answers(frame, ensemble):
    model = zoo.build("mlp_regressor", frame, target=TARGETS, hidden_units=(4,), ensemble=ensemble)
    model.set_weights([np.random.default_rng(1).normal(size=w.shape).astype("float32") for w in model.get_weights()])
    wanted = zoo.predict(model, frame).to_numpy()
    renamed = frame.rename(columns={"price": "p"})
    adapted = zoo.adapt(model, renamed, target=["p", "weeks"])
    assert list(zoo.predict(adapted, frame[INPUTS]).columns) == ["prediction_p", "prediction_weeks"]
    wider = zoo.adapt(model, frame.assign(new=frame["small"] ** 2), columns="extend")
    turned = zoo.adapt(model, frame, target=["weeks", "price"])
    assert turned.schema.targets == TARGETS
    for other in (adapted, wider, turned):
        found = zoo.predict(other, frame.assign(new=1.0)[other.schema.names])
        np.testing.assert_allclose(found / wanted.std(axis=0), wanted / wanted.std(axis=0), rtol=1e-6, atol=1e-6)


def test_other_targets_are_refused(run, frame):
    for target, received in (("price", "'price'"), ([*TARGETS, "third"], "'third'")):
        with pytest.raises(ValueError, match=f"answers the targets price, weeks. Received: target=.*{received}"):
            zoo.adapt(run, frame.assign(third=1.0), target=target)
    one = zoo.build("mlp_regressor", frame.drop(columns="weeks"), target="price", hidden_units=(4,))
    with pytest.raises(ValueError, match="The model answers one target. Received"):
        zoo.adapt(one, frame, target=TARGETS)
    moved = frame.rename(columns={"price": "weeks", "weeks": "third"})
    with pytest.raises(ValueError, match="where 'weeks' is another one's. Keep the order"):
        zoo.adapt(run, moved, target=["weeks", "third"])
    with pytest.raises(ValueError, match="`classes` is for classifiers; this model has none, it does regression"):
        zoo.adapt(run, frame, classes="extend")
    with pytest.raises(ValueError, match="needs a target|no column|must have 2 values"):
        zoo.train(run.model, frame, target="price", epochs=1, verbose=0)


def test_fine_tuning_refits_the_line_of_each_target(run, frame):
    other = table(60, seed=5).rename(columns={"weeks": "w"})
    how = {"target": ["price", "w"], "validation": None, "epochs": 0, "verbose": 0}
    tuned = zoo.fine_tune(run, other, linear="refit", **how)
    assert tuned.model.schema.targets == ["price", "w"]
    x = ((other[INPUTS] - frame[INPUTS].mean()) / frame[INPUTS].std(ddof=0)).to_numpy()
    found = line_outputs(tuned.model.network, tuned.model.preprocessor.encode(other[INPUTS]))
    old = frame[TARGETS].mean(), frame[TARGETS].std(ddof=0)
    for i, name in enumerate(("price", "w")):
        y = (other[name] - old[0].iloc[i]) / old[1].iloc[i]
        wanted = Ridge(alpha=tuned.recipe["linear"]["penalty"][i]).fit(x, y)
        np.testing.assert_allclose(found[:, i], wanted.predict(x), atol=2e-5)


# Exports.


@pytest.mark.parametrize(
    "format",
    [
        "numpy",
        pytest.param("onnx", marks=pytest.mark.slow),
        pytest.param("litert", marks=pytest.mark.slow),
        pytest.param("litert_int8", marks=pytest.mark.slow),
        pytest.param("tf_saved_model", marks=pytest.mark.slow),
    ],
)
@pytest.mark.usefixtures("quick_proof")
def test_every_export_proves_itself(run, frame, tmp_path, format):
    report = zoo.export(run, tmp_path / "served", format=format)
    if format == "tf_saved_model":
        assert set(report.signatures) == {"serving_default", "serve_examples"}  # not `regress`, which has one number
        loaded = zoo.load(tmp_path / "served" / "1")
        pd.testing.assert_frame_equal(zoo.predict(loaded, frame), zoo.predict(run, frame))


def test_a_builder_sees_several_targets_as_outputs_and_not_as_the_numbers_of_pairs(monkeypatch, frame):
    seen, load = [], entries.load_builder

    def recorded(entry):
        builder = load(entry)
        return functools.wraps(builder)(lambda spec, **options: seen.append(spec) or builder(spec, **options))

    monkeypatch.setattr(entries, "load_builder", recorded)
    zoo.build("linear_regression", frame, target=TARGETS)
    assert [(spec.num_outputs, spec.num_targets) for spec in seen] == [(2, None)]


def test_plots_of_one_number_take_no_model_of_several(frame):
    model = zoo.build("linear_regression", frame, target=TARGETS)
    with pytest.raises(ValueError, match="has 2 units. Build it with one, or train it on one target."):
        zoo.plots.decision_regions(model, frame)
    with pytest.raises(ValueError, match="`target` must be one column. Received: target=.'price', 'weeks'."):
        zoo.plots.feeding_paths(frame, column="small", target=TARGETS)


def test_the_server_answers_by_predict_alone(run, frame, tmp_path, monkeypatch):
    monkeypatch.setattr(proof, "prove", lambda *_, **__: 0.0)
    zoo.export(run, tmp_path / "flats", format="onnx")
    from tests.serving.conftest import client

    models = open_folders([tmp_path / "flats"], "onnx")
    ask = client(App(models))
    status, content, _ = ask("POST", "/v1/models/flats:predict", {"instances": [{"small": 1.0, "large": 60.0}]})
    wanted = zoo.predict(run, pd.DataFrame({"small": [1.0], "large": [60.0]})).iloc[0].tolist()
    assert status == 200 and content["predictions"] == [pytest.approx(wanted, rel=1e-5)]
    shown = ask("GET", "/zoo/models")[1]["models"][0]
    assert shown["outputs"] == ["prediction"] and shown["schema"]["target"] == TARGETS  # of these the page is made
    for method in ("classify", "regress"):
        status, content, _ = ask("POST", f"/v1/models/flats:{method}", {"examples": [{"small": 1.0}]})
        assert status == 400 and content["error"].endswith("Its answers have no such form: ask :predict.")
    models["flats"].close()
