"""Tables in other files than CSV and Parquet, and in archives; columns in the names of folders."""

import datetime
import gzip
import hashlib
import io
import json
import os
import sys
import tarfile
import zipfile

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import feather, ipc, parquet

import zoo
from zoo.data import addresses, archives, excel_files, files
from zoo.data.sources import load


@pytest.fixture
def archive(tmp_path):
    """Writes a zip or tar archive of files and returns its path as a string."""

    def archive(name, contents, mode="w"):
        path = tmp_path / name
        if name.endswith(".zip"):
            with zipfile.ZipFile(path, "w") as file:
                for member, content in contents.items():
                    file.writestr(member, content)
            return str(path)
        with tarfile.open(path, mode) as file:
            for member, content in contents.items():
                entry = tarfile.TarInfo(member)
                entry.size = len(content)
                file.addfile(entry, io.BytesIO(content.encode()))
        return str(path)

    return archive


def zstandard(content: bytes) -> bytes:
    return pa.compress(content, codec="zstd", asbytes=True)


def both(source, **options):
    """Returns the whole table, having asserted that its stream is the same."""
    whole = load(source, **options).frame()
    blocks = [block for _, block in load(source, stream=True, **options).blocks(2)]
    pd.testing.assert_frame_equal(pd.concat(blocks, ignore_index=True), whole)
    return whole


# Compressed.


def test_zstandard_is_read(write):
    expected = {"a": [1, 2], "b": ["x", "y"]}
    assert both(write("a.csv.zst", zstandard(b"a,b\n1,x\n2,y\n"))).to_dict("list") == expected
    two = zstandard(b"a,b\n1,x\n") + zstandard(b"2,y\n")  # as a tool that packs in parallel writes it
    assert both(write("two.csv.zst", two)).to_dict("list") == expected
    assert both(write("a.jsonl.zst", zstandard(b'{"a": 1}\n{"a": 2}\n'))).to_dict("list") == {"a": [1, 2]}
    with pytest.raises(ValueError, match=r"whole.*[Tt]runcated.*again"):
        load(write("cut.csv.zst", zstandard(os.urandom(5000).hex().encode())[:900]))
    with pytest.raises(ValueError, match=r"none.csv.zst' must be a CSV"):
        load(write("none.csv.zst", b"a,b\n1,2\n"))


# Archives.


@pytest.mark.parametrize(
    "name, mode",
    [("rows.zip", ""), ("rows.tar", "w"), ("rows.tar.gz", "w:gz"), ("rows.tgz", "w:gz"), ("rows.tar.xz", "w:xz")],
)
def test_all_files_of_an_archive_are_one_table(archive, name, mode):
    members = {"rows/b.csv": "b,a\ny,2\n", "rows/a.csv": "a,b\n1,x\n", "__MACOSX/a.csv": "no", "rows/.b.csv": "no"}
    path = archive(name, members, mode)
    assert both(path).to_dict("list") == {"a": [1, 2], "b": ["x", "y"]}
    with open(path, "rb") as file:
        assert load(path).sha256 == hashlib.sha256(file.read()).hexdigest()
    kind = name.split(".")[1].replace("tgz", "tar")
    assert both(f"{kind}://rows/b.csv::{path}", target="b").to_dict("list") == {"b": ["y"], "a": [2]}


def test_files_of_an_archive_may_be_compressed_and_have_any_name(archive, tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        file.writestr("a.csv.gz", gzip.compress(b"a,b\n1,x\n2,y\n"))
        file.writestr("b.csv.zst", zstandard(b"a,b\n3,z\n"))
    assert both(tmp_path / "a.zip")["a"].tolist() == [1, 2, 3]
    assert both(archive("rows.csv.zip", {"rows": "a,b\n1,x\n2,y\n"}))["a"].tolist() == [1, 2]
    assert both(archive("any.zip", {"rows": "a,b\n1,x\n2,y\n"}), format="csv")["a"].tolist() == [1, 2]


def test_large_archives_stream_by_the_size_of_what_they_hold(archive, monkeypatch):
    path = archive("rows.zip", {"a.csv": "a,b\n1,x\n2,y\n"})
    members = files.table_files(path, None).paths
    assert addresses.size(members) == len("a,b\n1,x\n2,y\n")
    tar = archive("rows.tar", {"a.csv": "a,b\n1,x\n2,y\n"})
    assert addresses.size(files.table_files(tar, None).paths) == len("a,b\n1,x\n2,y\n")


def test_a_json_file_beside_tables_only_describes_them(archive, write):
    assert both(archive("rows.zip", {"a.csv": "a,b\n1,x\n2,y\n"}))["a"].tolist() == [1, 2]
    path = archive("about.zip", {"a.csv": "a,b\n1,x\n2,y\n", "about.json": "{}"})
    with pytest.warns(zoo.DataWarning, match="about.json is no table"):
        assert load(path).x["a"].tolist() == [1, 2]
    write("rows/about.json", "{}")
    assert both(os.path.dirname(write("rows/a.csv", "a,b\n1,x\n2,y\n")))["a"].tolist() == [1, 2]
    assert both(os.path.dirname(write("alone/a.json", '[{"a": 1}, {"a": 2}]')))["a"].tolist() == [1, 2]


def test_an_archive_is_fetched_whole_from_where_it_cannot_be_read_at_any_place(archive, monkeypatch, tmp_path):
    class Stream(io.BytesIO):
        def seek(self, *place):
            raise ValueError("Cannot seek streaming file")

    with open(archive("rows.zip", {"a.csv": "a,b\n1,x\n2,y\n"}), "rb") as file:
        content = file.read()
    opened = iter([Stream(content)])
    open_of = archives.fsspec.open

    def opens(path, *how, **options):
        remote = open_of(path, *how, **options)
        if (first := next(opened, None)) is not None:
            monkeypatch.setattr(type(remote), "open", lambda self: first)
        else:
            monkeypatch.undo()
        return remote

    monkeypatch.setattr(archives.fsspec, "open", opens)
    assert archives.members(str(tmp_path / "rows.zip")) == [f"zip://a.csv::{tmp_path}/rows.zip"]


def test_an_archive_that_is_no_single_table_is_refused(archive, write):
    with pytest.raises(ValueError, match=r"same columns.*zip://a.csv::.*'a', 'b', 'c', 'd'"):
        load(archive("two.zip", {"a.csv": "a,b\n1,x\n", "b.csv": "c,d\n1,x\n"}))
    with pytest.raises(ValueError, match=r"one type.*csv, json.*zip://"):
        load(archive("kinds.zip", {"a.csv": "a,b\n1,x\n", "b.jsonl": "{}"}))
    with pytest.raises(ValueError, match=r"must hold tables.*Received: a.dat, b.dat. Unpack"):
        load(archive("none.zip", {"a.dat": "", "b.dat": ""}))
    with pytest.raises(ValueError, match=r"must hold tables.*Received: nothing"):
        load(archive("empty.tar", {}))
    with pytest.raises(ValueError, match=r"must be a zip or tar archive"):
        load(write("no.zip", "no zip"))
    with pytest.raises(ValueError, match=r"must be whole"):
        load(write("no.tar", "no tar"))
    with pytest.raises(ValueError, match="must be a file in a zip or tar archive. Received: File is not a zip file"):
        load(f"zip://a.csv::{write('no.zip', 'no zip')}")
    path = archive("rows.zip", {"a.csv": "a,b\n1,x\n"})
    with pytest.raises(FileNotFoundError, match=r"no file 'b.csv' in .*It holds: a.csv"):
        load(f"zip://b.csv::{path}")


def test_an_encrypted_archive_is_refused(archive):
    path = archive("rows.zip", {"a.csv": "a,b\n1,x\n"})
    with open(path, "r+b") as file:  # the bit that says so, in the directory and in the file's own header
        content = bytearray(file.read())
        for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
            content[content.index(mark) + offset] |= 1
        file.seek(0)
        file.write(content)
    with pytest.raises(ValueError, match=r"can be unpacked. Received: .*encrypted.*Unpack it"):
        load(path)


def test_a_damaged_file_in_an_archive_is_to_be_fetched_again(archive):
    path = archive("rows.zip", {"a.csv": "a,b\n1,x\n"})
    with open(path, "r+b") as file:
        content = file.read()
        file.seek(content.index(b"1,x"))
        file.write(b"2")
    with pytest.raises(ValueError, match=r"must be whole. Received: .*CRC-32.*Fetch it again"):
        load(path)


def test_files_of_an_archive_that_are_no_tables_are_said_to_be_left_out(archive):
    path = archive("rows.zip", {"a.csv": "a,b\n1,x\n2,y\n", "README.md": "about"})
    with pytest.warns(zoo.DataWarning, match=r"README.md is no table and is not read"):
        assert load(path).x["a"].tolist() == [1, 2]


# Feather.


def test_feather_and_arrow_s_streams_are_read(tmp_path):
    frame = pd.DataFrame({"n": [1, 2, 3], "gap": [1.0, None, 3.0], "t": ["a", None, "c"], "walk": [[1], [2], [3]]})
    table = pa.Table.from_pandas(frame.set_axis([5, 9, 7]))
    feather.write_feather(table, tmp_path / "a.feather", chunksize=2)
    with ipc.new_stream(tmp_path / "b.arrow", table.schema) as stream:
        stream.write_table(table, max_chunksize=2)
    (tmp_path / "c.feather.gz").write_bytes(gzip.compress((tmp_path / "a.feather").read_bytes()))
    for name in ("a.feather", "b.arrow", "c.feather.gz"):
        found = both(tmp_path / name, ignore="walk")
        pd.testing.assert_frame_equal(found, frame[["n", "gap", "t"]])
        with pytest.raises(ValueError, match=r"column 'walk'.*list.*Ignore it"):
            load(tmp_path / name)
    with pytest.raises(ValueError, match="must be a Feather file"):
        (tmp_path / "d.feather").write_text("no feather")
        load(tmp_path / "d.feather")
    feather.write_feather(table.select(["n"]), tmp_path / "a.feather")
    with pytest.raises(ValueError, match="same columns"):
        load(str(tmp_path / "*r*"), format="feather", ignore="walk")


# JSON lines.


@pytest.mark.parametrize(
    "content",
    [
        '{"a": 1, "b": "x"}\n\n{"b": "y", "a": 2}\n',
        '\ufeff[{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]',
        '[\n  {"a": 1, "b": "x"},\n  {"a": 2, "b": "y"}\n]\n',
        '{"a": [1, 2], "b": ["x", "y"]}',
        '{"a": {"0": 1, "1": 2}, "b": {"0": "x", "1": "y"}}',
    ],
)
def test_json_is_read_by_line_and_whole(write, content):
    for name in ("a.jsonl", "a.ndjson", "a.json"):
        assert both(write(name, content)).to_dict("list") == {"a": [1, 2], "b": ["x", "y"]}


def test_json_s_values_keep_their_types_and_rows_may_lack_columns(write, monkeypatch):
    lines = [
        '{"n": 1, "t": "2020-01-01", "flag": true, "mixed": 1}',
        '{"n": 2.5, "t": "007", "flag": null, "mixed": "x", "late": 3}',
        '{"n": NaN, "flag": false, "mixed": 2.0, "big": 9007199254740993}',
    ]
    path = write("a.jsonl", "\n".join(lines))
    for block in (1, 1000):
        monkeypatch.setattr("zoo.data.json_files.LINES", block)
        found = both(path)
        assert found.dtypes.astype(str).to_dict() == {
            "n": "float64",
            "t": "str",
            "flag": "boolean",
            "mixed": "str",
            "late": "float64",
            "big": "str",
        }
        assert found["t"].tolist()[:2] == ["2020-01-01", "007"]
        assert found["mixed"].tolist() == ["1", "x", "2"]
        assert found["big"].tolist()[2] == "9007199254740993"
        assert found.isna().sum().tolist() == [1, 1, 1, 0, 2, 2]


@pytest.mark.parametrize(
    "content, message",
    [
        ("", "Received: an empty file"),
        ('{"a": 1}\n{"a": 1\n', "in line 2. Repair that line"),
        ('{"a": 1}\n[3]\n', "Received: list in line 2"),
        ("3\n", "Received: other JSON"),
        ("a,b\n1,2\n", r"must be JSON.*Repair it"),
        ('{"a": [1], "b": 1}\n', r"column 'a'.*list.*Ignore it"),
        ('{"a": {"c": 1}, "b": 1}\n{"a": 2, "b": 1}\n', r"column 'a'.*dict.*Ignore it"),
        ('{"a": "é"}'.encode("latin1"), "UTF-8"),
    ],
)
def test_bad_json_is_refused_with_the_place_and_the_repair(write, content, message):
    with pytest.raises(ValueError, match=message):
        load(write("a.jsonl", content))


def test_json_columns_of_lists_may_be_ignored(write):
    path = write("a.jsonl", '{"a": [1], "b": 1}\n{"a": [2], "b": 2}\n')
    assert load(path, ignore="a").frame()["b"].tolist() == [1, 2]


# Excel.


@pytest.fixture
def workbook(tmp_path):
    """Writes sheets as a workbook and returns its path."""
    pytest.importorskip("openpyxl")

    def workbook(sheets, **options):
        with pd.ExcelWriter(tmp_path / "a.xlsx") as writer:
            for name, sheet in sheets.items():
                sheet.to_excel(writer, sheet_name=name, **{"index": False, **options})
        return tmp_path / "a.xlsx"

    return workbook


@pytest.fixture
def sheet():
    days = pd.to_datetime(["2020-01-01", "2020-01-02", None]).astype("datetime64[us]")
    return pd.DataFrame({"n": [1, 2, 3], "gap": [1.5, None, 2.0], "t": ["a", "007", None], "day": days})


def test_excel_is_read(workbook, sheet):
    pd.testing.assert_frame_equal(both(workbook({"rows": sheet, "empty": pd.DataFrame()})), sheet)
    twice = pd.concat([sheet, sheet], ignore_index=True)
    pd.testing.assert_frame_equal(both(workbook({"2023": sheet, "2024": sheet})), twice)
    found = both(workbook({"rows": sheet.assign(mixed=[1, "x", 2.5], flag=[True, False, True])}))
    assert found["mixed"].tolist() == ["1", "x", "2.5"]
    assert found["flag"].dtype == "bool"


def test_the_index_that_pandas_writes_into_excel_is_no_input(workbook, sheet):
    path = workbook({"rows": sheet}, index=True)
    with pytest.warns(zoo.DataWarning, match="'Unnamed: 0': It is taken for the index"):
        assert load(path).schema.names == ["n", "gap", "t", "day"]


def test_bad_workbooks_are_refused(workbook, sheet, write, monkeypatch, tmp_path):
    with pytest.raises(ValueError, match=r"same columns.*sheet 'q'.*'day', 'gap', 't'.*sheet_name="):
        load(workbook({"p": sheet, "q": sheet[["n"]]}))
    with pytest.raises(ValueError, match="empty workbook"):
        load(workbook({"p": pd.DataFrame()}))
    with pytest.raises(ValueError, match=r"must be an Excel workbook.*File is not a zip file.*Save it anew"):
        load(write("no.xlsx", "no workbook"))
    with zipfile.ZipFile(tmp_path / "other.xlsx", "w") as file:
        file.writestr("a.txt", "no workbook")
    with pytest.raises(ValueError, match=r"must be an Excel workbook.*Save it anew"):
        load(tmp_path / "other.xlsx")
    with pytest.raises(ValueError, match=r"suffix must say its type.*Save it as .xlsx"):
        load(write("old.xls", "old"))
    title = pd.DataFrame([["Report", None, None, None], list(sheet.columns), *sheet.astype(object).values.tolist()])
    with pytest.raises(ValueError, match=r"sheet 'p' of .*must name the columns. Received: Report, \(nothing\)"):
        load(workbook({"p": title}, header=False))
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(ImportError, match=r"openpyxl: pip install 'keras-zoo\[excel\]'"):
        next(excel_files.parts(["a.xlsx"]))


# Parquet in Hive's folders.


@pytest.fixture
def partitioned(tmp_path):
    """A folder of Parquet files whose columns `year` and `place` stand in the names of folders; written by pandas."""
    frame = pd.DataFrame(
        {"x": [0.5, 1.5, 2.5, 3.5], "year": [2020, 2020, 2021, 2021], "place": ["a b", None, "a b", "ü"]}
    )
    frame.to_parquet(tmp_path / "rows", partition_cols=["year", "place"])
    return tmp_path / "rows", frame


def test_columns_in_the_names_of_folders_are_columns(partitioned):
    path, frame = partitioned
    for source in (path, f"{path}/*/*/*.parquet"):
        found = both(source).sort_values("x", ignore_index=True)
        pd.testing.assert_frame_equal(found, frame)
    assert sorted(both(path / "year=2020")["x"]) == [0.5, 1.5]
    assert "year" not in both(path / "year=2020").columns


def test_folders_of_other_columns_or_of_csv_files_are_refused(partitioned, write):
    path, _ = partitioned
    (path / "year=2020" / "left=1").mkdir()
    parquet.write_table(pa.table({"x": [1.0]}), path / "year=2020" / "left=1" / "a.parquet")
    with pytest.raises(ValueError, match=r"of the same columns. Received: year, left .*year, place"):
        load(path)
    write("parts/year=2020/a.csv", "a\n1\n")
    with pytest.raises(ValueError, match=r"csv files must hold all columns.*'year=2020'"):
        load(os.path.dirname(os.path.dirname(write("parts/year=2021/a.csv", "a\n2\n"))))


def test_a_column_in_the_files_stands_above_the_folder_s(tmp_path):
    for year in (2020, 2021):
        (tmp_path / f"year={year}").mkdir()
        parquet.write_table(pa.table({"year": [year + 0.5]}), tmp_path / f"year={year}" / "a.parquet")
    assert both(tmp_path)["year"].tolist() == [2020.5, 2021.5]


def test_parquet_with_two_columns_of_one_name_is_refused(tmp_path):
    for write, name in ((parquet.write_table, "a.parquet"), (feather.write_feather, "a.feather")):
        table = pa.table([np.arange(3), np.arange(3)], names=["a", "a"])
        write(table, tmp_path / name)
        with pytest.raises(ValueError, match=r"names must differ.*twice: 'a'. Rename"):
            load(tmp_path / name)


@pytest.mark.parametrize("suffix", [".parquet", ".feather", ".xlsx"])
def test_times_and_durations_in_files_are_read_as_those_in_memory(tmp_path, suffix):
    clock = [datetime.time(hour, 5) for hour in range(4)]
    frame = pd.DataFrame({"at": clock, "took": pd.to_timedelta([1, 30, None, 4], "h"), "y": ["u", "v", "u", "v"]})
    if suffix == ".xlsx":
        book = pytest.importorskip("openpyxl").Workbook()
        for row in [list(frame.columns), *frame.astype(object).where(frame.notna(), None).values.tolist()]:
            book.active.append(row)
        book.save(tmp_path / "a.xlsx")
    else:
        {".parquet": frame.to_parquet, ".feather": frame.to_feather}[suffix](tmp_path / f"a{suffix}")
    found = both(tmp_path / f"a{suffix}")
    known = [(c.name, c.kind, c.notes) for c in load(frame, target="y").schema.columns]
    assert [(c.name, c.kind, c.notes) for c in load(found, target="y").schema.columns] == known
    assert [kind for _, kind, _ in known] == ["number", "number"]
    assert found["at"].tolist() == clock
    assert found["took"].dt.total_seconds().dropna().tolist() == [3600, 108000, 14400]


def test_columns_that_a_model_does_not_know_need_not_be_readable(write, tmp_path):
    frame = pd.DataFrame({"a": [1, 2, 3], "walk": [[1], [2, 3], []], "y": ["u", "v", "u"]})
    frame.to_parquet(tmp_path / "a.parquet")
    lines = write("a.jsonl", "\n".join(json.dumps(row) for row in frame.to_dict("records")))
    schema = load(frame[["a", "y"]], target="y").schema
    for path in (tmp_path / "a.parquet", lines):
        assert load(path, schema=schema).x["a"].tolist() == [1, 2, 3]
        with pytest.raises(ValueError, match="'walk'.*Ignore it"):
            load(path, target="y")
