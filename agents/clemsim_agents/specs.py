"""Makes model agents out of the SPECs of the command line."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from clemsim.catalog.agents import AgentOptions
from clemsim.engines.address import checked_url
from clemsim.engines.base import Completion
from clemsim.engines.chat import ChatEngine
from clemsim.engines.credentials import _key
from clemsim.engines.llamacpp import LlamaCppEngine
from clemsim.engines.replicas import ReplicatedEngine
from clemsim.engines.scripted import ReplayEngine
from clemsim.engines.streaming import StreamingEngine
from clemsim.engines.vllm_inprocess import VllmInProcessEngine
from clemsim.engines.vllm_server import VllmServerEngine
from clemsim.errors import UsageError
from clemsim.game.events import Replied
from clemsim.game.messages import Usage
from clemsim.store import reader
from clemsim_agents.llm import LLMSeat


def local(arg: str, options: AgentOptions) -> LLMSeat:
    """`local` and `local:PATH.gguf`."""
    engine = LlamaCppEngine(Path(arg).expanduser() if arg else None)
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
    engine = VllmServerEngine(arg, options.servers, isolated=options.isolate_cache, batch=options.batch)
    return LLMSeat(engine, options.sampling, constrain=options.constrain)


def vllm_engine(arg: str, options: AgentOptions) -> LLMSeat:
    """`vllm-engine:MODEL[?flag=value&flag]`: vLLM inside this process."""
    return LLMSeat(VllmInProcessEngine(arg), options.sampling, constrain=options.constrain)


def replay(arg: str, options: AgentOptions) -> LLMSeat:
    """`replay:RUN`, or `replay:RUN#AGENT` where several played: the recorded replies."""
    folder, _, cast = arg.partition("#")
    if not folder:
        raise UsageError("replay: say which run, as in replay:runs/20261123-120000-quick")
    return LLMSeat(ReplayEngine(_recorded(Path(folder), cast)), options.sampling, name=f"replay:{arg}")


def _recorded(folder: Path, cast: str) -> dict[tuple[str, int], Completion]:
    found = {}
    with reader.reading(folder / "run.db") as base:
        rows = [row for row in reader.episodes(base) if cast in ("", row.key.cast)]
        casts = sorted({row.key.cast for row in rows})
        if len(casts) != 1:
            raise UsageError(f"replay:{folder}: say whose replies, as in replay:{folder}#AGENT, of {', '.join(casts)}")
        for row in rows:
            for reply in _replies(reader.events(base, row.id)):
                usage = Usage("replay", 0, 0.0, 0.0)
                found[row.key.label, reply.turn] = Completion(reply.content, reply.reasoning, reply.stop, usage)
    return found


def _replies(events: Iterable[object]) -> Iterable[Replied]:
    return (event for event in events if isinstance(event, Replied))
