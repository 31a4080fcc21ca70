"""`zoo.fine_tune`: from an artifact, a preset, a `.keras` file or a version, on with other data."""

import keras
import numpy as np
import pandas as pd
import pytest

import zoo
from tests.benchmarks import fine_tuning
from zoo.engine import freezing
from zoo.engine.fitting import Fitted
from zoo.training import inference


@pytest.fixture(scope="module")
def penguins():
    return zoo.data.load("penguins").frame().dropna()


@pytest.fixture(scope="module")
def model(penguins):
    return zoo.train("mlp_classifier", penguins, target="species", hidden_units=(16, 8), epochs=4, verbose=0)


@pytest.mark.parametrize("freeze", ["head_first", "body", "none", 1])
def test_zero_epochs_predict_exactly_as_before(model, penguins, freeze):
    run = zoo.fine_tune(model, penguins, epochs=0, freeze=freeze, verbose=0)
    pd.testing.assert_frame_equal(zoo.predict(run, penguins), zoo.predict(model, penguins), check_exact=True)


def moved(run, model):
    pairs = zip(run.model.network.layers, model.model.network.layers, strict=True)
    return [a.name for a, b in pairs if any(np.any(u.numpy() != v.numpy()) for u, v in zip(a.weights, b.weights))]


@pytest.mark.parametrize(
    ("freeze", "layers"),
    [
        ("body", ["outputs"]),
        ("none", ["hidden_0", "hidden_1", "outputs"]),
        ("head_first", ["hidden_0", "hidden_1", "outputs"]),
        (1, ["hidden_1", "outputs"]),
        (2, ["outputs"]),
    ],
)
def test_freeze_holds_the_layers_it_names(model, penguins, freeze, layers):
    run = zoo.fine_tune(model, penguins, epochs=6, freeze=freeze, validation=None, verbose=0)
    assert moved(run, model) == layers
    assert all(layer.trainable for layer in run.model.network.layers)
    assert run.recipe["freeze"] == freeze
    assert len(run.history["loss"]) == 6


def test_head_first_is_a_third_for_the_head_then_all_at_a_tenth_of_the_rate(model):
    network = model.model.network
    head, rest = freezing.phases(network, "head_first", 30)
    assert (head.epochs, head.rate, rest.epochs, rest.rate) == (10, 1.0, 20, 0.1)
    assert [layer.name for layer in head.frozen] == ["hidden_0", "hidden_1"] and rest.frozen == ()


@pytest.mark.parametrize(("epochs", "parts"), [(0, [0]), (1, [1]), (2, [1, 1]), (4, [2, 2])])
def test_a_part_without_epochs_is_left_out_and_the_run_says_the_limit_of_all(model, penguins, epochs, parts):
    assert [phase.epochs for phase in freezing.phases(model.model.network, "head_first", epochs)] == parts
    run = zoo.fine_tune(model, penguins[:60], epochs=epochs, validation=None, verbose=0)
    assert run.stopped == f"the limit of {epochs} epochs"
    assert [len(values) for values in run.history.values()] == [epochs] * len(run.history)
    assert moved(run, model) == (["hidden_0", "hidden_1", "outputs"] if epochs > 1 else ["outputs"] * epochs)


def test_the_limit_of_all_parts_keeps_what_else_is_said_of_the_end():
    head, rest = freezing.Phase("head", (), 1.0, 3), freezing.Phase("all", (), 0.1, 6)
    left = Fitted({"loss": [0.5] * 2}, "no better val_loss for 1 epochs", False, 0)
    first = freezing.joined(None, left, head, of=[head, rest])
    assert (first.stopped, first.best_epoch) == ("no better val_loss for 1 epochs", 0)
    after = Fitted({"loss": [0.4] * 6}, "the limit of 6 epochs, with loss at 0.4", False, 4)
    both = freezing.joined(first, after, rest, of=[head, rest])
    assert both.stopped == "the limit of 9 epochs, with loss at 0.4"
    assert (both.best_epoch, both.history) == (6, {"loss": [0.5, 0.5, *[0.4] * 6]})


def test_the_second_part_keeps_the_weights_of_the_first_unless_it_is_better(model, penguins):
    run = zoo.fine_tune(model, penguins, epochs=9, learning_rate=0.5, verbose=0)
    best = min(run.history["val_loss"])
    rows = zoo.evaluate(run, penguins, verbose=0)
    assert np.isfinite(rows["log_loss"])
    assert run.metrics["val"]["log_loss"] == pytest.approx(best, rel=1e-4, abs=3e-7)  # float32 near a probability of 1


def test_a_linear_model_is_all_head():
    model = zoo.build("image_mlp", (np.zeros((6, 4, 4), "uint8"), np.arange(6) % 3), hidden_units=())
    assert [phase.name for phase in freezing.phases(model.network, "head_first", 9)] == ["all"]


@pytest.mark.parametrize("freeze", ["tail", -1, 3, True, 1.5])
def test_a_freeze_that_leaves_nothing_or_means_nothing_is_refused(model, penguins, freeze):
    with pytest.raises(ValueError, match="`freeze` must"):
        zoo.fine_tune(model, penguins, freeze=freeze, verbose=0)


def test_unknown_options_are_refused_with_the_known(model, penguins):
    with pytest.raises(ValueError, match=r"Unknown option 'epoch'. Did you mean 'epochs'\?"):
        zoo.fine_tune(model, penguins, epoch=1)
    with pytest.raises(ValueError, match="Unknown option 'schema'"):
        zoo.fine_tune(model, penguins, schema="x.json")


def test_every_kind_of_model_goes_on(model, penguins, tmp_path, monkeypatch):
    from zoo.artifacts import proof

    monkeypatch.setattr(proof, "prove", lambda *_, **__: 0.0)
    model.save(tmp_path / "artifact")
    model.model.save(tmp_path / "lone.keras")
    version = zoo.export(model, tmp_path / "served").path
    for kind in (tmp_path / "artifact", tmp_path / "lone.keras", version):
        run = zoo.fine_tune(kind, penguins, freeze="none", epochs=30, learning_rate=0.03, verbose=0)
        assert run.metrics["val"]["accuracy"] > 0.95
    run = zoo.fine_tune("logistic_regression.penguins", "penguins", optimizer="adam", epochs=20, verbose=0)
    assert run.metrics["test"]["accuracy"] > 0.9


def test_the_card_tells_the_ancestry(model, penguins, tmp_path):
    model.save(tmp_path / "first")
    second = zoo.fine_tune(tmp_path / "first", penguins, epochs=1, verbose=0)
    second.save(tmp_path / "second")
    zoo.fine_tune(tmp_path / "second", penguins, epochs=1, verbose=0).save(tmp_path / "third")
    first, third = zoo.load(tmp_path / "first").card, zoo.load(tmp_path / "third").card
    assert [a["entry"] for a in third["ancestry"]] == ["mlp_classifier"] * 2
    assert third["ancestry"][0]["weights_sha256"] == first["weights_sha256"]
    assert third["weights_sha256"] not in [a["weights_sha256"] for a in third["ancestry"]]


def test_a_run_in_memory_is_an_ancestor_too(model, penguins, tmp_path):
    zoo.fine_tune(model, penguins, epochs=1, verbose=0).save(tmp_path / "m")
    assert zoo.load(tmp_path / "m").card["ancestry"][0]["metrics"]["val"].keys() == model.metrics["val"].keys()


def test_statistics_are_kept(model, penguins):
    heavier = penguins.assign(body_mass_g=penguins["body_mass_g"] * 3)
    run = zoo.fine_tune(model, heavier, epochs=1, verbose=0)
    assert run.model.preprocessor.states == model.model.preprocessor.states


def test_columns_of_weights_and_groups_are_no_new_columns(model, penguins):
    weighted = penguins.assign(w=1.0, g=np.arange(len(penguins)) // 4)
    run = zoo.fine_tune(model, weighted, weight="w", groups="g", epochs=1, verbose=0)
    assert run.model.schema.names == model.model.schema.names


def test_ignored_columns_are_no_new_columns_and_old_ones_are_left_behind(model, penguins):
    more = penguins.assign(tag=np.arange(len(penguins)))
    settings = {"epochs": 1, "verbose": 0}
    run = zoo.fine_tune(model, more, ignore="tag", **settings)
    assert run.model.schema.names == model.model.schema.names and run.data["ignore"] == ["tag"]
    with pytest.raises(ValueError, match=r"no column 'tga' to ignore. Did you mean 'tag'"):
        zoo.fine_tune(model, more, ignore=["tga"], **settings)
    held_out = more.iloc[::4].assign(w=1.0)  # no column of it is told to be unknown
    run = zoo.fine_tune(model, more.assign(w=1.0), ignore="tag", weight="w", validation=held_out, **settings)
    assert run.data["rows"]["val"] == len(held_out) and run.data["ignore"] == ["tag"]
    run = zoo.fine_tune(model, more, ignore=("tag", "island"), columns="new", **settings)
    assert set(model.model.schema.names) - set(run.model.schema.names) == {"island"}
    assert len(zoo.predict(run, penguins.drop(columns="island"))) == len(penguins)


@pytest.mark.slow
def test_what_was_learned_of_five_digits_helps_with_the_other_five():
    """20 examples a class of the digits 5 to 9: 5 points are asked for, here of 2 of the benchmark's 5 seeds."""
    scores = fine_tuning.measure(2, defaults_only=True).mean()
    assert scores["zoo.fine_tune"] > scores["zoo.train"] + 0.05
    assert scores["zoo.fine_tune"] > 0.9


def of_values(low, high, several=False):
    """Returns rows whose targets reach from `low` to `high`."""
    x = np.linspace(0.0, 1.0, 40)
    frame = pd.DataFrame({"x": x, "y": low + (high - low) * x})
    return frame.assign(z=-frame["y"]) if several else frame


@pytest.mark.parametrize(("entry", "several"), [("realmlp_regressor", False), ("mlp_regressor", True)])
def test_answers_that_are_cut_reach_the_targets_of_further_rows(entry, several):
    target = ["y", "z"] if several else "y"
    how = {"validation": None, "epochs": 1, "verbose": 0}
    shape = {"hidden_units": (4,), "output_activation": "clip"}
    run = zoo.train(entry, of_values(0.0, 10.0, several), target=target, **shape, **how)
    first, more = run.model, of_values(-50.0, 100.0, several)

    def ends(model):
        standard = np.array([[-1e3], [1e3]], "float32").repeat(2 if several else 1, axis=1)
        return np.round(keras.ops.convert_to_numpy(model.decide(standard))[:, 0], 3).tolist()

    def answers():
        return [zoo.predict(first, more), inference.outputs(first, first.preprocessor.encode(more))]

    answers()  # compiled with the first ends
    tuned = zoo.fine_tune(run, more, freeze="none", **how)
    assert ends(first) == [0.0, 10.0]  # it stays as it is
    assert ends(tuned.model) == [-50.0, 100.0]
    assert ends(zoo.fine_tune(tuned, of_values(0.0, 1.0, several), **how).model) == [-50.0, 100.0]
    went_on = zoo.train(first, more, target=target, **how).model
    assert went_on is first and ends(first) == [-50.0, 100.0]
    head = first.network.get_layer("outputs")
    head.bias.assign(head.bias + 1e3)
    assert [np.max(some) for some in answers()] == pytest.approx([100.0, 100.0], abs=1e-3)


def test_a_model_whose_values_stay_between_ends_says_that_further_targets_lie_beyond():
    how = {"validation": None, "epochs": 1, "verbose": 0}
    run = zoo.train(
        "mlp_regressor", of_values(0.0, 10.0), target="y", hidden_units=(4,), output_activation="sigmoid", **how
    )
    zoo.fine_tune(run, of_values(2.0, 9.0), **how)  # between them, nothing is said
    said = r"'y': by output_activation='sigmoid' the model answers numbers from 0 to 10 alone, .* from -50 to 100"
    with pytest.warns(zoo.DataWarning, match=said):
        tuned = zoo.fine_tune(run, of_values(-50.0, 100.0), **how)
    assert tuned.model.target.ends == (0.0, 10.0)
