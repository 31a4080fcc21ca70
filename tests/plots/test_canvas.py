"""Figures without pyplot, Axes of the caller, and what a missing matplotlib says."""

import subprocess
import sys
from pathlib import Path

import pytest
from matplotlib.figure import Figure

import zoo

HISTORY = {"loss": [2.0, 1.0], "accuracy": [0.5, 0.6]}


def test_the_axes_given_are_drawn_into_and_their_figure_comes_back():
    figure = Figure()
    axes = figure.subplots(1, 2)
    assert zoo.plots.learning_curves(HISTORY, ax=axes) is figure
    assert [len(ax.lines) for ax in axes] == [1, 1]
    single = Figure().subplots()
    assert zoo.plots.learning_curves({"loss": [1.0]}, ax=single) is single.figure


def test_axes_of_a_subfigure_give_the_whole_figure():
    figure = Figure()
    ax = figure.subfigures(1, 2)[0].subplots()
    assert zoo.plots.learning_curves({"loss": [1.0, 2.0]}, ax=ax) is figure


def test_too_few_axes_and_things_that_are_none_are_refused():
    with pytest.raises(ValueError, match="2 panels, and `ax` must be as many Axes. Received: 1"):
        zoo.plots.learning_curves(HISTORY, ax=Figure().subplots())
    with pytest.raises(TypeError, match="`ax` must be matplotlib Axes, 2 of them, or None. Received: Figure"):
        zoo.plots.learning_curves(HISTORY, ax=Figure())


def test_a_figure_shows_itself_in_a_notebook():
    assert zoo.plots.learning_curves(HISTORY)._repr_png_().startswith(b"\x89PNG")


def test_an_unknown_picture_is_an_attribute_error_that_lists_the_known():
    name = "learning_curve"
    with pytest.raises(AttributeError, match=r"no attribute 'learning_curve'.*learning_curves"):
        getattr(zoo.plots, name)


def test_every_picture_is_there_and_no_file_is_named_like_one():
    for name in zoo.plots.__all__:
        assert callable(getattr(zoo.plots, name)) or name.isupper()
    assert {path.stem for path in Path(zoo.plots.__file__).parent.glob("*.py")}.isdisjoint(zoo.plots.__all__)
    assert sorted(dir(zoo.plots)) == sorted(zoo.plots.__all__)


@pytest.mark.process
def test_plots_start_neither_pyplot_nor_matplotlib_before_one_is_drawn():
    code = (
        "import sys, zoo; zoo.plots; assert 'matplotlib' not in sys.modules\n"
        "zoo.plots.voltage_traces([0.0, 1.0], [0.0, 1.0]); assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.process
def test_without_matplotlib_the_extra_is_named():
    code = "import sys; sys.modules['matplotlib'] = None\nimport zoo\nzoo.plots.voltage_traces"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stderr.strip().endswith('ImportError: Plots need matplotlib: pip install "keras-zoo[plots]"')
