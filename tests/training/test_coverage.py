"""`zoo.train(..., intervals=.9)`: intervals and sets of trained models, what they cover, and where they are refused."""

import numpy as np
import pandas as pd
import pytest

import zoo
from zoo.artifacts.card import card_of, line_of_intervals, page
from zoo.tasks.regression import Regression
from zoo.training import inference

QUICK = {"epochs": 3, "hidden_units": (8,), "verbose": 0}


def rows(count, seed=0):
    generator = np.random.default_rng(seed)
    frame = pd.DataFrame({"a": generator.normal(size=count), "b": generator.choice(["k", "l"], count)})
    frame["y"] = 50 + 10 * frame["a"] + (1 + 4 * (frame["a"] > 0)) * generator.normal(size=count)
    frame["t"] = generator.normal(size=count) - frame["a"]
    frame["c"] = np.where(frame["a"] + generator.normal(size=count) > 0, 7, 5)
    frame["w"] = generator.choice([1.0, 2.0], count)
    return frame


FRAME = rows(2_000)
NEW = rows(4_000, seed=1)
X = NEW[["a", "b"]]


@pytest.fixture(scope="module")
def numbers():
    return zoo.train("mlp_regressor", FRAME[["a", "b", "y"]], target="y", intervals=0.9, **QUICK)


@pytest.fixture(scope="module")
def classes():
    return zoo.train("mlp_classifier", FRAME[["a", "b", "c"]], target="c", intervals=0.9, **QUICK)


def test_predictions_have_the_ends_of_an_interval_that_covers_new_rows(numbers):
    table = zoo.predict(numbers, X)
    assert list(table.columns) == ["prediction", "low", "high"]
    np.testing.assert_allclose((table["low"] + table["high"]) / 2, table["prediction"], rtol=1e-9)
    inside = (table["low"] <= NEW["y"]) & (NEW["y"] <= table["high"])
    assert 0.86 < inside.mean() < 0.94
    few = zoo.predict(numbers, X[:2])
    np.testing.assert_allclose(few, table[:2], rtol=1e-5)


def test_the_interval_holds_the_stated_share_of_the_held_out_rows(numbers):
    facts = numbers.recipe["intervals"]
    assert (facts["coverage"], facts["rows"]) == (0.9, 400)
    assert 360 / 400 <= facts["held_out"]["coverage"] <= 0.93  # the parts that score are estimated without their rows
    assert numbers.metrics["val"]["coverage"] == facts["held_out"]["coverage"]


def test_evaluation_counts_what_is_inside(numbers):
    table, scores = zoo.predict(numbers, X), zoo.evaluate(numbers, NEW[["a", "b", "y"]], by="b", verbose=0)
    inside = ((table["low"] <= NEW["y"]) & (NEW["y"] <= table["high"])).to_numpy()
    assert scores["coverage"] == pytest.approx(inside.mean())
    assert scores["mean_width"] == pytest.approx((table["high"] - table["low"]).mean())
    assert scores.by.loc["k", "coverage"] == pytest.approx(inside[NEW["b"] == "k"].mean())
    weighted = zoo.evaluate(numbers, NEW[["a", "b", "y", "w"]], weight="w", verbose=0)
    assert weighted["coverage"] == pytest.approx(np.average(inside, weights=NEW["w"]))


def test_predictions_have_a_set_of_the_caller_s_own_classes(classes):
    table = zoo.predict(classes, X)
    assert list(table.columns) == ["label", "probability", "set", "p_5", "p_7"]
    assert set(table["set"]) <= {(5,), (7,), (5, 7)}
    assert all(label in within for label, within in zip(table["label"], table["set"]))
    least = classes.model.target.intervals["least"]
    for name in (5, 7):
        wanted = (table[f"p_{name}"] >= np.float32(least)) | (table["label"] == name)
        assert [name in within for within in table["set"]] == wanted.tolist()
    inside = [true in within for true, within in zip(NEW["c"], table["set"])]
    assert 0.86 < np.mean(inside) < 0.94
    scores = zoo.evaluate(classes, NEW[["a", "b", "c"]], verbose=0)
    assert scores["coverage"] == pytest.approx(np.mean(inside))
    assert scores["mean_set_size"] == pytest.approx(np.mean([len(within) for within in table["set"]]))


def test_each_of_several_targets_has_an_interval_of_its_own():
    columns = ["a", "b", "y", "t"]
    run = zoo.train("mlp_regressor", FRAME[columns], target=["y", "t"], intervals=0.8, **QUICK)
    table = zoo.predict(run, X)
    assert list(table.columns) == [f"{end}_{name}" for end in ("prediction", "low", "high") for name in ("y", "t")]
    scores = zoo.evaluate(run, NEW[columns], verbose=0)
    for name in ("y", "t"):
        inside = (table[f"low_{name}"] <= NEW[name]) & (NEW[name] <= table[f"high_{name}"])
        assert scores[f"coverage_{name}"] == pytest.approx(inside.mean())
        assert 0.75 < inside.mean() < 0.85
    assert run.recipe["intervals"]["held_out"].keys() == {
        f"{score}_{name}" for score in ("coverage", "mean_width") for name in ("y", "t")
    }


def test_without_intervals_answers_and_scores_are_as_before(numbers):
    run = zoo.train("mlp_regressor", FRAME[["a", "b", "y"]], target="y", **QUICK)
    assert list(zoo.predict(run, X).columns) == ["prediction"]
    assert "intervals" not in run.recipe and "coverage" not in run.metrics["val"]
    assert zoo.predict(run, X)["prediction"].equals(zoo.predict(numbers, X)["prediction"])


def test_sample_weights_count_in_the_width_and_class_weights_do_not():
    how = {"target": "y", "validation": FRAME[["a", "b", "y", "w"]].assign(w=np.repeat([1.0, 0.0], 1_000)), **QUICK}
    run = zoo.train("mlp_regressor", FRAME[["a", "b", "y", "w"]], weight="w", intervals=0.9, **how)
    assert run.recipe["intervals"]["rows"] == 1_000
    said = line_of_intervals({"recipe": run.recipe})
    assert said.endswith("These are shares of the weight of rows, as sample weights count.")
    by_class = {"target": "c", "class_weight": {5: 1000.0, 7: 1.0}, "validation": FRAME[["a", "b", "c"]][:12], **QUICK}
    assert (
        zoo.train("mlp_classifier", FRAME[["a", "b", "c"]], intervals=0.9, **by_class).recipe["intervals"]["rows"] == 12
    )


def test_a_saved_model_keeps_its_intervals_and_its_card_says_what_they_cover(numbers, tmp_path):
    numbers.save(tmp_path / "saved")
    assert zoo.predict(tmp_path / "saved", X).equals(zoo.predict(numbers, X))
    assert (
        page(card_of(numbers.model, numbers), numbers.model.schema).count(
            "are to cover 0.9 of new rows like those of training. They were fitted on 400 rows that were held out; on "
        )
        == 1
    )
    assert "They were fitted on 400 rows" in (tmp_path / "saved" / "README.md").read_text()


def test_a_further_training_fits_intervals_anew_at_the_same_coverage(classes, tmp_path):
    classes.save(tmp_path / "saved")
    before = classes.model.target.intervals
    run = zoo.train(tmp_path / "saved", FRAME[["a", "b", "c"]][:300], epochs=1, verbose=0)
    assert run.recipe["intervals"]["coverage"] == 0.9 and run.model.target.intervals["rows"] == 60 != before["rows"]
    tuned = zoo.fine_tune(tmp_path / "saved", FRAME[["a", "b", "c"]][:300], intervals=0.5, epochs=1, verbose=0)
    assert tuned.recipe["intervals"]["coverage"] == 0.5


@pytest.mark.parametrize(
    ("how", "reason"),
    [({"validation": None}, "Received: validation=None"), ({"validation": FRAME[["a", "b", "c"]][:5]}, "Received: 5")],
)
def test_intervals_of_earlier_weights_are_set_aside_with_a_warning_where_none_can_be_fitted(
    classes, tmp_path, how, reason
):
    classes.save(tmp_path / "saved")
    with pytest.warns(
        zoo.DataWarning, match=f"intervals held for its earlier weights alone and are set aside: .*{reason}"
    ):
        run = zoo.train(tmp_path / "saved", FRAME[["a", "b", "c"]], epochs=1, verbose=0, **how)
    assert "set" not in zoo.predict(run, X) and "intervals" not in run.recipe


def test_sets_of_other_classes_are_set_aside_with_a_warning_and_fitted_when_asked_for(classes, tmp_path):
    classes.save(tmp_path / "saved")
    other = FRAME[["a", "b", "c"]].assign(c=np.where(FRAME["a"] > 1, 9, FRAME["c"]))
    with pytest.warns(zoo.DataWarning, match="earlier classes, and are set aside. Train it with `intervals=0.9`"):
        run = zoo.fine_tune(tmp_path / "saved", other, classes="extend", intervals=0.8, epochs=1, verbose=0)
    assert run.model.target.intervals["coverage"] == 0.8 and {9} & set(sum(zoo.predict(run, X)["set"], ()))


def test_intervals_of_a_model_that_loses_a_column_are_set_aside_with_a_warning(numbers):
    with pytest.warns(zoo.DataWarning, match="earlier columns, and are set aside. Train it with `intervals=0.9`"):
        adapted = zoo.adapt(numbers, FRAME[["a", "y"]], columns="new")
    kept = {name: value for name, value in numbers.model.target.state.items() if name != "intervals"}
    assert "low" not in zoo.predict(adapted, X[["a"]]) and adapted.target.state == kept


def test_a_task_that_keeps_neither_share_nor_rows_is_trained_to_its_end(monkeypatch, capsys):
    with_intervals = Regression.with_intervals

    def without(self, target, *rest):
        fitted = with_intervals(self, target, *rest)
        kept = {name: value for name, value in fitted.intervals.items() if name not in ("coverage", "rows")}
        return type(fitted)(fitted.schema, {**fitted.get_config(), "intervals": kept})

    monkeypatch.setattr(Regression, "with_intervals", without)
    how = {"target": "y", "intervals": 0.9, **QUICK, "verbose": 1}
    run = zoo.train("mlp_regressor", FRAME[["a", "b", "y"]][:200], **how)
    assert "intervals to cover 0.9 by 40 held-out rows" in capsys.readouterr().out
    assert "are to cover 0.9 of new rows" in line_of_intervals(card_of(run.model, run))
    with pytest.warns(zoo.DataWarning, match="Train it with `intervals`, or"):
        zoo.adapt(run, FRAME[["a", "y"]], columns="new")


def test_a_version_without_the_intervals_of_the_one_before_it_is_not_exported(numbers, tmp_path):
    zoo.export(numbers, tmp_path / "served", format="numpy", verbose=0)
    plain = zoo.train("mlp_regressor", FRAME[["a", "b", "y"]], target="y", **QUICK)
    with pytest.raises(
        ValueError, match=r"change the signature of version 1: high \(\['float32', \[None\]\] -> absent\), low"
    ):
        zoo.export(plain, tmp_path / "served", format="numpy", verbose=0)


@pytest.mark.parametrize(
    ("entry", "how", "message"),
    [
        ("mlp_regressor", {"intervals": 0}, "`intervals` must be the share of new rows .* Received: intervals=0"),
        ("mlp_regressor", {"intervals": 1}, "Received: intervals=1"),
        ("mlp_regressor", {"intervals": 1.5}, "Received: intervals=1.5"),
        ("mlp_regressor", {"intervals": True}, "Received: intervals=True"),
        ("mlp_regressor", {"validation": None}, "fitted on rows that are held out. Received: validation=None. Pass a"),
        ("mlp_regressor", {"validation": FRAME[["a", "y"]][:8]}, "needs at least 9 rows .* Received: 8. Hold out more"),
        ("perceptron", {"target": "c"}, "made by probabilities; the units of this model answer 0 or 1. Leave them out"),
        ("hebbian", {"target": None}, "`intervals` are for networks that minimise a loss; 'hebbian' learns by a rule"),
        ("mlp_classifier", {"target": ["c", "d"]}, "for numbers and for one of several classes; this model does multi"),
    ],
)
def test_intervals_that_cannot_be_given_are_refused_before_anything_is_trained(entry, how, message, monkeypatch):
    monkeypatch.setattr("zoo.training.phases.Phases.run", None)
    target = how.get("target", "y")
    frame = FRAME.assign(c=(FRAME["c"] == 7).astype(int), d=(FRAME["t"] > 0).astype(int))
    frame = frame[["a", "t"] if target is None else ["a", *np.atleast_1d(target)]]
    with pytest.raises(ValueError, match=message):
        zoo.train(entry, frame, **{"intervals": 0.9, "target": target, "verbose": 0, **how})


def test_a_model_whose_further_training_is_refused_stays_as_it_was(classes):
    before = classes.model.target.get_config()
    with pytest.raises(ValueError, match="Received: intervals=1.5"):
        zoo.train(classes.model, FRAME[["a", "b", "c"]], intervals=1.5, verbose=0)
    assert classes.model.target.get_config() == before and "intervals" in before


def test_units_that_answer_zero_or_one_have_no_sets():
    model = zoo.build("perceptron", FRAME[["a", "c"]], target="c")
    assert "the units of this model answer 0 or 1" in model.task.obstacle_to_intervals(model.decision)
    with pytest.raises(ValueError, match="`intervals` are made by probabilities; the units of this model answer"):
        decided = inference.outputs(model, model.preprocessor.encode(FRAME[["a"]]))
        model.task.with_intervals(model.target, np.zeros(2_000, "int32"), decided, None, 0.9, model.decision)


def test_wrong_weights_are_said_as_such_and_not_as_too_few_rows_for_intervals(numbers, recwarn):
    held_out = FRAME[["a", "b", "y"]].assign(w=-1.0)
    with pytest.raises(ValueError, match="The weights in 'w'"):
        zoo.train(numbers.model, FRAME[["a", "b", "y", "w"]], validation=held_out, weight="w", epochs=1, verbose=0)
    assert not [warning for warning in recwarn if "set aside" in str(warning.message)]
    assert numbers.model.target.intervals is not None


def test_a_stream_has_no_rows_to_fit_intervals_on(tmp_path):
    FRAME[["a", "y"]].to_csv(tmp_path / "rows.csv", index=False)
    streamed = zoo.data.load(tmp_path / "rows.csv", target="y", stream=True)
    with pytest.raises(ValueError, match="fitted on held-out rows in memory. Received: a stream. Load the data with"):
        zoo.train("mlp_regressor", streamed, intervals=0.9, **QUICK)
