"""A run before it is played: everything that its configuration names is found and checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from clemsim.arena import Arena, find_arena
from clemsim.catalog import suites
from clemsim.catalog.agents import check_cast, check_seats, expanded, kind_of, name_agents
from clemsim.catalog.casting import casts_by_game
from clemsim.catalog.kinds import AgentOptions
from clemsim.catalog.shared_secrets import unencrypted
from clemsim.catalog.suites import Suite, check_names
from clemsim.catalog.trust import Trust
from clemsim.engines.base import Sampling
from clemsim.engines.connect import NetworkOptions
from clemsim.engines.vllm_server import ServerPool
from clemsim.errors import ArenaError, ClemsimError, UsageError
from clemsim.game.game_contract import code_of
from clemsim.runtime.agent import Agent, Cast
from clemsim.runtime.episode import Episode
from clemsim.runtime.limits import Limits
from clemsim.store.config import RunConfig
from clemsim.store.folder import read_config, read_description

MOST_EPISODES = 2_000_000  # about 4 GB of memory


@dataclass(frozen=True, slots=True)
class PreparedRun:
    """A run that could begin: everything named was found. Each of its episodes is made once. `specs`: the SPEC of each agent
    by its name. `warnings` are for the user.
    """

    config: RunConfig
    suite: Suite
    arenas: Mapping[str, Arena[Any]]
    casts: Sequence[Cast]
    episodes: Sequence[Episode]
    specs: Mapping[str, str]
    network: NetworkOptions
    warnings: Sequence[str]

    @property
    def agents(self) -> list[Agent]:
        """All agents of all casts, once each."""
        return list(dict.fromkeys(agent for cast in self.casts for agent in cast.agents))


def prepare(
    config: RunConfig,
    servers: ServerPool | None = None,
    network: NetworkOptions | None = None,
    trust: Trust | None = None,
) -> PreparedRun:
    """Find everything that a configuration names. `servers` owns the servers that are started for its agents; None: they
    stop with the run. `network`: how servers are reached. `trust`: whose code is loaded; None: the user himself has named
    what the configuration names. Raises UsageError and BadInstance.
    """
    trust = trust or Trust()
    trust.admit(map(expanded, config.agents))
    trust.admit_secrets(config.agents)
    suite, arenas = _prepare_games(config, trust)
    _check_constrained(config, arenas.values())
    options = AgentOptions(
        sampling=Sampling(config.temperature, config.max_tokens, logprobs=config.logprobs, tokens=config.tokens),
        constrain=config.constrain,
        isolate_cache=config.isolate_cache,
        batch=config.batch,
        servers=servers or ServerPool(),
        network=network or NetworkOptions(),
    )
    agents = name_agents(config.agents, options)
    casting = casts_by_game(config, agents, arenas)
    casts = list({cast.name: cast for own in casting.values() for cast in own}.values())
    instances = {name: suite.instances(arena, config.instances, config.only) for name, arena in arenas.items()}
    check_seats(arenas.values(), casts)
    check_amount(sum(len(instances[name]) * len(own) for name, own in casting.items()) * config.repetitions)
    plays = {name: {cast.name for cast in own} for name, own in casting.items()}
    played = [(name, cast) for cast in casts for name, own in plays.items() if cast.name in own]
    for name, cast in played:
        check_cast(arenas[name], cast, instances[name])
    foreign = {name for name, arena in arenas.items() if arena.foreign and not config.branched}  # branches keep their past
    episodes = [
        replace(episode, restarts=True) if name in foreign else episode
        for name, cast in played
        for episode in arenas[name].episodes(instances[name], cast, seed=config.seed, repetitions=config.repetitions)
    ]
    for arena in arenas.values():
        _warm_up(arena)
    specs = {agent.name: spec for agent, spec in agents.specs.items()}
    warnings = unencrypted([kind_of(spec) for spec in config.agents], options.network)
    return PreparedRun(config, suite, arenas, casts, episodes, specs, options.network, warnings)


def _check_constrained(config: RunConfig, arenas: Iterable[Arena[Any]]) -> None:
    """Raise UsageError where replies are to be held to a form that the game of another framework does not name."""
    formless = [arena.name for arena in arenas if arena.foreign]
    if config.constrain and formless:
        raise UsageError(f"--constrain: {', '.join(formless)} names no form that replies could be held to: leave it out")


def _warm_up(arena: Arena[Any]) -> None:
    """Let a game load what it needs. Raises ArenaError for a bug of its author."""
    try:
        arena.warm_up()
    except ClemsimError:
        raise
    except Exception as error:
        text = f"{arena.name}: warm_up raised {type(error).__name__}: {error}"
        raise ArenaError(text).in_code(code_of(arena.warm_up)) from error


def check_amount(episodes: int) -> None:
    """Raise UsageError for more episodes than a machine has room for."""
    if episodes > MOST_EPISODES:
        raise UsageError(f"{episodes} episodes are too many for one run: choose {MOST_EPISODES} at most")


def check_cost_limit(limits: Limits | None, prepared: PreparedRun) -> None:
    """Raise UsageError where the cost is limited and nothing has a price."""
    if limits and limits.cost is not None and not any(agent.priced for agent in prepared.agents):
        raise UsageError("--max-cost: no agent has a price: give SPEC?price_in=2&price_out=8, of a million tokens")


def recorded_arenas(folder: Path, *, trust: bool = False) -> dict[str, Arena[Any]]:
    """Return the arenas of a recorded run by name, without its agents. `trust`: load whatever code it names.

    Raises StoreError, and UsageError for code that the user has not run.
    """
    return _prepare_games(read_config(folder), run_trust(folder, given=trust))[1]


def run_trust(folder: Path, *, given: bool) -> Trust:
    """Return the trust in the code that the description of a run names. Raises StoreError."""
    return Trust(given, str(folder), read_description(folder).code, of_run=True)


def _prepare_games(config: RunConfig, trust: Trust) -> tuple[Suite, dict[str, Arena[Any]]]:
    """Find the suite and the arenas. Raises UsageError, for an imported run too: it keeps the scores it came with."""
    if config.imported:
        raise UsageError(f"this run was imported from {config.imported}: it can be shown, but not played or scored again")
    suite = suites.load_suite(config.suite)
    specs = dict.fromkeys(config.arenas or suite.arenas)
    trust.admit(config.arenas)
    if not config.arenas:
        trust.of(f"suite {suite.name}").admit(suite.arenas)
    classes = {spec: find_arena(spec) for spec in specs}
    check_names(suite, classes)
    if config.rules and not any(arena.RULES for arena in classes.values()):
        raise UsageError(f"no game of this run has rule sets, so none can be played by {config.rules!r}")
    arenas = (suite.game(arena, config.rules, verbatim=bool(config.verbatim)) for arena in classes.values())
    return suite, {arena.name: arena for arena in arenas}
