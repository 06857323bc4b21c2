"""The tables of a study: what it will play, and what came out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.box import HORIZONTALS
from rich.table import Table as RichTable
from rich.text import Text

from clemsim._util.text import plain

SCORES = {"played": "%Played", "quality": "Quality", "clemscore": "clemscore"}


def planned(rows: Sequence[Mapping[str, Any]]) -> RichTable:
    """Who plays what, and how many episodes that is."""
    table = _table()
    table.add_column("episodes", justify="right", no_wrap=True)
    for row in rows:
        table.add_row(plain(row["label"]), plain(_what(row)), str(row["episodes"]))
    table.add_section()
    table.add_row(f"{len(rows)} runs", "", str(sum(row["episodes"] for row in rows)), style="bold")
    return table


def outcome(rows: Sequence[Mapping[str, Any]]) -> RichTable:
    """Each run's averages; 80 columns wide."""
    table = _table()
    for name in ("unfin", *SCORES.values()):
        table.add_column(name, justify="right", no_wrap=True)
    for row in rows:
        unfinished = Text(
            "–" if row["unfinished"] is None else str(row["unfinished"]), "bold yellow" if row["why"] else "dim"
        )
        table.add_row(plain(row["label"]), plain(_what(row)), unfinished, *(_score(row[name]) for name in SCORES))
    return table


def _table() -> RichTable:
    table = RichTable(box=HORIZONTALS, padding=(0, 1, 0, 0))
    table.pad_edge = table.show_edge = False
    table.add_column("who", overflow="fold", min_width=15)
    table.add_column("what", overflow="fold", min_width=10)
    return table


def _what(row: Mapping[str, Any]) -> str:
    return f"{row['suite']}, seed {row['seed']}" + (", constrained" if row["constrained"] else "")


def _score(value: float | None) -> Text:
    return Text("–", "dim") if value is None else Text(f"{value:.2f}")
