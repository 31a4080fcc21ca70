"""Boosted trees on the rows of `tests.benchmarks.accuracy`, trained in the same run: losses and CPU seconds.

    pip install catboost lightgbm

All have the defaults of their libraries, one thread, the columns as they are read, and texts as categories. Validation
rows choose the number of trees: CatBoost takes the best of its 1,000, LightGBM stops 50 trees after the best of at most
2,000. scikit-learn's HistGradientBoosting has 100, and takes a text of more than 255 values as missing.
"""

from __future__ import annotations

import importlib
import time

import numpy as np
import pandas as pd
import threadpoolctl

TREES = ("catboost", "lightgbm", "hgb")


def measure(name: str, data, split: dict, part: str, seed: int) -> tuple[np.ndarray, float]:
    """Returns what each row of a part adds to the error, as `accuracy.losses` does, and the CPU seconds of training.

    Args:
        name: One of `TREES`.
        data: The data set.
        split: Rows of `train`, `val` and `test`.
        part: Whose losses are returned.
        seed: Seed of the library.
    """
    frame, target, regression = data.x.copy(), np.asarray(data.y), data.schema.task == "regression"
    texts = [column for column in frame if not pd.api.types.is_numeric_dtype(frame[column])]
    for column in texts:
        frame[column] = frame[column].astype(object).where(frame[column].notna(), "nan").astype(str)
    target = target.astype("float64") if regression else np.unique(target.astype(str), return_inverse=True)[1]
    held = split["val"] if "val" in split else split["test"]
    train, val = ((frame.iloc[rows], target[rows]) for rows in (split["train"], held))
    kinds = {column: pd.CategoricalDtype(sorted(set(frame[column]))) for column in texts}
    importlib.import_module("sklearn.ensemble" if name == "hgb" else name)  # which takes seconds, and trains nothing
    begin = time.process_time()
    if name == "catboost":
        answers = _catboost(train, val, texts, regression, seed)
    elif name == "lightgbm":
        answers = _lightgbm(train, val, kinds, regression, seed)
    else:
        answers = _hist_gradient_boosting(train, kinds, regression, seed)
    seconds = time.process_time() - begin
    answered, truth = np.ravel(answers(frame.iloc[split[part]])), target[split[part]]
    return (np.square(answered - truth) if regression else (answered != truth).astype("float64")), seconds


def _catboost(train, val, texts: list, regression: bool, seed: int):
    import catboost

    chosen = catboost.CatBoostRegressor if regression else catboost.CatBoostClassifier
    model = chosen(verbose=0, thread_count=1, random_seed=seed, allow_writing_files=False)
    model.fit(*train, cat_features=texts, eval_set=val)
    return model.predict


def _lightgbm(train, val, kinds: dict, regression: bool, seed: int):
    import lightgbm

    chosen = lightgbm.LGBMRegressor if regression else lightgbm.LGBMClassifier
    model = chosen(n_jobs=1, random_state=seed, verbose=-1, n_estimators=2_000)
    stop = lightgbm.early_stopping(50, verbose=False)
    model.fit(train[0].astype(kinds), train[1], eval_X=val[0].astype(kinds), eval_y=val[1], callbacks=[stop])
    return lambda frame: model.predict(frame.astype(kinds))


def _hist_gradient_boosting(train, kinds: dict, regression: bool, seed: int):
    from sklearn import ensemble

    chosen = ensemble.HistGradientBoostingRegressor if regression else ensemble.HistGradientBoostingClassifier
    few = {text: kind if len(kind.categories) <= 255 else "float32" for text, kind in kinds.items()}

    def prepared(frame):
        blank = {text: np.nan for text, kind in few.items() if kind == "float32"}
        return frame.assign(**blank).astype(few)

    with threadpoolctl.threadpool_limits(1):
        model = chosen(random_state=seed).fit(prepared(train[0]), train[1])
    return lambda frame: model.predict(prepared(frame))
