"""Hopfield's recall: 100 probes of 1,000 units, asynchronously, against a loop over units in numpy.

100 random patterns are stored by Hebb's rule and recalled from probes with 15 % of their units flipped, all rivals to
the same states. The loop updates a unit in all probes at once, and a probe no more once it stands still. Compiling is
left out: the first round does not count.
"""

import functools

import numpy as np

import zoo
from tests.benchmarks.train import report, rounds
from zoo.training import inference

UNITS, PROBES, FLIPPED = 1000, 100, 0.15


def patterns_and_probes(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Returns random patterns, and the same with some units flipped."""
    generator = np.random.default_rng(seed)
    patterns = generator.choice(np.array([-1.0, 1.0], "float32"), (PROBES, UNITS))
    return patterns, np.where(generator.random(patterns.shape) < FLIPPED, -patterns, patterns)


def numpy_recall(w: np.ndarray, probes: np.ndarray, orders: np.ndarray) -> np.ndarray:
    """Updates unit after unit until none moves, a unit of all probes at once."""
    s = probes.copy()
    for sweep in range(100):
        before = s.copy()
        for i in orders[sweep % len(orders)]:
            field = s @ w[i]
            s[:, i] = np.where(field > 0, 1.0, np.where(field < 0, -1.0, s[:, i]))
        if np.array_equal(s, before):
            break
    return s


def case_hopfield(count: int) -> None:
    """Recall of 100 probes, of patterns and of noise."""
    patterns, probes = patterns_and_probes()
    noise, _ = patterns_and_probes(seed=1)
    model = zoo.build("hopfield", patterns)
    model.fit(patterns, batch_size=PROBES, verbose=0)
    w, orders = np.rint(model.couplings * UNITS), model.network.get_layer("units").orders
    for name, states in (("15 % flipped", probes), ("noise", noise)):
        ours = inference.outputs(model, {"inputs": states})
        if not np.array_equal(ours, numpy_recall(w, states, orders)):
            raise RuntimeError("The rivals recall other states.")
        rivals = {
            "zoo": functools.partial(_run, inference.outputs, model, {"inputs": states}),
            "model.predict": functools.partial(_run, model.predict, states, verbose=0),
            "numpy, a loop over units": functools.partial(_run, numpy_recall, w, states, orders),
        }
        seconds = rounds(rivals, count)
        report(f"hopfield, 100 recalls of 1,000 units, {name}", seconds, {"zoo": "0.5 s", "model.predict": "0.5 s"})


def _run(function, *arguments, **options) -> None:
    function(*arguments, **options)
