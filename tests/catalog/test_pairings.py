"""Pairings: who sits where when several agents share the seats of a game, in runs and in studies alike."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from clemsim import Arena, Instance, Outcome, Table, UsageError, find_arena
from clemsim.catalog.agents import name_agents
from clemsim.catalog.casting import casts_by_game
from clemsim.catalog.kinds import AgentOptions
from clemsim.catalog.pairings import assigned, exchanged, one_against, parts_of
from clemsim.game.game import Game
from clemsim.store.config import RunConfig
from clemsim.store.population import Population

COOKBOOK = Path(__file__).parents[2] / "examples" / "cookbook"
FOUR, UNDERCOVER = f"{COOKBOOK}/connect_four.py:ConnectFour", f"{COOKBOOK}/undercover.py:Undercover"


def casts(specs: Sequence[str], *games: str, **fields: Any) -> list[list[str]]:
    config = RunConfig(agents=tuple(specs), **fields)
    named = {spec: find_arena(spec)() for spec in games or (FOUR,)}
    return [[cast.name for cast in own] for own in casts_by_game(config, name_agents(specs, AgentOptions()), named).values()]


class Shrinking(Arena[Instance]):
    """Plays with fewer seats than it has, without a role."""

    name, version = "shrinking", 1
    seats = ("a", "b", "c")

    def seats_for(self, instance: Instance, /) -> Sequence[str]:
        """The first two."""
        return self.seats[:2]

    async def play(self, table: Table, instance: Instance, /) -> Outcome:
        """Won at once."""
        return Outcome.success()


def test_all_is_every_assignment_and_round_robin_those_of_different_agents() -> None:
    assert [*map(list, map(dict.values, assigned("ab", ("x", "y"), "all")))] == [
        [*pair] for pair in ("aa", "ab", "ba", "bb")
    ]
    assert (
        len(assigned("abc", ("x", "y"), "round-robin")) == 6 and len(assigned("abcd", ("x", "y", "z"), "round-robin")) == 24
    )
    assert assigned("a", ("x", "y"), "round-robin") == []


def test_exchanged_seats_have_each_player_once() -> None:
    assert exchanged({"x": 1, "y": 2}) == [{"x": 1, "y": 2}, {"x": 2, "y": 1}]
    three = exchanged({"x": 1, "y": 2, "z": 3})
    assert [sorted(cast[seat] for cast in three) for seat in "xyz"] == [[1, 2, 3]] * 3
    assert len(exchanged({"x": 1, "y": 1, "z": 2})) == 3 and exchanged({"x": 1, "y": 1}) == [{"x": 1, "y": 1}]


def test_one_against_a_reference_sits_in_each_part_once() -> None:
    found = one_against("new", ["old", "older"], ("x", "y", "z"))
    assert len(found) == 6 and found[1] == {"x": "old", "y": "new", "z": "old"}


def test_roles_are_what_is_cast_where_instances_decide_them() -> None:
    assert parts_of(find_arena(UNDERCOVER)) == ("spy", "civilian") and parts_of(find_arena(FOUR)) == ("red", "yellow")
    with pytest.raises(UsageError, match="shrinking: which seats play differs by instance and the game names no roles"):
        parts_of(Shrinking)


def test_a_run_has_the_casts_of_its_pairings() -> None:
    both = ["random", "baseline"]
    assert casts(both, pairings="round-robin") == [["red=random,yellow=baseline", "red=baseline,yellow=random"]]
    assert len(casts(both, pairings="all")[0]) == 4 and casts(both) == [both]
    assert casts(["red=random", "yellow=baseline"], pairings="swap") == casts(both, pairings="round-robin")
    (four, spies) = casts(both, FOUR, UNDERCOVER, pairings="round-robin")
    assert len(four) == 2 and spies == ["spy=random,civilian=baseline", "spy=baseline,civilian=random"]
    assert casts([*both, "yellow=human"], pairings="all") == [["red=random,yellow=human", "red=baseline,yellow=human"]]
    swapped = casts(["red=random", "yellow=baseline", "human"], pairings="swap")
    assert swapped == [["human,red=random,yellow=baseline", "human,red=baseline,yellow=random"]]


@pytest.mark.parametrize(
    ("specs", "pairings", "expected"),
    [
        (["random"], "round-robin", r"has 2 seats or roles \(red, yellow\) for 1 agents: give as many, or --pairings all"),
        (["red=random"], "all", "seats plain agents: give some"),
        (["random", "red=random", "yellow=random"], "all", "every seat of connect_four has an agent of its own"),
        (["random", "baseline"], "swap", "give --agent SEAT=SPEC --agent SEAT=SPEC"),
        (["red=random", "yellow=random"], "swap", "exchanges the agents of the seats that are named"),
    ],
)
def test_pairings_that_cannot_be_made_say_what_to_give(specs: list[str], pairings: str, expected: str) -> None:
    with pytest.raises(UsageError, match=expected) as caught:
        casts(specs, pairings=pairings)
    assert "\n" not in str(caught.value)


def population(*names: str) -> Population:
    players = [{"name": name, "agent": name, "rating": 0.0} for name in names]
    return Population.model_validate({"versions": {"connect_four": 1}, "player": players})


def test_against_a_population_each_newcomer_takes_each_seat() -> None:
    found = casts(["human", "random", "baseline"], against=population("random", "baseline"))
    assert found == [
        [
            "red=human,yellow=random",
            "red=random,yellow=human",
            "red=human,yellow=baseline",
            "red=baseline,yellow=human",
        ]
    ]
    with pytest.raises(UsageError, match="give whom to rate"):
        casts(["random"], against=population("random"))
    named = {"connect_four": find_arena(FOUR)()}
    config = RunConfig(agents=("human", "random"), against=population("human"))
    games: dict[str, Game[Any]] = {**named}
    with pytest.raises(UsageError, match="has a player called human already"):
        casts_by_game(config, name_agents(config.agents, AgentOptions()), games)
    with pytest.raises(ValueError, match="choose one"):
        RunConfig(pairings="all", against=population("random"))
