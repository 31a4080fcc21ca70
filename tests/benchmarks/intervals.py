"""Coverage and width of `intervals=.9` on rows that nothing was fitted on, over real tables of R packages.

    python -m tests.benchmarks.intervals        forty tables of up to 6,000 rows, mlp_regressor and mlp_classifier
    python -m tests.benchmarks.intervals --family tabm --limit 12
    python -m tests.benchmarks.intervals --coverage 0.8
    python -m tests.benchmarks.intervals --write          and the summary into docs/intervals.md

The tables and their targets are those of `tests.benchmarks.many_tables`, in another order (`--seed`). Of each, a model
is trained on three quarters of the rows; the last quarter is scored. One network is given a fifth of the three quarters
to validate on. Where a family may train a committee, nothing is given: its folds hold out every row in turn.

coverage     the share of all scored rows together whose truth is inside; in brackets the mean over the tables
width        of intervals, in deviations of the target, the median over the tables; of sets, how many classes they hold
one width    the same rows with the conformal quantile of the held-out errors as the half width of every row
"""

import argparse
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import pandas as pd

import zoo
from tests.benchmarks import many_tables, many_tables_rivals, many_tables_sources
from tests.benchmarks.accuracy import FAMILIES, QUALITIES, family_of
from tests.messages import listening
from zoo.tasks import conformal

PAGE = Path(__file__).parents[2] / "docs" / "intervals.md"
MOST_ROWS = 6_000
BY_FOLDS = ("committee", *QUALITIES)  # families that may train a committee
SIZES = ((0, 30), (30, 100), (100, MOST_ROWS))  # of the rows that are held out, the first not included


def measure(name: str, frame: pd.DataFrame, target, task: str, *, family: str, coverage: float) -> dict[str, Any]:
    """Trains a model with intervals on three quarters of a table, and returns what they cover of the others.

    Args:
        name: Name of the table.
        frame: Its rows with the target.
        target: The target's column.
        task: `"classification"` or `"regression"`.
        family: Of entries, `"mlp"` for mlp_classifier and mlp_regressor.
        coverage: What `intervals` is.
    """
    frame = frame[frame[target].notna()].reset_index(drop=True)
    train, test = many_tables_rivals.split(frame, target, task)
    classifies, by_folds = task == "classification", family in BY_FOLDS
    fitted, held_out = (train, None) if by_folds else _held_out(train, train[target] if classifies else None)
    entry, settings = family_of(f"mlp_{'classifier' if classifies else 'regressor'}", family)
    found: dict[str, Any] = {"name": name, "task": task, "rows": len(test)}
    given = {} if held_out is None else {"validation": held_out}
    with listening():
        try:
            run = zoo.train(entry, fitted, target=target, intervals=coverage, verbose=0, **given, **settings)
            scores = zoo.evaluate(run, test, target=target, verbose=0)
        except ValueError as error:
            return {**found, "refused": str(error)}
        found["held_out"] = run.model.target.state["intervals"]["rows"]
        if classifies:
            return {**found, "coverage": scores["coverage"], "width": scores["mean_set_size"]}
        scale = run.model.target.scale
        found |= {"coverage": scores["coverage"], "width": scores["mean_width"] / scale}
        if held_out is None:
            return found
        errors = [np.abs(_errors(run, rows, target)) for rows in (held_out, test)]
        half, _ = conformal.quantile(errors[0], coverage)
    return {**found, "one_coverage": float(np.mean(errors[1] <= half)), "one_width": 2 * half / scale}


def _held_out(train: pd.DataFrame, stratify) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Returns four fifths of the rows and the others; classes in equal shares."""
    from sklearn.model_selection import train_test_split

    return train_test_split(train, test_size=0.2, random_state=1, stratify=stratify)


def _errors(run, rows: pd.DataFrame, target) -> np.ndarray:
    predicted = zoo.predict(run, rows.drop(columns=[target]))["prediction"].to_numpy("float64")
    return predicted - rows[target].to_numpy("float64")


def summary(records: list[dict[str, Any]]) -> str:
    """Returns the summary of what was measured, as Markdown: by task and by how many rows were held out."""
    lines = ["| answers | held-out rows | tables | scored rows | coverage | width | one width: coverage | width |"]
    lines.append("|---" * 8 + "|")
    known = [record for record in records if "coverage" in record]
    for task, title in (("regression", "intervals"), ("classification", "sets")):
        for low, high in (*SIZES, (0, MOST_ROWS)):
            part = [r for r in known if r["task"] == task and low < r["held_out"] <= high]
            if part:
                size = "all" if (low, high) == (0, MOST_ROWS) else f"{low + 1} to {high:,}"
                cells = [_pooled(part, "coverage"), f"{np.median([r['width'] for r in part]):.2f}"]
                one = [r for r in part if "one_width" in r]
                widths = [r["one_width"] for r in one]
                cells += [_pooled(one, "one_coverage"), f"{np.median(widths):.2f}"] if one else ["", ""]
                rows = sum(r["rows"] for r in part)
                lines.append(f"| {title} | {size} | {len(part)} | {rows:,} | {' | '.join(cells)} |")
    refused = [f"{record['name']}: {record['refused'][:100]}" for record in records if "refused" in record]
    return "\n".join([*lines, "", f"Refused: {len(refused)} of {len(records)} tables.", *(f"- {r}" for r in refused)])


def _pooled(part: list[dict[str, Any]], name: str) -> str:
    values, rows = [record[name] for record in part], [record["rows"] for record in part]
    return f"{np.average(values, weights=rows):.3f} ({np.mean(values):.3f})"


def main(arguments=None, tables: Iterable[tuple] | None = None) -> None:
    """Measures tables, and prints a line of each and the summary.

    Args:
        arguments: Of the command line.
        tables: Name and a function that reads the rows, of each, instead of those of a package.
    """
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--family", default="mlp", choices=FAMILIES, help="the entries that are trained")
    parser.add_argument("--coverage", type=float, default=0.9, help="the share of new rows to cover")
    parser.add_argument("--limit", type=int, default=40, help="the most tables")
    parser.add_argument("--seed", type=int, default=7, help="of the order of the tables")
    parser.add_argument("--write", action="store_true", help="the summary into docs/intervals.md")
    options = parser.parse_args(arguments)
    source = "tables given by the caller"
    if tables is None:
        source, tables = many_tables_sources.tables(options.seed)
    records = []
    for name, read in tables:
        if len(records) >= options.limit:
            break
        frame = read()
        if frame is None or not many_tables.ROWS[0] <= len(frame) <= MOST_ROWS:
            continue
        within = many_tables.COLUMNS[0] <= frame.shape[1] <= many_tables.COLUMNS[1]
        if not within or (chosen := many_tables.target_of(name, frame)) is None:
            continue
        record = measure(name, frame, *chosen, family=options.family, coverage=options.coverage)
        records.append(record)
        said = record.get("refused") or f"coverage {record['coverage']:.3f}  width {record['width']:.3f}"
        print(f"{name:40} {record['task']:14} {record.get('held_out', 0):5} {record['rows']:5}  {said}", flush=True)
    text = f"`intervals={options.coverage:g}`, {options.family}, {source}.\n\n{summary(records)}"
    print(f"\n{text}")
    if options.write:
        from tests.benchmarks import train

        train.put(f"intervals {options.family}", text, PAGE)


if __name__ == "__main__":
    main()
