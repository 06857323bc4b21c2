"""Kinds of agents: plugins that describe themselves, so that no command has to know any of them.

A package registers an `AgentKind`, or the class of an `Engine` or an `Agent`, in the entry-point group `clemsim.agents`.
The same classes may be named as `path/to/file.py:Class`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint
from inspect import getdoc
from typing import Any, NamedTuple, Protocol

from clemsim.catalog.constructors import construct
from clemsim.catalog.plugins import load_file, registered
from clemsim.engines.base import Engine, Sampling
from clemsim.engines.connect import NetworkOptions
from clemsim.engines.dialects import DialectName
from clemsim.engines.llamacpp import WeightsPool
from clemsim.engines.streaming import Streaming
from clemsim.engines.vllm_server import ServerPool
from clemsim.errors import UsageError
from clemsim.runtime.agent import Agent
from clemsim.runtime.model_agent import ModelAgent

GROUP = "agents"


@dataclass(frozen=True, slots=True)
class AgentOptions:
    """What a command tells every agent that it makes."""

    sampling: Sampling = field(default_factory=Sampling)
    constrain: bool = False  # hold decoding to the format of each ask
    isolate_cache: bool = False  # use nothing that others left in a server's prefix cache
    batch: int = 1  # turns that may go to a server in one request
    dialect: DialectName | None = None  # what the server of this agent speaks; None: it is found out
    streaming: Streaming | None = None  # time the tokens of each reply
    network: NetworkOptions = field(default_factory=NetworkOptions)  # how servers are reached
    servers: ServerPool = field(default_factory=ServerPool)  # owns the servers that are started for agents; one for a run
    weights: WeightsPool = field(default_factory=WeightsPool)  # owns the weights in this process; one for a run


class AgentFactory(Protocol):
    """Makes an agent from the argument of a SPEC, the part behind the colon. Raises UsageError."""

    def __call__(self, arg: str, options: AgentOptions, /) -> Agent:
        """Return the agent, not yet open."""
        ...


class Requirement(NamedTuple):
    """Something that a kind of agent needs on this machine."""

    what: str
    ok: bool
    found: str


def _no_addresses(arg: str) -> Sequence[str]:
    return ()


def _no_parts(arg: str) -> Sequence[tuple[AgentKind, str]]:
    return ()


def _no_variable(arg: str) -> str:
    return ""


def _no_requirements() -> Sequence[Requirement]:
    return ()


@dataclass(frozen=True)
class AgentKind:
    """A kind of agent: how a SPEC names it, how it is made, and what the commands must know before they make one."""

    name: str
    help: str  # one line
    make: AgentFactory
    spec: str = ""  # how a SPEC of this kind is written; empty: as its name
    options: frozenset[str] = frozenset()  # the fields of AgentOptions that it heeds; "flags": it takes own keys behind ?
    matches: Callable[[str], bool] | None = None  # a SPEC that this kind takes whole, and not by its name
    distributable: bool = True  # it can play in worker processes
    scripted: bool = False  # it asks no model, so that it may play along in a stress test
    loadable: bool = False  # a stress test can load it
    wraps: bool = False  # its argument is a SPEC itself
    owns_server: bool = False  # it starts a server for its argument, which a study keeps for the next run
    broken: bool = False  # it stands for one that cannot be loaded
    product: str = ""  # what its engine is known as, where the description of a run tells only a build
    addresses: Callable[[str], Sequence[str]] = _no_addresses  # of the servers that an agent of this argument calls
    key_variable: Callable[[str], str] = _no_variable  # the variable that an argument names as that of its key
    parts: Callable[[str], Sequence[tuple[AgentKind, str]]] = _no_parts  # the agents within one that wraps others
    requirements: Callable[[], Sequence[Requirement]] = _no_requirements

    @property
    def usage(self) -> str:
        """How a SPEC of this kind is written."""
        return self.spec or self.name


def kinds() -> dict[str, AgentKind]:
    """Return all kinds that installed packages register, by the name of their entry point.

    A kind that cannot be loaded says so in its help line, and when an agent of it is made.
    """
    return {name: _load_kind(name, entry) for name, entry in registered(GROUP).items()}


def find_kind(spec: str) -> tuple[AgentKind, str]:
    """Return the kind that an expanded SPEC names, and the argument that the SPEC gives it.

    Raises UsageError naming the kinds there are.
    """
    every = kinds()
    name, _, arg = spec.partition(":")
    if name in every and every[name].wraps:
        return every[name], arg
    for kind in every.values():
        if kind.matches and kind.matches(spec):
            return kind, spec
    if ".py:" in spec:
        return as_kind(load_file(spec), spec), ""
    if "?" in name:  # nothing but flags behind the name of the kind
        name, question, arg = spec.partition("?")
        arg = question + arg
    named = {key: kind for key, kind in every.items() if not kind.matches}
    if name not in named:
        names = ", ".join(named) or "none"
        raise UsageError(f"there is no agent {name!r}: choose one of {names} (or MODEL@URL, or path/to/agent.py:Class)")
    return named[name], arg


def each_alone(agents: Iterable[tuple[AgentKind, str]]) -> list[tuple[AgentKind, str]]:
    """Return agents, kind and argument of each, with those that wrap others replaced by the agents within: each has servers
    and a key of its own.
    """
    found: list[tuple[AgentKind, str]] = []
    for kind, arg in agents:
        within = kind.parts(arg)
        found += each_alone(within) if within else [(kind, arg)]
    return found


def as_kind(plugin: Any, name: str) -> AgentKind:
    """Return a plugin as a kind: an AgentKind as it is, the class of an engine in the seat of a model, and a class or
    function that makes agents, of (arg, options), (arg) or nothing, as a kind without traits. Raises UsageError for
    anything else.
    """
    if isinstance(plugin, AgentKind):
        return plugin
    if isinstance(plugin, type) and issubclass(plugin, Engine):
        return engine_kind(plugin, name)
    if callable(plugin):

        def make(arg: str, options: AgentOptions) -> Agent:
            made: Agent = construct(plugin, name, arg, options)
            return made

        return AgentKind(name, _first_line(plugin), make)
    raise UsageError(f"{name} is not an Agent")


def engine_kind(engine: Callable[[str], Engine], name: str, **traits: Any) -> AgentKind:
    """Return the kind whose agents are models behind `engine(arg)`. A stress test can load them."""

    def make(arg: str, options: AgentOptions) -> Agent:
        return ModelAgent(construct(engine, name, arg), options.sampling, constrain=options.constrain)

    heeded = frozenset({"sampling", "constrain"})
    return AgentKind(name, _first_line(engine), make, **{"options": heeded, "loadable": True, **traits})


def _load_kind(name: str, entry: EntryPoint) -> AgentKind:
    """Load a registered kind; in place of one that cannot be loaded, return a kind that says why."""
    try:
        return as_kind(entry.load(), name)
    except Exception as error:
        reason = f"{entry.value} cannot be loaded: {type(error).__name__}: {error}"

    def refuse(arg: str, options: AgentOptions) -> Agent:
        raise UsageError(f"agent {name}: {reason}")

    return AgentKind(name, reason, refuse, broken=True)


def _first_line(plugin: Any) -> str:
    return next(iter((getdoc(plugin) or "").splitlines()), "")
