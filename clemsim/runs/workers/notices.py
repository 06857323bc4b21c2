"""What a worker passes on to the process that holds the run: one notice for each call of an observer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from clemsim.game.events import PICTURED, Event, shown_in, without_known
from clemsim.game.instances import EpisodeKey, Instance
from clemsim.game.messages import Message
from clemsim.game.outcomes import Outcome
from clemsim.game.transcript import Transcript
from clemsim.game.view import View
from clemsim.runtime.agent import Seated
from clemsim.runtime.episode import Result, Scores
from clemsim.runtime.observer import Observer, WidthSample

_NO_MESSAGE = Message("", "")


class Notice(Protocol):
    """Something that an observer in a worker was told."""

    def tell(self, observer: Observer) -> None:
        """Tell an observer in another process the same."""


@dataclass(frozen=True, slots=True)
class EpisodeStarted:
    """An episode began or went on."""

    key: EpisodeKey

    def tell(self, observer: Observer) -> None:
        """Tell the observer."""
        observer.started(self.key)


@dataclass(frozen=True, slots=True)
class EpisodeRestarted:
    """An episode began anew, since it did not play again as it was recorded."""

    key: EpisodeKey
    why: str

    def tell(self, observer: Observer) -> None:
        """Tell the observer."""
        observer.restarted(self.key, self.why)


@dataclass(frozen=True, slots=True)
class EventsRecorded:
    """An episode had new events, the first of them its number `index`."""

    key: EpisodeKey
    index: int
    events: Sequence[Event]

    def tell(self, observer: Observer) -> None:
        """Tell the observer."""
        observer.record(self.key, self.index, self.events)


@dataclass(frozen=True, slots=True)
class RequestMade:
    """A turn was answered. View and message come without texts, which are in the events."""

    key: EpisodeKey
    agent: str
    view: View
    message: Message
    prefix: int

    def tell(self, observer: Observer) -> None:
        """Tell the observer."""
        observer.request(self.key, self.agent, self.view, self.message, self.prefix)


@dataclass(frozen=True, slots=True)
class EpisodeFinished:
    """An episode ended or stays unfinished; it was scored in the worker."""

    key: EpisodeKey
    outcome: Outcome | None
    cause: str
    detail: str
    scores: Scores
    rounds: Sequence[Scores]
    seated: Sequence[Seated] = ()

    def tell(self, observer: Observer) -> None:
        """Tell the observer, with an empty transcript: the events were recorded before."""
        transcript = Transcript[Instance](self.key, Instance(), ())
        scored = dict(self.scores), list(self.rounds)
        about = (self.key, transcript, self.outcome, self.cause, self.detail)
        observer.finished(Result(*about, lambda transcript: scored, self.seated))


@dataclass(frozen=True, slots=True)
class WidthSampled:
    """The width of an agent was sampled."""

    sample: WidthSample

    def tell(self, observer: Observer) -> None:
        """Tell the observer."""
        observer.width_sampled(self.sample)


class BufferedRecorder(Observer):
    """Stands for the run's store in a worker: keeps the notices until they are taken."""

    def __init__(self) -> None:
        self._notices: list[Notice] = []
        self._shown: set[str] = set()  # digests of the pictures that were passed on

    def take(self) -> list[Notice]:
        """Take the notices since the last call."""
        notices, self._notices = self._notices, []
        return notices

    def started(self, key: EpisodeKey) -> None:
        """Keep it."""
        self._notices.append(EpisodeStarted(key))

    def restarted(self, key: EpisodeKey, why: str) -> None:
        """Keep it."""
        self._notices.append(EpisodeRestarted(key, why))

    def record(self, key: EpisodeKey, index: int, events: Sequence[Event]) -> None:
        """Keep it; each picture takes its bytes along once."""
        passed_on = list(events)
        if not PICTURED.isdisjoint(map(type, events)):
            passed_on = without_known(events, self._shown)
            self._shown |= {image.digest for image in shown_in(events)}
        self._notices.append(EventsRecorded(key, index, passed_on))

    def request(self, key: EpisodeKey, agent: str, view: View, message: Message, prefix: int) -> None:
        """Keep it, without what the seat has seen and what it said."""
        bare = View(view.key, view.seat, view.turn, view.seed, None, (), 0, _NO_MESSAGE)
        self._notices.append(RequestMade(key, agent, bare, replace(message, content="", reasoning=""), prefix))

    def finished(self, result: Result) -> None:
        """Keep it, with the scores. Raises ArenaError for a bug in a metric."""
        about = (result.key, result.outcome, result.cause, result.detail)
        self._notices.append(EpisodeFinished(*about, result.scores, result.rounds, result.seated))

    def width_sampled(self, sample: WidthSample) -> None:
        """Keep it."""
        self._notices.append(WidthSampled(sample))
