"""Walks through maps of rooms, and what clembench makes of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

Doors = Mapping[str, Mapping[str, str]]  # by room: where each direction leads
OPPOSITE = {"north": "south", "east": "west", "south": "north", "west": "east"}
LONGEST = 99  # steps; longer walks are not looked for

_State = tuple[str, frozenset[str]]  # the present room, and all rooms on the way to it


@dataclass(frozen=True, slots=True)
class Walk:
    """The rooms of a walk in order, the start first, and for each step whether it was a good one."""

    doors: Doors
    rooms: Sequence[str]
    good: Sequence[bool]

    @property
    def visited(self) -> frozenset[str]:
        """The rooms of the walk."""
        return frozenset(self.rooms)

    @property
    def seen(self) -> frozenset[str]:
        """The rooms of the walk and those next to them."""
        return self.visited.union(*(self.doors[room].values() for room in self.visited))

    @property
    def complete(self) -> bool:
        """Whether all rooms were visited."""
        return len(self.visited) == len(self.doors)

    @property
    def exploration(self) -> float:
        """The visited share of the rooms, in percent."""
        return len(self.visited) / len(self.doors) * 100

    @property
    def efficiency(self) -> float:
        """The share of good steps, in percent; 0 where there was no step."""
        return sum(self.good) / len(self.good) * 100 if self.good else 0.0

    @property
    def quality(self) -> float:
        """The harmonic mean of efficiency and exploration; 0 where both are 0."""
        total = self.efficiency + self.exploration
        return 2 * self.efficiency * self.exploration / total if total else 0.0

    def loops(self, *, forgetful: bool = False) -> int:
        """Return after how many steps the last four rooms held fewer than three different ones.

        Forgetful counting begins anew after each loop, without the present room.
        """
        count, held = 0, [self.rooms[0]]
        for room in self.rooms[1:]:
            held.append(room)
            if is_loop(held):
                count += 1
                if forgetful:
                    held.clear()
        return count


def take(doors: Doors, start: str, directions: Sequence[str]) -> Walk:
    """Return the walk that begins at `start` and goes in the directions, without those that lead nowhere."""
    rooms, good, visited = [start], list[bool](), {start}
    for direction in directions:
        room = rooms[-1]
        if (there := doors[room].get(direction)) is None:
            continue
        good.append(len(visited) < len(doors) and there in best_steps(doors, room, visited))
        rooms.append(there)
        visited.add(there)
    return Walk(doors, rooms, good)


def is_loop(rooms: Sequence[str]) -> bool:
    """Return whether the last four rooms, if there are four, hold fewer than three different ones."""
    return len(rooms) >= 4 and len(set(rooms[-4:])) < 3


def best_steps(doors: Doors, room: str, visited: Collection[str]) -> frozenset[str]:
    """Return the rooms with which a shortest walk begins that passes the frontier: all rooms next to visited ones.

    Such a walk goes on to a room that it has not passed as long as there is one next to it; so it is not always the shortest
    of all that pass these rooms. The walk itself knows all doors.
    """
    frontier = {there for known in visited for there in doors[known].values()}.difference(visited)
    level: dict[_State, set[str]] = {(room, frozenset([room])): set()}
    for _ in range(LONGEST):
        after: dict[_State, set[str]] = {}
        for (here, passed), first in level.items():
            for there in _onward(doors, here, passed):
                after.setdefault((there, passed | {there}), set()).update(first or {there})
        found = [first for (_, passed), first in after.items() if passed >= frontier]
        if found:
            return frozenset().union(*found)
        level = after
    return frozenset()


def distances(doors: Doors, start: str) -> dict[str, int]:
    """Return the number of steps from `start` to each room that can be reached."""
    found, rooms = {start: 0}, [start]
    for room in rooms:
        fresh = [there for there in dict.fromkeys(doors[room].values()) if there not in found]
        found.update(dict.fromkeys(fresh, found[room] + 1))
        rooms += fresh
    return found


def _onward(doors: Doors, room: str, passed: Collection[str]) -> Iterator[str]:
    fresh = [there for there in doors[room].values() if there not in passed]
    yield from fresh or doors[room].values()
