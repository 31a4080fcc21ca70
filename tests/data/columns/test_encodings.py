"""Encodings that kinds of columns offer and a recipe or an option chooses, and the names that they had before."""

import contextlib
import dataclasses
import warnings

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

import zoo
from zoo import compiling, registry
from zoo.cli import main
from zoo.cli.options import read_as
from zoo.data import columns, dates
from zoo.data.infer import infer
from zoo.data.preprocessing import Preprocessor
from zoo.registry import Recipe

FRAME = pd.DataFrame(
    {
        "x": np.arange(40.0) ** 2,
        "city": np.resize([f"c{i}" for i in range(12)], 40),
        "when": pd.date_range("2024-01-01", periods=40).astype(str),
        "name": [f"Lake road {i}" for i in range(40)],
        "y": np.arange(40.0) % 7,
    }
)
ALL = {"number": ("ranks",), "date": ("circles",), "text": ("words",), "category": ("levels",)}


def by_kind(encodings):
    return Preprocessor(infer(FRAME, "y"), encodings).encodings.by_kind


def test_names_stand_for_an_encoding_of_each_kind():
    assert by_kind("expanded") == ALL
    assert by_kind("standard") == {**ALL, "number": ()}
    assert by_kind("raw") == {}


@pytest.mark.parametrize(
    ("chosen", "found"),
    [
        ({}, ALL),
        ({"others": "standard"}, {**ALL, "number": ()}),
        ({"number": "standard"}, {**ALL, "number": ()}),
        ({"number": "ranks", "others": "standard"}, ALL),
        ({"text": "ngrams", "date": ()}, {**ALL, "text": ("ngrams",), "date": ()}),
        ({"text": ["ngrams", "words"]}, {**ALL, "text": ("words", "ngrams")}),
        ({"category": "target_means"}, {**ALL, "category": ("target_means",)}),
        ({"boolean": ()}, {**ALL, "boolean": ()}),
    ],
)
def test_a_dict_chooses_by_kind(chosen, found):
    assert by_kind(chosen) == found


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("tabular", "`encodings` must be 'raw', 'image', 'standard', 'expanded', or a dict of encodings by kind"),
        ({"others": "raw"}, "`encodings` must be 'raw', 'image', 'standard', 'expanded'"),
        ({"texts": "ngrams"}, "kind must be one of number, .* Received: 'texts'. Did you mean 'text'"),
        ({"text": "ngram"}, "of the kind 'text' must be of 'standard', 'expanded', 'words', 'ngrams'. Did you mean"),
        ({"text": None}, "of the kind 'text' must be of 'standard', 'expanded', 'words', 'ngrams'. Received: None"),
        ({"boolean": "words"}, "of the kind 'boolean' must be of 'standard', 'expanded'. Received: 'words'"),
    ],
)
def test_what_is_unknown_is_refused_with_what_is_known(wrong, message):
    with pytest.raises(ValueError, match=message):
        by_kind(wrong)
    with pytest.raises(ValueError):
        zoo.build("mlp_regressor", FRAME, target="y", encodings=wrong)


@pytest.mark.parametrize("kind", columns.kinds(), ids=lambda kind: kind.name)
def test_an_encoding_is_on_in_sets_that_there_are(kind):
    for sets in kind.encodings.values():
        assert set(sets) <= {"standard", "expanded"}


def test_dates_without_circles_are_their_days_alone():
    frame, days = FRAME[["when"]], np.arange(40.0)
    encoded = Preprocessor(infer(frame), {"date": (), "number": ()}).fit(frame).encode(frame)
    assert list(encoded) == ["numeric"] and encoded["numeric"].shape == (40, 1)
    np.testing.assert_allclose(encoded["numeric"][:, 0], (days - days.mean()) / days.std(), atol=1e-6)


def test_months_turn_once_in_31_days():
    frame = FRAME[["when"]].replace("2024-01-05", "")
    known = Preprocessor(infer(frame), {"date": ("circles", "months")}).fit(frame)
    days = pd.to_datetime(FRAME["when"]).dt.day.to_numpy() - 1.0
    wanted = np.stack([np.sin(2 * np.pi * days / 31), np.cos(2 * np.pi * days / 31)], axis=1)
    wanted[4] = 0.0  # missing
    np.testing.assert_allclose(known.encode(frame)["numeric"][:, -2:], wanted, atol=1e-6)
    whats = [feature["what"] for feature in known.layout.features if feature["tensor"] == "numeric"]
    assert whats[-6:] == ["year sine", "year cosine", "week sine", "week cosine", "month sine", "month cosine"]
    alone = Preprocessor(infer(frame), {"date": "months"}).fit(frame).encode(frame)["numeric"]
    np.testing.assert_allclose(alone[:, -2:], wanted, atol=1e-6)
    assert alone.shape == (40, 4)  # days, whether they are missing, months


def test_the_day_of_the_month_is_that_of_the_gregorian_calendar():
    days = ["1600-02-29", "1899-12-31", "1970-01-01", "2000-03-01", "2024-02-29", "2100-02-28", "2100-03-01"]
    instants = np.array(days, "datetime64[us]").astype("int64")[:, None]
    *_, month = dates.fields(tf.constant(instants), [0], months=True)
    np.testing.assert_allclose(month[:, 0], [(int(day[-2:]) - 1) * 2 * np.pi / 31 for day in days], rtol=1e-6)


def test_what_is_fitted_remembers_its_encodings():
    own = Preprocessor(infer(FRAME, "y", task="regression"), {"text": ("words", "ngrams"), "category": "target_means"})
    own = own.fit(FRAME, FRAME.y)
    again = Preprocessor.from_config(own.get_config())
    assert again.get_config() == own.get_config() and again.encodings == own.encodings
    for name, values in own.encode(FRAME).items():
        np.testing.assert_array_equal(again.encode(FRAME)[name], values)


@pytest.mark.parametrize(
    ("kind", "scaling", "now"),
    [("raw", "standard", "raw"), ("tabular", "standard", "standard"), ("tabular", "quantile", "expanded")],
)
def test_a_preprocessor_of_an_earlier_version_encodes_as_it_did(kind, scaling, now):
    frame = FRAME.drop(columns=["name", "y"])
    own = Preprocessor(infer(frame), now).fit(frame)
    config = {**own.get_config(), "kind": kind, "scaling": scaling}
    del config["encodings"]
    again = Preprocessor.from_config(config)
    assert again.encodings == own.encodings
    for name, values in own.encode(frame).items():
        np.testing.assert_array_equal(again.encode(frame)[name], values)


def test_a_dict_leaves_the_other_kinds_as_the_recipe_has_them():
    def chosen(name, **options):
        return compiling.resolve_recipe(registry.info(name), options).chosen_encodings

    assert chosen("mlp_regressor") == "expanded" and chosen("linear_regression") == "standard"
    assert chosen("mlp_regressor", encodings={"text": "ngrams"}) == {"others": "expanded", "text": "ngrams"}
    assert chosen("linear_regression", encodings={"text": "ngrams"}) == {"others": "standard", "text": "ngrams"}
    assert chosen("perceptron", encodings={"text": "ngrams"}) == {"others": "standard", "text": "ngrams"}
    assert chosen("perceptron", encodings={"others": "expanded"}) == {"others": "expanded"}
    assert chosen("hebbian", rule="oja") == "standard" and chosen("hebbian") == "raw"
    assert chosen("hebbian", rule="oja", encodings="raw") == "raw"


# Former names.


@pytest.mark.parametrize(
    ("fields", "now"),
    [
        ({"preprocessing": "raw"}, "raw"),
        ({"preprocessing": "image"}, "image"),
        ({"preprocessing": "tabular"}, "expanded"),
        ({"scaling": "standard"}, "standard"),
        ({"preprocessing": "tabular", "scaling": "quantile"}, "expanded"),
    ],
)
def test_former_fields_of_a_recipe_work_and_are_warned_of(fields, now):
    recipe = Recipe(**fields)
    assert recipe.chosen_encodings == now
    with pytest.warns(FutureWarning, match=rf"of Recipe are now one, `encodings`. Write encodings='{now}' in"):
        recipe.check()
    assert dataclasses.replace(recipe, epochs=3).chosen_encodings == now


def test_former_fields_that_an_option_changes_are_warned_of():
    with pytest.warns(FutureWarning, match="The fields scaling of Recipe are now one"):
        Recipe(by_option={"rule": {"first": {"scaling": "standard"}}}).check()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Recipe(encodings={"text": "ngrams"}).check()


@pytest.mark.parametrize(("value", "now"), [("raw", "raw"), ("tabular", "standard")])
def test_the_former_option_works_and_is_warned_of(value, now):
    said = f"The option 'preprocessing' of 'linear_regression' is now called 'encodings'. Pass `encodings='{now}'`"
    with pytest.warns(FutureWarning, match=said):
        model = zoo.build("linear_regression", FRAME[["x", "y"]], target="y", preprocessing=value)
    assert model.options == {"encodings": now} and model.preprocessor.encodings.raw == (now == "raw")
    entry = registry.info("linear_regression")
    assert compiling.resolve_recipe(entry, {"preprocessing": value}).chosen_encodings == now  # of a stored model


def test_an_entry_that_never_had_the_former_option_refuses_it():
    with pytest.raises(ValueError, match="Unknown option 'scaling' of 'image_mlp'"):
        zoo.build("image_mlp", scaling="standard")


@pytest.mark.filterwarnings("default::FutureWarning")
def test_the_command_line_takes_the_former_option(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    FRAME.assign(x=np.linspace(0.0, 1.0, 40))[["x", "y"]].to_csv("rows.csv", index=False)
    words = ["train", "linear_regression", "rows.csv", "--target", "y", "--preprocessing", "raw", "-o", "run"]
    assert main(words) == 0
    said = "zoo: warning: The option 'preprocessing' of 'linear_regression' is now called 'encodings'. Pass"
    assert said in capsys.readouterr().err
    assert zoo.load("run").options == {"encodings": "raw"}
    with contextlib.suppress(SystemExit):
        main(["train", "linear_regression", "--help"])
    assert "--encodings" in (shown := capsys.readouterr().out) and "--preprocessing" not in shown


def test_the_command_line_takes_a_dict():
    assert read_as("expanded", "standard") == "standard"
    assert read_as("expanded", '{"text": ["words", "ngrams"]}') == {"text": ["words", "ngrams"]}
    assert read_as(None, "{'number': 'standard'}") == {"number": "standard"}
