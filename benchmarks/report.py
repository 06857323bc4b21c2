"""How benchmarks say what they found: one JSON object on stdout, and a table of it on stderr."""

import json
import sys
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

from rich.console import Console
from rich.table import Table

Row = tuple[str, dict[str, Any]]


def show(found: Mapping[str, Any]) -> None:
    """Print it."""
    print(json.dumps(found), flush=True)
    console = Console(file=sys.stderr, width=None if sys.stderr.isatty() else 160)
    for columns, some in groupby(rows(found), key=lambda row: tuple(row[1])):
        table = Table("", *columns, box=None, header_style="dim")
        for name, values in some:
            table.add_row(name, *(text(value) for value in values.values()))
        console.print(table)


def rows(found: Mapping[str, Any], path: str = "") -> Iterator[Row]:
    """Everything found, as rows: nested objects by their path, numbers and texts side by side."""
    plain = {name: value for name, value in found.items() if not isinstance(value, Mapping)}
    if plain:
        yield path, plain
    for name, value in found.items():
        if isinstance(value, Mapping):
            yield from rows(value, f"{path}, {name}" if path else str(name))


def text(value: Any) -> str:
    """One cell."""
    if value is None:
        return "–"
    if isinstance(value, list):
        return ", ".join(text(each) for each in value)
    return str(value)


def markdown(found: Mapping[str, Any]) -> str:
    """The same table for a document."""
    lines: list[str] = []
    for columns, some in groupby(rows(found), key=lambda row: tuple(row[1])):
        lines += ["", f"| | {' | '.join(name.replace('_', ' ') for name in columns)} |", "|---" * (len(columns) + 1) + "|"]
        lines += [f"| {name} | {' | '.join(text(value) for value in values.values())} |" for name, values in some]
    return "\n".join(lines[1:])
