"""The commands: which public functions each calls, and so which options it has.

An option is a keyword-only parameter of one of the functions (`options.py` says how it is typed): a new parameter of
`zoo.train` is an option of `zoo train`. What a command does not offer is listed beside it, with the reason. Written out
here are the arguments without a name, and the few options that are no parameter: where the output goes, and its form.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

Arguments = Mapping[str, Mapping[str, Any]]  # "-o --output", the names of an argument: how `add_argument` adds it

NO_TEXT = "its values are objects of Python"
PROGRESS = "--json says how much is printed"
SCHEMA_OF_MODEL = "the trained model has its own"
INPUTS_OF_MODEL = "the trained model takes the columns that it knows, and no others"

ENTRY = {"metavar": "MODEL", "nargs": "?", "help": "auto, an entry, a preset, or an artifact's folder"}
MODEL = {"metavar": "MODEL", "help": "an artifact's folder, an exported version, or a preset"}
SOURCE = {
    "metavar": "SOURCE",
    "help": "a shipped data set, a file, glob, folder, archive or address, or tfds:NAME",
}
IMAGES = {"metavar": "IMAGE", "nargs": "*", "default": [], "help": "further images beside an image"}
JSON = {"action": "store_true", "help": "as JSON"}
RESULT = {"action": "store_true", "help": "print the result as JSON and no progress"}
RUN_FOLDER = {"metavar": "FOLDER", "help": "where to save it; runs/<MODEL>-<n> if not given"}


class Command(NamedTuple):
    """One command of `zoo`.

    Args:
        run: `"module:function"` of what it does: a function of the parsed arguments, which returns the exit code or
            None for 0.
        summary: What the help says of it.
        functions: The public functions whose parameters are its options. Of parameters of one name the first counts.
        arguments: What it takes beside them, as `add_argument` adds it.
        left_out: Parameters that are no options, and why.
        flags: Parameters whose option has another name.
        builds: Whether it builds an entry, whose builder's options it takes too.
    """

    run: str
    summary: str
    functions: tuple[str, ...] = ()
    arguments: Arguments = {}
    left_out: Mapping[str, str] = {}
    flags: Mapping[str, str] = {}
    builds: bool = False


COMMANDS = {
    "list": Command(
        run="zoo.cli.facts:list_models",
        summary="List the models by year.",
        functions=("list_models",),
        arguments={
            "pattern": {"metavar": "PATTERN", "nargs": "?", "default": "*", "help": "such as 'mlp*'"},
            "--json": JSON,
        },
    ),
    "info": Command(
        run="zoo.cli.facts:info",
        summary="Show what a model is: its paper, its options, its presets.",
        functions=("info",),
        arguments={"name": {"metavar": "NAME"}, "--json": JSON},
    ),
    "schema": Command(
        run="zoo.cli.facts:schema",
        summary="Infer the schema of a table or of images: what its columns are, and what is doubtful about them.",
        functions=("data.load",),
        arguments={
            "source": SOURCE,
            "--task": {"help": "what to make of the target, such as classification, regression or another's task"},
            "-o --output": {"metavar": "FILE", "help": "write it as JSON, to edit and give to `zoo train --schema`"},
            "--json": JSON,
        },
        left_out={"schema": "it is what the command infers"},
    ),
    "train": Command(
        run="zoo.cli.learning:train",
        summary="Train a model, or go on with the weights of a trained one.",
        functions=("train", "data.load", "save"),
        arguments={
            "model": ENTRY,
            "source": {**SOURCE, "nargs": "?"},
            "-o --output": RUN_FOLDER,
            "--config": {"metavar": "CARD", "help": "repeat the run that wrote this card.json"},
            "--json": RESULT,
        },
        left_out={"callbacks": NO_TEXT},
        builds=True,
    ),
    "cross-validate": Command(
        run="zoo.cli.cross_validating:cross_validate",
        summary="Train a model on all folds but one, for each fold, and score it on that one.",
        functions=("cross_validate", "data.load"),
        arguments={
            "model": {"metavar": "MODEL", "help": "auto, or an entry"},
            "source": {**SOURCE, "nargs": "?"},
            "-o --output": {
                "metavar": "FILE",
                "help": "write the scores of each fold as CSV, and beside it FILE_predictions.csv: what each row is "
                "predicted to be by models that were not trained on it",
            },
            "--json": RESULT,
        },
        builds=True,
    ),
    "compare": Command(
        run="zoo.cli.model_comparison:compare",
        summary="Compare models on the same folds, and say which to take.",
        functions=("compare", "data.load"),
        arguments={
            "source": SOURCE,
            "--no-rivals": {
                "action": "store_true",
                "help": "compare the zoo's models alone, without those of scikit-learn and others",
            },
            "-o --output": {
                "metavar": "FOLDER",
                "help": "write table.csv, comparison.json and comparison.png, the picture, into it",
            },
            "--json": RESULT,
        },
        left_out={"rivals": "--no-rivals leaves them out"},
    ),
    "runs": Command(
        run="zoo.cli.listing:runs",
        summary="List the trained models in a folder and the folders in it, with their scores.",
        arguments={
            "folder": {"metavar": "FOLDER", "nargs": "?", "default": "runs", "help": "where to look [runs]"},
            "--sort": {"metavar": "SCORE", "help": "by this score, such as accuracy, the best first"},
            "--json": JSON,
        },
    ),
    "evaluate": Command(
        run="zoo.cli.answering:evaluate",
        summary="Score a trained model on data.",
        functions=("evaluate", "data.load"),
        arguments={
            "model": MODEL,
            "source": SOURCE,
            "-o --output": {"metavar": "FILE", "help": "write the scores as JSON"},
            "--plots": {"metavar": "FOLDER", "help": "write pictures of the scores as PNG, such as the ROC curve"},
            "--json": JSON,
        },
        left_out={"verbose": PROGRESS, "schema": SCHEMA_OF_MODEL, "ignore": INPUTS_OF_MODEL},
    ),
    "predict": Command(
        run="zoo.cli.answering:predict",
        summary="Answer the rows of a source, or images, in their order.",
        functions=("predict", "data.load"),
        arguments={
            "model": MODEL,
            "source": SOURCE,
            "images": IMAGES,
            "-o --output": {
                "metavar": "FILE",
                "help": "a .csv, .parquet or .jsonl file; CSV on standard output if not given",
            },
        },
        left_out={"schema": SCHEMA_OF_MODEL, "ignore": INPUTS_OF_MODEL},
    ),
    "adapt": Command(
        run="zoo.cli.learning:adapt",
        summary="Fit a trained model to other classes, columns or image sizes, without training.",
        functions=("adapt", "data.load", "save"),
        arguments={
            "model": MODEL,
            "source": SOURCE,
            "-o --output": {"metavar": "FOLDER", "required": True, "help": "where to save it"},
        },
        left_out={"schema": SCHEMA_OF_MODEL},
    ),
    "fine-tune": Command(
        run="zoo.cli.learning:fine_tune",
        summary="Go on with a trained model on other data: adapted to them, then trained.",
        functions=("fine_tune", "adapt", "train", "data.load", "save"),
        arguments={
            "model": MODEL,
            "source": SOURCE,
            "-o --output": RUN_FOLDER,
            "--linear": {
                "choices": ("refit",),
                "help": "solve the line beside the hidden layers again, from these rows",
            },
            "--json": RESULT,
        },
        left_out={"callbacks": NO_TEXT, "schema": SCHEMA_OF_MODEL, "quality": "it is by what auto takes an entry"},
    ),
    "export": Command(
        run="zoo.cli.answering:export",
        summary="Write a SavedModel that takes raw columns, for TensorFlow Serving.",
        functions=("export",),
        arguments={
            "model": {"metavar": "MODEL", "help": "an artifact's folder, or a preset"},
            "-o --output": {"metavar": "FOLDER", "required": True, "help": "versions are folders in it: 1, 2, ..."},
            "--json": JSON,
        },
        left_out={"verbose": PROGRESS},
    ),
    "serve": Command(
        run="zoo.cli.answering:serve",
        summary="Serve exported folders as TensorFlow Serving does over REST, with a page to try them.",
        functions=("serving.server.serve",),
        arguments={
            "folders": {
                "metavar": "FOLDER",
                "nargs": "+",
                "help": (
                    "what `zoo export -o` wrote, whose highest version answers, or one version in it; the folder's "
                    "name is the model's"
                ),
            },
        },
        flags={
            "most_bytes": "--max-bytes",
            "most_rows": "--max-rows",
            "most_waiting": "--max-waiting",
            "seconds": "--timeout",
        },
    ),
    "playground": Command(
        run="zoo.cli.touching:playground",
        summary="Serve a page on which the networks of the lecture can be touched, in English and in Russian.",
        functions=("playground.hosting.serve", "playground.hosting.write"),
        arguments={
            "--static": {
                "metavar": "DIR",
                "help": "write the whole page into this folder, for any web host, and serve nothing",
            },
        },
    ),
    "doctor": Command(
        run="zoo.cli.facts:doctor",
        summary="Show versions, devices and folders: what a bug report needs.",
        arguments={"--json": JSON},
    ),
}
