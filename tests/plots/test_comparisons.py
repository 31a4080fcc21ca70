"""How far compared models are from the best."""

import pandas as pd
import pytest

import zoo
from zoo.plots.canvas import BLUE, ORANGE


def compared(errors=("", "", "ValueError: no"), baselines=frozenset()):
    table = pd.DataFrame(
        {"rmse": [2.0, 3.0, None], "difference": [0.0, 1.0, None], "low": [0.0, 0.5, None], "high": [0.0, 1.5, None]},
        index=["net", "line", "broken"],
    )
    return zoo.Comparison(
        table.assign(error=errors, train_seconds=1.0), score="rmse", is_error=True, baselines=baselines
    )


def test_an_interval_a_model_and_none_of_what_failed():
    (ax,) = compared().plot().axes
    assert [label.get_text() for label in ax.get_yticklabels()] == ["net", "line"]
    assert ax.get_xlabel() == "rmse: difference to net"
    zero, best, at_best, interval, at = ax.lines
    assert (best.get_color(), interval.get_color(), at.get_color()) == (BLUE, ORANGE, ORANGE)
    assert list(interval.get_xdata()) == [0.5, 1.5] and list(interval.get_ydata()) == [1, 1]
    assert list(at.get_xdata()) == [1.0] and zero.get_xdata()[0] == 0


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(TypeError, match="`comparison` must be what zoo.compare returned. Received: int."):
        zoo.plots.model_differences(3)
    with pytest.raises(ValueError, match="There is nothing to draw. No model has answered all folds: net: a; line: b"):
        zoo.plots.model_differences(compared(["a", "b", "c"]))


@pytest.mark.parametrize(("baseline", "drawn"), [("line", ["net"]), ("net", ["net", "line"])])
def test_the_baseline_is_drawn_where_it_is_the_best(baseline, drawn):
    (ax,) = zoo.plots.model_differences(compared(baselines=frozenset({baseline}))).axes
    assert [label.get_text() for label in ax.get_yticklabels()] == drawn
