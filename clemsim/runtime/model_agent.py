"""The seat of a language model: turns a view into a chat request, and a completion into a message."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

from clemsim.engines.base import ChatMessage, Engine, Request, Role, Sampling
from clemsim.engines.images import blind
from clemsim.engines.load import ServerLoad
from clemsim.errors import UsageError
from clemsim.game.content import Part, Text
from clemsim.game.messages import SYSTEM, Message
from clemsim.game.seat_sampling import SeatSampling
from clemsim.game.view import View
from clemsim.runtime.agent import Agent
from clemsim.runtime.agent_contract import check_completion

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
        self.name = name or getattr(engine, "name", "")  # whoever makes the agent says where there is none
        self.width = engine.width
        self.engine = engine
        self.sampling = sampling
        self.constrain = constrain
        self.system = ""  # a text that comes before the system text of the seat
        self.seed = 0  # added to the seed of each turn
        self.most_turns: int | None = None  # in flight; None: as many as the engine takes

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
        if self.most_turns:
            self.width, self.adaptive = min(self.most_turns, self.width or self.most_turns), False

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

        A move beyond REPLY_LIMIT, or beyond what `max_tokens` can hold, is cut, as if at the token limit. Raises
        EngineError: BadRequest where the seat has seen a picture and the engine takes none.
        """
        held_to = view.format if self.constrain else None
        sampling = self.sampling if view.sampling is None else _fixed(self.sampling, view.sampling)
        messages, pictured = _chat(view)
        if self.system:
            _put_system(messages, self.system)
        seed, label = (view.seed + self.seed) % MOST_SEED, view.key.label
        request = Request(messages, sampling, seed, label, view.seat, view.turn, held_to, view.slot)
        if pictured:
            request.parts = self._parts(view, len(messages))
        completion = check_completion(self.engine, await self.engine.complete(request))
        thought, move = split_thought(completion.text)
        reasoning = f"{completion.reasoning}\n{thought}".strip("\n") if thought else completion.reasoning
        most, stop = min(TOKEN_LENGTH * sampling.max_tokens, REPLY_LIMIT), completion.stop
        if len(move) > most:
            move, stop = move[:most], "length"
        if stop == "length" and reasoning and not move:
            stop = "thinking"
        return Message(view.seat, move, reasoning[:REASONING_LIMIT], stop, completion.usage)

    def _parts(self, view: View, size: int) -> Mapping[int, Sequence[Part]]:
        """Return the parts of those messages of a request of this size that have pictures, by place. Raises BadRequest where
        the engine takes none.
        """
        if not self.engine.takes_images:
            raise blind(self.name)
        before = size - len(chat(view))  # 1 where the system text of the agent is a message of its own
        return {place + before: parts for place, parts in chat_parts(view).items()}


def _fixed(sampling: Sampling, fixed: SeatSampling) -> Sampling:
    """Return the sampling of the run with what a game fixes for a seat."""
    temperature = sampling.temperature if fixed.temperature is None else fixed.temperature
    return replace(sampling, temperature=temperature, max_tokens=fixed.max_tokens or sampling.max_tokens)


def chat(view: View) -> list[ChatMessage]:
    """Return the view as user and assistant messages in turn, after the system text of a seat that has one; what a seat is
    told without a reply joins the next ask. Of a message with pictures it is the text.
    """
    return _chat(view)[0]


def _chat(view: View) -> tuple[list[ChatMessage], bool]:
    """Return the chat, and whether any of its messages has pictures."""
    seat, last, messages, pictured = view.seat, "", list[ChatMessage](), False
    for message in view:
        role: Role = "assistant" if message.author == seat else "system" if message.author == SYSTEM else "user"
        if role == last:
            messages[-1]["content"] += f"\n\n{message.content}"
        else:
            messages.append({"role": role, "content": message.content})
            last = role
        if message.parts:
            pictured = True
    return messages, pictured


def chat_parts(view: View) -> Mapping[int, Sequence[Part]]:
    """Return the parts of those messages of the chat that have pictures, by their place in it."""

    def speaker(message: Message) -> tuple[bool, bool]:
        return message.author == view.seat, message.author == SYSTEM

    parts = dict[int, Sequence[Part]]()
    for place, (_, group) in enumerate(groupby(view, speaker)):
        messages = list(group)
        if any(message.parts for message in messages):
            parts[place] = _joined([message.parts or (Text(message.content),) for message in messages])
    return parts


def _joined(messages: Sequence[Sequence[Part]]) -> list[Part]:
    """Return the parts of messages one after another; an empty line is between texts of two of them."""
    joined = list(messages[0])
    for first, *rest in messages[1:]:
        if isinstance(first, Text) and isinstance(before := joined[-1], Text):
            joined[-1] = Text(f"{before.text}\n\n{first.text}")
        else:
            joined.append(first)
        joined += rest
    return joined


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
