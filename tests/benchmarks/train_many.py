"""Five folds of S as one program, against one of them alone: a case of `tests.benchmarks.train`."""

import numpy as np

import zoo
from tests.benchmarks import train
from tests.engine.fitted import fit
from zoo.compiling import compile_model
from zoo.engine import loop_compiled
from zoo.engine.members import fitting_members

EPOCHS, BATCH = 30, 32
OPTIONS = {"hidden_units": (64, 64), "dropout": 0.0, "num_bins": 1}  # 40 encoded columns; S has 20


def case_folds(count: int) -> None:
    """Prints the whole run of five folds, and of one by the ordinary loop; encoding and building are left out."""
    x, y = train.table(2_000, 20, 2)
    data = zoo.data.load((x, y))

    def prepared(fold):
        model = zoo.build("mlp_classifier", data, seed=fold, **OPTIONS)
        compile_model(model, model.recipe, learning_rate=1e-3, total_steps=EPOCHS * 1_600 // BATCH)
        encoded = model.preprocessor.encode(x)
        held = np.arange(2_000) % 5 == fold
        rows, tested = (
            ({name: a[part] for name, a in encoded.items()}, y[part], np.ones(part.sum(), "float32"))
            for part in (~held, held)
        )
        return model, rows, tested

    folds = [prepared(fold) for fold in range(5)]

    def at_once():
        fitting_members.clear()
        models, rows, held = zip(*folds)
        how = {"batch_size": BATCH, "epochs": EPOCHS, "shuffle": True, "seeds": range(5)}
        fitting_members.fit(models, rows, held, loss=models[0].loss.function, **how)

    def alone():
        loop_compiled.clear()
        model, rows, held = folds[0]
        how = {"batch_size": BATCH, "epochs": EPOCHS, "shuffle": True, "engine": "fused"}
        fit(model, rows=rows[:2], validation=held[:2], **how)

    seconds = train.rounds({"zoo": at_once, "one of them": alone}, count)
    train.report("5 folds of S as one program", seconds, {"one of them": "at least 0.62"})
