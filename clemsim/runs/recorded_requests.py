"""The requests of a recorded run with their text: recorded replies are driven through the games again to get the views."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from clemsim.engines.base import ChatMessage
from clemsim.engines.images import chat_messages
from clemsim.errors import ParserError, UsageError
from clemsim.game.content import Part
from clemsim.game.events import Called, Replied
from clemsim.runs.prepare import recorded_arenas
from clemsim.runtime.model_agent import chat, chat_parts
from clemsim.store import reader
from clemsim.store.folder import STORE, read_config

GRAIN = 0.002  # seconds by which clocks of two requests in a row may overlap


@dataclass(frozen=True, slots=True)
class RecordedRequest:
    """A request of a run. `started` in seconds since the epoch, `seconds` as long as its answer took; sizes in tokens."""

    episode: int
    seat: str
    started: float
    seconds: float
    tokens_in: int
    tokens_out: int
    seed: int
    messages: Sequence[ChatMessage]
    parts: Mapping[int, Sequence[Part]] = field(default_factory=dict)  # of those messages that have pictures, by place

    @property
    def sent(self) -> list[Mapping[str, Any]]:
        """The messages as they were sent, with their pictures."""
        return list(chat_messages(self.messages, self.parts) if self.parts else self.messages)

    @property
    def ended(self) -> float:
        """Return when the answer was complete (seconds since the epoch)."""
        return self.started + self.seconds


def recorded_requests(folder: Path, *, trust: bool = False) -> list[RecordedRequest]:
    """Return the requests of a run that were answered, in the order in which they began.

    `trust`: load whatever code the run names. Raises StoreError, and UsageError when the run made no requests.
    """
    found = sorted(_requests(folder, trust=trust), key=lambda request: request.started)
    if not found:
        raise UsageError(f"{folder} has no requests to a server, so there is no trace of it")
    return found


def _requests(folder: Path, *, trust: bool) -> Iterator[RecordedRequest]:
    arenas, config = recorded_arenas(folder, trust=trust), read_config(folder)
    with reader.reading(folder / STORE) as base:
        for row in reader.episodes(base):
            costs = reader.requests(base, row.id)
            arena = row.of(arenas)
            driver = arena.drive(arena.load(row.data), row.key, config.seed)
            called = any(isinstance(event, Called) for event in reader.events(base, row.id))
            for event in reader.events(base, row.id):
                if not isinstance(event, Replied):
                    driver.replay([event])  # which checks what is asked
                    continue
                view = driver.view(next(pending for pending in driver.pending if pending.turn == event.turn))
                cost = costs.get(event.turn)
                if cost and cost["started"] is not None and cost["stop"] != "overflow":
                    yield RecordedRequest(
                        episode=row.id,
                        seat=cost["seat"],
                        started=cost["started"],
                        seconds=cost["seconds"] or 0.0,
                        tokens_in=cost["tokens_in"] or 0,
                        tokens_out=max(1, cost["tokens_out"] or 1),
                        seed=cost["seed"] or 0,
                        messages=tuple(chat(view, native=called)),
                        parts=chat_parts(view, native=called),
                    )
                try:
                    driver.replay([event])
                except ParserError:
                    break  # the last reply of an unfinished episode


def chains(requests: Sequence[RecordedRequest], *, same_seat: bool = False) -> list[list[RecordedRequest]]:
    """Return the requests in chains within which each began after the answer before it; those asked in parallel are in
    chains of their own, and no chain has requests of two episodes.

    `same_seat`: each request of a chain also begins with all messages of the one before. Chains come in the order of
    their first requests.
    """
    made: list[list[RecordedRequest]] = []
    open_chains: dict[int, list[list[RecordedRequest]]] = {}
    for request in requests:
        mine = open_chains.setdefault(request.episode, [])
        fitting = [chain for chain in mine if _follows(chain[-1], request, same_seat=same_seat)]
        if fitting:
            max(fitting, key=lambda chain: (chain[-1].seat == request.seat, chain[-1].ended)).append(request)
        else:
            mine.append([request])
            made.append(mine[-1])
    return made


def _follows(before: RecordedRequest, after: RecordedRequest, *, same_seat: bool) -> bool:
    if before.ended > after.started + GRAIN:
        return False
    size = len(before.messages)
    return not same_seat or (before.seat == after.seat and list(after.messages[:size]) == list(before.messages))
