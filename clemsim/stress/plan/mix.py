"""Which game is played next: games by weight, and of each game one instance after another, for ever."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

from clemsim.arena import Arena, find_arena
from clemsim.catalog import suites
from clemsim.catalog.agents import check_cast
from clemsim.errors import UsageError
from clemsim.game.driver import EpisodeDriver
from clemsim.game.instances import EpisodeKey, Instance
from clemsim.game.seeds import dice
from clemsim.runtime.agent import Cast
from clemsim.stress.games.recall import Debts, Recall
from clemsim.stress.games.talk import Talk, Topic

# Games for load alone, made up as they are needed: no two conversations are alike.
LOAD_GAMES: dict[str, tuple[type[Arena[Any]], Callable[[int], Instance]]] = {
    "talk": (Talk, lambda number: Topic(id=number)),
    "recall": (Recall, lambda number: Debts(id=number, seed=number)),
}


@dataclass(frozen=True, slots=True)
class Item:
    """One conversation to come."""

    arena: Arena[Any]
    instance: Instance
    key: EpisodeKey
    seed: int

    def drive(self) -> EpisodeDriver:
        """The episode, at its beginning."""
        return self.arena.drive(self.instance, self.key, self.seed)


@dataclass(slots=True)
class MixedGame:
    """A game of the mix. `instances` gives one after another, each with how often it was played before."""

    arena: Arena[Any]
    weight: float
    instances: Iterator[tuple[Instance, int]]
    played: int = 0


class Mix:
    """Deals conversations, each game in proportion to its weight at any time."""

    def __init__(self, games: Sequence[MixedGame], cast: Cast, seed: int) -> None:
        self.games = games
        self._cast = cast.name
        self._seed = seed

    def next(self) -> Item:
        """The next conversation."""
        game = min(self.games, key=lambda each: (each.played + 1) / each.weight)
        game.played += 1
        instance, repetition = next(game.instances)
        key = EpisodeKey(game.arena.name, instance.label, repetition, self._cast)
        return Item(game.arena, instance, key, self._seed)


def parse_mix(text: str) -> dict[str, float]:
    """Games and weights out of `taboo=2,privateshared=1`. Raises UsageError."""
    found: dict[str, float] = {}
    for part in filter(None, (each.strip() for each in text.split(","))):
        name, _, weight = part.partition("=")
        try:
            found[name] = float(weight or 1)
        except ValueError:
            found[name] = 0.0
        if not 0 < found[name] < 1e9:
            raise UsageError(f"--mix {part}: give GAME=WEIGHT with a weight above 0, as in taboo=2,privateshared=1")
    if not found:
        raise UsageError("--mix: name a game, as in taboo=2,privateshared=1")
    return found


def parse_options(texts: Sequence[str]) -> dict[str, dict[str, str]]:
    """Fields of instances by game out of `talk.turns=8`. Raises UsageError."""
    found: dict[str, dict[str, str]] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        arena, dot, field = name.rpartition(".")
        if not (equals and dot and arena):
            raise UsageError(f"--option {text}: give GAME.FIELD=VALUE, as in talk.turns=8")
        found.setdefault(arena, {})[field] = value
    return found


def make_mix(
    weights: Mapping[str, float], options: Mapping[str, Mapping[str, str]], suite: str, cast: Cast, seed: int
) -> Mix:
    """Find the games and their instances. Raises UsageError and BadInstance."""
    if unknown := sorted(set(options) - set(weights)):
        raise UsageError(f"--option {unknown[0]}: that game is not in the mix ({', '.join(weights)})")
    games = [_game(name, weight, options.get(name, {}), suite, seed) for name, weight in weights.items()]
    for game in games:
        check_cast(game.arena, cast)
    return Mix(games, cast, seed)


def _game(name: str, weight: float, options: Mapping[str, str], suite_name: str, seed: int) -> MixedGame:
    if name in LOAD_GAMES:
        kind, make = LOAD_GAMES[name]
        arena = kind()
        changed(arena, make(0), options)  # so that what is wrong is said at once
        # Another seed, other conversations: what an earlier test left in the server's cache is of no use to this one.
        numbers = count(seed % 1000 * 1_000_000)
        return MixedGame(arena, weight, ((changed(arena, make(number), options), 0) for number in numbers))
    suite = suites.load_suite(suite_name)
    kind = find_arena(name)
    arena = kind(suite.folder_of(kind.name))
    instances = [changed(arena, each, options) for each in suite.instances(arena)]
    dice("stress", seed, arena.name).shuffle(instances)
    return MixedGame(arena, weight, ((each, again) for again in count() for each in instances))


def changed(arena: Arena[Any], instance: Instance, options: Mapping[str, str]) -> Instance:
    """The instance with other fields. Raises UsageError and BadInstance."""
    if not options:
        return instance
    fields = type(instance).model_fields
    for name in options:
        if name not in fields or name in ("id", "experiment"):
            names = ", ".join(sorted(set(fields) - {"id", "experiment"}))
            raise UsageError(f"--option {arena.name}.{name}: choose of {names}")
    found: Instance = arena.load({**instance.model_dump(), **options})
    return found
