"""Training against Keras's `fit`, scikit-learn and PyTorch: ratios in one run.

    python -m tests.benchmarks.train                     all cases, five rounds
    python -m tests.benchmarks.train --cases S M-call --rounds 3
    python -m tests.benchmarks.train --write             and the table into docs/benchmarks.md

In each round the rivals run in turn; figures are medians of seconds over the rounds, after one round that does not
count. A whole run builds, compiles, traces and trains; imports are left out.

S    2,000 rows x 20, 64-64, batch 32, Adam, 30 epochs, accuracy, 20 % validation; whole run, and an epoch once compiled
S-call, M-call, parquet   what a user calls, from raw rows to a scored model: see `train_calls`
M    60,000 x 784, 128-64-10, batch 128, Adam, accuracy; an epoch once compiled
XS   XOR, 4 rows, 2-4-1, full batch, 1,000 epochs; whole run
L    adult, `mlp_classifier`, its recipe to early stopping; raw CSV to evaluated model
memory   M: what training takes beside the caller's array
workers  1, 2 and 4 processes of one training: seconds of an epoch, and their share of one's throughput
sweep    50 trainings of S with other rates and seeds: seconds of each, traces, memory
jax      M on the JAX backend, in a process of its own
folds    5 folds of S as one program against one of them: see `train_many`
ensemble 8 members of S and of M: see `train_ensemble`
"""

import argparse
import contextlib
import datetime
import gc
import importlib
import os
import re
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np

import zoo
from tests.benchmarks.train_rivals import (
    TUNED,
    EpochSeconds,
    bare_xla_epoch,
    gathered,
    mlp,
    sklearn_epoch,
    sklearn_run,
    table,
    torch_run,
    tuned_mlp,
)
from tests.benchmarks.train_workers import case_workers
from tests.engine.fitted import fit
from zoo.engine import loop_compiled


def engine_fit(model, rows, *, batch_size, epochs, validation=None, engine="auto", callbacks=()):
    """Trains by the zoo's engine."""
    fit(
        model,
        rows=rows,
        batch_size=batch_size,
        shuffle=True,
        epochs=epochs,
        engine=engine,
        validation=validation,
        callbacks=callbacks,
    )


def rounds(rivals: dict[str, Callable[[], float | None]], count: int) -> dict[str, float]:
    """Returns the median seconds of each rival, run in turn; a rival may return what it measured itself.

    Of no rounds the one that does not count is what is returned: it shows that a benchmark runs.
    """
    taken: dict[str, list] = {name: [] for name in rivals}
    for _ in range(count + 1):
        for name, run in rivals.items():
            gc.collect()
            begin = time.perf_counter()
            own = run()
            taken[name].append(time.perf_counter() - begin if own is None else own)
    return {name: float(np.median(values[1:] or values)) for name, values in taken.items()}


def case_s(count: int) -> None:
    s_of_engine(count)
    s_epoch(count)


def s_of_engine(count: int) -> None:
    x, y = table(2_000, 20, 2)
    train, held = (x[:1_600], y[:1_600]), (x[1_600:], y[1_600:])

    def ours():
        engine_fit(mlp(20, (64, 64), 2), train, batch_size=32, epochs=30, validation=held)

    def fit():
        mlp(20, (64, 64), 2).fit(*train, batch_size=32, epochs=30, validation_data=held, verbose=0)

    rivals = {"zoo": ours, "scikit-learn": lambda: sklearn_run(x, y, (64, 64), 32, 30), "Keras fit": fit}
    if torch_run(x[:64], y[:64], (64, 64), 32, 1) is not None:
        rivals["PyTorch"] = lambda: torch_run(*train, (64, 64), 32, 30)
    report("S, whole run", rounds(rivals, count), {"scikit-learn": "at least 1.0", "Keras fit": "at least 6"})


def s_epoch(count: int) -> None:
    x, y = table(1_600, 20, 2)

    def ours():
        seconds = EpochSeconds()
        engine_fit(mlp(20, (64, 64), 2), (x, y), batch_size=32, epochs=30, engine="xla", callbacks=[seconds])
        return seconds.steady()

    rivals = {"zoo": ours, "scikit-learn": lambda: sklearn_epoch(x, y, (64, 64), 32, 30)}
    report("S, an epoch compiled by XLA", rounds(rivals, count), {"scikit-learn": "at least 5"})


def case_m(count: int) -> None:
    x, y = table(60_000, 784, 10)

    def ours():
        seconds = EpochSeconds()
        engine_fit(mlp(784, (128, 64), 10), (x, y), batch_size=128, epochs=4, engine="xla", callbacks=[seconds])
        return seconds.steady()

    def fit():
        seconds = EpochSeconds()
        mlp(784, (128, 64), 10).fit(x, y, batch_size=128, epochs=3, verbose=0, callbacks=[seconds])
        return seconds.steady()

    def tuned():
        seconds = EpochSeconds()
        model, batches = tuned_mlp(784, (128, 64), 10), gathered(x, y, 128)
        model.fit(batches, epochs=4, shuffle=False, verbose=0, callbacks=[seconds])
        return seconds.steady()

    rivals = {
        "zoo": ours,
        "bare XLA epoch": lambda: bare_xla_epoch(x, y, 128),
        "scikit-learn": lambda: sklearn_epoch(x, y, (128, 64), 128, 1),
        "Keras fit": fit,
        TUNED: tuned,
    }
    if torch_run(x[:128], y[:128], (128, 64), 128, 1) is not None:
        rivals["PyTorch"] = lambda: torch_run(x, y, (128, 64), 128, 1)
    goals = {
        "Keras fit": "at least 4",
        "scikit-learn": "at least 3",
        "PyTorch": "at least 3",
        "bare XLA epoch": "at least 0.87",
    }
    report("M, an epoch once compiled", rounds(rivals, count), goals)


def case_xs(count: int) -> None:
    from sklearn.neural_network import MLPClassifier

    x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], "float32")
    y = np.array([0, 1, 1, 0], "int32")

    def ours():
        engine_fit(mlp(2, (4,), 2), (x, y), batch_size=4, epochs=1_000)

    def sklearn():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            MLPClassifier((4,), batch_size=4, max_iter=1_000, n_iter_no_change=1_000).fit(x, y)

    report("XS, whole run", rounds({"zoo": ours, "scikit-learn": sklearn}, count), {"zoo": "under 1 s"})


def case_l(count: int) -> None:
    def run(engine):
        loop_compiled.clear()
        zoo.train("mlp_classifier", "adult", engine=engine, verbose=0)

    rivals = {"zoo": lambda: run("auto"), "Keras fit": lambda: run("keras")}
    report("L, raw CSV to evaluated model", rounds(rivals, min(count, 2)), {"Keras fit": "at least 2"})


MEMORY = """
import re, sys
import numpy as np
import keras
from tests.benchmarks import train
def peak():
    return int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]) / 1024
small = train.table(1_000, 784, 10)
train.engine_fit(train.mlp(784, (128, 64), 10), small, batch_size=128, epochs=2, engine="xla")
x, y = np.ones((60_000, 784), "float32"), np.zeros(60_000, "int32")
before = peak()
train.engine_fit(train.mlp(784, (128, 64), 10), (x, y), batch_size=128, epochs=2, engine="xla")
print(peak() - before, x.nbytes / 2**20)
"""


def case_memory(count: int) -> None:
    done = subprocess.run([sys.executable, "-c", MEMORY], capture_output=True, text=True, check=True)
    taken, size = map(float, done.stdout.split())
    note("M, memory beside the caller's array", f"{taken:.0f} MiB, {taken / size:.2f} of its {size:.0f}", "at most 1.3")


def case_sweep(count: int) -> None:
    def resident() -> float:
        with open("/proc/self/status", encoding="ascii") as status:
            return int(re.search(r"VmRSS:\s+(\d+)", status.read())[1]) / 1024

    x, y = table(2_000, 20, 2)
    loop_compiled.clear()
    seconds, memory = [], []
    for i in range(50):
        begin = time.perf_counter()
        zoo.train(
            "mlp_classifier", (x, y), hidden_units=(64, 64), batch_size=32, epochs=5, learning_rate=1e-3 * (1 + i),
            seed=i, verbose=0,
        )  # fmt: skip
        seconds.append(time.perf_counter() - begin)
        memory.append(resident())
    traces = sum(loop.num_traces for loop in loop_compiled._kept.values())
    note(
        "50 trainings of S, other rates and seeds",
        f"the first {seconds[0]:.2f} s, the others {np.median(seconds[1:]):.2f} s; {traces} trace(s); "
        f"resident {memory[9]:.0f} MiB after 10, {memory[-1]:.0f} MiB after 50",
    )


rows: list[tuple[str, str, str, str, str]] = []  # of the table
CASES = {"S": case_s, "M": case_m, "XS": case_xs, "L": case_l, "memory": case_memory, "sweep": case_sweep}
CASES["jax"] = lambda count: importlib.import_module("tests.benchmarks.train_jax").case_jax(count)
CASES["folds"] = lambda count: importlib.import_module("tests.benchmarks.train_many").case_folds(count)
CASES["ensemble"] = lambda count: importlib.import_module("tests.benchmarks.train_ensemble").case_ensemble(count)
CASES["workers"] = case_workers
CASES["S-call"] = lambda count: importlib.import_module("tests.benchmarks.train_calls").case_s_call(count)
CASES["M-call"] = lambda count: importlib.import_module("tests.benchmarks.train_calls").case_m_call(count)
CASES["parquet"] = lambda count: importlib.import_module("tests.benchmarks.train_calls").case_parquet(count)


def report(title: str, seconds: dict[str, float], goals: dict[str, str]) -> None:
    """Prints seconds, and how often the zoo's go into each rival's."""
    ours = seconds["zoo"]
    told = f" (goal: {goals['zoo']})" if "zoo" in goals else ""
    print(f"{title}: zoo {ours:.4g} s{told}")
    rows.append((title, "zoo", f"{ours:.4g} s", "", goals.get("zoo", "")))
    for name, value in seconds.items():
        if name != "zoo":
            goal = f" (goal: {goals[name]})" if name in goals else ""
            print(f"    {name}: {value:.4g} s, {value / ours:.2f} times the zoo's{goal}")
            rows.append(("", name, f"{value:.4g} s", f"{value / ours:.2f}", goals.get(name, "")))
    sys.stdout.flush()


def note(title: str, measured: str, goal: str = "") -> None:
    """Prints what is no time of a rival."""
    print(f"{title}: {measured}" + (f" (goal: {goal})" if goal else ""), flush=True)
    rows.append((title, "zoo", measured, "", goal))


def machine() -> str:
    """Returns date, processor, cores and versions in one line."""
    import platform
    from importlib.metadata import PackageNotFoundError, version

    names = Path("/proc/cpuinfo").read_text(encoding="utf-8") if Path("/proc/cpuinfo").is_file() else ""
    processor = re.search(r"model name\s*: (.*)", names)
    installed = []
    for name in ("tensorflow", "keras", "jax", "scikit-learn", "torch", "numpy"):
        with contextlib.suppress(PackageNotFoundError):
            installed.append(f"{name} {version(name)}")
    return (
        f"{datetime.date.today()}: {os.cpu_count()} cores of {processor[1] if processor else platform.machine()}, "
        f"Python {platform.python_version()}, " + ", ".join(installed) + f"; Keras on {keras.backend.backend()}"
    )


def written() -> str:
    """Returns machine and table of what was reported, as Markdown."""
    head = [
        f"Measured on {machine()}.",
        "",
        "| case | who | median | times the zoo's | goal |",
        "|---|---|---|---|---|",
    ]
    return "\n".join(head + [f"| {' | '.join(row)} |" for row in rows])


def write(name: str = "train") -> None:
    """Puts the table of what was reported between the marks of a name in docs/benchmarks.md."""
    put(name, written())


def put(name: str, written: str, page: Path = Path(__file__).parents[2] / "docs" / "benchmarks.md") -> None:
    """Puts Markdown between the marks of a name in a page.

    Raises:
        ValueError: if the page has no such marks.
    """
    text = page.read_text(encoding="utf-8")
    marks = f"<!-- {name} -->", f"<!-- /{name} -->"
    begin, end = (text.index(mark) for mark in marks)
    page.write_text(text[: begin + len(marks[0])] + "\n" + written + "\n" + text[end:], encoding="utf-8")


def main(arguments=None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", nargs="+", default=list(CASES), choices=CASES)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--write", action="store_true", help="the table into docs/benchmarks.md")
    options = parser.parse_args(arguments)
    rows.clear()
    print(machine())
    for name in options.cases:
        CASES[name](options.rounds)
    if options.write:
        write()


if __name__ == "__main__":
    from tests.benchmarks.train import main as run  # the module that the cases in other files report to

    run()
