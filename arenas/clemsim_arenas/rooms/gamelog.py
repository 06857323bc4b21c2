"""How clembench logs the textmapworld games."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from clemsim import Turn
from clemsim.arena import Arena
from clemsim.interop.clembench.gamelog import GM, GameLog, LogBuilder
from clemsim_arenas.rooms.clembench import REMINDERS
from clemsim_arenas.rooms.commands import DONE, WRITTEN
from clemsim_arenas.rooms.draw import STEPS
from clemsim_arenas.rooms.game import EXPLORER, ROUNDS, RoomMap
from clemsim_arenas.rooms.walk import Doors

DESCRIBER = "Player 2"


class RoomsLog(GameLog):
    """A round is a command and the describer's answer. The scorer looks for `move`, `stop` and `aborted`."""

    roles: ClassVar = {EXPLORER: "PathGuesser"}
    scripted: ClassVar = {DESCRIBER: "PathDescriber"}
    aim: ClassVar[dict[str, str]] = {}

    def instance(self, arena: Arena[Any], instance: Any) -> dict[str, Any]:
        """Return map, prompts and patterns."""
        move, stop = next(written for written, name in WRITTEN.items() if name == instance.commands)
        first = {"room": "$INITIAL_ROOM$", "directions": "$INITIAL_DIRECTIONS$", **self.aim}
        return {
            "Prompt": arena.prompt("explorer", **first),
            "Player2_positive_answer": arena.prompt("entered", room="$ANOTHER_ROOM$", directions="$DIRECTIONS$"),
            "Player2_negative_answer": arena.prompt("refused", room="$SAME_ROOM$", directions="$DIRECTIONS$"),
            "Move_Construction": move,
            "Stop_Construction": stop,
            **_map(instance),
            "Game_Type": "named_graph",
            "Ambiguity": "(1, 2)" if instance.ambiguous else None,
            **{switch: name in instance.reminders for name, switch in REMINDERS.items()},
            **{f"{switch}_Text": arena.prompt(name) for name, switch in REMINDERS.items()},
            "Strict": instance.commands == "alone",
        }

    def write(self, log: LogBuilder) -> None:
        """Log each command, the describer's answer, and what came of it."""
        room, turns = log.transcript.instance.start, log.transcript.turns
        for number, turn in enumerate(turns):
            log.exchange(turn)
            if turn.rejected is not None:
                log.note("aborted", "abort game")
                break
            log.note("Valid format", "Continue")
            log.note("parse", log.text(turn))
            if turn.move["action"] == DONE:
                log.note("stop", "The guesser decided to stop the game")
                break
            log.message(GM, DESCRIBER, log.text(turn), "context", turn.asked.turn)
            if number + 1 < len(turns):
                log.message(DESCRIBER, GM, turns[number + 1].asked.content, "response", turn.asked.turn)
                log.note("Valid format", "Continue")
            room = self._go(log, turn, room, number + 1)
            if number + 1 < len(turns):
                log.next_round()

    def moved(self, log: LogBuilder, turn: Turn) -> None:
        """Log what else goes with a move."""

    def _go(self, log: LogBuilder, turn: Turn, room: str, round_: int) -> str:
        """Log a move, or the end of the rounds, and return the next room."""
        if round_ == ROUNDS:
            log.note("turns_limit", str(ROUNDS))
            return room
        there: str = log.transcript.instance.doors[room].get(turn.move["action"], room)
        if there != room:
            log.note("move", json.dumps({"old": room, "new": there}))
            self.moved(log, turn)
        return there


def _map(instance: RoomMap) -> dict[str, str]:
    """Return a map as clembench's Python literals."""
    doors = instance.doors
    edges = [(room, there) for room, own in doors.items() for there in own.values()]
    return {
        "Graph_Nodes": str(list(doors)),
        "Graph_Edges": str([edge for number, edge in enumerate(edges) if edge[::-1] not in edges[:number]]),
        "Current_Position": instance.start,
        "Directions": str([(room, list(own)) for room, own in doors.items()]),
        "Moves": str([{"node": room, "node_moves": list(own.items())} for room, own in doors.items()]),
        "Mapping": str({cell: room for room, cell in cells(doors, instance.start).items()}),
    }


def cells(doors: Doors, start: str) -> dict[str, tuple[int, int]]:
    """Return where each room lies: how far to the east and to the north of the start."""
    found, rooms = {start: (0, 0)}, [start]
    for room in rooms:
        east, north = found[room]
        for way, there in doors[room].items():
            if there not in found:
                found[there] = (east + STEPS[way][0], north + STEPS[way][1])
                rooms.append(there)
    return found
