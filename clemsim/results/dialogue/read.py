"""Reads dialogues from a run store, and makes them of events at hand."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from clemsim.game.events import Ended, Event, Scored
from clemsim.game.instances import EpisodeKey
from clemsim.game.outcomes import Outcome
from clemsim.results.dialogue.model import Dialogue, DialogueSeat
from clemsim.results.dialogue.steps import dialogue_steps
from clemsim.store import reader
from clemsim.store.description import RunDescription
from clemsim.store.reader import EpisodeRow, SeatRow

NO_ENGINE = ("", "none")  # what agents that ask no model say of their engine


def dialogue_of(
    key: EpisodeKey,
    events: Iterable[Event],
    *,
    costs: Mapping[int, Mapping[str, Any]] | None = None,
    details: Mapping[int, Mapping[str, Any]] | None = None,
    seats: Sequence[DialogueSeat] = (),
    **about: Any,
) -> Dialogue:
    """Return the dialogue of events of an episode from its beginning, which need not have ended. `seats`: what is known of
    them; those that only events name are added. `about`: the other fields of the dialogue.
    """
    events = tuple(events)
    named = {seat.name: seat for seat in seats}
    for event in events:
        name = getattr(event, "seat", None)
        if name is not None and name not in named:
            named[name] = DialogueSeat(name, name, agent_of(key.cast, name))
    steps = dialogue_steps(events, costs or {}, details)
    outcome = about.pop("outcome", None) or outcome_of(events)
    return Dialogue(key, tuple(named.values()), steps, events, outcome, **about)


def read_dialogue(base: sqlite3.Connection, row: EpisodeRow, description: RunDescription | None = None) -> Dialogue:
    """Return the dialogue of an episode of a run, also of one that is still played. `description`: that of the run, which
    says what its agents are. Raises StoreError.
    """
    events = reader.events(base, row.id)
    costs = reader.requests(base, row.id)
    metrics, rounds = reader.scores_of(base, row.id)
    return dialogue_of(
        row.key,
        events,
        costs=costs,
        details=reader.details(base, row.id),
        seats=_seats(row.key.cast, events, reader.seats_of(base, row.id), costs, description),
        outcome=row.outcome,
        unfinished=row.detail or row.cause,
        metrics=metrics,
        rounds=rounds,
        instance=row.data,
        number=row.id,
        status=row.status,
        version=row.version,
        run_seed=description.config.seed if description else None,
    )


def outcome_of(events: Sequence[Event]) -> Outcome | None:
    """Return the outcome that the last events tell; None where there is none yet."""
    last = events[-1] if events else None
    if not isinstance(last, Ended):
        return None
    before = events[-2] if len(events) > 1 else None
    by_seat = before.by_seat if isinstance(before, Scored) else None
    return Outcome(last.kind, last.reason, last.blame, last.quality, by_seat)


def _seats(
    cast: str,
    events: Iterable[Event],
    stored: Iterable[SeatRow],
    costs: Mapping[int, Mapping[str, Any]],
    description: RunDescription | None,
) -> list[DialogueSeat]:
    """Return the seats, in the order in which events name them."""
    rows = {row.seat: row for row in stored}
    asked = {cost["seat"]: cost["agent"] for cost in costs.values()}
    names = dict.fromkeys(name for event in events if isinstance(name := getattr(event, "seat", None), str))
    found = []
    for name in [*names, *(seat for seat in rows if seat not in names)]:
        row = rows.get(name)
        agent = row.agent if row else asked.get(name) or agent_of(cast, name)
        about = description.agents.get(agent) if description else None
        scripted = (
            name not in asked and about is not None and not about.get("model") and about.get("engine", "") in NO_ENGINE
        )
        system = str((about or {}).get("system") or "")
        found.append(DialogueSeat(name, row.role if row else name, agent, scripted, system))
    return found


def agent_of(cast: str, seat: str) -> str:
    """Return the agent that the name of a cast gives to a seat: `seat=agent` where it is named, else the plain one."""
    named, plain = {}, ""
    for part in cast.split(","):
        name, equals, agent = part.partition("=")
        if equals:
            named[name] = agent
        else:
            plain = plain or part
    return named.get(seat, plain or cast)
