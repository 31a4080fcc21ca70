"""What the line explains and the hidden layers add: parts that sum up to the answer, in its units."""

import numpy as np
import pandas as pd
import pytest

import zoo


@pytest.fixture(scope="module")
def run():
    generator = np.random.default_rng(0)
    frame = pd.DataFrame({"a": generator.normal(size=80), "b": generator.normal(size=80), "k": list("pq") * 40})
    frame["y"] = 30.0 * frame["a"] + frame["b"] ** 2 + 5.0 * (frame["k"] == "q")
    return zoo.train("mlp_regressor", frame, target="y", epochs=3, verbose=0), frame


def test_bars_are_the_deviations_of_each_part_in_the_targets_units(run):
    model, frame = run[0].model, run[1]
    left, right = zoo.plots.line_and_rest(run[0], frame).axes
    widths = {label.get_text(): bar.get_width() for label, bar in zip(left.get_yticklabels(), left.patches)}
    coefficients = model.coefficients()["y"]
    for column in ("a", "b"):
        assert widths[column] == pytest.approx(abs(coefficients[column]) * frame[column].std(ddof=0), rel=1e-4)
    assert widths["k"] == pytest.approx(abs(coefficients["k=q"] - coefficients["k=p"]) / 2, rel=1e-4)
    line, rest = right.collections[0].get_offsets().T
    np.testing.assert_allclose(line + rest, zoo.predict(run[0], frame)["prediction"], rtol=1e-4, atol=1e-3)
    assert widths["hidden layers"] == pytest.approx(np.std(rest), rel=1e-4)
    assert left.get_xlabel().endswith(", y")


def test_classes_are_chosen_by_name_or_number_and_few_columns_are_drawn():
    generator = np.random.default_rng(0)
    frame = pd.DataFrame(generator.normal(size=(60, 4)), columns=list("abcd")).assign(y=list("uvw") * 20)
    model = zoo.train("mlp_classifier", frame, target="y", epochs=1, verbose=0).model
    left, right = zoo.plots.line_and_rest(model, frame, output="v", most=2).axes
    assert len(left.patches) == 3 and right.get_xlabel() == "the line's answer, logit of v"
    assert zoo.plots.line_and_rest(model, frame, output=2).axes[1].get_xlabel() == "the line's answer, logit of w"
    with pytest.raises(ValueError, match="`output` must be one of the classes 'u', 'v', 'w', or its number"):
        zoo.plots.line_and_rest(model, frame, output="x")
    with pytest.raises(ValueError, match="`most` must be at least 1"):
        zoo.plots.line_and_rest(model, frame, most=0)


def test_a_model_without_a_line_is_refused(run):
    model = zoo.build("mlp_regressor", run[1], target="y", linear=False)
    with pytest.raises(ValueError, match="`model` must have a line beside its hidden layers. This 'mlp_regressor'"):
        zoo.plots.line_and_rest(model, run[1])
