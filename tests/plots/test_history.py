"""The timeline has each entry at its year, and parameters are counted by Keras."""

import keras
import pytest

import zoo
from zoo.plots.history import BRAIN


def test_every_entry_stands_at_its_year_and_no_label_over_another():
    figure = zoo.plots.timeline()
    ax = figure.axes[0]
    own = [name for name in zoo.list_models() if "/" not in name]
    labels = {text.get_text(): text for text in ax.texts}
    assert set(labels) == {f"{zoo.info(name).year} {name.replace('_', ' ')}" for name in own}
    years = [int(tick.get_text()) for tick in ax.get_xticklabels()]
    per_year = (ax.get_xticks()[-1] - ax.get_xticks()[0]) / (years[-1] - years[0])
    for text in labels.values():
        year = years[0] + (text.get_position()[0] - ax.get_xticks()[0]) / per_year
        assert year == pytest.approx(int(text.get_text()[:4]))
    figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in labels.values()]
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])


def test_some_entries_may_be_chosen_and_unknown_ones_are_refused():
    assert len(zoo.plots.timeline(["hopfield", "perceptron"]).axes[0].texts) == 2
    with pytest.raises(ValueError, match="Unknown entry 'hopfeld'. Did you mean 'hopfield'"):
        zoo.plots.timeline(["hopfeld"])
    with pytest.raises(ValueError, match="at least one entry"):
        zoo.plots.timeline([])


def test_entries_may_be_labelled_by_their_authors_in_any_language():
    figure = zoo.plots.timeline(["hopfield", "perceptron"], words={"perceptron": "Розенблатт"})
    assert [text.get_text() for text in figure.axes[0].texts] == ["1958 Розенблатт", "1982 hopfield"]
    with zoo.plots.language("ru", words={"hopfield": "Хопфилд"}):
        figure = zoo.plots.timeline(["hopfield"])
    assert [text.get_text() for text in figure.axes[0].texts] == ["1982 Хопфилд"]
    with pytest.raises(ValueError, match="`words` must be of entries that are drawn. Received: perceptron"):
        zoo.plots.timeline(["hopfield"], words={"perceptron": "Rosenblatt"})


def test_bars_are_counts_of_parameters_beside_the_brain():
    network = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2), keras.layers.Dense(1, use_bias=False)])
    ax = zoo.plots.parameter_counts({"ours": network, "xor": zoo.build("backprop_1986", problem="xor")}).axes[0]
    assert [bar.get_width() for bar in ax.patches] == [2 * 2 + 2 + 2 + 1, 3 * 2 + 2 + 2, BRAIN]
    assert BRAIN == 86.1e9  # Azevedo and others 2009, abstract
    assert ax.get_xscale() == "log"
    names = [text.get_text() for text in zoo.plots.parameter_counts(["perceptron"]).axes[0].get_yticklabels()]
    assert names[0] == "perceptron"
    with pytest.raises(ValueError, match="`models` must be at least one"):
        zoo.plots.parameter_counts([])
