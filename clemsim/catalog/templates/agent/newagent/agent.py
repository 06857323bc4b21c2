"""An agent that draws its replies."""

import random
from typing import Any

from clemsim import Agent, Message, UsageError, View


class NewAgent(Agent):
    """Draws a reply that keeps to the format of the ask, where the game declares one."""

    width = None  # how many replies it gives at once; None: as many as wanted

    def __init__(self, arg: str = "") -> None:
        """`arg`: what stands behind the colon in `--agent newagent:ARGUMENT`, here a number that decides the draws."""
        if arg and not arg.isdigit():
            raise UsageError(
                f"newagent:{arg}: the argument is the seed of its draws, a number"
            )
        self.name = f"newagent-{arg}" if arg else "newagent"
        self._seed = int(arg or 0)

    async def reply(self, view: View) -> Message:
        """Answer the last message of the view. One object answers for many episodes at once: nothing is stored on `self`."""
        rng = random.Random(f"{self._seed} {view.seed}")
        text = view.format.sample(rng) if view.format else "yes"
        return Message(view.seat, text)

    def describe(self) -> dict[str, Any]:
        """Return what a run writes down about the agent; never a secret."""
        return {"name": self.name, "draws": self._seed}
