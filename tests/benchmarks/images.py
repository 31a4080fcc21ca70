"""Accuracy of the networks of images on a set of images, each trained within a number of seconds.

python -m tests.benchmarks.images FOLDER                     a folder of images by class, or one of idx files
python -m tests.benchmarks.images FOLDER --only mlp_mixer --seconds 300
python -m tests.benchmarks.images FOLDER --set augmentation='("shift",)' validation=0.1
python -m tests.benchmarks.images FOLDER --part val          the validation rows, to choose options by
python -m tests.benchmarks.images FOLDER --write             and the table into docs/benchmarks.md

The learning rate falls to 0 over the epochs of a run, so that their number must be known before: two epochs, which are
not counted, tell how long one takes. The seconds are those of `zoo.train` from images to scored model.
"""

import argparse
import dataclasses
import time
from pathlib import Path

import keras

import zoo
from tests.benchmarks import train
from tests.benchmarks.accuracy import number, settings

CASES = (
    ("image_mlp", {"augmentation": ("flip",), "hidden_units": (1024, 256), "dropout": 0.3, "batch_size": 256}, 120.0),
    ("mlp_mixer", {"augmentation": ("shift", "flip")}, 900.0),
    ("lenet", {"modern": True, "augmentation": ("shift", "flip")}, 900.0),
    ("lenet", {}, 300.0),
)
SHOWN = ("accuracy", "log_loss")


@dataclasses.dataclass
class Measured:
    """A training within a number of seconds."""

    entry: str
    options: dict
    allowed: float
    epochs: int
    seconds: float
    weights: int
    scores: dict


class Seconds(keras.callbacks.Callback):
    """Notes how long each epoch takes, with its validation."""

    def __init__(self):
        super().__init__()
        self.epochs: list[float] = []

    def on_epoch_begin(self, epoch, logs=None):
        self._begin = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self.epochs.append(time.perf_counter() - self._begin)


def epochs_within(seconds: float, entry: str, data, options: dict) -> int:
    """Returns how many epochs end within so many seconds, at least 1, by a training of two."""
    watch = Seconds()
    begin = time.perf_counter()
    zoo.train(entry, data, epochs=2, callbacks=[watch], verbose=0, **options)
    around = time.perf_counter() - begin - sum(watch.epochs)
    compiled = watch.epochs[0] - watch.epochs[1]  # of the first epoch alone
    return max(1, int((seconds - around - max(0.0, compiled)) / watch.epochs[1]))


def measure(entry: str, data, allowed: float, part: str, options: dict) -> Measured:
    """Trains an entry within a number of seconds, and prints a line."""
    given = {"epochs": epochs_within(allowed, entry, data, options), **options}
    run = zoo.train(entry, data, verbose=0, **given)
    scores = run.metrics["val"] if part == "val" else zoo.evaluate(run, data.take(data.splits[part]), verbose=0)
    epochs = len(run.history["loss"])
    found = Measured(entry, options, allowed, epochs, run.seconds, run.model.network.count_params(), dict(scores))
    shown = "  ".join(f"{name} {found.scores[name]:.4f}" for name in SHOWN)
    print(
        f"{entry} {said(options)}: {part} {shown}  {epochs} epochs  {run.seconds:.0f} s  {found.weights:,} weights",
        flush=True,
    )
    return found


def said(options: dict) -> str:
    """Returns options as they are given to `zoo.train`."""
    return ", ".join(f"{name}={value!r}" for name, value in options.items())


def written(found: list[Measured]) -> str:
    """Returns the table of what was measured, as Markdown."""
    lines = [f"| entry | options | weights | seconds allowed | seconds | epochs | {' | '.join(SHOWN)} |"]
    lines.append("|---" * (6 + len(SHOWN)) + "|")
    for case in found:
        cells = [f"`{case.entry}`", f"`{said(case.options)}`" if case.options else "", f"{case.weights:,}"]
        cells += [f"{case.allowed:.0f}", f"{case.seconds:.0f}", str(case.epochs)]
        lines.append(f"| {' | '.join(cells + [number(case.scores[name]) for name in SHOWN])} |")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> None:
    """Prints a line an entry, and the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", nargs="*", default=list(dict.fromkeys(entry for entry, *_ in CASES)))
    parser.add_argument("--seconds", type=float, help="of each training; left out, those of CASES")
    parser.add_argument("--part", default="test", choices=("val", "test"))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--image-size", type=int, help="side that the images are resized to")
    parser.add_argument("--set", nargs="*", default=[], help="options of train, as name=value")
    parser.add_argument("--write", action="store_true", help="the table into docs/benchmarks.md")
    chosen = parser.parse_args(arguments)
    data = zoo.data.load(chosen.folder, image_size=chosen.image_size)
    if chosen.part == "test" and "test" not in data.splits:
        raise SystemExit(f"{chosen.folder} must have test rows, FOLDER/test/<class>/<image>. Or pass --part val.")
    found = []
    for entry, options, allowed in CASES:
        if entry in chosen.only:
            given = {**options, **settings(chosen.set), "seed": chosen.seed}
            found.append(measure(entry, data, chosen.seconds or allowed, chosen.part, given))
    text = f"Measured on {train.machine()}; {chosen.folder.name}, the {chosen.part} rows.\n\n{written(found)}"
    print(f"\n{text}")
    if chosen.write:
        train.put("images", text)


if __name__ == "__main__":
    main()
