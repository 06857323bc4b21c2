"""The front door for authors: an arena is a game that plays many episodes at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from clemsim.catalog.plugins import find_class
from clemsim.errors import ArenaError, BadInstance
from clemsim.game.driver import EpisodeDriver
from clemsim.game.game import Game
from clemsim.game.game_contract import check_class, check_constructor, code_of
from clemsim.game.instances import EpisodeKey, Instance
from clemsim.runtime.agent import Agent, Cast, opened
from clemsim.runtime.agent_contract import calling
from clemsim.runtime.episode import Episode, Result
from clemsim.runtime.observer import ResultCollector
from clemsim.runtime.scheduler import Scheduler

I = TypeVar("I", bound=Instance)  # noqa: E741


class _Seating(NamedTuple):
    """Who plays an instance: the role of each seat, and the cast."""

    roles: Mapping[str, str]
    cast: Cast


class Arena(Game[I], framework=True):
    """A game that plays many episodes at once. Subclass it, name the instance type in brackets, and write `play`."""

    def episodes(
        self,
        instances: Iterable[I],
        cast: Agent | Mapping[str, Agent] | Cast,
        *,
        seed: int = 0,
        repetitions: int = 1,
    ) -> list[Episode]:
        """Return the episodes to play. Raises ArenaError for an empty seat, BadInstance for two instances of one name, and
        UsageError for an agent that cannot play this game.
        """
        cast = Cast.of(cast)
        instances = list(instances)
        check_labels(self, instances)
        seatings = self._seatings(instances, cast)
        return [
            self._episode(instance, EpisodeKey(self.name, instance.label, repetition, cast.name), seating, seed)
            for repetition in range(repetitions)
            for instance, seating in zip(instances, seatings, strict=True)
        ]

    def _seatings(self, instances: Sequence[I], cast: Cast) -> list[_Seating]:
        """Return the roles and the cast of each instance; those that are alike share them."""
        made: dict[tuple[tuple[str, str], ...], _Seating] = {}
        checked: set[tuple[Agent, str]] = set()
        seatings = []
        for instance in instances:
            roles = self.roles_for(instance)
            key = tuple(roles.items())
            if key not in made:
                self._check_cast(roles, cast, checked)
                made[key] = _Seating(roles, cast if self._same_seats else cast.seated(roles))
            seatings.append(made[key])
        return seatings

    def _check_cast(self, roles: Mapping[str, str], cast: Cast, checked: set[tuple[Agent, str]]) -> None:
        for seat, role in roles.items():
            agent = cast.agent(seat, role)
            if agent is None:
                raise ArenaError(f"{self.name}: no agent in seat {seat!r}")
            if (agent, seat) not in checked:
                checked.add((agent, seat))
                with calling(agent, "check"):
                    agent.check(self.name, [seat])

    async def run(
        self,
        instances: Iterable[I],
        cast: Agent | str | Mapping[str, Agent | str] | Cast,
        *,
        seed: int = 0,
        repetitions: int = 1,
        width: int | None = None,
    ) -> list[Result]:
        """Play every instance with this cast, many at once, and return the results in the order of the instances.

        An agent is named by its SPEC, as in `arena.run(instances, "baseline")`, or given; given agents must be open.
        Raises ArenaError and AgentError for bugs, and UsageError; a failed server leaves results without outcome.
        """
        resolved, made = _resolve(cast)
        episodes = self.episodes(instances, resolved, seed=seed, repetitions=repetitions)
        collector = ResultCollector()
        async with opened(made):
            await Scheduler(collector, width).play(episodes)
        return [collector.results[episode.key] for episode in episodes]

    def _episode(self, instance: I, key: EpisodeKey, seating: _Seating, seed: int) -> Episode:
        def drive() -> EpisodeDriver:
            return self.drive(instance, key, seed)

        return Episode(key, instance, seating.cast, drive, score=self.scores, roles=seating.roles)


def check_labels(arena: Game[Any], instances: Sequence[Instance]) -> None:
    """Raise BadInstance where two instances have one name, for one of them would be played in place of both."""
    numbers: dict[str, int] = {}
    for number, instance in enumerate(instances, 1):
        if (other := numbers.setdefault(instance.label, number)) != number:
            both = f"instances {other} and {number} are both called {instance.label}"
            error = BadInstance(f"{arena.name}: {both}: give one of them another experiment or id")
            raise error.in_code(code_of(arena.instances))


def _resolve(cast: Agent | str | Mapping[str, Agent | str] | Cast) -> tuple[Cast, list[Agent]]:
    """Return the cast, and the agents that were made from its SPECs, not yet open. Raises UsageError."""
    if isinstance(cast, Agent | Cast):
        return Cast.of(cast), []
    from clemsim.catalog.agents import resolve_cast  # noqa: PLC0415 (loads all engines, which few games' tests need)

    return resolve_cast(cast)


def find_arena(spec: str) -> type[Arena[Any]]:
    """Return the arena of this name or `path/to/file.py:Class`. Raises UsageError naming the arenas there are, and
    ArenaError where the class lacks something.
    """
    kind: type[Arena[Any]] = find_class("arenas", spec, Arena, "an")  # type: ignore[type-abstract]
    check_class(kind)
    check_constructor(kind)
    return kind
