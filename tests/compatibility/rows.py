"""Rows of the cases, made from a seed: a table of every kind of column, arrays, sequences and pictures."""

from __future__ import annotations

import numpy as np
import pandas as pd

KEEPERS = [f"keeper {letter}" for letter in "abcdefghi"]
FOOD = ["hay", "fish", "nuts", "leaves", "Äpfel"]


def visits(rows: int, seed: int) -> pd.DataFrame:
    """Returns a table with every kind of column, in the dtypes that pandas has for them, with missing values."""
    generator = np.random.default_rng(seed)
    days = generator.integers(0, 900, rows)
    moments = pd.Timestamp("2021-03-04T05:06:00") + pd.to_timedelta(generator.integers(0, 600_000, rows), unit="min")
    food = generator.choice(FOOD, (rows, 2))
    frame = pd.DataFrame(
        {
            "weight in kg": generator.gamma(2.0, 30.0, rows).round(1),
            "Größe": generator.normal(1.5, 0.4, rows),
            "class": generator.choice(["bird", "fish", "mammal"], rows),
            "2nd visit": generator.random(rows) < 0.5,
            "arrived": pd.Timestamp("2020-02-27") + pd.to_timedelta(days, unit="D"),
            "born": [str(np.datetime64("2001-12-30") + int(day)) for day in generator.integers(0, 4000, rows)],
            "seen": [moment.isoformat() for moment in moments],
            "note": [f"eats {a} and {b}, seen {i + rows * seed} times" for i, (a, b) in enumerate(food)],
            "A": generator.integers(0, 100, rows),
            "a": generator.choice(["x", "y"], rows),
            "hours per week": pd.array(generator.integers(0, 60, rows), "Int64"),
            "paid": pd.array(generator.random(rows) < 0.7, "boolean"),
            "size-class": pd.Categorical(generator.choice(["S", "M", "L"], rows), ["S", "M", "L"]),
            "keeper": [KEEPERS[i % 9] for i in range(rows)],
            "zone": generator.choice([1, 2, 5], rows),
            "ratio": generator.normal(0.0, 1.0, rows).astype("float32"),
            "price": [f"{value:.2f}" for value in generator.uniform(1.0, 9.0, rows)],
        }
    )
    score = frame["Größe"] + 0.01 * frame["A"] + 0.5 * frame["2nd visit"] + 0.3 * (frame["class"] == "bird")
    frame.loc[frame.index % 7 == 3, "weight in kg"] = np.nan
    frame.loc[frame.index % 11 == 5, "class"] = None
    frame.loc[frame.index % 9 == 4, "hours per week"] = pd.NA
    frame.loc[frame.index % 8 == 1, "paid"] = pd.NA
    frame.loc[frame.index % 10 == 6, "arrived"] = pd.NaT
    frame.loc[frame.index % 13 == 2, "price"] = "?"
    frame["importance"] = generator.uniform(0.5, 2.0, rows).round(2)
    frame["mood"] = np.where(score > 2.6, "wild", np.where(score > 2.0, "lazy", "kind"))
    frame["bought"] = score + generator.normal(0.0, 0.3, rows) > 2.3
    frame["grade"] = np.digitize(score, [1.8, 2.3, 2.9]) + 3
    frame["spent"] = (20.0 + 8.0 * score + generator.normal(0.0, 1.0, rows)).round(2)
    return frame


def with_gaps(frame: pd.DataFrame, targets: tuple[str, ...]) -> pd.DataFrame:
    """Returns rows to answer: some hold levels and words never seen, one nothing at all, under an index of its own."""
    frame = frame.copy()
    others = [name for name in frame.columns if name not in targets]
    if "class" in frame:
        frame.loc[0, "class"] = "dragon"
    if "keeper" in frame:
        frame.loc[1, "keeper"] = "keeper z"
    if "zone" in frame:
        frame.loc[2, "zone"] = 77
    if "note" in frame:
        frame.loc[2, "note"] = "никогда never-seen words"
    last = frame.index[-1]
    for name in others:
        if frame[name].dtype.kind not in "biu":  # bool and int have no missing value
            frame.loc[last, name] = None
    return frame.set_axis(frame.index * 3 + 100, axis=0)


def flowers(rows: int, seed: int) -> pd.DataFrame:
    """Returns four numbers and a category of three kinds of flowers, which overlap."""
    generator = np.random.default_rng(seed)
    kind = generator.integers(0, 3, rows)
    centers = np.array([[5.0, 3.4, 1.5, 0.2], [5.9, 2.8, 4.3, 1.3], [6.6, 3.0, 5.6, 2.0]])
    measures = centers[kind] + generator.normal(0.0, 0.6, (rows, 4))
    frame = pd.DataFrame(measures, columns=["sepal length", "sepal width", "petal length", "petal width"])
    frame["soil"] = generator.choice(["clay", "sand", "loam"], rows)
    frame["species"] = np.array(["setosa", "versicolor", "virginica"])[kind]
    frame["is_setosa"] = kind == 0
    frame["age"] = 2.0 * frame["petal length"] - frame["sepal width"] + generator.normal(0.0, 0.5, rows)
    return frame


def points(rows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns points `(rows, 4)` of two overlapping classes 0 and 1."""
    generator = np.random.default_rng(seed)
    x = generator.normal(0.0, 1.0, (rows, 4)).astype("float32")
    return x, (x[:, 0] - x[:, 1] + generator.normal(0.0, 0.8, rows) > 0).astype("int64")


def grades(rows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns points `(rows, 4)` of three classes 3, 5 and 9."""
    x, _ = points(rows, seed)
    score = x[:, 0] + x[:, 2] + np.random.default_rng(seed + 100).normal(0.0, 0.5, rows)
    return x, np.array([3, 5, 9])[np.digitize(score, [-0.6, 0.6])]


def heights(rows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns points `(rows, 4)` and a number for each."""
    x, _ = points(rows, seed)
    noise = np.random.default_rng(seed + 100).normal(0.0, 0.2, rows)
    return x, (3.0 + 2.0 * x[:, 0] - x[:, 1] * x[:, 2] + noise).astype("float64")


def pictures(rows: int, seed: int, *, size: int = 8, channels: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Returns pictures of a bar, uint8 `(rows, size, size, channels)`, and whether it is level, upright or slanted."""
    generator = np.random.default_rng(seed)
    x = generator.integers(0, 60, (rows, size, size, channels))
    kind = generator.integers(0, 3, rows)
    for image, what in zip(x, kind):
        place = int(generator.integers(1, size - 1))
        if what == 0:
            image[place] += 180
        elif what == 1:
            image[:, place] += 180
        else:
            image[np.arange(size), np.roll(np.arange(size), place)] += 180
    return x.astype("uint8"), np.array(["level", "upright", "slanted"])[kind]


def two_bars(rows: int, seed: int, *, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns pictures of a level (False) or an upright (True) bar in noise."""
    generator = np.random.default_rng(seed)
    x = generator.integers(0, 150, (rows, size, size, 1))
    upright = generator.random(rows) < 0.5
    for image, is_upright in zip(x, upright):
        place = int(generator.integers(0, size))
        (image[:, place] if is_upright else image[place])[...] += 100
    return x.astype("uint8"), upright


def signs(rows: int, seed: int, *, units: int = 64) -> np.ndarray:
    """Returns patterns of -1 and +1 `(rows, units)`."""
    return np.random.default_rng(seed).choice(np.array([-1.0, 1.0], "float32"), (rows, units))


def bits(rows: int, seed: int, *, width: int = 8) -> np.ndarray:
    """Returns patterns of 0 and 1 `(rows, width)` in which neighbours tend to agree."""
    generator = np.random.default_rng(seed)
    halves = generator.random((rows, width // 2)) < 0.5
    flipped = generator.random((rows, width)) < 0.1
    return (np.repeat(halves, 2, axis=1) ^ flipped).astype("float32")


def bit_columns(rows: int, seed: int) -> pd.DataFrame:
    """Returns columns of 0 and 1."""
    return pd.DataFrame(bits(rows, seed).astype("int64"), columns=[f"bit {i}" for i in range(8)])


def spikes(rows: int, seed: int, *, fibres: int = 3) -> np.ndarray:
    """Returns spike trains `(rows, 20, fibres)`, 0 or 1."""
    return (np.random.default_rng(seed).random((rows, 20, fibres)) < 0.35).astype("float32")


def pairs(rows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns pairs of patterns `(rows, 8)` and `(rows, 3)`."""
    generator = np.random.default_rng(seed)
    return generator.choice([-1.0, 1.0], (rows, 8)).astype("float32"), generator.choice([-1.0, 1.0], (rows, 3))


def blobs(rows: int, seed: int) -> np.ndarray:
    """Returns points `(rows, 3)` around five centres."""
    generator = np.random.default_rng(seed)
    centers = np.random.default_rng(99).uniform(-2.0, 2.0, (5, 3))
    return (centers[generator.integers(0, 5, rows)] + generator.normal(0.0, 0.3, (rows, 3))).astype("float32")


def symmetry(rows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns patterns of 6 bits, and whether each reads the same from both ends: half of them do."""
    generator = np.random.default_rng(seed)
    left = generator.integers(0, 2, (rows, 3))
    right = np.where(generator.random((rows, 1)) < 0.5, left[:, ::-1], generator.integers(0, 2, (rows, 3)))
    x = np.concatenate([left, right], axis=1).astype("float32")
    return x, np.all(x == x[:, ::-1], axis=1).astype("int64")


def currents(rows: int, seed: int) -> np.ndarray:
    """Returns steps of current `(rows, 60, 1)` in uA/cm2."""
    generator = np.random.default_rng(seed)
    steps = np.repeat(generator.uniform(0.0, 12.0, (rows, 3)), 20, axis=1)
    return steps[..., None].astype("float32")


def recordings(rows: int, seed: int, *, dt: float = 0.02, outputs: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Returns currents and voltages in mV `(rows, 60, outputs)` that follow them with a lag of 1 ms."""
    x = currents(rows, seed)
    u = np.zeros((rows, 1))
    found = []
    for step in range(x.shape[1]):
        found.append(u)
        u = u + dt * (0.9 * x[:, step] - u)
    return x, np.repeat(np.stack(found, axis=1), outputs, axis=2).astype("float32")


def constants(rows: int, seed: int) -> pd.DataFrame:
    """Returns a table some of whose columns say nothing, or only whether they are missing."""
    frame = visits(rows, seed)[["Größe", "A", "class", "mood", "bought", "grade", "spent"]]
    missing = frame.index % 4 == 1
    return frame.assign(
        always=7, never=np.nan, same="x", once=np.where(missing, np.nan, 3.0), word=np.where(missing, "", "w")
    )


def only_pictures(rows: int, seed: int) -> np.ndarray:
    """Returns pictures without what they show."""
    return pictures(rows, seed, size=6)[0]


def xor(rows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns pairs of bits, and whether they differ."""
    x = np.random.default_rng(seed).integers(0, 2, (rows, 2)).astype("float32")
    return x, (x[:, 0] != x[:, 1]).astype("int64")
