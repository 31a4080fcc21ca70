"""The registry: which networks and tasks there are. They are added, found and listed without importing Keras.

    register, register_task          add to the zoo
    info, resolve, find              the entry of a name
    list_models                      names by task, year and pattern
    load_task                        the task of a name

A row of the table in `zoo/models/__init__.py` is an entry (`zoo.entries`); other packages add theirs through entry
points (`zoo.plugins`). What a builder's module needs is imported from here: `Recipe`, `Traits` and `Spec`.
"""

from __future__ import annotations

import fnmatch
import importlib
import operator
import pathlib
import re
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from zoo import former_names, package_data
from zoo.entries import Entry as Entry
from zoo.importing import attribute
from zoo.importing import suggest as suggest
from zoo.plugins import load_plugins
from zoo.recipes import Player as Player
from zoo.recipes import Recipe as Recipe
from zoo.recipes import Traits as Traits
from zoo.spec import Spec as Spec

if TYPE_CHECKING:
    from zoo.tasks.task import Task

# Where each task is; `load_task` loads them, and other packages add theirs.
TASKS = {
    name: f"zoo.tasks.{name}:TASK"
    for name in (
        "classification",
        "multilabel",
        "regression",
        "logic",
        "association",
        "map",
        "dynamics",
        "features",
    )
}
LEARNING = ("gradient", "rule", "none")
AUTO = "auto"  # no entry: takes the place of a name, and `zoo.automatic` takes an entry by the data
_NAME = re.compile(r"([a-z][a-z0-9_]*/)?[a-z][a-z0-9_]*")
_TASK_NAME = re.compile(r"[a-z][a-z0-9_]*/[a-z][a-z0-9_]*")
_entries: dict[str, Entry] = {}
_tasks: dict[str, Any] = {}  # those that were loaded, by where they are


def register(
    name: str,
    *,
    builder: str | Callable,
    task: str | Iterable[str],
    year: int,
    paper: str,
    summary: str,
    learning: str = "gradient",
    formerly: Iterable[str] = (),
    defaults: Mapping[str, Any] | None = None,
) -> Entry:
    """Adds a network to the zoo.

    Args:
        name: What `zoo.build` takes. Letters, digits and `_`; packages outside the zoo put theirs before: `"pkg/net"`.
        builder: The builder or `"module:function"`, imported when it is first built. Its module holds `RECIPE`,
            and `TRAITS` where functions belong to it.
        task: One of `zoo.registry.TASKS`, or several, such as `("classification", "multilabel")`: a model does the
            first that suits its targets.
        year: Year of the paper.
        paper: Reference with a DOI or an address.
        summary: One line.
        learning: `"gradient"`, `"rule"` or `"none"` (nothing to train).
        formerly: Former names of the network. They keep working, and so do the artifacts that were saved under them,
            with a warning that names the new one.
        defaults: Options of the builder that have another default here, of a builder that several entries share.

    Returns:
        The entry.

    Raises:
        ValueError: if the name or a former one is taken or malformed, or task or learning are not in the lists.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(f"`name` must be like 'my_net' or 'package/my_net', in lower case. Received: name={name!r}")
    if name == AUTO:
        raise ValueError(f"`name` must not be {AUTO!r}, by which an entry is taken by the data. Choose another.")
    former_names = () if isinstance(formerly, str) else tuple(dict.fromkeys(formerly))
    if isinstance(formerly, str) or not all(isinstance(old, str) and _NAME.fullmatch(old) for old in former_names):
        raise ValueError(f"`formerly` must be names, such as ('old_net',). Received: formerly={formerly!r}")
    tasks = (task,) if isinstance(task, str) else tuple(task)
    if not tasks:
        raise ValueError(f"`task` must be one of {', '.join(TASKS)}, or several. Received: none.")
    for one in tasks:
        check_task(one)
    if learning not in LEARNING:
        raise ValueError(f"`learning` must be one of {', '.join(LEARNING)}. Received: learning={learning!r}")
    importlib.import_module("zoo.models")  # the zoo's own entries are registered before those of plugins
    entry = Entry(name, builder, tasks[0], year, paper, summary, learning, former_names, tasks, dict(defaults or {}))
    if _entries.get(name, entry) != entry:
        raise ValueError(
            f"The name {name!r} is taken by {_entries[name].builder}. Choose another, such as 'mine/{name}'."
        )
    _check_former_names(entry)
    _entries[name] = entry
    return entry


def register_task(name: str, where: str) -> None:
    """Adds a task to the zoo, for networks whose answers are of another kind than the zoo's own tasks have.

    Args:
        name: Its name behind the package's, `"package/task"`.
        where: `"module:OBJECT"` of a `zoo.tasks.task.Task`, imported when it is first used.

    Raises:
        ValueError: if the name is malformed, or taken.
    """
    if not _TASK_NAME.fullmatch(str(name)):
        raise ValueError(f"`name` must be like 'package/task', in lower case. Received: name={name!r}")
    if not re.fullmatch(r"[\w.]+:\w+", str(where)):
        raise ValueError(f"`where` must be like 'package.tasks:COUNTS'. Received: where={where!r}")
    if TASKS.setdefault(name, where) != where:
        raise ValueError(f"The task {name!r} is taken by {TASKS[name]}. Choose another name.")


def is_task(name) -> bool:
    """Returns whether there is a task of that name, among those of other packages too."""
    if isinstance(name, str) and "/" in name and name not in TASKS:
        load_plugins()
    return name in TASKS


def check_task(name: str) -> None:
    """Raises ValueError if there is no such task."""
    if not is_task(name):
        package = name.partition("/")[0] if isinstance(name, str) and "/" in name else ""
        outside = f" Install the package that registers it, {package}." if package else ""
        raise ValueError(
            f"`task` must be one of {', '.join(TASKS)}. Received: task={name!r}.{suggest(name, TASKS)}{outside}"
        )


def load_task(name: str | None) -> Task:
    """Returns the task of a name.

    Args:
        name: The name, or None for the base of all tasks, by which outputs are the answers.

    Raises:
        ValueError: if there is no such task.
        TypeError: if what is registered is no task, has another name, or has not the form of the protocol.
    """
    if name is not None:
        check_task(name)
    where = place_of_task(name)
    if where not in _tasks:
        task = attribute(where, f"the task {name!r}")
        module_of_tasks = importlib.import_module("zoo.tasks.task")
        if not isinstance(task, module_of_tasks.Task) or task.name != (name or ""):
            raise TypeError(
                f"{where!r} must be an instance of zoo.tasks.task.Task with the name {name!r}. Received: {task!r}."
            )
        importlib.import_module("zoo.tasks.protocol").check_protocol(task)
        _tasks[where] = task
    return _tasks[where]


def place_of_task(name: str | None) -> str:
    """Returns `"module:OBJECT"` of a task; of None the base of all tasks."""
    return "zoo.tasks.task:TASK" if name is None else TASKS[name]


def _check_former_names(entry: Entry) -> None:
    """Raises ValueError if the name or a former name of the entry belongs to another entry."""
    others = [other for other in _entries.values() if other.name != entry.name]
    for other in others:
        if entry.name in other.formerly:
            raise ValueError(
                f"The name {entry.name!r} is a former name of {other.name!r}, whose artifacts load by it. Choose "
                "another."
            )
    for old in entry.formerly:
        owner = next((e for e in (entry, *others) if old == e.name), None)
        if owner is not None:
            raise ValueError(
                f"The former name {old!r} of {entry.name!r} is the name of {owner.builder}. Leave it out of `formerly`."
            )
        if owner := next((other for other in others if old in other.formerly), None):
            raise ValueError(
                f"The former name {old!r} of {entry.name!r} is a former name of {owner.name!r} too. One of the two "
                "must leave it out of `formerly`."
            )


def _entries_by_year() -> list[Entry]:
    load_plugins()
    return sorted(_entries.values(), key=lambda entry: (entry.year, entry.name))


_COMPARISONS = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "": operator.eq,
}


def _matches_year(entry: Entry, year: int | str | None) -> bool:
    if year is None:
        return True
    match = re.fullmatch(r"\s*(<=|>=|<|>|=|)=?\s*(\d{4})\s*", str(year))
    if not match:
        raise ValueError(f"`year` must be a year or a comparison such as '<1970'. Received: year={year!r}")
    return _COMPARISONS[match[1]](entry.year, int(match[2]))


def list_models(
    pattern: str = "*",
    *,
    task: str | None = None,
    year: int | str | None = None,
    exclude: str | Iterable[str] = (),
    pretrained: bool = False,
) -> list[str]:
    """Lists the names of the zoo's models by year, then by name.

    Args:
        pattern: Shell-style pattern of names.
        task: Only this task, such as `"regression"`.
        year: A year, or a comparison: `1958`, `"<1970"`.
        exclude: Pattern or patterns of names to leave out.
        pretrained: List presets instead, as `"entry.tag"`.

    Returns:
        A list of names for `zoo.build`.

    Raises:
        ValueError: if task or year are malformed.
    """
    if task is not None:
        check_task(task)
    excluded = (exclude,) if isinstance(exclude, str) else tuple(exclude)
    entries = [
        entry for entry in _entries_by_year() if (task is None or task in entry.tasks) and _matches_year(entry, year)
    ]
    names = [f"{e.name}.{tag}" for e in entries for tag in e.presets] if pretrained else [e.name for e in entries]
    return [
        n for n in names if fnmatch.fnmatchcase(n, pattern) and not any(fnmatch.fnmatchcase(n, x) for x in excluded)
    ]


def info(name: str) -> Entry:
    """Returns the facts of one entry, by its name or a preset's. A former name works too, with a FutureWarning.

    Args:
        name: An entry's name, or a preset's.

    Raises:
        ValueError: if there is no such model; the message offers the nearest names. So it is of `"auto"`, which is no
            model but takes one by the data.
    """
    entry = resolve(name)
    warn_renamed(name.partition(".")[0], entry)
    return entry


def resolve(name: str) -> Entry:
    """Returns an entry as `info` does, without a warning of a former name."""
    base, dot, tag = str(name).partition(".")
    entry = find(base) if isinstance(name, str) else None
    if entry is None:
        names = [entry.name for entry in _entries_by_year()]
        if name == AUTO:
            raise ValueError(
                f"{AUTO!r} is no model: it takes one by the data, as zoo.train({AUTO!r}, data, target=...), and "
                f"docs/auto.md says which. Name one of the models here: {', '.join(names)}."
            )
        raise ValueError(f"Unknown model {name!r}.{suggest(name, names)} The zoo has: {', '.join(names)}.")
    if dot and tag not in entry.presets:
        tags = ", ".join(f"{entry.name}.{t}" for t in entry.presets) or "none"
        raise ValueError(f"Unknown preset {name!r}. The presets of {entry.name!r} are: {tags}.")
    return entry


def find(name: str) -> Entry | None:
    """Returns the entry of a name or former name, or None. The name of a preset is not the name of an entry."""
    entries = _entries_by_year()
    return _entries.get(name) or next((entry for entry in entries if name in entry.formerly), None)


def warn_renamed(name: str, entry: Entry) -> None:
    """Warns if `name` is a former name of the entry. The warning points at the first caller outside zoo and Keras."""
    if name == entry.name:
        return
    former_names.warn(
        f"The model {name!r} is now called {entry.name!r}. Use the new name; an artifact that was saved under the old "
        "one gets it when it is loaded and saved again."
    )


def preset_folder(name: str) -> pathlib.Path | None:
    """Returns the folder of a preset, or None. A former name of its entry works too, with a warning."""
    base, _, tag = name.partition(".")
    entry = find(base)
    if entry is None or not tag or "/" in tag:
        return None
    for entry_name in (base, entry.name, *entry.formerly):
        folder = package_data.package_folder("saved_models") / f"{entry_name}.{tag}"
        if (folder / "artifact.json").is_file():
            if entry_name != base:  # otherwise loading the artifact warns: it was saved under the former name
                warn_renamed(base, entry)
            return folder
    return None
