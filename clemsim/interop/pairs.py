"""Pairs of a better and a worse reply to one ask, out of episodes that have the same history up to it.

Such episodes are the repetitions of an instance, those of several agents or runs of a study, and the continuations of
`clemsim branch` with the episode that they branched off from. A reply is worth the mean reward of the episodes that went on
with it, an estimate of the value of the action (Sutton and Barto 2018, section 5.2); the best reply is paired with each that
was worth less, so that `n` replies give at most `n` - 1 pairs.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from statistics import fmean
from typing import Any

from clemsim.engines.base import ChatMessage
from clemsim.engines.tool_wire import openai_tools
from clemsim.errors import UsageError
from clemsim.game.events import Event, Replied, encode, type_name
from clemsim.interop.jsonl import write_lines
from clemsim.interop.rewards import seat_reward
from clemsim.interop.training import Seats, for_templates, run_names, tools_text
from clemsim.runs.recorded_turns import RecordedChats
from clemsim.store import reader
from clemsim.store.folder import STORE
from clemsim.store.reader import EpisodeRow

BRANCHED = re.compile(r"(?P<folder>.+), (?P<label>\S+) of (?P<cast>.+), turn \d+", re.DOTALL)  # as `branch` writes it
OVERFLOW = "overflow"  # of a reply that was not begun
NEAR = 1e-9  # rewards that differ by less are one


@dataclass(frozen=True, slots=True)
class _Played:
    """A finished episode. `chats`: of its run; None for one of the run that this one branched off from."""

    name: str
    row: EpisodeRow
    events: Sequence[Event]
    seats: Seats
    chats: RecordedChats | None

    def reward(self, seat: str) -> float:
        assert self.row.outcome is not None  # it has ended
        return seat_reward(self.row.outcome, seat)

    def reply(self, place: int) -> Replied:
        event = self.events[place]
        assert isinstance(event, Replied)
        return event


@dataclass(frozen=True, slots=True)
class _Choice:
    """A reply, the episodes that went on with it, and the mean of what its seat earned in them."""

    reply: Replied
    episodes: Sequence[_Played]
    reward: float


def write_pairs(folder: Path, out: Path, *, trust: bool = False) -> int:
    """Write a line for each pair of replies in TRL's preference form, and return the number of pairs.

    `prompt` is what the seat was sent, `chosen` and `rejected` are one message each: TRL takes all that stands there for the
    model's own words, so that what the game said later is left to the lines of `write_training`. `turn`: where they part.
    Raises StoreError, and UsageError where no two episodes begin alike and end differently.
    """
    return write_pairs_of_all([folder], out, trust=trust)


def write_pairs_of_all(folders: Sequence[Path], out: Path, *, trust: bool = False) -> int:
    """Write the pairs of several runs, whose episodes are compared with each other too, and return their number."""
    count = write_lines(out, _lines(folders, trust=trust))
    if not count:
        raise UsageError(
            f"{folders[0]} has no two finished episodes that begin alike and earn differently: play instances several times"
            " (--repetitions 4 --temperature 0.8), or use `clemsim branch`"
        )
    return count


def _lines(folders: Sequence[Path], *, trust: bool) -> Iterator[dict[str, Any]]:
    with ExitStack() as stack:
        bases = [stack.enter_context(reader.reading(folder / STORE)) for folder in folders]
        runs = [RecordedChats.of(folder, base, trust=trust) for folder, base in zip(folders, bases, strict=True)]
        tools = any(chats.native for chats in runs)
        sources = [source for chats in runs if (source := _source(chats.description.config.branched, stack))]
        names = run_names(folders)
        for ids in _groups(bases):
            group = [_played(names[place], bases[place], id_, runs[place]) for place, id_ in ids]
            group += [each for source in sources for each in _of_source(*source, group[0].row)]
            for members, place in _partings(group):
                yield from _pairs(members, place, tools=tools)


def _groups(bases: Sequence[sqlite3.Connection]) -> Iterator[list[tuple[int, int]]]:
    """Yield the finished episodes of each instance: the place of their run, and their number."""
    groups: dict[tuple[Any, ...], list[tuple[int, int]]] = {}
    query = "SELECT id, arena, version, instance, data FROM episodes WHERE status = 'done' ORDER BY id"
    for place, base in enumerate(bases):
        for id_, *key, data in base.execute(query):
            same = blake2b(str(data).encode(errors="surrogatepass"), digest_size=16).digest()
            groups.setdefault((*key, same), []).append((place, id_))
    yield from groups.values()


def _played(run: str, base: sqlite3.Connection, id_: int, chats: RecordedChats | None) -> _Played:
    row = reader.episode(base, id_)
    assert row is not None  # its number was just read
    return _Played(f"{run}/{id_}", row, reader.events(base, id_), Seats.of(base, row), chats)


def _source(branched: str | None, stack: ExitStack) -> tuple[Path, sqlite3.Connection, str, str] | None:
    """Return the run that this one branched off from, with label and cast of the episode; None where it isn't there."""
    found = BRANCHED.fullmatch(branched or "")
    if found is None or not (Path(found["folder"]) / STORE).is_file():
        return None
    folder = Path(found["folder"])
    return folder, stack.enter_context(reader.reading(folder / STORE)), found["label"], found["cast"]


def _of_source(folder: Path, base: sqlite3.Connection, label: str, cast: str, like: EpisodeRow) -> Iterator[_Played]:
    """Yield the episode that was branched, if it has ended and is of the same rules and instance."""
    query = "SELECT id FROM episodes WHERE status = 'done' AND arena = ? AND instance = ? AND \"cast\" = ?"
    for (id_,) in base.execute(query, (like.key.arena, like.key.instance, cast)).fetchall():
        played = _played(folder.name, base, id_, None)
        if (played.row.key.label, played.row.version, played.row.data) == (label, like.version, like.data):
            yield played


def _partings(group: Sequence[_Played]) -> Iterator[tuple[list[_Played], int]]:
    """Yield where episodes of one history part at a reply: those that do, and the place of the reply among their events.

    Each event is looked at once.
    """
    open_ = [(list(group), 0)]
    while open_:
        members, place = open_.pop()
        while len(members) > 1:
            members = [each for each in members if place < len(each.events)]
            parts: dict[str, list[_Played]] = {}
            for each in members:
                parts.setdefault(_kind(each.events[place]), []).append(each)
            if len(parts) > 1:
                if len({_asked(each.events[place]) for each in members}) == 1:
                    yield members, place
                open_ += [(part, place + 1) for part in parts.values()]
                break
            place += 1


def _kind(event: Event) -> str:
    """Return what makes the history of an event: of a reply, what it says, without what was thought before it."""
    return f"{event.turn} {event.seat} {event.said}" if isinstance(event, Replied) else f"{type_name(event)} {encode(event)}"


def _asked(event: Event) -> object:
    """Return which ask an event replies to; of another event, itself, so that it is no ask of others."""
    return (event.turn, event.seat) if isinstance(event, Replied) else id(event)


def _pairs(members: Sequence[_Played], place: int, *, tools: bool) -> Iterator[dict[str, Any]]:
    """Yield the pairs of the replies at which episodes part: the best with each that was worth less. `tools`: lines have a
    field for them.
    """
    choices = [choice for choice in _choices(members, place) if choice.reply.stop != OVERFLOW]
    best = max(choices, key=lambda choice: choice.reward, default=None)
    worse = [choice for choice in choices if best and choice.reward < best.reward - NEAR]
    if best is None or not worse:
        return
    one, chats = next((each, each.chats) for each in [*best.episodes, *members] if each.chats)
    prompt, offered = _prompt(chats, one, best.reply.turn)
    for choice in sorted(worse, key=lambda choice: choice.reward):
        yield {
            "prompt": for_templates(prompt),
            "chosen": for_templates([chats.answer(best.reply)]),
            "rejected": for_templates([chats.answer(choice.reply)]),
            **({"tools": tools_text(offered)} if tools else {}),
            "chosen_reward": best.reward,
            "rejected_reward": choice.reward,
            "chosen_episodes": [each.name for each in best.episodes],
            "rejected_episodes": [each.name for each in choice.episodes],
            "chosen_agent": best.episodes[0].seats.agent(best.reply.seat),
            "rejected_agent": choice.episodes[0].seats.agent(choice.reply.seat),
            "turn": best.reply.turn,
            "seat": best.reply.seat,
            "game": one.row.key.arena,
            "experiment": one.row.experiment,
            "instance": one.row.key.instance,
        }


def _choices(members: Sequence[_Played], place: int) -> Iterator[_Choice]:
    by_reply: dict[str, list[_Played]] = {}
    for each in members:
        by_reply.setdefault(each.reply(place).said, []).append(each)
    for own in by_reply.values():
        reply = own[0].reply(place)
        yield _Choice(reply, own, fmean(each.reward(reply.seat) for each in own))


def _prompt(chats: RecordedChats, one: _Played, turn: int) -> tuple[list[ChatMessage], list[dict[str, Any]]]:
    """Return what the seat of a turn was sent, and the tools that it could call."""
    for reply, view in chats.turns(one.row, one.events):
        if reply.turn == turn:
            native: Mapping[str, Any] = openai_tools(view.offer) if view.offer is not None and chats.native else {}
            return chats.sent(view, one.seats.agent(reply.seat)), native.get("tools", [])
    raise UsageError(f"{one.name}: turn {turn} cannot be played again")
