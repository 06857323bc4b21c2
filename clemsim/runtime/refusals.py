"""Notices when an agent is refused from its first request on, always for the same reason: then the run need not fail one
episode after the other.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from clemsim.errors import BadRequest
from clemsim.game.instances import EpisodeKey
from clemsim.runtime.agent import Agent
from clemsim.runtime.episode import Episode

ENOUGH = 8  # episodes whose first request was refused; all of them, where there are fewer
BEYOND_DOUBT = 100  # times in a row that a key or a model is refused which was not before
_NUMBERED = re.compile(r"\S*\d\S*")  # what may be another word in the same reason, such as the number of a request


class Refusals:
    """The refusals of the agents that have never been answered. `verdict` is set once an agent is beyond hope."""

    def __init__(self) -> None:
        self.verdict: BadRequest | None = None
        self.unproven: dict[Agent, int] = {}  # agents that were never answered, with the number of refusals that are enough
        self.in_row: dict[Agent, int] = {}  # how often agents that were answered were turned away since, where they were
        self._refused: dict[Agent, dict[EpisodeKey, str]] = {}

    def expect(self, episodes: Iterable[Episode]) -> None:
        """Watch the agents of these episodes."""
        for agent, count in Counter(agent for episode in episodes for agent in episode.cast.agents).items():
            self.unproven[agent] = min(ENOUGH, count)

    def answered(self, agent: Agent) -> None:
        """Note that an agent was answered: what is refused now is the fault of the request."""
        self.unproven.pop(agent, None)
        self.in_row.pop(agent, None)

    def turned_away(self, agent: Agent) -> bool:
        """Note that a key or a model was refused, and return whether that may concern one request alone: servers and what
        stands before them have moments, and filters, of which every request that was answered is proof.
        """
        if agent in self.unproven:
            return False
        self.in_row[agent] = self.in_row.get(agent, 0) + 1
        return self.in_row[agent] < BEYOND_DOUBT

    def refused(self, agent: Agent, key: EpisodeKey, error: BadRequest) -> None:
        """Note that a request was refused."""
        if agent not in self.unproven:
            return
        text = str(error.args[0])
        reasons = self._refused.setdefault(agent, {})
        reasons[key] = _NUMBERED.sub("#", text)
        if len(set(reasons.values())) > 1:
            self.answered(agent)
        elif len(reasons) >= self.unproven[agent]:
            self.verdict = BadRequest(f"{agent.name} refuses every request: {text}")
