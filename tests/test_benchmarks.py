"""The benchmarks run; what they measure is for docs/benchmarks.md, not for a test."""

import pytest

from tests.benchmarks import accuracy, history, preprocess, serve, train, train_calls, wide

pytestmark = pytest.mark.tensorflow


def test_accuracy_prints_the_mean_of_a_data_set(capsys):
    accuracy.main(["--only", "penguins", "--set", "l2=0.001"])
    assert "penguins" in capsys.readouterr().out


def test_preprocess_prints_its_seconds(capsys):
    assert set(preprocess.main(["--share", "0", "--repeats", "1"])) == {"schema and fit", "encode"}
    assert "schema and fit" in capsys.readouterr().out


@pytest.mark.slow
def test_train_prints_seconds_and_ratios(capsys):
    train.main(["--cases", "XS", "--rounds", "1"])
    printed = capsys.readouterr().out
    assert "XS, whole run: zoo" in printed and "scikit-learn:" in printed


@pytest.mark.slow
def test_train_measures_what_a_user_calls(capsys, monkeypatch):
    table = train.table
    monkeypatch.setattr(train, "table", lambda rows, columns, classes: table(rows // 20, columns, classes))
    monkeypatch.setattr(train_calls, "PARQUET_ROWS", 20_000)
    train.main(["--cases", "S-call", "parquet", "--rounds", "1"])
    printed = capsys.readouterr().out
    assert "S by zoo.train, raw rows to scored model: zoo" in printed
    assert "an epoch of a Parquet file" in printed and "rows of that file a second: zoo" in printed


@pytest.mark.slow
def test_train_measures_m_against_a_tuned_fit(capsys, monkeypatch):
    table = train.table
    monkeypatch.setattr(train, "table", lambda rows, columns, classes: table(rows // 20, columns, classes))
    train.main(["--cases", "M-call", "--rounds", "1"])
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
    history.main(["--cases", "iris", "hopfield", "--rounds", "1"])
    printed = capsys.readouterr().out
    assert "kohonen_map, iris on 10 x 10, 100 passes, fit: zoo" in printed and "quantization error 0." in printed
    assert "hopfield, 100 recalls of 1,000 units, 15 % flipped: zoo" in printed


@pytest.mark.slow
def test_an_ensemble_is_measured_against_one_member(capsys, monkeypatch):
    table = train.table
    monkeypatch.setattr(train, "table", lambda rows, columns, classes: table(rows // 20, columns, classes))
    train.main(["--cases", "ensemble", "--rounds", "1"])
    printed = capsys.readouterr().out
    assert "8 members of S, whole run: zoo" in printed and printed.count("one after another:") == 2


@pytest.mark.slow
def test_serve_sends_valid_and_broken_requests(capsys):
    serve.main(["--seconds", "1", "--requests", "0", "--soak", "200", "--runtimes", "onnx"])
    printed = capsys.readouterr().out
    assert "onnx: answers after" in printed
    assert "onnx: 200 valid and broken requests" in printed
