"""What a game must keep to. Its author's mistakes are one line, with his file and line."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from math import isfinite
from types import CodeType, CoroutineType
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from clemsim.errors import ArenaError, ClemsimError
from clemsim.game.instances import Instance
from clemsim.game.outcomes import Outcome
from clemsim.game.seat_sampling import SeatSampling
from clemsim.game.table import Table

if TYPE_CHECKING:
    from clemsim.game.game import Game

I = TypeVar("I", bound=Instance)  # noqa: E741
P = ParamSpec("P")


def check_class(game: type[Game[Any]]) -> None:
    """Raise ArenaError where a class has no name, seats or `play`, or they or its settings are of the wrong type."""
    if wrong := _wrong_in_class(game) or _wrong_in_settings(game):
        raise ArenaError(wrong).in_class(game)


def _wrong_in_class(game: type[Game[Any]]) -> str:
    """Return what is wrong with the name, seats and roles of a class; empty: nothing."""
    name, seats = vars_of(game, "name"), vars_of(game, "seats")
    if not (isinstance(name, str) and name):
        return f'{game.__name__} has no name: write name = "..." in the class'
    if not isinstance(seats, tuple | list) or not seats or not all(isinstance(seat, str) and seat for seat in seats):
        return f'{game.__name__}: seats is a tuple of names, such as ("guesser",) with its comma, not {seats!r}'
    if len(set(seats)) < len(seats):
        return f"{game.__name__}: two of its seats have the same name: {', '.join(seats)}"
    roles = vars_of(game, "roles")
    if not isinstance(roles, tuple | list) or not all(isinstance(role, str) and role for role in roles):
        return f'{game.__name__}: roles is a tuple of names, such as ("spy", "civilian"), not {roles!r}'
    if both := set(roles) & set(seats):
        return f"{game.__name__}: {', '.join(sorted(both))} names a seat and a role: give one of them another name"
    if game.__abstractmethods__:
        return f"{game.__name__} has no play: write `async def play(self, table, instance, /)` in the class"
    return ""


def _wrong_in_settings(game: type[Game[Any]]) -> str:
    """Return what is wrong with the other attributes of a class; empty: nothing."""
    version: object = game.version
    chance: object = game.chance
    sampling: Mapping[str, object] = game.sampling
    rules: object = game.RULES
    if not isinstance(version, int) or isinstance(version, bool):
        return f"{game.__name__}: version is a whole number, not {version!r}"
    if not isinstance(game.max_turns, int) or game.max_turns < 1:
        return f"{game.__name__}: max_turns is a number from 1, not {game.max_turns!r}"
    if not isinstance(game.shown, tuple | list) or not all(isinstance(name, str) for name in game.shown):
        return f'{game.__name__}: shown is a tuple of metrics, such as ("Moves",) with its comma, not {game.shown!r}'
    if not isinstance(rules, Mapping):
        return f'{game.__name__}: RULES gives a value to each name, such as {{"v1": Rules(...)}}, not {rules!r}'
    if chance not in ("instance", "episode"):
        return f'{game.__name__}: chance is "instance" or "episode", not {chance!r}'
    if unknown := sorted(set(game.sampling) - set(game.seats) - set(game.roles)):
        return f"{game.__name__}: sampling names {unknown[0]!r}, which is neither a seat nor a role"
    for name, fixed in sampling.items():
        if not isinstance(fixed, SeatSampling):
            return f"{game.__name__}: sampling[{name!r}] is a SeatSampling(temperature=..., max_tokens=...), not {fixed!r}"
    return ""


def check_constructor(game: type[Game[Any]]) -> None:
    """Raise ArenaError where a class cannot be made as every game is."""
    try:
        inspect.signature(game).bind(rules=None, verbatim=False)
    except TypeError:
        text = f"{game.__name__} is made with (*folders, rules=None, verbatim=False): leave out its __init__, or take these"
        raise ArenaError(text).in_code(code_of(game.__init__)) from None


def checked_instances(game: Game[I]) -> list[I]:
    """Return all instances of a game. Raises ArenaError where its author's code fails, or gives something else."""
    return made_instances(game.instances, f"instances of {game.name}", game.instance_type)  # type: ignore[return-value]


def made_instances(
    make: Callable[P, Sequence[Instance]], what: str, kind: type[Instance], *args: P.args, **kwargs: P.kwargs
) -> list[Instance]:
    """Return the instances that an author's code makes. Raises ArenaError where it fails, or makes something else."""
    try:
        instances: object = make(*args, **kwargs)
    except ClemsimError:
        raise
    except Exception as error:
        said = " ".join(line.strip() for line in str(error).splitlines() if "errors.pydantic.dev" not in line)
        raise ArenaError(f"{what} raised {type(error).__name__}: {said}") from error
    wrong = ""
    if not isinstance(instances, Sequence):
        wrong = f"{what} returns a list, not {type(instances).__name__}"
    elif strange := next((each for each in instances if not isinstance(each, kind)), None):
        wrong = f"{what} makes {kind.__name__} objects, not {type(strange).__name__}"
    if wrong or not isinstance(instances, Sequence):
        raise ArenaError(wrong).in_code(code_of(make))
    return list(instances)


def checked_roles(game: Game[I], instance: I) -> dict[str, str]:
    """Return the role of each seat of an instance. Raises ArenaError for none, or for a seat or role that the class does
    not name.
    """
    what, code = f"seats_for({instance.label}) of {game.name}", code_of(game.seats_for)
    try:
        seats: object = game.seats_for(instance)
    except Exception as error:
        raise ArenaError(f"{what} raised {type(error).__name__}: {error}") from error
    if not isinstance(seats, Mapping | Sequence) or isinstance(seats, str):
        raise ArenaError(f"{what} returns the seats, or a role for each, not {seats!r}").in_code(code)
    roles = dict(seats) if isinstance(seats, Mapping) else {seat: seat for seat in seats}
    if wrong := _wrong_roles(game, roles):
        raise ArenaError(f"{what} {wrong}").in_code(code)
    return roles


def _wrong_roles(game: Game[Any], roles: Mapping[str, str]) -> str:
    if not roles:
        return "names no seat"
    if strange := [seat for seat in roles if seat not in game.seats]:
        return f"names {strange[0]!r}: add it to the seats of the class, which are {', '.join(game.seats)}"
    if strange := [role for seat, role in roles.items() if role not in (seat, *game.roles)]:
        there_are = f"which are {', '.join(game.roles)}" if game.roles else "which has none"
        return f"names the role {strange[0]!r}: add it to the roles of the class, {there_are}"
    return ""


def begun_play(game: Game[I], table: Table, instance: I, episode: str) -> CoroutineType[Any, Any, Outcome]:
    """Return the coroutine of `play`. Raises ArenaError where it is none, or takes something else."""
    try:
        playing = game.play(table, instance)
    except TypeError as error:
        if not inspect.iscoroutinefunction(game.play):
            raise
        raise ArenaError("play takes (self, table, instance, /)").in_code(code_of(game.play)).at(episode) from error
    if not isinstance(playing, CoroutineType):
        raise ArenaError("play is no coroutine: write `async def play`").in_code(code_of(game.play)).at(episode)
    return playing


def vars_of(game: type[Game[Any]], attribute: str) -> object:
    """Return what a class or the first of its bases sets; None: none of them does."""
    return next((vars(kind)[attribute] for kind in game.__mro__ if attribute in vars(kind)), None)


def code_of(function: Callable[..., object]) -> CodeType:
    """Return the code of a method."""
    code: CodeType = inspect.unwrap(function).__code__
    return code


def check_metrics(metrics: object, episode: str, code: CodeType) -> None:
    """Raise ArenaError for a metric that is no number; `code` is that of the function that gave it."""
    if not isinstance(metrics, Mapping) or not all(isinstance(name, str) for name in metrics):
        raise ArenaError(f"metrics have names, such as {{'Moves': 3}}, not {metrics!r}").in_code(code).at(episode)
    for name, value in metrics.items():
        if value is None:
            continue
        if not isinstance(value, int | float) or not isfinite(value):
            text = f"metric {name!r} is a number, or None where it is undefined, not {value!r}"
            raise ArenaError(text).in_code(code).at(episode)
