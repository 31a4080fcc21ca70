"""`zoo.Run`: what `zoo.train` did and what came of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from numbers import Real
from typing import Any

from zoo import display
from zoo.engine.workers import cluster
from zoo.model import Model


@dataclasses.dataclass(frozen=True)
class Run:
    """What `zoo.train` did and what came of it.

    Args:
        model: The trained model, with the best epoch's weights.
        history: Loss and metrics by epoch.
        metrics: Scores by split: `"train"`, `"val"` where there were validation rows, `"test"` where the data set
            ships test rows. Sample weights count in the loss alone: scores count all rows alike.
        recipe: How it was trained, in plain values.
        data: Source, hash, rows and split of the data.
        seed: Seed of initial weights, split, order and dropout.
        seconds: Wall time.
        device: Where it ran.
        interrupted: Whether Ctrl-C or SIGTERM ended it.
        stopped: Why it ended, in words.
        best_epoch: The epoch whose weights the model has, counted from 0; -1 if no epoch was better than the line that
            was solved before the first; None if no epoch was chosen.
    """

    model: Model
    history: dict[str, list[float]]
    metrics: dict[str, dict[str, float]]
    recipe: dict[str, Any]
    data: dict[str, Any]
    seed: int
    seconds: float
    device: str
    interrupted: bool = False
    stopped: str = ""
    best_epoch: int | None = None

    def __repr__(self) -> str:
        rows = self.data.get("rows", {})
        held_out = f" and {display.count(rows['val'], 'validation row')}" if rows.get("val") else ""
        lines = [
            f"Run: {self.model.entry.name} on {display.cut(self.data.get('source'), 80)}, "
            f"{display.count(rows.get('train', 0), 'training row')}{held_out}",
            *([f"  taken by auto {auto['why']}"] if (auto := self.recipe.get("auto")) else []),
            f"  {self._epochs()}; {display.duration(self.seconds)} on {self.device}; stopped: {self.stopped}",
        ]
        if share := self._share_of_line():
            lines.append(f"  a line {share}")
        if finished := self.recipe.get("finished"):
            lines.append(f"  {finished}")
        for split in self.metrics:
            shown = [f"{name} {display.number(value)}" for name, value in self._numbers(split).items()]
            lines.append(f"  {split:5} {', '.join(shown[:5])}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        rows = {split: amount for split, amount in self.data.get("rows", {}).items() if amount}
        names = ("optimizer", "learning_rate", "batch_size")
        how = self.recipe.get("solver") or ", ".join(f"{n.replace('_', ' ')} {self.recipe.get(n)}" for n in names)
        how = f"the procedure {self.recipe.get('procedure')}" if "counted" in self.recipe else how
        facts = {
            "task": self.model.task.name,
            "taken by auto": self.recipe.get("auto", {}).get("why"),
            "rows": ", ".join(f"{split} {amount:,}" for split, amount in rows.items()),
            "split": self.data.get("split"),
            "trained by": how,
            "epochs": self._epochs(),
            "line": self._share_of_line(),
            "end": self.recipe.get("finished"),
            "stopped": self.stopped + ("; training it again goes on from these weights" if self.interrupted else ""),
            "time": f"{display.duration(self.seconds)} on {self.device}, seed {self.seed}",
        }
        names = list(dict.fromkeys(name for split in self.metrics for name in self._numbers(split)))
        scores = ((name, *(self._numbers(split).get(name, "") for split in self.metrics)) for name in names)
        table = display.table(("score", *self.metrics), scores, total=len(names)) if names else ""
        title = f"{self.model.entry.name} on {display.cut(self.data.get('source'), 80)}"
        return display.card(title, display.facts(facts), table)

    def _epochs(self) -> str:
        unit = self.recipe.get("counted", "epoch")  # a procedure may count something else
        epochs = display.count(max(map(len, self.history.values()), default=0), unit)
        if self.best_epoch is None:
            return epochs
        if self.best_epoch < 0:
            line = self.recipe.get("linear")
            several = (
                isinstance(line, Mapping) and "lines" in line
            )  # those of a pool, beside which networks have learnt
            return f"{epochs}, none better than {'with its lines solved' if several else 'the line'} alone"
        monitor = self.recipe.get("monitor")
        values = self.history.get(monitor, ())
        reached = f" ({monitor} {display.number(values[self.best_epoch])})" if self.best_epoch < len(values) else ""
        return f"{epochs}, best: {unit} {self.best_epoch + 1}{reached}"

    def _share_of_line(self) -> str:
        """Returns which share of what the model explains is the line's, or `""`."""
        line = self.recipe.get("linear")
        share = line.get("explained") if isinstance(line, Mapping) else None
        return "" if share is None else f"explains {share:.0%} of what the model does"

    def _numbers(self, split: str) -> dict[str, float]:
        """Returns the scores of a split, without the rows, the threshold and the confusion matrix."""
        return {n: v for n, v in self.metrics[split].items() if n not in ("rows", "threshold") and isinstance(v, Real)}

    def save(self, folder, *, overwrite: bool = False) -> None:
        """Writes the artifact folder, as `zoo.save` does. Of several workers the chief alone writes.

        Args:
            folder: The folder to write.
            overwrite: Whether to replace an artifact in the folder.
        """
        import zoo

        if cluster.is_chief():
            zoo.save(self, folder, overwrite=overwrite)
