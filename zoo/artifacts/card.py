"""The card of a model: what it is, how it was trained, how good it is. As JSON, and as a page for people."""

from __future__ import annotations

import datetime
from typing import Any


def run_card(run) -> dict[str, Any]:
    """Returns the card of a run, in plain values."""
    history = run.history
    return {
        **model_card(run.model),
        "metrics": run.metrics,
        "recipe": run.recipe,
        "data": run.data,
        "seed": run.seed,
        "seconds": round(run.seconds, 2),
        "device": run.device,
        "stopped": run.stopped,
        "interrupted": run.interrupted,
        "epochs": max((len(values) for values in history.values()), default=0),
        "history": history,
        "date": datetime.date.today().isoformat(),
        "ancestry": list(getattr(run.model, "card", {}).get("ancestry", [])),
    }


def model_card(model) -> dict[str, Any]:
    """Returns the facts of a model that was not trained here."""
    return {
        "entry": model.entry.name,
        "paper": model.entry.paper,
        "summary": model.entry.summary,
        "year": model.entry.year,
        "task": model.entry.task,
        "weights": int(sum(weight.numpy().size for weight in model.network.weights)),
    }


def page(card: dict[str, Any], schema) -> str:
    """Returns the card as Markdown."""
    lines = [f"# {card['entry']}", "", f"{card['summary']} ({card['year']}). {card['weights']:,} weights.", ""]
    if data := card.get("data"):
        rows = ", ".join(f"{count:,} {part}" for part, count in data["rows"].items() if count)
        lines += [f"Trained on {data['source']} ({rows} rows; split: {data['split']}).", ""]
    if metrics := card.get("metrics"):
        names = [name for name in next(iter(metrics.values())) if name != "confusion"]
        lines += ["| rows | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
        for split, scores in metrics.items():
            cells = [f"{scores[name]:.5g}" if name in scores else "" for name in names]
            lines.append(f"| {split} | " + " | ".join(cells) + " |")
        lines.append("")
    if "date" in card:
        lines += [
            f"{card['date']}, seed {card['seed']}, {card['epochs']} epochs in {card['seconds']} s on {card['device']}; "
            f"stopped: {card['stopped']}.",
            "",
        ]
    lines += ["```", str(schema), "```", "", f"Paper: {card['paper']}", ""]
    lines += ["```python", "import zoo", "", 'model = zoo.load("this folder")', "zoo.predict(model, new_rows)", "```", ""]
    return "\n".join(lines)
