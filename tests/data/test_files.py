"""Tables in files: what their values become, whole and block by block; what bad files get."""

import functools
import gzip
import hashlib
import http.server
import os
import struct
import threading
import zipfile

import fsspec
import numpy as np
import pandas as pd
import pytest

from tests.benchmarks import stream as stream_benchmark
from zoo.data import addresses, csv_files, sources
from zoo.data.doubts import DataWarning
from zoo.data.preprocessing import Preprocessor
from zoo.data.sources import load


def streamed(source, rows=2, **options):
    """Returns all blocks of a stream as one table."""
    data = load(source, stream=True, **options)
    assert data.streaming
    assert data.x is None
    blocks = list(data.blocks(rows))
    assert [first for first, _ in blocks] == list(range(0, len(data), rows))
    return pd.concat([block for _, block in blocks], ignore_index=True)


@pytest.mark.parametrize("missing", ["", "?", "NA", "N/A", '"NA"'])
def test_missing_values_are_nan_in_text_and_in_numbers(write, missing):
    frame = load(write("a.csv", f"n,t\n1,u\n{missing},{missing}\n")).frame()
    assert frame["n"].tolist()[0] == 1.0
    assert frame.isna().to_numpy().tolist() == [[False, False], [True, True]]
    assert frame["n"].dtype == "float64"


@pytest.mark.parametrize(
    "values, dtype",
    [
        (["1", "-2"], "int64"),
        (["1", "2.5"], "float64"),
        (["true", "False"], "bool"),
        (["007", "010"], "str"),
        ([" 007", "\t010"], "str"),
        (["12345678901234567890", "3"], "str"),
        (["9007199254740993", ""], "str"),
        (["2020-01-31", "2020-02-01"], "str"),
        (["3", " "], "str"),
        (["true", ""], "boolean"),
        (["", ""], "float64"),
    ],
)
def test_columns_have_the_type_that_loses_nothing(write, values, dtype):
    frame = load(write("a.csv", "k,v\n" + "".join(f"x,{value}\n" for value in values))).frame()
    assert frame["v"].dtype == dtype
    if dtype == "str":
        assert frame["v"].fillna("").tolist() == values


@pytest.mark.parametrize(
    "name, content, expected",
    [
        ("a.csv", "a;b\n1,5;x\n2,25;y\n", {"a": [1.5, 2.25], "b": ["x", "y"]}),
        ("a.tsv", "a\tb\n1\tx,y\n", {"a": [1], "b": ["x,y"]}),
        ("a.csv", "a|b\n1|x;y\n", {"a": [1], "b": ["x;y"]}),
        ("a.csv", b"\xef\xbb\xbfa,b\n1,2\n", {"a": [1], "b": [2]}),
        ("a.csv", "a,b\r\n1,2\r\n", {"a": [1], "b": [2]}),
        ("a.csv", "a,b\r1,2\r3,4\r", {"a": [1, 3], "b": [2, 4]}),
        ("a.csv", '"a, b","вес"\n1,"x\ny ""z"""\n', {"a, b": [1], "вес": ['x\ny "z"']}),
        ("a.csv", "a\n1\n\n2\n", {"a": [1, 2]}),
        ("a.csv", "\n\na,b\n1,2", {"a": [1], "b": [2]}),
        ("a.csv.gz", gzip.compress(b"a,b\n1,2\n", mtime=0), {"a": [1], "b": [2]}),
    ],
)
def test_csv_files_of_many_hands_are_read(write, name, content, expected):
    path = write(name, content)
    assert load(path).frame().to_dict("list") == expected
    assert streamed(path).to_dict("list") == expected


@pytest.fixture
def late_surprises(monkeypatch, write):
    """A CSV whose columns change their nature long after the first chunk."""
    monkeypatch.setattr(csv_files, "CHUNK_BYTES", 256)
    rows = [f"{i},{i},{i},{i},true,{i},{i}" for i in range(100)]
    rows += ['1.5,,x,007,,"a\nb", ', '2,3,"q, r",1,false,"c",4']
    return write("late.csv", "float,gap,text,code,flag,lines,blank\n" + "\n".join(rows) + "\n")


def test_a_stream_has_the_values_and_types_of_the_whole_file(late_surprises):
    with pytest.warns(
        DataWarning, match="'c' in 2 rows count as missing"
    ):  # the columns of numbers are said to be such
        whole = load(late_surprises).frame()
    assert whole.dtypes.astype(str).tolist() == ["float64", "float64", "str", "str", "boolean", "str", "str"]
    assert whole["code"].tolist()[-2:] == ["007", "1"]
    assert whole["lines"].tolist()[-2:] == ["a\nb", "c"]
    for rows in (7, 1000):
        pd.testing.assert_frame_equal(streamed(late_surprises, rows), whole)


def test_all_blocks_of_a_stream_have_the_same_types(late_surprises):
    kinds = {tuple(block.dtypes.astype(str)) for _, block in load(late_surprises, stream=True).blocks(10)}
    assert len(kinds) == 1


def test_the_rows_of_a_stream_are_counted_once(late_surprises, monkeypatch):
    data = load(late_surprises, stream=True)
    assert len(data) == 102
    monkeypatch.setattr(csv_files, "scan", None)
    assert len(data) == 102


def test_a_stray_quotation_mark_does_not_hold_the_whole_file_in_memory(monkeypatch, write):
    monkeypatch.setattr(csv_files, "CHUNK_BYTES", 2**21)
    lines = ['5" pipe,1'] + [f"hose,{i}" for i in range(400_000)]
    path = write("pipes.csv", "what,number\n" + "\n".join(lines) + "\n")
    written = csv_files.dialect(path)
    assert max(len(chunk) for _, chunk in csv_files._chunks(written)) < 2**22
    assert len(load(path, stream=True)) == 400_001


def test_large_files_stream_by_themselves(write, monkeypatch):
    path = write("a.csv", "a,b\n1,2\n")
    assert not load(path).streaming
    monkeypatch.setattr(sources, "STREAM_BYTES", 7)
    assert load(path).streaming
    assert not load(path, stream=False).streaming


def test_what_reads_ahead_stops_when_nobody_reads_on(late_surprises):
    before = threading.active_count()
    blocks = load(late_surprises, stream=True).blocks(5)
    next(blocks)
    blocks.close()
    assert threading.active_count() == before


def test_a_stream_is_no_frame_no_array_and_has_no_row_numbers(write):
    data = load(write("a.csv", "a,b\n1,2\n"), stream=True)
    for use in (data.frame, data.arrays, functools.partial(data.take, [0])):
        with pytest.raises(ValueError, match="stream=False"):
            use()
    with pytest.raises(ValueError, match="A stream has no splits"):
        load("titanic", stream=True, split="test")


def test_a_stream_has_a_schema_and_a_target(write):
    data = load(write("a.csv", "a,y\n1,yes\n2,no\n"), target="y", stream=True)
    assert data.schema.classes == ("no", "yes")
    assert data.schema.names == ["a"]
    with pytest.raises(ValueError, match="no target column 'z'"):
        load(data.source, target="z", stream=True)


def test_shards_are_one_table_in_the_order_of_their_names(write, tmp_path):
    write("shards/b.csv", "b,a\n,2.5\n")
    write("shards/a.csv", "a,b\n1,x\n")
    write("shards/_SUCCESS", "")
    for source in (tmp_path / "shards", f"{tmp_path}/shards/*.csv"):
        frame = load(source).frame()
        assert frame["a"].tolist() == [1.0, 2.5]
        assert frame["b"].isna().tolist() == [False, True]
        pd.testing.assert_frame_equal(streamed(source), frame)


def test_shards_must_agree_in_columns_and_type(write, tmp_path):
    write("mixed/a.csv", "a,b\n1,x\n")
    write("mixed/b.csv", "a,c\n1,x\n")
    for stream in (False, True):
        with pytest.raises(ValueError, match=r"same columns.*'b', 'c'"):
            len(load(tmp_path / "mixed", stream=stream))
    pd.DataFrame({"a": [1]}).to_parquet(tmp_path / "mixed" / "b.parquet")
    with pytest.raises(ValueError, match=r"one type.*csv, parquet.*glob"):
        load(tmp_path / "mixed")
    write("parts/year=2020/a.csv", "a\n1\n")
    with pytest.raises(ValueError, match="'year=2020'"):
        load(tmp_path / "parts")


@pytest.fixture
def parquet(tmp_path):
    frame = pd.DataFrame(
        {
            "small": np.array([1, 2, 3], "uint8"),
            "gap": pd.array([1, None, 3], dtype="Int64"),
            "level": pd.Categorical(["u", None, "v"]),
            "day": pd.to_datetime(["2020-01-01", None, "2020-01-03"]),
            "flag": [True, None, False],
            "share": np.array([0.5, 1.5, 2.5], "float32"),
        },
        index=pd.Index([10, 11, 12]),
    )
    path = tmp_path / "a.parquet"
    frame.to_parquet(path, row_group_size=1)
    return path


def test_parquet_keeps_its_types_whole_and_streamed(parquet):
    whole = load(parquet).frame()
    assert whole.dtypes.astype(str).tolist() == ["uint8", "float64", "str", "datetime64[us]", "boolean", "float32"]
    assert whole["level"].tolist()[::2] == ["u", "v"]
    assert len(load(parquet, stream=True)) == 3
    pd.testing.assert_frame_equal(streamed(parquet, 1), whole)


def test_parquet_columns_of_lists_are_refused_unless_ignored(tmp_path):
    path = tmp_path / "lists.parquet"
    pd.DataFrame({"walk": [[1], [2, 3]], "a": [1, 2]}).to_parquet(path)
    with pytest.raises(ValueError, match=r"column 'walk'.*list.*Ignore it"):
        load(path)
    assert load(path, ignore="walk").frame()["a"].tolist() == [1, 2]


@pytest.fixture
def records(tmp_path):
    """Writes rows of features as a TFRecord file, without checksums' values, which are not read."""
    example = pytest.importorskip("tensorflow.core.example.example_pb2")

    def write(name, rows):
        kinds = {int: "int64_list", float: "float_list", bytes: "bytes_list"}
        with open(tmp_path / name, "wb") as file:
            for row in rows:
                record = example.Example()
                for feature, values in row.items():
                    getattr(record.features.feature[feature], kinds[type(values[0])]).value.extend(values)
                content = record.SerializeToString()
                file.write(struct.pack("<Q4x", len(content)) + content + bytes(4))
        return str(tmp_path / name)

    return write


def test_tfrecords_are_tables(records):
    path = records("a.tfrecord", [{"n": [1], "t": [b"x"], "v": [0.5, 1.0]}, {"v": [2.0, 3.0], "t": ["ж".encode()]}])
    frame = load(path).frame()
    assert frame.columns.tolist() == ["n", "t", "v_0", "v_1"]
    assert frame["t"].tolist() == ["x", "ж"]
    assert frame["v_1"].tolist() == [1.0, 3.0]
    assert frame["n"].isna().tolist() == [False, True]
    assert len(load(path, stream=True)) == 2
    pd.testing.assert_frame_equal(streamed(path, 1), frame)


def test_tfrecord_shards_are_known_by_their_names(records, tmp_path):
    for i in range(2):
        records(f"a.tfrecord-0000{i}-of-00002", [{"n": [i]}])
    assert load(f"{tmp_path}/a.tfrecord*").frame()["n"].tolist() == [0, 1]


def test_bad_tfrecords_are_refused(records, tmp_path, write):
    path = records("a.tfrecord", [{"n": [1]}, {"n": [2]}])
    content = (tmp_path / "a.tfrecord").read_bytes()
    with pytest.raises(ValueError, match=r"whole TFRecords.*truncated"):
        load(write("cut.tfrecord", content[:-6]))
    with pytest.raises(ValueError, match=r"tf.train.Example records.*other bytes"):
        load(write("noise.tfrecord", struct.pack("<Q4x", 3) + b"\xff\xff\xff" + bytes(4)))
    with pytest.raises(ValueError, match=r"feature 'n'.*as many values.*1.*2"):
        load(records("ragged.tfrecord", [{"n": [1]}, {"n": [1, 2]}]))
    with pytest.raises(ValueError, match=r"feature 'n'.*UTF-8"):
        load(records("bytes.tfrecord", [{"n": [b"\xff\xd8"]}]))
    assert load(path).frame()["n"].tolist() == [1, 2]


@pytest.mark.parametrize(
    "name, content, message",
    [
        ("a.csv", "", r"CSV with a header.*empty file"),
        ("a.csv", "a,b\n", r"must have rows.*0 rows x 2 columns"),
        ("a.csv", "a,b\n1,2\n\n3\n4,5\n", r"2 fields.*Received: 1 in line 4"),
        ("a.csv", 'a,b\n1,"x\ny"\n3,4,5\n', r"2 fields.*Received: 3 in line 4"),
        ("a.csv", "a,a\n1,2\n", r"twice: 'a'.*Rename"),
        ("a.csv", "a,b\n1,2\n3,\xe4\n".encode("latin1"), r"UTF-8.*0xe4 in line 3.*iconv"),
        ("a.csv", "a,gr\xf6\xdfe\n1,2\n".encode("latin1"), r"UTF-8.*0xf6 in line 1.*iconv"),
        ("a.csv", "a,b\n1,2\n".encode("utf-16"), r"UTF-8.*UTF-16.*iconv"),
        ("a.csv", b"\x89PNG\0\0", r"CSV text.*binary.*format="),
        ("a.csv.gz", gzip.compress(b"a,b\n" + os.urandom(5000).hex().encode())[:900], r"whole.*truncated.*again"),
        ("a.csv.gz", b"a,b\n1,2\n", r"Not a gzipped file"),
        ("a.parquet", b"PAR1 no", r"must be a Parquet file"),
        ("a.xyz", "a,b\n", r"suffix must say its type.*format="),
    ],
)
def test_unreadable_files_are_refused_with_the_place_and_the_repair(write, name, content, message):
    with pytest.raises(ValueError, match=message):
        load(write(name, content))


def test_a_ragged_line_is_found_in_a_stream_too(write, monkeypatch):
    monkeypatch.setattr(csv_files, "CHUNK_BYTES", 64)
    path = write("a.csv", "a,b\n" + "1,2\n" * 100 + "3\n" + "4,5\n" * 100)
    with pytest.raises(ValueError, match="Received: 1 in line 102"):
        list(load(path, stream=True).blocks())


def test_missing_files_are_not_found(tmp_path):
    for source in ("nothing.csv", "./nothing", f"{tmp_path}/*.csv", tmp_path / "nothing", "memory://nothing.csv"):
        with pytest.raises(FileNotFoundError, match="no file, folder or glob"):
            load(source)
    with pytest.raises(FileNotFoundError, match=r"folder .* must hold tables or images"):
        load(tmp_path)


def test_a_file_that_may_not_be_read_is_a_permission_error(write, monkeypatch):
    path = write("a.csv", "a\n1\n")
    monkeypatch.setattr(addresses.os, "access", lambda path, mode: False)  # root may read everything
    with pytest.raises(PermissionError, match=r"chmod \+r"):
        load(path)


def test_the_hash_of_a_file_is_that_of_its_bytes(write):
    path = write("a.csv", "a\n1\n")
    expected = hashlib.sha256(b"a\n1\n").hexdigest()
    assert load(path).sha256 == expected
    assert load(path, stream=True).sha256 == expected


@pytest.fixture
def server(tmp_path):
    """Serves a folder over HTTP on loopback; yields its address."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=tmp_path)) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_files_are_read_over_http(server, write, visits, tmp_path):
    pytest.importorskip("aiohttp")
    visits.to_csv(tmp_path / "visits.csv.gz", index=False)
    frame = load(f"{server}/visits.csv.gz", target="bought").frame()
    pd.testing.assert_frame_equal(frame, load(tmp_path / "visits.csv.gz").frame())
    pd.testing.assert_frame_equal(streamed(f"{server}/visits.csv.gz", 50), frame)
    with zipfile.ZipFile(tmp_path / "visits.zip", "w") as archive:
        archive.write(tmp_path / "visits.csv.gz", "visits.csv.gz")
    pd.testing.assert_frame_equal(load(f"{server}/visits.zip").frame(), frame)
    with pytest.raises(FileNotFoundError, match="no file"):
        load(f"{server}/nothing.csv")


def test_files_are_read_from_any_fsspec_address(visits, tmp_path):
    with fsspec.open("memory://shop/visits-0.csv", "w", newline="") as file:
        visits.to_csv(file, index=False)
    visits.to_parquet(tmp_path / "visits.parquet")
    near = load(f"file://{tmp_path}/visits.parquet").frame()
    pd.testing.assert_frame_equal(load("memory://shop/*.csv").frame(), near)
    pd.testing.assert_frame_equal(load("memory://shop").frame(), near)
    assert load("memory://shop/*.csv", stream=True).sha256 is None


def test_the_streaming_benchmark_runs_and_reads_every_row(tmp_path):
    found = stream_benchmark.measure(tmp_path, 0.01, 10_000)
    assert found["rows"] == 40_000
    assert found["peak_gib"] < 1.5
    assert list(tmp_path.iterdir()) == []


def test_errors_of_a_stream_name_the_row_in_the_file(write):
    rows = [f"{i}.5,{'u' if i % 2 else 'v'}" for i in range(50)]
    path = write("a.csv", "\n".join(["a,y", *rows]))
    schema = load(path, target="y").schema
    rows[43] = "wrong,u"
    stream = load(write("b.csv", "\n".join(["a,y", *rows])), schema=schema, stream=True)
    preprocessor = Preprocessor(schema).fit(load(path, target="y").x)
    for first, block in stream.blocks(20):
        assert block.index.tolist() == list(range(first, first + len(block)))
        if first == 40:
            with pytest.raises(ValueError, match="'a' must hold numbers. Received: 'wrong' in row 43"):
                preprocessor.encode(block)
