"""Drives one `play` by hand: no event loop, no I/O, only messages in and asks out.

The log is the state: a driver that gets the recorded replies stands where the recording stood, which is what replay,
resume, branch and re-score are made of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from types import CoroutineType
from typing import Any, TypeAlias

from clemsim.errors import ArenaError, ForbiddenAwait, ParserError, ReplayMismatch
from clemsim.game.encodable import encodable
from clemsim.game.events import Asked, Called, Continued, Ended, Event, Forgot, Instructed, Replied, Returned, Scored, Told
from clemsim.game.instances import EpisodeKey, Instance
from clemsim.game.memory import remembered
from clemsim.game.messages import MODERATOR, SYSTEM, Message
from clemsim.game.outcomes import Outcome
from clemsim.game.seat_sampling import SeatSampling
from clemsim.game.seeds import Seeds
from clemsim.game.table import Abort, Batch, Pending, Table
from clemsim.game.tool_calls import ToolCall, numbered
from clemsim.game.tool_use import said, seen_aside, seen_result
from clemsim.game.tools import Offer, Tool
from clemsim.game.transcript import Transcript
from clemsim.game.view import View

Play: TypeAlias = "Callable[[Table], CoroutineType[Any, Any, Outcome]]"

SHOWN = 120  # characters of an ask that differs
_SEEN = (Told, Instructed, Forgot)  # events besides asks that change what a seat sees


class EpisodeDriver:
    """One episode, advanced by its replies. `outcome` is None until it has ended.

    `chance` seeds the table's chance (None: by the instance alone); `sampling`: what the game fixes for seats.
    """

    def __init__(
        self,
        key: EpisodeKey,
        play: Play,
        seats: Sequence[str],
        instance: Instance,
        seed: int = 0,
        max_turns: int = 10_000,
        in_turn: bool = False,
        verbatim: bool = False,
        *,
        chance: int | None = None,
        sampling: Mapping[str, SeatSampling] | None = None,
    ) -> None:
        self.key = key
        self.instance = instance
        self.events: list[Event] = []
        self.outcome: Outcome | None = None
        self._seeds = Seeds(seed, key.arena, key.instance, key.repetition)
        self._seen: dict[str, list[Message]] = {seat: [] for seat in seats}
        self._batch: dict[int, Pending] = {}  # by turn, in order
        self._first = 0  # its first turn
        self._answers: dict[int, Message] = {}  # to the batch, as they came
        self._logged = 0  # answers appended so far: those before the first that is missing
        self._offered: dict[str, tuple[Tool, ...]] = {}  # what each seat could call when it was last offered something
        self._sampling = sampling
        seed_of_chance = instance.seed if chance is None else chance
        self._table = Table(seats, seed_of_chance, self._log, max_turns, in_turn, verbatim)
        self._play = play(self._table)
        self._advance(None)

    @property
    def pending(self) -> tuple[Pending, ...]:
        """The asks that wait for a reply, in order."""
        if not self._answers:
            return tuple(self._batch.values())
        return tuple(ask for turn, ask in self._batch.items() if turn not in self._answers)

    def view(self, ask: Pending) -> View:
        """Return what the asked seat sees, with the ask as its last message."""
        seen = self._seen[ask.seat]
        seed = self._seeds.derive(ask.asked.seat, ask.asked.turn)
        asked = ask.asked
        if asked.keep:
            view = View(self.key, asked.seat, asked.turn, seed, ask.format, seen, len(seen) - 1, seen[-1])
        else:
            aside = _said(asked)
            view = View(self.key, asked.seat, asked.turn, seed, ask.format, seen, len(seen), aside)
        if self._sampling:
            view.sampling = self._sampling.get(asked.seat)
        if ask.offer or self._offered:
            self._add_tools(view, ask)
        return view

    def _add_tools(self, view: View, ask: Pending) -> None:
        """Say what the seat may call, and show it the calls that it has made in an exchange that it will not remember."""
        view.offer = ask.offer
        if ask.offer:
            self._offered[ask.seat] = ask.offer.tools
        elif ask.seat in self._offered:
            view.offer = Offer(self._offered[ask.seat], "past")
        if isinstance(ask.asked, Continued) and not ask.asked.keep:
            *seen, view.ask = seen_aside(self.events, ask.turn)
            view.seen = [*view.seen, *seen]
            view.size = len(view.seen)

    def answer(self, turn: int, message: Message) -> None:
        """Give the reply to a pending ask, in any order; events are appended in the order of the asks.

        Raises ParserError if a parser fails at a reply, ArenaError if `play` goes wrong in another way, and ValueError if
        this turn waits for no reply.
        """
        if turn not in self._batch or turn in self._answers:
            raise ValueError(f"turn {turn} waits for no reply")
        message = _storable(message)
        if message.calls:
            calls = numbered(message.calls, turn) if self._batch[turn].offer else ()
            message = replace(message, calls=calls)
        self._answers[turn] = message
        while (next_ := self._first + self._logged) in self._batch:
            if next_ not in self._answers:
                return
            self._take(self._batch[next_].asked, self._answers[next_])
        self._advance(tuple([self._answers[turn] for turn in self._batch]))

    def replay(self, recorded: Iterable[Event]) -> None:
        """Give the recorded replies and check the recorded asks. Raises ReplayMismatch at the first that differs."""
        for event in recorded:
            if isinstance(event, Asked):
                self._compare(event)
            elif isinstance(event, Replied):
                if event.turn not in self._batch:
                    raise ReplayMismatch(f"turn {event.turn} was recorded, but the game did not ask for it")
                calls: tuple[ToolCall, ...] = event.calls if isinstance(event, Called) else ()
                self.answer(event.turn, Message(event.seat, event.content, event.reasoning, event.stop, calls=calls))

    def check(self, recorded: Sequence[Event]) -> None:
        """Raise ReplayMismatch where the events so far do not begin with those that were recorded."""
        turn = 0
        for now, before in zip(self.events, recorded, strict=False):
            turn = getattr(before, "turn", turn)
            if now != before:
                raise ReplayMismatch(f"after turn {turn}: recorded {before}, now {now}")
        if len(self.events) < len(recorded):
            raise ReplayMismatch(f"ends after turn {turn}; more was recorded")

    def close(self) -> None:
        """Leave the episode where it is."""
        self._play.close()

    @property
    def transcript(self) -> Transcript[Instance]:
        """All events so far."""
        return Transcript(self.key, self.instance, tuple(self.events))

    def _compare(self, recorded: Asked) -> None:
        pending = self._batch.get(recorded.turn)
        asked = pending.asked if pending else None
        if asked != recorded:
            before, after = _differing(recorded.content, asked.content if asked else "")
            now = "nothing" if asked is None else f"{asked.seat}: {after}"
            text = f"turn {recorded.turn}: recorded {recorded.seat}: {before}, now asks {now}"
            raise ReplayMismatch(text).at(self.key.label)

    def _take(self, ask: Asked, message: Message) -> None:
        self._logged += 1
        if message.calls:
            self._take_calls(ask, message)
            return
        if ask.keep:
            self._seen[ask.seat].append(Message(ask.seat, message.content))
        self._log(Replied(ask.turn, ask.seat, message.content, message.reasoning, message.stop))

    def _take_calls(self, ask: Asked, message: Message) -> None:
        reply = Called(ask.turn, ask.seat, message.content, message.reasoning, message.stop, message.calls)
        if ask.keep:
            self._seen[ask.seat].append(said(reply))
        self._log(reply)

    def _advance(self, replies: tuple[Message, ...] | None) -> None:
        self._batch, self._answers, self._logged = {}, {}, 0
        before = len(self.events)
        try:
            batch = self._play.send(replies)
        except StopIteration as stop:
            self._end(stop.value)
        except Abort as abort:
            self._end(abort.outcome)
        except ArenaError as error:
            if isinstance(error, ParserError):
                del self.events[before:]  # the replies stay; a mended parser judges them anew
            raise error.at(self.key.label) from error.__cause__
        except Exception as error:
            raise ArenaError(f"play raised {type(error).__name__}: {error}").at(self.key.label) from error
        else:
            self._wait(batch)

    def _wait(self, batch: object) -> None:
        if not isinstance(batch, Batch):
            line = self._play.cr_frame and self._play.cr_frame.f_lineno
            self._play.close()
            text = f"play awaited {type(batch).__name__}; it may await nothing but the table's ask and ask_all"
            raise ForbiddenAwait(text).in_code(self._play.cr_code, line).at(self.key.label)
        self._batch = {ask.asked.turn: ask for ask in batch.asks}
        if batch.asks:
            self._first = batch.asks[0].asked.turn
        else:
            self._advance(())

    def _end(self, outcome: object) -> None:
        try:
            if self._table.unawaited:
                raise ArenaError("play called table.ask, try_ask or ask_all without await: write `await table.ask(...)`")
            if not isinstance(outcome, Outcome):
                raise ArenaError(f"play must return an Outcome, not {type(outcome).__name__}")
            outcome.check(self._seen)
        except ArenaError as error:
            raise error.in_code(self._play.cr_code).at(self.key.label) from None
        self.outcome = outcome
        if outcome.by_seat is not None:
            self._log(Scored(dict(outcome.by_seat)))
        self._log(Ended(outcome.kind, outcome.reason, outcome.blame, outcome.quality))

    def _log(self, event: Event) -> None:
        self.events.append(event)
        if isinstance(event, Asked):
            if event.keep and (event.content or type(event) is not Continued):
                said_ = _said(event) if event.parts else Message(MODERATOR, event.content)
                self._seen[event.seat].append(said_)
        elif isinstance(event, Returned):
            if event.keep:
                self._seen[event.seat].append(seen_result(event))
        elif isinstance(event, _SEEN):
            self._show(event)

    def _show(self, event: Told | Instructed | Forgot) -> None:
        """Let a seat see what it is told, or forget what it saw."""
        seen = self._seen[event.seat]
        if isinstance(event, Told):
            seen.append(_said(event))
            if event.echo:
                seen.append(Message(event.seat, event.echo))
        elif isinstance(event, Instructed):
            if any(message.author != SYSTEM for message in seen):
                raise ArenaError(f"table.system({event.seat!r}, ...) comes before all else that the seat is told or asked")
            seen.append(Message(SYSTEM, event.content))
        else:
            self._seen[event.seat] = remembered(seen, event.seat, event.keep, opening=event.opening)


def _differing(before: str, after: str) -> tuple[str, str]:
    """Return two texts as they are shown side by side: long ones from shortly before where they part."""
    alike = next((place for place, (one, other) in enumerate(zip(before, after, strict=False)) if one != other), 0)
    begin = max(0, alike - SHOWN // 4)
    parts = [text if len(text) <= SHOWN else text[begin : begin + SHOWN] for text in (before, after)]
    cut = [("…" if len(text) > SHOWN else "") + repr(part) for text, part in zip((before, after), parts, strict=True)]
    return cut[0], cut[1]


def _said(event: Asked | Told) -> Message:
    """Return what a seat sees of what it is told or asked."""
    if event.parts:
        return Message(MODERATOR, event.content, parts=event.parts)
    return Message(MODERATOR, event.content)


def _storable(message: Message) -> Message:
    """Return the message as it can be stored, so that what is parsed now is what a resumed episode parses."""
    if message.content.isascii() and message.reasoning.isascii():
        return message
    return replace(message, content=encodable(message.content), reasoning=encodable(message.reasoning))
