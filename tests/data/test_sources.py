"""What `load` takes, what it gives, and what it says when it cannot."""

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

import zoo.data
from zoo.data.infer import infer
from zoo.data.schema import Column, Schema
from zoo.data.sources import load


@pytest.fixture
def frame():
    return pd.DataFrame(
        {"minutes": [1.0, None, 3.0], "y": ["a", "b", "a"], "gate": ["n", "s", "n"]}, index=[10, 20, 30]
    )


def test_a_table_is_split_into_x_and_y_and_keeps_its_index_and_order(frame):
    data = load(frame, target="y")
    assert data.x.columns.tolist() == ["minutes", "gate"]
    assert data.y.tolist() == ["a", "b", "a"]
    assert data.target == "y"
    assert len(data) == 3
    assert not data.streaming
    pd.testing.assert_frame_equal(data.frame(), frame)


def test_a_column_may_be_called_like_a_part_of_data():
    data = load(pd.DataFrame({"frame": [1, 2, 3], "x": [1.0, 2.0, 4.0], "schema": ["a", "b", "a"]}), target="schema")
    assert data.schema.names == ["frame", "x"]


def test_a_table_without_target_is_all_x(frame):
    data = load(frame)
    assert data.y is None
    assert data.target is None
    pd.testing.assert_frame_equal(data.frame(), frame)


def test_the_target_may_be_given_beside_the_table(frame):
    x, y = frame[["minutes"]], frame["y"]
    for data in (load((x, y)), load(x, target=y), load((x, y.to_frame())), load((x, y.tolist()), target="y")):
        assert data.target == "y"
        pd.testing.assert_frame_equal(data.frame(), frame[["minutes", "y"]])
    assert load((x, y.to_numpy())).target == "target"
    assert load((x, None)).y is None


def test_a_dict_of_columns_is_a_table(frame):
    data = load({name: frame[name].to_numpy() for name in frame}, target="y")
    assert data.x["gate"].tolist() == ["n", "s", "n"]


def test_arrays_are_x_and_y_or_x_alone():
    x, y = np.arange(6.0).reshape(3, 2), np.array([0, 1, 0])
    for source in ((x, y), (x.tolist(), y[:, None])):
        data = load(source)
        np.testing.assert_array_equal(data.arrays()[0], x)
        assert data.arrays()[1].tolist() == [0, 1, 0]
    alone = load(x)
    assert alone.y is None
    assert alone.schema.column("inputs").shape == (2,)
    assert load(x[:, 0]).x.shape == (3, 1)


def test_images_get_a_channel():
    assert load((np.zeros((2, 4, 5), "uint8"), [0, 1])).schema.column("image").shape == (4, 5, 1)
    assert load(np.zeros((2, 4, 5, 3), "uint8")).schema.column("image").shape == (4, 5, 3)


def test_data_may_be_loaded_again_with_another_target_or_schema(frame):
    data = load(frame, target="y", ignore=["gate"])
    assert load(data).target == "y"
    assert load(data).schema.dropped == {"gate": "ignored"}
    other = load(data, target="gate", ignore=())
    assert other.y.tolist() == ["n", "s", "n"]
    schema = infer(frame, "y", ignore=["minutes"])
    assert load(data, schema=schema).schema == schema
    again = load(load("titanic"), split="test")
    assert len(again) == 179
    with pytest.raises(ValueError, match="no target column 'z'"):
        load(data, target="z")


def test_take_gives_the_rows_asked_for_and_their_own_schema(frame):
    data = load(frame, target="y").take([2, 0])
    assert data.x.index.tolist() == [30, 10]
    assert data.y.tolist() == ["a", "a"]
    assert data.schema.dropped == {"gate": "constant"}
    given = load(frame, target="y", schema=infer(frame, "y")).take([2, 0])
    assert given.schema.names == ["minutes", "gate"]
    x, y = load((np.arange(6.0).reshape(3, 2), [5, 6, 7])).take([1]).arrays()
    assert (x.tolist(), y.tolist()) == ([[2.0, 3.0]], [6])


def test_blocks_of_a_table_in_memory_are_its_rows_in_order(frame):
    blocks = list(load(frame, target="y").blocks(2))
    assert [first for first, _ in blocks] == [0, 2]
    pd.testing.assert_frame_equal(pd.concat([block for _, block in blocks]), frame)
    with pytest.raises(ValueError, match="at least 1"):
        list(load(frame).blocks(0))


def test_ignored_columns_are_no_inputs_but_stay_at_hand(frame):
    for data in (load(frame, target="y", ignore="gate"), load(frame, target="y").ignoring(["gate"])):
        assert data.schema.names == ["minutes"]
        assert data.schema.dropped == {"gate": "ignored"}
        assert data.x["gate"].tolist() == ["n", "s", "n"]
    given = load(frame, schema=infer(frame, "y"), ignore=["gate"])
    assert given.schema.names == ["minutes"]


def test_a_schema_is_given_as_itself_as_a_dict_or_as_a_path(frame, tmp_path):
    schema = infer(frame, "y")
    schema.save(tmp_path / "schema.json")
    for given in (schema, schema.to_dict(), tmp_path / "schema.json", str(tmp_path / "schema.json")):
        data = load(frame, schema=given)
        assert data.schema == schema
        assert data.target == "y"
    with pytest.raises(FileNotFoundError, match="zoo schema"):
        load(frame, schema=tmp_path / "nothing.json")
    with pytest.raises(TypeError, match="must be a Schema"):
        load(frame, schema=3)


def test_with_a_schema_the_target_may_be_absent(frame):
    schema = infer(frame, "y")
    data = load(frame.drop(columns="y"), schema=schema)
    assert data.y is None
    assert data.target is None
    assert load(frame.drop(columns="y"), target="y", schema=schema).y is None
    with pytest.raises(ValueError, match="no target column 'other'"):
        load(frame, target="other", schema=schema).y.sum()


def test_a_target_other_than_the_schema_s_takes_its_place(frame):
    data = load(frame, target="gate", schema=infer(frame, "y"))
    assert data.y.tolist() == ["n", "s", "n"]
    assert data.schema.target == "gate"
    assert data.schema.names == ["minutes"]


def test_the_hash_follows_the_content(frame):
    known = load(frame, target="y").sha256
    assert load(frame.copy(), target="y").sha256 == known
    changed = frame.copy()
    changed.loc[10, "minutes"] = 2.0
    assert load(changed, target="y").sha256 != known
    assert load(frame.rename(columns={"gate": "door"}), target="y").sha256 != known
    x = np.arange(6.0).reshape(3, 2)
    assert load(x).sha256 == load(x.copy()).sha256 != load(x + 1).sha256


@pytest.mark.process
def test_the_hash_is_the_same_in_another_process(frame):
    code = (
        "import pandas as pd; from zoo.data.sources import load; "
        f"print(load(pd.DataFrame({frame.to_dict('list')!r}, index=[10, 20, 30]), target='y').sha256)"
    ).replace("nan", "None")
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == load(frame, target="y").sha256


@pytest.mark.parametrize(
    "source, message",
    [
        (pd.DataFrame(), r"rows and columns.*0 rows x 0"),
        (pd.DataFrame({"a": []}), r"rows and columns.*0 rows x 1"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), r"names must differ.*a"),
        (pd.DataFrame([[1]], columns=pd.MultiIndex.from_tuples([("a", "b")])), r"one name each"),
        (np.zeros((0, 3)), r"must have rows.*\(0, 3\)"),
        (np.zeros((2, 2, 2, 2, 2)), r"numbers .* or images"),
        (np.array([["a", "b"]]), r"mixed columns, pass a DataFrame"),
        (np.zeros((2, 4, 4, 1)), r"uint8.*float64.*255 \* x"),
        (np.zeros((2, 4, 4, 1), "int64"), r"uint8.*int64.*astype"),
        ([[1, 2], [3]], r"one array"),
        (([[1], [2]], [1, 2, 3]), r"same number of rows.*2 and 3"),
        (([[1], [2]], np.eye(2)), r"one value a row.*argmax"),
        ((pd.DataFrame({"a": [1, 2]}), [1]), r"same number of rows.*2 and 1"),
        ((pd.DataFrame({"a": [1, 2]}), np.eye(2)), r"one value a row.*argmax"),
        ((pd.DataFrame({"a": [1]}), pd.Series([1], name="a")), r"must not hold the target.*drop"),
    ],
)
def test_rows_that_do_not_fit_are_refused(source, message):
    with pytest.raises(ValueError, match=message):
        load(source)


def test_numbers_of_three_axes_are_sequences_of_any_length_and_pixels_are_images():
    sequences = load(np.zeros((2, 5, 3))).schema.columns[0]
    assert (sequences.kind, sequences.shape) == ("array", (None, 3))
    images = load(np.zeros((2, 5, 3), "uint8")).schema.columns[0]
    assert (images.kind, images.shape) == ("image", (5, 3, 1))


def test_a_schema_says_what_pixels_are():
    sequences = load(np.zeros((2, 5, 3))).schema
    assert load(np.zeros((2, 7, 3), "uint8"), schema=sequences).x.shape == (2, 7, 3)


def test_sequences_may_have_sequences_for_a_target():
    x, y = load((np.zeros((2, 5, 3)), np.zeros((2, 5, 1)))).arrays()
    assert (x.shape, y.shape) == ((2, 5, 3), (2, 5, 1))


def test_images_of_mixed_sizes_are_refused():
    images = np.empty(2, object)
    images[:] = [np.zeros((2, 2), "uint8"), np.zeros((3, 3), "uint8")]
    with pytest.raises(ValueError, match=r"same size.*\(2, 2\), \(3, 3\)"):
        load(images)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"target": "gat"}, r"no target column 'gat'.*'gate'.*minutes, y, gate"),
        ({"ignore": ["gat"]}, r"no column 'gat' to ignore.*'gate'"),
        ({"ignore": "y", "target": "y"}, r"target 'y' must not be ignored"),
        ({"split": "test"}, r"Unknown split 'test'.*none"),
        ({"format": "word"}, r"`format` must be one of.*'word'"),
        ({"format": "csv"}, r"`format` is for files"),
        ({"stream": True}, r"Only files.*stream"),
    ],
)
def test_wrong_options_are_refused_with_the_known(frame, options, message):
    with pytest.raises(ValueError, match=message):
        load(frame, **options)


def test_arrays_have_no_columns_to_name():
    x = np.zeros((2, 2))
    with pytest.raises(ValueError, match=r"no target column.*\(x, y\)"):
        load(x, target="y")
    with pytest.raises(ValueError, match="no columns to ignore"):
        load(x, ignore=["a"])
    with pytest.raises(ValueError, match="An array is no DataFrame"):
        load(x).frame()


def test_an_unknown_name_offers_the_nearest_and_says_how_files_are_named():
    with pytest.raises(ValueError, match=r"'titanik'.*'titanic'.*penguins.*and_gate.*slash or a suffix: './titanik'"):
        load("titanik")
    with pytest.raises(ValueError, match=r"Unknown split 'tset'.*'test'.*train, val, test"):
        load("titanic", split="tset")
    with pytest.raises(ValueError, match="Only tables"):
        load("iris", stream=True)
    with pytest.raises(TypeError, match="Received: int"):
        load(3)


def test_a_bare_name_with_a_format_or_as_a_path_is_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "titanic").write_text("a\n1\n")
    assert load("titanic", format="csv").frame().to_dict("list") == {"a": [1]}
    assert load("./titanic", format="csv").frame().to_dict("list") == {"a": [1]}
    assert load("titanic").target == "survived"


@pytest.mark.process
def test_the_package_has_a_lazy_public_surface():
    assert zoo.data.load is load
    assert zoo.data.Schema.__name__ == "Schema"
    assert sorted(zoo.data.__all__) == ["Data", "Schema", "describe", "load", "pipeline", "register_column"]
    misspelt = "laod"
    with pytest.raises(AttributeError, match=r"no attribute 'laod'.*load"):
        getattr(zoo.data, misspelt)
    code = "import sys, json, zoo.data; zoo.data.load('adult').schema; print(json.dumps(list(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"tensorflow", "keras", "sklearn", "tensorflow_datasets"} & set(json.loads(result.stdout))


@pytest.mark.parametrize("stream", [False, True])
def test_levels_and_classes_that_look_like_numbers_or_booleans_stay_what_a_csv_writes(tmp_path, stream):
    """Rows in which no other level stands were read as numbers: `1.0` became `1`, which training had not met."""
    frame = pd.DataFrame({"plan": ["1.0", "+5", "TRUE", "none"] * 5, "y": ["1.0", "2.50"] * 10})
    schema = zoo.data.load(frame, target="y").schema.with_task("classification", frame["y"])
    rows = frame[frame["plan"].isin(["1.0", "+5"])].reset_index(drop=True)
    rows.to_csv(tmp_path / "rows.csv", index=False)
    ((_, found),) = zoo.data.load(tmp_path / "rows.csv", schema=schema, stream=stream).blocks()
    assert found.to_dict("list") == rows.to_dict("list")


def test_levels_that_were_numbers_or_booleans_are_read_as_such(tmp_path):
    """The whole number 1 stands as 1.0 in a CSV with a gap, a boolean as True."""
    columns = (Column("code", "category", "int64", ("1", "2")), Column("paid", "category", "bool", ("false", "true")))
    frame = pd.DataFrame({"code": [1.0, 2.0, None], "paid": [True, False, True]})
    frame.to_csv(tmp_path / "rows.csv", index=False)
    found = zoo.data.load(tmp_path / "rows.csv", schema=Schema(columns)).x
    pd.testing.assert_frame_equal(found, frame)
