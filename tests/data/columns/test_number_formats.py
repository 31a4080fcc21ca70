"""Numbers in strings as the world writes them: read alike at inference, in training, in prediction and in files."""

import warnings

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

import zoo
from zoo.data import load
from zoo.data.columns.number_formats import number_of, numbers_of, recognise
from zoo.data.columns.values import Values
from zoo.data.doubts import DataWarning
from zoo.data.infer import infer
from zoo.data.preprocessing import Preprocessor
from zoo.data.schema import Column, Schema

WRITTEN = [  # strings, the numbers that they are, the marks of the column
    (["1.234,50", "12,5", "-3"], [1234.5, 12.5, -3.0], {"decimal": ",", "thousands": "."}),
    (["1,234.50", "12.5", "+3"], [1234.5, 12.5, 3.0], {"thousands": ","}),
    (["1 234,5", "12", "1\u202f000"], [1234.5, 12.0, 1000.0], {"decimal": ",", "thousands": " "}),
    (["1'234.5", "7", "2’000"], [1234.5, 7.0, 2000.0], {"thousands": "'"}),
    (["1.234.567", "1.234"], [1234567.0, 1234.0], {"decimal": ",", "thousands": "."}),
    (["0,123", "1,234"], [0.123, 1.234], {"decimal": ","}),
    (["$ 3", "$4.50", "-$1", "(5)"], [3.0, 4.5, -1.0, -5.0], {"prefix": "$"}),
    (["3,10 €", "4,5 €"], [3.1, 4.5], {"decimal": ",", "suffix": "€"}),
    (["EUR 5", "EUR 6,50"], [5.0, 6.5], {"decimal": ",", "prefix": "EUR"}),
    (["12 %", "13.5%"], [12.0, 13.5], {"suffix": "%"}),
    (["\u22125,5", "5,25"], [-5.5, 5.25], {"decimal": ","}),
    (["1e5", "2,5"], [1e5, 2.5], {"decimal": ","}),
    (["1,23,456.50", "12,345", "1,00,00,000"], [123456.5, 12345.0, 1e7], {"thousands": ","}),
    (["₹1,23,456", "₹ 12"], [123456.0, 12.0], {"thousands": ",", "prefix": "₹"}),
    (["12.5-", "3"], [-12.5, 3.0], {}),
    (["1.234,5- €", "3,25-€"], [-1234.5, -3.25], {"decimal": ",", "thousands": ".", "suffix": "€"}),
    (["$(1,234.50)", "($2)", "$3.5", "$-4"], [-1234.5, -2.0, 3.5, -4.0], {"thousands": ",", "prefix": "$"}),
    (["\u20135.5", "\uff0d2", "7"], [-5.5, -2.0, 7.0], {}),
    (["Rs. 5", "Rs. 6.5"], [5.0, 6.5], {"prefix": "Rs."}),
]
NOT_NUMBERS = [
    ["12 %", "13"],  # of percents, some would be a hundred times as large
    ["1.234,5", "1,234.5"],
    ["$ 3", "€ 4"],
    ["$$3", "$$4"],
    ["-5-", "(5)-"],
    ["1,2,3", "1,2,4"],
    ["1.2.3", "1.2.4"],
    ["555-1234", "555-9876"],
    ["10:30", "11:45"],
    ["007", "12"],
    ["2024/1/5"],
    ["1", "x"],
    ["null", "-"],
]


@pytest.mark.parametrize(("strings", "numbers", "marks"), WRITTEN, ids=lambda value: str(value)[:30])
def test_marks_are_recognised_over_all_strings(strings, numbers, marks):
    found = recognise(dict.fromkeys(strings, 1))
    assert (dict(found.marks), found.missing, found.doubtful) == (marks, (), "")
    column = Column("x", "number", **marks)
    assert [number_of(text, column) for text in strings] == numbers


@pytest.mark.parametrize("strings", NOT_NUMBERS, ids=str)
def test_what_is_no_number_or_may_be_two_is_not_read_as_one(strings):
    assert recognise(dict.fromkeys(strings, 1)) is None


@pytest.mark.parametrize(("strings", "numbers", "marks"), WRITTEN[:8], ids=lambda value: str(value)[:30])
def test_a_column_is_encoded_as_its_numbers_are(strings, numbers, marks):
    """The marks stand in the schema, through its file too, and a table of plain numbers is read as well."""
    written, plain = (pd.DataFrame({"x": values * 4}) for values in (strings, numbers))
    schema = Schema.from_dict(infer(written).to_dict())
    column = schema.column("x")
    assert (column.kind, {name: getattr(column, name) for name in marks}) == ("number", marks)
    preprocessor = Preprocessor(schema).fit(written)
    wanted = Preprocessor(infer(plain)).fit(plain).encode(plain)
    for table in (written, plain, {"x": strings * 4}):
        for name, values in preprocessor.encode(table).items():
            np.testing.assert_array_equal(values, wanted[name])


def test_another_decimal_mark_at_prediction_is_an_error():
    preprocessor = Preprocessor(infer(pd.DataFrame({"x": ["1,5", "2,25"]}))).fit(pd.DataFrame({"x": ["1,5", "2,25"]}))
    with pytest.raises(ValueError, match=r"'x' must hold numbers with the decimal mark ','. Received: '1\.5' in row 1"):
        preprocessor.encode(pd.DataFrame({"x": ["1,5", "1.5"]}))


MARKS = ["null", "None", "n/a", "-", "\\N", ".", "#N/A", "NULL", "NaN", "--", "n.a.", "#DIV/0!", "NaT"]


@pytest.mark.parametrize("mark", MARKS)
def test_marks_of_missing_values_do_not_make_a_column_a_text(mark):
    strings = [mark if i % 3 == 0 else f"{i}.5" for i in range(60)]
    frame = pd.DataFrame({"x": strings})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        schema = infer(frame)
    assert schema.column("x").kind == "number"
    encoded = Preprocessor(schema).fit(frame).encode(frame)["numeric"]
    np.testing.assert_array_equal(encoded[:, 1], np.arange(60) % 3 == 0)
    if mark != "NaN":  # which Python reads itself
        assert f"{mark!r} in 20 rows count as missing." in schema.column("x").notes


def test_a_percent_sign_that_is_absent_at_prediction_is_an_error():
    rows = pd.DataFrame({"x": ["12 %", "13.5%"]})
    preprocessor = Preprocessor(infer(rows)).fit(rows)
    with pytest.raises(ValueError, match="'x' must hold numbers with '%' behind them. Received: '0.12' in row 1"):
        preprocessor.encode(pd.DataFrame({"x": ["12 %", "0.12"]}))


def test_few_values_that_are_no_numbers_count_as_missing_and_are_named():
    strings = [f"{i}.5" for i in range(57)] + ["broken", "lost", "broken"]
    with pytest.warns(DataWarning, match=r"'x'.*'broken', 'lost' in 3 rows count as missing.*'broken' in row 57"):
        schema = infer(pd.DataFrame({"x": strings}))
    column = schema.column("x")
    assert (column.kind, column.missing) == ("number", ("broken", "lost"))
    preprocessor = Preprocessor(schema).fit(pd.DataFrame({"x": strings}))
    assert preprocessor.encode(pd.DataFrame({"x": ["lost", "1.5"]}))["numeric"][:, 1].tolist() == [1.0, 0.0]
    with pytest.raises(ValueError, match="'x' must hold numbers. Received: 'gone' in row 0"):
        preprocessor.encode(pd.DataFrame({"x": ["gone"]}))
    with pytest.warns(DataWarning, match=r"81.4 % of its values are numbers, 'broken', 'lost' are not"):  # 57 of 70
        assert infer(pd.DataFrame({"x": strings + ["broken"] * 10})).column("x").kind == "text"


def test_marks_that_can_be_read_in_two_ways_are_said_and_settled_by_an_option():
    frame = pd.DataFrame({"x": ["1,234", "5,678", "12"], "y": [1.0, 2.0, 4.0]})
    with pytest.warns(DataWarning, match=r"'x'.*'1,234'.*`thousands=','` to confirm it, or `decimal=','`"):
        assert load(frame, target="y").schema.column("x").thousands == ","
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert load(frame, target="y", decimal=",").schema.column("x").decimal == ","
        assert load(frame, target="y", thousands=",").schema.column("x").thousands == ","


def test_a_file_is_read_by_the_marks_of_the_schema(tmp_path):
    """1.234 is a thousand and more, in a file that holds nothing else, too."""
    trained = tmp_path / "trained.csv"
    trained.write_text("x;y\n" + "".join(f'"1.{i:03},5";{i}\n' for i in range(40)))
    model = zoo.build("linear_regression", trained, target="y")
    assert (model.schema.column("x").decimal, model.schema.column("x").thousands) == (",", ".")
    (tmp_path / "asked.csv").write_text("x\n1.001\n1.002\n")
    found = zoo.predict(model, tmp_path / "asked.csv")
    wanted = zoo.predict(model, pd.DataFrame({"x": [1001.0, 1002.0]}))
    pd.testing.assert_frame_equal(found, wanted)


def test_whole_numbers_beyond_float64_and_codes_with_blanks_are_no_numbers():
    values = Values("n", pd.Series([10**400, 1, -(10**400)], dtype=object))
    assert values.numbers.tolist() == [np.inf, 1.0, -np.inf]
    numbers, strange = numbers_of(["1", 10**400, "x"], Column("n", "number"))
    assert numbers[0] == 1.0 and np.isnan(numbers[1]) and strange.tolist() == [False, True, True]
    assert Values("code", pd.Series([" 00718", " 00251"])).numbers is None


def test_decimal_commas_that_begin_late_are_seen(tmp_path):
    (tmp_path / "late.csv").write_text("x;y\n" + "".join(f"{i};{i}\n" for i in range(80)) + "7,5;1\n8,25;2\n")
    data = load(tmp_path / "late.csv", target="y")
    assert (data.schema.column("x").kind, data.schema.column("x").decimal) == ("number", ",")


def test_values_of_the_callers_count_as_missing_in_python_and_in_the_graph():
    rows = pd.DataFrame({"n": [1.0, -999.0, 3.0] * 10, "c": ["a", "unknown", "b"] * 10, "y": np.arange(30.0)})
    data = load(rows, target="y", na_values=["unknown", -999])
    preprocessor = Preprocessor(data.schema).fit(data.x)
    encoded = preprocessor.encode(rows)
    assert encoded["numeric"][:3, 1].tolist() == [0.0, 1.0, 0.0]
    assert encoded["categorical"][:3, 0].tolist() == [2, 1, 3]  # "" is the first level
    graph = preprocessor.module()({name: tf.constant(v) for name, v in preprocessor.tensors(rows).items()})
    for name, values in encoded.items():
        np.testing.assert_array_equal(graph[name].numpy(), values)


def test_a_target_s_numbers_are_read_by_their_marks_too():
    x = np.arange(60.0)
    frame = pd.DataFrame({"x": x, "y": [f"{3 * v + 1:.2f}".replace(".", ",") for v in x]})
    data = load(frame, target="y")
    assert data.schema.task == "regression"
    np.testing.assert_allclose(data.y, 3 * x + 1)
    model = zoo.build("linear_regression", frame, target="y")
    assert load(frame, schema=model.schema).y.tolist() == (3 * x + 1).tolist()


def test_numbers_that_float32_does_not_hold_are_said_to_count_as_missing():
    frame = pd.DataFrame({"x": [1.0, 1e300, 3.0, -1e39, np.inf, np.nan], "y": [1.0, 2.0, 4.0, 3.0, 5.0, 6.0]})
    with pytest.warns(DataWarning, match=r"'x': Numbers beyond 3.4e\+38.*in 2 rows. Such as 1e\+300 in row 1"):
        data = load(frame, target="y")
    encoded = Preprocessor(data.schema).fit(data.x).encode(frame)["numeric"]
    assert encoded[:, 1].tolist() == [0.0, 1.0, 0.0, 1.0, 1.0, 1.0]
    with pytest.warns(DataWarning, match=r"'x': Numbers beyond 3.4e\+38.*in 2 rows. Such as '1e\+300' in row 1"):
        load(frame.assign(x=["1.0", "1e+300", "3.0", "-1e39", "inf", ""]), target="y")


def test_numbers_that_float32_does_not_hold_are_said_at_prediction_too():
    rows = pd.DataFrame({"x": np.arange(30.0), "n": np.arange(30) % 7, "y": np.arange(30.0)})
    model = zoo.build("linear_regression", rows, target="y")
    for count in (2, 30):
        asked = rows.head(count).assign(x=[1.0, 1e300] * (count // 2))
        with pytest.warns(DataWarning, match=rf"'x': Numbers beyond .* in {count // 2} rows. Such as 1e\+300 in row 1"):
            found = zoo.predict(model, asked)
        pd.testing.assert_frame_equal(found, zoo.predict(model, asked.assign(x=[1.0, None] * (count // 2))))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"decimal": ";"}, "`decimal` must be '.' or ','. Received: decimal=';'"),
        ({"decimal": ",", "thousands": ","}, "`thousands` must be .* another mark than `decimal`"),
        ({"date_format": "d/m/Y"}, "`date_format` must be like '%d/%m/%Y'. Received: date_format='d/m/Y'"),
    ],
    ids=str,
)
def test_options_that_name_no_mark_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        load(pd.DataFrame({"x": [1.0]}), **options)


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (
            [f"{i}.5 kg" for i in range(30)],
            r"'kg' behind them.* Such as '0.5 kg' in row 0. If .* \"suffix\": \"kg\"",
        ),
        (
            [f"{i}" if i % 4 else "unknown" for i in range(40)],
            r"75 % of its values are numbers, 'unknown' are not",
        ),
        ([f"{i} %" if i % 4 else f"{i}" for i in range(40)], r"several signs, none and '%'.*Such as '1 %' in row 1"),
        ([f"{'$€'[i % 2]} {i}" for i in range(40)], r"several signs, '\$' and '€', so they are not read as numbers"),
        (["1.234,5", "1,234.5"] * 9, r"several decimal marks.* Such as '1.234,5' in row 0. Write them with one"),
    ],
)
def test_texts_that_are_nearly_numbers_are_said(texts, message):
    with pytest.warns(DataWarning, match=message):
        schema = load(pd.DataFrame({"x": texts, "y": np.arange(len(texts)) % 9})).schema
    assert schema.column("x").kind != "number"


@pytest.mark.parametrize(
    "texts",
    [
        [f"{i % 3}.{i % 5}.{i}" for i in range(40)],
        [f"{i:04}" for i in range(40)],
        [f"{i}" if i % 3 else f"A/5 {i}" for i in range(40)],
        [f"{i} {'kg' if i % 2 else 'lb'}" for i in range(40)],
        ["1", "2", "many"] * 9,
        [f"C{i}" for i in range(40)],
        [f"{i} street" for i in range(40)],
        [f"{i}-{i + 9}" for i in range(40)],
    ],
    ids=str,
)
def test_codes_and_versions_are_no_doubtful_numbers(texts):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert load(pd.DataFrame({"x": texts, "z": np.arange(len(texts)) % 7})).schema.column("x").kind != "number"
