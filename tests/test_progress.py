"""Progress: one line, and the time left in it, on a terminal; elsewhere a line at the end, or nothing."""

import io
import re
import sys
import types

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier

import zoo
from zoo import progress
from zoo.cli import main
from zoo.engine.callbacks import ProgressLine
from zoo.progress import Progress


class Stream(io.StringIO):
    """An output that says that it is a terminal."""

    def isatty(self):
        return True


class Terminal:
    """What one sees on a terminal, by a function that reads what was written since."""

    def __init__(self, read):
        self._read, self._text = read, ""

    @property
    def text(self):
        """All that was written."""
        self._text += self._read()
        return self._text

    @property
    def screen(self):
        """The lines that one sees: after a carriage return, what follows stands in the place of what was there."""
        lines = []
        for line in self.text.split("\n"):
            seen = ""
            for text in line.split("\r"):
                seen = text + seen[len(text) :]
            lines.append(seen.rstrip())
        return lines

    @property
    def drawn(self):
        """Every line that was drawn over another one, in order."""
        return [line.rstrip() for line in self.text.replace("\n", "\r").split("\r") if line.strip()]

    def clear(self):
        """Forgets what was written."""
        self._text = self.text[:0]


@pytest.fixture
def terminal(capsys, monkeypatch):
    """The output of a test as a terminal of 80 columns; pytest replaces `sys.stdout` itself between setup and call."""
    monkeypatch.setattr(progress, "_is_terminal", lambda: True)
    monkeypatch.setenv("COLUMNS", "80")
    return Terminal(lambda: capsys.readouterr().out)


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still at 1000 s until a test moves it."""
    clock = types.SimpleNamespace(now=1000.0)
    monkeypatch.setattr(progress, "time", types.SimpleNamespace(monotonic=lambda: clock.now))
    return clock


# On a terminal.


def test_the_time_left_is_that_of_the_units_to_come_at_the_pace_of_those_done(terminal, clock):
    with Progress(10, "epoch") as line:
        clock.now += 30.0
        line.advance(text="loss 0.5")
        assert terminal.screen == ["epoch 1/10  loss 0.5  4:30 left"]  # 9 more of 30 s
        clock.now += 10.0
        line.advance(3)
        assert terminal.screen == ["epoch 4/10  1:00 left"]  # 6 more of 40 s / 4


def test_a_resumed_run_is_estimated_by_its_own_units_alone(terminal, clock):
    with Progress(10, "epoch", first=6) as line:
        clock.now += 5.0
        line.advance(2)
        assert terminal.screen == ["epoch 8/10  0:05 left"]  # 2 more of 5 s / 2, not of 5 s / 8


def test_a_line_is_drawn_at_most_ten_times_a_second(terminal, clock):
    with Progress(1000, "step") as line:
        for _ in range(1000):
            clock.now += 1 / 512  # a second and 61 / 64, of numbers that float64 holds
            line.advance()
        assert len(terminal.drawn) == 20  # the first, and after every 52 steps, the first of 0.1 s, one more


def test_a_line_is_cut_to_the_width_of_the_terminal(terminal, clock, monkeypatch):
    monkeypatch.setenv("COLUMNS", "20")
    with Progress(10, "epoch") as line:
        line.advance(2)
        clock.now += 20.0
        line.advance(3)
        assert terminal.screen == ["epoch 5/10  0:20 le"]  # 19 of 20 columns: the last one would begin a new line
        clock.now += 70.0
        line.advance(0)
        monkeypatch.setenv("COLUMNS", "10")
        clock.now += 1.0
        line.advance(0)
        assert terminal.text.endswith("\repoch 5/1")


@pytest.mark.parametrize(
    ("columns", "line"),
    [
        (48, "epoch 1/10  loss 0.5123  val_loss 0.6  1:30 left"),
        (47, "epoch 1/10  loss 0.5123  1:30 left"),
        (34, "epoch 1/10  loss 0.5123  1:30 left"),
        (33, "epoch 1/10  1:30 left"),
    ],
)
def test_values_without_room_are_left_out_whole_and_the_time_stays(terminal, clock, monkeypatch, columns, line):
    monkeypatch.setenv("COLUMNS", str(columns + 1))
    with Progress(10, "epoch") as progress_line:
        clock.now += 10.0
        progress_line.advance(text="loss 0.5123  val_loss 0.6")
        assert terminal.screen == [line]


def test_an_unknown_total_shows_the_count_and_the_pace(terminal, clock):
    with Progress(None, "row") as line:
        line.advance(0, "reading")
        assert terminal.screen == ["0 rows  reading"]
        clock.now += 2.0
        line.advance(262_144)
        assert terminal.screen == ["262,144 rows  131,072 a second"]


def test_the_end_shows_the_time_spent_and_a_transient_line_vanishes(terminal, clock):
    for transient in (False, True):
        with Progress(2, "epoch", transient=transient) as line:
            clock.now += 40.0
            line.advance()
            clock.now += 35.04
            line.advance(text="loss 0.25")
    assert terminal.screen == ["epoch 2/2  loss 0.25  1:15", ""]


def test_the_clock_can_start_after_what_is_no_part_of_a_unit(terminal, clock):
    with Progress(4, "epoch") as line:
        clock.now += 60.0
        line.start()
        clock.now += 2.0
        line.advance()
        assert terminal.screen == ["epoch 1/4  0:06 left"]


def test_within_a_line_another_one_shows_nothing_before_its_end(terminal, clock):
    with Progress(3, "fold") as outer:
        outer.advance()
        with Progress(5, "epoch", transient=False) as inner:
            clock.now += 1.0
            inner.advance(5)
            assert terminal.screen == ["fold 1/3"]
        assert terminal.screen == ["epoch 5/5  0:01", ""]
        outer.advance()
        assert terminal.screen == ["epoch 5/5  0:01", "fold 2/3  0:01 left"]
    with Progress(2, "fold") as after:  # the line is free again
        after.advance()
        assert terminal.screen == ["epoch 5/5  0:01", "fold 1/2"]


# Elsewhere.


@pytest.mark.parametrize("transient", [False, True])
def test_without_a_terminal_only_a_line_that_lasts_is_printed_once_and_at_the_end(capsys, clock, transient):
    with Progress(2, "epoch", transient=transient) as line:
        clock.now += 3.0
        line.advance(2, "loss 0.5")
        assert capsys.readouterr().out == ""
    assert capsys.readouterr().out == ("" if transient else "epoch 2/2  loss 0.5  0:03\n")


def test_without_an_output_nothing_is_shown(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)  # as under pythonw
    with Progress(1, "epoch", transient=False) as line:
        line.advance()


@pytest.mark.parametrize("transient", [False, True])
def test_verbose_0_shows_nothing(terminal, transient):
    with Progress(2, "epoch", verbose=0, transient=transient) as line:
        line.advance()
    assert terminal.text == ""


def test_nothing_is_shown_of_what_did_nothing(terminal):
    with Progress(2, "epoch", transient=False):
        pass
    assert terminal.text == ""


# Ends before the end.


@pytest.mark.parametrize("transient", [False, True])
def test_an_exception_leaves_the_line_where_it_stood_and_the_next_text_below(terminal, clock, transient):
    with pytest.raises(RuntimeError), Progress(3, "epoch", transient=transient) as line:
        line.advance(text="loss 0.5")
        raise RuntimeError
    print("below")
    assert terminal.screen == ["epoch 1/3  loss 0.5", "below", ""]


def test_an_exception_prints_nothing_where_nothing_was_drawn(capsys, monkeypatch):
    for is_terminal, units in ((True, 0), (False, 1)):
        monkeypatch.setattr(progress, "_is_terminal", lambda shown=is_terminal: shown)
        with pytest.raises(RuntimeError), Progress(3, "epoch", transient=False) as line:
            if units:
                line.advance()
            raise RuntimeError
        assert capsys.readouterr().out == ""


def test_ctrl_c_ends_a_line_as_the_last_unit_would(capsys, clock):
    with pytest.raises(KeyboardInterrupt), Progress(3, "epoch", transient=False) as line:
        line.advance()
        raise KeyboardInterrupt
    assert capsys.readouterr().out == "epoch 1/3  0:00\n"


# Those who show it.


def test_a_training_that_keras_resumes_elsewhere_begins_there(terminal, clock):
    with Progress(10, "epoch", transient=False) as line:
        callback = ProgressLine(line)
        callback.on_epoch_begin(6)
        clock.now += 4.0
        callback.on_epoch_end(6, {"loss": 0.5, "learning_rate": 0.1})
        assert terminal.screen == ["epoch 7/10  loss 0.5  0:12 left"]


def test_the_progress_line_of_a_loop_that_tells_of_no_begin_shows_the_time_spent(capsys):
    with Progress(1, "epoch", transient=False) as line:
        ProgressLine(line).on_epoch_end(0, {"loss": 1.0})
    assert capsys.readouterr().out == "epoch 1/1  loss 1  0:00\n"


@pytest.fixture(scope="module")
def always():
    """Draws every line: what is shown is asked, and not how often."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(progress, "INTERVAL", 0.0)
        yield


@pytest.fixture
def streamed(visits_csv):
    return zoo.data.load(visits_csv, target="bought", stream=True)


def test_epochs_and_the_pass_over_a_stream_are_shown(terminal, always, streamed, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    run = zoo.train("mlp_classifier", streamed, hidden_units=(4,), epochs=2)
    rows, *epochs = (line for line in terminal.drawn if " on " not in line and "stopped" not in line)
    assert rows.startswith("200 rows  ") and rows.endswith(" a second")
    assert [line.split("  ")[0] for line in epochs] == ["epoch 1/2", "epoch 2/2", "epoch 2/2"]
    assert [line.endswith(" left") for line in epochs] == [True, True, False]
    assert f"val_loss {run.history['val_loss'][1]:.4g}  0:0" in epochs[-1]
    terminal.clear()
    zoo.evaluate(run, streamed)
    assert terminal.drawn[0].startswith("200 rows  ") and "accuracy" in terminal.text


def test_rows_of_a_table_that_are_encoded_in_parts_are_shown(terminal, always, visits, monkeypatch):
    monkeypatch.setattr("zoo.data.block_encoding.BLOCK", 100)
    zoo.train("linear_regression", visits.assign(price=np.arange(200.0)), target="price", validation=None)
    rows = [line for line in terminal.drawn if line.startswith("row ")]
    assert [line.split("  ")[0] for line in rows] == ["row 100/200", "row 200/200"]
    assert all(line.endswith(" left") for line in rows)


@pytest.fixture(scope="module")
def line_model(always):
    """A logistic regression, and what its training, by a solver, showed on a terminal."""
    generator = np.random.default_rng(0)
    x = generator.normal(size=(60, 2)).astype("float32")
    y = (x[:, 0] + generator.normal(size=60) > 0).astype(int)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdout", stream := Stream())
        model = zoo.train("logistic_regression", (x, y)).model
    return model, Terminal(stream.getvalue)


def test_the_steps_of_a_solver_are_shown(line_model):
    text = line_model[1].text
    steps = [line for line in Terminal(lambda: text).drawn if line.startswith(("1 step ", "2 steps "))]
    assert len(steps) == 2 and all("  loss 0." in line and line.endswith(" a second") for line in steps)
    assert not any(line.startswith(tuple(steps)) for line in Terminal(lambda: text).screen)  # the line has vanished


@pytest.mark.tensorflow
def test_the_answers_of_a_proof_are_shown(line_model, terminal, quick_proof, tmp_path):
    zoo.export(line_model[0], tmp_path / "served")
    ways = [line.split("  ") for line in terminal.drawn]
    total = 2 * len({tuple(way[:2]) for way in ways if way[1] == "in this process"} - {("answer 0",)}) - 2
    assert ways[0] == [f"answer 0/{total}", "in this process"]
    assert ways[-1][:2] == [f"answer {total}/{total}", "in a fresh process"] and terminal.screen == [""]
    terminal.clear()
    zoo.export(line_model[0], tmp_path / "served", verbose=0)
    assert terminal.drawn == []


def test_rows_that_a_shell_predicts_are_shown(line_model, terminal, tmp_path):
    zoo.save(line_model[0], tmp_path / "model")
    np.savez(tmp_path / "x.npz", x=np.zeros((5, 2), "float32"))
    arguments = [str(tmp_path / name) for name in ("model", "x.npz", "y.csv")]
    assert main(["predict", *arguments[:2], "-o", arguments[2]]) == 0
    assert terminal.drawn[0].startswith("5 rows  ") and terminal.screen == [f"5 rows in {arguments[2]}", ""]


def test_folds_that_train_one_after_the_other_are_shown(terminal, always, visits):
    zoo.cross_validate("logistic_regression", visits, target="bought", folds=3, seeds=2)
    first, *lines = terminal.drawn
    assert "6 trainings, not as one program" in first
    assert [line.split("  ")[:2] for line in lines] == [
        [f"training {place}/6", f"fold {place % 3 + 1} of 3, seed {place // 3}"] for place in range(6)
    ]
    assert [line.endswith(" left") for line in lines] == [False] + [True] * 5


@pytest.mark.tensorflow
def test_epochs_of_folds_that_train_as_one_program_are_shown(terminal, always, visits):
    zoo.cross_validate("mlp_classifier", visits, target="bought", folds=2, hidden_units=(4,), epochs=3, batch_size=100)
    first, *lines = terminal.drawn
    assert "2 trainings, as one program" in first
    assert [line.split("  ")[:2] for line in lines] == [[f"epoch {n}/3", "of 2 trainings"] for n in (1, 2, 3)]
    assert all(line.endswith(" left") for line in lines)


def test_the_folds_of_a_comparison_are_shown_below_a_line_for_each_model(terminal, always, visits):
    models = {"first": DummyClassifier(), "second": DummyClassifier()}
    zoo.compare(visits, target="bought", models=models, folds=2, rivals=False)
    accuracy = f"{visits.bought.value_counts(normalize=True).max():.4f}"
    drawn = [re.sub(r"0\.\d s|0:0\d", "-", line) for line in terminal.drawn]
    assert drawn[:8] == [
        "fold 0/4  first",
        "fold 1/4  first  - left",
        "fold 2/4  first  - left",
        f"first: accuracy {accuracy}, trained in -",
        "fold 2/4  second  - left",
        "fold 3/4  second  - left",
        "fold 4/4  second  - left",
        f"second: accuracy {accuracy}, trained in -",
    ]
    assert "fold" not in "".join(terminal.screen), "the line of progress leaves nothing behind"


def test_the_steps_of_sampling_are_shown(terminal, always):
    machine = zoo.build("restricted_boltzmann_machine", np.eye(4, dtype="float32"), units=2)
    machine.sample(rows=1, steps=2)
    assert terminal.drawn == ["step 1/2  0:00 left", "step 2/2  0:00 left"]
    terminal.clear()
    machine.sample(rows=1, steps=2, verbose=0)
    assert terminal.drawn == []
