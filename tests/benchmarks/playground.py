"""The playground's kernels in Node: milliseconds of a frame's work, of the 16.7 that 60 frames a second leave.

    python -m tests.benchmarks.playground            every case, 300 frames
    python -m tests.benchmarks.playground --write    and the table into docs/benchmarks.md

A case is what a station computes for one picture while it moves. Node runs the kernels on the engine of Chromium, V8.
The first tenth of the frames, in which V8 compiles, does not count. Drawing is not measured.
"""

import argparse
import statistics
import subprocess
from typing import NamedTuple

from tests.benchmarks import train
from tests.playground.node import run

FRAME = 1000 / 60  # milliseconds
FRAMES = 300

TIMED = """
const frame = (() => { %s })();
const taken = [];
for (let i = 0; i < given; i++) {
  const begin = performance.now();
  frame(i);
  taken.push(performance.now() - begin);
}
return taken.slice(Math.floor(given / 10));
"""


class Case(NamedTuple):
    """What is timed.

    Args:
        station: The station's number on the page.
        work: What one frame computes, in words, with its sizes.
        kernels: The files in kernels/ that it needs.
        prepare: JavaScript in which `playground` stands: it prepares the work and returns the function of a frame,
            `return i => {...}`.
    """

    station: int
    work: str
    kernels: tuple[str, ...]
    prepare: str


CASES = (
    Case(
        0,
        "10,000 normal random numbers, of which every station draws",
        (),
        "const g = playground.kernels.random.generator(1); return () => { for (let i = 0; i < 1e4; i++) g.normal(); };",
    ),
)


def measured(case: Case, frames: int) -> list[float]:
    """Returns the milliseconds of each frame that counts."""
    return run(TIMED % case.prepare, *case.kernels, given=frames)


def table(rows: list[tuple[Case, list[float]]]) -> str:
    """Returns the results in Markdown: the median, the slowest of twenty, and how many medians a frame has room for."""
    lines = ["| station | a frame computes | median | 95th percentile | in 16.7 ms |", "|---|---|---|---|---|"]
    for case, taken in rows:
        median, late = statistics.median(taken), statistics.quantiles(taken, n=20)[-1]
        lines.append(
            f"| {case.station or 'all'} | {case.work} | {median:.3f} ms | {late:.3f} ms | {FRAME / median:,.0f} times |"
        )
    return "\n".join(lines)


def main(arguments=None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=FRAMES)
    parser.add_argument("--write", action="store_true", help="the table into docs/benchmarks.md")
    options = parser.parse_args(arguments)
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    rows = [(case, measured(case, options.frames)) for case in sorted(CASES, key=lambda case: case.station)]
    text = f"{train.machine()}, Node {version}\n\n{table(rows)}"
    print(text)
    if options.write:
        train.put("playground", text)


if __name__ == "__main__":
    main()
