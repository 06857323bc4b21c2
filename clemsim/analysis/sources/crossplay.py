"""Reads who sat where in the finished episodes of runs and studies, pairings included."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from clemsim._util.files import read_toml
from clemsim.analysis.sources import runs
from clemsim.analysis.sources.studies import INDEX, run_rows
from clemsim.catalog.agents import split_seat
from clemsim.errors import UsageError
from clemsim.game.outcomes import Outcome
from clemsim.store import checksums, reader
from clemsim.store.config import RunConfig
from clemsim.store.description import RunDescription
from clemsim.store.folder import STORE, read_description
from clemsim.store.population import Population
from clemsim.store.reader import SeatRow


@dataclass(frozen=True, slots=True)
class SeatedEpisode:
    """A finished episode with who sat where."""

    game: str
    instance: str
    seats: tuple[SeatRow, ...]
    outcome: Outcome


@dataclass(frozen=True)
class CrossPlay:
    """The episodes of some runs. `specs`: the SPEC of each agent. `about`: what each agent said of itself, and the digest of
    its file. `versions`: of each game; `arenas`: how each is named on a command line. `options`: what another run
    needs to be of this kind, as words. `population`: on whose scale they were played. `notes`: what was left out, and why.
    """

    episodes: tuple[SeatedEpisode, ...]
    specs: Mapping[str, str]
    about: Mapping[str, tuple[Mapping[str, Any], str | None]]
    versions: Mapping[str, int | str]
    arenas: Mapping[str, str]
    options: tuple[str, ...]
    population: Population | None
    notes: tuple[str, ...] = ()

    @property
    def games(self) -> list[str]:
        """The games that were played."""
        return sorted({episode.game for episode in self.episodes})

    def of(self, game: str) -> list[SeatedEpisode]:
        """Return the episodes of a game."""
        return [episode for episode in self.episodes if episode.game == game]


@dataclass(frozen=True)
class _Member:
    """A run, and the names that its agents have in a study by seat; empty: their own."""

    folder: Path
    names: Mapping[str, str]
    everywhere: str | None = None


def read_crossplay(sources: Sequence[Path], suite: str | None = None) -> CrossPlay:
    """Read runs and studies. Raises UsageError and StoreError."""
    members = [member for source in sources for member in _members(source)]
    members = [member for member in members if suite in (None, runs.setting(member.folder).suite)]
    if not members:
        raise UsageError("name a run or a study that was played" + (f" with suite {suite}" if suite else ""))
    notes = runs.check_alike([member.folder for member in members]) if len(members) > 1 else []
    descriptions = {member.folder: read_description(member.folder) for member in members}
    read = [_episodes(member, descriptions[member.folder]) for member in members]
    episodes = _with_parts([episode for own, _ in read for episode in own])
    notes += [note for _, own in read for note in own]
    about, specs = {}, {}
    for member in members:
        description = descriptions[member.folder]
        for name, called in _names(member, description).items():
            specs[called] = description.specs.get(name, name)
            files = (digest for path, digest in description.code.items() if specs[called].startswith(f"{path}:"))
            about[called] = (description.agents[name], next(files, None))
    versions = {name: own.version for each in descriptions.values() for name, own in each.arenas.items() if own.version}
    found = [each.config.against for each in descriptions.values() if each.config.against]
    if len({population.model_dump_json() for population in found}) > 1:
        raise UsageError("these runs were played against different populations: rate them one at a time")
    population = found[0] if found else None
    arenas, options = _arenas(descriptions.values()), _options([each.config for each in descriptions.values()])
    return CrossPlay(tuple(episodes), specs, about, versions, arenas, options, population, tuple(notes))


def _members(source: Path) -> list[_Member]:
    if (source / INDEX).is_file():
        rows = run_rows(source, read_toml(source / INDEX))
        played = [row for row in rows if (source / row["run"] / STORE).is_file()]
        return [_Member(source / row["run"], row.get("seats") or {}, row.get("model")) for row in played]
    if not (source / STORE).is_file():
        raise UsageError(f"{source} is no run and no study: ratings are of what clemsim has played")
    return [_Member(source, {})]


def _called(member: _Member, row: SeatRow) -> str:
    """Return the name of the agent in a seat: in a study that of its model."""
    return member.everywhere or member.names.get(row.role) or member.names.get(row.seat) or row.agent


def _names(member: _Member, description: RunDescription) -> dict[str, str]:
    """Return the name of each agent of a run by the one that it has in the run."""
    seats = {spec: member.names[seat] for seat, spec in map(split_seat, description.config.agents) if seat in member.names}
    called = {name: seats.get(description.specs.get(name, name), name) for name in description.agents}
    return dict.fromkeys(called, member.everywhere) if member.everywhere else called


def _arenas(descriptions: Iterable[RunDescription]) -> dict[str, str]:
    """Return how each game is named on a command line, where that is known."""
    found: dict[str, str] = {}
    for description in descriptions:
        names, specs = list(description.arenas), description.config.arenas
        found |= dict(zip(names, specs, strict=True)) if len(names) == len(specs) else {name: name for name in names}
    return found


def _options(configs: Sequence[RunConfig]) -> tuple[str, ...]:
    """Return the options with which another run is of the same kind, by another seed."""
    first, usual = configs[0], RunConfig()
    words = ["--seed", str(max(config.seed for config in configs) + 1)]
    for name in ("suite", "rules", "temperature", "max_tokens"):
        if (value := getattr(first, name)) != getattr(usual, name):
            words += [f"--{name.replace('_', '-')}", str(value)]
    return (*words, *(["--constrain"] if first.constrain else []))


def _episodes(member: _Member, description: RunDescription) -> tuple[list[SeatedEpisode], list[str]]:
    """Return the finished episodes of a run; where nobody is known to have sat, the parts that the cast names."""
    with reader.reading(member.folder / STORE) as base, reader.decoding(member.folder / STORE):
        checksums.check(base)
        rows, seats = list(reader.episodes(base)), reader.seats(base)
    found = []
    for row in rows:
        if row.outcome is None:
            continue
        seated = seats.get(row.id) or _from_cast(row.key.cast, description.agents)
        named = tuple(each._replace(agent=_called(member, each)) for each in seated)
        found.append(SeatedEpisode(row.key.arena, row.key.instance, named, row.outcome))
    unfinished = len(rows) - len(found)
    return found, [f"{unfinished} unfinished episodes of {member.folder.name} are in no number"] if unfinished else []


def _from_cast(cast: str, agents: Collection[str]) -> list[SeatRow]:
    """Return who sits in each part that the name of a cast gives; an agent in all seats has the part ``."""
    names = "|".join(sorted(map(re.escape, agents), key=len, reverse=True))
    if not agents or not re.fullmatch(rf"(?:(?:\w+=)?(?:{names}))(?:,\w+=(?:{names}))*", cast):
        return []
    found = re.findall(rf"(?:^|,)(?:(\w+)=)?({names})(?=,|$)", cast)
    return [SeatRow(seat, seat, agent, None) for seat, agent in found]


def _with_parts(episodes: Sequence[SeatedEpisode]) -> list[SeatedEpisode]:
    """Return the episodes, of which those with one agent in all seats get the seats that others of their game have."""
    parts: dict[tuple[str, str], dict[str, str]] = {}
    for episode in episodes:
        for key in ((episode.game, episode.instance), (episode.game, "")):
            if all(row.seat for row in episode.seats):
                parts.setdefault(key, {row.seat: row.role for row in episode.seats})
    found = []
    for episode in episodes:
        default = next((row.agent for row in episode.seats if not row.seat), None)
        if default is None:
            found.append(episode)
            continue
        known = parts.get((episode.game, episode.instance)) or parts.get((episode.game, ""), {})
        given = {row.seat: row.agent for row in episode.seats}
        rows = [SeatRow(seat, role, given.get(seat, default), None) for seat, role in known.items()]
        found.append(replace(episode, seats=tuple(rows)))
    return found
