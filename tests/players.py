"""Players of files, for runs that name them."""

from __future__ import annotations

from clemsim import Agent, AgentOptions, Message, View


class Bland(Agent):
    """Says the first thing that keeps to the format of the ask."""

    def __init__(self, arg: str, options: AgentOptions) -> None:
        self.name = "bland"

    async def reply(self, view: View) -> Message:
        """Vote for the first name that stands in the ask, else say the same clue."""
        if "VOTE:" in view.ask.content:
            return Message(view.seat, f"VOTE: {view.ask.content.rpartition('Players: ')[2].split(', ')[0]}")
        return Message(view.seat, "CLUE: a thing")
