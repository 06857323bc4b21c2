"""The index of a study: the runs that it holds, the models that played them, and the characteristics of those.

`index.toml` has a `[[member]]` for each run that was begun and a `[[missing]]` for each that has no folder yet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from clemsim._util.files import PRIVATE, read_toml, write_toml
from clemsim.catalog.kinds import kinds
from clemsim.catalog.models import Characteristics, settled
from clemsim.errors import UsageError
from clemsim.store.folder import CONFIG, read_description
from clemsim.study.plan import Member, StudyPlayer

INDEX = "index.toml"


class IndexedRun(BaseModel):
    """A run that was begun, in the folder `run` within the study's.

    Either `model` played all seats, and `characteristics` are its own; or `seats` holds the model of each seat, and
    `players` their characteristics. `why`: the reason for which the run is not complete. What an imported run was played
    with is not known in full.
    """

    model_config = ConfigDict(frozen=True)
    run: str
    suite: str = ""
    seed: int | None = None
    constrained: bool = False
    model: str | None = None
    seats: Mapping[str, str] | None = None
    characteristics: Characteristics | None = None
    players: Mapping[str, Characteristics] | None = None
    why: str | None = None


class MissingRun(BaseModel):
    """A run that has no folder yet, with its model or the models of its seats, and the reason."""

    model_config = ConfigDict(frozen=True)
    run: str
    model: str | None = None
    seats: Mapping[str, str] | None = None
    why: str


class StudyIndex(BaseModel):
    """The content of `index.toml`."""

    model_config = ConfigDict(frozen=True)
    member: tuple[IndexedRun, ...] = ()
    missing: tuple[MissingRun, ...] = ()


def write(folder: Path, members: Sequence[tuple[Member, str]]) -> None:
    """Write the index of `members`, each with the reason for which it is missing or not complete (empty: there is none).

    Raises StoreError.
    """
    begun = [(member, why) for member, why in members if (folder / member.run / CONFIG).exists()]
    missing = [(member, why) for member, why in members if not (folder / member.run / CONFIG).exists()]
    index = StudyIndex(
        member=tuple(_indexed(folder / member.run, member, why) for member, why in begun),
        missing=tuple(_missing(member, why) for member, why in missing),
    )
    tables = index.model_dump(exclude_none=True)
    write_toml(folder / INDEX, {name: rows for name, rows in tables.items() if rows}, mode=PRIVATE)


def read(folder: Path) -> StudyIndex:
    """Return the index of the study in `folder`. Raises UsageError where it cannot be read."""
    data = read_toml(folder / INDEX)
    try:
        return StudyIndex.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise UsageError(f"{folder / INDEX} is no index of a study: {where}: {first['msg']}") from error


def engine_of(agent: Mapping[str, Any]) -> str | None:
    """Return the engine of an agent and its version, from the agent's description in a run; None where it has none."""
    if server := agent.get("server"):
        return str(server)
    name = agent.get("engine")
    if name in (None, "none"):
        return None
    kind = kinds().get(str(name))
    return f"{kind.product if kind and kind.product else name} {agent.get('build', '')}".strip()


def _indexed(folder: Path, member: Member, why: str) -> IndexedRun:
    agents = read_description(folder).agents
    by_seat = {seat: _characteristics(player, agents) for seat, player in member.seats.items()}
    return IndexedRun(
        run=member.run,
        suite=member.suite,
        seed=member.config.seed,
        constrained=member.config.constrain,
        model=_model(member),
        seats=_seats(member),
        characteristics=_characteristics(member.player, agents) if member.player else None,
        players=None if member.player else by_seat,
        why=why or None,
    )


def _missing(member: Member, why: str) -> MissingRun:
    return MissingRun(run=member.run, model=_model(member), seats=_seats(member), why=why or "not played yet")


def _model(member: Member) -> str | None:
    return member.player.name if member.player else None


def _seats(member: Member) -> dict[str, str] | None:
    return None if member.player else {seat: player.name for seat, player in member.seats.items()}


def _characteristics(player: StudyPlayer, agents: Mapping[str, Mapping[str, Any]]) -> Characteristics:
    facts = player.model.characteristics(player.variant).model_copy(update=settled(player.settings))
    if facts.engine is None and len(agents) == 1:
        return facts.model_copy(update={"engine": engine_of(next(iter(agents.values())))})
    return facts
