"""`clemsim list`: what there is to play, and who can play it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.box import HORIZONTALS
from rich.table import Table as RichTable

from clemsim._util.text import plain
from clemsim.arena import find_arena
from clemsim.catalog import suites
from clemsim.catalog.kinds import kinds
from clemsim.catalog.models import registry
from clemsim.catalog.plugins import registered
from clemsim.catalog.suites import by_experiment
from clemsim.cli.common import one_line, out, print_json

FACTS = {
    "parameters": "size, B",
    "training_tokens": "data, T",
    "context": "context",
    "released": "released",
    "open_weights": "open",
}

LEGEND = "size in billions of parameters, data in trillions of tokens; –: unknown; all facts: clemsim list models --json"


class What(StrEnum):
    """What can be listed."""

    arenas = "arenas"
    agents = "agents"
    suites = "suites"
    models = "models"


def list_(
    what: Annotated[What, typer.Argument(help="arenas, agents, suites or models")],
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")] = False,
) -> None:
    """List arenas, agents, suites, or the models whose public facts are known.

    Example: clemsim list arenas
    """
    with one_line():
        rows = {What.arenas: _arenas, What.agents: _agents, What.suites: _suites, What.models: _models}[what]()
        if json:
            print_json({what.value: rows})
            return
        out.print(_facts(rows) if what is What.models else _table(rows))


def _table(rows: Sequence[Mapping[str, Any]]) -> RichTable:
    table = RichTable(box=HORIZONTALS, show_lines=True, padding=(0, 1, 0, 0))
    for name in rows[0] if rows else ("none",):
        table.add_column(name, overflow="fold", no_wrap=name == "name")
    for row in rows:
        table.add_row(*(plain(_cell(value)) for value in row.values()))
    return table


def _arenas() -> list[dict[str, Any]]:
    return [_arena(name) for name in registered("arenas")]


def _arena(name: str) -> dict[str, Any]:
    kind = find_arena(name)
    experiments = {group: len(some) for group, some in by_experiment(kind().instances()).items()}
    about = (kind.__doc__ or "").strip().splitlines()[0]
    return {
        "name": name,
        "version": kind.version,
        "seats": list(kind.seats),
        "experiments": experiments,
        "baseline": name in registered("baselines"),
        "about": about,
    }


def _agents() -> list[dict[str, Any]]:
    return [{"spec": kind.name, "about": kind.help} for kind in kinds().values()]


def _suites() -> list[dict[str, Any]]:
    return [_suite(name) for name in suites.available()]


def _suite(name: str) -> dict[str, Any]:
    suite = suites.load_suite(name)
    counts = {}
    for arena in suite.arenas:
        kind = find_arena(arena)
        counts[arena] = len(suite.instances(kind(suite.folder_of(arena))))
    return {"name": name, "seed": suite.seed, "episodes": counts, "about": suite.description}


def _models() -> list[dict[str, Any]]:
    return [model.model_dump(mode="json", exclude={"facts", "variant"}) for model in registry().values()]


def _facts(rows: Sequence[Mapping[str, Any]]) -> RichTable:
    """The facts that fit a line; `--json` has them all."""
    table = RichTable(box=HORIZONTALS, padding=(0, 1, 0, 0), caption=LEGEND, caption_justify="left")
    table.add_column("model", overflow="fold", min_width=28)
    for name in FACTS.values():
        table.add_column(name, justify="right")
    for row in rows:
        table.add_row(plain(row["name"]), *(_fact(row[name]) for name in FACTS))
    return table


def _fact(value: Any) -> str:
    return "–" if value is None else f"{value:g}" if isinstance(value, float) else _cell(value)


def _cell(value: Any) -> str:
    if isinstance(value, dict):
        return "\n".join(f"{key} {number}" for key, number in value.items())
    if isinstance(value, list):
        return "\n".join(map(str, value))
    return {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)
