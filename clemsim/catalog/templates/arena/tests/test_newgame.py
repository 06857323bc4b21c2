"""The game keeps to what every game keeps to, and ends in each of its ways as it should."""

import asyncio
from pathlib import Path

import pytest
from clemsim import GeneratorOptions
from clemsim.testing import assert_golden, check_arena, drive

from newgame.game import NewGame
from newgame.generate import generate
from newgame.player import Baseline

GOLDEN = Path(__file__).parent / "golden"
SECRET = NewGame().load({"number": 7, "most": 10, "guesses": 3})
WAYS = {
    "won": ["GUESS: 5", "GUESS: 8", "GUESS: 7"],
    "lost": ["GUESS: 1", "GUESS: 2", "GUESS: 3"],
    "aborted": ["I guess 7"],
}


def test_it_keeps_to_what_every_game_keeps_to() -> None:
    assert check_arena(NewGame(), NewGame().instances()) > 0


@pytest.mark.parametrize("way", WAYS)
def test_a_transcript_of_each_way_to_end(way: str) -> None:
    assert_golden(drive(NewGame(), SECRET, WAYS[way]), GOLDEN / f"{way}.txt")


def test_the_instances_are_those_of_the_generator() -> None:
    assert NewGame().instances() == generate(GeneratorOptions())


async def _results() -> list[str]:
    results = await NewGame().run(NewGame().instances(), Baseline())
    return [
        result.outcome.kind if result.outcome else result.detail for result in results
    ]


def test_the_baseline_wins() -> None:
    assert set(asyncio.run(_results())) == {"success"}
