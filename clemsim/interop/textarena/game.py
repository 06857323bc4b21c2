"""The arena of an environment: seats are players, observations are asks, rewards are scores."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Any, ClassVar, TypeVar

from clemsim.arena import Arena
from clemsim.errors import ArenaError, ParserError, UsageError
from clemsim.game.instances import Instance
from clemsim.game.outcomes import Outcome
from clemsim.game.table import Table
from clemsim.interop.textarena.environment import Environment, Players, players_of, textarena_version
from clemsim.interop.textarena.inner_model import SEAT, AnswerWanted

SCHEME = "textarena"
INSTANCES = 20
MOST_MOVES = 2000

T = TypeVar("T")


class TextArenaGame(Arena[Instance], framework=True):
    """An environment of TextArena. An invalid move that ends the game aborts the episode; the environment itself decides how
    often a move may be tried again. One that does not come to an end is broken off after MOST_MOVES moves, with 0 for all.
    """

    max_turns = 100 * MOST_MOVES  # those of a model of its own included

    environment: ClassVar[str]
    players: ClassVar[Players]
    count: ClassVar[int]  # of players

    def instances(self) -> list[Instance]:
        """Twenty games, each with another seed."""
        return [Instance(experiment=f"{self.count}_players", id=id_, seed=id_) for id_ in range(INSTANCES)]

    async def play(self, table: Table, game: Instance, /) -> Outcome:
        """Ask whoever's turn it is, until the environment says that the game is over."""
        environment = await _answered(table, lambda answers: Environment(self.environment, self.count, game.seed, answers))
        for _ in range(MOST_MOVES):
            player, observation = environment.ask()
            seat = self.seats[player]
            action: str = await table.ask(seat, observation, keep=False)
            if await _answered(table, partial(self._move, environment, action, seat)):
                return self._outcome(environment, seat)
        return self._scored(dict.fromkeys(range(self.count), 0.0), f"not over after {MOST_MOVES} moves")

    def _move(self, environment: Environment, action: str, seat: str, answers: list[str]) -> bool:
        """Make a move and return whether the game is over. Raises ParserError where the environment fails at it."""
        try:
            return environment.move(action, answers)
        except Exception as error:
            text = f"{self.environment} of {self.foreign} failed at a move of {seat}: {type(error).__name__}: {error}"
            raise ParserError(text) from error

    def _outcome(self, environment: Environment, last: str) -> Outcome:
        rewards, facts = environment.result()
        reason = _reason(facts)
        broken = [self.seats[player] for player, own in facts.items() if own.get("invalid_move")]
        if last in broken:
            return Outcome.aborted(f"invalid move: {reason.removeprefix('Invalid Move: ')}", blame=last)
        if not rewards:
            raise ArenaError(f"{self.name} has ended without rewards")
        return self._scored(rewards, reason)

    def _scored(self, rewards: Mapping[int, float], reason: str) -> Outcome:
        """Return the outcome of a game that was played by its rules."""
        if len(rewards) > 1:
            return Outcome.scores({self.seats[player]: reward for player, reward in rewards.items()}, reason=reason)
        quality = 100 * min(1.0, max(0.0, *rewards.values()))
        return Outcome.success(quality, reason) if quality == 100 else Outcome.failure(reason, quality=quality)


async def _answered(table: Table, step: Callable[[list[str]], T]) -> T:
    """Take a step with answers of the environment's own model, as often as it asks."""
    answers = list[str]()
    while True:
        try:
            return step(answers)
        except AnswerWanted as wanted:
            answers.append(await table.ask(SEAT, wanted.question, keep=False))


def _reason(facts: dict[int, dict[str, Any]]) -> str:
    return next((" ".join(str(own["reason"]).split()) for own in facts.values() if own.get("reason")), "")


@cache
def arena_of(spec: str) -> type[TextArenaGame]:
    """Return the arena of an environment of TextArena: of ENV or, for so many players, ENV:PLAYERS.

    Unless given, so few play as may be, but two where that is possible. Raises UsageError where there is no such
    environment, or it lacks what it needs.
    """
    environment, _, given = spec.partition(":")
    players = players_of(environment)
    if given and given not in map(str, range(players.least, players.most + 1)):
        raise UsageError(f"{SCHEME}:{environment} takes {players}: {given!r} is none of these")
    count = int(given) if given else players.fewest
    seats = tuple(f"player{number}" for number in range(count))
    about = {
        "__module__": __name__,
        "__doc__": f"{environment} of TextArena.",
        "name": f"{SCHEME}:{spec}",
        "foreign": f"TextArena {textarena_version()}",
        "environment": environment,
        "players": players,
        "count": count,
        "seats": (*seats, SEAT) if players.model else seats,
    }
    return type("TextArenaGame", (TextArenaGame,), about)
