"""Decision regions: the class drawn at a point is the class that the model gives it."""

import numpy as np
import pandas as pd
import pytest

import zoo
from zoo.plots.canvas import COLORS


def mesh(ax):
    """Returns the classes drawn `(rows, columns)` and the centres of their cells."""
    (mesh,) = [collection for collection in ax.collections if hasattr(collection, "get_coordinates")]
    corners = mesh.get_coordinates()
    centres = (corners[:-1, :-1] + corners[1:, 1:]) / 2
    return mesh.get_array(), centres


def points(ax):
    """Returns the offsets of each class's points."""
    return [c.get_offsets() for c in ax.collections if not hasattr(c, "get_coordinates") and len(c.get_offsets()) > 1]


def test_the_perceptron_of_and_fires_where_3a_plus_2b_is_at_least_4():
    """18 mistakes leave w = (3, 2), b = -4 (history: inputs in order, zero start)."""
    ax = zoo.plots.decision_regions("perceptron.and", "and_gate", resolution=51).axes[0]
    drawn, centres = mesh(ax)
    a, b = centres[..., 0], centres[..., 1]
    clear = np.abs(3 * a + 2 * b - 4) > 1e-4
    assert np.array_equal(drawn[clear], (3 * a + 2 * b >= 4)[clear])
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("input 1", "input 2")


def test_regions_and_points_of_a_table_have_the_columns_names_and_the_colours_of_their_classes():
    generator = np.random.default_rng(0)
    frame = pd.DataFrame({"bill": generator.normal(40, 5, 60), "mass": generator.normal(4000, 800, 60)})
    frame["kind"] = np.where(frame.bill + generator.normal(0, 3, 60) > 40, "long", "short")
    run = zoo.train("logistic_regression", frame, target="kind", verbose=0)
    ax = zoo.plots.decision_regions(run, frame, resolution=41).axes[0]
    drawn, centres = mesh(ax)
    labels = zoo.predict(run, pd.DataFrame(centres.reshape(-1, 2), columns=["bill", "mass"]))
    probability = labels["p_short"].to_numpy().reshape(41, 41)
    clear = np.abs(probability - 0.5) > 1e-3
    assert np.array_equal(drawn[clear], (probability > 0.5)[clear])  # "long" is class 0
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("bill", "mass")
    legend = ax.get_legend()
    assert legend.get_title().get_text() == "kind"
    assert [text.get_text() for text in legend.get_texts()] == ["long", "short"]
    for label, color in zip(("long", "short"), COLORS):
        (scatter,) = [c for c in ax.collections if c.get_label() == label]
        rows = frame.loc[frame.kind == label, ["bill", "mass"]].to_numpy()
        np.testing.assert_allclose(scatter.get_offsets(), rows, rtol=1e-12)
        assert scatter.get_facecolor()[0][:3] == pytest.approx([int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    boundary = [c for c in ax.collections if hasattr(c, "levels")]
    assert boundary[0].levels.tolist() == [0.5]


def test_a_unit_of_logic_has_the_classes_0_and_1():
    ax = zoo.plots.decision_regions(zoo.build("mcculloch_pitts", truth_table="or"), limits=((0, 1), (0, 1))).axes[0]
    drawn, centres = mesh(ax)
    assert np.array_equal(drawn, centres.sum(axis=-1) >= 1)  # w = (1, 1), w_0 = 1


def test_a_regression_is_drawn_as_values():
    x = np.random.default_rng(1).normal(size=(50, 2)).astype("float32")
    data = (x, 2.0 * x[:, 0] - x[:, 1] + 1.0)
    run = zoo.train("linear_regression", data, solver="newton", validation=None, verbose=0)
    ax, bar = zoo.plots.decision_regions(run, x, limits=((-1, 1), (-2, 2)), resolution=21).axes
    drawn, centres = mesh(ax)
    np.testing.assert_allclose(drawn, 2 * centres[..., 0] - centres[..., 1] + 1, atol=1e-4)
    assert bar.get_ylabel()


def test_rows_without_a_target_are_grey_points():
    x = np.array([[0.0, 0.0], [1.0, 1.0], [0.5, 0.0]], "float32")
    ax = zoo.plots.decision_regions("perceptron.and", x, resolution=11).axes[0]
    assert any(np.array_equal(offsets, x) for offsets in points(ax))


def test_other_inputs_are_refused_with_what_must_be():
    with pytest.raises(ValueError, match=r"two numeric inputs. 'image_mlp' has: an image of shape \(28, 28, 1\)"):
        zoo.plots.decision_regions("image_mlp.mnist_10k", "mnist_10k")
    with pytest.raises(ValueError, match=r"two numeric inputs. 'logistic_regression' has: .*\(category\).*frame\[\["):
        zoo.plots.decision_regions("logistic_regression.penguins", "penguins")
    dates = pd.DataFrame({name: pd.date_range(name, periods=4) for name in ("2020-01-01", "2021-05-01")})
    with pytest.raises(ValueError, match=r"two numeric inputs. .* has: 2020-01-01 \(date\), 2021-05-01 \(date\)"):
        zoo.plots.decision_regions(zoo.build("logistic_regression", (dates, [0, 1, 0, 1])), limits=(0, 1, 0, 1))
    with pytest.raises(ValueError, match="Pass `data`, or `limits="):
        zoo.plots.decision_regions("perceptron.and")
    two_units = zoo.build("mcculloch_pitts", truth_table=[[0, 1], [1, 1], [1, 0], [1, 0]])
    with pytest.raises(ValueError, match="has 2 units. Build it with one"):
        zoo.plots.decision_regions(two_units, limits=((0, 1), (0, 1)))
