"""The casts of a run: which agents sit in the seats of each of its games."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from clemsim.catalog.agents import NamedAgents
from clemsim.catalog.pairings import Assignment, assigned, exchanged, one_against, parts_of
from clemsim.errors import UsageError
from clemsim.game.game import Game
from clemsim.runtime.agent import Agent, Cast
from clemsim.store.config import RunConfig
from clemsim.store.population import Population


def casts_by_game(config: RunConfig, agents: NamedAgents, games: Mapping[str, Game[Any]]) -> dict[str, list[Cast]]:
    """Return the casts that play each game. Raises UsageError."""
    if config.against:
        newcomers, references = _split(config.against, agents.plain)
        return {
            name: [_cast(own, agents) for own in _against(newcomers, references, _free(game, agents))]
            for name, game in games.items()
        }
    if config.pairings == "swap":
        return dict.fromkeys(games, _swapped(agents))
    if config.pairings is None:
        return dict.fromkeys(games, agents.casts())
    if not agents.plain:
        raise UsageError(f"--pairings {config.pairings} seats plain agents: give some, --agent SPEC --agent SPEC")
    casts = {}
    for name, game in games.items():
        parts = _free(game, agents)
        found = assigned(agents.plain, parts, config.pairings)
        if not found:
            raise UsageError(
                f"--pairings round-robin seats different agents: {name} has {len(parts)} seats or roles"
                f" ({', '.join(parts)}) for {len(agents.plain)} agents: give as many, or --pairings all"
            )
        casts[name] = [_cast(own, agents) for own in found]
    return casts


def _free(game: Game[Any], agents: NamedAgents) -> list[str]:
    """Return the seats or roles of a game that no agent was named for."""
    parts = [part for part in parts_of(type(game)) if part not in agents.seats]
    if not parts:
        raise UsageError(f"every seat of {game.name} has an agent of its own: leave out SEAT=SPEC, or give --pairings swap")
    return parts


def _cast(assignment: Assignment[Agent], agents: NamedAgents) -> Cast:
    return Cast.of({**assignment, **agents.seats})


def _swapped(agents: NamedAgents) -> list[Cast]:
    """Return the casts of the command line, each with the agents of the seats that it names exchanged."""
    if len(set(agents.seats.values())) < 2:
        raise UsageError(
            "--pairings swap exchanges the agents of the seats that are named: give --agent SEAT=SPEC --agent SEAT=SPEC"
        )
    own = [NamedAgents(agents.plain, seats, agents.specs) for seats in exchanged(agents.seats)]
    return [cast for each in own for cast in each.casts()]


def _split(population: Population, plain: Sequence[Agent]) -> tuple[Sequence[Agent], Sequence[Agent]]:
    """Return those who are to be rated, and the reference players, which get the names that they were rated by."""
    count = len(population.player)
    newcomers, references = plain[:-count], plain[-count:]
    if len(plain) <= count:
        raise UsageError("--against: give whom to rate, --agent SPEC, who is not of the population itself")
    for agent, player in zip(references, population.player, strict=True):
        agent.name = player.name
    names = [agent.name for agent in plain]
    if twice := next((agent.name for agent in newcomers if names.count(agent.name) > 1), None):
        raise UsageError(f"--against: the population has a player called {twice} already")
    return newcomers, references


def _against(newcomers: Sequence[Agent], references: Sequence[Agent], parts: Sequence[str]) -> list[Assignment[Agent]]:
    return [cast for newcomer in newcomers for cast in one_against(newcomer, references, parts)]
