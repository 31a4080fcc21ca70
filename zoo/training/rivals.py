"""Models from outside the zoo, for `zoo.compare`: scikit-learn's, and LightGBM, XGBoost and CatBoost where installed.

    raw columns --numbers_and_texts--> numbers and texts --encoder, fitted to training rows--> an estimator's inputs

The schema says what is a number, as for the zoo's entries; truth values and dates count as numbers. For linear models
and networks gaps are filled with the median beside a flag, numbers are standardised, and the frequent levels of texts
are one-hot. Trees take gaps as they are, and numbers of these levels.
"""

from __future__ import annotations

import importlib
import importlib.util
import warnings
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, clone, is_classifier
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.linear_model._base import LinearClassifierMixin, LinearModel
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.multioutput import MultiOutputClassifier, MultiOutputRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.utils import get_tags
from threadpoolctl import threadpool_limits

from zoo.data.columns import kind_of
from zoo.data.schema import Column

SMALL = 10_000  # rows
MOST_LEVELS = 20  # one-hot columns of a text, that of all rarer levels included
FEW_ROWS = 10  # levels in fewer training rows count as one
# What gives its columns as they are to the estimator in it.
PASSING_ON = (MultiOutputClassifier, MultiOutputRegressor, TransformedTargetRegressor, GridSearchCV, RandomizedSearchCV)
MODEL = "model"  # the last step of the pipelines made here
FROM_OTHER_PACKAGES: dict[
    str, tuple[tuple[str, str, dict[str, Any]], ...]
] = {  # by what is predicted: the module, the class and the parameters of each; 0 jobs are the threads of OpenMP
    "classifier": (
        ("lightgbm", "LGBMClassifier", {"verbose": -1, "n_jobs": 0}),
        ("xgboost", "XGBClassifier", {}),
        ("catboost", "CatBoostClassifier", {"verbose": 0, "allow_writing_files": False}),
    ),
    "regressor": (
        ("lightgbm", "LGBMRegressor", {"verbose": -1, "n_jobs": 0}),
        ("xgboost", "XGBRegressor", {}),
        ("catboost", "CatBoostRegressor", {"verbose": 0, "allow_writing_files": False}),
    ),
}


class Unavailable(BaseEstimator):
    """Stands for an estimator whose package is installed, but cannot be imported.

    Args:
        name: The name of the estimator's class.
        error: What the import raised.
    """

    def __init__(self, name: str, error: Exception):
        self.name, self.error = name, error


class Rival(NamedTuple):
    """An estimator of scikit-learn's kind that is not fitted.

    Args:
        estimator: What is fitted; where `takes_raw` is False, behind the encoder.
        takes_raw: Whether it takes the columns as they are in the data.
        is_tree: Whether it takes gaps, and numbers of levels.
        is_linear: Whether it is a linear model.
        is_baseline: Whether it answers the same for all rows.
    """

    estimator: Any
    takes_raw: bool = False
    is_tree: bool = False
    is_linear: bool = False
    is_baseline: bool = False

    @property
    def label(self) -> str:
        """The name of the estimator's class."""
        estimator = self.estimator
        if isinstance(estimator, Pipeline):
            estimator = estimator.steps[-1][1]
        elif isinstance(estimator, (MultiOutputClassifier, MultiOutputRegressor)):
            estimator = estimator.estimator
        elif isinstance(estimator, TransformedTargetRegressor):
            estimator = estimator.regressor
        return estimator.name if isinstance(estimator, Unavailable) else type(estimator).__name__

    def fitted(self, x: pd.DataFrame, y: np.ndarray, weight: np.ndarray | None):
        """Returns a fitted copy.

        Args:
            x: Training rows: raw columns, or what `numbers_and_texts` returned.
            y: Encoded targets.
            weight: Sample weights `(rows,)`, or None.

        Raises:
            Exception: what the import of its package raised.
        """
        if isinstance(self.estimator, Unavailable):
            raise self.estimator.error
        model = clone(self.estimator)
        if not self.takes_raw:
            model = Pipeline([("columns", encoder(is_tree=self.is_tree)), (MODEL, model)])
        last = f"{model.steps[-1][0]}__" if isinstance(model, Pipeline) else ""
        with warnings.catch_warnings(), _threads_for(x):
            warnings.simplefilter("ignore", ConvergenceWarning)  # of the iterations that its defaults allow
            return model.fit(x, y, **({} if weight is None else {f"{last}sample_weight": weight}))

    def answers(self, model, x: pd.DataFrame, columns: int) -> tuple[np.ndarray, bool]:
        """Returns what a task's `scores_of` takes as answers, and whether they are decisions in place of probabilities.

        Args:
            model: What `fitted` returned.
            x: Rows as for `fitted`.
            columns: How many classes, labels or targets there are.
        """
        with warnings.catch_warnings(), _threads_for(x):
            # LightGBM names the columns of arrays itself, and warns that the array of `predict` has no names.
            warnings.filterwarnings("ignore", "X does not have valid feature names", UserWarning)
            if not is_classifier(model):
                return np.asarray(model.predict(x), "float64").reshape(len(x), -1), False
            if not hasattr(model, "predict_proba"):
                predicted = np.asarray(model.predict(x))
                return (np.eye(columns)[predicted] if predicted.ndim == 1 else predicted.astype("float64")), True
            p = model.predict_proba(x)
        if isinstance(p, list):  # of several labels, a table for each
            of_one = [np.flatnonzero(np.asarray(known) == 1) for known in model.classes_]
            return np.column_stack([t[:, i[0]] if len(i) else np.zeros(len(t)) for t, i in zip(p, of_one)]), False
        found = np.zeros((len(x), columns))  # a class that the training rows lack has probability 0
        found[:, np.asarray(model.classes_, int)] = p
        return found, False


def one_thread():
    """Limits OpenMP to one thread during the block: to answer a row, threads wait for each other."""
    return threadpool_limits(1, user_api="openmp")


def _threads_for(x: pd.DataFrame):
    """Limits OpenMP to one thread during the block: threads wait for each other longer than a small table takes."""
    return threadpool_limits(1 if len(x) < SMALL else None, user_api="openmp")


def rivals(kind: str, several: bool, seed: int) -> Iterator[Rival]:
    """Yields the rivals of the zoo's networks, those that take least time first.

    Args:
        kind: What is predicted: `"classifier"` or `"regressor"`.
        several: Whether several labels or targets are.
        seed: Of what draws.
    """
    if kind == "classifier":
        each, network = MultiOutputClassifier, MLPClassifier(random_state=seed)
        yield Rival(DummyClassifier(strategy="prior"), is_baseline=True)
        linear = LogisticRegression(max_iter=1_000)
        yield Rival(each(linear) if several else linear, is_linear=True)
        boosting = HistGradientBoostingClassifier(random_state=seed)
    else:
        each = MultiOutputRegressor
        network = TransformedTargetRegressor(MLPRegressor(random_state=seed), transformer=StandardScaler())
        yield Rival(DummyRegressor(), is_baseline=True)
        yield Rival(Ridge(), is_linear=True)
        boosting = HistGradientBoostingRegressor(random_state=seed)
    yield Rival(each(boosting) if several else boosting, is_tree=True)
    for module, name, parameters in FROM_OTHER_PACKAGES[kind]:
        if importlib.util.find_spec(module) is None:
            continue
        try:
            estimator = getattr(importlib.import_module(module), name)(random_state=seed, **parameters)
        except Exception as error:  # of a library that it lacks, say; each package raises its own
            yield Rival(Unavailable(name, error), is_tree=True)
        else:
            yield Rival(each(estimator) if several else estimator, is_tree=True)
    yield Rival(network)


def rival_of(estimator: BaseEstimator) -> Rival:
    """Returns a caller's estimator, its columns prepared as those of the rival of its kind.

    A pipeline takes raw columns, and so does what says that it takes categories. What takes gaps counts as a tree.
    """
    inner = estimator
    while isinstance(getattr(inner, "estimator", None), BaseEstimator):  # of a search
        inner = inner.estimator
    if isinstance(inner, Pipeline) or get_tags(inner).input_tags.categorical:
        return Rival(estimator, takes_raw=True)
    own = estimator
    while isinstance(own, PASSING_ON):
        own = own.regressor if isinstance(own, TransformedTargetRegressor) else own.estimator
    is_linear = isinstance(own, (LinearModel, LinearClassifierMixin))
    return Rival(estimator, is_tree=not is_linear and get_tags(own).input_tags.allow_nan, is_linear=is_linear)


def numbers_and_texts(x, columns: Sequence[Column]) -> pd.DataFrame:
    """Returns columns of float64, NaN where they are missing, and of texts, missing ones too, as the schema says.

    Nothing is learnt from the values of several rows. What has several numbers a row has a column for each.

    Args:
        x: A table, or an array of rows.
        columns: The columns to read, as the schema has them.
    """
    found: list[np.ndarray] = []
    for column in columns:
        read = kind_of(column).plain(x[column.name] if isinstance(x, pd.DataFrame) else x, column)
        if read.dtype.kind == "f":
            found.extend(np.where(np.isfinite(read), read, np.nan).reshape(len(read), -1).T)
        else:
            found.append(read)
    index = x.index if isinstance(x, pd.DataFrame) else None
    return pd.DataFrame({str(i): values for i, values in enumerate(found)}, index=index)


def _is_number(x: pd.DataFrame) -> list:
    return [name for name in x.columns if x[name].dtype.kind == "f"]


def _is_text(x: pd.DataFrame) -> list:
    return [name for name in x.columns if x[name].dtype.kind != "f"]


def encoder(*, is_tree: bool) -> ColumnTransformer:
    """Returns a transformer of what `numbers_and_texts` returns, all of whose statistics come from the rows of `fit`.

    Levels in few training rows count as one: trees would tell rows by their names, and take a level that they do not
    know for one of these.

    Args:
        is_tree: Whether gaps stay, and levels are numbered.
    """
    if is_tree:
        numbered = OrdinalEncoder(
            min_frequency=FEW_ROWS, handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-2
        )
        return ColumnTransformer([("numbers", "passthrough", _is_number), ("texts", numbered, _is_text)])
    filled = SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)
    one_hot = OneHotEncoder(
        min_frequency=FEW_ROWS, max_categories=MOST_LEVELS, handle_unknown="infrequent_if_exist", sparse_output=False
    )
    return ColumnTransformer(
        [("numbers", make_pipeline(filled, StandardScaler()), _is_number), ("texts", one_hot, _is_text)]
    )
