"""The mix of games: games by weight, and one instance of each game after another, without end."""

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

# Games that only make load. Their instances are made as they are needed; no two conversations are alike.
LOAD_GAMES: dict[str, tuple[type[Arena[Any]], Callable[[int], Instance]]] = {
    "talk": (Talk, lambda number: Topic(id=number)),
    "recall": (Recall, lambda number: Debts(id=number, seed=number)),
}
FIXED_FIELDS = ("id", "experiment")  # of an instance: they name it, so no option changes them


@dataclass(frozen=True, slots=True)
class PlannedConversation:
    """A conversation that has not begun."""

    arena: Arena[Any]
    instance: Instance
    key: EpisodeKey
    seed: int
    cast: Cast

    def drive(self) -> EpisodeDriver:
        """Return the driver of the episode, before its first turn."""
        return self.arena.drive(self.instance, self.key, self.seed)


@dataclass(slots=True)
class MixedGame:
    """A game of the mix. `instances` yields instances, each with how often it was played before."""

    arena: Arena[Any]
    weight: float
    instances: Iterator[tuple[Instance, int]]
    dealt: int = 0  # conversations so far


class Mix:
    """The conversations to come; at any time each game has its share by weight."""

    def __init__(self, games: Sequence[MixedGame], cast: Cast, seed: int) -> None:
        self.games = games
        self._cast = cast
        self._seed = seed

    def next(self) -> PlannedConversation:
        """Return the next conversation."""
        game = min(self.games, key=lambda game: (game.dealt + 1) / game.weight)
        game.dealt += 1
        instance, repetition = next(game.instances)
        key = EpisodeKey(game.arena.name, instance.label, repetition, self._cast.name)
        return PlannedConversation(game.arena, instance, key, self._seed, self._cast)


def parse_mix(text: str) -> dict[str, float]:
    """Read weights by game such as `taboo=2,privateshared=1`. Raise UsageError if there is no game, or no weight above 0."""
    weights = read_weights(text, "--mix", "give GAME=WEIGHT with a weight above 0, as in taboo=2,privateshared=1")
    if not weights:
        raise UsageError("--mix: name a game, as in taboo=2,privateshared=1")
    return weights


def read_weights(text: str, option: str, how: str) -> dict[str, float]:
    """Read weights by name, 1 where none is given. Raises UsageError, which says `how` to write the option."""
    weights: dict[str, float] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, equals, weight = part.rpartition("=")
        name, weight = (name, weight) if equals else (part, "1")
        try:
            weights[name] = float(weight or 1)
        except ValueError:
            weights[name] = 0.0
        if not (name and 0 < weights[name] < 1e9):
            raise UsageError(f"{option} {part}: {how}")
    return weights


def parse_options(texts: Sequence[str]) -> dict[str, dict[str, str]]:
    """Read fields of instances, such as `talk.turns=8`, by game and field. Raise UsageError for a text that is none."""
    options: dict[str, dict[str, str]] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        arena, dot, field = name.rpartition(".")
        if not (equals and dot and arena):
            raise UsageError(f"--option {text}: give GAME.FIELD=VALUE, as in talk.turns=8")
        options.setdefault(arena, {})[field] = value
    return options


def make_mix(
    weights: Mapping[str, float], options: Mapping[str, Mapping[str, str]], suite: str, cast: Cast, seed: int
) -> Mix:
    """Find the games of `weights` and their instances. Raise UsageError or BadInstance for what does not fit."""
    if unknown := sorted(set(options) - set(weights)):
        raise UsageError(f"--option {unknown[0]}: that game is not in the mix ({', '.join(weights)})")
    games = [_mixed_game(name, weight, options.get(name, {}), suite, seed) for name, weight in weights.items()]
    for game in games:
        check_cast(game.arena, cast)
    return Mix(games, cast, seed)


def _mixed_game(name: str, weight: float, options: Mapping[str, str], suite_name: str, seed: int) -> MixedGame:
    if name in LOAD_GAMES:
        kind, make = LOAD_GAMES[name]
        arena = kind()
        with_fields(arena, make(0), options)  # raises before any load is made
        # Another seed gives other conversations: what an earlier test left in the server's cache does not help this one.
        numbers = count(seed % 1000 * 1_000_000)
        return MixedGame(arena, weight, ((with_fields(arena, make(number), options), 0) for number in numbers))
    suite = suites.load_suite(suite_name)
    kind = find_arena(name)
    arena = suite.game(kind)
    instances = [with_fields(arena, instance, options) for instance in suite.instances(arena)]
    dice("stress", seed, arena.name).shuffle(instances)
    return MixedGame(arena, weight, ((instance, repetition) for repetition in count() for instance in instances))


def with_fields(arena: Arena[Any], instance: Instance, fields: Mapping[str, str]) -> Instance:
    """Return the instance with other `fields`. Raise UsageError for an unknown field, BadInstance for a bad value."""
    if not fields:
        return instance
    choices = sorted(set(type(instance).model_fields) - set(FIXED_FIELDS))
    for name in fields:
        if name not in choices:
            raise UsageError(f"--option {arena.name}.{name}: choose one of {', '.join(choices)}")
    changed: Instance = arena.load({**instance.model_dump(), **fields})
    return changed
