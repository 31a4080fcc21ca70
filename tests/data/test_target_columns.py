"""Several targets: which columns or values they are, and how they go through loading, schemas, splits and streams."""

import collections
import dataclasses
import json
import types

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import zoo
from zoo import DataWarning
from zoo.data import load
from zoo.data.columns.values import Hints
from zoo.data.description import describe, describe_data
from zoo.data.infer import infer
from zoo.data.names import as_target, names_of
from zoo.data.pipelines import encoded_blocks
from zoo.data.preprocessing import Preprocessor
from zoo.data.schema import Column, Schema
from zoo.data.target_columns import beside
from zoo.training.parts import load_parts
from zoo.training.splitting import held_out

ROWS = 40
TABLE = pd.DataFrame(
    {
        "x": np.arange(ROWS) / 7.0,
        "a": np.arange(ROWS) * 0.5 - 3.0,
        "colour": ["red", "green", "blue", "red"] * (ROWS // 4),
        "b": np.arange(ROWS)[::-1] ** 2,
    },
    index=[f"r{i}" for i in range(ROWS)],
)
TARGETS = ["b", "a"]


def check(data, index=None):
    """Checks that data have the inputs of `TABLE` and both targets, in the order that was asked for."""
    assert data.target == TARGETS and data.targets == TARGETS
    assert data.schema.target == TARGETS and data.schema.names == ["x", "colour"]
    frame = data.sample().frame if data.streaming else data.frame()
    np.testing.assert_array_equal(frame[data.target].to_numpy("float64"), TABLE[TARGETS].to_numpy())
    if not data.streaming:
        assert isinstance(data.y, pd.DataFrame) and list(data.y.columns) == TARGETS
        assert list(data.x.columns) == ["x", "colour"]
        assert index is None or list(data.y.index) == index == list(data.x.index)


Record = collections.namedtuple("Record", list(TABLE.columns))
Point = dataclasses.make_dataclass("Point", list(TABLE.columns))


@pytest.mark.parametrize(
    "source",
    [
        TABLE,
        pa.Table.from_pandas(TABLE, preserve_index=False),
        pa.Table.from_pandas(TABLE, preserve_index=False).to_batches()[0],
        TABLE.to_dict("list"),
        TABLE.to_dict(),
        TABLE.to_dict("records"),
        [Record(*row) for row in TABLE.itertuples(index=False)],
        [Point(*row) for row in TABLE.itertuples(index=False)],
        [row for _, row in TABLE.iterrows()],
        TABLE.to_records(index=False),
    ],
    ids=lambda source: type(source).__name__,
)
def test_every_table_in_memory_gives_several_targets(source):
    check(load(source, target=TARGETS))
    check(load(source, target=pd.Index(TARGETS)))


class Foreign:
    """A table of another package, such as polars has: columns by name, rows by Arrow's C stream."""

    columns = list(TABLE.columns)

    def __len__(self):
        return ROWS

    def __arrow_c_stream__(self, requested_schema=None):
        return pa.Table.from_pandas(TABLE, preserve_index=False).__arrow_c_stream__(requested_schema)


def test_a_table_of_another_package_gives_several_targets():
    check(load(Foreign(), target=TARGETS))


def test_an_iterator_and_a_reader_of_batches_give_several_targets():
    check(load(iter(TABLE.to_dict("records")), target=TARGETS))
    table = pa.Table.from_pandas(TABLE, preserve_index=False)
    check(load(pa.RecordBatchReader.from_batches(table.schema, table.to_batches()), target=TARGETS))


ROW = TABLE.iloc[3].rename(3)


@pytest.mark.parametrize("row", [ROW, ROW.to_dict(), Record(*ROW), Point(*ROW)], ids=lambda row: type(row).__name__)
def test_a_single_row_gives_several_targets(row):
    data = load(row, target=TARGETS)
    assert data.target == TARGETS and data.y.to_numpy().tolist() == [[36**2, -1.5]]


def test_targets_keep_the_index_of_the_caller_and_the_order_of_the_source():
    data = load(TABLE, target=TARGETS)
    check(data, list(TABLE.index))
    assert data.y.dtypes.tolist() == [np.dtype("int64"), np.dtype("float64")]
    pd.testing.assert_frame_equal(data.frame(), TABLE)
    x, y = data.arrays()
    assert x.shape == (ROWS, 2) and y.shape == (ROWS, 2)
    some = data.take([3, 1])
    assert some.y.index.tolist() == ["r3", "r1"] and some.y["b"].tolist() == [36**2, 38**2] and some.targets == TARGETS
    assert "target: b, a" in repr(data)
    assert data.sha256 != load(TABLE.rename(columns={"a": "c"}), target=["b", "c"]).sha256


def test_files_and_streams_give_several_targets(write, tmp_path):
    csv = write("rows.csv", TABLE.to_csv(index=False))
    TABLE.to_parquet(tmp_path / "rows.parquet")
    for source in (csv, str(tmp_path / "rows.parquet")):
        check(load(source, target=TARGETS))
        data = load(source, target=TARGETS, stream=True)
        check(data)
        assert [list(frame.columns) for _, frame in data.blocks(30)] == [list(TABLE.columns)] * 2
        check(load(data, target=TARGETS))
    one = load(load(csv, target="a", stream=True), target=TARGETS)
    assert one.target == TARGETS and one.streaming


def test_targets_of_a_table_that_names_images(write, tmp_path):
    image = pytest.importorskip("PIL.Image")
    for i in range(3):
        image.fromarray(np.full((4, 4), 40 * i, "uint8")).save(tmp_path / f"{i}.png")
    path = write("labels.csv", "path,dark,light\n0.png,1,0\n1.png,1,1\n2.png,0,0\n")
    data = load(path, target=["dark", "light"])
    assert data.x.shape == (3, 4, 4, 1) and data.target == ["dark", "light"] == data.schema.target
    assert data.y.to_dict("list") == {"dark": [1, 1, 0], "light": [0, 1, 0]}
    assert data.take([2]).y["dark"].tolist() == [0]


# Which are names and which values.


def test_a_list_of_one_name_is_that_target():
    data = load(TABLE, target=["a"])
    assert data.target == "a" == data.schema.target and isinstance(data.y, pd.Series)
    assert data.targets == ["a"] == data.schema.targets
    assert load(TABLE[["x"]]).targets == []


def test_a_tuple_is_the_name_of_one_column():
    frame = pd.DataFrame({"x": [1.0, 2.0, 4.0]}).assign(**{"y": [0.0, 1.0, 2.0], "z": [1.0, 0.5, 0.0]})
    tuples = frame.set_axis(pd.Index([("m", "x"), ("m", "y"), ("n", "z")], tupleize_cols=False), axis=1)
    data = load(tuples, target=("m", "y"))
    assert isinstance(data.y, pd.Series) and data.y.tolist() == [0.0, 1.0, 2.0]
    data = load(tuples, target=[("m", "y"), ("n", "z")])
    assert data.y.to_numpy().tolist() == [[0.0, 1.0], [1.0, 0.5], [2.0, 0.0]] and len(data.targets) == 2
    with pytest.raises(ValueError, match=r"no target column .'y', 'z'.* For several targets, pass a list: .*'y', 'z'"):
        load(frame, target=("y", "z"))


def test_values_for_each_row_are_no_names():
    frame = pd.DataFrame({"x": [1.0, 2.0, 3.0, 4.0], 0: [5.0, 6.0, 7.0, 9.0], "cat": [1.5, 2.5, 3.0, 1.0]})
    assert load(frame, target=["dog", "cat", "cat", "dog"]).y.tolist() == ["dog", "cat", "cat", "dog"]
    assert load(frame, target=["dog", "cat", "cow", "bee"]).y.tolist() == ["dog", "cat", "cow", "bee"]
    assert load(frame, target=[0, 0, 0, 0]).y.tolist() == [0, 0, 0, 0]
    assert load(frame.to_dict("list"), target=["u", "v", "v", "u"]).y.tolist() == ["u", "v", "v", "u"]
    assert load(frame, target=np.array(["dog", "cat", "cat", "dog"])).y.tolist() == ["dog", "cat", "cat", "dog"]
    assert load(np.ones((2, 3)), target=["u", "v"]).y.tolist() == ["u", "v"]
    two = frame.iloc[:2]
    assert beside(two, ["x", "cat"]) == (two, ["x", "cat"])  # as many rows as names: names of columns, even so
    assert beside(pd.Series(["1.png", "2.png"], name="image"), ["cat", "dog"])[1] is None
    numbered = pd.DataFrame({0: [1.0, 2.0], 1: [3.0, 4.0], 2: [5.0, 7.0]})
    assert load(numbered, target=[0, 1]).y.tolist() == [0, 1] and load(numbered, target=[1]).y.tolist() == [3.0, 4.0]


@pytest.mark.parametrize("values", [TABLE[TARGETS], TABLE[TARGETS].iloc[::-1], pa.table(dict(TABLE[TARGETS]))])
def test_values_of_several_targets_stand_beside_a_table(values):
    inputs = TABLE[["x", "colour"]]
    check(load(inputs, target=values), list(TABLE.index))
    check(load((inputs, values)), list(TABLE.index))


def test_an_array_of_several_targets_beside_a_table_is_named_by_numbers():
    inputs, y = TABLE[["x", "colour"]], TABLE[TARGETS].to_numpy()
    for data in (load((inputs, y)), load(inputs, target=y), load((inputs, y.tolist()))):
        assert data.target == [0, 1] == data.schema.target and data.y.index.equals(TABLE.index)
        np.testing.assert_array_equal(data.y, y)
    check(load((inputs, y), target=TARGETS), list(TABLE.index))
    counted = pd.DataFrame(np.arange(6.0).reshape(3, 2))
    assert load((counted, counted.to_numpy() + 1.0)).target == ["target_0", "target_1"]


def test_targets_beside_an_array_stay_an_array_unless_they_have_names():
    x, y = np.arange(ROWS * 2.0).reshape(ROWS, 2), TABLE[TARGETS]
    data = load((x, y.to_numpy()))
    assert isinstance(data.y, np.ndarray) and data.y.shape == (ROWS, 2)
    assert data.target is None and data.targets == [] and data.schema.target is None
    for data in (load((x, y)), load((x, y.to_numpy()), target=TARGETS)):
        assert data.target == TARGETS == data.schema.target and data.y["a"].tolist() == y["a"].tolist()
        assert data.take([1]).y.shape == (1, 2)
    images = load((np.zeros((ROWS, 4, 4, 1), "uint8"), y))
    assert images.target == TARGETS and images.y.shape == (ROWS, 2)


def test_values_are_taken_by_the_names_of_a_schema_in_its_order():
    schema = load(TABLE, target=TARGETS).schema
    x = TABLE[["x", "colour"]]
    for source in (TABLE, (x, TABLE[["a", "b"]]), (x, TABLE[TARGETS].to_numpy())):
        check(load(source, schema=schema))
        check(load(source, schema=schema, target=["a", "b"]))
    check(load(load(TABLE, target=["a", "b"]), schema=schema))
    x = np.ones((ROWS, 2))
    again = load(load((x, TABLE[["a", "b"]])), target=TARGETS)
    assert again.target == TARGETS and list(again.y.columns) == TARGETS
    rows = load(TABLE[["x", "colour", "a"]], schema=schema)  # rows to predict, one of whose targets is known
    assert rows.target is None and rows.y is None
    assert load(TABLE[["x", "colour"]], schema=schema).y is None
    other = load(TABLE, schema=schema, target="a")
    assert other.target == "a" == other.schema.target and other.schema.names == ["x", "colour"]
    both = load(TABLE, schema=other.schema, target=["a", "x"])
    assert both.schema.names == ["colour"] and both.schema.targets == ["a", "x"]


PAIR = (TABLE[["x"]], TABLE[TARGETS])


@pytest.mark.parametrize(
    "source, options, message",
    [
        (TABLE, {"target": []}, r"must name at least one column. Received: an empty list"),
        (TABLE, {"target": ["a", "a"]}, r"each column once. Received twice: 'a'. Leave one out"),
        (TABLE.rename(columns={"a": "0"}), {"target": ["0", 0]}, r"each column once. Received twice: '0'"),
        (TABLE, {"target": ["a", "bb"]}, r"no target column 'bb'. Did you mean 'b'. The data have: x, a, colour, b"),
        (TABLE, {"target": ["aa", "bb"]}, r"no target column 'aa'. Did you mean 'a'"),
        (TABLE.to_dict("list"), {"target": ["a", "bb"]}, r"no target column 'bb'. Did you mean 'b'"),
        (TABLE, {"target": [f"y{i}" for i in range(30)]}, r"the same number of rows. Received: 40 and 30"),
        (TABLE, {"target": ["a", "b"], "ignore": "b"}, r"target 'b' must not be ignored"),
        (TABLE, {"target": list(TABLE.columns)}, r"must have rows and columns|At least one input column"),
        (PAIR, {"target": ["a", "c"]}, r"no target column 'c' in `y`. It has: b, a"),
        (PAIR, {"target": ["c", "d", "e"]}, r"name each column of `y`. Received: 3 names for 2 columns"),
        (PAIR, {"target": "a"}, r"one value a row. Received: the shape \(40, 2\)"),
        (
            (TABLE, TABLE[TARGETS]),
            {},
            r"not hold the target. Received: the column 'b' in both.*columns=\['b', 'a'\]",
        ),
        ((TABLE[["x"]], TABLE["a"]), {"target": TARGETS}, r"each of the 2 targets b, a. Received: the shape \(40,\)"),
        ((np.ones((4, 2)), np.ones((4, 1))), {"target": TARGETS}, r"each of the 2 targets b, a.*\(4, 1\)"),
        ((TABLE[["x"]], np.eye(ROWS)), {}, r"one value a row.*For one-hot rows: y.argmax"),
        ((np.ones((3, 2)), pd.DataFrame(np.eye(3))), {}, r"one value a row.*For one-hot rows: y.argmax"),
        ((np.ones((3, 2)), np.eye(3)), {"target": "y"}, r"one value a row.*For one-hot rows: y.argmax"),
    ],
)
def test_targets_that_cannot_be_are_refused(source, options, message):
    with pytest.raises(ValueError, match=message):
        data = load(source, **options)
        assert data.schema


def test_labels_of_few_rows_are_no_one_hot_rows_where_their_names_are_known():
    rows = load((TABLE[["x"]].iloc[:2], np.eye(2)), target=["a", "b"])
    assert rows.y.to_numpy().tolist() == [[1.0, 0.0], [0.0, 1.0]]


# Values.


def test_numbers_of_each_target_are_read_as_those_of_one():
    frame = pd.DataFrame({"x": np.arange(30.0), "a": [f"1.{i:03d},5" for i in range(30)], "b": ["-999", "2"] * 15})
    data = load(frame, target=["a", "b"], na_values="-999")
    assert data.y["a"].tolist() == [1000.5 + i for i in range(30)]
    assert data.y["b"].isna().sum() == 15


def test_classes_that_differ_in_case_alone_are_doubtful_in_each_target():
    frame = pd.DataFrame({"x": np.arange(4.0), "a": ["u", "U", "u", "v"], "b": [0, 1, 1, 0]})
    with pytest.warns(DataWarning, match="'a': 'U' and 'u' are two classes"):
        load(frame, target=["b", "a"])


def test_targets_that_number_the_rows_or_have_marks_are_not_doubtful(recwarn, write):
    frame = TABLE.assign(number=range(ROWS), money=[f"{'$€'[i % 2]} {i}" for i in range(ROWS)])
    stream = load(write("rows.csv", frame.to_csv(index=False)), target=["money", "number"], stream=True)
    for data in (load(frame, target=["money", "number"]), stream):
        assert data.schema.names == ["x", "a", "colour", "b"]
    assert not recwarn.list


def test_targets_are_no_columns_that_training_did_not_know(recwarn):
    inputs = TABLE[["x", "colour"]]
    preprocessor = Preprocessor(load(TABLE, target=TARGETS).schema).fit(inputs)
    for rows in (TABLE, TABLE.iloc[:1], TABLE.iloc[:1].to_dict("list")):
        encoded, expected = preprocessor.encode(rows), preprocessor.encode(inputs.iloc[: len(rows["x"])])
        for name, tensor in expected.items():
            np.testing.assert_array_equal(encoded[name], tensor)
    assert not recwarn.list


# Schemas.


def test_a_schema_holds_a_name_or_a_list_of_names():
    columns = (Column("x", "number"),)
    assert Schema(columns).targets == [] and Schema(columns, "y").targets == ["y"]
    assert Schema(columns, ("y", 1)).targets == [("y", 1)]
    assert Schema(columns, ["y"]).target == "y"
    several = Schema(columns, ["y", "z"])
    assert several.targets == ["y", "z"] and several.known_names == ["x", "y", "z"]
    assert several.without_target().dropped == {"y": "the target", "z": "the target"}
    assert several.summary()["target"] == "y, z" and "target: y, z" in repr(several)
    assert str(several).splitlines()[-1] == "targets: y, z (the task of the model)"
    wrong = ((["y", "x"], "'x' stands among the inputs"), (["y", "y"], "twice: 'y'"), ([], "at least one"))
    for target, message in wrong:
        with pytest.raises(ValueError, match=message):
            Schema(columns, target)


def test_several_targets_are_a_list_in_json_and_a_tuple_is_none():
    columns = (Column("x", "number"),)
    for target, plain in (
        (["y", 3], ["y", 3]),
        ([("m", 1), pd.Timestamp("2024-01-31")], [{"tuple": ["m", 1]}, {"timestamp": "2024-01-31T00:00:00"}]),
        (("y", "z"), {"tuple": ["y", "z"]}),
        ("y", "y"),
        (None, None),
    ):
        schema = Schema(columns, target, task="regression")
        written = json.loads(json.dumps(schema.to_dict()))
        assert written["target"] == plain
        assert Schema.from_dict(written).target == target
    for wrong in ([], ["y", None]):
        with pytest.raises(ValueError, match="`target` of a schema must be a column's name, a list of names, or null"):
            Schema.from_dict({**written, "target": wrong})


def test_infer_leaves_the_task_of_several_targets_open_unless_it_is_given():
    assert infer(TABLE, TARGETS).task is None
    schema = infer(TABLE, TARGETS, task="regression")
    assert (schema.task, schema.target, schema.classes) == ("regression", TARGETS, None)
    with pytest.raises(ValueError, match="no target column 'c'"):
        infer(TABLE, ["a", "c"])


@pytest.mark.parametrize(
    "value, message",
    [
        (np.nan, "target 'b' must have no missing values. Received: 1 missing, the first at row r3"),
        (np.inf, "target 'b' must be finite. Received: inf in row r3"),
        ("much", "target 'b' of a regression must be numbers. Received: .*'much'"),
    ],
)
def test_each_target_must_be_numbers(value, message):
    y = TABLE[TARGETS].astype({"b": object if isinstance(value, str) else float})
    y.loc["r3", "b"] = value
    y = y.iloc[3:] if isinstance(value, str) else y
    schema = Schema((Column("x", "number"),), TARGETS)
    with pytest.raises(ValueError, match=message):
        schema.with_task("regression", y)
    assert schema.with_task("regression", TABLE[TARGETS]).task == "regression"


def test_a_schema_without_names_numbers_the_targets_of_an_array():
    schema = Schema((Column("x", "number"),))
    assert schema.with_task("regression", np.ones((4, 3))).target == [0, 1, 2]
    assert schema.with_task("regression", np.ones((4, 1))).target is None
    with pytest.raises(ValueError, match="target 1 must have no missing .* 2 missing, the first at row 2"):
        schema.with_task("regression", np.array([[1.0, 1.0], [2.0, 3.0], [0.0, np.nan], [1.0, np.nan]]))
    for other, y in ((schema, np.ones((4, 3))), (Schema(schema.columns, "y"), TABLE[TARGETS])):
        with pytest.raises(ValueError, match="one value a row"):
            other.with_task("classification", y)
    with pytest.raises(ValueError, match="one value a row. Received: the shape .4, 3"):
        Schema(schema.columns, TARGETS).with_task("regression", np.ones((4, 3)))


def test_a_description_has_a_line_for_each_target():
    found = describe(TABLE, target=TARGETS)
    assert [target.name for target in found.targets] == TARGETS and found.target is None
    assert [plain["name"] for plain in found.to_dict()["target"]] == TARGETS
    assert "targets: b, a (regression, as the model does)" in str(found) and "b, a" in found._repr_html_()
    one = describe(TABLE, target="a")
    assert one.target is one.targets[0] and one.to_dict()["target"]["name"] == "a"
    assert describe(TABLE).to_dict()["target"] is None


def test_a_description_says_which_tasks_suit_the_targets():
    frame = TABLE.assign(u=np.arange(ROWS) % 2, v=np.arange(ROWS) // 2 % 2, word=["a", "b"] * (ROWS // 2))
    for target, tasks, said in (
        (["u", "v"], ["multilabel", "regression"], "targets: u, v (multilabel or regression, as the model does)"),
        (["u", "a"], ["regression"], "targets: u, a (regression, as the model does)"),
        (["u", "word"], [], "targets: u, word (no task)"),
        ("word", ["classification"], "target: word (classification, 2 classes: a, b)"),
    ):
        found = describe(frame, target=target)
        assert found.to_dict()["tasks"] == tasks and said in str(found)
    assert describe(frame).to_dict()["tasks"] == []
    labels = infer(frame, ["u", "v"], task="multilabel")
    assert "targets: u, v (multilabel)" in str(describe_data(load(frame, target=["u", "v"]), labels))


def test_names_of_targets_are_a_list():
    assert (names_of(None), names_of("a"), names_of(("a", 1)), names_of(["a"])) == ([], ["a"], [("a", 1)], ["a"])
    assert as_target(["a"]) == "a" and as_target(iter(["a", "b"])) == ["a", "b"]


# Splits and streams.


def parts_of(source, target=TARGETS, **options):
    asked = {
        "schema": None,
        "validation": 0.2,
        "shipped": True,
        "entry": zoo.info("mlp_regressor"),
        "seed": 0,
        "target": target,
    }
    return load_parts(source, **{**asked, "groups": None, "time": None, "weight": None, **options})


def test_rows_with_several_targets_are_split_by_seed_groups_and_time():
    parts = parts_of(TABLE)
    assert (len(parts.train), len(parts.val)) == (32, 8)
    assert sorted([*parts.train.y.index, *parts.val.y.index]) == sorted(TABLE.index)
    assert parts.train.y.index.equals(parts.train.x.index)
    last = parts_of(TABLE, time="x")
    assert last.val.y.index.tolist() == list(TABLE.index[32:])
    grouped = parts_of(TABLE, groups="colour")
    assert not set(grouped.train.x.colour).intersection(grouped.val.x.colour) and grouped.train.targets == TARGETS
    weighted = parts_of(TABLE.assign(w=np.arange(ROWS) + 1.0), weight="w")
    np.testing.assert_array_equal(weighted.weights(weighted.val), (TABLE.index.get_indexer(weighted.val.y.index) + 1.0))
    given = parts_of(TABLE, validation=TABLE.iloc[:2])
    assert given.val.target == TARGETS and given.val.y["b"].tolist() == [39**2, 38**2]


def test_rows_without_strata_are_drawn():
    expected = np.sort(np.random.default_rng(3).permutation(20)[:4])
    assert held_out(None, 0.2, seed=3, rows=20)[1].tolist() == expected.tolist()


class TwoTargets:
    """A preprocessor that leaves rows as they are."""

    target = types.SimpleNamespace(encode=lambda y: y.to_numpy("float64"), training=lambda y: y)

    def encode(self, frame):
        return {"x": frame[["x"]].to_numpy()}


def test_a_stream_gives_blocks_of_several_targets(write):
    path = write("rows.csv", TABLE.to_csv(index=False))
    parts = parts_of(load(path, target=TARGETS, stream=True))
    assert parts.sample.frame[parts.train.target].shape == (parts.rows, 2)
    kept = [encoded_blocks(parts.train, TwoTargets(), keep=keep) for keep in (parts.keep_train, parts.keep_val)]
    train, val = (np.concatenate([block.y for block in blocks]) for blocks in kept)
    assert len(train) == parts.rows and len(val) == parts.val_rows
    assert sorted(np.concatenate([train, val]).tolist()) == sorted(TABLE[TARGETS].to_numpy("float64").tolist())


# tf.data.


def dataset(batched, y):
    tf = pytest.importorskip("tensorflow")
    made = tf.data.Dataset.from_tensor_slices((dict(TABLE[["x"]]), y))
    return made.batch(16) if batched else made


@pytest.mark.parametrize("batched", [True, False])
def test_a_dataset_of_columns_may_have_several_targets_a_row(batched):
    y = TABLE[TARGETS].to_numpy("float64")
    for options in ({}, {"stream": True}):
        data = load(dataset(batched, y), **options)
        assert data.target == [0, 1]
        frame = data.sample().frame if data.streaming else data.frame()
        np.testing.assert_array_equal(frame[[0, 1]], y)
        named = load(dataset(batched, y), target=TARGETS, **options)
        assert named.target == TARGETS and named.schema.names == ["x"]
        frame = named.sample().frame if named.streaming else named.frame()
        np.testing.assert_array_equal(frame[TARGETS], y)


def test_a_dataset_of_tensors_may_have_several_targets_a_row():
    tf = pytest.importorskip("tensorflow")
    x, y = np.arange(12.0).reshape(4, 3), np.arange(8.0).reshape(4, 2)
    made = tf.data.Dataset.from_tensor_slices((x, y))
    for source in (made, made.batch(2), made.batch(2, drop_remainder=True)):
        assert load(source).y.tolist() == y.tolist() and load(source).x.tolist() == x.tolist()
    assert load(made, target=TARGETS).target == TARGETS
    with pytest.raises(ValueError, match="each of the 2 targets b, a. Received: the shape .40,."):
        load(dataset(True, TABLE["a"]).unbatch().batch(ROWS), target=TARGETS)


def test_a_classifier_takes_one_target(write):
    for source in (TABLE, load(TABLE, target=TARGETS), (TABLE[["x"]].to_numpy(), TABLE[TARGETS])):
        with pytest.raises(ValueError, match="one value a row. Received: the shape .40, 2."):
            zoo.train("logistic_regression", source, target=None if isinstance(source, tuple) else TARGETS, verbose=0)
    assert Hints() == load(TABLE, target=TARGETS).hints
