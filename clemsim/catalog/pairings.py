"""Pairings: who sits where when several players share the seats of a game. Runs and studies make theirs here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import permutations, product
from typing import Any, TypeVar

from clemsim.errors import UsageError
from clemsim.game.game import Game
from clemsim.store.config import Pairings

T = TypeVar("T")
Assignment = dict[str, T]  # the player of each seat or role


def parts_of(game: type[Game[Any]]) -> tuple[str, ...]:
    """Return what is cast in a game: its roles where instances decide them, else its seats. Raises UsageError where
    instances decide which seats play and the game names no roles.
    """
    if game.roles:
        return tuple(game.roles)
    if game.seats_differ():
        raise UsageError(
            f"{game.name}: which seats play differs by instance and the game names no roles, so that no pairings can be made"
            " of them: give the class roles, or cast each seat with --agent SEAT=SPEC"
        )
    return tuple(game.seats)


def assigned(players: Sequence[T], parts: Sequence[str], how: Pairings) -> list[Assignment[T]]:
    """Return the assignments of players to parts: `all` of them, or `round-robin`, only those of different players, in every
    order. None where there are fewer players than parts for the latter.
    """
    found: Iterable[tuple[T, ...]] = product(players, repeat=len(parts))
    if how == "round-robin":
        found = permutations(players, len(parts))
    return [dict(zip(parts, cast, strict=True)) for cast in found]


def exchanged(cast: Mapping[str, T]) -> list[Assignment[T]]:
    """Return the cast and its exchanges: the players move on by one seat until each has sat in every one of them."""
    players, found = list(cast.values()), list[Assignment[T]]()
    for moved in range(len(players)):
        turned = dict(zip(cast, (*players[moved:], *players[:moved]), strict=True))
        if turned not in found:
            found.append(turned)
    return found


def one_against(player: T, references: Sequence[T], parts: Sequence[str]) -> list[Assignment[T]]:
    """Return the assignments in which a player sits in one part, each of them in turn, and a reference in all others."""
    return [{other: player if other == part else reference for other in parts} for reference in references for part in parts]
