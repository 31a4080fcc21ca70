"""`zoo train --config card.json`: the run that wrote a card, once more."""

from __future__ import annotations

import json
from pathlib import Path

from zoo import recipes, registry


def repeated(card: str, model, source, settings: dict, options: dict) -> tuple:
    """Returns model, source, settings and options of the run that wrote a card; what is given stands above it."""
    from zoo.compiling import options_now, resolve_recipe, resolve_traits  # which import Keras

    path = Path(card)
    facts = json.loads(path.read_text(encoding="utf-8"))
    missing = [name for name in ("entry", "recipe", "data", "seed") if name not in facts]
    if missing:
        raise ValueError(f"{card!r} is no card of a run: it has no {', '.join(missing)}. An artifact's folder has one.")
    recipe, entry = facts["recipe"], registry.resolve(facts["entry"])
    asked = options_now(entry, recipe.get("options", {}))
    known = {name: value for name, value in asked.items() if name in entry.options}
    usual = resolve_recipe(entry, known)
    listed = recipes.listed(usual, resolve_traits(entry, known))
    names = ("target", "weight", "groups", "time", "ignore", "image_size")
    past = {name: facts["data"][name] for name in names if facts["data"].get(name)}
    past |= {"validation": facts["data"]["validation"]} if "validation" in facts["data"] else {}
    for name in ("epochs", "batch_size", "learning_rate", "optimizer", "loss", "class_weight"):
        if recipe.get(name) != listed.get(name):  # what the recipe says anyway is not asked for
            past[name] = recipe[name]
    past |= {"budget": recipe["budget"]} if "budget" in recipe else {}
    if recipe.get("calibration") is False:
        past["calibration"] = False
    if isinstance(recipe.get("threshold"), dict):
        past["threshold"] = recipe["threshold"]["by"]
    if isinstance(recipe.get("intervals"), dict):
        past["intervals"] = recipe["intervals"]["coverage"]
    if recipe.get("least_steps", 1) != usual.least_steps:  # the caller said how many rows a step has
        past["batch_size"] = recipe["batch_size"]
    if recipe.get("solver"):
        past["solver"] = recipe["solver"]
    elif usual.solver:
        past["optimizer"] = recipe["optimizer"]
    past["seed"] = facts["seed"]
    if (path.parent / "schema.json").is_file():
        past["schema"] = str(path.parent / "schema.json")
    given = {name: value for name, value in settings.items() if value is not None or name == "validation"}
    without_line = {"linear": False} if usual.linear and "linear" not in recipe else {}  # of before there were any
    options = {**without_line, **asked, **options}
    return model or facts["entry"], source or facts["data"]["source"], {**past, **given}, options
