"""The line beside the hidden layers: solved before the network trains, kept where it is the answer, and told."""

import keras
import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression, Ridge

import zoo
from zoo import registry
from zoo.artifacts.card import card_of, page
from zoo.data import pipelines
from zoo.engine.checkpoints import identifying
from zoo.layers.linear import line_beside, line_of, line_outputs
from zoo.solvers.ridge import ridge
from zoo.tasks.task import Task
from zoo.training import line
from zoo.training.line_methods import METHODS, method_of

HOW = {"verbose": 0, "epochs": 2}


def table(rows=160, seed=0):
    """Returns numbers of different scales, with gaps, and a category with a rare level."""
    generator = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "small": generator.normal(size=rows),
            "large": 1e6 + 1e3 * generator.normal(size=rows),
            "gaps": np.where(generator.random(rows) < 0.2, np.nan, generator.normal(size=rows)),
            "town": generator.choice(["Bern", "Oslo", "Rome"], rows),
        }
    )
    frame.loc[0, "town"] = "Ulm"
    town = frame["town"].map({"Bern": 0.0, "Oslo": 2.0, "Rome": -1.0, "Ulm": 0.0})
    frame["y"] = 2.0 * frame["small"] + 1e-3 * (frame["large"] - 1e6) + frame["gaps"].fillna(1.0) + town
    return frame


def noisy(rows=160, seed=0):
    frame = table(rows, seed)
    return frame.assign(y=frame["y"] + np.random.default_rng(seed + 1).normal(size=rows))


def labelled(classes=2, rows=160):
    frame = noisy(rows)
    return frame.assign(y=pd.qcut(frame["y"], classes, labels=[f"c{k}" for k in range(classes)]).astype(str))


def by_hand(frame):
    """Returns what the line takes: standardised numbers, a flag of what is missing, levels that occur twice."""
    numbers = frame[["small", "large", "gaps"]]
    standardised = ((numbers - numbers.mean()) / numbers.std(ddof=0)).fillna(0.0).to_numpy()
    levels = [frame["town"] == level for level in ("Bern", "Oslo", "Rome")]
    return np.column_stack([standardised, frame["gaps"].isna(), *levels]).astype("float64")


@pytest.fixture(scope="module")
def regression():
    return zoo.train("mlp_regressor", noisy(), target="y", validation=noisy(60, seed=5), **HOW)


@pytest.fixture(scope="module")
def classification():
    return zoo.train("mlp_classifier", labelled(3), target="y", validation=labelled(3, rows=90), **HOW)


def test_the_line_is_the_ridge_regression_of_scikit_learn(regression):
    frame, known = noisy(), regression.model.preprocessor
    y = (frame["y"] - known.target.center) / known.target.scale
    wanted = Ridge(alpha=regression.recipe["linear"]["penalty"]).fit(by_hand(frame), y)
    found = line_outputs(regression.model.network, known.encode(frame.drop(columns="y")))
    np.testing.assert_allclose(found[:, 0], wanted.predict(by_hand(frame)), atol=2e-5)
    assert regression.recipe["linear"]["rows"] == 160 and regression.recipe["linear"]["features"] == 7


def test_the_line_is_the_logistic_regression_of_scikit_learn(classification):
    frame = labelled(3)
    how = {"C": classification.recipe["linear"]["penalty"], "tol": 1e-10, "max_iter": 10_000}
    wanted = LogisticRegression(**how).fit(by_hand(frame), frame["y"]).decision_function(by_hand(frame))
    found = line_outputs(
        classification.model.network, classification.model.preprocessor.encode(frame.drop(columns="y"))
    )
    np.testing.assert_allclose(found - found.mean(axis=1, keepdims=True), wanted, atol=1e-3)


@pytest.mark.parametrize("how", ["weight", "class_weight"])
def test_weights_of_rows_and_classes_weigh_in_the_line(how):
    frame = labelled(2)
    weight = np.random.default_rng(2).exponential(size=len(frame)) if how == "weight" else np.ones(len(frame))
    given = {"weight": "w"} if how == "weight" else {"class_weight": {"c0": 1.0, "c1": 7.0}}
    if how == "class_weight":
        weight = np.where(frame["y"] == "c1", 7.0, 1.0)
    data = frame.assign(w=weight) if how == "weight" else frame
    run = zoo.train("mlp_classifier", data, target="y", validation=None, verbose=0, epochs=1, **given)
    model = LogisticRegression(C=run.recipe["linear"]["penalty"], tol=1e-10, max_iter=10_000)
    wanted = model.fit(by_hand(frame), frame["y"], sample_weight=weight / weight.mean())
    found = line_outputs(run.model.network, run.model.preprocessor.encode(frame.drop(columns="y")))
    np.testing.assert_allclose(found[:, 0], wanted.decision_function(by_hand(frame)), atol=1e-3)


def test_where_a_line_is_the_answer_it_is_the_answer_exactly():
    frame, further = table(), table(300, seed=8).query("town != 'Ulm'")
    run = zoo.train("mlp_regressor", frame, target="y", **HOW)
    assert run.best_epoch == -1 and run.recipe["linear"]["explained"] == pytest.approx(1.0, abs=1e-6)
    assert "2 epochs, none better than the line alone" in repr(run)
    assert "a line explains 100% of what the model does" in repr(run)
    assert "explains 100% of what the model does" in run._repr_html_()
    error = zoo.predict(run, further)["prediction"] - further["y"]
    assert np.abs(error).max() < 1e-4 * further["y"].std()


@pytest.mark.parametrize("slope, is_better", [(0.0, False), (3.0, True)])
def test_epochs_are_compared_with_the_line_by_the_loss_that_the_caller_gives(slope, is_better):
    frame = noisy(400).assign(y=lambda rows: 1e5 * (rows["y"] + slope * np.sin(3.0 * rows["small"])))
    further = frame[300:]
    how = {"target": "y", "validation": further, "epochs": 20, "learning_rate": 3e-3 if is_better else 1e-9}
    run = zoo.train("mlp_regressor", frame[:300], loss="mean_absolute_error", verbose=0, **how)
    known = run.model.preprocessor
    alone = line_outputs(run.model.network, known.encode(further.drop(columns="y")))[:, 0]
    error = np.abs(alone * known.target.scale + known.target.center - further["y"]).mean()
    values = run.history["val_loss"]
    assert (min(values) < 0.95 * error) == is_better
    assert is_better <= (run.best_epoch == int(np.argmin(values)))
    assert zoo.evaluate(run, further, verbose=0)["mae"] == pytest.approx(min(*values, error), rel=1e-3)


def test_coefficients_are_those_of_the_line_in_the_units_of_the_columns():
    frame = table()
    table_of = zoo.train("mlp_regressor", frame, target="y", **HOW).model.coefficients()["y"]
    assert table_of["small"] == pytest.approx(2.0, rel=1e-4) and table_of["large"] == pytest.approx(1e-3, rel=1e-4)
    assert table_of["gaps"] == pytest.approx(1.0, rel=1e-4)
    assert table_of["town=Oslo"] - table_of["town=Rome"] == pytest.approx(3.0, rel=1e-4)


def test_the_share_that_the_line_explains_is_what_it_lowers_the_loss_by(regression, classification):
    rows = noisy(60, seed=5)
    known = regression.model.preprocessor
    truth = known.target.standardised(rows["y"])
    alone = line_outputs(regression.model.network, known.encode(rows.drop(columns="y")))[:, 0]
    both = known.target.standardised(zoo.predict(regression, rows)["prediction"])
    mean = known.target.standardised(noisy()["y"]).mean()
    losses = [np.mean(np.square(truth - part)) for part in (mean, alone, both)]
    wanted = (losses[0] - losses[1]) / (losses[0] - losses[2])
    assert regression.recipe["linear"]["explained"] == pytest.approx(wanted, rel=1e-3)
    assert 0.0 < classification.recipe["linear"]["explained"] <= 1.0


def test_the_same_seed_finds_the_same_line_bit_for_bit():
    runs = [zoo.train("mlp_classifier", labelled(3), target="y", seed=seed, **HOW) for seed in (4, 4, 5)]
    weights = [np.concatenate([w.ravel() for w in line_of(run.model.network).get_weights()]) for run in runs]
    assert np.array_equal(weights[0], weights[1]) and not np.array_equal(weights[0], weights[2])
    everything = [run.model.get_weights() for run in runs[:2]]
    assert all(np.array_equal(one, other) for one, other in zip(*everything, strict=True))


@pytest.mark.tensorflow
def test_the_line_of_a_stream_is_that_of_its_sample(tmp_path, regression):
    noisy().to_csv(tmp_path / "rows.csv", index=False)
    noisy(60, seed=5).to_csv(tmp_path / "val.csv", index=False)
    data = zoo.data.load(tmp_path / "rows.csv", target="y", stream=True)
    run = zoo.train("mlp_regressor", data, validation=tmp_path / "val.csv", **HOW)
    for ours, theirs in zip(*(line_of(r.model.network).get_weights() for r in (run, regression)), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)
    assert run.recipe["linear"]["explained"] > 0.5


def test_without_a_line_there_is_none():
    run = zoo.train("mlp_regressor", noisy(), target="y", linear=False, **HOW)
    assert line_of(run.model.network) is None and line_beside(run.model.network) is None
    assert run.recipe["linear"] is False and "line" not in repr(run)
    assert [tensor.name for tensor in run.model.network.inputs if tensor.name == "linear"] == []
    bounded = zoo.build("mlp_regressor", noisy(), target="y", output_activation="sigmoid")
    assert line_of(bounded.network) is None and "linear" not in bounded.preprocessor.encode(noisy())
    with pytest.raises(ValueError, match="`linear` must be False for values that end at bounds. Received: "):
        zoo.build("mlp_regressor", noisy(), target="y", output_activation="sigmoid", linear=True)
    with pytest.raises(ValueError, match="`linear` must be True or False. Received: linear='refit'"):
        zoo.train("mlp_regressor", noisy(), target="y", linear="refit", **HOW)


def test_an_entry_whose_recipe_has_no_line_may_have_an_option_of_that_name(monkeypatch):
    def net(spec, *, linear="first"):
        inputs = spec.inputs()
        return keras.Model(inputs, keras.layers.Dense(1, name=linear)(inputs["numeric"]))

    monkeypatch.setattr(registry, "_entries", dict(registry._entries))
    monkeypatch.setitem(globals(), "RECIPE", registry.Recipe(data="and_gate"))
    facts = {"year": 1969, "paper": "A paper.", "summary": "A net"}
    zoo.register("mine/net", builder=net, task="regression", **facts)
    run = zoo.train("mine/net", noisy(), target="y", linear="second", **HOW)
    assert run.model.network.layers[-1].name == "second" and run.recipe["linear"] is False


@pytest.mark.parametrize(
    "name, frame",
    [
        ("mlp_regressor", pd.DataFrame(np.random.default_rng(0).normal(size=(12, 40))).assign(y=np.arange(12.0))),
        ("mlp_regressor", table().assign(gaps=np.nan, small=lambda f: f["large"], y=lambda f: f["large"] % 7)),
        ("mlp_classifier", pd.DataFrame({"x": np.arange(20.0), "y": ["a"] * 10 + ["b"] * 10})),
        ("mlp_classifier", pd.DataFrame({"x": np.arange(6.0), "k": list("ppqqrr"), "y": list("abcabc")})),
        ("mlp_regressor", pd.DataFrame({"k": list("pq") * 20, "y": np.arange(40.0)})),
        ("mlp_regressor", pd.DataFrame({"x": np.r_[np.zeros(39), 1e30], "y": np.arange(40.0)})),
    ],
    ids=["more columns than rows", "nothing known", "classes that separate", "two rows a class", "levels", "extremes"],
)
def test_bad_input_has_a_sound_line(name, frame):
    frame.columns = frame.columns.map(str)
    run = zoo.train(name, frame, target="y", **HOW)
    assert all(np.all(np.isfinite(weight)) for weight in run.model.get_weights())
    numbers = zoo.predict(run, frame.drop(columns="y")).select_dtypes("number")
    assert np.all(np.isfinite(numbers.to_numpy()))


@pytest.mark.filterwarnings("ignore:overflow encountered in cast")  # of the ranks
@pytest.mark.parametrize("values", [1e-43 * np.arange(60), np.where(np.arange(60) % 3, 3e38, -3.4e38)])
def test_numbers_at_the_ends_of_float32_are_finite_in_the_line(values):
    frame = pd.DataFrame({"x": values, "y": np.arange(60.0)})
    encoded = zoo.build("mlp_regressor", frame, target="y").preprocessor.encode(frame.drop(columns="y"))["linear"]
    assert np.all(np.isfinite(encoded)) and np.abs(encoded).max() <= 1e36
    found = ridge(encoded.astype("float64"), frame["y"].to_numpy(), np.arange(60) % 5)
    assert np.all(np.isfinite(found.weights))


def test_one_row_a_class_has_a_sound_line():
    frame = pd.DataFrame({"x": np.arange(4.0), "y": list("abcd")})
    run = zoo.train("mlp_classifier", frame, target="y", validation=None, **HOW)
    assert np.all(np.isfinite(zoo.predict(run, frame).filter(like="p_").to_numpy()))


def test_values_far_outside_of_training_have_finite_answers(regression, classification):
    far = noisy(4).assign(small=[3e38, -3e38, np.inf, 0.0])
    assert np.all(np.isfinite(zoo.predict(regression, far)["prediction"]))
    assert np.all(np.isfinite(zoo.predict(classification, far).filter(like="p_").to_numpy()))


def test_of_many_rows_and_levels_a_sample_and_the_frequent_ones_are_taken(monkeypatch):
    monkeypatch.setattr(line, "MOST_LEVELS", 2)
    monkeypatch.setattr(line, "MOST_VALUES", 600)
    run = zoo.train("mlp_regressor", noisy(), target="y", validation=None, **HOW)
    assert run.recipe["linear"]["features"] == 6 and run.recipe["linear"]["rows"] == 100


@pytest.mark.tensorflow
def test_members_share_the_line_and_learn_what_is_left_each(tmp_path):
    run = zoo.train("mlp_classifier", labelled(3), target="y", ensemble=3, **HOW)
    alone = zoo.train("mlp_classifier", labelled(3), target="y", **HOW)
    for ours, theirs in zip(*(line_of(r.model.network).get_weights() for r in (run, alone)), strict=True):
        assert np.array_equal(ours, theirs)
    kernels = run.model.network.get_layer("outputs").get_weights()[0]
    assert kernels.shape[0] == 3 and not np.allclose(kernels[0], kernels[1])
    zoo.save(run, tmp_path / "model")
    rows = labelled(3).drop(columns="y")
    pd.testing.assert_frame_equal(zoo.predict(zoo.load(tmp_path / "model"), rows), zoo.predict(run, rows))
    assert list(run.model.coefficients().columns) == ["c0", "c1", "c2"]


@pytest.mark.tensorflow
@pytest.mark.parametrize("name", ["mlp_classifier", "mlp_regressor"])
def test_folds_solve_their_own_lines_at_once_as_one_by_one(name):
    frame = (labelled(2) if name == "mlp_classifier" else noisy()).query("town != 'Ulm'")
    how = {"target": "y", "folds": 3, "epochs": 3, "dropout": 0.0, "hidden_units": (8,), "verbose": 0}
    together, alone = (zoo.cross_validate(name, frame, engine=engine, **how) for engine in ("auto", "keras"))
    assert together.attrs["at_once"] and not alone.attrs["at_once"]
    numbers = [t.attrs["predictions"].select_dtypes("number").to_numpy() for t in (together, alone)]
    np.testing.assert_allclose(*numbers, atol=2e-4 * np.ptp(numbers[0]))
    assert together["best_epoch"].tolist() == alone["best_epoch"].tolist()


@pytest.mark.tensorflow
def test_rates_share_the_line_of_their_fold(monkeypatch):
    solved, solve = [], line.solve
    monkeypatch.setattr(line, "solve", lambda *args, **how: solved.append(solve(*args, **how)))
    how = {"target": "y", "folds": 2, "epochs": 1, "hidden_units": (4,), "verbose": 0}
    found = zoo.cross_validate("mlp_regressor", noisy()[1:], learning_rate=[1e-9, 1e-8, 1e-7], **how)
    assert len(found) == 6 and len(solved) == 2
    assert found.groupby("fold")["rmse"].agg(np.ptp).max() < 1e-4


def test_folds_whose_answer_is_a_line_have_the_epoch_0():
    found = zoo.cross_validate("mlp_regressor", table()[1:], target="y", folds=2, epochs=2, verbose=0)
    assert found["best_epoch"].tolist() == [0, 0] and found["r2"].min() > 0.9999


def test_new_columns_and_levels_keep_the_line_and_its_answers(regression):
    rows = noisy(40, seed=3)
    wider = rows.assign(further=np.arange(40.0), town=np.where(np.arange(40) % 9, rows["town"], "Rome"))
    adapted = zoo.adapt(regression.model, wider.assign(town=["Kyiv", *wider["town"][1:]]), columns="extend")
    known = wider.query("town != 'Ulm'")
    before = zoo.predict(regression, known.drop(columns="further"))
    ours, theirs = zoo.predict(adapted, known)["prediction"], before["prediction"]
    np.testing.assert_allclose(ours, theirs, rtol=1e-6)
    run = zoo.fine_tune(regression, wider, columns="extend", **HOW)
    kept = run.model.coefficients()["y"][["small", "large", "further"]]
    before = regression.model.coefficients()["y"][["small", "large"]]
    np.testing.assert_allclose(kept, [*before, 0.0], rtol=1e-6)
    assert list(run.recipe["linear"]) == ["explained"] and run.recipe["linear"]["explained"] > 0.5
    text = page(card_of(run.model, run), run.model.schema)
    assert "A ridge regression, solved in an earlier training, explains " in text


def test_fine_tuning_solves_the_line_again_where_it_is_asked_for_or_must(regression, classification):
    rows = noisy(80, seed=3).assign(y=lambda frame: frame["y"] + 4.0 * frame["small"])
    run = zoo.fine_tune(regression, rows, linear="refit", validation=None, **HOW)
    assert run.recipe["linear"]["rows"] == 80
    assert run.model.coefficients()["y"]["small"] == pytest.approx(6.0, abs=0.7)
    assert regression.model.coefficients()["y"]["small"] == pytest.approx(2.0, abs=0.3)
    again = zoo.train(regression.model, rows, linear="refit", validation=None, **HOW)
    assert again.recipe["linear"]["rows"] == 80
    fresh = zoo.fine_tune(classification, labelled(2), classes="new", **HOW)
    assert fresh.recipe["linear"]["rows"] == 128


def test_a_line_that_is_not_there_cannot_be_solved_again():
    model = zoo.build("mlp_regressor", noisy(), target="y", linear=False)
    with pytest.raises(ValueError, match="`linear='refit'` needs a line beside the hidden layers. This 'mlp_reg"):
        zoo.train(model, noisy(), target="y", linear="refit", **HOW)
    with pytest.raises(ValueError, match="The options linear shape a fresh model"):
        zoo.train(model, noisy(), target="y", linear=True, **HOW)


def test_a_model_that_was_built_has_its_line_solved_by_its_first_training():
    model = zoo.build("mlp_regressor", noisy(), target="y", seed=0)
    assert line.is_at_zero(line_of(model.network))
    run = zoo.train(model, noisy(), target="y", **HOW)
    assert not line.is_at_zero(line_of(model.network)) and run.recipe["linear"]["rows"] == 128


def test_a_model_that_learnt_without_its_line_keeps_what_it_learnt():
    frame = noisy()
    model = zoo.build("mlp_regressor", frame, target="y", seed=0)
    encoded = pipelines.encode(zoo.data.load(frame, target="y"), model.preprocessor)
    model.fit(encoded.x, encoded.y, epochs=2, verbose=0)
    before = zoo.predict(model, frame)
    run = zoo.train(model, frame, target="y", epochs=0, verbose=0)
    assert run.recipe["linear"] is True and line.is_at_zero(line_of(model.network))
    pd.testing.assert_frame_equal(zoo.predict(run, frame), before)
    again = zoo.train(model, frame, target="y", linear="refit", epochs=0, verbose=0)
    assert again.recipe["linear"]["rows"] == 128 and not line.is_at_zero(line_of(model.network))


@pytest.mark.parametrize("freeze", ["body", "head_first", 1])
def test_what_is_frozen_leaves_the_line_alone(regression, freeze):
    run = zoo.fine_tune(regression, noisy(60, seed=4), freeze=freeze, verbose=0, epochs=3)
    for ours, theirs in zip(*(line_of(r.model.network).get_weights() for r in (run, regression)), strict=True):
        assert np.array_equal(ours, theirs)
    first = [r.model.network.get_layer("hidden_0").get_weights()[0] for r in (run, regression)]
    assert np.array_equal(*first) == (freeze in ("body", 1))


@pytest.fixture(scope="module", params=[1, 2], ids=["one", "members"])
def exported(request):
    return zoo.train("mlp_classifier", labelled(3), target="y", ensemble=request.param, **HOW)


@pytest.mark.slow
@pytest.mark.tensorflow
@pytest.mark.usefixtures("quick_proof")
@pytest.mark.parametrize("form", ["tf_saved_model", "onnx", "numpy", "litert"])
def test_every_format_proves_itself_with_a_line(exported, tmp_path, form):
    report = zoo.export(exported, tmp_path / "served", format=form)
    assert "proved" in str(report)


def test_the_card_says_what_the_line_explains(regression, classification):
    texts = [page(card_of(run.model, run), run.model.schema) for run in (regression, classification)]
    assert "A ridge regression of 7 features, penalty " in texts[0] and "solved from 160 rows" in texts[0]
    assert "A logistic regression of 7 features, C " in texts[1] and "% of what the model does." in texts[1]


def test_a_solver_trains_beside_the_line():
    options = {"hidden_units": (), "l2": 1e-3}
    run = zoo.train(
        "mlp_regressor", noisy(), target="y", solver="lbfgs", epochs=2000, validation=None, verbose=0, **options
    )
    assert run.metrics["train"]["rmse"] < 1.1 and run.recipe["linear"]["rows"] == 160


def test_an_interruption_while_the_share_of_the_line_is_computed_keeps_what_was_trained(monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(line, "explained", interrupted)
    run = zoo.train("mlp_regressor", table(), target="y", **HOW)
    assert run.interrupted and run.best_epoch == -1 and run.metrics["val"]["r2"] > 0.9999
    assert "explained" not in run.recipe["linear"]


def test_an_interruption_before_an_epoch_is_better_than_the_line_leaves_the_line():
    def interrupt(epoch, logs):
        raise KeyboardInterrupt

    callback = zoo.model.keras.callbacks.LambdaCallback(on_epoch_end=interrupt)
    run = zoo.train("mlp_regressor", table(), target="y", callbacks=[callback], **HOW)
    assert run.interrupted and run.best_epoch == -1 and run.metrics["val"]["r2"] > 0.9999


@pytest.mark.tensorflow
def test_a_run_that_was_interrupted_ends_as_an_uninterrupted_one(tmp_path):
    how = {"target": "y", "verbose": 0}
    whole = zoo.train("mlp_regressor", noisy(), epochs=4, checkpoint=tmp_path / "whole", **how)

    class Interrupting(zoo.model.keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 1:
                raise KeyboardInterrupt

    part = zoo.train(
        "mlp_regressor", noisy(), epochs=4, checkpoint=tmp_path / "part", callbacks=[Interrupting()], **how
    )
    assert part.interrupted
    again = zoo.train("mlp_regressor", noisy(), epochs=4, checkpoint=tmp_path / "part", **how)
    assert all(np.array_equal(a, b) for a, b in zip(again.model.get_weights(), whole.model.get_weights(), strict=True))
    assert again.best_epoch == whole.best_epoch


@pytest.mark.parametrize("made", [noisy, table])
def test_a_model_whose_line_was_solved_goes_on_from_its_checkpoint(tmp_path, made):
    rows = made()

    def interrupt(epoch, logs):
        if epoch == 1:
            raise KeyboardInterrupt

    how = {"epochs": 4, "verbose": 0}
    whole = zoo.train(zoo.build("mlp_regressor", rows, target="y"), rows, **how)
    model = zoo.build("mlp_regressor", rows, target="y")
    callback = zoo.model.keras.callbacks.LambdaCallback(on_epoch_end=interrupt)
    part = zoo.train(model, rows, checkpoint=tmp_path / "state", callbacks=[callback], **how)
    again = zoo.train(model, rows, checkpoint=tmp_path / "state", **how)
    assert part.interrupted and again.history["loss"] == pytest.approx(whole.history["loss"], rel=1e-6)
    assert again.best_epoch == whole.best_epoch and (whole.best_epoch == -1) == (made is table)
    assert all(map(np.array_equal, model.get_weights(), whole.model.get_weights()))


def test_what_identifies_a_run_says_that_a_line_is_solved_and_not_what_was_found():
    found = {"penalty": 1.0, "rows": 8, "features": 2, "explained": 0.5}
    assert identifying({"epochs": 2, "linear": found}) == {"epochs": 2, "linear": True}
    assert identifying({"linear": {**found, "refit": True}}) == {"linear": "refit"}
    assert identifying({"linear": False, "least_steps": 1}) == identifying({})  # of before there were any


def test_every_line_of_a_task_has_a_method_and_others_are_refused():
    lines = {registry.load_task(name).line for name in registry.TASKS}
    assert lines - {None} == METHODS.keys()
    for task in (registry.load_task("map"), type("Cubic", (Task,), {"name": "pkg/cubic", "line": "cubic"})()):
        with pytest.raises(ValueError, match=f"one of ridge, logistic, labels. Received: line={task.line!r} of "):
            method_of(task)
