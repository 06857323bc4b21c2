"""The seat of a language model: turns a view into a chat request, and a completion into a message."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from clemsim.engines.backend import Backend
from clemsim.engines.base import ChatMessage, Engine, Request, Role, Sampling
from clemsim.engines.load import ServerLoad
from clemsim.errors import UsageError
from clemsim.game.messages import SYSTEM, Message
from clemsim.game.seat_sampling import SeatSampling
from clemsim.game.view import View
from clemsim.runtime.agent import Agent

# What a parser is given, in characters: a token is seldom longer than 16, and parsers may cost per character.
TOKEN_LENGTH = 64
REPLY_LIMIT = 2**17
REASONING_LIMIT = 2**20
MOST_SEED = 2**31  # exclusive; as `seed_of` makes them


class ModelAgent(Agent):
    """A model behind an engine. With `constrain`, decoding is held to the format of every ask that declares one."""

    requests = True

    def __init__(self, engine: Engine, sampling: Sampling, *, constrain: bool = False, name: str = "") -> None:
        """The agent goes by `name`; by the engine's name if that is empty."""
        self.name = name or engine.name
        self.width = engine.width
        self.engine = engine
        self.sampling = sampling
        self.constrain = constrain
        self.system = ""  # a text that comes before the system text of the seat
        self.seed = 0  # added to the seed of each turn

    async def open(self) -> None:
        """Open the engine. Raises EngineError, and UsageError where it cannot constrain, or sample as it is told."""
        await self.engine.open()
        try:
            self.engine.check_sampling(self.sampling)
            if self.constrain and not self.engine.constrains:
                raise UsageError(f"{self.name} cannot hold replies to a format: leave out --constrain, or use vLLM")
        except UsageError:
            await self.engine.close()
            raise
        self.width, self.adaptive = self.engine.width, self.engine.adaptive

    async def close(self) -> None:
        """Close the engine."""
        await self.engine.close()

    async def load(self) -> ServerLoad | None:
        """Return the load of the engine's servers."""
        return await self.engine.load()

    @property
    def backend(self) -> Backend:
        """What computes the engine's replies."""
        return self.engine.backend

    @property
    def waiting(self) -> str:
        """What the engine waits for."""
        return self.engine.waiting

    def describe(self) -> dict[str, Any]:
        """Return engine, model and sampling, and what this agent does otherwise than others."""
        about = {"name": self.name, **self.engine.describe(), "constrained": self.constrain}
        own = {"system": self.system or None, "seed": self.seed or None}
        return {**about, "sampling": self.sampling.describe()} | {key: value for key, value in own.items() if value}

    @property
    def notices(self) -> Sequence[str]:
        """What the engine has to say of how it answered."""
        return self.engine.notices

    async def reply(self, view: View) -> Message:
        """Make one request. What the model thought aloud is set apart from its move.

        A move beyond REPLY_LIMIT, or beyond what `max_tokens` can hold, is cut, as if at the token limit.
        """
        held_to = view.format if self.constrain else None
        sampling = self.sampling if view.sampling is None else _fixed(self.sampling, view.sampling)
        messages = chat(view)
        if self.system:
            _put_system(messages, self.system)
        seed, label = (view.seed + self.seed) % MOST_SEED, view.key.label
        request = Request(messages, sampling, seed, label, view.seat, view.turn, held_to, view.slot)
        completion = await self.engine.complete(request)
        thought, move = split_thought(completion.text)
        reasoning = f"{completion.reasoning}\n{thought}".strip("\n") if thought else completion.reasoning
        most, stop = min(TOKEN_LENGTH * sampling.max_tokens, REPLY_LIMIT), completion.stop
        if len(move) > most:
            move, stop = move[:most], "length"
        if stop == "length" and reasoning and not move:
            stop = "thinking"
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


def _put_system(messages: list[ChatMessage], text: str) -> None:
    """Put a system text before that of the seat."""
    if messages and messages[0]["role"] == "system":
        messages[0] = {**messages[0], "content": f"{text}\n\n{messages[0]['content']}"}
    else:
        messages.insert(0, {"role": "system", "content": text})


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
