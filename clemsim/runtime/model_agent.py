"""The seat of a language model: turns a view into a chat request, and a completion into a message."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from clemsim.engines.base import ChatMessage, Engine, Request, Role, Sampling
from clemsim.engines.load import ServerLoad
from clemsim.errors import UsageError
from clemsim.game.messages import SYSTEM, Message
from clemsim.game.seat_sampling import SeatSampling
from clemsim.game.view import View
from clemsim.runtime.agent import Agent
from clemsim.runtime.agent_contract import check_completion

# What a parser is given, in characters: a token is seldom longer than 16, and parsers may cost per character.
TOKEN_LENGTH = 64
REPLY_LIMIT = 2**17
REASONING_LIMIT = 2**20


class ModelAgent(Agent):
    """A model behind an engine. With `constrain`, decoding is held to the format of every ask that declares one."""

    requests = True

    def __init__(self, engine: Engine, sampling: Sampling, *, constrain: bool = False, name: str = "") -> None:
        """The agent goes by `name`; by the engine's name if that is empty."""
        self.name = name or getattr(engine, "name", "")  # whoever makes the agent says where there is none
        self.width = engine.width
        self.engine = engine
        self.sampling = sampling
        self.constrain = constrain

    async def open(self) -> None:
        """Open the engine. Raises EngineError, and UsageError where the engine cannot constrain."""
        await self.engine.open()
        if self.constrain and not self.engine.constrains:
            await self.engine.close()
            raise UsageError(f"{self.name} cannot hold replies to a format: leave out --constrain, or serve it with vLLM")
        self.width, self.adaptive = self.engine.width, self.engine.adaptive

    async def close(self) -> None:
        """Close the engine."""
        await self.engine.close()

    async def load(self) -> ServerLoad | None:
        """Return the load of the engine's servers."""
        return await self.engine.load()

    @property
    def waiting(self) -> str:
        """What the engine waits for."""
        return self.engine.waiting

    def describe(self) -> dict[str, Any]:
        """Return engine, model and sampling."""
        about = {"name": self.name, **self.engine.describe(), "constrained": self.constrain}
        return {**about, "sampling": self.sampling.describe()}

    async def reply(self, view: View) -> Message:
        """Make one request. What the model thought aloud is set apart from its move.

        A move beyond REPLY_LIMIT, or beyond what `max_tokens` can hold, is cut, as if at the token limit.
        """
        held_to = view.format if self.constrain else None
        sampling = self.sampling if view.sampling is None else _fixed(self.sampling, view.sampling)
        request = Request(chat(view), sampling, view.seed, view.key.label, view.seat, view.turn, held_to, view.slot)
        completion = check_completion(self.engine, await self.engine.complete(request))
        thought, move = split_thought(completion.text)
        reasoning = f"{completion.reasoning}\n{thought}".strip("\n") if thought else completion.reasoning
        most, stop = min(TOKEN_LENGTH * sampling.max_tokens, REPLY_LIMIT), completion.stop
        if len(move) > most:
            move, stop = move[:most], "length"
        return Message(view.seat, move, reasoning[:REASONING_LIMIT], stop, completion.usage)


def _fixed(sampling: Sampling, fixed: SeatSampling) -> Sampling:
    """Return the sampling of the run with what a game fixes for a seat."""
    temperature = sampling.temperature if fixed.temperature is None else fixed.temperature
    return replace(sampling, temperature=temperature, max_tokens=fixed.max_tokens or sampling.max_tokens)


def chat(view: View) -> list[ChatMessage]:
    """Return the view as user and assistant messages in turn, after the system text of a seat that has one; what a seat is
    told without a reply joins the next ask.
    """
    seat, last, messages = view.seat, "", list[ChatMessage]()
    for message in view:
        role: Role = "assistant" if message.author == seat else "system" if message.author == SYSTEM else "user"
        if role == last:
            messages[-1]["content"] += f"\n\n{message.content}"
        else:
            messages.append({"role": role, "content": message.content})
            last = role
    return messages


def split_thought(text: str) -> tuple[str, str]:
    """Return what the model thought aloud, and its move.

    Some templates put the opening tag into the prompt, so that the reply has only the closing one; a reply that was cut
    while thinking has only the opening one.
    """
    if "think>" not in text:
        return "", text
    begun = text.lstrip()
    thought, closed, move = begun.removeprefix("<think>").partition("</think>")
    return (thought.strip(), move.strip()) if closed or begun.startswith("<think>") else ("", text)
