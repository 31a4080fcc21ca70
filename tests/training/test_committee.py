"""The procedure of a committee: out-of-fold answers, weights, checkpoints, budgets, what is left out and refused."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest
from scipy import special

import zoo
from zoo.artifacts.card import card_of, page
from zoo.training import bag_training, committee, configurations, line, trainer
from zoo.training.bags import parted
from zoo.training.parts import load_parts

ROOT = Path(__file__).resolve().parents[2]
GENERATOR = np.random.default_rng(0)
ROWS = 60
TABLE = pd.DataFrame(
    {
        "a": GENERATOR.normal(size=ROWS),
        "b": GENERATOR.normal(size=ROWS),
        "c": GENERATOR.choice(list("xyz"), ROWS),
        "d": GENERATOR.choice([f"level {i}" for i in range(14)], ROWS),
    }
)
TABLE.loc[np.random.default_rng(0).permutation(ROWS)[[0, 5]], "d"] = "of one fold"  # both are held out from bag 0
TABLE["y"] = 100.0 + 20.0 * TABLE.a - 5.0 * (TABLE.c == "x") + 5.0 * GENERATOR.normal(size=ROWS)
CLASSES = TABLE.assign(y=np.where(TABLE.y > 100.0, "high", "low"))
QUICK = {"members": ("mlp", "linear"), "bags": 5, "epochs": 4, "verbose": 0}


def train(data=TABLE, entry="committee_regressor", **settings):
    return zoo.train(entry, data, target="y", **{**QUICK, **settings})


def plain(tensor):
    return keras.ops.convert_to_numpy(tensor)


@pytest.fixture(scope="module")
def run():
    return train()


def bags_of(data, bags, seed=0, entry="committee_regressor"):
    """Returns the bags of a table, and its rows in their order."""
    how = {"schema": None, "shipped": False, "seed": seed, "whole": True, "entry": zoo.info(entry)}
    loaded = load_parts(data, target="y", validation=0.2, groups=None, time=None, weight=None, **how)
    return parted(loaded, bags, {}, share=0.2, seed=seed)


def answers_of_networks(model, data):
    """Returns what each network of a committee gives for rows, by its name and bag: the tensors that the pool takes."""
    tensors = model.network.get_layer("outputs").input
    x = model.preprocessor.encode(data.drop(columns="y"))
    found = keras.Model(model.network.inputs, tensors)([x[tensor.name] for tensor in model.network.inputs])
    names = [f"{name}_{bag}" for name in model.options["members"] for bag in range(model.options["bags"])]
    return {name: plain(each)[:, 0] for name, each in zip(names, found, strict=True)}


def test_its_scores_of_validation_are_of_answers_by_networks_that_did_not_see_the_row(run):
    model = run.model
    answers = answers_of_networks(model, TABLE)
    weights = dict(zip(model.options["members"], model.options["weights"], strict=True))
    found = np.zeros(ROWS)
    for number, bag in enumerate(bags_of(TABLE, 5).bags):
        found[bag.held] = sum(weight * answers[f"{name}_{number}"][bag.held] for name, weight in weights.items())
    standardised = (TABLE.y - TABLE.y.mean()) / TABLE.y.std(ddof=0)
    assert run.recipe["committee"]["loss"] >= np.mean((found - standardised) ** 2) - 1e-4  # and how much it is too low
    ends = (found * TABLE.y.std(ddof=0) + TABLE.y.mean()).clip(TABLE.y.min(), TABLE.y.max())
    assert run.metrics["val"]["rmse"] == pytest.approx(np.sqrt(np.mean((ends - TABLE.y) ** 2)), rel=1e-4)
    assert run.metrics["val"]["rows"] == ROWS


def test_the_model_answers_by_the_weighted_mean_of_all_its_networks(run):
    model = run.model
    answers = answers_of_networks(model, TABLE)
    weights = dict(zip(model.options["members"], model.options["weights"], strict=True))
    mean = sum(weights[name.rpartition("_")[0]] / 5 * each for name, each in answers.items())
    expected = (mean * TABLE.y.std(ddof=0) + TABLE.y.mean()).clip(TABLE.y.min(), TABLE.y.max())
    np.testing.assert_allclose(zoo.predict(model, TABLE).prediction, expected, rtol=1e-4)


def test_the_weights_are_never_worse_than_the_best_configuration_on_the_rows_that_chose_them(run):
    facts = run.recipe["committee"]
    alone = [each["loss"] for each in facts["configurations"].values()]
    assert facts["loss"] <= min(alone) + 1e-7
    assert run.history["val_loss"][0] == pytest.approx(min(alone), rel=1e-6)
    assert facts["loss"] == min(run.history["val_loss"]) and run.best_epoch == np.argmin(run.history["val_loss"])


def test_the_run_and_the_card_say_what_each_configuration_is_worth(run):
    facts = run.recipe["committee"]
    assert facts["bags"] == 5 and list(facts["configurations"]) == ["mlp", "linear"]
    for each in facts["configurations"].values():
        assert each["bags"] == 5 and each["seconds"] >= 0 and np.isfinite(each["loss"])
    weights = {name: each["weight"] for name, each in facts["configurations"].items() if each["weight"]}
    assert sum(weights.values()) == pytest.approx(1.0)
    assert list(weights) == run.model.options["members"]
    assert run.recipe["options"] == {"members": ["mlp", "linear"], "bags": 5}  # by which the run is repeated
    assert run.data["split"] == "all rows; 5 folds by seed 0" and run.data["rows"] == {"train": 60, "val": 0, "test": 0}
    text = page(card_of(run.model, run), run.model.schema)
    assert "weights " in text and run.recipe["finished"] in text
    assert run.recipe["finished"] in repr(run) and f"50 picks, best: pick {run.best_epoch + 1}" in repr(run)
    assert "5 bags; loss of out-of-fold answers" in text and "| mlp | " in text and "| linear | " in text
    assert "50 picks in" in text and "the procedure zoo.training.committee:train_committee" in run._repr_html_()


def test_a_fold_counts_levels_that_its_rows_do_not_hold_as_unseen(run):
    network, features = run.model.network, run.model.preprocessor.layout.features
    (levels,) = [each["levels"] for each in features if each["tensor"] == "categorical" and each["column"] == "d"]
    unknown = 0
    for number, bag in enumerate(bags_of(TABLE, 5).bags):
        known = plain(network.get_layer(f"known_levels_{number}").known)
        seen = [1.0, *(float(level in set(TABLE.d[bag.train])) for level in levels[1:])]
        assert known[-len(levels) :].tolist() == seen
        unknown += seen.count(0.0)
    assert unknown  # some level stands in one fold alone


@pytest.mark.parametrize("entry", ["committee_regressor", "committee_classifier"])
def test_random_targets_show_no_skill_out_of_fold(entry):
    """The best epoch, chosen on the same rows, may gain a little; a leak of targets would gain nearly all."""
    generator = np.random.default_rng(1)
    table = pd.DataFrame({"a": generator.normal(size=240), "d": generator.integers(0, 60, 240).astype(str)})
    table["y"] = generator.normal(size=240) if entry == "committee_regressor" else generator.integers(0, 2, 240)
    loss = train(table, entry, epochs=12).recipe["committee"]["loss"]
    constant = 1.0 if entry == "committee_regressor" else np.log(2.0)
    assert loss > 0.95 * constant


def test_the_same_seed_gives_the_same_weights_and_another_one_others(run):
    again, other = train(), train(seed=1)
    assert all(np.array_equal(a, b) for a, b in zip(run.model.get_weights(), again.model.get_weights(), strict=True))
    assert run.metrics == again.metrics
    assert bags_of(TABLE, 5, seed=1).bags[0].held.tolist() != bags_of(TABLE, 5).bags[0].held.tolist()
    assert run.recipe["committee"]["loss"] != other.recipe["committee"]["loss"]


def test_rows_to_validate_on_join_those_that_weigh_and_are_never_trained_on():
    given = TABLE.iloc[:20].reset_index(drop=True)
    found = train(TABLE.iloc[20:].reset_index(drop=True), validation=given, members=("linear",))
    assert found.metrics["val"]["rows"] == 60 and found.data["rows"] == {"train": 40, "val": 20, "test": 0}
    changed = given.assign(y=given.y + 1000.0)
    other = train(TABLE.iloc[20:].reset_index(drop=True), validation=changed, members=("linear",))
    for mine, theirs in zip(found.model.get_weights(), other.model.get_weights(), strict=True):
        assert np.array_equal(mine, theirs)
    assert other.metrics["val"]["rmse"] > 100.0 > found.metrics["val"]["rmse"]


def test_one_bag_is_chosen_and_weighed_by_the_validation_rows_of_the_caller():
    found = train(TABLE.iloc[20:], validation=TABLE.iloc[:20], bags=1)
    assert found.metrics["val"]["rows"] == 20
    expected = zoo.evaluate(found.model, TABLE.iloc[:20], target="y", verbose=0)
    assert found.metrics["val"]["rmse"] == pytest.approx(expected["rmse"], rel=1e-5)


def test_weights_of_rows_count_in_trainings_and_in_what_weighs():
    weight = np.where(np.arange(ROWS) % 2 == 0, 1.0, 0.0)
    found = train(TABLE.assign(w=weight), weight="w", members=("linear",))
    answers = answers_of_networks(found.model, TABLE)
    out_of_fold = np.zeros(ROWS)
    for number, bag in enumerate(bags_of(TABLE, 5).bags):
        out_of_fold[bag.held] = answers[f"linear_{number}"][bag.held]
    errors = (out_of_fold - (TABLE.y - TABLE.y.mean()) / TABLE.y.std(ddof=0)) ** 2
    assert found.recipe["committee"]["loss"] == pytest.approx(np.sum(errors * weight) / ROWS, rel=1e-4)


def test_probabilities_are_the_weighted_mean_of_those_of_its_networks():
    found = train(CLASSES, "committee_classifier", members=("mlp", "linear"))
    answers = answers_of_networks(found.model, CLASSES)
    weights = dict(zip(found.model.options["members"], found.model.options["weights"], strict=True))
    expected = sum(weights[name.rpartition("_")[0]] / 5 * special.expit(each) for name, each in answers.items())
    x = found.model.preprocessor.encode(CLASSES.drop(columns="y"))
    pooled = special.expit(plain(found.model.network(x))[:, 0])
    np.testing.assert_allclose(pooled, expected, rtol=1e-4)


def test_a_line_alone_is_the_mean_of_the_lines_of_its_folds():
    """Of ridge regressions in closed form, by the penalties that were solved for."""
    found = train(TABLE[["a", "b", "y"]], members=("linear",))
    answers = answers_of_networks(found.model, TABLE[["a", "b", "y"]])
    y = ((TABLE.y - TABLE.y.mean()) / TABLE.y.std(ddof=0)).to_numpy()
    for number, bag in enumerate(bags_of(TABLE[["a", "b", "y"]], 5).bags):
        x = TABLE[["a", "b"]].to_numpy()
        design = np.column_stack([np.ones(len(bag.train)), x[bag.train]])
        least_squares, *_ = np.linalg.lstsq(design, y[bag.train], rcond=None)
        expected = np.column_stack([np.ones(ROWS), x]) @ least_squares
        np.testing.assert_allclose(answers[f"linear_{number}"], expected, atol=0.1)  # the penalty shrinks a little


def test_a_configuration_that_diverges_is_left_out_and_that_is_said(monkeypatch):
    solve = line.solve

    def broken(model, encoded, *, seed):
        solved = solve(model, encoded, seed=seed)
        if len(model.network.layers) < 5:  # the line alone
            layer = model.network.get_layer("line")
            layer.set_weights([np.full_like(weight, np.nan) for weight in layer.get_weights()])
        return solved

    monkeypatch.setattr(bag_training.line, "solve", broken)
    found = train()
    facts = found.recipe["committee"]["configurations"]
    assert facts["linear"]["weight"] == 0.0 and facts["linear"]["loss"] is None
    assert facts["linear"]["left_out"] == "it answers numbers that are not finite"
    assert found.recipe["finished"] == "weights mlp 1; without linear (it answers numbers that are not finite)"
    with pytest.raises(ValueError, match="must have a configuration that can be trained. Received: linear: it answers"):
        train(members=("linear",))


def test_a_training_whose_loss_is_not_finite_is_left_out(monkeypatch):
    outcome = bag_training.one_program.trained

    def diverged(members, recipe, after_epoch):
        results = outcome(members, recipe, after_epoch)
        return [type(one)(**{**vars(one), "diverged": True}) for one in results]

    monkeypatch.setattr(bag_training.one_program, "trained", diverged)
    facts = train().recipe["committee"]["configurations"]
    assert facts["mlp"]["left_out"] == "its loss was no longer finite" and facts["linear"]["weight"] == 1.0


def test_a_budget_that_is_spent_leaves_the_line_to_answer():
    found = train(budget=1e-6)
    assert found.stopped == "the budget of 1e-06 s" and not found.interrupted
    assert found.model.options["members"] == ["linear"]
    assert found.recipe["committee"]["configurations"]["mlp"]["left_out"] == "no time was left"


def test_no_configuration_is_begun_that_would_take_longer_than_what_is_left(monkeypatch):
    """As long as the longest one before it: of a budget of 1000 s, that may be 600 s once."""
    now, train_one = [time.monotonic()], configurations._train_one

    def slow(*arguments):
        now[0] += 600.0
        return train_one(*arguments)

    monkeypatch.setattr(configurations, "_train_one", slow)
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    facts = train(members=("linear", "mlp", "realmlp"), bags=2, budget=1000.0).recipe["committee"]["configurations"]
    assert (
        facts["linear"]["bags"] == 2 and facts["mlp"]["left_out"] == facts["realmlp"]["left_out"] == "no time was left"
    )


def test_ctrl_c_ends_with_what_is_there(monkeypatch):
    def interrupted(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(bag_training, "networks", interrupted)
    found = train()
    assert found.interrupted and found.stopped == "interrupted" and found.model.options["members"] == ["linear"]
    with pytest.raises(KeyboardInterrupt):
        train(members=("mlp",))


def same_weights(one, other):
    pairs = zip(one.model.get_weights(), other.model.get_weights(), strict=True)
    return one.recipe["committee"]["loss"] == other.recipe["committee"]["loss"] and all(
        np.array_equal(mine, theirs) for mine, theirs in pairs
    )


def test_a_run_goes_on_from_its_checkpoint_to_equal_weights(run, tmp_path, monkeypatch):
    whole = train(checkpoint=tmp_path / "run")
    names = sorted(path.name for path in (tmp_path / "run").iterdir())
    assert names == ["committee.json", *(f"linear.{bag}.npz" for bag in range(5)), "mlp.0-4.npz"]
    assert same_weights(whole, run)
    (tmp_path / "run" / "linear.1.npz").unlink()
    (tmp_path / "run" / "mlp.0-4.npz").unlink()
    trained = []
    monkeypatch.setattr(
        configurations, "_train_one", lambda *given, _=configurations._train_one: trained.append(given[2]) or _(*given)
    )
    assert same_weights(train(checkpoint=tmp_path / "run"), run)
    assert trained == [[1], [0, 1, 2, 3, 4]]
    trained.clear()
    assert same_weights(train(checkpoint=tmp_path / "run"), run) and trained == []
    with pytest.raises(ValueError, match="belongs to another run: recipe differ"):
        train(checkpoint=tmp_path / "run", epochs=5)


WITH_ROLES = TABLE.assign(
    g=np.arange(ROWS) // 4, t=3 * np.arange(ROWS)[::-1], w=1.0 + (TABLE.a > 0), w2=1.5 + np.arange(ROWS) % 7
)
LINES = {"members": ("linear",), "bags": 2}


@pytest.mark.parametrize(
    ("first", "then", "differs"),
    [
        ({"ignore": ("g", "t", "w", "w2")}, {"ignore": ("t", "w", "w2"), "groups": "g"}, "folds"),
        ({"bags": 1}, {"bags": 1, "time": "t"}, "folds"),
        ({"validation": TABLE[:20]}, {"validation": TABLE[20:40]}, "validation"),
        ({"validation": TABLE[:20]}, {"validation": TABLE[:30]}, "validation"),
        ({"ignore": "w2", "weight": "w"}, {"ignore": "w", "weight": "w2"}, "weights"),
    ],
)
def test_a_checkpoint_knows_all_that_its_networks_depend_on(tmp_path, first, then, differs):
    data = TABLE if "validation" in first else WITH_ROLES
    train(data, **{**LINES, **first}, checkpoint=tmp_path)
    with pytest.raises(ValueError, match=f"belongs to another run: {differs}.* differ"):
        train(data, **{**LINES, **then}, checkpoint=tmp_path)


def test_a_checkpoint_knows_its_precision(tmp_path):
    train(**LINES, checkpoint=tmp_path)
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        with pytest.raises(ValueError, match="belongs to another run: .*dtype_policy differ"):
            train(**LINES, checkpoint=tmp_path)
    finally:
        keras.config.set_dtype_policy("float32")


def test_one_network_is_not_trained_into_the_folder_of_a_committee(tmp_path):
    train(**LINES, checkpoint=tmp_path)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(ValueError, match="it holds the networks of a committee. Repeat the call that began it, or"):
        zoo.train("mlp_regressor", TABLE, target="y", epochs=1, checkpoint=tmp_path, verbose=0)
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.slow
def test_a_killed_run_goes_on_to_equal_weights(run, tmp_path):
    """Killed by SIGKILL while its networks train, after the lines are there."""
    script = f"""
from tests.training.test_committee import train
train(checkpoint={str(tmp_path / "run")!r})
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen([sys.executable, "-c", script], env=environment, cwd=ROOT) as process:
        folder, limit = tmp_path / "run", time.monotonic() + 300
        while not (folder / "linear.4.npz").exists() and time.monotonic() < limit and process.poll() is None:
            time.sleep(0.01)
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL and not (folder / "mlp.0-4.npz").exists()
    assert same_weights(train(checkpoint=folder), run)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"optimizer": "sgd"}, "each of its configurations has an optimizer of its own"),
        ({"learning_rate": 0.1}, "each of its configurations has a learning rate of its own"),
        ({"loss": "mae"}, "its networks are weighed by the loss that they are trained by"),
        ({"solver": "lbfgs"}, "its networks are trained by their recipes"),
        ({"freeze": "body"}, "its networks are fresh, and nothing in them is to stand still"),
        ({"engine": "keras"}, "each of its configurations runs as suits it"),
        ({"callbacks": [keras.callbacks.Callback()]}, "there is no one model to tell them of"),
    ],
)
def test_what_its_networks_cannot_all_follow_is_refused(given, said):
    (name,) = given
    with pytest.raises(ValueError, match=f"`{name}` cannot be asked of 'committee_regressor': {said}.* Leave it out"):
        train(**given)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"members": ()}, "`members` must be one configuration or several, each once. Received: members=()"),
        ({"members": ("mlp", "mlp")}, "`members` must be one configuration or several, each once"),
        ({"members": ("tabn",)}, "`members` must be names of configurations: tabm, .*Received: 'tabn'. Did you mean"),
        (
            {"weights": (0.5, 0.5)},
            "`weights` are what the training of 'committee_regressor' chooses. Received: weights=",
        ),
        ({"bags": 0}, "`bags` must be an integer from 1 to 50, or None. Received: bags=0"),
        ({"bags": True}, "`bags` must be an integer from 1 to 50, or None. Received: bags=True. It says how many net"),
        ({"members": 5}, "`members` must be names of configurations: .* Received: members=5. `bags` says how many"),
        ({"members": (["mlp"],)}, "`members` must be names of configurations: .* Received: ..mlp"),
        ({"bags": 31}, "`bags` must be at most half the number of rows, 30. Received: bags=31"),
        ({"members": ("linear",), "output_activation": "sigmoid"}, "must have a configuration that takes the columns"),
    ],
)
def test_options_out_of_their_range_are_refused(options, said):
    with pytest.raises(ValueError, match=said):
        train(**options)


def test_the_number_of_bags_may_be_one_of_numpy():
    found = train(members=("linear",), bags=np.int64(2))
    assert found.recipe["options"]["bags"] == found.model.options["bags"] == 2
    assert type(found.recipe["options"]["bags"]) is int


@pytest.mark.parametrize(("role", "split"), [("groups", "5 folds by groups of 7"), ("time", "held out the last by 7")])
def test_a_column_whose_name_is_a_number_has_its_role_by_its_text(role, split):
    data = WITH_ROLES.rename(columns={"g" if role == "groups" else "t": 7})
    found = train(data, members=("linear",), bags=None if role == "time" else 5, **{role: "7"})
    assert split in found.data["split"]


def test_by_time_no_later_row_is_trained_on_even_without_validation():
    found = train(WITH_ROLES, members=("linear",), bags=None, time="t", validation=None)
    assert "one bag, 0.2 held out the last by t" in found.data["split"] and found.metrics["val"]["rows"] == 12


@pytest.mark.parametrize(
    ("rows", "given", "said"),
    [
        (40, {"bags": 2}, "at least 19 rows that are held out.* Received: 16. Pass more `bags`, or ask for `intervals"),
        (15, {"bags": 2}, "at least 19 rows.* Received: 6. Add rows, or ask for"),
        (15, {"bags": 7}, "at least 19 rows.* Received: 15. Add rows, or ask for"),
        (40, {"bags": 1, "validation": TABLE[40:45]}, "Received: 5. Hold out more by `validation`, or ask for"),
        (40, {"bags": None, "time": "t"}, "Received: 8. Hold out more by `validation`, or ask for"),
        (40, {"bags": 5, "weight": "w2"}, None),  # 40 rows held out, which count as 33 by their weights
        (15, {"bags": 5, "validation": TABLE[40:]}, None),  # 15 held out, and 20 beside them
    ],
)
def test_rows_for_intervals_are_counted_before_anything_is_trained(monkeypatch, rows, given, said):
    def refused(*arguments):
        raise AssertionError("training has begun")

    columns = [*TABLE, *(given[role] for role in ("time", "weight") if role in given)]
    settings = {"members": ("linear",), "intervals": 0.95, **given}
    if said is None:
        assert {"low", "high"} <= set(zoo.predict(train(WITH_ROLES[columns][:rows], **settings).model, TABLE).columns)
        return
    monkeypatch.setattr(committee, "train_configurations", refused)
    with pytest.raises(ValueError, match=said):
        train(WITH_ROLES[columns][:rows], **settings)


def test_a_stream_is_refused_before_it_is_read(tmp_path, monkeypatch):
    TABLE.to_csv(tmp_path / "table.csv", index=False)
    stream = zoo.data.load(tmp_path / "table.csv", target="y", stream=True)
    monkeypatch.setattr(trainer, "load_parts", None)
    with pytest.raises(ValueError, match="a committee needs all rows in memory. Received: a stream"):
        train(stream)


def test_five_rows_are_enough():
    found = train(TABLE.iloc[:5], bags=None)
    assert found.recipe["committee"]["bags"] == 2 and np.all(np.isfinite(zoo.predict(found.model, TABLE).prediction))


def test_several_targets_and_labels_are_answered_together():
    several = TABLE.assign(z=-TABLE.a)
    found = zoo.train("committee_regressor", several, target=["y", "z"], **QUICK)
    assert list(zoo.predict(found.model, several).columns) == ["prediction_y", "prediction_z"]
    labels = TABLE.drop(columns="y").assign(m=(TABLE.a > 0).astype(int), n=(TABLE.b > 0).astype(int))
    found = zoo.train("committee_classifier", labels, target=["m", "n"], **QUICK)
    assert found.model.task.name == "multilabel" and list(zoo.predict(found.model, labels).columns) == ["p_m", "p_n"]
    assert found.metrics["val"]["rows"] == ROWS


def test_images_are_taken_by_the_networks_that_take_them():
    images = np.random.default_rng(0).integers(0, 256, (24, 4, 4, 1), dtype="uint8")
    found = zoo.train("committee_classifier", (images, np.arange(24) % 2), **{**QUICK, "bags": 2, "epochs": 1})
    assert found.model.options["members"] == ["mlp"]
    assert "linear" in found.recipe["committee"]["configurations"]


def stored(folder):
    """Returns the names of the files that a checkpoint keeps of networks."""
    return sorted(path.name for path in folder.glob("*.npz"))


@pytest.mark.parametrize("bags", [1, 2])  # trained alone, and as one program
def test_where_nothing_else_answers_a_budget_cuts_networks_short_and_does_not_keep_them(tmp_path, bags):
    how = {"members": ("mlp", "realmlp"), "bags": bags, "checkpoint": tmp_path / "run"}
    found = train(**how, budget=1e-6)
    assert found.stopped == "the budget of 1e-06 s" and not found.interrupted
    facts = found.recipe["committee"]["configurations"]
    assert facts["mlp"]["weight"] == 1.0 and facts["mlp"]["ended"] == "the budget of 1e-06 s"
    assert facts["realmlp"]["left_out"] == "no time was left"
    assert found.recipe["finished"] == "weights mlp 1, cut short; without realmlp (no time was left)"
    assert "| mlp | " in page(card_of(found.model, found), found.model.schema) and stored(tmp_path / "run") == []
    longer = train(**how)
    assert longer.stopped == "every configuration is trained" and "cut short" not in longer.recipe["finished"]
    assert same_weights(longer, train(**{**how, "checkpoint": None}))


def test_a_budget_that_is_spent_lets_networks_answer_where_there_is_no_line():
    found = train(members=("linear", "mlp"), output_activation="sigmoid", budget=1e-6)
    assert found.stopped == "the budget of 1e-06 s" and found.model.options["members"] == ["mlp"]
    curves = zoo.predict(found.model, TABLE).prediction
    assert np.all(np.isfinite(curves)) and curves.nunique() > 10


@pytest.fixture
def clock(monkeypatch):
    """A clock that a test sets forward."""
    now = [time.monotonic()]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def test_where_a_line_answers_a_network_that_the_budget_cuts_short_is_given_up(clock, tmp_path, monkeypatch):
    count = bag_training._Counted.on_epoch_end

    def slow(self, *arguments):
        clock[0] += 600.0
        count(self, *arguments)

    monkeypatch.setattr(bag_training._Counted, "on_epoch_end", slow)
    found = train(bags=1, budget=1000.0, checkpoint=tmp_path / "run")
    assert found.stopped == "the budget of 1000 s" and found.model.options["members"] == ["linear"]
    assert found.recipe["committee"]["configurations"]["mlp"]["left_out"] == "no time was left"
    assert stored(tmp_path / "run") == ["linear.0.npz"]


def test_no_network_is_begun_when_the_time_is_over(clock, tmp_path, monkeypatch):
    alone, begun = bag_training._alone, []

    def slow(*arguments):
        begun.append(arguments[3])
        trained = alone(*arguments)
        clock[0] += 2000.0
        return trained

    monkeypatch.setattr(bag_training, "_alone", slow)
    monkeypatch.setattr(bag_training, "_at_once", lambda *arguments: [])
    found = train(bags=3, budget=1000.0, checkpoint=tmp_path / "run")
    assert begun == [0] and found.recipe["committee"]["configurations"]["mlp"]["left_out"] == "no time was left"
    assert "mlp.0.npz" in stored(tmp_path / "run")  # it is whole: the same call goes on from it


@pytest.mark.parametrize(("number", "said"), [(signal.SIGINT, "interrupted"), (signal.SIGTERM, "terminated")])
def test_a_signal_that_comes_while_weights_are_chosen_loses_nothing(run, monkeypatch, number, said):
    greedy = committee.ensemble_weights.greedy

    def signalled(*arguments):
        os.kill(os.getpid(), number)
        return greedy(*arguments)

    monkeypatch.setattr(committee.ensemble_weights, "greedy", signalled)
    found = train()
    assert found.interrupted and found.stopped == said and same_weights(found, run)
    assert found.metrics["val"] == run.metrics["val"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"engine": "keras"}, "`engine` cannot be asked of 'committee_regressor'"),
        ({"optimizer": "sgd"}, "`optimizer` cannot be asked of 'committee_regressor'"),
        ({"learning_rate": 0.1}, "`learning_rate` cannot be asked of 'committee_regressor'"),
        ({"weights": (1.0,)}, "`weights` are what the training of 'committee_regressor' chooses"),
        ({"bags": True}, "`bags` must be an integer from 1 to 50"),
        ({"members": ("tabn",)}, "`members` must be names of configurations"),
    ],
)
def test_what_cannot_be_asked_is_refused_before_rows_are_loaded(given, said):
    with pytest.raises(ValueError, match=said):
        zoo.train("committee_regressor", "no_such_file.csv", target="y", **given)
    with pytest.raises(ValueError, match=said):
        zoo.cross_validate("committee_regressor", "no_such_file.csv", target="y", **given)
    with pytest.raises(ValueError, match=said):
        zoo.compare(TABLE, target="y", models=[("committee_regressor", given)], rivals=False, verbose=0)


def test_a_line_that_takes_no_part_says_why():
    bounded = train(members=("linear", "mlp"), output_activation="sigmoid").recipe["committee"]["configurations"]
    expected = "a line takes no part where answers end at bounds (without output_activation='sigmoid' it does)"
    assert bounded["linear"]["left_out"] == expected
    images = np.random.default_rng(0).integers(0, 256, (24, 4, 4, 1), dtype="uint8")
    how = {**QUICK, "bags": 2, "epochs": 1}
    found = zoo.train("committee_classifier", (images, np.arange(24) % 2), **how).recipe["committee"]
    assert found["configurations"]["linear"]["left_out"] == "a line needs columns of a table, and images have none"
