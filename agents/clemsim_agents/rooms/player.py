"""Players of the textmapworld games.

The baseline keeps a map of what it was told, and goes where clembench finds the best way. It takes the four directions for
those of a map, so that it knows when an untried way leads into a room that it has visited.
"""

from __future__ import annotations

import json
import random
import re
from dataclasses import dataclass, field

from clemsim_arenas.rooms.commands import DIRECTIONS, DONE
from clemsim_arenas.rooms.draw import STEPS, Cell
from clemsim_arenas.rooms.game import ROUNDS
from clemsim_arenas.rooms.walk import OPPOSITE, best_steps

from clemsim.game.messages import Message
from clemsim.game.view import View
from clemsim.runtime.agent import Agent
from clemsim_agents.reading import unreadable

_ROOM = re.compile(r"this room: (.+?)\. From here you can go: ([a-z, ]+)\.")
_GOAL = re.compile(r"You look for this room: (.+?)\. You have")
_GO = re.compile(r"GO: ([a-z]+)")


class Baseline(Agent):
    """Explores, draws the map where that is asked for, and is done when nothing is left to do."""

    name = "baseline"

    async def reply(self, view: View) -> Message:
        """Return the next command."""
        known, goal = survey(view), _GOAL.search(view[0].content)
        there = goal is not None and known.rooms[known.here] == goal[1]
        command = DONE if there else next_command(known)
        return Message(view.seat, drawn(command, known) if '"graph"' in view[0].content else command)


class Random(Agent):
    """Goes anywhere, and is done by chance, in its last reply at the latest."""

    name = "random"

    async def reply(self, view: View) -> Message:
        """Return a command that the seed of the turn draws."""
        last = sum(1 for message in view if message.author == view.seat) == ROUNDS - 1
        reply = view.format.sample(random.Random(view.seed)) if view.format else DONE
        return Message(view.seat, re.sub(r"GO: [a-z]+", DONE, reply) if last else reply)


@dataclass(slots=True)
class Survey:
    """What is known of a map: the rooms that were visited and their ways, by cell, and the present cell."""

    here: Cell = (0, 0)
    rooms: dict[Cell, str] = field(default_factory=dict)
    ways: dict[Cell, list[str]] = field(default_factory=dict)

    def doors(self) -> dict[str, dict[str, str]]:
        """Return the doors of all rooms that are known, also of those that were not visited."""
        doors: dict[str, dict[str, str]] = {room: {} for room in self.rooms.values()}
        for cell, room in self.rooms.items():
            for way in self.ways[cell]:
                there = self.called(step(cell, way))
                doors[room][way] = there
                doors.setdefault(there, {})[OPPOSITE[way]] = room
        return doors

    def called(self, cell: Cell) -> str:
        """Return what a room is called: an unknown one by its cell."""
        return self.rooms.get(cell) or f"unknown {cell[0]} {cell[1]}"


def survey(view: View) -> Survey:
    """Return what the explorer knows. Raises UsageError for prompts other than the game's own."""
    found = Survey()
    for message in view:
        if message.author == view.seat:
            gone = _GO.search(message.content)
            found.here = step(found.here, gone[1]) if gone else found.here
        elif told := _ROOM.findall(message.content):
            found.rooms[found.here], ways = told[-1]
            found.ways[found.here] = ways.split(", ")
        else:
            raise unreadable(view)
    return found


def next_command(known: Survey) -> str:
    """Return where to go next, or that there is nothing left."""
    doors, room = known.doors(), known.rooms[known.here]
    visited = set(known.rooms.values())
    if len(visited) == len(doors):
        return DONE
    best = min(best_steps(doors, room, visited))
    return f"GO: {next(way for way, there in doors[room].items() if there == best)}"


def drawn(command: str, known: Survey) -> str:
    """Return a command with the map, in which unknown rooms stand too: that they are there is known."""
    doors = known.doors()
    edges: dict[str, list[list[str]]] = {way: [] for way in DIRECTIONS}
    for room, own in doors.items():
        for way, there in own.items():
            if [there, room] not in edges[OPPOSITE[way]]:
                edges[way].append([room, there])
    return json.dumps({"action": command, "graph": {"nodes": list(doors), "edges": edges}})


def step(cell: Cell, way: str) -> Cell:
    """Return the cell next to a cell."""
    east, north = STEPS[way]
    return cell[0] + east, cell[1] + north
