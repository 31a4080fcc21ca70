"""`"auto"`: which entry is taken for which data, how a run says it, and what is refused."""

import json
import re
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import zoo
from zoo import automatic, registry
from zoo.automatic import CLASSES, COMMITTEES, IMAGES, MIXED, NUMBERS, SEQUENCES, STREAM, TABLE, Facts, rule_for

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "docs" / "auto.md"
SMALL = {"epochs": 1, "hidden_units": (4,), "verbose": 0}


@pytest.fixture(scope="module")
def frame():
    """60 rows of two numbers and a category, with targets of each kind."""
    generator = np.random.default_rng(0)
    a, b = generator.normal(size=(2, 60)).round(3)
    sides = np.where(a + b > 0, "right", "left")
    frame = pd.DataFrame({"a": a, "b": b, "c": generator.choice(["u", "v", "w"], 60), "side": sides})
    return frame.assign(price=2 * a - b, tax=a + 3 * b, late=(a > 0).astype(int), lost=(b > 0).astype(int))


def inputs_and(frame, *targets):
    return frame[["a", "b", "c", *targets]]


@pytest.fixture(scope="module")
def pictures():
    """40 images of 6 x 6 grey pixels, and whether they are bright."""
    pictures = np.random.default_rng(1).integers(0, 256, (40, 6, 6), dtype="uint8")
    return pictures, (pictures.mean((1, 2)) > 127).astype(int)


# The table.


def a_case_of(rule):
    """Returns facts and a quality that the row is for, at the upper end of its ranges."""
    rows = 10**6 if rule.rows == automatic.ANY else int(rule.rows)
    columns = 10**4 if rule.columns == automatic.ANY else int(rule.columns)
    side = 1_000 if rule.pixels == automatic.ANY else int(rule.pixels**0.5)
    shape = (side, side) if IMAGES in rule.inputs else ()
    return Facts(rule.inputs[0], rule.answers, rows, columns, shape), rule.qualities[-1]


@pytest.mark.parametrize("rule", automatic.RULES, ids=lambda rule: f"{rule.inputs[0]}-{rule.qualities}-{rule.entry}")
def test_every_row_of_the_table_is_taken_for_what_it_names(rule):
    facts, quality = a_case_of(rule)
    assert rule_for(facts, quality) is rule


@pytest.mark.parametrize("rule", automatic.RULES, ids=lambda rule: f"{rule.inputs[0]}-{rule.qualities}-{rule.entry}")
def test_every_row_names_an_entry_that_answers_it_and_its_options(rule):
    entry = registry.info(rule.entry)
    assert rule.answers in {registry.load_task(task).estimator for task in entry.tasks}
    assert rule.options.keys() <= entry.options.keys()
    assert set(rule.qualities) <= set(automatic.QUALITIES)


@pytest.mark.parametrize(
    ("facts", "by_quality"),
    [
        (Facts(TABLE, CLASSES, 891, 10), ("mlp_classifier", COMMITTEES[CLASSES], COMMITTEES[CLASSES])),
        (Facts(TABLE, CLASSES, 2_001, 10), ("mlp_classifier", "tabm_classifier", COMMITTEES[CLASSES])),
        (Facts(TABLE, CLASSES, 891, 301), ("mlp_classifier", "tabm_classifier", COMMITTEES[CLASSES])),
        (Facts(TABLE, NUMBERS, 398, 7), ("mlp_regressor", COMMITTEES[NUMBERS], COMMITTEES[NUMBERS])),
        (Facts(TABLE, NUMBERS, 20_640, 8), ("mlp_regressor", "tabm_regressor", COMMITTEES[NUMBERS])),
        (Facts(MIXED, CLASSES, 100, 3), ("mlp_classifier", "tabm_classifier", "tabm_classifier")),
        (Facts(MIXED, NUMBERS, 100, 3), ("mlp_regressor", "tabm_regressor", "tabm_regressor")),
        (Facts(STREAM, CLASSES, 100, 3), ("mlp_classifier", "tabm_classifier", "tabm_classifier")),
        (Facts(STREAM, NUMBERS, 10**7, 3), ("mlp_regressor", "tabm_regressor", "tabm_regressor")),
        (Facts(IMAGES, CLASSES, 10_000, shape=(28, 28)), ("image_mlp", "lenet", "lenet")),
        (Facts(IMAGES, CLASSES, 10_000, shape=(64, 65)), ("lenet", "lenet", "lenet")),
        (Facts(IMAGES, NUMBERS, 10_000, shape=(28, 28)), ("mlp_regressor", "mlp_regressor", "mlp_regressor")),
    ],
)
def test_the_entries_by_quality(facts, by_quality):
    assert tuple(rule_for(facts, quality).entry for quality in automatic.QUALITIES) == by_quality


@pytest.mark.parametrize("limit", ["rows", "columns", "pixels"])
def test_beyond_a_limit_a_later_row_is_taken(limit):
    limited = [rule for rule in automatic.RULES if getattr(rule, limit) < automatic.ANY]
    assert limited
    for rule in limited:
        facts, quality = a_case_of(rule)
        side = (facts.shape[0], facts.shape[1] + 1) if facts.shape else ()
        beyond = {"rows": facts.rows + 1, "columns": facts.columns + 1, "shape": side}
        name = "shape" if limit == "pixels" else limit
        taken = rule_for(facts._replace(**{name: beyond[name]}), quality)
        assert automatic.RULES.index(taken) > automatic.RULES.index(rule)


def test_images_are_convolved_by_the_network_of_today():
    assert rule_for(Facts(IMAGES, CLASSES, 10, shape=(28, 28)), "good").options == {"modern": True}


def test_the_document_has_the_table():
    def shown(rule):
        limits = {"rows": "{:,} rows", "columns": "{:,} columns", "pixels": "{:,} pixels"}
        named = [form.format(getattr(rule, name)) for name, form in limits.items() if getattr(rule, name) < 10**9]
        inputs = " or ".join(rule.inputs)
        options = "".join(f", `{name}={value!r}`" for name, value in rule.options.items())
        what = {CLASSES: "classes, labels", NUMBERS: "numbers"}[rule.answers]
        return (inputs, what, ", ".join(rule.qualities), " and ".join(named), f"`{rule.entry}`{options}")

    text = DOCUMENT.read_text(encoding="utf-8")
    table = text.partition("<!-- rules -->")[2].partition("<!-- /rules -->")[0]
    rows = [tuple(cell.strip() for cell in line.split("|")[1:-1]) for line in table.strip().splitlines()[2:]]
    assert [row[:5] for row in rows] == [shown(rule) for rule in automatic.RULES]


@pytest.mark.slow
def test_the_code_of_the_document_runs(capsys):
    (code,) = re.findall(r"^```python\n(.*?)\n```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    exec(compile(code, "docs/auto.md", "exec"), {})
    assert "taken by auto for a table of 891 rows x 10 columns and quality 'fast'" in capsys.readouterr().out


def test_the_line_of_the_document_is_the_one_that_is_printed():
    text = DOCUMENT.read_text(encoding="utf-8")
    (line,) = re.findall(r"^auto: .*", text, re.MULTILINE)
    facts = Facts(TABLE, CLASSES, 5_000, 12)
    why = f"for {facts} and quality 'good'"
    assert line == str(automatic.Choice(rule_for(facts, "good").entry, {}, "good", why, None))


# The facts.


def as_stream(frame, tmp_path):
    path = tmp_path / "rows.csv"
    frame.to_csv(path, index=False)
    return zoo.data.load(path, target="side", stream=True)


@pytest.mark.parametrize(
    ("targets", "answers"),
    [(["side"], CLASSES), (["price"], NUMBERS), (["late", "lost"], CLASSES), (["price", "tax"], NUMBERS)],
)
def test_what_is_answered_follows_from_the_targets(frame, targets, answers):
    target = targets if len(targets) > 1 else targets[0]
    data = zoo.data.load(inputs_and(frame, *targets), target=target)
    assert automatic.facts_of(data) == Facts(TABLE, answers, 60, 3)
    values = frame[targets].to_numpy() if len(targets) > 1 else frame[targets[0]].to_numpy()
    assert automatic.facts_of(zoo.data.load((frame[["a", "b"]].to_numpy(), values))) == Facts(TABLE, answers, 60, 2)


def test_kinds_of_input_are_told_apart(frame, pictures, tmp_path):
    images, bright = pictures
    assert automatic.facts_of(zoo.data.load((images, bright))) == Facts(IMAGES, CLASSES, 40, shape=(6, 6))
    assert automatic.facts_of(zoo.data.load((images, images.mean((1, 2))))).answers == NUMBERS
    table = frame.iloc[:40].assign(picture=list(images[..., None]))[["a", "picture", "side"]]
    assert automatic.facts_of(zoo.data.load(table, target="side")) == Facts(MIXED, CLASSES, 40, 2)
    stream = as_stream(inputs_and(frame, "side"), tmp_path)
    assert automatic.facts_of(stream) == Facts(STREAM, CLASSES, 60, 3)
    sequences = np.zeros((40, 5, 3), "float32")
    assert automatic.facts_of(zoo.data.load((sequences, bright))).inputs == SEQUENCES


def test_columns_of_groups_and_weights_are_no_inputs(frame):
    chosen = automatic.choose(inputs_and(frame, "side"), target="side", roles=("c", None), quality="fast")
    assert chosen.why == "for a table of 60 rows x 2 columns and quality 'fast'"


def test_a_choice_says_what_was_taken_and_why(frame, pictures):
    assert str(automatic.choose(inputs_and(frame, "price"), target="price", quality="fast")) == (
        "auto: mlp_regressor, for a table of 60 rows x 3 columns and quality 'fast'"
    )
    assert str(automatic.choose(pictures)) == "auto: lenet, for 40 images of 6 x 6 pixels and quality 'good'"
    facts = Facts(MIXED, CLASSES, 1_200, 3)
    assert str(facts) == "a table of 1,200 rows x 3 columns, images or arrays among them,"


def test_a_schema_says_what_is_answered_where_it_names_a_task(frame, tmp_path):
    data = inputs_and(frame, "late")
    assert automatic.facts_of(zoo.data.load(data, target="late")).answers == CLASSES
    schema = zoo.data.load(data, target="late").schema.with_task("regression", data["late"])
    assert automatic.choose(data, target="late", schema=schema).entry == COMMITTEES[NUMBERS]


# What follows the choice.


@pytest.fixture(scope="module")
def run(frame):
    return zoo.train("auto", inputs_and(frame, "side"), target="side", quality="fast", **SMALL)


def test_a_run_by_auto_is_the_run_of_the_entry(frame, run):
    named = zoo.train("mlp_classifier", inputs_and(frame, "side"), target="side", **SMALL)
    assert run.model.entry.name == "mlp_classifier" and run.data == named.data
    for one, other in zip(run.model.get_weights(), named.model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert run.recipe["auto"] == {"quality": "fast", "why": "for a table of 60 rows x 3 columns and quality 'fast'"}
    assert {**named.recipe, "auto": run.recipe["auto"]} == run.recipe
    assert "taken by auto for a table of 60 rows" in repr(run) and "taken by auto" in run._repr_html_()
    assert "taken by auto" not in repr(named)


def test_what_was_taken_is_printed_first(frame, capsys):
    zoo.train("auto", inputs_and(frame, "side"), target="side", quality="fast", **{**SMALL, "verbose": 1})
    first, second, *_ = capsys.readouterr().out.splitlines()
    assert first == "auto: mlp_classifier, for a table of 60 rows x 3 columns and quality 'fast'"
    assert second.startswith("mlp_classifier on DataFrame 60 x 4: ")


def test_the_card_names_the_entry_and_why_and_its_run_is_repeated(frame, tmp_path, monkeypatch):
    from zoo.cli import main

    rows, folder, again = (str(tmp_path / name) for name in ("rows.csv", "first", "second"))
    inputs_and(frame, "side").to_csv(rows, index=False)
    words = ["--target", "side", "--quality", "fast", "--epochs", "1", "--hidden-units", "4"]
    assert main(["train", "auto", rows, *words, "-o", folder]) == 0
    card = json.loads(Path(folder, "card.json").read_text())
    assert card["entry"] == "mlp_classifier" and card["recipe"]["auto"]["quality"] == "fast"
    page = Path(folder, "README.md").read_text()
    assert "This entry was taken by `auto`, for a table of 60 rows x 3 columns and quality 'fast'." in page
    monkeypatch.setattr(automatic, "RULES", ())  # as if the table had changed meanwhile
    assert main(["train", "--config", f"{folder}/card.json", "-o", again]) == 0
    for one, other in zip(zoo.load(folder).get_weights(), zoo.load(again).get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_options_of_the_entry_are_taken_and_those_of_others_refused(frame):
    data = inputs_and(frame, "side")
    built = zoo.build("auto", data, target="side", quality="fast", hidden_units=(5,))
    assert built.entry.name == "mlp_classifier" and built.network.get_layer("hidden_0").units == 5
    message = (
        r"Unknown option 'modern' of 'mlp_classifier', which 'auto' took for a table of 60 rows x 3 columns and "
        r"quality 'fast'. It has: hidden_units, .*name the entry that has it"
    )
    for function in (zoo.build, zoo.train, zoo.cross_validate):
        with pytest.raises(ValueError, match=message):
            function("auto", data, target="side", quality="fast", modern=True)


def test_an_option_of_the_table_gives_way_to_the_callers(pictures):
    assert automatic.choose(pictures).with_options({"dropout": 0.5}) == {"modern": True, "dropout": 0.5}
    assert automatic.choose(pictures).with_options({"modern": False}) == {"modern": False}


def test_folds_and_comparisons_take_it(frame, capsys):
    data = inputs_and(frame, "side")
    table = zoo.cross_validate("auto", data, target="side", quality="fast", folds=2, **SMALL)
    why = "for a table of 60 rows x 3 columns and quality 'fast'"
    assert table.attrs["auto"] == {"entry": "mlp_classifier", "quality": "fast", "why": why}
    assert "auto" not in zoo.cross_validate("mlp_classifier", data, target="side", folds=2, **SMALL).attrs
    options = {"quality": "fast", "epochs": 1, "hidden_units": (4,)}
    models = [("auto", options), ("mlp_classifier", {"epochs": 1, "hidden_units": (4,)})]
    compared = zoo.compare(data, target="side", models=models, folds=2, rivals=False, verbose=0).table
    assert set(compared.index) == {"auto fast (mlp_classifier)", "mlp_classifier"}
    assert compared.loc["auto fast (mlp_classifier)", "log_loss"] == compared.loc["mlp_classifier", "log_loss"]


def test_a_column_named_by_a_number_is_no_input_where_it_holds_groups_and_times_are_inputs(frame):
    data = inputs_and(frame, "side").rename(columns={"c": 7})
    assert ", for a table of 60 rows x 2 columns " in str(automatic.choose(data, target="side", roles=(7,)))
    assert ", for a table of 60 rows x 2 columns " in str(automatic.choose(data, target="side", roles=("7",)))
    run = zoo.train("auto", data, target="side", time="a", quality="fast", **SMALL)
    assert run.recipe["auto"]["why"] == "for a table of 60 rows x 3 columns and quality 'fast'"


def test_values_beside_a_table_and_a_stream_are_taken(frame, tmp_path):
    inputs = frame[["a", "b", "c"]]
    beside = zoo.train("auto", inputs, target=frame["price"], quality="fast", **SMALL)
    assert beside.model.entry.name == "mlp_regressor" and beside.data["rows"]["train"] > 0
    streamed = zoo.train("auto", as_stream(inputs_and(frame, "side"), tmp_path), quality="fast", **SMALL)
    assert streamed.recipe["auto"]["why"] == "for a stream of 60 rows x 3 columns and quality 'fast'"


def test_doubts_about_the_data_are_said_once(frame):
    doubtful = inputs_and(frame, "side").assign(number=np.arange(60), weight=np.arange(60) + 1)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        zoo.train("auto", doubtful, target="side", weight="weight", quality="fast", **SMALL)
    doubts = [warning for warning in caught if issubclass(warning.category, zoo.DataWarning)]
    assert len(doubts) == 1 and "'number'" in str(doubts[0].message) and "'weight'" not in str(doubts[0].message)
    assert doubts[0].filename == __file__


# What is refused.


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda frame: zoo.train("auto"), r"'auto' takes an entry by the data. Received: none. Pass `data`, and"),
        (
            lambda frame: zoo.train("auto", frame[["a", "b"]]),
            r"by the target, and there is none. Pass `target=` with a column's name, of a, b; or name an entry that "
            r"learns without one: .*kohonen_map",
        ),
        (lambda frame: zoo.train("auto", np.zeros((9, 2))), r"Pass `target=` with a column's name; or name an entry"),
        (
            lambda frame: zoo.train("auto", (np.zeros((9, 4, 2)), [0, 1, 0, 1, 0, 1, 0, 1, 0])),
            r"'auto' takes tables and images. Received: sequences. Pass each as one row, x.reshape\(len\(x\), -1\)",
        ),
        (
            lambda frame: zoo.train("auto", frame, target="side", quality="great"),
            "`quality` must be one of 'fast', 'good', 'best'. Received: quality='great'",
        ),
        (
            lambda frame: zoo.train("auto", frame, target="side", quality="bets"),
            "Did you mean 'best'?. Received: quality='bets'",
        ),
        (
            lambda frame: zoo.train("mlp_classifier", frame, target="side", quality="best"),
            "`quality` is for 'auto', which takes an entry by it. Received: quality='best' with 'mlp_classifier'. Pass",
        ),
        (
            lambda frame: zoo.build("mlp_classifier", frame, target="side", quality="best"),
            "`quality` is for 'auto'.*with 'mlp_classifier'",
        ),
        (
            lambda frame: zoo.compare(frame, target="side", models=[("mlp_classifier", {"quality": "best"})]),
            "`quality` is for 'auto'.*with 'mlp_classifier'",
        ),
        (lambda frame: zoo.info("auto"), r"'auto' is no model: it takes one by the data, as zoo.train\('auto', data, "),
        (
            lambda frame: zoo.register("auto", builder="a:b", task="regression", year=1, paper="", summary=""),
            "`name` must not be 'auto'",
        ),
    ],
)
def test_what_is_refused_says_what_to_do(frame, call, message):
    with pytest.raises(ValueError, match=message):
        call(frame)


def test_a_trained_model_has_no_quality(frame, run):
    with pytest.raises(ValueError, match="`quality` is for 'auto'.*Received: quality='best' with a trained model"):
        zoo.train(run, inputs_and(frame, "side"), quality="best")
    with pytest.raises(ValueError, match="Unknown option 'quality'. `fine_tune` takes"):
        zoo.fine_tune(run, inputs_and(frame, "side"), quality="best")


def test_a_task_of_other_entries_names_those(frame):
    from zoo.data.schema import Schema

    data = zoo.data.load(inputs_and(frame, "late"), target="late")
    schema = Schema.from_dict({**data.schema.to_dict(), "task": "logic", "classes": None, "class_dtype": None})
    message = "answer classes, labels or numbers. Received: the task 'logic'. Name an entry that does it: .*mcculloch_p"
    with pytest.raises(ValueError, match=message):
        automatic.choose(inputs_and(frame, "late"), target="late", schema=schema)


def test_it_is_not_among_the_entries():
    assert "auto" not in zoo.list_models() and registry.find("auto") is None


# The command line.


def test_commands_take_it(frame, tmp_path, monkeypatch, capsys):
    from zoo.cli import main

    monkeypatch.chdir(tmp_path)
    inputs_and(frame, "side").to_csv("rows.csv", index=False)
    words = ["rows.csv", "--target", "side", "--quality", "fast", "--epochs", "1", "--hidden-units", "4"]
    assert main(["train", "auto", *words]) == 0
    said = capsys.readouterr().out
    assert said.startswith("auto: mlp_classifier, for a table of 60 rows x 3 columns") and "runs/auto-1" in said
    assert zoo.load("runs/auto-1").entry.name == "mlp_classifier"
    assert main(["cross-validate", "auto", *words, "--folds", "2", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["model"] == "mlp_classifier"
    assert main(["train", "auto", "rows.csv", "--target", "side", "--quality", "great"]) == 2
    assert "argument --quality: invalid choice: 'great'" in capsys.readouterr().err
    assert main(["train", "mlp_classifier", "rows.csv", "--target", "side", "--quality", "best"]) == 2
    assert "--quality is for 'auto', which takes an entry by it. Received: --quality best" in capsys.readouterr().err
    assert main(["train", "auto", *words, "--modern", "true"]) == 2
    assert "'mlp_classifier', which 'auto' took for a table of 60 rows" in capsys.readouterr().err
    assert main(["info", "auto"]) == 2
    assert "'auto' is no model: it takes one by the data" in capsys.readouterr().err


def test_the_help_shows_it_first(capsys):
    from zoo.cli import main

    with pytest.raises(SystemExit):
        main(["--help"])
    assert "zoo train auto your.csv --target COLUMN" in " ".join(capsys.readouterr().out.split())


def test_the_options_of_all_entries_that_may_be_taken_are_known(capsys):
    from zoo.cli import main

    with pytest.raises(SystemExit):
        main(["train", "auto", "--help"])
    said = capsys.readouterr().out
    assert "options of the entry that auto takes" in said
    for name in automatic.entries():
        for option in registry.info(name).options:
            assert re.search(rf"^  --{option.replace('_', '-')}\b", said, re.MULTILINE), option


@pytest.mark.parametrize("verb", [zoo.load, lambda name: zoo.fine_tune(name, "titanic")])
def test_auto_is_no_model_that_is_loaded(verb):
    with pytest.raises(FileNotFoundError, match="'auto' chooses an entry: zoo.build or zoo.train makes a model of it"):
        verb("auto")
