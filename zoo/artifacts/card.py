"""The card of a model: what it is, how it was trained, how good it is. As JSON, and as a page for people."""

from __future__ import annotations

import datetime
import hashlib
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from zoo import display, registry
from zoo.model import Model
from zoo.tasks.measures import F1_OF_ALL_CLASSES, SCORES_OF_CLASSES
from zoo.training.line_methods import METHODS

MOST_SCORES = 30  # in the table of the page


def card_of(model: Model, run=None) -> dict[str, Any]:
    """Returns the card of a model, in plain values that JSON holds.

    Args:
        model: The model.
        run: The run that trained it, or None. Without one, a loaded model keeps the card that it came with while its
            weights are those that the card speaks of; afterwards its metrics are no longer said of it.

    Returns:
        Entry, weights and ancestry; from a run also metrics, recipe, data, seed, seconds, device, date.
    """
    known = getattr(model, "card", None)
    card = {
        "entry": model.entry.name,
        "summary": model.entry.summary,
        "year": model.entry.year,
        "paper": model.entry.paper,
        "task": model.task.name,
        "weights": sum(math.prod(weight.shape) for weight in model.network.weights),
        "weights_sha256": weights_digest(model),
    }
    notes = {column.name: list(column.notes) for column in model.schema.columns if column.notes}
    if notes or model.schema.dropped:
        card["columns"] = plain({"notes": notes, "dropped": model.schema.dropped})
    if run is None and known and known["weights_sha256"] == card["weights_sha256"]:
        return dict(known)
    card["ancestry"] = [*known["ancestry"], _ancestor(known)] if known else []
    if run is None:
        return card
    return plain(
        {
            **card,
            "metrics": run.metrics,
            "recipe": run.recipe,
            "data": run.data,
            "seed": run.seed,
            "seconds": round(run.seconds, 2),
            "device": run.device,
            "stopped": run.stopped,
            "interrupted": run.interrupted,
            "epochs": max((len(values) for values in run.history.values()), default=0),
            "date": datetime.date.today().isoformat(),
            "history": run.history,
        }
    )


def weights_digest(model: Model) -> str:
    """Returns the SHA-256 of the network's weights, by which a card knows what it speaks of."""
    digest = hashlib.sha256()
    for weight in model.network.weights:
        digest.update(np.ascontiguousarray(weight.numpy()).tobytes())
    return digest.hexdigest()


def _ancestor(card: Mapping[str, Any]) -> dict[str, Any]:
    """Returns what a descendant's card says of the model it began from."""
    facts = {name: card[name] for name in ("entry", "weights_sha256", "date", "seed", "metrics") if name in card}
    return {**facts, "data": card["data"]["source"]} if "data" in card else facts


def plain(value):
    """Returns a value as JSON has it: numbers that are not finite are None, what JSON has not is a string."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, (str, int)) else str(value)


def page(card: Mapping[str, Any], schema) -> str:
    """Returns the card as Markdown, for people."""
    lines = [f"# {card['entry']}", "", f"{card['summary']} ({card['year']}). {card['weights']:,} weights.", ""]
    if data := card.get("data"):
        counts = ", ".join(f"{count:,} {part}" for part, count in data.get("rows", {}).items() if count)
        lines += [f"Trained on {data['source']} ({counts} rows; split: {data['split']})."]
    if auto := (card.get("recipe") or {}).get("auto"):
        lines += [f"This entry was taken by `auto`, {auto['why']}."]
    if "date" in card:
        done = f"{card['epochs']} {(card.get('recipe') or {}).get('counted', 'epoch')}s"
        lines += [
            f"{card['date']}, seed {card['seed']}, {done} in {card['seconds']} s on {card['device']}; "
            f"stopped: {card['stopped']}."
        ]
    if said := line_of_card(card):
        lines += [said]
    lines += filter(None, (line_of_calibration(card), line_of_threshold(card), line_of_intervals(card)))
    if finished := (card.get("recipe") or {}).get("finished"):
        lines += [f"At the end of the training: {finished}."]
    lines += _configurations(card)
    if card.get("ancestry"):
        lines += ["Began from: " + ", then ".join(_said(ancestor) for ancestor in card["ancestry"]) + "."]
    if lines[-1]:
        lines.append("")
    if metrics := card.get("metrics"):
        names = dict.fromkeys(name for scores in metrics.values() for name in scores)
        names = [name for name in names if name not in ("rows", "confusion", "positive", "threshold")]
        shown = [name for name in names if name not in _of_classes(metrics)][:MOST_SCORES]
        more, names = len(names) - len(shown), shown
    if metrics and names:
        lines += ["| | rows | " + " | ".join(names) + " |", "|---" * (len(names) + 2) + "|"]
        for split, scores in metrics.items():
            cells = [_number(scores.get(name)) for name in names]
            lines.append(f"| {split} | {scores.get('rows', '')} | " + " | ".join(cells) + " |")
        lines += ["", f"card.json holds {more:,} more scores.", ""] if more > 0 else [""]
    lines += ["It takes these columns:", "", "```", str(schema), "```", ""]
    lines += ["```python", "import zoo", "", 'model = zoo.load("FOLDER")  # this one', "zoo.predict(model, rows)"]
    rows = "rows_with_target" if registry.load_task(card["task"]).supervised else "rows"
    if registry.resolve(card["entry"]).learning != "none":
        lines.append(f'zoo.train(model, {rows}).save("runs/more")  # goes on from these weights')
    lines += ['zoo.export(model, "served/NAME")  # for TensorFlow Serving', "```", "", f"Paper: {card['paper']}", ""]
    return "\n".join(lines)


def _configurations(card: Mapping[str, Any]) -> list[str]:
    """Returns the lines of a table of what each configuration of a committee is worth; none of another model."""
    committee = (card.get("recipe") or {}).get("committee")
    if not committee:
        return []
    lines = ["", f"{committee['bags']} bags; loss of out-of-fold answers {_number(committee['loss'])}:", ""]
    lines += ["| | loss alone | weight | bags | seconds | left out, or cut short by |", "|---|---|---|---|---|---|"]
    for name, facts in committee["configurations"].items():
        cells = [_number(facts[key]) for key in ("loss", "weight", "bags", "seconds")]
        lines.append(f"| {name} | {' | '.join(cells)} | {facts.get('left_out', facts.get('ended', ''))} |")
    return [*lines, ""]


def _of_classes(metrics: Mapping[str, Any]) -> set[str]:
    """Returns the names of the scores of single classes: the table of the page has those of all rows alone.

    `f1_macro` is of all rows where a class is called macro, too: the class's own is `f1_class_macro`.
    """
    classes = {label for scores in metrics.values() for label in scores.get("confusion", {}).get("classes", ())}
    names = {f"{score}_{of}{label}" for score in SCORES_OF_CLASSES for of in ("", "class_") for label in classes}
    return names - set(F1_OF_ALL_CLASSES)


def line_of_card(card: Mapping[str, Any]) -> str:
    """Returns what a card says of the line that was solved before the training, `""` of none."""
    line = (card.get("recipe") or {}).get("linear")
    if not isinstance(line, Mapping):
        return ""
    method = METHODS.get(registry.load_task(card["task"]).line or "")
    kind, name = ("linear", "penalty") if method is None else (method.kind, method.penalty)
    share, lines = line.get("explained"), line.get("lines")
    if line.get("members") == 0:
        return f"A {kind} regression was solved; no member that was kept has it beside its hidden layers."
    said = f"explains {share:.0%} of what the model does" if share is not None else "stands beside the hidden layers"
    said = said if lines is None else f"is the line of {lines} of its networks"
    if "rows" not in line:
        return f"A {kind} regression, solved in an earlier training, {said}."
    penalties = line["penalty"] if isinstance(line["penalty"], list) else [line["penalty"]]
    shown = display.listed([f"{value:.3g}" for value in penalties])
    return (
        f"A {kind} regression of {line['features']} features, {name} {shown}, solved from {line['rows']:,} rows before "
        f"the training, {said}."
    )


CALIBRATED = {"log_odds": "Its log-odds are calibrated", "temperature": "Its logits are divided by a temperature"}


def line_of_calibration(card: Mapping[str, Any]) -> str:
    """Returns what a card says of the calibration of probabilities, `""` of none."""
    facts = (card.get("recipe") or {}).get("calibration")
    if not isinstance(facts, Mapping):
        return ""
    if "kind" not in facts:
        return f"Its probabilities are not calibrated: {facts['why']}."
    changes = [
        f"{name} {facts[score]['before']:.4g} before and {facts[score]['after']:.4g} after"
        for score, name in (("log_loss", "log loss"), ("ece", "expected calibration error"))
    ]
    said = CALIBRATED.get(facts["kind"], "Its probabilities are calibrated")
    return f"{said} by {facts['rows']:,} rows that were held out; cross-validated on these: {', '.join(changes)}."


def line_of_threshold(card: Mapping[str, Any]) -> str:
    """Returns what a card says of the threshold that decides about labels, `""` of none."""
    facts = (card.get("recipe") or {}).get("threshold")
    if not isinstance(facts, Mapping):
        return ""
    by, pairs = facts["by"], dict(zip(facts["of"], facts["at"], strict=True))
    scores = {name: by[name] if isinstance(by, Mapping) else by for name in pairs}
    chosen = {name: f" (of the highest {score})" for name, score in scores.items() if isinstance(score, str)}
    said = display.listed([f"{name} {at:.4g}{chosen.get(name, '')}" for name, at in pairs.items()])
    by_rows = f" Scores are those of {facts['rows']:,} rows that were held out." if chosen else ""
    return f"An answer is positive from this probability on: {said}.{by_rows}"


def line_of_intervals(card: Mapping[str, Any]) -> str:
    """Returns what a card says of the intervals or sets that a model gives with its answers, `""` of none."""
    facts = (card.get("recipe") or {}).get("intervals")
    if not isinstance(facts, Mapping):
        return ""
    measured = display.listed([f"{name} {value:.4g}" for name, value in facts["held_out"].items()])
    by_weight = " These are shares of the weight of rows, as sample weights count." if facts.get("weighted") else ""
    return (
        f"Its intervals or sets are to cover {facts['coverage']:.4g} of new rows like those of training. They were "
        f"fitted on {facts['rows']:,} rows that were held out; on these: {measured}.{by_weight}"
    )


def _said(ancestor) -> str:
    source = f" on {ancestor['data']}" if "data" in ancestor else ""
    return f"{ancestor['entry']}{source} ({ancestor['weights_sha256'][:12]})"


def _number(value) -> str:
    return "" if value is None else f"{value:.5g}"
