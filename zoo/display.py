"""Text and HTML for showing results: numbers and counts in a terminal, tables in a notebook.

    card(title, *parts)     a result: its title and its parts
    facts({name: value})    a part: a table of names and values
    table(header, rows)     a part: a table of rows

The HTML needs no other files, and takes its colours from the page, light or dark. Everything that is not `Markup` is
escaped. Long texts are cut; of long tables and lists the first items are shown and the others counted.
"""

from __future__ import annotations

import html
import itertools
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from numbers import Integral, Real

MOST_CHARACTERS = 200  # in a cell
MOST_ROWS = 30  # in a table
MOST_ITEMS = 8  # in a list on one line
CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")  # also those of text direction
LINE = "1px solid color-mix(in srgb, currentColor 35%, transparent)"
STYLE = (
    "<style>"
    "div.zoo-card{color:inherit;font-size:13px;line-height:1.5;margin:.3em 0}"
    "div.zoo-card table{border:0;border-collapse:collapse;color:inherit;font-size:inherit;margin:.5em 0}"
    "div.zoo-card caption{caption-side:top;color:inherit;font-weight:bold;padding:.2em 0;text-align:left;"
    "white-space:nowrap}"
    "div.zoo-card :is(td,th){border:0;max-width:60em;overflow-wrap:anywhere;padding:.1em .6em;text-align:left;"
    "vertical-align:top;white-space:normal}"
    "div.zoo-card :is(td,th):first-child{padding-left:0}"
    "div.zoo-card th{font-weight:normal;opacity:.7}"
    f"div.zoo-card thead th{{border-bottom:{LINE}}}"
    "div.zoo-card :is(td,th).zoo-number{font-variant-numeric:tabular-nums;text-align:right}"
    "div.zoo-card .zoo-more{opacity:.7}"
    "div.zoo-card a{color:inherit;text-decoration:underline}"
    "</style>"
)


class Markup(str):
    """Text that is HTML already."""


def number(value: float) -> str:
    """Formats a number: integers in full, other numbers to four digits.

    >>> [number(x) for x in (12345, 0.82123, 48213.7, 0.00001234, float("nan"))]
    ['12,345', '0.8212', '48,214', '1.23e-05', 'nan']
    """
    if isinstance(value, Integral):
        return f"{value:,}"
    if not math.isfinite(value) or (value != 0 and not 1e-3 <= abs(value) < 1e9):
        return f"{value:.3g}"
    decimals = 3 if value == 0 else 3 - math.floor(math.log10(abs(float(f"{value:.4g}"))))  # 9.99999 becomes 10.00
    return f"{value:,.{max(decimals, 0)}f}"


def count(amount: int, noun: str) -> str:
    """Formats an amount with its noun.

    >>> count(1, "row"), count(1200, "row"), count(2, "class")
    ('1 row', '1,200 rows', '2 classes')
    """
    plural = "" if amount == 1 else "es" if noun.endswith("s") else "s"
    return f"{amount:,} {noun}{plural}"


def duration(seconds: float) -> str:
    """Formats a duration in its one or two largest units.

    >>> duration(4.123), duration(725), duration(11520)
    ('4.1 s', '12 min 5 s', '3 h 12 min')
    """
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def size(num_bytes: int) -> str:
    """Formats the size of files.

    >>> size(90112), size(5_400_000)
    ('88 KiB', '5.1 MiB')
    """
    return f"{num_bytes / 2**10:.0f} KiB" if num_bytes < 2**20 else f"{num_bytes / 2**20:.1f} MiB"


def cut(value, most: int = MOST_CHARACTERS) -> str:
    """Returns the text of a value on one line, cut to a number of characters, with control characters escaped.

    >>> cut("a long name", 6)
    'a lon…'
    """
    text = " ".join(str(value).split())
    text = CONTROLS.sub(lambda match: match[0].encode("unicode_escape").decode("ascii"), text)
    return text if len(text) <= most else text[: most - 1] + "…"


def listed(values: Sequence, most: int = MOST_ITEMS) -> str:
    """Returns the first values of a list, each cut, and the number of the others.

    >>> listed(("a", "b", "c", "d"), most=2), listed(("a", "b"))
    ('a, b and 2 more', 'a, b')
    """
    shown = ", ".join(cut(value, 40) for value in values[:most])
    return shown if len(values) <= most else f"{shown} and {len(values) - most:,} more"


def counted(names: Iterable[str]) -> str:
    """Returns the number of times that each name occurs, the most frequent first.

    >>> counted(["number", "date", "number"])
    '2 number, 1 date'
    """
    amounts: dict[str, int] = {}
    for name in names:
        amounts[name] = amounts.get(name, 0) + 1
    return ", ".join(f"{amount:,} {name}" for name, amount in sorted(amounts.items(), key=lambda pair: -pair[1]))


def escaped(value, most: int = MOST_CHARACTERS) -> Markup:
    """Returns a value as HTML: numbers by `number`, `Markup` unchanged, the text of anything else cut and escaped."""
    if isinstance(value, Markup):
        return value
    is_number = isinstance(value, Real) and not isinstance(value, bool)
    return Markup(html.escape(number(value) if is_number else cut(value, most)))


def linked(text: str) -> Markup:
    """Returns a whole text as HTML, with web addresses as links."""
    parts = re.split(r"(https?://[^\s<>\"']+[^\s<>\"'.,;)])", text)
    links = (
        f'<a href="{html.escape(part)}" target="_blank" rel="noopener">{html.escape(part)}</a>'
        if i % 2
        else html.escape(part)
        for i, part in enumerate(parts)
    )
    return Markup("".join(links))


def facts(values: Mapping[str, object]) -> Markup:
    """Returns a table of names and values. Values that are None or "" are left out."""
    rows = (
        f"<tr><th>{escaped(k)}</th><td>{escaped(v, 500)}</td></tr>" for k, v in values.items() if v not in (None, "")
    )
    return Markup(f"<table><tbody>{''.join(rows)}</tbody></table>")


def table(
    header: Sequence,
    rows: Iterable[Sequence],
    *,
    total: int,
    caption: str = "",
    shade: Callable[[int, int], float] | None = None,
) -> Markup:
    """Returns a table of the first `MOST_ROWS` rows and the number of the others.

    Args:
        header: Names of the columns.
        rows: The values of each row. Rows that are not shown are not read.
        total: The number of rows.
        caption: The heading of the table.
        shade: A function of the indices of row and column to how dark a cell is, from 0 to 1.
    """
    shown = list(itertools.islice(rows, MOST_ROWS))
    numeric = [
        bool(shown) and all(isinstance(row[i], Real) for row in shown if row[i] != "") for i in range(len(header))
    ]

    def cell(tag, value, column, share=0.0):
        kind = ' class="zoo-number"' if numeric[column] else ""
        style = f' style="background:color-mix(in srgb, currentColor {30 * share:.0f}%, transparent)"' if share else ""
        return f"<{tag}{kind}{style}>{escaped(value)}</{tag}>"

    lines = [f"<table>{f'<caption>{escaped(caption)}</caption>' if caption else ''}<thead><tr>"]
    lines += [cell("th", name, i) for i, name in enumerate(header)]
    lines.append("</tr></thead><tbody>")
    for r, row in enumerate(shown):
        cells = (cell("td", value, c, shade(r, c) if shade else 0.0) for c, value in enumerate(row))
        lines.append(f"<tr>{''.join(cells)}</tr>")
    if total > len(shown):
        more = f"… and {total - len(shown):,} more"
        lines.append(f'<tr><td colspan="{len(header)}" class="zoo-more">{more}</td></tr>')
    return Markup("".join([*lines, "</tbody></table>"]))


def card(title: str, *parts: str) -> str:
    """Returns the HTML of a result: a title above parts that are HTML already."""
    return f'{STYLE}<div class="zoo-card"><strong>{escaped(title)}</strong>{"".join(parts)}</div>'
