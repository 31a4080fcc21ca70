"""Writes the weights of the playground's neocognitron: `python -m tests.playground.make_neocognitron`.

The zoo's entry is trained with its defaults, the experiment of 1980. Numbers are rounded to six digits, with which
every response agrees with Python's to 1e-5; a test compares them.
"""

import json

import zoo
from tests.playground.node import PAGE
from zoo.data import numerals
from zoo.models.neocognitron import C_FALLS, D_CENTRE, D_FALLS

FILE = PAGE / "weights" / "neocognitron.js"


def rounded(values) -> list[float]:
    """Returns the numbers of an array, flat, with six significant digits; whole ones without a point."""
    return [int(value) if value == int(value) else value for value in (float(f"{v:.6g}") for v in values.ravel())]


def weights(model) -> dict:
    """Returns what kernels/neocognitron.js builds a network of."""
    network = model.network
    layers = []
    for stage in range(3):
        s, c = network.get_layer(f"s{stage + 1}"), network.get_layer(f"c{stage + 1}")
        a, b = rounded(s.a.numpy()), rounded(s.b.numpy())
        sizes = {"places": s.places[0], "window": s.window, "stride": 1, "base": C_FALLS[stage]}
        layers.append({**sizes, "a": a, "b": b})
        sizes = {"places": c.places[0], "window": c.window, "stride": c.stride}
        layers.append({**sizes, "base": D_FALLS[stage], "centre": D_CENTRE[stage]})
    counts = [rounded(row) for row in network.get_layer("classes").n.numpy()]
    r = [network.get_layer(f"s{stage + 1}").r for stage in range(3)]
    alpha = network.get_layer("c1").alpha
    figures = {name: rows.split("|") for name, rows in numerals.FIGURES.items()}
    return {"planes": s.planes, "r": r, "alpha": alpha, "layers": layers, "counts": counts, "figures": figures}


def main() -> None:
    model = zoo.train("neocognitron", verbose=0).model
    numbers = json.dumps(weights(model), separators=(",", ":"))
    FILE.write_text(
        '"use strict";\n'
        "// Written by `python -m tests.playground.make_neocognitron`: what the zoo's neocognitron has learnt.\n"
        "(globalThis.playground ??= { kernels: {}, stations: [], weights: {} }).weights.neocognitron =\n"
        f"{numbers};\n"
    )
    print(f"{FILE}: {FILE.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
