"""Who hears of what happens to episodes."""

from __future__ import annotations

from dataclasses import dataclass

from clemsim.engines.load import ServerLoad
from clemsim.game.events import Event
from clemsim.game.instances import EpisodeKey
from clemsim.game.messages import Message
from clemsim.game.view import View
from clemsim.runtime.episode import Episode, Result


class Observer:
    """Hears of what happens; never blocks. Override what you need."""

    def record(self, key: EpisodeKey, index: int, events: list[Event]) -> None:
        """New events of an episode, the first of them its number `index`."""

    def request(self, key: EpisodeKey, agent: str, view: View, message: Message, prefix: int) -> None:
        """A turn was answered. `prefix`: tokens of its conversation that the server had seen before."""

    def started(self, episode: Episode) -> None:
        """An episode begins or goes on."""

    def finished(self, episode: Episode, result: Result) -> None:
        """An episode has ended or is given up for now."""

    def steered(self, steering: WidthSample) -> None:
        """The width of an agent was looked at, and perhaps changed."""


class ResultCollector(Observer):
    """Keeps the results in memory."""

    def __init__(self) -> None:
        self.results: dict[EpisodeKey, Result] = {}

    def finished(self, episode: Episode, result: Result) -> None:
        """One more result."""
        self.results[episode.key] = result


@dataclass(frozen=True, slots=True)
class WidthSample:
    """One entry of the width's history."""

    at: float  # seconds since the epoch
    agent: str
    width: int
    started: int  # episodes under way with this agent in the cast
    in_flight: int
    tokens_per_second: float | None  # generated over the period before; None: not measured
    load: ServerLoad | None
    why: str  # what the width was changed for; empty: it was not
