"""Drives recorded episodes again: to check them, and to branch off from them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clemsim.arena import Arena, find_arena
from clemsim.catalog.trust import Trust
from clemsim.engines.connect import NetworkOptions
from clemsim.errors import ArenaError, UsageError
from clemsim.game.events import Asked, Event, Replied
from clemsim.results.run_summary import RunSummary
from clemsim.runs.prepare import recorded_arenas, run_trust
from clemsim.runs.run import play
from clemsim.runs.session import Watch
from clemsim.store import reader
from clemsim.store.config import RunConfig
from clemsim.store.folder import STORE, read_config
from clemsim.store.reader import EpisodeRow


@dataclass(frozen=True, slots=True)
class Replayed:
    """A re-driven episode. `problem` says where it differs from the recording; empty: nowhere."""

    row: EpisodeRow
    turns: int
    problem: str = ""


def replay(folder: Path, episode: str | None = None, *, trust: bool = False) -> Iterator[Replayed]:
    """Drive the recorded replies through the arenas as they are now. `trust`: load whatever code the run names.

    Raises StoreError and UsageError.
    """
    arenas, seed = recorded_arenas(folder, trust=trust), read_config(folder).seed
    with reader.reading(folder / STORE) as base:
        for row in chosen(list(reader.episodes(base)), episode):
            events = reader.events(base, row.id)
            turns = sum(isinstance(event, Replied) for event in events)
            yield Replayed(row, turns, _problem(row.of(arenas), row, events, seed))


def chosen(rows: Sequence[EpisodeRow], episode: str | None) -> list[EpisodeRow]:
    """Return the episodes of this number or label; all of them for None. Raises UsageError when there are none."""
    if episode is None:
        return list(rows)
    named = [row for row in rows if episode in (str(row.id), row.key.label)]
    if not named:
        raise UsageError(
            f"there is no episode {episode!r}: give a number from 1 to {len(rows)} or a label of `clemsim show RUN`"
        )
    return named


async def branch(
    folder: Path,
    episode: str,
    turn: int,
    config: RunConfig,
    out: Path | None = None,
    watch: Watch | None = None,
    network: NetworkOptions | None = None,
    *,
    trust: bool = False,
) -> RunSummary:
    """Play an episode on from a turn, as often and with the agents that the configuration says, into a new run.

    `trust`: load whatever code the run names. Raises ClemsimError.
    """
    with reader.reading(folder / STORE) as base:
        row = chosen(list(reader.episodes(base)), episode)[0]
        past = before(reader.events(base, row.id), turn)
    old = read_config(folder)
    run_trust(folder, given=trust).admit(old.arenas)
    _check_foreign(folder, row, past, trust=trust)
    changes = {
        "suite": old.suite,
        "rules": old.rules,
        "verbatim": old.verbatim,
        "arenas": _specs(old, row.key.arena),
        "only": row.key.instance,
        "branched": f"{folder}, {row.key.label} of {row.key.cast}, turn {turn}",
    }
    config = config.model_copy(update=changes)
    return await play(config, out, watch, past=past, network=network, trust=Trust(trust))


def _check_foreign(folder: Path, row: EpisodeRow, past: Sequence[Event], *, trust: bool) -> None:
    """Raise UsageError where the framework of a foreign game does not play what was recorded again."""
    arena = row.of(recorded_arenas(folder, trust=trust))
    if arena.foreign and (problem := _problem(arena, row, past, read_config(folder).seed)):
        raise UsageError(f"{row.key.label} cannot be branched off from: {problem}")


def _specs(config: RunConfig, name: str) -> tuple[str, ...]:
    """Return how the run named an arena, which may be by its file."""
    specs = [spec for spec in config.arenas if find_arena(spec).name == name]
    return tuple(specs) or (name,)


def before(events: Sequence[Event], turn: int) -> list[Event]:
    """Return the events up to the ask of a turn. Raises UsageError when it was never asked."""
    for index, event in enumerate(events):
        if isinstance(event, Asked) and event.turn == turn:
            return list(events[: index + 1])
    last = max((event.turn for event in events if isinstance(event, Asked)), default=0)
    raise UsageError(f"there is no turn {turn}: the episode has turns 1 to {last}")


def _problem(arena: Arena[Any], row: EpisodeRow, events: Sequence[Event], seed: int) -> str:
    if row.version != arena.rules_version:
        return f"played by version {row.version!r} of the rules, which is {arena.rules_version!r} now"
    driver = arena.drive(arena.load(row.data), row.key, seed)
    try:
        driver.replay(events)
        driver.check(events)
    except ArenaError as error:
        if arena.foreign:
            return f"{arena.foreign} does not play it again as it was recorded, which counts all the same: {error}"
        return str(error)
    return ""
