"""Columns of dates: what they are taken for, what is read, and that the graph reads as Python does."""

import datetime
import warnings
import zoneinfo

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

import zoo
from zoo.data import doubts, notations
from zoo.data.columns import kind_of
from zoo.data.encoding import Encoder
from zoo.data.infer import infer
from zoo.data.preprocessing import Preprocessor
from zoo.data.schema import Column, Schema

BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")
START = datetime.datetime(2024, 1, 20, 22, 30, 15)
MOMENTS = [START + datetime.timedelta(days=9 * i, hours=5 * i, seconds=i) for i in range(40)]


def column_of(values):
    """Returns the inferred column, and what was doubted."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with doubts.collected():
            schema = infer(pd.DataFrame({"when": values, "x": np.arange(len(values))}))
    return schema.column("when"), " ".join(str(warning.message) for warning in caught)


def fitted(values, **changes):
    schema = Schema((Column("when", "date", **changes),))
    return Preprocessor(schema).fit(pd.DataFrame({"when": values}))


def encoded(preprocessor, values):
    return preprocessor.encode(pd.DataFrame({"when": values}))


def same(found, wanted):
    assert found.keys() == wanted.keys()
    return all(np.array_equal(found[name], wanted[name]) for name in found)


def test_dates_in_the_notations_of_the_world_are_dates():
    for written, format in (("%d/%m/%Y", "%d/%m/%Y"), ("%d.%m.%Y %H:%M", "%d.%m.%Y"), ("%Y-%m-%d %H:%M:%S UTC", "")):
        column, said = column_of([moment.strftime(written) for moment in MOMENTS])
        assert (column.kind, column.format, column.missing, said) == ("date", format, (), "")
        assert bool(column.notes) == bool(format) and all(format in note for note in column.notes)


def test_a_notation_that_cannot_be_told_is_said_with_the_repair():
    column, said = column_of(["01/02/2024", "03/04/2024"] * 4)
    assert column.kind == "category"
    assert "'when': Day and month cannot be told apart, as no day is beyond 12, so they are not read as dates." in said
    assert "Such as '01/02/2024' in row 0. Say how they are written: `date_format='%d/%m/%Y' or '%m/%d/%Y'`" in said
    column, said = column_of(["31/12/24", "30/11/24"] * 4)
    assert column.kind == "category" and "whose years have two digits" in said


def test_values_that_are_no_dates_among_many_count_as_missing_and_are_named():
    values = [f"{moment:%d/%m/%Y}" for moment in MOMENTS]
    column, said = column_of([*values, "soon", "30/02/2024"])
    assert (column.kind, column.missing) == ("date", ("soon", "30/02/2024"))
    assert "'when': Nine in ten values are dates; 'soon', '30/02/2024' in 2 rows count as missing." in said
    assert "Such as 'soon' in row 40." in said and "'soon', '30/02/2024'" in column.notes[1]
    preprocessor = Preprocessor(Schema((column,))).fit(pd.DataFrame({"when": values}))
    assert same(encoded(preprocessor, ["soon", values[0]]), encoded(preprocessor, [None, values[0]]))
    with pytest.raises(ValueError, match="Received: 'late' in row 1"):
        encoded(preprocessor, ["soon", "late"])


def as_written(moments):
    """Returns the same instants in the forms in which they come."""
    aware = [moment.replace(tzinfo=datetime.UTC) for moment in moments]
    return {
        "datetime": moments,
        "aware": aware,
        "Timestamp": [pd.Timestamp(moment) for moment in moments],
        "datetime64[ns]": pd.Series(moments).astype("datetime64[ns]"),
        "datetime64[s]": pd.Series(moments).astype("datetime64[s]"),
        "zone": pd.Series(aware).dt.tz_convert("Europe/Berlin"),
        "numpy": np.array(moments, "datetime64[ms]"),
        "Period": pd.PeriodIndex(moments, freq="s"),
        "ISO": [moment.isoformat() for moment in moments],
        "an offset": [moment.astimezone(BERLIN).isoformat() for moment in aware],
        "another offset": [f"{moment + datetime.timedelta(hours=5):%Y-%m-%d %H:%M:%S}+05:00" for moment in moments],
        "the notation": [f"{moment:%d/%m/%Y %I:%M:%S %p}" for moment in moments],
        "bytes": [f"{moment:%Y-%m-%dT%H:%M:%SZ}".encode() for moment in moments],
        "a categorical": pd.Categorical([moment.isoformat() for moment in moments]),
        "mixed": [moment if i % 2 else moment.isoformat() for i, moment in enumerate(moments)],
    }


FORMS = list(as_written(MOMENTS))


@pytest.fixture(scope="module")
def in_notation():
    return fitted([f"{moment:%d/%m/%Y %H:%M:%S}" for moment in MOMENTS], format="%d/%m/%Y")


@pytest.mark.parametrize("form", FORMS)
def test_one_instant_has_one_encoding_however_it_is_written(in_notation, form):
    values = as_written(MOMENTS)[form]
    wanted = encoded(in_notation, MOMENTS)
    assert same(encoded(in_notation, values), wanted)
    assert same(encoded(fitted(values, format="%d/%m/%Y"), values), wanted)
    column = kind_of(in_notation.schema.columns[0])
    served = tf.constant(column.served(values, in_notation.schema.columns[0], in_notation.states[0]), tf.string)
    assert same({name: t.numpy() for name, t in in_notation.module()({"when": served}).items()}, wanted)
    if isinstance(values, list) and set(map(type, values)) == {str}:
        graph = in_notation.module()({"when": tf.constant(values)})
        assert same({name: tensor.numpy() for name, tensor in graph.items()}, wanted)
    few = in_notation.reader.few(pd.DataFrame({"when": pd.Series(values)[:3]}))
    if few is not None:
        block = in_notation.blocks(pd.DataFrame({"when": pd.Series(values)[:3]}))
        assert same(few, block)


def test_a_summer_s_hour_that_comes_twice_is_told_by_its_zone():
    twice = pd.Series(pd.to_datetime(["2024-10-27T00:30Z", "2024-10-27T01:30Z"])).dt.tz_convert("Europe/Berlin")
    assert twice.dt.hour.tolist() == [2, 2]
    preprocessor = fitted(pd.Series(MOMENTS))
    assert same(encoded(preprocessor, twice), encoded(preprocessor, ["2024-10-27T00:30", "2024-10-27T01:30"]))


@pytest.mark.parametrize(
    "value",
    ["12/31/2024", "31.12.2024", "2024-02-30", "30/02/2024", "soon", 19_000, 1.7e9, True, datetime.time(10)],
    ids=str,
)
@pytest.mark.parametrize("rows", [3, 70])
def test_what_is_no_date_is_an_error_with_value_row_and_repair(in_notation, value, rows):
    values = pd.Series([*MOMENTS, *MOMENTS][:rows], dtype=object)
    values[1] = value
    shown = "36000.0" if isinstance(value, datetime.time) else repr(value)
    with pytest.raises(ValueError) as caught:
        encoded(in_notation, values)
    assert "The column 'when' must hold dates in the notation %d/%m/%Y or ISO 8601." in str(caught.value)
    assert f"Received: {shown} in row 1. Write it as 2024-12-31" in str(caught.value)
    assert in_notation.reader.few(pd.DataFrame({"when": values})) is None
    if isinstance(value, str):
        with pytest.raises(tf.errors.InvalidArgumentError) as caught:
            in_notation.module()({"when": tf.constant(["2024-12-31", value])})
        assert "The column 'when' must hold dates" in str(caught.value).replace("\\", "") and value in str(caught.value)


def test_the_notation_of_a_wrong_value_is_in_the_error():
    with pytest.raises(ValueError, match=r"such as '%d/%m/%Y' in new training"):
        encoded(fitted(pd.Series(MOMENTS)), ["31/12/2024"])


def test_numbers_are_dates_where_the_notation_is_of_digits_alone():
    numbers = [20240131, 20231224, 20240229]
    preprocessor = fitted(numbers, format="%Y%m%d")
    wanted = encoded(preprocessor, ["2024-01-31", "2023-12-24", "2024-02-29"])
    for values in (numbers, [float(number) for number in numbers], list(map(str, numbers)), np.array(numbers)):
        assert same(encoded(preprocessor, values), wanted)
    with pytest.raises(ValueError, match="Received: 20240230 in row 0"):
        encoded(preprocessor, [20240230])


def test_missing_dates_of_all_kinds_are_one(in_notation):
    wanted = encoded(in_notation, [MOMENTS[0], None])
    for missing in (pd.NaT, np.nan, pd.NA, np.datetime64("NaT"), "", " ", "NaT", "NA", "?"):
        assert same(encoded(in_notation, pd.Series([MOMENTS[0], missing], dtype=object)), wanted)
        if isinstance(missing, str):
            graph = in_notation.module()({"when": tf.constant([MOMENTS[0].isoformat(), missing])})
            assert same({name: tensor.numpy() for name, tensor in graph.items()}, wanted)
    assert same(encoded(in_notation, [np.nan, np.nan]), encoded(in_notation, [None, None]))


def test_seconds_are_resolved():
    """2024 is 19,700 days behind 1970, where float32 resolves two minutes."""
    seconds = [datetime.datetime(2024, 5, 17, 12, 0, 0) + datetime.timedelta(seconds=i) for i in range(100)]
    preprocessor = fitted(pd.Series(seconds))
    scaled = encoded(preprocessor, pd.Series(seconds))["numeric"][:, 0]
    assert (np.diff(scaled) > 0).all()
    (feature,) = [one for one in preprocessor.layout.features if one["what"] == "value"]
    middle = (seconds[50] - datetime.datetime(1970, 1, 1)) / datetime.timedelta(days=1)
    assert feature["center"] == pytest.approx(middle, abs=2e-3)  # days since 1970-01-01


def test_nothing_but_midnights_have_no_turn_of_the_day():
    days = pd.Series(pd.date_range("2024-01-01", periods=9))
    what = [feature["what"] for feature in fitted(days).layout.features]
    assert "week sine" in what and "day sine" not in what
    assert "day sine" in [feature["what"] for feature in fitted(days + pd.Timedelta("1h")).layout.features]


def test_states_of_earlier_versions_are_read_as_they_were():
    preprocessor = fitted(pd.Series(MOMENTS))
    config = preprocessor.get_config()
    (state,) = config["columns"]
    older = Preprocessor.from_config({**config, "columns": [{key: state[key] for key in ("times", "scaled")}]})
    texts = ["2024-01-01T01:00:00+02:00", "2023-02-30", "31/12/2024", ""]
    found, missing = encoded(older, texts)["numeric"], encoded(older, [""])["numeric"][0]
    assert np.array_equal(found[1], encoded(older, ["2023-03-02"])["numeric"][0])
    assert np.array_equal(found[2], missing) and np.array_equal(found[3], missing)
    served = Encoder(older)({"when": tf.constant(texts)})["numeric"]
    np.testing.assert_allclose(served, found, rtol=1e-6)
    what = [feature["what"] for feature in older.layout.features]
    assert found[0, what.index("year sine")] == 0.0  # the first of January in its own zone
    assert older.get_config()["columns"] == [{key: state[key] for key in ("times", "scaled")}]


def test_samples_are_dates_of_the_notation(in_notation):
    (column,), (state,) = in_notation.schema.columns, in_notation.states
    generator = np.random.default_rng(0)
    plain = kind_of(column).sample(column, state, 20, generator)
    odd = kind_of(column).sample(column, state, 200, generator, odd=True)
    assert all(notations.ISO_PATTERN.compiled.fullmatch(text) for text in plain)
    assert any("/" in text for text in odd) and any("PM" in text for text in odd)
    assert all(notations.instant(text, column.format) is not None for text in odd)
    assert set(kind_of(column).cases(odd, 0)) == {"missing", "empty"}


def test_training_prediction_and_a_csv_agree(tmp_path):
    generator = np.random.default_rng(0)
    days = pd.Timestamp("2023-01-01") + pd.to_timedelta(generator.integers(0, 700, 120), unit="D")
    frame = pd.DataFrame({"when": days.strftime("%d.%m.%Y"), "x": generator.normal(size=120)})
    frame["y"] = np.where(frame.x > 0, "yes", "no")
    run = zoo.train("mlp_classifier", frame, target="y", hidden_units=(4,), epochs=1, verbose=0)
    assert run.model.schema.column("when").format == "%d.%m.%Y"
    wanted = zoo.predict(run, frame)
    frame.to_csv(tmp_path / "rows.csv", index=False)
    pd.testing.assert_frame_equal(zoo.predict(run, tmp_path / "rows.csv"), wanted)
    pd.testing.assert_frame_equal(zoo.predict(run, frame.assign(when=days)), wanted)
    pd.testing.assert_frame_equal(zoo.predict(run, frame.assign(when=days.strftime("%Y-%m-%d"))), wanted)
    with pytest.raises(ValueError, match=r"column 'when' must hold dates .* Received: '01/31/2024' in row 0"):
        zoo.predict(run, frame.assign(when="01/31/2024"))


def test_a_given_notation_is_tried_first_and_others_after_it():
    frame = pd.DataFrame(
        {
            "unclear": ["01/02/2024", "03/04/2024"] * 6,
            "named": [f"{moment:%b %d, %Y}" for moment in MOMENTS[:12]],
            "digits": [int(f"{moment:%Y%m%d}") for moment in MOMENTS[:12]],
            "x": np.arange(12.0),
        }
    )
    formats = {c.name: (c.kind, c.format) for c in zoo.data.load(frame, date_format="%m/%d/%Y").schema.columns}
    assert formats["unclear"] == ("date", "%m/%d/%Y") and formats["named"] == ("date", "%b %d, %Y")
    assert formats["digits"] == formats["x"] == ("number", "")
    with pytest.warns(zoo.DataWarning, match="Day and month cannot be told apart"):
        columns = zoo.data.load(frame, date_format="%Y%m%d").schema.columns
    kinds = {column.name: (column.kind, column.format) for column in columns}
    assert kinds["digits"] == ("date", "%Y%m%d") and kinds["x"] == ("number", "") and kinds["unclear"][0] == "category"


def test_marks_of_missing_values_that_are_given_are_no_dates():
    values = [*[f"{moment:%d/%m/%Y}" for moment in MOMENTS[:8]], "31/12/9999", "NULL", "\\N", "none"]
    frame = pd.DataFrame({"when": values, "x": np.arange(12.0)})
    schema = zoo.data.load(frame, na_values=["31/12/9999"]).schema
    column = schema.column("when")
    assert (column.kind, column.format, column.missing) == ("date", "%d/%m/%Y", ("31/12/9999",))
    preprocessor = Preprocessor(schema).fit(frame)
    wanted = preprocessor.encode(frame.assign(when=[*values[:8], None, None, None, None]))
    assert same(preprocessor.encode(frame), wanted)
    graph = preprocessor.module()({"when": tf.constant(values), "x": tf.range(12.0)})
    assert same({name: tensor.numpy() for name, tensor in graph.items()}, wanted)


def test_a_format_in_a_schema_that_is_none_is_named_with_its_column():
    column = {"name": "when", "kind": "date", "format": "%d.%m.%Y %j"}
    with pytest.raises(
        ValueError, match=r"\"format\" of the column 'when' in the schema cannot be read. A format .* '%j'"
    ):
        Schema.from_dict({"columns": [column]})


def test_columns_of_dates_share_the_operations_of_one_and_keep_their_own_parts():
    days = pd.date_range("2019-03-01", periods=40)
    frame = pd.DataFrame({f"d{i}": days + pd.Timedelta(i, "D") for i in range(30)})
    frame["d7"] += pd.to_timedelta(np.arange(40), "h")

    def operations(table):
        fitted = Preprocessor(infer(table)).fit(table)
        graph = tf.function(fitted.block_encoder().graph.of_blocks, autograph=False).get_concrete_function(
            {key: tf.constant(block) for key, block in fitted.blocks(table).items()}
        )
        return len(graph.graph.get_operations()), fitted

    one, _ = operations(frame[["d0"]])
    all_of_them, fitted = operations(frame)
    assert all_of_them < one + 10
    encoded = fitted.encode(frame)["numeric"]
    for name in frame:
        alone = Preprocessor(infer(frame[[name]])).fit(frame[[name]])
        places = [f["index"] for f in fitted.layout.features if f["column"] == name and f["tensor"] == "numeric"]
        np.testing.assert_allclose(encoded[:, places], alone.encode(frame[[name]])["numeric"], rtol=0, atol=1e-6)
