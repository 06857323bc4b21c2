"""The index of a study: which runs it holds, who played them, and what is known of those.

`index.toml` has a `[[member]]` for each run that was begun and a `[[missing]]` for each that is not there yet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from clemsim._util.files import write_toml
from clemsim.catalog.kinds import kinds
from clemsim.store.folder import CONFIG, read_description
from clemsim.study.plan import Member, StudyPlayer

INDEX = "index.toml"


def write(folder: Path, members: Sequence[tuple[Member, str]]) -> None:
    """Write the index: each member, and why it is not there or not whole (empty: it is, or was not begun).

    Raises StoreError.
    """
    begun = [(member, why) for member, why in members if (folder / member.run / CONFIG).exists()]
    missing = [(member, why) for member, why in members if not (folder / member.run / CONFIG).exists()]
    tables = {
        "member": [_member(folder / member.run, member) | ({"why": why} if why else {}) for member, why in begun],
        "missing": [{"run": member.run, **_who(member), "why": why or "not played yet"} for member, why in missing],
    }
    write_toml(folder / INDEX, {name: rows for name, rows in tables.items() if rows})


def engine(agent: Mapping[str, Any]) -> str | None:
    """Which engine an agent played on, and its version, out of what it said of itself."""
    if server := agent.get("server"):
        return str(server)
    name = agent.get("engine")
    if name in (None, "none"):
        return None
    kind = kinds().get(str(name))
    return f"{kind.product if kind and kind.product else name} {agent.get('build', '')}".strip()


def _member(folder: Path, member: Member) -> dict[str, Any]:
    """`characteristics` of the one who played, or `players`: those of each, by seat."""
    agents = read_description(folder).agents
    about = {"suite": Path(member.config.suite).stem, "seed": member.config.seed, "constrained": member.config.constrain}
    facts = {seat: _facts(player, agents) for seat, player in member.seats.items()}
    known = {"characteristics": _facts(member.player, agents)} if member.player else {"players": facts}
    return {"run": member.run, **about, **_who(member), **known}


def _who(member: Member) -> dict[str, Any]:
    """Who played, by name."""
    if member.player:
        return {"model": member.player.name}
    return {"seats": {seat: player.name for seat, player in member.seats.items()}}


def _facts(player: StudyPlayer, agents: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    found = player.model.characteristics(player.variant)
    if found.engine is None and len(agents) == 1:
        found = found.model_copy(update={"engine": engine(next(iter(agents.values())))})
    return found.model_dump(exclude_none=True)
