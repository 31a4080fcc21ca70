"""What a kind of column is, for those that the zoo has and those that other packages register.

    suits        whether raw values are of this kind               numbers    to be scaled, ranked and flagged
    fit          what is learnt from training rows: the state      encode     features that stay as they are
    read         raw values -> numpy                               features   what each of these features is
    read_graph   served tensors -> TensorFlow, the same reading    levels     positions of levels, for a learned vector
    signature    the served tensor                                 sample     plausible raw values

A kind holds nothing itself: what a column is stands in its `Column`, what was learnt in its state, a dict of plain
values that is stored as JSON. The columns of one kind are encoded as a group, so that a table of ten thousand numbers
takes as few operations as a table of ten. A kind whose columns are read one by one, as most are, leaves the methods of
groups (those that take `columns` and `states`) as they are.

What is read passes through TensorFlow for training and in the served graph alike, so that both encode the same, on any
Keras backend: `read_graph`, `numbers` and `encode` take and give TensorFlow's tensors.

Other packages import from here what the methods take and return beside arrays: `Encodings`, `Feature` and `Source`.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from zoo.data.columns.encodings import SECTIONS
from zoo.data.columns.encodings import Encodings as Encodings
from zoo.data.columns.encodings import Feature as Feature
from zoo.data.columns.source_code import Source as Source
from zoo.data.raw_values import BLANKS, MISSING
from zoo.data.schema import Column

if TYPE_CHECKING:
    from zoo.data.columns.table import Table
    from zoo.data.columns.values import Values

State = dict[str, Any]


class Kind:
    """A kind of column. Other packages inherit from it and register an instance by `zoo.data.register_column`.

    Attributes:
        name: Its name in schemas; `"package/kind"` outside of the zoo.
        precedence: Kinds are asked whether they suit in this order, the lowest first; the zoo's own begin at 10.
        order: Place of its features among those of other kinds; the zoo's own end at 60.
        together: Whether all columns of the kind are read and encoded as one group.
        has_numbers: Whether its columns have `numbers`, of which statistics are taken.
        uses_target: Whether `fit` and `encode_training` see the target; such a kind has both.
        encodings: The encodings that `zoo.registry.Recipe.encodings` may choose, by their names: those of `"standard"`
            and `"expanded"` in which each is on.
        is_picture: Whether a value is a picture, which requests may send as the bytes of a file.
        may_be_ids: Whether values that all differ are likely to be ids.
        array_name: Name of the column that an array of rows makes, for kinds of arrays; else "".
        dtype: Type of the served tensor: `"float32"`, `"string"` or `"uint8"`.
        block_dtype: Type of what `read` gives.
    """

    name = ""
    precedence = 0
    order = 100
    together = False
    has_numbers = False
    uses_target = False
    encodings: Mapping[str, tuple[str, ...]] = {}
    is_picture = False
    may_be_ids = False
    array_name = ""
    dtype = "string"
    block_dtype = "float32"

    # What a column is.

    def suits(self, values: Values) -> bool:
        """Returns whether raw values are of this kind. False for a kind that a schema alone can name."""
        return False

    def column(self, values: Values) -> Column:
        """Returns the column of values that suit."""
        return Column(values.name, self.name, values.dtype)

    def suits_array(self, array: np.ndarray) -> bool:
        """Returns whether an array of rows is one column of this kind."""
        return False

    def array_column(self, array: np.ndarray) -> Column:
        """Returns the column of an array of rows that suits."""
        raise NotImplementedError

    def is_tensor(self, column: Column) -> bool:
        """Returns whether a column is an encoded tensor of its own, as images and sequences are."""
        return False

    def as_number(self, column: Column) -> Column:
        """Returns the column as one of numbers where its values are such; else the column itself."""
        return column

    def check(self, column: Column) -> str:
        """Returns what a column of a schema lacks, as a phrase, such as `"a shape"`; `""` for nothing."""
        return ""

    def keeps_text(self, column: Column) -> bool:
        """Returns whether the values of a column in a CSV file stay the text that is written, whatever they look like.

        Else rows in which a level such as `1.0` or `TRUE` stands beside no other would be read as numbers or booleans.
        """
        return column.is_marked or self.dtype == "string"

    def with_values(self, column: Column, values: tuple[float, ...]) -> Column:
        """Returns the column with the only values that it may hold, where its kind knows such."""
        return column

    def of_state(self, state: State) -> Kind:
        """Returns the kind that reads and encodes a column in a state: another one where an earlier version made it."""
        return self

    def sees_target(self, encodings: Encodings) -> bool:
        """Returns whether these encodings use the target; by default where the kind does."""
        return self.uses_target

    # One column.

    def fit(self, read: np.ndarray, column: Column, encodings: Encodings, y: np.ndarray | None = None) -> State:
        """Returns what is learnt from the training rows of a column, as plain values.

        Args:
            read: What `read` gave.
            column: The column.
            encodings: How the preprocessor encodes.
            y: Class indices, or a regression's values, `(rows,)`, or of several targets or labels `(rows, targets)`,
                for encodings that see the target; else None.
        """
        return {}

    def read(self, values, column: Column, state: State) -> np.ndarray:
        """Reads raw values: `(rows,)` or `(rows, numbers)`, of `block_dtype`; NaN where a number is missing.

        Raises:
            ValueError: if a value cannot be read; the message names column, value, row and repair.
        """
        raise self._lacking("read")

    def read_shape(self, column: Column, state: State) -> tuple[int | None, ...]:
        """Returns the shape of what `read` gives for a row: `()` for one number or string, `(n,)` for several."""
        return ()

    def served(self, values, column: Column, state: State) -> np.ndarray:
        """Returns raw values as a request holds them, in the type of `signature`."""
        return self.read(values, column, state)

    def of_request(self, values, column: Column, dtype: str) -> np.ndarray:
        """Returns raw values as `served` does, in the type of the served tensor, by what a server knows: no state."""
        return self.served(values, column, {})

    def plain(self, values, column: Column) -> np.ndarray:
        """Returns raw values as the models of other packages take them; nothing is learnt from them.

        Returns:
            float64, NaN where a number is missing, `(rows,)` or `(rows, numbers)`; of columns that are served as
            strings, these, None where one is missing.
        """
        if self.dtype != "string" or self.has_numbers:
            return np.asarray(self.read(values, column, {}), "float64")
        texts = np.array(self.served(values, column, {}), object)
        marks = {*MISSING, *column.missing}
        texts[np.array([text.strip(BLANKS) in marks for text in texts], bool)] = None
        return texts

    def read_graph(self, tensor, column: Column, state: State):
        """Returns what `read` returns, from the served tensor, in TensorFlow."""
        return tensor

    def signature(self, column: Column, state: State):
        """Returns the tf.TensorSpec of the served tensor."""
        import tensorflow as tf

        return tf.TensorSpec((None,), self.dtype)

    def numbers(self, read, column: Column, state: State):
        """Returns numbers `(batch, n)` that are scaled, ranked, and flagged where NaN; None for none."""
        return None

    def number_names(self, column: Column, state: State) -> list:
        """Returns a name for each of `numbers`."""
        return []

    def offsets(self, column: Column, state: State) -> list[float]:
        """Returns what reading subtracted from each of `numbers`, in float64, so that float32 resolves them."""
        return [0.0] * len(self.number_names(column, state))

    def encode(self, read, column: Column, state: State, encodings: Encodings):
        """Returns features `(batch, n)` in float32; None for none."""
        return None

    def encode_training(
        self, read: np.ndarray, y: np.ndarray, column: Column, state: State, encodings: Encodings, seed: int
    ) -> np.ndarray:
        """Returns the features of training rows `(rows, n)`, of a kind that `uses_target`.

        A mean of the target over a level's rows must leave out the row itself, or it tells the answer: such features
        are made out of fold for the rows that are trained on, and by all of them for others.

        Args:
            read: What `read` gave.
            y: As for `fit`.
            column: The column.
            state: What was learnt.
            encodings: How the preprocessor encodes.
            seed: Seed of the training.
        """
        raise NotImplementedError

    def features(self, column: Column, state: State, encodings: Encodings) -> list[Feature]:
        """Returns what each feature of `encode` is."""
        return []

    def levels(self, column: Column, state: State) -> list[str] | None:
        """Returns the levels of a column whose positions are encoded as integers; None for other kinds."""
        return None

    def extend(self, values, column: Column, state: State, encodings: Encodings) -> tuple[Column, State]:
        """Returns column and state with what new rows bring; what was learnt stays as it was."""
        return column, state

    def unknown(self, values, column: Column, state: State) -> tuple[str, ...]:
        """Returns which values training has not met, where the kind lists what it has met."""
        return ()

    def sample(
        self, column: Column, state: State, rows: int, generator: np.random.Generator, *, odd: bool = False
    ) -> np.ndarray:
        """Returns plausible raw values.

        Args:
            column: The column.
            state: What was learnt.
            rows: How many.
            generator: What draws them.
            odd: Whether some may be strange, as those of a proof are.
        """
        raise self._lacking("sample")

    def _lacking(self, method: str) -> NotImplementedError:
        return NotImplementedError(f"A kind must have `{method}`, and {self.name!r} has none.")

    def cases(self, values: np.ndarray, turn: int) -> dict[str, np.ndarray]:
        """Returns further raw values for the proof of an export, by case.

        Args:
            values: Plausible values `(rows,)`.
            turn: Place of the column, by which columns differ in what is missing.

        Returns:
            Some of `"missing"` (every other value), `"unseen"`, `"empty"`, `"types"` and `"extreme"`.
        """
        return {}

    # All columns of a group at once.

    def fit_group(
        self, table: Table, columns: Sequence[Column], encodings: Encodings, counts: dict, y: np.ndarray | None = None
    ) -> list[State]:
        """Returns the state of each column.

        Args:
            table: The training rows.
            columns: The columns of the group.
            encodings: How the preprocessor encodes.
            counts: By column, the count of each value over all rows, where the table is a sample of them.
            y: As for `fit`.
        """
        return [self.fit(self.read(table.column(c.name), c, {}), c, encodings, y) for c in columns]

    def prepare(self, group: Group) -> Any:
        """Returns what the methods of groups need again and again, as `group.prepared`."""
        return None

    def read_group(self, table: Table, group: Group) -> np.ndarray:
        """Reads all columns of a group `(rows, ...)`."""
        column, state = group.only
        read = np.asarray(self.read(table.column(column.name), column, state), self.block_dtype)
        shape = self.read_shape(column, state)
        if len(shape) != read.ndim - 1 or any(n not in (None, m) for n, m in zip(shape, read.shape[1:])):
            raise TypeError(
                f"`read_shape` of the kind {self.name!r} must be the shape of what `read` gives for a row, "
                f"{read.shape[1:]}. Received: {shape}."
            )
        return read

    def read_cells(self, cells: list[list], group: Group) -> np.ndarray | None:
        """Reads few rows, given as Python objects by column; None where `read_group` must read them."""
        return None

    def block_shape(self, group: Group) -> tuple[int | None, ...]:
        """Returns the shape of what `read_group` gives, without the rows."""
        return (len(group.columns),) if self.together else self.read_shape(*group.only)

    def read_tables(self, column: Column, state: State) -> dict[str, int] | None:
        """Returns what a lookup table holds that `read_graph_group` needs."""
        return None

    def parse_tables(self, column: Column, state: State) -> dict[str, int] | None:
        """Returns what a lookup table holds that `parse_group` needs."""
        return None

    def read_graph_group(self, tensors: Sequence, group: Group, tables: Sequence):
        """Returns what `read_group` gives, from the served tensors of all columns."""
        column, state = group.only
        read, shape = self.read_graph(tensors[0], column, state), self.read_shape(column, state)
        if read.shape.rank not in (None, len(shape) + 1):
            raise TypeError(
                f"`read_graph` of the kind {self.name!r} must return what `read` gives, (rows, ...) of `read_shape` "
                f"{shape}. Received: a tensor of the shape {read.shape}."
            )
        return read

    def parse_group(self, block, group: Group, tables: Sequence):
        """Returns what `numbers_group`, `encode_group` and `positions_group` take, from what was read."""
        return block

    def numbers_group(self, parsed, group: Group):
        """Returns `numbers` of a group `(batch, n)`; None for none."""
        return self.numbers(parsed, *group.only)

    def training_numbers(self, block: np.ndarray, group: Group) -> np.ndarray | None:
        """Returns `numbers` of what was read as numpy, of which statistics are taken; None for none."""
        from zoo.data.columns.tensors import tensor_of

        numbers = self.numbers_group(self.parse_group(tensor_of(block), group, ()), group)
        return None if numbers is None else numbers.numpy()

    def encode_group(self, parsed, group: Group, encodings: Encodings) -> list:
        """Returns pairs of features `(batch, n)` and the section of the encoded tensor where they stand."""
        column, state = group.only
        encoded = self.encode(parsed, column, state, encodings)
        sections = [feature.section for feature in self.features(column, state, encodings)]
        width = 0 if encoded is None else encoded.shape[-1]
        if width != len(sections):
            raise TypeError(
                f"`features` of the kind {self.name!r} must describe each feature that `encode` returns. Received: "
                f"{len(sections)} for the {width} of the column {column.name!r}."
            )
        if encoded is None:
            return []
        import tensorflow as tf

        return [
            (encoded if len(set(sections)) == 1 else tf.gather(encoded, places, axis=1), section)
            for section in SECTIONS
            if (places := [i for i, one in enumerate(sections) if one == section])
        ]

    def positions_group(self, parsed, group: Group) -> list:
        """Returns the positions of levels `(batch,)`, for each column of a kind that has levels."""
        return []

    # Other formats of an export. A kind of strings that lacks one of these is refused by name.

    def converted_shape(self, column: Column, state: State) -> tuple[int, ...] | None:
        """Returns the shape of the numbers that stand for a string, without the rows, in graphs without strings.

        None for a column whose served tensor the graph takes as it is.
        """
        return None

    def parse_converted(self, tensors: Sequence, group: Group, tables: Sequence):
        """Returns what `parse_group` gives, from the numbers of `converted_shape`, by what ONNX and LiteRT can."""
        return self.parse_group(self.read_graph_group(tensors, group, ()), group, ())

    def onnx_numbers(self, nodes, name: str, column: Column, state: State) -> str | None:
        """Adds the ONNX nodes from a served string to the numbers of `converted_shape`, and returns their output.

        Args:
            nodes: What adds nodes: see `zoo.artifacts.onnx_strings`.
            name: The served column.
            column: The column.
            state: What was learnt.
        """
        return None

    def litert_obstacle(self, column: Column, state: State) -> str:
        """Returns what LiteRT would need an operation for and has none, `""` if nothing."""
        return "strings" if self.dtype == "string" else ""

    def web_numbers(self, column: Column, state: State) -> list[dict[str, Any]] | None:
        """Returns how the export to a web page reads each number of a column; None if it cannot read the column.

        A number has an `offset`, which is subtracted, and the numbers that are `absent`, which count as missing. What
        is a tensor of its own is read as it is: an empty list.
        """
        return None

    def source(self, group: Group, encodings: Encodings) -> Source | None:
        """Returns the columns' reading and encoding as Python source that needs numpy alone; None if there is none."""
        return None


@dataclasses.dataclass(frozen=True)
class Group:
    """Columns that are read and encoded together.

    Args:
        kind: Their kind.
        key: The group's name, of its kind and, where a kind has several groups, a number.
        columns: The columns.
        states: What was learnt of each; empty before `fit`.
    """

    kind: Kind
    key: str
    columns: tuple[Column, ...]
    states: tuple[State, ...] = ()

    @property
    def only(self) -> tuple[Column, State]:
        """The one column of a kind that is not read together, and its state."""
        ((column, state),) = zip(self.columns, self.states or [{}] * len(self.columns), strict=True)
        return column, state

    @functools.cached_property
    def prepared(self) -> Any:
        """What the kind has prepared for this group."""
        return self.kind.prepare(self)
