"""A server and the agents that share it: one gate, one width controller, and a cap for each agent that has one."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field

from clemsim.runtime.agent import Agent
from clemsim.runtime.turn_gate import ServerGate, TurnGate
from clemsim.runtime.width_controller import WidthController


@dataclass(slots=True, eq=False)
class SharedServer:
    """The agents of one backend. Its width is given where every agent has a cap: the caps together."""

    gate: ServerGate
    agents: dict[Agent, TurnGate] = field(default_factory=dict)
    controller: WidthController | None = None

    @property
    def adaptive(self) -> bool:
        """Whether its width can be found."""
        return any(agent.adaptive for agent in self.agents)

    def begin(self, width: int | None, most: int, unlimited: int) -> None:
        """Set the width to begin with. `width`: turns in flight that every agent is told; `most`: that none may exceed;
        `unlimited`: the width where the server takes any number.
        """
        fixed = self.cap(width, most)
        if fixed:
            self.gate.resize(fixed)
        elif not self.gate.width:
            self.gate.resize(self._takes() or unlimited)

    def limit(self, width: int | None, most: int) -> None:
        """Change the width that every agent is told, while a run goes on; None: find it."""
        fixed = self.cap(width, most)
        if self.controller:
            self.controller.fix(fixed)
        elif fixed:
            self.gate.resize(fixed)

    def cap(self, width: int | None, most: int) -> int | None:
        """Cap each agent, and return the width of the server where that decides it."""
        for agent, gate in self.agents.items():
            gate.most = min(width or most, agent.most_turns or most, most)
        if not all(width or agent.most_turns for agent in self.agents):
            return None
        takes = None if width or self.adaptive else self._takes()
        return min(sum(gate.most for gate in self.agents.values()), takes or sys.maxsize)

    def _takes(self) -> int:
        """Return how many turns the server takes, or is to begin with; 0: any number."""
        widths = [agent.width for agent in self.agents]
        return 0 if None in widths else max(width or 0 for width in widths)
