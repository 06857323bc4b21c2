"""Shortest solutions of the adventures that are generated, found by search (Dijkstra 1959).

What does not matter is left out of the states: only the things that a task needs are in them, the containers around those,
and the rooms in which something is to be done, with the distances between them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count
from typing import TypeVar

State = TypeVar("State", bound=Hashable)
Ways = Mapping[str, Sequence[str]]

HANDS = 2  # things that can be carried where there is a limit


def cheapest(start: State, following: Callable[[State], Iterable[tuple[int, State]]], done: Callable[[State], bool]) -> int:
    """Return the least cost from `start` to a state that is done. Raises ValueError where there is none."""
    numbers = count()
    heap, best = [(0, next(numbers), start)], {start: 0}
    while heap:
        cost, _, state = heappop(heap)
        if done(state):
            return cost
        if cost > best[state]:
            continue
        for more, other in following(state):
            if cost + more < best.get(other, cost + more + 1):
                best[other] = cost + more
                heappush(heap, (cost + more, next(numbers), other))
    raise ValueError("there is no solution")


def distances(ways: Ways, start: str) -> dict[str, int]:
    """Return the number of steps to each room that can be reached."""
    steps, queue = {start: 0}, deque([start])
    while queue:
        room = queue.popleft()
        for other in ways.get(room, ()):
            if other not in steps:
                steps[other] = steps[room] + 1
                queue.append(other)
    return steps


# The room, how far each delivery is (not taken, in hand, delivered), and the containers that were opened.
_Delivering = tuple[str, tuple[int, ...], frozenset[str]]
# The room, what is in hand, what was put down in the kitchen, the containers that were opened, and the number of the step.
_Brewing = tuple[str, frozenset[str], frozenset[str], frozenset[str], int]


@dataclass(frozen=True, slots=True)
class Delivery:
    """Something to be taken from one place to another. Containers that are closed at first are named."""

    source: str  # room
    target: str
    source_container: str | None = None
    target_container: str | None = None


def deliver(ways: Ways, start: str, deliveries: Sequence[Delivery], limit: int | None) -> int:
    """Return how many commands the deliveries take, with at most `limit` things in hand (None: any number).

    As the rules have it, a thing can be put into another place of its room without being taken.
    """
    far = {
        room: distances(ways, room)
        for room in {start, *(room for each in deliveries for room in (each.source, each.target))}
    }

    def following(
        state: tuple[str, tuple[int, ...], frozenset[str]],
    ) -> Iterator[tuple[int, tuple[str, tuple[int, ...], frozenset[str]]]]:
        room, stages, opened = state
        for other, steps in far[room].items():
            if other != room and other in far:
                yield steps, (other, stages, opened)
        for number, each in enumerate(deliveries):
            stage = stages[number]
            if stage == 0 and room == each.source and (limit is None or stages.count(1) < limit):
                cost, now = _opened(each.source_container, opened)
                yield 1 + cost, (room, _with(stages, number, 1), now)
            here = stage == 1 or (stage == 0 and room == each.source)
            if here and room == each.target:
                cost, now = _opened(each.target_container, opened)
                yield 1 + cost, (room, _with(stages, number, 2), now)

    begun: _Delivering = (start, (0,) * len(deliveries), frozenset())
    return cheapest(begun, following, lambda state: set(state[1]) == {2})


@dataclass(frozen=True, slots=True)
class Ingredient:
    """Something that a recipe needs: where it is at first, in which closed container, and whether it is used up."""

    room: str
    container: str | None
    used_up: bool


def brew(ways: Ways, start: str, kitchen: str, steps: Sequence[str], things: Mapping[str, Ingredient]) -> int:
    """Return how many commands it takes to use things in the order of `steps` in the kitchen, with two things in hand."""
    rooms = {start, kitchen, *(thing.room for thing in things.values())}
    far = {room: distances(ways, room) for room in rooms}

    def following(state: _Brewing) -> Iterator[tuple[int, _Brewing]]:
        room, carried, put, opened, step = state
        if room == kitchen and steps[step] in carried | put:
            used = {steps[step]} if things[steps[step]].used_up else set()
            yield 1, (room, carried - used, put - used, opened, step + 1)
            return
        for name in carried - _wanted(steps, step):
            yield 1, (room, carried - {name}, put, opened, step)
        for name in _wanted(steps, step) - put:
            if name in carried:
                if room == kitchen:
                    yield 1, (room, carried - {name}, put | {name}, opened, step)
            elif things[name].room == room and room == kitchen:
                yield 0, (room, carried, put | {name}, opened, step)
            elif things[name].room == room and len(carried) < HANDS:
                cost, now = _opened(things[name].container, opened)
                yield 1 + cost, (room, carried | {name}, put, now, step)
        for other in rooms - {room}:
            if other in far[room]:
                yield far[room][other], (other, carried, put, opened, step)

    begun: _Brewing = (start, frozenset(), frozenset(), frozenset(), 0)
    return cheapest(begun, following, lambda state: state[4] == len(steps))


def _wanted(steps: Sequence[str], step: int) -> set[str]:
    return set(steps[step:])


def _opened(container: str | None, opened: frozenset[str]) -> tuple[int, frozenset[str]]:
    return (0, opened) if container is None or container in opened else (1, opened | {container})


def _with(stages: tuple[int, ...], number: int, stage: int) -> tuple[int, ...]:
    return (*stages[:number], stage, *stages[number + 1 :])
