"""The command `zoo`: the public surface from a shell.

    zoo train mlp_classifier new.csv --target y -o out      raw rows to a trained model
    zoo predict out more.csv -o answers.csv                 and its answers
    zoo export out -o served                                and a SavedModel that takes raw columns

`-o` is always the output, `--json` what a program reads. A caller's mistake is one line on standard error and exit
code 2; `--debug` shows where it was raised. TensorFlow and Keras are imported by the commands that need them.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import functools
import itertools
import json
import math
import os
import re
import shlex
import sys
import warnings
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import zoo
from zoo import notices, recipes, registry
from zoo.engine import interruption

if TYPE_CHECKING:
    import pandas as pd

# Of zoo.data.load, which imports pandas.
FILE_FORMATS = ("csv", "parquet", "feather", "json", "excel", "tfrecord", "idx", "images", "npz")
LOADING = ("ignore", "format", "na_values", "decimal", "thousands", "date_format")  # options of `zoo.data.load`
SETTINGS = ("validation", "epochs", "batch_size", "learning_rate", "optimizer", "loss", "solver", "freeze")
SETTINGS += ("weight", "class_weight", "groups", "time", "seed", "checkpoint", "devices")
ADAPTING = ("classes", "columns", "image_size")
INTERRUPTED_BY = {"interrupted": 130, "terminated": 143}  # 128 + SIGINT, 128 + SIGTERM, as shells have it
OPTION = "option:"  # before a builder's option in the parsed arguments, where --weights is not --weight


class Parser(argparse.ArgumentParser):
    """A parser whose errors are exceptions: `main` prints them as it prints every other mistake."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, allow_abbrev=False, **kwargs)

    def error(self, message):
        raise ValueError(message)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command.

    Args:
        argv: The words after `zoo`; None for those of this process.

    Returns:
        The exit code: 0, 2 for a caller's mistake, 130 after Ctrl-C, 143 after SIGTERM while it trained.
    """
    argv = _command_first(sys.argv[1:] if argv is None else argv)
    debug = "--debug" in argv
    if debug:
        notices.show()
    with warnings.catch_warnings():
        if not debug:
            # Keras saves variables so on numpy 2; those who train can do nothing about it.
            warnings.filterwarnings("ignore", "__array__ implementation doesn't accept a copy", DeprecationWarning)
            warnings.showwarning = lambda message, *_, **__: print(
                "zoo: warning:", _in_flags(_one_line(message), argv), file=sys.stderr
            )
        try:
            return _run(argv)
        except KeyboardInterrupt as interrupt:
            print("zoo:", interruption.reason(interrupt), file=sys.stderr)
            return INTERRUPTED_BY[interruption.reason(interrupt)]
        except BrokenPipeError:  # `zoo list | head`: the reader has had enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0
        except (ValueError, TypeError, OSError, ImportError, MemoryError) as error:
            if debug:
                raise
            print("zoo: error:", _in_flags(_one_line(error), argv), file=sys.stderr)
            return 2


def _command_first(argv: Sequence[str]) -> list[str]:
    """Moves the command to the front, so that options before it count as its own, except the zoo's `--version`."""
    argv = list(argv)
    place = next((i for i, word in enumerate(argv) if not word.startswith("-")), 0)
    return argv if "--version" in argv[:place] else [*argv[place : place + 1], *argv[:place], *argv[place + 1 :]]


def _run(argv: list[str]) -> int:
    parser, commands = _parsers(argv)
    if argv and not argv[0].startswith("-") and argv[0] not in commands:
        known = ", ".join(commands)
        raise ValueError(f"Unknown command {argv[0]!r}.{registry.suggest(argv[0], commands)} There are: {known}.")
    arguments, unknown = parser.parse_known_args(argv)
    if unknown:
        word = next((word for word in unknown if word.startswith("-")), unknown[0]).partition("=")[0]
        called = "zoo" if arguments.command is None else f"zoo {arguments.command}"
        text = (parser if arguments.command is None else commands[arguments.command]).format_help()
        known = sorted(set(re.findall(r"--[a-z][a-z0-9-]+", text)))
        raise ValueError(
            f"`{called}` does not know {word!r}.{registry.suggest(word, known)} It takes: {', '.join(known)}."
        )
    if arguments.command is None:
        parser.print_help()
        return 2
    return arguments.run(arguments) or 0


def _one_line(error) -> str:
    if isinstance(error, OSError) and error.strerror and error.filename:
        return f"{error.strerror}: {error.filename}"
    return " ".join(str(error).split()) or type(error).__name__


def _in_flags(said: str, argv: list[str]) -> str:
    """Says in a command's flags what a message says in Python's keywords, such as `overwrite=True`."""
    if not argv or argv[0].startswith("-"):
        return said
    try:
        command = _parsers(argv)[1][argv[0]]
    except (ValueError, KeyError, ImportError, OSError):  # of an unknown command or entry, which `said` tells
        return said
    flags = {a.dest.removeprefix(OPTION): a.option_strings[-1] for a in command._actions if a.option_strings}

    def flag(found: re.Match) -> str:
        if (name := flags.get(found[1] or found[2])) is None:
            return found[0]
        value = (found[3] or "").strip("'\"")
        return name if value in ("", "True") else f"{name} {shlex.quote(value)}"

    # A field of a schema is none of the command's flags, even where they have one name.
    return re.sub(r"""(?<!column's )(?<!schema: )`([a-z_]+)`|`?\b([a-z_]+)=('[^']*'|"[^"]*"|\w+)`?""", flag, said)


def _import_tensorflow() -> None:
    """Imports TensorFlow. Commands call it when all that can be checked without it is checked."""
    notices.import_module("tensorflow")


def _parsers(argv: list[str]) -> tuple[Parser, dict[str, Parser]]:
    """Returns the parser and those of its commands, with the options of the entry that `argv` trains."""
    parser = Parser(prog="zoo", description="From raw rows or pixels to a served, still trainable Keras model.")
    parser.add_argument("--version", action="version", version=f"zoo {zoo.__version__}")
    debug: Any = {"action": "store_true", "help": "show where an error was raised, and the notices of TensorFlow"}
    parser.add_argument("--debug", **debug)
    commands = parser.add_subparsers(metavar="COMMAND", dest="command")

    def command(name, function, summary):
        added = commands.add_parser(name, help=summary, description=summary)
        added.set_defaults(run=function)
        added.add_argument("--debug", **debug)
        return added

    def source(added, *more, optional=False, several=False):
        about = "a shipped data set, a file, glob, folder, archive or address, or tfds:NAME"
        added.add_argument("source", metavar="SOURCE", nargs="?" if optional else None, help=about)
        if several:
            added.add_argument("images", metavar="IMAGE", nargs="*", default=[], help="further images beside an image")
        added.add_argument("--target", metavar="COLUMN", help="the column to predict")
        if "split" in more:
            added.add_argument("--split", metavar="NAME", help="only these rows of the source: train, val or test")
        if "format" in more:
            added.add_argument("--format", choices=FILE_FORMATS, help="instead of the suffix's")
            about = "counts as missing; may be repeated"
            added.add_argument("--na-values", metavar="VALUE", action="append", help=about)
            added.add_argument("--decimal", choices=(".", ","), help="the decimal mark; found if not given")
            added.add_argument("--thousands", metavar="MARK", help="between groups of three digits; found if not given")
            about = "the notation of dates that are not in ISO 8601, such as %%d/%%m/%%Y"
            added.add_argument("--date-format", metavar="FORMAT", help=about)
        if "images" in more:
            about = "resize images to it; a model trained so resizes others by itself"
            added.add_argument("--image-size", type=_image_size, metavar="H,W", help=about)
        if "ignore" in more:
            added.add_argument(
                "--ignore", metavar="COLUMN", action="append", help="leave a column out; may be repeated"
            )

    def settings(added):
        setting = functools.partial(added.add_argument, default=argparse.SUPPRESS)  # absent unless given
        setting("--validation", type=_validation, metavar="DATA", help="a share of the rows, other data, or none")
        setting("--epochs", type=int, metavar="N", help="the most epochs")
        setting("--batch-size", type=_batch_size, metavar="N", help="rows a step, or full")
        setting("--learning-rate", type=float, metavar="RATE")
        setting("--optimizer", metavar="NAME", help="of keras.optimizers")
        setting("--loss", metavar="NAME", help="of keras.losses")
        setting("--solver", choices=("lbfgs", "newton"), help="instead of the optimizer")
        setting("--freeze", type=_freeze, metavar="LAYERS", help="head_first, body, none, or the number of the lowest")
        setting("--weight", metavar="COLUMN", help="the column that weighs the rows")
        setting("--class-weight", choices=("balanced",), help="weigh the classes to count the same")
        setting("--groups", metavar="COLUMN", help="rows of one group stay on one side of the validation split")
        setting("--time", metavar="COLUMN", help="validate on the last rows by this column")
        setting("--seed", type=int, metavar="N")
        setting("--checkpoint", metavar="FOLDER", help="keep the state here; a run that was killed goes on from it")
        setting("--devices", type=_devices, metavar="DEVICES", help="auto, cpu, how many, or names: GPU:0,GPU:1")

    def artifact(added, **settings):
        about = "where to save it" if settings else "where to save it; runs/<entry>-<n> if not given"
        added.add_argument("-o", "--output", metavar="FOLDER", help=about, **settings)
        added.add_argument("--overwrite", action="store_true", help="replace the model in the folder, if it holds one")

    def adapting(added):
        how = {"choices": ("strict", "extend", "new"), "default": argparse.SUPPRESS}
        added.add_argument("--classes", help="extend: new classes behind the old; new: a new last layer", **how)
        added.add_argument("--columns", help="extend: new columns and levels too; new: those of the data alone", **how)
        about = "of the data's images, if it is another"
        added.add_argument("--image-size", type=_image_size, metavar="H,W", default=argparse.SUPPRESS, help=about)

    a = command("list", _list, "List the models by year.")
    a.add_argument("pattern", metavar="PATTERN", nargs="?", default="*", help="such as 'mlp*'")
    a.add_argument("--task", help=f"one of {', '.join(registry.TASKS)}")
    a.add_argument("--year", help="1958, or '<1970'")
    a.add_argument("--pretrained", action="store_true", help="the presets instead")
    a.add_argument("--json", action="store_true", help="as JSON")

    a = command("info", _info, "Show what a model is: its paper, its options, its presets.")
    a.add_argument("name", metavar="NAME")
    a.add_argument("--json", action="store_true", help="as JSON")

    a = command(
        "schema",
        _schema,
        "Infer the schema of a table or of images: what its columns are, and what is doubtful about them.",
    )
    source(a, "ignore", "format", "images")
    a.add_argument("--task", choices=("classification", "regression"), help="what to make of the target")
    a.add_argument("-o", "--output", metavar="FILE", help="write it as JSON, to edit and give to `zoo train --schema`")
    a.add_argument("--json", action="store_true", help="as JSON")

    a = command("train", _train, "Train a model, or go on with the weights of a trained one.")
    a.add_argument("model", metavar="MODEL", nargs="?", help="an entry, a preset, or an artifact's folder")
    source(a, "split", "ignore", "format", "images", optional=True)
    artifact(a)
    a.add_argument("--config", metavar="CARD", help="repeat the run that wrote this card.json")
    a.add_argument("--schema", metavar="FILE", default=argparse.SUPPRESS, help="a schema that `zoo schema` wrote")
    settings(a)
    a.add_argument("--json", action="store_true", help="print the result as JSON and no progress")
    if argv[:1] == ["train"] and (entry := _trained_entry(argv)):
        group = a.add_argument_group(f"options of {entry.name}")
        meanings = entry.option_meanings
        for name, default in entry.options.items():
            with contextlib.suppress(argparse.ArgumentError):  # a plugin's option named like one of the above
                group.add_argument(
                    f"--{name.replace('_', '-')}",
                    dest=OPTION + name,
                    default=argparse.SUPPRESS,
                    metavar="VALUE",
                    type=functools.partial(_option, default),
                    help=f"{meanings[name]} [{_shown(default)}]".replace("%", "%%"),
                )

    a = command("evaluate", _evaluate, "Score a trained model on data.")
    a.add_argument("model", metavar="MODEL", help="an artifact's folder, an exported version, or a preset")
    source(a, "split", "format", "images")
    a.add_argument("--weight", metavar="COLUMN", help="the column by which rows count in the scores")
    a.add_argument("-o", "--output", metavar="FILE", help="write the scores as JSON")
    a.add_argument("--json", action="store_true", help="as JSON")

    a = command("predict", _predict, "Answer the rows of a source, or images, in their order.")
    a.add_argument("model", metavar="MODEL", help="an artifact's folder, an exported version, or a preset")
    source(a, "split", "format", "images", several=True)
    about = "a column of the source to write before the answers, such as a key; may be repeated"
    a.add_argument("--keep", metavar="COLUMN", action="append", help=about)
    about = "a .csv, .parquet or .jsonl file; CSV on standard output if not given"
    a.add_argument("-o", "--output", metavar="FILE", help=about)

    a = command("adapt", _adapt, "Fit a trained model to other classes, columns or image sizes, without training.")
    a.add_argument("model", metavar="MODEL", help="an artifact's folder, an exported version, or a preset")
    source(a, "split", "ignore", "format")
    artifact(a, required=True)
    adapting(a)

    a = command("fine-tune", _fine_tune, "Go on with a trained model on other data: adapted to them, then trained.")
    a.add_argument("model", metavar="MODEL", help="an artifact's folder, an exported version, or a preset")
    source(a, "split", "ignore", "format")
    artifact(a)
    adapting(a)
    settings(a)
    a.add_argument(
        "--linear", choices=("refit",), help="solve the line beside the hidden layers again, from these rows"
    )
    a.add_argument("--json", action="store_true", help="print the result as JSON and no progress")

    a = command("export", _export, "Write a SavedModel that takes raw columns, for TensorFlow Serving.")
    a.add_argument("model", metavar="MODEL", help="an artifact's folder, or a preset")
    a.add_argument("-o", "--output", metavar="FOLDER", required=True, help="versions are folders in it: 1, 2, ...")
    a.add_argument("--format", help="tf_saved_model, onnx, numpy, litert, litert_float16 or litert_int8")
    a.add_argument("--data", metavar="SOURCE", help="rows to measure litert_float16 and litert_int8 on")
    a.add_argument("--version", type=_version, metavar="N", help="next, or a number")
    a.add_argument("--overwrite", action="store_true", help="replace the version if it exists")
    a.add_argument("--allow-signature-change", action="store_true", help="though the version before took other columns")
    a.add_argument("--json", action="store_true", help="as JSON")

    a = command(
        "serve", _serve, "Serve exported folders as TensorFlow Serving does over REST, with a page to try them."
    )
    a.add_argument("folders", metavar="FOLDER", nargs="+", help="what `zoo export -o` wrote; its name is the model's")
    limit = functools.partial(a.add_argument, default=argparse.SUPPRESS)
    limit("--host", help="address to bind to [127.0.0.1]")
    limit("--port", type=int, metavar="N", help="0 for a free one [8501]")
    limit("--runtime", choices=("tensorflow", "onnx"), help="onnx: for `zoo export --format onnx` [tensorflow]")
    limit("--lenient", action="store_true", help="understand raw column names, null, true and false too")
    limit("--max-bytes", dest="most_bytes", type=int, metavar="N", help="limit of a body [32 MiB]")
    limit("--max-rows", dest="most_rows", type=int, metavar="N", help="limit of the rows of a request [16384]")
    limit("--max-waiting", dest="most_waiting", type=int, metavar="N", help="requests that may wait [4096]")
    limit("--timeout", dest="seconds", type=float, metavar="SECONDS", help="limit of time for an answer [30]")
    limit("--poll", type=float, metavar="SECONDS", help="between two looks for new versions [1]")

    a = command("doctor", _doctor, "Show versions, devices and folders: what a bug report needs.")
    a.add_argument("--json", action="store_true", help="as JSON")
    return parser, commands.choices


def _trained_entry(argv: list[str]) -> registry.Entry | None:
    """Returns the entry that `zoo train` is to train: the first name of one that is not another argument's value."""
    flags = {"--json", "--debug", "--overwrite", "-h", "--help"}
    for before, word in itertools.pairwise(argv):
        if (entry := registry.find(word)) and (not before.startswith("-") or before in flags or "=" in before):
            return entry
    return None


def _option(default: Any, text: str) -> Any:
    """Reads a builder's option as the type of its default: 64,64 for a tuple, 0.2 for a number, none for None."""
    if text.lower() == "none":
        return None
    if isinstance(default, str):
        return text
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        value = {"true": True, "false": False}.get(text.lower(), text)
    kind = "true or false" if isinstance(default, bool) else "a number" if isinstance(default, (int, float)) else None
    wanted = bool if isinstance(default, bool) else (int, float)
    if kind and not isinstance(value, wanted):
        raise argparse.ArgumentTypeError(f"must be {kind}, such as {default}. Received: {text!r}")
    if isinstance(default, tuple) and not isinstance(value, (tuple, list)):
        return (value,)
    return float(value) if isinstance(default, float) else value


def _shown(value: Any) -> str:
    """Returns a default as it is typed on the command line."""
    return (
        ",".join(map(str, value)) if isinstance(value, tuple) else str(value).lower() if value is None else str(value)
    )


def _validation(text: str) -> float | str | None:
    with contextlib.suppress(ValueError):
        return float(text)
    return None if text.lower() == "none" else text


def _batch_size(text: str) -> int | str:
    return text if text == "full" else int(text)


def _freeze(text: str) -> int | str:
    return int(text) if text.isdigit() else text


def _devices(text: str) -> str | int | list[str]:
    return int(text) if text.isdigit() else text.split(",") if ":" in text else text


def _image_size(text: str) -> int | tuple[int, ...]:
    lengths = tuple(int(length) for length in text.replace("x", ",").split(","))
    return lengths[0] if len(lengths) == 1 else lengths


def _version(text: str) -> int | str:
    return text if text == "next" else int(text)


def _given(arguments: argparse.Namespace, *names: str) -> dict[str, Any]:
    """Returns the arguments that were given, so that the defaults stand in one place: the function called."""
    return {name: value for name in names if (value := getattr(arguments, name, None)) not in (None, False)}


def _list(arguments) -> None:
    names = registry.list_models(**_given(arguments, "pattern", "task", "year", "pretrained"))
    entries = [registry.info(name) for name in names]
    facts = [
        {"name": n, "task": e.task, "learning": e.learning, "year": e.year, "summary": e.summary}
        for n, e in zip(names, entries)
    ]
    if arguments.json:
        _print_json(facts)
    else:
        _print_table(("year", "name", "task", "summary"), facts)


def _info(arguments) -> None:
    entry = registry.info(arguments.name)
    options, meanings = entry.options, entry.option_meanings
    presets = [f"{entry.name}.{tag}" for tag in entry.presets]
    facts = {name: getattr(entry, name) for name in ("name", "summary", "task", "learning", "year", "paper")}
    if arguments.json:
        _print_json({**facts, "options": options, "presets": presets})
        return
    width = max(map(len, facts)) + 2
    for name, value in {**facts, "presets": ", ".join(presets) or "none"}.items():
        print(f"{name:{width}}{value}")
    print()
    if options:
        rows = [
            {"option": "--" + n.replace("_", "-"), "default": _shown(d), "": meanings[n]} for n, d in options.items()
        ]
        _print_table(("option", "default", ""), rows)


def _schema(arguments) -> None:
    if arguments.output:
        _check_output(Path(arguments.output))
    _import_tensorflow()
    data = zoo.data.load(arguments.source, **_given(arguments, "target", "image_size", *LOADING))
    schema = data.schema
    if arguments.task:
        from zoo.data.infer import infer

        known: dict[str, Any] = {"known": data.known(), "hints": data.hints}
        schema = infer(data.frame(), data.target, task=arguments.task, ignore=arguments.ignore or (), **known)
    if arguments.output:
        schema.save(arguments.output)
    if arguments.output and not arguments.json:
        print(f"Schema in {arguments.output}")
        return
    from zoo.data.description import describe_data

    described = describe_data(data, schema)
    if arguments.json:
        _print_json({**schema.to_dict(), "description": described.to_dict()})
    else:
        print(_in_flags(str(described), ["schema"]))


def _train(arguments) -> int:
    settings = _present(arguments, "target", "schema", *SETTINGS) | _given(arguments, "ignore", "image_size")
    options = {name.removeprefix(OPTION): value for name, value in vars(arguments).items() if name.startswith(OPTION)}
    model, source = arguments.model, arguments.source
    if arguments.config:
        _import_tensorflow()
        model, source, settings, options = _repeated(arguments.config, model, source, settings, options)
    if model is None:
        raise ValueError("`zoo train` needs a MODEL, such as: zoo train mlp_classifier titanic. See `zoo list`.")
    model = registry.info(model).name if registry.find(model) else _trained(model)
    folder = Path(arguments.output or _next_run(model))
    _check_artifact(arguments, folder)
    _import_tensorflow()
    _join_workers()
    data = _data(arguments, source, schema=settings.get("schema"), target=settings.get("target"))
    with interruption.terminable():
        run = zoo.train(model, data, verbose=0 if arguments.json else 1, **settings, **options)
        return _saved(arguments, run, folder)


def _adapt(arguments) -> None:
    folder = Path(arguments.output)
    _check_artifact(arguments, folder)
    _import_tensorflow()
    model = zoo.load(_trained(arguments.model))
    data = _data(arguments, arguments.source, target=arguments.target or model.schema.target)
    adapted = zoo.adapt(model, data, target=arguments.target, **_present(arguments, *ADAPTING))
    zoo.save(adapted, folder, overwrite=arguments.overwrite)
    print(f"saved in {folder}")


def _fine_tune(arguments) -> int:
    model = _trained(arguments.model)
    folder = Path(arguments.output or _next_run(model))
    _check_artifact(arguments, folder)
    _import_tensorflow()
    _join_workers()
    loaded = zoo.load(model)
    data = _data(arguments, arguments.source, target=arguments.target or loaded.schema.target)
    settings = _present(arguments, *ADAPTING, *SETTINGS) | _given(arguments, "linear")
    verbose = 0 if arguments.json else 1
    with interruption.terminable():
        run = zoo.fine_tune(loaded, data, target=arguments.target, verbose=verbose, **settings)
        return _saved(arguments, run, folder)


def _join_workers() -> None:
    """Joins the workers of `TF_CONFIG`, which must be done before anything computes."""
    from zoo.engine import cluster

    if cluster.named() is not None:
        cluster.join()


def _present(arguments, *names: str) -> dict[str, Any]:
    """Returns the arguments that stand on the command line, None among them."""
    return {name: getattr(arguments, name) for name in names if hasattr(arguments, name)}


def _saved(arguments, run, folder: Path) -> int:
    """Saves a run, says where, and returns the exit code. Of several workers the chief alone does."""
    from zoo.engine import cluster

    if not cluster.is_chief():
        return INTERRUPTED_BY[run.stopped] if run.interrupted else 0
    with interruption.uninterrupted():
        folder = _save(run, folder, overwrite=arguments.overwrite, numbered=arguments.output is None)
    if arguments.json:
        facts = {"folder": str(folder), "interrupted": run.interrupted, "seconds": run.seconds, "device": run.device}
        _print_json({**facts, "metrics": run.metrics})
    else:
        print(f"saved in {folder}")
        if run.interrupted and not hasattr(arguments, "checkpoint"):
            print(f"go on from its weights: zoo train {folder} SOURCE")
    return INTERRUPTED_BY[run.stopped] if run.interrupted else 0


def _save(run, folder: Path, *, overwrite: bool = False, numbered: bool = False) -> Path:
    """Saves a run and returns its folder. If the folder cannot be written, hours of training must not be lost.

    Args:
        run: The run.
        folder: The folder to write. If that fails, the run is saved in a temporary folder, which the error names.
        overwrite: Whether to replace a model in the folder.
        numbered: Whether the folder is runs/<entry>-<n>. If another run has taken the number, the next is used.
    """
    try:
        run.save(folder, overwrite=overwrite)
    except OSError as error:
        if numbered and isinstance(error, FileExistsError):
            return _save(run, _numbered(folder.name.rpartition("-")[0]), numbered=True)
        import tempfile

        rescued = Path(tempfile.mkdtemp(prefix="zoo-")) / folder.name
        run.save(rescued)
        raise OSError(f"{_one_line(error)}. The trained model is in {rescued} instead.") from error
    return folder


def _trained(model: str) -> str:
    """Returns the name of a preset, or the path of a folder or file: `out` is ./out where that exists.

    Raises:
        ValueError: if it is neither a path nor a preset; the message offers the nearest names.
    """
    if any(mark in model for mark in ("/", os.sep)):
        return model
    if Path(model).exists():
        return os.path.join(os.curdir, model)
    if "." not in model:
        registry.resolve(model)
    return model


def _repeated(card: str, model, source, settings: dict, options: dict) -> tuple:
    """Returns model, source, settings and options of the run that wrote a card; what is given stands above it."""
    path = Path(card)
    facts = json.loads(path.read_text(encoding="utf-8"))
    missing = [name for name in ("entry", "recipe", "data", "seed") if name not in facts]
    if missing:
        raise ValueError(f"{card!r} is no card of a run: it has no {', '.join(missing)}. An artifact's folder has one.")
    recipe, entry = facts["recipe"], registry.resolve(facts["entry"])
    usual = registry.load_recipe(entry)
    listed = recipes.listed(usual, registry.load_traits(entry))
    names = ("target", "weight", "groups", "time", "ignore", "image_size")
    past = {name: facts["data"][name] for name in names if facts["data"].get(name)}
    past |= {"validation": facts["data"]["validation"]} if "validation" in facts["data"] else {}
    for name in ("epochs", "batch_size", "learning_rate", "optimizer", "loss", "class_weight"):
        if recipe.get(name) != listed.get(name):  # what the recipe says anyway is not asked for
            past[name] = recipe[name]
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
    options = {**without_line, **recipe.get("options", {}), **options}
    return model or facts["entry"], source or facts["data"]["source"], {**past, **given}, options


def _data(arguments, source: str | list[str] | None, **settings):
    """Returns the source as it was typed, or loaded where rows, columns or a format were asked for."""
    wanted = _given(arguments, "split", *LOADING)
    if source is None or not wanted:
        return source
    wanted |= _given(arguments, "image_size")
    return zoo.data.load(source, **wanted, **{name: value for name, value in settings.items() if value is not None})


def _next_run(model: str) -> Path:
    """Returns runs/<entry>-<n> with the first n that is free."""
    return _numbered(
        Path(model).name.partition(".")[0] if Path(model).exists() else model.partition(".")[0].replace("/", "_")
    )


def _numbered(name: str) -> Path:
    taken = [
        int(p.name.rpartition("-")[2]) for p in Path("runs").glob(f"{name}-*") if p.name.rpartition("-")[2].isdigit()
    ]
    return Path("runs") / f"{name}-{max(taken, default=0) + 1}"


def _check_artifact(arguments, folder: Path) -> None:
    """Raises, before the work, if an artifact cannot be written to `folder` or must not replace what it holds.

    A training that continues from `--checkpoint` may replace the model that it saved when it was interrupted:
    `arguments.overwrite` is then set.
    """
    from zoo.artifacts import folders

    _check_writable(folder)
    if not arguments.overwrite and (folder / "card.json").is_file() and getattr(arguments, "checkpoint", None):
        _import_tensorflow()
        arguments.overwrite = _saved_by_checkpointed(arguments.checkpoint, folder)
    try:
        folders.check_free(folder, arguments.overwrite)
    except FileExistsError as error:
        raise FileExistsError(f"{str(error).rstrip('.')} with -o.") from None


def _saved_by_checkpointed(checkpoint: str, folder: Path) -> bool:
    """Returns whether the run whose state is in `checkpoint` saved the artifact in `folder`."""
    from zoo.engine.checkpoints import identifying, identities

    try:
        card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
        saved = {"entry": card["entry"], "recipe": identifying(card["recipe"]), "seed": card["seed"]}
    except (OSError, ValueError, KeyError, AttributeError):
        return False
    return any(saved == {name: run[name] for name in saved} for run in identities(checkpoint))


def _check_output(path: Path) -> None:
    """Raises, before the work, if the file `path` cannot be written."""
    if path.is_dir():
        raise ValueError(f"The output must be a file. Received the folder: {path}")
    _check_writable(path)


def _check_writable(path: Path) -> None:
    """Creates the parent folder of `path`, and raises an error if `path` cannot be written."""
    parent = path.absolute().parent
    parent.mkdir(parents=True, exist_ok=True)
    if not os.access(parent, os.W_OK):
        raise PermissionError(f"No permission to write in the folder {str(parent)!r}. Choose another with -o.")


def _evaluate(arguments) -> None:
    if arguments.output:
        _check_output(Path(arguments.output))
    _import_tensorflow()
    model = zoo.load(_trained(arguments.model))
    data = _data(arguments, arguments.source, schema=model.schema, target=arguments.target or model.schema.target)
    more = _given(arguments, "weight", "image_size")
    scores = zoo.evaluate(model, data, target=arguments.target, verbose=0, **more)
    if arguments.output:
        scores.to_json(arguments.output)
    if arguments.json:
        _print_json(scores.to_dict())
    else:
        print(scores)


def _predict(arguments) -> None:
    path = Path(arguments.output) if arguments.output else None
    if path:
        _check_output(path)
        if path.suffix not in WRITERS:
            raise ValueError(f"The output must end in {' or '.join(WRITERS)}. Received: {path}")
    _import_tensorflow()
    from zoo.training.prediction import predict_blocks

    model = zoo.load(_trained(arguments.model))
    source = _images([arguments.source, *arguments.images]) if arguments.images else arguments.source
    data = _data(arguments, source, schema=model.schema, target=arguments.target or model.schema.target)
    blocks = predict_blocks(model, data, **_given(arguments, "keep", "image_size"))
    # The steps of sequences are told by columns; rows are in the order of the source.
    blocks = (block.reset_index() if block.index.nlevels > 1 else block for block in blocks)
    if path is None:
        _write_csv(blocks, sys.stdout)
        return
    beside = path.with_name(f".{path.name}.{os.getpid()}")  # a name that nobody reads until all is written
    try:
        rows = WRITERS[path.suffix](blocks, beside)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    print(f"{rows} rows in {path}")


def _images(sources: list[str]) -> list[str]:
    """Returns several sources, which a shell makes of a glob, if all are images.

    Raises:
        ValueError: if one is not.
    """
    from zoo.data.image_files import is_image

    if others := [source for source in sources if not is_image(source)]:
        raise ValueError(
            f"Several sources must be images. Received: {others[0]!r}. Name one source, or put a glob in quotes so "
            "that the shell leaves it as it is."
        )
    return sources


def _write_csv(blocks: Iterable[pd.DataFrame], file) -> int:
    rows = 0
    with (
        contextlib.nullcontext(file) if hasattr(file, "write") else open(file, "w", encoding="utf-8", newline="") as out
    ):
        for block in blocks:
            block.to_csv(out, index=False, header=rows == 0)
            rows += len(block)
    return rows


def _write_parquet(blocks: Iterable[pd.DataFrame], path: Path) -> int:
    import pyarrow
    import pyarrow.parquet

    rows, writer = 0, None
    try:
        for block in blocks:
            table = pyarrow.Table.from_pandas(block, preserve_index=False, schema=writer and writer.schema)
            writer = writer or pyarrow.parquet.ParquetWriter(path, table.schema)
            writer.write_table(table)
            rows += len(block)
    finally:
        if writer:
            writer.close()
    return rows


def _write_json_lines(blocks: Iterable[pd.DataFrame], path: Path) -> int:
    rows = 0
    with open(path, "w", encoding="utf-8") as out:
        for block in blocks:
            if len(block):
                block.to_json(
                    out, orient="records", lines=True, force_ascii=False, date_format="iso", double_precision=15
                )
            rows += len(block)
    return rows


WRITERS = {".csv": _write_csv, ".parquet": _write_parquet, ".jsonl": _write_json_lines}


def _export(arguments) -> None:
    _import_tensorflow()
    settings = _given(arguments, "format", "version", "overwrite", "allow_signature_change", "data")
    report = zoo.export(zoo.load(_trained(arguments.model)), arguments.output, **settings)
    if arguments.json:
        import dataclasses

        _print_json(dataclasses.asdict(report))
    else:
        print(report)


def _serve(arguments) -> None:
    names = ("host", "port", "runtime", "lenient", "most_bytes", "most_rows", "most_waiting", "seconds", "poll")
    settings = _present(arguments, *names)
    if settings.get("runtime") != "onnx":
        _import_tensorflow()
    from zoo.serving.server import serve

    serve(arguments.folders, **settings)


def _doctor(arguments) -> None:
    from zoo.engine import doctor

    facts = {
        "zoo": zoo.__version__,
        **doctor.examine(),
        "datasets": str(registry.package_folder("datasets")),
        "saved models": str(registry.package_folder("saved_models")),
        "models": len(registry.list_models()),
    }
    if arguments.json:
        _print_json(facts)
        return
    for name, value in facts.items():
        print(f"{name:21}" + ("; ".join(value) or "none" if isinstance(value, list) else str(value)))


def _print_json(value: Any) -> None:
    print(json.dumps(_plain(value), indent=2, ensure_ascii=False))


def _plain(value: Any) -> Any:
    """Returns what JSON has for a value: numbers that are not finite are null."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return (
        value
        if isinstance(value, (str, int, type(None)))
        else _plain(value.item())
        if hasattr(value, "item")
        else str(value)
    )


def _print_table(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for name in columns:
        table.add_column(name, no_wrap=name not in ("", "summary"))
    for row in rows:
        table.add_row(*(str(row[name]) for name in columns))
    # Cut to the window for a reader, not for `zoo list | grep`.
    console = Console(highlight=False, markup=False, width=None if sys.stdout.isatty() else 10_000)
    with console.capture() as text:
        console.print(table)
    print("\n".join(line.rstrip() for line in text.get().splitlines()))
