"""Reads what the episodes of one agent of a run scored, and nothing else of it: all that a comparison of two rests on."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clemsim.analysis.sources.episodes import kept
from clemsim.errors import UsageError
from clemsim.results.repetitions import Repetitions, by_cast
from clemsim.results.stopping_result import stopped_when
from clemsim.store import checksums, reader
from clemsim.store.checksums import Watch
from clemsim.store.folder import STORE
from clemsim.store.schema import NOTES

CASTS = """SELECT "cast", sum(status = 'done'), sum(status != 'done') FROM episodes {condition}GROUP BY 1 ORDER BY min(id)"""
STOPPED = "was ended by its stopping rule, which ordinary intervals and p values do not allow for"
APART = "is scored by seat, so it is in no number here: clemsim show has its table by agent"


@dataclass(frozen=True)
class AgentScores:
    """The episodes of one agent of a run, and notes on what is in no number."""

    agent: str
    repetitions: Repetitions
    notes: tuple[str, ...]


def read_scores(folder: Path, wanted: str | None, option: str, watch: Watch = lambda done, all_: None) -> AgentScores:
    """Read the scores of the agent `wanted`, or of the only one of the run.

    Raises UsageError that names `option` where there is none such, or one of several is to be chosen; and StoreError, also
    where the record of an episode is not the one that was written.
    """
    with reader.reading(folder / STORE) as base:
        apart = sorted(reader.games_apart(base))
        notes = tuple(run_notes(folder, unfinished(base), apart))
        agent = _agent(folder, finished_agents(base, apart), wanted, option, notes)
        checksums.check(base, cast=agent, watch=watch)
        rows = list(reader.outcomes(base, agent))
    return AgentScores(agent, by_cast(kept(rows, apart))[agent], notes)


def unfinished(base: Any) -> dict[str, int]:
    """Return the number of unfinished episodes of the casts that have any."""
    return {cast: count for cast, _, count in base.execute(CASTS.format(condition="")) if count}


def finished_agents(base: Any, apart: Collection[str]) -> list[str]:
    """Return the casts that have finished an episode of a game that is not `apart`."""
    condition = f"WHERE arena NOT IN ({', '.join('?' * len(apart))}) "
    return [cast for cast, done, _ in base.execute(CASTS.format(condition=condition), tuple(apart)) if done]


def run_notes(
    folder: Path, unfinished: Mapping[str, int], apart: Sequence[str], names: Mapping[str, str] | None = None
) -> Iterator[str]:
    """Yield notes on what of a run is in no number, on an import and on a stopping rule. `names`: what casts are called
    instead.
    """
    with reader.reading(folder / STORE) as base:
        imported = reader.meta(base).get(NOTES)
    yield from (str(note) for note in imported or () if isinstance(imported, list))
    for cast, count in unfinished.items():
        yield f"{(names or {}).get(cast, cast)}: {count} unfinished episodes of {folder.name} are in no number"
    yield from (f"{game} of {folder.name} {APART}" for game in apart)
    if stopped := stopped_when(folder):
        yield f"{folder.name} {STOPPED} ({stopped})"


def _agent(folder: Path, agents: Sequence[str], wanted: str | None, option: str, notes: Sequence[str]) -> str:
    if wanted is None and len(agents) == 1:
        return agents[0]
    if wanted is not None and wanted in agents:
        return wanted
    if not agents:
        reason = next((f": {note}" for note in notes if APART in note), "")
        raise UsageError(f"{folder} has no finished episode that could be compared{reason}")
    problem = f"has no agent {wanted!r}" if wanted else "has several agents"
    raise UsageError(f"{folder} {problem}: choose with {option} one of {', '.join(agents)}")
