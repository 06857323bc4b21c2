"""Text map world with a drawn map: visit all rooms of a house, and draw its map as you go.

As textmapworld, with another form of reply: a Python dictionary with the command and the map so far,
`{"action": "GO: north", "graph": {"nodes": ["Hall"], "edges": {"north": [["Hall", "Loft"]], ...}}}`, whose lines are joined.
Its keys are double-quoted and in this order, and nothing stands before or after it. The action is one command, in any case,
but only a direction in lower case leads anywhere; any other reply aborts the game. The map is never checked in play, never
shown back, and not part of the main score.

`graph_similarity` is the similarity of the last map that was drawn with a move; `similarity` that of each move. Names of
rooms do not matter, so that an invented map of the right shape has 100; a map is compared with the whole house from the
first move on; the map that comes with `DONE` counts nowhere. How it is computed is in `similarity` and `distance`; a map of
a great many rooms is compared in part only, which makes its similarity too small.

Rulings: a dictionary with two actions is read by its last, as in clembench; where that is no command, clembench crashes, and
the game is aborted. By v1.6 `DONE` counts as it stands in the text, by v3.0 as Python reads the dictionary.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from clemsim import Parser, Piece, Transcript
from clemsim_arenas.rooms.commands import PATTERNS, MapCommand
from clemsim_arenas.rooms.game import ExplorationRules, RoomMap, Tour
from clemsim_arenas.rooms.pieces import drawn_map
from clemsim_arenas.textmapworld_graphreasoning.drawn import rooms_and_ways
from clemsim_arenas.textmapworld_graphreasoning.replies import DoneIn, drawn_command
from clemsim_arenas.textmapworld_graphreasoning.similarity import similarity


@dataclass(frozen=True, slots=True)
class GraphRules(ExplorationRules):
    """Also where `DONE` counts."""

    done_in: DoneIn = "the dictionary"


class TextMapWorldGraphReasoning(Tour):
    """Visit all rooms of an unknown house, draw its map, and say when you are done."""

    name = "textmapworld_graphreasoning"
    RULES: ClassVar[Mapping[str, GraphRules]] = {
        "v3.0": GraphRules(),
        "v1.6": GraphRules(move_score="effiencient_move", last_move_counts=True, done_in="the text"),
    }
    rules: GraphRules

    def parser(self, map_: RoomMap) -> Parser[MapCommand]:
        """Return the parser of replies."""
        return drawn_command(PATTERNS[map_.commands], self.rules.done_in)

    def metrics(self, transcript: Transcript[RoomMap], /) -> Mapping[str, float | None]:
        """Return what the walk came to, and how much the last map is like the true one; 0 where there was no move."""
        own = super().metrics(transcript)
        found = self._similarities(transcript)[-1:] or [0.0]
        return {**own, "graph_similarity": None if own["moves"] is None else found[0]}

    def render(self, transcript: Transcript[RoomMap], /) -> Sequence[Piece]:
        """Return also the map that the explorer drew with each move."""
        moves = [turn for turn in transcript.turns if turn.parsed is not None and turn.move["graph"]]
        doors = transcript.instance.doors
        drawn = [drawn_map(*rooms_and_ways(turn.move["graph"]), doors, turn.asked.turn) for turn in moves]
        return [*super().render(transcript), *(each for each in drawn if each is not None)]

    def rounds(self, transcript: Transcript[RoomMap], /) -> Sequence[Mapping[str, float | None]]:
        """Return for each move whether it was good, and how much the map that came with it is like the true one."""
        found = self._similarities(transcript)
        return [{**own, "similarity": each} for own, each in zip(super().rounds(transcript), found, strict=True)]

    def _similarities(self, transcript: Transcript[RoomMap]) -> list[float]:
        doors, room = transcript.instance.doors, transcript.instance.start
        found = []
        for move in self.counted(transcript):
            if (there := doors[room].get(move["action"])) is not None:
                room = there
                found.append(similarity(doors, move["graph"]))
        return found
