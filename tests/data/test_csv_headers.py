"""The header of a file: found below comments, refused with the repair where it is missing or below a title."""

import pytest

import zoo
from zoo.data import csv_headers
from zoo.data.sources import load


@pytest.fixture
def read(tmp_path):
    """Reads a text as a CSV file."""

    def read(text, stream=False, name="a.csv"):
        (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
        return load(tmp_path / name, stream=stream)

    return read


@pytest.mark.parametrize(
    "text, expected",
    [
        ("# made in 2024\n# by hand, with care\na,b\n1,x\n2,y\n", {"a": [1, 2], "b": ["x", "y"]}),
        ("# about\n\na;b\n1;x\n", {"a": [1], "b": ["x"]}),
        ("# about\nx\n1\n2\n", {"x": [1, 2]}),
        ("#name,colour\nbob,red\nann,blue\n", {"#name": ["bob", "ann"], "colour": ["red", "blue"]}),
        ("# red, blue\nname,colour\nbob,red\nann,blue\n", {"name": ["bob", "ann"], "colour": ["red", "blue"]}),
        ("#,Name\n1,Bulb\n2,Ivy\n", {"#": [1, 2], "Name": ["Bulb", "Ivy"]}),
        ("# made\n#chrom,start\nchr1,5\n", {"#chrom": ["chr1"], "start": [5]}),
        ("sep=;\na;b\n1;2,5\n", {"a": [1], "b": [2.5]}),
        ("\ufeffsep=|\na|b\n1|2\n", {"a": [1], "b": [2]}),
        ("0,1,2,label\n5,6,7,x\n1,2,3,y\n", {"0": [5, 1], "1": [6, 2], "2": [7, 3], "label": ["x", "y"]}),
        ("1990,1991,1992\n1,2,3\n", {"1990": [1], "1991": [2], "1992": [3]}),
        (
            "400.5,401.0,401.5,402,402.5\n1,2,3,4,5\n",
            {"400.5": [1], "401.0": [2], "401.5": [3], "402": [4], "402.5": [5]},
        ),
        ("colour,size\nred,small\nblue,large\n", {"colour": ["red", "blue"], "size": ["small", "large"]}),
        ("answer,n\nanswer,1\nyes,2\n", {"answer": ["answer", "yes"], "n": [1, 2]}),
        ("2020,y\nx,1\nz,2\n", {"2020": ["x", "z"], "y": [1, 2]}),
    ],
)
def test_a_header_is_found(read, text, expected):
    assert read(text).frame().to_dict("list") == expected
    assert next(read(text, stream=True).blocks())[1].to_dict("list") == expected


@pytest.mark.parametrize("names", [("one", "two"), ("1", "2"), ("Mazda RX4", "Fiat 128")])
def test_r_s_row_names_have_no_header_and_are_no_input(read, names):
    for stream in (False, True):
        with pytest.warns(zoo.DataWarning, match="'Unnamed: 0': It is taken for the index"):
            data = read('"a","b"\n"{}",5,6\n"{}",7,8\n'.format(*names), stream)
        assert data.schema.names == ["a", "b"]


@pytest.mark.parametrize("rows", ["1,2,3\n", "0.1,2,3\n0.2,5,6\n", "x,2,3\nx,5,6\n", "3,2,3\n1,5,6\n", "x,2,\ny,5,\n"])
def test_a_header_that_may_lack_any_name_is_refused(read, rows):
    with pytest.raises(ValueError, match="2 fields in line 1, 'a,b', and 3 in the next"):
        read("a,b\n" + rows)


@pytest.mark.parametrize(
    "text",
    [
        "5.1,3.5,setosa\n4.9,3.0,setosa\n",
        "1.5,2.5\n3.5,1.2\n",
        "25,male\n30,female\n22,male\n",
        "2020-01-01,5\n2020-01-02,6\n",
        "red,small\nblue,large\nred,small\n",
        "1,0,3,0\n1,1,2,3\n",
        "25\n30\n",
        "5,3,1,0\n4,3,1,0\n",
    ],
)
def test_a_first_row_that_looks_like_the_rows_below_is_no_header(read, text):
    first = text.partition("\n")[0].replace(",", ", ")
    with pytest.raises(ValueError, match=f"must name the columns. Received: {first}, which looks.*Write the names"):
        read(text)


def test_a_title_above_the_header_is_refused_with_the_repair(read):
    with pytest.raises(ValueError, match=r"1 field in line 1, 'Report of 2024', and 3 in the next. Remove a title"):
        read("Report of 2024\n\na,b,c\n1,2,3\n4,5,6\n")
    with pytest.raises(ValueError, match=r"must name the columns. Received: Report, \(nothing\).*leaves 2 columns"):
        read("Report,,\na,b,c\n1,2,3\n")
    with pytest.raises(ValueError, match=r"2 fields in line 1, 'a,b', and 3 in the next"):
        read("a,b\n1,2,\n3,4,\n")


def test_the_line_of_a_fault_counts_the_comments_above(read):
    with pytest.raises(ValueError, match="Received: 1 in line 5"):
        read("# made in 2024\na,b\n1,2\n3,4\n5\n6,7\n")


def test_a_header_without_rows_is_one_of_no_rows(read):
    with pytest.raises(ValueError, match="0 rows x 2 columns"):
        read("a,b\n")
    csv_headers.check(["1", "2"], [], "no file")


def test_line_breaks_in_a_quoted_name_stay_what_they_are(read):
    for name in ("a\rb", "a\nb", "a\r\nb", "\ra"):
        for end in ("\n", "\r\n"):
            text = f'"{name}",c{end}1,x{end}2,y{end}'
            for stream in (False, True):
                data = read(text.encode(), stream)
                rows = next(data.blocks())[1] if stream else data.frame()
                assert rows.to_dict("list") == {name: [1, 2], "c": ["x", "y"]}
