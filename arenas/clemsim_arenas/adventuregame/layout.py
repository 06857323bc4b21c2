"""Places for an adventure: a tree of rooms, furniture in them, and things on and in the furniture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from clemsim.game.seeds import Dice
from clemsim_arenas.adventures.world import World

MOST_WAYS = 4  # that lead out of a room


@dataclass(frozen=True, slots=True)
class Layout:
    """Where everything is. `ways`: the rooms next to each; `rooms`: of furniture; `holders`: the furniture of each thing."""

    world: World
    ways: Mapping[str, Sequence[str]]
    rooms: Mapping[str, str]
    holders: Mapping[str, str]

    def room_of(self, thing: str) -> str:
        """Return the room of a thing or a piece of furniture."""
        return self.rooms[self.holders.get(thing, thing)]

    def closed(self, furniture: str) -> str | None:
        """Return the furniture itself where it is closed at first, else None."""
        return furniture if self._is(furniture, "openable") else None

    def place(self, thing: str, furniture: str) -> str:
        """Return the fact that a thing is in or on a piece of furniture."""
        return f"{'in' if self._is(furniture, 'container') else 'on'}({thing}1,{furniture}1)"

    def facts(self, start: str) -> list[str]:
        """Return all facts of the beginning, with the player in the room `start`."""
        things = [*self.rooms, *self.holders]
        return [
            *(f"room({room}1,{room})" for room in self.ways),
            *(f"exit({room}1,{other}1)" for room, others in self.ways.items() for other in others),
            "type(player1,player)",
            f"at(player1,{start}1)",
            *(f"type({thing}1,{thing})" for thing in things),
            *(f"at({thing}1,{self.room_of(thing)}1)" for thing in things),
            *(self.place(thing, holder) for thing, holder in self.holders.items()),
            *(f"closed({each}1)" for each in self.rooms if self.closed(each)),
        ]

    def _is(self, thing: str, trait: str) -> bool:
        return trait in self.world.entities[thing].traits


def draw(world: World, places: Mapping[str, Any], rng: Dice) -> Layout:
    """Draw a layout of a world from the places where its rooms and things may be."""
    rooms = {furniture: rng.choice(rooms) for furniture, rooms in places["rooms"].items()}
    holders = {thing: rng.choice(holders) for thing, holders in places["things"].items()}
    return Layout(world, tree(list(world.rooms), places["ways"], rng), rooms, holders)


def tree(rooms: Sequence[str], ways: Sequence[Sequence[str]], rng: Dice) -> dict[str, list[str]]:
    """Draw a tree of all rooms from the ways that there may be, with at most four ways out of each room where that is
    possible (Kruskal 1956, with the ways in a random order).
    """
    group = {room: room for room in rooms}
    found: dict[str, list[str]] = {room: [] for room in rooms}
    for least in (True, False):
        for one, other in rng.sample(list(ways), len(ways)):
            crowded = least and max(len(found[one]), len(found[other])) >= MOST_WAYS
            if group[one] != group[other] and not crowded:
                found[one].append(other)
                found[other].append(one)
                before, now = group[one], group[other]
                group = {room: now if name == before else name for room, name in group.items()}
    return found
