"""Plays a script: its requests go to the engine as they are, without a game, each in a timed turn."""

from __future__ import annotations

from dataclasses import replace

from clemsim.engines.base import ChatMessage, Request
from clemsim.errors import UsageError
from clemsim.game.messages import Message
from clemsim.runtime.agent import Cast
from clemsim.runtime.model_agent import ModelAgent
from clemsim.stress.load.conversation import Conversation
from clemsim.stress.load.scripts import Script

SEAT = "script"


def model_of(cast: Cast) -> ModelAgent:
    """Return the one model that gets the requests of scripts. Raises UsageError."""
    if len(cast.agents) == 1 and isinstance(agent := cast.agents[0], ModelAgent):
        return agent
    raise UsageError("a trace is replayed to one server: give one plain --agent MODEL@URL")


async def play_script(script: Script, agent: ModelAgent, host: Conversation) -> None:
    """Send the requests of a script one after the other, each when it is due. Raises EngineError and LimitReached."""
    history: list[ChatMessage] = []
    for number, turn in enumerate(script.turns, 1):
        history = [*turn.messages] if turn.whole else [*history, *turn.messages]
        sampling = replace(agent.sampling, max_tokens=turn.tokens or agent.sampling.max_tokens)
        async with host.turn(agent) as slot:
            request = Request(history, sampling, turn.seed, script.name, SEAT, number, None, slot, turn.parts)
            completion = await agent.engine.complete(request)
        host.count(Message(SEAT, completion.text, stop=completion.stop, usage=completion.usage))
        history = [*history, {"role": "assistant", "content": completion.text}]
