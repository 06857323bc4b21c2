"""`MODEL@URL`: a model behind any OpenAI-compatible server, or several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote

from clemsim.catalog.kinds import AgentKind, AgentOptions
from clemsim.engines.address import checked_url
from clemsim.engines.chat import ChatEngine
from clemsim.engines.credentials import api_key
from clemsim.engines.replicas import ReplicatedEngine
from clemsim.engines.secret_values import SHORTEST
from clemsim.engines.streaming import StreamingEngine
from clemsim.errors import UsageError
from clemsim.runtime.model_agent import ModelAgent

KEY_ENV = "key_env="


def matches(spec: str) -> bool:
    """Return whether the SPEC holds the address of a server."""
    return "@http://" in spec or "@https://" in spec


def addresses(spec: str) -> Sequence[str]:
    """Return the addresses in `MODEL@URL,URL,...#key_env=NAME`, each once. Raises UsageError."""
    rest = spec.partition("@http")[2].partition("#")[0]
    return list(dict.fromkeys(checked_url(url.strip()) for url in f"http{rest}".split(",")))


def key_variable(spec: str) -> str:
    """Return the variable that a SPEC names as that of its key; empty where it names none. Raises UsageError."""
    fragment = spec.partition("@http")[2].partition("#")[2]
    name = fragment.removeprefix(KEY_ENV)
    if fragment and not (fragment.startswith(KEY_ENV) and name.isidentifier()):
        raise UsageError(f"{spec.partition('#')[0]}: behind # comes the variable of its key, as in #key_env=TOGETHER_KEY")
    return name


def make(spec: str, options: AgentOptions) -> ModelAgent:
    """Make the agent of `MODEL@URL`, or of `MODEL@URL,URL,...` for replicas of one model."""
    model = spec.partition("@http")[0]
    if not model:
        raise UsageError(f"{spec}: name the model, as in qwen@http://127.0.0.1:8000/v1")
    urls, key_env = addresses(spec), key_variable(spec)
    failover = len(urls) > 1
    engines = {url: _engine(model, url, options, key_env, failover=failover) for url in urls}
    engine = ReplicatedEngine(engines, patience=options.network.patience) if failover else engines[urls[0]]
    return ModelAgent(engine, options.sampling, constrain=options.constrain)


def _engine(model: str, url: str, options: AgentOptions, key_env: str, *, failover: bool) -> ChatEngine:
    """Make the engine of one server."""
    found = api_key(url, key_env)
    key, network = found.value if found else None, options.network
    if found and len(found.value) >= SHORTEST and found.value in unquote(url):
        raise UsageError(f"the address of {model} holds the key in {found.variable}: leave it out, runs record addresses")
    shared: dict[str, Any] = {"key": key, "network": network, "dialect": options.dialect}
    if options.streaming:
        return StreamingEngine(model, url, options.streaming, **shared)
    isolated, batch = options.isolate_cache, options.batch
    return ChatEngine(model, url, failover=failover, isolated=isolated, batch=batch, **shared)


REMOTE = AgentKind(
    name="MODEL@URL",
    spec="MODEL@URL (replicas: MODEL@URL,URL; a key of its own: MODEL@URL#key_env=NAME)",
    help="any OpenAI-compatible server, such as qwen@http://127.0.0.1:8000/v1",
    make=make,
    options=frozenset({"sampling", "constrain", "isolate_cache", "batch", "streaming", "network"}),
    matches=matches,
    loadable=True,
    addresses=addresses,
    key_variable=key_variable,
)
