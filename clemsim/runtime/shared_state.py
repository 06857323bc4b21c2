"""What all episodes of a scheduler share: gates, totals, limits, and who hears of everything."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from clemsim.runtime.agent import Agent
from clemsim.runtime.episode_queue import EpisodeQueue
from clemsim.runtime.estimates import EpisodeEstimates
from clemsim.runtime.limits import Limits
from clemsim.runtime.observer import Observer
from clemsim.runtime.progress import Progress
from clemsim.runtime.turn_gate import TurnGate
from clemsim.runtime.width_controller import WidthController


@dataclass(slots=True)
class Lane:
    """Episodes whose casts share the same agents, and the workers that play them.

    As many episodes are being played as the lane is wide, besides those whose turn is backing off.
    """

    agents: Sequence[Agent]
    waiting: EpisodeQueue
    expecting: EpisodeEstimates
    workers: int = 0
    aside: int = 0
    closing: bool = False  # the last episodes are under way


@dataclass(slots=True)
class SchedulerState:
    """Where the playing is done. `make_room` is called when another episode may begin."""

    observer: Observer
    limits: Limits
    make_room: Callable[[], None]
    depth_first: bool = True
    progress: Progress = field(default_factory=Progress)
    gates: dict[Agent, TurnGate] = field(default_factory=dict)
    steersmen: dict[Agent, WidthController] = field(default_factory=dict)
    requesting: int = 0  # requests in flight

    def in_flight(self, agent: Agent, more: int) -> None:
        """Count turns that begin or end."""
        if agent.requests:
            self.requesting += more
        progress = self.progress
        progress.in_flight += more
        if progress.in_flight > progress.peak_in_flight:
            progress.peak_in_flight = progress.in_flight

    def busy(self, agent: Agent) -> None:
        """A server turned a request of the agent away."""
        if steersman := self.steersmen.get(agent):
            steersman.busy()
