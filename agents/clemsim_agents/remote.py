"""`MODEL@URL`: a model behind any OpenAI-compatible server, or several."""

from __future__ import annotations

from collections.abc import Sequence

from clemsim.catalog.kinds import AgentKind, AgentOptions
from clemsim.engines.address import checked_url
from clemsim.engines.chat import ChatEngine
from clemsim.engines.credentials import api_key
from clemsim.engines.replicas import ReplicatedEngine
from clemsim.engines.streaming import StreamingEngine
from clemsim.errors import UsageError
from clemsim.runtime.model_agent import ModelAgent


def matches(spec: str) -> bool:
    """Return whether the SPEC holds the address of a server."""
    return "@http://" in spec or "@https://" in spec


def addresses(spec: str) -> Sequence[str]:
    """Return the addresses in `MODEL@URL,URL,...`, each once. Raises UsageError."""
    rest = spec.partition("@http")[2]
    return list(dict.fromkeys(checked_url(url.strip()) for url in f"http{rest}".split(",")))


def make(spec: str, options: AgentOptions) -> ModelAgent:
    """Make the agent of `MODEL@URL`, or of `MODEL@URL,URL,...` for replicas of one model."""
    model = spec.partition("@http")[0]
    if not model:
        raise UsageError(f"{spec}: name the model, as in qwen@http://127.0.0.1:8000/v1")
    urls = addresses(spec)
    failover = len(urls) > 1
    engines = {url: _engine(model, url, options, failover=failover) for url in urls}
    engine = ReplicatedEngine(engines) if failover else engines[urls[0]]
    return ModelAgent(engine, options.sampling, constrain=options.constrain)


def _engine(model: str, url: str, options: AgentOptions, *, failover: bool) -> ChatEngine:
    """Make the engine of one server."""
    if options.streaming:
        return StreamingEngine(model, url, options.streaming, key=api_key(url))
    return ChatEngine(model, url, key=api_key(url), failover=failover, isolated=options.isolate_cache, batch=options.batch)


REMOTE = AgentKind(
    name="MODEL@URL",
    spec="MODEL@URL (replicas: MODEL@URL,URL)",
    help="any OpenAI-compatible server, such as qwen@http://127.0.0.1:8000/v1",
    make=make,
    options=frozenset({"sampling", "constrain", "isolate_cache", "batch", "streaming"}),
    matches=matches,
    loadable=True,
    addresses=addresses,
)
