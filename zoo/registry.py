"""The registry: which networks there are, in plain facts that can be read without importing Keras.

    Entry    one name: task, learning, year, paper, summary, and where its builder is
    Recipe   how an entry trains when the caller says nothing: plain values alone (see `zoo.recipes`)
    Traits   the functions beside a recipe, and what they say of the network
    Spec     what a builder sees: the inputs and outputs to build for, neither data nor schema

A row of the table in `zoo/models/__init__.py` is an entry. A package of someone else's adds its own through an
entry point of the group `zoo.models` that names a light module calling `zoo.register`.
"""

from __future__ import annotations

import ast
import dataclasses
import difflib
import fnmatch
import functools
import importlib
import importlib.util
import inspect
import operator
import pathlib
import re
import sys
import threading
import warnings
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from zoo import notices
from zoo.recipes import Player as Player
from zoo.recipes import Recipe as Recipe
from zoo.recipes import Traits as Traits

if TYPE_CHECKING:
    import keras

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


@dataclasses.dataclass(frozen=True)
class Spec:
    """The inputs and outputs that a builder builds for.

    Args:
        task: The name of a task, one of `TASKS`.
        num_outputs: Network outputs, as the task has them: 1 for two classes, otherwise the number of classes, of
            targets or of labels.
        num_inputs: Width of the one tensor `inputs` (raw preprocessing). None where no data were given and the
            options decide.
        sequences: Whether `inputs` has an axis of time before that of its width.
        input_offsets: What was subtracted from each of `inputs`, in float64, since float32 does not resolve the
            differences of such large numbers (`Recipe.centred`); empty where nothing was.
        num_numeric: Width of the tensor `numeric` (tabular): scaled numbers and 0/1 flags.
        linear: Whether a line that is solved before the training may stand beside the network (`Recipe.linear`).
        num_linear: Width of the tensor `linear` (tabular): standardised numbers and 0/1 flags.
        num_quantile: Width of the tensor `quantile` (tabular): ranks in [0, 1].
        max_bins: The most bins that each rank may be expanded to, by the recipe's `feature_budget`; None for no limit.
        categorical_sizes: Levels of each column of the tensor `categorical` (tabular). Index 0 is what was not seen.
        image_shape: `(height, width, channels)` of the tensor `image`.
        tensors: Further encoded tensors, of a table that holds several images or arrays: `(shape, dtype)` by name.
        num_rows: Rows of the data that are built for, where that is known.
        num_targets: Width of the numbers beside the data, of an entry that learns pairs (`Recipe.targets`).
        seed: Seed of the initial weights.
    """

    task: str
    num_outputs: int = 1
    num_inputs: int | None = None
    sequences: bool = False
    input_offsets: tuple[float, ...] = ()
    num_numeric: int = 0
    linear: bool = False
    num_linear: int = 0
    num_quantile: int = 0
    max_bins: int | None = None
    categorical_sizes: tuple[int, ...] = ()
    image_shape: tuple[int, int, int] | None = None
    tensors: Mapping[str, tuple[tuple[int | None, ...], str]] = dataclasses.field(default_factory=dict)
    num_rows: int | None = None
    num_targets: int | None = None
    seed: int = 0

    def refuse_sequences(self) -> None:
        """Raises ValueError for sequences: for builders of what takes one vector a row."""
        if self.sequences:
            raise ValueError(
                "This model takes one vector a row. Received: sequences (rows, time, inputs). Pass each as one row, "
                "x.reshape(len(x), -1); images must be uint8."
            )

    def refuse_tensors(self) -> None:
        """Raises ValueError for a table of images and arrays alone: for builders of what takes none of `tensors`."""
        if self.tensors:
            raise ValueError(
                "This model takes numbers, categories and at most one image a row. Received: the images and arrays "
                f"{', '.join(self.tensors)} alone. Leave all but one image out, `ignore=[...]`, or take a network that "
                "combines them."
            )

    def inputs(self) -> dict[str, keras.KerasTensor]:
        """Returns the named Keras inputs: inputs, numeric, linear, quantile, ..., `tensors`, as they exist."""
        import keras

        inputs = {}
        if self.num_inputs:
            shape = (None, self.num_inputs) if self.sequences else (self.num_inputs,)
            inputs["inputs"] = keras.Input(shape, name="inputs")
        if self.num_numeric:
            inputs["numeric"] = keras.Input((self.num_numeric,), name="numeric")
        if self.num_linear:
            inputs["linear"] = keras.Input((self.num_linear,), name="linear")
        if self.num_quantile:
            inputs["quantile"] = keras.Input((self.num_quantile,), name="quantile")
        if self.categorical_sizes:
            inputs["categorical"] = keras.Input((len(self.categorical_sizes),), name="categorical", dtype="int32")
        if self.image_shape:
            inputs["image"] = keras.Input(self.image_shape, name="image", dtype="uint8")
        for name, (shape, dtype) in self.tensors.items():
            inputs[name] = keras.Input(shape, name=name, dtype=dtype)
        return inputs


@dataclasses.dataclass(frozen=True)
class Entry:
    """One network of the zoo, in plain facts. `options` and `presets` are looked up when asked for.

    Args:
        name: What `zoo.build` takes.
        builder: The builder, or `"module:function"`.
        task: The name of what its models answer; of several, the first.
        year: Year of the paper.
        paper: Reference with a DOI or an address.
        summary: One line.
        learning: `"gradient"`, `"rule"` or `"none"` (nothing to train).
        formerly: Former names.
        tasks: All tasks, `task` first; the one that suits the data is the model's.
        defaults: Options of the builder that have another default here.
    """

    name: str
    builder: str | Callable = dataclasses.field(repr=False)
    task: str
    year: int
    paper: str
    summary: str
    learning: str = "gradient"
    formerly: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    defaults: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def __post_init__(self):
        object.__setattr__(self, "tasks", self.tasks or (self.task,))

    def __repr__(self) -> str:
        return f"Entry({self.name!r}, {self.year}, {' or '.join(self.tasks)}: {self.summary})"

    def _repr_html_(self) -> str:
        from zoo import display

        try:
            options, meanings = self.options, self.option_meanings
        except Exception as error:  # the builder of a plugin cannot be imported: the other facts are shown
            options, meanings, problem = {}, {}, f"cannot be read: {type(error).__name__}: {error}"
        else:
            problem = "" if options else "none"
        known = {
            "year": str(self.year),
            "task": " or ".join(self.tasks),
            "learning": self.learning,
            "paper": display.linked(self.paper),
            "presets": display.listed([f"{self.name}.{tag}" for tag in self.presets]),
            "formerly": display.listed(self.formerly),
            "options": problem,
        }
        rows = ((name, repr(default), display.escaped(meanings[name], 1000)) for name, default in options.items())
        table = display.table(("option", "default", "meaning"), rows, total=len(options)) if options else ""
        return display.card(f"{self.name}: {self.summary}", display.facts(known), table)

    @property
    def options(self) -> dict[str, Any]:
        """The builder's options and their defaults, read from its source; imports it where that does not tell them."""
        function = _builder_syntax(self.builder)
        try:
            own = {a.arg: ast.literal_eval(d) for a, d in zip(function.args.kwonlyargs, function.args.kw_defaults)}
        except (AttributeError, ValueError):  # no source to read; a default that is an expression, or none at all
            parameters = inspect.signature(load_builder(self)).parameters.values()
            keyword_only = [parameter for parameter in parameters if parameter.kind is parameter.KEYWORD_ONLY]
            own = {parameter.name: parameter.default for parameter in keyword_only}
        return {**own, **self.defaults}

    @property
    def option_meanings(self) -> dict[str, str]:
        """What the builder's docstring says of each option, "" where nothing."""
        function = _builder_syntax(self.builder)
        text = ast.get_docstring(function) if function else inspect.getdoc(load_builder(self))
        return {name: _argument(text or "", name) for name in self.options}

    @property
    def presets(self) -> list[str]:
        """Tags of the trained weights shipped with the zoo."""
        folder = package_folder("saved_models")
        found = (path for name in (self.name, *self.formerly) for path in folder.glob(f"{name}.*"))
        return sorted({path.name.partition(".")[2] for path in found if (path / "artifact.json").is_file()})


_NAME = re.compile(r"([a-z][a-z0-9_]*/)?[a-z][a-z0-9_]*")
_TASK_NAME = re.compile(r"[a-z][a-z0-9_]*/[a-z][a-z0-9_]*")
_entries: dict[str, Entry] = {}
_tasks: dict[str, Any] = {}  # those that were loaded, by where they are
_loaded = False
_loading = False
_plugins_lock = threading.RLock()


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
        TypeError: if what is registered is no task, or has another name.
    """
    if name is not None:
        check_task(name)
    where = place_of_task(name)
    if where not in _tasks:
        module, _, attribute = where.partition(":")
        found = getattr(notices.import_module(module), attribute)
        base = importlib.import_module("zoo.tasks.task").Task
        if not isinstance(found, base) or found.name != (name or ""):
            raise TypeError(
                f"{where!r} must be an instance of zoo.tasks.task.Task with the name {name!r}. Received: {found!r}."
            )
        _tasks[where] = found
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


def load_plugins() -> None:
    """Loads the zoo's own table and the light modules of other packages, which register networks and columns."""
    global _loaded, _loading
    if _loaded:
        return
    with _plugins_lock:  # another thread waits until all are there; what is being loaded may ask again in this one
        if _loaded or _loading:
            return
        _loading = True
        try:
            importlib.import_module("zoo.models")
            from importlib import metadata  # which takes a third of the time of `import zoo`

            for point in metadata.entry_points(group="zoo.models"):
                _load_plugin(point)
            _loaded = True
        finally:
            _loading = False


def _load_plugin(point) -> None:
    try:
        point.load()
    except Exception as error:  # a stranger's package must not break the zoo's own list
        warnings.warn(
            f"The zoo plugin {point.name!r} ({point.value}) failed to load: {type(error).__name__}: {error}. "
            "Its models are missing; repair or uninstall it.",
            stacklevel=4,
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
        ValueError: if there is no such model; the message offers the nearest names.
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
    frame, level = inspect.currentframe(), 1
    while frame and frame.f_back and frame.f_globals.get("__name__", "").partition(".")[0] in ("zoo", "keras"):
        frame, level = frame.f_back, level + 1
    warnings.warn(
        f"The model {name!r} is now called {entry.name!r}. Use the new name; an artifact that was saved under the old "
        "one gets it when it is loaded and saved again.",
        FutureWarning,
        stacklevel=level,
    )


def suggest(name: object, known: Iterable[str]) -> str:
    """Returns " Did you mean 'x'?" for the known name nearest to `name`, or nothing.

    Names that differ in upper and lower case, or in blanks around them, are nearest.
    """
    known = list(known)
    plain = str(name).strip().casefold()
    near = [one for one in known if one.strip().casefold() == plain and one != name]
    near = near or difflib.get_close_matches(str(name), known, n=1)
    return f" Did you mean {near[0]!r}?" if near else ""


def load_builder(entry: Entry) -> Callable:
    """Imports an entry's builder."""
    if callable(entry.builder):
        return entry.builder
    module, _, function = entry.builder.partition(":")
    return getattr(notices.import_module(module), function)


@functools.cache
def _builder_syntax(builder: str | Callable) -> ast.FunctionDef | None:
    """Returns the syntax tree of the function "module:function" without importing it; None where that cannot be."""
    if callable(builder):
        return None
    module, _, name = builder.partition(":")
    try:
        loader: Any = importlib.util.find_spec(module).loader
        tree = ast.parse(loader.get_source(module))
    except (ImportError, AttributeError, SyntaxError, TypeError, ValueError):
        return None
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == name]
    return functions[-1] if functions and not functions[-1].decorator_list else None


def _argument(docstring: str, name: str) -> str:
    """Returns the text of one argument in a docstring's section `Args`."""
    match = re.search(rf"^( +){re.escape(name)}: (.*(?:\n\1 +.*)*)", docstring, re.MULTILINE)
    return " ".join(match[2].split()) if match else ""


def load_recipe(entry: Entry) -> Recipe:
    """Returns the recipe beside an entry's builder: `RECIPES[name]` where a module has several, else `RECIPE`.

    Args:
        entry: The entry; its builder's module is imported.

    Raises:
        TypeError: if the module has none, or it holds anything but plain values.
    """
    module = sys.modules[load_builder(entry).__module__]
    recipe = getattr(module, "RECIPES", {}).get(_own_name(entry)) or getattr(module, "RECIPE", None)
    if not isinstance(recipe, Recipe):
        raise TypeError(f"The module {module.__name__!r} of the model {entry.name!r} must hold RECIPE = Recipe(...).")
    recipe.check()
    return recipe


def load_traits(entry: Entry) -> Traits:
    """Returns the traits beside an entry's builder: `TRAITS`, or `TRAITS[name]` where it is a dict; else none.

    Args:
        entry: The entry; its builder's module is imported.

    Raises:
        TypeError: if `TRAITS` is something else, or a dict with the name of an entry that has no recipe there.
    """
    module = sys.modules[load_builder(entry).__module__]
    traits = getattr(module, "TRAITS", None)
    if isinstance(traits, Mapping):
        strangers = [name for name in traits if name not in getattr(module, "RECIPES", traits)]
        if strangers:
            raise TypeError(
                f"TRAITS of the module {module.__name__!r} must be by the names of RECIPES: "
                f"{', '.join(module.RECIPES)}. Received: {strangers[0]!r}."
            )
        traits = traits.get(_own_name(entry))
    if not isinstance(traits, (Traits, type(None))):
        raise TypeError(
            f"TRAITS of the module {module.__name__!r} must be Traits(...), or a dict of them by the names of its "
            f"entries. Received: {type(traits).__name__}."
        )
    return traits or Traits()


def _own_name(entry: Entry) -> str:
    """Returns an entry's name without that of its package."""
    return entry.name.rpartition("/")[2]


def package_folder(name: str) -> pathlib.Path:
    """Returns the folder `datasets` or `saved_models`: beside this package if it is there, else in the checkout."""
    here = pathlib.Path(__file__).resolve().parent
    return here / name if (here / name).is_dir() else here.parent / name


def preset_folder(name: str) -> pathlib.Path | None:
    """Returns the folder of a preset, or None. A former name of its entry works too, with a warning."""
    base, _, tag = name.partition(".")
    entry = find(base)
    if entry is None or not tag or "/" in tag:
        return None
    for known in (base, entry.name, *entry.formerly):
        folder = package_folder("saved_models") / f"{known}.{tag}"
        if (folder / "artifact.json").is_file():
            if known != base:  # otherwise loading the artifact warns: it was saved under the former name
                warn_renamed(base, entry)
            return folder
    return None
