"""numpy: `model.npz` and a `predict.py` written for this very model, which needs Python and numpy alone.

Each part of the served graph is a few lines of Python: the columns that the schema has, the layers that the network
has. What has no such lines is an error that names it.

The layers of Keras are written here and in `numpy_images`. Layers of the zoo and of other packages write themselves, by
a method `numpy_source(x, keep)`: it returns an expression of what the layer gives for `x`, the expression of what it
takes (a list of them where it takes several tensors); `keep(name, value)` stores an array and returns the expression of
it. What takes the place of these layers in an ensemble is written in `numpy_members`.
"""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import keras
import numpy as np

from zoo.artifacts import numpy_images, numpy_members
from zoo.data.columns.encodings import FARTHEST, SECTIONS
from zoo.data.columns.source_code import NUMBER
from zoo.data.number_statistics import MOMENTS
from zoo.data.raw_values import MISSING
from zoo.engine.keras_internals import producer_of
from zoo.layers.numpy_activations import applied

PASSING = (keras.layers.Dropout, keras.layers.GaussianNoise)


def write(model, folder: Path) -> dict[str, tuple[dict, dict]]:
    """Writes `model.npz` and `predict.py` to a folder.

    Returns:
        Inputs and outputs of `serving_default`, as `{name: [dtype, shape]}`.

    Raises:
        ValueError: if a layer cannot be written in numpy; the message names it.
    """
    network = _Network(model)
    sources = _sources(model)
    constants, encoding = _encoding(model, sources)
    arrays = {**constants, **network.arrays}
    lines = _program(model, sources, encoding, network.lines)
    np.savez(folder / "model.npz", **arrays)
    (folder / "predict.py").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return {"serving_default": _signature(model)}


def _signature(model) -> tuple[dict, dict]:
    from zoo.data.served import answer_facts

    served = model.schema.served_names
    specs = model.preprocessor.signature()
    inputs = {served[name]: [spec.dtype.name, list(spec.shape)] for name, spec in specs.items()}
    return dict(sorted(inputs.items())), answer_facts(model)


class _Network:
    """A functional network as lines of numpy, and the arrays that they use."""

    def __init__(self, model):
        self.lines, self.arrays = [], {}
        if model.traits.respond is not None:
            raise ValueError(
                f"The answers of {model.entry.name!r}, which `respond` of its traits computes, cannot be written in "
                "numpy. Export as tf_saved_model."
            )
        self._inputs = {tensor.name for tensor in model.network.inputs}
        self.lines.append(f"return {self._write(model.network)}")

    def _write(self, network, prefix: str = "") -> str:
        """Writes the lines of a network, and returns what its output is called.

        Args:
            network: The network, or one of its members, which takes the same inputs.
            prefix: Begins the names of what is computed.
        """
        names: dict[int, str] = {}  # tensor -> what it is called; of two tensors of a layer, each has its name
        for operation in network.operations:
            outputs = keras.tree.flatten(operation.output)
            if isinstance(operation, keras.layers.InputLayer):
                names[id(outputs[0])] = outputs[0].name
                continue
            name = prefix + re.sub(r"\W", "_", operation.name)
            if isinstance(operation, keras.Model) and {tensor.name for tensor in operation.inputs} <= self._inputs:
                names[id(operation)] = self._write(operation, f"{name}_")
                continue
            given = keras.tree.flatten(operation.input) if not isinstance(operation, keras.Model) else []
            taken = [names.get(id(tensor)) or names[id(producer_of(tensor))] for tensor in given]
            if isinstance(operation, PASSING):
                names[id(outputs[0])] = taken[0]
                continue
            expression = self._expression(operation, name, taken) if taken else None
            if expression is None:
                raise ValueError(
                    f"The layer {operation.name!r} ({type(operation).__name__}) cannot be written in numpy. Take "
                    "another layer or activation, or export as tf_saved_model."
                )
            called = [name] if len(outputs) == 1 else [f"{name}_{i}" for i in range(len(outputs))]
            self.lines.append(f"{', '.join(called)} = {expression}")
            names |= {id(output): each for output, each in zip(outputs, called, strict=True)}
        output = network.outputs[0]
        return names.get(id(output)) or names[id(producer_of(output))]

    def _keep(self, name: str, value) -> str:
        self.arrays[name] = np.asarray(keras.ops.convert_to_numpy(value))
        return f'W["{name}"]'

    def _expression(self, layer, name: str, taken: list[str]) -> str | None:
        x = taken[0]
        kept = {weight.name: weight for weight in getattr(layer, "weights", ())}

        def keep(of, value):
            return self._keep(f"{name}.{of}", value)

        def weight(of):
            return keep(of, kept[of])

        if (of_members := numpy_members.expression(layer, taken, weight)) is not None:
            return of_members
        if hasattr(layer, "numpy_source"):
            return layer.numpy_source(x if len(taken) == 1 else taken, keep)
        if (of_images := numpy_images.expression(layer, x, keep)) is not None:
            return applied(getattr(layer, "activation", keras.activations.linear), of_images)
        if isinstance(layer, keras.layers.Dense):
            bias = f" + {weight('bias')}" if layer.use_bias else ""
            return applied(layer.activation, f"{x} @ {weight('kernel')}{bias}")
        if isinstance(layer, keras.layers.Activation):
            return applied(layer.activation, x)
        if isinstance(layer, keras.layers.PReLU):
            return f"np.where({x} > 0, {x}, {weight('alpha')} * {x})"
        if isinstance(layer, keras.layers.BatchNormalization):
            scale = f" * {weight('gamma')}" if layer.scale else ""
            shift = f" + {weight('beta')}" if layer.center else ""
            mean, variance = weight("moving_mean"), weight("moving_variance")
            return f"({x} - {mean}) / np.sqrt({variance} + np.float32({layer.epsilon})){scale}{shift}"
        if isinstance(layer, keras.layers.LayerNormalization):
            scale = f" * {weight('gamma')}" if layer.scale else ""
            shift = f" + {weight('beta')}" if layer.center else ""
            middle, spread = f"{x}.mean(-1, keepdims=True)", f"{x}.var(-1, keepdims=True)"
            return f"({x} - {middle}) / np.sqrt({spread} + np.float32({layer.epsilon})){scale}{shift}"
        if isinstance(layer, keras.layers.Rescaling):
            offset = f" + np.float32({layer.offset!r})" if layer.offset else ""
            return f"{x}.astype('float32') * np.float32({layer.scale!r}){offset}"  # positions of levels are int64
        if isinstance(layer, keras.layers.Flatten):
            return f"{x}.reshape(len({x}), -1)"
        if isinstance(layer, keras.layers.Add):
            return " + ".join(taken)
        if isinstance(layer, keras.layers.Concatenate):
            return f"np.concatenate([{', '.join(taken)}], axis=1)"
        return None


def _sources(model) -> list:
    """Returns the source of each group of columns.

    Raises:
        ValueError: if a kind of column has none.
    """
    preprocessor, found = model.preprocessor, []
    for group in preprocessor.groups:
        source = group.kind.source(group, preprocessor.encodings)
        if source is None:
            names = ", ".join(repr(column.name) for column in group.columns)
            raise ValueError(
                f"Columns of the kind {group.kind.name!r} cannot be written in numpy. Received: {names}. Export as "
                "tf_saved_model, or train without them."
            )
        found.append(source)
    return found


def _encoding(model, sources: list) -> tuple[dict[str, np.ndarray], list[str]]:
    """Returns the constants of the preprocessor, and the lines that encode `rows`."""
    preprocessor = model.preprocessor
    own = preprocessor.layout.own_tensors
    table = preprocessor.takes_columns
    lines = [
        f"{name} = np.asarray({f'rows[{str(column.name)!r}]' if table else 'rows'}).astype('float32')"
        for name, column in own.items()
    ]
    if len(own) == len(preprocessor.schema.columns):
        return {}, lines
    own_names = {column.name for column in own.values()}
    scaled = [
        state["scaled"]
        for group in preprocessor.groups
        for column, state in zip(group.columns, group.states)
        if group.kind.has_numbers and column.name not in own_names
    ]

    def joined(name):
        return [value for one in scaled for value in one[name]]

    names = ("median", "center", "scale", *(MOMENTS if preprocessor.linear else ()))
    constants = {name: np.array(joined(name), "float32") for name in names}
    lines += [line for source in sources for line in source.setup]
    numbers = [expression for source in sources for expression in source.numbers]
    if not table:
        (column,) = preprocessor.schema.columns
        numbers = [expression.replace(f"rows[{str(column.name)!r}]", "rows") for expression in numbers]
    if numbers:
        lines.append(f"x = np.stack([{', '.join(numbers)}], axis=1)")
    else:
        lines.append("x = np.zeros((len(next(iter(rows.values()))), 0), 'float32')")
    lines += ["known = np.isfinite(x)", 'x = np.where(known, x, W["median"])']
    sections = {
        section: [expression for source in sources for where, expression in source.sections if where == section]
        for section in SECTIONS
    }
    if preprocessor.encodings.raw:
        lines.append(f"inputs = np.concatenate([{', '.join(['x', *sections['value']])}], axis=1, dtype='float32')")
        return constants, lines
    values = '(x - W["center"]) / W["scale"]'
    if preprocessor.encodings.ranks:
        lines.append(f"z = {values}")
        values = "z / np.sqrt(1 + np.square(z / 3))"
    missing = np.flatnonzero(joined("missing")).tolist()
    flags = [f"~known[:, {missing}]"] if missing else []
    parts = ", ".join([values, *sections["value"], *flags, *sections["missing"], *sections["part"]])
    lines.append(f"numeric = np.concatenate([{parts}], axis=1, dtype='float32')")
    if preprocessor.linear:
        standardised = 'np.where(known, (x - W["mean"]) / W["deviation"], 0)'
        lines.append(f"standardised = np.clip({standardised}, -{FARTHEST!r}, {FARTHEST!r})")
        parts = ", ".join(["standardised", *sections["value"], *flags, *sections["missing"], *sections["part"]])
        lines.append(f"linear = np.concatenate([{parts}], axis=1, dtype='float32')")
    knots, ranks = joined("knots"), joined("ranks")
    ranked = [i for i, column in enumerate(knots) if len(column) > 2]
    if ranked:
        constants |= {f"knots.{i}": np.array(knots[i], "float32") for i in ranked}
        constants |= {f"ranks.{i}": np.array(ranks[i], "float32") for i in ranked}
        lines.append(f"quantile = np.stack([np.where(known[:, i], rank(x[:, i], i), 0.5) for i in {ranked}], axis=1)")
    return constants, lines


RANK = '''
def rank(x, i):
    """Returns the shares of the training rows below x: between knots, along a line."""
    knots, ranks = W[f"knots.{i}"], W[f"ranks.{i}"]
    at = np.clip(np.searchsorted(knots, x, side="right") - 1, 0, len(knots) - 2)
    share = np.clip((x - knots[at]) / (knots[at + 1] - knots[at]), 0, 1)
    return ranks[at] + share * (ranks[at + 1] - ranks[at])
'''


def _program(model, sources: list, encoding: list[str], network: list[str]) -> list[str]:
    """Returns the lines of predict.py."""
    schema = model.schema
    table = model.preprocessor.takes_columns
    of_shape = " ".join(f"(rows, {', '.join(map(str, column.shape))})" for column in schema.columns if column.shape)
    takes = "a dict of columns" if table else f"an array {of_shape}"
    is_csv = table and not of_shape
    body = "\n".join([*encoding, *network])
    modules = {"csv", "sys"} if is_csv else set()
    modules |= {"math"} if "math." in body else set()
    modules |= {module for source in sources for module in source.modules if " " not in module}
    said = f"{model.entry.name}: `predict(rows)` answers {takes} with numpy alone."
    usage = " python predict.py rows.csv" if is_csv else ""
    lines = [f'"""{said}{usage}"""', "", *(f"import {name}" for name in sorted(modules)), "from pathlib import Path"]
    lines += sorted({line for source in sources for line in source.modules if " " in line})
    lines += ["", "import numpy as np", "", 'W = dict(np.load(Path(__file__).with_name("model.npz")))']
    if table:
        lines.append(f"COLUMNS = {[str(name) for name in schema.names]!r}")
    constants = {"MISSING": repr(MISSING)} if table else {}
    functions = {"number": NUMBER} if table else {}
    for source in sources:
        constants |= source.constants
        functions |= source.functions
    for name, value in constants.items():
        lines += f"{name} = {value}".split("\n")
    if model.classes is not None:
        lines.append(f"CLASSES = {list(model.classes)!r}")
    if is_csv:
        facts = _signature(model)[1].items()
        several = {name: shape[1] for name, (_, shape) in facts if len(shape) == 2}
        columns = {name: model.task.columns(model.target, name, width) for name, width in several.items()}
        lines.append(f"SEVERAL = {columns!r}")
    if "rank(" in body:
        functions["rank"] = RANK
    for function in functions.values():
        lines += ["", *function.rstrip().split("\n")]
    lines += ["", "", "def network(rows):", '    """Returns the network\'s outputs for raw rows."""']
    lines += textwrap.indent(body, "    ").split("\n")
    lines += ["", "", "def predict(rows):", f'    """Returns the answers to {takes}."""']
    if table:
        lines += [
            "    if missing := [name for name in COLUMNS if name not in rows]:",
            '        raise ValueError(f"The columns {missing} are missing. Received: {list(rows)}")',
        ]
    lines += textwrap.indent("\n".join(_decision(model)), "    ").split("\n")
    if is_csv:
        lines += MAIN.rstrip().split("\n")
    return lines


def _decision(model) -> list[str]:
    """Returns the lines from the network's outputs to the answers, as `zoo.Model.decide` has them."""
    lines = ['with np.errstate(all="ignore"):', "    z = network(rows)"]
    if model.members > 1:
        lines += numpy_members.merge(model)
    if not (source := model.task.source(model.target, model.decision, model.network.outputs[0].shape[-1])):
        raise ValueError(
            f"The answers of the task {model.task.name!r} cannot be written in numpy. Export as tf_saved_model or "
            "onnx, or give the task the method `source`."
        )
    return [*lines, *source]


MAIN = """

if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python predict.py rows.csv > answers.csv")
    with open(sys.argv[1], newline="", encoding="utf-8-sig") as file:
        table = list(csv.DictReader(file))
    answers = predict({name: [row[name] for row in table] for name in table[0]})
    for name, columns in SEVERAL.items():
        answers |= dict(zip(columns, answers.pop(name).T))
    out = csv.writer(sys.stdout, lineterminator="\\n")
    out.writerows([list(answers), *zip(*(column.tolist() for column in answers.values()))])
"""
