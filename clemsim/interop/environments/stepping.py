"""An episode that is moved by hand: whose turn it is, what that seat is shown, and what its moves have earned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from random import Random
from typing import Any

from clemsim.arena import Arena, find_arena
from clemsim.errors import UsageError
from clemsim.game.driver import EpisodeDriver
from clemsim.game.events import Asked, Continued, Event, Instructed, Told
from clemsim.game.game_contract import checked_instances
from clemsim.game.instances import Instance
from clemsim.game.messages import Message
from clemsim.game.outcomes import Outcome
from clemsim.game.view import View
from clemsim.interop.rewards import FORFEIT, seat_reward
from clemsim.runtime.model_agent import chat

LONGEST = 100_000  # characters of a reply, where a framework wants a bound


@dataclass(slots=True)
class Stepped:
    """An episode between two moves. Seats that are asked at once move one after another, none seeing the others' replies."""

    arena: Arena[Any]
    driver: EpisodeDriver
    seats: Sequence[str]
    forfeit: float
    _shown: dict[str, int] = field(default_factory=dict)  # events that each seat was shown

    @property
    def outcome(self) -> Outcome | None:
        """How the episode has ended; None: it goes on."""
        return self.driver.outcome

    @property
    def seat(self) -> str | None:
        """Whose turn it is; None: nobody's, the episode is over."""
        pending = self.driver.pending
        return pending[0].seat if pending and self.outcome is None else None

    @property
    def view(self) -> View:
        """All that the seat whose turn it is sees. Raises UsageError where the episode is over."""
        if self.seat is None:
            raise UsageError("the episode is over: reset the environment")
        return self.driver.view(self.driver.pending[0])

    def move(self, reply: str | Message) -> None:
        """Give the reply of the seat whose turn it is. Raises UsageError where it is no text, ArenaError for a bug in the
        game.
        """
        if not isinstance(reply, str | Message):
            raise UsageError(f"the reply of {self.seat} is to be text, not {reply!r:.40}")
        asked = self.driver.pending[0]
        self._shown[asked.seat] = len(self.driver.events)
        self.driver.answer(asked.turn, Message(asked.seat, reply) if isinstance(reply, str) else reply)

    def news(self, seat: str) -> str:
        """Return what a seat was told since it last moved, the ask last if it is its turn."""
        new = self.driver.events[self._shown.get(seat, 0) :]
        return "\n\n".join(text for event in new if (text := _told(event, seat)))

    def messages(self) -> list[dict[str, str]]:
        """Return the conversation of the seat whose turn it is as models are sent it, the ask at its end."""
        return [{"role": message["role"], "content": str(message["content"])} for message in chat(self.view)]

    def rewards(self) -> Mapping[str, float]:
        """Return what each seat has earned at the end, and 0 before: the scores by seat, or else Quality / 100 for all; of
        an aborted episode, `forfeit` for the seat to blame and 0 for the others.
        """
        outcome = self.outcome
        if outcome is None:
            return dict.fromkeys(self.seats, 0.0)
        return {seat: seat_reward(outcome, seat, self.forfeit) for seat in self.seats}

    def facts(self) -> dict[str, Any]:
        """Return how the episode has ended, for logs."""
        outcome = self.outcome
        if outcome is None:
            return {}
        return {"outcome": outcome.kind, "reason": outcome.reason, "blame": outcome.blame, "quality": outcome.quality}

    def metrics(self) -> dict[str, float]:
        """Return the metrics of the ended episode by the game's names, without those that are undefined.

        Raises ArenaError for a bug in one of them.
        """
        scores, _ = self.arena.scores(self.driver.transcript)
        return {name: float(score) for name, score in scores.items() if score is not None and isfinite(score)}


class Episodes:
    """The episodes of an arena that an environment plays: a seed chooses the instance and decides every draw."""

    def __init__(self, arena: Arena[Any] | str, instances: Sequence[Instance] = (), forfeit: float = FORFEIT) -> None:
        """Take an arena or its SPEC, and instances of it; its own unless given. Raises UsageError and ArenaError."""
        self.arena: Arena[Any] = find_arena(arena)() if isinstance(arena, str) else arena
        self.instances = list(instances) or checked_instances(self.arena)
        self._forfeit = forfeit
        self._random = Random()

    def begin(self, seed: int | None = None, instance: int | None = None) -> Stepped:
        """Begin an episode. `seed`: of this one and all that follow without one; `instance`: its place among the instances.

        Raises UsageError where there is no such instance.
        """
        if seed is not None:
            self._random.seed(seed)
        place = self._random.randrange(len(self.instances)) if instance is None else instance
        if not 0 <= place < len(self.instances):
            raise UsageError(f"there is no instance {place}: {self.arena.name} has instances 0 to {len(self.instances) - 1}")
        chosen = self.instances[place]
        driver = self.arena.drive(chosen, seed=self._random.getrandbits(32))
        return Stepped(self.arena, driver, tuple(self.arena.roles_for(chosen)), self._forfeit)


def _told(event: Event, seat: str) -> str:
    if isinstance(event, Told | Instructed | Asked | Continued) and event.seat == seat:
        return event.content
    return ""
