import numpy as np
import pandas as pd
import pytest

import zoo

QUICK = {"epochs": 2, "hidden_units": (8,)}
FAST = {**QUICK, "quality": "fast"}  # by which the default entry, "auto", is a multilayer perceptron


@pytest.fixture(scope="package")
def numbers():
    """120 rows of 3 numbers, and whether the first two are positive in sum."""
    generator = np.random.default_rng(0)
    X = generator.normal(size=(120, 3))
    return X, (X[:, 0] + X[:, 1] + 0.3 * generator.normal(size=120) > 0).astype(int)


@pytest.fixture(scope="package")
def raw():
    """100 rows of raw columns: text, a category, dates, numbers with gaps; and a target of texts."""
    generator = np.random.default_rng(1)
    frame = pd.DataFrame(
        {
            "plan": generator.choice(["basic", "plus", "pro"], 100),
            "note": [f"note {i} of a customer {'late' if i % 3 else 'early'}" for i in range(100)],
            "since": pd.date_range("2020-01-01", periods=100, freq="D"),
            "visits": generator.gamma(2.0, 10.0, 100),
        },
        index=np.arange(100) * 3 + 1,
    )
    frame.loc[generator.random(100) < 0.2, "visits"] = np.nan
    y = pd.Series(np.where((frame.plan == "pro") ^ (generator.random(100) < 0.1), "stays", "goes"), frame.index)
    return frame, y.rename("outcome")


@pytest.fixture(scope="package")
def classifier(raw):
    """A classifier of the raw columns."""
    return zoo.sklearn.ZooClassifier(**FAST).fit(*raw)
