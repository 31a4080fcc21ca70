"""kernels/data.js and kernels/csv.js: the formulas of the points in numpy, and tables as people write them."""

import numpy as np
import pytest
from sklearn.datasets import make_moons
from sklearn.preprocessing import StandardScaler

from tests.playground.node import call, run

pytestmark = pytest.mark.node
COUNT = 60


class Draws:
    """The page's random numbers of a seed, asked for one by one."""

    def __init__(self, order, seed):
        body = f"const g = playground.kernels.random.generator({seed}); return given.map(name => g[name]())"
        self._numbers = iter(run(body, given=order))

    def __call__(self):
        return next(self._numbers)


def expected(kind, noise, seed):
    """Returns points and targets by the formulas at the head of kernels/data.js."""
    order = {"gaussians": [], "xor": ["uniform"] * 2, "plane": ["uniform"] * 2}.get(kind, ["uniform"])
    order = order + ["normal"] * (1 if kind == "plane" else 2)
    draw = Draws(order * COUNT, seed)
    points, targets = [], []
    for i in range(COUNT):
        label = i % 2
        u = [draw() for name in order if name == "uniform"]
        e = noise * np.array([draw() for name in order if name == "normal"])
        if kind == "moons":
            t = np.pi * u[0]
            point = [np.cos(t), np.sin(t)] if label == 0 else [1 - np.cos(t), 0.5 - np.sin(t)]
        elif kind == "circles":
            t, radius = 2 * np.pi * u[0], [1, 0.5][label]
            point = [radius * np.cos(t), radius * np.sin(t)]
        elif kind == "spirals":
            angle = 3 * np.pi * u[0] + np.pi * label
            point = [u[0] * np.cos(angle), u[0] * np.sin(angle)]
        elif kind == "gaussians":
            point = [2 * label - 1] * 2
        else:
            point = [2 * u[0] - 1, 2 * u[1] - 1]
            label = int((point[0] > 0) != (point[1] > 0)) if kind == "xor" else sum(point) / 2 + e[0]
        points.append(np.array(point) + (0 if kind == "plane" else e))
        targets.append(label)
    return np.array(points), np.array(targets)


@pytest.mark.parametrize("kind", ["moons", "circles", "spirals", "gaussians", "xor", "plane"])
def test_points_are_those_of_the_formulas(kind):
    points, targets = expected(kind, 0.2, 5)
    found = call("data", "generate", kind, COUNT, 0.2, 5)
    np.testing.assert_allclose(np.reshape(found["points"], (COUNT, 2)), points, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(found["targets"], targets, rtol=1e-9, atol=1e-12)
    assert found["task"] == ("regression" if kind == "plane" else "classification")


def test_moons_lie_on_those_of_scikit_learn():
    found = call("data", "generate", "moons", 400, 0.0, 1)
    points, targets = np.reshape(found["points"], (400, 2)), np.array(found["targets"])
    moons, labels = make_moons(4000)
    for label in (0, 1):
        far = [np.min(np.linalg.norm(moons[labels == label] - point, axis=1)) for point in points[targets == label]]
        assert max(far) < 2e-3


def test_a_split_holds_every_row_once():
    parts = call("data", "split", 100, 0.3, 4)
    assert len(parts["test"]) == 30
    assert sorted(parts["train"] + parts["test"]) == list(range(100))
    assert call("data", "split", 2, 0.0, 4)["test"] != []


def test_features_are_standardised_by_the_training_rows():
    generator = np.random.default_rng(0)
    training, points = generator.normal(3, 2, (50, 2)), generator.normal(3, 2, (7, 2))
    names = ["x", "y", "x^2", "y^2", "xy", "sin x", "sin y"]

    def raw(of):
        u, v = StandardScaler().fit(training).transform(of).T
        return np.stack([u, v, u**2, v**2, u * v, np.sin(np.pi * u), np.sin(np.pi * v)], axis=1)

    found = call("data", "features", training.ravel(), points.ravel(), names)
    wanted = StandardScaler().fit(raw(training)).transform(raw(points))
    np.testing.assert_allclose(np.reshape(found, (7, 7)), wanted, rtol=1e-9, atol=1e-12)


def test_what_is_unknown_is_named():
    with pytest.raises(RuntimeError, match="Data must be one of moons, .*Received: rings"):
        call("data", "generate", "rings", 10, 0, 1)
    with pytest.raises(RuntimeError, match="Features must be some of x, y, .*Received: z"):
        call("data", "features", [1, 2], [1, 2], ["x", "z"])


ROWS = [(i / 4, 2.5 - i, "yes" if i % 3 else "no") for i in range(12)]


def text(separator=",", header="width,height,ripe\n", decimal=".", end="\n"):
    lines = [separator.join((str(x), str(y), label)).replace(".", decimal) for x, y, label in ROWS]
    return header.replace(",", separator).replace("\n", end) + end.join(lines)


@pytest.mark.parametrize(
    "written",
    [
        text(),
        text(header=""),
        "\ufeff" + text(end="\r\n"),
        text(end="\r"),
        text(";", decimal=","),
        text("\t", decimal=","),
        text("\t") + "\n\n",
        text().replace("yes", '"yes"').replace("no", ' "no"'),
    ],
)
def test_a_table_is_read_however_it_is_written(written):
    found = call("csv", "parse", written)
    np.testing.assert_allclose(np.reshape(found["points"], (12, 2)), [row[:2] for row in ROWS])
    assert [found["classes"][int(target)] for target in found["targets"]] == [row[2] for row in ROWS]
    assert found["classes"] == ["no", "yes"] and found["notes"] == []
    assert found["names"] == (
        ["width", "height", "ripe"] if "width" in written else ["column 1", "column 2", "column 3"]
    )


def test_quoted_fields_hold_separators_quotes_and_line_breaks():
    written = 'a,b,label\n1,2,"x, ""y""\nz"\n'
    assert call("csv", "records", written, ",")["rows"][1] == ["1", "2", 'x, "y"\nz']


def test_two_numbers_and_a_label_are_found_among_more_columns():
    more = "name,age,pay,married\n" + "\n".join(f"n{i},{20 + i},{1000 * i},{'yn'[i % 2]}" for i in range(12))
    found = call("csv", "parse", more)
    assert found["names"] == ["age", "pay", "married"]
    chosen = call("csv", "parse", more, {"x": 2, "y": 1, "label": 3})
    assert chosen["names"] == ["pay", "age", "married"] and chosen["points"][:2] == [0, 20]


def test_a_label_of_many_numbers_is_a_regression():
    written = "x,y,z\n" + "\n".join(f"{i},{i * i},{i / 7}" for i in range(12))
    found = call("csv", "parse", written)
    assert found["task"] == "regression" and found["targets"][7] == pytest.approx(1)
    classes = call("csv", "parse", "\n".join(f"{i},{i * i},{i % 2}" for i in range(12)))
    assert classes["task"] == "classification" and classes["classes"] == ["0", "1"]


def test_rows_without_a_value_are_left_out_and_counted():
    found = call("csv", "parse", text() + "\n,3,yes\n1,NA,no\n1,2,\n")
    assert len(found["targets"]) == 12
    assert found["notes"][0]["en"].endswith("missing: 3.") and "3." in found["notes"][0]["ru"]


def test_a_large_table_is_thinned_to_what_a_browser_can_draw():
    found = call("csv", "parse", "\n".join(f"{i},{-i},{i % 2}" for i in range(5000)))
    assert len(found["targets"]) == 2000 and "2000 of 5000 rows" in found["notes"][0]["en"]
    assert found["points"][-2] > 4990


@pytest.mark.parametrize(
    ("written", "english", "russian"),
    [
        ("  \n", "There is no text", "Текста нет"),
        ("PK\x03\x00\x00", "not a text file", "не текстовый файл"),
        ('a,b,c\n1,2,"open\n', "quotation mark is opened", "Кавычка открыта"),
        ("1,2\n3,4\n", "must have three columns", "три столбца"),
        (text().replace("0.25,1.5", "0.25,tall"), 'Row 3 has "tall"', "В строке 3 стоит «tall»"),
        ("1,2,yes\n2,1,no\n", "at least 10 complete rows. There are 2", "не меньше 10 полных строк. Здесь их 2"),
        (text().replace("yes", "no"), "2 to 6 different values, or numbers. It has 1", "Разных значений: 1"),
        ("\n".join(f"1,2,l{i}" for i in range(12)), "It has 12", "Разных значений: 12"),
    ],
)
def test_what_cannot_be_read_is_said_in_both_languages(written, english, russian):
    problem = call("csv", "parse", written)["problem"]
    assert english in problem["en"] and russian in problem["ru"]
