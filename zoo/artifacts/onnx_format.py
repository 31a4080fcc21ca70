"""ONNX: `model.onnx`, one file that answers raw columns with onnxruntime and numpy alone.

tf2onnx converts the numbers' part of the served graph. It has no operations for what strings go through, so that part
stands in front, node by node, in operations that onnxruntime has:

    category  strip --Tokenizer--> level --LabelEncoder--> position
    text      lower --StringNormalizer--> words --Tokenizer--> which of the frequent ones --TfIdfVectorizer--> 0/1
    date      ISO 8601 --Tokenizer--> digits --Cast--> year, month, day, hour, minute, second, zone

Tokenizer is an operation of onnxruntime's own (com.microsoft), in every build of it for a CPU.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import logging
import sys
import warnings
from pathlib import Path

import numpy as np

from zoo import notices
from zoo.data.columns import kind_of
from zoo.data.notations import BLANK, ISO_PATTERN, MONTHS
from zoo.data.raw_values import MISSING

FILE = "model.onnx"
OPSET, IR_VERSION = 18, 9
STRIPPED = r"(?s)[^\t\n\v\f\r ](.*[^\t\n\v\f\r ])?"  # what tf.strings.strip leaves
WORDS = r"\p{L}+|\p{Nd}+"
HALF = r"[AaPp]\.?[Mm]\.?"
HALVES = {
    f"{letter}{dot}{m}{end}": 1.0 if letter in "aA" else 2.0
    for letter, dot, m, end in itertools.product("aApP", (".", ""), "mM", (".", ""))
}
ZONE = rf"(?i)(?:[:.]\d+ *(?:{HALF})? *[+-]\d{{2}}(?::?\d{{2}})?|\d[+-]\d{{2}}:\d{{2}}){BLANK}$"
PADDING = " "  # fills rows with fewer tokens up; no token that is counted is a blank


def write(model, folder: Path) -> dict[str, tuple[dict, dict]]:
    """Writes the ONNX file of a model on the TensorFlow backend to a folder.

    Strings are read as in Python, blanks around them included, but for the letter İ, whose lower case is two
    characters, and for letters that Unicode added lately: onnxruntime and TensorFlow know those of different years. A
    request must have at least one row.

    Returns:
        Inputs and outputs of `serving_default`, as `{name: [dtype, shape]}`.

    Raises:
        ImportError: if the extra `onnx` is not installed.
        ValueError: if a column or a layer cannot be converted.
    """
    try:
        import onnx
        import onnxruntime  # noqa: F401 (the proof needs it)
        import tf2onnx  # noqa: F401 (to know that it is there)
    except ImportError as error:
        raise ImportError(
            f'An export to ONNX needs {error.name!r}, which is not installed: pip install "keras-zoo[onnx]"'
        ) from error
    from zoo.data.convertible import Convertible, facts

    _check_kinds(model)
    convertible = Convertible(model, lookups=False)
    inputs, outputs = facts(convertible)
    _check_names(inputs, outputs, model.schema.served_names)
    proto = _converted(model, convertible)
    strings = _Strings()
    for column, numbers in _readers(model, strings).items():
        for node in proto.graph.node:  # the column's own name is the string's
            node.input[:] = [numbers if name == column else name for name in node.input]
    _declare(proto, inputs, outputs, strings)
    onnx.save_model(proto, str(folder / FILE))
    return {"serving_default": (inputs, outputs)}


def _check_names(inputs, outputs, served_names) -> None:
    for raw, served in served_names.items():
        if served in outputs and served in inputs:
            raise ValueError(
                f"In ONNX no input may be called as an output is: {', '.join(sorted(outputs))}. Received: the column "
                f"{raw!r}. Rename it in the data and train again, or export as tf_saved_model."
            )


def _converted(model, convertible):
    """Returns the numbers' part as a ModelProto."""
    import tf2onnx

    from zoo.data.convertible import layer_named

    function, specs = convertible.function
    with _quiet(tf2onnx) as said:
        try:
            proto, _ = tf2onnx.convert.from_function(
                function, input_signature=specs, opset=OPSET, custom_op_handlers=HANDLERS
            )
        except Exception as error:  # tf2onnx raises whatever its handlers do
            said.append(str(error))
            proto = None
    domains = {"", "ai.onnx.ml"}
    foreign = [node for node in proto.graph.node if node.domain not in domains] if proto else []
    if proto is None or foreign or any("not supported" in line for line in said):
        said += [f"{node.name}: {node.op_type}" for node in foreign]
        what = layer_named(model, " ".join(said))
        raise ValueError(
            f"{what} cannot be converted to ONNX. Take another layer or activation, or export as "
            f"tf_saved_model. tf2onnx said: {'; '.join(said)[-500:]}"
        )
    return proto


def _where(ctx, node, name, args):
    node.type = "Where"  # tf2onnx multiplies by 0 and 1 and adds: NaN where the value not chosen is none or infinite


def _one_hot(ctx, node, name, args):
    depth, axis = node.inputs[1].get_tensor_value(), node.get_attr_value("axis", -1)
    rank = len(ctx.get_shape(node.input[0]))
    if axis not in (-1, rank):
        raise ValueError(f"{name}: one_hot has axis {axis}")
    dtypes, shapes, outputs, values = node.output_dtypes, node.output_shapes, node.output, node.input[:]
    ctx.remove_node(node.name)
    indices = ctx.make_node("Cast", [values[0]], attr={"to": 7}).output[0]  # int64
    indices = ctx.make_node("Unsqueeze", [indices, ctx.make_const(f"{name}/axis", np.array([-1])).output[0]]).output[0]
    levels = ctx.make_const(f"{name}/levels", np.arange(depth, dtype="int64")).output[0]
    same = ctx.make_node("Equal", [indices, levels]).output[0]  # ONNX's OneHot counts -1 from the end; here it is none
    ctx.make_node("Where", [same, *values[2:4]], name=name, outputs=outputs, dtypes=dtypes, shapes=shapes)


def _floor_div(ctx, node, name, args):
    dtypes, shapes, outputs, (x, y) = node.output_dtypes, node.output_shapes, node.output, node.input[:]
    ctx.remove_node(node.name)
    if dtypes[0] in (1, 10, 11):  # float32, float16, float64
        quotient = ctx.make_node("Div", [x, y]).output[0]
        ctx.make_node("Floor", [quotient], name=name, outputs=outputs, dtypes=dtypes, shapes=shapes)
    else:  # ONNX divides whole numbers towards 0, but its Mod has the divisor's sign
        whole = ctx.make_node("Sub", [x, ctx.make_node("Mod", [x, y]).output[0]]).output[0]
        ctx.make_node("Div", [whole, y], name=name, outputs=outputs, dtypes=dtypes, shapes=shapes)


def _erfc(ctx, node, name, args):
    dtypes, shapes, outputs, (x,) = node.output_dtypes, node.output_shapes, node.output, node.input[:]
    ctx.remove_node(node.name)
    one = ctx.make_const(f"{name}/one", np.ones((), "float32")).output[0]
    other = ctx.make_node("Erf", [x]).output[0]
    ctx.make_node("Sub", [one, other], name=name, outputs=outputs, dtypes=dtypes, shapes=shapes)


# Operations that tf2onnx 1.17 has not, or converts to others, which answer otherwise.
HANDLERS: dict[str, tuple] = {
    name: (handler, [])
    for name, handler in {
        "SelectV2": _where,
        "OneHot": _one_hot,
        "FloorDiv": _floor_div,
        "Erfc": _erfc,
    }.items()
}


@contextlib.contextmanager
def _quiet(tf2onnx):
    """Yields a list of tf2onnx's messages; hides its logs, TensorFlow's logs and warnings unless `--debug` is given."""
    said: list[str] = []
    keeper = logging.Handler(logging.WARNING)
    keeper.emit = lambda record: said.append(record.getMessage()) if record.name.startswith("tf2onnx") else None
    loggers = [logging.getLogger(name) for name in ("tensorflow", "tf2onnx")]
    before = [(logger.level, logger.propagate, list(logger.handlers)) for logger in loggers]
    for logger in loggers:
        logger.handlers = [keeper, *(logger.handlers if notices.shown() else ())]
        logger.propagate = logger.propagate and notices.shown()
    try:
        with warnings.catch_warnings():
            if not notices.shown():
                warnings.simplefilter("ignore")
            yield said
    finally:
        for logger, (level, propagate, handlers) in zip(loggers, before):
            logger.level, logger.propagate, logger.handlers = level, propagate, handlers


def _declare(proto, inputs, outputs, strings) -> None:
    """Gives the graph the raw columns' inputs, named shapes, and the nodes that read strings."""
    import onnx

    kinds = {
        "float32": onnx.TensorProto.FLOAT,
        "float64": onnx.TensorProto.DOUBLE,
        "int32": onnx.TensorProto.INT32,
        "int64": onnx.TensorProto.INT64,
        "bool": onnx.TensorProto.BOOL,
        "string": onnx.TensorProto.STRING,
        "uint8": onnx.TensorProto.UINT8,
    }
    graph = proto.graph
    nodes = [*strings.nodes, *graph.node]
    del graph.node[:], graph.input[:], graph.output[:], graph.value_info[:]
    graph.node.extend(nodes)
    graph.initializer.extend(strings.constants)
    for values, into in ((inputs, graph.input), (outputs, graph.output)):
        for name, (dtype, shape) in values.items():
            sizes = ["batch" if size is None else size for size in shape]
            into.append(onnx.helper.make_tensor_value_info(name, kinds[dtype], sizes))
    for domain, version in (("com.microsoft", 1), ("ai.onnx.ml", 3)):
        if domain not in {entry.domain for entry in proto.opset_import}:
            proto.opset_import.append(onnx.helper.make_opsetid(domain, version))
    proto.ir_version, proto.producer_name, proto.producer_version = IR_VERSION, "zoo", ""
    graph.name, graph.doc_string = "served", ""


def _readers(model, strings) -> dict[str, str]:
    """Adds the nodes that read the string columns. Returns the numbers' name by the column's served name."""
    served = model.schema.served_names
    numbers = {}
    for column, state in zip(model.schema.columns, model.preprocessor.states, strict=True):
        kind, name = kind_of(column), served[column.name]
        if (found := kind.onnx_numbers(strings, name, column, state)) is not None:
            numbers[name] = found
    return numbers


def _check_kinds(model) -> None:
    """Raises ValueError if a column's strings cannot be read by ONNX."""
    for column, state in zip(model.schema.columns, model.preprocessor.states, strict=True):
        if kind_of(column).dtype == "string" and kind_of(column).converted_shape(column, state) is None:
            notation = f" in the notation {column.format}" if column.format else ""
            raise ValueError(
                f"Columns of the kind {column.kind!r}{notation} cannot be read in ONNX. Received: {column.name!r}. "
                "Export as tf_saved_model, or train without it."
            )


class _Strings:
    """Nodes from string columns `(batch,)` to numbers."""

    def __init__(self):
        self.nodes, self.constants = [], []
        self._zeros = None

    def _add(self, kind: str, inputs, *, domain: str = "", **attributes) -> str:
        import onnx

        name = f"strings/{len(self.nodes)}"
        self.nodes.append(onnx.helper.make_node(kind, list(inputs), [name], name, domain=domain, **attributes))
        return name

    def _constant(self, values) -> str:
        import onnx

        name = f"strings/constant/{len(self.constants)}"
        values = np.asarray(values)
        if values.dtype.kind == "U":
            kind, flat = onnx.TensorProto.STRING, [value.encode() for value in values.ravel().tolist()]
            self.constants.append(onnx.helper.make_tensor(name, kind, values.shape, flat))
        else:
            self.constants.append(onnx.numpy_helper.from_array(values, name))
        return name

    def _tokens(self, name: str, expression: str | None, padding: str = PADDING) -> str:
        """Returns strings `(..., most)`: what matches the expression, or the characters."""
        how = {"separators": [""]} if expression is None else {"tokenexp": expression}
        return self._add("Tokenizer", [name], domain="com.microsoft", mark=0, mincharnum=1, pad_value=padding, **how)

    def _numbers(self, name: str, values: dict, default) -> str:
        kind = "floats" if isinstance(default, float) else "int64s"
        values = {
            "keys_strings": list(values),
            f"values_{kind}": list(values.values()),
            f"default_{kind[:-1]}": default,
        }
        return self._add("LabelEncoder", [name], domain="ai.onnx.ml", **values)

    def _sum(self, name: str, *axes: int) -> str:
        return self._add("ReduceSum", [name, self._constant(np.array(axes, "int64"))], keepdims=0)

    def _count(self, tokens: str, *axes: int, padding: str = PADDING) -> str:
        return self._sum(self._numbers(tokens, {padding: 0.0}, 1.0), *axes)

    def _beside(self, tokens: str, text: str) -> str:
        """Returns the tokens `(batch, most)` and a column of one text, for a Tokenizer takes no empty tensor."""
        if self._zeros is None:
            rows = self._add("Shape", [tokens], start=0, end=1)
            shape = self._add("Concat", [rows, self._constant(np.array([1], "int64"))], axis=0)
            import onnx

            zero = onnx.numpy_helper.from_array(np.zeros(1, "int64"))
            self._zeros = self._add("ConstantOfShape", [shape], value=zero)
        column = self._add("Gather", [self._constant([text]), self._zeros])
        return self._add("Concat", [tokens, column], axis=1)

    def position(self, name: str, levels, missing=()) -> str:
        """Adds a category's position `(batch,)`, as `zoo.data.encoding` looks it up."""
        positions = {level: i + 1 for i, level in enumerate(levels)}
        empty = positions.pop("", 0)
        table = {**dict.fromkeys((*MISSING, *missing), empty), **positions}
        # A blank row has no token, and the sum of none is 0: all are counted from the position of "".
        above = {level: position - empty for level, position in table.items() if level}
        found = self._numbers(self._tokens(name, STRIPPED), {**above, PADDING: 0}, -empty)
        return self._add("Add", [self._sum(found, 1), self._constant(np.int64(empty))])

    def text(self, name: str, words) -> str:
        """Adds the numbers of a text `(batch, 2 + words)`: `zoo.data.texts.width`."""
        # Locale C is on every machine and lowers ASCII; words of other letters are found by their pattern.
        lower = self._add("StringNormalizer", [name], case_change_action="LOWER", is_case_sensitive=1, locale="C")
        tokens = self._tokens(lower, WORDS)
        columns = [self._count(self._tokens(name, None, padding="  "), 1, padding="  "), self._count(tokens, 1)]
        plain = [word for word in words if word.isascii()]
        seen = {}
        if plain:
            found = self._add(
                "TfIdfVectorizer",
                [tokens],
                mode="IDF",  # the weight where the word is there, however often
                weights=[1.0] * len(plain),
                pool_strings=plain,
                ngram_counts=[0],
                ngram_indexes=list(range(len(plain))),
                min_gram_length=1,
                max_gram_length=1,
                max_skip_count=0,
            )
            if plain == list(words):
                return self._add("Concat", [*map(self._upright, columns), found], axis=1)
            for i, word in enumerate(plain):
                seen[word] = self._add("Gather", [found, self._constant(np.int64(i))], axis=1)
        beside = self._beside(tokens, "-") if len(plain) < len(words) else None
        for word in words:
            if word not in seen:
                pattern = "".join(f"[{''.join(_cases().get(letter, letter))}]" for letter in word)
                count = self._count(self._tokens(beside, f"^{pattern}$"), 1, 2)
                seen[word] = self._add("Min", [count, self._constant(np.float32(1))])
        columns += [seen[word] for word in words]
        return self._add("Concat", list(map(self._upright, columns)), axis=1)

    def _upright(self, name: str) -> str:
        return self._add("Unsqueeze", [name, self._constant(np.array([1], "int64"))])

    def date(self, name: str, patterns) -> str:
        """Adds the numbers in a date `(batch, 12)`: `zoo.data.dates.FIELDS`.

        Args:
            name: The served column.
            patterns: Ways to write dates, the first that matches before the others: `zoo.data.notations.Pattern`.
        """
        clock = self._digits(self._tokens(name, r"[Tt ] *\d{1,2}:\d{2}(:\d{2})?"), r"\d+", "T00:00:00")
        fraction = self._digits(self._tokens(name, r":\d{2}\.\d{1,6}"), r"\.\d+", ".0")
        microsecond = self._add("Round", [self._add("Mul", [fraction, self._constant(np.float32(1e6))])])
        half = self._sum(self._numbers(self._tokens(name, HALF), HALVES, 0.0), 1)
        zone = self._beside(self._tokens(name, rf"[+-]\d{{2}}(?::?\d{{2}})?{BLANK}$"), "00:00")
        signs = self._numbers(self._tokens(zone, "[+-]"), {"+": 1.0, "-": -1.0}, 0.0)
        zones = [self._upright(self._sum(signs, 1, 2)), self._tokens_summed(zone, r"\d{2}")]
        has_zone = self._upright(self._count(self._tokens(name, ZONE), 1))
        sign, hours_and_minutes = (self._add("Mul", [part, has_zone]) for part in zones)
        is_date, day, others = None, None, self._constant(np.float32(1))
        for pattern in patterns:
            valid = self._add("Mul", [self._count(self._tokens(name, f"^{pattern.expression}$"), 1), others])
            others = self._add("Sub", [others, valid])
            found = self._add("Mul", [self._day(name, pattern), self._upright(valid)])
            if pattern is ISO_PATTERN:  # twice a date where the day is left out
                alone = self._count(self._tokens(name, rf"^{BLANK}\d{{4}}-\d{{1,2}}{BLANK}$"), 1)
                valid = self._add("Add", [valid, self._add("Mul", [valid, alone])])
            elif "day" not in pattern.parts:
                valid = self._add("Add", [valid, valid])
            is_date = valid if is_date is None else self._add("Add", [is_date, valid])
            day = found if day is None else self._add("Add", [day, found])
        parts = [self._upright(is_date), day, clock, sign, hours_and_minutes, microsecond, self._upright(half)]
        return self._add("Concat", parts, axis=1)

    def _day(self, name: str, pattern) -> str:
        """Returns year, month and day `(batch, 3)` of the dates that match a pattern."""
        tokens = self._tokens(name, pattern.date)
        if not pattern.named_months:
            found = self._digits(tokens, r"\d+", "0000-00-00")
            parts = [part for part in pattern.parts if part in ("year", "month", "day")]
            places = [(*parts, "day").index(part) for part in ("year", "month", "day")]  # without a day it is 0
            return self._add("Gather", [found, self._constant(np.array(places, "int64"))], axis=1)
        found = self._digits(tokens, r"\d+", "0000-00")
        names = self._tokens(self._beside(tokens, "0"), f"(?i){'|'.join(MONTHS)}")
        month = self._upright(self._sum(self._numbers(names, _months(), 0.0), 1, 2))
        numbers = [*(part for part in pattern.parts if part in ("year", "day")), "day"]
        year, day = (
            self._add("Gather", [found, self._constant(np.array([numbers.index(part)], "int64"))], axis=1)
            for part in ("year", "day")
        )
        return self._add("Concat", [year, month, day], axis=1)

    def _tokens_summed(self, tokens: str, expression: str) -> str:
        """Returns the numbers in the tokens of each row, of which one has any, by their place in it."""
        import onnx

        digits = self._tokens(tokens, expression, padding="0")
        return self._sum(self._add("Cast", [digits], to=onnx.TensorProto.FLOAT), 1)

    def _digits(self, tokens: str, expression: str, zeros: str) -> str:
        """Returns the numbers in the only token of each row, as many as in `zeros`, which they are where none is."""
        return self._tokens_summed(self._beside(tokens, zeros), expression)


@functools.cache
def _months() -> dict[str, float]:
    """Returns the number of each month by the first letters of its name, in every case."""
    return {
        "".join(letters): float(number)
        for number, name in enumerate(MONTHS, 1)
        for letters in itertools.product(*((letter, letter.upper()) for letter in name))
    }


@functools.cache
def _cases() -> dict[str, list[str]]:
    """Returns the letters that become a letter in lower case."""
    found: dict[str, list[str]] = {}
    for letter in map(chr, range(sys.maxunicode + 1)):
        if letter.isalpha():
            found.setdefault(letter.lower(), []).append(letter)
    return found
