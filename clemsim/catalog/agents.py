"""Agents and casts out of the SPECs of a command line or a configuration."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from clemsim.catalog.agent_settings import read_spec, without_prices
from clemsim.catalog.kinds import AgentKind, AgentOptions, each_alone, find_kind
from clemsim.catalog.models import listed_price
from clemsim.catalog.plugins import registered
from clemsim.catalog.shared_secrets import check_secrets
from clemsim.engines.connect import NetworkOptions
from clemsim.engines.credentials import BARE, api_key
from clemsim.errors import AgentError, ClemsimError, UsageError
from clemsim.game.game import Game
from clemsim.game.instances import Instance
from clemsim.runtime.agent import Agent, Cast
from clemsim.runtime.agent_contract import calling, check_agent

# A SPEC may leave parts to the environment: ${NAME} and ${NAME:-default}. Runs record the SPEC as it was given.
_VARIABLE = re.compile(r"\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>[^}]*))?\}")
_SECRET = ("KEY", "TOKEN", "SECRET", "PASSWORD")
MOST_NAME = 80  # characters of settings in a name

AgentOrSpec = Agent | str


def make_agent(spec: str, options: AgentOptions | None = None) -> Agent:
    """Make the agent that a SPEC names, not yet open. Raises UsageError, and AgentError for a bug in its author's code."""
    parted = read_spec(expanded(spec))
    kind, arg = find_kind(parted.bare)
    parted.check(kind)
    try:
        agent = kind.make(arg, parted.applied(options or AgentOptions()))
    except (ClemsimError, OSError):
        raise
    except Exception as error:
        raise AgentError(f"agent {spec} cannot be made: {type(error).__name__}: {error}") from error
    if not isinstance(agent, Agent):
        raise UsageError(f"{spec} is not an Agent")
    check_agent(agent)
    if agent.requests and not agent.price and (price := listed_price(parted.bare, agent.name)):
        agent.price = price
    parted.settle(agent)
    return agent


def resolve_cast(agents: AgentOrSpec | Mapping[str, AgentOrSpec] | Cast) -> tuple[Cast, list[Agent]]:
    """Return a cast in which every SPEC is made an agent, and the agents that were made, not yet open. Raises UsageError."""
    if isinstance(agents, Agent | Cast):
        return Cast.of(agents), []
    specs = [agents] if isinstance(agents, str) else [agent for agent in agents.values() if isinstance(agent, str)]
    check_secrets([kind_of(spec) for spec in specs], NetworkOptions())
    options = AgentOptions()  # one for all, so that they share servers and weights
    made = {spec: make_agent(spec, options) for spec in dict.fromkeys(specs)}
    _rename_twins(made)
    if isinstance(agents, str):
        return Cast.of(made[agents]), list(made.values())
    seats = {seat: made[agent] if isinstance(agent, str) else agent for seat, agent in agents.items()}
    return Cast.of(seats), list(made.values())


def kind_of(spec: str) -> tuple[AgentKind, str]:
    """Return the kind that a SPEC names, and its argument without settings; the SPEC may be of the form `seat=SPEC`.

    Raises UsageError.
    """
    return find_kind(read_spec(expanded(split_seat(spec)[1])).bare)


def expanded(spec: str) -> str:
    """Return the SPEC with the parts that it leaves to the environment. Raises UsageError for a variable that is not set."""
    return _VARIABLE.sub(_value, spec)


def borrowed_variables(spec: str) -> list[str]:
    """Return the environment variables whose content an agent of this SPEC sends to its servers; not those that the user has
    named after the server. Raises UsageError.
    """
    alone = each_alone([kind_of(spec)])
    calls = any(kind.addresses(arg) for kind, arg in alone)
    names = [match["name"] for match in _VARIABLE.finditer(spec)] if calls else []
    named = [variable for kind, arg in alone if (variable := kind.key_variable(arg))]
    unnamed = [url for kind, arg in alone if not kind.key_variable(arg) for url in kind.addresses(arg)]
    keys = [found.variable for url in unnamed if (found := api_key(url))]
    return [*names, *named, *([BARE] if BARE in keys else [])]


def _value(variable: re.Match[str]) -> str:
    name, default = variable["name"], variable["default"]
    if any(word in name.upper() for word in _SECRET):
        raise UsageError(
            f"${{{name}}}: a key is no part of a SPEC: put it into CLEMSIM_API_KEY, or name it: #key_env={name}"
        )
    value = os.environ.get(name) or default
    if value is None:
        raise UsageError(f"the environment variable {name} is not set: a SPEC asks for ${{{name}}}")
    return value


@dataclass(frozen=True, slots=True)
class NamedAgents:
    """The agents of a command line, none of them open: the plain ones, and those that were named for a seat or role.
    `specs`: the SPEC of each agent.
    """

    plain: Sequence[Agent]
    seats: Mapping[str, Agent]
    specs: Mapping[Agent, str]

    def casts(self) -> list[Cast]:
        """Return one cast for each plain agent, or a single one of seats alone."""
        if not self.plain:
            return [Cast.of(self.seats)]
        if not self.seats:
            return [Cast.of(agent) for agent in self.plain]
        suffix = ",".join(f"{seat}={agent.name}" for seat, agent in self.seats.items())
        return [Cast(f"{agent.name},{suffix}", agent, self.seats) for agent in self.plain]


def name_agents(specs: Sequence[str], options: AgentOptions) -> NamedAgents:
    """Make the agents that SPECs name; each SPEC is one agent, however often it is named. Raises UsageError."""
    check_secrets([kind_of(spec) for spec in specs], options.network)
    agents: dict[str, Agent] = {}
    seats: dict[str, Agent] = {}
    everywhere: list[Agent] = []
    for text in specs:
        seat, spec = split_seat(text)
        agent = agents.setdefault(spec, make_agent(spec, options))
        if seat in seats:
            raise UsageError(f"--agent {seat}=... is given twice: a seat has one agent")
        if seat:
            seats[seat] = agent
        elif agent not in everywhere:
            everywhere.append(agent)
    _rename_twins(agents)
    return NamedAgents(everywhere, seats, {agent: spec for spec, agent in agents.items()})


def make_casts(specs: Sequence[str], options: AgentOptions) -> list[Cast]:
    """Make one cast for each plain SPEC; every `seat=SPEC` overrides that seat in all of them. Raises UsageError."""
    return name_agents(specs, options).casts()


def usual_agent(arena: str) -> str:
    """Return the SPEC of who plays the seats of a game that nobody else was named for: its baseline, or else random."""
    return "baseline" if arena in registered("baselines") else "random"


def split_seat(text: str) -> tuple[str, str]:
    """Return seat and SPEC of `seat=SPEC`; the seat is empty where the text names none."""
    seat, equals, spec = text.partition("=")
    return (seat, spec) if equals and seat.isidentifier() else ("", text)


def _rename_twins(agents: Mapping[str, Agent]) -> None:
    """Name agents apart where two have one name, by their settings or else by their SPECs: they would be one line in the
    table.
    """
    for by in (_with_settings, lambda spec, _: spec):
        names = [agent.name for agent in agents.values()]
        for spec, agent in agents.items():
            if names.count(agent.name) > 1:
                agent.name = by(spec, agent)


def _with_settings(spec: str, agent: Agent) -> str:
    """Return the name of an agent with its settings, such as `qwen?temperature=0.7`, but for prices."""
    written = read_spec(without_prices(expanded(spec))).settings.written()
    return f"{agent.name}?{written[:MOST_NAME]}" if written else agent.name


def check_seats(arenas: Iterable[Game[Any]], casts: Iterable[Cast]) -> None:
    """Raise UsageError where a cast names a seat or role that none of the arenas has."""
    seats = {arena.name: (*arena.seats, *arena.roles) for arena in arenas}
    known = {seat for names in seats.values() for seat in names}
    for name in dict.fromkeys(name for cast in casts for name in cast.seats if name not in known):
        there_are = "; ".join(f"{arena}: {', '.join(names)}" for arena, names in seats.items())
        raise UsageError(f"--agent {name}=...: there is no seat {name!r}; the seats are {there_are}")


def check_cast(arena: Game[Any], cast: Cast, instances: Iterable[Instance] | None = None) -> None:
    """Raise UsageError if a seat that plays one of the instances is empty or its agent cannot play there; of any seat that
    there may be, where no instances are given.
    """
    if instances is None:
        seats = dict.fromkeys((seat, seat) for seat in arena.seats)
    else:
        seats = dict.fromkeys(seat for instance in instances for seat in arena.roles_for(instance).items())
    for seat, role in seats:
        agent = cast.agent(seat, role)
        if agent is None:
            where = f"seat {seat!r} of {arena.name}" + ("" if role == seat else f", which may be {role}")
            raise UsageError(f"no agent in {where}: add --agent {role}=SPEC, or one plain --agent SPEC")
        with calling(agent, "check"):
            agent.check(arena.name, [seat])
