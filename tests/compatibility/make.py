"""Writes the cases of the table that no archive holds yet to a new archive: `python -m tests.compatibility.make`.

The first archive is `cases.tar.xz`; further ones, `cases_2.tar.xz` and so on, stand beside it. None is ever replaced.
A name of the public surface that is new is added in the same way: to `names.json`, then to `names_2.json`.

    python -m tests.compatibility.make --work FOLDER      keeps each case there: what is made is not made again
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

import zoo
from tests.compatibility import archive, names, serving
from tests.compatibility.answers import answers, compare
from tests.compatibility.cases import ANSWERED, CASES, TARGETS, TRAINED, Case
from tests.compatibility.machine import machine, versions
from tests.compatibility.rows import with_gaps
from tests.compatibility.training import TOLERANCE, largest_difference, trained
from tests.compatibility.warm import scripts_are_forked

LARGEST = 4 * 2**20  # bytes of an archive
MARGIN = 1e-3  # by which the likeliest class stands above the next
LEAST = 8  # rows to answer


def main() -> None:
    """Writes what is new."""
    parser = argparse.ArgumentParser(description="Write a further archive of the cases that are new in the table.")
    parser.add_argument("--work", metavar="FOLDER", help="where cases are kept until the archive is written")
    parser.add_argument("--only", nargs="*", metavar="CASE", help="make these, and write no archive")
    given = parser.parse_args()
    known = archive.cases()
    wanted = [name for name in CASES if name not in known]
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(given.work or scratch)
        with scripts_are_forked():
            for name in given.only or wanted:
                if not (folder / name / "facts.json").is_file():
                    begin = time.monotonic()
                    write_case(CASES[name], folder / name)
                    print(f"{name}: {time.monotonic() - begin:.1f} s, {size(folder / name) / 1024:.0f} KiB", flush=True)
        if given.only:
            return
        if wanted:
            path = write_archive(folder, wanted)
            print(f"{path.name}: {len(wanted)} cases, {path.stat().st_size / 1024:.0f} KiB")
    if added := names.new():
        path = new_file("names", ".json")
        path.write_text(json.dumps(added, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        print(f"{path.name} holds the names that are new.")


def write_archive(folder: Path, wanted: list[str]) -> Path:
    """Packs the cases of a folder, and returns the archive's path."""
    found = {name: json.loads((folder / name / "facts.json").read_text(encoding="utf-8")) for name in wanted}
    made = {(json.dumps(facts.pop("machine")), json.dumps(facts.pop("versions"))) for facts in found.values()}
    if len(made) > 1:
        raise ValueError("The cases of an archive must be made on one machine, with the same versions.")
    index = {"machine": machine(), "versions": versions(), "cases": found}
    path = new_file("cases", ".tar.xz")
    archive.pack(folder, index, path)
    if path.stat().st_size > LARGEST:
        path.unlink()
        raise ValueError(f"An archive must have at most {LARGEST:,} bytes. Make smaller models.")
    return path


def new_file(stem: str, suffix: str) -> Path:
    """Returns a path that is not there yet: `<stem><suffix>`, or `<stem>_2<suffix>` and so on."""
    number, path = 1, archive.FOLDER / f"{stem}{suffix}"
    while path.exists():
        number += 1
        path = archive.FOLDER / f"{stem}_{number}{suffix}"
    return path


def size(folder: Path) -> int:
    """Returns the bytes of a folder."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def write_case(case: Case, folder: Path) -> None:
    """Writes a case's folder, with what the index will say of it in facts.json."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    data = _chosen(case, case.data(case.num_rows, 0))
    asked = {} if not case.kinds else {"schema": _schema(case, data)}
    if case.trained:
        settings = {"epochs": 3, **case.settings}
        run = zoo.train(case.entry, data, target=case.target, verbose=0, **asked, **settings, **case.options)
        zoo.save(run, folder / "artifact")
    else:
        zoo.save(zoo.build(case.entry, data, target=case.target, **asked, **case.options), folder / "artifact")
    zoo.load(folder / "artifact").save(folder / "model.keras")
    report = zoo.export(folder / "artifact", folder / "export")
    given = _chosen(case, case.data(min(ANSWERED, case.num_rows), 1))
    given = _decided(zoo.load(folder / "artifact"), with_gaps(given, TARGETS) if case.gaps else given, case.target)
    archive.write_rows(folder, "rows", given)
    given = archive.read_rows(folder, "rows")
    arrays, plain = answers(zoo.load(folder / "artifact"), given, case.attributes)
    np.savez(folder / "answers.npz", **arrays)
    facts = {
        "entry": case.entry,
        "options": zoo.load(folder / "artifact").options,
        "learning": zoo.info(case.entry).learning,
        "target": case.target,
        "attributes": dict(case.attributes),
        "scale": _scale(data, case.target),
        **plain,
    }
    x = archive.inputs_of(given, case.target)
    sent = serving.requests(x, report.inputs, report.served_names, report.signatures)
    np.savez(folder / "requests.npz", **sent)
    served, facts["signatures"] = serving.answered(report.path, folder / "requests.npz")
    np.savez(folder / "served.npz", **served)
    _check_served(facts, served, arrays)
    facts["trainings"] = [dict(training) for training in case.trainings]
    facts["sensitivity"] = _write_trainings(case, folder) if case.trainings else []
    facts |= {"machine": machine(), "versions": versions()}
    (folder / "facts.json").write_text(json.dumps(facts, ensure_ascii=False), encoding="utf-8")


def _chosen(case: Case, data):
    """Returns the columns of a table that the case keeps."""
    if not isinstance(data, pd.DataFrame):
        return data
    others = [name for name in TARGETS if name != case.target and name in data.columns]
    frame = data.drop(columns=others)
    return frame if case.columns is None else frame[[*case.columns, *([case.target] if case.target else [])]]


def _schema(case: Case, data) -> dict:
    """Returns the inferred schema with the kinds that the case sets."""
    schema = zoo.data.load(data, target=case.target).schema.to_dict()
    for column in schema["columns"]:
        if column["name"] in case.kinds:
            column["kind"] = case.kinds[column["name"]]
            column["categories"] = sorted(map(str, data[column["name"]].unique()))
    return schema


def _scale(data, target) -> float:
    """Returns the standard deviation of a target of numbers, else 1."""
    y = data[target] if isinstance(data, pd.DataFrame) and target else data[1] if isinstance(data, tuple) else None
    if y is None or np.asarray(y).dtype.kind not in "iuf":
        return 1.0
    return float(np.std(np.asarray(y, "float64"))) or 1.0


def _decided(model, rows, target):
    """Returns the rows but for those whose two likeliest classes are so near that another processor could swap them."""
    table = zoo.predict(model, archive.inputs_of(rows, target))
    if "label" not in table:
        return rows
    ordered = np.sort(table.filter(regex="^p_").to_numpy(), axis=1)
    kept = ordered[:, -1] - ordered[:, -2] > MARGIN
    if np.sum(kept) < LEAST:
        raise ValueError(f"Only {np.sum(kept)} rows have a likeliest class. Choose others, or train for longer.")
    return tuple(part[kept] for part in rows) if isinstance(rows, tuple) else rows[kept]


def _check_served(facts, served, arrays) -> None:
    """Compares what the export answers with what Python does."""
    assert {key.partition("/")[0] for key in served} == set(facts["signatures"])
    for key, values in served.items():
        name = key.partition("/")[2]
        if name == "label":
            assert [label.decode() for label in values.tolist()] == [str(label) for label in facts["labels"]]
        elif name in ("probabilities", "scores"):
            columns = [i for i, column in enumerate(facts["columns"]) if column.startswith("p_")]
            wanted = np.stack([arrays[f"predict/{i}"] for i in columns], axis=1)
            compare({name: values}, {name: wanted}, task=facts["task"], scale=facts["scale"])
        elif name in ("prediction", "outputs"):
            wanted = arrays["outputs"].reshape(values.shape)
            compare({name: values}, {name: wanted}, task=facts["task"], scale=facts["scale"])


def _write_trainings(case: Case, folder: Path) -> list[float]:
    """Writes the weights after each training. Returns how much they change where the first weights change least."""
    rows = _chosen(case, case.data(TRAINED if case.num_rows > TRAINED else case.num_rows, 2))
    archive.write_rows(folder, "training", rows)
    rows = archive.read_rows(folder, "training")
    model = zoo.load(folder / "artifact")
    x = model.preprocessor.encode(archive.inputs_of(rows, case.target))
    encoded = {f"x/{name}": values for name, values in x.items()}
    y = rows[case.target] if case.target else rows[1] if isinstance(rows, tuple) else None
    if y is not None:
        encoded["y"] = _encoded_target(model, y)
    np.savez(folder / "encoded.npz", **encoded)
    found = []
    for i, training in enumerate(case.trainings):
        training = json.loads(json.dumps(training))
        before, after = model.get_weights(), trained(zoo.load(folder / "artifact"), training, rows, encoded)
        if all(np.array_equal(old, new) for old, new in zip(before, after.values())):
            raise ValueError(f"Training {i} changes nothing: {training}")
        if not all(np.all(np.isfinite(values)) for values in after.values()):
            raise ValueError(f"Training {i} diverges: {training}")
        found.append(largest_difference(trained(_nudged(folder), training, rows, encoded), after))
        if found[-1] > TOLERANCE:
            raise ValueError(f"Training {i} amplifies rounding to {found[-1]:.2g}: {training}")
        np.savez(folder / f"trained_{i}.npz", **after)
    return found


def _encoded_target(model, y) -> np.ndarray:
    """Returns class indices, or numbers in the target's own units."""
    if model.classes is None:
        return np.asarray(y, "float32")
    return np.array([model.classes.index(value) for value in np.asarray(y).tolist()], "int32")


def _nudged(folder: Path):
    """Returns the model with each trainable weight changed by its last digit, up or down."""
    model, generator = zoo.load(folder / "artifact"), np.random.default_rng(0)
    for variable in model.trainable_weights:
        values = np.asarray(variable)
        toward = np.where(generator.random(values.shape) < 0.5, np.inf, -np.inf).astype(values.dtype)
        variable.assign(np.where(values == 0, values, np.nextafter(values, toward)))
    return model


if __name__ == "__main__":
    main()
