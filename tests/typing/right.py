"""Calls of the public surface as users write them. Each has its type, not Any.

mypy reads this file; it is not run.
"""

from pathlib import Path
from typing import assert_type

import numpy as np
import pandas as pd

import zoo
from zoo.data import Data, Schema

frame = pd.DataFrame({"x": [1.0, 2.0], "y": ["a", "b"]})
arrays = np.zeros((2, 3)), np.array([0, 1])

assert_type(zoo.list_models("mlp_*", task="classification", year=">1980", exclude="*_regressor"), list[str])
assert_type(zoo.info("mlp_classifier"), zoo.Entry)
assert_type(zoo.info("mlp_classifier").year, int)
assert_type(zoo.build("mlp_classifier", frame, target="y", hidden_units=(8,)), zoo.Model)

run = zoo.train("mlp_classifier", arrays, epochs=2, learning_rate=0.01, devices=["CPU:0"], verbose=0)
assert_type(run, zoo.Run)
assert_type(run.model, zoo.Model)
assert_type(run.history, dict[str, list[float]])
assert_type(run.metrics["val"]["log_loss"], float)
assert_type(run.interrupted, bool)
run.save("runs/model")
run.save(Path("runs/model"))
zoo.save(run.model, "runs/model")
assert_type(zoo.load("runs/model"), zoo.Model)

several = zoo.train("mlp_regressor", frame, target=["x", "y"], verbose=0)
assert_type(zoo.cross_validate("mlp_regressor", frame, target=["x", "y"], folds=3), pd.DataFrame)
assert_type(zoo.train("auto", frame, target="y", quality="best", budget=60), zoo.Run)
assert_type(zoo.build("auto", frame, target="y", quality="fast"), zoo.Model)
assert_type(zoo.fine_tune(several, frame, target=["x", "z"], epochs=1), zoo.Run)
assert_type(zoo.train("mlp_regressor", frame[["x"]], target=np.zeros((2, 2))), zoo.Run)

scores = zoo.evaluate(run, frame, target="y", verbose=0)
assert_type(scores, zoo.Scores)
assert_type(scores.rows, int)
assert_type(scores.at(threshold=0.3), zoo.Scores)
assert_type(zoo.evaluate(run, frame, by="x", metrics=["recall"], threshold="f1"), zoo.Scores)
assert_type(zoo.predict("mlp_classifier.titanic", frame, keep=["x"]), pd.DataFrame)
assert_type(zoo.predict("image_mlp.mnist_10k", "photo.jpg", image_size=(28, 28)), pd.DataFrame)
assert_type(zoo.cross_validate("mlp_classifier", frame, folds=3, learning_rate=[0.1, 0.01]), pd.DataFrame)
comparison = zoo.compare(frame, target="y", models=["mlp_classifier", ("mlp_classifier", {"epochs": 3})], budget=60)
assert_type(comparison, zoo.Comparison)
assert_type(comparison.advice, str)
assert_type(comparison.table, pd.DataFrame)
assert_type(comparison.scores["mlp_classifier"], zoo.Scores)
zoo.compare("titanic", models={"small": ("mlp_classifier", {"hidden_units": (8,)})}, checkpoint=Path("runs/compared"))
assert_type(zoo.adapt(Path("runs/model"), frame, classes="extend"), zoo.Model)
assert_type(zoo.fine_tune(run.model, frame, freeze="body", epochs=1), zoo.Run)

report = zoo.export(run, "served", format="onnx", version=3, overwrite=True)
assert_type(report, zoo.ExportReport)
assert_type(report.path, Path)
assert_type(report.max_difference, float)

assert_type(zoo.DataWarning("doubtful"), zoo.DataWarning)
data = zoo.data.load("titanic", target="survived", stream=False)
assert_type(data, Data)
assert_type(data.schema, Schema)
assert_type(data.take(np.arange(3)), Data)
assert_type(zoo.plots.descent_paths("bowl", steps=5), dict[str, np.ndarray])
zoo.plots.learning_curves(run).savefig("curves.png")

classifier = zoo.sklearn.ZooClassifier("mlp_classifier", epochs=2, hidden_units=(8,)).fit(frame[["x"]], frame["y"])
assert_type(classifier, zoo.sklearn.ZooClassifier)
assert_type(classifier.model_, zoo.Model)
assert_type(classifier.predict_proba(frame[["x"]]), np.ndarray)
assert_type(zoo.sklearn.ZooRegressor().set_params(epochs=2).fit(*arrays).run_, zoo.Run)
