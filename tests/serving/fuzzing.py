"""Requests made from a schema: valid ones with their rows, and broken ones."""

import json
import math
import operator

from hypothesis import strategies as st

JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(width=32)
    | st.text(max_size=8)
    | st.sampled_from(["NaN", 1e308, -(2**63), "\ud800", "\x00", {"b64": "!"}, {"b64": "AA=="}]),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(max_size=5), children, max_size=4),
    max_leaves=8,
)


def value(column):
    """Returns a strategy of a column's values as JSON has them: known, unknown, extreme, missing."""
    if column["kind"] in ("number", "boolean"):
        whole = st.integers(-(2**24) + 1, 2**24 - 1)
        odd = st.sampled_from([math.nan, math.inf, -math.inf, 0.0, -0.0, 1e30, 1.0])
        return st.floats(width=32, allow_nan=False, allow_infinity=False) | whole | odd
    known = st.sampled_from(["", "?", *column.get("categories", ()), " male", "Größe"])
    # Runtimes differ in which characters of late Unicode versions are letters, and in the lower case of the dotted I.
    letters = st.characters(
        exclude_categories=["Cs", "Cn", "Co"], exclude_characters="\x00\u0130", max_codepoint=0xFFFF
    )
    return known | st.text(letters, max_size=12)


def rows(schema):
    """Returns a strategy of rows by served names."""
    return st.fixed_dictionaries({column["served"]: value(column) for column in schema["columns"]})


def valid(schema):
    """Returns a strategy of `(body, rows)`, by row or by column."""

    def body(given, by_row):
        if by_row:
            return {"instances": given}, given
        return {"inputs": {name: [row[name] for row in given] for name in given[0]}}, given

    return st.builds(body, st.lists(rows(schema), min_size=1, max_size=5), st.booleans())


def examples(schema):
    """Returns a strategy of bodies of classify and regress, by raw names."""

    def body(given, signature):
        raw = {column["served"]: str(column["name"]) for column in schema["columns"]}
        named = [{raw[served]: value for served, value in row.items()} for row in given]
        return {"signature_name": signature, "examples": named}

    return st.builds(body, st.lists(rows(schema), min_size=1, max_size=5), st.sampled_from(["classify", "regress"]))


def broken(schema):
    """Returns a strategy of bodies as bytes: valid ones with junk in them, junk alone, bytes."""

    @st.composite
    def mutated(draw):
        request = draw(valid(schema).map(operator.itemgetter(0)) | examples(schema))
        target = request
        while isinstance(target, (dict, list)) and target and draw(st.booleans()):
            keys = list(target) if isinstance(target, dict) else range(len(target))
            key = draw(st.sampled_from(list(keys)))
            if draw(st.booleans()) or not isinstance(target[key], (dict, list)):
                if isinstance(target, dict) and draw(st.booleans()):
                    del target[key]
                else:
                    target[key] = draw(JUNK)
                break
            target = target[key]
        return json.dumps(request).encode("utf-8", "surrogatepass")

    return mutated() | st.binary(max_size=60) | JUNK.map(lambda junk: json.dumps(junk).encode())


def offline(model, given):
    """Returns what Python answers to rows by served names: the probabilities, or the predictions."""
    import numpy as np
    import pandas as pd

    import zoo

    names = {served: raw for raw, served in model.schema.served_names.items()}
    columns = {}
    for served, raw in names.items():
        kind = model.schema.column(raw).kind
        values = [row[served] for row in given]
        numeric = kind in ("number", "boolean")
        columns[raw] = np.array(values, "float32") if numeric else np.array(values, object)
    return zoo.predict(model, pd.DataFrame(columns)).filter(regex="^p_|^prediction").to_numpy()
