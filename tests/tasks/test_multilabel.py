"""Labels: columns of 0 and 1 that do not exclude each other, each with a probability of its own."""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics
from sklearn.linear_model import LogisticRegression

import zoo
from zoo import registry
from zoo.artifacts import proof
from zoo.compiling import resolve_recipe, resolve_traits
from zoo.data.infer import infer
from zoo.engine.members import plan_members
from zoo.layers.linear import line_outputs
from zoo.serving.app import App
from zoo.serving.models import open_folders
from zoo.tasks.multilabel import Labels, Multilabel
from zoo.training.structure import structure

LABELS = ["wet", "cold", "late"]
INPUTS = ["x", "y"]
QUICK = {"epochs": 1, "hidden_units": (4,), "verbose": 0}


def table(rows=120, seed=0):
    """Returns two numbers, and three labels: one common, one rare, one of chance."""
    generator = np.random.default_rng(seed)
    x, y = generator.normal(size=(2, rows))
    noise = generator.normal(size=(3, rows))
    return pd.DataFrame(
        {
            "x": x,
            "y": y,
            "wet": (x + 0.5 * noise[0] > -0.5).astype(int),
            "cold": (y - x + 0.5 * noise[1] > 1.5).astype(int),
            "late": (noise[2] > 0).astype(int),
        },
        index=[f"r{i}" for i in range(rows)],
    )


@pytest.fixture(scope="module")
def frame():
    return table()


@pytest.fixture(scope="module")
def run(frame):
    return zoo.train("mlp_classifier", frame, target=LABELS, validation=table(60, seed=1), **QUICK)


def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-np.asarray(z, "float64")))


# Training.


def test_the_line_of_each_label_is_scikit_learn_s_logistic_regression(run, frame):
    x = ((frame[INPUTS] - frame[INPUTS].mean()) / frame[INPUTS].std(ddof=0)).to_numpy()
    found = line_outputs(run.model.network, run.model.preprocessor.encode(frame[INPUTS]))
    for i, name in enumerate(LABELS):
        c = run.recipe["linear"]["penalty"][i]
        wanted = LogisticRegression(C=c, tol=1e-10, max_iter=10_000).fit(x, frame[name])
        np.testing.assert_allclose(found[:, i], wanted.decision_function(x), atol=2e-4)


def test_each_label_has_a_logit_and_the_loss_is_the_mean_of_theirs(frame):
    model = zoo.build("mlp_classifier", frame, target=LABELS, hidden_units=(4,), linear=False)
    z = np.asarray(model.network(model.preprocessor.encode(frame[INPUTS])), "float64")
    y = frame[LABELS].to_numpy()
    np.testing.assert_allclose(model.predict(frame[INPUTS], verbose=0), sigmoid(z), atol=1e-6)
    wanted = np.mean(-y * np.log(sigmoid(z)) - (1 - y) * np.log(1 - sigmoid(z)))
    loss, accuracy = model.evaluate(frame[INPUTS], frame[LABELS], verbose=0)
    assert loss == pytest.approx(wanted, rel=1e-5)
    assert accuracy == pytest.approx(np.mean((z > 0) == y), abs=1e-6)


def test_an_ensemble_answers_the_mean_probability_of_its_members(frame):
    model = zoo.build("mlp_classifier", frame, target=LABELS, hidden_units=(4,), ensemble=3)
    z = np.asarray(model.network(model.preprocessor.encode(frame[INPUTS]))).reshape(len(frame), 3, 3)
    np.testing.assert_allclose(zoo.predict(model, frame), sigmoid(z).mean(axis=1), atol=1e-6)


@pytest.mark.parametrize("dtype", [bool, float, "Int64", "boolean", str, "category"])
def test_labels_may_be_booleans_numbers_or_their_texts(frame, dtype):
    given = frame.assign(wet=frame["wet"].astype(dtype))
    model = zoo.build("mlp_classifier", given, target=LABELS, hidden_units=(4,))
    np.testing.assert_array_equal(model.target.encode(given[LABELS]), frame[LABELS].to_numpy())
    np.testing.assert_array_equal(model.target.encode(frame[LABELS]), frame[LABELS].to_numpy())


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (["no", "yes"], "Received: 'yes', at row r0. Make them so, as by y.map..'no': 0, 'yes': 1..."),
        ([0, 2], "Received: 2, at row r0. Make them so, as by y.map..0: 0, 2: 1..."),
        ([0.25, 0.5], "Received: 0.5, at row r0"),
    ],
)
def test_other_values_are_refused_with_their_repair(frame, values, said):
    wet = frame["wet"].where(frame.index != "r0", 1)
    with pytest.raises(ValueError, match=f"The label 'wet' must hold 0 and 1. {said}"):
        zoo.train("mlp_classifier", frame.assign(wet=[values[i] for i in wet]), target=LABELS, **QUICK)


def test_numbers_beside_labels_are_refused(frame):
    with pytest.raises(ValueError, match="label 'x' must hold 0 and 1. .* For numbers take a regressor"):
        zoo.train("mlp_classifier", frame, target=["wet", "x"], **QUICK)


def test_missing_and_absent_labels_are_named(run, frame):
    gaps = frame.assign(cold=frame["cold"].where(frame.index != "r3"))
    with pytest.raises(ValueError, match="label 'cold' must have no missing values. Received: 1 missing, .* row r3"):
        zoo.train("mlp_classifier", gaps, target=LABELS, **QUICK)
    with pytest.raises(ValueError, match="no target column 'cold', and there is nothing to score"):
        zoo.evaluate(run, frame.drop(columns="cold"), verbose=0)


def test_one_hot_rows_are_refused_with_their_repair(frame):
    classes = np.arange(len(frame)) % 3
    with pytest.raises(ValueError, match="For one-hot rows: y.argmax"):
        zoo.train("mlp_classifier", (frame[INPUTS], np.eye(3, dtype=int)[classes]), **QUICK)
    hot = frame[INPUTS].join(pd.get_dummies(pd.Series(classes, index=frame.index).map(str)))
    with pytest.raises(ValueError, match="For one-hot rows: y.argmax"):
        zoo.train("mlp_classifier", hot, target=["0", "1", "2"], **QUICK)


def test_a_trained_model_goes_on_with_few_rows_that_are_one_hot(run, frame):
    few = frame[:6].assign(**dict(zip(LABELS, np.tile(np.eye(3, dtype=int), 2))))
    again = zoo.fine_tune(run, few, validation=None, freeze=None, epochs=1, verbose=0)
    assert again.model.schema.targets == LABELS and again.data["rows"]["train"] == 6
    with pytest.raises(ValueError, match="must hold 0 and 1"):
        zoo.train(again, few.assign(late=2), validation=None, epochs=1, verbose=0)


def test_labels_beside_encoded_rows_are_found_by_their_names(run, frame):
    x, y = run.model.preprocessor.encode(frame[INPUTS]), frame[LABELS]
    expected = run.model.evaluate(x, y.to_numpy(), verbose=0)
    for named in (y[LABELS[::-1]], dict(y[LABELS[::-1]])):
        assert run.model.evaluate(x, named, verbose=0) == pytest.approx(expected)
    assert run.model.evaluate(x, y.to_numpy()[:, ::-1], verbose=0) != pytest.approx(expected)


def test_folds_ask_the_task_of_the_targets_whether_they_are_one_program(monkeypatch):
    entry = zoo.info("mlp_classifier")
    monkeypatch.setattr(Multilabel, "bounded", lambda self, activation: True)
    for task, why in (("multilabel", "predictions are bounded by each fold's own targets"), ("classification", "")):
        parts = resolve_recipe(entry, {}), resolve_traits(entry, {})
        assert plan_members.obstacle_of_recipe(*parts, "auto", entry, registry.load_task(task)) == why


def test_a_fold_whose_labels_are_one_hot_by_chance_is_one_of_labels(frame):
    """Without the second group, the rows of the first could be those of a target of three classes."""
    hot = np.arange(len(frame)) % 2 == 0
    labels = np.where(hot[:, None], np.eye(3, dtype=int)[np.arange(len(frame)) % 3], frame[LABELS])
    given = frame[INPUTS].join(pd.DataFrame(labels, frame.index, LABELS)).assign(half=hot)
    how = {"folds": 2, "groups": "half", "validation": None, **QUICK}
    at_once, alone = (
        zoo.cross_validate("mlp_classifier", given, target=LABELS, engine=engine, **how) for engine in ("auto", "keras")
    )
    assert (at_once.attrs["at_once"], alone.attrs["at_once"]) == (True, False)
    for scores in (at_once, alone):
        assert scores["rows"].tolist() == [60, 60] and np.isfinite(scores["log_loss"]).all()
        assert scores.attrs["predictions"].columns.tolist() == [f"p_{label}" for label in LABELS]


def test_only_rows_that_nobody_called_labels_are_taken_for_one_hot(frame):
    """A schema that says labels is believed; `zoo.data.infer.infer`, asked for labels, looks at the values."""
    schema = zoo.data.load(frame, target=LABELS).schema.with_task("multilabel", frame[LABELS])
    hot = frame.assign(**dict(zip(LABELS, np.eye(3, dtype=int)[np.arange(len(frame)) % 3].T, strict=True)))
    assert zoo.train("mlp_classifier", hot, schema=schema, **QUICK).model.task.name == "multilabel"
    with pytest.raises(ValueError, match="For one-hot rows: y.argmax"):
        infer(hot, LABELS, task="multilabel")
    assert infer(frame, LABELS, task="multilabel").task == "multilabel"
    with pytest.raises(ValueError, match="Labels are several columns of 0 and 1. Received: one column. Name several"):
        schema.with_task("multilabel", frame["wet"])


def test_labels_do_not_train_by_the_compiled_function_of_as_many_classes(frame):
    how = {"hidden_units": (4,), "linear": False, "output_activation": "sigmoid"}
    labels = zoo.build("mlp_classifier", frame, target=LABELS, **how)
    classes = frame[INPUTS].assign(kind=np.arange(len(frame)) % 3)
    classes = zoo.build("mlp_classifier", classes, target="kind", **how)
    assert labels.network.get_config() == classes.network.get_config()
    assert structure(labels, labels.recipe) != structure(classes, classes.recipe)
    assert structure(labels, labels.recipe) == structure(
        zoo.build("mlp_classifier", frame, target=LABELS, **how), labels.recipe
    )


def test_what_labels_do_not_have_is_refused(run, frame):
    for weights in ("balanced", {"wet": 2.0}):
        with pytest.raises(ValueError, match="`class_weight` is for classifiers; this model does multilabel"):
            zoo.train("mlp_classifier", frame, target=LABELS, class_weight=weights, **QUICK)
    with pytest.raises(ValueError, match="`output_activation` must be 'sigmoid' or None for labels"):
        zoo.build("mlp_classifier", frame, target=LABELS, output_activation="softmax")
    with pytest.raises(ValueError, match="A confusion matrix needs classes. Received: scores without any"):
        zoo.plots.confusion_matrix(run, frame)
    for classes in ("extend", "new"):
        with pytest.raises(ValueError, match="`classes` is for classifiers; this model has none, it does multilabel"):
            zoo.adapt(run, frame, classes=classes)


def test_a_label_that_never_changes_does_not_stop_the_others(frame):
    always = frame.assign(cold=1)
    run = zoo.train("mlp_classifier", always, target=LABELS, validation=None, **QUICK)
    assert (zoo.predict(run, frame)["p_cold"] > 0.99).all()
    scores = zoo.evaluate(run, always, verbose=0)
    assert "roc_auc_cold" not in scores and scores["f1_cold"] == 1.0
    assert scores["roc_auc"] == pytest.approx(np.mean([scores["roc_auc_wet"], scores["roc_auc_late"]]))


def test_a_solver_goes_on_while_one_label_alone_is_separated(frame):
    always = frame.assign(cold=1)
    how = {"target": ["late", "cold"], "solver": "lbfgs", "validation": None, "linear": False, "verbose": 0}
    with pytest.warns(UserWarning, match="did not converge in 5 steps"):  # not "The classes are separable"
        run = zoo.train("mlp_classifier", always, hidden_units=(2,), epochs=5, **how)
    assert len(run.history["loss"]) == 5  # the constant label is separated at once, that of chance is not


# Scores.


def test_scores_are_scikit_learn_s(run, frame):
    p, y, weight = zoo.predict(run, frame).to_numpy(), frame[LABELS].to_numpy(), np.linspace(0.1, 2.0, len(frame))
    for sample_weight in (None, weight):
        found, how = zoo.evaluate(run, frame, weight=sample_weight, verbose=0), {"sample_weight": sample_weight}
        wanted = {
            "exact_match": metrics.accuracy_score(y, p >= 0.5, **how),
            "f1_micro": metrics.f1_score(y, p >= 0.5, average="micro", **how),
            "f1_macro": metrics.f1_score(y, p >= 0.5, average="macro", zero_division=0.0, **how),
            "roc_auc": metrics.roc_auc_score(y, p, average="macro", **how),
            "average_precision": metrics.average_precision_score(y, p, average="macro", **how),
        }
        each = {
            "f1": lambda y, p, **how: metrics.f1_score(y, p >= 0.5, zero_division=0.0, **how),
            "log_loss": metrics.log_loss,
            "brier": metrics.brier_score_loss,
            "roc_auc": metrics.roc_auc_score,
            "average_precision": metrics.average_precision_score,
        }
        for name, function in each.items():
            wanted |= {f"{name}_{label}": function(y[:, i], p[:, i], **how) for i, label in enumerate(LABELS)}
        for name in ("log_loss", "brier"):
            wanted[name] = np.mean([wanted[f"{name}_{label}"] for label in LABELS])
        assert dict(found) == pytest.approx(wanted, abs=1e-6)


def test_a_label_called_micro_does_not_take_the_place_of_the_mean(frame):
    names = ["micro", "macro"]
    given = frame[INPUTS].join(frame[["wet", "late"]].set_axis(names, axis=1))
    model = zoo.build("mlp_classifier", given, target=names, hidden_units=(4,))
    scores, p = zoo.evaluate(model, given, verbose=0), zoo.predict(model, given).to_numpy()
    for name in names:
        y = given[names].to_numpy()
        wanted = metrics.f1_score(y, p >= 0.5, average=name, zero_division=0.0)
        assert scores[f"f1_{name}"] == pytest.approx(wanted)
        assert f"f1_label_{name}" in scores


def test_streams_and_cross_validation_score_as_tables_do(run, frame, tmp_path):
    frame.to_csv(tmp_path / "rows.csv", index=False)
    streamed = zoo.evaluate(run, zoo.data.load(tmp_path / "rows.csv", stream=True), verbose=0)
    assert dict(streamed) == pytest.approx(dict(zoo.evaluate(run, frame, verbose=0)))
    folds = zoo.cross_validate("mlp_classifier", frame, target=LABELS, folds=2, **QUICK)
    answers = folds.attrs["predictions"]
    assert list(answers.columns) == ["p_wet", "p_cold", "p_late"] and answers.index.equals(frame.index)
    assert {"f1_micro", "roc_auc", "f1_cold"} <= set(folds.columns)


# Answers.


def test_each_label_has_a_column(run, frame):
    few = zoo.predict(run, frame.iloc[:2], keep="wet")
    assert list(few.columns) == ["wet", "p_wet", "p_cold", "p_late"] and list(few.index) == ["r0", "r1"]
    many = zoo.predict(run, pd.concat([frame] * 20))
    np.testing.assert_allclose(few.iloc[:, 1:], many.iloc[:2], atol=1e-6)
    assert len(zoo.predict(run, frame[:0])) == 0


def test_saved_labels_come_back(run, frame, tmp_path):
    zoo.save(run, tmp_path / "model")
    loaded = zoo.load(tmp_path / "model")
    assert loaded.task.name == "multilabel" and loaded.schema.targets == LABELS and loaded.classes is None
    pd.testing.assert_frame_equal(zoo.predict(loaded, frame), zoo.predict(run, frame))
    assert json.loads((tmp_path / "model" / "schema.json").read_text())["target"] == LABELS
    text = (tmp_path / "model" / "README.md").read_text()
    assert "targets: wet, cold, late (multilabel)" in text and "A logistic regression of 2 features, C " in text


def test_adapted_and_fine_tuned_labels_keep_their_places(run, frame):
    renamed = frame.rename(columns={"wet": "damp"})
    adapted = zoo.adapt(run, renamed, target=["damp", "cold", "late"])
    wanted = zoo.predict(run, frame).set_axis(["p_damp", "p_cold", "p_late"], axis=1)
    pd.testing.assert_frame_equal(zoo.predict(adapted, renamed), wanted, rtol=1e-5)
    wider = zoo.adapt(run, frame.assign(z=frame["x"] ** 2), columns="extend")
    np.testing.assert_allclose(zoo.predict(wider, frame.assign(z=1.0)), wanted, atol=1e-6)
    tuned = zoo.fine_tune(run, renamed, target=["damp", "cold", "late"], linear="refit", epochs=1, verbose=0)
    assert list(zoo.predict(tuned, renamed).columns) == ["p_damp", "p_cold", "p_late"]
    with pytest.raises(ValueError, match="answers the targets wet, cold, late. Received: target=.'wet', 'cold'."):
        zoo.adapt(run, frame, target=["wet", "cold"])


def test_labels_of_images(tmp_path):
    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, (24, 6, 6, 1)).astype("uint8")
    y = np.stack([images[:, :3].mean((1, 2, 3)) > 127, images[:, :, :3].mean((1, 2, 3)) > 127], axis=1).astype(int)
    run = zoo.train("image_mlp", (images, y), **QUICK)
    answers = zoo.predict(run, images)
    assert run.model.task.name == "multilabel" and list(answers.columns) == ["p_0", "p_1"]
    found = zoo.evaluate(run, (images, y), verbose=0)
    assert found["f1_micro"] == pytest.approx(metrics.f1_score(y, answers.to_numpy() >= 0.5, average="micro"))
    zoo.save(run, tmp_path / "model")
    pd.testing.assert_frame_equal(zoo.predict(zoo.load(tmp_path / "model"), images), answers)
    larger = zoo.adapt(run, (np.repeat(np.repeat(images, 2, 1), 2, 2), y), image_size=(12, 12))
    assert larger.schema.targets == [0, 1] and larger.schema.columns[0].shape == (12, 12, 1)


# Exports.


@pytest.mark.parametrize(
    "format",
    [
        "numpy",
        pytest.param("onnx", marks=pytest.mark.slow),
        pytest.param("litert", marks=pytest.mark.slow),
        pytest.param("litert_float16", marks=pytest.mark.slow),
        pytest.param("tf_saved_model", marks=pytest.mark.slow),
    ],
)
@pytest.mark.usefixtures("quick_proof")
def test_every_export_proves_itself(run, frame, tmp_path, format):
    report = zoo.export(run, tmp_path / "served", format=format)
    if format == "tf_saved_model":
        assert set(report.signatures) == {"serving_default", "serve_examples"}  # not `classify`, whose classes differ
        loaded = zoo.load(tmp_path / "served" / "1")
        pd.testing.assert_frame_equal(zoo.predict(loaded, frame), zoo.predict(run, frame))


def test_the_server_answers_a_probability_a_label(run, frame, tmp_path, monkeypatch):
    monkeypatch.setattr(proof, "prove", lambda *_, **__: 0.0)
    zoo.export(run, tmp_path / "days", format="onnx")
    from tests.serving.conftest import client

    models = open_folders([tmp_path / "days"], "onnx")
    ask = client(App(models))
    status, content, _ = ask("POST", "/v1/models/days:predict", {"inputs": {"x": [0.5], "y": [1.0]}})
    wanted = zoo.predict(run, pd.DataFrame({"x": [0.5], "y": [1.0]})).iloc[0].tolist()
    assert status == 200 and content["outputs"] == [pytest.approx(wanted, abs=1e-5)]
    shown = ask("GET", "/zoo/models")[1]["models"][0]
    assert shown["outputs"] == ["probabilities"] and shown["schema"]["target"] == LABELS  # of these the page is made
    status, content, _ = ask("POST", "/v1/models/days:classify", {"examples": [{"x": 1.0}]})
    assert status == 400 and content["error"].endswith("Its answers have no such form: ask :predict.")
    models["days"].close()


def test_scores_and_proofs_take_the_answers_that_are_shown():
    """Here of a task whose answers are the labels that are not there."""

    class Absent(Multilabel):
        def answers(self, decided, target, activation):
            return {"probabilities": 1.0 - super().answers(decided, target, activation)["probabilities"]}

    target = Labels(zoo.data.load(table(), target=["wet", "cold"]).schema)
    logits, y = np.array([[2.0, -1.0], [-3.0, 4.0]]), np.array([[0, 1], [1, 0]])
    wanted = sigmoid(-logits)
    scores = Absent().scores(y, logits, target, None)
    assert scores["log_loss"] == pytest.approx(-np.mean(np.log(np.where(y, wanted, 1 - wanted))))
    (difference,) = Absent().differences({"probabilities": wanted}, logits, target, None, 1e-5)
    assert difference.largest < 1e-6
    assert Absent().quality({"probabilities": wanted}, logits, target, None, y)["before"] == 1.0
