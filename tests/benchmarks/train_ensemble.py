"""An ensemble against one network, and against its members one after another.

    python -m tests.benchmarks.train --cases ensemble

S    2,000 rows x 20, 64-64, batch 32, Adam, 30 epochs, accuracy, 20 % validation; whole run
M    60,000 x 784, 128-64-10, batch 128, Adam, accuracy; an epoch once compiled
"""

import keras

from tests.benchmarks import train
from zoo.data.preprocessing import Preprocessor
from zoo.data.sources import load
from zoo.layers.losses import NetworkLoss, cross_entropy
from zoo.model import Model
from zoo.models.mlp import mlp
from zoo.registry import Spec

MEMBERS = 8


def network(x, y, hidden: tuple, members: int) -> Model:
    """Returns a compiled model of plain columns, of networks of ReLU layers, side by side."""
    preprocessor = Preprocessor(load((x[:100], y[:100])).schema.with_task("classification", y), "raw").fit(x[:100], y)
    outputs = int(y.max()) + 1
    spec = Spec("classification", outputs if outputs > 2 else 1, num_inputs=x.shape[1])
    made = mlp(spec, hidden_units=hidden, dropout=0.0, ensemble=members)
    model = Model(made, entry="mlp_classifier", preprocessor=preprocessor, decision="softmax")
    model.compile(keras.optimizers.Adam(1e-3), NetworkLoss(cross_entropy), metrics=["accuracy"])
    return model


def case_ensemble(count: int) -> None:
    x, y = train.table(2_000, 20, 2)
    split = len(x) * 4 // 5
    rows, held = ({"inputs": x[:split]}, y[:split]), ({"inputs": x[split:]}, y[split:])

    def small(members: int, engine="auto"):
        how = {"batch_size": 32, "epochs": 30, "validation": held, "engine": engine}
        train.engine_fit(network(x, y, (64, 64), members), rows, **how)

    def one_after_another():
        for _ in range(MEMBERS):
            small(1)

    rivals = {"zoo": lambda: small(MEMBERS), "one member": lambda: small(1), "one after another": one_after_another}
    goals = {"one member": "at least 0.33", "one after another": "at least 1"}
    train.report(f"{MEMBERS} members of S, whole run", train.rounds(rivals, count), goals)

    x_large, y_large = train.table(60_000, 784, 10)

    def large(members: int, engine: str):
        seconds = train.EpochSeconds()
        how = {"batch_size": 128, "epochs": 3, "engine": engine, "callbacks": [seconds]}
        train.engine_fit(network(x_large, y_large, (128, 64), members), ({"inputs": x_large}, y_large), **how)
        return seconds.steady()

    rivals = {"zoo": lambda: large(MEMBERS, "auto"), "one member": lambda: large(1, "xla")}
    rivals["by XLA"] = lambda: large(MEMBERS, "xla")
    taken = train.rounds(rivals, count)
    taken["one after another"] = MEMBERS * taken["one member"]
    goals = {"one member": "at least 0.125", "one after another": "at least 1"}
    train.report(f"{MEMBERS} members of M, an epoch once compiled", taken, goals)
