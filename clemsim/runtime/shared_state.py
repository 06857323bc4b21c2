"""What all episodes of a scheduler share: gates, totals, limits, and the observer."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from clemsim.runtime.agent import Agent
from clemsim.runtime.episode_queue import EpisodeQueue
from clemsim.runtime.estimates import EpisodeEstimates
from clemsim.runtime.limits import Limits
from clemsim.runtime.observer import Observer
from clemsim.runtime.progress import Progress
from clemsim.runtime.refusals import Refusals
from clemsim.runtime.turn_gate import TurnGate
from clemsim.runtime.width_controller import WidthController


@dataclass(slots=True, eq=False)
class Lane:
    """The episodes whose casts share the same agents, and the workers that play them.

    At most `most` episodes are under way, besides those with a turn that backs off; the servers' caches hold `most_cached`.
    """

    agents: Sequence[Agent]
    queue: EpisodeQueue
    estimates: EpisodeEstimates
    workers: int = 0
    backing_off: int = 0
    most: int = 0
    most_cached: int = sys.maxsize
    closing: bool = False  # the last episodes are under way

    @property
    def left(self) -> int:
        """Episodes that have not ended."""
        return len(self.queue) + self.workers


@dataclass(slots=True)
class SchedulerState:
    """The state that a scheduler shares with its episodes. `make_room` is called when another episode may begin."""

    observer: Observer
    limits: Limits
    make_room: Callable[[], None]
    depth_first: bool = True
    progress: Progress = field(default_factory=Progress)
    gates: dict[Agent, TurnGate] = field(default_factory=dict)
    controllers: dict[Agent, WidthController] = field(default_factory=dict)  # agents that share a server share one
    refusals: Refusals = field(default_factory=Refusals)
    requesting: int = 0  # requests in flight
    landed: asyncio.Event = field(default_factory=asyncio.Event)  # set when a turn has ended

    def count_in_flight(self, agent: Agent, more: int) -> None:
        """Count `more` turns in flight; negative: turns that end."""
        if agent.requests:
            self.requesting += more
        progress = self.progress
        progress.in_flight += more
        if progress.in_flight > progress.peak_in_flight:
            progress.peak_in_flight = progress.in_flight

    def note_busy(self, agent: Agent) -> None:
        """Tell the width controller of the agent's server that it has turned a request away."""
        if controller := self.controllers.get(agent):
            controller.note_busy()
