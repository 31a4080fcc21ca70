"""numpy: `model.npz` and a `predict.py` written for this very model, which needs Python and numpy alone.

Each part of the served graph is a few lines of Python: the columns that the schema has, the layers that the network
has. What has no such lines is an error that names it.
"""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import keras
import numpy as np

from zoo.artifacts import numpy_members
from zoo.data.dates import ISO
from zoo.data.schema import BLANKS, MISSING
from zoo.layers.linear import LinearTerms
from zoo.layers.tabular import Levels, PiecewiseLinear

ACTIVATIONS = {  # name of a Keras activation -> its value at x
    "linear": "x",
    "relu": "np.maximum(x, 0)",
    "relu6": "np.clip(x, 0, 6)",
    "leaky_relu": "np.where(x > 0, x, np.float32(0.2) * x)",
    "sigmoid": "0.5 * (1 + np.tanh(0.5 * x))",
    "hard_sigmoid": "np.clip(x / 6 + 0.5, 0, 1)",
    "hard_silu": "x * np.clip(x / 6 + 0.5, 0, 1)",
    "tanh": "np.tanh(x)",
    "hard_tanh": "np.clip(x, -1, 1)",
    "tanh_shrink": "x - np.tanh(x)",
    "arctan": "np.arctan(x)",
    "softplus": "np.logaddexp(x, np.float32(0))",
    "log_sigmoid": "-np.logaddexp(-x, np.float32(0))",
    "softsign": "x / (1 + np.abs(x))",
    "elu": "np.where(x > 0, x, np.expm1(np.minimum(x, 0)))",
    "celu": "np.where(x > 0, x, np.expm1(np.minimum(x, 0)))",
    "selu": "np.float32(1.05070099) * np.where(x > 0, x, np.float32(1.67326324) * np.expm1(np.minimum(x, 0)))",
    "silu": "x * 0.5 * (1 + np.tanh(0.5 * x))",
    "gelu": "x * 0.5 * (1 + np.vectorize(math.erf, otypes='f')(x / np.float32(2**0.5)))",
    "mish": "x * np.tanh(np.logaddexp(x, np.float32(0)))",
    "squareplus": "0.5 * (x + np.sqrt(x * x + 4))",
    "exponential": "np.exp(x)",
    "binary_step": "(x >= 0).astype('float32')",
}
PASSING = (keras.layers.Dropout, keras.layers.GaussianNoise)


def write(model, folder: Path) -> dict[str, tuple[dict, dict]]:
    """Writes `model.npz` and `predict.py` to a folder.

    Returns:
        Inputs and outputs of `serving_default`, as `{name: [dtype, shape]}`.

    Raises:
        ValueError: if a layer cannot be written in numpy; the message names it.
    """
    network = _Network(model)
    constants, encoding = _encoding(model)
    arrays = {**constants, **network.arrays}
    lines = _program(model, encoding, network.lines)
    np.savez(folder / "model.npz", **arrays)
    (folder / "predict.py").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return {"serving_default": _signature(model)}


def _signature(model) -> tuple[dict, dict]:
    served = model.schema.served_names
    specs = model.preprocessor.signature()
    inputs = {served[name]: [spec.dtype.name, list(spec.shape)] for name, spec in specs.items()}
    if model.entry.task == "classification":
        classes = len(model.classes)
        outputs = {"label": ["string", [None]], "probabilities": ["float32", [None, classes]]}
        outputs["probability"] = ["float32", [None]]
    else:
        width = model.network.outputs[0].shape[-1]
        outputs = {"prediction": [model.preprocessor.target_dtype, [None] if width == 1 else [None, width]]}
    return dict(sorted(inputs.items())), outputs


class _Network:
    """A functional network as lines of numpy, and the arrays that they use."""

    def __init__(self, model):
        self.lines, self.arrays = [], {}
        self._entry = model.entry.name
        names: dict[int, str] = {}  # tensor -> what it is called; of two tensors of a layer, each has its name
        for operation in model.network.operations:
            outputs = keras.tree.flatten(operation.output)
            if isinstance(operation, keras.layers.InputLayer):
                names[id(outputs[0])] = outputs[0].name
                continue
            taken = [names[id(tensor)] for tensor in keras.tree.flatten(operation.input)]
            if isinstance(operation, PASSING):
                names[id(outputs[0])] = taken[0]
                continue
            name = re.sub(r"\W", "_", operation.name)
            expression = self._expression(operation, name, taken)
            if expression is None:
                raise ValueError(
                    f"The layer {operation.name!r} ({type(operation).__name__}) cannot be written in numpy. Take "
                    "another layer or activation, or export as tf_saved_model."
                )
            called = [name] if len(outputs) == 1 else [f"{name}_{i}" for i in range(len(outputs))]
            self.lines.append(f"{', '.join(called)} = {expression}")
            names |= {id(output): each for output, each in zip(outputs, called, strict=True)}
        self.lines.append(f"return {names[id(model.network.outputs[0])]}")

    def _keep(self, name: str, value) -> str:
        self.arrays[name] = np.asarray(keras.ops.convert_to_numpy(value))
        return f'W["{name}"]'

    def _expression(self, layer, name: str, taken: list[str]) -> str | None:
        x, width = taken[0], layer.output.shape[-1] if isinstance(layer.output, keras.KerasTensor) else None
        kept = {weight.name: weight for weight in getattr(layer, "weights", ())}

        def weight(of):
            return self._keep(f"{name}.{of}", kept[of])

        if (of_members := numpy_members.expression(layer, taken, weight)) is not None:
            return of_members
        if isinstance(layer, keras.layers.Dense):
            bias = f" + {weight('bias')}" if layer.use_bias else ""
            return _activated(layer.activation, f"{x} @ {weight('kernel')}{bias}")
        if isinstance(layer, keras.layers.Activation):
            return _activated(layer.activation, x)
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
        if isinstance(layer, keras.layers.Rescaling) and not layer.offset:
            return f"{x} * np.float32({layer.scale!r})"
        if isinstance(layer, keras.layers.Flatten):
            return f"{x}.reshape(len({x}), -1)"
        if isinstance(layer, keras.layers.Concatenate):
            return f"np.concatenate([{', '.join(taken)}], axis=1)"
        if isinstance(layer, PiecewiseLinear):
            bins = layer.num_bins
            place = f"{x}[:, :, None] * {bins} - np.arange({bins}, dtype='float32')"  # of int64 all would be float64
            return f"(np.clip({place}, 0, 1) - 0.5).reshape(len({x}), {width})"
        if isinstance(layer, Levels):
            parts = [f"{x}[:, [{i}]] == np.arange(1, {layer.sizes[i]})" for i in layer.small]
            rows = zip(layer.large, layer._offsets(layer.large))
            parts += [f"{weight('table')}[{x}[:, {i}] + {start}]" for i, start in rows]
            return f"np.concatenate([{', '.join(parts)}], axis=1, dtype='float32')"
        if isinstance(layer, LinearTerms):
            kinds = sorted([*layer._numbers, *(["categorical"] if layer.categorical_sizes else [])])
            given = dict(zip(kinds, taken, strict=True))
            terms = []
            if layer._numbers:
                numbers = [given[kind] for kind in layer._numbers]
                joined = numbers[0] if len(numbers) == 1 else f"np.concatenate([{', '.join(numbers)}], axis=1)"
                terms.append(f"{joined} @ {weight('kernel')}")
            if "categorical" in given:
                starts = layer._offsets.tolist()
                terms.append(f"{weight('levels')}[{given['categorical']} + {starts}].sum(axis=1)")
            return f"{' + '.join(terms)} + {weight('bias')}"
        if type(layer).__name__ == "ThresholdUnits":
            fires = f"({x} @ {weight('w')} >= {weight('w_0')})"
            if layer.inhibitory:
                fires += f" & ~({x}[:, {layer.inhibitory}] > 0).any(axis=1, keepdims=True)"
            return f"({fires}).astype('float32')"
        return None


def _activated(function, x: str) -> str | None:
    template = ACTIVATIONS.get(getattr(function, "__name__", ""))
    if template is None:
        return None
    if template == "x":
        return x
    return re.sub(r"\bx\b", x if x.isidentifier() else f"({x})", template) if template.count("x") else None


def _encoding(model) -> tuple[dict[str, np.ndarray], list[str]]:
    """Returns the constants of the preprocessor, and the lines that encode `rows`."""
    schema, state = model.schema, model.preprocessor.get_config()["state"]
    kind = model.preprocessor.kind
    first = schema.columns[0]
    if first.kind == "image":
        return {}, ["image = np.asarray(rows).astype('float32')"]
    named = {
        k: [str(c.name) for c in schema.columns if c.kind == k]
        for k in ("number", "date", "boolean", "category", "text")
    }
    constants = {name: np.array(state[name], "float32") for name in ("median", "center", "scale")}
    lines = []
    if first.kind == "array":
        lines.append("x = np.asarray(rows, 'float32')")
    else:
        parts = [f"number(rows[{name!r}])" for name in named["number"]]
        if named["date"]:
            lines.append(f"dates = [date(rows[name]) for name in {named['date']!r}]  # days, shares of year and day")
            parts.append("*(days for days, _, _ in dates)")
        joined = ", ".join(parts)
        if len(named["number"]) > 1:
            joined = f"*(number(rows[name]) for name in {named['number']!r})" + (
                ", " + parts[-1] if named["date"] else ""
            )
        if parts:
            lines.append(f"x = np.stack([{joined}], axis=1)")
        else:
            lines.append("x = np.zeros((len(next(iter(rows.values()))), 0), 'float32')")
    lines.append("known = np.isfinite(x)")
    lines.append('x = np.where(known, x, W["median"])')
    booleans = named["boolean"]
    if booleans:
        lines.append(f"truth = np.stack([number(rows[name]) for name in {booleans!r}], axis=1)")
        lines.append("told = np.isfinite(truth)")
    levels = dict(zip(named["category"], state.get("levels", ())))
    if levels:
        lines.append(
            "level = [[places.get(name, 0) for name in strings(rows[c], True)] for c, places in LEVELS.items()]"
        )
        lines.append("categorical = np.array(level).T.reshape(len(x), -1)")
    if kind == "raw":
        parts = ["x", *(["np.where(told, truth, 0)"] if booleans else [])]
        parts += [f"categorical[:, [{i}]] == np.arange(1, {len(found) + 1})" for i, found in enumerate(levels.values())]
        lines.append(f"inputs = np.concatenate([{', '.join(parts)}], axis=1, dtype='float32')")
        return constants, lines
    scaled = '(x - W["center"]) / W["scale"]'
    if model.preprocessor.scaling == "quantile":
        lines.append(f"z = {scaled}")
        scaled = "z / np.sqrt(1 + np.square(z / 3))"
    parts = [scaled]
    if booleans:
        parts.append("np.where(told, 2 * truth - 1, 0)")
    missing = np.flatnonzero(state["missing"]).tolist()
    if missing:
        parts.append(f"~known[:, {missing}]")
    if untold := np.flatnonzero(state["boolean_missing"]).tolist():
        parts.append(f"~told[:, {untold}]")
    for i, times in enumerate(state.get("times", ())):
        parts.append(f"turns(*dates[{i}], {bool(times)})")
    if state.get("texts"):
        parts.append("*(words(rows[name], *fitted) for name, fitted in WORDS.items())")
    lines.append(f"numeric = np.concatenate([{', '.join(parts)}], axis=1, dtype='float32')")
    ranked = [i for i, knots in enumerate(state["knots"]) if len(knots) > 2]
    if ranked:
        constants |= {f"knots.{i}": np.array(state["knots"][i], "float32") for i in ranked}
        constants |= {f"ranks.{i}": np.array(state["ranks"][i], "float32") for i in ranked}
        lines.append(f"quantile = np.stack([np.where(known[:, i], rank(x[:, i], i), 0.5) for i in {ranked}], axis=1)")
    return constants, lines


NUMBER = '''
def number(values):
    """Returns values as float32; missing is NaN."""
    truth = {"true": 1.0, "false": 0.0}
    strings_ = [v.strip() if isinstance(v, str) else v for v in values]
    with np.errstate(over="ignore"):
        told = [np.nan if v is None or v in MISSING else float(truth.get(str(v).lower(), v)) for v in strings_]
        return np.array(told).astype("float32")
'''
STRINGS = '''
def strings(values, strip=False):
    """Returns values as strings; missing is empty, whole numbers have no point."""
    found = []
    for v in values:
        if isinstance(v, (float, np.floating)):
            v = "" if v != v else int(v) if float(v).is_integer() else float(v)
        v = str(v).lower() if isinstance(v, (bool, np.bool_)) else "" if v is None else str(v)
        found.append(v.strip(BLANKS) if strip else v)
    return found
'''
RANK = '''
def rank(x, i):
    """Returns the shares of the training rows below x: between knots, along a line."""
    knots, ranks = W[f"knots.{i}"], W[f"ranks.{i}"]
    at = np.clip(np.searchsorted(knots, x, side="right") - 1, 0, len(knots) - 2)
    share = np.clip((x - knots[at]) / (knots[at + 1] - knots[at]), 0, 1)
    return ranks[at] + share * (ranks[at + 1] - ranks[at])
'''
WORDS = '''
def words(values, known, mean, deviation):
    """Returns scaled lengths of texts, and 1 for each known word that is there."""
    found = np.zeros((len(values), 2 + len(known)), "float32")
    for row, text in zip(found, strings(values)):
        letters = (c if category(c)[0] == "L" or category(c) == "Nd" else " " for c in text.lower())
        tokens = re.findall(r"\\d+|[^\\W\\d]+", "".join(letters))
        row[:2] = (np.log1p(np.float32([len(text), len(tokens)])) - np.float32(mean)) / np.float32(deviation)
        row[2:] = [word in tokens for word in known]
    return found
'''
DATE = '''
def date(values):
    """Returns days since 1970-01-01 (NaN where there is no date), and the shares of the year and of the day."""
    f, found = np.float32, np.zeros((3, len(values)), "float32")
    for i, text in enumerate(strings(values)):
        match = re.fullmatch(ISO, text, re.ASCII)
        year, month, day, hour, minute, second = [int(part or 0) for part in match.groups()[:6]] if match else [0] * 6
        if not (1 <= month <= 12 and 1 <= day <= 31 and hour < 24 and minute < 60):
            found[0, i] = np.nan
            continue
        east = f((match[7] or "") + (match[8] or "0")) + f((match[7] or "") + (match[9] or "0")) / f(60)
        share = (f(hour) - east + f(minute) / f(60) + f(second) / f(3600)) / f(24)
        whole, start = f(day_number(year, month, day)), f(day_number(year, 1, 1))
        found[:, i] = whole + share, (whole - start) / f(365.25), share
    return found


def day_number(year, month, day):
    """Returns days since 1970-01-01; years are counted from March."""
    year -= month <= 2
    of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    return year // 400 * 146097 + year % 400 * 365 + year % 400 // 4 - year % 400 // 100 + of_year - 719468


def turns(days, year, share, times):
    """Returns sine and cosine of the day in the year, of the weekday, and of the hour."""
    week = np.mod(np.floor(days) + 3, 7) / 7
    parts = [2 * np.float32(np.pi) * turn for turn in ([year, week, share] if times else [year, week])]
    waves = np.stack([wave(part) for part in parts for wave in (np.sin, np.cos)], axis=1)
    return np.where(np.isnan(days)[:, None], 0, waves)
'''


def _program(model, encoding: list[str], network: list[str]) -> list[str]:
    """Returns the lines of predict.py."""
    schema, state = model.schema, model.preprocessor.get_config()["state"]
    kinds = {column.kind for column in schema.columns}
    table = not kinds & {"image", "array"}
    body = "\n".join([*encoding, *network])
    modules = ["csv"] if table else []
    modules += ["math"] if "math." in body else []
    modules += ["re"] if kinds & {"text", "date"} else []
    takes = "a dict of columns" if table else f"an array (rows, {', '.join(map(str, schema.columns[0].shape))})"
    said = f"{model.entry.name}: `predict(rows)` answers {takes} with numpy alone."
    usage = " python predict.py rows.csv" if table else ""
    lines = [
        f'"""{said}{usage}"""',
        "",
        *(f"import {name}" for name in sorted([*modules, "sys"] if table else modules)),
    ]
    lines += ["from pathlib import Path"] + (["from unicodedata import category"] if "text" in kinds else [])
    lines += ["", "import numpy as np", "", 'W = dict(np.load(Path(__file__).with_name("model.npz")))']
    if table:
        lines.append(f"COLUMNS = {[str(name) for name in schema.names]!r}")
        lines.append(f"MISSING = {MISSING!r}")
    if "category" in kinds:
        lines.append(f"BLANKS = {BLANKS!r}")
        levels = {}
        for column, found in zip((c for c in schema.columns if c.kind == "category"), state["levels"]):
            places = {level: i + 1 for i, level in enumerate(found)}
            levels[str(column.name)] = {**{m: places[""] for m in MISSING if "" in places}, **places}
        lines.append(f"LEVELS = {levels!r}  # level -> place; 0 is what was never seen")
    elif kinds & {"text", "date"}:
        lines.append(f"BLANKS = {BLANKS!r}")
    if "text" in kinds and state.get("texts"):
        fitted = {str(c.name): t for c, t in zip((c for c in schema.columns if c.kind == "text"), state["texts"])}
        lines.append("WORDS = {")
        lines += [f"    {n!r}: ({t['words']!r}, {t['mean']!r}, {t['deviation']!r})," for n, t in fitted.items()]
        lines.append("}")
    if "date" in kinds:
        lines.append(f"ISO = {ISO[1:-1]!r}")
    if model.classes is not None:
        lines.append(f"CLASSES = {list(model.classes)!r}")
    helpers = [NUMBER] if table else []
    helpers += [STRINGS] if kinds & {"category", "text", "date"} else []
    helpers += [RANK] if "rank(" in body else []
    helpers += [WORDS] if "text" in kinds and state.get("texts") else []
    helpers += [DATE] if "date" in kinds else []
    for helper in helpers:
        lines += ["", *helper.rstrip().split("\n")]
    lines += ["", "", "def network(rows):", '    """Returns the network\'s outputs for raw rows."""']
    lines += textwrap.indent(body, "    ").split("\n")
    lines += ["", "", "def predict(rows):", f'    """Returns the answers to {takes}."""']
    if table:
        lines += [
            "    if missing := [name for name in COLUMNS if name not in rows]:",
            '        raise ValueError(f"The columns {missing} are missing. Received: {list(rows)}")',
        ]
    lines += textwrap.indent("\n".join(_decision(model)), "    ").split("\n")
    if table:
        lines += MAIN.rstrip().split("\n")
    return lines


def _decision(model) -> list[str]:
    """Returns the lines from the network's outputs to the answers, as `zoo.Model.decide` has them."""
    lines = ['with np.errstate(all="ignore"):', "    z = network(rows)"]
    if model.members > 1:
        lines += numpy_members.merge(model)
    if model.entry.task == "regression":
        p = model.preprocessor
        if model.decision == "sigmoid":
            low, high = p.standardised_target([p.target_low, p.target_high]).tolist()
            lines.append(f"z = np.float32({low!r}) + np.float32({high - low!r}) * 0.5 * (1 + np.tanh(0.5 * z))")
        dtype = f"np.{p.target_dtype}"
        lines.append(f"z = z * {dtype}({p.target_scale!r}) + {dtype}({p.target_center!r})")
        return [*lines, 'return {"prediction": z[:, 0]}']
    width = model.network.outputs[0].shape[-1]
    if model.decision == "threshold":
        lines.append(
            "z = (z >= 0).astype('float32')" if width == 1 else f"z = np.eye({width}, dtype='float32')[z.argmax(1)]"
        )
    if model.entry.task != "classification":
        if model.decision == "sigmoid":
            lines.append("z = 0.5 * (1 + np.tanh(0.5 * z))")
        return [*lines, f'return {{"prediction": {"z[:, 0]" if width == 1 else "z"}}}']
    if model.decision == "threshold":
        lines.append("p = np.concatenate([1 - z, z], axis=1)" if width == 1 else "p = z")
    else:
        if width == 1:
            lines.append("z = np.concatenate([np.zeros_like(z), z], axis=1)")
        if model.decision == "sigmoid" and width > 1:
            lines.append("p = 0.5 * (1 + np.tanh(0.5 * z))")
        else:
            lines.append("e = np.exp(z - z.max(axis=1, keepdims=True))")
            lines.append("p = e / e.sum(axis=1, keepdims=True)")
    lines.append("best = p.argmax(axis=1)")
    return [*lines, 'return {"label": np.array(CLASSES)[best], "probability": p.max(axis=1), "probabilities": p}']


MAIN = """

if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python predict.py rows.csv > answers.csv")
    with open(sys.argv[1], newline="", encoding="utf-8-sig") as file:
        table = list(csv.DictReader(file))
    answers = predict({name: [row[name] for row in table] for name in table[0]})
    if "probabilities" in answers:
        answers |= {f"p_{name}": column for name, column in zip(CLASSES, answers.pop("probabilities").T)}
    out = csv.writer(sys.stdout, lineterminator="\\n")
    out.writerows([list(answers), *zip(*(column.tolist() for column in answers.values()))])
"""
