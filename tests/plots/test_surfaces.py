"""Paths over a surface: what is written beside them covers none, and is whole."""

import numpy as np
import pytest

import zoo
from zoo.plots.surfaces import SURFACES

PICTURES = {name: lambda name=name: zoo.plots.descent(name) for name in SURFACES}
PICTURES["feeding"] = lambda: zoo.plots.feeding(epochs=(6, 2, 1))


@pytest.mark.parametrize("code, word", [("en", "start"), ("ru", "начало")])
@pytest.mark.parametrize("name", PICTURES)
def test_the_legend_is_whole_and_the_word_at_the_start_covers_no_path(name, code, word):
    with zoo.plots.language(code):
        figure = PICTURES[name]()
    figure.draw_without_rendering()
    ax = figure.axes[0]
    legend = ax.get_legend().get_window_extent()
    assert figure.bbox.x0 <= legend.x0 and legend.x1 <= figure.bbox.x1 and legend.y1 <= figure.bbox.y1
    (box,) = [text.get_window_extent() for text in ax.texts if text.get_text() == word]
    for line in ax.lines:
        x, y = ax.transData.transform(np.column_stack(line.get_data()).astype("float64")).T
        along, fine = np.arange(len(x)), np.linspace(0.0, len(x) - 1, 20 * len(x))
        x, y = np.interp(fine, along, x), np.interp(fine, along, y)
        assert not np.any((x > box.x0) & (x < box.x1) & (y > box.y0) & (y < box.y1)), line.get_label()
