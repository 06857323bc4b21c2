"""Takes down what is played, and scores each episode as it ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from clemsim.arena import Arena
from clemsim.game.events import Event
from clemsim.game.instances import EpisodeKey
from clemsim.game.messages import Message
from clemsim.game.outcomes import Outcome
from clemsim.game.view import View
from clemsim.results.tally import Tally
from clemsim.runtime.episode import Episode, Result
from clemsim.runtime.observer import Observer, WidthSample
from clemsim.store.writer import Scores


class Writer(Protocol):
    """Where it is taken down: the run's store, or a way to the process that has it."""

    def record(self, key: EpisodeKey, index: int, events: Sequence[Event]) -> None:
        """New events of an episode."""

    def request(self, key: EpisodeKey, agent: str, view: View, message: Message, prefix: int) -> None:
        """What a turn cost."""

    def steered(self, steering: WidthSample) -> None:
        """An entry of the width's history."""

    def started(self, key: EpisodeKey) -> None:
        """An episode begins or goes on."""

    def unfinished(self, key: EpisodeKey, cause: str, detail: str) -> None:
        """An episode is given up for now."""

    def ended(self, key: EpisodeKey, outcome: Outcome, scores: Scores, rounds: Sequence[Scores]) -> None:
        """An episode has an outcome."""


@dataclass(frozen=True, slots=True)
class Recorder(Observer):
    """Takes a run down into its store and scores each episode as it ends. `ended` hears of every outcome."""

    writer: Writer
    arenas: Mapping[str, Arena[Any]]
    tally: Tally
    ended: Callable[[EpisodeKey, Outcome], None] | None = None

    def record(self, key: EpisodeKey, index: int, events: list[Event]) -> None:
        self.writer.record(key, index, events)

    def request(self, key: EpisodeKey, agent: str, view: View, message: Message, prefix: int) -> None:
        self.writer.request(key, agent, view, message, prefix)

    def steered(self, steering: WidthSample) -> None:
        self.writer.steered(steering)

    def started(self, episode: Episode) -> None:
        self.writer.started(episode.key)

    def finished(self, episode: Episode, result: Result) -> None:
        if result.outcome is None:
            self.writer.unfinished(episode.key, result.cause, result.detail)
            return
        self.tally.add(episode.key, result.outcome)
        scores, rounds = self.arenas[episode.key.arena].scores(result.transcript)
        self.writer.ended(episode.key, result.outcome, scores, rounds)
        if self.ended:
            self.ended(episode.key, result.outcome)
