"""Ensemble selection: the network of a committee, built and trained; saved, exported, adapted and trained further."""

import subprocess
import sys

import keras
import numpy as np
import pandas as pd
import pytest

import zoo
from zoo import entries
from zoo.artifacts.card import card_of, page
from zoo.engine.freezing import heads
from zoo.layers.linear import line_of
from zoo.models.ensemble_selection import CONFIGURATIONS, Configuration, committee, network_of
from zoo.registry import Spec

SPEC = Spec("regression", linear=True, num_numeric=3, num_linear=2, num_quantile=2, categorical_sizes=(3,))
GENERATOR = np.random.default_rng(0)
ROWS = 60
TABLE = pd.DataFrame({"a": GENERATOR.normal(size=ROWS), "c": GENERATOR.choice(list("xyz"), ROWS)})
TABLE["d"] = GENERATOR.choice([f"level {i}" for i in range(12)], ROWS)
TABLE["y"] = np.where(TABLE.a + (TABLE.c == "x") > 0.3, "high", "low")
QUICK = {"bags": 2, "epochs": 1, "verbose": 0}


def plain(tensor):
    return keras.ops.convert_to_numpy(tensor)


def rows(spec, count=5):
    generator = np.random.default_rng(0)
    return {
        "numeric": generator.normal(size=(count, spec.num_numeric)).astype("float32"),
        "linear": generator.normal(size=(count, spec.num_linear)).astype("float32"),
        "quantile": generator.random((count, spec.num_quantile)).astype("float32"),
        "categorical": generator.integers(0, 3, (count, 1)).astype("int32"),
    }


def redrawn(network):
    generator = np.random.default_rng(1)
    for layer in network.layers:
        if layer.weights and layer.name != "outputs" and not layer.name.startswith("known_levels"):
            layer.set_weights([generator.normal(scale=0.3, size=w.shape) for w in layer.get_weights()])


@pytest.fixture(scope="module")
def trained():
    """A committee of all configurations."""
    run = zoo.train("committee_classifier", TABLE, target="y", **QUICK)
    model, names = run.model, ["tabm", "realmlp", "mlp", "linear"]
    weights = model.options["weights"]
    assert sum(weights) == pytest.approx(1.0) and set(model.options["members"]) <= set(names)
    # Of few rows and one epoch some have no weight: another one by hand has all of them.
    full = zoo.build("committee_classifier", TABLE, target="y", bags=2, weights=(0.4, 0.3, 0.2, 0.1))
    redrawn(full.network)
    full.network.get_layer("known_levels_1").set_weights([known_but(full, "level 3")])
    return full


def known_but(model, level):
    known = np.ones(model.network.get_layer("known_levels_1").known.shape, "float32")
    names = [(column, name) for column, levels in categories(model) for name in levels]
    known[names.index(("d", level))] = 0.0
    return known


def categories(model):
    features = model.preprocessor.layout.features
    return [(each["column"], each["levels"]) for each in features if each["tensor"] == "categorical"]


def test_it_answers_by_the_weighted_mean_of_its_networks():
    """Each network as its own builder makes it, with the weights that stand in the committee under its prefix."""
    network = committee(SPEC, bags=2, weights=(4.0, 3.0, 2.0, 1.0), output_activation=None)
    redrawn(network)
    expected = 0.0
    for name, weight in zip(CONFIGURATIONS, (0.4, 0.3, 0.2, 0.1), strict=True):
        for bag in range(2):
            alone = network_of(name, SPEC)
            for layer in alone.layers:
                if layer.weights:
                    layer.set_weights(network.get_layer(f"{name}_{bag}_{layer.name}").get_weights())
            x = rows(SPEC)
            answers = plain(alone({tensor.name: x[tensor.name] for tensor in alone.inputs}))
            answers = answers.mean(axis=1) if answers.ndim == 3 else answers
            expected = expected + weight / 2 * answers
    np.testing.assert_allclose(plain(network(rows(SPEC))), expected, rtol=1e-4, atol=1e-5)


def test_it_is_one_flat_network_of_layers_as_any_other_s():
    network = committee(SPEC, bags=2)
    assert not any(isinstance(layer, keras.Model) for layer in network.layers)
    names = {layer.name for layer in network.layers}
    assert {"tabm_0_hidden_0", "tabm_1_hidden_0", "realmlp_0_hidden_0", "mlp_1_hidden_0", "linear_1_line"} <= names
    assert [tensor.name for tensor in network.inputs] == list(rows(SPEC)) or len(network.inputs) == 4


def test_it_is_not_taken_for_a_network_with_one_line():
    assert line_of(committee(SPEC, members=("mlp",), bags=1)) is None
    assert line_of(network_of("mlp", SPEC)) is not None


def test_the_heads_are_those_of_its_networks():
    names = {layer.name for layer in heads(committee(SPEC, members=("tabm", "mlp"), bags=2))}
    assert names == {
        f"{name}_{bag}_{what}" for name in ("tabm", "mlp") for bag in (0, 1) for what in ("outputs", "line")
    }


def test_a_configuration_that_cannot_be_built_takes_no_part():
    bounded = Spec("regression", num_numeric=3)  # no line beside what ends at bounds
    names = {layer.name for layer in committee(bounded, output_activation="sigmoid").layers}
    assert "mlp_0_outputs" in names and not any(name.startswith("linear") for name in names)
    with pytest.raises(ValueError, match="must have a configuration that takes the columns"):
        committee(bounded, members=("linear",))
    with pytest.raises(ValueError, match="must do its task. Received: 'logic', which none of mlp_classifier"):
        Configuration(("mlp_classifier", "mlp_regressor")).entry("logic")
    with pytest.raises(ValueError, match="a number for each of the configurations mlp, linear. Received: weights="):
        committee(SPEC, members=("mlp", "linear"), weights=(1.0,))


def test_each_configuration_has_entries_for_all_tasks_of_a_committee():
    for entry in ("committee_classifier", "committee_regressor"):
        for task in zoo.info(entry).tasks:
            for configuration in CONFIGURATIONS.values():
                own = configuration.entry(task)
                assert configuration.options.keys() <= own.options.keys()
                if configuration.few_bags == {} and (kept := own.options.get("kept_members")):
                    assert configuration.options["members"] == kept  # of few bags, what their trainings keep
                ours, theirs = (entries.load_recipe(each) for each in (zoo.info(entry), own))
                assert (ours.encodings, ours.feature_budget, ours.linear) == (
                    theirs.encodings,
                    theirs.feature_budget,
                    theirs.linear,
                )  # one preprocessor encodes for all


def test_it_is_saved_and_loaded_with_weights_and_known_levels(trained, tmp_path):
    zoo.save(trained, tmp_path / "committee")
    again = zoo.load(tmp_path / "committee")
    assert np.array_equal(plain(again.network.get_layer("known_levels_1").known), known_but(trained, "level 3"))
    assert zoo.predict(again, TABLE).equals(zoo.predict(trained, TABLE))


def test_a_level_that_one_fold_did_not_hold_is_as_unseen_for_its_networks_alone(trained):
    """With that level, a row is answered as the mean of a fold that knows it and one that sees an unknown level."""
    row = TABLE.iloc[:1]
    known, unseen = row.assign(d="level 3"), row.assign(d="never seen")
    answers = [zoo.predict(trained, each).p_high.item() for each in (known, unseen)]
    other = keras.models.clone_model(trained.network)
    other.set_weights(trained.network.get_weights())
    none = np.ones_like(known_but(trained, "level 3"))
    none[:] = known_but(trained, "level 3")
    other.get_layer("known_levels_0").set_weights([none])

    def probability(network, frame):
        x = trained.preprocessor.encode(frame.drop(columns="y"))
        return float(1 / (1 + np.exp(plain(network(x))[0, 0])))

    assert answers[0] != pytest.approx(answers[1], abs=1e-6)
    assert probability(other, known) == pytest.approx(answers[1], abs=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("form", ["tf_saved_model", "numpy", "onnx", "litert"])
def test_each_export_proves_that_it_answers_the_same(trained, tmp_path, form):
    report = zoo.export(trained, tmp_path / form, format=form)
    assert report.rows_proved if hasattr(report, "rows_proved") else report


def test_new_columns_levels_and_classes_leave_the_old_answers(trained):
    wider = TABLE.assign(e=np.arange(ROWS) * 1.0)
    wider.loc[:3, "d"] = "level 99"
    adapted = zoo.adapt(trained, wider, columns="extend")
    old = TABLE.iloc[10:]
    answers = zoo.predict(adapted, wider.iloc[10:]).p_high
    np.testing.assert_allclose(answers, zoo.predict(trained, old).p_high, atol=1e-5)
    third = TABLE.assign(y=np.where(TABLE.a > 1.0, "highest", TABLE.y))
    more = zoo.adapt(trained, third, classes="extend")
    assert list(more.classes) == ["high", "low", "highest"]
    names = [(column, level) for column, levels in categories(adapted) for level in levels]
    known = plain(adapted.network.get_layer("known_levels_1").known)
    assert known[names.index(("d", "level 3"))] == 0.0 and known[names.index(("d", "level 99"))] == 1.0


def test_it_is_trained_further_as_one_network(trained):
    before = [np.array(w) for w in trained.network.get_layer("tabm_0_hidden_0").get_weights()]
    shares = plain(trained.network.get_layer("outputs").shares)
    run = zoo.fine_tune(trained, TABLE, epochs=2, verbose=0)
    network = run.model.network
    assert len(run.history["loss"]) == 2 and "committee" not in run.recipe
    assert not np.array_equal(network.get_layer("tabm_0_hidden_0").get_weights()[0], before[0])
    assert np.array_equal(plain(network.get_layer("outputs").shares), shares)


def test_lines_that_a_further_training_finds_unsolved_are_solved(trained):
    """Of new classes nothing is known: each line would answer them all alike, and never learn."""
    other = TABLE.assign(y=np.where(TABLE.a > 0.0, "up", "down"))
    run = zoo.fine_tune(trained, other, classes="new", epochs=2, verbose=0)
    lines = [run.model.network.get_layer(f"{name}_{bag}_line") for name in ("mlp", "linear") for bag in (0, 1)]
    kernels = [plain(line.kernel) for line in lines]
    assert np.any(kernels[0]) and all(np.array_equal(kernel, kernels[0]) for kernel in kernels)


def numbers(slope, seed, noise=0.01):
    """Returns rows of two numbers, of which the target follows the first."""
    generator = np.random.default_rng(seed)
    a, b = generator.normal(size=(2, 80))
    return pd.DataFrame({"a": a, "b": b, "y": slope * a + noise * generator.normal(size=80)})


def least_squares(frame, at):
    """Returns what a regression by numpy answers: beside so little noise no penalty is to be seen."""
    design, wanted = (np.column_stack([np.ones(len(each)), each.drop(columns="y")]) for each in (frame, at))
    return wanted @ np.linalg.lstsq(design, frame.y, rcond=None)[0]


@pytest.fixture(scope="module")
def lines():
    """A committee of lines alone, by its folds."""
    how = {"members": ("linear",), "output_activation": None, **QUICK}
    return zoo.train("committee_regressor", numbers(2.0, seed=0), target="y", **how)


@pytest.mark.parametrize("freeze", ["none", "head_first", "body"])
def test_a_committee_of_lines_alone_is_solved_from_the_rows_of_a_further_training(lines, freeze):
    rows = numbers(-3.0, seed=1)
    run = zoo.fine_tune(lines, rows, freeze=freeze, validation=None, verbose=0)
    at = numbers(0.0, seed=2)
    np.testing.assert_allclose(zoo.predict(run, at).prediction, least_squares(rows, at), atol=0.02)
    np.testing.assert_allclose(zoo.predict(lines, at).prediction, 2.0 * at.a, atol=0.05)  # the given one stays
    assert run.history == {} and run.stopped == "its lines are solved, and nothing else of it learns"
    assert run.recipe["linear"]["rows"] == 80 and run.recipe["linear"]["lines"] == 2
    said = page(card_of(run.model, run), run.model.schema)
    assert "solved from 80 rows before the training, is the line of 2 of its networks." in said


def test_a_committee_of_lines_alone_learns_new_columns(lines):
    rows = numbers(0.0, seed=1).assign(c=lambda frame: frame.b**2)
    rows["y"] += 4.0 * rows.c
    run = zoo.fine_tune(lines, rows, columns="extend", verbose=0)
    assert run.metrics["val"]["r2"] > 0.99 and run.best_epoch == -1
    assert "0 epochs, none better than with its lines solved alone" in repr(run)


def test_a_committee_of_lines_alone_learns_new_classes():
    frame = numbers(2.0, seed=0).assign(y=lambda frame: np.where(frame.a > 0, "up", "down"))
    known = zoo.train("committee_classifier", frame, target="y", members=("linear",), **QUICK)
    third = frame.assign(y=np.where(frame.b > 0.5, "aside", frame.y))
    run = zoo.fine_tune(known, third, classes="extend", validation=None, verbose=0)
    found = zoo.predict(run, third).label
    assert np.mean(found[third.y == "aside"] == "aside") > 0.9 and np.mean(found == third.y) > 0.85


def mixed(seed=0):
    """Returns a committee of two networks that has learnt a rising relation."""
    built = zoo.build("committee_regressor", numbers(2.0, seed=0), target="y", members=("mlp", "linear"), seed=seed)
    zoo.train(built, numbers(2.0, seed=0), epochs=1, verbose=0)
    return built


def slope_of(model, name):
    """Returns by how much the line of a network rises with the first number, in standard deviations of the target."""
    return float(plain(model.network.get_layer(f"{name}_0_line").kernel)[0, 0])


def test_lines_beside_hidden_layers_stay_where_a_line_alone_is_solved():
    model = mixed()
    before = slope_of(model, "mlp")
    run = zoo.fine_tune(model, numbers(-2.0, seed=1), epochs=1, verbose=0)
    assert before > 0.5 and slope_of(run.model, "mlp") == before and slope_of(run.model, "linear") < -0.5
    assert len(run.history["loss"]) == 1 and run.recipe["linear"]["lines"] == 1


def test_all_lines_of_a_committee_are_solved_again_where_that_is_asked_for():
    run = zoo.fine_tune(mixed(), numbers(-2.0, seed=1), linear="refit", epochs=1, verbose=0)
    assert slope_of(run.model, "mlp") == slope_of(run.model, "linear") < -0.5
    assert run.recipe["linear"]["lines"] == 2 and run.recipe["linear"]["refit"]
    bounded = zoo.build("committee_regressor", numbers(1.0, seed=0), target="y", output_activation="sigmoid")
    with pytest.raises(ValueError, match="`linear='refit'` needs a line beside the hidden layers. This 'committee_reg"):
        zoo.train(bounded, numbers(1.0, seed=0), linear="refit", epochs=1, verbose=0)


def test_levels_that_further_rows_hold_are_known_to_all_networks_that_learn_them(trained):
    """But for those that nothing could learn, of which a line knows as much as the network that it is of."""
    assert (TABLE.d == "level 3").sum() >= 3
    names = [(column, level) for column, levels in categories(trained) for level in levels]
    place = names.index(("d", "level 3"))
    learnt = zoo.fine_tune(trained, TABLE, epochs=2, validation=None, verbose=0).model.network
    still = zoo.fine_tune(trained, TABLE, epochs=1, freeze="body", validation=None, verbose=0).model.network
    assert np.all(plain(learnt.get_layer("known_levels_1").known) == 1.0)
    assert np.array_equal(plain(still.get_layer("known_levels_1").known), known_but(trained, "level 3"))
    for network, is_there in ((learnt, True), (still, False)):
        first, second = (plain(network.get_layer(f"linear_{bag}_line").levels)[place] for bag in (0, 1))
        assert np.any(first) and np.any(second) == is_there
    absent = zoo.fine_tune(trained, TABLE[TABLE.d != "level 3"], epochs=1, validation=None, verbose=0).model.network
    assert np.array_equal(plain(absent.get_layer("known_levels_1").known), known_but(trained, "level 3"))


def test_it_has_no_coefficients(trained):
    with pytest.raises(TypeError):
        trained.coefficients()


@pytest.mark.process
def test_a_saved_committee_is_loaded_by_a_process_that_has_built_none(tmp_path):
    """Its layers are those of the entries of its configurations, whose modules a fresh process has not imported."""
    x = np.random.default_rng(0).normal(size=(40, 2))
    built = zoo.build("committee_regressor", (x, x[:, 0]))
    zoo.save(built, tmp_path / "built")
    code = "import sys, zoo; print(len(zoo.load(sys.argv[1]).get_weights()))"
    command = [sys.executable, "-c", code, str(tmp_path / "built")]
    found = subprocess.run(command, capture_output=True, text=True, check=True)
    assert int(found.stdout) == len(built.get_weights())
