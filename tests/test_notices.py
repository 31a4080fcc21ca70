"""Terminals and notebooks show the zoo's own lines, and TensorFlow's log lines only if the user asks for them."""

import contextlib
import logging
import os
import subprocess
import sys

import pytest

from zoo import notices

SAID = [
    b"WARNING: All log messages before absl::InitializeLog() is called are written to STDERR\n",
    b"I0000 00:00:1795980870.464141   19736 port.cc:153] oneDNN custom operations are on.\n",
    b"W0000 00:00:1795980871.464141   19736 some-file_1.cc:9] Something may be slow.\n",
    b"E0000 00:00:1795980903.180958   19736 cuda_platform.cc:52] failed call to cuInit: UNKNOWN ERROR (303)\n",
    b"F1129 19:20:41.000001       7 cpu.cc:1] This machine has no such instructions.\n",
    b"INFO: Created TensorFlow Lite XNNPACK delegate for CPU.\n",
]
OTHERS = [b"I am no notice\n", b"INFO: a program's own log\n", b"E0000: another's\n", "ошибка\n".encode(), b"no end"]


def shown(capfd, level, lines, error=None):
    """Returns the lines that standard error shows of those written in a quiet block."""
    with pytest.MonkeyPatch.context() as patch, contextlib.suppress(KeyError):
        patch.setenv(notices.VARIABLE, level)
        with notices.quiet():
            for line in lines:
                os.write(2, line)
            if error:
                raise error
    return capfd.readouterr().err.encode().splitlines(keepends=True)


@pytest.mark.parametrize(
    ("level", "kept"), [("0", SAID), ("1", SAID[2:5]), ("2", SAID[3:5]), ("3", SAID[4:5]), ("no level", SAID)]
)
def test_lines_are_left_out_as_tensorflow_s_level_says(capfd, level, kept):
    assert shown(capfd, level, SAID + OTHERS) == kept + OTHERS


def test_an_error_shows_all_that_was_said(capfd):
    assert shown(capfd, "3", SAID + OTHERS, error=KeyError("k")) == SAID + OTHERS


def test_python_s_own_lines_stay_in_their_order(capfd, monkeypatch):
    monkeypatch.setenv(notices.VARIABLE, "3")
    print("before", file=sys.stderr)
    with notices.quiet():
        os.write(2, SAID[0])
        print("within", file=sys.stderr)
        os.write(2, SAID[1])
    print("after", file=sys.stderr)
    assert capfd.readouterr().err == "before\nwithin\nafter\n"


def test_a_block_of_another_thread_or_within_one_leaves_standard_error_as_it_was(capfd, monkeypatch):
    monkeypatch.setenv(notices.VARIABLE, "3")
    before = os.fstat(2)
    first, second = notices.quiet(), notices.silent()  # the first to begin is the first to end, as threads may be
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    second.__exit__(None, None, None)
    os.write(2, b"seen\n")
    assert os.path.samestat(before, os.fstat(2)) and capfd.readouterr().err == "seen\n"


def test_all_is_left_out_in_a_silent_block_unless_it_is_asked_for(capfd, monkeypatch):
    for level in ("3", "1", "0"):
        monkeypatch.setenv(notices.VARIABLE, level)
        with notices.silent():
            os.write(2, level.encode())
    assert capfd.readouterr().err == "0"


@pytest.mark.process
def test_a_process_without_standard_error_is_none_the_worse():
    code = "import os; os.close(2); os.environ['TF_CPP_MIN_LOG_LEVEL'] = '3'; from zoo import notices\n"
    code += "with notices.quiet(): print('done')"
    assert subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, check=True).stdout == b"done\n"


@pytest.mark.parametrize(
    ("before", "loaded", "hidden", "debugged"),
    [(None, False, "3", "0"), (None, True, None, "0"), ("3", False, "3", "3"), ("1", False, "1", "1")],
)
def test_the_level_is_set_where_it_is_unset_and_tensorflow_is_not_there(monkeypatch, before, loaded, hidden, debugged):
    monkeypatch.setattr(notices, "_set_here", False)
    monkeypatch.delenv(notices.VARIABLE, raising=False)
    if before is not None:
        monkeypatch.setenv(notices.VARIABLE, before)
    monkeypatch.setitem(sys.modules, "tensorflow", sys) if loaded else monkeypatch.delitem(
        sys.modules, "tensorflow", raising=False
    )
    notices.hide()
    assert os.environ.get(notices.VARIABLE) == hidden
    notices.show()
    assert os.environ.get(notices.VARIABLE) == debugged


def test_logs_below_a_warning_are_left_out_in_the_block_alone(monkeypatch, caplog):
    logger = logging.getLogger("tensorflow")
    monkeypatch.setattr(logger, "propagate", True)
    caplog.set_level(logging.INFO, logger="tensorflow")

    def said(level):
        monkeypatch.setenv(notices.VARIABLE, level)
        caplog.clear()
        with notices.unlogged():
            logger.info("within")
            logger.warning("retracing")
        logger.info("after")
        return caplog.messages

    assert said("3") == ["retracing", "after"]
    assert said("0") == ["within", "retracing", "after"]


def run(words, folder, **environment):
    """Runs Python in a process where the level is unset, and returns what it did."""
    inherited = {name: value for name, value in os.environ.items() if name != notices.VARIABLE}
    return subprocess.run(
        [sys.executable, *map(str, words)],
        capture_output=True,
        text=True,
        cwd=folder,
        env={**inherited, **environment},
        check=True,
    )


@pytest.mark.process
def test_importing_the_zoo_sets_the_level_and_nothing_else(tmp_path):
    code = "import os, logging, sys, warnings; before = dict(os.environ), list(warnings.filters)\n"
    code += "import zoo; after = dict(os.environ), list(warnings.filters)\n"
    code += "print({k: v for k, v in after[0].items() if before[0].get(k) != v}, before[1] == after[1])"
    assert run(["-c", code], tmp_path).stdout == "{'TF_CPP_MIN_LOG_LEVEL': '3'} True\n"


@pytest.fixture
def folder(visits, tmp_path):
    visits.assign(day="2020-01-02", note=[f"the lion {i}" for i in range(len(visits))]).to_csv(
        tmp_path / "visits.csv", index=False
    )
    return tmp_path


IN_A_NOTEBOOK = """
import zoo

data = zoo.data.load("visits.csv", target="bought")
run = zoo.train("mlp_classifier", data, epochs=2, hidden_units=8)
zoo.predict(run, data.x)
run.model.predict(data.x.head(3), verbose=0)

zoo.export(run, 'served')
run.model.export('plain')
zoo.export(zoo.train('mlp_classifier', 'iris', epochs=1), 'lite', format='litert')
"""
SCRIPT = """
import zoo

data = zoo.data.load("visits.csv", target="bought")
run = zoo.train("mlp_classifier", data, epochs=2, hidden_units=8)
zoo.train("mlp_classifier", data, epochs=2, hidden_units=8, engine="xla")
zoo.train("mlp_classifier", data, epochs=2, hidden_units=8, engine="keras")
for rows in range(1, 9):  # shapes of which each could be traced anew
    zoo.predict(run, data.x.head(rows))
    run.model.predict(data.x.head(rows), verbose=0)
zoo.evaluate(run, data)
run.save("out")
zoo.fine_tune("out", data, epochs=2)
zoo.cross_validate("mlp_classifier", data, folds=2, epochs=2, hidden_units=8)
"""


@pytest.mark.process
@pytest.mark.slow
@pytest.mark.tensorflow
def test_a_script_shows_nothing_of_tensorflow(folder):
    assert run(["-c", SCRIPT], folder).stderr == ""


@pytest.mark.process
@pytest.mark.slow
def test_a_script_on_jax_shows_nothing_of_tensorflow_either(folder):
    pytest.importorskip("jax")
    code = "import zoo; data = zoo.data.load('visits.csv', target='bought')\n"
    code += "run = zoo.train('mlp_classifier', data, epochs=1, hidden_units=8); zoo.predict(run, data)\n"
    code += "zoo.export(run, 'served')"
    assert run(["-c", code], folder, KERAS_BACKEND="jax", JAX_PLATFORMS="cpu").stderr == ""
    # Images are not encoded by TensorFlow: Keras itself imports it, when a config is written.
    code = "import numpy as np, zoo; images = np.zeros((40, 8, 8, 1), 'uint8'), np.arange(40) % 2\n"
    for use in (
        "zoo.train('image_mlp', images, epochs=1, hidden_units=4)",
        "zoo.build('image_mlp', images).get_config()",
    ):
        assert run(["-c", code + use], folder, KERAS_BACKEND="jax", JAX_PLATFORMS="cpu").stderr == ""


@pytest.mark.process
@pytest.mark.slow
@pytest.mark.tensorflow
def test_a_notebook_shows_nothing_of_tensorflow(folder, monkeypatch):
    nbclient, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat")
    monkeypatch.delenv(notices.VARIABLE)
    cells = [nbformat.v4.new_code_cell(code) for code in IN_A_NOTEBOOK.strip().split("\n\n")]
    notebook = nbformat.v4.new_notebook(cells=cells)
    nbclient.NotebookClient(notebook, resources={"metadata": {"path": str(folder)}}).execute()
    outputs = [output for cell in notebook.cells for output in cell.outputs]
    assert outputs and [output["text"] for output in outputs if output.get("name") == "stderr"] == []


@pytest.mark.process
@pytest.mark.slow
@pytest.mark.tensorflow
def test_the_command_line_shows_nothing_of_tensorflow_unless_asked(folder):
    train = ["train", "mlp_classifier", "visits.csv", "--target", "bought", "--epochs", "1", "--hidden-units", "8"]
    train += ["--ignore", "day", "--ignore", "note", "-o", "out"]
    exports = [["export", "out", "-o", f"served/{name}", "--format", name] for name in ("litert", "onnx")]
    processes = [  # of each, the first command imports TensorFlow, in its own way
        [train],
        [["predict", "out", "visits.csv", "-o", "answers.csv"], ["adapt", "out", "visits.csv", "-o", "adapted"]],
        [["fine-tune", "out", "visits.csv", "--epochs", "1"], ["evaluate", "out", "visits.csv"]],
        [["export", "out", "-o", "served/raw"], *exports, ["evaluate", "served/raw/1", "visits.csv"]],
    ]
    for commands in processes:
        code = f"from zoo.cli import main; assert not any([main(words) for words in {commands}])"
        assert (run(["-c", code], folder).stderr, commands) == ("", commands)
    said = run(["-m", "zoo", "--debug", "evaluate", "out", "visits.csv"], folder).stderr.encode().splitlines()
    assert any(notices.LOGGED.match(line) for line in said)


@pytest.mark.process
@pytest.mark.slow
@pytest.mark.tensorflow
def test_no_entry_shows_anything_of_tensorflow(tmp_path):
    commands = [["train", name, "--epochs", "1", "-o", name] for name in ("hebbian", "perceptron", "hopfield")]
    code = f"from zoo.cli import main; assert not any([main(words) for words in {commands}])"
    lines = run(["-c", code], tmp_path).stderr.splitlines()
    assert [line for line in lines if not line.startswith("zoo: warning: ")] == []


@pytest.mark.slow
@pytest.mark.process
@pytest.mark.tensorflow
def test_what_the_caller_has_set_or_imported_is_left_alone(tmp_path):
    code = "import tensorflow, os; logger, name = tensorflow.get_logger(), 'TF_CPP_MIN_LOG_LEVEL'\n"
    code += "state = lambda: (logger.level, list(logger.handlers), list(logger.filters), os.environ.get(name))\n"
    code += "before = state(); import zoo; zoo.build('perceptron'); print(before == state())"
    assert run(["-c", code], tmp_path).stdout == "True\n"
    code = "import os, zoo; zoo.build('perceptron'); print(os.environ['TF_CPP_MIN_LOG_LEVEL'])"
    done = run(["-c", code], tmp_path, TF_CPP_MIN_LOG_LEVEL="0")
    assert done.stdout == "0\n" and any(map(notices.LOGGED.match, done.stderr.encode().splitlines()))


@pytest.mark.slow
@pytest.mark.process
@pytest.mark.tensorflow
def test_trainings_by_keras_s_fit_show_no_warning_of_retracing(tmp_path):
    """TensorFlow takes every model that Keras trains for another trace of one function, and warns at the third."""
    script = (
        "import logging, numpy as np, zoo\n"
        "found = []  # what TensorFlow logs, before the zoo leaves some of it out\n"
        "logging.getLogger('tensorflow').addFilter(lambda record: found.append(record.getMessage()) or True)\n"
        "x = np.random.default_rng(0).normal(size=(400, 3))\n"
        "for seed in range(4):\n"
        "    how = {'hidden_units': (4,), 'epochs': 2, 'verbose': 0, 'seed': seed}\n"
        "    zoo.train('mlp_classifier', (x, (x[:, 0] > 0).astype(int)), engine='keras', **how)\n"
    )
    done = run(["-c", script + "print(found)"], tmp_path)
    assert "retracing" in done.stdout and done.stderr == ""
