"""The networks of history against other programs: ratios in one run.

    python -m tests.benchmarks.history                            all cases, three rounds
    python -m tests.benchmarks.history --cases iris --rounds 5
    python -m tests.benchmarks.history --write                    and the table into docs/benchmarks.md

axons         1,000 axons, 100 ms at 0.01 ms, against scipy and Brian2: see `history_dynamics`
iris, blobs   maps against MiniSom: see `history_maps`
hopfield      100 recalls of 1,000 units: see `history_association`
neocognitron  its simulation of 1980: see `history_vision`

Rivals run in turn, and figures are medians after a round that does not count, as in `tests.benchmarks.train`.
"""

import argparse

from tests.benchmarks import history_association, history_dynamics, history_maps, history_vision, train

CASES = {
    "axons": history_dynamics.case_axons,
    "iris": history_maps.case_iris,
    "blobs": history_maps.case_blobs,
    "hopfield": history_association.case_hopfield,
    "neocognitron": history_vision.case_neocognitron,
}


def main(arguments=None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", nargs="+", default=list(CASES), choices=CASES)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--write", action="store_true", help="the table into docs/benchmarks.md")
    options = parser.parse_args(arguments)
    train.rows.clear()
    print(train.machine())
    for name in options.cases:
        CASES[name](options.rounds)
    if options.write:
        train.write("history")


if __name__ == "__main__":
    main()
