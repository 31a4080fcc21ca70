"""Fine-tuning against training from scratch: 20 images a class of the digits 5 to 9, after the digits 0 to 4.

    python -m tests.benchmarks.fine_tuning             accuracy on the test part, the mean of 5 seeds
    python -m tests.benchmarks.fine_tuning --seeds 1

With the defaults of `zoo.fine_tune` and of `zoo.train`; with `freeze="none"`; and from scratch with what the defaults
of `zoo.fine_tune` are for so few images: no rows held out, as many steps of as many rows.
"""

import argparse

import numpy as np
import pandas as pd

import zoo


def measure(seeds: int = 5, *, defaults_only: bool = False) -> pd.DataFrame:
    """Returns the accuracy on the digits 5 to 9 of the test part, a row a seed."""
    digits = zoo.data.load("mnist_10k")
    x, y = digits.arrays()
    train, test = digits.splits["train"], digits.splits["test"]
    low, high = train[y[train] < 5], test[y[test] >= 5]
    known = zoo.train("image_mlp", (x[low], y[low]), verbose=0)
    scores = []
    for seed in range(seeds):
        generator = np.random.default_rng(seed)
        few = np.concatenate([generator.choice(train[y[train] == k], 20, replace=False) for k in range(5, 10)])
        rows = (x[few], y[few])
        usual = {"seed": seed, "verbose": 0}
        runs = {
            "zoo.fine_tune": zoo.fine_tune(known, rows, classes="new", **usual),
            "zoo.train": zoo.train("image_mlp", rows, **usual),
        }
        if not defaults_only:
            effort = {name: runs["zoo.fine_tune"].recipe[name] for name in ("epochs", "batch_size")}
            runs["zoo.fine_tune, freeze='none'"] = zoo.fine_tune(known, rows, classes="new", freeze="none", **usual)
            runs["zoo.train, as many steps"] = zoo.train("image_mlp", rows, validation=None, **effort, **usual)
        scores.append({k: zoo.evaluate(run, (x[high], y[high]), verbose=0)["accuracy"] for k, run in runs.items()})
    return pd.DataFrame(scores)


def main(arguments=None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    scores = measure(parser.parse_args(arguments).seeds)
    print(scores.agg(["mean", "min", "max"]).T.round(3).to_string())


if __name__ == "__main__":
    main()
