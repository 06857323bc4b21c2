"""The language model's seat: turns a view into a chat request and a completion into a message."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from clemsim import store
from clemsim.agent import Agent, View
from clemsim.engines.base import ChatMessage, Completion, Engine, Request, Role, Sampling
from clemsim.engines.chat import ChatEngine, checked_url
from clemsim.engines.inprocess import InProcessEngine
from clemsim.engines.launch import LaunchedEngine
from clemsim.engines.local import LocalEngine
from clemsim.engines.replicas import ReplicatedEngine
from clemsim.engines.scripted import ReplayEngine
from clemsim.engines.streaming import StreamingEngine
from clemsim.errors import UsageError
from clemsim.events import Replied
from clemsim.loads import Load
from clemsim.messages import Message, Usage
from clemsim.registry import AgentOptions

# Some templates put the opening tag into the prompt, so that the reply has only the closing one; a reply that was cut
# while thinking has only the opening one.
_THOUGHT = re.compile(r"\A\s*(?:<think>)?(?P<thought>.*?)</think>(?P<move>.*)\Z", re.DOTALL)
_CUT_THOUGHT = re.compile(r"\A\s*<think>(?P<thought>.*)\Z", re.DOTALL)


class LLMSeat(Agent):
    """A model behind an engine. With `constrain`, decoding is held to the format of every ask that declares one."""

    requests = True

    def __init__(self, engine: Engine, sampling: Sampling, *, constrain: bool = False, name: str = "") -> None:
        self.name = name or engine.name
        self.width = engine.width
        self.engine = engine
        self.sampling = sampling
        self.constrain = constrain

    async def open(self) -> None:
        """Open the engine. Raises EngineError, and UsageError where it can't constrain."""
        await self.engine.open()
        if self.constrain and not self.engine.constrains:
            await self.engine.close()
            raise UsageError(f"{self.name} can't hold replies to a format: leave out --constrain, or serve it with vLLM")
        self.width, self.adaptive = self.engine.width, self.engine.adaptive

    async def close(self) -> None:
        """Close the engine."""
        await self.engine.close()

    async def load(self) -> Load | None:
        """The engine's."""
        return await self.engine.load()

    def describe(self) -> dict[str, Any]:
        """Engine, model and sampling."""
        about = {"name": self.name, **self.engine.describe(), "constrained": self.constrain}
        return {**about, "sampling": self.sampling.describe()}

    async def reply(self, view: View) -> Message:
        """One request; what the model thought aloud is set apart from its move."""
        held_to = view.format if self.constrain else None
        request = Request(chat(view), self.sampling, view.seed, view.key.label, view.seat, view.turn, held_to)
        completion = await self.engine.complete(request)
        thought, move = split_thought(completion.text)
        reasoning = f"{completion.reasoning}\n{thought}".strip("\n") if thought else completion.reasoning
        return Message(view.seat, move, reasoning, completion.stop, completion.usage)


def chat(view: View) -> list[ChatMessage]:
    """The view as user and assistant messages in turn; what a seat is told without a reply joins the next ask."""
    seat, last, messages = view.seat, "", list[ChatMessage]()
    for message in view:
        role: Role = "assistant" if message.author == seat else "user"
        if role == last:
            messages[-1]["content"] += f"\n\n{message.content}"
        else:
            messages.append({"role": role, "content": message.content})
            last = role
    return messages


def split_thought(text: str) -> tuple[str, str]:
    """What the model thought aloud, and its move."""
    if "think>" not in text:
        return "", text
    if found := _THOUGHT.match(text) or _CUT_THOUGHT.match(text):
        parts = found.groupdict()
        return parts["thought"].strip(), (parts.get("move") or "").strip()
    return "", text


def local(arg: str, options: AgentOptions) -> LLMSeat:
    """`local` and `local:PATH.gguf`."""
    engine = LocalEngine(Path(arg).expanduser() if arg else None)
    return LLMSeat(engine, options.sampling, constrain=options.constrain, name="local" if not arg else "")


def remote(arg: str, options: AgentOptions) -> LLMSeat:
    """`MODEL@URL`, or `MODEL@URL,URL,...` for replicas of one model."""
    model, _, rest = arg.partition("@http")
    if not model:
        raise UsageError(f"{arg}: name the model, as in qwen@http://127.0.0.1:8000/v1")
    urls = list(dict.fromkeys(checked_url(url.strip()) for url in f"http{rest}".split(",")))
    more = len(urls) > 1
    engines = {url: _server(model, url, options, failover=more) for url in urls}
    engine = ReplicatedEngine(engines) if more else engines[urls[0]]
    return LLMSeat(engine, options.sampling, constrain=options.constrain)


def _server(model: str, url: str, options: AgentOptions, *, failover: bool) -> ChatEngine:
    """One server of a model."""
    if options.streaming:
        return StreamingEngine(model, url, options.streaming, key=_key(url))
    common: dict[str, Any] = {"isolated": options.isolate_cache, "batch": options.batch}
    return ChatEngine(model, url, key=_key(url), failover=failover, **common)


def vllm(arg: str, options: AgentOptions) -> LLMSeat:
    """`vllm:MODEL[?flag=value&flag]`: a server is started for the run, and stopped after it."""
    engine = LaunchedEngine(arg, isolated=options.isolate_cache, batch=options.batch)
    return LLMSeat(engine, options.sampling, constrain=options.constrain)


def vllm_engine(arg: str, options: AgentOptions) -> LLMSeat:
    """`vllm-engine:MODEL[?flag=value&flag]`: vLLM inside this process."""
    return LLMSeat(InProcessEngine(arg), options.sampling, constrain=options.constrain)


def _key(url: str) -> str | None:
    """From CLEMSIM_API_KEY, or the file that CLEMSIM_API_KEY_FILE names; OPENAI_API_KEY is sent to no host but OpenAI's."""
    key = os.environ.get("CLEMSIM_API_KEY") or _key_in_file(os.environ.get("CLEMSIM_API_KEY_FILE"))
    return os.environ.get("OPENAI_API_KEY") if key is None and urlsplit(url).hostname == "api.openai.com" else key


def _key_in_file(name: str | None) -> str | None:
    """The key in a file that nobody else can read. Raises UsageError."""
    if not name:
        return None
    path = Path(name)
    try:
        if os.name == "posix" and path.stat().st_mode & 0o077:
            raise UsageError(f"CLEMSIM_API_KEY_FILE: others can read {path}: chmod 600 {path}")
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"CLEMSIM_API_KEY_FILE: {path} can't be read ({type(error).__name__})") from error


def replay(arg: str, options: AgentOptions) -> LLMSeat:
    """`replay:RUN`, or `replay:RUN#AGENT` where several played: the recorded replies."""
    folder, _, cast = arg.partition("#")
    if not folder:
        raise UsageError("replay: say which run, as in replay:runs/20261123-120000-quick")
    return LLMSeat(ReplayEngine(_recorded(Path(folder), cast)), options.sampling, name=f"replay:{arg}")


def _recorded(folder: Path, cast: str) -> dict[tuple[str, int], Completion]:
    found = {}
    with store.reading(folder / "run.db") as base:
        rows = [row for row in store.episodes(base) if cast in ("", row.key.cast)]
        casts = sorted({row.key.cast for row in rows})
        if len(casts) != 1:
            raise UsageError(f"replay:{folder}: say whose replies, as in replay:{folder}#AGENT, of {', '.join(casts)}")
        for row in rows:
            for reply in _replies(store.events(base, row.id)):
                usage = Usage("replay", 0, 0.0, 0.0)
                found[row.key.label, reply.turn] = Completion(reply.content, reply.reasoning, reply.stop, usage)
    return found


def _replies(events: Iterable[object]) -> Iterable[Replied]:
    return (event for event in events if isinstance(event, Replied))
