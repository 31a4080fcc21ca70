"""Which columns `--target` names, and which rows a command loads itself."""

import argparse

import pandas as pd
import pytest

import zoo
from zoo import cli
from zoo.cli import loading


@pytest.fixture
def priced(tmp_path):
    """A file with the columns `a`, `b`, `net, gross` and `Unnamed: 0`, which warns of an index."""
    frame = pd.DataFrame({"a": [1.5, 2.5, 3.5], "b": [2.0, 1.0, 4.0], "net, gross": ["x", "y", "x"]})
    frame.to_csv(tmp_path / "priced.csv")
    return tmp_path / "priced.csv"


@pytest.mark.parametrize(
    ("typed", "target"),
    [
        (None, None),
        ("a", "a"),
        ("a,b", ["a", "b"]),
        ("a, b", ["a", "b"]),
        ("net, gross", "net, gross"),  # a column that there is
        ('"net, gross",a', ["net, gross", "a"]),
        ('"net, gross"', "net, gross"),
        ("a,c", ["a", "c"]),  # which the library refuses by name
    ],
)
def test_a_target_with_commas_is_a_column_of_that_name_or_several(priced, typed, target):
    arguments = argparse.Namespace() if typed is None else argparse.Namespace(target=typed)
    assert loading.target(arguments, str(priced)) == target


def test_without_a_source_a_comma_stands_between_targets():
    assert loading.target(argparse.Namespace(target="a,b"), None) == ["a", "b"]


def test_columns_are_looked_up_as_the_source_is_to_be_read(tmp_path):
    (tmp_path / "rows.txt").write_text('a,"b,c"\n1,2\n3,4\n')
    arguments = argparse.Namespace(target="b,c", format="csv")
    assert loading.target(arguments, str(tmp_path / "rows.txt")) == "b,c"


def test_rows_are_loaded_where_an_option_says_how(priced):
    assert loading.rows(argparse.Namespace(target="a"), "priced.csv", target="a") == "priced.csv"
    assert loading.rows(argparse.Namespace(format="csv"), None) is None
    arguments = argparse.Namespace(target="a", ignore=["b", "Unnamed: 0"])
    data = loading.rows(arguments, str(priced), target="a", schema=None)
    assert isinstance(data, zoo.data.Data) and data.target == "a" and data.schema.dropped["b"] == "ignored"


def test_train_gets_a_list_of_targets(priced, monkeypatch):
    given = []

    def train(model, data, *, target, verbose):
        given.append((model, data, target))
        raise ValueError("enough")

    monkeypatch.setattr(zoo, "train", train)
    monkeypatch.chdir(priced.parent)
    for typed in ("a,b", "net, gross"):
        assert cli.main(["train", "mlp_regressor", "priced.csv", "--target", typed]) == 2
    assert given == [("mlp_regressor", "priced.csv", ["a", "b"]), ("mlp_regressor", "priced.csv", "net, gross")]
