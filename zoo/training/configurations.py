"""The configurations of a committee, trained one after another, until all are, time is up or Ctrl-C comes.

Candidate               a configuration with its trained networks, or why it is left out
train_configurations    returns the candidates, and why their training ended
"""

from __future__ import annotations

import dataclasses
import functools
import time
from collections.abc import Callable

from zoo import display
from zoo.engine import interruption
from zoo.models.ensemble_selection import CONFIGURATIONS
from zoo.progress import Progress
from zoo.training import bag_training
from zoo.training.bag_store import BagStore, Trained
from zoo.training.bag_training import Library, OutOfTimeError

NO_TIME = "no time was left"


@dataclasses.dataclass
class Candidate:
    """A configuration whose networks have been trained, or why they have not.

    Args:
        name: Of the configuration.
        networks: By their bags.
        problem: Why it is left out, in words, or `""`.
    """

    name: str
    networks: dict[int, Trained]
    problem: str = ""

    @property
    def seconds(self) -> float:
        """How long its networks took."""
        return sum(one.seconds for one in self.networks.values())

    @property
    def is_cut_short(self) -> bool:
        """Whether the budget of time ended the training of one of them."""
        return any(one.cut_short for one in self.networks.values())


def train_configurations(
    library: Library, names: list[str], store: BagStore, verbose: int
) -> tuple[list[Candidate], str]:
    """Returns the configurations in the order in which they were trained, and why that ended, or `""`."""
    found: list[Candidate] = []
    numbers, stopped, longest = range(len(library.bags)), "", 0.0
    epochs = [0 if CONFIGURATIONS[name].is_line else library.settings(name).recipe.epochs for name in names]
    with Progress(sum(epochs) * len(numbers), "epoch", verbose=int(verbose == 1), transient=False) as progress:
        for name in names:
            candidate = Candidate(name, store.read(name))
            missing = [bag for bag in numbers if bag not in candidate.networks]
            text = f"{name}, {display.count(len(numbers), 'bag')}"
            progress.advance((len(numbers) - len(missing)) * epochs[names.index(name)], text)
            problem, begin = _out_of_time(library, found, longest) if missing else "", time.monotonic()
            found.append(candidate)
            if missing and not problem:
                after = functools.partial(_advanced, progress, text)
                try:
                    problem = _train_one(library, candidate, missing, store, after, _is_able(found[:-1]))
                except KeyboardInterrupt as interrupt:
                    candidate.problem = stopped = interruption.reason(interrupt)
                    if not _is_able(found):
                        raise
                    break
                except OutOfTimeError:
                    problem = NO_TIME
                longest = max(longest, time.monotonic() - begin)
            problems = [one.problem for one in candidate.networks.values() if one.problem]
            candidate.problem = problem or (problems[0] if problems else "")
            if verbose > 1:
                print(f"{name}: {candidate.problem or display.duration(candidate.seconds)}", flush=True)
    return found, stopped


def _advanced(progress: Progress, text: str, epochs: int) -> None:
    progress.advance(epochs, text)


def _out_of_time(library: Library, found: list[Candidate], longest: float) -> str:
    """Returns why no further configuration is begun, or `""`: by the time of the longest one before."""
    budget = library.request.budget
    return NO_TIME if budget is not None and _is_able(found) and not budget.lasts(longest) else ""


def _is_able(found: list[Candidate]) -> bool:
    return any(not one.problem for one in found)


def _train_one(
    library: Library,
    candidate: Candidate,
    missing: list[int],
    store: BagStore,
    after: Callable[[int], object],
    gives_up: bool,
) -> str:
    """Trains the missing networks of a configuration; returns why they cannot be, or `""`."""
    name = candidate.name
    if not CONFIGURATIONS[name].is_line:
        parts = bag_training.networks(library, name, missing, after, gives_up)
    elif library.model(name, 0) is None:
        return _why_no_line(library, name)
    else:
        parts = bag_training.lines(library, name, missing)
    for part in parts:
        store.write(name, part)
        candidate.networks |= {one.bag: one for one in part}
    return ""


def _why_no_line(library: Library, name: str) -> str:
    if library.settings(name).recipe.linear:
        return "a line needs columns of a table, and images have none"
    activation = library.options.get("output_activation")
    return f"a line takes no part where answers end at bounds (without output_activation={activation!r} it does)"
