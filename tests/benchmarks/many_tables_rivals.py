"""What `tests.benchmarks.many_tables` compares with: scikit-learn's models by their defaults, and scores."""

import warnings

import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, r2_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler


def split(frame: pd.DataFrame, target, task: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Returns three quarters of the rows, and the others; classes in equal shares."""
    stratify = frame[target] if task == "classification" else None
    train, test = train_test_split(frame, test_size=0.25, random_state=0, stratify=stratify)
    return train, test


def score(y, predicted, task: str) -> float:
    """Returns the accuracy, or R2, on the caller's values."""
    if task == "classification":
        return float(accuracy_score(np.asarray(y).astype(str), np.asarray(predicted).astype(str)))
    return float(r2_score(np.asarray(y, "float64"), np.asarray(predicted, "float64")))


def scores(train: pd.DataFrame, test: pd.DataFrame, target, task: str) -> dict[str, float]:
    """Returns the scores of ridge or logistic regression and of boosting; a model that fails has none."""
    numbers = [name for name in train if name != target and pd.api.types.is_numeric_dtype(train[name])]
    others = [name for name in train if name != target and name not in numbers]
    x, rows = _columns(train, numbers, others), _columns(test, numbers, others)
    y = train[target].astype(str) if task == "classification" else train[target]
    numbers, others = ([str(name) for name in names] for names in (numbers, others))
    ordinal = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan)
    flags = OneHotEncoder(handle_unknown="ignore", max_categories=30)
    filled = make_pipeline(SimpleImputer(keep_empty_features=True), StandardScaler())
    classifies = task == "classification"
    models = {
        "linear": make_pipeline(
            make_column_transformer((flags, others), (filled, numbers)),
            LogisticRegression(max_iter=2_000) if classifies else Ridge(),
        ),
        "boosting": make_pipeline(
            make_column_transformer((ordinal, others), ("passthrough", numbers)),
            (HistGradientBoostingClassifier if classifies else HistGradientBoostingRegressor)(random_state=0),
        ),
    }
    found = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, model in models.items():
            try:
                found[name] = score(test[target], model.fit(x, y).predict(rows), task)
            except ValueError:  # a table that the rival does not take, such as one with infinite numbers
                continue
    return found


def _columns(frame: pd.DataFrame, numbers: list, others: list) -> pd.DataFrame:
    """Returns the inputs: numbers as float64, the others as strings, under names that are strings."""
    columns = {str(name): frame[name].to_numpy("float64", na_value=np.nan) for name in numbers}
    return pd.DataFrame(columns | {str(name): frame[name].astype(str).to_numpy(object) for name in others})
