"""What a description says of columns, counted by hand."""

import numpy as np
import pandas as pd
import pytest

import zoo
from zoo.data.description import describe_data

ROWS = 200


@pytest.fixture(scope="module")
def frame():
    return pd.DataFrame(
        {
            "client": [f"c{i}" for i in range(ROWS)],
            "plan": ["Basic", "basic", "Pro", "pro "] * (ROWS // 4),
            "zip_code": np.arange(ROWS) % 10,
            "rare": ["odd"] + ["even"] * (ROWS - 1),
            "x": np.where(np.arange(ROWS) % 4 == 0, np.nan, np.arange(ROWS) / 7),
            "day": pd.date_range("2024-01-01", periods=ROWS).astype(str),
            "told": [f"the {i}th of them" for i in range(ROWS)],
            "gone": [None] * ROWS,
            "y": ["no", "yes"] * (ROWS // 2),
        }
    )


@pytest.fixture(scope="module")
def described(frame):
    return {column.name: column for column in zoo.data.describe(frame, target="y").columns}


def test_missing_values_distinct_values_and_an_example_are_counted(described):
    x = described["x"]
    assert (x.kind, x.missing, x.distinct, x.served) == ("number", 0.25, 150, "x")
    assert float(x.example) == pytest.approx(1 / 7)
    assert (described["plan"].missing, described["plan"].distinct, described["plan"].example) == (0.0, 4, "Basic")


@pytest.mark.parametrize(
    ("column", "doubts"),
    [
        ("client", ["every value differs: is it an id? If so, leave it out: `ignore='client'`."]),
        (
            "plan",
            [
                "'Basic' and 'basic' are two levels. If they are one, write them alike.",
                "'Pro' and 'pro' are two levels. If they are one, write them alike.",
            ],
        ),
        ("zip_code", ['whole numbers from 0 to 9: if they are codes, make it a "category" in the schema.']),
        ("rare", ["'even' stands in 99.5 % of the rows."]),
        ("x", []),
        ("day", []),
        ("told", []),
    ],
)
def test_what_is_doubtful_is_said_beside_the_column(described, column, doubts):
    assert list(described[column].doubts) == doubts


def test_many_pairs_of_levels_are_counted():
    levels = [text for i in range(5) for text in (f"level {i}", f"Level {i}")] * 4
    (column,) = zoo.data.describe({"v": levels}).columns
    assert len(column.doubts) == 4 and column.doubts[-1].startswith("2 further pairs of levels differ")


def test_a_description_is_printed_with_what_was_left_out(frame):
    description = zoo.data.describe(frame, target="y")
    lines = str(description).splitlines()
    assert lines[0].split() == ["column", "kind", "missing", "distinct", "example", "served", "as"]
    assert "200 rows; target: y (classification, 2 classes: no, yes)" in lines
    assert "no input: gone (all missing)" in lines
    assert any(line.startswith("please check client: every value differs") for line in lines)
    assert "every value differs" in description._repr_html_()


def test_what_was_done_to_a_column_stands_in_the_description_the_schema_and_the_card(frame):
    schema = zoo.data.load(frame, target="y").schema.to_dict()
    for column in schema["columns"]:
        column |= {"notes": ["3 values count as missing: -."]} if column["name"] == "x" else {"ignore": True}
    data = zoo.data.load(frame, target="y", schema=schema)
    assert "x: 3 values count as missing: -." in str(zoo.data.describe(data)).splitlines()
    assert "x: 3 values count as missing: -." in str(data.schema).splitlines()
    from zoo.artifacts.card import card_of, page

    model = zoo.build("logistic_regression", data)
    card = card_of(model)
    assert card["columns"]["notes"] == {"x": ["3 values count as missing: -."]}
    assert card["columns"]["dropped"].items() >= {"gone": "all missing", "day": "ignored"}.items()
    assert "no input: gone (all missing)" in page(card, model.schema)


def test_values_that_a_schema_counts_as_missing_are_missing(frame):
    schema = zoo.data.load(frame, target="y").schema.to_dict()
    for column in schema["columns"]:
        column["missing"] = ["Pro"] if column["name"] == "plan" else []
    data = zoo.data.load(frame, target="y", schema=schema)
    plan = next(column for column in describe_data(data).columns if column.name == "plan")
    assert (plan.missing, plan.distinct) == (0.25, 3)


def test_arrays_and_images_are_described_by_type_and_shape():
    pixels = np.zeros((3, 4, 5, 1), "uint8")
    (image,) = zoo.data.describe(pixels).columns
    assert (image.kind, image.example, image.missing, image.distinct) == ("image", "uint8, 4 x 5 x 1", None, None)
    table = zoo.data.describe({"photo": pixels, "x": [1, 2, 4]})
    assert [column.example for column in table.columns] == ["uint8, 4 x 5 x 1", "1"]


def test_a_stream_is_described_by_its_sample(frame, tmp_path):
    frame.to_csv(tmp_path / "rows.csv", index=False)
    description = zoo.data.describe(tmp_path / "rows.csv", target="y", stream=True)
    assert description.rows == ROWS
    assert next(column for column in description.columns if column.name == "x").missing == 0.25


def test_plain_values_hold_names_of_any_type():
    plain = zoo.data.describe(pd.DataFrame({pd.Timestamp("2024-01-31"): [1.5, 2.0, 4.0]})).to_dict()
    assert plain["columns"][0]["name"] == "2024-01-31"  # names of other types are their text
    assert plain["target"] is None
