"""The shared part of the textmapworld games: explore a map of rooms, of which only the doors of the present room are told.

The explorer is told in which room it is and which directions it can go in, and replies `GO: DIRECTION` or `DONE`, in any
case and with nothing else; any other reply aborts the game, and nothing is asked again. Where there is no such direction it
stays, is told so, and has used up a round. `DONE` ends the game. There are 20 rounds; without `DONE` in one of them the game
is aborted.

A good move is the first step of a shortest walk through all rooms that are known and not visited (`walk.best_steps`).
Efficiency is the share of good moves, exploration that of the visited rooms.

Kept so that results can be compared with clembench's: running out of rounds is an abort, also for a player that has seen
everything; the last of 20 moves counts nowhere, by v1.6 in the scores of moves alone; `invalid_moves` and `turns_limit` are
0 in every game (`Refused Moves` is our own count); a direction with a letter that only looks alike in any case (`ſouth`) is
a direction that is not there. Scores of moves are numbered by move, not by round, and by v1.6 spelled `effiencient_move`.

Rulings: a reminder of loops or of the limit, for which clembench's instances have switches, is told once, in a line before
what comes next (clembench crashes at the first). Instances with ambiguous rooms tell the part of a name before `_`.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self, TypeVar

from pydantic import model_validator

from clemsim import Arena, Instance, Outcome, Parser, Piece, Table, Transcript
from clemsim_arenas.rooms.commands import ALONE, ANYWHERE, DIRECTIONS, DONE, MapCommand
from clemsim_arenas.rooms.pieces import maps
from clemsim_arenas.rooms.walk import Walk, is_loop, take

EXPLORER = "explorer"
ROUNDS = 20


class RoomMap(Instance):
    """A map: where the doors of each room lead, in the order in which they are told, and the room to begin in.

    `commands`: whether a command stands alone in a reply or anywhere. `ambiguous`: rooms are called by what stands before
    `_`. `reminders`: whether the explorer is told that it goes back and forth, and that its last round has come.
    """

    doors: dict[str, dict[str, str]]
    start: str
    commands: Literal["alone", "anywhere"] = "alone"
    ambiguous: bool = False
    reminders: frozenset[Literal["loop", "limit"]] = frozenset()

    @model_validator(mode="after")
    def _leads_to_rooms(self) -> Self:
        if strange := {direction for own in self.doors.values() for direction in own} - set(DIRECTIONS):
            raise ValueError(f"{min(strange)!r} is no direction")
        if strange := {self.start, *(there for own in self.doors.values() for there in own.values())} - set(self.doors):
            raise ValueError(f"there is no room {min(strange)!r}")
        return self

    def named(self, room: str) -> str:
        """Return what a room is called."""
        return room.split("_")[0] if self.ambiguous else room


@dataclass(frozen=True, slots=True)
class ExplorationRules:
    """How moves are scored: the name of that score of a move, and whether the twentieth has one."""

    move_score: str = "efficient_move"
    last_move_counts: bool = False


M = TypeVar("M", bound=RoomMap)


class Exploration(Arena[M]):
    """A game of the textmapworld family."""

    RULES: ClassVar[Mapping[str, ExplorationRules]] = {
        "v3.0": ExplorationRules(),
        "v1.6": ExplorationRules(move_score="effiencient_move", last_move_counts=True),
    }
    rules: ExplorationRules
    seats = (EXPLORER,)
    max_turns = ROUNDS

    async def play(self, table: Table, map_: M, /) -> Outcome:
        """Tell the explorer where it is, and ask where it goes, until it is done."""
        room, directions, rooms = map_.start, list[str](), [map_.start]
        ask = self.prompt("explorer", **self.told(map_, room), **self.aim(map_))
        reminders: dict[str, str] = {name: self.prompt(name) for name in map_.reminders}
        for round_ in range(1, ROUNDS + 1):
            command = await table.ask(EXPLORER, ask, parse=self.parser(map_))
            if command.action == DONE:
                return self.judge(map_, take(map_.doors, map_.start, directions))
            directions.append(command.action)
            there = map_.doors[room].get(command.action)
            if there is None:
                ask = self.prompt("refused", **self.told(map_, room))
            else:
                room = there
                rooms.append(room)
                ask = self.prompt("entered", **self.told(map_, room))
            ask = reminded(reminders, rooms, round_, ask)
        return Outcome.aborted("out of rounds", blame=EXPLORER)

    def told(self, map_: M, room: str) -> dict[str, str]:
        """Return what the explorer is told of a room."""
        return {"room": map_.named(room), "directions": ", ".join(map_.doors[room])}

    def aim(self, map_: M) -> dict[str, str]:
        """Return what else the first prompt tells."""
        return {}

    def parser(self, map_: M) -> Parser[MapCommand]:
        """Return the parser of replies."""
        return ALONE if map_.commands == "alone" else ANYWHERE

    @abstractmethod
    def judge(self, map_: M, walk: Walk) -> Outcome:
        """Return the outcome of a game that was ended by `DONE` after this walk."""

    def walk(self, transcript: Transcript[M]) -> Walk:
        """Return the walk of an episode, as far as its moves count."""
        map_ = transcript.instance
        return take(map_.doors, map_.start, [move["action"] for move in self.counted(transcript)])

    def counted(self, transcript: Transcript[M]) -> list[Any]:
        """Return the moves that count, without the end."""
        moves = transcript.moves(EXPLORER)[: ROUNDS if self.rules.last_move_counts else ROUNDS - 1]
        return [move for move in moves if move["action"] != DONE]

    def metrics(self, transcript: Transcript[M], /) -> Mapping[str, float | None]:
        """Return what the walk came to; undefined for an aborted game. `Refused Moves`: how often there was no such door."""
        moves = transcript.moves(EXPLORER)
        walk = self.walk(transcript)
        own: dict[str, float | None] = {
            "moves": float(len(walk.good)),
            "valid_moves": float(len(walk.good)),
            "invalid_moves": 0.0,
            "stopped": 1.0,
            "turns_limit": 0.0,
            "loops": float(self.loops(walk)),
            "number_visited": float(len(walk.visited)),
            "seen": float(len(walk.seen)),
            "efficiency": walk.efficiency,
            "exploration": walk.exploration,
            "Refused Moves": float(len(moves) - 1 - len(walk.good)),
        }
        aborted = transcript.outcome is None or transcript.outcome.kind == "aborted"
        return dict.fromkeys(own) if aborted else own

    def loops(self, walk: Walk) -> int:
        """Return how often the explorer went back and forth."""
        return walk.loops()

    def render(self, transcript: Transcript[M], /) -> Sequence[Piece]:
        """Return the map at the start and after each move."""
        map_ = transcript.instance
        moves = [turn for turn in transcript.turns if turn.parsed is not None and turn.move["action"] != DONE]
        goal = self.aim(map_).get("goal", "")
        return [*maps(map_.doors, map_.start, [(turn.asked.turn, turn.move["action"]) for turn in moves], goal)]

    def rounds(self, transcript: Transcript[M], /) -> Sequence[Mapping[str, float | None]]:
        """Return for each move whether it was good."""
        return [{self.rules.move_score: float(good)} for good in self.walk(transcript).good]


class Tour(Exploration[RoomMap]):
    """A game in which all rooms are to be visited, whose main score is the quality of the walk."""

    def judge(self, map_: RoomMap, walk: Walk) -> Outcome:
        """Return success where all rooms were visited."""
        if walk.complete:
            return Outcome.success(walk.quality)
        return Outcome.failure("some rooms were not visited", blame=EXPLORER, quality=walk.quality)


def reminded(reminders: dict[str, str], rooms: Sequence[str], round_: int, ask: str) -> str:
    """Return the next ask with the reminders that are due, which are taken out of `reminders`."""
    if "loop" in reminders and is_loop(rooms):
        ask = f"{reminders.pop('loop')}\n{ask}"
    if "limit" in reminders and round_ == ROUNDS - 1:
        ask = f"{reminders.pop('limit')}\n{ask}"
    return ask
