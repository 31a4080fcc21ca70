"""The procedure of a committee: each configuration trains on every bag, and out-of-fold answers decide on its weight.

    rows --bags--> networks of each configuration --> out-of-fold answers --greedy--> weights --> one network

The preprocessor is fitted on all training rows: its statistics of numbers see no target. What tells the rows of a bag,
levels that they do not hold, are constants in front of that bag's networks (`zoo.layers.known_levels`). So an
out-of-fold answer knows of its row what the row's own columns say, and what was taken from all training rows: the
statistics of numbers, of numbers to predict the mean and the spread, and their lowest and highest one where answers end
there (`output_activation="clip"` or `"sigmoid"`). Its network was not trained on the row, but the rows of the fold
chose the network's epoch; what that makes the losses too low by is added to them
(`zoo.solvers.ensemble_weights.optimism`), to those of configurations and of the whole. One bag alone has no other
that would say by how much, and nothing is added.

See `zoo.models.ensemble_selection` for the paper and the table of configurations.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from zoo import display
from zoo.building import assemble
from zoo.compiling import compile_model
from zoo.data.pipelines import Encoded
from zoo.engine import interruption
from zoo.engine.fitting import Fitted
from zoo.layers.pool import pooled
from zoo.model import Model
from zoo.models.ensemble_selection import CONFIGURATIONS, check_bags, checked_members, prefix_of
from zoo.registry import Entry
from zoo.solvers import ensemble_weights
from zoo.training.bag_store import BagStore
from zoo.training.bag_training import Library
from zoo.training.bags import Bags, joined, known_levels, parted, rows_of
from zoo.training.configurations import NO_TIME, Candidate, train_configurations
from zoo.training.coverage import check_rows_of_bags
from zoo.training.finishing import HeldOut
from zoo.training.procedures import Call, Learnt, checked_by
from zoo.training.rows import fingerprint_of, fingerprint_of_arrays, identity_of, rows_in_memory
from zoo.training.settings import Settings

REFUSED = {
    "optimizer": "each of its configurations has an optimizer of its own",
    "learning_rate": "each of its configurations has a learning rate of its own",
    "loss": "its networks are weighed by the loss that they are trained by",
    "solver": "its networks are trained by their recipes",
    "freeze": "its networks are fresh, and nothing in them is to stand still",
    "callbacks": "there is no one model to tell them of before the last of its networks is trained",
    "engine": "each of its configurations runs as suits it",
}


def check_asked(entry: Entry, options: Mapping[str, Any], given: Mapping[str, Any]) -> None:
    """Checks what the caller asks of a committee, before rows are loaded.

    Args:
        entry: The committee's.
        options: The builder's.
        given: Arguments of the training, by their names; None for those that were left out.

    Raises:
        ValueError: if something is asked that its networks cannot all follow, an option is out of its range, or the
            data are a stream.
    """
    name = entry.name
    for argument, why in REFUSED.items():
        if (value := given.get(argument)) is not None:
            shown = argument if isinstance(value, (list, tuple)) or callable(value) else f"{argument}={value!r}"
            raise ValueError(
                f"`{argument}` cannot be asked of {name!r}: {why}. Received: {shown}. Leave it out, or train one of "
                "its configurations alone."
            )
    if options["weights"] is not None:
        raise ValueError(
            f"`weights` are what the training of {name!r} chooses. Received: weights={options['weights']!r}. Leave "
            "them out, or build a model with them, zoo.build, and train that."
        )
    checked_members(options["members"])
    check_bags(options["bags"])
    _check_rows(name, getattr(given.get("data"), "streaming", False))


def _check_rows(name: str, streaming: bool) -> None:
    if streaming:
        raise ValueError(
            f"{name!r} is trained on folds: a committee needs all rows in memory. Received: a stream. Load the data "
            "with `stream=False`, or train one network."
        )


def check_call(call: Call) -> None:
    """Checks the rows and the place of a training.

    Raises:
        ValueError: if the rows are a stream, or several processes are to train.
    """
    name = call.entry.name
    _check_rows(name, call.parts.streaming)
    if call.request.devices.cluster is not None:
        raise ValueError(
            f"{name!r} is trained in one process. Received: workers of TF_CONFIG. Unset it, or train one network."
        )


@checked_by(check_asked)
def train_committee(call: Call) -> Learnt:
    """Trains the configurations of a committee on folds, weighs them, and returns them as one model.

    Args:
        call: What is to be trained.

    Raises:
        ValueError: if something cannot be asked of a committee, or there are too few rows for its folds or for
            intervals, or none of its configurations can be trained.
        KeyboardInterrupt: after Ctrl-C before the first configuration is trained.
    """
    check_call(call)
    options = {**call.entry.options, **call.settings.options}
    names = checked_members(options["members"])
    seed, verbose = call.request.seed, call.request.verbose
    bags = parted(call.parts, options["bags"], call.given, share=call.share, seed=seed)
    _check_intervals(call, bags)
    if verbose:
        print(_opening_line(call, bags), flush=True)
    library = _library(call, bags, names)
    store = _store(call, bags, library)
    # The line takes a second at most, and answers where nothing else is there.
    in_order = sorted(names, key=lambda name: not CONFIGURATIONS[name].is_line)
    candidates, stopped = train_configurations(library, in_order, store, verbose)
    candidates, learnt = sorted(candidates, key=lambda one: names.index(one.name)), None
    try:
        with interruption.uninterrupted():  # this takes seconds, and without weights there is no model
            learnt = _learnt(call, library, bags, candidates, stopped)
    except KeyboardInterrupt as interrupt:
        if learnt is None:
            raise
        fitted = dataclasses.replace(learnt.fitted, interrupted=True, stopped=interruption.reason(interrupt))
        learnt = dataclasses.replace(learnt, fitted=fitted)
    return learnt


def _check_intervals(call: Call, bags: Bags) -> None:
    """Raises ValueError if the rows that will be held out are too few for the intervals that the caller asks for."""
    held = np.concatenate([bag.held for bag in bags.bags])
    by_folds = call.given.get("time") is None and len(held) > 0
    intervals, weight = call.answers.get("intervals"), _row_weight(call, held)
    check_rows_of_bags(intervals, call.parts, len(held), weight, grows_by_bags=by_folds)


def _store(call: Call, bags: Bags, library: Library) -> BagStore:
    """Returns the folder of the networks, which knows by all that they depend on whether it belongs to this run."""
    if call.request.checkpoint is None:
        return BagStore(None, {})
    rows, given = library.rows, library.given
    identity = {
        **identity_of(call.entry, call.request.seed, dict(call.record), call.parts, rows),
        "bags": len(bags),
        "folds": fingerprint_of_arrays(part for bag in bags.bags for part in (bag.train, bag.held)),
        "weights": fingerprint_of_arrays([rows.weight]),
        "validation": None if given is None else [fingerprint_of(given), fingerprint_of_arrays([given.weight])],
        "dtype_policy": keras.config.dtype_policy().name,
        "backend": keras.backend.backend(),
    }
    return BagStore(call.request.checkpoint, identity, [len(bag.held) for bag in bags.bags])


def _opening_line(call: Call, bags: Bags) -> str:
    rows, device = display.count(len(call.parts.train), "row"), call.request.devices
    return f"{call.entry.name} on {call.parts.source}: {rows}, {display.count(len(bags), 'bag')}; {device.text}"


def _library(call: Call, bags: Bags, names: tuple[str, ...]) -> Library:
    """Returns what the networks are trained on: encoded rows, with weights of rows and classes."""
    given = {name: call.given[name] for name in ("epochs", "batch_size") if call.given.get(name) is not None}
    options = {name: call.settings.options[name] for name in ("output_activation",) if name in call.settings.options}
    library = Library(call.preprocessor, Encoded({}), None, bags.bags, options, given, call.request)
    some = library.model(next(iter(names)), 0) or assemble(call.entry, call.preprocessor, call.settings.options)
    rows = rows_in_memory(
        call.parts,
        some,
        batch_size=1,
        shuffle=False,
        seed=call.request.seed,
        class_weight=call.settings.class_weight,
        verbose=call.request.verbose,
    )
    return dataclasses.replace(library, rows=rows.encoded, given=rows.held_out)


def _learnt(call: Call, library: Library, bags: Bags, candidates: list[Candidate], stopped: str) -> Learnt:
    """Weighs the configurations, and makes one network of those whose weight is not zero."""
    able = [one for one in candidates if not one.problem and len(one.networks) == len(bags)]
    if not able:
        said = "; ".join(f"{one.name}: {one.problem}" for one in candidates)
        raise ValueError(
            f"A committee must have a configuration that can be trained. Received: {said}. Look at the data, or pass "
            "other `members`."
        )
    judge = library.model(able[0].name, 0)
    compile_model(judge, library.settings(able[0].name).recipe)
    mean = judge.task.mean_of(judge.decision)
    held = np.concatenate([bag.held for bag in bags.bags])
    order = np.argsort(held, kind="stable")
    row_weight = _row_weight(call, held[order])
    rows = joined(rows_of(library.rows, held[order]), library.given)
    outputs = np.stack([_out_of_fold(one, order, mean) for one in able], axis=1)  # (rows, configurations, outputs)
    judged = HeldOut(judge, rows)

    def answer(weights) -> np.ndarray:
        shares = keras.ops.convert_to_tensor(np.asarray(weights, "float32"))
        return keras.ops.convert_to_numpy(pooled(keras.ops.convert_to_tensor(outputs), shares, mean=mean))

    optimism = np.array([ensemble_weights.optimism([one.curve for one in each.networks.values()]) for each in able])
    weights, losses = ensemble_weights.greedy(
        lambda weights: judged.loss(answer(weights)) + float(optimism @ weights), len(able)
    )
    chosen = [(one, float(weight)) for one, weight in zip(able, weights, strict=True) if weight > 0.0]
    alone = [judged.loss(answer(row)) + float(optimism @ row) for row in np.eye(len(able))]
    facts = _facts(call, candidates, able, weights, alone, losses, len(bags))
    model = _model(call, library, bags, chosen)
    interrupted = bool(stopped)
    stopped = stopped or _ended(call, candidates)
    best = int(np.argmin(losses))
    fitted = Fitted({"val_loss": losses}, stopped, interrupted, best, losses[best])
    record = {"counted": "pick", "committee": facts, "finished": _said(candidates, chosen)}
    return Learnt(model, fitted, library.rows, rows, answer(weights), row_weight, record, bags.said)


def _row_weight(call: Call, held: np.ndarray) -> np.ndarray | None:
    """Returns the sample weights of the rows that weigh, without those of their classes; None where none has any."""
    own, given = call.parts.weights(call.parts.train), call.parts.held_out_weights
    if own is None and given is None:
        return None
    own = np.ones(len(held)) if own is None else own[held]
    given = np.ones(call.parts.val_rows) if given is None else given
    return np.concatenate([own, given])


def _out_of_fold(candidate: Candidate, order: np.ndarray, mean: str) -> np.ndarray:
    """Returns what a configuration answers for the rows that weigh it, `(rows, outputs)`.

    A training row is answered by the network of the bag that it is held out from, a row that the caller gave to
    validate on by all of the networks.
    """
    networks = [candidate.networks[bag] for bag in sorted(candidate.networks)]
    found = np.concatenate([one.outputs for one in networks])[order].astype("float32")
    if networks[0].given is None:
        return found
    beside = keras.ops.convert_to_tensor(np.stack([one.given for one in networks], axis=1))
    equal = keras.ops.convert_to_tensor(np.full(len(networks), 1.0 / len(networks), "float32"))
    return np.concatenate([found, keras.ops.convert_to_numpy(pooled(beside, equal, mean=mean))])


def _options(bags: Bags, chosen: list[tuple[Candidate, float]]) -> dict[str, Any]:
    """Returns the builder's options by which the network is built again."""
    return {
        "members": [one.name for one, _ in chosen],
        "bags": len(bags),
        "weights": [weight for _, weight in chosen],
    }


def _model(call: Call, library: Library, bags: Bags, chosen: list[tuple[Candidate, float]]) -> Model:
    """Returns the compiled model of the chosen configurations, with the weights of their networks."""
    settings: Settings = call.settings
    options = {**settings.options, **_options(bags, chosen)}
    model = assemble(call.entry, call.preprocessor, options, seed=call.request.seed, compiled=False)
    layers: Mapping[str, keras.layers.Layer] = {layer.name: layer for layer in model.network.layers}
    for one, _ in chosen:
        for bag, trained in one.networks.items():
            for name, weights in trained.weights.items():
                layers[f"{prefix_of(one.name, bag)}{name}"].set_weights(weights)
    for number, bag in enumerate(bags.bags):
        if (known := known_levels(library.rows, bag, library.sizes)) is not None:
            layers[f"known_levels_{number}"].set_weights([known])
    compile_model(model, model.recipe)
    return model


def _facts(call: Call, candidates, able, weights, alone, losses: list[float], bags: int) -> dict[str, Any]:
    """Returns what the run and the card say of each configuration, in plain values."""
    of_able = {one.name: (float(loss), float(weight)) for one, loss, weight in zip(able, alone, weights, strict=True)}
    configurations: dict[str, Any] = {}
    for one in candidates:
        loss, weight = of_able.get(one.name, (None, 0.0))
        configurations[one.name] = {
            "loss": loss,
            "weight": weight,
            "bags": len(one.networks),
            "seconds": round(one.seconds, 2),
            **({"left_out": one.problem or "its weight is 0"} if not weight else {}),
            **({"ended": call.request.budget.reason} if one.is_cut_short and call.request.budget else {}),
        }
    return {"bags": bags, "loss": min(losses), "picks": len(losses), "configurations": configurations}


def _ended(call: Call, candidates: list[Candidate]) -> str:
    """Returns why a training ended that nothing interrupted."""
    budget = call.request.budget
    if budget is not None and any(one.problem == NO_TIME or one.is_cut_short for one in candidates):
        budget.stopped = budget.reason
        return budget.reason
    return "every configuration is trained"


def _said(candidates: list[Candidate], chosen: list[tuple[Candidate, float]]) -> str:
    """Returns the weights and what was left out, as a clause."""
    cut = {True: ", cut short", False: ""}
    said = f"weights {', '.join(f'{one.name} {weight:.2g}{cut[one.is_cut_short]}' for one, weight in chosen)}"
    names = [one.name for one, _ in chosen]
    left = [f"{one.name} ({one.problem or 'no gain'})" for one in candidates if one.name not in names]
    return f"{said}; without {', '.join(left)}" if left else said
