"""Results in a terminal and in a notebook: their texts, escaped, and short however many columns there are."""

import dataclasses
import doctest
import json
import pickle
import re
import subprocess
import sys
import time
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import zoo
from zoo import display, registry
from zoo.data.schema import Column, Schema
from zoo.run import Run
from zoo.scores import Scores

EVIL = "<script>alert('&')</script>"
SHOWN_EVIL = "&lt;script&gt;alert(&#x27;&amp;&#x27;)&lt;/script&gt;"


class Page(HTMLParser):
    """The parsed content of a piece of HTML: its tables as rows of texts, its tags, its links."""

    def __init__(self, text):
        super().__init__()
        self.tables, self.tags, self.links, self._open = [], set(), [], []
        self.feed(text)
        assert self._open == []

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self._open.append(tag)
        self.links += [value for name, value in attributes if name in ("href", "src")]
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        if {"td", "th"} & set(self._open):
            self.tables[-1][-1][-1] += data


def page(result):
    """Returns the parsed HTML of a result, and asserts that it has only expected tags and no fixed colours."""
    text = result._repr_html_()
    found = Page(text)
    assert found.tags <= {"style", "div", "strong", "table", "caption", "thead", "tbody", "tr", "th", "td", "a"}
    assert all(link.startswith("https://") for link in found.links)
    styles = " ".join(re.findall(r"<style>.*?</style>|style=\".*?\"", text))
    assert not re.search(r"#[0-9a-f]{3}|\brgb|\bhsl|@import|url\(|: *(white|black)", styles)
    return found


@dataclasses.dataclass
class Trained:
    """A stand-in for a model, with the two attributes that the texts of a run read."""

    entry: zoo.Entry

    @property
    def task(self):
        return registry.load_task(self.entry.task)


RUN = Run(
    model=Trained(zoo.info("mlp_classifier")),
    history={"loss": [0.9, 0.5, 0.4], "val_loss": [0.8, 0.61234, 0.7]},
    metrics={
        "train": {"accuracy": 0.91, "log_loss": 0.4, "rows": 712, "confusion": {"classes": ["0"], "counts": [[1]]}},
        "val": {"accuracy": 0.8212345, "log_loss": 0.612, "rows": 179},
    },
    recipe={"optimizer": "adamw", "learning_rate": 0.001, "batch_size": 256, "monitor": "val_loss", "solver": None},
    data={"source": EVIL, "rows": {"train": 712, "val": 179, "test": 0}, "split": "all rows", "sha256": "0"},
    seed=7,
    seconds=725.2,
    device="CPU, 2 cores",
    stopped="no better val_loss in 1 epochs (best: epoch 2)",
    best_epoch=1,
)


def test_the_examples_of_the_pieces_are_right():
    assert doctest.testmod(display) == (0, 7)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.000"),
        (1.0, "1.000"),
        (0.05732, "0.05732"),
        (-0.25, "-0.2500"),
        (9.99999, "10.00"),
        (0.0012345, "0.001234"),
        (1234567.8, "1,234,568"),
        (3e12, "3e+12"),
        (float("inf"), "inf"),
        (np.float32(0.5), "0.5000"),
        (np.int64(1234), "1,234"),
    ],
)
def test_numbers_have_four_digits(value, text):
    assert display.number(value) == text


def test_texts_do_not_steer_a_terminal():
    assert display.cut("a\x1b[31m b\n\u202ec\ud800") == r"a\x1b[31m b \u202ec\ud800"


def test_whatever_is_not_markup_is_escaped():
    assert display.escaped(EVIL) == SHOWN_EVIL
    assert display.facts({EVIL: EVIL, "none": None, "empty": ""}).count(SHOWN_EVIL) == 2
    assert display.table([EVIL], [[EVIL]], total=1, caption=EVIL).count(SHOWN_EVIL) == 3
    assert SHOWN_EVIL in display.card(EVIL)
    assert display.escaped(display.Markup("<b>")) == "<b>"


def test_only_addresses_of_the_web_become_links():
    text = 'A & B. javascript:alert(1) https://doi.org/10.1/x(2) and https://a.org/"onclick="alert(1).'
    assert display.linked(text) == (
        'A &amp; B. javascript:alert(1) <a href="https://doi.org/10.1/x(2" target="_blank" rel="noopener">'
        'https://doi.org/10.1/x(2</a>) and <a href="https://a.org/" target="_blank" rel="noopener">https://a.org/</a>'
        "&quot;onclick=&quot;alert(1)."
    )


def test_a_long_table_takes_no_more_rows_than_it_shows():
    taken = []
    rows = ((taken.append(i) or i,) for i in range(1000))
    (found,) = Page(display.table(["n"], rows, total=1000)).tables
    assert [row[0] for row in found] == ["n", *map(str, range(30)), "… and 970 more"]
    assert len(taken) == 30


def test_a_run_in_a_terminal():
    assert repr(RUN) == (
        f"Run: mlp_classifier on {EVIL}, 712 training rows and 179 validation rows\n"
        "  3 epochs, best: epoch 2 (val_loss 0.6123); 12 min 5 s on CPU, 2 cores; "
        "stopped: no better val_loss in 1 epochs (best: epoch 2)\n"
        "  train accuracy 0.9100, log_loss 0.4000\n"
        "  val   accuracy 0.8212, log_loss 0.6120"
    )


def test_a_run_in_a_notebook():
    facts, scores = page(RUN).tables
    assert dict(facts) == {
        "task": "classification",
        "rows": "train 712, val 179",
        "split": "all rows",
        "trained by": "optimizer adamw, learning rate 0.001, batch size 256",
        "epochs": "3 epochs, best: epoch 2 (val_loss 0.6123)",
        "stopped": "no better val_loss in 1 epochs (best: epoch 2)",
        "time": "12 min 5 s on CPU, 2 cores, seed 7",
    }
    assert scores == [["score", "train", "val"], ["accuracy", "0.9100", "0.8212"], ["log_loss", "0.4000", "0.6120"]]
    assert f"<strong>mlp_classifier on {SHOWN_EVIL}</strong>" in RUN._repr_html_()


def test_an_interrupted_run_says_so():
    run = dataclasses.replace(RUN, interrupted=True, stopped="interrupted", best_epoch=None, metrics={}, history={})
    facts = dict(page(run).tables[0])
    assert facts["stopped"] == "interrupted; training it again goes on from these weights"
    assert facts["epochs"] == "0 epochs"
    assert "stopped: interrupted" in repr(run)


def test_a_run_knows_its_best_epoch():
    run = zoo.train("logistic_regression", "penguins", optimizer="adam", epochs=3, validation=0.2, verbose=0)
    assert run.best_epoch == int(np.argmin(run.history["val_loss"]))
    assert f"3 epochs, best: epoch {run.best_epoch + 1} (val_loss" in repr(run)


def confusion(counts, classes):
    return pd.DataFrame(counts, index=classes, columns=classes)


def test_scores_in_a_terminal_and_a_notebook():
    scores = Scores({"accuracy": 0.75, "log_loss": 0.51234}, rows=4, confusion=confusion([[2, 1], [0, 1]], [EVIL, 1]))
    assert repr(scores) == "Scores(accuracy=0.7500, log_loss=0.5123, rows=4)"
    assert str(scores).splitlines()[:3] == ["accuracy  0.75", "log_loss  0.51234", "rows      4"]
    facts, values, matrix = page(scores).tables
    assert (facts, values) == ([["rows", "4"]], [["score", "value"], ["accuracy", "0.7500"], ["log_loss", "0.5123"]])
    assert matrix == [["true \\ predicted", EVIL[:23] + "…", "1"], [EVIL[:23] + "…", "2", "1"], ["1", "0", "1"]]
    shades = re.findall(r"currentColor (\d+)%, transparent\)\">(\d)<", scores._repr_html_())
    assert shades == [("20", "2"), ("10", "1"), ("30", "1")]  # 2/3, 1/3 and all of a row, of at most 30 %


def test_plain_scores_are_shown_with_four_digits_and_kept_whole():
    value = 0.1 + 0.2 + 0.126
    plain = Scores({"shift_tolerance": value}, rows=1500).to_dict()
    assert repr(value) == "0.42600000000000005"
    assert repr(plain) == str(plain) == "{'shift_tolerance': 0.426, 'rows': 1500}"
    assert plain == {"shift_tolerance": value, "rows": 1500}
    assert json.loads(json.dumps(plain)) == plain


def test_of_many_classes_the_most_frequent_mistakes_are_shown():
    counts = np.eye(1000, dtype=int) * 9
    counts[3, 7], counts[999, 0] = 5, 6
    values = {f"precision_{i}": 0.5 for i in range(1000)}
    scores = Scores(values, rows=9011, confusion=confusion(counts, [f"c{i}" for i in range(1000)]))
    assert page(scores).tables[-1] == [["true", "predicted", "rows"], ["c999", "c0", "6"], ["c3", "c7", "5"]]
    assert "The most frequent mistakes among 1,000 classes" in scores._repr_html_()
    assert page(scores).tables[1][-1] == ["… and 970 more"]
    assert repr(scores).endswith("precision_9=0.5000, 990 more, rows=9011)")
    assert len(scores._repr_html_()) < 10_000


def test_scores_of_each_class_are_a_table_of_their_own():
    each = {"recall": {"macro": 0.5, "b": 1.0}, "f1": {"macro": 0.25, "b": 0.75}}
    scores = Scores({"f1_macro": 0.5}, rows=4, each=each, positive="b", hint="look")
    assert dict(scores) == {"f1_macro": 0.5, "recall_macro": 0.5, "recall_b": 1.0, "f1_class_macro": 0.25, "f1_b": 0.75}
    assert str(scores).splitlines() == [
        "f1_macro        0.5",
        "rows            4",
        "positive class  b",
        "",
        "class  recall      f1",
        "macro  0.5000  0.2500",
        "b       1.000  0.7500",
        "",
        "hint: look",
    ]
    assert page(scores).tables[2] == [
        ["class", "recall", "f1"],
        ["macro", "0.5000", "0.2500"],
        ["b", "1.000", "0.7500"],
    ]
    assert scores.overall == {"f1_macro": 0.5} and scores.by is None


def test_of_many_classes_those_of_the_lowest_f1_are_shown():
    values = {f"c{i}": i / 100 for i in reversed(range(100))}
    table = confusion(np.eye(100, dtype=int), list(values))
    scores = Scores({"accuracy": 1.0}, rows=100, each={"f1": values}, confusion=table)
    lines = str(scores).splitlines()
    assert lines[3:6] == ["the lowest f1 of 100 classes", "class       f1", "c0       0.000"] and len(lines) == 25
    assert page(scores).tables[2][1:3] == [["c0", "0.000"], ["c1", "0.01000"]]
    assert len(scores) == 101 and scores.to_dict(short=True).keys() == {"accuracy", "rows", "confusion"}
    assert Scores({"r2": 1.0}, rows=1, each={"mae": values}, of="target").summary == {"r2": 1.0}


def test_scores_are_a_mapping_as_before():
    scores = Scores({"accuracy": 0.75}, rows=4, confusion=confusion([[2, 1], [0, 1]], ["a", "b"]))
    assert scores == {"accuracy": 0.75} and dict(scores) == {"accuracy": 0.75}
    again = pickle.loads(pickle.dumps(scores))
    assert again == scores and again.to_dict() == scores.to_dict()
    assert json.loads(json.dumps(scores.to_dict()))["confusion"] == {"classes": ["a", "b"], "counts": [[2, 1], [0, 1]]}


SCHEMA = Schema(
    (
        Column(EVIL, "number", "float64"),
        Column("gate", "category", "str", ("east", "north", "river", "south", "west")),
        Column("map", "array", "float32", (), (None, 3), (-1.0, 1.0)),
    ),
    "y",
    "classification",
    ("no", "yes"),
    "str",
    {"id": "constant"},
)


def test_a_schema_in_a_terminal_and_a_notebook():
    assert repr(SCHEMA) == (
        "Schema(3 columns (1 number, 1 category, 1 array); target: y, classification, 2 classes: no, yes; "
        "no input: id (constant))"
    )
    facts, columns = page(SCHEMA).tables
    assert dict(facts) == {
        "columns": "3 columns (1 number, 1 category, 1 array)",
        "target": "y, classification, 2 classes: no, yes",
        "no input": "id (constant)",
    }
    assert columns == [
        ["column", "kind", "dtype", "levels", "served as"],
        [EVIL, "number", "float64", "", SCHEMA.served_names[EVIL]],
        ["gate", "category", "str", "5: east, north, river, south and 1 more", "gate"],
        ["map", "array", "float32", "any x 3, of -1.0, 1.0", "map"],
    ]


def test_the_printed_schema_is_as_it_was():
    schema = Schema((Column("a b", "number", "float64"),), "y", "regression")
    lines = ["column  kind    dtype    served as  levels", "a b     number  float64  a_b", "target: y (regression)"]
    assert str(schema).splitlines() == lines


def test_ten_thousand_columns_and_levels_are_a_page_and_no_more():
    columns = [Column(f"x{i}", "number", "float64") for i in range(10_000)]
    levels = tuple(f"level {i}" for i in range(100_000))
    schema = Schema((Column("c", "category", "str", levels), *columns), "y", "classification", levels, "str")
    text = schema._repr_html_()
    assert len(text) < 10_000 and "… and 9,971 more" in text
    assert "100,000: level 0, level 1, level 2, level 3 and 99,996 more" in text
    assert len(repr(schema)) < 300


@pytest.mark.serial
def test_a_page_of_columns_takes_time_by_their_number():
    def seconds(number):
        schema = Schema(tuple(Column(f"x{i}", "number", "float64") for i in range(number)))
        begin = time.thread_time()
        schema._repr_html_()
        return time.thread_time() - begin

    few, many = (min(seconds(number) for _ in range(5)) for number in (500, 4000))
    assert many < 24 * few  # 8 times as many; 64 times the time, where each column looks at all


def test_data_in_a_terminal_and_a_notebook(visits):
    data = zoo.data.load(visits.rename(columns={"gate": EVIL}), target="bought")
    assert repr(data) == "Data(source: DataFrame 200 x 4, rows: 200, columns: 3, target: bought)"
    facts, columns = page(data).tables
    assert dict(facts) == {
        "source": "DataFrame 200 x 4",
        "rows": "200",
        "columns": "3 columns (1 number, 1 boolean, 1 category)",
        "target": "bought, classification, 2 classes: no, yes",
    }
    assert [row[:2] for row in columns[1:]] == [["minutes", "number"], ["member", "boolean"], [EVIL, "category"]]


def test_data_whose_columns_are_no_inputs_say_why(visits):
    data = zoo.data.load(visits[["gate"]].assign(gate="north"))
    assert "At least one input column must be left" in dict(page(data).tables[0])["schema"]
    assert repr(data) == "Data(source: DataFrame 200 x 1, rows: 200, columns: 1)"


def test_arrays_and_splits(visits):
    data = zoo.data.load("mnist_10k")
    text = "source: mnist_10k, rows: 10,000, shape of a row: 28 x 28 x 1, target: y, splits: train 6,400, val 1,600"
    assert repr(data) == f"Data({text}, test 2,000)"
    (facts,) = page(data).tables
    assert dict(facts)["target"] == "classification, 10 classes: 0, 1, 2, 3, 4, 5, 6, 7 and 2 more"
    assert "columns" not in dict(facts)


def test_a_stream_is_not_read_to_be_shown(visits_csv, monkeypatch):
    data = zoo.data.load(str(visits_csv), target="bought", stream=True)
    monkeypatch.setattr(type(data), "blocks", None)
    monkeypatch.setattr(type(data._stream), "_scanned", None)
    assert repr(data) == f"Data(source: {display.cut(visits_csv, 80)}, rows: a stream, target: bought)"
    assert len(page(data).tables) == 1
    monkeypatch.undo()
    data.sample()
    assert "a stream of 200" in repr(data)
    assert page(data).tables[1][1][0] == "minutes"


def test_an_entry_in_a_terminal_and_a_notebook():
    entry = zoo.info("modern_hopfield")
    assert repr(entry) == f"Entry('modern_hopfield', 2020, association: {entry.summary})"
    found = page(entry)
    facts, options = found.tables
    assert found.links == ["https://arxiv.org/abs/2008.02217"]
    assert dict(facts) == {"year": "2020", "task": "association", "learning": "rule", "paper": entry.paper}
    assert [row[:2] for row in options] == [
        ["option", "default"],
        ["beta", "1.0"],
        ["capacity", "None"],
        ["steps", "100"],
    ]
    assert [row[2] for row in options[1:]] == list(entry.option_meanings.values())
    assert dict(page(zoo.info("perceptron")).tables[0])["presets"] == "perceptron.and"


def test_a_plugin_that_cannot_be_imported_has_facts_all_the_same():
    entry = registry.Entry(EVIL, "no_such_module:net", "map", 1999, EVIL, EVIL, formerly=("old",))
    (facts,) = page(entry).tables
    assert dict(facts)["options"] == "cannot be read: ModuleNotFoundError: No module named 'no_such_module'"
    assert (dict(facts)["paper"], dict(facts)["formerly"]) == (EVIL, "old")


@pytest.mark.process
def test_an_entry_is_shown_without_keras_and_pandas():
    check = "import zoo, sys; repr(zoo.info('mlp_classifier')), zoo.info('mlp_classifier')._repr_html_()"
    check += "; print([name for name in ('keras', 'pandas', 'tensorflow', 'numpy') if name in sys.modules])"
    result = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert result.stdout == "[]\n"


@pytest.mark.parametrize("name", zoo.list_models())
def test_every_entry_is_shown_whole(name):
    facts, *options = page(zoo.info(name)).tables
    assert len(options[0]) == len(zoo.info(name).options) + 1
    assert "…" not in zoo.info(name)._repr_html_()


def test_a_report_of_an_export_in_a_terminal_and_a_notebook():
    report = zoo.ExportReport(
        path=Path("served/t/3"),
        version=3,
        format="tf_saved_model",
        served_names={EVIL: "c_1", "age": "age"},
        inputs={"c_1": ["float32", [None]], "age": ["float32", [None, None, 3]]},
        outputs={"probabilities": ["float32", [None, 2]]},
        signatures=("serving_default", "serve_examples"),
        max_difference=1.234e-7,
        num_bytes=90112,
        seconds=12.34,
    )
    assert repr(report) == (
        f"ExportReport({str(report.path)!r}, tf_saved_model, version 3, 88 KiB; proved: the largest difference from "
        "Python is 1.2e-07)"
    )
    facts, inputs, outputs = page(report).tables
    assert dict(facts) == {
        "folder": str(report.path),
        "format": "tf_saved_model, version 3",
        "signatures": "serving_default, serve_examples",
        "served names": f"{EVIL} as c_1",
        "proof": "in a fresh process: the largest difference from Python is 1.2e-07",
        "size": "88 KiB, written and proved in 12.3 s",
    }
    assert inputs == [["input", "dtype", "shape"], ["c_1", "float32", "[batch]"], ["age", "float32", "[batch, any, 3]"]]
    assert outputs == [["output", "dtype", "shape"], ["probabilities", "float32", "[batch, 2]"]]
    assert str(report).startswith("exported ")
    half = {"agreement": 0.999, "rows": 100, "source": "test rows of titanic"}
    smaller = dict(page(dataclasses.replace(report, quality=half)).tables[0])["smaller weights"]
    assert smaller == "compared with Python on 100 rows: the same label in 99.90%; test rows of titanic"
