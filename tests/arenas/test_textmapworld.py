"""The rules of the textmapworld games, one by one."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from clemsim_arenas.rooms.clembench import doors_of
from clemsim_arenas.rooms.commands import PATTERNS
from clemsim_arenas.rooms.draw import draw_map
from clemsim_arenas.rooms.game import RoomMap
from clemsim_arenas.rooms.gamelog import RoomsLog
from clemsim_arenas.rooms.walk import best_steps, distances, take
from clemsim_arenas.textmapworld.game import TextMapWorld
from clemsim_arenas.textmapworld_specificroom.game import GoalMap, TextMapWorldSpecificRoom

from clemsim.errors import BadInstance
from clemsim.game.parsing import Invalid
from clemsim.game.seeds import dice
from clemsim.game.transcript import Transcript
from clemsim.testing import drive

ARENA = TextMapWorld()
HOUSE = {"Hall": {"east": "Attic", "north": "Loft"}, "Attic": {"west": "Hall"}, "Loft": {"south": "Hall"}}


def play(*replies: str, rules: str = "v3.0", **fields: Any) -> Transcript[RoomMap]:
    arena = TextMapWorld(rules=rules)
    return drive(arena, RoomMap(doors=HOUSE, start="Hall", **fields), replies)  # type: ignore[return-value]


def outcome(*replies: str) -> tuple[str, float | None]:
    found = play(*replies).outcome
    assert found is not None
    return found.kind, found.quality


@pytest.mark.parametrize("reply", ["GO: east", "go:EAST", "GO:\n\teast", "GO:\u2003east", " GO: east \n\n"])
def test_what_is_a_move(reply: str) -> None:
    assert play(reply, "DONE").turns[1].asked.content.startswith("You walk on and come into this room: Attic.")


@pytest.mark.parametrize(
    "reply", ["GO: east.", "GO: north-east", "GO : east", "**GO: east**", "DONE.", "GO: east\nDONE", "I go east", "", "GO:"]
)
def test_what_aborts(reply: str) -> None:
    assert outcome(reply) == ("aborted", None)


@pytest.mark.parametrize("reply", ["GO: west", "GO: ea\u017ft"])
def test_a_direction_that_is_not_there_costs_a_round(reply: str) -> None:
    played = play(reply, "GO: east", "DONE")
    assert played.turns[1].asked.content.startswith("There is no way in that direction. You are still in this room: Hall.")
    assert [ARENA.metrics(played)[name] for name in ("moves", "invalid_moves", "Refused Moves")] == [1.0, 0.0, 1.0]


@pytest.mark.parametrize(
    ("reply", "action"),
    [("I GO: east now", "east"), ("all DONE", "DONE"), ("GO: east DO\nNE", "east"), ("DONE GO: ea\nst", "east")],
)
def test_commands_within_a_reply(reply: str, action: str) -> None:
    assert PATTERNS["anywhere"].action(reply) == action
    with pytest.raises(Invalid):
        PATTERNS["alone"].action(reply)


@pytest.mark.parametrize("reply", ["GO: east GO: west", "GO: east DONE"])
def test_two_commands_are_none(reply: str) -> None:
    with pytest.raises(Invalid):
        PATTERNS["anywhere"].action(reply)


def test_done_ends_the_game_with_a_quality_in_both_cases() -> None:
    assert outcome("GO: east", "GO: west", "GO: north", "DONE") == ("success", 100)
    assert outcome("GO: east", "DONE") == ("failure", 2 * 100 * (2 / 3 * 100) / (100 + 2 / 3 * 100))
    assert outcome("DONE") == ("failure", 0)


def test_the_twentieth_move_aborts_and_counts_by_v1_6_alone() -> None:
    moves = ["GO: east", "GO: west"] * 10
    assert outcome(*moves) == ("aborted", None)
    assert outcome(*moves[:19], "DONE")[0] == "failure"
    assert [len(TextMapWorld(rules=rules).rounds(play(*moves, rules=rules))) for rules in ("v3.0", "v1.6")] == [19, 20]
    assert {name for each in TextMapWorld(rules="v1.6").rounds(play(*moves)) for name in each} == {"effiencient_move"}


def test_the_rounds_are_the_moves() -> None:
    played = play("GO: west", "GO: east", "GO: west", "GO: south", "GO: north", "GO: south", "DONE")
    assert ARENA.rounds(played) == [{"efficient_move": 1.0}] * 3 + [{"efficient_move": 0.0}]
    assert set(ARENA.metrics(play("no")).values()) == {None}


def test_reminders_are_told_once() -> None:
    moves = ["GO: east", "GO: west"] * 9
    asks = [turn.asked.content for turn in play(*moves, "GO: east", "DONE", reminders=["loop", "limit"]).turns]
    assert [number for number, ask in enumerate(asks) if ask.startswith("You are going back and forth")] == [3]
    assert [number for number, ask in enumerate(asks) if ask.startswith("This is your last reply")] == [19]


def test_ambiguous_rooms_are_called_by_their_first_part() -> None:
    doors = {"Hall_(0, 0)": {"east": "Hall_(1, 0)"}, "Hall_(1, 0)": {"west": "Hall_(0, 0)"}}
    played = drive(ARENA, RoomMap(doors=doors, start="Hall_(0, 0)", ambiguous=True), ["GO: east", "DONE"])
    assert "this room: Hall. From" in played.turns[1].asked.content and played.outcome
    assert played.outcome.kind == "success"


@pytest.mark.parametrize(
    ("doors", "text"),
    [({"Hall": {"east": "Attic"}}, "no room 'Attic'"), ({"Hall": {"up": "Hall"}}, "'up' is no direction")],
)
def test_a_map_that_is_none(doors: dict[str, dict[str, str]], text: str) -> None:
    with pytest.raises(BadInstance, match=text):
        ARENA.load({"doors": doors, "start": "Hall"})


def test_the_best_way_does_not_turn_back_early() -> None:
    """From the middle of a long corridor with one room to the west, the way east does not turn until the end."""
    rooms = ["west", "middle", "e1", "e2", "e3"]
    doors: dict[str, dict[str, str]] = {room: {} for room in rooms}
    for one, other in pairwise(rooms):
        doors[one]["east"], doors[other]["west"] = other, one
    assert best_steps(doors, "middle", {"middle"}) == {"west"}
    assert take(doors, "middle", ["east", "west", "west"]).good == [False, True, True]


def test_loops_are_counted_in_two_ways() -> None:
    walk = take(HOUSE, "Hall", ["east", "west"] * 5)
    assert (walk.loops(), walk.loops(forgetful=True)) == (8, 2)


def test_maps_are_connected_and_have_a_circle_or_not() -> None:
    for rooms, cycle in [(4, False), (8, False), (6, True), (8, True)]:
        drawn = draw_map(dice("test", rooms, int(cycle)), rooms, cycle=cycle)
        doors = drawn["doors"]
        assert len(distances(doors, drawn["start"])) == len(doors) == rooms
        ways = sum(map(len, doors.values())) // 2
        assert ways >= rooms if cycle else ways == rooms - 1


def test_a_map_comes_back_from_clembench_as_it_was() -> None:
    told = RoomsLog().instance(ARENA, RoomMap(doors=HOUSE, start="Hall"))
    assert doors_of(told) == HOUSE
    with pytest.raises(ValueError, match="not of one map"):
        doors_of({**told, "Graph_Edges": "[('Hall', 'Attic')]"})
    with pytest.raises(ValueError, match="no Python literal"):
        doors_of({**told, "Moves": "[" * 5000})


@pytest.mark.parametrize(
    ("replies", "kind"),
    [(["GO: north", "DONE"], "success"), (["GO: north", "GO: south", "DONE"], "failure"), (["DONE"], "failure")],
)
def test_the_goal_is_where_done_is_said(replies: list[str], kind: str) -> None:
    arena = TextMapWorldSpecificRoom()
    played: Any = drive(arena, GoalMap(doors=HOUSE, start="Hall", goal="loft"), replies)
    assert played.outcome and (played.outcome.kind, played.outcome.quality) == (kind, 100 * (kind == "success"))
    assert "You look for this room: loft." in played.turns[0].asked.content
    assert arena.metrics(played)["old_benchscore"] == (0.0 if len(replies) == 1 else pytest.approx(80))


def test_a_goal_that_is_no_room() -> None:
    with pytest.raises(BadInstance, match="the goal 'Vault' is no room"):
        TextMapWorldSpecificRoom().load({"doors": HOUSE, "start": "Hall", "goal": "Vault"})
