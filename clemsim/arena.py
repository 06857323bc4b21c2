"""Arenas: a game is a subclass with its seats, its instance type and `play`; `run` plays many episodes of it at
once.
"""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar, get_args

import orjson

from clemsim.agent import Agent, Cast
from clemsim.drive import Drive
from clemsim.errors import ArenaError, BadInstance
from clemsim.events import Event, Replied
from clemsim.instances import EpisodeKey, Instance
from clemsim.outcomes import Outcome
from clemsim.resources import Resources
from clemsim.scheduling.episodes import Episode, Keeper, Result
from clemsim.scheduling.scheduler import Scheduler
from clemsim.scores.episode import common
from clemsim.table import Table
from clemsim.transcript import Transcript

I = TypeVar("I", bound=Instance)  # noqa: E741


class Arena(ABC, Generic[I]):
    """A game. Subclass it, name the instance type in brackets, and write `play`; nothing is stored on `self` in play.

    `version` goes up whenever the rules change, so that scores of different rules are never mixed.
    """

    name: ClassVar[str]
    version: ClassVar[int] = 1
    seats: ClassVar[tuple[str, ...]]
    max_turns: ClassVar[int] = 1000
    instance_type: ClassVar[type[Instance]] = Instance

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for base in getattr(cls, "__orig_bases__", ()):
            for argument in get_args(base):
                if isinstance(argument, type) and issubclass(argument, Instance):
                    cls.instance_type = argument

    def __init__(self, *folders: Path) -> None:
        """`folders` are searched for prompts and word lists before the arena's own folder and those of its bases."""
        self.resources = Resources((*folders, *homes(type(self))))

    @abstractmethod
    async def play(self, table: Table, instance: I, /) -> Outcome:
        """The rules. May await nothing but the table."""

    def metrics(self, transcript: Transcript[I], /) -> Mapping[str, float | None]:
        """The game's own scores of an episode by name, besides those common to all; None: undefined."""
        return {}

    def rounds(self, transcript: Transcript[I], /) -> Sequence[Mapping[str, float | None]]:
        """The game's scores of each round, in order."""
        return ()

    @property
    def digest(self) -> str:
        """Of all its prompts and word lists as it finds them: the same digest, the same texts."""
        return self.resources.digest("prompts", "resources")

    def scores(self, transcript: Transcript[Any], /) -> tuple[dict[str, float | None], list[Mapping[str, float | None]]]:
        """Every metric of a finished episode and of its rounds. An error in a metric is an ArenaError, never a 0."""
        try:
            return {**common(transcript), **self.metrics(transcript)}, list(self.rounds(transcript))
        except Exception as error:
            raise ArenaError(f"scoring raised {type(error).__name__}: {error}").at(transcript.key.label) from error

    def instances(self) -> list[I]:
        """Its instances, out of `instances.jsonl`; override it to make them in code. Raises BadInstance."""
        lines = self.resources.lines("instances.jsonl")
        return [self.load(_json(line, f"{self.name}: instances.jsonl, line {n}")) for n, line in enumerate(lines, 1)]

    def prompt(self, prompt: str, /, **fields: object) -> str:
        """The text of `prompts/PROMPT.txt` with its `$fields` filled in."""
        return self.resources.prompt(prompt, fields)

    def load(self, data: Any) -> I:
        """An instance out of its JSON. Raises BadInstance with the first thing that is wrong."""
        try:
            return self.instance_type.model_validate(data)  # type: ignore[return-value]
        except ValueError as error:
            first = str(error).splitlines()
            raise BadInstance(f"{self.name}: {' '.join(part.strip() for part in first[1:3])}") from error

    def drive(self, instance: I, key: EpisodeKey | None = None, seed: int = 0, *, in_turn: bool = False) -> Drive:
        """Begin an episode by hand, without agents or an event loop; `in_turn`: never ask several questions at once."""
        if not isinstance(instance, self.instance_type):
            raise BadInstance(f"{self.name} plays {self.instance_type.__name__}, not {type(instance).__name__}")
        key = key or EpisodeKey(self.name, instance.label, 0, "")
        return Drive(key, lambda table: self.play(table, instance), self.seats, instance, seed, self.max_turns, in_turn)

    def episodes(
        self,
        instances: Iterable[I],
        cast: Agent | Mapping[str, Agent] | Cast,
        *,
        seed: int = 0,
        repetitions: int = 1,
        recorded: Mapping[EpisodeKey, Sequence[Event]] | None = None,
    ) -> list[Episode]:
        """The episodes to play; those in `recorded` go on where their events end."""
        cast = Cast.of(cast)
        for seat in self.seats:
            agent = cast.agent(seat)
            if agent is None:
                raise ArenaError(f"{self.name}: nobody sits at {seat!r}")
            agent.check(self.name, [seat])
        past = recorded or {}
        return [
            self._episode(instance, EpisodeKey(self.name, instance.label, repetition, cast.name), cast, seed, past)
            for repetition in range(repetitions)
            for instance in instances
        ]

    async def run(
        self,
        instances: Iterable[I],
        cast: Agent | Mapping[str, Agent] | Cast,
        *,
        seed: int = 0,
        repetitions: int = 1,
        width: int | None = None,
    ) -> list[Result]:
        """Play every instance with this cast, many at once, and return the results in the order of the instances.

        Agents must be open. Raises ArenaError and AgentError for bugs; a failed server leaves results without outcome.
        """
        episodes = self.episodes(instances, cast, seed=seed, repetitions=repetitions)
        keeper = Keeper()
        await Scheduler(keeper, width).play(episodes)
        return [keeper.results[episode.key] for episode in episodes]

    def _episode(
        self, instance: I, key: EpisodeKey, cast: Cast, seed: int, past: Mapping[EpisodeKey, Sequence[Event]]
    ) -> Episode:
        events = past.get(key, ())

        def start() -> Drive:
            drive = self.drive(instance, key, seed)
            drive.replay(events)
            return drive

        return Episode(key, instance, cast, start, sum(isinstance(event, Replied) for event in events))


def _json(line: str, where: str) -> Any:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise BadInstance(f"{where}: {error}") from error


@cache
def homes(arena: type[Arena[Any]]) -> tuple[Path, ...]:
    """The folders that the code of an arena and of its bases lies in."""
    kinds = [kind for kind in arena.__mro__ if issubclass(kind, Arena) and kind is not Arena]
    return tuple(dict.fromkeys(Path(inspect.getfile(kind)).parent for kind in kinds))
