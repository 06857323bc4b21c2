"""The replies of textmapworld_graphreasoning, and how drawn maps are scored."""

from __future__ import annotations

import random
from typing import Any

import pytest
from clemsim_arenas.rooms.commands import PATTERNS
from clemsim_arenas.rooms.game import RoomMap
from clemsim_arenas.textmapworld_graphreasoning.distance import Graph, edit_distance
from clemsim_arenas.textmapworld_graphreasoning.game import TextMapWorldGraphReasoning
from clemsim_arenas.textmapworld_graphreasoning.replies import drawn_command
from clemsim_arenas.textmapworld_graphreasoning.similarity import similarity

from clemsim.game.parsing import Invalid
from clemsim.testing import drive

HOUSE = {"a": {"east": "b"}, "b": {"west": "a", "east": "c"}, "c": {"west": "b", "north": "d"}, "d": {"south": "c"}}
V3_0, V1_6 = (drawn_command(PATTERNS["alone"], done_in) for done_in in ("the dictionary", "the text"))
EMPTY = '"graph": {"nodes": [], "edges": {}}'


def reply(action: str, graph: str = EMPTY) -> str:
    return f'{{"action": "{action}", {graph}}}'


@pytest.mark.parametrize(
    ("text", "action"),
    [
        (reply("GO: north"), "north"),
        (reply("go:North"), "North"),
        (reply("done"), "DONE"),
        (' \n{\n"ac\ntion": "GO: east" ,"graph":{"nodes":["a",],"edges":{"east":[("a", \'b\')]}}}\n', "east"),
        (reply("GO: north", f'{EMPTY}, "action": "DONE", {EMPTY}'), "DONE"),
        (reply("DONE", f'{EMPTY}, "action": "GO: west", {EMPTY}'), "west"),
        (reply("DONE").replace("edges", "edge\u017f"), "DONE"),
    ],
)
def test_what_is_a_command(text: str, action: str) -> None:
    assert V3_0.read(text).action == action


@pytest.mark.parametrize(
    "text",
    [
        *("DONE", "GO: north", "", reply("GO: DONE"), reply(" GO: north"), reply("GO: north "), reply("go north")),
        *(reply("DONE") + ".", f"```{reply('DONE')}```", reply("DONE").replace('"', "'"), f'{{"action": "DONE", {EMPTY}'),
        reply("GO: north").replace("action", "ACTION"),
        reply("GO: north", '"graph": {"nodes": [true], "edges": {}}'),
        reply("GO: north", '"graph": {"nodes": [' + "(" * 5000 + '], "edges": {}}'),
        reply("DONE", '"graph": {"nodes": [null], "edges": {}}'),
        reply("GO: north", f'{EMPTY}, "action": "up", {EMPTY}'),
        reply("GO: north", f'{EMPTY}, "action": 3, {EMPTY}'),
        '{"action": "DONE", "graph": {"edges": {}, "nodes": []}}',
    ],
)
def test_what_aborts(text: str) -> None:
    with pytest.raises(Invalid):
        V3_0.read(text)


def test_by_v1_6_done_counts_as_it_stands_in_the_text() -> None:
    assert V1_6.read(reply("DONE", '"graph": {"nodes": [null], "edges": {}}')).action == "DONE"
    assert V1_6.read(reply("DONE", f'{EMPTY}, "action": "GO: west", {EMPTY}')).action == "DONE"


def test_a_long_reply_is_read_in_time() -> None:
    with pytest.raises(Invalid):
        V3_0.read('{"action": "x", "graph": {"nodes": [' + '], "edges": {' * 20_000)


def test_only_directions_in_lower_case_lead_anywhere() -> None:
    arena = TextMapWorldGraphReasoning()
    played: Any = drive(arena, RoomMap(doors=HOUSE, start="a"), [reply("GO: East"), reply("GO: east"), reply("DONE")])
    assert [turn.asked.content[:12] for turn in played.turns[1:]] == ["There is no ", "You walk on "]
    metrics, rounds = arena.metrics(played), arena.rounds(played)
    assert (metrics["Refused Moves"], metrics["graph_similarity"], len(rounds)) == (1.0, rounds[0]["similarity"], 1)
    assert arena.metrics(drive(arena, RoomMap(doors=HOUSE, start="a"), [reply("DONE")]))["graph_similarity"] == 0.0  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("drawn", "percent"),
    [
        ("{'nodes': ['A', 'B', 'C', 'D'], 'edges': {'x': [('w', 'x')], 'y': [('x', 'y', 'no'), ['y', 'z']]}}", 23.840584404),
        ("{'nodes': ('p', 'q', 'r', 's'), 'edges': {'x': [('P', 'q'), ('q', 'r')], 'y': [['r', 's'], ['s', 'r']]}}", 100.0),
        ("{'nodes': [], 'edges': {'x': ['abroad', 'bc'], 'y': {'cd': 1}}}", 100.0),
        ("{'nodes': ['a', 'b', 'c'], 'edges': {'x': [('a', 'b'), ('b', 'c')]}}", 53.78828427399902),
        ("{'nodes': [], 'edges': {}}", 5.862446),
        ("{'nodes': ['a', 3], 'edges': {}}", 0.0),
        ("{'nodes': ['a'], 'edges': [('a', 'b')]}", 0.0),
        ("{'nodes': ['a'], 'edges': {'x': [('a',)]}}", 0.0),
        ("{'nodes': [...], 'edges': {'x': inf}}", 0.0),
        ("[]", 0.0),
        ("", 0.0),
    ],
)
def test_how_like_a_map_is(drawn: str, percent: float) -> None:
    assert similarity(HOUSE, drawn) == pytest.approx(percent, abs=1e-6)


# What networkx 3.6.1 gives for a line of four nodes and another graph.
DISTANCES: list[tuple[str, list[str], int]] = [
    *(("abcd", ["ab", "bc", "cd"], 0), ("xyzw", ["xy", "yz", "zw"], 0), ("", [], 7), ("ab", ["ab", "aa"], 3)),
    *(
        ("abcd", ["ba", "bc", "bd"], 2),
        ("abc", ["aa", "bb", "cc"], 1),
        ("abcde", ["aa", "ab", "ee"], 3),
        ("ab", ["cc", "da"], 1),
    ),
]


@pytest.mark.parametrize(("nodes", "edges", "distance"), DISTANCES)
def test_distances_are_those_of_networkx(nodes: str, edges: list[str], distance: int) -> None:
    line = Graph.make("abcd", [("a", "b"), ("b", "c"), ("c", "d")])
    assert edit_distance(line, Graph.make(nodes, [(edge[0], edge[1]) for edge in edges])) == distance


def test_large_maps_are_compared_in_part() -> None:
    rng = random.Random(1)
    line = Graph.make(range(8), [(node, node + 1) for node in range(7)])
    for size in (14, 30, 3000):
        edges = [(rng.randrange(size), rng.randrange(size)) for _ in range(size)]
        large = Graph.make(range(size), edges)
        assert size - 8 + large.size - 7 <= edit_distance(line, large) <= size - 8 + large.size + 7
