"""The seat of a language model: turns a view into a chat request, and a completion into a message."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

from clemsim.engines.backend import Backend
from clemsim.engines.base import ChatMessage, Completion, Engine, Request, Role, Sampling
from clemsim.engines.images import blind
from clemsim.engines.load import ServerLoad
from clemsim.engines.thinking import thinking_tokens
from clemsim.errors import UsageError
from clemsim.game.content import Part, Text, joined_parts
from clemsim.game.messages import SYSTEM, Message, Usage
from clemsim.game.seat_sampling import SeatSampling
from clemsim.game.view import View
from clemsim.runtime.agent import Agent
from clemsim.runtime.agent_contract import check_completion
from clemsim.runtime.tool_chat import chat_with_tools, parts_with_tools

# What a parser is given, in characters: a token is seldom longer than 16, and parsers may cost per character.
TOKEN_LENGTH = 64
REPLY_LIMIT = 2**17
REASONING_LIMIT = 2**20
MOST_SEED = 2**31  # exclusive; as `seed_of` makes them


class ModelAgent(Agent):
    """A model behind an engine. With `constrain`, decoding is held to the format of every ask that declares one.

    Tools are called as the engine has it; where it knows none, with `constrain`, and with `written_calls`, calls are text.
    """

    requests = True

    def __init__(self, engine: Engine, sampling: Sampling, *, constrain: bool = False, name: str = "") -> None:
        """The agent goes by `name`; by the engine's name if that is empty."""
        self.name = name or getattr(engine, "name", "")  # whoever makes the agent says where there is none
        self.width = engine.width
        self.engine = engine
        self.sampling = sampling
        self.constrain = constrain
        self.written_calls = False  # also where the engine calls tools
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

    @property
    def dearest_turn(self) -> float:
        """The price of the longest reply to a prompt that is as long again."""
        tokens = self.sampling.max_tokens + thinking_tokens(self.sampling.thinking)
        return self.price.of_tokens(tokens, 0, tokens) if self.price else 0.0

    def settle(self, *, system: str, seed: int, width: int | None, written_calls: bool = False) -> None:
        """Take settings of this agent."""
        self.system, self.seed, self.most_turns, self.written_calls = system, seed, width, written_calls

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
        price = self.price.describe() if self.price else None
        own = {"system": self.system, "seed": self.seed, "price": price, "written_calls": self.written_calls}
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
        request = self._request(view)
        return self._message(view, request, await self._complete(request))

    async def draw(self, view: View, n: int) -> list[Message]:
        """Make `n` replies to one ask, with as few requests as the engine can; those that its server left out, with others.
        The usage of each is that of all together.

        Raises what `reply` raises.
        """
        request, most = self._request(view), max(1, self.engine.most_samples)
        sizes = [min(most, n - place) for place in range(0, n, most)]
        completions = await self._draw(request, [(place * most, size) for place, size in enumerate(sizes)])
        drawn = [each for completion in completions for each in _apart(completion)][:n]
        if len(drawn) < n:
            others = await self._draw(request, [(place, 1) for place in range(len(drawn), n)])
            completions, drawn = [*completions, *others], [*drawn, *others]
        usages = [completion.usage for completion in completions]
        together = _together(usages) if len(usages) > 1 else usages[0]
        for completion in drawn:
            completion.usage = together
        return [self._message(view, request, completion) for completion in drawn]

    async def _draw(self, request: Request, parts: Iterable[tuple[int, int]]) -> list[Completion]:
        """Make the requests for some of the replies at once: of each part the place of its first reply, and their number."""
        requests = [replace(request, seed=(request.seed + place) % MOST_SEED, samples=size) for place, size in parts]
        return await _all(self._complete(each) for each in requests)

    async def _complete(self, request: Request) -> Completion:
        return check_completion(self.engine, await self.engine.complete(request))

    def _request(self, view: View) -> Request:
        held_to = view.format if self.constrain else None
        sampling = self.sampling if view.sampling is None else _fixed(self.sampling, view.sampling)
        native = self._native if view.offer else False
        messages, pictured = _chat(view, native=native)
        if self.system:
            put_system(messages, self.system)
        seed, label = (view.seed + self.seed) % MOST_SEED, view.key.label
        request = Request(messages, sampling, seed, label, view.seat, view.turn, held_to, view.slot)
        if native:
            request.offer = view.offer
        if pictured:
            request.parts = self._parts(view, len(messages), native=native)
        return request

    def _message(self, view: View, request: Request, completion: Completion) -> Message:
        sampling = request.sampling
        thought, move = split_thought(completion.text)
        reasoning = f"{completion.reasoning}\n{thought}".strip("\n") if thought else completion.reasoning
        most, stop = min(TOKEN_LENGTH * sampling.max_tokens, REPLY_LIMIT), completion.stop
        if len(move) > most:
            move, stop = move[:most], "length"
        if reasoning and (usage := completion.usage).tokens_out:
            usage.details = _with_thought(usage, len(reasoning), len(move))
        if stop == "length" and reasoning and not move and not completion.calls:
            stop = "thinking"
        return Message(view.seat, move, reasoning[:REASONING_LIMIT], stop, completion.usage, calls=completion.calls)

    @property
    def _native(self) -> bool:
        """Whether tools are called as the engine has it."""
        return self.engine.calls_tools and not self.constrain and not self.written_calls

    def _parts(self, view: View, size: int, *, native: bool) -> Mapping[int, Sequence[Part]]:
        """Return the parts of those messages of a request of this size that have pictures, by place. Raises BadRequest where
        the engine takes none.
        """
        if not self.engine.takes_images:
            raise blind(self.name)
        before = size - len(chat(view, native=native))  # 1 where the system text of the agent is a message of its own
        return {place + before: parts for place, parts in chat_parts(view, native=native).items()}


async def _all(coroutines: Iterable[Coroutine[Any, Any, Completion]]) -> list[Completion]:
    """Await all at once. Where one of them fails the others are given up, and its error is raised."""
    tasks = [asyncio.ensure_future(coroutine) for coroutine in coroutines]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()


def _apart(completion: Completion) -> list[Completion]:
    """Return the replies to one request, each as a completion with the usage of all."""
    return [
        Completion(each.text, each.reasoning, each.stop, completion.usage, calls=each.calls) for each in completion.samples
    ] or [completion]


def _together(usages: Sequence[Usage]) -> Usage:
    """Return what several requests for one turn cost: their tokens together, from the first to begin until the last."""
    first = min(usages, key=lambda usage: usage.started)
    ended = max(usage.started + usage.seconds for usage in usages)
    totals = {name: sum(getattr(usage, name) for usage in usages) for name in ("tokens_in", "tokens_out", "tokens_cached")}
    return replace(first, seconds=ended - first.started, retries=sum(usage.retries for usage in usages), **totals)


def _with_thought(usage: Usage, thought: int, said: int) -> dict[str, Any]:
    """Return the details of a request with its tokens of thinking; where the server does not count them, their share of
    those out by characters.
    """
    share = round(usage.tokens_out * thought / (thought + said))
    return {"tokens_thought": share, **(usage.details or {})}


def _fixed(sampling: Sampling, fixed: SeatSampling) -> Sampling:
    """Return the sampling of the run with what a game fixes for a seat."""
    temperature = sampling.temperature if fixed.temperature is None else fixed.temperature
    return replace(sampling, temperature=temperature, max_tokens=fixed.max_tokens or sampling.max_tokens)


def chat(view: View, *, native: bool = False) -> list[ChatMessage]:
    """Return the view as user and assistant messages in turn, after the system text of a seat that has one; what a seat is
    told without a reply joins the next ask. Of a message with pictures it is the text. `native`: calls of tools are those of
    the engine, not text.
    """
    return _chat(view, native=native)[0]


def _chat(view: View, *, native: bool) -> tuple[list[ChatMessage], bool]:
    """Return the chat, and whether any of its messages has pictures."""
    if view.offer is not None:
        return chat_with_tools(view, native=native), any(message.parts for message in view)
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


def chat_parts(view: View, *, native: bool = False) -> Mapping[int, Sequence[Part]]:
    """Return the parts of those messages of the chat that have pictures, by their place in it."""
    if view.offer is not None:
        return parts_with_tools(view, native=native)

    def speaker(message: Message) -> tuple[bool, bool]:
        return message.author == view.seat, message.author == SYSTEM

    parts = dict[int, Sequence[Part]]()
    for place, (_, group) in enumerate(groupby(view, speaker)):
        messages = list(group)
        if any(message.parts for message in messages):
            parts[place] = joined_parts([message.parts or (Text(message.content),) for message in messages])
    return parts


def put_system(messages: list[ChatMessage], text: str) -> None:
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
