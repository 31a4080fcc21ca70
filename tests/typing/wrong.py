"""Calls that mypy must refuse, each with the error that it must name: a type that had become Any would let it pass.

mypy itself does the comparing: an `ignore` that ignores nothing is an error (warn_unused_ignores).
"""

import zoo

zoo.trian("mlp_classifier", "titanic")  # type: ignore[attr-defined]  # no such function
zoo.data.laod("titanic")  # type: ignore[attr-defined]
zoo.list_models(task=3)  # type: ignore[arg-type]
zoo.list_models().year  # type: ignore[attr-defined]
zoo.info("perceptron").papers  # type: ignore[attr-defined]
zoo.info(1943)  # type: ignore[arg-type]
zoo.build(1943)  # type: ignore[arg-type]
zoo.train("mlp_classifier", "titanic", epochs="many")  # type: ignore[arg-type]
zoo.train("mlp_classifier", "titanic", solver="lbgfs")  # type: ignore[arg-type]
zoo.train("auto", "titanic", quality="great")  # type: ignore[arg-type]
zoo.train("mlp_classifier", "titanic", "survived")  # type: ignore[call-arg]  # target= is keyword-only
zoo.train("mlp_classifier", "titanic").metric  # type: ignore[attr-defined]
zoo.train("mlp_classifier", "titanic").save()  # type: ignore[call-arg]
zoo.save("titanic")  # type: ignore[call-arg]
zoo.load()  # type: ignore[call-arg]
zoo.evaluate(3, "titanic")  # type: ignore[arg-type]
zoo.evaluate("model", "titanic").rows + "rows"  # type: ignore[operator]
zoo.predict("model", "titanic", target="survived")  # type: ignore[call-arg]
zoo.predict(3, "titanic")  # type: ignore[arg-type]
zoo.cross_validate("mlp_classifier", "titanic", folds="all")  # type: ignore[arg-type]
zoo.compare("titanic", models=3)  # type: ignore[arg-type]
zoo.adapt("model", "titanic", classes=True)  # type: ignore[arg-type]
zoo.fine_tune("model", "titanic", freeze=0.5)  # type: ignore[arg-type]
zoo.export("model", "served", formats="onnx")  # type: ignore[call-arg]
zoo.export("model", "served").path + "/1"  # type: ignore[operator]
zoo.register("mine/net", builder=3, task="classification", year=2000, paper="", summary="")  # type: ignore[arg-type]
zoo.plots.descent("bowl").save("file")  # type: ignore[attr-defined]
zoo.register_task("mine/counts", where=3)  # type: ignore[arg-type]
zoo.sklearn.ZooRegressor(epochs="many")  # type: ignore[arg-type]
zoo.sklearn.ZooClassifer()  # type: ignore[attr-defined]
