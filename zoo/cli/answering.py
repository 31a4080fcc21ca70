"""`zoo evaluate`, `zoo predict`, `zoo export` and `zoo serve`: what a trained model answers, here and elsewhere."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import zoo
from zoo.cli import loading, outputs
from zoo.cli.parsers import given
from zoo.cli.printing import print_json
from zoo.progress import Progress

if TYPE_CHECKING:
    import pandas as pd


def evaluate(arguments: argparse.Namespace) -> None:
    """Prints a model's scores on a source, and writes them."""
    if arguments.output:
        outputs.check_output(Path(arguments.output))
    if arguments.plots:
        Path(arguments.plots).mkdir(parents=True, exist_ok=True)
    loading.import_tensorflow()
    model = zoo.load(loading.trained(arguments.model))
    target = loading.target(arguments, arguments.source)
    data = loading.rows(arguments, arguments.source, schema=model.schema, target=target or model.schema.target)
    how = {**given(arguments, "evaluate"), "target": target}
    scores = zoo.evaluate(model, data, verbose=0 if arguments.json else 1, **how)
    if arguments.output:
        scores.to_json(arguments.output)
    if arguments.json:
        print_json(scores.to_dict())
    if arguments.plots:
        paths = _write_pictures(scores, Path(arguments.plots))
        if not arguments.json:
            print(f"{len(paths)} pictures in {arguments.plots}: {', '.join(path.name for path in paths)}")


def _write_pictures(scores: zoo.Scores, folder: Path) -> list[Path]:
    """Writes the pictures that suit scores as PNG files, and returns their paths."""
    paths = []
    for name, figure in zoo.plots.of_scores(scores).items():
        paths.append(folder / f"{name}.png")
        figure.savefig(paths[-1])
    return paths


def predict(arguments: argparse.Namespace) -> None:
    """Writes what a model answers to the rows of a source."""
    path = Path(arguments.output) if arguments.output else None
    if path:
        outputs.check_output(path)
        if path.suffix not in WRITERS:
            raise ValueError(f"The output must end in {' or '.join(WRITERS)}. Received: {path}")
    loading.import_tensorflow()
    from zoo.training.prediction import predict_blocks

    model = zoo.load(loading.trained(arguments.model))
    source = _images([arguments.source, *arguments.images]) if arguments.images else arguments.source
    target = loading.target(arguments, source) or model.schema.target
    data = loading.rows(arguments, source, schema=model.schema, target=target)
    blocks = predict_blocks(model, data, **given(arguments, "predict"))
    # The steps of sequences are told by columns; rows are in the order of the source.
    blocks = (block.reset_index() if block.index.nlevels > 1 else block for block in blocks)
    if path is None:
        _write_csv(blocks, sys.stdout)
        return
    beside = path.with_name(f".{path.name}.{os.getpid()}")  # a name that nobody reads until all is written
    try:
        with Progress(None, "row") as progress:
            rows = WRITERS[path.suffix](_counted(blocks, progress), beside)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    print(f"{rows} rows in {path}")


def _counted(blocks: Iterable[pd.DataFrame], progress: Progress) -> Iterator[pd.DataFrame]:
    """Yields tables, and counts the rows of each when the next one is asked for."""
    for block in blocks:
        yield block
        progress.advance(len(block))


def export(arguments: argparse.Namespace) -> None:
    """Exports a model."""
    loading.import_tensorflow()
    model = zoo.load(loading.trained(arguments.model))
    report = zoo.export(model, arguments.output, verbose=0 if arguments.json else 1, **given(arguments, "export"))
    if arguments.json:
        import dataclasses

        print_json(dataclasses.asdict(report))
    else:
        print(report)


def serve(arguments: argparse.Namespace) -> None:
    """Serves exported folders."""
    settings = given(arguments, "serving.server.serve")
    if settings.get("runtime") != "onnx":
        loading.import_tensorflow()
    from zoo.serving.server import serve

    serve(arguments.folders, **settings)


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
            _with_sets_as_text(block).to_csv(out, index=False, header=rows == 0)
            rows += len(block)
    return rows


def _with_sets_as_text(block: pd.DataFrame) -> pd.DataFrame:
    """Returns a table whose sets of classes are texts, such as `no|yes`, for a file that has no lists."""
    sets = [i for i in range(block.shape[1]) if len(block) and isinstance(block.iloc[0, i], tuple)]
    block = block.copy() if sets else block
    for i in sets:
        block.isetitem(i, ["|".join(map(str, classes)) for classes in block.iloc[:, i]])
    return block


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
