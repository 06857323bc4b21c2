"""The reference players of a run that is played against a population."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from clemsim.catalog.agents import expanded
from clemsim.catalog.population import check_players, read_population
from clemsim.catalog.trust import Trust, code_digests
from clemsim.errors import UsageError
from clemsim.runs.prepare import PreparedRun
from clemsim.store.config import RunConfig


def with_population(config: RunConfig, path: Path, trust: Trust | None = None) -> RunConfig:
    """Return the configuration of a run against the population in a file, whose players follow on the agents. `trust`: whose
    code is loaded; None: only what the user has run before. Raises UsageError.
    """
    if config.pairings:
        raise UsageError("--pairings and --against are two ways of seating agents: choose one")
    population = read_population(path)
    specs = [player.agent for player in population.player]
    (trust or Trust()).of(str(path)).admit(map(expanded, specs))
    if known := [spec for spec in config.agents if spec in specs]:
        raise UsageError(f"--agent {known[0]} is of the population in {path} already")
    fields = {**config.model_dump(), "agents": (*config.agents, *specs), "against": population.model_dump()}
    return RunConfig.model_validate(fields)


def check_references(prepared: PreparedRun) -> None:
    """Raise UsageError where a game or a reference player, now open, is not as it was when the population was rated."""
    population = prepared.config.against
    if population is None:
        return
    for name, arena in prepared.arenas.items():
        was = population.versions.get(name)
        if was is None:
            there_are = ", ".join(population.versions) or "none"
            raise UsageError(f"--against: the population was not rated in {name}: its games are {there_are}")
        if was != arena.rules_version:
            raise UsageError(
                f"--against: the population was rated by version {was!r} of {name}, not {arena.rules_version!r}"
            )
    agents = {agent.name: agent for agent in prepared.agents}
    check_players(population, agents, code_by_name(prepared.specs))


def code_by_name(specs: Mapping[str, str]) -> dict[str, str | None]:
    """Return the digest of the file that the SPEC of each agent names, by the agent's name; None: it names none."""
    return {name: next(iter(code_digests([expanded(spec)]).values()), None) for name, spec in specs.items()}
