"""How a run was configured and what its agents are, as a person reads it or as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.table import Table as RichTable

from clemsim._util.text import plain
from clemsim.cli.common import out, print_json
from clemsim.store.description import flat_settings
from clemsim.store.folder import read_description


def show_config(folder: Path, *, as_json: bool) -> None:
    """Print what a run writes down about itself. Raises StoreError."""
    description = read_description(folder).model_dump(mode="json", exclude_none=True)
    if as_json:
        print_json(description)
        return
    for title in ("config", "suite", "made"):
        if values := description.get(title):
            out.print(_table(title, {"": values}))
    if arenas := description.get("arenas"):
        out.print(_table("arenas", {"": {name: _rules(own) for name, own in arenas.items()}}))
    if agents := description.get("agents"):
        out.print(_table("agents", agents))


def _rules(arena: Mapping[str, Any]) -> str:
    """Return by which rules a game was played, and whose it is."""
    rules = f"rules {arena['version']}" if "version" in arena else "imported"
    return f"{rules}, a game of {arena['foreign']}" if arena.get("foreign") else rules


def _table(title: str, columns: Mapping[str, Mapping[str, Any]]) -> RichTable:
    """Return a table with a row for each key and a column for each of `columns`; agents stand side by side."""
    table = RichTable(title=title, title_justify="left", show_header=len(columns) > 1)
    table.add_column("")
    for name in columns:
        table.add_column(plain(name), overflow="fold")
    rows = [flat_settings(values) for values in columns.values()]
    for key in dict.fromkeys(key for row in rows for key in row):
        table.add_row(plain(key), *(plain(row.get(key, "")) for row in rows))
    return table
