"""A game: its seats, its instance type and `play`. Pure: it needs no event loop, no agent and no model to be driven."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from pathlib import Path
from types import CoroutineType
from typing import Any, ClassVar, Generic, Literal, TypeVar, get_args

import orjson

from clemsim.errors import ArenaError, BadInstance, UsageError
from clemsim.game.content import Image
from clemsim.game.driver import EpisodeDriver
from clemsim.game.game_contract import begun_play, check_class, check_metrics, checked_roles, code_of
from clemsim.game.instances import EpisodeKey, Instance
from clemsim.game.metrics import common
from clemsim.game.outcomes import Outcome
from clemsim.game.pieces import Piece
from clemsim.game.resources import Resources
from clemsim.game.seat_sampling import SeatSampling
from clemsim.game.seeds import derive
from clemsim.game.table import Table
from clemsim.game.transcript import Transcript

I = TypeVar("I", bound=Instance)  # noqa: E741


class Game(ABC, Generic[I]):
    """The rules of a game. Authors subclass `Arena`, which adds the playing of many episodes at once.

    Increase `version` whenever the rules change, so that scores of different rules are never mixed. A game that can be
    played by several sets of rules names their values in `RULES`, the usual one first, and finds its own in `self.rules`.
    `shown` names the metrics that stand in the table of a run beside the common scores. `seats` are all that there may be;
    which of them an instance has, and in which of the `roles`, `seats_for` says. `sampling` fixes how the replies of a seat
    or role are drawn. `chance` says what `table.rng` depends on: "instance", so that repetitions draw alike, or "episode",
    so that each repetition and each run seed draws anew. `spare_fields`: what is given to prompts though the game's own do
    not use it, for those that a suite brings. `foreign` names the framework whose game this is, and its version
    (`TextArena 0.7.4`): a run of it is resumed like any other, but an episode that does not play again as it was recorded
    begins anew.
    Store nothing on `self` in `play`: one object serves all episodes.
    """

    name: ClassVar[str]
    version: ClassVar[int] = 1
    RULES: ClassVar[Mapping[str, Any]] = {}
    seats: ClassVar[tuple[str, ...]]
    roles: ClassVar[tuple[str, ...]] = ()
    shown: ClassVar[Sequence[str]] = ()
    sampling: ClassVar[Mapping[str, SeatSampling]] = {}
    chance: ClassVar[Literal["instance", "episode"]] = "instance"
    spare_fields: ClassVar[Collection[str]] = ()
    foreign: ClassVar[str] = ""
    max_turns: ClassVar[int] = 1000
    instance_type: ClassVar[type[Instance]] = Instance
    rules_name: str | None = None
    rules: Any = None
    verbatim: bool = False
    _same_seats: ClassVar[bool] = True  # in all instances
    _framework: ClassVar[bool] = True  # the class is part of clemsim, so that no game's files lie beside its code

    def __init_subclass__(cls, *, framework: bool = False, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._framework = framework
        cls._same_seats = cls.seats_for is Game.seats_for
        for base in getattr(cls, "__orig_bases__", ()):
            for argument in get_args(base):
                if isinstance(argument, type) and issubclass(argument, Instance):
                    cls.instance_type = argument

    def __init__(self, *folders: Path, rules: str | None = None, verbatim: bool = False) -> None:
        """Search `folders` for prompts and word lists before the game's own folder and those of its base classes.

        `rules` names one of the rule sets of the game; None: the usual one. With `verbatim`, replies are judged as they
        come, as those of a recording are; else they are stripped of surrounding white space first. Raises ArenaError
        where the class lacks something, and UsageError where the game has no such rule set.
        """
        check_class(type(self))
        self.rules_name = _rules_name(type(self), rules)
        self.rules = self.RULES.get(self.rules_name or "")
        self.verbatim = verbatim
        self.resources = Resources((*folders, *code_folders(type(self))))

    @abstractmethod
    async def play(self, table: Table, instance: I, /) -> Outcome:
        """Play one episode by the rules. May await nothing but the table."""

    def warm_up(self) -> None:
        """Load what the first turns would hold up all others for, such as a library or a long list; called before a run
        begins to play. Nothing unless overridden: whatever it loads must also come when it is first used.
        """

    def seats_for(self, instance: I, /) -> Sequence[str] | Mapping[str, str]:
        """Return the seats that play an instance, in order; a mapping gives each its role, by which it can be cast
        (`--agent spy=SPEC`). All of `seats` unless overridden.
        """
        return self.seats

    @classmethod
    def seats_differ(cls) -> bool:
        """Return whether instances decide which seats play, or in which roles."""
        return not cls._same_seats

    def roles_for(self, instance: I) -> Mapping[str, str]:
        """Return the role of each seat that plays an instance, in order: the seat itself where it has no role.

        Raises ArenaError where `seats_for` names a seat or role that the class does not.
        """
        return all_seats(type(self)) if self._same_seats else checked_roles(self, instance)

    def metrics(self, transcript: Transcript[I], /) -> Mapping[str, float | None]:
        """Return the game's own scores of an episode by name, besides those common to all games; None: undefined."""
        return {}

    def rounds(self, transcript: Transcript[I], /) -> Sequence[Mapping[str, float | None]]:
        """Return the game's scores of each round, in order."""
        return ()

    def render(self, transcript: Transcript[I], /) -> Sequence[Piece]:
        """Return how the game draws an episode, also one that has not ended; nothing unless overridden."""
        return ()

    @property
    def rules_version(self) -> int | str:
        """What results are marked with: the name of the rule set without its v and the game's version, such as `3.0+2`; the
        version alone where the game has no rule sets. That of a foreign game begins with the framework, `textarena-0.7.4+1`.
        """
        names = [self.foreign.lower().replace(" ", "-"), (self.rules_name or "").removeprefix("v")]
        return "+".join([*filter(None, names), str(self.version)]) if any(names) else self.version

    @property
    def digest(self) -> str:
        """A digest of all prompts and word lists as the game finds them: the same digest, the same texts."""
        return self.resources.digest("prompts", "resources")

    def scores(self, transcript: Transcript[Any], /) -> tuple[dict[str, float | None], list[Mapping[str, float | None]]]:
        """Return every metric of a finished episode and of its rounds. Raises ArenaError for a bug in a metric, which
        is never a score of 0.
        """
        try:
            own, rounds = self.metrics(transcript), list(self.rounds(transcript))
        except Exception as error:
            raise ArenaError(f"scoring raised {type(error).__name__}: {error}").at(transcript.key.label) from error
        for function, metrics in ((self.metrics, own), *((self.rounds, each) for each in rounds)):
            check_metrics(metrics, transcript.key.label, code_of(function))
        scores = {**common(transcript), **own}
        for name in self.shown:
            if name not in scores:
                text = f"shown names {name!r}, which is no metric of {self.name}: choose among {', '.join(scores)}"
                raise ArenaError(text).at(transcript.key.label)
        return scores, rounds

    def instances(self) -> list[I]:
        """Return the instances in `instances.jsonl`; override it to make them in code. Raises BadInstance."""
        try:
            lines = self.resources.lines("instances.jsonl")
        except ArenaError as error:
            text = f"{error}: write it with a generator, or define instances() in {type(self).__name__}"
            raise ArenaError(text).in_class(type(self)) from error
        return [self.load(_json(line, f"{self.name}: instances.jsonl, line {n}")) for n, line in enumerate(lines, 1)]

    def prompt(self, prompt: str, /, **fields: object) -> str:
        """Return the text of `prompts/PROMPT.txt` with its `$fields` filled in; one missing or too many is an ArenaError."""
        return self.resources.prompt(prompt, fields, self.spare_fields)

    def image(self, name: str, /, alt: str = "") -> Image:
        """Return the picture in `resources/NAME`, read once. Raises ArenaError where it is none."""
        return self.resources.image(f"resources/{name}", alt)

    def load(self, data: Any) -> I:
        """Make an instance from its JSON. Raises BadInstance with the first thing that is wrong."""
        try:
            return self.instance_type.model_validate(data)  # type: ignore[return-value]
        except ValueError as error:
            first = str(error).splitlines()
            raise BadInstance(f"{self.name}: {' '.join(part.strip() for part in first[1:3])}") from error

    def drive(
        self,
        instance: I,
        key: EpisodeKey | None = None,
        seed: int = 0,
        *,
        in_turn: bool = False,
        verbatim: bool | None = None,
    ) -> EpisodeDriver:
        """Begin an episode by hand, without agents or an event loop. With `in_turn`, questions that the game asks at
        once are asked one after another; `verbatim`: judge replies as they come (None: as the game was made).

        Raises BadInstance.
        """
        as_given = self.verbatim if verbatim is None else verbatim
        if self.instance_type is Instance and type(instance) is not Instance:
            kind, own = type(self).__name__, type(instance).__name__
            raise ArenaError(f"{kind} does not say what it plays: write class {kind}(Arena[{own}])").in_code(
                code_of(self.play)
            )
        if not isinstance(instance, self.instance_type):
            raise BadInstance(f"{self.name} plays {self.instance_type.__name__}, not {type(instance).__name__}")
        key = key or EpisodeKey(self.name, instance.label, 0, "")

        def play(table: Table) -> CoroutineType[Any, Any, Outcome]:
            return begun_play(self, table, instance, key.label)

        seats = self.seats if self._same_seats else tuple(self.roles_for(instance))
        chance = None if self.chance == "instance" else _chance(key, instance, seed)
        about = (key, play, seats, instance, seed, self.max_turns, in_turn, as_given)
        return EpisodeDriver(*about, chance=chance, sampling=self._sampling_for(instance) if self.sampling else None)

    def _sampling_for(self, instance: I) -> dict[str, SeatSampling]:
        """Return what is fixed for each seat of an instance: for the seat itself, else for its role."""
        fixed = {seat: self.sampling.get(seat, self.sampling.get(role)) for seat, role in self.roles_for(instance).items()}
        return {seat: own for seat, own in fixed.items() if own is not None}


def _rules_name(game: type[Game[Any]], wanted: str | None) -> str | None:
    if wanted is None:
        return next(iter(game.RULES), None)
    if wanted not in game.RULES:
        known = ", ".join(game.RULES)
        raise UsageError(f"{game.name} has no rule set {wanted!r}" + (f": choose one of {known}" if known else ""))
    return wanted


def _chance(key: EpisodeKey, instance: Instance, seed: int) -> int:
    """Return the seed of the chance of one episode: the same for every cast, so that all have the same luck."""
    return derive("chance", seed, key.arena, key.instance, instance.seed, key.repetition)


def _json(line: str, where: str) -> Any:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise BadInstance(f"{where}: {error}") from error


@cache
def all_seats(game: type[Game[Any]]) -> Mapping[str, str]:
    """Return the seats of a game that has the same in all instances, each as its own role; the same object each time."""
    return {seat: seat for seat in game.seats}


@cache
def code_folders(game: type[Game[Any]]) -> tuple[Path, ...]:
    """Return the folders that the code of a game and of its base classes lies in."""
    kinds = [kind for kind in game.__mro__ if issubclass(kind, Game) and not kind._framework]
    return tuple(dict.fromkeys(Path(inspect.getfile(kind)).parent for kind in kinds))
