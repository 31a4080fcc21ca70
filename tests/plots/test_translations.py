"""Labels in two languages: every label that a picture writes has a translation, and none stays English in Russian."""

import ast
import re
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

import zoo
from zoo.plots.surfaces import SURFACES
from zoo.plots.translations import RUSSIAN

FILES = sorted(path for path in Path(zoo.plots.__file__).parent.glob("*.py") if path.name != "translations.py")
WRITERS = {"set_xlabel", "set_ylabel", "set_title", "annotate"}
LABELLED = {"label", "title"}
WORD = re.compile(r"[A-Za-z]{2,}")


@pytest.fixture
def russian():
    with zoo.plots.language("ru"):
        yield


def literals(node):
    """Yields the strings of an expression that stand outside of calls of `translated` and of mathematics."""
    if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "translated":
        return
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield re.sub(r"\$.*?(\$|$)", "", node.value)
    for child in ast.iter_child_nodes(node):
        if not isinstance(node, ast.Subscript) and not isinstance(child, ast.FormattedValue):
            yield from literals(child)


def written(path):
    """Yields the expressions that a file writes into pictures as labels."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        if getattr(node.func, "attr", "") in WRITERS and node.args:
            yield node.args[0]
        elif getattr(node.func, "attr", "") == "text" and len(node.args) > 2:
            yield node.args[2]
        yield from (keyword.value for keyword in node.keywords if keyword.arg in LABELLED)


def translated_literals(path):
    """Yields the labels that a file asks a translation for."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "translated":
            yield from (part.value for part in ast.walk(node.args[0]) if isinstance(part, ast.Constant))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_label_is_written_by_way_of_the_table(path):
    plain = [text for expression in written(path) for text in literals(expression) if WORD.search(text)]
    assert plain == []


def test_every_label_has_a_translation():
    labels = {
        text for path in FILES for text in translated_literals(path) if isinstance(text, str) and WORD.search(text)
    }
    assert len(labels) > 50
    assert labels - set(RUSSIAN) == set()


def test_a_translation_has_the_same_places_for_values_and_is_russian():
    same = {"F1"}
    for english, translation in RUSSIAN.items():
        assert re.findall(r"\{\w+", english) == re.findall(r"\{\w+", translation), english
        assert english in same or "λ" in english or re.search("[а-яё]", translation), english


def texts(figure):
    """Returns all that is written in a figure, without mathematics."""
    found = [text.get_text() for text in figure.findobj(Text)]
    return [re.sub(r"\$.*?\$", "", text) for text in found]


def network(*sizes, last="sigmoid"):
    layers = [keras.layers.Dense(size, activation="tanh") for size in sizes[1:-1]]
    made = keras.Sequential([keras.Input((sizes[0],)), *layers, keras.layers.Dense(sizes[-1], activation=last)])
    generator = np.random.default_rng(0)
    made.set_weights([generator.normal(size=weight.shape) for weight in made.weights])
    return made


PICTURES = {
    "activation_table": lambda: zoo.plots.activation_table(["identity", "binary_step", "relu", "logistic"]),
    "learning_curves": lambda: zoo.plots.learning_curves(
        {"loss": [1.0, 0.5], "val_loss": [1.0, 0.6], "mistakes": [3, 1]}
    ),
    "confusion_matrix": lambda: zoo.plots.confusion_matrix(pd.DataFrame([[3, 1], [0, 2]])),
    "voltage_traces": lambda: zoo.plots.voltage_traces([0.0, 1.0], [0.0, 1.0], [1.0, 1.0]),
    "weights_as_images": lambda: zoo.plots.weights_as_images(np.eye(9), most=4),
    "u_matrix": lambda: zoo.plots.u_matrix(np.random.default_rng(0).normal(size=(3, 3, 2))),
    "energy_landscape": lambda: zoo.plots.energy_landscape(np.ones((3, 3)), np.array([[1, 1, -1], [-1, 1, 1]])),
    "descent": lambda: zoo.plots.descent("bowl", steps=3),
    "learning_rates": lambda: zoo.plots.learning_rates(steps=4),
    "quadratic_model": lambda: zoo.plots.quadratic_model(),
    "path_graph": lambda: zoo.plots.path_graph(network(2, 2, 2, 1), [1.0, 0.5], 1.0),
    "timeline": lambda: zoo.plots.timeline(["perceptron", "hopfield"]),
    "parameter_counts": lambda: zoo.plots.parameter_counts({"net": network(2, 2, 1)}),
}
NAMES = {"tanh", "relu", "net", "perceptron", "hopfield", "max"}  # names, which stay as they are


@pytest.mark.parametrize("name", PICTURES)
def test_no_word_stays_english_in_russian(name, russian):
    words = {word for text in texts(PICTURES[name]()) for word in re.findall(r"\b[A-Za-z]{3,}\b", text)}
    assert words <= NAMES, words
    assert any(re.search("[А-Яа-яё]", text) for text in texts(PICTURES[name]()))


def test_the_language_ends_with_its_block_and_stays_without_one():
    with zoo.plots.language("ru", words={"loss": "потери"}):
        assert zoo.plots.translated("epoch") == "эпоха" and zoo.plots.translated("loss") == "потери"
        with zoo.plots.language("en"):
            assert zoo.plots.translated("epoch") == "epoch"
        assert zoo.plots.translated("loss") == "потери"
    assert zoo.plots.translated("epoch") == "epoch"
    zoo.plots.language("ru")
    assert zoo.plots.translated("epoch") == "эпоха"
    zoo.plots.language("en")
    assert zoo.plots.translated("loss") == "loss"


def test_names_of_the_data_are_translated_by_words_and_stay_otherwise():
    with zoo.plots.language("ru", words={"horsepower": "мощность"}):
        assert [zoo.plots.translated(name) for name in ("horsepower", "wheels {x}")] == ["мощность", "wheels {x}"]


def test_a_class_that_is_called_as_a_label_is_not_translated_as_one(russian):
    counts = pd.DataFrame([[3, 1], [0, 2]], index=["line", "error"], columns=["line", "error"])
    assert {"line", "error"} <= set(texts(zoo.plots.confusion_matrix(counts)))
    with zoo.plots.language("ru", words={"line": "прямая"}):
        assert {"прямая", "error"} <= set(texts(zoo.plots.confusion_matrix(counts)))


def test_an_unknown_language_is_refused_and_changes_nothing():
    with pytest.raises(ValueError, match="`code` must be one of 'en', 'ru'.*Received: 'de'"):
        zoo.plots.language("de")
    assert zoo.plots.translated("epoch") == "epoch"


# Legends cover nothing.


def boxes_of_legends(figure):
    figure.draw_without_rendering()
    for ax in figure.axes:
        if ax.get_legend() is not None:
            yield ax, ax.get_legend().get_window_extent()


@pytest.mark.parametrize("name", [name for name in PICTURES if name != "timeline"])
def test_no_legend_lies_over_what_is_drawn(name):
    figure = PICTURES[name]()
    for ax, box in boxes_of_legends(figure):
        for line in ax.lines:
            points = ax.transData.transform(np.column_stack(line.get_data()).astype("float64"))
            points = points[np.all((points >= ax.bbox.min) & (points <= ax.bbox.max), axis=1)]  # that are seen
            inside = np.all((points > box.min) & (points < box.max), axis=1)
            assert not inside.any(), line.get_label()


def test_surfaces_have_names_of_their_own():
    assert set(SURFACES) == {"bowl", "trough", "rosenbrock"}
