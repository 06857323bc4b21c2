"""Finds arenas and agents: by the name under which a package registered them, or by `path/to/file.py:Class`."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from clemsim.arena import Arena
from clemsim.catalog.plugins import load_file, load_registered
from clemsim.engines.base import Sampling
from clemsim.engines.streaming import Streaming
from clemsim.engines.vllm_server import ServerPool
from clemsim.errors import UsageError
from clemsim.runtime.agent import Agent, Cast

# What a SPEC may leave to the environment: ${NAME} and ${NAME:-default}. Runs write the SPEC down as it was given.
_VARIABLE = re.compile(r"\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>[^}]*))?\}")
_SECRET = ("KEY", "TOKEN", "SECRET", "PASSWORD")


@dataclass(frozen=True, slots=True)
class AgentOptions:
    """What the command line says to every agent it makes."""

    sampling: Sampling = field(default_factory=Sampling)
    constrain: bool = False
    width: int | None = None
    isolate_cache: bool = False
    batch: int = 1
    streaming: Streaming | None = None  # replies are to be heard token by token
    servers: ServerPool = field(default_factory=ServerPool)  # servers that are started for agents; one pool for a run


class AgentFactory(Protocol):
    """Makes an agent out of the part of its spec behind the colon. Raises UsageError."""

    def __call__(self, arg: str, options: AgentOptions, /) -> Agent:
        """The agent, not yet open."""
        ...


def make_agent(spec: str, options: AgentOptions) -> Agent:
    """The agent that a SPEC of the command line names. Raises UsageError."""
    spec = expanded(spec)
    if "@http://" in spec or "@https://" in spec:
        return _made(load_registered("agents", "remote", "agent", ""), spec, spec, options)
    if ".py:" in spec:
        return _made(load_file(spec), "", spec, options)
    name, _, arg = spec.partition(":")
    hint = "or MODEL@URL, or path/to/agent.py:Class"
    return _made(load_registered("agents", name, "agent", hint, hidden={"remote"}), arg, spec, options)


def expanded(spec: str) -> str:
    """The SPEC with what it leaves to the environment filled in. Raises UsageError where a variable is not set."""
    return _VARIABLE.sub(_value, spec)


def _value(found: re.Match[str]) -> str:
    name, default = found["name"], found["default"]
    if any(word in name.upper() for word in _SECRET):
        raise UsageError(f"${{{name}}}: a key is no part of a SPEC: put it into CLEMSIM_API_KEY")
    value = os.environ.get(name) or default
    if value is None:
        raise UsageError(f"the environment variable {name} is not set: a SPEC asks for ${{{name}}}")
    return value


def make_casts(specs: Sequence[str], options: AgentOptions) -> list[Cast]:
    """One cast for each plain SPEC; every `seat=SPEC` overrides that seat in all of them. Raises UsageError."""
    agents: dict[str, Agent] = {}
    seats: dict[str, Agent] = {}
    plain: list[Agent] = []
    for text in specs:
        seat, spec = _split_seat(text)
        agent = agents.setdefault(spec, make_agent(spec, options))
        if seat:
            seats[seat] = agent
        elif agent not in plain:
            plain.append(agent)
    _rename_twins(agents)
    if not plain:
        return [Cast.of(seats)]
    if not seats:
        return [Cast.of(agent) for agent in plain]
    suffix = ",".join(f"{seat}={agent.name}" for seat, agent in seats.items())
    return [Cast(f"{agent.name},{suffix}", agent, seats) for agent in plain]


def _split_seat(text: str) -> tuple[str, str]:
    seat, equals, spec = text.partition("=")
    return (seat, spec) if equals and seat.isidentifier() else ("", text)


def _rename_twins(agents: Mapping[str, Agent]) -> None:
    """Two agents of one name would be one line in the table; they go by their specs."""
    names = [agent.name for agent in agents.values()]
    for spec, agent in agents.items():
        if names.count(agent.name) > 1:
            agent.name = spec


def _made(factory: Any, arg: str, spec: str, options: AgentOptions) -> Agent:
    agent = factory(arg, options)
    if not isinstance(agent, Agent):
        raise UsageError(f"{spec} is not an Agent")
    return agent


def check_cast(arena: Arena[Any], cast: Cast) -> None:
    """Raise UsageError if a seat of the arena is empty or its agent can't play there."""
    for seat in arena.seats:
        agent = cast.agent(seat)
        if agent is None:
            raise UsageError(f"nobody sits at {seat!r} of {arena.name}: add --agent {seat}=SPEC, or one plain --agent SPEC")
        agent.check(arena.name, [seat])
