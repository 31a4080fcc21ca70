"""`"auto"` in the place of an entry's name: which entry is taken for which data, by a table that anybody can read.

    zoo.train("auto", data, target="y", quality="good")    # auto: tabm_classifier, for a table of 5,000 rows, ...

The first row of `RULES` that suits the data is the choice. It depends on what comes in, on what is answered, on the
size and on `quality`, never on how well anything trains: nothing is searched, and nothing is trained to choose.
docs/auto.md has the same table with the measurements behind it.

The data are looked at by functions that import what reads them; the table itself is there without.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from zoo import registry
from zoo.registry import AUTO

if TYPE_CHECKING:
    from zoo.data.raw import Data

QUALITIES = ("fast", "good", "best")
DEFAULT_QUALITY = "good"
CLASSES, NUMBERS = "classifier", "regressor"  # what is answered: `zoo.tasks.task.Task.estimator`
TABLE, MIXED, STREAM, IMAGES, SEQUENCES = "table", "table with images or arrays", "stream", "images", "sequences"
WHOLE, IN_PARTS = (TABLE,), (MIXED, STREAM)  # what a committee takes, and what it does not
ANY = math.inf

COMMITTEES = {CLASSES: "committee_classifier", NUMBERS: "committee_regressor"}
# Of few rows, the other configurations of a committee take longer and add nothing to these two.
OF_TWO = {"members": ("tabm", "linear")}


class Rule(NamedTuple):
    """One row of the table.

    Args:
        inputs: What comes in, of the names above.
        answers: What is answered.
        qualities: The values of `quality`.
        entry: The entry that is taken.
        rows, columns, pixels: The most of each, of an image all of its pixels.
        options: Of the entry's builder.
    """

    inputs: tuple[str, ...]
    answers: str
    qualities: tuple[str, ...]
    entry: str
    rows: float = ANY
    columns: float = ANY
    pixels: float = ANY
    options: Mapping[str, Any] = {}


# Of more rows or columns, "good" is one training in the place of a committee's many.
FEW: dict[str, Any] = {"rows": 2_000, "columns": 300}
# A perceptron on all pixels has a weight for each pixel and unit; convolutions have as many at any size.
SMALL: dict[str, Any] = {"pixels": 64 * 64}

RULES = (
    Rule(WHOLE, CLASSES, ("fast",), "mlp_classifier"),
    Rule(WHOLE, CLASSES, ("good",), COMMITTEES[CLASSES], **FEW, options=OF_TWO),
    Rule(WHOLE, CLASSES, ("good",), "tabm_classifier"),
    Rule(WHOLE, CLASSES, ("best",), COMMITTEES[CLASSES]),
    Rule(WHOLE, NUMBERS, ("fast",), "mlp_regressor"),
    Rule(WHOLE, NUMBERS, ("good",), COMMITTEES[NUMBERS], **FEW, options=OF_TWO),
    Rule(WHOLE, NUMBERS, ("good",), "tabm_regressor"),
    Rule(WHOLE, NUMBERS, ("best",), COMMITTEES[NUMBERS]),
    Rule(IN_PARTS, CLASSES, ("fast",), "mlp_classifier"),
    Rule(IN_PARTS, CLASSES, ("good", "best"), "tabm_classifier"),
    Rule(IN_PARTS, NUMBERS, ("fast",), "mlp_regressor"),
    Rule(IN_PARTS, NUMBERS, ("good", "best"), "tabm_regressor"),
    Rule((IMAGES,), CLASSES, ("fast",), "image_mlp", **SMALL),
    Rule((IMAGES,), CLASSES, QUALITIES, "lenet", options={"modern": True}),
    Rule((IMAGES,), NUMBERS, QUALITIES, "mlp_regressor"),
)


class Facts(NamedTuple):
    """What the choice depends on beside `quality`.

    Args:
        inputs: What comes in.
        answers: What is answered.
        rows: How many rows.
        columns: How many columns are inputs; numbers in a row of an array.
        shape: `(height, width)` of images, else empty.
    """

    inputs: str
    answers: str
    rows: int
    columns: int = 0
    shape: tuple[int, ...] = ()

    def __str__(self) -> str:
        if self.inputs == IMAGES:
            return f"{self.rows:,} images of {' x '.join(map(str, self.shape))} pixels"
        size = f"{self.rows:,} rows x {self.columns:,} columns"
        if self.inputs == MIXED:
            return f"a table of {size}, images or arrays among them,"
        return f"a {self.inputs} of {size}"


@dataclasses.dataclass(frozen=True)
class Choice:
    """The entry that `"auto"` took.

    Args:
        entry: Its name.
        options: Of its builder.
        quality: What it was taken by, beside the data.
        why: The facts by which it was taken, in words.
        data: The data, loaded.
        target: The name of the target, a list of several, or None where the data know it.
    """

    entry: str
    options: dict[str, Any]
    quality: str
    why: str
    data: Any
    target: Any = None

    def __str__(self) -> str:
        return f"{AUTO}: {self.entry}, {self.why}"

    @property
    def listed(self) -> dict[str, str]:
        """The choice in plain values, for the record of a run."""
        return {"quality": self.quality, "why": self.why}

    def with_options(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Returns the options of the choice with those that the caller gave, which stand above them.

        Args:
            given: The caller's options.

        Raises:
            ValueError: if the entry has no such option.
        """
        known = registry.info(self.entry).options
        if unknown := [name for name in given if name not in known]:
            raise ValueError(
                f"Unknown option {unknown[0]!r} of {self.entry!r}, which {AUTO!r} took {self.why}."
                f"{registry.suggest(unknown[0], known)} It has: {', '.join(known)}. Leave the option out, or name the "
                f"entry that has it in the place of {AUTO!r}."
            )
        return {**self.options, **given}


def rule_for(facts: Facts, quality: str) -> Rule:
    """Returns the first row of the table that suits.

    Raises:
        ValueError: if none does; the message says what to do instead.
    """
    pixels = math.prod(facts.shape)
    for rule in RULES:
        if facts.inputs in rule.inputs and facts.answers == rule.answers and quality in rule.qualities:
            if facts.rows <= rule.rows and facts.columns <= rule.columns and pixels <= rule.pixels:
                return rule
    raise ValueError(
        f"{AUTO!r} takes tables and images. Received: {facts.inputs}. Pass each as one row, x.reshape(len(x), -1), or "
        "name an entry that takes them."
    )


def entries() -> list[str]:
    """Returns the names of all entries that may be taken."""
    return list(dict.fromkeys(rule.entry for rule in RULES))


def choice_for(
    name,
    data,
    *,
    quality: str | None,
    target=None,
    schema=None,
    ignore: str | Iterable = (),
    image_size=None,
    roles: Iterable[str | None] = (),
) -> Choice | None:
    """Returns the choice that a caller's name asks for, or None where the name is not `"auto"`.

    Args:
        name: `"auto"`, or whatever else a caller names; a choice that was made already is returned as it is.
        data, quality, target, schema, ignore, image_size, roles: As for `choose`.

    Raises:
        ValueError: as `choose`, or if a quality is asked of a single entry.
    """
    check_quality(quality)
    if isinstance(name, Choice):
        return name
    if not isinstance(name, str) or name != AUTO:
        if quality is not None:
            named = repr(name) if isinstance(name, str) else "a trained model"
            raise ValueError(
                f"`quality` is for {AUTO!r}, which takes an entry by it. Received: quality={quality!r} with {named}. "
                f"Pass {AUTO!r} in its place, or leave `quality` out."
            )
        return None
    how: dict[str, Any] = {"target": target, "schema": schema, "ignore": ignore, "image_size": image_size}
    return choose(data, quality=quality, roles=roles, **how)


def choose(
    data,
    *,
    quality: str | None = None,
    target=None,
    schema=None,
    ignore: str | Iterable = (),
    image_size=None,
    roles: Iterable[str | None] = (),
    answers: str | None = None,
) -> Choice:
    """Loads data and returns the entry that the table names for them.

    Of a stream, all rows are passed over once.

    Args:
        data: Anything that `zoo.data.load` takes.
        quality: `"fast"`, `"good"` or `"best"`; None for `"good"`.
        target: The target's column, or several as `["a", "b"]`; or its values beside a table.
        schema: A schema, or the path of one, or None.
        ignore: Columns that are no inputs.
        image_size: `(height, width)` that all images are resized to, or None.
        roles: Columns of groups and weights, which are no inputs, or None for each.
        answers: What must be answered, `CLASSES` or `NUMBERS`; None for what the target looks like.

    Raises:
        ValueError: if there are no data or no target, or the table has no row for them.
    """
    from zoo.data import doubts
    from zoo.data.names import resolved
    from zoo.data.sources import load
    from zoo.data.target_columns import beside

    check_quality(quality)
    if data is None:
        raise ValueError(f"{AUTO!r} takes an entry by the data. Received: none. Pass `data`, and `target`.")
    ignored = (ignore,) if isinstance(ignore, str) else tuple(ignore)
    data, target = beside(data, target)
    with doubts.collected() as doubtful:
        loaded = load(data, target=target, schema=schema, ignore=ignored, image_size=image_size)
        roles = [resolved(column, loaded.schema.names) for column in roles if column is not None]
        facts = facts_of(loaded, answers, roles)
        doubtful.discard(roles)
    quality = quality or DEFAULT_QUALITY
    rule = rule_for(facts, quality)
    return Choice(rule.entry, dict(rule.options), quality, f"for {facts} and quality {quality!r}", loaded, target)


def check_quality(quality) -> None:
    """Raises ValueError if `quality` is neither None nor one of the qualities."""
    if quality is not None and quality not in QUALITIES:
        raise ValueError(
            f"`quality` must be one of {', '.join(map(repr, QUALITIES))}.{registry.suggest(quality, QUALITIES)} "
            f"Received: quality={quality!r}"
        )


def facts_of(data: Data, answers: str | None = None, roles: Iterable = ()) -> Facts:
    """Returns the facts by which an entry is taken.

    Args:
        data: Loaded rows.
        answers: As for `choose`.
        roles: Columns that are no inputs though they are among those of the data.

    Raises:
        ValueError: if there is no target, or it is to be answered by what the table does not name.
    """
    from zoo.data import columns as kinds

    answers = answers or _answers(data)
    columns = [column for column in data.schema.columns if column.name not in roles]
    rows = data.sample().rows if data.streaming else len(data)
    if picture := kinds.the_picture(columns):
        return Facts(IMAGES, answers, rows, shape=tuple(picture.shape[:2]))
    if data.streaming:
        return Facts(STREAM, answers, rows, len(columns))
    if vector := kinds.the_vector(columns):
        is_sequence = len(vector.shape) > 1
        return Facts(SEQUENCES if is_sequence else TABLE, answers, rows, vector.shape[-1])
    is_mixed = any(column.shape for column in columns)
    return Facts(MIXED if is_mixed else TABLE, answers, rows, len(columns))


def _answers(data: Data) -> str:
    """Returns what is to be answered, by the schema's task, or by the values of the target where it names none."""
    if not data.targets and data.y is None:
        known = [name for name in registry.list_models() if _learns_without_target(name)]
        columns = f", of {', '.join(map(str, data.schema.names))}" if data.column_names else ""
        raise ValueError(
            f"{AUTO!r} takes an entry by the target, and there is none. Pass `target=` with a column's name{columns}; "
            f"or name an entry that learns without one: {', '.join(known)}."
        )
    task = _task(data)
    if task.estimator in (CLASSES, NUMBERS):
        return task.estimator
    others = registry.list_models(task=task.name)
    raise ValueError(
        f"{AUTO!r} takes entries that answer classes, labels or numbers. Received: the task {task.name!r}. Name an "
        f"entry that does it: {', '.join(others) or 'there is none'}."
    )


def _task(data: Data):
    from zoo.data.infer import infer_task
    from zoo.data.targets import of_frame

    if data.schema.task is not None:
        return registry.load_task(data.schema.task)
    import numpy as np
    import pandas as pd

    y = of_frame(data.sample().frame, data.targets) if data.streaming else data.y
    if (np.ndim(y) == 1 or np.shape(y)[1] == 1) and (name := infer_task(pd.Series(np.ravel(y)))):
        return registry.load_task(name)
    of_tables = [rule.entry for rule in RULES if TABLE in rule.inputs]
    tasks = [registry.load_task(name) for entry in of_tables for name in registry.info(entry).tasks]
    reasons = [task.suits(y) for task in tasks]
    suitable = [task for task, reason in zip(tasks, reasons, strict=True) if not reason]
    if not suitable:
        raise ValueError(reasons[0])
    return suitable[0]


def _learns_without_target(name: str) -> bool:
    entry = registry.info(name)
    return entry.learning != "none" and not any(registry.load_task(task).supervised for task in entry.tasks)
