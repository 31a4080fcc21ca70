"""The networks of one configuration of a committee, one for each bag: as one program where that may be, else in turn.

Each is trained as its entry is: by its recipe, the line beside its hidden layers solved, its best epoch chosen by the
rows held out from it. These rows then say what the configuration answers, and so choose both. As every network does
better on the rows that chose its epoch, out-of-fold losses are too low; the losses of all epochs are kept, by which
`zoo.solvers.ensemble_weights.optimism` says by how much.
"""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras
import numpy as np

from zoo.building import assemble
from zoo.compiling import compile_model
from zoo.data.pipelines import Encoded
from zoo.data.preprocessing import Preprocessor
from zoo.engine import interruption
from zoo.engine.members import plan_members
from zoo.engine.plan import Workload
from zoo.layers.linear import line_beside, line_of
from zoo.model import Model
from zoo.models.ensemble_selection import CONFIGURATIONS
from zoo.training import line, network_fit, one_program
from zoo.training.bag_store import Trained
from zoo.training.bags import Bag, as_seen, known_levels, rows_of
from zoo.training.finishing import HeldOut, finished
from zoo.training.phases import Phases, Request
from zoo.training.rows import rows_of_encoded
from zoo.training.settings import Settings, resolve_settings

SEEDS_OF_A_CONFIGURATION = 1_000  # so far apart are the first seeds of two configurations


class OutOfTimeError(Exception):
    """The time that a committee was given is over."""


@dataclasses.dataclass(frozen=True)
class Library:
    """What the networks of a committee are trained on, and how.

    Args:
        preprocessor: Of all of them.
        rows: All training rows, encoded.
        given: The caller's validation rows, encoded, or None.
        bags: The rows of each bag.
        options: Of the committee that are its networks' too.
        limits: `epochs` and `batch_size`, where the caller gave them.
        request: Devices, seed and budget of time.
    """

    preprocessor: Preprocessor
    rows: Encoded
    given: Encoded | None
    bags: Sequence[Bag]
    options: dict[str, Any]
    limits: dict[str, Any]
    request: Request

    def settings(self, name: str) -> Settings:
        """Returns what the networks of a configuration are trained by."""
        configuration = CONFIGURATIONS[name]
        entry = configuration.entry(self.preprocessor.schema.task)
        options = {**configuration.training_options(len(self.bags)), **self.options}
        return resolve_settings(entry, options, **self.limits)

    def model(self, name: str, bag: int) -> Model | None:
        """Returns a fresh model for a bag, not compiled; None of a line where none may be."""
        configuration = CONFIGURATIONS[name]
        entry = configuration.entry(self.preprocessor.schema.task)
        options = {**configuration.training_options(len(self.bags)), **self.options}
        model = assemble(entry, self.preprocessor, options, seed=self.seed(name, bag), compiled=False)
        if not configuration.is_line:
            return model
        network = line_beside(model.network)
        if network is None:
            return None
        how = {"entry": entry, "preprocessor": self.preprocessor, "options": options, "decision": model.decision}
        return Model(network, **how, counts=model.traits.counts)

    def seed(self, name: str, bag: int) -> int:
        """Returns the seed of a network: of its initial weights, its order and its dropout."""
        return self.request.seed + SEEDS_OF_A_CONFIGURATION * list(CONFIGURATIONS).index(name) + bag

    def of_bag(self, bag: int) -> tuple[Encoded, Encoded | None, Encoded | None]:
        """Returns the rows a bag is trained on, those held out, and the caller's validation rows, as the bag sees them.

        Where no rows are held out, the caller's validation rows choose its epoch.
        """
        sizes = self.sizes
        known = known_levels(self.rows, self.bags[bag], sizes)
        given = None if self.given is None else as_seen(self.given, known, sizes)
        held = as_seen(rows_of(self.rows, self.bags[bag].held), known, sizes) if len(self.bags[bag].held) else None
        return rows_of(self.rows, self.bags[bag].train), given if held is None else held, given

    @property
    def sizes(self) -> tuple[int, ...]:
        """Levels of each column of categories, index 0 included."""
        return tuple(self.preprocessor.layout.sizes.get("categorical_sizes", ()))


def lines(library: Library, name: str, bags: Sequence[int]) -> Iterator[list[Trained]]:
    """Yields the line of each bag, solved from its rows."""
    for bag in bags:
        begin = time.monotonic()
        model = library.model(name, bag)
        rows, held, given = library.of_bag(bag)
        compile_model(model, library.settings(name).recipe)
        line.solve(model, rows, seed=library.seed(name, bag))
        yield [_trained(model, bag, held, given, library, [], time.monotonic() - begin)]


def networks(
    library: Library, name: str, bags: Sequence[int], after_epochs: Callable[[int], object], gives_up: bool
) -> Iterator[list[Trained]]:
    """Yields the networks of bags, those that train together in one list.

    Args:
        library: What they are trained on.
        name: The configuration.
        bags: The numbers of those to train.
        after_epochs: Is called with how many epochs of a network are done or left out.
        gives_up: Whether networks are given up when the budget of time has passed, since others answer already. If
            not, that epoch is their last one: they keep their best weights so far, and each has an epoch at least.

    Raises:
        KeyboardInterrupt: after Ctrl-C or SIGTERM.
        OutOfTimeError: where the budget of time has passed and they are given up.
    """
    settings = library.settings(name)
    begin = time.monotonic()
    groups = _at_once(library, name, settings, bags)
    for members in groups:
        _check_time(library, gives_up)
        yield _of_program(library, settings, members, after_epochs, begin, gives_up)
        begin = time.monotonic()
    together = {member.place for members in groups for member in members}
    for bag in bags:
        if bag not in together:
            _check_time(library, gives_up)
            one = _alone(library, name, settings, bag, after_epochs)
            if one.cut_short and gives_up:
                raise OutOfTimeError
            yield [one]


def _is_out_of_time(library: Library) -> bool:
    return library.request.budget is not None and library.request.budget.is_spent


def _check_time(library: Library, gives_up: bool) -> None:
    if gives_up and _is_out_of_time(library):
        raise OutOfTimeError


def _at_once(library: Library, name: str, settings: Settings, bags: Sequence[int]) -> list[list[one_program.Member]]:
    """Returns those trainings that may be a program, by programs."""
    recipe, request = settings.recipe, library.request
    entry = CONFIGURATIONS[name].entry(library.preprocessor.schema.task)
    placement = request.devices
    if len(bags) < 2 or placement.several or placement.forced:
        return []
    task = library.model(name, bags[0]).task
    if plan_members.obstacle_of_recipe(recipe, settings.traits, request.engine, entry, task):
        return []
    by_steps: dict[int, list[int]] = {}
    for bag in bags:
        rows = len(library.bags[bag].train)
        by_steps.setdefault(math.ceil(rows / recipe.rows_a_step(rows)), []).append(bag)
    groups = []
    for alike in by_steps.values():
        members = [_member(library, name, settings, bag) for bag in alike] if len(alike) > 1 else []
        if members and not one_program.obstacle_of(members, recipe, request.engine):
            groups.append(members)
    return groups


def _member(library: Library, name: str, settings: Settings, bag: int) -> one_program.Member:
    recipe, seed = settings.recipe, library.seed(name, bag)
    model, (rows, held, _) = library.model(name, bag), library.of_bag(bag)
    size = recipe.rows_a_step(len(rows))
    steps = math.ceil(len(rows) / size) * recipe.epochs
    compile_model(model, recipe, total_steps=steps)
    best_so_far = None
    if line_of(model.network) is not None:
        line.solve(model, rows, seed=seed)
        best_so_far = line.loss(model, held)
    model.begin_training(rows.x, rows.y, rows=len(rows), steps=steps)
    return one_program.member_of(bag, seed, model, size, rows, held, best_so_far)


def _of_program(
    library: Library, settings: Settings, members: list[one_program.Member], after_epochs, begin: float, gives_up: bool
) -> list[Trained]:
    epochs, done, cut_short = settings.recipe.epochs, 0, False

    def after_epoch() -> bool:
        nonlocal done, cut_short
        done += 1
        after_epochs(len(members))
        cut_short = done < epochs and _is_out_of_time(library)  # with the last epoch the training ends as ever
        if cut_short and gives_up:
            raise OutOfTimeError
        return cut_short

    results = one_program.trained(members, settings.recipe, after_epoch)
    after_epochs(len(members) * (epochs - done))
    found = []
    for member, result in zip(members, results, strict=True):
        model, _ = finished(member.model, member.held_out, compiled=settings.compile, seed=member.seed)
        _, held, given = library.of_bag(member.place)
        problem = "its loss was no longer finite" if result.diverged else ""
        seconds = (time.monotonic() - begin) / len(members)
        curve = _curve(member.best_so_far, result.val_losses)
        one = _trained(model, member.place, held, given, library, curve, seconds, problem)
        found.append(dataclasses.replace(one, cut_short=cut_short))
    return found


class _Counted(keras.callbacks.Callback):
    """Counts the epochs of a training."""

    def __init__(self, after_epochs: Callable[[int], object]):
        super().__init__()
        self._after_epochs = after_epochs
        self.done = 0

    def on_epoch_end(self, epoch, logs=None):
        self.done += 1
        self._after_epochs(1)


def _alone(library: Library, name: str, settings: Settings, bag: int, after_epochs) -> Trained:
    begin, recipe, seed = time.monotonic(), settings.recipe, library.seed(name, bag)
    model, (rows, held, given) = library.model(name, bag), library.of_bag(bag)
    size = recipe.rows_a_step(len(rows))
    counted = _Counted(after_epochs)
    request = dataclasses.replace(library.request, callbacks=(counted,), checkpoint=None, seed=seed, verbose=0)
    augmentation = settings.traits.augmentation
    workload = Workload(num_rows=len(rows), batch_size=size, epochs=recipe.epochs, augmentation=augmentation)
    solves_line = line.is_needed(model)
    phases = Phases(model, settings, workload, request, None)
    how = {"batch_size": size, "shuffle": recipe.shuffle, "seed": seed, "augmentation": augmentation}
    encoded = rows_of_encoded(rows, held, **how)
    fit = network_fit.fit(model, phases, settings, encoded, solves_line=solves_line, seed=seed)
    if fit.fitted.interrupted:
        raise interruption.raised_again(fit.fitted.stopped)
    after_epochs(recipe.epochs - counted.done)
    losses = [value for values in fit.fitted.history.values() for value in values]
    problem = "" if np.all(np.isfinite(losses)) else "its loss was no longer finite"
    curve = _curve(fit.line.best_so_far, fit.fitted.history.get("val_loss", []))
    one = _trained(fit.model, bag, held, given, library, curve, time.monotonic() - begin, problem)
    budget = request.budget
    is_cut = budget is not None and fit.fitted.stopped == budget.reason and counted.done < recipe.epochs
    return dataclasses.replace(one, cut_short=is_cut)


def _curve(before: float | None, losses: Sequence[float]) -> list[float]:
    """Returns the losses by which an epoch was chosen, that of the line before the first among them."""
    return list(map(float, losses if before is None else [before, *losses]))


def _trained(
    model: Model,
    bag: int,
    held: Encoded,
    given: Encoded | None,
    library: Library,
    curve: list[float],
    seconds: float,
    problem: str = "",
) -> Trained:
    """Returns a trained network with what it answers for rows that it was not trained on."""

    def answers(rows: Encoded) -> np.ndarray:
        return keras.ops.convert_to_numpy(model.merged(keras.ops.convert_to_tensor(HeldOut(model, rows).outputs())))

    outputs = answers(held) if len(library.bags[bag].held) else np.zeros((0, model.network.outputs[0].shape[-1]))
    of_given = None if given is None else answers(given)
    found = [outputs] if of_given is None else [outputs, of_given]
    if not problem and not all(np.all(np.isfinite(part)) for part in found):
        problem = "it answers numbers that are not finite"
    weights = {layer.name: layer.get_weights() for layer in model.network.layers if layer.weights}
    return Trained(bag, weights, outputs.astype("float32"), of_given, curve, seconds, problem)
