"""The text adventure: the rooms with the way of the player, and the goals that hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from clemsim import CellTable, FactList, MapDrawing, MapEdge, MapNode, Piece, Toned
from clemsim.game.map_layouts import Position, layered_layout
from clemsim.game.pieces import Tone
from clemsim_arenas.adventures.binding import player_room
from clemsim_arenas.adventures.facts import write_fact
from clemsim_arenas.adventures.interpreter import Interpreter
from clemsim_arenas.adventures.world import INVENTORY

LEGEND: Mapping[Tone, str] = {"highlight": "the player is here", "good": "visited", "faint": "not visited"}


def course(game: Interpreter, commands: Sequence[tuple[int, str]]) -> Iterator[Piece]:
    """Yield the map and the goals at the start and after each command, which is carried out again; `commands`: the turn and
    the text of each.
    """
    ways = _ways(game)
    rooms = [player_room(game.facts)]
    places = layered_layout(ways, rooms[0])
    yield from _state(game, ways, places, rooms, 0)
    for turn, command in commands:
        game.act(command)
        here = player_room(game.facts)
        rooms += [here] if here != rooms[-1] else []
        yield from _state(game, ways, places, rooms, turn)


def _state(
    game: Interpreter, ways: Mapping[str, Sequence[str]], places: Mapping[str, Position], rooms: Sequence[str], turn: int
) -> Iterator[Piece]:
    def tone(room: str) -> Tone:
        return "highlight" if room == rooms[-1] else "good" if room in rooms else "faint"

    nodes = tuple(
        MapNode(room, *place, label=game.world.called(game.facts, room), tone=tone(room)) for room, place in places.items()
    )
    edges = {frozenset((room, there)): MapEdge(room, there) for room, own in ways.items() for there in own}
    path = tuple(room for room in rooms if room in places)
    yield MapDrawing(nodes, tuple(edges.values()), path, LEGEND, title="Rooms", after=turn)
    goals = [(write_fact(goal), _held(goal in game.achieved)) for goal in sorted(game.goals)]
    yield CellTable.of(("goal", "holds"), goals, title="Goals", after=turn)
    carried = [game.world.called(game.facts, fact[1]) for fact in game.facts.of("in") if fact[2] == INVENTORY]
    yield FactList.of({"carried": ", ".join(carried) or "nothing"}, title="Inventory", after=turn)


def _held(holds: bool) -> Toned:
    return Toned("yes", "good") if holds else Toned("no", "bad")


def _ways(game: Interpreter) -> dict[str, list[str]]:
    ways: dict[str, list[str]] = {fact[1]: [] for fact in game.facts.of("room")}
    for fact in game.facts.of("exit"):
        ways.setdefault(fact[1], []).append(fact[2])
        ways.setdefault(fact[2], [])
    return ways
