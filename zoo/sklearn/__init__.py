"""`zoo.sklearn`: the zoo's networks as estimators of scikit-learn, for its pipelines, searches and metrics.

classifier.py   ZooClassifier: classes, or several labels of 0 and 1
regressor.py    ZooRegressor: a number, or several
estimator.py    what both share: parameters, `fit`, pickling
inputs.py       X, y and sample weights as `zoo.train` takes them
pickling.py     a fitted model as bytes

A fitted estimator holds the trained model, `estimator.model_`, which every function of the zoo takes.
"""

from __future__ import annotations

from zoo.sklearn.classifier import ZooClassifier as ZooClassifier
from zoo.sklearn.regressor import ZooRegressor as ZooRegressor

__all__ = ["ZooClassifier", "ZooRegressor"]
