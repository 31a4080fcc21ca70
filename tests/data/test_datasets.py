"""The shipped data sets: README, dataset.json, file and split say the same, and it is what `load` gives."""

import hashlib
import re

import numpy as np
import pandas as pd
import pytest

from zoo.data import shipped
from zoo.data.sources import load
from zoo.package_data import package_folder

FOLDER = package_folder("datasets")
NAMES = sorted(path.name for path in FOLDER.iterdir() if path.is_dir())
TABLES = [name for name in NAMES if name != "mnist_10k"]


def readme(name):
    return (FOLDER / name / "README.md").read_text(encoding="utf-8")


def test_the_shipped_sets_are_these():
    assert NAMES == [
        "adult",
        "california_housing",
        "diamonds",
        "hpc_jobs",
        "mnist_10k",
        "mpg",
        "penguins",
        "rat42",
        "spector",
        "titanic",
    ]
    assert shipped.names()[: len(NAMES)] == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_folder_holds_the_raw_file_its_facts_and_no_python(name):
    facts = shipped.facts(name)
    files = {path.name for path in (FOLDER / name).iterdir()}
    assert files - {"split.npz"} == {"README.md", "dataset.json", facts["file"]}


@pytest.mark.parametrize("name", NAMES)
def test_the_hash_is_that_of_the_file(name):
    facts = shipped.facts(name)
    digest = hashlib.sha256((FOLDER / name / facts["file"]).read_bytes()).hexdigest()
    assert facts["sha256"] == digest
    assert load(name).sha256 == digest
    assert f"`{digest}`" in readme(name)


@pytest.mark.parametrize("name", NAMES)
def test_the_readme_states_source_license_rows_task_and_target(name):
    facts, text = shipped.facts(name), readme(name)
    assert re.search(r"^- Source: .*(https?://|\d{4})", text, re.MULTILINE)
    assert re.search(r"^- License: .+", text, re.MULTILINE)
    assert f"- Rows: {facts['rows']:,}; task: {facts['task']}; target: `{facts['target']}`" in text
    data = load(name)
    assert len(data) == facts["rows"]
    assert data.task_hint == data.schema.task == facts["task"]


@pytest.mark.parametrize("name", TABLES)
def test_the_readme_lists_the_columns_as_they_are_loaded(name):
    """A row of its table: name, dtype, `least to most` or `n different`, missing values, meaning."""
    frame = load(name).frame()
    rows = re.findall(r"^\| (.+?) \| (\w+) \| (.+?) \| (\d+) \| (.+) \|$", readme(name), re.MULTILINE)
    assert [row[0] for row in rows] == frame.columns.tolist()
    for column, dtype, values, missing, meaning in rows:
        given = frame[column]
        assert given.dtype == dtype
        assert int(missing) == given.isna().sum()
        assert meaning.strip()
        if dtype == "str":
            assert values == f"{given.nunique()} different"
        else:
            assert values == f"{given.min():g} to {given.max():g}"
    target = shipped.facts(name)["target"]
    assert next(row[4] for row in rows if row[0] == target).startswith("target")


@pytest.mark.parametrize("name", NAMES)
def test_splits_are_disjoint_and_whole_and_the_readme_counts_them(name):
    data = load(name)
    line = next(line for line in readme(name).splitlines() if line.startswith("- Split:"))
    if not data.splits:
        assert line == "- Split: none; all rows are for training."
        return
    assert list(data.splits) == ["train", "val", "test"]
    rows = np.concatenate(list(data.splits.values()))
    np.testing.assert_array_equal(np.sort(rows), np.arange(len(data)))
    for part, numbers in data.splits.items():
        assert f"{part} {len(numbers):,}" in line or part == "test"
        assert len(load(name, split=part)) == len(numbers)


def test_mnist_is_the_images_and_their_digits():
    data = load("mnist_10k")
    assert data.x.shape == (10_000, 28, 28, 1)
    assert data.x.dtype == np.uint8
    counts = [1001, 1127, 991, 1032, 980, 863, 1014, 1070, 944, 978]
    assert np.bincount(data.y).tolist() == counts
    assert ", ".join(map(str, counts)) in readme("mnist_10k")
    means = [data.x[data.y == digit].mean() for digit in (0, 1)]
    assert means[0] > 2 * means[1]  # a nought has more ink than a stroke
    np.testing.assert_array_equal(data.splits["test"], np.arange(8000, 10_000))


def test_spector_and_rat42_are_the_published_numbers():
    from statsmodels.datasets import spector

    published = spector.load_pandas().data[["GPA", "TUCE", "PSI", "GRADE"]]
    np.testing.assert_allclose(load("spector").frame()[published.columns].to_numpy(), published.to_numpy())
    rat42 = load("rat42").frame()
    assert rat42["x"].tolist() == [9, 14, 21, 28, 42, 57, 63, 70, 79]
    residuals = rat42["y"] - 72.462237576 / (1 + np.exp(2.6180768402 - 0.067359200066 * rat42["x"]))
    assert np.sum(residuals**2) == pytest.approx(8.0565229338, rel=1e-9)  # NIST's certified residual sum of squares


def test_iris_and_digits_come_from_scikit_learn():
    iris = load("iris")
    assert iris.target == "species"
    assert iris.y.value_counts().to_dict() == {"setosa": 50, "versicolor": 50, "virginica": 50}
    assert iris.x.iloc[0].tolist() == [5.1, 3.5, 1.4, 0.2]
    digits = load("digits")
    assert digits.x.shape == (1797, 8, 8, 1)
    assert digits.x.dtype == np.uint8
    assert digits.x[0, 0, :, 0].tolist() == [0, 0, 80, 207, 143, 16, 0, 0]  # 0 0 5 13 9 1 0 0, times 255 / 16


@pytest.mark.parametrize("name", ["titanic", "hpc_jobs"])
def test_a_shipped_set_streams(name):
    frame = pd.concat([block for _, block in load(name, stream=True).blocks(100)], ignore_index=True)
    pd.testing.assert_frame_equal(frame, load(name).frame())
    assert load(name, stream=True).target == shipped.facts(name)["target"]
