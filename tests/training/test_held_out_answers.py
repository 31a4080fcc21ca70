"""What a training learns from held-out rows: probabilities, and which label follows from them."""

import json
import os
import subprocess
import sys

import keras
import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit, softmax
from sklearn.metrics import balanced_accuracy_score, f1_score, roc_auc_score

import zoo
from zoo import registry
from zoo.artifacts.card import line_of_threshold
from zoo.tasks import calibration
from zoo.tasks.calibration import LogOdds
from zoo.tasks.classification import Classes, Classification
from zoo.tasks.task import Task
from zoo.training import held_out_answers
from zoo.training.held_out_answers import replace_target

pytestmark = pytest.mark.tensorflow
SMALL = {"hidden_units": (8,), "linear": False, "verbose": 0, "epochs": 6, "learning_rate": 0.02}


def rows_of(seed, rows=500):
    generator = np.random.default_rng(seed)
    frame = pd.DataFrame(generator.normal(size=(rows, 3)), columns=list("abc"))
    frame["y"] = np.where(generator.random(rows) < expit(1.5 * frame.a - 1.5), "yes", "no")
    strongest = np.argmax(frame[["a", "b", "c"]] + generator.gumbel(size=(rows, 3)), axis=1)
    frame["kind"] = np.array(["red", "green", "blue"])[strongest]
    frame["u"] = (generator.random(rows) < expit(frame.a)).astype(int)
    frame["v"] = (generator.random(rows) < expit(2 * frame.b - 1)).astype(int)
    return frame


TABLE, HELD_OUT = rows_of(1), rows_of(2, 300)
TWO, THREE, LABELS = ["y"], ["kind"], ["u", "v"]


def part(frame, targets):
    return frame[[*"abc", *targets]]


def trained(targets, **options):
    target = targets if len(targets) > 1 else targets[0]
    given = {"validation": part(HELD_OUT, targets), **SMALL, **options}
    return zoo.train("mlp_classifier", part(TABLE, targets), target=target, **given)


@pytest.fixture(scope="module")
def two():
    return trained(TWO)


@pytest.fixture(scope="module")
def several():
    return trained(THREE)


@pytest.fixture(scope="module")
def decided():
    return trained(TWO, threshold="f1")


@pytest.fixture(scope="module")
def labels():
    return trained(LABELS, threshold="f1")


def logits(model, frame=HELD_OUT):
    return np.asarray(model.network_outputs(model.preprocessor.encode(frame[list("abc")])), "float64")


def answers_of(model, frame=HELD_OUT):
    return zoo.predict(model, frame[list("abc")])


def probabilities(model, frame=HELD_OUT):
    return answers_of(model, frame).filter(regex="^p_").to_numpy()


def test_two_classes_are_calibrated_by_their_log_odds_and_rows_keep_their_order(two):
    fitted, z = two.model.target.state["calibration"], logits(two.model)[:, 0]
    curve = expit(fitted["b"][0] + fitted["w1"][0] * z + fitted["w2"][0] * z**2)  # inside of the rows
    wanted = (1 - fitted["uniform"]) * curve + fitted["uniform"] / 2
    p = probabilities(two.model)[:, 1]
    assert p == pytest.approx(wanted, abs=1e-5) and not p == pytest.approx(expit(z), abs=1e-4)
    truth = HELD_OUT.y == "yes"
    assert roc_auc_score(truth, p) == pytest.approx(roc_auc_score(truth, z), abs=1e-9)
    fresh = rows_of(3, 2000)
    truth, z, p = fresh.y == "yes", logits(two.model, fresh)[:, 0], probabilities(two.model, fresh)[:, 1]
    assert roc_auc_score(truth, p) == pytest.approx(roc_auc_score(truth, z), abs=1e-6)


def test_what_keras_calls_gives_is_calibrated_and_the_loss_is_that_of_the_network_s_outputs(two):
    model, x = two.model, two.model.preprocessor.encode(HELD_OUT[list("abc")])
    assert np.asarray(model(x)) == pytest.approx(probabilities(model), abs=1e-6)
    assert model.predict(x, verbose=0) == pytest.approx(probabilities(model), abs=1e-6)
    loss = model.evaluate(part(HELD_OUT, TWO), verbose=0)[0]
    y, z = HELD_OUT.y == "yes", logits(model)[:, 0]
    assert loss == pytest.approx(np.mean(np.logaddexp(0, np.where(y, -z, z))), abs=1e-5)


def test_several_classes_are_calibrated_by_a_temperature_and_keep_their_label(several):
    fitted, z = several.model.target.state["calibration"], logits(several.model)
    wanted = (1 - fitted["uniform"]) * softmax(z / fitted["temperature"], axis=1) + fitted["uniform"] / 3
    assert fitted["kind"] == "temperature" and fitted["uniform"] == pytest.approx(1 / 301)
    assert probabilities(several.model) == pytest.approx(wanted, abs=1e-6)
    labels = np.array(several.model.classes)[z.argmax(axis=1)]
    assert answers_of(several).label.tolist() == labels.tolist()


def test_logits_are_calibrated_logits():
    model = trained(THREE, output_activation=None).model
    fitted, z = model.target.state["calibration"], logits(model)
    mixed = (1 - fitted["uniform"]) * softmax(z / fitted["temperature"], axis=1) + fitted["uniform"] / 3
    assert np.asarray(model(model.preprocessor.encode(HELD_OUT[list("abc")]))) == pytest.approx(np.log(mixed), abs=1e-5)
    assert probabilities(model) == pytest.approx(mixed, abs=1e-6)


def test_classes_by_themselves_share_one_parabola_so_that_labels_stay():
    model = trained(THREE, output_activation="sigmoid").model
    fitted, z = model.target.state["calibration"], logits(model)
    assert fitted["kind"] == "log_odds" and len(fitted["b"]) == 1
    p = probabilities(model)
    assert np.array_equal(p.argmax(axis=1), z.argmax(axis=1)) and not np.allclose(p.sum(axis=1), 1)


def test_the_run_and_its_scores_say_what_calibration_does(two):
    facts, off = two.recipe["calibration"], trained(TWO, calibration=False)
    assert facts["kind"] == "log_odds" and facts["rows"] == 300
    assert off.recipe["calibration"] is False and off.model.target.state == {}
    assert facts["log_loss"]["before"] == pytest.approx(off.metrics["val"]["log_loss"], abs=1e-6)
    assert facts["ece"]["before"] == pytest.approx(off.metrics["val"]["ece"], abs=1e-6)
    assert two.metrics["val"]["log_loss"] == pytest.approx(facts["log_loss"]["after"], abs=0.01)
    assert zoo.evaluate(two, part(HELD_OUT, TWO), verbose=0)["log_loss"] == pytest.approx(
        two.metrics["val"]["log_loss"]
    )
    assert probabilities(off.model)[:, 1] == pytest.approx(expit(logits(off.model)[:, 0]), abs=1e-6)


def test_after_is_of_rows_that_the_calibration_was_not_fitted_on(two):
    z, y = logits(two.model), (HELD_OUT.y == "yes").to_numpy("int64")
    p = np.empty(300)
    for rest, rows in calibration.checking_folds(y):
        share = 1 / (len(rest) + 1)
        fitted = LogOdds.fitted(z[rest], y[rest, None], np.ones(len(rest)), uniform=share)
        p[rows] = expit(np.asarray(fitted.applied(z[rows].astype("float32"))))[:, 0]
    losses = -np.log(np.where(y == 1, p, 1 - p))
    assert two.recipe["calibration"]["log_loss"]["after"] == pytest.approx(losses.mean(), abs=1e-6)


def test_the_artifact_and_its_page_keep_it(decided, tmp_path):
    decided.save(tmp_path / "model")
    assert answers_of(tmp_path / "model").equals(answers_of(decided))
    page = (tmp_path / "model" / "README.md").read_text(encoding="utf-8")
    assert "Its log-odds are calibrated by 300 rows that were held out; cross-validated on these: log loss" in page
    at = decided.recipe["threshold"]["at"][0]
    assert f"An answer is positive from this probability on: yes {at:.4g} (of the highest f1). Scores are" in page
    card = json.loads((tmp_path / "model" / "card.json").read_text(encoding="utf-8"))
    assert card["recipe"]["threshold"] == {"by": "f1", "at": [at], "of": ["yes"], "rows": 300}


def test_few_held_out_rows_units_and_rules_calibrate_nothing():
    run = trained(TWO, validation=part(HELD_OUT[:20], TWO), epochs=1)
    assert run.recipe["calibration"] == {"rows": 20, "why": "fewer than 25 held-out rows"}
    assert zoo.train("mlp_classifier", part(TABLE, TWO), target="y", validation=None, **SMALL).model.target.state == {}
    units = zoo.train("perceptron", part(TABLE, TWO), target="y", validation=0.4, epochs=2, verbose=0)
    assert "calibration" not in units.recipe and units.model.target.state == {}


def test_weights_of_classes_stand_in_calibration_as_in_the_loss():
    plain, balanced = trained(TWO), trained(TWO, class_weight="balanced")
    share = (HELD_OUT.y == "yes").mean()
    by_class = np.where(HELD_OUT.y == "yes", 1 / share, 1 / (1 - share))
    before, after = (probabilities(run.model)[:, 1] for run in (plain, balanced))
    assert share < 0.3 and before.mean() == pytest.approx(share, abs=0.05)
    assert np.average(after, weights=by_class) == pytest.approx(0.5, abs=0.05)


def test_a_further_training_fits_it_anew_and_says_where_it_is_set_aside(two, tmp_path, capsys):
    two.save(tmp_path / "model")
    again = zoo.train(tmp_path / "model", part(TABLE, TWO), validation=part(HELD_OUT, TWO), epochs=2, verbose=0)
    before, after = (run.model.target.state["calibration"] for run in (two, again))
    assert after["kind"] == "log_odds" and after != before
    without = zoo.train(tmp_path / "model", part(TABLE, TWO), validation=None, epochs=1, verbose=1)
    assert without.model.target.state == {}
    why = "that of an earlier training is set aside: no rows are held out in memory"
    assert without.recipe["calibration"] == {"why": why}
    assert "the earlier calibration is set aside" in capsys.readouterr().out
    off = zoo.train(tmp_path / "model", part(TABLE, TWO), calibration=False, epochs=1, verbose=0)
    assert off.recipe["calibration"]["why"].endswith("calibration=False")


def test_keras_s_own_fit_leaves_it_and_so_does_a_new_column_but_other_classes_do_not(two, tmp_path):
    two.save(tmp_path / "model")
    model = zoo.load(tmp_path / "model")
    state = dict(model.target.state)
    model.fit(part(TABLE, TWO), epochs=1, verbose=0)
    assert model.target.state == state
    wider = part(TABLE, TWO).assign(d=TABLE.b**2)
    assert zoo.adapt(tmp_path / "model", wider, columns="extend").target.state == state
    assert zoo.adapt(tmp_path / "model", part(TABLE, TWO), classes="extend").target.state == state
    assert zoo.adapt(tmp_path / "model", part(TABLE, TWO), classes="new").target.state == {}
    other = part(TABLE, TWO).replace({"y": {"no": "perhaps"}})
    assert zoo.adapt(tmp_path / "model", other, classes="extend").target.state == {}
    narrower = part(TABLE, TWO).drop(columns="c")
    assert zoo.adapt(tmp_path / "model", narrower, columns="new").target.state == {}
    assert zoo.adapt(tmp_path / "model", wider, columns="new").target.state == state


def test_folds_of_one_program_are_calibrated_as_one_training_is(monkeypatch):
    frame, given = part(TABLE, TWO), {**SMALL, "epochs": 2}
    with_it = zoo.cross_validate("mlp_classifier", frame, target="y", folds=2, **given)
    monkeypatch.setattr(Classification, "calibrate", Task.calibrate)
    without = zoo.cross_validate("mlp_classifier", frame, target="y", folds=2, **given)
    assert with_it.attrs["at_once"]
    assert with_it.roc_auc.to_numpy() == pytest.approx(without.roc_auc.to_numpy(), abs=1e-6)
    changes = np.abs(with_it.attrs["predictions"].p_yes - without.attrs["predictions"].p_yes)
    assert 0.001 < changes.mean() < 0.2


def test_the_threshold_is_the_one_of_the_highest_f1_and_the_label_follows_it(decided):
    at, p = decided.recipe["threshold"]["at"][0], probabilities(decided.model)[:, 1]
    truth = HELD_OUT.y == "yes"
    best = max(f1_score(truth, p >= t) for t in np.unique(p))
    answers = answers_of(decided)
    assert f1_score(truth, answers.label == "yes") == pytest.approx(best) and at < 0.5
    assert ((p >= np.float32(at)) == (answers.label == "yes")).all()
    assert np.where(answers.label == "yes", p, 1 - p) == pytest.approx(answers.probability.to_numpy(), abs=1e-6)
    scores = zoo.evaluate(decided, part(HELD_OUT, TWO), verbose=0)
    assert scores.threshold == at and scores["f1"] == pytest.approx(best)
    assert scores.at(0.5)["f1"] == pytest.approx(f1_score(truth, p >= 0.5)) and scores.hint == ""
    assert decided.metrics["val"]["f1"] == pytest.approx(best) and "threshold" not in repr(decided)


def test_a_threshold_is_a_number_or_another_score(tmp_path):
    run = trained(TWO, threshold=np.float32(0.25), validation=None)
    assert run.recipe["threshold"] == {"by": 0.25, "at": [0.25], "of": ["yes"]}
    assert line_of_threshold({"recipe": run.recipe}) == "An answer is positive from this probability on: yes 0.25."
    p = answers_of(run)
    assert ((p.p_yes >= 0.25) == (p.label == "yes")).all() and (p.label == "yes").any()
    run.save(tmp_path / "model")
    again = zoo.train(tmp_path / "model", part(TABLE, TWO), epochs=1, verbose=0)
    assert again.recipe["threshold"]["by"] == 0.25 and again.recipe["threshold"]["at"] == [0.25]
    by = trained(TWO, threshold="balanced_accuracy")
    truth, p = HELD_OUT.y == "yes", probabilities(by.model)[:, 1]
    best = max(balanced_accuracy_score(truth, p >= t) for t in np.unique(p))
    assert by.metrics["val"]["balanced_accuracy"] == pytest.approx(best)


def test_a_further_training_chooses_it_anew_by_the_same_score_or_sets_it_aside(decided, tmp_path):
    decided.save(tmp_path / "model")
    again = zoo.train(tmp_path / "model", part(TABLE, TWO), validation=part(HELD_OUT, TWO), epochs=2, verbose=0)
    truth, p = HELD_OUT.y == "yes", probabilities(again.model)[:, 1]
    assert again.metrics["val"]["f1"] == pytest.approx(max(f1_score(truth, p >= t) for t in np.unique(p)))
    with pytest.warns(zoo.DataWarning, match="threshold was chosen for its earlier weights alone, and is set aside"):
        without = zoo.train(tmp_path / "model", part(TABLE, TWO), validation=None, epochs=1, verbose=0)
    assert without.model.target.state == {}


def test_a_threshold_of_other_classes_or_columns_is_set_aside_with_a_warning(decided):
    other, narrower = part(TABLE, TWO).replace({"y": {"no": "perhaps"}}), part(TABLE, TWO).drop(columns="c")
    for frame, how, earlier in ((other, {"classes": "new"}, "classes"), (narrower, {"columns": "new"}, "columns")):
        said = f"threshold was chosen for its earlier {earlier}, and is set aside. Train it with `threshold='f1'`"
        with pytest.warns(zoo.DataWarning, match=said):
            assert zoo.adapt(decided, frame, **how).target.state == {}


def test_labels_have_a_threshold_each_and_an_answer_that_says_which_are_there(labels):
    at, p = labels.recipe["threshold"]["at"], probabilities(labels.model)
    answers = answers_of(labels)
    assert list(answers.columns) == ["label_u", "label_v", "p_u", "p_v"]
    for i, name in enumerate(LABELS):
        best = max(f1_score(HELD_OUT[name], p[:, i] >= t) for t in np.unique(p[:, i]))
        assert f1_score(HELD_OUT[name], answers[f"label_{name}"]) == pytest.approx(best)
        assert (answers[f"label_{name}"] == (p[:, i] >= np.float32(at[i]))).all()
    scores = zoo.evaluate(labels, part(HELD_OUT, LABELS), verbose=0)
    assert scores.threshold == dict(zip(LABELS, at)) and len(labels.model.target.state["calibration"]["b"]) == 2
    z, fitted = logits(labels.model), labels.model.target.state["calibration"]
    curve = sum(np.array(fitted[name]) * z**k for k, name in enumerate(("b", "w1", "w2")))
    e = fitted["uniform"]
    assert logit(p) == pytest.approx(logit((1 - e) * expit(curve) + e / 2), abs=1e-4)
    mixed = trained(LABELS, threshold={"u": 0.3, "v": "accuracy"}, epochs=1)
    at = mixed.recipe["threshold"]["at"]
    assert at[0] == 0.3
    assert line_of_threshold({"recipe": mixed.recipe}) == (
        f"An answer is positive from this probability on: u 0.3, v {at[1]:.4g} (of the highest accuracy). Scores are "
        "those of 300 rows that were held out."
    )
    renamed = part(TABLE, LABELS).rename(columns={"u": "p", "v": "q"})
    further = zoo.fine_tune(mixed, renamed, target=["p", "q"], epochs=1, verbose=0)
    assert further.recipe["threshold"]["by"] == {"p": 0.3, "q": "accuracy"}
    assert "labels" not in trained(LABELS, epochs=1).model.answers(np.full((1, 2), 0.5, "float32"))


@pytest.mark.parametrize(
    ("targets", "options", "message"),
    [
        (TWO, {"threshold": 1.5}, "`threshold` must lie between 0 and 1, without these two. Received: threshold=1.5"),
        (
            TWO,
            {"threshold": "f2"},
            "number between 0 and 1, or one of 'f1', 'balanced_accuracy', 'accuracy'",
        ),
        (TWO, {"threshold": {"yes": 0.4}}, "Pass the number of 'yes' alone: `threshold=0.4`"),
        (TWO, {"threshold": "f1", "validation": None}, "chosen by rows that are held out.*Received: validation=None"),
        (TWO, {"threshold": "f1", "validation": TABLE[TABLE.y == "no"]}, "without the answer 'yes'. Received: none"),
        (THREE, {"threshold": "f1"}, "`threshold` is for two classes and for labels.*for 3 classes"),
        (LABELS, {"threshold": {"u": 0.4}}, "`threshold` must have a number for each of the labels u, v"),
        (TWO, {"calibration": "yes"}, "`calibration` must be one of True, False. Received: calibration='yes'"),
    ],
)
def test_what_no_training_can_follow_is_said_before_it_begins(targets, options, message, capsys):
    with pytest.raises(ValueError, match=message):
        trained(targets, **{**options, "verbose": 1})
    assert capsys.readouterr().out == ""


def test_a_stream_is_to_be_loaded_where_a_threshold_is_to_be_chosen(tmp_path):
    part(TABLE, TWO).to_csv(tmp_path / "rows.csv", index=False)
    streamed = zoo.data.load(tmp_path / "rows.csv", target="y", stream=True)
    with pytest.raises(ValueError, match="Received: a stream. Pass a number, or load the data with `stream=False`"):
        zoo.train("mlp_classifier", streamed, threshold="f1", **SMALL)


def test_a_network_may_leave_inputs_aside(monkeypatch):
    """Keras takes the tensors of a dict by their order: here the codes of a column would stand for the numbers."""

    def numbers_alone(spec):
        numbers = spec.inputs()["numeric"]
        return keras.Model({"numeric": numbers}, keras.layers.Dense(1)(numbers))

    monkeypatch.setattr(registry, "_entries", dict(registry._entries))
    monkeypatch.setitem(globals(), "RECIPE", registry.Recipe(data="and_gate", epochs=2))
    facts = {"year": 1969, "paper": "A paper.", "summary": "A net"}
    zoo.register("mine/numbers", builder=numbers_alone, task="classification", **facts)
    frames = (part(frame, TWO).assign(B_word=np.where(frame.b > 0, "k", "l")) for frame in (TABLE, HELD_OUT))
    table, held_out = frames
    run = zoo.train("mine/numbers", table, target="y", validation=held_out, verbose=0)
    assert min(run.model.preprocessor.encode(held_out)) < "numeric"
    z = run.model.network_outputs({"numeric": run.model.preprocessor.encode(held_out)["numeric"]})
    fitted = run.model.target.calibration
    assert (fitted.low[0], fitted.high[0]) == pytest.approx((np.min(z), np.max(z)), abs=1e-5)


def test_rows_pass_through_the_network_only_where_something_is_learnt_from_them(monkeypatch):
    passes = []
    outputs = held_out_answers.network_outputs
    monkeypatch.setattr(held_out_answers, "network_outputs", lambda *given: passes.append(1) or outputs(*given))
    frame = TABLE[["a", "b"]]
    zoo.train("mlp_regressor", frame, target="b", **{**SMALL, "epochs": 1})
    trained(TWO, calibration=False, epochs=1)
    assert not passes
    zoo.train("mlp_regressor", frame, target="b", intervals=0.5, **{**SMALL, "epochs": 1})
    assert len(passes) == 1


@pytest.mark.parametrize(
    ("changes", "options", "message"),
    [
        ({}, {"freeze": 99}, "`freeze` must"),
        ({}, {"class_weight": {"maybe": 2}}, "`class_weight`"),
        ({"a": "nine"}, {}, "nine"),
        ({"y": "maybe"}, {}, "holds the class 'maybe'"),
        ({}, {"validation": HELD_OUT[["a", "y"]]}, "missing"),
        ({}, {"checkpoint": "other"}, "checkpoint"),
    ],
)
def test_a_further_training_that_is_refused_leaves_the_model_what_it_has_learnt(
    decided, changes, options, message, tmp_path
):
    decided.save(tmp_path / "model")
    model, how = zoo.load(tmp_path / "model"), {"epochs": 1, "verbose": 0, **options}
    state = dict(model.target.state)
    if "checkpoint" in options:
        how["checkpoint"] = tmp_path / "other"
        trained(TWO, epochs=1, checkpoint=tmp_path / "other")
    with pytest.raises(ValueError, match=message):
        zoo.train(model, part(TABLE, TWO).assign(**changes), **how)
    assert set(state) == {"calibration", "threshold"} and model.target.state == state


@pytest.mark.parametrize("procedure", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_ctrl_c_while_held_out_rows_are_learnt_from_is_said_and_a_number_is_kept(monkeypatch, capsys, procedure):
    def interrupt(*given):
        raise KeyboardInterrupt

    monkeypatch.setattr(Classification, "calibrate", interrupt)
    entry = "committee_classifier" if procedure else "mlp_classifier"
    given = {"verbose": 1, "epochs": 1} if procedure else {**SMALL, "verbose": 1, "epochs": 1}
    run = zoo.train(entry, part(TABLE[:100], TWO), target="y", threshold=0.3, intervals=0.5, **given)
    assert run.interrupted and run.stopped == "interrupted" and run.metrics == {}
    assert run.model.target.state == {"threshold": {"by": 0.3, "at": [0.3]}} and run.recipe["threshold"] == {"by": 0.3}
    assert run.recipe["not_learnt"] == {"calibration": True, "intervals": 0.5} and "intervals" not in run.recipe
    said = "the model has no calibration and no intervals, which held-out rows were to give"
    assert said in capsys.readouterr().out
    by_score = trained(TWO, threshold="f1", epochs=1)
    assert by_score.recipe["not_learnt"] == {"calibration": True, "threshold": "f1"}
    assert by_score.model.target.state == {}


def test_a_threshold_is_refused_of_numbers_and_of_units():
    with pytest.raises(ValueError, match="`threshold` is for two classes and for labels; this model does regression"):
        zoo.train("mlp_regressor", TABLE[["a", "b"]], target="b", threshold=0.3, verbose=0)
    with pytest.raises(ValueError, match="for a model whose units answer 0 or 1"):
        zoo.train("perceptron", part(TABLE, TWO), target="y", threshold=0.3, verbose=0)


def test_the_estimator_s_labels_follow_it():
    from zoo.sklearn import ZooClassifier

    options = {name: value for name, value in SMALL.items() if name != "verbose"}
    rows = {"validation": 0.4, "threshold": "f1"}
    two = ZooClassifier("mlp_classifier", **rows, **options).fit(TABLE[list("abc")], TABLE.y)
    at = two.run_.recipe["threshold"]["at"][0]
    p = two.predict_proba(HELD_OUT[list("abc")])[:, 1]
    assert ((p >= np.float32(at)) == (two.predict(HELD_OUT[list("abc")]) == "yes")).all()
    of_labels = ZooClassifier("mlp_classifier", **rows, **options).fit(TABLE[list("abc")], TABLE[LABELS])
    at = np.float32(of_labels.run_.recipe["threshold"]["at"])
    assert np.array_equal(
        of_labels.predict(HELD_OUT[list("abc")]), of_labels.predict_proba(HELD_OUT[list("abc")]) >= at
    )


@pytest.mark.parametrize(("targets", "threshold"), [(TWO, 0.3), (LABELS, {"u": 0.2, "v": 0.7})])
def test_the_decision_is_above_0_where_the_threshold_is_reached(targets, threshold):
    from zoo.sklearn import ZooClassifier

    options = {name: value for name, value in SMALL.items() if name != "verbose"}
    y = TABLE[targets] if len(targets) > 1 else TABLE.y
    fitted = ZooClassifier("mlp_classifier", threshold=threshold, **options).fit(TABLE[list("abc")], y)
    X = HELD_OUT[list("abc")]
    odds, predicted = fitted.decision_function(X), fitted.predict(X)
    np.testing.assert_array_equal(odds > 0, predicted == fitted.classes_[1] if targets == TWO else predicted == 1)
    p = fitted.predict_proba(X).astype("float64")
    p, at = (p[:, 1], 0.3) if targets == TWO else (p, np.array([0.2, 0.7]))
    np.testing.assert_allclose(odds, logit(p) - logit(at), atol=2e-5)
    # A threshold that is the probability of a row: the row reaches it.
    state = {"by": 0.3, "at": np.atleast_1d(fitted.predict_proba(X)[7, -1:] if targets == TWO else p[7]).tolist()}
    kept = {**fitted.model_.target.get_config(), "threshold": state}
    replace_target(fitted.model_, type(fitted.model_.target)(fitted.model_.schema, kept))
    odds, predicted = fitted.decision_function(X), fitted.predict(X)
    np.testing.assert_array_equal(odds > 0, predicted == fitted.classes_[1] if targets == TWO else predicted == 1)
    assert np.all(odds[7] > 0)


def test_a_card_repeats_the_run_with_its_threshold_and_without_calibration(tmp_path):
    from zoo.cli.repeating import repeated

    trained(TWO, threshold="f1", calibration=False, epochs=1).save(tmp_path / "model")
    settings = repeated(str(tmp_path / "model" / "card.json"), None, None, {}, {})[2]
    assert settings["threshold"] == "f1" and settings["calibration"] is False


@pytest.mark.slow
@pytest.mark.parametrize("format", ["tf_saved_model", "numpy", "onnx", "litert"])
@pytest.mark.parametrize("run", ["decided", "several", "labels"])
def test_every_export_answers_calibrated_probabilities_and_the_labels_of_the_threshold(run, format, request, tmp_path):
    """The export proves itself against Python; here the labels are compared once more where that is a few lines."""
    needed = {"onnx": ("tf2onnx", "onnxruntime"), "litert": ("ai_edge_litert",)}.get(format, ())
    for module in needed:
        pytest.importorskip(module)
    run = request.getfixturevalue(run)
    report = zoo.export(run, tmp_path / "model", format=format, verbose=0)
    columns = {name: HELD_OUT[name].to_numpy("float32") for name in "abc"}
    if format == "numpy":
        names = {"__file__": str(report.path / "predict.py"), "__name__": "predict"}
        exec((report.path / "predict.py").read_text(encoding="utf-8"), names)
        served = names["predict"](columns)
    elif format == "tf_saved_model":
        import tensorflow as tf

        signature = tf.saved_model.load(str(report.path)).signatures["serving_default"]
        served = {k: v.numpy() for k, v in signature(**{k: tf.constant(v) for k, v in columns.items()}).items()}
    else:
        return
    answers = answers_of(run)
    assert served["probabilities"] == pytest.approx(answers.filter(regex="^p_").to_numpy(), abs=1e-5)
    if "labels" in served:
        assert np.array_equal(served["labels"], answers[["label_u", "label_v"]])
    else:
        found = [label.decode() if isinstance(label, bytes) else label for label in served["label"]]
        assert found == answers.label.tolist()


@pytest.mark.slow
def test_the_proof_tells_an_export_whose_labels_do_not_follow_the_threshold(decided, tmp_path, monkeypatch):
    report = zoo.export(decided, tmp_path / "model", format="numpy", verbose=0)
    program = (report.path / "predict.py").read_text(encoding="utf-8")
    assert "best = (p[:, 1] >= np.float32(" in program
    source = type(decided.model.task).source

    def most_probable(self, target, *rest):
        state = {name: value for name, value in target.state.items() if name != "threshold"}
        return source(self, Classes(target.schema, state), *rest)

    monkeypatch.setattr(type(decided.model.task), "source", most_probable)
    with pytest.raises(RuntimeError, match="labels of the request .* differ"):
        zoo.export(decided, tmp_path / "other", format="numpy", verbose=0)
    assert keras.backend.backend() == "tensorflow"


@pytest.mark.slow
def test_on_jax_it_is_fitted_applied_and_kept_as_on_tensorflow(tmp_path):
    pytest.importorskip("jax")
    code = f"""
import numpy as np, pandas as pd, zoo
from scipy.special import expit
generator = np.random.default_rng(0)
rows = pd.DataFrame(generator.normal(size=(400, 2)), columns=["a", "b"])
frame = rows.assign(y=np.where(generator.random(400) < expit(2 * rows.a - 1), "yes", "no"))
run = zoo.train("mlp_classifier", frame, target="y", threshold="f1", **{SMALL!r})
assert run.recipe["calibration"]["kind"] == "log_odds"
run.save({str(tmp_path / "model")!r})
zoo.predict(run, rows).to_csv({str(tmp_path / "answers.csv")!r}, index=False)
rows.to_csv({str(tmp_path / "rows.csv")!r}, index=False)
"""
    environment = {**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    wanted = pd.read_csv(tmp_path / "answers.csv")
    found = zoo.predict(tmp_path / "model", pd.read_csv(tmp_path / "rows.csv"))
    assert found.label.tolist() == wanted.label.tolist() and found.label.nunique() == 2
    assert found.p_yes.to_numpy() == pytest.approx(wanted.p_yes.to_numpy(), abs=1e-5)
