"""What is scheduled, what becomes of it, and who hears of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from clemsim.agent import Cast, View
from clemsim.drive import Drive
from clemsim.events import Event
from clemsim.instances import EpisodeKey, Instance
from clemsim.loads import Steering
from clemsim.messages import Message
from clemsim.outcomes import Outcome
from clemsim.transcript import Transcript


@dataclass(frozen=True, slots=True)
class Episode:
    """One instance to be played by one cast. `drive` starts `play`, or brings it to where it was: behind `turns` turns."""

    key: EpisodeKey
    instance: Instance
    cast: Cast
    drive: Callable[[], Drive]
    turns: int = 0

    @property
    def group(self) -> tuple[str, str]:
        """Arena and experiment: episodes of one group begin with much the same prompts and last about as long."""
        return self.key.arena, self.instance.experiment


@dataclass(frozen=True, slots=True)
class Result:
    """What became of an episode; without an outcome it is unfinished, for this cause."""

    key: EpisodeKey
    transcript: Transcript[Instance]
    outcome: Outcome | None
    cause: str = ""
    detail: str = ""


@dataclass(slots=True)
class Progress:
    """Running totals, read by whoever shows them."""

    episodes: int = 0
    started: int = 0
    done: int = 0
    unfinished: int = 0
    turns: int = 0
    requests: int = 0
    retries: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    tokens_cached: int = 0
    in_flight: int = 0
    peak_in_flight: int = 0
    seconds: float = 0.0


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

    def steered(self, steering: Steering) -> None:
        """The width of an agent was looked at, and perhaps changed."""


class Keeper(Observer):
    """Keeps the results in memory."""

    def __init__(self) -> None:
        self.results: dict[EpisodeKey, Result] = {}

    def finished(self, episode: Episode, result: Result) -> None:
        """One more result."""
        self.results[episode.key] = result
