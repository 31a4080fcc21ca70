"""The command line: from a table to answers, what goes where, and one line for a caller's mistake."""

import functools
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import zoo
from zoo import cli
from zoo.cli import main, outputs
from zoo.cli.answering import WRITERS
from zoo.cli.options import read_as
from zoo.cli.printing import print_json

QUICK = ["--epochs", "2", "--hidden-units", "8", "--json"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder with `visits.csv`, whose `bought` is yes where `minutes` is over 20, and `out`, trained on it."""
    folder = tmp_path_factory.mktemp("trained")
    minutes = np.random.default_rng(0).uniform(0, 40, 300).round(2)
    frame = pd.DataFrame({"minutes": minutes, "gate": np.resize(["north", "river"], 300)})
    frame["bought"] = np.where(frame["minutes"] > 20, "yes", "no")
    frame.to_csv(folder / "visits.csv", index=False)
    words = ["train", "mlp_classifier", str(folder / "visits.csv"), "--target", "bought", "-o", str(folder / "out")]
    assert cli.main([*words, "--epochs", "30", "--hidden-units", "16", "--batch-size", "32", "--json"]) == 0
    return folder


def answer(capsys, *words):
    """Returns what a command printed, having asserted that it succeeded."""
    capsys.readouterr()
    code = cli.main(list(map(str, words)))
    printed = capsys.readouterr()
    assert code == 0, printed.err
    return printed.out


def refusal(capsys, *words):
    """Returns the one line that a caller's mistake gets."""
    capsys.readouterr()
    assert cli.main(list(map(str, words))) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("zoo: error: ") and printed.err.count("\n") == 1
    return printed.err


def test_list_shows_models_by_year(capsys):
    lines = answer(capsys, "list").splitlines()
    assert lines[0].split() == ["year", "name", "task", "summary"]
    assert [line.split()[1] for line in lines[1:]] == zoo.list_models()


def test_list_takes_a_pattern_a_task_and_a_year(capsys):
    names = [facts["name"] for facts in json.loads(answer(capsys, "list", "*_reg*", "--year", "<1970", "--json"))]
    assert names == ["logistic_regression", "linear_regression"]
    assert json.loads(answer(capsys, "list", "--task", "regression", "--json"))[0]["name"] == "linear_regression"


def test_list_of_presets_names_what_build_takes(capsys):
    names = [facts["name"] for facts in json.loads(answer(capsys, "list", "--pretrained", "--json"))]
    assert names == zoo.list_models(pretrained=True)


def test_info_shows_paper_and_options(capsys):
    printed = answer(capsys, "info", "mlp_classifier")
    assert "https://doi.org/10.1038/323533a0" in printed
    assert any(line.split()[:2] == ["--hidden-units", "256,256"] for line in printed.splitlines())
    assert "classification or multilabel" in printed
    facts = json.loads(answer(capsys, "info", "mlp_classifier", "--json"))
    assert facts["options"]["hidden_units"] == [256, 256]
    assert (facts["task"], facts["tasks"]) == ("classification", ["classification", "multilabel"])
    of_labels = answer(capsys, "list", "--task", "multilabel").splitlines()[1:]
    assert len(of_labels) == 7 and all("classification or multilabel" in line for line in of_labels)


def test_help_of_train_shows_the_options_of_the_model(capsys):
    with pytest.raises(SystemExit) as stopped:
        cli.main(["train", "mlp_classifier", "--help"])
    assert stopped.value.code == 0
    printed = capsys.readouterr().out
    assert "options of mlp_classifier:" in printed and "--hidden-units" in printed and "--epochs" in printed


def test_zoo_alone_prints_the_help(capsys):
    assert cli.main([]) == 2
    assert "COMMAND" in capsys.readouterr().out


def test_version(capsys):
    for words in (["--version"], ["--version", "export", "out"]):  # behind it, --version is that of an export
        with pytest.raises(SystemExit):
            cli.main(words)
        assert capsys.readouterr().out == f"zoo {zoo.__version__}\n"


@pytest.mark.parametrize(
    ("default", "text", "value"),
    [
        ((256, 256), "64,64", (64, 64)),
        ((256, 256), "64", (64,)),
        ((256, 256), "(64, 32)", (64, 32)),
        (0.1, "0", 0.0),
        (0.1, "none", None),
        (8, "4", 4),
        (True, "false", False),
        ("relu", "tanh", "tanh"),
        ("softmax", "None", None),
        (None, "batch", "batch"),
        (None, "0,1,1,1", (0, 1, 1, 1)),
        (None, "0.5", 0.5),
        (("distort",), "shift,flip", ("shift", "flip")),
        (("distort",), "shift", ("shift",)),
        (("distort",), "False", False),
    ],
)
def test_options_are_read_as_the_type_of_their_default(default, text, value):
    read = read_as(default, text)
    assert read == value and type(read) is type(value)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["trian"], "Unknown command 'trian'. Did you mean 'train'?"),
        (["--json", "trian"], "Unknown command 'trian'. Did you mean 'train'?"),
        (["--debgu", "train", "mlp_classifier"], "`zoo train` does not know '--debgu'. Did you mean '--debug'?"),
        (["--debgu"], "`zoo` does not know '--debgu'. Did you mean '--debug'? It takes: --debug, --help, --version."),
        (["info", "mlp_clasifier"], "Did you mean 'mlp_classifier'?"),
        (["list", "--task", "regresion"], "--task must be one of"),
        (["train", "mlp_classifier", "titanic", "--hiden-units", "3"], "Did you mean '--hidden-units'?"),
        (
            ["train", "mlp_classifier", "titanic", "--dropout", "much"],
            "must be a number, such as 0.25. Received: 'much'",
        ),
        (["train", "mlp_classifier", "titanic", "--epochs", "many"], "--epochs: must be a whole number. Received: 'm"),
        (["train", "--target", "y"], "`zoo train` needs a MODEL"),
        (["train", "--config", "no/card.json"], "no/card.json"),
        (["predict", "out", "new.csv", "-o", "answers.xlsx"], "must end in .csv or .parquet"),
        (["predict"], "the following arguments are required: MODEL, SOURCE"),
    ],
)
def test_a_mistyped_command_gets_one_line(capsys, words, message):
    assert message in refusal(capsys, *words)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["train", "mlp_clasifier", "titanic"], "Did you mean 'mlp_classifier'?"),
        (["train", "mlp_classifier", "titanick"], "titanic"),
        (["train", "mlp_classifier", "not/there.csv", "--target", "y"], "not/there.csv"),
        (["evaluate", "not/there", "titanic"], "not/there"),
        (["export", "not/there", "-o", "served"], "not/there"),
    ],
)
def test_what_is_not_there_gets_one_line(capsys, tmp_path, monkeypatch, words, message):
    monkeypatch.chdir(tmp_path)
    assert message in refusal(capsys, *words)


def test_debug_shows_where_an_error_was_raised():
    with pytest.raises(ValueError, match="Unknown model"):
        cli.main(["info", "mlp_clasifier", "--debug"])


@pytest.mark.parametrize("words", [["--debug", "info", "mlp_clasifier"], ["info", "--debug", "mlp_clasifier"]])
def test_debug_stands_anywhere(words):
    with pytest.raises(ValueError, match="Unknown model"):
        cli.main(words)


def test_an_option_before_the_command_is_the_command_s(capsys):
    assert answer(capsys, "--json", "list", "perceptron") == answer(capsys, "list", "perceptron", "--json")


def test_help_before_the_command_is_the_command_s(capsys):
    printed = []
    for words in (["--help", "train", "mlp_classifier"], ["train", "mlp_classifier", "--help"]):
        with pytest.raises(SystemExit) as stopped:
            cli.main(words)
        printed.append((stopped.value.code, capsys.readouterr().out))
    assert printed[0] == printed[1] and "options of mlp_classifier:" in printed[0][1]


def test_debug_alone_prints_the_help_which_names_it(capsys):
    assert cli.main(["--debug"]) == 2
    assert "--debug" in capsys.readouterr().out


@pytest.mark.process
def test_a_mistake_leaves_no_traceback_and_code_2_in_a_process_of_its_own():
    result = subprocess.run([sys.executable, "-m", "zoo", "info", "none"], capture_output=True, text=True)
    assert (result.returncode, result.stdout, result.stderr.count("\n")) == (2, "", 1)


def test_an_unknown_target_is_refused_with_the_columns(capsys, trained, tmp_path):
    words = ("train", "mlp_classifier", trained / "visits.csv", "--target", "bougt", "-o", tmp_path / "out")
    assert "bought" in refusal(capsys, *words)
    assert not (tmp_path / "out").exists()


def test_a_folder_of_something_else_is_not_overwritten(capsys, trained, tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    words = ("train", "mlp_classifier", trained / "visits.csv", "--target", "bought", *QUICK, "-o", tmp_path)
    for more in ((), ("--overwrite",)):
        said = refusal(capsys, *words, *more)
        assert "must be a new folder or an artifact" in said and said.endswith("Choose another folder with -o.\n")
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


@pytest.fixture
def saved(trained, tmp_path):
    """A copy of the trained folder, to be written over."""
    return Path(shutil.copytree(trained / "out", tmp_path / "saved"))


@pytest.mark.parametrize(
    "words",
    [
        ("train", "mlp_classifier", "visits.csv", "--target", "bought"),
        ("train", "out", "visits.csv"),
        ("train", "--config", "out/card.json"),
        ("fine-tune", "out", "visits.csv"),
        ("adapt", "out", "visits.csv"),
    ],
)
def test_a_saved_model_is_refused_before_the_work(capsys, trained, saved, monkeypatch, words):
    def work(*args, **kwargs):
        raise AssertionError("it was to be refused before")

    monkeypatch.chdir(trained)
    before = (saved / "card.json").read_bytes()
    for name in ("train", "fine_tune", "adapt"):
        monkeypatch.setattr(zoo, name, work)
    said = refusal(capsys, *words, "-o", saved)
    assert f"{str(saved)!r} must be a new folder. Received: one that holds a trained mlp_classifier" in said
    assert said.endswith("Pass --overwrite to replace it, or choose another folder with -o.\n")
    assert (saved / "card.json").read_bytes() == before


@pytest.mark.parametrize(
    "words",
    [
        ("train", "mlp_classifier", "visits.csv", *QUICK[:-1]),
        ("fine-tune", "out", "visits.csv", "--epochs", "2"),
        ("adapt", "out", "visits.csv"),
    ],
)
def test_overwrite_replaces_a_saved_model(capsys, trained, saved, monkeypatch, words):
    monkeypatch.chdir(trained)
    (saved / "README.md").write_text("to be replaced")
    said = answer(capsys, *words, "--target", "bought", "-o", saved, "--overwrite")
    assert said.endswith(f"saved in {saved}\n")
    assert (saved / "README.md").read_text() != "to be replaced" and zoo.load(saved).classes == ("no", "yes")


@pytest.mark.parametrize("freeze", ["none", "head_first"])
def test_a_run_that_goes_on_from_its_checkpoint_replaces_its_own_model_alone(capsys, trained, tmp_path, freeze):
    words = ("train", trained / "out", trained / "visits.csv", "--epochs", 3, "--freeze", freeze, "--json")
    words = (*words, "--checkpoint", tmp_path / "state", "-o")
    answer(capsys, *words, tmp_path / "out")
    before = zoo.load(tmp_path / "out").get_weights()
    answer(capsys, *words, tmp_path / "out")
    assert all(map(np.array_equal, before, zoo.load(tmp_path / "out").get_weights()))
    assert "holds a trained mlp_classifier" in refusal(capsys, *words, trained / "out")
    (tmp_path / "out" / "card.json").write_text("{")
    assert "holds a trained mlp_classifier" in refusal(capsys, *words, tmp_path / "out")


@pytest.mark.parametrize(
    "named",
    [
        ("mlp_classifier", "--hidden-units", 8),
        ("tabm_classifier", "--hidden-units", 8, "--intervals", 0.8, "--threshold", "f1"),
        ("committee_classifier", "--bags", 2, "--members", "mlp,linear"),
    ],
)
def test_a_run_that_learns_more_when_its_epochs_have_ended_replaces_its_own_model(capsys, trained, tmp_path, named):
    words = ("train", named[0], trained / "visits.csv", "--target", "bought", "--epochs", 2, *named[1:], "--json")
    words = (*words, "--checkpoint", tmp_path / "state", "-o", tmp_path / "out")
    before, after = (answer(capsys, *words) and zoo.load(tmp_path / "out") for _ in range(2))
    assert after.card["recipe"].get("linear") == before.card["recipe"].get("linear")
    assert all(map(np.array_equal, before.get_weights(), after.get_weights()))


def test_a_run_whose_number_was_taken_meanwhile_takes_the_next(tmp_path, monkeypatch):
    class Run:
        def save(self, folder, overwrite=False):
            if folder.exists():
                raise FileExistsError(str(folder))
            folder.mkdir()

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    Path("runs/my_net-1").mkdir(parents=True)
    assert outputs.save(Run(), Path("runs/my_net-1"), numbered=True) == Path("runs/my_net-2")
    with pytest.raises(OSError, match=r"my_net-1\. The trained model is in .*/my_net-1 instead"):
        outputs.save(Run(), Path("runs/my_net-1"))


def test_a_folder_is_no_file_for_answers(capsys, trained, tmp_path):
    assert "must be a file" in refusal(capsys, "predict", trained / "out", trained / "visits.csv", "-o", tmp_path)


def test_train_without_output_takes_the_next_run_and_says_so(capsys, trained, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = (
        "train",
        "mlp_classifier",
        trained / "visits.csv",
        "--target",
        "bought",
        "--epochs",
        "1",
        "--hidden-units=4",
    )
    assert answer(capsys, *words).splitlines()[-1] == "saved in runs/mlp_classifier-1"
    assert json.loads(answer(capsys, *words, "--json"))["folder"] == "runs/mlp_classifier-2"
    assert (tmp_path / "runs" / "mlp_classifier-2" / "artifact.json").is_file()


def test_a_model_that_cannot_be_saved_in_its_folder_is_rescued(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "elsewhere"))
    (tmp_path / "elsewhere").mkdir()
    saved = []

    class Run:
        def save(self, folder, overwrite=False):
            if not saved:
                saved.append(folder)
                raise OSError(28, "No space left on device", str(folder))
            saved.append(folder)

    with pytest.raises(
        OSError, match=r"No space left on device: out\. The trained model is in .*elsewhere.*/out instead"
    ):
        outputs.save(Run(), Path("out"))
    assert saved[1].is_relative_to(tmp_path / "elsewhere")


def test_options_reach_the_builder_and_ignored_columns_stay_out(capsys, trained, tmp_path):
    words = ("train", "mlp_classifier", trained / "visits.csv", "--target", "bought", "--ignore", "gate")
    facts = json.loads(answer(capsys, *words, *QUICK, "--dropout", "0.2", "-o", tmp_path / "out"))
    assert {"folder", "metrics", "seconds", "device", "interrupted"} == set(facts)
    model = zoo.load(tmp_path / "out")
    assert (model.options["dropout"], list(model.options["hidden_units"])) == (0.2, [8])
    assert list(model.preprocessor.signature()) == ["minutes"]
    assert model.card["data"]["ignore"] == ["gate"] and model.schema.dropped == {"gate": "ignored"}
    shutil.copy(tmp_path / "out" / "card.json", tmp_path)  # without the schema beside it
    answer(capsys, "train", "--config", tmp_path / "card.json", "-o", tmp_path / "again", "--json")
    assert list(map(np.ndarray.tolist, zoo.load(tmp_path / "again").get_weights())) == list(
        map(np.ndarray.tolist, model.get_weights())
    )
    assert "There is no column 'gat' to ignore. Did you mean 'gate'?" in refusal(capsys, *words[:-1], "gat")


def test_an_ignored_column_that_cannot_be_read_is_ignored_again_when_the_run_is_repeated(capsys, trained, tmp_path):
    frame = pd.read_csv(trained / "visits.csv")
    frame.assign(walk=[[1, 2]] * len(frame)).to_parquet(tmp_path / "visits.parquet")
    words = ("train", "mlp_classifier", tmp_path / "visits.parquet", "--target", "bought", "--ignore", "walk")
    answer(capsys, *words, *QUICK, "-o", tmp_path / "out")
    assert zoo.load(tmp_path / "out").card["data"]["ignore"] == ["walk"]
    answer(capsys, "train", "--config", tmp_path / "out" / "card.json", "-o", tmp_path / "again", "--json")
    before, after = (zoo.load(tmp_path / name).get_weights() for name in ("out", "again"))
    assert all(map(np.array_equal, before, after))
    data = zoo.data.load(tmp_path / "visits.parquet", target="bought", ignore="walk")
    run = zoo.train("mlp_classifier", data, ignore="walk", epochs=1, hidden_units=8, verbose=0)
    assert run.data["ignore"] == ["walk"]
    with pytest.raises(ValueError, match="no column 'wakl' to ignore"):
        zoo.train("mlp_classifier", data, ignore="wakl", verbose=0)


def test_options_are_refused_for_a_trained_model(capsys, trained, tmp_path):
    words = ("train", trained / "out", trained / "visits.csv", "--hidden-units", "8", "-o", tmp_path / "more")
    assert "does not know '--hidden-units'" in refusal(capsys, *words)


def test_a_trained_folder_is_trained_further(capsys, trained, tmp_path):
    words = ("train", trained / "out", trained / "visits.csv", "--epochs", "1", "--json", "-o", tmp_path / "more")
    answer(capsys, *words)
    assert zoo.load(tmp_path / "more").classes == ("no", "yes")


def test_config_repeats_a_run(capsys, trained, tmp_path):
    answer(capsys, "train", "--config", trained / "out" / "card.json", "-o", tmp_path / "again", "--json")
    pairs = zip(zoo.load(trained / "out").get_weights(), zoo.load(tmp_path / "again").get_weights())
    assert all(np.array_equal(a, b) for a, b in pairs)


def test_sets_of_classes_are_trained_repeated_and_written_to_every_file(capsys, trained, tmp_path):
    words = ("train", "mlp_classifier", trained / "visits.csv", "--target", "bought", *QUICK, "--intervals", "0.9")
    answer(capsys, *words, "-o", tmp_path / "out")
    answer(capsys, "train", "--config", tmp_path / "out" / "card.json", "-o", tmp_path / "again", "--json")
    before, after = (zoo.load(tmp_path / name).target.intervals for name in ("out", "again"))
    assert before == after and before["coverage"] == 0.9
    expected = zoo.predict(tmp_path / "out", pd.read_csv(trained / "visits.csv")[["minutes", "gate"]])["set"]
    for name, read, written in [
        ("a.csv", pd.read_csv, "|".join),
        ("a.parquet", pd.read_parquet, list),
        ("a.jsonl", lambda path: pd.read_json(path, lines=True), list),
    ]:
        answer(capsys, "predict", tmp_path / "out", trained / "visits.csv", "-o", tmp_path / name)
        assert [*map(type(written(("a",))), read(tmp_path / name)["set"])] == [written(one) for one in expected]


def test_config_repeats_the_rows_of_a_step(capsys, trained, tmp_path):
    words = ("train", "mlp_classifier", trained / "visits.csv", "--target", "bought", *QUICK, "--batch-size", "256")
    answer(capsys, *words, "-o", tmp_path / "out")
    answer(capsys, "train", "--config", tmp_path / "out" / "card.json", "-o", tmp_path / "again", "--json")
    before, after = (zoo.load(tmp_path / name) for name in ("out", "again"))
    assert all(map(np.array_equal, before.get_weights(), after.get_weights()))
    assert before.card["recipe"]["least_steps"] == after.card["recipe"]["least_steps"] == 1


def test_config_repeats_what_was_asked_against_the_recipe_of_an_option(capsys, tmp_path):
    """`rule="stdp"` means 20 epochs; the recipe without options has 1."""
    how = ("--rule", "stdp", "--epochs", 1)
    answer(capsys, "train", "hebbian", *how, "-o", tmp_path / "out", "--json")
    answer(capsys, "train", "--config", tmp_path / "out" / "card.json", "-o", tmp_path / "again", "--json")
    cards = [json.loads((tmp_path / name / "card.json").read_text()) for name in ("out", "again")]
    assert cards[0]["recipe"] == cards[1]["recipe"]
    assert cards[0]["weights_sha256"] == cards[1]["weights_sha256"]


def test_config_of_before_there_were_lines_repeats_a_run_without_one(capsys, trained, tmp_path):
    card = json.loads((trained / "out" / "card.json").read_text())
    del card["recipe"]["linear"], card["recipe"]["least_steps"]
    (tmp_path / "card.json").write_text(json.dumps({**card, "recipe": {**card["recipe"], "batch_size": 256}}))
    answer(capsys, "train", "--config", tmp_path / "card.json", "-o", tmp_path / "again", "--json")
    recipe = zoo.load(tmp_path / "again").card["recipe"]
    assert recipe["linear"] is False and recipe["batch_size"] == 256 and recipe["least_steps"] == 1


def test_fine_tuning_solves_the_line_again_if_asked(capsys, trained, tmp_path):
    words = ("fine-tune", trained / "out", trained / "visits.csv", "--epochs", "1", "--json")
    answer(capsys, *words, "--linear", "refit", "-o", tmp_path / "out")
    assert zoo.load(tmp_path / "out").card["recipe"]["linear"]["rows"] == 240
    assert "invalid choice: 'again'" in refusal(capsys, *words, "--linear", "again", "-o", tmp_path / "no")


def test_a_file_that_is_no_card_is_refused(capsys, tmp_path):
    (tmp_path / "card.json").write_text('{"entry": "mlp_classifier"}')
    assert "is no card of a run: it has no recipe" in refusal(capsys, "train", "--config", tmp_path / "card.json")


def test_evaluate_prints_and_writes_scores(capsys, trained, tmp_path):
    words = ("evaluate", trained / "out", trained / "visits.csv")
    assert "accuracy" in answer(capsys, *words)
    scores = json.loads(answer(capsys, *words, "--json", "-o", tmp_path / "scores.json"))
    assert scores["rows"] == 300
    assert json.loads((tmp_path / "scores.json").read_text()) == scores


def test_evaluate_weighs_rows_by_a_column(capsys, trained, tmp_path):
    frame = pd.read_csv(trained / "visits.csv")
    frame.assign(times=np.arange(len(frame)) < 10).to_csv(tmp_path / "weighed.csv", index=False)
    frame[:10].to_csv(tmp_path / "first.csv", index=False)
    weighed = json.loads(
        answer(capsys, "evaluate", trained / "out", tmp_path / "weighed.csv", "--weight", "times", "--json")
    )
    first = json.loads(answer(capsys, "evaluate", trained / "out", tmp_path / "first.csv", "--json"))
    for name in ("accuracy", "log_loss", "f1_macro", "ece"):  # which count the ten rows alone
        assert weighed[name] == pytest.approx(first[name], rel=1e-6)
    assert "--weight must be a column of the data, or one number a row. Received: --weight time" in refusal(
        capsys, "evaluate", trained / "out", tmp_path / "weighed.csv", "--weight", "time"
    )


def test_evaluate_takes_groups_a_threshold_metrics_and_a_folder_for_pictures(capsys, trained, tmp_path):
    words = ("evaluate", trained / "out", trained / "visits.csv")
    asked = ("--by", "gate", "--threshold", "f1", "--metrics", "auc", "--metrics", "f1_score", "--json")
    scores = json.loads(answer(capsys, *words, *asked))
    assert 0 < scores["threshold"] < 1 and scores["positive"] == "yes" and {"auc", "f1_score_yes"} <= set(scores)
    groups = scores["by"]["groups"]
    assert scores["by"]["column"] == "gate" and sum(group["rows"] for group in groups) == 300
    assert json.loads(answer(capsys, *words, "--threshold", "0.3", "--json"))["threshold"] == 0.3
    printed = answer(capsys, *words, "--plots", tmp_path / "pictures")
    assert "5 pictures in" in printed and "positive class" in printed
    assert (tmp_path / "pictures" / "roc_curve.png").read_bytes()[:4] == b"\x89PNG"
    assert "--by must be a column of the data. Received: --by gat. Did you mean" in refusal(
        capsys, *words, "--by", "gat"
    )
    assert "Received: --threshold 2.0." in refusal(capsys, *words, "--threshold", "2")


def test_a_bare_word_is_the_folder_of_that_name(capsys, trained, monkeypatch):
    monkeypatch.chdir(trained)
    assert json.loads(answer(capsys, "evaluate", "out", "visits.csv", "--json"))["rows"] == 300


def test_predict_answers_in_order_as_csv_and_parquet(capsys, trained, tmp_path):
    source, out = trained / "visits.csv", trained / "out"
    assert "300 rows in" in answer(capsys, "predict", out, source, "-o", tmp_path / "answers.csv")
    answer(capsys, "predict", out, source, "-o", tmp_path / "answers.parquet")
    printed = answer(capsys, "predict", out, source)
    frame = pd.read_csv(tmp_path / "answers.csv")
    expected = zoo.predict(str(out), pd.read_csv(source))
    assert list(frame.columns) == ["label", "probability", "p_no", "p_yes"]
    assert frame["label"].tolist() == expected["label"].tolist()
    assert pd.read_parquet(tmp_path / "answers.parquet")["p_yes"].tolist() == expected["p_yes"].tolist()
    assert printed == (tmp_path / "answers.csv").read_text()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["answers.csv", "answers.parquet"]


def test_predict_keeps_columns_in_every_file(capsys, trained, tmp_path):
    frame = pd.read_csv(trained / "visits.csv").assign(id=[f"{i:03d}" for i in range(300)])
    frame.to_csv(tmp_path / "visits.csv", index=False)
    for suffix, read in (("csv", pd.read_csv), ("parquet", pd.read_parquet), ("jsonl", zoo_read)):
        path = tmp_path / f"answers.{suffix}"
        answer(
            capsys, "predict", trained / "out", tmp_path / "visits.csv", "--keep", "id", "--keep", "bought", "-o", path
        )
        found = read(path)
        assert list(found.columns) == ["id", "bought", "label", "probability", "p_no", "p_yes"]
        assert found["bought"].tolist() == frame["bought"].tolist()
        assert [str(key).zfill(3) for key in found["id"]] == frame["id"].tolist()
    printed = answer(capsys, "predict", trained / "out", tmp_path / "visits.csv", "--keep", "id")
    assert printed.splitlines()[1].startswith("000,")
    said = refusal(capsys, "predict", trained / "out", tmp_path / "visits.csv", "--keep", "ID")
    assert "no column 'ID' to keep. Did you mean 'id'?" in said


def zoo_read(path):
    """Reads JSON lines as the zoo does, which takes nothing for numbers or dates."""
    return zoo.data.load(path).frame()


def test_a_source_without_rows_gets_the_header_alone(capsys, trained, tmp_path):
    (tmp_path / "none.csv").write_text("minutes,gate\n")
    assert answer(capsys, "predict", trained / "out", tmp_path / "none.csv") == "label,probability,p_no,p_yes\n"
    answer(capsys, "predict", trained / "out", tmp_path / "none.csv", "-o", tmp_path / "none.jsonl")
    assert (tmp_path / "none.jsonl").read_text() == ""


@pytest.mark.filterwarnings("default")
def test_what_keras_does_to_numpy_is_no_warning_to_who_trains(capsys, monkeypatch):
    def warn(argv, options):
        warnings.warn("__array__ implementation doesn't accept a copy keyword, so", DeprecationWarning, stacklevel=1)
        warnings.warn("something else", UserWarning, stacklevel=1)
        return 0

    monkeypatch.setattr(cli, "_run", warn)
    assert cli.main(["list"]) == 0
    assert capsys.readouterr().err == "zoo: warning: something else\n"


@pytest.mark.filterwarnings("always")
def test_what_all_folds_warn_of_is_said_once(capsys, monkeypatch):
    def warn(argv, options):
        for message in ("no maximum", "no maximum", "few rows", "no maximum"):
            warnings.warn(message, UserWarning, stacklevel=1)
        return 0

    monkeypatch.setattr(cli, "_run", warn)
    for _ in range(2):
        assert cli.main(["list"]) == 0
        assert capsys.readouterr().err == "zoo: warning: no maximum\nzoo: warning: few rows\n"


@pytest.mark.filterwarnings("default")
def test_an_index_that_was_brought_along_is_told_in_flags(capsys, trained, tmp_path):
    pd.read_csv(trained / "visits.csv").to_csv(tmp_path / "visits.csv")
    assert cli.main(["schema", str(tmp_path / "visits.csv"), "--target", "bought"]) == 0
    printed = capsys.readouterr()
    assert "no input: Unnamed: 0 (the index of the rows)" in printed.out
    assert printed.err.startswith("zoo: warning: Please check these data. 'Unnamed: 0': ")
    assert "pass --ignore 'Unnamed: 0'" in printed.err


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".jsonl"])
def test_blocks_are_written_one_below_the_other(tmp_path, suffix):
    blocks = [pd.DataFrame({"label": ["a", "b"], "p": [0.5, 0.25]}), pd.DataFrame({"label": ["c"], "p": [1.0]})]
    path = tmp_path / f"answers{suffix}"
    assert WRITERS[suffix](iter(blocks), path) == 3
    read = {".csv": pd.read_csv, ".parquet": pd.read_parquet, ".jsonl": functools.partial(pd.read_json, lines=True)}
    written = read[suffix](path)
    pd.testing.assert_frame_equal(written, pd.concat(blocks, ignore_index=True), check_dtype=False)


def test_answers_that_fail_half_way_leave_the_old_file(capsys, trained, tmp_path, monkeypatch):
    def blocks(model, data):
        yield pd.DataFrame({"label": ["a"]})
        raise ValueError("the disk is full")

    monkeypatch.setattr("zoo.training.prediction.predict_blocks", blocks)
    (tmp_path / "answers.csv").write_text("old")
    words = ("predict", trained / "out", trained / "visits.csv", "-o", tmp_path / "answers.csv")
    assert "the disk is full" in refusal(capsys, *words)
    assert [path.name for path in tmp_path.iterdir()] == ["answers.csv"]
    assert (tmp_path / "answers.csv").read_text() == "old"


def test_schema_says_which_tasks_suit_several_targets(capsys, tmp_path):
    path = tmp_path / "rows.csv"
    frame = pd.DataFrame({"x": np.arange(8) / 7, "a": [0, 1] * 4, "b": [0, 0, 1, 1] * 2, "c": np.arange(8) / 3})
    frame.to_csv(path, index=False)
    assert "targets: a, b (multilabel or regression, as the model does)" in answer(
        capsys, "schema", path, "--target", "a,b"
    )
    assert "targets: a, c (regression, as the model does)" in answer(capsys, "schema", path, "--target", "a,c")


def test_schema_is_printed_written_and_taken_back(capsys, trained, tmp_path):
    source, path = trained / "visits.csv", tmp_path / "schema.json"
    assert "minutes" in answer(capsys, "schema", source, "--target", "bought")
    plain = json.loads(answer(capsys, "schema", source, "--target", "bought", "--json", "-o", path))
    described = plain.pop("description")
    assert json.loads(path.read_text()) == plain
    assert [column["name"] for column in described["columns"]] == [column["name"] for column in plain["columns"]]
    words = ("train", "mlp_classifier", source, "--target", "bought", "--schema", path, *QUICK)
    answer(capsys, *words, "-o", tmp_path / "out")
    assert zoo.load(tmp_path / "out").schema.names == zoo.load(trained / "out").schema.names


@pytest.mark.slow
@pytest.mark.process
@pytest.mark.tensorflow
def test_export_writes_a_version(capsys, trained, tmp_path):
    report = json.loads(answer(capsys, "export", trained / "out", "-o", tmp_path / "served", "--version", 7, "--json"))
    assert (report["version"], report["path"]) == (7, str(tmp_path / "served" / "7"))
    assert (tmp_path / "served" / "7" / "saved_model.pb").is_file()


def test_adapt_and_fine_tune_go_on_from_a_folder(capsys, trained, tmp_path):
    rows = pd.read_csv(trained / "visits.csv")
    rows["age"] = np.arange(len(rows)) % 90
    rows.to_csv(tmp_path / "more.csv", index=False)
    assert "--columns extend" in refusal(capsys, "adapt", trained / "out", tmp_path / "more.csv", "-o", tmp_path / "a")
    said = answer(capsys, "adapt", trained / "out", tmp_path / "more.csv", "--columns", "extend", "-o", tmp_path / "a")
    assert said == f"saved in {tmp_path / 'a'}\n"
    assert "age" in zoo.load(tmp_path / "a").schema.names
    words = ("--columns", "extend", "--freeze", "body", "--epochs", 2, "--json", "-o", tmp_path / "b")
    facts = json.loads(answer(capsys, "fine-tune", trained / "out", tmp_path / "more.csv", *words))
    card = zoo.load(facts["folder"]).card
    assert card["recipe"]["freeze"] == "body" and card["recipe"]["epochs"] == 2 and len(card["ancestry"]) == 1


def test_export_takes_a_format(capsys, trained, tmp_path):
    report = json.loads(answer(capsys, "export", trained / "out", "-o", tmp_path / "m", "--format", "numpy", "--json"))
    assert report["format"] == "numpy" and (tmp_path / "m" / "1" / "predict.py").is_file()
    assert "must be one of tf_saved_model" in refusal(
        capsys, "export", trained / "out", "-o", tmp_path / "m", "--format", "zip"
    )


def test_serve_refuses_what_it_cannot_serve(capsys, trained, tmp_path):
    assert "is an artifact" in refusal(capsys, "serve", trained / "out", "--port", 0)
    assert "There is no folder" in refusal(capsys, "serve", tmp_path / "nothing", "--runtime", "onnx")
    assert "--runtime" in refusal(capsys, "serve", trained / "out", "--runtime", "zip")


@pytest.mark.parametrize(
    ("flag", "value", "said"),
    [
        ("--port", 65536, "--port must be from 0 to 65535, 0 for a free one. Received: 65536"),
        ("--port", -1, "--port must be from 0 to 65535"),
        ("--max-bytes", -1, "--max-bytes must be at least 1. Received: -1"),
        ("--max-rows", 0, "--max-rows must be at least 1. Received: 0"),
        ("--max-waiting", 0, "--max-waiting must be at least 1. Received: 0"),
        ("--timeout", 0, "--timeout must be above 0 and at most 86400 seconds. Received: 0"),
        ("--timeout", "inf", "--timeout must be above 0 and at most 86400 seconds. Received: inf"),
        ("--poll", "nan", "--poll must be above 0 and at most 86400 seconds. Received: nan"),
    ],
)
def test_serve_refuses_limits_out_of_range(capsys, tmp_path, flag, value, said):
    assert said in refusal(capsys, "serve", tmp_path, f"{flag}={value}")


@pytest.mark.slow
@pytest.mark.process
def test_doctor_knows_versions_and_devices(capsys, monkeypatch):
    from zoo import doctor

    found = doctor.examine()  # once: it starts processes that import TensorFlow and JAX
    monkeypatch.setattr(doctor, "examine", lambda: found)
    facts = json.loads(answer(capsys, "doctor", "--json"))
    assert facts["zoo"] == zoo.__version__
    assert {"python", "tensorflow", "keras", "backend", "cores", "gpus"} <= set(facts)
    assert "tensorflow" in answer(capsys, "doctor")


@pytest.mark.slow
@pytest.mark.process
def test_tensorflow_says_nothing_while_it_is_imported():
    result = subprocess.run([sys.executable, "-m", "zoo", "doctor"], capture_output=True, text=True, check=True)
    assert result.stderr == ""


def test_json_has_null_for_what_is_not_finite(capsys):
    print_json({"r2": float("nan"), 1: np.float32(0.5), "rows": (np.int64(3), True, None)})
    assert json.loads(capsys.readouterr().out) == {"r2": None, "1": 0.5, "rows": [3, True, None]}


def test_json_has_null_for_what_is_missing_in_pandas(capsys):
    frame = pd.DataFrame({"best_epoch": pd.array([3, None], "Int64"), "date": pd.to_datetime(["2024-01-02", None])})
    print_json(frame.to_dict("records"))
    first, second = json.loads(capsys.readouterr().out)
    assert (first["best_epoch"], second) == (3, {"best_epoch": None, "date": None})


@pytest.mark.process
def test_a_reader_that_has_had_enough_is_no_mistake():
    command = f"{sys.executable} -c 'import zoo.cli; [zoo.cli.main([\"list\"]) for _ in range(200)]' | head -1"
    result = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
    assert (result.stdout.split(), result.stderr) == (["year", "name", "task", "summary"], "")


@pytest.mark.process
@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_ctrl_c_and_sigterm_save_what_was_trained_and_say_how_to_go_on(trained, tmp_path, number, code):
    words = ["train", "mlp_classifier", str(trained / "visits.csv"), "--target", "bought", "-o", str(tmp_path / "out")]
    words += ["--epochs", "100000", "--checkpoint", str(tmp_path / "state")]
    process = subprocess.Popen(
        [sys.executable, "-m", "zoo", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    deadline = time.monotonic() + 300
    while not (tmp_path / "state").is_dir() or not any((tmp_path / "state").iterdir()):
        assert process.poll() is None and time.monotonic() < deadline, process.communicate()
        time.sleep(0.2)
    os.kill(process.pid, number)
    out, err = process.communicate(timeout=300)
    assert (process.returncode, "Traceback" in err) == (code, False), err
    assert out.splitlines()[-1] == f"saved in {tmp_path / 'out'}"
    assert "the same call goes on from epoch" in out and str(tmp_path / "state") in out
    assert json.loads((tmp_path / "out" / "card.json").read_text())["interrupted"] is True
    assert zoo.load(tmp_path / "out").classes == ("no", "yes")


def test_verbose_says_how_a_training_runs(tmp_path, capsys):
    words = ["train", "perceptron", "and_gate", "--epochs", "2", "-o"]
    assert main([*words, str(tmp_path / "shown"), "--verbose", "2"]) == 0
    assert "an epoch is one call, traced" in (shown := capsys.readouterr().out) and "epoch 1/2" in shown
    assert main([*words, str(tmp_path / "silent"), "--verbose", "0"]) == 0
    assert "epoch" not in capsys.readouterr().out
