"""Accuracy of the default recipes on the shipped tables: fit on train, choose the epoch on val, report test.

python -m tests.benchmarks.accuracy                          the split that each data set ships
python -m tests.benchmarks.accuracy --splits FOLDER          <data set>_seed<k>.npz with train, val, test: their mean
python -m tests.benchmarks.accuracy --only titanic mpg --part val
python -m tests.benchmarks.accuracy --baselines FILE         what others reached on split 0, and the mean rank
python -m tests.benchmarks.accuracy --against linear=False   beside another setting, by a paired bootstrap of test rows
python -m tests.benchmarks.accuracy --family tabm            tabm_classifier and tabm_regressor in place of mlp_*
python -m tests.benchmarks.accuracy --family good            "auto" with quality="good"; or fast, or best
python -m tests.benchmarks.accuracy --trees catboost         boosted trees in the same run: see `accuracy_boosting`
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
from tests.benchmarks import accuracy_boosting, accuracy_rivals
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
QUALITIES = ("fast", "good", "best")  # of "auto", which takes the entry
# Entries *_classifier and *_regressor, or what "auto" takes; one family is compared with the rivals.
FAMILIES = ("mlp", "tabm", "realmlp", "committee", *QUALITIES)
PREDICTED_ROWS = 1_000


@dataclasses.dataclass
class Measured:
    """An entry on the splits of a data set: scores and losses of the test rows, and what it cost.

    Args:
        data: The data set.
        entry: Of a family, or `"auto"`.
        shown: The scores that are shown.
        options: Of `zoo.train`, by the family.
        is_ranked: Whether the entry is compared with the rivals.
    """

    data: str
    entry: str
    shown: tuple[str, ...]
    scores: list[dict] = dataclasses.field(default_factory=list)
    losses: list[np.ndarray] = dataclasses.field(default_factory=list)
    seconds: list[float] = dataclasses.field(default_factory=list)
    cpu_seconds: list[float] = dataclasses.field(default_factory=list)
    predict_seconds: list[float] = dataclasses.field(default_factory=list)
    trees: dict[str, list[tuple[np.ndarray, float]]] = dataclasses.field(default_factory=dict)
    options: dict = dataclasses.field(default_factory=dict)
    is_ranked: bool = False

    def values(self, metric: str) -> list[float]:
        """Returns a metric on each split."""
        return [scores[metric] for scores in self.scores]


def splits(name: str, folder: Path | None) -> list[dict]:
    """Returns the splits of a data set: those in `folder`, or the one it ships."""
    files = sorted(folder.glob(f"{name}_seed*.npz")) if folder else []
    if not files:
        return [zoo.data.load(name).splits]
    return [dict(np.load(file)) for file in files]


def measure(found: Measured, folder: Path | None, part: str, seed: int, options: dict) -> Measured:
    """Trains an entry on each split of a data set, notes what came of it, and prints a line of each and the means."""
    data = zoo.data.load(found.data)
    for split in splits(found.data, folder):
        train, val = data.take(split["train"]), data.take(split["val"] if "val" in split else split["test"])
        begin, cpu = time.perf_counter(), time.process_time()
        run = zoo.train(found.entry, train, validation=val, seed=seed, verbose=0, **found.options, **options)
        found.seconds.append(time.perf_counter() - begin)
        found.cpu_seconds.append(time.process_time() - cpu)
        rows = data.take(split[part])
        found.scores.append(dict(zoo.evaluate(run, rows, verbose=0)))
        found.losses.append(losses(run, rows))
        found.predict_seconds.append(seconds_to_predict(run, rows))
        line = "  ".join(f"{key} {found.scores[-1][key]:.4f}" for key in found.shown if key in found.scores[-1])
        epochs = len(run.history.get("loss", ()))
        print(f"  {found.data:20} {line}  {found.seconds[-1]:.1f} s  {epochs} epochs", flush=True)
    means = (f"{key} {np.mean(found.values(key)):.4f}" for key in found.shown if key in found.scores[0])
    print(f"{found.data:20} {found.entry:20} {part}: {'  '.join(means)}", flush=True)
    return found


def measure_trees(found: Measured, names: list[str], folder: Path | None, part: str, seed: int) -> None:
    """Trains boosted trees on the same splits, and keeps their losses and CPU seconds."""
    for name in names:
        data = zoo.data.load(found.data)
        measured = [accuracy_boosting.measure(name, data, split, part, seed) for split in splits(found.data, folder)]
        found.trees[name] = measured
        print(f"  {found.data:20} {name}  {sum(seconds for _, seconds in measured):.1f} CPU s", flush=True)


def seconds_to_predict(run, rows) -> float:
    """Returns how long `zoo.predict` takes for `PREDICTED_ROWS` rows, the median of three calls behind a first one."""
    frame = rows.take(np.arange(PREDICTED_ROWS) % len(rows)).x
    taken = []
    for _ in range(4):
        begin = time.perf_counter()
        zoo.predict(run, frame)
        taken.append(time.perf_counter() - begin)
    return float(np.median(taken[1:]))


def family_of(entry: str, family: str) -> tuple[str, dict]:
    """Returns what takes the place of an entry `mlp_*`, and options of `zoo.train`."""
    return ("auto", {"quality": family}) if family in QUALITIES else (entry.replace("mlp_", f"{family}_"), {})


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
    lines += beside_trees([case for case in found if case.trees])
    return "\n".join(lines + (ranks(found, against, setting, baselines) if baselines else []))


def beside_trees(found: list[Measured]) -> list[str]:
    """Returns the lines of a table of entries beside boosted trees that were trained in the same run."""
    if not found:
        return []
    names = list(found[0].trees)
    heads = [f"{name} | better than {name} by, and its 95 % interval | CPU seconds" for name in names]
    lines = ["", f"| data | entry | metric | the zoo | CPU seconds | {' | '.join(heads)} |"]
    lines.append("|---" * (5 + 3 * len(names)) + "|")
    for case in found:
        metric = case.shown[0]
        cells = [case.data, f"`{case.entry}`", metric, number(np.mean(case.values(metric)))]
        cells.append(f"{np.mean(case.cpu_seconds):.1f}")
        for name in names:
            theirs = [losses for losses, _ in case.trees[name]]
            errors = [np.sqrt(each.mean()) if metric == "rmse" else 1.0 - each.mean() for each in theirs]
            cells += [
                number(np.mean(errors)),
                accuracy_rivals.said(accuracy_rivals.difference(case.losses, theirs, metric)),
            ]
            cells.append(f"{np.mean([seconds for _, seconds in case.trees[name]]):.1f}")
        lines.append(f"| {' | '.join(cells)} |")
    ours, most = sum(case.cpu_seconds[0] for case in found), max(max(case.predict_seconds) for case in found)
    theirs = {name: sum(case.trees[name][0][1] for case in found) for name in names}
    told = ", ".join(f"{seconds:.1f} of {name} ({ours / seconds:.1f} times)" for name, seconds in theirs.items())
    longest = max(found, key=lambda case: case.cpu_seconds[0])
    return [
        *lines,
        "",
        f"CPU seconds of the trainings of split 0, all data sets: {ours:.1f} against {told}; the longest is "
        f"{longest.data}, {longest.cpu_seconds[0]:.1f}. {PREDICTED_ROWS:,} rows are predicted in {most:.3f} s at most, "
        "behind a first call.",
    ]


def ranks(found: list[Measured], against: list[Measured | None], setting: str, baselines: Path) -> list[str]:
    """Returns the lines of a table of split 0 beside the rivals, and the mean ranks."""
    names, columns = list(accuracy_rivals.RIVALS), ["the zoo", *([setting] if setting else [])]
    lines = ["", f"| data, split 0 | metric | {' | '.join([*columns, *names])} | rank of the zoo |"]
    lines.append("|---" * (3 + len(columns) + len(names)) + "|")
    reached: list[list[float]] = []
    for case, second in zip(found, against, strict=True):
        if not case.is_ranked:
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
        if case.entry == registry.AUTO:
            continue
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
    parser.add_argument("--family", default="mlp", choices=FAMILIES, help="the entries that are compared")
    parser.add_argument("--trees", nargs="*", default=[], choices=accuracy_boosting.TREES, help="trained beside them")
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
    for data, entry, shown in (case for case in CASES if case[0] in chosen.only):
        is_ranked = entry.startswith("mlp_")
        entry, own = family_of(entry, chosen.family) if is_ranked else (entry, {})
        by_settings = []
        for given in (options, second) if chosen.against and is_ranked else (options,):
            case = Measured(data, entry, shown, options=own, is_ranked=is_ranked)
            by_settings.append(measure(case, chosen.splits, chosen.part, chosen.seed, given))
        found.append(by_settings[0])
        against.append(by_settings[1] if len(by_settings) > 1 else None)
        if found[-1].is_ranked:
            measure_trees(found[-1], chosen.trees, chosen.splits, chosen.part, chosen.seed)
    from tests.benchmarks import train

    text = written(found, against, " ".join(chosen.against), chosen.baselines)
    text = f"Measured on {train.machine()}; seed {chosen.seed}, the {chosen.part} rows.\n\n{text}"
    print(f"\n{text}")
    if chosen.write:
        train.put("accuracy" if chosen.family == "mlp" else f"accuracy {chosen.family}", text)
    own = chosen.part == "test" and not options
    if own and (short := short_of_expected(found)):
        raise SystemExit("Recipes fall short of what they expect:\n" + "\n".join(short))


if __name__ == "__main__":
    main()
