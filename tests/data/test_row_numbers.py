"""Columns that number the rows: those that a file brings along are no inputs, others are said to be doubtful."""

import warnings

import numpy as np
import pandas as pd
import pytest

import zoo
from zoo.data import row_numbers, sources
from zoo.data.infer import infer
from zoo.data.sources import load


@pytest.fixture
def frame():
    return pd.DataFrame({"minutes": np.linspace(0.5, 9.5, 30), "y": ["a", "b", "b"] * 10})


def quiet(source, **options):
    """Loads with every warning an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return load(source, **options)


@pytest.mark.parametrize("name", ["Unnamed: 0", "Unnamed: 12", "Unnamed: 0_level_0", "rownames", ""])
def test_an_index_that_was_brought_along_is_no_input_and_is_said(frame, name):
    frame.insert(0, name, range(30))
    with pytest.warns(zoo.DataWarning, match=rf"{name!r}: It is taken for the index.*another name.*ignore={name!r}"):
        data = load(frame, target="y")
    assert data.schema.names == ["minutes"]
    assert data.schema.dropped == {name: "the index of the rows"}
    assert data.take(range(10)).schema.names == ["minutes"]
    assert f"no input: {name} (the index of the rows)" in str(data.schema)


def test_a_column_without_any_name_is_called_by_its_place(frame):
    for name in (None, np.nan):
        with pytest.warns(zoo.DataWarning, match="'Unnamed: 0': It is taken for the index"):
            assert load(
                frame.set_axis([name, "y"], axis=1).assign(x=range(30, 0, -1)), ignore="x", target="y"
            ).x.columns[0]


def test_pandas_s_own_csv_with_its_index_trains_on_the_columns_alone(frame, tmp_path):
    frame.to_csv(tmp_path / "a.csv")
    for stream in (False, True):
        with pytest.warns(zoo.DataWarning, match="'Unnamed: 0': It is taken") as caught:
            data = load(tmp_path / "a.csv", target="y", stream=stream)
        assert len(caught) == 1
        assert data.schema.names == ["minutes"]
        assert data.schema.dropped == {"Unnamed: 0": "the index of the rows"}


def test_nothing_is_said_of_what_the_caller_knows(frame):
    frame.insert(0, "Unnamed: 0", range(30))
    frame["id"] = range(30)
    schema = infer(frame.drop(columns="id"), "y")
    assert quiet(frame, target="y", ignore=["Unnamed: 0", "id"]).schema.names == ["minutes"]
    assert quiet(frame.drop(columns="id"), schema=schema).schema == schema
    assert quiet(frame[["minutes", "id"]], target="id").schema.names == ["minutes"]
    assert quiet(frame[["minutes", "Unnamed: 0"]], target="Unnamed: 0").schema.target == "Unnamed: 0"


def test_a_schema_that_has_such_a_column_goes_on_reading_it(frame):
    frame.insert(0, "Unnamed: 0", range(30))
    read = infer(frame.rename(columns={"Unnamed: 0": "place"}), "y").to_dict()
    read["columns"][0]["name"] = "Unnamed: 0"
    assert quiet(frame, schema=read).schema.names == ["Unnamed: 0", "minutes"]


def test_an_empty_column_without_a_name_is_not_worth_a_word(tmp_path):
    (tmp_path / "a.csv").write_text("a,b,\n1,2,\n3,5,\n")
    assert quiet(tmp_path / "a.csv").schema.dropped == {"Unnamed: 2": "all missing"}


@pytest.mark.parametrize(
    "numbers", [range(30), range(7, 37), 10**15 + np.arange(30), np.random.default_rng(0).permutation(30)]
)
def test_a_column_that_numbers_the_rows_stays_with_a_warning(frame, numbers):
    frame["id"] = numbers
    with pytest.warns(
        zoo.DataWarning,
        match=r"'id': It numbers the rows, from (0 to 29|7 to 36|1000000000000000 to .*29).*ignore='id'",
    ):
        data = load(frame, target="y")
    assert data.schema.names == ["minutes", "id"]


@pytest.mark.parametrize(
    "numbers",
    [[*range(29), 40], [*range(29), 28], np.arange(30.0), [None, *range(29)], [f"{i}" for i in range(30)], [1, 2] * 15],
)
def test_other_columns_do_not_number_the_rows(frame, numbers):
    frame["n"] = numbers
    assert not row_numbers.numbers_rows(frame["n"])
    quiet(frame, target="y")
    assert not row_numbers.numbers_rows(pd.Series(range(19)))


def test_all_doubts_of_a_load_are_one_warning(frame):
    frame.insert(0, "Unnamed: 0", range(30))
    frame["id"] = range(30)
    with pytest.warns(zoo.DataWarning) as caught:
        load(frame, target="y")
    assert [str(one.message).count("\n- ") for one in caught] == [2]


@pytest.mark.parametrize("name", ["titanic", "adult", "penguins", "california_housing"])
def test_no_shipped_set_numbers_its_rows(name):
    assert quiet(name).schema.dropped == {}


def test_a_target_in_other_letters_is_found(frame):
    for target, nearest in (("Y", "y"), ("MINUTES", "minutes"), (" y", "y")):
        with pytest.raises(ValueError, match=rf"no target column {target!r}. Did you mean {nearest!r}\?"):
            sources.load(frame, target=target)


def test_a_stream_says_which_columns_number_its_rows(tmp_path):
    rows = np.arange(100)
    table = pd.DataFrame({"id": rows + 7, "back": rows[::-1], "late": np.where(rows < 90, rows, 0), "x": rows * 0.5})
    table.assign(y=rows % 2).to_csv(tmp_path / "a.csv", index=False)
    with pytest.warns(zoo.DataWarning, match="'id': It numbers the rows, from 7 to 106") as caught:
        assert load(tmp_path / "a.csv", target="y", stream=True).schema.names == ["id", "back", "late", "x"]
    assert len(caught) == 1 and "'late'" not in str(caught[0].message)
    counting = row_numbers.Counting(())
    list(counting.watched(table.iloc[start : start + 40] for start in (0, 40, 80)))
    with pytest.warns(zoo.DataWarning, match="^(?!.*late).*'id': It numbers the rows, from 7 to 106"):
        counting.note()
