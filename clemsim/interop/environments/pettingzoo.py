"""An arena as a PettingZoo environment (AEC): agents are seats, observations and actions are texts.

from clemsim.interop.environments.pettingzoo import aec_env
env = aec_env("taboo")
env.reset(seed=1)
for agent in env.agent_iter():
    observation, reward, termination, truncation, info = env.last()
    env.step(None if termination or truncation else my_policy(info["messages"]))
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from clemsim._util.extras import library
from clemsim.arena import Arena
from clemsim.game.instances import Instance
from clemsim.interop.environments.spaces import AnyText
from clemsim.interop.environments.stepping import Episodes, Stepped
from clemsim.interop.rewards import FORFEIT

pettingzoo = library("pettingzoo", "rl", "an environment of PettingZoo")


class TextObservation(str):
    """A text with a type as arrays have one, which PettingZoo's checker looks for."""

    __slots__ = ()
    dtype = str


class ArenaAEC(pettingzoo.AECEnv):  # type: ignore[misc, name-defined, unused-ignore]
    """An arena whose seats move one after another. An observation is what is new to the seat, its ask last; `info` of the
    agent that moves has its whole conversation as chat `messages`, and at the end the outcome.
    """

    def __init__(self, arena: Arena[Any] | str, instances: Sequence[Instance] = (), forfeit: float = FORFEIT) -> None:
        """Take what `Episodes` takes. Raises UsageError and ArenaError."""
        super().__init__()
        self._episodes = Episodes(arena, instances, forfeit)
        self.possible_agents = list(self._episodes.arena.seats)
        self.metadata = {"name": self._episodes.arena.name, "render_modes": ["ansi"], "is_parallelizable": False}
        self.render_mode = "ansi"
        self._spaces = {agent: AnyText() for agent in self.possible_agents}
        self._stepped: Stepped | None = None

    def observation_space(self, agent: str) -> AnyText:
        """Any text."""
        return self._spaces[agent]

    def action_space(self, agent: str) -> AnyText:
        """Any text."""
        return self._spaces[agent]

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> None:
        """Begin an episode; `options={"instance": 3}` names it by its place. Raises UsageError."""
        self._stepped = stepped = self._episodes.begin(seed, (options or {}).get("instance"))
        self.agents = list(stepped.seats)
        self.rewards = dict.fromkeys(self.agents, 0.0)
        self._cumulative_rewards = dict.fromkeys(self.agents, 0.0)
        self.terminations = dict.fromkeys(self.agents, False)
        self.truncations = dict.fromkeys(self.agents, False)
        self.infos: dict[str, dict[str, Any]] = {agent: {} for agent in self.agents}
        self.agent_selection = self.agents[0]
        self._go_on(stepped)

    def observe(self, agent: str) -> str:
        """Return what is new to an agent since it last moved."""
        return TextObservation(self._stepped.news(agent) if self._stepped else "")

    def step(self, action: str | None) -> None:
        """Take the reply of the agent whose turn it is; None of one that is out. Raises UsageError for what is no text."""
        if self.terminations[self.agent_selection] or self.truncations[self.agent_selection]:
            self._was_dead_step(action)
            return
        stepped = self._stepped
        assert stepped  # it was reset
        self._cumulative_rewards[self.agent_selection] = 0.0
        stepped.move(action)  # type: ignore[arg-type]  # None is refused there, as whatever else is no text
        self._clear_rewards()
        self._go_on(stepped)
        self._accumulate_rewards()

    def render(self) -> str:
        """Return the episode so far as text."""
        from clemsim.testing import render  # noqa: PLC0415 (a testing module, which environments seldom need)

        return render(self._stepped.driver.transcript) if self._stepped else ""

    def close(self) -> None:
        """Leave the episode where it is."""
        if self._stepped:
            self._stepped.driver.close()
            self._stepped = None

    def _go_on(self, stepped: Stepped) -> None:
        """Select who moves next, or end the episode for all."""
        if stepped.seat is not None:
            self.agent_selection = stepped.seat
            self.infos[stepped.seat] = {"messages": stepped.messages()}
            return
        self.rewards = dict(stepped.rewards())
        self.terminations = dict.fromkeys(self.agents, True)
        self.infos = {agent: stepped.facts() for agent in self.agents}


def aec_env(arena: Arena[Any] | str, instances: Sequence[Instance] = (), forfeit: float = FORFEIT) -> ArenaAEC:
    """Return an environment of an arena or its SPEC. `forfeit`: the reward of a seat that aborts an episode."""
    return ArenaAEC(arena, instances, forfeit)
