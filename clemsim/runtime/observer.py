"""The observers of a run: the one protocol by which recorders and counters learn what happens to episodes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from clemsim.engines.load import ServerLoad
from clemsim.game.events import Event
from clemsim.game.instances import EpisodeKey
from clemsim.game.messages import Message
from clemsim.game.view import View
from clemsim.runtime.episode import Result


@dataclass(frozen=True, slots=True)
class WidthSample:
    """One entry in the history of an agent's width."""

    at: float  # seconds since the epoch
    agent: str
    width: int
    started: int  # episodes under way with this agent in the cast
    in_flight: int  # turns
    tokens_per_second: float | None  # generated since the sample before; None: not measured
    load: ServerLoad | None
    why: str  # the reason for a change of the width; empty: no change


class Observer:
    """Observes the episodes of a run. Override the methods you need; none of them may block.

    The run store, the tally, a stopping rule and the buffer of a worker are observers.
    """

    def started(self, key: EpisodeKey) -> None:
        """An episode begins or goes on."""

    def record(self, key: EpisodeKey, index: int, events: Sequence[Event]) -> None:
        """An episode has new events; the first of them is its event number `index`, counted from 0."""

    def request(self, key: EpisodeKey, agent: str, view: View, message: Message, prefix: int) -> None:
        """A turn was answered by `message`. `prefix`: tokens of its conversation that the server has seen before."""

    def finished(self, result: Result) -> None:
        """An episode has ended, or stays unfinished for now."""

    def width_sampled(self, sample: WidthSample) -> None:
        """The width of an agent was looked at, and perhaps changed."""


class Broadcast(Observer):
    """Tells several observers, in their order."""

    def __init__(self, *observers: Observer) -> None:
        self._observers = observers

    def started(self, key: EpisodeKey) -> None:
        """Tell all of them."""
        for observer in self._observers:
            observer.started(key)

    def record(self, key: EpisodeKey, index: int, events: Sequence[Event]) -> None:
        """Tell all of them."""
        for observer in self._observers:
            observer.record(key, index, events)

    def request(self, key: EpisodeKey, agent: str, view: View, message: Message, prefix: int) -> None:
        """Tell all of them."""
        for observer in self._observers:
            observer.request(key, agent, view, message, prefix)

    def finished(self, result: Result) -> None:
        """Tell all of them."""
        for observer in self._observers:
            observer.finished(result)

    def width_sampled(self, sample: WidthSample) -> None:
        """Tell all of them."""
        for observer in self._observers:
            observer.width_sampled(sample)


class ResultCollector(Observer):
    """Keeps the results of all episodes in memory, by key."""

    def __init__(self) -> None:
        self.results: dict[EpisodeKey, Result] = {}

    def finished(self, result: Result) -> None:
        """Keep the result."""
        self.results[result.key] = result
