"""An episode that is scheduled, and its result."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from typing import Any

from clemsim.game.driver import EpisodeDriver
from clemsim.game.events import Asked, Event, Replied, Told
from clemsim.game.instances import EpisodeKey, Instance
from clemsim.game.outcomes import Outcome
from clemsim.game.transcript import Transcript
from clemsim.runtime.agent import Cast, Seated

Scores = Mapping[str, float | None]
Score = Callable[[Transcript[Any]], tuple[Scores, Sequence[Scores]]]


def unscored(transcript: Transcript[Any]) -> tuple[Scores, Sequence[Scores]]:
    """Give no scores."""
    return {}, ()


@dataclass(frozen=True, slots=True)
class Episode:
    """One instance to be played by one cast.

    `drive` begins `play` by hand. `events`: what was played of the episode before. `score` computes the scores of the
    episode and of its rounds from a finished transcript. `roles`: the role of each seat that plays. `restarts`: where it
    does not play again as it was played before, it begins anew.
    """

    key: EpisodeKey
    instance: Instance
    cast: Cast
    drive: Callable[[], EpisodeDriver]
    events: Sequence[Event] = ()
    score: Score = unscored
    roles: Mapping[str, str] = field(default_factory=dict)
    restarts: bool = False

    @property
    def seated(self) -> list[Seated]:
        """Who sits where."""
        agents = ((seat, role, self.cast.agent(seat)) for seat, role in self.roles.items())
        return [Seated(seat, role, agent.name) for seat, role, agent in agents if agent is not None]

    @property
    def group(self) -> tuple[str, str]:
        """Arena and experiment: episodes of one group begin with much the same prompts and last about as long."""
        return self.key.arena, self.instance.experiment

    @property
    def turns(self) -> int:
        """How many turns were played before."""
        return sum(isinstance(event, Replied) for event in self.events)

    @property
    def steps(self) -> int:
        """How many steps were played before: questions that are asked at once are one step."""
        asked = [isinstance(event, Asked) for event in self.events if not isinstance(event, Told)]
        return sum(now and not before for before, now in pairwise([False, *asked]))

    def after(self, events: Sequence[Event]) -> Episode:
        """Return the same episode as it goes on after these events."""
        return replace(self, events=events)


@dataclass(frozen=True)
class Result:
    """The result of an episode. Without an outcome it is unfinished, for this cause. `seated`: who sat where, in an episode
    that was scored by seat or aborted, or whose cast names seats.
    """

    key: EpisodeKey
    transcript: Transcript[Instance]
    outcome: Outcome | None
    cause: str = ""
    detail: str = ""
    score: Score = unscored
    seated: Sequence[Seated] = ()

    @property
    def scores(self) -> Scores:
        """The scores of the episode by metric; None: undefined; empty: unfinished. Raises ArenaError for a bug in one."""
        return self._scored[0]

    @property
    def rounds(self) -> Sequence[Scores]:
        """The scores of each round, in order. Raises ArenaError."""
        return self._scored[1]

    @cached_property
    def _scored(self) -> tuple[Scores, Sequence[Scores]]:
        """Computed once, and only for an observer that asks: a scheduler without a store need not score."""
        return self.score(self.transcript) if self.outcome else unscored(self.transcript)
