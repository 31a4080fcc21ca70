"""TabM: its formulas in numpy, forward and one step; a table end to end, with its members pruned; bad input."""

import keras
import numpy as np
import pandas as pd
import pytest

import zoo
from tests.artifacts.conftest import keepers_notes
from tests.engine.test_precision import policy
from zoo.artifacts.card import line_of_card
from zoo.data.preprocessing import Preprocessor
from zoo.data.sources import load
from zoo.engine.costs import training_flops
from zoo.layers.losses import NetworkLoss, squared_error
from zoo.model import Model
from zoo.models.tabm import tabm
from zoo.registry import Spec

K, BINS, SIZE, UNITS = 3, 4, 2, 5
SPEC = Spec("regression", num_numeric=3, num_quantile=2, categorical_sizes=(3,))
SMALL = {"members": K, "hidden_units": (UNITS,), "num_bins": BINS, "embedding_size": SIZE, "dropout": 0.0}
ROWS = {
    "numeric": np.random.default_rng(0).normal(size=(6, 3)).astype("float32"),
    "quantile": np.random.default_rng(1).random((6, 2)).astype("float32"),
    "categorical": np.array([[0], [1], [2], [1], [2], [0]], "int32"),
}
NAMES = ("slopes", "bias", "bends", "scale", "kernel", "hidden_bias", "head", "head_bias")


def plain(tensor):
    return keras.ops.convert_to_numpy(tensor)


def with_weights(network, seed=2):
    """Gives a network weights that are not what it begins with, and returns them in float64 by name."""
    generator = np.random.default_rng(seed)
    weights = [generator.normal(size=weight.shape).astype("float32") for weight in network.weights]
    network.set_weights(weights)
    return dict(zip(NAMES, (weight.astype("float64") for weight in weights), strict=True))


def features(w, rows):
    """Returns the features of rows `(rows, columns)`, the ramps of their ranks and x of the vectors, by numpy."""
    ranks = rows["quantile"].astype("float64")
    ramps = np.clip(ranks[:, :, None] * BINS - np.arange(BINS), 0.0, 1.0) - 0.5
    x = np.sqrt(12.0) * (ranks - 0.5)
    vectors = x[:, :, None] * w["slopes"] + w["bias"] + np.einsum("nib,ibe->nie", ramps, w["bends"])
    levels = (rows["categorical"] == [1, 2]).astype("float64")
    return np.concatenate([rows["numeric"], vectors.reshape(len(ranks), -1), levels], axis=1), ramps, x


def answers(w, rows):
    """Returns the members' values `(members, rows)`."""
    scaled = features(w, rows)[0] * w["scale"][:, None]  # (members, rows, columns)
    hidden = np.maximum(scaled @ w["kernel"] + w["hidden_bias"], 0.0)
    return (hidden @ w["head"] + w["head_bias"][:, None])[..., 0]


def test_members_answer_by_the_formulas_of_the_paper():
    network = tabm(SPEC, **SMALL)
    w = with_weights(network)
    found = plain(network(ROWS))
    assert found.shape == (6, K, 1)
    np.testing.assert_allclose(found[..., 0], answers(w, ROWS).T, rtol=1e-4, atol=1e-5)


def model_of(network, y):
    """Returns a compiled model of a network on the tensors of `ROWS`."""
    frame = pd.DataFrame({"a": np.linspace(0, 1, 6)})
    preprocessor = Preprocessor(load((frame, y)).schema.with_task("regression", y)).fit(frame, y)
    model = Model(network, entry="tabm_regressor", preprocessor=preprocessor, decision=None)
    model.compile(keras.optimizers.SGD(0.1), NetworkLoss(squared_error))
    return model


def test_a_step_moves_shared_weights_by_the_members_together_and_own_ones_by_each_alone():
    network = tabm(SPEC, **SMALL)
    w = with_weights(network)
    y = np.array([0.5, -1.0, 2.0, 0.0, 1.0, -0.5])
    model = model_of(network, y)
    encoded = model.target.for_network(model.target.training(model.target.encode(y)))
    model.train_on_batch(ROWS, y)
    h, ramps, x = features(w, ROWS)
    scaled = h * w["scale"][:, None]
    before = scaled @ w["kernel"] + w["hidden_bias"]
    hidden = np.maximum(before, 0.0)
    z = (hidden @ w["head"] + w["head_bias"][:, None])[..., 0]
    dz = 2.0 * (z - np.ravel(plain(encoded))) / len(y)  # of each member's mean squared error, (members, rows)
    dbefore = dz[..., None] * w["head"][:, None, :, 0] * (before > 0)
    dscaled = dbefore @ w["kernel"].T
    dvectors = np.sum(w["scale"][:, None] * dscaled, axis=0)[:, 3:7].reshape(6, 2, SIZE)
    gradients = {
        "slopes": np.einsum("ni,nie->ie", x, dvectors),
        "bias": dvectors.sum(axis=0),
        "bends": np.einsum("nib,nie->ibe", ramps, dvectors),
        "scale": np.sum(h * dscaled, axis=1),
        "kernel": np.einsum("mnf,mnu->fu", scaled, dbefore),
        "hidden_bias": dbefore.sum(axis=(0, 1)),
        "head": np.einsum("mnu,mn->mu", hidden, dz)[..., None],
        "head_bias": dz.sum(axis=1)[:, None],
    }
    for name, found in zip(NAMES, network.get_weights(), strict=True):
        np.testing.assert_allclose(found, w[name] - 0.1 * gradients[name], rtol=1e-3, atol=1e-4, err_msg=name)


def test_a_member_begins_with_one_normal_number_for_each_feature_of_the_table():
    spec = Spec("regression", num_numeric=2, num_quantile=2, categorical_sizes=(3, 30))
    network = tabm(spec, members=500, hidden_units=(4,), embedding_size=3)
    scale = plain(network.get_layer("scale").scale)
    assert scale.shape == (500, 2 + 2 * 3 + 2 + 3)
    starts = [0, 1, 2, 5, 8, 10]  # numbers, vectors of ranks, indicators, a vector of a level
    for first, last in zip(starts, [*starts[1:], 13], strict=True):
        np.testing.assert_array_equal(scale[:, first:last], np.repeat(scale[:, [first]], last - first, axis=1))
    drawn = scale[:, starts]
    assert len(np.unique(drawn)) > 0.99 * drawn.size
    assert abs(drawn.mean()) < 0.05 and abs(drawn.std() - 1.0) < 0.05  # 3,000 numbers of N(0, 1)


def test_heads_begin_as_pytorch_s_layers_and_beside_a_line_at_zero():
    spec = Spec("classification", num_outputs=3, num_numeric=4, num_linear=4)
    alone = tabm(spec, members=8, hidden_units=(64,))
    for name, most in (("hidden_0", 4**-0.5), ("outputs", 64**-0.5)):
        kernel = plain(alone.get_layer(name).kernel)
        assert np.abs(kernel).max() <= most and kernel.std() == pytest.approx(most / 3**0.5, rel=0.1)
    beside = tabm(Spec(**{**vars(spec), "linear": True}), members=8, hidden_units=(64,))
    kernel = plain(beside.get_layer("outputs").kernel)
    assert not np.any(kernel[1::2]) and np.all(np.any(kernel[::2], axis=(1, 2)))
    assert kernel[::2].std() == pytest.approx(64**-0.5 / 3**0.5, rel=0.1)


def test_a_line_is_added_to_what_every_second_member_gives():
    network = tabm(Spec("regression", num_numeric=3, num_linear=3, linear=True), **SMALL)
    x, head = ROWS["numeric"], network.get_layer("outputs")
    head.set_weights([0.0 * weight for weight in head.get_weights()])
    network.get_layer("line").set_weights([np.array([[1.0], [2.0], [3.0]]), np.array([0.5])])
    found = plain(network({"numeric": x, "linear": x}))
    line = x @ [1.0, 2.0, 3.0] + 0.5
    np.testing.assert_allclose(found, line[:, None, None] * np.array([0.0, 1.0, 0.0])[:, None], rtol=1e-5)


def test_vectors_are_no_wider_than_the_bins_that_the_budget_allows():
    spec = Spec("regression", num_numeric=9, num_quantile=9, max_bins=3)
    assert tabm(spec, embedding_size=8).get_layer("embedding").kernel.shape == (9, 3, 3)


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"members": 1}, "`members` must be an integer, 2 or more. Received: members=1"),
        ({"members": True}, "`members` must be"),
        ({"kept_members": 1}, "`kept_members` must be an integer, 2 or more. Received: kept_members=1"),
        ({"hidden_units": ()}, "`hidden_units` must be positive integers, one a layer. Received: hidden_units=()"),
        ({"dropout": 1.0}, "`dropout` must be a share in"),
        ({"embedding_size": 0}, "`embedding_size` must be at least 1. Received: embedding_size=0"),
        ({"num_bins": 0}, "`num_bins` must be at least 1. Received: num_bins=0"),
    ],
)
def test_an_option_out_of_its_range_is_refused(option, message):
    with pytest.raises(ValueError, match=message.replace("(", r"\(").replace(")", r"\)")):
        tabm(SPEC, **option)


# A table end to end.

SHAPE = {"members": 4, "kept_members": 2, "hidden_units": (8, 6), "num_bins": 6, "embedding_size": 3}
QUICK = {**SHAPE, "verbose": 0}


def table():
    """Notes with a column of many levels, of which vectors are learned."""
    frame = keepers_notes()
    frame["keeper"] = [f"keeper {i % 23}" for i in range(len(frame))]
    return frame.drop(columns=["note", "arrived"])


@pytest.fixture(scope="module")
def run():
    return zoo.train("tabm_classifier", table(), target="mood", epochs=8, **QUICK)


def logits(model, x):
    """Returns the members' logits `(rows, members, classes)`."""
    return plain(model.network(model.preprocessor.encode(x), training=False))


def test_a_run_keeps_the_members_that_answer_validation_rows_best_together(run):
    assert run.model.members == run.model.options["members"] == 2
    assert run.model.network.get_layer("outputs").kernel.shape[0] == 2
    assert run.metrics["val"]["accuracy"] > 0.4


def test_probabilities_are_the_mean_of_the_members(run):
    z = logits(run.model, table()).astype("float64")
    p = np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True)
    answered = zoo.predict(run, table())[[f"p_{name}" for name in run.model.classes]]
    np.testing.assert_allclose(answered, p.mean(axis=1), rtol=1e-4, atol=1e-6)


def test_an_artifact_holds_the_kept_members_and_trains_further(run, tmp_path):
    run.save(tmp_path / "moods")
    again = zoo.load(tmp_path / "moods")
    assert again.members == again.options["members"] == 2
    pd.testing.assert_frame_equal(zoo.predict(again, table()), zoo.predict(run, table()), check_exact=True)
    tuned = zoo.fine_tune(again, table(), epochs=2, verbose=0).model
    assert tuned.members == 2
    moved = [np.any(a != b) for a, b in zip(tuned.network.get_weights(), again.network.get_weights(), strict=True)]
    assert any(moved)


@pytest.mark.tensorflow
def test_new_columns_levels_and_classes_leave_each_member_s_answers(run):
    grown = table().assign(length=np.arange(120) / 60)
    grown.loc[:5, "keeper"] = "a new one"
    grown.loc[:9, "mood"] = "shy"
    adapted = zoo.adapt(run, grown, columns="extend", classes="extend")
    assert adapted.classes == ("kind", "lazy", "wild", "shy")
    now = logits(adapted, table().assign(length=1.0))
    np.testing.assert_allclose(now[..., :3], logits(run.model, table()), rtol=1e-5, atol=1e-5)
    fresh = zoo.adapt(run, grown.drop(columns="length"), columns="extend", classes="new").network
    assert np.abs(plain(fresh.get_layer("outputs").kernel)).max() <= 6**-0.5  # as a fresh network begins


@pytest.mark.tensorflow
def test_a_column_that_grows_from_indicators_to_vectors_leaves_the_answers():
    frame = pd.DataFrame({"c": [f"level {i % 8}" for i in range(80)], "x": np.arange(80.0), "y": np.arange(80.0) % 7})
    model = zoo.train("tabm_regressor", frame, target="y", epochs=1, **{**QUICK, "embedding_size": 8}).model
    grown = pd.concat([frame, frame.assign(c="level 8")], ignore_index=True)
    adapted = zoo.adapt(model, grown, columns="extend")
    assert model.network.get_layer("levels").small and adapted.network.get_layer("levels").large
    np.testing.assert_allclose(logits(adapted, frame), logits(model, frame), rtol=1e-4, atol=1e-5)


@pytest.mark.tensorflow
def test_members_keep_the_size_of_their_images():
    images = np.random.default_rng(0).integers(0, 256, (12, 6, 6, 1), dtype="uint8")
    model = zoo.build("tabm_classifier", (images, np.arange(12) % 2), members=2, hidden_units=(4,))
    larger = images.repeat(2, axis=1).repeat(2, axis=2)
    with pytest.raises(ValueError, match="has a weight for each pixel, and takes images of one size"):
        zoo.adapt(model, (larger, np.arange(12) % 2), image_size=(12, 12))


@pytest.mark.tensorflow
def test_the_first_number_and_the_last_one_come_and_go():
    frame = pd.DataFrame({"a": ["x", "z"] * 20, "y": np.arange(40.0)})
    model = zoo.build("tabm_regressor", frame, target="y", **SHAPE)
    grown = zoo.adapt(model, frame.assign(b=np.arange(40.0) ** 2), columns="extend")
    assert grown.network.get_layer("embedding").kernel.shape == (1, 6, 3)
    answers = [logits(each, frame.assign(b=3.0)[[*each.schema.names]]) for each in (model, grown)]
    np.testing.assert_allclose(*answers, rtol=1e-5, atol=1e-6)
    fewer = zoo.adapt(grown, frame, columns="new")
    np.testing.assert_allclose(logits(fewer, frame), answers[0], rtol=1e-5, atol=1e-6)


@pytest.mark.tensorflow
@pytest.mark.parametrize("format", ["tf_saved_model", "onnx", "litert", "numpy"])
def test_an_export_answers_as_the_members_do(run, format, quick_proof, tmp_path):
    assert zoo.export(run, tmp_path / "moods", format=format).max_difference < 1e-5


def numbers_and_a_level(rows=90):
    """A table whose folds have the same columns and levels."""
    generator = np.random.default_rng(0)
    frame = pd.DataFrame(generator.normal(size=(rows, 3)), columns=["a", "b", "c"]).assign(
        d=["x", "y", "z"] * (rows // 3)
    )
    return frame.assign(
        mood=np.where(frame["a"] + frame["b"] ** 2 > 1, "kind", np.where(frame["c"] > 0, "lazy", "wild"))
    )


@pytest.mark.tensorflow
@pytest.mark.parametrize("linear", [False, True])
def test_folds_train_as_one_program_to_the_members_that_each_keeps_alone(linear):
    how = {**QUICK, "dropout": 0.0, "linear": linear, "target": "mood", "folds": 2, "epochs": 2}
    together = zoo.cross_validate("tabm_classifier", numbers_and_a_level(), **how)
    assert together.attrs["at_once"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("zoo.engine.members.plan_members.obstacle_of_models", lambda *_, **__: "this test")
        alone = zoo.cross_validate("tabm_classifier", numbers_and_a_level(), **how)
    assert not alone.attrs["at_once"]
    pairs = [table_of_scores.attrs["predictions"].iloc[:, 1:].to_numpy() for table_of_scores in (together, alone)]
    np.testing.assert_allclose(*pairs, rtol=1e-4, atol=1e-6)


@pytest.mark.tensorflow
def test_without_validation_rows_all_members_stay():
    run = zoo.train("tabm_classifier", table(), target="mood", validation=None, epochs=1, **QUICK)
    assert run.model.members == 4


@pytest.mark.tensorflow
def test_several_targets_are_answered_by_the_mean_of_the_members():
    frame = table()[["class", "keeper", "2nd visit", "A", "Größe"]]
    run = zoo.train("tabm_regressor", frame, target=["A", "Größe"], epochs=2, **QUICK)
    target = run.model.target
    values = logits(run.model, frame).mean(axis=1) * target.scale + target.center
    np.testing.assert_allclose(zoo.predict(run, frame).to_numpy(), values, rtol=1e-4)


@pytest.mark.tensorflow
def test_labels_that_do_not_exclude_each_other_are_answered_by_the_mean_of_the_members():
    frame = table()
    y = np.stack([frame["A"] > 4, frame["A"] % 2 == 0], axis=1).astype("int64")
    run = zoo.train("tabm_classifier", (frame[["A", "Größe"]], y), epochs=2, **QUICK)
    assert run.model.task.name == "multilabel" and run.model.members == 2
    p = 1.0 / (1.0 + np.exp(-logits(run.model, frame[["A", "Größe"]]).astype("float64")))
    np.testing.assert_allclose(run.model.predict(frame[["A", "Größe"]], verbose=0), p.mean(axis=1), rtol=1e-4)


@pytest.mark.tensorflow
def test_members_train_in_half_precision_and_answer_in_float32():
    with policy("mixed_bfloat16"):
        run = zoo.train("tabm_classifier", table(), target="mood", epochs=1, **QUICK)
    assert run.recipe["dtype_policy"] == "mixed_bfloat16"
    assert run.model.network.get_layer("hidden_0").compute_dtype == "bfloat16"
    z = logits(run.model, table())
    assert z.dtype == np.float32 and np.all(np.isfinite(z))


def test_a_shared_kernel_counts_for_each_member_in_what_a_step_costs():
    network = tabm(SPEC, **SMALL)
    columns = 3 + 2 * SIZE + 2
    products = K * columns + K * columns * UNITS + K * (UNITS + 1)  # of the scales, the hidden layer and the heads
    vectors = 2 * SIZE + 2 * SIZE + 2 * BINS * SIZE
    assert training_flops(network, 10) == 60.0 * (products + vectors)


# The end of a training.


@pytest.mark.tensorflow
def test_a_model_that_trains_keeps_all_members_and_its_run_has_those_that_are_kept():
    frame = numbers_and_a_level()
    model = zoo.build("tabm_classifier", frame, target="mood", linear=False, **SHAPE)
    own = keras.optimizers.SGD(0.1)
    run = zoo.train(model, frame, optimizer=own, epochs=1, verbose=0)
    assert (model.members, run.model.members) == (4, 2)
    assert type(run.model.optimizer) is keras.optimizers.SGD and run.model.optimizer is not model.optimizer
    every = plain(model.network.get_layer("outputs").kernel)
    assert all(
        any(np.array_equal(kept, one) for one in every) for kept in plain(run.model.network.get_layer("outputs").kernel)
    )
    again = zoo.train(run.model, frame, epochs=1, verbose=0).model
    assert again is run.model  # there is none to leave out


@pytest.mark.tensorflow
def test_a_run_says_which_members_it_kept_and_the_model_that_trained_trains_on(tmp_path, capsys):
    frame, said = numbers_and_a_level(), "2 of 4 members kept, whose mean answers the validation rows best"
    model = zoo.build("tabm_classifier", frame, target="mood", **SHAPE)
    rate = float(model.optimizer.learning_rate)
    run = zoo.train(model, frame, epochs=1)
    assert said in capsys.readouterr().out.splitlines()[-1]
    assert run.recipe["finished"] == said and said in repr(run) and said in run._repr_html_()
    run.save(tmp_path / "run")
    assert f"At the end of the training: {said}." in (tmp_path / "run" / "README.md").read_text()
    assert [float(one.optimizer.learning_rate) for one in (model, run.model)] == pytest.approx([rate] * 2)
    assert all(int(one.optimizer.iterations) == 0 for one in (model, run.model))  # both are compiled anew
    assert "finished" not in zoo.train(run, frame, epochs=1, verbose=0).recipe


@pytest.mark.tensorflow
def test_the_kept_members_are_those_of_the_lowest_loss_of_validation_rows():
    frame = numbers_and_a_level()
    model = zoo.build("tabm_classifier", frame, target="mood", **SHAPE)
    held_out = frame[:30]
    run = zoo.train(model, frame[30:], validation=held_out, epochs=2, verbose=0)
    z = logits(model, held_out).astype("float64")
    p = np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True)
    truth = np.searchsorted(model.classes, held_out["mood"])

    def loss(members):
        return -np.mean(np.log(p[:, members].mean(axis=1)[np.arange(30), truth]))

    first = min(range(4), key=lambda m: loss([m]))
    second = min(set(range(4)) - {first}, key=lambda m: loss([first, m]))
    kept = sorted([first, second])
    np.testing.assert_allclose(logits(run.model, held_out), z[:, kept], rtol=1e-4, atol=1e-6)


@pytest.mark.tensorflow
def test_where_a_line_is_the_answer_members_say_nothing_but_the_line():
    generator = np.random.default_rng(0)
    frame = pd.DataFrame(generator.normal(size=(90, 3)), columns=list("abc"))
    frame["y"] = frame["a"] - 2.0 * frame["b"] + 1e-3 * generator.normal(size=90)
    shape = {"members": 6, "kept_members": 4, "hidden_units": (8,)}
    run = zoo.train("tabm_regressor", frame, target="y", epochs=1, **shape, verbose=0)
    assert run.recipe["finished"].endswith("answers the validation rows best, 4 of them the line alone")
    design = np.column_stack([frame[["a", "b", "c"]], np.ones(90)])
    by_hand = design @ np.linalg.lstsq(design, frame["y"], rcond=None)[0]
    np.testing.assert_allclose(zoo.predict(run, frame)["prediction"], by_hand, atol=5e-3)
    loaded = zoo.fine_tune(run, frame, epochs=1, freeze=None, verbose=0)  # heads of zero learn again
    assert np.isfinite(zoo.predict(loaded, frame)["prediction"]).all()


@pytest.mark.tensorflow
def test_a_network_without_a_line_that_learnt_by_keras_s_fit_goes_on_without():
    frame = numbers_and_a_level()
    model = zoo.build("tabm_classifier", frame, target="mood", **SHAPE)
    model.fit(frame, epochs=1, verbose=0)
    run = zoo.train(model, frame, epochs=1, verbose=0)
    assert "finished" in run.recipe
    assert not any(np.any(weight) for weight in model.network.get_layer("line").get_weights())


def line_and_noise(rows=90):
    generator = np.random.default_rng(0)
    frame = pd.DataFrame(generator.normal(size=(rows, 3)), columns=list("abc"))
    frame["y"] = np.where(frame["a"] - frame["b"] + 0.3 * generator.normal(size=rows) > 0, "up", "down")
    return frame


@pytest.mark.tensorflow
def test_beside_a_new_head_the_line_is_solved_anew():
    frame = line_and_noise()
    run = zoo.train("tabm_classifier", frame, target="y", epochs=1, **QUICK)
    third = frame.assign(y=np.where(frame["c"] > 0.8, "new", frame["y"]))
    again = zoo.fine_tune(run, third, classes="new", epochs=1, verbose=0)
    assert again.recipe["linear"]["rows"] > 0
    assert np.any(plain(again.model.network.get_layer("line").kernel))


@pytest.mark.tensorflow
def test_members_that_are_the_line_alone_stay_so_with_a_further_class():
    frame = line_and_noise()
    run = zoo.train("tabm_classifier", frame, target="y", epochs=1, **QUICK)
    network = run.model.network
    for name, value in (("outputs", 0.0), ("sum", 1.0)):
        layer = network.get_layer(name)
        layer.set_weights([np.full_like(weight, value) for weight in layer.get_weights()])
    third = frame.assign(y=np.where(frame["c"] > 0.8, "new", frame["y"]))
    adapted = zoo.adapt(run, third, classes="extend")
    assert not any(np.any(weight) for weight in adapted.network.get_layer("outputs").get_weights())


@pytest.mark.tensorflow
def test_where_no_kept_member_has_the_line_none_is_told_of():
    frame = line_and_noise().drop(columns="y").assign(y=lambda rows: np.abs(rows["a"]) + np.abs(rows["b"]))
    run = zoo.train("tabm_regressor", frame, target="y", epochs=1, **QUICK)
    layer = run.model.network.get_layer("sum")
    layer.set_weights([np.zeros_like(weight) for weight in layer.get_weights()])
    with pytest.raises(TypeError, match="None of the 2 members that were kept has it"):
        run.model.coefficients()
    again = zoo.train(run, frame, epochs=1, verbose=0)
    assert again.recipe["linear"]["members"] == 0
    said = "A ridge regression was solved; no member that was kept has it beside its hidden layers."
    assert line_of_card({"task": "regression", "recipe": {"linear": {"members": 0}}}) == said


# Bad input.


@pytest.mark.tensorflow
@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"a": [1.0, 2.0, 3.0, 4.0, 5.0], "y": [0.0, 1.0, 2.0, 3.0, 4.0]}),
        pd.DataFrame({"a": np.ones(40), "b": np.arange(40.0), "y": np.arange(40.0)}),
        pd.DataFrame({"a": np.arange(40.0), "y": np.ones(40)}),
        pd.DataFrame({"a": ["x", "z"] * 20, "y": np.arange(40.0)}),
    ],
    ids=["5 rows", "a constant column", "a constant target", "no number"],
)
def test_meagre_tables_give_finite_answers(frame):
    run = zoo.train("tabm_regressor", frame, target="y", epochs=1, **QUICK)
    assert np.all(np.isfinite(zoo.predict(run, frame)["prediction"]))


@pytest.mark.tensorflow
def test_three_hundred_classes_and_a_thousand_columns_are_learnt():
    generator = np.random.default_rng(0)
    x = generator.normal(size=(600, 1000)).astype("float32")
    frame = pd.DataFrame(x, columns=[f"x{i}" for i in range(1000)]).assign(y=[f"class {i % 300}" for i in range(600)])
    run = zoo.train("tabm_classifier", frame, target="y", epochs=1, linear=False, **QUICK)
    assert len(run.model.classes) == 300 and "embedding" not in {layer.name for layer in run.model.network.layers}
