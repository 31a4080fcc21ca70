"""Writes the table of entries in README.md from the registry: `python -m tests.readme_table [--check]`.

With `--check` it writes nothing and exits 1 where the README differs.
"""

import re
import sys
from pathlib import Path

import zoo

README = Path(__file__).resolve().parent.parent / "README.md"
BLOCK = re.compile(r"(?<=<!-- entries -->\n).*?(?=<!-- /entries -->)", re.DOTALL)


def table() -> str:
    """Returns the table in Markdown, a row an entry, by year."""
    lines = ["| year | name | task | what it is | presets |", "|---|---|---|---|---|"]
    for name in zoo.list_models():
        entry = zoo.info(name)
        address = re.search(r"https?://\S+", entry.paper)
        year = f"[{entry.year}]({address[0]})" if address else str(entry.year)
        presets = ", ".join(f"`{tag}`" for tag in entry.presets)
        lines.append(f"| {year} | `{name}` | {entry.task} | {entry.summary} | {presets} |")
    return "\n".join(lines) + "\n"


def updated(readme: str) -> str:
    """Returns the text of the README with the table as the registry has it."""
    if len(BLOCK.findall(readme)) != 1:
        raise ValueError("README.md must have one pair of the lines <!-- entries --> and <!-- /entries -->.")
    return BLOCK.sub(lambda _: table(), readme)


def main() -> int:
    """Writes the table, or checks it."""
    readme = README.read_text(encoding="utf-8")
    if "--check" in sys.argv:
        return int(updated(readme) != readme)
    README.write_text(updated(readme), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
