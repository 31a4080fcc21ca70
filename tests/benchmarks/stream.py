"""Memory and time of streaming a large CSV: a generated one, read block by block in a fresh process.

    python -m tests.benchmarks.stream                      2 GB: blocks, and the sample that statistics are taken from
    python -m tests.benchmarks.stream --gigabytes 0.01 --folder /tmp

The goal is below 1.5 GB of resident memory, that of the interpreter and its libraries included.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

ROWS = 20_000

READ = """
import json, re, resource, sys, time
import zoo.data
begin, rows = time.perf_counter(), 0
data = zoo.data.load(sys.argv[1], target="paid", stream=True)
counted = len(data)
scanned = time.perf_counter()
for first, block in data.blocks(int(sys.argv[2])):
    assert first == rows and list(block.columns) == sys.argv[3].split(",")
    rows += len(block)
assert rows == counted
read = time.perf_counter()
data.schema
end = time.perf_counter()
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
try:  # on Linux ru_maxrss begins with the size of the process that started this one; VmHWM is this program's own
    with open("/proc/self/status") as status:
        peak = int(re.search(r"VmHWM:\\s+(\\d+)", status.read())[1]) / 2**20
except OSError:
    pass
seconds = {"scan_s": scanned - begin, "blocks_s": read - scanned, "schema_s": end - read}
print(json.dumps({"rows": rows, **seconds, "peak_gib": peak}))
"""


def write(path: Path, size: float) -> list[str]:
    """Writes a CSV of about `size` bytes: numbers, gaps, categories, text, a target; returns its columns."""
    generator = np.random.default_rng(0)
    words = np.array(["lion", "zebra", "gate", "river", "north", "feeding", "late", "keeper"])
    frame = pd.DataFrame({f"number_{i}": generator.normal(size=ROWS).round(6) for i in range(20)})
    frame.loc[generator.random(ROWS) < 0.1, "number_0"] = np.nan
    frame["visits"] = generator.integers(0, 50, ROWS)
    frame["gate"] = generator.choice(["north", "south", "river"], ROWS)
    frame["note"] = [" ".join(generator.choice(words, 6)) for _ in range(ROWS)]
    frame["paid"] = generator.choice(["yes", "no"], ROWS)
    header, _, rows = frame.to_csv(index=False).partition("\n")
    with open(path, "w", encoding="utf-8") as file:
        file.write(header + "\n")
        for _ in range(max(1, round(size / len(rows)))):
            file.write(rows)
    return list(frame.columns)


def measure(folder: Path, gigabytes: float, rows: int) -> dict[str, float]:
    """Returns rows, seconds and the peak of resident memory of reading a generated file."""
    path = folder / "stream.csv"
    begin = time.perf_counter()
    columns = write(path, gigabytes * 1e9)
    print(f"wrote {path.stat().st_size / 1e9:.2f} GB in {time.perf_counter() - begin:.1f} s")
    command = [sys.executable, "-c", READ, str(path), str(rows), ",".join(columns)]
    result = subprocess.run(command, check=True, capture_output=True, text=True)
    path.unlink()
    return json.loads(result.stdout)


def main(arguments=None) -> dict[str, float]:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gigabytes", type=float, default=2.0)
    parser.add_argument("--rows", type=int, default=65_536, help="rows a block")
    parser.add_argument("--folder", help="where the file is written, and removed")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        found = measure(Path(folder), given.gigabytes, given.rows)
    for name, value in found.items():
        print(f"{name:10}{value:,.3f}".rstrip("0").rstrip("."))
    return found


if __name__ == "__main__":
    main()
