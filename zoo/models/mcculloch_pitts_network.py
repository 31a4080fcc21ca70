"""McCulloch and Pitts's nets (1943): cells with a delay of one tick, which remember and so are finite automata.

    N_i(t) = 1  where  sum_j N_j(t - 1) >= theta_i  over its excitatory endings j,  and no inhibitory one is active
    N_i(0) = 0  for all cells: a net begins at rest

    an automaton of states q and symbols a, one tick a symbol:
    cell (q, a)    fires where the automaton was in q and read a: an "and" of a and an "or" of the cells that lead to q
    cell (start a) the same for the first symbol: it reads a, and is silenced as soon as any of these cells is active
    output cell    an "or" of the cells at which the output is 1:  y(t) = output for the symbol of t - 2

W. S. McCulloch, W. Pitts, A Logical Calculus of the Ideas Immanent in Nervous Activity, Bulletin of Mathematical
Biophysics 5, 1943. https://doi.org/10.1007/BF02478259. That such nets do what finite automata do, and no more: S. C.
Kleene, Representation of Events in Nerve Nets and Finite Automata, 1956; the construction, with a cell for each state
and symbol, follows M. Minsky, Computation: Finite and Infinite Machines, 1967. Nothing is trained.
"""

import itertools
from collections.abc import Mapping

import keras
import numpy as np
from keras import ops

from zoo.registry import Recipe, Spec, Traits, suggest

# Figure 1 of the paper, by letter, and nets that everyone knows. A name that stands twice has two endings on the cell.
NETS = {
    "delay": {"inputs": ["x"], "cells": {"y": {"excitatory": ["x"], "threshold": 1}}},  # a
    "or": {"inputs": ["x_1", "x_2"], "cells": {"y": {"excitatory": ["x_1", "x_2"], "threshold": 1}}},  # b
    "and": {"inputs": ["x_1", "x_2"], "cells": {"y": {"excitatory": ["x_1", "x_2"], "threshold": 2}}},  # c
    "and_not": {  # d: x_1 and not x_2
        "inputs": ["x_1", "x_2"],
        "cells": {"y": {"excitatory": ["x_1"], "inhibitory": ["x_2"], "threshold": 1}},
    },
    "heat_illusion": {  # e: a touch of cold that ends feels hot, one that lasts feels cold
        "inputs": ["heat", "cold"],
        "cells": {
            "was_cold": {"excitatory": ["cold"], "threshold": 1},
            "cold_ended": {"excitatory": ["was_cold"], "inhibitory": ["cold"], "threshold": 1},
            "feels_hot": {"excitatory": ["heat", "cold_ended"], "threshold": 1},
            "feels_cold": {"excitatory": ["cold", "was_cold"], "threshold": 2},
        },
        "outputs": ["feels_hot", "feels_cold"],
    },
    "relative_inhibition": {  # f: x_1 raises the threshold for x_2 and x_3 from 1 to 2
        "inputs": ["x_1", "x_2", "x_3"],
        "cells": {
            "either": {"excitatory": ["x_2", "x_3"], "inhibitory": ["x_1"], "threshold": 1},
            "all": {"excitatory": ["x_1", "x_2", "x_3"], "threshold": 3},
            "y": {"excitatory": ["either", "all"], "threshold": 1},
        },
        "outputs": ["y"],
    },
    "extinction": {  # g: x_2, but not after x_1
        "inputs": ["x_1", "x_2"],
        "cells": {
            "before": {"excitatory": ["x_1"], "threshold": 1},
            "spared": {"excitatory": ["x_2"], "inhibitory": ["before"], "threshold": 1},
            "y": {"excitatory": ["spared"], "threshold": 1},
        },
        "outputs": ["y"],
    },
    "temporal_summation": {  # h: x twice in a row
        "inputs": ["x"],
        "cells": {
            "before": {"excitatory": ["x"], "threshold": 1},
            "y": {"excitatory": ["x", "before"], "threshold": 2},
        },
        "outputs": ["y"],
    },
    "alterable_synapse": {  # i: x_2; and x_1 alone once both came together, which a circle remembers for ever
        "inputs": ["x_1", "x_2"],
        "cells": {
            "learnt": {"excitatory": ["x_1", "x_2", "learnt", "learnt"], "threshold": 2},
            "y": {"excitatory": ["x_2", "x_2", "x_1", "learnt"], "threshold": 2},
        },
        "outputs": ["y"],
    },
    "latch": {  # a memory of one bit: "reset" wins
        "inputs": ["set", "reset"],
        "cells": {"y": {"excitatory": ["set", "y"], "inhibitory": ["reset"], "threshold": 1}},
    },
    "parity": {  # 1 where the number of 1s so far is odd
        "start": "even",
        "transitions": {"even": {"0": "even", "1": "odd"}, "odd": {"0": "odd", "1": "even"}},
        "accepting": ["odd"],
    },
    "binary_adder": {  # two numbers, a bit of each a tick, the lowest first
        "start": "no_carry",
        "transitions": {
            "no_carry": {"00": "no_carry", "01": "no_carry", "10": "no_carry", "11": "carry"},
            "carry": {"00": "no_carry", "01": "carry", "10": "carry", "11": "carry"},
        },
        "outputs": {
            "no_carry": {"00": "0", "01": "1", "10": "1", "11": "0"},
            "carry": {"00": "1", "01": "0", "10": "0", "11": "1"},
        },
    },
}


@keras.saving.register_keras_serializable(package="zoo")
class CellsOfOneTick(keras.layers.Layer):
    """What all cells of a net do in one tick, for `keras.layers.RNN`.

    Args:
        units: How many cells there are.
        outputs: Indices of those that are shown.

    Input shape: `(batch, inputs)` and the state `(batch, units)`. Output shape: `(batch, outputs)`, what the cells are
    at this tick, which the inputs of this tick have not reached; and the state of the next.
    """

    def __init__(self, units: int, outputs=(), **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.outputs = [int(i) for i in outputs]
        self.state_size, self.output_size = units, len(self.outputs)

    def build(self, input_shape):
        shape = (input_shape[-1] + self.units, self.units)  # from inputs and cells to cells
        kept = {"initializer": "zeros", "trainable": False}
        self.excitatory = self.add_weight(shape=shape, name="excitatory", **kept)
        self.inhibitory = self.add_weight(shape=shape, name="inhibitory", **kept)
        self.threshold = self.add_weight(shape=(self.units,), name="threshold", **kept)

    def call(self, x, states):
        before = states[0]
        fibres = ops.concatenate([x, before], axis=-1)
        excited = ops.matmul(fibres, self.excitatory) >= self.threshold
        silenced = ops.matmul(fibres, self.inhibitory) > 0.0
        after = ops.cast(ops.logical_and(excited, ops.logical_not(silenced)), x.dtype)
        return ops.take(before, np.array(self.outputs), axis=-1), [after]

    def get_config(self):
        return {**super().get_config(), "units": self.units, "outputs": self.outputs}


def compiled(automaton: Mapping) -> dict:
    """Returns the net of an automaton, as `{"inputs", "cells", "outputs"}`.

    Args:
        automaton: `start`: a state. `transitions`: `{state: {symbol: next state}}`. Either `accepting`: states in which
            the one output is 1; or `outputs`: bits, one a line, for a state that is entered, `{state: "01"}`, or for a
            symbol that is read in a state, `{state: {symbol: "01"}}`. Symbols of 0 and 1 that are all patterns of so
            many bits are read from as many lines, `x_1` first; of other symbols each has a line of its own name, of
            which one is active a tick.

    Raises:
        ValueError: if the table is not complete, or names states or symbols that are not in it.
    """
    automaton = _in_strings(automaton)
    transitions, start = automaton["transitions"], automaton["start"]
    states, symbols = _states_and_symbols(transitions, start)
    bits = _output_bits(automaton, transitions, symbols)
    lines = len(symbols[0])
    if len(symbols) == 2**lines and set(symbols) == set(map("".join, itertools.product("01", repeat=lines))):
        inputs = [f"x_{i + 1}" for i in range(lines)]
        active = {a: [name for name, bit in zip(inputs, a) if bit == "1"] for a in symbols}
    else:
        inputs, active = symbols, {a: [a] for a in symbols}
    silent = {a: [name for name in inputs if name not in active[a]] if inputs != symbols else [] for a in symbols}
    name = {(q, a): f"({q!r}, {a!r})" for q in states for a in symbols}
    first = {a: f"(start, {a!r})" for a in symbols}
    reading = [*first.values(), *name.values()]
    leading = {q: [name[p, a] for p in states for a in symbols if transitions[p][a] == q] for q in states}
    for a in symbols:
        leading[transitions[start][a]].append(first[a])
    cells = {
        first[a]: {"excitatory": active[a], "inhibitory": [*silent[a], *reading], "threshold": len(active[a])}
        for a in symbols
    }
    for (q, a), cell in name.items():
        cells[cell] = {
            "excitatory": [*leading[q], *active[a]],
            "inhibitory": silent[a],
            "threshold": len(active[a]) + 1,
        }
    outputs = [f"y_{i + 1}" for i in range(len(bits[start, symbols[0]]))]
    for i, output in enumerate(outputs):
        true = [name[key] for key in name if bits[key][i] == "1"]
        true += [first[a] for a in symbols if bits[start, a][i] == "1"]
        cells[output] = {"excitatory": true, "inhibitory": [], "threshold": 1}
    return {"inputs": list(inputs), "cells": cells, "outputs": outputs}


def _in_strings(value):
    """Returns the table with strings for all names, as it comes back from a file."""
    if isinstance(value, Mapping):
        return {str(key): _in_strings(item) for key, item in value.items()}
    return [_in_strings(item) for item in value] if isinstance(value, (list, tuple)) else str(value)


def _states_and_symbols(transitions, start):
    states = list(transitions)
    if start not in states:
        raise ValueError(
            f"`start` must be a state.{suggest(start, map(str, states))} Received: start={start!r}; the states are: "
            f"{', '.join(map(str, states)) or 'none'}."
        )
    symbols = list(dict.fromkeys(str(a) for row in transitions.values() for a in row))
    if not symbols or not all(symbols):
        raise ValueError(f"The automaton must read symbols, none of them ''. Received: transitions={transitions!r}")
    for q, row in transitions.items():
        missing = [a for a in symbols if a not in row]
        if missing:
            raise ValueError(
                f"The transitions must be complete: the state {q!r} has none for {', '.join(map(repr, missing))}. Name "
                "a state to go to, such as one that leads to itself for ever."
            )
        for a, following in row.items():
            if following not in states:
                raise ValueError(
                    f"The state {q!r} goes to {following!r} at {a!r}, which is no state."
                    f"{suggest(following, map(str, states))} The states are: {', '.join(map(str, states))}."
                )
    return states, symbols


def _output_bits(automaton, transitions, symbols) -> dict:
    """Returns the bits of the outputs `{(state, symbol): "01"}` for each symbol read in a state."""
    if ("accepting" in automaton) == ("outputs" in automaton):
        raise ValueError("An automaton must have either `accepting`, a list of states, or `outputs`, bits by state.")
    if "accepting" in automaton:
        accepting = automaton["accepting"]
        if isinstance(accepting, str) or any(q not in transitions for q in accepting):
            raise ValueError(
                f"`accepting` must be a list of states. Received: accepting={accepting!r}; the states are: "
                f"{', '.join(map(str, transitions))}."
            )
        given: Mapping = {q: "1" if q in accepting else "0" for q in transitions}
    else:
        given = automaton["outputs"]
    found = {}
    for q, row in transitions.items():
        for a in symbols:
            found[q, a] = given[q].get(a) if isinstance(given.get(q), Mapping) else given.get(row[a])
    widths = {len(bits) if isinstance(bits, str) and bits and set(bits) <= {"0", "1"} else 0 for bits in found.values()}
    if len(widths) != 1 or 0 in widths:
        raise ValueError(
            "`outputs` must have bits, a string of 0 and 1 of one length, for each state, or for each symbol in each "
            f"state. Received: outputs={given!r}"
        )
    return found


def checked(net: Mapping) -> dict:
    """Returns a net with all its parts, endings of each kind included.

    Raises:
        ValueError: if a cell has a name or a threshold that cannot be, or listens to what is not there.
    """
    inputs, cells = [str(name) for name in net["inputs"]], net["cells"]
    outputs = list(net["outputs"]) if net.get("outputs") else list(cells)
    if not inputs or not cells:
        raise ValueError(f"A net must have inputs and cells. Received: inputs={inputs!r}, cells={cells!r}")
    known = [*inputs, *cells]
    if twice := sorted({name for name in known if known.count(name) > 1}):
        raise ValueError(f"Inputs and cells must have names of their own. Received twice: {', '.join(twice)}.")
    if lost := [name for name in outputs if name not in cells]:
        raise ValueError(
            f"`outputs` must be cells.{suggest(lost[0], cells)} Received: {', '.join(map(repr, lost))}; the cells are: "
            f"{', '.join(cells)}. To show an input, let a cell listen to it."
        )
    found: dict[str, dict] = {}
    for name, cell in cells.items():
        if not isinstance(cell, Mapping) or not set(cell) <= {"excitatory", "inhibitory", "threshold"}:
            raise ValueError(
                f"The cell {name!r} must have `excitatory` and `inhibitory`, lists of names, and `threshold`. "
                f"Received: {cell!r}"
            )
        threshold = cell.get("threshold", 1)
        if not isinstance(threshold, int) or isinstance(threshold, bool) or threshold < 0:
            raise ValueError(
                f"The threshold of {name!r} must be a number of endings, 0 or more. Received: {threshold!r}"
            )
        found[name] = {"excitatory": [], "inhibitory": [], "threshold": threshold}
        for kind in ("excitatory", "inhibitory"):
            endings = cell.get(kind, ())
            if isinstance(endings, str):
                raise ValueError(
                    f"`{kind}` of the cell {name!r} must be a list of names. Received: {endings!r}. Write "
                    f"[{endings!r}]."
                )
            for fibre in endings:
                if fibre not in known:
                    raise ValueError(
                        f"The cell {name!r} listens to {fibre!r}, which is neither an input nor a cell."
                        f"{suggest(fibre, known)} There are: {', '.join(known)}."
                    )
                found[name][kind].append(fibre)
    return {"inputs": inputs, "cells": found, "outputs": outputs}


def matrices(net: Mapping) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns the endings of each fibre on each cell, excitatory and inhibitory, and the thresholds."""
    fibres = {name: i for i, name in enumerate([*net["inputs"], *net["cells"]])}
    found = np.zeros((2, len(fibres), len(net["cells"])))
    for column, cell in enumerate(net["cells"].values()):
        for kind, endings in enumerate((cell["excitatory"], cell["inhibitory"])):
            for fibre in endings:
                found[kind, fibres[fibre], column] += 1.0
    return found[0], found[1], np.array([cell["threshold"] for cell in net["cells"].values()], "float64")


def described(options: Mapping) -> dict:
    """Returns the net that the builder's options describe."""
    description = options.get("net", "heat_illusion")
    if isinstance(description, str):
        if description not in NETS:
            raise ValueError(
                f"Unknown net {description!r}.{suggest(description, NETS)} There are: {', '.join(NETS)}. Or describe "
                "one: {'inputs': [...], 'cells': {...}} or {'start': ..., 'transitions': {...}, 'accepting': [...]}."
            )
        description = NETS[description]
    given = list(description) if isinstance(description, Mapping) else [type(description).__name__]
    is_automaton = "transitions" in given
    needed = {"start", "transitions"} if is_automaton else {"inputs", "cells"}
    if not needed <= set(given) <= {*needed, "outputs", "accepting" if is_automaton else "outputs"}:
        raise ValueError(
            "`net` must be a name; or have `inputs` and `cells`, and perhaps `outputs`; or `start` and `transitions`, "
            f"and `accepting` or `outputs`. Received: {', '.join(map(str, given)) or 'nothing'}"
        )
    _check_tables(description, is_automaton)
    return checked(compiled(description) if is_automaton else description)


def _check_tables(description: Mapping, is_automaton: bool) -> None:
    """Raises ValueError where a list stands for a table, or one name for a list of them."""
    name = "transitions" if is_automaton else "cells"
    table = description[name]
    wanted = "{state: {symbol: next state}}" if is_automaton else "{name: {'excitatory': [...], 'threshold': 1}}"
    if not isinstance(table, Mapping) or is_automaton and not all(isinstance(row, Mapping) for row in table.values()):
        raise ValueError(f"`{name}` must be a dict, {wanted}. Received: {table!r}")
    for name in () if is_automaton else ("inputs", "outputs"):
        if isinstance(names := description.get(name, ()), str):
            raise ValueError(f"`{name}` must be a list of names. Received: {names!r}. Write [{names!r}].")


def net(model) -> dict:
    """Returns the net of a model: its inputs, its cells with their endings and thresholds, and its outputs."""
    return described(model.options)


def delay(model) -> int:
    """Returns the fewest ticks after which an input can change an output."""
    wired = described(model.options)
    reached, ticks = set(wired["inputs"]), 0
    while not reached & set(wired["outputs"]):
        more = {c for c, cell in wired["cells"].items() if reached & {*cell["excitatory"], *cell["inhibitory"]}}
        if more <= reached:
            raise ValueError("No input reaches an output of this net, which so has no delay.")
        reached, ticks = reached | more, ticks + 1
    return ticks


RECIPE = Recipe(
    data="spike_trains",
    encodings="raw",
    validation=None,
)
TRAITS = Traits(keep_constants=True, values=(0.0, 1.0), properties={"net": net, "delay": delay})


def mcculloch_pitts_network(spec: Spec, *, net: str | Mapping = "heat_illusion") -> keras.Model:
    """Builds a net of cells with a delay of one tick, from a description of its cells or of an automaton.

    Args:
        spec: The inputs to build for. Without data the description tells their number.
        net: A name: "delay", "or", "and", "and_not", "heat_illusion", "relative_inhibition", "extinction",
            "temporal_summation", "alterable_synapse" (figure 1 of the paper, a to i), "latch", "parity",
            "binary_adder". Or a net, `{"inputs": ["a", "b"], "cells": {"c": {"excitatory": ["a", "c"], "inhibitory":
            ["b"], "threshold": 1}}, "outputs": ["c"]}`, all cells being outputs where none are named. Or an automaton,
            `{"start": "even", "transitions": {"even": {"0": "even", "1": "odd"}, "odd": {"0": "odd", "1": "even"}},
            "accepting": ["odd"]}`, or with `outputs` by state, or by state and symbol: see `compiled`.

    Returns:
        A network from 0 and 1 `(batch, time, inputs)` to what the output cells are at the same ticks, `(batch, time,
        outputs)`: 0 at the first, for a cell answers one tick after its inputs, and an automaton's output after two.

    Raises:
        ValueError: if the description names what is not there, or is for other inputs than the data have.
    """
    wired = described({"net": net})
    num_inputs = len(wired["inputs"])
    if spec.num_inputs is not None and (not spec.sequences or spec.num_inputs != num_inputs):
        kind = "sequences of" if spec.sequences else "rows without time, of"
        raise ValueError(
            f"The net takes sequences (rows, time, {num_inputs}) of {', '.join(wired['inputs'])}. Received: {kind} "
            f"{spec.num_inputs} inputs. Pass such sequences, or leave the data out."
        )
    x = keras.Input((None, num_inputs), name="inputs")
    names = list(wired["cells"])
    cells = CellsOfOneTick(len(names), [names.index(output) for output in wired["outputs"]], name="tick")
    layer = keras.layers.RNN(cells, return_sequences=True, name="cells")
    network = keras.Model({"inputs": x}, layer(x), name="mcculloch_pitts_network")
    layer.set_weights(list(matrices(wired)))
    return network
