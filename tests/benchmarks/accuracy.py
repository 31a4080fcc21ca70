"""Accuracy of the default recipes on the shipped tables: fit on train, choose the epoch on val, report test.

python -m tests.benchmarks.accuracy                          the split that each data set ships
python -m tests.benchmarks.accuracy --splits FOLDER          <data set>_seed<k>.npz with train, val, test: their mean
python -m tests.benchmarks.accuracy --only titanic mpg --part val
python -m tests.benchmarks.accuracy --baselines FILE         what others reached on split 0, and the mean rank
python -m tests.benchmarks.accuracy --against linear=False   beside another setting, by a paired bootstrap of test rows
python -m tests.benchmarks.accuracy --write                  and the tables into docs/benchmarks.md

It fails where an entry on its own data set reaches less than its recipe expects (`Recipe.expect`).
"""

import argparse
import ast
import dataclasses
import time
from pathlib import Path

import numpy as np

import zoo
from tests.benchmarks import accuracy_rivals
from zoo import entries, registry

CASES = (
    ("titanic", "mlp_classifier", ("accuracy", "log_loss", "roc_auc")),
    ("penguins", "mlp_classifier", ("accuracy", "log_loss")),
    ("penguins", "logistic_regression", ("accuracy", "log_loss")),
    ("adult", "mlp_classifier", ("accuracy", "log_loss", "roc_auc")),
    ("california_housing", "mlp_regressor", ("rmse", "r2")),
    ("diamonds", "mlp_regressor", ("rmse", "r2")),
    ("mpg", "mlp_regressor", ("rmse", "r2")),
    ("hpc_jobs", "mlp_classifier", ("accuracy", "log_loss")),
    ("mnist_10k", "image_mlp", ("accuracy", "log_loss")),
)
PRIMARY = ("accuracy", "rmse")
RANKED = ("mlp_classifier", "mlp_regressor")  # the entries that are compared with the rivals


@dataclasses.dataclass
class Measured:
    """An entry on the splits of a data set: scores and losses of the test rows, and what it cost."""

    data: str
    entry: str
    shown: tuple[str, ...]
    scores: list[dict] = dataclasses.field(default_factory=list)
    losses: list[np.ndarray] = dataclasses.field(default_factory=list)
    seconds: list[float] = dataclasses.field(default_factory=list)

    def values(self, metric: str) -> list[float]:
        """Returns a metric on each split."""
        return [scores[metric] for scores in self.scores]


def splits(name: str, folder: Path | None) -> list[dict]:
    """Returns the splits of a data set: those in `folder`, or the one it ships."""
    files = sorted(folder.glob(f"{name}_seed*.npz")) if folder else []
    if not files:
        return [zoo.data.load(name).splits]
    return [dict(np.load(file)) for file in files]


def measure(case: tuple, folder: Path | None, part: str, seed: int, options: dict) -> Measured:
    """Trains an entry on each split of a data set, and prints a line of each and the means."""
    found = Measured(*case)
    data = zoo.data.load(found.data)
    for split in splits(found.data, folder):
        train, val = data.take(split["train"]), data.take(split["val"] if "val" in split else split["test"])
        begin = time.perf_counter()
        run = zoo.train(found.entry, train, validation=val, seed=seed, verbose=0, **options)
        found.seconds.append(time.perf_counter() - begin)
        rows = data.take(split[part])
        found.scores.append(dict(zoo.evaluate(run, rows, verbose=0)))
        found.losses.append(losses(run, rows))
        line = "  ".join(f"{key} {found.scores[-1][key]:.4f}" for key in found.shown if key in found.scores[-1])
        epochs = len(run.history.get("loss", ()))
        print(f"  {found.data:20} {line}  {found.seconds[-1]:.1f} s  {epochs} epochs", flush=True)
    means = (f"{key} {np.mean(found.values(key)):.4f}" for key in found.shown if key in found.scores[0])
    print(f"{found.data:20} {found.entry:20} {part}: {'  '.join(means)}", flush=True)
    return found


def losses(run, rows) -> np.ndarray:
    """Returns what each row adds to the error rate, 1 for a wrong class, or to the mean squared error."""
    answered, truth = zoo.predict(run, rows), np.asarray(rows.y)
    if run.model.entry.task == "regression":
        return np.square(answered["prediction"].to_numpy() - truth.astype("float64"))
    return (answered["label"].to_numpy().astype(str) != truth.astype(str)).astype("float64")


def written(found: list[Measured], against: list[Measured | None], setting: str, baselines: Path | None) -> str:
    """Returns the tables of what was measured, as Markdown: by metric over the splits, and the ranks of split 0.

    Args:
        found: What was measured.
        against: The same cases by another setting, None where it was not measured.
        setting: The other setting, in words.
        baselines: A file of what others reached, or None.
    """
    more = f" {setting} | better than `{setting}` by, and its 95 % interval |" if setting else ""
    lines = [f"| data | entry | metric | mean | by split | seconds a run |{more}"]
    lines.append("|---" * (8 if setting else 6) + "|")
    for case, second in zip(found, against, strict=True):
        for metric in (name for name in case.shown if name in case.scores[0]):
            values = case.values(metric)
            cells = [case.data, f"`{case.entry}`", metric, number(np.mean(values)), ", ".join(map(number, values))]
            cells.append(f"{np.mean(case.seconds):.1f}")
            if setting and second is None:
                cells += ["", ""]
            elif second is not None:
                cells.append(number(np.mean(second.values(metric))))
                interval = accuracy_rivals.difference(case.losses, second.losses, metric) if metric in PRIMARY else None
                cells.append(accuracy_rivals.said(interval) if interval else "")
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines + (ranks(found, against, setting, baselines) if baselines else []))


def ranks(found: list[Measured], against: list[Measured | None], setting: str, baselines: Path) -> list[str]:
    """Returns the lines of a table of split 0 beside the rivals, and the mean ranks."""
    names, columns = list(accuracy_rivals.RIVALS), ["the zoo", *([setting] if setting else [])]
    lines = ["", f"| data, split 0 | metric | {' | '.join([*columns, *names])} | rank of the zoo |"]
    lines.append("|---" * (3 + len(columns) + len(names)) + "|")
    reached: list[list[float]] = []
    for case, second in zip(found, against, strict=True):
        if case.entry not in RANKED:
            continue
        metric = case.shown[0]
        others = accuracy_rivals.rivals(baselines, case.data, metric)
        own = [each.values(metric)[0] for each in (case, second) if each is not None]
        ranked = [accuracy_rivals.rank(value, others, metric) for value in own] if set(others) == set(names) else []
        reached += [ranked] if ranked else []
        cells = [*map(number, own), *(number(others[name]) if name in others else "" for name in names)]
        lines.append(f"| {case.data} | {metric} | {' | '.join([*cells, *(f'{value:g}' for value in ranked[:1])])} |")
    means = ", ".join(f"{name} {mean:.2f}" for name, mean in zip(columns, np.mean(reached, axis=0)))
    return [*lines, "", f"Mean rank among {len(names) + 1} on {len(reached)} data sets: {means}."]


def number(value: float) -> str:
    """Returns a share without its zero, an error above 100 in whole units."""
    return (
        f"{value:.3f}".removeprefix("0") if abs(value) < 1 else f"{value:,.0f}" if abs(value) > 100 else f"{value:.3f}"
    )


def short_of_expected(found: list[Measured]) -> list[str]:
    """Returns what falls short of `Recipe.expect`, of entries on the data set of their own recipe.

    Args:
        found: Entries by their own settings, on the split that the data set ships first.
    """
    short = []
    for case in found:
        recipe = entries.load_recipe(registry.info(case.entry))
        reached = case.scores[0]
        short += [
            f"{case.entry} on {case.data}: {name} {reached[name]:.4f}, expected {least:g} at least"
            for name, least in recipe.expect.items()
            if case.data == recipe.data and not reached[name] >= least
        ]
    return short


def settings(given: list[str]) -> dict:
    """Returns options of `zoo.train` from `name=value`."""
    return {key: ast.literal_eval(value) for key, _, value in (item.partition("=") for item in given)}


def main(arguments: list[str] | None = None) -> None:
    """Prints one line a split and the mean of each data set, and the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--splits", type=Path)
    parser.add_argument("--only", nargs="*", default=list(dict.fromkeys(data for data, *_ in CASES)))
    parser.add_argument("--part", default="test", choices=("val", "test"))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--set", nargs="*", default=[], help="options of train, as name=value")
    parser.add_argument("--against", nargs="*", default=[], help="options of a second setting of the mlp entries")
    parser.add_argument("--baselines", type=Path, help="JSON: rows with dataset, seed, method, accuracy or rmse")
    parser.add_argument("--write", action="store_true", help="the tables into docs/benchmarks.md")
    chosen = parser.parse_args(arguments)
    options = settings(chosen.set)
    found, against = [], []
    second = options | settings(chosen.against)
    for case in (case for case in CASES if case[0] in chosen.only):
        found.append(measure(case, chosen.splits, chosen.part, chosen.seed, options))
        compares = chosen.against and case[1] in RANKED
        against.append(measure(case, chosen.splits, chosen.part, chosen.seed, second) if compares else None)
    from tests.benchmarks import train

    text = written(found, against, " ".join(chosen.against), chosen.baselines)
    text = f"Measured on {train.machine()}; seed {chosen.seed}, the {chosen.part} rows.\n\n{text}"
    print(f"\n{text}")
    if chosen.write:
        train.put("accuracy", text)
    own = chosen.part == "test" and not options
    if own and (short := short_of_expected(found)):
        raise SystemExit("Recipes fall short of what they expect:\n" + "\n".join(short))


if __name__ == "__main__":
    main()
