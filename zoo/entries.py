"""An entry: the plain facts of one network, and what stands in the module of its builder.

Entry            name, task, year, paper, summary, and where the builder is; options and their meanings are read
                 from the builder's source, so that listing them imports no Keras
load_builder     imports the module
load_recipe      its RECIPE, or the entry's in RECIPES
load_traits      its TRAITS, if any
"""

from __future__ import annotations

import ast
import dataclasses
import functools
import importlib.util
import inspect
import re
import sys
from collections.abc import Callable, Mapping
from typing import Any

from zoo import package_data
from zoo.importing import attribute
from zoo.recipes import Recipe, Traits


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
        facts = {
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
        return display.card(f"{self.name}: {self.summary}", display.facts(facts), table)

    @property
    def options(self) -> dict[str, Any]:
        """The builder's options and their defaults, from its source; imports it where that does not suffice."""
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
        return {name: _meaning(text or "", name) for name in self.options}

    @property
    def presets(self) -> list[str]:
        """Tags of the trained weights shipped with the zoo."""
        folder = package_data.package_folder("saved_models")
        paths = (path for name in (self.name, *self.formerly) for path in folder.glob(f"{name}.*"))
        return sorted({path.name.partition(".")[2] for path in paths if (path / "artifact.json").is_file()})


def load_builder(entry: Entry) -> Callable:
    """Imports an entry's builder."""
    if callable(entry.builder):
        return entry.builder
    return attribute(entry.builder, f"the builder of {entry.name!r}")


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


def _meaning(docstring: str, name: str) -> str:
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
    recipes = getattr(module, "RECIPES", {})
    recipe = recipes.get(_own_name(entry)) or getattr(module, "RECIPE", None)
    if recipes and recipe is None:
        raise TypeError(
            f"RECIPES of the module {module.__name__!r} must have {_own_name(entry)!r}, for the model {entry.name!r}. "
            f"Received: {', '.join(recipes)}."
        )
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
        unknown = [name for name in traits if name not in getattr(module, "RECIPES", traits)]
        if unknown:
            raise TypeError(
                f"TRAITS of the module {module.__name__!r} must be by the names of RECIPES: "
                f"{', '.join(module.RECIPES)}. Received: {unknown[0]!r}."
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
