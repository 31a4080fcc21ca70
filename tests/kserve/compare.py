"""Asks KServe and `zoo serve` for the same passengers and compares what they answer.

    python -m tests.kserve.compare PYTHON      the Python of an environment with kserve and TensorFlow, without the zoo

Exits with 1 where a label differs, or a probability by more than 1e-6.
"""

import json
import math
import sys
import tempfile
import urllib.request
from pathlib import Path

import zoo
from tests.browser.process import ROOT, listening

ROWS = 500
TOLERANCE = 1e-6
JSON = {"Content-Type": "application/json"}


def passengers(schema):
    """Returns raw rows by served names: a missing number is NaN, a missing string is empty."""
    table = zoo.data.load("titanic").x.head(ROWS)
    numbers = {column.name for column in schema.columns if column.kind in ("number", "boolean")}
    rows = []
    for _, row in table.iterrows():
        missing = row.isna()
        rows.append(
            {
                served: (math.nan if missing[name] else float(row[name]))
                if name in numbers
                else ("" if missing[name] else str(row[name]))
                for name, served in schema.served_names.items()
            }
        )
    return rows


def ask(address, rows, headers):
    body = json.dumps({"instances": rows}).encode()
    request = urllib.request.Request(f"{address}/v1/models/titanic:predict", body, headers)
    with urllib.request.urlopen(request, timeout=60) as response:
        return json.load(response)["predictions"]


def difference(ours, theirs):
    """Returns the largest difference of a probability; infinite if a label or the number of rows differs."""
    if len(ours) != len(theirs) or any(a["label"] != b["label"] for a, b in zip(ours, theirs)):
        return math.inf
    return max(abs(p - q) for a, b in zip(ours, theirs) for p, q in zip(a["probabilities"], b["probabilities"]))


def main(python):
    model = zoo.build("mlp_classifier.titanic")
    rows = passengers(model.schema)
    gaps = sum(value == "" or value != value for row in rows for value in row.values())
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch, "titanic")
        zoo.export(model, folder)
        ours = [sys.executable, "-m", "zoo", "serve", folder, "--port", 0]
        theirs = [python, ROOT / "tests/kserve/server.py", folder, "--model_name", "titanic", "--loopback"]
        with listening(ours, PYTHONPATH=str(ROOT)) as (_, zoos), listening(theirs) as (_, kserves):
            expected = ask(zoos, rows, JSON)
            nulls = [{name: None if value != value else value for name, value in row.items()} for row in rows]
            as_nan = difference(expected, ask(kserves, rows, {}))
            as_null = difference(expected, ask(kserves, nulls, JSON))
    largest = max(as_nan, as_null)
    print(f"kserve: {len(expected)} rows, {gaps} missing values, largest difference {largest:.2g}")
    if not (len(expected) == ROWS and gaps and largest <= TOLERANCE):
        return f"KServe must answer as `zoo serve` does, within {TOLERANCE:g}, on {ROWS} rows with missing values."
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m tests.kserve.compare PYTHON")
    sys.exit(main(sys.argv[1]))
