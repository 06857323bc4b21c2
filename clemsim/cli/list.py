"""`clemsim list`: arenas, agents, suites and models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from importlib.metadata import EntryPoint
from typing import Annotated, Any

import typer
from rich.table import Table as RichTable

from clemsim._util.text import plain
from clemsim.arena import find_arena
from clemsim.catalog import suites
from clemsim.catalog.kinds import kinds
from clemsim.catalog.models import registry
from clemsim.catalog.plugins import load_entry, registered
from clemsim.catalog.suites import by_experiment
from clemsim.cli.common import one_line, out, print_json
from clemsim.cli.options import JsonOption
from clemsim.cli.view.tables import ruled_table
from clemsim.errors import ClemsimError
from clemsim.game.game_contract import checked_instances

FACTS = {
    "parameters": "size, B",
    "training_tokens": "data, T",
    "context": "context",
    "released": "released",
    "open_weights": "open",
}

UNKNOWN: Mapping[str, Any] = {
    "name": "",
    "version": 0,
    "foreign": "",
    "rules": [],
    "seats": [],
    "roles": [],
    "experiments": {},
    "baseline": False,
    "about": "",
}

LEGEND = "size in billions of parameters, data in trillions of tokens; –: unknown; all facts: clemsim list models --json"


class Listing(StrEnum):
    """The lists there are."""

    arenas = "arenas"
    agents = "agents"
    suites = "suites"
    models = "models"


def list_(
    what: Annotated[Listing, typer.Argument(help="arenas, agents, suites or models")],
    json: JsonOption = False,
) -> None:
    """List arenas, agents, suites, or the models whose public facts are known.

    Example: clemsim list arenas
    """
    with one_line():
        rows = {Listing.arenas: _arenas, Listing.agents: _agents, Listing.suites: _suites, Listing.models: _models}[what]()
        if json:
            print_json({what.value: rows})
            return
        schemes = [row for row in rows if row.get("scheme")]
        out.print(_facts(rows) if what is Listing.models else _table([row for row in rows if row not in schemes]))
        for row in schemes:
            out.print(plain(f"{row['name']}  {row['about']}"), soft_wrap=True)


def _table(rows: Sequence[Mapping[str, Any]]) -> RichTable:
    """Return the table of rows, without columns in which no row has anything."""
    names = dict.fromkeys(name for row in rows for name, value in row.items() if value not in ([], {}, ""))
    table = ruled_table(row_lines=True)
    for name in names or ("none",):
        table.add_column(name, overflow="fold", no_wrap=name in ("name", "baseline"))
    for row in rows:
        table.add_row(*(plain(_cell(row.get(name, ""))) for name in names))
    return table


def _arenas() -> list[dict[str, Any]]:
    schemes = registered("arenas.schemes").items()
    return [*map(_arena, registered("arenas")), *(_scheme(name, entry) for name, entry in schemes)]


def _arena(name: str) -> dict[str, Any]:
    """Return what is known of an arena; of one that cannot be loaded, why."""
    try:
        return _loaded_arena(name)
    except ClemsimError as error:
        return {**UNKNOWN, "name": name, "about": str(error)}


def _scheme(name: str, entry: EntryPoint) -> dict[str, Any]:
    """Return what is known of all arenas of another framework, which are loaded only when they are named; where what makes
    them cannot be loaded, why.
    """
    try:
        about = _first_line(load_entry(entry)).removeprefix("Return ")
    except ClemsimError as error:
        about = str(error)
    return {**UNKNOWN, "name": f"{name}:NAME", "scheme": True, "about": about}


def _loaded_arena(name: str) -> dict[str, Any]:
    kind = find_arena(name)
    experiments = {group: len(instances) for group, instances in by_experiment(checked_instances(kind())).items()}
    return {
        "name": name,
        "version": kind.version,
        "foreign": kind.foreign,
        "rules": list(kind.RULES),
        "seats": list(kind.seats),
        "roles": list(kind.roles),
        "experiments": experiments,
        "baseline": name in registered("baselines"),
        "about": _first_line(kind),
    }


def _first_line(documented: object) -> str:
    """Return the first line of the docstring of a class or function."""
    return next(iter((documented.__doc__ or "").strip().splitlines()), "")


def _agents() -> list[dict[str, Any]]:
    return [{"spec": kind.name, "about": kind.help} for kind in kinds().values()]


def _suites() -> list[dict[str, Any]]:
    broken: list[dict[str, Any]] = [
        {"name": "?", "seed": None, "episodes": {}, "about": reason} for reason in suites.broken()
    ]
    return [*map(_suite, suites.available()), *broken]


def _suite(name: str) -> dict[str, Any]:
    """Return what is known of a suite; of one that cannot be read, why."""
    try:
        return _loaded_suite(name)
    except ClemsimError as error:
        return {"name": name, "seed": None, "episodes": {}, "about": str(error)}


def _loaded_suite(name: str) -> dict[str, Any]:
    suite = suites.load_suite(name)
    counts = {}
    for arena in suite.arenas:
        kind = find_arena(arena)
        counts[arena] = len(suite.instances(suite.game(kind)))
    return {"name": name, "seed": suite.seed, "episodes": counts, "about": suite.description}


def _models() -> list[dict[str, Any]]:
    return [model.model_dump(mode="json", exclude={"facts", "variant"}) for model in registry().values()]


def _facts(rows: Sequence[Mapping[str, Any]]) -> RichTable:
    """Return the facts that fit a line; `--json` has all of them."""
    table = ruled_table()
    table.caption, table.caption_justify = LEGEND, "left"
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
