"""Keras on PyTorch: the answers and weights of TensorFlow, seeds, exports, and what is refused; KERAS_BACKEND=torch."""

import ast
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest

import zoo
from tests.artifacts.conftest import keepers_notes
from tests.test_zoo import call, encoded, targets
from zoo.engine.workers import devices

pytestmark = pytest.mark.torch

ROOT = Path(__file__).parent.parent
LEARNING = [name for name in zoo.list_models() if zoo.info(name).learning != "none"]
PRESETS = zoo.list_models(pretrained=True)
# Hidden units are drawn anew in each step, by each backend's generator; of a committee, those that its networks drop.
DRAWING = {"restricted_boltzmann_machine", "committee_classifier", "committee_regressor"}
# With Adam it differs by more: Keras on TensorFlow squares the gradients of several lookups of a level one by one.
# RealMLP's Adam moves a weight by up to 1.2 a step, however small its gradient: near 0 rounding decides where to.
BY_SGD = {"logistic_regression", "realmlp_classifier", "realmlp_regressor"}

# In a process: what TensorFlow answers and learns, from what was saved here. `weights` are those after four steps.
BY_TENSORFLOW = """
import sys
import keras, numpy as np
import zoo
from tests.test_torch import LEARNING, PRESETS, answers_and_weights
assert keras.backend.backend() == "tensorflow"
folder, found = sys.argv[1], {}
for name in LEARNING:
    model = zoo.load(f"{folder}/{name}")
    module = type(model.optimizer).__module__
    assert "torch" not in module and model.steps_per_execution == 1, module
    found |= {f"{name} {key}": value for key, value in answers_and_weights(model).items()}
for name in PRESETS:
    model = zoo.load(name)
    found |= {f"{name} {key}": value for key, value in answers_and_weights(model, steps=False).items()}
np.savez(f"{folder}/found.npz", **found)
"""


def answers_and_weights(model, steps=True) -> dict[str, np.ndarray]:
    """Returns a model's outputs on fixed rows, and its weights after four steps on such rows."""
    found = {"answers": call(model, encoded(model))}
    if steps:
        if model.entry.name in BY_SGD:
            model.compile(keras.optimizers.SGD(0.1), model.loss)
        model.fit(encoded(model, 8), targets(model, 8), batch_size=4, epochs=2, shuffle=False, verbose=0)
        found |= {f"weight {i}": weight for i, weight in enumerate(model.get_weights())}
    return found


def process(*arguments, backend):
    environment = {**os.environ, "KERAS_BACKEND": backend, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, env=environment, cwd=ROOT)
    assert done.returncode == 0, done.stderr[-3000:]
    return done


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    """A folder with an artifact of each entry that learns, saved on PyTorch without dropout, and what TensorFlow makes
    of them."""
    folder = tmp_path_factory.mktemp("start")
    for name in LEARNING:
        options = {"dropout": 0.0} if "dropout" in zoo.info(name).options else {}
        zoo.save(zoo.build(name, **options), folder / name)
    process("-c", BY_TENSORFLOW, str(folder), backend="tensorflow")
    return folder


@pytest.fixture(scope="module")
def by_tensorflow(start):
    with np.load(start / "found.npz") as found:
        return dict(found)


@pytest.fixture(scope="module")
def table():
    generator = np.random.default_rng(1)
    data = pd.DataFrame(generator.normal(size=(200, 4)), columns=list("abcd"))
    data["y"] = np.where(data["a"] * data["b"] > 0, "yes", "no")
    return data


def train(table, **how):
    usual = {"target": "y", "hidden_units": (8,), "dropout": 0.5, "epochs": 3, "batch_size": 32, "verbose": 0}
    return zoo.train("mlp_classifier", table, **{**usual, **how})


def assert_same(ours, theirs):
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("name", LEARNING)
def test_what_is_saved_on_pytorch_answers_and_learns_on_tensorflow_as_here(start, by_tensorflow, name):
    found = answers_and_weights(zoo.load(start / name))
    np.testing.assert_allclose(found.pop("answers"), by_tensorflow[f"{name} answers"], rtol=1e-5, atol=1e-5)
    if name not in DRAWING:
        assert len(found) == sum(key.startswith(f"{name} weight") for key in by_tensorflow)
        for key, weight in found.items():
            np.testing.assert_allclose(weight, by_tensorflow[f"{name} {key}"], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", PRESETS)
def test_what_was_saved_on_tensorflow_answers_alike(by_tensorflow, name):
    found = answers_and_weights(zoo.load(name), steps=False)["answers"]
    np.testing.assert_allclose(found, by_tensorflow[f"{name} answers"], rtol=1e-5, atol=1e-5)


def test_an_artifact_names_no_class_of_keras_that_only_pytorch_has(start):
    with zipfile.ZipFile(start / "mlp_classifier" / "model.keras") as archive:
        config = archive.read("config.json").decode()
    assert "torch" not in config
    assert json.loads(config)["compile_config"]["optimizer"]["module"] == "keras.optimizers"
    with zipfile.ZipFile(start / "hodgkin_huxley" / "model.keras") as archive:  # which XLA compiles where there is XLA
        assert json.loads(archive.read("config.json"))["compile_config"]["jit_compile"] is True


def test_a_model_saved_in_executions_of_many_steps_by_xla_is_compiled_for_single_ones(table):
    model = train(table, epochs=0).model
    config = {**model.get_compile_config(), "steps_per_execution": 64, "jit_compile": True}
    model.compile_from_config(config)
    assert (model.steps_per_execution, model.jit_compile) == (1, False)
    assert np.isfinite(model.fit(encoded(model), targets(model), verbose=0).history["loss"]).all()


def test_layers_and_the_entry_s_attributes_are_found_and_no_others():
    model = zoo.build("hopfield")
    assert model.network.get_layer("units") is model.layers[-1].layers[-1]
    assert model.energy(np.ones((1, 100))).shape == (1,)
    with pytest.raises(AttributeError, match="'Model' has no attribute 'no_such_thing'"):
        model.no_such_thing  # noqa: B018  reading it is what raises


def test_the_seed_decides_on_the_weights_bit_for_bit(table):
    import torch

    weights = []
    for state in (1, 2):
        torch.manual_seed(state)  # what the caller drew before does not count
        weights.append(train(table, seed=5, ensemble=2).model.get_weights())
    assert_same(*weights)
    other = train(table, seed=6, ensemble=2).model.get_weights()
    assert not np.array_equal(weights[0][0], other[0])


def test_dropout_draws_anew_in_each_epoch(table):
    """The same rows in the same order: with the same draws a rate of 0 would give the same losses."""
    run = train(table, learning_rate=1e-12, batch_size="full", validation=None, linear=False)
    assert len(set(run.history["loss"])) == 3


def test_building_training_and_answering_have_no_side_effects(table):
    import torch

    def state():
        return torch.get_rng_state().tolist(), torch.is_grad_enabled(), torch.get_default_dtype()

    torch.manual_seed(3)
    before = state()
    model = train(table).model
    assert zoo.predict(model, table.head()).shape[0] == 5
    zoo.build("image_mlp")
    assert state() == before


def test_an_interrupted_run_goes_on_bit_for_bit(table, tmp_path):
    class Stop(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2:
                raise KeyboardInterrupt

    whole = train(table, epochs=4)
    assert train(table, epochs=4, checkpoint=tmp_path, callbacks=[Stop()]).interrupted
    resumed = train(table, epochs=4, checkpoint=tmp_path)
    assert_same(resumed.model.get_weights(), whole.model.get_weights())
    assert resumed.history == whole.history


def test_the_best_epoch_is_kept_and_patience_ends_a_run(table):
    run = train(table, epochs=40, learning_rate=1.0, hidden_units=(16,), linear=False, calibration=False)
    losses = run.history["val_loss"]
    assert len(losses) < 40 and run.stopped.startswith("no better val_loss in")
    np.testing.assert_allclose(run.metrics["val"]["log_loss"], min(losses), rtol=1e-5)


def test_class_and_sample_weights_count(table):
    weighted = table.assign(w=np.where(table["y"] == "yes", 2.0, 1.0))
    how = {"dropout": 0.0, "validation": None}
    by_rows = train(weighted, weight="w", **how).model.get_weights()
    by_class = train(table, class_weight={"yes": 2.0, "no": 1.0}, **how).model.get_weights()
    for one, other in zip(by_rows, by_class, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)
    assert not np.array_equal(by_rows[0], train(table, **how).model.get_weights()[0])


@pytest.mark.parametrize("targets", [["y"], ["u", "v"]])
def test_probabilities_are_calibrated_here_and_by_artifacts_as_there(table, targets, tmp_path):
    """Expected: the lines of numpy that an export has for the same log-odds."""
    frame = table.assign(u=(table["a"] + table["c"].round() > 0).astype(int), v=(table["b"] > 0.5).astype(int))
    frame = pd.concat([frame[[*"abcd", *targets]]] * 2)
    target = targets if len(targets) > 1 else targets[0]
    run = train(frame, target=target, threshold="f1", dropout=0.0, linear=False, validation=frame)
    assert run.recipe["calibration"]["kind"] == "log_odds"
    run.save(tmp_path / "model")
    found = zoo.predict(tmp_path / "model", frame)
    z = keras.ops.convert_to_numpy(run.model.network_outputs(run.model.preprocessor.encode(frame)))
    names = {"np": np, "z": z}
    exec("\n".join(run.model.target.calibration.source()), names)
    p = found[["p_yes"]] if targets == ["y"] else found[["p_u", "p_v"]]
    np.testing.assert_allclose(p, 1 / (1 + np.exp(-names["z"])), atol=1e-5)
    at = np.float32(run.recipe["threshold"]["at"])
    there = found[["label"]] == "yes" if targets == ["y"] else found[["label_u", "label_v"]]
    np.testing.assert_array_equal(there, p >= at)


def test_frozen_layers_stand_still(table):
    model = train(table, linear=False).model
    before = model.get_weights()
    after = zoo.train(model, table, freeze="body", epochs=2, verbose=0).model.get_weights()
    changed = [not np.array_equal(one, other) for one, other in zip(before, after, strict=True)]
    assert changed == [False] * (len(changed) - 2) + [True, True]  # kernel and bias of the head


def test_images_are_augmented_and_seeded():
    generator = np.random.default_rng(0)
    data = generator.integers(0, 256, (32, 8, 8, 1)).astype("uint8"), np.arange(32) % 2
    runs = [zoo.train("image_mlp", data, hidden_units=(4,), epochs=2, batch_size=8, verbose=0) for _ in range(2)]
    assert_same(*(run.model.get_weights() for run in runs))


def test_a_stream_trains(table, tmp_path):
    table.to_csv(tmp_path / "table.csv", index=False)
    data = zoo.data.load(tmp_path / "table.csv", target="y", stream=True)
    weights = [train(data, target=None, epochs=2).model.get_weights() for _ in range(2)]
    assert_same(*weights)
    assert np.isfinite(weights[0][0]).all()


def test_the_solvers_find_the_minimum_of_a_logistic_regression(table):
    """Expected: the gradient of the penalised likelihood at the minimum is 0 (by numpy, from the coefficients)."""
    found = []
    for solver in ("lbfgs", "newton"):
        run = zoo.train("logistic_regression", table, target="y", solver=solver, l2=0.01, epochs=200, verbose=0)
        assert run.stopped.startswith("converged")
        found.append(run.model.coefficients().to_numpy())
    np.testing.assert_allclose(*found, rtol=1e-3, atol=1e-4)


def test_fine_tuning_takes_a_new_column_and_a_new_class(table):
    model = train(table).model
    more = table.assign(e=np.arange(200) % 7, y=np.where(table["c"] > 1.0, "maybe", table["y"]))
    run = zoo.fine_tune(model, more, columns="extend", classes="extend", epochs=2, verbose=0)
    assert run.model.classes == ("no", "yes", "maybe")
    assert len(zoo.predict(run.model, more.head())) == 5


def test_cross_validation_runs_fold_by_fold(table):
    folds = zoo.cross_validate(
        "mlp_classifier", table, target="y", folds=2, epochs=1, hidden_units=(4,), verbose=0
    )  # fmt: skip
    assert len(folds) == 2


def test_old_artifacts_answer_as_they_did_and_go_on():
    folder = ROOT / "tests" / "artifacts" / "formats"
    model, notes = zoo.load(folder / "1"), keepers_notes()
    wanted, found = pd.read_csv(folder / "1.csv"), zoo.predict(model, notes.head(20))
    assert found["label"].tolist() == wanted["label"].tolist()
    np.testing.assert_allclose(found.drop(columns="label"), wanted.drop(columns="label"), atol=1e-5)
    assert zoo.fine_tune(model, notes, epochs=1, verbose=0).metrics["val"]["log_loss"] < 2.0


def test_an_export_is_proved_against_pytorch_s_answers(table, tmp_path):
    report = zoo.export(train(table).model, tmp_path / "served")
    assert (tmp_path / "served" / "1" / "saved_model.pb").is_file()
    assert report.max_difference < 1e-5


def test_passes_in_numpy_train_a_map_as_steps_do():
    x = np.random.default_rng(0).normal(size=(40, 3)).astype("float32")
    how = {"grid": (3, 3), "rule": "batch", "epochs": 5, "verbose": 0}
    passes, steps = (zoo.train("kohonen_map", x, engine=engine, **how).model for engine in ("auto", "keras"))
    np.testing.assert_allclose(passes.codebook, steps.codebook, atol=1e-4)


@pytest.mark.parametrize("engine", ["fused", "xla"])
def test_the_zoo_s_own_loops_are_refused(table, engine):
    with pytest.raises(ValueError, match=f"engine='{engine}'` needs TensorFlow or JAX.*Keras runs on torch.*'auto'"):
        train(table, engine=engine)


def test_several_devices_and_workers_are_refused_with_what_to_do(table, monkeypatch):
    assert train(table, devices="cpu", epochs=0).device.startswith("CPU")
    with pytest.raises(ValueError, match="There are 1 devices: CPU:0.*KERAS_TORCH_DEVICE.*KERAS_BACKEND"):
        train(table, devices=2)
    with pytest.raises(ValueError, match="There is no device GPU:0"):
        train(table, devices=["GPU:0"])
    monkeypatch.setattr(devices, "_torch_gpus", lambda: ["NVIDIA H200"])
    with pytest.raises(ValueError, match=r"GPU \(NVIDIA H200\).*devices='cpu'.*KERAS_TORCH_DEVICE=cpu"):
        train(table, devices="cpu")
    with pytest.raises(ValueError, match="There are 1 devices: GPU:0"):
        train(table, devices=2)
    placement = devices.place("auto")
    assert (placement.several, placement.why) == (False, "on PyTorch Keras trains on one device")
    monkeypatch.setenv(
        "TF_CONFIG", json.dumps({"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "worker", "index": 0}})
    )
    with pytest.raises(ValueError, match="Several workers train on the backends tensorflow and jax. Received: torch"):
        train(table)


@pytest.mark.process
def test_the_command_line_trains_and_says_nothing_on_stderr_of_pytorch(tmp_path):
    known = "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"  # as in setup.cfg
    done = process("-W", "error", "-W", known, "-m", "zoo", "train", "mlp_classifier", "titanic", "--epochs", "1", "-o",
                   str(tmp_path / "out"), backend="torch")  # fmt: skip
    assert "stopped: the limit of 1 epochs" in done.stdout
    assert "torch" not in done.stderr.lower() and "Warning" not in done.stderr


def test_the_program_of_the_chapter_on_softmax_answers_as_numpy_computes_it(tmp_path):
    cells = json.loads((ROOT / "notebooks" / "lecture_11_softmax.ipynb").read_text(encoding="utf-8"))["cells"]
    (cell,) = [source for source in ("".join(cell["source"]) for cell in cells) if source.startswith("PROGRAM = ")]
    program = ast.literal_eval(ast.parse(cell).body[0].value)
    generator = np.random.default_rng(1)
    x, digits = generator.random((200, 64)).astype("float32"), generator.integers(0, 10, 200)
    np.savez(tmp_path / "digits.npz", x=x, digits=digits)
    process("-c", program, str(tmp_path / "digits.npz"), str(tmp_path / "answers.npy"), backend="torch")

    generator = np.random.default_rng(0)  # the weights with which the program begins
    weights = [generator.normal(0, 0.2, shape) for shape in ((64, 32), (32,), (32, 10), (10,))]

    def hidden_and_answers(x):
        hidden = np.maximum(x @ weights[0] + weights[1], 0)
        exponentials = np.exp(hidden @ weights[2] + weights[3])
        return hidden, exponentials / exponentials.sum(axis=1, keepdims=True)

    for first in [*range(0, 200, 20)] * 10:
        rows = slice(first, first + 20)
        hidden, answers = hidden_and_answers(x[rows])
        delta = (answers - np.eye(10)[digits[rows]]) / 20
        behind = delta @ weights[2].T * (hidden > 0)
        slopes = (x[rows].T @ behind, behind.sum(axis=0), hidden.T @ delta, delta.sum(axis=0))
        weights = [weight - 0.1 * slope for weight, slope in zip(weights, slopes)]
    np.testing.assert_allclose(np.load(tmp_path / "answers.npy"), hidden_and_answers(x)[1], atol=1e-4)
