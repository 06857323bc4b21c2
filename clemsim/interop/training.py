"""A run as data to train on: a line for each conversation of a seat, with what the seat has earned.

Messages are in the chat form that `datasets` and TRL read. Each reply stands behind exactly the messages that its model was
sent: where a seat forgets, or is asked something aside, another line begins.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from os.path import commonpath
from pathlib import Path
from typing import Any

import orjson

from clemsim.engines.base import ChatMessage
from clemsim.engines.tool_wire import openai_tools
from clemsim.errors import UsageError
from clemsim.game.events import Replied
from clemsim.interop.jsonl import write_lines
from clemsim.interop.rewards import seat_reward
from clemsim.results.dialogue.read import agent_of
from clemsim.runs.recorded_turns import RecordedChats
from clemsim.store import reader
from clemsim.store.folder import STORE
from clemsim.store.reader import EpisodeRow

DETAILS = ("token_ids", "logprobs")


@dataclass(slots=True)
class SeatConversation:
    """What one seat saw and said, as a chat. `replies`: those that are new in it, each with its place among the messages."""

    seat: str
    messages: list[ChatMessage] = field(default_factory=list)
    replies: list[tuple[int, Replied]] = field(default_factory=list)
    tools: Sequence[Mapping[str, Any]] = ()


def write_training(folder: Path, out: Path, *, trust: bool = False) -> int:
    """Write a line for each conversation of the finished episodes of a run, and return their number.

    A line has `messages`, and for each reply that is new in it, in `turns`, its place there, why it stopped and what was
    thought before it; ids of tokens and log-probabilities of the reply where the run has recorded them. `tools`, in a run
    that calls them as its server has it: those that could be called, as text, which is how TRL takes tools whose parameters
    differ. `reward`: of the seat (`seat_reward`). Of pictures there are the lines that stand for them. Raises StoreError,
    and UsageError where there is no such episode.
    """
    return write_training_of_all([folder], out, trust=trust)


def write_training_of_all(folders: Sequence[Path], out: Path, *, trust: bool = False) -> int:
    """Write the lines of several runs, one run after another, as `write_training` does, and return their number."""
    named = zip(run_names(folders), folders, strict=True)
    count = write_lines(out, (line for name, folder in named for line in _lines(name, folder, trust=trust)))
    if not count:
        raise UsageError(f"{folders[0]} has no finished episode in which a seat replied, so nothing to train on")
    return count


def run_names(folders: Sequence[Path]) -> list[str]:
    """Return a name for each run: that of its folder; of several, its path from the folder that all of them lie in."""
    if len(folders) == 1:
        return [folders[0].name]
    above = commonpath([folder.absolute() for folder in folders])
    return [folder.absolute().relative_to(above).as_posix() for folder in folders]


def _lines(run: str, folder: Path, *, trust: bool) -> Iterator[dict[str, Any]]:
    with reader.reading(folder / STORE) as base:
        chats, recorded = RecordedChats.of(folder, base, trust=trust), _recorded(base)
        for row in reader.episodes(base):
            if row.outcome is not None:
                yield from _episode(run, base, chats, row, recorded)


def _recorded(base: sqlite3.Connection) -> list[str]:
    """Return which details the run has of any reply: each line then has their fields, so that all lines are of one form."""
    if not reader.has_details(base):
        return []
    query = "SELECT 1 FROM details WHERE name = ? LIMIT 1"
    return [name for name in DETAILS if base.execute(query, (name,)).fetchone()]


def _episode(
    run: str, base: sqlite3.Connection, chats: RecordedChats, row: EpisodeRow, recorded: Sequence[str]
) -> Iterator[dict[str, Any]]:
    outcome, key = row.outcome, row.key
    assert outcome is not None  # of an episode that has ended
    seats = Seats.of(base, row)
    details = reader.details(base, row.id) if recorded else {}
    for place, own in enumerate(conversations(chats, row, base, seats)):
        yield {
            "id": f"{run}/{row.id}/{place}",
            "run": run,
            "episode": row.id,
            "game": key.arena,
            "experiment": row.experiment,
            "instance": key.instance,
            "repetition": key.repetition,
            "seat": own.seat,
            "role": seats.roles.get(own.seat, own.seat),
            "agent": seats.agent(own.seat),
            "outcome": outcome.kind,
            "reason": outcome.reason,
            "reward": seat_reward(outcome, own.seat),
            "messages": for_templates(own.messages),
            **({"tools": tools_text(own.tools)} if chats.native else {}),
            "turns": [_turn(at, reply, details.get(reply.turn, {}), recorded) for at, reply in own.replies],
        }


def _turn(place: int, reply: Replied, details: Mapping[str, Any], recorded: Sequence[str]) -> dict[str, Any]:
    about = {"turn": reply.turn, "message": place, "stop": reply.stop, "reasoning": reply.reasoning}
    if "token_ids" in recorded:
        ids = details.get("token_ids", {})
        about |= {"prompt_token_ids": ids.get("prompt", []), "token_ids": ids.get("reply", [])}
    if "logprobs" in recorded:
        tokens = details.get("logprobs", [])
        about |= {"tokens": [text for text, *_ in tokens], "logprobs": [value for _, value, *_ in tokens]}
    return about


def for_templates(messages: Iterable[ChatMessage]) -> list[dict[str, Any]]:
    """Return messages as chat templates take them: the arguments of calls are objects."""
    return [_with_objects(message) if "tool_calls" in message else {**message} for message in messages]


def _with_objects(message: ChatMessage) -> dict[str, Any]:
    calls = [
        {**call, "function": {**call["function"], "arguments": orjson.loads(call["function"]["arguments"])}}
        for call in message["tool_calls"]
    ]
    return {**message, "tool_calls": calls}


def tools_text(tools: Sequence[Mapping[str, Any]]) -> str:
    """Return tools as JSON text; `[]` where there are none."""
    return orjson.dumps(tools).decode()


@dataclass(frozen=True, slots=True)
class Seats:
    """Who sat where in an episode. `roles` and `agents` by seat, as far as they are stored."""

    cast: str
    roles: Mapping[str, str]
    agents: Mapping[str, str]

    @classmethod
    def of(cls, base: sqlite3.Connection, row: EpisodeRow) -> Seats:
        """Return who sat where."""
        stored = reader.seats_of(base, row.id)
        asked = base.execute("SELECT DISTINCT seat, agent FROM requests WHERE episode = ?", (row.id,))
        agents = dict(asked.fetchall()) | {each.seat: each.agent for each in stored}
        return cls(row.key.cast, {each.seat: each.role for each in stored}, agents)

    def agent(self, seat: str) -> str:
        """Return the agent in a seat."""
        return self.agents.get(seat) or agent_of(self.cast, seat)


def conversations(
    chats: RecordedChats, row: EpisodeRow, base: sqlite3.Connection, seats: Seats
) -> Iterable[SeatConversation]:
    """Return the conversations of an episode, in the order in which they began. Raises StoreError and ClemsimError."""
    found: list[SeatConversation] = []
    latest: dict[tuple[str, bool], SeatConversation] = {}  # by seat, and whether it will remember the exchange
    for reply, view in chats.turns(row, reader.events(base, row.id)):
        sent, place = chats.sent(view, seats.agent(view.seat)), (view.seat, view.kept)
        own = latest.get(place)
        if own is None or sent[: len(own.messages)] != own.messages:
            own = latest[place] = SeatConversation(view.seat)
            found.append(own)
        if view.offer is not None and chats.native:
            own.tools = openai_tools(view.offer)["tools"]
        own.messages = [*sent, chats.answer(reply)]
        own.replies.append((len(sent), reply))
    return found
