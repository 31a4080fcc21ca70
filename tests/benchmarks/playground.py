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
        files: Further files of the page, such as "weights/neocognitron.js".
    """

    station: int
    work: str
    kernels: tuple[str, ...]
    prepare: str
    files: tuple[str, ...] = ()


CASES = (
    Case(
        0,
        "10,000 normal random numbers, of which every station draws",
        (),
        "const g = playground.kernels.random.generator(1); return () => { for (let i = 0; i < 1e4; i++) g.normal(); };",
    ),
    Case(
        1,
        "100 ms of the axon at another current, its spikes and their shape",
        ("axon",),
        """
        const k = playground.kernels.axon;
        return i => {
          const t = k.simulate([[10 + i / 100, 5, 80]], 100);
          return [k.spikes(t.time, t.u), k.shape(t.time, t.u)];
        };
        """,
    ),
    Case(
        1,
        "two pulses: both traces, and the threshold of the second at another delay",
        ("axon",),
        """
        const k = playground.kernels.axon, rest = k.rest();
        return i => [
          k.simulate([[30, 2, 0.5], [30, 10 + i / 100, 0.5]], 46, 6.3, 5), k.simulate([[30, 2, 0.5]], 46, 6.3, 5),
          k.threshold(rest, 0.5), k.secondThreshold(30, 0.5, 8 + i / 100),
        ];
        """,
    ),
    Case(
        1,
        "a spike along 50 mm of the axon at another temperature, and its speed",
        ("axon", "cable"),
        """
        const k = playground.kernels.cable;
        return i => k.speed(k.simulate(50, 5.2, 18.5 + i / 100, 476, false, 5));
        """,
    ),
    Case(
        2,
        "60 ticks of the net of heat and cold, and its truth table",
        ("neurons", "nets"),
        """
        const k = playground.kernels.neurons, net = k.read(playground.kernels.nets.nets.heat_illusion.net);
        return i => {
          k.run(net, Array.from({length: 60}, (_, t) => [t % 7 === i % 7 ? 1 : 0, t % 5 === i % 5 ? 1 : 0]));
          return k.truthTable(net);
        };
        """,
    ),
    Case(
        3,
        "after a click, 40 points: the mistakes from zero, the exact margin, and the best line",
        ("perceptron",),
        """
        const k = playground.kernels.perceptron, {points, targets} = k.clouds(40, 0.4, 1);
        return () => { k.train(points, targets, 2000); k.margin(points, targets); k.best(points, targets); };
        """,
    ),
    Case(
        3,
        "one lesson of the Mark I: a letter through 512 association units, and 160 letters named every eighth time",
        ("mark_1",),
        """
        const k = playground.kernels.mark_1, machine = k.machine(1), shown = k.letters(400, 1);
        const seen = ({name, lit}) => ({name, active: k.association(machine.wires, lit)});
        const tests = k.letters(160, 2).map(seen);
        return i => {
          const {name, active} = seen(shown[i % 400]);
          k.teach(machine, active, name);
          if (i % 8 === 0) k.share(machine, tests);
        };
        """,
    ),
    Case(
        4,
        "a whole recall in 100 units with all its energies, and the name of the state that it ends in",
        ("drawn", "hopfield"),
        """
        const k = playground.kernels.hopfield, patterns = [..."AJXKOF"].map(playground.kernels.drawn.letter);
        const memory = k.store(patterns, "projection");
        return i => {
          const {state} = k.recall(memory, k.damaged(patterns[i % 6], 30, i), k.orders(100, i));
          k.identify(state, patterns);
        };
        """,
    ),
    Case(
        4,
        "two more of 200 units' random patterns stored, and ten recalled from two starts, up to a load of .3",
        ("hopfield",),
        """
        const settings = {units: 200, rule: "hebb", seed: 1, step: 2, flips: [0, 0.25], tried: 10};
        const k = playground.kernels.hopfield;
        let run = k.experiment(settings);
        return i => {
          if (i % 30 === 0) run = k.experiment(settings);
          run.next();
        };
        """,
    ),
    Case(
        5,
        "167 samples to a map of 10 x 10 units, its twists, and its errors on 400 points",
        ("kohonen_map",),
        """
        const k = playground.kernels.kohonen_map, grid = {rows: 10, columns: 10, topology: "rectangular"};
        const points = k.samples("square", 400, 2), meshes = k.meshes(grid);
        const run = k.training({
          grid, kind: "gaussian", radius: [5, 0.4], rate: [0.5, 0.02], figure: "square", total: 1e9, seed: 1,
        });
        return () => { run.advance(167); k.errors(run.w, grid, points); k.turned(run.w, meshes); };
        """,
    ),
    Case(
        5,
        "a numeral at another place, through the six layers of the neocognitron",
        ("neocognitron",),
        """
        const k = playground.kernels.neocognitron, net = k.build(playground.weights.neocognitron);
        const image = k.figure(playground.weights.neocognitron, "3");
        return i => k.respond(net, k.moved(image, (i % 6) - 3, (i % 9) - 4));
        """,
        ("weights/neocognitron.js",),
    ),
    Case(
        6,
        "200 steps of descent from another start, and the factors of 160 rates",
        ("descent",),
        """
        const k = playground.kernels.descent, A = k.matrix(4, 0.4, 25);
        return i => {
          k.descend(A, [2 - i / 1000, 1], 0.4, 0.3, 200).map(point => k.height(A, point));
          for (let rate = 0; rate < 160; rate++) for (const l of [4, 0.4]) k.factor(l, rate / 160, 0.3);
        };
        """,
    ),
    Case(
        6,
        "Newton's path and the section through its model",
        ("descent",),
        """
        const k = playground.kernels.descent;
        return i => {
          const [step] = k.newton(k.POINTS, [-0.5 + i / 1000, 0.9], 30, true);
          for (let part = 0; part < 80; part++) {
            const d = step.direction.map(value => (value * part) / 40);
            k.likelihood(k.POINTS, [step.theta[0] + d[0], step.theta[1] + d[1]]);
            k.model(step, d);
          }
        };
        """,
    ),
    Case(
        6,
        "60 epochs of 20 rows fed in three ways, and the error after each step",
        ("descent",),
        """
        const k = playground.kernels.descent, data = k.rows(20, 0.6, 1);
        const how = {rate: 0.1, epochs: 60, sign: 1, seed: 1};
        return i => [20, 5, 1].map(batch =>
          k.feed(data, [-1 + i / 1000, 2], {...how, batch}).map(theta => k.error(data, theta)));
        """,
    ),
)


def measured(case: Case, frames: int) -> list[float]:
    """Returns the milliseconds of each frame that counts."""
    return run(TIMED % case.prepare, *case.kernels, files=case.files, given=frames)


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
