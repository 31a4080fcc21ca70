"""Speed of the historical networks of vision.

neocognitron   its simulation of 1980, 300 presentations: data, building, compiling, training, scores; under 30 s
"""

import time

import zoo
from tests.benchmarks.train import note, report, rounds


def neocognitron() -> float:
    """Returns the seconds of a whole run, which must end as the paper reports."""
    begin = time.perf_counter()
    run = zoo.train("neocognitron", verbose=0)
    seconds = time.perf_counter() - begin
    if run.metrics["train"]["shift_tolerance"] != 1.0:
        raise RuntimeError(f"The neocognitron has not learnt its numerals: {run.metrics['train']}")
    return seconds


def case_neocognitron(count: int) -> None:
    note("neocognitron, 1980, whole run, the first of a process", f"{neocognitron():.4g} s", "under 30 s")
    report("neocognitron, 1980, whole run", rounds({"zoo": neocognitron}, count), {"zoo": "under 30 s"})
